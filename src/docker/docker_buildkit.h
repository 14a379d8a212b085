/*
 * Builds with BuildKit: which builder builds, what it needs beforehand, how its answer is read.
 */
#ifndef GNT_DOCKER_BUILDKIT_H
#define GNT_DOCKER_BUILDKIT_H

#include "docker.h"
#include "dockerfile.h"

/* ---- the choice (docker_builder.c) ----------------------------------------------------------- */

struct gnt_docker_choice {
    int builder;                /* CLASSIC or BUILDKIT */
    int known;                  /* the Dockerfile was looked into */
    struct gnt_dockerfile file; /* then: lives in the arena */
};

/* UNSUPPORTED for what the builder asked for, or any, would ignore or cannot do. Sends nothing. */
int gnt_docker_choose(struct docker *d, const gantry_build_options *opts,
                      const gantry_build_context *context, struct gnt_arena *arena,
                      struct gnt_docker_choice *out, gantry_error *err);

/* ---- the build ------------------------------------------------------------------------------- */

extern const struct gnt_build_dialect gnt_docker_buildkit_dialect;

/* The build alone (docker_buildkit.c). With images_are_here none is looked up in a registry. */
int gnt_docker_buildkit_send(struct docker *d, const char *reference,
                             const gantry_build_options *opts, const gantry_build_context *context,
                             int images_are_here, gantry_progress **out, gantry_error *err);
/* The images it needs first, through the engine: BuildKit has nobody to ask for credentials
 * (docker_prepull.c). */
int gnt_docker_buildkit_open(struct docker *d, const char *reference,
                             const gantry_build_options *opts, const gantry_build_context *context,
                             const struct gnt_docker_choice *choice, gantry_progress **out,
                             gantry_error *err);

#endif
