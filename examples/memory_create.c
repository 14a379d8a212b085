/*
 * Creating a container in the memory backend. Everything that inspect can show is kept; what only a
 * process could notice is kept as well where it is shown, and refused by name where it is not.
 */
#include "memory_container.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Free ports begin where those of other programs end. */
enum {
    FIRST_PORT = 49152,
    LAST_PORT = 65535
};

struct option {
    const char *name;
    int set;
};

/* The first one that is set is an error. */
static int refuse(const struct option *options, size_t count, gantry_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i].set)
            return gantry_unsupported_option(err, options[i].name);
    }
    return 0;
}

static int check_mount(const gantry_mount *m, gantry_error *err)
{
    const struct option options[] = {
        { "type", m->type > GANTRY_MOUNT_TMPFS },
        { "propagation", m->propagation != NULL },
        { "subpath", m->subpath != NULL },
        { "options", m->options != NULL },
        { "driver", m->driver != NULL },
        { "driver_options", m->driver_option_count > 0 },
        { "labels", m->label_count > 0 },
        { "tmpfs_mode", m->tmpfs_mode != 0 },
        { "relabel", m->relabel != 0 },
        { "copy", m->copy != 0 },
        { "recursive", m->recursive != 0 },
        { "create_source", m->create_source != 0 },
        { "chown", m->chown != 0 },
    };

    return refuse(options, sizeof options / sizeof options[0], err);
}

static int check_resources(const gantry_resources *r, gantry_error *err)
{
    const struct option options[] = {
        { "memory_swap_bytes", r->memory_swap_bytes != 0 },
        { "memory_reservation_bytes", r->memory_reservation_bytes != 0 },
        { "memory_swappiness", r->memory_swappiness != 0 },
        { "cpu_shares", r->cpu_shares != 0 },
        { "cpu_period_us", r->cpu_period_us != 0 },
        { "cpu_quota_us", r->cpu_quota_us != 0 },
        { "cpuset_cpus", r->cpuset_cpus != NULL },
        { "cpuset_mems", r->cpuset_mems != NULL },
        { "block_weight", r->block_weight != 0 },
        { "block_limits", r->block_limits != NULL },
        { "oom_kill", r->oom_kill != 0 },
    };

    return refuse(options, sizeof options / sizeof options[0], err);
}

static int check_options(const gantry_container_options *o, gantry_error *err)
{
    const struct option options[] = {
        { "platform", o->platform != NULL },
        { "extra_json", o->extra_json != NULL },
        { "init", o->init != 0 },
        { "annotations", o->annotation_count > 0 },
        { "groups", o->groups != NULL },
        { "stop_signal", o->stop_signal != NULL },
        { "networks", o->networks != NULL },
        { "exposed_ports", o->exposed_ports != NULL },
        { "dns_servers", o->dns_servers != NULL },
        { "dns_search", o->dns_search != NULL },
        { "dns_options", o->dns_options != NULL },
        { "extra_hosts", o->extra_hosts != NULL },
        { "ulimits", o->ulimits != NULL },
        { "sysctls", o->sysctl_count > 0 },
        { "devices", o->devices != NULL },
        { "gpus", o->gpus != NULL },
        { "security", o->security != NULL },
        { "health", o->health != NULL },
        { "log_driver", o->log_driver != NULL },
        { "log_options", o->log_option_count > 0 },
        { "pid_namespace", o->pid_namespace != NULL },
        { "ipc_namespace", o->ipc_namespace != NULL },
        { "uts_namespace", o->uts_namespace != NULL },
        { "cgroup_namespace", o->cgroup_namespace != NULL },
        { "cgroup_parent", o->cgroup_parent != NULL },
        { "runtime", o->runtime != NULL },
        { "pod", o->pod != NULL },
        { "secrets", o->secrets != NULL },
        { "shm_size_bytes", o->shm_size_bytes != 0 },
        { "restart", o->restart > GANTRY_RESTART_NO },
        { "oom_score_adjustment", o->oom_score_adjustment != 0 },
        { "publish_all", o->publish_all == GANTRY_ON },
    };
    int rc = refuse(options, sizeof options / sizeof options[0], err);

    for (size_t i = 0; rc == 0 && o->mounts != NULL && o->mounts[i] != NULL; i++)
        rc = check_mount(o->mounts[i], err);
    for (size_t i = 0; rc == 0 && o->ports != NULL && o->ports[i] != NULL; i++)
        rc = o->ports[i]->count > 1 ? gantry_unsupported_option(err, "count") : 0;
    if (rc == 0 && o->resources != NULL)
        rc = check_resources(o->resources, err);
    return rc;
}

