/*
 * Files of containers, the parts without an engine: paths, what engines say of a path, and the names
 * in the archives that they send.
 */
#include "copying.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth.h"
#include "rest_copy.h"
#include "tar_names.h"

static struct gantry_host host;
static struct gnt_arena arena;

static int setup(void **state)
{
    (void)state;
    gnt_arena_init(&arena, &host.mem);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gnt_arena_free(&arena);
    return 0;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void test_paths(void **state)
{
    static const struct {
        const char *text, *path, *name;
        int content, directory;
    } rows[] = { { "/", "/", "", 1, 1 },          { "/.", "/", "", 1, 0 },
                 { "//", "/", "", 1, 1 },         { "/..", "/", "", 1, 0 },
                 { "/a", "/a", "a", 0, 0 },       { "/a/", "/a", "a", 0, 1 },
                 { "/a/.", "/a", "a", 1, 0 },     { "/a//./b", "/a/b", "b", 0, 0 },
                 { "/a/../b", "/b", "b", 0, 0 },  { "/a/b/..", "/a", "a", 0, 0 },
                 { "/../../a", "/a", "a", 0, 0 }, { "/a/..b", "/a/..b", "..b", 0, 0 },
                 { "/a/b.", "/a/b.", "b.", 0, 0 } };
    struct gnt_inside inside;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gnt_inside_parse(&arena, "path", rows[i].text, &inside, NULL), 0);
        assert_string_equal(inside.path, rows[i].path);
        assert_string_equal(inside.name, rows[i].name);
        assert_int_equal(inside.content, rows[i].content);
        assert_int_equal(inside.directory, rows[i].directory);
    }
    assert_int_equal(gnt_inside_parse(&arena, "path", "a", &inside, NULL), GANTRY_E_INVALID);
    assert_int_equal(gnt_inside_parse(&arena, "path", "", &inside, NULL), GANTRY_E_INVALID);
    assert_int_equal(gnt_inside_parse(&arena, "path", NULL, &inside, NULL), GANTRY_E_INVALID);
    assert_string_equal(gnt_inside_join(&arena, "/a/b", "../c"), "/a/c");
    assert_string_equal(gnt_inside_join(&arena, "/a/b", "/c/./d"), "/c/d");
    assert_string_equal(gnt_inside_join(&arena, "/", "../../c"), "/c");
    assert_string_equal(gnt_inside_parent(&arena, "/a/b"), "/a");
    assert_string_equal(gnt_inside_parent(&arena, "/a"), "/");
    assert_string_equal(gnt_inside_parent(&arena, "/"), "/");
}

/* ---- what engines say of a path -------------------------------------------------------------- */

static int decode(const char *json, gantry_file_info **out)
{
    struct gnt_buf text;
    int rc;

    gnt_buf_init(&text, &host.mem, 10000);
    assert_int_equal(gnt_base64_encode(&text, json, strlen(json), 0), 0);
    rc = gnt_path_stat_decode(&host.mem, gnt_buf_text(&text), out, NULL);
    gnt_buf_free(&text);
    return rc;
}

static void says(const char *mode, int type, int bits)
{
    gantry_file_info *info = NULL;
    char json[256];

    snprintf(json, sizeof json,
             "{\"name\":\"f\",\"size\":3,\"mode\":%s,\"mtime\":\"2026-11-28T05:27:01Z\","
             "\"linkTarget\":\"/tmp/f\"}",
             mode);
    assert_int_equal(decode(json, &info), 0);
    assert_int_equal(info->type, type);
    assert_int_equal(info->mode, bits);
    assert_int_equal(info->file_size, 3);
    assert_true(info->mtime_ns == (int64_t)1795843621 * 1000000000);
    /* Podman has the path itself there for what is no link. */
    assert_string_equal(info->link_target, type == GANTRY_FILE_LINK ? "/tmp/f" : "");
    gantry_file_info_free(info);
}

