/*
 * Kubernetes YAML, the public functions: check arguments, import options, read the YAML, dispatch.
 * YAML may hold secrets: copies are wiped, and it is never quoted.
 */
#include <gantry/kube.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "spec_check.h"

#include <string.h>

static gantry_engine *engine_of(const gantry_kube *kube)
{
    return kube != NULL ? kube->engine : NULL;
}

/* ---- the YAML -------------------------------------------------------------------------------- */

static int too_large(gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_LIMIT, "yaml: more than %zu bytes", GANTRY_KUBE_MAX_BYTES);
}

static int add(struct gnt_buf *text, const void *data, size_t size, gantry_error *err)
{
    int rc = gnt_buf_add(text, data, size);

    if (rc == GANTRY_E_LIMIT)
        return too_large(err);
    return rc < 0 ? gnt_nomem(err) : 0;
}

static int read_source(const gantry_source *source, const gantry_call *call, struct gnt_buf *text,
                       gantry_error *err)
{
    int64_t start = gantry_clock_ns();
    char piece[8192];
    size_t got = 0;
    int rc;

    do {
        rc = gantry_call_check(call, start, err);
        if (rc == 0) {
            gnt_fail(err, GANTRY_E_IO, "yaml: its source failed");
            rc = source->read(source->arg, piece, sizeof piece, &got, err);
        }
        if (rc > 0)
            rc = gnt_fail(err, GANTRY_E_CALLBACK, "yaml: its source returned %d", rc);
        if (rc == 0 && got > sizeof piece)
            rc = gnt_fail(err, GANTRY_E_INVALID, "yaml: its source gave more than was asked for");
        if (rc == 0)
            rc = add(text, piece, got, err);
    } while (rc == 0 && got > 0);
    gnt_wipe(piece, sizeof piece);
    return rc;
}

/* Documents in front, and then the caller's. */
static int read_yaml(const gantry_engine *e, const gantry_source *yaml,
                     const char *const *config_maps, const gantry_call *call, struct gnt_buf *text,
                     gantry_error *err)
{
    gantry_source source;
    gantry_error failure = { 0 };
    size_t front;
    int rc = gnt_import(&source, sizeof source, yaml, "gantry_source", &failure);

    gnt_buf_init(text, &e->host.mem, GANTRY_KUBE_MAX_BYTES);
    text->wipe = 1;
    if (rc == 0 && source.read == NULL)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "yaml: needs a read function");
    for (; rc == 0 && config_maps != NULL && *config_maps != NULL; config_maps++) {
        rc = add(text, *config_maps, strlen(*config_maps), &failure);
        if (rc == 0)
            rc = add(text, "\n---\n", 5, &failure);
    }
    front = text->size;
    if (rc == 0)
        rc = read_source(&source, call, text, &failure);
    if (rc == 0 && text->size == front)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "yaml: is empty");
    if (rc == 0 && memchr(text->data, '\0', text->size) != NULL)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "yaml: has a NUL byte");
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* ---- play ------------------------------------------------------------------------------------ */

static int check_ports(const gantry_port *const *ports, gantry_error *err)
{
    gantry_port port;
    int rc = 0;

    for (; rc == 0 && ports != NULL && *ports != NULL; ports++) {
        rc = gnt_import(&port, sizeof port, *ports, "gantry_port", err);
        if (rc == 0)
            rc = gnt_port_check(&port, err);
        if (rc < 0)
            gnt_error_prefix(err, "ports: ");
    }
    return rc;
}

static int check_addresses(const char *const *list, gantry_error *err)
{
    int rc = 0;

    for (; rc == 0 && list != NULL && *list != NULL; list++)
        rc = gnt_check_address("addresses", *list, 0, err);
    return rc;
}

static int check_play_switches(const gantry_kube_play_options *o, gantry_error *err)
{
    int rc = gnt_check_switch("start", o->start, err);

    if (rc == 0)
        rc = gnt_check_switch("replace", o->replace, err);
    if (rc == 0)
        rc = gnt_check_switch("no_hosts", o->no_hosts, err);
    if (rc == 0)
        rc = gnt_check_switch("insecure", o->insecure, err);
    return rc < 0 ? rc : gnt_check_switch("allow_failed", o->allow_failed, err);
}

static int check_play(const gantry_kube_play_options *o, gantry_error *err)
{
    int rc = check_play_switches(o, err);

    if (rc == 0)
        rc = gnt_check_texts("networks", o->networks, err);
    if (rc == 0)
        rc = check_addresses(o->addresses, err);
    if (rc == 0)
        rc = gnt_check_texts("macs", o->macs, err);
    if (rc == 0)
        rc = check_ports(o->ports, err);
    if (rc == 0)
        rc = gnt_check_pairs("annotations", o->annotations, o->annotation_count, err);
    if (rc == 0)
        rc = gnt_check_pairs("log_options", o->log_options, o->log_option_count, err);
    if (rc == 0 && o->log_driver != NULL)
        rc = gnt_check_text("log_driver", o->log_driver, err);
    if (rc == 0 && o->user_namespace != NULL)
        rc = gnt_check_text("user_namespace", o->user_namespace, err);
    return rc;
}

