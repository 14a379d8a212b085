/*
 * The image of a container that is to be created, fetched before if the options say so.
 */
#include "container.h"

#include "engine.h"
#include "names.h"

int gnt_container_pull(gantry_engine *e, const char *image, const gantry_container_options *o,
                       const gantry_call *call, gantry_error *err)
{
    gantry_pull_options pull = {
        .size = sizeof pull, .call = call, .platform = o->platform, .policy = o->pull
    };
    struct gnt_reference parts = { .is_id = 0 };
    struct gnt_arena arena;
    int rc;

    if (o->pull == 0 || o->pull == GANTRY_PULL_NEVER)
        return 0;
    gnt_arena_init(&arena, &e->host.mem);
    rc = gnt_reference_parse(&arena, "image", image, &parts, err);
    gnt_arena_free(&arena);
    /* No registry is asked for an id: either it is there, or create says that it is not. */
    if (rc < 0 || (parts.is_id && o->pull == GANTRY_PULL_MISSING))
        return rc;
    return gantry_images_pull(&e->images, image, &pull, NULL, err);
}