int memory_container_attach(struct memory_container *container, struct memory_network *network,
                            const char *name, const char *address, gantry_error *err)
{
    struct memory_engine origin = { .host = container->object.host };
    struct memory_attachment *attachment = memory_object_new(&origin, sizeof *attachment, err);
    int rc;

    if (attachment == NULL)
        return GANTRY_E_NOMEM;
    attachment->object.name = memory_keep_text(attachment, name);
    attachment->address = memory_keep_text(attachment, address);
    attachment->network = network;
    rc = memory_object_ready(attachment, err);
    if (rc == 0)
        memory_list_add(&container->attachments, attachment);
    else
        memory_object_free(attachment);
    return rc;
}

/* "container:NAME" shares what another container has; that one has to be there. */
static int attach_network(struct memory_engine *engine, struct memory_container *container,
                          const char *network, gantry_error *err)
{
    const char *name = network != NULL ? network : "bridge";
    struct memory_network *found;

    if (strncmp(name, "container:", 10) == 0) {
        if (memory_list_find(engine->containers, name + 10) == NULL)
            return memory_not_found(err, GANTRY_RESOURCE_CONTAINER, name + 10);
        return 0;
    }
    if (strcmp(name, "bridge") == 0 || strcmp(name, "host") == 0 || strcmp(name, "none") == 0)
        return memory_container_attach(container, NULL, name, NULL, err);
    found = memory_list_find(engine->networks, name);
    if (found == NULL)
        return memory_not_found(err, GANTRY_RESOURCE_NETWORK, name);
    return memory_container_attach(container, found, found->object.name, NULL, err);
}

/* ---- mounts ------------------------------------------------------------------------------- */

/* The volume of a mount: the one of that name, or a new one, as engines do. */
static int find_volume(struct memory_engine *engine, const char *name, struct memory_volume **out,
                       gantry_error *err)
{
    struct memory_volume *volume = NULL;

    if (name != NULL)
        volume = memory_list_named(engine->volumes, name);
    if (volume == NULL) {
        int rc;

        volume = memory_volume_new(engine, name, err);
        if (volume == NULL)
            return GANTRY_E_NOMEM;
        rc = memory_object_ready(volume, err);
        if (rc < 0) {
            memory_object_free(volume);
            return rc;
        }
        memory_list_add(&engine->volumes, volume);
    }
    *out = volume;
    return 0;
}

static int add_mount(struct memory_engine *engine, struct memory_container *container,
                     const gantry_mount *mount, gantry_error *err)
{
    struct memory_mount *kept = &container->mounts[container->mount_count];
    struct stat status;

    if (mount->type == GANTRY_MOUNT_BIND && stat(mount->source, &status) != 0)
        return memory_error(err, GANTRY_E_INVALID, GANTRY_RESOURCE_FILE, mount->source,
                            "bind source does not exist: %s", mount->source);
    if (mount->type == GANTRY_MOUNT_VOLUME) {
        int rc = find_volume(engine, mount->source, &kept->volume, err);

        if (rc < 0)
            return rc;
    }
    kept->type = mount->type;
    kept->source =
        memory_keep_text(container, mount->type == GANTRY_MOUNT_BIND ? mount->source : "");
    kept->target = memory_keep_text(container, mount->target);
    kept->read_only = mount->read_only == GANTRY_ON;
    container->mount_count++;
    return 0;
}

static int add_mounts(struct memory_engine *engine, struct memory_container *container,
                      const gantry_mount *const *mounts, gantry_error *err)
{
    size_t count = 0;
    int rc = 0;

    while (mounts != NULL && mounts[count] != NULL)
        count++;
    container->mounts = memory_keep(container, (count + 1) * sizeof *container->mounts);
    if (container->mounts == NULL)
        return memory_object_ready(container, err);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_mount(engine, container, mounts[i], err);
    return rc;
}

/* ---- the rest ----------------------------------------------------------------------------- */

static void add_ports(struct memory_engine *engine, struct memory_container *container,
                      const gantry_port *const *ports)
{
    size_t count = 0;

    while (ports != NULL && ports[count] != NULL)
        count++;
    container->ports = memory_keep(container, (count + 1) * sizeof *container->ports);
    for (size_t i = 0; container->ports != NULL && i < count; i++) {
        gantry_port_info *port = &container->ports[container->port_count++];

        port->protocol =
            memory_keep_text(container, ports[i]->protocol ? ports[i]->protocol : "tcp");
        port->host_address = memory_keep_text(
            container, ports[i]->host_address ? ports[i]->host_address : "0.0.0.0");
        port->container_port = ports[i]->container_port;
        port->host_port = ports[i]->host_port;
        if (port->host_port == 0) {
            int next = engine->last_port + 1;

            port->host_port = next < FIRST_PORT || next > LAST_PORT ? FIRST_PORT : next;
            engine->last_port = port->host_port;
        }
    }
}

