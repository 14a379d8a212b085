/*
 * Waiting for a state by libpod's own word. Its endpoint answers nothing before that, so the
 * request is sent when the wait begins, and even the head of the answer is part of the result.
 */
#include "podman.h"

#include <string.h>

static int is_end(const char *word)
{
    static const char *const ends[] = { "stopped", "exited", "removing" };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(word, ends[i]) == 0)
            return 1;
    }
    return 0;
}

int gnt_podman_wait_word(struct podman *p, const char *id, const gantry_wait_options *opts,
                         gantry_wait **out, gantry_error *err)
{
    const struct gnt_wait_plan plan = { .late_head = 1,
                                        .plain = 1,
                                        .no_code = !is_end(opts->engine_condition) };
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/containers/%s/wait", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "condition", opts->engine_condition);
    return gnt_rest_wait_open(&r, &plan, out, err);
}
