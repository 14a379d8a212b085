/*
 * Pause, rename, resize, processes, changes, health as both engines have them. Knows REST and
 * results.
 */
#include "rest_life.h"

#include <stdlib.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------------ */

int gnt_rest_pause(struct gnt_rest *rest, const gantry_call *call, const char *id, int pause,
                   gantry_error *err)
{
    int wanted = pause ? GANTRY_CONTAINER_PAUSED : GANTRY_CONTAINER_RUNNING;
    struct gnt_container_facts facts;
    gantry_error failure = { 0 };
    int rc = gnt_rest_act(rest, "POST", call, GANTRY_RESOURCE_CONTAINER, id,
                          pause ? "/containers/%s/pause" : "/containers/%s/unpause", &failure);

    if (rc == GANTRY_E_STATE && gnt_rest_container_facts(rest, call, id, &facts, NULL) == 0 &&
        facts.state == wanted)
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gnt_rest_rename(struct gnt_rest *rest, const gantry_call *call, const char *id,
                    const char *new_name, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, rest, "POST", call, "/containers/%s/rename", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query(&r, "name", new_name);
    return gnt_req_run(&r, NULL, err);
}

int gnt_rest_resize(struct gnt_rest *rest, const gantry_call *call, const char *id, int columns,
                    int rows, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, rest, "POST", call, "/containers/%s/resize", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_i64(&r, "h", rows);
    gnt_req_query_i64(&r, "w", columns);
    return gnt_req_run(&r, NULL, err);
}

static const struct gnt_in swap_rows[] = {
    GNT_IN_I64(gantry_container, memory_swap_bytes, "HostConfig/MemorySwap"),
    GNT_IN_END,
};

int gnt_rest_update_swap(struct gnt_rest *rest, const gantry_call *call, const char *id,
                         gantry_resources *r, gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/containers/%s/json",
                                            .resource_kind = GANTRY_RESOURCE_CONTAINER,
                                            .result_kind = GANTRY_KIND_CONTAINER,
                                            .rows = swap_rows,
                                            .json_offset = SIZE_MAX };
    void *result = NULL;
    int64_t swap;
    int rc;

    if (r->memory_bytes <= 0 || r->memory_swap_bytes != 0)
        return 0;
    rc = gnt_rest_lookup(rest, &what, call, id, &result, err);
    if (rc < 0)
        return rc;
    swap = ((gantry_container *)result)->memory_swap_bytes;
    gnt_result_free(result);
    if (swap < 0)
        r->memory_swap_bytes = GANTRY_UNLIMITED;
    else if (swap < r->memory_bytes)
        r->memory_swap_bytes =
            r->memory_bytes <= INT64_MAX / 2 ? r->memory_bytes * 2 : GANTRY_UNLIMITED;
    return 0;
}

int gnt_rest_update_check(const gantry_resources *r, gantry_error *err)
{
    const struct {
        const char *name;
        int set;
    } limits[] = {
        { "resources: memory_swappiness", r->memory_swappiness != 0 },
        { "resources: oom_kill", r->oom_kill != GANTRY_DEFAULT },
        { "resources: block_limits", r->block_limits != NULL && r->block_limits[0] != NULL },
    };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].set)
            return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                            "option \"%s\" is not supported by this engine: no update changes it",
                            limits[i].name);
    }
    return 0;
}

/* ---- taking back ----------------------------------------------------------------------------- */

int gnt_take_back(int (*remove)(void *state, const char *id,
                                const gantry_container_remove_options *opts, gantry_error *err),
                  void *state, const char *id, int rc, gantry_error *err)
{
    gantry_call call;
    gantry_container_remove_options options = {
        .size = sizeof options, .call = &call, .force = GANTRY_ON, .volumes = GANTRY_ON
    };
    int removed;

    gnt_call_cleanup(&call, rc);
    removed = remove(state, id, &options, NULL);
    if (removed == 0 || removed == GANTRY_E_NOT_FOUND) {
        gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
        return rc;
    }
    gnt_error_suffix(err, "container %s could not be removed", id);
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    return rc;
}

/* ---- restart --------------------------------------------------------------------------------- */

const struct gnt_word gnt_restart_words[] = {
    { "no", GANTRY_RESTART_NO },         { "on-failure", GANTRY_RESTART_ON_FAILURE },
    { "always", GANTRY_RESTART_ALWAYS }, { "unless-stopped", GANTRY_RESTART_UNLESS_STOPPED },
    { "", GANTRY_RESTART_NO },           { NULL, 0 }
};

