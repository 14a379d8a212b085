/*
 * The real Docker that speaks TLS, on the ways to it that are not the straight one: through an HTTP
 * proxy (tinyproxy) with a password, and at an address of IPv6; and what a proxy's client tells
 * whoever is behind the proxy.
 *
 *     reach_tls proxy|ipv6
 */
#include "means.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum {
    SKIPPED = 77
};

static const char image[] = "gantry-reach-tls:test";

static char dir[] = "/tmp/gantry-reach-XXXXXX";
static pid_t children[2];
static const char *certificates;

/* ---- means ----------------------------------------------------------------------------------- */

static void clean_up(void)
{
    char path[64];

    for (size_t i = 0; i < 2; i++) {
        if (children[i] > 0) {
            kill(children[i], SIGKILL);
            (void)waitpid(children[i], NULL, 0);
        }
        children[i] = 0;
    }
    snprintf(path, sizeof path, "%s/tinyproxy.conf", dir);
    (void)unlink(path);
    (void)rmdir(dir);
}

/* A tinyproxy that connects to one port alone. */
static int start_proxy(int connects_to)
{
    const struct timespec pause = { 0, 20 * 1000 * 1000 };
    int port = free_port();
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "%s/tinyproxy.conf", dir);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fprintf(file,
            "Port %d\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\nLogLevel Critical\n"
            "Allow 127.0.0.1\nBasicAuth user sesame\nConnectPort %d\n",
            port, connects_to);
    CHECK(fclose(file) == 0);
    children[0] = fork();
    if (children[0] == 0) {
        execlp("tinyproxy", "tinyproxy", "-d", "-c", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && !listens(port); i++) {
        CHECK(waitpid(children[0], NULL, WNOHANG) == 0);
        (void)nanosleep(&pause, NULL); /* manners towards it */
    }
    CHECK(listens(port));
    return port;
}

static void end_child(size_t nth)
{
    kill(children[nth], SIGKILL);
    (void)waitpid(children[nth], NULL, 0);
    children[nth] = 0;
}

/* ---- the engine ------------------------------------------------------------------------------ */

