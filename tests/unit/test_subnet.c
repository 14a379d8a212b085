/*
 * Subnets as numbers, and what is said of a network's options without an engine.
 */
#include "network_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct gnt_mem memory;

static int setup(void **state)
{
    (void)state;
    return gnt_mem_init(&memory, NULL, NULL);
}

static struct gnt_subnet parse(const char *text)
{
    struct gnt_subnet s = { 0 };
    gantry_error err = { 0 };

    if (gnt_subnet_parse("subnet", text, &s, &err) != 0)
        fail_msg("%s", err.message);
    return s;
}

static void test_parse(void **state)
{
    static const char *const good[] = { "10.89.0.0/24",  "0.0.0.0/0", "10.1.2.3/32",
                                        "fd00:1::/64",   "::/0",      "fd00::1/128",
                                        "10.89.0.128/25" };
    static const char *const bad[] = { "",
                                       "/",
                                       "10.89.0.0",
                                       "10.89.0.0/",
                                       "10.0.0.0/33",
                                       "fd00::/129",
                                       "10.89.0.1/24",
                                       "fd00::1/64",
                                       "10.0.0/8",
                                       "10.0.0.0/-1",
                                       "10.0.0.0/8x",
                                       "x/8",
                                       "10.0.0.0/0000000000008" };
    struct gnt_subnet s = { .bits = 99 };
    gantry_error err = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        parse(good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(gnt_subnet_parse("subnet", bad[i], &s, &err), GANTRY_E_INVALID);
        assert_non_null(strstr(err.message, "subnet: "));
    }
    assert_int_equal(s.bits, 99);
    gnt_subnet_parse("subnet", "10.89.0.77/24", &s, &err);
    assert_non_null(strstr(err.message, "10.89.0.0/24")); /* what was meant */
}

static void test_has_and_holds(void **state)
{
    const struct gnt_subnet s = parse("10.89.4.0/22");
    const struct gnt_subnet six = parse("fd00:1::/64");
    const struct gnt_subnet part = parse("10.89.7.128/25");
    const struct gnt_subnet wide = parse("10.0.0.0/8");
    const struct gnt_subnet other = parse("10.90.0.0/16");

    (void)state;
    assert_true(gnt_subnet_has(&s, "10.89.4.0"));
    assert_true(gnt_subnet_has(&s, "10.89.7.255"));
    assert_false(gnt_subnet_has(&s, "10.89.8.0"));
    assert_false(gnt_subnet_has(&s, "fd00:1::1"));
    assert_false(gnt_subnet_has(&s, "nonsense"));
    assert_true(gnt_subnet_has(&six, "fd00:1::ffff"));
    assert_false(gnt_subnet_has(&six, "fd00:1:0:1::"));
    assert_true(gnt_subnet_holds(&s, &part));
    assert_false(gnt_subnet_holds(&part, &s));
    assert_true(gnt_subnet_holds(&s, &s));
    assert_true(gnt_subnet_overlaps(&s, &wide));
    assert_true(gnt_subnet_overlaps(&wide, &s));
    assert_false(gnt_subnet_overlaps(&s, &other));
    assert_false(gnt_subnet_overlaps(&s, &six));
    assert_true(gnt_subnet_same("fd00:0:0::/64", "fd00::/64"));
    assert_true(gnt_subnet_same("fd00::0:1", "fd00::1"));
    assert_false(gnt_subnet_same("10.0.0.0/8", "10.0.0.0/9"));
    assert_false(gnt_subnet_same("", "10.0.0.1"));
}

static void check_gateway(const char *subnet, const char *want)
{
    const struct gnt_subnet s = parse(subnet);
    char text[GNT_ADDRESS_SIZE];

    gnt_subnet_gateway(&s, text);
    assert_string_equal(text, want);
}

