/*
 * Secrets, the public functions: check arguments, import options, dispatch. Data is never quoted.
 */
#include <gantry/secret.h>

#include "engine.h"
#include "error.h"
#include "names.h"

#include <string.h>

enum {
    NAME_MOST = 64 /* of what every version takes */
};

static gantry_engine *engine_of(const gantry_secrets *secrets)
{
    return secrets != NULL ? secrets->engine : NULL;
}

/* A name for a new one: what is valid on the oldest engine is on all. */
static int check_new_name(const char *name, gantry_error *err)
{
    int rc = gnt_check_name("name", name, err);
    size_t size = rc == 0 ? strlen(name) : 0;

    if (rc < 0)
        return rc;
    if (size > NAME_MOST)
        return gnt_fail(err, GANTRY_E_INVALID, "name: longer than %d characters", NAME_MOST);
    if (name[size - 1] == '.' || name[size - 1] == '-')
        return gnt_fail(err, GANTRY_E_INVALID, "name: '%c' cannot end a name: %s", name[size - 1],
                        name);
    return 0;
}

static int check_data(const void *data, size_t size, gantry_error *err)
{
    if (data == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "data: must not be NULL");
    if (size == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "data_size: must not be 0");
    if (size > GANTRY_SECRET_MAX_BYTES)
        return gnt_fail(err, GANTRY_E_INVALID, "data_size: %zu is more than %zu", size,
                        GANTRY_SECRET_MAX_BYTES);
    return 0;
}

static int check_options(const gantry_secret_options *o, gantry_error *err)
{
    int rc = gnt_check_pairs("options", o->options, o->option_count, err);

    if (rc == 0)
        rc = gnt_check_pairs("labels", o->labels, o->label_count, err);
    if (rc == 0 && o->driver != NULL)
        rc = gnt_check_name("driver", o->driver, err);
    return rc;
}

int gantry_secrets_create(gantry_secrets *secrets, const char *name, const void *data,
                          size_t data_size, const gantry_secret_options *opts,
                          gantry_secret_created **out, gantry_error *err)
{
    gantry_engine *e = engine_of(secrets);
    gantry_secret_options o;
    gantry_secret_created *created = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_SECRETS_CREATE, err);

    if (rc == 0)
        rc = check_new_name(name, err);
    if (rc == 0)
        rc = check_data(data, data_size, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_secret_options, o, opts, err);
    if (rc == 0)
        rc = check_options(&o, err);
    if (rc == 0)
        rc = e->backend->secrets.create(e->state, name, data, data_size, &o, &created, err);
    if (rc == 0 && out != NULL)
        *out = created;
    else
        gantry_secret_created_free(created);
    return gnt_leave(rc, GANTRY_FEATURE_SECRETS_CREATE, GANTRY_RESOURCE_SECRET, name, err);
}

int gantry_secrets_inspect(gantry_secrets *secrets, const char *id,
                           const gantry_secret_inspect_options *opts, gantry_secret **out,
                           gantry_error *err)
{
    gantry_engine *e = engine_of(secrets);
    gantry_secret_inspect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_SECRETS_INSPECT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_secret_inspect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->secrets.inspect(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_SECRETS_INSPECT, GANTRY_RESOURCE_SECRET, id, err);
}

int gantry_secrets_exists(gantry_secrets *secrets, const char *id,
                          const gantry_secret_inspect_options *opts, int *out_exists,
                          gantry_error *err)
{
    gantry_engine *e = engine_of(secrets);
    gantry_secret_inspect_options o;
    gantry_secret *secret = NULL;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_SECRETS_EXISTS, &failure);
    int exists = 0;

    if (rc == 0)
        rc = gnt_check_name("id", id, &failure);
    if (rc == 0)
        rc = gnt_check_out(out_exists, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_secret_inspect_options, o, opts, &failure);
    if (rc == 0) {
        rc = e->backend->secrets.inspect(e->state, id, &o, &secret, &failure);
        exists = rc == 0;
        rc = gnt_missing_ok(rc, GANTRY_ON, GANTRY_RESOURCE_SECRET, &failure);
    }
    gantry_secret_free(secret);
    if (rc == 0)
        *out_exists = exists;
    gnt_leave(rc, GANTRY_FEATURE_SECRETS_EXISTS, GANTRY_RESOURCE_SECRET, id, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gantry_secrets_list(gantry_secrets *secrets, const gantry_secret_list_options *opts,
                        gantry_secret_list **out, gantry_error *err)
{
    gantry_engine *e = engine_of(secrets);
    gantry_secret_list_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_SECRETS_LIST, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_secret_list_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->secrets.list(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_SECRETS_LIST, GANTRY_RESOURCE_SECRET, NULL, err);
}

int gantry_secrets_remove(gantry_secrets *secrets, const char *id,
                          const gantry_secret_remove_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(secrets);
    gantry_secret_remove_options o;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_SECRETS_REMOVE, &failure);

    if (rc == 0)
        rc = gnt_check_name("id", id, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_secret_remove_options, o, opts, &failure);
    if (rc == 0)
        rc = gnt_missing_ok(e->backend->secrets.remove(e->state, id, &o, &failure), o.missing_ok,
                            GANTRY_RESOURCE_SECRET, &failure);
    gnt_leave(rc, GANTRY_FEATURE_SECRETS_REMOVE, GANTRY_RESOURCE_SECRET, id, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
