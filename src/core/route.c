/* See route.h. */
#include "route.h"

#include <string.h>

#include "error.h"
#include "fields.h"
#include "http.h"
#include "tunnel.h"

static int check_insecure(const gantry_route *r, const gantry_engine_options *opts,
                          gantry_error *err)
{
    const struct gnt_address *a = &r->address;

    if (!gnt_address_is_network(a) || r->tls != NULL || opts->allow_insecure == GANTRY_ON ||
        (gnt_address_is_loopback(a) && r->proxy == NULL))
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID,
                    "%s: %s:// %s is neither encrypted nor authenticated; use TLS, or set "
                    "allow_insecure to accept that",
                    a->text, a->scheme,
                    gnt_address_is_loopback(a) ? "through a proxy" : "to another host");
}

/* An ssh:// address without a dialer of the program's own: log in now. */
static int open_tunnel(gantry_route *r, const struct gnt_environment *env,
                       const gantry_engine_options *opts, const struct gnt_place *place,
                       const gantry_call *call, gantry_error *err)
{
    struct gnt_tunnel_setup setup = { .address = &r->address,
                                      .options = opts->ssh,
                                      .identity = place->ssh_identity,
                                      .engine = place->engine,
                                      .machine = place->machine };
    int rc;

    if (strcmp(r->address.scheme, "ssh") != 0 && opts->ssh != NULL && opts->address != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "ssh: is for ssh:// addresses");
    if (strcmp(r->address.scheme, "ssh") != 0 || r->dialer.dial != NULL)
        return 0;
    rc = gnt_tunnel_open(r->host, env, &setup, call, &r->tunnel, err);
    if (rc == 0)
        r->dialer = (gantry_dialer){ sizeof r->dialer, gnt_tunnel_dial, r->tunnel };
    return rc;
}

/* Where connections come from, if not from the address. */
static int fill_dialer(gantry_route *r, const gantry_engine_options *opts,
                       const struct gnt_place *place, gantry_error *err)
{
    int rc = gnt_import(&r->dialer, sizeof r->dialer, opts->dialer, "gantry_dialer", err);

    if (rc < 0)
        return rc;
    if (opts->dialer == NULL)
        return 0;
    if (r->dialer.dial == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "dialer: dial must be set");
    if (opts->address == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "dialer: needs an address, which names the engine");
    r->given = gnt_arena_strdup(&r->arena, place->address);
    return r->given != NULL ? 0 : gnt_nomem(err);
}

static int fill(gantry_route *r, const struct gnt_environment *env,
                const gantry_engine_options *opts, const struct gnt_place *place, gantry_error *err)
{
    int rc = gnt_address_parse(&r->arena, place->address, &r->address, err);

    r->base_path = rc == 0 && gnt_address_is_network(&r->address) ? r->address.path : "";
    if (rc == 0)
        rc = gnt_route_fill_tls(r, opts, place, err);
    if (rc == 0)
        rc = gnt_route_fill_http(r, opts, place, err);
    if (rc == 0)
        rc = fill_dialer(r, opts, place, err);
    if (rc == 0)
        rc = gnt_route_fill_proxy(r, env, opts, place, err);
    if (rc == 0 && r->dialer.dial == NULL)
        rc = check_insecure(r, opts, err);
    return rc;
}

int gnt_route_open(struct gantry_host *host, const struct gnt_environment *env,
                   const gantry_engine_options *opts, const struct gnt_place *place,
                   const gantry_call *call, gantry_route **out, gantry_error *err)
{
    gantry_route *r = gnt_alloc(&host->mem, sizeof *r);
    int rc;

    if (r == NULL)
        return gnt_nomem(err);
    r->host = host;
    gnt_arena_init(&r->arena, &host->mem);
    r->arena.wipe = 1;
    r->greeting = gnt_arena_alloc(&r->arena, sizeof *r->greeting);
    rc = r->greeting != NULL ? fill(r, env, opts, place, err) : gnt_nomem(err);
    if (rc == 0)
        rc = open_tunnel(r, env, opts, place, call, err);
    if (rc < 0) {
        gnt_route_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

int gnt_route_is_here(const gantry_route *route)
{
    int diverted = (route->dialer.dial != NULL && route->tunnel == NULL) || route->proxy != NULL;

    return !diverted &&
           (!gnt_place_is_remote(route->address.text) || gnt_address_is_loopback(&route->address));
}

void gnt_route_settle(gantry_route *route)
{
    if (route->greeting == NULL)
        return;
    gnt_http_free(route->greeting->http);
    route->greeting->http = NULL;
    route->greeting = NULL;
}

void gnt_route_close(gantry_route *route)
{
    struct gnt_mem mem;

    if (route == NULL)
        return;
    mem = route->host->mem;
    gnt_route_settle(route);
    gnt_tunnel_close(route->tunnel);
    gnt_arena_free(&route->arena);
    gnt_free(&mem, route);
}
