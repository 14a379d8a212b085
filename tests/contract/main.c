/*
 * A run of the suite: the groups, which tests of them are for an engine, and running them.
 */
#include "contract.h"

static const struct {
    const char *name;
    const struct contract_test *tests; /* ends with a row without a name */
} groups[] = {
    { "engine", engine_tests },
    { "images", images_tests },
    { "build", build_tests },
    { "buildopts", buildopts_tests },
    { "buildkit", buildkit_tests },
    { "context", context_tests },
    { "large", large_tests },
    { "containers", containers_tests },
    { "run", run_tests },
    { "spec", spec_tests },
    { "newer", newer_tests },
    { "spec_podman", spec_podman_tests },
    { "runs", runs_tests },
    { "streams", streams_tests },
    { "exec", exec_tests },
    { "sessions", sessions_tests },
    { "flood", flood_tests },
    { "follow", follow_tests },
    { "copy", copy_tests },
    { "volumes", volumes_tests },
    { "volumes_more", volumes_more_tests },
    { "backup", backup_tests },
    { "networks", networks_tests },
    { "networks2", networks2_tests },
    { "errors", errors_tests },
    { "threads", threads_tests },
    { "full", full_tests },
    { "manifests", manifests_tests },
    { "save", save_tests },
    { "upkeep", upkeep_tests },
    { "transfer", transfer_tests },
    { "registries", registries_tests },
    { "life", life_tests },
    { "ready", ready_tests },
    { "deploy", deploy_tests },
    { "ensure", ensure_tests },
    { "secrets", secrets_tests },
    { "kube", kube_tests },
    { "events", events_tests },
    { "pods_shared", pods_shared_tests },
    { "system", system_tests },
    { "pods", pods_tests },
};

static const size_t group_count = sizeof groups / sizeof groups[0];

struct running {
    struct contract *fixture;
    const struct contract_test *test;
};

static void run_contract_test(void **state)
{
    struct running *running = *state;

    running->test->run(running->fixture);
}

static int clean_up(void **state)
{
    struct contract *f = ((struct running *)*state)->fixture;

    contract_clean(f);
    if (f->given->clean_up == NULL)
        return 0;
    return f->given->clean_up(f->given->arg);
}

/* ---- which tests are for an engine ----------------------------------------------------------- */

/* What is there on Docker and on Podman is expected of everybody who runs processes. */
static int is_for(const struct contract *f, int on)
{
    const int rootful = ON_DOCKER | ON_PODMAN;

    if ((f->on & ON_SMALL) != 0 && (on & ON_SMALL) == 0)
        return 0;
    if (on == 0 || (on & f->on) != 0)
        return 1;
    return (f->on & ON_OTHER) != 0 && (on & rootful) == rootful && (on & ON_KNOWN) != ON_KNOWN &&
           contract_has_processes(f);
}

static int is_left_out(const struct contract *f, const char *group, const char *test)
{
    const char *const *name = f->given->leave_out;
    size_t size = strlen(group);

    for (; name != NULL && *name != NULL; name++) {
        if (strncmp(*name, group, size) == 0 &&
            ((*name)[size] == '\0' ||
             ((*name)[size] == '/' && strcmp(*name + size + 1, test) == 0)))
            return 1;
    }
    return 0;
}

static int has_needs(const struct contract *f, const struct contract_test *test)
{
    for (size_t i = 0; i < sizeof test->needs / sizeof test->needs[0]; i++) {
        if (test->needs[i] != 0 && !gantry_engine_supports(f->engine, test->needs[i])) {
            printf("[  N/A     ] %s: %s has no %s\n", test->name, f->target,
                   gantry_feature_name(test->needs[i]));
            return 0;
        }
    }
    return 1;
}

static int applies(struct contract *f, const char *group, const struct contract_test *test)
{
    const char *filter = f->given->filter;

    if (filter == NULL)
        filter = getenv("GANTRY_TEST_FILTER");
    if (!is_for(f, test->on) || (filter != NULL && strstr(test->name, filter) == NULL))
        return 0;
    if (is_left_out(f, group, test->name)) {
        printf("[  LEFT OUT] %s/%s\n", group, test->name);
        f->left_out++;
        return 0;
    }
    return has_needs(f, test);
}

