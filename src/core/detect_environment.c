/* The environment of the process, or the one that is given instead. See detect.h. */
#include "detect.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

const char *gnt_environment_get(const struct gnt_environment *env, const char *name)
{
    const char *const *list = env->all;
    size_t size = strlen(name);

    for (; list != NULL && *list != NULL; list++) {
        if (strncmp(*list, name, size) == 0 && (*list)[size] == '=')
            return (*list)[size + 1] != '\0' ? *list + size + 1 : NULL;
    }
    return NULL;
}

void gnt_environment_read(struct gnt_environment *env, const char *const *given)
{
    env->all = given != NULL ? given : (const char *const *)environ;
    env->docker_host = gnt_environment_get(env, "DOCKER_HOST");
    env->container_host = gnt_environment_get(env, "CONTAINER_HOST");
    env->runtime_dir = gnt_environment_get(env, "XDG_RUNTIME_DIR");
    env->home = gnt_environment_get(env, "HOME");
    env->path = gnt_environment_get(env, "PATH");
    env->tmpdir = gnt_environment_get(env, "TMPDIR");
    env->config_home = gnt_environment_get(env, "XDG_CONFIG_HOME");
    env->docker_config = gnt_environment_get(env, "DOCKER_CONFIG");
    env->docker_auth_config = gnt_environment_get(env, "DOCKER_AUTH_CONFIG");
    env->registry_auth_file = gnt_environment_get(env, "REGISTRY_AUTH_FILE");
}

int gnt_environment_copy(struct gnt_arena *arena, struct gnt_environment *env,
                         const char *const *given)
{
    const char *const *list = given != NULL ? given : (const char *const *)environ;
    const char **copy;
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    copy = gnt_arena_alloc(arena, (count + 1) * sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = gnt_arena_strdup(arena, list[i]);
        if (copy[i] == NULL)
            return GANTRY_E_NOMEM;
    }
    if (copy == NULL)
        return GANTRY_E_NOMEM;
    gnt_environment_read(env, copy);
    return 0;
}
