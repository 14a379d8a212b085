/*
 * Containers of the memory backend: their life as changes of a state. No process runs, so there is
 * nothing to log, attach to, wait for or execute: those slots are missing, and the library answers
 * UNSUPPORTED for them and for run. memory_create.c makes containers, this file does the rest.
 */
#include "memory_container.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int memory_container_attached(const struct memory_container *container,
                              const struct memory_network *network)
{
    for (const struct memory_object *o = container->attachments; o != NULL; o = o->next) {
        if (((const struct memory_attachment *)o)->network == network)
            return 1;
    }
    return 0;
}

static void delete_container(struct memory_engine *engine, struct memory_container *container,
                             int volumes)
{
    for (size_t i = 0; volumes && i < container->mount_count; i++) {
        struct memory_volume *volume = container->mounts[i].volume;

        if (volume != NULL && volume->anonymous)
            memory_list_remove(&engine->volumes, volume);
    }
    memory_list_free(&container->attachments);
    memory_list_remove(&engine->containers, container);
}

/* What a process would have done: the state changes, and with auto_remove it is the end. */
static void end_container(struct memory_engine *engine, struct memory_container *container,
                          int64_t exit_code)
{
    container->state = GANTRY_CONTAINER_EXITED;
    container->exit_code = exit_code;
    container->finished_ns = now_ns();
    if (container->auto_remove)
        delete_container(engine, container, 1);
}

/* Begin a slot about one container: entered and found, or neither. */
static int enter_container(struct memory_engine *engine, const char *operation, const char *id,
                           const gantry_call *call, struct memory_container **out,
                           gantry_error *err)
{
    int rc = memory_enter(engine, operation, call, err);

    if (rc < 0)
        return rc;
    *out = memory_list_find(engine->containers, id);
    if (*out != NULL)
        return 0;
    memory_leave(engine);
    return memory_not_found(err, GANTRY_RESOURCE_CONTAINER, id);
}

/* ---- life --------------------------------------------------------------------------------- */

static int start(void *state, const char *id, const gantry_container_start_options *opts,
                 gantry_error *err)
{
    struct memory_container *container;
    int rc = enter_container(state, "containers.start", id, opts->call, &container, err);

    if (rc < 0)
        return rc;
    if (container->state != GANTRY_CONTAINER_RUNNING)
        container->started_ns = now_ns();
    container->state = GANTRY_CONTAINER_RUNNING;
    memory_leave(state);
    return 0;
}

/* There is no process to ask, hence none that could use the grace period: it ends as one that does
 * not care about SIGTERM. */
static int stop(void *state, const char *id, const gantry_container_stop_options *opts,
                gantry_error *err)
{
    struct memory_container *container;
    int rc = enter_container(state, "containers.stop", id, opts->call, &container, err);

    if (rc < 0)
        return rc;
    if (container->state == GANTRY_CONTAINER_RUNNING)
        end_container(state, container, 128 + 9);
    memory_leave(state);
    return 0;
}

static int restart(void *state, const char *id, const gantry_container_stop_options *opts,
                   gantry_error *err)
{
    struct memory_container *container;
    int rc = enter_container(state, "containers.restart", id, opts->call, &container, err);

    if (rc < 0)
        return rc;
    container->state = GANTRY_CONTAINER_RUNNING;
    container->started_ns = now_ns();
    memory_leave(state);
    return 0;
}

/* Number of a signal that ends processes; 0 for others, which would need a process to have an
 * effect. */
static int signal_number(const char *signal)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {
        { "HUP", 1 }, { "INT", 2 }, { "QUIT", 3 }, { "ABRT", 6 }, { "KILL", 9 }, { "TERM", 15 },
    };

    if (strncmp(signal, "SIG", 3) == 0)
        signal += 3;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(signal, known[i].name) == 0)
            return known[i].number;
        if (isdigit((unsigned char)signal[0]) && strtol(signal, NULL, 10) == known[i].number)
            return known[i].number;
    }
    return 0;
}

