/*
 * Podman over its native libpod API: the private state and what the files of this backend share.
 * Knows nothing of other backends.
 */
#ifndef GNT_PODMAN_H
#define GNT_PODMAN_H

#include "error.h"
#include "names.h"
#include "rest_ops.h"

/* State of one engine; does not change after opening. */
struct podman {
    struct gnt_rest rest;    /* first; prefix "/v4.3.1/libpod" */
    char engine_version[32]; /* of the server, as it said: "4.3.1" */
};

extern const gantry_engine_ops gnt_podman_engine_ops;
extern const gantry_image_ops gnt_podman_image_ops;
extern const gantry_container_ops gnt_podman_container_ops;
extern const gantry_volume_ops gnt_podman_volume_ops;
extern const gantry_network_ops gnt_podman_network_ops;
extern const gantry_manifest_ops gnt_podman_manifest_ops;
extern const gantry_registry_ops gnt_podman_registry_ops;
extern const gantry_secret_ops gnt_podman_secret_ops;
extern const gantry_kube_ops gnt_podman_kube_ops;
extern const gantry_system_ops gnt_podman_system_ops;

/* podman_events.c */
int gnt_podman_events_open(void *state, const gantry_events_options *opts,
                           gantry_event_source **out, gantry_error *err);
extern const struct gnt_event_dialect gnt_podman_event_dialect; /* rest_events.h */
extern const struct gnt_word gnt_podman_event_types[];
extern const struct gnt_word gnt_podman_event_actions[];
extern const gantry_pod_ops gnt_podman_pod_ops;

/* ---- slots that are not in their table's file ------------------------------------------------ */

int gnt_podman_build(void *state, const char *reference, const gantry_build_options *opts,
                     const gantry_build_context *context, gantry_progress **out,
                     gantry_error *err);
int gnt_podman_pull(void *state, const char *reference, const gantry_pull_options *opts,
                    gantry_progress **out, gantry_error *err);
int gnt_podman_push(void *state, const char *reference, const gantry_push_options *opts,
                    gantry_progress **out, gantry_error *err);
int gnt_podman_logs(void *state, const char *id, const gantry_logs_options *opts,
                    gantry_stream **out, gantry_error *err);
int gnt_podman_attach(void *state, const char *id, const gantry_attach_options *opts,
                      gantry_stream **out, gantry_error *err);
int gnt_podman_exec(void *state, const char *id, const char *const *command,
                    const gantry_exec_options *opts, gantry_stream **out,
                    char out_exec_id[GANTRY_EXEC_ID_SIZE], gantry_error *err);
int gnt_podman_exec_resize(void *state, const char *exec_id, int columns, int rows,
                           const gantry_call *call, gantry_error *err);
int gnt_podman_exec_inspect(void *state, const char *exec_id,
                            const gantry_exec_inspect_options *opts, gantry_exec_info **out,
                            gantry_error *err);
int gnt_podman_exec_result(void *state, const char *exec_id, const gantry_call *call,
                           int *out_running, int64_t *out_code, int *out_not_started,
                           gantry_error *err);
int gnt_podman_stats(void *state, const char *id, const gantry_stats_options *opts,
                     gantry_stats **out, gantry_error *err);
int gnt_podman_stats_open(void *state, const char *const *ids, const gantry_stats_options *opts,
                          gantry_stats_reader **out, gantry_error *err);
extern const struct gnt_stats_dialect gnt_podman_stats_dialect; /* rest_stats.h */
int gnt_podman_wait(void *state, const char *id, const gantry_wait_options *opts, gantry_wait **out,
                    gantry_error *err);
/* For a word of the engine's own (podman_wait_word.c). */
int gnt_podman_wait_word(struct podman *p, const char *id, const gantry_wait_options *opts,
                         gantry_wait **out, gantry_error *err);
int gnt_podman_network_create(void *state, const char *name, const gantry_network_options *opts,
                              gantry_network **out, gantry_error *err);
int gnt_podman_create(void *state, const char *image, const gantry_container_options *opts,
                      gantry_created **out, gantry_error *err);
int gnt_podman_start(void *state, const char *id, const gantry_container_start_options *opts,
                     gantry_error *err);
