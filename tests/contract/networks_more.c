/*
 * Contract of networks, continued: what they can be asked for, who is in them, and how they go.
 */
#include "contract.h"

/* ---- addresses ------------------------------------------------------------------------------- */

/* "10.130.7" and "fd00:130:7" of this process, with room for an address behind. */
struct own {
    unsigned a;
    unsigned b;
    char text[8][64];
    int used;
};

static struct own own_addresses(unsigned which)
{
    struct contract_subnet subnet = contract_subnet(which);
    struct own own = { .used = 0 };

    CHECK(sscanf(subnet.prefix, "10.%u.%u", &own.a, &own.b) == 2);
    return own;
}

static const char *four(struct own *own, const char *end)
{
    char *text = own->text[own->used++ % 8];

    snprintf(text, sizeof own->text[0], "10.%u.%u.%s", own->a, own->b, end);
    return text;
}

static const char *six(struct own *own, const char *end)
{
    char *text = own->text[own->used++ % 8];

    snprintf(text, sizeof own->text[0], "fd00:%u:%u:%s", own->a, own->b, end);
    return text;
}

/* ---- shorthand ------------------------------------------------------------------------------- */

static const char *make(struct contract *f, const char *word, gantry_network_options *opts)
{
    const char *name = contract_name(f, word);

    OK(gantry_networks_create(f->networks, name, opts, NULL, &f->err));
    return name;
}

static const char *member_of(struct contract *f, const char *network, const char *script, int start)
{
    const char *name = contract_name(f, "member");
    gantry_container_options opts = {
        .size = sizeof opts, .name = name, .command = SHELL(script), .network = network
    };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    if (start)
        OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    return name;
}

