/*
 * The Docker backend: recognising a Docker daemon by its ping, agreeing on an API version, what its
 * errors mean. Paths and bodies of the managers are in the other files.
 */
#include "docker.h"

#include "registry_errors.h"
#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors ---------------------------------------------------------------------------------- */

/* By text first: 20.10 answers many a bad input with 500, and 403, 404 and 409 mean many things. */
const struct gnt_error_row gnt_docker_errors[] = {
    { 0, "only supported with experimental mode", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
    { 0, "only supported in experimental mode", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
    { 0, "exec: \"criu\": executable file not found", GANTRY_E_UNSUPPORTED,
      GANTRY_RESOURCE_ENGINE },
    { 0, "no space left on device", GANTRY_E_NO_SPACE, 0 },
    { 0, "failed to mount local volume", GANTRY_E_INVALID, 0 }, /* by its options */
    { 400, "client version", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
    { 404, "page not found", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
    { 0, "non-overlapping IPv6 address pool", GANTRY_E_UNSUPPORTED, 0 }, /* before 27 */
    { 0, "non-overlapping IPv4 address pool", GANTRY_E_CONFLICT, 0 },
    { 0, "address pools have been fully subnetted", GANTRY_E_CONFLICT, 0 },
    { 404, "plugin \"", GANTRY_E_INVALID, 0 }, /* a driver */
    { 0, "no such container", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
    { 0, "no such image", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 0, "no such volume", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_VOLUME },
    { 0, "no such exec instance", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_EXEC },
    { 0, "no such exec", GANTRY_E_STATE, GANTRY_RESOURCE_EXEC }, /* it has ended */
    { 0, "process does not exist", GANTRY_E_STATE, 0 }, /* it has ended just now: of a resize */
    { 0, "cannot resize a stopped container", GANTRY_E_STATE, 0 },
    { 404, "image with reference", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 404, "network", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_NETWORK },
    { 409, "is already in use by container", GANTRY_E_EXISTS, 0 },
    { 409, "already exists", GANTRY_E_EXISTS, 0 },
    { 0, "endpoint with name", GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER },
    { 0, "is not connected to", GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER },
    { 0, "has active endpoints", GANTRY_E_IN_USE, 0 },
    { 409, "volume is in use", GANTRY_E_IN_USE, 0 },
    { 409, "is using its referenced image", GANTRY_E_IN_USE, 0 },
    { 409, "image is being used by", GANTRY_E_IN_USE, 0 },
    { 409, "is in use by", GANTRY_E_IN_USE, 0 },
    { 409, "image has dependent child images", GANTRY_E_IN_USE, 0 },
    { 409, "is not running", GANTRY_E_STATE, 0 },
    { 409, "running container", GANTRY_E_STATE, 0 },
    { 409, "container is running", GANTRY_E_STATE, 0 }, /* from 23.0 on */
    { 409, "paused", GANTRY_E_STATE, 0 },
    { 500, "is not paused", GANTRY_E_STATE, 0 },
    { 409, "restarting", GANTRY_E_STATE, 0 },
    { 409, "is already in progress", GANTRY_E_STATE, 0 },
    { 409, "marked for removal", GANTRY_E_STATE, 0 },
    { 0, "operation is already running", GANTRY_E_STATE, 0 }, /* disk usage, prune */
    /* Of archives: no tar, one that is cut, one that holds no images. */
    { 0, "invalid tar header", GANTRY_E_INVALID, 0 },
    { 0, "tar file(exit status 1): unexpected EOF", GANTRY_E_INVALID, 0 },
    { 0, "/docker-import-", GANTRY_E_INVALID, 0 },
    { 0, "unrecognized image format", GANTRY_E_INVALID, 0 },
    { 0, "pool overlaps", GANTRY_E_CONFLICT, 0 },
    { 0, "networks have overlapping IP", GANTRY_E_CONFLICT, 0 },
    { 0, "networks have same bridge name", GANTRY_E_CONFLICT, 0 },
    { 0, "is already using parent interface", GANTRY_E_CONFLICT, 0 },
    { 0, "doesn't support multiple subnets", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "ipv4 pool is empty", GANTRY_E_UNSUPPORTED, 0 }, /* it needs addresses */
    { 0, "requested address is out of range", GANTRY_E_INVALID, 0 },
    { 0, "invalid subnet ", GANTRY_E_INVALID, 0 },
    { 0, "invalid subinterface vlan name", GANTRY_E_INVALID, 0 }, /* no such parent */
    { 0, "is not a valid macvlan parent", GANTRY_E_INVALID, 0 },
    { 0, "is not a valid ipvlan parent", GANTRY_E_INVALID, 0 },
    { 0, "requested macvlan mode", GANTRY_E_INVALID, 0 },
    { 0, "requested ipvlan mode", GANTRY_E_INVALID, 0 },
    { 0, "failed to parse com.docker.network", GANTRY_E_INVALID, 0 },
    { 500, "ps: error: ", GANTRY_E_INVALID, 0 }, /* columns of processes */
    { 500, "PID field in ps output", GANTRY_E_INVALID, 0 },
    /* Of options of a container, some of them looked at when it starts. */
    { 0, "port is already allocated", GANTRY_E_IN_USE, 0 },
    { 0, "address already in use", GANTRY_E_IN_USE, 0 },
    { 0, "cannot assign requested address", GANTRY_E_INVALID, 0 },
    { 0, "does not belong to any of this network's subnets", GANTRY_E_INVALID, 0 },
    { 0, "could not select device driver", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "error gathering device information", GANTRY_E_INVALID, 0 },
    { 0, "looking up volume plugin", GANTRY_E_INVALID, 0 },
    { 0, "invalid tmpfs option", GANTRY_E_INVALID, 0 },
    { 0, "no matching entries in passwd file", GANTRY_E_INVALID, 0 },
    { 0, "no matching entries in group file", GANTRY_E_INVALID, 0 },
    { 0, "runc create failed: sysctl", GANTRY_E_INVALID, 0 },
    { 0, "error during container init: open /proc/sys/", GANTRY_E_INVALID, 0 },
    { 500, "stat /dev/", GANTRY_E_INVALID, 0 },
    /* What runc, then what crun says of a program that it cannot start. */
    { 400, ": exec: \"", GANTRY_E_COMMAND, GANTRY_RESOURCE_CONTAINER },
    { 400, "executable file", GANTRY_E_COMMAND, GANTRY_RESOURCE_CONTAINER },
    GNT_REGISTRY_ERROR_ROWS,
    { 500, "invalid reference format", GANTRY_E_INVALID, 0 },
    { 400, NULL, GANTRY_E_INVALID, 0 },
    { 401, NULL, GANTRY_E_UNAUTHORIZED, 0 },
    { 403, NULL, GANTRY_E_FORBIDDEN, 0 },
    { 404, NULL, GANTRY_E_NOT_FOUND, 0 },
    { 409, NULL, GANTRY_E_CONFLICT, 0 },
    { 501, NULL, GANTRY_E_UNSUPPORTED, 0 },
    { 0, NULL, GANTRY_E_ENGINE, 0 }
};

static const struct gnt_dialect dialect = { .name = "docker",
                                            .cause_path = NULL,
                                            .errors = gnt_docker_errors };

/* The word behind `lead` in a message, or "". */
static void word_after(const char *message, const char *lead, char *out, size_t out_size)
{
    const char *at = strstr(message, lead);
    size_t size;

    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(lead);
    size = strcspn(at, " ,;\n");
    gnt_text_copy(out, out_size, at, size, 0, 0);
}

int gnt_docker_blame(int rc, int asked, gantry_error *err)
{
    static const char *const leads[] = { [GANTRY_RESOURCE_IMAGE] = "No such image: ",
                                         [GANTRY_RESOURCE_CONTAINER] = "No such container: ",
                                         [GANTRY_RESOURCE_VOLUME] = "no such volume: ",
                                         [GANTRY_RESOURCE_NETWORK] = "network " };
    char name[256] = "";
    int kind;

    if (rc >= 0 || err == NULL || err->resource_kind == asked || err->http_status == 0)
        return rc;
    kind = err->resource_kind;
    if (kind > 0 && kind < (int)(sizeof leads / sizeof leads[0]) && leads[kind] != NULL)
        word_after(err->message, leads[kind], name, sizeof name);
    gnt_error_resource(err, kind, name);
    return rc;
}

/* ---- recognising ----------------------------------------------------------------------------- */

struct ping {
    int libpod; /* it says that it is Podman */
    int docker; /* it says that it is a Docker daemon */
    int windows;
    int major; /* API version, 0 if it names none */
    int minor;
    char version[64]; /* of the engine, or "" */
    char api_text[24];
};

int gnt_docker_parse_version(const char *text, int *major, int *minor)
{
    char *end = NULL;
    long a;
    long b;

    if (text == NULL || *text < '0' || *text > '9')
        return -1;
    a = strtol(text, &end, 10);
    if (*end != '.' || end[1] < '0' || end[1] > '9')
        return -1;
    b = strtol(end + 1, &end, 10);
    if (*end != '\0' || a > 1000 || b > 1000)
        return -1;
    *major = (int)a;
    *minor = (int)b;
    return 0;
}

/* Podman says so in every answer. */
static const char libpod_version[] = "Libpod-API-Version";

/* "Docker/20.10.24 (linux)" */
static void read_server(struct ping *p, const char *server)
{
    if (server == NULL || strncmp(server, "Docker/", 7) != 0)
        return;
    p->docker = 1;
    server += 7;
    gnt_text_copy(p->version, sizeof p->version, server, strcspn(server, " "), 0, 0);
}

static int send_ping(struct gnt_rest *rest, const gantry_call *call, struct ping *p,
                     gantry_error *err)
{
    struct gnt_req r;
    struct gnt_exchange *x = NULL;
    const char *libpod;
    const char *api;
    const char *os;
    char body[256];
    size_t got = 0;
    int rc;

    memset(p, 0, sizeof *p);
    gnt_req_init(&r, rest, "GET", call, "/_ping");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    rc = gnt_req_open(&r, &x, err);
    if (rc < 0)
        return rc;
    libpod = gnt_exchange_header(x, libpod_version);
    p->libpod = libpod != NULL;
    if (p->libpod)
        gnt_rest_pass_on(rest, libpod_version, libpod);
    os = gnt_exchange_header(x, "OSType");
    p->windows = os != NULL && strcmp(os, "windows") == 0;
    api = gnt_exchange_header(x, "Api-Version");
    if (gnt_docker_parse_version(api, &p->major, &p->minor) == 0) {
        p->docker = 1;
        gnt_text_copy(p->api_text, sizeof p->api_text, api, strlen(api), 0, 0);
    }
    read_server(p, gnt_exchange_header(x, "Server"));
    do {
        rc = gnt_exchange_read(x, body, sizeof body, 0, &got, err);
    } while (rc == 0 && got > 0);
    gnt_exchange_close(x);
    return rc;
}

static void describe(const struct ping *p, char *detail, size_t size)
{
    if (p->version[0] != '\0')
        snprintf(detail, size, "Docker %s", p->version);
    else
        snprintf(detail, size, "Docker with API %s", p->api_text);
}

/* What open would ask again. */
static void keep_ping(const struct ping *p, gantry_probe *out)
{
    gnt_text_copy(out->version, sizeof out->version, p->version, strlen(p->version), 0, 0);
    gnt_text_copy(out->api_version, sizeof out->api_version, p->api_text, strlen(p->api_text), 0,
                  0);
    out->note[0] = p->windows != 0;
}

/* 0: there is nothing to go by. */
static int recall_ping(const gantry_probe *found, struct ping *p)
{
    memset(p, 0, sizeof *p);
    if (found == NULL || gnt_docker_parse_version(found->api_version, &p->major, &p->minor) < 0)
        return 0;
    p->docker = 1;
    p->windows = found->note[0];
    snprintf(p->version, sizeof p->version, "%s", found->version);
    snprintf(p->api_text, sizeof p->api_text, "%s", found->api_version);
    return 1;
}

static int docker_probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                        gantry_probe *out, gantry_error *err)
{
    struct gnt_rest rest = { 0 };
    struct ping p;
    gantry_error e = { 0 };
    int rc = gnt_rest_init(&rest, host, endpoint, &dialect, &e);

    if (rc == 0)
        rc = send_ping(&rest, call, &p, &e);
    gnt_rest_leave(&rest);
    /* A proxy in front of whatever there is. */
    if (rc < 0 && (e.http_status == 401 || e.http_status == 403)) {
        gnt_error_prefix(&e, "what answers there lets nobody in (status %d): ", e.http_status);
        if (err != NULL)
            *err = e;
        return rc;
    }
    /* Somebody answers, but not to a ping: no Docker daemon. */
    if (rc < 0 && e.http_status >= 400 && e.http_status < 500)
        return GANTRY_PROBE_NOT_MINE;
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    if (p.libpod || !p.docker)
        return GANTRY_PROBE_NOT_MINE;
    describe(&p, out->detail, sizeof out->detail);
    keep_ping(&p, out);
    return GANTRY_PROBE_MINE;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void use_version(struct gnt_rest *rest, int minor)
{
    rest->version[0] = 1;
    rest->version[1] = minor;
    snprintf(rest->prefix, sizeof rest->prefix, "/v1.%d", minor);
}

/* Ask with a version in the path: only the daemon knows whether it speaks it. */
static int try_version(struct gnt_rest *rest, const gantry_call *call, const struct ping *p,
                       int minor, gantry_error *err)
{
    char who[96];
    struct ping again;
    gantry_error e = { 0 };
    int rc;

    describe(p, who, sizeof who);
    use_version(rest, minor);
    rc = send_ping(rest, call, &again, &e);
    if (rc == GANTRY_E_UNSUPPORTED) {
        gnt_error_prefix(&e, "%s speaks API %s, this library 1.%d to 1.%d: ", who, p->api_text,
                         GNT_DOCKER_API_MIN, GNT_DOCKER_API_MAX);
        gnt_error_resource(&e, GANTRY_RESOURCE_ENGINE, who);
    }
    if (rc < 0 && err != NULL)
        *err = e;
    return rc;
}

/* The version that the program insists on, whose range is known; the daemon's lowest is not. */
/* setting: what asks for the version, for messages. */
static int use_wanted(struct gnt_rest *rest, const gantry_call *call, const struct ping *p,
                      const char *setting, const char *wanted, gantry_error *err)
{
    char who[96];
    int major = 0;
    int minor = 0;
    int rc;

    describe(p, who, sizeof who);
    if (gnt_docker_parse_version(wanted, &major, &minor) < 0 || major != 1 ||
        minor < GNT_DOCKER_API_MIN || minor > GNT_DOCKER_API_MAX || minor > p->minor) {
        gnt_fail(err, GANTRY_E_UNSUPPORTED,
                 "%s: %s cannot be spoken: %s speaks API %s at most, this library 1.%d to 1.%d",
                 setting, wanted, who, p->api_text, GNT_DOCKER_API_MIN, GNT_DOCKER_API_MAX);
        gnt_error_resource(err, GANTRY_RESOURCE_ENGINE, who);
        return GANTRY_E_UNSUPPORTED;
    }
    rc = try_version(rest, call, p, minor, err);
    if (rc == GANTRY_E_UNSUPPORTED)
        gnt_error_prefix(err, "%s: %s", setting, wanted);
    return rc;
}

static int negotiate(struct gnt_rest *rest, const gantry_call *call, const struct ping *p,
                     const gantry_endpoint *endpoint, gantry_error *err)
{
    const char *setting =
        gnt_route_is_docker_version(endpoint->route) ? "DOCKER_API_VERSION" : "api_version";
    char who[96];

    describe(p, who, sizeof who);
    if (p->major != 1 || p->minor < GNT_DOCKER_API_MIN) {
        gnt_fail(err, GANTRY_E_UNSUPPORTED,
                 "%s speaks API %s at most; this library needs 1.%d or later", who,
                 p->major == 0 ? "of an unknown version" : p->api_text, GNT_DOCKER_API_MIN);
        gnt_error_resource(err, GANTRY_RESOURCE_ENGINE, who);
        return GANTRY_E_UNSUPPORTED;
    }
    if (endpoint->api_version != NULL)
        return use_wanted(rest, call, p, setting, endpoint->api_version, err);
    if (p->minor > GNT_DOCKER_API_MAX)
        return try_version(rest, call, p, GNT_DOCKER_API_MAX, err);
    use_version(rest, p->minor);
    return 0;
}

static int docker_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                       const gantry_call *call, gantry_error *err)
{
    struct docker *d = state;
    struct ping p;
    int rc = gnt_rest_init(&d->rest, host, endpoint, &dialect, err);

    if (rc == 0 && !recall_ping(endpoint->found, &p))
        rc = send_ping(&d->rest, call, &p, err);
    if (rc < 0)
        return rc;
    if (p.libpod || !p.docker)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "%s",
                        p.libpod ? "this is Podman, not Docker" : "this is no Docker daemon");
    d->windows = p.windows;
    return negotiate(&d->rest, call, &p, endpoint, err);
}

static void docker_close(void *state)
{
    struct docker *d = state;

    gnt_rest_close(&d->rest);
}

/* Every slot works from API 1.41 on, but not all that it can be asked for. */
static int docker_supports(const void *state, int feature)
{
    const struct docker *d = state;

    if (feature == GANTRY_FEATURE_IMAGES_BUILD_BUILDKIT ||
        (feature >= GANTRY_FEATURE_PODS_CREATE && feature <= GANTRY_FEATURE_PODS_LOGS))
        return !d->windows;
    return feature != GANTRY_FEATURE_IMAGES_BUILD_SECRETS &&
           feature != GANTRY_FEATURE_IMAGES_BUILD_PLATFORMS;
}

static const char *docker_reason(const void *state, int feature)
{
    (void)state;
    if (feature >= GANTRY_FEATURE_SECRETS_CREATE && feature <= GANTRY_FEATURE_SECRETS_REMOVE)
        return "it keeps secrets for the services of a swarm only, never for containers";
    if (feature >= GANTRY_FEATURE_KUBE_PLAY && feature <= GANTRY_FEATURE_KUBE_QUADLET_REMOVE)
        return "it knows neither Kubernetes YAML nor systemd units";
    return NULL;
}

/* Where the command line there would go, then where the socket usually is. */
static const gantry_ssh_facts ssh_facts = {
    .size = sizeof ssh_facts,
    .look = "uri \"$DOCKER_HOST\";"
            " if have docker; then uri \"$(docker context inspect --format "
            "\"{{.Endpoints.docker.Host}}\" 2>/dev/null </dev/null)\"; fi;"
            " look /var/run/docker.sock; look \"$r/docker.sock\";"
            " for f in .docker/run .docker/desktop .orbstack/run .colima/default .rd;"
            " do look \"$HOME/$f/docker.sock\"; done",
    .program = "docker",
    .dial = "${s:+--host \"unix://$s\"} system dial-stdio",
};

const gantry_backend gnt_docker_backend = {
    .size = sizeof gnt_docker_backend,
    .name = "docker",
    .schemes = gnt_rest_schemes,
    .state_size = sizeof(struct docker),
    .probe = docker_probe,
    .open = docker_open,
    .close = docker_close,
    .supports = docker_supports,
    .engine = &gnt_docker_engine_ops,
    .images = &gnt_docker_image_ops,
    .containers = &gnt_docker_container_ops,
    .volumes = &gnt_docker_volume_ops,
    .networks = &gnt_docker_network_ops,
    .pods = &gnt_docker_pod_ops,
    .registries = &gnt_docker_registry_ops,
    .credentials = GANTRY_CREDENTIALS_DOCKER,
    .manifests = &gnt_docker_manifest_ops,
    .reason = docker_reason,
    .system = &gnt_docker_system_ops,
    .ssh = &ssh_facts,
};
