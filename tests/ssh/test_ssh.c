/*
 * Engines over ssh, with a real sshd: what is reached, what is refused and in which words, what dies
 * in the middle, what is left behind (nothing).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gantry/backend.h>

#include "reached.h"

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_forwarding(void **state)
{
    const struct fixture *f = *state;
    int before = open_descriptors();
    struct sshd server = start(f, "");
    const char *address = address_of(f, &server, f->docker);
    gantry_engine *engine = open_engine(f, address, NULL);

    assert_string_equal(gantry_engine_address(engine), address);
    assert_int_equal(gantry_engine_candidates(engine)->items[0]->remote, 1);
    assert_int_equal(left_behind(f), 1);
    works(engine);
    gantry_engine_close(engine);
    assert_int_equal(left_behind(f), 0);
    assert_int_equal(open_descriptors(), before);
    sshd_stop(&server);
    assert_int_equal(children(), 0);
}

/* Docker's own variable of the other side leads there. */
static void test_path_found(void **state)
{
    const struct fixture *f = *state;
    char more[256];
    struct sshd server;
    gantry_engine *engine;

    snprintf(more, sizeof more, "SetEnv DOCKER_HOST=unix://%s", f->docker);
    server = start(f, more);
    engine = open_engine(f, address_of(f, &server, ""), NULL);
    works(engine);
    gantry_engine_close(engine);
    sshd_stop(&server);
}

static void test_path_not_found(void **state)
{
    const struct fixture *f = *state;
    const gantry_ssh forward = { .method = GANTRY_SSH_FORWARD };
    struct sshd server = start(f, "");

    refused(f, address_of(f, &server, "/nowhere/docker.sock"), NULL, GANTRY_E_UNAVAILABLE,
            "there is no socket /nowhere/docker.sock");
    refused(f, address_of(f, &server, ""), &forward, GANTRY_E_UNAVAILABLE,
            "there is no socket of an engine where they usually are");
    sshd_stop(&server);
    server = start(f, "ForceCommand /bin/false");
    refused(f, address_of(f, &server, ""), &forward, GANTRY_E_UNAVAILABLE,
            "name the socket's path");
    sshd_stop(&server);
}

/* An account without a shell forwards all the same. */
static void test_no_shell(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "ForceCommand /bin/false");
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), NULL);

    works(engine);
    gantry_engine_close(engine);
    sshd_stop(&server);
}

static void test_forwarding_refused(void **state)
{
    const struct fixture *f = *state;
    const gantry_ssh forward = { .method = GANTRY_SSH_FORWARD };
    const gantry_ssh stranger = { .remote_program = "no-such-program" };
    int before = open_descriptors();
    struct sshd server = start(f, "AllowStreamLocalForwarding no");
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), NULL);

    works(engine);
    works(engine);
    gantry_engine_close(engine);
    assert_int_equal(left_behind(f), 0);
    refused(f, address_of(f, &server, f->docker), &forward, GANTRY_E_UNAVAILABLE,
            "AllowStreamLocalForwarding");
    refused(f, address_of(f, &server, f->docker), &stranger, GANTRY_E_UNAVAILABLE,
            "there is no program no-such-program");
    sshd_stop(&server);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(children(), 0);
}

/* A login that prints before it obeys, and no way but dial-stdio. */
static void test_noise_at_login(void **state)
{
    const struct fixture *f = *state;
    const gantry_ssh stdio = { .method = GANTRY_SSH_STDIO };
    struct sshd server =
        start(f, "ForceCommand printf 'Welcome!\\n\\nno line end'; exec /bin/sh -c "
                 "\"$SSH_ORIGINAL_COMMAND\"");
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), &stdio);

    works(engine);
    gantry_engine_close(engine);
    sshd_stop(&server);
}

static void test_host_keys(void **state)
{
    const struct fixture *f = *state;
    gantry_ssh ssh = { 0 };
    struct sshd server = start(f, "");
    char wrong[96];
    char empty[96];

    snprintf(wrong, sizeof wrong, "%s/wrong", f->files.dir);
    snprintf(empty, sizeof empty, "%s/empty", f->files.dir);
    ssh.known_hosts_file = empty;
    refused(f, address_of(f, &server, f->docker), &ssh, GANTRY_E_SSH,
            "the host's key is not known");
    ssh.known_hosts_file = wrong;
    refused(f, address_of(f, &server, f->docker), &ssh, GANTRY_E_SSH,
            "the host's key is not the one that is known");
    sshd_stop(&server);
}

