/*
 * What a pod uses: a sample of each member that runs, and sums. Members are asked side by side, as
 * a stream of stats does, until each has told its share of the CPUs.
 */
#include "pod.h"

#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"

struct sampling {
    gantry_engine *e;
    const gantry_pod *pod;
    gantry_pod_stats *stats;
    const char **ids;           /* of members that run */
    const gantry_stats **items; /* the newest of each, NULL before there is one */
    int *rounds;
    size_t count;
};

static struct gnt_arena *arena_of(struct sampling *s)
{
    return gnt_result_arena(s->stats);
}

/* ---- a sample that stays --------------------------------------------------------------------- */

static int keep_text(struct sampling *s, const char **text)
{
    *text = gnt_arena_strdup(arena_of(s), *text);
    return *text != NULL ? 0 : -1;
}

/* A NULL-terminated list of structs of one size. */
static const void *const *keep_list(struct sampling *s, const void *const *list, size_t size)
{
    const void **copy;
    size_t count = 0;

    while (list[count] != NULL)
        count++;
    copy = gnt_arena_alloc(arena_of(s), (count + 1) * sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        void *item = gnt_arena_alloc(arena_of(s), size);

        if (item == NULL)
            return NULL;
        memcpy(item, list[i], size);
        copy[i] = item;
    }
    return copy;
}

static gantry_stats *keep(struct sampling *s, const gantry_stats *sample)
{
    gantry_stats *item = gnt_arena_alloc(arena_of(s), sizeof *item);

    if (item == NULL)
        return NULL;
    *item = *sample;
    item->networks = (const gantry_network_stats *const *)keep_list(
        s, (const void *const *)sample->networks, sizeof **sample->networks);
    item->devices = (const gantry_block_stats *const *)keep_list(
        s, (const void *const *)sample->devices, sizeof **sample->devices);
    if (item->networks == NULL || item->devices == NULL || keep_text(s, &item->id) < 0 ||
        keep_text(s, &item->name) < 0 || keep_text(s, &item->json) < 0)
        return NULL;
    for (size_t i = 0; item->networks[i] != NULL; i++) {
        gantry_network_stats *network = (gantry_network_stats *)item->networks[i]; /* ours */

        if (keep_text(s, &network->name) < 0)
            return NULL;
    }
    return item;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void sum(int64_t *total, int64_t more)
{
    if (more < 0)
        return;
    *total = *total < 0 ? more : *total > INT64_MAX - more ? INT64_MAX : *total + more;
}

static int is_infra(const struct sampling *s, const gantry_stats *item)
{
    return s->pod->infra_id[0] != '\0' && strcmp(item->id, s->pod->infra_id) == 0;
}

/* Of a network that all share each tells the same: once, as the infra container has it. */
static void sum_networks(struct sampling *s)
{
    int shared = gnt_pod_has_share(s->pod, "net");
    const gantry_stats *teller = NULL;

    for (size_t i = 0; i < s->stats->count; i++) {
        const gantry_stats *item = s->stats->items[i];

        if (!shared) {
            sum(&s->stats->received_bytes, item->received_bytes);
            sum(&s->stats->sent_bytes, item->sent_bytes);
        } else if (item->received_bytes >= 0 && (teller == NULL || is_infra(s, item))) {
            teller = item;
        }
    }
    if (teller != NULL) {
        s->stats->received_bytes = teller->received_bytes;
        s->stats->sent_bytes = teller->sent_bytes;
    }
}

static int settle(struct sampling *s, gantry_error *err)
{
    gantry_pod_stats *stats = s->stats;
    const gantry_stats **items = gnt_arena_alloc(arena_of(s), (s->count + 1) * sizeof *items);

    if (items == NULL)
        return gnt_nomem(err);
    stats->cpu_percent = -1;
    for (size_t i = 0; i < s->count; i++) {
        const gantry_stats *item = s->items[i];

        if (item == NULL)
            continue;
        items[stats->count++] = item;
        if (item->cpu_percent >= 0)
            stats->cpu_percent =
                (stats->cpu_percent < 0 ? 0 : stats->cpu_percent) + item->cpu_percent;
        sum(&stats->cpu_ns, item->cpu_ns);
        sum(&stats->memory_bytes, item->memory_bytes);
        sum(&stats->processes, item->processes);
        sum(&stats->read_bytes, item->read_bytes);
        sum(&stats->written_bytes, item->written_bytes);
    }
    stats->items = items;
    sum_networks(s);
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int take(struct sampling *s, const gantry_stats *sample, gantry_error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->ids[i], sample->id) != 0)
            continue;
        s->items[i] = keep(s, sample);
        s->rounds[i]++;
        return s->items[i] != NULL ? 0 : gnt_nomem(err);
    }
    return 0;
}

