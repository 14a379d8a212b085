/*
 * A deployment that is being carried out. Workers (deploy_work.c) begin items and wait for them;
 * the
 * caller's thread (deploy_run.c) hands out events, and undoes what was made when all have stopped.
 */
#ifndef GNT_DEPLOY_IMPL_H
#define GNT_DEPLOY_IMPL_H

#include "deploy.h"

#include <pthread.h>

enum {
    GNT_DEPLOY_ID_SIZE = 256,
    GNT_DEPLOY_EVENTS = 4 /* most of one item: created, started, ready; and one that failed */
};

/* What an item's next task is. */
enum gnt_deploy_task {
    GNT_DEPLOY_BEGIN, /* create and start, once its dependencies allow */
    GNT_DEPLOY_WAIT,  /* until it is ready, or completed */
    GNT_DEPLOY_BUSY,  /* a worker is at it */
    GNT_DEPLOY_DONE
};

struct gnt_deploy_job {
    enum gnt_deploy_task task;
    char id[GNT_DEPLOY_ID_SIZE]; /* "" until it is known */
    size_t made;                 /* it was made by this call, as the made-th; 0 = it was not */
    int created;                 /* it is there for sure; else look before it is undone */
    int order;
};

struct gnt_deploy_event {
    size_t item;
    int step;
};

struct gnt_deploy {
    const struct gnt_deploy_plan *plan;
    const gantry_container_ops *ops;
    gantry_cancel *stop;  /* ends waits, when something failed */
    gantry_cancel *news;  /* the caller's thread is to look */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t work;
    struct gnt_deploy_job *jobs;
    enum gnt_deploy_level *levels;
    struct gnt_deploy_event *events;
    size_t event_count;
    size_t made;
    int started;
    size_t done;
    int workers;        /* that run */
    int rc;             /* the first failure; nothing further is begun */
    size_t failed_item; /* count if it was none's */
    gantry_error failure;
};

void *gnt_deploy_worker(void *deploy);
/* The first failure counts. `item` may be plan->count. The lock is not held. */
void gnt_deploy_fail(struct gnt_deploy *d, size_t item, int rc, const gantry_error *failure);

#endif
