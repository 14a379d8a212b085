/*
 * The Podman backend's tables: every option of every slot is decided on, answers recorded from a real
 * engine (4.3.1, and the shapes of 5.x) decode as they should, options make the bodies that libpod
 * wants, image names are those that callers know, and errors are told apart by their words.
 */
#include "podman/podman.h"
#include "rest_copy.h"
#include "rest_events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct gantry_host host;

static int setup(void **state)
{
    (void)state;
    gnt_limits_defaults(&host.limits);
    return gnt_mem_init(&host.mem, NULL, NULL);
}

/* ---- options --------------------------------------------------------------------------------- */

static void test_every_option_is_decided(void **state)
{
    static const struct {
        const char *name;
        const struct gnt_out *rows;
        size_t size;
    } tables[] = {
        { "build", gnt_podman_build_options, sizeof(gantry_build_options) },
        { "import", gnt_podman_import_options, sizeof(gantry_image_import_options) },
        { "pull", gnt_podman_pull_options, sizeof(gantry_pull_options) },
        { "push", gnt_podman_push_options, sizeof(gantry_push_options) },
        { "image list", gnt_podman_image_list_options, sizeof(gantry_image_list_options) },
        { "image remove", gnt_podman_image_remove_options, sizeof(gantry_image_remove_options) },
        { "save", gnt_podman_save_options, sizeof(gantry_save_options) },
        { "load", gnt_podman_load_options, sizeof(gantry_load_options) },
        { "prune", gnt_podman_prune_options, sizeof(gantry_image_prune_options) },
        { "commit", gnt_podman_commit_options, sizeof(gantry_commit_options) },
        { "container", gnt_podman_container_options, sizeof(gantry_container_options) },
        { "mount", gnt_podman_mount_options, sizeof(gantry_mount) },
        { "port", gnt_podman_port_options, sizeof(gantry_port) },
        { "resources", gnt_podman_resource_options, sizeof(gantry_resources) },
        { "block limit", gnt_podman_block_options, sizeof(gantry_block_limit) },
        { "ulimit", gnt_podman_ulimit_options, sizeof(gantry_ulimit) },
        { "attachment", gnt_podman_attachment_options, sizeof(gantry_attachment) },
        { "security", gnt_podman_security_options, sizeof(gantry_security) },
        { "device", gnt_podman_device_options, sizeof(gantry_device) },
        { "health", gnt_podman_health_options, sizeof(gantry_health) },
        { "secret", gnt_podman_secret_options, sizeof(gantry_secret_mount) },
        { "stop", gnt_podman_stop_options, sizeof(gantry_container_stop_options) },
        { "kill", gnt_podman_kill_options, sizeof(gantry_container_kill_options) },
        { "remove", gnt_podman_container_remove_options, sizeof(gantry_container_remove_options) },
        { "list", gnt_podman_container_list_options, sizeof(gantry_container_list_options) },
        { "container inspect", gnt_podman_container_inspect_options,
          sizeof(gantry_container_inspect_options) },
        { "top", gnt_podman_top_options, sizeof(gantry_container_top_options) },
        { "update", gnt_podman_update_options, sizeof(gantry_container_update_options) },
        { "checkpoint", gnt_podman_checkpoint_options, sizeof(gantry_checkpoint_options) },
        { "wait", gnt_podman_wait_options, sizeof(gantry_wait_options) },
        { "logs", gnt_podman_logs_options, sizeof(gantry_logs_options) },
        { "stats", gnt_podman_stats_options, sizeof(gantry_stats_options) },
        { "events", gnt_rest_event_options, sizeof(gantry_events_options) },
        { "attach", gnt_podman_attach_options, sizeof(gantry_attach_options) },
        { "exec", gnt_rest_exec_options, sizeof(gantry_exec_options) },
        { "copy in", gnt_rest_copy_in_options, sizeof(gantry_copy_in_options) },
        { "volume", gnt_podman_volume_options, sizeof(gantry_volume_options) },
        { "secret create", gnt_podman_secret_create_options, sizeof(gantry_secret_options) },
        { "secret list", gnt_podman_secret_list_options, sizeof(gantry_secret_list_options) },
        { "secret remove", gnt_podman_secret_remove_options, sizeof(gantry_secret_remove_options) },
        { "kube play", gnt_podman_kube_play_options, sizeof(gantry_kube_play_options) },
        { "kube down", gnt_podman_kube_down_options, sizeof(gantry_kube_down_options) },
        { "kube generate", gnt_podman_kube_generate_options, sizeof(gantry_kube_generate_options) },
        { "systemd", gnt_podman_systemd_options, sizeof(gantry_systemd_options) },
        { "quadlets", gnt_podman_quadlet_options, sizeof(gantry_quadlet_options) },
        { "quadlet change", gnt_podman_quadlet_change_options,
          sizeof(gantry_quadlet_change_options) },
        { "volume list", gnt_podman_volume_list_options, sizeof(gantry_volume_list_options) },
        { "volume inspect", gnt_podman_volume_inspect_options,
          sizeof(gantry_volume_inspect_options) },
        { "volume remove", gnt_podman_volume_remove_options, sizeof(gantry_volume_remove_options) },
        { "network", gnt_podman_network_options, sizeof(gantry_network_options) },
        { "network list", gnt_podman_network_list_options, sizeof(gantry_network_list_options) },
        { "network remove", gnt_podman_network_remove_options,
          sizeof(gantry_network_remove_options) },
        { "connect", gnt_podman_connect_options, sizeof(gantry_network_connect_options) },
        { "login", gnt_podman_login_options, sizeof(gantry_login_options) },
        { "pod", gnt_podman_pod_options, sizeof(gantry_pod_options) },
        { "pod stop", gnt_podman_pod_stop_options, sizeof(gantry_pod_stop_options) },
        { "pod kill", gnt_podman_pod_kill_options, sizeof(gantry_pod_kill_options) },
        { "pod remove", gnt_podman_pod_remove_options, sizeof(gantry_pod_remove_options) },
        { "pod list", gnt_podman_pod_list_options, sizeof(gantry_pod_list_options) },
        { "search", gnt_podman_search_options, sizeof(gantry_search_options) },
        { "disconnect", gnt_podman_disconnect_options, sizeof(gantry_network_disconnect_options) },
        { "manifest create", gnt_podman_manifest_create_options,
          sizeof(gantry_manifest_create_options) },
        { "manifest inspect", gnt_podman_manifest_inspect_options,
          sizeof(gantry_manifest_inspect_options) },
        { "manifest add", gnt_podman_manifest_add_options, sizeof(gantry_manifest_add_options) },
        { "manifest annotate", gnt_podman_manifest_annotate_options,
          sizeof(gantry_manifest_annotate_options) },
        { "manifest remove", gnt_podman_manifest_remove_options,
          sizeof(gantry_manifest_remove_options) },
        { "manifest push", gnt_podman_manifest_push_options, sizeof(gantry_manifest_push_options) },
    };

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        size_t at = gnt_fields_uncovered(tables[i].rows, tables[i].size);

        if (at != 0)
            fail_msg("%s: no row for the option at offset %zu", tables[i].name, at);
    }
}

