/*
 * Docker: volumes. Its own create accepts a name that exists, so that here it is asked first.
 */
#include "docker.h"

#include "rest_volume.h"

#include <string.h>

#define V gantry_volume
const struct gnt_in gnt_docker_volume_rows[] = {
    GNT_IN_STR_REQ(V, name, "Name"),         GNT_IN_STR(V, driver, "Driver"),
    GNT_IN_STR(V, mountpoint, "Mountpoint"), GNT_IN_STR(V, scope, "Scope"),
    GNT_IN_TIME(V, created_ns, "CreatedAt"), GNT_IN_MAP(V, labels, "Labels"),
    GNT_IN_MAP(V, options, "Options"),       GNT_IN_END,
};
#undef V

#define O gantry_volume_options
const struct gnt_out gnt_docker_volume_options[] = {
    GNT_OUT_STR(O, driver, "Driver"),
    GNT_OUT_MAP(O, options, "DriverOpts"),
    GNT_OUT_MAP(O, labels, "Labels"),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_END,
};
#undef O

#define L gantry_volume_list_options
const struct gnt_out gnt_docker_volume_list_options[] = {
    GNT_OUT_CODE(L, names),   GNT_OUT_CODE(L, labels),
    GNT_OUT_CODE(L, filters), GNT_OUT_CODE(L, filter_count),
    GNT_OUT_CODE(L, drivers), GNT_OUT_CODE(L, unused),
    GNT_OUT_CODE(L, usage),   GNT_OUT_END,
};
#undef L

#define I gantry_volume_inspect_options
const struct gnt_out gnt_docker_volume_inspect_options[] = {
    GNT_OUT_CODE(I, usage),
    GNT_OUT_CODE(I, reserved),
    GNT_OUT_END,
};
#undef I

/* Both are the library's business. */
#define D gantry_volume_remove_options
const struct gnt_out gnt_docker_volume_remove_options[] = {
    GNT_OUT_CODE(D, missing_ok),
    GNT_OUT_CODE(D, force),
    GNT_OUT_END,
};
#undef D

/* ---- disk use -------------------------------------------------------------------------------- */

#define V gantry_volume
const struct gnt_in gnt_docker_volume_usage_rows[] = {
    GNT_IN_STR_REQ(V, name, "Name"),
    GNT_IN_I64(V, used_bytes, "UsageData/Size"),
    GNT_IN_I64(V, references, "UsageData/RefCount"),
    GNT_IN_END,
};
#undef V

static int ask_usage(struct docker *d, const gantry_call *call, void *out, gantry_error *err)
{
    int nested = gnt_rest_at_least(&d->rest, 1, 52, 0);
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "GET", call, "/system/df");
    r.array_path = nested ? "VolumeUsage/Items" : "Volumes";
    if (gnt_rest_at_least(&d->rest, 1, 42, 0))
        gnt_req_query(&r, "type", "volume");
    gnt_req_query_true(&r, "verbose", nested); /* without, there are only sums */
    return gnt_req_list(&r, GANTRY_KIND_VOLUME_LIST, GANTRY_KIND_VOLUME,
                        gnt_docker_volume_usage_rows, NULL, NULL, out, err);
}

static int add_usage(struct docker *d, const gantry_call *call, gantry_volume *const *volumes,
                     size_t count, gantry_error *err)
{
    void *usage = NULL;
    int rc = gnt_docker_usage_turn(d, call, ask_usage, &usage, err);

    if (rc == 0)
        gnt_volume_join(volumes, count, usage);
    gantry_result_free(usage);
    return rc;
}

static void settle(const struct docker *d, gantry_volume *v)
{
    v->anonymous = !gnt_rest_at_least(&d->rest, 1, 42, 0) && gnt_volume_made_up(v->name);
    for (size_t i = 0; i < v->label_count; i++)
        v->anonymous |= strcmp(v->labels[i].key, GNT_DOCKER_ANONYMOUS) == 0;
}

/* ---- slots ----------------------------------------------------------------------------------- */

