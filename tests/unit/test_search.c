/* Asking places: order and preferences, several at the same time, limits, what is said of each. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include <gantry/backend.h>

#include "fake_server.h"
#include "unit/home_helpers.h"

#define INFO_ROOTFUL "{\"ID\":\"a\",\"OSType\":\"linux\",\"SecurityOptions\":[\"name=seccomp\"]}"
#define INFO_ROOTLESS "{\"ID\":\"a\",\"OSType\":\"linux\",\"SecurityOptions\":[\"name=rootless\"]}"
#define DOCKER(length, body)                                                                       \
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\n"                  \
    "OSType: linux\r\nContent-Length: " length "\r\n\r\n" body

/* The same answer to everything: a ping looks at the head, the question for facts at the body. */
static const struct fake_step rootful[] = { FAKE_REQUEST, FAKE_SEND(DOCKER("62", INFO_ROOTFUL)),
                                            FAKE_AGAIN };
static const struct fake_step rootless[] = { FAKE_REQUEST, FAKE_SEND(DOCKER("63", INFO_ROOTLESS)),
                                             FAKE_AGAIN };
static const struct fake_step silent[] = { FAKE_STALL, FAKE_END };
static const struct fake_step held[] = { FAKE_REQUEST, FAKE_WAIT,
                                         FAKE_SEND(DOCKER("62", INFO_ROOTFUL)), FAKE_END };
static const struct fake_step podman[] = {
    FAKE_REQUEST,
    FAKE_SEND("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nLibpod-API-Version: 4.3.1\r\n"
              "Server: Libpod/4.3.1 (linux)\r\nContent-Length: 2\r\n\r\nOK"),
    FAKE_AGAIN
};
static const struct fake_step other[] = {
    FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), FAKE_AGAIN
};

static const struct fake_step ancient[] = {
    FAKE_REQUEST,
    FAKE_SEND("HTTP/1.1 200 OK\r\nApi-Version: 1.12\r\nServer: Docker/1.0.0 (linux)\r\n"
              "Content-Length: 2\r\n\r\nOK"),
    FAKE_AGAIN
};

_Static_assert(sizeof INFO_ROOTFUL == 63 && sizeof INFO_ROOTLESS == 64, "Content-Length above");

/* Places of a home, in the order of the search. */
enum {
    ROOTLESS_PODMAN,
    ROOTLESS_DOCKER,
    DESKTOP_MAC,
    DESKTOP_LINUX,
    ORBSTACK,
    RANCHER,
    PLACES
};

static const char *const paths[PLACES] = {
    "run/podman/podman.sock",      "run/docker.sock",           ".docker/run/docker.sock",
    ".docker/desktop/docker.sock", ".orbstack/run/docker.sock", ".rd/docker.sock",
};

struct fixture {
    char home[64];
    char texts[2][100];
    char host[200];
    const char *env[6];
    struct fake_server *fakes[PLACES];
    gantry_engine_options opts;
    gantry_engine *engine;
    gantry_candidate_list *list;
    gantry_error err;
};

/* Knows nobody: so that no engine of this machine is found. */
static atomic_int asked;

static int never(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                 gantry_probe *out, gantry_error *err)
{
    (void)host;
    (void)endpoint;
    (void)call;
    (void)out;
    (void)err;
    atomic_fetch_add(&asked, 1);
    return GANTRY_PROBE_NOT_MINE;
}

static int never_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                      const gantry_call *call, gantry_error *err)
{
    (void)state;
    (void)host;
    (void)endpoint;
    (void)call;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "nobody");
}

static void never_close(void *state)
{
    (void)state;
}

static int never_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    (void)state;
    (void)opts;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "nobody");
}

/* Answers everywhere, but no files hold its credentials: opened, and closed again. */
static int opened;
static int closed;

static int odd_probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                     gantry_probe *out, gantry_error *err)
{
    (void)host;
    (void)endpoint;
    (void)call;
    (void)err;
    snprintf(out->detail, sizeof out->detail, "Odd");
    return GANTRY_PROBE_MINE;
}

