/*
 * Trying a condition of readiness that a log fulfils: lines since the container's last start, read
 * as they come, and to their end once it has ended.
 */
#include "ready.h"

#include <inttypes.h>
#include <regex.h>
#include <string.h>

enum {
    LINE_MOST = 64 * 1024, /* of a line that is searched; the rest is passed over */
    READ_SIZE = 16 * 1024,
    TURN_MOST = 16 * 1024 * 1024 /* bytes of one turn: a log that floods is not all there is */
};

struct gnt_ready_log {
    struct gnt_mem mem;
    gantry_stream *stream;   /* open: what was read so far counts */
    struct gnt_buf lines[2]; /* stdout, stderr: as far as the line has come */
    int64_t found;
    int follows; /* the stream goes on with new lines */
    int spoke;   /* there is something in the log */
    int whole;   /* read to the end, behind which nothing comes */
    int compiled;
    regex_t regex;
    char last[80]; /* the last line that did not match */
};

int gnt_ready_log_new(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    struct gnt_ready_log *log = gnt_arena_alloc(&r->arena, sizeof *log);
    char why[120];
    int code;

    if (log == NULL)
        return gnt_nomem(err);
    log->mem = r->e->host.mem;
    for (int i = 0; i < 2; i++)
        gnt_buf_init(&log->lines[i], &log->mem, LINE_MOST);
    c->log = log;
    if (c->c.regex != GANTRY_ON)
        return 0;
    code = regcomp(&log->regex, c->c.text, REG_EXTENDED | REG_NOSUB);
    if (code == REG_ESPACE)
        return gnt_nomem(err);
    if (code != 0) {
        (void)regerror(code, &log->regex, why, sizeof why);
        return gnt_fail(err, GANTRY_E_INVALID, "text: \"%.100s\" is no regular expression: %s",
                        c->c.text, why);
    }
    log->compiled = 1;
    return 0;
}

void gnt_ready_log_reset(struct gnt_ready_log *log)
{
    if (log == NULL)
        return;
    gantry_stream_close(log->stream);
    log->stream = NULL;
    for (int i = 0; i < 2; i++)
        gnt_buf_clear(&log->lines[i]);
    log->found = 0;
    log->spoke = 0;
    log->whole = 0;
    log->last[0] = '\0';
}

void gnt_ready_log_free(struct gnt_ready_log *log)
{
    if (log == NULL)
        return;
    gnt_ready_log_reset(log);
    for (int i = 0; i < 2; i++)
        gnt_buf_free(&log->lines[i]);
    if (log->compiled)
        regfree(&log->regex);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int matches(const struct gnt_ready_log *log, const gantry_condition *c, const char *text)
{
    if (log->compiled)
        return regexec(&log->regex, text, 0, NULL, 0) == 0;
    return strstr(text, c->text) != NULL;
}

/* A line is whole: look at it and begin the next. */
static void end_line(struct gnt_ready_log *log, const gantry_condition *c, struct gnt_buf *line)
{
    char *text = line->data;
    size_t size = line->size;

    /* A terminal ends lines with "\r\n"; bytes of zero would end the text for the searches. */
    if (size > 0 && text[size - 1] == '\r')
        text[--size] = '\0';
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0')
            text[i] = ' ';
    }
    if (matches(log, c, size > 0 ? text : ""))
        log->found++;
    else if (size > 0)
        gnt_text_copy(log->last, sizeof log->last, text, size, 0, 0);
    gnt_buf_clear(line);
}

static int add_part(struct gnt_buf *line, const char *data, size_t size)
{
    size_t room = LINE_MOST - line->size;

    return gnt_buf_add(line, data, size < room ? size : room);
}

