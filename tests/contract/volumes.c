/*
 * Contract of volumes.
 */
#include "contract.h"

static void volume_comes_and_goes(struct contract *f)
{
    const char *name = contract_name(f, "vol");
    gantry_pair labels[] = { { "purpose", "contract" }, { "odd", "a=b \"c\" \xc3\xa4" } };
    gantry_volume_options opts = { .size = sizeof opts, .labels = labels, .label_count = 2 };
    gantry_volume *volume = NULL;

    OK(gantry_volumes_create(f->volumes, name, &opts, &volume, &f->err));
    SAME(volume->name, name);
    SAME(volume->driver, "local");
    gantry_volume_free(volume);
    OK(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err));
    SAME(volume->name, name);
    SAME(volume->driver, "local");
    SAME(volume->scope, "local");
    CHECK(volume->label_count == 2);
    SAME(contract_pair(volume->labels, 2, "purpose"), "contract");
    SAME(contract_pair(volume->labels, 2, "odd"), "a=b \"c\" \xc3\xa4");
    CHECK(volume->created_ns > (int64_t)1600000000 * 1000000000);
    CHECK(volume->json[0] == '{');
    if (contract_has_processes(f))
        CHECK(volume->mountpoint[0] == '/');
    gantry_volume_free(volume);
    OK(gantry_volumes_remove(f->volumes, name, NULL, &f->err));
    volume = NULL;
    FAILS(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(volume == NULL);
}

static void engine_makes_up_a_name(struct contract *f)
{
    gantry_volume *volume = NULL;

    OK(gantry_volumes_create(f->volumes, NULL, NULL, &volume, &f->err));
    CHECK(volume->name[0] != '\0');
    OK(gantry_volumes_remove(f->volumes, volume->name, NULL, &f->err));
    gantry_volume_free(volume);
}

static void taken_name_exists(struct contract *f)
{
    const char *name = contract_name(f, "twice");
    gantry_volume *volume = NULL;

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    FAILS(gantry_volumes_create(f->volumes, name, NULL, &volume, &f->err), GANTRY_E_EXISTS);
    CHECK(volume == NULL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_VOLUME);
    SAME(f->err.resource, name);
    SAME(f->err.operation, "volumes.create");
    CHECK(gantry_error_is(&f->err, GANTRY_E_CONFLICT));
}

static void missing_volume_is_not_found(struct contract *f)
{
    gantry_volume_remove_options missing_ok = { .size = sizeof missing_ok,
                                                .missing_ok = GANTRY_ON };
    const char *name = contract_name(f, "missing");
    gantry_volume *volume = NULL;

    FAILS(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_VOLUME);
    SAME(f->err.resource, name);
    FAILS(gantry_volumes_remove(f->volumes, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_VOLUME);
    OK(gantry_volumes_remove(f->volumes, name, &missing_ok, &f->err));
}

/* An engine that takes a beginning of a name for the name would lose somebody's data here. */
static void beginning_of_a_name_is_no_name(struct contract *f)
{
    const char *name = contract_name(f, "data");
    char beginning[128], longer[140];
    gantry_volume *volume = NULL;

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    snprintf(beginning, sizeof beginning, "%.*s", (int)strlen(name) - 1, name);
    snprintf(longer, sizeof longer, "%sx", name);
    FAILS(gantry_volumes_inspect(f->volumes, beginning, NULL, &volume, &f->err),
          GANTRY_E_NOT_FOUND);
    FAILS(gantry_volumes_remove(f->volumes, beginning, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_volumes_remove(f->volumes, longer, NULL, &f->err), GANTRY_E_NOT_FOUND);
    OK(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err));
    gantry_volume_free(volume);
}

static void used_volume_stays(struct contract *f)
{
    const char *name = contract_name(f, "used");
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = name, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "user"),
                                      .mounts = mounts };
    gantry_volume *volume = NULL;

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    FAILS(gantry_volumes_remove(f->volumes, name, NULL, &f->err), GANTRY_E_IN_USE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_VOLUME);
    OK(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err));
    gantry_volume_free(volume);
    CHECK(contract_exists(f, opts.name));
    OK(gantry_containers_remove(f->containers, opts.name, NULL, &f->err));
    OK(gantry_volumes_remove(f->volumes, name, NULL, &f->err));
}

/* ---- list ------------------------------------------------------------------------------------ */

