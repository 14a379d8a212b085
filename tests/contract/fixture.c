/*
 * The fixture of the contract suite: opens the engine under test, makes names, removes what a test
 * left. Uses the public API only, so it is a test of its own.
 */
#include "contract.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

/* ---- open, close ---------------------------------------------------------------------------- */

static void count_log(void *arg, int level, const char *component, const char *line)
{
    struct contract *f = arg;

    (void)level, (void)component;
    atomic_fetch_add(&f->log_lines, 1);
    if (strstr(line, "contract-tag") != NULL)
        snprintf(f->last_tagged, sizeof f->last_tagged, "%s", line);
}

static int skip_run(const char *why, const char *what)
{
    printf("SKIPPED: %s%s\n", what, why);
    fflush(stdout);
    return 77;
}

gantry_engine_options contract_engine_options(const struct contract *f)
{
    gantry_engine_options opts = { 0 };

    memcpy(&opts, f->given->engine,
           f->given->engine->size < sizeof opts ? f->given->engine->size : sizeof opts);
    opts.size = sizeof opts;
    opts.logger = NULL;
    opts.on_demand = GANTRY_OFF;
    return opts;
}

static int open_target(struct contract *f, gantry_engine **out)
{
    gantry_logger logger = {
        .size = sizeof logger, .log = count_log, .arg = f, .level = GANTRY_LOG_DEBUG
    };
    gantry_engine_options opts = contract_engine_options(f);

    opts.logger = &logger;
    return gantry_engine_open(f->given->runtime, &opts, out, &f->err);
}

static const char *base_tar(const struct contract *f)
{
    return f->given->base_tar != NULL ? f->given->base_tar : getenv("GANTRY_TEST_BUSYBOX");
}

static int check_processes(const struct contract *f)
{
    int runs = contract_has_processes(f);

    if (f->given->processes == 0 || runs == (f->given->processes == GANTRY_ON))
        return 0;
    fprintf(stderr, "%s: the engine says it %s processes\n", f->target,
            runs ? "runs" : "does not run");
    return GANTRY_CONTRACT_FAILED;
}

int contract_open(struct contract *f, const gantry_contract_target *target)
{
    static const int bits[] = { [GANTRY_CONTRACT_OTHER] = ON_OTHER,
                                [GANTRY_CONTRACT_DOCKER] = ON_DOCKER,
                                [GANTRY_CONTRACT_PODMAN] = ON_PODMAN,
                                [GANTRY_CONTRACT_PODMAN_ROOTLESS] = ON_ROOTLESS,
                                [GANTRY_CONTRACT_MEMORY] = ON_MEMORY };
    struct timespec now;

    f->given = target;
    f->target = target->name;
    f->on = bits[target->kind] | (target->small_disk == GANTRY_ON ? ON_SMALL : 0);
    f->address = target->engine->address;
    if (target->backend != NULL && gantry_backend_register(target->backend, &f->err) < 0 &&
        f->err.code != GANTRY_E_EXISTS) {
        fprintf(stderr, "%s: cannot register: %s\n", f->target, f->err.message);
        return GANTRY_CONTRACT_WRONG;
    }
    if (open_target(f, &f->engine) < 0) {
        fprintf(stderr, "cannot open %s at %s: %s\n%s\n", f->target, f->address, f->err.message,
                f->err.output);
        return GANTRY_CONTRACT_FAILED;
    }
    if (contract_has_processes(f) && base_tar(f) == NULL && target->base_image == NULL)
        return skip_run(" is not set: no base image to test with", "GANTRY_TEST_BUSYBOX");
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(f->prefix, sizeof f->prefix, "ct%ldx%lx", (long)getpid(),
             (unsigned long)(now.tv_nsec ^ now.tv_sec) & 0xffffff);
    f->images = gantry_engine_images(f->engine);
    f->containers = gantry_engine_containers(f->engine);
    f->volumes = gantry_engine_volumes(f->engine);
    f->networks = gantry_engine_networks(f->engine);
    f->manifests = gantry_engine_manifests(f->engine);
    f->pods = gantry_engine_pods(f->engine);
    return check_processes(f);
}

