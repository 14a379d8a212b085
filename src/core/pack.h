/*
 * Archives from the inside: the recipe (archive.c), the order in which it is sent (plan.c), what a
 * header says (describe.c), the bytes of a file (content.c), what is sent (scan.c), tars of the
 * caller (tar_read.c), the tar bytes (tar.c), their digest (tar_digest.c), dry runs (visit.c),
 * build contexts (build.c, build_ignore.c). Nothing here knows an engine or HTTP. Not called
 * archive.h, for that is libarchive's.
 *
 * Life of an upload: gnt_archive_source() -> the HTTP layer reads the source -> gnt_tar_close().
 */
#ifndef GNT_PACK_H
#define GNT_PACK_H

#include <gantry/build.h>

#include "host.h"

/* Longest path in an archive, without the NUL; engines cannot unpack longer ones. */
#define GNT_PATH_MAX 4095

/* ---- the recipe ------------------------------------------------------------------------------ */

enum gnt_entry_kind {
    GNT_ENTRY_DATA,
    GNT_ENTRY_SOURCE,
    GNT_ENTRY_FILE,      /* host file or link */
    GNT_ENTRY_DIRECTORY, /* content of a host directory */
    GNT_ENTRY_MKDIR,
    GNT_ENTRY_SYMLINK,
    GNT_ENTRY_LINK,   /* hard link */
    GNT_ENTRY_TAR,    /* entries of a tar that a source gives */
    GNT_ENTRY_OMIT,   /* nothing: what has this name is left out */
    GNT_ENTRY_INCLUDE /* everything another archive has, in this place of the order */
};

#define GNT_MODE_SET 010000

struct gnt_entry {
    struct gnt_entry *next; /* in the order of adding */
    enum gnt_entry_kind kind;
    int mode; /* 0 = by kind or of the host file; with GNT_MODE_SET: the other bits, also none */
    int keep_owner;
    int64_t uid;
    int64_t gid;
    int64_t mtime_ns; /* 0 = of the host file, else 1970 */
    const char *name; /* normalised: "a/b", "" only for DIRECTORY, TAR and INCLUDE */
    size_t name_size;
    const void *data; /* DATA */
    size_t size;
    const char *path;            /* FILE, DIRECTORY: host path; SYMLINK, LINK: target */
    gantry_source source;        /* SOURCE, TAR */
    int strip;                   /* TAR: leading parts of names to remove */
    const gantry_ignore *ignore; /* DIRECTORY; borrowed */
    gantry_archive *include;     /* INCLUDE; borrowed */
};

struct gantry_archive {
    struct gantry_host host; /* its own allocator; a logger in build contexts only */
    struct gnt_arena arena;  /* entries, names, data */
    struct gnt_entry *first;
    struct gnt_entry *last;
    gantry_ignore *owned; /* freed with it, or NULL */
    int reproducible;
    int busy;         /* 1 while a stream is open */
    int64_t mtime_ns; /* reproducible: time of everything */
    int bare;         /* directories that nobody described are not sent */
    int own_ids;      /* everything belongs to these */
    int64_t uid;
    int64_t gid;
};

/*
 * Check and normalise a name: "./a//b/" gives "a/b". INVALID for NULL, "..", more than GNT_PATH_MAX
 * bytes, and for an empty one unless may_be_empty. `argument` names it in messages.
 */
int gnt_archive_name(struct gnt_arena *arena, const char *argument, const char *name,
                     int may_be_empty, const char **out, size_t *out_size, gantry_error *err);

/* Everything `other` has, as if it were added here now; later entries of `archive` win over it. The
 * other one is borrowed until `archive` is freed and counts as being sent while `archive` is. */
int gnt_archive_include(gantry_archive *archive, gantry_archive *other, gantry_error *err);

/* Leave out what other entries bring under this name, which is no directory. */
int gnt_archive_omit(gantry_archive *archive, const char *name, gantry_error *err);

/* Mark the archive and what it includes as being sent: STATE if one of them already is. */
int gnt_archive_lock(gantry_archive *archive, gantry_error *err);
void gnt_archive_unlock(gantry_archive *archive);

/* Order of everything in archives: bytewise, but '/' sorts first, so that a directory is followed
 * by all that is in it. The same as a walk that sorts each directory bytewise. */
int gnt_path_compare(const char *a, size_t a_size, const char *b, size_t b_size);

/* ---- order (plan.c) -------------------------------------------------------------------------- */

struct gnt_plan;
struct gnt_walk;

/* What comes next. With neither entry nor walk it is a directory that nobody described: the parent
 * of an explicit entry. Valid until the next call on the plan. */
struct gnt_item {
    const char *name; /* terminated; without trailing '/' */
    size_t name_size;
    const struct gnt_entry *entry;  /* explicit: DATA, SOURCE, FILE, MKDIR, SYMLINK, LINK */
    const char *target;             /* of a LINK: the file it is for */
    struct gnt_walk *walk;          /* what this walk stands at */
    const struct gnt_entry *origin; /* the DIRECTORY that the walk is of */
};