/* What the engine says about containers that did not start, one a line; 0 if it says nothing. */
static size_t write_errors(const gantry_kube_result *result, gantry_error *err)
{
    size_t count = 0;
    size_t used = 0;

    for (size_t i = 0; i < result->pod_count; i++) {
        for (const char *const *text = result->pods[i]->errors; *text != NULL; text++) {
            count++;
            if (err == NULL || used + 2 >= sizeof err->output)
                continue;
            gnt_text_copy(err->output + used, sizeof err->output - used - 1, *text, strlen(*text),
                          1, 0);
            used += strlen(err->output + used);
            err->output[used++] = '\n';
            err->output[used] = '\0';
        }
    }
    return count;
}

static int check_started(const gantry_kube_result *result, gantry_error *err)
{
    gantry_error failure = { 0 };
    size_t count = write_errors(result, NULL);

    if (count == 0)
        return 0;
    gnt_fail(
        &failure, GANTRY_E_ENGINE,
        "%zu of the containers did not start; what was made stays, gantry_kube_down() removes it",
        count);
    gnt_error_outcome(&failure, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    write_errors(result, &failure);
    if (err != NULL)
        *err = failure;
    return GANTRY_E_ENGINE;
}

int gantry_kube_play(gantry_kube *kube, const gantry_source *yaml,
                     const gantry_kube_play_options *opts, gantry_kube_result **out,
                     gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_kube_play_options o;
    gantry_kube_result *result = NULL;
    struct gnt_buf text = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_PLAY, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_kube_play_options, o, opts, err);
    if (rc == 0)
        rc = check_play(&o, err);
    if (rc == 0) {
        rc = read_yaml(e, yaml, o.config_maps, o.call, &text, err);
        if (rc == 0)
            rc = e->backend->kube.play(e->state, gnt_buf_text(&text), text.size, &o, &result, err);
        gnt_buf_free(&text);
    }
    if (rc == 0 && o.allow_failed != GANTRY_ON)
        rc = check_started(result, err);
    if (rc == 0 && out != NULL)
        *out = result;
    else
        gantry_kube_result_free(result);
    return gnt_leave(rc, GANTRY_FEATURE_KUBE_PLAY, 0, NULL, err);
}

int gantry_kube_down(gantry_kube *kube, const gantry_source *yaml,
                     const gantry_kube_down_options *opts, gantry_kube_result **out,
                     gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_kube_down_options o;
    gantry_kube_result *result = NULL;
    struct gnt_buf text = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_DOWN, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_kube_down_options, o, opts, err);
    if (rc == 0) {
        rc = read_yaml(e, yaml, NULL, o.call, &text, err);
        if (rc == 0)
            rc = e->backend->kube.down(e->state, gnt_buf_text(&text), text.size, &o, &result, err);
        gnt_buf_free(&text);
    }
    if (rc == 0 && out != NULL)
        *out = result;
    else
        gantry_kube_result_free(result);
    return gnt_leave(rc, GANTRY_FEATURE_KUBE_DOWN, 0, NULL, err);
}

/* ---- generate -------------------------------------------------------------------------------- */

static int check_generate(const char *const *names, const gantry_kube_generate_options *o,
                          gantry_error *err)
{
    int rc = 0;

    if (names == NULL || names[0] == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "names: at least one is required");
    for (; rc == 0 && *names != NULL; names++)
        rc = gnt_check_name("names", *names, err);
    if (rc == 0 && (o->kind < GANTRY_KUBE_POD || o->kind > GANTRY_KUBE_DAEMON_SET))
        rc = gnt_fail(err, GANTRY_E_INVALID, "kind: %d is none", o->kind);
    if (rc == 0 && (o->replicas < 0 || o->replicas > INT32_MAX))
        rc = gnt_fail(err, GANTRY_E_INVALID, "replicas: must be 0 to %d", INT32_MAX);
    if (rc == 0 && o->replicas > 0 && o->kind != GANTRY_KUBE_DEPLOYMENT)
        rc = gnt_fail(err, GANTRY_E_INVALID, "replicas: only a deployment has them");
    return rc;
}

int gantry_kube_generate(gantry_kube *kube, const char *const *names,
                         const gantry_kube_generate_options *opts, gantry_text **out,
                         gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_kube_generate_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_GENERATE, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_kube_generate_options, o, opts, err);
    if (rc == 0)
        rc = check_generate(names, &o, err);
    if (rc == 0)
        rc = e->backend->kube.generate(e->state, names, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_KUBE_GENERATE, 0, NULL, err);
}
