/*
 * One request and its answer. Gives a link its upload, makes of what comes back an answer with a
 * verdict, and of every way to fail an error that says what may have happened. No curl, no JSON.
 */
#include "http.h"

#include "answer.h"
#include "link.h"

#include <inttypes.h>
#include <string.h>

enum {
    HEADERS_MAX = 16,
    SALVAGE_PIECE = 16 * 1024
};

struct gnt_exchange {
    struct gnt_http *http;
    struct gnt_link *link;
    struct gnt_clock clock;
    struct gnt_arena arena; /* of method, target, body, headers */
    const char *method;
    const char *target;
    const char *tag;
    struct gnt_answer answer;
    int64_t begun_ns;
    int mutating;
    int over; /* nothing more will come: the answer is whole, or rc says why not */
    int held; /* the answer's body waits for its reader */
    int rc;   /* sticky */
    gantry_error failure;

    gantry_source source;
    uint64_t pulled; /* bytes of the source so far */
    int uploads;
    int quiet; /* rounds since a line of the head came */
    int upload_began;
    int upload_held; /* until it is known what the engine has to say so early */

    struct gnt_buf salvage; /* see gnt_link_hooks.rest */
    size_t salvaged;        /* how much of it was fed to the answer */
};

/* ---- failures -------------------------------------------------------------------------------- */

/* The exchange failed with x->failure filled: complete and keep it. */
static int keep_failure(struct gnt_exchange *x, int rc)
{
    if (x->rc != 0)
        return x->rc;
    gnt_link_outcome(x->link, rc, x->mutating, &x->failure);
    x->failure.code = rc;
    x->rc = rc;
    x->over = 1;
    return rc;
}

static int repeat_failure(const struct gnt_exchange *x, gantry_error *err)
{
    if (err != NULL)
        *err = x->failure;
    return x->rc;
}

/* ---- hooks ----------------------------------------------------------------------------------- */

static int feed(struct gnt_exchange *x, const char *data, size_t size)
{
    size_t used;
    int rc;

    if (x->rc != 0)
        return GNT_LINK_STOP;
    gnt_clock_moved(&x->clock);
    rc = gnt_answer_feed(&x->answer, data, size, &used, &x->failure);
    if (rc == 0)
        return 0;
    keep_failure(x, rc);
    return GNT_LINK_STOP;
}

static int on_head(void *arg, const char *data, size_t size)
{
    struct gnt_exchange *x = arg;

    x->quiet = 0;
    /* Trailers come in the body; should they come here too, they were counted there. */
    return gnt_answer_whole(&x->answer) ? 0 : feed(x, data, size);
}

static int on_body(void *arg, const char *data, size_t size)
{
    struct gnt_exchange *x = arg;
    size_t waiting;

    gnt_answer_peek(&x->answer, &waiting);
    if (waiting >= GNT_WINDOW) {
        x->held = 1;
        return GNT_LINK_HOLD;
    }
    return feed(x, data, size);
}

static int on_rest(void *arg, const char *data, size_t size)
{
    struct gnt_exchange *x = arg;

    return gnt_buf_add(&x->salvage, data, size) == 0 ? 0 : GNT_LINK_STOP;
}

static int changed(struct gnt_exchange *x, const char *what)
{
    return gnt_fail(&x->failure, GANTRY_E_CHANGED,
                    "the source of the upload %s its length of %" PRId64 " bytes", what,
                    x->source.length);
}

/* A source that knows its length must keep to it; one that goes on is found out before its last
 * bytes leave, so that the engine cannot take the upload as whole. */
static int check_length(struct gnt_exchange *x, size_t got)
{
    uint64_t length = (uint64_t)x->source.length;
    char more;
    size_t extra = 0;
    int rc = 0;

    if (x->source.length <= 0)
        return 0;
    if (x->pulled > length)
        return changed(x, "goes on after");
    if (got == 0 && x->pulled < length)
        return changed(x, "ended before");
    if (got > 0 && x->pulled == length)
        rc = x->source.read(x->source.arg, &more, 1, &extra, &x->failure);
    if (rc == 0 && extra > 0)
        return changed(x, "goes on after");
    return rc;
}

