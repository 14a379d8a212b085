/*
 * Volumes without an engine: the shapes of a disk use of several versions, Podman's conditions, and
 * what prune, a removal with force and an ensure of several do when one of them fails.
 */
#include "docker/docker.h"
#include "http_helpers.h"
#include "podman/podman.h"
#include "rest_volume.h"

#include <gantry/gantry.h>

#define HEX "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

/* ---- scripted answers ------------------------------------------------------------------------ */

enum {
    ANSWERS = 4
};
static struct {
    char text[1024];
    struct fake_step script[3];
} answers[ANSWERS];
static const struct fake_step *scripts[ANSWERS];

static void answer(size_t at, const char *status, const char *body)
{
    const struct fake_step script[3] = { FAKE_REQUEST, FAKE_BYTES(answers[at].text, 0), FAKE_END };

    snprintf(answers[at].text, sizeof answers[at].text,
             "HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             status, strlen(body), body);
    memcpy(answers[at].script, script, sizeof script);
    answers[at].script[1].size = strlen(answers[at].text);
    scripts[at] = answers[at].script;
}

static struct gnt_rest rest_of(struct client *c, const struct gnt_dialect *dialect, int major,
                               int minor)
{
    return (struct gnt_rest){
        .host = &c->host, .http = c->http, .dialect = dialect, .version = { major, minor, 0 }
    };
}

static void check_sent(struct client *c, const char *part)
{
    char *sent = fake_text(c->fake, NULL);

    if (strstr(sent, part) == NULL)
        fail_msg("\"%s\" is not in what was sent:\n%s", part, sent);
    free(sent);
}

static const struct gnt_dialect docker_dialect = { .name = "docker", .errors = gnt_docker_errors };

/* ---- Docker ---------------------------------------------------------------------------------- */

#define DOCKER_LIST                                                                                \
    "{\"Volumes\":[{\"Name\":\"b\",\"Driver\":\"local\",\"Labels\":null},"                         \
    "{\"Name\":\"" HEX "\",\"Driver\":\"local\",\"Labels\":null},"                                 \
    "{\"Name\":\"a\",\"Driver\":\"local\",\"Labels\":{\"com.docker.volume.anonymous\":\"\"}}],"    \
    "\"Warnings\":null}"
#define USED_A "{\"Name\":\"a\",\"UsageData\":{\"RefCount\":2,\"Size\":4096}}"
#define USED_B "{\"Name\":\"b\",\"UsageData\":{\"RefCount\":0,\"Size\":-1}}"

static void docker_list(int minor, size_t count, const char *sent, size_t want_requests)
{
    const gantry_volume_list_options opts = { .size = sizeof opts, .usage = GANTRY_ON };
    gantry_volume_list *list = NULL;
    gantry_error err = { 0 };
    struct docker d = { 0 };
    struct client c;

    client_start(&c, scripts, count);
    d.rest = rest_of(&c, &docker_dialect, 1, minor);
    if (gnt_docker_volume_ops.list(&d, &opts, &list, &err) != 0)
        fail_msg("%s", err.message);
    assert_int_equal(fake_requests(c.fake), want_requests);
    check_sent(&c, sent);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->items[0]->used_bytes, -1);
    assert_int_equal(list->items[0]->references, 0);
    assert_int_equal(list->items[1]->used_bytes, -1); /* not in the disk use */
    assert_int_equal(list->items[1]->references, -1);
    assert_int_equal(list->items[2]->used_bytes, 4096);
    assert_int_equal(list->items[2]->references, 2);
    assert_int_equal(list->items[0]->anonymous, 0);
    assert_int_equal(list->items[1]->anonymous, minor < 42); /* by its name, where nothing else */
    assert_int_equal(list->items[2]->anonymous, 1);
    gantry_volume_list_free(list);
    client_stop(&c);
}

