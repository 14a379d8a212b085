/*
 * Builds with BuildKit: which builder builds, what it needs beforehand, how its answer is read.
 */
#ifndef GNT_DOCKER_BUILDKIT_H
#define GNT_DOCKER_BUILDKIT_H

#include "docker.h"

/* docker_buildkit.c */
extern const struct gnt_build_dialect gnt_docker_buildkit_dialect;

#endif
