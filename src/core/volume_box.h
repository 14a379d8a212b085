/*
 * The container that reads or writes a volume for the time of a call: the box (box.h) with the
 * volume as its only mount. Made of a backend's slots, whichever it is.
 */
#ifndef GNT_VOLUME_BOX_H
#define GNT_VOLUME_BOX_H

#include "box.h"
#include "engine.h"
#include "stream.h"

enum {
    GNT_VOLUME_BOX_SAID = 1024 /* of its stderr: one line is all it has to say */
};

/* What it is to do. */
struct gnt_volume_box_plan {
    const char *volume;
    const char *const *command; /* the box's arguments; the volume is at "/volume" */
    int writes;                 /* else the volume is mounted read-only */
};

struct gnt_volume_box {
    gantry_engine *e;
    const gantry_container_ops *ops;
    const char *volume; /* the plan's */
    gantry_call call;   /* whole work: relative limits made absolute */
    gantry_stream *stream;
    gantry_wait *wait;
    int started;
    int ended; /* its exit code is known */
    size_t said_size;
    char said[GNT_VOLUME_BOX_SAID];
    char id[128]; /* "" = there is none */
};

/* One of that name, by inspection: Podman would also take a beginning of it. */
int gnt_volume_box_check(gantry_engine *e, const char *volume, const gantry_call *call,
                         gantry_error *err);
/* Create, attach, start. `b` has its e, ops and call; what is left of a failure is taken back. */
int gnt_volume_box_start(struct gnt_volume_box *b, const struct gnt_volume_box_plan *plan,
                         gantry_error *err);
/* Bytes that it wrote to its stderr. */
void gnt_volume_box_says(struct gnt_volume_box *b, const char *data, size_t size);
/* How it ended: 0 only for its exit code 0. AGAIN with `nonblocking`. */
int gnt_volume_box_result(struct gnt_volume_box *b, int nonblocking, gantry_error *err);
/* Close its streams and remove it, whatever it does. `rc`: of the call, which decides how long this
 * may take. Any number of times. */
void gnt_volume_box_end(struct gnt_volume_box *b, int rc);

/* The failure that an exit code and the line on stderr tell of. */
int gnt_volume_box_failure(int64_t code, const char *said, size_t said_size, gantry_error *err);

#endif
