/*
 * Every public call that talks to an engine, once, with fixed arguments: recorded against live
 * engines, replayed with faults, run with failing allocations. The order is that of one scenario,
 * in which each call finds what the earlier ones left.
 */
#ifndef FAULTS_CALLS_H
#define FAULTS_CALLS_H

#include <gantry/gantry.h>

struct faults_kept {
    char *data;
    size_t size;
    size_t room;
};

struct faults {
    /* set by the test */
    int runtime;
    const char *address;
    const gantry_allocator *allocator;
    const gantry_limits *limits;
    gantry_call call; /* of every call that is made */
    const void *tar;  /* what is imported; only the recorder needs a real one */
    size_t tar_size;
    struct faults_kept *saved; /* where what is saved is kept to be loaded; NULL: tar is loaded */
    const char *user; /* at registry.test:5002; only the recorder needs real ones */
    const char *password;
    gantry_engine *engine;
    /* set by the call */
    uint64_t digest; /* of what the call gave: the same for the same answers */
    int oom_known;   /* run: whether it could be asked */
    gantry_error err;
};

enum {
    CALL_RAW = 1,   /* has a stream whose end nobody can tell from a cut between frames */
    CALL_LOOKS = 2, /* an inspect in it is only a question: without an answer the call goes on */
    CALL_NO_ENGINE = 4, /* opens its own */
    CALL_PODMAN = 8,    /* Docker has no such thing: UNSUPPORTED there, and nothing is asked */
    CALL_UNDOES = 16,   /* what it began is removed again when it fails later */
    CALL_DOCKER = 64,   /* Podman is not asked for it: left out there */
    CALL_ARCHIVE = 128, /* makes or takes apart an archive, by libarchive */
    CALL_SAMPLE = 32    /* archives, and questions of earlier calls, need not be cut everywhere */
};

struct faults_call {
    const char *name;
    int (*run)(struct faults *f); /* the code of the call; its error in f->err */
    int expected;                 /* what it is when nothing goes wrong, where there is such a
                                     thing */
    unsigned flags;
};

extern const struct faults_call faults_calls[];
extern const size_t faults_call_count;

/* As given by f; `out` in f->engine. */
int faults_open(struct faults *f);
void faults_close(struct faults *f);
/* Resets digest and error, runs. */
int faults_run(struct faults *f, const struct faults_call *call);
/* Whether the call asks this runtime at all; where not, there is nothing to test. */
int faults_asks(int runtime, const struct faults_call *call);
/* Whether this runtime has the call; where not, UNSUPPORTED is expected. */
int faults_has(int runtime, const struct faults_call *call);
int faults_expected(int runtime, const struct faults_call *call);

/* For the files that hold the calls. */
void faults_mix(struct faults *f, const char *text);
void faults_mix_bytes(struct faults *f, const void *data, size_t size);
void faults_mix_int(struct faults *f, int64_t number);
void faults_mix_strings(struct faults *f, const char *const *list);
/* Reads to the end; the same digest however it is cut into pieces. kept: or NULL */
int faults_stream_digest(struct faults *f, gantry_stream *stream, struct faults_kept *kept);

int faults_images_import(struct faults *f);
int faults_images_list(struct faults *f);
int faults_images_inspect(struct faults *f);
int faults_images_exists(struct faults *f);
int faults_images_exists_not(struct faults *f);
int faults_images_tag(struct faults *f);
int faults_images_build(struct faults *f);
int faults_images_build_failing(struct faults *f);
int faults_images_remove(struct faults *f);
int faults_images_remove_other(struct faults *f);
int faults_images_remove_base(struct faults *f);
int faults_images_remove_missing(struct faults *f);

