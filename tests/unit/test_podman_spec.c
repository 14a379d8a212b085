/*
 * A new container on Podman: the body of create for each option, what old versions cannot, the
 * warnings that take options back, signals, and what an inspection gives back (recorded from 4.3.1,
 * and the shapes of 5.x).
 */
#include "podman/podman_spec.h"

#include "rest_life.h"

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

static gantry_error failure;

/* The body of create for an engine of this version, or the code it fails with. */
static int body_of(const gantry_container_options *opts, int major, int minor, struct gnt_buf *text)
{
    struct podman_platform platform = { .os = "" };
    struct gnt_rest rest = { .host = &host, .version = { major, minor, 0 } };
    struct gnt_req r;
    struct gnt_json *body;
    int rc;

    gnt_req_init(&r, &rest, "POST", NULL, "/containers/create");
    body = gnt_podman_container_body(&r, "app", opts, &platform);
    gnt_buf_init(text, &host.mem, 1 << 20);
    rc = r.rc;
    failure = r.failure;
    if (rc == 0)
        rc = gnt_json_write(body, text);
    gnt_req_free(&r);
    return rc;
}

#define HEAD "{\"image\":\"app\",\"httpproxy\":false,"

/* The whole body, without what is in each. */
static void check(const gantry_container_options *opts, int major, int minor, const char *want)
{
    struct gnt_buf text;

    if (body_of(opts, major, minor, &text) != 0)
        fail_msg("%s", failure.message);
    if (want[0] == ',')
        assert_non_null(strstr(gnt_buf_text(&text), want + 1));
    else
        assert_string_equal(gnt_buf_text(&text) + strlen(HEAD), want);
    gnt_buf_free(&text);
}

