/*
 * Podman: events. They are kept in a file or the journal, not always in the order of their times.
 * Its `until` is not used: a time that has passed ends the answer before its first event.
 */
#include "podman.h"

#include "rest_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD_MS = 500 /* some versions send the head with the first event only */
};

static const int64_t second = 1000000000;

const struct gnt_word gnt_podman_event_types[] = {
    { "container", GANTRY_EVENT_CONTAINER },
    { "image", GANTRY_EVENT_IMAGE },
    { "volume", GANTRY_EVENT_VOLUME },
    { "network", GANTRY_EVENT_NETWORK },
    { "pod", GANTRY_EVENT_POD },
    { "secret", GANTRY_EVENT_SECRET },
    { "system", GANTRY_EVENT_ENGINE },
    { NULL, 0 },
};

const struct gnt_word gnt_podman_event_actions[] = {
    { "create", GANTRY_ACTION_CREATE },
    { "start", GANTRY_ACTION_START },
    { "stop", GANTRY_ACTION_STOP },
    { "died", GANTRY_ACTION_DIE },
    { "kill", GANTRY_ACTION_KILL },
    { "pause", GANTRY_ACTION_PAUSE },
    { "unpause", GANTRY_ACTION_UNPAUSE },
    { "restart", GANTRY_ACTION_RESTART },
    { "remove", GANTRY_ACTION_REMOVE },
    { "rename", GANTRY_ACTION_RENAME },
    { "update", GANTRY_ACTION_UPDATE },
    { "attach", GANTRY_ACTION_ATTACH },
    { "exec", GANTRY_ACTION_EXEC_START },
    { "exec_died", GANTRY_ACTION_EXEC_DIE },
    { "health_status", GANTRY_ACTION_HEALTH },
    { "init", GANTRY_ACTION_INIT },
    { "cleanup", GANTRY_ACTION_CLEANUP },
    { "commit", GANTRY_ACTION_COMMIT },
    { "copy", GANTRY_ACTION_COPY },
    { "export", GANTRY_ACTION_EXPORT },
    { "checkpoint", GANTRY_ACTION_CHECKPOINT },
    { "restore", GANTRY_ACTION_RESTORE },
    { "mount", GANTRY_ACTION_MOUNT },
    { "unmount", GANTRY_ACTION_UNMOUNT },
    { "connect", GANTRY_ACTION_CONNECT },
    { "disconnect", GANTRY_ACTION_DISCONNECT },
    { "pull", GANTRY_ACTION_PULL },
    { "push", GANTRY_ACTION_PUSH },
    { "tag", GANTRY_ACTION_TAG },
    { "untag", GANTRY_ACTION_UNTAG },
    { "save", GANTRY_ACTION_SAVE },
    { "loadfromarchive", GANTRY_ACTION_LOAD },
    { "import", GANTRY_ACTION_IMPORT },
    { "build", GANTRY_ACTION_BUILD },
    { "prune", GANTRY_ACTION_PRUNE },
    { "refresh", GANTRY_ACTION_REFRESH },
    { "renumber", GANTRY_ACTION_RENUMBER },
    { NULL, 0 },
};

/* ---- one event ------------------------------------------------------------------------------- */

/* Decimal digits, or -1. */
static int64_t number_of(const char *text)
{
    int64_t value = -1;

    return sscanf(text, "%9" SCNd64, &value) == 1 ? value : -1;
}

/* An entry into a network is about the container for Podman: its id, and its name. The network's
 * own name is an attribute since 4.4. */
static void settle_network(gantry_event *e)
{
    if (e->action == GANTRY_ACTION_CONNECT || e->action == GANTRY_ACTION_DISCONNECT) {
        e->container = e->id;
        e->id = "";
        e->name = "";
    }
    if (gnt_event_attribute(e, "network")[0] != '\0')
        e->name = gnt_event_attribute(e, "network");
}