gantry_engine *contract_open_again(struct contract *f)
{
    gantry_engine *engine = NULL;

    OK(open_target(f, &engine));
    return engine;
}

/* ---- the base image ------------------------------------------------------------------------- */

static int read_stream(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    return gantry_stream_read(arg, buffer, capacity, out_size, NULL, err);
}

static int read_file(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    *out_size = fread(buffer, 1, capacity, arg);
    if (*out_size == 0 && ferror((FILE *)arg))
        return gantry_error_set(err, GANTRY_E_IO, "cannot read the base image");
    return 0;
}

static gantry_archive *small_archive; /* behind the stream of a small tar */

gantry_source contract_base_tar(struct contract *f)
{
    gantry_source source = { .size = sizeof source, .length = -1 };
    const char *path = base_tar(f);
    gantry_stream *stream = NULL;

    if (path != NULL) {
        source.read = read_file;
        source.arg = fopen(path, "re");
        if (source.arg == NULL)
            fail_msg("%s: %s", path, strerror(errno));
        return source;
    }
    CHECK(!contract_has_processes(f));
    OK(gantry_archive_new(NULL, &small_archive, &f->err));
    OK(gantry_archive_add_data(small_archive, "etc/motd", "hello\n", 6, NULL, &f->err));
    OK(gantry_archive_stream(small_archive, NULL, &stream, &f->err));
    source.read = read_stream;
    source.arg = stream;
    return source;
}

void contract_base_tar_close(gantry_source *source)
{
    if (source->read == read_file) {
        fclose(source->arg);
        return;
    }
    gantry_stream_close(source->arg);
    gantry_archive_free(small_archive);
    small_archive = NULL;
}

void contract_import_base(struct contract *f)
{
    static char base[64];
    gantry_source tar;
    gantry_image_import_options opts = { .size = sizeof opts, .changes = COMMAND("CMD [\"sh\"]") };

    f->base = f->given->base_image;
    if (f->base != NULL)
        return;
    tar = contract_base_tar(f);
    snprintf(base, sizeof base, "%s-base", f->prefix);
    OK(gantry_images_import(f->images, base, &tar, &opts, NULL, &f->err));
    contract_base_tar_close(&tar);
    f->base = base;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static int output_was_lost(struct contract *f, int rc, const gantry_run_options *opts,
                           const gantry_error *failure)
{
    return rc == GANTRY_E_TRUNCATED && contract_differs(f, DIFF_SHORT_LIVES_MAY_LOSE_OUTPUT) &&
           strstr(failure->message, "lost the output") != NULL &&
           (opts == NULL || (opts->source == NULL && opts->sink == NULL && opts->stdio == NULL));
}

int contract_run(struct contract *f, const char *image, const gantry_run_options *opts,
                 gantry_run_result **out, gantry_error *err)
{
    gantry_container_remove_options gone = { .size = sizeof gone,
                                             .force = GANTRY_ON,
                                             .missing_ok = GANTRY_ON };
    gantry_error failure = { 0 };
    int rc = gantry_containers_run(f->containers, image, opts, out, &failure);

    for (int tries = 1; tries < 3 && output_was_lost(f, rc, opts, &failure); tries++) {
        fprintf(stderr, "the engine lost a run's output, it is tried again: %s\n", failure.message);
        OK(gantry_containers_remove(f->containers, failure.resource, &gone, &f->err));
        failure = (gantry_error){ 0 };
        rc = gantry_containers_run(f->containers, image, opts, out, &failure);
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* ---- clean-up ------------------------------------------------------------------------------- */

static int is_ours(const struct contract *f, const char *name)
{
    return strncmp(name, f->prefix, strlen(f->prefix)) == 0;
}

/* An image's name may have a registry in front. */
static int is_our_image(const struct contract *f, const char *name)
{
    return strstr(name, f->prefix) != NULL;
}

/* Before containers: with a pod go all that are in it. */
static void clean_pods(struct contract *f)
{
    gantry_pod_remove_options force = { .size = sizeof force,
                                        .force = GANTRY_ON,
                                        .missing_ok = GANTRY_ON };
    gantry_pod_list *list = NULL;

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_PODS_LIST) ||
        !gantry_engine_supports(f->engine, GANTRY_FEATURE_PODS_REMOVE))
        return;
    OK(gantry_pods_list(f->pods, NULL, &list, &f->err));
    for (size_t i = 0; i < list->count; i++) {
        if (is_ours(f, list->items[i]->name))
            OK(gantry_pods_remove(f->pods, list->items[i]->id, &force, &f->err));
    }
    gantry_pod_list_free(list);
}

static void clean_containers(struct contract *f)
{
    gantry_container_list_options all = { .size = sizeof all, .all = GANTRY_ON };
    gantry_container_remove_options force = {
        .size = sizeof force, .force = GANTRY_ON, .volumes = GANTRY_ON, .missing_ok = GANTRY_ON
    };
    gantry_container_list *list = NULL;

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_CONTAINERS_LIST))
        return;
    OK(gantry_containers_list(f->containers, &all, &list, &f->err));
    for (size_t i = 0; i < list->count; i++) {
        if (is_ours(f, list->items[i]->name))
            OK(gantry_containers_remove(f->containers, list->items[i]->id, &force, &f->err));
    }
    gantry_container_list_free(list);
}

