/*
 * The engine as a whole without an engine: answers of old and new versions to /info and /system/df,
 * and the health report and the prune of everything over a backend that fails where a test wants it.
 */
#include "docker/docker.h"
#include "podman/podman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <gantry/backend.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct gnt_mem mem;

static void *decode(int kind, const struct gnt_in *rows, const char *text)
{
    void *result = gnt_result_new(&mem, kind, NULL);
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    gantry_error err = { 0 };

    assert_non_null(result);
    gnt_arena_init(&arena, &mem);
    if (gnt_json_parse(&arena, text, strlen(text), &doc, &err) != 0 ||
        gnt_decode(gnt_result_arena(result), doc, NULL, rows, result, &err) != 0)
        fail_msg("%s", err.message);
    gnt_arena_free(&arena);
    return result;
}

static void assert_list(const char *const *list, const char *words)
{
    char text[512] = "";

    for (; *list != NULL; list++) {
        strcat(text, *list);
        strcat(text, list[1] != NULL ? " " : "");
    }
    assert_string_equal(text, words);
}

/* ---- facts ----------------------------------------------------------------------------------- */

static void test_facts_of_docker(void **state)
{
    gantry_info *old = decode(
        GANTRY_KIND_INFO, gnt_docker_info_rows,
        "{\"ID\":\"R6BQ:NDSD\",\"Plugins\":{\"Volume\":[\"local\"],\"Network\":[\"bridge\","
        "\"host\"],"
        "\"Authorization\":null,\"Log\":[\"json-file\",\"local\"]},\"LoggingDriver\":\"json-file\","
        "\"OperatingSystem\":\"Debian GNU/Linux 12 "
        "(bookworm)\",\"RegistryConfig\":{\"IndexConfigs\":"
        "{\"docker.io\":{\"Name\":\"docker.io\",\"Official\":true},\"r.example:5000\":{"
        "\"Official\":"
        "false}}},\"Runtimes\":{\"io.containerd.runc.v2\":{\"path\":\"runc\"},\"runc\":{\"path\":"
        "\"runc\"}},\"DefaultRuntime\":\"runc\",\"InitBinary\":\"docker-init\",\"SecurityOptions\":"
        "["
        "\"name=apparmor\",\"name=seccomp,profile=default\"],\"Warnings\":null,\"ServerVersion\":"
        "\"20.10.24\"}");
    gantry_info *rootless = decode(
        GANTRY_KIND_INFO, gnt_docker_info_rows,
        "{\"ServerVersion\":\"28.3.2\",\"SecurityOptions\":[\"name=seccomp,profile=builtin\","
        "\"name=rootless\",\"name=cgroupns\"],\"Warnings\":[\"WARNING: No cpuset support\"],"
        "\"FirewallBackend\":{\"Driver\":\"iptables\"},\"CDISpecDirs\":[],\"Runtimes\":"
        "{\"runc\":{\"path\":\"runc\",\"status\":{}}}}");
    gantry_info *newest = decode(
        GANTRY_KIND_INFO, gnt_docker_info_rows,
        "{\"ServerVersion\":\"29.0.1\",\"SecurityOptions\":[\"name=seccomp,profile=unconfined\","
        "\"name=cgroupns\"],\"Driver\":\"overlayfs\",\"DriverStatus\":[[\"driver-type\","
        "\"io.containerd.snapshotter.v1\"]],\"Containerd\":{\"Address\":\"/run/c.sock\"}}");

    (void)state;
    assert_string_equal(old->id, "R6BQ:NDSD");
    assert_string_equal(old->operating_system, "Debian GNU/Linux 12 (bookworm)");
    assert_string_equal(old->default_runtime, "runc");
    assert_string_equal(old->log_driver, "json-file");
    assert_string_equal(old->init_binary, "docker-init");
    assert_string_equal(old->network_backend, "");
    assert_list(old->runtimes, "io.containerd.runc.v2 runc");
    assert_list(old->security, "apparmor seccomp");
    assert_list(old->network_drivers, "bridge host");
    assert_list(old->volume_drivers, "local");
    assert_list(old->log_drivers, "json-file local");
    assert_list(old->registries, "docker.io");
    assert_list(old->warnings, "");
    assert_list(old->cgroup_controllers, "");
    assert_int_equal(old->memory_free_bytes, -1);
    assert_int_equal(old->rootless, 0);
    assert_list(rootless->security, "seccomp rootless cgroupns");
    assert_list(rootless->warnings, "WARNING: No cpuset support");
    assert_int_equal(rootless->rootless, 1);
    assert_list(newest->security, "cgroupns");
    assert_string_equal(newest->storage_driver, "overlayfs");
    gnt_result_free(old);
    gnt_result_free(rootless);
    gnt_result_free(newest);
}