static int settle_health(gantry_event *e, const struct gnt_json *document)
{
    const char *health = gnt_json_text(gnt_json_get(document, "HealthStatus"));

    if (health == NULL)
        health = gnt_event_attribute(e, "health_status");
    e->health = gnt_arena_strdup(gnt_result_arena(e), health);
    return e->health == NULL ? GANTRY_E_NOMEM : 0;
}

static int settle(gantry_event *e, const struct gnt_json *document)
{
    if (e->type == GANTRY_EVENT_CONTAINER) {
        e->image = gnt_event_attribute(e, "image");
        e->pod = gnt_event_attribute(e, "podId");
    }
    if (e->type == GANTRY_EVENT_VOLUME && e->id[0] == '\0')
        e->id = e->name;
    if (e->type == GANTRY_EVENT_VOLUME && e->name[0] == '\0')
        e->name = e->id;
    if (e->type == GANTRY_EVENT_NETWORK)
        settle_network(e);
    /* Some versions have the attribute in every event. */
    if (e->action == GANTRY_ACTION_DIE || e->action == GANTRY_ACTION_EXEC_DIE)
        e->exit_code = number_of(gnt_event_attribute(e, "containerExitCode"));
    if (e->action == GANTRY_ACTION_KILL)
        e->signal = gnt_event_attribute(e, "signal");
    return e->action == GANTRY_ACTION_HEALTH ? settle_health(e, document) : 0;
}

const struct gnt_event_dialect gnt_podman_event_dialect = { .types = gnt_podman_event_types,
                                                            .actions = gnt_podman_event_actions,
                                                            .settle = settle,
                                                            .head_ms = HEAD_MS };

/* ---- watching -------------------------------------------------------------------------------- */

/* What is after that time, not from it on; and a number without a fraction is read by every
 * version. */
static void query_since(struct gnt_req *r, int64_t since_ns)
{
    char text[32];

    if (since_ns > 0) {
        snprintf(text, sizeof text, "%" PRId64, (since_ns - 1) / second);
        gnt_req_query(r, "since", text);
    }
    if (since_ns < 0) {
        snprintf(text, sizeof text, "%" PRId64 "s", (-(since_ns + 1)) / second + 1);
        gnt_req_query(r, "since", text);
    }
}

/* Whether all that is wanted has happened already, by the engine's clock. */
static int is_past(struct podman *p, const gantry_events_options *opts, const gantry_call *call,
                   int *out, gantry_error *err)
{
    int64_t now = 0;
    int rc;

    *out = opts->follow == GANTRY_OFF;
    if (*out || opts->until_ns == 0)
        return 0;
    rc = gnt_rest_engine_time(&p->rest, call, "/_ping", &now, err);
    *out = opts->until_ns <= now;
    return rc;
}

/* Podman matches any of several labels and finds volumes and networks by what is not in their
 * events: what it does not narrow safely is left to the library. */
static void query_filters(struct gnt_req *r, const gantry_events_options *opts)
{
    struct gnt_json *filters = gnt_req_object(r);

    gnt_event_filter_words(r, filters, "type", gnt_podman_event_types, opts->types);
    gnt_event_filter_words(r, filters, "event", gnt_podman_event_actions, opts->actions);
    if (gnt_event_about_one(opts))
        gnt_req_filter_list(r, filters, "container", opts->containers);
    gnt_req_filter_pairs(r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(r, filters);
}

int gnt_podman_events_open(void *state, const gantry_events_options *opts,
                           gantry_event_source **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    int past;
    int rc = is_past(p, opts, call, &past, err);

    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "GET", call, "/events");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    r.flags |= GNT_REQ_OPEN_ENDED;
    query_since(&r, opts->since_ns);
    gnt_req_query(&r, "stream", past ? "false" : "true");
    query_filters(&r, opts);
    return gnt_rest_events_open(&r, &gnt_podman_event_dialect, past ? 0 : opts->until_ns, out, err);
}
