/*
 * Images into archives and back over libpod, commit and export of containers.
 */
#include "podman.h"

#include "rest_upkeep.h"
#include "tar_plain.h"

#include <string.h>

static const char image_path[] = "/images/%r/json";

/* ---- save ------------------------------------------------------------------------------------ */

#define S gantry_save_options
const struct gnt_out gnt_podman_save_options[] = { GNT_OUT_CODE(S, format),
                                                   GNT_OUT_CODE(S, compress), GNT_OUT_END };
#undef S

/* libpod heeds "compress" for directories alone: layers are always compressed in an OCI archive and
 * never in Docker's. */
int gnt_podman_save(void *state, const char *const *references, const gantry_save_options *opts,
                    gantry_stream **out, gantry_error *err)
{
    struct podman *p = state;
    int oci = opts->format == GANTRY_SAVE_OCI_ARCHIVE;
    gantry_stream *archive = NULL;
    struct gnt_req r;
    int rc;

    if (opts->compress == (oci ? GANTRY_OFF : GANTRY_ON))
        return gantry_unsupported_option(err, "compress");
    if (oci) {
        gnt_req_init(&r, &p->rest, "GET", opts->call, "/images/%r/get",
                     gnt_podman_bare(references[0]));
        gnt_req_query(&r, "format", "oci-archive");
    } else {
        gnt_req_init(&r, &p->rest, "GET", opts->call, "/images/export");
        gnt_req_query(&r, "format", "docker-archive");
        for (const char *const *name = references; *name != NULL; name++)
            gnt_req_query(&r, "references", gnt_podman_bare(*name));
    }
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, references[1] == NULL ? references[0] : "");
    r.flags |= GNT_REQ_OPEN_ENDED;
    if (oci)
        return gnt_rest_tar_open(&r, out, err);
    rc = gnt_rest_tar_open(&r, &archive, err);
    if (rc == 0)
        rc = gnt_podman_rename(p->rest.host, archive, out, err);
    if (rc < 0)
        gantry_stream_close(archive);
    return rc;
}

/* ---- load ------------------------------------------------------------------------------------ */

#define L gantry_load_options
const struct gnt_out gnt_podman_load_options[] = { GNT_OUT_CODE(L, progress),
                                                   GNT_OUT_CODE(L, progress_arg), GNT_OUT_END };
#undef L

static int take_load(void *arg, struct gnt_json *v, gantry_error *err)
{
    const struct gnt_json *names = gnt_json_get(v, "Names");
    int rc = 0;

    if (v->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "what was loaded: an object was expected");
    names = names != NULL && names->type == GNT_JSON_ARRAY ? names->first : NULL;
    for (; rc == 0 && names != NULL; names = names->next) {
        const char *name = gnt_json_text(names);

        if (name != NULL)
            rc = gnt_load_add(arg, name, err);
    }
    return rc;
}

/* Once all are found by their whole names: the names that callers know. */
static void shorten(gantry_load_result *result)
{
    const char **list = (const char **)result->references; /* ours */

    for (; *list != NULL; list++)
        *list = gnt_podman_familiar(*list);
}

int gnt_podman_load(void *state, const gantry_source *tar, const gantry_load_options *opts,
                    gantry_load_result **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_load_result *result;
    struct gnt_tar_plain *plain = NULL; /* libpod 4.3 cannot take a Docker archive with gzip */
    struct gnt_upload upload;
    struct gnt_req r;
    int rc;

    result = gnt_result_new(&p->rest.host->mem, GANTRY_KIND_LOAD_RESULT, err);
    if (result == NULL)
        return GANTRY_E_NOMEM;
    gnt_upload_init(&upload, tar, opts);
    rc = gnt_tar_plain_new(&p->rest.host->mem, &upload.source, GNT_PACKED_GZIP, &plain, err);
    if (rc == 0) {
        gnt_req_init(&r, &p->rest, "POST", call, "/images/load");
        r.flags |= GNT_REQ_OPEN_ENDED;
        r.source = gnt_tar_plain_source(plain);
        r.content_type = "application/x-tar";
        rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_load, result, NULL, err);
    }
    gnt_tar_plain_free(plain);
    if (rc == 0)
        rc = gnt_load_confirm(&p->rest, call, image_path, result, err);
    if (rc < 0) {
        gnt_result_free(result);
        return rc;
    }
    if (result->references[0] != NULL)
        shorten(result);
    *out = result;
    return 0;
}

/* ---- commit, export -------------------------------------------------------------------------- */

#define C gantry_commit_options
const struct gnt_out gnt_podman_commit_options[] = {
    GNT_OUT_STR(C, author, "author"),    GNT_OUT_STR(C, comment, "comment"),
    GNT_OUT_STRS(C, changes, "changes"), GNT_OUT_CODE(C, pause),
    GNT_OUT_ON(C, squash, "squash"),     GNT_OUT_CODE(C, format),
    GNT_OUT_REFUSE(C, reserved),         GNT_OUT_END
};
#undef C

static int commit(struct podman *p, const char *id, const char *reference,
                  const gantry_commit_options *opts, const gantry_call *call, int pause,
                  gantry_committed **out, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", call, "/commit");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "container", id);
    if (reference != NULL)
        gnt_podman_query_name(&r, "reference", reference);
    gnt_req_query(&r, "format", opts->format == GANTRY_FORMAT_OCI ? "oci" : "docker");
    gnt_req_query(&r, "pause", pause ? "true" : "false");
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_commit_options));
    return gnt_rest_commit(&r, image_path, out, err);
}

/* Who did not ask for the pause gets the image also where the engine cannot pause: without root on
 * cgroups v1, which it says before it does anything. */
int gnt_podman_commit(void *state, const char *id, const char *reference,
                      const gantry_commit_options *opts, gantry_committed **out, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e = { 0 };
    int rc = commit(state, id, reference, opts, call, opts->pause != GANTRY_OFF, out, &e);

    if (rc == GANTRY_E_UNSUPPORTED && e.outcome == GANTRY_OUTCOME_REFUSED &&
        opts->pause == GANTRY_DEFAULT)
        rc = commit(state, id, reference, opts, call, 0, out, &e);
    if (rc < 0 && err != NULL)
        *err = e;
    return rc;
}

int gnt_podman_export(void *state, const char *id, const gantry_export_options *opts,
                      gantry_stream **out, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/containers/%s/export", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    return gnt_rest_tar_open(&r, out, err);
}
