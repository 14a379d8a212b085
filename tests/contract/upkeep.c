/*
 * Contract of the upkeep of images: history, untag, prune, disk use; and images made of containers.
 */
#include "contract.h"

#include <pthread.h>

#define UPKEEP NEEDS(GANTRY_FEATURE_IMAGES_PRUNE)
#define COMMITS NEEDS(GANTRY_FEATURE_CONTAINERS_COMMIT)

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int read_stream(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    return gantry_stream_read(arg, buffer, capacity, out_size, NULL, err);
}

/* An image of one file with some labels, "LABEL a=1"; what the call gives. */
static int import_small(struct contract *f, const char *name, const char *const *changes,
                        char id[65])
{
    gantry_image_import_options opts = { .size = sizeof opts, .changes = changes };
    gantry_source tar = { .size = sizeof tar, .read = read_stream };
    gantry_image_import_result *result = NULL;
    gantry_archive *archive = NULL;
    gantry_stream *stream = NULL;
    char text[32];
    int rc;

    snprintf(text, sizeof text, "%u", ++f->serial);
    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_data(archive, "serial", text, strlen(text), NULL, &f->err));
    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    tar.arg = stream;
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_images_import(f->images, name, &tar, &opts, &result, &f->err);
    if (rc == 0)
        snprintf(id, 65, "%s", result->image_id);
    gantry_image_import_result_free(result);
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    return rc;
}

/* ---- history, changes -------------------------------------------------------------------------- */

static void history_tells_layers(struct contract *f)
{
    const char *name = contract_name(f, "told");
    char text[256], label[64];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };
    gantry_image_history *history = NULL;
    gantry_build_result *built = NULL;

    snprintf(label, sizeof label, "told-by-%u", ++f->serial);
    snprintf(text, sizeof text, "FROM %s\nLABEL %s=1\nCOPY Dockerfile /it\n", f->base, label);
    OK(contract_build(f, name, &opts, &built));
    OK(gantry_images_history(f->images, name, NULL, &history, &f->err));
    CHECK(history->count == 3 && history->items[3] == NULL);
    CHECK(strcmp(history->items[0]->id, built->image_id) == 0);
    CONTAINS(history->items[0]->created_by, "/it");
    CONTAINS(history->items[1]->created_by, label);
    CHECK(history->items[0]->size_bytes > 0 && history->items[1]->size_bytes == 0);
    CHECK(history->items[2]->size_bytes > 1000000);
    for (size_t i = 0; i < history->count; i++) {
        CHECK(history->items[i]->id[0] == '\0' || contract_is_id(history->items[i]->id));
        CHECK(history->items[i]->created_ns > 0);
    }
    CHECK(history->layer_digests[0] != NULL && history->layer_digests[1] != NULL);
    CHECK(history->layer_digests[2] == NULL);
    CHECK(strncmp(history->layer_digests[0], "sha256:", 7) == 0);
    gantry_image_history_free(history);
    gantry_build_result_free(built);
    history = NULL;
    FAILS(gantry_images_history(f->images, contract_name(f, "no"), NULL, &history, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(history == NULL);
    SAME(f->err.operation, "images.history");
}

static void inspect_tells_how_it_is_made(struct contract *f)
{
    const char *name = contract_name(f, "made");
    char text[256];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };
    gantry_image *image = NULL, *base = NULL;

    snprintf(text, sizeof text,
             "FROM %s\nCOPY Dockerfile /%u\nSTOPSIGNAL SIGUSR1\n"
             "HEALTHCHECK CMD [\"true\", \"it is\"]\n",
             f->base, ++f->serial);
    OK(contract_build(f, name, &opts, NULL));
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    OK(gantry_images_inspect(f->images, f->base, NULL, &base, &f->err));
    CHECK(base->layers[0] != NULL && base->layers[1] == NULL);
    SAME(image->layers[0], base->layers[0]);
    CHECK(image->layers[1] != NULL && image->layers[2] == NULL);
    CHECK(image->parent_id[0] == '\0' || contract_is_id(image->parent_id));
    SAME(base->parent_id, "");
    SAME(image->stop_signal, "SIGUSR1");
    SAME(base->stop_signal, "");
    SAME(image->healthcheck[0], "CMD");
    SAME(image->healthcheck[1], "true");
    SAME(image->healthcheck[2], "it is");
    CHECK(image->healthcheck[3] == NULL && base->healthcheck[0] == NULL);
    gantry_image_free(image);
    gantry_image_free(base);
}

