/*
 * Builds over libpod: the options as parameters of POST /build.
 */
#include "podman.h"

#include <string.h>

/* libpod reads null as "", but an argument without value is one that is not given. */
static int out_build_args(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct {
        const gantry_pair *pairs;
        size_t count;
    } given;
    gantry_pair *kept;
    size_t count = 0;

    memcpy(&given, field, sizeof given);
    if (given.pairs == NULL)
        return gnt_out_map(c, row, field);
    kept = gnt_arena_alloc(c->arena, (given.count + 1) * sizeof *kept);
    if (kept == NULL)
        return gnt_nomem(c->err);
    for (size_t i = 0; i < given.count; i++) {
        if (given.pairs[i].key == NULL || given.pairs[i].value != NULL)
            kept[count++] = given.pairs[i];
    }
    given.pairs = kept;
    given.count = count;
    return gnt_out_map(c, row, &given);
}

/* ["k=v"]; only the OCI format has a place for them. */
static int out_annotations(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_build_options *o = c->options;
    struct gnt_json *array = gnt_json_new(c->arena, GNT_JSON_ARRAY);

    (void)field;
    if (o->format != GANTRY_FORMAT_OCI)
        return gnt_fail(c->err, GANTRY_E_INVALID,
                        "option \"annotations\" needs format GANTRY_FORMAT_OCI: images in Docker's "
                        "format have none");
    for (size_t i = 0; i < o->annotation_count; i++) {
        const gantry_pair *pair = &o->annotations[i];
        const char *text =
            gnt_arena_printf(c->arena, "%s=%s", pair->key, pair->value != NULL ? pair->value : "");

        if (text == NULL || gnt_json_add(array, gnt_json_string(c->arena, text)) < 0)
            return gnt_nomem(c->err);
    }
    return gnt_out_put_text(c, row, array);
}

/* 1 is no network at all. What else there is says another parameter, see gnt_podman_build(). */
static int out_network(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_build_options *o = c->options;

    (void)field;
    if (strcmp(o->network, "none") == 0)
        return gnt_json_put(c->arena, c->body, row->path, gnt_json_number(c->arena, 1)) < 0
                   ? gnt_nomem(c->err)
                   : 0;
    if (strcmp(o->network, "host") == 0 || strcmp(o->network, "default") == 0)
        return 0;
    return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                    "option \"network\": builds of Podman know \"none\", \"host\" and \"default\": "
                    "%.100s",
                    o->network);
}

/* ["nofile=1024:2048"] */
static int out_ulimits(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_build_options *o = c->options;
    struct gnt_json *array = gnt_json_new(c->arena, GNT_JSON_ARRAY);

    (void)field;
    for (size_t i = 0; o->ulimits[i] != NULL; i++) {
        const gantry_ulimit *limit = o->ulimits[i];
        const char *text = gnt_arena_printf(c->arena, "%s=%lld:%lld", limit->name,
                                            (long long)limit->soft, (long long)limit->hard);

        if (text == NULL || gnt_json_add(array, gnt_json_string(c->arena, text)) < 0)
            return gnt_nomem(c->err);
    }
    return gnt_out_put_text(c, row, array);
}

#define O gantry_build_options
#define PAIRS_WIDTH (GNT_OUT_W(O, build_args) + sizeof(size_t)) /* the count follows */
const struct gnt_out gnt_podman_build_options[] = {
    GNT_OUT_CODE(O, dockerfile),
    GNT_OUT_CODE(O, dockerfile_name),
    GNT_OUT_CODE(O, context_directory),
    GNT_OUT_CODE(O, context),
    GNT_OUT_STRS(O, tags, "t"),
    GNT_OUT_(O, build_args, const gantry_pair *, "buildargs", out_build_args, PAIRS_WIDTH),
    GNT_OUT_MAP(O, labels, "labels"),
    GNT_OUT_STR(O, target, "target"),
    GNT_OUT_STR(O, platform, "platform"),
    GNT_OUT_CODE(O, progress),
    GNT_OUT_CODE(O, progress_arg),
    GNT_OUT_CODE(O, extra_query),
    GNT_OUT_CODE(O, extra_query_count),
    GNT_OUT_CODE(O, no_cache),
    GNT_OUT_CODE(O, pull),
    GNT_OUT_CODE(O, keep_intermediate),
    GNT_OUT_CODE(O, ignore),
    GNT_OUT_CODE(O, ignore_patterns),
    GNT_OUT_REFUSE(O, builder),
    GNT_OUT_CODE(O, format),
    GNT_OUT_CODE(O, context_url),
    GNT_OUT_(O, annotations, const gantry_pair *, "annotations", out_annotations, PAIRS_WIDTH),
    GNT_OUT_STRS(O, platforms, "platform"),
    GNT_OUT_STR(O, manifest, "manifest"),
    GNT_OUT_CODE(O, cache_from),
    GNT_OUT_CODE(O, cache_to),
    GNT_OUT_HOOK(O, network, "networkmode", out_network),
    GNT_OUT_STRS_TEXT(O, extra_hosts, "extrahosts"),
    GNT_OUT_I64(O, memory_bytes, "memory"),
    GNT_OUT_I64(O, memory_swap_bytes, "memswap"),
    GNT_OUT_I64(O, cpu_shares, "cpushares"),
    GNT_OUT_I64(O, cpu_period_us, "cpuperiod"),
    GNT_OUT_I64(O, cpu_quota_us, "cpuquota"),
    GNT_OUT_STR(O, cpuset_cpus, "cpusetcpus"),
    GNT_OUT_STR(O, cpuset_mems, "cpusetmems"),
    GNT_OUT_I64(O, shm_size_bytes, "shmsize"),
    GNT_OUT_HOOK(O, ulimits, "ulimits", out_ulimits),
    GNT_OUT_CODE(O, secrets),
    GNT_OUT_CODE(O, sources),
    GNT_OUT_CODE(O, auths),
    GNT_OUT_CODE(O, squash),
    GNT_OUT_ON(O, tls_verify, "tlsVerify"),
    GNT_OUT_END
};
#undef O
