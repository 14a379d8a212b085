/*
 * Deployments without an engine: the order as such, and carrying it out with threads on a scripted
 * backend that notes what it is asked to do.
 */
#include "deploy.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* ---- the scripted engine --------------------------------------------------------------------- */

enum {
    MOST = 24
};

struct script_container {
    char name[32];
    int exists;
    int state;
    int looks; /* inspections since its start */
};

/* One for the process: deployments are what is shared here, not engines. */
static struct script {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gantry_host *host;
    struct script_container containers[MOST];
    char notes[8192]; /* "create a\nstart a\n" */
    int starting;     /* starts under way that wait for company */
} script = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void note(const char *what, const char *name)
{
    size_t size = strlen(script.notes);

    (void)snprintf(script.notes + size, sizeof script.notes - size, "%s %s\n", what, name);
}

/* By name, or by id: 62 zeroes and the place. */
static struct script_container *find(const char *id)
{
    for (int i = 0; i < MOST; i++) {
        char text[80];

        (void)snprintf(text, sizeof text, "%064d", i);
        if (script.containers[i].exists &&
            (strcmp(script.containers[i].name, id) == 0 || strcmp(text, id) == 0))
            return &script.containers[i];
    }
    return NULL;
}

static int not_found(const char *id, gantry_error *err)
{
    pthread_mutex_unlock(&script.lock);
    return gantry_error_set(err, GANTRY_E_NOT_FOUND, "no such container: %s", id);
}

static int script_create(void *state, const char *image, const gantry_container_options *opts,
                         gantry_created **out, gantry_error *err)
{
    struct script_container *c = NULL;
    gantry_created *created;
    char id[80];
    int place = 0;

    (void)state, (void)image;
    if (strncmp(opts->name, "bad", 3) == 0)
        return gantry_error_set(err, GANTRY_E_ENGINE, "no room for %s", opts->name);
    created = gantry_result_new(script.host, GANTRY_KIND_CREATED, err);
    assert_non_null(created);
    pthread_mutex_lock(&script.lock);
    while (script.containers[place].exists)
        place++;
    c = &script.containers[place];
    memset(c, 0, sizeof *c);
    (void)snprintf(c->name, sizeof c->name, "%s", opts->name);
    c->exists = 1;
    c->state = GANTRY_CONTAINER_CREATED;
    note("create", opts->name);
    pthread_mutex_unlock(&script.lock);
    (void)snprintf(id, sizeof id, "%064d", place);
    created->id = gantry_result_strdup(created, id);
    if (strncmp(opts->name, "lost", 4) == 0) { /* done, but nobody hears of it */
        gantry_created_free(created);
        gantry_error_set(err, GANTRY_E_TRUNCATED, "the answer was cut");
        err->outcome = GANTRY_OUTCOME_UNKNOWN;
        return GANTRY_E_TRUNCATED;
    }
    *out = created;
    return 0;
}

/* Starts named "meet..." end only when two of them are under way. */
static int meet(void)
{
    struct timespec limit;
    int rc = 0;

    (void)clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 20;
    script.starting++;
    pthread_cond_broadcast(&script.changed);
    while (script.starting < 2 && rc == 0)
        rc = pthread_cond_timedwait(&script.changed, &script.lock, &limit);
    return rc;
}

static int script_start(void *state, const char *id, const gantry_container_start_options *opts,
                        gantry_error *err)
{
    struct script_container *c;
    int rc = 0;

    (void)state, (void)opts;
    pthread_mutex_lock(&script.lock);
    c = find(id);
    if (c == NULL)
        return not_found(id, err);
    if (strncmp(c->name, "meet", 4) == 0)
        rc = meet();
    c->state = GANTRY_CONTAINER_RUNNING;
    note("start", c->name);
    pthread_mutex_unlock(&script.lock);
    return rc == 0 ? 0 : gantry_error_set(err, GANTRY_E_ENGINE, "nobody came");
}

static int script_stop(void *state, const char *id, const gantry_container_stop_options *opts,
                       gantry_error *err)
{
    struct script_container *c;

    (void)state, (void)opts;
    pthread_mutex_lock(&script.lock);
    c = find(id);
    if (c == NULL)
        return not_found(id, err);
    note("stop", c->name);
    pthread_mutex_unlock(&script.lock);
    return 0;
}

