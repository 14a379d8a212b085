/*
 * Contract of builds: what is built, progress, failures, contexts.
 */
#include "contract.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* An archive that holds the static program under "hello". */
static gantry_archive *hello_context(struct contract *f)
{
    gantry_archive *context = NULL;
    gantry_entry_options program = { .size = sizeof program, .mode = 0755 };

    OK(gantry_archive_new(NULL, &context, &f->err));
    OK(gantry_archive_add_data(context, "hello", contract_hello, contract_hello_size, &program,
                               &f->err));
    OK(gantry_archive_add_data(context, "data/note.txt", "a note\n", 7, NULL, &f->err));
    return context;
}

/* A Dockerfile on the base image. */
static const char *on_base(struct contract *f, char text[1024], const char *rest)
{
    snprintf(text, 1024, "FROM %s\n%s", f->base, rest);
    return text;
}

static void build_text(struct contract *f, const char *name, const char *dockerfile)
{
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = dockerfile };

    OK(contract_build(f, name, &opts, NULL));
}

/* ---- what is built --------------------------------------------------------------------------- */

static void string_from_scratch(struct contract *f)
{
    const char *name = contract_name(f, "scratch");
    gantry_archive *context = hello_context(f);
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\n"
                                                "COPY hello /hello\n"
                                                "ENV GREETING=hi\n"
                                                "CMD [\"/hello\"]\n",
                                  .context = context };
    gantry_build_result *result = NULL;
    gantry_image *image = NULL;

    OK(contract_build(f, name, &opts, &result));
    CHECK(contract_is_id(result->image_id));
    CHECK(result->duration_ms >= 0);
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(image->id, result->image_id);
    SAME(image->command[0], "/hello");
    CHECK(contract_in_list(image->environment, "GREETING=hi"));
    CHECK(image->size_bytes > 1000);
    gantry_image_free(image);
    gantry_build_result_free(result);
    gantry_archive_free(context);
    if (contract_has_processes(f)) {
        gantry_container_options container = { .size = sizeof container,
                                               .name = contract_name(f, "run") };
        gantry_run_options run_opts = { .size = sizeof run_opts,
                                        .container = &container,
                                        .remove = GANTRY_ON };
        gantry_run_result *run = NULL;

        OK(contract_run(f, name, &run_opts, &run, &f->err));
        SAME(run->stdout_data, "hello from scratch\n");
        CHECK(run->exit_code == 0);
        gantry_run_result_free(run);
    }
}

static void commands_run_on_a_local_base(struct contract *f)
{
    const char *name = contract_name(f, "onbase");
    char text[1024];

    build_text(f, name, on_base(f, text, "RUN echo made at build > /made\nWORKDIR /tmp\n"));
    contract_run_prints(f, name, "cat /made; pwd", "made at build\n/tmp\n");
}

static void nameless_build_gives_an_id(struct contract *f)
{
    gantry_build_options opts = { .size = sizeof opts };
    gantry_build_result *result = NULL;
    gantry_image *image = NULL;
    char text[1024];

    snprintf(text, sizeof text, "FROM %s\nLABEL nameless=%s\n", f->base, f->prefix);
    opts.dockerfile = text;
    OK(contract_build(f, NULL, &opts, &result));
    contract_track_image(f, result->image_id);
    OK(gantry_images_inspect(f->images, result->image_id, NULL, &image, &f->err));
    CHECK(image->references[0] == NULL);
    SAME(contract_pair(image->labels, image->label_count, "nameless"), f->prefix);
    gantry_image_free(image);
    gantry_build_result_free(result);
}

