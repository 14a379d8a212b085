/*
 * Docker: what pods there are, told by the labels of their containers. One request finds all; the
 * infra container is asked for the rest.
 */
#include "docker_pod.h"

#include "box.h"

#include <stdio.h>
#include <string.h>

const struct gnt_word gnt_docker_pod_share[] = {
    { "net", GNT_POD_NET },
    { "ipc", GNT_POD_IPC },
    { "uts", GNT_POD_UTS },
    { "pid", GNT_POD_PID },
    { NULL, 0 },
};

/* ---- labels ---------------------------------------------------------------------------------- */

const char *gnt_docker_label(const gantry_pair *labels, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].key, key) == 0)
            return labels[i].value;
    }
    return NULL;
}

static int is_own_label(const char *key)
{
    size_t size = strlen(GNT_POD_LABEL);

    return strncmp(key, GNT_POD_LABEL, size) == 0 && (key[size] == '\0' || key[size] == '.');
}

int gnt_docker_pod_check_labels(const gantry_pair *labels, size_t count, gantry_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (is_own_label(labels[i].key))
            return gnt_fail(err, GANTRY_E_INVALID, "labels: %.100s is the library's own",
                            labels[i].key);
    }
    return 0;
}

int gnt_docker_in_pod(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    const struct gnt_json *labels = gnt_json_get(v, "Config/Labels");
    const char *id;

    if (labels == NULL)
        labels = gnt_json_get(v, "Labels");
    id = gnt_json_text(gnt_json_member(labels, GNT_POD_ID_LABEL));
    if (gnt_json_text(gnt_json_member(labels, GNT_POD_LABEL)) == NULL)
        return 0;
    if (gnt_json_text(gnt_json_member(labels, GNT_POD_INFRA_LABEL)) != NULL)
        return gnt_in_id(c, gnt_json_get(v, "Id"), row, field);
    if (id == NULL)
        return 0;
    id = gnt_arena_strdup(c->arena, id);
    if (id == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &id, sizeof id);
    return 0;
}

int gnt_docker_is_in_pod(const gantry_container *c, const char *pod)
{
    const char *name = gnt_docker_label(c->labels, c->label_count, GNT_POD_LABEL);

    if (pod == NULL)
        return 1;
    return c->pod[0] != '\0' &&
           ((name != NULL && strcmp(name, pod) == 0) || strncmp(c->pod, pod, strlen(pod)) == 0);
}

/* ---- state ----------------------------------------------------------------------------------- */

static const struct gnt_word states[] = {
    { "Created", GANTRY_POD_CREATED },   { "Running", GANTRY_POD_RUNNING },
    { "Degraded", GANTRY_POD_DEGRADED }, { "Paused", GANTRY_POD_PAUSED },
    { "Stopped", GANTRY_POD_STOPPED },   { "Exited", GANTRY_POD_EXITED },
    { "Error", GANTRY_POD_ERROR },       { NULL, 0 },
};

/* By the rules of the engine that has pods. */
static int state_of(const gantry_pod *pod)
{
    size_t in[GANTRY_CONTAINER_DEAD + 1] = { 0 };
    size_t all = pod->member_count;
    size_t ended;

    for (size_t i = 0; i < all; i++)
        in[pod->members[i]->state]++;
    ended = in[GANTRY_CONTAINER_EXITED] + in[GANTRY_CONTAINER_RESTARTING];
    if (pod->infra_id[0] == '\0')
        return GANTRY_POD_ERROR;
    if (in[GANTRY_CONTAINER_RUNNING] > 0)
        return in[GANTRY_CONTAINER_RUNNING] == all ? GANTRY_POD_RUNNING : GANTRY_POD_DEGRADED;
    if (in[GANTRY_CONTAINER_PAUSED] == all)
        return GANTRY_POD_PAUSED;
    if (ended > 0)
        return ended == all ? GANTRY_POD_EXITED : GANTRY_POD_STOPPED;
    return in[GANTRY_CONTAINER_CREATED] > 0 ? GANTRY_POD_CREATED : GANTRY_POD_ERROR;
}

