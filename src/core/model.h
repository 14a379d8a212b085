/*
 * Result structs: one arena each, the root struct first; defaults so that strings are never NULL.
 */
#ifndef GNT_MODEL_H
#define GNT_MODEL_H

#include <gantry/backend.h>

#include "mem.h"

/* Kinds that only the library makes. */
enum {
    GNT_KIND_OUTPUT = 100,
    GNT_KIND_EXEC_RESULT,
    GNT_KIND_RUN_RESULT,
    GNT_KIND_BUILD_RESULT,
    GNT_KIND_VOLUME_ENSURED,
    GNT_KIND_NETWORK_ENSURED,
    GNT_KIND_CANDIDATE,
    GNT_KIND_CANDIDATE_LIST,
    GNT_KIND_BUILD_STEP,
    GNT_KIND_PULL_RESULT,
    GNT_KIND_PUSH_RESULT,
    GNT_KIND_REFERENCE,
    GNT_KIND_FOUND_AUTH,
    GNT_KIND_MOUNT_LIST,
    GNT_KIND_PORT_LIST,
    GNT_KIND_FILE_CONTENT,
    GNT_KIND_USER_INFO,
    GNT_KIND_CONTAINER_ENSURED,
    GNT_KIND_DEPLOYED_ITEM,
    GNT_KIND_DEPLOYMENT,
    GNT_KIND_VOLUME_MOUNT_ENSURED,
    GNT_KIND_VOLUME_MOUNTS_ENSURED,
    GNT_KIND_VOLUMES_PRUNED,
    GNT_KIND_NETWORKS_PRUNED,
    GNT_KIND_PODS_PRUNED,
    GNT_KIND_POD_STATS,
    GNT_KIND_SYSTEM_PRUNED,
    GNT_KIND_SYSTEM_REPORT,
    GNT_KIND_FINDING,
    GNT_KIND_BACKEND_INFO,
    GNT_KIND_BACKEND_LIST
};

extern const char *const gnt_no_strings[1]; /* { NULL } */

/* As gantry_result_new / gantry_result_item, for any kind. */
void *gnt_result_new(const struct gnt_mem *mem, int kind, gantry_error *err);
void *gnt_result_item(void *result, int kind);
struct gnt_arena *gnt_result_arena(void *result);
/* Set fields of a struct of this kind in an arena to their defaults (used by both). */
void gnt_model_defaults(int kind, void *out);
size_t gnt_model_size(int kind);
void gnt_result_free(void *result);
/* Run fn(arg) when the result is freed (one per result). */
void gnt_result_on_free(void *result, void (*fn)(void *), void *arg);

#endif
