/*
 * A shell in a container, with this program's own terminal, or with pipes where it has none.
 *
 *     shell CONTAINER [COMMAND...]         in one that runs
 *     shell --image IMAGE [COMMAND...]     in a new one, removed at its end
 *
 * ctrl-p ctrl-q leaves a new container running. Ends with the command's exit code.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const gantry_stdio mine = {
    .size = sizeof mine, .in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO
};

static int has_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int in_running(gantry_containers *containers, const char *container,
                      const char *const *command, gantry_exit_status *status, gantry_error *err)
{
    gantry_exec_options opts = { .size = sizeof opts,
                                 .tty = has_terminal() ? GANTRY_ON : GANTRY_OFF };

    return gantry_containers_exec_stdio(containers, container, command, &mine, &opts, NULL, status,
                                        err);
}

static int in_new(gantry_containers *containers, const char *image, const char *const *command,
                  gantry_exit_status *status, gantry_error *err)
{
    gantry_container_options create = { .size = sizeof create,
                                        .command = command,
                                        .tty = has_terminal() ? GANTRY_ON : GANTRY_OFF,
                                        .open_stdin = GANTRY_ON };
    gantry_attach_stdio_options attach = { .size = sizeof attach, .start = GANTRY_ON };
    gantry_container_remove_options remove = { .size = sizeof remove, .force = GANTRY_ON };
    gantry_created *created = NULL;
    int end = GANTRY_END_PROCESS;
    int rc = gantry_containers_create(containers, image, &create, &created, err);

    if (rc < 0)
        return rc;
    rc = gantry_containers_attach_stdio(containers, created->id, &mine, &attach, &end, status, err);
    if (rc == 0 && end == GANTRY_END_DETACHED)
        fprintf(stderr, "\nshell: container %s goes on\n", created->id);
    else
        gantry_containers_remove(containers, created->id, &remove, rc < 0 ? NULL : err);
    gantry_created_free(created);
    return rc;
}

int main(int argc, char **argv)
{
    static const char *const shell[] = { "sh", NULL };
    int is_new = argc > 1 && strcmp(argv[1], "--image") == 0;
    int at = is_new ? 2 : 1; /* of the container or image */
    const char *const *command = argc > at + 1 ? (const char *const *)argv + at + 1 : shell;
    gantry_exit_status status = { 0 };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    gantry_containers *containers;
    int rc;

    if (argc <= at) {
        fputs("usage: shell CONTAINER [COMMAND...]\n       shell --image IMAGE [COMMAND...]\n",
              stderr);
        return 2;
    }
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    if (rc == 0) {
        containers = gantry_engine_containers(engine);
        rc = is_new ? in_new(containers, argv[at], command, &status, &err)
                    : in_running(containers, argv[at], command, &status, &err);
    }
    if (rc < 0)
        fprintf(stderr, "shell: %s\n", err.message);
    gantry_engine_close(engine);
    return rc < 0 ? 125 : (int)status.exit_code;
}
