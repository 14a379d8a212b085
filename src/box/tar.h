/* A tar's header: POSIX ustar, with pax records for what it cannot say. */
#ifndef BOX_TAR_H
#define BOX_TAR_H

#include "box.h"

enum {
    TAR_BLOCK = 512,
    TAR_NAME_SIZE = 100,
    TAR_PAX_MAX = 1 << 20, /* records of one entry: a name, a target, extended attributes */

    TAR_FILE = '0',
    TAR_HARD_LINK = '1',
    TAR_LINK = '2',
    TAR_CHAR = '3',
    TAR_BLOCK_DEVICE = '4',
    TAR_DIRECTORY = '5',
    TAR_FIFO = '6'
};

struct tar_header {
    char name[TAR_NAME_SIZE];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char sum[8];
    char type;
    char link[TAR_NAME_SIZE];
    char magic[6]; /* "ustar", or "ustar " of GNU */
    char version[2];
    char user[32];
    char group[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char rest[12];
};

/* One entry. Links have no content: their size is 0. */
struct tar_entry {
    const char *name;
    const char *link; /* or NULL */
    int type;
    unsigned mode;
    uint64_t uid;
    uint64_t gid;
    uint64_t size;
    int64_t seconds;
    uint32_t nanoseconds;
    uint32_t major;
    uint32_t minor;
};

/* What fills the last block of so many bytes. */
static inline size_t tar_padding(uint64_t size)
{
    return (size_t)(-size & (TAR_BLOCK - 1));
}

/* The sum over a header; its own field counts as spaces. */
unsigned tar_sum(const struct tar_header *header);

/* ---- writing: tar_write.c -------------------------------------------------------------------- */

/* Pax records of the entry that comes next. */
void tar_attribute(const char *name, const void *value, size_t size); /* extended attribute */
void tar_forget(void);                                                /* them again */
/* The header, with its records in front; `size` bytes of content follow. */
void tar_put(const struct tar_entry *entry);
/* Content of `size` bytes from a descriptor, and what fills the last block. */
void tar_put_content(long fd, uint64_t size, const char *name);
/* The end mark, and everything is out. */
void tar_put_end(void);

/* ---- reading: tar_read.c --------------------------------------------------------------------- */

/* An attribute of an entry. */
struct tar_xattr {
    struct tar_xattr *next;
    const char *name;
    const void *value;
    size_t size;
};

/* Read on to the next entry; 0 at the end mark. What *out points to is valid until the next call,
 * and so are the attributes. Damage ends the box. */
int tar_next(struct tar_entry *out, const struct tar_xattr **attributes);
/* Up to `most` bytes of the entry's content, where they lie; 0 at its end. */
size_t tar_content(const unsigned char **out, size_t most);
/* Whether the input begins as a tar; ends the box if not. Before anything else. */
void tar_check_begin(void);

#endif
