/*
 * The box: a program of a few kilobytes that the library carries (src/box tells what it does), and
 * the image that it makes of it on an engine, for containers that need nothing else. Nothing is
 * pulled. Knows the tables of a backend, not which one it is: a backend may call it with its own.
 *
 * The image has the one file /box, its ENTRYPOINT; a container's `command` is the box's arguments,
 * as { "pause", NULL }. It is named by what is in it, so that versions of the library do not meet.
 */
#ifndef GNT_BOX_H
#define GNT_BOX_H

#include <gantry/backend.h>

#include "host.h"

/* Label of the image, and of containers that the library makes of it for itself. */
#define GNT_BOX_LABEL "io.libgantry.box"

enum {
    GNT_BOX_REFERENCE_SIZE = 96
};

/* A program that is carried; the rows end with a NULL name. Made by the build. */
struct gnt_box_program {
    const char *arch;   /* as engines call it: "amd64" */
    const char *digest; /* SHA-256 of the bytes, 64 hex digits */
    const unsigned char *data;
    size_t size;
};

extern const struct gnt_box_program gnt_box_programs[];

/* What is known of an engine: the state of a backend and its tables. */
struct gnt_box_engine {
    struct gantry_host *host;
    void *state;
    const gantry_engine_ops *engine; /* version */
    const gantry_image_ops *images;  /* inspect, import, remove */
};

/*
 * Make sure that the image for the engine's architecture is there and is the library's own; its
 * name in *reference, "localhost/libgantry-box:0123456789ab-amd64". A few quick requests if it is
 * there, else an import. Any thread, any process: who comes at the same time finds or makes the
 * same; of two that are made at once, one may stay without a name.
 *
 * The image stays for the next time, and somebody may remove it at any time: a container that then
 * cannot be made is NOT_FOUND.
 *
 * 0, UNSUPPORTED naming an architecture that this build of the library carries no program for, or
 * what the engine says. `call` may be NULL.
 */
int gnt_box_ensure(const struct gnt_box_engine *e, const gantry_call *call,
                   char reference[GNT_BOX_REFERENCE_SIZE], gantry_error *err);

#endif