static void args_labels_and_tags(struct contract *f)
{
    const char *name = contract_name(f, "app");
    char tag[160], other[160], text[1024];
    const char *const tags[] = { tag, other, NULL };
    gantry_pair args[] = { { "WHO", "world and \"all\"" }, { "NUMBER", "42" } };
    gantry_pair labels[] = { { "from.option", "yes = \"no\"" } };
    gantry_build_options opts = { .size = sizeof opts,
                                  .tags = tags,
                                  .build_args = args,
                                  .build_arg_count = 2,
                                  .labels = labels,
                                  .label_count = 1 };
    gantry_image *image = NULL;

    snprintf(tag, sizeof tag, "%s:v2", name);
    snprintf(other, sizeof other, "%s-other:1.0", name);
    opts.dockerfile = on_base(f, text,
                              "ARG WHO=nobody\nARG NUMBER\nARG UNSET=default\n"
                              "LABEL who=\"$WHO\" number=${NUMBER} unset=$UNSET\n");
    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_inspect(f->images, other, NULL, &image, &f->err));
    SAME(contract_pair(image->labels, image->label_count, "who"), "world and \"all\"");
    SAME(contract_pair(image->labels, image->label_count, "number"), "42");
    SAME(contract_pair(image->labels, image->label_count, "unset"), "default");
    SAME(contract_pair(image->labels, image->label_count, "from.option"), "yes = \"no\"");
    CHECK(contract_in_list(image->references, tag));
    CHECK(contract_in_list(image->references, other));
    gantry_image_free(image);
    CHECK(contract_image_exists(f, name));
    CHECK(contract_image_exists(f, tag));
}

static void target_stops_at_a_stage(struct contract *f)
{
    const char *name = contract_name(f, "staged");
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts, .target = "first" };
    gantry_image *image = NULL;

    snprintf(text, sizeof text,
             "FROM %s AS first\nLABEL stage=first\nFROM %s AS second\nLABEL stage=second\n",
             f->base, f->base);
    opts.dockerfile = text;
    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(contract_pair(image->labels, image->label_count, "stage"), "first");
    gantry_image_free(image);
    opts.target = NULL;
    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(contract_pair(image->labels, image->label_count, "stage"), "second");
    contract_track_image(f, image->id);
    gantry_image_free(image);
    opts.target = "third";
    memset(&f->err, 0, sizeof f->err);
    CHECK(gantry_images_build(f->images, name, &opts, NULL, &f->err) == GANTRY_E_BUILD ||
          f->err.code == GANTRY_E_INVALID);
    CONTAINS(f->err.message, "third");
}

static void directory_and_archive_are_one_context(struct contract *f)
{
    char directory[] = "/tmp/contract-context-XXXXXX";
    char path[4][80];
    const char *contents[4] = { "Dockerfile", "own", "shared", "sub/deep" };
    const char *name = contract_name(f, "both");
    char text[1024];
    gantry_archive *archive = NULL;
    gantry_build_options opts = { .size = sizeof opts, .context_directory = directory };

    assert_non_null(mkdtemp(directory));
    snprintf(path[3], sizeof path[3], "%s/sub", directory);
    assert_int_equal(mkdir(path[3], 0755), 0);
    on_base(f, text, "COPY . /ctx/\nRUN chmod -R a+r /ctx\n");
    for (size_t i = 0; i < 4; i++) {
        FILE *file;

        snprintf(path[i], sizeof path[i], "%s/%s", directory, contents[i]);
        file = fopen(path[i], "we");
        assert_non_null(file);
        fputs(i == 0 ? text : "directory\n", file);
        assert_int_equal(fclose(file), 0);
    }
    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_data(archive, "shared", "archive\n", 8, NULL, &f->err));
    opts.context = archive;
    OK(contract_build(f, name, &opts, NULL));
    contract_run_prints(f, name, "cd /ctx; cat own shared sub/deep",
                        "directory\narchive\ndirectory\n");
    gantry_archive_free(archive);
    for (size_t i = 0; i < 4; i++)
        unlink(path[i]);
    snprintf(path[3], sizeof path[3], "%s/sub", directory);
    rmdir(path[3]);
    rmdir(directory);
}

