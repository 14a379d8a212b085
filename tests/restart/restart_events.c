/*
 * Events while the engine restarts: a private engine is ended and started again under a reader.
 *
 *     restart_events docker|podman
 *
 * Podman keeps its events: the reader is RESUMED, and what happened while nobody served is told.
 * Docker keeps none: there is a GAP, and what happens after it is told. Nothing is told twice. Plain
 * calls of the same engine go on as if nothing had been.
 */
#include <gantry/gantry.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST = 512, /* events that are compared */
    SKIPPED = 77
};

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            die(__LINE__, #condition, NULL);                                                       \
    } while (0)
#define OK(call)                                                                                   \
    do {                                                                                           \
        gantry_error ok_err = { 0 };                                                               \
        gantry_error *err = &ok_err;                                                               \
        if ((call) < 0)                                                                            \
            die(__LINE__, #call, err->message);                                                    \
    } while (0)

static int is_docker;
static char dir[64]; /* of the engine */
static char address[96];
static pid_t engine_pid;
static char *told[MOST]; /* in the engine's own words */
static size_t told_count;

/* ---- the engine ------------------------------------------------------------------------------ */

static void run(const char *const *command)
{
    pid_t child = fork();

    if (child == 0) {
        execvp(command[0], (char *const *)command);
        _exit(127);
    }
    (void)waitpid(child, NULL, 0);
}

static const char *path(const char *name)
{
    static char buffers[8][128];
    static size_t next;
    char *buffer = buffers[next++ % 8];

    snprintf(buffer, sizeof buffers[0], "%s/%s", dir, name);
    return buffer;
}

/* Where the test engines' clean-up finds what containers leave in the control groups. */
static const char *cgroup_parent(void)
{
    static char text[64] = "/gantry-test";
    char file[256];
    FILE *supervisor;
    long init = 0;

    snprintf(file, sizeof file, "%s/supervisor", getenv("GANTRY_TEST_ENGINES"));
    supervisor = fopen(file, "r");
    if (supervisor != NULL && fscanf(supervisor, "%ld", &init) == 1)
        snprintf(text, sizeof text, "/gantry-test-%ld", init);
    if (supervisor != NULL)
        fclose(supervisor);
    return text;
}

static void exec_engine(void)
{
    char conf[256];

    if (is_docker) {
        /* In a network of its own, so that it leaves other daemons' bridges alone. */
        execlp("unshare", "unshare", "--net", "dockerd", "--config-file", path("docker.json"),
               "--host", address, "--data-root", path("root"), "--exec-root", path("run"),
               "--pidfile", path("pid"), "--bridge", "none", "--iptables=false",
               "--ip-forward=false", "--exec-opt", "native.cgroupdriver=cgroupfs",
               "--cgroup-parent", cgroup_parent(), (char *)NULL);
        _exit(127);
    }
    /* The one with locks of its own. */
    snprintf(conf, sizeof conf, "%s/podman-small/containers.conf", getenv("GANTRY_TEST_ENGINES"));
    setenv("CONTAINERS_CONF", conf, 1);
    execlp("podman", "podman", "--root", path("root"), "--runroot", path("run"), "--tmpdir",
           path("tmp"), "system", "service", "--time=0", address, (char *)NULL);
    _exit(127);
}

static void start_engine(void)
{
    engine_pid = fork();
    if (engine_pid == 0) {
        int log = open(path("log"), O_WRONLY | O_CREAT | O_APPEND, 0644);

        dup2(log, 1);
        dup2(log, 2);
        exec_engine();
    }
}

static void end_engine(int signal)
{
    if (engine_pid <= 0)
        return;
    kill(engine_pid, signal);
    (void)waitpid(engine_pid, NULL, 0);
    engine_pid = 0;
}

static void clean_up(void)
{
    const char *const unmount[] = { "umount", "-l", path("root/overlay"), NULL };
    const char *const rm[] = { "rm", "-rf", dir, NULL };

    end_engine(SIGTERM);
    if (!is_docker)
        run(unmount);
    run(rm);
}

static void die(int line, const char *what, const char *why)
{
    const char *const tail[] = { "tail", "-n", "20", path("log"), NULL };

    fprintf(stderr, "line %d: %s%s%s\n", line, what, why != NULL ? ": " : " does not hold",
            why != NULL ? why : "");
    run(tail);
    clean_up();
    exit(1);
}

/* As soon as it answers; the pause is manners towards it. */
static gantry_engine *open_engine(void)
{
    const struct timespec pause = { .tv_nsec = 50 * 1000000 };
    const gantry_call call = { .size = sizeof call, .timeout_ms = 5000 };
    gantry_engine_options opts = { .size = sizeof opts, .call = &call, .address = address };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    for (int tries = 0; tries < 1000; tries++) {
        if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) == 0)
            return engine;
        CHECK(waitpid(engine_pid, NULL, WNOHANG) == 0);
        nanosleep(&pause, NULL);
    }
    die(__LINE__, "opening", err.message);
    return NULL;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The next event; each is new. */
