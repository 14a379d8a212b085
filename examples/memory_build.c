/*
 * Builds of the memory backend: stages and steps. The instructions are carried out one by one as
 * the caller asks for progress, so that a build that is stopped early makes no image: that is what
 * an iterator of progress promises.
 */
#include "memory_store.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A build under way. The object holds every text; the stages are images that are not yet
 * visible. */
struct build {
    struct memory_object object;
    struct memory_engine *engine;
    const gantry_build_options *opts;
    const char *reference;
    struct memory_context context;
    const struct memory_instruction *steps;
    size_t step_count;
    size_t step;     /* number of steps done */
    size_t argument; /* number of build arguments looked at for warnings */
    int64_t start_ns;
    int64_t step_ns;              /* how long the last step took */
    int ending;                   /* its end is still to be told */
    struct memory_object *stages; /* the newest first, named by AS */
    const gantry_pair *global_args;
    size_t global_arg_count;
    const gantry_pair *args; /* of the current stage */
    size_t arg_count;
    int done;
};

static struct memory_image *current(const struct build *build)
{
    return (struct memory_image *)build->stages;
}

static struct memory_variables variables_of(const struct build *build)
{
    struct memory_variables variables = { 0 };

    variables.environment = current(build) != NULL ? current(build)->environment : NULL;
    variables.args = current(build) != NULL ? build->args : build->global_args;
    variables.arg_count = current(build) != NULL ? build->arg_count : build->global_arg_count;
    return variables;
}

/* ---- FROM --------------------------------------------------------------------------------- */

static void copy_image(struct memory_image *to, const struct memory_image *from)
{
    to->size_bytes = from->size_bytes;
    to->user = memory_keep_text(to, from->user);
    to->working_directory = memory_keep_text(to, from->working_directory);
    to->command = from->command ? memory_keep_strings(to, from->command) : NULL;
    to->entrypoint = from->entrypoint ? memory_keep_strings(to, from->entrypoint) : NULL;
    to->environment = memory_keep_strings(to, from->environment);
    to->exposed_ports = memory_keep_strings(to, from->exposed_ports);
    to->object.labels = memory_keep_pairs(to, from->object.labels, from->object.label_count);
    to->object.label_count = to->object.labels ? from->object.label_count : 0;
}

/* An earlier stage, or an image of the engine. */
static const struct memory_image *find_base(struct build *build, const char *name,
                                            gantry_error *err)
{
    const struct memory_image *stage = memory_list_named(build->stages, name);

    if (stage != NULL)
        return stage;
    return memory_image_find(build->engine, name, err);
}

static int begin_stage(struct build *build, const char *base_name, const char *name,
                       gantry_error *err)
{
    struct memory_image *image = memory_object_new(build->engine, sizeof *image, err);
    const struct memory_image *base = NULL;

    if (image == NULL)
        return GANTRY_E_NOMEM;
    if (strcmp(base_name, "scratch") != 0) {
        base = find_base(build, base_name, err);
        if (base == NULL) {
            memory_object_free(image);
            return GANTRY_E_NOT_FOUND;
        }
        copy_image(image, base);
    }
    image->object.name = memory_keep_text(image, name);
    memory_list_add(&build->stages, image);
    build->args = NULL;
    build->arg_count = 0;
    return memory_object_ready(image, err);
}

/* FROM image [AS name] */
static int step_from(struct build *build, const struct memory_instruction *step, gantry_error *err)
{
    const struct memory_variables global = { .args = build->global_args,
                                             .arg_count = build->global_arg_count };
    const char *cursor = step->arguments;
    const char *words[4] = { NULL };
    int rc = 0;

    for (size_t i = 0; i < 4 && rc == 0; i++)
        rc = memory_next_word(build, &cursor, &global, &words[i], err);
    if (rc < 0)
        return rc;
    if (words[0][0] == '\0')
        return gantry_error_set(err, GANTRY_E_BUILD, "FROM needs an image: %s", step->text);
    if (words[0][0] == '-')
        return gantry_error_set(err, GANTRY_E_UNSUPPORTED,
                                "flags of FROM are not supported by this engine: %s", words[0]);
    if (words[1] == NULL)
        return begin_stage(build, words[0], NULL, err);
    if (words[2] == NULL || words[3] != NULL ||
        (strcmp(words[1], "AS") != 0 && strcmp(words[1], "as") != 0))
        return gantry_error_set(err, GANTRY_E_BUILD, "expected FROM image [AS name]");
    return begin_stage(build, words[0], words[2], err);
}

/* ---- ARG, COPY ---------------------------------------------------------------------------- */

/* ARG name[=default]: what the caller gave wins, then the default, then the same name before the
 * first FROM. */
