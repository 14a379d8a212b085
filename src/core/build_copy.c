/*
 * A copy of build options that outlives the caller's: what an iterator keeps while it runs. The
 * context archive, the cancel token and callbacks stay the caller's.
 */
#include "build_copy.h"

#include <string.h>

#include "error.h"
#include "fields.h"
#include "host.h"

struct copier {
    struct gnt_arena *arena;
    gantry_error *err;
    int rc; /* the first failure */
};

static void *copy_bytes(struct copier *c, const void *bytes, size_t size)
{
    void *copy = c->rc == 0 && bytes != NULL ? gnt_arena_alloc(c->arena, size) : NULL;

    if (copy != NULL)
        memcpy(copy, bytes, size);
    else if (c->rc == 0 && bytes != NULL)
        c->rc = gnt_nomem(c->err);
    return copy;
}

/* NULL stays NULL. */
static const char *copy_text(struct copier *c, const char *text)
{
    return text != NULL ? copy_bytes(c, text, strlen(text) + 1) : NULL;
}

static const char *const *copy_list(struct copier *c, const char *const *list)
{
    const char **copy;
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    if (count == 0)
        return NULL;
    copy = copy_bytes(c, list, (count + 1) * sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++)
        copy[i] = copy_text(c, list[i]);
    return copy;
}

static const gantry_pair *copy_pairs(struct copier *c, const gantry_pair *pairs, size_t count)
{
    gantry_pair *copy;

    if (count == 0 || pairs == NULL)
        return pairs;
    copy = copy_bytes(c, pairs, count * sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i].key = copy_text(c, pairs[i].key);
        copy[i].value = copy_text(c, pairs[i].value);
    }
    return copy;
}

static const gantry_call *copy_call(struct copier *c, const gantry_call *call)
{
    gantry_call *copy;

    if (call == NULL || c->rc != 0)
        return NULL;
    copy = gnt_arena_alloc(c->arena, sizeof *copy);
    if (copy == NULL) {
        c->rc = gnt_nomem(c->err);
        return NULL;
    }
    gnt_call_import(copy, call);
    copy->tag = copy_text(c, copy->tag);
    return copy;
}

/* ---- lists of structs ------------------------------------------------------------------------ */

static void copy_ulimit(struct copier *c, void *item)
{
    gantry_ulimit *limit = item;

    limit->name = copy_text(c, limit->name);
}

static void copy_secret(struct copier *c, void *item)
{
    gantry_build_secret *secret = item;

    secret->id = copy_text(c, secret->id);
    secret->path = copy_text(c, secret->path);
    secret->data = copy_bytes(c, secret->data, secret->data_size);
}

static void copy_build_source(struct copier *c, void *item)
{
    gantry_build_source *source = item;

    source->name = copy_text(c, source->name);
    source->image = copy_text(c, source->image);
    source->url = copy_text(c, source->url);
    source->directory = copy_text(c, source->directory);
}

static void copy_auth(struct copier *c, void *item)
{
    gantry_auth *auth = item;

    auth->registry = copy_text(c, auth->registry);
    auth->username = copy_text(c, auth->username);
    auth->password = copy_text(c, auth->password);
    auth->identity_token = copy_text(c, auth->identity_token);
    auth->registry_token = copy_text(c, auth->registry_token);
}

/* A NULL-terminated list of structs: each taken in to its full size, then what it points to copied
 * by `deep`. The field holds a pointer to pointers of some type; so does what it gets. */
static void copy_structs(struct copier *c, void *field, const char *type, size_t known,
                         void (*deep)(struct copier *c, void *item))
{
    const char *list;
    const void *item;
    void **copy;
    size_t count = 0;

    memcpy(&list, field, sizeof list);
    if (list == NULL || c->rc != 0)
        return;
    for (;; count++) {
        memcpy(&item, list + count * sizeof item, sizeof item);
        if (item == NULL)
            break;
    }
    copy = copy_bytes(c, list, (count + 1) * sizeof *copy);
    for (size_t i = 0; c->rc == 0 && i < count; i++) {
        item = copy[i];
        copy[i] = gnt_arena_alloc(c->arena, known);
        c->rc =
            copy[i] == NULL ? gnt_nomem(c->err) : gnt_import(copy[i], known, item, type, c->err);
        if (c->rc == 0)
            deep(c, copy[i]);
    }
    if (count == 0)
        copy = NULL; /* an empty list is none */
    memcpy(field, &copy, sizeof copy);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void copy_texts(struct copier *c, gantry_build_options *out)
{
    out->target = copy_text(c, out->target);
    out->platform = copy_text(c, out->platform);
    out->context_url = copy_text(c, out->context_url);
    out->manifest = copy_text(c, out->manifest);
    out->network = copy_text(c, out->network);
    out->cpuset_cpus = copy_text(c, out->cpuset_cpus);
    out->cpuset_mems = copy_text(c, out->cpuset_mems);
}

static void copy_lists(struct copier *c, gantry_build_options *out)
{
    out->tags = copy_list(c, out->tags);
    out->build_args = copy_pairs(c, out->build_args, out->build_arg_count);
    out->labels = copy_pairs(c, out->labels, out->label_count);
    out->annotations = copy_pairs(c, out->annotations, out->annotation_count);
    out->extra_query = copy_pairs(c, out->extra_query, out->extra_query_count);
    out->platforms = copy_list(c, out->platforms);
    out->cache_from = copy_list(c, out->cache_from);
    out->cache_to = copy_list(c, out->cache_to);
    out->extra_hosts = copy_list(c, out->extra_hosts);
    copy_structs(c, &out->ulimits, "gantry_ulimit", sizeof(gantry_ulimit), copy_ulimit);
    copy_structs(c, &out->secrets, "gantry_build_secret", sizeof(gantry_build_secret), copy_secret);
    copy_structs(c, &out->sources, "gantry_build_source", sizeof(gantry_build_source),
                 copy_build_source);
    copy_structs(c, &out->auths, "gantry_auth", sizeof(gantry_auth), copy_auth);
}

int gnt_build_options_copy(struct gnt_arena *arena, gantry_build_options *out,
                           const gantry_build_options *from, gantry_error *err)
{
    struct copier c = { .arena = arena, .err = err };

    *out = *from;
    out->call = copy_call(&c, from->call);
    out->dockerfile = NULL; /* these are in the context by now, or make it */
    out->dockerfile_name = NULL;
    out->context_directory = NULL;
    out->ignore_patterns = NULL;
    copy_texts(&c, out);
    copy_lists(&c, out);
    if (c.rc == 0 && out->platforms != NULL && out->platforms[1] == NULL && out->platform == NULL) {
        out->platform = out->platforms[0]; /* one of several is one */
        out->platforms = NULL;
    }
    return c.rc;
}