static void test_facts_of_podman(void **state)
{
    gantry_info *old = decode(
        GANTRY_KIND_INFO, gnt_podman_info_rows,
        "{\"host\":{\"cgroupVersion\":\"v1\",\"cgroupControllers\":[\"cpu\",\"memory\"],"
        "\"distribution\":{\"distribution\":\"debian\",\"version\":\"12\",\"codename\":"
        "\"bookworm\"},"
        "\"logDriver\":\"k8s-file\",\"memFree\":17228214272,\"networkBackend\":\"cni\","
        "\"ociRuntime\":{\"name\":\"runc\",\"path\":\"/usr/bin/runc\"},\"security\":{"
        "\"apparmorEnabled\":false,\"rootless\":false,\"seccompEnabled\":true,\"selinuxEnabled\":"
        "true},\"swapTotal\":4096},\"registries\":{},\"plugins\":{\"volume\":[\"local\"],"
        "\"network\":[\"bridge\",\"macvlan\"],\"log\":[\"k8s-file\",\"none\"],\"authorization\":"
        "null"
        "},\"version\":{\"Version\":\"4.3.1\"}}");
    gantry_info *newer = decode(
        GANTRY_KIND_INFO, gnt_podman_info_rows,
        "{\"host\":{\"cgroupVersion\":\"v2\",\"cgroupControllers\":[],\"distribution\":{"
        "\"distribution\":\"fedora\",\"variant\":\"coreos\",\"version\":\"42\"},\"networkBackend\":"
        "\"netavark\",\"networkBackendInfo\":{\"backend\":\"netavark\",\"dns\":{\"package\":\"a\","
        "\"path\":\"/usr/libexec/podman/aardvark-dns\"}},\"ociRuntime\":{\"name\":\"crun\"},"
        "\"rootlessNetworkCmd\":\"pasta\",\"security\":{\"apparmorEnabled\":true,\"rootless\":true,"
        "\"seccompEnabled\":true,\"selinuxEnabled\":false}},\"registries\":{\"search\":["
        "\"docker.io\",\"quay.io\"]},\"version\":{\"Version\":\"5.6.0\"}}");
    gantry_info *no_dns =
        decode(GANTRY_KIND_INFO, gnt_podman_info_rows,
               "{\"host\":{\"distribution\":{\"distribution\":\"alpine\",\"version\":\"3\"},"
               "\"networkBackendInfo\":{\"backend\":\"netavark\",\"dns\":{}}},"
               "\"version\":{\"Version\":\"5.0.0\"}}");

    (void)state;
    assert_string_equal(old->operating_system, "debian 12 (bookworm)");
    assert_string_equal(old->default_runtime, "runc");
    assert_string_equal(old->log_driver, "k8s-file");
    assert_string_equal(old->network_backend, "cni");
    assert_list(old->runtimes, "runc");
    assert_list(old->security, "seccomp selinux");
    assert_list(old->cgroup_controllers, "cpu memory");
    assert_list(old->network_drivers, "bridge macvlan");
    assert_list(old->volume_drivers, "local");
    assert_list(old->log_drivers, "k8s-file none");
    assert_list(old->registries, "");
    assert_list(old->warnings, "");
    assert_int_equal(old->memory_free_bytes, INT64_C(17228214272));
    assert_int_equal(old->swap_bytes, 4096);
    assert_string_equal(newer->operating_system, "fedora 42 (coreos)");
    assert_list(newer->security, "apparmor seccomp rootless");
    assert_list(newer->registries, "docker.io quay.io");
    assert_list(newer->warnings, "");
    assert_int_equal(newer->rootless, 1);
    assert_string_equal(no_dns->operating_system, "alpine 3");
    assert_int_equal(strncmp(no_dns->warnings[0], "No DNS server", 13), 0);
    gnt_result_free(old);
    gnt_result_free(newer);
    gnt_result_free(no_dns);
}

/* ---- disk use -------------------------------------------------------------------------------- */

static void assert_sum(const gantry_usage_sum *sum, int64_t count, int64_t active, int64_t bytes,
                       int64_t reclaimable)
{
    assert_int_equal(sum->count, count);
    assert_int_equal(sum->active, active);
    assert_int_equal(sum->bytes, bytes);
    assert_int_equal(sum->reclaimable_bytes, reclaimable);
}

#define DOCKER_IMAGES                                                                              \
    "[{\"Id\":\"sha256:" A64 "\",\"RepoTags\":[\"app:1\",\"app:2\"],\"Size\":150,\"SharedSize\":"  \
    "100,\"Containers\":2},{\"Id\":\"sha256:" B64 "\",\"RepoTags\":null,\"Size\":130,"             \
    "\"SharedSize\":100,\"Containers\":0}]"
