/*
 * Decoding what engines tell of containers in the same words: states, ports, mounts, attachments,
 * and the few facts that streams need before they begin. Tables and hooks only.
 */
#include "rest_ops.h"

#include <stdlib.h>
#include <string.h>

const struct gnt_word gnt_container_states[] = { { "created", GANTRY_CONTAINER_CREATED },
                                                 { "configured", GANTRY_CONTAINER_CREATED },
                                                 { "initialized", GANTRY_CONTAINER_CREATED },
                                                 { "running", GANTRY_CONTAINER_RUNNING },
                                                 { "stopping", GANTRY_CONTAINER_RUNNING },
                                                 { "paused", GANTRY_CONTAINER_PAUSED },
                                                 { "restarting", GANTRY_CONTAINER_RESTARTING },
                                                 { "exited", GANTRY_CONTAINER_EXITED },
                                                 { "stopped", GANTRY_CONTAINER_EXITED },
                                                 { "removing", GANTRY_CONTAINER_REMOVING },
                                                 { "dead", GANTRY_CONTAINER_DEAD },
                                                 { NULL, GANTRY_CONTAINER_UNKNOWN } };

/* ---- lists of items -------------------------------------------------------------------------- */

static void *new_item(struct gnt_in_context *c, int kind)
{
    void *item = gnt_arena_alloc(c->arena, gnt_model_size(kind));

    if (item == NULL)
        gnt_nomem(c->err);
    else
        gnt_model_defaults(kind, item);
    return item;
}

/* Room for count pointers and the NULL behind them. */
static void **new_list(struct gnt_in_context *c, size_t count)
{
    void **list = gnt_arena_alloc(c->arena, (count + 1) * sizeof *list);

    if (list == NULL)
        gnt_nomem(c->err);
    return list;
}

