/*
 * Contract of what a container is to be: every option that both engines have is set on containers
 * that then say what they see.
 */
#include "contract.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- one container that tells all ---------------------------------------------------------------- */

struct facts {
    gantry_container_options container;
    gantry_run_options opts;
    gantry_run_result *run;
};

static void prepare(struct contract *f, struct facts *facts, const char *const *command)
{
    memset(facts, 0, sizeof *facts);
    facts->container.size = sizeof facts->container;
    facts->container.name = contract_name(f, "spec");
    facts->opts.size = sizeof facts->opts;
    facts->opts.container = &facts->container;
    facts->opts.command = command;
    facts->opts.remove = GANTRY_ON;
}

static const char *run(struct contract *f, struct facts *facts)
{
    OK(contract_run(f, f->base, &facts->opts, &facts->run, &f->err));
    if (facts->run->exit_code != 0)
        printf("stdout: %s\nstderr: %s\n", facts->run->stdout_data, facts->run->stderr_data);
    CHECK(facts->run->exit_code == 0);
    return facts->run->stdout_data;
}

static void run_prints(struct contract *f, struct facts *facts, const char *want)
{
    SAME(run(f, facts), want);
    gantry_run_result_free(facts->run);
}

/* A file of this machine, which the engine's host sees too; the caller removes it. */
static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    CHECK(fchmod(fd, 0644) == 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    CHECK(close(fd) == 0);
}

/* Of the bounding set. CHOWN is 0, KILL 5, NET_ADMIN 12. */
#define CAPABILITY(bit) "$(( (0x$(sed -n 's/^CapBnd:.//p' /proc/self/status) >> " #bit ") & 1 ))"

static void process_is_as_asked(struct contract *f)
{
    static const char script[] =
        "id -u; id -g; id -G; pwd; hostname; ulimit -Sn; ulimit -Hn\n"
        "[ $$ = 1 ] && echo first || echo 'has an init'\n"
        "sed -n 's/^NoNewPrivs:.//p; s/^Seccomp:.//p' /proc/self/status\n"
        "cat /proc/self/oom_score_adj /proc/sys/net/core/somaxconn\n"
        "touch /new 2>&1 | sed 's/.*: //'\n"
        "awk '$2 == \"/dev/shm\" && $4 ~ /size=32768k/ { print \"shm\" }' /proc/mounts\n"
        "echo \"$ONE $TWO $THREE $FOUR\"\n"
        "head -c 4 /dev/nought | od -An -tx1\n"
        "echo " CAPABILITY(0) CAPABILITY(5) CAPABILITY(12);
    char path[] = "/tmp/contract-env-XXXXXX";
    const gantry_ulimit files = {
        .size = sizeof files, .name = "nofile", .soft = 300, .hard = 400
    };
    /* Podman raises what is not given of these two, which a machine may forbid. */
    const gantry_ulimit processes = {
        .size = sizeof processes, .name = "nproc", .soft = 4000, .hard = 4000
    };
    const gantry_ulimit *const ulimits[] = { &files, &processes, NULL };
    const gantry_pair sysctls[] = { { "net.core.somaxconn", "321" } };
    const gantry_security security = { .size = sizeof security,
                                       .capabilities_add = COMMAND("NET_ADMIN"),
                                       .capabilities_drop = COMMAND("CAP_CHOWN"),
                                       .seccomp = "unconfined",
                                       .read_only_root = GANTRY_ON,
                                       .no_new_privileges = GANTRY_ON };
    const gantry_device zero = { .size = sizeof zero,
                                 .path = "/dev/zero",
                                 .container_path = "/dev/nought" };
    const gantry_device *const devices[] = { &zero, NULL };
    const gantry_pair log_options[] = { { "max-size", "64k" } };
    struct facts facts;

    write_file(path, "# a comment\n\n  ONE=file\nTWO='quoted' \nTHREE\nFOUR=a=b\r\n");
    prepare(f, &facts, SHELL(script));
    facts.container.user = "1000:1001";
    facts.container.groups = COMMAND("2000", "3000");
    facts.container.working_directory = "/work";
    facts.container.hostname = "spechost";
    facts.container.ulimits = ulimits;
    facts.container.init = GANTRY_ON;
    facts.container.security = &security;
    facts.container.oom_score_adjustment = 123;
    facts.container.sysctls = sysctls;
    facts.container.sysctl_count = 1;
    facts.container.shm_size_bytes = 32 * 1024 * 1024;
    facts.container.environment_files = COMMAND(path);
    facts.container.environment = COMMAND("ONE=option");
    facts.container.devices = devices;
    facts.container.log_driver = "json-file";
    facts.container.log_options = log_options;
    facts.container.log_option_count = 1;
    run_prints(
        f, &facts,
        "1000\n1001\n1001 2000 3000\n/work\nspechost\n300\n400\nhas an init\n1\n0\n123\n321\n"
        "Read-only file system\nshm\noption 'quoted'   a=b\n 00 00 00 00\n011\n");
    unlink(path);
}

