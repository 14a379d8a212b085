/*
 * Field tables: every kind of row inward with right, wrong, missing and extreme values, outward with
 * set, unset and invalid options; times; the coverage check; taking in options structs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fields.h"

struct fixture {
    long live, calls, fail_at;
    struct gnt_arena arena;
    gantry_error err;
};

static void *take(void *arg, size_t size)
{
    struct fixture *f = arg;

    if (f->calls++ == f->fail_at) {
        return NULL;
    }
    f->live++;
    return malloc(size);
}

static void *take_more(void *arg, void *p, size_t size)
{
    struct fixture *f = arg;

    if (f->calls++ == f->fail_at) {
        return NULL;
    }
    f->live += p == NULL;
    return realloc(p, size);
}

static void give_back(void *arg, void *p)
{
    struct fixture *f = arg;

    f->live -= p != NULL;
    free(p);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    gantry_allocator a = { take, take_more, give_back, f };
    struct gnt_mem mem;

    f->fail_at = -1;
    gnt_mem_init(&mem, &a, NULL);
    gnt_arena_init(&f->arena, &mem);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    gnt_arena_free(&f->arena);
    int leaked = f->live != 0;
    free(f);
    return leaked;
}

/* ---- inward -------------------------------------------------------------------------------------------- */

struct thing {
    const char *id, *name, *text, *key;
    const char *const *list, *const *keys;
    int64_t big, when;
    int small, flag, word, hooked;
    const gantry_pair *map;
    size_t map_count;
};

static const struct gnt_word words[] = { { "running", 3 }, { "exited", 4 }, { NULL, 0 } };

static int hook(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                void *field)
{
    (void)c;
    (void)row;
    *(int *)field = (int)v->type + 100;
    return 0;
}

static const struct gnt_in thing_rows[] = { GNT_IN_ID(struct thing, id, "Id"),
                                            GNT_IN_NAME(struct thing, name, "Name"),
                                            GNT_IN_STR(struct thing, text, "A/Text"),
                                            GNT_IN_STR(struct thing, key, "."),
                                            GNT_IN_STRS(struct thing, list, "List"),
                                            GNT_IN_KEYS(struct thing, keys, "Keys"),
                                            GNT_IN_I64(struct thing, big, "Big"),
                                            GNT_IN_TIME(struct thing, when, "When"),
                                            GNT_IN_INT(struct thing, small, "Small"),
                                            GNT_IN_FLAG(struct thing, flag, "Flag"),
                                            GNT_IN_ENUM(struct thing, word, "Word", words),
                                            GNT_IN_MAP(struct thing, map, "Map"),
                                            GNT_IN_HOOK(struct thing, hooked, "", hook),
                                            GNT_IN_END };

static int decode_rows(struct fixture *f, const struct gnt_in *rows, const char *text,
                       const char *key, struct thing *out)
{
    struct gnt_json *v = NULL;
    gantry_error parse_error = { 0 };
    struct gnt_arena tree; /* gone before the result is looked at */
    struct gnt_mem mem;

    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&tree, &mem);
    memset(out, 0, sizeof(*out));
    memset(&f->err, 0, sizeof(f->err));
    out->text = "default";
    out->big = 77;
    out->word = 9;
    if (gnt_json_parse(&tree, text, strlen(text), &v, &parse_error) != 0) {
        fail_msg("%s: %s", text, parse_error.message);
    }
    int rc = gnt_decode(&f->arena, v, key, rows, out, &f->err);
    gnt_arena_free(&tree);
    return rc;
}