static int odd_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                    const gantry_call *call, gantry_error *err)
{
    (void)state;
    (void)host;
    (void)endpoint;
    (void)call;
    (void)err;
    opened++;
    return 0;
}

static void odd_close(void *state)
{
    (void)state;
    closed++;
}

static int group_setup(void **state)
{
    static const char *const schemes[] = { "unix", NULL };
    static const char *const odd_schemes[] = { "odd", NULL };
    static const gantry_engine_ops ops = { .size = sizeof ops, .ping = never_ping };
    static const gantry_backend backend = { .size = sizeof backend,
                                            .name = "nobody",
                                            .schemes = schemes,
                                            .probe = never,
                                            .open = never_open,
                                            .close = never_close,
                                            .engine = &ops };
    static const gantry_backend odd = { .size = sizeof odd,
                                        .name = "odd",
                                        .schemes = odd_schemes,
                                        .probe = odd_probe,
                                        .open = odd_open,
                                        .close = odd_close,
                                        .engine = &ops,
                                        .credentials = 99 };

    (void)state;
    return gantry_backend_register(&backend, NULL) == 0 && gantry_backend_register(&odd, NULL) == 0
               ? 0
               : -1;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (f == NULL || home_make(f->home) < 0)
        return -1;
    snprintf(f->texts[0], sizeof f->texts[0], "HOME=%s", f->home);
    snprintf(f->texts[1], sizeof f->texts[1], "XDG_RUNTIME_DIR=%s/run", f->home);
    f->env[0] = f->texts[0];
    f->env[1] = f->texts[1];
    f->env[2] = "CONTAINERS_CONF=/dev/null";
    f->opts.size = sizeof f->opts;
    f->opts.environment = f->env;
    f->opts.on_demand = GANTRY_OFF;
    f->opts.probe_timeout_ms = 60000;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gantry_engine_close(f->engine);
    gantry_candidate_list_free(f->list);
    for (size_t i = 0; i < PLACES; i++)
        fake_stop(f->fakes[i]);
    home_remove(f->home);
    free(f);
    return 0;
}

/* An engine at a place of the home. */
static void play(struct fixture *f, size_t place, const struct fake_step *script)
{
    struct fake_server *fake;
    char path[300];
    /* The array outlives the server only if it is static: one for each place. */
    static const struct fake_step *scripts[PLACES];

    scripts[place] = script;
    fake = fake_start(&scripts[place], 1);
    assert_non_null(fake);
    home_path(f->home, paths[place], path);
    assert_int_equal(symlink(fake_path(fake), path), 0);
    f->fakes[place] = fake;
}

static const gantry_candidate *at(const gantry_candidate_list *list, const struct fixture *f,
                                  size_t place)
{
    char address[400];

    snprintf(address, sizeof address, "unix://%s/%s", f->home, paths[place]);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->address, address) == 0)
            return list->items[i];
    }
    fail_msg("%s is not in the list", address);
    return NULL;
}

static void open_it(struct fixture *f)
{
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err) < 0)
        fail_msg("%s", f->err.message);
}

static void is_chosen(const struct fixture *f, size_t place)
{
    const gantry_candidate *c = at(gantry_engine_candidates(f->engine), f, place);

    assert_int_equal(c->code, 0);
    assert_int_equal(c->chosen, 1);
    assert_string_equal(c->version, "20.10.24");
    assert_string_equal(gantry_engine_address(f->engine), c->address);
}

