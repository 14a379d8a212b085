/*
 * Contract of Docker's two builders: which one builds, that both tell alike what they do, and what
 * BuildKit needs before it begins.
 */
#include "contract.h"

enum {
    MOST_STEPS = 16
};

/* What a build told. */
struct told {
    int began[MOST_STEPS + 1];
    int ended[MOST_STEPS + 1];
    int cached[MOST_STEPS + 1];
    char texts[MOST_STEPS + 1][128];
    char logs[MOST_STEPS + 1][512];
    char errors[MOST_STEPS + 1][512]; /* of stderr */
    int steps;
    int wrong; /* records that fit nothing */
};

static void add(char *to, size_t size, const char *text)
{
    size_t used = strlen(to);

    snprintf(to + used, size - used, "%s", text);
}

static int note(void *arg, const gantry_progress_record *record)
{
    struct told *t = arg;
    int step = record->step;

    if (step < 0 || step > MOST_STEPS) {
        t->wrong++;
        return 0;
    }
    switch (record->kind) {
    case GANTRY_PROGRESS_STEP:
        t->wrong += step != t->steps + 1 || record->step_total < step;
        t->steps++;
        t->began[step]++;
        snprintf(t->texts[step], sizeof t->texts[step], "%s", record->text);
        break;
    case GANTRY_PROGRESS_STEP_END:
        t->wrong += !t->began[step] || record->duration_ms < 0;
        t->wrong += strncmp(record->text, t->texts[step], sizeof t->texts[step] - 1) != 0;
        t->ended[step]++;
        t->cached[step] += record->cached;
        break;
    case GANTRY_PROGRESS_LOG:
        t->wrong += !t->began[step] || t->ended[step];
        if (record->channel == GANTRY_STDERR)
            add(t->errors[step], sizeof t->errors[step], record->text);
        else
            add(t->logs[step], sizeof t->logs[step], record->text);
        break;
    default:
        break;
    }
    return 0;
}

/* Number of the step whose instruction holds the word. */
static int step_of(const struct told *t, const char *word)
{
    for (int i = 1; i <= t->steps; i++) {
        if (strstr(t->texts[i], word) != NULL)
            return i;
    }
    return 0;
}

static void check_ends(const struct told *t)
{
    CHECK(t->wrong == 0);
    CHECK(t->steps > 0);
    for (int i = 1; i <= t->steps; i++) {
        CHECK(t->began[i] == 1);
        CHECK(t->ended[i] == 1);
    }
}

static const int builders[] = { GANTRY_BUILDER_CLASSIC, GANTRY_BUILDER_BUILDKIT };

/* ---- both tell alike ------------------------------------------------------------------------- */

static void both_builders_tell_alike(struct contract *f)
{
    for (size_t i = 0; i < 2; i++) {
        const char *name = contract_name(f, "alike");
        struct told t = { 0 };
        char text[1024];
        gantry_build_options opts = { .size = sizeof opts,
                                      .dockerfile = text,
                                      .builder = builders[i],
                                      .progress = note,
                                      .progress_arg = &t };
        gantry_build_result *result = NULL;
        int step;

        snprintf(text, sizeof text,
                 "FROM %s\nLABEL built=yes\n"
                 "RUN echo said by one; echo complained >&2; : %s\nRUN echo two > /two\n",
                 f->base, name);
        for (int again = 0; again < 2; again++) {
            memset(&t, 0, sizeof t);
            OK(contract_build(f, name, &opts, &result));
            check_ends(&t);
            CHECK(result->builder == builders[i]);
            CHECK(result->step_total == t.steps);
            CHECK(result->step_count == (size_t)t.steps);
            step = step_of(&t, "said by one");
            CHECK(step > 1);
            CHECK(t.cached[step] == again);
            CHECK(t.cached[step_of(&t, "two")] == again);
            CHECK(t.cached[step_of(&t, "FROM")] == 0);
            CHECK(result->steps[step - 1]->cached == again);
            SAME(t.logs[step], again ? "" : "said by one\n");
            SAME(t.errors[step], again ? "" : "complained\n");
            gantry_build_result_free(result);
        }
        contract_run_prints(f, name, "cat /two", "two\n");
    }
}