static void decode_all(void **state)
{
    struct fixture *f = *state;
    struct thing t;

    assert_int_equal(
        decode_rows(f, thing_rows,
                    "{\"Id\":\"sha256:abc\",\"Name\":\"/web\",\"A\":{\"Text\":\"\\u00e9\"},"
                    "\"List\":[\"a\",1,null,\"b\"],\"Keys\":{\"80/tcp\":{},\"443/tcp\":null},"
                    "\"Big\":-9223372036854775808,\"When\":\"1970-01-01T00:00:01.5Z\","
                    "\"Small\":-5,\"Flag\":true,\"Word\":\"exited\","
                    "\"Map\":{\"z\":\"1\",\"a\":2.5,\"n\":null,\"t\":false,\"o\":{},\"l\":[]}}",
                    "the key", &t),
        0);
    assert_string_equal(t.id, "abc");
    assert_string_equal(t.name, "web");
    assert_string_equal(t.text, "\xc3\xa9");
    assert_string_equal(t.key, "the key");
    assert_string_equal(t.list[0], "a");
    assert_string_equal(t.list[1], "b");
    assert_null(t.list[2]);
    assert_string_equal(t.keys[0], "80/tcp");
    assert_string_equal(t.keys[1], "443/tcp");
    assert_null(t.keys[2]);
    assert_true(t.big == INT64_MIN);
    assert_int_equal(t.when, 1500000000);
    assert_int_equal(t.small, -5);
    assert_int_equal(t.flag, 1);
    assert_int_equal(t.word, 4);
    assert_int_equal(t.hooked, 100 + GNT_JSON_OBJECT);
    assert_int_equal(t.map_count, 4);
    assert_string_equal(t.map[0].key, "z");
    assert_string_equal(t.map[0].value, "1");
    assert_string_equal(t.map[1].key, "a");
    assert_string_equal(t.map[1].value, "2.5");
    assert_string_equal(t.map[2].value, "");
    assert_string_equal(t.map[3].value, "false");
}

/* Defaults stay for what is missing, null or of another type. */
static void decode_leaves_defaults(void **state)
{
    static const char *const values[] = { "null",  "true", "17",   "1e999", "99999999999999999999",
                                          "\"x\"", "[]",   "[[]]", "{}",    "{\"a\":{}}" };
    static const char *const members[] = { "Id",   "Name",  "A",    "List", "Keys", "Big",
                                           "When", "Small", "Flag", "Word", "Map" };
    struct fixture *f = *state;
    struct thing t;

    assert_int_equal(decode_rows(f, thing_rows, "{}", NULL, &t), 0);
    assert_null(t.id);
    assert_null(t.key);
    assert_string_equal(t.text, "default");
    for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            char text[100] = "{\"";
            strcat(strcat(strcat(strcat(text, members[m]), "\":"), values[i]), "}");
            assert_int_equal(decode_rows(f, thing_rows, text, NULL, &t), 0);
            assert_string_equal(t.text, "default");
            assert_true(t.id == NULL || (strcmp(members[m], "Id") == 0 && strcmp(t.id, "x") == 0));
            assert_true(t.name == NULL || strcmp(t.name, "x") == 0);
            assert_true(t.big == 77 || (t.big == 17 && strcmp(members[m], "Big") == 0));
            assert_true(t.small == 0 || (t.small == 17 && strcmp(members[m], "Small") == 0));
            assert_true(t.flag == 0 || strcmp(members[m], "Flag") == 0);
            assert_int_equal(t.word, 9);
            assert_true(t.list == NULL || t.list[0] == NULL || strcmp(t.list[0], "x") == 0);
            assert_true(t.when == 0 || (t.when == 17000000000 && strcmp(members[m], "When") == 0));
            assert_int_equal(t.map_count, 0);
        }
    }
    assert_int_equal(decode_rows(f, thing_rows, "{\"Small\":2147483648,\"Big\":1.5}", NULL, &t), 0);
    assert_int_equal(t.small, 0);
    assert_true(t.big == 77);
    assert_int_equal(decode_rows(f, thing_rows, "{\"List\":\"one\",\"Flag\":false}", NULL, &t), 0);
    assert_string_equal(t.list[0], "one");
    assert_null(t.list[1]);
}

static void decode_required(void **state)
{
    static const struct gnt_in rows[] = { GNT_IN_ID_REQ(struct thing, id, "State/Id"), GNT_IN_END };
    static const char *const texts[] = { "{}", "{\"State\":null}", "{\"State\":{\"Id\":null}}",
                                         "{\"State\":{\"Id\":5}}", "{\"State\":{\"Id\":[]}}" };
    static const struct gnt_in each[] = {
        GNT_IN_(struct thing, text, const char *, "v", gnt_in_str, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, name, const char *, "v", gnt_in_name, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, list, const char *const *, "v", gnt_in_strs, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, keys, const char *const *, "v", gnt_in_keys, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, big, int64_t, "v", gnt_in_i64, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, small, int, "v", gnt_in_int, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, flag, int, "v", gnt_in_flag, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, when, int64_t, "v", gnt_in_time, NULL, GNT_REQUIRED),
        GNT_IN_(struct thing, word, int, "v", gnt_in_enum, words, GNT_REQUIRED),
        GNT_IN_(struct thing, map, const gantry_pair *, "v", gnt_in_map, NULL, GNT_REQUIRED)
    };
    struct fixture *f = *state;
    struct thing t;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(decode_rows(f, rows, texts[i], NULL, &t), GANTRY_E_PROTOCOL);
        assert_int_equal(f->err.code, GANTRY_E_PROTOCOL);
        assert_non_null(strstr(f->err.message, "\"State/Id\""));
        assert_null(t.id);
    }
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        const struct gnt_in row[] = { each[i], GNT_IN_END };
        const char *wrong = each[i].decode == gnt_in_i64 || each[i].decode == gnt_in_int
                                ? "{\"v\":\"1\"}"
                                : "{\"v\":1e5}";
        assert_int_equal(decode_rows(f, row, wrong, NULL, &t), GANTRY_E_PROTOCOL);
        assert_non_null(strstr(f->err.message, "\"v\""));
    }
    assert_int_equal(decode_rows(f, rows, "[]", NULL, &t), GANTRY_E_PROTOCOL);
    assert_int_equal(gnt_decode(&f->arena, NULL, NULL, rows, &t, NULL), GANTRY_E_PROTOCOL);
}