static void dockerfile_may_have_another_name(struct contract *f)
{
    const char *name = contract_name(f, "named");
    char text[1024];
    gantry_archive *archive = NULL;
    gantry_build_options opts = { .size = sizeof opts, .dockerfile_name = "deploy/App.dockerfile" };
    gantry_image *image = NULL;

    on_base(f, text, "LABEL made=elsewhere\n");
    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_data(archive, "deploy/App.dockerfile", text, strlen(text), NULL,
                               &f->err));
    opts.context = archive;
    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(contract_pair(image->labels, image->label_count, "made"), "elsewhere");
    gantry_image_free(image);
    gantry_archive_free(archive);
}

/* ---- cache ----------------------------------------------------------------------------------- */

static int count_cached(void *arg, const gantry_progress_record *record)
{
    *(int *)arg += record->cached;
    return 0;
}

/* What a step of the image wrote at random. */
static void read_token(struct contract *f, const char *image, char token[64])
{
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "token") };
    gantry_run_options opts = { .size = sizeof opts,
                                .container = &container,
                                .command = SHELL("cat /token"),
                                .remove = GANTRY_ON };
    gantry_run_result *run = NULL;

    OK(contract_run(f, image, &opts, &run, &f->err));
    CHECK(run->stdout_size > 30 && run->stdout_size < 64);
    snprintf(token, 64, "%s", run->stdout_data);
    gantry_run_result_free(run);
}

static void steps_are_cached_unless_told(struct contract *f)
{
    const char *names[3] = { contract_name(f, "a"), contract_name(f, "b"), contract_name(f, "c") };
    char text[1024], step[256], tokens[3][64];
    int cached[3] = { 0 };
    gantry_build_options opts = { .size = sizeof opts, .progress = count_cached };

    /* an engine's cache may outlive the images that were made with it */
    snprintf(step, sizeof step, "RUN cat /proc/sys/kernel/random/uuid > /token; : %s\n", names[0]);
    opts.dockerfile = on_base(f, text, step);
    for (size_t i = 0; i < 3; i++) {
        opts.no_cache = i == 2 ? GANTRY_ON : GANTRY_DEFAULT;
        opts.progress_arg = &cached[i];
        OK(contract_build(f, names[i], &opts, NULL));
        read_token(f, names[i], tokens[i]);
    }
    SAME(tokens[1], tokens[0]);
    CHECK(strcmp(tokens[2], tokens[0]) != 0);
    CHECK(cached[0] == 0);
    CHECK(cached[1] > 0);
    CHECK(cached[2] == 0);
}

/* ---- progress -------------------------------------------------------------------------------- */

struct seen {
    int steps; /* highest so far; they come in order */
    int ordered;
    int total;
    int results;
    int after_result;
    int logs;    /* that hold the word */
    int stop_at; /* step at which to stop, 0 = never */
    char id[65];
};

static int see(void *arg, const gantry_progress_record *record)
{
    struct seen *seen = arg;

    seen->after_result += seen->results;
    if (record->text == NULL || strlen(record->text) != record->text_size)
        seen->ordered = 0;
    if (record->kind == GANTRY_PROGRESS_STEP) {
        seen->ordered &= record->step == seen->steps + 1 && record->text[0] != '\0';
        seen->steps = record->step;
        seen->total = record->step_total;
    } else if (record->kind == GANTRY_PROGRESS_LOG) {
        seen->logs += strstr(record->text, "said while building") != NULL && record->step == 2;
    } else if (record->kind == GANTRY_PROGRESS_RESULT) {
        seen->results++;
        snprintf(seen->id, sizeof seen->id, "%s", record->id);
    }
    return seen->stop_at != 0 && record->step >= seen->stop_at;
}