static int kill_container(void *state, const char *id, const gantry_container_kill_options *opts,
                          gantry_error *err)
{
    struct memory_container *container;
    int number = signal_number(opts->signal != NULL ? opts->signal : "SIGKILL");
    int rc;

    if (number == 0)
        return gantry_unsupported_option(err, "signal");
    rc = enter_container(state, "containers.kill", id, opts->call, &container, err);
    if (rc < 0)
        return rc;
    if (container->state == GANTRY_CONTAINER_RUNNING)
        end_container(state, container, 128 + number);
    else
        rc = memory_error(err, GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER, id,
                          "container %s is not running", id);
    memory_leave(state);
    return rc;
}

static int remove_container(void *state, const char *id,
                            const gantry_container_remove_options *opts, gantry_error *err)
{
    struct memory_container *container;
    int rc = enter_container(state, "containers.remove", id, opts->call, &container, err);

    if (rc < 0)
        return rc;
    if (container->state == GANTRY_CONTAINER_RUNNING && opts->force != GANTRY_ON)
        rc = memory_error(err, GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER, id,
                          "container %s is running", id);
    else
        delete_container(state, container, opts->volumes == GANTRY_ON);
    memory_leave(state);
    return rc;
}

/* ---- inspect ------------------------------------------------------------------------------ */

static void fill_ports(struct memory_fill *fill, const struct memory_container *container,
                       gantry_container *out)
{
    const gantry_port_info **ports =
        memory_fill_alloc(fill, (container->port_count + 1) * sizeof(void *));

    for (size_t i = 0; ports != NULL && i < container->port_count; i++) {
        const gantry_port_info *port = &container->ports[i];
        gantry_port_info *item = memory_fill_item(fill, GANTRY_KIND_PORT_INFO);

        if (item == NULL)
            return;
        item->protocol = memory_fill_text(fill, port->protocol);
        item->host_address = memory_fill_text(fill, port->host_address);
        item->container_port = port->container_port;
        item->host_port = container->state == GANTRY_CONTAINER_RUNNING ? port->host_port : 0;
        ports[i] = item;
    }
    out->ports = ports;
}

static void fill_networks(struct memory_fill *fill, const struct memory_container *container,
                          gantry_container *out)
{
    const char **names;
    size_t count = 0;

    for (const struct memory_object *o = container->attachments; o != NULL; o = o->next)
        count++;
    names = memory_fill_alloc(fill, (count + 1) * sizeof *names);
    if (names == NULL)
        return;
    count = 0;
    for (const struct memory_object *o = container->attachments; o != NULL; o = o->next)
        names[count++] = memory_fill_text(fill, o->name);
    out->networks = names;
}

/* What lists show as well. */
static int fill_summary(struct memory_fill *fill, const struct memory_container *container,
                        gantry_container *out)
{
    if (out == NULL)
        return 0;
    out->id = memory_fill_text(fill, container->object.id);
    out->name = memory_fill_text(fill, container->object.name);
    out->image = memory_fill_text(fill, container->image_name);
    out->image_id = memory_fill_text(fill, container->image->object.id);
    out->state = container->state;
    out->state_text = memory_fill_text(fill, gantry_container_state_name(container->state));
    out->command = memory_fill_strings(fill, container->command);
    out->created_ns = container->object.created_ns;
    out->has_exit_code = container->state == GANTRY_CONTAINER_EXITED;
    out->exit_code = out->has_exit_code ? container->exit_code : 0;
    out->labels = memory_fill_pairs(fill, container->object.labels, container->object.label_count);
    out->label_count = container->object.label_count;
    fill_ports(fill, container, out);
    fill_networks(fill, container, out);
    return !fill->failed;
}

