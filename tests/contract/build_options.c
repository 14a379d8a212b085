/*
 * Contract of build options: each has an effect that is seen in the image or in what a RUN prints,
 * or is UNSUPPORTED by name.
 */
#include "contract.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the steps of a build print. */
struct printed {
    char text[16384];
    size_t size;
};

static int collect(void *arg, const gantry_progress_record *record)
{
    struct printed *printed = arg;

    if (record->kind == GANTRY_PROGRESS_LOG &&
        printed->size + record->text_size < sizeof printed->text) {
        memcpy(printed->text + printed->size, record->text, record->text_size + 1);
        printed->size += record->text_size;
    }
    return 0;
}

/* FROM base, then `rest`, built without the cache; what it printed, until the next call. */
static const char *build_prints(struct contract *f, const char *rest, gantry_build_options *opts)
{
    static struct printed printed;
    char text[4096];
    gantry_build_result *result = NULL;
    int rc;

    snprintf(text, sizeof text, "FROM %s\n%s", f->base, rest);
    opts->dockerfile = text;
    opts->no_cache = GANTRY_ON;
    opts->progress = collect;
    opts->progress_arg = &printed;
    do {
        memset(&printed, 0, sizeof printed);
        rc = gantry_images_build(f->images, NULL, opts, &result, &f->err);
    } while (contract_engine_killed(f, rc));
    OK(rc);
    contract_track_image(f, result->image_id);
    gantry_build_result_free(result);
    return printed.text;
}

static void refused(struct contract *f, const gantry_build_options *opts, const char *option)
{
    gantry_build_options with = *opts;

    with.dockerfile = with.context_url == NULL ? "FROM scratch\nLABEL a=1\n" : NULL;
    FAILS(gantry_images_build(f->images, NULL, &with, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, option);
    CHECK(f->err.outcome == GANTRY_OUTCOME_NOT_SENT);
}

static int is_docker(const struct contract *f)
{
    return (f->on & ON_DOCKER) != 0;
}

static int is_podman(const struct contract *f)
{
    return (f->on & (ON_PODMAN | ON_ROOTLESS)) != 0;
}

/* ---- what has no meaning anywhere ------------------------------------------------------------ */

static void nonsense_is_invalid(struct contract *f)
{
    static const gantry_ulimit unknown = { .size = sizeof unknown, .name = "frogs" };
    static const gantry_ulimit above = {
        .size = sizeof above, .name = "nofile", .soft = 20, .hard = 10
    };
    static const gantry_build_secret both = {
        .size = sizeof both, .id = "x", .data = "y", .data_size = 1, .path = "/z"
    };
    static const gantry_build_secret comma = { .size = sizeof comma, .id = "x,y", .data = "y" };
    static const gantry_build_source two = {
        .size = sizeof two, .name = "x", .image = "y", .url = "http://z"
    };
    static const gantry_auth nowhere = { .size = sizeof nowhere, .username = "u" };
    static const char *const list[] = { "linux/arm64", "linux/amd64", NULL };
    const struct {
        gantry_build_options opts;
        const char *says;
    } cases[] = {
        { { .platform = "linux/arm64", .platforms = list, .manifest = "m" }, "platforms" },
        { { .platforms = list }, "manifest" },
        { { .platform = "linux/arm64,linux/amd64" }, "platform" },
        { { .extra_hosts = COMMAND("nocolon") }, "extra_hosts" },
        { { .memory_bytes = -1 }, "memory_bytes" },
        { { .memory_swap_bytes = 1 << 30 }, "memory_swap_bytes" },
        { { .memory_bytes = 1 << 30, .memory_swap_bytes = 1 << 29 }, "memory_swap_bytes" },
        { { .cpu_quota_us = -5 }, "cpu_quota_us" },
        { { .cpuset_cpus = "all" }, "cpuset_cpus" },
        { { .ulimits = (const gantry_ulimit *const[]){ &unknown, NULL } }, "frogs" },
        { { .ulimits = (const gantry_ulimit *const[]){ &above, NULL } }, "nofile" },
        { { .secrets = (const gantry_build_secret *const[]){ &both, NULL } }, "secrets" },
        { { .secrets = (const gantry_build_secret *const[]){ &comma, NULL } }, "secrets" },
        { { .sources = (const gantry_build_source *const[]){ &two, NULL } }, "sources" },
        { { .auths = (const gantry_auth *const[]){ &nowhere, NULL } }, "auths" },
        { { .pull = 17 }, "pull" },
        { { .builder = 17 }, "builder" },
        { { .format = 17 }, "format" },
        { { .squash = 17 }, "squash" },
        { { .context_url = "http://x/y.tar" }, "dockerfile" },
        { { .manifest = "no good" }, "manifest" },
    };
    int lines = atomic_load(&f->log_lines);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gantry_build_options opts = cases[i].opts;

        opts.size = sizeof opts;
        opts.dockerfile = "FROM scratch\nLABEL a=1\n";
        FAILS(gantry_images_build(f->images, NULL, &opts, NULL, &f->err), GANTRY_E_INVALID);
        CONTAINS(f->err.message, cases[i].says);
    }
    FAILS(gantry_images_build(f->images, NULL,
                              &(gantry_build_options){ .size = sizeof(gantry_build_options),
                                                       .context_url = "/etc" },
                              NULL, &f->err),
          GANTRY_E_INVALID);
    CHECK(atomic_load(&f->log_lines) == lines); /* nothing was sent */
}

