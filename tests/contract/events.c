/*
 * Contract of events: a life is told in the same words on every engine, from now on, from the past, and
 * filtered in each way; waiting by poll, and being cancelled.
 */
#include "contract.h"
#include "proxy.h"

#include <poll.h>
#include <time.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NUMBERS(...) ((const int[]){ __VA_ARGS__, 0 })
#define EVENTS NEEDS(GANTRY_FEATURE_SYSTEM_EVENTS)
#define LIVES NEEDS(GANTRY_FEATURE_SYSTEM_EVENTS, GANTRY_FEATURE_CONTAINERS_RUN)

static const gantry_call patient = { .size = sizeof patient, .timeout_ms = 60000 };

static gantry_event_reader *watch_on(struct contract *f, gantry_engine *engine,
                                     gantry_events_options o)
{
    gantry_event_reader *reader = NULL;

    o.size = sizeof o;
    if (o.call == NULL)
        o.call = &patient;
    OK(gantry_system_events_open(gantry_engine_system(engine), &o, &reader, &f->err));
    return reader;
}

static gantry_event_reader *watch(struct contract *f, gantry_events_options o)
{
    return watch_on(f, f->engine, o);
}

/* The next one; NULL at the end. Nothing breaks here, so that the reader has no words of its own. */
static const gantry_event *next(struct contract *f, gantry_event_reader *reader)
{
    const gantry_event *e = NULL;

    OK(gantry_event_reader_next(reader, &e, &f->err));
    CHECK(e == NULL || (e->type != GANTRY_EVENT_RESUMED && e->type != GANTRY_EVENT_GAP));
    return e;
}

/* What was told, so that it can be compared: "create start ..." of the actions that are required. */
struct told {
    char actions[256];
    int64_t first_ns;
    int64_t last_ns;
    int count;
};

static const int required[] = { GANTRY_ACTION_CREATE,     GANTRY_ACTION_START,
                                GANTRY_ACTION_EXEC_START, GANTRY_ACTION_EXEC_DIE,
                                GANTRY_ACTION_DIE,        GANTRY_ACTION_REMOVE };

static void note(struct told *t, const gantry_event *e)
{
    if (t->first_ns == 0)
        t->first_ns = e->time_ns;
    t->last_ns = e->time_ns;
    t->count++;
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        if (e->action == required[i])
            snprintf(t->actions + strlen(t->actions), sizeof t->actions - strlen(t->actions), "%s ",
                     gantry_event_action_name(e->action));
    }
}

/* A container with a label that is hard to get right; it ends with 7. */
static const gantry_pair labels[] = { { "contract.odd=key", "a, b=\"c\" \\ {d} \xc3\xa9\n\t]" },
                                      { "contract.plain", "yes" } };

