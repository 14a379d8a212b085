/*
 * Contract of images: import, list, inspect, exists, tag, remove.
 */
#include "contract.h"

/* Another image on top of the base, under a name; its id differs by the label. */
static void make_image(struct contract *f, const char *name, char id[65])
{
    char label[160];
    const char *const changes[] = { label, "CMD [\"sh\", \"-c\", \"echo made\"]",
                                    "ENV GREETING=hello", "WORKDIR /tmp", NULL };
    gantry_image_import_options opts = { .size = sizeof opts, .changes = changes };
    gantry_source tar = contract_base_tar(f);
    gantry_image_import_result *result = NULL;

    snprintf(label, sizeof label, "LABEL made=%s", name);
    OK(gantry_images_import(f->images, name, &tar, &opts, &result, &f->err));
    contract_base_tar_close(&tar);
    CHECK(contract_is_id(result->image_id));
    snprintf(id, 65, "%s", result->image_id);
    gantry_image_import_result_free(result);
}

static void import_makes_an_image(struct contract *f)
{
    const char *name = contract_name(f, "imported");
    gantry_image *image = NULL;
    char id[65];

    make_image(f, name, id);
    OK(gantry_images_inspect(f->images, name, NULL, &image, &f->err));
    SAME(image->id, id);
    CHECK(contract_is_id(image->id));
    SAME(image->os, "linux");
    CHECK(image->created_ns > (int64_t)1600000000 * 1000000000);
    CHECK(image->size_bytes > 0);
    SAME(image->command[0], "sh");
    SAME(image->command[1], "-c");
    SAME(image->command[2], "echo made");
    CHECK(image->command[3] == NULL);
    CHECK(contract_in_list(image->environment, "GREETING=hello"));
    SAME(image->working_directory, "/tmp");
    SAME(contract_pair(image->labels, image->label_count, "made"), name);
    CHECK(image->entrypoint[0] == NULL);
    CHECK(image->json[0] == '{');
    if (contract_has_processes(f))
        CHECK(image->architecture[0] != '\0');
    gantry_image_free(image);
}

static void import_without_a_name(struct contract *f)
{
    gantry_image_import_options opts = { .size = sizeof opts, .message = "from the contract" };
    gantry_source tar = contract_base_tar(f);
    gantry_image_import_result *result = NULL;
    gantry_image *image = NULL;

    OK(gantry_images_import(f->images, NULL, &tar, &opts, &result, &f->err));
    contract_base_tar_close(&tar);
    contract_track_image(f, result->image_id);
    OK(gantry_images_inspect(f->images, result->image_id, NULL, &image, &f->err));
    CHECK(image->references[0] == NULL);
    SAME(image->comment, "from the contract");
    gantry_image_free(image);
    gantry_image_import_result_free(result);
}

struct broken_source {
    gantry_source whole;
    size_t left;
};

static int read_broken(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    struct broken_source *source = arg;
    int rc;

    if (source->left == 0)
        return gantry_error_set(err, GANTRY_E_IO, "the disk of the contract is broken");
    rc = source->whole.read(source->whole.arg, buffer,
                            capacity < source->left ? capacity : source->left, out_size, err);
    source->left -= *out_size;
    return rc;
}

/* Cut behind a whole number of blocks, where an engine could take the tar as complete. */
static void import_of_a_failing_source(struct contract *f)
{
    const char *name = contract_name(f, "broken");
    struct broken_source broken = { .whole = contract_base_tar(f), .left = 512 };
    gantry_source tar = { .size = sizeof tar, .read = read_broken, .arg = &broken, .length = -1 };

    FAILS(gantry_images_import(f->images, name, &tar, NULL, NULL, &f->err), GANTRY_E_IO);
    CONTAINS(f->err.message, "the disk of the contract is broken");
    CHECK(!contract_image_exists(f, name));
    contract_base_tar_close(&broken.whole);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void names_are_found_as_given(struct contract *f)
{
    const char *name = contract_name(f, "names");
    char id[65], full[200], beginning[13], digest[80];
    const char *const forms[] = { name, full, id, beginning, digest };
    gantry_image *image = NULL;

    make_image(f, name, id);
    snprintf(full, sizeof full, "%s:latest", name);
    snprintf(beginning, sizeof beginning, "%.12s", id);
    snprintf(digest, sizeof digest, "sha256:%s", id);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        OK(gantry_images_inspect(f->images, forms[i], NULL, &image, &f->err));
        SAME(image->id, id);
        SAME(image->references[0], full);
        CHECK(image->references[1] == NULL);
        gantry_image_free(image);
        CHECK(contract_image_exists(f, forms[i]));
    }
}

