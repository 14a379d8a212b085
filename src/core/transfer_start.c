/*
 * Pull and push as they begin: arguments checked, options copied for as long as the progress lives,
 * the backend's slot called.
 */
#include "transfer_start.h"

#include "auth.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "stream.h"

#include <string.h>

/* ---- checks ---------------------------------------------------------------------------------- */

static int check_switch(const char *name, int value, gantry_error *err)
{
    if (value == GANTRY_DEFAULT || value == GANTRY_ON || value == GANTRY_OFF)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: %d is neither GANTRY_ON nor GANTRY_OFF", name,
                    value);
}

static int check_retries(int retries, int64_t delay_ms, gantry_error *err)
{
    if (retries < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "retries: must not be negative");
    if (delay_ms < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "retry_delay_ms: must not be negative");
    return 0;
}

/* A name that a registry may know. */
static int check_name(const gantry_engine *e, const char *argument, const char *text, int all_tags,
                      gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &e->host.mem);
    rc = gnt_reference_parse(&arena, argument, text, &parts, err);
    if (rc == 0 && parts.is_id)
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: must be a name, not an id: %s", argument, text);
    if (rc == 0 && all_tags && (parts.tag[0] != '\0' || parts.digest[0] != '\0'))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: must have no tag and digest with all_tags: %s",
                      argument, text);
    gnt_arena_free(&arena);
    return rc;
}

int gnt_pull_check(const gantry_engine *e, const char *reference, const gantry_pull_options *o,
                   gantry_error *err)
{
    int rc = check_switch("all_tags", o->all_tags, err);

    if (rc == 0)
        rc = check_name(e, "reference", reference, o->all_tags == GANTRY_ON, err);
    if (rc == 0 && (o->policy < GANTRY_PULL_DEFAULT || o->policy > GANTRY_PULL_NEWER))
        rc = gnt_fail(err, GANTRY_E_INVALID, "policy: %d is none of GANTRY_PULL_", o->policy);
    if (rc == 0 && o->all_tags == GANTRY_ON && o->policy != GANTRY_PULL_DEFAULT &&
        o->policy != GANTRY_PULL_ALWAYS)
        rc = gnt_fail(err, GANTRY_E_INVALID, "policy: all_tags can only be pulled always");
    if (rc == 0 && o->platform != NULL)
        rc = gnt_check_text("platform", o->platform, err);
    return rc < 0 ? rc : check_retries(o->retries, o->retry_delay_ms, err);
}

/* A registry takes a name and a tag: what is pushed under its own name must have just that. */
static int check_own_name(const gantry_engine *e, const char *reference,
                          const gantry_push_options *o, gantry_error *err)
{
    int rc = check_name(e, "reference", reference, o->all_tags == GANTRY_ON, err);

    if (rc == 0 && strchr(reference, '@') != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "reference: a digest is no name to push to, set destination: %s", reference);
    return rc;
}

int gnt_push_check(const gantry_engine *e, const char *reference, const gantry_push_options *o,
                   gantry_error *err)
{
    int rc = check_switch("all_tags", o->all_tags, err);

    if (rc == 0 && o->destination == NULL)
        rc = check_own_name(e, reference, o, err);
    else if (rc == 0)
        rc = gnt_reference_check("reference", reference, err);
    if (rc == 0 && o->destination != NULL)
        rc = check_name(e, "destination", o->destination, 0, err);
    if (rc == 0 && o->destination != NULL && strchr(o->destination, '@') != NULL)
        rc =
            gnt_fail(err, GANTRY_E_INVALID, "destination: must have no digest: %s", o->destination);
    if (rc == 0 && o->destination != NULL && o->all_tags == GANTRY_ON)
        rc = gnt_fail(err, GANTRY_E_INVALID, "destination: cannot be set with all_tags");
    if (rc == 0 && o->compression != NULL)
        rc = gnt_check_text("compression", o->compression, err);
    if (rc == 0 && (o->format < GANTRY_FORMAT_DEFAULT || o->format > GANTRY_FORMAT_OCI))
        rc = gnt_fail(err, GANTRY_E_INVALID, "format: %d is none of GANTRY_FORMAT_", o->format);
    return rc < 0 ? rc : check_retries(o->retries, o->retry_delay_ms, err);
}

