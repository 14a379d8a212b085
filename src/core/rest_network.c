/* What networks look like on every engine that speaks REST. */
#include "rest_ops.h"

#include <string.h>

#include "error.h"

/* "10.89.0.2/24" without what is behind the address. */
int gnt_in_bare_address(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    const char *text = gnt_json_text(v);
    const char *copy;

    (void)row;
    if (text == NULL)
        return 0;
    copy = gnt_arena_strndup(c->arena, text, strcspn(text, "/"));
    if (copy == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &copy, sizeof copy);
    return 0;
}