/* Every option that an engine has not, by name. */
static void what_an_engine_has_not_is_named(struct contract *f)
{
    static const char *const list[] = { "x", "y", NULL };
    static const char *const platforms[] = { "linux/arm64", "linux/amd64", NULL };
    static const gantry_pair pair = { "a", "b" };
    static const gantry_build_secret secret = { .size = sizeof secret, .id = "x", .data = "y" };
    static const gantry_build_source source = { .size = sizeof source, .name = "x", .image = "y" };
    static const gantry_build_source directory = { .size = sizeof directory,
                                                   .name = "x",
                                                   .directory = "/tmp" };
    const gantry_build_secret *const secrets[] = { &secret, NULL };
    const gantry_build_source *const sources[] = { &source, NULL };
    const gantry_build_source *const directories[] = { &directory, NULL };
    const struct {
        gantry_build_options opts;
        const char *option;
        int on;
    } cases[] = {
        { { .annotations = &pair, .annotation_count = 1 }, "annotations", ON_DOCKER | ON_MEMORY },
        { { .platforms = platforms, .manifest = "m" }, "platforms", ON_DOCKER | ON_MEMORY },
        { { .manifest = "m" }, "manifest", ON_DOCKER | ON_MEMORY },
        { { .cache_to = list }, "cache_to", ON_DOCKER | ON_MEMORY },
        { { .secrets = secrets }, "secrets", ON_DOCKER | ON_MEMORY },
        { { .sources = sources }, "sources", ON_DOCKER | ON_MEMORY },
        { { .sources = directories }, "sources", ON_ALL },
        { { .format = GANTRY_FORMAT_OCI }, "format", ON_DOCKER | ON_MEMORY },
        { { .tls_verify = GANTRY_OFF }, "tls_verify", ON_DOCKER | ON_MEMORY },
        { { .pull = GANTRY_PULL_NEVER }, "pull", ON_DOCKER },
        { { .pull = GANTRY_PULL_NEWER }, "pull", ON_DOCKER | ON_MEMORY },
        { { .builder = GANTRY_BUILDER_CLASSIC }, "builder", ON_PODMAN | ON_ROOTLESS | ON_MEMORY },
        { { .builder = GANTRY_BUILDER_BUILDKIT }, "builder", ON_PODMAN | ON_ROOTLESS | ON_MEMORY },
        { { .network = "backend" }, "network", ON_PODMAN | ON_ROOTLESS | ON_MEMORY },
        { { .context_url = "http://127.0.0.1:1/x.tar", .dockerfile_name = "y" },
          "dockerfile_name",
          ON_PODMAN | ON_ROOTLESS },
        { { .context_url = "http://127.0.0.1:1/x.tar", .secrets = secrets },
          "secrets",
          ON_PODMAN | ON_ROOTLESS },
        { { .shm_size_bytes = 1 }, "shm_size_bytes", ON_MEMORY },
        { { .extra_hosts = COMMAND("a:1.1.1.1") }, "extra_hosts", ON_MEMORY },
        { { .squash = GANTRY_ON }, "squash", ON_MEMORY },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gantry_build_options opts = cases[i].opts;

        opts.size = sizeof opts;
        if ((cases[i].on & f->on) != 0)
            refused(f, &opts, cases[i].option);
    }
}

/* ---- RUN ------------------------------------------------------------------------------------- */

