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
    const char *range;   /**< of the addresses that containers get, as "10.89.0.128/25", or as
                              "10.89.0.10-10.89.0.20" where it is no CIDR block; "" = all */
} gantry_subnet_info;

/** A container in a network. */
typedef struct gantry_network_member {
    size_t size; /**< bytes of it that the running library fills */
    const char *container; /**< its id */
    const char *name;
    const char *address;   /**< IPv4 address, or "" (also of one that does not run) */
    const char *address6;
    const char *mac;
    int running;           /**< 1 if it runs */
    int reserved;
} gantry_network_member;

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
    const char *parent;         /**< interface of the host that a macvlan or ipvlan is on; of a
                                     bridge its own, if known; or "" */
    const char *const *dns_servers; /**< of its own, NULL-terminated */
    /** Containers that are in it, running or not; empty in lists and without `members`;
     * NULL-terminated. */
    const gantry_network_member *const *members;
    int dns;                    /**< 1 if containers find each other by name */
    int predefined;             /**< 1 if the engine made it and does not let it be removed:
                                     Docker's "bridge", "host", "none", Podman's "podman" */
} gantry_network;

/** Networks; free with gantry_network_list_free(). */
typedef struct gantry_network_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_network *const *items; /**< also NULL-terminated */
} gantry_network_list;

/** A range of addresses of a new network. */
typedef struct gantry_subnet {
    size_t size;         /**< sizeof(gantry_subnet) */
    const char *subnet;  /**< as "10.89.0.0/24" or "fd00:1::/64"; required */
    const char *gateway; /**< NULL = the first address */
    const char *range;   /**< a part of the subnet, as "10.89.0.128/25": containers get addresses
                              from it, unless a fixed one is asked for; NULL = the whole */
} gantry_subnet;

/** Options of gantry_networks_create() and gantry_networks_ensure(). */
typedef struct gantry_network_options {
    size_t size;             /**< sizeof(gantry_network_options) */
    const gantry_call *call;
    const char *driver;            /**< "bridge", "macvlan", "ipvlan", ...; NULL = "bridge". "host"
                                        and "none" are networks that every engine has and nobody
                                        makes: name them as gantry_container_options::network */
    const char *subnet;            /**< as "10.89.0.0/24"; NULL = the engine picks one; not with
                                        `subnets` */
    const char *gateway;           /**< needs subnet */
    /**
     * Of the driver. The word "mtu" (68 to 65535) is understood on both engines, on Docker not of
     * macvlan and ipvlan; others are the engine's: Docker's "com.docker.network.bridge...",
     * Podman's "isolate"; "mode" of macvlan and ipvlan is "mode" on Podman, "macvlan_mode" or
     * "ipvlan_mode" on Docker. One that a driver of the engine's own does not know is UNSUPPORTED.
     */
    const gantry_pair *options;
    size_t option_count;
    const gantry_pair *labels;
    size_t label_count;
    const char *extra_json;        /**< merged last into the engine's own request; unchecked */
    int internal;                  /**< #GANTRY_ON: no way out */
    int ipv6;                      /**< #GANTRY_ON; a subnet of IPv6 implies it */
    const gantry_subnet *const *subnets; /**< several, IPv4 and IPv6; NULL-terminated */
    const char *parent;            /**< of macvlan and ipvlan: interface of the engine's host that
                                        it is on; NULL = the engine's choice. Of a bridge: the name
                                        of its own interface, which the engine makes */
    const char *const *dns_servers; /**< of its own, addresses, NULL-terminated; Podman from 4.4 */
    const char *ipam_driver;       /**< who gives addresses: "default"; "host-local", "dhcp" on
                                        Podman; "none", which Docker calls "null"; a plugin */
    int dns;                       /**< #GANTRY_OFF: containers do not find each other by name;
                                        Podman. There only bridges can have it #GANTRY_ON */
    int reserved;
} gantry_network_options;

