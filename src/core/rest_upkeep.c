/*
 * What both engines do alike for the upkeep of images: uploads that tell how far they are, the
 * confirmation of what was loaded or committed, history. Paths and words come from the backends.
 */
#include "rest_upkeep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- load ------------------------------------------------------------------------------------ */

int gnt_upload_tell(const struct gnt_upload *u, const gantry_progress_record *record,
                    gantry_error *err)
{
    if (u->progress == NULL || u->progress(u->progress_arg, record) == 0)
        return 0;
    return gnt_fail(err, GANTRY_E_CALLBACK, "the progress callback stopped the load");
}

static int read_upload(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    struct gnt_upload *u = arg;
    gantry_progress_record record = { .size = sizeof record,
                                      .kind = GANTRY_PROGRESS_STATUS,
                                      .total = u->tar.length > 0 ? u->tar.length : -1,
                                      .text = "",
                                      .duration_ms = -1 };
    int rc = u->tar.read(u->tar.arg, buffer, capacity, out_size, err);

    if (rc < 0 || *out_size == 0)
        return rc;
    u->sent += (int64_t)*out_size;
    record.current = u->sent;
    return gnt_upload_tell(u, &record, err);
}

void gnt_upload_init(struct gnt_upload *u, const gantry_source *tar,
                     const gantry_load_options *opts)
{
    *u = (struct gnt_upload){ .tar = *tar,
                              .progress = opts->progress,
                              .progress_arg = opts->progress_arg };
    u->source = *tar;
    u->source.read = read_upload;
    u->source.arg = u;
}

int gnt_load_add(gantry_load_result *result, const char *text, gantry_error *err)
{
    struct gnt_arena *arena = gnt_result_arena(result);
    int is_id = strncmp(text, "sha256:", 7) == 0;
    const char *const **field = is_id ? &result->image_ids : &result->references;
    const char *const *list = gnt_strings_add(arena, *field, is_id ? text + 7 : text);

    if (list == NULL)
        return gnt_nomem(err);
    *field = list;
    return 0;
}

static int confirm(struct gnt_rest *rest, const gantry_call *call, const char *path,
                   const char *name, const char *what, gantry_error *err)
{
    struct gnt_req r;
    int rc;

    gnt_req_init(&r, rest, "GET", call, path, name);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, name);
    rc = gnt_req_run(&r, NULL, err);
    if (rc < 0) {
        gnt_error_prefix(err, "the %s ended well, but its image could not be confirmed: ", what);
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    }
    return rc;
}

int gnt_load_confirm(struct gnt_rest *rest, const gantry_call *call, const char *path,
                     const gantry_load_result *result, gantry_error *err)
{
    int rc = 0;

    if (result->references[0] == NULL && result->image_ids[0] == NULL) {
        rc = gnt_fail(err, GANTRY_E_INVALID, "the engine found no image in the archive");
        gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    for (const char *const *name = result->references; rc == 0 && *name != NULL; name++)
        rc = confirm(rest, call, path, *name, "load", err);
    for (const char *const *id = result->image_ids; rc == 0 && *id != NULL; id++)
        rc = confirm(rest, call, path, *id, "load", err);
    return rc;
}

/* ---- history --------------------------------------------------------------------------------- */

int gnt_in_layer_id(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const char *text = gnt_json_text(v);

    return text == NULL || text[0] == '<' ? 0 : gnt_in_id(c, v, row, field);
}

static int take_layers(void *arg, struct gnt_json *v, gantry_error *err)
{
    static const struct gnt_in rows[] = {
        GNT_IN_STRS(gantry_image_history, layer_digests, "RootFS/Layers"), GNT_IN_END
    };

    return gnt_decode(gnt_result_arena(arg), v, NULL, rows, arg, err);
}

int gnt_rest_history(struct gnt_rest *rest, const char *reference, const char *lookup,
                     const struct gnt_in *rows, const gantry_call *call, gantry_image_history **out,
                     gantry_error *err)
{
    gantry_call shared;
    void *history = NULL;
    struct gnt_req r;
    int rc;

    call = gnt_call_share(&shared, call);
    gnt_req_init(&r, rest, "GET", call, "/images/%r/history", lookup);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    rc = gnt_req_list(&r, GANTRY_KIND_IMAGE_HISTORY, GANTRY_KIND_IMAGE_LAYER, rows, NULL, NULL,
                      &history, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, rest, "GET", call, "/images/%r/json", lookup);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_layers, history, NULL, err);
    if (rc < 0)
        gnt_result_free(history);
    else
        *out = history;
    return rc;
}

/* ---- prune ----------------------------------------------------------------------------------- */

void gnt_filter_time(char out[48], int64_t time_ns)
{
    snprintf(out, 48, "%" PRId64 ".%09d", time_ns / 1000000000, (int)(time_ns % 1000000000));
}

static void add_lines(char *out, size_t size, size_t *used, const char *what,
                      const char *const *list)
{
    for (; *list != NULL && *used < size - 1; list++) {
        int n = snprintf(out + *used, size - *used, "%s %s\n", what, *list);

        *used = n < 0 || (size_t)n >= size - *used ? size - 1 : *used + (size_t)n;
    }
}

int gnt_prune_failed(const gantry_image_pruned *pruned, int rc, gantry_error *err)
{
    size_t used = 0;

    if (rc == 0 || err == NULL)
        return rc;
    err->output[0] = '\0';
    add_lines(err->output, sizeof err->output, &used, "untagged", pruned->untagged);
    add_lines(err->output, sizeof err->output, &used, "deleted", pruned->deleted);
    add_lines(err->output, sizeof err->output, &used, "deleted cache record", pruned->caches);
    if (used > 0) {
        gnt_error_suffix(err, "part of the prune was done before");
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    return rc;
}

/* ---- commit ---------------------------------------------------------------------------------- */

int gnt_rest_commit(struct gnt_req *r, const char *path, gantry_committed **out, gantry_error *err)
{
    static const struct gnt_in rows[] = { GNT_IN_ID_REQ(gantry_committed, image_id, "Id"),
                                          GNT_IN_END };
    struct gnt_rest *rest = r->rest;
    const gantry_call *call = r->call;
    gantry_committed *committed;
    void *result = NULL;
    int rc = gnt_req_result(r, GANTRY_KIND_COMMITTED, rows, SIZE_MAX, &result, err);

    if (rc < 0)
        return rc;
    committed = result;
    rc = confirm(rest, call, path, committed->image_id, "commit", err);
    if (rc < 0)
        gnt_result_free(result);
    else
        *out = committed;
    return rc;
}