static void live_a_life(struct contract *f, const char *name)
{
    gantry_container_options c = { .size = sizeof c,
                                   .name = name,
                                   .command = SHELL("trap 'exit 7' TERM; "
                                                    "while :; do sleep 0.1; done"),
                                   .labels = labels,
                                   .label_count = 2 };
    gantry_exec_result *result = NULL;

    OK(gantry_containers_create(f->containers, f->base, &c, NULL, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_exec(f->containers, name, SHELL("exit 3"), NULL, &result, &f->err));
    gantry_exec_result_free(result);
    OK(gantry_containers_stop(f->containers, name, NULL, &f->err));
    OK(gantry_containers_remove(f->containers, name, NULL, &f->err));
}

static void check_container(struct contract *f, const gantry_event *e, const char *name)
{
    CHECK(e->type == GANTRY_EVENT_CONTAINER);
    SAME(e->type_text, "container");
    CHECK(contract_is_id(e->id));
    SAME(e->name, name);
    CONTAINS(e->image, f->base);
    SAME(contract_pair(e->attributes, e->attribute_count, labels[0].key), labels[0].value);
    SAME(contract_pair(e->attributes, e->attribute_count, labels[1].key), labels[1].value);
    CHECK(e->json[0] == '{' && e->time_ns > 0 && e->gap_from_ns == 0);
    if (e->action == GANTRY_ACTION_EXEC_DIE)
        CHECK(e->exit_code == 3);
    else if (e->action == GANTRY_ACTION_DIE)
        CHECK(e->exit_code == 7);
    else
        CHECK(e->exit_code == -1);
}

/* Live; then from the past, with and without an end, which must tell the same. */
static void a_life_is_told(struct contract *f)
{
    const char *name = contract_name(f, "life");
    const gantry_events_options only = { .containers = LIST(name) };
    gantry_events_options past = only;
    gantry_event_reader *reader = watch(f, only);
    const gantry_event *e;
    struct told live = { .count = 0 };
    struct told again = { .count = 0 };
    int action = 0;

    live_a_life(f, name);
    while (action != GANTRY_ACTION_REMOVE) {
        e = next(f, reader);
        CHECK(e != NULL);
        action = e->action;
        check_container(f, e, name);
        note(&live, e);
    }
    SAME(live.actions, "create start exec-start exec-die die remove ");
    CHECK(gantry_event_reader_reconnects(reader) == 0);
    gantry_event_reader_close(reader);

    past.follow = GANTRY_OFF;
    past.since_ns = live.first_ns;
    reader = watch(f, past);
    while ((e = next(f, reader)) != NULL)
        note(&again, e);
    SAME(again.actions, live.actions);
    CHECK(again.count == live.count && again.first_ns == live.first_ns);
    CHECK(next(f, reader) == NULL);
    gantry_event_reader_close(reader);

    /* From after the first until before the last. */
    past.follow = 0;
    past.since_ns = live.first_ns + 1;
    past.until_ns = live.last_ns;
    reader = watch(f, past);
    again = (struct told){ .count = 0 };
    while ((e = next(f, reader)) != NULL)
        note(&again, e);
    SAME(again.actions, "start exec-start exec-die die ");
    CHECK(again.count == live.count - 2);
    gantry_event_reader_close(reader);
}

/* Nothing of what was a moment before, all of what is a moment after. */
static void from_now_is_exact(struct contract *f)
{
    const gantry_events_options volumes = { .types = NUMBERS(GANTRY_EVENT_VOLUME),
                                            .actions = NUMBERS(GANTRY_ACTION_CREATE) };

    for (int i = 0; i < 4; i++) {
        const char *before = contract_name(f, "before");
        const char *after = contract_name(f, "after");
        gantry_event_reader *reader;
        const gantry_event *e;

        OK(gantry_volumes_create(f->volumes, before, NULL, NULL, &f->err));
        reader = watch(f, volumes);
        OK(gantry_volumes_create(f->volumes, after, NULL, NULL, &f->err));
        do {
            e = next(f, reader);
            CHECK(e != NULL && e->type == GANTRY_EVENT_VOLUME);
            CHECK(strcmp(e->name, before) != 0);
        } while (strcmp(e->name, after) != 0);
        SAME(e->id, after);
        gantry_event_reader_close(reader);
    }
}

/* A time that comes. */
static void ends_at_its_time(struct contract *f)
{
    const char *name = contract_name(f, "v");
    gantry_events_options o = { .volumes = LIST(name) };
    gantry_event_reader *reader;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    o.until_ns = ((int64_t)now.tv_sec + 1) * 1000000000;
    reader = watch(f, o);
    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    while (next(f, reader) != NULL)
        continue;
    clock_gettime(CLOCK_REALTIME, &now);
    CHECK((int64_t)now.tv_sec * 1000000000 + now.tv_nsec >= o.until_ns);
    CHECK(gantry_event_reader_reconnects(reader) == 0);
    gantry_event_reader_close(reader);
}

/* ---- filters --------------------------------------------------------------------------------- */

/* All that a filter lets through of what was since then, as "type action name " of each. */
static void tell(struct contract *f, gantry_events_options o, int64_t since_ns, char out[2048])
{
    gantry_event_reader *reader;
    const gantry_event *e;
    size_t size = 0;

    out[0] = '\0';
    o.since_ns = since_ns;
    o.follow = GANTRY_OFF;
    reader = watch(f, o);
    while ((e = next(f, reader)) != NULL && size < 1900) {
        const char *name = strlen(e->name) > 60 ? "" : e->name;

        size +=
            (size_t)snprintf(out + size, 2048 - size, "%s %s %s;", gantry_event_type_name(e->type),
                             gantry_event_action_name(e->action), name);
    }
    gantry_event_reader_close(reader);
}

/* Events of this moment on, by the engine's clock: those of a mark that is made now. */
static int64_t mark(struct contract *f)
{
    const char *name = contract_name(f, "mark");
    gantry_event_reader *reader = watch(f, (gantry_events_options){ .volumes = LIST(name) });
    int64_t ns;

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    ns = next(f, reader)->time_ns;
    gantry_event_reader_close(reader);
    return ns + 1;
}

static void filters_of_each_kind(struct contract *f)
{
    const char *volume = contract_name(f, "volume");
    const char *container = contract_name(f, "one");
    const char *other = contract_name(f, "one2");
    char image[160];
    char bare[128];
    char text[2048];
    char want[512];
    gantry_container_options c = { .size = sizeof c, .labels = labels, .label_count = 2 };
    int64_t since_ns = mark(f);

    snprintf(bare, sizeof bare, "%s", contract_name(f, "image"));
    snprintf(image, sizeof image, "%s:two", bare);
    OK(gantry_volumes_create(f->volumes, volume, NULL, NULL, &f->err));
    OK(gantry_images_tag(f->images, f->base, image, NULL, &f->err));
    c.name = container;
    OK(gantry_containers_create(f->containers, image, &c, NULL, &f->err));
    c.name = other;
    c.label_count = 1;
    OK(gantry_containers_create(f->containers, image, &c, NULL, &f->err));
    OK(gantry_containers_remove(f->containers, container, NULL, &f->err));
    OK(gantry_containers_remove(f->containers, other, NULL, &f->err));
    OK(gantry_images_untag(f->images, image, NULL, &f->err));
    OK(gantry_volumes_remove(f->volumes, volume, NULL, &f->err));

    tell(f, (gantry_events_options){ .volumes = LIST(volume) }, since_ns, text);
    snprintf(want, sizeof want, "volume create %s;volume remove %s;", volume, volume);
    SAME(text, want);
    tell(f, (gantry_events_options){ .containers = LIST(container) }, since_ns, text);
    snprintf(want, sizeof want, "container create %s;container remove %s;", container, container);
    SAME(text, want);
    /* Several lists: what any of them names; and of that the actions. */
    tell(f,
         (gantry_events_options){ .containers = LIST(container, other),
                                  .volumes = LIST(volume),
                                  .actions = NUMBERS(GANTRY_ACTION_REMOVE) },
         since_ns, text);
    snprintf(want, sizeof want, "container remove %s;container remove %s;volume remove %s;",
             container, other, volume);
    SAME(text, want);
    tell(f,
         (gantry_events_options){ .labels = LIST("contract.plain", "contract.odd=key"),
                                  .actions = NUMBERS(GANTRY_ACTION_CREATE) },
         since_ns, text);
    snprintf(want, sizeof want, "container create %s;", container);
    CONTAINS(text, want);
    CHECK(strstr(text, other) == NULL);
    tell(f,
         (gantry_events_options){ .images = LIST(bare), .types = NUMBERS(GANTRY_EVENT_CONTAINER) },
         since_ns, text);
    snprintf(want, sizeof want,
             "container create %s;container create %s;container remove %s;container remove %s;",
             container, other, container, other);
    SAME(text, want);
    for (int i = 0; i < 250; i++) {
        tell(f,
             (gantry_events_options){ .images = LIST(image),
                                      .types = NUMBERS(GANTRY_EVENT_IMAGE),
                                      .actions = NUMBERS(GANTRY_ACTION_TAG, GANTRY_ACTION_UNTAG) },
             since_ns, text);
        if (!contract_differs(f, DIFF_IMAGE_EVENTS_COME_LATE) || strstr(text, "image tag ") != NULL)
            break;
        poll(NULL, 0, 20);
    }
    CONTAINS(text, "image tag ");
    CONTAINS(text, image);
    tell(f, (gantry_events_options){ .containers = LIST(contract_name(f, "none")) }, since_ns,
         text);
    SAME(text, "");
}

/* The engine's own filters too; a wrong one is its error, at once. */
static void the_engines_own_filters(struct contract *f)
{
    const gantry_pair own = { "type", "volume" };
    const gantry_pair wrong = { "no-such-filter", "x" };
    gantry_events_options o = { .size = sizeof o, .filters = &own, .filter_count = 1 };
    gantry_event_reader *reader = watch(f, o);
    const char *name = contract_name(f, "v");
    const gantry_event *e;

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    do {
        e = next(f, reader);
        CHECK(e->type == GANTRY_EVENT_VOLUME);
    } while (strcmp(e->name, name) != 0);
    gantry_event_reader_close(reader);
    reader = NULL;
    o.filters = &wrong;
    if (contract_differs(f, DIFF_UNKNOWN_EVENT_FILTER_IS_IGNORED))
        return;
    memset(&f->err, 0, sizeof f->err);
    CHECK(gantry_system_events_open(gantry_engine_system(f->engine), &o, &reader, &f->err) < 0);
    CONTAINS(f->err.message, "no-such-filter");
    CHECK(reader == NULL);
}

/* ---- networks -------------------------------------------------------------------------------- */

static const char *make_network(struct contract *f, const char *word, unsigned which)
{
    const struct contract_subnet own = contract_subnet(which);
    const char *name = contract_name(f, word);
    char subnet[32];
    gantry_network_options n = { .size = sizeof n, .subnet = subnet };

    snprintf(subnet, sizeof subnet, "%s.0/24", own.prefix);
    OK(gantry_networks_create(f->networks, name, &n, NULL, &f->err));
    return name;
}

static void networks_are_told(struct contract *f)
{
    const gantry_events_options o = { .types = NUMBERS(GANTRY_EVENT_NETWORK),
                                      .actions = NUMBERS(GANTRY_ACTION_CONNECT,
                                                         GANTRY_ACTION_DISCONNECT) };
    const char *home = make_network(f, "home", 2);
    const char *network = make_network(f, "net", 3);
    gantry_container_options options = { .size = sizeof options,
                                         .name = contract_name(f, "c"),
                                         .command = SHELL(IDLE),
                                         .network = home };
    gantry_event_reader *reader;
    gantry_container *c = NULL;
    const gantry_event *e;

    OK(gantry_containers_create(f->containers, f->base, &options, NULL, &f->err));
    OK(gantry_containers_start(f->containers, options.name, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, options.name, NULL, &c, &f->err));
    reader = watch(f, o);
    OK(gantry_networks_connect(f->networks, network, options.name, NULL, &f->err));
    do {
        e = next(f, reader);
    } while (e->action != GANTRY_ACTION_CONNECT || strcmp(e->container, c->id) != 0);
    if (contract_differs(f, DIFF_NETWORK_EVENTS_WITHOUT_NAME)) {
        SAME(e->name, "");
    } else {
        SAME(e->name, network);
    }
    if (contract_differs(f, DIFF_NETWORK_EVENTS_WITHOUT_ID))
        SAME(e->id, "");
    else
        CHECK(contract_is_id(e->id));
    gantry_event_reader_close(reader);
    gantry_container_free(c);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* By poll alone; nothing is there first. */
static void without_blocking(struct contract *f)
{
    const char *name = contract_name(f, "v");
    gantry_event_reader *reader = watch(f, (gantry_events_options){ .volumes = LIST(name) });
    const gantry_event *e = NULL;
    int made = 0;
    int rc;

    gantry_event_reader_set_nonblocking(reader, 1);
    while ((rc = gantry_event_reader_next(reader, &e, &f->err)) == GANTRY_E_AGAIN) {
        struct pollfd fd = { -1, 0, 0 };
        int events = 0;

        if (!made)
            OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
        made = 1;
        fd.fd = gantry_event_reader_fd(reader, &events);
        CHECK(fd.fd >= 0);
        fd.events = (short)events;
        CHECK(poll(&fd, 1, gantry_event_reader_timeout_ms(reader)) > 0);
    }
    OK(rc);
    CHECK(made && e != NULL);
    SAME(e->name, name);
    gantry_event_reader_close(reader);
}

static void cancelled_from_another_thread(struct contract *f)
{
    gantry_cancel *token = NULL;
    struct contract_trigger *trigger = contract_trigger_new(f, &token);
    const gantry_call call = { .size = sizeof call, .cancel = token };
    const char *name = contract_name(f, "none");
    gantry_event_reader *reader =
        watch(f, (gantry_events_options){ .call = &call, .volumes = LIST(name) });
    const gantry_event *e = NULL;

    contract_trigger_go(trigger);
    FAILS(gantry_event_reader_next(reader, &e, &f->err), GANTRY_E_CANCELLED);
    CHECK(contract_trigger_elapsed(trigger) < 2000);
    CHECK(e == NULL);
    gantry_event_reader_close(reader);
    contract_trigger_free(trigger);
}

/* ---- broken connections ---------------------------------------------------------------------- */

/* The next event; where the connection was cut it may be made again. */
static const gantry_event *next_through(struct contract *f, gantry_event_reader *reader,
                                        struct contract_proxy *proxy)
{
    const gantry_event *e = NULL;
    int rc;

    while ((rc = gantry_event_reader_next(reader, &e, &f->err)) == GANTRY_E_AGAIN) {
        struct pollfd fd = { -1, 0, 0 };
        int ms = gantry_event_reader_timeout_ms(reader);
        int events = 0;

        if (contract_proxy_reached(proxy))
            contract_proxy_pass(proxy);
        fd.fd = gantry_event_reader_fd(reader, &events);
        fd.events = (short)events;
        poll(&fd, 1, ms);
    }
    OK(rc);
    CHECK(e != NULL && e->type != GANTRY_EVENT_GAP);
    return e;
}

/* Over a connection that is cut: before and within the next event; what happens meanwhile is
 * told, once, and the reader knows that nothing is missing. */
static void a_cut_connection_is_resumed(struct contract *f)
{
    static const uint64_t limits[] = { 0, 40, 150 };
    const gantry_events_options only = { .types = NUMBERS(GANTRY_EVENT_VOLUME),
                                         .actions = NUMBERS(GANTRY_ACTION_CREATE) };
    struct contract_proxy *proxy = contract_proxy_new(f->address);
    char address[64];
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = address,
                                   .on_demand = GANTRY_OFF };
    gantry_engine *through = NULL;
    gantry_event_reader *reader;
    const gantry_event *e = NULL;
    const char *name = contract_name(f, "v");
    int64_t last_ns = 0;
    int resumed = 0;

    snprintf(address, sizeof address, "tcp://%s", contract_proxy_address(proxy));
    OK(gantry_engine_open((f->on & ON_DOCKER) != 0 ? GANTRY_RUNTIME_DOCKER : GANTRY_RUNTIME_PODMAN,
                          &opts, &through, &f->err));
    reader = watch_on(f, through, only);
    gantry_event_reader_set_nonblocking(reader, 1);
    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    for (size_t i = 0; i <= sizeof limits / sizeof limits[0]; i++) {
        do {
            e = next_through(f, reader, proxy);
            resumed += e->type == GANTRY_EVENT_RESUMED;
            CHECK(e->type != GANTRY_EVENT_RESUMED ? e->time_ns != last_ns
                                                  : e->gap_from_ns >= last_ns);
        } while (strcmp(e->name, name) != 0);
        last_ns = e->time_ns;
        if (i == sizeof limits / sizeof limits[0])
            break;
        contract_proxy_limit(proxy, PROXY_ANSWERS, limits[i], PROXY_CUT);
        name = contract_name(f, "v");
        OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    }
    CHECK(resumed >= 3 && gantry_event_reader_reconnects(reader) >= resumed);
    gantry_event_reader_close(reader);
    gantry_engine_close(through);
    contract_proxy_free(proxy);
}

const struct contract_test events_tests[] = {
    TEST_WITH(a_life_is_told, LIVES),
    TEST_WITH(from_now_is_exact, EVENTS),
    TEST_WITH(ends_at_its_time, EVENTS),
    TEST_WITH(filters_of_each_kind, EVENTS),
    TEST_WITH(the_engines_own_filters, EVENTS),
    TEST_WITH(networks_are_told, LIVES),
    TEST_WITH(without_blocking, EVENTS),
    TEST_WITH(cancelled_from_another_thread, EVENTS),
    TEST_WITH(a_cut_connection_is_resumed, EVENTS),
    { 0 },
};
