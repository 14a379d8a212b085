/*
 * Credentials of files and helpers: the public functions, which files there are, and the order in
 * which they are asked.
 */
#include "credentials.h"

#include "detect.h"
#include "error.h"
#include "names.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    HELPER_MS = 30000,
    USER_MOST = 64 * 1024
};

/* ---- opening --------------------------------------------------------------------------------- */

/* DIRECTORY/REST as a further file; without a directory none. */
static int add_file(gantry_credentials *c, const char *directory, const char *rest, int docker,
                    int legacy)
{
    struct gnt_credential_file *file = &c->files[c->file_count];

    if (directory == NULL || directory[0] == '\0')
        return 0;
    file->path = rest != NULL ? gnt_arena_printf(&c->arena, "%s/%s", directory, rest)
                              : gnt_arena_strdup(&c->arena, directory);
    file->docker = docker;
    file->legacy = legacy;
    c->file_count++;
    return file->path == NULL ? -1 : 0;
}

static int add_docker_file(gantry_credentials *c, const struct gnt_environment *env)
{
    if (env->docker_config != NULL)
        return add_file(c, env->docker_config, "config.json", 1, 0);
    return add_file(c, env->home, ".docker/config.json", 1, 0);
}

static int add_podman_files(gantry_credentials *c, const struct gnt_environment *env)
{
    char own[64]; /* below the folder of all users */
    int rc;

    snprintf(own, sizeof own, "%lu/auth.json", (unsigned long)getuid());
    if (env->registry_auth_file != NULL)
        rc = add_file(c, env->registry_auth_file, NULL, 0, 0);
    else if (env->runtime_dir != NULL)
        rc = add_file(c, env->runtime_dir, "containers/auth.json", 0, 0);
    else
        rc = add_file(c, "/run/containers", own, 0, 0);
    if (rc == 0 && env->config_home != NULL)
        rc = add_file(c, env->config_home, "containers/auth.json", 0, 0);
    else if (rc == 0)
        rc = add_file(c, env->home, ".config/containers/auth.json", 0, 0);
    if (rc == 0)
        rc = add_docker_file(c, env);
    return rc == 0 ? add_file(c, env->home, ".dockercfg", 1, 1) : rc;
}

static int copy_environment(gantry_credentials *c, const struct gnt_environment *env)
{
    const char **copy;
    size_t count = 0;

    while (env->all != NULL && env->all[count] != NULL)
        count++;
    copy = gnt_arena_alloc(&c->arena, (count + 1) * sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = gnt_arena_strdup(&c->arena, env->all[i]);
        if (copy[i] == NULL)
            return -1;
    }
    c->environment = copy;
    return copy == NULL ? -1 : 0;
}

static int copy_text(gantry_credentials *c, const char *text, const char **out)
{
    *out = text != NULL ? gnt_arena_strdup(&c->arena, text) : NULL;
    return text != NULL && *out == NULL ? -1 : 0;
}

static int fill(gantry_credentials *c, const gantry_credentials_options *o)
{
    struct gnt_environment env;
    int rc;

    gnt_environment_read(&env, o->environment);
    c->order = o->order != 0 ? o->order : GANTRY_CREDENTIALS_PODMAN;
    c->no_helpers = o->no_helpers == GANTRY_ON;
    c->helper_timeout_ms = o->helper_timeout_ms > 0 ? o->helper_timeout_ms : HELPER_MS;
    c->inline_first = c->order == GANTRY_CREDENTIALS_DOCKER;
    rc = copy_environment(c, &env);
    if (rc == 0)
        rc = copy_text(c, env.path, &c->path);
    if (rc == 0 && o->file != NULL)
        return add_file(c, o->file, NULL, c->order == GANTRY_CREDENTIALS_DOCKER, 0);
    if (rc == 0)
        rc = copy_text(c, env.docker_auth_config, &c->inline_json);
    if (rc == 0)
        rc = c->order == GANTRY_CREDENTIALS_DOCKER ? add_docker_file(c, &env)
                                                   : add_podman_files(c, &env);
    return rc;
}

static int check_options(const gantry_credentials_options *o, gantry_error *err)
{
    if (o->order != 0 && o->order != GANTRY_CREDENTIALS_DOCKER &&
        o->order != GANTRY_CREDENTIALS_PODMAN)
        return gnt_fail(err, GANTRY_E_INVALID, "order: %d is none of GANTRY_CREDENTIALS_",
                        o->order);
    if (o->no_helpers != 0 && o->no_helpers != GANTRY_ON && o->no_helpers != GANTRY_OFF)
        return gnt_fail(err, GANTRY_E_INVALID, "no_helpers: is neither GANTRY_ON nor GANTRY_OFF");
    if (o->helper_timeout_ms < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "helper_timeout_ms: must not be negative");
    return o->file != NULL ? gnt_check_text("file", o->file, err) : 0;
}