/*
 * Merge explicit entries with the walks of host directories, in gnt_path_compare order, each name
 * once. An explicit entry wins over what directories bring, a later directory over an earlier one.
 * Where something must be a directory (because an explicit entry is below it) files of host
 * directories give way; where a file won, a directory of that name gives way with all it holds.
 * INVALID if an explicit entry is below an explicit file: that is no tree.
 *
 * Hard links come after all the rest. With `all`, what walks drop or skip is given out too.
 */
int gnt_plan_new(const struct gnt_mem *mem, struct gantry_host *log, const gantry_archive *archive,
                 int all, struct gnt_plan **out, gantry_error *err);
int gnt_plan_next(struct gnt_plan *plan, struct gnt_item *out, int *out_more, gantry_error *err);
enum gnt_claim {
    GNT_CLAIM_NONE,
    GNT_CLAIM_TAKEN, /* explicit entries have it, need it as a directory, or have a file above */
    GNT_CLAIM_PARENT /* it is above explicit entries, and they do not describe it */
};
/* Whether explicit entries leave room for this name. */
enum gnt_claim gnt_plan_claims(const struct gnt_plan *plan, const char *name, size_t size,
                               int is_directory);
/* Name of the file that hard link number `index` is for, or NULL behind the last. */
const char *gnt_plan_link_target(const struct gnt_plan *plan, size_t index);
void gnt_plan_free(struct gnt_plan *plan);

/* ---- content (content.c) --------------------------------------------------------------------- */

/* The bytes of one file, exactly as many as its header announced. Zeroed: empty. */
struct gnt_content {
    enum {
        GNT_CONTENT_NONE,
        GNT_CONTENT_DATA,
        GNT_CONTENT_SOURCE,
        GNT_CONTENT_FILE,
        GNT_CONTENT_TAR
    } kind;
    int at_end;   /* the end was proved */
    int64_t size; /* announced */
    int64_t left;
    const char *name; /* for messages: host path or name of the entry; borrowed */
    const unsigned char *data;
    gantry_source source;
    struct gnt_tar_reader *tar; /* stands at the entry; borrowed */
    int fd;
    int64_t mtime_sec; /* FILE: as it was when it was opened */
    int64_t mtime_nsec;
};

void gnt_content_data(struct gnt_content *c, const char *name, const void *data, size_t size);
void gnt_content_source(struct gnt_content *c, const char *name, const gantry_source *source);
void gnt_content_tar(struct gnt_content *c, const char *name, struct gnt_tar_reader *tar,
                     int64_t size);
/* Takes the descriptor of a regular file. */
int gnt_content_file(struct gnt_content *c, const char *path, int fd, gantry_error *err);
/* Up to capacity bytes; 0 only at the announced size and if the file or source ends there too.
 * CHANGED: a file that shrank, grew or was written. */
int gnt_content_read(struct gnt_content *c, void *buffer, size_t capacity, size_t *out_size,
                     gantry_error *err);
void gnt_content_close(struct gnt_content *c);

/* ---- headers (describe.c) -------------------------------------------------------------------- */

struct gnt_meta {
    enum {
        GNT_TYPE_FILE,
        GNT_TYPE_DIRECTORY,
        GNT_TYPE_LINK,
        GNT_TYPE_HARDLINK,
        GNT_TYPE_OTHER
    } type;
    int mode;
    int64_t uid;
    int64_t gid;
    int64_t mtime; /* seconds */
    int64_t size;
    const char *link; /* target, or NULL */
    char link_buffer[GNT_PATH_MAX + 1];
};

/* What the header of an item says. A file is opened into `content` (zeroed), which is to be closed
 * after a failure too; IO for what is missing or unreadable, CHANGED for what was replaced. Without
 * `content` nothing is opened. */
int gnt_describe(const gantry_archive *archive, const struct gnt_item *item, struct gnt_meta *out,
                 struct gnt_content *content, gantry_error *err);

/* What a header says besides where the archive is reproducible. */
void gnt_describe_fixed(const gantry_archive *archive, struct gnt_meta *meta);

/* ---- tars of the caller (tar_read.c) --------------------------------------------------------- */

/* Reads the entries of a TAR; one thread. */
struct gnt_tar_reader;

int gnt_tar_reader_open(const struct gnt_mem *mem, struct gantry_host *log,
                        const struct gnt_entry *entry, struct gnt_tar_reader **out,
                        gantry_error *err);
/*
 * The next entry: its name in the archive (valid until the next call), header and target. What is
 * left of the one before is skipped. INVALID: damaged, cut, bad name. With `all`, what cannot be
 * kept is given out as OTHER.
 */
int gnt_tar_reader_next(struct gnt_tar_reader *reader, int all, struct gnt_meta *meta,
                        const char **out_name, size_t *out_size, int *out_more, gantry_error *err);
