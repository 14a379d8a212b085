/*
 * Ensure of a container: accept an equal one, say what differs, or replace it. Composed of a
 * backend's inspect, create, stop, rename, remove and start. The one that is replaced goes last:
 * until the new one is made, and started if that is asked, everything can be put back.
 */
#include <gantry/deploy.h>
#include <gantry/reference.h>

#include <stdio.h>
#include <string.h>

#include "container.h"
#include "engine.h"
#include "compare.h"
#include "error.h"
#include "names.h"

struct ensuring {
    gantry_engine *e;
    const gantry_container_ops *ops;
    const char *image;
    gantry_container_options asked; /* imported, with the label; `call` is of the whole */
    const gantry_pair *labels;      /* without it */
    size_t label_count;
    const gantry_call *call;
    gantry_container_ensure_options options;
    gantry_container_ensured *out;
    char digest[GNT_SHA256_HEX];
};

static int is_live(int state)
{
    return state == GANTRY_CONTAINER_RUNNING || state == GANTRY_CONTAINER_PAUSED ||
           state == GANTRY_CONTAINER_RESTARTING;
}

/* ---- the one that is there ------------------------------------------------------------------- */

/* Engines find one by the beginning of its id, too: only the name counts. *out stays NULL. */
static int find(struct ensuring *en, gantry_container **out, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = en->call };
    gantry_container *c = NULL;
    gantry_error failure = { 0 };
    int rc = en->ops->inspect(en->e->state, en->asked.name, &o, &c, &failure);

    if (rc == 0 && strcmp(c->name, en->asked.name) == 0) {
        *out = c;
        return 0;
    }
    gantry_container_free(c);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    return 0;
}

/* "localhost/app" is how some engines store "app". */
static const char *stored_name(const char *image)
{
    return strncmp(image, "localhost/", 10) == 0 ? image + 10 : image;
}

/* An image that is not there: whether the container was made from what is so named, which may have
 * gone since. */
static int compare_name(struct ensuring *en, const gantry_container *c, struct gnt_differences *d,
                        gantry_error *err)
{
    gantry_reference_options o = { .size = sizeof o, .allocator = &en->e->host.mem.a };
    gantry_reference *asked = NULL;
    gantry_reference *is = NULL;
    gantry_error failure = { 0 };
    int same = 0;
    int rc = gantry_reference_parse(stored_name(en->image), &o, &asked, err);

    if (rc < 0)
        return rc;
    if (asked->id[0] != '\0')
        same = strncmp(c->image_id, asked->id, strlen(asked->id)) == 0;
    else
        rc = gantry_reference_parse(stored_name(c->image), &o, &is, &failure);
    if (is != NULL)
        same = strcmp(asked->canonical, is->canonical) == 0;
    if (!same && rc != GANTRY_E_NOMEM)
        gnt_differs(d, "image: is %s (%.12s), not %s, which is not there", c->image, c->image_id,
                    en->image);
    gantry_reference_free(asked);
    gantry_reference_free(is);
    return rc == GANTRY_E_NOMEM ? gnt_nomem(err) : 0;
}

/* The image that the reference leads to now. Where nobody can be asked, nothing is said of it. */
static int compare_image(struct ensuring *en, const gantry_container *c, struct gnt_differences *d,
                         gantry_error *err)
{
    gantry_image_inspect_options o = { .size = sizeof o, .call = en->call };
    gantry_image *image = NULL;
    gantry_error failure = { 0 };
    int rc;

    if (en->e->backend->images.inspect == NULL)
        return 0;
    rc = en->e->backend->images.inspect(en->e->state, en->image, &o, &image, &failure);
    if (rc == 0 && strcmp(image->id, c->image_id) != 0)
        gnt_differs(d, "image: is %s (%.12s), not %s (%.12s)", c->image, c->image_id, en->image,
                    image->id);
    gantry_image_free(image);
    if (rc == GANTRY_E_NOT_FOUND)
        return compare_name(en, c, d, err);
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    return 0;
}

/* With the digest of these very options only what can be changed since is looked at: engines tell
 * much in other words than they were asked in. */
