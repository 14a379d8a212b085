/*
 * Operations that look alike on every engine that speaks REST: what differs is data given by the
 * backend (paths below its prefix, tables, flags), never a question who is asked.
 *
 * Functions that take a `struct gnt_req *` consume it (it is freed on every path).
 */
#ifndef GNT_REST_OPS_H
#define GNT_REST_OPS_H

#include "rest.h"

/* ---- plain requests (rest_ops.c) ----------------------------------------------------------- */

/* How to GET one thing: path template with one "%s" (or "%r" for an image reference). */
struct gnt_lookup {
    const char *path;  /* "/containers/%s/json" */
    int resource_kind; /* GANTRY_RESOURCE_... */
    int result_kind;   /* GANTRY_KIND_... */
    const struct gnt_in *rows;
    size_t json_offset; /* where the answer's text goes; SIZE_MAX = nowhere */
};
int gnt_rest_lookup(struct gnt_rest *rest, const struct gnt_lookup *what, const gantry_call *call,
                    const char *name, void **out, gantry_error *err);

/* A request without a body whose answer says nothing: start, tag, remove ... The template has one
 * place, for the name. extra_ms: see struct gnt_req. */
int gnt_rest_act(struct gnt_rest *rest, const char *method, const gantry_call *call,
                 int resource_kind, const char *name, const char *template_text, gantry_error *err);

/* gantry_engine_ops.request: path segments behind the prefix, query, body, answer as a stream. */
int gnt_rest_request(struct gnt_rest *rest, const gantry_request *request, gantry_response **out,
                     gantry_error *err);

/* Acceptor for gnt_req_list: the string at `offset` of the item is one of `names` (NULL: any). For
 * engines whose own name filters match parts of names. */
struct gnt_name_filter {
    const char *const *names;
    size_t offset;
};
int gnt_accept_name(const void *item, const void *name_filter);

/* "linux/arm/v7" of {"os","architecture","variant"} into a list, once each; NULL without memory
 * (remote.c). */
const char *const *gnt_platforms_add(struct gnt_arena *arena, const char *const *list,
                                     const struct gnt_json *platform);

/* Whole seconds of a time in milliseconds, rounded up. */
int64_t gnt_seconds_up(int64_t ms);

/* ---- containers as both engines describe them (rest_decode.c) ------------------------------ */

/* State words of both engines -> GANTRY_CONTAINER_...; for GNT_IN_ENUM. */
extern const struct gnt_word gnt_container_states[];

/* For lists that an answer is about: the first of its objects. NULL and null are empty; anything
 * else in it, or in its place, is PROTOCOL, by the name of `what`. */
int gnt_objects(const struct gnt_json *list, const char *what, const struct gnt_json **out,
                gantry_error *err);
/* Decode each element of an array (or value of an object: the key is GNT path ".") into a new item
 * and store the NULL-terminated list at `field`, a `const T *const **`. */
int gnt_in_items(struct gnt_in_context *c, const struct gnt_json *v, int item_kind,
                 const struct gnt_in *rows, void *field);
/* The same; their number goes into the size_t in front of the field. */
int gnt_in_counted(struct gnt_in_context *c, const struct gnt_json *v, int item_kind,
                   const struct gnt_in *rows, void *field);

