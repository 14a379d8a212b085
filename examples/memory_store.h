/*
 * The memory backend's state, and what its files share. Everything that is stored is an object: a
 * struct that begins with struct memory_object and owns all its texts. All memory comes from the
 * engine's allocator, and all of it is touched only between memory_enter() and memory_leave().
 */
#ifndef MEMORY_STORE_H
#define MEMORY_STORE_H

#include <gantry/backend.h>

#include <pthread.h>

struct memory_block; /* one allocation of an object */

struct memory_object {
    struct memory_object *next;
    struct memory_block *blocks;
    gantry_host *host;
    const char *name;
    int64_t created_ns;
    const gantry_pair *labels;
    size_t label_count;
    int failed;  /* an allocation for it failed, see memory_object_ready() */
    char id[65]; /* 64 hex digits */
};

struct memory_image {
    struct memory_object object; /* without a name: those are tags */
    int64_t size_bytes;
    const char *comment;
    const char *user;
    const char *working_directory;
    const char *const *command;
    const char *const *entrypoint;
    const char *const *environment;
    const char *const *exposed_ports;
};

struct memory_tag {
    struct memory_object object; /* the name is a reference as "app:latest" */
    struct memory_image *image;
};

struct memory_volume {
    struct memory_object object;
    const gantry_pair *options;
    size_t option_count;
    int anonymous;
};

struct memory_network {
    struct memory_object object;
    const char *subnet;
    const char *gateway;
    const gantry_pair *options;
    size_t option_count;
    int internal;
    int ipv6;
};

struct memory_attachment {
    struct memory_object object;    /* the name is the network's */
    struct memory_network *network; /* NULL: "bridge", "host", "none", "container:..." */
    const char *address;
};

struct memory_mount {
    const char *source;
    const char *target;
    struct memory_volume *volume; /* or NULL */
    int type;
    int read_only;
};

struct memory_container {
    struct memory_object object;
    struct memory_image *image;
    const char *image_name;
    const char *const *command;
    const char *const *entrypoint;
    const char *const *environment;
    const char *working_directory;
    const char *user;
    const char *hostname;
    struct memory_mount *mounts;
    size_t mount_count;
    gantry_port_info *ports;
    size_t port_count;
    struct memory_object *attachments;
    gantry_resources resources;
    int64_t started_ns;
    int64_t finished_ns;
    int64_t exit_code;
    int state; /* GANTRY_CONTAINER_CREATED, _RUNNING or _EXITED */
    int tty;
    int open_stdin;
    int auto_remove;
};

/* The state of one engine; the library allocates and zeroes it. */
struct memory_engine {
    gantry_host *host;
    pthread_mutex_t lock;
    int lock_ready;
    int last_port;
    uint64_t serial; /* of objects, the source of ids */
    struct memory_object *images;
    struct memory_object *tags;
    struct memory_object *containers;
    struct memory_object *volumes;
    struct memory_object *networks;
};

/* ---- slots -------------------------------------------------------------------------------- */

extern const gantry_image_ops memory_image_ops;
extern const gantry_container_ops memory_container_ops;
extern const gantry_volume_ops memory_volume_ops;
extern const gantry_network_ops memory_network_ops;

int memory_images_build(void *state, const char *reference, const gantry_build_options *opts,
                        const gantry_build_context *context, gantry_progress **out,
                        gantry_error *err);

/* Begin a slot: honours cancel token and deadline, logs, locks. Pair with memory_leave() if it
 * returned 0. */
int memory_enter(struct memory_engine *engine, const char *operation, const gantry_call *call,
                 gantry_error *err);
void memory_leave(struct memory_engine *engine);

/* ---- objects ------------------------------------------------------------------------------ */

/* A new object of `size` bytes with an id and a time, in no list yet; NULL with `err` filled. */
void *memory_object_new(struct memory_engine *engine, size_t size, gantry_error *err);
void memory_object_free(void *object);
/* 0, or NOMEM if one of the allocations below failed since the object was made. */
int memory_object_ready(const void *object, gantry_error *err);

/* Zeroed memory and copies that live as long as the object. Without memory they return NULL (or ""
 * or an empty list) and mark the object. */
void *memory_keep(void *object, size_t size);
const char *memory_keep_text(void *object, const char *text);
const char *const *memory_keep_strings(void *object, const char *const *list);
const char *const *memory_keep_appended(void *object, const char *const *list, const char *text);
const gantry_pair *memory_keep_pairs(void *object, const gantry_pair *pairs, size_t count);
/* Set one pair of a list, replacing one of the same key. */
void memory_keep_pair(void *object, const gantry_pair **pairs, size_t *count, const char *key,
                      const char *value);

