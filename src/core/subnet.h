/*
 * Subnets: "10.89.0.0/24" and "fd00:1::/64" as numbers. Pure arithmetic, no engine.
 */
#ifndef GNT_SUBNET_H
#define GNT_SUBNET_H

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
/* The first and last address of a part that may be given to somebody: not the subnet's own first
 * and last. */
void gnt_subnet_lease(const struct gnt_subnet *subnet, const struct gnt_subnet *part,
                      char first[GNT_ADDRESS_SIZE], char last[GNT_ADDRESS_SIZE]);
/* The reverse: "10.89.0.128/25" if the two are the ends of a block, or the second address of one,
 * or the last but one of the subnet; else "first-last". NULL without memory. */
const char *gnt_subnet_range(struct gnt_arena *arena, const struct gnt_subnet *subnet,
                             const char *first, const char *last);

#endif