static size_t list_count(struct contract *f, const gantry_volume_list_options *opts,
                         const char *name)
{
    gantry_volume_list *list = NULL;
    size_t found = 0;
    size_t count;

    OK(gantry_volumes_list(f->volumes, opts, &list, &f->err));
    CHECK(list->items[list->count] == NULL);
    for (size_t i = 0; i < list->count; i++) {
        SAME(list->items[i]->driver, "local");
        CHECK(list->items[i]->json == NULL);
        found += strcmp(list->items[i]->name, name) == 0;
    }
    count = list->count;
    gantry_volume_list_free(list);
    CHECK(found <= 1);
    return found ? count : 0;
}

static void list_finds_by_name_and_label(struct contract *f)
{
    const char *name = contract_name(f, "one");
    char longer[140], label[160];
    gantry_pair pair = { "contract-of", longer };
    gantry_volume_options volume = { .size = sizeof volume, .labels = &pair, .label_count = 1 };
    const char *names[2] = { name, NULL };
    const char *labels[3] = { "contract-of", label, NULL };
    gantry_volume_list_options opts = { .size = sizeof opts, .names = names };

    snprintf(longer, sizeof longer, "%s-more", name);
    snprintf(label, sizeof label, "contract-of=%s", longer);
    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    OK(gantry_volumes_create(f->volumes, longer, &volume, NULL, &f->err));
    CHECK(list_count(f, NULL, name) >= 2);
    CHECK(list_count(f, NULL, longer) >= 2);
    CHECK(list_count(f, &opts, name) == 1); /* whole names, not beginnings */
    opts.names = NULL;
    opts.labels = labels;
    CHECK(list_count(f, &opts, longer) == 1);
    labels[0] = "contract-of=nothing";
    CHECK(list_count(f, &opts, longer) == 0);
    opts.names = names; /* conditions must all hold */
    labels[0] = NULL;
    CHECK(list_count(f, &opts, name) == 1);
    labels[0] = label;
    labels[1] = NULL;
    CHECK(list_count(f, &opts, name) == 0);
}

/* ---- ensure ---------------------------------------------------------------------------------- */

static void ensure_creates_or_accepts(struct contract *f)
{
    const char *name = contract_name(f, "ensured");
    gantry_pair label = { "colour", "red" };
    gantry_volume_options opts = { .size = sizeof opts, .labels = &label, .label_count = 1 };
    gantry_volume_ensured *ensured = NULL;

    OK(gantry_volumes_ensure(f->volumes, name, &opts, &ensured, &f->err));
    CHECK(ensured->created == 1);
    CHECK(ensured->differences[0] == NULL);
    SAME(ensured->volume->name, name);
    gantry_volume_ensured_free(ensured);
    OK(gantry_volumes_ensure(f->volumes, name, &opts, &ensured, &f->err));
    CHECK(ensured->created == 0);
    CHECK(ensured->differences[0] == NULL);
    SAME(contract_pair(ensured->volume->labels, ensured->volume->label_count, "colour"), "red");
    gantry_volume_ensured_free(ensured);
    label.value = "blue";
    OK(gantry_volumes_ensure(f->volumes, name, &opts, &ensured, &f->err));
    CHECK(ensured->created == 0);
    CHECK(ensured->differences[0] != NULL);
    CONTAINS(ensured->differences[0], "colour");
    CONTAINS(ensured->differences[0], "red");
    CONTAINS(ensured->differences[0], "blue");
    CHECK(ensured->differences[1] == NULL);
    gantry_volume_ensured_free(ensured);
    OK(gantry_volumes_ensure(f->volumes, name, NULL, NULL, &f->err));
}

/* ---- data ------------------------------------------------------------------------------------ */

static void run_with_volume(struct contract *f, const char *volume, const char *script,
                            const char *want)
{
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = volume, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "writer"),
                                           .mounts = mounts };
    gantry_run_options opts = {
        .size = sizeof opts, .container = &container, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    SAME(run->stdout_data, want);
    gantry_run_result_free(run);
}

static void data_outlives_containers(struct contract *f)
{
    const char *name = contract_name(f, "kept");

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    run_with_volume(f, name, "echo kept data > /data/file; echo written", "written\n");
    run_with_volume(f, name, "cat /data/file", "kept data\n");
}

const struct contract_test volumes_tests[] = {
    TEST(volume_comes_and_goes),
    TEST(engine_makes_up_a_name),
    TEST(taken_name_exists),
    TEST(missing_volume_is_not_found),
    TEST(beginning_of_a_name_is_no_name),
    TEST(used_volume_stays),
    TEST(list_finds_by_name_and_label),
    TEST(ensure_creates_or_accepts),
    TEST_WITH(data_outlives_containers, PROCESSES),
    { 0 },
};