static void settle_state(gantry_pod *pod)
{
    pod->state = state_of(pod);
    for (const struct gnt_word *w = states; w->word != NULL; w++) {
        if (w->value == pod->state)
            pod->state_text = w->word;
    }
}

/* ---- pods out of containers ------------------------------------------------------------------ */

/* Of the result, with lists and texts that stay the containers'. */
struct making {
    gantry_pod_list *list;
    gantry_pod **pods;
    struct gnt_arena *arena;
};

static gantry_pod *pod_of(struct making *m, const gantry_container *c)
{
    for (size_t i = 0; i < m->list->count; i++) {
        if (strcmp(m->pods[i]->id, c->pod) == 0)
            return m->pods[i];
    }
    return NULL;
}

static int read_share(struct making *m, const char *text, const char *const **out)
{
    const char *const *list = NULL;

    for (; text != NULL && *text != '\0'; text += text[0] == ',') {
        size_t size = strcspn(text, ",");
        const char *word = gnt_arena_strndup(m->arena, text, size);

        list = word != NULL ? gnt_strings_add(m->arena, list, word) : NULL;
        if (list == NULL)
            return -1;
        text += size;
    }
    if (list != NULL)
        *out = list;
    return 0;
}

/* The pod's labels are the infra container's but the library's, and those of its image. */
static int read_infra(struct making *m, gantry_pod *pod, const gantry_container *c)
{
    gantry_pair *labels = gnt_arena_alloc(m->arena, (c->label_count + 1) * sizeof *labels);
    const char *cgroup = gnt_docker_label(c->labels, c->label_count, GNT_POD_CGROUP_LABEL);

    if (labels == NULL)
        return -1;
    for (size_t i = 0; i < c->label_count; i++) {
        if (!is_own_label(c->labels[i].key) && strcmp(c->labels[i].key, GNT_BOX_LABEL) != 0)
            labels[pod->label_count++] = c->labels[i];
    }
    pod->labels = labels;
    pod->infra_id = c->id;
    pod->created_ns = c->created_ns;
    pod->networks = c->networks;
    if (cgroup != NULL)
        pod->cgroup_parent = cgroup;
    return read_share(m, gnt_docker_label(c->labels, c->label_count, GNT_POD_SHARE_LABEL),
                      &pod->share);
}

/* Find or make the container's pod. member_count counts what it is to have. */
static int add_pod(struct making *m, const gantry_container *c)
{
    const char *name = gnt_docker_label(c->labels, c->label_count, GNT_POD_LABEL);
    gantry_pod *pod = pod_of(m, c);

    if (pod == NULL) {
        pod = gantry_result_item(m->list, GANTRY_KIND_POD);
        if (pod == NULL)
            return -1;
        pod->id = c->pod;
        pod->name = name != NULL ? name : "";
        pod->created_ns = c->created_ns;
        m->pods[m->list->count++] = pod;
    }
    pod->member_count++;
    return strcmp(c->id, c->pod) == 0 ? read_infra(m, pod, c) : 0;
}

static int add_member(struct making *m, const gantry_container *c)
{
    gantry_pod *pod = pod_of(m, c);
    const gantry_pod_member **members = (const gantry_pod_member **)pod->members;
    gantry_pod_member *member = gantry_result_item(m->list, GANTRY_KIND_POD_MEMBER);

    if (pod->members[0] == NULL) {
        members = gnt_arena_alloc(m->arena, (pod->member_count + 1) * sizeof *members);
        pod->members = members;
        pod->member_count = 0;
    }
    if (members == NULL || member == NULL)
        return -1;
    member->id = c->id;
    member->name = c->name;
    member->state = c->state;
    member->state_text = c->state_text;
    member->infra = strcmp(c->id, c->pod) == 0;
    members[pod->member_count++] = member;
    return 0;
}