#define NETWORKS "RUN cut -d: -f1 /proc/net/dev | tr -d ' ' | tail -n +3 | sort | tr '\\n' ' '\n"

static void networks_of_run(struct contract *f)
{
    gantry_build_options opts = { .size = sizeof opts, .network = "none" };
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "host"),
                                           .network = "host" };
    gantry_run_options run_opts = { .size = sizeof run_opts,
                                    .container = &container,
                                    .command = SHELL("readlink /proc/self/ns/net | tr -d '\\n'"),
                                    .remove = GANTRY_ON };
    gantry_run_result *run = NULL;
    const char *printed = build_prints(f, NETWORKS, &opts);

    SAME(printed, "lo ");
    opts.network = NULL;
    printed = build_prints(f, NETWORKS, &opts);
    /* "eth0", "tap0", or what pasta calls it: after an interface of its host. */
    CHECK(strstr(printed, "lo ") != NULL && strlen(printed) > 3);
    opts.network = "host";
    /* By its namespace: what interfaces it has changes with everybody's containers. */
    printed = build_prints(f, "RUN readlink /proc/self/ns/net | tr -d '\\n'\n", &opts);
    OK(contract_run(f, f->base, &run_opts, &run, &f->err));
    SAME(printed, run->stdout_data);
    gantry_run_result_free(run);
}

static void limits_of_run(struct contract *f)
{
    static const gantry_ulimit files = {
        .size = sizeof files, .name = "nofile", .soft = 333, .hard = 444
    };
    const gantry_ulimit *const ulimits[] = { &files, NULL };
    gantry_build_options opts = { .size = sizeof opts,
                                  .shm_size_bytes = 1 << 20,
                                  .ulimits = ulimits,
                                  .extra_hosts =
                                      COMMAND("one.test:10.1.2.3", "two.test:10.1.2.4") };
    const char *printed =
        build_prints(f,
                     "RUN echo soft=$(ulimit -Sn) hard=$(ulimit -Hn); "
                     "df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2; cat /etc/hosts\n",
                     &opts);

    CONTAINS(printed, "soft=333 hard=444\n");
    CONTAINS(printed, "1024\n");
    CONTAINS(printed, "10.1.2.3\tone.test");
    CONTAINS(printed, "10.1.2.4\ttwo.test");
}

#define CGROUP(v1, v2) "cat /sys/fs/cgroup/" v1 " 2>/dev/null || cat /sys/fs/cgroup/" v2 "; "

static void resources_of_run(struct contract *f)
{
    gantry_build_options opts = { .size = sizeof opts,
                                  .memory_bytes = 100 << 20,
                                  .memory_swap_bytes = -1,
                                  .cpu_shares = 512,
                                  .cpu_period_us = 50000,
                                  .cpu_quota_us = 25000,
                                  .cpuset_cpus = "0",
                                  .cpuset_mems = "0" };
    const char *printed;
    char text[256];

    if (contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) &&
        access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0) {
        snprintf(text, sizeof text, "FROM %s\nRUN true\n", f->base);
        opts.dockerfile = text;
        opts.no_cache = GANTRY_ON;
        FAILS(contract_build(f, NULL, &opts, NULL), GANTRY_E_BUILD);
        CONTAINS(f->err.output, "cgroup");
        return;
    }
    printed = build_prints(
        f,
        "RUN echo; " CGROUP("memory/memory.limit_in_bytes", "memory.max")
            CGROUP("cpu/cpu.cfs_quota_us", "cpu.max")
                CGROUP("cpu/cpu.shares", "cpu.weight") "grep Cpus_allowed_list /proc/self/status\n",
        &opts);
    CONTAINS(printed, "104857600\n");
    CONTAINS(printed, "25000");
    CHECK(strstr(printed, "\n512\n") != NULL || strstr(printed, "\n20\n") != NULL);
    CONTAINS(printed, "Cpus_allowed_list:\t0\n");
}

