/**
 * @file engine.h
 * Open an engine, ask what it is and can do, reach its managers.
 */
#ifndef GANTRY_ENGINE_H
#define GANTRY_ENGINE_H

#include <gantry/auth.h>
#include <gantry/connect.h>
#include <gantry/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A connection to one container engine.
 *
 * May be used by many threads at once; it does not change after opening and guards its pool of
 * connections itself. Close it after everything that was opened from it. A process that forks must
 * not use the parent's engine in the child (#GANTRY_E_INVALID there).
 */
typedef struct gantry_engine gantry_engine;

/** Managers: typed views of an engine, borrowed from it, valid until it is closed. @{ */
typedef struct gantry_images gantry_images;
typedef struct gantry_containers gantry_containers;
typedef struct gantry_volumes gantry_volumes;
typedef struct gantry_networks gantry_networks;
typedef struct gantry_registries gantry_registries;
typedef struct gantry_manifests gantry_manifests;
typedef struct gantry_pods gantry_pods;
typedef struct gantry_secrets gantry_secrets;
typedef struct gantry_system gantry_system;
typedef struct gantry_kube gantry_kube;
/** @} */

/** Which engine to open. */
enum {
    GANTRY_RUNTIME_AUTO = 0,   /**< the first that answers, see gantry_engine_open() */
    GANTRY_RUNTIME_DOCKER = 1,
    GANTRY_RUNTIME_PODMAN = 2
};

/** Options of gantry_engine_open() and gantry_detect(). */
typedef struct gantry_engine_options {
    size_t size;             /**< sizeof(gantry_engine_options) */
    const gantry_call *call; /**< control of opening itself */
    /**
     * Where the engine is. Only this address is tried. NULL = look for engines.
     *   - "unix:///path/to/socket", or the path alone
     *   - "tcp://host[:port][/base]": not encrypted (port 2375; see allow_insecure), or with `tls`
     *     (port 2376)
     *   - "https://host[:port][/base]" (443) is tcp:// with TLS, "http://..." (80) without
     *   - "ssh://[user@]host[:port][/path/to/socket]": see #gantry_ssh; without a path the one
     *     where the remote side's engine usually listens
     *   - a registered backend's scheme
     */
    const char *address;
    const char *backend;                 /**< name of a registered backend to use; needs
                                              RUNTIME_AUTO */
    const gantry_allocator *allocator;   /**< NULL = malloc */
    const gantry_logger *logger;         /**< NULL = silent */
    const gantry_limits *limits;         /**< NULL = defaults */
    const char *const *environment;      /**< "NAME=value", NULL-terminated; NULL = the process's,
                                              read once, at opening */
    const char *podman_program;          /**< for on-demand Podman; NULL = "podman" found in PATH */
    int64_t connect_timeout_ms;          /**< per connection; 0 = 10,000, #GANTRY_NO_TIMEOUT */
    int64_t request_timeout_ms;          /**< plain requests, total; 0 = 120,000,
                                              #GANTRY_NO_TIMEOUT */
    /**
     * Whether Podman may be started when nothing answers and a podman program is there: DEFAULT is
     * ON wherever it may. Nothing is started in place of a choice (see gantry_engine_open()), or of
     * Docker or a `backend` other than "podman": with those of the options ON is
     * #GANTRY_E_INVALID. It serves this engine alone, on a private socket, and ends with it, also
     * when this process is killed. gantry_detect() starts nothing.
     */
    int on_demand;
    int allow_insecure; /**< #GANTRY_ON allows tcp:// to hosts other than the loopback addresses */
    int max_idle;       /**< idle connections kept; 0 = 4, -1 = none */
    int no_credentials; /**< #GANTRY_ON: look for no credentials in files and helpers */
    /** Where credentials for registries come from; copied, its `arg` must outlive the engine. NULL:
     * the files and helpers of the engine's own command line, see <gantry/auth.h>. */
    const gantry_credential_provider *credentials;
    const gantry_tls *tls; /**< for tcp:// and https://; NULL: the place's own (DOCKER_CERT_PATH, a
                                context's), or defaults */
    const gantry_ssh *ssh; /**< for ssh://; NULL = defaults */
    const gantry_dialer *dialer; /**< connections come from here, not from the address, which still
                                      names the engine; needs `address` */
    const char *docker_context;  /**< name of a Docker context; only it is tried */
    const char *podman_connection; /**< name of a Podman connection; only it is tried */
    const char *base_path; /**< before every path, as "/engines/one", for an engine behind a reverse
                                proxy; added to the address's own */
    const char *const *headers; /**< "Name: value" for every request, NULL-terminated, for a reverse
                                     proxy; never logged, wiped */
    /** Proxy for tcp:// and https://, as "http://user:password@host:3128" (a tunnel is made with
     * CONNECT) or "socks5://host:1080". NULL = CONTAINER_PROXY of Podman's places, or by
     * HTTPS_PROXY (with TLS), HTTP_PROXY (without) and NO_PROXY, in either case, none for loopback
     * addresses; "" = none. Never for unix sockets, ssh and dialers. */
    const char *proxy;
    const char *api_version; /**< speak this version of the engine's API, as "1.41" or "4.3.0", or
                                  fail; NULL = DOCKER_API_VERSION for Docker, else the newest that
                                  both sides know */
    int64_t probe_timeout_ms; /**< for each place that is looked at, when no address was chosen;
                                   0 = 3,000 */
    int max_connections; /**< at once, streams included; a call that needs one more fails with
                              #GANTRY_E_LIMIT; 0 = 1,024 */
    int rootless; /**< #GANTRY_ON: only engines that run without root, #GANTRY_OFF: only those with;
                       asked of the engine (`GET /info`) */
    int remote;   /**< #GANTRY_OFF: only engines on this machine: no tcp, https, ssh, which are not
                       even asked; ON is as DEFAULT */
    int reserved;
} gantry_engine_options;

