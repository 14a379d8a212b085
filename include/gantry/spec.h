/**
 * @file spec.h
 * What a container is to be: the options of create and run, alike on both engines.
 *
 * Every member's zero is the engine's or the image's own default. An option that the engine cannot
 * honour is #GANTRY_E_UNSUPPORTED and names the option, never silence; so is one whose effect the
 * engine takes back with a warning. What one engine alone has is said at the member. Anything else
 * of an engine's create request is in reach by gantry_container_options::extra_json.
 */
#ifndef GANTRY_SPEC_H
#define GANTRY_SPEC_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- mounts ------------------------------------------------------------------------------- */

/** Kinds of mount. */
enum {
    GANTRY_MOUNT_BIND = 1,   /**< source is a path on the engine's host and must exist */
    GANTRY_MOUNT_VOLUME = 2, /**< source is a volume's name; NULL makes an anonymous one */
    GANTRY_MOUNT_TMPFS = 3,  /**< no source */
    GANTRY_MOUNT_IMAGE = 4   /**< source is an image's reference; read-only unless read_only is
                                  #GANTRY_OFF. Podman, Docker from API 1.48. */
};

/**
 * SELinux labels of a mount's files; without effect where the engine's host has no SELinux. Docker
 * takes them in its older form of mounts only: there a missing source of a BIND is made, a path
 * must not have a ':', and recursive OFF is UNSUPPORTED.
 */
enum {
    GANTRY_RELABEL_NONE = 0,
    GANTRY_RELABEL_SHARED = 1, /**< short form "z": containers share the content */
    GANTRY_RELABEL_PRIVATE = 2 /**< short form "Z": this container alone */
};

/** A mount of a new container. */
typedef struct gantry_mount {
    size_t size;        /**< sizeof(gantry_mount) */
    const char *source;
    const char *target; /**< absolute path in the container; required */
    int64_t tmpfs_size_bytes; /**< TMPFS: 0 = unlimited */
    int type;           /**< GANTRY_MOUNT_...; required */
    int read_only;      /**< #GANTRY_ON */
    const char *propagation; /**< BIND: "private", "rprivate", "shared", "rshared", "slave",
                                  "rslave"; NULL = rprivate */
    const char *subpath;     /**< VOLUME, IMAGE: this directory of it. Docker from API 1.45, Podman
                                  from 4.4 (volumes) */
    const char *options;     /**< TMPFS: further mount options, as "noexec,nosuid,nodev" */
    const char *driver;      /**< VOLUME that is made by this: its driver; Docker */
    const gantry_pair *driver_options; /**< VOLUME that is made by this; Docker */
    size_t driver_option_count;
    const gantry_pair *labels;         /**< VOLUME that is made by this; Docker */
    size_t label_count;
    int tmpfs_mode;     /**< TMPFS: permission bits as 01770; 0 = the engine's (1777) */
    int relabel;        /**< BIND, VOLUME: GANTRY_RELABEL_... */
    int copy;           /**< VOLUME: #GANTRY_OFF: an empty volume does not get the image's files */
    int recursive;      /**< BIND: #GANTRY_OFF: without what is mounted below the source */
    int create_source;  /**< BIND: #GANTRY_ON: make a missing source, a directory; on Docker below
                             API 1.42 not together with recursive OFF */
    int chown;          /**< BIND, VOLUME: #GANTRY_ON: give the content to the container's user;
                             Podman */
} gantry_mount;

/** Mounts made from short forms; free with gantry_mount_list_free(). */
typedef struct gantry_mount_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_mount *const *items; /**< also NULL-terminated: gantry_container_options::mounts */
} gantry_mount_list;

/**
 * Parse mounts in the command lines' short form: `[SOURCE:]TARGET[:OPTIONS]`.
 *
 * A source with '/' at its beginning is a path (BIND), any other a volume's name, none an anonymous
 * volume. Options, separated by commas: `ro`, `rw`, `z`, `Z`, `U` (chown), `nocopy`, `copy`,
 * `bind` and `rbind` (recursive or not), and the words of gantry_mount::propagation. Nothing is
 * looked up: a path is the engine host's.
 * @param forms  NULL-terminated
 * @param out    the caller's; may be used as long as it is not freed
 * @return 0, #GANTRY_E_INVALID naming the form and what is wrong with it. Any thread. Since 0.1.
 */
GANTRY_API int gantry_mounts_parse(const char *const *forms, gantry_mount_list **out,
                                   gantry_error *err);
GANTRY_API void gantry_mount_list_free(gantry_mount_list *list); /**< Free it. Since 0.1. */

/* ---- ports, networks ---------------------------------------------------------------------- */

