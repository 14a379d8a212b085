/*
 * Contract of deployments: the order, what happens at the same time, what is undone.
 */
#include "contract.h"

/* As IDLE, but ends at once. */
#define QUICK "trap 'exit 0' TERM; while :; do sleep 0.1; done"

#define DEPEND(other, what) GANTRY_OPTIONS(gantry_dependency, .name = (other), .condition = (what))
#define LIST(type, ...) ((const type *const[]){ __VA_ARGS__, NULL })

enum {
    MOST = 8
};

/* A deployment in the making, and what its callback was told. */
struct deploy {
    struct contract *f;
    const char *commands[MOST][4];
    gantry_container_options containers[MOST];
    gantry_deployment_item items[MOST];
    const gantry_deployment_item *list[MOST + 1];
    size_t count;
    gantry_deploy_options opts;
    char steps[1024]; /* "db 1\ndb 2\n" */
    const char *stop; /* the step that ends it */
};

static int note(void *arg, const char *name, int step, const char *text)
{
    struct deploy *d = arg;
    char line[160];

    snprintf(line, sizeof line, "%s %d\n", name, step);
    strncat(d->steps, line, sizeof d->steps - strlen(d->steps) - 1);
    CHECK((step == GANTRY_DEPLOY_FAILED) == (text[0] != '\0'));
    return d->stop != NULL && strcmp(line, d->stop) == 0;
}

static void prepare(struct contract *f, struct deploy *d)
{
    memset(d, 0, sizeof *d);
    d->f = f;
    d->opts =
        (gantry_deploy_options){ .size = sizeof d->opts, .progress = note, .progress_arg = d };
}

static const char *add(struct deploy *d, const char *script,
                       const gantry_dependency *const *dependencies)
{
    gantry_container_options *container = &d->containers[d->count];
    gantry_deployment_item *item = &d->items[d->count];

    memcpy(d->commands[d->count], SHELL(script), sizeof d->commands[0]);
    *container = (gantry_container_options){ .size = sizeof *container,
                                             .name = contract_name(d->f, "d"),
                                             .stop_timeout_ms = 1000, /* before its trap is set */
                                             .command = d->commands[d->count] };
    *item = (gantry_deployment_item){ .size = sizeof *item,
                                      .image = d->f->base,
                                      .container = container,
                                      .dependencies = dependencies };
    d->list[d->count++] = item;
    return container->name;
}

static int go(struct deploy *d, gantry_deployment **out)
{
    d->steps[0] = '\0';
    return gantry_containers_deploy(d->f->containers, d->list, &d->opts, out, &d->f->err);
}

static gantry_container *look(struct contract *f, const char *name)
{
    gantry_container *info = NULL;

    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    return info;
}

static const char *step(char *buffer, size_t size, const char *name, int number)
{
    snprintf(buffer, size, "%s %d\n", name, number);
    return buffer;
}

/* ---- order ----------------------------------------------------------------------------------- */

static void what_depends_begins_later(struct contract *f)
{
    const gantry_condition *const said[] = {
        GANTRY_OPTIONS(gantry_condition, .kind = GANTRY_READY_LOG, .text = "listening"), NULL
    };
    gantry_deployment *out = NULL;
    gantry_container *info[3];
    struct deploy d;

    prepare(f, &d);
    /* given in the wrong order: the last is to be the first */
    add(&d, QUICK, NULL);
    add(&d, "sleep 0.3; echo migrated", NULL);
    add(&d, "sleep 0.3; echo listening; " QUICK, NULL);
    d.items[0].dependencies =
        LIST(gantry_dependency, DEPEND(d.containers[1].name, GANTRY_DEPEND_COMPLETED),
             DEPEND(d.containers[2].name, GANTRY_DEPEND_STARTED));
    d.items[1].dependencies =
        LIST(gantry_dependency, DEPEND(d.containers[2].name, GANTRY_DEPEND_HEALTHY));
    d.items[2].ready = said;
    OK(go(&d, &out));
    CHECK(out->count == 3 && out->items[3] == NULL);
    for (size_t i = 0; i < 3; i++) {
        SAME(out->items[i]->name, d.containers[i].name);
        CHECK(contract_is_id(out->items[i]->id));
        CHECK(out->items[i]->created == 1);
        CHECK(out->items[i]->order == 3 - (int)i);
        info[i] = look(f, d.containers[i].name);
        SAME(info[i]->id, out->items[i]->id);
    }
    CHECK(info[1]->started_ns >= info[2]->started_ns + 300 * 1000000); /* until it said so */
    CHECK(info[0]->started_ns >= info[1]->finished_ns);
    CHECK(info[1]->exit_code == 0);
    CHECK(info[0]->state == GANTRY_CONTAINER_RUNNING);
    for (size_t i = 0; i < 3; i++)
        gantry_container_free(info[i]);
    gantry_deployment_free(out);
}

