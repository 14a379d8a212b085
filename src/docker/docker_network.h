/* Shared by the files of Docker's networks. */
#ifndef GNT_DOCKER_NETWORK_H
#define GNT_DOCKER_NETWORK_H

#include "docker.h"

/* The daemon's words for what every engine has. */
#define GNT_DOCKER_MTU "com.docker.network.driver.mtu"
#define GNT_DOCKER_BRIDGE "com.docker.network.bridge.name"

int gnt_docker_network_look(struct docker *d, const char *id, const gantry_call *call, void **out,
                            gantry_error *err);
int gnt_docker_network_create(void *state, const char *name, const gantry_network_options *opts,
                              gantry_network **out, gantry_error *err);

#endif
