/* Shared by the files of the public network functions. */
#ifndef GNT_NETWORK_IMPL_H
#define GNT_NETWORK_IMPL_H

#include <gantry/network.h>

#include "engine.h"

/* Complete the members of an inspected network: a backend fills in what its answer tells of them,
 * the list of containers says who is there (network_members.c). */
int gnt_network_members(gantry_engine *e, gantry_network *network, const gantry_call *call,
                        gantry_error *err);
/* A network with its members. */
int gnt_network_inspect(gantry_engine *e, const char *id, const gantry_network_inspect_options *o,
                        gantry_network **out, gantry_error *err);
/* Remove a network, its members before if that is asked for (network_remove.c). missing_ok is not
 * looked at. */
int gnt_network_remove(gantry_engine *e, const char *id, const gantry_network_remove_options *o,
                       gantry_error *err);

#endif
