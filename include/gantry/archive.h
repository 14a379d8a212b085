/**
 * @file archive.h
 * The streaming tar builder behind build contexts, image imports and copies into containers.
 */
#ifndef GANTRY_ARCHIVE_H
#define GANTRY_ARCHIVE_H

#include <gantry/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A recipe for a tar archive: memory blobs, callbacks, host files and directories in any mixture.
 *
 * Adding only notes what to send (memory is copied, files and directories are not opened yet); the
 * bytes are made while they are sent, in constant memory and without temporary files. The same
 * archive can be sent any number of times, one at a time. Names are relative paths with '/',
 * without "..", an empty name or a NUL; a leading "./" or '/' is dropped. Of two entries with one
 * name the later one wins, and an explicit entry wins over what a directory brings. One thread at
 * a time.
 */
typedef struct gantry_archive gantry_archive;

/** Options of gantry_archive_new(). */
typedef struct gantry_archive_options {
    size_t size;                         /**< sizeof(gantry_archive_options) */
    const gantry_call *call;             /**< unused, for symmetry */
    const gantry_allocator *allocator;   /**< copied; NULL = malloc */
    int reproducible;                    /**< #GANTRY_ON: fixed times, owner 0:0, modes 0755 or
                                              0644 */
    int reserved;
    int64_t mtime_ns;                    /**< reproducible: time of every entry, since the epoch */
} gantry_archive_options;

/* ---- ignore rules -------------------------------------------------------------------------- */

/**
 * An ordered list of ignore rules, as in a .dockerignore file.
 *
 * They mean exactly what they mean to the engines' own clients. Each rule is a path with
 * wildcards, relative to the directory that the rules are applied to. `*` is any characters but
 * '/', `?` one of them, `**` any number of directories, `[a-z]` a class and `[^a-z]` what is not in
 * it; a backslash takes the meaning from what follows it. A rule that matches a directory holds for
 * all in it. A rule that begins with `!` sends again what was ignored. The last rule that applies
 * decides.
 *
 * Once filled it is only read: any number of threads and archives may use it at once.
 */
typedef struct gantry_ignore gantry_ignore;

/** Options of gantry_ignore_new(). */
typedef struct gantry_ignore_options {
    size_t size;                       /**< sizeof(gantry_ignore_options) */
    const gantry_call *call;           /**< unused, for symmetry */
    const gantry_allocator *allocator; /**< copied; NULL = malloc */
} gantry_ignore_options;

/**
 * Begin a list of rules.
 * @param out  receives the list; free with gantry_ignore_free()
 * @return 0, #GANTRY_E_NOMEM or #GANTRY_E_INVALID. Since 0.1.
 */
GANTRY_API int gantry_ignore_new(const gantry_ignore_options *opts, gantry_ignore **out,
                                 gantry_error *err);

/** Free a list; NULL is allowed. Not while an archive uses it. Since 0.1. */
GANTRY_API void gantry_ignore_free(gantry_ignore *ignore);

/**
 * Add one rule behind those that are there. White space around it is removed, as is a '/' in front
 * of it; a blank one adds nothing. '#' is a character like any other here.
 * @return 0, #GANTRY_E_INVALID for a pattern that is malformed, as "[a" or a single "!", with the
 *         reason, or #GANTRY_E_NOMEM. Since 0.1.
 */
GANTRY_API int gantry_ignore_add(gantry_ignore *ignore, const char *pattern, gantry_error *err);

/**
 * Add the rules of an ignore file, one a line. A byte order mark at its start, blank lines, and
 * lines with a '#' in the first column are skipped.
 * @param name  of the file, for messages and matches; copied, may be NULL
 * @param text  need not be terminated
 * @return as gantry_ignore_add(), with the file and the line in the message; then none of the
 *         rules was added. Since 0.1.
 */
GANTRY_API int gantry_ignore_add_text(gantry_ignore *ignore, const char *name, const char *text,
                                      size_t size, gantry_error *err);

