/*
 * Docker has two builders. Which one builds: the one that was asked for if it does all that was
 * asked, else BuildKit where it works without a session, else the classic one.
 */
#include "docker_buildkit.h"

#include <string.h>

#include "build_bases.h"
#include "build_ignore.h"

/* ---- what the options need ------------------------------------------------------------------- */

/* An option that BuildKit ignores or refuses, or NULL. */
static const char *classic_option(const struct docker *d, const gantry_build_options *o)
{
    /* It has had these two since 23. */
    int old = !gnt_rest_at_least(&d->rest, 1, 42, 0);
    const struct {
        const char *name;
        int set;
    } rows[] = {
        { "keep_intermediate", o->keep_intermediate == GANTRY_ON },
        { "memory_bytes", o->memory_bytes != 0 },
        { "memory_swap_bytes", o->memory_swap_bytes != 0 },
        { "cpu_shares", o->cpu_shares != 0 },
        { "cpu_period_us", o->cpu_period_us != 0 },
        { "cpu_quota_us", o->cpu_quota_us != 0 },
        { "cpuset_cpus", o->cpuset_cpus != NULL },
        { "cpuset_mems", o->cpuset_mems != NULL },
        { "squash", o->squash == GANTRY_ON },
        { "shm_size_bytes", o->shm_size_bytes != 0 && old },
        { "ulimits", o->ulimits != NULL && *o->ulimits != NULL && old },
        { "network", o->network != NULL && strcmp(o->network, "none") != 0 &&
                         strcmp(o->network, "host") != 0 && strcmp(o->network, "default") != 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].set)
            return rows[i].name;
    }
    return NULL;
}

/* The name that the daemon looks for. */
static const char *dockerfile_of(const gantry_build_context *context)
{
    return context->dockerfile_name != NULL ? context->dockerfile_name : "Dockerfile";
}

static int is_hidden(const gantry_build_context *context, const char *name)
{
    for (const char *const *hidden = context->hidden; *hidden != NULL; hidden++) {
        if (strcmp(*hidden, name) == 0)
            return 1;
    }
    return 0;
}

/* ---- what the Dockerfile needs --------------------------------------------------------------- */

/* Look into the Dockerfile if it can be had. */
static int look(const gantry_build_options *opts, const gantry_build_context *context,
                struct gnt_arena *arena, struct gnt_docker_choice *choice, gantry_error *err)
{
    const struct gnt_dockerfile_options options = { .target = opts->target,
                                                    .platform = opts->platform,
                                                    .args = opts->build_args,
                                                    .arg_count = opts->build_arg_count };
    gantry_build_context named = *context;
    const char *text;
    size_t size;
    int rc;

    named.dockerfile_name = dockerfile_of(context);
    rc = gnt_build_dockerfile(arena, &named, &text, &size, err);
    if (rc < 0 || text == NULL)
        return rc;
    choice->known = 1;
    return gnt_dockerfile_scan(arena, text, size, &options, &choice->file, err);
}

static int refuse_session(const struct gnt_docker_choice *choice, gantry_error *err)
{
    const struct gnt_dockerfile_mark *session = &choice->file.session;

    if (session->what == NULL)
        return 0;
    return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                    "line %d of the Dockerfile: %s needs a BuildKit session, which this version of "
                    "the library does not open",
                    session->line, session->what);
}

/* The engine's own id of an image, which BuildKit takes for a name. */
static int has_id(const struct gnt_dockerfile *file)
{
    for (size_t i = 0; i < file->image_count; i++) {
        const char *name = file->images[i].reference;
        size_t digits = strspn(name, "0123456789abcdef");

        if (strncmp(name, "sha256:", 7) == 0 ||
            (name[digits] == '\0' && digits >= 12 && digits <= 64))
            return 1;
    }
    return 0;
}

/* ---- the choice ------------------------------------------------------------------------------ */

/* Why it must be the classic builder: "option 'squash' needs it"; NULL: there is no reason. */
static int find_reason(const struct docker *d, const gantry_build_options *opts,
                       const gantry_build_context *context, const struct gnt_docker_choice *choice,
                       struct gnt_arena *arena, const char **out, gantry_error *err)
{
    const char *option = classic_option(d, opts);
    const char *file = dockerfile_of(context);

    *out = NULL;
    if (option != NULL) {
        *out = gnt_arena_printf(arena, "option \"%s\" has an effect with the classic builder alone",
                                option);
    } else if (d->windows) {
        *out = "a Windows daemon has no BuildKit";
        return 0;
    } else if (context->archive != NULL && is_hidden(context, file)) {
        *out = gnt_arena_printf(arena,
                                "ignore rules hide %s from COPY, which only the classic "
                                "builder can do without a session",
                                file);
    } else if (has_id(&choice->file)) {
        *out = "an image that is named by its id is known to the classic builder alone";
        return 0;
    } else {
        return 0;
    }
    return *out == NULL ? gnt_nomem(err) : 0;
}

static int take_classic(const struct gnt_docker_choice *choice, const char *why, gantry_error *err)
{
    const struct gnt_dockerfile_mark *extended = &choice->file.extended;

    if (extended->what == NULL)
        return GANTRY_BUILDER_CLASSIC;
    return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                    "line %d of the Dockerfile has %s, which BuildKit alone knows, but %s",
                    extended->line, extended->what, why);
}

int gnt_docker_choose(struct docker *d, const gantry_build_options *opts,
                      const gantry_build_context *context, struct gnt_arena *arena,
                      struct gnt_docker_choice *out, gantry_error *err)
{
    const char *why = NULL;
    int rc;

    memset(out, 0, sizeof *out);
    rc = gnt_rest_check_options(&d->rest, opts, gnt_docker_build_options, err);
    if (rc == 0)
        rc = look(opts, context, arena, out, err);
    if (rc == 0)
        rc = refuse_session(out, err);
    if (rc == 0)
        rc = find_reason(d, opts, context, out, arena, &why, err);
    if (rc < 0)
        return rc;
    if (opts->builder == GANTRY_BUILDER_BUILDKIT)
        rc = why == NULL ? GANTRY_BUILDER_BUILDKIT : gnt_fail(err, GANTRY_E_UNSUPPORTED, "%s", why);
    else if (opts->builder == GANTRY_BUILDER_CLASSIC)
        rc = take_classic(out, "the classic builder was asked for", err);
    else if (why != NULL)
        rc = take_classic(out, why, err);
    else /* Without the text nobody knows which images BuildKit would need. */
        rc = out->known ? GANTRY_BUILDER_BUILDKIT : GANTRY_BUILDER_CLASSIC;
    if (rc < 0)
        return rc;
    out->builder = rc;
    return 0;
}
