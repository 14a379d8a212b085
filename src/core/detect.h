/*
 * Where engines may be: an ordered list of candidates from options, environment, the files of both
 * command lines and the well-known places. The only files that read the environment. Ask no engine.
 */
#ifndef GNT_DETECT_H
#define GNT_DETECT_H

#include <gantry/engine.h>

#include "mem.h"

/* What is read from the environment, once. NULL where unset or empty. */
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
    const char *const *all;         /* for children */
};

/* Texts are borrowed from the one that is given; NULL: from that of the process. */
void gnt_environment_read(struct gnt_environment *env, const char *const *given);
/* The same of a copy, which whoever is called meanwhile may not change. The arena should be wiped.
 * 0, or NOMEM. */
int gnt_environment_copy(struct gnt_arena *arena, struct gnt_environment *env,
                         const char *const *given);
/* Any variable; NULL where unset or empty. */
const char *gnt_environment_get(const struct gnt_environment *env, const char *name);

/* Where an engine may be. All but the first two are NULL or 0 where the place says nothing. */
struct gnt_place {
    const char *source;
    const char *address;      /* "" if it cannot be told, then `code` says why */
    const gantry_tls *tls;    /* where its certificates are */
    const char *ssh_identity; /* file of the key */
    const char *engine;       /* the one that is meant, where ssh looks for its socket */
    const char *proxy;
    const char *api_version;    /* DOCKER_API_VERSION: of Docker's API, whoever answers there */
    const char *const *headers; /* may hold secrets */
    int machine; /* a Podman machine: its host key is made anew with it, and nobody knows it */
    int code;    /* not 0: it cannot be asked */
    const char *trouble; /* why; names the file */
};

struct gnt_places {
    struct gnt_place *items; /* in the arena */
    size_t count;
    size_t capacity;
    int exclusive; /* the program or its user chose: look nowhere else, start nothing */
};

/*
 * The places in the order of gantry_engine_open(). Texts live in the arena (which should be wiped),
 * the environment or the options. INVALID: options that exclude each other; NOMEM. A file that is
 * broken makes a place with `code` set where it is about what was chosen, or would have been read.
 */
int gnt_places_find(struct gnt_arena *arena, int runtime, const gantry_engine_options *opts,
                    const struct gnt_environment *env, struct gnt_places *out, gantry_error *err);

/* Whether an address goes over a network or ssh, also to this machine. */
int gnt_place_is_remote(const char *address);

#endif
