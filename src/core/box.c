/* The image of the box: looked for by its name, made of the bytes that the library carries. */
#include "box.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "pack.h"

static const struct gnt_box_program *program_for(const char *arch)
{
    const struct gnt_box_program *p = gnt_box_programs;

    while (p->arch != NULL && strcmp(p->arch, arch) != 0)
        p++;
    return p->arch != NULL ? p : NULL;
}

/* The engine's architecture, which is the box's: an engine runs where its containers do. */
static int choose(const struct gnt_box_engine *e, const gantry_call *call,
                  const struct gnt_box_program **out, gantry_error *err)
{
    gantry_query_options o = { .size = sizeof o, .call = call };
    gantry_version_info *version = NULL;
    int rc = e->engine->version(e->state, &o, &version, err);

    if (rc < 0)
        return rc;
    *out = program_for(version->arch);
    if (*out == NULL)
        rc = gnt_fail(err, GANTRY_E_UNSUPPORTED,
                      "this build of the library carries no program for the engine's architecture, "
                      "'%s'",
                      version->arch);
    gantry_version_info_free(version);
    return rc;
}

/* ---- is it there ----------------------------------------------------------------------------- */

/* Another image of that name is somebody's mistake, and is replaced. */
static int is_ours(const gantry_image *image, const struct gnt_box_program *p)
{
    for (size_t i = 0; i < image->label_count; i++) {
        if (strcmp(image->labels[i].key, GNT_BOX_LABEL) == 0)
            return strcmp(image->labels[i].value, p->digest) == 0;
    }
    return 0;
}

/* *out_id "" if there is none. */
static int look(const struct gnt_box_engine *e, const gantry_call *call,
                const struct gnt_box_program *p, const char *reference, char out_id[65],
                gantry_error *err)
{
    gantry_image_inspect_options o = { .size = sizeof o, .call = call };
    gantry_image *image = NULL;
    gantry_error failure = { 0 };
    int rc = e->images->inspect(e->state, reference, &o, &image, &failure);

    out_id[0] = '\0';
    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    if (is_ours(image, p))
        snprintf(out_id, 65, "%s", image->id);
    gantry_image_free(image);
    return 0;
}

/* ---- make it --------------------------------------------------------------------------------- */

static int send_image(const struct gnt_box_engine *e, const gantry_call *call,
                      gantry_archive *archive, const struct gnt_box_program *p,
                      const char *reference, char out_id[65], gantry_error *err)
{
    char label[sizeof "LABEL =" + sizeof GNT_BOX_LABEL + 64];
    const char *const changes[] = { "ENTRYPOINT [\"/box\"]", label, NULL };
    gantry_image_import_options o = { .size = sizeof o, .call = call, .changes = changes };
    gantry_image_import_result *result = NULL;
    struct gnt_tar *tar = NULL;
    gantry_source source;
    int rc = gnt_archive_source(archive, e->host, call, &tar, &source, err);

    if (rc < 0)
        return rc;
    source.length = 0; /* as long as it is */
    snprintf(label, sizeof label, "LABEL " GNT_BOX_LABEL "=%s", p->digest);
    rc = e->images->import(e->state, reference, &source, &o, &result, err);
    gnt_tar_close(tar);
    if (rc == 0)
        snprintf(out_id, 65, "%s", result->image_id);
    gantry_image_import_result_free(result);
    return rc;
}

static int make(const struct gnt_box_engine *e, const gantry_call *call,
                const struct gnt_box_program *p, const char *reference, char out_id[65],
                gantry_error *err)
{
    gantry_archive_options o = { .size = sizeof o,
                                 .allocator = &e->host->mem.a,
                                 .reproducible = GANTRY_ON };
    gantry_entry_options entry = { .size = sizeof entry, .mode = 0755 };
    gantry_archive *archive = NULL;
    int rc = gantry_archive_new(&o, &archive, err);

    if (rc == 0)
        rc = gantry_archive_add_data(archive, "box", p->data, p->size, &entry, err);
    if (rc == 0)
        rc = send_image(e, call, archive, p, reference, out_id, err);
    gantry_archive_free(archive);
    return rc;
}

/* Somebody made the same at the same time, and has the name: the image without one goes. */
static void drop(const struct gnt_box_engine *e, const gantry_call *call, const char *id)
{
    gantry_image_remove_options o = { .size = sizeof o, .call = call };
    gantry_image_removal *removal = NULL;

    if (e->images->remove != NULL && e->images->remove(e->state, id, &o, &removal, NULL) == 0)
        gantry_image_removal_free(removal);
}

static int make_and_look(const struct gnt_box_engine *e, const gantry_call *call,
                         const struct gnt_box_program *p, const char *reference, gantry_error *err)
{
    char made[65] = "";
    char found[65] = "";
    int rc = make(e, call, p, reference, made, err);

    if (rc == 0)
        rc = look(e, call, p, reference, found, err);
    if (rc < 0)
        return rc;
    if (found[0] == '\0')
        return gnt_fail(err, GANTRY_E_CONFLICT, "%s was made, and is gone or another image",
                        reference);
    if (strcmp(found, made) != 0)
        drop(e, call, made);
    return 0;
}

static void name_of(const struct gnt_box_program *p, char name[GNT_BOX_REFERENCE_SIZE])
{
    snprintf(name, GNT_BOX_REFERENCE_SIZE, "localhost/libgantry-box:%.12s-%s", p->digest, p->arch);
}

/* One that was made before says what the engine's architecture is; it is slow to ask Podman. */
static int find(const struct gnt_box_engine *e, const gantry_call *call,
                char name[GNT_BOX_REFERENCE_SIZE], int *found, gantry_error *err)
{
    char id[65];
    int rc = 0;

    *found = 0;
    for (const struct gnt_box_program *p = gnt_box_programs; rc == 0 && p->arch != NULL; p++) {
        name_of(p, name);
        rc = look(e, call, p, name, id, err);
        *found = rc == 0 && id[0] != '\0';
        if (*found)
            break;
    }
    return rc;
}

int gnt_box_ensure(const struct gnt_box_engine *e, const gantry_call *call,
                   char reference[GNT_BOX_REFERENCE_SIZE], gantry_error *err)
{
    const struct gnt_box_program *p = NULL;
    gantry_call shared;
    const gantry_call *limits = gnt_call_share(&shared, call);
    char name[GNT_BOX_REFERENCE_SIZE];
    int found = 0;
    int rc = 0;

    if (e->engine->version == NULL || e->images->import == NULL || e->images->inspect == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "this backend cannot make the library's image");
    rc = find(e, limits, name, &found, err);
    if (rc == 0 && !found) {
        rc = choose(e, limits, &p, err);
        if (rc == 0) {
            name_of(p, name);
            rc = make_and_look(e, limits, p, name, err);
        }
    }
    if (rc == 0)
        memcpy(reference, name, sizeof name);
    return rc;
}
