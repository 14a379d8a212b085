/*
 * Credential helpers: programs that keep secrets in a keychain. What they are asked and what their
 * answers mean; helper_run.c runs them. Their words get into messages only where they cannot be the
 * secret.
 */
#include "credentials.h"

#include "error.h"
#include "helper_run.h"
#include "process.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    OUTPUT_MOST = 64 * 1024,
    INPUT_MOST = 64 * 1024,
    NAME_MOST = 100
};

static const char token_user[] = "<token>"; /* then the secret is an identity token */

/* The program's name and path. NOT_FOUND if it is not there. */
static int find(const gantry_credentials *c, const char *helper, char *name, size_t name_size,
                char *path, size_t path_size, gantry_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-";

    if (helper[0] == '\0' || strlen(helper) > NAME_MOST ||
        strspn(helper, allowed) != strlen(helper))
        return gnt_fail(err, GANTRY_E_INVALID, "\"%.100s\" is no name of a credential helper",
                        helper);
    snprintf(name, name_size, "docker-credential-%s", helper);
    if (!gnt_find_program(name, c->path, path, path_size))
        return gnt_fail(err, GANTRY_E_NOT_FOUND, "there is no program %s in PATH", name);
    return 0;
}

/* ---- what it said ---------------------------------------------------------------------------- */

static int says(const struct gnt_helper_run *run, const char *words)
{
    return strstr(gnt_buf_text(&run->output), words) != NULL ||
           strstr(run->complaint, words) != NULL;
}

static int knows_none(const struct gnt_helper_run *run)
{
    return says(run, "credentials not found") || says(run, "no credentials server URL");
}

/* A text that may be shown: no JSON, and nothing of the secret. */
static int harmless(const char *text, const char *secret)
{
    return strchr(text, '{') == NULL && strstr(text, "ecret") == NULL &&
           (secret == NULL || secret[0] == '\0' || strstr(text, secret) == NULL);
}

static const char *secret_of(const gantry_auth *auth)
{
    return auth->identity_token != NULL ? auth->identity_token : auth->password;
}

/* Looked at whole, before anything is cut or cleaned: half a secret is one too. */
static int failed(const struct gnt_helper_run *run, const char *secret, gantry_error *err)
{
    const char *output = gnt_buf_text(&run->output);
    const char *words = output[0] != '\0' && harmless(output, secret) ? output : run->complaint;
    int cut = words == run->complaint && strlen(words) + 1 == sizeof run->complaint;
    char text[300];

    if (cut || !harmless(words, secret))
        words = "";
    gnt_text_copy(text, sizeof text, words, strlen(words), 0, 0);
    for (size_t i = strlen(text); i > 0 && text[i - 1] == ' '; i--)
        text[i - 1] = '\0';
    if (text[0] == '\0')
        return gnt_fail(err, GANTRY_E_IO, "%s %s failed with status %d", run->name, run->verb,
                        run->status);
    return gnt_fail(err, GANTRY_E_IO, "%s %s failed with status %d: %s", run->name, run->verb,
                    run->status, text);
}

/* ---- running --------------------------------------------------------------------------------- */

struct request {
    const gantry_credentials *credentials;
    const char *helper;
    const char *verb;
    const gantry_call *call;
    char name[NAME_MOST + 32];
    char path[PATH_MAX];
    struct gnt_helper_run run;
};

static int ask(struct request *q, const char *input, size_t size, gantry_error *err)
{
    const gantry_credentials *c = q->credentials;
    int rc = find(c, q->helper, q->name, sizeof q->name, q->path, sizeof q->path, err);

    memset(&q->run, 0, sizeof q->run);
    gnt_buf_init(&q->run.output, &c->mem, OUTPUT_MOST);
    q->run.output.wipe = 1;
    if (rc < 0)
        return rc;
    q->run.mem = &c->mem;
    q->run.program = q->path;
    q->run.name = q->name;
    q->run.verb = q->verb;
    q->run.environment = c->environment;
    q->run.input = input;
    q->run.input_size = size;
    q->run.call = q->call;
    q->run.timeout_ms = c->helper_timeout_ms;
    return gnt_helper_run(&q->run, err);
}

