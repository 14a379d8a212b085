/*
 * One run of a credential helper or another short command: input in, output and complaints out,
 * ended at its limits.
 */
#ifndef GNT_HELPER_RUN_H
#define GNT_HELPER_RUN_H

#include "host.h"

struct gnt_helper_run {
    const struct gnt_mem *mem;
    const char *program; /* path */
    const char *name;    /* for messages: "docker-credential-pass" */
    const char *verb;
    const char *const *argv; /* all of it, instead of the two; or NULL */
    const char *const *environment;
    const void *input;
    size_t input_size;
    const gantry_call *call;
    int64_t timeout_ms;
    struct gnt_buf output; /* wiped; initialised and freed by the caller */
    char complaint[512];   /* the beginning of what it wrote to its standard error */
    int status;            /* exit code; 128 + signal; -1: somebody else collected it */
};

/* 0 once it has ended, well or not; CANCELLED, TIMEOUT, LIMIT, IO: it was killed. */
int gnt_helper_run(struct gnt_helper_run *run, gantry_error *err);

#endif
