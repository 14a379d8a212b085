/*
 * Inside of the Docker backend: its state, and the tables that tests check.
 */
#ifndef GNT_DOCKER_H
#define GNT_DOCKER_H

#include "rest_ops.h"

/* API versions that this backend speaks. */
#define GNT_DOCKER_API_MIN 41
#define GNT_DOCKER_API_MAX 51

struct docker {
    struct gnt_rest rest; /* first: core's shared operations take it */
    int windows;          /* the daemon runs Windows containers */
};

/* The label of an anonymous volume, from 23.0 on. */
#define GNT_DOCKER_ANONYMOUS "com.docker.volume.anonymous"

/* Such a daemon says that a container has ended before its lists do. To inspect the container waits
 * for its lock, and with it for the lists. */
int gnt_docker_lists_late(struct docker *d);

extern const gantry_backend gnt_docker_backend;
extern const gantry_engine_ops gnt_docker_engine_ops;
extern const gantry_image_ops gnt_docker_image_ops;
extern const gantry_container_ops gnt_docker_container_ops;
extern const gantry_volume_ops gnt_docker_volume_ops;
extern const gantry_network_ops gnt_docker_network_ops;
extern const gantry_pod_ops gnt_docker_pod_ops;
extern const gantry_manifest_ops gnt_docker_manifest_ops;
extern const gantry_registry_ops gnt_docker_registry_ops;
extern const gantry_system_ops gnt_docker_system_ops;

/* docker.c */
extern const struct gnt_error_row gnt_docker_errors[];
/* An error about another thing than the request's own (a missing network of a container): take the
 * name out of the engine's message, or none. `asked` is the kind that the request was about. */
int gnt_docker_blame(int rc, int asked, gantry_error *err);
/* Read "1.41"; 0 or -1. */
int gnt_docker_parse_version(const char *text, int *major, int *minor);

/* docker_build.c */
int gnt_docker_build(void *state, const char *reference, const gantry_build_options *opts,
                     const gantry_build_context *context, gantry_progress **out, gantry_error *err);
extern const struct gnt_build_dialect gnt_docker_build_dialect;
/* What both builders are asked alike; opts->builder is not looked at. */
void gnt_docker_build_request(struct gnt_req *r, struct docker *d, const char *reference,
                              const gantry_build_options *opts,
                              const gantry_build_context *context);

/* docker_transfer.c */
int gnt_docker_pull(void *state, const char *reference, const gantry_pull_options *opts,
                    gantry_progress **out, gantry_error *err);
int gnt_docker_push(void *state, const char *reference, const gantry_push_options *opts,
                    gantry_progress **out, gantry_error *err);
extern const struct gnt_transfer_dialect gnt_docker_transfer_dialect;

/* docker_image.c */
/* A new name as the two parameters that Docker wants. */
void gnt_docker_query_name(struct gnt_req *r, const char *argument, const char *reference);
/* Hook for names, without the "<none>" entries of older daemons. */
int gnt_docker_in_references(struct gnt_in_context *, const struct gnt_json *,
                             const struct gnt_in *, void *);

/* docker_stats.c */
int gnt_docker_stats(void *state, const char *id, const gantry_stats_options *opts,
                     gantry_stats **out, gantry_error *err);
int gnt_docker_stats_open(void *state, const char *const *ids, const gantry_stats_options *opts,
                          gantry_stats_reader **out, gantry_error *err);
extern const struct gnt_stats_dialect gnt_docker_stats_dialect; /* rest_stats.h */

/* docker_events.c */
int gnt_docker_events_open(void *state, const gantry_events_options *opts,
                           gantry_event_source **out, gantry_error *err);
extern const struct gnt_event_dialect gnt_docker_event_dialect; /* rest_events.h */
extern const struct gnt_word gnt_docker_event_types[];
extern const struct gnt_word gnt_docker_event_actions[];

/* docker_save.c */
/* A name as Docker's answers spell it: "app:latest" for app, docker.io/library/app ... */
int gnt_docker_tag_name(struct gnt_arena *arena, const char *reference, const char **out,
                        gantry_error *err);