static const gantry_candidate *is_not(const struct fixture *f, const gantry_candidate_list *list,
                                      size_t place, int code, const char *says)
{
    const gantry_candidate *c = at(list, f, place);

    assert_int_equal(c->chosen, 0);
    assert_int_equal(c->code, code);
    if (strstr(c->detail, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", c->detail, says);
    return c;
}

static int64_t since_ms(int64_t start_ns)
{
    return (gantry_clock_ns() - start_ns) / 1000000;
}

/* ---- order and time -------------------------------------------------------------------------- */

/* The later place has answered before the earlier one does. */
static void *release_first(void *arg)
{
    struct fixture *f = arg;

    fake_await_requests(f->fakes[ROOTLESS_DOCKER], 1);
    fake_release(f->fakes[ROOTLESS_PODMAN]);
    fake_release(f->fakes[ROOTLESS_PODMAN]);
    return NULL;
}

static void test_the_first_in_order_is_taken(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;

    play(f, ROOTLESS_PODMAN, held);
    play(f, ROOTLESS_DOCKER, rootful);
    assert_int_equal(pthread_create(&thread, NULL, release_first, f), 0);
    open_it(f);
    pthread_join(thread, NULL);
    is_chosen(f, ROOTLESS_PODMAN);
    is_not(f, gantry_engine_candidates(f->engine), ROOTLESS_DOCKER, GANTRY_E_CANCELLED,
           "not asked: an earlier place answered");
    fake_await_closed(f->fakes[ROOTLESS_DOCKER]); /* that was kept in case it is taken */
    is_not(f, gantry_engine_candidates(f->engine), ORBSTACK, GANTRY_E_UNAVAILABLE,
           "there is no such socket");
}

static void test_a_silent_place_costs_its_limit(void **state)
{
    struct fixture *f = *state;
    int64_t start = gantry_clock_ns();

    play(f, ROOTLESS_PODMAN, silent);
    play(f, ORBSTACK, rootful);
    f->opts.probe_timeout_ms = 200;
    open_it(f);
    assert_in_range(since_ms(start), 200, 30000);
    is_chosen(f, ORBSTACK);
    is_not(f, gantry_engine_candidates(f->engine), ROOTLESS_PODMAN, GANTRY_E_TIMEOUT,
           "no answer within 200 ms");
}

static void test_silent_places_share_their_limit(void **state)
{
    struct fixture *f = *state;
    int64_t start;

    for (size_t i = 0; i < PLACES; i++)
        play(f, i, silent);
    f->opts.probe_timeout_ms = 1000;
    start = gantry_clock_ns();
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err), 0);
    assert_in_range(since_ms(start), 1000, 1000 * (PLACES - 1));
    for (size_t i = 0; i < PLACES; i++)
        is_not(f, f->list, i, GANTRY_E_TIMEOUT, "no answer within 1000 ms");
}

/* What is behind the one that answers is cancelled, not waited for. */
static void test_the_rest_is_cancelled(void **state)
{
    struct fixture *f = *state;
    int64_t start = gantry_clock_ns();

    play(f, ROOTLESS_PODMAN, rootful);
    play(f, ROOTLESS_DOCKER, silent);
    play(f, RANCHER, silent);
    open_it(f);
    assert_in_range(since_ms(start), 0, 30000);
    is_chosen(f, ROOTLESS_PODMAN);
    is_not(f, gantry_engine_candidates(f->engine), RANCHER, GANTRY_E_CANCELLED, "not asked");
}

static void *cancel_after_request(void *arg)
{
    struct fixture *f = arg;

    fake_await_requests(f->fakes[ROOTLESS_PODMAN], 1);
    gantry_cancel_trigger(f->opts.call->cancel);
    return NULL;
}

static void test_the_callers_token_ends_it(void **state)
{
    struct fixture *f = *state;
    gantry_call call = { .size = sizeof call };
    pthread_t thread;

    assert_int_equal(gantry_cancel_new(&call.cancel, NULL), 0);
    play(f, ROOTLESS_PODMAN, held);
    play(f, ROOTLESS_DOCKER, silent);
    f->opts.call = &call;
    assert_int_equal(pthread_create(&thread, NULL, cancel_after_request, f), 0);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_CANCELLED);
    pthread_join(thread, NULL);
    assert_null(f->engine);
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err),
                     GANTRY_E_CANCELLED);
    gantry_cancel_free(call.cancel);
}

static void test_the_callers_time_ends_it(void **state)
{
    struct fixture *f = *state;
    gantry_call call = { .size = sizeof call, .timeout_ms = 200 };

    play(f, ROOTLESS_PODMAN, silent);
    play(f, ROOTLESS_DOCKER, silent);
    f->opts.call = &call;
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_TIMEOUT);
}