#define DOCKER_CONTAINERS                                                                          \
    "[{\"Id\":\"" A64 "\",\"Names\":[\"/b/link\",\"/web\"],\"State\":\"running\",\"SizeRw\":7},"   \
    "{\"Id\":\"" B64 "\",\"Names\":[\"/old\"],\"State\":\"exited\",\"SizeRw\":5},"                 \
    "{\"Id\":\"" C64 "\",\"Names\":[\"/held\"],\"State\":\"paused\"}]"
#define DOCKER_VOLUMES                                                                             \
    "[{\"Name\":\"data\",\"UsageData\":{\"RefCount\":1,\"Size\":40}},{\"Name\":\"left\","          \
    "\"UsageData\":{\"RefCount\":0,\"Size\":2}},{\"Name\":\"far\",\"UsageData\":{\"RefCount\":-1," \
    "\"Size\":-1}}]"
#define DOCKER_CACHE                                                                               \
    "[{\"ID\":\"c1\",\"Description\":\"pulled\",\"Size\":10,\"InUse\":false,\"Shared\":true},"     \
    "{\"ID\":\"c2\",\"Size\":20,\"InUse\":false,\"Shared\":false},"                                \
    "{\"ID\":\"c3\",\"Size\":40,\"InUse\":true,\"Shared\":false}]"

static void assert_docker_usage(const gantry_disk_usage *u)
{
    /* 180 in all: 100 shared, 50 and 30 of their own; of which the 50 are in use. */
    assert_sum(u->images, 2, 1, 180, 130);
    assert_sum(u->containers, 3, 2, 12, 5);
    assert_sum(u->volumes, 3, 1, 42, 2);
    assert_sum(u->build_cache, 3, 1, 60, 20);
    assert_string_equal(u->image_items[0]->id, A64);
    assert_string_equal(u->image_items[0]->name, "app:1");
    assert_int_equal(u->image_items[0]->shared_bytes, 100);
    assert_int_equal(u->image_items[0]->references, 2);
    assert_int_equal(u->image_items[0]->active, 1);
    assert_string_equal(u->image_items[1]->name, "");
    assert_int_equal(u->image_items[1]->active, 0);
    assert_null(u->image_items[2]);
    assert_string_equal(u->container_items[0]->name, "web");
    assert_int_equal(u->container_items[2]->bytes, 0); /* what Docker leaves out */
    assert_int_equal(u->container_items[2]->active, 1);
    assert_string_equal(u->volume_items[0]->id, "data");
    assert_int_equal(u->volume_items[2]->bytes, -1);
    assert_int_equal(u->volume_items[2]->active, 0);
    assert_string_equal(u->build_cache_items[0]->name, "pulled");
    assert_null(u->build_cache_items[3]);
}

static void test_usage_of_docker(void **state)
{
    gantry_disk_usage *u = decode(
        GANTRY_KIND_DISK_USAGE, gnt_docker_df_rows,
        "{\"LayersSize\":180,\"Images\":" DOCKER_IMAGES ",\"Containers\":" DOCKER_CONTAINERS
        ",\"Volumes\":" DOCKER_VOLUMES ",\"BuildCache\":" DOCKER_CACHE ",\"BuilderSize\":0}");

    (void)state;
    assert_docker_usage(u);
    gnt_result_free(u);
    u = decode(GANTRY_KIND_DISK_USAGE, gnt_docker_df_rows,
               "{\"ImageUsage\":{\"TotalSize\":180,\"ActiveCount\":1,\"Items\":" DOCKER_IMAGES
               "},\"ContainerUsage\":{\"Items\":" DOCKER_CONTAINERS
               "},\"VolumeUsage\":{\"Items\":" DOCKER_VOLUMES
               "},\"BuildCacheUsage\":{\"Items\":" DOCKER_CACHE "}}");
    assert_docker_usage(u);
    gnt_result_free(u);
    u = decode(GANTRY_KIND_DISK_USAGE, gnt_docker_df_rows,
               "{\"LayersSize\":0,\"Images\":null,\"Containers\":[],\"BuildCache\":null}");
    assert_sum(u->images, 0, 0, 0, 0);
    assert_sum(u->volumes, 0, 0, 0, 0);
    assert_sum(u->build_cache, 0, 0, 0, 0);
    assert_null(u->image_items[0]);
    gnt_result_free(u);
}

