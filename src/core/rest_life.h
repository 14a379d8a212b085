/*
 * The further life of containers, lists and what they are asked for, where engines that speak REST
 * are alike. Tables and words are the backends'.
 */
#ifndef GNT_REST_LIFE_H
#define GNT_REST_LIFE_H

#include "rest_ops.h"

/* ---- create, inspect (rest_inspect.c) -------------------------------------------------------- */

extern const struct gnt_in gnt_created_rows[];
/* Rows of an inspected container that a dialect includes behind its own (GNT_IN_TABLE). */
extern const struct gnt_in gnt_container_rows[];

/* ---- life (rest_life.c) ---------------------------------------------------------------------- */

/* POST /containers/%s/pause or unpause; a container that is so already is success, whatever the
 * engine answers. */
int gnt_rest_pause(struct gnt_rest *rest, const gantry_call *call, const char *id, int pause,
                   gantry_error *err);
int gnt_rest_rename(struct gnt_rest *rest, const gantry_call *call, const char *id,
                    const char *new_name, gantry_error *err);
int gnt_rest_resize(struct gnt_rest *rest, const gantry_call *call, const char *id, int columns,
                    int rows, gantry_error *err);
/* GET /containers/%s/top, {"Titles", "Processes"}; ps_args may be NULL. */
int gnt_rest_top(struct gnt_rest *rest, const gantry_call *call, const char *id,
                 const char *ps_args, gantry_container_top **out, gantry_error *err);
/* Texts with `between` between them; "" for none, NULL without memory. */
const char *gnt_join(struct gnt_arena *arena, const char *const *list, const char *between);
/* GET /containers/%s/changes, [{"Path", "Kind"}] or null; by path. diff_type may be NULL. */
int gnt_rest_changes(struct gnt_rest *rest, const gantry_call *call, const char *id,
                     const char *diff_type, gantry_container_changes **out, gantry_error *err);
/* A new limit of memory is refused where the old one of memory and swap would be below it: raise
 * that too, to what the engine's own default is (twice), if the caller says nothing of it. */
int gnt_rest_update_swap(struct gnt_rest *rest, const gantry_call *call, const char *id,
                         gantry_resources *r, gantry_error *err);
/* UNSUPPORTED for a limit that no engine's update changes, although it takes it. */
int gnt_rest_update_check(const gantry_resources *r, gantry_error *err);

/* Remove a container that is not what was asked for; rc, which is returned, says why. Limits as of
 * gnt_call_cleanup(). The error tells whether the container is left. */
int gnt_take_back(int (*remove)(void *state, const char *id,
                                const gantry_container_remove_options *opts, gantry_error *err),
                  void *state, const char *id, int rc, gantry_error *err);

/* ---- restart --------------------------------------------------------------------------------- */

extern const struct gnt_word gnt_restart_words[]; /* -> GANTRY_RESTART_..., "" is NO */
/* The word of an int that is one of these. */
int gnt_out_restart(struct gnt_out_context *, const struct gnt_out *, const void *);

/* ---- signals (rest_signal.c) ----------------------------------------------------------------- */

/* Number of "SIGTERM", "term", "15", "RTMIN+3" on Linux, the engine's host; 0 if there is none. */
int gnt_signal_number(const char *name);
/* "SIGTERM"; NULL if the number has no name. text: room for made up ones. */
const char *gnt_signal_name(int64_t number, char text[16]);
/* A number, or a name in any form, as "SIGTERM"; what is neither as it is. */
int gnt_in_signal(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);

/* ---- mounts (rest_tmpfs.c) ------------------------------------------------------------------- */

/* {"/t": "size=1000,rw"}: tmpfs mounts, behind the mounts that the field lists. */
int gnt_in_tmpfs(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);

/* ---- health ---------------------------------------------------------------------------------- */

extern const struct gnt_word gnt_health_words[]; /* -> GANTRY_HEALTH_... */
/* [{"Start", "End", "ExitCode", "Output"}] -> `log`, `health_log` */
int gnt_in_health_log(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                      void *);
/* The engine's word for its health; "none" is "". */
int gnt_in_health_text(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                       void *);
/* The test; { "NONE" } is none. */
int gnt_in_health_test(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                       void *);

/* ---- lists (rest_list.c) --------------------------------------------------------------------- */

/* Conditions of a list that are decided on the answer, since engines take them differently. */
struct gnt_list_plan {
    const gantry_container_list_options *options;
    struct gnt_name_filter names;
    int running;       /* only what runs: paused ones and restarts too */
    int64_t before_ns; /* 0: any */
    int64_t since_ns;
};

/* Look at what `before` and `since` name: NOT_FOUND if there is none. */
int gnt_list_plan(struct gnt_rest *rest, const gantry_container_list_options *opts,
                  const gantry_call *call, struct gnt_list_plan *out, gantry_error *err);
/* Whether the plan may drop what the engine lists, so that a limit is not the engine's to apply. */
int gnt_list_narrows(const struct gnt_list_plan *plan);
/* For gnt_req_list. */
int gnt_list_accept(const void *item, const void *plan);
/* The rest, on the newest first: what was made in the second of `before` or `since` is looked at,
 * the limit applied, and what was lent given back. */
int gnt_list_settle(struct gnt_rest *rest, const struct gnt_list_plan *plan,
                    const gantry_call *call, gantry_container_list *list, gantry_error *err);
/* Row of a list's table that a path as `volume` needs: targets of mounts, lent to `environment`. */
int gnt_in_mount_targets(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                         void *);
/* An inspected container's sizes: -1 if they were not asked for; what an engine leaves out is 0. */
void gnt_settle_sizes(gantry_container *c, int asked);

#endif