static void fill_mounts(struct memory_fill *fill, const struct memory_container *container,
                        gantry_container *out)
{
    const gantry_mount_info **mounts =
        memory_fill_alloc(fill, (container->mount_count + 1) * sizeof(void *));

    for (size_t i = 0; mounts != NULL && i < container->mount_count; i++) {
        const struct memory_mount *mount = &container->mounts[i];
        gantry_mount_info *item = memory_fill_item(fill, GANTRY_KIND_MOUNT_INFO);

        if (item == NULL)
            return;
        item->type = mount->type;
        item->source = memory_fill_text(fill, mount->source);
        item->target = memory_fill_text(fill, mount->target);
        item->volume = memory_fill_text(fill, mount->volume ? mount->volume->object.name : "");
        item->read_only = mount->read_only;
        mounts[i] = item;
    }
    out->mounts = mounts;
}

static void fill_attachments(struct memory_fill *fill, const struct memory_container *container,
                             gantry_container *out)
{
    const gantry_attachment_info **attachments;
    size_t count = memory_count(out->networks);

    attachments = memory_fill_alloc(fill, (count + 1) * sizeof(void *));
    if (attachments == NULL)
        return;
    count = 0;
    for (const struct memory_object *o = container->attachments; o != NULL; o = o->next) {
        const struct memory_attachment *attachment = (const struct memory_attachment *)o;
        gantry_attachment_info *item = memory_fill_item(fill, GANTRY_KIND_ATTACHMENT_INFO);

        if (item == NULL)
            return;
        item->network = memory_fill_text(fill, o->name);
        item->address = memory_fill_text(fill, attachment->address);
        if (attachment->network != NULL)
            item->gateway = memory_fill_text(fill, attachment->network->gateway);
        attachments[count++] = item;
    }
    out->attachments = attachments;
}

static void fill_details(struct memory_fill *fill, const struct memory_container *container,
                         gantry_container *out)
{
    out->started_ns = container->started_ns;
    out->finished_ns = container->finished_ns;
    out->memory_bytes = container->resources.memory_bytes;
    out->nano_cpus = container->resources.nano_cpus;
    out->pids_limit = container->resources.pids;
    out->tty = container->tty;
    out->open_stdin = container->open_stdin;
    out->auto_remove = container->auto_remove;
    out->entrypoint = memory_fill_strings(fill, container->entrypoint);
    out->environment = memory_fill_strings(fill, container->environment);
    out->working_directory = memory_fill_text(fill, container->working_directory);
    out->user = memory_fill_text(fill, container->user);
    out->hostname = memory_fill_text(fill, container->hostname);
    out->json = memory_fill_text(fill, "{}");
    fill_mounts(fill, container, out);
    fill_attachments(fill, container, out);
}

static int inspect(void *state, const char *id, const gantry_container_inspect_options *opts,
                   gantry_container **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    struct memory_container *container;
    gantry_container *result = gantry_result_new(engine->host, GANTRY_KIND_CONTAINER, err);
    int rc;

    if (result == NULL)
        return GANTRY_E_NOMEM;
    fill.result = result;
    rc = enter_container(engine, "containers.inspect", id, opts->call, &container, err);
    if (rc < 0) {
        gantry_result_free(result);
        return rc;
    }
    if (opts->sizes == GANTRY_ON)
        result->size_rw_bytes = result->size_root_bytes = 0;
    if (fill_summary(&fill, container, result))
        fill_details(&fill, container, result);
    memory_leave(engine);
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = result;
    return 0;
}

/* ---- list --------------------------------------------------------------------------------- */

/* A volume's name, or a path in the container as in gantry_container_list_options. */
static int has_volume(const struct memory_container *container, const char *volume)
{
    for (size_t i = 0; i < container->mount_count; i++) {
        const struct memory_mount *mount = &container->mounts[i];

        if (strcmp(mount->target, volume) == 0 ||
            (mount->volume != NULL && strcmp(mount->volume->object.name, volume) == 0))
            return 1;
    }
    return 0;
}

/* Conditions of a list, with the image and network looked up; NULL ones that were asked for and are
 * not there match nothing. */
struct conditions {
    const gantry_container_list_options *opts;
    const struct memory_image *image;
    const struct memory_network *network;
};

static int has_id(const char *const *ids, const char *id)
{
    if (memory_count(ids) == 0)
        return 1;
    while (*ids != NULL && strncmp(id, *ids, strlen(*ids)) != 0)
        ids++;
    return *ids != NULL;
}