static void both_say_where_it_failed(struct contract *f)
{
    for (size_t i = 0; i < 2; i++) {
        const char *name = contract_name(f, "failed");
        struct told t = { 0 };
        char text[1024];
        gantry_build_options opts = { .size = sizeof opts,
                                      .dockerfile = text,
                                      .builder = builders[i],
                                      .progress = note,
                                      .progress_arg = &t };

        snprintf(text, sizeof text,
                 "FROM %s\nRUN echo fine\n"
                 "RUN echo 'x]: exit code: 1 returned a non-zero code: 2'; echo ill >&2; exit 7\n",
                 f->base);
        FAILS(contract_build(f, name, &opts, NULL), GANTRY_E_BUILD);
        CHECK(f->err.has_exit_code && f->err.exit_code == 7);
        CHECK(f->err.step == 3 && f->err.step_total == 3);
        CHECK(strncmp(f->err.step_text, "RUN echo 'x", 11) == 0);
        CONTAINS(f->err.output, "x]: exit code: 1 returned a non-zero code: 2\n");
        CONTAINS(f->err.output, "ill\n");
        CHECK(t.wrong == 0 && t.steps == 3);
        CHECK(t.ended[2] == 1 && t.ended[3] == 0);
        CHECK(!contract_image_exists(f, name));
    }
}

static void both_name_a_missing_base(struct contract *f)
{
    for (size_t i = 0; i < 2; i++) {
        const char *base = contract_name(f, "nobase");
        char text[256], reference[200];
        gantry_build_options opts = { .size = sizeof opts,
                                      .dockerfile = text,
                                      .builder = builders[i] };

        snprintf(reference, sizeof reference, "localhost:1/%s:1", base);
        snprintf(text, sizeof text, "ARG WHICH=localhost:1/\nFROM ${WHICH}%s:1\n", base);
        if (builders[i] == GANTRY_BUILDER_CLASSIC) /* names it as it stands in the file */
            snprintf(text, sizeof text, "FROM %s\n", reference);
        FAILS(gantry_images_build(f->images, contract_name(f, "app"), &opts, NULL, &f->err),
              GANTRY_E_BUILD);
        CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
        SAME(f->err.resource, reference);
        CHECK(f->err.has_exit_code == 0);
    }
}

static int pull_trigger(void *arg, const gantry_progress_record *record)
{
    if (record->kind == GANTRY_PROGRESS_LOG && strstr(record->text, "begun") != NULL)
        contract_trigger_go(arg);
    return 0;
}

static void cancel_stops_both(struct contract *f)
{
    for (size_t i = 0; i < 2; i++) {
        const char *name = contract_name(f, "cancelled");
        gantry_call call = { .size = sizeof call };
        struct contract_trigger *trigger = contract_trigger_new(f, &call.cancel);
        char text[512];
        gantry_build_options opts = { .size = sizeof opts,
                                      .call = &call,
                                      .dockerfile = text,
                                      .builder = builders[i],
                                      .progress = pull_trigger,
                                      .progress_arg = trigger };
        int64_t elapsed;

        snprintf(text, sizeof text, "FROM %s\nRUN echo begun; sleep 5\n", f->base);
        FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_CANCELLED);
        elapsed = contract_trigger_elapsed(trigger);
        contract_trigger_free(trigger);
        CHECK(elapsed >= 0 && elapsed < 200);
        CHECK(!contract_image_exists(f, name));
    }
}

/* ---- BuildKit alone -------------------------------------------------------------------------- */