static void changes_that_are_none_are_refused(struct contract *f)
{
    const char *name = contract_name(f, "unchanged");
    char id[65];

    FAILS(import_small(f, name, COMMAND("FLURB x"), id), GANTRY_E_INVALID);
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    FAILS(import_small(f, name, COMMAND("RUN true"), id), GANTRY_E_INVALID);
    CHECK(!contract_image_exists(f, name));
}

/* ---- untag ------------------------------------------------------------------------------------- */

static void untag_keeps_the_image(struct contract *f)
{
    const char *name = contract_name(f, "kept");
    const char *other = contract_name(f, "other");
    char id[65], elsewhere[200], beginning[13];
    gantry_image *image = NULL;

    OK(import_small(f, name, NULL, id));
    contract_track_image(f, id);
    snprintf(beginning, sizeof beginning, "%.12s", id);
    snprintf(elsewhere, sizeof elsewhere, "registry.example/%s:v1", other);
    OK(gantry_images_tag(f->images, name, elsewhere, NULL, &f->err));
    OK(gantry_images_tag(f->images, name, other, NULL, &f->err));
    OK(gantry_images_untag(f->images, other, NULL, &f->err));
    CHECK(!contract_image_exists(f, other));
    OK(gantry_images_untag(f->images, elsewhere, NULL, &f->err));
    CHECK(!contract_image_exists(f, elsewhere));
    FAILS(gantry_images_untag(f->images, other, NULL, &f->err), GANTRY_E_NOT_FOUND);
    SAME(f->err.operation, "images.untag");
    SAME(f->err.resource, other);
    FAILS(gantry_images_untag(f->images, id, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_untag(f->images, beginning, NULL, &f->err), GANTRY_E_INVALID);
    CHECK(contract_image_exists(f, name));
    if (contract_differs(f, DIFF_LAST_NAME_STAYS)) {
        FAILS(gantry_images_untag(f->images, name, NULL, &f->err), GANTRY_E_CONFLICT);
        CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
        CHECK(contract_image_exists(f, name));
    } else {
        OK(gantry_images_untag(f->images, name, NULL, &f->err));
        CHECK(!contract_image_exists(f, name));
    }
    OK(gantry_images_inspect(f->images, id, NULL, &image, &f->err));
    gantry_image_free(image);
}

/* A name of the default registry, where another image has the short one. */
static void untag_takes_the_name_it_was_given(struct contract *f)
{
    const char *name = contract_name(f, "twice");
    char id[65], full[200];
    gantry_image *image = NULL;

    OK(import_small(f, contract_name(f, "holder"), NULL, id));
    snprintf(full, sizeof full, "docker.io/library/%s", name);
    OK(gantry_images_tag(f->images, id, full, NULL, &f->err));
    OK(gantry_images_untag(f->images, name, NULL, &f->err));
    OK(gantry_images_inspect(f->images, id, NULL, &image, &f->err));
    CHECK(image->references[0] != NULL && image->references[1] == NULL);
    gantry_image_free(image);
}

/* ---- prune ------------------------------------------------------------------------------------- */

/* Every prune here is narrowed to images that have this label. */
static const char *own_label(struct contract *f, char out[96])
{
    snprintf(out, 96, "%s-%u", f->prefix, ++f->serial);
    return out;
}

/* An image with the label and one more; unnamed if `name` is NULL. */
static void labelled(struct contract *f, const char *name, const char *label, const char *more,
                     char id[65])
{
    char first[128], second[128];

    snprintf(first, sizeof first, "LABEL %s=yes", label);
    snprintf(second, sizeof second, "LABEL %s=1", more);
    OK(import_small(f, name, COMMAND(first, second), id));
    contract_track_image(f, id);
}

static gantry_image_pruned *prune(struct contract *f, const gantry_image_prune_options *opts)
{
    gantry_image_pruned *pruned = NULL;

    OK(gantry_images_prune(f->images, opts, &pruned, &f->err));
    return pruned;
}

static void prune_takes_what_has_no_name(struct contract *f)
{
    char label[96], named[65], unnamed[65], full[160];
    const char *name = contract_name(f, "named");
    const char *labels[] = { own_label(f, label), NULL };
    gantry_image_prune_options opts = { .size = sizeof opts, .labels = labels };
    gantry_image_pruned *pruned;

    labelled(f, name, label, "a", named);
    labelled(f, NULL, label, "a", unnamed);
    pruned = prune(f, &opts);
    CHECK(contract_in_list(pruned->deleted, unnamed));
    CHECK(!contract_in_list(pruned->deleted, named));
    CHECK(pruned->untagged[0] == NULL && pruned->caches[0] == NULL);
    CHECK(pruned->freed_bytes >= 0);
    gantry_image_pruned_free(pruned);
    CHECK(!contract_image_exists(f, unnamed));
    CHECK(contract_image_exists(f, named));
    opts.all = GANTRY_ON;
    pruned = prune(f, &opts);
    snprintf(full, sizeof full, "%s:latest", name);
    CHECK(contract_in_list(pruned->deleted, named));
    CHECK(contract_in_list(pruned->untagged, full));
    gantry_image_pruned_free(pruned);
    CHECK(!contract_image_exists(f, named));
    pruned = prune(f, &opts);
    CHECK(pruned->deleted[0] == NULL && pruned->untagged[0] == NULL);
    CHECK(pruned->freed_bytes == 0);
    gantry_image_pruned_free(pruned);
}

static void prune_keeps_what_is_used(struct contract *f)
{
    char label[96], id[65], change[128];
    const char *name = contract_name(f, "used");
    const char *labels[] = { own_label(f, label), "a", NULL };
    gantry_image_prune_options opts = { .size = sizeof opts,
                                        .labels = labels,
                                        .all = GANTRY_ON,
                                        .until_ns = now_ns() + (int64_t)3600 * 1000000000 };
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "user"),
                                           .command = COMMAND("true") };

    snprintf(change, sizeof change, "LABEL %s=yes", label);
    OK(import_small(f, name, COMMAND(change, "LABEL a=1"), id));
    OK(gantry_containers_create(f->containers, name, &container, NULL, &f->err));
    OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
    CHECK(contract_image_exists(f, name));
    OK(gantry_containers_remove(f->containers, container.name, NULL, &f->err));
    OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
    CHECK(!contract_image_exists(f, id));
}

