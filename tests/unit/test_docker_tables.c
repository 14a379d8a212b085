/*
 * The Docker backend's tables: every option of every slot is decided on, answers recorded from a
 * real daemon (20.10.24, API 1.41) decode as they should, options make the bodies that it wants,
 * and the builder's lines are read for what they are.
 */
#include "docker/docker.h"
#include "rest_copy.h"
#include "rest_events.h"

#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct gnt_mem memory;

static int setup(void **state)
{
    (void)state;
    return gnt_mem_init(&memory, NULL, NULL);
}

/* ---- options --------------------------------------------------------------------------------- */

static void test_every_option_is_decided(void **state)
{
    static const struct {
        const char *name;
        const struct gnt_out *rows;
        size_t size;
    } tables[] = {
        { "build", gnt_docker_build_options, sizeof(gantry_build_options) },
        { "import", gnt_docker_import_options, sizeof(gantry_image_import_options) },
        { "pull", gnt_docker_pull_options, sizeof(gantry_pull_options) },
        { "push", gnt_docker_push_options, sizeof(gantry_push_options) },
        { "image list", gnt_docker_image_list_options, sizeof(gantry_image_list_options) },
        { "image remove", gnt_docker_image_remove_options, sizeof(gantry_image_remove_options) },
        { "save", gnt_docker_save_options, sizeof(gantry_save_options) },
        { "load", gnt_docker_load_options, sizeof(gantry_load_options) },
        { "prune", gnt_docker_prune_options, sizeof(gantry_image_prune_options) },
        { "commit", gnt_docker_commit_options, sizeof(gantry_commit_options) },
        { "container", gnt_docker_container_options, sizeof(gantry_container_options) },
        { "mount", gnt_docker_mount_options, sizeof(gantry_mount) },
        { "port", gnt_docker_port_options, sizeof(gantry_port) },
        { "resources", gnt_docker_resource_options, sizeof(gantry_resources) },
        { "block limit", gnt_docker_block_limit_options, sizeof(gantry_block_limit) },
        { "ulimit", gnt_docker_ulimit_options, sizeof(gantry_ulimit) },
        { "device", gnt_docker_device_options, sizeof(gantry_device) },
        { "attachment", gnt_docker_attachment_options, sizeof(gantry_attachment) },
        { "security", gnt_docker_security_options, sizeof(gantry_security) },
        { "health", gnt_docker_health_options, sizeof(gantry_health) },
        { "stop", gnt_docker_stop_options, sizeof(gantry_container_stop_options) },
        { "kill", gnt_docker_kill_options, sizeof(gantry_container_kill_options) },
        { "remove", gnt_docker_container_remove_options, sizeof(gantry_container_remove_options) },
        { "list", gnt_docker_container_list_options, sizeof(gantry_container_list_options) },
        { "container inspect", gnt_docker_container_inspect_options,
          sizeof(gantry_container_inspect_options) },
        { "top", gnt_docker_top_options, sizeof(gantry_container_top_options) },
        { "update", gnt_docker_update_options, sizeof(gantry_container_update_options) },
        { "checkpoint", gnt_docker_checkpoint_options, sizeof(gantry_checkpoint_options) },
        { "wait", gnt_docker_wait_options, sizeof(gantry_wait_options) },
        { "logs", gnt_docker_logs_options, sizeof(gantry_logs_options) },
        { "stats", gnt_docker_stats_options, sizeof(gantry_stats_options) },
        { "events", gnt_rest_event_options, sizeof(gantry_events_options) },
        { "attach", gnt_docker_attach_options, sizeof(gantry_attach_options) },
        { "exec", gnt_rest_exec_options, sizeof(gantry_exec_options) },
        { "copy in", gnt_rest_copy_in_options, sizeof(gantry_copy_in_options) },
        { "volume", gnt_docker_volume_options, sizeof(gantry_volume_options) },
        { "volume list", gnt_docker_volume_list_options, sizeof(gantry_volume_list_options) },
        { "volume inspect", gnt_docker_volume_inspect_options,
          sizeof(gantry_volume_inspect_options) },
        { "volume remove", gnt_docker_volume_remove_options, sizeof(gantry_volume_remove_options) },
        { "network", gnt_docker_network_options, sizeof(gantry_network_options) },
        { "network list", gnt_docker_network_list_options, sizeof(gantry_network_list_options) },
        { "network remove", gnt_docker_network_remove_options,
          sizeof(gantry_network_remove_options) },
        { "connect", gnt_docker_connect_options, sizeof(gantry_network_connect_options) },
        { "login", gnt_docker_login_options, sizeof(gantry_login_options) },
        { "search", gnt_docker_search_options, sizeof(gantry_search_options) },
        { "remote", gnt_docker_remote_options, sizeof(gantry_remote_options) },
        { "disconnect", gnt_docker_disconnect_options, sizeof(gantry_network_disconnect_options) },
        { "pod", gnt_docker_pod_options, sizeof(gantry_pod_options) },
        { "pod stop", gnt_docker_pod_stop_options, sizeof(gantry_pod_stop_options) },
        { "pod kill", gnt_docker_pod_kill_options, sizeof(gantry_pod_kill_options) },
        { "pod remove", gnt_docker_pod_remove_options, sizeof(gantry_pod_remove_options) },
        { "pod list", gnt_docker_pod_list_options, sizeof(gantry_pod_list_options) },
        { "manifest inspect", gnt_docker_manifest_inspect_options,
          sizeof(gantry_manifest_inspect_options) },
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
    assert_int_equal(sizeof(gantry_container_pause_options), bare);
    assert_int_equal(sizeof(gantry_pod_call_options), bare);
    assert_int_equal(sizeof(gantry_pod_inspect_options), bare);
    assert_int_equal(sizeof(gantry_container_rename_options), bare);
    assert_int_equal(sizeof(gantry_container_init_options), bare);
    assert_int_equal(sizeof(gantry_container_exists_options), bare);
    assert_int_equal(sizeof(gantry_container_changes_options), bare);
    assert_int_equal(sizeof(gantry_container_mount_options), bare);
    assert_int_equal(sizeof(gantry_health_check_options), bare);
    assert_int_equal(sizeof(gantry_resize_options), bare);
}

/* Encode options and compare the JSON text. */
static void check_encoded(const void *options, const struct gnt_out *rows, const char *want)
{
    struct gnt_arena arena;
    struct gnt_buf text;
    struct gnt_json *body;
    gantry_error err = { 0 };

    gnt_arena_init(&arena, &memory);
    gnt_buf_init(&text, &memory, 1 << 20);
    body = gnt_json_new(&arena, GNT_JSON_OBJECT);
    if (gnt_encode(&arena, options, rows, body, &err) != 0)
        fail_msg("%s", err.message);
    assert_int_equal(gnt_json_write(body, &text), 0);
    assert_string_equal(gnt_buf_text(&text), want);
    gnt_buf_free(&text);
    gnt_arena_free(&arena);
}

static void test_container_body(void **state)
{
    const gantry_mount bind = { .size = sizeof bind,
                                .type = GANTRY_MOUNT_BIND,
                                .source = "/a",
                                .target = "/b",
                                .read_only = GANTRY_ON };
    const gantry_mount tmpfs = {
        .size = sizeof tmpfs, .type = GANTRY_MOUNT_TMPFS, .target = "/t", .tmpfs_size_bytes = 65536
    };
    const gantry_mount *const mounts[] = { &bind, &tmpfs, NULL };
    const gantry_port a = {
        .size = sizeof a, .container_port = 80, .host_port = 8080, .host_address = "127.0.0.1"
    };
    const gantry_port b = { .size = sizeof b, .container_port = 80 };
    const gantry_port c = { .size = sizeof c, .container_port = 53, .protocol = "udp" };
    const gantry_port *const ports[] = { &a, &b, &c, NULL };
    const gantry_resources limits = {
        .size = sizeof limits, .memory_bytes = 1024, .nano_cpus = 500000000, .pids = 9
    };
    const char *const nothing[] = { NULL };
    const char *const command[] = { "echo", "a b", NULL };
    const gantry_pair label = { "k", "v" };
    const gantry_container_options o = { .size = sizeof o,
                                         .command = command,
                                         .entrypoint = nothing,
                                         .labels = &label,
                                         .label_count = 1,
                                         .mounts = mounts,
                                         .ports = ports,
                                         .network = "net",
                                         .resources = &limits,
                                         .stop_timeout_ms = 1001,
                                         .open_stdin = GANTRY_ON,
                                         .auto_remove = GANTRY_ON };

    (void)state;
    check_encoded(&o, gnt_docker_container_options,
                  "{\"Cmd\":[\"echo\",\"a b\"],\"Entrypoint\":[],\"Labels\":{\"k\":\"v\"},"
                  "\"HostConfig\":{\"Mounts\":[{\"Source\":\"/a\",\"Target\":\"/b\","
                  "\"Type\":\"bind\",\"ReadOnly\":true},{\"Target\":\"/t\","
                  "\"TmpfsOptions\":{\"SizeBytes\":65536},\"Type\":\"tmpfs\"}],"
                  "\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"8080\"},"
                  "{}],\"53/udp\":[{}]},\"NetworkMode\":\"net\",\"Memory\":1024,"
                  "\"NanoCpus\":500000000,\"PidsLimit\":9,\"AutoRemove\":true},"
                  "\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}},\"StopTimeout\":2,"
                  "\"OpenStdin\":true,\"StdinOnce\":true}");
}

/* Options that the daemon has in other words. */
static void test_container_words(void **state)
{
    const gantry_ulimit core = { .size = sizeof core, .name = "core" };
    const gantry_ulimit files = { .size = sizeof files, .name = "nofile", .soft = -1, .hard = -1 };
    const gantry_ulimit *const ulimits[] = { &core, &files, NULL };
    const gantry_device fuse = { .size = sizeof fuse, .path = "/dev/fuse" };
    const gantry_device tape = {
        .size = sizeof tape, .path = "/dev/st0", .container_path = "/dev/tape", .permissions = "r"
    };
    const gantry_device cdi = { .size = sizeof cdi, .path = "v.com/gpu=0" };
    const gantry_device *const devices[] = { &fuse, &tape, &cdi, NULL };
    const char *const add[] = { "NET_ADMIN", NULL };
    const char *const labels[] = { "type:t", "disable", NULL };
    const gantry_security security = { .size = sizeof security,
                                       .capabilities_add = add,
                                       .seccomp = "{}",
                                       .apparmor = "unconfined",
                                       .selinux = labels,
                                       .user_namespace = "host",
                                       .privileged = GANTRY_ON,
                                       .read_only_root = GANTRY_OFF,
                                       .no_new_privileges = GANTRY_ON };
    const char *const test[] = { "NONE", NULL };
    const gantry_health health = {
        .size = sizeof health, .test = test, .interval_ms = 1500, .retries = 2
    };
    const gantry_container_options o = { .size = sizeof o,
                                         .ulimits = ulimits,
                                         .devices = devices,
                                         .gpus = "device=a,b",
                                         .security = &security,
                                         .health = &health,
                                         .pid_namespace = "private",
                                         .uts_namespace = "host",
                                         .restart_retries = 4,
                                         .restart = GANTRY_RESTART_ON_FAILURE,
                                         .oom_score_adjustment = -5,
                                         .init = GANTRY_OFF };

    (void)state;
    check_encoded(
        &o, gnt_docker_container_options,
        "{\"HostConfig\":{\"Init\":false,\"Ulimits\":[{\"Name\":\"core\",\"Soft\":0,\"Hard\":0},"
        "{\"Name\":\"nofile\",\"Soft\":-1,\"Hard\":-1}],\"Devices\":[{\"PathOnHost\":"
        "\"/dev/fuse\",\"PathInContainer\":\"/dev/fuse\",\"CgroupPermissions\":\"rwm\"},"
        "{\"PathOnHost\":\"/dev/st0\",\"PathInContainer\":\"/dev/tape\",\"CgroupPermissions\":"
        "\"r\"}],\"DeviceRequests\":[{\"Driver\":\"cdi\",\"DeviceIDs\":[\"v.com/gpu=0\"]},"
        "{\"Capabilities\":[[\"gpu\"]],\"DeviceIDs\":[\"a\",\"b\"]}],\"CapAdd\":[\"NET_ADMIN\"],"
        "\"SecurityOpt\":[\"seccomp={}\",\"apparmor=unconfined\",\"label=type:t\","
        "\"label=disable\",\"no-new-privileges\"],\"UsernsMode\":\"host\",\"Privileged\":true,"
        "\"ReadonlyRootfs\":false,\"UTSMode\":\"host\",\"RestartPolicy\":{"
        "\"MaximumRetryCount\":4,\"Name\":\"on-failure\"},\"OomScoreAdj\":-5},\"Healthcheck\":{"
        "\"Test\":[\"NONE\"],\"Interval\":1500000000,\"Retries\":2}}");
}

static void test_container_mounts(void **state)
{
    const gantry_pair option = { "o", "size=1m" };
    const gantry_pair label = { "a", "b" };
    const gantry_mount rows[] = {
        { .type = GANTRY_MOUNT_BIND,
          .source = "/a",
          .target = "/t0",
          .propagation = "rslave",
          .recursive = GANTRY_OFF },
        { .type = GANTRY_MOUNT_BIND,
          .source = "/a",
          .target = "/t1",
          .relabel = GANTRY_RELABEL_PRIVATE,
          .read_only = GANTRY_ON,
          .propagation = "shared" },
        { .type = GANTRY_MOUNT_BIND, .source = "/b", .target = "/t2", .create_source = GANTRY_ON },
        { .type = GANTRY_MOUNT_VOLUME,
          .source = "v",
          .target = "/t3",
          .copy = GANTRY_OFF,
          .subpath = "s",
          .driver = "local",
          .driver_options = &option,
          .driver_option_count = 1,
          .labels = &label,
          .label_count = 1,
          .relabel = GANTRY_RELABEL_SHARED },
        { .type = GANTRY_MOUNT_VOLUME,
          .source = "v",
          .target = "/t4",
          .copy = GANTRY_OFF,
          .relabel = GANTRY_RELABEL_PRIVATE },
        { .type = GANTRY_MOUNT_TMPFS,
          .target = "/t5",
          .tmpfs_size_bytes = 4096,
          .tmpfs_mode = 0700,
          .read_only = GANTRY_ON,
          .options = "noexec" },
        { .type = GANTRY_MOUNT_TMPFS, .target = "/t6", .tmpfs_mode = 01770 },
        { .type = GANTRY_MOUNT_IMAGE, .source = "i:1", .target = "/t7", .subpath = "s" },
        { .type = GANTRY_MOUNT_IMAGE, .source = "i:1", .target = "/t8", .read_only = GANTRY_OFF },
    };
    const gantry_mount *mounts[sizeof rows / sizeof rows[0] + 1] = { NULL };
    const gantry_container_options o = { .size = sizeof o, .mounts = mounts };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        mounts[i] = &rows[i];
    check_encoded(
        &o, gnt_docker_container_options,
        "{\"HostConfig\":{\"Mounts\":[{\"Source\":\"/a\",\"Target\":\"/t0\",\"Type\":\"bind\","
        "\"BindOptions\":{\"Propagation\":\"rslave\",\"NonRecursive\":true}},"
        "{\"Source\":\"v\",\"Target\":\"/t3\",\"Type\":\"volume\",\"VolumeOptions\":{"
        "\"Subpath\":\"s\",\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"o\":"
        "\"size=1m\"}},\"Labels\":{\"a\":\"b\"},\"NoCopy\":true}},"
        "{\"Target\":\"/t6\",\"Type\":\"tmpfs\",\"TmpfsOptions\":{\"Mode\":1016}},"
        "{\"Source\":\"i:1\",\"Target\":\"/t7\",\"ReadOnly\":true,\"Type\":\"image\","
        "\"ImageOptions\":{\"Subpath\":\"s\"}},{\"Source\":\"i:1\",\"Target\":\"/t8\","
        "\"ReadOnly\":false,\"Type\":\"image\"}],\"Binds\":[\"/a:/t1:ro,Z,shared\","
        "\"/b:/t2:rw\",\"v:/t4:rw,Z,nocopy\"],\"Tmpfs\":{\"/t5\":"
        "\"noexec,size=4096,mode=700,ro\"}}}");
}

static void test_limits_and_ports(void **state)
{
    const gantry_block_limit sda = {
        .size = sizeof sda, .path = "/dev/sda", .read_bytes_per_second = 1, .weight = 20
    };
    const gantry_block_limit sdb = {
        .size = sizeof sdb, .path = "/dev/sdb", .read_bytes_per_second = 2, .writes_per_second = 3
    };
    const gantry_block_limit *const blocks[] = { &sda, &sdb, NULL };
    const gantry_resources limits = { .size = sizeof limits,
                                      .pids = GANTRY_UNLIMITED,
                                      .memory_swap_bytes = GANTRY_UNLIMITED,
                                      .memory_swappiness = GANTRY_SWAPPINESS_NONE,
                                      .block_limits = blocks,
                                      .oom_kill = GANTRY_OFF };
    const gantry_port range = {
        .size = sizeof range, .container_port = 80, .host_port = 8080, .count = 2
    };
    const gantry_port *const ports[] = { &range, NULL };
    const char *const exposed[] = { "81", "53/udp", NULL };
    const gantry_container_options o = {
        .size = sizeof o, .ports = ports, .exposed_ports = exposed, .publish_all = GANTRY_ON
    };

    (void)state;
    check_encoded(&limits, gnt_docker_resource_options,
                  "{\"PidsLimit\":-1,\"MemorySwap\":-1,\"MemorySwappiness\":0,"
                  "\"BlkioDeviceReadBps\":[{\"Path\":\"/dev/sda\",\"Rate\":1},"
                  "{\"Path\":\"/dev/sdb\",\"Rate\":2}],\"BlkioWeightDevice\":[{\"Path\":"
                  "\"/dev/sda\",\"Weight\":20}],\"BlkioDeviceWriteIOps\":[{\"Path\":"
                  "\"/dev/sdb\",\"Rate\":3}],\"OomKillDisable\":true}");
    check_encoded(&o, gnt_docker_container_options,
                  "{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8080\"}],"
                  "\"81/tcp\":[{\"HostPort\":\"8081\"}]},\"PublishAllPorts\":true},"
                  "\"ExposedPorts\":{\"80/tcp\":{},\"81/tcp\":{},\"53/udp\":{}}}");
}

/* ---- bodies by version ----------------------------------------------------------------------- */

/* The body for API 1.`minor`; what it fails with, by message. */
static int make_body(int minor, const gantry_container_options *o, char *out, size_t out_size)
{
    gantry_host host = { .mem = memory };
    struct gnt_rest rest = { .host = &host, .prefix = "/v1.0", .version = { 1, minor, 0 } };
    struct gnt_req r;
    struct gnt_buf text;
    struct gnt_json *body;
    int rc;

    gnt_req_init(&r, &rest, "POST", NULL, "/containers/create");
    gnt_buf_init(&text, &memory, 1 << 20);
    body = gnt_docker_container_body(&r, "i", o);
    rc = r.rc;
    if (rc == 0)
        assert_int_equal(gnt_json_write(body, &text), 0);
    snprintf(out, out_size, "%s", rc == 0 ? gnt_buf_text(&text) : r.failure.message);
    gnt_buf_free(&text);
    gnt_req_free(&r);
    return rc;
}

static void test_networks_by_version(void **state)
{
    const char *const aliases[] = { "web", NULL };
    const gantry_attachment a = { .size = sizeof a, .network = "a", .aliases = aliases };
    gantry_attachment b = {
        .size = sizeof b, .network = "b", .address = "10.0.0.5", .mac = "02:42:00:00:00:05"
    };
    gantry_attachment c = { .size = sizeof c, .network = "c", .address6 = "fd00::5" };
    const gantry_attachment *const networks[] = { &a, &b, &c, NULL };
    const gantry_container_options o = { .size = sizeof o, .networks = networks };
    char text[1024];

    (void)state;
    /* The one with a MAC address goes first: it can be given at create only. */
    assert_int_equal(make_body(41, &o, text, sizeof text), 0);
    assert_string_equal(
        text, "{\"MacAddress\":\"02:42:00:00:00:05\",\"HostConfig\":{\"NetworkMode\":\"b\"},"
              "\"NetworkingConfig\":{\"EndpointsConfig\":{\"b\":{\"IPAMConfig\":{\"IPv4Address\":"
              "\"10.0.0.5\"},\"MacAddress\":\"02:42:00:00:00:05\"}}},\"Image\":\"i\"}");
    assert_int_equal(make_body(44, &o, text, sizeof text), 0);
    assert_string_equal(
        text, "{\"HostConfig\":{\"NetworkMode\":\"a\"},\"NetworkingConfig\":{"
              "\"EndpointsConfig\":{\"a\":{\"Aliases\":[\"web\"]},\"b\":{\"IPAMConfig\":{"
              "\"IPv4Address\":\"10.0.0.5\"},\"MacAddress\":\"02:42:00:00:00:05\"},\"c\":{"
              "\"IPAMConfig\":{\"IPv6Address\":\"fd00::5\"}}}},\"Image\":\"i\"}");
    c.mac = "02:42:00:00:00:06";
    assert_int_equal(make_body(43, &o, text, sizeof text), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(text, "networks"));
    assert_int_equal(make_body(44, &o, text, sizeof text), 0);
}

/* What an older daemon would not see. */
static void test_options_of_newer_versions(void **state)
{
    const gantry_pair note = { "a", "b" };
    const gantry_health health = { .size = sizeof health, .start_interval_ms = 5 };
    const gantry_device cdi = { .size = sizeof cdi, .path = "v.com/gpu=0" };
    const gantry_device *const devices[] = { &cdi, NULL };
    const gantry_mount image = {
        .size = sizeof image, .type = GANTRY_MOUNT_IMAGE, .source = "i", .target = "/t"
    };
    const gantry_mount part = { .size = sizeof part,
                                .type = GANTRY_MOUNT_VOLUME,
                                .source = "v",
                                .target = "/t",
                                .subpath = "s" };
    const gantry_mount made = { .size = sizeof made,
                                .type = GANTRY_MOUNT_BIND,
                                .source = "/s",
                                .target = "/t",
                                .create_source = GANTRY_ON,
                                .recursive = GANTRY_OFF };
    const gantry_mount *const images[] = { &image, NULL };
    const gantry_mount *const parts[] = { &part, NULL };
    const gantry_mount *const mades[] = { &made, NULL };
    const struct {
        const char *name;
        int minor;
        gantry_container_options o;
    } rows[] = {
        { "annotations", 43, { .annotations = &note, .annotation_count = 1 } },
        { "start_interval_ms", 44, { .health = &health } },
        { "CDI", 44, { .devices = devices } },
        { "GANTRY_MOUNT_IMAGE", 48, { .mounts = images } },
        { "subpath", 45, { .mounts = parts } },
        { "create_source", 42, { .mounts = mades } },
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (make_body(rows[i].minor - 1, &rows[i].o, text, sizeof text) != GANTRY_E_UNSUPPORTED ||
            strstr(text, rows[i].name) == NULL)
            fail_msg("%s before 1.%d: %s", rows[i].name, rows[i].minor, text);
        if (make_body(rows[i].minor, &rows[i].o, text, sizeof text) != 0)
            fail_msg("%s in 1.%d: %s", rows[i].name, rows[i].minor, text);
    }
}

/* What daemons from 23.0 to 27.3 forget to say of a volume themselves. */
static void test_anonymous_volumes_are_marked(void **state)
{
    const gantry_pair label = { "a", "b" };
    const gantry_mount nameless = { .size = sizeof nameless,
                                    .type = GANTRY_MOUNT_VOLUME,
                                    .target = "/n",
                                    .labels = &label,
                                    .label_count = 1 };
    const gantry_mount named = {
        .size = sizeof named, .type = GANTRY_MOUNT_VOLUME, .source = "v", .target = "/v"
    };
    const gantry_mount *const mounts[] = { &nameless, &named, NULL };
    const gantry_container_options o = { .size = sizeof o, .mounts = mounts };
    char text[1024];

    (void)state;
    assert_int_equal(make_body(45, &o, text, sizeof text), 0);
    assert_string_equal(text, "{\"HostConfig\":{\"Mounts\":[{\"Target\":\"/n\",\"Type\":\"volume\","
                              "\"VolumeOptions\":{\"Labels\":{\"a\":\"b\","
                              "\"com.docker.volume.anonymous\":\"\"}}},{\"Source\":\"v\","
                              "\"Target\":\"/v\",\"Type\":\"volume\"}]},\"Image\":\"i\"}");
    assert_int_equal(make_body(41, &o, text, sizeof text), 0);
    assert_null(strstr(text, "anonymous"));
    assert_int_equal(make_body(48, &o, text, sizeof text), 0);
    assert_null(strstr(text, "anonymous"));
}

static void test_options_refused(void **state)
{
    const char *const maps[] = { "0:1:1", NULL };
    const gantry_security path = { .size = sizeof path, .seccomp_path = "/p" };
    const gantry_security mapped = { .size = sizeof mapped, .uid_maps = maps };
    const gantry_security keep = { .size = sizeof keep, .user_namespace = "keep-id" };
    const gantry_secret_mount secret = { .size = sizeof secret, .secret = "s" };
    const gantry_secret_mount *const secrets[] = { &secret, NULL };
    const gantry_health kill = { .size = sizeof kill, .on_unhealthy = GANTRY_UNHEALTHY_KILL };
    const gantry_mount owned = { .size = sizeof owned,
                                 .type = GANTRY_MOUNT_VOLUME,
                                 .source = "v",
                                 .target = "/t",
                                 .chown = GANTRY_ON };
    const gantry_mount flat = { .size = sizeof flat,
                                .type = GANTRY_MOUNT_BIND,
                                .source = "/s",
                                .target = "/t",
                                .relabel = GANTRY_RELABEL_SHARED,
                                .recursive = GANTRY_OFF };
    const gantry_mount *const owneds[] = { &owned, NULL };
    const gantry_mount *const flats[] = { &flat, NULL };
    const struct {
        const char *name;
        gantry_container_options o;
    } rows[] = {
        { "secrets", { .secrets = secrets } },   { "seccomp_path", { .security = &path } },
        { "uid_maps", { .security = &mapped } }, { "user_namespace", { .security = &keep } },
        { "on_unhealthy", { .health = &kill } }, { "chown", { .mounts = owneds } },
        { "recursive", { .mounts = flats } },
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (make_body(GNT_DOCKER_API_MAX, &rows[i].o, text, sizeof text) != GANTRY_E_UNSUPPORTED ||
            strstr(text, rows[i].name) == NULL)
            fail_msg("%s: %s", rows[i].name, text);
    }
}

/* Warnings of 20.10 and what is to be made of them. */
static void test_warnings(void **state)
{
#define LIMITED "or the cgroup is not mounted. "
    static const struct {
        const char *text;
        const char *option; /* NULL: a warning only */
        gantry_resources r;
    } rows[] = {
        { "Your kernel does not support memory limit capabilities " LIMITED "Limitation discarded.",
          "memory_bytes",
          { .memory_bytes = 1 } },
        { "Your kernel does not support swap limit capabilities " LIMITED
          "Memory limited without swap.",
          "memory_swap_bytes",
          { .memory_bytes = 1, .memory_swap_bytes = 2 } },
        { "Your kernel does not support swap limit capabilities " LIMITED
          "Memory limited without swap.",
          NULL,
          { .memory_bytes = 1 } },
        { "Your kernel does not support memory swappiness capabilities " LIMITED
          "Memory swappiness discarded.",
          "memory_swappiness",
          { .memory_swappiness = GANTRY_SWAPPINESS_NONE } },
        { "Your kernel does not support memory soft limit capabilities " LIMITED
          "Limitation discarded.",
          "memory_reservation_bytes",
          { .memory_bytes = 2, .memory_reservation_bytes = 1 } },
        { "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
          "oom_kill",
          { .oom_kill = GANTRY_OFF } },
        { "Your kernel does not support PIDs limit capabilities " LIMITED "PIDs limit discarded.",
          "pids",
          { .pids = 5 } },
        { "Your kernel does not support CPU shares " LIMITED "Shares discarded.",
          "cpu_shares",
          { .cpu_shares = 5 } },
        { "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.",
          "cpu_period_us",
          { .cpu_period_us = 5 } },
        { "Your kernel does not support cpuset " LIMITED "Cpuset discarded.",
          "cpuset_mems",
          { .cpuset_mems = "0" } },
        { "Your kernel does not support Block I/O weight " LIMITED "Weight discarded.",
          "block_weight",
          { .block_weight = 20 } },
        { "OOM killer is disabled for the container, but no memory limit is set, this can result "
          "in the system running out of resources.",
          NULL,
          { .oom_kill = GANTRY_OFF } },
        { "IPv4 forwarding is disabled. Networking will not work.", NULL, { .pids = 5 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const texts[] = { "first", rows[i].text, NULL };
        gantry_error err = { 0 };
        int rc = gnt_docker_check_warnings(texts, &rows[i].r, NULL, &err);

        if (rc != (rows[i].option != NULL ? GANTRY_E_UNSUPPORTED : 0) ||
            (rc < 0 && strstr(err.message, rows[i].option) == NULL))
            fail_msg("%s: %d %s", rows[i].text, rc, err.message);
        assert_int_equal(gnt_docker_check_warnings(texts, NULL, "host", NULL), 0);
    }
}

static void test_network_body(void **state)
{
    const gantry_network_options o = {
        .size = sizeof o, .subnet = "10.9.0.0/24", .gateway = "10.9.0.1", .internal = GANTRY_ON
    };
    const gantry_network_options bare = { .size = sizeof bare, .subnet = "10.9.4.0/22" };
    const gantry_network_options other = { .size = sizeof other,
                                           .driver = "macvlan",
                                           .subnet = "10.9.4.0/22" };
    const gantry_network_options six = { .size = sizeof six, .subnet = "fd00::/64" };
    const gantry_network_options alone = { .size = sizeof alone, .gateway = "10.9.0.1" };
    struct gnt_arena arena;
    gantry_error err = { 0 };

    (void)state;
    check_encoded(&o, gnt_docker_network_options,
                  "{\"IPAM\":{\"Config\":[{\"Subnet\":\"10.9.0.0/24\",\"Gateway\":\"10.9.0.1\"}]},"
                  "\"Internal\":true}");
    check_encoded(
        &bare, gnt_docker_network_options,
        "{\"IPAM\":{\"Config\":[{\"Subnet\":\"10.9.4.0/22\",\"Gateway\":\"10.9.4.1\"}]}}");
    check_encoded(&other, gnt_docker_network_options,
                  "{\"Driver\":\"macvlan\",\"IPAM\":{\"Config\":[{\"Subnet\":\"10.9.4.0/22\","
                  "\"Gateway\":\"10.9.4.1\"}]}}");
    check_encoded(&six, gnt_docker_network_options,
                  "{\"IPAM\":{\"Config\":[{\"Subnet\":\"fd00::/64\",\"Gateway\":\"fd00::1\"}]},"
                  "\"EnableIPv6\":true}");
    gnt_arena_init(&arena, &memory);
    assert_int_equal(gnt_encode(&arena, &alone, gnt_docker_network_options,
                                gnt_json_new(&arena, GNT_JSON_OBJECT), &err),
                     GANTRY_E_INVALID);
    gnt_arena_free(&arena);
}

static void test_build_query(void **state)
{
    const gantry_pair args[] = { { "A", "1" }, { "B", NULL } };
    const gantry_build_options o = { .size = sizeof o,
                                     .build_args = args,
                                     .build_arg_count = 2,
                                     .no_cache = GANTRY_ON,
                                     .pull = GANTRY_PULL_ALWAYS };
    const gantry_build_options never = { .size = sizeof never, .pull = GANTRY_PULL_NEVER };
    struct gnt_arena arena;
    gantry_error err = { 0 };

    (void)state;
    check_encoded(&o, gnt_docker_build_options,
                  "{\"buildargs\":{\"A\":\"1\",\"B\":null},\"nocache\":true,\"pull\":true}");
    gnt_arena_init(&arena, &memory);
    assert_int_equal(gnt_encode(&arena, &never, gnt_docker_build_options,
                                gnt_json_new(&arena, GNT_JSON_OBJECT), &err),
                     GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "pull"));
    gnt_arena_free(&arena);
}

/* ---- recorded answers ------------------------------------------------------------------------ */

static void *decode(int kind, const struct gnt_in *rows, const char *text)
{
    void *result = gnt_result_new(&memory, kind, NULL);
    struct gnt_arena arena;
    struct gnt_json *doc = NULL;
    gantry_error err = { 0 };

    assert_non_null(result);
    gnt_arena_init(&arena, &memory);
    if (gnt_json_parse(&arena, text, strlen(text), &doc, &err) != 0 ||
        gnt_decode(gnt_result_arena(result), doc, NULL, rows, result, &err) != 0)
        fail_msg("%s", err.message);
    gnt_arena_free(&arena);
    return result;
}

#define ID "e1eb6ba3900b0145fd95bb6284c437513c0dfd65b869a7dad29f8154439645c1"
#define IMAGE_ID "748e739b2457efc3a7fc6224c7994867bdda19b9ff2216c4ada9b1915b1d1c71"

static void test_running_container(void **state)
{
    gantry_container *c = decode(
        GANTRY_KIND_CONTAINER, gnt_docker_container_rows,
        "{\"Id\":\"" ID "\",\"Created\":\"2026-11-22T15:21:34.342163939Z\",\"Path\":\"sleep\","
        "\"State\":{\"Status\":\"running\",\"Running\":true,\"OOMKilled\":false,\"Pid\":7867,"
        "\"ExitCode\":0,\"Error\":\"\",\"StartedAt\":\"2026-11-22T15:21:34.613981483Z\","
        "\"FinishedAt\":\"0001-01-01T00:00:00Z\"},\"Image\":\"sha256:" IMAGE_ID "\","
        "\"Name\":\"/dk-web\",\"HostConfig\":{\"NetworkMode\":\"dk-net\",\"PortBindings\":{"
        "\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"\"}]},\"AutoRemove\":false,"
        "\"Memory\":67108864,\"NanoCpus\":500000000,\"PidsLimit\":99},"
        "\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"dk-vol\",\"Source\":\"/vol/_data\","
        "\"Destination\":\"/v\",\"Driver\":\"local\",\"Mode\":\"z\",\"RW\":true},"
        "{\"Type\":\"tmpfs\",\"Source\":\"\",\"Destination\":\"/t\",\"RW\":false}],"
        "\"Config\":{\"Hostname\":\"e1eb6ba3900b\",\"User\":\"\",\"Tty\":false,"
        "\"OpenStdin\":false,\"Env\":[\"A=1\"],\"Cmd\":[\"sleep\",\"1000\"],"
        "\"Image\":\"dk-busybox\",\"WorkingDir\":\"\",\"Entrypoint\":null,"
        "\"Labels\":{\"x\":\"y\"},\"StopTimeout\":2},\"NetworkSettings\":{\"Ports\":{"
        "\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"49153\"},{\"HostIp\":\"::\","
        "\"HostPort\":\"49153\"}],\"81/udp\":null},\"Networks\":{\"dk-net\":{"
        "\"Gateway\":\"172.18.0.1\",\"IPAddress\":\"172.18.0.2\",\"GlobalIPv6Address\":\"\","
        "\"MacAddress\":\"02:42:ac:12:00:02\"}}}}");

    (void)state;
    assert_string_equal(c->id, ID);
    assert_string_equal(c->name, "dk-web");
    assert_string_equal(c->image, "dk-busybox:latest"); /* as other engines say it */
    assert_string_equal(c->image_id, IMAGE_ID);
    assert_int_equal(c->state, GANTRY_CONTAINER_RUNNING);
    assert_int_equal(c->has_exit_code, 0);
    assert_int_equal(c->finished_ns, 0);
    assert_int_equal(c->started_ns % 1000000000, 613981483);
    assert_int_equal(c->pid, 7867);
    assert_int_equal(c->memory_bytes, 67108864);
    assert_int_equal(c->pids_limit, 99);
    assert_string_equal(c->command[1], "1000");
    assert_null(c->entrypoint[0]);
    assert_string_equal(c->ports[0]->host_address, "0.0.0.0");
    assert_int_equal(c->ports[0]->host_port, 49153);
    assert_string_equal(c->ports[1]->host_address, "::");
    assert_string_equal(c->ports[2]->protocol, "udp");
    assert_int_equal(c->ports[2]->container_port, 81);
    assert_int_equal(c->ports[2]->host_port, 0);
    assert_null(c->ports[3]);
    assert_string_equal(c->networks[0], "dk-net");
    assert_null(c->networks[1]);
    assert_string_equal(c->attachments[0]->network, "dk-net");
    assert_string_equal(c->attachments[0]->address, "172.18.0.2");
    assert_null(c->attachments[1]);
    assert_string_equal(c->mounts[0]->volume, "dk-vol");
    assert_int_equal(c->mounts[0]->type, GANTRY_MOUNT_VOLUME);
    assert_int_equal(c->mounts[0]->read_only, 0);
    assert_int_equal(c->mounts[1]->type, GANTRY_MOUNT_TMPFS);
    assert_int_equal(c->mounts[1]->read_only, 1);
    assert_null(c->mounts[2]);
    assert_int_equal(c->label_count, 1);
    gnt_result_free(c);
}

static void check_image(const char *given, const char *want)
{
    char text[512];
    gantry_container *c;

    snprintf(text, sizeof text,
             "{\"Id\":\"" ID "\",\"State\":\"exited\",\"ImageID\":\"sha256:" IMAGE_ID
             "\",\"Image\":\"%s\"}",
             given);
    c = decode(GANTRY_KIND_CONTAINER, gnt_docker_container_list_rows, text);
    assert_string_equal(c->image, want);
    gnt_result_free(c);
}

static void test_image_of_a_container(void **state)
{
    char beginning[13] = "";

    (void)state;
    memcpy(beginning, IMAGE_ID, sizeof beginning - 1);
    check_image("app", "app:latest");
    check_image("host:5000/app", "host:5000/app:latest");
    check_image("host:5000/app:1", "host:5000/app:1");
    check_image("app@sha256:" ID, "app@sha256:" ID);
    check_image("sha256:" IMAGE_ID, "sha256:" IMAGE_ID);
    check_image(beginning, beginning);
}

/* Nobody listens on the ports of what does not run. */
static void test_ports_are_of_what_runs(void **state)
{
    static const char text[] =
        "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"%s\"},\"NetworkSettings\":{\"Ports\":{"
        "\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"8080\"}]}}}";
    static const struct {
        const char *status;
        int port;
    } rows[] = { { "running", 8080 }, { "paused", 8080 }, { "created", 0 }, { "exited", 0 } };
    char whole[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_container *c;

        snprintf(whole, sizeof whole, text, rows[i].status);
        c = decode(GANTRY_KIND_CONTAINER, gnt_docker_container_rows, whole);
        gnt_settle_ports(c);
        assert_int_equal(c->ports[0]->container_port, 80);
        assert_int_equal(c->ports[0]->host_port, rows[i].port);
        gnt_result_free(c);
    }
}

/* Before the start and after the end: an exit code only in the latter; ports as asked for. */
/* A tmpfs with options is told elsewhere. */
static void test_tmpfs_of_a_container(void **state)
{
    gantry_container *c = decode(
        GANTRY_KIND_CONTAINER, gnt_docker_container_rows,
        "{\"Id\":\"" ID "\",\"Name\":\"/"
        "a\",\"State\":{\"Status\":\"created\"},\"Mounts\":[{\"Type\":\"tmpfs\",\"Source\":\"\","
        "\"Destination\":\"/t\",\"RW\":true}],\"HostConfig\":{\"Tmpfs\":{\"/u\":"
        "\"noexec,rom\",\"/v\":\"size=1,ro\"}}}");

    (void)state;
    assert_string_equal(c->mounts[0]->target, "/t");
    assert_string_equal(c->mounts[1]->target, "/u");
    assert_int_equal(c->mounts[1]->type, GANTRY_MOUNT_TMPFS);
    assert_int_equal(c->mounts[1]->read_only, 0);
    assert_string_equal(c->mounts[1]->source, "");
    assert_string_equal(c->mounts[2]->target, "/v");
    assert_int_equal(c->mounts[2]->read_only, 1);
    assert_null(c->mounts[3]);
    gnt_result_free(c);
}

static void test_container_without_process(void **state)
{
    gantry_container *c =
        decode(GANTRY_KIND_CONTAINER, gnt_docker_container_rows,
               "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"created\",\"ExitCode\":0},"
               "\"HostConfig\":{\"PidsLimit\":-1,\"PortBindings\":{\"80/tcp\":[{\"HostIp\":"
               "\"127.0.0.1\",\"HostPort\":\"8080\"}]}},\"NetworkSettings\":{\"Ports\":{}}}");
    gantry_container *ended =
        decode(GANTRY_KIND_CONTAINER, gnt_docker_container_rows,
               "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"exited\",\"ExitCode\":137,"
               "\"OOMKilled\":true},\"HostConfig\":{\"PidsLimit\":null}}");

    (void)state;
    assert_int_equal(c->state, GANTRY_CONTAINER_CREATED);
    assert_int_equal(c->has_exit_code, 0);
    assert_int_equal(c->pids_limit, 0);
    assert_int_equal(c->ports[0]->host_port, 8080);
    assert_null(c->ports[1]);
    assert_int_equal(ended->has_exit_code, 1);
    assert_int_equal(ended->exit_code, 137);
    assert_int_equal(ended->oom_killed, 1);
    assert_null(ended->ports[0]);
    gnt_result_free(c);
    gnt_result_free(ended);
}

/* What was asked for comes back, in the library's own words. */
static void test_told_options(void **state)
{
    gantry_container *c = decode(
        GANTRY_KIND_CONTAINER, gnt_docker_container_rows,
        "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"running\",\"Health\":{\"Status\":\"unhealthy\","
        "\"FailingStreak\":2,\"Log\":[{\"Start\":\"2026-11-28T05:29:17.5Z\",\"End\":"
        "\"2026-11-28T05:29:18Z\",\"ExitCode\":1,\"Output\":\"no\"}]}},\"RestartCount\":4,"
        "\"LogPath\":\"/log\",\"ExecIDs\":[\"e1\"],\"Config\":{\"StopSignal\":\"int\","
        "\"StopTimeout\":3,\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"]}},\"HostConfig\":{"
        "\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":5},\"Privileged\":true,"
        "\"ReadonlyRootfs\":true,\"Init\":true,\"MemorySwap\":-1,\"MemoryReservation\":7,"
        "\"CpuShares\":8,\"CpuPeriod\":9,\"CpuQuota\":10,\"ShmSize\":11,\"CpusetCpus\":\"0\","
        "\"NetworkMode\":\"host\",\"PidMode\":\"host\",\"IpcMode\":\"private\",\"UsernsMode\":\"\","
        "\"LogConfig\":{\"Type\":\"local\"},\"Runtime\":\"runc\",\"CapAdd\":[\"net_admin\","
        "\"CAP_CHOWN\"],\"CapDrop\":[\"ALL\"],\"Dns\":[\"192.0.2.1\"],\"ExtraHosts\":[\"a:192.0.2."
        "2\"],\"Annotations\":{\"k\":\"v\"}},\"SizeRw\":12,\"SizeRootFs\":13}");

    (void)state;
    assert_int_equal(c->health, GANTRY_HEALTH_UNHEALTHY);
    assert_string_equal(c->health_text, "unhealthy");
    assert_int_equal(c->health_failures, 2);
    assert_int_equal(c->health_log[0]->exit_code, 1);
    assert_string_equal(c->health_log[0]->output, "no");
    assert_true(c->health_log[0]->finished_ns - c->health_log[0]->started_ns == 500000000);
    assert_string_equal(c->health_test[0], "CMD");
    assert_string_equal(c->stop_signal, "SIGINT");
    assert_int_equal(c->stop_timeout_ms, 3000);
    assert_int_equal(c->restart, GANTRY_RESTART_ON_FAILURE);
    assert_int_equal(c->restart_retries, 5);
    assert_int_equal(c->restart_count, 4);
    assert_true(c->privileged && c->read_only_root && c->init);
    assert_int_equal(c->memory_swap_bytes, -1);
    assert_int_equal(c->memory_reservation_bytes, 7);
    assert_int_equal(c->cpu_shares, 8);
    assert_int_equal(c->cpu_period_us, 9);
    assert_int_equal(c->cpu_quota_us, 10);
    assert_int_equal(c->shm_size_bytes, 11);
    assert_string_equal(c->cpuset_cpus, "0");
    assert_string_equal(c->network_mode, "host");
    assert_string_equal(c->pid_namespace, "host");
    assert_string_equal(c->ipc_namespace, "");
    assert_string_equal(c->log_driver, "local");
    assert_string_equal(c->log_path, "/log");
    assert_string_equal(c->runtime, "runc");
    assert_string_equal(c->capabilities_add[0], "CAP_NET_ADMIN");
    assert_string_equal(c->capabilities_add[1], "CAP_CHOWN");
    assert_string_equal(c->capabilities_drop[0], "ALL");
    assert_string_equal(c->exec_ids[0], "e1");
    assert_string_equal(c->dns_servers[0], "192.0.2.1");
    assert_string_equal(c->extra_hosts[0], "a:192.0.2.2");
    assert_string_equal(c->annotations[0].value, "v");
    assert_int_equal(c->annotation_count, 1);
    assert_int_equal(c->size_rw_bytes, 12);
    assert_int_equal(c->size_root_bytes, 13);
    gnt_result_free(c);
}

