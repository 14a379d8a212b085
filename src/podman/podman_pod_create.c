/*
 * Creating a pod over libpod: gantry_pod_options to its PodSpecGenerator, whose networks, mounts,
 * limits and user namespace are worded as a container's.
 */
#include "podman_pod.h"
#include "podman_spec.h"

#include "rest_life.h"

#include <string.h>

static int out_policy(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *word = *(const int *)field == GANTRY_POD_EXIT_STOP ? "stop" : "continue";

    if (gnt_json_put(c->arena, c->body, row->path, gnt_json_string(c->arena, word)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

/* An empty list would be left out on libpod's way to the defaults. */
static int out_share(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    static const char *const none[] = { "none", NULL };
    const char *const *list = *(const char *const *const *)field;
    struct gnt_json *array = gnt_podman_strings(c->arena, list[0] != NULL ? list : none);

    return gnt_json_put(c->arena, c->body, row->path, array) < 0 ? gnt_nomem(c->err) : 0;
}

#define O gantry_pod_options
const struct gnt_out gnt_podman_pod_options[] = {
    GNT_OUT_MAP(O, labels, "labels"),
    GNT_OUT_STR(O, hostname, "hostname"),
    GNT_OUT_CODE(O, ports),
    GNT_OUT_CODE(O, network),
    GNT_OUT_CODE(O, networks),
    GNT_OUT_STRS(O, dns_servers, "dns_server"),
    GNT_OUT_STRS(O, dns_search, "dns_search"),
    GNT_OUT_STRS(O, dns_options, "dns_option"),
    GNT_OUT_STRS(O, extra_hosts, "hostadd"),
    GNT_OUT_HOOK(O, share, "shared_namespaces", out_share),
    GNT_OUT_CODE(O, resources),
    GNT_OUT_STR(O, cgroup_parent, "cgroup_parent"),
    GNT_OUT_CODE(O, mounts),
    GNT_OUT_MAP(O, sysctls, "sysctl"),
    GNT_OUT_CODE(O, user_namespace),
    GNT_OUT_CODE(O, infra_image),
    GNT_OUT_STR(O, infra_name, "infra_name"),
    GNT_OUT_STRS(O, infra_command, "infra_command"),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_I64(O, shm_size_bytes, "shm_size"),
    GNT_OUT_OFF(O, infra, "no_infra"),
    GNT_OUT_HOOK(O, exit_policy, "exit_policy", out_policy),
    GNT_OUT_END
};
#undef O

/* What is worded as a container's. */
static gantry_container_options common(const gantry_pod_options *o, const gantry_security *security)
{
    return (gantry_container_options){ .size = sizeof(gantry_container_options),
                                       .ports = o->ports,
                                       .network = o->network,
                                       .networks = o->networks,
                                       .extra_hosts = o->extra_hosts,
                                       .resources = o->resources,
                                       .mounts = o->mounts,
                                       .security = o->user_namespace != NULL ? security : NULL };
}

static void check_mounts(struct gnt_req *r, const gantry_mount *const *mounts)
{
    for (; mounts != NULL && *mounts != NULL; mounts++) {
        if ((*mounts)->create_source == GANTRY_ON)
            gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                         "option \"mounts: create_source\" of a pod is not supported by this "
                         "engine: %s",
                         (*mounts)->source);
    }
}

static void check_versions(struct gnt_req *r, const gantry_pod_options *o)
{
    if (o->shm_size_bytes != 0)
        gnt_podman_need(r, "shm_size_bytes", 4, 2);
    if (gnt_podman_has_limits(o->resources))
        gnt_podman_need(r, "resources", 4, 3);
    if (o->exit_policy != GANTRY_POD_EXIT_DEFAULT)
        gnt_podman_need(r, "exit_policy", 4, 2);
}

static struct gnt_json *pod_body(struct gnt_req *r, const char *name, const gantry_pod_options *o)
{
    const gantry_security security = { .size = sizeof security,
                                       .user_namespace = o->user_namespace };
    const gantry_container_options c = common(o, &security);
    struct gnt_json *body = gnt_req_encode(r, o, gnt_podman_pod_options);

    if (name != NULL)
        gnt_podman_put_text(r, body, "name", name);
    if (o->infra_image != NULL)
        gnt_podman_put_text(r, body, "infra_image", gnt_podman_bare(o->infra_image));
    check_versions(r, o);
    check_mounts(r, o->mounts);
    gnt_podman_spec_mounts(r, body, &c);
    gnt_podman_spec_network(r, body, &c);
    gnt_podman_spec_resources(r, body, o->resources);
    gnt_podman_spec_security(r, body, &c);
    gnt_req_extra_json(r, body, o->extra_json);
    return body;
}

/* ---- around the request ---------------------------------------------------------------------- */

static const struct gnt_in created_rows[] = { GNT_IN_ID_REQ(gantry_pod_created, id, "Id"),
                                              GNT_IN_END };

/*
 * Older libpods (4.3) make the pod first and leave it if the infra container cannot be made;
 * nothing can be done with it then, and its name is taken. A pod that shares namespaces, and has no
 * infra container to hold them, is always such a one.
 */
static void remove_wreck(struct podman *p, const char *name, gantry_error *err)
{
    gantry_call call;
    gantry_pod *pod = NULL;
    int wreck;

    gnt_call_cleanup(&call, 0);
    if (name == NULL || gnt_podman_pod_look(p, &call, name, &pod, NULL) < 0)
        return;
    wreck = pod->member_count == 0 && pod->infra_id[0] == '\0' && pod->share[0] != NULL;
    if (wreck && gnt_rest_act(&p->rest, "DELETE", &call, GANTRY_RESOURCE_POD, pod->id, "/pods/%s",
                              NULL) < 0) {
        gnt_error_suffix(err, "the pod is left, without its infra container");
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    gantry_pod_free(pod);
}

/* What a refusal is about, when it is not the pod itself. */
static int blame(int rc, const gantry_pod_options *o, gantry_error *err)
{
    const gantry_attachment *const *list = o->networks;
    const char *network = o->network != NULL ? o->network : "";

    if (rc == 0 || err == NULL || err->http_status == 0)
        return rc;
    for (; list != NULL && *list != NULL; list++) {
        if (list[1] == NULL || strstr(err->message, (*list)->network) != NULL) {
            network = (*list)->network;
            break;
        }
    }
    if (err->resource_kind == GANTRY_RESOURCE_NETWORK)
        gnt_error_resource(err, GANTRY_RESOURCE_NETWORK, network);
    else if (err->resource_kind == GANTRY_RESOURCE_IMAGE && o->infra_image != NULL)
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, o->infra_image);
    else if (err->resource_kind == GANTRY_RESOURCE_CONTAINER && rc == GANTRY_E_EXISTS &&
             o->infra_name != NULL && strstr(err->message, o->infra_name) != NULL)
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, o->infra_name);
    return rc;
}

/* The name that the engine made up. */
static int tell_name(struct podman *p, const char *name, const gantry_call *call,
                     gantry_pod_created *created, gantry_error *err)
{
    gantry_pod *pod = NULL;
    int rc = name == NULL ? gnt_podman_pod_look(p, call, created->id, &pod, err) : 0;

    if (rc == 0) {
        created->name =
            gnt_arena_strdup(gnt_result_arena(created), name != NULL ? name : pod->name);
        rc = created->name == NULL ? gnt_nomem(err) : 0;
    }
    gantry_pod_free(pod);
    return rc;
}

/* Limits of all members are the pod's own cgroup's, which rootless Podman has not got with
 * cgroups v1; it says nothing. */
static int take_rootless(void *arg, struct gnt_json *v, gantry_error *err)
{
    const char *version = gnt_json_text(gnt_json_get(v, "host/cgroupVersion"));

    (void)arg;
    if (gnt_json_true(gnt_json_get(v, "host/security/rootless")) && version != NULL &&
        strcmp(version, "v1") == 0)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "option \"resources\" of a pod is not supported by this engine: it is "
                        "rootless, on a host with cgroups v1");
    return 0;
}

