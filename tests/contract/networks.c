/*
 * Contract of networks, and of containers in them.
 */
#include "contract.h"

static void own_subnet(char subnet[32], char gateway[32], unsigned which)
{
    const struct contract_subnet own = contract_subnet(which);

    snprintf(subnet, 32, "%s.0/24", own.prefix);
    snprintf(gateway, 32, "%s.1", own.prefix);
}

static void network_comes_and_goes(struct contract *f)
{
    const char *name = contract_name(f, "net");
    gantry_pair label = { "purpose", "contract" };
    gantry_network_options opts = { .size = sizeof opts, .labels = &label, .label_count = 1 };
    gantry_network *network = NULL;
    char id[65];

    OK(gantry_networks_create(f->networks, name, &opts, &network, &f->err));
    CHECK(contract_is_id(network->id));
    SAME(network->name, name);
    snprintf(id, sizeof id, "%s", network->id);
    gantry_network_free(network);
    OK(gantry_networks_inspect(f->networks, name, NULL, &network, &f->err));
    SAME(network->id, id);
    SAME(network->driver, "bridge");
    SAME(contract_pair(network->labels, network->label_count, "purpose"), "contract");
    CHECK(network->internal == 0);
    CHECK(network->ipv6 == 0);
    CHECK(network->created_ns > (int64_t)1600000000 * 1000000000);
    CHECK(network->json[0] == '{');
    gantry_network_free(network);
    OK(gantry_networks_inspect(f->networks, id, NULL, &network, &f->err));
    SAME(network->name, name);
    gantry_network_free(network);
    OK(gantry_networks_remove(f->networks, id, NULL, &f->err));
    network = NULL;
    FAILS(gantry_networks_inspect(f->networks, name, NULL, &network, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(network == NULL);
}

static void network_is_as_asked(struct contract *f)
{
    const char *name = contract_name(f, "shaped");
    char subnet[32], gateway[32];
    gantry_network_options opts = { .size = sizeof opts,
                                    .driver = "bridge",
                                    .subnet = subnet,
                                    .gateway = gateway,
                                    .internal = GANTRY_ON };
    gantry_network *network = NULL;

    own_subnet(subnet, gateway, 0);
    OK(gantry_networks_create(f->networks, name, &opts, NULL, &f->err));
    OK(gantry_networks_inspect(f->networks, name, NULL, &network, &f->err));
    CHECK(network->internal == 1);
    CHECK(network->subnets[0] != NULL);
    SAME(network->subnets[0]->subnet, subnet);
    SAME(network->subnets[0]->gateway, gateway);
    CHECK(network->subnets[1] == NULL);
    gantry_network_free(network);
}

static void taken_name_exists(struct contract *f)
{
    const char *name = contract_name(f, "twice");
    gantry_network *network = NULL;

    OK(gantry_networks_create(f->networks, name, NULL, NULL, &f->err));
    FAILS(gantry_networks_create(f->networks, name, NULL, &network, &f->err), GANTRY_E_EXISTS);
    CHECK(network == NULL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
    SAME(f->err.resource, name);
}

static void missing_network_is_not_found(struct contract *f)
{
    gantry_network_remove_options missing_ok = { .size = sizeof missing_ok,
                                                 .missing_ok = GANTRY_ON };
    const char *name = contract_name(f, "missing");
    const char *container = contract_start(f, IDLE);
    gantry_network *network = NULL;

    FAILS(gantry_networks_inspect(f->networks, name, NULL, &network, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
    SAME(f->err.resource, name);
    FAILS(gantry_networks_remove(f->networks, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
    OK(gantry_networks_remove(f->networks, name, &missing_ok, &f->err));
    FAILS(gantry_networks_connect(f->networks, name, container, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
    OK(gantry_networks_create(f->networks, name, NULL, NULL, &f->err));
    FAILS(gantry_networks_connect(f->networks, name, contract_name(f, "nobody"), NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
}

/* Removing by a beginning of a name would take somebody else's network away. */
static void beginning_of_a_name_is_no_name(struct contract *f)
{
    const char *name = contract_name(f, "whole");
    char beginning[128];
    gantry_network *network = NULL;

    OK(gantry_networks_create(f->networks, name, NULL, NULL, &f->err));
    snprintf(beginning, sizeof beginning, "%.*s", (int)strlen(name) - 1, name);
    FAILS(gantry_networks_remove(f->networks, beginning, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_networks_inspect(f->networks, beginning, NULL, &network, &f->err),
          GANTRY_E_NOT_FOUND);
    OK(gantry_networks_inspect(f->networks, name, NULL, &network, &f->err));
    gantry_network_free(network);
}

static const char *start_on(struct contract *f, const char *network)
{
    const char *name = contract_name(f, "member");
    gantry_container_options opts = {
        .size = sizeof opts, .name = name, .command = SHELL(IDLE), .network = network
    };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    return name;
}

static void used_network_stays(struct contract *f)
{
    const char *name = contract_name(f, "used");
    const char *member;
    gantry_network *network = NULL;

    OK(gantry_networks_create(f->networks, name, NULL, NULL, &f->err));
    member = start_on(f, name);
    FAILS(gantry_networks_remove(f->networks, name, NULL, &f->err), GANTRY_E_IN_USE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
    OK(gantry_networks_inspect(f->networks, name, NULL, &network, &f->err));
    gantry_network_free(network);
    CHECK(contract_state(f, member) == GANTRY_CONTAINER_RUNNING);
}

/* ---- list, ensure ---------------------------------------------------------------------------- */

static size_t list_count(struct contract *f, const gantry_network_list_options *opts,
                         const char *name)
{
    gantry_network_list *list = NULL;
    size_t found = 0;
    size_t count;

    OK(gantry_networks_list(f->networks, opts, &list, &f->err));
    CHECK(list->items[list->count] == NULL);
    for (size_t i = 0; i < list->count; i++) {
        CHECK(contract_is_id(list->items[i]->id));
        CHECK(list->items[i]->json == NULL);
        found += strcmp(list->items[i]->name, name) == 0;
    }
    count = list->count;
    gantry_network_list_free(list);
    CHECK(found <= 1);
    return found ? count : 0;
}

static void list_finds_by_name_and_label(struct contract *f)
{
    const char *name = contract_name(f, "one");
    char longer[140], label[160];
    gantry_pair pair = { "contract-of", longer };
    gantry_network_options network = { .size = sizeof network, .labels = &pair, .label_count = 1 };
    const char *names[2] = { name, NULL };
    const char *labels[3] = { "contract-of", label, NULL };
    gantry_network_list_options opts = { .size = sizeof opts, .names = names };

    snprintf(longer, sizeof longer, "%s-more", name);
    snprintf(label, sizeof label, "contract-of=%s", longer);
    OK(gantry_networks_create(f->networks, name, NULL, NULL, &f->err));
    OK(gantry_networks_create(f->networks, longer, &network, NULL, &f->err));
    CHECK(list_count(f, NULL, name) >= 2);
    CHECK(list_count(f, &opts, name) == 1);
    opts.names = NULL;
    opts.labels = labels;
    CHECK(list_count(f, &opts, longer) == 1);
    labels[0] = "contract-of=nothing";
    CHECK(list_count(f, &opts, longer) == 0);
}

static void ensure_creates_or_accepts(struct contract *f)
{
    const char *name = contract_name(f, "ensured");
    gantry_network_options opts = { .size = sizeof opts };
    gantry_network_ensured *ensured = NULL;

    OK(gantry_networks_ensure(f->networks, name, &opts, &ensured, &f->err));
    CHECK(ensured->created == 1);
    CHECK(ensured->differences[0] == NULL);
    SAME(ensured->network->name, name);
    gantry_network_ensured_free(ensured);
    OK(gantry_networks_ensure(f->networks, name, &opts, &ensured, &f->err));
    CHECK(ensured->created == 0);
    CHECK(ensured->differences[0] == NULL);
    gantry_network_ensured_free(ensured);
    opts.internal = GANTRY_ON;
    OK(gantry_networks_ensure(f->networks, name, &opts, &ensured, &f->err));
    CHECK(ensured->created == 0);
    CONTAINS(ensured->differences[0], "internal");
    CHECK(ensured->differences[1] == NULL);
    CHECK(ensured->network->internal == 0);
    gantry_network_ensured_free(ensured);
}

/* ---- members --------------------------------------------------------------------------------- */

static int is_member(struct contract *f, const char *container, const char *network)
{
    gantry_container *info = NULL;
    int attached = 0;
    int listed;

    OK(gantry_containers_inspect(f->containers, container, NULL, &info, &f->err));
    for (size_t i = 0; info->attachments[i] != NULL; i++)
        attached |= strcmp(info->attachments[i]->network, network) == 0;
    listed = contract_in_list(info->networks, network);
    gantry_container_free(info);
    CHECK(listed == attached);
    return attached;
}

static void connect_and_disconnect(struct contract *f)
{
    const char *first = contract_name(f, "first");
    const char *second = contract_name(f, "second");
    const char *member;

    OK(gantry_networks_create(f->networks, first, NULL, NULL, &f->err));
    OK(gantry_networks_create(f->networks, second, NULL, NULL, &f->err));
    if (contract_differs(f, DIFF_DISCONNECT_NEEDS_COMPANY))
        start_on(f, first);
    member = start_on(f, first);
    CHECK(is_member(f, member, first));
    CHECK(!is_member(f, member, second));
    OK(gantry_networks_connect(f->networks, second, member, NULL, &f->err));
    CHECK(is_member(f, member, second));
    FAILS(gantry_networks_connect(f->networks, second, member, NULL, &f->err), GANTRY_E_STATE);
    OK(gantry_networks_disconnect(f->networks, second, member, NULL, &f->err));
    CHECK(!is_member(f, member, second));
    FAILS(gantry_networks_disconnect(f->networks, second, member, NULL, &f->err), GANTRY_E_STATE);
    CHECK(is_member(f, member, first));
    OK(gantry_networks_disconnect(f->networks, first, member, NULL, &f->err));
    CHECK(!is_member(f, member, first));
    CHECK(contract_state(f, member) == GANTRY_CONTAINER_RUNNING);
}

static void wrong_states_are_about_the_container(struct contract *f)
{
    const char *home = contract_name(f, "home");
    const char *other = contract_name(f, "other");
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "member"),
                                      .command = SHELL(IDLE),
                                      .network = home };

    OK(gantry_networks_create(f->networks, home, NULL, NULL, &f->err));
    OK(gantry_networks_create(f->networks, other, NULL, NULL, &f->err));
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    FAILS(gantry_networks_disconnect(f->networks, other, opts.name, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, opts.name);
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    FAILS(gantry_networks_connect(f->networks, home, opts.name, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, opts.name);
}

static void taken_subnet_is_a_conflict(struct contract *f)
{
    char subnet[32], gateway[32];
    gantry_network_options opts = { .size = sizeof opts, .subnet = subnet };
    gantry_network *network = NULL;

    own_subnet(subnet, gateway, 3);
    OK(gantry_networks_create(f->networks, contract_name(f, "first"), &opts, &network, &f->err));
    SAME(network->subnets[0]->gateway, gateway); /* the first address, unless it is given */
    gantry_network_free(network);
    FAILS(gantry_networks_create(f->networks, contract_name(f, "second"), &opts, NULL, &f->err),
          GANTRY_E_CONFLICT);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
}

static void address_of_a_member(struct contract *f)
{
    const char *name = contract_name(f, "addressed");
    char subnet[32], gateway[32], address[32];
    gantry_network_options opts = { .size = sizeof opts, .subnet = subnet };
    gantry_network_connect_options connect = { .size = sizeof connect, .address = address };
    gantry_container *info = NULL;
    const char *first = contract_name(f, "home");
    const char *member;
    int seen = 0;

    own_subnet(subnet, gateway, 1);
    snprintf(address, sizeof address, "%.*s77", (int)(strrchr(gateway, '.') - gateway) + 1,
             gateway);
    OK(gantry_networks_create(f->networks, first, NULL, NULL, &f->err));
    OK(gantry_networks_create(f->networks, name, &opts, NULL, &f->err));
    member = start_on(f, first);
    OK(gantry_networks_connect(f->networks, name, member, &connect, &f->err));
    OK(gantry_containers_inspect(f->containers, member, NULL, &info, &f->err));
    for (size_t i = 0; info->attachments[i] != NULL; i++) {
        if (strcmp(info->attachments[i]->network, name) != 0)
            continue;
        seen = 1;
        SAME(info->attachments[i]->address, address);
    }
    CHECK(seen);
    gantry_container_free(info);
}

/* busybox's ping needs a raw socket, its wget crashes on names: nc does neither. */
static void members_find_each_other_by_name(struct contract *f)
{
    const char *network = contract_name(f, "friends");
    const char *server = contract_name(f, "server");
    char script[300];
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = server,
                                      .command = SHELL("while :; do echo hello friend | nc -l -p "
                                                       "7777; done"),
                                      .network = network };
    gantry_container_options client = { .size = sizeof client,
                                        .name = contract_name(f, "client"),
                                        .network = network };
    gantry_run_options run_opts = {
        .size = sizeof run_opts, .container = &client, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(gantry_networks_create(f->networks, network, NULL, NULL, &f->err));
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, server, NULL, &f->err));
    /* asks until it is heard, at most 20 s: the server may not listen yet */
    snprintf(script, sizeof script,
             "end=$(($(date +%%s) + 20)); while [ $(date +%%s) -lt $end ]; do "
             "a=$(nslookup %s | sed -n 's/^Address: *\\([0-9.]*\\)$/\\1/p' | tail -n 1); "
             "[ -n \"$a\" ] && nc -w 2 $a 7777 </dev/null && exit 0; usleep 100000; done; exit 1",
             server);
    OK(contract_run(f, f->base, &run_opts, &run, &f->err));
    SAME(run->stdout_data, "hello friend\n");
    CHECK(run->exit_code == 0);
    gantry_run_result_free(run);
}

static void no_network_is_none(struct contract *f)
{
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "lonely"),
                                           .network = "none" };
    gantry_run_options opts = { .size = sizeof opts,
                                .container = &container,
                                .command =
                                    SHELL("ls /sys/class/net | grep -v '^lo$' | grep -c ^eth"),
                                .remove = GANTRY_ON };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    SAME(run->stdout_data, "0\n");
    gantry_run_result_free(run);
}

static void unknown_network_is_not_found(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "lost"),
                                      .network = contract_name(f, "nowhere") };

    if (contract_differs(f, DIFF_UNKNOWN_NETWORK_AT_START)) {
        OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
        FAILS(gantry_containers_start(f->containers, opts.name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    } else {
        FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err),
              GANTRY_E_NOT_FOUND);
        CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
        CHECK(!contract_exists(f, opts.name));
    }
}

const struct contract_test networks_tests[] = {
    TEST(network_comes_and_goes),
    TEST(network_is_as_asked),
    TEST(taken_name_exists),
    TEST(missing_network_is_not_found),
    TEST(beginning_of_a_name_is_no_name),
    TEST(used_network_stays),
    TEST(list_finds_by_name_and_label),
    TEST(ensure_creates_or_accepts),
    TEST(connect_and_disconnect),
    TEST(address_of_a_member),
    TEST_WITH(members_find_each_other_by_name, PROCESSES),
    TEST_WITH(no_network_is_none, PROCESSES),
    TEST(unknown_network_is_not_found),
    TEST_WITH(wrong_states_are_about_the_container, .on = ON_ENGINES),
    TEST_WITH(taken_subnet_is_a_conflict, .on = ON_ENGINES),
    { 0 },
};