/** What the rules say about a path: set `size`, the rest is filled by gantry_ignore_match(). */
typedef struct gantry_ignore_result {
    size_t size;      /**< sizeof(gantry_ignore_result) */
    int ignored;      /**< 1 or 0 */
    int line;         /**< where the rule stands in its file, from 1; 0 = not from a file */
    const char *rule; /**< the rule that decided, as it was written; NULL = none did. Lives as
                           long as the list */
    const char *file; /**< the name given with the text, or NULL */
} gantry_ignore_result;

/**
 * Whether a path is ignored, by a rule for it or for a directory above it.
 * @param path  relative, with '/'; cleaned ("./a//b/" is "a/b"). The top itself, ".", never is.
 * @param out   receives the verdict
 * @return 0 or #GANTRY_E_INVALID. Since 0.1.
 */
GANTRY_API int gantry_ignore_match(const gantry_ignore *ignore, const char *path,
                                   gantry_ignore_result *out, gantry_error *err);

/* ---- entries ------------------------------------------------------------------------------- */

/** Options of one entry. */
typedef struct gantry_entry_options {
    size_t size;             /**< sizeof(gantry_entry_options) */
    const gantry_call *call; /**< unused, for symmetry */
    int mode;                /**< permission bits; 0 = of the host file, else 0644 */
    int reserved;
    int64_t uid;             /**< owner; 0 = root; host files too, unless keep_owner */
    int64_t gid;
    int64_t mtime_ns;        /**< since the epoch; 0 = of the host file, else 0 (1970) */
    int keep_owner;          /**< #GANTRY_ON: owner of the host file */
    int reserved2;
    const gantry_ignore *ignore; /**< gantry_archive_add_directory(): what to leave out; borrowed
                                      until the archive is freed */
} gantry_entry_options;

/**
 * Begin an archive.
 * @param opts  NULL for defaults: sorted by name, owner 0:0, host files' own modes and times
 * @param out   receives the archive; free with gantry_archive_free()
 * @return 0, #GANTRY_E_NOMEM or #GANTRY_E_INVALID. Since 0.1.
 */
GANTRY_API int gantry_archive_new(const gantry_archive_options *opts, gantry_archive **out,
                                  gantry_error *err);

/** Free an archive; NULL is allowed. Not while a stream of it is open. Since 0.1. */
GANTRY_API void gantry_archive_free(gantry_archive *archive);

/** Add a file from memory; the bytes are copied. Since 0.1. */
GANTRY_API int gantry_archive_add_data(gantry_archive *archive, const char *name,
                                       const void *data, size_t size,
                                       const gantry_entry_options *opts, gantry_error *err);

/**
 * Add a file whose bytes a callback gives while the archive is sent.
 * @param source  copied; its `length` is required, since tar headers carry the size. What `arg`
 *                points to must outlive the archive. With a second send the callback is asked
 *                again.
 * Since 0.1.
 */
GANTRY_API int gantry_archive_add_source(gantry_archive *archive, const char *name,
                                         const gantry_source *source,
                                         const gantry_entry_options *opts, gantry_error *err);

/**
 * Add a host file (or symbolic link, stored as a link) under a name.
 *
 * It is opened when it is sent: a file that is missing, unreadable or shrinks meanwhile fails the
 * sending call with its path (#GANTRY_E_IO, #GANTRY_E_CHANGED), and the upload is cut so that the
 * engine cannot take it as complete.
 * @param path  host path, relative ones from the working directory at the time of sending
 * Since 0.1.
 */
GANTRY_API int gantry_archive_add_file(gantry_archive *archive, const char *name,
                                       const char *path, const gantry_entry_options *opts,
                                       gantry_error *err);

/**
 * Add what a host directory holds, below a name.
 *
 * Walked when sent, sorted by name (bytewise), links stored as links and never followed inside;
 * `path` itself may be a link to a directory. Sockets, pipes and devices are left out with a
 * warning in the log. The files may be read as for gantry_archive_add_file().
 * A file with several names in the directory (hard links) is sent once, its further names as links
 * to the first; not in a reproducible archive, where each is a file of its own.
 *
 * What `opts->ignore` names is left out; its paths are relative to `path`. A directory that is
 * ignored itself is sent if something in it is not, and is not looked into if nothing can be.
 * @param name  directory in the archive; "" puts the content at the top
 * @param opts  only keep_owner, uid, gid, mtime_ns and ignore apply
 * Since 0.1.
 */