static void progress_comes_in_order(struct contract *f)
{
    struct seen seen = { .ordered = 1 };
    char text[1024];
    gantry_build_options opts = {
        .size = sizeof opts, .progress = see, .progress_arg = &seen, .no_cache = GANTRY_ON
    };
    gantry_build_result *result = NULL;
    int processes = contract_has_processes(f);
    int steps;

    opts.dockerfile =
        on_base(f, text,
                processes ? "RUN echo said while building\nLABEL x=1\n" : "LABEL x=1\nLABEL y=2\n");
    OK(contract_build(f, contract_name(f, "progress"), &opts, &result));
    CHECK(seen.ordered);
    steps = contract_differs(f, DIFF_STEPS_MAKE_LAYERS) ? 2 : 3;
    CHECK(seen.steps == steps);
    CHECK(seen.total == steps);
    CHECK(result->step_total == steps);
    CHECK(seen.results == 1);
    CHECK(seen.after_result == 0);
    SAME(seen.id, result->image_id);
    CHECK(!processes || seen.logs == 1);
    gantry_build_result_free(result);
}

static void callback_stops_a_build(struct contract *f)
{
    const char *name = contract_name(f, "stopped");
    struct seen seen = { .stop_at = 2 };
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts, .progress = see, .progress_arg = &seen };

    opts.dockerfile = on_base(
        f, text, contract_has_processes(f) ? "RUN sleep 5\nLABEL x=1\n" : "LABEL x=1\nLABEL y=2\n");
    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_CALLBACK);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CHECK(f->err.retry == GANTRY_RETRY_ASK);
    CHECK(seen.results == 0);
    CHECK(!contract_image_exists(f, name));
}

static void iterator_gives_each_record(struct contract *f)
{
    const char *name = contract_name(f, "iterated");
    struct seen seen = { .ordered = 1 };
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts };
    gantry_progress *progress = NULL;
    const gantry_progress_record *record = NULL;

    opts.dockerfile = on_base(f, text, "LABEL x=1\n");
    OK(gantry_images_build_open(f->images, name, &opts, &progress, &f->err));
    do {
        OK(gantry_progress_next(progress, &record, &f->err));
        if (record != NULL)
            see(&seen, record);
    } while (record != NULL);
    CHECK(seen.ordered);
    CHECK(seen.steps == (contract_differs(f, DIFF_STEPS_MAKE_LAYERS) ? 1 : 2));
    CHECK(seen.results == 1 && seen.after_result == 0);
    CHECK(contract_is_id(seen.id));
    OK(gantry_progress_next(progress, &record, &f->err)); /* the end stays the end */
    CHECK(record == NULL);
    gantry_progress_close(progress);
    CHECK(contract_image_exists(f, name));
}

static void iterator_fits_a_poll_loop(struct contract *f)
{
    struct seen seen = { .ordered = 1 };
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts, .no_cache = GANTRY_ON };
    gantry_progress *progress = NULL;
    const gantry_progress_record *record = NULL;
    int waits = 0;

    opts.dockerfile = on_base(f, text,
                              contract_has_processes(f) ? "RUN sleep 1; echo said while building\n"
                                                        : "LABEL x=1\n");
    OK(gantry_images_build_open(f->images, contract_name(f, "polled"), &opts, &progress, &f->err));
    gantry_progress_set_nonblocking(progress, 1);
    for (;;) {
        int rc = gantry_progress_next(progress, &record, &f->err);

        if (rc == GANTRY_E_AGAIN) {
            int events = 0;
            struct pollfd fd = { .fd = gantry_progress_fd(progress, &events) };

            CHECK(fd.fd >= 0 && events != 0);
            fd.events = (short)((events & GANTRY_POLL_IN ? POLLIN : 0) |
                                (events & GANTRY_POLL_OUT ? POLLOUT : 0));
            waits++;
            CHECK(waits < 5000); /* or it spins */
            CHECK(poll(&fd, 1, 30000) == 1);
            continue;
        }
        if (contract_engine_killed(f, rc)) {
            gantry_progress_close(progress);
            iterator_fits_a_poll_loop(f);
            return;
        }
        OK(rc);
        if (record == NULL)
            break;
        see(&seen, record);
    }
    gantry_progress_close(progress);
    CHECK(seen.results == 1);
    CHECK(!contract_has_processes(f) || (waits > 0 && seen.logs == 1));
}

