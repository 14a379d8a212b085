/*
 * Hooks and words that decode what libpod tells of containers (podman_inspect_values.c).
 */
#ifndef GNT_PODMAN_INSPECT_H
#define GNT_PODMAN_INSPECT_H

#include "podman.h"

extern const struct gnt_word gnt_podman_health_words[];

/* A list's "Status": only words of health. const char * */
int gnt_podman_in_status(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                         void *);
/* Memory and swap: -1 for the kernel's largest number. int64_t */
int gnt_podman_in_swap(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                       void *);
/* From the whole object: nano_cpus by quota and period. int64_t */
int gnt_podman_in_cpus(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                       void *);
/* Seconds as milliseconds. int64_t */
int gnt_podman_in_seconds(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                          void *);
/* "CapDrop" without what newer versions never give. List */
int gnt_podman_in_dropped(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                          void *);
/* Name or number as a name. const char * */
/* "" for its own. const char * */
int gnt_podman_in_namespace(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                            void *);
/* NO, whatever it says: for what comes before the row that knows better. int */
int gnt_podman_in_no_restart(struct gnt_in_context *, const struct gnt_json *,
                             const struct gnt_in *, void *);
/* Without the engine's own. Pairs and count */
int gnt_podman_in_annotations(struct gnt_in_context *, const struct gnt_json *,
                              const struct gnt_in *, void *);

#endif
