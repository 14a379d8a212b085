/*
 * Where engines may be: an ordered list of candidates from options, environment and the well-known
 * places. The only file that reads the environment. Tries nothing itself.
 */
#ifndef GNT_DETECT_H
#define GNT_DETECT_H

#include <gantry/engine.h>

#include "mem.h"

/* What is read from the environment, once. Texts are borrowed from it; NULL where unset or
 * empty. */
struct gnt_environment {
    const char *docker_host;
    const char *container_host;
    const char *runtime_dir; /* XDG_RUNTIME_DIR */
    const char *home;
    const char *path;
    const char *tmpdir;
    const char *config_home;        /* XDG_CONFIG_HOME */
    const char *docker_config;      /* DOCKER_CONFIG */
    const char *docker_auth_config; /* DOCKER_AUTH_CONFIG: secret */
    const char *registry_auth_file; /* REGISTRY_AUTH_FILE */
    const char *const *all;  /* for children */
};

void gnt_environment_read(struct gnt_environment *env, const char *const *given);

/* Where an engine may be. All but the first two are NULL or 0 where the place says nothing. */
struct gnt_place {
    const char *source;
    const char *address;
    const gantry_tls *tls;       /* where its certificates are */
    const char *ssh_identity;    /* file of the key */
    const char *engine;          /* name of the only one that is wanted there, for ssh */
    const char *proxy;
    const char *api_version;
    const char *const *headers;
    int machine; /* a Podman machine: its host key is made anew with it, and nobody knows it */
};

enum {
    GNT_PLACES_MAX = 12
};

struct gnt_places {
    struct gnt_place items[GNT_PLACES_MAX];
    size_t count;
    int exclusive; /* the user named an address: look nowhere else, start nothing */
};

/* Texts live in the arena or the environment. NOMEM. */
int gnt_places_find(struct gnt_arena *arena, int runtime, const char *address,
                    const struct gnt_environment *env, struct gnt_places *out, gantry_error *err);

#endif
