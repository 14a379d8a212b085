/*
 * Unpacking onto this machine what a container sent: whatever the archive says, nothing outside the
 * directory is touched, and what is written is written as it should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_helpers.h"
#include <gantry/backend.h>

#include "extract.h"

/* ---- tars by hand ---------------------------------------------------------------------------- */

struct tape {
    struct bytes tar;
    size_t at;
    struct gantry_host host;
};

static void put(struct tape *t, const void *data, size_t size)
{
    size_t whole = (size + 511) / 512 * 512;

    t->tar.data = realloc(t->tar.data, t->tar.size + whole);
    assert_non_null(t->tar.data);
    memset(t->tar.data + t->tar.size, 0, whole);
    memcpy(t->tar.data + t->tar.size, data, size);
    t->tar.size += whole;
}

static void header(struct tape *t, const char *name, char type, const char *link, int mode,
                   size_t size)
{
    char h[512] = { 0 };
    char sum_text[16];
    unsigned sum = 0;

    memcpy(h, name, strlen(name) < 100 ? strlen(name) : 100);
    snprintf(h + 100, 8, "%07o", (unsigned)mode);
    memcpy(h + 108, "0000000\0000000000", 16);
    snprintf(h + 124, 12, "%011zo", size);
    snprintf(h + 136, 12, "%011o", 1000000000U);
    h[156] = type;
    memcpy(h + 157, link, strlen(link) < 100 ? strlen(link) : 100);
    memcpy(h + 257, "ustar\00000", 8);
    memset(h + 148, ' ', 8);
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    snprintf(sum_text, sizeof sum_text, "%06o", sum);
    memcpy(h + 148, sum_text, 7);
    put(t, h, sizeof h);
}

static void file(struct tape *t, const char *name, const char *text)
{
    header(t, name, '0', "", 0644, strlen(text));
    if (text[0] != '\0')
        put(t, text, strlen(text));
}

static int tape_read(void *state, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                     int *out_channel, gantry_error *err)
{
    struct tape *t = state;
    size_t size = t->tar.size - t->at;

    (void)nonblocking;
    (void)err;
    if (size > capacity)
        size = capacity;
    if (size > 1000)
        size = 1000; /* in odd pieces */
    memcpy(buffer, t->tar.data + t->at, size);
    t->at += size;
    *out_size = size;
    *out_channel = GANTRY_STDOUT;
    return 0;
}

static void tape_close(void *state)
{
    struct tape *t = state;

    free(t->tar.data);
    memset(&t->tar, 0, sizeof t->tar);
    t->at = 0;
}

/* Unpack into root/in; the tape is used up. */
static int unpack(struct tree *tree, struct tape *t, const struct gnt_extract_options *options,
                  gantry_error *err)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = tape_read,
                                           .close = tape_close };
    static const char end[1024] = { 0 };
    const struct gnt_extract_options none = { 0 };
    struct gnt_clock clock;
    gantry_stream *stream = NULL;
    int fd, rc;

    put(t, end, sizeof end);
    assert_int_equal(gnt_mem_init(&t->host.mem, NULL, NULL), 0);
    assert_int_equal(gantry_stream_new(&t->host, &ops, t, &stream, NULL), 0);
    (void)mkdir(at(tree, "in"), 0755);
    fd = open(at(tree, "in"), O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    gnt_clock_start(&clock, NULL, 0);
    memset(err, 0, sizeof *err);
    rc =
        gnt_extract(&t->host.mem, stream, fd, "in", options != NULL ? options : &none, &clock, err);
    close(fd);
    gantry_stream_close(stream);
    return rc;
}

static void unpacks(struct tree *tree, struct tape *t, const struct gnt_extract_options *options)
{
    gantry_error err;
    int rc = unpack(tree, t, options, &err);

    if (rc != 0)
        fail_msg("%s: %s", gantry_error_name(rc), err.message);
}

