/*
 * Contract of bad input: it is INVALID, says which argument, and nothing is sent. The proof of the
 * latter is the engine's log at its most detailed level, which has a line for each request.
 */
#include "contract.h"

/* ---- every string argument ------------------------------------------------------------------- */

/* Each calls one function with `value` for one argument and good values for the others. */
#define CALL(name, expression)                                                                     \
    static int name(struct contract *f, const char *value, gantry_error *err)                      \
    {                                                                                              \
        return (expression);                                                                       \
    }

static gantry_image *no_image;
static gantry_container *no_container;
static gantry_volume *no_volume;
static gantry_network *no_network;
static gantry_volume_ensured *no_volume_ensured;
static gantry_network_ensured *no_network_ensured;
static gantry_stream *no_stream;
static gantry_output *no_output;
static gantry_wait *no_wait;
static gantry_progress *no_progress;
static int no_int;

static const gantry_build_options scratch_build = { .size = sizeof scratch_build,
                                                    .dockerfile = "FROM scratch\nLABEL a=b\n" };

static int import_as(struct contract *f, const char *value, gantry_error *err)
{
    gantry_memory memory = { .size = sizeof memory, .data = "" };
    gantry_source source = { .size = sizeof source };

    gantry_source_memory(&source, &memory);
    return gantry_images_import(f->images, value, &source, NULL, NULL, err);
}

static int build_with_tag(struct contract *f, const char *value, gantry_error *err)
{
    const char *const tags[] = { "good", value, NULL };
    gantry_build_options opts = scratch_build;

    opts.tags = tags;
    return gantry_images_build(f->images, "good", &opts, NULL, err);
}

static int create_named(struct contract *f, const char *value, gantry_error *err)
{
    gantry_container_options opts = { .size = sizeof opts, .name = value };

    return gantry_containers_create(f->containers, "good", &opts, NULL, err);
}

static int create_on_network(struct contract *f, const char *value, gantry_error *err)
{
    gantry_container_options opts = { .size = sizeof opts, .network = value };

    return gantry_containers_create(f->containers, "good", &opts, NULL, err);
}

static int create_with_volume(struct contract *f, const char *value, gantry_error *err)
{
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = value, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options opts = { .size = sizeof opts, .mounts = mounts };

    return gantry_containers_create(f->containers, "good", &opts, NULL, err);
}

CALL(build_as, gantry_images_build(f->images, value, &scratch_build, NULL, err))
CALL(build_start_as, gantry_images_build_open(f->images, value, &scratch_build, &no_progress, err))
CALL(inspect_image, gantry_images_inspect(f->images, value, NULL, &no_image, err))
CALL(exists_image, gantry_images_exists(f->images, value, NULL, &no_int, err))
CALL(tag_image, gantry_images_tag(f->images, value, "good", NULL, err))
CALL(tag_as, gantry_images_tag(f->images, "good", value, NULL, err))
CALL(remove_image, gantry_images_remove(f->images, value, NULL, NULL, err))
CALL(create_of, gantry_containers_create(f->containers, value, NULL, NULL, err))
CALL(start, gantry_containers_start(f->containers, value, NULL, err))
CALL(stop, gantry_containers_stop(f->containers, value, NULL, err))
CALL(restart, gantry_containers_restart(f->containers, value, NULL, err))
CALL(kill_it, gantry_containers_kill(f->containers, value, NULL, err))
CALL(remove_container, gantry_containers_remove(f->containers, value, NULL, err))
CALL(inspect_container, gantry_containers_inspect(f->containers, value, NULL, &no_container, err))
CALL(wait_for, gantry_containers_wait(f->containers, value, NULL, NULL, err))
CALL(wait_open, gantry_containers_wait_open(f->containers, value, NULL, &no_wait, err))
CALL(logs, gantry_containers_logs_open(f->containers, value, NULL, &no_stream, err))
CALL(logs_read, gantry_containers_logs(f->containers, value, NULL, &no_output, err))
CALL(attach, gantry_containers_attach_open(f->containers, value, NULL, &no_stream, err))
CALL(exec, gantry_containers_exec(f->containers, value, COMMAND("true"), NULL, NULL, err))
CALL(run, gantry_containers_run(f->containers, value, NULL, NULL, err))
CALL(create_volume, gantry_volumes_create(f->volumes, value, NULL, NULL, err))
CALL(ensure_volume, gantry_volumes_ensure(f->volumes, value, NULL, &no_volume_ensured, err))
CALL(inspect_volume, gantry_volumes_inspect(f->volumes, value, NULL, &no_volume, err))
CALL(remove_volume, gantry_volumes_remove(f->volumes, value, NULL, err))
CALL(create_network, gantry_networks_create(f->networks, value, NULL, NULL, err))
CALL(ensure_network, gantry_networks_ensure(f->networks, value, NULL, &no_network_ensured, err))
CALL(inspect_network, gantry_networks_inspect(f->networks, value, NULL, &no_network, err))
CALL(remove_network, gantry_networks_remove(f->networks, value, NULL, err))
CALL(connect_to, gantry_networks_connect(f->networks, value, "good", NULL, err))
CALL(connect_this, gantry_networks_connect(f->networks, "good", value, NULL, err))
CALL(disconnect_from, gantry_networks_disconnect(f->networks, value, "good", NULL, err))
CALL(disconnect_this, gantry_networks_disconnect(f->networks, "good", value, NULL, err))

