/*
 * What ensure compares: SHA-256, the digest of options, and the words for differences.
 */
#include "compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"

static struct gnt_mem memory;

static int setup(void **state)
{
    (void)state;
    return gnt_mem_init(&memory, NULL, NULL);
}

/* ---- SHA-256 --------------------------------------------------------------------------------- */

static void check_sha(const void *data, size_t size, const char *want)
{
    char hex[GNT_SHA256_HEX];

    gnt_sha256_hex(data, size, hex);
    assert_string_equal(hex, want);
}

/* Of FIPS 180-4's examples, and the sizes around a block's end. */
static void test_sha256(void **state)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static char many[1000];

    (void)state;
    check_sha("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sha("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sha(two, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(many, 'a', sizeof many);
    check_sha(many, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    check_sha(many, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    check_sha(many, 1000, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

/* ---- the digest ------------------------------------------------------------------------------ */

static void test_every_option_is_digested(void **state)
{
    static const struct {
        const char *name;
        const struct gnt_out *rows;
        size_t size;
    } tables[] = {
        { "container", gnt_spec_options, sizeof(gantry_container_options) },
        { "mount", gnt_spec_mount, sizeof(gantry_mount) },
        { "port", gnt_spec_port, sizeof(gantry_port) },
        { "attachment", gnt_spec_attachment, sizeof(gantry_attachment) },
        { "block limit", gnt_spec_block_limit, sizeof(gantry_block_limit) },
        { "resources", gnt_spec_resources, sizeof(gantry_resources) },
        { "ulimit", gnt_spec_ulimit, sizeof(gantry_ulimit) },
        { "device", gnt_spec_device, sizeof(gantry_device) },
        { "security", gnt_spec_security, sizeof(gantry_security) },
        { "secret", gnt_spec_secret, sizeof(gantry_secret_mount) },
        { "health", gnt_spec_health, sizeof(gantry_health) },
    };

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        size_t at = gnt_fields_uncovered(tables[i].rows, tables[i].size);

        if (at != 0)
            fail_msg("%s: no row for the member at offset %zu", tables[i].name, at);
    }
}

static void digest(const gantry_container_options *o, char out[GNT_SHA256_HEX])
{
    gantry_error err = { 0 };

    if (gnt_spec_digest(&memory, o, out, &err) != 0)
        fail_msg("%s", err.message);
}

static void check_digest(const gantry_container_options *a, const gantry_container_options *b,
                         int same)
{
    char one[GNT_SHA256_HEX];
    char other[GNT_SHA256_HEX];

    digest(a, one);
    digest(b, other);
    assert_int_equal(strcmp(one, other) == 0, same);
}

static void test_order_counts_where_there_is_one(void **state)
{
    const char *const env[] = { "A=1", "B=2", NULL };
    const char *const turned[] = { "B=2", "A=1", NULL };
    const char *const twice[] = { "A=0", "B=2", "A=1", NULL };
    gantry_pair pairs[] = { { "x", "1" }, { "y/z", NULL } };
    gantry_pair turned_pairs[] = { { "y/z", NULL }, { "x", "1" } };
    gantry_container_options a = { .size = sizeof a, .environment = env };
    gantry_container_options b = { .size = sizeof b, .environment = turned };

    (void)state;
    check_digest(&a, &b, 1);
    b.environment = twice;
    check_digest(&a, &b, 1);
    a.command = env;
    b.command = turned;
    check_digest(&a, &b, 0);
    a = (gantry_container_options){ .size = sizeof a, .labels = pairs, .label_count = 2 };
    b = (gantry_container_options){ .size = sizeof b, .labels = turned_pairs, .label_count = 2 };
    check_digest(&a, &b, 1);
    b.label_count = 1;
    check_digest(&a, &b, 0);
}

static void test_what_is_no_property_does_not_count(void **state)
{
    gantry_container_options a = { .size = sizeof a, .name = "a" };
    gantry_container_options b = { .size = sizeof b, .name = "b", .pull = 2 };
    const char *const none[] = { NULL };

    (void)state;
    check_digest(&a, &b, 1);
    b.entrypoint = none; /* "no entrypoint" is a wish */
    check_digest(&a, &b, 0);
}

static void test_nested_structs_count(void **state)
{
    gantry_mount mount = { .size = sizeof mount, .type = GANTRY_MOUNT_TMPFS, .target = "/t" };
    gantry_mount other = mount;
    gantry_pair option = { "o", "1" };
    const gantry_mount *const one[] = { &mount, NULL };
    const gantry_mount *const two[] = { &other, NULL };
    gantry_block_limit limit = { .size = sizeof limit, .path = "/dev/sda", .weight = 10 };
    const gantry_block_limit *const limits[] = { &limit, NULL };
    gantry_resources resources = { .size = sizeof resources, .memory_bytes = 1 };
    gantry_resources more = resources;
    gantry_container_options a = { .size = sizeof a, .mounts = one, .resources = &resources };
    gantry_container_options b = { .size = sizeof b, .mounts = two, .resources = &more };

    (void)state;
    check_digest(&a, &b, 1);
    other.driver_options = &option;
    other.driver_option_count = 1;
    check_digest(&a, &b, 0);
    other = mount;
    check_digest(&a, &b, 1);
    more.block_limits = limits;
    check_digest(&a, &b, 0);
}

/* A digest is on containers that outlive this version of the library. */
static void test_the_digest_stays(void **state)
{
    const char *const command[] = { "sh", "-c", "exit 0", NULL };
    const char *const env[] = { "A=1", NULL };
    gantry_container_options o = {
        .size = sizeof o, .command = command, .environment = env, .tty = GANTRY_ON
    };
    static const char text[] =
        "{\"command\":[\"sh\",\"-c\",\"exit 0\"],\"environment\":{\"A\":\"1\"},\"tty\":1}";
    char want[GNT_SHA256_HEX];
    char got[GNT_SHA256_HEX];

    (void)state;
    gnt_sha256_hex(text, sizeof text - 1, want);
    digest(&o, got);
    assert_string_equal(got, want);
}

/* ---- differences ----------------------------------------------------------------------------- */

struct case_ {
    gantry_container *is;
    gantry_container_options asked;
};

static void begin(struct case_ *c)
{
    memset(c, 0, sizeof *c);
    c->is = gnt_result_new(&memory, GANTRY_KIND_CONTAINER, NULL);
    c->asked.size = sizeof c->asked;
}

/* Compares and ends the case: the lines, joined. */
static void check_words(struct case_ *c, int changeable, const char *want)
{
    struct gnt_differences d = { gnt_result_arena(c->is), gnt_no_strings, 0 };
    char all[512] = "";

    gnt_compare_container(&d, c->is, &c->asked, changeable);
    assert_int_equal(d.failed, 0);
    for (size_t i = 0; d.list[i] != NULL; i++) {
        strncat(all, d.list[i], sizeof all - strlen(all) - 1);
        strncat(all, "|", sizeof all - strlen(all) - 1);
    }
    assert_string_equal(all, want);
    gnt_result_free(c->is);
}

static void test_what_is_not_asked_is_no_difference(void **state)
{
    static const char *const words[] = { "x", NULL };
    struct case_ c;

    (void)state;
    begin(&c);
    c.is->command = c.is->environment = c.is->networks = words;
    c.is->user = "root";
    c.is->memory_bytes = 5;
    c.is->restart = GANTRY_RESTART_ALWAYS;
    c.is->privileged = 1;
    check_words(&c, 0, "");
}

static void test_differences_in_words(void **state)
{
    static const char *const is_env[] = { "A=1", "PATH=/bin", NULL };
    static const char *const env[] = { "A=secret", "B=2", "PATH=/x", "PATH=/bin", NULL };
    static const char *const words[] = { "x", NULL };
    gantry_security security = { .size = sizeof security, .privileged = GANTRY_OFF };
    gantry_resources resources = { .size = sizeof resources, .pids = GANTRY_UNLIMITED };
    struct case_ c;

    (void)state;
    begin(&c);
    c.is->environment = is_env;
    c.is->tty = 1;
    c.is->privileged = 1;
    c.is->stop_timeout_ms = 3000;
    c.is->restart = GANTRY_RESTART_NO;
    c.asked.environment = env;
    c.asked.command = words;
    c.asked.user = "web";
    c.asked.tty = GANTRY_OFF;
    c.asked.stop_timeout_ms = 2001;
    c.asked.restart = GANTRY_RESTART_ALWAYS;
    c.asked.security = &security;
    c.asked.resources = &resources;
    check_words(&c, 0,
                "restart: is no, not always|command: is another|user: is not set, not web|tty: is "
                "on, not off|privileged: is on, not off|environment: A has another "
                "value|environment: B is not set|");
    begin(&c);
    c.is->pids_limit = 50;
    c.asked.user = "web";
    c.asked.resources = &resources;
    check_words(&c, 1, "pids: is 50, not -1|");
}

/* What engines tell in another form than it was asked for. */
static void test_other_forms_are_no_difference(void **state)
{
    static const gantry_mount_info info = {
        .source = "/host", .target = "/m", .volume = "", .type = GANTRY_MOUNT_BIND
    };
    static const gantry_mount_info *const infos[] = { &info, NULL };
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_BIND, .source = "/host/", .target = "/m//"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_resources resources = { .size = sizeof resources, .nano_cpus = 123456789 };
    struct case_ c;

    (void)state;
    begin(&c);
    c.is->nano_cpus = 123450000;
    c.is->network_mode = "slirp4netns";
    c.is->user = "web";
    c.is->mounts = infos;
    c.asked.resources = &resources;
    c.asked.network = "slirp4netns";
    c.asked.user = "";
    c.asked.mounts = mounts;
    check_words(&c, 0, "");
    begin(&c);
    c.is->nano_cpus = 123440000;
    c.is->network_mode = "bridge";
    c.asked.resources = &resources;
    c.asked.network = "pasta";
    check_words(&c, 1, "nano_cpus: is 123440000, not 123456789|network: is bridge, not pasta|");
    begin(&c);
    c.is->network_mode = "slirp4netns";
    c.asked.network = "private";
    check_words(&c, 0, "");
}

static void test_mounts_ports_networks(void **state)
{
    static const gantry_mount_info info = {
        .source = "/host", .target = "/m", .volume = "", .type = GANTRY_MOUNT_BIND, .read_only = 1
    };
    static const gantry_mount_info *const infos[] = { &info, NULL };
    static const gantry_port_info port_info = {
        .protocol = "tcp", .host_address = "", .container_port = 80, .host_port = 8080
    };
    static const gantry_port_info *const port_infos[] = { &port_info, NULL };
    static const char *const networks[] = { "front", NULL };
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_BIND, .source = "/other", .target = "/m"
    };
    gantry_mount missing = { .size = sizeof missing,
                             .type = GANTRY_MOUNT_TMPFS,
                             .target = "/none" };
    const gantry_mount *const mounts[] = { &mount, &missing, NULL };
    gantry_port port = { .size = sizeof port, .container_port = 80, .host_port = 8080, .count = 2 };
    const gantry_port *const ports[] = { &port, NULL };
    struct case_ c;

    (void)state;
    begin(&c);
    c.is->mounts = infos;
    c.is->ports = port_infos;
    c.is->networks = networks;
    c.asked.mounts = mounts;
    c.asked.ports = ports;
    c.asked.network = "back";
    check_words(&c, 0,
                "networks: it is not in back|mounts: /m has /host, not /other|mounts: nothing is "
                "at /none|ports: 81 is not published at 8081|");
    begin(&c);
    c.is->networks = networks;
    c.asked.network = "0123456789abcdef"; /* an id, which nobody tells */
    check_words(&c, 0, "");
}

static void test_published_port(void **state)
{
    static const gantry_port_info exposed = { .protocol = "tcp", .container_port = 80 };
    static const gantry_port_info tcp = { .protocol = "tcp",
                                          .container_port = 80,
                                          .host_port = 8080 };
    static const gantry_port_info udp = { .protocol = "udp",
                                          .container_port = 80,
                                          .host_port = 8081 };
    static const gantry_port_info *const list[] = { &exposed, &tcp, &udp, NULL };
    gantry_container c = { .ports = list };

    (void)state;
    assert_ptr_equal(gantry_container_port(&c, 80, NULL), &tcp);
    assert_ptr_equal(gantry_container_port(&c, 80, "udp"), &udp);
    assert_null(gantry_container_port(&c, 80, "sctp"));
    assert_null(gantry_container_port(&c, 81, NULL));
    assert_null(gantry_container_port(NULL, 80, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_every_option_is_digested),
        cmocka_unit_test(test_order_counts_where_there_is_one),
        cmocka_unit_test(test_what_is_no_property_does_not_count),
        cmocka_unit_test(test_nested_structs_count),
        cmocka_unit_test(test_the_digest_stays),
        cmocka_unit_test(test_what_is_not_asked_is_no_difference),
        cmocka_unit_test(test_differences_in_words),
        cmocka_unit_test(test_other_forms_are_no_difference),
        cmocka_unit_test(test_mounts_ports_networks),
        cmocka_unit_test(test_published_port),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
