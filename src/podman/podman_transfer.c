/*
 * Pull and push over libpod, and how their progress is worded. The iterator is core's
 * (rest_transfer.c).
 */
#include "podman.h"

#include "auth.h"

#include <string.h>

/* ---- the stream ------------------------------------------------------------------------------ */

static const char *after(const char *text, const char *lead)
{
    size_t size = strlen(lead);

    return strncmp(text, lead, size) == 0 ? text + size : NULL;
}

enum {
    TAGS_MAX = 10000, /* of a repository */
    SHORT_ID = 12     /* hex digits of a layer's name, as Docker has it */
};

/* "Copying blob sha256:<hex>", perhaps with " skipped: already exists" behind it. */
static void read_blob(struct gnt_transfer_event *e, const char *digest)
{
    const char *hex = after(digest, "sha256:");

    if (hex == NULL || strspn(hex, "0123456789abcdef") < SHORT_ID)
        return;
    memcpy(e->layer_buffer, hex, SHORT_ID);
    e->layer_buffer[SHORT_ID] = '\0';
    e->layer = e->layer_buffer;
    e->state = strstr(hex, "skipped: already exists") != NULL ? GANTRY_TRANSFER_EXISTS
                                                              : GANTRY_TRANSFER_RUNNING;
}

static void read_line(struct gnt_transfer_event *e, const char *line, size_t size)
{
    const char *rest;

    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    e->text = line;
    e->text_size = size;
    if ((rest = after(line, "Copying blob ")) != NULL) {
        read_blob(e, rest);
    } else if ((rest = after(line, "WARNING: ")) != NULL) {
        e->kind = GANTRY_PROGRESS_WARNING;
        e->text = rest;
        e->text_size = size - (size_t)(rest - line);
    } else if (after(line, "Getting image source signatures") != NULL) {
        e->attempt = 1;
    }
}

/* What 4.8 and later give with compatMode: as Docker's, but a layer ends with its download, and the
 * last record has the image's id in place of a layer's. That is the name of its configuration too,
 * of which Podman 5 tells as of a layer. */
static void read_status(struct gnt_transfer_event *e, const char *status, const struct gnt_json *v)
{
    static const struct gnt_word words[] = { { "Pulling fs layer", GANTRY_TRANSFER_WAITING },
                                             { "Downloading", GANTRY_TRANSFER_RUNNING },
                                             { "Already exists", GANTRY_TRANSFER_EXISTS },
                                             { "Download complete", GANTRY_TRANSFER_DONE },
                                             { "Pull complete", GANTRY_TRANSFER_DONE },
                                             { NULL, 0 } };

    e->text = status;
    e->text_size = strlen(status);
    e->layer = gnt_json_text(gnt_json_get(v, "id"));
    for (const struct gnt_word *word = words; word->word != NULL; word++) {
        if (strcmp(status, word->word) == 0)
            e->state = word->value;
    }
    e->last_if_over = e->state == GANTRY_TRANSFER_DONE;
    e->whole = e->state == GANTRY_TRANSFER_DONE;
    gnt_json_int(gnt_json_get(v, "progressDetail/current"), &e->current);
    gnt_json_int(gnt_json_get(v, "progressDetail/total"), &e->total);
}

static void read_pull(struct gnt_transfer_event *e, const struct gnt_json *v)
{
    const struct gnt_json *stream = gnt_json_get(v, "stream");
    const char *status = gnt_json_text(gnt_json_get(v, "status"));

    e->error = gnt_json_text(gnt_json_get(v, "error"));
    if (e->error == NULL)
        e->error = gnt_json_text(gnt_json_get(v, "errorDetail/message"));
    if (stream != NULL && stream->type == GNT_JSON_STRING && stream->size > 0) {
        read_line(e, stream->text, stream->size);
        return;
    }
    if (status != NULL) {
        read_status(e, status, v);
        return;
    }
    e->kind = 0;
    e->digest = gnt_json_text(gnt_json_get(v, "manifestdigest"));
    e->image_id = gnt_json_text(gnt_json_get(v, "id"));
    e->last = e->digest != NULL || e->image_id != NULL;
}

