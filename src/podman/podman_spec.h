/*
 * The parts of a create request's body (libpod's SpecGenerator), one file each, and what they
 * share. All of them keep the first failure in the request.
 */
#ifndef GNT_PODMAN_SPEC_H
#define GNT_PODMAN_SPEC_H

#include "podman.h"

/* What the kernel says where swap has no limit: the largest number of whole pages. */
#define GNT_PODMAN_NO_SWAP_LIMIT ((int64_t)0x7ffffffffffff000)

void gnt_podman_spec_mounts(struct gnt_req *r, struct gnt_json *body,
                            const gantry_container_options *opts);
void gnt_podman_spec_network(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts);
void gnt_podman_spec_resources(struct gnt_req *r, struct gnt_json *body,
                               const gantry_resources *resources);
void gnt_podman_spec_security(struct gnt_req *r, struct gnt_json *body,
                              const gantry_container_options *opts);
void gnt_podman_spec_devices(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts);
/* Health, restart, log, secrets, namespaces. */
void gnt_podman_spec_service(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts);

/* Hooks of the options' table: "80/tcp" list, limits of processes. */
int gnt_podman_out_exposed(struct gnt_out_context *c, const struct gnt_out *row, const void *field);
int gnt_podman_out_ulimits(struct gnt_out_context *c, const struct gnt_out *row, const void *field);

/* ---- helpers (podman_spec.c) ----------------------------------------------------------------- */

/* A new object at the end of the array body[name], which is made if it is not there. NULL after a
 * failure. */
struct gnt_json *gnt_podman_append(struct gnt_req *r, struct gnt_json *body, const char *name);
/* A value at the end of it. */
void gnt_podman_add(struct gnt_req *r, struct gnt_json *body, const char *name,
                    struct gnt_json *value);
void gnt_podman_put_text(struct gnt_req *r, struct gnt_json *item, const char *path,
                         const char *text);
void gnt_podman_put_number(struct gnt_req *r, struct gnt_json *item, const char *path,
                           int64_t number);
void gnt_podman_put_flag(struct gnt_req *r, struct gnt_json *item, const char *path, int value);
/* object[key] = value, the key taken as it is. */
void gnt_podman_set(struct gnt_req *r, struct gnt_json *object, const char *key,
                    struct gnt_json *value);
/* A text at the end of an array. */
void gnt_podman_add_text(struct gnt_req *r, struct gnt_json *array, const char *text);
/* body[name] = { "nsmode", "value" } from "container:web", "host", ...; NULL: nothing. */
void gnt_podman_put_namespace(struct gnt_req *r, struct gnt_json *body, const char *name,
                              const char *mode);
/* UNSUPPORTED unless the engine is that new. `what` names the option. */
void gnt_podman_need(struct gnt_req *r, const char *what, int major, int minor);

/* Whether any limit was asked for. */
int gnt_podman_has_limits(const gantry_resources *resources);

/* ---- around the request (podman_create.c, podman_warnings.c, podman_sources.c) --------------- */


/* The name of the option whose effect a warning takes back, or NULL. */
const char *gnt_podman_taken_back(const char *warning, const gantry_container_options *opts);
/* Whether a mount has create_source. */
int gnt_podman_wants_sources(const gantry_container_options *opts);
/* Make what create_source is to make. */
int gnt_podman_make_sources(struct podman *p, const char *image,
                            const gantry_container_options *opts, const gantry_call *call,
                            gantry_error *err);
/* A copy of a health check with what the image and the engine would put in for zero. `arena` holds
 * what it points to. */
int gnt_podman_complete_health(struct podman *p, struct gnt_arena *arena, const char *image,
                               const gantry_call *call, const gantry_health *given,
                               gantry_health *out, gantry_error *err);

/* UNSUPPORTED if something is asked for that libpod would forget on that host. */
int gnt_podman_check_host(struct podman *p, const gantry_container_options *opts,
                          const gantry_call *call, gantry_error *err);

#endif
