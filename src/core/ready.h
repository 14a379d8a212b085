/*
 * Waiting until a container is ready: one loop of inspections, each followed by a try of every
 * condition that does not hold yet.
 */
#ifndef GNT_READY_H
#define GNT_READY_H

#include "engine.h"
#include "fetch.h"

struct gnt_ready_log; /* ready_log.c */

/* A condition and what is known of it. */
struct gnt_ready_condition {
    gantry_condition c;
    struct gnt_ready_log *log; /* LOG: what was read of it */
    int holds;                 /* it held since the container's last start, which has not ended */
    int impossible;            /* the container has ended, and with it the chance */
    int tried;                 /* the reason is one */
    char reason[240];          /* why it does not hold; says something from the first try on */
};

struct gnt_ready {
    gantry_engine *e;
    const gantry_container_ops *ops;
    const char *id;
    gantry_ready_options o;
    gantry_call call;       /* of every request: the wait's deadline and token, no other limit */
    struct gnt_clock clock; /* the same */
    struct gnt_arena arena;
    struct gnt_ready_condition *conditions;
    size_t count;
    const gantry_container *now; /* as this turn's inspection found it */
    int ended;                   /* it has, and the engine does not start it again */
    int64_t begun_ns;            /* of the wait */
    int64_t started_ns;          /* of the container, by the engine's clock */
    int64_t log_since_ns;        /* lines of that start are not older */
    struct gnt_fetch *fetch;
    int64_t probed_ns; /* when the health check was last driven; 0 = never */
    int probed;        /* what it found: GANTRY_HEALTH_... */
    char probe[160];   /* how the last probe ended */
};

/*
 * As gantry_containers_wait_ready() with imported options; `id` was checked. For what is composed
 * of it.
 */
int gnt_ready_wait(gantry_engine *e, const char *id, const gantry_condition *const *conditions,
                   const gantry_ready_options *o, gantry_error *err);

/* ---- inside ---------------------------------------------------------------------------------- */

/* Why it does not hold. One line. */
void gnt_ready_because(struct gnt_ready_condition *c, const char *fmt, ...) GANTRY_PRINTF(2, 3);
/* The call of one try: at most try_ms. Returns copy. */
const gantry_call *gnt_ready_try_call(const struct gnt_ready *r, gantry_call *copy);
/*
 * A try failed: 0 if that only means "not yet", and the reason is kept; the code, and err filled,
 * if the wait is over by it.
 */
int gnt_ready_failed(const struct gnt_ready *r, struct gnt_ready_condition *c, int rc,
                     const gantry_error *failure, gantry_error *err);

/* Try one; set holds, or the reason. 0, or a failure that ends the wait. @{ */
int gnt_ready_try(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err);
int gnt_ready_port(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err);
int gnt_ready_http(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err);
int gnt_ready_read(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err);
/* @} */

/* Make what a LOG condition needs; INVALID if its expression is none. */
int gnt_ready_log_new(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err);
/* Begin at the log's beginning again. NULL is fine, as below. */
void gnt_ready_log_reset(struct gnt_ready_log *log);
void gnt_ready_log_free(struct gnt_ready_log *log);

#endif
