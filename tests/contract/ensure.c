/*
 * Contract of ensure: a container as it is wanted is made once, accepted when it is equal, told apart in
 * words when it is not, and replaced without a moment in which a failure would lose it.
 */
#include "contract.h"

/* What the tests ask for, to be changed by them. */
struct wanted {
    gantry_container_options options;
    gantry_pair labels[2];
    gantry_mount mount;
    const gantry_mount *mounts[2];
    gantry_health health;
};

static const char *const idle[] = { "sh", "-c", IDLE, NULL };
static const char *const test[] = { "CMD", "true", NULL };
static const char *const servers[] = { "192.0.2.1", NULL };
static const char *const hosts[] = { "other:192.0.2.2", NULL };

static void want(struct contract *f, struct wanted *w)
{
    const char *volume = contract_name(f, "data");

    memset(w, 0, sizeof *w);
    w->labels[0] = (gantry_pair){ "role", "web" };
    w->mount = (gantry_mount){
        .size = sizeof w->mount, .type = GANTRY_MOUNT_VOLUME, .source = volume, .target = "/data"
    };
    w->mounts[0] = &w->mount;
    w->health = (gantry_health){ .size = sizeof w->health, .test = test, .interval_ms = 3600000 };
    w->options = (gantry_container_options){ .size = sizeof w->options,
                                             .name = contract_name(f, "wanted"),
                                             .command = idle,
                                             .labels = w->labels,
                                             .label_count = 1,
                                             .working_directory = "/tmp",
                                             .user = "0:0",
                                             .hostname = "wanted",
                                             .mounts = w->mounts,
                                             .stop_timeout_ms = 4500,
                                             .init = GANTRY_ON,
                                             .dns_servers = servers,
                                             .extra_hosts = hosts,
                                             .shm_size_bytes = 1024 * 1024,
                                             .health = &w->health };
}

/* Ensure that must succeed; the id is kept for the test. */
static void ensure(struct contract *f, const struct wanted *w, int different, int created,
                   int replaced, char id[65])
{
    gantry_container_ensure_options opts = { .size = sizeof opts,
                                             .different = different,
                                             .start = GANTRY_ON };
    gantry_container_ensured *ensured = NULL;

    OK(gantry_containers_ensure(f->containers, f->base, &w->options, &opts, &ensured, &f->err));
    CHECK((ensured->differences[0] != NULL) == replaced);
    CHECK(ensured->created == created);
    CHECK(ensured->replaced == replaced);
    CHECK(contract_is_id(ensured->id));
    snprintf(id, 65, "%s", ensured->id);
    gantry_container_ensured_free(ensured);
    CHECK(contract_state(f, id) == GANTRY_CONTAINER_RUNNING);
}

static void refuses(struct contract *f, const struct wanted *w, const char *why)
{
    FAILS(gantry_containers_ensure(f->containers, f->base, &w->options, NULL, NULL, &f->err),
          GANTRY_E_EXISTS);
    CONTAINS(f->err.message, why);
    SAME(f->err.resource, w->options.name);
}

static void ensure_creates_once(struct contract *f)
{
    struct wanted w;
    char first[65];
    char second[65];
    gantry_container *info = NULL;

    want(f, &w);
    w.options.environment = COMMAND("A=1", "B=2");
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 0, 0, second);
    SAME(second, first);
    OK(gantry_containers_stop(f->containers, first, NULL, &f->err));
    /* The order says nothing. */
    w.options.environment = COMMAND("B=2", "A=1");
    ensure(f, &w, GANTRY_DIFFERENT_REPLACE, 0, 0, second);
    SAME(second, first);
    OK(gantry_containers_inspect(f->containers, first, NULL, &info, &f->err));
    CHECK(strlen(contract_pair(info->labels, info->label_count, "io.libgantry.spec")) == 64);
    SAME(contract_pair(info->labels, info->label_count, "role"), "web");
    gantry_container_free(info);
}