static int script_remove(void *state, const char *id, const gantry_container_remove_options *opts,
                         gantry_error *err)
{
    struct script_container *c;

    (void)state, (void)opts;
    pthread_mutex_lock(&script.lock);
    c = find(id);
    if (c == NULL)
        return not_found(id, err);
    note("remove", c->name);
    c->exists = strncmp(c->name, "stuck", 5) == 0;
    pthread_mutex_unlock(&script.lock);
    return c->exists ? gantry_error_set(err, GANTRY_E_IN_USE, "it is stuck") : 0;
}

/* Jobs end after a few looks, with 0 or, "job-fails", with 3. */
static int script_inspect(void *state, const char *id, const gantry_container_inspect_options *opts,
                          gantry_container **out, gantry_error *err)
{
    gantry_container *info = gantry_result_new(script.host, GANTRY_KIND_CONTAINER, err);
    struct script_container *c;
    char text[80];

    (void)state, (void)opts;
    assert_non_null(info);
    pthread_mutex_lock(&script.lock);
    c = find(id);
    if (c == NULL) {
        gantry_container_free(info);
        return not_found(id, err);
    }
    if (strcmp(c->name, "lost-silent") == 0) {
        pthread_mutex_unlock(&script.lock);
        gantry_container_free(info);
        return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "nobody answers");
    }
    if (strncmp(c->name, "job", 3) == 0 && c->state == GANTRY_CONTAINER_RUNNING && ++c->looks > 3) {
        c->state = GANTRY_CONTAINER_EXITED;
        note("end", c->name);
    }
    (void)snprintf(text, sizeof text, "%064d", (int)(c - script.containers));
    info->id = gantry_result_strdup(info, text);
    info->name = gantry_result_strdup(info, c->name);
    info->state_text = gantry_container_state_name(c->state);
    info->state = c->state;
    info->has_exit_code = c->state == GANTRY_CONTAINER_EXITED;
    info->exit_code = strcmp(c->name, "job-fails") == 0 ? 3 : 0;
    info->started_ns = c->state == GANTRY_CONTAINER_CREATED ? 0 : 1;
    if (strcmp(c->name, "flaps") == 0) {
        info->started_ns = ++c->looks > 1 ? 2 : 1;
        info->health = GANTRY_HEALTH_STARTING;
    }
    pthread_mutex_unlock(&script.lock);
    *out = info;
    return 0;
}

/* The check of "flaps" succeeds in its first life, and fails to be run in the second. */
static int script_check_health(void *state, const char *id, const gantry_health_check_options *opts,
                               gantry_health_result **out, gantry_error *err)
{
    static const gantry_health_probe *const none[] = { NULL };
    gantry_health_result *result;
    int looks;

    (void)state, (void)opts;
    pthread_mutex_lock(&script.lock);
    looks = find(id)->looks;
    pthread_mutex_unlock(&script.lock);
    if (looks > 1)
        return gantry_error_set(err, GANTRY_E_ENGINE, "the check cannot be run");
    result = gantry_result_new(script.host, GANTRY_KIND_HEALTH_RESULT, err);
    assert_non_null(result);
    result->health = GANTRY_HEALTH_HEALTHY;
    result->log = none;
    *out = result;
    return 0;
}

static int script_list(void *state, const gantry_container_list_options *opts,
                       gantry_container_list **out, gantry_error *err)
{
    (void)state, (void)opts, (void)out;
    return gantry_error_set(err, GANTRY_E_UNSUPPORTED, "no lists");
}

static int script_probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                        gantry_probe *out, gantry_error *err)
{
    (void)host, (void)endpoint, (void)call, (void)err;
    (void)snprintf(out->detail, sizeof out->detail, "a script");
    return GANTRY_PROBE_MINE;
}

static int script_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                       const gantry_call *call, gantry_error *err)
{
    (void)state, (void)endpoint, (void)call, (void)err;
    script.host = host;
    return 0;
}

static void script_close(void *state)
{
    (void)state;
}

static int script_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    (void)state, (void)opts, (void)err;
    return 0;
}

static const gantry_engine_ops engine_ops = { .size = sizeof engine_ops, .ping = script_ping };
static const gantry_container_ops container_ops = { .size = sizeof container_ops,
                                                    .create = script_create,
                                                    .start = script_start,
                                                    .stop = script_stop,
                                                    .remove = script_remove,
                                                    .list = script_list,
                                                    .check_health = script_check_health,
                                                    .inspect = script_inspect };
static const char *const schemes[] = { "script", NULL };
static const gantry_backend backend = { .size = sizeof backend,
                                        .name = "script",
                                        .schemes = schemes,
                                        .state_size = 1,
                                        .probe = script_probe,
                                        .open = script_open,
                                        .close = script_close,
                                        .engine = &engine_ops,
                                        .containers = &container_ops };