/* Of two rows for one member the last that finds something counts. */
static void decode_alternatives(void **state)
{
    static const struct gnt_in rows[] = { GNT_IN_STR(struct thing, name, "Old"),
                                          GNT_IN_STR(struct thing, name, "New"), GNT_IN_END };
    struct fixture *f = *state;
    struct thing t;

    assert_int_equal(decode_rows(f, rows, "{\"New\":\"n\",\"Old\":\"o\"}", NULL, &t), 0);
    assert_string_equal(t.name, "n");
    assert_int_equal(decode_rows(f, rows, "{\"New\":null,\"Old\":\"o\"}", NULL, &t), 0);
    assert_string_equal(t.name, "o");
}

static void decode_without_memory(void **state)
{
    struct fixture *f = *state;
    struct thing t;
    long at;
    int failures = 0;
    char text[20000] = "{\"Id\":\"";

    memset(text + 7, 'a', 9000);
    strcpy(text + 9007, "\",\"List\":[\"");
    memset(text + strlen(text), 'b', 9000);
    strcat(text, "\"],\"Map\":{\"a\":\"b\"},\"Keys\":{\"k\":1}}");
    for (at = 0; at < 50; at++) {
        gnt_arena_free(&f->arena);
        f->calls = 0;
        f->fail_at = at;
        int rc = decode_rows(f, thing_rows, text, "key", &t);
        if (f->calls <= at) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, GANTRY_E_NOMEM);
        assert_int_equal(f->err.code, GANTRY_E_NOMEM);
        failures++;
    }
    assert_true(failures > 0 && at < 50);
    f->fail_at = -1;
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t ns;
    } cases[] = { { "1970-01-01T00:00:00Z", 0, 0 },
                  { "2022-11-22T15:09:23.123456789Z", 0, 1669129763123456789 },
                  { "2022-11-22T16:09:23.123456789+01:00", 0, 1669129763123456789 },
                  { "2022-11-22T09:39:23.123456789-05:30", 0, 1669129763123456789 },
                  { "2022-11-22t15:09:23.1234567891234z", 0, 1669129763123456789 },
                  { "2022-11-22 15:09:23.1Z", 0, 1669129763100000000 },
                  { "1969-12-31T23:59:59.5Z", 0, -500000000 },
                  { "2000-02-29T00:00:00Z", 0, 951782400000000000 },
                  { "2016-12-31T23:59:60Z", 0, 1483228800000000000 },
                  { "2262-04-11T23:47:15Z", 0, 9223372035000000000 },
                  { "1677-09-21T00:12:44Z", 0, -9223372036000000000 },
                  { "0001-01-01T00:00:00Z", 0, 0 },
                  { "0001-12-31T23:59:59+00:00", 0, 0 },
                  { "0000-01-01T00:00:00Z", 0, 0 },
                  { "0001-01-01T00:00:00-08:00", 0, 0 },
                  { "2262-04-12T00:00:00Z", -1, 0 },
                  { "1600-01-01T00:00:00Z", -1, 0 },
                  { "9999-12-31T23:59:59Z", -1, 0 },
                  { "2001-02-29T00:00:00Z", -1, 0 },
                  { "1900-02-29T00:00:00Z", -1, 0 },
                  { "2022-13-01T00:00:00Z", -1, 0 },
                  { "2022-00-01T00:00:00Z", -1, 0 },
                  { "2022-04-31T00:00:00Z", -1, 0 },
                  { "2022-04-01T24:00:00Z", -1, 0 },
                  { "2022-04-01T00:60:00Z", -1, 0 },
                  { "2022-04-01T00:00:61Z", -1, 0 },
                  { "2022-04-01T00:00:00", -1, 0 },
                  { "2022-04-01T00:00:00.Z", -1, 0 },
                  { "2022-04-01T00:00:00Zx", -1, 0 },
                  { "2022-04-01T00:00:00+0100", -1, 0 },
                  { "2022-04-01", -1, 0 },
                  { "", -1, 0 },
                  { "22-04-01T00:00:00Z", -1, 0 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = 0;
        int rc = gnt_parse_time(cases[i].text, &ns);
        if (rc != cases[i].rc || ns != cases[i].ns) {
            fail_msg("%s: %d, %lld", cases[i].text, rc, (long long)ns);
        }
    }
}