static void ensure_tells_what_differs(struct contract *f)
{
    gantry_container_ensure_options accept = { .size = sizeof accept,
                                               .different = GANTRY_DIFFERENT_ACCEPT };
    gantry_container_ensured *ensured = NULL;
    struct wanted w;
    char first[65];

    want(f, &w);
    w.options.environment = COMMAND("PASSWORD=secret-one", "B=2");
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    w.options.environment = COMMAND("PASSWORD=secret-two", "B=2", "C=3");
    refuses(f, &w, "environment: PASSWORD has another value");
    CONTAINS(f->err.message, "environment: C is not set");
    CHECK(strstr(f->err.message, "secret") == NULL);
    w.labels[0].value = "db";
    w.options.tty = GANTRY_ON;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, &accept, &ensured, &f->err));
    CHECK(contract_in_list(ensured->differences, "labels: role is web, not db"));
    CHECK(contract_in_list(ensured->differences, "tty: is off, not on"));
    CHECK(ensured->created == 0);
    SAME(ensured->id, first);
    gantry_container_ensured_free(ensured);
    w.options.command = COMMAND("true");
    refuses(f, &w, "command: is another");
}

/* The score is not in what is told, but part of the digest. */
static void ensure_sees_what_engines_do_not_tell(struct contract *f)
{
    struct wanted w;

    want(f, &w);
    w.options.oom_score_adjustment = 100;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    w.options.oom_score_adjustment = 101;
    refuses(f, &w, "options: are not those it was made with");
}

static void ensure_takes_one_that_it_did_not_make(struct contract *f)
{
    struct wanted w;
    char id[65];

    want(f, &w);
    w.options.environment = COMMAND("A=1");
    OK(gantry_containers_create(f->containers, f->base, &w.options, NULL, &f->err));
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 0, 0, id);
    w.options.hostname = "other";
    refuses(f, &w, "hostname: is wanted, not other");
}

static void ensure_replaces(struct contract *f)
{
    gantry_exec_result *result = NULL;
    struct wanted w;
    char first[65];
    char second[65];

    want(f, &w);
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    OK(gantry_containers_exec(f->containers, first, SHELL("echo kept >/data/file"), NULL, NULL,
                              &f->err));
    w.options.environment = COMMAND("A=1");
    ensure(f, &w, GANTRY_DIFFERENT_REPLACE, 1, 1, second);
    CHECK(strcmp(first, second) != 0);
    CHECK(!contract_exists(f, first));
    OK(gantry_containers_exec(f->containers, w.options.name, SHELL("cat /data/file; echo $A"), NULL,
                              &result, &f->err));
    SAME(result->stdout_data, "kept\n1\n");
    gantry_exec_result_free(result);
}

/* Neither a container that cannot be made nor one that cannot be started costs the old one. */
static void failed_replace_leaves_the_old_one(struct contract *f)
{
    gantry_container_ensure_options opts = { .size = sizeof opts,
                                             .different = GANTRY_DIFFERENT_REPLACE,
                                             .start = GANTRY_ON };
    gantry_container_list_options all = { .size = sizeof all, .all = GANTRY_ON };
    gantry_container_list *list = NULL;
    gantry_container *info = NULL;
    struct wanted w;
    char first[65];
    size_t ours = 0;

    want(f, &w);
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    w.options.network = "container:no-such-container-here";
    CHECK(gantry_containers_ensure(f->containers, f->base, &w.options, &opts, NULL, &f->err) < 0);
    CHECK(contract_state(f, first) == GANTRY_CONTAINER_RUNNING);
    w.options.network = NULL;
    w.options.init = GANTRY_DEFAULT;
    w.options.command = COMMAND("/no/such/program");
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, &opts, NULL, &f->err),
          GANTRY_E_COMMAND);
    CHECK(f->err.outcome != GANTRY_OUTCOME_PARTIAL);
    OK(gantry_containers_inspect(f->containers, w.options.name, NULL, &info, &f->err));
    SAME(info->id, first);
    CHECK(info->state == GANTRY_CONTAINER_RUNNING);
    gantry_container_free(info);
    OK(gantry_containers_list(f->containers, &all, &list, &f->err));
    for (size_t i = 0; i < list->count; i++)
        ours += strncmp(list->items[i]->name, f->prefix, strlen(f->prefix)) == 0;
    CHECK(ours == 1);
    gantry_container_list_free(list);
}

