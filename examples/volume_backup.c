/*
 * Save what a volume holds into a file, or restore it, on whichever engine is there: a file made on
 * Docker restores on Podman and the other way round. "-" is the terminal's pipe, so that it can be
 * packed on the way:
 *
 *     volume_backup save VOLUME FILE
 *     volume_backup save data - | zstd >data.tar.zst
 *     volume_backup restore [--add] VOLUME FILE
 *
 * A restore takes tars that are plain or packed, makes the volume if there is none, and removes
 * what it held before, unless --add is given.
 */
#include <gantry/gantry.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    STEP = 1 << 20 /* bytes between two looks of the progress line */
};

/* Bytes that passed, shown while a terminal looks on, and at the end. */
struct counter {
    int fd;
    int64_t bytes;
    int64_t shown;
};

static void show(struct counter *c, int last)
{
    int live = isatty(STDERR_FILENO);

    if (!last && (!live || c->bytes - c->shown < STEP))
        return;
    c->shown = c->bytes;
    fprintf(stderr, "%s%" PRId64 " bytes%s", live ? "\r" : "", c->bytes, last ? "\n" : "");
}

static int fail(const char *what, const gantry_error *err)
{
    fprintf(stderr, "volume_backup: %s: %s\n", what, err->message);
    return 1;
}

/* ---- save ------------------------------------------------------------------------------------ */

static int write_piece(void *arg, int channel, const void *data, size_t size)
{
    struct counter *c = arg;
    const char *bytes = data;

    (void)channel;
    while (size > 0) {
        ssize_t n = write(c->fd, bytes, size);

        if (n < 0) {
            perror("volume_backup: cannot write");
            return 1;
        }
        bytes += n;
        size -= (size_t)n;
        c->bytes += n;
        show(c, 0);
    }
    return 0;
}

static int save_to(gantry_volumes *volumes, const char *name, int fd)
{
    struct counter counter = { .fd = fd };
    gantry_stream *stream = NULL;
    gantry_error err = { 0 };
    int rc = gantry_volumes_export_open(volumes, name, NULL, &stream, &err);

    if (rc == 0)
        rc = gantry_stream_each(stream, write_piece, &counter, &err);
    gantry_stream_close(stream);
    if (rc < 0)
        return fail(name, &err);
    show(&counter, 1);
    return 0;
}

/* The file is there and whole, or as it was before. */
static int save(gantry_volumes *volumes, const char *name, const char *path)
{
    char part[PATH_SIZE];
    int fd;
    int status;

    if (strcmp(path, "-") == 0)
        return save_to(volumes, name, STDOUT_FILENO);
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return 2;
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror(part);
        return 1;
    }
    status = save_to(volumes, name, fd);
    if (fsync(fd) < 0 || close(fd) < 0 || (status == 0 && rename(part, path) < 0)) {
        perror(path);
        status = 1;
    }
    if (status != 0)
        unlink(part);
    return status;
}

/* ---- restore --------------------------------------------------------------------------------- */

static int read_piece(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    struct counter *c = arg;
    ssize_t n = read(c->fd, buffer, capacity);

    if (n < 0)
        return gantry_error_set(err, GANTRY_E_IO, "cannot read the tar");
    *out_size = (size_t)n;
    c->bytes += n;
    show(c, 0);
    return 0;
}

static int restore(gantry_volumes *volumes, const char *name, const char *path, int add)
{
    gantry_volume_options create = { .size = sizeof create };
    gantry_volume_import_options opts = { .size = sizeof opts,
                                          .create = &create,
                                          .clear = add ? GANTRY_OFF : GANTRY_ON };
    struct counter counter = { .fd = STDIN_FILENO };
    gantry_source tar = { .size = sizeof tar, .read = read_piece, .arg = &counter };
    gantry_error err = { 0 };
    int rc;

    if (strcmp(path, "-") != 0) {
        counter.fd = open(path, O_RDONLY | O_CLOEXEC);
        if (counter.fd < 0) {
            perror(path);
            return 1;
        }
    }
    rc = gantry_volumes_import(volumes, name, &tar, &opts, &err);
    if (counter.fd != STDIN_FILENO)
        close(counter.fd);
    if (rc < 0) {
        if (err.outcome == GANTRY_OUTCOME_PARTIAL)
            fprintf(stderr, "volume_backup: a part of the tar is in the volume\n");
        return fail(name, &err);
    }
    show(&counter, 1);
    return 0;
}

int main(int argc, char **argv)
{
    int saves = argc == 4 && strcmp(argv[1], "save") == 0;
    int adds = argc == 5 && strcmp(argv[2], "--add") == 0;
    int restores = argc == 4 + adds && strcmp(argv[1], "restore") == 0;
    gantry_engine *engine = NULL;
    gantry_volumes *volumes;
    gantry_error err = { 0 };
    int status;

    if (!saves && !restores) {
        fprintf(stderr, "usage: volume_backup save VOLUME FILE | restore [--add] VOLUME FILE\n");
        return 2;
    }
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err) < 0)
        return fail("no engine", &err);
    volumes = gantry_engine_volumes(engine);
    status = saves ? save(volumes, argv[2], argv[3])
                   : restore(volumes, argv[2 + adds], argv[3 + adds], adds);
    gantry_engine_close(engine);
    return status;
}