int gnt_podman_stop(void *state, const char *id, const gantry_container_stop_options *opts,
                    gantry_error *err);
int gnt_podman_restart(void *state, const char *id, const gantry_container_stop_options *opts,
                       gantry_error *err);
int gnt_podman_kill(void *state, const char *id, const gantry_container_kill_options *opts,
                    gantry_error *err);
int gnt_podman_container_remove(void *state, const char *id,
                                const gantry_container_remove_options *opts, gantry_error *err);
int gnt_podman_archive_put(void *state, const char *id, const char *directory,
                           const gantry_source *tar, const gantry_copy_in_options *opts,
                           gantry_error *err);
int gnt_podman_archive_get(void *state, const char *id, const char *path,
                           const gantry_copy_out_options *opts, gantry_stream **out,
                           gantry_error *err);
int gnt_podman_archive_stat(void *state, const char *id, const char *path,
                            const gantry_stat_options *opts, gantry_file_info **out,
                            gantry_error *err);

/* Why something of the Kubernetes manager is not there, or NULL (podman_kube.c). */
const char *gnt_podman_kube_reason(const void *state, int feature);

int gnt_podman_pause(void *state, const char *id, const gantry_container_pause_options *opts,
                     gantry_error *err);
int gnt_podman_unpause(void *state, const char *id, const gantry_container_pause_options *opts,
                       gantry_error *err);
int gnt_podman_container_rename(void *state, const char *id, const char *new_name,
                                const gantry_container_rename_options *opts, gantry_error *err);
int gnt_podman_resize(void *state, const char *id, int columns, int rows,
                      const gantry_resize_options *opts, gantry_error *err);
int gnt_podman_init(void *state, const char *id, const gantry_container_init_options *opts,
                    gantry_error *err);
int gnt_podman_container_exists(void *state, const char *id,
                                const gantry_container_exists_options *opts, int *out_exists,
                                gantry_error *err);
int gnt_podman_update(void *state, const char *id, const gantry_container_update_options *opts,
                      gantry_error *err);
int gnt_podman_check_health(void *state, const char *id, const gantry_health_check_options *opts,
                            gantry_health_result **out, gantry_error *err);
int gnt_podman_mount(void *state, const char *id, const gantry_container_mount_options *opts,
                     gantry_mount_point **out, gantry_error *err);
int gnt_podman_unmount(void *state, const char *id, const gantry_container_mount_options *opts,
                       gantry_error *err);
int gnt_podman_checkpoint(void *state, const char *id, const gantry_checkpoint_options *opts,
                          gantry_error *err);
int gnt_podman_restore(void *state, const char *id, const gantry_checkpoint_options *opts,
                       gantry_error *err);
int gnt_podman_top(void *state, const char *id, const gantry_container_top_options *opts,
                   gantry_container_top **out, gantry_error *err);
int gnt_podman_changes(void *state, const char *id, const gantry_container_changes_options *opts,
                       gantry_container_changes **out, gantry_error *err);
int gnt_podman_container_list(void *state, const gantry_container_list_options *opts,
                              gantry_container_list **out, gantry_error *err);

int gnt_podman_container_inspect(void *state, const char *id,
                                 const gantry_container_inspect_options *opts,
                                 gantry_container **out, gantry_error *err);

int gnt_podman_manifest_add(void *state, const char *name, const char *image,
                            const gantry_manifest_add_options *opts, gantry_error *err);
int gnt_podman_manifest_annotate(void *state, const char *name, const char *digest,
                                 const gantry_manifest_annotate_options *opts, gantry_error *err);
int gnt_podman_manifest_remove_image(void *state, const char *name, const char *digest,
                                     const gantry_manifest_remove_options *opts,
                                     gantry_error *err);

/* ---- manifest lists (podman_manifest.c, podman_manifest_edit.c) ------------------------------ */

/* A local list only. */
int gnt_podman_list_exists(struct podman *p, const gantry_call *call, const char *name,
                           int *out_exists, gantry_error *err);
/* NOT_FOUND if there is none. */
int gnt_podman_need_list(struct podman *p, const gantry_call *call, const char *name,
                         gantry_error *err);
