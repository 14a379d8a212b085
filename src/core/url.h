/*
 * Paths and queries. Every path that goes to an engine is made here: segments are percent-encoded
 * and ".", "..", "" refused, so that no name can leave its place.
 */
#ifndef GNT_URL_H
#define GNT_URL_H

#include "mem.h"

#include <stdarg.h>

/* Value of a hexadecimal digit, or -1. */
int gnt_hex_digit(int c);
/* The byte that the "%2F" at text stands for, or -1. */
int gnt_url_byte(const char *text, size_t size);
/* Percent-encode all but A-Z a-z 0-9 - _ . ~ */
int gnt_url_encode(struct gnt_buf *out, const char *text, size_t size);

/*
 * Append a path made from a template: literal text, "%s" = one segment, "%r" = an image reference
 * (its '/' kept, each component encoded as a segment). Engines decode "%2F" before they route, so
 * no part between slashes of a segment may be "", "." or ".." either. INVALID names the offending
 * value; out is then as before.
 *     gnt_url_path(&buf, err, "/containers/%s/start", id)
 */
int gnt_url_path(struct gnt_buf *out, gantry_error *err, const char *template_text, ...);
int gnt_url_vpath(struct gnt_buf *out, gantry_error *err, const char *template_text, va_list args);

/* Append "?name=value" or "&name=value" (by whether out holds a '?'), encoded; a NULL value is left
 * out. Returns out's rc. */
int gnt_url_query(struct gnt_buf *out, const char *name, const char *value);

/* A path that stands before others, as "/engines/one": encoded, no part of it "", "." or "..", no
 * query; slashes at its end are left out, "/" becomes "". INVALID names `what`. */
int gnt_url_base_path(struct gnt_arena *arena, const char *what, const char *text, const char **out,
                      gantry_error *err);

/* A parsed engine address. Texts live in the arena. */
struct gnt_address {
    const char *text;   /* normalised: "unix:///p", "tcp://h:1" */
    const char *scheme; /* lower case */
    const char *user;   /* ssh: decoded; "" if none */
    const char *host;   /* "" for unix; without [] for IPv6 */
    const char *path;   /* unix: socket path; tcp, http, https: what stands before every target, ""
                           or "/a/b"; others: what follows the host, "" if none */
    int port;           /* tcp: 2375 if not given, http: 80, https: 443; else 0 if not given */
    int default_port;   /* it was not given */
};

/*
 * "unix:///path", "unix://path" (repaired), "/path" (as unix), "tcp://host[:port][/base]",
 * "http://" and "https://" likewise, "ssh://[user@]host[:port][/path]" (see address_ssh.h),
 * "scheme://rest". INVALID: empty, no scheme, control characters or spaces, a user, query or
 * fragment in those with a base path, a base path that gnt_url_base_path refuses, a host or user
 * that begins with '-', a port out of range, a socket path longer than sockaddr_un takes. A user of
 * other schemes is only in the text.
 */
int gnt_address_parse(struct gnt_arena *arena, const char *text, struct gnt_address *out,
                      gantry_error *err);
/* tcp:// that was given without a port and gets TLS: 2376. NOMEM. */
int gnt_address_secure(struct gnt_arena *arena, struct gnt_address *address, gantry_error *err);
/* tcp, http or https. */
int gnt_address_is_network(const struct gnt_address *address);
/* What people may see of an address: a password before a '@' is no part of it. The text itself, or
 * in the arena; NULL: no memory. */
const char *gnt_address_show(struct gnt_arena *arena, const char *text);
/* 1 if what is sent there stays on this machine: unix, "localhost", 127.0.0.0/8, ::1. */
int gnt_address_is_loopback(const struct gnt_address *address);

#endif
