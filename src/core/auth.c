/*
 * Credentials on their way to an engine, see auth.h. What is secret lives in memory that is wiped;
 * no message here holds a value.
 */
#include "auth.h"

#include "error.h"

#include <string.h>

enum {
    HEADER_MAX = 64 * 1024
};

/* ---- copies ---------------------------------------------------------------------------------- */

void gnt_auth_init(struct gantry_auth_slot *slot, const struct gnt_mem *mem)
{
    memset(slot, 0, sizeof *slot);
    slot->mem = *mem;
    slot->auth.size = sizeof slot->auth;
}

/* The texts of credentials, for what is done to each. */
struct member {
    const char *name;
    size_t offset;
};

static const struct member members[] = {
    { "registry", offsetof(gantry_auth, registry) },
    { "username", offsetof(gantry_auth, username) },
    { "password", offsetof(gantry_auth, password) },
    { "identity_token", offsetof(gantry_auth, identity_token) },
    { "registry_token", offsetof(gantry_auth, registry_token) },
};

enum {
    MEMBERS = sizeof members / sizeof members[0]
};

static char *get_member(const gantry_auth *auth, size_t i)
{
    char *text;

    memcpy(&text, (const char *)auth + members[i].offset, sizeof text);
    return text;
}

static void set_member(gantry_auth *auth, size_t i, const char *text)
{
    memcpy((char *)auth + members[i].offset, &text, sizeof text);
}

void gnt_auth_clear(struct gantry_auth_slot *slot)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        gnt_free_secret(&slot->mem, get_member(&slot->auth, i));
        set_member(&slot->auth, i, NULL);
    }
    slot->given = 0;
}

/* What a text of credentials may hold; the value is never quoted. */
static int check_member(const char *argument, const char *name, const char *text, gantry_error *err)
{
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return gnt_fail(err, GANTRY_E_INVALID, "%s.%s: has a control character", argument,
                            name);
    }
    if (gnt_utf8_span(text, strlen(text)) != strlen(text))
        return gnt_fail(err, GANTRY_E_INVALID, "%s.%s: is not UTF-8", argument, name);
    return 0;
}

static int is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static int check(const char *argument, const gantry_auth *auth, gantry_error *err)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *text = get_member(auth, i);
        int rc = text != NULL ? check_member(argument, members[i].name, text, err) : 0;

        if (rc < 0)
            return rc;
    }
    if (!is_set(auth->username) && !is_set(auth->identity_token) && !is_set(auth->registry_token))
        return gnt_fail(err, GANTRY_E_INVALID, "%s: has neither a user nor a token", argument);
    return 0;
}

int gnt_auth_set(struct gantry_auth_slot *slot, const char *argument, const gantry_auth *auth,
                 gantry_error *err)
{
    gantry_auth given;
    int rc = auth != NULL ? gnt_import(&given, sizeof given, auth, "gantry_auth", err)
                          : gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL", argument);

    if (rc == 0)
        rc = check(argument, &given, err);
    if (rc < 0)
        return rc;
    gnt_auth_clear(slot);
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *text = get_member(&given, i);
        char *copy;

        if (!is_set(text))
            continue;
        copy = gnt_strdup(&slot->mem, text);
        if (copy == NULL) {
            gnt_auth_clear(slot);
            return gnt_nomem(err);
        }
        set_member(&slot->auth, i, copy);
    }
    slot->given = 1;
    return 0;
}

int gantry_auth_give(gantry_auth_slot *slot, const gantry_auth *auth, gantry_error *err)
{
    if (slot == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "slot: must not be NULL");
    return gnt_auth_set(slot, "auth", auth, err);
}

/* ---- finding --------------------------------------------------------------------------------- */

static int same_registry(struct gnt_arena *arena, const char *given, const char *registry,
                         gantry_error *err)
{
    const char *name = gnt_auth_registry(arena, given);

    if (name == NULL)
        return gnt_nomem(err);
    if (strcmp(name, registry) == 0)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "auth.registry: is %s, but the call is about %s", given,
                    registry);
}

static int ask(struct gantry_host *host, const char *registry, const gantry_call *call,
               struct gantry_auth_slot *slot, gantry_error *err)
{
    const struct gnt_credential_source *source = &host->credentials;
    gantry_call whole;
    int rc;

    if (source->provider.get != NULL) {
        gnt_call_import(&whole, call);
        rc = source->provider.get(source->provider.arg, registry, &whole, slot, err);
        if (rc > 0)
            rc = gnt_fail(err, GANTRY_E_CALLBACK, "the provider of credentials returned %d", rc);
        return rc;
    }
    return 0;
}

int gnt_auth_find(struct gantry_host *host, const char *reference, const gantry_auth *given,
                  const gantry_call *call, struct gantry_auth_slot *slot, gantry_error *err)
{
    struct gnt_arena arena;
    const char *registry;
    int rc;

    gnt_arena_init(&arena, &host->mem);
    registry = gnt_auth_registry(&arena, reference);
    rc = registry == NULL ? gnt_nomem(err) : 0;
    if (rc == 0 && given != NULL) {
        rc = gnt_auth_set(slot, "auth", given, err);
        if (rc == 0 && slot->auth.registry != NULL)
            rc = same_registry(&arena, slot->auth.registry, registry, err);
    } else if (rc == 0) {
        rc = ask(host, registry, call, slot, err);
    }
    if (rc < 0 && given == NULL && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_REGISTRY, registry != NULL ? registry : "");
    gnt_arena_free(&arena);
    return rc;
}

