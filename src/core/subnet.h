/*
 * Subnets: "10.89.0.0/24" and "fd00:1::/64" as numbers. Pure arithmetic, no engine.
 */
#ifndef GNT_SUBNET_H
#define GNT_SUBNET_H

#include <gantry/network.h>

#include "mem.h"

/* Bytes of an address as text, with its end. */
#define GNT_ADDRESS_SIZE 46

struct gnt_subnet {
    int family;              /* 4 or 6 */
    int bits;                /* of the prefix */
    unsigned char first[16]; /* its first address; 4 or 16 bytes of it count */
};

/* "address/bits" whose address is the first one of the block; else INVALID naming the argument. */
int gnt_subnet_parse(const char *argument, const char *text, struct gnt_subnet *out,
                     gantry_error *err);
/* Whether an address as text is in it; any text may be asked for. */
int gnt_subnet_has(const struct gnt_subnet *subnet, const char *address);
/* Whether all addresses of `part` are in it. */
int gnt_subnet_holds(const struct gnt_subnet *subnet, const struct gnt_subnet *part);
/* Whether two texts are the same subnet or address, however it is spelled. */
int gnt_subnet_same(const char *a, const char *b);
int gnt_subnet_overlaps(const struct gnt_subnet *a, const struct gnt_subnet *b);

/* The first address that a gateway may have; "" if there is no room for one. */
void gnt_subnet_gateway(const struct gnt_subnet *subnet, char out[GNT_ADDRESS_SIZE]);
/* The first and last address of a part that may be given to somebody: not the subnet's own first and
 * last. */
void gnt_subnet_lease(const struct gnt_subnet *subnet, const struct gnt_subnet *part,
                      char first[GNT_ADDRESS_SIZE], char last[GNT_ADDRESS_SIZE]);
/* The reverse: "10.89.0.128/25" if the two are the ends of a block, or the second address of one,
 * or the last but one of the subnet; else "first-last". NULL without memory. */
const char *gnt_subnet_range(struct gnt_arena *arena, const struct gnt_subnet *subnet,
                             const char *first, const char *last);

/* ---- of a network to be made (network_check.c) ----------------------------------------------- */

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
