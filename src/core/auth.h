/*
 * Credentials on their way to an engine: the headers of a request that reaches a registry.
 */
#ifndef GNT_AUTH_H
#define GNT_AUTH_H

#include "rest.h"

/*
 * X-Registry-Auth for the registry of `reference` (a domain or an image reference): `given` if not
 * NULL, else the engine's provider or files. Nothing is added when there is none and `always` is 0;
 * with always 1 the header is then "e30=". Sticky failure in r. The value is wiped with the
 * request.
 */
void gnt_req_registry_auth(struct gnt_req *r, const char *reference, const gantry_auth *given,
                           int always);

#endif