/* A container without a health check, or with one that is switched off, has no health. */
static void test_no_health(void **state)
{
    gantry_container *c = decode(
        GANTRY_KIND_CONTAINER, gnt_docker_container_rows,
        "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"running\",\"Health\":{\"Status\":\"none\"}},"
        "\"Config\":{\"Healthcheck\":{\"Test\":[\"NONE\"]},\"StopTimeout\":-1}}");

    (void)state;
    assert_int_equal(c->health, GANTRY_HEALTH_NONE);
    assert_string_equal(c->health_text, "");
    assert_null(c->health_test[0]);
    assert_int_equal(c->stop_timeout_ms, -1);
    assert_int_equal(c->size_rw_bytes, -1);
    gnt_result_free(c);
}

static void test_health_in_lists(void **state)
{
    static const struct {
        const char *status;
        int health;
    } rows[] = { { "Up 2 minutes (healthy)", GANTRY_HEALTH_HEALTHY },
                 { "Up 2 minutes (unhealthy)", GANTRY_HEALTH_UNHEALTHY },
                 { "Up 1 second (health: starting)", GANTRY_HEALTH_STARTING },
                 { "Up 2 minutes (Paused)", GANTRY_HEALTH_NONE },
                 { "Exited (0) 2 seconds ago", GANTRY_HEALTH_NONE } };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_container *c;

        snprintf(text, sizeof text, "{\"Id\":\"" ID "\",\"State\":\"running\",\"Status\":\"%s\"}",
                 rows[i].status);
        c = decode(GANTRY_KIND_CONTAINER, gnt_docker_container_list_rows, text);
        assert_int_equal(c->health, rows[i].health);
        gnt_result_free(c);
    }
}