/* A name that looks like the beginning of another one's id is a name. */
static void ensure_goes_by_the_name(struct contract *f)
{
    gantry_container_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    gantry_container_ensured *ensured = NULL;
    const char *other = contract_create(f, "true");
    gantry_container *info = NULL;
    struct wanted w;
    char beginning[13];

    OK(gantry_containers_inspect(f->containers, other, NULL, &info, &f->err));
    memcpy(beginning, info->id, 12);
    beginning[12] = '\0';
    want(f, &w);
    w.options.name = beginning;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, &ensured, &f->err));
    CHECK(ensured->created == 1);
    CHECK(strcmp(ensured->id, info->id) != 0);
    OK(gantry_containers_remove(f->containers, ensured->id, &force, &f->err));
    gantry_container_ensured_free(ensured);
    gantry_container_free(info);
    CHECK(contract_exists(f, other));
}

/* The name leads to another image now. */
static void ensure_sees_a_newer_image(struct contract *f)
{
    const char *image = contract_name(f, "image");
    gantry_image_import_options change = { .size = sizeof change,
                                           .changes = COMMAND("CMD [\"sh\", \"-x\"]") };
    gantry_source tar;
    struct wanted w;

    OK(gantry_images_tag(f->images, f->base, image, NULL, &f->err));
    want(f, &w);
    OK(gantry_containers_ensure(f->containers, image, &w.options, NULL, NULL, &f->err));
    OK(gantry_containers_ensure(f->containers, image, &w.options, NULL, NULL, &f->err));
    tar = contract_base_tar(f);
    OK(gantry_images_import(f->images, image, &tar, &change, NULL, &f->err));
    contract_base_tar_close(&tar);
    FAILS(gantry_containers_ensure(f->containers, image, &w.options, NULL, NULL, &f->err),
          GANTRY_E_EXISTS);
    CONTAINS(f->err.message, "image: is ");
}

/* What was changed after the create counts, where the engine tells it. */
static void ensure_sees_an_update(struct contract *f)
{
    gantry_container_update_options update = { .size = sizeof update,
                                               .restart = GANTRY_RESTART_ALWAYS };
    struct wanted w;

    want(f, &w);
    w.options.restart = GANTRY_RESTART_NO;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    if (contract_differs(f, DIFF_RESTART_IS_NOT_UPDATED))
        return;
    OK(gantry_containers_update(f->containers, w.options.name, &update, &f->err));
    refuses(f, &w, "restart: is always, not no");
}

static void ensure_wants_to_know_what(struct contract *f)
{
    gantry_container_ensure_options wrong = { .size = sizeof wrong, .different = 7 };
    struct wanted w;

    want(f, &w);
    FAILS(gantry_containers_ensure(f->containers, f->base, NULL, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, &wrong, NULL, &f->err),
          GANTRY_E_INVALID);
    w.labels[0].key = "io.libgantry.spec";
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    w.labels[0].key = "role";
    w.options.name = NULL;
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    w.options.name = contract_name(f, "imageless");
    FAILS(gantry_containers_ensure(f->containers, contract_name(f, "no-image"), &w.options, NULL,
                                   NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(!contract_exists(f, w.options.name));
}

const struct contract_test ensure_tests[] = {
    TEST_WITH(ensure_creates_once, .on = ON_ENGINES),
    TEST_WITH(ensure_tells_what_differs, .on = ON_ENGINES),
    TEST_WITH(ensure_sees_what_engines_do_not_tell, .on = ON_ENGINES),
    TEST_WITH(ensure_takes_one_that_it_did_not_make, .on = ON_ENGINES),
    TEST_WITH(ensure_replaces, .on = ON_ENGINES),
    TEST_WITH(failed_replace_leaves_the_old_one, .on = ON_ENGINES),
    TEST_WITH(ensure_goes_by_the_name, .on = ON_ENGINES),
    TEST_WITH(ensure_sees_a_newer_image, .on = ON_ENGINES),
    TEST_WITH(ensure_sees_an_update, .on = ON_ENGINES),
    TEST_WITH(ensure_wants_to_know_what, .on = ON_ENGINES),
    { 0 },
};
