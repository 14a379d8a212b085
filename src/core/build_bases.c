/*
 * Which images a build starts from, found out before it is sent. Failures to read are no matter of
 * ours: who sends the file will meet them and say so.
 */
#include "build_bases.h"

#include "build_ignore.h"
#include "dockerfile.h"
#include "error.h"
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The text of a host file, or nothing. */
static void read_file(struct gnt_arena *arena, const char *path, const char **text, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *data = NULL;
    size_t at = 0;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= GNT_DOCKERFILE_MAX)
        data = gnt_arena_alloc(arena, (size_t)st.st_size);
    while (data != NULL && at < (size_t)st.st_size) {
        ssize_t got = read(fd, data + at, (size_t)st.st_size - at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        at += (size_t)got;
    }
    close(fd);
    *text = data;
    *size = at;
}

int gnt_build_dockerfile(struct gnt_arena *arena, const gantry_build_context *context,
                         const char **text, size_t *size, gantry_error *err)
{
    const char *const usual[] = { "Containerfile", "Dockerfile", NULL };
    const char *const given[] = { context->dockerfile_name, NULL };
    const char *const *name = context->dockerfile_name != NULL ? given : usual;
    struct gnt_located found = { .kind = GNT_LOCATED_NONE };

    *text = NULL;
    *size = 0;
    if (context->archive == NULL)
        return 0;
    for (; *name != NULL && found.kind == GNT_LOCATED_NONE; name++) {
        gantry_error failure = { 0 };
        int rc = gnt_archive_find(arena, context->archive, *name, &found, &failure);

        if (rc == GANTRY_E_NOMEM)
            return gnt_nomem(err);
    }
    if (found.kind == GNT_LOCATED_TEXT && found.size <= GNT_DOCKERFILE_MAX) {
        *text = found.text;
        *size = found.size;
    } else if (found.kind == GNT_LOCATED_PATH) {
        read_file(arena, found.path, text, size);
    }
    return 0;
}

int gnt_build_bases(struct gnt_arena *arena, const gantry_build_options *opts,
                    const gantry_build_context *context, const char *const **out, gantry_error *err)
{
    const struct gnt_dockerfile_options options = { .target = opts->target,
                                                    .platform = opts->platform,
                                                    .args = opts->build_args,
                                                    .arg_count = opts->build_arg_count };
    struct gnt_dockerfile dockerfile = { 0 };
    const char *text = NULL;
    const char **list;
    size_t size = 0;
    int rc = gnt_build_dockerfile(arena, context, &text, &size, err);

    *out = gnt_no_strings;
    if (rc < 0 || text == NULL)
        return rc;
    rc = gnt_dockerfile_scan(arena, text, size, &options, &dockerfile, err);
    if (rc < 0 || dockerfile.image_count == 0)
        return rc;
    list = gnt_arena_alloc(arena, (dockerfile.image_count + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < dockerfile.image_count; i++)
        list[i] = dockerfile.images[i].reference;
    *out = list;
    return 0;
}