static void closing_an_iterator_stops_the_build(struct contract *f)
{
    const char *name = contract_name(f, "closed");
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts };
    gantry_progress *progress = NULL;
    const gantry_progress_record *record = NULL;
    int processes = contract_has_processes(f);
    int64_t deadline;

    opts.dockerfile = on_base(f, text, processes ? "RUN sleep 3\n" : "LABEL x=1\n");
    OK(gantry_images_build_open(f->images, name, &opts, &progress, &f->err));
    OK(gantry_progress_next(progress, &record, &f->err));
    CHECK(record != NULL);
    gantry_progress_close(progress);
    /* that no image comes can only be seen by looking until it would have come */
    for (deadline = gantry_clock_ns() + (processes ? (int64_t)5 * 1000000000 : 0);;) {
        CHECK(!contract_image_exists(f, name));
        if (gantry_clock_ns() > deadline)
            break;
        poll(NULL, 0, 200);
    }
}

static int pull_trigger(void *arg, const gantry_progress_record *record)
{
    if (record->kind == GANTRY_PROGRESS_LOG && strstr(record->text, "begun") != NULL)
        contract_trigger_go(arg);
    return 0;
}

static void cancel_ends_a_build_at_once(struct contract *f)
{
    const char *name = contract_name(f, "cancelled");
    gantry_call call = { .size = sizeof call };
    struct contract_trigger *trigger = contract_trigger_new(f, &call.cancel);
    char text[1024];
    gantry_build_options opts = {
        .size = sizeof opts, .call = &call, .progress = pull_trigger, .progress_arg = trigger
    };
    int64_t elapsed;

    opts.dockerfile = on_base(f, text, "RUN echo begun; sleep 5\n");
    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_CANCELLED);
    elapsed = contract_trigger_elapsed(trigger);
    contract_trigger_free(trigger);
    CHECK(elapsed >= 0 && elapsed < 200);
    CHECK(!contract_image_exists(f, name));
}

/* ---- failures -------------------------------------------------------------------------------- */

static void syntax_error_fails_the_build(struct contract *f)
{
    const char *name = contract_name(f, "wrong");
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nFRUMP something\n" };

    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_BUILD);
    CONTAINS(f->err.message, "FRUMP");
    SAME(f->err.operation, "images.build");
    CHECK(!contract_image_exists(f, name));
    opts.dockerfile = "# nothing but a comment\n\n";
    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_BUILD);
}

static void nothing_to_build_is_invalid(struct contract *f)
{
    const char *name = contract_name(f, "nothing");
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = "" };

    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "dockerfile");
    opts.dockerfile = NULL;
    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_build(f->images, name, NULL, NULL, &f->err), GANTRY_E_INVALID);
}

static void missing_copy_source_fails_the_build(struct contract *f)
{
    const char *name = contract_name(f, "nocopy");
    gantry_archive *context = hello_context(f);
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nCOPY hello /a\nCOPY absent.txt /b\n",
                                  .context = context };

    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_BUILD);
    CONTAINS(f->err.message, "absent.txt");
    CHECK(f->err.step == (contract_differs(f, DIFF_STEPS_MAKE_LAYERS) ? 2 : 3));
    CHECK(f->err.has_exit_code == 0);
    CONTAINS(f->err.step_text, "COPY absent.txt");
    CHECK(!contract_image_exists(f, name));
    gantry_archive_free(context);
}

