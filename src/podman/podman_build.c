/*
 * Builds over libpod: the parameters of POST /build and how its stream is worded. The iterator
 * itself is core's (rest_build.c).
 */
#include "podman.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the stream ------------------------------------------------------------------------------ */

/* What follows `prefix` at the line's start, or NULL. */
static const char *after(const struct gnt_build_line *line, const char *prefix)
{
    size_t size = strlen(prefix);

    if (line->size < size || memcmp(line->text, prefix, size) != 0)
        return NULL;
    return line->text + size;
}

/* "STEP 2/5: RUN x\n", in builds of several stages "[1/2] STEP 2/3: RUN x\n"; steps count per
 * stage. */
static int classify_step(struct gnt_build_line *line)
{
    const char *text = line->text;
    const char *end = line->text + line->size;
    char *rest = NULL;
    long step;
    long total;

    if (*text == '[') {
        const char *close = memchr(text, ']', line->size);

        if (close == NULL || close + 2 >= end ||
            strspn(text + 1, "0123456789/") + 1 != (size_t)(close - text))
            return 0;
        text = close + 2;
    }
    if (end - text < 8 || memcmp(text, "STEP ", 5) != 0)
        return 0;
    step = strtol(text + 5, &rest, 10);
    if (step <= 0 || step > 100000 || *rest != '/')
        return 0;
    total = strtol(rest + 1, &rest, 10);
    if (total < step || total > 100000 || strncmp(rest, ": ", 2) != 0)
        return 0;
    line->kind = GNT_BUILD_STEP;
    line->step = (int)step;
    line->total = (int)total;
    line->text = rest + 2;
    line->size = (size_t)(end - line->text);
    while (line->size > 0 &&
           (line->text[line->size - 1] == '\n' || line->text[line->size - 1] == '\r'))
        line->size--;
    return 1;
}

/* The builder's own log line about an instruction that it does not know; one line of text. */
static int is_dump(const struct gnt_build_line *line)
{
    return after(line, "time=\"") != NULL &&
           strstr(line->text, "(UNHANDLED LOGLEVEL) &imagebuilder.Step{") != NULL;
}

static int is_hex_line(const char *text, const char *end)
{
    size_t size = (size_t)(end - text);
    size_t digits = strspn(text, "0123456789abcdef");

    return digits >= 11 && digits + 1 == size && text[digits] == '\n';
}

/*
 * The builder's own words stand between the lines of the steps, with nothing to tell them from a
 * command's output but their form; they are only dressed differently, nothing is decided by them.
 */
static void classify(struct gnt_build_line *line)
{
    const char *end = line->text + line->size;
    const char *rest;

    if (line->size == 0 || classify_step(line))
        return;
    if (after(line, "--> Using cache ") != NULL)
        line->kind = GNT_BUILD_CACHED;
    else if (is_dump(line))
        line->kind = GNT_BUILD_STATUS;
    else if ((rest = after(line, "--> ")) != NULL && is_hex_line(rest, end))
        line->kind = GNT_BUILD_STATUS;
    else if (after(line, "COMMIT") != NULL || after(line, "Successfully tagged ") != NULL ||
             after(line, "Trying to pull ") != NULL)
        line->kind = GNT_BUILD_STATUS;
    else if ((rest = after(line, "[Warning] ")) != NULL) {
        line->kind = GNT_BUILD_WARNING;
        line->text = rest;
        line->size = (size_t)(end - rest);
    }
}

static const char *const dumps[] = { "&imagebuilder.Step{", " for copier.request{", NULL };

static const char *const exit_texts[] = { "while running runtime: exit status ", NULL };

/* Podman answers most of these with 200 and an error in the stream. */
static const char *const refusals[] = { "failed to parse query parameter 'dockerfile'",
                                        "no FROM statement found", "Unknown instruction",
                                        "no contents in", NULL };

const struct gnt_build_dialect gnt_podman_build_dialect = {
    .classify = classify,
    .id_path = NULL,
    .exit_texts = exit_texts,
    .not_started = "error running container: ",
    .dumps = dumps,
    .refusals = refusals,
    .inspect_path = "/images/%s/json",
};

/* ---- the request ----------------------------------------------------------------------------- */

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

