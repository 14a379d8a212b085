/*
 * A real sshd for tests: own configuration, host key, authorized key and port, on 127.0.0.1. Runs
 * where the test engines are (tests/engines/enter), as root.
 */
#ifndef TEST_SSHD_H
#define TEST_SSHD_H

#include <sys/types.h>

struct sshd_files {
    char dir[64];
    char config[96];      /* of ssh: nothing but the key and the known hosts */
    char bare_config[96]; /* without the key */
    char key[96];         /* that sshd accepts */
    char other_key[96];   /* that it does not */
    char locked_key[96];  /* accepted, with the passphrase "open sesame" */
    char known_hosts[96]; /* every server's key for 127.0.0.1 */
    char askpass[96];     /* says the passphrase; notes that it was asked in "asked" */
};

struct sshd {
    pid_t pid;
    int port;
};

/* 0, or -1: there is no sshd, or no right to start one. */
int sshd_files_make(struct sshd_files *files);
void sshd_files_remove(const struct sshd_files *files);
/* Start a server with more lines of configuration; it accepts when this returns. 0 or -1. */
int sshd_start(struct sshd *server, const struct sshd_files *files, const char *more);
/* End it and its sessions. */
void sshd_stop(struct sshd *server);
/* Kill the server's processes for its connections: their number. */
int sshd_kill_sessions(const struct sshd *server);

#endif
