/*
 * Waiting for a state by libpod's own word. Its endpoint answers nothing before that, so the
 * request is sent when the wait begins, and even the head of the answer is part of the result.
 */
#include "podman.h"

#include <string.h>

static int is_one_of(const char *const *words, const char *word)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0)
            return 1;
    }
    return 0;
}

/* Podman 5 says 0 where it should say what went wrong. */
static int failure_for(const char *word)
{
    static const char *const ends[] = { "stopped", "exited", "removing", NULL };
    static const char *const states[] = { "configured", "created", "running",   "paused",
                                          "unknown",    "healthy", "unhealthy", NULL };

    if (is_one_of(ends, word))
        return 0;
    return is_one_of(states, word) ? GANTRY_E_STATE : GANTRY_E_INVALID;
}

int gnt_podman_wait_word(struct podman *p, const char *id, const gantry_wait_options *opts,
                         gantry_wait **out, gantry_error *err)
{
    const struct gnt_wait_plan plan = { .late_head = 1,
                                        .plain = 1,
                                        .no_end = failure_for(opts->engine_condition) };
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/containers/%s/wait", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "condition", opts->engine_condition);
    return gnt_rest_wait_open(&r, &plan, out, err);
}
