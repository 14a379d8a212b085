/*
 * Client CPU and wall time of the library against a plain libcurl program, interleaved in one run, as
 * ratios of medians; peak memory. Never a pass or fail.
 *
 *     gantry_bench [rounds]
 */
#include "bench.h"

#include <gantry/gantry.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct figure {
    double cpu;
    double wall;
    long rss_kib;
};

static char socket_path[64];

/* ---- the library's side ---------------------------------------------------------------------------- */

static int lib_ping(gantry_engine *e)
{
    return gantry_engine_ping(e, NULL, NULL);
}

static int lib_inspect(gantry_engine *e)
{
    gantry_container *c = NULL;
    int rc = gantry_containers_inspect(gantry_engine_containers(e), "bench", NULL, &c, NULL);

    gantry_container_free(c);
    return rc;
}

static int lib_list(gantry_engine *e)
{
    gantry_container_list *list = NULL;
    int rc = gantry_containers_list(gantry_engine_containers(e), NULL, &list, NULL);

    if (rc == 0 && list->count != 100)
        rc = -1;
    gantry_container_list_free(list);
    return rc;
}

static int count_bytes(void *arg, int channel, const void *data, size_t size)
{
    (void)channel;
    (void)data;
    *(size_t *)arg += size;
    return 0;
}

static int lib_log(gantry_engine *e)
{
    gantry_stream *s = NULL;
    size_t total = 0;
    int rc = gantry_containers_logs_open(gantry_engine_containers(e), "bench", NULL, &s, NULL);

    if (rc == 0)
        rc = gantry_stream_each(s, count_bytes, &total, NULL);
    gantry_stream_close(s);
    return rc == 0 && total == (size_t)LOG_MIB * 1024 * 1024 ? 0 : -1;
}

static int give_zeros(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    size_t *left = arg;
    size_t n = capacity < *left ? capacity : *left;

    (void)err;
    memset(buffer, 0, n);
    *left -= n;
    *out_size = n;
    return 0;
}

static int lib_upload(gantry_engine *e)
{
    size_t left = (size_t)CONTEXT_MIB * 1024 * 1024;
    gantry_source source = {
        .size = sizeof source, .read = give_zeros, .arg = &left, .length = (int64_t)left
    };
    gantry_archive *context = NULL;
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = "FROM scratch\nCOPY . /\n" };
    int rc = gantry_archive_new(NULL, &context, NULL);

    if (rc == 0)
        rc = gantry_archive_add_source(context, "big", &source, NULL, NULL);
    opts.context = context;
    if (rc == 0)
        rc = gantry_images_build(gantry_engine_images(e), "bench", &opts, NULL, NULL);
    gantry_archive_free(context);
    return rc;
}

/* ---- measuring --------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int repeat;
    int (*floor)(struct floor_client *);
    int (*lib)(gantry_engine *);
} cases[] = {
    { "ping", 5000, floor_ping, lib_ping },
    { "inspect", 5000, floor_inspect, lib_inspect },
    { "list of 100", 500, floor_list, lib_list },
    { "log 100 MB", 1, floor_log, lib_log },
    { "upload 512 MB", 1, floor_upload, lib_upload },
};

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int measure_floor(size_t i)
{
    struct floor_client *c = floor_open(socket_path);
    int rc = c == NULL ? -1 : cases[i].floor(c);

    for (int n = 1; rc == 0 && n < cases[i].repeat; n++)
        rc = cases[i].floor(c);
    if (c != NULL)
        floor_close(c);
    return rc;
}

static int measure_lib(size_t i)
{
    char address[96];
    gantry_engine_options opts = { .size = sizeof opts, .address = address };
    gantry_engine *e = NULL;
    int rc;

    snprintf(address, sizeof address, "unix://%s", socket_path);
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &e, NULL);
    for (int n = 0; rc == 0 && n < cases[i].repeat; n++)
        rc = cases[i].lib(e);
    gantry_engine_close(e);
    return rc;
}

/* In a child of its own, so that CPU and peak memory are this client's alone. */
static struct figure measure(size_t i, int (*client)(size_t))
{
    int64_t begin = gantry_clock_ns();
    struct figure f = { 0 };
    struct rusage usage;
    int ends[2];
    int status = 0;
    pid_t child;

