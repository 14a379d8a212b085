/*
 * Docker: events. The daemon keeps the last 256 in memory, and begins to watch only after it has
 * sent the head; a time to begin from, which it always gets, makes up for that.
 */
#include "docker.h"
#include "docker_pod.h"

#include "rest_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t second = 1000000000;

const struct gnt_word gnt_docker_event_types[] = {
    { "container", GANTRY_EVENT_CONTAINER },
    { "image", GANTRY_EVENT_IMAGE },
    { "volume", GANTRY_EVENT_VOLUME },
    { "network", GANTRY_EVENT_NETWORK },
    { "secret", GANTRY_EVENT_SECRET },
    { "daemon", GANTRY_EVENT_ENGINE },
    { NULL, 0 },
};

const struct gnt_word gnt_docker_event_actions[] = {
    { "create", GANTRY_ACTION_CREATE },
    { "start", GANTRY_ACTION_START },
    { "stop", GANTRY_ACTION_STOP },
    { "die", GANTRY_ACTION_DIE },
    { "kill", GANTRY_ACTION_KILL },
    { "oom", GANTRY_ACTION_OOM },
    { "pause", GANTRY_ACTION_PAUSE },
    { "unpause", GANTRY_ACTION_UNPAUSE },
    { "restart", GANTRY_ACTION_RESTART },
    { "destroy", GANTRY_ACTION_REMOVE },
    { "delete", GANTRY_ACTION_REMOVE },
    { "remove", GANTRY_ACTION_REMOVE },
    { "rename", GANTRY_ACTION_RENAME },
    { "update", GANTRY_ACTION_UPDATE },
    { "attach", GANTRY_ACTION_ATTACH },
    { "detach", GANTRY_ACTION_DETACH },
    { "exec_detach", GANTRY_ACTION_DETACH },
    { "resize", GANTRY_ACTION_RESIZE },
    { "exec_create", GANTRY_ACTION_EXEC_CREATE },
    { "exec_start", GANTRY_ACTION_EXEC_START },
    { "exec_die", GANTRY_ACTION_EXEC_DIE },
    { "health_status", GANTRY_ACTION_HEALTH },
    { "commit", GANTRY_ACTION_COMMIT },
    { "copy", GANTRY_ACTION_COPY },
    { "archive-path", GANTRY_ACTION_COPY },
    { "extract-to-dir", GANTRY_ACTION_COPY },
    { "export", GANTRY_ACTION_EXPORT },
    { "checkpoint", GANTRY_ACTION_CHECKPOINT },
    { "mount", GANTRY_ACTION_MOUNT },
    { "unmount", GANTRY_ACTION_UNMOUNT },
    { "connect", GANTRY_ACTION_CONNECT },
    { "disconnect", GANTRY_ACTION_DISCONNECT },
    { "pull", GANTRY_ACTION_PULL },
    { "push", GANTRY_ACTION_PUSH },
    { "tag", GANTRY_ACTION_TAG },
    { "untag", GANTRY_ACTION_UNTAG },
    { "save", GANTRY_ACTION_SAVE },
    { "load", GANTRY_ACTION_LOAD },
    { "import", GANTRY_ACTION_IMPORT },
    { "prune", GANTRY_ACTION_PRUNE },
    { "top", GANTRY_ACTION_TOP },
    { "reload", GANTRY_ACTION_RELOAD },
    { NULL, 0 },
};

/* ---- one event ------------------------------------------------------------------------------- */

/* Decimal digits, or -1. */
static int64_t number_of(const char *text)
{
    int64_t value = -1;

    return sscanf(text, "%9" SCNd64, &value) == 1 ? value : -1;
}

/* Pods are the library's own here: labels mark the container that stands for one, and members. */
static void settle_container(gantry_event *e)
{
    e->container = "";
    e->image = gnt_event_attribute(e, "image");
    e->pod = gnt_event_attribute(e, GNT_POD_ID_LABEL);
    if (gnt_event_attribute(e, GNT_POD_INFRA_LABEL)[0] == '\0')
        return;
    e->type = GANTRY_EVENT_POD;
    e->name = gnt_event_attribute(e, GNT_POD_LABEL);
    e->pod = "";
}

static int settle(gantry_event *e, const struct gnt_json *document)
{
    (void)document;
    e->container = gnt_event_attribute(e, "container");
    switch (e->type) {
    case GANTRY_EVENT_CONTAINER:
        settle_container(e);
        break;
    case GANTRY_EVENT_VOLUME:
        e->name = e->id;
        break;
    default:
        break;
    }
    if (e->action == GANTRY_ACTION_DIE || e->action == GANTRY_ACTION_EXEC_DIE)
        e->exit_code = number_of(gnt_event_attribute(e, "exitCode"));
    if (e->action == GANTRY_ACTION_KILL)
        e->signal = gnt_event_attribute(e, "signal");
    if (e->action == GANTRY_ACTION_HEALTH && strstr(e->action_text, ": ") != NULL)
        e->health = strstr(e->action_text, ": ") + 2;
    return 0;
}

