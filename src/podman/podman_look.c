/*
 * Looking into containers over libpod: processes and changes.
 */
#include "podman.h"

#include "rest_life.h"

#include <string.h>

const struct gnt_out gnt_podman_top_options[] = {
    GNT_OUT_CODE(gantry_container_top_options, columns), GNT_OUT_END
};

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

/* How many columns were asked for: one text may name several. */
static size_t count_columns(const char *columns)
{
    size_t n = columns != NULL ? 1 : 0;

    for (; columns != NULL && *columns != '\0'; columns++)
        n += *columns == ',';
    return n;
}

static int unknown_columns(const char *columns, const char *id, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_INVALID, "columns: Podman does not know all of \"%s\"", columns);
    gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
    return GANTRY_E_INVALID;
}

/* libpod answers nothing, with 200, for what does not run; and tries columns that it does not know with
 * the container's own ps, whose answer is no table. */
static int look(struct podman *p, const char *id, const char *columns, const gantry_call *call,
                gantry_container_top **out, gantry_error *err)
{
    struct gnt_container_facts facts;
    gantry_container_top *top = NULL;
    gantry_error failure = { 0 };
    int rc = gnt_rest_container_facts(&p->rest, call, id, &facts, err);

    if (rc == 0 && facts.state != GANTRY_CONTAINER_RUNNING) {
        rc = gnt_fail(err, GANTRY_E_STATE, "the container is %s", facts.state_text);
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
    }
    if (rc < 0)
        return rc;
    rc = gnt_rest_top(&p->rest, call, id, columns, &top, &failure);
    if (rc == GANTRY_E_PROTOCOL && columns != NULL)
        return unknown_columns(columns, id, err);
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    if (columns != NULL && count(top->titles) != count_columns(columns)) {
        gnt_result_free(top);
        return unknown_columns(columns, id, err);
    }
    *out = top;
    return 0;
}

int gnt_podman_top(void *state, const char *id, const gantry_container_top_options *opts,
                   gantry_container_top **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    struct gnt_arena arena;
    const char *columns = NULL;
    int rc = 0;

    gnt_arena_init(&arena, &p->rest.host->mem);
    if (count(opts->columns) > 0) {
        columns = gnt_join(&arena, opts->columns, ",");
        rc = columns == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0)
        rc = look(p, id, columns, gnt_call_share(&shared, opts->call), out, err);
    gnt_arena_free(&arena);
    return rc;
}

int gnt_podman_changes(void *state, const char *id, const gantry_container_changes_options *opts,
                       gantry_container_changes **out, gantry_error *err)
{
    struct podman *p = state;

    /* Else a name may be that of an image, too. */
    return gnt_rest_changes(&p->rest, opts->call, id, "container", out, err);
}
