/**
 * @file contract.h
 * The contract suite as a kit: what programs rely on whichever engine they found, as tests that
 * anybody can run on a backend of his own.
 *
 * It is a static library beside libgantry (CMake: `find_package(gantry COMPONENTS contract)` and
 * `gantry::contract`; pkg-config: `gantry-contract`), uses public functions only and cmocka, and
 * needs no file of libgantry's source tree. A program of a few lines describes the engine under
 * test and hands over:
 *
 * @code
 * int main(int argc, char **argv)
 * {
 *     const gantry_engine_options engine = { .size = sizeof engine, .address = "boxd://" };
 *     const gantry_contract_target target = {
 *         .size = sizeof target, .name = "boxd", .engine = &engine, .backend = &boxd_backend
 *     };
 *     return gantry_contract_main(&target, argc, argv);
 * }
 * @endcode
 *
 * Tests need features: one whose feature the engine does not have is not run, and said to be "N/A".
 * What a test makes has names that begin with "ct" and the process id, and is removed after it.
 * Results go to standard output as cmocka prints them (CMOCKA_MESSAGE_OUTPUT=xml and so on).
 *
 * The process's environment: GANTRY_TEST_BUSYBOX is a file, see gantry_contract_target::base_tar;
 * GANTRY_TEST_FILTER see `filter`; registries for the groups transfer, registries, manifests and
 * buildopts are in GANTRY_TEST_REGISTRY ("host:port", HTTP, for everybody), _REGISTRY_AUTH (HTTP,
 * for a user), _REGISTRY_TLS (HTTPS that the engine trusts, for that user), _REGISTRY_UNTRUSTED
 * (HTTPS that it does not), _REGISTRY_USER and _REGISTRY_PASSWORD: a test that finds one of them
 * missing is skipped, and the status of the run says so.
 *
 * Stable within a minor version only. Since 0.1.
 */
#ifndef GANTRY_CONTRACT_H
#define GANTRY_CONTRACT_H

#include <gantry/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Whose engine it is. The rows of a known engine's differences hold for it, and tests of what it
 *  alone can do are run. */
enum {
    /** Somebody else's: all that is promised of every engine, nothing that is one runtime's own. */
    GANTRY_CONTRACT_OTHER = 0,
    GANTRY_CONTRACT_DOCKER = 1,
    GANTRY_CONTRACT_PODMAN = 2,
    GANTRY_CONTRACT_PODMAN_ROOTLESS = 3,
    GANTRY_CONTRACT_MEMORY = 4 /**< examples/memory_backend.c itself */
};

/** What a run comes to, as a program's status. */
enum {
    GANTRY_CONTRACT_PASSED = 0,
    GANTRY_CONTRACT_FAILED = 1,
    GANTRY_CONTRACT_WRONG = 2,   /**< the description is; nothing was run */
    GANTRY_CONTRACT_SKIPPED = 77 /**< what was run passed; for some of it something was missing */
};

/** The engine under test. Everything is borrowed for the run. */
typedef struct gantry_contract_target {
    size_t size;      /**< sizeof(gantry_contract_target) */
    const char *name; /**< required; in titles and messages, as "boxd" */
    /**
     * Required: how it is opened. Needs an `address`. `logger` is the kit's, and `on_demand` is off.
     */
    const gantry_engine_options *engine;
    const gantry_backend *backend; /**< registered before; NULL: it is known already */
    int runtime;                   /**< GANTRY_RUNTIME_...; default AUTO */
    int kind;                      /**< GANTRY_CONTRACT_...; default OTHER */
    /**
     * #GANTRY_ON: it runs processes, and the run fails if the engine does not say so; #GANTRY_OFF:
     * it runs none, and the run fails if it claims to. Default: as it says. State it: slots that got
     * lost are noticed by that.
     */
    int processes;
    int small_disk; /**< #GANTRY_ON: only tests for an engine with little room (group full) */
    /**
     * A tar file of a root file system with a busybox: "bin/busybox" and its applets as links. Tests
     * run it as their base image. NULL: what GANTRY_TEST_BUSYBOX names. An engine without processes
     * needs none.
     */
    const char *base_tar;
    /** An image with these files that is in the engine already, where it imports none. NULL: the
     *  tar is imported. It stays. */
    const char *base_image;
    /** GANTRY_FEATURE_... that it does not have, ended by 0: each other one must be there, and
     *  these must not. NULL: not looked at. For GANTRY_CONTRACT_OTHER. */
    const int *missing_features;
    /** Ids of rows in which it differs from what is promised, NULL-terminated, as
     *  "TAIL_COUNTS_PIECES": the tests expect then what the row says. gantry_contract_difference()
     *  lists them; an id that is none of them is an error. */
    const char *const *differences;
    /** Groups or single tests that are not run, NULL-terminated: "copy", "life/top_tells_processes";
     *  a name that is none is an error. They are counted in the last line of the output. */
    const char *const *leave_out;
    /** Only tests whose name contains it. NULL: what GANTRY_TEST_FILTER says, or all. */
    const char *filter;
    /**
     * Called after each test, when what it made has been removed through the library: remove what
     * your engine keeps besides, or look whether it does. 0, or the test failed. NULL: nothing.
     */
    int (*clean_up)(void *arg);
    void *arg; /**< of clean_up */
} gantry_contract_target;

/**
 * Run groups of tests on an engine.
 *
 * One run at a time in a process. It opens the engine, imports the base image, runs and removes it.
 * @param groups names, NULL-terminated; NULL or empty: all that are for such an engine
 * @return #GANTRY_CONTRACT_PASSED, _FAILED, _WRONG or _SKIPPED; the reason was printed. Since 0.1.
 */
int gantry_contract_run(const gantry_contract_target *target, const char *const *groups);

/**
 * The main function of a test program: `PROGRAM [GROUP...]`, `PROGRAM --groups` prints the groups,
 * `PROGRAM --differences` the rows.
 * @return the status. Since 0.1.
 */
int gantry_contract_main(const gantry_contract_target *target, int argc, char **argv);

/** Name of the group with this number, from 0; NULL behind the last. Since 0.1. */
const char *gantry_contract_group(size_t number);

/**
 * Id of the difference with this number, from 0; NULL behind the last.
 * @param out_promise what is so elsewhere; NULL is allowed
 * @param out_instead what is so where it differs; NULL is allowed. Static texts. Since 0.1.
 */
const char *gantry_contract_difference(size_t number, const char **out_promise,
                                       const char **out_instead);

#ifdef __cplusplus
}
#endif
#endif
