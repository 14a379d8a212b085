/*
 * JSON parser and writer over yajl; nothing else includes that. Makes trees in an arena.
 *
 * yajl is only ever given whole tokens (json_cut.h): one that is cut by the end of a piece waits in
 * `pending`. So its memory is known before it is called, and there when it asks (json_heap.h).
 */
#include "json.h"

#include <stdint.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "error.h"
#include "json_build.h"
#include "json_cut.h"
#include "json_heap.h"

_Static_assert(GNT_JSON_DEPTH_MAX < YAJL_MAX_DEPTH, "what was parsed can be written");

/* ---- parser ---------------------------------------------------------------------------------- */

struct gnt_json_parser {
    struct gnt_json_heap heap;
    yajl_alloc_funcs alloc;
    yajl_handle yajl;
    struct gnt_json_cut cut;
    struct gnt_buf pending; /* the token that is not whole yet */
    enum gnt_json_mode mode;
    struct gnt_json_limits limits;
    gnt_json_fn fn;
    void *arg;
    struct gnt_arena own;
    struct gnt_json_build build; /* in own, or in the caller's arena */

    uint64_t given;       /* bytes given to yajl before the current call */
    uint64_t delivered;   /* position after the last delivered value */
    int done;             /* DOCUMENT: have it; ELEMENTS: the array is complete */
    int rc;               /* sticky */
    gantry_error failure; /* with rc */
};

static uint64_t position(const struct gnt_json_parser *p)
{
    return p->given + yajl_get_bytes_consumed(p->yajl);
}

/* For yajl's callbacks: remember the failure, stop parsing. */
static int stop(struct gnt_json_parser *p, int rc)
{
    p->rc = rc;
    return 0;
}

static int over_record(struct gnt_json_parser *p, uint64_t at)
{
    if (p->limits.record_bytes == 0 || at - p->delivered <= p->limits.record_bytes) {
        return 0;
    }
    p->rc = gnt_fail(&p->failure, GANTRY_E_LIMIT,
                     "a JSON value of more than %zu bytes (record_bytes)", p->limits.record_bytes);
    return 1;
}

static int deliver(struct gnt_json_parser *p, struct gnt_json *value)
{
    p->delivered = position(p);
    p->done = p->mode == GNT_JSON_DOCUMENT;
    int rc = p->fn ? p->fn(p->arg, value, &p->failure) : 0;
    if (rc < 0 && p->failure.code != rc) {
        gnt_fail(&p->failure, rc, "the receiver of a JSON value refused it");
    }
    if (rc < 0) {
        return stop(p, rc);
    }
    if (p->mode != GNT_JSON_DOCUMENT) {
        gnt_arena_reset(p->build.arena);
    }
    return !p->done;
}

/* NULL: stopped. */
static struct gnt_json *add(struct gnt_json_parser *p, enum gnt_json_type type, const char *text,
                            size_t size)
{
    if (over_record(p, position(p))) {
        return NULL;
    }
    struct gnt_json *v = gnt_json_build_value(&p->build, type, text, size);
    if (!v) {
        stop(p, gnt_nomem(&p->failure));
    }
    return v;
}

static int scalar(void *arg, enum gnt_json_type type, const char *text, size_t size)
{
    struct gnt_json_parser *p = arg;

    if (p->mode == GNT_JSON_ELEMENTS && p->build.depth == 0) {
        if (type == GNT_JSON_NULL) {
            p->done = 1;
            return 1;
        }
        return stop(p, gnt_fail(&p->failure, GANTRY_E_PROTOCOL, "a JSON array was expected"));
    }
    struct gnt_json *v = add(p, type, text, size);
    if (!v) {
        return 0;
    }
    return p->build.depth > p->build.base ? 1 : deliver(p, v);
}

static int on_null(void *arg)
{
    return scalar(arg, GNT_JSON_NULL, NULL, 0);
}

static int on_boolean(void *arg, int value)
{
    return scalar(arg, GNT_JSON_BOOL, NULL, value ? 1 : 0);
}

static int on_number(void *arg, const char *text, size_t size)
{
    return scalar(arg, GNT_JSON_NUMBER, text, size);
}

static int on_string(void *arg, const unsigned char *text, size_t size)
{
    return scalar(arg, GNT_JSON_STRING, text ? (const char *)text : "", size);
}

static int on_key(void *arg, const unsigned char *text, size_t size)
{
    struct gnt_json_parser *p = arg;

    if (over_record(p, position(p))) {
        return 0;
    }
    if (gnt_json_build_key(&p->build, (const char *)text, size) != 0) {
        return stop(p, gnt_nomem(&p->failure));
    }
    return 1;
}