#define PODMAN_LISTS                                                                               \
    "\"Images\":[{\"Repository\":\"localhost/app\",\"Tag\":\"1\",\"ImageID\":\"" A64               \
    "\",\"Size\":150,\"SharedSize\":100,\"UniqueSize\":50,\"Containers\":1},"                      \
    "{\"Repository\":\"localhost/app\",\"Tag\":\"2\",\"ImageID\":\"" A64                           \
    "\",\"Size\":150,\"SharedSize\":100,\"UniqueSize\":50,\"Containers\":1},"                      \
    "{\"Repository\":\"<none>\",\"Tag\":\"<none>\",\"ImageID\":\"" B64                             \
    "\",\"Size\":130,\"SharedSize\":100,\"UniqueSize\":30,\"Containers\":0}],"                     \
    "\"Containers\":[{\"ContainerID\":\"" A64 "\",\"Names\":\"web\",\"Status\":\"running\","       \
    "\"Size\":160,\"RWSize\":7},{\"ContainerID\":\"" B64 "\",\"Names\":\"old\",\"Status\":"        \
    "\"exited\",\"Size\":160,\"RWSize\":5}],"                                                      \
    "\"Volumes\":[{\"VolumeName\":\"data\",\"Links\":1,\"Size\":40,\"ReclaimableSize\":0},"        \
    "{\"VolumeName\":\"left\",\"Links\":0,\"Size\":2,\"ReclaimableSize\":2}]}"

static void test_usage_of_podman(void **state)
{
    gantry_disk_usage *u =
        decode(GANTRY_KIND_DISK_USAGE, gnt_podman_df_rows, "{\"ImagesSize\":180," PODMAN_LISTS);

    (void)state;
    assert_sum(u->images, 2, 1, 180, 130);
    assert_sum(u->containers, 2, 1, 12, 5);
    assert_sum(u->volumes, 2, 1, 42, 2);
    assert_sum(u->build_cache, -1, -1, -1, -1);
    assert_string_equal(u->image_items[0]->name, "app:1");
    assert_string_equal(u->container_items[1]->name, "old");
    assert_int_equal(u->volume_items[0]->references, 1);
    gnt_result_free(u);
    u = decode(GANTRY_KIND_DISK_USAGE, gnt_podman_df_rows, "{" PODMAN_LISTS); /* 4.3 */
    assert_sum(u->images, 2, 1, 280, 230);
    gnt_result_free(u);
}

static void test_usage_must_be_lists(void **state)
{
    static const char *const texts[] = { "{\"Images\":{}}", "{\"Containers\":[7]}",
                                         "{\"Volumes\":\"x\"}", "{\"Volumes\":[{}]}" };
    struct gnt_arena arena;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        gantry_disk_usage *u = gnt_result_new(&mem, GANTRY_KIND_DISK_USAGE, NULL);
        gantry_error err = { 0 };
        struct gnt_json *doc = NULL;

        gnt_arena_init(&arena, &mem);
        assert_int_equal(gnt_json_parse(&arena, texts[i], strlen(texts[i]), &doc, &err), 0);
        assert_int_equal(gnt_decode(gnt_result_arena(u), doc, NULL, gnt_docker_df_rows, u, &err),
                         GANTRY_E_PROTOCOL);
        gnt_arena_free(&arena);
        gnt_result_free(u);
    }
}

static void test_dates_of_answers(void **state)
{
    static const char *const bad[] = { "",
                                       "Sat, 28 Nov 2026 10:19:51",
                                       "Sat, 31 Nov 2026 10:19:51 GMT",
                                       "Sat, 28 Now 2026 10:19:51 GMT",
                                       "Sat, 28 Nov 2026 24:19:51 GMT",
                                       "Sat 28 Nov 2026 10:19:51 GMT",
                                       "Sat, 28 Nov 2026 10:19:51 CET" };
    int64_t ns = 7;

    (void)state;
    assert_int_equal(gnt_parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", &ns), 0);
    assert_int_equal(ns, INT64_C(784111777000000000));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(gnt_parse_http_date(bad[i], &ns), -1);
    assert_int_equal(ns, INT64_C(784111777000000000));
}

/* ---- an engine that fails where it is told to ------------------------------------------------ */

static struct script {
    int ping_code;   /* what each question answers; 0 = well */
    int ping_status; /* the HTTP status of that failure */
    int info_code;
    int list_code;
    int request_code;
    int64_t date_ns; /* 0 = now, -1 = none */

    int64_t unhealthy;
    int64_t restarting;
    const char *text; /* of /info, as Docker says it */
    int fail_remove;  /* of containers */
    int fail_images;
    char notes[1024];
} script;

static gantry_host *script_host;

static void note(const char *fmt, ...)
{
    size_t size = strlen(script.notes);
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(script.notes + size, sizeof script.notes - size, fmt, args);
    va_end(args);
}

static int refuse(int code, int status, const char *message, gantry_error *err)
{
    gnt_fail(err, code, "%s", message);
    if (err != NULL)
        err->http_status = status;
    return code;
}

static int s_probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                   gantry_probe *out, gantry_error *err)
{
    (void)host, (void)endpoint, (void)call, (void)err;
    (void)snprintf(out->detail, sizeof out->detail, "Script 1");
    return GANTRY_PROBE_MINE;
}