/* An image and its names. */
struct gnt_docker_names {
    struct gnt_arena *arena;
    const char *wanted; /* the reference by gnt_docker_tag_name */
    const char *id;     /* "sha256:..." */
    int has;            /* wanted is one of the names */
    int count;          /* of names with tags */
};
int gnt_docker_names(struct docker *d, const gantry_call *call, struct gnt_arena *arena,
                     const char *reference, struct gnt_docker_names *out, gantry_error *err);
int gnt_docker_save(void *state, const char *const *references, const gantry_save_options *opts,
                    gantry_stream **out, gantry_error *err);
int gnt_docker_load(void *state, const gantry_source *tar, const gantry_load_options *opts,
                    gantry_load_result **out, gantry_error *err);
int gnt_docker_commit(void *state, const char *id, const char *reference,
                      const gantry_commit_options *opts, gantry_committed **out, gantry_error *err);
int gnt_docker_export(void *state, const char *id, const gantry_export_options *opts,
                      gantry_stream **out, gantry_error *err);

/* docker_upkeep.c */
int gnt_docker_untag(void *state, const char *reference, const gantry_image_untag_options *opts,
                     gantry_error *err);
int gnt_docker_history(void *state, const char *reference, const gantry_image_history_options *opts,
                       gantry_image_history **out, gantry_error *err);
int gnt_docker_prune(void *state, const gantry_image_prune_options *opts, gantry_image_pruned **out,
                     gantry_error *err);
int gnt_docker_disk_usage(void *state, const gantry_image_disk_usage_options *opts,
                          gantry_image_disk_usage **out, gantry_error *err);
/* Ask for a disk use. The engine counts for one at a time and sends others away with STATE: they
 * wait for their turn, as long as the call may take. */
int gnt_docker_usage_turn(struct docker *d, const gantry_call *call,
                          int (*ask)(struct docker *d, const gantry_call *call, void *arg,
                                     gantry_error *err),
                          void *arg, gantry_error *err);
/* One answer of a disk use into its result (a gnt_json_fn). */
int gnt_docker_take_usage(void *usage, struct gnt_json *v, gantry_error *err);
/* Build cache that nobody uses, made before until_ns (0 = any); what went is added to `pruned`. */
int gnt_docker_prune_cache(struct docker *d, int64_t until_ns, int all, const gantry_call *call,
                           gantry_image_pruned *pruned, gantry_error *err);

/* docker_system.c */
/* GET /system/df: `type` is the only kind to count, or NULL for all. */
void gnt_docker_df_request(struct gnt_req *r, struct docker *d, const gantry_call *call,
                           const char *type);
extern const struct gnt_in gnt_docker_df_rows[];

/* docker_transfer.c */
int gnt_docker_pull(void *state, const char *reference, const gantry_pull_options *opts,
                    gantry_progress **out, gantry_error *err);
int gnt_docker_push(void *state, const char *reference, const gantry_push_options *opts,
                    gantry_progress **out, gantry_error *err);
extern const struct gnt_transfer_dialect gnt_docker_transfer_dialect;

/* docker_spec.c: the body of a create */
struct gnt_json *gnt_docker_container_body(struct gnt_req *r, const char *image,
                                           const gantry_container_options *opts);

/* docker_create.c */
int gnt_docker_container_create(void *state, const char *image,
                                const gantry_container_options *opts, gantry_created **out,
                                gantry_error *err);

/* The same without looking at `pod` and the library's own labels: for what it makes itself. */
int gnt_docker_container_make(struct docker *d, const char *image,
                              const gantry_container_options *opts, gantry_created **out,
                              gantry_error *err);

/* docker_container.c */
int gnt_docker_container_remove(void *state, const char *id,
                                const gantry_container_remove_options *opts, gantry_error *err);

/* docker_spec_network.c */
/* What a create of an older daemon could not take: the further networks of a container that was
 * made and does not run yet. */
int gnt_docker_connect_others(struct docker *d, const gantry_call *call, const char *id,
                              const gantry_container_options *opts, gantry_error *err);

