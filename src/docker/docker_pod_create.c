/*
 * Docker: making a pod is making its infra container, which holds what the members are to share.
 * That its name is free is what makes the pod's name one pod's.
 */
#include "docker_pod.h"

#include "box.h"
#include "pod.h"
#include "rest_life.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- options --------------------------------------------------------------------------------- */

static int out_infra(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int infra;

    memcpy(&infra, field, sizeof infra);
    return infra == GANTRY_OFF ? gnt_out_refuse(c, row, field) : 0;
}

static int out_exit_policy(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int policy;

    (void)row;
    memcpy(&policy, field, sizeof policy);
    if (policy == GANTRY_POD_EXIT_STOP)
        return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                        "option \"exit_policy\": GANTRY_POD_EXIT_STOP is not supported by this "
                        "engine");
    return 0;
}

/* "uts" comes with "net" alone: the daemon gives a container in another's network its host name. */
static int out_share(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_pod_options *o = c->options;

    (void)row;
    (void)field;
    for (const char *const *word = o->share; *word != NULL; word++) {
        const struct gnt_word *known = gnt_docker_pod_share;

        while (known->word != NULL && strcmp(known->word, *word) != 0)
            known++;
        if (known->word == NULL || (known->value == GNT_POD_UTS && !gnt_pod_shares(o, "net")))
            return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                            "option \"share\": \"%.40s\"%s is not supported by this engine", *word,
                            known->word != NULL ? " without \"net\"" : "");
    }
    return 0;
}

#define P gantry_pod_options
const struct gnt_out gnt_docker_pod_options[] = {
    GNT_OUT_CODE(P, labels),
    GNT_OUT_CODE(P, label_count),
    GNT_OUT_CODE(P, hostname),
    GNT_OUT_CODE(P, ports),
    GNT_OUT_CODE(P, network),
    GNT_OUT_CODE(P, networks),
    GNT_OUT_CODE(P, dns_servers),
    GNT_OUT_CODE(P, dns_search),
    GNT_OUT_CODE(P, dns_options),
    GNT_OUT_CODE(P, extra_hosts),
    GNT_OUT_HOOK(P, share, "", out_share),
    GNT_OUT_REFUSE(P, resources),
    GNT_OUT_CODE(P, cgroup_parent),
    GNT_OUT_REFUSE(P, mounts),
    GNT_OUT_CODE(P, sysctls),
    GNT_OUT_CODE(P, sysctl_count),
    GNT_OUT_REFUSE(P, user_namespace),
    GNT_OUT_CODE(P, infra_image),
    GNT_OUT_CODE(P, infra_name),
    GNT_OUT_CODE(P, infra_command),
    GNT_OUT_CODE(P, extra_json),
    GNT_OUT_CODE(P, shm_size_bytes),
    GNT_OUT_HOOK(P, infra, "", out_infra),
    GNT_OUT_HOOK(P, exit_policy, "", out_exit_policy),
    GNT_OUT_END,
};
#undef P

/* ---- names, labels --------------------------------------------------------------------------- */

enum {
    RANDOM_BYTES = 6,
    MADE_UP_SIZE = sizeof "pod-" + 2 * RANDOM_BYTES,
    HOSTNAME_MOST = 63
};

static int make_up_name(char out[MADE_UP_SIZE], gantry_error *err)
{
    unsigned char bytes[RANDOM_BYTES];
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;

    if (fd >= 0)
        close(fd);
    if (got != (ssize_t)sizeof bytes)
        return gnt_fail(err, GANTRY_E_IO, "name: cannot read /dev/urandom to make one up");
    memcpy(out, "pod-", sizeof "pod-");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 4 + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

/* Whether there is a pod of this name besides `own`, which may be NULL. */
static int look_for_other(struct docker *d, const gantry_call *call, const char *name,
                          const char *own, int *out, gantry_error *err)
{
    gantry_pod_list *list = NULL;
    int rc = gnt_docker_pods_look(d, call, name, &list, err);

    *out = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        if (own == NULL || strcmp(list->items[i]->id, own) != 0)
            *out = 1;
    }
    gnt_result_free(list);
    return rc;
}

static int taken(const char *name, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_EXISTS, "the name is another pod's");
    gnt_error_resource(err, GANTRY_RESOURCE_POD, name);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_EXISTS;
}

/* The pod's labels and the library's. */
static int add_labels(struct gnt_arena *arena, const char *name, const gantry_pod_options *opts,
                      gantry_container_options *o, gantry_error *err)
{
    gantry_pair *labels = gnt_arena_alloc(arena, (opts->label_count + 4) * sizeof *labels);
    const char *share = "";
    size_t n = opts->label_count;

    for (const struct gnt_word *w = gnt_docker_pod_share; share != NULL && w->word != NULL; w++) {
        if (gnt_pod_shares(opts, w->word))
            share = gnt_arena_printf(arena, "%s%s%s", share, share[0] != '\0' ? "," : "", w->word);
    }
    if (labels == NULL || share == NULL)
        return gnt_nomem(err);
    if (n > 0)
        memcpy(labels, opts->labels, n * sizeof *labels);
    labels[n++] = (gantry_pair){ GNT_POD_LABEL, name };
    labels[n++] = (gantry_pair){ GNT_POD_INFRA_LABEL, "1" };
    labels[n++] = (gantry_pair){ GNT_POD_SHARE_LABEL, share };
    if (opts->cgroup_parent != NULL)
        labels[n++] = (gantry_pair){ GNT_POD_CGROUP_LABEL, opts->cgroup_parent };
    o->labels = labels;
    o->label_count = n;
    return 0;
}