static void test_gateway(void **state)
{
    (void)state;
    check_gateway("10.89.4.0/22", "10.89.4.1");
    check_gateway("fd00:1::/64", "fd00:1::1");
    check_gateway("10.0.0.4/30", "10.0.0.5");
    check_gateway("10.0.0.4/31", "");
    check_gateway("10.0.0.4/32", "");
}

/* There and back. */
static void check_range(const char *subnet, const char *range, const char *first, const char *last)
{
    const struct gnt_subnet s = parse(subnet);
    const struct gnt_subnet r = parse(range);
    char a[GNT_ADDRESS_SIZE];
    char b[GNT_ADDRESS_SIZE];
    struct gnt_arena arena;

    gnt_arena_init(&arena, &memory);
    gnt_subnet_lease(&s, &r, a, b);
    assert_string_equal(a, first);
    assert_string_equal(b, last);
    assert_string_equal(gnt_subnet_range(&arena, &s, a, b), range);
    gnt_arena_free(&arena);
}

static void check_ends(const char *subnet, const char *first, const char *last, const char *want)
{
    const struct gnt_subnet s = parse(subnet);
    struct gnt_arena arena;

    gnt_arena_init(&arena, &memory);
    assert_string_equal(gnt_subnet_range(&arena, &s, first, last), want);
    gnt_arena_free(&arena);
}

static void test_range(void **state)
{
    (void)state;
    check_range("10.89.0.0/24", "10.89.0.128/26", "10.89.0.128", "10.89.0.191");
    check_range("10.89.0.0/24", "10.89.0.128/25", "10.89.0.128", "10.89.0.254");
    check_range("10.89.0.0/24", "10.89.0.0/25", "10.89.0.1", "10.89.0.127");
    check_range("10.89.0.0/24", "10.89.0.0/24", "10.89.0.1", "10.89.0.254");
    check_range("10.89.0.0/24", "10.89.0.7/32", "10.89.0.7", "10.89.0.7");
    check_range("10.89.0.0/24", "10.89.0.8/31", "10.89.0.8", "10.89.0.9");
    check_range("fd00:1::/64", "fd00:1::8000/113", "fd00:1::8000", "fd00:1::ffff");
    /* Podman's own command begins behind a block's first address. */
    check_ends("10.89.0.0/24", "10.89.0.129", "10.89.0.255", "10.89.0.128/25");
    check_ends("10.89.0.0/24", "10.89.0.10", "10.89.0.20", "10.89.0.10-10.89.0.20");
    check_ends("10.89.0.0/24", "10.89.0.5", "10.89.0.6", "10.89.0.5-10.89.0.6");
    check_ends("10.89.0.0/24", "odd", "10.89.0.6", "odd-10.89.0.6");
}

/* ---- options --------------------------------------------------------------------------------- */

static int import(gantry_network_options o, gantry_error *err)
{
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &memory);
    rc = gnt_network_options_import(&arena, &o, err);
    gnt_arena_free(&arena);
    return rc;
}

static void test_options_that_fit(void **state)
{
    const gantry_subnet four = {
        .size = sizeof four, .subnet = "10.1.0.0/16", .gateway = "10.1.9.9", .range = "10.1.2.0/24"
    };
    const gantry_subnet six = { .size = sizeof six, .subnet = "fd00::/64" };
    const gantry_subnet *const subnets[] = { &four, &six, NULL };
    const char *const servers[] = { "10.0.0.1", "fd00::1", NULL };
    gantry_pair mtu = { "mtu", "9000" };
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(import((gantry_network_options){ .subnets = subnets,
                                                      .dns_servers = servers,
                                                      .parent = "eth0.10",
                                                      .options = &mtu,
                                                      .option_count = 1 },
                            &err),
                     0);
    assert_int_equal(import((gantry_network_options){ .subnet = "10.0.0.0/8" }, &err), 0);
    assert_int_equal(import((gantry_network_options){ .subnets = subnets + 2 }, &err), 0);
    assert_int_equal(err.code, 0);
}

