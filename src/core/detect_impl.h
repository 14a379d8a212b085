/*
 * What the parts of detection share: the list that grows, small files, folders.
 */
#ifndef GNT_DETECT_IMPL_H
#define GNT_DETECT_IMPL_H

#include "detect.h"

#include "json.h"

struct gnt_finder {
    struct gnt_arena *arena;  /* of what stays */
    struct gnt_arena scratch; /* of files while they are read; wiped */
    const struct gnt_environment *env;
    int runtime;
    struct gnt_places *out;
    struct gnt_find_config *config; /* as the next, read when first asked for */
    struct gnt_find_connections *connections;
    int failed; /* memory ended */
};

/* ---- detect.c -------------------------------------------------------------------------------- */

void gnt_find_add(struct gnt_finder *f, const struct gnt_place *place);
/* A unix socket below an absolute folder; nothing if there is no such folder. */
void gnt_find_add_socket(struct gnt_finder *f, const char *source, const char *directory,
                         const char *rest);
/* Text that stays. "" if memory ended, which `failed` says. */
const char *gnt_find_text(struct gnt_finder *f, const char *fmt, ...) GANTRY_PRINTF(2, 3);
/* Certificates of an address that takes some: NULL if there is nothing to say, or no memory. */
const gantry_tls *gnt_find_tls(struct gnt_finder *f, const char *address, const gantry_tls *tls);
/* The place cannot be asked: err has the reason. */
void gnt_find_trouble(struct gnt_finder *f, struct gnt_place *place, const gantry_error *err);

/* ---- detect_file.c --------------------------------------------------------------------------- */

enum {
    GNT_FIND_NAMES_MAX = 64 /* entries of a folder that are looked at */
};

/* Files are read into the scratch. *out is NULL if there is none. IO, LIMIT, INVALID naming the
 * file, of which nothing is quoted; NOMEM. */
int gnt_find_read(struct gnt_finder *f, const char *path, const char **out, size_t *out_size,
                  gantry_error *err);
int gnt_find_json(struct gnt_finder *f, const char *path, struct gnt_json **out, gantry_error *err);
int gnt_find_toml(struct gnt_finder *f, const char *path, struct gnt_json **out, gantry_error *err);
/* Names in a folder that end with `suffix`, sorted by bytes, NULL-terminated; none without a
 * folder, hidden ones left out. Never NULL. */
const char *const *gnt_find_names(struct gnt_finder *f, const char *directory, const char *suffix);
int gnt_find_exists(const char *path);

/* ---- detect_docker.c ------------------------------------------------------------------------- */

/* $DOCKER_CONFIG or ~/.docker; NULL if neither is known. */
const char *gnt_find_config(struct gnt_finder *f);
/* DOCKER_HOST with what belongs to it. */
void gnt_find_host(struct gnt_finder *f, const char *source);
/* A context by its name. */
void gnt_find_context(struct gnt_finder *f, const char *source, const char *name);
/* The current one of config.json, if it is not the default. A file that cannot be read is a place
 * that says so. */
void gnt_find_current_context(struct gnt_finder *f);
/* A broken config.json as a place that says so. */
void gnt_find_config_trouble(struct gnt_finder *f);

/* ---- detect_podman.c ------------------------------------------------------------------------- */

/* CONTAINER_HOST with what belongs to it. */
void gnt_find_container_host(struct gnt_finder *f);
/* A connection by its name. */
void gnt_find_connection(struct gnt_finder *f, const char *source, const char *name);
/* The default one, if it is a choice (`choice`) or if it is none (!choice). */
void gnt_find_default_connection(struct gnt_finder *f, int choice);
/* Broken files of connections as a place that says so. */
void gnt_find_connections_trouble(struct gnt_finder *f);

/* ---- detect_sockets.c ------------------------------------------------------------------------ */

void gnt_find_user_sockets(struct gnt_finder *f);
void gnt_find_system_sockets(struct gnt_finder *f);

#endif
