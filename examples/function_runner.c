/*
 * Run a function once per input, as a service for untrusted code would: an image is made of a base
 * image and the handler, each call gets a container of its own with 128 MB, half a CPU, no network
 * and a deadline, at most so many at once. The result of each call is one line of JSON.
 *
 *     function_runner [-p PARALLEL] [-t MILLISECONDS] [-u] BASE-IMAGE HANDLER INPUT...
 *
 * HANDLER is a script for the base image's /bin/sh, or a directory with a script of the name
 * "handler"; each INPUT reaches it in the variable INPUT. -u: without limits of memory and CPU, for
 * engines that cannot keep them (rootless Podman on cgroups v1).
 */
#include <gantry/gantry.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gantry_cancel *stop;

struct runner {
    gantry_containers *containers;
    const char *image;
    char **inputs;
    int count;
    int next;   /* input to be taken */
    int failed; /* calls that were not made or did not end well */
    int unlimited;
    int64_t deadline_ms;
    pthread_mutex_t lock; /* of `next`, `failed` and standard output */
};

static void on_interrupt(int number)
{
    (void)number;
    gantry_cancel_trigger(stop); /* async-signal-safe; runs that are under way are killed */
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Handlers speak UTF-8: what is above ASCII passes as it is. */
static void print_text(const char *name, const char *text, size_t size)
{
    printf(", \"%s\": \"", name);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c == '\n')
            printf("\\n");
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

/* Three answers: yes, no, and what the engine did not know. */
static const char *truth(int value)
{
    return value > 0 ? "true" : value == 0 ? "false" : "null";
}

static void print_result(int number, const char *input, const gantry_run_result *result,
                         int64_t elapsed_ms, const gantry_error *err)
{
    printf("{\"call\": %d", number);
    print_text("input", input, strlen(input));
    if (result == NULL) {
        print_text("error", err->message, strlen(err->message));
        print_text("code", gantry_error_name(err->code), strlen(gantry_error_name(err->code)));
    } else {
        /* The engine's own times leave out how long it took to make and remove the container. */
        if (result->finished_ns > 0 && result->started_ns > 0)
            elapsed_ms = (result->finished_ns - result->started_ns) / 1000000;
        printf(", \"exit_code\": %lld, \"signal\": %d", (long long)result->exit_code,
               result->signal);
        printf(", \"duration_ms\": %lld", (long long)elapsed_ms);
        printf(", \"timed_out\": %s, \"out_of_memory\": %s", truth(result->timed_out),
               truth(result->oom_killed));
        print_text("stdout", result->stdout_data, result->stdout_size);
        print_text("stderr", result->stderr_data, result->stderr_size);
    }
    printf("}\n");
    fflush(stdout);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int call_function(struct runner *r, const char *input, gantry_run_result **result,
                         gantry_error *err)
{
    size_t size = strlen(input) + sizeof "INPUT=";
    char *variable = malloc(size);
    const char *environment[] = { variable, NULL };
    gantry_call call = { .size = sizeof call, .cancel = stop };
    gantry_resources limits = { .size = sizeof limits,
                                .memory_bytes = INT64_C(128) * 1024 * 1024,
                                .nano_cpus = 500000000,
                                .pids = 64 };
    gantry_container_options container = { .size = sizeof container,
                                           .environment = environment,
                                           .network = "none",
                                           .resources = r->unlimited ? NULL : &limits,
                                           .stop_timeout_ms = 1000 };
    gantry_run_options opts = { .size = sizeof opts,
                                .call = &call,
                                .container = &container,
                                .capture_limit = 1024 * 1024,
                                .remove = GANTRY_ON,
                                .stop_after_ms = r->deadline_ms };
    int rc;

    if (variable == NULL)
        return gantry_error_set(err, GANTRY_E_NOMEM, "out of memory");
    snprintf(variable, size, "INPUT=%s", input);
    rc = gantry_containers_run(r->containers, r->image, &opts, result, err);
    free(variable);
    return rc;
}

/* One of the threads: takes inputs until there are no more. */
static void *work(void *arg)
{
    struct runner *r = arg;

    for (;;) {
        gantry_run_result *result = NULL;
        gantry_error err = { 0 };
        int64_t begun;
        int number;

        pthread_mutex_lock(&r->lock);
        number = r->next < r->count && !gantry_cancel_triggered(stop) ? r->next++ : -1;
        pthread_mutex_unlock(&r->lock);
        if (number < 0)
            return NULL;
        begun = gantry_clock_ns();
        call_function(r, r->inputs[number], &result, &err);
        pthread_mutex_lock(&r->lock);
        r->failed += result == NULL || result->timed_out || result->exit_code != 0;
        print_result(number, r->inputs[number], result, (gantry_clock_ns() - begun) / 1000000,
                     &err);
        pthread_mutex_unlock(&r->lock);
        gantry_run_result_free(result);
    }
}

static void run_all(struct runner *r, int parallel)
{
    pthread_t threads[64];
    int started = 0;

    pthread_mutex_init(&r->lock, NULL);
    while (started < parallel && started < r->count &&
           pthread_create(&threads[started], NULL, work, r) == 0)
        started++;
    if (started == 0)
        work(r);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&r->lock);
}

/* ---- the image ------------------------------------------------------------------------------- */

static int build(gantry_engine *engine, const char *base, const char *handler, const char *name,
                 gantry_error *err)
{
    gantry_call call = { .size = sizeof call, .cancel = stop };
    gantry_build_options opts = { .size = sizeof opts, .call = &call };
    gantry_archive *archive = NULL;
    struct stat info;
    char dockerfile[512];
    int rc;

    if (stat(handler, &info) != 0)
        return gantry_error_set(err, GANTRY_E_NOT_FOUND, "%s: no such handler", handler);
    snprintf(dockerfile, sizeof dockerfile,
             "FROM %s\nCOPY function /function\nWORKDIR /function\n"
             "CMD [\"/bin/sh\", \"/function/handler\"]\n",
             base);
    opts.dockerfile = dockerfile;
    rc = gantry_archive_new(NULL, &archive, err);
    if (rc == 0 && S_ISDIR(info.st_mode))
        rc = gantry_archive_add_directory(archive, "function", handler, NULL, err);
    else if (rc == 0)
        rc = gantry_archive_add_file(archive, "function/handler", handler, NULL, err);
    opts.context = archive;
    if (rc == 0)
        rc = gantry_images_build(gantry_engine_images(engine), name, &opts, NULL, err);
    gantry_archive_free(archive);
    return rc;
}

static int usage(void)
{
    fprintf(stderr, "usage: function_runner [-p PARALLEL] [-t MILLISECONDS] [-u] BASE-IMAGE "
                    "HANDLER INPUT...\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct runner r = { .deadline_ms = 5000 };
    gantry_image_remove_options remove = { .size = sizeof remove, .force = GANTRY_ON };
    struct sigaction action = { .sa_handler = on_interrupt };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    long parallel = 4;
    char name[64];
    int option;
    int rc;

    while ((option = getopt(argc, argv, "p:t:u")) != -1) {
        if (option == 'p')
            parallel = strtol(optarg, NULL, 10);
        else if (option == 't')
            r.deadline_ms = strtol(optarg, NULL, 10);
        else if (option == 'u')
            r.unlimited = 1;
        else
            return usage();
    }
    if (argc - optind < 3 || parallel < 1 || parallel > 64 || r.deadline_ms < 1)
        return usage();
    r.inputs = argv + optind + 2;
    r.count = argc - optind - 2;
    snprintf(name, sizeof name, "gantry-function-%ld", (long)getpid());
    r.image = name;
    rc = gantry_cancel_new(&stop, &err);
    if (rc == 0)
        rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    sigaction(SIGINT, &action, NULL);
    if (rc == 0)
        rc = build(engine, argv[optind], argv[optind + 1], name, &err);
    if (rc == 0) {
        r.containers = gantry_engine_containers(engine);
        run_all(&r, (int)parallel);
        gantry_images_remove(gantry_engine_images(engine), name, &remove, NULL, NULL);
    } else {
        fprintf(stderr, "function_runner: %s\n", err.message);
    }
    gantry_engine_close(engine);
    gantry_cancel_free(stop);
    return rc < 0 || r.failed > 0 ? 1 : 0;
}
