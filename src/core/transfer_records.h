/*
 * Inside of a transfer's progress: the state that rest_transfer.c (the conversation with the
 * engine) and transfer_records.c (from JSON objects to records) share.
 */
#ifndef GNT_TRANSFER_RECORDS_H
#define GNT_TRANSFER_RECORDS_H

#include "rest_ops.h"

enum {
    GNT_TRANSFER_ID_SIZE = 64,
    GNT_TRANSFER_DIGEST_MAX = 160,
    GNT_TRANSFER_LAYERS_MAX = 4096, /* whose state is kept; more are passed on as they come */
    GNT_TRANSFER_TAGS_MAX = 10000   /* of a repository; more are a failure */
};

struct gnt_transfer_queued {
    gantry_progress_record record;
    struct gnt_transfer_queued *next;
};

struct gnt_transfer_layer {
    struct gnt_transfer_layer *next;
    const char *id;
    int64_t total; /* -1 = never told */
    int state;     /* the last one */
};

struct gnt_transfer_tag {
    struct gnt_transfer_tag *next;
    const char *tag;
};

/* What the streams have said so far. */
struct gnt_transfer_records {
    const struct gnt_transfer_dialect *dialect;
    const struct gnt_rest *rest;
    const char *resource;   /* for errors */
    struct gnt_arena arena; /* of the queue; reset when it is empty */
    struct gnt_transfer_queued *first;
    struct gnt_transfer_queued *last;
    struct gnt_arena kept;             /* layers and tags of one request */
    struct gnt_transfer_layer *layers; /* newest first */
    size_t layer_count;
    struct gnt_transfer_tag *tags; /* newest first */
    size_t tag_count;
    int attempts;
    int ended; /* the record was there that only a success has */
    int newer;
    int failed; /* failure holds what the stream said */
    char digest[GNT_TRANSFER_DIGEST_MAX];
    char image_id[GNT_TRANSFER_ID_SIZE + 1]; /* or its beginning */
    gantry_error failure;
};

void gnt_transfer_records_init(struct gnt_transfer_records *r, const struct gnt_rest *rest,
                               const struct gnt_transfer_dialect *dialect, const char *resource);
/* Forget what the last request's stream said; the queue stays. */
void gnt_transfer_records_next(struct gnt_transfer_records *r);
void gnt_transfer_records_free(struct gnt_transfer_records *r);

/* A new record at the end of the queue, with the engine's own words (v may be NULL); NULL without
 * memory. */
gantry_progress_record *gnt_transfer_push(struct gnt_transfer_records *r, int kind,
                                          const char *text, size_t size, const struct gnt_json *v);

/* One JSON object of the stream, a gnt_json_fn with the records as argument. */
int gnt_transfer_object(void *records, struct gnt_json *v, gantry_error *err);

/* After a stream that ended well: a DONE record for each layer whose end was not told. */
int gnt_transfer_finish(struct gnt_transfer_records *r, gantry_error *err);

#endif
