/*
 * Docker: images into archives and back, commit and export of containers. Knows what a load says in
 * words.
 */
#include "docker.h"

#include "names.h"
#include "rest_upkeep.h"

#include <string.h>

static const char image_path[] = "/images/%r/json";

/* ---- names ----------------------------------------------------------------------------------- */

int gnt_docker_tag_name(struct gnt_arena *arena, const char *reference, const char **out,
                        gantry_error *err)
{
    struct gnt_reference ref;
    const char *domain;
    const char *path;
    int rc = gnt_reference_parse(arena, "reference", reference, &ref, err);

    if (rc < 0)
        return rc;
    domain = ref.domain;
    path = ref.path;
    if (strcmp(domain, "docker.io") == 0 || strcmp(domain, "index.docker.io") == 0) {
        domain = "";
        path += strncmp(path, "library/", 8) == 0 ? 8 : 0;
    }
    *out = gnt_arena_printf(arena, "%s%s%s:%s", domain, domain[0] != '\0' ? "/" : "", path,
                            ref.tag[0] != '\0' ? ref.tag : "latest");
    return *out == NULL ? gnt_nomem(err) : 0;
}

static int take_names(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct gnt_docker_names *names = arg;
    const char *id = gnt_json_text(gnt_json_get(v, "Id"));
    const struct gnt_json *tags = gnt_json_get(v, "RepoTags");

    if (id == NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "Id: an image id was expected");
    names->id = gnt_arena_strdup(names->arena, id);
    if (names->id == NULL)
        return gnt_nomem(err);
    tags = tags != NULL && tags->type == GNT_JSON_ARRAY ? tags->first : NULL;
    for (; tags != NULL; tags = tags->next) {
        const char *tag = gnt_json_text(tags);

        if (tag == NULL || strncmp(tag, "<none>", 6) == 0)
            continue;
        names->has |= strcmp(tag, names->wanted) == 0;
        names->count++;
    }
    return 0;
}

int gnt_docker_names(struct docker *d, const gantry_call *call, struct gnt_arena *arena,
                     const char *reference, struct gnt_docker_names *out, gantry_error *err)
{
    struct gnt_req r;
    int rc;

    *out = (struct gnt_docker_names){ .arena = arena };
    rc = gnt_docker_tag_name(arena, reference, &out->wanted, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &d->rest, "GET", call, image_path, reference);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_names, out, NULL, err);
}

/* ---- save ------------------------------------------------------------------------------------ */

#define S gantry_save_options
const struct gnt_out gnt_docker_save_options[] = {
    GNT_OUT_CODE(S, format),
    GNT_OUT_CODE(S, compress),
    GNT_OUT_END,
};
#undef S

/* A name without a tag would bring all tags of its repository, the beginning of an id nothing. */
static void query_image(struct gnt_req *r, struct docker *d, const char *reference)
{
    struct gnt_docker_names names;
    int rc;

    if (r->rc != 0)
        return;
    rc = gnt_docker_names(d, r->call, &r->arena, reference, &names, &r->failure);
    if (rc < 0)
        r->rc = rc;
    else
        gnt_req_query(r, "names", names.has ? names.wanted : names.id);
}

int gnt_docker_save(void *state, const char *const *references, const gantry_save_options *opts,
                    gantry_stream **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    struct gnt_req r;

    if (opts->format == GANTRY_SAVE_OCI_ARCHIVE)
        return gantry_unsupported_option(err, "format");
    if (opts->compress == GANTRY_ON)
        return gantry_unsupported_option(err, "compress");
    gnt_req_init(&r, &d->rest, "GET", gnt_call_share(&shared, opts->call), "/images/get");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, references[1] == NULL ? references[0] : "");
    r.flags |= GNT_REQ_OPEN_ENDED;
    for (; *references != NULL; references++)
        query_image(&r, d, *references);
    return gnt_rest_tar_open(&r, out, err);
}

/* ---- load ------------------------------------------------------------------------------------ */

#define L gantry_load_options
const struct gnt_out gnt_docker_load_options[] = {
    GNT_OUT_CODE(L, progress),
    GNT_OUT_CODE(L, progress_arg),
    GNT_OUT_END,
};
#undef L

struct loading {
    struct docker *d;
    struct gnt_upload upload;
    gantry_load_result *result;
};

/* "Loaded image: app:latest" or "Loaded image ID: sha256:..." */
static int take_line(struct loading *l, const char *line, size_t size, gantry_error *err)
{
    static const char *const leads[] = { "Loaded image: ", "Loaded image ID: " };
    const char *name;

    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        size_t lead = strlen(leads[i]);

        if (size <= lead || strncmp(line, leads[i], lead) != 0)
            continue;
        name = gnt_arena_strndup(gnt_result_arena(l->result), line + lead, size - lead);
        return name == NULL ? gnt_nomem(err) : gnt_load_add(l->result, name, err);
    }
    return 0;
}

