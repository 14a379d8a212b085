/*
 * The proxy of the contract suite (proxy.h), between a client and a scripted server.
 */
#include "proxy.h"

#include <errno.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_server.h"

#define TEN "0123456789"

struct world {
    struct fake_server *server;
    struct contract_proxy *proxy;
    sem_t reached;
};

/* Ten bytes per ten bytes, twice; then the end. */
static const struct fake_step echo[] = { FAKE_READ(10), FAKE_SEND(TEN), FAKE_READ(10),
                                         FAKE_SEND(TEN), FAKE_END };
static const struct fake_step *const scripts[] = { echo };

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char address[64];

    assert_non_null(w);
    w->server = fake_start_tcp(scripts, 1);
    assert_non_null(w->server);
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(w->server));
    w->proxy = contract_proxy_new(address);
    assert_int_equal(sem_init(&w->reached, 0, 0), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    contract_proxy_free(w->proxy);
    fake_stop(w->server);
    sem_destroy(&w->reached);
    free(w);
    return 0;
}

/* A connection to the proxy, or -1 and errno. */
static int try_connect(struct world *w)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    const char *address = contract_proxy_address(w->proxy);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int why;

    assert_true(fd >= 0);
    assert_int_equal(strncmp(address, "127.0.0.1:", 10), 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)strtoul(address + 10, NULL, 10));
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

static int open_connection(struct world *w)
{
    int fd = try_connect(w);

    assert_true(fd >= 0);
    return fd;
}

static void send_ten(int fd)
{
    assert_int_equal(send(fd, TEN, 10, MSG_NOSIGNAL), 10);
}

/* Read as far as it goes: the number of bytes, and why no more come (0 is the end). */
static size_t read_all(int fd, size_t most, int *why)
{
    char data[64];
    size_t size = 0;
    ssize_t got = 1;

    *why = 0;
    while (size < most && got > 0) {
        got = recv(fd, data + size, most - size, 0);
        if (got < 0)
            *why = errno;
        else
            size += (size_t)got;
    }
    assert_int_equal(memcmp(data, TEN TEN, size), 0);
    return size;
}

static void expect(int fd, size_t size)
{
    int why;

    assert_int_equal(read_all(fd, size, &why), size);
}

static void note(void *arg)
{
    sem_post(arg);
}

static void await_limit(struct world *w)
{
    while (sem_wait(&w->reached) != 0)
        continue;
}

static void passes_everything(void **state)
{
    struct world *w = *state;
    int fd = open_connection(w);
    int why;

    send_ten(fd);
    expect(fd, 10);
    send_ten(fd);
    assert_int_equal(read_all(fd, 64, &why), 10);
    assert_int_equal(why, 0);
    close(fd);
    assert_int_equal(contract_proxy_connections(w->proxy), 1);
    assert_int_equal(contract_proxy_bytes(w->proxy, PROXY_REQUESTS), 20);
    assert_int_equal(contract_proxy_bytes(w->proxy, PROXY_ANSWERS), 20);
    assert_false(contract_proxy_reached(w->proxy));
}

static void cuts_answers(void **state)
{
    struct world *w = *state;
    int first = open_connection(w);
    int second = open_connection(w);
    int why;

    contract_proxy_on_limit(w->proxy, note, &w->reached);
    contract_proxy_limit(w->proxy, PROXY_ANSWERS, 13, PROXY_CUT);
    send_ten(first);
    expect(first, 10);
    assert_false(contract_proxy_reached(w->proxy));
    send_ten(second);
    assert_int_equal(read_all(second, 10, &why), 3);
    assert_int_equal(why, ECONNRESET);
    assert_int_equal(read_all(first, 10, &why), 0);
    assert_int_equal(why, ECONNRESET);
    await_limit(w);
    assert_true(contract_proxy_reached(w->proxy));
    assert_int_equal(contract_proxy_bytes(w->proxy, PROXY_ANSWERS), 13);
    fake_await_closed(w->server);
    close(first);
    close(second);
    first = open_connection(w);
    assert_int_equal(read_all(first, 10, &why), 0);
    assert_int_equal(why, ECONNRESET);
    close(first);
    assert_int_equal(fake_connections(w->server), 2);
}

static void cuts_requests(void **state)
{
    struct world *w = *state;
    int fd = open_connection(w);
    int why;

    contract_proxy_limit(w->proxy, PROXY_REQUESTS, 7, PROXY_CUT);
    send_ten(fd);
    assert_int_equal(read_all(fd, 10, &why), 0);
    assert_int_equal(why, ECONNRESET);
    assert_true(contract_proxy_reached(w->proxy));
    assert_int_equal(contract_proxy_bytes(w->proxy, PROXY_REQUESTS), 7);
    close(fd);
    contract_proxy_pass(w->proxy);
    fd = open_connection(w);
    send_ten(fd);
    expect(fd, 10);
    close(fd);
}

static void cuts_at_once(void **state)
{
    struct world *w = *state;
    int fd = open_connection(w);
    int why;

    send_ten(fd);
    expect(fd, 10);
    contract_proxy_limit(w->proxy, PROXY_ANSWERS, 0, PROXY_CUT);
    assert_true(contract_proxy_reached(w->proxy));
    assert_int_equal(read_all(fd, 10, &why), 0);
    assert_int_equal(why, ECONNRESET);
    close(fd);
}

static void stalls_and_goes_on(void **state)
{
    struct world *w = *state;
    char byte;
    int fd = open_connection(w);
    int late;

    contract_proxy_on_limit(w->proxy, note, &w->reached);
    contract_proxy_limit(w->proxy, PROXY_ANSWERS, 4, PROXY_STALL);
    send_ten(fd);
    expect(fd, 4);
    await_limit(w);
    late = open_connection(w);
    send_ten(late);
    assert_true(recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
    assert_int_equal(contract_proxy_bytes(w->proxy, PROXY_ANSWERS), 4);
    contract_proxy_pass(w->proxy);
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
    assert_int_equal(byte, '4');
    expect(late, 10);
    assert_int_equal(contract_proxy_connections(w->proxy), 2);
    close(fd);
    close(late);
}

static void refuses_new_connections(void **state)
{
    struct world *w = *state;
    int fd = open_connection(w);
    int again;

    send_ten(fd);
    expect(fd, 10);
    contract_proxy_refuse(w->proxy);
    assert_int_equal(try_connect(w), -1);
    assert_int_equal(errno, ECONNREFUSED);
    send_ten(fd);
    expect(fd, 10);
    contract_proxy_pass(w->proxy);
    again = open_connection(w);
    send_ten(again);
    expect(again, 10);
    close(fd);
    close(again);
}

static void ends_with_what_is_open(void **state)
{
    struct world *w = *state;
    int fd = open_connection(w);
    int why;

    send_ten(fd);
    expect(fd, 10);
    contract_proxy_free(w->proxy);
    w->proxy = NULL;
    assert_int_equal(read_all(fd, 10, &why), 0);
    assert_int_equal(why, ECONNRESET);
    fake_await_closed(w->server);
    close(fd);
}

#define PROXY_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROXY_TEST(passes_everything),      PROXY_TEST(cuts_answers),
        PROXY_TEST(cuts_requests),          PROXY_TEST(cuts_at_once),
        PROXY_TEST(stalls_and_goes_on),     PROXY_TEST(refuses_new_connections),
        PROXY_TEST(ends_with_what_is_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