/* All conditions hold together: none is forgotten. */
static void prune_heeds_every_condition(struct contract *f)
{
    char label[96], a[65], b[65], ab[65], change[128];
    const char *labels[] = { own_label(f, label), "b=1", NULL };
    const char *not_labels[] = { "a", NULL, NULL };
    gantry_image_prune_options opts = {
        .size = sizeof opts, .labels = labels, .not_labels = not_labels, .all = GANTRY_ON
    };

    snprintf(change, sizeof change, "LABEL %s=yes", label);
    labelled(f, contract_name(f, "a"), label, "a", a);
    labelled(f, contract_name(f, "b"), label, "b", b);
    OK(import_small(f, contract_name(f, "ab"), COMMAND(change, "LABEL a=1", "LABEL b=1"), ab));
    opts.until_ns = (int64_t)1600000000 * 1000000000;
    OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
    CHECK(contract_image_exists(f, a) && contract_image_exists(f, b));
    opts.until_ns = 0;
    OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
    CHECK(!contract_image_exists(f, b));
    CHECK(contract_image_exists(f, a) && contract_image_exists(f, ab));
    labels[1] = "a";
    not_labels[0] = "c";
    not_labels[1] = "b";
    if (contract_differs(f, DIFF_ONE_LABEL_KEEPS)) {
        FAILS(gantry_images_prune(f->images, &opts, NULL, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "not_labels");
        CHECK(contract_image_exists(f, a));
    } else {
        OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
        CHECK(!contract_image_exists(f, a));
    }
    CHECK(contract_image_exists(f, ab));
    labels[1] = "b";
    opts.not_labels = NULL;
    OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
    CHECK(!contract_image_exists(f, ab));
}

static void prune_until_a_time(struct contract *f)
{
    char label[96], id[65];
    const char *labels[] = { own_label(f, label), NULL };
    gantry_image_prune_options opts = { .size = sizeof opts, .labels = labels };
    gantry_image *image = NULL;

    labelled(f, NULL, label, "a", id);
    OK(gantry_images_inspect(f->images, id, NULL, &image, &f->err));
    opts.until_ns = image->created_ns - 1;
    OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
    CHECK(contract_image_exists(f, id));
    opts.until_ns = image->created_ns + 1000;
    OK(gantry_images_prune(f->images, &opts, NULL, &f->err));
    CHECK(!contract_image_exists(f, id));
    gantry_image_free(image);
}

static void prune_of_the_build_cache(struct contract *f)
{
    char label[96];
    const char *labels[] = { own_label(f, label), NULL };
    gantry_image_prune_options opts = { .size = sizeof opts,
                                        .labels = labels,
                                        .build_cache = GANTRY_ON };
    gantry_image_pruned *pruned;
    gantry_pair odd = { "no-such-filter", "1" };

    /* What has no labels cannot be narrowed by them. */
    FAILS(gantry_images_prune(f->images, &opts, NULL, &f->err), GANTRY_E_INVALID);
    opts.labels = NULL;
    opts.until_ns = (int64_t)1600000000 * 1000000000;
    pruned = prune(f, &opts);
    CHECK(pruned->deleted[0] == NULL && pruned->caches[0] == NULL && pruned->freed_bytes == 0);
    gantry_image_pruned_free(pruned);
    opts = (gantry_image_prune_options){ .size = sizeof opts, .filters = &odd, .filter_count = 1 };
    memset(&f->err, 0, sizeof f->err);
    CHECK(gantry_images_prune(f->images, &opts, NULL, &f->err) < 0);
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
}

/* ---- disk use ---------------------------------------------------------------------------------- */

static const gantry_image_usage *usage_of(const gantry_image_disk_usage *usage, const char *id)
{
    const gantry_image_usage *found = NULL;

    for (size_t i = 0; i < usage->count; i++) {
        if (strcmp(usage->items[i]->id, id) == 0) {
            CHECK(found == NULL);
            found = usage->items[i];
        }
    }
    return found;
}

static void disk_use_by_image(struct contract *f)
{
    const char *name = contract_name(f, "measured");
    const char *other = contract_name(f, "again");
    char id[65], text[256], full[160];
    gantry_build_options opts = { .size = sizeof opts, .dockerfile = text };
    gantry_image_disk_usage *usage = NULL;
    gantry_build_result *built = NULL;
    const gantry_image_usage *image;

    snprintf(text, sizeof text, "FROM %s\nCOPY Dockerfile /%u\n", f->base, ++f->serial);
    OK(contract_build(f, name, &opts, &built));
    snprintf(id, sizeof id, "%s", built->image_id);
    gantry_build_result_free(built);
    OK(gantry_images_tag(f->images, name, other, NULL, &f->err));
    OK(gantry_images_disk_usage(f->images, NULL, &usage, &f->err));
    CHECK(usage->items[usage->count] == NULL);
    image = usage_of(usage, id);
    CHECK(image != NULL);
    snprintf(full, sizeof full, "%s:latest", name);
    CHECK(contract_in_list(image->references, full));
    snprintf(full, sizeof full, "%s:latest", other);
    CHECK(contract_in_list(image->references, full));
    CHECK(image->references[2] == NULL);
    CHECK(image->created_ns > 0);
    CHECK(image->size_bytes > 1000000);
    CHECK(image->shared_bytes > 1000000 && image->shared_bytes < image->size_bytes);
    CHECK(image->unique_bytes == image->size_bytes - image->shared_bytes);
    CHECK(image->containers == 0);
    CHECK(usage->total_bytes == -1 || usage->total_bytes >= image->size_bytes);
    gantry_image_disk_usage_free(usage);
}

static void *measure(void *arg)
{
    struct contract *f = arg;
    gantry_image_disk_usage *usage = NULL;
    gantry_error err = { 0 };
    int rc = gantry_images_disk_usage(f->images, NULL, &usage, &err);

    gantry_image_disk_usage_free(usage);
    if (rc < 0)
        print_error("%s\n", err.message);
    return rc == 0 ? NULL : f;
}

/* The engine may count for one at a time only: the others wait for their turn. */
static void disk_use_asked_by_several(struct contract *f)
{
    pthread_t threads[4];
    void *failed = NULL;
    int failures = 0;

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, measure, f), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        failures += failed != NULL;
    }
    CHECK(failures == 0);
}