static void test_keys(void **state)
{
    const struct fixture *f = *state;
    const gantry_ssh other = { .config_file = f->files.bare_config,
                               .identity_file = f->files.other_key };
    const gantry_ssh missing = { .identity_file = "/nowhere/key" };
    struct sshd server = start(f, "");

    refused(f, address_of(f, &server, f->docker), &other, GANTRY_E_SSH,
            "the host accepts none of the keys");
    refused(f, address_of(f, &server, f->docker), &missing, GANTRY_E_IO, "ssh.identity_file");
    sshd_stop(&server);
}

static void test_nobody_listens(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "");
    const char *address = address_of(f, &server, f->docker);

    sshd_stop(&server);
    refused(f, address, NULL, GANTRY_E_SSH, "no ssh server listens there");
    refused(f, "ssh://no-such-host.invalid", NULL, GANTRY_E_SSH, "the host's name is not known");
}

/* A key with a passphrase: without somebody to ask it fails at once, with one it works. */
static void test_passphrase(void **state)
{
    const struct fixture *f = *state;
    gantry_ssh ssh = { .config_file = f->files.bare_config, .identity_file = f->files.locked_key };
    struct sshd server = start(f, "");
    gantry_engine *engine;
    char asked[96];

    refused(f, address_of(f, &server, f->docker), &ssh, GANTRY_E_SSH,
            "the host accepts none of the keys");
    snprintf(asked, sizeof asked, "%s/asked", f->files.dir);
    assert_int_not_equal(access(asked, F_OK), 0);
    ssh.askpass = f->files.askpass;
    engine = open_engine(f, address_of(f, &server, f->docker), &ssh);
    assert_int_equal(access(asked, F_OK), 0);
    works(engine);
    gantry_engine_close(engine);
    unlink(asked);
    /* And one for a password, which is wrong, once. */
    ssh.identity_file = f->files.other_key;
    refused(f, address_of(f, &server, f->docker), &ssh, GANTRY_E_SSH,
            "the host accepts none of the keys");
    assert_int_equal(access(asked, F_OK), 0);
    unlink(asked);
    sshd_stop(&server);
}

static void test_killed_in_the_middle(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "");
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), NULL);
    pid_t master = master_of(f);
    gantry_event_reader *events = NULL;
    const gantry_event *event;
    gantry_error err = { 0 };

    assert_true(master > 0);
    if (gantry_system_events_open(gantry_engine_system(engine),
                                  GANTRY_OPTIONS(gantry_events_options, .resume = GANTRY_OFF),
                                  &events, &err) < 0)
        fail_msg("%s", err.message);
    kill(master, SIGKILL);
    /* What was on its way broke; what comes next starts ssh again. */
    assert_int_equal(gantry_event_reader_next(events, &event, &err), GANTRY_E_TRUNCATED);
    gantry_event_reader_close(events);
    wait_until_gone(master); /* one that is dying may still take a connection, and break it */
    works(engine);
    assert_int_not_equal(master_of(f), master);
    assert_int_equal(left_behind(f), 1);
    /* The same for the other side's process. */
    master = master_of(f);
    assert_true(sshd_kill_sessions(&server) > 0);
    wait_until_gone(master);
    works(engine);
    gantry_engine_close(engine);
    assert_int_equal(left_behind(f), 0);
    sshd_stop(&server);
    assert_int_equal(children(), 0);
}

/* The server is gone for good: calls fail with ssh's reason, and it is back when it is back. */
static void test_server_gone(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "");
    struct sshd again;
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), NULL);
    gantry_error err = { 0 };
    pid_t master = master_of(f);

    again = server;
    sshd_stop(&server);
    wait_until_gone(master);
    assert_int_equal(list_images(engine, &err), GANTRY_E_SSH);
    assert_non_null(strstr(err.message, "no ssh server listens there"));
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    assert_true(again.pid > 0);
    gantry_engine_close(engine);
    assert_int_equal(left_behind(f), 0);
}

struct crowd {
    const struct fixture *f;
    const char *address;
    gantry_engine *engine; /* shared, or NULL: each its own */
    int failed;
    char message[1024];
};

static void *one_of_many(void *arg)
{
    struct crowd *c = arg;
    gantry_engine *own = NULL;
    gantry_error err = { 0 };
    int rc = c->engine == NULL ? try_open(c->f, c->address, NULL, &own, &err) : 0;

    for (int i = 0; rc == 0 && i < 3; i++)
        rc = list_images(own != NULL ? own : c->engine, &err);
    gantry_engine_close(own);
    c->failed = rc;
    snprintf(c->message, sizeof c->message, "%s", err.message);
    return NULL;
}

static void run_crowd(const struct fixture *f, const char *address, gantry_engine *engine)
{
    enum {
        MANY = 8
    };
    struct crowd crowd[MANY];
    pthread_t threads[MANY];

    for (int i = 0; i < MANY; i++) {
        crowd[i] = (struct crowd){ .f = f, .address = address, .engine = engine };
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_many, &crowd[i]), 0);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < MANY; i++) {
        if (crowd[i].failed < 0)
            fail_msg("%d: %s", i, crowd[i].message);
    }
}