static void check_fails(const gantry_container_options *opts, int major, int minor, int code,
                        const char *says)
{
    struct gnt_buf text;

    assert_int_equal(body_of(opts, major, minor, &text), code);
    if (strstr(failure.message, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", failure.message, says);
    gnt_buf_free(&text);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- bodies ---------------------------------------------------------------------------------- */

static void test_mounts(void **state)
{
    const gantry_mount bind = { .size = sizeof bind,
                                .type = GANTRY_MOUNT_BIND,
                                .source = "/a",
                                .target = "/b",
                                .propagation = "rslave",
                                .recursive = GANTRY_OFF,
                                .relabel = GANTRY_RELABEL_PRIVATE,
                                .chown = GANTRY_ON };
    const gantry_mount tmpfs = { .size = sizeof tmpfs,
                                 .type = GANTRY_MOUNT_TMPFS,
                                 .target = "/t",
                                 .tmpfs_mode = 01750,
                                 .options = "noexec,tmpcopyup" };
    gantry_mount volume = { .size = sizeof volume,
                            .type = GANTRY_MOUNT_VOLUME,
                            .source = "data",
                            .target = "/v",
                            .copy = GANTRY_OFF };
    gantry_mount image = { .size = sizeof image,
                           .type = GANTRY_MOUNT_IMAGE,
                           .source = "sha256:00",
                           .target = "/i",
                           .read_only = GANTRY_OFF };
    const gantry_mount *const all[] = { &bind, &tmpfs, &volume, &image, NULL };
    const gantry_mount *const one[] = { &volume, NULL };
    const gantry_mount *const other[] = { &image, NULL };
    gantry_container_options o = { .size = sizeof o, .mounts = all };

    (void)state;
    check(&o, 4, 3,
          "\"mounts\":[{\"type\":\"bind\",\"source\":\"/a\",\"destination\":\"/b\",\"options\":["
          "\"bind\",\"Z\",\"U\",\"rslave\"]},{\"type\":\"tmpfs\",\"source\":\"tmpfs\","
          "\"destination\":\"/t\",\"options\":[\"mode=1750\",\"noexec\",\"tmpcopyup\"]}],"
          "\"volumes\":[{\"Name\":\"data\",\"Dest\":\"/v\",\"Options\":[\"nocopy\"]}],"
          "\"image_volumes\":[{\"Source\":\"00\",\"Destination\":\"/i\",\"ReadWrite\":true}]}");
    volume.subpath = image.subpath = "below";
    o.mounts = one;
    check_fails(&o, 4, 3, GANTRY_E_UNSUPPORTED, "subpath");
    check(&o, 4, 4, ",\"SubPath\":\"below\"");
    o.mounts = other;
    check_fails(&o, 5, 0, GANTRY_E_UNSUPPORTED, "subpath");
    check(&o, 5, 1, ",\"subPath\":\"below\"");
    volume.subpath = NULL;
    volume.driver = "local";
    o.mounts = one;
    check_fails(&o, 5, 8, GANTRY_E_UNSUPPORTED, "driver");
}

static void test_network(void **state)
{
    const gantry_attachment front = { .size = sizeof front,
                                      .network = "a.b",
                                      .aliases = LIST("x", "y"),
                                      .address = "10.0.0.9",
                                      .address6 = "fd00::9",
                                      .mac = "02:00:00:00:00:01" };
    const gantry_attachment back = { .size = sizeof back, .network = "back" };
    const gantry_attachment *const networks[] = { &front, &back, NULL };
    const gantry_attachment *const twice[] = { &back, &back, NULL };
    const gantry_port range = { .size = sizeof range, .container_port = 80, .count = 3 };
    const gantry_port *const ports[] = { &range, NULL };
    gantry_container_options o = { .size = sizeof o, .networks = networks, .ports = ports };

    (void)state;
    check(&o, 4, 3,
          "\"portmappings\":[{\"container_port\":80,\"range\":3,\"protocol\":\"tcp\"}],"
          "\"netns\":{\"nsmode\":\"bridge\"},\"Networks\":{\"a.b\":{\"aliases\":[\"x\",\"y\"],"
          "\"static_ips\":[\"10.0.0.9\",\"fd00::9\"],\"static_mac\":\"02:00:00:00:00:01\"},"
          "\"back\":{}}}");
    o.networks = twice;
    check_fails(&o, 4, 3, GANTRY_E_INVALID, "twice");
    o = (gantry_container_options){ .size = sizeof o,
                                    .network = "slirp4netns",
                                    .exposed_ports = LIST("80/tcp", "80/udp", "90"),
                                    .dns_servers = LIST("::1"),
                                    .dns_search = LIST("test"),
                                    .dns_options = LIST("ndots:2"),
                                    .extra_hosts = LIST("a:1.2.3.4"),
                                    .publish_all = GANTRY_ON };
    check(&o, 4, 3,
          ",\"expose\":{\"80\":\"tcp,udp\",\"90\":\"tcp\"},\"dns_server\":[\"::1\"],"
          "\"dns_search\":[\"test\"],\"dns_option\":[\"ndots:2\"],"
          "\"hostadd\":[\"a:1.2.3.4\"],\"publish_image_ports\":true");
    check(&o, 4, 3, ",\"netns\":{\"nsmode\":\"slirp4netns\"}");
    o.extra_hosts = LIST("a:host-gateway");
    check_fails(&o, 4, 6, GANTRY_E_UNSUPPORTED, "extra_hosts");
    check(&o, 4, 7, ",\"a:host-gateway\"");
}

static void test_limits(void **state)
{
    const gantry_block_limit a = { .size = sizeof a,
                                   .path = "/dev/sda",
                                   .read_bytes_per_second = 1,
                                   .writes_per_second = 4,
                                   .weight = 50 };
    const gantry_block_limit b = {
        .size = sizeof b, .path = "/dev/sdb", .write_bytes_per_second = 2, .reads_per_second = 3
    };
    const gantry_block_limit *const blocks[] = { &a, &b, NULL };
    gantry_resources limits = { .size = sizeof limits,
                                .memory_bytes = 8192,
                                .pids = GANTRY_UNLIMITED,
                                .memory_swap_bytes = GANTRY_UNLIMITED,
                                .memory_reservation_bytes = 4096,
                                .memory_swappiness = GANTRY_SWAPPINESS_NONE,
                                .cpu_shares = 2,
                                .cpu_period_us = 50000,
                                .cpu_quota_us = 1000,
                                .cpuset_cpus = "0-1",
                                .cpuset_mems = "0",
                                .block_weight = 10,
                                .oom_kill = GANTRY_OFF };
    const gantry_ulimit core = { .size = sizeof core, .name = "core", .hard = GANTRY_UNLIMITED };
    const gantry_ulimit *const ulimits[] = { &core, NULL };
    gantry_container_options o = { .size = sizeof o, .resources = &limits };

    (void)state;
    check(&o, 4, 3,
          "\"resource_limits\":{\"memory\":{\"limit\":8192,\"swap\":9223372036854771712,"
          "\"reservation\":4096,\"swappiness\":0,\"disableOOMKiller\":true},"
          "\"pids\":{\"limit\":-1},\"cpu\":{\"shares\":2,\"period\":50000,\"quota\":1000,"
          "\"cpus\":\"0-1\",\"mems\":\"0\"},\"blockIO\":{\"weight\":10}}}");
    limits = (gantry_resources){ .size = sizeof limits, .block_limits = blocks };
    check(&o, 4, 3,
          "\"resource_limits\":{},\"throttleReadBpsDevice\":{\"/dev/sda\":{\"rate\":1}},"
          "\"throttleWriteIOPSDevice\":{\"/dev/sda\":{\"rate\":4}},"
          "\"weightDevice\":{\"/dev/sda\":{\"weight\":50}},"
          "\"throttleWriteBpsDevice\":{\"/dev/sdb\":{\"rate\":2}},"
          "\"throttleReadIOPSDevice\":{\"/dev/sdb\":{\"rate\":3}}}");
    limits = (gantry_resources){ .size = sizeof limits };
    o.ulimits = ulimits;
    o.oom_score_adjustment = -5;
    o.shm_size_bytes = 7;
    check(&o, 4, 3,
          ",\"r_limits\":[{\"type\":\"core\",\"soft\":0,\"hard\":18446744073709551615}],"
          "\"shm_size\":7,\"oom_score_adj\":-5");
}

static void test_security(void **state)
{
    gantry_security s = { .size = sizeof s,
                          .capabilities_add = LIST("ALL"),
                          .capabilities_drop = LIST("CHOWN"),
                          .seccomp = "unconfined",
                          .apparmor = "unconfined",
                          .selinux = LIST("disable"),
                          .privileged = GANTRY_ON,
                          .read_only_root = GANTRY_ON,
                          .no_new_privileges = GANTRY_ON };
    gantry_container_options o = { .size = sizeof o, .security = &s };

    (void)state;
    check(&o, 4, 3,
          "\"cap_add\":[\"ALL\"],\"cap_drop\":[\"CHOWN\"],\"apparmor_profile\":\"unconfined\","
          "\"selinux_opts\":[\"disable\"],\"privileged\":true,\"read_only_filesystem\":true,"
          "\"no_new_privileges\":true,\"seccomp_profile_path\":\"unconfined\"}");
    check(&o, 4, 4, ",\"read_write_tmpfs\":false");
    s = (gantry_security){ .size = sizeof s, .seccomp = "{}" };
    check_fails(&o, 5, 8, GANTRY_E_UNSUPPORTED, "seccomp_path");
    s = (gantry_security){ .size = sizeof s, .seccomp_path = "/p.json" };
    check(&o, 4, 3, "\"seccomp_profile_path\":\"/p.json\"}");
}

static void test_user_namespaces(void **state)
{
    gantry_security s = { .size = sizeof s, .user_namespace = "keep-id" };
    gantry_container_options o = { .size = sizeof o, .security = &s };

    (void)state;
#define OWN "\"HostUIDMapping\":false,\"HostGIDMapping\":false}"
    check(&o, 4, 2, "\"userns\":{\"nsmode\":\"keep-id\"},\"idmappings\":{" OWN "}");
    s.user_namespace = "keep-id:uid=5,gid=6";
    check_fails(&o, 4, 2, GANTRY_E_UNSUPPORTED, "keep-id");
    check(&o, 4, 3,
          "\"userns\":{\"nsmode\":\"keep-id\",\"value\":\"uid=5,gid=6\"},\"idmappings\":{" OWN "}");
    s.user_namespace = "nomap";
    check(&o, 4, 3, "\"userns\":{\"nsmode\":\"no-map\"},\"idmappings\":{" OWN "}");
    s.user_namespace = "auto:size=500";
    check(&o, 4, 3,
          "\"userns\":{\"nsmode\":\"auto\"},\"idmappings\":{\"AutoUserNs\":true,"
          "\"AutoUserNsOpts\":{\"Size\":500}," OWN "}");
    s.user_namespace = "auto:flavour=sweet";
    check_fails(&o, 4, 3, GANTRY_E_UNSUPPORTED, "flavour");
    s.user_namespace = "container:web";
    check(&o, 4, 3, "\"userns\":{\"nsmode\":\"container\",\"value\":\"web\"}}");
    s.user_namespace = "host";
    check(&o, 4, 3,
          "\"userns\":{\"nsmode\":\"host\"},\"idmappings\":{\"HostUIDMapping\":true,"
          "\"HostGIDMapping\":true}}");
    s.user_namespace = NULL;
    s.uid_maps = LIST("0:1:2", "2:9:1");
    check(&o, 4, 3,
          "\"userns\":{\"nsmode\":\"private\"},\"idmappings\":{\"UIDMap\":["
          "{\"container_id\":0,\"host_id\":1,\"size\":2},{\"container_id\":2,\"host_id\":9,"
          "\"size\":1}],\"GIDMap\":[{\"container_id\":0,\"host_id\":1,\"size\":2},"
          "{\"container_id\":2,\"host_id\":9,\"size\":1}]," OWN "}");
    s.user_namespace = "auto";
    check_fails(&o, 4, 3, GANTRY_E_INVALID, "uid_maps");
}

static void test_devices(void **state)
{
    gantry_device plain = { .size = sizeof plain, .path = "/dev/a" };
    const gantry_device cdi = { .size = sizeof cdi, .path = "v.com/c=x" };
    const gantry_device *const devices[] = { &plain, &cdi, NULL };
    const gantry_security all = { .size = sizeof all, .privileged = GANTRY_ON };
    gantry_container_options o = { .size = sizeof o, .devices = devices, .gpus = "device=a,b" };

    (void)state;
    check(&o, 4, 3,
          "\"devices\":[{\"path\":\"/dev/a:/dev/a:rwm\"},{\"path\":\"v.com/c=x\"},"
          "{\"path\":\"nvidia.com/gpu=a\"},{\"path\":\"nvidia.com/gpu=b\"}]}");
    o = (gantry_container_options){ .size = sizeof o, .gpus = "2" };
    check(&o, 4, 3,
          "\"devices\":[{\"path\":\"nvidia.com/gpu=0\"},{\"path\":\"nvidia.com/gpu=1\"}]}");
    o.gpus = "all";
    check(&o, 4, 3, "\"devices\":[{\"path\":\"nvidia.com/gpu=all\"}]}");
    o.gpus = "some";
    check_fails(&o, 4, 3, GANTRY_E_INVALID, "gpus");
    plain.container_path = "/dev/b";
    plain.permissions = "r";
    o = (gantry_container_options){ .size = sizeof o, .devices = devices };
    check(&o, 4, 3, ",\"/dev/a:/dev/b:r\"");
    o.security = &all;
    check_fails(&o, 4, 3, GANTRY_E_UNSUPPORTED, "container_path");
}

static void test_service(void **state)
{
    gantry_health health = { .size = sizeof health,
                             .test = LIST("CMD", "true"),
                             .interval_ms = 1500,
                             .timeout_ms = 2,
                             .start_period_ms = 3,
                             .retries = 4,
                             .on_unhealthy = GANTRY_UNHEALTHY_RESTART };
    gantry_pair log = { "max-size", "10m" };
    const gantry_pair pair = { "k", "v" };
    gantry_container_options o = { .size = sizeof o, .health = &health };

    (void)state;
    check_fails(&o, 4, 2, GANTRY_E_UNSUPPORTED, "on_unhealthy");
    check(&o, 4, 3,
          "\"healthconfig\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":1500000000,"
          "\"Timeout\":2000000,\"StartPeriod\":3000000,\"Retries\":4},"
          "\"health_check_on_failure_action\":3}");
    health.start_interval_ms = 1;
    check_fails(&o, 5, 8, GANTRY_E_UNSUPPORTED, "start_interval_ms");
    o = (gantry_container_options){ .size = sizeof o,
                                    .restart = GANTRY_RESTART_ON_FAILURE,
                                    .restart_retries = 5,
                                    .log_driver = "json-file",
                                    .log_options = &log,
                                    .log_option_count = 1,
                                    .pid_namespace = "host",
                                    .ipc_namespace = "container:web",
                                    .uts_namespace = "private",
                                    .cgroup_namespace = "host" };
    check(&o, 4, 3, ",\"restart_tries\":5,\"restart_policy\":\"on-failure\"");
    check(&o, 4, 3,
          ",\"log_configuration\":{\"driver\":\"k8s-file\",\"size\":10485760},"
          "\"pidns\":{\"nsmode\":\"host\"},\"ipcns\":{\"nsmode\":\"container\",\"value\":\"web\"},"
          "\"utsns\":{\"nsmode\":\"private\"},\"cgroupns\":{\"nsmode\":\"host\"}}");
    log.value = "10x";
    check_fails(&o, 4, 3, GANTRY_E_INVALID, "10x");
    log.value = "9999999999g";
    check_fails(&o, 4, 3, GANTRY_E_INVALID, "9999999999g");
    log.key = "max-file";
    check_fails(&o, 4, 3, GANTRY_E_UNSUPPORTED, "max-file of log driver json-file");
    o.log_driver = NULL;
    check_fails(&o, 4, 3, GANTRY_E_UNSUPPORTED, "without log_driver");
    o = (gantry_container_options){ .size = sizeof o,
                                    .init = GANTRY_ON,
                                    .annotations = &pair,
                                    .annotation_count = 1,
                                    .groups = LIST("7"),
                                    .stop_signal = "sigrtmin+3",
                                    .sysctls = &pair,
                                    .sysctl_count = 1,
                                    .cgroup_parent = "/p",
                                    .runtime = "crun",
                                    .pod = "pod" };
    check(&o, 4, 3,
          ",\"init\":true,\"annotations\":{\"k\":\"v\"},\"groups\":[\"7\"],"
          "\"stop_signal\":37,\"sysctl\":{\"k\":\"v\"},\"cgroup_parent\":\"/p\","
          "\"oci_runtime\":\"crun\",\"pod\":\"pod\"");
    o.stop_signal = "SIGNONE";
    check_fails(&o, 4, 3, GANTRY_E_INVALID, "SIGNONE");
}

static void test_secrets(void **state)
{
    gantry_secret_mount file = { .size = sizeof file, .secret = "s" };
    const gantry_secret_mount placed = {
        .size = sizeof placed, .secret = "s", .target = "/t", .uid = 1, .gid = 2, .mode = 0400
    };
    const gantry_secret_mount variable = { .size = sizeof variable,
                                           .secret = "s",
                                           .environment = "A/B" };
    const gantry_secret_mount *const secrets[] = { &placed, &variable, NULL };
    const gantry_secret_mount *const both[] = { &file, &placed, NULL };
    gantry_container_options o = { .size = sizeof o, .secrets = secrets };

    (void)state;
    check(&o, 4, 3,
          "\"secrets\":[{\"Source\":\"s\",\"Target\":\"/t\",\"UID\":1,\"GID\":2,\"Mode\":256}],"
          "\"secret_env\":{\"A/B\":\"s\"}}");
    o.secrets = both;
    check_fails(&o, 4, 3, GANTRY_E_UNSUPPORTED, "secrets");
    file.uid = 1;
    file.gid = 2;
    file.mode = 0400;
    check(&o, 4, 3, ",\"secrets\":[{\"Source\":\"s\",\"UID\":1");
}

/* ---- warnings, signals ----------------------------------------------------------------------- */

static void test_warnings(void **state)
{
    const gantry_port port = { .size = sizeof port, .container_port = 80 };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_resources limits = { .size = sizeof limits, .memory_bytes = 1 << 20 };
    gantry_container_options o = { .size = sizeof o, .resources = &limits };
    static const char rootless[] =
        "Resource limits are not supported and ignored on cgroups V1 rootless systems";
    static const char swap[] = "Your kernel does not support swap limit capabilities or the cgroup "
                               "is not mounted. Memory limited without swap.";
    static const char weight[] = "Your kernel does not support Block I/O weight or the cgroup is "
                                 "not mounted. Weight discarded.";
    static const char discarded[] = "Port mappings have been discarded as one of the Host, "
                                    "Container, Pod, and None network modes are in use";

    (void)state;
    assert_string_equal(gnt_podman_taken_back(rootless, &o), "resources");
    assert_null(gnt_podman_taken_back(swap, &o)); /* nobody asked for it */
    limits.memory_swap_bytes = 1 << 21;
    assert_string_equal(gnt_podman_taken_back(swap, &o), "resources: memory_swap_bytes");
    assert_null(gnt_podman_taken_back(weight, &o));
    limits.block_weight = 10;
    assert_string_equal(gnt_podman_taken_back(weight, &o), "resources: block_weight");
    assert_null(gnt_podman_taken_back(discarded, &o));
    o.ports = ports;
    assert_string_equal(gnt_podman_taken_back(discarded, &o), "ports");
    assert_null(gnt_podman_taken_back("something else", &o));
    o.resources = NULL;
    assert_null(gnt_podman_taken_back(rootless, &o));
}

static void test_signals(void **state)
{
    char text[16];

    (void)state;
    assert_int_equal(gnt_signal_number("SIGTERM"), 15);
    assert_int_equal(gnt_signal_number("term"), 15);
    assert_int_equal(gnt_signal_number("9"), 9);
    assert_int_equal(gnt_signal_number("SIGRTMIN"), 34);
    assert_int_equal(gnt_signal_number("RTMAX-2"), 62);
    assert_int_equal(gnt_signal_number("RTMIN+31"), 0);
    assert_int_equal(gnt_signal_number("RTMIN-1"), 0);
    assert_int_equal(gnt_signal_number("65"), 0);
    assert_int_equal(gnt_signal_number("0"), 0);
    assert_int_equal(gnt_signal_number("99999999999999999999"), 0);
    assert_int_equal(gnt_signal_number(""), 0);
    for (int number = 1; number <= 64; number++) {
        const char *name = gnt_signal_name(number, text);

        if (number == 32 || number == 33)
            assert_null(name);
        else
            assert_int_equal(gnt_signal_number(name), number);
    }
    assert_null(gnt_signal_name(INT64_MAX, text));
}

/* ---- recorded answers ------------------------------------------------------------------------ */

static gantry_container *inspected(const struct gnt_in *rows, const char *text)
{
    void *result = gnt_result_new(&host.mem, GANTRY_KIND_CONTAINER, NULL);
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

static void test_inspection(void **state)
{
    gantry_container *c = inspected(
        gnt_podman_container_rows,
        "{\"Id\":\"" ID "\",\"Path\":\"/run/podman-init\",\"Args\":[\"--\",\"/bin/sh\",\"-e\","
        "\"-c\",\"x\"],\"State\":{\"Status\":\"running\",\"Health\":{\"Status\":\"unhealthy\","
        "\"FailingStreak\":2,\"Log\":[{\"Start\":\"2026-11-28T06:04:28Z\","
        "\"End\":\"2026-11-28T06:04:29Z\",\"ExitCode\":1,\"Output\":\"bad\"}]}},"
        "\"OCIRuntime\":\"runc\",\"Pod\":\"" ID "\",\"RestartCount\":3,\"ExecIDs\":[\"e1\"],"
        "\"SizeRw\":12,\"SizeRootFs\":1984227,\"Config\":{\"Cmd\":[\"-c\",\"x\"],"
        "\"Entrypoint\":\"/bin/sh -e\",\"Annotations\":{\"io.container.manager\":\"libpod\","
        "\"mine\":\"1\",\"io.kubernetes.cri-o.Created\":\"t\",\"io.podman.annotations.init\":"
        "\"TRUE\",\"org.opencontainers.image.stopSignal\":\"12\",\"other\":\"2\"},"
        "\"StopSignal\":12,\"StopTimeout\":10,\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"x\"]}},"
        "\"HostConfig\":{\"Init\":true,\"LogConfig\":{\"Type\":\"k8s-file\",\"Path\":\"/l\"},"
        "\"NetworkMode\":\"bridge\",\"RestartPolicy\":{\"Name\":\"on-failure\","
        "\"MaximumRetryCount\":2},\"CapAdd\":[\"CAP_NET_ADMIN\"],\"CapDrop\":["
        "\"CAP_AUDIT_WRITE\",\"CAP_CHOWN\",\"CAP_MKNOD\",\"CAP_NET_RAW\"],\"Dns\":[\"::1\"],"
        "\"ExtraHosts\":[\"a:1.2.3.4\"],\"IpcMode\":\"shareable\",\"PidMode\":\"host\","
        "\"UsernsMode\":\"private\",\"Privileged\":true,\"ReadonlyRootfs\":true,\"ShmSize\":7,"
        "\"CpuShares\":5,\"CpuPeriod\":1000000,\"CpuQuota\":5000,\"NanoCpus\":0,"
        "\"CpusetCpus\":\"0\",\"MemoryReservation\":6,\"MemorySwap\":9223372036854771712}}");

    (void)state;
    gnt_podman_settle_health(c);
    assert_string_equal(c->entrypoint[0], "/bin/sh");
    assert_string_equal(c->entrypoint[1], "-e");
    assert_null(c->entrypoint[2]);
    assert_string_equal(c->health_text, "unhealthy");
    assert_int_equal(c->health, GANTRY_HEALTH_UNHEALTHY);
    assert_int_equal(c->health_failures, 2);
    assert_string_equal(c->health_log[0]->output, "bad");
    assert_int_equal(c->health_log[0]->exit_code, 1);
    assert_int_equal(c->health_log[0]->finished_ns - c->health_log[0]->started_ns, 1000000000);
    assert_null(c->health_log[1]);
    assert_string_equal(c->health_test[1], "x");
    assert_string_equal(c->stop_signal, "SIGUSR2");
    assert_int_equal(c->stop_timeout_ms, 10000);
    assert_int_equal(c->restart, GANTRY_RESTART_ON_FAILURE);
    assert_int_equal(c->restart_retries, 2);
    assert_int_equal(c->restart_count, 3);
    assert_int_equal(c->annotation_count, 2);
    assert_string_equal(c->annotations[0].key, "mine");
    assert_string_equal(c->annotations[1].value, "2");
    assert_string_equal(c->capabilities_add[0], "CAP_NET_ADMIN");
    assert_string_equal(c->capabilities_drop[0], "CAP_CHOWN");
    assert_null(c->capabilities_drop[1]);
    assert_int_equal(c->nano_cpus, 5000000);
    assert_int_equal(c->cpu_period_us, 1000000);
    assert_int_equal(c->cpu_quota_us, 5000);
    assert_int_equal(c->cpu_shares, 5);
    assert_int_equal(c->memory_swap_bytes, -1);
    assert_int_equal(c->memory_reservation_bytes, 6);
    assert_int_equal(c->shm_size_bytes, 7);
    assert_int_equal(c->privileged + c->read_only_root + c->init, 3);
    assert_string_equal(c->ipc_namespace, "");
    assert_string_equal(c->pid_namespace, "host");
    assert_string_equal(c->user_namespace, "private");
    assert_string_equal(c->runtime, "runc");
    assert_string_equal(c->pod, ID);
    assert_string_equal(c->exec_ids[0], "e1");
    assert_string_equal(c->log_driver, "k8s-file");
    assert_string_equal(c->log_path, "/l");
    assert_string_equal(c->dns_servers[0], "::1");
    assert_string_equal(c->extra_hosts[0], "a:1.2.3.4");
    assert_int_equal(c->size_rw_bytes, 12);
    assert_int_equal(c->size_root_bytes, 1984227);
    gnt_result_free(c);
}

/* Little is told, or in 5.x's words. */
static void test_bare_inspection(void **state)
{
    gantry_container *c =
        inspected(gnt_podman_container_rows,
                  "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"exited\",\"Health\":{\"Status\":"
                  "\"starting\",\"FailingStreak\":1,\"Log\":null}},\"Config\":{\"StopSignal\":"
                  "\"SIGQUIT\",\"Healthcheck\":{\"Test\":[\"NONE\"]}},\"HostConfig\":{"
                  "\"RestartPolicy\":{\"Name\":\"\"},\"CapDrop\":[\"CAP_MKNOD\"]}}");
    gantry_container *listed =
        inspected(gnt_podman_container_item_rows,
                  "{\"Id\":\"" ID "\",\"State\":\"running\",\"Status\":\"healthy\",\"Pod\":\"p\","
                  "\"Size\":{\"rootFsSize\":9,\"rwSize\":8}}");
    gantry_container *words =
        inspected(gnt_podman_container_item_rows, "{\"Id\":\"" ID "\",\"State\":\"running\","
                                                  "\"Status\":\"Up 2 seconds\",\"Size\":null}");

    (void)state;
    gnt_podman_settle_health(c);
    assert_int_equal(c->health, GANTRY_HEALTH_NONE);
    assert_string_equal(c->health_text, "");
    assert_int_equal(c->health_failures, 0);
    assert_null(c->health_test[0]);
    assert_string_equal(c->stop_signal, "SIGQUIT");
    assert_int_equal(c->stop_timeout_ms, -1);
    assert_int_equal(c->restart, GANTRY_RESTART_NO);
    assert_string_equal(c->capabilities_drop[0], "CAP_MKNOD");
    assert_int_equal(c->size_rw_bytes, -1);
    assert_int_equal(listed->health, GANTRY_HEALTH_HEALTHY);
    assert_string_equal(listed->health_text, "healthy");
    assert_string_equal(listed->pod, "p");
    assert_int_equal(listed->size_rw_bytes, 8);
    assert_int_equal(listed->size_root_bytes, 9);
    assert_int_equal(words->health, GANTRY_HEALTH_NONE);
    assert_string_equal(words->health_text, "");
    assert_int_equal(words->size_root_bytes, -1);
    gnt_result_free(c);
    gnt_result_free(listed);
    gnt_result_free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mounts),          cmocka_unit_test(test_network),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_security),
        cmocka_unit_test(test_user_namespaces), cmocka_unit_test(test_devices),
        cmocka_unit_test(test_service),         cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_warnings),        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_inspection),      cmocka_unit_test(test_bare_inspection),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
