/**
 * @file backend.h
 * For authors of backends: teach the library another container runtime.
 *
 * A backend is a table of facts and functions, registered once per process. The library copies its
 * tables, allocates its state, checks arguments and imports options before it calls a slot: options
 * arrive as full-size structs with zeroes for what the caller does not know, never NULL; names
 * arrive checked. A NULL slot makes its operation #GANTRY_E_UNSUPPORTED. A slot that is given an
 * option which it cannot honour returns #GANTRY_E_UNSUPPORTED naming it
 * (gantry_unsupported_option()).
 *
 * Slots may block, must honour `opts->call` (deadline, cancel token), may be called from several
 * threads at once, write outputs only on success, and fill `err` on failure. Errors: `code`,
 * `message`, and where known `resource_kind`, `resource`, `outcome`; the library adds the
 * operation. examples/memory_backend.c is a complete one. Stable within a minor version only. Since
 * 0.1.
 */
#ifndef GANTRY_BACKEND_H
#define GANTRY_BACKEND_H

#include <gantry/endpoint.h>
#include <gantry/gantry.h>
#include <gantry/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- streams, progress, waits ------------------------------------------------------------- */

/** Behaviour of a gantry_stream. The library makes errors sticky and checks arguments. */
typedef struct gantry_stream_ops {
    size_t size; /**< sizeof(gantry_stream_ops) */
    /** Required. As gantry_stream_read(); with `nonblocking` never waits but returns AGAIN. */
    int (*read)(void *state, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                int *out_channel, gantry_error *err);
    /** Takes 1 to `size` bytes; blocks for the first unless `nonblocking`. When the other side no
     * longer reads: TRUNCATED; the library then stops writing and goes on reading. NULL: read-only.
     * */
    int (*write)(void *state, const void *data, size_t size, int nonblocking, size_t *out_written,
                 gantry_error *err);
    int (*close_write)(void *state, gantry_error *err); /**< NULL with a NULL write */
    int (*fd)(const void *state, int *out_events);      /**< NULL: never blocks */
    void (*close)(void *state);                         /**< required; frees the state */
    int (*timeout_ms)(const void *state);               /**< NULL: no time limits */
} gantry_stream_ops;

/** Behaviour of a gantry_progress. */
typedef struct gantry_progress_ops {
    size_t size; /**< sizeof(gantry_progress_ops) */
    /** Required. Fill `record` (zeroed, numbers -1, text "") and set *out_more to 1, or to 0 at the
     *  end of a success. What record points to stays valid until the next call. */
    int (*next)(void *state, int nonblocking, gantry_progress_record *record, int *out_more,
                gantry_error *err);
    int (*fd)(const void *state, int *out_events); /**< NULL: never blocks */
    void (*close)(void *state);                    /**< required; stops the work, frees the state */
    int (*timeout_ms)(const void *state);          /**< NULL: no time limits */
} gantry_progress_ops;

/** Behaviour of a gantry_wait. */
typedef struct gantry_wait_ops {
    size_t size; /**< sizeof(gantry_wait_ops) */
    /** Required. `signal` is filled by the library. */
    int (*result)(void *state, int nonblocking, gantry_exit_status *out, gantry_error *err);
    int (*fd)(const void *state, int *out_events); /**< NULL: never blocks */
    void (*close)(void *state);                    /**< required; frees the state */
    int (*timeout_ms)(const void *state);          /**< NULL: no time limits */
} gantry_wait_ops;

/** Behaviour of a gantry_stats_reader. */
typedef struct gantry_stats_ops {
    size_t size; /**< sizeof(gantry_stats_ops) */
    /** Required. As gantry_stats_reader_next(): `*out` NULL at the end; what it points to stays
     *  valid until the next call. */
    int (*next)(void *state, int nonblocking, const gantry_stats **out, gantry_error *err);
    int (*fd)(const void *state, int *out_events); /**< NULL: never blocks */
    void (*close)(void *state);                    /**< required; frees the state */
    int (*timeout_ms)(const void *state);          /**< NULL: no time limits */
} gantry_stats_ops;

