/**
 * @file events.h
 * What happens on an engine, as a stream of typed records with one vocabulary for both engines.
 */
#ifndef GANTRY_EVENTS_H
#define GANTRY_EVENTS_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an event is about; or what the reader has to say itself. */
enum {
    GANTRY_EVENT_OTHER = 0,      /**< a word that this library does not know: see `type_text` */
    GANTRY_EVENT_CONTAINER = 1,
    GANTRY_EVENT_IMAGE = 2,
    GANTRY_EVENT_VOLUME = 3,
    GANTRY_EVENT_NETWORK = 4,
    GANTRY_EVENT_POD = 5,        /**< on Docker those of the infra container */
    GANTRY_EVENT_SECRET = 6,
    GANTRY_EVENT_ENGINE = 7,     /**< Docker "daemon", Podman "system" */
    /**
     * The reader's own: it lost its connection, is connected again, and nothing between is missing.
     */
    GANTRY_EVENT_RESUMED = 100,
    /**
     * The reader's own: it is connected again, and cannot prove that nothing is missing between
     * `gap_from_ns` and `time_ns`: the engine no longer has the last event that came, or there was
     * none. Look at the state of what matters anew.
     */
    GANTRY_EVENT_GAP = 101
};

/** What happened. Words that mean the same on both engines are one; see `action_text`. */
enum {
    GANTRY_ACTION_OTHER = 0, /**< a word that this library does not know */
    GANTRY_ACTION_CREATE = 1,
    GANTRY_ACTION_START = 2,
    GANTRY_ACTION_STOP = 3,      /**< asked to stop, by an API call */
    GANTRY_ACTION_DIE = 4,       /**< a container's process ended: `exit_code` (Docker "die", Podman
                                      "died") */
    GANTRY_ACTION_KILL = 5,      /**< a signal was sent */
    GANTRY_ACTION_OOM = 6,
    GANTRY_ACTION_PAUSE = 7,
    GANTRY_ACTION_UNPAUSE = 8,
    GANTRY_ACTION_RESTART = 9,
    GANTRY_ACTION_REMOVE = 10,   /**< Docker "destroy", of an image "delete" */
    GANTRY_ACTION_RENAME = 11,
    GANTRY_ACTION_UPDATE = 12,
    GANTRY_ACTION_ATTACH = 13,
    GANTRY_ACTION_DETACH = 14,
    GANTRY_ACTION_RESIZE = 15,
    GANTRY_ACTION_EXEC_CREATE = 16, /**< a command was prepared (Docker only) */
    GANTRY_ACTION_EXEC_START = 17,  /**< Podman "exec" */
    GANTRY_ACTION_EXEC_DIE = 18,    /**< `exit_code` */
    GANTRY_ACTION_HEALTH = 19,      /**< a health check ran or turned: `health` */
    GANTRY_ACTION_INIT = 20,        /**< prepared for start */
    GANTRY_ACTION_CLEANUP = 21,
    GANTRY_ACTION_COMMIT = 22,
    GANTRY_ACTION_COPY = 23,        /**< files in or out */
    GANTRY_ACTION_EXPORT = 24,
    GANTRY_ACTION_CHECKPOINT = 25,
    GANTRY_ACTION_RESTORE = 26,
    GANTRY_ACTION_MOUNT = 27,
    GANTRY_ACTION_UNMOUNT = 28,
    GANTRY_ACTION_CONNECT = 29,     /**< a container entered a network: `container` */
    GANTRY_ACTION_DISCONNECT = 30,
    GANTRY_ACTION_PULL = 31,
    GANTRY_ACTION_PUSH = 32,
    GANTRY_ACTION_TAG = 33,
    GANTRY_ACTION_UNTAG = 34,
    GANTRY_ACTION_SAVE = 35,
    GANTRY_ACTION_LOAD = 36,
    GANTRY_ACTION_IMPORT = 37,
    GANTRY_ACTION_BUILD = 38,
    GANTRY_ACTION_PRUNE = 39,
    GANTRY_ACTION_TOP = 40,
    GANTRY_ACTION_RELOAD = 41,      /**< of the engine: its configuration */
    GANTRY_ACTION_REFRESH = 42,     /**< of the engine: its state after a boot */
    GANTRY_ACTION_RENUMBER = 43     /**< of the engine: its locks */
};

/** An event; valid until the next call on its reader. Strings are "" where the engine does not
 * say. */
typedef struct gantry_event {
    size_t size; /**< bytes of it that the running library fills */
    int64_t time_ns;             /**< since the epoch, by the engine's clock; of RESUMED and GAP in
                                      whole seconds */
    int64_t gap_from_ns;         /**< GAP, RESUMED: time of the last event that came before, or of
                                      the reader's beginning; else 0 */
    const char *type_text;       /**< the engine's word */
    const char *action_text;     /**< the engine's word, whole: "exec_start: sh -c true" */
    const char *id;              /**< of what it is about; a volume's is its name */
    const char *name;            /**< of it: an image's reference */
    const char *image;           /**< of a container: its image's name */
    const char *container;       /**< of a network's or volume's event: id of the container, where
                                      one is concerned; Podman before 4.4 does not name the network
                                      then: id and name are "" */
    const char *pod;             /**< of a container: id of its pod */
    const char *health;          /**< HEALTH: "healthy", "unhealthy", "starting", "running" */
    const char *signal;          /**< KILL: its number or name, as the engine says it */
    const gantry_pair *attributes; /**< all that the engine says, labels among them */
    size_t attribute_count;
    const char *json;            /**< the engine's own words; "" for the reader's own */
    int64_t exit_code;           /**< DIE, EXEC_DIE; else -1 */
    int type;                    /**< GANTRY_EVENT_... */
    int action;                  /**< GANTRY_ACTION_... */
} gantry_event;