/* One that exists: for others libpod would ask registries. */
int gnt_podman_list_inspect(struct podman *p, const gantry_call *call, const char *name,
                            gantry_manifest **out, gantry_error *err);
/* gantry_manifest_ops.add without its checks of features. */
int gnt_podman_list_add(struct podman *p, const gantry_call *call, const char *list,
                        const char *image, const gantry_manifest_add_options *opts,
                        gantry_error *err);
/* The failure of a call about a list, with what is missing put right, into err. Returns rc. */
int gnt_podman_manifest_settle(int rc, const char *list, gantry_error *failure, gantry_error *err);
/* A failure before anything was sent: "<resource>: <reason>". Returns code. */
int gnt_podman_refuse(gantry_error *err, int code, int kind, const char *resource,
                      const char *reason);
/* INVALID unless it is DEFAULT, ON or OFF. */
int gnt_podman_check_switch(const char *option, int value, gantry_error *err);
/* Finish and set the body of a change; `body` has the options already. */
void gnt_podman_manifest_body(struct gnt_req *r, struct gnt_json *body, const char *operation,
                              const char *image, const gantry_pair *annotations, size_t count);
/* A reference with its transport, for the registry; NULL without memory. */
const char *gnt_podman_remote_image(struct gnt_arena *arena, const struct gnt_reference *parts);
int gnt_podman_image_list(void *state, const gantry_image_list_options *opts,
                          gantry_image_list **out, gantry_error *err);
int gnt_podman_image_inspect(void *state, const char *reference,
                             const gantry_image_inspect_options *opts, gantry_image **out,
                             gantry_error *err);
int gnt_podman_save(void *state, const char *const *references, const gantry_save_options *opts,
                    gantry_stream **out, gantry_error *err);
int gnt_podman_load(void *state, const gantry_source *tar, const gantry_load_options *opts,
                    gantry_load_result **out, gantry_error *err);
int gnt_podman_commit(void *state, const char *id, const char *reference,
                      const gantry_commit_options *opts, gantry_committed **out,
                      gantry_error *err);
int gnt_podman_export(void *state, const char *id, const gantry_export_options *opts,
                      gantry_stream **out, gantry_error *err);
int gnt_podman_untag(void *state, const char *reference, const gantry_image_untag_options *opts,
                     gantry_error *err);
int gnt_podman_history(void *state, const char *reference,
                       const gantry_image_history_options *opts, gantry_image_history **out,
                       gantry_error *err);
int gnt_podman_prune(void *state, const gantry_image_prune_options *opts,
                     gantry_image_pruned **out, gantry_error *err);
int gnt_podman_disk_usage(void *state, const gantry_image_disk_usage_options *opts,
                          gantry_image_disk_usage **out, gantry_error *err);
/* One try of a disk use; again when something went while the engine looked at it. */
typedef int (*gnt_podman_df_fn)(struct podman *p, const gantry_call *call, void **out,
                                gantry_error *err);
int gnt_podman_df(struct podman *p, const gantry_call *call, gnt_podman_df_fn ask, void **out,
                  gantry_error *err);

/* ---- image names (podman_names.c) ------------------------------------------------------------ */

/*
 * The name an image is known by: "app:latest" for localhost/app:latest and for
 * docker.io/library/app:latest, "user/app:1" for docker.io/user/app:1; without "sha256:" for an id.
 * Points into `reference`.
 */
const char *gnt_podman_familiar(const char *reference);

/* A reference as libpod takes it: an id without "sha256:", which it would read as a name. Points
 * into `reference`. */
const char *gnt_podman_bare(const char *reference);

/* The same for DELETE /images/...: "remove" there is another route of libpod, which without names
 * deletes every image that nothing uses. */
const char *gnt_podman_removable(const char *reference);

/* A new name as the two parameters that libpod wants. */
void gnt_podman_query_name(struct gnt_req *r, const char *argument, const char *reference);

/* Hooks of decoding tables: one name, and a list of names without repetitions. */
int gnt_podman_in_name(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                       void *);
int gnt_podman_in_names(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                        void *);

