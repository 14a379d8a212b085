/*
 * The contract suite: what a program may rely on whichever engine it found. Every test is
 * written once against the installed headers and runs on every backend; where engines differ in
 * spite of the library, differences.def has a row and the test asks contract_differs().
 *
 * A test has the fixture `f`: an open engine, its managers, an error to hand to calls, and
 * names that no other process uses. What it creates under such names is removed after it.
 */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gantry/contract.h>

/* cmocka has a macro of this name, which hides the one that CMakeLists.txt gives. */
#undef run_tests
#define run_tests contract_run_tests

/* Targets, as bits. */
enum {
    ON_MEMORY = 1,
    ON_DOCKER = 2,
    ON_PODMAN = 4,
    ON_ROOTLESS = 8,
    ON_PODMANS = ON_PODMAN | ON_ROOTLESS,
    ON_ENGINES = ON_DOCKER | ON_PODMANS,
    ON_ALL = ON_ENGINES | ON_MEMORY,
    ON_SMALL = 16, /* with one of the others: the engine's disk is small; only tests for it run */
    ON_OTHER = 32, /* an engine of somebody else; with processes, tests for all of ON_ENGINES run */
    /* The engines whose own words or ways the test has in it: not for others. */
    ON_KNOWN = ON_ENGINES | 64
};

/* Rows of differences.def. */
enum contract_difference {
#define DIFFERENCE(id, targets, what, expectation) DIFF_##id,
#include "differences.def"
#undef DIFFERENCE
    DIFF_COUNT
};

struct contract {
    const gantry_contract_target *given;
    const char *target;  /* "podman-rootless" */
    const char *address; /* "unix:///..." */
    int on;              /* ON_... */
    gantry_engine *engine;
    gantry_images *images;
    gantry_containers *containers;
    gantry_volumes *volumes;
    gantry_networks *networks;
    gantry_manifests *manifests;
    gantry_pods *pods;
    gantry_error err; /* for every call */
    const char *base; /* reference of an image with a busybox */
    char prefix[40];  /* of all names this process makes */
    unsigned serial;
    atomic_int log_lines;  /* written by the engine so far: a request writes at least one */
    char last_tagged[256]; /* the last log line that holds "contract-tag" */
    char names[32][128];
    char image_ids[64][65]; /* to be removed */
    size_t image_id_count;
    int lists;          /* the test makes manifest lists */
    char skipped[160]; /* why a test could not be made, if one could not */
    char differs[DIFF_COUNT]; /* rows that the target names itself */
    size_t tests_run;
    size_t left_out;
};

struct contract_test {
    const char *name;
    void (*run)(struct contract *f);
    int needs[3]; /* features without which the test has no meaning */
    int on;       /* targets, 0 = all */
};

/* ---- groups -------------------------------------------------------------------------------- */

extern const struct contract_test engine_tests[];
extern const struct contract_test images_tests[];
extern const struct contract_test build_tests[];
extern const struct contract_test buildopts_tests[];
extern const struct contract_test buildkit_tests[];
extern const struct contract_test context_tests[];
extern const struct contract_test large_tests[];
extern const struct contract_test containers_tests[];
extern const struct contract_test run_tests[];
extern const struct contract_test spec_tests[];
extern const struct contract_test newer_tests[];
extern const struct contract_test spec_podman_tests[];
extern const struct contract_test runs_tests[];
extern const struct contract_test streams_tests[];
extern const struct contract_test exec_tests[];
extern const struct contract_test sessions_tests[];
extern const struct contract_test flood_tests[];
extern const struct contract_test follow_tests[];
extern const struct contract_test copy_tests[];
extern const struct contract_test volumes_tests[];
extern const struct contract_test volumes_more_tests[];
extern const struct contract_test backup_tests[];
extern const struct contract_test networks_tests[];
extern const struct contract_test networks2_tests[];
extern const struct contract_test errors_tests[];
extern const struct contract_test threads_tests[];
extern const struct contract_test save_tests[];
extern const struct contract_test upkeep_tests[];
extern const struct contract_test registries_tests[];
extern const struct contract_test full_tests[];
extern const struct contract_test manifests_tests[];
extern const struct contract_test transfer_tests[];
extern const struct contract_test life_tests[];
extern const struct contract_test ready_tests[];
extern const struct contract_test deploy_tests[];
extern const struct contract_test ensure_tests[];
extern const struct contract_test secrets_tests[];
extern const struct contract_test kube_tests[];
extern const struct contract_test events_tests[];
extern const struct contract_test pods_shared_tests[];
extern const struct contract_test system_tests[];
extern const struct contract_test pods_tests[];