/* ---- headers --------------------------------------------------------------------------------- */

static int put(struct gnt_arena *arena, struct gnt_json *object, const char *key, const char *text)
{
    return text == NULL ? 0 : gnt_json_set(arena, object, key, gnt_json_string(arena, text));
}

struct gnt_json *gnt_auth_json(struct gnt_arena *arena, const gantry_auth *auth,
                               const char *registry)
{
    struct gnt_json *object = gnt_json_new(arena, GNT_JSON_OBJECT);
    int rc = object == NULL ? -1 : 0;

    /* A token takes the place of user and password: engines refuse or ignore one of them. */
    if (rc == 0 && auth->registry_token != NULL)
        rc = put(arena, object, "registrytoken", auth->registry_token);
    else if (rc == 0 && auth->identity_token != NULL)
        rc = put(arena, object, "identitytoken", auth->identity_token);
    else if (rc == 0 && (rc = put(arena, object, "username", auth->username)) == 0)
        rc = put(arena, object, "password", auth->password != NULL ? auth->password : "");
    if (rc == 0)
        rc = put(arena, object, "serveraddress", gnt_auth_server(registry));
    return rc < 0 ? NULL : object;
}

/* "NAME: base64url(JSON)" */
static void add_header(struct gnt_req *r, const char *name, const struct gnt_json *value)
{
    struct gnt_buf text;
    struct gnt_buf line;
    int rc;

    gnt_buf_init(&text, &r->arena.mem, HEADER_MAX);
    gnt_buf_init(&line, &r->arena.mem, 2 * HEADER_MAX);
    text.wipe = line.wipe = 1;
    rc = gnt_json_write(value, &text);
    if (rc == 0)
        rc = gnt_buf_adds(&line, name);
    if (rc == 0)
        rc = gnt_base64_encode(&line, gnt_buf_text(&text), text.size, 1);
    if (rc == GANTRY_E_LIMIT)
        gnt_req_fail(r, rc, "the credentials are larger than %d bytes", HEADER_MAX);
    else
        gnt_req_header(r, rc < 0 ? NULL : gnt_arena_strdup(&r->arena, gnt_buf_text(&line)));
    gnt_buf_free(&text);
    gnt_buf_free(&line);
}

/* Into slot; 0 if the request failed. */
static int find(struct gnt_req *r, const char *reference, const gantry_auth *given,
                struct gantry_auth_slot *slot)
{
    gantry_error failure = { 0 };
    int rc = gnt_auth_find(r->rest->host, reference, given, r->call, slot, &failure);

    if (rc == 0)
        return 1;
    r->rc = rc;
    r->failure = failure;
    return 0;
}

void gnt_req_registry_auth(struct gnt_req *r, const char *reference, const gantry_auth *given,
                           int always)
{
    struct gantry_auth_slot slot;
    const char *registry;

    if (r->rc != 0)
        return;
    gnt_req_secret(r);
    gnt_auth_init(&slot, &r->arena.mem);
    if (find(r, reference, given, &slot) && slot.given) {
        registry = gnt_auth_registry(&r->arena, reference);
        if (registry == NULL)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        else
            add_header(r, "X-Registry-Auth: ", gnt_auth_json(&r->arena, &slot.auth, registry));
    } else if (r->rc == 0 && always) {
        gnt_req_header(r, "X-Registry-Auth: e30=");
    }
    gnt_auth_clear(&slot);
}

/* One registry into the map, unless it is there. */
static void add_to_map(struct gnt_req *r, struct gnt_json *map, const char *name,
                       const gantry_auth *given)
{
    struct gantry_auth_slot slot;
    const char *registry = gnt_auth_registry(&r->arena, name);
    const char *server;

    if (registry == NULL) {
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        return;
    }
    server = gnt_auth_server(registry);
    if (gnt_json_member(map, server) != NULL)
        return;
    gnt_auth_init(&slot, &r->arena.mem);
    if (find(r, name, given, &slot) && slot.given &&
        gnt_json_set(&r->arena, map, server, gnt_auth_json(&r->arena, &slot.auth, registry)) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_auth_clear(&slot);
}

void gnt_req_registry_config(struct gnt_req *r, const gantry_auth *const *auths,
                             const char *const *domains)
{
    struct gnt_json *map;

    if (r->rc != 0)
        return;
    gnt_req_secret(r);
    map = gnt_req_object(r);
    for (size_t i = 0; auths != NULL && auths[i] != NULL && r->rc == 0; i++) {
        gantry_auth auth;

        r->rc = gnt_import(&auth, sizeof auth, auths[i], "gantry_auth", &r->failure);
        if (r->rc == 0 && !is_set(auth.registry))
            gnt_req_fail(r, GANTRY_E_INVALID, "auths[%zu].registry: is required", i);
        if (r->rc == 0)
            add_to_map(r, map, auth.registry, auths[i]);
    }
    for (size_t i = 0; domains != NULL && domains[i] != NULL && r->rc == 0; i++)
        add_to_map(r, map, domains[i], NULL);
    if (r->rc == 0 && map->first != NULL)
        add_header(r, "X-Registry-Config: ", map);
}