/**
 * Options of gantry_system_events_open().
 *
 * An event that comes out has one of `types`, one of `actions`, all `labels`, meets `filters`, and
 * is about one of those that `containers`, `images`, `volumes`, `networks` and `pods` name; a list
 * that is NULL or empty asks for nothing. Names are those at the time of the event; ids are whole
 * or at least their first 12 digits. RESUMED and GAP come out in any case.
 */
typedef struct gantry_events_options {
    size_t size;             /**< sizeof(gantry_events_options) */
    const gantry_call *call; /**< no total limit by default; the token stays until the close */
    int64_t since_ns;        /**< also what was from this time on, since the epoch, by the engine's
                                  clock; 0 = from now. Docker keeps the last 256 events only, and
                                  none over a restart */
    int64_t until_ns;        /**< end there: events before this time, by the engine's clock; 0 =
                                  never. A time that is past: what was, without waiting */
    const int *types;        /**< GANTRY_EVENT_..., ends with 0 */
    const int *actions;      /**< GANTRY_ACTION_..., ends with 0 */
    const char *const *containers; /**< names or ids, NULL-terminated */
    const char *const *images;     /**< ids or references, without a tag any of the repository:
                                        events of images, and of containers that were made of one
                                        by that name */
    const char *const *volumes;
    const char *const *networks; /**< where the engine names the network: see
                                        gantry_event::container */
    const char *const *pods;     /**< events of pods; those of their containers by the pod's id */
    const char *const *labels;  /**< "key" or "key=value"; all of them. Engines put labels among the
                                     attributes, which this compares with */
    const gantry_pair *filters; /**< further filters in the engine's own words */
    size_t filter_count;
    int follow;      /**< #GANTRY_OFF: end with what was until now; needs since_ns */
    int resume;      /**< #GANTRY_OFF: a connection that breaks is the reader's error. Else
                                  the reader connects anew, asks from a little before the last event
                                  on, leaves out what it has given, and says RESUMED or GAP; an
                                  engine that stays away for longer than `away_ms` is an error */
    int64_t away_ms; /**< 0 = 60,000; #GANTRY_NO_TIMEOUT = for ever */
} gantry_events_options;

/** An iterator of events; belongs to one thread at a time. */
typedef struct gantry_event_reader gantry_event_reader;

/**
 * Watch what happens on an engine. When this returns, the engine watches: what happens after is not
 * missed.
 *
 * Filters that the engine does not have, or reads otherwise, are the library's business: each event
 * that comes out meets them all. The order is that in which the engine keeps events, which is
 * nearly that of their times.
 *
 * A reader that is not read for long loses events silently on Docker: the daemon drops what does
 * not fit into its queue of 1024 and the connection.
 * @param out  close with gantry_event_reader_close()
 * @return 0, #GANTRY_E_INVALID, #GANTRY_E_UNSUPPORTED, ... `GET /events` on both. Since 0.1.
 */
GANTRY_API int gantry_system_events_open(gantry_system *system, const gantry_events_options *opts,
                                         gantry_event_reader **out, gantry_error *err);

/**
 * The next event.
 * @param out  receives it, or NULL at the end (`until_ns`, `follow` OFF)
 * @return 0, #GANTRY_E_AGAIN (non-blocking mode) or another code, which stays. Connecting anew
 *         takes the time of a request each try, in non-blocking mode too. Since 0.1.
 */
GANTRY_API int gantry_event_reader_next(gantry_event_reader *reader, const gantry_event **out,
                                        gantry_error *err);

/** As gantry_stream_set_nonblocking(). Since 0.1. */
GANTRY_API void gantry_event_reader_set_nonblocking(gantry_event_reader *reader, int on);

/** As gantry_stream_fd(); -1 while the reader waits to connect anew: ask again after
 * gantry_event_reader_timeout_ms(). Since 0.1. */
GANTRY_API int gantry_event_reader_fd(const gantry_event_reader *reader, int *out_events);

/** As gantry_stream_timeout_ms(). Since 0.1. */
GANTRY_API int gantry_event_reader_timeout_ms(const gantry_event_reader *reader);

/** How often the reader had to connect anew. Since 0.1. */
GANTRY_API int64_t gantry_event_reader_reconnects(const gantry_event_reader *reader);

/** Close a reader; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_event_reader_close(gantry_event_reader *reader);

/** Name of an event's type, as "container"; static, "other" for an unknown number. Since 0.1. */
GANTRY_API const char *gantry_event_type_name(int type);

/** Name of an action, as "die"; static, "other" for an unknown number. Since 0.1. */
GANTRY_API const char *gantry_event_action_name(int action);

#ifdef __cplusplus
}
#endif
#endif