static void arguments_without_value_are_the_engines(struct contract *f)
{
    const gantry_pair args[] = { { "GIVEN", "with = signs" }, { "NONE", NULL } };
    gantry_build_options opts = { .size = sizeof opts, .build_args = args, .build_arg_count = 2 };
    const char *printed = build_prints(
        f, "ARG GIVEN=default\nARG NONE=default\nRUN echo \"[$GIVEN][$NONE]\"\n", &opts);

    SAME(printed, "[with = signs][default]\n");
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void secrets_are_seen_by_run_alone(struct contract *f)
{
    char path[] = "/tmp/contract-secret-XXXXXX";
    int fd = mkstemp(path);
    const gantry_build_secret data = {
        .size = sizeof data, .id = "one", .data = "in memory\n", .data_size = 10
    };
    const gantry_build_secret file = { .size = sizeof file, .id = "two", .path = path };
    const gantry_build_secret *const secrets[] = { &data, &file, NULL };
    gantry_build_options opts = { .size = sizeof opts, .secrets = secrets };
    gantry_archive *context = NULL;
    const char *printed;

    CHECK(fd >= 0 && write(fd, "in a file\n", 10) == 10);
    close(fd);
    OK(gantry_archive_new(NULL, &context, &f->err));
    OK(gantry_archive_add_data(context, "note", "x", 1, NULL, &f->err));
    opts.context = context;
    if (is_podman(f)) {
        printed =
            build_prints(f,
                         "COPY . /all\n"
                         "RUN --mount=type=secret,id=one --mount=type=secret,id=two "
                         "cat /run/secrets/one /run/secrets/two; ls -A /all\n"
                         "RUN find / -xdev -name '*gantry-secret*'; grep -r 'in [m]emory' /all "
                         "/run /tmp /etc; echo end\n",
                         &opts);
        SAME(printed, "in memory\nin a file\nDockerfile\nnote\nend\n");
    } else {
        refused(f, &opts, "secrets");
    }
    unlink(path);
    if (is_podman(f)) {
        opts.dockerfile = "FROM scratch\nLABEL a=1\n";
        FAILS(gantry_images_build(f->images, NULL, &opts, NULL, &f->err), GANTRY_E_IO);
        CONTAINS(f->err.message, path);
    }
    gantry_archive_free(context);
}

/* ---- the image ------------------------------------------------------------------------------- */

static void annotations_need_the_oci_format(struct contract *f)
{
    const char *name = contract_name(f, "oci");
    const gantry_pair pair = { "org.example.note", "a = b" };
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nLABEL a=1\n",
                                  .annotations = &pair,
                                  .annotation_count = 1 };
    gantry_image *image = NULL;

    FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "annotations");
    opts.format = GANTRY_FORMAT_OCI;
    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    CONTAINS(image->json, "\"org.example.note\":\"a = b\"");
    CONTAINS(image->json, "application/vnd.oci.image.manifest.v1+json");
    gantry_image_free(image);
}

/* The format that is made by default keeps what only Docker's format has. */
static void health_checks_are_kept(struct contract *f)
{
    const char *name = contract_name(f, "health");
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nHEALTHCHECK CMD [\"/probe\"]\n" };
    gantry_image *image = NULL;

    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    CONTAINS(image->json, "/probe");
    CONTAINS(image->json, "\"Test\"");
    gantry_image_free(image);
}

static void has_architecture(struct contract *f, const char *name, const char *architecture)
{
    gantry_image *image = NULL;

    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(image->architecture, architecture);
    gantry_image_free(image);
}

/* The cache must not give the image of another platform. */
static void platform_is_that_of_the_image(struct contract *f)
{
    const char *other = contract_name(f, "s390x");
    const char *arm = contract_name(f, "arm64");
    char text[256];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };

    snprintf(text, sizeof text, "FROM scratch\nCOPY Dockerfile /\nLABEL test=%s\n", other);
    opts.platform = "linux/s390x";
    OK(contract_build(f, other, &opts, NULL));
    has_architecture(f, other, "s390x");
    opts.platform = NULL;
    opts.platforms = COMMAND("linux/arm64"); /* one of several is one */
    OK(contract_build(f, arm, &opts, NULL));
    has_architecture(f, arm, "arm64");
}

static void platforms_make_a_list(struct contract *f)
{
    const char *name = contract_name(f, "list");
    gantry_manifests *manifests = gantry_engine_manifests(f->engine);
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nCOPY Dockerfile /\n",
                                  .platforms = COMMAND("linux/arm64", "linux/amd64"),
                                  .manifest = name };
    gantry_build_result *result = NULL;
    gantry_manifest *list = NULL;
    int seen = 0;

    OK(contract_build(f, NULL, &opts, &result));
    contract_track_image(f, result->image_id);
    CHECK(result->step_count == 4); /* two of each */
    gantry_build_result_free(result);
    OK(gantry_manifests_inspect(manifests, name, NULL, &list, &f->err));
    CHECK(list->count == 2);
    for (size_t i = 0; i < list->count; i++)
        seen |= strcmp(list->items[i]->architecture, "arm64") == 0   ? 1
                : strcmp(list->items[i]->architecture, "amd64") == 0 ? 2
                                                                     : 4;
    CHECK(seen == 3);
    gantry_manifest_free(list);
    OK(gantry_manifests_remove(manifests, name, NULL, &f->err));
}

