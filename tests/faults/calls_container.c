/*
 * The calls on containers. "faults-c1" prints and exits with 7; "faults-c2" stays.
 */
#include "calls.h"

#include <stddef.h>

#define FIRST "faults-c1"
#define SECOND "faults-c2"

static gantry_containers *containers(const struct faults *f)
{
    return gantry_engine_containers(f->engine);
}

/* ---- create, list, inspect ------------------------------------------------------------------- */

int faults_containers_create(struct faults *f)
{
    static const char *const command[] = { "sh", "-c", "echo out; echo err >&2; exit 7", NULL };
    static const char *const environment[] = { "FAULTS=yes", NULL };
    static const gantry_mount mount = { .size = sizeof mount,
                                        .source = "faults-vol",
                                        .target = "/data",
                                        .type = GANTRY_MOUNT_VOLUME };
    static const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options o = { .size = sizeof o,
                                   .call = &f->call,
                                   .name = FIRST,
                                   .command = command,
                                   .environment = environment,
                                   .mounts = mounts,
                                   .network = "none" };
    gantry_created *created = NULL;
    int rc = gantry_containers_create(containers(f), "faults-base", &o, &created, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, created->id);
    faults_mix_strings(f, created->warnings);
    gantry_created_free(created);
    return 0;
}

static void mix_container(struct faults *f, const gantry_container *container)
{
    faults_mix(f, container->id);
    faults_mix(f, container->name);
    faults_mix(f, container->image);
    faults_mix_int(f, container->state);
    faults_mix_int(f, container->exit_code);
    faults_mix_strings(f, container->command);
    faults_mix_strings(f, container->networks);
}

int faults_containers_list(struct faults *f)
{
    static const char *const names[] = { FIRST, SECOND, NULL };
    gantry_container_list_options o = { .size = sizeof o,
                                        .call = &f->call,
                                        .names = names,
                                        .all = GANTRY_ON };
    gantry_container_list *list = NULL;
    int rc = gantry_containers_list(containers(f), &o, &list, &f->err);

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        mix_container(f, list->items[i]);
    gantry_container_list_free(list);
    return rc;
}

int faults_containers_inspect(struct faults *f)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = &f->call };
    gantry_container *container = NULL;
    int rc = gantry_containers_inspect(containers(f), SECOND, &o, &container, &f->err);

    if (rc < 0)
        return rc;
    mix_container(f, container);
    faults_mix_strings(f, container->environment);
    faults_mix_int(f, container->pid);
    faults_mix(f, container->json);
    gantry_container_free(container);
    return 0;
}

/* ---- streams --------------------------------------------------------------------------------- */

/* To the end; the digest counts the bytes of each channel, however they are cut into pieces. */
static int drain(struct faults *f, gantry_stream *stream)
{
    uint64_t sums[4] = { 0, 0, 0, 0 };
    char piece[700];
    size_t got = 1;
    int channel = 0;
    int rc = 0;

    while (rc == 0 && got > 0) {
        rc = gantry_stream_read(stream, piece, sizeof piece, &got, &channel, &f->err);
        for (size_t i = 0; rc == 0 && i < got; i++)
            sums[channel & 3] = sums[channel & 3] * 31 + (unsigned char)piece[i];
    }
    faults_mix_bytes(f, sums, sizeof sums);
    return rc;
}

int faults_containers_attach(struct faults *f)
{
    gantry_attach_options o = { .size = sizeof o, .call = &f->call };
    gantry_container_start_options start = { .size = sizeof start, .call = &f->call };
    gantry_stream *stream = NULL;
    int rc = gantry_containers_attach_open(containers(f), FIRST, &o, &stream, &f->err);

    if (rc == 0)
        rc = gantry_containers_start(containers(f), FIRST, &start, &f->err);
    if (rc == 0)
        rc = drain(f, stream);
    gantry_stream_close(stream);
    return rc;
}

