/*
 * What Podman's command line would take: CONTAINER_HOST and the connections of
 * podman-connections.json and containers.conf.
 */
#include "detect_impl.h"

#include "error.h"

#include <string.h>
#include <sys/stat.h>

/* What the files say together. */
struct gnt_find_connections {
    struct gnt_json *file; /* podman-connections.json, or NULL */
    struct gnt_json
        *settings;        /* all containers.conf, the later ones over the earlier; never NULL */
    gantry_error trouble; /* of the first file that cannot be read; code 0: there is none */
};

/* ---- files ----------------------------------------------------------------------------------- */

/* A connection is what the last file that names it says, with nothing of what an earlier one did:
 * least of all its key. */
static int forget_renamed(struct gnt_arena *a, struct gnt_json *settings,
                          const struct gnt_json *doc)
{
    const struct gnt_json *map = gnt_json_get(doc, "engine/service_destinations");
    struct gnt_json *patch;
    struct gnt_json *names;
    int rc = 0;

    if (map == NULL || map->type != GNT_JSON_OBJECT)
        return 0;
    patch = gnt_json_new(a, GNT_JSON_OBJECT);
    names = gnt_json_new(a, GNT_JSON_OBJECT);
    if (patch == NULL || names == NULL)
        return GANTRY_E_NOMEM;
    for (const struct gnt_json *v = map->first; rc == 0 && v != NULL; v = v->next)
        rc = gnt_json_set(a, names, v->key, gnt_json_new(a, GNT_JSON_NULL));
    if (rc == 0)
        rc = gnt_json_put(a, patch, "engine/service_destinations", names);
    return rc == 0 ? gnt_json_merge(a, settings, patch) : rc;
}

static void add_settings(struct gnt_finder *f, struct gnt_find_connections *c, const char *path)
{
    struct gnt_json *doc = NULL;
    gantry_error err = { 0 };
    int rc = gnt_find_toml(f, path, &doc, &err);

    if (rc == 0 && doc != NULL)
        rc = forget_renamed(&f->scratch, c->settings, doc);
    if (rc == 0 && doc != NULL)
        rc = gnt_json_merge(&f->scratch, c->settings, doc);
    if (rc == GANTRY_E_NOMEM)
        f->failed = 1;
    else if (rc < 0 && err.code == 0)
        gnt_fail(&err, GANTRY_E_LIMIT, "%s: is nested too deep", path);
    if (rc < 0 && c->trouble.code == 0)
        c->trouble = err;
}

static int is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A file that a variable names has to be there, as Podman sees it. */
static void add_named_settings(struct gnt_finder *f, struct gnt_find_connections *c,
                               const char *variable, const char *path)
{
    if (path == NULL)
        return;
    if (!gnt_find_exists(path) && c->trouble.code == 0)
        gnt_fail(&c->trouble, GANTRY_E_NOT_FOUND, "%s: there is no %s", variable, path);
    add_settings(f, c, path);
}

/* A file, and those in the folder beside it. */
static void add_settings_of(struct gnt_finder *f, struct gnt_find_connections *c,
                            const char *directory)
{
    const char *folder = gnt_find_text(f, "%s/containers.conf.d", directory);
    const char *const *names;

    add_settings(f, c, gnt_find_text(f, "%s/containers.conf", directory));
    for (names = gnt_find_names(f, folder, ".conf"); *names != NULL; names++) {
        const char *path = gnt_find_text(f, "%s/%s", folder, *names);

        if (!is_folder(path))
            add_settings(f, c, path);
    }
}

/* $XDG_CONFIG_HOME/containers or ~/.config/containers, or NULL. */
static const char *user_folder(struct gnt_finder *f)
{
    if (f->env->config_home != NULL)
        return gnt_find_text(f, "%s/containers", f->env->config_home);
    if (f->env->home == NULL || f->env->home[0] != '/')
        return NULL;
    return gnt_find_text(f, "%s/.config/containers", f->env->home);
}