/* The image's environment with the options' laid over it. */
static void add_environment(struct memory_container *container, const char *const *options)
{
    const char *const *merged = memory_keep_strings(container, options);

    for (size_t i = 0; container->image->environment && container->image->environment[i]; i++) {
        const char *entry = container->image->environment[i];
        size_t name_size = strcspn(entry, "=") + 1;
        int hidden = 0;

        for (size_t k = 0; options != NULL && options[k] != NULL; k++)
            hidden |= strncmp(options[k], entry, name_size) == 0;
        if (!hidden)
            merged = memory_keep_appended(container, merged, entry);
    }
    container->environment = merged;
}

/* Setting an entrypoint drops the image's CMD. */
static void add_command(struct memory_container *container, const gantry_container_options *opts)
{
    const struct memory_image *image = container->image;
    const char *const *command = opts->command;

    if (command == NULL && opts->entrypoint == NULL)
        command = image->command;
    container->command = memory_keep_strings(container, command);
    container->entrypoint = memory_keep_strings(
        container, opts->entrypoint != NULL ? opts->entrypoint : image->entrypoint);
}

static void add_labels(struct memory_container *container, const gantry_container_options *opts)
{
    const struct memory_object *image = &container->image->object;
    struct memory_object *self = &container->object;

    self->labels = memory_keep_pairs(container, image->labels, image->label_count);
    self->label_count = self->labels != NULL ? image->label_count : 0;
    for (size_t i = 0; i < opts->label_count; i++)
        memory_keep_pair(container, &self->labels, &self->label_count, opts->labels[i].key,
                         opts->labels[i].value);
}

static int fill_container(struct memory_engine *engine, struct memory_container *container,
                          const char *image, const gantry_container_options *opts,
                          gantry_error *err)
{
    char made_up[32];
    char full[MEMORY_REFERENCE_SIZE];
    int rc;

    container->image = memory_image_find(engine, image, err);
    if (container->image == NULL)
        return GANTRY_E_NOT_FOUND;
    snprintf(made_up, sizeof made_up, "memory_%llu", (unsigned long long)engine->serial);
    container->object.name = memory_keep_text(container, opts->name ? opts->name : made_up);
    memory_reference(full, image);
    container->image_name = memory_keep_text(container, full);
    container->state = GANTRY_CONTAINER_CREATED;
    container->working_directory =
        memory_keep_text(container, opts->working_directory ? opts->working_directory
                                                            : container->image->working_directory);
    container->user = memory_keep_text(container, opts->user ? opts->user : container->image->user);
    snprintf(made_up, sizeof made_up, "%.12s", container->object.id);
    container->hostname = memory_keep_text(container, opts->hostname ? opts->hostname : made_up);
    if (opts->resources != NULL)
        container->resources = *opts->resources;
    container->tty = opts->tty == GANTRY_ON;
    container->open_stdin = opts->open_stdin == GANTRY_ON;
    container->auto_remove = opts->auto_remove == GANTRY_ON;
    add_command(container, opts);
    add_environment(container, opts->environment);
    add_labels(container, opts);
    rc = attach_network(engine, container, opts->network, err);
    if (rc == 0)
        rc = add_mounts(engine, container, opts->mounts, err);
    if (rc == 0)
        add_ports(engine, container, opts->ports);
    return rc < 0 ? rc : memory_object_ready(container, err);
}

/* Make the answer before the container becomes visible: nothing can fail after that. */
int memory_containers_create(void *state, const char *image, const gantry_container_options *opts,
                             gantry_created **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_container *container = NULL;
    struct memory_fill fill = { 0 };
    gantry_created *created;
    int rc = check_options(opts, err);

    if (rc == 0)
        rc = memory_enter(engine, "containers.create", opts->call, err);
    if (rc < 0)
        return rc;
    rc = GANTRY_E_NOMEM;
    created = fill.result = gantry_result_new(engine->host, GANTRY_KIND_CREATED, err);
    if (created == NULL)
        goto out;
    container = memory_object_new(engine, sizeof *container, err);
    if (container == NULL)
        goto out;
    if (opts->name != NULL && memory_list_named(engine->containers, opts->name) != NULL)
        rc = memory_error(err, GANTRY_E_EXISTS, GANTRY_RESOURCE_CONTAINER, opts->name,
                          "a container named %s exists", opts->name);
    else
        rc = fill_container(engine, container, image, opts, err);
    if (rc < 0)
        goto out;
    created->id = memory_fill_text(&fill, container->object.id);
    if (fill.failed)
        rc = gantry_error_set(err, GANTRY_E_NOMEM, "out of memory");
out:
    if (rc == 0) {
        memory_list_add(&engine->containers, container);
        *out = created;
    } else {
        if (container != NULL)
            memory_list_free(&container->attachments);
        memory_object_free(container);
        gantry_result_free(created);
    }
    memory_leave(engine);
    return rc;
}