static void test_listed_container(void **state)
{
    gantry_container *c = decode(
        GANTRY_KIND_CONTAINER, gnt_docker_container_list_rows,
        "{\"Id\":\"" ID "\",\"Names\":[\"/other/web\",\"/dk-web\"],\"Image\":\"dk-busybox\","
        "\"ImageID\":\"sha256:" IMAGE_ID "\",\"Command\":\"sleep 1000\",\"Created\":1795360894,"
        "\"Ports\":[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":49153,"
        "\"Type\":\"tcp\"}],\"Labels\":{\"x\":\"y\"},\"State\":\"running\","
        "\"Status\":\"Up Less than a second\",\"NetworkSettings\":{\"Networks\":{"
        "\"dk-net\":{\"IPAddress\":\"172.18.0.2\"}}}}");

    (void)state;
    assert_string_equal(c->name, "dk-web");
    assert_string_equal(c->image_id, IMAGE_ID);
    assert_int_equal(c->state, GANTRY_CONTAINER_RUNNING);
    assert_string_equal(c->command[0], "sleep 1000");
    assert_null(c->command[1]);
    assert_true(c->created_ns == INT64_C(1795360894000000000));
    assert_int_equal(c->ports[0]->host_port, 49153);
    assert_null(c->ports[1]);
    assert_string_equal(c->networks[0], "dk-net");
    assert_null(c->json);
    gnt_result_free(c);
}