/* Rows of the groups' tables, which end with { 0 }. */
#define TEST(function)                                                                             \
    {                                                                                              \
        .name = #function, .run = function                                                         \
    }
#define TEST_WITH(function, ...)                                                                   \
    {                                                                                              \
        .name = #function, .run = function, __VA_ARGS__                                            \
    }
#define NEEDS(...) .needs = { __VA_ARGS__ }
#define PROCESSES NEEDS(GANTRY_FEATURE_CONTAINERS_RUN)

/* ---- fixture ------------------------------------------------------------------------------- */

/* Import a target into `out`, complete, and note its differences in `f`. 0, or WRONG after saying
 * what is. */
int contract_check_target(const gantry_contract_target *given, gantry_contract_target *out,
                          struct contract *f);
int contract_check_groups(const char *const *groups);
/* Whether it is the name of a group, or of a test as "group/test". */
int contract_is_test(const char *name);
/* Open the engine of a target that was checked. 0, or the status of a run after saying why not. */
int contract_open(struct contract *f, const gantry_contract_target *target);
/* How the engine is opened, for tests that open it in another way besides. */
gantry_engine_options contract_engine_options(const struct contract *f);
/* Import the base image; called once per run. */
void contract_import_base(struct contract *f);
void contract_close(struct contract *f);
/* Remove all that a test made. */
void contract_clean(struct contract *f);

/* ---- registries ---------------------------------------------------------------------------- */

enum contract_registry {
    CONTRACT_REGISTRY_PLAIN,    /* HTTP, for everybody */
    CONTRACT_REGISTRY_AUTH,     /* HTTP, for the user */
    CONTRACT_REGISTRY_TLS,      /* HTTPS, for the user; the engines trust it */
    CONTRACT_REGISTRY_UNTRUSTED /* HTTPS, for the user; they do not */
};

/* "host:port" of a registry. Where the environment has none, the test ends here as a skipped one
 * and the program's status is 77: ask before anything is made. */
const char *contract_registry(struct contract *f, enum contract_registry which);
/* Who may use those that want to know. */
const char *contract_registry_user(struct contract *f);
const char *contract_registry_password(struct contract *f);
/* A registry that dies or hangs in the middle: see proxy.h. */

/* ---- facts --------------------------------------------------------------------------------- */

int contract_differs(const struct contract *f, enum contract_difference id);
/* The engine's own version is this one or a later one. */
int contract_version_at_least(const struct contract *f, int major, int minor);
/* The engine runs processes: without, a test looks at metadata alone. */
int contract_has_processes(const struct contract *f);

/* A name as "ct4711x1a2b-web-3", valid for the test. */
const char *contract_name(struct contract *f, const char *word);
/* A private range of 256 addresses that other processes of this suite are unlikely to ask for at the
 * same time: its first three numbers, "10.130.7". `which` is 0 to 3. */
struct contract_subnet {
    char prefix[16];
};
struct contract_subnet contract_subnet(unsigned which);
/* A port of the host, alike; `which` is 0 to 7. */
int contract_port(unsigned which);
/* An image to be removed after the test though it has no name of ours. */
void contract_track_image(struct contract *f, const char *id);
/* Open another engine object on the same engine. */
gantry_engine *contract_open_again(struct contract *f);
/* The static program of hello.c, which is in the suite. */
extern const unsigned char contract_hello[];
extern const size_t contract_hello_size;
/* The busybox tar, or a small tar for an engine without processes. */
gantry_source contract_base_tar(struct contract *f);
void contract_base_tar_close(gantry_source *source);

