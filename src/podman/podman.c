/*
 * The Podman backend's table, probing, opening and its words for errors. The API version is the
 * server's own, capped by the newest that this code was written for; which managers do what is in
 * the other files.
 */
#include "podman.h"

#include "registry_errors.h"
#include "route.h"

#include <stdio.h>
#include <string.h>

/* The newest libpod API whose shapes are known here, and the oldest that is spoken. The service
 * compares what is asked for with 4.0, 4.8 and 5.0 only: the patch of a release does not matter. */
static const int newest[3] = { 5, 8, 0 };
static const int oldest[3] = { 4, 0, 0 };

/*
 * libpod answers 500 to nearly everything; `cause`, or part of the message, says what it was. The
 * first row that matches wins, so narrow texts come before wide ones.
 */
static const struct gnt_error_row error_rows[] = {
    { 0, "no space left on device", GANTRY_E_NO_SPACE, 0 },
    { 0, "database or disk is full", GANTRY_E_NO_SPACE, 0 },
    { 0, "unmounting volume ", GANTRY_E_ENGINE, 0 },
    { 0, "mounting volume ", GANTRY_E_INVALID, 0 }, /* by its options */
    { 0, "does not support Project Quota", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "no such container", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
    { 0, "has already been removed", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
    { 0, "image not known", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 0, "failed to find image", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 0, "no such image", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 0, "tag not known", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 0, "no such volume", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_VOLUME },
    { 0, "network not found", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_NETWORK },
    /* Its look at the host's interfaces, while one of them went. */
    { 0, "no such network interface", GANTRY_E_ENGINE, 0 },
    { 0, "no such network", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_NETWORK },
    { 0, "no such exec session", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_EXEC },
    { 0, "no such pod", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_POD },
    { 0, "pod already exists", GANTRY_E_EXISTS, GANTRY_RESOURCE_POD },
    { 0, "is in use: container already exists", GANTRY_E_EXISTS, GANTRY_RESOURCE_CONTAINER },
    { 0, "kill a pod with no running containers", GANTRY_E_STATE, GANTRY_RESOURCE_POD },
    { 0, "no such secret", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_SECRET },
    { 0, "storage: the container name", GANTRY_E_EXISTS, GANTRY_RESOURCE_CONTAINER },
    { 0, "secret is ambiguous", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_SECRET },
    { 0, "secret name in use", GANTRY_E_EXISTS, GANTRY_RESOURCE_SECRET },
    { 0, "invalid secret name", GANTRY_E_INVALID, GANTRY_RESOURCE_SECRET },
    { 0, "secret data must be", GANTRY_E_INVALID, GANTRY_RESOURCE_SECRET },
    { 0, "invalid driver", GANTRY_E_INVALID, 0 },
    { 0, "missing config value", GANTRY_E_INVALID, 0 }, /* of a driver of secrets */
    { 0, "no such quadlet", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_FILE },
    { 0, "already exists, refusing to overwrite", GANTRY_E_EXISTS, GANTRY_RESOURCE_FILE },
    { 0, "is running and force is not set", GANTRY_E_STATE, GANTRY_RESOURCE_FILE },
    { 0, "connecting to systemd dbus", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
    { 0, "name is already in use", GANTRY_E_EXISTS, 0 },
    { 0, "pod already exists", GANTRY_E_EXISTS, GANTRY_RESOURCE_POD },
    { 0, "already in use, cannot rename", GANTRY_E_EXISTS, 0 },
    { 0, "UNIQUE constraint failed", GANTRY_E_EXISTS, 0 }, /* Podman 5's database, of a name */
    { 0, "not found: container not known", GANTRY_E_NOT_FOUND, 0 }, /* changes */
    { 0, "volume already exists", GANTRY_E_EXISTS, GANTRY_RESOURCE_VOLUME },
    { 0, "network already exists", GANTRY_E_EXISTS, GANTRY_RESOURCE_NETWORK },
    { 0, "already connected to network", GANTRY_E_STATE, 0 },
    { 0, "network is already connected", GANTRY_E_STATE, 0 },
    { 0, "is not connected to network", GANTRY_E_STATE, 0 },
    { 0, "image is in use", GANTRY_E_IN_USE, GANTRY_RESOURCE_IMAGE },
    { 0, "volume is being used", GANTRY_E_IN_USE, GANTRY_RESOURCE_VOLUME },
    { 0, "network is being used", GANTRY_E_IN_USE, GANTRY_RESOURCE_NETWORK },
    { 0, "container state improper", GANTRY_E_STATE, 0 },
    { 0, "cannot create exec session as container", GANTRY_E_STATE, 0 },
    { 0, "exec session state improper", GANTRY_E_STATE, GANTRY_RESOURCE_EXEC },
    { 0, "is already used on the host", GANTRY_E_CONFLICT, 0 },
    { 0, "address already in use", GANTRY_E_IN_USE, 0 },            /* a port of the host */
    { 0, "is already allocated to container", GANTRY_E_IN_USE, 0 }, /* an address */
    { 0, "with more than one tag", GANTRY_E_CONFLICT, GANTRY_RESOURCE_IMAGE },
    { 0, "invalid network mode", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "unsupported bridge network option", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "unsupported macvlan network option", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "unsupported ipvlan network option", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "unsupported driver ipvlan", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "failed to find driver or plugin", GANTRY_E_INVALID, 0 },
    { 0, "dhcp is not yet supported", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "ipam driver dhcp is not supported", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "unsupported ipam driver", GANTRY_E_INVALID, 0 },
    { 0, "needs at least one subnet", GANTRY_E_INVALID, 0 },
    { 0, "parent interface ", GANTRY_E_INVALID, 0 },
    { 0, "unknown macvlan mode", GANTRY_E_INVALID, 0 },
    { 0, "unknown ipvlan mode", GANTRY_E_INVALID, 0 },
    { 0, "not in any subnet on network", GANTRY_E_INVALID, 0 }, /* a fixed address */
    { 0, "could not find free subnet", GANTRY_E_CONFLICT, 0 },
    { 0, "bridge name ", GANTRY_E_CONFLICT, 0 },                            /* is in use */
    { 0, "default network ", GANTRY_E_FORBIDDEN, GANTRY_RESOURCE_NETWORK }, /* cannot go */
    { 0, "can not pause containers on rootless", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "can not pause pods containing rootless", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "checkpoint/restore requires", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
    { 0, "failed to check for criu version", GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_ENGINE },
    { 409, "has no defined healthcheck", GANTRY_E_INVALID, 0 },
    { 409, "is not running", GANTRY_E_STATE, 0 },
    { 0, "Apparmor is not enabled", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "only supported in rootless mode", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "could not find enough available IDs", GANTRY_E_UNSUPPORTED, 0 }, /* user namespace auto */
    { 0, "container-init binary not found", GANTRY_E_UNSUPPORTED, 0 },
    { 0, "invalid change", GANTRY_E_INVALID, 0 },
    { 0, "did not understand change instruction", GANTRY_E_INVALID, 0 },
    /* Columns that Podman's own ps does not know go to the container's. */
    { 0, "executing ps(1) in", GANTRY_E_INVALID, 0 },
    { 0, "ps(1) failed with", GANTRY_E_INVALID, 0 }, /* from 5.0 on */
    /* Of YAML, and of what YAML and units are made of. */
    { 0, "multi doc yaml could not be split", GANTRY_E_INVALID, 0 },
    { 0, "unable to read YAML as", GANTRY_E_INVALID, 0 },
    { 0, "unable to read kube YAML", GANTRY_E_INVALID, 0 },
    { 0, "unable to read as kube YAML", GANTRY_E_INVALID, 0 },
    { 0, "unable to sort kube kinds", GANTRY_E_INVALID, 0 },
    { 0, "does not contain any supported kube kind", GANTRY_E_INVALID, 0 },
    { 0, "must be used in a container", GANTRY_E_INVALID, 0 }, /* nothing but ConfigMaps */
    { 0, "does not have a name", GANTRY_E_INVALID, 0 },
    { 0, "claim name can not be empty", GANTRY_E_INVALID, 0 },
    { 0, "duplicate container name", GANTRY_E_INVALID, 0 },
    { 0, "generating YAML: name or ID", GANTRY_E_NOT_FOUND, 0 },
    { 0, "use generate on the pod itself", GANTRY_E_INVALID, 0 },
    { 0, "no create command found", GANTRY_E_INVALID, 0 },
    { 0, "is not a valid restart policy", GANTRY_E_INVALID, 0 },
    { 0, "--template is not supported for pods", GANTRY_E_INVALID, 0 },
    { 0, "--template cannot be set", GANTRY_E_INVALID, 0 },
    { 0, "only has an infra container", GANTRY_E_INVALID, 0 },
    { 0, "generating systemd unit files: Pod", GANTRY_E_INVALID, 0 }, /* without containers */
    /* Of archives: no tar, one that is cut, one that holds no images. */
    { 0, "does not match any of the supported image formats", GANTRY_E_INVALID, 0 },
    { 0, "invalid tar header", GANTRY_E_INVALID, 0 },
    { 0, "tar file(unexpected EOF)", GANTRY_E_INVALID, 0 },
    { 0, "required plugin missing", GANTRY_E_INVALID, 0 },
    { 0, "invalid argument", GANTRY_E_INVALID, 0 },
    { 0, "invalid signal", GANTRY_E_INVALID, 0 },
    { 0, "invalid reference format", GANTRY_E_INVALID, 0 },
    { 0, "invalid CIDR address", GANTRY_E_INVALID, 0 },
    { 0, "is an invalid", GANTRY_E_INVALID, 0 },
    { 0, "no command or entrypoint provided", GANTRY_E_INVALID, 0 },
    { 0, "invoke a command that was not found", GANTRY_E_COMMAND, GANTRY_RESOURCE_CONTAINER },
    { 0, "permission denied: OCI permission denied", GANTRY_E_COMMAND, GANTRY_RESOURCE_CONTAINER },
    { 500, "statfs ", GANTRY_E_INVALID, 0 },    /* the source of a bind mount */
    { 500, "stat /dev/", GANTRY_E_INVALID, 0 }, /* a device */
    { 0, "could not parse throttle device", GANTRY_E_INVALID, 0 },
    { 0, "--blkio-weight-device", GANTRY_E_INVALID, 0 },
    { 0, "unresolvable CDI device", GANTRY_E_INVALID, 0 },
    { 0, "unknown capability", GANTRY_E_INVALID, 0 },
    { 0, "opening seccomp profile failed", GANTRY_E_INVALID, 0 },
    { 0, "is not in a separate kernel namespace", GANTRY_E_INVALID, 0 }, /* a sysctl */
    { 0, "are not available - requested", GANTRY_E_INVALID, 0 },         /* CPUs, memory nodes */
    { 0, "no matching entries in group file", GANTRY_E_INVALID, 0 },
    { 0, "invalid namespace type", GANTRY_E_INVALID, 0 },
    { 0, "with non-network namespace", GANTRY_E_INVALID, 0 },
    { 0, "non-shareable IPC", GANTRY_E_INVALID, 0 },
    { 0, "with Bridge mode networking", GANTRY_E_INVALID, 0 },
    { 0, "network cannot be configured when it is shared", GANTRY_E_INVALID, 0 },
    { 0, "cannot add init binary", GANTRY_E_INVALID, 0 },
    { 0, "invalid configuration", GANTRY_E_INVALID, 0 },
    { 0, "invalid mount option", GANTRY_E_INVALID, 0 },
    { 0, "duplicate mount", GANTRY_E_INVALID, 0 },
    { 0, "no matching entries in passwd file", GANTRY_E_INVALID, 0 },
    { 0, "decode()", GANTRY_E_INVALID, 0 },
    { 0, "cannot unmarshal", GANTRY_E_INVALID, 0 },
    { 0, "is not a manifest list", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST },
    { 0, "manifest not found", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST },
    { 0, "no instance matching digest", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST },
    { 0, "matching the specified digest", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST },
    { 0, "does not resolve to an image ID", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 0, "manifest blob unknown", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE },
    { 0, "blob unknown to registry", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE }, /* of a list */
    GNT_REGISTRY_ERROR_ROWS,
    { 400, NULL, GANTRY_E_INVALID, 0 },
    { 401, NULL, GANTRY_E_UNAUTHORIZED, 0 },
    { 403, NULL, GANTRY_E_FORBIDDEN, 0 },
    { 404, NULL, GANTRY_E_NOT_FOUND, 0 },
    { 409, "only available for cgroup v2", GANTRY_E_UNSUPPORTED, 0 }, /* rootless stats */
    { 409, NULL, GANTRY_E_CONFLICT, 0 },
    { 501, NULL, GANTRY_E_UNSUPPORTED, 0 },
    { 0, NULL, GANTRY_E_ENGINE, 0 },
};

/* To list images, look at one or remove one, libpod goes through all of them. One that is being
 * written has its record before its manifests, and one that goes is missed in the middle; these
 * words are never about an image that was asked for: that would be "failed to find image". */
static const char *const passing[] = { "runtime error:",
                                       "locating item named ",
                                       "locating image with ID ",
                                       "you may need to remove the image",
                                       "size is not known",
                                       "layer not known",
                                       NULL };

const struct gnt_dialect gnt_podman_dialect = {
    .name = "podman", .cause_path = "cause", .errors = error_rows, .passing = passing
};

/* ---- who answers ----------------------------------------------------------------------------- */

static int compare(const int a[3], const int b[3])
{
    for (int i = 0; i < 3; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

/* Reads to the end, so that the connection can be used again. */
static int drain(struct gnt_exchange *x, gantry_error *err)
{
    char piece[256];
    size_t got = 0;
    int rc;

    while ((rc = gnt_exchange_read(x, piece, sizeof piece, 0, &got, err)) == 0 && got > 0)
        continue;
    return rc;
}

/* In every answer, also to what was asked on another engine's behalf. */
static const char version_header[] = "Libpod-API-Version";

/* The server's libpod version; "" if what answers is no Podman. */
static int ask_version(struct gnt_rest *rest, const gantry_call *call, char *text, size_t size,
                       gantry_error *err)
{
    struct gnt_req r;
    struct gnt_exchange *x = NULL;
    const char *header;
    int rc;

    text[0] = '\0';
    gnt_req_init(&r, rest, "GET", call, "/libpod/_ping");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "podman");
    rc = gnt_req_begin(&r, &x, err);
    if (rc == 0)
        rc = gnt_exchange_head(x, 0, err);
    if (rc == 0) {
        header = gnt_exchange_header(x, version_header);
        if (header != NULL)
            gnt_text_copy(text, size, header, strlen(header), 0, 0);
        rc = drain(x, err);
        /* A proxy in front; one that answers 403 may let others than Podman through. */
        if (rc == 0 && gnt_exchange_status(x) == 401)
            rc = gnt_fail(err, GANTRY_E_UNAUTHORIZED,
                          "what answers there lets nobody in (status 401)");
    }
    gnt_exchange_close(x);
    return rc;
}

static int too_old(const char *version, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                    "Podman %s is too old: its API version must be at least %d.%d.%d", version,
                    oldest[0], oldest[1], oldest[2]);
}

static int parse_version(const char *text, int out[3], gantry_error *err)
{
    if (sscanf(text, "%4d.%4d.%4d", &out[0], &out[1], &out[2]) < 2)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the engine's libpod version is none: %s", text);
    return compare(out, oldest) < 0 ? too_old(text, err) : 0;
}

static int podman_probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                        gantry_probe *out, gantry_error *err)
{
    struct gnt_rest rest = { 0 };
    const char *heard;
    char version[24] = "";
    int number[3] = { 0 };
    int rc = gnt_rest_init(&rest, host, endpoint, &gnt_podman_dialect, err);

    if (rc < 0)
        return rc;
    heard = gnt_rest_heard(&rest, version_header);
    if (heard != NULL)
        gnt_text_copy(version, sizeof version, heard, strlen(heard), 0, 0);
    else
        rc = ask_version(&rest, call, version, sizeof version, err);
    gnt_rest_leave(&rest);
    if (rc < 0)
        return rc;
    if (version[0] == '\0')
        return GANTRY_PROBE_NOT_MINE;
    rc = parse_version(version, number, err);
    if (rc < 0)
        return rc;
    snprintf(out->detail, sizeof out->detail, "Podman %s", version);
    snprintf(out->version, sizeof out->version, "%s", version);
    snprintf(out->api_version, sizeof out->api_version, "%s", version);
    return GANTRY_PROBE_MINE;
}

/* The version that the program insists on: shapes of answers follow it, what the engine cannot do
 * stays so. */
static int use_wanted(struct podman *p, const char *wanted, gantry_error *err)
{
    int *use = p->rest.version;
    int number[3] = { 0 };
    int fine = sscanf(wanted, "%4d.%4d.%4d", &number[0], &number[1], &number[2]) >= 2 &&
               compare(number, oldest) >= 0 && compare(number, newest) <= 0 &&
               compare(number, use) <= 0;

    if (!fine)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "api_version: %s cannot be spoken: Podman speaks its API %s at most, this "
                        "library %d.%d.%d to %d.%d.%d",
                        wanted, p->engine_version, oldest[0], oldest[1], oldest[2], newest[0],
                        newest[1], newest[2]);
    memcpy(use, number, sizeof number);
    return 0;
}

static int podman_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                       const gantry_call *call, gantry_error *err)
{
    struct podman *p = state;
    const int *use = p->rest.version;
    int rc = gnt_rest_init(&p->rest, host, endpoint, &gnt_podman_dialect, err);

    if (rc == 0 && endpoint->found != NULL && endpoint->found->api_version[0] != '\0')
        snprintf(p->engine_version, sizeof p->engine_version, "%s", endpoint->found->api_version);
    else if (rc == 0)
        rc = ask_version(&p->rest, call, p->engine_version, sizeof p->engine_version, err);
    if (rc == 0 && p->engine_version[0] == '\0')
        rc = gnt_fail(err, GANTRY_E_UNAVAILABLE, "%s answers, but is no Podman", endpoint->address);
    if (rc == 0)
        rc = parse_version(p->engine_version, p->rest.version, err);
    if (rc == 0 && endpoint->api_version != NULL && !gnt_route_is_docker_version(endpoint->route))
        rc = use_wanted(p, endpoint->api_version, err);
    if (rc < 0)
        return rc;
    if (compare(p->rest.version, newest) > 0)
        memcpy(p->rest.version, newest, sizeof newest);
    snprintf(p->rest.prefix, sizeof p->rest.prefix, "/v%d.%d.%d/libpod", use[0], use[1], use[2]);
    return 0;
}

static void podman_close(void *state)
{
    struct podman *p = state;

    gnt_rest_close(&p->rest);
}

static int podman_supports(const void *state, int feature)
{
    if (gnt_podman_kube_reason(state, feature) != NULL)
        return 0;
    return feature != GANTRY_FEATURE_IMAGES_BUILD_BUILDKIT &&    /* it has a builder of its own */
           feature != GANTRY_FEATURE_CONTAINERS_COPY_OUT_OWNERS; /* it gives all to its user */
}

/* Where the command line there would go, then where the socket usually is, else what it says. */
static const gantry_ssh_facts ssh_facts = {
    .size = sizeof ssh_facts,
    .look = "uri \"$CONTAINER_HOST\"; n=0; look \"$r/podman/podman.sock\";"
            " look /run/podman/podman.sock;"
            " if [ $n = 0 ] && have podman; then p=$(podman info --format "
            "\"{{.Host.RemoteSocket.Path}}\" 2>/dev/null </dev/null); look \"${p#unix://}\"; fi",
    .program = "podman",
    .dial = "${s:+--url \"unix://$s\"} system dial-stdio",
};

const gantry_backend gnt_podman_backend = {
    .size = sizeof(gantry_backend),
    .name = "podman",
    .schemes = gnt_rest_schemes,
    .state_size = sizeof(struct podman),
    .probe = podman_probe,
    .open = podman_open,
    .close = podman_close,
    .supports = podman_supports,
    .engine = &gnt_podman_engine_ops,
    .images = &gnt_podman_image_ops,
    .containers = &gnt_podman_container_ops,
    .volumes = &gnt_podman_volume_ops,
    .networks = &gnt_podman_network_ops,
    .registries = &gnt_podman_registry_ops,
    .credentials = GANTRY_CREDENTIALS_PODMAN,
    .manifests = &gnt_podman_manifest_ops,
    .secrets = &gnt_podman_secret_ops,
    .kube = &gnt_podman_kube_ops,
    .reason = gnt_podman_kube_reason,
    .system = &gnt_podman_system_ops,
    .pods = &gnt_podman_pod_ops,
    .ssh = &ssh_facts,
};