static int s_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                  const gantry_call *call, gantry_error *err)
{
    (void)state, (void)endpoint, (void)call, (void)err;
    script_host = host;
    return 0;
}

static void s_close(void *state)
{
    (void)state;
}

static int s_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    (void)state, (void)opts;
    if (script.ping_code < 0)
        return refuse(script.ping_code, script.ping_status, "no ping", err);
    return 0;
}

static int s_version(void *state, const gantry_query_options *opts, gantry_version_info **out,
                     gantry_error *err)
{
    gantry_version_info *v = gantry_result_new(script_host, GANTRY_KIND_VERSION_INFO, err);

    (void)state, (void)opts;
    v->version = "1.2";
    v->api_version = "1.52";
    v->used_api_version = "1.9";
    *out = v;
    return 0;
}

static int s_info(void *state, const gantry_query_options *opts, gantry_info **out,
                  gantry_error *err)
{
    (void)state, (void)opts;
    if (script.info_code < 0)
        return refuse(script.info_code, 500, "no state", err);
    *out = decode(GANTRY_KIND_INFO, gnt_docker_info_rows, script.text);
    return 0;
}

static int s_request(void *state, const gantry_request *request, gantry_response **out,
                     gantry_error *err)
{
    gantry_response *r;
    struct timespec now;

    (void)state;
    assert_string_equal(request->path[0], "_ping");
    if (script.request_code < 0)
        return refuse(script.request_code, 500, "no request", err);
    r = gantry_result_new(script_host, GANTRY_KIND_RESPONSE, err);
    clock_gettime(CLOCK_REALTIME, &now);
    r->date_ns = script.date_ns == 0 ? (int64_t)now.tv_sec * 1000000000 : script.date_ns;
    if (script.date_ns < 0)
        r->date_ns = 0;
    *out = r;
    return 0;
}

/* As many containers as the question is to find. */
static int s_list(void *state, const gantry_container_list_options *opts,
                  gantry_container_list **out, gantry_error *err)
{
    int64_t wanted = opts->health == GANTRY_HEALTH_UNHEALTHY      ? script.unhealthy
                     : opts->state == GANTRY_CONTAINER_RESTARTING ? script.restarting
                                                                  : 2;
    gantry_container_list *list;
    const gantry_container **items;

    (void)state;
    if (script.list_code < 0)
        return refuse(script.list_code, 500, "no list", err);
    list = gantry_result_new(script_host, GANTRY_KIND_CONTAINER_LIST, err);
    items = gantry_result_alloc(list, ((size_t)wanted + 1) * sizeof *items);
    for (int64_t i = 0; i < wanted; i++) {
        gantry_container *c = gantry_result_item(list, GANTRY_KIND_CONTAINER);

        c->id = i == 0 ? A64 : B64;
        c->state = GANTRY_CONTAINER_EXITED;
        c->size_rw_bytes = 10;
        items[i] = c;
    }
    list->items = items;
    list->count = (size_t)wanted;
    note("list containers%s\n", opts->labels != NULL ? opts->labels[0] : "");
    *out = list;
    return 0;
}

static int s_inspect(void *state, const char *id, const gantry_container_inspect_options *opts,
                     gantry_container **out, gantry_error *err)
{
    gantry_container *c = gantry_result_new(script_host, GANTRY_KIND_CONTAINER, err);

    (void)state, (void)opts;
    c->id = gantry_result_strdup(c, id);
    c->state = GANTRY_CONTAINER_EXITED;
    *out = c;
    return 0;
}

static int s_remove(void *state, const char *id, const gantry_container_remove_options *opts,
                    gantry_error *err)
{
    (void)state, (void)opts;
    if (script.fail_remove && strcmp(id, B64) == 0)
        return refuse(GANTRY_E_ENGINE, 500, "it will not go", err);
    return 0;
}

static int s_image_list(void *state, const gantry_image_list_options *opts, gantry_image_list **out,
                        gantry_error *err)
{
    (void)state, (void)opts, (void)out;
    return gnt_fail(err, GANTRY_E_ENGINE, "not asked");
}

static int s_image_inspect(void *state, const char *reference,
                           const gantry_image_inspect_options *opts, gantry_image **out,
                           gantry_error *err)
{
    (void)state, (void)reference, (void)opts, (void)out;
    return gnt_fail(err, GANTRY_E_ENGINE, "not asked");
}

