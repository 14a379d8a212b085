/*
 * From the JSON objects of a transfer's stream to progress records: what an object says is asked of
 * the dialect, here the layers are kept apart. Sends and reads nothing.
 */
#include "transfer_records.h"

#include "error.h"

#include <string.h>

void gnt_transfer_records_init(struct gnt_transfer_records *r, const struct gnt_rest *rest,
                               const struct gnt_transfer_dialect *dialect, const char *resource)
{
    memset(r, 0, sizeof *r);
    r->dialect = dialect;
    r->rest = rest;
    r->resource = resource;
    gnt_arena_init(&r->arena, &rest->host->mem);
    gnt_arena_init(&r->kept, &rest->host->mem);
}

void gnt_transfer_records_next(struct gnt_transfer_records *r)
{
    gnt_arena_reset(&r->kept);
    r->layers = NULL;
    r->layer_count = 0;
    r->tags = NULL;
    r->tag_count = 0;
    r->attempts = 0;
    r->ended = 0;
    r->newer = 0;
    r->digest[0] = '\0';
    r->image_id[0] = '\0';
}

void gnt_transfer_records_free(struct gnt_transfer_records *r)
{
    gnt_arena_free(&r->arena);
    gnt_arena_free(&r->kept);
}

/* ---- records --------------------------------------------------------------------------------- */

static const char *write_record(struct gnt_transfer_records *r, const struct gnt_json *v)
{
    const struct gantry_host *host = r->rest->host;
    struct gnt_buf text;
    const char *copy = NULL;

    gnt_buf_init(&text, &host->mem, host->limits.record_bytes * 2);
    if (gnt_json_write(v, &text) == 0)
        copy = gnt_arena_strndup(&r->arena, gnt_buf_text(&text), text.size);
    gnt_buf_free(&text);
    return copy;
}

gantry_progress_record *gnt_transfer_push(struct gnt_transfer_records *r, int kind,
                                          const char *text, size_t size, const struct gnt_json *v)
{
    struct gnt_transfer_queued *q = gnt_arena_alloc(&r->arena, sizeof *q);

    if (q == NULL)
        return NULL;
    q->record.size = sizeof q->record;
    q->record.kind = kind;
    q->record.current = -1;
    q->record.total = -1;
    q->record.duration_ms = -1;
    q->record.text = gnt_arena_strndup(&r->arena, text, size);
    q->record.text_size = size;
    q->record.json = v != NULL ? write_record(r, v) : NULL;
    if (q->record.text == NULL || (v != NULL && q->record.json == NULL))
        return NULL;
    if (r->last == NULL)
        r->first = q;
    else
        r->last->next = q;
    r->last = q;
    return &q->record;
}

/* ---- layers ---------------------------------------------------------------------------------- */

static struct gnt_transfer_layer *find_layer(const struct gnt_transfer_records *r, const char *id)
{
    struct gnt_transfer_layer *layer = r->layers;

    while (layer != NULL && strcmp(layer->id, id) != 0)
        layer = layer->next;
    return layer;
}

static int keep_layer(struct gnt_transfer_records *r, const char *id,
                      struct gnt_transfer_layer **out, gantry_error *err)
{
    struct gnt_transfer_layer *layer = find_layer(r, id);

    *out = layer;
    if (layer != NULL || r->layer_count == GNT_TRANSFER_LAYERS_MAX)
        return 0;
    layer = gnt_arena_alloc(&r->kept, sizeof *layer);
    if (layer == NULL || (layer->id = gnt_arena_strdup(&r->kept, id)) == NULL)
        return gnt_nomem(err);
    layer->total = -1;
    layer->next = r->layers;
    r->layers = layer;
    r->layer_count++;
    *out = layer;
    return 0;
}

/* Numbers as a bar can take them: unknown is -1, and no more is done than there is. */
static void settle_numbers(struct gnt_transfer_event *e, struct gnt_transfer_layer *layer)
{
    if (e->total <= 0)
        e->total = -1;
    if (e->current < 0)
        e->current = -1;
    if (e->total > 0 && e->current > e->total)
        e->total = e->current;
    if (layer == NULL)
        return;
    if (e->state == GANTRY_TRANSFER_RUNNING && e->total > layer->total)
        layer->total = e->total;
    if (e->whole) {
        e->current = layer->total;
        e->total = layer->total;
    }
}

static int add_status(struct gnt_transfer_records *r, struct gnt_transfer_event *e,
                      const struct gnt_json *v, gantry_error *err)
{
    struct gnt_transfer_layer *layer = NULL;
    gantry_progress_record *record;
    int rc = e->layer != NULL ? keep_layer(r, e->layer, &layer, err) : 0;

    if (rc < 0)
        return rc;
    settle_numbers(e, layer);
    record = gnt_transfer_push(r, e->kind, e->text, e->text_size, v);
    if (record == NULL)
        return gnt_nomem(err);
    record->state = e->state;
    record->current = e->current;
    record->total = e->total;
    if (e->layer != NULL && (record->id = gnt_arena_strdup(&r->arena, e->layer)) == NULL)
        return gnt_nomem(err);
    if (layer != NULL && e->state != GANTRY_TRANSFER_NONE)
        layer->state = e->state;
    return 0;
}

