/*
 * BuildKit's trace: the records that changes in the graph give. Each message is gone through
 * several times, so that its order within does not matter: what begins, what was said, what ended.
 */
#include "docker_trace.h"

#include "auth.h"
#include "docker_trace_graph.h"
#include "json.h"

#include <string.h>

struct gnt_trace {
    struct gantry_host *host;
    struct gnt_graph graph;
    struct gnt_buf message;
    struct gnt_buf text;
    gnt_trace_fn fn; /* during a call */
    void *arg;
    int begun; /* steps that began */
    int settled;
};

struct gnt_trace *gnt_trace_new(struct gantry_host *host)
{
    struct gnt_trace *t = gnt_alloc(&host->mem, sizeof *t);

    if (t == NULL)
        return NULL;
    t->host = host;
    gnt_graph_init(&t->graph, &host->mem);
    gnt_buf_init(&t->message, &host->mem, host->limits.record_bytes);
    gnt_buf_init(&t->text, &host->mem, host->limits.record_bytes * 3);
    return t;
}

void gnt_trace_free(struct gnt_trace *t)
{
    struct gnt_mem mem;

    if (t == NULL)
        return;
    mem = t->host->mem;
    gnt_buf_free(&t->message);
    gnt_buf_free(&t->text);
    gnt_graph_free(&t->graph);
    gnt_free(&mem, t);
}

/* ---- records --------------------------------------------------------------------------------- */

static int no_message(gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_PROTOCOL, "the builder's trace cannot be read");
}

/* Any bytes as text: what is no UTF-8, and NUL, becomes the replacement character. */
static int clean(struct gnt_trace *t, struct gnt_slice bytes, struct gnt_slice *out,
                 gantry_error *err)
{
    const char *at = bytes.data;
    size_t left = bytes.size;

    gnt_buf_clear(&t->text);
    while (left > 0) {
        size_t good = gnt_utf8_span(at, left);
        const char *nul = memchr(at, '\0', good);

        if (nul != NULL)
            good = (size_t)(nul - at);
        gnt_buf_add(&t->text, at, good);
        at += good;
        left -= good;
        if (left > 0) {
            gnt_buf_adds(&t->text, "\357\277\275");
            at++;
            left--;
        }
    }
    if (t->text.rc != 0)
        return gnt_fail(err, t->text.rc, "a text of the builder's trace is too long");
    out->data = gnt_buf_text(&t->text);
    out->size = t->text.size;
    return 0;
}

/* v: what it belongs to, or NULL. */
static gantry_progress_record new_record(const struct gnt_trace *t, const struct gnt_vertex *v,
                                         int kind)
{
    gantry_progress_record record = { .size = sizeof record,
                                      .kind = kind,
                                      .step = v != NULL ? v->whole->step : 0,
                                      .step_total = t->graph.visible,
                                      .current = -1,
                                      .total = -1,
                                      .duration_ms = -1 };

    return record;
}

static int emit(struct gnt_trace *t, gantry_progress_record *record, struct gnt_slice text,
                gantry_error *err)
{
    struct gnt_slice cleaned = { "", 0 };
    int rc = clean(t, text, &cleaned, err);

    if (rc < 0)
        return rc;
    record->text = cleaned.data;
    record->text_size = cleaned.size;
    return t->fn(t->arg, record, err);
}

static int emit_end(struct gnt_trace *t, struct gnt_vertex *v, int cached, gantry_error *err)
{
    static const struct gnt_slice words = { "CACHED", 6 };
    gantry_progress_record status = new_record(t, v, GANTRY_PROGRESS_STATUS);
    gantry_progress_record end = new_record(t, v, GANTRY_PROGRESS_STEP_END);
    int rc = 0;

    v->over = 1;
    v->waiting = 0;
    gnt_graph_drop_output(&t->graph, v);
    status.cached = end.cached = cached;
    if (v->spent_ns >= 0)
        end.duration_ms = v->spent_ns / 1000000;
    if (cached)
        rc = emit(t, &status, words, err);
    return rc == 0 ? emit(t, &end, v->text, err) : rc;
}