/* Lists of containers begin with the newest; those of members do not. */
static int make_pods(struct making *m, const gantry_container_list *list)
{
    int rc = 0;

    m->arena = gnt_result_arena(m->list);
    m->pods = gnt_arena_alloc(m->arena, (list->count + 1) * sizeof *m->pods);
    if (m->pods == NULL)
        return -1;
    m->list->items = (const gantry_pod *const *)m->pods;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        if (list->items[i]->pod[0] != '\0')
            rc = add_pod(m, list->items[i]);
    }
    for (size_t i = list->count; rc == 0 && i > 0; i--) {
        if (list->items[i - 1]->pod[0] != '\0')
            rc = add_member(m, list->items[i - 1]);
    }
    for (size_t i = 0; rc == 0 && i < m->list->count; i++)
        settle_state(m->pods[i]);
    return rc;
}

/* ---- looking --------------------------------------------------------------------------------- */

int gnt_docker_pods_look(struct docker *d, const gantry_call *call, const char *name,
                         gantry_pod_list **out, gantry_error *err)
{
    char label[sizeof GNT_POD_LABEL + 260];
    const char *const labels[] = { label, NULL };
    gantry_container_list_options o = {
        .size = sizeof o, .call = call, .labels = labels, .all = GANTRY_ON
    };
    gantry_container_list *list = NULL;
    struct making m = { NULL, NULL, NULL };
    int rc;

    snprintf(label, sizeof label, "%s%s%.255s", GNT_POD_LABEL, name != NULL ? "=" : "",
             name != NULL ? name : "");
    rc = gnt_docker_container_list(d, &o, &list, err);
    if (rc < 0)
        return rc;
    m.list = gnt_result_new(&d->rest.host->mem, GANTRY_KIND_POD_LIST, err);
    if (m.list == NULL) {
        gnt_result_free(list);
        return GANTRY_E_NOMEM;
    }
    gnt_result_on_free(m.list, gnt_result_free, list);
    if (make_pods(&m, list) < 0) {
        gnt_result_free(m.list);
        return gnt_nomem(err);
    }
    *out = m.list;
    return 0;
}

static int not_found(const char *id, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_NOT_FOUND, "no such pod");
    gnt_error_resource(err, GANTRY_RESOURCE_POD, id);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_NOT_FOUND;
}

/* A name counts more than the beginning of an id. */
static int choose(const gantry_pod_list *list, const char *id, const gantry_pod **out,
                  gantry_error *err)
{
    size_t size = strlen(id);
    size_t named = 0;
    size_t begin = 0;

    for (size_t i = 0; i < list->count; i++) {
        const gantry_pod *pod = list->items[i];
        int is_name = strcmp(pod->name, id) == 0;

        if (is_name || (named == 0 && strncmp(pod->id, id, size) == 0))
            *out = pod;
        named += (size_t)is_name;
        begin += strncmp(pod->id, id, size) == 0;
    }
    if (named == 0 && begin == 0)
        return not_found(id, err);
    if (named == 1 || (named == 0 && begin == 1))
        return 0;
    gnt_fail(err, GANTRY_E_INVALID, "id: several pods have this %s",
             named > 1 ? "name" : "beginning of an id");
    gnt_error_resource(err, GANTRY_RESOURCE_POD, id);
    return GANTRY_E_INVALID;
}

int gnt_docker_pod_find(struct docker *d, const gantry_call *call, const char *id,
                        gantry_pod_list **out_list, const gantry_pod **out_pod, gantry_error *err)
{
    gantry_pod_list *list = NULL;
    int rc = gnt_docker_pods_look(d, call, NULL, &list, err);

    if (rc == 0)
        rc = choose(list, id, out_pod, err);
    if (rc == 0)
        *out_list = list;
    else
        gnt_result_free(list);
    return rc;
}