static void failing_command_tells_where(struct contract *f)
{
    const char *name = contract_name(f, "failing");
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts };
    gantry_build_result *result = NULL;

    opts.dockerfile = on_base(f, text,
                              "RUN echo fine\n"
                              "RUN echo the last words; echo on stderr >&2; exit 3\n"
                              "LABEL never=1\n");
    FAILS(contract_build(f, name, &opts, &result), GANTRY_E_BUILD);
    CHECK(result == NULL);
    CHECK(f->err.has_exit_code == 1);
    CHECK(f->err.exit_code == 3);
    CHECK(f->err.step == 3);
    CHECK(f->err.step_total == (contract_differs(f, DIFF_STEPS_MAKE_LAYERS) ? 3 : 4));
    CONTAINS(f->err.step_text, "RUN echo the last words");
    CONTAINS(f->err.output, "the last words");
    CONTAINS(f->err.output, "on stderr");
    CHECK(!contract_image_exists(f, name));
}

/* The id of the image must come from where only the engine writes. */
static void output_of_commands_does_not_fool(struct contract *f)
{
    const char *name = contract_name(f, "decoy");
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts };
    gantry_build_result *result = NULL;
    gantry_image *image = NULL;

    opts.dockerfile = on_base(
        f, text,
        "LABEL real=yes\n"
        "RUN echo 'Successfully built deadbeef1234'; echo 0123456789ab; echo 'STEP 9/9: x'; "
        "echo 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef; "
        "echo '{\"aux\":{\"ID\":\"sha256:00\"}}'\n");
    OK(contract_build(f, name, &opts, &result));
    OK(gantry_images_inspect(f->images, result->image_id, NULL, &image, &f->err));
    SAME(contract_pair(image->labels, image->label_count, "real"), "yes");
    CHECK(strncmp(image->references[0], name, strlen(name)) == 0);
    gantry_image_free(image);
    gantry_build_result_free(result);
}

static void missing_context_file_is_named(struct contract *f)
{
    const char *name = contract_name(f, "vanished");
    gantry_archive *context = hello_context(f);
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nCOPY . /\n",
                                  .context = context };

    /* sorted behind the program, so that the upload has begun and the Dockerfile is there */
    OK(gantry_archive_add_file(context, "zz", "/nonexistent/contract-file", NULL, &f->err));
    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_IO);
    CONTAINS(f->err.message, "/nonexistent/contract-file");
    CHECK(f->err.os_error == ENOENT);
    CHECK(f->err.outcome == GANTRY_OUTCOME_NOT_SENT); /* cut, so that nothing takes effect */
    CHECK(f->err.retry == GANTRY_RETRY_NO);
    CHECK(!contract_image_exists(f, name));
    gantry_archive_free(context);
    opts.context = NULL;
    opts.context_directory = "/nonexistent/contract-directory";
    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_IO);
    CONTAINS(f->err.message, "/nonexistent/contract-directory");
    CHECK(f->err.outcome == GANTRY_OUTCOME_NOT_SENT);
}

static int read_little(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    size_t *left = arg;

    (void)err;
    *out_size = *left < capacity ? *left : capacity;
    memset(buffer, 'x', *out_size);
    *left -= *out_size;
    return 0;
}

static void stages_are_followed(struct contract *f)
{
    char text[1024];
    struct seen seen = { .ordered = 1 };
    gantry_build_options opts = {
        .size = sizeof opts, .dockerfile = text, .progress = see, .progress_arg = &seen
    };
    int per_stage = contract_differs(f, DIFF_STEPS_COUNT_PER_STAGE);
    int layers = contract_differs(f, DIFF_STEPS_MAKE_LAYERS);

    snprintf(text, sizeof text,
             "FROM %s AS one\nRUN echo from one > /one\n"
             "FROM %s\nCOPY --from=one /one /one\nRUN echo of two; exit 9\nLABEL never=1\n",
             f->base, f->base);
    FAILS(contract_build(f, contract_name(f, "stages"), &opts, NULL), GANTRY_E_BUILD);
    CHECK(f->err.has_exit_code && f->err.exit_code == 9);
    CHECK(f->err.step == (layers ? 4 : per_stage ? 3 : 5));
    CHECK(f->err.step_total == (layers || per_stage ? 4 : 6));
    SAME(f->err.step_text, "RUN echo of two; exit 9");
    SAME(f->err.output, "of two\n");
    CHECK(seen.steps == f->err.step);
    CHECK(seen.ordered == !per_stage);
}

