/*
 * Docker: pull and push, and how the daemon words their progress. The iterator is core's
 * (rest_transfer.c).
 */
#include "docker.h"

#include "auth.h"

#include <string.h>

/* ---- the daemon's words ---------------------------------------------------------------------- */

static const char *after(const char *text, const char *lead)
{
    size_t size = strlen(lead);

    return strncmp(text, lead, size) == 0 ? text + size : NULL;
}

static int state_of(const char *status)
{
    static const struct gnt_word words[] = { { "Pulling fs layer", GANTRY_TRANSFER_WAITING },
                                             { "Waiting", GANTRY_TRANSFER_WAITING },
                                             { "Preparing", GANTRY_TRANSFER_WAITING },
                                             { "Downloading", GANTRY_TRANSFER_RUNNING },
                                             { "Download complete", GANTRY_TRANSFER_RUNNING },
                                             { "Pushing", GANTRY_TRANSFER_RUNNING },
                                             { "Verifying Checksum", GANTRY_TRANSFER_VERIFYING },
                                             { "Extracting", GANTRY_TRANSFER_EXTRACTING },
                                             { "Pull complete", GANTRY_TRANSFER_DONE },
                                             { "Pushed", GANTRY_TRANSFER_DONE },
                                             { "Already exists", GANTRY_TRANSFER_EXISTS },
                                             { "Layer already exists", GANTRY_TRANSFER_EXISTS },
                                             { NULL, 0 } };

    for (const struct gnt_word *word = words; word->word != NULL; word++) {
        if (strcmp(status, word->word) == 0)
            return word->value;
    }
    if (after(status, "Retrying in ") != NULL)
        return GANTRY_TRANSFER_RETRYING;
    return after(status, "Mounted from ") != NULL ? GANTRY_TRANSFER_EXISTS : GANTRY_TRANSFER_NONE;
}

/* "Digest: sha256:...", "1.0: digest: sha256:... size: 527", "Status: Image is up to date for x" */
static void read_summary(struct gnt_transfer_event *e, const char *status)
{
    const char *pushed = strstr(status, ": digest: ");

    if (after(status, "Status: ") != NULL) {
        e->last = 1;
        e->newer = after(status, "Status: Downloaded newer ") != NULL;
    } else if (after(status, "Digest: ") != NULL) {
        e->digest = status + 8;
    } else if (pushed != NULL) {
        e->digest = pushed + 10;
        e->last = 1;
    }
}

static void read_record(struct gnt_transfer_event *e, const struct gnt_json *v)
{
    const char *status = gnt_json_text(gnt_json_get(v, "status"));
    const char *id = gnt_json_text(gnt_json_get(v, "id"));

    e->error = gnt_json_text(gnt_json_get(v, "errorDetail/message"));
    if (e->error == NULL)
        e->error = gnt_json_text(gnt_json_get(v, "error"));
    if (status == NULL) { /* {"aux":{"Tag","Digest","Size"}} at the end of a push */
        e->kind = 0;
        e->digest = gnt_json_text(gnt_json_get(v, "aux/Digest"));
        e->last = e->digest != NULL;
        return;
    }
    e->text = status;
    e->text_size = strlen(status);
    if (id == NULL) {
        read_summary(e, status);
        return;
    }
    if (after(status, "Pulling from ") != NULL) { /* the id is a tag */
        e->tag = id;
        return;
    }
    e->layer = id;
    e->state = state_of(status);
    e->whole = strcmp(status, "Download complete") == 0;
    gnt_json_int(gnt_json_get(v, "progressDetail/current"), &e->current);
    gnt_json_int(gnt_json_get(v, "progressDetail/total"), &e->total);
}

const struct gnt_transfer_dialect gnt_docker_transfer_dialect = {
    .read = read_record,
    .inspect_path = "/images/%r/json",
};

/* ---- pull ------------------------------------------------------------------------------------ */

#define P gantry_pull_options
const struct gnt_out gnt_docker_pull_options[] = {
    GNT_OUT_STR(P, platform, "platform"),
    GNT_OUT_CODE(P, auth),
    GNT_OUT_CODE(P, progress),
    GNT_OUT_CODE(P, progress_arg),
    GNT_OUT_CODE(P, policy),
    GNT_OUT_CODE(P, all_tags),
    GNT_OUT_REFUSE(P, tls_verify), /* the daemon's configuration decides */
    GNT_OUT_CODE(P, retries),
    GNT_OUT_CODE(P, retry_delay_ms),
    GNT_OUT_END,
};
#undef P

