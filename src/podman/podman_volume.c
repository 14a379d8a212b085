/*
 * Volumes over libpod.
 */
#include "podman.h"

#include "rest_volume.h"

#include <string.h>

#define V gantry_volume
const struct gnt_in gnt_podman_volume_rows[] = { GNT_IN_STR_REQ(V, name, "Name"),
                                                 GNT_IN_STR(V, driver, "Driver"),
                                                 GNT_IN_STR(V, mountpoint, "Mountpoint"),
                                                 GNT_IN_STR(V, scope, "Scope"),
                                                 GNT_IN_TIME(V, created_ns, "CreatedAt"),
                                                 GNT_IN_MAP(V, labels, "Labels"),
                                                 GNT_IN_MAP(V, options, "Options"),
                                                 GNT_IN_FLAG(V, anonymous, "Anonymous"),
                                                 GNT_IN_END };

/* In a disk use; volumes that would have to be mounted to be measured are not in there. */
const struct gnt_in gnt_podman_volume_usage_rows[] = { GNT_IN_STR_REQ(V, name, "VolumeName"),
                                                       GNT_IN_I64(V, used_bytes, "Size"),
                                                       GNT_IN_I64(V, references, "Links"),
                                                       GNT_IN_END };
#undef V

#define O gantry_volume_options
const struct gnt_out gnt_podman_volume_options[] = { GNT_OUT_STR(O, driver, "Driver"),
                                                     GNT_OUT_MAP(O, options, "Options"),
                                                     GNT_OUT_MAP(O, labels, "Labels"),
                                                     GNT_OUT_CODE(O, extra_json), GNT_OUT_END };
#undef O

#define O gantry_volume_list_options
const struct gnt_out gnt_podman_volume_list_options[] = {
    GNT_OUT_CODE(O, names),   GNT_OUT_CODE(O, labels),
    GNT_OUT_CODE(O, filters), GNT_OUT_CODE(O, filter_count),
    GNT_OUT_CODE(O, drivers), GNT_OUT_CODE(O, unused),
    GNT_OUT_CODE(O, usage),   GNT_OUT_END
};
#undef O

#define O gantry_volume_inspect_options
const struct gnt_out gnt_podman_volume_inspect_options[] = { GNT_OUT_CODE(O, usage),
                                                             GNT_OUT_CODE(O, reserved),
                                                             GNT_OUT_END };
#undef O

/* Both are the library's business: libpod's own force would take a beginning of a name, too. */
#define O gantry_volume_remove_options
const struct gnt_out gnt_podman_volume_remove_options[] = { GNT_OUT_CODE(O, missing_ok),
                                                            GNT_OUT_CODE(O, force), GNT_OUT_END };
#undef O

/* libpod fails to list or count volumes while another one goes. */
static int ask_usage(struct podman *p, const gantry_call *call, void **out, gantry_error *err)
{
    gantry_error e;
    struct gnt_req r;
    int tries = 0;
    int rc;

    do {
        memset(&e, 0, sizeof e);
        gnt_req_init(&r, &p->rest, "GET", call, "/system/df");
        r.array_path = "Volumes";
        rc = gnt_req_list(&r, GANTRY_KIND_VOLUME_LIST, GANTRY_KIND_VOLUME,
                          gnt_podman_volume_usage_rows, NULL, NULL, out, &e);
    } while (gnt_podman_list_again(rc, &tries));
    if (rc < 0 && err != NULL)
        *err = e;
    return rc;
}

static int add_usage(struct podman *p, const gantry_call *call, gantry_volume *const *volumes,
                     size_t count, gantry_error *err)
{
    void *usage = NULL;
    int rc = ask_usage(p, call, &usage, err);

    if (rc == 0)
        gnt_volume_join(volumes, count, usage);
    gnt_result_free(usage);
    return rc;
}

