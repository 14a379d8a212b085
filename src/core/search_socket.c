/*
 * What is wrong with a unix socket, in words that one can act on.
 */
#include "search.h"

#include "error.h"
#include "url.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PATH_BYTES = 256, /* more than a socket's path can have */
    NAME_BYTES = 64,
    ENTRY_BYTES = 4096 /* of the user data base, for one entry */
};

/* The path of a unix address; 0 for others, and for those that make no sense. */
static int path_of(const struct gnt_mem *mem, const char *text, char path[PATH_BYTES])
{
    struct gnt_address address;
    struct gnt_arena arena;
    int is_unix = 0;

    if (text[0] != '/' && strncmp(text, "unix:", 5) != 0)
        return 0;
    gnt_arena_init(&arena, mem);
    if (gnt_address_parse(&arena, text, &address, NULL) == 0 &&
        strcmp(address.scheme, "unix") == 0) {
        int n = snprintf(path, PATH_BYTES, "%s", address.path);

        is_unix = n > 0 && n < PATH_BYTES;
    }
    gnt_arena_free(&arena);
    return is_unix;
}

static void user_name(uid_t id, char name[NAME_BYTES])
{
    char buffer[ENTRY_BYTES];
    struct passwd entry;
    struct passwd *found = NULL;

    if (getpwuid_r(id, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        snprintf(name, NAME_BYTES, "%s", entry.pw_name);
    else
        snprintf(name, NAME_BYTES, "%lu", (unsigned long)id);
}

static void group_name(gid_t id, char name[NAME_BYTES])
{
    char buffer[ENTRY_BYTES];
    struct group entry;
    struct group *found = NULL;

    if (getgrgid_r(id, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        snprintf(name, NAME_BYTES, "%s", entry.gr_name);
    else
        snprintf(name, NAME_BYTES, "%lu", (unsigned long)id);
}

/* ---- before connecting ----------------------------------------------------------------------- */

static int fail_path(int os_error, const char *text, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_UNAVAILABLE, "%s", text);
    if (err != NULL)
        err->os_error = os_error;
    return GANTRY_E_UNAVAILABLE;
}

/* stat has failed. */
static int no_file(const char *path, int os_error, int *out_missing, gantry_error *err)
{
    char target[PATH_BYTES];
    char text[PATH_BYTES + 64];
    ssize_t size = readlink(path, target, sizeof target - 1);

    if (os_error == EACCES)
        return fail_path(os_error, "permission denied: this user may not enter the socket's folder",
                         err);
    if (os_error != ENOENT && os_error != ENOTDIR)
        return gnt_fail_errno(err, GANTRY_E_UNAVAILABLE, os_error, "cannot look at the socket");
    if (size > 0) {
        target[size] = '\0';
        snprintf(text, sizeof text, "a link that leads nowhere: there is no %s", target);
        (void)fail_path(ENOENT, text, err);
    } else {
        *out_missing = 1;
        (void)fail_path(ENOENT, "there is no such socket", err);
    }
    gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES); /* yet */
    return GANTRY_E_UNAVAILABLE;
}

int gnt_search_look(const struct gnt_mem *mem, const char *address, int *out_missing,
                    gantry_error *err)
{
    char path[PATH_BYTES];
    struct stat st;

    if (!path_of(mem, address, path))
        return 0;
    if (stat(path, &st) < 0)
        return no_file(path, errno, out_missing, err);
    if (S_ISDIR(st.st_mode)) /* what a bind mount of a missing socket leaves */
        return fail_path(ENOTSOCK, "it is a folder, not a socket", err);
    if (!S_ISSOCK(st.st_mode))
        return fail_path(ENOTSOCK, "it is no socket", err);
    return 0;
}

int gnt_search_knock(const struct gnt_mem *mem, const char *address, gantry_error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    char path[PATH_BYTES];
    int os_error = 0;
    int fd;

    if (!path_of(mem, address, path) || strlen(path) >= sizeof name.sun_path)
        return 0;
    memcpy(name.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_UNAVAILABLE, errno, "cannot connect to %s", address);
    if (connect(fd, (const struct sockaddr *)&name, sizeof name) < 0)
        os_error = errno;
    close(fd);
    /* Too many who wait, or another kind of socket: somebody is there. */
    if (os_error == 0 || os_error == EAGAIN || os_error == EPROTOTYPE || os_error == EINTR)
        return 0;
    gnt_fail_errno(err, GANTRY_E_UNAVAILABLE, os_error, "cannot connect to %s", address);
    gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT,
                      os_error == EACCES || os_error == EPERM ? GANTRY_RETRY_NO : GANTRY_RETRY_YES);
    return GANTRY_E_UNAVAILABLE;
}

/* ---- after connecting ------------------------------------------------------------------------ */

static void explain_denied(const char *path, gantry_error *reason)
{
    char user[NAME_BYTES];
    char group[NAME_BYTES];
    struct stat st;
    int os_error = reason->os_error;

    if (stat(path, &st) < 0) {
        gnt_fail(reason, GANTRY_E_UNAVAILABLE,
                 "permission denied: this user may not use the "
                 "socket");
    } else {
        user_name(st.st_uid, user);
        group_name(st.st_gid, group);
        if ((st.st_mode & S_IWGRP) != 0)
            gnt_fail(reason, GANTRY_E_UNAVAILABLE,
                     "permission denied: this user may not use the socket; user %s and members of "
                     "group %s may",
                     user, group);
        else
            gnt_fail(reason, GANTRY_E_UNAVAILABLE,
                     "permission denied: this user may not use the socket; only user %s may", user);
    }
    reason->os_error = os_error;
}

void gnt_search_explain(const struct gnt_mem *mem, const char *address, gantry_error *reason)
{
    char path[PATH_BYTES];
    int os_error = reason->os_error;
    int missing;

    if (reason->code != GANTRY_E_UNAVAILABLE || os_error == 0 || !path_of(mem, address, path))
        return;
    if (gnt_search_look(mem, address, &missing, reason) < 0)
        return;
    if (os_error == EACCES || os_error == EPERM) {
        explain_denied(path, reason);
    } else if (os_error == ECONNREFUSED) {
        gnt_fail(reason, GANTRY_E_UNAVAILABLE,
                 "connection refused: nobody listens on the socket, its engine has ended");
        reason->os_error = os_error;
        gnt_error_outcome(reason, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES);
    }
}
