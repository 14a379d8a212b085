/*
 * Opening a reader of events. One that begins now reads what there is first, so that what was
 * before is not given, and is known when a connection breaks.
 */
#include "events_reader.h"

#include <string.h>

#include "error.h"
#include "names.h"

static const int64_t second = 1000000000;

static int read_past(struct gantry_event_reader *r, gantry_error *err)
{
    const gantry_event *e = NULL;
    int rc = gnt_events_connect(r, -GNT_EVENTS_BACK_S * second, GANTRY_OFF, err);

    if (rc < 0)
        return rc;
    do {
        e = NULL;
        rc = r->source->ops.next(r->source->state, 0, &e, err);
        if (rc == 0 && e != NULL && gnt_events_seen_note(&r->seen, e) < 0)
            rc = gnt_nomem(err);
    } while (rc == 0 && e != NULL);
    if (rc < 0)
        return rc;
    r->floor_ns = gnt_events_source_ns(r->source) - GNT_EVENTS_BACK_SURE_S * second;
    r->cut_ns = r->floor_ns;
    gnt_events_disconnect(r);
    return 0;
}

static int copy_texts(struct gantry_event_reader *r, const char *const **list, gantry_error *err)
{
    const char *const *copy = gnt_no_strings;

    for (const char *const *text = *list; text != NULL && *text != NULL; text++) {
        copy = gnt_strings_add(&r->arena, copy, *text);
        if (copy == NULL)
            return gnt_nomem(err);
    }
    *list = copy;
    return 0;
}

static int copy_numbers(struct gantry_event_reader *r, const int **list, gantry_error *err)
{
    size_t count = 0;
    int *copy;

    if (*list == NULL)
        return 0;
    while ((*list)[count] != 0)
        count++;
    copy = gnt_arena_alloc(&r->arena, (count + 1) * sizeof *copy);
    if (copy == NULL)
        return gnt_nomem(err);
    memcpy(copy, *list, count * sizeof *copy);
    *list = copy;
    return 0;
}

static int copy_pairs(struct gantry_event_reader *r, gantry_error *err)
{
    gantry_pair *copy = gnt_arena_alloc(&r->arena, (r->o.filter_count + 1) * sizeof *copy);

    if (copy == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < r->o.filter_count; i++) {
        const gantry_pair *from = &r->o.filters[i];

        copy[i].key = gnt_arena_strdup(&r->arena, from->key);
        copy[i].value = gnt_arena_strdup(&r->arena, from->value != NULL ? from->value : "");
        if (copy[i].key == NULL || copy[i].value == NULL)
            return gnt_nomem(err);
    }
    r->o.filters = copy;
    return 0;
}

/* All of them, for connections to come. */
static int copy_options(struct gantry_event_reader *r, gantry_error *err)
{
    const char *const **lists[] = { &r->o.containers, &r->o.images, &r->o.volumes,
                                    &r->o.networks,   &r->o.pods,   &r->o.labels };
    gantry_call shared;
    int rc;

    gnt_call_import(&r->call, gnt_call_share(&shared, r->o.call));
    gnt_clock_start(&r->clock, &r->call, 0);
    r->clock.idle_ns = 0; /* that is for each connection */
    r->o.call = &r->call;
    if (r->o.away_ms == 0)
        r->o.away_ms = GNT_EVENTS_AWAY_MS;
    rc = copy_numbers(r, &r->o.types, err);
    if (rc == 0)
        rc = copy_numbers(r, &r->o.actions, err);
    for (size_t i = 0; rc == 0 && i < sizeof lists / sizeof lists[0]; i++)
        rc = copy_texts(r, lists[i], err);
    return rc == 0 ? copy_pairs(r, err) : rc;
}

static int new_reader(gantry_engine *e, const gantry_events_options *o, gantry_event_reader **out,
                      gantry_error *err)
{
    struct gantry_event_reader *r = gnt_alloc(&e->host.mem, sizeof *r);
    int rc;

    if (r == NULL)
        return gnt_nomem(err);
    r->e = e;
    r->o = *o;
    gnt_arena_init(&r->arena, &e->host.mem);
    gnt_events_seen_init(&r->seen, &e->host.mem);
    r->floor_ns = o->since_ns;
    r->cut_ns = o->since_ns;
    rc = copy_options(r, err);
    if (rc == 0 && o->since_ns == 0)
        rc = read_past(r, err);
    if (rc == 0)
        rc = gnt_events_go_live(r, err);
    if (rc < 0) {
        gantry_event_reader_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

static int check_numbers(const char *argument, const int *list, int most, gantry_error *err)
{
    for (; list != NULL && *list != 0; list++) {
        if (*list < 0 || *list > most)
            return gnt_fail(err, GANTRY_E_INVALID, "%s: %d is none", argument, *list);
    }
    return 0;
}

static int check_texts(const char *argument, const char *const *list, gantry_error *err)
{
    int rc = 0;

    for (; rc == 0 && list != NULL && *list != NULL; list++)
        rc = gnt_check_text(argument, *list, err);
    return rc;
}

static int check_times(const gantry_events_options *o, gantry_error *err)
{
    if (o->since_ns < 0 || o->until_ns < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be negative",
                        o->since_ns < 0 ? "since_ns" : "until_ns");
    if (o->until_ns != 0 && o->until_ns < o->since_ns)
        return gnt_fail(err, GANTRY_E_INVALID, "until_ns: must not be before since_ns");
    if (o->follow == GANTRY_OFF && o->since_ns == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "since_ns: is needed with follow OFF");
    if (o->away_ms < 0 && o->away_ms != GANTRY_NO_TIMEOUT)
        return gnt_fail(err, GANTRY_E_INVALID, "away_ms: must not be negative");
    return 0;
}

static int check(const gantry_events_options *o, gantry_error *err)
{
    int rc = check_times(o, err);

    if (rc == 0 && (o->follow < GANTRY_OFF || o->follow > GANTRY_ON))
        rc = gnt_fail(err, GANTRY_E_INVALID, "follow: %d is neither ON nor OFF", o->follow);
    if (rc == 0 && (o->resume < GANTRY_OFF || o->resume > GANTRY_ON))
        rc = gnt_fail(err, GANTRY_E_INVALID, "resume: %d is neither ON nor OFF", o->resume);
    if (rc == 0)
        rc = check_numbers("types", o->types, GANTRY_EVENT_ENGINE, err);
    if (rc == 0)
        rc = check_numbers("actions", o->actions, GANTRY_ACTION_RENUMBER, err);
    if (rc == 0)
        rc = check_texts("containers", o->containers, err);
    if (rc == 0)
        rc = check_texts("images", o->images, err);
    if (rc == 0)
        rc = check_texts("volumes", o->volumes, err);
    if (rc == 0)
        rc = check_texts("networks", o->networks, err);
    if (rc == 0)
        rc = check_texts("pods", o->pods, err);
    if (rc == 0)
        rc = check_texts("labels", o->labels, err);
    return rc == 0 ? gnt_check_pairs("filters", o->filters, o->filter_count, err) : rc;
}

int gantry_system_events_open(gantry_system *system, const gantry_events_options *opts,
                              gantry_event_reader **out, gantry_error *err)
{
    gantry_engine *e = system != NULL ? system->engine : NULL;
    gantry_events_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_SYSTEM_EVENTS, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_events_options, o, opts, err);
    if (rc == 0)
        rc = check(&o, err);
    if (rc == 0)
        rc = new_reader(e, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_SYSTEM_EVENTS, GANTRY_RESOURCE_ENGINE, NULL, err);
}