/* An engine without a manager has none of its groups. */
static int has_manager(const struct contract *f, const char *group)
{
    static const struct {
        const char *beginning; /* of groups' names */
        int feature;
    } managers[] = {
        { "images", GANTRY_FEATURE_IMAGES_LIST },
        { "build", GANTRY_FEATURE_IMAGES_BUILD },
        { "context", GANTRY_FEATURE_IMAGES_BUILD },
        { "containers", GANTRY_FEATURE_CONTAINERS_LIST },
        { "volumes", GANTRY_FEATURE_VOLUMES_LIST },
        { "networks", GANTRY_FEATURE_NETWORKS_LIST },
        { "pods", GANTRY_FEATURE_PODS_LIST },
        { "secrets", GANTRY_FEATURE_SECRETS_LIST },
        { "kube", GANTRY_FEATURE_KUBE_PLAY },
        { "events", GANTRY_FEATURE_SYSTEM_EVENTS },
        { "copy", GANTRY_FEATURE_CONTAINERS_COPY_IN },
    };

    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++) {
        if (strncmp(group, managers[i].beginning, strlen(managers[i].beginning)) == 0)
            return gantry_engine_supports(f->engine, managers[i].feature);
    }
    return 1;
}

/* ---- running --------------------------------------------------------------------------------- */

static int run_group(struct contract *f, const char *name, const struct contract_test *tests)
{
    struct CMUnitTest units[64];
    struct running states[64];
    size_t count = 0;
    char title[64];

    if ((f->on & ON_OTHER) != 0 && !has_manager(f, name)) {
        printf("[  N/A     ] %s: %s has nothing of it\n", name, f->target);
        return 0;
    }
    for (; tests->name != NULL; tests++) {
        if (!applies(f, name, tests))
            continue;
        if (count == sizeof units / sizeof units[0]) {
            fprintf(stderr, "too many tests in group %s\n", name);
            return 1;
        }
        states[count] = (struct running){ f, tests };
        units[count] = (struct CMUnitTest){ .name = tests->name,
                                            .test_func = run_contract_test,
                                            .teardown_func = clean_up,
                                            .initial_state = &states[count] };
        count++;
    }
    f->tests_run += count;
    snprintf(title, sizeof title, "%s on %s", name, f->target);
    return _cmocka_run_group_tests(title, units, count, NULL, NULL);
}

/* The base image is imported and removed by tests of their own, so that checks work in them. */
static void import_base(void **state)
{
    contract_import_base(*state);
}

static void close_engine(void **state)
{
    contract_close(*state);
}

static int run_one(struct contract *f, const char *name, void (*function)(void **state))
{
    const struct CMUnitTest test = { .name = name, .test_func = function, .initial_state = f };

    return _cmocka_run_group_tests(name, &test, 1, NULL, NULL);
}

static int is_named(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, name) == 0)
            return 1;
    }
    return 0;
}

static int run_groups(struct contract *f, const char *const *wanted)
{
    int all = wanted == NULL || wanted[0] == NULL;
    int failed = 0;

    if (run_one(f, "import the base image", import_base) != 0) {
        gantry_engine_close(f->engine);
        return GANTRY_CONTRACT_FAILED;
    }
    for (size_t i = 0; i < group_count; i++) {
        if (all || is_named(wanted, groups[i].name))
            failed += run_group(f, groups[i].name, groups[i].tests);
    }
    failed += run_one(f, "remove the base image", close_engine);
    if (f->left_out > 0)
        printf("%zu tests were run on %s, %zu left out\n", f->tests_run, f->target, f->left_out);
    if (failed != 0)
        return GANTRY_CONTRACT_FAILED;
    if (f->skipped[0] != '\0') {
        printf("SKIPPED: %s\n", f->skipped);
        return GANTRY_CONTRACT_SKIPPED;
    }
    return GANTRY_CONTRACT_PASSED;
}

int gantry_contract_run(const gantry_contract_target *given, const char *const *wanted)
{
    static struct contract fixture; /* cmocka has one state, too */
    static gantry_contract_target target;
    int status;

    memset(&fixture, 0, sizeof fixture);
    status = contract_check_target(given, &target, &fixture);
    if (status == 0)
        status = contract_check_groups(wanted);
    if (status != 0)
        return status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    status = contract_open(&fixture, &target);
    if (status != 0) {
        gantry_engine_close(fixture.engine);
        return status;
    }
    return run_groups(&fixture, wanted);
}

/* ---- names ----------------------------------------------------------------------------------- */

const char *gantry_contract_group(size_t number)
{
    return number < group_count ? groups[number].name : NULL;
}

int contract_is_test(const char *name)
{
    for (size_t i = 0; i < group_count; i++) {
        size_t size = strlen(groups[i].name);

        if (strncmp(name, groups[i].name, size) != 0)
            continue;
        if (name[size] == '\0')
            return 1;
        for (const struct contract_test *t = groups[i].tests; name[size] == '/' && t->name; t++) {
            if (strcmp(name + size + 1, t->name) == 0)
                return 1;
        }
    }
    return 0;
}
