/*
 * The calls on containers that came after the first: what is looked at, changed and copied while
 * one lives. "faults-c3" sleeps, and is "faults-c4" after its renaming.
 */
#include "calls.h"

#include <string.h>

#define THIRD "faults-c3"
#define FOURTH "faults-c4"

static gantry_containers *containers(const struct faults *f)
{
    return gantry_engine_containers(f->engine);
}

int faults_life_run(struct faults *f)
{
    static const char *const command[] = { "sleep", "1000", NULL };
    gantry_container_options c = { .size = sizeof c, .name = THIRD, .network = "none" };
    gantry_run_options o = {
        .size = sizeof o, .call = &f->call, .container = &c, .command = command, .detach = GANTRY_ON
    };
    gantry_run_result *run = NULL;
    int rc = gantry_containers_run(containers(f), "faults-base", &o, &run, &f->err);

    if (rc == 0)
        faults_mix(f, run->id);
    gantry_run_result_free(run);
    return rc;
}

/* ---- looks ----------------------------------------------------------------------------------- */

int faults_life_exists(struct faults *f)
{
    gantry_container_exists_options o = { .size = sizeof o, .call = &f->call };
    int exists = -1;
    int rc = gantry_containers_exists(containers(f), THIRD, &o, &exists, &f->err);

    faults_mix_int(f, exists);
    return rc;
}

int faults_life_exists_not(struct faults *f)
{
    gantry_container_exists_options o = { .size = sizeof o, .call = &f->call };
    int exists = -1;
    int rc = gantry_containers_exists(containers(f), "faults-none", &o, &exists, &f->err);

    faults_mix_int(f, exists);
    return rc;
}

int faults_life_top(struct faults *f)
{
    gantry_container_top_options o = { .size = sizeof o, .call = &f->call };
    gantry_container_top *top = NULL;
    int rc = gantry_containers_top(containers(f), THIRD, &o, &top, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_strings(f, top->titles);
    for (size_t i = 0; i < top->count; i++)
        faults_mix_strings(f, top->processes[i]);
    gantry_container_top_free(top);
    return 0;
}

int faults_life_changes(struct faults *f)
{
    gantry_container_changes_options o = { .size = sizeof o, .call = &f->call };
    gantry_container_changes *changes = NULL;
    int rc = gantry_containers_changes(containers(f), THIRD, &o, &changes, &f->err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < changes->count; i++) {
        faults_mix(f, changes->items[i]->path);
        faults_mix_int(f, changes->items[i]->kind);
    }
    gantry_container_changes_free(changes);
    return 0;
}

int faults_life_stats(struct faults *f)
{
    gantry_stats_options o = { .size = sizeof o, .call = &f->call };
    gantry_stats *stats = NULL;
    int rc = gantry_containers_stats(containers(f), THIRD, &o, &stats, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, stats->id);
    faults_mix_int(f, stats->memory_bytes);
    faults_mix_int(f, stats->cpu_ns);
    faults_mix_int(f, stats->processes);
    gantry_stats_free(stats);
    return 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

int faults_life_pause(struct faults *f)
{
    gantry_container_pause_options o = { .size = sizeof o, .call = &f->call };

    return gantry_containers_pause(containers(f), THIRD, &o, &f->err);
}

int faults_life_unpause(struct faults *f)
{
    gantry_container_pause_options o = { .size = sizeof o, .call = &f->call };

    return gantry_containers_unpause(containers(f), THIRD, &o, &f->err);
}

int faults_life_update(struct faults *f)
{
    static const gantry_resources limits = { .size = sizeof limits, .pids = 77 };
    gantry_container_update_options o = { .size = sizeof o,
                                          .call = &f->call,
                                          .resources = &limits };

    return gantry_containers_update(containers(f), THIRD, &o, &f->err);
}

int faults_life_rename(struct faults *f)
{
    gantry_container_rename_options o = { .size = sizeof o, .call = &f->call };

    return gantry_containers_rename(containers(f), THIRD, FOURTH, &o, &f->err);
}

/* ---- files ----------------------------------------------------------------------------------- */

int faults_life_write_file(struct faults *f)
{
    gantry_write_file_options o = { .size = sizeof o, .call = &f->call, .mtime_ns = 1000000000 };

    return gantry_containers_write_file(containers(f), FOURTH, "/etc/faults", "written\n", 8, &o,
                                        &f->err);
}

int faults_life_read_file(struct faults *f)
{
    gantry_read_file_options o = { .size = sizeof o, .call = &f->call };
    gantry_file_content *content = NULL;
    int rc =
        gantry_containers_read_file(containers(f), FOURTH, "/etc/faults", &o, &content, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_bytes(f, content->data, content->data_size);
    faults_mix_int(f, content->mode);
    gantry_file_content_free(content);
    return 0;
}

int faults_life_stat(struct faults *f)
{
    gantry_stat_options o = { .size = sizeof o, .call = &f->call };
    gantry_file_info *info = NULL;
    int rc = gantry_containers_stat(containers(f), FOURTH, "/etc/faults", &o, &info, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, info->name);
    faults_mix_int(f, info->file_size);
    faults_mix_int(f, info->mode);
    gantry_file_info_free(info);
    return 0;
}

int faults_life_copy_in(struct faults *f)
{
    gantry_archive_options ao = { .size = sizeof ao, .allocator = f->allocator };
    gantry_copy_in_options o = { .size = sizeof o, .call = &f->call };
    gantry_archive *archive = NULL;
    int rc = gantry_archive_new(&ao, &archive, &f->err);

    if (rc == 0)
        rc = gantry_archive_add_data(archive, "in/file", "copied\n", 7, NULL, &f->err);
    if (rc == 0)
        rc = gantry_containers_copy_in(containers(f), FOURTH, "/etc", archive, &o, &f->err);
    gantry_archive_free(archive);
    return rc;
}

int faults_life_copy_out(struct faults *f)
{
    gantry_copy_out_options o = { .size = sizeof o, .call = &f->call };
    gantry_stream *stream = NULL;
    int rc =
        gantry_containers_copy_out_open(containers(f), FOURTH, "/etc/in", &o, &stream, &f->err);

    if (rc == 0)
        rc = faults_stream_digest(f, stream, NULL);
    gantry_stream_close(stream);
    return rc;
}

/* ---- ensure, remove -------------------------------------------------------------------------- */

int faults_life_ensure(struct faults *f)
{
    static const char *const command[] = { "sleep", "1000", NULL };
    gantry_container_options c = {
        .size = sizeof c, .name = "faults-c5", .network = "none", .command = command
    };
    gantry_container_ensure_options o = { .size = sizeof o, .call = &f->call };
    gantry_container_ensured *ensured = NULL;
    int rc = gantry_containers_ensure(containers(f), "faults-base", &c, &o, &ensured, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, ensured->id);
    faults_mix_int(f, ensured->created);
    gantry_container_ensured_free(ensured);
    return 0;
}

static int remove_by_force(struct faults *f, const char *id)
{
    gantry_container_remove_options o = { .size = sizeof o, .call = &f->call, .force = GANTRY_ON };

    return gantry_containers_remove(containers(f), id, &o, &f->err);
}

int faults_life_remove_fourth(struct faults *f)
{
    return remove_by_force(f, FOURTH);
}

int faults_life_remove_fifth(struct faults *f)
{
    return remove_by_force(f, "faults-c5");
}