static void refuses(struct tree *tree, struct tape *t, const struct gnt_extract_options *options,
                    int code, const char *text)
{
    gantry_error err;
    int rc = unpack(tree, t, options, &err);

    if (rc != code || strstr(err.message, text) == NULL)
        fail_msg("%s (%s), not %s (%s)", gantry_error_name(rc), err.message,
                 gantry_error_name(code), text);
    assert_int_equal(err.code, code);
}

static void has(struct tree *tree, const char *name, const char *text)
{
    char got[256] = "";
    int fd = open(at(tree, name), O_RDONLY | O_NOFOLLOW);

    assert_true(fd >= 0);
    assert_true(read(fd, got, sizeof got - 1) >= 0);
    close(fd);
    assert_string_equal(got, text);
}

static int exists(struct tree *tree, const char *name)
{
    struct stat st;

    return lstat(at(tree, name), &st) == 0;
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void test_names_stay_inside(void **state)
{
    struct tree *tree = *state;
    struct tape t = { 0 };

    file(&t, "/tmp/gantry-evil", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "an absolute name: /tmp/gantry-evil");
    file(&t, "../evil", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "\"..\": ../evil");
    file(&t, "a/../../evil", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "\"..\"");
    file(&t, "a/..", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "\"..\"");
    file(&t, ".", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "in the place of");
    file(&t, "./a//b/./..c", "fine");
    unpacks(tree, &t, NULL);
    has(tree, "in/a/b/..c", "fine");
    assert_false(exists(tree, "evil"));
    assert_int_equal(access("/tmp/gantry-evil", F_OK), -1);
}

static void test_links_are_not_gone_through(void **state)
{
    struct tree *tree = *state;
    struct tape t = { 0 };

    make_dir(tree, "outside");
    make_file(tree, "outside/old", "old");
    header(&t, "way", '2', "../outside", 0777, 0);
    file(&t, "way/evil", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "way");
    assert_false(exists(tree, "outside/evil"));
    header(&t, "one", '2', "../outside/old", 0777, 0);
    file(&t, "one", "new");
    unpacks(tree, &t, NULL);
    has(tree, "outside/old", "old");
    has(tree, "in/one", "new");
    /* One that was there before. */
    make_link(tree, "in/before", "../outside");
    file(&t, "before/evil", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "before");
    header(&t, "before/", '5', "", 0755, 0);
    refuses(tree, &t, NULL, GANTRY_E_CONFLICT, "before");
    make_link(tree, "in/file", "../outside/old");
    file(&t, "file", "new");
    unpacks(tree, &t, NULL);
    has(tree, "outside/old", "old");
    has(tree, "in/file", "new");
    /* A directory that becomes a link after something was put into it. */
    file(&t, "dir/a", "x");
    header(&t, "dir", '2', "../outside", 0777, 0);
    file(&t, "dir/evil", "x");
    refuses(tree, &t, NULL, GANTRY_E_CONFLICT, "dir");
    assert_false(exists(tree, "outside/evil"));
    assert_false(exists(tree, "outside/a"));
}

static void test_hard_links_are_to_what_came(void **state)
{
    struct tree *tree = *state;
    struct tape t = { 0 };
    struct stat a, b;

    make_file(tree, "secret", "secret");
    header(&t, "leak", '1', "../secret", 0644, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "\"..\"");
    header(&t, "leak", '1', "/etc/passwd", 0644, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "absolute");
    make_file(tree, "in/mine", "mine");
    header(&t, "leak", '1', "mine", 0644, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "did not bring");
    header(&t, "to", '2', "..", 0777, 0);
    header(&t, "leak", '1', "to/secret", 0644, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "to");
    header(&t, "link", '2', "../secret", 0777, 0);
    unpacks(tree, &t, NULL);
    header(&t, "leak", '1', "link", 0644, 0); /* of an earlier archive */
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "did not bring");
    header(&t, "leak", '1', "nothing", 0644, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "did not bring");
    assert_false(exists(tree, "in/leak"));
    file(&t, "d/first", "both");
    header(&t, "e/second", '1', "d/first", 0644, 0);
    header(&t, "d/first", '1', "./d/first", 0644, 0); /* to itself */
    unpacks(tree, &t, NULL);
    assert_int_equal(stat(at(tree, "in/d/first"), &a), 0);
    assert_int_equal(stat(at(tree, "in/e/second"), &b), 0);
    assert_true(a.st_ino == b.st_ino && a.st_nlink == 2);
    has(tree, "in/e/second", "both");
    /* A later file of that name is a new one. */
    file(&t, "e/second", "other");
    unpacks(tree, &t, NULL);
    has(tree, "in/d/first", "both");
    has(tree, "secret", "secret");
}