#define O gantry_build_options
#define BUILD_ARGS_WIDTH (GNT_OUT_W(O, build_args) + sizeof(size_t))
const struct gnt_out gnt_podman_build_options[] = {
    GNT_OUT_CODE(O, dockerfile),
    GNT_OUT_CODE(O, dockerfile_name),
    GNT_OUT_CODE(O, context_directory),
    GNT_OUT_CODE(O, context),
    GNT_OUT_STRS(O, tags, "t"),
    GNT_OUT_(O, build_args, const gantry_pair *, "buildargs", out_build_args, BUILD_ARGS_WIDTH),
    GNT_OUT_MAP(O, labels, "labels"),
    GNT_OUT_STR(O, target, "target"),
    GNT_OUT_STR(O, platform, "platform"),
    GNT_OUT_CODE(O, progress),
    GNT_OUT_CODE(O, progress_arg),
    GNT_OUT_CODE(O, extra_query),
    GNT_OUT_CODE(O, extra_query_count),
    GNT_OUT_ON(O, no_cache, "nocache"),
    GNT_OUT_CODE(O, pull),
    GNT_OUT_CODE(O, keep_intermediate),
    GNT_OUT_CODE(O, ignore),
    GNT_OUT_CODE(O, ignore_patterns),
    GNT_OUT_REFUSE(O, builder),
    GNT_OUT_REFUSE(O, format),
    GNT_OUT_REFUSE(O, context_url),
    GNT_OUT_REFUSE(O, annotations),
    GNT_OUT_REFUSE(O, annotation_count),
    GNT_OUT_REFUSE(O, platforms),
    GNT_OUT_REFUSE(O, manifest),
    GNT_OUT_REFUSE(O, cache_from),
    GNT_OUT_REFUSE(O, cache_to),
    GNT_OUT_REFUSE(O, network),
    GNT_OUT_REFUSE(O, extra_hosts),
    GNT_OUT_REFUSE(O, memory_bytes),
    GNT_OUT_REFUSE(O, memory_swap_bytes),
    GNT_OUT_REFUSE(O, cpu_shares),
    GNT_OUT_REFUSE(O, cpu_period_us),
    GNT_OUT_REFUSE(O, cpu_quota_us),
    GNT_OUT_REFUSE(O, cpuset_cpus),
    GNT_OUT_REFUSE(O, cpuset_mems),
    GNT_OUT_REFUSE(O, shm_size_bytes),
    GNT_OUT_REFUSE(O, ulimits),
    GNT_OUT_REFUSE(O, secrets),
    GNT_OUT_REFUSE(O, sources),
    GNT_OUT_REFUSE(O, auths),
    GNT_OUT_REFUSE(O, squash),
    GNT_OUT_REFUSE(O, tls_verify),
    GNT_OUT_END
};
#undef O

static const char *const pull_words[] = { [GANTRY_PULL_DEFAULT] = "missing",
                                          [GANTRY_PULL_MISSING] = "missing",
                                          [GANTRY_PULL_ALWAYS] = "always",
                                          [GANTRY_PULL_NEVER] = "never" };

/* One of our own parameters, unless the caller gives it in engine's words. */
static void preset(struct gnt_req *r, const gantry_build_options *opts, const char *name,
                   const char *value)
{
    for (size_t i = 0; i < opts->extra_query_count; i++) {
        if (strcasecmp(opts->extra_query[i].key, name) == 0)
            return;
    }
    gnt_req_query(r, name, value);
}

/* An array, since a plain name that looks like JSON would be read as such. */
static void name_dockerfile(struct gnt_req *r, const char *name)
{
    const char *const list[2] = { name, NULL };
    struct gnt_json *array;

    if (name == NULL || r->rc != 0)
        return;
    array = gnt_podman_strings(&r->arena, list);
    if (array == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_query_json(r, "dockerfile", array);
}

int gnt_podman_build(void *state, const char *reference, const gantry_build_options *opts,
                     const gantry_build_context *context, gantry_progress **out, gantry_error *err)
{
    struct podman *p = state;
    const char *rm = opts->keep_intermediate == GANTRY_ON ? "false" : "true";
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/build");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    r.flags |= GNT_REQ_OPEN_ENDED;
    r.content_type = "application/x-tar";
    gnt_req_query(&r, "t", reference);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_build_options));
    name_dockerfile(&r, context->dockerfile_name);
    preset(&r, opts, "pullpolicy", pull_words[opts->pull]);
    preset(&r, opts, "rm", rm);
    preset(&r, opts, "forcerm", rm);
    /* libpod caches nothing unless it keeps the layers of the steps. */
    preset(&r, opts, "layers", "true");
    /* The OCI format has no place for HEALTHCHECK, ONBUILD and SHELL: they would be lost. */
    preset(&r, opts, "outputformat", "application/vnd.docker.distribution.manifest.v2+json");
    /*
     * Without this the API gives RUN the host's network, unlike `podman build` and Docker; with it
     * RUN has the network a container of this engine has (bridge; user-mode when rootless).
     */
    preset(&r, opts, "nsoptions", "[{\"Name\":\"network\",\"Host\":false,\"Path\":\"\"}]");
    for (size_t i = 0; i < opts->extra_query_count; i++)
        gnt_req_query(&r, opts->extra_query[i].key, opts->extra_query[i].value);
    return gnt_rest_build_open(&r, context->archive, &gnt_podman_build_dialect, out, err);
}