/** Behaviour of a gantry_event_source. */
typedef struct gantry_event_ops {
    size_t size; /**< sizeof(gantry_event_ops) */
    /** Required. As gantry_event_reader_next(): `*out` NULL at the end of what was asked for; a
     *  connection that breaks is TRUNCATED or another failure. What it points to stays valid until
     *  the next call. The library sets type and action of what is RESUMED or a GAP only. */
    int (*next)(void *state, int nonblocking, const gantry_event **out, gantry_error *err);
    int (*fd)(const void *state, int *out_events); /**< NULL: never blocks */
    void (*close)(void *state);                    /**< required; frees the state */
    int (*timeout_ms)(const void *state);          /**< NULL: no time limits */
    /** The engine's clock when it began to answer, rounded down to whole seconds; 0 or NULL: not
     *  known, and the library uses its own. */
    int64_t (*engine_ns)(const void *state);
} gantry_event_ops;

/** One connection's worth of events, which the library makes a gantry_event_reader of. */
typedef struct gantry_event_source gantry_event_source;

/** Wrap a state and its behaviour. On failure the state is still the caller's. Since 0.1. @{ */
GANTRY_API int gantry_stream_new(gantry_host *host, const gantry_stream_ops *ops, void *state,
                                 gantry_stream **out, gantry_error *err);
GANTRY_API int gantry_progress_new(gantry_host *host, const gantry_progress_ops *ops, void *state,
                                   gantry_progress **out, gantry_error *err);
GANTRY_API int gantry_wait_new(gantry_host *host, const gantry_wait_ops *ops, void *state,
                               gantry_wait **out, gantry_error *err);
GANTRY_API int gantry_stats_reader_new(gantry_host *host, const gantry_stats_ops *ops, void *state,
                                       gantry_stats_reader **out, gantry_error *err);
GANTRY_API int gantry_event_source_new(gantry_host *host, const gantry_event_ops *ops, void *state,
                                       gantry_event_source **out, gantry_error *err);
/** @} */

/* ---- op tables ---------------------------------------------------------------------------- */

/** Operations on the engine itself. */
typedef struct gantry_engine_ops {
    size_t size; /**< sizeof(gantry_engine_ops) */
    int (*ping)(void *state, const gantry_query_options *opts, gantry_error *err); /**< required */
    int (*version)(void *state, const gantry_query_options *opts, gantry_version_info **out,
                   gantry_error *err);
    int (*info)(void *state, const gantry_query_options *opts, gantry_info **out,
                gantry_error *err);
    /** `*out` from gantry_result_new(#GANTRY_KIND_RESPONSE). */
    int (*request)(void *state, const gantry_request *request, gantry_response **out,
                   gantry_error *err);
} gantry_engine_ops;

/** What a build is made from. */
typedef struct gantry_build_context {
    size_t size;                 /**< sizeof(gantry_build_context) */
    gantry_archive *archive;     /**< all files; NULL with `url` */
    const char *dockerfile_name; /**< name of the Dockerfile in it; NULL: look for the usual ones */
    const char *const *hidden;   /**< names in the archive that COPY and ADD must not see, because
                                      rules leave them out though the build needs them:
                                      Dockerfile, ignore file; NULL-terminated, never NULL */
    const char *url;             /**< gantry_build_options::context_url, or NULL */
} gantry_build_context;

