/*
 * Secrets over libpod. It takes any beginning of an id for the secret: what is looked at or removed
 * is compared first, then named by its whole id.
 */
#include "podman.h"

#include "podman_spec.h"

#include <string.h>

#define S gantry_secret
const struct gnt_in gnt_podman_secret_rows[] = { GNT_IN_STR_REQ(S, id, "ID"),
                                                 GNT_IN_STR_REQ(S, name, "Spec/Name"),
                                                 GNT_IN_STR(S, driver, "Spec/Driver/Name"),
                                                 GNT_IN_TIME(S, created_ns, "CreatedAt"),
                                                 GNT_IN_TIME(S, updated_ns, "UpdatedAt"),
                                                 GNT_IN_MAP(S, labels, "Spec/Labels"),
                                                 GNT_IN_MAP(S, options, "Spec/Driver/Options"),
                                                 GNT_IN_END };
#undef S

#define C gantry_secret_created
static const struct gnt_in created_rows[] = { GNT_IN_STR_REQ(C, id, "ID"), GNT_IN_END };
#undef C

#define O gantry_secret_options
const struct gnt_out gnt_podman_secret_create_options[] = {
    GNT_OUT_STR(O, driver, "driver"), GNT_OUT_MAP(O, options, "driveropts"),
    GNT_OUT_MAP(O, labels, "labels"), GNT_OUT_CODE(O, replace),
    GNT_OUT_REFUSE(O, reserved),      GNT_OUT_END
};
#undef O

#define O gantry_secret_list_options
const struct gnt_out gnt_podman_secret_list_options[] = { GNT_OUT_CODE(O, names),
                                                          GNT_OUT_CODE(O, labels), GNT_OUT_END };
#undef O

#define O gantry_secret_remove_options
const struct gnt_out gnt_podman_secret_remove_options[] = { GNT_OUT_CODE(O, missing_ok),
                                                            GNT_OUT_REFUSE(O, reserved),
                                                            GNT_OUT_END };
#undef O

/* ---- looking --------------------------------------------------------------------------------- */

static int podman_secret_inspect(void *state, const char *id,
                                 const gantry_secret_inspect_options *opts, gantry_secret **out,
                                 gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/secrets/%s/json",
                                              .resource_kind = GANTRY_RESOURCE_SECRET,
                                              .result_kind = GANTRY_KIND_SECRET,
                                              .rows = gnt_podman_secret_rows,
                                              .json_offset = offsetof(gantry_secret, json) };
    struct podman *p = state;
    void *result = NULL;
    gantry_secret *secret;
    int rc = gnt_rest_lookup(&p->rest, &lookup, opts->call, id, &result, err);

    if (rc < 0)
        return rc;
    secret = result;
    if (strcmp(secret->id, id) != 0 && strcmp(secret->name, id) != 0) {
        gnt_result_free(secret);
        gnt_podman_refuse(err, GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_SECRET, id,
                          "no such secret; beginnings of ids do not count");
        gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
        return GANTRY_E_NOT_FOUND;
    }
    *out = secret;
    return 0;
}

/* Lists below 5.0 have no labels. One that went meanwhile has none, and matches none. */
static int add_labels(struct podman *p, const gantry_call *call, gantry_secret_list *list,
                      gantry_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        gantry_secret *item = (gantry_secret *)list->items[i]; /* ours: decoding made it */
        gantry_secret_inspect_options opts = { .size = sizeof opts, .call = call };
        gantry_secret *secret = NULL;
        gantry_error failure = { 0 };
        gantry_pair *labels;
        int rc = podman_secret_inspect(p, item->id, &opts, &secret, &failure);

        if (rc == GANTRY_E_NOT_FOUND)
            continue;
        if (rc < 0) {
            if (err != NULL)
                *err = failure;
            return rc;
        }
        labels = gantry_result_alloc(list, (secret->label_count + 1) * sizeof *labels);
        for (size_t n = 0; labels != NULL && n < secret->label_count; n++) {
            labels[n].key = gantry_result_strdup(list, secret->labels[n].key);
            labels[n].value = gantry_result_strdup(list, secret->labels[n].value);
            if (labels[n].key == NULL || labels[n].value == NULL)
                labels = NULL;
        }
        item->labels = labels;
        item->label_count = labels != NULL ? secret->label_count : 0;
        gantry_secret_free(secret);
        if (labels == NULL)
            return gnt_nomem(err);
    }
    return 0;
}

static void keep_wanted(gantry_secret_list *list, const struct podman_wanted *wanted)
{
    const gantry_secret **items = (const gantry_secret **)list->items;
    size_t kept = 0;

    if (list->count == 0)
        return;
    for (size_t i = 0; i < list->count; i++) {
        if (gnt_podman_accept(items[i], wanted))
            items[kept++] = items[i];
    }
    items[kept] = NULL;
    list->count = kept;
}