/* What libpod would not say, or see to in its own way. */
static int check_before(struct podman *p, const gantry_pod_options *o, const gantry_call *call,
                        gantry_error *err)
{
    const gantry_container_options c = { .size = sizeof c, .resources = o->resources };
    char id[65];
    struct gnt_req r;
    int rc = 0;

    /* libpod would pull it. */
    if (o->infra_image != NULL)
        rc = gnt_podman_image_id(p, call, o->infra_image, id, err);
    if (rc < 0 || !gnt_podman_has_limits(o->resources))
        return rc;
    gnt_req_init(&r, &p->rest, "GET", call, "/info");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "podman");
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_rootless, NULL, NULL, err);
    return rc < 0 ? rc : gnt_podman_check_host(p, &c, call, err);
}

static int send_create(struct podman *p, const char *name, const gantry_pod_options *o,
                       const gantry_call *call, void **out, gantry_error *err)
{
    struct gnt_req r;
    int rc;

    gnt_req_init(&r, &p->rest, "POST", call, "/pods/create");
    gnt_req_about(&r, GANTRY_RESOURCE_POD, name != NULL ? name : "");
    gnt_req_json(&r, pod_body(&r, name, o));
    rc = gnt_req_result(&r, GANTRY_KIND_POD_CREATED, created_rows, SIZE_MAX, out, err);
    if (rc < 0 && err->http_status != 0 &&
        !(rc == GANTRY_E_EXISTS && err->resource_kind == GANTRY_RESOURCE_POD))
        remove_wreck(p, name, err);
    return blame(rc, o, err);
}

int gnt_podman_pod_create(void *state, const char *name, const gantry_pod_options *opts,
                          gantry_pod_created **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error failure = { 0 };
    void *result = NULL;
    int rc = check_before(p, opts, call, &failure);

    if (rc == 0)
        rc = send_create(p, name, opts, call, &result, &failure);
    if (rc == 0)
        rc = tell_name(p, name, call, result, &failure);
    if (rc == 0)
        *out = result;
    else
        gnt_result_free(result);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
