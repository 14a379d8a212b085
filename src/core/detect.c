/* See detect.h. */
#include "detect.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

extern char **environ;

static const char *lookup(const char *const *list, const char *name)
{
    size_t size = strlen(name);

    for (; list != NULL && *list != NULL; list++) {
        if (strncmp(*list, name, size) == 0 && (*list)[size] == '=')
            return (*list)[size + 1] != '\0' ? *list + size + 1 : NULL;
    }
    return NULL;
}

void gnt_environment_read(struct gnt_environment *env, const char *const *given)
{
    const char *const *all = given != NULL ? given : (const char *const *)environ;

    env->docker_host = lookup(all, "DOCKER_HOST");
    env->container_host = lookup(all, "CONTAINER_HOST");
    env->runtime_dir = lookup(all, "XDG_RUNTIME_DIR");
    env->home = lookup(all, "HOME");
    env->path = lookup(all, "PATH");
    env->tmpdir = lookup(all, "TMPDIR");
    env->config_home = lookup(all, "XDG_CONFIG_HOME");
    env->docker_config = lookup(all, "DOCKER_CONFIG");
    env->docker_auth_config = lookup(all, "DOCKER_AUTH_CONFIG");
    env->registry_auth_file = lookup(all, "REGISTRY_AUTH_FILE");
    env->all = all;
}

struct finder {
    struct gnt_arena *arena;
    struct gnt_places *out;
    int failed;
};

static void add(struct finder *f, const char *source, const char *address)
{
    if (address == NULL)
        f->failed = 1;
    else if (f->out->count < GNT_PLACES_MAX)
        f->out->items[f->out->count++] = (struct gnt_place){ .source = source, .address = address };
}

static void add_under(struct finder *f, const char *source, const char *directory, const char *rest)
{
    if (directory != NULL && directory[0] == '/')
        add(f, source, gnt_arena_printf(f->arena, "unix://%s%s", directory, rest));
}

static void add_well_known(struct finder *f, const struct gnt_environment *env)
{
    const char *runtime_dir = env->runtime_dir;

    if (runtime_dir == NULL) {
        runtime_dir = gnt_arena_printf(f->arena, "/run/user/%lu", (unsigned long)getuid());
        f->failed |= runtime_dir == NULL;
    }
    add_under(f, "rootless Podman socket", runtime_dir, "/podman/podman.sock");
    add_under(f, "rootless Docker socket", runtime_dir, "/docker.sock");
    add_under(f, "Docker Desktop socket", env->home, "/.docker/run/docker.sock");
    add_under(f, "Docker Desktop socket", env->home, "/.docker/desktop/docker.sock");
    add(f, "system Podman socket", "unix:///run/podman/podman.sock");
    add(f, "system Docker socket", "unix:///var/run/docker.sock");
}

int gnt_places_find(struct gnt_arena *arena, int runtime, const char *address,
                    const struct gnt_environment *env, struct gnt_places *out, gantry_error *err)
{
    struct finder f = { .arena = arena, .out = out };

    memset(out, 0, sizeof *out);
    if (address != NULL)
        add(&f, "options", address);
    if (address == NULL && runtime != GANTRY_RUNTIME_PODMAN && env->docker_host != NULL)
        add(&f, "DOCKER_HOST", env->docker_host);
    if (address == NULL && runtime != GANTRY_RUNTIME_DOCKER && env->container_host != NULL)
        add(&f, "CONTAINER_HOST", env->container_host);
    out->exclusive = out->count > 0;
    if (!out->exclusive)
        add_well_known(&f, env);
    return f.failed ? gnt_nomem(err) : 0;
}
