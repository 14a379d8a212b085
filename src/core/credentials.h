/*
 * Credentials as the engines' command lines keep them: files and helpers. credentials.c has the
 * public functions, credential_files.c reads, credential_store.c writes, credential_helper.c runs
 * helpers.
 */
#ifndef GNT_CREDENTIALS_H
#define GNT_CREDENTIALS_H

#include <pthread.h>

#include "auth.h"

enum {
    GNT_CREDENTIAL_FILES = 4,
    GNT_CREDENTIAL_FILE_BYTES = 1024 * 1024
};

struct gnt_credential_file {
    const char *path;
    int legacy; /* ~/.dockercfg: the whole is what "auths" is elsewhere */
    int docker; /* belongs to Docker's command line */
};

struct gantry_credentials {
    struct gnt_mem mem;
    struct gnt_arena arena; /* of all texts here; wiped, the environment may hold secrets */
    pthread_mutex_t lock;   /* held while a file is replaced */
    struct gnt_credential_file files[GNT_CREDENTIAL_FILES]; /* the first is written to */
    size_t file_count;
    const char *inline_json; /* DOCKER_AUTH_CONFIG, or NULL */
    int inline_first;        /* it comes before all files, else before the first of Docker's */
    const char *path;        /* where helpers are looked for, or NULL */
    const char *const *environment;
    int64_t helper_timeout_ms;
    int order;
    int no_helpers;
};

/*
 * Look a repository ("quay.io/team/app") or registry up; slot->given stays 0 if nobody knows it.
 * With `found`, where it was is copied to its arena.
 */
struct gnt_found {
    struct gnt_arena *arena;
    const char *source;
};
int gnt_credentials_find(gantry_credentials *credentials, const char *repository,
                         const gantry_call *call, struct gantry_auth_slot *slot,
                         struct gnt_found *found, gantry_error *err);

/* ---- credential_files.c ---------------------------------------------------------------------- */

/* The file's document into an arena that is wiped; *out is NULL if there is no such file, or an
 * empty one. INVALID, IO, LIMIT with the path; no message quotes what is in it. */
int gnt_credential_read(struct gnt_arena *arena, const struct gnt_credential_file *file,
                        struct gnt_json **out, gantry_error *err);
/* The object of entries by registry; NULL if there is none. */
const struct gnt_json *gnt_credential_entries(const struct gnt_json *doc, int legacy);
/* How well a key fits a repository: 0 not at all, more is better. */
size_t gnt_credential_match(struct gnt_arena *arena, const char *key, const char *repository);
/* The helper that a document names for a registry, or NULL; *own: for this one alone. */
const char *gnt_credential_helper(struct gnt_arena *arena, const struct gnt_json *doc,
                                  const char *registry, int *own);

/* ---- credential_store.c ---------------------------------------------------------------------- */

int gnt_credentials_keep(gantry_credentials *credentials, const char *repository,
                         const gantry_auth *auth, const gantry_call *call, gantry_error *err);
/* *out_erased: whether there were any. */
int gnt_credentials_forget(gantry_credentials *credentials, const char *repository,
                           const gantry_call *call, int *out_erased, gantry_error *err);
/* Replace the file's text as a whole. */
int gnt_credential_write(const struct gnt_mem *mem, const char *path, const struct gnt_json *doc,
                         gantry_error *err);

/* ---- credential_helper.c --------------------------------------------------------------------- */

/* What a helper calls a registry that it is asked about: the first or second (i = 0, 1) name, NULL
 * if there are no more. */
const char *gnt_helper_server(const gantry_credentials *credentials, const char *registry,
                              size_t i);
/* Ask a helper: slot->given stays 0 if it knows none. NOT_FOUND: there is no such program. */
int gnt_helper_get(const gantry_credentials *credentials, const char *name, const char *registry,
                   const gantry_call *call, struct gantry_auth_slot *slot, gantry_error *err);
int gnt_helper_store(const gantry_credentials *credentials, const char *name, const char *registry,
                     const gantry_auth *auth, const gantry_call *call, gantry_error *err);
/* Erase a registry under all its names that the helper knows. */
int gnt_helper_erase(const gantry_credentials *credentials, const char *name, const char *registry,
                     const gantry_call *call, int *out_erased, gantry_error *err);

#endif
