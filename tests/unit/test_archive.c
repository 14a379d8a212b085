/* The archive builder: names, precedence, order, formats, callbacks, streams. Disk: test_walk.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <gantry/backend.h>

#include "archive_helpers.h"

/* ---- recipe ---------------------------------------------------------------------------------- */

static void names_are_normalised(void **state)
{
    gantry_archive *a = new_archive();
    struct members m;

    (void)state;
    add_text(a, "./x", "1");
    add_text(a, "/y", "2");
    add_text(a, "d//e/./f", "3");
    assert_int_equal(gantry_archive_mkdir(a, "z/", NULL, NULL), 0);
    m = contents(a);
    assert_names(&m, "d/ d/e/ d/e/f x y z/");
    free_members(&m);
    gantry_archive_free(a);
}

static void bad_names_are_refused(void **state)
{
    static const char *const bad[] = { "", ".", "/", "./", "..", "a/..", "../a", "a/../b", "/.." };
    char longer[GNT_PATH_MAX + 2];
    gantry_archive *a = new_archive();
    gantry_error err = { 0 };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err = (gantry_error){ 0 };
        assert_int_equal(gantry_archive_add_data(a, bad[i], "x", 1, NULL, &err), GANTRY_E_INVALID);
        assert_non_null(strstr(err.message, bad[i]));
        assert_string_equal(err.operation, "archive.add_data");
        assert_int_equal(gantry_archive_mkdir(a, bad[i], NULL, NULL), GANTRY_E_INVALID);
        assert_int_equal(gantry_archive_symlink(a, bad[i], "t", NULL, NULL), GANTRY_E_INVALID);
        assert_int_equal(gantry_archive_add_file(a, bad[i], "/f", NULL, NULL), GANTRY_E_INVALID);
    }
    assert_int_equal(gantry_archive_add_directory(a, "a/..", "/d", NULL, NULL), GANTRY_E_INVALID);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(gantry_archive_add_data(a, longer, "x", 1, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_data(a, NULL, "x", 1, NULL, NULL), GANTRY_E_INVALID);
    assert_null(a->first);
    gantry_archive_free(a);
}

