/* A home of the test's own, in which engines are looked for; everything else is as if it were not. */
#ifndef DETECT_HOME_H
#define DETECT_HOME_H

#include <gantry/gantry.h>

#include "unit/home_helpers.h"

enum {
    VARIABLES = 8
};

struct fixture {
    char home[64];
    char texts[VARIABLES][400];
    const char *env[VARIABLES + 1];
    size_t count;
    gantry_engine_options opts;
    gantry_engine *engine;
    gantry_candidate_list *list;
    gantry_error err;
};

/* A variable; '~' at its beginning is the home. */
static void set(struct fixture *f, const char *name, const char *value)
{
    assert_true(f->count < VARIABLES);
    snprintf(f->texts[f->count], sizeof f->texts[0], "%s=%s%s", name,
             value[0] == '~' ? f->home : "", value[0] == '~' ? value + 1 : value);
    f->env[f->count] = f->texts[f->count];
    f->count++;
    f->env[f->count] = NULL;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (f == NULL || home_make(f->home) < 0)
        return -1;
    set(f, "HOME", "~");
    set(f, "XDG_RUNTIME_DIR", "~/run");
    set(f, "CONTAINERS_CONF", "/dev/null");
    f->opts.size = sizeof f->opts;
    f->opts.environment = f->env;
    f->opts.on_demand = GANTRY_OFF;
    f->opts.probe_timeout_ms = 30000;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gantry_engine_close(f->engine);
    gantry_candidate_list_free(f->list);
    home_remove(f->home);
    free(f);
    return 0;
}

/* The place that the engine was found at. */
static const gantry_candidate *chosen_by(const struct fixture *f)
{
    const gantry_candidate_list *list = gantry_engine_candidates(f->engine);
    const gantry_candidate *chosen = NULL;

    for (size_t i = 0; i < list->count; i++)
        chosen = list->items[i]->chosen ? list->items[i] : chosen;
    assert_non_null(chosen);
    return chosen;
}

#endif