static void environment_file_must_be_there(struct contract *f)
{
    struct facts facts;

    prepare(f, &facts, COMMAND("true"));
    facts.container.environment_files = COMMAND("/nonexistent/environment");
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err), GANTRY_E_IO);
    CONTAINS(f->err.message, "/nonexistent/environment");
    CHECK(!contract_exists(f, facts.container.name));
}

/* ---- security ------------------------------------------------------------------------------------ */

static void all_capabilities_but_one_are_dropped(struct contract *f)
{
    gantry_security security = { .size = sizeof security };
    struct facts facts;

    prepare(f, &facts,
            SHELL("echo " CAPABILITY(0) CAPABILITY(5)
                      CAPABILITY(12) "; grep -c '^Seccomp:.2' /proc/self/status"));
    facts.container.security = &security;
    security.capabilities_add = COMMAND("CAP_CHOWN");
    security.capabilities_drop = COMMAND("ALL");
    run_prints(f, &facts, "100\n1\n");
    security.capabilities_add = COMMAND("NO_SUCH");
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          GANTRY_E_INVALID);
    CONTAINS(f->err.message, "NO_SUCH");
    CHECK(!contract_exists(f, facts.container.name));
}

/* Where the machine itself lacks a capability, Docker's runtime cannot give all of them. */
static int machine_has_all_capabilities(void)
{
    unsigned long long bounding = 0;
    int last = 0;
    FILE *file = fopen("/proc/self/status", "re");
    char line[128];

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "CapBnd:", 7) == 0)
            bounding = strtoull(line + 7, NULL, 16);
    }
    fclose(file);
    file = fopen("/proc/sys/kernel/cap_last_cap", "re");
    assert_non_null(file);
    CHECK(fgets(line, sizeof line, file) != NULL);
    fclose(file);
    last = atoi(line);
    return bounding == (2ULL << last) - 1;
}

/* It fails, in whatever words, and no container stays behind. */
static void refused_whole(struct contract *f, struct facts *facts)
{
    memset(&f->err, 0, sizeof f->err);
    CHECK(gantry_containers_run(f->containers, f->base, &facts->opts, NULL, &f->err) < 0);
    CHECK(f->err.message[0] != '\0');
    CHECK(!contract_exists(f, facts->container.name));
}

static void privileged_may_mount(struct contract *f)
{
    const gantry_security security = { .size = sizeof security, .privileged = GANTRY_ON };
    struct facts facts;

    prepare(f, &facts,
            SHELL("mkdir /here && mount -t tmpfs none /here && echo mounted; "
                  "sed -n 's/^Seccomp:.//p' /proc/self/status"));
    facts.container.security = &security;
    if (((f->on & ON_OTHER) != 0 || contract_differs(f, DIFF_PRIVILEGED_NEEDS_ALL)) &&
        !machine_has_all_capabilities())
        refused_whole(f, &facts); /* what cannot be given is no reason to give less */
    else
        run_prints(f, &facts, "mounted\n0\n");
}

static void seccomp_profile_is_kept(struct contract *f)
{
    const gantry_security security = {
        .size = sizeof security,
        .seccomp = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\","
                   "\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"
    };
    struct facts facts;

    prepare(f, &facts, SHELL("mkdir /here 2>/dev/null || echo refused; touch /there && echo made"));
    facts.container.security = &security;
    if (contract_differs(f, DIFF_SECCOMP_PROFILE_IS_A_PATH)) {
        FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "seccomp");
        CHECK(!contract_exists(f, facts.container.name));
        return;
    }
    run_prints(f, &facts, "refused\nmade\n");
}

/* Without the kernel's part of it a profile would have no effect; with it, this one is not loaded. */
static void apparmor_needs_the_kernel(struct contract *f)
{
    const gantry_security security = { .size = sizeof security, .apparmor = "contract-none" };
    struct facts facts;

    prepare(f, &facts, COMMAND("true"));
    facts.container.security = &security;
    if (access("/sys/module/apparmor", F_OK) == 0) {
        refused_whole(f, &facts);
        return;
    }
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "apparmor");
    CHECK(!contract_exists(f, facts.container.name));
}