static void clean_networks(struct contract *f)
{
    gantry_network_remove_options opts = { .size = sizeof opts, .missing_ok = GANTRY_ON };
    gantry_network_list *list = NULL;

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_NETWORKS_LIST))
        return;
    OK(gantry_networks_list(f->networks, NULL, &list, &f->err));
    for (size_t i = 0; i < list->count; i++) {
        if (is_ours(f, list->items[i]->name))
            OK(gantry_networks_remove(f->networks, list->items[i]->id, &opts, &f->err));
    }
    gantry_network_list_free(list);
}

static void clean_volumes(struct contract *f)
{
    gantry_volume_remove_options opts = { .size = sizeof opts, .missing_ok = GANTRY_ON };
    gantry_volume_list *list = NULL;

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_VOLUMES_LIST))
        return;
    OK(gantry_volumes_list(f->volumes, NULL, &list, &f->err));
    for (size_t i = 0; i < list->count; i++) {
        if (is_ours(f, list->items[i]->name))
            OK(gantry_volumes_remove(f->volumes, list->items[i]->name, &opts, &f->err));
    }
    gantry_volume_list_free(list);
}

static int is_removed(struct contract *f, const void *reference)
{
    gantry_image_remove_options opts = { .size = sizeof opts,
                                         .force = GANTRY_ON,
                                         .missing_ok = GANTRY_ON };
    int rc = gantry_images_remove(f->images, reference, &opts, NULL, &f->err);

    if (rc == GANTRY_E_IN_USE && contract_differs(f, DIFF_STOPPED_BUILD_LINGERS))
        return 0;
    OK(rc);
    return 1;
}

static void clean_images(struct contract *f, int base_too)
{
    gantry_image_list *list;
    char base[80];

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_IMAGES_LIST))
        return;
    OK(gantry_images_list(f->images, NULL, &list, &f->err));
    snprintf(base, sizeof base, "%s:latest", f->base != NULL ? f->base : "");
    for (size_t i = 0; i < list->count; i++) {
        for (const char *const *name = list->items[i]->references; *name != NULL; name++) {
            if (is_our_image(f, *name) && (base_too || strcmp(*name, base) != 0))
                contract_until(f, is_removed, *name);
        }
    }
    gantry_image_list_free(list);
    while (f->image_id_count > 0)
        contract_until(f, is_removed, f->image_ids[--f->image_id_count]);
}