static int s_image_prune(void *state, const gantry_image_prune_options *opts,
                         gantry_image_pruned **out, gantry_error *err)
{
    gantry_image_pruned *p;

    (void)state;
    note("prune images%s%s\n", opts->all == GANTRY_ON ? " all" : "",
         opts->not_labels != NULL ? opts->not_labels[0] : "");
    if (script.fail_images)
        return refuse(GANTRY_E_UNSUPPORTED, 0, "not_labels: one only", err);
    p = gantry_result_new(script_host, GANTRY_KIND_IMAGE_PRUNED, err);
    p->deleted = gnt_strings_add(gnt_result_arena(p), p->deleted, C64);
    p->freed_bytes = 100;
    *out = p;
    return 0;
}

static int s_prune_cache(void *state, int64_t until_ns, const gantry_call *call,
                         gantry_system_pruned *pruned, gantry_error *err)
{
    (void)state, (void)call, (void)err;
    note("prune cache %lld\n", (long long)until_ns);
    pruned->build_cache = gnt_strings_add(gnt_result_arena(pruned), pruned->build_cache, "c1");
    pruned->reclaimed_bytes += 1000;
    return 0;
}

static const gantry_engine_ops s_engine = { .size = sizeof s_engine,
                                            .ping = s_ping,
                                            .version = s_version,
                                            .info = s_info,
                                            .request = s_request };
static const gantry_container_ops s_containers = {
    .size = sizeof s_containers, .list = s_list, .inspect = s_inspect, .remove = s_remove
};
static const gantry_image_ops s_images = { .size = sizeof s_images,
                                           .list = s_image_list,
                                           .inspect = s_image_inspect,
                                           .prune = s_image_prune };
static const gantry_system_ops s_system = { .size = sizeof s_system,
                                            .prune_build_cache = s_prune_cache };
static const char *const s_schemes[] = { "script", NULL };
static const gantry_backend s_backend = { .size = sizeof s_backend,
                                          .name = "script",
                                          .schemes = s_schemes,
                                          .state_size = 8,
                                          .probe = s_probe,
                                          .open = s_open,
                                          .close = s_close,
                                          .engine = &s_engine,
                                          .images = &s_images,
                                          .containers = &s_containers,
                                          .system = &s_system };

static gantry_engine *engine;
static gantry_system *whole;

static int open_script(void **state)
{
    gantry_engine_options o = { .size = sizeof o, .address = "script://x", .backend = "script" };
    gantry_error err = { 0 };

    (void)state;
    memset(&script, 0, sizeof script);
    script.text = "{\"ServerVersion\":\"1.2\",\"CgroupVersion\":\"2\",\"Driver\":\"overlay2\"}";
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &o, &engine, &err) != 0)
        fail_msg("%s", err.message);
    whole = gantry_engine_system(engine);
    return 0;
}

static int close_script(void **state)
{
    (void)state;
    gantry_engine_close(engine);
    return 0;
}

static const gantry_finding *find(const gantry_system_report *r, const char *words)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        if (strstr(r->findings[i]->text, words) != NULL)
            return r->findings[i];
    }
    return NULL;
}

static gantry_system_report *check(void)
{
    gantry_system_report *r = NULL;
    gantry_error err = { 0 };

    if (gantry_system_check(whole, NULL, &r, &err) != 0)
        fail_msg("%s", err.message);
    assert_null(r->findings[r->finding_count]);
    for (size_t i = 1; i < r->finding_count; i++)
        assert_true(r->findings[i - 1]->severity >= r->findings[i]->severity);
    return r;
}

static void test_a_well_engine(void **state)
{
    gantry_system_report *r = check();

    (void)state;
    assert_int_equal(r->well, 1);
    assert_true(r->ping_ns >= 0);
    assert_int_equal(r->clock_offset_ns, 0);
    assert_string_equal(r->version->version, "1.2");
    assert_string_equal(r->info->storage_driver, "overlay2");
    assert_null(find(r, "clock"));
    assert_non_null(find(r, "the engine offers API 1.52, this library uses 1.9"));
    assert_non_null(find(r, "kube.play"));
    assert_null(find(r, "containers.list"));
    for (size_t i = 0; i < r->finding_count; i++)
        assert_int_equal(r->findings[i]->severity, GANTRY_FINDING_NOTE);
    gantry_system_report_free(r);
}