static void what_is_independent_runs_side_by_side(struct contract *f)
{
    static const char meet[] = "touch /meet/$ME; while [ ! -e /meet/$OTHER ]; do sleep 0.05; done; "
                               "echo met; " QUICK;
    const gantry_condition *const met[] = {
        GANTRY_OPTIONS(gantry_condition, .kind = GANTRY_READY_LOG, .text = "met"), NULL
    };
    const char *volume = contract_name(f, "v");
    const gantry_mount *const mounts[] = { GANTRY_OPTIONS(gantry_mount, .type = GANTRY_MOUNT_VOLUME,
                                                          .source = volume, .target = "/meet"),
                                           NULL };
    struct deploy d;

    OK(gantry_volumes_create(f->volumes, volume, NULL, NULL, &f->err));
    prepare(f, &d);
    for (size_t i = 0; i < 2; i++) {
        add(&d, meet, NULL);
        d.containers[i].mounts = mounts;
        d.items[i].ready = met;
    }
    d.containers[0].environment = COMMAND("ME=a", "OTHER=b");
    d.containers[1].environment = COMMAND("ME=b", "OTHER=a");
    /* Each waits for the other, and is ready only then: also with one thread both must begin. */
    d.opts.parallel = 1;
    OK(go(&d, NULL));
    for (size_t i = 0; i < 2; i++)
        CHECK(contract_state(f, d.containers[i].name) == GANTRY_CONTAINER_RUNNING);
}

