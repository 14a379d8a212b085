/*
 * Upkeep of images that looks alike on every engine that speaks REST: archives out, archives in,
 * history, commit. Paths, tables and words are the backends'.
 *
 * Functions that take a `struct gnt_req *` consume it (it is freed on every path).
 */
#ifndef GNT_REST_UPKEEP_H
#define GNT_REST_UPKEEP_H

#include "rest_ops.h"

/*
 * The answer as a tar stream. An engine that fails behind the head of its answer can only break off
 * or write its complaint into the stream: the end is believed only behind a tar's end mark, else it
 * is what the complaint says, or TRUNCATED.
 */
int gnt_rest_tar_open(struct gnt_req *r, gantry_stream **out, gantry_error *err);
/* The same of an answer whose head is here already; on failure the exchange is still the
 * caller's. */
int gnt_rest_tar_wrap(struct gnt_rest *rest, int resource_kind, const char *resource,
                      struct gnt_exchange *x, gantry_stream **out, gantry_error *err);

/* ---- load ------------------------------------------------------------------------------------ */

/* An upload whose bytes are counted for the caller's progress. */
struct gnt_upload {
    gantry_source source; /* what to send */
    gantry_source tar;    /* where it comes from */
    gantry_progress_fn progress;
    void *progress_arg;
    int64_t sent;
};
void gnt_upload_init(struct gnt_upload *u, const gantry_source *tar,
                     const gantry_load_options *opts);
/* Hand a record of the engine to the caller, if one listens: CALLBACK when he says stop. */
int gnt_upload_tell(const struct gnt_upload *u, const gantry_progress_record *record,
                    gantry_error *err);

/* Add what was loaded: a name as the engine knows it, or "sha256:" and an id. */
int gnt_load_add(gantry_load_result *result, const char *text, gantry_error *err);
/* Nothing loaded is INVALID; all that was must be there: asked with `path` ("/images/%r/json"). */
int gnt_load_confirm(struct gnt_rest *rest, const gantry_call *call, const char *path,
                     const gantry_load_result *result, gantry_error *err);

/* ---- history, prune -------------------------------------------------------------------------- */

/* GET /images/%r/history with rows for gantry_image_layer, and the layers of /images/%r/json. */
int gnt_rest_history(struct gnt_rest *rest, const char *reference, const char *lookup,
                     const struct gnt_in *rows, const gantry_call *call, gantry_image_history **out,
                     gantry_error *err);
/* Hook for gantry_image_layer.id: what the engine calls "<missing>" is "". */
int gnt_in_layer_id(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                    void *);

/* A time as engines' filters take it: seconds since the epoch, as "1700000000.000000001". */
void gnt_filter_time(char out[48], int64_t time_ns);
/* Behind a failure that came when part of a prune was done: what was, as lines of `output`, and
 * PARTIAL. Nothing if nothing was. Returns rc. */
int gnt_prune_failed(const gantry_image_pruned *pruned, int rc, gantry_error *err);

/* ---- commit ---------------------------------------------------------------------------------- */

/* r: the POST, whose answer is {"Id"}. The image is confirmed with `path`. */
int gnt_rest_commit(struct gnt_req *r, const char *path, gantry_committed **out, gantry_error *err);

#endif