const struct gnt_transfer_dialect gnt_podman_pull_dialect = {
    .read = read_pull,
    .inspect_path = "/images/%r/json",
};

/* Before 4.6 nothing follows the manifest, which is written last. */
static void read_push(struct gnt_transfer_event *e, const struct gnt_json *v)
{
    read_pull(e, v);
    e->last |= after(e->text, "Writing manifest to image destination") != NULL;
}

const struct gnt_transfer_dialect gnt_podman_push_dialect = {
    .read = read_push,
    .inspect_path = "/images/%r/json",
};

/* ---- pull ------------------------------------------------------------------------------------ */

#define O gantry_pull_options
const struct gnt_out gnt_podman_pull_options[] = { GNT_OUT_CODE(O, platform),
                                                   GNT_OUT_CODE(O, auth),
                                                   GNT_OUT_CODE(O, progress),
                                                   GNT_OUT_CODE(O, progress_arg),
                                                   GNT_OUT_CODE(O, policy),
                                                   GNT_OUT_CODE(O, all_tags),
                                                   GNT_OUT_ON(O, tls_verify, "tlsVerify"),
                                                   GNT_OUT_CODE(O, retries),
                                                   GNT_OUT_CODE(O, retry_delay_ms),
                                                   GNT_OUT_END };
#undef O

static void pull_request(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                         const char *name, const void *options)
{
    const gantry_pull_options *opts = options;
    struct podman_platform platform = { 0 };

    gnt_req_init(r, rest, "POST", call, "/images/pull");
    if (r->rc == 0 && opts->platform != NULL)
        r->rc = gnt_podman_platform(opts->platform, &platform, &r->failure);
    gnt_req_query(r, "reference", name);
    gnt_req_query(r, "policy", "always");
    gnt_req_query(r, "OS", platform.os[0] != '\0' ? platform.os : NULL);
    gnt_req_query(r, "Arch", platform.arch[0] != '\0' ? platform.arch : NULL);
    gnt_req_query(r, "Variant", platform.variant[0] != '\0' ? platform.variant : NULL);
    gnt_req_query_object(r, gnt_req_encode(r, opts, gnt_podman_pull_options));
    gnt_req_query_true(r, "compatMode", gnt_rest_at_least(rest, 4, 8, 0));
    gnt_req_registry_auth(r, name, opts->auth, 0);
}

struct tags {
    struct gnt_arena *arena;
    const char *repository;
    int familiar; /* local ones: it is compared with names as callers know them */
    const char **names;
    size_t count;
    size_t capacity;
};

static int add_name(struct tags *tags, const char *name, gantry_error *err)
{
    if (tags->count + 1 >= tags->capacity) {
        size_t capacity = tags->capacity == 0 ? 16 : tags->capacity * 2;
        const char **names = gnt_arena_alloc(tags->arena, capacity * sizeof *names);

        if (names == NULL)
            return gnt_nomem(err);
        if (tags->count > 0)
            memcpy(names, tags->names, tags->count * sizeof *names);
        tags->names = names;
        tags->capacity = capacity;
    }
    tags->names[tags->count] = gnt_arena_strdup(tags->arena, name);
    return tags->names[tags->count++] == NULL ? gnt_nomem(err) : 0;
}

static int take_tag(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct tags *tags = arg;
    const char *tag = gnt_json_text(gnt_json_get(v, "Tag"));
    const char *name;

    if (tag == NULL || *tag == '\0')
        return 0;
    name = gnt_arena_printf(tags->arena, "%s:%s", tags->repository, tag);
    return name == NULL ? gnt_nomem(err) : add_name(tags, name, err);
}

/*
 * libpod's own allTags asks for the list of tags without the call's credentials and without
 * tlsVerify; its search for tags takes both, the credentials as a map.
 */