/* One disk use at a time: others are sent away, and ask again. */
static void test_docker_usage_of_141_waits(void **state)
{
    (void)state;
    answer(0, "200 OK", DOCKER_LIST);
    answer(1, "500 Internal Server Error",
           "{\"message\":\"a disk usage operation is already running\"}");
    answer(2, "200 OK", "{\"LayersSize\":0,\"Images\":null,\"Volumes\":[" USED_B "," USED_A "]}");
    docker_list(41, 3, "GET /system/df HTTP", 3);
}

static void test_docker_usage_of_142_is_asked_alone(void **state)
{
    (void)state;
    answer(0, "200 OK", DOCKER_LIST);
    answer(1, "200 OK", "{\"Volumes\":[" USED_A "," USED_B "]}");
    docker_list(42, 2, "GET /system/df?type=volume HTTP", 2);
}

static void test_docker_usage_of_152_is_nested(void **state)
{
    (void)state;
    answer(0, "200 OK", DOCKER_LIST);
    answer(1, "200 OK",
           "{\"VolumeUsage\":{\"ActiveCount\":1,\"TotalCount\":2,\"TotalSize\":4096,\"Items\":"
           "[" USED_A "," USED_B "]}}");
    docker_list(52, 2, "GET /system/df?type=volume&verbose=true HTTP", 2);
}

/* ---- Podman ---------------------------------------------------------------------------------- */

#define PODMAN_A "{\"Name\":\"a\",\"Driver\":\"local\",\"Labels\":{\"k\":\"v\"},\"Anonymous\":true}"
#define PODMAN_B "{\"Name\":\"b\",\"Driver\":\"other\",\"Labels\":{\"k\":\"v\"}}"
#define PODMAN_AX "{\"Name\":\"ax\",\"Driver\":\"local\",\"Labels\":{}}"

static int podman_list(const gantry_volume_list_options *opts, size_t count,
                       gantry_volume_list **list, const char *sent)
{
    gantry_error err = { 0 };
    struct podman p = { 0 };
    struct client c;
    int rc;

    client_start(&c, scripts, count);
    p.rest = rest_of(&c, &gnt_podman_dialect, 4, 3);
    rc = gnt_podman_volume_ops.list(&p, opts, list, &err);
    assert_int_equal(fake_requests(c.fake), count);
    if (sent != NULL)
        check_sent(&c, sent);
    if (rc == 0) {
        assert_int_equal((*list)->count, 1);
        assert_string_equal((*list)->items[0]->name, "a");
        gantry_volume_list_free(*list);
    }
    client_stop(&c);
    return rc;
}

/* Its volumes meet any of several conditions: one is asked, the others are decided here. */
static void test_podman_asks_one_condition_at_a_time(void **state)
{
    const gantry_pair own = { "opt", "x" };
    gantry_volume_list_options opts = { .size = sizeof opts,
                                        .names = (const char *const[]){ "a", "b", NULL },
                                        .labels = (const char *const[]){ "k=v", NULL },
                                        .drivers = (const char *const[]){ "local", NULL },
                                        .unused = GANTRY_ON };
    gantry_volume_list *list = NULL;

    (void)state;
    answer(0, "200 OK", "[" PODMAN_B "," PODMAN_AX "," PODMAN_A "]");
    assert_int_equal(podman_list(&opts, 1, &list,
                                 "/volumes/json?filters=%7B%22dangling%22%3A%5B%22true%22%5D%7D "),
                     0);
    opts.filters = &own;
    opts.filter_count = 1;
    opts.drivers = NULL;
    answer(0, "200 OK", "[" PODMAN_A "," PODMAN_AX "]"); /* unused */
    answer(1, "200 OK", "[" PODMAN_B "," PODMAN_A "]");  /* b is used */
    assert_int_equal(podman_list(&opts, 2, &list, "?filters=%7B%22opt%22%3A%5B%22x%22%5D%7D "), 0);
}

