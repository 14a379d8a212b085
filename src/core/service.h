/*
 * Podman on demand: a `podman system service` that serves one engine and ends with it.
 */
#ifndef GNT_SERVICE_H
#define GNT_SERVICE_H

#include "detect.h"
#include "host.h"

struct gnt_service;

/*
 * Start it on a private listening socket that the child inherits: a client may connect at once.
 * `program` NULL = "podman" in PATH. *out_address ("unix://...") lives as long as the service.
 * NOT_FOUND if there is no such program; IO.
 */
int gnt_service_start(struct gantry_host *host, const struct gnt_environment *env,
                      const char *program, struct gnt_service **out, const char **out_address,
                      gantry_error *err);
/* What the service wrote to its standard error, its last lines; "" if nothing. */
void gnt_service_words(const struct gnt_service *service, char *out, size_t size);
/* In a forked child: let go of what is the parent's. NULL is fine. */
void gnt_service_forget(struct gnt_service *service);
/* End it and wait for its end; removes its directory. NULL is fine. */
void gnt_service_stop(struct gnt_service *service);

#endif
