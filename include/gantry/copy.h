/**
 * @file copy.h
 * Files into and out of containers, running or stopped.
 *
 * Paths in containers are absolute; a path that is not there is #GANTRY_E_NOT_FOUND with
 * resource_kind GANTRY_RESOURCE_FILE and the path as resource. What lies in a mounted volume is
 * reached only while the container runs, or where the engine mounts it for the copy (both do).
 */
#ifndef GANTRY_COPY_H
#define GANTRY_COPY_H

#include <gantry/archive.h>
#include <gantry/engine.h>
#include <gantry/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- in ----------------------------------------------------------------------------------- */

/** Options of gantry_containers_copy_in() and gantry_containers_extract(). */
typedef struct gantry_copy_in_options {
    size_t size;             /**< sizeof(gantry_copy_in_options) */
    const gantry_call *call; /**< no total limit by default */
    int create_directory;    /**< #GANTRY_ON: make the directory if it is missing, with its parents
                                  (owner root, mode 0755). Else a missing one is NOT_FOUND. */
    int replace_kinds;       /**< #GANTRY_ON: a directory may replace another kind of file, and the
                                  other way round. Else that is #GANTRY_E_CONFLICT. */
    int keep_owner; /**< #GANTRY_OFF: everything belongs to the container's own user instead
                                  of the archive's owners; #GANTRY_ON, the default: the archive's */
    int reserved;
} gantry_copy_in_options;

/**
 * Unpack an archive into a directory of a container. Owners, modes and times are the archive's: see
 * <gantry/archive.h> for what it can be made of (memory, callbacks, files, directories, other tars)
 * and for gantry_archive's owner and mode settings. Directories that the archive only implies, by
 * names below them, stay as they are, or are made with mode 0755.
 *
 * Success means that the engine has unpacked it whole. What came before a source that fails is
 * unpacked: the outcome is #GANTRY_OUTCOME_PARTIAL, and the engine is done with it when the call
 * returns, unless that was cancelled.
 * @param archive  read once; stays the caller's
 * @return 0, #GANTRY_E_NOT_FOUND (kind container, or file), #GANTRY_E_CONFLICT, #GANTRY_E_DENIED (a
 *         read-only root or mount), #GANTRY_E_NO_SPACE, ...
 * `PUT /containers/{id}/archive` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_copy_in(gantry_containers *containers, const char *id,
                                         const char *directory, gantry_archive *archive,
                                         const gantry_copy_in_options *opts, gantry_error *err);

/**
 * The same with a tar that exists, plain or compressed with gzip, bzip2, xz or zstd. It is taken
 * apart and sent entry by entry, see gantry_archive_add_tar(): one that is cut or damaged, or has
 * names that are absolute or have "..", is #GANTRY_E_INVALID, and nothing of the rest is unpacked;
 * devices and extended attributes are left out. Since 0.1.
 */
GANTRY_API int gantry_containers_extract(gantry_containers *containers, const char *id,
                                         const char *directory, const gantry_source *tar,
                                         const gantry_copy_in_options *opts, gantry_error *err);

/** Options of gantry_containers_write_file() and gantry_containers_copy_from_host(). */
typedef struct gantry_write_file_options {
    size_t size;             /**< sizeof(gantry_write_file_options) */
    const gantry_call *call; /**< copy_from_host: no total limit by default */
    int64_t mtime_ns; /**< since the epoch; 0 = write_file: now; copy_from_host: the file's */
    int uid;                 /**< owner; copy_from_host: of everything, if `owner` is ON */
    int gid;
    int mode;                /**< write_file: permission bits; 0 = 0644 */
    int owner;               /**< copy_from_host: #GANTRY_ON: uid and gid instead of 0 and 0;
                                  #GANTRY_OFF: the files' own numbers */
    int create_directory;    /**< #GANTRY_ON: make missing directories above */
    int follow; /**< copy_from_host: #GANTRY_ON: if host_path itself is a symbolic link,
                                  what it leads to */
} gantry_write_file_options;

/**
 * Write one small file of a container: what is there is replaced as the engine unpacks it. A link
 * is followed, also to what is not there yet.
 * @param path  of the file; its directory must exist, unless options say otherwise
 * @return 0, #GANTRY_E_CONFLICT if it is no regular file, or as gantry_containers_copy_in(). Since
 *         0.1.
 */
GANTRY_API int gantry_containers_write_file(gantry_containers *containers, const char *id,
                                            const char *path, const void *data, size_t size,
                                            const gantry_write_file_options *opts,
                                            gantry_error *err);

/**
 * Copy a file or directory of this machine into a container, by the command lines' rules: into
 * `path` if that is a directory there, else as `path`; a directory named with "/." at its end: its
 * content.
 * @return 0, #GANTRY_E_IO (the host's file), #GANTRY_E_CONFLICT (a directory onto a file), or as
 *         gantry_containers_copy_in(). Since 0.1.
 */
