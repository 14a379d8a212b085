/*
 * Secrets of a build: read from their files, put into a context under names that nothing else has.
 */
#include "build_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "pack.h"

/* ---- from files ------------------------------------------------------------------------------ */

static int fail_file(int os_error, const char *path, gantry_error *err)
{
    gnt_fail_errno(err, GANTRY_E_IO, os_error, "secrets: cannot read %s", path);
    gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
    return GANTRY_E_IO;
}

static int read_all(int fd, const char *path, char *data, size_t size, gantry_error *err)
{
    size_t at = 0;

    while (at < size) {
        ssize_t got = read(fd, data + at, size - at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_file(errno, path, err);
        if (got == 0)
            return gnt_fail(err, GANTRY_E_CHANGED, "secrets: %s became shorter", path);
        at += (size_t)got;
    }
    return 0;
}

static int read_file(struct gnt_arena *arena, int fd, gantry_build_secret *secret,
                     gantry_error *err)
{
    struct stat st;
    char *data;
    int rc;

    if (fstat(fd, &st) < 0)
        return fail_file(errno, secret->path, err);
    if (!S_ISREG(st.st_mode))
        return fail_file(S_ISDIR(st.st_mode) ? EISDIR : EINVAL, secret->path, err);
    if (st.st_size > GNT_BUILD_SECRET_MAX)
        return gnt_fail(err, GANTRY_E_LIMIT, "secrets: %s has more than %d bytes", secret->path,
                        GNT_BUILD_SECRET_MAX);
    data = gnt_arena_alloc(arena, (size_t)st.st_size);
    if (data == NULL)
        return gnt_nomem(err);
    rc = read_all(fd, secret->path, data, (size_t)st.st_size, err);
    if (rc == 0) {
        secret->data = data;
        secret->data_size = (size_t)st.st_size;
        secret->path = NULL;
    }
    return rc;
}

int gnt_build_secrets_read(struct gnt_arena *arena, const gantry_build_options *copy,
                           gantry_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && copy->secrets != NULL && copy->secrets[i] != NULL; i++) {
        gantry_build_secret secret = *copy->secrets[i];
        int fd;

        if (secret.path == NULL)
            continue;
        fd = open(secret.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
        if (fd < 0)
            return fail_file(errno, secret.path, err);
        rc = read_file(arena, fd, &secret, err);
        close(fd);
        memcpy((void *)copy->secrets[i], &secret, sizeof secret);
    }
    return rc;
}

/* ---- into a context -------------------------------------------------------------------------- */

/* A name that neither the context nor a Dockerfile can have meant. */
static int make_name(char out[GNT_SECRET_NAME_SIZE], gantry_error *err)
{
    unsigned char bytes[16];
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    size_t at = 0;
    ssize_t got = 0;

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "secrets: cannot open /dev/urandom");
    while (at < sizeof bytes && (got > 0 || at == 0 || errno == EINTR)) {
        got = read(fd, bytes + at, sizeof bytes - at);
        at += got > 0 ? (size_t)got : 0;
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
    }
    close(fd);
    if (at < sizeof bytes)
        return gnt_fail(err, GANTRY_E_IO, "secrets: cannot read /dev/urandom");
    snprintf(out, GNT_SECRET_NAME_SIZE, "gantry-secret-");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 14 + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int gnt_archive_add_secret(gantry_archive *archive, const gantry_build_secret *secret,
                           char out_name[GNT_SECRET_NAME_SIZE], gantry_error *err)
{
    const gantry_entry_options options = { .size = sizeof options, .mode = 0600 };
    int rc = make_name(out_name, err);

    if (rc == 0)
        rc = gantry_archive_add_data(archive, out_name, NULL, 0, &options, err);
    if (rc == 0) {
        archive->last->data = secret->data; /* not copied: the copy would have to be wiped */
        archive->last->size = secret->data_size;
    }
    return rc;
}