/* docker_warnings.c */
/* UNSUPPORTED if one of a create's or an update's warnings says that an option which is set has no
 * effect; r and cgroup_namespace may be NULL. */
int gnt_docker_check_warnings(const char *const *texts, const gantry_resources *r,
                              const char *cgroup_namespace, gantry_error *err);

/* docker_inspect.c */
int gnt_docker_container_list(void *state, const gantry_container_list_options *opts,
                              gantry_container_list **out, gantry_error *err);
int gnt_docker_container_inspect(void *state, const char *id,
                                 const gantry_container_inspect_options *opts,
                                 gantry_container **out, gantry_error *err);
/* Hook for the container's own among the names of a list. */
int gnt_docker_in_own_name(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                           void *);

/* docker_pod.c */
/* Hook on a whole container, listed or inspected: the id of its pod. */
int gnt_docker_in_pod(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                      void *);
/* Whether it is in the pod of a name, an id or its beginning; NULL: any container is. */
int gnt_docker_is_in_pod(const gantry_container *c, const char *pod);

/* docker_life.c */
int gnt_docker_pause(void *state, const char *id, const gantry_container_pause_options *opts,
                     gantry_error *err);
int gnt_docker_unpause(void *state, const char *id, const gantry_container_pause_options *opts,
                       gantry_error *err);
int gnt_docker_rename(void *state, const char *id, const char *new_name,
                      const gantry_container_rename_options *opts, gantry_error *err);
int gnt_docker_resize(void *state, const char *id, int columns, int rows,
                      const gantry_resize_options *opts, gantry_error *err);
int gnt_docker_top(void *state, const char *id, const gantry_container_top_options *opts,
                   gantry_container_top **out, gantry_error *err);
int gnt_docker_changes(void *state, const char *id, const gantry_container_changes_options *opts,
                       gantry_container_changes **out, gantry_error *err);
int gnt_docker_update(void *state, const char *id, const gantry_container_update_options *opts,
                      gantry_error *err);
int gnt_docker_checkpoint(void *state, const char *id, const gantry_checkpoint_options *opts,
                          gantry_error *err);
int gnt_docker_restore(void *state, const char *id, const gantry_checkpoint_options *opts,
                       gantry_error *err);
extern const struct gnt_out gnt_docker_top_options[];
extern const struct gnt_out gnt_docker_update_options[];
extern const struct gnt_out gnt_docker_checkpoint_options[];

/* docker_stream.c */
int gnt_docker_logs(void *state, const char *id, const gantry_logs_options *opts,
                    gantry_stream **out, gantry_error *err);
int gnt_docker_attach(void *state, const char *id, const gantry_attach_options *opts,
                      gantry_stream **out, gantry_error *err);
int gnt_docker_wait(void *state, const char *id, const gantry_wait_options *opts, gantry_wait **out,
                    gantry_error *err);
int gnt_docker_exec(void *state, const char *id, const char *const *command,
                    const gantry_exec_options *opts, gantry_stream **out,
                    char out_exec_id[GANTRY_EXEC_ID_SIZE], gantry_error *err);
int gnt_docker_exec_resize(void *state, const char *exec_id, int columns, int rows,
                           const gantry_call *call, gantry_error *err);
int gnt_docker_exec_inspect(void *state, const char *exec_id,
                            const gantry_exec_inspect_options *opts, gantry_exec_info **out,
                            gantry_error *err);
int gnt_docker_exec_result(void *state, const char *exec_id, const gantry_call *call,
                           int *out_running, int64_t *out_code, int *out_not_started,
                           gantry_error *err);

/* docker_copy.c */
int gnt_docker_archive_put(void *state, const char *id, const char *directory,
                           const gantry_source *tar, const gantry_copy_in_options *opts,
                           gantry_error *err);
int gnt_docker_archive_get(void *state, const char *id, const char *path,
                           const gantry_copy_out_options *opts, gantry_stream **out,
                           gantry_error *err);
int gnt_docker_archive_stat(void *state, const char *id, const char *path,
                            const gantry_stat_options *opts, gantry_file_info **out,
                            gantry_error *err);