/* ---- making deployments ---------------------------------------------------------------------- */

struct set {
    gantry_container_options containers[MOST];
    gantry_dependency edges[MOST][4];
    const gantry_dependency *edge_lists[MOST][5];
    gantry_deployment_item items[MOST];
    const gantry_deployment_item *list[MOST + 1];
    size_t count;
    gantry_deploy_options opts;
    gantry_error err;
};

static gantry_engine *engine;

static int setup(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts, .address = "script://x" };

    (void)state;
    if (gantry_backend_register(&backend, NULL) < 0)
        return -1;
    return gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, NULL);
}

static int teardown(void **state)
{
    (void)state;
    gantry_engine_close(engine);
    return 0;
}

static void begin(struct set *s)
{
    memset(s, 0, sizeof *s);
    s->opts.size = sizeof s->opts;
    memset(script.containers, 0, sizeof script.containers);
    script.notes[0] = '\0';
    script.starting = 0;
}

/* Dependencies as "db", "db+" (healthy), "db!" (completed), NULL-terminated. */
static void add(struct set *s, const char *name, ...)
{
    static char names[MOST * 4][32];
    size_t at = s->count;
    size_t edges = 0;
    const char *other;
    va_list args;

    s->containers[at] =
        (gantry_container_options){ .size = sizeof s->containers[at], .name = name };
    va_start(args, name);
    while ((other = va_arg(args, const char *)) != NULL) {
        char *copy = names[at * 4 + edges];
        size_t size = strcspn(other, "+!");

        (void)snprintf(copy, sizeof names[0], "%.*s", (int)size, other);
        s->edges[at][edges] =
            (gantry_dependency){ .size = sizeof s->edges[at][edges],
                                 .name = copy,
                                 .condition = other[size] == '+'   ? GANTRY_DEPEND_HEALTHY
                                              : other[size] == '!' ? GANTRY_DEPEND_COMPLETED
                                                                   : GANTRY_DEPEND_STARTED };
        s->edge_lists[at][edges] = &s->edges[at][edges];
        edges++;
    }
    va_end(args);
    s->items[at] = (gantry_deployment_item){ .size = sizeof s->items[at],
                                             .image = "image",
                                             .container = &s->containers[at],
                                             .dependencies = s->edge_lists[at] };
    s->list[at] = &s->items[at];
    s->count++;
}

static int go(struct set *s, gantry_deployment **out)
{
    return gantry_containers_deploy(gantry_engine_containers(engine), s->list, &s->opts, out,
                                    &s->err);
}

static void check_before(const char *first, const char *second)
{
    const char *a = strstr(script.notes, first);
    const char *b = strstr(script.notes, second);

    if (a == NULL || b == NULL || a > b)
        fail_msg("\"%s\" is not before \"%s\" in\n%s", first, second, script.notes);
}

/* ---- the order as such ----------------------------------------------------------------------- */

static int make_graph(struct set *s, struct gnt_arena *arena, struct gnt_deploy_graph *graph)
{
    return gnt_deploy_graph_make(arena, s->items, s->count, graph, &s->err);
}

static void test_order(void **state)
{
    enum gnt_deploy_level levels[MOST] = { GNT_DEPLOY_NOTHING };
    struct gnt_deploy_graph graph;
    struct gnt_arena arena;
    struct gnt_mem mem;
    struct set s;

    (void)state;
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_arena_init(&arena, &mem);
    begin(&s);
    add(&s, "app", "db+", "job!", "cache", NULL);
    add(&s, "db", NULL);
    add(&s, "job", "db", NULL);
    add(&s, "cache", NULL);
    assert_int_equal(make_graph(&s, &arena, &graph), 0);
    assert_true(graph.nodes[1].needs_ready && !graph.nodes[1].needs_completed);
    assert_true(graph.nodes[2].needs_completed && !graph.nodes[2].needs_ready);
    assert_true(!graph.nodes[3].needs_ready && !graph.nodes[3].needs_completed);
    assert_false(gnt_deploy_may_begin(&graph, 0, levels));
    assert_true(gnt_deploy_may_begin(&graph, 1, levels));
    assert_false(gnt_deploy_may_begin(&graph, 2, levels));
    levels[1] = GNT_DEPLOY_STARTED;
    levels[3] = GNT_DEPLOY_STARTED;
    assert_true(gnt_deploy_may_begin(&graph, 2, levels));
    levels[2] = GNT_DEPLOY_COMPLETED;
    assert_false(gnt_deploy_may_begin(&graph, 0, levels)); /* db is not ready */
    levels[1] = GNT_DEPLOY_READY;
    assert_true(gnt_deploy_may_begin(&graph, 0, levels));
    levels[2] = GNT_DEPLOY_READY;
    assert_false(gnt_deploy_may_begin(&graph, 0, levels));
    gnt_arena_free(&arena);
}

