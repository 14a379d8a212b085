/*
 * A build with BuildKit: the images it needs are pulled through the engine first, for BuildKit
 * itself would ask a session for credentials, and there is none. One iterator over the pulls and
 * the build.
 */
#include "docker_buildkit.h"

#include <string.h>

#include "auth.h"
#include "build_ignore.h"

struct prepull {
    struct docker *d;
    struct gnt_arena arena;
    const char *reference;        /* of the image to be made, or NULL */
    gantry_build_options options; /* whatever it points to is the library's, and stays */
    const gantry_build_context *context;
    gantry_call call; /* its limit is for all of it together */
    struct gnt_dockerfile_image *images;
    size_t count;
    size_t next; /* image whose pull is to be begun; behind the last: the build */
    gantry_pull_options pull;
    gantry_progress *now; /* the pull or the build under way, or NULL */
};

/* ---- images ---------------------------------------------------------------------------------- */

static int copy_image(struct prepull *p, const char *reference, const char *platform,
                      gantry_error *err)
{
    struct gnt_dockerfile_image *image = &p->images[p->count];

    image->reference = gnt_arena_strdup(&p->arena, reference);
    image->platform = platform != NULL ? gnt_arena_strdup(&p->arena, platform) : NULL;
    if (image->reference == NULL || (platform != NULL && image->platform == NULL))
        return gnt_nomem(err);
    p->count++;
    return 0;
}

static int copy_images(struct prepull *p, const struct gnt_dockerfile *file, gantry_error *err)
{
    int rc = 0;

    p->images = gnt_arena_alloc(&p->arena, (file->image_count + 1) * sizeof *p->images);
    if (p->images == NULL)
        return gnt_nomem(err);
    if (file->syntax != NULL)
        rc = copy_image(p, file->syntax, NULL, err);
    for (size_t i = 0; rc == 0 && i < file->image_count; i++) {
        const char *platform = file->images[i].platform;

        rc = copy_image(p, file->images[i].reference,
                        platform != NULL ? platform : p->options.platform, err);
    }
    return rc;
}

/* Of the credentials that were given, those for an image's registry. */
static int find_auth(struct prepull *p, const char *reference, const gantry_auth **out,
                     gantry_error *err)
{
    const gantry_auth *const *auth = p->options.auths;
    const char *wanted = gnt_auth_registry(&p->arena, reference);

    *out = NULL;
    if (wanted == NULL)
        return gnt_nomem(err);
    for (; auth != NULL && *auth != NULL; auth++) {
        const char *registry =
            (*auth)->registry != NULL ? gnt_auth_registry(&p->arena, (*auth)->registry) : "";

        if (registry == NULL)
            return gnt_nomem(err);
        if (strcmp(registry, wanted) == 0)
            *out = *auth;
    }
    return 0;
}

static int begin_pull(struct prepull *p, gantry_error *err)
{
    const struct gnt_dockerfile_image *image = &p->images[p->next];
    int rc;

    memset(&p->pull, 0, sizeof p->pull);
    p->pull.size = sizeof p->pull;
    p->pull.call = p->options.call;
    p->pull.platform = image->platform;
    p->pull.policy = p->options.pull == GANTRY_PULL_DEFAULT ? GANTRY_PULL_MISSING : p->options.pull;
    rc = find_auth(p, image->reference, &p->pull.auth, err);
    return rc < 0 ? rc : gnt_docker_pull(p->d, image->reference, &p->pull, &p->now, err);
}

/* An image that cannot be had is a build that failed at its FROM; that the caller stopped, or the
 * engine is gone, is no matter of the image. */
static int blame_image(const struct prepull *p, int rc, gantry_error *err)
{
    const char *name = p->images[p->next].reference;
    char step[sizeof err->step_text];
    size_t size = 5 + strlen(name);

    if (rc != GANTRY_E_NOT_FOUND && rc != GANTRY_E_UNAUTHORIZED && rc != GANTRY_E_FORBIDDEN &&
        rc != GANTRY_E_REGISTRY && rc != GANTRY_E_INVALID && rc != GANTRY_E_ENGINE)
        return rc;
    err->code = GANTRY_E_BUILD;
    gnt_error_prefix(err, "the image %s cannot be had: ", name);
    gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, name);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    memset(step, 0, sizeof step);
    memcpy(step, "FROM ", 5);
    memcpy(step + 5, name, (size < sizeof step ? size : sizeof step - 1) - 5);
    gnt_text_copy(err->step_text, sizeof err->step_text, step, strlen(step), 0, 0);
    return GANTRY_E_BUILD;
}