/* Eight engines log in at once where sshd takes two. */
static void test_max_startups(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "MaxStartups 2");

    run_crowd(f, address_of(f, &server, f->docker), NULL);
    assert_int_equal(left_behind(f), 0);
    sshd_stop(&server);
    assert_int_equal(children(), 0);
}

/* Eight threads share one engine whose ssh has just died, and one login. */
static void test_threads(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "");
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), NULL);
    pid_t master = master_of(f);

    kill(master, SIGKILL);
    wait_until_gone(master);
    run_crowd(f, NULL, engine);
    assert_int_equal(left_behind(f), 1);
    gantry_engine_close(engine);
    sshd_stop(&server);
}

/* Sessions are scarce: threads wait for each other, and nothing fails. */
static void test_max_sessions(void **state)
{
    const struct fixture *f = *state;
    const gantry_ssh stdio = { .method = GANTRY_SSH_STDIO };
    struct sshd server = start(f, "MaxSessions 9");
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), &stdio);

    run_crowd(f, NULL, engine);
    gantry_engine_close(engine);
    sshd_stop(&server);
    assert_int_equal(children(), 0);
}

static void test_embedder_killed(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "");
    const struct timespec nap = { 0, 5000000 };
    const char *address = address_of(f, &server, f->docker);
    int ready[2];
    pid_t master;
    pid_t child;
    char byte;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        gantry_engine *engine = NULL;

        if (try_open(f, address, NULL, &engine, NULL) == 0 && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    master = master_of(f);
    assert_true(master > 0);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    wait_until_gone(master);
    for (int i = 0; i < 2000 && left_behind(f) > 0; i++)
        nanosleep(&nap, NULL); /* bounded wait for an end that nobody reports */
    assert_int_equal(left_behind(f), 0);
    sshd_stop(&server);
}

/* In a forked child closing lets go, and calls are refused; the parent's ssh goes on. */
static void test_forked_child(void **state)
{
    const struct fixture *f = *state;
    struct sshd server = start(f, "");
    gantry_engine *engine = open_engine(f, address_of(f, &server, f->docker), NULL);
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        int rc = list_images(engine, NULL);

        gantry_engine_close(engine);
        _exit(rc == GANTRY_E_INVALID ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    works(engine);
    gantry_engine_close(engine);
    assert_int_equal(left_behind(f), 0);
    sshd_stop(&server);
}

/* A host that takes the connection and says nothing. */
static void test_silent_host(void **state)
{
    const struct fixture *f = *state;
    const gantry_call call = { .size = sizeof call, .timeout_ms = 300 };
    const gantry_ssh ssh = { .size = sizeof ssh, .config_file = f->files.config };
    struct sshd server = start(f, "");
    gantry_engine_options opts = { .size = sizeof opts,
                                   .call = &call,
                                   .address = address_of(f, &server, f->docker),
                                   .environment = f->env,
                                   .ssh = &ssh };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    kill(server.pid, SIGSTOP);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_DOCKER, &opts, &engine, &err),
                     GANTRY_E_TIMEOUT);
    assert_non_null(strstr(err.message, "ssh to root@127.0.0.1"));
    kill(server.pid, SIGCONT);
    assert_int_equal(left_behind(f), 0);
    sshd_stop(&server);
}

/* Podman by its own facts: its variable there, and its own program where nothing is forwarded, though
 * Docker's is there too. */
static void test_podman(void **state)
{
    static const int methods[] = { GANTRY_SSH_FORWARD, GANTRY_SSH_STDIO };
    const struct fixture *f = *state;
    const char *podman = getenv("GANTRY_TEST_PODMAN");
    char more[256];
    struct sshd server;

    assert_non_null(podman);
    snprintf(more, sizeof more, "SetEnv CONTAINER_HOST=%s", podman);
    server = start(f, more);
    for (size_t i = 0; i < 2; i++) {
        const gantry_ssh ssh = { .size = sizeof ssh,
                                 .config_file = f->files.config,
                                 .method = methods[i] };
        gantry_engine_options opts = { .size = sizeof opts,
                                       .address = address_of(f, &server, ""),
                                       .environment = f->env,
                                       .backend = "podman",
                                       .ssh = &ssh };
        gantry_engine *engine = NULL;
        gantry_error err = { 0 };

        if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) < 0)
            fail_msg("%zu: %s", i, err.message);
        assert_string_equal(gantry_engine_backend(engine), "podman");
        works(engine);
        gantry_engine_close(engine);
    }
    sshd_stop(&server);
    assert_int_equal(children(), 0);
}

/* ---- a third party's backend ----------------------------------------------------------------- */

struct box {
    const gantry_route *route;
};