static void check_invalid(gantry_network_options o, const char *word)
{
    gantry_error err = { 0 };

    assert_int_equal(import(o, &err), GANTRY_E_INVALID);
    if (strncmp(err.message, word, strlen(word)) != 0)
        fail_msg("\"%s\" does not begin with %s", err.message, word);
}

static void test_options_that_do_not(void **state)
{
    gantry_subnet one = { .size = sizeof one, .subnet = "10.1.0.0/16" };
    const gantry_subnet part = { .size = sizeof part, .subnet = "10.1.2.0/24" };
    const gantry_subnet nothing = { .size = sizeof nothing };
    const gantry_subnet unsized = { .subnet = "10.1.0.0/16" };
    const gantry_subnet *const overlapping[] = { &one, &part, NULL };
    const gantry_subnet *const empty[] = { &nothing, NULL };
    const gantry_subnet *const odd[] = { &unsized, NULL };
    const gantry_subnet *const alone[] = { &one, NULL };
    const char *const servers[] = { "10.0.0.1", NULL };
    const char *const names[] = { "dns.example.org", NULL };
    gantry_pair small = { "mtu", "67" };
    gantry_pair none = { "mtu", NULL };

    (void)state;
    check_invalid((gantry_network_options){ .subnets = overlapping }, "subnets: 10.1.0.0/16 and");
    check_invalid((gantry_network_options){ .subnets = empty }, "subnets: subnet");
    check_invalid((gantry_network_options){ .subnets = odd }, "gantry_subnet");
    check_invalid((gantry_network_options){ .subnets = alone, .gateway = "10.1.0.1" }, "gateway");
    one.gateway = "10.2.0.1";
    check_invalid((gantry_network_options){ .subnets = alone }, "subnets: gateway");
    one.gateway = "fd00::1";
    check_invalid((gantry_network_options){ .subnets = alone }, "subnets: gateway");
    one.gateway = NULL;
    one.range = "10.0.0.0/8";
    check_invalid((gantry_network_options){ .subnets = alone }, "subnets: range");
    check_invalid((gantry_network_options){ .driver = "none" }, "driver");
    check_invalid((gantry_network_options){ .driver = "" }, "driver");
    check_invalid((gantry_network_options){ .internal = 7 }, "internal");
    check_invalid((gantry_network_options){ .ipam_driver = "dhcp", .subnet = "10.0.0.0/8" },
                  "ipam_driver");
    check_invalid((gantry_network_options){ .dns = GANTRY_OFF, .dns_servers = servers },
                  "dns_servers");
    check_invalid((gantry_network_options){ .dns_servers = names }, "dns_servers");
    check_invalid((gantry_network_options){ .parent = "sixteen-letters-" }, "parent");
    check_invalid((gantry_network_options){ .options = &small, .option_count = 1 }, "options: mtu");
    check_invalid((gantry_network_options){ .options = &none, .option_count = 1 }, "options: mtu");
    check_invalid((gantry_network_options){ .option_count = 1 }, "options");
}

static void test_what_lists_want(void **state)
{
    const gantry_pair labels[] = { { "a", "1" } };
    const gantry_network n = {
        .id = "abc", .name = "net", .driver = "bridge", .labels = labels, .label_count = 1
    };
    const char *const names[] = { "other", "net", NULL };
    const char *const part[] = { "ne", NULL };
    const char *const conditions[] = { "a=1", "a", NULL };
    gantry_network_list_options o = { .names = names, .labels = conditions };

    (void)state;
    assert_true(gnt_network_wanted(&n, &o));
    o.ids = part;
    assert_false(gnt_network_wanted(&n, &o));
    o.ids = NULL;
    o.drivers = part;
    assert_false(gnt_network_wanted(&n, &o));
    o.drivers = NULL;
    o.names = part;
    assert_false(gnt_network_wanted(&n, &o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_has_and_holds),
        cmocka_unit_test(test_gateway),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_options_that_fit),
        cmocka_unit_test(test_options_that_do_not),
        cmocka_unit_test(test_what_lists_want),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
