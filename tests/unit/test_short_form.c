/*
 * Mounts and ports in short form: rows of what the command lines take, and of what they refuse.
 */
#include <gantry/gantry.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void same(const char *form, const char *what, const char *got, const char *want)
{
    if ((got == NULL) != (want == NULL) || (got != NULL && strcmp(got, want) != 0))
        fail_msg("%s: %s is %s, not %s", form, what, got != NULL ? got : "NULL",
                 want != NULL ? want : "NULL");
}

static void equal(const char *form, const char *what, int got, int want)
{
    if (got != want)
        fail_msg("%s: %s is %d, not %d", form, what, got, want);
}

/* ---- mounts ---------------------------------------------------------------------------------- */

static void test_mounts(void **state)
{
    static const struct {
        const char *form;
        gantry_mount want;
    } rows[] = {
        { "/data", { .type = GANTRY_MOUNT_VOLUME, .target = "/data" } },
        { "/data:ro", { .type = GANTRY_MOUNT_VOLUME, .target = "/data", .read_only = GANTRY_ON } },
        { "vol:/data", { .type = GANTRY_MOUNT_VOLUME, .source = "vol", .target = "/data" } },
        { "vol_1.x-y:/data:nocopy",
          { .type = GANTRY_MOUNT_VOLUME,
            .source = "vol_1.x-y",
            .target = "/data",
            .copy = GANTRY_OFF } },
        { "vol:/data:ro,copy",
          { .type = GANTRY_MOUNT_VOLUME,
            .source = "vol",
            .target = "/data",
            .read_only = GANTRY_ON,
            .copy = GANTRY_ON } },
        { "/host:/data", { .type = GANTRY_MOUNT_BIND, .source = "/host", .target = "/data" } },
        { "/host dir:/data dir:rw",
          { .type = GANTRY_MOUNT_BIND,
            .source = "/host dir",
            .target = "/data dir",
            .read_only = GANTRY_OFF } },
        { "/host:/data:ro,Z,rslave",
          { .type = GANTRY_MOUNT_BIND,
            .source = "/host",
            .target = "/data",
            .read_only = GANTRY_ON,
            .relabel = GANTRY_RELABEL_PRIVATE,
            .propagation = "rslave" } },
        { "/host:/data:z,U,bind",
          { .type = GANTRY_MOUNT_BIND,
            .source = "/host",
            .target = "/data",
            .relabel = GANTRY_RELABEL_SHARED,
            .chown = GANTRY_ON,
            .recursive = GANTRY_OFF } },
        { "/host:/data:rbind,rshared",
          { .type = GANTRY_MOUNT_BIND,
            .source = "/host",
            .target = "/data",
            .recursive = GANTRY_ON,
            .propagation = "rshared" } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const forms[] = { rows[i].form, NULL };
        const gantry_mount *want = &rows[i].want;
        gantry_mount_list *list = NULL;
        gantry_error err = { 0 };
        const gantry_mount *got;

        if (gantry_mounts_parse(forms, &list, &err) != 0)
            fail_msg("%s: %s", rows[i].form, err.message);
        assert_int_equal(list->count, 1);
        assert_null(list->items[1]);
        got = list->items[0];
        assert_int_equal(got->size, sizeof *got);
        equal(rows[i].form, "type", got->type, want->type);
        same(rows[i].form, "source", got->source, want->source);
        same(rows[i].form, "target", got->target, want->target);
        same(rows[i].form, "propagation", got->propagation, want->propagation);
        equal(rows[i].form, "read_only", got->read_only, want->read_only);
        equal(rows[i].form, "relabel", got->relabel, want->relabel);
        equal(rows[i].form, "copy", got->copy, want->copy);
        equal(rows[i].form, "recursive", got->recursive, want->recursive);
        equal(rows[i].form, "chown", got->chown, want->chown);
        gantry_mount_list_free(list);
    }
}

static void test_bad_mounts(void **state)
{
    static const char *const rows[] = {
        "",
        ":",
        ":/data",
        "/host:",
        "vol",
        "vol:data",
        "/a:/b:/c",
        "/a:/b:ro:rw",
        "/a:/b:",
        "/a:/b:ro,rw",
        "/a:/b:nope",
        "/a:/b:ro,ro",
        "/a:/b:z,Z",
        "/a:/b:RO",
        "./a:/b",
        "~/a:/b",
        "../a:/b",
        "a/b:/c",
        "-a:/b",
        "vol:/b:rslave",
        "vol:/b:bind",
        "/a:/b:nocopy",
        "/a:/b:rslave,shared",
        "/a:/b:,ro",
        "/a:/b:ro,",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const forms[] = { "/fine:/fine", rows[i], NULL };
        gantry_mount_list *list = NULL;
        gantry_error err = { 0 };

        if (gantry_mounts_parse(forms, &list, &err) != GANTRY_E_INVALID)
            fail_msg("\"%s\" passes", rows[i]);
        assert_null(list);
        if (strstr(err.message, rows[i]) == NULL)
            fail_msg("\"%s\" is not named: %s", rows[i], err.message);
    }
}

/* ---- ports ----------------------------------------------------------------------------------- */

static void test_ports(void **state)
{
    static const struct {
        const char *form;
        gantry_port want;
    } rows[] = {
        { "80", { .container_port = 80, .count = 1 } },
        { "80/udp", { .container_port = 80, .count = 1, .protocol = "udp" } },
        { "80/sctp", { .container_port = 80, .count = 1, .protocol = "sctp" } },
        { "1-3", { .container_port = 1, .count = 3 } },
        { "8080:80", { .container_port = 80, .host_port = 8080, .count = 1 } },
        { "8080:80/tcp",
          { .container_port = 80, .host_port = 8080, .count = 1, .protocol = "tcp" } },
        { "65535:65535", { .container_port = 65535, .host_port = 65535, .count = 1 } },
        { "9000-9002:80-82", { .container_port = 80, .host_port = 9000, .count = 3 } },
        { "127.0.0.1:8080:80",
          { .container_port = 80, .host_port = 8080, .count = 1, .host_address = "127.0.0.1" } },
        { "127.0.0.1::80", { .container_port = 80, .count = 1, .host_address = "127.0.0.1" } },
        { "0.0.0.0:9000-9001:80-81/udp",
          { .container_port = 80,
            .host_port = 9000,
            .count = 2,
            .host_address = "0.0.0.0",
            .protocol = "udp" } },
        { "[::1]:8080:80",
          { .container_port = 80, .host_port = 8080, .count = 1, .host_address = "::1" } },
        { "[2001:db8::7]::80-90/tcp",
          { .container_port = 80, .count = 11, .host_address = "2001:db8::7", .protocol = "tcp" } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const forms[] = { rows[i].form, "1", NULL };
        const gantry_port *want = &rows[i].want;
        gantry_port_list *list = NULL;
        gantry_error err = { 0 };
        const gantry_port *got;

        if (gantry_ports_parse(forms, &list, &err) != 0)
            fail_msg("%s: %s", rows[i].form, err.message);
        assert_int_equal(list->count, 2);
        assert_null(list->items[2]);
        got = list->items[0];
        assert_int_equal(got->size, sizeof *got);
        equal(rows[i].form, "container_port", got->container_port, want->container_port);
        equal(rows[i].form, "host_port", got->host_port, want->host_port);
        equal(rows[i].form, "count", got->count, want->count);
        same(rows[i].form, "host_address", got->host_address, want->host_address);
        same(rows[i].form, "protocol", got->protocol, want->protocol);
        gantry_port_list_free(list);
    }
}

static void test_bad_ports(void **state)
{
    static const char *const rows[] = {
        "",
        "tcp",
        "/tcp",
        "80/",
        "80/icmp",
        "80/TCPX",
        "0",
        "65536",
        "-1",
        "80-",
        "-80",
        "90-80",
        "80-90-95",
        "8080:",
        ":80",
        "8080:0",
        "0:80",
        "8080:80:",
        "a:80",
        "80:a",
        "1-2:80",
        "80:1-2",
        "1-3:80-81",
        "127.0.0.1:80",
        "localhost:8080:80",
        "::1:8080:80",
        "[::1:8080:80",
        "[::1]8080:80",
        "[127.0.0.1]:1:2",
        "[]:1:2",
        "1.2.3:1:2",
        "256.0.0.1:1:2",
        "127.0.0.1:1:2:3",
        "[::1]:80",
        " 80",
        "80 ",
        "+80",
        "000080",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const forms[] = { rows[i], NULL };
        gantry_port_list *list = NULL;
        gantry_error err = { 0 };

        if (gantry_ports_parse(forms, &list, &err) != GANTRY_E_INVALID)
            fail_msg("\"%s\" passes", rows[i]);
        assert_null(list);
        if (strstr(err.message, rows[i]) == NULL)
            fail_msg("\"%s\" is not named: %s", rows[i], err.message);
    }
}

static void test_arguments(void **state)
{
    const char *const none[] = { NULL };
    gantry_mount_list *mounts = NULL;
    gantry_port_list *ports = NULL;

    (void)state;
    assert_int_equal(gantry_mounts_parse(NULL, &mounts, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_mounts_parse(none, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ports_parse(NULL, &ports, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ports_parse(none, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_mounts_parse(none, &mounts, NULL), 0);
    assert_int_equal(gantry_ports_parse(none, &ports, NULL), 0);
    assert_int_equal(mounts->count, 0);
    assert_null(mounts->items[0]);
    assert_null(ports->items[0]);
    gantry_mount_list_free(mounts);
    gantry_port_list_free(ports);
    gantry_mount_list_free(NULL);
    gantry_port_list_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mounts),    cmocka_unit_test(test_bad_mounts),
        cmocka_unit_test(test_ports),     cmocka_unit_test(test_bad_ports),
        cmocka_unit_test(test_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