static int podman_secret_list(void *state, const gantry_secret_list_options *opts,
                              gantry_secret_list **out, gantry_error *err)
{
    struct podman *p = state;
    struct podman_wanted wanted = { .names = { .names = opts->names,
                                               .offset = offsetof(gantry_secret, name) },
                                    .labels_offset = offsetof(gantry_secret, labels) };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", call, "/secrets/json");
    gnt_req_about(&r, GANTRY_RESOURCE_SECRET, "");
    rc = gnt_req_list(&r, GANTRY_KIND_SECRET_LIST, GANTRY_KIND_SECRET, gnt_podman_secret_rows,
                      gnt_podman_accept, &wanted, &result, err);
    if (rc == 0 && gnt_rest_at_least(&p->rest, 4, 3, 0) && !gnt_rest_at_least(&p->rest, 5, 0, 0))
        rc = add_labels(p, call, result, err);
    if (rc < 0) {
        gnt_result_free(result);
        return rc;
    }
    wanted.labels = opts->labels;
    keep_wanted(result, &wanted);
    *out = result;
    return 0;
}

/* ---- changing -------------------------------------------------------------------------------- */

static int podman_secret_remove(void *state, const char *id,
                                const gantry_secret_remove_options *opts, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_secret_inspect_options look = { .size = sizeof look, .call = call };
    gantry_secret *secret = NULL;
    int rc = podman_secret_inspect(p, id, &look, &secret, err);

    if (rc == 0)
        rc = gnt_rest_act(&p->rest, "DELETE", call, GANTRY_RESOURCE_SECRET, secret->id,
                          "/secrets/%s", err);
    gantry_secret_free(secret);
    return rc;
}

static int send(struct podman *p, const char *name, const void *data, size_t size,
                const gantry_secret_options *opts, const gantry_call *call, int replace,
                gantry_secret_created **out, gantry_error *err)
{
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "POST", call, "/secrets/create");
    gnt_req_about(&r, GANTRY_RESOURCE_SECRET, name);
    gnt_req_secret(&r);
    if (opts->label_count > 0)
        gnt_podman_need(&r, "labels", 4, 3);
    gnt_req_query(&r, "name", name);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_secret_create_options));
    gnt_req_query_true(&r, "replace", replace);
    if (r.rc == 0) {
        if (gnt_buf_add(&r.body, data, size) < 0)
            gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
        r.content_type = "application/octet-stream";
        r.has_body = 1;
    }
    rc = gnt_req_result(&r, GANTRY_KIND_SECRET_CREATED, created_rows, SIZE_MAX, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

/* Below 4.7 the name has to be free. */
static int make_room(struct podman *p, const char *name, const gantry_call *call, int *out_removed,
                     gantry_error *err)
{
    gantry_secret_inspect_options look = { .size = sizeof look, .call = call };
    gantry_secret *old = NULL;
    gantry_error failure = { 0 };
    int rc = podman_secret_inspect(p, name, &look, &old, &failure);

    if (rc == 0 && strcmp(old->name, name) == 0) {
        rc = gnt_rest_act(&p->rest, "DELETE", call, GANTRY_RESOURCE_SECRET, old->id, "/secrets/%s",
                          &failure);
        *out_removed = rc == 0;
    }
    gantry_secret_free(old);
    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int podman_secret_create(void *state, const char *name, const void *data, size_t data_size,
                                const gantry_secret_options *opts, gantry_secret_created **out,
                                gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    int native = gnt_rest_at_least(&p->rest, 4, 7, 0);
    int replace = opts->replace == GANTRY_ON;
    int removed = 0;
    int rc = gnt_podman_check_switch("replace", opts->replace, err);

    /* What is wrong with the options is found out before anything is removed. */
    if (rc == 0)
        rc = gnt_rest_check_options(&p->rest, opts, gnt_podman_secret_create_options, err);
    if (rc == 0 && replace && !native)
        rc = make_room(p, name, call, &removed, err);
    if (rc == 0)
        rc = send(p, name, data, data_size, opts, call, replace && native, out, err);
    if (rc < 0 && removed) {
        gnt_error_prefix(err, "the old secret was removed, but the new one not made: ");
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    return rc;
}

const gantry_secret_ops gnt_podman_secret_ops = { .size = sizeof(gantry_secret_ops),
                                                  .create = podman_secret_create,
                                                  .inspect = podman_secret_inspect,
                                                  .list = podman_secret_list,
                                                  .remove = podman_secret_remove };