/* ---- what begins ----------------------------------------------------------------------------- */

/* Whatever this vertex is made of has ended for good. */
static int settle_inputs(struct gnt_trace *t, struct gnt_slice message, gantry_error *err)
{
    struct gnt_proto p;
    struct gnt_proto_field f;
    int rc = 0;

    gnt_proto_init(&p, message.data, message.size);
    while (rc == 0 && gnt_proto_next(&p, &f) > 0) {
        struct gnt_vertex *v = NULL;

        if (f.number == 2 && f.type == GNT_PROTO_BYTES)
            v = gnt_graph_find(&t->graph, f.bytes);
        if (v != NULL && v->whole->waiting)
            rc = emit_end(t, v->whole, 0, err);
    }
    return rc;
}

static int begin(struct gnt_trace *t, struct gnt_vertex *v, const struct gnt_said_vertex *said,
                 gantry_error *err)
{
    gantry_progress_record record;
    int rc = settle_inputs(t, said->all, err);

    if (rc < 0 || v->begun)
        return rc;
    v->begun = 1;
    if (!v->visible) {
        record = new_record(t, v, GANTRY_PROGRESS_STATUS);
        return emit(t, &record, v->name, err);
    }
    if (v->whole->step != 0)
        return 0;
    v->whole->step = ++t->begun;
    record = new_record(t, v, GANTRY_PROGRESS_STEP);
    return emit(t, &record, v->text, err);
}

static int on_known(struct gnt_trace *t, struct gnt_slice bytes, gantry_error *err)
{
    struct gnt_said_vertex said;

    if (gnt_read_vertex(bytes, &said) < 0)
        return no_message(err);
    return gnt_graph_find(&t->graph, said.digest) == NULL ? gnt_graph_add(&t->graph, &said, err)
                                                          : 0;
}

