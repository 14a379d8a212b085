/*
 * Contract of secrets: what is kept, who has it, who never sees its bytes. Where an engine has none,
 * it says so, and why.
 */
#include "contract.h"

/* Found nowhere else. */
#define WORD "hush-9f1b-contract-bytes"

static gantry_secrets *secrets_of(const struct contract *f)
{
    return gantry_engine_secrets(f->engine);
}

static const char *make(struct contract *f, const char *data)
{
    const char *name = contract_name(f, "secret");

    OK(gantry_secrets_create(secrets_of(f), name, data, strlen(data), NULL, NULL, &f->err));
    return name;
}

static void engine_without_secrets_says_why(struct contract *f)
{
    gantry_secret_list *list = NULL;

    if (gantry_engine_supports(f->engine, GANTRY_FEATURE_SECRETS_LIST)) {
        OK(gantry_secrets_list(secrets_of(f), NULL, &list, &f->err));
        gantry_secret_list_free(list);
        return;
    }
    CHECK(!gantry_engine_supports(f->engine, GANTRY_FEATURE_SECRETS_CREATE));
    FAILS(gantry_secrets_list(secrets_of(f), NULL, &list, &f->err), GANTRY_E_UNSUPPORTED);
    CHECK(list == NULL);
    FAILS(gantry_secrets_create(secrets_of(f), "x", "y", 1, NULL, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    if (f->on == ON_DOCKER)
        CONTAINS(f->err.message, "swarm");
}

static void secret_comes_and_goes(struct contract *f)
{
    const char *name = contract_name(f, "secret");
    const gantry_pair labels[] = { { "purpose", "contract" }, { "odd", "a=b \"c\" \xc3\xa4" } };
    const gantry_secret_options opts = { .size = sizeof opts, .labels = labels, .label_count = 2 };
    const gantry_secret_remove_options gone_ok = { .size = sizeof gone_ok,
                                                   .missing_ok = GANTRY_ON };
    gantry_secret_created *created = NULL;
    gantry_secret *secret = NULL;
    int exists = -1;

    OK(gantry_secrets_exists(secrets_of(f), name, NULL, &exists, &f->err));
    CHECK(exists == 0);
    OK(gantry_secrets_create(secrets_of(f), name, "a\0b\xff", 4, &opts, &created, &f->err));
    CHECK(created->id[0] != '\0');
    OK(gantry_secrets_inspect(secrets_of(f), name, NULL, &secret, &f->err));
    SAME(secret->id, created->id);
    SAME(secret->name, name);
    SAME(secret->driver, "file");
    CHECK(secret->created_ns > (int64_t)1600000000 * 1000000000);
    CHECK(secret->updated_ns >= secret->created_ns);
    CHECK(secret->label_count == 2);
    SAME(contract_pair(secret->labels, 2, "purpose"), "contract");
    SAME(contract_pair(secret->labels, 2, "odd"), "a=b \"c\" \xc3\xa4");
    CHECK(contract_pair(secret->options, secret->option_count, "path") != NULL);
    CHECK(secret->json[0] == '{');
    gantry_secret_free(secret);
    OK(gantry_secrets_exists(secrets_of(f), created->id, NULL, &exists, &f->err));
    CHECK(exists == 1);
    OK(gantry_secrets_remove(secrets_of(f), created->id, NULL, &f->err));
    gantry_secret_created_free(created);
    secret = NULL;
    FAILS(gantry_secrets_inspect(secrets_of(f), name, NULL, &secret, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(secret == NULL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_SECRET);
    FAILS(gantry_secrets_remove(secrets_of(f), name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    OK(gantry_secrets_remove(secrets_of(f), name, &gone_ok, &f->err));
}

/* An engine may take the beginning of an id for the secret. */
static void beginnings_of_ids_mean_nothing(struct contract *f)
{
    const char *name = contract_name(f, "secret");
    gantry_secret_created *created = NULL;
    gantry_secret *secret = NULL;
    char part[12] = "";
    int exists = -1;

    OK(gantry_secrets_create(secrets_of(f), name, "x", 1, NULL, &created, &f->err));
    snprintf(part, sizeof part, "%.9s", created->id);
    FAILS(gantry_secrets_inspect(secrets_of(f), part, NULL, &secret, &f->err), GANTRY_E_NOT_FOUND);
    OK(gantry_secrets_exists(secrets_of(f), part, NULL, &exists, &f->err));
    CHECK(exists == 0);
    FAILS(gantry_secrets_remove(secrets_of(f), part, NULL, &f->err), GANTRY_E_NOT_FOUND);
    OK(gantry_secrets_exists(secrets_of(f), name, NULL, &exists, &f->err));
    CHECK(exists == 1);
    gantry_secret_created_free(created);
}

static void secrets_are_listed_by_name_and_label(struct contract *f)
{
    const char *one = make(f, "1");
    const char *two = contract_name(f, "secret");
    const gantry_pair labels[] = { { "tier", "back" } };
    const gantry_secret_options opts = { .size = sizeof opts, .labels = labels, .label_count = 1 };
    gantry_secret_list_options want = { .size = sizeof want, .names = COMMAND(one, two) };
    gantry_secret_list *list = NULL;

    OK(gantry_secrets_create(secrets_of(f), two, "2", 1, &opts, NULL, &f->err));
    OK(gantry_secrets_list(secrets_of(f), &want, &list, &f->err));
    CHECK(list->count == 2 && list->items[2] == NULL);
    gantry_secret_list_free(list);
    want.labels = COMMAND("tier=back");
    OK(gantry_secrets_list(secrets_of(f), &want, &list, &f->err));
    CHECK(list->count == 1);
    SAME(list->items[0]->name, two);
    SAME(contract_pair(list->items[0]->labels, list->items[0]->label_count, "tier"), "back");
    gantry_secret_list_free(list);
    want.labels = COMMAND("tier=front");
    OK(gantry_secrets_list(secrets_of(f), &want, &list, &f->err));
    CHECK(list->count == 0);
    gantry_secret_list_free(list);
    want.labels = NULL;
    want.names = COMMAND("ct"); /* no part of a name either */
    OK(gantry_secrets_list(secrets_of(f), &want, &list, &f->err));
    CHECK(list->count == 0);
    gantry_secret_list_free(list);
}

static void bad_secrets_are_refused(struct contract *f)
{
    static char large[512000];
    const char *name = contract_name(f, "secret");
    gantry_secret_options opts = { .size = sizeof opts, .driver = "nosuchdriver" };
    char longest[66];

    memset(large, 'x', sizeof large);
    memset(longest, 'n', 65);
    longest[65] = '\0';
    FAILS(gantry_secrets_create(secrets_of(f), name, "", 0, NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_secrets_create(secrets_of(f), name, large, sizeof large, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_secrets_create(secrets_of(f), name, NULL, 3, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_secrets_create(secrets_of(f), longest, "x", 1, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_secrets_create(secrets_of(f), "ends-", "x", 1, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_secrets_create(secrets_of(f), "a/b", "x", 1, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_secrets_create(secrets_of(f), name, "x", 1, &opts, NULL, &f->err),
          GANTRY_E_INVALID);
    /* What fits to the last byte is kept. */
    OK(gantry_secrets_create(secrets_of(f), name, large, GANTRY_SECRET_MAX_BYTES, NULL, NULL,
                             &f->err));
}

/* ---- in containers --------------------------------------------------------------------------- */

static void check_prints(struct contract *f, const gantry_secret_mount *const *mounts,
                         const char *script, const char *want)
{
    const gantry_container_options container = { .size = sizeof container,
                                                 .name = contract_name(f, "user"),
                                                 .secrets = mounts };
    const gantry_run_options opts = {
        .size = sizeof opts, .container = &container, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    SAME(run->stderr_data, "");
    SAME(run->stdout_data, want);
    gantry_run_result_free(run);
}

static void container_gets_file_and_variable(struct contract *f)
{
    const char *name = make(f, WORD);
    const gantry_secret_mount file = {
        .size = sizeof file, .secret = name, .target = "word", .uid = 7, .gid = 8, .mode = 0440
    };
    const gantry_secret_mount variable = { .size = sizeof variable,
                                           .secret = name,
                                           .environment = "WORD" };
    const gantry_secret_mount *const mounts[] = { &file, &variable, NULL };

    check_prints(f, mounts,
                 "cat /run/secrets/word; stat -c ' %a %u %g' /run/secrets/word; echo $WORD",
                 WORD " 440 7 8\n" WORD "\n");
}

static void check_exec(struct contract *f, const char *container, const char *script,
                       const char *want)
{
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, container, SHELL(script), NULL, &result, &f->err));
    SAME(result->stdout_data, want);
    gantry_exec_result_free(result);
}

/* The file is a copy from the moment of create; the variable is looked up at each start, and for each
 * exec. */
static void replaced_secret_reaches_new_containers(struct contract *f)
{
    const char *name = make(f, "old");
    const gantry_secret_mount file = { .size = sizeof file, .secret = name, .target = "f" };
    const gantry_secret_mount variable = { .size = sizeof variable,
                                           .secret = name,
                                           .environment = "V" };
    const gantry_secret_mount *const mounts[] = { &file, &variable, NULL };
    const gantry_container_options container = { .size = sizeof container,
                                                 .name = contract_name(f, "keeps"),
                                                 .command = SHELL(IDLE),
                                                 .secrets = mounts };
    const gantry_secret_options again = { .size = sizeof again, .replace = GANTRY_ON };
    /* What the process has; an exec looks the variable up anew. */
    const char *show = "cat /run/secrets/f; tr '\\0' '\\n' < /proc/1/environ | grep ^V=";
    const char *own = "cat /run/secrets/f; echo \" $V\"";

    OK(gantry_containers_create(f->containers, f->base, &container, NULL, &f->err));
    OK(gantry_containers_start(f->containers, container.name, NULL, &f->err));
    FAILS(gantry_secrets_create(secrets_of(f), name, "new", 3, NULL, NULL, &f->err),
          GANTRY_E_EXISTS);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_SECRET);
    SAME(f->err.resource, name);
    OK(gantry_secrets_create(secrets_of(f), name, "new", 3, &again, NULL, &f->err));
    check_exec(f, container.name, show, "oldV=old\n");
    check_exec(f, container.name, own, "old new\n");
    check_prints(f, mounts, own, "new new\n");
    OK(gantry_containers_restart(f->containers, container.name, NULL, &f->err));
    check_exec(f, container.name, show, "oldV=new\n");
    /* One that is not there yet may be "replaced" too. */
    OK(gantry_secrets_remove(secrets_of(f), name, NULL, &f->err));
    OK(gantry_secrets_create(secrets_of(f), name, "third", 5, &again, NULL, &f->err));
    check_prints(f, mounts, own, "third third\n");
}

/* ---- never told ------------------------------------------------------------------------------ */

struct listener {
    char text[16384];
    size_t size;
};

static void listen(void *arg, int level, const char *component, const char *line)
{
    struct listener *l = arg;
    int wrote =
        snprintf(l->text + l->size, sizeof l->text - l->size, "%d %s %s\n", level, component, line);

    if (wrote > 0 && (size_t)wrote < sizeof l->text - l->size)
        l->size += (size_t)wrote;
}

static int tells(const void *data, size_t size, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp((const char *)data + i, word, length) == 0)
            return 1;
    }
    return 0;
}

static void bytes_are_in_no_log_and_no_error(struct contract *f)
{
    struct listener *l = calloc(1, sizeof *l);
    const char *name = contract_name(f, "secret");
    gantry_logger logger = { .size = sizeof logger, .log = listen, .level = GANTRY_LOG_DEBUG };
    gantry_engine_options opts = contract_engine_options(f);
    const gantry_secret_options bad = { .size = sizeof bad, .driver = "nosuchdriver" };
    gantry_engine *engine = NULL;
    gantry_secret *secret = NULL;

    CHECK(l != NULL);
    logger.arg = l;
    opts.logger = &logger;
    OK(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &f->err));
    OK(gantry_secrets_create(gantry_engine_secrets(engine), name, WORD, strlen(WORD), NULL, NULL,
                             &f->err));
    FAILS(gantry_secrets_create(gantry_engine_secrets(engine), name, WORD, strlen(WORD), NULL, NULL,
                                &f->err),
          GANTRY_E_EXISTS);
    CHECK(!tells(&f->err, sizeof f->err, WORD));
    FAILS(gantry_secrets_create(gantry_engine_secrets(engine), contract_name(f, "bad"), WORD,
                                strlen(WORD), &bad, NULL, &f->err),
          GANTRY_E_INVALID);
    CHECK(!tells(&f->err, sizeof f->err, WORD));
    OK(gantry_secrets_inspect(gantry_engine_secrets(engine), name, NULL, &secret, &f->err));
    CHECK(!tells(secret->json, strlen(secret->json), WORD));
    gantry_secret_free(secret);
    CHECK(tells(l->text, l->size, "/secrets/create")); /* it did listen */
    CHECK(!tells(l->text, l->size, WORD));
    gantry_engine_close(engine);
    free(l);
}

#define SECRETS NEEDS(GANTRY_FEATURE_SECRETS_CREATE)
#define USED NEEDS(GANTRY_FEATURE_SECRETS_CREATE, GANTRY_FEATURE_CONTAINERS_RUN)

const struct contract_test secrets_tests[] = {
    TEST(engine_without_secrets_says_why),
    TEST_WITH(secret_comes_and_goes, SECRETS),
    TEST_WITH(beginnings_of_ids_mean_nothing, SECRETS),
    TEST_WITH(secrets_are_listed_by_name_and_label, SECRETS),
    TEST_WITH(bad_secrets_are_refused, SECRETS),
    TEST_WITH(container_gets_file_and_variable, USED),
    TEST_WITH(replaced_secret_reaches_new_containers, USED),
    TEST_WITH(bytes_are_in_no_log_and_no_error, SECRETS),
    { 0 },
};
