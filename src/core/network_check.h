/*
 * What can be said of a network without an engine: of options, addresses, conditions of a list.
 */
#ifndef GNT_NETWORK_CHECK_H
#define GNT_NETWORK_CHECK_H

#include <gantry/network.h>

#include "subnet.h"

/* The options' subnets, the short form as a list of one; NULL or a list that is not empty. */
struct gnt_subnets {
    gantry_subnet one;
    const gantry_subnet *list[2];
};
const gantry_subnet *const *gnt_network_subnets(const gantry_network_options *o,
                                                struct gnt_subnets *place);
/* Whether one of them is of a family, 4 or 6. */
int gnt_network_has_family(const gantry_network_options *o, int family);
/* How many are. */
int gnt_network_family_count(const gantry_network_options *o, int family);
/* Take in the nested structs, and check what needs no engine. */
int gnt_network_options_import(struct gnt_arena *arena, gantry_network_options *o,
                               gantry_error *err);
int gnt_network_connect_check(const gantry_network_connect_options *o, gantry_error *err);
/* INVALID if the network has subnets and none of them has the address; NULL is fine. */
int gnt_network_address_check(const char *argument, const gantry_network *network,
                              const char *address, gantry_error *err);
/* Whether a network is what a list asks for: exact names, ids and drivers, all labels. For
 * gnt_req_list; the filters in the engine's own words are its business. */
int gnt_network_wanted(const void *network, const void *list_options);

#endif