static void missing_device_is_invalid(struct contract *f)
{
    const gantry_device missing = { .size = sizeof missing, .path = "/dev/contract-missing" };
    const gantry_device *const devices[] = { &missing, NULL };
    struct facts facts;

    prepare(f, &facts, COMMAND("true"));
    facts.container.devices = devices;
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          GANTRY_E_INVALID);
    CONTAINS(f->err.message, "/dev/contract-missing");
    CHECK(!contract_exists(f, facts.container.name));
}

/* ---- mounts -------------------------------------------------------------------------------------- */

static void mounts_are_as_asked(struct contract *f)
{
    static const char script[] =
        "stat -c %a /t1; awk '$2 == \"/t1\" { print $4 }' /proc/mounts | tr , '\\n' | "
        "grep -x -e noexec -e size=1024k\n"
        "ls /made; cat /short/file; touch /short/new 2>&1 | sed 's/.*: //'\n"
        "touch /labelled/new && echo labelled\n"
        "awk '$2 == \"/volume\" { sub(/,.*/, \"\", $4); print $4 }' /proc/mounts";
    char directory[] = "/tmp/contract-spec-XXXXXX";
    char made[64], file[64], labelled[64], form[256];
    const char *forms[] = { form, NULL };
    gantry_mount_list *list = NULL;
    const gantry_mount tmpfs = { .size = sizeof tmpfs,
                                 .type = GANTRY_MOUNT_TMPFS,
                                 .target = "/t1",
                                 .tmpfs_size_bytes = 1024 * 1024,
                                 .tmpfs_mode = 01750,
                                 .options = "noexec,nosuid" };
    const gantry_mount source = { .size = sizeof source,
                                  .type = GANTRY_MOUNT_BIND,
                                  .source = made,
                                  .target = "/made",
                                  .create_source = GANTRY_ON };
    const gantry_mount shared = { .size = sizeof shared,
                                  .type = GANTRY_MOUNT_BIND,
                                  .source = labelled,
                                  .target = "/labelled",
                                  .propagation = "private",
                                  .relabel = GANTRY_RELABEL_SHARED };
    const gantry_mount volume = { .size = sizeof volume,
                                  .type = GANTRY_MOUNT_VOLUME,
                                  .source = contract_name(f, "vol"),
                                  .target = "/volume",
                                  .read_only = GANTRY_ON };
    const gantry_mount *mounts[] = { &tmpfs, &source, &shared, &volume, NULL, NULL };
    struct facts facts;
    FILE *out;

    assert_non_null(mkdtemp(directory));
    CHECK(chmod(directory, 0777) == 0);
    snprintf(made, sizeof made, "%s/made", directory);
    snprintf(file, sizeof file, "%s/file", directory);
    snprintf(labelled, sizeof labelled, "%s/labelled", directory);
    CHECK(mkdir(labelled, 0777) == 0 && chmod(labelled, 0777) == 0);
    out = fopen(file, "we");
    assert_non_null(out);
    fputs("from the host\n", out);
    CHECK(fclose(out) == 0);
    snprintf(form, sizeof form, "%s:/short:ro,rprivate", directory);
    OK(gantry_mounts_parse(forms, &list, &f->err));
    mounts[4] = list->items[0];
    prepare(f, &facts, SHELL(script));
    facts.container.mounts = mounts;
    SAME(run(f, &facts), "1750\nnoexec\nsize=1024k\nfrom the host\nRead-only file system\n"
                         "labelled\nro\n");
    gantry_run_result_free(facts.run);
    gantry_mount_list_free(list);
    CHECK(access(made, F_OK) == 0); /* the engine made it */
    CHECK(rmdir(made) == 0);
    snprintf(file, sizeof file, "%s/labelled/new", directory);
    unlink(file);
    rmdir(labelled);
    snprintf(file, sizeof file, "%s/file", directory);
    unlink(file);
    rmdir(directory);
}

/* What the image has below the target is copied into an empty volume, unless it was said not to. */
static void volume_gets_the_files_of_the_image(struct contract *f)
{
    gantry_mount volume = { .size = sizeof volume,
                            .type = GANTRY_MOUNT_VOLUME,
                            .source = contract_name(f, "copied"),
                            .target = "/bin" };
    const gantry_mount *const mounts[] = { &volume, NULL };
    struct facts facts;

    prepare(f, &facts, SHELL("[ -e /bin/busybox ] && echo copied"));
    facts.container.mounts = mounts;
    run_prints(f, &facts, "copied\n");
    volume.source = contract_name(f, "bare");
    volume.copy = GANTRY_OFF;
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          GANTRY_E_COMMAND); /* no shell is left */
}