/* ---- what a progress keeps ------------------------------------------------------------------- */

struct keep {
    struct gnt_arena arena; /* of this, the reference and the options' texts */
    struct gantry_auth_slot auth;
    gantry_call call;
    gantry_pull_options pull;
    gantry_push_options push;
    const char *reference;
};

static void free_keep(void *arg)
{
    struct keep *keep = arg;
    struct gnt_arena arena = keep->arena;

    gnt_auth_clear(&keep->auth);
    gnt_arena_free(&arena);
}

static const char *copy(struct keep *keep, const char *text, int *failed)
{
    const char *copied = text != NULL ? gnt_arena_strdup(&keep->arena, text) : NULL;

    *failed |= text != NULL && copied == NULL;
    return copied;
}

/* What pull and push have in common; the fields of the options are changed to the copies. */
static int keep_common(struct keep *keep, const char *reference, const gantry_call **call,
                       const gantry_auth **auth, gantry_error *err)
{
    int failed = 0;
    int rc = 0;

    keep->reference = copy(keep, reference, &failed);
    if (*call != NULL) {
        gnt_call_import(&keep->call, *call);
        keep->call.tag = copy(keep, keep->call.tag, &failed);
        *call = &keep->call;
    }
    if (*auth != NULL) {
        rc = gnt_auth_set(&keep->auth, "auth", *auth, err);
        *auth = &keep->auth.auth;
    }
    return rc == 0 && failed ? gnt_nomem(err) : rc;
}

static struct keep *new_keep(const struct gnt_mem *mem, gantry_error *err)
{
    struct gnt_arena arena;
    struct keep *keep;

    gnt_arena_init(&arena, mem);
    keep = gnt_arena_alloc(&arena, sizeof *keep);
    if (keep == NULL) {
        gnt_nomem(err);
        return NULL;
    }
    keep->arena = arena;
    gnt_auth_init(&keep->auth, mem);
    return keep;
}

/* The progress keeps what it was begun with; what did not begin keeps nothing. */
static int hand_out(struct keep *keep, int rc, gantry_progress *p, gantry_progress **out)
{
    if (rc < 0) {
        free_keep(keep);
        return rc;
    }
    gnt_progress_on_close(p, free_keep, keep);
    *out = p;
    return 0;
}

int gnt_pull_start(gantry_engine *e, const char *reference, const gantry_pull_options *opts,
                   gantry_progress **out, gantry_error *err)
{
    struct keep *keep = new_keep(&e->host.mem, err);
    gantry_progress *p = NULL;
    int failed = 0;
    int rc;

    if (keep == NULL)
        return GANTRY_E_NOMEM;
    keep->pull = *opts;
    if (opts->policy == GANTRY_PULL_DEFAULT)
        keep->pull.policy = GANTRY_PULL_ALWAYS;
    keep->pull.platform = copy(keep, opts->platform, &failed);
    rc = failed ? gnt_nomem(err) : 0;
    if (rc == 0)
        rc = keep_common(keep, reference, &keep->pull.call, &keep->pull.auth, err);
    if (rc == 0)
        rc = e->backend->images.pull(e->state, keep->reference, &keep->pull, &p, err);
    return hand_out(keep, rc, p, out);
}

int gnt_push_start(gantry_engine *e, const char *reference, const gantry_push_options *opts,
                   gantry_progress **out, gantry_error *err)
{
    struct keep *keep = new_keep(&e->host.mem, err);
    gantry_progress *p = NULL;
    int failed = 0;
    int rc;

    if (keep == NULL)
        return GANTRY_E_NOMEM;
    keep->push = *opts;
    keep->push.destination = copy(keep, opts->destination, &failed);
    keep->push.compression = copy(keep, opts->compression, &failed);
    rc = failed ? gnt_nomem(err) : 0;
    if (rc == 0)
        rc = keep_common(keep, reference, &keep->push.call, &keep->push.auth, err);
    if (rc == 0)
        rc = e->backend->images.push(e->state, keep->reference, &keep->push, &p, err);
    return hand_out(keep, rc, p, out);
}
