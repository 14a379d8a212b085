/*
 * Docker: builds with the classic builder (POST /build), which needs no session and exists in every
 * release. Knows how that builder words its output; the iterator is core's.
 */
#include "docker.h"
#include "docker_buildkit.h"

#include "auth.h"
#include "build_bases.h"
#include "build_ignore.h"

#include <stdlib.h>
#include <string.h>

/* ---- the builder's words --------------------------------------------------------------------- */

static int begins(const char *text, size_t size, const char *with)
{
    size_t n = strlen(with);

    return size >= n && memcmp(text, with, n) == 0;
}

/* "Step 2/4 : RUN make". The numbers must continue those before: a RUN may print the like. */
static int read_step(struct gnt_build_line *line)
{
    const char *at = line->text;
    char *end = NULL;
    long step;
    long total;

    if (!begins(at, line->size, "Step "))
        return 0;
    step = strtol(at + 5, &end, 10);
    if (end == at + 5 || *end != '/')
        return 0;
    at = end + 1;
    total = strtol(at, &end, 10);
    if (end == at || strncmp(end, " : ", 3) != 0 || step < 1 || step > total || total > 100000)
        return 0;
    if (step != line->step + 1 || (line->total != 0 && total != line->total))
        return 0;
    end += 3;
    line->size -= (size_t)(end - line->text);
    line->text = end;
    line->step = (int)step;
    line->total = (int)total;
    line->kind = GNT_BUILD_STEP;
    return 1;
}

/* Lead, twelve hex digits, end of line: how the builder speaks of its images and containers. */
static int names_id(const struct gnt_build_line *line, const char *lead)
{
    size_t n = strlen(lead);

    return line->size == n + 13 && begins(line->text, line->size, lead) &&
           strspn(line->text + n, "0123456789abcdef") == 12 && line->text[n + 12] == '\n';
}

/* The builder sends a step's stderr in red. */
static void read_channel(struct gnt_build_line *line)
{
    static const char red[] = "\033[91m";
    static const char plain[] = "\033[0m";
    size_t lead = sizeof red - 1;
    size_t tail = sizeof plain - 1;

    if (line->size < lead + tail || !begins(line->text, line->size, red) ||
        memcmp(line->text + line->size - tail, plain, tail) != 0)
        return;
    line->text += lead;
    line->size -= lead + tail;
    line->channel = GANTRY_STDERR;
}

static void classify(struct gnt_build_line *line)
{
    static const char warning[] = "[Warning] ";
    static const char unused_args[] = "[Warning] One or more build-args";
    /* Each stage names its image; only that of the last step is the end. */
    int over = line->built && line->step == line->total;

    if (!over && read_step(line))
        return;
    if (over || line->step == 0) {
        line->kind = GNT_BUILD_STATUS; /* no step runs: "Successfully built ..." */
    } else if (names_id(line, "Removing intermediate container ") ||
               names_id(line, " ---> Removed intermediate container ") || /* from 23.0 on */
               names_id(line, " ---> ")) {
        line->kind = GNT_BUILD_STATUS;
    } else if (line->quiet && line->size == 1 && line->text[0] == '\n') {
        line->kind = GNT_BUILD_NOTHING; /* ends the line of the step */
    } else if (line->quiet && begins(line->text, line->size, " ---> Using cache\n")) {
        line->kind = GNT_BUILD_CACHED;
    } else if (line->quiet && begins(line->text, line->size, " ---> ")) {
        line->kind = GNT_BUILD_STATUS;
    }
    if (line->step == line->total && begins(line->text, line->size, unused_args)) {
        line->kind = GNT_BUILD_WARNING;
        line->text += sizeof warning - 1;
        line->size -= sizeof warning - 1;
    }
    if (line->kind == GNT_BUILD_LOG)
        read_channel(line);
}

static const char *const exit_texts[] = { "returned a non-zero code: ", NULL };

/* Refused requests that are the Dockerfile's fault, from 20.10 to 28. */
static const char *const refusals[] = { "ockerfile",
                                        "no build stage in current context",
                                        "unknown instruction",
                                        "failed to reach build target",
                                        "invalid from flag value",
                                        "duplicate name ",
                                        NULL };