/* Whether a reference, as results give it, is meant by a pattern of a list: with '*' and '?', with
 * or without tag. */
int gnt_podman_matches(const char *pattern, const char *familiar);

/* A saved archive as a stream whose names are those that callers know (podman_rename.c). On failure
 * the archive is still the caller's. */
int gnt_podman_rename(struct gantry_host *host, gantry_stream *archive, gantry_stream **out,
                      gantry_error *err);

/* Look an image up: its whole id into out_id (65 bytes). */
int gnt_podman_image_id(struct podman *p, const gantry_call *call, const char *reference,
                        char out_id[65], gantry_error *err);

/*
 * What lists are asked for: any of some exact names, all of some labels. Both are compared with the
 * answer, since libpod takes names as regular expressions, 4.3 finds no image with two labels and
 * volumes with one of two; what narrows an answer safely is sent too.
 */
struct podman_wanted {
    struct gnt_name_filter names;
    const char *const *labels; /* "key" or "key=value" */
    size_t labels_offset;      /* of the item's labels; the count follows them */
};
void gnt_podman_filter_wanted(struct gnt_req *r, struct gnt_json *filters,
                              const struct podman_wanted *wanted);
int gnt_podman_accept(const void *item, const void *wanted); /* for gnt_req_list */

/* Whether a list that failed is to be asked for again: libpod puts lists together one by one, and
 * what goes away meanwhile makes it answer "not known". Only reads. */
int gnt_podman_list_again(int rc, int *tries);

/* "linux/arm64/v8" as parameters or members of these names; INVALID if malformed. */
struct podman_platform {
    char os[32];
    char arch[32];
    char variant[32];
};
int gnt_podman_platform(const char *text, struct podman_platform *out, gantry_error *err);

/* Of an inspected container: without a health check there is no health. */
void gnt_podman_settle_health(gantry_container *container);

/* The body of create; platform->os is "" if none was asked for. NULL after a failure, kept in r. */
struct gnt_json *gnt_podman_container_body(struct gnt_req *r, const char *image,
                                           const gantry_container_options *opts,
                                           const struct podman_platform *platform);

/* Wraps gnt_json_put: the first failure is kept in the request. */
void gnt_podman_put(struct gnt_req *r, struct gnt_json *body, const char *path,
                    struct gnt_json *value);
/* Array of strings; NULL without memory. */
struct gnt_json *gnt_podman_strings(struct gnt_arena *a, const char *const *list);

/* Answers that are an array of reports with an error text each: what they say went wrong. `path` is
 * the text's member, as "Err". */
int gnt_podman_run_reports(struct gnt_req *r, const char *path, gantry_error *err);

/* ---- tables: public to the backend so that a unit test can check them ------------------------ */

