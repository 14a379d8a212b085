/* Between server.c, which has the process and its events, and serve.c, the connections. */
#ifndef FAULTS_SERVE_H
#define FAULTS_SERVE_H

#include "server.h"

struct connection;

/* Owns the descriptor, which is non-blocking. */
struct connection *connection_new(int fd, server_fn fn, void *arg);
/* EPOLL... bits came. Frees the connection when it is over. */
void connection_serve(struct connection *c, uint32_t events);

#endif
