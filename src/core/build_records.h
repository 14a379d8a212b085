/*
 * Inside of a build's progress: the state that rest_build.c (the conversation with the engine) and
 * build_records.c (from JSON objects to records) share.
 */
#ifndef GNT_BUILD_RECORDS_H
#define GNT_BUILD_RECORDS_H

#include "pack.h"
#include "rest_ops.h"

enum {
    GNT_BUILD_TAIL_MAX = 2400, /* what gantry_error.output takes of a failing step */
    GNT_BUILD_ID_SIZE = 64
};

struct gnt_build_queued {
    gantry_progress_record record;
    struct gnt_build_queued *next;
};

/* What the stream has said so far. */
struct gnt_build_records {
    const struct gnt_build_dialect *dialect;
    const struct gantry_host *host;
    const char *resource;   /* name of the image, for errors */
    void *decoder_state;    /* of the dialect's decoder */
    struct gnt_arena arena; /* of the queue; reset when it is empty */
    struct gnt_build_queued *first;
    struct gnt_build_queued *last;
    int step;
    int step_total;
    int step_logged;
    int step_open; /* a step has begun and not ended */
    int step_cached;
    int64_t step_begin_ns;
    int failed; /* failure holds what the stream said */
    size_t tail_size;
    char image_id[GNT_BUILD_ID_SIZE + 1];
    char pending_id[GNT_BUILD_ID_SIZE + 1]; /* a line that is the id if nothing follows */
    char step_text[256];
    char tail[GNT_BUILD_TAIL_MAX]; /* last log text of the current step */
    struct gnt_buf instruction;    /* whole text of the current step */
    gantry_error failure;
};

/* Frees what the records hold. */
void gnt_build_records_free(struct gnt_build_records *b);

/* A new record at the end of the queue, with text and the engine's own words (v may be NULL); NULL
 * without memory. */
gantry_progress_record *gnt_build_push(struct gnt_build_records *b, int kind, const char *text,
                                       size_t size, const struct gnt_json *v);

/* A STEP_END record, for builders that tell by themselves how long steps take. */
gantry_progress_record *gnt_build_push_end(struct gnt_build_records *b, int step, int cached,
                                           int64_t duration_ms, const char *text, size_t size);
/* End the current step, if one is open, by the library's clock: a next one does it by itself, the
 * build's success does not. */
int gnt_build_end_step(struct gnt_build_records *b, gantry_error *err);

/* One JSON object of the stream, a gnt_json_fn with the records as argument. */
int gnt_build_object(void *records, struct gnt_json *v, gantry_error *err);

#endif
