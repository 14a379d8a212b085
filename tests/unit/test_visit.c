/* Dry runs, figures, digests, hard links, tars of the caller, and what is large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "archive_helpers.h"

/* ---- visits ---------------------------------------------------------------------------------- */

struct seen {
    char text[4000];
    size_t size;
    int stop_at; /* that many items */
    int count;
};

static int see(void *arg, const gantry_archive_item *item)
{
    static const char types[] = "?FDSHO", actions[] = "?+-x";
    struct seen *s = arg;

    assert_int_equal(item->size, sizeof *item);
    s->size += (size_t)snprintf(s->text + s->size, sizeof s->text - s->size, "%s%c%c%s%s%s",
                                s->size > 0 ? " " : "", actions[item->action], types[item->type],
                                item->name, item->link != NULL ? ">" : "",
                                item->link != NULL ? item->link : "");
    if (item->rule != NULL)
        s->size += (size_t)snprintf(s->text + s->size, sizeof s->text - s->size, "(%s:%d)",
                                    item->rule, item->rule_line);
    return ++s->count == s->stop_at;
}

static void assert_seen(gantry_archive *a, int dropped, const char *expected)
{
    gantry_archive_visit_options o = { .size = sizeof o, .dropped = dropped };
    struct seen s = { 0 };

    assert_int_equal(gantry_archive_visit(a, &o, see, &s, NULL), 0);
    assert_string_equal(s.text, expected);
}

