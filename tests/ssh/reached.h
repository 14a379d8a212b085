/*
 * What tests of ssh share: the fixture, opening with its configuration, what is left behind.
 */
#ifndef TEST_REACHED_H
#define TEST_REACHED_H

#include <sys/types.h>

#include <gantry/gantry.h>

#include "sshd.h"

/* One for all tests: keys, private directory for what the library makes, environment. */
struct fixture {
    struct sshd_files files;
    char made[80]; /* XDG_RUNTIME_DIR */
    char texts[4][256];
    const char *env[5];
    const char *docker; /* path of the engine's socket */
};

/* Of the group; needs GANTRY_TEST_DOCKER. */
int reached_setup(void **state);
int reached_teardown(void **state);

/* What the library has in its private directory: one folder for each ssh. */
int left_behind(const struct fixture *f);
int open_descriptors(void);
/* Children, also such that have ended and that nobody has waited for. */
int children(void);

/* "ssh://root@127.0.0.1:PORT/PATH", until the next call. */
const char *address_of(const struct fixture *f, const struct sshd *server, const char *path);
/* Open with the fixture's configuration where `ssh` names none. */
int try_open(const struct fixture *f, const char *address, const gantry_ssh *ssh,
             gantry_engine **out, gantry_error *err);
gantry_engine *open_engine(const struct fixture *f, const char *address, const gantry_ssh *ssh);
int list_images(gantry_engine *engine, gantry_error *err);
/* An engine answers. */
void works(gantry_engine *engine);
/* Does not open, and says so in these words. */
void refused(const struct fixture *f, const char *address, const gantry_ssh *ssh, int code,
             const char *words);
struct sshd start(const struct fixture *f, const char *more);
/* The number of the only master, 0 if there is none. */
pid_t master_of(const struct fixture *f);
void wait_until_gone(pid_t pid);

#endif