extern const struct gnt_out gnt_podman_build_options[];
extern const struct gnt_out gnt_podman_pull_options[];
extern const struct gnt_out gnt_podman_push_options[];
extern const struct gnt_out gnt_podman_import_options[];
extern const struct gnt_out gnt_podman_image_list_options[];
extern const struct gnt_out gnt_podman_image_remove_options[];
extern const struct gnt_out gnt_podman_save_options[];
extern const struct gnt_out gnt_podman_load_options[];
extern const struct gnt_out gnt_podman_commit_options[];
extern const struct gnt_out gnt_podman_prune_options[];
extern const struct gnt_out gnt_podman_container_options[];
extern const struct gnt_out gnt_podman_mount_options[];
extern const struct gnt_out gnt_podman_port_options[];
extern const struct gnt_out gnt_podman_resource_options[];
extern const struct gnt_out gnt_podman_block_options[];
extern const struct gnt_out gnt_podman_ulimit_options[];
extern const struct gnt_out gnt_podman_attachment_options[];
extern const struct gnt_out gnt_podman_security_options[];
extern const struct gnt_out gnt_podman_device_options[];
extern const struct gnt_out gnt_podman_health_options[];
extern const struct gnt_out gnt_podman_secret_options[];
extern const struct gnt_out gnt_podman_stop_options[];
extern const struct gnt_out gnt_podman_kill_options[];
extern const struct gnt_out gnt_podman_container_remove_options[];
extern const struct gnt_out gnt_podman_container_list_options[];
extern const struct gnt_out gnt_podman_container_inspect_options[];
extern const struct gnt_out gnt_podman_top_options[];
extern const struct gnt_out gnt_podman_update_options[];
extern const struct gnt_out gnt_podman_checkpoint_options[];
extern const struct gnt_out gnt_podman_wait_options[];
extern const struct gnt_out gnt_podman_logs_options[];
extern const struct gnt_out gnt_podman_stats_options[];
extern const struct gnt_out gnt_podman_attach_options[];
extern const struct gnt_out gnt_podman_volume_options[];
extern const struct gnt_out gnt_podman_volume_list_options[];
extern const struct gnt_out gnt_podman_volume_inspect_options[];
extern const struct gnt_out gnt_podman_volume_remove_options[];
extern const struct gnt_out gnt_podman_network_options[];
extern const struct gnt_out gnt_podman_network_list_options[];
extern const struct gnt_out gnt_podman_network_remove_options[];
extern const struct gnt_out gnt_podman_connect_options[];
extern const struct gnt_out gnt_podman_disconnect_options[];
extern const struct gnt_out gnt_podman_manifest_create_options[];
extern const struct gnt_out gnt_podman_manifest_inspect_options[];
extern const struct gnt_out gnt_podman_manifest_add_options[];
extern const struct gnt_out gnt_podman_manifest_annotate_options[];
extern const struct gnt_out gnt_podman_manifest_remove_options[];
extern const struct gnt_out gnt_podman_manifest_push_options[];
extern const struct gnt_out gnt_podman_login_options[];
extern const struct gnt_out gnt_podman_pod_options[];
extern const struct gnt_out gnt_podman_pod_stop_options[];
extern const struct gnt_out gnt_podman_pod_kill_options[];
extern const struct gnt_out gnt_podman_pod_remove_options[];
extern const struct gnt_out gnt_podman_pod_list_options[];
extern const struct gnt_out gnt_podman_search_options[];
extern const struct gnt_out gnt_podman_secret_create_options[];
extern const struct gnt_out gnt_podman_secret_list_options[];
extern const struct gnt_out gnt_podman_secret_remove_options[];
extern const struct gnt_out gnt_podman_kube_play_options[];
extern const struct gnt_out gnt_podman_kube_down_options[];
extern const struct gnt_out gnt_podman_kube_generate_options[];
extern const struct gnt_out gnt_podman_systemd_options[];
extern const struct gnt_out gnt_podman_quadlet_options[];
extern const struct gnt_out gnt_podman_quadlet_change_options[];

extern const struct gnt_in gnt_podman_version_rows[];
extern const struct gnt_in gnt_podman_info_rows[];
extern const struct gnt_in gnt_podman_image_rows[];
extern const struct gnt_in gnt_podman_image_item_rows[];
extern const struct gnt_in gnt_podman_layer_rows[];
extern const struct gnt_in gnt_podman_container_rows[];
extern const struct gnt_in gnt_podman_container_item_rows[];
extern const struct gnt_in gnt_podman_volume_rows[];
extern const struct gnt_in gnt_podman_volume_usage_rows[];
extern const struct gnt_in gnt_podman_network_rows[];
extern const struct gnt_in gnt_podman_manifest_rows[];
extern const struct gnt_in gnt_podman_pod_rows[];
extern const struct gnt_in gnt_podman_pod_item_rows[];
extern const struct gnt_in gnt_podman_secret_rows[];
extern const struct gnt_in gnt_podman_quadlet_rows[];

/* One answer of a disk use into its result (a gnt_json_fn). */
int gnt_podman_take_usage(void *usage, struct gnt_json *v, gantry_error *err);
extern const struct gnt_in gnt_podman_df_rows[];
extern const struct gnt_in gnt_podman_search_rows[];

extern const struct gnt_dialect gnt_podman_dialect;
extern const struct gnt_build_dialect gnt_podman_build_dialect;
extern const struct gnt_transfer_dialect gnt_podman_pull_dialect;
extern const struct gnt_transfer_dialect gnt_podman_push_dialect;

#endif