/* ---- commit ------------------------------------------------------------------------------------ */

static void commit_makes_an_image(struct contract *f)
{
    const char *container = contract_start(f, "echo kept >/kept");
    const char *name = contract_name(f, "committed");
    gantry_commit_options opts = { .size = sizeof opts,
                                   .author = "A. Uthor",
                                   .comment = "from the contract",
                                   .changes = COMMAND("ENV GREETING=hello", "LABEL made=1",
                                                      "CMD [\"cat\", \"/kept\"]") };
    gantry_committed *committed = NULL;
    gantry_image *image = NULL;

    CHECK(contract_wait_exit(f, container) == 0);
    OK(gantry_containers_commit(f->containers, container, name, &opts, &committed, &f->err));
    CHECK(contract_is_id(committed->image_id));
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(image->id, committed->image_id);
    SAME(image->author, "A. Uthor");
    SAME(image->comment, "from the contract");
    CHECK(contract_in_list(image->environment, "GREETING=hello"));
    SAME(contract_pair(image->labels, image->label_count, "made"), "1");
    SAME(image->command[0], "cat");
    gantry_image_free(image);
    gantry_committed_free(committed);
    contract_run_prints(f, name, "cat /kept; echo $GREETING", "kept\nhello\n");
}

static void commit_of_a_running_container(struct contract *f)
{
    const char *container = contract_start(f, "echo kept >/kept; echo up; " IDLE);
    gantry_commit_options opts = { .size = sizeof opts, .pause = GANTRY_OFF };
    gantry_committed *committed = NULL;
    char tagged[160];

    for (int i = 0; i < 2; i++) { /* paused meanwhile where that can be, then not */
        OK(gantry_containers_commit(f->containers, container, NULL, i == 0 ? NULL : &opts,
                                    &committed, &f->err));
        contract_track_image(f, committed->image_id);
        CHECK(contract_image_exists(f, committed->image_id));
        CHECK(contract_state(f, container) == GANTRY_CONTAINER_RUNNING);
        gantry_committed_free(committed);
    }
    opts.pause = GANTRY_ON;
    snprintf(tagged, sizeof tagged, "registry.example/%s:v1", contract_name(f, "paused"));
    if (contract_differs(f, DIFF_PAUSE_NEEDS_CGROUPS_2)) {
        memset(&f->err, 0, sizeof f->err);
        if (gantry_containers_commit(f->containers, container, tagged, &opts, NULL, &f->err) < 0) {
            CHECK(f->err.code == GANTRY_E_UNSUPPORTED);
            CHECK(!contract_image_exists(f, tagged));
            return;
        }
    } else {
        OK(gantry_containers_commit(f->containers, container, tagged, &opts, NULL, &f->err));
    }
    CHECK(contract_image_exists(f, tagged));
    OK(gantry_images_remove(f->images, tagged, NULL, NULL, &f->err));
}

