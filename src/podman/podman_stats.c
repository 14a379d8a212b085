/*
 * Podman: what containers use. A sample counts CPU time against the clock; its own share is that
 * since the container's start. Memory is with the page cache. Below 4.8 a container that is not
 * there is an answer without records.
 */
#include "podman.h"

#include "rest_stats.h"

#define O gantry_stats_options
const struct gnt_out gnt_podman_stats_options[] = {
    GNT_OUT_CODE(O, interval_ms),
    GNT_OUT_END,
};
#undef O

#define N gantry_network_stats
static const struct gnt_in network_rows[] = {
    GNT_IN_STR(N, name, "."),
    GNT_IN_I64(N, received_bytes, "RxBytes"),
    GNT_IN_I64(N, received_packets, "RxPackets"),
    GNT_IN_I64(N, received_errors, "RxErrors"),
    GNT_IN_I64(N, received_dropped, "RxDropped"),
    GNT_IN_I64(N, sent_bytes, "TxBytes"),
    GNT_IN_I64(N, sent_packets, "TxPackets"),
    GNT_IN_I64(N, sent_errors, "TxErrors"),
    GNT_IN_I64(N, sent_dropped, "TxDropped"),
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
    GNT_IN_ID(S, id, "ContainerID"),
    GNT_IN_NAME(S, name, "Name"),
    GNT_IN_I64(S, time_ns, "SystemNano"),
    GNT_IN_I64(S, cpu_ns, "CPUNano"),
    GNT_IN_I64(S, cpu_system_ns, "CPUSystemNano"),
    GNT_IN_I64(S, memory_bytes, "MemUsage"),
    GNT_IN_I64(S, memory_limit_bytes, "MemLimit"),
    GNT_IN_I64(S, processes, "PIDs"),
    GNT_IN_I64(S, received_bytes, "NetOutput"), /* below 5.0: as the host sees them */
    GNT_IN_I64(S, sent_bytes, "NetInput"),
    GNT_IN_I64(S, read_bytes, "BlockInput"),
    GNT_IN_I64(S, written_bytes, "BlockOutput"),
    GNT_IN_HOOK(S, networks, "Network", in_networks),
    GNT_IN_END,
};
#undef S

static int decode(gantry_stats *out, const struct gnt_json *answer, struct gnt_cpu_times *now,
                  gantry_error *err)
{
    const struct gnt_json *records = gnt_json_get(answer, "Stats");
    const struct gnt_json *each;
    const struct gnt_json *cpu;
    int rc;

    if (records == NULL || records->type != GNT_JSON_ARRAY || records->first == NULL)
        return 0;
    rc = gnt_decode(gnt_result_arena(out), records->first, NULL, stats_rows, out, err);
    if (rc < 0 || out->time_ns == 0)
        return rc;
    if (gnt_json_get(records->first, "Network") !=
        NULL) /* since 5.0 there are only the single networks */
        gnt_stats_sum_networks(out);
    now->used_ns = out->cpu_ns;
    now->total_ns = out->time_ns;
    now->cpus = 1;
    each = gnt_json_get(records->first, "PerCPU"); /* cgroups v1 */
    if (each != NULL && each->type == GNT_JSON_ARRAY && each->size > 0)
        out->cpus = (int64_t)each->size;
    cpu = gnt_json_get(records->first, "CPU");
    if (cpu != NULL && cpu->type == GNT_JSON_NUMBER)
        out->cpu_percent = gnt_decimal(cpu->text);
    return 0;
}

static void request(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                    const char *id, int alone)
{
    (void)alone;
    gnt_req_init(r, rest, "GET", call, "/containers/stats");
    gnt_req_query(r, "containers", id);
    gnt_req_query(r, "stream", "false");
}

const struct gnt_stats_dialect gnt_podman_stats_dialect = { .request = request,
                                                            .decode = decode,
                                                            .list_path = "/containers/json" };

int gnt_podman_stats(void *state, const char *id, const gantry_stats_options *opts,
                     gantry_stats **out, gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_stats(&p->rest, &gnt_podman_stats_dialect, id, opts->call, out, err);
}

int gnt_podman_stats_open(void *state, const char *const *ids, const gantry_stats_options *opts,
                          gantry_stats_reader **out, gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_stats_open(&p->rest, &gnt_podman_stats_dialect, ids, opts, out, err);
}