static int pull(struct gnt_exchange *x, char *buffer, size_t capacity, size_t *out_size)
{
    int rc;

    gnt_fail(&x->failure, GANTRY_E_IO, "the source of the upload failed");
    rc = x->source.read(x->source.arg, buffer, capacity, out_size, &x->failure);
    if (rc == 0 && *out_size > capacity)
        rc = gnt_fail(&x->failure, GANTRY_E_INVALID,
                      "the source of the upload gave more than was asked for");
    if (rc == 0) {
        x->pulled += *out_size;
        rc = check_length(x, *out_size);
    }
    if (rc > 0)
        rc = gnt_fail(&x->failure, GANTRY_E_CALLBACK, "the source of the upload returned %d", rc);
    return rc;
}

/* Whether a source that failed so may do better the next time. */
static int may_go_well(int rc)
{
    return rc == GANTRY_E_CHANGED || rc == GANTRY_E_NOMEM || rc == GANTRY_E_CANCELLED ||
                   rc == GANTRY_E_TIMEOUT
               ? GANTRY_RETRY_YES
               : GANTRY_RETRY_NO;
}

static int on_upload(void *arg, char *buffer, size_t capacity, size_t *out_size)
{
    struct gnt_exchange *x = arg;
    int rc;

    if (x->rc != 0)
        return GNT_LINK_STOP;
    x->upload_began = 1;
    /* An engine that answers before it has everything wants no more, unless it goes on with
     * both. */
    x->upload_held = x->answer.ready ? x->answer.head.status >= 300 || gnt_answer_whole(&x->answer)
                                     : gnt_link_readable(x->link);
    if (x->upload_held)
        return GNT_LINK_HOLD;
    rc = pull(x, buffer, capacity, out_size);
    gnt_clock_moved(&x->clock);
    if (rc == 0)
        return 0;
    keep_failure(x, rc);
    /* Cut as it is, the engine cannot take it: nothing takes effect. */
    gnt_error_outcome(&x->failure, GANTRY_OUTCOME_NOT_SENT, may_go_well(rc));
    return GNT_LINK_STOP;
}

static const struct gnt_link_hooks hooks = { on_head, on_body, on_upload, on_rest };

/* ---- running --------------------------------------------------------------------------------- */

/* Feed the answer from what was found in a broken connection; 1 while there is some left. */
static int feed_salvage(struct gnt_exchange *x)
{
    size_t left = x->salvage.size - x->salvaged;
    size_t piece = left < SALVAGE_PIECE ? left : SALVAGE_PIECE;

    if (left == 0 || x->rc != 0)
        return 0;
    x->salvaged += piece;
    (void)feed(x, x->salvage.data + x->salvaged - piece, piece);
    return 1;
}

/* curl goes on with an upload even when the engine has closed and can say no more. */
static int ended(const struct gnt_exchange *x)
{
    return gnt_link_done(x->link) || (x->upload_began && !x->held && !gnt_link_listens(x->link));
}

/* The connection is through: was the answer whole? */
static void settle(struct gnt_exchange *x)
{
    int broken;
    int rc = 0;

    if (x->over || !ended(x))
        return;
    if (gnt_answer_whole(&x->answer)) {
        x->over = 1;
        return;
    }
    if (feed_salvage(x) || x->rc != 0)
        return;
    broken = gnt_link_failure(x->link, &x->failure);
    /* libcurl calls a header line that does not end "out of memory"; then there is more of it. */
    if (broken == GANTRY_E_NOMEM && !x->answer.ready &&
        (x->quiet > 1 || gnt_link_unread(x->link) > 0))
        broken = gnt_fail(&x->failure, GANTRY_E_LIMIT, "a header line of the answer is too long");
    /* When an upload is refused, a reset is as good an end of what was said as any. */
    if (broken == GANTRY_E_TRUNCATED && x->uploads && x->answer.ready &&
        x->answer.head.status >= 400)
        broken = 0;
    rc = broken != 0 ? broken : gnt_answer_end(&x->answer, &x->failure);
    if (rc == 0)
        x->over = 1;
    else
        keep_failure(x, rc);
}