/* A volume that is made by the way has labels and options where the engine's create takes them. */
static void volume_has_labels_and_options(struct contract *f)
{
    const gantry_pair labels[] = { { "contract", "spec" } };
    const gantry_pair options[] = { { "type", "tmpfs" },
                                    { "device", "tmpfs" },
                                    { "o", "size=1m" } };
    const gantry_mount mount = { .size = sizeof mount,
                                 .type = GANTRY_MOUNT_VOLUME,
                                 .source = contract_name(f, "labelled"),
                                 .target = "/v",
                                 .driver = "local",
                                 .driver_options = options,
                                 .driver_option_count = 3,
                                 .labels = labels,
                                 .label_count = 1 };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_volume *volume = NULL;
    struct facts facts;

    prepare(f, &facts, SHELL("awk '$2 == \"/v\" { print $1 }' /proc/mounts"));
    facts.container.mounts = mounts;
    if (contract_differs(f, DIFF_VOLUMES_ARE_MADE_PLAIN)) {
        FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CHECK(!contract_exists(f, facts.container.name));
        return;
    }
    run_prints(f, &facts, "tmpfs\n");
    OK(gantry_volumes_inspect(f->volumes, mount.source, NULL, &volume, &f->err));
    SAME(contract_pair(volume->labels, volume->label_count, "contract"), "spec");
    gantry_volume_free(volume);
}

/* ---- names and addresses -------------------------------------------------------------------------- */

static void resolver_is_as_asked(struct contract *f)
{
    static const char *const plain[] = { "db.test:192.0.2.7", "engine.test:192.0.2.8", NULL };
    struct facts facts;

    prepare(f, &facts,
            SHELL("grep -c '^nameserver 192.0.2.53' /etc/resolv.conf; "
                  "sed -n 's/^search *//p; s/^options *//p' /etc/resolv.conf; "
                  "awk '$2 == \"db.test\" { print $1 }' /etc/hosts; "
                  "awk '$2 == \"engine.test\" { print $1 }' /etc/hosts | grep -c '[0-9]\\.[0-9]'"));
    facts.container.dns_servers = COMMAND("192.0.2.53");
    facts.container.dns_search = COMMAND("one.test", "two.test");
    facts.container.dns_options = COMMAND("ndots:3", "timeout:1");
    facts.container.extra_hosts = COMMAND("db.test:192.0.2.7", "engine.test:host-gateway");
    if (contract_differs(f, DIFF_HOST_GATEWAY_NEEDS_PODMAN_47)) {
        FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "host-gateway");
        facts.container.extra_hosts = plain;
    }
    run_prints(f, &facts, "1\none.test two.test\nndots:3 timeout:1\n192.0.2.7\n1\n");
}

static const char *make_network(struct contract *f, const char *word, unsigned which)
{
    const char *name = contract_name(f, word);
    char subnet[32];
    gantry_network_options opts = { .size = sizeof opts, .subnet = subnet };

    snprintf(subnet, sizeof subnet, "%s.0/24", contract_subnet(which).prefix);
    OK(gantry_networks_create(f->networks, name, &opts, NULL, &f->err));
    return name;
}

static void several_networks_from_the_start(struct contract *f)
{
    const struct contract_subnet first = contract_subnet(0);
    const struct contract_subnet second = contract_subnet(1);
    char address[24];
    char reached[32];
    char shown[32];
    gantry_attachment front = { .size = sizeof front,
                                .network = make_network(f, "front", 0),
                                .aliases = COMMAND("alpha", "beta") };
    gantry_attachment back = { .size = sizeof back,
                               .network = make_network(f, "back", 1),
                               .address = address,
                               .mac = "02:42:0a:5e:02:4d" };
    const gantry_attachment *const networks[] = { &front, &back, NULL };
    const gantry_attachment *const only[] = { &front, NULL };
    /* Newer engines do not give it to everybody, and busybox's ping needs it. */
    const gantry_security security = { .size = sizeof security,
                                       .capabilities_add = COMMAND("NET_RAW") };
    struct facts facts;
    struct facts other;
    gantry_run_result *server = NULL;

    snprintf(address, sizeof address, "%s.77", second.prefix);
    snprintf(reached, sizeof reached, "reached\n%s\n", first.prefix);
    prepare(f, &facts, SHELL("cat /sys/class/net/e*/address; ip -4 addr; " IDLE));
    facts.container.networks = networks;
    facts.container.stop_timeout_ms = 1000;
    facts.opts.detach = GANTRY_ON;
    OK(contract_run(f, f->base, &facts.opts, &server, &f->err));
    gantry_run_result_free(server);
    /* The other one is in `front` alone, and knows its neighbour by an alias. */
    prepare(
        f, &other,
        /* Podman's name server may learn of a container a moment after its start. */
        SHELL("for i in 1 2 3 4 5 6 7 8 9 10; do ping -c 1 -W 5 beta >/dev/null && echo reached "
              "&& break; sleep 0.3; done; "
              "ping -c 1 -W 5 alpha | sed -n 's/^PING alpha "
              "(\\([0-9]*.[0-9]*.[0-9]*\\)\\..*/\\1/p'"));
    front.aliases = NULL;
    other.container.networks = only;
    other.container.security = &security;
    run_prints(f, &other, reached);
    {
        gantry_output *logs = NULL;

        OK(gantry_containers_logs(f->containers, facts.container.name, NULL, &logs, &f->err));
        CONTAINS(logs->stdout_data, "02:42:0a:5e:02:4d");
        snprintf(shown, sizeof shown, "%s/24", address);
        CONTAINS(logs->stdout_data, shown);
        snprintf(shown, sizeof shown, "%s.", first.prefix);
        CONTAINS(logs->stdout_data, shown);
        gantry_output_free(logs);
    }
}