/* It fails when another volume goes meanwhile, and leaves out what it cannot measure. */
static void test_podman_usage(void **state)
{
    const gantry_volume_inspect_options opts = { .size = sizeof opts, .usage = GANTRY_ON };
    gantry_error err = { 0 };
    gantry_volume *volume = NULL;
    struct podman p = { 0 };
    struct client c;

    (void)state;
    answer(0, "200 OK", PODMAN_A);
    answer(1, "404 Not Found", "{\"cause\":\"no such volume\",\"message\":\"no such volume\"}");
    answer(2, "200 OK",
           "{\"Images\":[],\"Volumes\":[{\"VolumeName\":\"ax\",\"Links\":9,\"Size\":9},"
           "{\"VolumeName\":\"a\",\"Links\":1,\"Size\":12,\"ReclaimableSize\":0}]}");
    client_start(&c, scripts, 3);
    p.rest = rest_of(&c, &gnt_podman_dialect, 4, 3);
    if (gnt_podman_volume_ops.inspect(&p, "a", &opts, &volume, &err) != 0)
        fail_msg("%s", err.message);
    assert_int_equal(fake_requests(c.fake), 3);
    assert_int_equal(volume->used_bytes, 12);
    assert_int_equal(volume->references, 1);
    assert_int_equal(volume->anonymous, 1);
    gantry_volume_free(volume);
    client_stop(&c);
}

/* ---- compositions over a backend of the test's own ------------------------------------------- */

enum {
    SECOND = 1000000000
};
struct volume {
    const char *name;
    int64_t created_ns;
    int64_t used;
    int anonymous;
    int remove_rc; /* what a removal says */
    int removed;
};

static struct volume volumes[4];
static size_t volume_count;
static struct gantry_host *fake_host;
static int removed_containers;

static int probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                 gantry_probe *out, gantry_error *err)
{
    (void)host, (void)endpoint, (void)call, (void)err;
    snprintf(out->detail, sizeof out->detail, "test");
    return GANTRY_PROBE_MINE;
}

static int open_fake(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                     const gantry_call *call, gantry_error *err)
{
    (void)state, (void)endpoint, (void)call, (void)err;
    fake_host = host;
    return 0;
}

static void close_fake(void *state)
{
    (void)state;
}

static int ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    (void)state, (void)opts, (void)err;
    return 0;
}

static struct volume *named(const char *name)
{
    for (size_t i = 0; i < volume_count; i++) {
        if (strcmp(volumes[i].name, name) == 0 && !volumes[i].removed)
            return &volumes[i];
    }
    return NULL;
}

static void fill(const struct volume *v, int usage, void *owner, gantry_volume *out)
{
    out->name = gantry_result_strdup(owner, v->name);
    out->driver = "local";
    out->created_ns = v->created_ns;
    out->anonymous = v->anonymous;
    if (usage)
        out->used_bytes = v->used;
}

static int fake_create(void *state, const char *name, const gantry_volume_options *opts,
                       gantry_volume **out, gantry_error *err)
{
    (void)state;
    if (opts->driver != NULL && strcmp(opts->driver, "local") != 0)
        return gantry_error_set(err, GANTRY_E_INVALID, "no driver %s", opts->driver);
    if (named(name) != NULL)
        return gantry_error_set(err, GANTRY_E_EXISTS, "it is there");
    volumes[volume_count] = (struct volume){ .name = name };
    *out = gantry_result_new(fake_host, GANTRY_KIND_VOLUME, err);
    fill(&volumes[volume_count++], 0, *out, *out);
    (*out)->options = opts->options;
    (*out)->option_count = opts->option_count;
    return 0;
}

static int fake_inspect(void *state, const char *name, const gantry_volume_inspect_options *opts,
                        gantry_volume **out, gantry_error *err)
{
    (void)state, (void)opts;
    if (named(name) == NULL)
        return gantry_error_set(err, GANTRY_E_NOT_FOUND, "no such volume");
    *out = gantry_result_new(fake_host, GANTRY_KIND_VOLUME, err);
    fill(named(name), 0, *out, *out);
    return 0;
}

