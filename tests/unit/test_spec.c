/*
 * A container's options as they are taken in: copies of structs that a caller knows shorter, checks
 * that name the member, environment files.
 */
#include "container.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct gnt_arena arena;

static int setup(void **state)
{
    struct gnt_mem memory;

    (void)state;
    if (gnt_mem_init(&memory, NULL, NULL) < 0)
        return -1;
    gnt_arena_init(&arena, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gnt_arena_free(&arena);
    return 0;
}

static int import(const gantry_container_options *given, gantry_container_options *out,
                  gantry_error *err)
{
    memset(err, 0, sizeof *err);
    return gnt_container_options_import(&arena, given, out, err);
}

static void passes(const gantry_container_options *o)
{
    gantry_container_options out;
    gantry_error err;

    if (import(o, &out, &err) != 0)
        fail_msg("%s", err.message);
}

/* INVALID, and the message begins with the member's name. */
static void refused(const gantry_container_options *o, const char *member)
{
    gantry_container_options out;
    gantry_error err;

    if (import(o, &out, &err) != GANTRY_E_INVALID)
        fail_msg("%s passes", member);
    if (strncmp(err.message, member, strlen(member)) != 0)
        fail_msg("not about %s: %s", member, err.message);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define OPTIONS(...)                                                                               \
    (&(const gantry_container_options){ .size = sizeof(gantry_container_options), __VA_ARGS__ })
#define ONE(type, ...)                                                                             \
    ((const type *const[]){ &(const type){ .size = sizeof(type), __VA_ARGS__ }, NULL })
#define STRUCT(type, ...) (&(const type){ .size = sizeof(type), __VA_ARGS__ })

/* ---- copies ---------------------------------------------------------------------------------- */

static void test_shorter_structs(void **state)
{
    struct {
        size_t size;
        const char *source;
        const char *target;
        int64_t bytes;
        int type;
        int read_only;
    } old = { sizeof old, "/a", "/b", 0, GANTRY_MOUNT_BIND, GANTRY_ON };
    const gantry_mount *const mounts[] = { (const gantry_mount *)&old, NULL };
    gantry_container_options out;
    gantry_error err;

    (void)state;
    assert_int_equal(import(OPTIONS(.mounts = mounts), &out, &err), 0);
    assert_int_equal(out.mounts[0]->size, sizeof(gantry_mount));
    assert_string_equal(out.mounts[0]->target, "/b");
    assert_int_equal(out.mounts[0]->read_only, GANTRY_ON);
    assert_null(out.mounts[0]->propagation);
    assert_int_equal(out.mounts[0]->chown, 0);
    assert_null(out.mounts[1]);
}

static void test_nested_structs(void **state)
{
    const gantry_block_limit *const blocks[] = {
        STRUCT(gantry_block_limit, .path = "/dev/sda", .reads_per_second = 5), NULL
    };
    const gantry_attachment *const none[] = { NULL };
    gantry_container_options out;
    gantry_error err;

    (void)state;
    assert_int_equal(
        import(OPTIONS(.resources = STRUCT(gantry_resources, .pids = -1, .block_limits = blocks),
                       .networks = none, .network = "bridge"),
               &out, &err),
        0);
    assert_ptr_not_equal(out.resources->block_limits, blocks);
    assert_int_equal(out.resources->block_limits[0]->reads_per_second, 5);
    assert_null(out.networks); /* an empty list is none */
}

/* Structs whose size nobody set. */
static void test_unset_sizes(void **state)
{
    static const gantry_ulimit ulimit = { .name = "core" };
    static const gantry_ulimit *const ulimits[] = { &ulimit, NULL };
    static const gantry_security security = { .privileged = GANTRY_ON };
    static const gantry_health health = { .retries = 1 };
    static const gantry_device device = { .path = "/dev/null" };
    static const gantry_device *const devices[] = { &device, NULL };

    (void)state;
    refused(OPTIONS(.ulimits = ulimits), "gantry_ulimit");
    refused(OPTIONS(.security = &security), "gantry_security");
    refused(OPTIONS(.health = &health), "gantry_health");
    refused(OPTIONS(.devices = devices), "gantry_device");
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void test_mounts(void **state)
{
    (void)state;
#define MOUNT(...) OPTIONS(.mounts = ONE(gantry_mount, .target = "/t", __VA_ARGS__))
#define TMPFS .type = GANTRY_MOUNT_TMPFS
#define VOLUME .type = GANTRY_MOUNT_VOLUME, .source = "v"
#define BIND .type = GANTRY_MOUNT_BIND, .source = "/s"
    passes(MOUNT(TMPFS, .tmpfs_mode = 01777, .options = "noexec", .tmpfs_size_bytes = 1));
    passes(MOUNT(VOLUME, .subpath = "a/b..c", .copy = GANTRY_OFF, .driver = "local"));
    passes(MOUNT(BIND, .propagation = "rslave", .recursive = GANTRY_OFF));
    passes(MOUNT(.type = GANTRY_MOUNT_IMAGE, .source = "busybox:1"));
    refused(MOUNT(.type = 5), "mounts: type");
    refused(MOUNT(TMPFS, .source = "/a"), "mounts: tmpfs");
    refused(MOUNT(TMPFS, .subpath = "a"), "mounts: /t: a tmpfs mount has no subpath");
    refused(MOUNT(TMPFS, .tmpfs_mode = 010000), "mounts: /t: tmpfs_mode");
    refused(MOUNT(TMPFS, .relabel = GANTRY_RELABEL_SHARED), "mounts: /t: a tmpfs mount");
    refused(MOUNT(VOLUME, .propagation = "shared"), "mounts: /t: a volume mount");
    refused(MOUNT(VOLUME, .recursive = GANTRY_OFF), "mounts: /t: a volume mount");
    refused(MOUNT(VOLUME, .subpath = "../x"), "mounts: /t: subpath");
    refused(MOUNT(VOLUME, .subpath = "/x"), "mounts: /t: subpath");
    refused(MOUNT(BIND, .propagation = "public"), "mounts: /t: no such propagation");
    refused(MOUNT(BIND, .options = "noexec"), "mounts: /t: a bind mount");
    refused(MOUNT(BIND, .copy = GANTRY_OFF), "mounts: /t: a bind mount");
    refused(MOUNT(BIND, .relabel = 3), "mounts: relabel");
    refused(MOUNT(BIND, .chown = 7), "mounts: chown");
    refused(MOUNT(.type = GANTRY_MOUNT_BIND, .source = "s"), "mounts: the source");
    refused(MOUNT(.type = GANTRY_MOUNT_IMAGE), "mounts: source");
}

static void test_ports_and_networks(void **state)
{
    const gantry_attachment a = { .size = sizeof a, .network = "n" };
    const gantry_attachment *const twice[] = { &a, &a, NULL };

    (void)state;
#define PORT(...) OPTIONS(.ports = ONE(gantry_port, __VA_ARGS__))
#define NETWORK(...) OPTIONS(.networks = ONE(gantry_attachment, __VA_ARGS__))
    passes(PORT(.container_port = 65535, .count = 1));
    passes(PORT(.container_port = 1, .host_port = 2, .count = 65534));
    refused(PORT(.container_port = 65535, .count = 2), "ports");
    refused(PORT(.container_port = 1, .host_port = 65000, .count = 1000), "ports");
    refused(PORT(.container_port = 1, .count = -1), "ports");
    refused(PORT(.container_port = 1, .host_address = "localhost"), "ports: host_address");
    passes(NETWORK(.network = "n", .address = "10.0.0.1", .address6 = "fd00::1",
                   .mac = "02:42:AC:11:00:0f"));
    refused(NETWORK(.network = NULL), "networks: network");
    refused(NETWORK(.network = "host"), "networks");
    refused(NETWORK(.network = "n", .address = "fd00::1"), "networks: address");
    refused(NETWORK(.network = "n", .address6 = "10.0.0.1"), "networks: address6");
    refused(NETWORK(.network = "n", .mac = "02:42:ac:11:00"), "networks: mac");
    refused(NETWORK(.network = "n", .mac = "02-42-ac-11-00-01"), "networks: mac");
    refused(OPTIONS(.networks = twice), "networks: n is there twice");
    refused(OPTIONS(.networks = ONE(gantry_attachment, .network = "n"), .network = "bridge"),
            "networks");
    refused(OPTIONS(.pod = "p", .network = "bridge"), "pod");
    refused(OPTIONS(.network = "host", .publish_all = GANTRY_ON), "publish_all");
    refused(OPTIONS(.network = "container:c", .hostname = "h"), "hostname");
    refused(OPTIONS(.network = "container:c", .dns_servers = LIST("10.0.0.1")), "dns_servers");
    refused(OPTIONS(.dns_servers = LIST("dns.test")), "dns_servers");
    refused(OPTIONS(.extra_hosts = LIST("db")), "extra_hosts");
    refused(OPTIONS(.exposed_ports = LIST("80/icmp")), "exposed_ports");
    refused(OPTIONS(.exposed_ports = LIST("0")), "exposed_ports");
    passes(OPTIONS(.exposed_ports = LIST("80", "53/udp"), .extra_hosts = LIST("db:fd00::1")));
}

static void test_limits(void **state)
{
    (void)state;
#define LIMITS(...) OPTIONS(.resources = STRUCT(gantry_resources, __VA_ARGS__))
#define BLOCK(...) LIMITS(.block_limits = ONE(gantry_block_limit, __VA_ARGS__))
    passes(LIMITS(.memory_bytes = 100, .memory_swap_bytes = 100, .pids = GANTRY_UNLIMITED));
    passes(LIMITS(.memory_bytes = 100, .memory_swap_bytes = GANTRY_UNLIMITED,
                  .memory_swappiness = GANTRY_SWAPPINESS_NONE));
    refused(LIMITS(.memory_bytes = -1), "resources: memory_bytes");
    refused(LIMITS(.memory_swap_bytes = 100), "resources: memory_swap_bytes: needs");
    refused(LIMITS(.memory_bytes = 100, .memory_swap_bytes = 99), "resources: memory_swap_bytes");
    refused(LIMITS(.memory_bytes = 100, .memory_reservation_bytes = 101),
            "resources: memory_reservation_bytes");
    refused(LIMITS(.memory_swappiness = 101), "resources: memory_swappiness");
    refused(LIMITS(.memory_swappiness = -2), "resources: memory_swappiness");
    refused(LIMITS(.oom_kill = GANTRY_OFF), "resources: oom_kill");
    refused(LIMITS(.nano_cpus = 1, .cpu_quota_us = 5000), "resources: nano_cpus");
    refused(LIMITS(.cpu_period_us = 999), "resources: cpu_period_us");
    refused(LIMITS(.cpu_quota_us = 999), "resources: cpu_quota_us");
    refused(LIMITS(.cpu_shares = 1), "resources: cpu_shares");
    refused(LIMITS(.cpuset_cpus = "a"), "resources: cpuset_cpus");
    refused(LIMITS(.cpuset_mems = ""), "resources: cpuset_mems");
    refused(LIMITS(.block_weight = 9), "resources: block_weight");
    refused(LIMITS(.pids = -2), "resources: pids");
    refused(BLOCK(.path = "sda", .weight = 10), "resources: block_limits: path");
    refused(BLOCK(.path = "/dev/sda"), "resources: block_limits");
    refused(BLOCK(.path = "/dev/sda", .weight = 1001), "resources: block_limits: weight");
    refused(OPTIONS(.ulimits = ONE(gantry_ulimit, .name = "RLIMIT_CORE")), "ulimits");
    refused(OPTIONS(.ulimits = ONE(gantry_ulimit, .name = "core", .soft = 2, .hard = 1)),
            "ulimits: core");
    refused(OPTIONS(.shm_size_bytes = -1), "shm_size_bytes");
    refused(OPTIONS(.shm_size_bytes = 1, .ipc_namespace = "host"), "shm_size_bytes");
    refused(OPTIONS(.oom_score_adjustment = 1001), "oom_score_adjustment");
}

static void test_host(void **state)
{
    (void)state;
#define SECURITY(...) OPTIONS(.security = STRUCT(gantry_security, __VA_ARGS__))
#define DEVICE(...) OPTIONS(.devices = ONE(gantry_device, __VA_ARGS__))
#define SECRET(...) OPTIONS(.secrets = ONE(gantry_secret_mount, __VA_ARGS__))
    passes(SECURITY(.seccomp = "unconfined", .user_namespace = "keep-id:uid=5"));
    passes(SECURITY(.seccomp = "{\"defaultAction\":\"x\"}", .uid_maps = LIST("0:100000:65536")));
    refused(SECURITY(.seccomp = "profile.json"), "security: seccomp");
    refused(SECURITY(.seccomp = "[]"), "security: seccomp");
    refused(SECURITY(.seccomp = "{}", .seccomp_path = "/p"), "security: seccomp");
    refused(SECURITY(.seccomp_path = "p"), "security: seccomp_path");
    refused(SECURITY(.user_namespace = "mine"), "security: user_namespace");
    refused(SECURITY(.user_namespace = "host:x"), "security: user_namespace");
    refused(SECURITY(.user_namespace = "host", .uid_maps = LIST("0:1:1")), "security: uid_maps");
    refused(SECURITY(.uid_maps = LIST("0:1")), "security: uid_maps");
    refused(SECURITY(.gid_maps = LIST("0:1:x")), "security: gid_maps");
    refused(SECURITY(.gid_maps = LIST("0:1:1:")), "security: gid_maps");
    refused(SECURITY(.privileged = 5), "security: privileged");
    refused(SECURITY(.capabilities_add = LIST("")), "security: capabilities_add");
    passes(DEVICE(.path = "/dev/fuse", .permissions = "rw"));
    passes(DEVICE(.path = "vendor.com/gpu=0"));
    refused(DEVICE(.path = "fuse"), "devices: path");
    refused(DEVICE(.path = "/dev/fuse", .permissions = "x"), "devices: /dev/fuse: permissions");
    refused(DEVICE(.path = "/dev/fuse", .container_path = "x"), "devices: /dev/fuse");
    refused(DEVICE(.path = "v/c=0", .permissions = "r"), "devices: v/c=0");
    passes(SECRET(.secret = "s", .target = "t", .uid = 5, .mode = 0400));
    refused(SECRET(.target = "t"), "secrets: secret");
    refused(SECRET(.secret = "s", .environment = "A=B"), "secrets: s");
    refused(SECRET(.secret = "s", .environment = "A", .mode = 0400), "secrets: s");
    refused(SECRET(.secret = "s", .mode = 010000), "secrets: s: mode");
    passes(OPTIONS(.gpus = "all"));
    passes(OPTIONS(.gpus = "device=0,1"));
    refused(OPTIONS(.gpus = "some"), "gpus");
    refused(OPTIONS(.gpus = "0"), "gpus");
    refused(OPTIONS(.gpus = "device=0,,1"), "gpus");
}

static void test_life(void **state)
{
    static const gantry_pair empty[] = { { "a", NULL } };

    (void)state;
#define HEALTH(...) OPTIONS(.health = STRUCT(gantry_health, __VA_ARGS__))
    passes(HEALTH(.test = LIST("NONE")));
    passes(HEALTH(.test = LIST("CMD", "true", ""), .interval_ms = 1, .retries = 3));
    refused(HEALTH(.test = LIST("CMD")), "health: test");
    refused(HEALTH(.test = LIST("CMD-SHELL", "a", "b")), "health: test");
    refused(HEALTH(.test = LIST("NONE", "x")), "health: test");
    refused(HEALTH(.test = LIST("true")), "health: test");
    refused(HEALTH(.interval_ms = -1), "health: interval_ms");
    refused(HEALTH(.timeout_ms = INT64_MAX), "health: timeout_ms");
    refused(HEALTH(.on_unhealthy = 4), "health: on_unhealthy");
    refused(OPTIONS(.restart = 5), "restart");
    refused(OPTIONS(.restart = GANTRY_RESTART_ALWAYS, .restart_retries = 1), "restart_retries");
    refused(OPTIONS(.restart = GANTRY_RESTART_ALWAYS, .auto_remove = GANTRY_ON), "restart");
    refused(OPTIONS(.pull = 5), "pull");
    refused(OPTIONS(.init = 9), "init");
    refused(OPTIONS(.platform = "linux,arm64"), "platform");
    refused(OPTIONS(.pid_namespace = "mine"), "pid_namespace");
    refused(OPTIONS(.pid_namespace = "container:"), "pid_namespace");
    refused(OPTIONS(.uts_namespace = "container:x"), "uts_namespace");
    refused(OPTIONS(.uts_namespace = "host", .hostname = "h"), "hostname");
    refused(OPTIONS(.cgroup_namespace = "none"), "cgroup_namespace");
    refused(OPTIONS(.sysctls = empty, .sysctl_count = 1), "sysctls");
    refused(OPTIONS(.annotation_count = 1), "annotations");
    refused(OPTIONS(.log_option_count = 1), "log_options");
    refused(OPTIONS(.groups = LIST("")), "groups");
    passes(OPTIONS(.ipc_namespace = "shareable", .pid_namespace = "container:web"));
}

/* ---- environment files ----------------------------------------------------------------------- */

static void write_file(char *path, const char *text, size_t size)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    assert_int_equal(close(fd), 0);
}

static void test_environment_files(void **state)
{
    static const char first[] =
        "\xEF\xBB\xBF"
        "A=1\n# B=2\n   #C=3\n\n \t\n  D= spaced \nE='it''s'\nF\nG=\r\nH=a=b";
    static const char second[] = "A=again\nI=last\n";
    char one[] = "/tmp/gantry-env-XXXXXX";
    char two[] = "/tmp/gantry-env-XXXXXX";
    static const char *const want[] = { "A=again",  "D= spaced ", "E='it''s'", "G=",
                                        "H=option", "I=last",     "J=new",     NULL };
    gantry_container_options out;
    gantry_error err;

    (void)state;
    write_file(one, first, sizeof first - 1);
    write_file(two, second, sizeof second - 1);
    if (import(
            OPTIONS(.environment_files = LIST(one, two), .environment = LIST("H=option", "J=new")),
            &out, &err) != 0)
        fail_msg("%s", err.message);
    for (size_t i = 0; want[i] != NULL; i++) {
        assert_non_null(out.environment[i]);
        assert_string_equal(out.environment[i], want[i]);
    }
    assert_null(out.environment[7]);
    assert_null(out.environment_files);
    unlink(one);
    unlink(two);
}

static void test_bad_environment_files(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *line; /* behind the path in the message */
    } rows[] = {
        { "A=1\n=x\n", 7, ":2: " }, { "A B=secret\n", 11, ":1: " }, { "\n\nNAME \n", 8, ":3: " },
        { "A\0B=1\n", 6, ": " },    { "A =secret\n", 10, ":1: " },
    };
    gantry_container_options out;
    gantry_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[] = "/tmp/gantry-env-XXXXXX";
        char place[80];

        write_file(path, rows[i].text, rows[i].size);
        assert_int_equal(import(OPTIONS(.environment_files = LIST(path)), &out, &err),
                         GANTRY_E_INVALID);
        unlink(path);
        snprintf(place, sizeof place, "environment_files: %s%s", path, rows[i].line);
        if (strncmp(err.message, place, strlen(place)) != 0)
            fail_msg("%zu: %s", i, err.message);
        assert_null(strstr(err.message, "secret"));
    }
    assert_int_equal(import(OPTIONS(.environment_files = LIST("/nonexistent/env")), &out, &err),
                     GANTRY_E_IO);
    assert_non_null(strstr(err.message, "/nonexistent/env"));
    assert_int_equal(import(OPTIONS(.environment_files = LIST("/tmp")), &out, &err), GANTRY_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shorter_structs),
        cmocka_unit_test(test_nested_structs),
        cmocka_unit_test(test_unset_sizes),
        cmocka_unit_test(test_mounts),
        cmocka_unit_test(test_ports_and_networks),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_environment_files),
        cmocka_unit_test(test_bad_environment_files),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
