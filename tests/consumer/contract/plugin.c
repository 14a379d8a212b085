/*
 * plugin FILE: a backend that comes as a plugin, and goes again.
 */
#include <gantry/gantry.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s: %s\n", #condition, err.message);                                  \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

int main(int argc, char **argv)
{
    const gantry_engine_options opts = { .size = sizeof opts, .address = "boxes://" };
    gantry_candidate_list *found = NULL;
    gantry_volume *volume = NULL;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int (*add)(gantry_error *);
    void *symbol;
    void *plugin;

    plugin = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (plugin == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    symbol = dlsym(plugin, "memory_backend_register");
    memcpy(&add, &symbol, sizeof add);
    CHECK(add != NULL && add(&err) == 0);
    CHECK(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) == 0);
    CHECK(gantry_volumes_create(gantry_engine_volumes(engine), "v", NULL, &volume, &err) == 0);
    CHECK(gantry_detect(GANTRY_RUNTIME_AUTO, &opts, &found, &err) == 0);
    CHECK(gantry_backend_unregister("boxes", &err) == GANTRY_E_IN_USE);
    gantry_engine_close(engine);
    CHECK(gantry_backend_unregister("boxes", &err) == 0);
    CHECK(dlclose(plugin) == 0 && dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL);
    /* Results stay, the backend is gone. */
    CHECK(strcmp(volume->name, "v") == 0 && volume->driver[0] != '\0');
    CHECK(strcmp(found->items[0]->backend, "boxes") == 0);
    gantry_volume_free(volume);
    gantry_candidate_list_free(found);
    CHECK(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) == GANTRY_E_INVALID);
    puts("unloaded");
    return 0;
}