static void missing_image_is_not_found(struct contract *f)
{
    const char *name = contract_name(f, "missing");
    gantry_image_remove_options missing_ok = { .size = sizeof missing_ok, .missing_ok = GANTRY_ON };
    gantry_image_removal *removal = (gantry_image_removal *)&missing_ok;
    gantry_image *image = NULL;

    CHECK(!contract_image_exists(f, name));
    FAILS(gantry_images_inspect(f->images, name, NULL, &image, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    SAME(f->err.resource, name);
    SAME(f->err.operation, "images.inspect");
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    CHECK(image == NULL);
    FAILS(gantry_images_tag(f->images, name, contract_name(f, "t"), NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    FAILS(gantry_images_remove(f->images, name, NULL, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    CHECK(gantry_error_is(&f->err, GANTRY_E_NOT_FOUND));
    CHECK(!gantry_error_is(&f->err, GANTRY_E_CONFLICT));
    OK(gantry_images_remove(f->images, name, &missing_ok, &removal, &f->err));
    CHECK(removal == NULL);
}

/* ---- list ------------------------------------------------------------------------------------ */

static int list_has(struct contract *f, const gantry_image_list_options *opts, const char *id)
{
    gantry_image_list *list = NULL;
    int found = 0;

    OK(gantry_images_list(f->images, opts, &list, &f->err));
    CHECK(list->items[list->count] == NULL);
    for (size_t i = 0; i < list->count; i++) {
        CHECK(contract_is_id(list->items[i]->id));
        CHECK(list->items[i]->json == NULL);
        found += strcmp(list->items[i]->id, id) == 0;
    }
    CHECK(found <= 1);
    gantry_image_list_free(list);
    return found;
}

static void list_finds_by_name(struct contract *f)
{
    const char *name = contract_name(f, "listed");
    char id[65], exact[200], pattern[200];
    const char *wanted[2] = { name, NULL };
    gantry_image_list_options opts = { .size = sizeof opts, .references = wanted };
    gantry_image_list *list = NULL;

    make_image(f, name, id);
    CHECK(list_has(f, NULL, id));
    CHECK(list_has(f, &opts, id));
    wanted[0] = exact;
    snprintf(exact, sizeof exact, "%s:latest", name);
    OK(gantry_images_list(f->images, &opts, &list, &f->err));
    CHECK(list->count == 1);
    SAME(list->items[0]->id, id);
    SAME(list->items[0]->references[0], exact);
    SAME(contract_pair(list->items[0]->labels, list->items[0]->label_count, "made"), name);
    CHECK(list->items[0]->created_ns > 0);
    CHECK(list->items[0]->size_bytes > 0);
    gantry_image_list_free(list);
    wanted[0] = pattern;
    snprintf(pattern, sizeof pattern, "%s-listed*", f->prefix);
    CHECK(list_has(f, &opts, id));
    wanted[0] = contract_name(f, "other");
    CHECK(!list_has(f, &opts, id));
}

static void list_finds_by_label(struct contract *f)
{
    const char *name = contract_name(f, "labelled");
    const char *other = contract_name(f, "unlabelled");
    char id[65], other_id[65], label[200];
    const char *labels[3] = { label, NULL, NULL };
    gantry_image_list_options opts = { .size = sizeof opts, .labels = labels };

    make_image(f, name, id);
    make_image(f, other, other_id);
    snprintf(label, sizeof label, "made=%s", name);
    CHECK(list_has(f, &opts, id));
    CHECK(!list_has(f, &opts, other_id));
    labels[1] = "made";
    CHECK(list_has(f, &opts, id));
    CHECK(!list_has(f, &opts, other_id));
    labels[1] = "not-made";
    CHECK(!list_has(f, &opts, id));
}

static void list_finds_dangling_ones(struct contract *f)
{
    gantry_image_list_options opts = { .size = sizeof opts };
    const char *name = contract_name(f, "tagged");
    char tagged[65], first[65];

    make_image(f, name, first);
    contract_track_image(f, first);
    make_image(f, contract_name(f, "made-for-another-label"), tagged);
    OK(gantry_images_tag(f->images, tagged, name, NULL, &f->err)); /* takes the first one's name */
    opts.dangling = GANTRY_ON;
    CHECK(list_has(f, &opts, first));
    CHECK(!list_has(f, &opts, tagged));
    opts.dangling = GANTRY_OFF;
    CHECK(!list_has(f, &opts, first));
    CHECK(list_has(f, &opts, tagged));
}

/* ---- tag, remove ----------------------------------------------------------------------------- */

static void tag_gives_another_name(struct contract *f)
{
    const char *name = contract_name(f, "one");
    const char *other = contract_name(f, "two");
    char versioned[200], elsewhere[200], id[65];
    gantry_image *image = NULL;

    make_image(f, name, id);
    snprintf(versioned, sizeof versioned, "%s:v1.2", other);
    OK(gantry_images_tag(f->images, name, versioned, NULL, &f->err));
    snprintf(elsewhere, sizeof elsewhere, "example.org/%s/x:1", other);
    OK(gantry_images_tag(f->images, id, elsewhere, NULL, &f->err));
    OK(gantry_images_inspect(f->images, versioned, NULL, &image, &f->err));
    SAME(image->id, id);
    CHECK(contract_in_list(image->references, versioned));
    CHECK(contract_in_list(image->references, elsewhere));
    gantry_image_free(image);
    CHECK(!contract_image_exists(f, other));
    OK(gantry_images_remove(f->images, elsewhere, NULL, NULL, &f->err));
    CHECK(contract_image_exists(f, id));
}

static void remove_takes_names_then_the_image(struct contract *f)
{
    const char *name = contract_name(f, "first");
    const char *other = contract_name(f, "second");
    char id[65], full[200];
    gantry_image_removal *removal = NULL;

    make_image(f, name, id);
    OK(gantry_images_tag(f->images, name, other, NULL, &f->err));
    OK(gantry_images_remove(f->images, name, NULL, &removal, &f->err));
    snprintf(full, sizeof full, "%s:latest", name);
    CHECK(contract_in_list(removal->untagged, full));
    CHECK(removal->deleted[0] == NULL);
    gantry_image_removal_free(removal);
    CHECK(!contract_image_exists(f, name));
    CHECK(contract_image_exists(f, other));
    OK(gantry_images_remove(f->images, other, NULL, &removal, &f->err));
    CHECK(contract_in_list(removal->deleted, id));
    gantry_image_removal_free(removal);
    CHECK(!contract_image_exists(f, id));
}

static void remove_by_id_minds_several_names(struct contract *f)
{
    gantry_image_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    const char *name = contract_name(f, "a");
    char id[65];

    make_image(f, name, id);
    OK(gantry_images_tag(f->images, name, contract_name(f, "b"), NULL, &f->err));
    memset(&f->err, 0, sizeof f->err);
    CHECK(gantry_images_remove(f->images, id, NULL, NULL, &f->err) < 0);
    CHECK(gantry_error_is(&f->err, GANTRY_E_CONFLICT));
    CHECK(contract_image_exists(f, name));
    OK(gantry_images_remove(f->images, id, &force, NULL, &f->err));
    CHECK(!contract_image_exists(f, id));
}

static void remove_minds_containers(struct contract *f)
{
    gantry_image_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    const char *image = contract_name(f, "used");
    const char *name = contract_name(f, "user");
    gantry_container_options opts = { .size = sizeof opts, .name = name };
    char id[65];

    make_image(f, image, id);
    contract_track_image(f, id);
    OK(gantry_containers_create(f->containers, image, &opts, NULL, &f->err));
    FAILS(gantry_images_remove(f->images, image, NULL, NULL, &f->err), GANTRY_E_IN_USE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    CHECK(contract_image_exists(f, image));
    if (contract_differs(f, DIFF_FORCE_TAKES_NAME_OF_USED_IMAGE))
        OK(gantry_images_remove(f->images, image, &force, NULL, &f->err));
    else
        FAILS(gantry_images_remove(f->images, image, &force, NULL, &f->err), GANTRY_E_IN_USE);
    CHECK(contract_exists(f, name));
}

const struct contract_test images_tests[] = {
    TEST(import_makes_an_image),
    TEST(import_without_a_name),
    TEST(import_of_a_failing_source),
    TEST(names_are_found_as_given),
    TEST(missing_image_is_not_found),
    TEST(list_finds_by_name),
    TEST(list_finds_by_label),
    TEST(list_finds_dangling_ones),
    TEST(tag_gives_another_name),
    TEST(remove_takes_names_then_the_image),
    TEST(remove_by_id_minds_several_names),
    TEST(remove_minds_containers),
    { 0 },
};