static void test_images(void **state)
{
    gantry_image *old = decode(
        GANTRY_KIND_IMAGE, gnt_docker_image_list_rows,
        "{\"Containers\":-1,\"Created\":1795360508,\"Id\":\"sha256:" IMAGE_ID "\","
        "\"Labels\":null,\"RepoDigests\":[\"<none>@<none>\"],\"RepoTags\":[\"<none>:<none>\"],"
        "\"Size\":1984227}");
    gantry_image *full =
        decode(GANTRY_KIND_IMAGE, gnt_docker_image_rows,
               "{\"Id\":\"sha256:" IMAGE_ID "\",\"RepoTags\":[\"app:latest\",\"app:1\"],"
               "\"RepoDigests\":[\"app@sha256:ab\"],\"Created\":\"2026-11-22T15:15:08.527732415Z\","
               "\"Config\":{\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":null,\"Cmd\":[\"sh\"],"
               "\"Labels\":{\"a\":\"b\"}},\"Architecture\":\"amd64\",\"Os\":\"linux\",\"Size\":7}");

    (void)state;
    assert_string_equal(old->id, IMAGE_ID);
    assert_null(old->references[0]);
    assert_string_equal(old->digest, "");
    assert_true(old->created_ns == INT64_C(1795360508000000000));
    assert_int_equal(old->size_bytes, 1984227);
    assert_string_equal(full->references[1], "app:1");
    assert_string_equal(full->digest, "sha256:ab");
    assert_string_equal(full->exposed_ports[0], "80/tcp");
    assert_string_equal(full->command[0], "sh");
    assert_string_equal(full->labels[0].value, "b");
    gnt_result_free(old);
    gnt_result_free(full);
}