static void times_as_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = { { "0", 0 },
                  { "1669129763", 1669129763000000000 },
                  { "1669129763.123456789", 1669129763123456789 },
                  { "-1.25", -1250000000 },
                  { "-2", -2000000000 },
                  { "-62135596800", 0 },
                  { "-99999999999", 0 },
                  { "-0.0", 0 },
                  { "9223372035", 9223372035000000000 },
                  /* absent */
                  { "9223372036854775807", 77 },
                  { "99999999999999999999", 77 },
                  { "9223372037", 77 },
                  { "-9999999999", 77 },
                  { "1e9", 77 },
                  { "true", 77 },
                  { "\"soon\"", 77 },
                  { "{}", 77 } };
    static const struct gnt_in rows[] = { GNT_IN_TIME(struct thing, big, "t"), GNT_IN_END };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct thing t;
        char text[100] = "{\"t\":";
        strcat(strcat(text, cases[i].text), "}");
        assert_int_equal(decode_rows(f, rows, text, NULL, &t), 0);
        if (t.big != cases[i].ns) {
            fail_msg("%s: %lld", cases[i].text, (long long)t.big);
        }
    }
}

/* Every day of 800 years follows the one before. */
static void days_follow(void **state)
{
    int64_t before = 0;
    int day = 1, month = 1, year = 1700;

    (void)state;
    for (int i = 0; year < 2262; i++) {
        static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        char text[] = "0000-00-00T12:00:00Z";
        int64_t ns;
        for (int k = 3, y = year; k >= 0; k--, y /= 10) {
            text[k] = (char)('0' + y % 10);
        }
        text[5] = (char)('0' + month / 10);
        text[6] = (char)('0' + month % 10);
        text[8] = (char)('0' + day / 10);
        text[9] = (char)('0' + day % 10);
        assert_int_equal(gnt_parse_time(text, &ns), 0);
        assert_true(i == 0 || ns - before == 86400 * (int64_t)1000000000);
        before = ns;
        if (++day > length[month - 1] + (month == 2 && leap)) {
            day = 1;
            year += month == 12;
            month = month == 12 ? 1 : month + 1;
        }
    }
}

static void strings_add(void **state)
{
    struct fixture *f = *state;
    char text[] = "two";
    const char *const *list = gnt_strings_add(&f->arena, NULL, "one");

    assert_string_equal(list[0], "one");
    assert_null(list[1]);
    list = gnt_strings_add(&f->arena, list, text);
    text[0] = 'x';
    assert_string_equal(list[0], "one");
    assert_string_equal(list[1], "two");
    assert_null(list[2]);
}

/* An engine may name very many things: with a copy of the list for each this would take gigabytes. */
static void strings_add_many(void **state)
{
    static const char *const none[] = { NULL };
    struct fixture *f = *state;
    const char *const *list = none;

    for (int i = 0; i < 200000; i++) {
        list = gnt_strings_add(&f->arena, list, i % 2 ? "odd" : "even");
        assert_non_null(list);
    }
    for (int i = 0; i < 200000; i++)
        assert_string_equal(list[i], i % 2 ? "odd" : "even");
    assert_null(list[200000]);
    assert_null(none[0]);
}

/* ---- outward ------------------------------------------------------------------------------------------- */

struct options {
    size_t size;
    const gantry_call *call;
    const char *text;
    const char *const *list, *const *env;
    const gantry_pair *map;
    size_t map_count;
    int64_t number, grace_ms;
    const char *refused;
    int on, off;
    int by_code, reserved;
};