static int step_arg(struct build *build, const struct memory_instruction *step, gantry_error *err)
{
    struct memory_variables variables = variables_of(build);
    const char *cursor = step->arguments;
    const char *value = NULL;
    const char *given;
    const char *word;
    char *equals;
    int rc = memory_next_word(build, &cursor, &variables, &word, err);

    if (rc < 0)
        return rc;
    equals = strchr(word, '=');
    if (equals != NULL) {
        *equals = '\0';
        value = equals + 1;
    }
    given = memory_pair_value(build->opts->build_args, build->opts->build_arg_count, word);
    if (given == NULL && value == NULL)
        given = memory_pair_value(build->global_args, build->global_arg_count, word);
    if (given != NULL)
        value = given;
    if (value == NULL)
        return 0;
    if (current(build) == NULL)
        memory_keep_pair(build, &build->global_args, &build->global_arg_count, word, value);
    else
        memory_keep_pair(build, &build->args, &build->arg_count, word, value);
    return memory_object_ready(build, err);
}

/* Bytes of what a source of COPY means; -1 if the context has no such file. */
static int64_t source_size(const struct memory_context *context, const char *source)
{
    int64_t size = -1;
    size_t length;

    while (source[0] == '/' || (source[0] == '.' && source[1] == '/'))
        source++;
    length = strlen(source);
    while (length > 0 && source[length - 1] == '/')
        length--;
    if (length == 0 || strcmp(source, ".") == 0)
        size = 0;
    for (size_t i = 0; i < context->count; i++) {
        const char *name = context->names[i];
        int below =
            strncmp(name, source, length) == 0 && (name[length] == '\0' || name[length] == '/');

        if (length == 0 || strcmp(source, ".") == 0 || below || fnmatch(source, name, 0) == 0)
            size = (size < 0 ? 0 : size) + context->sizes[i];
    }
    return size;
}

/* No file system is kept; but a file that is not there fails the build as everywhere. */
static int step_copy(struct build *build, const struct memory_instruction *step, gantry_error *err)
{
    struct memory_variables variables = variables_of(build);
    const char *cursor = step->arguments;
    const char *source;
    const char *next;
    int rc = memory_next_word(build, &cursor, &variables, &source, err);

    while (rc == 0 && source != NULL && strncmp(source, "--", 2) == 0) {
        if (strncmp(source, "--chown=", 8) != 0 && strncmp(source, "--chmod=", 8) != 0)
            return gantry_error_set(err, GANTRY_E_UNSUPPORTED,
                                    "%s of %s is not supported by this engine", source, step->word);
        rc = memory_next_word(build, &cursor, &variables, &source, err);
    }
    if (rc == 0 && source == NULL)
        return gantry_error_set(err, GANTRY_E_BUILD, "%s needs a source and a destination",
                                step->word);
    if (rc == 0 && (source[0] == '[' || strstr(source, "://") != NULL))
        return gantry_error_set(err, GANTRY_E_UNSUPPORTED,
                                "this form of %s is not supported by this engine", step->word);
    if (rc == 0)
        rc = memory_next_word(build, &cursor, &variables, &next, err);
    if (rc == 0 && next == NULL)
        return gantry_error_set(err, GANTRY_E_BUILD, "%s needs a source and a destination",
                                step->word);
    for (; rc == 0 && next != NULL;
         source = next, rc = memory_next_word(build, &cursor, &variables, &next, err)) {
        int64_t size = source_size(&build->context, source);

        if (size < 0)
            return gantry_error_set(err, GANTRY_E_BUILD, "no such file in the build context: %s",
                                    source);
        current(build)->size_bytes += size;
    }
    return rc;
}

/* ---- steps -------------------------------------------------------------------------------- */

static int run_step(struct build *build, const struct memory_instruction *step, gantry_error *err)
{
    struct memory_variables variables = variables_of(build);

    if (strcmp(step->word, "ARG") == 0)
        return step_arg(build, step, err);
    if (strcmp(step->word, "FROM") == 0)
        return step_from(build, step, err);
    if (current(build) == NULL)
        return gantry_error_set(err, GANTRY_E_BUILD,
                                "no build stage: the Dockerfile must begin "
                                "with FROM");
    if (strcmp(step->word, "COPY") == 0 || strcmp(step->word, "ADD") == 0)
        return step_copy(build, step, err);
    return memory_instruction_apply(current(build), step, &variables, err);
}

static void name_step(const struct build *build, gantry_error *err)
{
    if (err == NULL || build->step >= build->step_count)
        return;
    err->step = (int)build->step + 1;
    err->step_total = (int)build->step_count;
    snprintf(err->step_text, sizeof err->step_text, "%s", build->steps[build->step].text);
}