const struct gnt_build_dialect gnt_docker_build_dialect = { .classify = classify,
                                                            .id_path = "aux/ID",
                                                            .exit_texts = exit_texts,
                                                            .refusals = refusals,
                                                            .transfer =
                                                                &gnt_docker_transfer_dialect,
                                                            .inspect_path = "/images/%s/json" };

/* ---- the request ----------------------------------------------------------------------------- */

static int out_pull(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int pull;

    memcpy(&pull, field, sizeof pull);
    if (pull == GANTRY_PULL_NEVER || pull == GANTRY_PULL_NEWER)
        return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                        "option \"pull\": builds of Docker know MISSING and ALWAYS alone");
    if (pull != GANTRY_PULL_ALWAYS)
        return 0;
    return gnt_json_put(c->arena, c->body, row->path, gnt_json_boolean(c->arena, 1)) < 0
               ? gnt_nomem(c->err)
               : 0;
}

static int out_format(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int format;

    memcpy(&format, field, sizeof format);
    return format == GANTRY_FORMAT_OCI ? gnt_out_refuse(c, row, field) : 0;
}

/* [{"Name":"nofile","Soft":1024,"Hard":2048}] */
static int out_ulimits(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_build_options *o = c->options;
    struct gnt_arena *a = c->arena;
    struct gnt_json *array = gnt_json_new(a, GNT_JSON_ARRAY);

    (void)field;
    for (size_t i = 0; o->ulimits[i] != NULL; i++) {
        const gantry_ulimit *limit = o->ulimits[i];
        struct gnt_json *item = gnt_json_new(a, GNT_JSON_OBJECT);

        if (gnt_json_set(a, item, "Name", gnt_json_string(a, limit->name)) < 0 ||
            gnt_json_set(a, item, "Soft", gnt_json_number(a, limit->soft)) < 0 ||
            gnt_json_set(a, item, "Hard", gnt_json_number(a, limit->hard)) < 0 ||
            gnt_json_add(array, item) < 0)
            return gnt_nomem(c->err);
    }
    return gnt_out_put_text(c, row, array);
}

#define B gantry_build_options
const struct gnt_out gnt_docker_build_options[] = {
    GNT_OUT_CODE(B, dockerfile),
    GNT_OUT_CODE(B, dockerfile_name),
    GNT_OUT_CODE(B, context_directory),
    GNT_OUT_CODE(B, context),
    GNT_OUT_CODE(B, tags),
    GNT_OUT_MAP(B, build_args, "buildargs"),
    GNT_OUT_MAP(B, labels, "labels"),
    GNT_OUT_STR(B, target, "target"),
    GNT_OUT_STR(B, platform, "platform"),
    GNT_OUT_CODE(B, progress),
    GNT_OUT_CODE(B, progress_arg),
    GNT_OUT_CODE(B, extra_query),
    GNT_OUT_CODE(B, extra_query_count),
    GNT_OUT_ON(B, no_cache, "nocache"),
    GNT_OUT_HOOK(B, pull, "pull", out_pull),
    GNT_OUT_CODE(B, keep_intermediate),
    GNT_OUT_CODE(B, ignore),
    GNT_OUT_CODE(B, ignore_patterns),
    GNT_OUT_CODE(B, builder),
    GNT_OUT_HOOK(B, format, "", out_format),
    GNT_OUT_CODE(B, context_url),
    GNT_OUT_REFUSE(B, annotations),
    GNT_OUT_REFUSE(B, annotation_count),
    GNT_OUT_REFUSE(B, platforms),
    GNT_OUT_REFUSE(B, manifest),
    GNT_OUT_STRS_TEXT(B, cache_from, "cachefrom"),
    GNT_OUT_REFUSE(B, cache_to),
    GNT_OUT_STR(B, network, "networkmode"),
    GNT_OUT_STRS(B, extra_hosts, "extrahosts"),
    GNT_OUT_I64(B, memory_bytes, "memory"),
    GNT_OUT_I64(B, memory_swap_bytes, "memswap"),
    GNT_OUT_I64(B, cpu_shares, "cpushares"),
    GNT_OUT_I64(B, cpu_period_us, "cpuperiod"),
    GNT_OUT_I64(B, cpu_quota_us, "cpuquota"),
    GNT_OUT_STR(B, cpuset_cpus, "cpusetcpus"),
    GNT_OUT_STR(B, cpuset_mems, "cpusetmems"),
    GNT_OUT_I64(B, shm_size_bytes, "shmsize"),
    GNT_OUT_HOOK(B, ulimits, "ulimits", out_ulimits),
    GNT_OUT_REFUSE(B, secrets),
    GNT_OUT_REFUSE(B, sources),
    GNT_OUT_CODE(B, auths),
    GNT_OUT_ON(B, squash, "squash"),
    GNT_OUT_REFUSE(B, tls_verify),
    GNT_OUT_END,
};
#undef B