static void missing_network_leaves_no_container(struct contract *f)
{
    const gantry_attachment front = { .size = sizeof front,
                                      .network = make_network(f, "front", 0) };
    const gantry_attachment missing = { .size = sizeof missing,
                                        .network = contract_name(f, "nonet") };
    const gantry_attachment *const networks[] = { &front, &missing, NULL };
    struct facts facts;

    prepare(f, &facts, COMMAND("true"));
    facts.container.networks = networks;
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
    SAME(f->err.resource, missing.network);
    CHECK(!contract_exists(f, facts.container.name));
}

/* ---- ports --------------------------------------------------------------------------------------- */

static int port_of(const gantry_container *info, int container_port)
{
    for (const gantry_port_info *const *p = info->ports; *p != NULL; p++) {
        if ((*p)->container_port == container_port)
            return (*p)->host_port;
    }
    return -1;
}

static void ranges_of_ports_are_published(struct contract *f)
{
    char range[64];
    const char *const forms[] = { range, "7005-7006/udp", NULL };
    int first = contract_port(0);
    gantry_port_list *ports = NULL;
    gantry_container *info = NULL;
    gantry_run_result *started = NULL;
    struct facts facts;

    snprintf(range, sizeof range, "127.0.0.1:%d-%d:7000-7002", first, first + 2);
    OK(gantry_ports_parse(forms, &ports, &f->err));
    prepare(f, &facts, SHELL(IDLE));
    facts.container.ports = ports->items;
    facts.container.exposed_ports = COMMAND("7010");
    facts.container.publish_all = GANTRY_ON;
    facts.container.stop_timeout_ms = 1000;
    facts.opts.detach = GANTRY_ON;
    OK(contract_run(f, f->base, &facts.opts, &started, &f->err));
    gantry_run_result_free(started);
    OK(gantry_containers_inspect(f->containers, facts.container.name, NULL, &info, &f->err));
    for (int i = 0; i < 3; i++)
        CHECK(port_of(info, 7000 + i) == first + i);
    CHECK(port_of(info, 7005) > 0 && port_of(info, 7006) > 0);
    CHECK(port_of(info, 7005) != port_of(info, 7006));
    CHECK(port_of(info, 7010) > 0);
    gantry_container_free(info);
    gantry_port_list_free(ports);
}

static void taken_port_is_in_use(struct contract *f)
{
    const gantry_port port = { .size = sizeof port,
                               .container_port = 80,
                               .host_port = contract_port(4) };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_run_result *started = NULL;
    char number[16];
    struct facts facts;

    prepare(f, &facts, SHELL(IDLE));
    facts.container.ports = ports;
    facts.container.stop_timeout_ms = 1000;
    facts.opts.detach = GANTRY_ON;
    OK(contract_run(f, f->base, &facts.opts, &started, &f->err));
    gantry_run_result_free(started);
    facts.container.name = contract_name(f, "second");
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          GANTRY_E_IN_USE);
    snprintf(number, sizeof number, "%d", port.host_port);
    CONTAINS(f->err.message, number);
    CHECK(!contract_exists(f, facts.container.name));
}

/* ---- limits -------------------------------------------------------------------------------------- */

/* By cgroups v1 or v2, whichever the engine's host has. */
#define CGROUP(one, two) "cat /sys/fs/cgroup/" one " 2>/dev/null || cat /sys/fs/cgroup/" two "\n"

