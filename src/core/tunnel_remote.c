/*
 * One line for `sh`, in single quotes, so that csh and fish pass it on as it is: no single quote,
 * backslash or exclamation mark in it, which the backends' texts were checked for. Answers are
 * lines with a mark, behind a line's end, since a login may print anything before.
 */
#include "tunnel_remote.h"

#include "engine.h"

#include <string.h>

#define MARK "@gantry:"

#define HAVE                                                                                       \
    "PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:/snap/bin:/usr/bin:/bin;"                         \
    " have() { command -v \"$1\" >/dev/null 2>&1; };"

/* ---- looking --------------------------------------------------------------------------------- */

/* $1 is the path. What a backend's text may use is part of backend.h. */
#define LOOK_HEAD                                                                                  \
    HAVE " r=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; n=0;"                                         \
         " look() { if [ -S \"$1\" ]; then n=1; if [ -w \"$1\" ]; then echo \"" MARK               \
         "open:$1\"; else echo \"" MARK "locked:$1\"; fi; fi; };"                                  \
         " uri() { case $1 in unix://*) look \"${1#unix://}\";; esac; };"                          \
         " echo; echo \"" MARK "start\";"                                                          \
         " if [ -n \"$1\" ]; then look \"$1\"; [ $n = 1 ] || echo \"" MARK "missing:$1\"; else :;"

/* The texts of all backends in their order, or one's. Each in a shell of its own: what it sets, or
 * that it ends, is nothing to the next. "" if there is none, NULL if memory ended. */
static const char *looks(struct gnt_arena *arena, const char *only)
{
    const char *text = "";

    for (const struct gnt_backend *b = gnt_backend_next(NULL); b != NULL; b = gnt_backend_next(b)) {
        if (text != NULL && b->ssh.look != NULL &&
            (only == NULL || strcmp(only, b->facts.name) == 0))
            text = gnt_arena_printf(arena, "%s (%s);", text, b->ssh.look);
    }
    return text;
}

static const char *programs(struct gnt_arena *arena)
{
    const char *text = "";

    for (const struct gnt_backend *b = gnt_backend_next(NULL); b != NULL; b = gnt_backend_next(b)) {
        if (text != NULL && b->ssh.program != NULL)
            text = gnt_arena_printf(arena, "%s %s", text, b->ssh.program);
    }
    return text;
}

const char *gnt_remote_look(struct gnt_arena *arena, const char *engine, const char *path)
{
    const char *there = programs(arena);
    const char *look = engine != NULL ? looks(arena, engine) : "";

    if (look != NULL && look[0] == '\0')
        look = looks(arena, NULL);
    if (look == NULL || there == NULL)
        return NULL;
    return gnt_arena_printf(arena,
                            "exec sh -c '" LOOK_HEAD "%s fi; for p in%s; do if have $p; then echo "
                            "\"" MARK "program:$p\"; fi; done; echo \"" MARK "end\"' sh \"%s\"",
                            look, there, path);
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

/* What becomes the carrier if it is there. */
static const char *attempt(struct gnt_arena *arena, const char *before, const char *program,
                           const char *dial)
{
    if (before == NULL)
        return NULL;
    return gnt_arena_printf(
        arena, "%s if have %s; then echo; echo \"" GNT_REMOTE_BEGINS "\"; exec %s %s; fi;", before,
        program, program, dial);
}

/* As programs with a sub-command for this usually are called. */
static const char *dial_of(const struct gnt_backend *b)
{
    return b->ssh.dial != NULL ? b->ssh.dial : GNT_REMOTE_DIAL;
}

/* Of a program that was named: as the backend calls it whose program has this name, or one that is
 * part of it ("podman-remote"). */
static const char *attempt_named(struct gnt_arena *arena, const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash != NULL ? slash + 1 : program;
    const char *text = attempt(arena, "", program, GNT_REMOTE_DIAL);
    size_t best = 0;

    for (const struct gnt_backend *b = gnt_backend_next(NULL); b != NULL; b = gnt_backend_next(b)) {
        size_t size = b->ssh.program != NULL ? strlen(b->ssh.program) : 0;

        if (size > best && strstr(name, b->ssh.program) != NULL) {
            best = size; /* the name itself is the longest part */
            text = attempt(arena, "", program, dial_of(b));
        }
    }
    return text;
}

/* Each takes any engine's socket, and without one finds its own. So the likeliest come first: whose
 * name is part of the path, then that of the engine which is looked for. */
static const char *attempt_all(struct gnt_arena *arena, const char *engine, const char *path)
{
    const char *text = "";

    for (int rank = 3; rank >= 0; rank--) {
        for (const struct gnt_backend *b = gnt_backend_next(NULL); b != NULL;
             b = gnt_backend_next(b)) {
            int its;

            if (b->ssh.program == NULL)
                continue;
            its = 2 * (strstr(path, b->ssh.program) != NULL);
            its += engine != NULL && strcmp(engine, b->facts.name) == 0;
            if (its == rank)
                text = attempt(arena, text, b->ssh.program, dial_of(b));
        }
    }
    return text;
}

const char *gnt_remote_dial(struct gnt_arena *arena, const char *program, const char *engine,
                            const char *path)
{
    const char *attempts =
        program != NULL ? attempt_named(arena, program) : attempt_all(arena, engine, path);

    if (attempts == NULL)
        return NULL;
    return gnt_arena_printf(
        arena, "exec sh -c '" HAVE " s=$1;%s echo; echo \"" GNT_REMOTE_NOTHING "\"' sh \"%s\"",
        attempts, path);
}
