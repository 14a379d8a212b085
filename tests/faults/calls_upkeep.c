/*
 * What becomes of images: history, names taken away, pruning, room; images and archives made of
 * containers; manifest lists.
 */
#include "calls.h"

#include <stdio.h>

#define SMALL "127.0.0.1:5000/faults/small:1"
#define LIST "127.0.0.1:5000/faults/list:1"
#define CONTAINER "faults-small"

static gantry_images *images(const struct faults *f)
{
    return gantry_engine_images(f->engine);
}

/* ---- history, untag, prune, room ------------------------------------------------------------- */

int faults_images_history(struct faults *f)
{
    gantry_image_history_options o = { .size = sizeof o, .call = &f->call };
    gantry_image_history *history = NULL;
    int rc = gantry_images_history(images(f), SMALL, &o, &history, &f->err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < history->count; i++) {
        faults_mix(f, history->items[i]->id);
        faults_mix(f, history->items[i]->created_by);
        faults_mix_int(f, history->items[i]->size_bytes);
        faults_mix_strings(f, history->items[i]->references);
    }
    faults_mix_strings(f, history->layer_digests);
    gantry_image_history_free(history);
    return 0;
}

int faults_images_tag_second(struct faults *f)
{
    gantry_image_tag_options o = { .size = sizeof o, .call = &f->call };

    return gantry_images_tag(images(f), SMALL, "faults-second:2", &o, &f->err);
}

int faults_images_untag(struct faults *f)
{
    gantry_image_untag_options o = { .size = sizeof o, .call = &f->call };

    return gantry_images_untag(images(f), "faults-second:2", &o, &f->err);
}