static int count_in(const char *text, const char *part)
{
    int count = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* How many layers an image has. */
static int layers(struct contract *f, const char *name)
{
    gantry_image *image = NULL;
    const char *list;
    char text[4096];
    int count;

    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    list = strstr(image->json, "\"Layers\"");
    CHECK(list != NULL);
    snprintf(text, sizeof text, "%.*s", (int)strcspn(list, "]"), list);
    count = count_in(text, "sha256:");
    gantry_image_free(image);
    return count;
}

static void squash_makes_one_layer(struct contract *f)
{
    const char *name = contract_name(f, "squashed");
    char text[512];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text, .squash = GANTRY_ON };

    snprintf(text, sizeof text, "FROM %s\nRUN echo 1 > /1\nRUN echo 2 > /2\n", f->base);
    if (contract_differs(f, DIFF_SQUASH_NEEDS_EXPERIMENTAL)) {
        FAILS(gantry_images_build(f->images, name, &opts, NULL, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "squash");
        return;
    }
    OK(contract_build(f, name, &opts, NULL));
    CHECK(layers(f, name) == layers(f, f->base) + 1);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void steps_end_and_take_time(struct contract *f)
{
    const char *name = contract_name(f, "steps");
    char text[512];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };
    gantry_build_result *result = NULL;

    snprintf(text, sizeof text, "FROM %s\nRUN echo %s; sleep 1\nLABEL x=1\n", f->base, name);
    opts.builder = is_docker(f) ? GANTRY_BUILDER_CLASSIC : GANTRY_BUILDER_AUTO;
    OK(contract_build(f, name, &opts, &result));
    CHECK(result->builder == opts.builder);
    CHECK(result->step_count == 3 && result->step_total == 3);
    for (int i = 0; i < 3; i++) {
        CHECK(result->steps[i]->step == i + 1);
        CHECK(result->steps[i]->cached == 0);
        CHECK(result->steps[i]->duration_ms >= (i == 1 ? 1000 : 0));
        CHECK(result->steps[i]->duration_ms <= result->duration_ms);
    }
    CHECK(result->steps[3] == NULL);
    CHECK(strncmp(result->steps[1]->text, "RUN echo ", 9) == 0);
    SAME(result->steps[2]->text, "LABEL x=1");
    gantry_build_result_free(result);
    OK(contract_build(f, name, &opts, &result));
    CHECK(result->step_count == 3);
    CHECK(result->steps[1]->cached == 1 && result->steps[2]->cached == 1);
    CHECK(result->steps[1]->duration_ms < 1000);
    gantry_build_result_free(result);
}

/* A step that fails has no end. */
static int no_end(void *arg, const gantry_progress_record *record)
{
    int *ends = arg;

    *ends += record->kind == GANTRY_PROGRESS_STEP_END;
    return 0;
}

static void step_that_fails_does_not_end(struct contract *f)
{
    char text[512];
    int ends = 0;
    gantry_build_options opts = {
        .size = sizeof opts, .dockerfile = text, .progress = no_end, .progress_arg = &ends
    };

    snprintf(text, sizeof text, "FROM %s\nRUN exit 4\n", f->base);
    FAILS(contract_build(f, NULL, &opts, NULL), GANTRY_E_BUILD);
    CHECK(f->err.has_exit_code && f->err.exit_code == 4);
    CHECK(ends == 1);
}

/* ---- sources --------------------------------------------------------------------------------- */

static void images_are_sources(struct contract *f)
{
    const gantry_build_source source = { .size = sizeof source, .name = "other", .image = f->base };
    const gantry_build_source *const sources[] = { &source, NULL };
    gantry_build_options opts = { .size = sizeof opts, .sources = sources };
    const char *printed =
        build_prints(f, "COPY --from=other /bin/busybox /copied\nRUN ls /copied\n", &opts);

    SAME(printed, "/copied\n");
}

/* A server that has one Dockerfile, whatever it is asked for, until it is told to end. */
struct web {
    int listener;
    int end[2]; /* a pipe */
    pthread_t thread;
    char url[64];
};

static void answer(int client)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 33\r\nConnection: close\r\n\r\n"
                               "FROM scratch\nLABEL fetched=\"yes\"\n";
    char request[4096];

    if (read(client, request, sizeof request) > 0 &&
        write(client, text, strncmp(request, "HEAD", 4) == 0 ? sizeof text - 34 : sizeof text - 1) <
            0)
        print_error("the test's web server cannot write\n");
    close(client);
}

