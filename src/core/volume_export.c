/*
 * The content of a volume as a stream: what the box writes. It ends well only if the box ended well
 * and the archive's end mark was its last.
 */
#include <gantry/backup.h>

#include <string.h>

#include "error.h"
#include "names.h"
#include "volume_box.h"

enum {
    FIRST_SIZE = 16 * 1024,
    END_MARK = 1024 /* two blocks of zeroes */
};

struct export_stream {
    struct gnt_volume_box box;
    struct gnt_mem mem;
    char *volume;
    int one_file_system;
    int ended;     /* nothing more comes from the box */
    size_t zeroes; /* how many were last */
    int rc;        /* a failure of reading */
    size_t first_at;
    size_t first_size;      /* bytes in `first` */
    char first[FIRST_SIZE]; /* the first that came, read before anybody asked */
};

/* ---- bytes ----------------------------------------------------------------------------------- */

static void count_zeroes(struct export_stream *s, const char *data, size_t size)
{
    size_t tail = 0;

    while (tail < size && data[size - 1 - tail] == '\0')
        tail++;
    s->zeroes = tail == size ? s->zeroes + tail : tail;
}

/* The next bytes of the archive; 0 once there are no more. */
static int read_box(struct export_stream *s, void *buffer, size_t capacity, int nonblocking,
                    size_t *out_size, gantry_error *err)
{
    int channel = GANTRY_STDERR;
    int rc = 0;

    *out_size = 0;
    gantry_stream_set_nonblocking(s->box.stream, nonblocking);
    while (!s->ended && channel == GANTRY_STDERR) {
        rc = gantry_stream_read(s->box.stream, buffer, capacity, out_size, &channel, err);
        if (rc < 0)
            return rc;
        s->ended = *out_size == 0;
        if (*out_size > 0 && channel == GANTRY_STDERR)
            gnt_volume_box_says(&s->box, buffer, *out_size);
    }
    count_zeroes(s, buffer, *out_size);
    return 0;
}

/* Behind the last byte: whether it was. */
static int see_end(struct export_stream *s, int nonblocking, gantry_error *err)
{
    int rc = gnt_volume_box_result(&s->box, nonblocking, err);

    if (rc == 0 && s->zeroes < END_MARK) {
        rc = gnt_fail(err, GANTRY_E_TRUNCATED,
                      "the archive ends without its end mark: the engine lost some of it");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_YES);
    }
    return rc;
}

static int take_first(struct export_stream *s, void *buffer, size_t capacity, size_t *out_size)
{
    size_t left = s->first_size - s->first_at;

    *out_size = left < capacity ? left : capacity;
    memcpy(buffer, s->first + s->first_at, *out_size);
    s->first_at += *out_size;
    return 0;
}

static int export_read(void *state, void *buffer, size_t capacity, int nonblocking,
                       size_t *out_size, int *out_channel, gantry_error *err)
{
    struct export_stream *s = state;
    int rc;

    *out_channel = GANTRY_STDOUT;
    if (s->first_at < s->first_size)
        return take_first(s, buffer, capacity, out_size);
    rc = read_box(s, buffer, capacity, nonblocking, out_size, err);
    if (rc == 0 && *out_size == 0)
        rc = see_end(s, nonblocking, err);
    if (rc < 0 && rc != GANTRY_E_AGAIN) {
        s->rc = rc;
        gnt_error_resource(err, GANTRY_RESOURCE_VOLUME, s->volume);
    }
    return rc;
}

static int export_fd(const void *state, int *out_events)
{
    const struct export_stream *s = state;

    if (s->first_at < s->first_size)
        return -1;
    return s->ended ? gantry_wait_fd(s->box.wait, out_events)
                    : gantry_stream_fd(s->box.stream, out_events);
}

static int export_timeout_ms(const void *state)
{
    const struct export_stream *s = state;

    return s->ended ? gantry_wait_timeout_ms(s->box.wait) : gantry_stream_timeout_ms(s->box.stream);
}

static void free_export(struct export_stream *s)
{
    struct gnt_mem mem = s->mem;

    gnt_volume_box_end(&s->box, s->rc);
    gnt_free(&mem, s->volume);
    gnt_free(&mem, s);
}

static void export_close(void *state)
{
    free_export(state);
}

/* ---- open ------------------------------------------------------------------------------------ */

/* Up to the first bytes. What gives none and ends well, the engine has lost. */
static int start(struct export_stream *s, gantry_error *err)
{
    const char *const plain[] = { "pack", "/volume", NULL };
    const char *const one[] = { "pack", "-x", "/volume", NULL };
    struct gnt_volume_box_plan plan = { .volume = s->volume,
                                        .command = s->one_file_system ? one : plain };
    int rc = gnt_volume_box_start(&s->box, &plan, err);

    s->ended = 0;
    s->zeroes = 0;
    if (rc == 0)
        rc = read_box(s, s->first, sizeof s->first, 0, &s->first_size, err);
    if (rc == 0 && s->first_size == 0)
        rc = see_end(s, 0, err);
    return rc;
}

/* Podman may lose what a process writes at its very beginning. */
static int start_again_if_lost(struct export_stream *s, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = start(s, &failure);

    if (rc == GANTRY_E_TRUNCATED) {
        gnt_log(&s->box.e->host, GANTRY_LOG_INFO, "volume",
                "the engine lost the archive's beginning; once more: %s", failure.message);
        gnt_volume_box_end(&s->box, 0);
        rc = start(s, &failure);
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int open_export(gantry_engine *e, const char *name, const gantry_volume_export_options *o,
                       gantry_stream **out, gantry_error *err)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = export_read,
                                           .fd = export_fd,
                                           .close = export_close,
                                           .timeout_ms = export_timeout_ms };
    struct export_stream *s = gnt_alloc(&e->host.mem, sizeof *s);
    gantry_call shared;
    int rc;

    if (s == NULL)
        return gnt_nomem(err);
    s->mem = e->host.mem;
    s->one_file_system = o->one_file_system == GANTRY_ON;
    s->box.e = e;
    s->box.ops = &e->backend->containers;
    gnt_call_import(&s->box.call, gnt_call_share(&shared, o->call));
    s->volume = gnt_strdup(&s->mem, name);
    rc = s->volume != NULL ? gnt_volume_box_check(e, name, &s->box.call, err) : gnt_nomem(err);
    if (rc == 0)
        rc = start_again_if_lost(s, err);
    if (rc == 0)
        rc = gantry_stream_new(&e->host, &ops, s, out, err);
    if (rc < 0) {
        s->rc = rc;
        free_export(s);
    }
    return rc;
}

int gantry_volumes_export_open(gantry_volumes *volumes, const char *name,
                               const gantry_volume_export_options *opts, gantry_stream **out,
                               gantry_error *err)
{
    gantry_engine *e = volumes != NULL ? volumes->engine : NULL;
    gantry_volume_export_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_VOLUMES_EXPORT, err);

    if (rc == 0)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_export_options, o, opts, err);
    if (rc == 0)
        rc = open_export(e, name, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_EXPORT, GANTRY_RESOURCE_VOLUME, name, err);
}