/* What a script prints in a new container of a network; 0 to 1000 bytes. */
static const char *prints(struct contract *f, const char *network, const char *script)
{
    static char text[1000];
    gantry_container_options container = { .size = sizeof container, .network = network };
    gantry_run_options opts = {
        .size = sizeof opts, .container = &container, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    snprintf(text, sizeof text, "%.*s", (int)run->stdout_size, run->stdout_data);
    gantry_run_result_free(run);
    return text;
}

static gantry_network *look(struct contract *f, const char *name)
{
    gantry_network *network = NULL;

    OK(gantry_networks_inspect(f->networks, name, NULL, &network, &f->err));
    return network;
}

static const gantry_network_member *find_member(const gantry_network *n, const char *name)
{
    for (size_t i = 0; n->members[i] != NULL; i++) {
        if (strcmp(n->members[i]->name, name) == 0)
            return n->members[i];
    }
    return NULL;
}

static size_t member_count(const gantry_network *n)
{
    size_t count = 0;

    while (n->members[count] != NULL)
        count++;
    return count;
}

static int network_is_there(struct contract *f, const char *name)
{
    gantry_network_inspect_options opts = { .size = sizeof opts, .members = GANTRY_OFF };
    gantry_network *network = NULL;
    int rc = gantry_networks_inspect(f->networks, name, &opts, &network, &f->err);

    CHECK(rc == 0 || rc == GANTRY_E_NOT_FOUND);
    CHECK(rc < 0 || network->members[0] == NULL);
    gantry_network_free(network);
    return rc == 0;
}

/* ---- what a network is ----------------------------------------------------------------------- */

static void both_families_and_a_range(struct contract *f)
{
    struct own own = own_addresses(0);
    gantry_subnet one = { .size = sizeof one,
                          .subnet = four(&own, "0/24"),
                          .range = four(&own, "128/25") };
    gantry_subnet other = { .size = sizeof other, .subnet = six(&own, "7::/64") };
    const gantry_subnet *const subnets[] = { &one, &other, NULL };
    gantry_pair mtu = { "mtu", "1400" };
    gantry_network_options opts = {
        .size = sizeof opts, .subnets = subnets, .options = &mtu, .option_count = 1
    };
    gantry_network_connect_options at = { .size = sizeof at };
    const char *home = make(f, "home", NULL);
    const char *name = make(f, "both", &opts);
    gantry_network_ensured *ensured = NULL;
    const gantry_network_member *m;
    const char *member;
    gantry_network *n;
    unsigned end = 0;

    n = look(f, name);
    CHECK(n->ipv6 == 1 && n->internal == 0 && n->dns == 1 && n->predefined == 0);
    SAME(n->subnets[0]->subnet, one.subnet);
    SAME(n->subnets[0]->gateway, four(&own, "1"));
    SAME(n->subnets[0]->range, one.range);
    SAME(n->subnets[1]->subnet, other.subnet);
    SAME(n->subnets[1]->gateway, six(&own, "7::1"));
    SAME(n->subnets[1]->range, "");
    CHECK(n->subnets[2] == NULL);
    SAME(contract_pair(n->options, n->option_count, "mtu"), "1400");
    gantry_network_free(n);
    OK(gantry_networks_ensure(f->networks, name, &opts, &ensured, &f->err));
    CHECK(ensured->created == 0);
    CHECK(ensured->differences[0] == NULL);
    gantry_network_ensured_free(ensured);
    /* From the range, unless an address is asked for. */
    SAME(prints(f, name, "cat /sys/class/net/eth0/mtu; ip -4 -o addr show eth0 | grep -c ."),
         "1400\n1\n");
    CHECK(sscanf(prints(f, name,
                        "ip -4 -o addr show eth0 | sed 's,.*inet [0-9]*\\.[0-9]*\\.[0-9]*\\.\\([0-"
                        "9]*\\)/.*,\\1,'"),
                 "%u", &end) == 1);
    CHECK(end >= 128);
    member = member_of(f, home, IDLE, 1);
    at.address = four(&own, "77");
    at.address6 = six(&own, "7::77");
    OK(gantry_networks_connect(f->networks, name, member, &at, &f->err));
    n = look(f, name);
    CHECK(member_count(n) == 1);
    m = find_member(n, member);
    CHECK(m != NULL && m->running == 1);
    SAME(m->address, at.address);
    SAME(m->address6, at.address6);
    CHECK(strlen(m->mac) == 17);
    CHECK(contract_is_id(m->container));
    gantry_network_free(n);
}

static void ensure_tells_what_differs(struct contract *f)
{
    struct own own = own_addresses(1);
    gantry_network_options opts = { .size = sizeof opts, .subnet = four(&own, "0/24") };
    gantry_subnet wanted = { .size = sizeof wanted,
                             .subnet = four(&own, "0/24"),
                             .gateway = four(&own, "9"),
                             .range = four(&own, "64/26") };
    const gantry_subnet *const subnets[] = { &wanted, NULL };
    gantry_pair mtu = { "mtu", "1300" };
    gantry_network_options asked = {
        .size = sizeof asked, .subnets = subnets, .options = &mtu, .option_count = 1
    };
    const char *name = make(f, "ensured", &opts);
    gantry_network_ensured *ensured = NULL;

    OK(gantry_networks_ensure(f->networks, name, &asked, &ensured, &f->err));
    CHECK(ensured->created == 0);
    CONTAINS(ensured->differences[0], "gateway");
    CONTAINS(ensured->differences[1], "range");
    CONTAINS(ensured->differences[2], "option mtu");
    CHECK(ensured->differences[3] == NULL);
    gantry_network_ensured_free(ensured);
}

/* Asks until somebody answers, or once. */
#define ASK "nc -w 2 %s %d </dev/null"
#define ASK_LONG                                                                                   \
    "i=0; while [ $i -lt 50 ]; do " ASK " && exit; i=$((i+1)); usleep 100000; done; echo no"

/* A container of Podman in the same network of hosts, for what lies beyond Docker. */
struct neighbour {
    gantry_engine *engine;
    char address[64];
};

static void clean_neighbour(struct contract *f, struct neighbour *n)
{
    gantry_container_remove_options gone = { .size = sizeof gone,
                                             .force = GANTRY_ON,
                                             .missing_ok = GANTRY_ON };
    gantry_network_remove_options out = { .size = sizeof out, .missing_ok = GANTRY_ON };
    gantry_image_remove_options drop = { .size = sizeof drop, .missing_ok = GANTRY_ON };
    char name[100];

    snprintf(name, sizeof name, "%s-beyond", f->prefix);
    gantry_containers_remove(gantry_engine_containers(n->engine), name, &gone, NULL);
    gantry_networks_remove(gantry_engine_networks(n->engine), name, &out, NULL);
    gantry_images_remove(gantry_engine_images(n->engine), name, &drop, NULL, NULL);
    gantry_engine_close(n->engine);
}

static int make_neighbour(struct contract *f, struct neighbour *n, const char *subnet,
                          const char *script)
{
    gantry_engine_options engine = { .size = sizeof engine,
                                     .address = getenv("GANTRY_TEST_PODMAN"),
                                     .on_demand = GANTRY_OFF };
    gantry_source tar;
    char name[100];
    gantry_network_options network = { .size = sizeof network, .subnet = subnet };
    gantry_container_options container = {
        .size = sizeof container, .name = name, .command = SHELL(script), .network = name
    };
    gantry_container *info = NULL;
    int rc;

    if (engine.address == NULL ||
        gantry_engine_open(GANTRY_RUNTIME_PODMAN, &engine, &n->engine, &f->err) < 0)
        return 0;
    snprintf(name, sizeof name, "%s-beyond", f->prefix);
    tar = contract_base_tar(f);
    rc = gantry_images_import(gantry_engine_images(n->engine), name, &tar, NULL, NULL, &f->err);
    contract_base_tar_close(&tar);
    /* Podman cannot make one while an interface of another engine's container vanishes. */
    for (int i = 0; rc == 0 && i < 20; i++) {
        rc = gantry_networks_create(gantry_engine_networks(n->engine), name, &network, NULL,
                                    &f->err);
        if (rc != GANTRY_E_ENGINE)
            break;
        rc = i < 19 ? 0 : rc;
    }
    if (rc == 0)
        rc = gantry_containers_create(gantry_engine_containers(n->engine), name, &container, NULL,
                                      &f->err);
    if (rc == 0)
        rc = gantry_containers_start(gantry_engine_containers(n->engine), name, NULL, &f->err);
    if (rc == 0)
        rc = gantry_containers_inspect(gantry_engine_containers(n->engine), name, NULL, &info,
                                       &f->err);
    if (rc == 0)
        snprintf(n->address, sizeof n->address, "%s", info->attachments[0]->address);
    gantry_container_free(info);
    if (rc < 0)
        clean_neighbour(f, n);
    OK(rc);
    return 1;
}

/* Docker: what the host would have to forward. */
static void nothing_is_forwarded(struct contract *f, const char *open, const char *closed)
{
    struct own own = own_addresses(2);
    struct neighbour neighbour = { 0 };
    char ask[300], from_open[64], from_closed[64];

    if (!make_neighbour(f, &neighbour, four(&own, "0/24"),
                        "while :; do echo out | nc -l -p 7777; done"))
        return;
    snprintf(ask, sizeof ask, ASK_LONG, neighbour.address, 7777);
    snprintf(from_open, sizeof from_open, "%s", prints(f, open, ask));
    snprintf(ask, sizeof ask, ASK " || echo no", neighbour.address, 7777);
    snprintf(from_closed, sizeof from_closed, "%s", prints(f, closed, ask));
    clean_neighbour(f, &neighbour);
    SAME(from_open, "out\n");
    SAME(from_closed, "no\n");
}

/* A listener with every address of the host: what there is beyond a network without internet. */
static void internal_has_no_way_out(struct contract *f)
{
    struct own own = own_addresses(3);
    gantry_network_options wall = { .size = sizeof wall, .internal = GANTRY_ON };
    gantry_network_options other = { .size = sizeof other, .subnet = four(&own, "0/24") };
    const char *closed = make(f, "closed", &wall);
    const char *open = make(f, "open", NULL);
    const char *beyond;
    char listen[100], ask[300];
    int port = contract_port(1);

    if (contract_differs(f, DIFF_INTERNAL_REACHES_THE_HOST)) {
        nothing_is_forwarded(f, open, closed);
        return;
    }
    SAME(prints(f, closed, "ip route | grep -c ^default"), "0\n");
    SAME(prints(f, open, "ip route | grep -c ^default"), "1\n");
    if (contract_differs(f, DIFF_HOST_IS_OUT_OF_REACH))
        return;
    beyond = make(f, "beyond", &other);
    member_of(f, beyond, IDLE, 1); /* its gateway is an address of the host now */
    snprintf(listen, sizeof listen, "while :; do echo out | nc -l -p %d; done", port);
    member_of(f, "host", listen, 1);
    snprintf(ask, sizeof ask, ASK_LONG, four(&own, "1"), port);
    SAME(prints(f, open, ask), "out\n");
    snprintf(ask, sizeof ask, ASK " || echo no", four(&own, "1"), port);
    SAME(prints(f, closed, ask), "no\n");
}

static void members_answer_to_aliases(struct contract *f)
{
    const char *network = make(f, "friends", NULL);
    const char *const aliases[] = { "database", "db", NULL };
    const gantry_attachment place = { .size = sizeof place,
                                      .network = network,
                                      .aliases = aliases };
    const gantry_attachment *const places[] = { &place, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "server"),
                                      .command = SHELL(IDLE),
                                      .networks = places };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    SAME(prints(f, network,
                "i=0; while [ $i -lt 50 ]; do nslookup db | grep -q '^Name:.*db' && nslookup "
                "database | grep -q '^Name:.*database' && echo found && exit; i=$((i+1)); usleep "
                "100000; done"),
         "found\n");
}

