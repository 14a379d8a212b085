/*
 * Copy files between this machine and a container, running or stopped, on whichever engine is
 * there, by the rules of the engines' own command lines.
 *
 *     cp [-L] CONTAINER:PATH HOST_PATH
 *     cp [-L] HOST_PATH CONTAINER:PATH
 *
 * "-" as HOST_PATH is a tar on standard output or input. -L follows a link that is named.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what, const gantry_error *err)
{
    fprintf(stderr, "cp: %s: %s\n", what, err->message);
    return 1;
}

/* "name:/path" is a container's; "./a:b", "/a:b" and "a" are the host's. The name is cut off. */
static char *split(char *argument)
{
    char *colon = strchr(argument, ':');
    char *slash = strchr(argument, '/');

    if (colon == NULL || argument[0] == '.' || (slash != NULL && slash < colon))
        return NULL;
    *colon = '\0';
    return colon + 1;
}

static int tar_out(gantry_containers *containers, const char *id, const char *path, int follow)
{
    gantry_copy_out_options opts = { .size = sizeof opts, .follow = follow };
    gantry_stream *tar = NULL;
    gantry_error err = { 0 };
    int rc = gantry_containers_copy_out_open(containers, id, path, &opts, &tar, &err);

    /* A success only if the archive was whole: what is read then need not be checked again. */
    if (rc == 0)
        rc = gantry_stream_copy_fd(tar, STDOUT_FILENO, -1, &err);
    gantry_stream_close(tar);
    return rc < 0 ? fail(path, &err) : 0;
}

static int tar_in(gantry_containers *containers, const char *id, const char *path)
{
    gantry_source tar = { .size = sizeof tar };
    gantry_error err = { 0 };

    gantry_source_fd(&tar, STDIN_FILENO);
    if (gantry_containers_extract(containers, id, path, &tar, NULL, &err) < 0)
        return fail(path, &err);
    return 0;
}

static int out(gantry_containers *containers, const char *id, const char *path, const char *host,
               int follow)
{
    gantry_copy_to_host_options opts = { .size = sizeof opts, .follow = follow };
    gantry_error err = { 0 };

    if (strcmp(host, "-") == 0)
        return tar_out(containers, id, path, follow);
    /* Whatever the container sends, nothing is written outside `host`. */
    if (gantry_containers_copy_to_host(containers, id, path, host, &opts, &err) < 0)
        return fail(path, &err);
    return 0;
}

static int in(gantry_containers *containers, const char *host, const char *id, const char *path,
              int follow)
{
    gantry_write_file_options opts = { .size = sizeof opts, .follow = follow };
    gantry_error err = { 0 };

    if (strcmp(host, "-") == 0)
        return tar_in(containers, id, path);
    if (gantry_containers_copy_from_host(containers, id, host, path, &opts, &err) < 0)
        return fail(host, &err);
    return 0;
}

int main(int argc, char **argv)
{
    int follow = argc > 1 && strcmp(argv[1], "-L") == 0;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    char *from, *to;
    int status;

    if (argc - follow != 3) {
        fprintf(stderr, "usage: cp [-L] CONTAINER:PATH HOST_PATH | HOST_PATH CONTAINER:PATH\n");
        return 2;
    }
    argv += follow;
    from = split(argv[1]);
    to = split(argv[2]);
    if ((from == NULL) == (to == NULL)) {
        fprintf(stderr, "cp: one of the two must be a container's, as NAME:/path\n");
        return 2;
    }
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err) < 0)
        return fail("no engine", &err);
    status = from != NULL ? out(gantry_engine_containers(engine), argv[1], from, argv[2],
                                follow ? GANTRY_ON : GANTRY_DEFAULT)
                          : in(gantry_engine_containers(engine), argv[1], argv[2], to,
                               follow ? GANTRY_ON : GANTRY_DEFAULT);
    gantry_engine_close(engine);
    return status;
}