static void *serve(void *arg)
{
    struct web *web = arg;
    struct pollfd fds[2] = { { .fd = web->listener, .events = POLLIN },
                             { .fd = web->end[0], .events = POLLIN } };

    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        int client = accept(web->listener, NULL, NULL);

        if (client >= 0)
            answer(client);
    }
    return NULL;
}

static void web_start(struct web *web)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    web->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(web->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(web->listener, 16), 0);
    assert_int_equal(getsockname(web->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(pipe(web->end), 0);
    snprintf(web->url, sizeof web->url, "http://127.0.0.1:%d/Dockerfile", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&web->thread, NULL, serve, web), 0);
}

static void web_stop(struct web *web)
{
    close(web->end[1]);
    pthread_join(web->thread, NULL);
    close(web->end[0]);
    close(web->listener);
}

static void context_is_fetched_by_the_engine(struct contract *f)
{
    const char *name = contract_name(f, "fetched");
    struct web web;
    gantry_build_options opts = { .size = sizeof opts, .context_url = web.url };
    gantry_image *image = NULL;
    int rc;

    web_start(&web);
    rc = contract_build(f, name, &opts, NULL);
    web_stop(&web);
    OK(rc);
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(contract_pair(image->labels, image->label_count, "fetched"), "yes");
    gantry_image_free(image);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static int read_zeroes(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    int64_t *left = arg;
    size_t size = (int64_t)capacity < *left ? capacity : (size_t)*left;

    (void)err;
    memset(buffer, 0, size);
    *left -= (int64_t)size;
    *out_size = size;
    return 0;
}

/* The engine's words come through though the context is still being sent. */
static void early_refusals_are_heard(struct contract *f)
{
    const gantry_pair odd = { "cpuperiod", "odd" };
    int64_t left = is_docker(f) ? (int64_t)1 << 30 : 24 << 20; /* Podman reads it to its end */
    gantry_source source = {
        .size = sizeof source, .read = read_zeroes, .arg = &left, .length = left
    };
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = "FROM scratch\nCOPY big /\n",
                                  .extra_query = &odd,
                                  .extra_query_count = 1,
                                  .squash = is_docker(f) ? GANTRY_ON : 0 };
    gantry_archive *context = NULL;

    OK(gantry_archive_new(NULL, &context, &f->err));
    OK(gantry_archive_add_source(context, "big", &source, NULL, &f->err));
    opts.context = context;
    if (is_docker(f)) {
        FAILS(gantry_images_build(f->images, NULL, &opts, NULL, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "experimental");
        CHECK(left > (int64_t)1 << 29); /* it was not all sent */
    } else {
        FAILS(gantry_images_build(f->images, NULL, &opts, NULL, &f->err), GANTRY_E_INVALID);
        CONTAINS(f->err.message, "cpuperiod");
    }
    CHECK(f->err.http_status == 400);
    gantry_archive_free(context);
}

/* ---- registries ------------------------------------------------------------------------------ */

/* Put an image into a registry under a name of ours; the name. */
static const char *publish(struct contract *f, const char *image, enum contract_registry registry,
                           const gantry_auth *auth, char name[200])
{
    gantry_push_options push = { .size = sizeof push,
                                 .auth = auth,
                                 .tls_verify = is_podman(f) ? GANTRY_OFF : 0 };
    gantry_image_remove_options remove = { .size = sizeof remove };

    snprintf(name, 200, "%s/%s:1", contract_registry(f, registry), contract_name(f, "base"));
    OK(gantry_images_tag(f->images, image, name, NULL, &f->err));
    OK(gantry_images_push(f->images, name, &push, NULL, &f->err));
    OK(gantry_images_remove(f->images, name, &remove, NULL, &f->err));
    return name;
}

static void forget(struct contract *f, const char *name)
{
    gantry_image_remove_options opts = { .size = sizeof opts, .missing_ok = GANTRY_ON };

    OK(gantry_images_remove(f->images, name, &opts, NULL, &f->err));
}

static void base_behind_a_password(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_AUTH);
    const gantry_auth auth = { .size = sizeof auth,
                               .registry = registry,
                               .username = contract_registry_user(f),
                               .password = contract_registry_password(f) };
    const gantry_auth *const auths[] = { &auth, NULL };
    char base[200];
    char text[512];
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = text,
                                  .tls_verify = is_podman(f) ? GANTRY_OFF : 0 };

    publish(f, f->base, CONTRACT_REGISTRY_AUTH, &auth, base);
    snprintf(text, sizeof text, "FROM %s\nLABEL of=%s\n", base, base);
    opts.builder = is_docker(f) ? GANTRY_BUILDER_CLASSIC : GANTRY_BUILDER_AUTO;
    FAILS(contract_build(f, contract_name(f, "app"), &opts, NULL), GANTRY_E_BUILD);
    SAME(f->err.resource, base);
    opts.auths = auths;
    OK(contract_build(f, contract_name(f, "app"), &opts, NULL));
    forget(f, base);
}