static int next_step(struct build *build, gantry_progress_record *record, gantry_error *err)
{
    int64_t begin_ns = gantry_clock_ns();
    int rc = memory_enter(build->engine, "images.build step", build->opts->call, err);

    if (rc < 0)
        return rc;
    rc = run_step(build, &build->steps[build->step], err);
    memory_leave(build->engine);
    if (rc < 0) {
        name_step(build, err);
        return rc;
    }
    record->kind = GANTRY_PROGRESS_STEP;
    record->text = build->steps[build->step].text;
    record->text_size = strlen(record->text);
    record->step = (int)++build->step;
    record->step_total = (int)build->step_count;
    build->step_ns = gantry_clock_ns() - begin_ns;
    build->ending = 1;
    return 0;
}

static void end_step(struct build *build, gantry_progress_record *record)
{
    record->kind = GANTRY_PROGRESS_STEP_END;
    record->text = build->steps[build->step - 1].text;
    record->text_size = strlen(record->text);
    record->step = (int)build->step;
    record->step_total = (int)build->step_count;
    record->duration_ms = build->step_ns / 1000000;
    build->ending = 0;
}

/* 1 and a record if there is a build argument that no ARG asks for. */
static int next_warning(struct build *build, gantry_progress_record *record)
{
    while (build->argument < build->opts->build_arg_count) {
        const char *name = build->opts->build_args[build->argument++].key;
        size_t size = strlen(name);
        int asked = 0;
        char *text;

        for (size_t i = 0; i < build->step_count; i++)
            asked |= strcmp(build->steps[i].word, "ARG") == 0 &&
                     strncmp(build->steps[i].arguments, name, size) == 0 &&
                     strchr("= \t", build->steps[i].arguments[size]) != NULL;
        text = asked ? NULL : memory_keep(build, size + 64);
        if (text == NULL)
            continue;
        snprintf(text, size + 64, "no ARG asks for the build argument %s", name);
        record->kind = GANTRY_PROGRESS_WARNING;
        record->text = text;
        record->text_size = strlen(text);
        return 1;
    }
    return 0;
}

/* The last stage becomes an image that everyone sees. */
static int commit(struct build *build, gantry_progress_record *record, gantry_error *err)
{
    struct memory_engine *engine = build->engine;
    struct memory_image *image = current(build);
    const gantry_build_options *opts = build->opts;
    int rc;

    for (size_t i = 0; i < opts->label_count; i++)
        memory_keep_pair(image, &image->object.labels, &image->object.label_count,
                         opts->labels[i].key, opts->labels[i].value);
    image->object.name = "";
    record->id = memory_keep_text(build, image->object.id);
    rc = memory_object_ready(image, err);
    if (rc == 0)
        rc = memory_object_ready(build, err);
    if (rc == 0)
        rc = memory_enter(engine, "images.build commit", opts->call, err);
    if (rc < 0)
        return rc;
    build->stages = image->object.next;
    memory_list_add(&engine->images, image);
    if (build->reference != NULL)
        rc = memory_image_tag(engine, image, build->reference, err);
    for (size_t i = 0; rc == 0 && opts->tags != NULL && opts->tags[i] != NULL; i++)
        rc = memory_image_tag(engine, image, opts->tags[i], err);
    memory_leave(engine);
    record->kind = GANTRY_PROGRESS_RESULT;
    build->done = 1;
    return rc;
}

/* ---- the iterator ------------------------------------------------------------------------- */

static int next(void *state, int nonblocking, gantry_progress_record *record, int *out_more,
                gantry_error *err)
{
    struct build *build = state;
    int rc = gantry_call_check(build->opts->call, build->start_ns, err);

    (void)nonblocking; /* nothing here ever waits */
    if (rc < 0)
        return rc;
    *out_more = !build->done;
    if (build->done)
        return 0;
    if (build->ending) {
        end_step(build, record);
        return 0;
    }
    if (build->step < build->step_count)
        return next_step(build, record, err);
    if (next_warning(build, record))
        return 0;
    return commit(build, record, err);
}

static void close_build(void *state)
{
    struct build *build = state;

    memory_list_free(&build->stages);
    memory_object_free(build);
}

static const gantry_progress_ops progress_ops = {
    .size = sizeof progress_ops,
    .next = next,
    .close = close_build,
};

/* ---- the slot ----------------------------------------------------------------------------- */