static void reverse_layers(struct gnt_transfer_records *r)
{
    struct gnt_transfer_layer *reversed = NULL;

    while (r->layers != NULL) {
        struct gnt_transfer_layer *next = r->layers->next;

        r->layers->next = reversed;
        reversed = r->layers;
        r->layers = next;
    }
    r->layers = reversed;
}

static int is_over(const struct gnt_transfer_layer *layer)
{
    return layer->state == GANTRY_TRANSFER_DONE || layer->state == GANTRY_TRANSFER_EXISTS;
}

int gnt_transfer_finish(struct gnt_transfer_records *r, gantry_error *err)
{
    gantry_progress_record *record;

    reverse_layers(r);
    for (struct gnt_transfer_layer *layer = r->layers; layer != NULL; layer = layer->next) {
        if (is_over(layer))
            continue;
        record = gnt_transfer_push(r, GANTRY_PROGRESS_STATUS, "", 0, NULL);
        if (record == NULL || (record->id = gnt_arena_strdup(&r->arena, layer->id)) == NULL)
            return gnt_nomem(err);
        record->state = GANTRY_TRANSFER_DONE;
        record->current = layer->total;
        record->total = layer->total;
        layer->state = GANTRY_TRANSFER_DONE;
    }
    return 0;
}

/* ---- the engine's objects -------------------------------------------------------------------- */

static void on_error(struct gnt_transfer_records *r, const char *message)
{
    char text[1024];
    size_t size = strlen(message);

    while (size > 0 && (message[size - 1] == '\n' || message[size - 1] == '\r'))
        size--;
    gnt_text_copy(text, sizeof text, message, size, 0, 0);
    gnt_rest_error(r->rest, 200, text, NULL, GANTRY_RESOURCE_IMAGE, r->resource, &r->failure);
    r->failure.http_status = 0;
    r->failed = 1;
}

/* "sha256:" and hex digits, or what another algorithm would look like. */
static void take_digest(struct gnt_transfer_records *r, const char *text)
{
    size_t lead = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+._-");
    size_t digits;

    if (lead == 0 || text[lead] != ':')
        return;
    digits = strspn(text + lead + 1, "0123456789abcdef");
    if (digits < 32 || lead + 1 + digits >= sizeof r->digest)
        return;
    memcpy(r->digest, text, lead + 1 + digits);
    r->digest[lead + 1 + digits] = '\0';
}

static int take_image_id(struct gnt_transfer_records *r, const char *id, gantry_error *err)
{
    size_t size;

    if (strncmp(id, "sha256:", 7) == 0)
        id += 7;
    size = strlen(id);
    if (size < 12 || size > GNT_TRANSFER_ID_SIZE || strspn(id, "0123456789abcdef") != size)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the transfer named an image id that is none: %s",
                        id);
    memcpy(r->image_id, id, size + 1);
    return 0;
}

static int take_tag(struct gnt_transfer_records *r, const char *text, gantry_error *err)
{
    struct gnt_transfer_tag *tag;

    if (r->tag_count == GNT_TRANSFER_TAGS_MAX)
        return gnt_fail(err, GANTRY_E_LIMIT, "the repository has more than %d tags",
                        GNT_TRANSFER_TAGS_MAX);
    tag = gnt_arena_alloc(&r->kept, sizeof *tag);
    if (tag == NULL || (tag->tag = gnt_arena_strdup(&r->kept, text)) == NULL)
        return gnt_nomem(err);
    tag->next = r->tags;
    r->tags = tag;
    r->tag_count++;
    return 0;
}

static int take_facts(struct gnt_transfer_records *r, struct gnt_transfer_event *e,
                      gantry_error *err)
{
    const struct gnt_transfer_layer *layer = e->layer != NULL ? find_layer(r, e->layer) : NULL;
    int rc = 0;

    if (e->last_if_over && e->layer != NULL && (layer == NULL || is_over(layer))) {
        e->image_id = e->layer;
        e->layer = NULL;
        e->state = GANTRY_TRANSFER_NONE;
        e->last = 1;
    }
    if (e->digest != NULL)
        take_digest(r, e->digest);
    if (e->image_id != NULL)
        rc = take_image_id(r, e->image_id, err);
    if (rc == 0 && e->tag != NULL)
        rc = take_tag(r, e->tag, err);
    if (e->attempt && r->attempts++ > 0)
        e->state = GANTRY_TRANSFER_RETRYING;
    r->newer |= e->newer;
    r->ended |= e->last;
    return rc;
}

int gnt_transfer_object(void *records, struct gnt_json *v, gantry_error *err)
{
    struct gnt_transfer_records *r = records;
    struct gnt_transfer_event e = {
        .kind = GANTRY_PROGRESS_STATUS, .current = -1, .total = -1, .text = ""
    };
    int rc;

    if (r->failed)
        return 0;
    if (v->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL,
                        "the transfer's progress holds something else than JSON objects");
    r->dialect->read(&e, v);
    if (e.error != NULL) {
        on_error(r, e.error);
        return 0;
    }
    rc = take_facts(r, &e, err);
    if (rc < 0 || e.kind == 0)
        return rc;
    return add_status(r, &e, v, err);
}