static int wanted(const struct memory_container *container, const struct conditions *conditions)
{
    const gantry_container_list_options *opts = conditions->opts;

    if (opts->state != 0 ? container->state != opts->state
                         : opts->all != GANTRY_ON && container->state != GANTRY_CONTAINER_RUNNING)
        return 0;
    if (!has_id(opts->ids, container->object.id))
        return 0;
    if (memory_count(opts->names) > 0 && !memory_listed(opts->names, container->object.name))
        return 0;
    if (opts->image != NULL && container->image != conditions->image)
        return 0;
    if (opts->network != NULL &&
        (conditions->network == NULL || !memory_container_attached(container, conditions->network)))
        return 0;
    if (opts->volume != NULL && !has_volume(container, opts->volume))
        return 0;
    return memory_labels_match(&container->object, opts->labels);
}

/* What this backend does not keep, or has no words for. */
static int refuse_conditions(const gantry_container_list_options *opts, gantry_error *err)
{
    if (opts->filter_count > 0)
        return gantry_unsupported_option(err, "filters");
    if (opts->before != NULL)
        return gantry_unsupported_option(err, "before");
    if (opts->since != NULL)
        return gantry_unsupported_option(err, "since");
    if (opts->pod != NULL)
        return gantry_unsupported_option(err, "pod");
    if (memory_count(opts->exit_codes) > 0)
        return gantry_unsupported_option(err, "exit_codes");
    if (opts->health != 0)
        return gantry_unsupported_option(err, "health");
    return 0;
}

static void fill_list(struct memory_fill *fill, const struct memory_engine *engine,
                      const struct conditions *conditions)
{
    gantry_container_list *list = fill->result;
    const gantry_container **items;
    size_t count = 0;

    for (const struct memory_object *o = engine->containers; o != NULL; o = o->next)
        count += (size_t)wanted((const struct memory_container *)o, conditions);
    if (conditions->opts->limit > 0 && count > (uint64_t)conditions->opts->limit)
        count = (size_t)conditions->opts->limit;
    items = memory_fill_alloc(fill, (count + 1) * sizeof(void *));
    if (items == NULL)
        return;
    for (const struct memory_object *o = engine->containers; o != NULL; o = o->next) {
        const struct memory_container *container = (const struct memory_container *)o;
        gantry_container *item;

        if (list->count == count || !wanted(container, conditions))
            continue;
        item = memory_fill_item(fill, GANTRY_KIND_CONTAINER);
        if (!fill_summary(fill, container, item))
            return;
        if (conditions->opts->sizes == GANTRY_ON) /* nothing here changes a file */
            item->size_rw_bytes = item->size_root_bytes = 0;
        items[list->count++] = item;
    }
    list->items = items;
}

static int list_containers(void *state, const gantry_container_list_options *opts,
                           gantry_container_list **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct conditions conditions = { .opts = opts };
    struct memory_fill fill = { 0 };
    int rc;

    rc = refuse_conditions(opts, err);
    if (rc < 0)
        return rc;
    rc = memory_enter(engine, "containers.list", opts->call, err);
    if (rc < 0)
        return rc;
    if (opts->image != NULL)
        conditions.image = memory_image_find(engine, opts->image, NULL);
    if (opts->network != NULL)
        conditions.network = memory_list_find(engine->networks, opts->network);
    fill.result = gantry_result_new(engine->host, GANTRY_KIND_CONTAINER_LIST, err);
    if (fill.result != NULL)
        fill_list(&fill, engine, &conditions);
    memory_leave(engine);
    if (fill.result == NULL || memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = fill.result;
    return 0;
}

const gantry_container_ops memory_container_ops = {
    .size = sizeof memory_container_ops,
    .create = memory_containers_create,
    .start = start,
    .stop = stop,
    .restart = restart,
    .kill = kill_container,
    .remove = remove_container,
    .list = list_containers,
    .inspect = inspect,
};