/* Options: every field is encoded, dealt with in code, or refused. */
extern const struct gnt_out gnt_docker_build_options[];
extern const struct gnt_out gnt_docker_pull_options[];
extern const struct gnt_out gnt_docker_push_options[];
extern const struct gnt_out gnt_docker_import_options[];
extern const struct gnt_out gnt_docker_image_list_options[];
extern const struct gnt_out gnt_docker_image_remove_options[];
extern const struct gnt_out gnt_docker_save_options[];
extern const struct gnt_out gnt_docker_load_options[];
extern const struct gnt_out gnt_docker_commit_options[];
extern const struct gnt_out gnt_docker_prune_options[];
extern const struct gnt_out gnt_docker_container_options[];
extern const struct gnt_out gnt_docker_mount_options[];
extern const struct gnt_out gnt_docker_port_options[];
extern const struct gnt_out gnt_docker_attachment_options[];
extern const struct gnt_out gnt_docker_ulimit_options[];
extern const struct gnt_out gnt_docker_device_options[];
extern const struct gnt_out gnt_docker_security_options[];
extern const struct gnt_out gnt_docker_health_options[];
extern const struct gnt_out gnt_docker_block_limit_options[];
/* As members of HostConfig in a create, of the body itself in an update. */
extern const struct gnt_out gnt_docker_resource_options[];
extern const struct gnt_out gnt_docker_stop_options[];
extern const struct gnt_out gnt_docker_kill_options[];
extern const struct gnt_out gnt_docker_container_remove_options[];
extern const struct gnt_out gnt_docker_container_list_options[];
extern const struct gnt_out gnt_docker_container_inspect_options[];
extern const struct gnt_out gnt_docker_wait_options[];
extern const struct gnt_out gnt_docker_logs_options[];
extern const struct gnt_out gnt_docker_stats_options[];
extern const struct gnt_out gnt_docker_attach_options[];
extern const struct gnt_out gnt_docker_volume_options[];
extern const struct gnt_out gnt_docker_volume_list_options[];
extern const struct gnt_out gnt_docker_volume_inspect_options[];
extern const struct gnt_out gnt_docker_volume_remove_options[];
extern const struct gnt_out gnt_docker_network_options[];
extern const struct gnt_out gnt_docker_network_list_options[];
extern const struct gnt_out gnt_docker_network_remove_options[];
extern const struct gnt_out gnt_docker_connect_options[];
extern const struct gnt_out gnt_docker_disconnect_options[];
extern const struct gnt_out gnt_docker_pod_options[];
extern const struct gnt_out gnt_docker_pod_stop_options[];
extern const struct gnt_out gnt_docker_pod_kill_options[];
extern const struct gnt_out gnt_docker_pod_remove_options[];
extern const struct gnt_out gnt_docker_pod_list_options[];
extern const struct gnt_out gnt_docker_manifest_inspect_options[];
extern const struct gnt_out gnt_docker_login_options[];
extern const struct gnt_out gnt_docker_search_options[];
extern const struct gnt_out gnt_docker_remote_options[];

/* Results. */
extern const struct gnt_in gnt_docker_version_rows[];
extern const struct gnt_in gnt_docker_info_rows[];
extern const struct gnt_in gnt_docker_image_list_rows[];
extern const struct gnt_in gnt_docker_image_rows[];
extern const struct gnt_in gnt_docker_layer_rows[];
extern const struct gnt_in gnt_docker_usage_rows[];
extern const struct gnt_in gnt_docker_container_list_rows[];
extern const struct gnt_in gnt_docker_container_rows[];
extern const struct gnt_in gnt_docker_volume_rows[];
extern const struct gnt_in gnt_docker_volume_usage_rows[];
extern const struct gnt_in gnt_docker_network_rows[];
extern const struct gnt_in gnt_docker_pod_rows[];
extern const struct gnt_in gnt_docker_manifest_rows[];
extern const struct gnt_in gnt_docker_search_rows[];
extern const struct gnt_in gnt_docker_remote_rows[];

#endif
