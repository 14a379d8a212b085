/*
 * Registries behind engines that speak REST: login and search, which look alike but for data.
 */
#ifndef GNT_REST_REGISTRY_H
#define GNT_REST_REGISTRY_H

#include "auth.h"
#include "rest_ops.h"

/* POST /auth below the prefix of `rest`. server: what the engine calls the registry. */
int gnt_rest_login(struct gnt_rest *rest, const char *registry, const char *server,
                   const gantry_auth *auth, const gantry_call *call, gantry_login_result **out,
                   gantry_error *err);

struct gnt_search_plan {
    const struct gnt_in *rows;     /* of a gantry_search_item */
    const struct gnt_out *options; /* what is refused */
    const char *tls_parameter;     /* "tlsVerify", or NULL */
    int needs_domain;              /* the term must begin with a domain, docker.io too */
};
/* GET /images/search. Filters are sent, and looked at again in the answer. */
int gnt_rest_search(struct gnt_rest *rest, const struct gnt_search_plan *plan, const char *term,
                    const gantry_search_options *opts, gantry_search_result **out,
                    gantry_error *err);

#endif