static void done(struct request *q)
{
    gnt_buf_free(&q->run.output);
    gnt_wipe(q->run.complaint, sizeof q->run.complaint);
}

const char *gnt_helper_server(const gantry_credentials *credentials, const char *registry, size_t i)
{
    const char *server = gnt_auth_server(registry);
    int docker = credentials->order == GANTRY_CREDENTIALS_DOCKER;

    if (i == 0)
        return docker ? server : registry;
    return i == 1 && server != registry ? (docker ? registry : server) : NULL;
}

/* {"ServerURL","Username","Secret"} */
static int take_answer(const struct request *q, struct gantry_auth_slot *slot, gantry_error *err)
{
    gantry_auth auth = { .size = sizeof auth };
    struct gnt_arena arena;
    struct gnt_json *doc = NULL;
    const char *secret;
    int rc;

    gnt_arena_init(&arena, &q->credentials->mem);
    arena.wipe = 1;
    rc = gnt_json_parse(&arena, gnt_buf_text(&q->run.output), q->run.output.size, &doc, NULL);
    if (rc == GANTRY_E_NOMEM)
        gnt_nomem(err);
    else if (rc < 0)
        rc = gnt_fail(err, GANTRY_E_IO, "%s get did not answer with JSON", q->name);
    if (rc == 0) {
        auth.username = gnt_json_text(gnt_json_member(doc, "Username"));
        secret = gnt_json_text(gnt_json_member(doc, "Secret"));
        if (auth.username != NULL && strcmp(auth.username, token_user) == 0) {
            auth.username = NULL;
            auth.identity_token = secret;
        } else {
            auth.password = secret;
        }
        if ((auth.username != NULL && auth.username[0] != '\0') ||
            (auth.identity_token != NULL && auth.identity_token[0] != '\0'))
            rc = gnt_auth_set(slot, q->name, &auth, err);
    }
    gnt_arena_free(&arena);
    return rc;
}

static int get_one(const gantry_credentials *credentials, const char *helper, const char *server,
                   const gantry_call *call, struct gantry_auth_slot *slot, gantry_error *err)
{
    struct request q = {
        .credentials = credentials, .helper = helper, .verb = "get", .call = call
    };
    int rc = ask(&q, server, strlen(server), err);

    if (rc == 0 && knows_none(&q.run))
        rc = 0;
    else if (rc == 0 && (q.run.status > 0 || (q.run.status < 0 && q.run.output.size == 0)))
        rc = failed(&q.run, NULL, err);
    else if (rc == 0)
        rc = take_answer(&q, slot, err);
    done(&q);
    return rc;
}

int gnt_helper_get(const gantry_credentials *credentials, const char *name, const char *registry,
                   const gantry_call *call, struct gantry_auth_slot *slot, gantry_error *err)
{
    const char *server;
    int rc = 0;

    for (size_t i = 0;
         rc == 0 && !slot->given && (server = gnt_helper_server(credentials, registry, i)) != NULL;
         i++)
        rc = get_one(credentials, name, server, call, slot, err);
    return rc;
}

/* Where somebody else collected the helper, so that nobody knows how it ended: ask whether it has
 * credentials now. */
static int prove(const struct request *q, const char *server, int wanted, gantry_error *err)
{
    struct gantry_auth_slot slot;
    int rc;

    gnt_auth_init(&slot, &q->credentials->mem);
    rc = get_one(q->credentials, q->helper, server, q->call, &slot, err);
    if (rc == 0 && (slot.given != 0) != wanted)
        rc = gnt_fail(err, GANTRY_E_IO, "%s %s did not do it, and does not say why", q->name,
                      q->verb);
    gnt_auth_clear(&slot);
    return rc;
}