static int compare(struct ensuring *en, const gantry_container *c, gantry_error *err)
{
    struct gnt_differences d = { gnt_result_arena(en->out), en->out->differences, 0 };
    gantry_container_options plain = en->asked;
    const char *digest = NULL;
    int same;
    int rc;

    for (size_t i = 0; i < c->label_count; i++) {
        if (strcmp(c->labels[i].key, GNT_SPEC_LABEL) == 0)
            digest = c->labels[i].value;
    }
    plain.labels = en->labels;
    plain.label_count = en->label_count;
    same = digest != NULL && strcmp(digest, en->digest) == 0;
    rc = compare_image(en, c, &d, err);
    if (rc < 0)
        return rc;
    gnt_compare_container(&d, c, &plain, same);
    if (digest != NULL && !same && d.list[0] == NULL)
        gnt_differs(&d, "options: are not those it was made with");
    en->out->differences = d.list;
    return d.failed ? gnt_nomem(err) : 0;
}

static int refuse(const struct ensuring *en, gantry_error *err)
{
    char text[400];
    size_t used = 0;

    text[0] = '\0';
    for (const char *const *line = en->out->differences; *line != NULL; line++) {
        int n = snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? "; " : "", *line);

        used = n > 0 && (size_t)n < sizeof text - used ? used + (size_t)n : sizeof text - 1;
    }
    gnt_fail(err, GANTRY_E_EXISTS, "the container that is there differs: %s", text);
    gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, en->asked.name);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_EXISTS;
}

/* ---- a new one ------------------------------------------------------------------------------- */

static int start(struct ensuring *en, const char *id, gantry_error *err)
{
    gantry_container_start_options o = { .size = sizeof o, .call = en->call };

    return en->ops->start(en->e->state, id, &o, err);
}

static int rename_one(struct ensuring *en, const char *id, const char *name,
                      const gantry_call *call, gantry_error *err)
{
    gantry_container_rename_options o = { .size = sizeof o, .call = call };

    return en->ops->rename(en->e->state, id, name, &o, err);
}

static int remove_one(struct ensuring *en, const char *id, int volumes, const gantry_call *call,
                      gantry_error *err)
{
    gantry_container_remove_options o = {
        .size = sizeof o, .call = call, .force = GANTRY_ON, .volumes = volumes
    };
    gantry_error failure = { 0 };
    int rc = en->ops->remove(en->e->state, id, &o, &failure);

    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    return 0;
}

static int create(struct ensuring *en, const char *name, gantry_error *err)
{
    gantry_container_options o = en->asked;
    gantry_created *created = NULL;
    int rc;

    o.name = name;
    rc = en->ops->create(en->e->state, en->image, &o, &created, err);
    if (rc < 0)
        return rc;
    en->out->id = gantry_result_strdup(en->out, created->id);
    en->out->warnings = gantry_result_strings(en->out, created->warnings);
    en->out->created = 1;
    if (en->out->id == NULL || en->out->warnings == NULL) {
        remove_one(en, created->id, GANTRY_ON, NULL, NULL);
        rc = gnt_nomem(err);
    }
    gantry_created_free(created);
    return rc;
}

/* ---- replace --------------------------------------------------------------------------------- */

struct replacing {
    const gantry_container *old;
    char aside[256]; /* the old one's name meanwhile */
    char fresh[256]; /* the new one's until it gets its own */
    int stopped;     /* how far it got */
    int renamed;
};

/* As it was before. The call's own limits may have passed: this has others. */
static void undo(struct ensuring *en, const struct replacing *r, gantry_error *err)
{
    gantry_container_start_options o = { .size = sizeof o };
    int rc = remove_one(en, en->out->id, GANTRY_ON, NULL, NULL);

    if (rc == 0 && r->renamed)
        rc = rename_one(en, r->old->id, en->asked.name, NULL, NULL);
    if (rc == 0 && r->stopped)
        rc = en->ops->start(en->e->state, r->old->id, &o, NULL);
    if (rc < 0) {
        gnt_error_suffix(err, "and the old container %.12s could not be put back as it was",
                         r->old->id);
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
}

static int stop_old(struct ensuring *en, struct replacing *r, gantry_error *err)
{
    gantry_container_stop_options o = { .size = sizeof o, .call = en->call };
    gantry_error failure = { 0 };
    int rc;

    if (!is_live(r->old->state))
        return 0;
    r->stopped = 1;
    rc = en->ops->stop(en->e->state, r->old->id, &o, &failure);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) { /* auto-remove may be faster */
        if (err != NULL)
            *err = failure;
        return rc;
    }
    return 0;
}