static const gantry_event *next(gantry_event_reader *reader)
{
    const gantry_event *e = NULL;

    OK(gantry_event_reader_next(reader, &e, err));
    CHECK(e != NULL);
    if (getenv("RESTART_VERBOSE") != NULL)
        printf("%s %s %s\n", gantry_event_type_name(e->type), e->action_text, e->name);
    if (e->type == GANTRY_EVENT_GAP || e->type == GANTRY_EVENT_RESUMED)
        return e;
    for (size_t i = 0; i < told_count; i++)
        CHECK(strcmp(told[i], e->json) != 0);
    CHECK(told_count < MOST);
    told[told_count] = strdup(e->json);
    CHECK(told[told_count] != NULL);
    told_count++;
    return e;
}

/* Reads to an event of that name, without a word of the reader's own. */
static void await(gantry_event_reader *reader, int action, const char *name)
{
    const gantry_event *e;

    do {
        e = next(reader);
        CHECK(e->type != GANTRY_EVENT_GAP && e->type != GANTRY_EVENT_RESUMED);
    } while (e->action != action || strcmp(e->name, name) != 0);
}

static void await_mark(gantry_event_reader *reader)
{
    const gantry_event *e;

    do {
        e = next(reader);
    } while (e->type != GANTRY_EVENT_GAP && e->type != GANTRY_EVENT_RESUMED);
    CHECK(e->type == (is_docker ? GANTRY_EVENT_GAP : GANTRY_EVENT_RESUMED));
    CHECK(e->gap_from_ns > 0 && e->gap_from_ns / 1000000000 <= e->time_ns / 1000000000);
}

/* ---- the test -------------------------------------------------------------------------------- */

static void import_image(gantry_engine *engine)
{
    int fd = open(getenv("GANTRY_TEST_BUSYBOX"), O_RDONLY);
    gantry_source tar = { .size = sizeof tar };

    CHECK(fd >= 0);
    gantry_source_fd(&tar, fd);
    OK(gantry_images_import(gantry_engine_images(engine), "restart:1", &tar, NULL, NULL, err));
    close(fd);
}

/* A container that runs; its process, as the world outside calls it. */
static pid_t start_container(gantry_engine *engine, const char *name)
{
    const char *const command[] = { "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done",
                                    NULL };
    const gantry_container_options o = {
        .size = sizeof o, .name = name, .command = command, .network = "none"
    };
    gantry_containers *containers = gantry_engine_containers(engine);
    gantry_container *c = NULL;
    pid_t pid;

    OK(gantry_containers_create(containers, "restart:1", &o, NULL, err));
    OK(gantry_containers_start(containers, name, NULL, err));
    OK(gantry_containers_inspect(containers, name, NULL, &c, err));
    pid = (pid_t)c->pid;
    gantry_container_free(c);
    CHECK(pid > 1);
    return pid;
}