static const struct gnt_out option_rows[] = { GNT_OUT_STR(struct options, text, "Config/Text"),
                                              GNT_OUT_STRS(struct options, list, "List"),
                                              GNT_OUT_ENV_MAP(struct options, env, "Env"),
                                              GNT_OUT_MAP(struct options, map, "Config/Labels"),
                                              GNT_OUT_I64(struct options, number, "Number"),
                                              GNT_OUT_SECONDS(struct options, grace_ms, "Grace"),
                                              GNT_OUT_REFUSE(struct options, refused),
                                              GNT_OUT_ON(struct options, on, "On"),
                                              GNT_OUT_OFF(struct options, off, "NotOff"),
                                              GNT_OUT_CODE(struct options, by_code),
                                              GNT_OUT_CODE(struct options, reserved),
                                              GNT_OUT_END };

static int encode(struct fixture *f, const struct options *o, const char *expected)
{
    struct gnt_json *body = gnt_json_new(&f->arena, GNT_JSON_OBJECT);
    struct gnt_buf out;

    memset(&f->err, 0, sizeof(f->err));
    int rc = gnt_encode(&f->arena, o, option_rows, body, &f->err);
    assert_int_equal(f->err.code, rc);
    if (rc == 0 && expected) {
        gnt_buf_init(&out, &f->arena.mem, 10000);
        assert_int_equal(gnt_json_write(body, &out), 0);
        assert_string_equal(gnt_buf_text(&out), expected);
        gnt_buf_free(&out);
    }
    return rc;
}

static void encode_all(void **state)
{
    const char *const list[] = { "a", "", NULL }, *const env[] = { "A=1", "B=", "C=x=y", "A=2",
                                                                   NULL };
    const gantry_pair map[] = { { "z/y", "1" }, { "a", NULL }, { "z/y", "2" } };
    struct options o = { .size = sizeof(o),
                         .text = "\xc3\xa9",
                         .list = list,
                         .env = env,
                         .map = map,
                         .map_count = 3,
                         .number = -3,
                         .grace_ms = 1001,
                         .on = GANTRY_ON,
                         .off = GANTRY_ON,
                         .by_code = 1 };
    const char *const none[] = { NULL };
    struct options empty = { .size = sizeof(empty) }, odd = { .list = none,
                                                              .env = none,
                                                              .map = map,
                                                              .text = "",
                                                              .on = GANTRY_OFF,
                                                              .off = GANTRY_OFF,
                                                              .grace_ms = 1000 };
    struct fixture *f = *state;

    assert_int_equal(encode(f, &o,
                            "{\"Config\":{\"Text\":\"\xc3\xa9\",\"Labels\":{\"z/y\":\"2\","
                            "\"a\":null}},\"List\":[\"a\",\"\"],\"Env\":{\"A\":\"2\",\"B\":\"\","
                            "\"C\":\"x=y\"},\"Number\":-3,\"Grace\":2,\"On\":true,"
                            "\"NotOff\":false}"),
                     0);
    assert_int_equal(encode(f, &empty, "{}"), 0);
    assert_int_equal(encode(f, &odd,
                            "{\"Config\":{\"Text\":\"\",\"Labels\":{}},\"List\":[],\"Env\":{},"
                            "\"Grace\":1,\"On\":false,\"NotOff\":true}"),
                     0);
    odd.grace_ms = INT64_MAX;
    assert_int_equal(encode(f, &odd, NULL), 0);
}

static void encode_invalid(void **state)
{
    const char *const bad[] = { "A=\xff", NULL }, *const no_name[] = { "=1", NULL },
                      *const no_value[] = { "A", NULL };
    const gantry_pair bad_key[] = { { "\xff", "1" } }, bad_value[] = { { "a", "\xc3" } },
                      no_key[] = { { NULL, "1" } };
    const struct {
        struct options o;
        const char *name;
    } cases[] = { { { .text = "\xed\xa0\x80" }, "\"text\"" },
                  { { .list = bad }, "\"list\"" },
                  { { .env = bad }, "\"env\"" },
                  { { .env = no_name }, "\"env\"" },
                  { { .env = no_value }, "\"env\"" },
                  { { .map = bad_key, .map_count = 1 }, "\"map\"" },
                  { { .map = bad_value, .map_count = 1 }, "\"map\"" },
                  { { .map = no_key, .map_count = 1 }, "\"map\"" },
                  { { .map_count = 1 }, "\"map\"" },
                  { { .grace_ms = -1 }, "\"grace_ms\"" },
                  { { .on = 2 }, "\"on\"" },
                  { { .off = -2 }, "\"off\"" } };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(encode(f, &cases[i].o, NULL), GANTRY_E_INVALID);
        if (!strstr(f->err.message, cases[i].name)) {
            fail_msg("%s: %s", cases[i].name, f->err.message);
        }
    }
    struct options refused = { .refused = "" };
    assert_int_equal(encode(f, &refused, NULL), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(f->err.message, "\"refused\""));
}