static int list_tags(struct podman *p, const char *reference, const gantry_pull_options *opts,
                     const gantry_call *call, struct tags *tags, gantry_error *err)
{
    const gantry_auth *given[2] = { NULL, NULL };
    const char *const domains[2] = { tags->repository, NULL };
    gantry_auth auth;
    struct gnt_req r;
    int rc;

    if (opts->auth != NULL) {
        auth = *opts->auth;
        auth.registry = gnt_auth_registry(tags->arena, tags->repository);
        given[0] = &auth;
    }
    gnt_req_init(&r, &p->rest, "GET", call, "/images/search");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    gnt_req_query(&r, "term", tags->repository);
    gnt_req_query(&r, "listTags", "true");
    gnt_req_query_i64(&r, "limit", TAGS_MAX + 1);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_pull_options));
    gnt_req_registry_config(&r, given, domains);
    rc = gnt_req_each(&r, GNT_JSON_ELEMENTS, take_tag, tags, NULL, err);
    if (rc == 0 && tags->count > TAGS_MAX)
        return gnt_fail(err, GANTRY_E_LIMIT, "%s: more than %d tags", reference, TAGS_MAX);
    if (rc == 0 && tags->count == 0) {
        rc = gnt_fail(err, GANTRY_E_NOT_FOUND, "%s: the repository has no tags", reference);
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, reference);
        gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    return rc;
}

int gnt_podman_pull(void *state, const char *reference, const gantry_pull_options *opts,
                    gantry_progress **out, gantry_error *err)
{
    struct podman *p = state;
    int all = opts->all_tags == GANTRY_ON;
    int local = opts->policy == GANTRY_PULL_MISSING || opts->policy == GANTRY_PULL_NEVER;
    struct gnt_transfer_name name;
    struct tags tags = { 0 };
    gantry_call shared;
    struct gnt_transfer_plan plan = { .dialect = &gnt_podman_pull_dialect,
                                      .call = gnt_call_share(&shared, opts->call),
                                      .reference = reference,
                                      .request = pull_request,
                                      .options = opts,
                                      .look = local ? reference : NULL,
                                      .platform = opts->platform,
                                      .policy = opts->policy,
                                      .all_tags = all };
    struct gnt_arena arena;
    struct podman_platform platform;
    int rc = gnt_rest_check_options(&p->rest, opts, gnt_podman_pull_options, err);

    if (rc == 0 && opts->platform != NULL)
        rc = gnt_podman_platform(opts->platform, &platform, err);
    gnt_arena_init(&arena, &p->rest.host->mem);
    tags.arena = &arena;
    if (rc == 0)
        rc = gnt_transfer_name(&arena, "reference", reference, &name, err);
    if (rc == 0) {
        plan.repository = tags.repository = name.repository;
        rc = all ? list_tags(p, reference, opts, plan.call, &tags, err)
                 : add_name(&tags, name.canonical, err);
    }
    if (rc == 0) {
        plan.names = tags.names;
        rc = gnt_rest_transfer_open(&p->rest, &plan, out, err);
    }
    gnt_arena_free(&arena);
    return rc;
}

/* ---- push ------------------------------------------------------------------------------------ */

static int out_format(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int format;

    memcpy(&format, field, sizeof format);
    return gnt_json_put(c->arena, c->body, row->path,
                        gnt_json_string(c->arena, format == GANTRY_FORMAT_OCI ? "oci" : "v2s2")) < 0
               ? gnt_nomem(c->err)
               : 0;
}

#define O gantry_push_options
const struct gnt_out gnt_podman_push_options[] = { GNT_OUT_CODE(O, destination),
                                                   GNT_OUT_CODE(O, auth),
                                                   GNT_OUT_CODE(O, progress),
                                                   GNT_OUT_CODE(O, progress_arg),
                                                   GNT_OUT_STR(O, compression, "compressionFormat"),
                                                   GNT_OUT_CODE(O, all_tags),
                                                   GNT_OUT_ON(O, tls_verify, "tlsVerify"),
                                                   GNT_OUT_HOOK(O, format, "format", out_format),
                                                   GNT_OUT_CODE(O, retries),
                                                   GNT_OUT_CODE(O, retry_delay_ms),
                                                   GNT_OUT_END };
#undef O