/**
 * Open an engine: the factory of the library.
 *
 * A choice of the program or its user is final: if it does not answer, nothing else is tried. The
 * first of these that is there is the choice:
 *   1. gantry_engine_options: `address`, `docker_context`, `podman_connection`;
 *   2. DOCKER_HOST; CONTAINER_HOST, if CONTAINER_CONNECTION is not set (Podman 5's order);
 *   3. DOCKER_CONTEXT; CONTAINER_CONNECTION;
 *   4. the current Docker context, if it is not "default"; Podman's default connection where
 *      Podman itself would use it: a machine, or `remote = true` in containers.conf.
 *
 * Without a choice the first that answers is taken:
 *   5. sockets of this user: rootless Podman and Docker, Podman machines, Docker Desktop, OrbStack,
 *      Colima, Rancher Desktop, Lima;
 *   6. sockets of the system: Podman, Docker;
 *   7. Podman's default connection, if it was no choice;
 *   8. Podman on demand.
 *
 * DOCKER and PODMAN restrict this to their own variables and files, and to engines that say they
 * are one: who answers is read from the ping's headers, not from the socket's name (DOCKER_HOST may
 * well lead to Podman). Places of 5. to 7. are asked at the same time. The environment and the
 * files are read once.
 *
 * @param runtime  GANTRY_RUNTIME_...
 * @param opts     NULL for defaults
 * @param out      receives the engine; close it with gantry_engine_close()
 * @param err      on #GANTRY_E_UNAVAILABLE, `message` says in one line what was tried and why each
 *                 failed, `output` has a line per candidate
 * @return 0, #GANTRY_E_UNAVAILABLE, #GANTRY_E_UNSUPPORTED (engine too old or too new),
 *         #GANTRY_E_INVALID (an option, or a file that should name the engine),
 *         #GANTRY_E_NOT_FOUND (no such context or connection), #GANTRY_E_IO, #GANTRY_E_NOMEM ...
 *         Since 0.1.
 *
 * Engine endpoints: `GET /_ping`, or with PODMAN `GET /libpod/_ping`: one request over one
 * connection, which is kept. One more where a version is insisted on or the Docker daemon is newer
 * than the library (`GET /v1.51/_ping`), and for `rootless` (`GET /info`, on Podman
 * `GET /libpod/info`).
 */