int faults_containers_logs(struct faults *f)
{
    gantry_logs_options o = { .size = sizeof o, .call = &f->call };
    gantry_output *output = NULL;
    int rc = gantry_containers_logs(containers(f), FIRST, &o, &output, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_bytes(f, output->stdout_data, output->stdout_size);
    faults_mix_bytes(f, output->stderr_data, output->stderr_size);
    gantry_output_free(output);
    return 0;
}

int faults_containers_follow(struct faults *f)
{
    gantry_logs_options o = { .size = sizeof o,
                              .call = &f->call,
                              .follow = GANTRY_ON,
                              .timestamps = GANTRY_ON };
    gantry_stream *stream = NULL;
    int rc = gantry_containers_logs_open(containers(f), FIRST, &o, &stream, &f->err);

    if (rc == 0)
        rc = drain(f, stream);
    gantry_stream_close(stream);
    return rc;
}

/* ---- waits ----------------------------------------------------------------------------------- */

static void mix_status(struct faults *f, const gantry_exit_status *status)
{
    faults_mix_int(f, status->exit_code);
    faults_mix_int(f, status->has_exit_code);
}

int faults_containers_wait(struct faults *f)
{
    gantry_wait_options o = { .size = sizeof o, .call = &f->call };
    gantry_exit_status status = { 0 };
    int rc = gantry_containers_wait(containers(f), FIRST, &o, &status, &f->err);

    mix_status(f, &status);
    return rc;
}

int faults_containers_wait_next(struct faults *f)
{
    gantry_wait_options o = { .size = sizeof o,
                              .call = &f->call,
                              .condition = GANTRY_WAIT_NEXT_EXIT };
    gantry_container_kill_options kill = { .size = sizeof kill, .call = &f->call };
    gantry_exit_status status = { 0 };
    gantry_wait *wait = NULL;
    int rc = gantry_containers_wait_open(containers(f), SECOND, &o, &wait, &f->err);

    if (rc == 0)
        rc = gantry_containers_kill(containers(f), SECOND, &kill, &f->err);
    if (rc == 0)
        rc = gantry_wait_result(wait, &status, &f->err);
    gantry_wait_close(wait);
    mix_status(f, &status);
    return rc;
}

/* ---- run, exec ------------------------------------------------------------------------------- */

int faults_containers_run(struct faults *f)
{
    static const char *const command[] = { "sh", "-c", "cat; echo end >&2; exit 5", NULL };
    gantry_container_options container = { .size = sizeof container,
                                           .name = "faults-run",
                                           .network = "none" };
    gantry_run_options o = { .size = sizeof o,
                             .call = &f->call,
                             .container = &container,
                             .command = command,
                             .input = "input\n",
                             .input_size = 6,
                             .remove = GANTRY_ON };
    gantry_run_result *result = NULL;
    int rc = gantry_containers_run(containers(f), "faults-base", &o, &result, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_bytes(f, result->stdout_data, result->stdout_size);
    faults_mix_bytes(f, result->stderr_data, result->stderr_size);
    faults_mix_int(f, result->exit_code);
    faults_mix_int(f, result->has_exit_code);
    f->oom_known = result->oom_killed >= 0;
    gantry_run_result_free(result);
    return 0;
}

int faults_containers_run_detached(struct faults *f)
{
    static const char *const command[] = { "sh", "-c",
                                           "trap 'exit 0' TERM; while :; do sleep 1; done", NULL };
    gantry_container_options container = { .size = sizeof container,
                                           .name = SECOND,
                                           .network = "bridge" };
    gantry_run_options o = { .size = sizeof o,
                             .call = &f->call,
                             .container = &container,
                             .command = command,
                             .detach = GANTRY_ON };
    gantry_run_result *result = NULL;
    int rc = gantry_containers_run(containers(f), "faults-base", &o, &result, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, result->id);
    gantry_run_result_free(result);
    return 0;
}

static int exec(struct faults *f, const char *const *command, const char *input, size_t size)
{
    gantry_exec_options o = { .size = sizeof o,
                              .call = &f->call,
                              .input = input,
                              .input_size = size };
    gantry_exec_result *result = NULL;
    int rc = gantry_containers_exec(containers(f), SECOND, command, &o, &result, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_bytes(f, result->stdout_data, result->stdout_size);
    faults_mix_bytes(f, result->stderr_data, result->stderr_size);
    faults_mix_int(f, result->exit_code);
    gantry_exec_result_free(result);
    return 0;
}

int faults_containers_exec(struct faults *f)
{
    static const char *const command[] = { "sh", "-c", "echo out; echo err >&2; exit 9", NULL };

    return exec(f, command, NULL, 0);
}

int faults_containers_exec_input(struct faults *f)
{
    static const char *const command[] = { "cat", NULL };

    return exec(f, command, "through cat\n", 12);
}

/* ---- life ------------------------------------------------------------------------------------ */

int faults_containers_kill(struct faults *f)
{
    gantry_container_kill_options o = { .size = sizeof o, .call = &f->call, .signal = "SIGCONT" };

    return gantry_containers_kill(containers(f), SECOND, &o, &f->err);
}

int faults_containers_start(struct faults *f)
{
    gantry_container_start_options o = { .size = sizeof o, .call = &f->call };

    return gantry_containers_start(containers(f), SECOND, &o, &f->err);
}

int faults_containers_restart(struct faults *f)
{
    gantry_container_stop_options o = { .size = sizeof o,
                                        .call = &f->call,
                                        .grace_ms = GANTRY_GRACE_NONE };

    return gantry_containers_restart(containers(f), SECOND, &o, &f->err);
}

int faults_containers_stop(struct faults *f)
{
    gantry_container_stop_options o = { .size = sizeof o,
                                        .call = &f->call,
                                        .grace_ms = GANTRY_GRACE_NONE };

    return gantry_containers_stop(containers(f), SECOND, &o, &f->err);
}

static int remove_container(struct faults *f, const char *id, int force, int missing_ok)
{
    gantry_container_remove_options o = { .size = sizeof o,
                                          .call = &f->call,
                                          .force = force,
                                          .missing_ok = missing_ok };

    return gantry_containers_remove(containers(f), id, &o, &f->err);
}

int faults_containers_remove(struct faults *f)
{
    return remove_container(f, FIRST, GANTRY_OFF, GANTRY_OFF);
}

int faults_containers_remove_second(struct faults *f)
{
    return remove_container(f, SECOND, GANTRY_ON, GANTRY_OFF);
}

int faults_containers_remove_missing(struct faults *f)
{
    return remove_container(f, "faults-missing", GANTRY_OFF, GANTRY_ON);
}
