/*
 * Docker: manifest lists. It keeps none; what there is in a registry can be looked at, down to the
 * platforms.
 */
#include "docker.h"

#include "auth.h"

#define I gantry_manifest_item
static const struct gnt_in item_rows[] = {
    GNT_IN_STR(I, os, "os"),
    GNT_IN_STR(I, architecture, "architecture"),
    GNT_IN_STR(I, variant, "variant"),
    GNT_IN_STR(I, os_version, "os.version"),
    GNT_IN_END,
};
#undef I

static int in_items(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    (void)row;
    return gnt_in_counted(c, v, GANTRY_KIND_MANIFEST_ITEM, item_rows, field);
}

const struct gnt_in gnt_docker_manifest_rows[] = {
    GNT_IN_STR_REQ(gantry_manifest, digest, "Descriptor/digest"),
    GNT_IN_STR(gantry_manifest, media_type, "Descriptor/mediaType"),
    GNT_IN_HOOK(gantry_manifest, items, "Platforms", in_items),
    GNT_IN_END,
};

#define O gantry_manifest_inspect_options
const struct gnt_out gnt_docker_manifest_inspect_options[] = {
    GNT_OUT_CODE(O, auth), GNT_OUT_REFUSE(O, tls_verify), GNT_OUT_REFUSE(O, reserved), GNT_OUT_END
};
#undef O

static int inspect(void *state, const char *name, const gantry_manifest_inspect_options *opts,
                   gantry_manifest **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/distribution/%r/json", name);
    gnt_req_about(&r, GANTRY_RESOURCE_MANIFEST, name);
    (void)gnt_req_encode(&r, opts, gnt_docker_manifest_inspect_options);
    gnt_req_registry_auth(&r, name, opts->auth, 0);
    rc = gnt_req_result(&r, GANTRY_KIND_MANIFEST, gnt_docker_manifest_rows,
                        offsetof(gantry_manifest, json), &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

const gantry_manifest_ops gnt_docker_manifest_ops = { .size = sizeof gnt_docker_manifest_ops,
                                                      .inspect = inspect };