GANTRY_API int gantry_containers_copy_from_host(gantry_containers *containers, const char *id,
                                                const char *host_path, const char *path,
                                                const gantry_write_file_options *opts,
                                                gantry_error *err);

/* ---- look --------------------------------------------------------------------------------- */

/** Kinds of file. */
enum {
    GANTRY_FILE_OTHER = 0, /**< a device, a socket, a pipe */
    GANTRY_FILE_REGULAR = 1,
    GANTRY_FILE_DIRECTORY = 2,
    GANTRY_FILE_LINK = 3   /**< a symbolic link */
};

/** A path of a container; free with gantry_file_info_free(). */
typedef struct gantry_file_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *name;        /**< last part of the path */
    const char *link_target; /**< LINK: where it leads to in the end, as an absolute path of the
                                  container; else "" */
    int64_t file_size;       /**< bytes */
    int64_t mtime_ns;        /**< since the epoch */
    int type;                /**< GANTRY_FILE_... */
    int mode;                /**< permission bits with set-id and sticky, as 04755 */
} gantry_file_info;

/** Options of gantry_containers_stat(). */
typedef struct gantry_stat_options {
    size_t size;             /**< sizeof(gantry_stat_options) */
    const gantry_call *call;
    int follow; /**< #GANTRY_ON: a link's target instead of the link; links that lead out
                                  of the container's files are taken as inside */
    int reserved;
} gantry_stat_options;

/**
 * Look at a path of a container.
 * @return 0, #GANTRY_E_NOT_FOUND (kind container, or file), ...
 * `HEAD /containers/{id}/archive` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_stat(gantry_containers *containers, const char *id,
                                      const char *path, const gantry_stat_options *opts,
                                      gantry_file_info **out, gantry_error *err);
GANTRY_API void gantry_file_info_free(gantry_file_info *info); /**< Free it. Since 0.1. */

/* ---- out ---------------------------------------------------------------------------------- */

/** Options of gantry_containers_copy_out_open(). */
typedef struct gantry_copy_out_options {
    size_t size;             /**< sizeof(gantry_copy_out_options) */
    const gantry_call *call; /**< no total limit by default */
    int follow;              /**< #GANTRY_ON: if the path itself is a link, what it leads to */
    int reserved;
} gantry_copy_out_options;

/**
 * A file or directory of a container as a tar stream, alike on both engines: names begin with the
 * last part of the path, without "./"; with "/." at the path's end, and of the root, the content
 * alone. Owners are the container's where GANTRY_FEATURE_CONTAINERS_COPY_OUT_OWNERS is; Podman
 * puts the container's own user in their place.
 * @param out  ends only when the archive was whole; close with gantry_stream_close()
 * `GET /containers/{id}/archive` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_copy_out_open(gantry_containers *containers, const char *id,
                                               const char *path,
                                               const gantry_copy_out_options *opts,
                                               gantry_stream **out, gantry_error *err);

/** Options of gantry_containers_copy_to_host(). */
typedef struct gantry_copy_to_host_options {
    size_t size;             /**< sizeof(gantry_copy_to_host_options) */
    const gantry_call *call; /**< no total limit by default */
    int64_t max_bytes; /**< most bytes of content in all, more is #GANTRY_E_LIMIT; 0 = no limit */
    int64_t max_entries;     /**< most files and directories; 0 = no limit */
    int follow;              /**< #GANTRY_ON: if the path itself is a link, what it leads to */
    int owner; /**< #GANTRY_ON: the container's numbers as owners, which takes the privilege to,
                                  and an engine with GANTRY_FEATURE_CONTAINERS_COPY_OUT_OWNERS;
                                  #GANTRY_OFF, the default: this process's user */
    int special;             /**< #GANTRY_ON: leave out devices, pipes and sockets; else they are
                                  #GANTRY_E_DENIED */
    int replace;             /**< #GANTRY_OFF: a file that exists is #GANTRY_E_EXISTS */
} gantry_copy_to_host_options;

/**
 * Copy a file or directory of a container to this machine, by the command lines' rules: into
 * `host_path` if that is a directory, else as `host_path`.
 *
 * Nothing is ever written outside host_path, whatever the engine sends: absolute names and ".." are
 * refused (#GANTRY_E_DENIED, naming them), links are made but never followed or written through,
 * hard links only to what this call made. Set-id bits are dropped unless `owner` is on. After a
 * failure what was written so far stays.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_IO (the host's file), #GANTRY_E_DENIED,
 *         #GANTRY_E_CONFLICT (a directory onto something else, or the other way round),
 *         #GANTRY_E_EXISTS, #GANTRY_E_LIMIT ... Since 0.1.
 */