struct provided {
    const gantry_auth *auth;
    int asked;
};

static int provide(void *arg, const char *registry, const gantry_call *call, gantry_auth_slot *slot,
                   gantry_error *err)
{
    struct provided *provided = arg;

    (void)call;
    provided->asked++;
    return strcmp(registry, provided->auth->registry) == 0
               ? gantry_auth_give(slot, provided->auth, err)
               : 0;
}

/* The program's own provider is asked for the registries that the Dockerfile names. */
static void provider_is_asked_for_base_images(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_AUTH);
    const gantry_auth auth = { .size = sizeof auth,
                               .registry = registry,
                               .username = contract_registry_user(f),
                               .password = contract_registry_password(f) };
    struct provided provided = { .auth = &auth };
    const gantry_credential_provider provider = { .size = sizeof provider,
                                                  .get = provide,
                                                  .arg = &provided };
    gantry_engine_options engine_opts = contract_engine_options(f);
    gantry_engine *engine = NULL;
    char base[200];
    char text[512];
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = text,
                                  .builder = is_docker(f) ? GANTRY_BUILDER_CLASSIC : 0,
                                  .tls_verify = is_podman(f) ? GANTRY_OFF : 0 };
    gantry_build_result *result = NULL;

    engine_opts.credentials = &provider;
    publish(f, f->base, CONTRACT_REGISTRY_AUTH, &auth, base);
    snprintf(text, sizeof text, "FROM %s\nLABEL by=provider\n", base);
    OK(gantry_engine_open(GANTRY_RUNTIME_AUTO, &engine_opts, &engine, &f->err));
    OK(gantry_images_build(gantry_engine_images(engine), contract_name(f, "app"), &opts, &result,
                           &f->err));
    CHECK(provided.asked == 1);
    gantry_build_result_free(result);
    gantry_engine_close(engine);
    forget(f, base);
}

static void policies_of_pulling(struct contract *f)
{
    const char *newer = contract_name(f, "newer");
    char base[200];
    char text[512];
    gantry_push_options push = { .size = sizeof push, .tls_verify = GANTRY_OFF };
    gantry_build_options opts = { .size = sizeof opts, .tls_verify = GANTRY_OFF };
    gantry_build_options make = { .size = sizeof make, .dockerfile = text };

    publish(f, f->base, CONTRACT_REGISTRY_PLAIN, NULL, base);
    snprintf(text, sizeof text, "FROM %s\nLABEL x=1\n", base);
    make.pull = GANTRY_PULL_NEVER;
    make.tls_verify = GANTRY_OFF;
    FAILS(contract_build(f, NULL, &make, NULL), GANTRY_E_BUILD);
    SAME(f->err.resource, base);
    /* There is the old one here, and a newer one in the registry. */
    make.pull = 0;
    snprintf(text, sizeof text, "FROM %s\nRUN echo yes > /newer\n", f->base);
    OK(contract_build(f, newer, &make, NULL));
    OK(gantry_images_tag(f->images, newer, base, NULL, &f->err));
    OK(gantry_images_push(f->images, base, &push, NULL, &f->err));
    OK(gantry_images_tag(f->images, f->base, base, NULL, &f->err));
    for (int policy = GANTRY_PULL_MISSING; policy <= GANTRY_PULL_NEWER; policy++) {
        char rest[512];
        const char *printed;

        OK(gantry_images_tag(f->images, f->base, base, NULL, &f->err));
        opts.pull = policy;
        snprintf(rest, sizeof rest, "FROM %s\nRUN cat /newer 2>/dev/null || echo no\n", base);
        printed = build_prints(f, rest, &opts);
        SAME(printed, policy == GANTRY_PULL_ALWAYS || policy == GANTRY_PULL_NEWER ||
                              (policy == GANTRY_PULL_MISSING &&
                               contract_differs(f, DIFF_LATER_BASES_ARE_RENEWED))
                          ? "yes\n"
                          : "no\n");
    }
    forget(f, base);
}

