/* Filters of events, see events_filter.h. */
#include "events_filter.h"

#include <string.h>

enum {
    ID_LEAST = 12 /* digits by which an id may be named */
};

/* ---- lists ----------------------------------------------------------------------------------- */

static int has_number(const int *list, int number)
{
    if (list == NULL || *list == 0)
        return 1;
    while (*list != 0 && *list != number)
        list++;
    return *list != 0;
}

static int is_given(const char *const *list)
{
    return list != NULL && list[0] != NULL;
}

/* By its name, by its id, or the id's first digits. */
static int is_named(const char *const *list, const char *id, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        size_t size = strlen(*list);

        if (name[0] != '\0' && strcmp(*list, name) == 0)
            return 1;
        if (id[0] == '\0')
            continue;
        if (strcmp(*list, id) == 0)
            return 1;
        if (size >= ID_LEAST && strspn(*list, "0123456789abcdef") == size &&
            strncmp(*list, id, size) == 0)
            return 1;
    }
    return 0;
}

/* ---- images ---------------------------------------------------------------------------------- */

/* Where the tag or the digest begins. */
static size_t repository_size(const char *reference)
{
    size_t size = strcspn(reference, "@");
    const char *slash = strrchr(reference, '/');
    const char *colon = strchr(slash != NULL ? slash : reference, ':');

    if (colon != NULL && (size_t)(colon - reference) < size)
        size = (size_t)(colon - reference);
    return size;
}

/* A name without its registry may be one of the engine's own or of the Hub. */
static const char *familiar(const char *reference)
{
    static const char *const fronts[] = { "docker.io/library/", "docker.io/", "localhost/" };

    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        if (strncmp(reference, fronts[i], strlen(fronts[i])) == 0)
            return reference + strlen(fronts[i]);
    }
    return reference;
}

/* A wanted name without a tag is any of its repository. */
static int is_reference(const char *wanted, const char *name)
{
    size_t size;

    if (strcmp(wanted, name) == 0)
        return 1;
    wanted = familiar(wanted);
    name = familiar(name);
    size = repository_size(wanted);
    if (wanted[size] != '\0')
        return strcmp(wanted, name) == 0;
    return repository_size(name) == size && strncmp(wanted, name, size) == 0;
}

static int is_image(const char *const *list, const char *id, const char *name)
{
    static const char algorithm[] = "sha256:";

    for (; list != NULL && *list != NULL; list++) {
        const char *const one[] = { *list, NULL };
        const char *const bare[] = { *list + sizeof algorithm - 1, NULL };

        if (name[0] != '\0' && is_reference(*list, name))
            return 1;
        if (is_named(strncmp(*list, algorithm, sizeof algorithm - 1) == 0 ? bare : one, id, ""))
            return 1;
    }
    return 0;
}

/* ---- what an event is about ------------------------------------------------------------------ */

static int is_about(const gantry_events_options *o, const gantry_event *e)
{
    if (!is_given(o->containers) && !is_given(o->images) && !is_given(o->volumes) &&
        !is_given(o->networks) && !is_given(o->pods))
        return 1;
    switch (e->type) {
    case GANTRY_EVENT_CONTAINER:
        return is_named(o->containers, e->id, e->name) || is_image(o->images, "", e->image) ||
               is_named(o->pods, e->pod, "");
    case GANTRY_EVENT_IMAGE:
        return is_image(o->images, e->id, e->name);
    case GANTRY_EVENT_VOLUME:
        return is_named(o->volumes, e->id, e->name);
    case GANTRY_EVENT_NETWORK:
        return is_named(o->networks, e->id, e->name);
    case GANTRY_EVENT_POD:
        return is_named(o->pods, e->id, e->name);
    default:
        return 0;
    }
}

/* "key" or "key=value"; keys may hold '=' too. */
static int has_label(const gantry_event *e, const char *label)
{
    for (size_t i = 0; i < e->attribute_count; i++) {
        const gantry_pair *a = &e->attributes[i];
        size_t size = strlen(a->key);

        if (strncmp(label, a->key, size) == 0 &&
            (label[size] == '\0' ||
             (label[size] == '=' && strcmp(label + size + 1, a->value) == 0)))
            return 1;
    }
    return 0;
}

int gnt_events_wanted(const gantry_events_options *opts, const gantry_event *event)
{
    if (!has_number(opts->types, event->type) || !has_number(opts->actions, event->action))
        return 0;
    for (const char *const *l = opts->labels; l != NULL && *l != NULL; l++) {
        if (!has_label(event, *l))
            return 0;
    }
    return is_about(opts, event);
}
