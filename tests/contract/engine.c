/*
 * Contract of the engine object: opening, who answers, questions, features, any endpoint.
 */
#include "contract.h"

/* The name that the target's own backend has, if it says so. */
static const char *backend_name(const struct contract *f)
{
    if (f->given->backend != NULL)
        return f->given->backend->name;
    if (f->given->engine->backend != NULL)
        return f->given->engine->backend;
    if ((f->on & ON_OTHER) != 0)
        return gantry_engine_backend(f->engine);
    return f->on == ON_MEMORY ? "memory" : f->on == ON_DOCKER ? "docker" : "podman";
}

static void opening_says_who_answers(struct contract *f)
{
    const gantry_candidate_list *list = gantry_engine_candidates(f->engine);

    SAME(gantry_engine_address(f->engine), f->address);
    SAME(gantry_engine_backend(f->engine), backend_name(f));
    CHECK(list->count == 1);
    CHECK(list->items[1] == NULL);
    SAME(list->items[0]->address, f->address);
    SAME(list->items[0]->backend, gantry_engine_backend(f->engine));
    CHECK(list->items[0]->detail[0] != '\0');
    CHECK(list->items[0]->source[0] != '\0');
    CHECK(list->items[0]->code == 0);
    CHECK(list->items[0]->chosen == 1);
}

static void ping_answers(struct contract *f)
{
    OK(gantry_engine_ping(f->engine, NULL, &f->err));
}

static void version_is_told(struct contract *f)
{
    gantry_version_info *info = NULL;

    OK(gantry_engine_version(f->engine, NULL, &info, &f->err));
    SAME(info->backend, gantry_engine_backend(f->engine));
    CHECK(info->version[0] != '\0');
    CHECK(info->api_version[0] != '\0');
    CHECK(info->used_api_version[0] != '\0');
    SAME(info->os, "linux");
    CHECK(info->json[0] == '{');
    if (contract_has_processes(f)) {
        CHECK(info->arch[0] != '\0');
        CHECK(info->kernel[0] != '\0');
    }
    gantry_version_info_free(info);
}

static void info_is_told(struct contract *f)
{
    const char *name = contract_create(f, "true");
    gantry_info *info = NULL;

    (void)name;
    OK(gantry_engine_info(f->engine, NULL, &info, &f->err));
    SAME(info->backend, gantry_engine_backend(f->engine));
    CHECK(info->version[0] != '\0');
    SAME(info->os, "linux");
    CHECK(info->storage_driver[0] != '\0');
    CHECK(info->containers >= 1);
    CHECK(info->images >= 1);
    CHECK(info->containers_running >= 0);
    if ((f->on & ON_OTHER) != 0)
        CHECK(info->rootless == 0 || info->rootless == 1);
    else
        CHECK(info->rootless == (f->on == ON_ROOTLESS));
    CHECK(info->json[0] == '{');
    if (contract_has_processes(f)) {
        CHECK(info->arch[0] != '\0' && strcmp(info->arch, "x86_64") != 0);
        CHECK(info->cpus > 0);
        CHECK(info->memory_bytes > 0);
        CHECK(info->root_directory[0] == '/');
    }
    gantry_info_free(info);
}

static void features_have_names(struct contract *f)
{
    for (int i = 1; i < GANTRY_FEATURE_COUNT; i++)
        CHECK(gantry_feature_name(i) != NULL);
    SAME(gantry_feature_name(GANTRY_FEATURE_IMAGES_BUILD), "images.build");
    CHECK(gantry_feature_name(0) == NULL);
    CHECK(gantry_feature_name(GANTRY_FEATURE_COUNT) == NULL);
    CHECK(gantry_engine_supports(f->engine, 0) == 0);
    CHECK(gantry_engine_supports(f->engine, GANTRY_FEATURE_COUNT) == 0);
    CHECK(gantry_engine_supports(f->engine, -5) == 0);
}

static int is_of_a_version(int feature)
{
    return feature >= GANTRY_FEATURE_KUBE_QUADLETS && feature <= GANTRY_FEATURE_KUBE_QUADLET_REMOVE;
}