void memory_list_add(struct memory_object **list, void *object);
/* Take an object out of a list and free it. */
void memory_list_remove(struct memory_object **list, void *object);
void memory_list_free(struct memory_object **list);
/* By whole name, else by whole id or an unambiguous beginning of one; NULL if there is none. */
void *memory_list_find(struct memory_object *list, const char *name_or_id);
void *memory_list_named(struct memory_object *list, const char *name);

/* "no such container: web", with kind, resource and outcome filled. */
int memory_error(gantry_error *err, int code, int kind, const char *resource, const char *fmt, ...)
    GANTRY_PRINTF(5, 6);
int memory_not_found(gantry_error *err, int kind, const char *resource);

/* ---- filters and results ------------------------------------------------------------------ */

size_t memory_count(const char *const *list);
int memory_listed(const char *const *list, const char *text);
const char *memory_pair_value(const gantry_pair *pairs, size_t count, const char *key);
/* Whether labels satisfy each of "key" or "key=value". */
int memory_labels_match(const struct memory_object *object, const char *const *wanted);

/* Filling a result: copies into it; `failed` is sticky, so that it is asked once at the end. */
struct memory_fill {
    void *result;
    int failed;
};

const char *memory_fill_text(struct memory_fill *fill, const char *text);
const char *const *memory_fill_strings(struct memory_fill *fill, const char *const *list);
const gantry_pair *memory_fill_pairs(struct memory_fill *fill, const gantry_pair *pairs,
                                     size_t count);
void *memory_fill_item(struct memory_fill *fill, int kind);
void *memory_fill_alloc(struct memory_fill *fill, size_t size);
/* The result if all went well; else frees it, fills `err` and returns NULL. */
void *memory_fill_done(struct memory_fill *fill, gantry_error *err);

/* ---- what one kind of object asks another ------------------------------------------------- */

#define MEMORY_REFERENCE_SIZE 1024

/* A reference as it is stored: "docker.io/library/app" becomes "app:latest". */
void memory_reference(char full[MEMORY_REFERENCE_SIZE], const char *reference);
struct memory_image *memory_image_find(struct memory_engine *engine, const char *reference,
                                       gantry_error *err);
/* Give an image a name, taking it from the image that had it. */
int memory_image_tag(struct memory_engine *engine, struct memory_image *image,
                     const char *reference, gantry_error *err);
struct memory_volume *memory_volume_new(struct memory_engine *engine, const char *name,
                                        gantry_error *err);
int memory_container_attach(struct memory_container *container, struct memory_network *network,
                            const char *name, const char *address, gantry_error *err);
int memory_container_attached(const struct memory_container *container,
                              const struct memory_network *network);

/* ---- Dockerfiles -------------------------------------------------------------------------- */

/* One instruction of a Dockerfile; texts live in the object it was parsed into. */
struct memory_instruction {
    const char *word; /* in capitals: "LABEL" */
    const char *arguments;
    const char *text; /* both, for messages */
};

/* Values of $NAME in instructions: an image's ENV first, then ARGs. */
struct memory_variables {
    const char *const *environment;
    const gantry_pair *args;
    size_t arg_count;
};

/* Split a Dockerfile. The texts and the array live in the object. BUILD if it is malformed or
 * has no instruction. */
int memory_dockerfile_parse(void *object, const char *text, const struct memory_instruction **out,
                            size_t *out_count, gantry_error *err);
/* 0, BUILD for a word that no Dockerfile has, UNSUPPORTED for one that needs processes. */
int memory_instruction_check(const struct memory_instruction *instruction, gantry_error *err);
/* Apply an instruction that is nothing but metadata of the image; UNSUPPORTED for another. */
int memory_instruction_apply(struct memory_image *image,
                             const struct memory_instruction *instruction,
                             const struct memory_variables *variables, gantry_error *err);
/* The next word at *cursor, unquoted, variables replaced, kept in the object; NULL at the end. */
int memory_next_word(void *object, const char **cursor, const struct memory_variables *variables,
                     const char **out, gantry_error *err);

/* ---- build contexts ----------------------------------------------------------------------- */

struct memory_context {
    const char *dockerfile; /* its text */
    const char **names;     /* of the files and directories */
    int64_t *sizes;
    size_t count;
    size_t room;
};

/* Read a tar stream to its end, keeping the names of its files and the text of the Dockerfile; all
 * of it lives in the object. */
int memory_context_read(void *object, gantry_stream *tar, const char *dockerfile_name,
                        struct memory_context *out, gantry_error *err);

#endif
