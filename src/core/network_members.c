/*
 * The containers of a network, composed: engines' own answers name those that run, or none. Who is
 * in it is said by the list of containers; addresses come from the network's answer, or else from
 * an inspection of each one that runs.
 */
#include <gantry/inspect.h>

#include <string.h>

#include "error.h"
#include "network_impl.h"

static const gantry_network_member *known(const gantry_network *n, const char *id)
{
    for (const gantry_network_member *const *m = n->members; *m != NULL; m++) {
        if (strcmp((*m)->container, id) == 0)
            return *m;
    }
    return NULL;
}

/* A text that another result owns. */
static int keep(struct gnt_arena *arena, const char **text, const char *value)
{
    *text = value[0] != '\0' ? gnt_arena_strdup(arena, value) : "";
    return *text != NULL;
}

static int look(gantry_engine *e, const gantry_network *n, const gantry_call *call,
                gantry_network_member *m, struct gnt_arena *arena, gantry_error *err)
{
    const gantry_container_inspect_options o = { .size = sizeof o, .call = call };
    gantry_container *c = NULL;
    gantry_error failure = { 0 };
    int rc = e->backend->containers.inspect(e->state, m->container, &o, &c, &failure);
    int kept = 1;

    if (rc < 0 && rc != GANTRY_E_NOT_FOUND && err != NULL)
        *err = failure;
    if (rc < 0)
        return rc == GANTRY_E_NOT_FOUND ? 0 : rc; /* it went just now */
    for (const gantry_attachment_info *const *a = c->attachments; *a != NULL && kept; a++) {
        if (strcmp((*a)->network, n->name) == 0 || strcmp((*a)->network, n->id) == 0)
            kept = keep(arena, &m->address, (*a)->address) &&
                   keep(arena, &m->address6, (*a)->address6) && keep(arena, &m->mac, (*a)->mac);
    }
    gantry_container_free(c);
    return kept ? 0 : gnt_nomem(err);
}

static int add(gantry_engine *e, gantry_network *n, const gantry_call *call,
               const gantry_container *c, const gantry_network_member **out, gantry_error *err)
{
    struct gnt_arena *arena = gnt_result_arena(n);
    const gantry_network_member *told = known(n, c->id);
    gantry_network_member *m = gnt_result_item(n, GANTRY_KIND_NETWORK_MEMBER);

    if (m == NULL || !keep(arena, &m->container, c->id) || !keep(arena, &m->name, c->name))
        return gnt_nomem(err);
    *out = m;
    m->running = c->state == GANTRY_CONTAINER_RUNNING || c->state == GANTRY_CONTAINER_PAUSED;
    if (!m->running)
        return 0;
    if (told == NULL || (told->address[0] == '\0' && told->address6[0] == '\0'))
        return look(e, n, call, m, arena, err);
    m->address = told->address;
    m->address6 = told->address6;
    m->mac = told->mac;
    return 0;
}

int gnt_network_members(gantry_engine *e, gantry_network *network, const gantry_call *call,
                        gantry_error *err)
{
    const gantry_container_list_options o = {
        .size = sizeof o, .call = call, .all = GANTRY_ON, .network = network->name
    };
    const gantry_network_member **members = NULL;
    gantry_container_list *list = NULL;
    int rc = e->backend->containers.list(e->state, &o, &list, err);

    if (rc < 0)
        return rc;
    members = gnt_arena_alloc(gnt_result_arena(network), (list->count + 1) * sizeof *members);
    if (members == NULL)
        rc = gnt_nomem(err);
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = add(e, network, call, list->items[i], &members[i], err);
    if (rc == 0)
        network->members = members;
    gantry_container_list_free(list);
    return rc;
}

int gnt_network_inspect(gantry_engine *e, const char *id, const gantry_network_inspect_options *o,
                        gantry_network **out, gantry_error *err)
{
    static const gantry_network_member *const none[1] = { NULL };
    gantry_network_inspect_options shared = *o;
    gantry_call copy;
    gantry_network *network = NULL;
    int rc;

    shared.call = gnt_call_share(&copy, o->call); /* of all requests together */
    rc = e->backend->networks.inspect(e->state, id, &shared, &network, err);
    if (rc == 0 && o->members != GANTRY_OFF && e->backend->containers.list != NULL)
        rc = gnt_network_members(e, network, shared.call, err);
    else if (rc == 0)
        network->members = none;
    if (rc == 0)
        *out = network;
    else
        gantry_network_free(network);
    return rc;
}
