/* The memory of a reader of events, see events_seen.h. */
#include "events_seen.h"

void gnt_events_seen_init(struct gnt_events_seen *seen, const struct gnt_mem *mem)
{
    *seen = (struct gnt_events_seen){ .mem = *mem, .most = GNT_EVENTS_SEEN_MAX };
}

void gnt_events_seen_free(struct gnt_events_seen *seen)
{
    gnt_free(&seen->mem, seen->events);
    seen->events = NULL;
}

void gnt_events_seen_connect(struct gnt_events_seen *seen)
{
    seen->connection++;
}

/* FNV-1a, the NUL included, so that texts do not run into each other. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    } while (*text++ != '\0');
    return hash;
}

/* Of the engine's words, but not of all: an engine that was replaced by a newer one may word the
 * rest of the same event otherwise. */
static uint64_t identity_of(const gantry_event *e)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    hash = add_text(hash, e->type_text);
    hash = add_text(hash, e->action_text);
    hash = add_text(hash, e->id);
    hash = add_text(hash, e->name);
    return add_text(hash, e->container);
}

static int make_room(struct gnt_events_seen *seen)
{
    size_t capacity = seen->capacity > 0 ? seen->capacity * 2 : 64;
    struct gnt_seen_event *events;

    if (seen->count < seen->capacity || seen->count == seen->most)
        return 0;
    capacity = capacity < seen->most ? capacity : seen->most;
    events = gnt_realloc(&seen->mem, seen->events, capacity * sizeof *events);
    if (events == NULL)
        return GANTRY_E_NOMEM;
    seen->events = events;
    seen->capacity = capacity;
    return 0;
}

static struct gnt_seen_event *find(struct gnt_events_seen *seen, int64_t time_ns, uint64_t identity)
{
    /* Nearly all that come are later than all that came. */
    if (time_ns > seen->newest_ns)
        return NULL;
    for (size_t i = 0; i < seen->count; i++) {
        struct gnt_seen_event *e = &seen->events[i];

        if (e->time_ns == time_ns && e->identity == identity && e->connection != seen->connection)
            return e;
    }
    return NULL;
}

int gnt_events_seen_note(struct gnt_events_seen *seen, const gantry_event *event)
{
    uint64_t identity = identity_of(event);
    struct gnt_seen_event *e = find(seen, event->time_ns, identity);

    if (e != NULL) {
        e->connection = seen->connection;
        return 1;
    }
    if (make_room(seen) < 0)
        return GANTRY_E_NOMEM;
    if (seen->count < seen->capacity) {
        e = &seen->events[seen->count++];
    } else {
        e = &seen->events[seen->next];
        seen->next = (seen->next + 1) % seen->count;
        if (e->time_ns > seen->forgotten_ns)
            seen->forgotten_ns = e->time_ns;
    }
    *e = (struct gnt_seen_event){ event->time_ns, identity, seen->connection };
    if (event->time_ns > seen->newest_ns)
        seen->newest_ns = event->time_ns;
    return 0;
}
