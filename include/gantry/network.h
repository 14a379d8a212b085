/**
 * @file network.h
 * Networks of containers. Addressed by name or id.
 */
#ifndef GANTRY_NETWORK_H
#define GANTRY_NETWORK_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A range of addresses of a network. */
typedef struct gantry_subnet_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *subnet;  /**< as "10.89.0.0/24" */
    const char *gateway; /**< as "10.89.0.1" or "" */
} gantry_subnet_info;

/** A network. Free an inspected or created one with gantry_network_free(). */
typedef struct gantry_network {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;             /**< 64 hex digits */
    const char *name;
    const char *driver;         /**< "bridge" */
    int64_t created_ns;         /**< since the epoch, 0 if unknown */
    const gantry_subnet_info *const *subnets; /**< NULL-terminated */
    const gantry_pair *labels;
    size_t label_count;
    const gantry_pair *options; /**< of the driver */
    size_t option_count;
    int internal;               /**< 1 if it has no way out */
    int ipv6;                   /**< 1 if it has IPv6 */
    const char *json;           /**< the engine's own answer; NULL in lists */
} gantry_network;

/** Networks; free with gantry_network_list_free(). */
typedef struct gantry_network_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_network *const *items; /**< also NULL-terminated */
} gantry_network_list;

/** Options of gantry_networks_create() and gantry_networks_ensure(). */
typedef struct gantry_network_options {
    size_t size;             /**< sizeof(gantry_network_options) */
    const gantry_call *call;
    const char *driver;            /**< NULL = "bridge" */
    const char *subnet;            /**< as "10.89.0.0/24"; NULL = the engine picks one */
    const char *gateway;           /**< needs subnet */
    const gantry_pair *options;    /**< of the driver */
    size_t option_count;
    const gantry_pair *labels;
    size_t label_count;
    const char *extra_json;        /**< merged last into the engine's own request; unchecked */
    int internal;                  /**< #GANTRY_ON: no way out */
    int ipv6;                      /**< #GANTRY_ON */
} gantry_network_options;

/**
 * Create a network. Containers on it find each other by name; Podman needs its aardvark-dns for
 * that, on the engine's host.
 * @param name  [a-zA-Z0-9][a-zA-Z0-9_.-]*
 * @param out   may be NULL
 * @return 0, #GANTRY_E_EXISTS, ... `POST /networks/create` on both. Since 0.1.
 */
GANTRY_API int gantry_networks_create(gantry_networks *networks, const char *name,
                                      const gantry_network_options *opts, gantry_network **out,
                                      gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_network_free(gantry_network *network);

/** What ensure did; free with gantry_network_ensured_free(). */
typedef struct gantry_network_ensured {
    size_t size; /**< bytes of it that the running library fills */
    const gantry_network *network;  /**< the network as it is now */
    const char *const *differences; /**< what is not as asked; NULL-terminated; empty when
                                         created */
    int created;                    /**< 1 if it was not there before */
    int reserved;
} gantry_network_ensured;

/** Create a network or accept the one that is there, reporting what differs. Since 0.1. */
GANTRY_API int gantry_networks_ensure(gantry_networks *networks, const char *name,
                                      const gantry_network_options *opts,
                                      gantry_network_ensured **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_network_ensured_free(gantry_network_ensured *ensured);

/** Options of gantry_networks_inspect(). */
typedef struct gantry_network_inspect_options {
    size_t size;             /**< sizeof(gantry_network_inspect_options) */
    const gantry_call *call;
} gantry_network_inspect_options;

/** One network. Docker `GET /networks/{id}`, Podman `GET /libpod/networks/{id}/json`. Since 0.1. */
GANTRY_API int gantry_networks_inspect(gantry_networks *networks, const char *id,
                                       const gantry_network_inspect_options *opts,
                                       gantry_network **out, gantry_error *err);

/** Options of gantry_networks_list(). */
typedef struct gantry_network_list_options {
    size_t size;             /**< sizeof(gantry_network_list_options) */
    const gantry_call *call;
    const char *const *names;   /**< any of these exact names, NULL-terminated */
    const char *const *labels;  /**< all of these, "key" or "key=value" */
    const gantry_pair *filters; /**< further filters in the engine's own words */
    size_t filter_count;
} gantry_network_list_options;

/** List networks. Docker `GET /networks`, Podman `GET /libpod/networks/json`. Since 0.1. */
GANTRY_API int gantry_networks_list(gantry_networks *networks,
                                    const gantry_network_list_options *opts,
                                    gantry_network_list **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_network_list_free(gantry_network_list *list);

/** Options of gantry_networks_remove(). */
typedef struct gantry_network_remove_options {
    size_t size;             /**< sizeof(gantry_network_remove_options) */
    const gantry_call *call;
    int missing_ok;          /**< #GANTRY_ON: no network is success */
    int reserved;
} gantry_network_remove_options;

/**
 * Remove a network. Containers are never removed along.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_IN_USE, ... `DELETE /networks/{id}`. Since 0.1.
 */
GANTRY_API int gantry_networks_remove(gantry_networks *networks, const char *id,
                                      const gantry_network_remove_options *opts,
                                      gantry_error *err);

/** Options of gantry_networks_connect(). */
typedef struct gantry_network_connect_options {
    size_t size;             /**< sizeof(gantry_network_connect_options) */
    const gantry_call *call;
    const char *const *aliases; /**< further names of the container there, NULL-terminated */
    const char *address;        /**< fixed IPv4 address, NULL = the engine picks one */
} gantry_network_connect_options;

/**
 * Attach a container to a network.
 * @return 0, #GANTRY_E_NOT_FOUND (resource_kind says which), #GANTRY_E_STATE if it is attached
 *         already, ... `POST /networks/{id}/connect`. Since 0.1.
 */
GANTRY_API int gantry_networks_connect(gantry_networks *networks, const char *id,
                                       const char *container,
                                       const gantry_network_connect_options *opts,
                                       gantry_error *err);

/** Options of gantry_networks_disconnect(). */
typedef struct gantry_network_disconnect_options {
    size_t size;             /**< sizeof(gantry_network_disconnect_options) */
    const gantry_call *call;
    int force;               /**< #GANTRY_ON: also when the container is gone or broken */
    int reserved;
} gantry_network_disconnect_options;

/**
 * Take a container out of a network.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_STATE if it is not attached, ...
 *         `POST /networks/{id}/disconnect`. Since 0.1.
 */
GANTRY_API int gantry_networks_disconnect(gantry_networks *networks, const char *id,
                                          const char *container,
                                          const gantry_network_disconnect_options *opts,
                                          gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
