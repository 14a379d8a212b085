/* systemd units and quadlets, the public functions: check arguments, import options, dispatch. */
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

/* ---- systemd --------------------------------------------------------------------------------- */

/* A word that goes into a unit: it may be empty, but is one line. */
static int check_word(const char *argument, const char *word, gantry_error *err)
{
    return word == NULL || word[0] == '\0' ? 0 : gnt_check_text(argument, word, err);
}

static int check_time(const char *argument, int64_t ms, gantry_error *err)
{
    if (ms < 0 || ms / 1000 >= INT32_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must be 0 to %d seconds", argument, INT32_MAX);
    return 0;
}

static int check_systemd(const gantry_systemd_options *o, gantry_error *err)
{
    int rc = check_word("restart_policy", o->restart_policy, err);

    if (rc == 0)
        rc = check_word("container_prefix", o->container_prefix, err);
    if (rc == 0)
        rc = check_word("pod_prefix", o->pod_prefix, err);
    if (rc == 0)
        rc = check_word("separator", o->separator, err);
    if (rc == 0)
        rc = gnt_check_texts("wants", o->wants, err);
    if (rc == 0)
        rc = gnt_check_texts("after", o->after, err);
    if (rc == 0)
        rc = gnt_check_texts("requires_units", o->requires_units, err);
    if (rc == 0)
        rc = gnt_check_texts("environment", o->environment, err);
    if (rc == 0)
        rc = gnt_check_environment("environment", o->environment, err);
    if (rc == 0)
        rc = check_time("start_timeout_ms", o->start_timeout_ms, err);
    if (rc == 0)
        rc = check_time("stop_timeout_ms", o->stop_timeout_ms, err);
    if (rc == 0)
        rc = check_time("restart_delay_ms", o->restart_delay_ms, err);
    if (rc == 0 && o->template_unit == GANTRY_ON && o->create != GANTRY_ON)
        rc = gnt_fail(err, GANTRY_E_INVALID, "template_unit: needs create");
    return rc;
}

int gantry_kube_systemd(gantry_kube *kube, const char *id, const gantry_systemd_options *opts,
                        gantry_unit_list **out, gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_systemd_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_SYSTEMD, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_systemd_options, o, opts, err);
    if (rc == 0)
        rc = check_systemd(&o, err);
    if (rc == 0)
        rc = e->backend->kube.systemd(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_KUBE_SYSTEMD, GANTRY_RESOURCE_CONTAINER, id, err);
}

/* ---- quadlets -------------------------------------------------------------------------------- */

int gantry_kube_quadlets(gantry_kube *kube, const gantry_quadlet_options *opts,
                         gantry_quadlet_list **out, gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_quadlet_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_QUADLETS, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_quadlet_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->kube.quadlets(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_KUBE_QUADLETS, GANTRY_RESOURCE_FILE, NULL, err);
}

int gantry_kube_quadlet_text(gantry_kube *kube, const char *name,
                             const gantry_quadlet_options *opts, gantry_text **out,
                             gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_quadlet_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_QUADLET_TEXT, err);

    if (rc == 0)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_quadlet_options, o, opts, err);
    if (rc == 0 && o.names != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "names: only gantry_kube_quadlets() has them");
    if (rc == 0)
        rc = e->backend->kube.quadlet_text(e->state, name, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_KUBE_QUADLET_TEXT, GANTRY_RESOURCE_FILE, name, err);
}

static int check_install(const char *text, const gantry_quadlet_change_options *o,
                         gantry_error *err)
{
    if (text == NULL || text[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "text: must not be empty");
    if (strlen(text) > GANTRY_KUBE_MAX_BYTES)
        return gnt_fail(err, GANTRY_E_LIMIT, "text: more than %zu bytes", GANTRY_KUBE_MAX_BYTES);
    if (o->force != 0 || o->missing_ok != 0)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: only a removal has it",
                        o->force != 0 ? "force" : "missing_ok");
    return 0;
}

int gantry_kube_quadlet_install(gantry_kube *kube, const char *name, const char *text,
                                const gantry_quadlet_change_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_quadlet_change_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_QUADLET_INSTALL, err);

    if (rc == 0)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_quadlet_change_options, o, opts, err);
    if (rc == 0)
        rc = check_install(text, &o, err);
    if (rc == 0)
        rc = e->backend->kube.quadlet_install(e->state, name, text, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_KUBE_QUADLET_INSTALL, GANTRY_RESOURCE_FILE, name, err);
}

int gantry_kube_quadlet_remove(gantry_kube *kube, const char *name,
                               const gantry_quadlet_change_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(kube);
    gantry_quadlet_change_options o;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_KUBE_QUADLET_REMOVE, &failure);

    if (rc == 0)
        rc = gnt_check_name("name", name, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_quadlet_change_options, o, opts, &failure);
    if (rc == 0 && o.replace != 0)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "replace: only an installation has it");
    if (rc == 0)
        rc = gnt_missing_ok(e->backend->kube.quadlet_remove(e->state, name, &o, &failure),
                            o.missing_ok, GANTRY_RESOURCE_FILE, &failure);
    gnt_leave(rc, GANTRY_FEATURE_KUBE_QUADLET_REMOVE, GANTRY_RESOURCE_FILE, name, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