/** Operations on images. `list` and `inspect` are required. */
typedef struct gantry_image_ops {
    size_t size; /**< sizeof(gantry_image_ops) */
    /**
     * Begin a build. `context` and `opts` stay until the progress is closed. What makes the context
     * in `opts` (dockerfile, dockerfile_name, context, context_directory, ignore, ignore_patterns)
     * and progress were dealt with; every other option has an effect or is UNSUPPORTED. The last
     * record is RESULT.
     */
    int (*build)(void *state, const char *reference, const gantry_build_options *opts,
                 const gantry_build_context *context, gantry_progress **out, gantry_error *err);
    int (*import)(void *state, const char *reference, const gantry_source *tar,
                  const gantry_image_import_options *opts, gantry_image_import_result **out,
                  gantry_error *err);
    int (*list)(void *state, const gantry_image_list_options *opts, gantry_image_list **out,
                gantry_error *err);
    int (*inspect)(void *state, const char *reference, const gantry_image_inspect_options *opts,
                   gantry_image **out, gantry_error *err);
    /** NULL: the library inspects. */
    int (*exists)(void *state, const char *reference, const gantry_image_exists_options *opts,
                  int *out_exists, gantry_error *err);
    int (*tag)(void *state, const char *reference, const char *new_reference,
               const gantry_image_tag_options *opts, gantry_error *err);
    /** missing_ok is the library's business: a missing image is NOT_FOUND here. */
    int (*remove)(void *state, const char *reference, const gantry_image_remove_options *opts,
                  gantry_image_removal **out, gantry_error *err);
    /**
     * Policy is not DEFAULT; the options live as long as the progress. Retries and the callback are
     * the library's business. Each image pulled is one RESULT: its id, the digest as text or "",
     * state EXISTS if the reference led to it before. With all_tags a RESULT without id follows.
     */
    int (*pull)(void *state, const char *reference, const gantry_pull_options *opts,
                gantry_progress **out, gantry_error *err);
    /** The options live as long as the progress. The last record is RESULT, its id the digest of
     * the manifest or NULL. */
    int (*push)(void *state, const char *reference, const gantry_push_options *opts,
                gantry_progress **out, gantry_error *err);
    int (*save)(void *state, const char *const *references, const gantry_save_options *opts,
                gantry_stream **out, gantry_error *err);
    int (*load)(void *state, const gantry_source *tar, const gantry_load_options *opts,
                gantry_load_result **out, gantry_error *err);
    int (*untag)(void *state, const char *reference, const gantry_image_untag_options *opts,
                 gantry_error *err);
    int (*history)(void *state, const char *reference, const gantry_image_history_options *opts,
                   gantry_image_history **out, gantry_error *err);
    int (*prune)(void *state, const gantry_image_prune_options *opts, gantry_image_pruned **out,
                 gantry_error *err);
    int (*disk_usage)(void *state, const gantry_image_disk_usage_options *opts,
                      gantry_image_disk_usage **out, gantry_error *err);
} gantry_image_ops;

/** Operations on registries. */
typedef struct gantry_registry_ops {
    size_t size; /**< sizeof(gantry_registry_ops) */
    /** `auth` is set. Storing is the library's business. */
    int (*login)(void *state, const char *registry, const gantry_auth *auth,
                 const gantry_login_options *opts, gantry_login_result **out, gantry_error *err);
    int (*search)(void *state, const char *term, const gantry_search_options *opts,
                  gantry_search_result **out, gantry_error *err);
    /** NULL: the library asks the registry itself. */
    int (*inspect)(void *state, const char *reference, const gantry_remote_options *opts,
                   gantry_remote_image **out, gantry_error *err);
} gantry_registry_ops;

/** Operations on manifest lists. */
typedef struct gantry_manifest_ops {
    size_t size; /**< sizeof(gantry_manifest_ops) */
    int (*create)(void *state, const char *name, const gantry_manifest_create_options *opts,
                  gantry_manifest_id **out, gantry_error *err);
    int (*inspect)(void *state, const char *name, const gantry_manifest_inspect_options *opts,
                   gantry_manifest **out, gantry_error *err);
    int (*exists)(void *state, const char *name, const gantry_manifest_exists_options *opts,
                  int *out_exists, gantry_error *err);
    int (*add)(void *state, const char *name, const char *image,
               const gantry_manifest_add_options *opts, gantry_error *err);
    int (*annotate)(void *state, const char *name, const char *digest,
                    const gantry_manifest_annotate_options *opts, gantry_error *err);
    /** missing_ok is the library's business. */
    int (*remove_image)(void *state, const char *name, const char *digest,
                        const gantry_manifest_remove_options *opts, gantry_error *err);
    /** `destination` is never NULL. */
    int (*push)(void *state, const char *name, const char *destination,
                const gantry_manifest_push_options *opts, gantry_manifest_id **out,
                gantry_error *err);
    /** missing_ok is the library's business. */
    int (*remove)(void *state, const char *name, const gantry_manifest_remove_options *opts,
                  gantry_error *err);
} gantry_manifest_ops;

/** Size of a buffer for an exec session's id. */
#define GANTRY_EXEC_ID_SIZE 128