/* Before images, whose list has lists too. */
static void clean_lists(struct contract *f)
{
    gantry_manifest_remove_options opts = { .size = sizeof opts, .missing_ok = GANTRY_ON };

    for (size_t i = 0; f->lists && i < sizeof f->names / sizeof f->names[0]; i++) {
        if (f->names[i][0] != '\0')
            OK(gantry_manifests_remove(f->manifests, f->names[i], &opts, &f->err));
    }
    f->lists = 0;
}

static void clean_secrets(struct contract *f)
{
    gantry_secrets *secrets = gantry_engine_secrets(f->engine);
    gantry_secret_remove_options opts = { .size = sizeof opts, .missing_ok = GANTRY_ON };
    gantry_secret_list *list = NULL;

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_SECRETS_REMOVE))
        return;
    OK(gantry_secrets_list(secrets, NULL, &list, &f->err));
    for (size_t i = 0; i < list->count; i++) {
        if (is_ours(f, list->items[i]->name))
            OK(gantry_secrets_remove(secrets, list->items[i]->id, &opts, &f->err));
    }
    gantry_secret_list_free(list);
}

void contract_clean(struct contract *f)
{
    clean_pods(f);
    clean_containers(f);
    clean_networks(f);
    clean_volumes(f);
    clean_secrets(f);
    clean_lists(f);
    clean_images(f, 0);
}

void contract_close(struct contract *f)
{
    if (f->base != NULL)
        clean_images(f, 1);
    gantry_engine_close(f->engine);
}

/* ---- registries ----------------------------------------------------------------------------- */

static const char *environment(struct contract *f, const char *variable)
{
    const char *value = getenv(variable);

    if (value != NULL && *value != '\0')
        return value;
    snprintf(f->skipped, sizeof f->skipped,
             "%s is not set: no such registry to test with (see tests/engines/start)", variable);
    skip_run("", f->skipped);
    skip();
    return NULL;
}

const char *contract_registry(struct contract *f, enum contract_registry which)
{
    static const char *const variables[] = {
        [CONTRACT_REGISTRY_PLAIN] = "GANTRY_TEST_REGISTRY",
        [CONTRACT_REGISTRY_AUTH] = "GANTRY_TEST_REGISTRY_AUTH",
        [CONTRACT_REGISTRY_TLS] = "GANTRY_TEST_REGISTRY_TLS",
        [CONTRACT_REGISTRY_UNTRUSTED] = "GANTRY_TEST_REGISTRY_UNTRUSTED",
    };

    return environment(f, variables[which]);
}

const char *contract_registry_user(struct contract *f)
{
    return environment(f, "GANTRY_TEST_REGISTRY_USER");
}

const char *contract_registry_password(struct contract *f)
{
    return environment(f, "GANTRY_TEST_REGISTRY_PASSWORD");
}

/* ---- facts ---------------------------------------------------------------------------------- */

/* Asked when it matters only: Podman takes half a second to say it. */
int contract_version_at_least(const struct contract *f, int major, int minor)
{
    static int version[2] = { -1, -1 };
    gantry_version_info *info = NULL;
    gantry_error err = { 0 };

    if (version[0] < 0) {
        if (gantry_engine_version(f->engine, NULL, &info, &err) < 0)
            fail_msg("version: %s", err.message);
        if (sscanf(info->version, "%d.%d", &version[0], &version[1]) != 2)
            fail_msg("version: %s is none", info->version);
        gantry_version_info_free(info);
    }
    return version[0] > major || (version[0] == major && version[1] >= minor);
}