/* ---- preferences ----------------------------------------------------------------------------- */

static void test_rootless_by_asking(void **state)
{
    struct fixture *f = *state;
    const gantry_candidate *c;

    play(f, ROOTLESS_PODMAN, rootful);
    play(f, ROOTLESS_DOCKER, rootless);
    f->opts.rootless = GANTRY_ON;
    open_it(f);
    is_chosen(f, ROOTLESS_DOCKER);
    c = is_not(f, gantry_engine_candidates(f->engine), ROOTLESS_PODMAN, GANTRY_E_UNAVAILABLE,
               "Docker 20.10.24 is not taken: it runs with root, and rootless is ON");
    assert_int_equal(c->rootless, 0);
    assert_string_equal(c->backend, "docker");
    assert_string_equal(c->version, "20.10.24");
    gantry_engine_close(f->engine);
    f->engine = NULL;
    f->opts.rootless = GANTRY_OFF;
    open_it(f);
    is_chosen(f, ROOTLESS_PODMAN);
}

static void test_detect_asks_whether_rootless(void **state)
{
    struct fixture *f = *state;

    play(f, ROOTLESS_PODMAN, podman);
    play(f, ROOTLESS_DOCKER, rootless);
    play(f, ORBSTACK, rootful);
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err), 0);
    /* Its facts are no JSON: what it is is known nevertheless. */
    assert_int_equal(at(f->list, f, ROOTLESS_PODMAN)->code, 0);
    assert_int_equal(at(f->list, f, ROOTLESS_PODMAN)->rootless, -1);
    assert_string_equal(at(f->list, f, ROOTLESS_PODMAN)->backend, "podman");
    assert_string_equal(at(f->list, f, ROOTLESS_PODMAN)->version, "4.3.1");
    assert_int_equal(at(f->list, f, ROOTLESS_DOCKER)->rootless, 1);
    assert_int_equal(at(f->list, f, ORBSTACK)->rootless, 0);
    assert_int_equal(at(f->list, f, RANCHER)->rootless, -1);
}

/* DOCKER and PODMAN: by who answers, not by the socket's name. */
static void test_runtime_is_who_answers(void **state)
{
    struct fixture *f = *state;

    play(f, ROOTLESS_PODMAN, rootful);
    play(f, ROOTLESS_DOCKER, podman);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_PODMAN, &f->opts, &f->engine, &f->err), 0);
    assert_string_equal(gantry_engine_backend(f->engine), "podman");
    is_not(f, gantry_engine_candidates(f->engine), ROOTLESS_PODMAN, GANTRY_E_UNAVAILABLE,
           "it is Docker 20.10.24, not podman");
    assert_int_equal(at(gantry_engine_candidates(f->engine), f, ROOTLESS_DOCKER)->chosen, 1);
}

static void test_nothing_remote(void **state)
{
    static const struct fake_step *const scripts[] = { rootful };
    struct fixture *f = *state;
    struct fake_server *fake = fake_start_tcp(scripts, 1);

    assert_non_null(fake);
    snprintf(f->host, sizeof f->host, "DOCKER_HOST=%s", fake_address(fake));
    f->env[3] = f->host;
    f->opts.remote = GANTRY_OFF;
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(f->err.message, "DOCKER_HOST (tcp://127.0.0.1:"));
    assert_non_null(strstr(f->err.message, "remote is OFF"));
    assert_int_equal(fake_connections(fake), 0);
    f->opts.remote = GANTRY_ON;
    open_it(f);
    assert_int_equal(gantry_engine_candidates(f->engine)->items[0]->remote, 1);
    gantry_engine_close(f->engine);
    f->engine = NULL;
    fake_stop(fake);
}