/** Operations on containers. `list` and `inspect` are required. */
typedef struct gantry_container_ops {
    size_t size; /**< sizeof(gantry_container_ops) */
    int (*create)(void *state, const char *image, const gantry_container_options *opts,
                  gantry_created **out, gantry_error *err);
    /** One that runs is success. */
    int (*start)(void *state, const char *id, const gantry_container_start_options *opts,
                 gantry_error *err);
    /** One that does not run is success. */
    int (*stop)(void *state, const char *id, const gantry_container_stop_options *opts,
                gantry_error *err);
    int (*restart)(void *state, const char *id, const gantry_container_stop_options *opts,
                   gantry_error *err);
    int (*kill)(void *state, const char *id, const gantry_container_kill_options *opts,
                gantry_error *err);
    /** missing_ok is the library's business: a missing container is NOT_FOUND here. */
    int (*remove)(void *state, const char *id, const gantry_container_remove_options *opts,
                  gantry_error *err);
    int (*list)(void *state, const gantry_container_list_options *opts,
                gantry_container_list **out, gantry_error *err);
    int (*inspect)(void *state, const char *id, const gantry_container_inspect_options *opts,
                   gantry_container **out, gantry_error *err);
    int (*logs)(void *state, const char *id, const gantry_logs_options *opts, gantry_stream **out,
                gantry_error *err);
    /** Must work before the container is started. */
    int (*attach)(void *state, const char *id, const gantry_attach_options *opts,
                  gantry_stream **out, gantry_error *err);
    /** Returns once the engine watches: an end after that must not be missed. */
    int (*wait)(void *state, const char *id, const gantry_wait_options *opts, gantry_wait **out,
                gantry_error *err);
    /**
     * Start a command; the stream carries its output, and takes its input if opts->input is set or
     * opts->in is ON. With opts->detach there is no stream: NULL. The library writes the input,
     * reads
     * to the end and then asks exec_result.
     */
    int (*exec)(void *state, const char *id, const char *const *command,
                const gantry_exec_options *opts, gantry_stream **out,
                char out_exec_id[GANTRY_EXEC_ID_SIZE], gantry_error *err);
    /**
     * Required with exec. Sets *out_running, and if that is 0 *out_code and *out_not_started: 1 the
     * program could not be started, 0 it ran, -1 not known.
     */
    int (*exec_result)(void *state, const char *exec_id, const gantry_call *call, int *out_running,
                       int64_t *out_code, int *out_not_started, gantry_error *err);
    int (*commit)(void *state, const char *id, const char *reference,
                  const gantry_commit_options *opts, gantry_committed **out, gantry_error *err);
    int (*export_open)(void *state, const char *id, const gantry_export_options *opts,
                       gantry_stream **out, gantry_error *err);
    /** NULL: the library inspects. */
    int (*exists)(void *state, const char *id, const gantry_container_exists_options *opts,
                  int *out_exists, gantry_error *err);
    /** One that is paused is success. */
    int (*pause)(void *state, const char *id, const gantry_container_pause_options *opts,
                 gantry_error *err);
    /** One that runs is success. */
    int (*unpause)(void *state, const char *id, const gantry_container_pause_options *opts,
                   gantry_error *err);
    int (*rename)(void *state, const char *id, const char *new_name,
                  const gantry_container_rename_options *opts, gantry_error *err);
    int (*update)(void *state, const char *id, const gantry_container_update_options *opts,
                  gantry_error *err);
    /** One that is prepared or runs is success. */
    int (*init)(void *state, const char *id, const gantry_container_init_options *opts,
                gantry_error *err);
    int (*top)(void *state, const char *id, const gantry_container_top_options *opts,
               gantry_container_top **out, gantry_error *err);
    int (*changes)(void *state, const char *id, const gantry_container_changes_options *opts,
                   gantry_container_changes **out, gantry_error *err);
    int (*checkpoint)(void *state, const char *id, const gantry_checkpoint_options *opts,
                      gantry_error *err);
    int (*restore)(void *state, const char *id, const gantry_checkpoint_options *opts,
                   gantry_error *err);
    int (*mount)(void *state, const char *id, const gantry_container_mount_options *opts,
                 gantry_mount_point **out, gantry_error *err);
    int (*unmount)(void *state, const char *id, const gantry_container_mount_options *opts,
                   gantry_error *err);
    /** Run the health check now. NULL: the engine runs it by itself, and inspect tells. */
    int (*check_health)(void *state, const char *id, const gantry_health_check_options *opts,
                        gantry_health_result **out, gantry_error *err);
    int (*resize)(void *state, const char *id, int columns, int rows,
                  const gantry_resize_options *opts, gantry_error *err);
    int (*exec_resize)(void *state, const char *exec_id, int columns, int rows,
                       const gantry_call *call, gantry_error *err);
    int (*exec_inspect)(void *state, const char *exec_id, const gantry_exec_inspect_options *opts,
                        gantry_exec_info **out, gantry_error *err);
    /** One sample. */
    int (*stats)(void *state, const char *id, const gantry_stats_options *opts, gantry_stats **out,
                 gantry_error *err);
    /** `ids` and the options live only for the call; NULL ids: all that run, now and later. */
    int (*stats_open)(void *state, const char *const *ids, const gantry_stats_options *opts,
                      gantry_stats_reader **out, gantry_error *err);
    /** Unpack a plain tar into a directory that the library has looked at before: create_directory
     *  and keep_owner are its business; owners are always the archive's. Success: the engine has
     *  read it whole. */
    int (*archive_put)(void *state, const char *id, const char *directory, const gantry_source *tar,
                       const gantry_copy_in_options *opts, gantry_error *err);
    /** A tar of a path, whose names begin with one part that stands for it; of one that ends with
     *  "/." its content, with or without "./" in front. The library gives them the names that
     *  gantry_containers_copy_out_open() promises, and follows links. The stream ends well only
     *  behind the archive's end mark. A link is sent as a link. */
    int (*archive_get)(void *state, const char *id, const char *path,
                       const gantry_copy_out_options *opts, gantry_stream **out, gantry_error *err);
    /** The path itself, never what a link leads to: `follow` is the library's business. */
    int (*archive_stat)(void *state, const char *id, const char *path,
                        const gantry_stat_options *opts, gantry_file_info **out,
                        gantry_error *err);
} gantry_container_ops;