static void dns_is_a_switch(struct contract *f)
{
    gantry_network_options opts = { .size = sizeof opts, .dns = GANTRY_OFF };
    const char *const servers[] = { "192.0.2.53", NULL };
    const char *name = contract_name(f, "mute");
    gantry_network *n = NULL;

    if (contract_differs(f, DIFF_NAMES_ARE_ALWAYS_FOUND)) {
        FAILS(gantry_networks_create(f->networks, name, &opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "dns");
    } else {
        OK(gantry_networks_create(f->networks, name, &opts, &n, &f->err));
        CHECK(n->dns == 0);
        gantry_network_free(n);
    }
    opts.dns = GANTRY_DEFAULT;
    opts.dns_servers = servers;
    if (contract_differs(f, DIFF_DNS_SERVERS_NEED_PODMAN_44)) {
        FAILS(gantry_networks_create(f->networks, contract_name(f, "served"), &opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "dns_servers");
    }
}

static void several_subnets_of_a_family(struct contract *f)
{
    struct own own = own_addresses(0);
    struct own more = own_addresses(1);
    gantry_subnet one = { .size = sizeof one, .subnet = four(&own, "0/24") };
    gantry_subnet other = { .size = sizeof other, .subnet = four(&more, "0/24") };
    const gantry_subnet *const subnets[] = { &one, &other, NULL };
    gantry_network_options opts = { .size = sizeof opts, .subnets = subnets };
    const char *name = contract_name(f, "wide");
    gantry_network *n = NULL;

    if (contract_differs(f, DIFF_BRIDGES_HAVE_ONE_SUBNET)) {
        FAILS(gantry_networks_create(f->networks, name, &opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "subnets");
        return;
    }
    OK(gantry_networks_create(f->networks, name, &opts, &n, &f->err));
    SAME(n->subnets[0]->subnet, one.subnet);
    SAME(n->subnets[1]->subnet, other.subnet);
    gantry_network_free(n);
    SAME(prints(f, name, "ip -4 -o addr show eth0 | grep -c ."), "2\n");
}

static void ipv6_without_a_subnet(struct contract *f)
{
    gantry_network_options opts = { .size = sizeof opts, .ipv6 = GANTRY_ON };
    const char *name = contract_name(f, "six");
    gantry_network *n = NULL;

    if (contract_differs(f, DIFF_IPV6_NEEDS_A_SUBNET)) {
        FAILS(gantry_networks_create(f->networks, name, &opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        return;
    }
    OK(gantry_networks_create(f->networks, name, &opts, &n, &f->err));
    CHECK(n->ipv6 == 1);
    CHECK(n->subnets[0] != NULL && n->subnets[1] != NULL);
    gantry_network_free(n);
}

/* ---- macvlan, ipvlan ------------------------------------------------------------------------- */

/* The parent is the bridge of another network: it is there while a container runs on that. */
static void macvlan_on_a_parent(struct contract *f)
{
    struct own own = own_addresses(3);
    char bridge[16], ask[300];
    gantry_network_options ground = { .size = sizeof ground, .parent = bridge };
    gantry_subnet subnet = { .size = sizeof subnet, .subnet = four(&own, "0/24") };
    const gantry_subnet *const subnets[] = { &subnet, NULL };
    gantry_network_options opts = {
        .size = sizeof opts, .driver = "macvlan", .subnets = subnets, .parent = bridge
    };
    gantry_attachment place = { .size = sizeof place, .address = four(&own, "21") };
    const gantry_attachment *const places[] = { &place, NULL };
    gantry_container_options server = { .size = sizeof server,
                                        .name = contract_name(f, "server"),
                                        .command = SHELL("while :; do echo hello | nc -l -p 7777; "
                                                         "done"),
                                        .networks = places };
    const char *name = contract_name(f, "mac");
    gantry_network *n = NULL;

    snprintf(bridge, sizeof bridge, "gt%u", (unsigned)contract_port(2));
    FAILS(gantry_networks_create(f->networks, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
    if (contract_differs(f, DIFF_PARENTS_NEED_ROOT))
        return;
    member_of(f, make(f, "ground", &ground), IDLE, 1);
    OK(gantry_networks_create(f->networks, name, &opts, &n, &f->err));
    SAME(n->driver, "macvlan");
    SAME(n->parent, bridge);
    SAME(n->subnets[0]->gateway, four(&own, "1"));
    gantry_network_free(n);
    place.network = name;
    OK(gantry_containers_create(f->containers, f->base, &server, NULL, &f->err));
    OK(gantry_containers_start(f->containers, server.name, NULL, &f->err));
    snprintf(ask, sizeof ask, ASK_LONG, place.address, 7777);
    SAME(prints(f, name, ask), "hello\n");
}

static void ipvlan_is_told_apart(struct contract *f)
{
    struct own own = own_addresses(2);
    char bridge[16];
    gantry_network_options ground = { .size = sizeof ground, .parent = bridge };
    gantry_network_options opts = {
        .size = sizeof opts, .driver = "ipvlan", .subnet = four(&own, "0/24"), .parent = bridge
    };
    const char *name = contract_name(f, "ip");
    gantry_network *n = NULL;

    snprintf(bridge, sizeof bridge, "gt%u", (unsigned)contract_port(3));
    member_of(f, make(f, "ground", &ground), IDLE, 1);
    if (contract_differs(f, DIFF_IPVLAN_NEEDS_A_NEWER_PODMAN)) {
        FAILS(gantry_networks_create(f->networks, name, &opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        return;
    }
    if (contract_differs(f, DIFF_PARENTS_NEED_ROOT)) {
        FAILS(gantry_networks_create(f->networks, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
        return;
    }
    OK(gantry_networks_create(f->networks, name, &opts, &n, &f->err));
    SAME(n->driver, "ipvlan");
    SAME(n->parent, bridge);
    gantry_network_free(n);
}

/* ---- members --------------------------------------------------------------------------------- */

static void members_run_or_not(struct contract *f)
{
    const char *name = make(f, "team", NULL);
    const char *created = member_of(f, name, IDLE, 0);
    const char *runs = contract_has_processes(f) ? member_of(f, name, IDLE, 1) : NULL;
    const gantry_network_member *m;
    gantry_network *n = look(f, name);

    CHECK(member_count(n) == 1 + (runs != NULL));
    m = find_member(n, created);
    CHECK(m != NULL && m->running == 0);
    SAME(m->address, "");
    if (runs != NULL) {
        m = find_member(n, runs);
        CHECK(m != NULL && m->running == 1);
        CHECK(m->address[0] != '\0');
        CHECK(strlen(m->mac) == 17);
    }
    gantry_network_free(n);
    CHECK(network_is_there(f, name));
}

static void attached_ok_takes_what_is(struct contract *f)
{
    gantry_network_connect_options opts = { .size = sizeof opts, .attached_ok = GANTRY_ON };
    const char *name = make(f, "once", NULL);
    const char *member = contract_start(f, IDLE);
    int rc = gantry_networks_connect(f->networks, name, member, &opts, &f->err);

    if (rc == GANTRY_E_UNSUPPORTED) /* rootless: its network is none that others can be beside */
        member = member_of(f, name, IDLE, 1);
    else
        OK(rc);
    OK(gantry_networks_connect(f->networks, name, member, &opts, &f->err));
    FAILS(gantry_networks_connect(f->networks, name, contract_name(f, "nobody"), &opts, &f->err),
          GANTRY_E_NOT_FOUND);
    FAILS(gantry_networks_connect(f->networks, contract_name(f, "none"), member, &opts, &f->err),
          GANTRY_E_NOT_FOUND);
    opts.attached_ok = GANTRY_OFF;
    FAILS(gantry_networks_connect(f->networks, name, member, &opts, &f->err), GANTRY_E_STATE);
}

static void mac_addresses_of_members(struct contract *f)
{
    gantry_network_connect_options opts = { .size = sizeof opts, .mac = "02:00:00:12:34:56" };
    const char *home = make(f, "home", NULL);
    const char *name = make(f, "tagged", NULL);
    const char *member = member_of(f, home, IDLE, 1);
    gantry_network *n;

    if (contract_differs(f, DIFF_MAC_IS_GIVEN_AT_CREATE)) {
        FAILS(gantry_networks_connect(f->networks, name, member, &opts, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "mac");
        return;
    }
    OK(gantry_networks_connect(f->networks, name, member, &opts, &f->err));
    n = look(f, name);
    SAME(find_member(n, member)->mac, opts.mac);
    gantry_network_free(n);
}

/* ---- removing, prune ------------------------------------------------------------------------- */

static void force_empties_first(struct contract *f)
{
    gantry_network_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    const char *name = make(f, "left", NULL);
    const char *company = make(f, "company", NULL);
    const char *created = member_of(f, name, IDLE, 0);
    const char *runs;

    /* One that does not run holds it, too. */
    FAILS(gantry_networks_remove(f->networks, name, NULL, &f->err), GANTRY_E_IN_USE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
    if (contract_has_processes(f))
        member_of(f, company, IDLE, 1); /* see DISCONNECT_NEEDS_COMPANY */
    runs = contract_has_processes(f) ? member_of(f, name, IDLE, 1) : NULL;
    OK(gantry_networks_remove(f->networks, name, &force, &f->err));
    CHECK(!network_is_there(f, name));
    CHECK(contract_state(f, created) == GANTRY_CONTAINER_CREATED);
    CHECK(runs == NULL || contract_state(f, runs) == GANTRY_CONTAINER_RUNNING);
    FAILS(gantry_networks_remove(f->networks, name, &force, &f->err), GANTRY_E_NOT_FOUND);
    force.missing_ok = GANTRY_ON;
    OK(gantry_networks_remove(f->networks, name, &force, &f->err));
}

static void containers_go_if_asked(struct contract *f)
{
    gantry_network_remove_options all = { .size = sizeof all, .remove_containers = GANTRY_ON };
    const char *name = make(f, "gone", NULL);
    const char *other = make(f, "other", NULL);
    const char *created = member_of(f, name, IDLE, 0);
    const char *runs = contract_has_processes(f) ? member_of(f, name, IDLE, 1) : NULL;
    const char *stranger = member_of(f, other, IDLE, 0);

    OK(gantry_networks_remove(f->networks, name, &all, &f->err));
    CHECK(!network_is_there(f, name));
    CHECK(!contract_exists(f, created));
    CHECK(runs == NULL || !contract_exists(f, runs));
    CHECK(contract_exists(f, stranger));
}

static void the_engines_own_stay(struct contract *f)
{
    gantry_network_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    gantry_network_list *list = NULL;
    const char *member = contract_start(f, IDLE);
    size_t own = 0;

    OK(gantry_networks_list(f->networks, NULL, &list, &f->err));
    for (size_t i = 0; i < list->count; i++) {
        const gantry_network *n = list->items[i];

        if (!n->predefined)
            continue;
        own++;
        FAILS(gantry_networks_remove(f->networks, n->name, NULL, &f->err), GANTRY_E_FORBIDDEN);
        FAILS(gantry_networks_remove(f->networks, n->id, &force, &f->err), GANTRY_E_FORBIDDEN);
    }
    gantry_network_list_free(list);
    CHECK(own >= 1);
    CHECK(contract_state(f, member) == GANTRY_CONTAINER_RUNNING);
}

static void prune_takes_what_nobody_is_in(struct contract *f)
{
    char value[64];
    gantry_pair labels[2] = { { "contract-prune", value }, { "keep", "" } };
    const char *const conditions[] = { "contract-prune", NULL };
    const char *const keep[] = { "keep", NULL };
    gantry_network_options opts = { .size = sizeof opts, .labels = labels, .label_count = 1 };
    gantry_network_prune_options prune = {
        .size = sizeof prune, .labels = conditions, .labels_not = keep, .dry_run = GANTRY_ON
    };
    const char *unused, *used, *kept;
    gantry_networks_pruned *pruned = NULL;

    snprintf(value, sizeof value, "%s", f->prefix);
    unused = make(f, "unused", &opts);
    used = make(f, "used", &opts);
    opts.label_count = 2;
    kept = make(f, "kept", &opts);
    member_of(f, used, IDLE, 0);
    for (int dry = 1; dry >= 0; dry--) {
        prune.dry_run = dry ? GANTRY_ON : GANTRY_OFF;
        OK(gantry_networks_prune(f->networks, &prune, &pruned, &f->err));
        CHECK(contract_in_list(pruned->names, unused));
        CHECK(pruned->names[1] == NULL);
        gantry_networks_pruned_free(pruned);
        CHECK(network_is_there(f, unused) == dry);
    }
    CHECK(network_is_there(f, used));
    CHECK(network_is_there(f, kept));
    prune.labels_not = NULL;
    prune.until_ns = 1600000000ll * 1000000000; /* all are younger */
    OK(gantry_networks_prune(f->networks, &prune, &pruned, &f->err));
    CHECK(pruned->names[0] == NULL);
    gantry_networks_pruned_free(pruned);
}

static size_t count(struct contract *f, const gantry_network_list_options *opts, const char *name)
{
    gantry_network_list *list = NULL;
    size_t found = 0;

    OK(gantry_networks_list(f->networks, opts, &list, &f->err));
    for (size_t i = 0; i < list->count; i++)
        found += strcmp(list->items[i]->name, name) == 0;
    gantry_network_list_free(list);
    return found;
}

static void list_finds_by_driver_and_id(struct contract *f)
{
    const char *name = make(f, "listed", NULL);
    const char *drivers[] = { "macvlan", "bridge", NULL };
    const char *ids[] = { NULL, NULL };
    gantry_network_list_options opts = { .size = sizeof opts, .drivers = drivers };
    char id[65];
    gantry_network *n = look(f, name);

    snprintf(id, sizeof id, "%s", n->id);
    gantry_network_free(n);
    CHECK(count(f, &opts, name) == 1);
    drivers[1] = NULL;
    CHECK(count(f, &opts, name) == 0);
    opts.drivers = NULL;
    opts.ids = ids;
    ids[0] = id;
    CHECK(count(f, &opts, name) == 1);
    id[12] = '\0'; /* whole ids only */
    CHECK(count(f, &opts, name) == 0);
}

/* ---- what cannot be -------------------------------------------------------------------------- */

static void nonsense_is_invalid(struct contract *f)
{
    struct own own = own_addresses(0);
    const char *name = contract_name(f, "never");
    gantry_subnet subnet = { .size = sizeof subnet, .subnet = four(&own, "0/24") };
    const gantry_subnet *const subnets[] = { &subnet, NULL };
    gantry_pair mtu = { "mtu", "wide" };
    const gantry_network_options rows[] = {
        { .size = sizeof rows[0], .driver = "host" },
        { .size = sizeof rows[0], .driver = "none" },
        { .size = sizeof rows[0], .subnet = "10.77.0.0/33" },
        { .size = sizeof rows[0], .subnet = "10.77.0.5/24" },
        { .size = sizeof rows[0], .subnet = "fd00::/129" },
        { .size = sizeof rows[0], .subnet = "10.77.0.0" },
        { .size = sizeof rows[0], .subnet = "10.77.0.0/24", .gateway = "10.78.0.1" },
        { .size = sizeof rows[0], .gateway = "10.78.0.1" },
        { .size = sizeof rows[0], .subnet = "10.77.0.0/24", .subnets = subnets },
        { .size = sizeof rows[0], .subnet = "fd00:77::/64", .ipv6 = GANTRY_OFF },
        { .size = sizeof rows[0], .subnet = "10.77.0.0/24", .ipam_driver = "none" },
        { .size = sizeof rows[0], .parent = "no/interface" },
        { .size = sizeof rows[0], .options = &mtu, .option_count = 1 },
    };
    const char *const ranges[] = { "10.78.0.0/25", "10.0.0.0/8", "fd00::/80", "x" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        FAILS(gantry_networks_create(f->networks, name, &rows[i], NULL, &f->err), GANTRY_E_INVALID);
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        gantry_network_options opts = { .size = sizeof opts, .subnets = subnets };

        subnet.range = ranges[i];
        FAILS(gantry_networks_create(f->networks, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
        CONTAINS(f->err.message, "range");
    }
    CHECK(!network_is_there(f, name));
}

static void unknown_words_are_invalid(struct contract *f)
{
    struct own own = own_addresses(0);
    const char *name = contract_name(f, "never");
    gantry_pair odd = { "no.such.option", "1" };
    gantry_network_options driver = { .size = sizeof driver, .driver = "nosuchdriver" };
    gantry_network_options ipam = { .size = sizeof ipam, .ipam_driver = "nosuchdriver" };
    gantry_network_options parent = { .size = sizeof parent,
                                      .driver = "macvlan",
                                      .parent = "nosuch0",
                                      .subnet = four(&own, "0/24") };
    gantry_network_options option = { .size = sizeof option, .options = &odd, .option_count = 1 };

    FAILS(gantry_networks_create(f->networks, name, &driver, NULL, &f->err), GANTRY_E_INVALID);
    if (f->on != ON_DOCKER) /* which waits 15 s for a plugin to come, once is enough */
        FAILS(gantry_networks_create(f->networks, name, &ipam, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_networks_create(f->networks, name, &parent, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_networks_create(f->networks, name, &option, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "no.such.option");
    CHECK(!network_is_there(f, name));
}

static void addresses_that_cannot_be(struct contract *f)
{
    struct own own = own_addresses(1);
    gantry_network_options opts = { .size = sizeof opts, .subnet = four(&own, "0/24") };
    const char *home = make(f, "home", NULL);
    const char *name = make(f, "narrow", &opts);
    const char *first = member_of(f, home, IDLE, 1);
    const char *second = member_of(f, home, IDLE, 1);
    const char *created = member_of(f, home, IDLE, 0);
    gantry_network_connect_options at = { .size = sizeof at, .address = "192.0.2.7" };

    FAILS(gantry_networks_connect(f->networks, name, first, &at, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_networks_connect(f->networks, name, created, &at, &f->err), GANTRY_E_INVALID);
    at.address = "10.0.0";
    FAILS(gantry_networks_connect(f->networks, name, first, &at, &f->err), GANTRY_E_INVALID);
    at = (gantry_network_connect_options){ .size = sizeof at, .mac = "02:00:00:12:34" };
    FAILS(gantry_networks_connect(f->networks, name, first, &at, &f->err), GANTRY_E_INVALID);
    at = (gantry_network_connect_options){ .size = sizeof at, .address6 = "fd00:99::9" };
    FAILS(gantry_networks_connect(f->networks, name, first, &at, &f->err), GANTRY_E_INVALID);
    at = (gantry_network_connect_options){ .size = sizeof at, .address = four(&own, "50") };
    OK(gantry_networks_connect(f->networks, name, first, &at, &f->err));
    FAILS(gantry_networks_connect(f->networks, name, second, &at, &f->err), GANTRY_E_IN_USE);
    opts.subnet = four(&own, "128/25");
    FAILS(gantry_networks_create(f->networks, contract_name(f, "inside"), &opts, NULL, &f->err),
          GANTRY_E_CONFLICT);
}

const struct contract_test networks2_tests[] = {
    TEST_WITH(both_families_and_a_range, .on = ON_ENGINES),
    TEST_WITH(ensure_tells_what_differs, .on = ON_ENGINES),
    TEST_WITH(internal_has_no_way_out, .on = ON_ENGINES),
    TEST_WITH(members_answer_to_aliases, .on = ON_ENGINES),
    TEST_WITH(dns_is_a_switch, .on = ON_ENGINES),
    TEST_WITH(several_subnets_of_a_family, .on = ON_ENGINES),
    TEST_WITH(ipv6_without_a_subnet, .on = ON_ENGINES),
    TEST_WITH(macvlan_on_a_parent, .on = ON_ENGINES),
    TEST_WITH(ipvlan_is_told_apart, .on = ON_ENGINES),
    TEST(members_run_or_not),
    TEST(attached_ok_takes_what_is),
    TEST_WITH(mac_addresses_of_members, .on = ON_ENGINES),
    TEST(force_empties_first),
    TEST(containers_go_if_asked),
    TEST_WITH(the_engines_own_stay, .on = ON_ENGINES),
    TEST(prune_takes_what_nobody_is_in),
    TEST(list_finds_by_driver_and_id),
    TEST(nonsense_is_invalid),
    TEST_WITH(unknown_words_are_invalid, .on = ON_ENGINES),
    TEST_WITH(addresses_that_cannot_be, .on = ON_ENGINES),
    { 0 },
};