GANTRY_API int gantry_archive_add_directory(gantry_archive *archive, const char *name,
                                            const char *path, const gantry_entry_options *opts,
                                            gantry_error *err);

/** Add an empty directory; mode 0 means 0755. Since 0.1. */
GANTRY_API int gantry_archive_mkdir(gantry_archive *archive, const char *name,
                                    const gantry_entry_options *opts, gantry_error *err);

/** Add a symbolic link; the target is stored as it is. Since 0.1. */
GANTRY_API int gantry_archive_symlink(gantry_archive *archive, const char *name,
                                      const char *target, const gantry_entry_options *opts,
                                      gantry_error *err);

/**
 * Add a further name for a file of the archive (a hard link), with its mode, owner and time.
 * @param target  name of a file in the archive, wherever it comes from. That it is there is found
 *                out while sending: #GANTRY_E_INVALID. Hard links are sent last.
 * Since 0.1.
 */
GANTRY_API int gantry_archive_link(gantry_archive *archive, const char *name, const char *target,
                                   gantry_error *err);

/** Options of gantry_archive_add_tar(). */
typedef struct gantry_archive_tar_options {
    size_t size;             /**< sizeof(gantry_archive_tar_options) */
    const gantry_call *call; /**< unused, for symmetry */
    const char *prefix;      /**< directory in the archive; NULL or "" = the top */
    int strip;               /**< so many leading parts of each name are removed; what has no more
                                  is left out */
    int reserved;
} gantry_archive_tar_options;

/**
 * Add what a tar of the caller has: plain, or compressed by gzip, bzip2, xz or zstd.
 *
 * It is streamed in constant memory, before everything else and in its own order; types, modes,
 * owners and times are kept (not in a reproducible archive), extended attributes are not. An entry
 * that was added explicitly wins over one of the same name. Devices, sockets and pipes are left out
 * with a warning in the log.
 *
 * While sending: a tar that is damaged or ends early, a name that is absolute or has "..", and a
 * hard link to what another entry replaces are #GANTRY_E_INVALID, and the upload is cut.
 * @param tar  copied; asked again with every sending, visit or digest: one that can be read once
 *             can be sent once. What `arg` points to must outlive the archive.
 * Since 0.1.
 */
GANTRY_API int gantry_archive_add_tar(gantry_archive *archive, const gantry_source *tar,
                                      const gantry_archive_tar_options *opts, gantry_error *err);

/* ---- looking at an archive ----------------------------------------------------------------- */

/** Types of gantry_archive_item. */
enum {
    GANTRY_ARCHIVE_FILE = 1,
    GANTRY_ARCHIVE_DIRECTORY = 2,
    GANTRY_ARCHIVE_SYMLINK = 3,
    GANTRY_ARCHIVE_HARDLINK = 4,
    GANTRY_ARCHIVE_OTHER = 5 /**< socket, pipe, device: never sent */
};

/** What becomes of a gantry_archive_item. */
enum {
    GANTRY_ARCHIVE_SENT = 1,
    GANTRY_ARCHIVE_DROPPED = 2, /**< an ignore rule leaves it out, and all in it */
    GANTRY_ARCHIVE_SKIPPED = 3  /**< an archive cannot hold it */
};

/** One entry; everything in it is valid during the callback. */
typedef struct gantry_archive_item {
    size_t size;       /**< bytes of it that the running library fills */
    const char *name;  /**< in the archive, without '/' at the end */
    const char *path;  /**< host path of what comes from the host, or NULL */
    const char *link;  /**< target of a link, or NULL */
    int type;          /**< GANTRY_ARCHIVE_FILE ... */
    int action;        /**< GANTRY_ARCHIVE_SENT ... */
    int64_t bytes;     /**< of a file's content */
    int mode;          /**< permission bits */
    int rule_line;     /**< line of the rule in its file, or 0 */
    int64_t uid;
    int64_t gid;
    int64_t mtime_ns;  /**< whole seconds, as they are sent */
    const char *rule;  /**< the ignore rule that kept or dropped it, or NULL */
    const char *rule_file; /**< the file it stands in, or NULL */
} gantry_archive_item;

