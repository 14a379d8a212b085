/*
 * Checks of what a container is to be, made without an engine (spec_check.c, spec_check_host.c).
 * All of them take imported, full-size structs and return 0 or INVALID, naming the member.
 */
#ifndef GNT_SPEC_CHECK_H
#define GNT_SPEC_CHECK_H

#include <gantry/spec.h>

#include "mem.h"

/* ---- parts of a container (spec_check_parts.c, spec_check_host.c) ---------------------------- */

int gnt_mount_check(const gantry_mount *m, gantry_error *err);
int gnt_port_check(const gantry_port *p, gantry_error *err);
int gnt_attachment_check(const gantry_attachment *a, gantry_error *err);
int gnt_device_check(const gantry_device *d, gantry_error *err);
int gnt_secret_mount_check(const gantry_secret_mount *s, gantry_error *err);
int gnt_health_check(const gantry_health *h, gantry_error *err);
int gnt_resources_check(const gantry_resources *r, gantry_error *err);
int gnt_block_limit_check(const gantry_block_limit *b, gantry_error *err);
int gnt_ulimit_check(const gantry_ulimit *limit, gantry_error *err);
/* The arena is for looking into an inline profile. */
int gnt_security_check(struct gnt_arena *arena, const gantry_security *s, gantry_error *err);

/* ---- single values, shared with builds ------------------------------------------------------- */

int gnt_check_switch(const char *argument, int value, gantry_error *err);
int gnt_check_word(const char *argument, int value, int most, const char *family,
                   gantry_error *err);
/* "linux/arm64/v8": engines read a ',' as the beginning of another one. */
int gnt_check_platform(const char *argument, const char *text, gantry_error *err);
/* "name:address". NULL list is fine, as below. */
int gnt_check_hosts(const char *const *hosts, gantry_error *err);
/* "0-2,4"; NULL is fine. */
int gnt_check_cpuset(const char *argument, const char *text, gantry_error *err);
/* Each one is not empty and has no control characters. */
int gnt_check_texts(const char *argument, const char *const *list, gantry_error *err);
/* "0" ... "65535" of `size` bytes; 0 if it is none. */
int gnt_port_number(const char *text, size_t size);
/* IPv4, IPv6, or either: family 4, 6, 0. */
int gnt_check_address(const char *argument, const char *text, int family, gantry_error *err);
/* "02:42:ac:11:00:02" */
int gnt_check_mac(const char *argument, const char *text, gantry_error *err);

/* ---- the whole (spec_check.c) ---------------------------------------------------------------- */

int gnt_spec_check(const gantry_container_options *o, gantry_error *err);

#endif
