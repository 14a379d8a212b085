/*
 * Kubernetes YAML over libpod: what its files share.
 */
#ifndef GNT_PODMAN_KUBE_H
#define GNT_PODMAN_KUBE_H

#include "podman.h"

/* One document of a YAML stream. Texts that could not be read without a YAML parser are "". */
struct podman_document {
    const char *text; /* without the line that separates it */
    size_t size;
    char kind[64];
    char name[256]; /* metadata/name */
};

/* The next document of *text, which is moved behind it; 0 at the end (podman_kube_text.c). */
int gnt_podman_next_document(const char **text, size_t *size, struct podman_document *out);

/* Append one port, "127.0.0.1:8080:80/tcp", or a range of them. */
int gnt_podman_port_text(const gantry_port *port, struct gnt_buf *out);

int gnt_podman_kube_play(void *state, const char *yaml, size_t yaml_size,
                         const gantry_kube_play_options *opts, gantry_kube_result **out,
                         gantry_error *err);
int gnt_podman_kube_down(void *state, const char *yaml, size_t yaml_size,
                         const gantry_kube_down_options *opts, gantry_kube_result **out,
                         gantry_error *err);
int gnt_podman_kube_generate(void *state, const char *const *names,
                             const gantry_kube_generate_options *opts, gantry_text **out,
                             gantry_error *err);
int gnt_podman_systemd(void *state, const char *id, const gantry_systemd_options *opts,
                       gantry_unit_list **out, gantry_error *err);
int gnt_podman_quadlets(void *state, const gantry_quadlet_options *opts, gantry_quadlet_list **out,
                        gantry_error *err);
int gnt_podman_quadlet_text(void *state, const char *name, const gantry_quadlet_options *opts,
                            gantry_text **out, gantry_error *err);
int gnt_podman_quadlet_install(void *state, const char *name, const char *text,
                               const gantry_quadlet_change_options *opts, gantry_error *err);
int gnt_podman_quadlet_remove(void *state, const char *name,
                              const gantry_quadlet_change_options *opts, gantry_error *err);

/* A whole answer as a gantry_text of at most GANTRY_KUBE_MAX_BYTES; consumes the request. */
int gnt_podman_text(struct gnt_req *r, gantry_text **out, gantry_error *err);

extern const struct gnt_in gnt_podman_kube_rows[];

#endif