static int check_clock(struct gnt_exchange *x, int idle_too)
{
    struct gnt_clock clock = x->clock;
    int rc;

    if (!idle_too)
        clock.idle_ns = 0;
    rc = gnt_clock_check(&clock, &x->failure);
    return rc == 0 ? 0 : keep_failure(x, rc);
}

static int head_here(const struct gnt_exchange *x)
{
    return x->answer.ready;
}

static int body_here(const struct gnt_exchange *x)
{
    size_t waiting;

    gnt_answer_peek(&x->answer, &waiting);
    return x->answer.out_size > 0 || waiting > 0 || gnt_answer_whole(&x->answer);
}

/* One round: 1 if anything happened. */
static int advance(struct gnt_exchange *x, int wait)
{
    int acted = 0;

    if (x->held) {
        x->held = 0;
        gnt_link_resume(x->link);
        acted = 1;
    } else if (!gnt_link_done(x->link)) {
        acted = gnt_link_step(x->link, &x->clock, wait);
        x->quiet += acted;
    } else {
        acted = 1;
    }
    if (x->upload_held && !gnt_answer_whole(&x->answer) && x->answer.head.status < 300 &&
        (x->answer.ready || !gnt_link_readable(x->link))) {
        x->upload_held = 0;
        gnt_link_resume(x->link);
    }
    settle(x);
    return acted;
}

static int drive(struct gnt_exchange *x, int nonblocking,
                 int (*enough)(const struct gnt_exchange *x), gantry_error *err)
{
    int rc = 0;

    while (!enough(x) && rc == 0 && !x->over) {
        rc = check_clock(x, 0);
        if (rc == 0 && !advance(x, !nonblocking) && !enough(x)) {
            rc = check_clock(x, 1);
            if (rc == 0 && nonblocking)
                return gnt_fail(err, GANTRY_E_AGAIN, "nothing to do yet");
        }
    }
    return enough(x) ? 0 : repeat_failure(x, err);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static int plain(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p >= 0x20 && *p != 0x7f)
        p++;
    return *p == '\0';
}

