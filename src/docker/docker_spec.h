/*
 * Inside of making the body of a container's create request; shared by the docker_spec*.c files.
 */
#ifndef GNT_DOCKER_SPEC_H
#define GNT_DOCKER_SPEC_H

#include "docker.h"

/* ---- for hooks (docker_spec.c) --------------------------------------------------------------- */

/* Put a value at a path of the body; a NULL value is a lack of memory. */
int gnt_docker_put(struct gnt_out_context *c, const char *path, struct gnt_json *value);
/* The array or object at a path of the body, made if there is none; NULL without memory. */
struct gnt_json *gnt_docker_at(struct gnt_out_context *c, const char *path,
                               enum gnt_json_type type);
/* A text to the end of the array at a path; a NULL text is a lack of memory. */
int gnt_docker_add_text(struct gnt_out_context *c, const char *path, const char *text);
/* An object made of a struct by its table, to the end of the array at a path. */
int gnt_docker_add_struct(struct gnt_out_context *c, const char *path, const void *item,
                          const struct gnt_out *rows);

/* ---- hooks ----------------------------------------------------------------------------------- */

/* docker_spec_mount.c */
int gnt_docker_out_mounts(struct gnt_out_context *, const struct gnt_out *, const void *);
/* docker_spec_network.c */
int gnt_docker_out_ports(struct gnt_out_context *, const struct gnt_out *, const void *);
int gnt_docker_out_exposed(struct gnt_out_context *, const struct gnt_out *, const void *);
/* docker_spec_host.c */
int gnt_docker_out_resources(struct gnt_out_context *, const struct gnt_out *, const void *);
int gnt_docker_out_ulimits(struct gnt_out_context *, const struct gnt_out *, const void *);
int gnt_docker_out_devices(struct gnt_out_context *, const struct gnt_out *, const void *);
int gnt_docker_out_gpus(struct gnt_out_context *, const struct gnt_out *, const void *);
int gnt_docker_out_security(struct gnt_out_context *, const struct gnt_out *, const void *);
int gnt_docker_out_health(struct gnt_out_context *, const struct gnt_out *, const void *);

/* ---- networks (docker_spec_network.c) -------------------------------------------------------- */

/* Put the container's places in networks into the body, as many as this version takes. */
void gnt_docker_put_networks(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts);

#endif