int gantry_credentials_open(const gantry_credentials_options *opts, gantry_credentials **out,
                            gantry_error *err)
{
    gantry_credentials_options o;
    gantry_credentials *c = NULL;
    struct gnt_mem mem;
    int rc = gnt_import(&o, sizeof o, opts, "gantry_credentials_options", err);

    if (rc == 0 && out == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL");
    if (rc == 0)
        rc = check_options(&o, err);
    if (rc == 0)
        rc = gnt_mem_init(&mem, o.allocator, err);
    if (rc < 0)
        return rc;
    c = gnt_alloc(&mem, sizeof *c);
    if (c == NULL)
        return gnt_nomem(err);
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        gnt_free(&mem, c);
        return gnt_nomem(err);
    }
    c->mem = mem;
    gnt_arena_init(&c->arena, &mem);
    c->arena.wipe = 1;
    if (fill(c, &o) < 0) {
        gantry_credentials_free(c);
        return gnt_nomem(err);
    }
    *out = c;
    return 0;
}

void gantry_credentials_free(gantry_credentials *credentials)
{
    struct gnt_mem mem;

    if (credentials == NULL)
        return;
    mem = credentials->mem;
    pthread_mutex_destroy(&credentials->lock);
    gnt_arena_free(&credentials->arena);
    gnt_free(&mem, credentials);
}

/* ---- finding --------------------------------------------------------------------------------- */

/* One question: what is looked for, and where what was found goes. */
struct question {
    const gantry_credentials *credentials;
    const char *repository;
    const char *registry;
    const gantry_call *call;
    struct gantry_auth_slot *slot;
    struct gnt_found *found;
    struct gnt_arena *arena; /* of this question */
};

static int found_at(const struct question *q, const char *prefix, const char *where,
                    gantry_error *err)
{
    if (q->found == NULL || !q->slot->given)
        return 0;
    q->found->source = gnt_arena_printf(q->found->arena, "%s%s", prefix, where);
    return q->found->source == NULL ? gnt_nomem(err) : 0;
}

static int ask_helper(const struct question *q, const struct gnt_json *doc, gantry_error *err)
{
    const gantry_credentials *c = q->credentials;
    gantry_error failure = { 0 };
    int own = 0;
    const char *helper = gnt_credential_helper(q->arena, doc, q->registry, &own);
    int rc;

    if (helper == NULL || c->no_helpers)
        return 0;
    rc = gnt_helper_get(c, helper, q->registry, q->call, q->slot, &failure);
    /* A store of Docker's that Podman's command line would not look at. */
    if (rc == GANTRY_E_NOT_FOUND && !own && c->order != GANTRY_CREDENTIALS_DOCKER)
        return 0;
    if (rc == GANTRY_E_NOT_FOUND)
        rc = failure.code = GANTRY_E_IO;
    if (rc == 0)
        return found_at(q, "docker-credential-", helper, err);
    if (err != NULL)
        *err = failure;
    return rc;
}

/* "auth": base64 of "user:password". */
static int decode_pair(const struct question *q, const char *coded, const char *where,
                       const char *key, gantry_auth *auth, gantry_error *err)
{
    struct gnt_buf pair;
    char *text;
    char *colon;
    int rc;

    gnt_buf_init(&pair, &q->arena->mem, USER_MOST);
    pair.wipe = 1;
    rc = gnt_base64_decode(&pair, coded, strlen(coded));
    text = rc == 0 ? gnt_arena_strdup(q->arena, gnt_buf_text(&pair)) : NULL;
    gnt_buf_free(&pair);
    if (rc == GANTRY_E_NOMEM || (rc == 0 && text == NULL))
        return gnt_nomem(err);
    colon = text != NULL ? strchr(text, ':') : NULL;
    if (colon == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: \"auth\" of %s is not user:password in base64",
                        where, key);
    *colon = '\0';
    auth->username = text;
    auth->password = colon + 1;
    return 0;
}

static int set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static int take_entry(const struct question *q, const struct gnt_json *entry, const char *where,
                      gantry_error *err)
{
    gantry_auth auth = { .size = sizeof auth };
    const char *coded = gnt_json_text(gnt_json_member(entry, "auth"));
    int rc = 0;

    auth.username = gnt_json_text(gnt_json_member(entry, "username"));
    auth.password = gnt_json_text(gnt_json_member(entry, "password"));
    auth.identity_token = gnt_json_text(gnt_json_member(entry, "identitytoken"));
    auth.registry_token = gnt_json_text(gnt_json_member(entry, "registrytoken"));
    if (set(coded))
        rc = decode_pair(q, coded, where, entry->key, &auth, err);
    /* Emptied by a helper's login. */
    if (rc < 0 || (!set(auth.username) && !set(auth.identity_token) && !set(auth.registry_token)))
        return rc;
    if (set(auth.username) && strcmp(auth.username, "<token>") == 0) {
        auth.identity_token = set(auth.identity_token) ? auth.identity_token : auth.password;
        auth.username = auth.password = NULL;
    }
    rc = gnt_auth_set(q->slot, "auth", &auth, err);
    if (rc < 0)
        gnt_error_prefix(err, "%s: %s", where, entry->key);
    return rc == 0 ? found_at(q, "", where, err) : rc;
}