/* Whether there is nothing to wait for: each has told its share, or two rounds have passed without
 * it. */
static int is_done(const struct sampling *s)
{
    int done = 1;

    for (size_t i = 0; i < s->count; i++) {
        if (s->rounds[i] > 2)
            return 1;
        done = done && s->items[i] != NULL && s->items[i]->cpu_percent >= 0;
    }
    return done;
}

static int sample_all(struct sampling *s, const gantry_call *call, gantry_error *err)
{
    gantry_stats_options o = { .size = sizeof o, .call = call };
    gantry_stats_reader *reader = NULL;
    const gantry_stats *sample = NULL;
    int rc = s->e->backend->containers.stats_open(s->e->state, s->ids, &o, &reader, err);

    while (rc == 0 && !is_done(s)) {
        rc = gantry_stats_reader_next(reader, &sample, err);
        if (rc == 0 && sample == NULL)
            break;
        if (rc == 0)
            rc = take(s, sample, err);
    }
    gantry_stats_reader_close(reader);
    return rc;
}

static int list_members(struct sampling *s, gantry_error *err)
{
    size_t room = s->pod->member_count + 1;

    s->ids = gnt_arena_alloc(arena_of(s), room * sizeof *s->ids);
    s->items = gnt_arena_alloc(arena_of(s), room * sizeof *s->items);
    s->rounds = gnt_arena_alloc(arena_of(s), room * sizeof *s->rounds);
    if (s->ids == NULL || s->items == NULL || s->rounds == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < s->pod->member_count; i++) {
        int state = s->pod->members[i]->state;

        if (state == GANTRY_CONTAINER_RUNNING || state == GANTRY_CONTAINER_PAUSED)
            s->ids[s->count++] = s->pod->members[i]->id;
    }
    return 0;
}

static int fill(struct sampling *s, const char *id, const gantry_call *call, gantry_error *err)
{
    gantry_pod_inspect_options o = { .size = sizeof o, .call = call };
    gantry_pod *pod = NULL;
    int rc = s->e->backend->pods.inspect(s->e->state, id, &o, &pod, err);

    if (rc == 0) {
        s->pod = pod;
        rc = list_members(s, err);
    }
    if (rc == 0 && s->count > 0)
        rc = sample_all(s, call, err);
    if (rc == 0)
        rc = settle(s, err);
    gantry_pod_free(pod);
    return rc;
}

static int stats(gantry_engine *e, const char *id, const gantry_call *given, gantry_pod_stats **out,
                 gantry_error *err)
{
    struct sampling s = { .e = e };
    gantry_call call;
    gantry_call shared;
    int rc;

    gnt_call_import(&call, given);
    if (call.timeout_ms == 0)
        call.timeout_ms = e->host.request_timeout_ms;
    s.stats = gnt_result_new(&e->host.mem, GNT_KIND_POD_STATS, err);
    rc = s.stats == NULL ? GANTRY_E_NOMEM : fill(&s, id, gnt_call_share(&shared, &call), err);
    if (rc == 0)
        *out = s.stats;
    else
        gantry_pod_stats_free(s.stats);
    return rc;
}

int gantry_pods_stats(gantry_pods *pods, const char *id, const gantry_pod_stats_options *opts,
                      gantry_pod_stats **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_pods(pods);
    gantry_pod_stats_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_PODS_STATS, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_pod_stats_options, o, opts, err);
    if (rc == 0)
        rc = stats(e, id, o.call, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_STATS, GANTRY_RESOURCE_POD, id, err);
}
