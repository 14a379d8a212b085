/*
 * Podman on demand: see supervised.h for how it lives and ends.
 *
 * The listening socket is made here and passed as descriptor 3 (LISTEN_FDS), so that a client can
 * connect before the service is up, and no polling is needed.
 */
#include "service.h"

#include "process.h"
#include "supervised.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct gnt_service {
    struct gantry_host *host;
    struct gnt_supervised program;
    char address[GNT_SUPERVISED_DIRECTORY + 32];
};

/* LISTEN_PID must be the service's own pid. */
static const char starter[] =
    "LISTEN_PID=$$; LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; exec \"$@\"";

static int listen_on(const struct gnt_service *s, int *out_fd, gantry_error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "socket");
    snprintf(name.sun_path, sizeof name.sun_path, "%s", s->address + strlen("unix://"));
    if (gnt_away_from(&fd, GNT_SUPERVISED_FDS) < 0) {
        int saved = errno;

        close(fd);
        return gnt_fail_errno(err, GANTRY_E_IO, saved, "fcntl");
    }
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) < 0 || listen(fd, 128) < 0) {
        int saved = errno;

        close(fd);
        return gnt_fail_errno(err, GANTRY_E_IO, saved, "%s", name.sun_path);
    }
    *out_fd = fd;
    return 0;
}

static int start(struct gnt_service *s, const char *program, const struct gnt_environment *env,
                 gantry_error *err)
{
    /* No address: with one, podman would make a socket of its own in place of the inherited one. */
    const char *const command[] = { "/bin/sh", "-c",      starter,    "sh", program,
                                    "system",  "service", "--time=0", NULL };
    int listener = -1;
    int rc = gnt_supervised_directory(&s->program, env, "Podman's socket", err);

    if (rc == 0) {
        snprintf(s->address, sizeof s->address, "unix://%s/podman.sock", s->program.directory);
        rc = listen_on(s, &listener, err);
    }
    if (rc == 0)
        rc = gnt_supervised_start(&s->program, "gantry-podman", command, env->all, -1, listener,
                                  err);
    /* Only the service listens: when it dies, connecting fails at once instead of waiting. */
    if (listener >= 0)
        close(listener);
    return rc;
}

int gnt_service_start(struct gantry_host *host, const struct gnt_environment *env,
                      const char *program, struct gnt_service **out, const char **out_address,
                      gantry_error *err)
{
    char path[PATH_MAX];
    struct gnt_service *s;
    int rc;

    if (program == NULL)
        program = "podman";
    if (!gnt_find_program(program, env->path, path, sizeof path))
        return gnt_fail(err, GANTRY_E_NOT_FOUND, "there is no program %s", program);
    s = gnt_alloc(&host->mem, sizeof *s);
    if (s == NULL)
        return gnt_nomem(err);
    s->host = host;
    gnt_supervised_init(&s->program);
    rc = start(s, path, env, err);
    if (rc < 0) {
        gnt_service_stop(s);
        return rc;
    }
    gnt_log(host, GANTRY_LOG_INFO, "service", "started %s as process %ld on %s", path,
            (long)s->program.pid, s->address);
    *out = s;
    *out_address = s->address;
    return 0;
}

void gnt_service_words(const struct gnt_service *service, char *out, size_t size)
{
    char words[2048];

    gnt_supervised_words(&service->program, 0, words, sizeof words);
    gnt_text_copy(out, size, words, strlen(words), 0, 1);
}

void gnt_service_forget(struct gnt_service *service)
{
    struct gantry_host *host;

    if (service == NULL)
        return;
    host = service->host;
    gnt_supervised_forget(&service->program);
    gnt_free(&host->mem, service);
}

void gnt_service_stop(struct gnt_service *service)
{
    struct gantry_host *host;

    if (service == NULL)
        return;
    host = service->host;
    gnt_supervised_stop(&service->program);
    gnt_free(&host->mem, service);
}
