/*
 * Save images into a file, or load them again, on whichever engine is there: an archive made on
 * Docker loads on Podman and the other way round, under the same names.
 *
 *     backup_images save FILE IMAGE...
 *     backup_images load FILE
 */
#include <gantry/gantry.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *what, const gantry_error *err)
{
    fprintf(stderr, "backup_images: %s: %s\n", what, err->message);
    return 1;
}

static int save(gantry_images *images, const char *path, const char *const *names)
{
    gantry_error err = { 0 };

    /* The file is there and whole, or as it was before. */
    if (gantry_images_save_file(images, names, path, NULL, &err) < 0)
        return fail(err.resource[0] != '\0' ? err.resource : path, &err);
    printf("saved to %s\n", path);
    return 0;
}

/* Prints each tenth of the way. */
static int show(void *arg, const gantry_progress_record *record)
{
    int *tenths = arg;
    int now;

    if (record->id != NULL || record->total <= 0) /* of a layer, in the engine's words */
        return 0;
    now = (int)(record->current * 10 / record->total);
    if (now > *tenths)
        printf("%d %% sent\n", now * 10);
    *tenths = now;
    return 0;
}

static int load(gantry_images *images, const char *path)
{
    int tenths = 0;
    gantry_load_options opts = { .size = sizeof opts, .progress = show, .progress_arg = &tenths };
    gantry_source tar = { .size = sizeof tar };
    gantry_load_result *loaded = NULL;
    gantry_error err = { 0 };
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0 || fstat(fd, &st) < 0) {
        perror(path);
        if (fd >= 0)
            close(fd);
        return 1;
    }
    gantry_source_fd(&tar, fd);
    tar.length = (int64_t)st.st_size; /* what `total` of the records is then */
    rc = gantry_images_load(images, &tar, &opts, &loaded, &err);
    close(fd);
    if (rc < 0)
        return fail(path, &err);
    for (const char *const *name = loaded->references; *name != NULL; name++)
        printf("loaded %s\n", *name);
    for (const char *const *id = loaded->image_ids; *id != NULL; id++)
        printf("loaded an image without a name: %.12s\n", *id);
    gantry_load_result_free(loaded);
    return 0;
}

int main(int argc, char **argv)
{
    int saves = argc > 3 && strcmp(argv[1], "save") == 0;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int status;

    if (!saves && (argc != 3 || strcmp(argv[1], "load") != 0)) {
        fprintf(stderr, "usage: backup_images save FILE IMAGE... | load FILE\n");
        return 2;
    }
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err) < 0)
        return fail("no engine", &err);
    status = saves ? save(gantry_engine_images(engine), argv[2], (const char *const *)argv + 3)
                   : load(gantry_engine_images(engine), argv[2]);
    gantry_engine_close(engine);
    return status;
}
