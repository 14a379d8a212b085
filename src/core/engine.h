/*
 * The engine and its managers inside; how public functions dispatch to a backend's slots.
 */
#ifndef GNT_ENGINE_H
#define GNT_ENGINE_H

#include <gantry/backend.h>

#include "fields.h"
#include "host.h"
#include "model.h"

/* A backend as the library keeps it: full-size copies of its tables, zero where it has nothing. */
struct gnt_backend {
    gantry_backend facts; /* its table pointers point to the copies below, or are NULL */
    gantry_engine_ops engine;
    gantry_image_ops images;
    gantry_container_ops containers;
    gantry_volume_ops volumes;
    gantry_network_ops networks;
    gantry_registry_ops registries;
    gantry_manifest_ops manifests;
    gantry_pod_ops pods;
    gantry_secret_ops secrets;
    gantry_system_ops system;
    gantry_kube_ops kube;
    gantry_ssh_facts ssh;
    /* Of registry.c, under its lock but for what never changes. */
    struct gnt_backend *next;
    size_t order;      /* newer ones have higher numbers; never changes */
    size_t references; /* of those who use it outside of the lock, engines among them */
    size_t engines;
    int built_in; /* never changes */
};

/* The managers are views: all are the engine's first bytes under other types. */
struct gantry_images {
    gantry_engine *engine;
};
struct gantry_containers {
    gantry_engine *engine;
};
struct gantry_volumes {
    gantry_engine *engine;
};
struct gantry_networks {
    gantry_engine *engine;
};
struct gantry_registries {
    gantry_engine *engine;
};
struct gantry_manifests {
    gantry_engine *engine;
};
struct gantry_pods {
    gantry_engine *engine;
};
struct gantry_secrets {
    gantry_engine *engine;
};
struct gantry_system {
    gantry_engine *engine;
};
struct gantry_kube {
    gantry_engine *engine;
};

struct gnt_service; /* service.h */

struct gantry_engine {
    struct gantry_host host;
    const struct gnt_backend *backend;
    void *state;
    gantry_images images;
    gantry_containers containers;
    gantry_volumes volumes;
    gantry_networks networks;
    gantry_registries registries;
    gantry_manifests manifests;
    gantry_pods pods;
    gantry_secrets secrets;
    gantry_system system;
    gantry_kube kube;
    gantry_candidate_list *candidates;
    const char *address; /* lives in candidates */
    gantry_route *route;
    struct gnt_service *service; /* Podman on demand, or NULL */
};

/* ---- registry.c ------------------------------------------------------------------------------ */

/*
 * The backends in the order in which they are asked: registered ones first (newest first), then the
 * built-in. NULL begins, NULL ends. Each comes with a reference, which the question for the next
 * takes back; a loop that ends early has one, for gnt_backend_release(). What is registered
 * meanwhile is not seen, what is replaced may be.
 */
const struct gnt_backend *gnt_backend_next(const struct gnt_backend *backend);
void gnt_backend_release(const struct gnt_backend *backend); /* NULL is fine */
/* A reference becomes that of an open engine; and ends with it. */
void gnt_backend_opened(const struct gnt_backend *backend);
void gnt_backend_closed(const struct gnt_backend *backend);
/* How many engines are open with it, and with those of its name that were replaced. */
void gnt_backend_engines(const struct gnt_backend *backend, size_t *out_open, size_t *out_replaced);
int gnt_backend_is_known(const char *name);
int gnt_backend_has_scheme(const struct gnt_backend *backend, const char *scheme);
/* Whether the slot of a feature is filled. */
int gnt_backend_has(const struct gnt_backend *backend, int feature);
/* Whether the slot at this offset of the struct is. */
int gnt_backend_slot(const struct gnt_backend *backend, size_t offset);

/* ---- backend_copy.c -------------------------------------------------------------------------- */

/* Check a backend's tables and copy them into a zeroed entry. INVALID. */
int gnt_backend_fill(struct gnt_backend *b, const gantry_backend *src, gantry_error *err);

/* ---- dispatch -------------------------------------------------------------------------------- */

/* The first line of every public function: the handle, the process, the slot. */
int gnt_enter(const gantry_engine *engine, int feature, gantry_error *err);
/* An output parameter that is required. */
#define gnt_check_out(out, err)                                                                    \
    ((out) != NULL ? 0 : gnt_fail((err), GANTRY_E_INVALID, "out: must not be NULL"))
/* The last: names the operation, and the resource if no lower layer did. Returns rc. */
int gnt_leave(int rc, int feature, int resource_kind, const char *resource, gantry_error *err);

/* Import options of a type into the local o. */
#define GNT_IMPORT(type, o, opts, err) gnt_import_options(&(o), sizeof(type), (opts), #type, (err))
/* As gnt_import, for structs whose second member is the call: that is checked too. */
int gnt_import_options(void *dst, size_t known, const void *src, const char *type,
                       gantry_error *err);

/* A removal of what is not there, with missing_ok: success. */
int gnt_missing_ok(int rc, int missing_ok, int resource_kind, const gantry_error *err);

#endif