static int add(struct gnt_ready_log *log, const gantry_condition *c, int channel, const char *data,
               size_t size)
{
    struct gnt_buf *line = &log->lines[channel == GANTRY_STDERR];
    int rc = 0;

    while (rc == 0 && size > 0) {
        const char *end = memchr(data, '\n', size);
        size_t part = end != NULL ? (size_t)(end - data) : size;

        rc = add_part(line, data, part);
        if (rc == 0 && end != NULL)
            end_line(log, c, line);
        part += end != NULL;
        data += part;
        size -= part;
    }
    return rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

/*
 * A log is followed once there is something in it: Podman does not answer before, and waiting for
 * that would keep the other conditions waiting. Of a container that has ended the log is read
 * without waiting for more.
 */
static int open_log(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    gantry_logs_options o = {
        .size = sizeof o, .call = &r->call, .since_ns = r->log_since_ns, .follow = GANTRY_OFF
    };
    int follow = !r->ended && c->log->spoke;
    int rc;

    if (c->c.channel == GANTRY_STDOUT)
        o.err = GANTRY_OFF;
    if (c->c.channel == GANTRY_STDERR)
        o.out = GANTRY_OFF;
    if (follow)
        o.follow = GANTRY_ON;
    gnt_ready_log_reset(c->log);
    c->log->spoke = c->log->follows = follow;
    rc = r->ops->logs(r->e->state, r->id, &o, &c->log->stream, err);
    if (rc == 0)
        gantry_stream_set_nonblocking(c->log->stream, follow);
    return rc;
}

/* Reads what is there; the stream is closed at its end. */
static int drain(struct gnt_ready *r, struct gnt_ready_condition *c, int64_t wanted,
                 gantry_error *err)
{
    struct gnt_ready_log *log = c->log;
    char buffer[READ_SIZE];
    size_t size = 0;
    size_t total = 0;
    int channel = 0;
    int rc;

    do {
        rc = gantry_stream_read(log->stream, buffer, sizeof buffer, &size, &channel, err);
        if (rc == 0 && size > 0)
            rc = add(log, &c->c, channel, buffer, size) < 0 ? gnt_nomem(err) : 0;
        if (rc == 0)
            rc = gnt_clock_check(&r->clock, err);
        total += size;
    } while (rc == 0 && size > 0 && log->found < wanted && (!log->follows || total < TURN_MOST));
    if (total > 0)
        log->spoke = 1;
    if (rc == GANTRY_E_AGAIN)
        return 0;
    if (rc == 0 && size == 0 && r->ended) { /* else the last line may go on */
        for (int i = 0; i < 2; i++) {
            if (log->lines[i].size > 0)
                end_line(log, &c->c, &log->lines[i]);
        }
        log->whole = 1;
    }
    if (rc < 0 || size == 0) {
        gantry_stream_close(log->stream);
        log->stream = NULL;
    }
    return rc;
}

int gnt_ready_read(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    struct gnt_ready_log *log = c->log;
    int64_t wanted = c->c.count > 0 ? c->c.count : 1;
    gantry_error failure = { 0 };
    int rc = 0;

    if (r->now->started_ns <= 0 || r->now->state == GANTRY_CONTAINER_CREATED) {
        gnt_ready_because(c, "the container is %s", r->now->state_text);
        return 0;
    }
    /* A followed stream may end before the last lines, or wait for what never comes. */
    if (log->stream == NULL || (r->ended && !log->whole))
        rc = open_log(r, c, &failure);
    if (rc == 0 && log->stream != NULL)
        rc = drain(r, c, wanted, &failure);
    c->holds = log->found >= wanted;
    if (rc < 0 && !c->holds) {
        gnt_ready_log_reset(log);
        return gnt_ready_failed(r, c, rc, &failure, err);
    }
    c->impossible = log->whole && !c->holds;
    gnt_ready_because(c, "in %" PRId64 " of %" PRId64 " lines; the last other line is \"%s\"",
                      log->found, wanted, log->last);
    if (c->holds || log->whole) {
        gantry_stream_close(log->stream);
        log->stream = NULL;
    }
    return 0;
}
