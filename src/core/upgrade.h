/*
 * Hijacked connections: an HTTP request that turns its connection into a raw two-way byte stream
 * (attach, exec). With http.c the only file that includes curl (CONNECT_ONLY).
 */
#ifndef GNT_UPGRADE_H
#define GNT_UPGRADE_H

#include "http.h"

struct gnt_duplex; /* one thread at a time */

/*
 * Connect, send the request with "Connection: Upgrade" and "Upgrade: tcp", read the answer's head
 * (own bounded HTTP/1.1 parser). On 101, or 200 without the upgrade, *out is the raw connection;
 * bytes that came with the head are delivered first. Any other status: *out_status is it, *out is
 * a duplex whose reads give the error body (bounded by its length, chunks or the connection's end).
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
int gnt_duplex_fd(const struct gnt_duplex *d, int *out_events);
void gnt_duplex_close(struct gnt_duplex *d);

/* Pure parser of an answer's head, fuzzed: feeds bytes, tells when the blank line was seen. */
struct gnt_head {
    int status;
    int done;
    int64_t length;      /* Content-Length, -1 if none */
    int chunked;
    size_t line_count;
    size_t total;        /* bytes so far */
    char line[8192];
    size_t line_size;
};
void gnt_head_init(struct gnt_head *head);
/* Consumes up to and including the blank line; *used says how much. PROTOCOL, LIMIT. */
int gnt_head_feed(struct gnt_head *head, const char *data, size_t size, size_t limit, size_t *used,
                  gantry_error *err);

#endif