static int on_begun(struct gnt_trace *t, struct gnt_slice bytes, gantry_error *err)
{
    struct gnt_said_vertex said;
    struct gnt_vertex *v;

    if (gnt_read_vertex(bytes, &said) < 0 || (v = gnt_graph_find(&t->graph, said.digest)) == NULL)
        return no_message(err);
    return said.begun || said.ended ? begin(t, v, &said, err) : 0;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static int on_log(struct gnt_trace *t, struct gnt_slice bytes, gantry_error *err)
{
    gantry_progress_record record;
    struct gnt_said_text said;
    struct gnt_vertex *v;
    int rc;

    if (gnt_read_log(bytes, &said) < 0)
        return no_message(err);
    if (said.text.size == 0)
        return 0;
    v = gnt_graph_find(&t->graph, said.vertex);
    if (v == NULL || !v->visible) {
        record = new_record(t, NULL, GANTRY_PROGRESS_STATUS);
        return emit(t, &record, said.text, err);
    }
    rc = gnt_graph_keep_output(&t->graph, v->whole, said.text, err);
    if (rc < 0)
        return rc;
    record = new_record(t, v, GANTRY_PROGRESS_LOG);
    record.channel = said.stream == 2 ? GANTRY_STDERR : GANTRY_STDOUT;
    return emit(t, &record, said.text, err);
}

static int state_of(const struct gnt_said_status *s, int extracting)
{
    if (extracting)
        return s->ended ? GANTRY_TRANSFER_DONE : GANTRY_TRANSFER_EXTRACTING;
    if (gnt_slice_begins(s->word, "waiting"))
        return GANTRY_TRANSFER_WAITING;
    if (gnt_slice_begins(s->word, "exists"))
        return GANTRY_TRANSFER_EXISTS;
    /* The bytes are here; the layer is only when it is unpacked. */
    return s->ended || gnt_slice_begins(s->word, "done") ? GANTRY_TRANSFER_VERIFYING
                                                         : GANTRY_TRANSFER_RUNNING;
}

static int on_status(struct gnt_trace *t, struct gnt_slice bytes, gantry_error *err)
{
    static const char extract[] = "extracting ";
    gantry_progress_record record;
    struct gnt_said_status s;
    struct gnt_slice text;
    char id[128];
    int extracting;

    if (gnt_read_status(bytes, &s) < 0)
        return no_message(err);
    record = new_record(t, gnt_graph_find(&t->graph, s.vertex), GANTRY_PROGRESS_STATUS);
    text = s.word.size > 0 ? s.word : s.id;
    extracting = gnt_slice_begins(s.id, extract);
    if (extracting) {
        s.id.data += sizeof extract - 1;
        s.id.size -= sizeof extract - 1;
    }
    if (gnt_slice_begins(s.id, "sha256:") && s.id.size < sizeof id) {
        gnt_text_copy(id, sizeof id, s.id.data, s.id.size, 0, 0);
        record.id = id;
        record.state = state_of(&s, extracting);
    }
    if (record.id != NULL || s.current > 0 || s.total > 0) {
        record.current = s.current;
        record.total = s.total > 0 ? s.total : -1;
    }
    return emit(t, &record, text, err);
}

static int on_warning(struct gnt_trace *t, struct gnt_slice bytes, gantry_error *err)
{
    gantry_progress_record record;
    struct gnt_said_text said;

    if (gnt_read_warning(bytes, &said) < 0)
        return no_message(err);
    record = new_record(t, gnt_graph_find(&t->graph, said.vertex), GANTRY_PROGRESS_WARNING);
    return emit(t, &record, said.text, err);
}

/* ---- what ends ------------------------------------------------------------------------------- */

static void add_time(struct gnt_vertex *v, const struct gnt_said_vertex *said)
{
    if (said->ended_ns == 0 || said->begun_ns == 0)
        v->spent_ns = -1;
    else if (v->spent_ns >= 0 && said->ended_ns > said->begun_ns)
        v->spent_ns += said->ended_ns - said->begun_ns;
}

static int end(struct gnt_trace *t, struct gnt_vertex *v, const struct gnt_said_vertex *said,
               gantry_error *err)
{
    struct gnt_vertex *whole = v->whole;
    int rc;

    if (said->error.size > 0)
        return v->error.size > 0 ? 0 : gnt_graph_set_error(&t->graph, v, said->error, err);
    rc = settle_inputs(t, said->all, err);
    if (rc < 0 || !v->visible || whole->over || (v->ended_ns != 0 && v->ended_ns == said->ended_ns))
        return rc;
    v->ended_ns = said->ended_ns;
    add_time(whole, said);
    /* A base image is looked up, loaded, unpacked: an end each. That it is here already is no
     * matter of the cache of steps. */
    if ((v->source || v != whole) && !t->settled) {
        whole->waiting = 1;
        return 0;
    }
    return emit_end(t, whole, said->cached && !v->source, err);
}

static int on_ended(struct gnt_trace *t, struct gnt_slice bytes, gantry_error *err)
{
    struct gnt_said_vertex said;
    struct gnt_vertex *v;

    if (gnt_read_vertex(bytes, &said) < 0 || (v = gnt_graph_find(&t->graph, said.digest)) == NULL)
        return no_message(err);
    return said.ended ? end(t, v, &said, err) : 0;
}

/* ---- a message ------------------------------------------------------------------------------- */

/* StatusResponse { 1: vertices, 2: statuses, 3: logs, 4: warnings } */
struct pass {
    uint32_t from;
    uint32_t to;
    int (*on[5])(struct gnt_trace *t, struct gnt_slice bytes, gantry_error *err);
};

static int run_pass(struct gnt_trace *t, const struct pass *pass, gantry_error *err)
{
    struct gnt_proto_field f;
    struct gnt_proto p;
    int rc;

    gnt_proto_init(&p, t->message.data, t->message.size);
    while ((rc = gnt_proto_next(&p, &f)) > 0) {
        if (f.type != GNT_PROTO_BYTES || f.number < pass->from || f.number > pass->to)
            continue;
        rc = pass->on[f.number](t, f.bytes, err);
        if (rc < 0)
            return rc;
    }
    return rc < 0 ? no_message(err) : 0;
}

static int take_message(struct gnt_trace *t, const char *base64, size_t size, gantry_error *err)
{
    gnt_buf_clear(&t->message);
    if (gnt_base64_decode(&t->message, base64, size) == GANTRY_E_PROTOCOL)
        return no_message(err);
    if (t->message.rc != 0)
        return gnt_fail(err, t->message.rc, "a message of the builder's trace is too long");
    return 0;
}

int gnt_trace_feed(struct gnt_trace *t, const char *base64, size_t size, gnt_trace_fn fn, void *arg,
                   gantry_error *err)
{
    static const struct pass passes[] = {
        { 1, 1, { [1] = on_known } },
        { 1, 1, { [1] = on_begun } },
        { 2, 4, { [2] = on_status, [3] = on_log, [4] = on_warning } },
        { 1, 1, { [1] = on_ended } },
    };
    int rc = take_message(t, base64, size, err);

    t->fn = fn;
    t->arg = arg;
    for (size_t i = 0; rc == 0 && i < sizeof passes / sizeof passes[0]; i++)
        rc = run_pass(t, &passes[i], err);
    return rc;
}

int gnt_trace_settle(struct gnt_trace *t, gnt_trace_fn fn, void *arg, gantry_error *err)
{
    int rc = 0;

    t->fn = fn;
    t->arg = arg;
    t->settled = 1;
    for (struct gnt_vertex *v = t->graph.first; rc == 0 && v != NULL; v = v->later) {
        if (v->waiting)
            rc = emit_end(t, v, 0, err);
    }
    return rc;
}

/* ---- failures -------------------------------------------------------------------------------- */

static int holds(const char *message, struct gnt_slice part)
{
    size_t size = strlen(message);

    for (size_t i = 0; part.size > 0 && i + part.size <= size; i++) {
        if (memcmp(message + i, part.data, part.size) == 0)
            return 1;
    }
    return 0;
}

/* The one whose own error the message repeats; else the only one that has an error. What was
 * stopped because another failed says so; a cache that cannot be had is no failure. */
static const struct gnt_vertex *culprit_of(const struct gnt_trace *t, const char *message)
{
    const struct gnt_vertex *repeated = NULL;
    const struct gnt_vertex *only = NULL;
    int count = 0;

    for (const struct gnt_vertex *v = t->graph.first; v != NULL; v = v->later) {
        if (v->error.size == 0 || gnt_slice_begins(v->error, "context canceled") ||
            gnt_slice_begins(v->name, "importing cache"))
            continue;
        count++;
        only = v;
        if (holds(message, v->error) && (repeated == NULL || !repeated->visible))
            repeated = v;
    }
    return repeated != NULL ? repeated : count == 1 ? only : NULL;
}

int gnt_trace_find_culprit(struct gnt_trace *t, const char *message, struct gnt_trace_culprit *out)
{
    static const char metadata[] = "[internal] load metadata for ";
    size_t lead = sizeof metadata - 1;
    const struct gnt_vertex *v = culprit_of(t, message);

    if (v == NULL)
        return 0;
    memset(out, 0, sizeof *out);
    out->step_total = t->graph.visible;
    if (v->visible) {
        out->step = v->whole->step;
        out->text = v->text.data;
        out->text_size = v->text.size;
    } else if (gnt_slice_begins(v->name, metadata)) {
        gnt_buf_clear(&t->text);
        gnt_buf_adds(&t->text, "FROM ");
        gnt_buf_add(&t->text, v->name.data + lead, v->name.size - lead);
        out->text = gnt_buf_text(&t->text);
        out->text_size = t->text.size;
    }
    if (v->whole->tail != NULL) {
        out->output = v->whole->tail->data;
        out->output_size = v->whole->tail->size;
    }
    return 1;
}
