/*
 * Docker: builds with the classic builder (POST /build), which needs no session and exists in every
 * release. Knows how that builder words its output; the iterator is core's.
 */
#include "docker.h"

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
    } else if (names_id(line, "Removing intermediate container ") || names_id(line, " ---> ")) {
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
                                                            .inspect_path = "/images/%s/json" };

/* ---- the request ----------------------------------------------------------------------------- */

static int out_pull(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int pull;

    memcpy(&pull, field, sizeof pull);
    if (pull == GANTRY_PULL_NEVER)
        return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                        "option 'pull': Docker cannot be told never to pull");
    if (pull != GANTRY_PULL_ALWAYS)
        return 0;
    return gnt_json_put(c->arena, c->body, row->path, gnt_json_boolean(c->arena, 1)) < 0
               ? gnt_nomem(c->err)
               : 0;
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
    GNT_OUT_REFUSE(B, builder),
    GNT_OUT_REFUSE(B, format),
    GNT_OUT_REFUSE(B, context_url),
    GNT_OUT_REFUSE(B, annotations),
    GNT_OUT_REFUSE(B, annotation_count),
    GNT_OUT_REFUSE(B, platforms),
    GNT_OUT_REFUSE(B, manifest),
    GNT_OUT_REFUSE(B, cache_from),
    GNT_OUT_REFUSE(B, cache_to),
    GNT_OUT_REFUSE(B, network),
    GNT_OUT_REFUSE(B, extra_hosts),
    GNT_OUT_REFUSE(B, memory_bytes),
    GNT_OUT_REFUSE(B, memory_swap_bytes),
    GNT_OUT_REFUSE(B, cpu_shares),
    GNT_OUT_REFUSE(B, cpu_period_us),
    GNT_OUT_REFUSE(B, cpu_quota_us),
    GNT_OUT_REFUSE(B, cpuset_cpus),
    GNT_OUT_REFUSE(B, cpuset_mems),
    GNT_OUT_REFUSE(B, shm_size_bytes),
    GNT_OUT_REFUSE(B, ulimits),
    GNT_OUT_REFUSE(B, secrets),
    GNT_OUT_REFUSE(B, sources),
    GNT_OUT_REFUSE(B, auths),
    GNT_OUT_REFUSE(B, squash),
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

int gnt_docker_build(void *state, const char *reference, const gantry_build_options *opts,
                     const gantry_build_context *context, gantry_progress **out, gantry_error *err)
{
    struct docker *d = state;
    int keep = opts->keep_intermediate == GANTRY_ON;
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", opts->call, "/build");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference != NULL ? reference : "");
    r.flags |= GNT_REQ_OPEN_ENDED;
    r.content_type = "application/x-tar";
    query_names(&r, reference, opts->tags);
    gnt_req_query(&r, "dockerfile", context->dockerfile_name);
    gnt_req_query(&r, "rm", keep ? "false" : "true");
    gnt_req_query_true(&r, "forcerm", !keep);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_build_options));
    for (size_t i = 0; i < opts->extra_query_count; i++)
        gnt_req_query(&r, opts->extra_query[i].key, opts->extra_query[i].value);
    return gnt_rest_build_open(&r, context->archive, &gnt_docker_build_dialect, out, err);
}