static void test_what_facts_mean(void **state)
{
    gantry_system_report *r;
    struct timespec now;

    (void)state;
    script.text =
        "{\"ServerVersion\":\"1.2\",\"CgroupVersion\":\"1\",\"Driver\":\"vfs\","
        "\"SecurityOptions\":[\"name=rootless\"],\"Plugins\":{\"Network\":[\"host\"]},"
        "\"Warnings\":[\"WARNING: No swap limit support\",\"WARNING: API is accessible on "
        "http://0.0.0.0:2375 without encryption.\",\"WARNING: odd\"]}";
    script.unhealthy = 2;
    script.restarting = 1;
    clock_gettime(CLOCK_REALTIME, &now);
    script.date_ns = ((int64_t)now.tv_sec - 100) * 1000000000;
    r = check();
    assert_int_equal(r->well, 1);
    assert_int_equal(r->unhealthy, 2);
    assert_int_equal(r->restarting, 1);
    assert_true(r->clock_offset_ns <= INT64_C(-100000000000) &&
                r->clock_offset_ns >= INT64_C(-160000000000));
    assert_string_equal(find(r, "behind")->subject, "clock");
    assert_int_equal(find(r, "behind")->severity, GANTRY_FINDING_WARNING);
    assert_int_equal(find(r, "No swap limit support")->severity, GANTRY_FINDING_NOTE);
    assert_string_equal(find(r, "No swap limit support")->text, "No swap limit support");
    assert_string_equal(find(r, "No swap limit support")->subject, "cgroups");
    assert_string_equal(find(r, "without encryption")->subject, "security");
    assert_string_equal(find(r, "odd")->subject, "engine");
    assert_string_equal(find(r, "vfs")->subject, "storage");
    assert_string_equal(find(r, "limits have no effect")->subject, "cgroups");
    assert_string_equal(find(r, "no network driver bridge")->subject, "network");
    assert_string_equal(find(r, "no seccomp")->subject, "security");
    assert_string_equal(find(r, "unhealthy containers: 2")->subject, "containers");
    assert_non_null(find(r, "again and again: 1"));
    gantry_system_report_free(r);
}

static void test_a_failed_question_is_a_finding(void **state)
{
    gantry_system_report *r;

    (void)state;
    script.info_code = GANTRY_E_ENGINE;
    script.list_code = GANTRY_E_TIMEOUT;
    script.request_code = GANTRY_E_PROTOCOL;
    script.ping_code = GANTRY_E_ENGINE;
    script.ping_status = 500;
    r = check();
    assert_int_equal(r->well, 0);
    assert_int_equal(r->findings[0]->severity, GANTRY_FINDING_ERROR);
    assert_non_null(find(r, "a ping failed: no ping"));
    assert_non_null(find(r, "it does not tell its state: no state"));
    assert_non_null(find(r, "the engine's clock could not be read: no request"));
    assert_string_equal(find(r, "they could not be listed: no list")->subject, "containers");
    assert_string_equal(r->version->version, "1.2");
    assert_string_equal(r->info->version, "");
    gantry_system_report_free(r);
}

static void test_who_does_not_answer_has_no_report(void **state)
{
    static const int codes[] = { GANTRY_E_UNAVAILABLE, GANTRY_E_TIMEOUT };
    gantry_system_report *r = NULL;
    gantry_error err = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        script.ping_code = codes[i];
        assert_int_equal(gantry_system_check(whole, NULL, &r, &err), codes[i]);
        assert_string_equal(err.operation, "system.check");
    }
    script.ping_code = 0;
    script.list_code = GANTRY_E_CANCELLED;
    assert_int_equal(gantry_system_check(whole, NULL, &r, &err), GANTRY_E_CANCELLED);
    assert_null(r);
    assert_int_equal(gantry_system_check(NULL, NULL, &r, &err), GANTRY_E_INVALID);
    assert_int_equal(gantry_system_check(whole, NULL, NULL, &err), GANTRY_E_INVALID);
}

/* ---- prune ----------------------------------------------------------------------------------- */

static void test_prune_goes_through_all_kinds(void **state)
{
    gantry_system_prune_options o = { .size = sizeof o, .until_ns = 5, .build_cache = GANTRY_ON };
    gantry_system_pruned *gone = NULL;
    gantry_error err = { 0 };

    (void)state;
    if (gantry_system_prune(whole, &o, &gone, &err) != 0)
        fail_msg("%s", err.message);
    assert_list(gone->containers, A64 " " B64);
    assert_list(gone->images, C64);
    assert_list(gone->build_cache, "c1");
    assert_list(gone->volumes, "");
    assert_list(gone->pods, ""); /* the engine has none, and nobody asked for them by name */
    assert_int_equal(gone->reclaimed_bytes, 20 + 100 + 1000);
    assert_string_equal(script.notes, "list containers\nprune images\nprune cache 5\n");
    gantry_system_pruned_free(gone);
}

static void test_prune_takes_what_is_asked_for(void **state)
{
    const char *const labels[] = { "x=y", NULL };
    const char *const labels_not[] = { "keep", NULL };
    gantry_system_prune_options o = {
        .size = sizeof o, .labels = labels, .labels_not = labels_not, .all_images = GANTRY_ON
    };
    gantry_system_pruned *gone = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gantry_system_prune(whole, &o, NULL, &err), 0); /* without a report */
    assert_string_equal(script.notes, "list containersx=y\nprune images allkeep\n");
    script.notes[0] = '\0';
    o.containers = GANTRY_OFF;
    o.images = GANTRY_OFF;
    o.all_images = GANTRY_DEFAULT;
    assert_int_equal(gantry_system_prune(whole, &o, &gone, &err), 0);
    assert_string_equal(script.notes, "");
    assert_list(gone->containers, "");
    gantry_system_pruned_free(gone);
}