static int in_versions(const struct contract *f, enum contract_difference id)
{
    static const struct {
        enum contract_difference id;
        int where;
        int since;
        int major;
        int minor;
    } limits[] = {
#define SINCE(name, where, major, minor) { DIFF_##name, (where), 1, (major), (minor) },
#define BEFORE(name, where, major, minor) { DIFF_##name, (where), 0, (major), (minor) },
#include "versions.def"
#undef SINCE
#undef BEFORE
    };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].id == id && (limits[i].where & f->on) != 0 &&
            contract_version_at_least(f, limits[i].major, limits[i].minor) != limits[i].since)
            return 0;
    }
    return 1;
}

int contract_differs(const struct contract *f, enum contract_difference id)
{
    static const int rows[] = {
#define DIFFERENCE(name, where, what, expectation) [DIFF_##name] = (where),
#include "differences.def"
#undef DIFFERENCE
    };

    return ((rows[id] & f->on) != 0 && in_versions(f, id)) || f->differs[id];
}

int contract_has_processes(const struct contract *f)
{
    return gantry_engine_supports(f->engine, GANTRY_FEATURE_CONTAINERS_RUN);
}

struct contract_subnet contract_subnet(unsigned which)
{
    unsigned part = ((unsigned)getpid() * 4 + which) & 0x3fff;
    struct contract_subnet own;

    snprintf(own.prefix, sizeof own.prefix, "10.%u.%u", 128 + (part >> 8), part & 0xff);
    return own;
}

int contract_port(unsigned which)
{
    return 16384 +
           (int)(((unsigned)getpid() * 8 + which) % 16000); /* below what systems hand out */
}

const char *contract_name(struct contract *f, const char *word)
{
    char *name = f->names[f->serial % (sizeof f->names / sizeof f->names[0])];

    snprintf(name, sizeof f->names[0], "%s-%s-%u", f->prefix, word, ++f->serial);
    return name;
}

void contract_track_image(struct contract *f, const char *id)
{
    CHECK(f->image_id_count < sizeof f->image_ids / sizeof f->image_ids[0]);
    snprintf(f->image_ids[f->image_id_count++], sizeof f->image_ids[0], "%s", id);
}

/* ---- triggers ------------------------------------------------------------------------------- */

struct contract_trigger {
    pthread_t thread;
    sem_t go;
    gantry_cancel *token;
    _Atomic int64_t pulled_ns;
    atomic_int abandoned;
};

static void *wait_and_pull(void *arg)
{
    struct contract_trigger *trigger = arg;

    while (sem_wait(&trigger->go) != 0)
        continue;
    if (!atomic_load(&trigger->abandoned)) {
        atomic_store(&trigger->pulled_ns, gantry_clock_ns());
        gantry_cancel_trigger(trigger->token);
    }
    return NULL;
}

struct contract_trigger *contract_trigger_new(struct contract *f, gantry_cancel **out_token)
{
    struct contract_trigger *trigger = calloc(1, sizeof *trigger);

    assert_non_null(trigger);
    OK(gantry_cancel_new(&trigger->token, &f->err));
    assert_int_equal(sem_init(&trigger->go, 0, 0), 0);
    assert_int_equal(pthread_create(&trigger->thread, NULL, wait_and_pull, trigger), 0);
    *out_token = trigger->token;
    return trigger;
}

void contract_trigger_go(struct contract_trigger *trigger)
{
    sem_post(&trigger->go);
}

int64_t contract_trigger_elapsed(struct contract_trigger *trigger)
{
    int64_t pulled = atomic_load(&trigger->pulled_ns);

    return pulled == 0 ? -1 : (gantry_clock_ns() - pulled) / 1000000;
}

void contract_trigger_free(struct contract_trigger *trigger)
{
    atomic_store(&trigger->abandoned, 1);
    sem_post(&trigger->go);
    pthread_join(trigger->thread, NULL);
    sem_destroy(&trigger->go);
    gantry_cancel_free(trigger->token);
    free(trigger);
}