struct argument {
    const char *call;
    int (*function)(struct contract *f, const char *value, gantry_error *err);
    const char *name; /* that the message must tell */
    int null_ok;      /* NULL has a meaning */
    int feature;      /* without it the answer is UNSUPPORTED */
};

static const struct argument arguments[] = {
    { "images.build", build_as, "reference", 1, 0 },
    { "images.build_start", build_start_as, "reference", 1, 0 },
    { "images.build tags", build_with_tag, "tags", 1, 0 },
    { "images.import", import_as, "reference", 1, 0 },
    { "images.inspect", inspect_image, "reference", 0, 0 },
    { "images.exists", exists_image, "reference", 0, 0 },
    { "images.tag", tag_image, "reference", 0, 0 },
    { "images.tag as", tag_as, "new_reference", 0, 0 },
    { "images.remove", remove_image, "reference", 0, 0 },
    { "containers.create", create_of, "image", 0, 0 },
    { "containers.create name", create_named, "name", 1, 0 },
    { "containers.create network", create_on_network, "network", 1, 0 },
    { "containers.create volume", create_with_volume, "source", 1, 0 },
    { "containers.start", start, "id", 0, 0 },
    { "containers.stop", stop, "id", 0, 0 },
    { "containers.restart", restart, "id", 0, 0 },
    { "containers.kill", kill_it, "id", 0, 0 },
    { "containers.remove", remove_container, "id", 0, 0 },
    { "containers.inspect", inspect_container, "id", 0, 0 },
    { "containers.wait", wait_for, "id", 0, GANTRY_FEATURE_CONTAINERS_WAIT },
    { "containers.wait_open", wait_open, "id", 0, GANTRY_FEATURE_CONTAINERS_WAIT },
    { "containers.logs", logs, "id", 0, GANTRY_FEATURE_CONTAINERS_LOGS },
    { "containers.logs_read", logs_read, "id", 0, GANTRY_FEATURE_CONTAINERS_LOGS },
    { "containers.attach", attach, "id", 0, GANTRY_FEATURE_CONTAINERS_ATTACH },
    { "containers.exec", exec, "id", 0, GANTRY_FEATURE_CONTAINERS_EXEC },
    { "containers.run", run, "image", 0, GANTRY_FEATURE_CONTAINERS_RUN },
    { "volumes.create", create_volume, "name", 1, 0 },
    { "volumes.ensure", ensure_volume, "name", 0, 0 },
    { "volumes.inspect", inspect_volume, "name", 0, 0 },
    { "volumes.remove", remove_volume, "name", 0, 0 },
    { "networks.create", create_network, "name", 0, 0 },
    { "networks.ensure", ensure_network, "name", 0, 0 },
    { "networks.inspect", inspect_network, "id", 0, 0 },
    { "networks.remove", remove_network, "id", 0, 0 },
    { "networks.connect", connect_to, "id", 0, 0 },
    { "networks.connect container", connect_this, "container", 0, 0 },
    { "networks.disconnect", disconnect_from, "id", 0, 0 },
    { "networks.disconnect container", disconnect_this, "container", 0, 0 },
};