/* name: as libpod knows it. Quiet, which is its default, tells nothing at all. */
static void push_request(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                         const char *name, const void *options)
{
    const gantry_push_options *opts = options;
    struct gnt_transfer_name destination = { 0 };

    gnt_req_init(r, rest, "POST", call, "/images/%r/push", name);
    if (r->rc == 0)
        r->rc = gnt_transfer_name(&r->arena, "destination",
                                  opts->destination != NULL ? opts->destination : name,
                                  &destination, &r->failure);
    gnt_req_query(r, "destination", destination.canonical);
    gnt_req_query(r, "quiet", "false");
    gnt_req_query_object(r, gnt_req_encode(r, opts, gnt_podman_push_options));
    if (r->rc == 0)
        gnt_req_registry_auth(r, destination.canonical, opts->auth, 0);
}

/* The names of an image that are tags of the repository. */
static int take_names(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct tags *tags = arg;
    const struct gnt_json *list = gnt_json_get(v, "RepoTags");
    size_t size = strlen(tags->repository);
    int rc = 0;

    list = list != NULL && list->type == GNT_JSON_ARRAY ? list->first : NULL;
    for (; rc == 0 && list != NULL; list = list->next) {
        const char *name = gnt_json_text(list);

        if (name != NULL && tags->familiar)
            name = gnt_podman_familiar(name);
        if (name != NULL && strncmp(name, tags->repository, size) == 0 && name[size] == ':' &&
            strpbrk(name + size, "/@") == NULL)
            rc = add_name(tags, name, err);
    }
    return rc;
}

/* Whose tags are meant: a short name is looked for as libpod looks for it. */
static int name_repository(const char *reference, struct tags *tags, gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_transfer_name name;
    int rc = gnt_reference_parse(tags->arena, "reference", reference, &parts, err);

    if (rc == 0)
        rc = gnt_transfer_name(tags->arena, "reference", reference, &name, err);
    if (rc < 0)
        return rc;
    tags->familiar = parts.domain[0] == '\0';
    tags->repository = tags->familiar ? reference : name.repository;
    return 0;
}

static int local_tags(struct podman *p, const char *reference, const gantry_call *call,
                      struct tags *tags, gantry_error *err)
{
    gantry_error e;
    int tries = 0;
    int rc = name_repository(reference, tags, err);

    if (rc < 0)
        return rc;
    do {
        struct gnt_req r;

        memset(&e, 0, sizeof e);
        tags->count = 0;
        gnt_req_init(&r, &p->rest, "GET", call, "/images/json");
        rc = gnt_req_each(&r, GNT_JSON_ELEMENTS, take_names, tags, NULL, &e);
    } while (gnt_podman_list_again(rc, &tries));
    if (rc == 0 && tags->count == 0) {
        rc = gnt_fail(&e, GANTRY_E_NOT_FOUND, "%s: no image here has such a name", reference);
        gnt_error_resource(&e, GANTRY_RESOURCE_IMAGE, reference);
        gnt_error_outcome(&e, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    if (rc < 0 && err != NULL)
        *err = e;
    return rc;
}

int gnt_podman_push(void *state, const char *reference, const gantry_push_options *opts,
                    gantry_progress **out, gantry_error *err)
{
    struct podman *p = state;
    int all = opts->all_tags == GANTRY_ON;
    const char *bare = gnt_podman_bare(reference);
    struct tags tags = { 0 };
    gantry_call shared;
    struct gnt_transfer_plan plan = { .dialect = &gnt_podman_push_dialect,
                                      .call = gnt_call_share(&shared, opts->call),
                                      .reference = reference,
                                      .request = push_request,
                                      .options = opts,
                                      .look = all ? NULL : bare,
                                      .push = 1,
                                      .all_tags = all };
    struct gnt_arena arena;
    int rc = gnt_rest_check_options(&p->rest, opts, gnt_podman_push_options, err);

    gnt_arena_init(&arena, &p->rest.host->mem);
    tags.arena = &arena;
    if (rc == 0)
        rc = all ? local_tags(p, reference, plan.call, &tags, err) : add_name(&tags, bare, err);
    if (rc == 0) {
        plan.names = tags.names;
        rc = gnt_rest_transfer_open(&p->rest, &plan, out, err);
    }
    gnt_arena_free(&arena);
    return rc;
}