/** A published port, or a range of them, of a new container. */
typedef struct gantry_port {
    size_t size;              /**< sizeof(gantry_port) */
    const char *protocol;     /**< "tcp" (default), "udp", "sctp" */
    const char *host_address; /**< NULL = all addresses of the engine's host */
    int container_port;       /**< 1 to 65535; required */
    int host_port;            /**< 0 = the engine picks a free one, see gantry_container::ports */
    int count;                /**< so many ports one after the other on both sides; 0 = 1 */
    int reserved;
} gantry_port;

/** Ports made from short forms; free with gantry_port_list_free(). */
typedef struct gantry_port_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_port *const *items; /**< also NULL-terminated: gantry_container_options::ports */
} gantry_port_list;

/**
 * Parse ports in the command lines' short form: `[[ADDRESS:]HOST[-HOST]:]PORT[-PORT][/PROTOCOL]`,
 * an IPv6 address in brackets, HOST empty for a free one. Ranges must be of one length.
 * @param forms  NULL-terminated
 * @return 0, #GANTRY_E_INVALID naming the form and what is wrong with it. Any thread. Since 0.1.
 */
GANTRY_API int gantry_ports_parse(const char *const *forms, gantry_port_list **out,
                                  gantry_error *err);
GANTRY_API void gantry_port_list_free(gantry_port_list *list); /**< Free it. Since 0.1. */

/** A new container's place in a network. */
typedef struct gantry_attachment {
    size_t size;                /**< sizeof(gantry_attachment) */
    const char *network;        /**< name or id; required */
    const char *const *aliases; /**< further names of the container there, NULL-terminated */
    const char *address;        /**< fixed IPv4 address, NULL = the engine picks one */
    const char *address6;       /**< fixed IPv6 address */
    const char *mac; /**< fixed MAC address; on Docker below API 1.44 of one network only */
} gantry_attachment;

/* ---- limits ------------------------------------------------------------------------------- */

/** For limits: none, where zero means the engine's default. */
#define GANTRY_UNLIMITED ((int64_t)-1)

/** For gantry_resources::memory_swappiness: 0, do not swap. */
#define GANTRY_SWAPPINESS_NONE ((int64_t)-1)

/** Limits of one block device; zero is none. */
typedef struct gantry_block_limit {
    size_t size;        /**< sizeof(gantry_block_limit) */
    const char *path;   /**< of the device on the engine's host, "/dev/sda"; required */
    int64_t read_bytes_per_second;
    int64_t write_bytes_per_second;
    int64_t reads_per_second;
    int64_t writes_per_second;
    int64_t weight;     /**< relative, 10 to 1000 */
} gantry_block_limit;

/**
 * Limits of a new container, or of one that is updated; zero is the engine's default: none, but for
 * Podman's 2048 processes. An update leaves alone what is zero.
 */
typedef struct gantry_resources {
    size_t size;           /**< sizeof(gantry_resources) */
    int64_t memory_bytes;
    int64_t nano_cpus;     /**< 1,000,000,000 is one CPU; not with cpu_quota_us */
    int64_t pids;          /**< number of processes; or #GANTRY_UNLIMITED */
    int64_t memory_swap_bytes;        /**< memory and swap together; or #GANTRY_UNLIMITED; needs
                                           memory_bytes */
    int64_t memory_reservation_bytes; /**< soft limit */
    int64_t memory_swappiness;        /**< 1 to 100, or #GANTRY_SWAPPINESS_NONE; cgroups v1 */
    int64_t cpu_shares;               /**< relative weight, the engine's default is 1024 */
    int64_t cpu_period_us;
    int64_t cpu_quota_us;             /**< CPU time per period */
    const char *cpuset_cpus;          /**< "0-2,4" */
    const char *cpuset_mems;          /**< "0,1" */
    int64_t block_weight;             /**< relative block I/O, 10 to 1000 */
    const gantry_block_limit *const *block_limits; /**< NULL-terminated */
    int oom_kill; /**< #GANTRY_OFF: wait for memory instead of being ended; needs
                                           memory_bytes; cgroups v1 */
    int reserved;
} gantry_resources;

/** A limit of a container's or build's processes, as setrlimit(2). */
typedef struct gantry_ulimit {
    size_t size;        /**< sizeof(gantry_ulimit) */
    const char *name;   /**< "nofile", "core", ..., without "RLIMIT_"; required */
    int64_t soft;       /**< or #GANTRY_UNLIMITED */
    int64_t hard;       /**< or #GANTRY_UNLIMITED */
} gantry_ulimit;

/* ---- devices, security -------------------------------------------------------------------- */

/** A device of the engine's host for a new container. */
typedef struct gantry_device {
    size_t size;                /**< sizeof(gantry_device) */
    const char *path; /**< on the host, "/dev/fuse"; or a CDI name, "vendor.com/class=name"
                                     (Podman; Docker from API 1.44); required */
    const char *container_path; /**< NULL = the same */
    const char *permissions;    /**< of "rwm"; NULL = all three */
} gantry_device;