/* One line per request is written at the most detailed level; this shows that the count works. */
static void requests_are_logged(struct contract *f)
{
    int before = atomic_load(&f->log_lines);

    OK(gantry_volumes_ensure(f->volumes, contract_name(f, "counted"), NULL, NULL, &f->err));
    CHECK(atomic_load(&f->log_lines) > before);
}

static int check_bad_argument(struct contract *f, const struct argument *argument,
                              const char *value)
{
    int before = atomic_load(&f->log_lines);
    int rc;

    memset(&f->err, 0, sizeof f->err);
    rc = argument->function(f, value, &f->err);
    if (rc == GANTRY_E_INVALID && f->err.code == rc &&
        strstr(f->err.message, argument->name) != NULL &&
        f->err.outcome == GANTRY_OUTCOME_NOT_SENT && atomic_load(&f->log_lines) == before)
        return 0;
    print_error("%s with \"%s\": gives %s \"%s\", outcome %d, %d requests; expected INVALID naming "
                "\"%s\" and no request\n",
                argument->call, value != NULL ? value : "(NULL)", gantry_error_name(rc),
                f->err.message, f->err.outcome, atomic_load(&f->log_lines) - before,
                argument->name);
    return 1;
}

static void bad_names_are_invalid_and_not_sent(struct contract *f)
{
    static const char *const values[] = { NULL,   "",    "a/../b", "a\nb",  "x?y",   "../x", "a b",
                                          "a\tb", "x#y", "a%2fb",  "\x01z", "-flag", "..",   "/" };
    int bad = 0;

    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        if (arguments[i].feature != 0 && !gantry_engine_supports(f->engine, arguments[i].feature))
            continue;
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            if (values[k] != NULL || !arguments[i].null_ok)
                bad += check_bad_argument(f, &arguments[i], values[k]);
        }
    }
    CHECK(bad == 0);
}