static void test_looks(void **state)
{
    gantry_file_info *info = NULL;

    (void)state;
    says("420", GANTRY_FILE_REGULAR, 0644);
    says("134218239", GANTRY_FILE_LINK, 0777);
    says("2148532735", GANTRY_FILE_DIRECTORY, 01777);
    says("2147484141", GANTRY_FILE_DIRECTORY, 0755);
    says("8389101", GANTRY_FILE_REGULAR, 04755);
    says("4194797", GANTRY_FILE_REGULAR, 02755);
    says("69206454", GANTRY_FILE_OTHER, 0666); /* a character device */
    says("33554852", GANTRY_FILE_OTHER, 0644); /* a pipe */
    assert_int_equal(decode("{\"name\":\"f\"}", &info), GANTRY_E_PROTOCOL);
    assert_int_equal(decode("{\"mode\":-1}", &info), GANTRY_E_PROTOCOL);
    assert_int_equal(decode("{\"mode\":4294967296}", &info), GANTRY_E_PROTOCOL);
    assert_int_equal(decode("[]", &info), GANTRY_E_PROTOCOL);
    assert_int_equal(gnt_path_stat_decode(&host.mem, "no base64!", &info, NULL), GANTRY_E_PROTOCOL);
    assert_null(info);
}

/* ---- names in archives ----------------------------------------------------------------------- */

struct tape {
    char data[64 * 1024];
    size_t size;
    size_t at;
    size_t piece;
};

static int tape_read(void *state, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                     int *out_channel, gantry_error *err)
{
    struct tape *t = state;
    size_t size = t->size - t->at;

    (void)nonblocking;
    (void)err;
    size = size > capacity ? capacity : size;
    size = size > t->piece ? t->piece : size;
    memcpy(buffer, t->data + t->at, size);
    t->at += size;
    *out_size = size;
    *out_channel = GANTRY_STDOUT;
    return 0;
}

static void tape_close(void *state)
{
    (void)state;
}

static void put(struct tape *t, const void *data, size_t size)
{
    memcpy(t->data + t->size, data, size);
    t->size += (size + 511) / 512 * 512;
}

static void header(struct tape *t, const char *prefix, const char *name, char type,
                   const char *link, size_t size)
{
    char h[512] = { 0 };
    char text[16];
    unsigned sum = 0;

    memcpy(h, name, strlen(name) < 100 ? strlen(name) : 100);
    memcpy(h + 100, "0000644\0000000000\0000000000", 24);
    snprintf(h + 124, 12, "%011zo", size);
    memcpy(h + 136, "00000000000", 12);
    h[156] = type;
    memcpy(h + 157, link, strlen(link));
    memcpy(h + 257, "ustar\00000", 8);
    memcpy(h + 345, prefix, strlen(prefix));
    memset(h + 148, ' ', 8);
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(h + 148, text, 7);
    put(t, h, sizeof h);
}

/* What comes out, as "f name>link|..."; a record of an extended header in front is "{...}". */
static int filtered(struct tape *t, const char *name, size_t piece, char *out, size_t room)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = tape_read,
                                           .close = tape_close };
    static char tar[128 * 1024];
    gantry_stream *inner = NULL;
    gantry_stream *stream = NULL;
    size_t size = 0, got = 1, used = 0;
    int rc = 0;

    t->at = 0;
    t->piece = piece;
    assert_int_equal(gantry_stream_new(&host, &ops, t, &inner, NULL), 0);
    assert_int_equal(gnt_tar_names(&host, inner, name, &stream, NULL), 0);
    while (rc == 0 && got > 0) {
        rc = gantry_stream_read(stream, tar + size, piece, &got, NULL, NULL);
        size += got;
    }
    gantry_stream_close(stream);
    out[0] = '\0';
    for (size_t at = 0; rc == 0 && at + 512 <= size && tar[at] != '\0';) {
        size_t length = strtoul(tar + at + 124, NULL, 8);

        if (tar[at + 156] == 'x')
            used += (size_t)snprintf(out + used, room - used, "{%.*s}", (int)length - 1,
                                     tar + at + 512);
        else
            used += (size_t)snprintf(out + used, room - used, "%.100s%s%.100s|", tar + at,
                                     tar[at + 157] != '\0' ? ">" : "", tar + at + 157);
        at += 512 + (length + 511) / 512 * 512;
    }
    if (rc == 0)
        assert_true(size >= 1024); /* the end mark passes */
    return rc;
}

static void becomes(struct tape *t, const char *name, const char *want)
{
    static const size_t pieces[] = { 1, 7, 512, 10000 };
    char got[4096];

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        assert_int_equal(filtered(t, name, pieces[i], got, sizeof got), 0);
        assert_string_equal(got, want);
    }
}

static struct tape tape;

static struct tape *new_tape(void)
{
    memset(&tape, 0, sizeof tape);
    return &tape;
}