static int fake_list(void *state, const gantry_volume_list_options *opts, gantry_volume_list **out,
                     gantry_error *err)
{
    gantry_volume_list *list = gantry_result_new(fake_host, GANTRY_KIND_VOLUME_LIST, err);
    const gantry_volume **items = gantry_result_alloc(list, (volume_count + 1) * sizeof *items);

    (void)state;
    assert_int_equal(opts->unused, GANTRY_ON);
    for (size_t i = 0; i < volume_count; i++) {
        gantry_volume *v = gantry_result_item(list, GANTRY_KIND_VOLUME);

        fill(&volumes[i], opts->usage == GANTRY_ON, list, v);
        items[list->count++] = v;
    }
    list->items = items;
    *out = list;
    return 0;
}

static int fake_remove(void *state, const char *name, const gantry_volume_remove_options *opts,
                       gantry_error *err)
{
    struct volume *v = named(name);

    (void)state;
    assert_int_equal(opts->force, 0);
    if (v == NULL)
        return gantry_error_set(err, GANTRY_E_NOT_FOUND, "no such volume");
    if (v->remove_rc != 0)
        return gantry_error_set(err, v->remove_rc, "no: %s", name);
    v->removed = 1;
    return 0;
}

/* Two containers are listed for any volume: only the second one mounts "data". */
static int list_containers(void *state, const gantry_container_list_options *opts,
                           gantry_container_list **out, gantry_error *err)
{
    gantry_container_list *list = gantry_result_new(fake_host, GANTRY_KIND_CONTAINER_LIST, err);
    const gantry_container **items = gantry_result_alloc(list, 3 * sizeof *items);

    (void)state;
    assert_string_equal(opts->volume, "data");
    assert_int_equal(opts->all, GANTRY_ON);
    for (int i = 0; i < 2; i++) {
        gantry_container *c = gantry_result_item(list, GANTRY_KIND_CONTAINER);

        c->id = c->name = i == 0 ? "other" : "user";
        items[list->count++] = c;
    }
    list->items = items;
    *out = list;
    return 0;
}

static int inspect_container(void *state, const char *id,
                             const gantry_container_inspect_options *opts, gantry_container **out,
                             gantry_error *err)
{
    gantry_container *c = gantry_result_new(fake_host, GANTRY_KIND_CONTAINER, err);
    const gantry_mount_info **mounts = gantry_result_alloc(c, 2 * sizeof *mounts);
    gantry_mount_info *m = gantry_result_item(c, GANTRY_KIND_MOUNT_INFO);

    (void)state, (void)opts;
    m->type = GANTRY_MOUNT_VOLUME;
    m->volume = strcmp(id, "user") == 0 ? "data" : "data-more";
    mounts[0] = m;
    c->mounts = mounts;
    *out = c;
    return 0;
}

static int remove_container(void *state, const char *id,
                            const gantry_container_remove_options *opts, gantry_error *err)
{
    (void)state, (void)err;
    assert_string_equal(id, "user");
    assert_int_equal(opts->force, GANTRY_ON);
    removed_containers++;
    return 0;
}

static gantry_engine *open_engine(void)
{
    static const char *const schemes[] = { "volumes", NULL };
    static const gantry_engine_ops engine_ops = { .size = sizeof engine_ops, .ping = ping };
    static const gantry_volume_ops volume_ops = { .size = sizeof volume_ops,
                                                  .create = fake_create,
                                                  .inspect = fake_inspect,
                                                  .list = fake_list,
                                                  .remove = fake_remove };
    static const gantry_container_ops container_ops = { .size = sizeof container_ops,
                                                        .remove = remove_container,
                                                        .list = list_containers,
                                                        .inspect = inspect_container };
    static const gantry_backend backend = { .size = sizeof backend,
                                            .name = "volumes",
                                            .schemes = schemes,
                                            .state_size = 1,
                                            .probe = probe,
                                            .open = open_fake,
                                            .close = close_fake,
                                            .engine = &engine_ops,
                                            .containers = &container_ops,
                                            .volumes = &volume_ops };
    const gantry_engine_options opts = { .size = sizeof opts, .address = "volumes://" };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int rc = gantry_backend_register(&backend, &err);

    assert_true(rc == 0 || rc == GANTRY_E_EXISTS);
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) != 0)
        fail_msg("%s", err.message);
    removed_containers = 0;
    return engine;
}