static int look_up(struct docker *d, const char *name, const gantry_call *call, void **out,
                   gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/volumes/%s",
                                            .resource_kind = GANTRY_RESOURCE_VOLUME,
                                            .result_kind = GANTRY_KIND_VOLUME,
                                            .rows = gnt_docker_volume_rows,
                                            .json_offset = offsetof(gantry_volume, json) };

    int rc = gnt_rest_lookup(&d->rest, &what, call, name, out, err);

    if (rc == 0)
        settle(d, *out);
    return rc;
}

/* 0: the name is free. */
static int check_free(struct docker *d, const char *name, const gantry_call *call,
                      gantry_error *err)
{
    void *there = NULL;
    gantry_error e = { 0 };
    int rc = look_up(d, name, call, &there, &e);

    gantry_result_free(there);
    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc == 0) {
        rc = gnt_fail(&e, GANTRY_E_EXISTS, "a volume named %s exists already", name);
        gnt_error_resource(&e, GANTRY_RESOURCE_VOLUME, name);
        gnt_error_outcome(&e, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    if (err != NULL)
        *err = e;
    return rc;
}

static int volume_create(void *state, const char *name, const gantry_volume_options *opts,
                         gantry_volume **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    struct gnt_json *body;
    void *result = NULL;
    int rc = name != NULL ? check_free(d, name, call, err) : 0;

    if (rc < 0)
        return rc;
    gnt_req_init(&r, &d->rest, "POST", call, "/volumes/create");
    gnt_req_about(&r, GANTRY_RESOURCE_VOLUME, name != NULL ? name : "");
    body = gnt_req_encode(&r, opts, gnt_docker_volume_options);
    if (body != NULL && name != NULL &&
        gnt_json_set(&r.arena, body, "Name", gnt_json_string(&r.arena, name)) < 0)
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_extra_json(&r, body, opts->extra_json);
    gnt_req_json(&r, body);
    rc = gnt_req_result(&r, GANTRY_KIND_VOLUME, gnt_docker_volume_rows,
                        offsetof(gantry_volume, json), &result, err);
    if (rc < 0)
        return rc;
    settle(d, result);
    *out = result;
    return 0;
}

static int volume_inspect(void *state, const char *name, const gantry_volume_inspect_options *opts,
                          gantry_volume **out, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    void *result = NULL;
    gantry_volume *volume;
    int rc = look_up(state, name, call, &result, err);

    volume = result;
    if (rc == 0 && opts->usage == GANTRY_ON)
        rc = add_usage(state, call, &volume, 1, err);
    if (rc == 0)
        *out = volume;
    else
        gantry_result_free(result);
    return rc;
}

static int volume_list(void *state, const gantry_volume_list_options *opts,
                       gantry_volume_list **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    struct gnt_json *filters;
    gantry_volume_list *list;
    gantry_volume *const *items;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", call, "/volumes");
    r.array_path = "Volumes";
    filters = gnt_req_object(&r);
    gnt_req_filter_list(&r, filters, "name", opts->names); /* parts of names match */
    gnt_req_filter_list(&r, filters, "label", opts->labels);
    gnt_volume_filter_unused(&r, filters, opts->unused);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    rc = gnt_req_list(&r, GANTRY_KIND_VOLUME_LIST, GANTRY_KIND_VOLUME, gnt_docker_volume_rows,
                      gnt_volume_accept, opts, &result, err);
    if (rc < 0)
        return rc;
    list = result;
    items = (gantry_volume *const *)list->items; /* ours: decoding made them */
    for (size_t i = 0; i < list->count; i++)
        settle(d, items[i]);
    if (opts->usage == GANTRY_ON && list->count > 0)
        rc = add_usage(d, call, items, list->count, err);
    if (rc == 0)
        *out = list;
    else
        gantry_result_free(list);
    return rc;
}

static int volume_remove(void *state, const char *name, const gantry_volume_remove_options *opts,
                         gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_act(&d->rest, "DELETE", opts->call, GANTRY_RESOURCE_VOLUME, name, "/volumes/%s",
                        err);
}

const gantry_volume_ops gnt_docker_volume_ops = {
    .size = sizeof gnt_docker_volume_ops,
    .create = volume_create,
    .inspect = volume_inspect,
    .list = volume_list,
    .remove = volume_remove,
};
