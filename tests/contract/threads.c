/*
 * Contract of threads: one engine, many threads. Run under ThreadSanitizer too.
 */
#include "contract.h"

#include <pthread.h>

enum {
    THREADS = 8,
    ROUNDS = 5
};

/* What one thread does; checks of cmocka work in the main thread only. */
struct worker {
    struct contract *f;
    pthread_t thread;
    char volume[128];
    int failed; /* line of the first failure */
    gantry_error err;
};

#define STEP(call)                                                                                 \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            w->failed = __LINE__;                                                                  \
            return NULL;                                                                           \
        }                                                                                          \
    } while (0)

static void *work(void *arg)
{
    struct worker *w = arg;
    struct contract *f = w->f;

    for (int i = 0; i < ROUNDS; i++) {
        gantry_container_list *containers = NULL;
        gantry_image *image = NULL;
        gantry_volume *volume = NULL;
        int exists = 0;

        STEP(gantry_containers_list(f->containers, NULL, &containers, &w->err));
        gantry_container_list_free(containers);
        STEP(gantry_images_inspect(f->images, f->base, NULL, &image, &w->err));
        gantry_image_free(image);
        STEP(gantry_volumes_create(f->volumes, w->volume, NULL, &volume, &w->err));
        exists = volume != NULL && strcmp(volume->name, w->volume) == 0;
        gantry_volume_free(volume);
        STEP(exists ? 0 : -1);
        STEP(gantry_volumes_remove(f->volumes, w->volume, NULL, &w->err));
        STEP(gantry_images_exists(f->images, f->base, NULL, &exists, &w->err));
        STEP(exists == 1 ? 0 : -1);
        STEP(gantry_engine_ping(f->engine, NULL, &w->err));
    }
    return NULL;
}

static void *run_containers(void *arg)
{
    struct worker *w = arg;
    struct contract *f = w->f;
    gantry_container_options container = { .size = sizeof container, .name = w->volume };
    gantry_run_options opts = { .size = sizeof opts,
                                .container = &container,
                                .command = COMMAND("sh", "-c", "echo \"$0\"; exit 6", w->volume),
                                .remove = GANTRY_ON };

    for (int i = 0; i < 2; i++) {
        gantry_run_result *run = NULL;
        int right;

        STEP(gantry_containers_run(f->containers, f->base, &opts, &run, &w->err));
        right = run->exit_code == 6 && run->stdout_size == strlen(w->volume) + 1 &&
                strncmp(run->stdout_data, w->volume, strlen(w->volume)) == 0;
        gantry_run_result_free(run);
        STEP(right ? 0 : -1);
    }
    return NULL;
}

static void in_threads(struct contract *f, void *(*function)(void *arg), size_t count)
{
    static struct worker workers[THREADS];

    memset(workers, 0, sizeof workers);
    for (size_t i = 0; i < count; i++) {
        workers[i].f = f;
        snprintf(workers[i].volume, sizeof workers[i].volume, "%s", contract_name(f, "thread"));
        assert_int_equal(pthread_create(&workers[i].thread, NULL, function, &workers[i]), 0);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < count; i++) {
        if (workers[i].failed != 0)
            fail_msg("thread %zu, line %d: %s: %s", i, workers[i].failed,
                     gantry_error_name(workers[i].err.code), workers[i].err.message);
    }
}

static void one_engine_serves_many_threads(struct contract *f)
{
    in_threads(f, work, THREADS);
}

static void runs_go_side_by_side(struct contract *f)
{
    in_threads(f, run_containers, 4);
}

static void *trigger_it(void *arg)
{
    gantry_cancel_trigger(arg);
    return NULL;
}

/* A token pulled while calls of several kinds go on: each ends, as it would or cancelled. */
static void token_is_pulled_meanwhile(struct contract *f)
{
    for (int i = 0; i < 10; i++) {
        gantry_call call = { .size = sizeof call };
        gantry_volume_list_options opts = { .size = sizeof opts, .call = &call };
        pthread_t thread;
        int rc = 0;

        OK(gantry_cancel_new(&call.cancel, &f->err));
        assert_int_equal(pthread_create(&thread, NULL, trigger_it, call.cancel), 0);
        while (rc == 0) {
            gantry_volume_list *list = NULL;

            rc = gantry_volumes_list(f->volumes, &opts, &list, &f->err);
            gantry_volume_list_free(list);
        }
        pthread_join(thread, NULL);
        assert_int_equal(rc, GANTRY_E_CANCELLED);
        gantry_cancel_free(call.cancel);
    }
}

const struct contract_test threads_tests[] = {
    TEST(one_engine_serves_many_threads),
    TEST_WITH(runs_go_side_by_side, PROCESSES),
    TEST(token_is_pulled_meanwhile),
    { 0 },
};