static void set_volumes(const struct volume *given, size_t count)
{
    memcpy(volumes, given, count * sizeof *given);
    volume_count = count;
}

static void test_prune_goes_on_and_tells(void **state)
{
    const struct volume given[] = { { .name = "first", .used = 10 },
                                    { .name = "taken", .used = 1, .remove_rc = GANTRY_E_IN_USE },
                                    { .name = "broken", .used = 1, .remove_rc = GANTRY_E_ENGINE },
                                    { .name = "last", .used = 20 } };
    gantry_volume_prune_options opts = { .size = sizeof opts, .all = GANTRY_ON };
    gantry_engine *engine = open_engine();
    gantry_volumes_pruned *pruned = NULL;
    gantry_error err = { 0 };

    (void)state;
    set_volumes(given, 4);
    assert_int_equal(gantry_volumes_prune(gantry_engine_volumes(engine), &opts, &pruned, &err),
                     GANTRY_E_ENGINE);
    assert_null(pruned);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_string_equal(err.output, "removed first\nremoved last\n");
    assert_string_equal(err.operation, "volumes.prune");
    set_volumes(given, 2); /* one that is used now is no failure */
    assert_int_equal(gantry_volumes_prune(gantry_engine_volumes(engine), &opts, &pruned, &err), 0);
    assert_string_equal(pruned->names[0], "first");
    assert_null(pruned->names[1]);
    assert_int_equal(pruned->reclaimed_bytes, 10);
    gantry_volumes_pruned_free(pruned);
    gantry_engine_close(engine);
}

static void test_prune_conditions(void **state)
{
    const struct volume given[] = {
        { .name = "named", .created_ns = INT64_C(10) * SECOND, .used = 1 },
        { .name = "seconds", .created_ns = INT64_C(10) * SECOND, .used = -1, .anonymous = 1 },
        { .name = "exact", .created_ns = INT64_C(10) * SECOND + 5, .used = 1, .anonymous = 1 },
        { .name = "unknown", .used = 1, .anonymous = 1 },
    };
    gantry_volume_prune_options opts = { .size = sizeof opts,
                                         .until_ns = INT64_C(10) * SECOND + 6,
                                         .dry_run = GANTRY_ON };
    gantry_engine *engine = open_engine();
    gantry_volumes_pruned *pruned = NULL;
    gantry_error err = { 0 };

    (void)state;
    set_volumes(given, 4);
    assert_int_equal(gantry_volumes_prune(gantry_engine_volumes(engine), &opts, &pruned, &err), 0);
    assert_string_equal(pruned->names[0], "exact");
    assert_null(pruned->names[1]);
    assert_int_equal(pruned->reclaimed_bytes, 1);
    gantry_volumes_pruned_free(pruned);
    opts.until_ns = INT64_C(11) * SECOND; /* the whole second has passed; one size is unknown */
    opts.dry_run = GANTRY_OFF;
    assert_int_equal(gantry_volumes_prune(gantry_engine_volumes(engine), &opts, &pruned, &err), 0);
    assert_string_equal(pruned->names[0], "seconds");
    assert_string_equal(pruned->names[1], "exact");
    assert_null(pruned->names[2]);
    assert_int_equal(pruned->reclaimed_bytes, -1);
    assert_true(!volumes[0].removed && volumes[1].removed && volumes[2].removed);
    gantry_volumes_pruned_free(pruned);
    opts.until_ns = -1;
    assert_int_equal(gantry_volumes_prune(gantry_engine_volumes(engine), &opts, &pruned, &err),
                     GANTRY_E_INVALID);
    gantry_engine_close(engine);
}