static void test_special_files_are_refused_or_left_out(void **state)
{
    struct tree *tree = *state;
    const struct gnt_extract_options skip = { .skip_special = 1 };
    struct tape t = { 0 };

    header(&t, "null", '3', "", 0666, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "null");
    header(&t, "disk", '4', "", 0666, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "disk");
    header(&t, "pipe", '6', "", 0666, 0);
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "pipe");
    header(&t, "null", '3', "", 0666, 0);
    header(&t, "pipe", '6', "", 0666, 0);
    file(&t, "rest", "rest");
    unpacks(tree, &t, &skip);
    assert_false(exists(tree, "in/null"));
    assert_false(exists(tree, "in/pipe"));
    has(tree, "in/rest", "rest");
}

/* ---- what is made ---------------------------------------------------------------------------- */

static void test_modes_and_times(void **state)
{
    struct tree *tree = *state;
    struct tape t = { 0 };
    struct stat st;

    header(&t, "shut/", '5', "", 0500, 0);
    header(&t, "shut/su", '0', "", 06755, 0);
    header(&t, "shut/deep/", '5', "", 01000, 0);
    file(&t, "shut/deep/er/file", "x");
    unpacks(tree, &t, NULL);
    assert_int_equal(stat(at(tree, "in/shut"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0500);
    assert_int_equal(st.st_mtime, 1000000000);
    assert_int_equal(stat(at(tree, "in/shut/su"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(st.st_mtime, 1000000000);
    assert_int_equal(stat(at(tree, "in/shut/deep"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0);
    assert_int_equal(chmod(at(tree, "in/shut/deep"), 0700), 0);
    assert_int_equal(stat(at(tree, "in/shut/deep/er"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755); /* nobody said anything of it */
    /* A directory that exists stays as it is. */
    header(&t, "shut/", '5', "", 0777, 0);
    unpacks(tree, &t, NULL);
    assert_int_equal(stat(at(tree, "in/shut"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0500);
}

static void test_directories_are_finished_after_a_failure(void **state)
{
    struct tree *tree = *state;
    struct tape t = { 0 };
    struct stat st;

    header(&t, "d/", '5', "", 0751, 0);
    file(&t, "d/kept", "kept");
    file(&t, "../evil", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "..");
    assert_int_equal(stat(at(tree, "in/d"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0751);
    has(tree, "in/d/kept", "kept");
}

static void test_kinds_do_not_replace_each_other(void **state)
{
    struct tree *tree = *state;
    const struct gnt_extract_options keep = { .keep = 1 };
    struct tape t = { 0 };

    make_dir(tree, "in");
    make_dir(tree, "in/d");
    make_file(tree, "in/f", "old");
    file(&t, "d", "x");
    refuses(tree, &t, NULL, GANTRY_E_CONFLICT, "d");
    header(&t, "f/", '5', "", 0755, 0);
    refuses(tree, &t, NULL, GANTRY_E_CONFLICT, "f");
    file(&t, "f/below", "x");
    refuses(tree, &t, NULL, GANTRY_E_DENIED, "f");
    file(&t, "f", "new");
    refuses(tree, &t, &keep, GANTRY_E_EXISTS, "f");
    has(tree, "in/f", "old");
    file(&t, "f", "new");
    unpacks(tree, &t, NULL);
    has(tree, "in/f", "new");
}

static void test_ceilings(void **state)
{
    struct tree *tree = *state;
    struct gnt_extract_options options = { .max_bytes = 5 };
    struct tape t = { 0 };

    file(&t, "a", "abc");
    file(&t, "b", "def");
    refuses(tree, &t, &options, GANTRY_E_LIMIT, "max_bytes");
    file(&t, "a", "abc");
    file(&t, "b", "de");
    unpacks(tree, &t, &options);
    options.max_bytes = 0;
    options.max_entries = 1;
    file(&t, "a", "abc");
    file(&t, "b", "de");
    refuses(tree, &t, &options, GANTRY_E_LIMIT, "max_entries");
    options.max_entries = 3; /* directories that are only implied are made too */
    file(&t, "i/m/p/l/i/e/d", "x");
    refuses(tree, &t, &options, GANTRY_E_LIMIT, "max_entries");
}

static void test_long_deep_and_odd_names(void **state)
{
    struct tree *tree = *state;
    char name[1200] = "";
    char record[1400];
    struct tape t = { 0 };
    int length;

    for (int i = 0; i < 100; i++)
        strcat(name, "directory/");
    strcat(name, "f");
    length = snprintf(record, sizeof record, "%zu path=%s\n", strlen(name) + 11, name);
    assert_int_equal(length, (int)strlen(name) + 11);
    header(&t, "pax", 'x', "", 0644, (size_t)length);
    put(&t, record, (size_t)length);
    file(&t, "short", "deep");
    /* A name of GNU's kind, in bytes that are no UTF-8. */
    header(&t, "././@LongLink", 'L', "", 0644, 9);
    put(&t, "odd\xff\xfe/\xe4\0", 9);
    file(&t, "short", "odd");
    unpacks(tree, &t, NULL);
    memmove(name + 3, name, strlen(name) + 1);
    memcpy(name, "in/", 3);
    {
        char path[1400];
        struct stat st;

        snprintf(path, sizeof path, "%s/%s", tree->root, name);
        assert_int_equal(stat(path, &st), 0);
    }
    has(tree, "in/odd\xff\xfe/\xe4", "odd");
    /* A part that no file system takes. */
    memset(record, 'n', 400);
    memcpy(record, "409 path=", 9);
    record[408] = '\n';
    header(&t, "pax", 'x', "", 0644, 409);
    put(&t, record, 409);
    file(&t, "short", "x");
    refuses(tree, &t, NULL, GANTRY_E_IO, "nnn");
}

/* Names that only the unpacking library sees: a filter in front of it did not rename these. */
static void test_only_what_was_asked_for(void **state)
{
    struct tree *tree = *state;
    const struct gnt_extract_options options = { .only = "new" };
    static const char records[] = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
                                  "28 GNU.sparse.name=.profile\n25 GNU.sparse.realsize=1\n";
    static const char map[512] = "1\n0\n1\n";
    struct tape t = { 0 };

    header(&t, "pax", 'x', "", 0644, sizeof records - 1);
    put(&t, records, sizeof records - 1);
    header(&t, "new", '0', "", 0644, 513);
    put(&t, map, sizeof map);
    put(&t, "z", 1);
    refuses(tree, &t, &options, GANTRY_E_DENIED, "not asked for");
    file(&t, "newer", "x");
    refuses(tree, &t, &options, GANTRY_E_DENIED, "newer");
    file(&t, "./", "");
    refuses(tree, &t, &options, GANTRY_E_DENIED, "");
    header(&t, "new", '5', "", 0755, 0);
    file(&t, "./new/f", "x");
    unpacks(tree, &t, &options);
    has(tree, "in/new/f", "x");
}

/* A link that has two names is one file. */
static void test_hard_links_to_links(void **state)
{
    struct tree *tree = *state;
    struct stat a, b;
    struct tape t = { 0 };

    header(&t, "link", '2', "/nowhere", 0777, 0);
    header(&t, "other", '1', "link", 0777, 0);
    unpacks(tree, &t, NULL);
    assert_int_equal(lstat(at(tree, "in/link"), &a), 0);
    assert_int_equal(lstat(at(tree, "in/other"), &b), 0);
    assert_true(S_ISLNK(b.st_mode) && a.st_ino == b.st_ino);
}

/* A file that is nearly all hole: the ceiling counts it whole. */
static void test_sparse_files(void **state)
{
    struct tree *tree = *state;
    const struct gnt_extract_options few = { .max_bytes = 1000 * 1000 };
    static const char records[] = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
                                  "25 GNU.sparse.name=holes\n32 GNU.sparse.realsize=2000000\n";
    static const char map[512] = "1\n1999999\n1\n";
    struct tape t = { 0 };

    header(&t, "pax", 'x', "", 0644, sizeof records - 1);
    put(&t, records, sizeof records - 1);
    header(&t, "GNUSparseFile.0/holes", '0', "", 0644, 513);
    put(&t, map, sizeof map);
    put(&t, "z", 1);
    refuses(tree, &t, &few, GANTRY_E_LIMIT, "max_bytes");
}

static void test_what_is_no_tar(void **state)
{
    struct tree *tree = *state;
    struct tape t = { 0 };
    gantry_error err;

    put(&t, "this is no archive at all", 25);
    assert_int_equal(unpack(tree, &t, NULL, &err), GANTRY_E_PROTOCOL);
    header(&t, "cut", '0', "", 0644, 100000);
    put(&t, "only this", 9);
    assert_int_equal(unpack(tree, &t, NULL, &err), GANTRY_E_PROTOCOL);
    header(&t, "pax", 'x', "", 0644, 29);
    put(&t, "29 mtime=9223372036854775000\n", 29);
    file(&t, "late", "x");
    refuses(tree, &t, NULL, GANTRY_E_PROTOCOL, "time");
    header(&t, "pax", 'x', "", 0644, 18);
    put(&t, "18 uid=4294967295\n", 18);
    file(&t, "nobody's", "x");
    refuses(tree, &t, NULL, GANTRY_E_PROTOCOL, "number");
}

static void test_lack_of_memory(void **state)
{
    struct tree *tree = *state;
    struct meter meter = { .fail_at = 1 };
    int rc = GANTRY_E_NOMEM;

    for (; rc == GANTRY_E_NOMEM; meter.fail_at++) {
        gantry_allocator allocator = { .allocate = meter_allocate,
                                       .reallocate = meter_reallocate,
                                       .release = meter_release,
                                       .arg = &meter };
        static const gantry_stream_ops ops = { .size = sizeof ops,
                                               .read = tape_read,
                                               .close = tape_close };
        static const char end[1024] = { 0 };
        const struct gnt_extract_options none = { 0 };
        struct tape t = { 0 };
        gantry_stream *stream = NULL;
        struct gnt_clock clock;
        struct gnt_mem mem;
        int fd;

        file(&t, "d/a", "x");
        header(&t, "d/b", '1', "d/a", 0644, 0);
        put(&t, end, sizeof end);
        assert_int_equal(gnt_mem_init(&t.host.mem, NULL, NULL), 0);
        assert_int_equal(gnt_mem_init(&mem, &allocator, NULL), 0);
        assert_int_equal(gantry_stream_new(&t.host, &ops, &t, &stream, NULL), 0);
        (void)mkdir(at(tree, "in"), 0755);
        fd = open(at(tree, "in"), O_RDONLY | O_DIRECTORY);
        gnt_clock_start(&clock, NULL, 0);
        meter.count = 0;
        rc = gnt_extract(&mem, stream, fd, "in", &none, &clock, NULL);
        close(fd);
        gantry_stream_close(stream);
        assert_int_equal(meter.live, 0);
    }
    assert_int_equal(rc, 0);
    assert_true(meter.fail_at > 5);
}

#define T(test) cmocka_unit_test_setup_teardown(test, tree_make, tree_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_names_stay_inside),
        T(test_links_are_not_gone_through),
        T(test_hard_links_are_to_what_came),
        T(test_special_files_are_refused_or_left_out),
        T(test_modes_and_times),
        T(test_directories_are_finished_after_a_failure),
        T(test_kinds_do_not_replace_each_other),
        T(test_ceilings),
        T(test_long_deep_and_odd_names),
        T(test_only_what_was_asked_for),
        T(test_hard_links_to_links),
        T(test_sparse_files),
        T(test_what_is_no_tar),
        T(test_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
