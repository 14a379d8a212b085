/*
 * contract TARGET [GROUP]: runs the contract suite on an engine. TARGET is memory, docker,
 * docker-tls (the same engine over TLS), podman, podman-rootless, docker-small or podman-small; the engine's address comes from GANTRY_TEST_DOCKER
 * and so on. Without it, or without a registry that a test asked for, the status is 77.
 * GANTRY_TEST_FILTER runs only the tests whose name contains it.
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
    contract_clean(((struct running *)*state)->fixture);
    return 0;
}

static int applies(const struct contract *f, const struct contract_test *test)
{
    const char *filter = getenv("GANTRY_TEST_FILTER");

    if (test->on != 0 && (test->on & f->on) == 0)
        return 0;
    if ((f->on & ON_SMALL) != 0 && (test->on & ON_SMALL) == 0)
        return 0;
    if (filter != NULL && strstr(test->name, filter) == NULL)
        return 0;
    for (size_t i = 0; i < sizeof test->needs / sizeof test->needs[0]; i++) {
        if (test->needs[i] != 0 && !gantry_engine_supports(f->engine, test->needs[i])) {
            printf("[  N/A     ] %s: %s has no %s\n", test->name, f->target,
                   gantry_feature_name(test->needs[i]));
            return 0;
        }
    }
    return 1;
}

static int run_group(struct contract *f, const char *name, const struct contract_test *tests)
{
    struct CMUnitTest units[64];
    struct running states[64];
    size_t count = 0;
    char title[64];

    for (; tests->name != NULL; tests++) {
        if (!applies(f, tests))
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

int main(int argc, char **argv)
{
    static struct contract fixture;
    int failed = 0;
    int found = 0;
    int rc;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: contract TARGET [GROUP]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    rc = contract_open(&fixture, argv[1]);
    if (rc != 0)
        return rc;
    if (run_one(&fixture, "import the base image", import_base) != 0) {
        gantry_engine_close(fixture.engine);
        return 1;
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (argc == 3 && strcmp(argv[2], groups[i].name) != 0)
            continue;
        found = 1;
        failed += run_group(&fixture, groups[i].name, groups[i].tests);
    }
    failed += run_one(&fixture, "remove the base image", close_engine);
    if (!found)
        fprintf(stderr, "no such group: %s\n", argv[2]);
    if (failed != 0 || !found)
        return 1;
    if (fixture.skipped[0] != '\0') {
        printf("SKIPPED: %s\n", fixture.skipped);
        return 77;
    }
    return 0;
}
