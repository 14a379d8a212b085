/*
 * The calls on registries. Podman has nothing to look at images in registries with: there the
 * library asks them itself, which unit tests cover.
 */
#include "calls.h"

static gantry_registries *registries(const struct faults *f)
{
    return gantry_engine_registries(f->engine);
}

int faults_registries_login(struct faults *f)
{
    gantry_login_options o = { .size = sizeof o, .call = &f->call };
    const gantry_auth auth = { .size = sizeof auth,
                               .username = f->user != NULL ? f->user : "faults",
                               .password = f->password != NULL ? f->password : "no secret" };
    gantry_login_result *result = NULL;
    int rc =
        gantry_registries_login(registries(f), "registry.test:5002", &auth, &o, &result, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, result->status);
    faults_mix(f, result->identity_token);
    gantry_login_result_free(result);
    return 0;
}

/* Docker can search registries of the old kind only: see record.c. */
int faults_registries_search(struct faults *f)
{
    gantry_search_options o = { .size = sizeof o, .call = &f->call };
    gantry_search_result *result = NULL;
    const char *term = "127.0.0.1:5999/faults";
    int rc;

    if (f->runtime == GANTRY_RUNTIME_PODMAN) {
        term = "127.0.0.1:5000/faults";
        o.tls_verify = GANTRY_OFF;
    }
    rc = gantry_registries_search(registries(f), term, &o, &result, &f->err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < result->count; i++) {
        faults_mix(f, result->items[i]->name);
        faults_mix(f, result->items[i]->description);
        faults_mix_int(f, result->items[i]->stars);
    }
    gantry_search_result_free(result);
    return 0;
}

int faults_registries_inspect(struct faults *f)
{
    gantry_remote_options o = { .size = sizeof o, .call = &f->call };
    gantry_remote_image *image = NULL;
    int rc = gantry_registries_inspect(registries(f), "127.0.0.1:5000/faults/small:1", &o, &image,
                                       &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, image->digest);
    faults_mix(f, image->media_type);
    faults_mix_int(f, image->manifest_bytes);
    faults_mix_strings(f, image->platforms);
    gantry_remote_image_free(image);
    return 0;
}

int faults_registries_exists_not(struct faults *f)
{
    gantry_remote_options o = { .size = sizeof o, .call = &f->call };
    int there = -1;
    int rc = gantry_registries_exists(registries(f), "127.0.0.1:5000/faults/nothing:1", &o, &there,
                                      &f->err);

    faults_mix_int(f, there);
    return rc;
}