/** What a new container may do. */
typedef struct gantry_security {
    size_t size;                        /**< sizeof(gantry_security) */
    const char *const *capabilities_add; /**< "NET_ADMIN" or "CAP_NET_ADMIN", "ALL"; NULL-terminated
                                              */
    const char *const *capabilities_drop; /**< alike */
    const char *seccomp; /**< the profile itself, as JSON text; or "unconfined". A profile
                                             as text: Docker */
    const char *seccomp_path;           /**< a profile's path on the engine's host; Podman */
    const char *apparmor;               /**< name of a profile, or "unconfined" */
    const char *const *selinux; /**< "type:svirt_t", "level:s0:c1", "disable"; NULL-terminated */
    const char *user_namespace;         /**< "host"; Podman: also "keep-id", "auto", "nomap",
                                             "private", "container:NAME" */
    const char *const *uid_maps;        /**< "container:host:count", NULL-terminated; Podman */
    const char *const *gid_maps;        /**< alike */
    int privileged;                     /**< #GANTRY_ON: nearly all that the engine may do */
    int read_only_root; /**< #GANTRY_ON: its own file system cannot be written. Podman
                                             alone would mount tmpfs on /tmp, /run and /var/tmp: it
                                             is
                                             told not to */
    int no_new_privileges;              /**< #GANTRY_ON: set-user-id programs gain nothing */
    int reserved;
} gantry_security;

/** A secret of the engine inside a new container; Podman. */
typedef struct gantry_secret_mount {
    size_t size;             /**< sizeof(gantry_secret_mount) */
    const char *secret;      /**< its name or id; required */
    const char *target;      /**< file, relative to /run/secrets or absolute; NULL = by its name */
    const char *environment; /**< name of a variable: the secret becomes its value, no file */
    int uid;                 /**< owner of the file */
    int gid;
    int mode;                /**< permission bits; 0 = 0444 */
    int reserved;
} gantry_secret_mount;

/* ---- health, restart ---------------------------------------------------------------------- */

/** What Podman does with a container that turned unhealthy. */
enum {
    GANTRY_UNHEALTHY_NONE = 0,
    GANTRY_UNHEALTHY_KILL = 1,
    GANTRY_UNHEALTHY_RESTART = 2,
    GANTRY_UNHEALTHY_STOP = 3
};

/** A health check of a new container; what is zero is the image's, then the engine's. */
typedef struct gantry_health {
    size_t size;             /**< sizeof(gantry_health) */
    const char *const *test; /**< { "CMD", "program", "argument" }, { "CMD-SHELL", "command line" }
                                  or
                                  { "NONE" } for no check, NULL-terminated; NULL = the image's,
                                  INVALID if it has none */
    int64_t interval_ms;     /**< the engine's default: 30 s */
    int64_t timeout_ms;      /**< 30 s */
    int64_t start_period_ms; /**< failures before do not count; 0 s */
    int64_t start_interval_ms; /**< interval meanwhile; Docker from API 1.44 */
    int64_t retries;         /**< failures in a row that make it unhealthy; 3 */
    int on_unhealthy;        /**< GANTRY_UNHEALTHY_...; Podman */
    int reserved;
} gantry_health;

/** When the engine starts a container again that has ended by itself. */
enum {
    GANTRY_RESTART_DEFAULT = 0,    /**< never */
    GANTRY_RESTART_NO = 1,         /**< never */
    GANTRY_RESTART_ON_FAILURE = 2, /**< unless its exit code is 0, at most restart_retries times */
    GANTRY_RESTART_ALWAYS = 3,
    GANTRY_RESTART_UNLESS_STOPPED = 4 /**< always, but after a stop not at the engine's next start
                                           */
};

/* ---- the whole ---------------------------------------------------------------------------- */

