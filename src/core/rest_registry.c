/* See rest_registry.h. */
#include "rest_registry.h"

#include "error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LOGIN_ANSWER_MOST = 256 * 1024,
    SEARCH_DEFAULT = 25
};

/* ---- login ----------------------------------------------------------------------------------- */

#define L gantry_login_result
static const struct gnt_in login_rows[] = { GNT_IN_STR(L, status, "Status"),
                                            GNT_IN_STR(L, identity_token, "IdentityToken"),
                                            GNT_IN_END };
#undef L

static int take_login(struct gnt_rest *rest, const struct gnt_buf *text, gantry_login_result **out,
                      gantry_error *err)
{
    gantry_login_result *result = gnt_result_new(&rest->host->mem, GANTRY_KIND_LOGIN_RESULT, err);
    struct gnt_json *doc = NULL;
    int rc = 0;

    if (result == NULL)
        return GANTRY_E_NOMEM;
    /* 204 says all there is. The parser's words would quote the answer, which may hold a token. */
    if (text->size > 0)
        rc = gnt_json_parse(gnt_result_arena(result), text->data, text->size, &doc, NULL);
    if (rc == GANTRY_E_NOMEM)
        gnt_nomem(err);
    else if (rc < 0)
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the engine's answer to a login is no JSON");
    else if (doc != NULL)
        rc = gnt_decode(gnt_result_arena(result), doc, NULL, login_rows, result, err);
    if (rc < 0) {
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN,
                          rc == GANTRY_E_NOMEM ? GANTRY_RETRY_ASK : GANTRY_RETRY_NO);
        gnt_result_free(result);
    } else {
        *out = result;
    }
    return rc;
}

int gnt_rest_login(struct gnt_rest *rest, const char *registry, const char *server,
                   const gantry_auth *auth, const gantry_call *call, gantry_login_result **out,
                   gantry_error *err)
{
    struct gnt_req r;
    struct gnt_json *body;
    struct gnt_buf text;
    int rc;

    gnt_buf_init(&text, &rest->host->mem, LOGIN_ANSWER_MOST);
    text.wipe = 1;
    gnt_req_init(&r, rest, "POST", call, "/auth");
    gnt_req_about(&r, GANTRY_RESOURCE_REGISTRY, registry);
    gnt_req_secret(&r);
    body = gnt_auth_json(&r.arena, auth, registry);
    if (body == NULL ||
        gnt_json_set(&r.arena, body, "serveraddress", gnt_json_string(&r.arena, server)) < 0)
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_json(&r, body);
    rc = gnt_req_text(&r, &text, NULL, err);
    if (rc == 0)
        rc = take_login(rest, &text, out, err);
    gnt_buf_free(&text);
    return rc;
}

/* ---- search ---------------------------------------------------------------------------------- */

static const char hub[] = "docker.io";

static int wanted_flag(int wanted, int is)
{
    return wanted == 0 || (wanted == GANTRY_ON) == (is != 0);
}

static int accept_item(const void *item, const void *arg)
{
    const gantry_search_item *i = item;
    const gantry_search_options *o = arg;

    return i->stars >= o->min_stars - (o->min_stars == 0) &&
           wanted_flag(o->official, i->official) && wanted_flag(o->automated, i->automated);
}

static void add_filters(struct gnt_req *r, const gantry_search_options *opts)
{
    struct gnt_json *filters = gnt_req_object(r);
    char stars[24];

    snprintf(stars, sizeof stars, "%" PRId64, opts->min_stars);
    gnt_req_filter(r, filters, "stars", opts->min_stars > 0 ? stars : NULL);
    if (opts->official != 0)
        gnt_req_filter(r, filters, "is-official", opts->official == GANTRY_ON ? "true" : "false");
    if (opts->automated != 0)
        gnt_req_filter(r, filters, "is-automated", opts->automated == GANTRY_ON ? "true" : "false");
    gnt_req_filters(r, filters);
}

/* "alpine" -> "docker.io/library/alpine" */
static const char *full_name(struct gnt_arena *arena, const char *domain, const char *name)
{
    size_t size = strlen(domain);

    if (strncmp(name, domain, size) == 0 && name[size] == '/')
        return name;
    return gnt_arena_printf(arena, "%s/%s%s", domain,
                            strcmp(domain, hub) == 0 && strchr(name, '/') == NULL ? "library/" : "",
                            name);
}

/* Items are ours until the list is handed out. */
static int complete_names(gantry_search_result *list, const char *domain, gantry_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        gantry_search_item *item = (gantry_search_item *)(uintptr_t)list->items[i];

        item->name = full_name(gnt_result_arena(list), domain, item->name);
        if (item->name == NULL)
            return gnt_nomem(err);
    }
    return 0;
}

int gnt_rest_search(struct gnt_rest *rest, const struct gnt_search_plan *plan, const char *term,
                    const gantry_search_options *opts, gantry_search_result **out,
                    gantry_error *err)
{
    struct gnt_req r;
    struct gnt_arena names;
    const char *domain = hub;
    const char *rest_of_term = term;
    void *list = NULL;
    int rc;

    gnt_arena_init(&names, &rest->host->mem);
    if (strchr(term, '/') != NULL)
        domain = gnt_auth_registry(&names, term);
    if (domain != NULL && strcmp(domain, hub) == 0 && strncmp(term, "docker.io/", 10) == 0)
        rest_of_term = term + 10;
    if (domain != NULL && strcmp(domain, hub) == 0 && plan->needs_domain)
        rest_of_term = gnt_arena_printf(&names, "%s/%s", hub, rest_of_term);
    gnt_req_init(&r, rest, "GET", opts->call, "/images/search");
    if (domain == NULL || rest_of_term == NULL)
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_about(&r, GANTRY_RESOURCE_REGISTRY, domain);
    (void)gnt_req_encode(&r, opts, plan->options);
    gnt_req_query(&r, "term", rest_of_term);
    gnt_req_query_i64(&r, "limit", opts->limit > 0 ? opts->limit : SEARCH_DEFAULT);
    if (plan->tls_parameter != NULL && opts->tls_verify != 0)
        gnt_req_query(&r, plan->tls_parameter, opts->tls_verify == GANTRY_ON ? "true" : "false");
    add_filters(&r, opts);
    if (r.rc == 0)
        gnt_req_registry_auth(&r, domain, opts->auth, 0);
    rc = gnt_req_list(&r, GANTRY_KIND_SEARCH_RESULT, GANTRY_KIND_SEARCH_ITEM, plan->rows,
                      accept_item, opts, &list, err);
    if (rc == 0)
        rc = complete_names(list, domain, err);
    if (rc < 0)
        gnt_result_free(list);
    else
        *out = list;
    gnt_arena_free(&names);
    return rc;
}