static void query_names(struct gnt_req *r, const char *reference, const char *const *tags)
{
    gnt_req_query(r, "t", reference);
    for (; tags != NULL && *tags != NULL; tags++)
        gnt_req_query(r, "t", *tags);
}

void gnt_docker_build_request(struct gnt_req *r, struct docker *d, const char *reference,
                              const gantry_build_options *opts, const gantry_build_context *context)
{
    int keep = opts->keep_intermediate == GANTRY_ON;

    gnt_req_init(r, &d->rest, "POST", opts->call, "/build");
    gnt_req_about(r, GANTRY_RESOURCE_IMAGE, reference != NULL ? reference : "");
    r->flags |= GNT_REQ_OPEN_ENDED;
    r->content_type = "application/x-tar";
    query_names(r, reference, opts->tags);
    gnt_req_query(r, "remote", context->url);
    gnt_req_query(r, "dockerfile", context->dockerfile_name);
    gnt_req_query(r, "rm", keep ? "false" : "true");
    gnt_req_query_true(r, "forcerm", !keep);
    gnt_req_query_object(r, gnt_req_encode(r, opts, gnt_docker_build_options));
    for (size_t i = 0; i < opts->extra_query_count; i++)
        gnt_req_query(r, opts->extra_query[i].key, opts->extra_query[i].value);
}

/* For what was given, and for the registries of base images. */
static void add_credentials(struct gnt_req *r, const gantry_build_options *opts,
                            const gantry_build_context *context)
{
    const char *const *bases = NULL;

    if (r->rc == 0)
        r->rc = gnt_build_bases(&r->arena, opts, context, &bases, &r->failure);
    gnt_req_registry_config(r, opts->auths, bases);
}

/* Before, a step without a base image is found in the cache though its platform is another. 24.0.9
 * and 25.0.2 know them too, but their API version is that of others that do not. */
static int knows_platforms_in_cache(const struct docker *d)
{
    return gnt_rest_at_least(&d->rest, 1, 45, 0);
}

static int build_classic(struct docker *d, const char *reference, const gantry_build_options *opts,
                         const gantry_build_context *context, gantry_progress **out,
                         gantry_error *err)
{
    gantry_build_options own = *opts;
    struct gnt_req r;
    int rc = context->archive != NULL ? gnt_context_for_classic(context, err) : 0;

    if (rc < 0)
        return rc;
    if (opts->platform != NULL && !knows_platforms_in_cache(d))
        own.no_cache = GANTRY_ON;
    gnt_docker_build_request(&r, d, reference, &own, context);
    add_credentials(&r, opts, context);
    rc = gnt_rest_build_open(&r, context->archive, &gnt_docker_build_dialect, out, err);
    if (rc == 0)
        gnt_progress_set_builder(*out, GANTRY_BUILDER_CLASSIC);
    return rc;
}

int gnt_docker_build(void *state, const char *reference, const gantry_build_options *opts,
                     const gantry_build_context *context, gantry_progress **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_docker_choice choice;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &d->rest.host->mem);
    rc = gnt_docker_choose(d, opts, context, &arena, &choice, err);
    if (rc == 0 && choice.builder == GANTRY_BUILDER_BUILDKIT)
        rc = gnt_docker_buildkit_open(d, reference, opts, context, &choice, out, err);
    else if (rc == 0)
        rc = build_classic(d, reference, opts, context, out, err);
    gnt_arena_free(&arena);
    return rc;
}