GANTRY_API int gantry_engine_open(int runtime, const gantry_engine_options *opts,
                                  gantry_engine **out, gantry_error *err);

/** Close an engine; NULL is allowed. Ends a Podman that was started for it. Since 0.1. */
GANTRY_API void gantry_engine_close(gantry_engine *engine);

/** Managers; never NULL for an open engine, borrowed from it. Since 0.1. @{ */
GANTRY_API gantry_images *gantry_engine_images(gantry_engine *engine);
GANTRY_API gantry_containers *gantry_engine_containers(gantry_engine *engine);
GANTRY_API gantry_volumes *gantry_engine_volumes(gantry_engine *engine);
GANTRY_API gantry_networks *gantry_engine_networks(gantry_engine *engine);
GANTRY_API gantry_registries *gantry_engine_registries(gantry_engine *engine);
GANTRY_API gantry_manifests *gantry_engine_manifests(gantry_engine *engine);
GANTRY_API gantry_pods *gantry_engine_pods(gantry_engine *engine);
GANTRY_API gantry_secrets *gantry_engine_secrets(gantry_engine *engine);
GANTRY_API gantry_system *gantry_engine_system(gantry_engine *engine);
GANTRY_API gantry_kube *gantry_engine_kube(gantry_engine *engine);
/** @} */

/* ---- what was found ----------------------------------------------------------------------- */

/** One place where an engine was looked for. */
typedef struct gantry_candidate {
    size_t size; /**< bytes of it that the running library fills */
    const char *source;  /**< where it came from: "DOCKER_HOST", "rootless Podman socket",
                              "options" */
    const char *address; /**< as "unix:///run/podman/podman.sock"; "" if nothing names one because
                              a file is broken */
    const char *backend; /**< name of the backend that recognised it, or NULL */
    const char *detail;  /**< what happened, one line: "Docker 20.10.24", "connection refused" */
    int code;            /**< 0 if it answers, else GANTRY_E_... */
    int chosen;          /**< 1 for the one that was taken */
    const char *version; /**< of the engine, as "4.3.1"; "" if not known */
    int rootless;        /**< 1 or 0; -1 if it was not asked: gantry_detect() does, opening only for
                              gantry_engine_options::rootless */
    int remote;          /**< 1: reached over a network or ssh */
} gantry_candidate;

/** Candidates in their order. */
typedef struct gantry_candidate_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_candidate *const *items; /**< also NULL-terminated */
} gantry_candidate_list;

/**
 * Why this engine: the places of opening. Those behind the chosen one were not waited for: their
 * code is #GANTRY_E_CANCELLED, unless it was plain without asking that there is nobody. Borrowed
 * from the engine. Since 0.1.
 */
GANTRY_API const gantry_candidate_list *gantry_engine_candidates(const gantry_engine *engine);

/**
 * Look for engines without opening one or starting anything: every candidate is asked who it is and
 * whether it runs without root. With a choice (see gantry_engine_open()) that is the only one.
 *
 * Engine endpoints: those of gantry_engine_open() with `rootless`.
 * @param out  receives the report; free with gantry_candidate_list_free()
 * @return 0 even when no engine answers. Since 0.1.
 */
GANTRY_API int gantry_detect(int runtime, const gantry_engine_options *opts,
                             gantry_candidate_list **out, gantry_error *err);

/** Free a report of gantry_detect(); NULL is allowed. Since 0.1. */
GANTRY_API void gantry_candidate_list_free(gantry_candidate_list *list);

/** Address in use, as "unix:///var/run/docker.sock". Borrowed from the engine. Since 0.1. */
GANTRY_API const char *gantry_engine_address(const gantry_engine *engine);

/** Name of the backend: "docker", "podman" or a registered one. Borrowed. Since 0.1. */
GANTRY_API const char *gantry_engine_backend(const gantry_engine *engine);

/* ---- questions ---------------------------------------------------------------------------- */

/** Options of gantry_engine_ping(), gantry_engine_version(), gantry_engine_info(). */
typedef struct gantry_query_options {
    size_t size;             /**< sizeof(gantry_query_options) */
    const gantry_call *call; /**< NULL = defaults */
} gantry_query_options;