/** Called for each entry; return 0 to go on, anything else to stop with #GANTRY_E_CALLBACK. */
typedef int (*gantry_archive_fn)(void *arg, const gantry_archive_item *item);

/** Options of gantry_archive_visit(). */
typedef struct gantry_archive_visit_options {
    size_t size;             /**< sizeof(gantry_archive_visit_options) */
    const gantry_call *call; /**< deadline and cancel token */
    int dropped;             /**< #GANTRY_ON: also what is left out. A directory that is dropped
                                  comes once, without what is in it. */
    int reserved;
} gantry_archive_visit_options;

/**
 * A dry run: what a sending would send, in that order. Reads directories, and the tars of
 * gantry_archive_add_tar(), but no file.
 * @return 0, #GANTRY_E_CALLBACK, or what a sending would fail with. Since 0.1.
 */
GANTRY_API int gantry_archive_visit(gantry_archive *archive,
                                    const gantry_archive_visit_options *opts, gantry_archive_fn fn,
                                    void *arg, gantry_error *err);

/** An archive in figures: set `size`, the rest is filled by gantry_archive_measure(). */
typedef struct gantry_archive_summary {
    size_t size;           /**< sizeof(gantry_archive_summary) */
    int64_t files;
    int64_t directories;
    int64_t links;         /**< of both kinds */
    int64_t dropped;       /**< by rules; a directory counts once */
    int64_t skipped;       /**< sockets, pipes, devices */
    int64_t content_bytes; /**< of the files */
    int64_t tar_bytes;     /**< of the whole archive */
} gantry_archive_summary;

/** Options of gantry_archive_measure(). */
typedef struct gantry_archive_measure_options {
    size_t size;             /**< sizeof(gantry_archive_measure_options) */
    const gantry_call *call; /**< deadline and cancel token */
} gantry_archive_measure_options;

/**
 * Measure an archive without sending it, as gantry_archive_visit() looks at it.
 * @param out  receives the figures
 * Since 0.1.
 */
GANTRY_API int gantry_archive_measure(gantry_archive *archive,
                                      const gantry_archive_measure_options *opts,
                                      gantry_archive_summary *out, gantry_error *err);

/** Size of a buffer for a digest: "sha256:", 64 hex digits, NUL. */
#define GANTRY_DIGEST_SIZE 72

/** Options of gantry_archive_digest(). */
typedef struct gantry_archive_digest_options {
    size_t size;             /**< sizeof(gantry_archive_digest_options) */
    const gantry_call *call; /**< deadline and cancel token of the reads */
} gantry_archive_digest_options;

/**
 * SHA-256 of the tar bytes that a sending would send; reads all files. A reproducible archive of
 * the same files has the same digest on every machine.
 * @param out  receives "sha256:" and 64 hex digits; #GANTRY_DIGEST_SIZE bytes
 * Since 0.1.
 */
GANTRY_API int gantry_archive_digest(gantry_archive *archive,
                                     const gantry_archive_digest_options *opts, char *out,
                                     gantry_error *err);

/* ---- reading ------------------------------------------------------------------------------- */

/** Options of gantry_archive_stream(). */
typedef struct gantry_archive_stream_options {
    size_t size;             /**< sizeof(gantry_archive_stream_options) */
    const gantry_call *call; /**< deadline and cancel token of the reads */
} gantry_archive_stream_options;

/**
 * The archive's tar bytes as a stream (POSIX pax format where a name or size needs it, else ustar).
 * @param out  receives the stream; close it before the archive is freed
 * Since 0.1.
 */
GANTRY_API int gantry_archive_stream(gantry_archive *archive,
                                     const gantry_archive_stream_options *opts,
                                     gantry_stream **out, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