static void check_refused(struct set *s, const char *message)
{
    assert_int_equal(go(s, NULL), GANTRY_E_INVALID);
    assert_string_equal(s->err.message, message);
    assert_string_equal(script.notes, "");
}

static void test_what_has_no_order(void **state)
{
    struct set s;

    (void)state;
    begin(&s);
    add(&s, "z", "a", NULL);
    add(&s, "a", "b", NULL);
    add(&s, "b", "c+", NULL);
    add(&s, "c", "a!", NULL);
    check_refused(&s, "containers depend on each other: a -> b -> c -> a");
    begin(&s);
    add(&s, "a", "a", NULL);
    check_refused(&s, "containers depend on each other: a -> a");
    begin(&s);
    add(&s, "a", "b", NULL);
    check_refused(&s, "a depends on \"b\", which is no container of this deployment");
    begin(&s);
    add(&s, "a", NULL);
    add(&s, "a", NULL);
    check_refused(&s, "items[1]: there is another \"a\"");
    begin(&s);
    add(&s, NULL, NULL);
    check_refused(&s, "items[0]: container: needs a name");
    begin(&s);
    add(&s, "job", NULL);
    add(&s, "a", "job!", NULL);
    s.containers[0].auto_remove = GANTRY_ON;
    check_refused(&s, "job: something waits for its exit code, and auto_remove leaves none");
}

/* ---- carried out ----------------------------------------------------------------------------- */

static void test_many(void **state)
{
    gantry_deployment *out = NULL;
    struct set s;

    (void)state;
    for (int parallel = 1; parallel <= 8; parallel *= 2) {
        begin(&s);
        add(&s, "front", "app1", "app2+", NULL);
        add(&s, "app1", "db+", "job1!", NULL);
        add(&s, "app2", "db", "job2!", NULL);
        add(&s, "job1", "db+", NULL);
        add(&s, "job2", "job1!", NULL);
        add(&s, "db", NULL);
        add(&s, "x1", NULL);
        add(&s, "x2", "x1", NULL);
        add(&s, "x3", "x2", NULL);
        add(&s, "x4", "x3", "db", NULL);
        s.opts.parallel = parallel;
        if (go(&s, &out) != 0)
            fail_msg("%s", s.err.message);
        assert_int_equal(out->count, 10);
        for (size_t i = 0; i < 10; i++) {
            assert_int_equal(out->items[i]->created, 1);
            assert_int_not_equal(out->items[i]->order, 0);
        }
        check_before("start db\n", "create job1\n");
        check_before("end job1\n", "create job2\n");
        check_before("end job1\n", "create app1\n");
        check_before("end job2\n", "create app2\n");
        check_before("start app1\n", "create front\n");
        check_before("start app2\n", "create front\n");
        check_before("start x3\n", "create x4\n");
        gantry_deployment_free(out);
    }
}

static void test_side_by_side(void **state)
{
    struct set s;

    (void)state;
    begin(&s);
    add(&s, "meet1", NULL);
    add(&s, "meet2", NULL);
    if (go(&s, NULL) != 0)
        fail_msg("%s", s.err.message);
}