static void read_settings(struct gnt_finder *f, struct gnt_find_connections *c)
{
    const char *only = gnt_environment_get(f->env, "CONTAINERS_CONF");
    const char *more = gnt_environment_get(f->env, "CONTAINERS_CONF_OVERRIDE");
    const char *user = user_folder(f);

    if (only != NULL) {
        add_named_settings(f, c, "CONTAINERS_CONF", only);
    } else {
        add_settings_of(f, c, "/usr/share/containers");
        add_settings_of(f, c, "/etc/containers");
        if (user != NULL)
            add_settings_of(f, c, user);
    }
    add_named_settings(f, c, "CONTAINERS_CONF_OVERRIDE", more);
}

/* NULL if memory ended. */
static struct gnt_find_connections *connections(struct gnt_finder *f)
{
    const char *path = gnt_environment_get(f->env, "PODMAN_CONNECTIONS_CONF");
    struct gnt_find_connections *c = f->connections;

    if (c != NULL)
        return c;
    c = gnt_arena_alloc(&f->scratch, sizeof *c);
    if (c != NULL)
        c->settings = gnt_json_new(&f->scratch, GNT_JSON_OBJECT);
    if (c == NULL || c->settings == NULL) {
        f->failed = 1;
        return NULL;
    }
    if (path == NULL && user_folder(f) != NULL)
        path = gnt_find_text(f, "%s/podman-connections.json", user_folder(f));
    if (path != NULL)
        gnt_find_json(f, path, &c->file, &c->trouble);
    read_settings(f, c);
    f->connections = c;
    return c;
}

/* ---- one connection -------------------------------------------------------------------------- */

/* The names of a connection's facts in both files. */
struct words {
    const char *uri;
    const char *identity;
    const char *machine;
    const char *ca;
    const char *cert;
    const char *key;
};

/* What Podman's own settings lead to, where the other side of ssh is asked for a socket. */
static const char engine[] = "podman";

static const struct words file_words = { "URI",   "Identity", "IsMachine",
                                         "TLSCA", "TLSCert",  "TLSKey" };
static const struct words settings_words = { "uri",    "identity", "is_machine",
                                             "tls_ca", "tls_cert", "tls_key" };

/* NULL if there is none of that name. */
static const struct gnt_json *connection_named(const struct gnt_find_connections *c,
                                               const char *name, const struct words **words)
{
    const struct gnt_json *v =
        gnt_json_member(gnt_json_get(c->file, "Connection/Connections"), name);

    *words = &file_words;
    if (v == NULL) {
        v = gnt_json_member(gnt_json_get(c->settings, "engine/service_destinations"), name);
        *words = &settings_words;
    }
    return v != NULL && v->type == GNT_JSON_OBJECT ? v : NULL;
}

/* Text of a member that stays; NULL if it is empty or not there. */
static const char *text_of(struct gnt_finder *f, const struct gnt_json *v, const char *name)
{
    const char *text = gnt_json_text(gnt_json_member(v, name));

    return text != NULL && text[0] != '\0' ? gnt_find_text(f, "%s", text) : NULL;
}

/* "text, a, b": the names in a map that are not in the other one. */
static const char *names_in(struct gnt_finder *f, const struct gnt_json *map,
                            const struct gnt_json *other, const char *text)
{
    const struct gnt_json *v = map != NULL && map->type == GNT_JSON_OBJECT ? map->first : NULL;

    for (; v != NULL && strlen(text) < 400; v = v->next) {
        if (gnt_json_member(other, v->key) == NULL)
            text = gnt_find_text(f, "%s%s%s", text, text[0] != '\0' ? ", " : "", v->key);
    }
    return text;
}

static int no_connection(struct gnt_finder *f, const struct gnt_find_connections *c,
                         const char *name, gantry_error *err)
{
    const struct gnt_json *file = gnt_json_get(c->file, "Connection/Connections");
    const struct gnt_json *settings = gnt_json_get(c->settings, "engine/service_destinations");
    const char *names = names_in(f, settings, file, names_in(f, file, NULL, ""));

    if (c->trouble.code != 0) {
        *err = c->trouble;
        gnt_error_prefix(err, "Podman connection \"%s\"", name);
        return err->code;
    }
    return gnt_fail(err, GANTRY_E_NOT_FOUND, "there is no Podman connection \"%s\"; %s%s", name,
                    names[0] != '\0' ? "there are: " : "there are none", names);
}

