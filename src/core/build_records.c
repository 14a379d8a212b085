/*
 * From the JSON objects of a build's stream to progress records. What a line means is asked of the
 * dialect; log text never decides about success. Sends and reads nothing.
 */
#include "build_records.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- records --------------------------------------------------------------------------------- */

static const char *write_record(struct gnt_build_records *b, const struct gnt_json *v)
{
    struct gnt_buf text;
    const char *copy = NULL;

    gnt_buf_init(&text, &b->host->mem, b->host->limits.record_bytes * 2);
    if (gnt_json_write(v, &text) == 0)
        copy = gnt_arena_strndup(&b->arena, gnt_buf_text(&text), text.size);
    gnt_buf_free(&text);
    return copy;
}

gantry_progress_record *gnt_build_push(struct gnt_build_records *b, int kind, const char *text,
                                       size_t size, const struct gnt_json *v)
{
    struct gnt_build_queued *q = gnt_arena_alloc(&b->arena, sizeof *q);

    if (q == NULL)
        return NULL;
    q->record.size = sizeof q->record;
    q->record.kind = kind;
    q->record.step = b->step;
    q->record.step_total = b->step_total;
    q->record.current = -1;
    q->record.total = -1;
    q->record.duration_ms = -1;
    q->record.text = gnt_arena_strndup(&b->arena, text, size);
    q->record.text_size = size;
    q->record.json = v != NULL ? write_record(b, v) : NULL;
    if (q->record.text == NULL || (v != NULL && q->record.json == NULL))
        return NULL;
    if (b->last == NULL)
        b->first = q;
    else
        b->last->next = q;
    b->last = q;
    return &q->record;
}

void gnt_build_records_free(struct gnt_build_records *b)
{
    gnt_arena_free(&b->arena);
    gnt_buf_free(&b->instruction);
}

/* Keeps the last bytes of what the current step printed, for the error. */
static void keep_tail(struct gnt_build_records *b, const char *text, size_t size)
{
    size_t drop;

    if (size >= GNT_BUILD_TAIL_MAX) {
        text += size - GNT_BUILD_TAIL_MAX;
        size = GNT_BUILD_TAIL_MAX;
    }
    if (b->tail_size + size > GNT_BUILD_TAIL_MAX) {
        drop = b->tail_size + size - GNT_BUILD_TAIL_MAX;
        memmove(b->tail, b->tail + drop, b->tail_size - drop);
        b->tail_size -= drop;
    }
    memcpy(b->tail + b->tail_size, text, size);
    b->tail_size += size;
}

/* ---- steps ----------------------------------------------------------------------------------- */

gantry_progress_record *gnt_build_push_end(struct gnt_build_records *b, int step, int cached,
                                           int64_t duration_ms, const char *text, size_t size)
{
    gantry_progress_record *record = gnt_build_push(b, GANTRY_PROGRESS_STEP_END, text, size, NULL);

    if (record != NULL) {
        record->step = step;
        record->cached = cached;
        record->duration_ms = duration_ms;
    }
    return record;
}

int gnt_build_end_step(struct gnt_build_records *b, gantry_error *err)
{
    int64_t duration_ms = (gantry_clock_ns() - b->step_begin_ns) / 1000000;

    if (!b->step_open)
        return 0;
    b->step_open = 0;
    if (gnt_build_push_end(b, b->step, b->step_cached, duration_ms, gnt_buf_text(&b->instruction),
                           b->instruction.size) == NULL)
        return gnt_nomem(err);
    return 0;
}

static int begin_step(struct gnt_build_records *b, const struct gnt_build_line *line,
                      gantry_error *err)
{
    if (gnt_build_end_step(b, err) < 0)
        return GANTRY_E_NOMEM;
    if (b->instruction.max == 0)
        gnt_buf_init(&b->instruction, &b->host->mem, b->host->limits.record_bytes);
    gnt_buf_clear(&b->instruction);
    if (gnt_buf_add(&b->instruction, line->text, line->size) < 0)
        return gnt_nomem(err); /* a record's text is never longer than a record */
    b->step = line->step;
    b->step_total = line->total;
    b->step_logged = 0;
    b->step_open = 1;
    b->step_cached = 0;
    b->step_begin_ns = gantry_clock_ns();
    b->tail_size = 0;
    b->image_id[0] = '\0'; /* what was named was the image of a stage before */
    gnt_text_copy(b->step_text, sizeof b->step_text, line->text, line->size, 0, 0);
    return 0;
}

/* What a record of a transfer says about a layer. */
static int read_transfer(struct gnt_build_records *b, const struct gnt_json *v,
                         gantry_progress_record *record, gantry_error *err)
{
    struct gnt_transfer_event e = { .current = -1, .total = -1, .text = "" };

    if (b->dialect->transfer == NULL || v == NULL)
        return 0;
    b->dialect->transfer->read(&e, v);
    record->state = e.state;
    record->current = e.current;
    record->total = e.total;
    if (e.layer != NULL && (record->id = gnt_arena_strdup(&b->arena, e.layer)) == NULL)
        return gnt_nomem(err);
    return 0;
}

