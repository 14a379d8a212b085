/*
 * One line for `sh`, in single quotes, so that csh and fish pass it on as it is: no single quote,
 * backslash or exclamation mark in it. Answers are lines with a mark, behind a line's end, since a
 * login may print anything before.
 */
#include "tunnel_remote.h"

#include <gantry/base.h>

#include <string.h>

#define MARK "@gantry:"

/* $1 is the path, $2 the engine. */
#define HEAD                                                                                       \
    "PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:/snap/bin:/usr/bin:/bin;"                         \
    " r=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; n=0;"                                              \
    " look() { if [ -S \"$1\" ]; then n=1; if [ -w \"$1\" ]; then echo \"" MARK                    \
    "open:$1\"; else echo \"" MARK "locked:$1\"; fi; fi; };"                                       \
    " uri() { case $1 in unix://*) look \"${1#unix://}\";; esac; };"                               \
    " have() { command -v \"$1\" >/dev/null 2>&1; };"                                              \
    " echo; echo \"" MARK "start\";"                                                               \
    " if [ -n \"$1\" ]; then look \"$1\"; [ $n = 1 ] || echo \"" MARK "missing:$1\"; else "

#define TAIL                                                                                       \
    " fi; for p in docker podman; do if have $p; then echo \"" MARK "program:$p\"; fi; done;"      \
    " echo \"" MARK "end\""

/* Where each engine's own command line would go, then where it usually is. */
#define LOOK_DOCKER                                                                                \
    " uri \"$DOCKER_HOST\";"                                                                       \
    " if have docker; then uri \"$(docker context inspect --format "                               \
    "\"{{.Endpoints.docker.Host}}\" 2>/dev/null </dev/null)\"; fi;"                                \
    " look /var/run/docker.sock; look \"$r/docker.sock\";"                                         \
    " for f in .docker/run .docker/desktop .orbstack/run .colima/default .rd;"                     \
    " do look \"$HOME/$f/docker.sock\"; done;"
#define LOOK_PODMAN                                                                                \
    " uri \"$CONTAINER_HOST\"; n=0; look \"$r/podman/podman.sock\";"                               \
    " look /run/podman/podman.sock;"                                                               \
    " if [ $n = 0 ] && have podman; then p=$(podman info --format "                                \
    "\"{{.Host.RemoteSocket.Path}}\" 2>/dev/null </dev/null); look \"${p#unix://}\"; fi;"

static const struct kind {
    const char *name;
    const char *look;
} kinds[] = {
    { "docker", LOOK_DOCKER },
    { "podman", LOOK_PODMAN },
};

const char *gnt_remote_look(struct gnt_arena *arena, const char *engine, const char *path)
{
    const char *look = LOOK_DOCKER LOOK_PODMAN;

    for (size_t i = 0; engine != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(engine, kinds[i].name) == 0)
            look = kinds[i].look;
    }
    return gnt_arena_printf(arena, "exec sh -c '%s%s%s' sh \"%s\"", HEAD, look, TAIL, path);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* It goes to ssh's -L, as that of an address does. */
static int is_harmless(const char *path, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+@,=";

    return size > 0 && size < 108 && path[0] == '/' && strspn(path, plain) >= size;
}

static int take_socket(struct gnt_arena *arena, const char *path, size_t size, int state,
                       struct gnt_remote *out)
{
    struct gnt_remote_socket *s = &out->sockets[out->count];

    if (!is_harmless(path, size) || out->count == GNT_REMOTE_SOCKETS)
        return 0;
    for (size_t i = 0; i < out->count; i++) {
        if (strlen(out->sockets[i].path) == size && memcmp(out->sockets[i].path, path, size) == 0)
            return 0;
    }
    s->path = gnt_arena_strndup(arena, path, size);
    s->state = state;
    out->count += s->path != NULL;
    return s->path != NULL ? 0 : GANTRY_E_NOMEM;
}

static int take_line(struct gnt_arena *arena, const char *line, size_t size, struct gnt_remote *out)
{
    static const char *const states[] = { "open:", "locked:", "missing:" };

    for (int i = 0; i < 3; i++) {
        size_t word = strlen(states[i]);

        if (size > word && strncmp(line, states[i], word) == 0)
            return take_socket(arena, line + word, size - word, i, out);
    }
    if (size > 8 && strncmp(line, "program:", 8) == 0 && out->program == NULL) {
        out->program = gnt_arena_strndup(arena, line + 8, size - 8);
        return out->program != NULL ? 0 : GANTRY_E_NOMEM;
    }
    out->whole |= size == 3 && strncmp(line, "end", 3) == 0;
    return 0;
}

int gnt_remote_parse(struct gnt_arena *arena, const char *answer, struct gnt_remote *out)
{
    int rc = 0;

    memset(out, 0, sizeof *out);
    while (rc == 0 && *answer != '\0') {
        size_t size = strcspn(answer, "\r\n");

        if (size > strlen(MARK) && strncmp(answer, MARK, strlen(MARK)) == 0)
            rc = take_line(arena, answer + strlen(MARK), size - strlen(MARK), out);
        answer += size;
        answer += *answer != '\0';
    }
    return rc;
}

/* ---- a carrier of bytes ---------------------------------------------------------------------- */

const char *gnt_remote_dial(struct gnt_arena *arena, const char *program, const char *path)
{
    static const char script[] =
        "PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:/snap/bin:/usr/bin:/bin; s=$1; shift;"
        " for p do if command -v \"$p\" >/dev/null 2>&1; then echo; echo \"" GNT_REMOTE_BEGINS
        "\"; case ${p##*/} in *podman*) exec \"$p\" ${s:+--url \"unix://$s\"} system dial-stdio;;"
        " *) exec \"$p\" ${s:+--host \"unix://$s\"} system dial-stdio;; esac; fi; done;"
        " echo; echo \"" GNT_REMOTE_NOTHING "\"";
    /* Either takes any engine's socket; without one each finds its own. */
    const char *programs = strstr(path, "podman") != NULL ? "podman docker" : "docker podman";

    return gnt_arena_printf(arena, "exec sh -c '%s' sh \"%s\" %s", script, path,
                            program != NULL ? program : programs);
}
