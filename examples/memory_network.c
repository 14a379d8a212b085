/*
 * Networks of the memory backend: names that containers can be attached to. No packet ever moves,
 * so what would need one (aliases, drivers) is refused.
 */
#include "memory_store.h"

#include <string.h>

static int fill_subnet(struct memory_fill *fill, const struct memory_network *network,
                       gantry_network *out)
{
    const gantry_subnet_info **subnets = memory_fill_alloc(fill, 2 * sizeof(void *));
    gantry_subnet_info *subnet = memory_fill_item(fill, GANTRY_KIND_SUBNET_INFO);

    if (subnets == NULL || subnet == NULL)
        return 0;
    subnet->subnet = memory_fill_text(fill, network->subnet);
    subnet->gateway = memory_fill_text(fill, network->gateway);
    subnets[0] = subnet;
    out->subnets = subnets;
    return 1;
}

static int fill_network(struct memory_fill *fill, const struct memory_network *network,
                        gantry_network *out)
{
    if (out == NULL)
        return 0;
    out->id = memory_fill_text(fill, network->object.id);
    out->name = memory_fill_text(fill, network->object.name);
    out->driver = memory_fill_text(fill, "bridge");
    out->created_ns = network->object.created_ns;
    out->labels = memory_fill_pairs(fill, network->object.labels, network->object.label_count);
    out->label_count = network->object.label_count;
    out->options = memory_fill_pairs(fill, network->options, network->option_count);
    out->option_count = network->option_count;
    out->internal = network->internal;
    out->ipv6 = network->ipv6;
    out->dns = 1; /* of members; nobody asks */
    return network->subnet[0] == '\0' || fill_subnet(fill, network, out);
}

static int network_result(struct memory_engine *engine, const struct memory_network *network,
                          gantry_network **out, gantry_error *err)
{
    struct memory_fill fill = { 0 };
    gantry_network *result = gantry_result_new(engine->host, GANTRY_KIND_NETWORK, err);

    if (result == NULL)
        return GANTRY_E_NOMEM;
    fill.result = result;
    fill_network(&fill, network, result);
    result->json = memory_fill_text(&fill, "{}");
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = result;
    return 0;
}

static int check_options(const gantry_network_options *opts, gantry_error *err)
{
    if (opts->driver != NULL && strcmp(opts->driver, "bridge") != 0)
        return gantry_unsupported_option(err, "driver");
    if (opts->extra_json != NULL)
        return gantry_unsupported_option(err, "extra_json");
    if (opts->subnets != NULL)
        return gantry_unsupported_option(err, "subnets");
    if (opts->parent != NULL)
        return gantry_unsupported_option(err, "parent");
    if (opts->dns_servers != NULL)
        return gantry_unsupported_option(err, "dns_servers");
    if (opts->ipam_driver != NULL)
        return gantry_unsupported_option(err, "ipam_driver");
    if (opts->dns == GANTRY_OFF)
        return gantry_unsupported_option(err, "dns");
    if (opts->reserved != 0)
        return gantry_unsupported_option(err, "reserved");
    return 0;
}

static struct memory_network *new_network(struct memory_engine *engine, const char *name,
                                          const gantry_network_options *opts, gantry_error *err)
{
    struct memory_network *network = memory_object_new(engine, sizeof *network, err);

    if (network == NULL)
        return NULL;
    network->object.name = memory_keep_text(network, name);
    network->object.labels = memory_keep_pairs(network, opts->labels, opts->label_count);
    network->object.label_count = opts->label_count;
    network->options = memory_keep_pairs(network, opts->options, opts->option_count);
    network->option_count = opts->option_count;
    network->subnet = memory_keep_text(network, opts->subnet);
    network->gateway = memory_keep_text(network, opts->gateway);
    network->internal = opts->internal == GANTRY_ON;
    network->ipv6 = opts->ipv6 == GANTRY_ON;
    return network;
}

static int create(void *state, const char *name, const gantry_network_options *opts,
                  gantry_network **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_network *network;
    int rc = check_options(opts, err);

    if (rc == 0)
        rc = memory_enter(engine, "networks.create", opts->call, err);
    if (rc < 0)
        return rc;
    if (memory_list_named(engine->networks, name) != NULL) {
        rc = memory_error(err, GANTRY_E_EXISTS, GANTRY_RESOURCE_NETWORK, name,
                          "a network named %s exists", name);
        goto out;
    }
    network = new_network(engine, name, opts, err);
    if (network == NULL) {
        rc = GANTRY_E_NOMEM;
        goto out;
    }
    rc = memory_object_ready(network, err);
    if (rc == 0)
        rc = network_result(engine, network, out, err);
    if (rc == 0)
        memory_list_add(&engine->networks, network);
    else
        memory_object_free(network);
out:
    memory_leave(engine);
    return rc;
}

static int inspect(void *state, const char *id, const gantry_network_inspect_options *opts,
                   gantry_network **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    const struct memory_network *network;
    int rc = memory_enter(engine, "networks.inspect", opts->call, err);

    if (rc < 0)
        return rc;
    network = memory_list_find(engine->networks, id);
    rc = network != NULL ? network_result(engine, network, out, err)
                         : memory_not_found(err, GANTRY_RESOURCE_NETWORK, id);
    memory_leave(engine);
    return rc;
}

