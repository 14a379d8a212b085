/*
 * Pods on Docker, which has none: an infra container holds the namespaces, labels say what belongs
 * together. The id of a pod is that of its infra container, also after that has vanished.
 */
#ifndef GNT_DOCKER_POD_H
#define GNT_DOCKER_POD_H

#include "docker.h"

/* Labels; the library's own, whoever makes the container. */
#define GNT_POD_LABEL "io.libgantry.pod"               /* of all: the pod's name */
#define GNT_POD_ID_LABEL "io.libgantry.pod.id"         /* of members: the pod's id */
#define GNT_POD_INFRA_LABEL "io.libgantry.pod.infra"   /* of the infra container: "1" */
#define GNT_POD_SHARE_LABEL "io.libgantry.pod.share"   /* of the infra container: "net,ipc" */
#define GNT_POD_CGROUP_LABEL "io.libgantry.pod.cgroup" /* of the infra container, for members */

enum {
    GNT_POD_NET = 1,
    GNT_POD_IPC = 2,
    GNT_POD_UTS = 4,
    GNT_POD_PID = 8
};
extern const struct gnt_word gnt_docker_pod_share[]; /* "net" ... */

/* Value of a label, or NULL. */
const char *gnt_docker_label(const gantry_pair *labels, size_t count, const char *key);
/* INVALID if one of a new container's or pod's labels is among the library's. */
int gnt_docker_pod_check_labels(const gantry_pair *labels, size_t count, gantry_error *err);

/* ---- looking (docker_pod.c) ------------------------------------------------------------------ */

/* All pods, or those of one name, with what an infra container's labels tell: `share` and
 * `cgroup_parent` too. Members are in the order in which they were made. */
int gnt_docker_pods_look(struct docker *d, const gantry_call *call, const char *name,
                         gantry_pod_list **out, gantry_error *err);
/* The pod of a name, an id or the beginning of one, inside a list that is freed with
 * gnt_result_free(). NOT_FOUND, or INVALID if several begin so. */
int gnt_docker_pod_find(struct docker *d, const gantry_call *call, const char *id,
                        gantry_pod_list **out_list, const gantry_pod **out_pod, gantry_error *err);
int gnt_docker_pod_list(void *state, const gantry_pod_list_options *opts, gantry_pod_list **out,
                        gantry_error *err);
int gnt_docker_pod_inspect(void *state, const char *id, const gantry_pod_inspect_options *opts,
                           gantry_pod **out, gantry_error *err);
int gnt_docker_pod_exists(void *state, const char *id, const gantry_pod_call_options *opts,
                          int *out_exists, gantry_error *err);

/* ---- making (docker_pod_create.c) ------------------------------------------------------------ */

int gnt_docker_pod_create(void *state, const char *name, const gantry_pod_options *opts,
                          gantry_pod_created **out, gantry_error *err);

/* ---- members (docker_pod_member.c) ----------------------------------------------------------- */

/* Make the options of a new member those of a container in the infra container's namespaces; what
 * they then point to is in the arena. */
int gnt_docker_pod_join(struct docker *d, struct gnt_arena *arena, gantry_container_options *o,
                        gantry_error *err);
/* Before a start: a member needs its pod's infra container running. What is no member is left
 * alone. A start that fails first would end what is attached, and remove what is to be removed. */
int gnt_docker_pod_wake(struct docker *d, const gantry_call *call, const char *id,
                        gantry_error *err);

#endif