static void add_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void visits_tell_what_would_be_sent(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = new_archive();
    gantry_ignore *ignore = NULL;
    gantry_entry_options o = { .size = sizeof o };
    struct seen s = { .stop_at = 2 };
    gantry_error err = { 0 };

    make_dir(t, "d");
    make_file(t, "d/secret", "");
    make_dir(t, "k");
    make_file(t, "k/a", "");
    make_file(t, "k/keep", "12345");
    make_link(t, "link", "nowhere");
    add_socket(at(t, "sock"));
    make_file(t, "x", "memory wins");
    assert_int_equal(gantry_ignore_new(NULL, &ignore, NULL), 0);
    assert_int_equal(gantry_ignore_add_text(ignore, "f", "d\nk\n!k/keep\nx", 13, NULL), 0);
    o.ignore = ignore;
    assert_int_equal(gantry_archive_add_directory(a, "", t->root, &o, NULL), 0);
    add_text(a, "x", "1");
    add_text(a, "new/y", "");
    assert_seen(a, 0, "+Dk +Fk/keep(!k/keep:3) +Slink>nowhere +Dnew +Fnew/y +Fx");
    assert_seen(a, GANTRY_ON,
                "-Dd(d:1) +Dk -Fk/a(k:2) +Fk/keep(!k/keep:3) +Slink>nowhere +Dnew +Fnew/y xOsock "
                "+Fx");
    assert_int_equal(gantry_archive_visit(a, NULL, see, &s, &err), GANTRY_E_CALLBACK);
    assert_int_equal(s.count, 2);
    assert_string_equal(err.operation, "archive.visit");
    assert_int_equal(gantry_archive_visit(a, NULL, NULL, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_visit(NULL, NULL, see, &s, NULL), GANTRY_E_INVALID);
    gantry_archive_free(a);
    gantry_ignore_free(ignore);
}

/* The figures are those of the bytes, whatever format the headers need. */
static void figures_are_those_of_the_bytes(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = new_archive();
    gantry_archive_summary sum = { .size = sizeof sum };
    gantry_entry_options big = { .size = sizeof big, .uid = 4000000000 };
    char name[1000];
    struct bytes tar;

    make_sized(t, "even", name, 512);
    make_sized(t, "odd", name, 513);
    make_file(t, "none", "");
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    add_tree(a, "d", t->root);
    assert_int_equal(gantry_archive_add_data(a, "owned", "x", 1, &big, NULL), 0);
    add_text(a, name, "long");
    assert_int_equal(gantry_archive_symlink(a, "s", name, NULL, NULL), 0);
    assert_int_equal(gantry_archive_link(a, "h", "d/odd", NULL), 0);
    assert_int_equal(gantry_archive_measure(a, NULL, &sum, NULL), 0);
    assert_int_equal(slurp(a, 4096, &tar, NULL), 0);
    assert_int_equal(sum.tar_bytes, tar.size);
    assert_int_equal(sum.files, 5);
    assert_int_equal(sum.directories, 1);
    assert_int_equal(sum.links, 2);
    assert_int_equal(sum.dropped + sum.skipped, 0);
    assert_int_equal(sum.content_bytes, 512 + 513 + 1 + 4);
    free(tar.data);
    sum.size = 0;
    assert_int_equal(gantry_archive_measure(a, NULL, &sum, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_measure(a, NULL, NULL, NULL), GANTRY_E_INVALID);
    gantry_archive_free(a);
}

/* ---- digests --------------------------------------------------------------------------------- */

static void fill_tree(struct tree *t, mode_t mode, time_t when)
{
    struct timespec times[2] = { { when, 5 }, { when, 5 } };

    make_dir(t, "a");
    make_file(t, "a/x", "content");
    make_file(t, "run", "#!/bin/sh\n");
    make_link(t, "l", "a/x");
    assert_int_equal(chmod(at(t, "a/x"), mode), 0);
    assert_int_equal(chmod(at(t, "run"), mode | 0100), 0);
    assert_int_equal(chmod(at(t, "a"), mode | 0100), 0);
    assert_int_equal(utimensat(AT_FDCWD, at(t, "a/x"), times, 0), 0);
}

static void digest_of(struct tree *t, int reproducible, char *out)
{
    gantry_archive_options o = { .size = sizeof o, .reproducible = reproducible };
    gantry_archive *a = NULL;

    assert_int_equal(gantry_archive_new(&o, &a, NULL), 0);
    add_tree(a, "top", t->root);
    assert_int_equal(gantry_archive_digest(a, NULL, out, NULL), 0);
    gantry_archive_free(a);
}

static void digests_are_of_what_is_in_files(void **state)
{
    struct tree *t = *state, *other = NULL;
    char first[GANTRY_DIGEST_SIZE], second[GANTRY_DIGEST_SIZE];
    gantry_archive *a = new_archive();
    gantry_error err = { 0 };

    /* 1024 zeroes */
    assert_int_equal(gantry_archive_digest(a, NULL, first, NULL), 0);
    assert_string_equal(first, "sha256:"
                               "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
    assert_int_equal(gantry_archive_add_file(a, "x", "/nowhere/at/all", NULL, NULL), 0);
    assert_int_equal(gantry_archive_digest(a, NULL, second, &err), GANTRY_E_IO);
    assert_string_equal(err.operation, "archive.digest");
    assert_int_equal(gantry_archive_digest(a, NULL, NULL, NULL), GANTRY_E_INVALID);
    gantry_archive_free(a);

    assert_int_equal(tree_make((void **)&other), 0);
    fill_tree(t, 0644, 1000000000);
    fill_tree(other, 0600, 1700000000);
    digest_of(t, GANTRY_ON, first);
    digest_of(other, GANTRY_ON, second);
    assert_string_equal(first, second);
    digest_of(other, 0, second);
    assert_string_not_equal(first, second);
    make_file(other, "a/x", "contenT");
    digest_of(other, GANTRY_ON, second);
    assert_string_not_equal(first, second);
    assert_int_equal(tree_remove((void **)&other), 0);
}

/* ---- hard links ------------------------------------------------------------------------------ */

static void hard_links_follow_their_files(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = new_archive();
    gantry_entry_options o = { .size = sizeof o, .mode = 0751, .uid = 7 };
    struct members m;

    make_file(t, "f", "host");
    assert_int_equal(gantry_archive_link(a, "a/first", "z/file", NULL), 0);
    assert_int_equal(gantry_archive_link(a, "b", "./a/first", NULL), 0);
    assert_int_equal(gantry_archive_link(a, "c", "d/f", NULL), 0);
    assert_int_equal(gantry_archive_add_data(a, "z/file", "x", 1, &o, NULL), 0);
    add_tree(a, "d", t->root);
    m = contents(a);
    assert_names(&m, "a/ d/ d/f z/ z/file a/first b c");
    assert_string_equal(find(&m, "a/first")->link, "z/file");
    assert_string_equal(find(&m, "b")->link, "z/file");
    assert_string_equal(find(&m, "c")->link, "d/f");
    assert_int_equal(find(&m, "b")->mode, 0751);
    assert_int_equal(find(&m, "b")->uid, 7);
    free_members(&m);
    assert_seen(a, 0, "+Da +Dd +Fd/f +Dz +Fz/file +Ha/first>z/file +Hb>z/file +Hc>d/f");
    assert_int_equal(gantry_archive_link(a, "e", "nothing", NULL), 0);
    assert_fails(a, GANTRY_E_INVALID, "the hard link e is for nothing, which is no file");
    gantry_archive_free(a);

    a = new_archive();
    assert_int_equal(gantry_archive_link(a, "a", "b", NULL), 0);
    assert_int_equal(gantry_archive_link(a, "b", "a", NULL), 0);
    assert_fails(a, GANTRY_E_INVALID, "lead to each other");
    assert_int_equal(gantry_archive_link(a, "c", "../x", NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_link(a, "c", NULL, NULL), GANTRY_E_INVALID);
    gantry_archive_free(a);
}

static void files_with_several_names_are_sent_once(void **state)
{
    struct tree *t = *state;
    gantry_archive_options fixed = { .size = sizeof fixed, .reproducible = GANTRY_ON };
    gantry_archive *a = new_archive();
    char first[200], second[220];
    struct members m;

    make_dir(t, "d");
    make_file(t, "d/one", "content");
    for (int i = 0; i < 300; i++) {
        snprintf(first, sizeof first, "%s/n%03d", t->root, i);
        make_file(t, "x", "");
        assert_int_equal(rename(at(t, "x"), first), 0);
        snprintf(second, sizeof second, "%s-", first);
        assert_int_equal(link(first, second), 0);
    }
    snprintf(first, sizeof first, "%s/d/one", t->root);
    assert_int_equal(link(first, at(t, "a")), 0);
    add_tree(a, "p", t->root);
    add_tree(a, "q", t->root);
    m = contents(a);
    assert_data(&m, "p/a", "content");
    assert_string_equal(find(&m, "p/d/one")->link, "p/a");
    assert_string_equal(find(&m, "q/d/one")->link, "q/a");
    assert_string_equal(find(&m, "q/n299-")->link, "q/n299");
    assert_int_equal(m.count, 2 * (2 + 2 + 600));
    free_members(&m);
    gantry_archive_free(a);
    assert_int_equal(gantry_archive_new(&fixed, &a, NULL), 0);
    add_tree(a, "", t->root);
    m = contents(a);
    assert_data(&m, "d/one", "content");
    assert_string_equal(find(&m, "d/one")->link, "");
    free_members(&m);
    gantry_archive_free(a);
}

/* ---- tars ------------------------------------------------------------------------------------ */

static struct bytes tar_of(gantry_archive *a)
{
    struct bytes tar;

    assert_int_equal(slurp(a, 65536, &tar, NULL), 0);
    gantry_archive_free(a);
    return tar;
}

struct fed {
    gantry_memory memory;
    gantry_source source;
};

static void feed(gantry_archive *a, struct fed *f, const struct bytes *tar,
                 const gantry_archive_tar_options *o)
{
    gantry_error err = { 0 };

    f->memory = (gantry_memory){ .size = sizeof f->memory, .data = tar->data, .length = tar->size };
    f->source.size = sizeof f->source;
    gantry_source_memory(&f->source, &f->memory);
    if (gantry_archive_add_tar(a, &f->source, o, &err) < 0)
        fail_msg("%s", err.message);
}

static struct bytes sample(void)
{
    gantry_entry_options o = {
        .size = sizeof o, .mode = 0640, .uid = 3000000, .gid = 12, .mtime_ns = 1000000000000000000
    };
    gantry_archive *a = new_archive();
    char name[301];

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(gantry_archive_add_data(a, "top/file", "in tar", 6, &o, NULL), 0);
    assert_int_equal(gantry_archive_symlink(a, "top/s", "/abs\xff", NULL, NULL), 0);
    assert_int_equal(gantry_archive_link(a, "top/h", "top/file", NULL), 0);
    add_text(a, "top/d/x", "dx");
    add_text(a, "top/\xc3\xa9\xff", "bytes");
    add_text(a, name, "long");
    return tar_of(a);
}

static void tars_come_first_and_as_they_are(void **state)
{
    gantry_archive *a = new_archive();
    gantry_archive_tar_options o = { .size = sizeof o, .prefix = "p/q", .strip = 1 };
    struct bytes tar = sample();
    struct fed f;
    struct members m;

    (void)state;
    add_text(a, "a", "explicit");
    feed(a, &f, &tar, &o);
    m = contents(a);
    assert_names(&m, "p/q/d/ p/q/d/x p/q/file p/q/s p/q/\xc3\xa9\xff p/q/h a");
    assert_data(&m, "p/q/file", "in tar");
    assert_int_equal(find(&m, "p/q/file")->mode, 0640);
    assert_int_equal(find(&m, "p/q/file")->uid, 3000000);
    assert_int_equal(find(&m, "p/q/file")->mtime, 1000000000);
    assert_string_equal(find(&m, "p/q/s")->link, "/abs\xff");
    assert_string_equal(find(&m, "p/q/h")->link, "p/q/file");
    free_members(&m);
    gantry_archive_free(a);
    free(tar.data);
}

static void explicit_entries_beat_tars(void **state)
{
    gantry_archive *a = new_archive();
    struct bytes tar = sample();
    struct fed f;
    struct members m;

    (void)state;
    feed(a, &f, &tar, NULL);
    add_text(a, "top/s", "explicit");
    add_text(a, "top/d/new", "1");
    m = contents(a);
    assert_data(&m, "top/s", "explicit");
    assert_data(&m, "top/d/x", "dx");
    assert_int_equal(m.count, 9); /* no directory twice */
    free_members(&m);
    f.memory.offset = 0;
    add_text(a, "top/file", "explicit");
    assert_fails(a, GANTRY_E_INVALID, "which another entry replaces");
    gantry_archive_free(a);

    a = new_archive();
    feed(a, &f, &tar, NULL);
    add_text(a, "top", "a file"); /* all below it gives way */
    m = contents(a);
    assert_data(&m, "top", "a file");
    assert_int_equal(m.count, 2);
    free_members(&m);
    gantry_archive_free(a);
    free(tar.data);
}

static struct bytes compress(const struct bytes *plain, const char *filter)
{
    struct bytes out = { malloc(65536), 0 };
    struct archive *w = archive_write_new();
    struct archive_entry *e = archive_entry_new();

    assert_int_equal(archive_write_add_filter_by_name(w, filter), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_raw(w), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(w, out.data, 65536, &out.size), ARCHIVE_OK);
    archive_entry_set_filetype(e, AE_IFREG);
    assert_int_equal(archive_write_header(w, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(w, plain->data, plain->size), (la_ssize_t)plain->size);
    assert_int_equal(archive_write_close(w), ARCHIVE_OK);
    archive_write_free(w);
    archive_entry_free(e);
    return out;
}

static int send_tar(const struct bytes *tar, gantry_error *err)
{
    gantry_archive *a = new_archive();
    struct bytes out;
    struct fed f;
    int rc;

    feed(a, &f, tar, NULL);
    rc = slurp(a, 65536, &out, err);
    free(out.data);
    gantry_archive_free(a);
    return rc;
}

static void compressed_tars_are_read(void **state)
{
    static const char *const filters[] = { "gzip", "bzip2", "xz", "zstd" };
    struct bytes plain = sample();

    (void)state;
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        struct bytes tar = compress(&plain, filters[i]);
        gantry_error err = { 0 };

        if (send_tar(&tar, &err) != 0)
            fail_msg("%s: %s", filters[i], err.message);
        tar.size -= 9;
        if (send_tar(&tar, &err) != GANTRY_E_INVALID)
            fail_msg("%s cut short: %d", filters[i], err.code);
        free(tar.data);
    }
    free(plain.data);
}

/* Every cut is noticed, but for one in the second of the two empty blocks. */
static void cut_tars_are_errors(void **state)
{
    struct bytes tar = sample();
    size_t whole = tar.size;

    (void)state;
    for (tar.size = 0; tar.size <= whole; tar.size += tar.size % 512 == 1 ? 511 : 1) {
        gantry_error err = { 0 };
        int rc = send_tar(&tar, &err);

        if (rc != (tar.size + 512 >= whole ? 0 : GANTRY_E_INVALID))
            fail_msg("%zu of %zu bytes: %d %s", tar.size, whole, rc, err.message);
    }
    free(tar.data);
}

static void bad_tars_are_refused(void **state)
{
    static const char *const names[] = { "/abs", "../up", "a/../b" };
    struct bytes tar = sample();
    gantry_archive_tar_options o = { .size = sizeof o, .strip = -1 };
    gantry_archive *a = new_archive();
    gantry_source source = { .size = sizeof source };
    gantry_error err = { 0 };
    struct fed f;

    (void)state;
    tar.data[300] ^= 1; /* in the first header */
    assert_int_equal(send_tar(&tar, &err), GANTRY_E_INVALID);
    memset(tar.data, 'x', tar.size);
    assert_int_equal(send_tar(&tar, &err), GANTRY_E_INVALID);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct archive *w = archive_write_new();
        struct archive_entry *e = archive_entry_new();

        assert_int_equal(archive_write_set_format_ustar(w), ARCHIVE_OK);
        assert_int_equal(archive_write_open_memory(w, tar.data, tar.size, &tar.size), ARCHIVE_OK);
        archive_entry_set_pathname(e, names[i]);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_size(e, 0);
        assert_int_equal(archive_write_header(w, e), ARCHIVE_OK);
        assert_int_equal(archive_write_close(w), ARCHIVE_OK);
        archive_write_free(w);
        archive_entry_free(e);
        assert_int_equal(send_tar(&tar, &err), GANTRY_E_INVALID);
        assert_non_null(strstr(err.message, names[i]));
    }
    assert_int_equal(gantry_archive_add_tar(a, NULL, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_tar(a, &source, NULL, NULL), GANTRY_E_INVALID);
    feed(a, &f, &tar, NULL);
    assert_int_equal(gantry_archive_add_tar(a, &f.source, &o, NULL), GANTRY_E_INVALID);
    f.source.length = 7; /* it has more */
    gantry_archive_free(a);
    a = new_archive();
    assert_int_equal(gantry_archive_add_tar(a, &f.source, NULL, NULL), 0);
    assert_fails(a, GANTRY_E_INVALID, "not the length it claims");
    gantry_archive_free(a);
    free(tar.data);
}

/* ---- size ------------------------------------------------------------------------------------ */

static void large_files_have_figures(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = new_archive();
    gantry_archive_summary sum = { .size = sizeof sum };

    make_file(t, "sparse", "");
    assert_int_equal(truncate(at(t, "sparse"), (off_t)10 << 30), 0);
    add_tree(a, "", t->root);
    assert_int_equal(gantry_archive_measure(a, NULL, &sum, NULL), 0);
    assert_int_equal(sum.content_bytes, (int64_t)10 << 30);
    /* header of the extended header, it, the header, the file, the end */
    assert_int_equal(sum.tar_bytes, ((int64_t)10 << 30) + 3 * 512 + 1024);
    gantry_archive_free(a);
}

#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_make, tree_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_tree(visits_tell_what_would_be_sent),
        with_tree(figures_are_those_of_the_bytes),
        with_tree(digests_are_of_what_is_in_files),
        with_tree(hard_links_follow_their_files),
        with_tree(files_with_several_names_are_sent_once),
        cmocka_unit_test(tars_come_first_and_as_they_are),
        cmocka_unit_test(explicit_entries_beat_tars),
        cmocka_unit_test(compressed_tars_are_read),
        cmocka_unit_test(cut_tars_are_errors),
        cmocka_unit_test(bad_tars_are_refused),
        with_tree(large_files_have_figures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
