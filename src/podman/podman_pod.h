/* Shared by the files of Podman's pods. */
#ifndef GNT_PODMAN_POD_H
#define GNT_PODMAN_POD_H

#include "podman.h"

#include "pod.h"

int gnt_podman_pod_create(void *state, const char *name, const gantry_pod_options *opts,
                          gantry_pod_created **out, gantry_error *err);
int gnt_podman_pod_start(void *state, const char *id, const gantry_pod_call_options *opts,
                         gantry_error *err);
int gnt_podman_pod_stop(void *state, const char *id, const gantry_pod_stop_options *opts,
                        gantry_error *err);
int gnt_podman_pod_restart(void *state, const char *id, const gantry_pod_stop_options *opts,
                           gantry_error *err);
int gnt_podman_pod_kill(void *state, const char *id, const gantry_pod_kill_options *opts,
                        gantry_error *err);
int gnt_podman_pod_pause(void *state, const char *id, const gantry_pod_call_options *opts,
                         gantry_error *err);
int gnt_podman_pod_unpause(void *state, const char *id, const gantry_pod_call_options *opts,
                           gantry_error *err);
int gnt_podman_pod_remove(void *state, const char *id, const gantry_pod_remove_options *opts,
                          gantry_error *err);

/* The pod as an inspection tells it (podman_pod.c). */
int gnt_podman_pod_look(struct podman *p, const gantry_call *call, const char *id, gantry_pod **out,
                        gantry_error *err);

/*
 * Run a request that acts on a pod's containers and answers {"Errs": [texts]}, with 409 if there
 * are any: those become one error (podman_pod_errors.c). Frees the request. ended: 1 = a member
 * that has ended is no failure.
 */
int gnt_podman_pod_act(struct podman *p, struct gnt_req *r, const gantry_call *call, const char *id,
                       int ended, gantry_error *err);

/* INVALID for what a new member cannot have of its own (podman_pod_member.c). */
int gnt_podman_check_member(struct podman *p, const gantry_container_options *o,
                            const gantry_call *call, gantry_error *err);

/* A forced removal that failed for a moment only (podman_life.c). */
int gnt_podman_passes(const gantry_error *failure);

#endif