static void bad_arguments_are_refused(void **state)
{
    gantry_entry_options o = { .size = sizeof o, .mode = 010000 };
    gantry_archive *a = new_archive();
    gantry_memory memory = { .size = sizeof memory, .data = "x", .length = 1 };
    gantry_source source = { .size = sizeof source };

    (void)state;
    gantry_source_memory(&source, &memory);
    assert_int_equal(gantry_archive_new(NULL, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_data(NULL, "a", "x", 1, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_data(a, "a", NULL, 1, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_data(a, "a", "x", 1, &o, NULL), GANTRY_E_INVALID);
    o.mode = 0;
    o.uid = -1;
    assert_int_equal(gantry_archive_add_data(a, "a", "x", 1, &o, NULL), GANTRY_E_INVALID);
    o.uid = 0;
    o.mode = 0700;
    assert_int_equal(gantry_archive_add_directory(a, "a", "/", &o, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_symlink(a, "a", "", NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_file(a, "a", NULL, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_source(a, "a", NULL, NULL, NULL), GANTRY_E_INVALID);
    source.length = -1;
    assert_int_equal(gantry_archive_add_source(a, "a", &source, NULL, NULL), GANTRY_E_INVALID);
    assert_null(a->first);
    gantry_archive_free(a);
    gantry_archive_free(NULL);
}

static void entries_carry_their_options(void **state)
{
    gantry_entry_options o = {
        .size = sizeof o, .mode = 04751, .uid = 1000, .gid = 1001, .mtime_ns = 1700000000999999999
    };
    gantry_archive *a = new_archive();
    char text[] = "mine";
    struct members m;
    const struct member *e;

    (void)state;
    assert_int_equal(gantry_archive_add_data(a, "f", text, 4, &o, NULL), 0);
    text[0] = 'X'; /* the bytes were copied */
    o.mode = 0;
    o.mtime_ns = -1;
    assert_int_equal(gantry_archive_mkdir(a, "d", &o, NULL), 0);
    assert_int_equal(gantry_archive_symlink(a, "l", "../f", &o, NULL), 0);
    add_text(a, "plain", "");
    m = contents(a);
    assert_names(&m, "d/ f l plain");
    e = find(&m, "f");
    assert_data(&m, "f", "mine");
    assert_int_equal(e->mode, 04751);
    assert_int_equal(e->uid, 1000);
    assert_int_equal(e->gid, 1001);
    assert_int_equal(e->mtime, 1700000000);
    e = find(&m, "d/");
    assert_int_equal(e->type, AE_IFDIR);
    assert_int_equal(e->mode, 0755);
    assert_int_equal(e->mtime, -1);
    e = find(&m, "l");
    assert_int_equal(e->type, AE_IFLNK);
    assert_string_equal(e->link, "../f");
    assert_int_equal(e->uid, 1000);
    e = find(&m, "plain");
    assert_int_equal(e->mode, 0644);
    assert_int_equal(e->uid + e->gid + e->mtime + e->size, 0);
    free_members(&m);
    gantry_archive_free(a);
}

static void later_entries_win(void **state)
{
    gantry_archive *a = new_archive();
    struct members m;

    (void)state;
    add_text(a, "a", "first");
    add_text(a, "b", "only");
    assert_int_equal(gantry_archive_mkdir(a, "a", NULL, NULL), 0);
    add_text(a, "./a", "last");
    add_text(a, "c", "gone");
    assert_int_equal(gantry_archive_mkdir(a, "c", NULL, NULL), 0);
    m = contents(a);
    assert_names(&m, "a b c/");
    assert_data(&m, "a", "last");
    free_members(&m);
    gantry_archive_free(a);
}

/* '/' sorts before all else, so a directory's content follows it. Parents come once, before. */
static void order_is_that_of_a_walk(void **state)
{
    gantry_archive *a = new_archive();
    struct members m;

    (void)state;
    add_text(a, "a.b", "");
    add_text(a, "a/z/1", "");
    add_text(a, "a/b", "");
    add_text(a, "a!", "");
    add_text(a, "ab/c", "");
    add_text(a, "a/z/0/x", "");
    add_text(a, "\xff", "");
    m = contents(a);
    assert_names(&m, "a/ a/b a/z/ a/z/0/ a/z/0/x a/z/1 a! a.b ab/ ab/c \xff");
    free_members(&m);
    gantry_archive_free(a);
}

static void nothing_goes_below_a_file(void **state)
{
    gantry_archive *a = new_archive();

    (void)state;
    add_text(a, "a/b/c", "");
    add_text(a, "a/b", "");
    assert_fails(a, GANTRY_E_INVALID, "a/b/c cannot be in the archive: a/b is no directory");
    gantry_archive_free(a);

    a = new_archive();
    assert_int_equal(gantry_archive_symlink(a, "etc", "/etc", NULL, NULL), 0);
    add_text(a, "etc/passwd", "");
    assert_fails(a, GANTRY_E_INVALID, "etc/passwd");
    gantry_archive_free(a);
}

static void an_empty_archive_is_two_empty_blocks(void **state)
{
    static const unsigned char zero[1024];
    gantry_archive *a = new_archive();
    struct bytes tar;

    (void)state;
    assert_int_equal(slurp(a, 100, &tar, NULL), 0);
    assert_int_equal(tar.size, 1024);
    assert_memory_equal(tar.data, zero, 1024);
    free(tar.data);
    gantry_archive_free(a);
}

/* ---- formats --------------------------------------------------------------------------------- */

static void add_awkward(gantry_archive *a, char *long_name)
{
    gantry_entry_options o = {
        .size = sizeof o, .uid = 4000000000, .gid = 3000000000, .mtime_ns = 5000000000000000000
    };
    size_t i;

    for (i = 0; i < 3000; i++)
        long_name[i] = i % 100 == 99 ? '/' : (char)('a' + i / 100 % 26);
    memcpy(long_name + 3000, "\xe9\xff.txt", 7);
    add_text(a, long_name, "long");
    add_text(a, "caf\xe9", "latin1");
    add_text(a, "caf\xc3\xa9", "utf8");
    add_text(a, "new\nline \"quoted\"", "odd");
    assert_int_equal(gantry_archive_add_data(a, "big-ids", "x", 1, &o, NULL), 0);
    long_name[200] = '\0';
    assert_int_equal(gantry_archive_symlink(a, "far", long_name, NULL, NULL), 0);
    long_name[200] = 'c';
}

static void awkward_headers_survive(void **state)
{
    gantry_archive *a = new_archive();
    char long_name[3100];
    struct members m;

    (void)state;
    add_awkward(a, long_name);
    m = contents(a);
    assert_data(&m, long_name, "long");
    assert_data(&m, "caf\xe9", "latin1");
    assert_data(&m, "caf\xc3\xa9", "utf8");
    assert_data(&m, "new\nline \"quoted\"", "odd");
    assert_int_equal(find(&m, "big-ids")->uid, 4000000000);
    assert_int_equal(find(&m, "big-ids")->gid, 3000000000);
    assert_int_equal(find(&m, "big-ids")->mtime, 5000000000);
    assert_int_equal(strlen(find(&m, "far")->link), 200);
    free_members(&m);
    gantry_archive_free(a);
}

/* Another reader must find the very bytes, in a locale that knows UTF-8 and in one that doesn't. */
static void gnu_tar_agrees(void **state)
{
    static const char *const names[] = { "caf\xe9", "caf\xc3\xa9", "new\nline \"quoted\"",
                                         "big-ids" };
    static const char *const locales[] = { "C", "C.UTF-8" };
    struct tree *t = *state;
    gantry_archive *a = new_archive();
    char long_name[3100], command[300];
    struct bytes tar;
    struct stat st;
    size_t i, k;
    FILE *pipe;

    add_awkward(a, long_name);
    assert_int_equal(slurp(a, 1000, &tar, NULL), 0);
    for (k = 0; k < 2; k++) {
        make_dir(t, locales[k]);
        snprintf(
            command, sizeof command,
            "LC_ALL=%s tar --warning=no-unknown-keyword --warning=no-timestamp --no-same-owner "
            "-xf - -C '%s'",
            locales[k], at(t, locales[k]));
        pipe = popen(command, "w");
        assert_non_null(pipe);
        assert_int_equal(fwrite(tar.data, 1, tar.size, pipe), tar.size);
        assert_int_equal(pclose(pipe), 0);
        assert_int_equal(chdir(at(t, locales[k])), 0);
        for (i = 0; i < sizeof names / sizeof names[0]; i++)
            assert_int_equal(lstat(names[i], &st), 0);
        assert_int_equal(lstat(long_name, &st), 0);
        assert_int_equal(st.st_size, 4);
        assert_int_equal(lstat("far", &st), 0);
        assert_int_equal(st.st_size, 200);
        assert_int_equal(chdir("/"), 0);
    }
    free(tar.data);
    gantry_archive_free(a);
}

static int endless(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    (void)arg;
    (void)err;
    memset(buffer, 'e', capacity);
    *out_size = capacity;
    return 0;
}

static void huge_sizes_are_announced(void **state)
{
    gantry_source source = { .size = sizeof source, .read = endless, .length = (int64_t)9 << 30 };
    gantry_archive *a = new_archive();
    struct gnt_tar *tar = NULL;
    struct archive *reader = archive_read_new();
    struct archive_entry *e = NULL;
    unsigned char buffer[8192];
    size_t got = 0, size = 0;

    (void)state;
    assert_int_equal(gantry_archive_add_source(a, "huge", &source, NULL, NULL), 0);
    assert_int_equal(gnt_tar_open(a, NULL, NULL, &tar, NULL), 0);
    while (size < sizeof buffer) {
        assert_int_equal(gnt_tar_read(tar, buffer + size, sizeof buffer - size, &got, NULL), 0);
        assert_true(got > 0);
        size += got;
    }
    archive_read_support_format_tar(reader);
    assert_int_equal(archive_read_open_memory(reader, buffer, size), ARCHIVE_OK);
    assert_true(archive_read_next_header(reader, &e) >= ARCHIVE_WARN);
    assert_int_equal(archive_entry_size(e), (int64_t)9 << 30);
    archive_read_free(reader);
    gnt_tar_close(tar);
    gantry_archive_free(a);
}

static void reading_in_pieces_gives_the_same_bytes(void **state)
{
    static const size_t pieces[] = { 1, 7, 511, 512, 1000, 65536, 300000 };
    gantry_archive *a = new_archive();
    char long_name[3100];
    unsigned char *data = malloc(200001);
    struct bytes first, other;
    size_t i;

    (void)state;
    assert_non_null(data);
    for (i = 0; i < 200001; i++)
        data[i] = (unsigned char)(i * 31 >> 3);
    assert_int_equal(gantry_archive_add_data(a, "big", data, 200001, NULL, NULL), 0);
    assert_int_equal(gantry_archive_add_data(a, "even", data, 131072, NULL, NULL), 0);
    add_awkward(a, long_name);
    assert_int_equal(slurp(a, 4096, &first, NULL), 0);
    assert_int_equal(first.size % 512, 0);
    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        assert_int_equal(slurp(a, pieces[i], &other, NULL), 0);
        assert_int_equal(other.size, first.size);
        assert_memory_equal(other.data, first.data, first.size);
        free(other.data);
    }
    free(first.data);
    free(data);
    gantry_archive_free(a);
}

/* ---- callbacks ------------------------------------------------------------------------------- */

struct giver {
    size_t total;
    size_t given;
    size_t at_once;
    int rc; /* at the end, instead of 0 bytes */
    int fill;
    int overclaim;
};

static int give(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    struct giver *g = arg;
    size_t n = g->total - g->given;

    if (n == 0 && g->rc != 0)
        return g->fill ? gantry_error_set(err, g->rc, "disk on fire") : g->rc;
    n = n < g->at_once ? n : g->at_once;
    n = n < capacity ? n : capacity;
    memset(buffer, 'g', n);
    g->given += n;
    *out_size = g->overclaim ? capacity + 1 : n;
    return 0;
}

static gantry_archive *with_source(struct giver *g, int64_t length)
{
    gantry_archive *a = new_archive();
    gantry_source source = { .size = sizeof source, .read = give, .arg = g, .length = length };

    assert_int_equal(gantry_archive_add_source(a, "given", &source, NULL, NULL), 0);
    return a;
}

static void sources_give_their_bytes(void **state)
{
    struct giver g = { .total = 100000, .at_once = 777 };
    gantry_archive *a = with_source(&g, 100000);
    struct members m = contents(a);

    (void)state;
    assert_int_equal(find(&m, "given")->size, 100000);
    assert_int_equal(find(&m, "given")->data[99999], 'g');
    free_members(&m);
    g.given = 0; /* asked again for a second send */
    m = contents(a);
    assert_int_equal(find(&m, "given")->size, 100000);
    free_members(&m);
    gantry_archive_free(a);
}

static void source_failure(struct giver g, int64_t length, int code, const char *text)
{
    gantry_archive *a = with_source(&g, length);

    assert_fails(a, code, text);
    gantry_archive_free(a);
}

static void sources_that_lie_or_fail_end_the_stream(void **state)
{
    (void)state;
    source_failure((struct giver){ .total = 5, .at_once = 9 }, 10, GANTRY_E_INVALID,
                   "ended after 5 of 10 bytes");
    source_failure((struct giver){ .total = 11, .at_once = 9 }, 10, GANTRY_E_INVALID,
                   "more than its length, 10");
    source_failure((struct giver){ .total = 5, .at_once = 9, .rc = GANTRY_E_IO, .fill = 1 }, 10,
                   GANTRY_E_IO, "disk on fire");
    source_failure((struct giver){ .total = 5, .at_once = 9, .rc = GANTRY_E_LIMIT }, 10,
                   GANTRY_E_LIMIT, "the source of given failed");
    source_failure((struct giver){ .total = 5, .at_once = 9, .rc = 1 }, 10, GANTRY_E_CALLBACK,
                   "given");
    source_failure((struct giver){ .total = 5, .at_once = 9, .overclaim = 1 }, 10, GANTRY_E_INVALID,
                   "claims");
}

/* ---- streams --------------------------------------------------------------------------------- */

static void failures_stay_and_never_look_like_an_end(void **state)
{
    struct giver g = { .total = 5, .at_once = 9, .rc = GANTRY_E_IO, .fill = 1 };
    gantry_archive *a = with_source(&g, 10);
    struct gnt_tar *tar = NULL;
    gantry_error err = { 0 };
    unsigned char buffer[4096];
    size_t got = 0, total = 0;
    int i;

    (void)state;
    add_text(a, "z", "after it");
    assert_int_equal(gnt_tar_open(a, NULL, NULL, &tar, NULL), 0);
    while (gnt_tar_read(tar, buffer, sizeof buffer, &got, &err) == 0) {
        assert_true(got > 0);
        total += got;
    }
    assert_int_equal(total, 512 + 5);
    for (i = 0; i < 3; i++) {
        err = (gantry_error){ 0 };
        assert_int_equal(gnt_tar_read(tar, buffer, sizeof buffer, &got, &err), GANTRY_E_IO);
        assert_string_equal(err.message, "disk on fire");
    }
    gnt_tar_close(tar);
    gantry_archive_free(a);
}

static void public_streams_read_the_same(void **state)
{
    gantry_archive *a = new_archive();
    gantry_output *out = NULL;
    gantry_stream *s = NULL, *second = NULL;
    gantry_error err = { 0 };
    struct bytes tar;

    (void)state;
    add_text(a, "f", "text");
    assert_int_equal(gantry_archive_stream(NULL, NULL, &s, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_stream(a, NULL, &s, NULL), 0);
    assert_int_equal(gantry_archive_stream(a, NULL, &second, &err), GANTRY_E_STATE);
    assert_string_equal(err.operation, "archive.stream");
    assert_int_equal(gantry_archive_add_data(a, "g", "", 0, NULL, NULL), GANTRY_E_STATE);
    assert_int_equal(gantry_stream_capture(s, 0, &out, NULL), 0);
    gantry_stream_close(s);
    assert_int_equal(slurp(a, 512, &tar, NULL), 0);
    assert_int_equal(out->stdout_size, tar.size);
    assert_memory_equal(out->stdout_data, tar.data, tar.size);
    free(tar.data);
    gantry_output_free(out);
    add_text(a, "g", "");
    gantry_archive_free(a);
}

static void streams_can_be_cancelled_and_time_out(void **state)
{
    gantry_cancel *token = NULL;
    gantry_call call = { .size = sizeof call, .deadline_ns = 1 };
    gantry_archive_stream_options o = { .size = sizeof o, .call = &call };
    gantry_archive *a = new_archive();
    gantry_stream *s = NULL;
    char buffer[100];
    size_t got;

    (void)state;
    add_text(a, "f", "text");
    assert_int_equal(gantry_archive_stream(a, &o, &s, NULL), 0);
    assert_int_equal(gantry_stream_read(s, buffer, sizeof buffer, &got, NULL, NULL),
                     GANTRY_E_TIMEOUT);
    gantry_stream_close(s);
    assert_int_equal(gantry_cancel_new(&token, NULL), 0);
    call = (gantry_call){ .size = sizeof call, .cancel = token };
    assert_int_equal(gantry_archive_stream(a, &o, &s, NULL), 0);
    assert_int_equal(gantry_stream_read(s, buffer, sizeof buffer, &got, NULL, NULL), 0);
    assert_int_equal(got, sizeof buffer);
    gantry_cancel_trigger(token);
    while (gantry_stream_read(s, buffer, sizeof buffer, &got, NULL, NULL) == 0)
        assert_true(got > 0);
    assert_int_equal(gantry_stream_read(s, buffer, sizeof buffer, &got, NULL, NULL),
                     GANTRY_E_CANCELLED);
    gantry_stream_close(s);
    gantry_cancel_free(token);
    gantry_archive_free(a);
}

/* ---- build contexts -------------------------------------------------------------------------- */

static struct gnt_arena context_arena;

static int context_of(const gantry_build_options *o, gantry_archive **out, const char **name,
                      gantry_error *err)
{
    gantry_build_context context = { 0 };
    int rc = gnt_build_context(&context_arena, NULL, o, &context, err);

    if (rc == 0) {
        *out = context.archive;
        *name = context.dockerfile_name;
    }
    return rc;
}

static void dockerfile_texts_become_contexts(void **state)
{
    gantry_build_options o = { .size = sizeof o, .dockerfile = "FROM x\n" };
    gantry_archive *a = NULL;
    const char *name = NULL;
    struct members m;

    (void)state;
    assert_int_equal(context_of(&o, &a, &name, NULL), 0);
    assert_string_equal(name, "Dockerfile");
    m = contents(a);
    assert_names(&m, "Dockerfile");
    assert_data(&m, "Dockerfile", "FROM x\n");
    free_members(&m);
    gantry_archive_free(a);
    o.dockerfile_name = "./build/Dockerfile.dev";
    assert_int_equal(context_of(&o, &a, &name, NULL), 0);
    assert_string_equal(name, "build/Dockerfile.dev");
    m = contents(a);
    assert_names(&m, "build/ build/Dockerfile.dev");
    free_members(&m);
    gantry_archive_free(a);
}

static void contexts_are_layered(void **state)
{
    struct tree *t = *state;
    gantry_archive *own = new_archive(), *a = NULL;
    gantry_build_options o = { .size = sizeof o, .context_directory = t->root, .context = own };
    const char *name = "unset";
    struct gnt_tar *tar = NULL;
    struct members m;

    make_file(t, "Dockerfile", "directory");
    make_file(t, "both", "directory");
    make_file(t, "disk", "directory");
    add_text(own, "Dockerfile", "archive");
    add_text(own, "both", "archive");
    assert_int_equal(context_of(&o, &a, &name, NULL), 0);
    assert_null(name);
    m = contents(a);
    assert_names(&m, "Dockerfile both disk");
    assert_data(&m, "Dockerfile", "archive");
    assert_data(&m, "both", "archive");
    assert_data(&m, "disk", "directory");
    free_members(&m);
    gantry_archive_free(a);

    o.dockerfile = "text";
    assert_int_equal(context_of(&o, &a, &name, NULL), 0);
    m = contents(a);
    assert_names(&m, "Dockerfile both disk");
    assert_data(&m, "Dockerfile", "text");
    free_members(&m);
    assert_int_equal(gnt_tar_open(own, NULL, NULL, &tar, NULL), 0); /* counts as being sent */
    assert_fails(a, GANTRY_E_STATE, "already being sent");
    gnt_tar_close(tar);
    assert_int_equal(gnt_tar_open(a, NULL, NULL, &tar, NULL), 0);
    assert_int_equal(gantry_archive_mkdir(own, "d", NULL, NULL), GANTRY_E_STATE);
    gnt_tar_close(tar);
    gantry_archive_free(a);
    m = contents(own); /* as it was */
    assert_names(&m, "Dockerfile both");
    assert_data(&m, "Dockerfile", "archive");
    free_members(&m);
    gantry_archive_free(own);
}

/* Before anything is sent: engines have each their own words for it. */
static void directories_need_a_dockerfile(void **state)
{
    struct tree *t = *state;
    gantry_archive *own = new_archive(), *a = NULL;
    gantry_build_options o = { .size = sizeof o, .context_directory = t->root };
    gantry_error err = { 0 };
    const char *name = NULL;

    make_file(t, "other", "FROM x\n");
    assert_int_equal(context_of(&o, &a, &name, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "no Dockerfile in "));
    assert_non_null(strstr(err.message, t->root));
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    o.dockerfile_name = "sub/../App";
    assert_int_equal(context_of(&o, &a, &name, &err), GANTRY_E_INVALID);
    o.dockerfile_name = "App";
    assert_int_equal(context_of(&o, &a, &name, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "no App in "));
    o.dockerfile_name = "./other";
    assert_int_equal(context_of(&o, &a, &name, &err), 0);
    gantry_archive_free(a);
    o.dockerfile_name = NULL;
    o.context = own; /* may bring it */
    assert_int_equal(context_of(&o, &a, &name, &err), GANTRY_E_INVALID);
    add_text(own, "Containerfile", "FROM x\n");
    assert_int_equal(context_of(&o, &a, &name, &err), 0);
    gantry_archive_free(a);
    o.context = NULL;
    o.dockerfile = "FROM x\n";
    assert_int_equal(context_of(&o, &a, &name, &err), 0);
    gantry_archive_free(a);
    o.context_directory = "/nonexistent/directory";
    assert_int_equal(context_of(&o, &a, &name, &err), GANTRY_E_IO);
    assert_int_equal(err.os_error, ENOENT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    assert_string_equal(err.resource, "/nonexistent/directory");
    gantry_archive_free(own);
}

static void contexts_that_make_no_sense_are_refused(void **state)
{
    static const gantry_build_options cases[] = {
        { .size = sizeof cases[0] },
        { .size = sizeof cases[0], .dockerfile_name = "Dockerfile" },
        { .size = sizeof cases[0], .dockerfile = "" },
        { .size = sizeof cases[0], .dockerfile = " \n\t\r\n" },
        { .size = sizeof cases[0], .dockerfile = "FROM x", .dockerfile_name = "" },
        { .size = sizeof cases[0], .dockerfile = "FROM x", .dockerfile_name = "/Dockerfile" },
        { .size = sizeof cases[0], .context_directory = "/", .dockerfile_name = "../Dockerfile" },
        { .size = sizeof cases[0], .context_directory = "" },
    };
    static const char *const texts[] = {
        "nothing to build",
        "nothing to build",
        "dockerfile: must not be empty",
        "dockerfile: must not be empty",
        "dockerfile_name: names nothing",
        "dockerfile_name: must be relative",
        "dockerfile_name: must not contain \"..\"",
        "context_directory: must not be empty",
    };
    gantry_archive *a = NULL;
    const char *name = NULL;
    gantry_error err;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        err = (gantry_error){ 0 };
        assert_int_equal(context_of(&cases[i], &a, &name, &err), GANTRY_E_INVALID);
        if (strstr(err.message, texts[i]) == NULL)
            fail_msg("case %zu: %s", i, err.message);
    }
    assert_null(a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_normalised),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(entries_carry_their_options),
        cmocka_unit_test(later_entries_win),
        cmocka_unit_test(order_is_that_of_a_walk),
        cmocka_unit_test(nothing_goes_below_a_file),
        cmocka_unit_test(an_empty_archive_is_two_empty_blocks),
        cmocka_unit_test(awkward_headers_survive),
        cmocka_unit_test_setup_teardown(gnu_tar_agrees, tree_make, tree_remove),
        cmocka_unit_test(huge_sizes_are_announced),
        cmocka_unit_test(reading_in_pieces_gives_the_same_bytes),
        cmocka_unit_test(sources_give_their_bytes),
        cmocka_unit_test(sources_that_lie_or_fail_end_the_stream),
        cmocka_unit_test(failures_stay_and_never_look_like_an_end),
        cmocka_unit_test(public_streams_read_the_same),
        cmocka_unit_test(streams_can_be_cancelled_and_time_out),
        cmocka_unit_test(dockerfile_texts_become_contexts),
        cmocka_unit_test_setup_teardown(contexts_are_layered, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(directories_need_a_dockerfile, tree_make, tree_remove),
        cmocka_unit_test(contexts_that_make_no_sense_are_refused),
    };

    struct gnt_mem mem;
    int failed;

    if (gnt_mem_init(&mem, NULL, NULL) < 0)
        return 1;
    gnt_arena_init(&context_arena, &mem);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    gnt_arena_free(&context_arena);
    return failed;
}