static void commit_that_is_refused(struct contract *f)
{
    const char *container = contract_create(f, "true");
    const char *name = contract_name(f, "never");
    gantry_commit_options bad = { .size = sizeof bad, .changes = COMMAND("FLURB") };
    gantry_commit_options check = { .size = sizeof check,
                                    .changes = COMMAND("HEALTHCHECK CMD true") };
    gantry_commit_options squash = { .size = sizeof squash, .squash = GANTRY_ON };
    gantry_commit_options oci = { .size = sizeof oci, .format = GANTRY_FORMAT_OCI };
    gantry_committed *committed = NULL;

    FAILS(gantry_containers_commit(f->containers, contract_name(f, "no"), name, NULL, &committed,
                                   &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER && committed == NULL);
    SAME(f->err.operation, "containers.commit");
    FAILS(gantry_containers_commit(f->containers, container, name, &bad, NULL, &f->err),
          GANTRY_E_INVALID);
    CHECK(!contract_image_exists(f, name));
    if (contract_differs(f, DIFF_CHANGES_WITHOUT_HEALTHCHECK))
        FAILS(gantry_containers_commit(f->containers, container, name, &check, NULL, &f->err),
              GANTRY_E_INVALID);
    else
        OK(gantry_containers_commit(f->containers, container, name, &check, NULL, &f->err));
    if (f->on == ON_DOCKER) {
        FAILS(gantry_containers_commit(f->containers, container, name, &squash, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "squash");
        FAILS(gantry_containers_commit(f->containers, container, name, &oci, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "format");
    } else {
        OK(gantry_containers_commit(f->containers, container, name, &squash, NULL, &f->err));
        OK(gantry_containers_commit(f->containers, container, name, &oci, &committed, &f->err));
        contract_track_image(f, committed->image_id);
        gantry_committed_free(committed);
    }
    oci.comment = "OCI has none";
    FAILS(gantry_containers_commit(f->containers, container, name, &oci, NULL, &f->err),
          GANTRY_E_INVALID);
}

const struct contract_test upkeep_tests[] = {
    TEST_WITH(history_tells_layers, NEEDS(GANTRY_FEATURE_IMAGES_HISTORY)),
    TEST_WITH(inspect_tells_how_it_is_made, UPKEEP),
    TEST_WITH(changes_that_are_none_are_refused, UPKEEP),
    TEST_WITH(untag_keeps_the_image, NEEDS(GANTRY_FEATURE_IMAGES_UNTAG)),
    TEST_WITH(untag_takes_the_name_it_was_given, NEEDS(GANTRY_FEATURE_IMAGES_UNTAG)),
    TEST_WITH(prune_takes_what_has_no_name, UPKEEP),
    TEST_WITH(prune_keeps_what_is_used, UPKEEP),
    TEST_WITH(prune_heeds_every_condition, UPKEEP),
    TEST_WITH(prune_until_a_time, UPKEEP),
    TEST_WITH(prune_of_the_build_cache, UPKEEP),
    TEST_WITH(disk_use_by_image, NEEDS(GANTRY_FEATURE_IMAGES_DISK_USAGE)),
    TEST_WITH(disk_use_asked_by_several, NEEDS(GANTRY_FEATURE_IMAGES_DISK_USAGE)),
    TEST_WITH(commit_makes_an_image, COMMITS),
    TEST_WITH(commit_of_a_running_container, COMMITS),
    TEST_WITH(commit_that_is_refused, COMMITS, .on = ON_KNOWN),
    { 0 },
};
