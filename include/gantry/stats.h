/**
 * @file stats.h
 * What containers use: CPU, memory, network, block devices; once or as a stream.
 */
#ifndef GANTRY_STATS_H
#define GANTRY_STATS_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes through a network interface of a container since it was made. */
typedef struct gantry_network_stats {
    size_t size; /**< bytes of it that the running library fills */
    const char *name;        /**< "eth0" */
    int64_t received_bytes;
    int64_t received_packets; /**< -1 if the engine does not say; so below */
    int64_t received_errors;
    int64_t received_dropped;
    int64_t sent_bytes;
    int64_t sent_packets;
    int64_t sent_errors;
    int64_t sent_dropped;
} gantry_network_stats;

/** Bytes from and to a block device. */
typedef struct gantry_block_stats {
    size_t size; /**< bytes of it that the running library fills */
    int64_t major;           /**< number of the device */
    int64_t minor;
    int64_t read_bytes;
    int64_t written_bytes;
} gantry_block_stats;

/**
 * What one container uses. Numbers are -1 where the engine does not say. Valid until the next call
 * on its reader, or until freed.
 */
typedef struct gantry_stats {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;           /**< 64 hex digits */
    const char *name;
    int64_t time_ns;          /**< of the sample, since the epoch; 0: the container does not run */
    double cpu_percent;       /**< as the engine's command line computes it: 100 is one CPU; since
                                   the last sample, or (Podman's first) since the start. -1 = not
                                   known (Docker's first of a stream) */
    double memory_percent;    /**< of the limit; -1 = not known */
    int64_t cpu_ns;           /**< CPU time used in all */
    int64_t cpu_system_ns;    /**< of it in the kernel */
    int64_t cpus;             /**< online */
    int64_t throttled_ns;     /**< time it was kept from running by its limit */
    int64_t memory_bytes;     /**< as the engine's command line says: without the page cache on
                                   Docker, with it on Podman */
    int64_t memory_cache_bytes;
    int64_t memory_limit_bytes; /**< the limit, or the host's memory */
    int64_t memory_peak_bytes;
    int64_t processes;
    int64_t process_limit;    /**< 0 = none */
    int64_t received_bytes;   /**< sum of `networks` */
    int64_t sent_bytes;
    int64_t read_bytes;       /**< sum over the block devices */
    int64_t written_bytes;
    const gantry_network_stats *const *networks; /**< NULL-terminated; Podman below 5.0 only sums */
    const gantry_block_stats *const *devices;    /**< NULL-terminated; Docker */
    const char *json;         /**< the engine's own answer */
} gantry_stats;

/** Options of gantry_containers_stats() and gantry_containers_stats_open(). */
typedef struct gantry_stats_options {
    size_t size;             /**< sizeof(gantry_stats_options) */
    const gantry_call *call; /**< stats_open: no total limit by default */
    int64_t interval_ms; /**< stats_open: time between two samples of a container; 0 = 1 s; whole
                                  seconds, rounded up */
} gantry_stats_options;

/**
 * What a container uses now. Takes up to two seconds on Docker, which measures over one.
 * @param out  free with gantry_stats_free()
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_UNSUPPORTED (rootless Podman on cgroups v1), ... One
 * that
 *         does not run has time_ns 0 and numbers of 0 or -1.
 * Docker `GET /containers/{id}/stats`, Podman `GET /libpod/containers/stats`. Since 0.1.
 */
GANTRY_API int gantry_containers_stats(gantry_containers *containers, const char *id,
                                       const gantry_stats_options *opts, gantry_stats **out,
                                       gantry_error *err);
GANTRY_API void gantry_stats_free(gantry_stats *stats); /**< Free it. Since 0.1. */

/** An iterator of samples; belongs to one thread at a time. */
typedef struct gantry_stats_reader gantry_stats_reader;

/**
 * Follow what containers use, by asking for each in rounds. Whether one that gives no numbers has
 * ended is looked up, which takes the time of a request, in non-blocking mode too.
 * @param ids  names or ids, NULL-terminated; NULL = all that run, those that start later too
 * @param out  close with gantry_stats_reader_close()
 * Since 0.1.
 */
GANTRY_API int gantry_containers_stats_open(gantry_containers *containers, const char *const *ids,
                                            const gantry_stats_options *opts,
                                            gantry_stats_reader **out, gantry_error *err);

/**
 * The next sample, of any of the containers.
 * @param out  receives it, or NULL at the end: when none of the given containers is left running
 * @return 0, #GANTRY_E_AGAIN (non-blocking mode) or another code. Since 0.1.
 */
GANTRY_API int gantry_stats_reader_next(gantry_stats_reader *reader, const gantry_stats **out,
                                        gantry_error *err);

/** As gantry_stream_set_nonblocking(). Since 0.1. */
GANTRY_API void gantry_stats_reader_set_nonblocking(gantry_stats_reader *reader, int on);

/** As gantry_stream_fd(). Since 0.1. */
GANTRY_API int gantry_stats_reader_fd(const gantry_stats_reader *reader, int *out_events);

/** As gantry_stream_timeout_ms(). Since 0.1. */
GANTRY_API int gantry_stats_reader_timeout_ms(const gantry_stats_reader *reader);

/** Close a reader; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_stats_reader_close(gantry_stats_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
