/**
 * @file result.h
 * For authors of backends: making results, and what else the library offers a backend. Part of
 * <gantry/backend.h>, stable as that is. Since 0.1.
 */
#ifndef GANTRY_RESULT_H
#define GANTRY_RESULT_H

#include <gantry/gantry.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the library offers a backend: allocation of results, logging, limits. One per engine. */
typedef struct gantry_host gantry_host;

/** How connections get to an engine: the library's business. */
typedef struct gantry_route gantry_route;

/* ---- results ------------------------------------------------------------------------------ */

/** Kinds of result struct. */
enum {
    GANTRY_KIND_VERSION_INFO = 1,
    GANTRY_KIND_INFO = 2,
    GANTRY_KIND_RESPONSE = 3, /**< a gantry_response; set `body` to a stream, freed with it */
    GANTRY_KIND_IMAGE = 4,
    GANTRY_KIND_IMAGE_LIST = 5,
    GANTRY_KIND_IMAGE_REMOVAL = 6,
    GANTRY_KIND_IMAGE_IMPORT_RESULT = 7,
    GANTRY_KIND_CREATED = 8,
    GANTRY_KIND_CONTAINER = 9,
    GANTRY_KIND_CONTAINER_LIST = 10,
    GANTRY_KIND_PORT_INFO = 11,
    GANTRY_KIND_MOUNT_INFO = 12,
    GANTRY_KIND_ATTACHMENT_INFO = 13,
    GANTRY_KIND_VOLUME = 14,
    GANTRY_KIND_VOLUME_LIST = 15,
    GANTRY_KIND_NETWORK = 16,
    GANTRY_KIND_NETWORK_LIST = 17,
    GANTRY_KIND_SUBNET_INFO = 18,
    GANTRY_KIND_LOAD_RESULT = 19,
    GANTRY_KIND_IMAGE_HISTORY = 20,
    GANTRY_KIND_IMAGE_LAYER = 21,
    GANTRY_KIND_IMAGE_PRUNED = 22,
    GANTRY_KIND_IMAGE_DISK_USAGE = 23,
    GANTRY_KIND_IMAGE_USAGE = 24,
    GANTRY_KIND_COMMITTED = 25,
    GANTRY_KIND_LOGIN_RESULT = 26,
    GANTRY_KIND_SEARCH_RESULT = 27,
    GANTRY_KIND_SEARCH_ITEM = 28,
    GANTRY_KIND_REMOTE_IMAGE = 29,
    GANTRY_KIND_MANIFEST = 30,
    GANTRY_KIND_MANIFEST_ITEM = 31,
    GANTRY_KIND_MANIFEST_ID = 32,
    GANTRY_KIND_HEALTH_PROBE = 33,
    GANTRY_KIND_HEALTH_RESULT = 34,
    GANTRY_KIND_CONTAINERS_PRUNED = 35,
    GANTRY_KIND_CONTAINER_TOP = 36,
    GANTRY_KIND_CONTAINER_CHANGE = 37,
    GANTRY_KIND_CONTAINER_CHANGES = 38,
    GANTRY_KIND_MOUNT_POINT = 39,
    GANTRY_KIND_EXEC_INFO = 40,
    GANTRY_KIND_STATS = 41,
    GANTRY_KIND_NETWORK_STATS = 42,
    GANTRY_KIND_BLOCK_STATS = 43,
    GANTRY_KIND_FILE_INFO = 44,
    GANTRY_KIND_NETWORK_MEMBER = 45,
    GANTRY_KIND_POD = 46,
    GANTRY_KIND_POD_LIST = 47,
    GANTRY_KIND_POD_MEMBER = 48,
    GANTRY_KIND_POD_CREATED = 49,
    GANTRY_KIND_SECRET = 50,
    GANTRY_KIND_SECRET_LIST = 51,
    GANTRY_KIND_SECRET_CREATED = 52,
    GANTRY_KIND_EVENT = 53,
    GANTRY_KIND_DISK_USAGE = 54,
    GANTRY_KIND_USAGE_SUM = 55,
    GANTRY_KIND_USAGE_ITEM = 56,
    GANTRY_KIND_KUBE_RESULT = 57,
    GANTRY_KIND_KUBE_POD = 58,
    GANTRY_KIND_TEXT = 59,
    GANTRY_KIND_UNIT_LIST = 60,
    GANTRY_KIND_UNIT = 61,
    GANTRY_KIND_QUADLET_LIST = 62,
    GANTRY_KIND_QUADLET = 63
};

/**
 * A new result: strings are "", lists empty, the rest zero. The struct has the size that the
 * running library knows, whatever headers the backend was compiled against. Hand it to the caller
 * as the operation's output, or free it with gantry_result_free().
 * @return the struct (cast it), or NULL with `err` filled. Since 0.1.
 */
GANTRY_API void *gantry_result_new(gantry_host *host, int kind, gantry_error *err);

/** A struct inside a result (an item of a list, a port ...), prepared alike; NULL without memory.
 * Since 0.1. */
GANTRY_API void *gantry_result_item(void *result, int kind);

/** Zeroed memory inside a result, for arrays; freed with it; NULL without memory. Since 0.1. */
GANTRY_API void *gantry_result_alloc(void *result, size_t size);

/** Copy of a string inside a result; NULL without memory; NULL gives "". Since 0.1. */
GANTRY_API const char *gantry_result_strdup(void *result, const char *text);

/** Copy of a NULL-terminated list of strings inside a result. Since 0.1. */
GANTRY_API const char *const *gantry_result_strings(void *result, const char *const *list);

/** Free a result that is not handed out; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_result_free(void *result);

/* ---- services ----------------------------------------------------------------------------- */

/** Memory from the engine's allocator: zeroed, NULL without memory; and its free. Since
 * 0.1. @{ */
GANTRY_API void *gantry_host_alloc(gantry_host *host, size_t size);
GANTRY_API void gantry_host_free(gantry_host *host, void *ptr);
/** @} */

/** Write a log line of the engine. No secrets. Since 0.1. */
GANTRY_API void gantry_host_log(gantry_host *host, int level, const char *component,
                                const char *fmt, ...) GANTRY_PRINTF(4, 5);

/** Refuse an option: UNSUPPORTED "option 'x' is not supported by this engine". Since 0.1. */
GANTRY_API int gantry_unsupported_option(gantry_error *err, const char *option);

/**
 * Whether a call may go on: 0, #GANTRY_E_CANCELLED or #GANTRY_E_TIMEOUT. `start_ns` is the time
 * the call began, for gantry_call::timeout_ms. For loops of backends that have no descriptor to
 * wait on. Since 0.1.
 */
GANTRY_API int gantry_call_check(const gantry_call *call, int64_t start_ns, gantry_error *err);

/**
 * A connection to the engine, made as the program wants it: by its gantry_dialer or over ssh. For
 * backends that speak something themselves; in probe() and as long as the state. Any thread, also
 * several at once.
 *
 * @param route   gantry_endpoint::route
 * @param call    limits, or NULL; the engine's limit for connecting holds besides
 * @param out_fd  receives a connected stream socket, non-blocking and close-on-exec; close() it
 * @return 0; #GANTRY_E_UNSUPPORTED: neither a dialer nor ssh leads there, so connect to the
 * address; #GANTRY_E_INVALID; #GANTRY_E_SSH, #GANTRY_E_TIMEOUT, #GANTRY_E_CANCELLED,
 * #GANTRY_E_CALLBACK (the dialer's mistake), or what the dialer failed with. Since 0.1.
 */
GANTRY_API int gantry_route_dial(const gantry_route *route, const gantry_call *call, int *out_fd,
                                 gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