/* no_cache: there is no cache. Everything else that is set and not done is said. */
static int check_options(const gantry_build_options *opts, gantry_error *err)
{
    const struct {
        const char *name;
        int set;
    } options[] = {
        { "platform", opts->platform != NULL },
        { "pull", opts->pull == GANTRY_PULL_ALWAYS || opts->pull == GANTRY_PULL_NEWER },
        { "keep_intermediate", opts->keep_intermediate == GANTRY_ON },
        { "extra_query", opts->extra_query_count > 0 },
        { "builder", opts->builder != GANTRY_BUILDER_AUTO },
        { "format", opts->format == GANTRY_FORMAT_OCI },
        { "context_url", opts->context_url != NULL },
        { "annotations", opts->annotation_count > 0 },
        { "platforms", opts->platforms != NULL },
        { "manifest", opts->manifest != NULL },
        { "cache_from", opts->cache_from != NULL },
        { "cache_to", opts->cache_to != NULL },
        { "network", opts->network != NULL },
        { "extra_hosts", opts->extra_hosts != NULL },
        { "memory_bytes", opts->memory_bytes != 0 },
        { "memory_swap_bytes", opts->memory_swap_bytes != 0 },
        { "cpu_shares", opts->cpu_shares != 0 },
        { "cpu_period_us", opts->cpu_period_us != 0 },
        { "cpu_quota_us", opts->cpu_quota_us != 0 },
        { "cpuset_cpus", opts->cpuset_cpus != NULL },
        { "cpuset_mems", opts->cpuset_mems != NULL },
        { "shm_size_bytes", opts->shm_size_bytes != 0 },
        { "ulimits", opts->ulimits != NULL },
        { "secrets", opts->secrets != NULL },
        { "sources", opts->sources != NULL },
        { "auths", opts->auths != NULL },
        { "squash", opts->squash == GANTRY_ON },
        { "tls_verify", opts->tls_verify != 0 },
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].set)
            return gantry_unsupported_option(err, options[i].name);
    }
    return 0;
}

/* Where the stages to build end: behind the target's last instruction. */
static int find_target(struct build *build, const char *target, gantry_error *err)
{
    int found = target == NULL;
    long number = -1;
    char *end = NULL;
    long wanted = target != NULL ? strtol(target, &end, 10) : -1;

    for (size_t i = 0; i < build->step_count; i++) {
        const char *name;

        if (strcmp(build->steps[i].word, "FROM") != 0)
            continue;
        if (found && target != NULL) {
            build->step_count = i;
            return 0;
        }
        number++;
        name = strrchr(build->steps[i].arguments, ' ');
        found |= target != NULL && name != NULL && strcmp(name + 1, target) == 0;
        found |= target != NULL && *end == '\0' && end != target && wanted == number;
    }
    return found ? 0 : gantry_error_set(err, GANTRY_E_BUILD, "no such build stage: %s", target);
}

static int prepare(struct build *build, gantry_archive *context, const char *dockerfile_name,
                   gantry_error *err)
{
    gantry_archive_stream_options stream_opts = { .size = sizeof stream_opts,
                                                  .call = build->opts->call };
    gantry_stream *tar = NULL;
    int rc = gantry_archive_stream(context, &stream_opts, &tar, err);

    if (rc == 0)
        rc = memory_context_read(build, tar, dockerfile_name, &build->context, err);
    gantry_stream_close(tar);
    if (rc == 0)
        rc = memory_dockerfile_parse(build, build->context.dockerfile, &build->steps,
                                     &build->step_count, err);
    if (rc == 0)
        rc = find_target(build, build->opts->target, err);
    for (size_t i = 0; rc == 0 && i < build->step_count; i++) {
        build->step = i;
        rc = memory_instruction_check(&build->steps[i], err);
        if (rc < 0)
            name_step(build, err);
    }
    build->step = 0;
    return rc;
}

/*
 * A state and its behaviour become an iterator by gantry_progress_new(); its close slot frees the
 * state. Until that has succeeded the state is ours to free.
 */
int memory_images_build(void *state, const char *reference, const gantry_build_options *opts,
                        const gantry_build_context *context, gantry_progress **out,
                        gantry_error *err)
{
    struct memory_engine *engine = state;
    struct build *build;
    int rc = check_options(opts, err);

    if (rc == 0)
        rc = memory_enter(engine, "images.build", opts->call, err);
    if (rc < 0)
        return rc;
    build = memory_object_new(engine, sizeof *build, err); /* takes a number: under the lock */
    memory_leave(engine);
    if (build == NULL)
        return GANTRY_E_NOMEM;
    build->engine = engine;
    build->opts = opts;
    build->reference = reference;
    build->start_ns = gantry_clock_ns();
    rc = prepare(build, context->archive, context->dockerfile_name, err);
    if (rc == 0)
        rc = gantry_progress_new(engine->host, &progress_ops, build, out, err);
    if (rc < 0)
        close_build(build);
    return rc;
}