/* A plain call leaves a connection behind that the restart makes worthless. */
static void ask(gantry_engine *engine)
{
    gantry_container_list *list = NULL;

    OK(gantry_containers_list(gantry_engine_containers(engine), NULL, &list, err));
    gantry_container_list_free(list);
}

/* Nobody is there: neither a read nor a change was sent, and both may be tried again. */
static void ask_nobody(gantry_engine *engine)
{
    gantry_error err = { 0 };

    CHECK(gantry_engine_ping(engine, NULL, &err) == GANTRY_E_UNAVAILABLE);
    CHECK(err.outcome == GANTRY_OUTCOME_NOT_SENT && err.retry == GANTRY_RETRY_YES);
    CHECK(gantry_volumes_create(gantry_engine_volumes(engine), "never", NULL, NULL, &err) ==
          GANTRY_E_UNAVAILABLE);
    CHECK(err.outcome == GANTRY_OUTCOME_NOT_SENT && err.retry == GANTRY_RETRY_YES);
}

/* One restart, in the middle of a container's life. */
static void restart(gantry_engine *engine, gantry_event_reader *reader, int number, int signal)
{
    const gantry_container_remove_options force = { .size = sizeof force, .force = 1 };
    char container[32];
    char volume[32];
    pid_t pid;

    snprintf(container, sizeof container, "c%d", number);
    snprintf(volume, sizeof volume, "v%d", number);
    pid = start_container(engine, container);
    await(reader, GANTRY_ACTION_START, container);

    ask(engine);
    end_engine(signal);
    ask_nobody(engine);
    /* It ends while nobody serves (Docker ended it itself). */
    kill(pid, SIGKILL);
    start_engine();
    gantry_engine_close(open_engine());
    ask(engine);

    OK(gantry_volumes_create(gantry_engine_volumes(engine), volume, NULL, NULL, err));
    await_mark(reader);
    if (!is_docker)
        await(reader, GANTRY_ACTION_DIE, container);
    OK(gantry_containers_remove(gantry_engine_containers(engine), container, &force, err));
    if (is_docker)
        await(reader, GANTRY_ACTION_CREATE, volume);
    await(reader, GANTRY_ACTION_REMOVE, container);
    CHECK(gantry_event_reader_reconnects(reader) >= number);
}

static void prepare(void)
{
    FILE *config;

    snprintf(dir, sizeof dir, "/tmp/gantry-rs-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    snprintf(address, sizeof address, "unix://%s/sock", dir);
    config = fopen(path("docker.json"), "w");
    CHECK(config != NULL && fputs("{}\n", config) >= 0 && fclose(config) == 0);
}

int main(int argc, char **argv)
{
    const gantry_call call = { .size = sizeof call, .timeout_ms = 120000 };
    const gantry_events_options watch = { .size = sizeof watch, .call = &call };
    gantry_event_reader *reader = NULL;
    gantry_engine *engine;

    is_docker = argc == 2 && strcmp(argv[1], "docker") == 0;
    if (getenv("GANTRY_TEST_ENGINES") == NULL || getenv("GANTRY_TEST_BUSYBOX") == NULL ||
        geteuid() != 0 || argc != 2) {
        printf("SKIPPED: needs root, and the environment of tests/engines/run\n");
        return SKIPPED;
    }
    prepare();
    start_engine();
    engine = open_engine();
    import_image(engine);
    OK(gantry_system_events_open(gantry_engine_system(engine), &watch, &reader, err));
    restart(engine, reader, 1, SIGTERM);
    if (!is_docker)
        restart(engine, reader, 2, SIGKILL);
    gantry_event_reader_close(reader);
    gantry_engine_close(engine);
    clean_up();
    for (size_t i = 0; i < told_count; i++)
        free(told[i]);
    printf("%zu events, none twice\n", told_count);
    return 0;
}