/** Operations on volumes. `list` and `inspect` are required. */
typedef struct gantry_volume_ops {
    size_t size; /**< sizeof(gantry_volume_ops) */
    /** EXISTS if there is one of that name. */
    int (*create)(void *state, const char *name, const gantry_volume_options *opts,
                  gantry_volume **out, gantry_error *err);
    int (*inspect)(void *state, const char *name, const gantry_volume_inspect_options *opts,
                   gantry_volume **out, gantry_error *err);
    int (*list)(void *state, const gantry_volume_list_options *opts, gantry_volume_list **out,
                gantry_error *err);
    /** By whole name only, IN_USE if a container uses it. missing_ok and force are the library's
     *  business. */
    int (*remove)(void *state, const char *name, const gantry_volume_remove_options *opts,
                  gantry_error *err);
} gantry_volume_ops;

/** Operations on networks. `list` and `inspect` are required. */
typedef struct gantry_network_ops {
    size_t size; /**< sizeof(gantry_network_ops) */
    /** EXISTS if there is one of that name. */
    int (*create)(void *state, const char *name, const gantry_network_options *opts,
                  gantry_network **out, gantry_error *err);
    int (*inspect)(void *state, const char *id, const gantry_network_inspect_options *opts,
                   gantry_network **out, gantry_error *err);
    int (*list)(void *state, const gantry_network_list_options *opts, gantry_network_list **out,
                gantry_error *err);
    /** missing_ok is the library's business. Never removes containers. */
    int (*remove)(void *state, const char *id, const gantry_network_remove_options *opts,
                  gantry_error *err);
    int (*connect)(void *state, const char *id, const char *container,
                   const gantry_network_connect_options *opts, gantry_error *err);
    int (*disconnect)(void *state, const char *id, const char *container,
                      const gantry_network_disconnect_options *opts, gantry_error *err);
} gantry_network_ops;

/** Operations on pods. `list` and `inspect` are required. Members' partial failures: see
 * gantry_pods_start(). */