static void limits_are_kept(struct contract *f)
{
    static const char script[] = CGROUP("memory/memory.limit_in_bytes", "memory.max")
        CGROUP("memory/memory.soft_limit_in_bytes", "memory.low")
            CGROUP("pids/pids.max", "pids.max")
                CGROUP("cpuset/cpuset.cpus",
                       "cpuset.cpus") "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us "
                                      "/sys/fs/cgroup/cpu/cpu.cfs_period_us "
                                      "2>/dev/null || tr ' ' '\\n' </sys/fs/cgroup/cpu.max\n"
                                      "[ ! -e /sys/fs/cgroup/memory ] || cat "
                                      "/sys/fs/cgroup/memory/memory.swappiness "
                                      "/sys/fs/cgroup/cpu/cpu.shares";
    const gantry_resources limits = {
        .size = sizeof limits,
        .memory_bytes = 64 << 20,
        .memory_swap_bytes = 128 << 20,
        .memory_reservation_bytes = 32 << 20,
        .pids = 77,
        .cpu_shares = 512,
        .cpu_period_us = 50000,
        .cpu_quota_us = 25000,
        .cpuset_cpus = "0",
        .memory_swappiness = access("/sys/fs/cgroup/memory", F_OK) == 0 ? GANTRY_SWAPPINESS_NONE : 0
    };
    struct facts facts;

    prepare(f, &facts, SHELL(script));
    facts.container.resources = &limits;
    if (contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) && limits.memory_swappiness != 0) {
        FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CHECK(!contract_exists(f, facts.container.name));
        return;
    }
    run_prints(f, &facts,
               limits.memory_swappiness != 0 ? "67108864\n33554432\n77\n0\n25000\n50000\n0\n512\n"
                                             : "67108864\n33554432\n77\n0\n25000\n50000\n");
}

/* Not every kernel has weights of block I/O, and an engine that leaves one out only warns. */
static void weight_has_an_effect_or_is_refused(struct contract *f)
{
    const gantry_resources limits = { .size = sizeof limits, .block_weight = 300 };
    struct facts facts;
    int rc;

    prepare(f, &facts,
            SHELL("cat /sys/fs/cgroup/blkio/blkio*weight /sys/fs/cgroup/io*weight "
                  "2>/dev/null; true"));
    facts.container.resources = &limits;
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_containers_run(f->containers, f->base, &facts.opts, &facts.run, &f->err);
    if (rc < 0) {
        CHECK(rc == GANTRY_E_UNSUPPORTED);
        CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED ||
              f->err.outcome == GANTRY_OUTCOME_NOT_SENT);
        CHECK(!contract_exists(f, facts.container.name));
        return;
    }
    CHECK(strpbrk(facts.run->stdout_data, "123456789") != NULL);
    gantry_run_result_free(facts.run);
}

static void unknown_cpu_is_no_success(struct contract *f)
{
    const gantry_resources limits = { .size = sizeof limits, .cpuset_cpus = "4095" };
    struct facts facts;

    prepare(f, &facts, COMMAND("true"));
    facts.container.resources = &limits;
    memset(&f->err, 0, sizeof f->err);
    CHECK(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err) < 0);
    CHECK(!contract_exists(f, facts.container.name));
}

/* ---- namespaces ---------------------------------------------------------------------------------- */

static void namespaces_are_shared(struct contract *f)
{
    static const char script[] = "for n in pid ipc net; do readlink /proc/self/ns/$n; done";
    const char *first = contract_name(f, "first");
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = first,
                                      .ipc_namespace = "shareable",
                                      .stop_timeout_ms = 1000,
                                      .command = SHELL(IDLE) };
    gantry_exec_result *inside = NULL;
    char container[160];
    struct facts facts;

    snprintf(container, sizeof container, "container:%s", first);
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, first, NULL, &f->err));
    OK(gantry_containers_exec(f->containers, first, SHELL(script), NULL, &inside, &f->err));
    prepare(f, &facts, SHELL(script));
    facts.container.pid_namespace = container;
    facts.container.ipc_namespace = container;
    facts.container.network = container;
    run_prints(f, &facts, inside->stdout_data);
    gantry_exec_result_free(inside);
    facts.container.name = contract_name(f, "nobody");
    facts.container.network = "container:contract-nobody";
    facts.container.pid_namespace = facts.container.ipc_namespace = NULL;
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, "contract-nobody");
    CHECK(!contract_exists(f, facts.container.name));
}