/** Options of gantry_containers_create(), and of run by gantry_run_options::container. */
typedef struct gantry_container_options {
    size_t size;             /**< sizeof(gantry_container_options) */
    const gantry_call *call; /**< of create only; run uses its own */
    const char *name;        /**< [a-zA-Z0-9][a-zA-Z0-9_.-]*; NULL = the engine makes one up */
    const char *const *command;     /**< arguments, NULL-terminated; NULL = the image's CMD */
    const char *const *entrypoint;  /**< NULL = the image's; an empty list removes it. Setting one
                                         drops the image's CMD. */
    const char *const *environment; /**< "NAME=value", NULL-terminated, added to the image's */
    const gantry_pair *labels;
    size_t label_count;
    const char *working_directory;
    const char *user;        /**< "name", "uid" or "uid:gid" */
    const char *hostname;
    const gantry_mount *const *mounts;  /**< NULL-terminated; see gantry_mounts_parse() */
    const gantry_port *const *ports;    /**< NULL-terminated; see gantry_ports_parse() */
    /**
     * "bridge", "host", "none", "container:NAME" or a network's name; NULL = the engine's default
     * (bridge; a user-mode network on rootless Podman). Not with `networks` or `pod`. Podman also
     * has "private", "slirp4netns" and "pasta".
     */
    const char *network;
    const gantry_resources *resources;  /**< NULL = the engine's defaults */
    const char *platform;    /**< as "linux/arm64"; NULL = the engine's */
    const char *extra_json;  /**< JSON object merged last (RFC 7396) into the engine's own create
                                  request; unchecked */
    int64_t stop_timeout_ms; /**< grace of stop before it kills; 0 = the engine's (10 s); whole
                                  seconds, rounded up */
    int tty;                 /**< #GANTRY_ON: a terminal; stdout and stderr become one */
    int open_stdin;          /**< #GANTRY_ON: keep standard input open for attach */
    int auto_remove;         /**< #GANTRY_ON: the engine removes it when it ends */
    int init;                /**< #GANTRY_ON: the engine's init is process 1, reaps children and
                                  forwards signals */
    /**
     * Files on this machine with "NAME=value" lines, NULL-terminated, before `environment`: '#'
     * begins a comment line, white space before a NAME goes, a NAME alone is left out, nothing is
     * quoted. Of a NAME that comes again the last value counts. They are read by the library, up to
     * 1 MiB each; one that cannot be read is #GANTRY_E_IO and named.
     */
    const char *const *environment_files;
    const gantry_pair *annotations;  /**< OCI annotations; Podman, Docker from API 1.43 */
    size_t annotation_count;
    const char *const *groups;       /**< further groups of the user, names or numbers,
                                          NULL-terminated */
    const char *stop_signal;         /**< "SIGTERM", "TERM" or "15"; NULL = the image's */
    const gantry_attachment *const *networks; /**< NULL-terminated; not with `network` */
    const char *const *exposed_ports; /**< "80/tcp", NULL-terminated: documented, not published */
    const char *const *dns_servers;   /**< addresses, NULL-terminated */
    const char *const *dns_search;    /**< domains, NULL-terminated */
    const char *const *dns_options;   /**< options of resolv.conf, NULL-terminated */
    const char *const *extra_hosts;   /**< "name:address", NULL-terminated; lines of /etc/hosts; the
                                           address "host-gateway" is the engine's host */
    const gantry_ulimit *const *ulimits; /**< NULL-terminated */
    const gantry_pair *sysctls;       /**< of the container's namespaces, "net.core.somaxconn" */
    size_t sysctl_count;
    const gantry_device *const *devices; /**< NULL-terminated */
    const char *gpus; /**< "all", a number of them, or "device=ID,ID"; Podman: by CDI */
    const gantry_security *security;  /**< NULL = the engine's defaults */
    const gantry_health *health;      /**< NULL = the image's */
    const char *log_driver; /**< "json-file", "local", "journald", "none", ...; Podman takes
                                           "json-file" for its "k8s-file" */
    const gantry_pair *log_options;   /**< of the driver, as "max-size" */
    size_t log_option_count;
    const char *pid_namespace;        /**< "host", "container:NAME"; Podman: "private" */
    const char *ipc_namespace; /**< "host", "private", "shareable", "none", "container:NAME" */
    const char *uts_namespace;        /**< "host"; Podman: "private" */
    const char *cgroup_namespace;     /**< "host", "private" */
    const char *cgroup_parent;
    const char *runtime;              /**< OCI runtime: "runc", "crun"; on Podman its service's own
                                           one only */
    const char *pod;                  /**< name or id of the pod to enter; not with `network`,
                                           `networks`, nor with what the pod has for all: `ports`,
                                           `publish_all`, `dns_...`, `extra_hosts`, `hostname`,
                                           `shm_size_bytes`, as far as it shares them; see
                                           docs/pods.md */
    const gantry_secret_mount *const *secrets; /**< NULL-terminated; Podman */
    int64_t shm_size_bytes;           /**< size of /dev/shm; 0 = the engine's (64 MiB) */
    int64_t restart_retries;          /**< ON_FAILURE: 0 = no limit */
    int restart;                      /**< GANTRY_RESTART_... */
    int oom_score_adjustment;         /**< -1000 to 1000 */
    int publish_all;                  /**< #GANTRY_ON: publish all exposed ports on free ones */
    int pull;                         /**< GANTRY_PULL_... (see <gantry/image.h>), by the library,
                                           before create; 0 = NEVER */
} gantry_container_options;

#ifdef __cplusplus
}
#endif
#endif