static int podman_volume_create(void *state, const char *name, const gantry_volume_options *opts,
                                gantry_volume **out, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;
    struct gnt_json *body;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/volumes/create");
    gnt_req_about(&r, GANTRY_RESOURCE_VOLUME, name != NULL ? name : "");
    body = gnt_req_encode(&r, opts, gnt_podman_volume_options);
    if (name != NULL && r.rc == 0)
        gnt_podman_put(&r, body, "Name", gnt_json_string(&r.arena, name));
    gnt_req_extra_json(&r, body, opts->extra_json);
    gnt_req_json(&r, body);
    rc = gnt_req_result(&r, GANTRY_KIND_VOLUME, gnt_podman_volume_rows,
                        offsetof(gantry_volume, json), &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

static int podman_volume_inspect(void *state, const char *name,
                                 const gantry_volume_inspect_options *opts, gantry_volume **out,
                                 gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/volumes/%s/json",
                                              .resource_kind = GANTRY_RESOURCE_VOLUME,
                                              .result_kind = GANTRY_KIND_VOLUME,
                                              .rows = gnt_podman_volume_rows,
                                              .json_offset = offsetof(gantry_volume, json) };
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    void *result = NULL;
    gantry_volume *volume;
    int rc = gnt_rest_lookup(&p->rest, &lookup, call, name, &result, err);

    volume = result;
    if (rc == 0 && opts->usage == GANTRY_ON)
        rc = add_usage(p, call, &volume, 1, err);
    if (rc == 0)
        *out = volume;
    else
        gnt_result_free(result);
    return rc;
}

/* ---- list ------------------------------------------------------------------------------------ */

struct listing {
    const gantry_volume_list_options *options;
    const gantry_volume_list *among; /* sorted; NULL: all */
};

static int accept_volume(const void *item, const void *arg)
{
    const struct listing *listing = arg;
    const gantry_volume *v = item;

    return gnt_volume_accept(v, listing->options) &&
           (listing->among == NULL || gnt_volume_find(listing->among, v->name) != NULL);
}

/* What only the engine can decide is asked alone: volumes that meet any of several conditions are
 * what Podman 4.3 lists. The others are decided on the answer, a name or label narrows it. */
static void add_filters(struct gnt_req *r, const gantry_volume_list_options *opts, int unused)
{
    int named = opts->names != NULL && opts->names[0] != NULL && opts->names[1] == NULL;
    struct podman_wanted wanted = { .names = { .names = named ? opts->names : NULL },
                                    .labels = named ? NULL : opts->labels };
    struct gnt_json *filters = gnt_req_object(r);

    if (unused)
        gnt_volume_filter_unused(r, filters, opts->unused);
    else if (opts->filter_count > 0)
        gnt_req_filter_pairs(r, filters, opts->filters, opts->filter_count);
    else
        gnt_podman_filter_wanted(r, filters, &wanted);
    gnt_req_filters(r, filters);
}

static int ask_list(struct podman *p, const struct listing *listing, int unused,
                    const gantry_call *call, gantry_volume_list **out, gantry_error *err)
{
    struct gnt_req r;
    void *list = NULL;
    gantry_error e;
    int tries = 0;
    int rc;

    do {
        memset(&e, 0, sizeof e);
        gnt_req_init(&r, &p->rest, "GET", call, "/volumes/json");
        add_filters(&r, listing->options, unused);
        rc = gnt_req_list(&r, GANTRY_KIND_VOLUME_LIST, GANTRY_KIND_VOLUME, gnt_podman_volume_rows,
                          accept_volume, listing, &list, &e);
    } while (gnt_podman_list_again(rc, &tries));
    if (rc == 0)
        *out = list;
    else if (err != NULL)
        *err = e;
    return rc;
}

static int podman_volume_list(void *state, const gantry_volume_list_options *opts,
                              gantry_volume_list **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct listing listing = { .options = opts };
    gantry_volume_list *unused = NULL;
    gantry_volume_list *list = NULL;
    int rc = 0;

    if (opts->unused != GANTRY_DEFAULT)
        rc = ask_list(p, &listing, 1, call, &unused, err);
    if (rc == 0 && unused != NULL && opts->filter_count == 0) {
        list = unused;
        unused = NULL;
    } else if (rc == 0) {
        if (unused != NULL)
            gnt_volume_sort(unused);
        listing.among = unused;
        rc = ask_list(p, &listing, 0, call, &list, err);
    }
    gnt_result_free(unused);
    if (rc == 0 && opts->usage == GANTRY_ON && list->count > 0)
        rc = add_usage(p, call, (gantry_volume *const *)list->items, list->count, err);
    if (rc == 0)
        *out = list;
    else
        gnt_result_free(list);
    return rc;
}

/* ---- remove ---------------------------------------------------------------------------------- */

/* libpod's DELETE takes any unambiguous beginning of a name; only `exists` takes it as it is. */
static int podman_volume_remove(void *state, const char *name,
                                const gantry_volume_remove_options *opts, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    int rc = gnt_rest_act(&p->rest, "GET", call, GANTRY_RESOURCE_VOLUME, name, "/volumes/%s/exists",
                          err);

    if (rc < 0)
        return rc;
    return gnt_rest_act(&p->rest, "DELETE", call, GANTRY_RESOURCE_VOLUME, name, "/volumes/%s", err);
}

const gantry_volume_ops gnt_podman_volume_ops = { .size = sizeof(gantry_volume_ops),
                                                  .create = podman_volume_create,
                                                  .inspect = podman_volume_inspect,
                                                  .list = podman_volume_list,
                                                  .remove = podman_volume_remove };