/* Each stage waits for a word of the other, which comes only if they run at the same time. */
static void stages_run_side_by_side(struct contract *f)
{
    const char *name = contract_name(f, "parallel");
    struct told t = { 0 };
    char text[2048];
    gantry_build_options opts = {
        .size = sizeof opts, .dockerfile = text, .progress = note, .progress_arg = &t
    };
    gantry_build_result *result = NULL;
    int one, two;

    snprintf(text, sizeof text,
             "FROM %s AS one\n"
             "RUN --mount=type=cache,id=%s,target=/c echo first says hello; : >/c/a; i=0; "
             "while [ ! -e /c/b ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done; "
             "[ -e /c/b ]; echo first saw it\n"
             "FROM %s AS two\n"
             "RUN --mount=type=cache,id=%s,target=/c echo second says hello; : >/c/b; i=0; "
             "while [ ! -e /c/a ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done; "
             "[ -e /c/a ]; echo second saw it\n"
             "FROM %s\nCOPY --from=one /bin/busybox /one\nCOPY --from=two /bin/busybox /two\n",
             f->base, name, f->base, name, f->base);
    OK(contract_build(f, name, &opts, &result));
    check_ends(&t);
    CHECK(result->builder == GANTRY_BUILDER_BUILDKIT); /* --mount needs it */
    one = step_of(&t, "first says");
    two = step_of(&t, "second says");
    CHECK(one > 0 && two > 0 && one != two);
    SAME(t.logs[one], "first says hello\nfirst saw it\n");
    SAME(t.logs[two], "second says hello\nsecond saw it\n");
    gantry_build_result_free(result);
}

static void cached_mounts_stay(struct contract *f)
{
    const char *name = contract_name(f, "mount");
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };

    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text,
                 "FROM %s\nRUN --mount=type=cache,id=%s,target=/c : %d; echo x >>/c/x; "
                 "wc -l </c/x >/count\n",
                 f->base, name, i);
        OK(contract_build(f, name, &opts, NULL));
    }
    contract_run_prints(f, name, "cat /count; ls -A /c", "2\n");
}

/* ---- the choice ------------------------------------------------------------------------------ */

static int built_by(struct contract *f, const gantry_build_options *opts)
{
    gantry_build_result *result = NULL;
    int builder;

    OK(contract_build(f, contract_name(f, "by"), opts, &result));
    builder = result->builder;
    gantry_build_result_free(result);
    return builder;
}

