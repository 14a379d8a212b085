/* Pods, the public functions: create, look, list. Check arguments, import options, dispatch. */
#include "pod.h"

#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "spec_check.h"

gantry_engine *gnt_engine_of_pods(const gantry_pods *pods)
{
    return pods != NULL ? pods->engine : NULL;
}

int gnt_pod_has_share(const gantry_pod *pod, const char *name)
{
    const char *const *list = pod->share;

    while (*list != NULL && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

static int create(gantry_engine *e, const char *name, const gantry_pod_options *given,
                  gantry_pod_created **created, gantry_error *err)
{
    gantry_pod_options o;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &e->host.mem);
    rc = gnt_pod_options_import(&arena, given, &o, err);
    if (rc == 0)
        rc = e->backend->pods.create(e->state, name, &o, created, err);
    gnt_arena_free(&arena);
    return rc;
}

int gantry_pods_create(gantry_pods *pods, const char *name, const gantry_pod_options *opts,
                       gantry_pod_created **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_pods(pods);
    gantry_pod_created *created = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_PODS_CREATE, err);

    if (rc == 0 && name != NULL)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = create(e, name, opts, &created, err);
    if (rc == 0 && out != NULL)
        *out = created;
    else
        gantry_pod_created_free(created);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_CREATE, GANTRY_RESOURCE_POD, name, err);
}

int gantry_pods_inspect(gantry_pods *pods, const char *id, const gantry_pod_inspect_options *opts,
                        gantry_pod **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_pods(pods);
    gantry_pod_inspect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_PODS_INSPECT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_pod_inspect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->pods.inspect(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_INSPECT, GANTRY_RESOURCE_POD, id, err);
}

static int ask_exists(gantry_engine *e, const char *id, const gantry_pod_call_options *o,
                      int *out_exists, gantry_error *err)
{
    const gantry_pod_ops *ops = &e->backend->pods;
    gantry_pod_inspect_options inspect = { .size = sizeof inspect, .call = o->call };
    gantry_pod *pod = NULL;
    gantry_error failure = { 0 };
    int rc;

    if (ops->exists != NULL)
        return ops->exists(e->state, id, o, out_exists, err);
    rc = ops->inspect(e->state, id, &inspect, &pod, &failure);
    gantry_pod_free(pod);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out_exists = rc == 0;
    return 0;
}

int gantry_pods_exists(gantry_pods *pods, const char *id, const gantry_pod_call_options *opts,
                       int *out_exists, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_pods(pods);
    gantry_pod_call_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_PODS_EXISTS, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0 && out_exists == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "out_exists: must not be NULL");
    if (rc == 0)
        rc = GNT_IMPORT(gantry_pod_call_options, o, opts, err);
    if (rc == 0)
        rc = ask_exists(e, id, &o, out_exists, err);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_EXISTS, GANTRY_RESOURCE_POD, id, err);
}

static int check_list(const gantry_pod_list_options *o, gantry_error *err)
{
    int rc = gnt_check_texts("names", o->names, err);

    if (rc == 0)
        rc = gnt_check_texts("labels", o->labels, err);
    for (const int *state = o->states; rc == 0 && state != NULL && *state != 0; state++)
        rc = gnt_check_word("states", *state, GANTRY_POD_ERROR, "GANTRY_POD_", err);
    if (rc == 0)
        rc = gnt_check_pairs("filters", o->filters, o->filter_count, err);
    return rc;
}

int gantry_pods_list(gantry_pods *pods, const gantry_pod_list_options *opts, gantry_pod_list **out,
                     gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_pods(pods);
    gantry_pod_list_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_PODS_LIST, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_pod_list_options, o, opts, err);
    if (rc == 0)
        rc = check_list(&o, err);
    if (rc == 0)
        rc = e->backend->pods.list(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_LIST, GANTRY_RESOURCE_POD, NULL, err);
}