    if (pipe(ends) < 0)
        exit(1);
    child = fork();
    if (child == 0) {
        int rc = client(i);

        getrusage(RUSAGE_SELF, &usage);
        if (write(ends[1], &usage, sizeof usage) < 0)
            rc = -1;
        _exit(rc == 0 ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &usage, sizeof usage) != (ssize_t)sizeof usage ||
        waitpid(child, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "%s failed\n", cases[i].name);
        exit(1);
    }
    close(ends[0]);
    f.wall = (double)(gantry_clock_ns() - begin) / 1e9;
    f.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    f.rss_kib = usage.ru_maxrss;
    return f;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static void run_case(size_t i, int rounds)
{
    enum {
        MAX = 101
    };
    double cpu[2][MAX];
    double wall[2][MAX];
    long rss[2] = { 0, 0 };

    rounds = rounds < MAX ? rounds : MAX;
    for (int n = 0; n < rounds; n++) {
        for (int side = 0; side < 2; side++) {
            struct figure f = measure(i, side == 0 ? measure_floor : measure_lib);

            cpu[side][n] = f.cpu;
            wall[side][n] = f.wall;
            rss[side] = f.rss_kib > rss[side] ? f.rss_kib : rss[side];
        }
    }
    for (int side = 0; side < 2; side++) {
        cpu[side][0] = median(cpu[side], rounds);
        wall[side][0] = median(wall[side], rounds);
    }
    printf("%-14s %9.4f %9.4f %7.2f  %9.4f %9.4f %7.2f  %7ld %7ld\n", cases[i].name, cpu[0][0],
           cpu[1][0], cpu[1][0] / cpu[0][0], wall[0][0], wall[1][0], wall[1][0] / wall[0][0],
           rss[0], rss[1]);
}

/* ---- many followed logs ------------------------------------------------------------------------------ */

/* Memory of this process that is its own, in KiB. */
static long own_kib(void)
{
    long pages = 0;
    long resident = 0;
    long shared = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f == NULL || fscanf(f, "%ld %ld %ld", &pages, &resident, &shared) != 3)
        exit(1);
    fclose(f);
    return (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What each of `count` followed logs costs, each with a line read and none to come. */
static int follow_logs(int count)
{
    static gantry_log_reader *readers[MANY_LOGS];
    char address[96];
    gantry_engine_options opts = { .size = sizeof opts, .address = address };
    gantry_follow_options follow = { .size = sizeof follow, .follow = GANTRY_ON };
    const gantry_log_line *line = NULL;
    gantry_engine *e = NULL;
    long before = 0;
    int rc;

    snprintf(address, sizeof address, "unix://%s", socket_path);
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &e, NULL);
    for (int i = 0; rc == 0 && i < count; i++) {
        if (i == 1)
            before = own_kib(); /* what the first one needs once for all is not counted */
        rc = gantry_containers_follow_open(gantry_engine_containers(e), "bench", &follow,
                                           &readers[i], NULL);
        if (rc == 0)
            rc = gantry_log_reader_next(readers[i], &line, NULL);
    }
    if (rc == 0)
        printf("%d followed logs in one thread: %.1f KiB each\n", count,
               (double)(own_kib() - before) / (count - 1));
    for (int i = 0; i < count; i++)
        gantry_log_reader_close(readers[i]);
    gantry_engine_close(e);
    return rc;
}

static void run_many(int count)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        int rc = follow_logs(count);

        fflush(stdout);
        _exit(rc == 0 ? 0 : 1);
    }
    if (waitpid(child, &status, 0) < 0 || status != 0)
        fprintf(stderr, "%d followed logs failed\n", count);
}

static pid_t start_server(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    pid_t server;

    snprintf(socket_path, sizeof socket_path, "/tmp/gantry-bench-%ld.sock", (long)getpid());
    snprintf(name.sun_path, sizeof name.sun_path, "%s", socket_path);
    if (listener < 0 || bind(listener, (struct sockaddr *)&name, sizeof name) < 0 ||
        listen(listener, 64) < 0)
        exit(1);
    server = fork();
    if (server == 0)
        serve(listener);
    close(listener);
    return server;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 7;
    pid_t server = start_server();

    printf("%-14s %9s %9s %7s  %9s %9s %7s  %7s %7s\n", "", "cpu floor", "cpu lib", "ratio",
           "wall floor", "wall lib", "ratio", "KiB", "KiB lib");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        run_case(i, rounds > 0 ? rounds : 1);
    run_many(100);
    run_many(MANY_LOGS);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(socket_path);
    return 0;
}