static int store_input(struct gnt_arena *arena, const char *server, const gantry_auth *auth,
                       struct gnt_buf *out)
{
    struct gnt_json *doc = gnt_json_new(arena, GNT_JSON_OBJECT);
    int token = auth->identity_token != NULL;
    const char *user = token ? token_user : auth->username;
    const char *secret = token ? auth->identity_token : auth->password;
    int rc;

    if (doc == NULL)
        return GANTRY_E_NOMEM;
    rc = gnt_json_set(arena, doc, "ServerURL", gnt_json_string(arena, server));
    if (rc == 0)
        rc = gnt_json_set(arena, doc, "Username", gnt_json_string(arena, user));
    if (rc == 0)
        rc = gnt_json_set(arena, doc, "Secret",
                          gnt_json_string(arena, secret != NULL ? secret : ""));
    return rc == 0 ? gnt_json_write(doc, out) : rc;
}

int gnt_helper_store(const gantry_credentials *credentials, const char *name, const char *registry,
                     const gantry_auth *auth, const gantry_call *call, gantry_error *err)
{
    struct request q = {
        .credentials = credentials, .helper = name, .verb = "store", .call = call
    };
    struct gnt_arena arena;
    struct gnt_buf input;
    int rc;

    if (auth->registry_token != NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "credential helpers keep no registry_token");
    gnt_arena_init(&arena, &credentials->mem);
    arena.wipe = 1;
    gnt_buf_init(&input, &credentials->mem, INPUT_MOST);
    input.wipe = 1;
    rc = store_input(&arena, gnt_helper_server(credentials, registry, 0), auth, &input);
    if (rc == GANTRY_E_LIMIT)
        rc = gnt_fail(err, rc, "the credentials are larger than %d bytes", INPUT_MOST);
    else if (rc < 0)
        rc = gnt_nomem(err);
    if (rc == 0) {
        rc = ask(&q, gnt_buf_text(&input), input.size, err);
        /* Helpers say what went wrong on their output, and nothing when all is well. */
        if (rc == 0 && (q.run.status > 0 || (q.run.status < 0 && q.run.output.size > 0)))
            rc = failed(&q.run, secret_of(auth), err);
        else if (rc == 0 && q.run.status < 0)
            rc = prove(&q, gnt_helper_server(credentials, registry, 0), 1, err);
        done(&q);
    }
    gnt_buf_free(&input);
    gnt_arena_free(&arena);
    return rc;
}

static int erase_one(const gantry_credentials *credentials, const char *helper, const char *server,
                     const gantry_call *call, int *out_erased, gantry_error *err)
{
    struct request q = {
        .credentials = credentials, .helper = helper, .verb = "erase", .call = call
    };
    struct gantry_auth_slot slot;
    int rc;

    gnt_auth_init(&slot, &credentials->mem);
    rc = get_one(credentials, helper, server, call, &slot, err);
    if (rc == 0 && slot.given) {
        rc = ask(&q, server, strlen(server), err);
        if (rc == 0 && (q.run.status > 0 || (q.run.status < 0 && q.run.output.size > 0)))
            rc = failed(&q.run, secret_of(&slot.auth), err);
        else if (rc == 0 && q.run.status < 0)
            rc = prove(&q, server, 0, err);
        done(&q);
        *out_erased = rc == 0 ? 1 : *out_erased;
    }
    gnt_auth_clear(&slot);
    return rc;
}

int gnt_helper_erase(const gantry_credentials *credentials, const char *name, const char *registry,
                     const gantry_call *call, int *out_erased, gantry_error *err)
{
    const char *server;
    int rc = 0;

    for (size_t i = 0; rc == 0 && (server = gnt_helper_server(credentials, registry, i)) != NULL;
         i++)
        rc = erase_one(credentials, name, server, call, out_erased, err);
    return rc;
}