typedef struct gantry_pod_ops {
    size_t size; /**< sizeof(gantry_pod_ops) */
    /** `name` may be NULL. EXISTS if there is one of that name. */
    int (*create)(void *state, const char *name, const gantry_pod_options *opts,
                  gantry_pod_created **out, gantry_error *err);
    int (*start)(void *state, const char *id, const gantry_pod_call_options *opts,
                 gantry_error *err);
    int (*stop)(void *state, const char *id, const gantry_pod_stop_options *opts,
                gantry_error *err);
    int (*restart)(void *state, const char *id, const gantry_pod_stop_options *opts,
                   gantry_error *err);
    int (*kill)(void *state, const char *id, const gantry_pod_kill_options *opts,
                gantry_error *err);
    int (*pause)(void *state, const char *id, const gantry_pod_call_options *opts,
                 gantry_error *err);
    int (*unpause)(void *state, const char *id, const gantry_pod_call_options *opts,
                   gantry_error *err);
    /** missing_ok is the library's business. Without force a pod of which a member runs is STATE,
     *  and nothing of it is removed. */
    int (*remove)(void *state, const char *id, const gantry_pod_remove_options *opts,
                  gantry_error *err);
    int (*inspect)(void *state, const char *id, const gantry_pod_inspect_options *opts,
                   gantry_pod **out, gantry_error *err);
    /** NULL: the library inspects. */
    int (*exists)(void *state, const char *id, const gantry_pod_call_options *opts,
                  int *out_exists, gantry_error *err);
    int (*list)(void *state, const gantry_pod_list_options *opts, gantry_pod_list **out,
                gantry_error *err);
} gantry_pod_ops;

/** Operations on secrets. `list` and `inspect` are required. */
typedef struct gantry_secret_ops {
    size_t size; /**< sizeof(gantry_secret_ops) */
    /** Name and size were checked. No copy of the data stays behind. */
    int (*create)(void *state, const char *name, const void *data, size_t data_size,
                  const gantry_secret_options *opts, gantry_secret_created **out,
                  gantry_error *err);
    /** By name or whole id. */
    int (*inspect)(void *state, const char *id, const gantry_secret_inspect_options *opts,
                   gantry_secret **out, gantry_error *err);
    int (*list)(void *state, const gantry_secret_list_options *opts, gantry_secret_list **out,
                gantry_error *err);
    /** By name or whole id; missing_ok is the library's business. */
    int (*remove)(void *state, const char *id, const gantry_secret_remove_options *opts,
                  gantry_error *err);
} gantry_secret_ops;

/** Operations on the engine as a whole. */
typedef struct gantry_system_ops {
    size_t size; /**< sizeof(gantry_system_ops) */
    int (*disk_usage)(void *state, const gantry_disk_usage_options *opts, gantry_disk_usage **out,
                      gantry_error *err);
    /**
     * Events from `since_ns` on, before `until_ns` if that is not 0; earlier and later ones may
     * come too. A negative `since_ns`: so long before the engine's own now; 0: what comes. `follow`
     * OFF: those there are, then the end; otherwise what comes is told until `until_ns` has passed
     * by the engine's clock (a second later is early enough). Events come in the order in which the
     * engine keeps them, each time the same. What the engine can filter of `opts` it may filter, if
     * nothing is lost: the library filters everything but `filters` again. `resume` is the
     * library's business: the source ends or fails with its connection. The options live only for
     * the call.
     */
    int (*events_open)(void *state, const gantry_events_options *opts, gantry_event_source **out,
                       gantry_error *err);
    /** Remove build cache that nobody uses, made before until_ns (0 = any); adds ids to
     *  `pruned->build_cache` and bytes to `pruned->reclaimed_bytes`. */
    int (*prune_build_cache)(void *state, int64_t until_ns, const gantry_call *call,
                             gantry_system_pruned *pruned, gantry_error *err);
} gantry_system_ops;

