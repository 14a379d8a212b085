/* Tars written by hand, for what the library itself would not write: any owner, kind and record. */
#ifndef CONTRACT_TARS_H
#define CONTRACT_TARS_H

#include <stddef.h>

struct tar_text {
    char *data; /* the caller's to free */
    size_t size;
    size_t capacity;
};

struct tar_file {
    const char *name;
    const char *link; /* or NULL */
    char type;        /* '0' file, '1' hard link, '2' link, '3' device, '5' directory, '6' fifo */
    unsigned mode;
    unsigned uid;
    unsigned gid;
    unsigned mtime;
    unsigned major;
    unsigned minor;
    const void *data;
    size_t size;
    const char *records; /* whole pax records, or NULL */
    size_t records_size;
};

void tar_add(struct tar_text *tar, const struct tar_file *file);
void tar_end(struct tar_text *tar);
/* One pax record into a buffer that is large enough; its size. */
size_t tar_record(char *out, const char *key, const void *value, size_t size);
/* Where bytes stand in others, or NULL. */
const char *tar_find(const char *data, size_t size, const void *what, size_t what_size);

#endif