/* Takes away what faults_containers_commit() made. */
int faults_images_prune(struct faults *f)
{
    static const char *const labels[] = { "faults-prune=yes", NULL };
    gantry_image_prune_options o = {
        .size = sizeof o, .call = &f->call, .labels = labels, .all = GANTRY_ON
    };
    gantry_image_pruned *pruned = NULL;
    int rc = gantry_images_prune(images(f), &o, &pruned, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_strings(f, pruned->untagged);
    faults_mix_strings(f, pruned->deleted);
    faults_mix_int(f, pruned->freed_bytes);
    gantry_image_pruned_free(pruned);
    return 0;
}

int faults_images_disk_usage(struct faults *f)
{
    gantry_image_disk_usage_options o = { .size = sizeof o, .call = &f->call };
    gantry_image_disk_usage *usage = NULL;
    int rc = gantry_images_disk_usage(images(f), &o, &usage, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_int(f, usage->total_bytes);
    for (size_t i = 0; i < usage->count; i++) {
        faults_mix(f, usage->items[i]->id);
        faults_mix_int(f, usage->items[i]->unique_bytes);
        faults_mix_strings(f, usage->items[i]->references);
    }
    gantry_image_disk_usage_free(usage);
    return 0;
}

static int remove_image(struct faults *f, const char *reference)
{
    gantry_image_remove_options o = { .size = sizeof o, .call = &f->call, .missing_ok = GANTRY_ON };

    return gantry_images_remove(images(f), reference, &o, NULL, &f->err);
}

int faults_images_remove_small(struct faults *f)
{
    return remove_image(f, SMALL);
}

int faults_images_remove_pushed(struct faults *f)
{
    return remove_image(f, "127.0.0.1:5000/faults/other:2");
}

/* ---- containers ------------------------------------------------------------------------------ */

int faults_containers_create_small(struct faults *f)
{
    gantry_container_options o = {
        .size = sizeof o, .call = &f->call, .name = CONTAINER, .network = "none"
    };
    gantry_created *created = NULL;
    int rc =
        gantry_containers_create(gantry_engine_containers(f->engine), SMALL, &o, &created, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, created->id);
    gantry_created_free(created);
    return 0;
}

int faults_containers_commit(struct faults *f)
{
    static const char *const changes[] = { "LABEL faults-prune=yes", NULL };
    gantry_commit_options o = {
        .size = sizeof o, .call = &f->call, .comment = "for a while", .changes = changes
    };
    gantry_committed *committed = NULL;
    int rc = gantry_containers_commit(gantry_engine_containers(f->engine), CONTAINER,
                                      "faults-committed:1", &o, &committed, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, committed->image_id);
    gantry_committed_free(committed);
    return 0;
}

int faults_containers_export(struct faults *f)
{
    gantry_export_options o = { .size = sizeof o, .call = &f->call };
    gantry_stream *stream = NULL;
    int rc = gantry_containers_export_open(gantry_engine_containers(f->engine), CONTAINER, &o,
                                           &stream, &f->err);

    if (rc == 0)
        rc = faults_stream_digest(f, stream, NULL);
    gantry_stream_close(stream);
    return rc;
}

int faults_containers_remove_small(struct faults *f)
{
    gantry_container_remove_options o = { .size = sizeof o, .call = &f->call };

    return gantry_containers_remove(gantry_engine_containers(f->engine), CONTAINER, &o, &f->err);
}

/* ---- manifest lists -------------------------------------------------------------------------- */

static gantry_manifests *manifests(const struct faults *f)
{
    return gantry_engine_manifests(f->engine);
}

static void mix_id(struct faults *f, const gantry_manifest_id *id)
{
    faults_mix(f, id->id);
    faults_mix(f, id->digest);
}

int faults_manifests_create(struct faults *f)
{
    gantry_manifest_create_options o = { .size = sizeof o, .call = &f->call };
    gantry_manifest_id *id = NULL;
    int rc = gantry_manifests_create(manifests(f), LIST, &o, &id, &f->err);

    if (rc == 0)
        mix_id(f, id);
    gantry_manifest_id_free(id);
    return rc;
}

/* With an image in it, so that there is something to be taken back. */
int faults_manifests_create_with(struct faults *f)
{
    static const char *const from[] = { SMALL, NULL };
    gantry_manifest_create_options o = { .size = sizeof o, .call = &f->call, .images = from };
    gantry_manifest_id *id = NULL;
    int rc = gantry_manifests_create(manifests(f), "faults-list:2", &o, &id, &f->err);

    if (rc == 0)
        mix_id(f, id);
    gantry_manifest_id_free(id);
    return rc;
}

int faults_manifests_exists(struct faults *f)
{
    gantry_manifest_exists_options o = { .size = sizeof o, .call = &f->call };
    int there = -1;
    int rc = gantry_manifests_exists(manifests(f), LIST, &o, &there, &f->err);

    faults_mix_int(f, there);
    return rc;
}

int faults_manifests_add(struct faults *f)
{
    gantry_manifest_add_options o = { .size = sizeof o, .call = &f->call, .variant = "v9" };

    return gantry_manifests_add(manifests(f), LIST, SMALL, &o, &f->err);
}

/* digest: of the first image, or NULL */
static int inspect(struct faults *f, char *digest, size_t size)
{
    gantry_manifest_inspect_options o = { .size = sizeof o, .call = &f->call };
    gantry_manifest *list = NULL;
    int rc = gantry_manifests_inspect(manifests(f), LIST, &o, &list, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, list->json);
    for (size_t i = 0; i < list->count; i++) {
        faults_mix(f, list->items[i]->digest);
        faults_mix(f, list->items[i]->architecture);
        faults_mix_int(f, list->items[i]->manifest_bytes);
    }
    if (digest != NULL)
        snprintf(digest, size, "%s", list->count > 0 ? list->items[0]->digest : "sha256:none");
    gantry_manifest_free(list);
    return 0;
}

int faults_manifests_inspect(struct faults *f)
{
    return inspect(f, NULL, 0);
}

int faults_manifests_annotate(struct faults *f)
{
    static const gantry_pair note = { "faults", "yes" };
    gantry_manifest_annotate_options o = { .size = sizeof o,
                                           .call = &f->call,
                                           .os = "linux",
                                           .annotations = &note,
                                           .annotation_count = 1 };
    char digest[100] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    int rc = 0;

    if (f->runtime == GANTRY_RUNTIME_PODMAN)
        rc = inspect(f, digest, sizeof digest);
    return rc < 0 ? rc : gantry_manifests_annotate(manifests(f), LIST, digest, &o, &f->err);
}

int faults_manifests_push(struct faults *f)
{
    gantry_manifest_push_options o = { .size = sizeof o, .call = &f->call };
    gantry_manifest_id *id = NULL;
    int rc;

    if (f->runtime == GANTRY_RUNTIME_PODMAN)
        o.tls_verify = GANTRY_OFF;
    rc = gantry_manifests_push(manifests(f), LIST, NULL, &o, &id, &f->err);
    if (rc == 0)
        mix_id(f, id);
    gantry_manifest_id_free(id);
    return rc;
}

int faults_manifests_remove_image(struct faults *f)
{
    gantry_manifest_remove_options o = { .size = sizeof o, .call = &f->call };
    char digest[100] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    int rc = 0;

    if (f->runtime == GANTRY_RUNTIME_PODMAN)
        rc = inspect(f, digest, sizeof digest);
    return rc < 0 ? rc : gantry_manifests_remove_image(manifests(f), LIST, digest, &o, &f->err);
}

static int remove_list(struct faults *f, const char *name)
{
    gantry_manifest_remove_options o = { .size = sizeof o, .call = &f->call };

    return gantry_manifests_remove(manifests(f), name, &o, &f->err);
}

int faults_manifests_remove(struct faults *f)
{
    return remove_list(f, LIST);
}

int faults_manifests_remove_second(struct faults *f)
{
    return remove_list(f, "faults-list:2");
}