/** Operations with Kubernetes YAML and systemd units. */
typedef struct gantry_kube_ops {
    size_t size; /**< sizeof(gantry_kube_ops) */
    /** config_maps are the library's business; containers that did not start are told in the
     *  result, whatever allow_failed says. The YAML may hold secrets: no copy stays. */
    int (*play)(void *state, const char *yaml, size_t yaml_size,
                const gantry_kube_play_options *opts, gantry_kube_result **out, gantry_error *err);
    int (*down)(void *state, const char *yaml, size_t yaml_size,
                const gantry_kube_down_options *opts, gantry_kube_result **out, gantry_error *err);
    int (*generate)(void *state, const char *const *names,
                    const gantry_kube_generate_options *opts, gantry_text **out,
                    gantry_error *err);
    int (*systemd)(void *state, const char *id, const gantry_systemd_options *opts,
                   gantry_unit_list **out, gantry_error *err);
    int (*quadlets)(void *state, const gantry_quadlet_options *opts, gantry_quadlet_list **out,
                    gantry_error *err);
    int (*quadlet_text)(void *state, const char *name, const gantry_quadlet_options *opts,
                        gantry_text **out, gantry_error *err);
    int (*quadlet_install)(void *state, const char *name, const char *text,
                           const gantry_quadlet_change_options *opts, gantry_error *err);
    /** missing_ok is the library's business. */
    int (*quadlet_remove)(void *state, const char *name, const gantry_quadlet_change_options *opts,
                          gantry_error *err);
} gantry_kube_ops;

/* ---- the backend -------------------------------------------------------------------------- */

/** A backend. */
typedef struct gantry_backend {
    size_t size;                 /**< sizeof(gantry_backend) */
    const char *name;            /**< [a-z][a-z0-9-]*; required */
    const char *const *schemes;  /**< of addresses it may be asked to open; NULL-terminated;
                                      required */
    size_t state_size;           /**< bytes of state; the library allocates and zeroes them */
    /**
     * Required. Look at the endpoint: MINE, NOT_MINE, or a negative code for "mine, but broken".
     * On MINE say in `out` who answers; what `open` would ask again belongs into
     * gantry_probe::api_version and `note`. Keeps nothing. May be called from several threads at
     * once, each time about another place. At a unix:// address where nobody listens only built-in
     * backends are asked, for whom it is the same question.
     */
    int (*probe)(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                 gantry_probe *out, gantry_error *err);
    /** Required. Prepare the state. `host` lives as long as the state; `endpoint` only for the
     * call. gantry_endpoint::found is what `probe` said. */
    int (*open)(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                const gantry_call *call, gantry_error *err);
    /** Required. Release what the state holds; also called after an open that failed. */
    void (*close)(void *state);
    /** Whether a feature whose slot is there works on this very engine; NULL: always. */
    int (*supports)(const void *state, int feature);
    const gantry_engine_ops *engine;         /**< required */
    const gantry_image_ops *images;          /**< NULL: no images at all; so below */
    const gantry_container_ops *containers;
    const gantry_volume_ops *volumes;
    const gantry_network_ops *networks;
    const gantry_registry_ops *registries;
    const gantry_manifest_ops *manifests;
    int credentials; /**< GANTRY_CREDENTIALS_...: whose files hold credentials; 0 = PODMAN */
    int reserved;
    const gantry_pod_ops *pods;
    const gantry_secret_ops *secrets;
    const gantry_system_ops *system;
    const gantry_kube_ops *kube;
    /** Why a feature is not there, as a sentence's end: "it needs Podman 5.7"; NULL, or a NULL
     *  answer: there is nothing to say. Part of the message when a call of it is refused. The text
     *  stays. */
    const char *(*reason)(const void *state, int feature);
    const gantry_ssh_facts *ssh; /**< NULL: over ssh only by the path in the address */
} gantry_backend;

/**
 * Make a backend known to the process; the tables are copied, what they point to must stay until it
 * is unregistered: name, schemes, functions, texts.
 *
 * It is used for addresses with its schemes, before those that were known already
 * (<gantry/backends.h> has the order), and when gantry_engine_options::backend names it. Any
 * thread.
 * @return 0, #GANTRY_E_INVALID naming the missing slot, #GANTRY_E_EXISTS, #GANTRY_E_NOMEM. Since
 * 0.1.
 */
GANTRY_API int gantry_backend_register(const gantry_backend *backend, gantry_error *err);

/**
 * Put a backend in the place of the one with its name, also of a built-in one. What is opened from
 * now on is opened with it; engines that are open keep what they were opened with, to which end the
 * old tables' functions must stay until gantry_backend_info::replaced_engines is 0. Any thread.
 * @return as gantry_backend_register(), but #GANTRY_E_NOT_FOUND without one of this name.
 * Since 0.1.
 */
GANTRY_API int gantry_backend_replace(const gantry_backend *backend, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