/* ---- behaviour of the gantry_progress -------------------------------------------------------- */

static int begin_next(struct prepull *p, gantry_error *err)
{
    int rc;

    if (p->next == p->count)
        return gnt_docker_buildkit_send(p->d, p->reference, &p->options, p->context, p->count > 0,
                                        &p->now, err);
    rc = begin_pull(p, err);
    return rc < 0 ? blame_image(p, rc, err) : 0;
}

/* 1: a record; 0: the one under way is over. That an image was pulled is no result of the build. */
static int step(struct prepull *p, int nonblocking, const gantry_progress_record **record,
                gantry_error *err)
{
    int building = p->next == p->count;
    int rc;

    gantry_progress_set_nonblocking(p->now, nonblocking);
    do {
        rc = gantry_progress_next(p->now, record, err);
        if (rc < 0)
            return building || rc == GANTRY_E_AGAIN ? rc : blame_image(p, rc, err);
    } while (!building && *record != NULL && (*record)->kind == GANTRY_PROGRESS_RESULT);
    return *record != NULL;
}

static int prepull_next(void *state, int nonblocking, gantry_progress_record *record, int *out_more,
                        gantry_error *err)
{
    const gantry_progress_record *from = NULL;
    struct prepull *p = state;
    gantry_error e = { 0 };
    int rc = 0;

    while (rc == 0) {
        if (p->now == NULL)
            rc = begin_next(p, &e);
        if (rc == 0)
            rc = step(p, nonblocking, &from, &e);
        if (rc != 0)
            break;
        if (p->next == p->count) {
            *out_more = 0;
            return 0;
        }
        gantry_progress_close(p->now);
        p->now = NULL;
        p->next++;
    }
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    *record = *from;
    *out_more = 1;
    return 0;
}

static int prepull_fd(const void *state, int *out_events)
{
    const struct prepull *p = state;

    return gantry_progress_fd(p->now, out_events);
}

static int prepull_timeout_ms(const void *state)
{
    const struct prepull *p = state;

    return gantry_progress_timeout_ms(p->now);
}

static void prepull_close(void *state)
{
    struct prepull *p = state;
    struct gnt_mem mem = p->d->rest.host->mem;

    gantry_progress_close(p->now);
    gnt_arena_free(&p->arena);
    gnt_free(&mem, p);
}

static const gantry_progress_ops prepull_ops = {
    .size = sizeof prepull_ops,
    .next = prepull_next,
    .fd = prepull_fd,
    .close = prepull_close,
    .timeout_ms = prepull_timeout_ms,
};

/* BuildKit reads no ignore file of a context that was sent, so none of these needs to be there. */
static int omit_hidden(const gantry_build_context *context, gantry_error *err)
{
    int rc = 0;

    for (const char *const *name = context->hidden; rc == 0 && *name != NULL; name++)
        rc = gnt_archive_omit(context->archive, *name, err);
    return rc;
}

int gnt_docker_buildkit_open(struct docker *d, const char *reference,
                             const gantry_build_options *opts, const gantry_build_context *context,
                             const struct gnt_docker_choice *choice, gantry_progress **out,
                             gantry_error *err)
{
    struct gantry_host *host = d->rest.host;
    gantry_error e = { 0 };
    struct prepull *p;
    int rc = context->archive != NULL ? omit_hidden(context, err) : 0;

    if (rc < 0)
        return rc;
    p = gnt_alloc(&host->mem, sizeof *p);
    if (p == NULL)
        return gnt_nomem(err);
    p->d = d;
    gnt_arena_init(&p->arena, &host->mem);
    p->options = *opts;
    p->options.call = gnt_call_share(&p->call, opts->call);
    p->context = context;
    if (reference != NULL) {
        p->reference = gnt_arena_strdup(&p->arena, reference);
        rc = p->reference == NULL ? gnt_nomem(&e) : 0;
    }
    if (rc == 0)
        rc = copy_images(p, &choice->file, &e);
    if (rc == 0)
        rc = begin_next(p, &e);
    if (rc == 0)
        rc = gantry_progress_new(host, &prepull_ops, p, out, &e);
    if (rc == 0) {
        gnt_progress_set_builder(*out, GANTRY_BUILDER_BUILDKIT);
        return 0;
    }
    prepull_close(p);
    if (err != NULL)
        *err = e;
    return rc;
}