static void test_options_that_make_no_sense(void **state)
{
    struct fixture *f = *state;

    f->opts.rootless = 7;
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err),
                     GANTRY_E_INVALID);
    assert_non_null(strstr(f->err.message, "rootless"));
    f->opts.rootless = 0;
    f->opts.remote = 7;
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_INVALID);
    f->opts.remote = 0;
    f->opts.probe_timeout_ms = -1;
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_INVALID);
    assert_non_null(strstr(f->err.message, "probe_timeout_ms"));
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void test_what_is_wrong_with_a_socket(void **state)
{
    struct fixture *f = *state;
    char path[300];
    int stale;

    home_path(f->home, paths[ROOTLESS_PODMAN], path);
    assert_int_equal(symlink("/nowhere/podman.sock", path), 0);
    stale = home_socket(f->home, paths[ROOTLESS_DOCKER]);
    close(stale);
    home_write(f->home, paths[DESKTOP_MAC], "");
    home_path(f->home, ".docker/desktop/docker.sock/x", path);
    play(f, ORBSTACK, other);
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err), 0);
    is_not(f, f->list, ROOTLESS_PODMAN, GANTRY_E_UNAVAILABLE,
           "a link that leads nowhere: there is no /nowhere/podman.sock");
    is_not(f, f->list, ROOTLESS_DOCKER, GANTRY_E_UNAVAILABLE,
           "connection refused: nobody listens on the socket");
    is_not(f, f->list, DESKTOP_MAC, GANTRY_E_UNAVAILABLE, "it is no socket");
    is_not(f, f->list, DESKTOP_LINUX, GANTRY_E_UNAVAILABLE, "it is a folder, not a socket");
    is_not(f, f->list, ORBSTACK, GANTRY_E_UNAVAILABLE,
           "something answers, but it is not a known engine");
    is_not(f, f->list, RANCHER, GANTRY_E_UNAVAILABLE, "there is no such socket");
}

/* A backend of others is asked where somebody listens, and nowhere else. */
static void test_registered_backends_and_dead_sockets(void **state)
{
    struct fixture *f = *state;
    char path[300];

    close(home_socket(f->home, paths[ROOTLESS_DOCKER]));
    home_write(f->home, paths[DESKTOP_MAC], "");
    play(f, ORBSTACK, other);
    f->opts.backend = "nobody";
    atomic_store(&asked, 0);
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err), 0);
    /* This machine may have engines of its own in the folders of the system. */
    for (size_t i = 0; i < f->list->count; i++) {
        if (strstr(f->list->items[i]->detail, "it is not nobody") != NULL)
            atomic_fetch_sub(&asked, 1);
    }
    assert_int_equal(atomic_load(&asked), 0);
    is_not(f, f->list, ORBSTACK, GANTRY_E_UNAVAILABLE, "it is not nobody");
    is_not(f, f->list, ROOTLESS_PODMAN, GANTRY_E_UNAVAILABLE, "there is no such socket");
    is_not(f, f->list, DESKTOP_MAC, GANTRY_E_UNAVAILABLE, "it is no socket");
    is_not(f, f->list, ROOTLESS_DOCKER, GANTRY_E_UNAVAILABLE,
           "connection refused: nobody listens on the socket, its engine has ended");
    /* Nor if it is a choice. */
    for (size_t i = ROOTLESS_PODMAN; i <= DESKTOP_MAC; i++) {
        home_path(f->home, paths[i], path);
        f->opts.address = path;
        assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                         GANTRY_E_UNAVAILABLE);
        assert_non_null(strstr(f->err.message, i == ROOTLESS_PODMAN   ? "there is no such socket"
                                               : i == ROOTLESS_DOCKER ? "nobody listens"
                                                                      : "it is no socket"));
    }
    assert_int_equal(atomic_load(&asked), 0);
}

static int dial_nothing(void *arg, const char *address, const gantry_call *call, int *out_fd,
                        gantry_error *err)
{
    (void)arg;
    (void)address;
    (void)call;
    (void)out_fd;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "the tunnel is closed");
}