static int open_engine(const char *address, const char *proxy, gantry_engine **out,
                       gantry_error *err)
{
    static char files[3][256];
    static const char *const nothing[] = { NULL };
    gantry_tls tls = {
        .size = sizeof tls, .ca_file = files[0], .cert_file = files[1], .key_file = files[2]
    };
    gantry_engine_options opts = {
        .size = sizeof opts, .address = address, .environment = nothing, .tls = &tls, .proxy = proxy
    };

    snprintf(files[0], sizeof files[0], "%s/ca.pem", certificates);
    snprintf(files[1], sizeof files[1], "%s/cert.pem", certificates);
    snprintf(files[2], sizeof files[2], "%s/key.pem", certificates);
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

/* Input, both kinds of output, and the end over a hijacked connection. The input stays open: its end
 * is that of the connection's half, which a proxy takes for the end of both. */
static void run(gantry_engine *engine)
{
    static const char *const command[] = { "sh", "-c", "read w; echo $w; echo end >&2; exit 3",
                                           NULL };
    gantry_containers *containers = gantry_engine_containers(engine);
    gantry_run_options opts = { .size = sizeof opts, .command = command };
    gantry_source input = { .size = sizeof input };
    gantry_run_result *result = NULL;
    int pipes[2];

    CHECK(pipe(pipes) == 0 && write(pipes[1], "words\n", 6) == 6);
    gantry_source_fd(&input, pipes[0]);
    opts.source = &input;
    OK(gantry_containers_run(containers, image, &opts, &result, err));
    CHECK(strcmp(result->stdout_data, "words\n") == 0);
    CHECK(strcmp(result->stderr_data, "end\n") == 0);
    CHECK(result->exit_code == 3);
    OK(gantry_containers_remove(containers, result->id, NULL, err));
    gantry_run_result_free(result);
    close(pipes[0]);
    close(pipes[1]);
}

/* An upload, a stream both ways, reads over kept connections. */
static void work(const char *address, const char *proxy)
{
    gantry_engine *engine = NULL;

    OK(open_engine(address, proxy, &engine, err));
    CHECK(strcmp(gantry_engine_backend(engine), "docker") == 0);
    CHECK(strcmp(gantry_engine_address(engine), address) == 0);
    make_image(engine);
    run(engine);
    OK(gantry_images_remove(gantry_engine_images(engine), image, NULL, NULL, err));
    gantry_engine_close(engine);
}

/* What is wrong is said, with the words and no secret. */
static void refuse(const char *address, const char *proxy, int code, const char *words)
{
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    CHECK(open_engine(address, proxy, &engine, &err) == code);
    if (strstr(err.message, words) == NULL || strstr(err.message, "sesame") != NULL)
        die(__LINE__, words, err.message);
    CHECK(err.outcome == GANTRY_OUTCOME_NOT_SENT);
}

/* ---- what the engine hears ------------------------------------------------------------------- */

/* `openssl s_server`, which writes out what it receives. Its input never ends. */
static void start_listener(int port, int *out_in, int *out_out)
{
    char cert[256];
    char key[256];
    char at[32];
    int in[2];
    int out[2];

    snprintf(cert, sizeof cert, "%s/server.pem", certificates);
    snprintf(key, sizeof key, "%s/server-key.pem", certificates);
    snprintf(at, sizeof at, "127.0.0.1:%d", port);
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    children[1] = fork();
    if (children[1] == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execlp("openssl", "openssl", "s_server", "-accept", at, "-cert", cert, "-key", key,
               (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *out_in = in[1];
    *out_out = out[0];
}

/* Read on until the word is there. */
static void read_up_to(int fd, char *text, size_t capacity, const char *word)
{
    size_t used = 0;
    ssize_t n;

    text[0] = '\0';
    while (strstr(text, word) == NULL) {
        n = used < capacity - 1 ? read(fd, text + used, capacity - 1 - used) : 0;
        if (n <= 0)
            die(__LINE__, word, text);
        used += (size_t)n;
        text[used] = '\0';
    }
}

/* The proxy's password is for the proxy: what comes out of the tunnel has none of it. */
static void listen_behind_the_proxy(void)
{
    static char text[64 * 1024];
    gantry_error err = { 0 };
    gantry_engine *engine = NULL;
    int port = free_port();
    char address[64];
    char proxy[64];
    pid_t client;
    int in;
    int out;

    start_listener(port, &in, &out);
    read_up_to(out, text, sizeof text, "ACCEPT");
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", port);
    snprintf(proxy, sizeof proxy, "http://user:sesame@127.0.0.1:%d", start_proxy(port));
    client = fork();
    if (client == 0)
        _exit(open_engine(address, proxy, &engine, &err) < 0 ? 0 : 1);
    read_up_to(out, text, sizeof text, "\r\n\r\n");
    end_child(1);
    CHECK(waitpid(client, NULL, 0) == client);
    CHECK(strstr(text, " HTTP/1.1\r\n") != NULL);
    snprintf(proxy, sizeof proxy, "\r\nHost: 127.0.0.1:%d\r\n", port);
    CHECK(strstr(text, proxy) != NULL);
    CHECK(strstr(text, "Proxy-") == NULL && strstr(text, "Authorization") == NULL);
    CHECK(strstr(text, "sesame") == NULL && strstr(text, "dXNlcjpzZXNhbWU") == NULL);
    end_child(0);
    close(in);
    close(out);
}

/* ---- main ------------------------------------------------------------------------------------ */

static void through_a_proxy(const char *address)
{
    int port = start_proxy(2376);
    char proxy[64];

    CHECK(strstr(address, ":2376") != NULL);
    snprintf(proxy, sizeof proxy, "http://user:sesame@127.0.0.1:%d", port);
    work(address, proxy);
    refuse("tcp://127.0.0.1:2375", proxy, GANTRY_E_UNAVAILABLE, "refuses connections to tcp://");
    snprintf(proxy, sizeof proxy, "http://user:sesame3@127.0.0.1:%d", port);
    refuse(address, proxy, GANTRY_E_UNAVAILABLE, "does not take its credentials");
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", port);
    refuse(address, proxy, GANTRY_E_UNAVAILABLE, "wants credentials");
    refuse(address, "http://127.0.0.1:1", GANTRY_E_UNAVAILABLE,
           "cannot connect to the proxy http://127.0.0.1:1");
    end_child(0);
    listen_behind_the_proxy();
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

int main(int argc, char **argv)
{
    int six = argc > 1 && strcmp(argv[1], "ipv6") == 0;
    const char *address = getenv(six ? "GANTRY_TEST_DOCKER_TLS6" : "GANTRY_TEST_DOCKER_TLS");
    const char *wrong = NULL;
    char other[64];

    certificates = getenv("GANTRY_TEST_CERTIFICATES");
    if (address == NULL || certificates == NULL)
        wrong = six ? "no Docker with TLS at an address of IPv6 (has this machine none?)"
                    : "no Docker with TLS";
    else if (!six && (!is_installed("tinyproxy") || !is_installed("openssl")))
        wrong = "needs tinyproxy and openssl";
    if (wrong != NULL) {
        printf("SKIPPED: %s\n", wrong);
        return SKIPPED;
    }
    CHECK(mkdtemp(dir) != NULL);
    if (six) {
        work(address, NULL);
        snprintf(other, sizeof other, "https%s", address + strlen("tcp"));
        work(other, NULL);
    } else {
        through_a_proxy(address);
    }
    clean_up();
    return 0;
}