static void missing_base_image_is_named(struct contract *f)
{
    const char *base = contract_name(f, "nobase");
    char text[256];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };

    snprintf(text, sizeof text, "FROM localhost:1/%s:1\nLABEL x=1\n", base);
    FAILS(gantry_images_build(f->images, contract_name(f, "app"), &opts, NULL, &f->err),
          GANTRY_E_BUILD);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    CONTAINS(f->err.resource, "localhost:1/");
    CONTAINS(f->err.resource, base);
}

static void program_that_is_not_there_has_no_exit_code(struct contract *f)
{
    char text[1024];
    gantry_build_options opts = { .size = sizeof opts };

    opts.dockerfile = on_base(f, text, "RUN [\"/no/such/program\"]\n");
    FAILS(gantry_images_build(f->images, contract_name(f, "norun"), &opts, NULL, &f->err),
          GANTRY_E_BUILD);
    CHECK(f->err.has_exit_code == 0);
    CHECK(f->err.step == 2);
}

static void directory_needs_a_dockerfile(struct contract *f)
{
    char directory[] = "/tmp/contract-nofile-XXXXXX";
    gantry_build_options opts = { .size = sizeof opts, .context_directory = directory };
    int lines;

    assert_non_null(mkdtemp(directory));
    lines = atomic_load(&f->log_lines);
    FAILS(gantry_images_build(f->images, contract_name(f, "nofile"), &opts, NULL, &f->err),
          GANTRY_E_INVALID);
    CONTAINS(f->err.message, directory);
    CHECK(f->err.outcome == GANTRY_OUTCOME_NOT_SENT);
    CHECK(atomic_load(&f->log_lines) == lines); /* nothing was sent */
    rmdir(directory);
}

/* An engine that takes the tar as complete would make an image of half a file. */
static void short_context_source_makes_no_image(struct contract *f)
{
    const char *name = contract_name(f, "short");
    gantry_archive *context = hello_context(f);
    size_t left = 1000;
    gantry_source source = {
        .size = sizeof source, .read = read_little, .arg = &left, .length = 100000
    };
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nCOPY . /\n",
                                  .context = context };

    OK(gantry_archive_add_source(context, "zz-changing", &source, NULL, &f->err));
    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "zz-changing");
    CHECK(!contract_image_exists(f, name));
    gantry_archive_free(context);
}

const struct contract_test build_tests[] = {
    TEST(string_from_scratch),
    TEST_WITH(commands_run_on_a_local_base, PROCESSES),
    TEST(nameless_build_gives_an_id),
    TEST(args_labels_and_tags),
    TEST(target_stops_at_a_stage),
    TEST_WITH(directory_and_archive_are_one_context, PROCESSES),
    TEST(dockerfile_may_have_another_name),
    TEST_WITH(steps_are_cached_unless_told, PROCESSES),
    TEST(progress_comes_in_order),
    TEST(callback_stops_a_build),
    TEST(iterator_gives_each_record),
    TEST(iterator_fits_a_poll_loop),
    TEST(closing_an_iterator_stops_the_build),
    TEST_WITH(cancel_ends_a_build_at_once, PROCESSES),
    TEST(syntax_error_fails_the_build),
    TEST(nothing_to_build_is_invalid),
    TEST(missing_copy_source_fails_the_build),
    TEST_WITH(failing_command_tells_where, PROCESSES),
    TEST_WITH(output_of_commands_does_not_fool, PROCESSES),
    TEST(missing_context_file_is_named),
    TEST(short_context_source_makes_no_image),
    TEST_WITH(stages_are_followed, PROCESSES),
    TEST_WITH(missing_base_image_is_named, .on = ON_ENGINES),
    TEST_WITH(program_that_is_not_there_has_no_exit_code, PROCESSES),
    TEST(directory_needs_a_dockerfile),
    { 0 },
};
