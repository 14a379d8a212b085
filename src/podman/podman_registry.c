/*
 * Registries over Podman: a login is checked on its Docker-compatible paths, the only ones that
 * have it; it has nothing to look at remote images with.
 */
#include "podman.h"

#include "rest_registry.h"

#include <stdio.h>
#include <string.h>

#define O gantry_search_options
const struct gnt_out gnt_podman_search_options[] = {
    GNT_OUT_CODE(O, auth),       GNT_OUT_CODE(O, limit),
    GNT_OUT_CODE(O, min_stars),  GNT_OUT_CODE(O, official),
    GNT_OUT_CODE(O, automated),  GNT_OUT_CODE(O, tls_verify),
    GNT_OUT_REFUSE(O, reserved), GNT_OUT_END
};
#undef O

#define O gantry_login_options
const struct gnt_out gnt_podman_login_options[] = { GNT_OUT_CODE(O, store),
                                                    GNT_OUT_REFUSE(O, reserved), GNT_OUT_END };
#undef O

/* "[OK]" or "" */
static int in_mark(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                   void *field)
{
    const char *text = gnt_json_text(v);

    (void)c;
    (void)row;
    *(int *)field = text != NULL ? text[0] != '\0' : gnt_json_true(v);
    return 0;
}

#define S gantry_search_item
const struct gnt_in gnt_podman_search_rows[] = { GNT_IN_STR_REQ(S, name, "Name"),
                                                 GNT_IN_STR(S, description, "Description"),
                                                 GNT_IN_I64(S, stars, "Stars"),
                                                 GNT_IN_HOOK(S, official, "Official", in_mark),
                                                 GNT_IN_HOOK(S, automated, "Automated", in_mark),
                                                 GNT_IN_END };
#undef S

static int registry_login(void *state, const char *registry, const gantry_auth *auth,
                          const gantry_login_options *opts, gantry_login_result **out,
                          gantry_error *err)
{
    struct podman *p = state;
    struct gnt_rest compatible = p->rest;

    if (auth->identity_token != NULL)
        return gantry_unsupported_option(err, "auth.identity_token");
    snprintf(compatible.prefix, sizeof compatible.prefix, "/v1.40");
    return gnt_rest_login(&compatible, registry, registry, auth, opts->call, out, err);
}

static int registry_search(void *state, const char *term, const gantry_search_options *opts,
                           gantry_search_result **out, gantry_error *err)
{
    static const struct gnt_search_plan plan = { .rows = gnt_podman_search_rows,
                                                 .options = gnt_podman_search_options,
                                                 .tls_parameter = "tlsVerify",
                                                 .needs_domain = 1 };
    struct podman *p = state;

    return gnt_rest_search(&p->rest, &plan, term, opts, out, err);
}

const gantry_registry_ops gnt_podman_registry_ops = { .size = sizeof gnt_podman_registry_ops,
                                                      .login = registry_login,
                                                      .search = registry_search };
