/*
 * How connections get to one engine: what an address, the options of opening and the place where
 * the address was found come to. Made before an engine is asked anything, kept until its last
 * connection is gone; unchanging but for the greeting, which ends when the engine is opened, and
 * what a tunnel does inside. Threads may share it.
 */
#ifndef GNT_ROUTE_H
#define GNT_ROUTE_H

#include <gantry/backend.h>

#include "detect.h"
#include "host.h"
#include "url.h"

struct gnt_tunnel; /* tunnel.h */
struct gnt_http;   /* http.h */

/* What those who ask an engine first leave to those who ask next, one at a time: they open it. */
struct gnt_greeting {
    struct gnt_http *http; /* its connections are idle; or NULL */
    char name[32];         /* of a header that was heard, which says something to others */
    char value[64];
};

struct gantry_route {
    struct gantry_host *host;
    struct gnt_arena arena; /* of all texts; wiped */
    struct gnt_address address;
    const char *given;          /* the address as it was given */
    const char *api_version;    /* that the program or the place insists on, or NULL */
    int docker_version;         /* it is DOCKER_API_VERSION: says nothing to others */
    const char *base_path;      /* "" or "/a/b": before every target */
    const char *const *headers; /* of every request, or NULL */
    const gantry_tls *tls;      /* full-size copy, or NULL: plain */
    const char *proxy;          /* "http://host:3128" or "socks5h://host:1080", or NULL */
    const char *proxy_user;
    const char *proxy_password;    /* both or none */
    gantry_dialer dialer;          /* dial is NULL: none */
    struct gnt_tunnel *tunnel;     /* ssh, or NULL */
    struct gnt_greeting *greeting; /* NULL: nothing is left to anybody */
};

/*
 * INVALID: an address, option or pair of them that makes no sense, or plain tcp to another host
 * that was not allowed. An ssh connection is made here (UNAVAILABLE and the like). `host`, and what
 * an option says must stay, must stay.
 */
int gnt_route_open(struct gantry_host *host, const struct gnt_environment *env,
                   const gantry_engine_options *opts, const struct gnt_place *place,
                   const gantry_call *call, gantry_route **out, gantry_error *err);
/* The engine is open: what was left and nobody took goes. */
void gnt_route_settle(gantry_route *route);
/* NULL is fine. In a forked child nothing of the parent's is ended. */
void gnt_route_close(gantry_route *route);

/* A connection by the route's dialer, which has to be there: checked, non-blocking. `call` is not
 * NULL. What the dialer failed with, or CALLBACK. */
int gnt_route_dial(const gantry_route *route, const gantry_call *call, int *out_fd,
                   gantry_error *err);

/* Parts of gnt_route_open. Reads what the options or the place name: only PEM texts stay, and the
 * certificates apart from the key. Gives tcp:// its port with TLS. */
int gnt_route_fill_tls(gantry_route *route, const gantry_engine_options *opts,
                       const struct gnt_place *place, gantry_error *err);
/* Completes route->base_path, which holds the address's own. */
int gnt_route_fill_http(gantry_route *route, const gantry_engine_options *opts,
                        const struct gnt_place *place, gantry_error *err);
/* Needs route->tls, the address and the dialer. */
int gnt_route_fill_proxy(gantry_route *route, const struct gnt_environment *env,
                         const gantry_engine_options *opts, const struct gnt_place *place,
                         gantry_error *err);

/* Whether the engine is on this machine, as far as its address tells: what it calls loopback is our
 * own. Never so where a dialer or a proxy decides where connections lead. */
int gnt_route_is_here(const gantry_route *route);

/* Whether the version that is insisted on was meant for Docker alone. NULL: it was not. */
int gnt_route_is_docker_version(const gantry_route *route);

#endif