/* Options that have nothing but size and call, so that no table is needed. */
static void test_structs_without_options(void **state)
{
    const size_t bare = sizeof(size_t) + sizeof(void *);

    (void)state;
    assert_int_equal(sizeof(gantry_query_options), bare);
    assert_int_equal(sizeof(gantry_image_inspect_options), bare);
    assert_int_equal(sizeof(gantry_image_exists_options), bare);
    assert_int_equal(sizeof(gantry_image_tag_options), bare);
    assert_int_equal(sizeof(gantry_image_untag_options), bare);
    assert_int_equal(sizeof(gantry_image_history_options), bare);
    assert_int_equal(sizeof(gantry_image_disk_usage_options), bare);
    assert_int_equal(sizeof(gantry_export_options), bare);
    assert_int_equal(sizeof(gantry_container_start_options), bare);
    assert_int_equal(sizeof(gantry_manifest_exists_options), bare);
}

/* The body of create as text, or the code it fails with. */
static int body_of(const gantry_container_options *opts, struct gnt_buf *text)
{
    struct podman_platform platform = { .os = "" };
    struct gnt_rest rest = { .host = &host };
    struct gnt_req r;
    struct gnt_json *body;
    int rc;

    gnt_req_init(&r, &rest, "POST", NULL, "/containers/create");
    body = gnt_podman_container_body(&r, "app", opts, &platform);
    gnt_buf_init(text, &host.mem, 1 << 20);
    rc = r.rc;
    if (rc == 0)
        rc = gnt_json_write(body, text);
    gnt_req_free(&r);
    return rc;
}

static void check_body(const gantry_container_options *opts, const char *want)
{
    struct gnt_buf text;

    assert_int_equal(body_of(opts, &text), 0);
    assert_string_equal(gnt_buf_text(&text), want);
    gnt_buf_free(&text);
}

static void test_whole_body(void **state)
{
    const gantry_mount bind = { .size = sizeof bind,
                                .type = GANTRY_MOUNT_BIND,
                                .source = "/a",
                                .target = "/b",
                                .read_only = GANTRY_ON };
    const gantry_mount tmpfs = {
        .size = sizeof tmpfs, .type = GANTRY_MOUNT_TMPFS, .target = "/t", .tmpfs_size_bytes = 65536
    };
    const gantry_mount volume = { .size = sizeof volume,
                                  .type = GANTRY_MOUNT_VOLUME,
                                  .source = "data",
                                  .target = "/v",
                                  .read_only = GANTRY_ON };
    const gantry_mount anonymous = { .size = sizeof anonymous,
                                     .type = GANTRY_MOUNT_VOLUME,
                                     .target = "/w" };
    const gantry_mount *const mounts[] = { &bind, &tmpfs, &volume, &anonymous, NULL };
    const gantry_port a = {
        .size = sizeof a, .container_port = 80, .host_port = 8080, .host_address = "127.0.0.1"
    };
    const gantry_port b = { .size = sizeof b, .container_port = 53, .protocol = "udp" };
    const gantry_port *const ports[] = { &a, &b, NULL };
    const gantry_resources limits = {
        .size = sizeof limits, .memory_bytes = 1024, .nano_cpus = 1500000000, .pids = 9
    };
    const char *const nothing[] = { NULL };
    const char *const command[] = { "echo", "a b", NULL };
    const char *const environment[] = { "A=1", "B=x=y", NULL };
    const gantry_pair label = { "k/k", "v" };
    const gantry_container_options o = { .size = sizeof o,
                                         .command = command,
                                         .entrypoint = nothing,
                                         .environment = environment,
                                         .labels = &label,
                                         .label_count = 1,
                                         .mounts = mounts,
                                         .ports = ports,
                                         .network = "a.b/c",
                                         .resources = &limits,
                                         .extra_json = "{\"httpproxy\":true,\"init\":true}",
                                         .stop_timeout_ms = 1001,
                                         .tty = GANTRY_ON,
                                         .open_stdin = GANTRY_OFF,
                                         .auto_remove = GANTRY_ON };

    (void)state;
    check_body(&o, "{\"command\":[\"echo\",\"a b\"],\"entrypoint\":[],"
                   "\"env\":{\"A\":\"1\",\"B\":\"x=y\"},\"labels\":{\"k/k\":\"v\"},"
                   "\"stop_timeout\":2,\"terminal\":true,\"stdin\":false,\"remove\":true,"
                   "\"image\":\"app\",\"httpproxy\":true,\"mounts\":[{\"type\":\"bind\","
                   "\"source\":\"/a\",\"destination\":\"/b\",\"options\":[\"rbind\",\"ro\"]},"
                   "{\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"destination\":\"/t\","
                   "\"options\":[\"size=65536\",\"mode=1777\",\"notmpcopyup\"]}],\"volumes\":[{"
                   "\"Name\":\"data\","
                   "\"Dest\":\"/v\",\"Options\":[\"ro\"]},{\"Name\":\"\",\"Dest\":\"/w\"}],"
                   "\"portmappings\":[{\"container_port\":80,\"host_port\":8080,"
                   "\"protocol\":\"tcp\",\"host_ip\":\"127.0.0.1\"},{\"container_port\":53,"
                   "\"protocol\":\"udp\"}],\"netns\":{\"nsmode\":\"bridge\"},"
                   "\"Networks\":{\"a.b/c\":{}},\"resource_limits\":{\"memory\":{\"limit\":1024},"
                   "\"cpu\":{\"quota\":150000,\"period\":100000},\"pids\":{\"limit\":9}},"
                   "\"init\":true}");
}

static void test_network_modes(void **state)
{
    static const char *const modes[][2] = {
        { NULL, "" },
        { "bridge", ",\"netns\":{\"nsmode\":\"bridge\"}" },
        { "host", ",\"netns\":{\"nsmode\":\"host\"}" },
        { "none", ",\"netns\":{\"nsmode\":\"none\"}" },
        { "container:web", ",\"netns\":{\"nsmode\":\"container\",\"value\":\"web\"}" },
        { "net", ",\"netns\":{\"nsmode\":\"bridge\"},\"Networks\":{\"net\":{}}" },
    };
    char want[256];

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        gantry_container_options o = { .size = sizeof o, .network = modes[i][0] };

        snprintf(want, sizeof want, "{\"image\":\"app\",\"httpproxy\":false%s}", modes[i][1]);
        check_body(&o, want);
    }
}