int faults_containers_create(struct faults *f);
int faults_containers_attach(struct faults *f);
int faults_containers_wait(struct faults *f);
int faults_containers_wait_next(struct faults *f);
int faults_containers_logs(struct faults *f);
int faults_containers_follow(struct faults *f);
int faults_containers_run(struct faults *f);
int faults_containers_run_detached(struct faults *f);
int faults_containers_exec(struct faults *f);
int faults_containers_exec_input(struct faults *f);
int faults_containers_list(struct faults *f);
int faults_containers_inspect(struct faults *f);
int faults_containers_kill(struct faults *f);
int faults_containers_start(struct faults *f);
int faults_containers_restart(struct faults *f);
int faults_containers_stop(struct faults *f);
int faults_containers_remove(struct faults *f);
int faults_containers_remove_second(struct faults *f);
int faults_containers_remove_missing(struct faults *f);

int faults_images_build_small(struct faults *f);
int faults_images_save(struct faults *f);
int faults_images_load(struct faults *f);
int faults_images_push(struct faults *f);
int faults_images_push_elsewhere(struct faults *f);
int faults_images_pull(struct faults *f);
int faults_images_pull_missing(struct faults *f);
int faults_images_pull_failing(struct faults *f);

int faults_images_history(struct faults *f);
int faults_images_tag_second(struct faults *f);
int faults_images_untag(struct faults *f);
int faults_images_prune(struct faults *f);
int faults_images_disk_usage(struct faults *f);
int faults_images_remove_small(struct faults *f);
int faults_images_remove_pushed(struct faults *f);
int faults_containers_create_small(struct faults *f);
int faults_containers_commit(struct faults *f);
int faults_containers_export(struct faults *f);
int faults_containers_remove_small(struct faults *f);
int faults_manifests_create(struct faults *f);
int faults_manifests_create_with(struct faults *f);
int faults_manifests_exists(struct faults *f);
int faults_manifests_add(struct faults *f);
int faults_manifests_inspect(struct faults *f);
int faults_manifests_annotate(struct faults *f);
int faults_manifests_push(struct faults *f);
int faults_manifests_remove_image(struct faults *f);
int faults_manifests_remove(struct faults *f);
int faults_manifests_remove_second(struct faults *f);

int faults_life_run(struct faults *f);
int faults_life_exists(struct faults *f);
int faults_life_exists_not(struct faults *f);
int faults_life_top(struct faults *f);
int faults_life_changes(struct faults *f);
int faults_life_stats(struct faults *f);
int faults_life_pause(struct faults *f);
int faults_life_unpause(struct faults *f);
int faults_life_update(struct faults *f);
int faults_life_rename(struct faults *f);
int faults_life_write_file(struct faults *f);
int faults_life_read_file(struct faults *f);
int faults_life_stat(struct faults *f);
int faults_life_copy_in(struct faults *f);
int faults_life_copy_out(struct faults *f);
int faults_life_ensure(struct faults *f);
int faults_life_remove_fourth(struct faults *f);
int faults_life_remove_fifth(struct faults *f);

int faults_system_disk_usage(struct faults *f);
int faults_networks_members(struct faults *f);
int faults_networks_make(struct faults *f);
int faults_networks_remove_forced(struct faults *f);
int faults_pods_create(struct faults *f);
int faults_pods_start(struct faults *f);
int faults_pods_inspect(struct faults *f);
int faults_pods_list(struct faults *f);
int faults_pods_stop(struct faults *f);
int faults_pods_remove(struct faults *f);
int faults_secrets_create(struct faults *f);
int faults_secrets_inspect(struct faults *f);
int faults_secrets_list(struct faults *f);
int faults_secrets_remove(struct faults *f);

int faults_registries_login(struct faults *f);
int faults_registries_search(struct faults *f);
int faults_registries_inspect(struct faults *f);
int faults_registries_exists_not(struct faults *f);

int faults_volumes_ensure_mounts(struct faults *f);
int faults_volumes_usage(struct faults *f);
int faults_volumes_unused(struct faults *f);
int faults_volumes_prune(struct faults *f);
int faults_volumes_remove_forced(struct faults *f);
int faults_containers_create_user(struct faults *f);

#endif
