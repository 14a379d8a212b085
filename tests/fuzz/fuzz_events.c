/*
 * One event's document, read by both dialects. Whatever it says: every text is there, types and actions
 * have names, the words are the engine's own; and the event is found by what it says of itself.
 */
#include "fuzz.h"

#include <string.h>

#include "docker/docker.h"
#include "events_filter.h"
#include "events_seen.h"
#include "podman/podman.h"
#include "rest_events.h"

static void look(const gantry_event *e, const uint8_t *data, size_t size)
{
    const char *const texts[] = { e->type_text, e->action_text, e->id,     e->name,  e->image,
                                  e->container, e->pod,         e->health, e->signal };
    const int types[] = { e->type, 0 };
    const int actions[] = { e->action, 0 };
    const char *labels[2] = { NULL, NULL };
    gantry_events_options o = { .size = sizeof o, .types = types, .actions = actions };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK(texts[i] != NULL && gnt_utf8_span(texts[i], strlen(texts[i])) == strlen(texts[i]));
    CHECK(strlen(e->json) <= size && memcmp(e->json, data, strlen(e->json)) == 0);
    CHECK((strcmp(gantry_event_type_name(e->type), "other") == 0) == (e->type == 0));
    CHECK((strcmp(gantry_event_action_name(e->action), "other") == 0) == (e->action == 0));
    CHECK(gnt_events_wanted(&o, e));
    for (size_t i = 0; i < e->attribute_count; i++) {
        labels[0] = e->attributes[i].key;
        o.labels = labels;
        CHECK(gnt_events_wanted(&o, e));
    }
}

static void note_twice(const struct gnt_mem *mem, const gantry_event *e)
{
    struct gnt_events_seen seen;

    gnt_events_seen_init(&seen, mem);
    gnt_events_seen_connect(&seen);
    CHECK(gnt_events_seen_note(&seen, e) == 0);
    gnt_events_seen_connect(&seen);
    CHECK(gnt_events_seen_note(&seen, e) == 1);
    gnt_events_seen_free(&seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gnt_event_dialect *const dialects[] = { &gnt_docker_event_dialect,
                                                                &gnt_podman_event_dialect };
    static struct gantry_host host;
    struct gnt_rest rest = { .host = &host, .dialect = &gnt_podman_dialect };

    CHECK(gnt_mem_init(&host.mem, NULL, NULL) == 0);
    for (size_t i = 0; i < 2; i++) {
        gantry_event *e = NULL;

        if (gnt_event_read(&rest, dialects[i], (const char *)data, size, &e, NULL) < 0)
            continue;
        look(e, data, size);
        note_twice(&host.mem, e);
        gnt_result_free(e);
    }
    return 0;
}
