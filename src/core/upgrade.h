/*
 * Hijacked connections: an HTTP request that turns its connection into a raw two-way byte stream
 * (attach, exec). Connects and moves bytes through link.h.
 */
#ifndef GNT_UPGRADE_H
#define GNT_UPGRADE_H

#include "head.h"
#include "http.h"

struct gnt_duplex; /* one thread at a time */

/*
 * Connect, send the request with "Connection: Upgrade" and "Upgrade: tcp", read the answer's head.
 * On 101, or 200 without the upgrade, *out is the raw connection; bytes that came with the head are
 * delivered first. Any other status: *out_status is it, *out is a duplex whose reads give the body
 * (bounded by its length, chunks or the connection's end) and that cannot be written to.
 * Blocks at most until the call's limits (default_ms applies to the head only).
 */
int gnt_upgrade_open(struct gnt_http *http, const struct gnt_http_request *request,
                     struct gnt_duplex **out, int *out_status, gantry_error *err);

/* 0 bytes: the peer closed in order. */
int gnt_duplex_read(struct gnt_duplex *d, void *buffer, size_t capacity, int nonblocking,
                    size_t *out_size, gantry_error *err);
/* Writes 1 to size bytes. In blocking mode it returns AGAIN when input waits instead of room for
 * output, so that a caller that feeds and drains one process cannot deadlock: read, then retry. */
int gnt_duplex_write(struct gnt_duplex *d, const void *data, size_t size, int nonblocking,
                     size_t *out_written, gantry_error *err);
int gnt_duplex_close_write(struct gnt_duplex *d, gantry_error *err);
/* Wait for GANTRY_POLL_ bits: 0 when one is there (or the connection ended), CANCELLED, TIMEOUT. */
int gnt_duplex_wait(struct gnt_duplex *d, int events, gantry_error *err);
/* Bytes that wait inside, and taking them, as gnt_exchange_peek. */
const char *gnt_duplex_peek(const struct gnt_duplex *d, size_t *out_size);
void gnt_duplex_skip(struct gnt_duplex *d, size_t size);
int gnt_duplex_timeout_ms(const struct gnt_duplex *d);
int gnt_duplex_fd(const struct gnt_duplex *d, int *out_events);
void gnt_duplex_close(struct gnt_duplex *d);

#endif
