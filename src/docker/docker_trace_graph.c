/*
 * The table of a build's vertices.
 */
#include "docker_trace_graph.h"

#include <string.h>

enum {
    NAME_MAX_SIZE = 1024,      /* kept of a name */
    ERROR_MAX_SIZE = 4096,     /* kept of an error's text */
    GRAPH_MAX_COUNT = 20000,   /* vertices of a build */
    GRAPH_MAX_BYTES = 16 << 20 /* all that is kept of them */
};

void gnt_graph_init(struct gnt_graph *g, const struct gnt_mem *mem)
{
    memset(g, 0, sizeof *g);
    gnt_arena_init(&g->arena, mem);
}

void gnt_graph_free(struct gnt_graph *g)
{
    gnt_arena_free(&g->arena);
}

/* ---- looking up ------------------------------------------------------------------------------ */

static int same(struct gnt_slice a, struct gnt_slice b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

int gnt_slice_begins(struct gnt_slice text, const char *with)
{
    size_t n = strlen(with);

    return text.size >= n && memcmp(text.data, with, n) == 0;
}

static size_t bucket_of(struct gnt_slice digest)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < digest.size; i++)
        hash = (hash ^ (unsigned char)digest.data[i]) * 16777619u;
    return hash % GNT_GRAPH_BUCKETS;
}

struct gnt_vertex *gnt_graph_find(const struct gnt_graph *g, struct gnt_slice digest)
{
    struct gnt_vertex *v = g->buckets[bucket_of(digest)];

    while (v != NULL && !same(v->digest, digest))
        v = v->next;
    return v;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static int keep_room(struct gnt_graph *g, size_t size, void **out, gantry_error *err)
{
    if (size > GRAPH_MAX_BYTES - g->kept)
        return gnt_fail(err, GANTRY_E_LIMIT, "the builder's graph takes more than %d bytes",
                        GRAPH_MAX_BYTES);
    *out = gnt_arena_alloc(&g->arena, size);
    if (*out == NULL)
        return gnt_nomem(err);
    g->kept += size;
    return 0;
}

static int keep_text(struct gnt_graph *g, struct gnt_slice text, size_t max, struct gnt_slice *out,
                     gantry_error *err)
{
    size_t size = text.size < max ? text.size : max;
    void *copy = NULL;
    int rc = keep_room(g, size + 1, &copy, err);

    if (rc < 0)
        return rc;
    memcpy(copy, text.data, size);
    out->data = copy;
    out->size = size;
    return 0;
}

/* Length of "[build 2/5] ", "[linux/arm64 build 2/5] ", "[2/5] "; 0 if the name does not begin
 * so. */
static size_t lead_of(struct gnt_slice name)
{
    const char *begin = name.data;
    const char *end;
    const char *at;

    if (name.size == 0 || begin[0] != '[')
        return 0;
    end = at = memchr(begin, ']', name.size);
    if (end == NULL)
        return 0;
    for (int part = 0; part < 2; part++) {
        const char *digits = at;

        while (at > begin && at[-1] >= '0' && at[-1] <= '9')
            at--;
        if (at == digits || at == begin)
            return 0;
        if (part == 0 && *--at != '/')
            return 0;
    }
    if (at[-1] != '[' && at[-1] != ' ')
        return 0;
    end++;
    end += (size_t)(end - begin) < name.size && *end == ' ';
    return (size_t)(end - begin);
}

/* Copies and pieces of one instruction are vertices of the same name. */
static struct gnt_vertex *whole_of(const struct gnt_graph *g, struct gnt_vertex *v)
{
    for (struct gnt_vertex *other = g->first; other != NULL && v->visible; other = other->later) {
        if (other->visible && same(other->name, v->name))
            return other;
    }
    return v;
}

static void link_vertex(struct gnt_graph *g, struct gnt_vertex *v)
{
    struct gnt_vertex **bucket = &g->buckets[bucket_of(v->digest)];

    v->next = *bucket;
    *bucket = v;
    if (g->last != NULL)
        g->last->later = v;
    else
        g->first = v;
    g->last = v;
    g->count++;
}

int gnt_graph_add(struct gnt_graph *g, const struct gnt_said_vertex *said, gantry_error *err)
{
    struct gnt_vertex *v;
    void *room = NULL;
    size_t lead;
    int rc;

    if (g->count == GRAPH_MAX_COUNT)
        return gnt_fail(err, GANTRY_E_LIMIT, "the builder's graph has more than %d vertices",
                        GRAPH_MAX_COUNT);
    rc = keep_room(g, sizeof *v, &room, err);
    if (rc < 0)
        return rc;
    v = room;
    rc = keep_text(g, said->digest, SIZE_MAX, &v->digest, err);
    if (rc == 0)
        rc = keep_text(g, said->name, NAME_MAX_SIZE, &v->name, err);
    if (rc < 0)
        return rc;
    lead = lead_of(v->name);
    v->visible = lead > 0;
    v->text.data = v->name.data + lead;
    v->text.size = v->name.size - lead;
    v->source = gnt_slice_begins(v->text, "FROM ");
    v->whole = whole_of(g, v);
    g->visible += v->visible && v->whole == v;
    link_vertex(g, v);
    return 0;
}

int gnt_graph_set_error(struct gnt_graph *g, struct gnt_vertex *v, struct gnt_slice text,
                        gantry_error *err)
{
    return keep_text(g, text, ERROR_MAX_SIZE, &v->error, err);
}

/* ---- output ---------------------------------------------------------------------------------- */

int gnt_graph_keep_output(struct gnt_graph *g, struct gnt_vertex *v, struct gnt_slice text,
                          gantry_error *err)
{
    struct gnt_graph_tail *tail = v->tail;
    void *room = NULL;
    size_t drop;
    int rc;

    if (v->over)
        return 0;
    if (tail == NULL && g->spare != NULL) {
        tail = g->spare;
        g->spare = tail->next;
        tail->size = 0;
    } else if (tail == NULL) {
        rc = keep_room(g, sizeof *tail, &room, err);
        if (rc < 0)
            return rc;
        tail = room;
    }
    v->tail = tail;
    if (text.size >= GNT_GRAPH_TAIL_SIZE) {
        text.data += text.size - GNT_GRAPH_TAIL_SIZE;
        text.size = GNT_GRAPH_TAIL_SIZE;
    }
    if (tail->size + text.size > GNT_GRAPH_TAIL_SIZE) {
        drop = tail->size + text.size - GNT_GRAPH_TAIL_SIZE;
        memmove(tail->data, tail->data + drop, tail->size - drop);
        tail->size -= drop;
    }
    memcpy(tail->data + tail->size, text.data, text.size);
    tail->size += text.size;
    return 0;
}

void gnt_graph_drop_output(struct gnt_graph *g, struct gnt_vertex *v)
{
    if (v->tail == NULL)
        return;
    v->tail->next = g->spare;
    g->spare = v->tail;
    v->tail = NULL;
}
