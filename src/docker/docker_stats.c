/*
 * Docker: what containers use. A sample counts CPU time against that of all CPUs together; memory
 * is without the inactive part of the page cache, which each version of cgroups names its own way.
 */
#include "docker.h"

#include "rest_stats.h"

#include <stdlib.h>
#include <string.h>

#define O gantry_stats_options
const struct gnt_out gnt_docker_stats_options[] = {
    GNT_OUT_CODE(O, interval_ms),
    GNT_OUT_END,
};
#undef O

#define N gantry_network_stats
static const struct gnt_in network_rows[] = {
    GNT_IN_STR(N, name, "."),
    GNT_IN_I64(N, received_bytes, "rx_bytes"),
    GNT_IN_I64(N, received_packets, "rx_packets"),
    GNT_IN_I64(N, received_errors, "rx_errors"),
    GNT_IN_I64(N, received_dropped, "rx_dropped"),
    GNT_IN_I64(N, sent_bytes, "tx_bytes"),
    GNT_IN_I64(N, sent_packets, "tx_packets"),
    GNT_IN_I64(N, sent_errors, "tx_errors"),
    GNT_IN_I64(N, sent_dropped, "tx_dropped"),
    GNT_IN_END,
};
#undef N

static int in_networks(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_NETWORK_STATS, network_rows, field);
}

#define S gantry_stats
static const struct gnt_in stats_rows[] = {
    GNT_IN_ID(S, id, "id"),
    GNT_IN_NAME(S, name, "name"),
    GNT_IN_TIME(S, time_ns, "read"),
    GNT_IN_I64(S, cpu_ns, "cpu_stats/cpu_usage/total_usage"),
    GNT_IN_I64(S, cpu_system_ns, "cpu_stats/cpu_usage/usage_in_kernelmode"),
    GNT_IN_I64(S, cpus, "cpu_stats/online_cpus"),
    GNT_IN_I64(S, throttled_ns, "cpu_stats/throttling_data/throttled_time"),
    GNT_IN_I64(S, memory_bytes, "memory_stats/usage"),
    GNT_IN_I64(S, memory_cache_bytes, "memory_stats/stats/file"), /* version 2 */
    GNT_IN_I64(S, memory_cache_bytes, "memory_stats/stats/total_cache"),
    GNT_IN_I64(S, memory_limit_bytes, "memory_stats/limit"),
    GNT_IN_I64(S, memory_peak_bytes, "memory_stats/max_usage"),
    GNT_IN_I64(S, processes, "pids_stats/current"),
    GNT_IN_I64(S, process_limit, "pids_stats/limit"),
    GNT_IN_HOOK(S, networks, "networks", in_networks),
    GNT_IN_END,
};
#undef S