static int begin(struct gnt_json_parser *p, enum gnt_json_type type)
{
    if (p->build.depth >= p->limits.depth) {
        return stop(p, gnt_fail(&p->failure, GANTRY_E_LIMIT,
                                "JSON nested more than %zu deep (json_depth)", p->limits.depth));
    }
    if (p->build.depth < p->build.base) {
        if (type != GNT_JSON_ARRAY) {
            return stop(p, gnt_fail(&p->failure, GANTRY_E_PROTOCOL,
                                    "a JSON array was expected, not an object"));
        }
        p->build.open[p->build.depth++] = NULL;
        return 1;
    }
    struct gnt_json *v = add(p, type, NULL, 0);
    if (!v) {
        return 0;
    }
    p->build.open[p->build.depth++] = v;
    return 1;
}

static int on_begin_object(void *arg)
{
    return begin(arg, GNT_JSON_OBJECT);
}

static int on_begin_array(void *arg)
{
    return begin(arg, GNT_JSON_ARRAY);
}

static int on_end(void *arg)
{
    struct gnt_json_parser *p = arg;

    if (over_record(p, position(p))) {
        return 0;
    }
    p->build.depth--;
    if (p->build.depth > p->build.base) {
        return 1;
    }
    if (p->build.depth < p->build.base) {
        p->done = 1;
        return 1;
    }
    return deliver(p, p->build.open[p->build.depth]);
}

static const yajl_callbacks callbacks = { .yajl_null = on_null,
                                          .yajl_boolean = on_boolean,
                                          .yajl_number = on_number,
                                          .yajl_string = on_string,
                                          .yajl_start_map = on_begin_object,
                                          .yajl_map_key = on_key,
                                          .yajl_end_map = on_end,
                                          .yajl_start_array = on_begin_array,
                                          .yajl_end_array = on_end };

/* ---- faults in the text ---------------------------------------------------------------------- */

/* data is what lies around the fault: `at` bytes of it are before it. */
static int invalid(struct gnt_json_parser *p, const char *why, size_t why_size, uint64_t where,
                   const char *data, size_t size, size_t at)
{
    char quoted[4 * GNT_JSON_EXCERPT + 1];

    gnt_json_excerpt(quoted, data, size, at);
    p->rc = gnt_fail(&p->failure, GANTRY_E_PROTOCOL, "invalid JSON at byte %llu: %.*s%s%s%s",
                     (unsigned long long)where, (int)why_size, why, quoted[0] ? ", near '" : "",
                     quoted, quoted[0] ? "'" : "");
    return p->rc;
}

static int refused_by_yajl(struct gnt_json_parser *p, const char *data, size_t size)
{
    size_t at = yajl_get_bytes_consumed(p->yajl);
    unsigned char *text = yajl_get_error(p->yajl, 0, NULL, 0);
    const char *why = text ? strstr((const char *)text, ": ") : NULL;

    why = why ? why + 2 : "not what may stand here";
    invalid(p, why, strcspn(why, ".\n"), p->given + at, data, size, at > 0 ? at - 1 : 0);
    if (text) {
        yajl_free_error(p->yajl, text);
    }
    return p->rc;
}

/* ---- feeding --------------------------------------------------------------------------------- */

/* What follows the document is not looked at. */
static int have_document(const struct gnt_json_parser *p)
{
    return p->done && p->mode == GNT_JSON_DOCUMENT;
}

/* Whole tokens to yajl. */
static int give(struct gnt_json_parser *p, const char *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (gnt_json_heap_reserve(&p->heap, 0, p->cut.first) != 0 ||
        gnt_json_heap_reserve(&p->heap, 1, p->cut.longest) != 0) {
        p->rc = gnt_nomem(&p->failure);
        return p->rc;
    }
    p->cut.first = 0;
    p->cut.longest = 0;
    yajl_status status = yajl_parse(p->yajl, (const unsigned char *)data, size);
    if (p->rc != 0 || have_document(p)) {
        return p->rc;
    }
    if (status != yajl_status_ok) {
        return refused_by_yajl(p, data, size);
    }
    p->given += size;
    return over_record(p, p->given + p->pending.size) ? p->rc : 0;
}

/* Keep the beginning of a token. */
static int hold(struct gnt_json_parser *p, const char *data, size_t size)
{
    if (over_record(p, p->given + p->pending.size + size)) {
        return p->rc;
    }
    if (gnt_buf_add(&p->pending, data, size) != 0) {
        p->rc = p->pending.rc == GANTRY_E_NOMEM
                    ? gnt_nomem(&p->failure)
                    : gnt_fail(&p->failure, p->pending.rc, "a JSON value is too large");
    }
    return p->rc;
}