static void options_decide_who_builds(struct contract *f)
{
    char text[1024], mount[1024];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };

    snprintf(text, sizeof text, "FROM %s\nRUN true\n", f->base);
    snprintf(mount, sizeof mount, "FROM %s\nRUN --mount=type=cache,target=/c true\n", f->base);
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_BUILDKIT);
    opts.network = "none";
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_BUILDKIT);
    opts.network = "bridge"; /* a name */
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_CLASSIC);
    opts.network = NULL;
    opts.memory_bytes = 64 << 20;
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_CLASSIC);
    opts.builder = GANTRY_BUILDER_BUILDKIT;
    FAILS(gantry_images_build(f->images, "x", &opts, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "memory_bytes");
    opts.builder = GANTRY_BUILDER_AUTO;
    opts.dockerfile = mount;
    FAILS(gantry_images_build(f->images, "x", &opts, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "memory_bytes");
    CONTAINS(f->err.message, "RUN --mount");
    opts.memory_bytes = 0;
    opts.builder = GANTRY_BUILDER_CLASSIC;
    FAILS(gantry_images_build(f->images, "x", &opts, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "line 2");
}

static void secrets_are_refused_before_anything_is_sent(struct contract *f)
{
    char text[512];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };

    for (int i = 0; i < 2; i++) {
        int lines = atomic_load(&f->log_lines);

        snprintf(text, sizeof text, "FROM %s\nRUN --mount=type=%s true\n", f->base,
                 i == 0 ? "secret,id=x" : "ssh");
        FAILS(gantry_images_build(f->images, "x", &opts, NULL, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, i == 0 ? "type=secret" : "type=ssh");
        CONTAINS(f->err.message, "line 2");
        CHECK(f->err.outcome == GANTRY_OUTCOME_NOT_SENT);
        CHECK(atomic_load(&f->log_lines) == lines);
    }
}

static void text_that_is_not_at_hand_is_built_the_classic_way(struct contract *f)
{
    char text[256];
    gantry_memory memory = { .size = sizeof memory, .data = text };
    gantry_source source = { .size = sizeof source };
    gantry_archive *archive = NULL;
    gantry_build_options opts = { .size = sizeof opts };

    snprintf(text, sizeof text, "FROM %s\nLABEL from=source\n", f->base);
    OK(gantry_archive_new(NULL, &archive, &f->err));
    memory.length = strlen(text);
    gantry_source_memory(&source, &memory);
    opts.context = archive;
    OK(gantry_archive_add_source(archive, "Dockerfile", &source, NULL, &f->err));
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_CLASSIC);
    gantry_archive_free(archive);
}

/* ---- base images behind a password ------------------------------------------------------------ */

static void push_base(struct contract *f, const char *registry, const gantry_auth *auth,
                      char reference[200])
{
    gantry_push_options push = { .size = sizeof push, .auth = auth };

    snprintf(reference, 200, "%s/%s:1", registry, contract_name(f, "private"));
    OK(gantry_images_tag(f->images, f->base, reference, NULL, &f->err));
    OK(gantry_images_push(f->images, reference, &push, NULL, &f->err));
    OK(gantry_images_remove(f->images, reference, NULL, NULL, &f->err));
}

static void base_behind_a_password(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_AUTH);
    gantry_auth right = { .size = sizeof right,
                          .registry = registry,
                          .username = contract_registry_user(f),
                          .password = contract_registry_password(f) };
    gantry_auth wrong = right;
    const gantry_auth *const rights[] = { &right, NULL };
    const gantry_auth *const wrongs[] = { &wrong, NULL };
    char reference[200], text[512];
    gantry_build_options opts = {
        .size = sizeof opts, .dockerfile = text, .auths = wrongs, .builder = GANTRY_BUILDER_BUILDKIT
    };

    wrong.password = "no such word";
    push_base(f, registry, &right, reference);
    snprintf(text, sizeof text, "ARG BASE=%s\nFROM $BASE\nLABEL x=1\n", reference);
    FAILS(gantry_images_build(f->images, contract_name(f, "app"), &opts, NULL, &f->err),
          GANTRY_E_BUILD);
    SAME(f->err.resource, reference);
    CHECK(!contract_image_exists(f, reference));
    opts.auths = NULL;
    FAILS(gantry_images_build(f->images, contract_name(f, "app"), &opts, NULL, &f->err),
          GANTRY_E_BUILD);
    SAME(f->err.resource, reference);
    opts.auths = rights;
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_BUILDKIT);
    opts.auths = NULL; /* it is here now */
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_BUILDKIT);
    opts.pull = GANTRY_PULL_ALWAYS;
    FAILS(gantry_images_build(f->images, contract_name(f, "app"), &opts, NULL, &f->err),
          GANTRY_E_BUILD);
    opts.auths = rights;
    CHECK(built_by(f, &opts) == GANTRY_BUILDER_BUILDKIT);
    OK(gantry_images_remove(f->images, reference, NULL, NULL, &f->err));
}

const struct contract_test buildkit_tests[] = {
    TEST_WITH(both_builders_tell_alike, .on = ON_DOCKER),
    TEST_WITH(both_say_where_it_failed, .on = ON_DOCKER),
    TEST_WITH(both_name_a_missing_base, .on = ON_DOCKER),
    TEST_WITH(cancel_stops_both, .on = ON_DOCKER),
    TEST_WITH(stages_run_side_by_side, .on = ON_DOCKER),
    TEST_WITH(cached_mounts_stay, .on = ON_DOCKER),
    TEST_WITH(options_decide_who_builds, .on = ON_DOCKER),
    TEST_WITH(secrets_are_refused_before_anything_is_sent, .on = ON_DOCKER),
    TEST_WITH(text_that_is_not_at_hand_is_built_the_classic_way, .on = ON_DOCKER),
    TEST_WITH(base_behind_a_password, .on = ON_DOCKER),
    { 0 },
};
