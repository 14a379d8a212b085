/*
 * A real engine behind a reverse proxy (nginx) that mounts it below a path and wants an
 * "Authorization:", and that proxy behind an HTTP proxy (tinyproxy) with a password.
 *
 *     reach_proxies docker|podman
 */
#include "means.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum {
    SKIPPED = 77
};

static const char image[] = "gantry-reach:test";

static char dir[] = "/tmp/gantry-reach-XXXXXX";
static pid_t children[2];
static int nginx_port;
static int proxy_port;
static const char *engine_socket;
static char address[64];
static char proxy[128];

/* ---- means ----------------------------------------------------------------------------------- */

static void clean_up(void)
{
    pid_t rm;

    for (size_t i = 0; i < 2; i++) {
        if (children[i] > 0) {
            kill(children[i], SIGTERM);
            (void)waitpid(children[i], NULL, 0);
        }
        children[i] = 0;
    }
    rm = fork();
    if (rm == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(rm, NULL, 0);
}

static void start(size_t nth, const char *program, const char *const *arguments, int port)
{
    const struct timespec pause = { 0, 20 * 1000 * 1000 };

    children[nth] = fork();
    if (children[nth] == 0) {
        execvp(program, (char *const *)arguments);
        _exit(127);
    }
    for (int i = 0; i < 500 && !listens(port); i++) {
        if (waitpid(children[nth], NULL, WNOHANG) != 0) {
            children[nth] = 0;
            die(__LINE__, program, "ended");
        }
        (void)nanosleep(&pause, NULL); /* manners towards it */
    }
    CHECK(listens(port));
}

static FILE *new_file(const char *name, char *path, size_t size)
{
    FILE *file;

    snprintf(path, size, "%s/%s", dir, name);
    file = fopen(path, "w");
    CHECK(file != NULL);
    return file;
}

static void start_nginx(void)
{
    char path[128];
    const char *const arguments[] = { "nginx", "-p", dir, "-c", path, "-e", "stderr", NULL };
    FILE *file = new_file("nginx.conf", path, sizeof path);

    nginx_port = free_port();
    fprintf(file,
            "daemon off;\nmaster_process off;\nworker_processes 1;\npid %s/nginx.pid;\n"
            "error_log stderr crit;\nevents { worker_connections 256; }\n"
            "http {\n"
            "  access_log off;\n"
            "  client_body_temp_path %s/body; proxy_temp_path %s/proxy;\n"
            "  map $http_upgrade $connection_word { default upgrade; '' ''; }\n"
            "  server {\n"
            "    listen 127.0.0.1:%d;\n"
            "    client_max_body_size 0;\n"
            "    location /engines/one/ {\n"
            "      if ($http_authorization != 'Bearer sesame') { return 401; }\n"
            "      proxy_pass http://unix:%s:/;\n"
            "      proxy_http_version 1.1;\n"
            "      proxy_set_header Upgrade $http_upgrade;\n"
            "      proxy_set_header Connection $connection_word;\n"
            "      proxy_buffering off;\n"
            "      proxy_request_buffering off;\n"
            "      proxy_read_timeout 1h;\n"
            "    }\n"
            "  }\n"
            "}\n",
            dir, dir, dir, nginx_port, engine_socket);
    CHECK(fclose(file) == 0);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", nginx_port);
    start(0, "nginx", arguments, nginx_port);
}

static void start_proxy(void)
{
    char path[128];
    const char *const arguments[] = { "tinyproxy", "-d", "-c", path, NULL };
    FILE *file = new_file("tinyproxy.conf", path, sizeof path);

    proxy_port = free_port();
    fprintf(file,
            "Port %d\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\nLogLevel Critical\n"
            "Allow 127.0.0.1\nBasicAuth user sesame\nConnectPort %d\n",
            proxy_port, nginx_port);
    CHECK(fclose(file) == 0);
    start(1, "tinyproxy", arguments, proxy_port);
}

static int is_installed(const char *program)
{
    char path[64];

    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", i == 0 ? "/usr/sbin" : "/usr/bin", program);
        if (access(path, X_OK) == 0)
            return 1;
    }
    return 0;
}

/* ---- the engine ------------------------------------------------------------------------------ */

static int open_engine(const gantry_engine_options *more, gantry_engine **out, gantry_error *err)
{
    static const char *const headers[] = { "Authorization: Bearer sesame", NULL };
    gantry_engine_options opts = *more;

    opts.size = sizeof opts;
    opts.address = address;
    if (opts.headers == NULL)
        opts.headers = headers;
    if (opts.base_path == NULL)
        opts.base_path = "/engines/one";
    return gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, out, err);
}

static void make_image(gantry_engine *engine)
{
    const char *path = getenv("GANTRY_TEST_BUSYBOX");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    gantry_source tar = { .size = sizeof tar };

    CHECK(file != NULL);
    gantry_source_fd(&tar, fileno(file));
    OK(gantry_images_import(gantry_engine_images(engine), image, &tar, NULL, NULL, err));
    fclose(file);
}