/* ---- checks -------------------------------------------------------------------------------- */

/* The call succeeds; prints its error otherwise. */
#define OK(call) contract_ok(f, (call), #call, __FILE__, __LINE__)
/* The call fails with this very code, fills f->err completely and says something. */
#define FAILS(call, code)                                                                          \
    do {                                                                                           \
        int fails_rc;                                                                              \
                                                                                                   \
        memset(&f->err, 0, sizeof f->err);                                                         \
        fails_rc = (call);                                                                         \
        contract_fails(f, fails_rc, (code), #call, __FILE__, __LINE__);                            \
    } while (0)
#define CHECK(condition) contract_check(!!(condition), #condition, __FILE__, __LINE__)

void contract_ok(struct contract *f, int rc, const char *call, const char *file, int line);
void contract_fails(struct contract *f, int rc, int code, const char *call, const char *file,
                    int line);
void contract_check(int holds, const char *condition, const char *file, int line);

#define SAME(a, b) contract_same((a), (b), #a, __FILE__, __LINE__)
#define CONTAINS(text, part) contract_contains((text), (part), #text, __FILE__, __LINE__)
void contract_same(const char *got, const char *want, const char *what, const char *file, int line);
void contract_contains(const char *text, const char *part, const char *what, const char *file,
                       int line);

int contract_is_id(const char *text); /* 64 hex digits */
int contract_in_list(const char *const *list, const char *text);
const char *contract_pair(const gantry_pair *pairs, size_t count, const char *key);

/* ---- shorthand ------------------------------------------------------------------------------ */

#define COMMAND(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SHELL(script) COMMAND("sh", "-c", script)

/* Create (and start) a container of the base image that runs a script; returns its name. */
const char *contract_create(struct contract *f, const char *script);
/* A run whose output an engine may lose (SHORT_LIVES_MAY_LOSE_OUTPUT) is tried up to three times,
 * unless it has an input or a sink, which are used up. */
int contract_run(struct contract *f, const char *image, const gantry_run_options *opts,
                 gantry_run_result **out, gantry_error *err);
const char *contract_start(struct contract *f, const char *script);
/* One that does nothing until it is stopped, quickly. */
#define IDLE "trap 'exit 0' TERM; while :; do sleep 1; done"

/* gantry_images_build(), again where the engine itself killed it (see ENGINE_KILLS_BUILDS). */
int contract_build(struct contract *f, const char *name, const gantry_build_options *opts,
                   gantry_build_result **out);
/* Whether the failure in f->err is that one; at most a few times per test. */
int contract_engine_killed(struct contract *f, int rc);
int contract_state(struct contract *f, const char *container);
int contract_exists(struct contract *f, const char *container);
int contract_image_exists(struct contract *f, const char *reference);
/* Wait for its end by the API; the exit code. */
int64_t contract_wait_exit(struct contract *f, const char *container);
/* Whether a process of a program ("sleep") runs in it just now. */
int contract_runs_program(struct contract *f, const char *container, const char *program);
/* Run a script in a container of an image and compare its whole stdout. */
void contract_run_prints(struct contract *f, const char *image, const char *script,
                         const char *want);
/* Ask until `holds` is true, at most 20 s; fails the test then. The pause between two questions is
 * manners towards the engine, nothing depends on it. */
void contract_until(struct contract *f, int (*holds)(struct contract *f, const void *arg),
                    const void *arg);

/* A thread that triggers a token once it is told to; the moment it did is kept. */
struct contract_trigger;
struct contract_trigger *contract_trigger_new(struct contract *f, gantry_cancel **out_token);
void contract_trigger_go(struct contract_trigger *trigger);
/* Milliseconds since the trigger; -1 if it was not pulled. */
int64_t contract_trigger_elapsed(struct contract_trigger *trigger);
void contract_trigger_free(struct contract_trigger *trigger);

#endif
