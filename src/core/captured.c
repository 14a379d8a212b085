/* What a capture holds, turned into codes and results. */
#include "stream.h"

#include "error.h"

int gnt_capture_result(const struct gnt_capture *c, int rc, gantry_error *err)
{
    const struct gnt_buf *full = c->out.rc != 0 ? &c->out : &c->err;

    if (rc != GANTRY_E_CALLBACK || full->rc == 0)
        return rc;
    if (full->rc == GANTRY_E_LIMIT)
        return gnt_fail(err, GANTRY_E_LIMIT, "more than %zu bytes on %s", full->max,
                        full == &c->out ? "stdout" : "stderr");
    return gnt_nomem(err);
}

int gnt_capture_take(const struct gnt_capture *c, struct gnt_arena *arena, gantry_output *out,
                     gantry_error *err)
{
    out->stdout_size = c->out.size;
    out->stderr_size = c->err.size;
    out->stdout_data = gnt_arena_strndup(arena, gnt_buf_text(&c->out), c->out.size);
    out->stderr_data = gnt_arena_strndup(arena, gnt_buf_text(&c->err), c->err.size);
    if (out->stdout_data == NULL || out->stderr_data == NULL)
        return gnt_nomem(err);
    return 0;
}