int gnt_http_check(const struct gnt_http_request *request, gantry_error *err)
{
    int reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    size_t i;

    if (request->method[0] == '\0' ||
        strspn(request->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(request->method))
        return gnt_fail(err, GANTRY_E_INVALID, "method: '%.32s' is none", request->method);
    if (request->target[0] != '/' || !plain(request->target) ||
        strchr(request->target, ' ') != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "target: must be an encoded path");
    if (request->has_body && reads)
        return gnt_fail(err, GANTRY_E_INVALID, "body: %s takes none", request->method);
    if (request->has_body && request->content_type == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "content_type: is required with a body");
    if (request->content_type != NULL && !plain(request->content_type))
        return gnt_fail(err, GANTRY_E_INVALID, "content_type: must not hold control characters");
    for (i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
        if (i == HEADERS_MAX - 2 || !plain(request->headers[i]) ||
            strchr(request->headers[i], ':') == NULL)
            return gnt_fail(
                err, GANTRY_E_INVALID,
                "headers: too many, or one is no 'Name: value' without control characters");
    }
    if (request->source != NULL &&
        (request->source->size < sizeof *request->source || request->source->read == NULL))
        return gnt_fail(err, GANTRY_E_INVALID, "source: its size or read is missing");
    return 0;
}

/* Everything of the request that must stay, and the lines of its head. */
static int copy_request(struct gnt_exchange *x, const struct gnt_http_request *request,
                        struct gnt_link_request *out, const char **lines)
{
    struct gnt_arena *a = &x->arena;
    const char *tag =
        request->call != NULL && request->call->size >= offsetof(gantry_call, tag) + sizeof(char *)
            ? request->call->tag
            : NULL;
    size_t count = 0;
    size_t i;
    char *body;

    x->method = out->method = gnt_arena_strdup(a, request->method);
    x->target = out->target =
        gnt_arena_printf(a, "%s%s", gnt_http_base_path(x->http), request->target);
    x->tag = gnt_arena_strdup(a, tag != NULL ? tag : "");
    if (x->method == NULL || x->target == NULL || x->tag == NULL)
        return -1;
    if (request->has_body)
        lines[count++] = gnt_arena_printf(a, "Content-Type: %s", request->content_type);
    for (i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        lines[count++] = gnt_arena_strdup(a, request->headers[i]);
    lines[count] = NULL;
    for (i = 0; i < count; i++) {
        if (lines[i] == NULL)
            return -1;
    }
    out->headers = lines;
    out->has_body = request->has_body;
    if (request->has_body && request->source == NULL) {
        body = gnt_arena_alloc(a, request->body_size);
        if (body == NULL)
            return -1;
        if (request->body_size > 0)
            memcpy(body, request->body, request->body_size);
        out->body = body;
        out->body_size = request->body_size;
    }
    return 0;
}

static void set_up(struct gnt_exchange *x, struct gnt_http *http,
                   const struct gnt_http_request *request)
{
    const struct gantry_host *host = gnt_http_host(http);

    x->http = http;
    x->begun_ns = gantry_clock_ns();
    gnt_clock_start(&x->clock, request->call, request->default_ms);
    gnt_arena_init(&x->arena, &host->mem);
    x->arena.wipe = (request->flags & GNT_HTTP_SECRET) != 0;
    gnt_answer_init(&x->answer, &host->mem, host->limits.header_bytes);
    x->answer.window.wipe = x->arena.wipe;
    gnt_buf_init(&x->salvage, &host->mem,
                 host->limits.header_bytes + host->limits.error_body_bytes);
    x->answer.no_body = strcmp(request->method, "HEAD") == 0;
    x->answer.until_close = (request->flags & GNT_HTTP_UNTIL_CLOSE) != 0;
    x->mutating = !x->answer.no_body && strcmp(request->method, "GET") != 0;
    x->uploads = request->has_body && request->source != NULL;
    if (x->uploads)
        x->source = *request->source;
}

int gnt_http_begin(struct gnt_http *http, const struct gnt_http_request *request,
                   struct gnt_exchange **out, gantry_error *err)
{
    const struct gantry_host *host = gnt_http_host(http);
    struct gnt_link_request wire = { 0 };
    const char *lines[HEADERS_MAX];
    struct gnt_exchange *x;
    int rc = gnt_http_check(request, err);

    if (rc < 0)
        return rc;
    x = gnt_alloc(&host->mem, sizeof *x);
    if (x == NULL)
        return gnt_nomem(err);
    set_up(x, http, request);
    /* A call that is over sends nothing, however fast it is. */
    rc = gnt_clock_check(&x->clock, err);
    if (rc < 0)
        gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES);
    if (rc == 0 && copy_request(x, request, &wire, lines) < 0)
        rc = gnt_nomem(err);
    if (rc == 0)
        rc = gnt_link_open(http, &hooks, x, &x->link, err);
    wire.upload = x->uploads;
    wire.upload_length = x->uploads && x->source.length > 0 ? x->source.length : -1;
    wire.fresh = x->mutating;
    wire.secret = x->arena.wipe;
    if (rc == 0)
        rc = gnt_link_request(x->link, &wire, err);
    if (rc < 0) {
        gnt_exchange_close(x);
        return rc;
    }
    /* Send it as far as that goes without waiting: an engine may have to watch before it
     * answers. */
    if (!x->uploads) {
        while (!x->over && !gnt_link_sent(x->link) && advance(x, 0)) {
        }
    }
    *out = x;
    return 0;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* What Go's servers, of which engines are made, say to plain HTTP where they want TLS. */
static void check_plain(struct gnt_exchange *x)
{
    if (x->answer.ready && x->rc == 0 && gnt_answer_is_bare_refusal(&x->answer) &&
        !gnt_http_is_tls(x->http))
        keep_failure(x, gnt_link_wants_tls(x->http, &x->failure));
}

int gnt_exchange_head(struct gnt_exchange *x, int nonblocking, gantry_error *err)
{
    int rc;

    /* What came before the connection broke is read first: it may hold the engine's reason. */
    if (x->rc != 0 && !head_here(x))
        return repeat_failure(x, err);
    rc = drive(x, nonblocking, head_here, err);
    if (rc == 0)
        check_plain(x);
    return rc == 0 && x->rc == GANTRY_E_TLS ? repeat_failure(x, err) : rc;
}

int gnt_exchange_status(const struct gnt_exchange *x)
{
    return x->answer.ready ? x->answer.head.status : 0;
}

const char *gnt_exchange_header(const struct gnt_exchange *x, const char *name)
{
    return x->answer.ready ? gnt_answer_field(&x->answer, name) : NULL;
}

const char *gnt_exchange_peek(const struct gnt_exchange *x, size_t *out_size)
{
    return gnt_answer_peek(&x->answer, out_size);
}

void gnt_exchange_skip(struct gnt_exchange *x, size_t size)
{
    gnt_answer_skip(&x->answer, size);
}

int gnt_exchange_read(struct gnt_exchange *x, void *buffer, size_t capacity, int nonblocking,
                      size_t *out_size, gantry_error *err)
{
    int rc;

    *out_size = gnt_answer_take(&x->answer, buffer, capacity);
    if (*out_size > 0)
        return 0;
    if (x->rc != 0)
        return repeat_failure(x, err);
    x->answer.out = buffer;
    x->answer.out_capacity = capacity;
    x->answer.out_size = 0;
    rc = drive(x, nonblocking, body_here, err);
    *out_size = x->answer.out_size;
    x->answer.out = NULL;
    x->answer.out_capacity = 0;
    x->answer.out_size = 0;
    if (*out_size > 0)
        return 0;
    if (rc == 0)
        *out_size = gnt_answer_take(&x->answer, buffer, capacity);
    return rc;
}

int gnt_exchange_fd(const struct gnt_exchange *x, int *out_events)
{
    return gnt_link_fd(x->link, out_events);
}

int gnt_exchange_timeout_ms(const struct gnt_exchange *x)
{
    return gnt_clock_poll_ms(&x->clock);
}

struct gnt_clock *gnt_exchange_clock(struct gnt_exchange *x)
{
    return &x->clock;
}

static void log_end(const struct gnt_exchange *x)
{
    int64_t ms = (gantry_clock_ns() - x->begun_ns) / 1000000;
    int path = (int)strcspn(x->target, "?");
    const char *how = x->rc != 0                     ? gantry_error_name(x->rc)
                      : gnt_answer_whole(&x->answer) ? ""
                                                     : "closed early";

    gnt_log(gnt_http_host(x->http), GANTRY_LOG_DEBUG, "http", "%s%s%s %.*s %d%s%s %" PRId64 " ms",
            x->tag, x->tag[0] != '\0' ? ": " : "", x->method, path, x->target,
            gnt_exchange_status(x), how[0] != '\0' ? " " : "", how, ms);
}

void gnt_exchange_close(struct gnt_exchange *x)
{
    struct gnt_mem mem;

    if (x == NULL)
        return;
    mem = gnt_http_host(x->http)->mem;
    if (x->link != NULL) {
        log_end(x);
        gnt_link_close(x->link, gnt_answer_whole(&x->answer) && x->rc == 0);
    }
    gnt_answer_free(&x->answer);
    gnt_buf_free(&x->salvage);
    gnt_arena_free(&x->arena);
    gnt_free(&mem, x);
}