int gnt_out_restart(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const struct gnt_word *word = gnt_restart_words;
    int restart;

    memcpy(&restart, field, sizeof restart);
    while (word->word != NULL && word->value != restart)
        word++;
    if (word->word == NULL)
        return gnt_fail(c->err, GANTRY_E_INVALID, "restart: %d is none of GANTRY_RESTART_",
                        restart);
    if (gnt_json_put(c->arena, c->body, row->path, gnt_json_string(c->arena, word->word)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

/* ---- processes ------------------------------------------------------------------------------- */

const char *gnt_join(struct gnt_arena *arena, const char *const *list, const char *between)
{
    const char *all = "";

    for (size_t i = 0; all != NULL && list != NULL && list[i] != NULL; i++)
        all = gnt_arena_printf(arena, "%s%s%s", all, i > 0 ? between : "", list[i]);
    return all;
}

/* [["root", "1"]]: rows of texts. */
static int in_processes(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    const char *const **rows;
    size_t count = 0;

    if (v->type != GNT_JSON_ARRAY)
        return 0;
    rows = gnt_arena_alloc(c->arena, (v->size + 1) * sizeof *rows);
    if (rows == NULL)
        return gnt_nomem(c->err);
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        int rc;

        rows[count] = gnt_no_strings;
        rc = gnt_in_strs(c, item, row, &rows[count++]);
        if (rc < 0)
            return rc;
    }
    memcpy((char *)field - sizeof count, &count, sizeof count);
    memcpy(field, &rows, sizeof rows);
    return 0;
}

static const struct gnt_in top_rows[] = {
    GNT_IN_STRS(gantry_container_top, titles, "Titles"),
    GNT_IN_HOOK(gantry_container_top, processes, "Processes", in_processes),
    GNT_IN_END,
};

int gnt_rest_top(struct gnt_rest *rest, const gantry_call *call, const char *id,
                 const char *ps_args, gantry_container_top **out, gantry_error *err)
{
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, rest, "GET", call, "/containers/%s/top", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query(&r, "ps_args", ps_args);
    rc = gnt_req_result(&r, GANTRY_KIND_CONTAINER_TOP, top_rows, SIZE_MAX, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

/* ---- changes --------------------------------------------------------------------------------- */

static const struct gnt_in change_rows[] = {
    GNT_IN_STR_REQ(gantry_container_change, path, "Path"),
    GNT_IN_INT(gantry_container_change, kind, "Kind"),
    GNT_IN_END,
};

static int by_path(const void *a, const void *b)
{
    const gantry_container_change *const *x = a;
    const gantry_container_change *const *y = b;

    return strcmp((*x)->path, (*y)->path);
}

int gnt_rest_changes(struct gnt_rest *rest, const gantry_call *call, const char *id,
                     const char *diff_type, gantry_container_changes **out, gantry_error *err)
{
    struct gnt_req r;
    gantry_container_changes *changes;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, rest, "GET", call, "/containers/%s/changes", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query(&r, "diffType", diff_type);
    rc = gnt_req_list(&r, GANTRY_KIND_CONTAINER_CHANGES, GANTRY_KIND_CONTAINER_CHANGE, change_rows,
                      NULL, NULL, &result, err);
    if (rc < 0)
        return rc;
    changes = result;
    if (changes->count > 1)
        qsort((void *)changes->items, changes->count, sizeof *changes->items, by_path);
    *out = changes;
    return 0;
}

/* ---- health ---------------------------------------------------------------------------------- */

const struct gnt_word gnt_health_words[] = { { "starting", GANTRY_HEALTH_STARTING },
                                             { "healthy", GANTRY_HEALTH_HEALTHY },
                                             { "unhealthy", GANTRY_HEALTH_UNHEALTHY },
                                             { NULL, GANTRY_HEALTH_NONE } };

static const struct gnt_in probe_rows[] = {
    GNT_IN_STR(gantry_health_probe, output, "Output"),
    GNT_IN_TIME(gantry_health_probe, started_ns, "Start"),
    GNT_IN_TIME(gantry_health_probe, finished_ns, "End"),
    GNT_IN_I64(gantry_health_probe, exit_code, "ExitCode"),
    GNT_IN_END,
};

int gnt_in_health_log(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_HEALTH_PROBE, probe_rows, field);
}

int gnt_in_health_text(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    const char *text = gnt_json_text(v);

    return text == NULL || strcmp(text, "none") == 0 ? 0 : gnt_in_str(c, v, row, field);
}

int gnt_in_health_test(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    const char *first = gnt_json_text(v->type == GNT_JSON_ARRAY ? v->first : NULL);

    return first == NULL || strcmp(first, "NONE") == 0 ? 0 : gnt_in_strs(c, v, row, field);
}