/* With a dialer the address is a name: what is on this machine's disk says nothing. */
static void test_a_dialers_socket_is_not_looked_for(void **state)
{
    const gantry_dialer dialer = { .size = sizeof dialer, .dial = dial_nothing };
    struct fixture *f = *state;

    f->opts.address = "unix:///nowhere/x.sock";
    f->opts.dialer = &dialer;
    atomic_store(&asked, 0);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_int_equal(atomic_load(&asked), 1);
    assert_non_null(strstr(f->err.message, "the tunnel is closed"));
}

/* What an address needs, and who does not take it. */
static void test_schemes_of_nobody(void **state)
{
    struct fixture *f = *state;

    f->opts.address = "what://ever";
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_INVALID);
    assert_non_null(strstr(f->err.message, "no backend takes what:// addresses"));
    f->opts.address = "odd://one";
    f->opts.backend = "nobody";
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_INVALID);
    assert_non_null(strstr(f->err.message, "nobody takes no odd:// addresses"));
}

/* As somebody who may not: root may everything. 0 if the words are right. */
static int look_as_nobody(struct fixture *f)
{
    const gantry_candidate *locked;
    const gantry_candidate *inside;

    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    if (gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err) < 0)
        return 3;
    locked = at(f->list, f, ROOTLESS_DOCKER);
    inside = at(f->list, f, ORBSTACK);
    if (locked->code != GANTRY_E_UNAVAILABLE ||
        strstr(locked->detail, "permission denied: this user may not use the socket; user ") ==
            NULL ||
        strstr(locked->detail, " and members of group ") == NULL)
        return 4;
    return inside->code == GANTRY_E_UNAVAILABLE &&
                   strstr(inside->detail, "may not enter the socket's folder") != NULL
               ? 0
               : 5;
}

static void test_permission_denied(void **state)
{
    struct fixture *f = *state;
    int status = -1;
    char path[300];
    pid_t child;
    int fd;

    fd = home_socket(f->home, paths[ROOTLESS_DOCKER]);
    assert_int_equal(listen(fd, 1), 0);
    home_path(f->home, paths[ROOTLESS_DOCKER], path);
    assert_int_equal(chmod(path, getuid() == 0 ? 0660 : 0060), 0);
    if (getuid() == 0) /* no group that root is in */
        assert_int_equal(chown(path, 0, 64999), 0);
    assert_int_equal(chmod(f->home, 0755), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(chmod(path, 0755), 0);
    home_write(f->home, paths[ORBSTACK], "");
    home_path(f->home, ".orbstack/run", path);
    assert_int_equal(chmod(path, 0), 0);
    child = fork();
    if (child == 0)
        _exit(look_as_nobody(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(path, 0700), 0);
    close(fd);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Many places, and one line that one reads. */
static void test_nothing_found_is_one_line(void **state)
{
    struct fixture *f = *state;

    home_write(f->home, ".docker/config.json", "{");
    play(f, ORBSTACK, other);
    for (int i = 0; i < 8; i++) {
        char name[64];

        snprintf(name, sizeof name, ".lima/vm%d/sock/docker.sock", i);
        close(home_socket(f->home, name));
    }
    f->opts.backend = "nobody";
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_int_equal(
        strncmp(f->err.message, "no container engine answers: Docker's configuration: ", 53), 0);
    assert_non_null(strstr(f->err.message, "OrbStack socket ("));
    assert_non_null(strstr(f->err.message, "it is not nobody"));
    assert_non_null(strstr(f->err.message, "more are in the error's output"));
    assert_null(strstr(f->err.message, "Rancher"));
    assert_null(strchr(f->err.message, '\n'));
    assert_true(strlen(f->err.message) < sizeof f->err.message - 1);
    assert_non_null(strstr(f->err.output, "Lima vm7 ("));
    assert_int_equal(f->err.output[strlen(f->err.output) - 1], '\n');
}

static void test_one_choice_is_its_own_error(void **state)
{
    struct fixture *f = *state;

    f->opts.docker_context = "none";
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_NOT_FOUND);
    assert_string_equal(f->err.operation, "engine.open");
    assert_non_null(strstr(f->err.message, "there is no Docker context \"none\" in "));
    f->opts.docker_context = NULL;
    f->env[3] = "DOCKER_HOST=unix:///nowhere/docker.sock";
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_string_equal(f->err.message, "no container engine answers: DOCKER_HOST "
                                        "(unix:///nowhere/docker.sock): there is no such socket");
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err), 0);
    assert_int_equal(f->list->count, 1);
}