static int add_line(struct gnt_build_records *b, const char *text, size_t size,
                    const struct gnt_json *v, gantry_error *err)
{
    static const int kinds[] = { [GNT_BUILD_LOG] = GANTRY_PROGRESS_LOG,
                                 [GNT_BUILD_STEP] = GANTRY_PROGRESS_STEP,
                                 [GNT_BUILD_CACHED] = GANTRY_PROGRESS_STATUS,
                                 [GNT_BUILD_STATUS] = GANTRY_PROGRESS_STATUS,
                                 [GNT_BUILD_WARNING] = GANTRY_PROGRESS_WARNING };
    struct gnt_build_line line = { .kind = GNT_BUILD_LOG,
                                   .step = b->step,
                                   .total = b->step_total,
                                   .quiet = !b->step_logged,
                                   .base = strncasecmp(b->step_text, "FROM ", 5) == 0,
                                   .built = b->image_id[0] != '\0',
                                   .channel = GANTRY_STDOUT,
                                   .text = text,
                                   .size = size };
    gantry_progress_record *record;

    b->dialect->classify(&line);
    if (line.kind == GNT_BUILD_NOTHING || line.size == 0)
        return 0;
    if (line.kind == GNT_BUILD_STEP && begin_step(b, &line, err) < 0)
        return GANTRY_E_NOMEM;
    if (line.kind == GNT_BUILD_LOG) {
        b->step_logged = 1;
        keep_tail(b, line.text, line.size);
    }
    record = gnt_build_push(b, kinds[line.kind], line.text, line.size, v);
    if (record == NULL)
        return gnt_nomem(err);
    record->cached = line.kind == GNT_BUILD_CACHED;
    b->step_cached |= record->cached;
    if (line.kind == GNT_BUILD_LOG)
        record->channel = line.channel;
    return line.kind == GNT_BUILD_STATUS ? read_transfer(b, v, record, err) : 0;
}

/* ---- the engine's objects -------------------------------------------------------------------- */

/* Copies an image id without its "sha256:"; 0 if the text is none. */
static int take_id(char out[GNT_BUILD_ID_SIZE + 1], const char *text, size_t size)
{
    if (size > 7 && strncmp(text, "sha256:", 7) == 0) {
        text += 7;
        size -= 7;
    }
    if (size != GNT_BUILD_ID_SIZE || strspn(text, "0123456789abcdef") < GNT_BUILD_ID_SIZE)
        return 0;
    memcpy(out, text, GNT_BUILD_ID_SIZE);
    out[GNT_BUILD_ID_SIZE] = '\0';
    return 1;
}

/* For engines that name the image in the last line: one that could be it waits for what follows. */
static int flush_pending(struct gnt_build_records *b, gantry_error *err)
{
    char text[GNT_BUILD_ID_SIZE + 2];

    if (b->pending_id[0] == '\0')
        return 0;
    memcpy(text, b->pending_id, GNT_BUILD_ID_SIZE);
    memcpy(text + GNT_BUILD_ID_SIZE, "\n", 2);
    b->pending_id[0] = '\0';
    return add_line(b, text, GNT_BUILD_ID_SIZE + 1, NULL, err);
}

static int on_stream(struct gnt_build_records *b, const struct gnt_json *text,
                     const struct gnt_json *v, gantry_error *err)
{
    size_t size = text->size;

    if (b->dialect->id_path == NULL && size == GNT_BUILD_ID_SIZE + 1 &&
        text->text[GNT_BUILD_ID_SIZE] == '\n' &&
        take_id(b->pending_id, text->text, GNT_BUILD_ID_SIZE))
        return 0;
    return add_line(b, text->text, size, v, err);
}

static int on_status(struct gnt_build_records *b, const struct gnt_json *status,
                     const struct gnt_json *v, gantry_error *err)
{
    gantry_progress_record *record =
        gnt_build_push(b, GANTRY_PROGRESS_STATUS, status->text, status->size, v);

    return record == NULL ? gnt_nomem(err) : read_transfer(b, v, record, err);
}

/* Whether the engine says, in place of the step's output, that the command never ran. */
static int never_ran(const struct gnt_build_records *b)
{
    const char *begin = b->dialect->not_started;

    return begin != NULL && b->tail_size >= strlen(begin) &&
           memcmp(b->tail, begin, strlen(begin)) == 0;
}

/* Behind the last occurrence: what stands before may be the command's own text. */
static const char *behind_last(const char *text, const char *part)
{
    const char *last = NULL;

    for (const char *at = text; (at = strstr(at, part)) != NULL;)
        last = at += strlen(part);
    return last;
}

/* The exit code that a failure's message names, if any: behind the last of the engine's words for
 * it, whichever of them these are. */