const struct gnt_event_dialect gnt_docker_event_dialect = { .types = gnt_docker_event_types,
                                                            .actions = gnt_docker_event_actions,
                                                            .settle = settle };

/* ---- the engine's clock ---------------------------------------------------------------------- */

static int take_time(void *arg, struct gnt_json *info, gantry_error *err)
{
    const char *text = gnt_json_text(gnt_json_get(info, "SystemTime"));

    (void)err;
    if (text == NULL || gnt_parse_time(text, arg) != 0)
        *(int64_t *)arg = 0;
    return 0;
}

/* The only place where the daemon tells it to the nanosecond. An answer without it: the next whole
 * second, for which the daemon then waits. */
static int engine_now(struct docker *d, const gantry_call *call, int64_t *out, gantry_error *err)
{
    struct gnt_req r;
    int rc;

    *out = 0;
    gnt_req_init(&r, &d->rest, "GET", call, "/info");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_time, out, NULL, err);
    if (rc < 0 || *out > 0)
        return rc;
    rc = gnt_rest_engine_time(&d->rest, call, "/_ping", out, err);
    *out += second;
    return rc;
}

/* ---- watching -------------------------------------------------------------------------------- */

struct span {
    int64_t since_ns;
    int64_t until_ns;
};

/* When the daemon is to begin and to end. It ends by its own clock, and may lose what happens in
 * that very moment: so it gets a later one. */
static int find_span(struct docker *d, const gantry_events_options *opts, const gantry_call *call,
                     struct span *out, gantry_error *err)
{
    int64_t now = 0;
    int rc = 0;

    *out = (struct span){ opts->since_ns, opts->until_ns };
    if (opts->follow != GANTRY_OFF && opts->until_ns == 0 && opts->since_ns >= 0)
        return 0;
    rc = engine_now(d, call, &now, err);
    if (out->since_ns < 0)
        out->since_ns = now + out->since_ns > 0 ? now + out->since_ns : 1;
    if (opts->follow == GANTRY_OFF && (out->until_ns == 0 || out->until_ns > now))
        out->until_ns = now;
    else if (out->until_ns > now)
        out->until_ns += out->until_ns < INT64_MAX - second ? second : 0;
    if (out->until_ns != 0 && out->since_ns > out->until_ns)
        out->since_ns = out->until_ns;
    return rc;
}

static void query_time(struct gnt_req *r, const char *name, int64_t ns)
{
    char text[48];

    if (ns <= 0)
        return;
    snprintf(text, sizeof text, "%" PRId64 ".%09" PRId64, ns / second, ns % second);
    gnt_req_query(r, name, text);
}

/* Of names the daemon takes beginnings, and events of all types: more than is wanted, never less.
 * Images are named in several ways, and '=' may be part of a label's key: left to the library. */
static void query_filters(struct gnt_req *r, const gantry_events_options *opts)
{
    struct gnt_json *filters = gnt_req_object(r);

    gnt_event_filter_words(r, filters, "type", gnt_docker_event_types, opts->types);
    for (const int *type = opts->types; type != NULL && *type != 0; type++) {
        if (*type == GANTRY_EVENT_POD)
            gnt_req_filter(r, filters, "type", "container");
    }
    gnt_event_filter_words(r, filters, "event", gnt_docker_event_actions, opts->actions);
    if (gnt_event_about_one(opts)) {
        gnt_req_filter_list(r, filters, "container", opts->containers);
        gnt_req_filter_list(r, filters, "volume", opts->volumes);
        gnt_req_filter_list(r, filters, "network", opts->networks);
    }
    for (const char *const *l = opts->labels; l != NULL && *l != NULL; l++)
        gnt_req_filter(r, filters, "label", strchr(*l, '=') == NULL ? *l : NULL);
    gnt_req_filter_pairs(r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(r, filters);
}

int gnt_docker_events_open(void *state, const gantry_events_options *opts,
                           gantry_event_source **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct span span;
    struct gnt_req r;
    int rc = find_span(d, opts, call, &span, err);

    if (rc < 0)
        return rc;
    gnt_req_init(&r, &d->rest, "GET", call, "/events");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    r.flags |= GNT_REQ_OPEN_ENDED;
    query_time(&r, "since", span.since_ns);
    query_time(&r, "until", span.until_ns);
    query_filters(&r, opts);
    return gnt_rest_events_open(&r, &gnt_docker_event_dialect, 0, out, err);
}