static int64_t number(const struct gnt_json *v, const char *path)
{
    int64_t value = -1;

    return gnt_json_int(gnt_json_get(v, path), &value) == 0 ? value : -1;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void read_times(const struct gnt_json *answer, const char *part, struct gnt_cpu_times *out)
{
    const struct gnt_json *cpu = gnt_json_get(answer, part);
    const struct gnt_json *each = gnt_json_get(cpu, "cpu_usage/percpu_usage");

    out->used_ns = number(cpu, "cpu_usage/total_usage");
    out->total_ns = number(cpu, "system_cpu_usage");
    out->cpus = number(cpu, "online_cpus");
    if (out->cpus <= 0)
        out->cpus = each != NULL && each->type == GNT_JSON_ARRAY ? (int64_t)each->size : 0;
}

/* The device of a record: found, or new at the end of the list. NULL without memory. */
static gantry_block_stats *device_of(gantry_block_stats **list, size_t *count, gantry_stats *s,
                                     int64_t major, int64_t minor)
{
    gantry_block_stats *d;

    for (size_t i = 0; i < *count; i++) {
        if (list[i]->major == major && list[i]->minor == minor)
            return list[i];
    }
    d = gnt_result_item(s, GANTRY_KIND_BLOCK_STATS);
    if (d == NULL)
        return NULL;
    d->major = major;
    d->minor = minor;
    d->read_bytes = 0;
    d->written_bytes = 0;
    list[(*count)++] = d;
    return d;
}

/* [{"major","minor","op","value"}]; of the words only how they begin is the same everywhere. */
static int read_devices(gantry_stats *s, const struct gnt_json *answer, gantry_error *err)
{
    const struct gnt_json *records = gnt_json_get(answer, "blkio_stats/io_service_bytes_recursive");
    gantry_block_stats **list;
    size_t count = 0;

    if (records == NULL || records->type != GNT_JSON_ARRAY)
        return 0;
    list = gnt_arena_alloc(gnt_result_arena(s), (records->size + 1) * sizeof *list);
    s->read_bytes = 0;
    s->written_bytes = 0;
    for (const struct gnt_json *v = records->first; list != NULL && v != NULL; v = v->next) {
        const char *op = gnt_json_text(gnt_json_get(v, "op"));
        int64_t value = number(v, "value");
        gantry_block_stats *d;

        if (op == NULL || value < 0 || strchr("rRwW", op[0]) == NULL || op[0] == '\0')
            continue;
        d = device_of(list, &count, s, number(v, "major"), number(v, "minor"));
        if (d == NULL)
            return gnt_nomem(err);
        if (op[0] == 'r' || op[0] == 'R') {
            d->read_bytes += value;
            s->read_bytes += value;
        } else {
            d->written_bytes += value;
            s->written_bytes += value;
        }
    }
    if (list == NULL)
        return gnt_nomem(err);
    s->devices = (const gantry_block_stats *const *)list;
    return 0;
}

/* A limit that is none: version 1 says 2^64 - 1, or leaves it out. */
static void settle_limits(gantry_stats *s, const struct gnt_json *answer)
{
    if (s->processes >= 0 && s->process_limit < 0)
        s->process_limit = 0;
    if (gnt_json_get(answer, "memory_stats/stats/total_inactive_file") != NULL)
        s->memory_bytes = gnt_memory_in_use(
            s->memory_bytes, number(answer, "memory_stats/stats/total_inactive_file"));
    else
        s->memory_bytes =
            gnt_memory_in_use(s->memory_bytes, number(answer, "memory_stats/stats/inactive_file"));
}

/* ---- the dialect ----------------------------------------------------------------------------- */

static int decode(gantry_stats *out, const struct gnt_json *answer, struct gnt_cpu_times *now,
                  gantry_error *err)
{
    struct gnt_cpu_times before;
    int rc = gnt_decode(gnt_result_arena(out), answer, NULL, stats_rows, out, err);

    if (rc < 0 || out->time_ns == 0)
        return rc;
    read_times(answer, "cpu_stats", now);
    read_times(answer, "precpu_stats", &before);
    out->cpus = now->cpus > 0 ? now->cpus : -1;
    if (before.total_ns > 0)
        out->cpu_percent = gnt_cpu_percent(&before, now);
    if (gnt_json_get(answer, "networks") != NULL) /* none with the host's network, or without one */
        gnt_stats_sum_networks(out);
    settle_limits(out, answer);
    return read_devices(out, answer, err);
}

static void request(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                    const char *id, int alone)
{
    gnt_req_init(r, rest, "GET", call, "/containers/%s/stats", id);
    gnt_req_query(r, "stream", "false");
    gnt_req_query_true(r, "one-shot", !alone);
}

const struct gnt_stats_dialect gnt_docker_stats_dialect = { .request = request,
                                                            .decode = decode,
                                                            .list_path = "/containers/json" };

int gnt_docker_stats(void *state, const char *id, const gantry_stats_options *opts,
                     gantry_stats **out, gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_stats(&d->rest, &gnt_docker_stats_dialect, id, opts->call, out, err);
}

int gnt_docker_stats_open(void *state, const char *const *ids, const gantry_stats_options *opts,
                          gantry_stats_reader **out, gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_stats_open(&d->rest, &gnt_docker_stats_dialect, ids, opts, out, err);
}