/* A container may be named like a path elsewhere, but nothing may be removed by it. */
static void path_in_a_name_removes_nothing(struct contract *f)
{
    const char *image = contract_name(f, "victim");
    char name[200];

    OK(gantry_images_tag(f->images, f->base, image, NULL, &f->err));
    snprintf(name, sizeof name, "x/../../images/%s", image);
    FAILS(gantry_containers_remove(f->containers, name, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_volumes_remove(f->volumes, name, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_networks_remove(f->networks, name, NULL, &f->err), GANTRY_E_INVALID);
    CHECK(contract_image_exists(f, image));
}

/* ---- options --------------------------------------------------------------------------------- */

/* An options struct whose size was forgotten. */
#define UNSIZED(type, call_with)                                                                   \
    do {                                                                                           \
        type opts;                                                                                 \
        int before = atomic_load(&f->log_lines);                                                   \
                                                                                                   \
        memset(&opts, 0, sizeof opts);                                                             \
        FAILS(call_with, GANTRY_E_INVALID);                                                        \
        CONTAINS(f->err.message, "size");                                                          \
        CHECK(atomic_load(&f->log_lines) == before);                                               \
    } while (0)

static void unset_size_is_invalid(struct contract *f)
{
    gantry_image_list *images = NULL;
    gantry_container_list *containers = NULL;
    gantry_volume_list *volumes = NULL;
    gantry_network_list *networks = NULL;
    gantry_engine *engine = NULL;

    UNSIZED(gantry_engine_options,
            gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &f->err));
    UNSIZED(gantry_query_options, gantry_engine_ping(f->engine, &opts, &f->err));
    UNSIZED(gantry_build_options, gantry_images_build(f->images, "a", &opts, NULL, &f->err));
    UNSIZED(gantry_image_list_options, gantry_images_list(f->images, &opts, &images, &f->err));
    UNSIZED(gantry_image_inspect_options,
            gantry_images_inspect(f->images, "a", &opts, &no_image, &f->err));
    UNSIZED(gantry_image_exists_options,
            gantry_images_exists(f->images, "a", &opts, &no_int, &f->err));
    UNSIZED(gantry_image_tag_options, gantry_images_tag(f->images, "a", "b", &opts, &f->err));
    UNSIZED(gantry_image_remove_options,
            gantry_images_remove(f->images, "a", &opts, NULL, &f->err));
    UNSIZED(gantry_container_options,
            gantry_containers_create(f->containers, "a", &opts, NULL, &f->err));
    UNSIZED(gantry_container_start_options,
            gantry_containers_start(f->containers, "a", &opts, &f->err));
    UNSIZED(gantry_container_stop_options,
            gantry_containers_stop(f->containers, "a", &opts, &f->err));
    UNSIZED(gantry_container_stop_options,
            gantry_containers_restart(f->containers, "a", &opts, &f->err));
    UNSIZED(gantry_container_kill_options,
            gantry_containers_kill(f->containers, "a", &opts, &f->err));
    UNSIZED(gantry_container_remove_options,
            gantry_containers_remove(f->containers, "a", &opts, &f->err));
    UNSIZED(gantry_container_list_options,
            gantry_containers_list(f->containers, &opts, &containers, &f->err));
    UNSIZED(gantry_container_inspect_options,
            gantry_containers_inspect(f->containers, "a", &opts, &no_container, &f->err));
    UNSIZED(gantry_volume_options, gantry_volumes_create(f->volumes, "a", &opts, NULL, &f->err));
    UNSIZED(gantry_volume_options, gantry_volumes_ensure(f->volumes, "a", &opts, NULL, &f->err));
    UNSIZED(gantry_volume_inspect_options,
            gantry_volumes_inspect(f->volumes, "a", &opts, &no_volume, &f->err));
    UNSIZED(gantry_volume_list_options, gantry_volumes_list(f->volumes, &opts, &volumes, &f->err));
    UNSIZED(gantry_volume_remove_options, gantry_volumes_remove(f->volumes, "a", &opts, &f->err));
    UNSIZED(gantry_network_options, gantry_networks_create(f->networks, "a", &opts, NULL, &f->err));
    UNSIZED(gantry_network_inspect_options,
            gantry_networks_inspect(f->networks, "a", &opts, &no_network, &f->err));
    UNSIZED(gantry_network_list_options,
            gantry_networks_list(f->networks, &opts, &networks, &f->err));
    UNSIZED(gantry_network_remove_options,
            gantry_networks_remove(f->networks, "a", &opts, &f->err));
    UNSIZED(gantry_network_connect_options,
            gantry_networks_connect(f->networks, "a", "b", &opts, &f->err));
    UNSIZED(gantry_network_disconnect_options,
            gantry_networks_disconnect(f->networks, "a", "b", &opts, &f->err));
}

static void unset_size_of_nested_structs(struct contract *f)
{
    gantry_mount mount = { .type = GANTRY_MOUNT_TMPFS, .target = "/t" };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_port port = { .container_port = 80 };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_resources resources = { .pids = 5 };
    gantry_call call = { .timeout_ms = 1000 };
    gantry_container_options opts = { .size = sizeof opts, .mounts = mounts };
    gantry_query_options query = { .size = sizeof query, .call = &call };

    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    opts.mounts = NULL;
    opts.ports = ports;
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    opts.ports = NULL;
    opts.resources = &resources;
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_engine_ping(f->engine, &query, &f->err), GANTRY_E_INVALID);
}