int gnt_in_items(struct gnt_in_context *c, const struct gnt_json *v, int item_kind,
                 const struct gnt_in *rows, void *field)
{
    size_t count = 0;
    void **list;

    if (v->type != GNT_JSON_ARRAY && v->type != GNT_JSON_OBJECT)
        return 0;
    list = new_list(c, v->size);
    if (list == NULL)
        return GANTRY_E_NOMEM;
    for (const struct gnt_json *child = v->first; child != NULL; child = child->next) {
        void *item;
        int rc;

        if (child->type != GNT_JSON_OBJECT)
            continue;
        item = new_item(c, item_kind);
        if (item == NULL)
            return GANTRY_E_NOMEM;
        rc = gnt_decode(c->arena, child, child->key, rows, item, c->err);
        if (rc < 0)
            return rc;
        list[count++] = item;
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

int gnt_objects(const struct gnt_json *list, const char *what, const struct gnt_json **out,
                gantry_error *err)
{
    *out = NULL;
    if (list == NULL || list->type == GNT_JSON_NULL)
        return 0;
    if (list->type != GNT_JSON_ARRAY)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "%s: a list was expected", what);
    for (const struct gnt_json *item = list->first; item != NULL; item = item->next) {
        if (item->type != GNT_JSON_OBJECT)
            return gnt_fail(err, GANTRY_E_PROTOCOL, "%s: a list of objects was expected", what);
    }
    *out = list->first;
    return 0;
}

int gnt_in_counted(struct gnt_in_context *c, const struct gnt_json *v, int item_kind,
                   const struct gnt_in *rows, void *field)
{
    const void *const *list;
    size_t count = 0;
    int rc = gnt_in_items(c, v, item_kind, rows, field);

    if (rc < 0)
        return rc;
    memcpy(&list, field, sizeof list);
    while (list[count] != NULL)
        count++;
    memcpy((char *)field - sizeof count, &count, sizeof count);
    return 0;
}

/* ---- ports ----------------------------------------------------------------------------------- */

static int port_number(const char *text)
{
    long number = text != NULL ? strtol(text, NULL, 10) : 0;

    return number > 0 && number <= 65535 ? (int)number : 0;
}

static size_t count_bindings(const struct gnt_json *map)
{
    size_t count = 0;

    for (const struct gnt_json *port = map->first; port != NULL; port = port->next)
        count += port->type == GNT_JSON_ARRAY && port->size > 0 ? port->size : 1;
    return count;
}

/* One published or merely exposed port: key is "80/tcp". */
static gantry_port_info *add_port(struct gnt_in_context *c, const char *key,
                                  const struct gnt_json *binding)
{
    gantry_port_info *port = new_item(c, GANTRY_KIND_PORT_INFO);
    const char *slash = strchr(key, '/');
    const char *address = gnt_json_text(gnt_json_get(binding, "HostIp"));

    if (port == NULL)
        return NULL;
    port->container_port = port_number(key);
    port->host_port = port_number(gnt_json_text(gnt_json_get(binding, "HostPort")));
    port->protocol = gnt_arena_strdup(c->arena, slash != NULL ? slash + 1 : "tcp");
    port->host_address = gnt_arena_strdup(c->arena, address != NULL ? address : "");
    if (port->protocol == NULL || port->host_address == NULL) {
        gnt_nomem(c->err);
        return NULL;
    }
    return port;
}

int gnt_in_port_map(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    void **list;
    size_t n = 0;

    (void)row;
    if (v->type != GNT_JSON_OBJECT || v->first == NULL)
        return 0;
    list = new_list(c, count_bindings(v));
    if (list == NULL)
        return GANTRY_E_NOMEM;
    for (const struct gnt_json *port = v->first; port != NULL; port = port->next) {
        const struct gnt_json *binding = port->type == GNT_JSON_ARRAY ? port->first : NULL;

        do {
            list[n] = add_port(c, port->key, binding);
            if (list[n++] == NULL)
                return GANTRY_E_NOMEM;
            binding = binding != NULL ? binding->next : NULL;
        } while (binding != NULL);
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

/* Engines differ in what they tell of ports that nobody listens on: nothing is told. */
void gnt_settle_ports(gantry_container *c)
{
    if (c->state == GANTRY_CONTAINER_RUNNING || c->state == GANTRY_CONTAINER_PAUSED)
        return;
    for (const gantry_port_info *const *port = c->ports; *port != NULL; port++)
        ((gantry_port_info *)*port)->host_port = 0; /* ours: it was made by decoding */
}

/* ---- mounts, attachments --------------------------------------------------------------------- */

static const struct gnt_word mount_types[] = { { "bind", GANTRY_MOUNT_BIND },
                                               { "volume", GANTRY_MOUNT_VOLUME },
                                               { "tmpfs", GANTRY_MOUNT_TMPFS },
                                               { "image", GANTRY_MOUNT_IMAGE },
                                               { NULL, 0 } };

static int in_writable(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    int read_only = v->type == GNT_JSON_BOOL && !gnt_json_true(v);

    (void)c;
    (void)row;
    memcpy(field, &read_only, sizeof read_only);
    return 0;
}

static const struct gnt_in mount_rows[] = {
    GNT_IN_STR(gantry_mount_info, source, "Source"),
    GNT_IN_STR_REQ(gantry_mount_info, target, "Destination"),
    GNT_IN_STR(gantry_mount_info, volume, "Name"),
    GNT_IN_ENUM(gantry_mount_info, type, "Type", mount_types),
    GNT_IN_HOOK(gantry_mount_info, read_only, "RW", in_writable),
    GNT_IN_END,
};

int gnt_in_mounts(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                  void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_MOUNT_INFO, mount_rows, field);
}

static const struct gnt_in attachment_rows[] = {
    GNT_IN_STR_REQ(gantry_attachment_info, network, "."),
    GNT_IN_STR(gantry_attachment_info, address, "IPAddress"),
    GNT_IN_STR(gantry_attachment_info, gateway, "Gateway"),
    GNT_IN_STR(gantry_attachment_info, address6, "GlobalIPv6Address"),
    GNT_IN_STR(gantry_attachment_info, mac, "MacAddress"),
    GNT_IN_END,
};

int gnt_in_attachments(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_ATTACHMENT_INFO, attachment_rows, field);
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* A grace of 0 is one too: kill at once. */
static int in_given(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    int64_t number = 0;
    int given = gnt_json_int(v, &number) == 0;

    (void)c;
    (void)row;
    memcpy(field, &given, sizeof given);
    return 0;
}

static const struct gnt_in facts_rows[] = {
    GNT_IN_ID_REQ(gantry_container, id, "Id"),
    GNT_IN_STR_REQ(gantry_container, state_text, "State/Status"),
    GNT_IN_ENUM(gantry_container, state, "State/Status", gnt_container_states),
    GNT_IN_TIME(gantry_container, created_ns, "Created"),
    GNT_IN_TIME(gantry_container, started_ns, "State/StartedAt"),
    GNT_IN_FLAG(gantry_container, tty, "Config/Tty"),
    GNT_IN_FLAG(gantry_container, open_stdin, "Config/OpenStdin"),
    GNT_IN_I64(gantry_container, exit_code,
               "Config/StopTimeout"), /* lent: facts need no exit code */
    GNT_IN_HOOK(gantry_container, has_exit_code, "Config/StopTimeout", in_given),
    GNT_IN_END,
};

int gnt_rest_container_facts(struct gnt_rest *rest, const gantry_call *call, const char *id,
                             struct gnt_container_facts *out, gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/containers/%s/json",
                                            .resource_kind = GANTRY_RESOURCE_CONTAINER,
                                            .result_kind = GANTRY_KIND_CONTAINER,
                                            .rows = facts_rows,
                                            .json_offset = SIZE_MAX };
    gantry_container *c = NULL;
    void *result = NULL;
    int rc = gnt_rest_lookup(rest, &what, call, id, &result, err);

    if (rc < 0)
        return rc;
    c = result;
    memset(out, 0, sizeof *out);
    out->tty = c->tty;
    out->open_stdin = c->open_stdin;
    out->state = c->state;
    out->created_ns = c->created_ns;
    out->never_started = c->state == GANTRY_CONTAINER_CREATED && c->started_ns == 0;
    out->stop_timeout_s = c->has_exit_code ? c->exit_code : 10;
    gnt_text_copy(out->state_text, sizeof out->state_text, c->state_text, strlen(c->state_text), 0,
                  0);
    gnt_text_copy(out->id, sizeof out->id, c->id, strlen(c->id), 0, 0);
    gnt_result_free(result);
    return 0;
}

int gnt_in_limit(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                 void *field)
{
    int64_t limit = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(v, &limit) == 0 && limit > 0)
        memcpy(field, &limit, sizeof limit);
    return 0;
}