/** Ask for a sign of life. Docker `GET /_ping`, Podman `GET /libpod/_ping`. Since 0.1. */
GANTRY_API int gantry_engine_ping(gantry_engine *engine, const gantry_query_options *opts,
                                  gantry_error *err);

/** Versions of an engine. Strings are "" when the engine does not say. */
typedef struct gantry_version_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *backend;         /**< "docker", "podman" ... */
    const char *version;         /**< of the engine: "20.10.24", "4.3.1" */
    const char *api_version;     /**< highest API version the engine offers */
    const char *min_api_version; /**< lowest */
    const char *used_api_version;/**< the one this library speaks to it */
    const char *os;              /**< "linux" */
    const char *arch;            /**< "amd64", "arm64" */
    const char *kernel;          /**< kernel version of the engine's host */
    const char *json;            /**< the engine's own answer */
} gantry_version_info;

/**
 * Versions. Docker `GET /version`; Podman `GET /libpod/version` (slow there: half a second).
 * @param out  free with gantry_version_info_free()
 * Since 0.1.
 */
GANTRY_API int gantry_engine_version(gantry_engine *engine, const gantry_query_options *opts,
                                     gantry_version_info **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_version_info_free(gantry_version_info *info);

/** State of an engine and its host; counts are -1 and strings "" when the engine does not say. */
typedef struct gantry_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *backend;         /**< "docker", "podman" ... */
    const char *version;
    const char *hostname;
    const char *os;              /**< "linux" */
    const char *arch;            /**< as in image platforms: "amd64", "arm64" */
    const char *kernel;
    const char *storage_driver;  /**< "overlay2", "overlay", "vfs" */
    const char *root_directory;  /**< where images and containers are stored, on the engine's
                                      host */
    const char *cgroup_version;  /**< "1" or "2" */
    const char *cgroup_manager;  /**< "cgroupfs", "systemd" */
    const char *json;            /**< the engine's own answer */
    int64_t cpus;
    int64_t memory_bytes;
    int64_t containers;
    int64_t containers_running;
    int64_t containers_paused;
    int64_t containers_stopped;
    int64_t images;
    int rootless;                /**< 1 if the engine runs without root */
    int reserved;
    int64_t memory_free_bytes;   /**< Podman */
    int64_t swap_bytes;          /**< Podman */
    const char *id;              /**< of the engine; Docker */
    const char *operating_system; /**< the host's distribution: "Debian GNU/Linux 12 (bookworm)" */
    const char *default_runtime; /**< OCI runtime: "runc", "crun" */
    const char *const *runtimes; /**< all that the engine knows, NULL-terminated; Podman tells the
                                      default only */
    const char *const *security; /**< "seccomp", "apparmor", "selinux", "rootless", "userns",
                                      "cgroupns" ..., what is on, NULL-terminated */
    const char *const *cgroup_controllers; /**< that limits can use, NULL-terminated; Podman */
    const char *network_backend; /**< "netavark", "cni"; Docker: "" */
    const char *const *network_drivers; /**< NULL-terminated; so below */
    const char *const *volume_drivers;
    const char *const *log_drivers;
    const char *log_driver;      /**< the default */
    const char *init_binary;     /**< Docker */
    const char *const *registries; /**< that short names are looked up in, NULL-terminated */
    const char *const *warnings; /**< the engine's own, NULL-terminated; Podman: what its facts
                                      say is missing */
} gantry_info;

