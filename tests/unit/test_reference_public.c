/* References as programs take them apart and put them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <gantry/gantry.h>

#define D "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ID "dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9c"

struct row {
    const char *text, *domain, *path, *tag, *digest, *canonical, *familiar;
};

static const struct row rows[] = {
    { "redis", "docker.io", "library/redis", "", "", "docker.io/library/redis:latest", "redis" },
    { "redis:latest", "docker.io", "library/redis", "latest", "", "docker.io/library/redis:latest",
      "redis" },
    { "redis:7", "docker.io", "library/redis", "7", "", "docker.io/library/redis:7", "redis:7" },
    { "library/redis", "docker.io", "library/redis", "", "", "docker.io/library/redis:latest",
      "redis" },
    { "index.docker.io/fooo/bar", "docker.io", "fooo/bar", "", "", "docker.io/fooo/bar:latest",
      "fooo/bar" },
    { "docker.io/foo", "docker.io", "library/foo", "", "", "docker.io/library/foo:latest", "foo" },
    { "docker.io/library/foo/bar", "docker.io", "library/foo/bar", "", "",
      "docker.io/library/foo/bar:latest", "library/foo/bar" },
    { "redis@" D, "docker.io", "library/redis", "", D, "docker.io/library/redis@" D, "redis@" D },
    { "busybox:latest@" D, "docker.io", "library/busybox", "latest", D,
      "docker.io/library/busybox:latest@" D, "busybox:latest@" D },
    { "127.0.0.1:8000/private/moonbase", "127.0.0.1:8000", "private/moonbase", "", "",
      "127.0.0.1:8000/private/moonbase:latest", "127.0.0.1:8000/private/moonbase" },
    { "example.com:8000/base:1", "example.com:8000", "base", "1", "", "example.com:8000/base:1",
      "example.com:8000/base:1" },
    { "test_com/foo", "docker.io", "test_com/foo", "", "", "docker.io/test_com/foo:latest",
      "test_com/foo" },
    { "test-com:8080/foo", "test-com:8080", "foo", "", "", "test-com:8080/foo:latest",
      "test-com:8080/foo" },
    { "Foo/bar", "Foo", "bar", "", "", "Foo/bar:latest", "Foo/bar" },
    { "localhost/app", "localhost", "app", "", "", "localhost/app:latest", "localhost/app" },
    { "xn--7o8h.com/myimage:xn--7o8h.com", "xn--7o8h.com", "myimage", "xn--7o8h.com", "",
      "xn--7o8h.com/myimage:xn--7o8h.com", "xn--7o8h.com/myimage:xn--7o8h.com" },
    { "192.168.1.1", "docker.io", "library/192.168.1.1", "", "",
      "docker.io/library/192.168.1.1:latest", "192.168.1.1" },
    { "192.168.1.1:5000", "docker.io", "library/192.168.1.1", "5000", "",
      "docker.io/library/192.168.1.1:5000", "192.168.1.1:5000" },
    { "foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080", "",
      "docker.io/foo/foo_bar.com:8080", "foo/foo_bar.com:8080" },
    { "[2001:db8::1]:5000/repo:tag@" D, "[2001:db8::1]:5000", "repo", "tag", D,
      "[2001:db8::1]:5000/repo:tag@" D, "[2001:db8::1]:5000/repo:tag@" D },
    { "[::1]/repo", "[::1]", "repo", "", "", "[::1]/repo:latest", "[::1]/repo" },
    { "docker.io/my.team/app", "docker.io", "my.team/app", "", "", "docker.io/my.team/app:latest",
      "docker.io/my.team/app" },
    { "docker.io/" ID, "docker.io", "library/" ID, "", "", "docker.io/library/" ID ":latest",
      "docker.io/" ID },
    { "dbcc1", "docker.io", "library/dbcc1", "", "", "docker.io/library/dbcc1:latest", "dbcc1" },
    { "dock__er/docker---x", "docker.io", "dock__er/docker---x", "", "",
      "docker.io/dock__er/docker---x:latest", "dock__er/docker---x" },
};

static void test_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_reference *r = NULL;
        gantry_reference *again = NULL;

        assert_int_equal(gantry_reference_parse(rows[i].text, NULL, &r, NULL), 0);
        assert_string_equal(r->domain, rows[i].domain);
        assert_string_equal(r->path, rows[i].path);
        assert_string_equal(r->tag, rows[i].tag);
        assert_string_equal(r->digest, rows[i].digest);
        assert_string_equal(r->canonical, rows[i].canonical);
        assert_string_equal(r->familiar, rows[i].familiar);
        assert_string_equal(r->id, "");
        assert_int_equal(gantry_reference_parse(r->familiar, NULL, &again, NULL), 0);
        assert_string_equal(again->canonical, r->canonical);
        gantry_reference_free(again);
        gantry_reference_free(r);
    }
}

static void test_invalid(void **state)
{
    static const char *const invalid[] = {
        "",
        "https://github.com/docker/docker",
        "docker/Docker",
        "-docker",
        "-docker/docker",
        "-docker.io/docker/docker",
        "docker///docker",
        "docker.io/docker/Docker",
        "[fc00::1]",
        "[fc00::1]:5000",
        "fc00::1:5000/debian",
        "[fe80::1%eth0]:5000/debian",
        "[2001:db8:3:4::192.0.2.33]:5000/debian",
        "docker-/docker",
        "____/____",
        "_docker/_docker",
        "dock..er/docker",
        "dock_.er/docker",
        "docker/",
        ":justtag",
        "@" D,
        "repo@sha256:ffffffffffffffffffffffffffffffffff",
        "Uppercase:tag",
        "test:5000/Uppercase/lowercase:tag",
        "aa/asdf$$^/aa",
        "foo:-bad",
    };

    (void)state;
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        gantry_reference *r = NULL;
        gantry_error err = { 0 };

        assert_int_equal(gantry_reference_parse(invalid[i], NULL, &r, &err), GANTRY_E_INVALID);
        assert_null(r);
        assert_non_null(strstr(err.message, "reference: "));
    }
    assert_int_equal(gantry_reference_parse(NULL, NULL, NULL, NULL), GANTRY_E_INVALID);
}

static void test_ids(void **state)
{
    gantry_reference_options o = { .size = sizeof o, .no_id = GANTRY_ON };
    gantry_reference *r = NULL;

    (void)state;
    assert_int_equal(gantry_reference_parse(ID, NULL, &r, NULL), 0);
    assert_string_equal(r->id, ID);
    assert_string_equal(r->canonical, "sha256:" ID);
    assert_string_equal(r->familiar, ID);
    assert_string_equal(r->path, "");
    assert_string_equal(r->domain, "");
    gantry_reference_free(r);
    assert_int_equal(gantry_reference_parse("sha256:abc", NULL, &r, NULL), 0);
    assert_string_equal(r->id, "abc");
    assert_string_equal(r->familiar, "sha256:abc");
    gantry_reference_free(r);
    assert_int_equal(gantry_reference_parse(ID, &o, &r, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_reference_parse("sha256:abc", &o, &r, NULL), GANTRY_E_INVALID);
}

static void test_default_domain(void **state)
{
    static const struct {
        const char *text, *canonical, *familiar;
    } cases[] = {
        { "app", "quay.io/app:latest", "app" },
        { "team/app:1", "quay.io/team/app:1", "team/app:1" },
        { "docker.io/alpine", "docker.io/library/alpine:latest", "docker.io/alpine" },
        { "quay.io/my.team/app", "quay.io/my.team/app:latest", "quay.io/my.team/app" },
        { "localhost/app", "localhost/app:latest", "localhost/app" },
    };
    gantry_reference_options o = { .size = sizeof o, .default_domain = "quay.io" };
    gantry_reference *r = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gantry_reference_parse(cases[i].text, &o, &r, NULL), 0);
        assert_string_equal(r->canonical, cases[i].canonical);
        assert_string_equal(r->familiar, cases[i].familiar);
        gantry_reference_free(r);
    }
    o.default_domain = "nodots";
    assert_int_equal(gantry_reference_parse("app", &o, &r, NULL), GANTRY_E_INVALID);
    o.default_domain = "a b.org";
    assert_int_equal(gantry_reference_parse("app", &o, &r, NULL), GANTRY_E_INVALID);
}

static void test_format(void **state)
{
    gantry_error err = { 0 };
    char text[64];
    size_t size = 0;

    (void)state;
    assert_int_equal(
        gantry_reference_format("quay.io", "team/app", "1", NULL, text, sizeof text, &size, &err),
        0);
    assert_string_equal(text, "quay.io/team/app:1");
    assert_int_equal(size, strlen(text));
    assert_int_equal(gantry_reference_format("", "app", "", D, NULL, 0, &size, &err), 0);
    assert_int_equal(size, 4 + strlen(D));
    assert_int_equal(gantry_reference_format(NULL, "app", "x", NULL, text, 4, &size, &err),
                     GANTRY_E_INVALID);
    assert_string_equal(text, "app");
    assert_int_equal(size, 5);
    assert_int_equal(gantry_reference_format("team", "app", NULL, NULL, text, 64, NULL, &err),
                     GANTRY_E_INVALID);
    assert_int_equal(gantry_reference_format(NULL, "quay.io/app", NULL, NULL, text, 64, NULL, &err),
                     GANTRY_E_INVALID);
    assert_int_equal(gantry_reference_format(NULL, "app:1", NULL, NULL, text, 64, NULL, &err),
                     GANTRY_E_INVALID);
    assert_int_equal(gantry_reference_format(NULL, ID, NULL, NULL, text, 64, NULL, &err),
                     GANTRY_E_INVALID);
    assert_int_equal(gantry_reference_format(NULL, "", NULL, NULL, text, 64, NULL, &err),
                     GANTRY_E_INVALID);
    assert_int_equal(gantry_reference_format(NULL, NULL, NULL, NULL, text, 64, NULL, &err),
                     GANTRY_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),  cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_ids),    cmocka_unit_test(test_default_domain),
        cmocka_unit_test(test_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