/* ---- create ---------------------------------------------------------------------------------- */

static const char *const pause_command[] = { "pause", NULL };

static int infra_options(struct gnt_arena *arena, const char *name, const gantry_pod_options *opts,
                         gantry_container_options *o, gantry_error *err)
{
    *o = (gantry_container_options){
        .size = sizeof *o,
        .name = opts->infra_name,
        .command = opts->infra_image == NULL && opts->infra_command == NULL ? pause_command : NULL,
        .entrypoint = opts->infra_command,
        .hostname = opts->hostname,
        .ports = opts->ports,
        .network = opts->network,
        .networks = opts->networks,
        .extra_json = opts->extra_json,
        .dns_servers = opts->dns_servers,
        .dns_search = opts->dns_search,
        .dns_options = opts->dns_options,
        .extra_hosts = opts->extra_hosts,
        .sysctls = opts->sysctls,
        .sysctl_count = opts->sysctl_count,
        .ipc_namespace = gnt_pod_shares(opts, "ipc") ? "shareable" : NULL,
        .cgroup_parent = opts->cgroup_parent,
        .shm_size_bytes = opts->shm_size_bytes,
    };
    if (o->name == NULL)
        o->name = gnt_arena_printf(arena, "%s-infra", name);
    if (o->hostname == NULL)
        o->hostname = gnt_arena_strndup(arena, name, strnlen(name, HOSTNAME_MOST));
    if (o->name == NULL || o->hostname == NULL)
        return gnt_nomem(err);
    return add_labels(arena, name, opts, o, err);
}

/* The name of the infra container may be another container's, or that of a pod that was made just
 * now. */
static int blame(struct docker *d, const gantry_call *call, const char *name, const char *infra,
                 gantry_error *err)
{
    int other = 0;

    if (look_for_other(d, call, name, NULL, &other, NULL) == 0 && other)
        return taken(name, err);
    gnt_error_prefix(err, "the name \"%.200s\" of the pod's infra container", infra);
    return GANTRY_E_EXISTS;
}

/* With a name of its own for the infra container nothing but looking tells that two pods of one
 * name were made at the same time; then neither stays. */
static int check_alone(struct docker *d, const gantry_call *call, const char *name, const char *id,
                       gantry_error *err)
{
    int other = 0;
    int rc = look_for_other(d, call, name, id, &other, err);

    if (rc == 0 && other)
        rc = taken(name, err);
    return rc < 0 ? gnt_take_back(gnt_docker_container_remove, d, id, rc, err) : 0;
}

static int make_infra(struct docker *d, const gantry_call *call, const char *name,
                      const gantry_pod_options *opts, gantry_created **out, gantry_error *err)
{
    const struct gnt_box_engine box = { .host = d->rest.host,
                                        .state = d,
                                        .engine = &gnt_docker_engine_ops,
                                        .images = &gnt_docker_image_ops };
    char reference[GNT_BOX_REFERENCE_SIZE];
    const char *image = opts->infra_image != NULL ? opts->infra_image : reference;
    gantry_container_options o;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &d->rest.host->mem);
    rc = infra_options(&arena, name, opts, &o, err);
    o.call = call;
    if (rc == 0 && opts->infra_image == NULL)
        rc = gnt_box_ensure(&box, call, reference, err);
    if (rc == 0)
        rc = gnt_docker_container_make(d, image, &o, out, err);
    if (rc == GANTRY_E_EXISTS)
        rc = blame(d, call, name, o.name, err);
    gnt_arena_free(&arena);
    if (rc == 0 && opts->infra_name != NULL) {
        rc = check_alone(d, call, name, (*out)->id, err);
        if (rc < 0)
            gnt_result_free(*out);
    }
    return rc;
}

static int result_of(struct docker *d, const char *name, const gantry_created *made,
                     gantry_pod_created **out, gantry_error *err)
{
    gantry_pod_created *created = gnt_result_new(&d->rest.host->mem, GANTRY_KIND_POD_CREATED, err);

    if (created == NULL)
        return GANTRY_E_NOMEM;
    created->id = gantry_result_strdup(created, made->id);
    created->name = gantry_result_strdup(created, name);
    if (created->id == NULL || created->name == NULL) {
        gnt_result_free(created);
        return gnt_nomem(err);
    }
    *out = created;
    return 0;
}

int gnt_docker_pod_create(void *state, const char *name, const gantry_pod_options *opts,
                          gantry_pod_created **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    char made_up[MADE_UP_SIZE];
    gantry_created *made = NULL;
    int other = 0;
    int rc = gnt_rest_check_options(&d->rest, opts, gnt_docker_pod_options, err);

    if (rc == 0)
        rc = gnt_docker_pod_check_labels(opts->labels, opts->label_count, err);
    if (rc == 0 && gnt_docker_label(opts->labels, opts->label_count, GNT_BOX_LABEL) != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "labels: %s is the library's own", GNT_BOX_LABEL);
    if (rc == 0 && name == NULL)
        rc = make_up_name(made_up, err);
    if (rc < 0)
        return rc;
    if (name == NULL)
        name = made_up;
    rc = look_for_other(d, call, name, NULL, &other, err);
    if (rc == 0 && other)
        rc = taken(name, err);
    if (rc == 0)
        rc = make_infra(d, call, name, opts, &made, err);
    if (rc < 0)
        return rc;
    rc = result_of(d, name, made, out, err);
    if (rc < 0)
        gnt_take_back(gnt_docker_container_remove, d, made->id, rc, err);
    gnt_result_free(made);
    return rc;
}