static int ask_entries(const struct question *q, const struct gnt_json *entries, const char *where,
                       gantry_error *err)
{
    const struct gnt_json *best = NULL;
    size_t best_match = 0;

    for (const struct gnt_json *v = entries != NULL ? entries->first : NULL; v != NULL;
         v = v->next) {
        size_t match = gnt_credential_match(q->arena, v->key, q->repository);

        if (match > best_match && v->type == GNT_JSON_OBJECT) {
            best_match = match;
            best = v;
        }
    }
    return best != NULL ? take_entry(q, best, where, err) : 0;
}

static int ask_file(const struct question *q, const struct gnt_credential_file *file,
                    gantry_error *err)
{
    struct gnt_json *doc = NULL;
    int rc = gnt_credential_read(q->arena, file, &doc, err);

    if (rc == 0 && doc != NULL && !file->legacy)
        rc = ask_helper(q, doc, err);
    if (rc == 0 && doc != NULL && !q->slot->given)
        rc = ask_entries(q, gnt_credential_entries(doc, file->legacy), file->path, err);
    return rc;
}

static int ask_inline(const struct question *q, gantry_error *err)
{
    static const char name[] = "DOCKER_AUTH_CONFIG";
    const char *text = q->credentials->inline_json;
    struct gnt_json *doc = NULL;
    int rc;

    if (text == NULL)
        return 0;
    rc = gnt_json_parse(q->arena, text, strlen(text), &doc, NULL);
    if (rc == GANTRY_E_NOMEM)
        return gnt_nomem(err);
    if (rc < 0 || doc->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: is no JSON object", name);
    return ask_entries(q, gnt_credential_entries(doc, 0), name, err);
}

static int ask_all(const struct question *q, gantry_error *err)
{
    const gantry_credentials *c = q->credentials;
    int rc = c->inline_first ? ask_inline(q, err) : 0;
    int asked = c->inline_first;

    for (size_t i = 0; rc == 0 && !q->slot->given && i < c->file_count; i++) {
        if (!asked && c->files[i].docker) {
            asked = 1;
            rc = ask_inline(q, err);
        }
        if (rc == 0 && !q->slot->given)
            rc = ask_file(q, &c->files[i], err);
    }
    if (rc == 0 && !q->slot->given && !asked)
        rc = ask_inline(q, err);
    return rc;
}

int gnt_credentials_find(gantry_credentials *credentials, const char *repository,
                         const gantry_call *call, struct gantry_auth_slot *slot,
                         struct gnt_found *found, gantry_error *err)
{
    struct gnt_arena arena;
    struct question q = { .credentials = credentials,
                          .repository = repository,
                          .call = call,
                          .slot = slot,
                          .found = found,
                          .arena = &arena };
    int rc;

    gnt_arena_init(&arena, &credentials->mem);
    arena.wipe = 1;
    q.registry = gnt_auth_domain(&arena, repository);
    rc = q.registry == NULL ? gnt_nomem(err) : ask_all(&q, err);
    gnt_arena_free(&arena);
    return rc;
}

/* ---- public ---------------------------------------------------------------------------------- */

/* Check the handle and the registry's name, and bring that into its one form. */
static int begin(const gantry_credentials *credentials, const char *registry,
                 struct gnt_arena *arena, const char **out_repository, gantry_error *err)
{
    int rc;

    if (credentials == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "credentials: must not be NULL");
    rc = gnt_check_registry("registry", registry, err);
    if (rc < 0)
        return rc;
    gnt_arena_init(arena, &credentials->mem);
    *out_repository = strchr(registry, '/') == NULL || strstr(registry, "://") != NULL
                          ? gnt_auth_domain(arena, registry)
                          : gnt_auth_repository(arena, registry);
    if (*out_repository == NULL) {
        gnt_arena_free(arena);
        return gnt_nomem(err);
    }
    return 0;
}

static int end(int rc, struct gnt_arena *arena, const char *registry, gantry_error *err)
{
    gnt_arena_free(arena);
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_REGISTRY, registry);
    return rc;
}

static int none(const char *registry, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_NOT_FOUND, "there are no credentials for %s", registry);
}

