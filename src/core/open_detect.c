/*
 * gantry_detect(): every place is asked, none is opened.
 */
#include "open_impl.h"

#include "error.h"

static int ask_all(struct gnt_opening *o, int runtime, gantry_error *err)
{
    int rc;

    o->search.ask_rootless = 1;
    rc = gnt_opening_begin(o, runtime, err);
    for (size_t i = 0; rc == 0 && i < o->search.count; i++) {
        rc = gnt_search_await(&o->search, i, err);
        if (rc == 0 && gnt_opening_ends(o->search.jobs[i].reason.code)) {
            *err = o->search.jobs[i].reason;
            rc = err->code;
        }
        if (rc == 0)
            rc = gantry_call_check(&o->call, 0, err);
    }
    gnt_search_stop(&o->search);
    if (rc == 0)
        rc = gnt_candidates_fill(o, o->search.count, o->search.count, err);
    gnt_opening_end(o);
    return rc;
}

int gantry_detect(int runtime, const gantry_engine_options *opts, gantry_candidate_list **out,
                  gantry_error *err)
{
    struct gnt_opening o = { 0 };
    struct gantry_host host = { 0 };
    gantry_error failure = { 0 };
    int rc = gnt_opening_import(&o, runtime, opts, &failure);

    if (rc == 0 && out == NULL)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "out: must not be NULL");
    if (rc == 0)
        rc = gnt_opening_host(&host, &o, &failure);
    o.host = &host;
    if (rc == 0)
        rc = ask_all(&o, runtime, &failure);
    if (rc < 0) {
        gnt_result_free(o.list);
        gnt_error_operation(&failure, "engine.detect");
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out = o.list;
    return 0;
}
