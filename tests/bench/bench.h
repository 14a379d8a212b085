/* The parts of the benchmark: a canned engine, a plain libcurl client, the library. */
#ifndef GANTRY_BENCH_H
#define GANTRY_BENCH_H

#include <stddef.h>

enum {
    LOG_MIB = 100,
    LOG_FRAME = 4096,
    CONTEXT_MIB = 512,
    MANY_LOGS = 500
};

/* Serves canned Docker answers on a unix socket until killed; never returns. */
void serve(int listener);

/* Plain libcurl on the same requests, the way a careful program without the library would. */
struct floor_client;
struct floor_client *floor_open(const char *socket_path);
int floor_ping(struct floor_client *c);
int floor_inspect(struct floor_client *c);
int floor_list(struct floor_client *c);
int floor_log(struct floor_client *c);
int floor_upload(struct floor_client *c);
void floor_close(struct floor_client *c);

#endif