static void test_a_kind_that_fails_does_not_keep_the_others(void **state)
{
    gantry_system_prune_options o = { .size = sizeof o, .build_cache = GANTRY_ON };
    gantry_system_pruned *gone = NULL;
    gantry_error err = { 0 };

    (void)state;
    script.fail_remove = 1;
    script.fail_images = 1;
    assert_int_equal(gantry_system_prune(whole, &o, &gone, &err), GANTRY_E_ENGINE);
    assert_null(gone);
    assert_string_equal(err.operation, "system.prune");
    assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_int_equal(strncmp(err.message, "containers: ", 12), 0);
    assert_non_null(strstr(err.message, "it will not go"));
    assert_non_null(strstr(err.output, "removed " A64 "\n"));
    assert_non_null(strstr(err.output, "images: not_labels: one only\n"));
    assert_non_null(strstr(err.output, "removed build_cache c1\n"));
}

static void test_nothing_done_is_not_partial(void **state)
{
    gantry_system_prune_options o = { .size = sizeof o, .containers = GANTRY_OFF };
    gantry_error err = { 0 };

    (void)state;
    script.fail_images = 1;
    assert_int_equal(gantry_system_prune(whole, &o, NULL, &err), GANTRY_E_UNSUPPORTED);
    assert_int_not_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    /* A cancelled one asks for no more. */
    script.notes[0] = '\0';
    script.list_code = GANTRY_E_CANCELLED;
    o.containers = GANTRY_DEFAULT;
    assert_int_equal(gantry_system_prune(whole, &o, NULL, &err), GANTRY_E_CANCELLED);
    assert_string_equal(script.notes, "");
}

static void test_prune_refuses_what_has_no_effect(void **state)
{
    static const char *const labels[] = { "x", NULL };
    static const char *const empty[] = { "", NULL };
    static const struct {
        gantry_system_prune_options o;
        int code;
        const char *words;
    } cases[] = {
        { { .pods = GANTRY_ON }, GANTRY_E_UNSUPPORTED, "pods" },
        { { .volumes = GANTRY_ON }, GANTRY_E_UNSUPPORTED, "volumes" },
        { { .all_volumes = GANTRY_ON }, GANTRY_E_UNSUPPORTED, "volumes" },
        { { .all_volumes = GANTRY_ON, .volumes = GANTRY_OFF }, GANTRY_E_INVALID, "all_volumes" },
        { { .all_images = GANTRY_ON, .images = GANTRY_OFF }, GANTRY_E_INVALID, "all_images" },
        { { .images = 7 }, GANTRY_E_INVALID, "images" },
        { { .until_ns = -1 }, GANTRY_E_INVALID, "until_ns" },
        { { .labels = empty }, GANTRY_E_INVALID, "labels" },
        { { .labels_not = empty }, GANTRY_E_INVALID, "labels_not" },
        { { .build_cache = GANTRY_ON, .labels = labels }, GANTRY_E_INVALID, "build_cache" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gantry_system_prune_options o = cases[i].o;
        gantry_error err = { 0 };

        o.size = sizeof o;
        assert_int_equal(gantry_system_prune(whole, &o, NULL, &err), cases[i].code);
        assert_non_null(strstr(err.message, cases[i].words));
    }
    assert_string_equal(script.notes, "");
}

#define SCRIPTED(test) cmocka_unit_test_setup_teardown(test, open_script, close_script)

static int prepare(void **state)
{
    gantry_error err = { 0 };

    (void)state;
    if (gantry_backend_register(&s_backend, &err) != 0)
        fail_msg("%s", err.message);
    return gnt_mem_init(&mem, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_of_docker),
        cmocka_unit_test(test_facts_of_podman),
        cmocka_unit_test(test_usage_of_docker),
        cmocka_unit_test(test_usage_of_podman),
        cmocka_unit_test(test_usage_must_be_lists),
        cmocka_unit_test(test_dates_of_answers),
        SCRIPTED(test_a_well_engine),
        SCRIPTED(test_what_facts_mean),
        SCRIPTED(test_a_failed_question_is_a_finding),
        SCRIPTED(test_who_does_not_answer_has_no_report),
        SCRIPTED(test_prune_goes_through_all_kinds),
        SCRIPTED(test_prune_takes_what_is_asked_for),
        SCRIPTED(test_a_kind_that_fails_does_not_keep_the_others),
        SCRIPTED(test_nothing_done_is_not_partial),
        SCRIPTED(test_prune_refuses_what_has_no_effect),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