static void test_volume_and_network(void **state)
{
    gantry_volume *v = decode(
        GANTRY_KIND_VOLUME, gnt_docker_volume_rows,
        "{\"CreatedAt\":\"2026-11-22T15:21:34Z\",\"Driver\":\"local\",\"Labels\":{\"a\":\"b\"},"
        "\"Mountpoint\":\"/v/_data\",\"Name\":\"dk-vol\",\"Options\":null,\"Scope\":\"local\"}");
    gantry_network *n = decode(
        GANTRY_KIND_NETWORK, gnt_docker_network_rows,
        "{\"Name\":\"dk-net\",\"Id\":\"" ID "\",\"Created\":\"2026-11-22T15:21:34.207193185Z\","
        "\"Scope\":\"local\",\"Driver\":\"bridge\",\"EnableIPv6\":false,\"IPAM\":{"
        "\"Driver\":\"default\",\"Options\":null,\"Config\":[{\"Subnet\":\"172.18.0.0/16\","
        "\"Gateway\":\"172.18.0.1\"}]},\"Internal\":true,\"Containers\":{},\"Options\":{},"
        "\"Labels\":{\"a\":\"b\"}}");

    (void)state;
    assert_string_equal(v->name, "dk-vol");
    assert_int_equal(v->option_count, 0);
    assert_string_equal(v->labels[0].key, "a");
    assert_string_equal(n->subnets[0]->gateway, "172.18.0.1");
    assert_null(n->subnets[1]);
    assert_int_equal(n->internal, 1);
    gnt_result_free(v);
    gnt_result_free(n);
}

