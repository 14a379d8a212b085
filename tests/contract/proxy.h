/*
 * A TCP proxy in the test's own process, to stand between an engine and a registry: it cuts the
 * connections after so many bytes, stops passing anything on, or refuses connections.
 *
 * Any thread may ask a proxy, one may tell it what to do. When a function returns, what it says
 * holds. What the machine cannot give (a socket, a thread) ends the process.
 */
#ifndef CONTRACT_PROXY_H
#define CONTRACT_PROXY_H

#include <stddef.h>
#include <stdint.h>

struct contract_proxy;

/* Which bytes are meant: those that the engine sends, or those that the registry does. */
enum contract_proxy_way {
    PROXY_REQUESTS,
    PROXY_ANSWERS
};

enum contract_proxy_then {
    PROXY_CUT,  /* reset every connection on both sides, and each new one at once */
    PROXY_STALL /* keep all connections and accept new ones, pass nothing on either way */
};

/* A proxy to "host:port" or "unix:///path" that passes everything on. */
struct contract_proxy *contract_proxy_new(const char *upstream);
/* Resets what is open, joins its thread. NULL is nothing. */
void contract_proxy_free(struct contract_proxy *proxy);
/* "127.0.0.1:PORT": what takes the place of the upstream's address. Valid until free. */
const char *contract_proxy_address(const struct contract_proxy *proxy);

/* From now on pass everything on, also what was held back. */
void contract_proxy_pass(struct contract_proxy *proxy);
/* From now on let `bytes` pass one way, of all connections together, then end as told: with 0 at
 * once. Not a byte more passes. */
void contract_proxy_limit(struct contract_proxy *proxy, enum contract_proxy_way way, uint64_t bytes,
                          enum contract_proxy_then then);
/* From now on new connections are refused, as where nobody listens. Those that exist go on. */
void contract_proxy_refuse(struct contract_proxy *proxy);

/* To be called once the limit is reached, in the proxy's thread: to trigger a token, to post a
 * semaphore. It must not call the proxy. */
void contract_proxy_on_limit(struct contract_proxy *proxy, void (*reached)(void *arg), void *arg);
/* The limit that was set last is reached. */
int contract_proxy_reached(struct contract_proxy *proxy);

/* So far: connections accepted, and bytes passed on one way. */
size_t contract_proxy_connections(struct contract_proxy *proxy);
uint64_t contract_proxy_bytes(struct contract_proxy *proxy, enum contract_proxy_way way);

#endif
