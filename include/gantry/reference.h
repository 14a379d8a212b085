/**
 * @file reference.h
 * Image references: taken apart, checked, put together.
 */
#ifndef GANTRY_REFERENCE_H
#define GANTRY_REFERENCE_H

#include <gantry/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An image reference in its parts; free with gantry_reference_free(). */
typedef struct gantry_reference {
    size_t size;            /**< bytes of it that the running library fills */
    const char *domain;     /**< "docker.io", "localhost:5000"; never "" but for an id */
    const char *path;       /**< "library/alpine"; "" for an id */
    const char *tag;        /**< "3.19", or "" */
    const char *digest;     /**< "sha256:...", or "" */
    const char *id;         /**< 64 hex digits or the beginning of an id that was written as
                                 "sha256:..."; else "" */
    const char *canonical;  /**< all of it: "docker.io/library/alpine:latest"; with a digest no tag
                                 is added */
    const char *familiar;   /**< the shortest that means the same: "alpine", "alpine:3.19" */
    const char *repository; /**< domain and path: "docker.io/library/alpine" */
} gantry_reference;

/** Options of gantry_reference_parse(). */
typedef struct gantry_reference_options {
    size_t size;                       /**< sizeof(gantry_reference_options) */
    const gantry_call *call;           /**< unused, for symmetry */
    const gantry_allocator *allocator; /**< copied; NULL = malloc */
    const char *default_domain;        /**< of a reference without one; NULL = "docker.io" */
    int no_id;                         /**< #GANTRY_ON: an id is no reference: INVALID */
    int reserved;
} gantry_reference_options;

/**
 * Take a reference apart: [domain/]path[:tag][\@digest], or an id.
 *
 * The first component is a domain if it has a '.' or ':' or is "localhost" or has capitals; else
 * the default domain is meant, and there "library/" is put before a path of one component. A
 * missing tag is "latest" in `canonical`, unless there is a digest. `familiar` read again, with the
 * same options, has the same `canonical`.
 * @param out  free with gantry_reference_free()
 * @return 0, or #GANTRY_E_INVALID with the reason in the message. Since 0.1.
 */
GANTRY_API int gantry_reference_parse(const char *text, const gantry_reference_options *opts,
                                      gantry_reference **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_reference_free(gantry_reference *reference);

/**
 * Put a reference together and check it.
 * @param domain    NULL or "" = none
 * @param path      required
 * @param tag       NULL or "" = none
 * @param digest    NULL or "" = none
 * @param buffer    receives the text, terminated, cut if it must be; may be NULL if capacity is 0
 * @param out_size  length of the whole text; may be NULL
 * @return 0, or #GANTRY_E_INVALID, also if the text does not fit. Since 0.1.
 */
GANTRY_API int gantry_reference_format(const char *domain, const char *path, const char *tag,
                                       const char *digest, char *buffer, size_t capacity,
                                       size_t *out_size, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