static void test_engine_documents(void **state)
{
    gantry_version_info *v = decode(
        GANTRY_KIND_VERSION_INFO, gnt_docker_version_rows,
        "{\"Platform\":{\"Name\":\"\"},\"Version\":\"20.10.24+dfsg1\",\"ApiVersion\":\"1.41\","
        "\"MinAPIVersion\":\"1.12\",\"Os\":\"linux\",\"Arch\":\"amd64\","
        "\"KernelVersion\":\"6.1.0\"}");
    gantry_info *i =
        decode(GANTRY_KIND_INFO, gnt_docker_info_rows,
               "{\"Containers\":1,\"ContainersRunning\":0,\"Images\":4,\"Driver\":\"overlay2\","
               "\"CgroupDriver\":\"cgroupfs\",\"CgroupVersion\":\"1\",\"OSType\":\"linux\","
               "\"Architecture\":\"x86_64\",\"NCPU\":2,\"Name\":\"vm\",\"MemTotal\":25276510208,"
               "\"ServerVersion\":\"20.10.24+dfsg1\",\"SecurityOptions\":["
               "\"name=seccomp,profile=default\",\"name=rootless\"]}");

    (void)state;
    assert_string_equal(v->min_api_version, "1.12");
    assert_string_equal(i->arch, "amd64");
    assert_int_equal(i->rootless, 1);
    assert_int_equal(i->containers_running, 0);
    assert_int_equal(i->containers_paused, -1);
    assert_true(i->memory_bytes == INT64_C(25276510208));
    gnt_result_free(v);
    gnt_result_free(i);
}