static int wanted(const struct memory_object *object, const gantry_network_list_options *opts)
{
    if (memory_count(opts->names) > 0 && !memory_listed(opts->names, object->name))
        return 0;
    if (memory_count(opts->ids) > 0 && !memory_listed(opts->ids, object->id))
        return 0;
    if (memory_count(opts->drivers) > 0 && !memory_listed(opts->drivers, "bridge"))
        return 0;
    return memory_labels_match(object, opts->labels);
}

static int list(void *state, const gantry_network_list_options *opts, gantry_network_list **out,
                gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    gantry_network_list *result;
    const gantry_network **items;
    size_t count = 0;
    int rc;

    if (opts->filter_count > 0)
        return gantry_unsupported_option(err, "filters");
    rc = memory_enter(engine, "networks.list", opts->call, err);
    if (rc < 0)
        return rc;
    result = fill.result = gantry_result_new(engine->host, GANTRY_KIND_NETWORK_LIST, err);
    if (result == NULL) {
        memory_leave(engine);
        return GANTRY_E_NOMEM;
    }
    for (const struct memory_object *o = engine->networks; o != NULL; o = o->next)
        count += (size_t)wanted(o, opts);
    items = memory_fill_alloc(&fill, (count + 1) * sizeof(void *));
    for (const struct memory_object *o = engine->networks; o != NULL && items != NULL;
         o = o->next) {
        gantry_network *item;

        if (!wanted(o, opts))
            continue;
        item = memory_fill_item(&fill, GANTRY_KIND_NETWORK);
        if (fill_network(&fill, (const struct memory_network *)o, item))
            items[result->count++] = item;
    }
    memory_leave(engine);
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    result->items = items;
    *out = result;
    return 0;
}

static int remove_network(void *state, const char *id, const gantry_network_remove_options *opts,
                          gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_network *network;
    int rc = memory_enter(engine, "networks.remove", opts->call, err);

    if (rc < 0)
        return rc;
    network = memory_list_find(engine->networks, id);
    if (network == NULL)
        rc = memory_not_found(err, GANTRY_RESOURCE_NETWORK, id);
    for (const struct memory_object *o = engine->containers; o != NULL && rc == 0; o = o->next) {
        if (memory_container_attached((const struct memory_container *)o, network))
            rc = memory_error(err, GANTRY_E_IN_USE, GANTRY_RESOURCE_NETWORK, id,
                              "network %s is used by container %s", id, o->name);
    }
    if (rc == 0)
        memory_list_remove(&engine->networks, network);
    memory_leave(engine);
    return rc;
}

/* Both ends of a connection; says which one is missing. */
static int find_both(struct memory_engine *engine, const char *id, const char *container,
                     struct memory_network **out_network, struct memory_container **out_container,
                     gantry_error *err)
{
    *out_network = memory_list_find(engine->networks, id);
    *out_container = memory_list_find(engine->containers, container);
    if (*out_network == NULL)
        return memory_not_found(err, GANTRY_RESOURCE_NETWORK, id);
    if (*out_container == NULL)
        return memory_not_found(err, GANTRY_RESOURCE_CONTAINER, container);
    return 0;
}

static int connect_container(void *state, const char *id, const char *container,
                             const gantry_network_connect_options *opts, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_network *network;
    struct memory_container *target;
    int rc;

    if (memory_count(opts->aliases) > 0)
        return gantry_unsupported_option(err, "aliases");
    if (opts->address6 != NULL)
        return gantry_unsupported_option(err, "address6");
    if (opts->mac != NULL)
        return gantry_unsupported_option(err, "mac");
    rc = memory_enter(engine, "networks.connect", opts->call, err);
    if (rc < 0)
        return rc;
    rc = find_both(engine, id, container, &network, &target, err);
    if (rc == 0 && memory_container_attached(target, network))
        rc = memory_error(err, GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER, container,
                          "container %s is attached to %s already", container, id);
    if (rc == 0)
        rc = memory_container_attach(target, network, network->object.name, opts->address, err);
    memory_leave(engine);
    return rc;
}

static int disconnect(void *state, const char *id, const char *container,
                      const gantry_network_disconnect_options *opts, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_network *network;
    struct memory_container *target;
    int rc = memory_enter(engine, "networks.disconnect", opts->call, err);

    if (rc < 0)
        return rc;
    rc = find_both(engine, id, container, &network, &target, err);
    if (rc == 0 && !memory_container_attached(target, network))
        rc = memory_error(err, GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER, container,
                          "container %s is not attached to %s", container, id);
    if (rc == 0)
        memory_list_remove(&target->attachments,
                           memory_list_named(target->attachments, network->object.name));
    memory_leave(engine);
    return rc;
}

const gantry_network_ops memory_network_ops = {
    .size = sizeof memory_network_ops,
    .create = create,
    .inspect = inspect,
    .list = list,
    .remove = remove_network,
    .connect = connect_container,
    .disconnect = disconnect,
};