static void healthy_by_the_check(struct contract *f)
{
    gantry_health health = { .size = sizeof health,
                             .test = COMMAND("CMD-SHELL", "test -e /go"),
                             .interval_ms = 1000,
                             .retries = 5 };
    gantry_container *db;
    gantry_container *app;
    struct deploy d;

    prepare(f, &d);
    add(&d, "sleep 0.5; touch /go; " QUICK, NULL);
    d.containers[0].health = &health;
    add(&d, QUICK, LIST(gantry_dependency, DEPEND(d.containers[0].name, GANTRY_DEPEND_HEALTHY)));
    OK(go(&d, NULL));
    db = look(f, d.containers[0].name);
    app = look(f, d.containers[1].name);
    CHECK(db->health == GANTRY_HEALTH_HEALTHY);
    CHECK(app->started_ns >= db->started_ns + 400 * 1000000);
    gantry_container_free(db);
    gantry_container_free(app);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void cycles_are_told_by_name(struct contract *f)
{
    char cycle[512];
    struct deploy d;

    prepare(f, &d);
    add(&d, QUICK, NULL);
    add(&d, QUICK, NULL);
    d.items[0].dependencies =
        LIST(gantry_dependency, DEPEND(d.containers[1].name, GANTRY_DEPEND_STARTED));
    d.items[1].dependencies =
        LIST(gantry_dependency, DEPEND(d.containers[0].name, GANTRY_DEPEND_STARTED));
    FAILS(go(&d, NULL), GANTRY_E_INVALID);
    snprintf(cycle, sizeof cycle, "%s -> %s -> %s", d.containers[0].name, d.containers[1].name,
             d.containers[0].name);
    CONTAINS(f->err.message, cycle);
    SAME(d.steps, "");
    CHECK(!contract_exists(f, d.containers[0].name));
    d.items[1].dependencies = LIST(gantry_dependency, DEPEND("nobody", GANTRY_DEPEND_STARTED));
    FAILS(go(&d, NULL), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "\"nobody\"");
    d.items[1].dependencies = NULL;
    d.containers[1].name = d.containers[0].name;
    FAILS(go(&d, NULL), GANTRY_E_INVALID);
    CONTAINS(f->err.message, d.containers[0].name);
    d.list[0] = NULL;
    FAILS(go(&d, NULL), GANTRY_E_INVALID);
}

/* ---- undo ------------------------------------------------------------------------------------ */

static void a_failure_undoes_what_was_made(struct contract *f)
{
    const char *before = contract_start(f, QUICK);
    char first[160];
    char second[160];
    struct deploy d;

    prepare(f, &d);
    add(&d, QUICK, NULL);
    add(&d, QUICK, LIST(gantry_dependency, DEPEND(d.containers[0].name, GANTRY_DEPEND_STARTED)));
    add(&d, "sleep 0.2; exit 6",
        LIST(gantry_dependency, DEPEND(d.containers[1].name, GANTRY_DEPEND_STARTED)));
    add(&d, QUICK, LIST(gantry_dependency, DEPEND(d.containers[2].name, GANTRY_DEPEND_COMPLETED)));
    add(&d, QUICK, NULL);
    d.containers[4].name = before; /* was there */
    d.opts.different = GANTRY_DIFFERENT_ACCEPT;
    FAILS(go(&d, NULL), GANTRY_E_STATE);
    CONTAINS(f->err.message, d.containers[2].name);
    CONTAINS(f->err.message, "exit code 6");
    SAME(f->err.resource, d.containers[2].name);
    SAME(f->err.operation, "containers.deploy");
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    for (size_t i = 0; i < 4; i++)
        CHECK(!contract_exists(f, d.containers[i].name));
    CHECK(contract_state(f, before) == GANTRY_CONTAINER_RUNNING);
    CONTAINS(d.steps, step(first, sizeof first, before, GANTRY_DEPLOY_ACCEPTED));
    CONTAINS(d.steps, step(first, sizeof first, d.containers[2].name, GANTRY_DEPLOY_FAILED));
    CHECK(strstr(d.steps, step(first, sizeof first, d.containers[3].name, GANTRY_DEPLOY_CREATED)) ==
          NULL);
    step(first, sizeof first, d.containers[1].name, GANTRY_DEPLOY_REMOVED);
    step(second, sizeof second, d.containers[0].name, GANTRY_DEPLOY_REMOVED);
    CONTAINS(d.steps, first);
    CONTAINS(strstr(d.steps, first), second); /* the last first */
}

static void what_is_to_stay_stays(struct contract *f)
{
    struct deploy d;

    prepare(f, &d);
    add(&d, QUICK, NULL);
    add(&d, QUICK, LIST(gantry_dependency, DEPEND(d.containers[0].name, GANTRY_DEPEND_STARTED)));
    d.items[1].image = "localhost/no-such-image:1";
    d.opts.keep = GANTRY_ON;
    FAILS(go(&d, NULL), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    CONTAINS(f->err.message, d.containers[0].name);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CHECK(contract_state(f, d.containers[0].name) == GANTRY_CONTAINER_RUNNING);
}

static void callers_end_a_deployment(struct contract *f)
{
    const gantry_condition *const never[] = {
        GANTRY_OPTIONS(gantry_condition, .kind = GANTRY_READY_LOG, .text = "never"), NULL
    };
    gantry_call call = { .size = sizeof call, .timeout_ms = 1500 };
    char stop[160];
    struct deploy d;

    prepare(f, &d);
    add(&d, QUICK, NULL);
    d.items[0].ready = never;
    d.stop = step(stop, sizeof stop, d.containers[0].name, GANTRY_DEPLOY_STARTED);
    FAILS(go(&d, NULL), GANTRY_E_CALLBACK);
    CHECK(!contract_exists(f, d.containers[0].name));
    d.stop = NULL;
    d.opts.call = &call;
    FAILS(go(&d, NULL), GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "log \"never\": in 0 of 1 lines");
    CHECK(!contract_exists(f, d.containers[0].name));
    d.opts.call = NULL;
    d.opts.ready_ms = 400;
    FAILS(go(&d, NULL), GANTRY_E_TIMEOUT);
    CHECK(!contract_exists(f, d.containers[0].name));
    d.opts.wait_all = GANTRY_OFF; /* nothing depends on it */
    OK(go(&d, NULL));
    CHECK(contract_state(f, d.containers[0].name) == GANTRY_CONTAINER_RUNNING);
}

/* ---- again ----------------------------------------------------------------------------------- */

static void equal_ones_are_accepted(struct contract *f)
{
    gantry_deployment *first = NULL;
    gantry_deployment *again = NULL;
    struct deploy d;

    prepare(f, &d);
    add(&d, QUICK, NULL);
    add(&d, QUICK, LIST(gantry_dependency, DEPEND(d.containers[0].name, GANTRY_DEPEND_STARTED)));
    OK(go(&d, &first));
    OK(gantry_containers_stop(f->containers, d.containers[1].name, NULL, &f->err));
    OK(go(&d, &again));
    for (size_t i = 0; i < 2; i++) {
        SAME(again->items[i]->id, first->items[i]->id);
        CHECK(again->items[i]->created == 0);
    }
    CHECK(again->items[0]->order == 0); /* it ran */
    CHECK(again->items[1]->order == 1);
    CHECK(contract_state(f, d.containers[1].name) == GANTRY_CONTAINER_RUNNING);
    gantry_deployment_free(again);

    d.containers[0].environment = COMMAND("A=b");
    FAILS(go(&d, NULL), GANTRY_E_EXISTS);
    SAME(f->err.resource, d.containers[0].name);
    CHECK(contract_state(f, d.containers[0].name) == GANTRY_CONTAINER_RUNNING);
    d.opts.different = GANTRY_DIFFERENT_REPLACE;
    OK(go(&d, &again));
    CHECK(again->items[0]->created == 1 && again->items[1]->created == 0);
    CHECK(strcmp(again->items[0]->id, first->items[0]->id) != 0);
    gantry_deployment_free(again);
    gantry_deployment_free(first);
}

const struct contract_test deploy_tests[] = {
    TEST_WITH(what_depends_begins_later, PROCESSES),
    TEST_WITH(what_is_independent_runs_side_by_side, PROCESSES),
    TEST_WITH(healthy_by_the_check, PROCESSES),
    TEST_WITH(cycles_are_told_by_name, PROCESSES),
    TEST_WITH(a_failure_undoes_what_was_made, PROCESSES),
    TEST_WITH(what_is_to_stay_stays, PROCESSES),
    TEST_WITH(callers_end_a_deployment, PROCESSES),
    TEST_WITH(equal_ones_are_accepted, PROCESSES),
    { 0 },
};
