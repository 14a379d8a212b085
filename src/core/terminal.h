/*
 * The caller's terminal: raw mode that is always taken back, its size, and the keys that leave.
 * Knows nothing of streams and engines.
 */
#ifndef GNT_TERMINAL_H
#define GNT_TERMINAL_H

#include <gantry/base.h>

#include <termios.h>

/* A terminal that was put in raw mode. { .fd = -1 } before. */
struct gnt_terminal {
    struct termios before;
    int fd;      /* -1: nothing to restore */
    int guarded; /* signals restore it too */
};

int gnt_terminal_is(int fd);
/* Put it in raw mode. With `guard`, SIGHUP, SIGINT, SIGQUIT and SIGTERM restore it where they have
 * their default action; there is one guard per process, whoever comes second has none. */
int gnt_terminal_raw(struct gnt_terminal *t, int fd, int guard, gantry_error *err);
/* Take it back; nothing to do without raw mode. */
void gnt_terminal_restore(struct gnt_terminal *t);
/* 1 if the descriptor is a terminal whose size is known, else 0. */
int gnt_terminal_size(int fd, int *out_columns, int *out_rows);

/* ---- keys that leave (detach_keys.c) ------------------------------------------------------- */

enum {
    GNT_DETACH_KEYS_MAX = 16
};

struct gnt_detach {
    unsigned char keys[GNT_DETACH_KEYS_MAX];
    size_t count; /* 0: none */
    size_t held;  /* so many of them were typed and not passed on */
};

/* "ctrl-p,ctrl-q", "ctrl-a,d", "DEL"; "" is none. INVALID names `option`. */
int gnt_detach_parse(struct gnt_detach *d, const char *keys, const char *option, gantry_error *err);
/*
 * What of the typed bytes is to be passed on: at most size + GNT_DETACH_KEYS_MAX bytes into out. A
 * begun sequence is held until the next key finishes or breaks it. Returns 1 when it is complete:
 * what follows is not looked at.
 */
int gnt_detach_feed(struct gnt_detach *d, const unsigned char *typed, size_t size,
                    unsigned char *out, size_t *out_size);
/* No more will be typed: what was held. */
size_t gnt_detach_rest(struct gnt_detach *d, unsigned char out[GNT_DETACH_KEYS_MAX]);

#endif