static void namespaces_of_the_host(struct contract *f)
{
    char host[64] = "", want[160];
    struct facts facts;
    ssize_t n = readlink("/proc/self/ns/ipc", host, sizeof host - 1);

    CHECK(n > 0);
    prepare(f, &facts,
            SHELL("readlink /proc/self/ns/ipc; "
                  "[ $(readlink /proc/self/ns/uts) = $(readlink /proc/1/ns/uts) ] && echo uts; "
                  "[ -d /proc/1/task ] && [ $$ != 1 ] && echo pid"));
    facts.container.ipc_namespace = "host";
    facts.container.pid_namespace = "host";
    if (contract_differs(f, DIFF_HOST_IPC_NEEDS_MQUEUE) && access("/dev/mqueue", F_OK) != 0) {
        FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
              GANTRY_E_INVALID);
        CONTAINS(f->err.message, "/dev/mqueue");
        facts.container.ipc_namespace = NULL;
        host[0] = '\0';
    }
    snprintf(want, sizeof want, "%s%s", host, host[0] != '\0' ? "\n" : "");
    run(f, &facts);
    CHECK(strncmp(facts.run->stdout_data, want, strlen(want)) == 0);
    CONTAINS(facts.run->stdout_data, "pid\n");
    gantry_run_result_free(facts.run);
}

/* ---- life ---------------------------------------------------------------------------------------- */

static void stop_signal_is_the_own_one(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "signal"),
                                      .stop_signal = "SIGUSR1",
                                      .command = SHELL(
                                          "trap 'exit 42' USR1; sleep 1000 & echo ready; wait") };
    gantry_stream *logs = NULL;
    gantry_logs_options follow = { .size = sizeof follow, .follow = GANTRY_ON };
    char byte;
    size_t got = 0;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_logs_open(f->containers, opts.name, &follow, &logs, &f->err));
    OK(gantry_stream_read(logs, &byte, 1, &got, NULL, &f->err));
    gantry_stream_close(logs);
    OK(gantry_containers_stop(f->containers, opts.name, NULL, &f->err));
    CHECK(contract_wait_exit(f, opts.name) == 42);
}

static int has_failed_thrice(struct contract *f, const void *name)
{
    gantry_output *logs = NULL;
    int lines = 0;

    if (contract_state(f, name) != GANTRY_CONTAINER_EXITED)
        return 0;
    OK(gantry_containers_logs(f->containers, name, NULL, &logs, &f->err));
    for (const char *c = logs->stdout_data; *c != '\0'; c++)
        lines += *c == '\n';
    gantry_output_free(logs);
    return lines == 3;
}

static void restarts_after_failures(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "again"),
                                      .restart = GANTRY_RESTART_ON_FAILURE,
                                      .restart_retries = 2,
                                      .command = SHELL("echo failed; exit 3") };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    contract_until(f, has_failed_thrice, opts.name);
}

static void health_check_is_known(struct contract *f)
{
    const gantry_health health = { .size = sizeof health,
                                   .test = COMMAND("CMD-SHELL", "test -e /contract-healthy"),
                                   .interval_ms = 1500,
                                   .timeout_ms = 2500,
                                   .start_period_ms = 3500,
                                   .retries = 7 };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "health"),
                                      .health = &health,
                                      .command = SHELL(IDLE) };
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CONTAINS(info->json, "test -e /contract-healthy");
    CONTAINS(info->json, "1500000000");
    CONTAINS(info->json, "2500000000");
    CONTAINS(info->json, "3500000000");
    gantry_container_free(info);
}

static void health_check_needs_a_test(struct contract *f)
{
    const gantry_health health = { .size = sizeof health, .interval_ms = 3500 };
    struct facts facts;

    prepare(f, &facts, COMMAND("true"));
    facts.container.health = &health;
    FAILS(gantry_containers_create(f->containers, f->base, &facts.container, NULL, &f->err),
          GANTRY_E_INVALID);
    CONTAINS(f->err.message, "health: test");
    CHECK(!contract_exists(f, facts.container.name));
}

static void unknown_runtime_is_invalid(struct contract *f)
{
    struct facts facts;

    prepare(f, &facts, COMMAND("true"));
    facts.container.runtime = "contract-none";
    FAILS(gantry_containers_run(f->containers, f->base, &facts.opts, NULL, &f->err),
          contract_differs(f, DIFF_RUNTIME_IS_THE_SERVICES) ? GANTRY_E_UNSUPPORTED
                                                            : GANTRY_E_INVALID);
    CONTAINS(f->err.message, "contract-none");
    CHECK(!contract_exists(f, facts.container.name));
}

static void annotations_are_kept(struct contract *f)
{
    const gantry_pair annotations[] = { { "org.example.contract", "spec" } };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "noted"),
                                      .annotations = annotations,
                                      .annotation_count = 1 };
    gantry_container *info = NULL;
    int rc;

    memset(&f->err, 0, sizeof f->err);
    rc = gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err);
    if (rc == GANTRY_E_UNSUPPORTED && contract_differs(f, DIFF_ANNOTATIONS_NEED_API_143)) {
        CONTAINS(f->err.message, "annotations");
        return;
    }
    OK(rc);
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CONTAINS(info->json, "org.example.contract");
    gantry_container_free(info);
}

