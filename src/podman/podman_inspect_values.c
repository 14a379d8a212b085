/*
 * Single values of an inspected container whose shape or word is libpod's own: health, limits,
 * capabilities, signals, namespaces, annotations.
 */
#include "podman_inspect.h"

#include <string.h>

#include "podman_spec.h"

/* ---- health ---------------------------------------------------------------------------------- */

/* libpod's newest words: a container that was stopped has no result, one that was reset neither. */
const struct gnt_word gnt_podman_health_words[] = {
    { "starting", GANTRY_HEALTH_STARTING },   { "healthy", GANTRY_HEALTH_HEALTHY },
    { "unhealthy", GANTRY_HEALTH_UNHEALTHY }, { "stopped", GANTRY_HEALTH_STARTING },
    { "reset", GANTRY_HEALTH_STARTING },      { NULL, 0 }
};

/* A list's "Status" is the word of the health check, or something to read. */
int gnt_podman_in_status(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    const char *word = gnt_json_text(v);

    for (size_t i = 0; word != NULL && gnt_podman_health_words[i].word != NULL; i++) {
        if (strcmp(word, gnt_podman_health_words[i].word) == 0)
            return gnt_in_str(c, v, row, field);
    }
    return 0;
}

void gnt_podman_settle_health(gantry_container *container)
{
    static const char *const no_texts[] = { NULL };
    static const gantry_health_probe *const no_probes[] = { NULL };
    const char *const *test = container->health_test;

    if (test[0] != NULL && strcmp(test[0], "NONE") != 0)
        return;
    container->health_test = no_texts;
    container->health_text = "";
    container->health = GANTRY_HEALTH_NONE;
    container->health_failures = 0;
    container->health_log = no_probes;
}

/* ---- limits, capabilities -------------------------------------------------------------------- */

int gnt_podman_in_swap(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    int64_t swap = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(v, &swap) == 0 && (swap < 0 || swap >= GNT_PODMAN_NO_SWAP_LIMIT))
        swap = -1;
    memcpy(field, &swap, sizeof swap);
    return 0;
}

/* libpod tells NanoCpus for the usual period only. From the whole object. */
int gnt_podman_in_cpus(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    int64_t nano = 0;
    int64_t quota = 0;
    int64_t period = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(gnt_json_get(v, "HostConfig/NanoCpus"), &nano) < 0 || nano < 0)
        nano = 0;
    if (nano == 0 && gnt_json_int(gnt_json_get(v, "HostConfig/CpuQuota"), &quota) == 0 &&
        gnt_json_int(gnt_json_get(v, "HostConfig/CpuPeriod"), &period) == 0 && period > 0 &&
        quota > 0 && quota < INT64_MAX / 1000000000)
        nano = quota * 1000000000 / period;
    memcpy(field, &nano, sizeof nano);
    return 0;
}

int gnt_podman_in_seconds(struct gnt_in_context *c, const struct gnt_json *v,
                          const struct gnt_in *row, void *field)
{
    int64_t seconds = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(v, &seconds) == 0 && seconds >= 0 && seconds <= INT64_MAX / 1000)
        seconds *= 1000;
    memcpy(field, &seconds, sizeof seconds);
    return 0;
}

/*
 * libpod compares with a standard set, of which newer versions themselves leave three out: together
 * they are no wish of anybody. A privileged container has them all.
 */
int gnt_podman_in_dropped(struct gnt_in_context *c, const struct gnt_json *v,
                          const struct gnt_in *row, void *field)
{
    static const char *const usual[] = { "CAP_AUDIT_WRITE", "CAP_MKNOD", "CAP_NET_RAW" };
    const char **list;
    const char **to;
    size_t hits = 0;
    int rc = gnt_in_strs(c, v, row, field);

    if (rc < 0)
        return rc;
    memcpy(&list, field, sizeof list);
    for (size_t i = 0; list[i] != NULL; i++) {
        for (size_t k = 0; k < 3; k++)
            hits += strcmp(list[i], usual[k]) == 0;
    }
    if (hits < 3)
        return 0;
    for (to = list; *list != NULL; list++) {
        if (strcmp(*list, usual[0]) != 0 && strcmp(*list, usual[1]) != 0 &&
            strcmp(*list, usual[2]) != 0)
            *to++ = *list;
    }
    *to = NULL;
    return 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Its own namespace, under any word, is "". */
int gnt_podman_in_namespace(struct gnt_in_context *c, const struct gnt_json *v,
                            const struct gnt_in *row, void *field)
{
    const char *word = gnt_json_text(v);

    if (word == NULL || strcmp(word, "private") == 0 || strcmp(word, "shareable") == 0)
        return 0;
    return gnt_in_str(c, v, row, field);
}

/* Where the engine says nothing. */
int gnt_podman_in_no_restart(struct gnt_in_context *c, const struct gnt_json *v,
                             const struct gnt_in *row, void *field)
{
    static const int no = GANTRY_RESTART_NO;

    (void)c;
    (void)v;
    (void)row;
    memcpy(field, &no, sizeof no);
    return 0;
}

/* What libpod notes for itself are no annotations of anybody. */
static int is_own_annotation(const char *key)
{
    static const char *const own[] = { "io.podman.annotations.", "io.container.manager",
                                       "io.kubernetes.cri-o.",
                                       "org.opencontainers.image.stopSignal" };

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strncmp(key, own[i], strlen(own[i])) == 0)
            return 1;
    }
    return 0;
}

int gnt_podman_in_annotations(struct gnt_in_context *c, const struct gnt_json *v,
                              const struct gnt_in *row, void *field)
{
    gantry_pair *pairs = NULL;
    size_t count = 0;
    size_t kept = 0;
    int rc = gnt_in_map(c, v, row, field);

    if (rc < 0)
        return rc;
    memcpy(&pairs, field, sizeof pairs);
    memcpy(&count, (char *)field + sizeof pairs, sizeof count);
    for (size_t i = 0; i < count; i++) {
        if (!is_own_annotation(pairs[i].key))
            pairs[kept++] = pairs[i];
    }
    memcpy((char *)field + sizeof pairs, &kept, sizeof kept);
    return 0;
}