static void test_manifest(void **state)
{
    gantry_manifest *m = decode(
        GANTRY_KIND_MANIFEST, gnt_docker_manifest_rows,
        "{\"Descriptor\":{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"digest\":"
        "\"sha256:060ddadc6263afd01c05e0d981d9aaad9c50e7c6c3a0889e7ba2d7c3a96a3435\",\"size\":355},"
        "\"Platforms\":[{\"architecture\":\"arm64\",\"os\":\"linux\",\"os.version\":\"10\","
        "\"variant\":\"v8\"},{\"architecture\":\"amd64\",\"os\":\"linux\"}]}");

    (void)state;
    assert_string_equal(m->media_type, "application/vnd.oci.image.index.v1+json");
    assert_string_equal(m->digest,
                        "sha256:060ddadc6263afd01c05e0d981d9aaad9c50e7c6c3a0889e7ba2d7c3a96a3435");
    assert_int_equal(m->count, 2);
    assert_string_equal(m->items[0]->architecture, "arm64");
    assert_string_equal(m->items[0]->os_version, "10");
    assert_string_equal(m->items[0]->variant, "v8");
    assert_string_equal(m->items[1]->architecture, "amd64");
    assert_string_equal(m->items[1]->digest, "");
    assert_int_equal(m->items[1]->manifest_bytes, -1);
    assert_null(m->items[2]);
    gnt_result_free(m);
}

/* ---- versions, errors ------------------------------------------------------------------------ */

static void test_version_text(void **state)
{
    int major = 0;
    int minor = 0;

    (void)state;
    assert_int_equal(gnt_docker_parse_version("1.41", &major, &minor), 0);
    assert_int_equal(major, 1);
    assert_int_equal(minor, 41);
    assert_int_equal(gnt_docker_parse_version(NULL, &major, &minor), -1);
    assert_int_equal(gnt_docker_parse_version("", &major, &minor), -1);
    assert_int_equal(gnt_docker_parse_version("1.", &major, &minor), -1);
    assert_int_equal(gnt_docker_parse_version("1.41x", &major, &minor), -1);
    assert_int_equal(gnt_docker_parse_version("1.99999999999999999999", &major, &minor), -1);
}