static void test_cpu_quota(void **state)
{
    gantry_resources limits = { .size = sizeof limits, .nano_cpus = 5000000 };
    const gantry_container_options o = { .size = sizeof o, .resources = &limits };
    struct gnt_buf text;

    (void)state;
    /* A hundredth of a CPU is less than the least quota of the usual period: a longer one. */
    check_body(&o, "{\"image\":\"app\",\"httpproxy\":false,\"resource_limits\":{\"cpu\":{"
                   "\"quota\":5000,\"period\":1000000}}}");
    limits.nano_cpus = 999999;
    assert_int_equal(body_of(&o, &text), GANTRY_E_INVALID);
    gnt_buf_free(&text);
}

static void test_refused_options(void **state)
{
    const gantry_image_remove_options o = { .size = sizeof o, .keep_parents = GANTRY_ON };
    struct gnt_arena arena;
    gantry_error err = { 0 };

    (void)state;
    gnt_arena_init(&arena, &host.mem);
    assert_int_equal(gnt_encode(&arena, &o, gnt_podman_image_remove_options,
                                gnt_json_new(&arena, GNT_JSON_OBJECT), &err),
                     GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "keep_parents"));
    gnt_arena_free(&arena);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_familiar_names(void **state)
{
    static const char *const names[][2] = {
        { "localhost/app:latest", "app:latest" },
        { "localhost/team/app:1", "team/app:1" },
        { "localhost/example.org/app:1", "localhost/example.org/app:1" },
        { "localhost/localhost/app", "localhost/localhost/app" },
        { "localhost:5000/app:1", "localhost:5000/app:1" },
        { "docker.io/library/app:latest", "app:latest" },
        { "docker.io/library/a/b:1", "library/a/b:1" },
        { "docker.io/user/app:1", "user/app:1" },
        { "example.org/app:1", "example.org/app:1" },
        { "sha256:00ff", "00ff" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(gnt_podman_familiar(names[i][0]), names[i][1]);
}

static void test_bare_references(void **state)
{
    (void)state;
    assert_string_equal(gnt_podman_bare("sha256:0123"), "0123");
    assert_string_equal(gnt_podman_bare("app@sha256:0123"), "app@sha256:0123");
    assert_string_equal(gnt_podman_bare("sha256:remove"), "sha256:remove");
    assert_string_equal(gnt_podman_removable("remove"), "remove:latest");
    assert_string_equal(gnt_podman_removable("remove:1"), "remove:1");
    assert_string_equal(gnt_podman_removable("sha256:0123"), "0123");
}

/* libpod would read null as "". */
static void test_build_args_without_value(void **state)
{
    static const gantry_pair args[] = { { "A", "1" }, { "HOME", NULL }, { "B", "" } };
    const gantry_build_options o = { .size = sizeof o, .build_args = args, .build_arg_count = 3 };
    struct gnt_arena arena;
    struct gnt_buf text;
    struct gnt_json *body;
    gantry_error err = { 0 };

    (void)state;
    gnt_arena_init(&arena, &host.mem);
    gnt_buf_init(&text, &host.mem, 4096);
    body = gnt_json_new(&arena, GNT_JSON_OBJECT);
    assert_int_equal(gnt_encode(&arena, &o, gnt_podman_build_options, body, &err), 0);
    assert_int_equal(gnt_json_write(body, &text), 0);
    assert_string_equal(gnt_buf_text(&text), "{\"buildargs\":{\"A\":\"1\",\"B\":\"\"}}");
    gnt_buf_free(&text);
    gnt_arena_free(&arena);
}

static void test_patterns(void **state)
{
    (void)state;
    assert_true(gnt_podman_matches("app", "app:latest"));
    assert_true(gnt_podman_matches("app:latest", "app:latest"));
    assert_true(gnt_podman_matches("localhost/app", "app:1"));
    assert_true(gnt_podman_matches("ap*", "app:1"));
    assert_true(gnt_podman_matches("*:1", "app:1"));
    assert_true(gnt_podman_matches("reg:5000/app", "reg:5000/app:1"));
    assert_true(gnt_podman_matches("reg:5000/app", "reg:5000/app@sha256:00"));
    assert_false(gnt_podman_matches("app", "app2:latest"));
    assert_false(gnt_podman_matches("app:2", "app:1"));
    assert_false(gnt_podman_matches("*", "team/app:1"));
    assert_false(gnt_podman_matches("pp", "app:1"));
}

static void test_platforms(void **state)
{
    static const char *const bad[] = { "",          "linux/",
                                       "/arm64",    "linux/arm/v7/x",
                                       "linux//v7", "an-operating-system-of-more-than-31-bytes/arm",
                                       NULL };
    struct podman_platform p;

    (void)state;
    assert_int_equal(gnt_podman_platform("linux/arm/v7", &p, NULL), 0);
    assert_string_equal(p.os, "linux");
    assert_string_equal(p.arch, "arm");
    assert_string_equal(p.variant, "v7");
    assert_int_equal(gnt_podman_platform("linux/arm64", &p, NULL), 0);
    assert_string_equal(p.variant, "");
    for (size_t i = 0; bad[i] != NULL; i++)
        assert_int_equal(gnt_podman_platform(bad[i], &p, NULL), GANTRY_E_INVALID);
}

/* libpod reads names as regular expressions: the text sent must mean only itself. */
static void test_what_lists_send(void **state)
{
    const char *const one[] = { "a.b-c_d", NULL };
    const char *const two[] = { "a", "b", NULL };
    struct podman_wanted wanted = { .names = { .names = two } };
    struct gnt_rest rest = { .host = &host };
    struct gnt_req r;
    struct gnt_json *filters;

    (void)state;
    gnt_req_init(&r, &rest, "GET", NULL, "/x");
    filters = gnt_req_object(&r);
    gnt_podman_filter_wanted(&r, filters, &wanted);
    assert_null(filters->first);
    wanted.names.names = one;
    wanted.labels = two;
    gnt_podman_filter_wanted(&r, filters, &wanted);
    assert_int_equal(r.rc, 0);
    assert_string_equal(gnt_json_get(filters, "name")->first->text, "^a\\.b\\-c_d$");
    assert_int_equal(gnt_json_get(filters, "label")->size, 1);
    gnt_req_free(&r);
}

static void test_what_lists_accept(void **state)
{
    const gantry_pair labels[] = { { "a", "b" }, { "ab", "" } };
    const gantry_volume item = { .name = "v", .labels = labels, .label_count = 2 };
    const char *const names[] = { "w", "v", NULL };
    const char *const other[] = { "v1", NULL };
    static const char *const sets[][3] = { { "a", "ab=", NULL }, { "a=b", "a", NULL },
                                           { "a", "x", NULL },   { "a=", NULL },
                                           { "a=bc", NULL },     { "b", NULL } };
    struct podman_wanted wanted = { .names = { .offset = offsetof(gantry_volume, name) },
                                    .labels_offset = offsetof(gantry_volume, labels) };

    (void)state;
    assert_true(gnt_podman_accept(&item, &wanted));
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        wanted.labels = sets[i];
        assert_int_equal(gnt_podman_accept(&item, &wanted), i < 2);
    }
    wanted.labels = NULL;
    wanted.names.names = names;
    assert_true(gnt_podman_accept(&item, &wanted));
    wanted.names.names = other;
    assert_false(gnt_podman_accept(&item, &wanted));
}

/* ---- recorded answers ------------------------------------------------------------------------ */

static void *decode(int kind, const struct gnt_in *rows, const char *text)
{
    void *result = gnt_result_new(&host.mem, kind, NULL);
    struct gnt_arena arena;
    struct gnt_json *doc = NULL;
    gantry_error err = { 0 };

    assert_non_null(result);
    gnt_arena_init(&arena, &host.mem);
    if (gnt_json_parse(&arena, text, strlen(text), &doc, &err) != 0 ||
        gnt_decode(gnt_result_arena(result), doc, NULL, rows, result, &err) != 0)
        fail_msg("%s", err.message);
    gnt_arena_free(&arena);
    return result;
}

#define ID "4f191cb66020a70e0d60dc4f2db5e2e17bbb807940316b22b1588ff57961352b"
#define IMAGE_ID "f8e92644e1061fca672b49354026fce032ee4f6b7f0cc90cfc9ba13c2fbf345c"

static void test_inspected_container(void **state)
{
    gantry_container *c = decode(
        GANTRY_KIND_CONTAINER, gnt_podman_container_rows,
        "{\"Id\":\"" ID "\",\"Created\":\"2026-11-22T15:13:33.393842247Z\","
        "\"Path\":\"/bin/sh\",\"Args\":[\"-c\",\"sleep\",\"9\"],\"State\":{\"Status\":\"stopped\","
        "\"Running\":false,\"OOMKilled\":false,\"Pid\":0,\"ExitCode\":7,\"Error\":\"\","
        "\"StartedAt\":\"2026-11-22T15:13:33.5Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\"},"
        "\"Image\":\"" IMAGE_ID "\",\"ImageName\":\"localhost/pm-bb:latest\",\"Name\":\"pm-e\","
        "\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"pm-vol\",\"Source\":\"/vol/_data\","
        "\"Destination\":\"/v\",\"RW\":false}],\"NetworkSettings\":{\"Ports\":{\"80/tcp\":["
        "{\"HostIp\":\"\",\"HostPort\":\"34891\"}]},\"Networks\":{\"podman\":{\"Gateway\":"
        "\"10.88.0.1\",\"IPAddress\":\"10.88.0.17\",\"GlobalIPv6Address\":\"\",\"MacAddress\":"
        "\"b2:f6:b9:24:b9:80\",\"NetworkID\":\"podman\"}}},\"Config\":{\"Hostname\":\"hh\","
        "\"User\":\"0:0\",\"Tty\":true,\"OpenStdin\":true,\"Env\":[\"A=1\"],"
        "\"Cmd\":[\"sleep\",\"9\"],\"WorkingDir\":\"/tmp\",\"Entrypoint\":\"/bin/sh -c\","
        "\"Labels\":{\"l\":\"v\"},\"StopSignal\":15,\"StopTimeout\":7},\"HostConfig\":{"
        "\"AutoRemove\":true,\"Memory\":67108864,\"NanoCpus\":500000000,\"PidsLimit\":-1,"
        "\"Tmpfs\":{\"/t\":\"size=1000000,rw,rprivate,nosuid,nodev,tmpcopyup\","
        "\"/r\":\"ro,rprivate\"}}}");

    (void)state;
    assert_string_equal(c->id, ID);
    assert_string_equal(c->name, "pm-e");
    assert_string_equal(c->image, "pm-bb:latest");
    assert_string_equal(c->image_id, IMAGE_ID);
    assert_int_equal(c->state, GANTRY_CONTAINER_EXITED);
    assert_string_equal(c->state_text, "stopped");
    assert_int_equal(c->has_exit_code, 1);
    assert_int_equal(c->exit_code, 7);
    assert_int_equal(c->finished_ns, 0);
    assert_int_equal(c->pids_limit, 0);
    assert_int_equal(c->auto_remove, 1);
    assert_string_equal(c->entrypoint[0], "/bin/sh");
    assert_string_equal(c->entrypoint[1], "-c");
    assert_null(c->entrypoint[2]);
    assert_string_equal(c->command[1], "9");
    assert_int_equal(c->mounts[0]->type, GANTRY_MOUNT_VOLUME);
    assert_int_equal(c->mounts[0]->read_only, 1);
    assert_int_equal(c->mounts[1]->type, GANTRY_MOUNT_TMPFS);
    assert_string_equal(c->mounts[1]->target, "/t");
    assert_int_equal(c->mounts[1]->read_only, 0);
    assert_int_equal(c->mounts[2]->read_only, 1);
    assert_null(c->mounts[3]);
    assert_int_equal(c->ports[0]->host_port, 34891);
    assert_string_equal(c->attachments[0]->network, "podman");
    assert_string_equal(c->attachments[0]->address, "10.88.0.17");
    gnt_result_free(c);
}

/* 5.x gives lists and names where 4.x gives texts and numbers. */
static void test_entrypoint_shapes(void **state)
{
    gantry_container *list = decode(
        GANTRY_KIND_CONTAINER, gnt_podman_container_rows,
        "{\"Id\":\"" ID "\",\"Path\":\"a b\",\"Args\":[\"c\"],\"State\":{\"Status\":\"created\","
        "\"ExitCode\":0,\"Health\":null},\"Config\":{\"Entrypoint\":[\"a b\"],\"Cmd\":[\"c\"],"
        "\"StopSignal\":\"SIGTERM\"}}");
    gantry_container *none = decode(
        GANTRY_KIND_CONTAINER, gnt_podman_container_rows,
        "{\"Id\":\"" ID "\",\"Path\":\"sh\",\"Args\":[],\"State\":{\"Status\":\"initialized\"},"
        "\"Config\":{\"Entrypoint\":\"\",\"Cmd\":[\"sh\"]}}");

    (void)state;
    assert_string_equal(list->entrypoint[0], "a b");
    assert_null(list->entrypoint[1]);
    assert_int_equal(list->has_exit_code, 0);
    assert_null(none->entrypoint[0]);
    assert_int_equal(none->state, GANTRY_CONTAINER_CREATED);
    gnt_result_free(list);
    gnt_result_free(none);
}

static void test_listed_container(void **state)
{
    gantry_container *c = decode(
        GANTRY_KIND_CONTAINER, gnt_podman_container_item_rows,
        "{\"AutoRemove\":false,\"Command\":[\"sh\",\"-c\",\"x\"],"
        "\"Created\":\"2026-11-22T15:13:33.393842247Z\",\"Exited\":true,\"ExitCode\":3,"
        "\"Id\":\"" ID "\",\"Image\":\"docker.io/library/pm-bb:latest\",\"ImageID\":\"" IMAGE_ID
        "\",\"Labels\":null,\"Names\":[\"pm-e\"],\"Networks\":[\"podman\"],\"Ports\":["
        "{\"host_ip\":\"\",\"container_port\":80,\"host_port\":34891,\"range\":1,"
        "\"protocol\":\"tcp\"},{\"host_ip\":\"127.0.0.1\",\"container_port\":90,"
        "\"host_port\":190,\"range\":3,\"protocol\":\"udp\"},{\"container_port\":65534,"
        "\"host_port\":10,\"range\":60000,\"protocol\":\"tcp\"}],\"State\":\"exited\","
        "\"Status\":\"\"}");
    gantry_container *bare = decode(GANTRY_KIND_CONTAINER, gnt_podman_container_item_rows,
                                    "{\"Id\":\"" ID "\",\"State\":\"running\",\"ExitCode\":0,"
                                    "\"Names\":null,\"Ports\":null,\"Labels\":null}");

    (void)state;
    assert_string_equal(c->name, "pm-e");
    assert_string_equal(c->image, "pm-bb:latest");
    assert_int_equal(c->has_exit_code, 1);
    assert_int_equal(c->exit_code, 3);
    assert_string_equal(c->networks[0], "podman");
    assert_int_equal(c->ports[1]->container_port, 90);
    assert_int_equal(c->ports[3]->container_port, 92);
    assert_int_equal(c->ports[3]->host_port, 192);
    assert_string_equal(c->ports[3]->host_address, "127.0.0.1");
    assert_int_equal(c->ports[4]->container_port, 65534);
    assert_int_equal(c->ports[5]->container_port, 65535);
    assert_null(c->ports[6]);
    assert_int_equal(bare->has_exit_code, 0);
    assert_string_equal(bare->name, "");
    assert_null(bare->ports[0]);
    gnt_result_free(c);
    gnt_result_free(bare);
}

static void test_images(void **state)
{
    gantry_image *image = decode(
        GANTRY_KIND_IMAGE, gnt_podman_image_rows,
        "{\"Id\":\"" IMAGE_ID "\",\"Digest\":\"sha256:24f1\",\"RepoTags\":["
        "\"localhost/pm-bb:latest\",\"docker.io/library/pm-bb:latest\","
        "\"docker.io/pmuser/pm-t4:latest\"],\"RepoDigests\":[\"localhost/pm-bb@sha256:24f1\"],"
        "\"Created\":\"2026-11-22T15:10:14.705762182Z\",\"Config\":{},\"Author\":\"\","
        "\"Architecture\":\"amd64\",\"Os\":\"linux\",\"Size\":2131015,\"Labels\":null}");
    gantry_image *untagged = decode(
        GANTRY_KIND_IMAGE, gnt_podman_image_item_rows,
        "{\"Id\":\"" IMAGE_ID "\",\"RepoTags\":null,\"RepoDigests\":null,\"Created\":1795360214,"
        "\"Size\":5,\"Labels\":{\"a\":\"b\"}}");

    (void)state;
    assert_string_equal(image->references[0], "pm-bb:latest");
    assert_string_equal(image->references[1], "pmuser/pm-t4:latest");
    assert_null(image->references[2]);
    assert_string_equal(image->digests[0], "pm-bb@sha256:24f1");
    assert_string_equal(image->architecture, "amd64");
    assert_null(image->command[0]);
    assert_null(untagged->references[0]);
    assert_true(untagged->created_ns == INT64_C(1795360214000000000));
    assert_int_equal(untagged->label_count, 1);
    gnt_result_free(image);
    gnt_result_free(untagged);
}

static void test_engine(void **state)
{
    gantry_version_info *v = decode(
        GANTRY_KIND_VERSION_INFO, gnt_podman_version_rows,
        "{\"Components\":[{\"Name\":\"Conmon\",\"Details\":{}},{\"Name\":\"Podman Engine\","
        "\"Version\":\"4.3.1\",\"Details\":{\"APIVersion\":\"4.3.1\",\"MinAPIVersion\":"
        "\"4.0.0\"}}],\"Version\":\"4.3.1\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.24\","
        "\"Os\":\"linux\",\"Arch\":\"amd64\",\"KernelVersion\":\"6.1.0\"}");
    gantry_info *i = decode(
        GANTRY_KIND_INFO, gnt_podman_info_rows,
        "{\"host\":{\"arch\":\"amd64\",\"cgroupManager\":\"cgroupfs\",\"cgroupVersion\":\"v1\","
        "\"cpus\":2,\"hostname\":\"vm\",\"kernel\":\"6.1.0\",\"memTotal\":25276510208,"
        "\"os\":\"linux\",\"security\":{\"rootless\":true}},\"store\":{\"containerStore\":{"
        "\"number\":3,\"paused\":0,\"running\":1,\"stopped\":2},\"graphDriverName\":\"vfs\","
        "\"graphRoot\":\"/g\",\"imageStore\":{\"number\":15}},\"version\":{\"Version\":"
        "\"4.3.1\"}}");

    (void)state;
    assert_string_equal(v->version, "4.3.1");
    assert_string_equal(v->api_version, "4.3.1");
    assert_string_equal(v->min_api_version, "4.0.0");
    assert_string_equal(v->kernel, "6.1.0");
    assert_string_equal(i->cgroup_version, "1");
    assert_string_equal(i->storage_driver, "vfs");
    assert_int_equal(i->containers_stopped, 2);
    assert_int_equal(i->images, 15);
    assert_int_equal(i->rootless, 1);
    gnt_result_free(v);
    gnt_result_free(i);
}

static void test_networks_and_volumes(void **state)
{
    gantry_network *n =
        decode(GANTRY_KIND_NETWORK, gnt_podman_network_rows,
               "{\"name\":\"pm-n3\",\"id\":\"" ID "\",\"driver\":\"bridge\","
               "\"created\":\"2026-11-22T15:16:07.078273496Z\",\"subnets\":[{\"subnet\":"
               "\"10.89.1.0/24\",\"gateway\":\"10.89.1.1\"},{\"subnet\":\"fd8e::/64\"}],"
               "\"ipv6_enabled\":true,\"internal\":true,\"options\":{\"mtu\":\"1400\"}}");
    gantry_volume *v = decode(
        GANTRY_KIND_VOLUME, gnt_podman_volume_rows,
        "{\"Name\":\"pm-vol\",\"Driver\":\"local\",\"Mountpoint\":\"/v/_data\",\"CreatedAt\":"
        "\"2026-11-22T15:13:33.396443346Z\",\"Labels\":{},\"Scope\":\"local\",\"Options\":{},"
        "\"MountCount\":0}");

    (void)state;
    assert_string_equal(n->id, ID);
    assert_string_equal(n->subnets[0]->gateway, "10.89.1.1");
    assert_string_equal(n->subnets[1]->subnet, "fd8e::/64");
    assert_string_equal(n->subnets[1]->gateway, "");
    assert_null(n->subnets[2]);
    assert_int_equal(n->internal, 1);
    assert_int_equal(n->ipv6, 1);
    assert_string_equal(n->options[0].value, "1400");
    assert_string_equal(v->mountpoint, "/v/_data");
    assert_int_equal(v->label_count, 0);
    gnt_result_free(n);
    gnt_result_free(v);
}

/* ---- errors, build lines --------------------------------------------------------------------- */

static void test_errors(void **state)
{
    static const struct {
        int status;
        const char *cause;
        const char *message;
        int code;
        int kind;
    } cases[] = {
        { 500, "that name is already in use", "creating container storage: ...", GANTRY_E_EXISTS,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "route ip+net: no such network interface", "route ip+net: no such network interface",
          GANTRY_E_ENGINE, GANTRY_RESOURCE_CONTAINER },
        { 500, "image not known", "pm-nope: image not known", GANTRY_E_NOT_FOUND,
          GANTRY_RESOURCE_IMAGE },
        { 404, "no such container", "no container with name", GANTRY_E_NOT_FOUND,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "container state improper", "can only kill running containers", GANTRY_E_STATE,
          GANTRY_RESOURCE_CONTAINER },
        { 409, "image is in use by a container", "image used by", GANTRY_E_IN_USE,
          GANTRY_RESOURCE_IMAGE },
        { 500, "volume already exists", "volume with name", GANTRY_E_EXISTS,
          GANTRY_RESOURCE_VOLUME },
        { 500, "secret name in use", "s: secret name in use", GANTRY_E_EXISTS,
          GANTRY_RESOURCE_SECRET },
        { 500, "secret is ambiguous", "more than one result secret with prefix 3",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_SECRET },
        { 500, "pod already exists",
          "adding pod to state: name \"p\" is in use: pod already exists", GANTRY_E_EXISTS,
          GANTRY_RESOURCE_POD },
        { 500, "yaml: line 1: did not find expected ',' or ']'",
          "playing YAML file: multi doc yaml could not be split: yaml: line 1: did not find "
          "expected ',' or ']'",
          GANTRY_E_INVALID, GANTRY_RESOURCE_CONTAINER },
        { 500, "name or ID \"nope\" not found", "generating YAML: name or ID \"nope\" not found",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
        { 404, "no such quadlet", "no such quadlet: x.container", GANTRY_E_NOT_FOUND,
          GANTRY_RESOURCE_FILE },
        { 400, NULL,
          "errors occurred installing some Quadlets: /tmp/x: a Quadlet with name x.container "
          "already "
          "exists, refusing to overwrite",
          GANTRY_E_EXISTS, GANTRY_RESOURCE_FILE },
        { 409, "volume is being used", "volume x", GANTRY_E_IN_USE, GANTRY_RESOURCE_VOLUME },
        { 500, "mount: /v/_data: unknown filesystem type 'nfs'.",
          "mounting volume share for container 74: mount: /v/_data: unknown filesystem type 'nfs'.",
          GANTRY_E_INVALID, GANTRY_RESOURCE_CONTAINER },
        { 500, "target is busy", "unmounting volume share: target is busy", GANTRY_E_ENGINE,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "",
          "volume options size and inodes not supported. Filesystem does not support Project Quota",
          GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_CONTAINER },
        { 500, "required plugin missing",
          "volume v uses volume plugin none but it could not be retrieved: required plugin missing",
          GANTRY_E_INVALID, GANTRY_RESOURCE_CONTAINER },
        { 500, "network is being used", "has associated containers", GANTRY_E_IN_USE,
          GANTRY_RESOURCE_NETWORK },
        { 500, "network is already connected", "container x", GANTRY_E_STATE,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "container a is not connected to network b", "", GANTRY_E_STATE,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "invalid network mode", "\"slirp4netns\" is not supported", GANTRY_E_UNSUPPORTED,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "runc create failed: exec: \"nosuch\": executable file not found in $PATH",
          "OCI runtime attempted to invoke a command that was not found", GANTRY_E_COMMAND,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "OCI permission denied",
          "runc create failed: exec: \"/etc\": permission denied: OCI permission denied",
          GANTRY_E_COMMAND, GANTRY_RESOURCE_CONTAINER },
        { 500, "OCI permission denied",
          "mount proc: operation not permitted: OCI permission denied", GANTRY_E_ENGINE,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "statfs /nonexistent: no such file or directory", "no such file or directory",
          GANTRY_E_INVALID, GANTRY_RESOURCE_CONTAINER },
        { 500, "EOF", "decode(): EOF", GANTRY_E_INVALID, GANTRY_RESOURCE_CONTAINER },
        { 500, "image is not a manifest list", "localhost/app:latest: image is not a manifest list",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST },
        { 404, "manifest not found", "manifest not found", GANTRY_E_NOT_FOUND,
          GANTRY_RESOURCE_MANIFEST },
        { 400, NULL,
          "no instance matching digest \"sha256:ab\" found in manifest list: file does not exist",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST },
        { 400, NULL,
          "no Docker manifest matching digest \"sha256:ab\" was found in list: no image instance "
          "matching the specified digest was found in the list or index",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST },
        { 500, "that name is already in use",
          "creating image to hold manifest list: image name \"localhost/l:latest\" is already "
          "associated with image \"ab\": that name is already in use",
          GANTRY_E_EXISTS, GANTRY_RESOURCE_CONTAINER },
        { 400, NULL,
          "setting up to read manifest and configuration from \"containers-storage:[overlay@/r+/r]"
          "@ab\": reference \"[overlay@/r+/r]@ab\" does not resolve to an image ID: identifier is "
          "not an image",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
        { 400, NULL,
          "pushing image \"r:5000/l\": Uploading manifest list failed, attempted the following "
          "formats: application/vnd.oci.image.index.v1+json(uploading manifest latest to r:5000/l: "
          "manifest blob unknown: blob unknown to registry)",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
        { 400, NULL,
          "setting up to read manifest and configuration from \"docker://r:5000/x:latest\": "
          "reading "
          "manifest latest in r:5000/x: manifest unknown: manifest unknown",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
        { 404, "unauthorized: authentication required",
          "reading image \"docker://r:5002/x:x\": reading manifest x in r:5002/x: unauthorized: "
          "authentication required",
          GANTRY_E_UNAUTHORIZED, GANTRY_RESOURCE_CONTAINER },
        { 404, "x509: certificate signed by unknown authority",
          "reading image \"docker://u:5002/x:latest\": pinging container registry u:5002: Get "
          "\"https://u:5002/v2/\": x509: certificate signed by unknown authority",
          GANTRY_E_REGISTRY, GANTRY_RESOURCE_CONTAINER },
        { 400, "http: server gave HTTP response to HTTPS client",
          "pushing image \"r:5000/l\": pinging container registry r:5000: Get "
          "\"https://r:5000/v2/\": http: server gave HTTP response to HTTPS client",
          GANTRY_E_REGISTRY, GANTRY_RESOURCE_CONTAINER },
        { 200, NULL,
          "initializing source docker://127.0.0.1:5000/none:tag: pinging container registry "
          "127.0.0.1:5000: Get \"https://127.0.0.1:5000/v2/\": http: server gave HTTP response to "
          "HTTPS client",
          GANTRY_E_REGISTRY, GANTRY_RESOURCE_CONTAINER },
        { 200, NULL,
          "initializing source docker://127.0.0.1:5000/none:tag: reading manifest tag in "
          "127.0.0.1:5000/none: manifest unknown: manifest unknown",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
        { 200, NULL,
          "initializing source docker://127.0.0.1:5001/none:tag: reading manifest tag in "
          "127.0.0.1:5001/none: unauthorized: authentication required",
          GANTRY_E_UNAUTHORIZED, GANTRY_RESOURCE_CONTAINER },
        { 500, NULL, "login attempt to registry.test:5002 failed with status: 401 Unauthorized",
          GANTRY_E_UNAUTHORIZED, GANTRY_RESOURCE_CONTAINER },
        { 500, NULL,
          "login attempt to untrusted.test:5002 failed with status: pinging container registry "
          "untrusted.test:5002: Get \"https://untrusted.test:5002/v2/\": x509: certificate signed "
          "by unknown authority",
          GANTRY_E_REGISTRY, GANTRY_RESOURCE_CONTAINER },
        { 500, NULL,
          "login attempt to nowhere.invalid failed with status: pinging container registry "
          "nowhere.invalid: Get \"https://nowhere.invalid/v2/\": dial tcp: lookup nowhere.invalid "
          "on 192.0.2.53:53: dial udp 192.0.2.53:53: connect: network is unreachable",
          GANTRY_E_REGISTRY, GANTRY_RESOURCE_CONTAINER },
        { 500, "something else", "something else", GANTRY_E_ENGINE, GANTRY_RESOURCE_CONTAINER },
        { 409, "something else", "something else", GANTRY_E_CONFLICT, GANTRY_RESOURCE_CONTAINER },
        { 404, NULL, "Not Found", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
    };
    const struct gnt_rest rest = { .host = &host, .dialect = &gnt_podman_dialect };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gantry_error err = { 0 };

        assert_int_equal(gnt_rest_error(&rest, cases[i].status, cases[i].message, cases[i].cause,
                                        GANTRY_RESOURCE_CONTAINER, "web", &err),
                         cases[i].code);
        assert_int_equal(err.resource_kind, cases[i].kind);
    }
}

/* ---- manifest lists -------------------------------------------------------------------------- */

static void test_manifest_bodies(void **state)
{
    const char *const features[] = { "sse4", NULL };
    const gantry_pair annotations[] = { { "a", "b=c" }, { "x", NULL } };
    const gantry_manifest_add_options add = { .size = sizeof add,
                                              .os = "linux",
                                              .architecture = "arm",
                                              .variant = "v7",
                                              .os_version = "5",
                                              .features = features,
                                              .annotations = annotations,
                                              .annotation_count = 2,
                                              .all = GANTRY_ON,
                                              .tls_verify = GANTRY_OFF };
    const gantry_manifest_remove_options nothing = { .size = sizeof nothing };
    struct gnt_rest rest = { .host = &host };
    struct gnt_req r;

    (void)state;
    gnt_req_init(&r, &rest, "PUT", NULL, "/manifests/%s", "team/app:v1");
    assert_string_equal(gnt_buf_text(&r.target), "/manifests/team%2Fapp%3Av1");
    gnt_podman_manifest_body(&r, gnt_req_encode(&r, &add, gnt_podman_manifest_add_options),
                             "update", "docker://r/x", annotations, 2);
    assert_int_equal(r.rc, 0);
    assert_string_equal(gnt_buf_text(&r.body),
                        "{\"os\":\"linux\",\"arch\":\"arm\",\"variant\":\"v7\","
                        "\"os_version\":\"5\",\"features\":[\"sse4\"],\"all\":true,"
                        "\"operation\":\"update\",\"images\":[\"docker://r/x\"],"
                        "\"annotation\":[\"a=b=c\",\"x=\"]}");
    gnt_req_free(&r);
    gnt_req_init(&r, &rest, "PUT", NULL, "/manifests/%s", "app");
    gnt_podman_manifest_body(&r, gnt_req_encode(&r, &nothing, gnt_podman_manifest_remove_options),
                             "remove", "sha256:ab", NULL, 0);
    assert_string_equal(gnt_buf_text(&r.body),
                        "{\"operation\":\"remove\",\"images\":[\"sha256:ab\"]}");
    gnt_req_free(&r);
}

static void test_remote_images(void **state)
{
    static const struct {
        const char *given;
        const char *want;
    } cases[] = {
        { "app", "docker://docker.io/library/app:latest" },
        { "user/app:1", "docker://docker.io/user/app:1" },
        { "docker.io/app", "docker://docker.io/library/app:latest" },
        { "r.example:5000/app", "docker://r.example:5000/app:latest" },
        { "r.example/a/b:1@sha256:" ID, "docker://r.example/a/b@sha256:" ID },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gnt_reference parts;
        struct gnt_arena arena;

        gnt_arena_init(&arena, &host.mem);
        assert_int_equal(gnt_reference_parse(&arena, "image", cases[i].given, &parts, NULL), 0);
        assert_string_equal(gnt_podman_remote_image(&arena, &parts), cases[i].want);
        gnt_arena_free(&arena);
    }
}

static gantry_manifest *manifest_of(const char *text)
{
    gantry_manifest *manifest = gnt_result_new(&host.mem, GANTRY_KIND_MANIFEST, NULL);
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;

    gnt_arena_init(&arena, &host.mem);
    assert_int_equal(gnt_json_parse(&arena, text, strlen(text), &doc, NULL), 0);
    assert_int_equal(
        gnt_decode(gnt_result_arena(manifest), doc, NULL, gnt_podman_manifest_rows, manifest, NULL),
        0);
    gnt_arena_free(&arena);
    return manifest;
}

/* What 4.3 says, and later ones with annotations. */
static void test_manifests(void **state)
{
    gantry_manifest *m = manifest_of(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.list.v2"
        "+json\",\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
        "\"size\":341,\"digest\":\"sha256:" ID "\",\"platform\":{\"architecture\":\"arm\","
        "\"os\":\"linux\",\"os.version\":\"5\",\"variant\":\"v7\",\"features\":[\"f2\","
        "\"f3\"]}},{\"digest\":\"sha256:" ID "\",\"annotations\":{\"k\":\"v\"}}]}");

    (void)state;
    assert_int_equal(m->count, 2);
    assert_null(m->items[2]);
    assert_string_equal(m->media_type, "application/vnd.docker.distribution.manifest.list.v2+json");
    assert_string_equal(m->digest, "");
    assert_string_equal(m->items[0]->digest, "sha256:" ID);
    assert_string_equal(m->items[0]->media_type, "application/vnd.oci.image.manifest.v1+json");
    assert_string_equal(m->items[0]->architecture, "arm");
    assert_string_equal(m->items[0]->variant, "v7");
    assert_string_equal(m->items[0]->os_version, "5");
    assert_string_equal(m->items[0]->features[1], "f3");
    assert_int_equal(m->items[0]->manifest_bytes, 341);
    assert_int_equal(m->items[0]->annotation_count, 0);
    assert_int_equal(m->items[1]->manifest_bytes, -1);
    assert_string_equal(m->items[1]->os, "");
    assert_null(m->items[1]->features[0]);
    assert_int_equal(m->items[1]->annotation_count, 1);
    assert_string_equal(m->items[1]->annotations[0].value, "v");
    gantry_manifest_free(m);

    m = manifest_of("{\"schemaVersion\":2,\"manifests\":null}");
    assert_int_equal(m->count, 0);
    assert_null(m->items[0]);
    gantry_manifest_free(m);
}

static struct gnt_build_line classify(const char *text)
{
    struct gnt_build_line line = { .kind = GNT_BUILD_LOG,
                                   .quiet = 1,
                                   .channel = GANTRY_STDOUT,
                                   .text = text,
                                   .size = strlen(text) };

    gnt_podman_build_dialect.classify(&line);
    return line;
}

static void test_build_lines(void **state)
{
    static const char *const logs[] = { "hello\n",
                                        "STEP\n",
                                        "STEP 1/: x\n",
                                        "STEP 0/2: x\n",
                                        "STEP 3/2: x\n",
                                        "[x] STEP 1/2: y\n",
                                        "[1/2",
                                        "--> x\n",
                                        " STEP 1/2: x\n",
                                        "",
                                        NULL };
    struct gnt_build_line line = classify("STEP 2/3: RUN echo x\n");

    (void)state;
    assert_int_equal(line.kind, GNT_BUILD_STEP);
    assert_int_equal(line.step, 2);
    assert_int_equal(line.total, 3);
    assert_int_equal(line.size, strlen("RUN echo x"));
    assert_memory_equal(line.text, "RUN echo x", line.size);
    line = classify("[2/2] STEP 1/4: FROM pm-bb\n");
    assert_int_equal(line.kind, GNT_BUILD_STEP);
    assert_int_equal(line.total, 4);
    assert_memory_equal(line.text, "FROM pm-bb", line.size);
    line = classify("[linux/arm64] [1/2] STEP 2/3: COPY a /\n");
    assert_int_equal(line.kind, GNT_BUILD_STEP);
    assert_int_equal(line.step, 2);
    assert_memory_equal(line.text, "COPY a /", line.size);
    assert_int_equal(classify("[linux/arm64] COMMIT x\n").kind, GNT_BUILD_STATUS);
    assert_int_equal(classify("COMMITTED\n").kind, GNT_BUILD_LOG);
    assert_int_equal(classify("Copying blob sha256:" ID "\n").kind, GNT_BUILD_STATUS);
    assert_int_equal(classify("--> Cache pulled from remote x:y\n").kind, GNT_BUILD_STATUS);
    assert_int_equal(classify("--> Using cache " ID "\n").kind, GNT_BUILD_CACHED);
    assert_int_equal(classify("--> 3fbd5126c4c\n").kind, GNT_BUILD_STATUS);
    assert_int_equal(classify("COMMIT pm-app\n").kind, GNT_BUILD_STATUS);
    line = classify("[Warning] one or more build args were not consumed: [Y]\n");
    assert_int_equal(line.kind, GNT_BUILD_WARNING);
    assert_memory_equal(line.text, "one or more", 11);
    for (size_t i = 0; logs[i] != NULL; i++)
        assert_int_equal(classify(logs[i]).kind, GNT_BUILD_LOG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_is_decided),
        cmocka_unit_test(test_structs_without_options),
        cmocka_unit_test(test_whole_body),
        cmocka_unit_test(test_network_modes),
        cmocka_unit_test(test_cpu_quota),
        cmocka_unit_test(test_refused_options),
        cmocka_unit_test(test_familiar_names),
        cmocka_unit_test(test_bare_references),
        cmocka_unit_test(test_build_args_without_value),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_platforms),
        cmocka_unit_test(test_what_lists_send),
        cmocka_unit_test(test_what_lists_accept),
        cmocka_unit_test(test_inspected_container),
        cmocka_unit_test(test_entrypoint_shapes),
        cmocka_unit_test(test_listed_container),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_networks_and_volumes),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_manifest_bodies),
        cmocka_unit_test(test_remote_images),
        cmocka_unit_test(test_manifests),
        cmocka_unit_test(test_build_lines),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