/* Complete the pending token, as far as the data goes. Returns the number of bytes used. */
static size_t finish_token(struct gnt_json_parser *p, const char *data, size_t size)
{
    size_t used = gnt_json_cut_finish(&p->cut, data, size);
    size_t at = 0;

    if (hold(p, data, used) != 0) {
        return used;
    }
    const char *token = p->pending.data;
    size_t token_size = p->pending.size;
    const char *fault = p->cut.fault;
    if (!fault && p->cut.open != GNT_TOKEN_NONE) {
        return used;
    }
    if (!fault) {
        fault = gnt_json_cut_check(&p->cut, token, token_size, &at);
    }
    if (fault) {
        invalid(p, fault, strlen(fault), p->given + at, token, token_size, at);
        return used;
    }
    p->pending.size = 0; /* its bytes are counted by give() */
    give(p, token, token_size);
    return used;
}

static int feed(struct gnt_json_parser *p, const char *data, size_t size)
{
    while (size > 0 && p->rc == 0 && !have_document(p)) {
        if (p->cut.open != GNT_TOKEN_NONE) {
            size_t used = finish_token(p, data, size);
            data += used;
            size -= used;
            continue;
        }
        size_t whole = gnt_json_cut_tokens(&p->cut, data, size);
        if (give(p, data, whole) != 0 || have_document(p)) {
            break;
        }
        if (p->cut.fault) {
            invalid(p, p->cut.fault, strlen(p->cut.fault), p->given + p->cut.fault_at - whole, data,
                    size, p->cut.fault_at);
            break;
        }
        hold(p, data + whole, size - whole);
        break;
    }
    return p->rc;
}

static int answer(struct gnt_json_parser *p, gantry_error *err)
{
    if (p->rc != 0 && err) {
        *err = p->failure;
    }
    return p->rc;
}

int gnt_json_parser_feed(struct gnt_json_parser *p, const void *data, size_t size,
                         gantry_error *err)
{
    feed(p, data, size);
    return answer(p, err);
}