static int fill_connection(struct gnt_finder *f, const struct gnt_json *v,
                           const struct words *words, const char *name, struct gnt_place *place,
                           gantry_error *err)
{
    gantry_tls tls = { .size = sizeof tls,
                       .ca_file = text_of(f, v, words->ca),
                       .cert_file = text_of(f, v, words->cert),
                       .key_file = text_of(f, v, words->key) };
    const char *uri = text_of(f, v, words->uri);

    if (uri == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "Podman connection \"%s\": has no %s", name,
                        words->uri);
    place->address = uri;
    place->engine = engine;
    place->ssh_identity = text_of(f, v, words->identity);
    place->machine = gnt_json_true(gnt_json_member(v, words->machine));
    place->proxy = gnt_environment_get(f->env, "CONTAINER_PROXY");
    if (tls.ca_file != NULL || tls.cert_file != NULL || tls.key_file != NULL)
        place->tls = gnt_find_tls(f, uri, &tls);
    return 0;
}

void gnt_find_connection(struct gnt_finder *f, const char *source, const char *name)
{
    const struct gnt_find_connections *c = connections(f);
    struct gnt_place place = { .source = source, .address = "" };
    const struct words *words;
    const struct gnt_json *v;
    gantry_error err = { 0 };
    int rc;

    if (c == NULL)
        return;
    v = connection_named(c, name, &words);
    rc = v == NULL ? no_connection(f, c, name, &err)
                   : fill_connection(f, v, words, name, &place, &err);
    if (rc < 0)
        gnt_find_trouble(f, &place, &err);
    gnt_find_add(f, &place);
}

/* ---- what Podman would take ------------------------------------------------------------------ */

void gnt_find_container_host(struct gnt_finder *f)
{
    struct gnt_place place = { .source = "CONTAINER_HOST",
                               .address = f->env->container_host,
                               .engine = engine,
                               .ssh_identity = gnt_environment_get(f->env, "CONTAINER_SSHKEY"),
                               .proxy = gnt_environment_get(f->env, "CONTAINER_PROXY") };
    gantry_tls tls = { .size = sizeof tls,
                       .ca_file = gnt_environment_get(f->env, "CONTAINER_TLS_CA"),
                       .cert_file = gnt_environment_get(f->env, "CONTAINER_TLS_CERT"),
                       .key_file = gnt_environment_get(f->env, "CONTAINER_TLS_KEY") };

    if (tls.ca_file != NULL || tls.cert_file != NULL || tls.key_file != NULL)
        place.tls = gnt_find_tls(f, place.address, &tls);
    gnt_find_add(f, &place);
}

void gnt_find_default_connection(struct gnt_finder *f, int choice)
{
    const struct gnt_find_connections *c = connections(f);
    const struct words *words;
    const struct gnt_json *v;
    const char *name;
    int chosen;

    if (c == NULL)
        return;
    name = gnt_json_text(gnt_json_get(c->file, "Connection/Default"));
    if (name == NULL || name[0] == '\0')
        name = gnt_json_text(gnt_json_get(c->settings, "engine/active_service"));
    if (name == NULL || name[0] == '\0')
        return;
    v = connection_named(c, name, &words);
    chosen = gnt_json_true(gnt_json_get(c->settings, "engine/remote")) ||
             gnt_json_true(gnt_json_member(v, words->machine));
    if (chosen == choice)
        gnt_find_connection(f, gnt_find_text(f, "default Podman connection %s", name), name);
}

void gnt_find_connections_trouble(struct gnt_finder *f)
{
    struct gnt_place place = { .source = "Podman's configuration", .address = "" };
    const struct gnt_find_connections *c = connections(f);

    if (c == NULL || c->trouble.code == 0)
        return;
    gnt_find_trouble(f, &place, &c->trouble);
    gnt_find_add(f, &place);
}