static void test_undo(void **state)
{
    struct set s;

    (void)state;
    begin(&s);
    add(&s, "a", NULL);
    add(&s, "b", "a", NULL);
    add(&s, "bad", "b", NULL);
    assert_int_equal(go(&s, NULL), GANTRY_E_ENGINE);
    assert_string_equal(s.err.message, "bad: no room for bad");
    assert_string_equal(s.err.resource, "bad");
    assert_int_equal(s.err.outcome, GANTRY_OUTCOME_REFUSED);
    check_before("stop b\nremove b\n", "stop a\nremove a\n");
    begin(&s);
    add(&s, "stuck", NULL);
    add(&s, "job-fails", "stuck", NULL);
    add(&s, "after", "job-fails!", NULL);
    assert_int_equal(go(&s, NULL), GANTRY_E_STATE);
    assert_int_equal(s.err.exit_code, 3);
    assert_non_null(strstr(s.err.message, "stuck is still there"));
    assert_int_equal(s.err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_null(strstr(script.notes, "after"));
}

static void test_a_create_without_an_answer(void **state)
{
    struct set s;

    (void)state;
    begin(&s);
    add(&s, "a", NULL);
    add(&s, "lost", "a", NULL);
    assert_int_equal(go(&s, NULL), GANTRY_E_TRUNCATED);
    check_before("create lost\n", "remove lost\n");
    check_before("remove lost\n", "remove a\n");
    assert_null(find("lost"));
    assert_int_equal(s.err.outcome, GANTRY_OUTCOME_REFUSED);
    begin(&s); /* and whether it is there cannot be known */
    add(&s, "lost-silent", NULL);
    assert_int_equal(go(&s, NULL), GANTRY_E_TRUNCATED);
    assert_non_null(strstr(s.err.message, "lost-silent may be there"));
    assert_int_equal(s.err.outcome, GANTRY_OUTCOME_PARTIAL);
}

struct caller {
    gantry_cancel *token;
    int stop;
};

static int on_step(void *arg, const char *name, int step, const char *text)
{
    struct caller *caller = arg;

    (void)name, (void)text;
    if (step != GANTRY_DEPLOY_STARTED)
        return 0;
    gantry_cancel_trigger(caller->token);
    return caller->stop;
}

/* While one waits for what never comes. */
static void test_callers_stop_it(void **state)
{
    const gantry_condition completed = { .size = sizeof completed, .kind = GANTRY_READY_COMPLETED };
    const gantry_condition *const never[] = { &completed, NULL };
    gantry_call call = { .size = sizeof call };
    struct caller caller = { NULL, 0 };
    struct set s;

    (void)state;
    begin(&s);
    add(&s, "a", NULL);
    add(&s, "b", "a+", NULL);
    s.items[0].ready = never;
    s.opts.progress = on_step;
    s.opts.progress_arg = &caller;
    assert_int_equal(gantry_cancel_new(&caller.token, NULL), 0);
    call.cancel = caller.token;
    s.opts.call = &call;
    assert_int_equal(go(&s, NULL), GANTRY_E_CANCELLED);
    check_before("start a\n", "remove a\n");
    assert_null(strstr(script.notes, "create b\n"));
    assert_null(strstr(script.notes, "stop a\n")); /* killed */
    gantry_cancel_free(caller.token);

    caller.token = NULL;
    caller.stop = 1;
    s.opts.call = NULL;
    assert_int_equal(go(&s, NULL), GANTRY_E_CALLBACK);
    assert_null(find("a"));

    caller.stop = 0;
    script.notes[0] = '\0';
    s.opts.ready_ms = 250;
    assert_int_equal(go(&s, NULL), GANTRY_E_TIMEOUT);
    assert_non_null(strstr(s.err.message, "completed: the container is running"));
    assert_null(find("a"));
    check_before("stop a\n", "remove a\n"); /* the caller has time */

    script.notes[0] = '\0';
    s.opts.ready_ms = 0;
    call = (gantry_call){ .size = sizeof call, .timeout_ms = 250 };
    s.opts.call = &call;
    assert_int_equal(go(&s, NULL), GANTRY_E_TIMEOUT);
    assert_null(find("a"));
    assert_null(strstr(script.notes, "stop a\n"));
}

/* What a probe said of the life before does not count in the next. */
static void test_health_ends_with_a_life(void **state)
{
    const gantry_condition healthy = { .size = sizeof healthy, .kind = GANTRY_READY_HEALTHY };
    const gantry_condition completed = { .size = sizeof completed, .kind = GANTRY_READY_COMPLETED };
    const gantry_condition *const both[] = { &healthy, &completed, NULL };
    gantry_call call = { .size = sizeof call, .timeout_ms = 400 };
    gantry_ready_options opts = { .size = sizeof opts, .call = &call };
    struct set s;

    (void)state;
    begin(&s);
    add(&s, "flaps", NULL);
    s.opts.wait_all = GANTRY_OFF;
    assert_int_equal(go(&s, NULL), 0);
    find("flaps")->looks = 0;
    assert_int_equal(gantry_containers_wait_ready(gantry_engine_containers(engine), "flaps", both,
                                                  &opts, &s.err),
                     GANTRY_E_TIMEOUT);
    assert_non_null(strstr(s.err.message, "healthy: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_what_has_no_order),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_a_create_without_an_answer),
        cmocka_unit_test(test_callers_stop_it),
        cmocka_unit_test(test_health_ends_with_a_life),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
