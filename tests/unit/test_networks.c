/*
 * Networks against scripted engines, of versions that are not at hand: what is asked for by
 * version, who is in a network, and what is not sent at all.
 */
#include "docker/docker.h"
#include "network_impl.h"
#include "podman/podman.h"

#include "http_helpers.h"
#include "json_answer.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NET "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define STOPPED "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct answer answers[4];

/* An engine whose answers are these, one for each request. */
struct engine {
    struct client client;
    const struct fake_step *scripts[4];
    struct gnt_backend backend;
    gantry_engine engine;
    struct docker docker;
    struct podman podman;
};

static void open_engine(struct engine *e, int docker, int major, int minor,
                        const char *const *bodies, size_t count)
{
    struct gnt_rest rest;

    memset(e, 0, sizeof *e);
    for (size_t i = 0; i < count; i++)
        e->scripts[i] = word(&answers[i], "200 OK", bodies[i]);
    client_start(&e->client, e->scripts, count);
    rest = (struct gnt_rest){ .host = &e->client.host,
                              .http = e->client.http,
                              .prefix = "/v1",
                              .version = { major, minor, 0 } };
    e->docker.rest = e->podman.rest = rest;
    e->podman.rest.dialect = &gnt_podman_dialect;
    e->docker.rest.dialect = &gnt_podman_dialect; /* of errors, of which there are none */
    e->backend.networks = docker ? gnt_docker_network_ops : gnt_podman_network_ops;
    e->backend.containers = docker ? gnt_docker_container_ops : gnt_podman_container_ops;
    e->engine.host = e->client.host;
    e->engine.backend = &e->backend;
    e->engine.state = docker ? (void *)&e->docker : (void *)&e->podman;
}

static size_t close_engine(struct engine *e)
{
    size_t requests = fake_requests(e->client.fake);

    client_stop(&e->client);
    return requests;
}

/* ---- members --------------------------------------------------------------------------------- */

#define PODMAN_NETWORK(members)                                                                    \
    "{\"name\":\"net\",\"id\":\"" NET                                                              \
    "\",\"driver\":\"bridge\",\"network_interface\":\"podman1\","                                  \
    "\"subnets\":[{\"subnet\":\"10.89.1.0/24\",\"gateway\":\"10.89.1.1\",\"lease_range\":{"        \
    "\"start_ip\":\"10.89.1.129\",\"end_ip\":\"10.89.1.254\"}}],\"ipv6_enabled\":false,"           \
    "\"internal\":false,\"dns_enabled\":true,\"network_dns_servers\":[\"10.0.0.53\"]" members "}"
#define PODMAN_LIST                                                                                \
    "[{\"Id\":\"" ID "\",\"Names\":[\"web\"],\"State\":\"running\",\"Networks\":[\"net\"],"        \
    "\"Created\":\"2026-11-22T15:16:07Z\"},{\"Id\":\"" STOPPED "\",\"Names\":[\"old\"],"           \
    "\"State\":\"exited\",\"Networks\":[\"net\"],\"Created\":\"2026-11-22T15:16:07Z\"}]"

static void check_members(const gantry_network *n, const char *address6)
{
    const gantry_network_member *m = n->members[0];

    assert_non_null(m);
    if (strcmp(m->name, "web") != 0)
        m = n->members[1];
    assert_string_equal(m->container, ID);
    assert_string_equal(m->name, "web");
    assert_string_equal(m->address, "10.89.1.130");
    assert_string_equal(m->address6, address6);
    assert_string_equal(m->mac, "02:00:00:00:00:01");
    assert_int_equal(m->running, 1);
    m = n->members[m == n->members[0]];
    assert_string_equal(m->name, "old");
    assert_string_equal(m->address, "");
    assert_int_equal(m->running, 0);
    assert_null(n->members[2]);
}

static gantry_network *inspect(struct engine *e, int members)
{
    const gantry_network_inspect_options o = { .size = sizeof o, .members = members };
    gantry_network *n = NULL;
    gantry_error err = { 0 };

    if (gnt_network_inspect(&e->engine, "net", &o, &n, &err) != 0)
        fail_msg("%s", err.message);
    assert_int_equal(err.code, 0);
    return n;
}