static void encode_without_memory(void **state)
{
    struct fixture *f = *state;
    char text[9000];
    const char *list[] = { text, NULL };
    const gantry_pair map[] = { { text, text } };
    struct options o = { .text = text, .list = list, .map = map, .map_count = 1, .number = 1 };
    long at;

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (at = 0; at < 50; at++) {
        gnt_arena_free(&f->arena);
        f->fail_at = -1;
        struct gnt_json *body = gnt_json_new(&f->arena, GNT_JSON_OBJECT);
        f->calls = 0;
        f->fail_at = at;
        int rc = gnt_encode(&f->arena, &o, option_rows, body, &f->err);
        if (f->calls <= at) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, GANTRY_E_NOMEM);
    }
    assert_true(at > 2 && at < 50);
    f->fail_at = -1;
}

static void coverage(void **state)
{
    struct gnt_out rows[sizeof(option_rows) / sizeof(option_rows[0])];
    size_t last = sizeof(rows) / sizeof(rows[0]) - 1;

    (void)state;
    assert_int_equal(gnt_fields_uncovered(option_rows, sizeof(struct options)), 0);
    /* Without any one row, its first byte is missed. */
    for (size_t i = 0; i < last; i++) {
        size_t n = 0;
        for (size_t k = 0; k <= last; k++) {
            if (k != i) {
                rows[n++] = option_rows[k];
            }
        }
        assert_int_equal(gnt_fields_uncovered(rows, sizeof(struct options)), option_rows[i].offset);
    }
    /* A longer struct than the table knows. */
    assert_int_equal(gnt_fields_uncovered(option_rows, sizeof(struct options) + 4),
                     sizeof(struct options));
    /* A count that is not covered. */
    memcpy(rows, option_rows, sizeof(rows));
    rows[3].width = sizeof(void *);
    assert_int_equal(gnt_fields_uncovered(rows, sizeof(struct options)),
                     offsetof(struct options, map_count));
}

/* ---- import -------------------------------------------------------------------------------------------- */

static void import(void **state)
{
    struct later {
        struct options known;
        const char *more;
    } longer = { .known = { .size = sizeof(longer), .text = "t", .reserved = 5 } };
    struct options o, shorter = { .size = offsetof(struct options, list),
                                  .text = "t",
                                  .list = (const char *const *)&longer };
    gantry_error err = { 0 };

    (void)state;
    memset(&o, 0xff, sizeof(o));
    assert_int_equal(gnt_import(&o, sizeof(o), NULL, "options", &err), 0);
    assert_null(o.text);
    assert_int_equal(o.reserved, 0);
    assert_int_equal(o.size, sizeof(o));

    memset(&o, 0xff, sizeof(o));
    assert_int_equal(gnt_import(&o, sizeof(o), &shorter, "options", &err), 0);
    assert_string_equal(o.text, "t");
    assert_null(o.list); /* beyond the size that the caller gave */
    assert_int_equal(o.size, sizeof(o));

    assert_int_equal(gnt_import(&o, sizeof(o), &longer, "options", &err), 0);
    assert_int_equal(o.reserved, 5);
    assert_int_equal(o.size, sizeof(o));
    longer.more = "set";
    assert_int_equal(gnt_import(&o, sizeof(o), &longer, "my_options", &err), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "my_options"));

    shorter.size = 0;
    assert_int_equal(gnt_import(&o, sizeof(o), &shorter, "my_options", &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "my_options: size is not set");
    shorter.size = SIZE_MAX / 3;
    assert_int_equal(gnt_import(&o, sizeof(o), &shorter, "my_options", &err), GANTRY_E_INVALID);
    shorter.size = 3;
    assert_int_equal(gnt_import(&o, sizeof(o), &shorter, "my_options", NULL), GANTRY_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decode_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decode_leaves_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decode_required, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decode_alternatives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decode_without_memory, set_up, tear_down),
        cmocka_unit_test(times),
        cmocka_unit_test_setup_teardown(times_as_numbers, set_up, tear_down),
        cmocka_unit_test(days_follow),
        cmocka_unit_test_setup_teardown(strings_add, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strings_add_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encode_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encode_invalid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encode_without_memory, set_up, tear_down),
        cmocka_unit_test(coverage),
        cmocka_unit_test(import)
    };

    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