static int take_lines(struct loading *l, const char *text, gantry_error *err)
{
    int rc = 0;

    while (rc == 0 && *text != '\0') {
        size_t size = strcspn(text, "\r\n");

        rc = take_line(l, text, size, err);
        text += size;
        text += strspn(text, "\r\n");
    }
    return rc;
}

static int tell(struct loading *l, const struct gnt_json *v, gantry_error *err)
{
    const struct gnt_json *status = gnt_json_get(v, "status");
    gantry_progress_record record = { .size = sizeof record,
                                      .kind = GANTRY_PROGRESS_STATUS,
                                      .current = -1,
                                      .total = -1,
                                      .id = gnt_json_text(gnt_json_get(v, "id")),
                                      .text = gnt_json_text(status),
                                      .duration_ms = -1 };
    struct gnt_buf json;
    int rc;

    if (record.text == NULL || l->upload.progress == NULL)
        return 0;
    record.text_size = status->size;
    gnt_json_int(gnt_json_get(v, "progressDetail/current"), &record.current);
    gnt_json_int(gnt_json_get(v, "progressDetail/total"), &record.total);
    gnt_buf_init(&json, &l->d->rest.host->mem, l->d->rest.host->limits.record_bytes * 2);
    if (gnt_json_write(v, &json) == 0)
        record.json = gnt_buf_text(&json);
    rc = gnt_upload_tell(&l->upload, &record, err);
    gnt_buf_free(&json);
    if (rc < 0) /* the archive was sent; how far the engine is with it is not known */
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    return rc;
}

/* From 23.0 on these two words are all that it says of an archive that is cut. */
static int load_failed(struct loading *l, const char *message, gantry_error *err)
{
    if (strcmp(message, "unexpected EOF") == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "the archive is cut: %s", message);
    return gnt_rest_error(&l->d->rest, 0, message, NULL, GANTRY_RESOURCE_NONE, "", err);
}

static int take_load(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct loading *l = arg;
    const char *text = gnt_json_text(gnt_json_get(v, "stream"));
    const char *message = gnt_json_text(gnt_json_get(v, "errorDetail/message"));
    int rc;

    if (v->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "what was loaded: objects were expected");
    if (message == NULL)
        message = gnt_json_text(gnt_json_get(v, "error"));
    if (message != NULL) {
        rc = load_failed(l, message, err);
        if (l->result->references[0] != NULL || l->result->image_ids[0] != NULL) {
            gnt_error_suffix(err, "images in front of it in the archive were loaded");
            gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        }
        return rc;
    }
    rc = text != NULL ? take_lines(l, text, err) : 0;
    return rc == 0 ? tell(l, v, err) : rc;
}

int gnt_docker_load(void *state, const gantry_source *tar, const gantry_load_options *opts,
                    gantry_load_result **out, gantry_error *err)
{
    struct loading l = { .d = state };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    int rc;

    l.result = gantry_result_new(l.d->rest.host, GANTRY_KIND_LOAD_RESULT, err);
    if (l.result == NULL)
        return GANTRY_E_NOMEM;
    gnt_upload_init(&l.upload, tar, opts);
    gnt_req_init(&r, &l.d->rest, "POST", call, "/images/load");
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "quiet", opts->progress == NULL ? "true" : "false");
    r.source = &l.upload.source;
    r.content_type = "application/x-tar";
    rc = gnt_req_each(&r, GNT_JSON_SEQUENCE, take_load, &l, NULL, err);
    if (rc == 0)
        rc = gnt_load_confirm(&l.d->rest, call, image_path, l.result, err);
    if (rc < 0)
        gantry_result_free(l.result);
    else
        *out = l.result;
    return rc;
}

/* ---- commit, export -------------------------------------------------------------------------- */

#define C gantry_commit_options
const struct gnt_out gnt_docker_commit_options[] = {
    GNT_OUT_STR(C, author, "author"),
    GNT_OUT_STR(C, comment, "comment"),
    GNT_OUT_STRS(C, changes, "changes"),
    GNT_OUT_ON(C, pause, "pause"),
    GNT_OUT_CODE(C, squash),
    GNT_OUT_CODE(C, format),
    GNT_OUT_REFUSE(C, reserved),
    GNT_OUT_END,
};
#undef C

int gnt_docker_commit(void *state, const char *id, const char *reference,
                      const gantry_commit_options *opts, gantry_committed **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    struct gnt_req r;

    if (opts->squash == GANTRY_ON)
        return gantry_unsupported_option(err, "squash");
    if (opts->format == GANTRY_FORMAT_OCI)
        return gantry_unsupported_option(err, "format");
    gnt_req_init(&r, &d->rest, "POST", gnt_call_share(&shared, opts->call), "/commit");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "container", id);
    if (reference != NULL)
        gnt_docker_query_name(&r, "reference", reference);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_commit_options));
    gnt_req_json(&r, gnt_req_object(&r)); /* the container's own configuration */
    return gnt_rest_commit(&r, image_path, out, err);
}

int gnt_docker_export(void *state, const char *id, const gantry_export_options *opts,
                      gantry_stream **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/containers/%s/export", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    return gnt_rest_tar_open(&r, out, err);
}