/* Or the suite would silently leave out what an engine forgets to claim. */
static void features_are_as_told(struct contract *f, const int *missing)
{
    for (int i = 1; missing != NULL && i < GANTRY_FEATURE_COUNT; i++) {
        const int *m = missing;

        while (*m != 0 && *m != i)
            m++;
        if (gantry_engine_supports(f->engine, i) != (*m == 0))
            fail_msg("%s: supported is %d", gantry_feature_name(i), *m != 0);
    }
}

static void features_are_all_there(struct contract *f)
{
    static const struct {
        int feature;
        int where;
    } missing[] = {
        { GANTRY_FEATURE_ENGINE_REQUEST, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_LOGS, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_ATTACH, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_WAIT, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_EXEC, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_RUN, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_COMMIT, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_EXPORT, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_PULL, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_PUSH, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_SAVE, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_LOAD, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_UNTAG, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_HISTORY, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_PRUNE, ON_MEMORY },
        { GANTRY_FEATURE_IMAGES_DISK_USAGE, ON_MEMORY },
        { GANTRY_FEATURE_REGISTRIES_LOGIN, ON_MEMORY },
        { GANTRY_FEATURE_REGISTRIES_SEARCH, ON_MEMORY },
        { GANTRY_FEATURE_REGISTRIES_INSPECT, ON_MEMORY },
        { GANTRY_FEATURE_MANIFESTS_INSPECT, ON_MEMORY },
        { GANTRY_FEATURE_MANIFESTS_CREATE, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_MANIFESTS_EXISTS, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_MANIFESTS_ADD, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_MANIFESTS_ANNOTATE, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_MANIFESTS_REMOVE_IMAGE, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_MANIFESTS_PUSH, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_MANIFESTS_REMOVE, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_IMAGES_BUILD_SECRETS, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_IMAGES_BUILD_BUILDKIT, ON_MEMORY | ON_PODMAN | ON_ROOTLESS },
        { GANTRY_FEATURE_IMAGES_BUILD_PLATFORMS, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_CONTAINERS_PAUSE, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_UNPAUSE, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_RENAME, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_UPDATE, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_TOP, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_CHANGES, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_CHECKPOINT, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_RESTORE, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_RESIZE, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_EXEC_INSPECT, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_STATS, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_INIT, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_CONTAINERS_MOUNT, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_CONTAINERS_UNMOUNT, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_CONTAINERS_CHECK_HEALTH, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_CONTAINERS_COPY_IN, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_COPY_OUT, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_COPY_OUT_OWNERS, ON_MEMORY | ON_PODMAN | ON_ROOTLESS },
        { GANTRY_FEATURE_CONTAINERS_STAT, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_READ_FILE, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_WRITE_FILE, ON_MEMORY },
        { GANTRY_FEATURE_CONTAINERS_ADD_USER, ON_MEMORY },
        { GANTRY_FEATURE_VOLUMES_EXPORT, ON_MEMORY },
        { GANTRY_FEATURE_VOLUMES_IMPORT, ON_MEMORY },
        { GANTRY_FEATURE_SYSTEM_DISK_USAGE, ON_MEMORY },
        { GANTRY_FEATURE_SYSTEM_EVENTS, ON_MEMORY },
        { GANTRY_FEATURE_SYSTEM_PRUNE_BUILD_CACHE, ON_MEMORY | ON_PODMAN | ON_ROOTLESS },
    };
    static const struct {
        int first;
        int last;
        int where;
    } missing_managers[] = {
        { GANTRY_FEATURE_PODS_CREATE, GANTRY_FEATURE_PODS_LOGS, ON_MEMORY },
        { GANTRY_FEATURE_SECRETS_CREATE, GANTRY_FEATURE_SECRETS_REMOVE, ON_MEMORY | ON_DOCKER },
        { GANTRY_FEATURE_KUBE_PLAY, GANTRY_FEATURE_KUBE_QUADLET_REMOVE, ON_MEMORY | ON_DOCKER },
    };

    if ((f->on & ON_OTHER) != 0) {
        features_are_as_told(f, f->given->missing_features);
        return;
    }
    for (int i = 1; i < GANTRY_FEATURE_COUNT; i++) {
        int expected = 1;

        for (size_t k = 0; k < sizeof missing / sizeof missing[0]; k++) {
            if ((f->on & missing[k].where) != 0 && missing[k].feature == i)
                expected = 0;
        }
        for (size_t k = 0; k < sizeof missing_managers / sizeof missing_managers[0]; k++) {
            if ((f->on & missing_managers[k].where) != 0 && i >= missing_managers[k].first &&
                i <= missing_managers[k].last)
                expected = 0;
        }
        if (expected && is_of_a_version(i))
            continue; /* see the groups of what has versions */
        if (gantry_engine_supports(f->engine, i) != expected)
            fail_msg("%s: supported is %d", gantry_feature_name(i), !expected);
    }
}