static void test_names_of_content(void **state)
{
    struct tape *t = new_tape();

    (void)state;
    header(t, "", "./", '5', "", 0);
    header(t, "", "./f", '0', "", 3);
    put(t, "abc", 3);
    header(t, "", "./d", '5', "", 0);
    header(t, "", "d/link", '2', "./stays", 0);
    header(t, "", "./d/hard", '1', "./f", 0);
    t->size += 1024;
    becomes(t, NULL, "f|d/|d/link>./stays|d/hard>f|");
}

static void test_first_part_is_replaced(void **state)
{
    static const char record[] = "30 mtime=1350244992.023960108\n";
    struct tape *t = new_tape();

    (void)state;
    header(t, "", "d/", '5', "", 0);
    header(t, "", "pax", 'x', "", sizeof record - 1);
    put(t, record, sizeof record - 1);
    header(t, "d/way", "down", '0', "", 600);
    put(t, "x", 1);
    t->size += 512;
    header(t, "", "d/hard", '1', "d/way/down", 0);
    t->size += 1024;
    becomes(t, "new", "new/|{30 mtime=1350244992.023960108}new/way/down|new/hard>new/way/down|");
}

static void test_long_names(void **state)
{
    char name[128];
    char want[600];
    char record[256];
    struct tape *t = new_tape();

    (void)state;
    /* It gets longer than a header takes. */
    memset(name, 'n', 98);
    name[98] = '\0';
    memcpy(name, "d/", 2);
    header(t, "", name, '0', "", 0);
    t->size += 1024;
    snprintf(want, sizeof want, "{113 path=longer%s}longer%.94s|", name + 1, name + 1);
    becomes(t, "longer", want);
    /* A name that came in a header of its own, in either form, and becomes short enough. */
    t = new_tape();
    memset(name, 'm', 120);
    memcpy(name, "./", 2);
    name[120] = '\0';
    header(t, "", "././@LongLink", 'L', "", 121);
    put(t, name, 121);
    header(t, "", "short", '0', "", 0);
    snprintf(record, sizeof record, "14 path=./\xc3\xa4x\n");
    header(t, "", "pax", 'x', "", 14);
    put(t, record, 14);
    header(t, "", "short", '0', "", 0);
    t->size += 1024;
    snprintf(want, sizeof want, "{128 path=%s}%.100s|{12 path=\xc3\xa4x}\xc3\xa4x|", name + 2,
             name + 2);
    becomes(t, NULL, want);
}

static void test_large_files_keep_their_size(void **state)
{
    static const char record[] = "12 size=600\n";
    struct tape *t = new_tape();

    (void)state;
    header(t, "", "pax", 'x', "", sizeof record - 1);
    put(t, record, sizeof record - 1);
    header(t, "", "d", '0', "", 0); /* the true size is in front */
    memset(t->data + t->size, 'x', 600);
    t->size += 1024;
    header(t, "", "d", '0', "", 0);
    t->size += 1024;
    {
        char got[256];

        assert_int_equal(filtered(t, "e", 100, got, sizeof got), 0);
    }
}

static void test_what_is_no_archive(void **state)
{
    struct tape *t = new_tape();
    char got[64];

    (void)state;
    memset(t->data, 'x', 1024);
    t->size = 1024;
    assert_int_equal(filtered(t, "d", 512, got, sizeof got), GANTRY_E_PROTOCOL);
    t = new_tape();
    header(t, "", "pax", 'x', "", 20);
    put(t, "99 path=too long\n", 17);
    header(t, "", "d", '0', "", 0);
    t->size += 1024;
    assert_int_equal(filtered(t, "d", 512, got, sizeof got), GANTRY_E_PROTOCOL);
    t = new_tape();
    header(t, "", "pax", 'x', "", 8 * 1024 * 1024);
    t->size += 1024;
    assert_int_equal(filtered(t, "d", 512, got, sizeof got), GANTRY_E_PROTOCOL);
    t = new_tape();
    header(t, "", "sparse", 'S', "", 0);
    t->size += 1024;
    assert_int_equal(filtered(t, "d", 512, got, sizeof got), GANTRY_E_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_names_of_content),
        cmocka_unit_test(test_first_part_is_replaced),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_large_files_keep_their_size),
        cmocka_unit_test(test_what_is_no_archive),
    };

    if (gnt_mem_init(&host.mem, NULL, NULL) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