/* ---- pull ---------------------------------------------------------------------------------------- */

static int provide(void *arg, const char *registry, const gantry_call *call, gantry_auth_slot *slot,
                   gantry_error *err)
{
    const gantry_auth *auth = arg;

    (void)call;
    return strcmp(registry, auth->registry) == 0 ? gantry_auth_give(slot, auth, err) : 0;
}

/* From a registry that wants to know who asks: the engine's provider is asked. */
static void image_is_pulled_first(struct contract *f)
{
    gantry_auth auth = { .size = sizeof auth,
                         .registry = contract_registry(f, CONTRACT_REGISTRY_TLS),
                         .username = contract_registry_user(f),
                         .password = contract_registry_password(f) };
    const gantry_credential_provider provider = { .size = sizeof provider,
                                                  .get = provide,
                                                  .arg = &auth };
    gantry_engine_options engine_opts = contract_engine_options(f);
    gantry_push_options push = { .size = sizeof push, .auth = &auth };
    gantry_engine *engine = NULL;
    char reference[256];
    struct facts facts;

    engine_opts.credentials = &provider;
    snprintf(reference, sizeof reference, "%s/%s:1", auth.registry, contract_name(f, "pulled"));
    OK(gantry_images_tag(f->images, f->base, reference, NULL, &f->err));
    OK(gantry_images_push(f->images, reference, &push, NULL, &f->err));
    OK(gantry_images_remove(f->images, reference, NULL, NULL, &f->err));
    prepare(f, &facts, SHELL("echo pulled"));
    FAILS(gantry_containers_run(f->containers, reference, &facts.opts, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    facts.container.pull = GANTRY_PULL_MISSING;
    OK(gantry_engine_open(GANTRY_RUNTIME_AUTO, &engine_opts, &engine, &f->err));
    OK(gantry_containers_run(gantry_engine_containers(engine), reference, &facts.opts, &facts.run,
                             &f->err));
    SAME(facts.run->stdout_data, "pulled\n");
    gantry_run_result_free(facts.run);
    OK(gantry_images_remove(f->images, reference, NULL, NULL, &f->err));
    facts.container.pull = GANTRY_PULL_ALWAYS;
    facts.container.command = SHELL("echo always");
    facts.opts.command = NULL;
    OK(gantry_containers_create(gantry_engine_containers(engine), reference, &facts.container, NULL,
                                &f->err));
    gantry_engine_close(engine);
    OK(gantry_containers_remove(f->containers, facts.container.name, NULL, &f->err));
    OK(gantry_images_remove(f->images, reference, NULL, NULL, &f->err));
}

const struct contract_test spec_tests[] = {
    TEST_WITH(process_is_as_asked, PROCESSES),
    TEST_WITH(environment_file_must_be_there, PROCESSES),
    TEST_WITH(all_capabilities_but_one_are_dropped, PROCESSES),
    TEST_WITH(privileged_may_mount, PROCESSES),
    TEST_WITH(seccomp_profile_is_kept, PROCESSES),
    TEST_WITH(apparmor_needs_the_kernel, PROCESSES),
    TEST_WITH(missing_device_is_invalid, PROCESSES),
    TEST_WITH(mounts_are_as_asked, PROCESSES),
    TEST_WITH(volume_gets_the_files_of_the_image, PROCESSES),
    TEST_WITH(volume_has_labels_and_options, PROCESSES),
    TEST_WITH(resolver_is_as_asked, PROCESSES),
    TEST_WITH(several_networks_from_the_start, PROCESSES),
    TEST_WITH(missing_network_leaves_no_container, PROCESSES),
    TEST_WITH(ranges_of_ports_are_published, PROCESSES),
    TEST_WITH(taken_port_is_in_use, PROCESSES),
    TEST_WITH(limits_are_kept, PROCESSES),
    TEST_WITH(weight_has_an_effect_or_is_refused, PROCESSES),
    TEST_WITH(unknown_cpu_is_no_success, PROCESSES),
    TEST_WITH(namespaces_are_shared, PROCESSES),
    TEST_WITH(namespaces_of_the_host, PROCESSES),
    TEST_WITH(stop_signal_is_the_own_one, PROCESSES),
    TEST_WITH(restarts_after_failures, PROCESSES),
    TEST_WITH(health_check_is_known, PROCESSES),
    TEST_WITH(health_check_needs_a_test, PROCESSES),
    TEST_WITH(unknown_runtime_is_invalid, PROCESSES),
    TEST_WITH(annotations_are_kept, PROCESSES),
    TEST_WITH(image_is_pulled_first, PROCESSES),
    { 0 },
};