/* Speaks by itself: 0 if the answer is 200. */
static int ask(const gantry_route *route, const gantry_call *call, gantry_error *err)
{
    static const char question[] = "GET /_ping HTTP/1.0\r\n\r\n";
    char answer[16] = "";
    struct pollfd wait = { -1, POLLIN, 0 };
    int rc = gantry_route_dial(route, call, &wait.fd, err);

    if (rc < 0)
        return rc;
    if (write(wait.fd, question, sizeof question - 1) != sizeof question - 1 ||
        poll(&wait, 1, 10000) != 1 || read(wait.fd, answer, sizeof answer - 1) < 12 ||
        strstr(answer, " 200") == NULL)
        rc = gantry_error_set(err, GANTRY_E_PROTOCOL, "it says: %s", answer);
    close(wait.fd);
    return rc;
}

static int box_probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                     gantry_probe *out, gantry_error *err)
{
    int rc = ask(endpoint->route, call, err);

    (void)host, (void)out;
    return rc < 0 ? rc : GANTRY_PROBE_MINE;
}

static int box_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                    const gantry_call *call, gantry_error *err)
{
    struct box *b = state;

    (void)host, (void)call, (void)err;
    b->route = endpoint->route;
    return 0;
}

static void box_close(void *state)
{
    (void)state;
}

static int box_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    const struct box *b = state;

    return ask(b->route, opts->call, err);
}

/* It is found by its own fact, and reached over a forwarded socket or its own program. */
static void test_third_party(void **state)
{
    static const char *const schemes[] = { "ssh", NULL };
    static const gantry_engine_ops ops = { .size = sizeof ops, .ping = box_ping };
    static const gantry_ssh_facts facts = { .size = sizeof facts,
                                            .look = "uri \"$BOXD_ADDRESS\"",
                                            .program = "docker",
                                            .dial = "--host \"$BOXD_ADDRESS\" system dial-stdio" };
    static const gantry_backend backend = { .size = sizeof backend,
                                            .name = "boxd",
                                            .schemes = schemes,
                                            .state_size = sizeof(struct box),
                                            .probe = box_probe,
                                            .open = box_open,
                                            .close = box_close,
                                            .engine = &ops,
                                            .ssh = &facts };
    static const char *const servers[] = { "", "AllowStreamLocalForwarding no\n" };
    const struct fixture *f = *state;
    const gantry_ssh ssh = { .size = sizeof ssh, .config_file = f->files.config };
    gantry_error err = { 0 };

    assert_int_equal(gantry_backend_register(&backend, &err), 0);
    for (size_t i = 0; i < 2; i++) {
        gantry_engine_options opts = { .size = sizeof opts, .environment = f->env, .ssh = &ssh };
        gantry_engine *engine = NULL;
        struct sshd server;
        char more[256];

        snprintf(more, sizeof more, "%sSetEnv BOXD_ADDRESS=unix://%s", servers[i], f->docker);
        server = start(f, more);
        opts.address = address_of(f, &server, "");
        opts.backend = i == 0 ? NULL : "boxd"; /* the newest is asked first */
        if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) < 0)
            fail_msg("%s", err.message);
        assert_string_equal(gantry_engine_backend(engine), "boxd");
        if (gantry_engine_ping(engine, NULL, &err) < 0)
            fail_msg("%s", err.message);
        gantry_engine_close(engine);
        assert_int_equal(left_behind(f), 0);
        sshd_stop(&server);
    }
    assert_int_equal(gantry_backend_unregister("boxd", &err), 0);
    assert_int_equal(children(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forwarding),
        cmocka_unit_test(test_path_found),
        cmocka_unit_test(test_path_not_found),
        cmocka_unit_test(test_no_shell),
        cmocka_unit_test(test_forwarding_refused),
        cmocka_unit_test(test_noise_at_login),
        cmocka_unit_test(test_host_keys),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_passphrase),
        cmocka_unit_test(test_killed_in_the_middle),
        cmocka_unit_test(test_server_gone),
        cmocka_unit_test(test_max_startups),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_max_sessions),
        cmocka_unit_test(test_embedder_killed),
        cmocka_unit_test(test_forked_child),
        cmocka_unit_test(test_silent_host),
        cmocka_unit_test(test_podman),
        cmocka_unit_test(test_third_party),
    };

    if (getenv("GANTRY_TEST_ENGINES") == NULL || getenv("GANTRY_TEST_DOCKER") == NULL ||
        access("/usr/sbin/sshd", X_OK) != 0) {
        printf("SKIPPED: needs sshd and private engines (tests/engines/run)\n");
        return 77;
    }
    cmocka_set_test_filter(getenv("GANTRY_TEST_FILTER"));
    return cmocka_run_group_tests(tests, reached_setup, reached_teardown);
}