/* Hooks (GNT_IN_HOOK) for an inspected container. */
/* A limit: -1 and 0 both mean none. int64_t. */
int gnt_in_limit(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* {"80/tcp": [{"HostIp","HostPort"}] | null} -> gantry_container.ports */
int gnt_in_port_map(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                    void *);
/* Of a container that does not run: no host port. */
void gnt_settle_ports(gantry_container *c);
/* [{"Type","Name","Source","Destination","RW"}] -> gantry_container.mounts */
int gnt_in_mounts(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* {"net": {"IPAddress","Gateway","GlobalIPv6Address","MacAddress"}}
 * -> gantry_container.attachments */
int gnt_in_attachments(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                       void *);

/* Hook: the address of "10.89.0.2/24" (rest_network.c). */
int gnt_in_bare_address(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                        void *);

/* What streams need to know of a container before they begin: GET /containers/%s/json. */
struct gnt_container_facts {
    int tty;
    int open_stdin;
    int state;         /* GANTRY_CONTAINER_... */
    int never_started; /* 1: it has no exit code yet, whatever the engine says */
    int64_t created_ns;
    int64_t stop_timeout_s; /* grace of stop it was created with, 10 if it has none of its own */
    char state_text[32];
    char id[72]; /* whole id */
};
int gnt_rest_container_facts(struct gnt_rest *rest, const gantry_call *call, const char *id,
                             struct gnt_container_facts *out, gantry_error *err);

/* ---- wait (rest_wait.c) -------------------------------------------------------------------- */

struct gnt_wait_plan {
    /* 1: an exit code 0 of this wait says nothing (the container was never started). */
    int zero_unknown;
    /* 1: an error text in the answer is the wait's failure (waiting for a removal). 0: it only says
     * why the container ended. */
    int error_counts;
    /* 1: the head comes only with the answer, so that nothing proves that the engine watches. */
    int late_head;
    /* 1: the answer is a number as text, not an object. */
    int plain;
    /* 1: the answer may be ahead of the engine's lists: the container is asked for after it. */
    int settle;
    /* Not 0: what is waited for is no end, for which the engine says -1. Any other number is this
     * failure: it gave the wait up and does not say why. */
    int no_end;
};

/*
 * The wait over an open request whose head comes at once, which proves that the engine watches, and
 * whose body comes at the end: {"StatusCode": 3, "Error": null or {"Message": "..."}}; unless the
 * plan says otherwise. A negative code is none. r: the POST with its query, made with
 * GNT_REQ_OPEN_ENDED and gnt_req_about.
 */
int gnt_rest_wait_open(struct gnt_req *r, const struct gnt_wait_plan *plan, gantry_wait **out,
                       gantry_error *err);

/* ---- logs, attach (rest_stream.c) ---------------------------------------------------------- */

/* Add follow, stdout, stderr, since, until, timestamps, tail; INVALID if neither channel is on. */
void gnt_rest_logs_query(struct gnt_req *r, const gantry_logs_options *opts);
/* r: the GET, GNT_REQ_OPEN_ENDED (| GNT_REQ_UNTIL_CLOSE if the engine may end it so). */
int gnt_rest_logs_open(struct gnt_req *r, enum gnt_framing framing, gantry_stream **out,
                       gantry_error *err);

/* For engines whose head comes with the first bytes of the log only: what it says is the first
 * read's failure. r: as for gnt_rest_logs_open, with gnt_req_about. */
int gnt_rest_logs_begin(struct gnt_req *r, enum gnt_framing framing, gantry_stream **out,
                        gantry_error *err);

/* Add stream, stdin, stdout, stderr, logs, and detachKeys as the engine is to have them (NULL: not
 * at all). */
void gnt_rest_attach_query(struct gnt_req *r, const gantry_attach_options *opts,
                           const char *detach_keys);
int gnt_rest_attach_open(struct gnt_req *r, enum gnt_framing framing, gantry_stream **out,
                         gantry_error *err);

/* ---- exec (rest_exec.c) -------------------------------------------------------------------- */

/* How an engine learns the initial size of a session's terminal. */
enum gnt_exec_size {
    GNT_EXEC_SIZE_LATER,   /* by a request of its own, once it runs */
    GNT_EXEC_SIZE_CONSOLE, /* "ConsoleSize": [rows, columns] of both requests */
    GNT_EXEC_SIZE_START    /* "h" and "w" of the second */
};
struct gnt_exec_dialect {
    enum gnt_exec_size size;
    int watches;         /* it watches for detach keys */
    const char *no_keys; /* what "no keys" is called; NULL: it has none by itself */
    int watches_bytes;   /* it watches for keys in what is no terminal's too: no_keys needed */
};

/* POST /containers/%s/exec, then POST /exec/%s/start, hijacked unless opts->detach; framed unless
 * opts->tty. */
extern const struct gnt_out gnt_rest_exec_options[];
int gnt_rest_exec_open(struct gnt_rest *rest, const struct gnt_exec_dialect *dialect,
                       const char *id, const char *const *command, const gantry_exec_options *opts,
                       gantry_stream **out, char out_exec_id[GANTRY_EXEC_ID_SIZE],
                       gantry_error *err);
/* POST /exec/%s/resize */
int gnt_rest_exec_resize(struct gnt_rest *rest, const char *exec_id, int columns, int rows,
                         const gantry_call *call, gantry_error *err);
/* GET /exec/%s/json: "Running", "ExitCode" and "Pid" (which count only when it does not run). */
struct gnt_exec_state {
    int running;
    int64_t code;
    int64_t pid;
};
int gnt_rest_exec_state(struct gnt_rest *rest, const char *exec_id, const gantry_call *call,
                        struct gnt_exec_state *out, gantry_error *err);
/* The same as a result. rows: these and the engine's own for has_exit_code; while it runs there is
 * none in any case. */
#define GNT_EXEC_INFO_ROWS                                                                         \
    GNT_IN_STR_REQ(gantry_exec_info, id, "ID"),                                                    \
        GNT_IN_STR(gantry_exec_info, container_id, "ContainerID"),                                 \
        GNT_IN_HOOK(gantry_exec_info, command, "ProcessConfig", gnt_in_exec_command),              \
        GNT_IN_STR(gantry_exec_info, user, "ProcessConfig/user"),                                  \
        GNT_IN_I64(gantry_exec_info, pid, "Pid"),                                                  \
        GNT_IN_I64(gantry_exec_info, exit_code, "ExitCode"),                                       \
        GNT_IN_HOOK(gantry_exec_info, running, "Running", gnt_in_exec_running),                    \
        GNT_IN_FLAG(gantry_exec_info, tty, "ProcessConfig/tty"),                                   \
        GNT_IN_FLAG(gantry_exec_info, privileged, "ProcessConfig/privileged")
int gnt_in_exec_command(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                        void *);
int gnt_in_exec_running(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *,
                        void *);
int gnt_rest_exec_inspect(struct gnt_rest *rest, const struct gnt_in *rows, const char *exec_id,
                          const gantry_call *call, gantry_exec_info **out, gantry_error *err);

/* ---- build (rest_build.c, build_records.c) ------------------------------------------------- */

/* What one line of the builder's own output says. */
enum gnt_build_line_kind {
    GNT_BUILD_LOG,    /* output of a step */
    GNT_BUILD_STEP,   /* a step begins: step, total, text */
    GNT_BUILD_CACHED, /* the current step came from the cache: a STATUS record with `cached` */
    GNT_BUILD_STATUS, /* words of the builder itself */
    GNT_BUILD_WARNING,
    GNT_BUILD_NOTHING /* not worth a record */
};
struct gnt_build_line {
    enum gnt_build_line_kind kind;
    int step; /* preset to the current step and total (0: none); STEP sets new ones */
    int total;
    int quiet;        /* preset: 1 until the current step has logged something */
    int base;         /* preset: 1 while the current step is a FROM, which runs nothing */
    int built;        /* preset: 1 once an image was named behind the current step's beginning */
    int channel;      /* LOG: GANTRY_STDOUT or GANTRY_STDERR, preset to STDOUT */
    const char *text; /* preset to the line; may be moved inside it */
    size_t size;      /* preset */
};

struct gnt_build_records;
struct gnt_transfer_dialect;

/* State of one build that a dialect keeps for itself while it reads the stream. */
struct gnt_build_decoder {
    void *(*open)(struct gantry_host *host); /* NULL without memory */
    void (*close)(void *state);
    /* Asked about each object before anything else. 1: it was one of its own, and is dealt with; 0:
     * read it as usual; or an error. */
    int (*object)(void *state, struct gnt_build_records *records, struct gnt_json *v,
                  gantry_error *err);
    /* The stream says that the build failed, with this message: set step, step_total, step_text and
     * the tail of the records to what the failure is about. 0, or NOMEM. */
    int (*failed)(void *state, struct gnt_build_records *records, const char *message,
                  gantry_error *err);
};

/* How an engine's build stream (a sequence of JSON objects: {"stream"}, {"status", "id",
 * "progressDetail"}, {"errorDetail"}, {"aux"}) is to be read. */
struct gnt_build_dialect {
    /* Classify the text of one "stream" member. */
    void (*classify)(struct gnt_build_line *line);
    /* Path of the image id in a record, "aux/ID"; NULL: it is the last "stream" text, alone on its
     * line, 64 hex digits. */
    const char *id_path;
    /* Texts before the exit code in a failure's message; NULL ends. */
    const char *const *exit_texts;
    /* How the output of a step begins whose command could not be started, so that a code in the
     * message is not its own; NULL: there is no such code then. */
    const char *not_started;
    /* Where a message turns into a dump of the builder's own structs, as "&step{": left out from
     * there to the last '}'. NULL ends; NULL: it has none. */
    const char *const *dumps;
    /* Parts of messages of refused requests (HTTP 4xx, 5xx) that blame the Dockerfile. */
    const char *const *refusals;
    /* For a builder that speaks in records of its own; all four or none. */
    const struct gnt_build_decoder *decoder;
    /* How the pull of a base image is worded inside the stream; NULL: by states that it has not. */
    const struct gnt_transfer_dialect *transfer;
    const char *inspect_path; /* "/images/%s/json": a 2xx confirms the image at the end */
};

/*
 * Begin a build. r: the POST with query and content type, GNT_REQ_OPEN_ENDED, no body yet: the
 * context is sent as its source; NULL: nothing is. The archive stays until the progress is closed.
 * A failure in the stream, or a refusal of the Dockerfile, is GANTRY_E_BUILD with step, step_total,
 * step_text, exit_code and output filled; an end without an image id is PROTOCOL; RESULT comes only
 * after the engine has confirmed the image.
 */
int gnt_rest_build_open(struct gnt_req *r, gantry_archive *context,
                        const struct gnt_build_dialect *dialect, gantry_progress **out,
                        gantry_error *err);

/* ---- pull, push (rest_transfer.c, transfer_records.c) --------------------------------------- */

/* What one JSON object of a transfer's stream says. Texts are borrowed from it. */
struct gnt_transfer_event {
    int kind;          /* of the record: STATUS (preset) or WARNING; 0: none is made */
    int state;         /* GANTRY_TRANSFER_..., preset to NONE */
    int64_t current;   /* preset to -1 */
    int64_t total;     /* preset to -1 */
    const char *layer; /* the layer it is about, or NULL */
    const char *text;  /* of the record, preset to "" */
    size_t text_size;
    const char *error;     /* the transfer failed, in these words */
    const char *digest;    /* "sha256:..." of the manifest or list that was moved */
    const char *image_id;  /* of the image that was pulled, whole or its beginning */
    const char *tag;       /* all tags: this one begins */
    int attempt;           /* 1: the engine begins; the second time it tries again */
    int whole;             /* 1: all bytes of the layer have moved */
    int newer;             /* 1: the engine says that it brought something new */
    int last;              /* 1: only a success has this record */
    int last_if_over;      /* 1: if the layer was over before, or is none that was told of, it is
                              the image, and this the last record */
    char layer_buffer[16]; /* a place for `layer` */
};

/* How an engine words its transfers. */
struct gnt_transfer_dialect {
    void (*read)(struct gnt_transfer_event *event, const struct gnt_json *v);
    const char *inspect_path; /* "/images/%r/json" */
};

/* A reference as registries understand it. */
struct gnt_transfer_name {
    const char *repository; /* "docker.io/library/app" */
    const char *tag;        /* "" with a digest */
    const char *digest;     /* "sha256:...", or "" */
    const char *canonical;  /* "docker.io/library/app:latest" */
};
/* Texts live in the arena. INVALID for an id. */
int gnt_transfer_name(struct gnt_arena *arena, const char *argument, const char *reference,
                      struct gnt_transfer_name *out, gantry_error *err);

/* One pull or push: a request for each name, one after the other. Copied but for the dialect, the
 * options and what the call points to, which stay until the progress is closed. */
struct gnt_transfer_plan {
    const struct gnt_transfer_dialect *dialect;
    const gantry_call *call;
    const char *reference;    /* the caller's own words, for errors */
    const char *const *names; /* canonical, but what is pushed: as the engine knows it */
    /* Make the POST for a name: gnt_req_init with `call`, query, credentials. */
    void (*request)(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                    const char *name, const void *options);
    const void *options;
    const char *look;       /* what must be there before, or may do instead; NULL: a pull looks
                                 for each name, a push for nothing */
    const char *repository; /* pull: "docker.io/library/app" */
    const char *platform;   /* pull: "linux/arm64", or NULL */
    const char *stays;      /* push: a name that stays if it fails, or NULL */
    int push;
    int policy; /* pull: GANTRY_PULL_..., not DEFAULT */
    int all_tags;
    int tags_in_stream; /* pull: one request for all tags, which the stream tells */
};

/*
 * Begin it. Nothing is sent before the first look. A failure in the stream is the progress's own
 * failure, by the rows of the engine's errors; a stream that ends without its last record is
 * PROTOCOL. A pull's RESULT comes only after the engine has confirmed the image: `id` is its id,
 * `text` the digest of what the reference led to or "", `state` EXISTS if it led there before. A
 * push's RESULT has the digest as `id`, or NULL. With all_tags there is one RESULT for each image,
 * and one without id at the end.
 */
int gnt_rest_transfer_open(struct gnt_rest *rest, const struct gnt_transfer_plan *plan,
                           gantry_progress **out, gantry_error *err);

#endif