/* Splits "repository:tag" or "repository@digest"; for all tags there is neither. */
static void query_source(struct gnt_req *r, const char *name)
{
    size_t size = strcspn(name, "@");
    const char *slash = strrchr(name, '/');
    const char *repository;

    if (name[size] == '\0' && slash != NULL && strchr(slash, ':') != NULL)
        size = (size_t)(strchr(slash, ':') - name);
    repository = gnt_arena_strndup(&r->arena, name, size);
    if (repository == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_query(r, "fromImage", repository);
    gnt_req_query(r, "tag", name[size] != '\0' ? name + size + 1 : NULL);
}

static void pull_request(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                         const char *name, const void *options)
{
    const gantry_pull_options *opts = options;

    gnt_req_init(r, rest, "POST", call, "/images/create");
    query_source(r, name);
    gnt_req_query_object(r, gnt_req_encode(r, opts, gnt_docker_pull_options));
    gnt_req_registry_auth(r, name, opts->auth, 0);
}

int gnt_docker_pull(void *state, const char *reference, const gantry_pull_options *opts,
                    gantry_progress **out, gantry_error *err)
{
    struct docker *d = state;
    int all = opts->all_tags == GANTRY_ON;
    int local = opts->policy == GANTRY_PULL_MISSING || opts->policy == GANTRY_PULL_NEVER;
    struct gnt_transfer_name name;
    const char *names[2] = { NULL, NULL };
    struct gnt_transfer_plan plan = { .dialect = &gnt_docker_transfer_dialect,
                                      .call = opts->call,
                                      .reference = reference,
                                      .names = names,
                                      .request = pull_request,
                                      .options = opts,
                                      .look = local ? reference : NULL,
                                      .platform = opts->platform,
                                      .policy = opts->policy,
                                      .all_tags = all,
                                      .tags_in_stream = all };
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &d->rest.host->mem);
    rc = gnt_rest_check_options(&d->rest, opts, gnt_docker_pull_options, err);
    if (rc == 0)
        rc = gnt_transfer_name(&arena, "reference", reference, &name, err);
    if (rc == 0) {
        names[0] = all ? name.repository : name.canonical;
        plan.repository = name.repository;
        rc = gnt_rest_transfer_open(&d->rest, &plan, out, err);
    }
    gnt_arena_free(&arena);
    return rc;
}

/* ---- push ------------------------------------------------------------------------------------ */

#define P gantry_push_options
const struct gnt_out gnt_docker_push_options[] = {
    GNT_OUT_CODE(P, destination),    GNT_OUT_CODE(P, auth),
    GNT_OUT_CODE(P, progress),       GNT_OUT_CODE(P, progress_arg),
    GNT_OUT_REFUSE(P, compression),  GNT_OUT_CODE(P, all_tags),
    GNT_OUT_REFUSE(P, tls_verify), /* the daemon's configuration decides */
    GNT_OUT_REFUSE(P, format),       GNT_OUT_CODE(P, retries),
    GNT_OUT_CODE(P, retry_delay_ms), GNT_OUT_END,
};
#undef P

/* name: canonical, without a tag for all of them. Until 28 the header must be there. */
static void push_request(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                         const char *name, const void *options)
{
    const gantry_push_options *opts = options;
    const char *tag = strrchr(name, ':');
    char repository[512];
    size_t size = strlen(name);

    if (opts->all_tags == GANTRY_ON || tag == NULL)
        tag = NULL;
    else
        size = (size_t)(tag - name);
    gnt_text_copy(repository, sizeof repository, name, size, 0, 0);
    gnt_req_init(r, rest, "POST", call, "/images/%r/push", repository);
    gnt_req_query(r, "tag", tag != NULL ? tag + 1 : NULL);
    gnt_req_query_object(r, gnt_req_encode(r, opts, gnt_docker_push_options));
    gnt_req_registry_auth(r, name, opts->auth, 1);
}

/* The daemon pushes only what has the name already. */
static int give_name(struct docker *d, const gantry_call *call, const char *reference,
                     const struct gnt_transfer_name *name, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", call, "/images/%r/tag", reference);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    gnt_req_query(&r, "repo", name->repository);
    gnt_req_query(&r, "tag", name->tag);
    return gnt_req_run(&r, NULL, err);
}

int gnt_docker_push(void *state, const char *reference, const gantry_push_options *opts,
                    gantry_progress **out, gantry_error *err)
{
    struct docker *d = state;
    int all = opts->all_tags == GANTRY_ON;
    const char *destination = opts->destination != NULL ? opts->destination : reference;
    struct gnt_transfer_name name;
    const char *names[2] = { NULL, NULL };
    gantry_call shared;
    struct gnt_transfer_plan plan = { .dialect = &gnt_docker_transfer_dialect,
                                      .call = opts->call,
                                      .reference = reference,
                                      .names = names,
                                      .request = push_request,
                                      .options = opts,
                                      .look = all ? NULL : reference,
                                      .push = 1,
                                      .all_tags = all };
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &d->rest.host->mem);
    rc = gnt_rest_check_options(&d->rest, opts, gnt_docker_push_options, err);
    if (rc == 0)
        rc = gnt_transfer_name(&arena, "destination", destination, &name, err);
    if (rc == 0 && opts->destination != NULL) {
        plan.call = gnt_call_share(&shared, opts->call);
        rc = give_name(d, plan.call, reference, &name, err);
        plan.look = NULL;
        plan.stays = name.canonical;
    }
    if (rc == 0) {
        names[0] = all ? name.repository : name.canonical;
        rc = gnt_rest_transfer_open(&d->rest, &plan, out, err);
    }
    gnt_arena_free(&arena);
    return rc;
}