static int swap(struct ensuring *en, struct replacing *r, gantry_error *err)
{
    int rc = stop_old(en, r, err);
    gantry_error failure = { 0 };

    if (rc < 0)
        return rc;
    rc = rename_one(en, r->old->id, r->aside, en->call, &failure);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    r->renamed = rc == 0;
    rc = rename_one(en, en->out->id, en->asked.name, en->call, err);
    if (rc == 0 && en->options.start == GANTRY_ON)
        rc = start(en, en->out->id, err);
    return rc;
}

static int replace(struct ensuring *en, const gantry_container *old, gantry_error *err)
{
    struct replacing r = { .old = old };
    unsigned long long now = (unsigned long long)gantry_clock_ns();
    gantry_error failure = { 0 };
    int rc;

    if (en->ops->rename == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "different: this engine cannot replace, since it cannot rename");
    snprintf(r.aside, sizeof r.aside, "%.200s-old-%llx", en->asked.name, now);
    snprintf(r.fresh, sizeof r.fresh, "%.200s-new-%llx", en->asked.name, now);
    rc = create(en, r.fresh, err);
    if (rc < 0)
        return rc;
    rc = swap(en, &r, &failure);
    if (rc < 0) {
        undo(en, &r, &failure);
        if (err != NULL)
            *err = failure;
        return rc;
    }
    en->out->replaced = 1;
    rc = remove_one(en, old->id, GANTRY_DEFAULT, en->call, &failure);
    if (rc < 0) {
        gnt_error_suffix(&failure, "the new container is there, the old one is now %s", r.aside);
        gnt_error_outcome(&failure, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_NO);
        if (err != NULL)
            *err = failure;
    }
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int accept(struct ensuring *en, const gantry_container *c, gantry_error *err)
{
    en->out->id = gantry_result_strdup(en->out, c->id);
    if (en->out->id == NULL)
        return gnt_nomem(err);
    if (en->options.start == GANTRY_ON && !is_live(c->state))
        return start(en, c->id, err);
    return 0;
}

static int create_and_start(struct ensuring *en, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = create(en, en->asked.name, err);

    if (rc < 0 || en->options.start != GANTRY_ON)
        return rc;
    rc = start(en, en->out->id, &failure);
    if (rc < 0) {
        if (remove_one(en, en->out->id, GANTRY_ON, NULL, NULL) < 0)
            gnt_error_outcome(&failure, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        if (err != NULL)
            *err = failure;
    }
    return rc;
}

static int decide(struct ensuring *en, const gantry_container *c, gantry_error *err)
{
    int rc = compare(en, c, err);

    if (rc < 0)
        return rc;
    if (en->out->differences[0] == NULL || en->options.different == GANTRY_DIFFERENT_ACCEPT)
        return accept(en, c, err);
    if (en->options.different == GANTRY_DIFFERENT_REFUSE)
        return refuse(en, err);
    rc = gnt_container_pull(en->e, en->image, &en->asked, en->call, err);
    return rc < 0 ? rc : replace(en, c, err);
}

/* Somebody else may create it between the look and the create: then that one is looked at. */
static int ensure(struct ensuring *en, gantry_error *err)
{
    gantry_error failure = { 0 };
    gantry_container *c = NULL;
    int rc = 0;

    /* What is newer is to be known before the images are compared. */
    if (en->asked.pull == GANTRY_PULL_ALWAYS || en->asked.pull == GANTRY_PULL_NEWER) {
        rc = gnt_container_pull(en->e, en->image, &en->asked, en->call, err);
        en->asked.pull = GANTRY_PULL_NEVER;
    }
    if (rc < 0)
        return rc;
    for (int tries = 0; tries < 2; tries++) {
        memset(&failure, 0, sizeof failure);
        rc = find(en, &c, &failure);
        if (rc == 0 && c != NULL) {
            rc = decide(en, c, &failure);
            gantry_container_free(c);
            break;
        }
        if (rc == 0)
            rc = gnt_container_pull(en->e, en->image, &en->asked, en->call, &failure);
        if (rc == 0)
            rc = create_and_start(en, &failure);
        if (rc != GANTRY_E_EXISTS)
            break;
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* The digest, and the label that carries it. */
static int add_digest(struct ensuring *en, struct gnt_arena *arena, gantry_error *err)
{
    gantry_container_options *o = &en->asked;
    gantry_pair *labels;
    int rc = gnt_spec_digest(&en->e->host.mem, o, en->digest, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < o->label_count; i++) {
        if (strcmp(o->labels[i].key, GNT_SPEC_LABEL) == 0)
            return gnt_fail(err, GANTRY_E_INVALID, "labels: %s is the library's own",
                            GNT_SPEC_LABEL);
    }
    labels = gnt_arena_alloc(arena, (o->label_count + 1) * sizeof *labels);
    if (labels == NULL)
        return gnt_nomem(err);
    if (o->label_count > 0)
        memcpy(labels, o->labels, o->label_count * sizeof *labels);
    labels[o->label_count] = (gantry_pair){ GNT_SPEC_LABEL, en->digest };
    en->labels = o->labels;
    en->label_count = o->label_count;
    o->labels = labels;
    o->label_count++;
    return 0;
}

static int import(struct ensuring *en, struct gnt_arena *arena,
                  const gantry_container_options *given,
                  const gantry_container_ensure_options *opts, gantry_error *err)
{
    int rc = GNT_IMPORT(gantry_container_ensure_options, en->options, opts, err);

    if (rc == 0 && (en->options.different < GANTRY_DIFFERENT_REFUSE ||
                    en->options.different > GANTRY_DIFFERENT_ACCEPT))
        rc = gnt_fail(err, GANTRY_E_INVALID, "different: %d is none of GANTRY_DIFFERENT_",
                      en->options.different);
    if (rc == 0 && given == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "container: must not be NULL");
    if (rc == 0)
        rc = gnt_container_options_import(arena, given, &en->asked, err);
    if (rc == 0 && en->asked.name == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "container: name is required");
    return rc == 0 ? add_digest(en, arena, err) : rc;
}

int gantry_containers_ensure(gantry_containers *containers, const char *image,
                             const gantry_container_options *container,
                             const gantry_container_ensure_options *opts,
                             gantry_container_ensured **out, gantry_error *err)
{
    struct ensuring en = { .e = gnt_engine_of_containers(containers), .image = image };
    struct gnt_arena arena = { 0 };
    gantry_call shared;
    int rc = gnt_enter(en.e, GANTRY_FEATURE_CONTAINERS_ENSURE, err);

    if (rc == 0)
        rc = gnt_reference_check("image", image, err);
    if (rc == 0) {
        gnt_arena_init(&arena, &en.e->host.mem);
        rc = import(&en, &arena, container, opts, err);
    }
    if (rc == 0) {
        en.ops = &en.e->backend->containers;
        en.call = en.asked.call = gnt_call_share(&shared, en.options.call);
        en.out = gnt_result_new(&en.e->host.mem, GNT_KIND_CONTAINER_ENSURED, err);
        rc = en.out == NULL ? GANTRY_E_NOMEM : ensure(&en, err);
    }
    if (rc == 0 && out != NULL)
        *out = en.out;
    else
        gantry_container_ensured_free(en.out);
    gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_ENSURE, GANTRY_RESOURCE_CONTAINER, en.asked.name, err);
    gnt_arena_free(&arena);
    return rc;
}

void gantry_container_ensured_free(gantry_container_ensured *ensured)
{
    gnt_result_free(ensured);
}