static void missing_slots_are_unsupported(struct contract *f)
{
    const char *name = contract_create(f, "true");
    const char *const path[] = { "info", NULL };
    gantry_request request = { .size = sizeof request, .path = path };
    gantry_response *response = NULL;
    gantry_stream *stream = NULL;
    gantry_output *output = NULL;
    gantry_wait *wait = NULL;

    FAILS(gantry_engine_request(f->engine, &request, &response, &f->err), GANTRY_E_UNSUPPORTED);
    SAME(f->err.operation, "engine.request");
    FAILS(gantry_containers_logs_open(f->containers, name, NULL, &stream, &f->err),
          GANTRY_E_UNSUPPORTED);
    SAME(f->err.operation, "containers.logs");
    FAILS(gantry_containers_logs(f->containers, name, NULL, &output, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_containers_attach_open(f->containers, name, NULL, &stream, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_containers_wait(f->containers, name, NULL, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    FAILS(gantry_containers_wait_open(f->containers, name, NULL, &wait, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_containers_exec(f->containers, name, COMMAND("true"), NULL, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_containers_run(f->containers, f->base, NULL, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    SAME(f->err.operation, "containers.run");
    CHECK(response == NULL && stream == NULL && output == NULL && wait == NULL);
}

/* ---- any endpoint ---------------------------------------------------------------------------- */

static void request_reaches_any_endpoint(struct contract *f)
{
    const char *name = contract_create(f, "true");
    const char *const path[] = { "containers", name, "json", NULL };
    gantry_request request = { .size = sizeof request, .path = path };
    gantry_response *response = NULL;
    gantry_output *output = NULL;

    OK(gantry_engine_request(f->engine, &request, &response, &f->err));
    CHECK(response->status == 200);
    CONTAINS(response->content_type, "json");
    OK(gantry_stream_capture(response->body, 0, &output, &f->err));
    CHECK(output->stdout_data[0] == '{');
    CONTAINS(output->stdout_data, name);
    gantry_output_free(output);
    gantry_response_free(response);
}

static void request_encodes_its_query(struct contract *f)
{
    const char *name = contract_create(f, "true");
    const char *const path[] = { "containers", "json", NULL };
    char filter[200];
    gantry_pair query[] = { { "all", "true" }, { "filters", filter } };
    gantry_request request = {
        .size = sizeof request, .method = "GET", .path = path, .query = query, .query_count = 2
    };
    gantry_response *response = NULL;
    gantry_output *output = NULL;

    snprintf(filter, sizeof filter, "{\"name\":[\"%s\"]}", name);
    OK(gantry_engine_request(f->engine, &request, &response, &f->err));
    OK(gantry_stream_capture(response->body, 0, &output, &f->err));
    CONTAINS(output->stdout_data, name);
    gantry_output_free(output);
    gantry_response_free(response);
}

static void request_errors_are_typed(struct contract *f)
{
    const char *const missing[] = { "containers", contract_name(f, "none"), "json", NULL };
    const char *const above[] = { "containers", "..", "json", NULL };
    const char *const empty[] = { "containers", "", NULL };
    gantry_request request = { .size = sizeof request, .path = missing };
    gantry_response *response = NULL;

    FAILS(gantry_engine_request(f->engine, &request, &response, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.http_status == 404);
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    request.path = above;
    FAILS(gantry_engine_request(f->engine, &request, &response, &f->err), GANTRY_E_INVALID);
    request.path = empty;
    FAILS(gantry_engine_request(f->engine, &request, &response, &f->err), GANTRY_E_INVALID);
    CHECK(response == NULL);
}

/* Makes a volume by the engine's own path, with a body from memory. */
static void request_sends_a_body(struct contract *f)
{
    const char *const path[] = { "volumes", "create", NULL };
    const char *name = contract_name(f, "raw");
    char text[160];
    gantry_memory memory = { .size = sizeof memory, .data = text };
    gantry_source body = { .size = sizeof body };
    gantry_request request = {
        .size = sizeof request, .method = "POST", .path = path, .body = &body
    };
    gantry_response *response = NULL;
    gantry_volume *volume = NULL;

    memory.length = (size_t)snprintf(text, sizeof text, "{\"Name\":\"%s\"}", name);
    gantry_source_memory(&body, &memory);
    OK(gantry_engine_request(f->engine, &request, &response, &f->err));
    CHECK(response->status == 201);
    gantry_response_free(response);
    OK(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err));
    SAME(volume->name, name);
    gantry_volume_free(volume);
}

/* ---- control of calls ------------------------------------------------------------------------ */

static void triggered_token_cancels(struct contract *f)
{
    gantry_call call = { .size = sizeof call };
    gantry_query_options opts = { .size = sizeof opts, .call = &call };

    OK(gantry_cancel_new(&call.cancel, &f->err));
    OK(gantry_engine_ping(f->engine, &opts, &f->err));
    CHECK(!gantry_cancel_triggered(call.cancel));
    gantry_cancel_trigger(call.cancel);
    CHECK(gantry_cancel_triggered(call.cancel));
    FAILS(gantry_engine_ping(f->engine, &opts, &f->err), GANTRY_E_CANCELLED);
    if ((f->on & ON_ENGINES) != 0)
        CHECK(f->err.resource_kind == GANTRY_RESOURCE_ENGINE);
    gantry_cancel_reset(call.cancel);
    OK(gantry_engine_ping(f->engine, &opts, &f->err));
    gantry_cancel_free(call.cancel);
}

static void passed_deadline_times_out(struct contract *f)
{
    gantry_call call = { .size = sizeof call, .deadline_ns = gantry_clock_ns() - 1 };
    gantry_query_options opts = { .size = sizeof opts, .call = &call };

    FAILS(gantry_engine_ping(f->engine, &opts, &f->err), GANTRY_E_TIMEOUT);
    call.deadline_ns = gantry_clock_ns() + (int64_t)60 * 1000000000;
    OK(gantry_engine_ping(f->engine, &opts, &f->err));
}

static void tag_appears_in_the_log(struct contract *f)
{
    gantry_call call = { .size = sizeof call, .tag = "contract-tag" };
    gantry_query_options opts = { .size = sizeof opts, .call = &call };

    f->last_tagged[0] = '\0';
    OK(gantry_engine_ping(f->engine, &opts, &f->err));
    CONTAINS(f->last_tagged, "_ping");
}

/* ---- opening others -------------------------------------------------------------------------- */

static void nothing_there_is_unavailable(struct contract *f)
{
    static const char *const addresses[] = { "unix:///nonexistent/engine.sock",
                                             "tcp://127.0.0.1:1" };

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        gantry_engine_options opts = { .size = sizeof opts,
                                       .address = addresses[i],
                                       .on_demand = GANTRY_OFF };
        gantry_engine *engine = NULL;

        FAILS(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &f->err),
              GANTRY_E_UNAVAILABLE);
        CONTAINS(f->err.message, addresses[i]);
        CONTAINS(f->err.output, addresses[i]);
        CHECK(engine == NULL);
    }
}

static void other_runtime_is_not_taken(struct contract *f)
{
    int other = f->on == ON_DOCKER ? GANTRY_RUNTIME_PODMAN : GANTRY_RUNTIME_DOCKER;
    gantry_engine_options opts = contract_engine_options(f);
    gantry_engine *engine = NULL;

    FAILS(gantry_engine_open(other, &opts, &engine, &f->err), GANTRY_E_UNAVAILABLE);
    CHECK(engine == NULL);
}

static void variables_name_the_engine(struct contract *f)
{
    static const char *const names[] = { "DOCKER_HOST", "CONTAINER_HOST" };

    for (size_t i = 0; i < 2; i++) {
        char variable[300];
        const char *const environment[] = { variable, NULL };
        gantry_engine_options opts = { .size = sizeof opts,
                                       .environment = environment,
                                       .on_demand = GANTRY_OFF,
                                       .tls = contract_engine_options(f).tls };
        const gantry_candidate_list *list;
        gantry_engine *engine = NULL;

        snprintf(variable, sizeof variable, "%s=%s", names[i], f->address);
        OK(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &f->err));
        SAME(gantry_engine_address(engine), f->address);
        list = gantry_engine_candidates(engine);
        CHECK(list->count == 1);
        SAME(list->items[0]->source, names[i]);
        gantry_engine_close(engine);
    }
}

static void detect_reports_without_opening(struct contract *f)
{
    gantry_engine_options opts = contract_engine_options(f);
    gantry_candidate_list *list = NULL;

    OK(gantry_detect(GANTRY_RUNTIME_AUTO, &opts, &list, &f->err));
    CHECK(list->count == 1);
    CHECK(list->items[0]->code == 0);
    SAME(list->items[0]->backend, gantry_engine_backend(f->engine));
    gantry_candidate_list_free(list);
    opts.address = "unix:///nonexistent/engine.sock";
    opts.tls = NULL;
    OK(gantry_detect(GANTRY_RUNTIME_AUTO, &opts, &list, &f->err));
    CHECK(list->count == 1);
    CHECK(list->items[0]->code == GANTRY_E_UNAVAILABLE);
    CHECK(list->items[0]->chosen == 0);
    gantry_candidate_list_free(list);
}

static void two_engine_objects_agree(struct contract *f)
{
    const char *name = contract_name(f, "shared");
    gantry_engine *other = contract_open_again(f);
    gantry_volume *volume = NULL;

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    OK(gantry_volumes_inspect(gantry_engine_volumes(other), name, NULL, &volume, &f->err));
    gantry_engine_close(other);
    SAME(volume->name, name); /* a result outlives its engine */
    gantry_volume_free(volume);
}

const struct contract_test engine_tests[] = {
    TEST(opening_says_who_answers),
    TEST(ping_answers),
    TEST(version_is_told),
    TEST(info_is_told),
    TEST(features_have_names),
    TEST(features_are_all_there),
    TEST_WITH(missing_slots_are_unsupported, .on = ON_MEMORY),
    TEST_WITH(request_reaches_any_endpoint, NEEDS(GANTRY_FEATURE_ENGINE_REQUEST), .on = ON_KNOWN),
    TEST_WITH(request_encodes_its_query, NEEDS(GANTRY_FEATURE_ENGINE_REQUEST), .on = ON_KNOWN),
    TEST_WITH(request_errors_are_typed, NEEDS(GANTRY_FEATURE_ENGINE_REQUEST), .on = ON_KNOWN),
    TEST_WITH(request_sends_a_body, NEEDS(GANTRY_FEATURE_ENGINE_REQUEST), .on = ON_KNOWN),
    TEST(triggered_token_cancels),
    TEST(passed_deadline_times_out),
    TEST_WITH(tag_appears_in_the_log, NEEDS(GANTRY_FEATURE_ENGINE_REQUEST), .on = ON_KNOWN),
    TEST(nothing_there_is_unavailable),
    TEST_WITH(other_runtime_is_not_taken, .on = ON_KNOWN),
    TEST_WITH(variables_name_the_engine, .on = ON_KNOWN),
    TEST(detect_reports_without_opening),
    TEST_WITH(two_engine_objects_agree, .on = ON_ENGINES),
    { 0 },
};