static void build(gantry_engine *engine)
{
    gantry_archive *context = NULL;
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM gantry-reach:test\nCOPY word /word\n"
                                                "RUN cat /word >/said\n" };

    OK(gantry_archive_new(NULL, &context, err));
    OK(gantry_archive_add_data(context, "word", "hello\n", 6, NULL, err));
    opts.context = context;
    OK(gantry_images_build(gantry_engine_images(engine), "gantry-reach:built", &opts, NULL, err));
    gantry_archive_free(context);
}

static void run(gantry_engine *engine)
{
    static const char *const command[] = { "sh", "-c", "cat /said; echo err >&2; exit 3", NULL };
    gantry_containers *containers = gantry_engine_containers(engine);
    gantry_run_options opts = { .size = sizeof opts, .command = command };
    gantry_run_result *result = NULL;
    gantry_output *log = NULL;

    OK(gantry_containers_run(containers, "gantry-reach:built", &opts, &result, err));
    CHECK(strcmp(result->stdout_data, "hello\n") == 0);
    CHECK(strcmp(result->stderr_data, "err\n") == 0);
    CHECK(result->exit_code == 3);
    OK(gantry_containers_logs(containers, result->id, NULL, &log, err));
    CHECK(strcmp(log->stdout_data, "hello\n") == 0);
    gantry_output_free(log);
    OK(gantry_containers_remove(containers, result->id, NULL, err));
    gantry_run_result_free(result);
}

static void exec(gantry_engine *engine)
{
    static const char *const sleeps[] = { "sleep", "600", NULL };
    static const char *const says[] = { "sh", "-c", "echo one; echo two >&2; exit 4", NULL };
    gantry_containers *containers = gantry_engine_containers(engine);
    gantry_container_remove_options remove = { .size = sizeof remove, .force = GANTRY_ON };
    gantry_run_options opts = { .size = sizeof opts, .command = sleeps, .detach = GANTRY_ON };
    gantry_run_result *result = NULL;
    gantry_exec_result *said = NULL;

    OK(gantry_containers_run(containers, image, &opts, &result, err));
    OK(gantry_containers_exec(containers, result->id, says, NULL, &said, err));
    CHECK(strcmp(said->stdout_data, "one\n") == 0 && strcmp(said->stderr_data, "two\n") == 0);
    CHECK(said->exit_code == 4);
    gantry_exec_result_free(said);
    OK(gantry_containers_remove(containers, result->id, &remove, err));
    gantry_run_result_free(result);
}

static void work(const gantry_engine_options *opts, const char *backend)
{
    gantry_engine *engine = NULL;

    OK(open_engine(opts, &engine, err));
    CHECK(strcmp(gantry_engine_backend(engine), backend) == 0);
    make_image(engine);
    build(engine);
    run(engine);
    exec(engine);
    OK(gantry_images_remove(gantry_engine_images(engine), "gantry-reach:built", NULL, NULL, err));
    OK(gantry_images_remove(gantry_engine_images(engine), image, NULL, NULL, err));
    gantry_engine_close(engine);
}

/* What is wrong is said, and no secret with it. */
static void refuse(const gantry_engine_options *opts, const char *words)
{
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    CHECK(open_engine(opts, &engine, &err) < 0);
    if (strstr(err.message, words) == NULL || strstr(err.message, "sesame") != NULL)
        die(__LINE__, words, err.message);
}

int main(int argc, char **argv)
{
    static const char *const wrong[] = { "Authorization: Bearer sesame2", NULL };
    int is_docker = argc > 1 && strcmp(argv[1], "docker") == 0;
    const char *backend = is_docker ? "docker" : "podman";
    const char *at = getenv(is_docker ? "GANTRY_TEST_DOCKER" : "GANTRY_TEST_PODMAN");
    gantry_engine_options opts = { 0 };
    char password[128];

    if (at == NULL || !is_installed("nginx") || !is_installed("tinyproxy")) {
        printf("SKIPPED: %s\n", at == NULL ? "no engine" : "needs nginx and tinyproxy");
        return SKIPPED;
    }
    engine_socket = at + strlen("unix://");
    CHECK(mkdtemp(dir) != NULL);
    start_nginx();
    start_proxy();
    work(&opts, backend);

    opts.headers = wrong;
    refuse(&opts, "lets nobody in (status 401)");
    opts.headers = NULL;
    opts.base_path = "/engines/two";
    refuse(&opts, "no container engine answers");
    opts.base_path = NULL;

    /* Loopback: only the program's own word leads through a proxy there. */
    snprintf(proxy, sizeof proxy, "http://user:sesame@127.0.0.1:%d", proxy_port);
    opts.proxy = proxy;
    refuse(&opts, "through a proxy is neither encrypted nor authenticated");
    opts.allow_insecure = GANTRY_ON;
    work(&opts, backend);
    snprintf(password, sizeof password, "http://user:sesame3@127.0.0.1:%d", proxy_port);
    opts.proxy = password;
    refuse(&opts, "the proxy http://127.0.0.1");
    opts.proxy = "http://127.0.0.1:1";
    refuse(&opts, "cannot connect to the proxy http://127.0.0.1:1");
    clean_up();
    return 0;
}