/* A program that was compiled against a later version of the headers. */
static void options_of_tomorrow(struct contract *f)
{
    struct {
        gantry_volume_options known;
        char later[32];
    } opts;
    const char *name = contract_name(f, "tomorrow");

    memset(&opts, 0, sizeof opts);
    opts.known.size = sizeof opts;
    OK(gantry_volumes_create(f->volumes, name, &opts.known, NULL, &f->err));
    opts.later[7] = 1;
    FAILS(gantry_volumes_create(f->volumes, contract_name(f, "never"), &opts.known, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
}

/* A program that was compiled against the first version knows fewer members. */
static void options_of_yesterday(struct contract *f)
{
    gantry_volume_options opts = { .size = offsetof(gantry_volume_options, driver),
                                   .driver = (const char *)&opts };

    OK(gantry_volumes_create(f->volumes, contract_name(f, "old"), &opts, NULL, &f->err));
}

static void bad_option_values_are_invalid(struct contract *f)
{
    gantry_mount mount = { .size = sizeof mount, .type = 77, .target = "/t" };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_port port = { .size = sizeof port, .container_port = 70000 };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_container_options opts = { .size = sizeof opts, .mounts = mounts };

    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    mount.type = GANTRY_MOUNT_TMPFS;
    mount.target = "relative";
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    mount.target = NULL;
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    opts.mounts = NULL;
    opts.ports = ports;
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    port.container_port = 0;
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    opts.ports = NULL;
    opts.environment = COMMAND("GOOD=1", "no equals sign");
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "environment");
}

/* ---- handles --------------------------------------------------------------------------------- */

static void missing_handles_are_invalid(struct contract *f)
{
    gantry_image_list *list = NULL;
    gantry_engine *engine = NULL;
    gantry_build_options opts = scratch_build;

    FAILS(gantry_engine_ping(NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_list(NULL, NULL, &list, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_list(f->images, NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_build_open(f->images, "a", &opts, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_containers_inspect(f->containers, "a", NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_import(f->images, "a", NULL, NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_engine_open(99, NULL, &engine, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_engine_open(-1, NULL, &engine, &f->err), GANTRY_E_INVALID);
    CHECK(engine == NULL);
}

static void bad_addresses_are_invalid(struct contract *f)
{
    static const char *const addresses[] = {
        "",        "no-scheme",        "unix://",       "tcp://",
        "tcp://:", "tcp://host:99999", "tcp://ho st:1", "nonsense://x"
    };

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        gantry_engine_options opts = { .size = sizeof opts,
                                       .address = addresses[i],
                                       .on_demand = GANTRY_OFF };
        gantry_engine *engine = NULL;

        memset(&f->err, 0, sizeof f->err);
        if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &f->err) != GANTRY_E_INVALID)
            fail_msg("address \"%s\": %s %s", addresses[i], gantry_error_name(f->err.code),
                     f->err.message);
        CHECK(engine == NULL);
    }
}

static void errors_may_be_ignored(struct contract *f)
{
    CHECK(gantry_containers_start(f->containers, "", NULL, NULL) == GANTRY_E_INVALID);
    CHECK(gantry_containers_start(f->containers, contract_name(f, "missing"), NULL, NULL) ==
          GANTRY_E_NOT_FOUND);
    gantry_engine_close(NULL);
    gantry_image_free(NULL);
    gantry_image_list_free(NULL);
    gantry_container_free(NULL);
    gantry_volume_list_free(NULL);
    gantry_stream_close(NULL);
    gantry_progress_close(NULL);
    gantry_wait_close(NULL);
    gantry_cancel_free(NULL);
}

static void success_leaves_the_error_alone(struct contract *f)
{
    gantry_error untouched;

    memset(&f->err, 0x5a, sizeof f->err);
    untouched = f->err;
    CHECK(gantry_engine_ping(f->engine, NULL, &f->err) == 0);
    CHECK(memcmp(&untouched, &f->err, sizeof untouched) == 0);
    memset(&f->err, 0x5a, sizeof f->err);
    CHECK(gantry_containers_start(f->containers, contract_name(f, "missing"), NULL, &f->err) < 0);
    CHECK(f->err.code == GANTRY_E_NOT_FOUND); /* and a failure fills all of it */
    CHECK(f->err.step == 0 && f->err.exit_code == 0 && f->err.has_exit_code == 0);
    CHECK(f->err.os_error == 0 && f->err.output[0] == '\0' && f->err.step_text[0] == '\0');
    for (size_t i = 0; i < sizeof f->err.reserved / sizeof f->err.reserved[0]; i++)
        CHECK(f->err.reserved[i] == 0);
}

const struct contract_test errors_tests[] = {
    TEST(requests_are_logged),
    TEST(bad_names_are_invalid_and_not_sent),
    TEST(path_in_a_name_removes_nothing),
    TEST(unset_size_is_invalid),
    TEST(unset_size_of_nested_structs),
    TEST(options_of_tomorrow),
    TEST(options_of_yesterday),
    TEST(bad_option_values_are_invalid),
    TEST(missing_handles_are_invalid),
    TEST(bad_addresses_are_invalid),
    TEST(errors_may_be_ignored),
    TEST(success_leaves_the_error_alone),
    { 0 },
};