GANTRY_API int gantry_containers_copy_to_host(gantry_containers *containers, const char *id,
                                              const char *path, const char *host_path,
                                              const gantry_copy_to_host_options *opts,
                                              gantry_error *err);

/** Options of gantry_containers_read_file() and gantry_containers_read_file_fd(). */
typedef struct gantry_read_file_options {
    size_t size;             /**< sizeof(gantry_read_file_options) */
    const gantry_call *call; /**< read_file_fd: no total limit by default */
    int64_t limit;           /**< most bytes, more is #GANTRY_E_LIMIT; 0 = read_file:
                                  gantry_limits::capture_bytes; read_file_fd: none */
} gantry_read_file_options;

/** A file's content; free with gantry_file_content_free(). */
typedef struct gantry_file_content {
    size_t size; /**< bytes of it that the running library fills */
    const char *data;        /**< followed by an uncounted NUL */
    size_t data_size;
    int64_t mtime_ns;
    int uid; /**< owner, as the container sees it; -1 if the engine does not tell,
                                  see GANTRY_FEATURE_CONTAINERS_COPY_OUT_OWNERS */
    int gid;
    int mode;                /**< permission bits with set-id and sticky, as 04755 */
    int reserved;
} gantry_file_content;

/**
 * Read one small file of a container; a link is followed.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_INVALID if it is no regular file, #GANTRY_E_LIMIT, ...
 * Since 0.1.
 */
GANTRY_API int gantry_containers_read_file(gantry_containers *containers, const char *id,
                                           const char *path, const gantry_read_file_options *opts,
                                           gantry_file_content **out, gantry_error *err);
GANTRY_API void gantry_file_content_free(gantry_file_content *content); /**< Free it. Since 0.1. */

/** The same into a descriptor, which stays the caller's. Since 0.1. */
GANTRY_API int gantry_containers_read_file_fd(gantry_containers *containers, const char *id,
                                              const char *path, int fd,
                                              const gantry_read_file_options *opts,
                                              gantry_error *err);

/* ---- users -------------------------------------------------------------------------------- */

/** A user to add inside a container. */
typedef struct gantry_user {
    size_t size;               /**< sizeof(gantry_user) */
    const char *name;          /**< [a-z_][a-z0-9_-]*, at most 32; required */
    const char *home;          /**< NULL = "/home/NAME" */
    const char *shell;         /**< NULL = "/bin/sh" */
    const char *comment;       /**< full name; no ':' and no newline */
    const char *password_hash; /**< as crypt(3) makes it, "$6$..."; NULL = no password: no login by
                                    one. Never on a command line, never logged. */
    const char *const *groups; /**< further groups, which must exist; NULL-terminated */
    int uid;                   /**< 0 = the next free one from 1000 on */
    int gid;                   /**< 0 = the uid; its group is made with the user's name if there is
                                    none of that number */
    int no_home;               /**< #GANTRY_ON: do not make the home directory */
    int reserved;
} gantry_user;

/** Options of gantry_containers_add_user(). */
typedef struct gantry_add_user_options {
    size_t size;             /**< sizeof(gantry_add_user_options) */
    const gantry_call *call;
    int exists_ok;           /**< #GANTRY_ON: a user of that name is success, and left alone */
    int reserved;
} gantry_add_user_options;

/** A user that was added; free with gantry_user_info_free(). */
typedef struct gantry_user_info {
    size_t size; /**< bytes of it that the running library fills */
    int uid;
    int gid;
    int created;             /**< 1; 0: there was one */
    int reserved;
} gantry_user_info;

/**
 * Add a user inside a container, running or stopped: /etc/passwd, /etc/group and, where there is
 * one, /etc/shadow are read, changed and written back, each as a whole, and the home directory is
 * made. A container that runs and has useradd is asked to do it with that.
 *
 * Not to be called by two at once for one container.
 * The home directory has mode 0700 (useradd: its own choice); one that is there stays as it is. The
 * files keep their modes and owners; where the engine does not tell owners, they get root, and
 * /etc/shadow the group "shadow" if there is one and its mode lets a group read it.
 * @return 0, #GANTRY_E_EXISTS (name or uid taken), #GANTRY_E_INVALID (also for a group that is not
 *         there), ... Since 0.1.
 */
GANTRY_API int gantry_containers_add_user(gantry_containers *containers, const char *id,
                                          const gantry_user *user,
                                          const gantry_add_user_options *opts,
                                          gantry_user_info **out, gantry_error *err);
GANTRY_API void gantry_user_info_free(gantry_user_info *info); /**< Free it. Since 0.1. */

#ifdef __cplusplus
}
#endif
#endif