/* Messages recorded from 20.10.24. */
static void test_error_rows(void **state)
{
    static const struct {
        int status;
        const char *message;
        int code;
        int kind;
    } cases[] = {
        { 404, "No such container: web", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
        { 404, "No such image: nope:latest", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
        { 404, "get nope: no such volume", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_VOLUME },
        { 404, "image with reference my-network:latest was found but does not match the platform",
          GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
        { 404, "network nope not found", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_NETWORK },
        { 404, "page not found", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
        { 400, "client version 1.51 is too old. Minimum supported API version is 1.60",
          GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
        { 400, "No command specified", GANTRY_E_INVALID, 0 },
        { 400,
          "failed to create shim task: OCI runtime create failed: runc create failed: unable to "
          "start container process: exec: \"/no/such\": stat /no/such: no such file or directory: "
          "unknown",
          GANTRY_E_COMMAND, GANTRY_RESOURCE_CONTAINER },
        { 400,
          "OCI runtime create failed: unable to start container process: exec: \"/etc\": "
          "permission "
          "denied: unknown",
          GANTRY_E_COMMAND, GANTRY_RESOURCE_CONTAINER },
        { 400,
          "invalid mount config for type \"bind\": bind source path does not exist: /nonexistent",
          GANTRY_E_INVALID, 0 },
        { 403, "Pool overlaps with other one on this address space", GANTRY_E_CONFLICT, 0 },
        { 409,
          "Conflict. The container name \"/web\" is already in use by container \"ab\". You "
          "have to remove (or rename) that container to be able to reuse that name.",
          GANTRY_E_EXISTS, 0 },
        { 409, "network with name net already exists", GANTRY_E_EXISTS, 0 },
        { 409,
          "You cannot remove a running container ab. Stop the container before attempting "
          "removal or force remove",
          GANTRY_E_STATE, 0 },
        { 409, "Cannot kill container: web: Container ab is not running", GANTRY_E_STATE, 0 },
        { 404, "process does not exist 9c6a14113b7c: not found", GANTRY_E_STATE, 0 },
        { 409,
          "conflict: unable to remove repository reference \"b\" (must force) - container ab "
          "is using its referenced image cd",
          GANTRY_E_IN_USE, 0 },
        { 409,
          "conflict: unable to delete ab (cannot be forced) - image is being used by running "
          "container cd",
          GANTRY_E_IN_USE, 0 },
        { 409, "remove v: volume is in use - [ab]", GANTRY_E_IN_USE, 0 },
        { 403, "error while removing network: network n id ab has active endpoints",
          GANTRY_E_IN_USE, 0 },
        { 403, "endpoint with name web already exists in network net", GANTRY_E_STATE,
          GANTRY_RESOURCE_CONTAINER },
        { 500, "container ab is not connected to network bridge", GANTRY_E_STATE,
          GANTRY_RESOURCE_CONTAINER },
        { 403, "bridge is a pre-defined network and cannot be removed", GANTRY_E_FORBIDDEN, 0 },
        { 500, "invalid reference format: repository name must be lowercase", GANTRY_E_INVALID, 0 },
        { 404, "manifest unknown: manifest unknown", GANTRY_E_NOT_FOUND, 0 },
        { 500, "Head \"http://r:5001/v2/x/manifests/latest\": no basic auth credentials",
          GANTRY_E_UNAUTHORIZED, 0 },
        { 401, "unauthorized: authentication required", GANTRY_E_UNAUTHORIZED, 0 },
        { 500, "Get \"http://r:5009/v2/\": dial tcp 127.0.0.1:5009: connect: connection refused",
          GANTRY_E_REGISTRY, 0 },
        { 500, "Get \"https://u:5002/v2/\": x509: certificate signed by unknown authority",
          GANTRY_E_REGISTRY, 0 },
        { 404, "manifest for x/none:tag not found: manifest unknown: manifest unknown",
          GANTRY_E_NOT_FOUND, 0 },
        { 401, "unauthorized: authentication required", GANTRY_E_UNAUTHORIZED, 0 },
        { 500, "unauthorized: authentication required", GANTRY_E_UNAUTHORIZED, 0 },
        { 500, "Head \"http://127.0.0.1:5001/v2/none/manifests/tag\": no basic auth credentials",
          GANTRY_E_UNAUTHORIZED, 0 },
        { 500,
          "login attempt to https://registry.test:5002/v2/ failed with status: 401 Unauthorized",
          GANTRY_E_UNAUTHORIZED, 0 },
        { 500,
          "Get \"https://untrusted.test:5002/v2/\": x509: certificate signed by unknown authority",
          GANTRY_E_REGISTRY, 0 },
        { 500, "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
          GANTRY_E_REGISTRY, 0 },
        { 500,
          "Get \"https://nowhere.invalid/v2/\": dial tcp: lookup nowhere.invalid on "
          "192.0.2.53:53: dial udp 192.0.2.53:53: connect: network is unreachable",
          GANTRY_E_REGISTRY, 0 },
        { 404,
          "pull access denied for none, repository does not exist or may require 'docker login': "
          "denied: requested access to the resource is denied",
          GANTRY_E_NOT_FOUND, 0 },
        { 0, "denied: requested access to the resource is denied", GANTRY_E_FORBIDDEN, 0 },
        { 400, "Unknown runtime specified nope", GANTRY_E_INVALID, 0 },
        { 500,
          "driver failed programming external connectivity on endpoint a (b): Error starting "
          "userland proxy: listen tcp4 0.0.0.0:5000: bind: address already in use",
          GANTRY_E_IN_USE, 0 },
        { 500,
          "driver failed programming external connectivity on endpoint a (b): Bind for "
          "0.0.0.0:5000 failed: port is already allocated",
          GANTRY_E_IN_USE, 0 },
        { 403, "Address already in use", GANTRY_E_IN_USE, 0 },
        { 500, "Invalid address 10.99.0.5: It does not belong to any of this network's subnets",
          GANTRY_E_INVALID, 0 },
        { 500, "could not select device driver \"\" with capabilities: [[gpu]]",
          GANTRY_E_UNSUPPORTED, 0 },
        { 500,
          "error gathering device information while adding custom device \"/dev/nope\": no such "
          "file or directory",
          GANTRY_E_INVALID, 0 },
        { 404, "create v: error looking up volume plugin none: plugin \"none\" not found",
          GANTRY_E_INVALID, 0 },
        { 500,
          "error while mounting volume '/v/_data': failed to mount local volume: mount "
          ":/x:/v/_data, "
          "data: addr=127.0.0.1: no such device",
          GANTRY_E_INVALID, 0 },
        { 500, "invalid tmpfs option [\"nope\"]", GANTRY_E_INVALID, 0 },
        { 500, "unable to find user nobodyhere: no matching entries in passwd file",
          GANTRY_E_INVALID, 0 },
        { 500,
          "failed to create shim task: OCI runtime create failed: runc create failed: sysctl "
          "\"kernel.hostname\" is not allowed as it conflicts with the OCI \"hostname\" field",
          GANTRY_E_INVALID, 0 },
        { 500, "something else", GANTRY_E_ENGINE, 0 },
        { 503, "This node is not a swarm manager.", GANTRY_E_ENGINE, 0 },
    };
    const struct gnt_dialect dialect = { .name = "docker", .errors = gnt_docker_errors };
    const struct gnt_rest rest = { .dialect = &dialect };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gantry_error err = { 0 };
        int rc = gnt_rest_error(&rest, cases[i].status, cases[i].message, NULL, 0, "x", &err);

        if (rc != cases[i].code || err.resource_kind != cases[i].kind)
            fail_msg("%s: %s about %d", cases[i].message, gantry_error_name(rc), err.resource_kind);
    }
}

/* An error about a thing that the request only mentioned gets that thing's name. */
static void test_blame(void **state)
{
    gantry_error err = { .code = GANTRY_E_NOT_FOUND,
                         .http_status = 404,
                         .resource_kind = GANTRY_RESOURCE_NETWORK,
                         .resource = "web",
                         .message = "network nope not found" };

    (void)state;
    gnt_docker_blame(err.code, GANTRY_RESOURCE_CONTAINER, &err);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_NETWORK);
    assert_string_equal(err.resource, "nope");
    assert_int_equal(gnt_docker_blame(GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER, NULL),
                     GANTRY_E_STATE);
}

/* ---- the builder's lines --------------------------------------------------------------------- */

static struct gnt_build_line read_line(const char *text, int step, int total, int quiet)
{
    struct gnt_build_line line = { .kind = GNT_BUILD_LOG,
                                   .step = step,
                                   .total = total,
                                   .quiet = quiet,
                                   .channel = GANTRY_STDOUT,
                                   .text = text,
                                   .size = strlen(text) };

    gnt_docker_build_dialect.classify(&line);
    return line;
}

static void test_build_lines(void **state)
{
    struct gnt_build_line line = read_line("Step 3/4 : RUN make", 2, 4, 0);

    (void)state;
    assert_int_equal(line.kind, GNT_BUILD_STEP);
    assert_int_equal(line.step, 3);
    assert_int_equal(line.total, 4);
    assert_int_equal(line.size, 8);
    assert_memory_equal(line.text, "RUN make", 8);
    assert_int_equal(read_line("\n", 3, 4, 1).kind, GNT_BUILD_NOTHING);
    assert_int_equal(read_line(" ---> Using cache\n", 3, 4, 1).kind, GNT_BUILD_CACHED);
    assert_int_equal(read_line(" ---> 748e739b2457\n", 3, 4, 1).kind, GNT_BUILD_STATUS);
    assert_int_equal(read_line("Removing intermediate container 7e1b10ab7dc5\n", 3, 4, 0).kind,
                     GNT_BUILD_STATUS);
    line = read_line(" ---> Removed intermediate container 7e1b10ab7dc5\n", 3, 4, 0);
    assert_int_equal(line.kind, GNT_BUILD_STATUS);
    line = read_line("\033[91merr\n\033[0m", 3, 4, 0);
    assert_int_equal(line.kind, GNT_BUILD_LOG);
    assert_int_equal(line.channel, GANTRY_STDERR);
    assert_int_equal(line.size, 4);
    assert_memory_equal(line.text, "err\n", 4);
    line = read_line("[Warning] One or more build-args [X] were not consumed\n", 4, 4, 0);
    assert_int_equal(line.kind, GNT_BUILD_WARNING);
}

/* What a step prints does not pass for the builder's own words. */
static void test_build_lines_that_look_alike(void **state)
{
    (void)state;
    assert_int_equal(read_line("Step 9/9 : RUN x", 2, 4, 0).kind, GNT_BUILD_LOG);
    assert_int_equal(read_line("Step 3/5 : RUN x", 2, 4, 0).kind, GNT_BUILD_LOG);
    assert_int_equal(read_line("Step 3", 2, 4, 0).kind, GNT_BUILD_LOG);
    assert_int_equal(read_line("Step 3/", 2, 4, 0).kind, GNT_BUILD_LOG);
    assert_int_equal(read_line(" ---> Using cache\n", 2, 4, 0).kind, GNT_BUILD_LOG);
    assert_int_equal(read_line("Successfully tagged x\n", 4, 4, 0).kind, GNT_BUILD_LOG);
    assert_int_equal(read_line("Successfully built deadbeef1234\n", 4, 4, 0).kind, GNT_BUILD_LOG);
    assert_int_equal(read_line("\n", 2, 4, 0).kind, GNT_BUILD_LOG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_is_decided),
        cmocka_unit_test(test_structs_without_options),
        cmocka_unit_test(test_container_body),
        cmocka_unit_test(test_container_words),
        cmocka_unit_test(test_container_mounts),
        cmocka_unit_test(test_limits_and_ports),
        cmocka_unit_test(test_networks_by_version),
        cmocka_unit_test(test_options_of_newer_versions),
        cmocka_unit_test(test_anonymous_volumes_are_marked),
        cmocka_unit_test(test_options_refused),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_network_body),
        cmocka_unit_test(test_build_query),
        cmocka_unit_test(test_running_container),
        cmocka_unit_test(test_tmpfs_of_a_container),
        cmocka_unit_test(test_container_without_process),
        cmocka_unit_test(test_image_of_a_container),
        cmocka_unit_test(test_ports_are_of_what_runs),
        cmocka_unit_test(test_told_options),
        cmocka_unit_test(test_no_health),
        cmocka_unit_test(test_health_in_lists),
        cmocka_unit_test(test_listed_container),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_volume_and_network),
        cmocka_unit_test(test_engine_documents),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_version_text),
        cmocka_unit_test(test_error_rows),
        cmocka_unit_test(test_blame),
        cmocka_unit_test(test_build_lines),
        cmocka_unit_test(test_build_lines_that_look_alike),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