/* An engine that answers, but cannot be set up, leaves nothing behind. */
static void test_an_engine_that_cannot_be_set_up(void **state)
{
    struct fixture *f = *state;

    f->env[3] = "DOCKER_HOST=odd://one";
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_INVALID);
    assert_null(f->engine);
    assert_non_null(strstr(f->err.message, "DOCKER_HOST (odd://one): order: 99"));
    assert_int_equal(f->err.resource_kind, GANTRY_RESOURCE_ENGINE);
    assert_string_equal(f->err.output, "DOCKER_HOST (odd://one): order: 99 is none of "
                                       "GANTRY_CREDENTIALS_\n");
    assert_int_equal(opened, 1);
    assert_int_equal(closed, 1);
}

/* One that answers and cannot be spoken to is passed over. */
static void test_the_next_is_taken(void **state)
{
    struct fixture *f = *state;

    play(f, ROOTLESS_PODMAN, ancient);
    play(f, ORBSTACK, rootful);
    open_it(f);
    is_chosen(f, ORBSTACK);
    is_not(f, gantry_engine_candidates(f->engine), ROOTLESS_PODMAN, GANTRY_E_UNSUPPORTED, "1.12");
}

/* Trying again is of no use where nothing can change by itself. */
static void test_advice_is_that_of_the_places(void **state)
{
    struct fixture *f = *state;
    struct fake_server *fake;
    static const struct fake_step *const scripts[] = { other };
    char address[200];

    fake = fake_start(scripts, 1);
    assert_non_null(fake);
    snprintf(address, sizeof address, "%s", fake_address(fake));
    f->opts.address = address;
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_int_equal(f->err.retry, GANTRY_RETRY_NO);
    fake_stop(fake);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_int_equal(f->err.retry, GANTRY_RETRY_YES); /* nobody is there yet */
}

static void keep_line(void *arg, int level, const char *component, const char *message)
{
    char *line = arg;

    (void)component;
    if (level == GANTRY_LOG_WARNING)
        snprintf(line, 400, "%s", message);
}

/* Whose choice nobody can read is told to somebody who reads the log, too. */
static void test_broken_configuration_is_told(void **state)
{
    struct fixture *f = *state;
    char line[400] = "";
    gantry_logger logger = { .size = sizeof logger, .log = keep_line, .arg = line };

    home_write(f->home, ".docker/config.json", "{\"currentContext\":\"prod");
    play(f, ORBSTACK, rootful);
    f->opts.logger = &logger;
    open_it(f);
    is_chosen(f, ORBSTACK);
    assert_non_null(strstr(line, "Docker's configuration is left out: "));
    assert_non_null(strstr(line, "config.json"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_in_order_is_taken),
        TEST(test_a_silent_place_costs_its_limit),
        TEST(test_silent_places_share_their_limit),
        TEST(test_the_rest_is_cancelled),
        TEST(test_the_callers_token_ends_it),
        TEST(test_the_callers_time_ends_it),
        TEST(test_rootless_by_asking),
        TEST(test_detect_asks_whether_rootless),
        TEST(test_runtime_is_who_answers),
        TEST(test_nothing_remote),
        TEST(test_options_that_make_no_sense),
        TEST(test_what_is_wrong_with_a_socket),
        TEST(test_registered_backends_and_dead_sockets),
        TEST(test_a_dialers_socket_is_not_looked_for),
        TEST(test_schemes_of_nobody),
        TEST(test_permission_denied),
        TEST(test_nothing_found_is_one_line),
        TEST(test_one_choice_is_its_own_error),
        TEST(test_an_engine_that_cannot_be_set_up),
        TEST(test_the_next_is_taken),
        TEST(test_advice_is_that_of_the_places),
        TEST(test_broken_configuration_is_told),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