static int exit_code_of(const struct gnt_build_records *b, const char *message, int64_t *out)
{
    const char *last = NULL;
    char *end;

    if (never_ran(b))
        return 0;
    for (const char *const *text = b->dialect->exit_texts; *text != NULL; text++) {
        const char *at = behind_last(message, *text);

        if (at != NULL && (last == NULL || at > last))
            last = at;
    }
    if (last == NULL)
        return 0;
    *out = strtol(last, &end, 10);
    return end != last;
}

static size_t trimmed(const char *text, size_t size)
{
    while (size > 0 && strchr(" \r\n", text[size - 1]) != NULL)
        size--;
    return size;
}

/* The message without the builder's inner life, which can be longer than any field for it while
 * the reason stands behind it. */
static void fail_without_dump(const struct gnt_build_records *b, const char *message,
                              gantry_error *e)
{
    enum {
        MOST = 1000
    };
    const char *const *dump = b->dialect->dumps;
    const char *from = NULL;
    const char *rest = "";
    size_t before = strlen(message);
    size_t behind;

    for (; dump != NULL && *dump != NULL && from == NULL; dump++)
        from = strstr(message, *dump);
    if (from != NULL) {
        before = (size_t)(from - message);
        rest = strrchr(from, '}');
        rest = rest != NULL ? rest + 1 : "";
    }
    behind = trimmed(rest, strlen(rest));
    if (behind == 0)
        before = trimmed(message, before);
    if (behind > MOST / 2) { /* its end says most */
        rest += behind - MOST / 2;
        behind = MOST / 2;
    }
    if (before > MOST - behind)
        before = MOST - behind;
    gnt_fail(e, GANTRY_E_BUILD, "%.*s%.*s", (int)before, message, (int)behind, rest);
}

/* A FROM fails because of its image: that is what the error is about, if its name is in plain. */
static void blame_base(const struct gnt_build_records *b, gantry_error *e)
{
    char name[sizeof b->step_text];
    const char *at = b->step_text;
    size_t size;

    if (strncasecmp(at, "FROM ", 5) != 0)
        return;
    at += 5;
    for (at += strspn(at, " "); strncmp(at, "--", 2) == 0; at += strspn(at, " "))
        at += strcspn(at, " ");
    size = strcspn(at, " ");
    if (size == 0 || memchr(at, '$', size) != NULL)
        return;
    memcpy(name, at, size);
    name[size] = '\0';
    gnt_error_resource(e, GANTRY_RESOURCE_IMAGE, name);
}

static void on_error(struct gnt_build_records *b, const char *message, const struct gnt_json *code)
{
    gantry_error *e = &b->failure;
    int64_t exit_code = 0;

    fail_without_dump(b, message, e);
    gnt_error_resource(e, GANTRY_RESOURCE_IMAGE, b->resource);
    blame_base(b, e);
    gnt_error_outcome(e, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    e->step = b->step;
    e->step_total = b->step_total;
    gnt_text_copy(e->step_text, sizeof e->step_text, b->step_text, strlen(b->step_text), 0, 0);
    gnt_text_copy(e->output, sizeof e->output, b->tail, b->tail_size, 1, 1);
    if (gnt_json_int(code, &exit_code) == 0 || exit_code_of(b, message, &exit_code)) {
        e->exit_code = (int)exit_code;
        e->has_exit_code = 1;
    }
    b->failed = 1;
}

int gnt_build_object(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct gnt_build_records *b = arg;
    const struct gnt_json *text = gnt_json_get(v, "stream");
    const struct gnt_json *status = gnt_json_get(v, "status");
    const char *message = gnt_json_text(gnt_json_get(v, "errorDetail/message"));
    const char *id;
    int rc;

    if (b->failed)
        return 0;
    if (v->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL,
                        "the build's progress holds something else than "
                        "JSON objects");
    if (b->dialect->decoder != NULL) {
        rc = b->dialect->decoder->object(b->decoder_state, b, v, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    rc = flush_pending(b, err);
    if (rc < 0)
        return rc;
    if (message == NULL)
        message = gnt_json_text(gnt_json_get(v, "error"));
    if (message != NULL && b->dialect->decoder != NULL)
        rc = b->dialect->decoder->failed(b->decoder_state, b, message, err);
    if (rc < 0)
        return rc;
    if (message != NULL) {
        on_error(b, message, gnt_json_get(v, "errorDetail/code"));
        return 0;
    }
    if (b->dialect->id_path != NULL) {
        id = gnt_json_text(gnt_json_get(v, b->dialect->id_path));
        if (id != NULL && !take_id(b->image_id, id, strlen(id)))
            return gnt_fail(err, GANTRY_E_PROTOCOL, "the build named an image id that is none: %s",
                            id);
    }
    if (text != NULL && text->type == GNT_JSON_STRING)
        return on_stream(b, text, v, err);
    if (status != NULL && status->type == GNT_JSON_STRING)
        return on_status(b, status, v, err);
    return 0;
}