/* From 5.0 on the network's own answer has the addresses. */
static void test_members_on_podman_5(void **state)
{
    static const char *const bodies[] = {
        PODMAN_NETWORK(",\"containers\":{\"" ID "\":{\"name\":\"web\",\"interfaces\":{\"eth0\":{"
                       "\"subnets\":[{\"ipnet\":\"10.89.1.130/24\",\"gateway\":\"10.89.1.1\"},{"
                       "\"ipnet\":\"fd00::2/64\"}],\"mac_address\":\"02:00:00:00:00:01\"}}}}"),
        PODMAN_LIST
    };
    struct engine e;
    gantry_network *n;

    (void)state;
    open_engine(&e, 0, 5, 4, bodies, 2);
    n = inspect(&e, GANTRY_DEFAULT);
    check_members(n, "fd00::2");
    assert_string_equal(n->subnets[0]->range, "10.89.1.128/25");
    assert_string_equal(n->dns_servers[0], "10.0.0.53");
    assert_string_equal(n->parent, "podman1");
    assert_int_equal(n->dns, 1);
    assert_int_equal(n->predefined, 0);
    gantry_network_free(n);
    assert_int_equal(close_engine(&e), 2);
}

/* Before, each one that runs is looked at. */
static void test_members_on_podman_4(void **state)
{
    static const char *const bodies[] = {
        PODMAN_NETWORK(""), PODMAN_LIST,
        "{\"Id\":\"" ID "\",\"Name\":\"web\",\"Created\":\"2026-11-22T15:16:07Z\",\"State\":{"
        "\"Status\":\"running\"},\"NetworkSettings\":{\"Networks\":{\"other\":{\"IPAddress\":"
        "\"10.0.0.2\"},\"net\":{\"IPAddress\":\"10.89.1.130\",\"GlobalIPv6Address\":\"\","
        "\"MacAddress\":\"02:00:00:00:00:01\"}}}}"
    };
    struct engine e;
    gantry_network *n;

    (void)state;
    open_engine(&e, 0, 4, 3, bodies, 3);
    n = inspect(&e, GANTRY_DEFAULT);
    check_members(n, "");
    gantry_network_free(n);
    assert_int_equal(close_engine(&e), 3);
    open_engine(&e, 0, 4, 3, bodies, 1);
    n = inspect(&e, GANTRY_OFF);
    assert_null(n->members[0]);
    gantry_network_free(n);
    assert_int_equal(close_engine(&e), 1);
}

#define DOCKER_NETWORK                                                                             \
    "{\"Name\":\"net\",\"Id\":\"" NET "\",\"Driver\":\"macvlan\",\"EnableIPv6\":true,\"IPAM\":{"   \
    "\"Driver\":\"default\",\"Config\":[{\"Subnet\":\"10.89.1.0/24\",\"IPRange\":"                 \
    "\"10.89.1.128/25\",\"Gateway\":\"10.89.1.1\"}]},\"Containers\":{\"" ID                        \
    "\":{\"Name\":\"web\","                                                                        \
    "\"MacAddress\":\"02:00:00:00:00:01\",\"IPv4Address\":\"10.89.1.130/24\",\"IPv6Address\":"     \
    "\"fd00::2/64\"},\"lb-net\":{\"Name\":\"net-endpoint\",\"IPv4Address\":\"10.89.1.9/24\"}},"    \
    "\"Options\":{\"parent\":\"eth0\",\"com.docker.network.driver.mtu\":\"1400\"},\"Labels\":{}}"
#define DOCKER_LIST                                                                                \
    "[{\"Id\":\"" ID "\",\"Names\":[\"/web\"],\"State\":\"running\",\"Created\":1,"                \
    "\"NetworkSettings\":{\"Networks\":{\"net\":{}}}},{\"Id\":\"" STOPPED "\",\"Names\":"          \
    "[\"/old\"],\"State\":\"exited\",\"Created\":1,\"NetworkSettings\":{\"Networks\":{\"net\":"    \
    "{}}}}]"

static void test_members_on_docker(void **state)
{
    static const char *const bodies[] = { DOCKER_NETWORK, DOCKER_LIST };
    struct engine e;
    gantry_network *n;

    (void)state;
    open_engine(&e, 1, 1, 51, bodies, 2);
    n = inspect(&e, GANTRY_DEFAULT);
    check_members(n, "fd00::2");
    assert_string_equal(n->subnets[0]->range, "10.89.1.128/25");
    assert_string_equal(n->parent, "eth0");
    assert_int_equal(n->option_count, 3);
    assert_string_equal(n->options[2].key, "mtu");
    assert_string_equal(n->options[2].value, "1400");
    assert_int_equal(n->dns, 1);
    gantry_network_free(n);
    assert_int_equal(close_engine(&e), 2);
}