int gnt_json_parser_finish(struct gnt_json_parser *p, gantry_error *err)
{
    const char *why = NULL;
    uint64_t end = p->given + p->pending.size;

    if (p->rc == 0 && !have_document(p) && p->cut.open != GNT_TOKEN_STRING) {
        feed(p, " ", 1); /* ends a number; half a word stays open */
    }
    if (p->rc == 0 && !have_document(p)) {
        if (p->build.depth > 0 || p->cut.open != GNT_TOKEN_NONE) {
            why = "the text ends within a value";
        } else if (p->mode != GNT_JSON_SEQUENCE && !p->done) {
            why = "there is no value";
        }
    }
    if (why) {
        invalid(p, why, strlen(why), end, "", 0, 0);
    }
    return answer(p, err);
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct gnt_json_parser *parser_new(const struct gnt_mem *mem, enum gnt_json_mode mode,
                                          const struct gnt_json_limits *limits)
{
    struct gnt_json_parser *p = gnt_alloc(mem, sizeof(*p));

    if (!p) {
        return NULL;
    }
    gnt_json_heap_init(&p->heap, mem);
    p->mode = mode;
    if (limits) {
        p->limits = *limits;
    }
    if (p->limits.depth == 0) {
        p->limits.depth = 64;
    }
    if (p->limits.depth > GNT_JSON_DEPTH_MAX) {
        p->limits.depth = GNT_JSON_DEPTH_MAX;
    }
    gnt_buf_init(&p->pending, mem, SIZE_MAX / 4);
    gnt_arena_init(&p->own, mem);
    p->build.arena = &p->own;
    p->build.base = mode == GNT_JSON_ELEMENTS ? 1 : 0;
    p->alloc = (yajl_alloc_funcs){ gnt_json_heap_malloc, gnt_json_heap_realloc,
                                   gnt_json_heap_release, &p->heap };
    p->yajl = yajl_alloc(&callbacks, &p->alloc, p);
    yajl_config(p->yajl, yajl_allow_multiple_values, mode == GNT_JSON_SEQUENCE);
    yajl_config(p->yajl, yajl_dont_validate_strings, 1); /* json_cut.c is stricter */
    yajl_parse(p->yajl, (const unsigned char *)"", 0);   /* asks for the first of its buffers */
    return p;
}

int gnt_json_parser_new(const struct gnt_mem *mem, enum gnt_json_mode mode,
                        const struct gnt_json_limits *limits, gnt_json_fn fn, void *arg,
                        struct gnt_json_parser **out, gantry_error *err)
{
    struct gnt_json_parser *p = parser_new(mem, mode, limits);

    if (!p) {
        return gnt_nomem(err);
    }
    p->fn = fn;
    p->arg = arg;
    *out = p;
    return 0;
}

struct gnt_arena *gnt_json_parser_arena(struct gnt_json_parser *p)
{
    return p->build.arena;
}

void gnt_json_parser_free(struct gnt_json_parser *p)
{
    if (!p) {
        return;
    }
    struct gnt_mem mem = p->heap.mem;
    yajl_free(p->yajl);
    gnt_json_heap_free(&p->heap);
    gnt_buf_free(&p->pending);
    gnt_arena_free(&p->own);
    gnt_free(&mem, p);
}

static int keep(void *arg, struct gnt_json *value, gantry_error *err)
{
    (void)err;
    *(struct gnt_json **)arg = value;
    return 0;
}

int gnt_json_parse(struct gnt_arena *a, const char *text, size_t size, struct gnt_json **out,
                   gantry_error *err)
{
    struct gnt_json *value = NULL;
    struct gnt_json_parser *p = parser_new(&a->mem, GNT_JSON_DOCUMENT, NULL);

    if (!p) {
        return gnt_nomem(err);
    }
    p->build.arena = a;
    p->heap.wipe = p->pending.wipe = a->wipe;
    p->fn = keep;
    p->arg = &value;
    int rc = gnt_json_parser_feed(p, text, size, err);
    if (rc == 0) {
        rc = gnt_json_parser_finish(p, err);
    }
    gnt_json_parser_free(p);
    if (rc == 0) {
        *out = value;
    }
    return rc;
}

/* ---- writer ---------------------------------------------------------------------------------- */

struct writer {
    yajl_gen gen;
    struct gnt_buf *out;
    int rc;
};

static void print(void *arg, const char *text, size_t size)
{
    struct writer *w = arg;

    gnt_buf_add(w->out, text, size);
}

static void check(struct writer *w, yajl_gen_status status)
{
    if (w->rc == 0 && status != yajl_gen_status_ok) {
        w->rc = status == yajl_max_depth_exceeded ? GANTRY_E_LIMIT : GANTRY_E_INVALID;
    }
}

static void write_string(struct writer *w, const char *text, size_t size)
{
    if (w->rc == 0 && gnt_utf8_span(text, size) != size) {
        w->rc = GANTRY_E_INVALID;
        return;
    }
    check(w, yajl_gen_string(w->gen, (const unsigned char *)text, size));
}

/* The value, or the beginning of an object or array. */
static void write_value(struct writer *w, const struct gnt_json *v)
{
    switch (v->type) {
    case GNT_JSON_NULL:
        check(w, yajl_gen_null(w->gen));
        break;
    case GNT_JSON_BOOL:
        check(w, yajl_gen_bool(w->gen, v->size != 0));
        break;
    case GNT_JSON_NUMBER:
        check(w, yajl_gen_number(w->gen, v->text, v->size));
        break;
    case GNT_JSON_STRING:
        write_string(w, v->text, v->size);
        break;
    case GNT_JSON_ARRAY:
        check(w, yajl_gen_array_open(w->gen));
        break;
    case GNT_JSON_OBJECT:
        check(w, yajl_gen_map_open(w->gen));
        break;
    }
}

static void write_end(struct writer *w, const struct gnt_json *v)
{
    if (v->type == GNT_JSON_OBJECT) {
        check(w, yajl_gen_map_close(w->gen));
    } else if (v->type == GNT_JSON_ARRAY) {
        check(w, yajl_gen_array_close(w->gen));
    }
}

static void write_tree(struct writer *w, const struct gnt_json *v)
{
    const struct gnt_json *open[GNT_JSON_DEPTH_MAX];
    size_t depth = 0;

    while (w->rc == 0) {
        int container = v->type == GNT_JSON_OBJECT || v->type == GNT_JSON_ARRAY;
        if (depth > 0 && open[depth - 1]->type == GNT_JSON_OBJECT) {
            write_string(w, v->key, strlen(v->key));
        }
        write_value(w, v);
        if (container && depth == GNT_JSON_DEPTH_MAX) {
            w->rc = GANTRY_E_LIMIT;
            return;
        }
        if (container && v->first) {
            open[depth++] = v;
            v = v->first;
            continue;
        }
        write_end(w, v);
        while (depth > 0 && !v->next) {
            v = open[--depth];
            write_end(w, v);
        }
        if (depth == 0) {
            return;
        }
        v = v->next;
    }
}

int gnt_json_write(const struct gnt_json *v, struct gnt_buf *out)
{
    struct gnt_json_heap heap;
    struct writer w = { NULL, out, 0 };

    if (!v) {
        return GANTRY_E_NOMEM; /* that is what made it NULL */
    }
    gnt_json_heap_init(&heap, &out->mem);
    yajl_alloc_funcs alloc = { gnt_json_heap_malloc, gnt_json_heap_realloc, gnt_json_heap_release,
                               &heap };
    w.gen = yajl_gen_alloc(&alloc);
    yajl_gen_config(w.gen, yajl_gen_print_callback, print, &w);
    write_tree(&w, v);
    yajl_gen_free(w.gen);
    gnt_json_heap_free(&heap);
    return w.rc != 0 ? w.rc : out->rc;
}