static int copy_auth(void *result, const gantry_auth *from, gantry_auth *to)
{
    struct gnt_arena *arena = gnt_result_arena(result);
    const char *const texts[] = { from->username, from->password, from->identity_token,
                                  from->registry_token };
    const char *copies[4] = { NULL };

    for (size_t i = 0; i < 4; i++) {
        copies[i] = texts[i] != NULL ? gnt_arena_strdup(arena, texts[i]) : NULL;
        if (texts[i] != NULL && copies[i] == NULL)
            return -1;
    }
    to->size = sizeof *to;
    to->username = copies[0];
    to->password = copies[1];
    to->identity_token = copies[2];
    to->registry_token = copies[3];
    return 0;
}

static int give_found(gantry_credentials *c, const char *repository, const gantry_call *call,
                      gantry_found_auth *out, gantry_error *err)
{
    struct gnt_found found = { .arena = gnt_result_arena(out) };
    struct gantry_auth_slot slot;
    gantry_auth *auth = gnt_arena_alloc(found.arena, sizeof *auth);
    int rc;

    gnt_auth_init(&slot, &c->mem);
    rc = gnt_credentials_find(c, repository, call, &slot, &found, err);
    if (rc == 0 && !slot.given)
        rc = none(repository, err);
    if (rc == 0 && (auth == NULL || copy_auth(out, &slot.auth, auth) < 0))
        rc = gnt_nomem(err);
    if (rc == 0) {
        auth->registry = gnt_auth_domain(found.arena, repository);
        out->auth = auth;
        out->source = found.source;
        rc = auth->registry == NULL ? gnt_nomem(err) : 0;
    }
    gnt_auth_clear(&slot);
    return rc;
}

int gantry_credentials_get(gantry_credentials *credentials, const char *registry,
                           const gantry_call *call, gantry_found_auth **out, gantry_error *err)
{
    gantry_found_auth *result = NULL;
    const char *repository = NULL;
    struct gnt_arena arena;
    int rc = out == NULL ? gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL")
                         : begin(credentials, registry, &arena, &repository, err);

    if (rc < 0)
        return rc;
    result = gnt_result_new(&credentials->mem, GNT_KIND_FOUND_AUTH, err);
    rc = result == NULL ? GANTRY_E_NOMEM : give_found(credentials, repository, call, result, err);
    if (rc < 0)
        gnt_result_free(result);
    else
        *out = result;
    return end(rc, &arena, registry, err);
}

int gantry_credentials_store(gantry_credentials *credentials, const char *registry,
                             const gantry_auth *auth, const gantry_call *call, gantry_error *err)
{
    const char *repository = NULL;
    struct gantry_auth_slot slot;
    struct gnt_arena arena;
    int rc = begin(credentials, registry, &arena, &repository, err);

    if (rc < 0)
        return rc;
    gnt_auth_init(&slot, &credentials->mem);
    rc = gnt_auth_set(&slot, "auth", auth, err);
    if (rc == 0)
        rc = gnt_credentials_keep(credentials, repository, &slot.auth, call, err);
    gnt_auth_clear(&slot);
    return end(rc, &arena, registry, err);
}

int gantry_credentials_erase(gantry_credentials *credentials, const char *registry,
                             const gantry_call *call, gantry_error *err)
{
    const char *repository = NULL;
    struct gnt_arena arena;
    int erased = 0;
    int rc = begin(credentials, registry, &arena, &repository, err);

    if (rc < 0)
        return rc;
    rc = gnt_credentials_forget(credentials, repository, call, &erased, err);
    if (rc == 0 && !erased)
        rc = none(registry, err);
    return end(rc, &arena, registry, err);
}

/* ---- as a provider --------------------------------------------------------------------------- */

static int provide(void *arg, const char *registry, const gantry_call *call, gantry_auth_slot *slot,
                   gantry_error *err)
{
    gantry_credentials *c = arg;
    const char *repository = NULL;
    struct gnt_arena arena;
    int rc = begin(c, registry, &arena, &repository, err);

    if (rc < 0)
        return rc;
    return end(gnt_credentials_find(c, repository, call, slot, NULL, err), &arena, registry, err);
}

static int provider_store(void *arg, const char *registry, const gantry_auth *auth,
                          const gantry_call *call, gantry_error *err)
{
    return gantry_credentials_store(arg, registry, auth, call, err);
}

static int provider_erase(void *arg, const char *registry, const gantry_call *call,
                          gantry_error *err)
{
    return gantry_credentials_erase(arg, registry, call, err);
}

void gantry_credentials_provider(gantry_credentials *credentials, gantry_credential_provider *out)
{
    if (out == NULL)
        return;
    *out = (gantry_credential_provider){ .size = sizeof *out,
                                         .get = provide,
                                         .store = provider_store,
                                         .erase = provider_erase,
                                         .arg = credentials };
}