/* ---- what is not sent ------------------------------------------------------------------------ */

static void test_docker_looks_before_it_removes(void **state)
{
    static const char *const bodies[] = {
        DOCKER_NETWORK, "[{\"Id\":\"" STOPPED "\",\"Names\":[\"/old\"],\"State\":\"exited\"}]", "[]"
    };
    static const char *const own[] = { "{\"Name\":\"bridge\",\"Id\":\"" NET "\"}" };
    gantry_network_remove_options o = { .size = sizeof o };
    gantry_error err = { 0 };
    struct engine e;

    (void)state;
    open_engine(&e, 1, 1, 41, bodies, 2);
    assert_int_equal(e.backend.networks.remove(&e.docker, "net", &o, &err), GANTRY_E_IN_USE);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_NETWORK);
    assert_non_null(strstr(err.message, "old"));
    assert_int_equal(close_engine(&e), 2);
    o.force = GANTRY_ON; /* what the engine has made: nobody is taken out of it */
    open_engine(&e, 1, 1, 41, own, 1);
    memset(&err, 0, sizeof err);
    assert_int_equal(gnt_network_remove(&e.engine, "bridge", &o, &err), GANTRY_E_FORBIDDEN);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_REFUSED);
    assert_int_equal(close_engine(&e), 1);
}

static int create(int docker, int major, int minor, const gantry_network_options *o,
                  gantry_error *err)
{
    static const char *const bodies[] = { PODMAN_NETWORK(""), DOCKER_NETWORK };
    struct engine e;
    gantry_network *n = NULL;
    int rc;

    memset(err, 0, sizeof *err);
    open_engine(&e, docker, major, minor, bodies, 1);
    rc = e.backend.networks.create(e.engine.state, "net", o, &n, err);
    gantry_network_free(n);
    assert_int_equal(close_engine(&e), rc == 0);
    return rc;
}

static void test_options_by_version(void **state)
{
    const char *const servers[] = { "10.0.0.53", NULL };
    gantry_pair mtu = { "mtu", "1400" };
    gantry_pair odd = { "isolate", "true" };
    gantry_network_options o = { .size = sizeof o, .dns_servers = servers };
    gantry_error err;

    (void)state;
    assert_int_equal(create(0, 4, 3, &o, &err), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "dns_servers"));
    assert_int_equal(create(0, 4, 4, &o, &err), 0);
    assert_int_equal(create(1, 1, 51, &o, &err), GANTRY_E_UNSUPPORTED);
    o = (gantry_network_options){ .size = sizeof o, .driver = "macvlan", .dns = GANTRY_ON };
    assert_int_equal(create(0, 5, 4, &o, &err), GANTRY_E_UNSUPPORTED);
    o = (gantry_network_options){ .size = sizeof o, .dns = GANTRY_OFF };
    assert_int_equal(create(1, 1, 51, &o, &err), GANTRY_E_UNSUPPORTED);
    o = (gantry_network_options){
        .size = sizeof o, .driver = "macvlan", .options = &mtu, .option_count = 1
    };
    assert_int_equal(create(1, 1, 51, &o, &err), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "mtu"));
    o = (gantry_network_options){ .size = sizeof o, .options = &odd, .option_count = 1 };
    assert_int_equal(create(1, 1, 51, &o, &err), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "isolate"));
    assert_int_equal(create(0, 4, 3, &o, &err), 0);
}

static void test_docker_takes_no_mac_of_a_connect(void **state)
{
    static const char *const none[] = { "{}" };
    const gantry_network_connect_options o = { .size = sizeof o, .mac = "02:00:00:00:00:01" };
    gantry_error err = { 0 };
    struct engine e;

    (void)state;
    open_engine(&e, 1, 1, 51, none, 1);
    assert_int_equal(e.backend.networks.connect(&e.docker, "net", "web", &o, &err),
                     GANTRY_E_UNSUPPORTED);
    assert_string_equal(err.message, "option \"mac\" is not supported by this engine: give it when "
                                     "the container is created");
    assert_int_equal(close_engine(&e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_on_podman_5),
        cmocka_unit_test(test_members_on_podman_4),
        cmocka_unit_test(test_members_on_docker),
        cmocka_unit_test(test_docker_looks_before_it_removes),
        cmocka_unit_test(test_options_by_version),
        cmocka_unit_test(test_docker_takes_no_mac_of_a_connect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