/**
 * Create a network. Containers on it find each other by name; Podman needs its aardvark-dns for
 * that, on the engine's host.
 * @param name  [a-zA-Z0-9][a-zA-Z0-9_.-]*
 * @param out   may be NULL
 * @return 0, #GANTRY_E_EXISTS, #GANTRY_E_INVALID of what does not fit (a gateway or range outside
 *         of its subnet, an unknown driver or parent), #GANTRY_E_CONFLICT if the subnet overlaps
 *         another one or the parent is taken, #GANTRY_E_UNSUPPORTED, ...
 *         `POST /networks/create` on both. Since 0.1.
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

/**
 * Create a network or accept the one that is there, reporting what differs. Subnets, options,
 * labels and servers that are there besides are no difference; `ipam_driver` and `extra_json` are
 * not compared. Since 0.1.
 */
GANTRY_API int gantry_networks_ensure(gantry_networks *networks, const char *name,
                                      const gantry_network_options *opts,
                                      gantry_network_ensured **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_network_ensured_free(gantry_network_ensured *ensured);

/** Options of gantry_networks_inspect(). */
typedef struct gantry_network_inspect_options {
    size_t size;             /**< sizeof(gantry_network_inspect_options) */
    const gantry_call *call;
    int members;             /**< #GANTRY_OFF: without the containers in it, which takes a request
                                  less or several */
    int reserved;
} gantry_network_inspect_options;

/**
 * One network, with the containers in it, those that do not run too. Docker `GET /networks/{id}`,
 * Podman `GET /libpod/networks/{id}/json`, and `GET /containers/json`; before Podman 5.0, which
 * tells no addresses there, `GET /containers/{id}/json` of each that runs. Since 0.1.
 */
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
    const char *const *drivers; /**< any of these, NULL-terminated */
    const char *const *ids;     /**< any of these whole ids, NULL-terminated */
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
    int force;               /**< #GANTRY_ON: containers in it are taken out of it first, those that
                                  do not run too */
    int remove_containers;   /**< #GANTRY_ON: containers in it are removed first, running ones too;
                                  stronger than `force` */
    int reserved;
} gantry_network_remove_options;

/**
 * Remove a network. Containers are never removed along unless `remove_containers` says so; one that
 * has no other network stays without one. Never with an engine's own force.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_IN_USE if a container is in it, running or not,
 *         #GANTRY_E_FORBIDDEN of a predefined one, ...; with outcome PARTIAL if members were taken
 *         out, or removed, before a failure. `DELETE /networks/{id}`, after inspect and
 *         gantry_networks_disconnect() or gantry_containers_remove() of each. Since 0.1.
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
    const char *address6;       /**< fixed IPv6 address */
    const char *mac;            /**< fixed MAC address; Podman. Docker: UNSUPPORTED, give it when
                                     the container is created */
    int attached_ok;            /**< #GANTRY_ON: one that is attached already is success, however it
                                     is attached */
    int reserved;
} gantry_network_connect_options;

/**
 * Attach a container to a network.
 * @return 0, #GANTRY_E_NOT_FOUND (resource_kind says which), #GANTRY_E_STATE if it is attached
 *         already, #GANTRY_E_INVALID if an address is in no subnet of it, #GANTRY_E_IN_USE if it is
 *         taken, ... `POST /networks/{id}/connect`, before it `GET /networks/{id}` for what is to
 *         be checked. Since 0.1.
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

/** Options of gantry_networks_prune(). All conditions must hold. */
typedef struct gantry_network_prune_options {
    size_t size;             /**< sizeof(gantry_network_prune_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *const *labels;     /**< "key" or "key=value", NULL-terminated */
    const char *const *labels_not; /**< none of these */
    int64_t until_ns;              /**< created before this time, since the epoch; 0 = any */
    int dry_run;                   /**< #GANTRY_ON: remove nothing, tell what would go */
    int reserved;
} gantry_network_prune_options;

/** What a prune removed; free with gantry_networks_pruned_free(). */
typedef struct gantry_networks_pruned {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *names; /**< NULL-terminated */
} gantry_networks_pruned;

/**
 * Remove networks that no container is in, running or not; predefined ones stay.
 * @param out  may be NULL
 * @return 0; a failure with outcome PARTIAL, whose `output` names what was removed, if some could
 *         not be. Composed of the lists of networks and containers, and remove. Since 0.1.
 */
GANTRY_API int gantry_networks_prune(gantry_networks *networks,
                                     const gantry_network_prune_options *opts,
                                     gantry_networks_pruned **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_networks_pruned_free(gantry_networks_pruned *pruned);

#ifdef __cplusplus
}
#endif
#endif