/* Content of the current entry; 0 bytes at its end. */
int gnt_tar_reader_data(struct gnt_tar_reader *reader, void *buffer, size_t capacity,
                        size_t *out_size, gantry_error *err);
void gnt_tar_reader_close(struct gnt_tar_reader *reader); /* NULL is fine */

/* ---- what is sent (scan.c) ------------------------------------------------------------------- */

/*
 * All entries in the order of sending: tars, then what plan.c gives, hard links where they belong.
 * Memory: a row for each explicit entry, and for each of up to GNT_LINKED_MAX host files with
 * several names its first one.
 */
struct gnt_scan;

#define GNT_LINKED_MAX 65536

struct gnt_found {
    const char *name; /* valid until the next call */
    size_t name_size;
    const char *path;            /* host path, or NULL */
    const struct gnt_rule *rule; /* that decided, or NULL */
    int action;                  /* GANTRY_ARCHIVE_SENT ... */
};

int gnt_scan_open(const struct gnt_mem *mem, struct gantry_host *log, const gantry_archive *archive,
                  int all, struct gnt_scan **out, gantry_error *err);
/* content (zeroed) as for gnt_describe(); NULL opens no file. */
int gnt_scan_next(struct gnt_scan *scan, struct gnt_found *out, struct gnt_meta *meta,
                  struct gnt_content *content, int *out_more, gantry_error *err);
void gnt_scan_close(struct gnt_scan *scan); /* NULL is fine */

/* ---- tar bytes (tar.c) ----------------------------------------------------------------------- */

struct gnt_tar; /* one sending of an archive; one thread at a time */

/*
 * Begin to send. Memory: two buffers of about 64 KiB, one row per explicit entry, and for each host
 * directory being walked the names of the directories from its top to the current one. Nothing of
 * the host is opened yet. `log` gets the warnings; NULL: the archive's own logger. `call` (or NULL)
 * limits the reads. The archive and the call's token stay until the close.
 */
int gnt_tar_open(gantry_archive *archive, struct gantry_host *log, const gantry_call *call,
                 struct gnt_tar **out, gantry_error *err);
/* Up to capacity bytes; 0 is the end and comes only after everything was sent whole. A failure is
 * kept: no end of archive is ever made after it. */
int gnt_tar_read(struct gnt_tar *tar, void *buffer, size_t capacity, size_t *out_size,
                 gantry_error *err);
void gnt_tar_close(struct gnt_tar *tar); /* NULL is fine */

/* How many bytes the archive would have, without reading files; fn gets every entry, also what is
 * left out. */
typedef void (*gnt_measure_fn)(void *arg, const struct gnt_found *found,
                               const struct gnt_meta *meta);
int gnt_tar_measure(gantry_archive *archive, const gantry_call *call, gnt_measure_fn fn, void *arg,
                    int64_t *out_bytes, gantry_error *err);

/* The same as a source for an upload; gnt_tar_close(*out_tar) after the upload has ended. */
int gnt_archive_source(gantry_archive *archive, struct gantry_host *log, const gantry_call *call,
                       struct gnt_tar **out_tar, gantry_source *out, gantry_error *err);

/* ---- build context (build.c) ----------------------------------------------------------------- */

/*
 * One archive of all that a build is given: opts->context_directory without what its rules
 * ignore, over it opts->context, over it the text opts->dockerfile. opts is imported (full size).
 * Nothing of the caller's is changed; its archive is borrowed until out->archive is freed, which is
 * for the caller of this function to do. The texts of *out are in `arena`.
 *
 * The Dockerfile and the ignore file of the directory, and the text, are sent even if rules name
 * them; then they are hidden. out->dockerfile_name: the normalised opts->dockerfile_name; else
 * "Dockerfile" with a text; else NULL (the engine looks for one).
 *
 * INVALID: neither dockerfile nor context, a text of white space only, a dockerfile_name that is
 * empty, absolute or has "..", a context_directory without a Dockerfile where nothing else brings
 * one, a malformed rule, a context_url with anything else. IO: a context_directory that is none, an
 * ignore file that cannot be read. NOMEM. `host`, for its log, may be NULL.
 */
struct gantry_build_context; /* <gantry/backend.h> */
int gnt_build_context(struct gnt_arena *arena, struct gantry_host *host,
                      const gantry_build_options *opts, struct gantry_build_context *out,
                      gantry_error *err);

/* ---- secrets of a build (build_secrets.c) ---------------------------------------------------- */

enum {
    GNT_SECRET_NAME_SIZE = 48
};

/* Put a secret's bytes into the archive, at its top, under a new name that is told. The bytes are
 * borrowed until the archive is freed. */
int gnt_archive_add_secret(gantry_archive *archive, const gantry_build_secret *secret,
                           char out_name[GNT_SECRET_NAME_SIZE], gantry_error *err);

#endif