/** State of the engine and its host. `GET /info` on both. Free the result. Since 0.1. */
GANTRY_API int gantry_engine_info(gantry_engine *engine, const gantry_query_options *opts,
                                      gantry_info **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_info_free(gantry_info *info);

/**
 * Features: one per operation, named after it, and some that are options of an operation.
 * The third column is the text of gantry_feature_name(). Values never change; new ones are
 * appended.
 */
#define GANTRY_FEATURES(X)                                                                         \
    X(ENGINE_PING, 1, "engine.ping")                                                               \
    X(ENGINE_VERSION, 2, "engine.version")                                                         \
    X(ENGINE_INFO, 3, "engine.info")                                                               \
    X(ENGINE_REQUEST, 4, "engine.request")                                                         \
    X(IMAGES_BUILD, 5, "images.build")                                                             \
    X(IMAGES_IMPORT, 6, "images.import")                                                           \
    X(IMAGES_LIST, 7, "images.list")                                                               \
    X(IMAGES_INSPECT, 8, "images.inspect")                                                         \
    X(IMAGES_EXISTS, 9, "images.exists")                                                           \
    X(IMAGES_TAG, 10, "images.tag")                                                                \
    X(IMAGES_REMOVE, 11, "images.remove")                                                          \
    X(CONTAINERS_CREATE, 12, "containers.create")                                                  \
    X(CONTAINERS_START, 13, "containers.start")                                                    \
    X(CONTAINERS_STOP, 14, "containers.stop")                                                      \
    X(CONTAINERS_RESTART, 15, "containers.restart")                                                \
    X(CONTAINERS_KILL, 16, "containers.kill")                                                      \
    X(CONTAINERS_REMOVE, 17, "containers.remove")                                                  \
    X(CONTAINERS_LIST, 18, "containers.list")                                                      \
    X(CONTAINERS_INSPECT, 19, "containers.inspect")                                                \
    X(CONTAINERS_LOGS, 20, "containers.logs")                                                      \
    X(CONTAINERS_ATTACH, 21, "containers.attach")                                                  \
    X(CONTAINERS_WAIT, 22, "containers.wait")                                                      \
    X(CONTAINERS_EXEC, 23, "containers.exec")                                                      \
    X(CONTAINERS_RUN, 24, "containers.run")                                                        \
    X(VOLUMES_CREATE, 25, "volumes.create")                                                        \
    X(VOLUMES_INSPECT, 26, "volumes.inspect")                                                      \
    X(VOLUMES_LIST, 27, "volumes.list")                                                            \
    X(VOLUMES_REMOVE, 28, "volumes.remove")                                                        \
    X(NETWORKS_CREATE, 29, "networks.create")                                                      \
    X(NETWORKS_INSPECT, 30, "networks.inspect")                                                    \
    X(NETWORKS_LIST, 31, "networks.list")                                                          \
    X(NETWORKS_REMOVE, 32, "networks.remove")                                                      \
    X(NETWORKS_CONNECT, 33, "networks.connect")                                                    \
    X(NETWORKS_DISCONNECT, 34, "networks.disconnect")                                              \
    X(IMAGES_PULL, 35, "images.pull")                                                              \
    X(IMAGES_PUSH, 36, "images.push")                                                              \
    X(IMAGES_SAVE, 37, "images.save")                                                              \
    X(IMAGES_LOAD, 38, "images.load")                                                              \
    X(IMAGES_UNTAG, 39, "images.untag")                                                            \
    X(IMAGES_HISTORY, 40, "images.history")                                                        \
    X(IMAGES_PRUNE, 41, "images.prune")                                                            \
    X(IMAGES_DISK_USAGE, 42, "images.disk_usage")                                                  \
    X(CONTAINERS_COMMIT, 43, "containers.commit")                                                  \
    X(CONTAINERS_EXPORT, 44, "containers.export")                                                  \
    X(REGISTRIES_LOGIN, 45, "registries.login")                                                    \
    X(REGISTRIES_SEARCH, 46, "registries.search")                                                  \
    X(REGISTRIES_INSPECT, 47, "registries.inspect")                                                \
    X(MANIFESTS_CREATE, 48, "manifests.create")                                                    \
    X(MANIFESTS_INSPECT, 49, "manifests.inspect")                                                  \
    X(MANIFESTS_EXISTS, 50, "manifests.exists")                                                    \
    X(MANIFESTS_ADD, 51, "manifests.add")                                                          \
    X(MANIFESTS_ANNOTATE, 52, "manifests.annotate")                                                \
    X(MANIFESTS_REMOVE_IMAGE, 53, "manifests.remove_image")                                        \
    X(MANIFESTS_PUSH, 54, "manifests.push")                                                        \
    X(MANIFESTS_REMOVE, 55, "manifests.remove")                                                    \
    X(IMAGES_BUILD_SECRETS, 56, "images.build.secrets")                                            \
    X(IMAGES_BUILD_BUILDKIT, 57, "images.build.buildkit")                                          \
    X(IMAGES_BUILD_PLATFORMS, 58, "images.build.platforms")                                        \
    X(CONTAINERS_EXISTS, 59, "containers.exists")                                                  \
    X(CONTAINERS_PAUSE, 60, "containers.pause")                                                    \
    X(CONTAINERS_UNPAUSE, 61, "containers.unpause")                                                \
    X(CONTAINERS_RENAME, 62, "containers.rename")                                                  \
    X(CONTAINERS_UPDATE, 63, "containers.update")                                                  \
    X(CONTAINERS_INIT, 64, "containers.init")                                                      \
    X(CONTAINERS_PRUNE, 65, "containers.prune")                                                    \
    X(CONTAINERS_TOP, 66, "containers.top")                                                        \
    X(CONTAINERS_CHANGES, 67, "containers.changes")                                                \
    X(CONTAINERS_CHECKPOINT, 68, "containers.checkpoint")                                          \
    X(CONTAINERS_RESTORE, 69, "containers.restore")                                                \
    X(CONTAINERS_MOUNT, 70, "containers.mount")                                                    \
    X(CONTAINERS_UNMOUNT, 71, "containers.unmount")                                                \
    X(CONTAINERS_CHECK_HEALTH, 72, "containers.check_health")                                      \
    X(CONTAINERS_RESIZE, 73, "containers.resize")                                                  \
    X(CONTAINERS_EXEC_INSPECT, 74, "containers.exec_inspect")                                      \
    X(CONTAINERS_STATS, 75, "containers.stats")                                                    \
    X(CONTAINERS_COPY_IN, 76, "containers.copy_in")                                                \
    X(CONTAINERS_COPY_OUT, 77, "containers.copy_out")                                              \
    X(CONTAINERS_STAT, 78, "containers.stat")                                                      \
    X(CONTAINERS_READ_FILE, 79, "containers.read_file")                                            \
    X(CONTAINERS_WRITE_FILE, 80, "containers.write_file")                                          \
    X(CONTAINERS_ADD_USER, 81, "containers.add_user")                                              \
    X(CONTAINERS_WAIT_READY, 82, "containers.wait_ready")                                          \
    X(CONTAINERS_ENSURE, 83, "containers.ensure")                                                  \
    X(CONTAINERS_DEPLOY, 84, "containers.deploy")                                                  \
    X(CONTAINERS_COPY_OUT_OWNERS, 85, "containers.copy_out.owners")                                \
    X(VOLUMES_PRUNE, 86, "volumes.prune")                                                          \
    X(VOLUMES_EXPORT, 87, "volumes.export")                                                        \
    X(VOLUMES_IMPORT, 88, "volumes.import")                                                        \
    X(NETWORKS_PRUNE, 89, "networks.prune")                                                        \
    X(PODS_CREATE, 90, "pods.create")                                                              \
    X(PODS_START, 91, "pods.start")                                                                \
    X(PODS_STOP, 92, "pods.stop")                                                                  \
    X(PODS_RESTART, 93, "pods.restart")                                                            \
    X(PODS_KILL, 94, "pods.kill")                                                                  \
    X(PODS_PAUSE, 95, "pods.pause")                                                                \
    X(PODS_UNPAUSE, 96, "pods.unpause")                                                            \
    X(PODS_REMOVE, 97, "pods.remove")                                                              \
    X(PODS_PRUNE, 98, "pods.prune")                                                                \
    X(PODS_INSPECT, 99, "pods.inspect")                                                            \
    X(PODS_EXISTS, 100, "pods.exists")                                                             \
    X(PODS_LIST, 101, "pods.list")                                                                 \
    X(PODS_TOP, 102, "pods.top")                                                                   \
    X(PODS_STATS, 103, "pods.stats")                                                               \
    X(PODS_LOGS, 104, "pods.logs")                                                                 \
    X(SECRETS_CREATE, 105, "secrets.create")                                                       \
    X(SECRETS_INSPECT, 106, "secrets.inspect")                                                     \
    X(SECRETS_EXISTS, 107, "secrets.exists")                                                       \
    X(SECRETS_LIST, 108, "secrets.list")                                                           \
    X(SECRETS_REMOVE, 109, "secrets.remove")                                                       \
    X(SYSTEM_DISK_USAGE, 110, "system.disk_usage")                                                 \
    X(SYSTEM_PRUNE, 111, "system.prune")                                                           \
    X(SYSTEM_EVENTS, 112, "system.events")                                                         \
    X(SYSTEM_CHECK, 113, "system.check")                                                           \
    X(SYSTEM_PRUNE_BUILD_CACHE, 114, "system.prune.build_cache")                                   \
    X(KUBE_PLAY, 115, "kube.play")                                                                 \
    X(KUBE_DOWN, 116, "kube.down")                                                                 \
    X(KUBE_GENERATE, 117, "kube.generate")                                                         \
    X(KUBE_SYSTEMD, 118, "kube.systemd")                                                           \
    X(KUBE_QUADLETS, 119, "kube.quadlets")                                                         \
    X(KUBE_QUADLET_TEXT, 120, "kube.quadlet_text")                                                 \
    X(KUBE_QUADLET_INSTALL, 121, "kube.quadlet_install")                                           \
    X(KUBE_QUADLET_REMOVE, 122, "kube.quadlet_remove")

/** GANTRY_FEATURE_... */
enum {
    GANTRY_FEATURE_NONE = 0,
#define GANTRY_FEATURE_ENUM(name, number, text) GANTRY_FEATURE_##name = number,
    GANTRY_FEATURES(GANTRY_FEATURE_ENUM)
#undef GANTRY_FEATURE_ENUM
    GANTRY_FEATURE_COUNT
};

/** Whether the engine can do it; 0 for a feature this library does not know. Any thread.
 * Since 0.1. */
GANTRY_API int gantry_engine_supports(const gantry_engine *engine, int feature);

/** Name of a feature, as "images.build"; static, NULL for an unknown number. Since 0.1. */
GANTRY_API const char *gantry_feature_name(int feature);

/* ---- other endpoints ---------------------------------------------------------------------- */

/** A request to an endpoint of the engine that the library has no function for. */
typedef struct gantry_request {
    size_t size;               /**< sizeof(gantry_request) */
    const gantry_call *call;
    const char *method;        /**< "GET" (default), "POST", "PUT", "DELETE", "HEAD" */
    /**
     * Segments of the path after the engine's version prefix, NULL-terminated, not encoded:
     * { "containers", id, "json", NULL }. Each is percent-encoded; "", "." and ".." are refused.
     */
    const char *const *path;
    const gantry_pair *query;  /**< not encoded */
    size_t query_count;
    const char *content_type;  /**< of the body; NULL = "application/json" */
    const gantry_source *body; /**< NULL = none */
} gantry_request;

/** Answer of gantry_engine_request(); free with gantry_response_free(). */
typedef struct gantry_response {
    size_t size; /**< bytes of it that the running library fills */
    int status;               /**< any the engine gave below 400, never a redirect but 304 */
    int reserved;
    const char *content_type; /**< "" if none */
    gantry_stream *body;      /**< owned by the response; ends when the answer was whole */
    int64_t date_ns;          /**< the engine's clock, from the answer's Date: whole seconds since
                                   the epoch; 0 if it does not say */
} gantry_response;

/**
 * Make a request to an endpoint of one's choice, with the library's connection, limits and errors.
 *
 * Docker paths get "/vX.Y" in front, Podman paths "/vX.Y.Z/libpod". An answer of 400 or more is an
 * error with the engine's message, as everywhere. Not reached: endpoints that need headers of their
 * own or an upgraded connection, and Podman's Docker-compatible API.
 * Since 0.1.
 */
GANTRY_API int gantry_engine_request(gantry_engine *engine, const gantry_request *request,
                                     gantry_response **out, gantry_error *err);

/** Close the answer's stream and free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_response_free(gantry_response *response);

#ifdef __cplusplus
}
#endif
#endif