static void test_force_takes_users_only(void **state)
{
    gantry_volume_remove_options opts = { .size = sizeof opts, .force = GANTRY_ON };
    const struct volume given[] = { { .name = "data" } };
    gantry_engine *engine = open_engine();
    gantry_error err = { 0 };

    (void)state;
    set_volumes(given, 1);
    assert_int_equal(gantry_volumes_remove(gantry_engine_volumes(engine), "data-more", &opts, &err),
                     GANTRY_E_NOT_FOUND);
    assert_int_equal(removed_containers, 0);
    assert_int_equal(gantry_volumes_remove(gantry_engine_volumes(engine), "data", &opts, &err), 0);
    assert_int_equal(removed_containers, 1);
    assert_int_equal(volumes[0].removed, 1);
    set_volumes(given, 1);
    volumes[0].remove_rc = GANTRY_E_IN_USE; /* by one that came meanwhile */
    assert_int_equal(gantry_volumes_remove(gantry_engine_volumes(engine), "data", &opts, &err),
                     GANTRY_E_IN_USE);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_string_equal(err.output, "removed user\n");
    gantry_engine_close(engine);
}

static void test_a_mount_of_its_own_wins(void **state)
{
    const gantry_pair base[] = { { "type", "tmpfs" }, { "o", "size=1m" } };
    const gantry_pair own[] = { { "o", "size=2m" } };
    const gantry_volume_options all = { .size = sizeof all, .options = base, .option_count = 2 };
    const gantry_volume_mounts_options opts = { .size = sizeof opts, .volume = &all };
    const gantry_mount first = { .size = sizeof first,
                                 .type = GANTRY_MOUNT_VOLUME,
                                 .source = "data",
                                 .target = "/a",
                                 .driver_options = own,
                                 .driver_option_count = 1 };
    const gantry_mount again = {
        .size = sizeof again, .type = GANTRY_MOUNT_VOLUME, .source = "data", .target = "/b"
    };
    const gantry_mount failing = { .size = sizeof failing,
                                   .type = GANTRY_MOUNT_VOLUME,
                                   .source = "more",
                                   .target = "/c",
                                   .driver = "other" };
    const gantry_mount *const mounts[] = { &first, &again, NULL };
    const gantry_mount *const broken[] = { &first, &failing, NULL };
    gantry_engine *engine = open_engine();
    gantry_volume_mounts_ensured *ensured = NULL;
    gantry_error err = { 0 };

    (void)state;
    volume_count = 0;
    assert_int_equal(
        gantry_volumes_ensure_mounts(gantry_engine_volumes(engine), mounts, &opts, &ensured, &err),
        0);
    assert_int_equal(ensured->items[0]->created, 1);
    assert_null(ensured->items[0]->differences[0]);
    assert_int_equal(ensured->items[1]->created, 0);
    assert_string_equal(ensured->items[1]->differences[0], "option o: is size=2m, asked size=1m");
    assert_null(ensured->items[1]->differences[1]);
    gantry_volume_mounts_ensured_free(ensured);
    volume_count = 0;
    assert_int_equal(
        gantry_volumes_ensure_mounts(gantry_engine_volumes(engine), broken, &opts, &ensured, &err),
        GANTRY_E_INVALID);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_string_equal(err.output, "made data\n");
    assert_string_equal(err.message, "mount /c: no driver other; others were made");
    gantry_engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docker_usage_of_141_waits),
        cmocka_unit_test(test_docker_usage_of_142_is_asked_alone),
        cmocka_unit_test(test_docker_usage_of_152_is_nested),
        cmocka_unit_test(test_podman_asks_one_condition_at_a_time),
        cmocka_unit_test(test_podman_usage),
        cmocka_unit_test(test_prune_goes_on_and_tells),
        cmocka_unit_test(test_prune_conditions),
        cmocka_unit_test(test_force_takes_users_only),
        cmocka_unit_test(test_a_mount_of_its_own_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