static void cache_comes_from_a_registry(struct contract *f)
{
    const char *name = contract_name(f, "cached");
    char repository[256];
    char text[512];
    const char *const list[] = { repository, NULL };
    gantry_build_options opts = {
        .size = sizeof opts, .dockerfile = text, .cache_to = list, .tls_verify = GANTRY_OFF
    };
    gantry_image_remove_options remove = { .size = sizeof remove };
    gantry_build_result *result = NULL;

    CHECK(contract_differs(f, DIFF_CACHE_FROM_REPOSITORIES));
    snprintf(repository, sizeof repository, "%s/%s", contract_registry(f, CONTRACT_REGISTRY_PLAIN),
             contract_name(f, "cache"));
    snprintf(text, sizeof text, "FROM %s\nRUN echo %s > /made\n", f->base, name);
    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_remove(f->images, name, &remove, NULL, &f->err));
    opts.cache_to = NULL;
    opts.cache_from = list;
    OK(contract_build(f, name, &opts, &result));
    CHECK(result->step_count == 2 && result->steps[1]->cached == 1);
    contract_track_image(f, result->image_id);
    gantry_build_result_free(result);
}

/* Docker looks for cached steps in these images and nowhere else. */
static void cache_comes_from_images(struct contract *f)
{
    const char *name = contract_name(f, "cached");
    char text[512];
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = text,
                                  .builder = GANTRY_BUILDER_CLASSIC };
    gantry_build_result *result = NULL;

    snprintf(text, sizeof text, "FROM %s\nRUN echo %s > /made\n", f->base, name);
    OK(contract_build(f, name, &opts, NULL));
    opts.cache_from = COMMAND(f->base);
    OK(contract_build(f, NULL, &opts, &result));
    CHECK(result->steps[1]->cached == 0);
    contract_track_image(f, result->image_id);
    gantry_build_result_free(result);
    opts.cache_from = COMMAND(f->base, name);
    OK(contract_build(f, name, &opts, &result));
    CHECK(result->steps[1]->cached == 1);
    gantry_build_result_free(result);
}

const struct contract_test buildopts_tests[] = {
    TEST(nonsense_is_invalid),
    TEST(what_an_engine_has_not_is_named),
    TEST_WITH(networks_of_run, PROCESSES),
    TEST_WITH(limits_of_run, PROCESSES),
    TEST_WITH(resources_of_run, PROCESSES),
    TEST_WITH(arguments_without_value_are_the_engines, PROCESSES),
    TEST_WITH(secrets_are_seen_by_run_alone, .on = ON_ENGINES),
    TEST_WITH(annotations_need_the_oci_format, .on = ON_PODMAN | ON_ROOTLESS),
    TEST_WITH(health_checks_are_kept, .on = ON_ENGINES),
    TEST_WITH(platform_is_that_of_the_image, .on = ON_ENGINES),
    TEST_WITH(platforms_make_a_list, .on = ON_PODMAN | ON_ROOTLESS),
    TEST_WITH(squash_makes_one_layer, PROCESSES),
    TEST_WITH(steps_end_and_take_time, PROCESSES, .on = ON_KNOWN),
    TEST_WITH(step_that_fails_does_not_end, PROCESSES),
    TEST_WITH(images_are_sources, .on = ON_PODMAN | ON_ROOTLESS),
    TEST_WITH(context_is_fetched_by_the_engine, .on = ON_ENGINES),
    TEST_WITH(early_refusals_are_heard, .on = ON_KNOWN),
    TEST_WITH(base_behind_a_password, .on = ON_ENGINES),
    TEST_WITH(provider_is_asked_for_base_images, .on = ON_ENGINES),
    TEST_WITH(policies_of_pulling, .on = ON_PODMAN | ON_ROOTLESS),
    TEST_WITH(cache_comes_from_a_registry, .on = ON_PODMAN | ON_ROOTLESS),
    TEST_WITH(cache_comes_from_images, .on = ON_DOCKER),
    { 0 },
};
