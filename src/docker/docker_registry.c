/* Registries over Docker: it logs in, searches and looks at remote images itself. */
#include "docker.h"

#include "error.h"
#include "rest_registry.h"

#define O gantry_search_options
const struct gnt_out gnt_docker_search_options[] = {
    GNT_OUT_CODE(O, auth),       GNT_OUT_CODE(O, limit),
    GNT_OUT_CODE(O, min_stars),  GNT_OUT_CODE(O, official),
    GNT_OUT_CODE(O, automated),  GNT_OUT_REFUSE(O, tls_verify),
    GNT_OUT_REFUSE(O, reserved), GNT_OUT_END
};
#undef O

#define O gantry_remote_options
const struct gnt_out gnt_docker_remote_options[] = { GNT_OUT_CODE(O, auth),
                                                     GNT_OUT_REFUSE(O, tls_verify),
                                                     GNT_OUT_REFUSE(O, reserved), GNT_OUT_END };
#undef O

#define O gantry_login_options
const struct gnt_out gnt_docker_login_options[] = { GNT_OUT_CODE(O, store),
                                                    GNT_OUT_REFUSE(O, reserved), GNT_OUT_END };
#undef O

#define S gantry_search_item
const struct gnt_in gnt_docker_search_rows[] = {
    GNT_IN_STR_REQ(S, name, "name"),           GNT_IN_STR(S, description, "description"),
    GNT_IN_I64(S, stars, "star_count"),        GNT_IN_FLAG(S, official, "is_official"),
    GNT_IN_FLAG(S, automated, "is_automated"), GNT_IN_END
};
#undef S

/* [{"os","architecture","variant"}] -> "linux/arm/v7" */
static int in_platforms(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    const char *const *list = *(const char *const **)field;

    (void)row;
    for (v = v->type == GNT_JSON_ARRAY ? v->first : NULL; v != NULL; v = v->next) {
        list = gnt_platforms_add(c->arena, list, v);
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    *(const char *const **)field = list;
    return 0;
}

#define I gantry_remote_image
const struct gnt_in gnt_docker_remote_rows[] = {
    GNT_IN_STR_REQ(I, digest, "Descriptor/digest"),
    GNT_IN_STR(I, media_type, "Descriptor/mediaType"),
    GNT_IN_I64(I, manifest_bytes, "Descriptor/size"),
    GNT_IN_HOOK(I, platforms, "Platforms", in_platforms), GNT_IN_END
};
#undef I

static int registry_login(void *state, const char *registry, const gantry_auth *auth,
                          const gantry_login_options *opts, gantry_login_result **out,
                          gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_login(&d->rest, registry, gnt_auth_server(registry), auth, opts->call, out,
                          err);
}

static int registry_search(void *state, const char *term, const gantry_search_options *opts,
                           gantry_search_result **out, gantry_error *err)
{
    static const struct gnt_search_plan plan = { .rows = gnt_docker_search_rows,
                                                 .options = gnt_docker_search_options };
    struct docker *d = state;

    return gnt_rest_search(&d->rest, &plan, term, opts, out, err);
}

static int registry_inspect(void *state, const char *reference, const gantry_remote_options *opts,
                            gantry_remote_image **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/distribution/%r/json", reference);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    (void)gnt_req_encode(&r, opts, gnt_docker_remote_options);
    gnt_req_registry_auth(&r, reference, opts->auth, 0);
    rc = gnt_req_result(&r, GANTRY_KIND_REMOTE_IMAGE, gnt_docker_remote_rows, SIZE_MAX, &result,
                        err);
    if (rc == 0)
        *out = result;
    return rc;
}

const gantry_registry_ops gnt_docker_registry_ops = { .size = sizeof gnt_docker_registry_ops,
                                                      .login = registry_login,
                                                      .search = registry_search,
                                                      .inspect = registry_inspect };
