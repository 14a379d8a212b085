/*
 * Credentials on their way: copies that are wiped, what an engine knows for a registry, and the
 * headers that carry them to engines. Where they are kept is in credentials.h.
 */
#ifndef GNT_AUTH_H
#define GNT_AUTH_H

#include <gantry/auth.h>

#include "rest.h"

/* One registry's credentials, owned; wiped with gnt_auth_clear. */
struct gantry_auth_slot {
    struct gnt_mem mem;
    gantry_auth auth; /* its texts are ours, NULL where there is none */
    int given;        /* 0: nobody knows any */
};

void gnt_auth_init(struct gantry_auth_slot *slot, const struct gnt_mem *mem);
void gnt_auth_clear(struct gantry_auth_slot *slot);
/* Check and copy. `argument` is for messages, which never hold the values. INVALID, NOMEM. */
int gnt_auth_set(struct gantry_auth_slot *slot, const char *argument, const gantry_auth *auth,
                 gantry_error *err);

/*
 * The registry that a text names: the domain of an image reference, "docker.io" for one without, or
 * a domain or URL as it is in files ("https://index.docker.io/v1/"). A text without '/' counts as
 * a domain if it has a '.' or is "localhost" or in [], and behind a ':' has digits alone; with a '/'
 * at its end it is one in any case. In the arena; NULL without memory.
 */
const char *gnt_auth_registry(struct gnt_arena *arena, const char *text);
/* The same without tag and digest but with the path: "quay.io/team/app". */
const char *gnt_auth_repository(struct gnt_arena *arena, const char *text);
/* As engines and files call a registry: "https://index.docker.io/v1/" for docker.io. */
const char *gnt_auth_server(const char *registry);

/*
 * Credentials for the registry of `reference` (a domain or an image reference): `given` if not
 * NULL, else what the engine's provider, or its files and helpers, know. slot->given says whether
 * there are any; clear it in any case. INVALID if `given` is for another registry.
 */
int gnt_auth_find(struct gantry_host *host, const char *reference, const gantry_auth *given,
                  const gantry_call *call, struct gantry_auth_slot *slot, gantry_error *err);

/* {"username","password","serveraddress"} or with a token in their place. NULL without memory. */
struct gnt_json *gnt_auth_json(struct gnt_arena *arena, const gantry_auth *auth,
                               const char *registry);

/* X-Registry-Auth for the registry of `reference`, see gnt_auth_find. Nothing is added when there
 * is
 * none and `always` is 0; with always 1 the header is then "e30=". Sticky failure in r. The value is
 * wiped with the request. */
void gnt_req_registry_auth(struct gnt_req *r, const char *reference, const gantry_auth *given,
                           int always);
/* X-Registry-Config of a build: a map of every registry in `auths`, and of each domain in `domains`
 * (NULL-terminated) for which the engine's credentials have some. Nothing if it would be empty. */
void gnt_req_registry_config(struct gnt_req *r, const gantry_auth *const *auths,
                             const char *const *domains);

/* base64 (RFC 4648) with padding; `url`: its alphabet for URLs. Appended. */
int gnt_base64_encode(struct gnt_buf *out, const void *data, size_t size, int url);
/* The standard alphabet, padding needed; white space at the end is no part of it. 0, PROTOCOL or the
 * buffer's rc. */
int gnt_base64_decode(struct gnt_buf *out, const char *text, size_t size);

#endif
