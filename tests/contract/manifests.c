/*
 * Contract of manifest lists: made of images for several platforms, changed, pushed to a registry,
 * looked at there. What the registry got is read from itself.
 */
#include "contract.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTS NEEDS(GANTRY_FEATURE_MANIFESTS_CREATE)
#define NO_DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"

/* ---- images and lists ------------------------------------------------------------------------ */

static int read_stream(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    return gantry_stream_read(arg, buffer, capacity, out_size, NULL, err);
}

/* A small image for a platform, with its digest. */
static const char *make_image(struct contract *f, gantry_images *images, const char *word,
                              const char *platform, char digest[80])
{
    const char *name = contract_name(f, word);
    gantry_image_import_options opts = { .size = sizeof opts, .platform = platform };
    gantry_source tar = { .size = sizeof tar, .read = read_stream, .length = -1 };
    gantry_archive *archive = NULL;
    gantry_stream *stream = NULL;
    gantry_image *image = NULL;

    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_data(archive, "name", name, strlen(name), NULL, &f->err));
    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    tar.arg = stream;
    OK(gantry_images_import(images, name, &tar, &opts, NULL, &f->err));
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    OK(gantry_images_inspect(images, name, NULL, &image, &f->err));
    snprintf(digest, 80, "%s", image->digest);
    CHECK(strncmp(digest, "sha256:", 7) == 0);
    gantry_image_free(image);
    return name;
}

/* A name for a list, which is removed after the test. */
static const char *list_name(struct contract *f, const char *word)
{
    f->lists = 1;
    return contract_name(f, word);
}

struct pair {
    const char *list;
    const char *images[3];
    char digests[2][80];
};

/* A list of two images, for linux/amd64 and linux/arm64/v8. */
static void make_pair(struct contract *f, struct pair *pair)
{
    gantry_manifest_create_options opts = { .size = sizeof opts, .images = pair->images };
    gantry_manifest_id *id = NULL;

    memset(pair, 0, sizeof *pair);
    pair->images[0] = make_image(f, f->images, "amd", "linux/amd64", pair->digests[0]);
    pair->images[1] = make_image(f, f->images, "arm", "linux/arm64/v8", pair->digests[1]);
    pair->list = list_name(f, "list");
    OK(gantry_manifests_create(f->manifests, pair->list, &opts, &id, &f->err));
    CHECK(contract_is_id(id->id));
    SAME(id->digest, "");
    gantry_manifest_id_free(id);
}

static gantry_manifest *look(struct contract *f, const char *name, size_t count)
{
    gantry_manifest *list = NULL;

    OK(gantry_manifests_inspect(f->manifests, name, NULL, &list, &f->err));
    CHECK(list->count == count);
    CHECK(list->items[count] == NULL);
    CHECK(list->json[0] == '{');
    return list;
}

static const gantry_manifest_item *find(const gantry_manifest *list, const char *digest)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->digest, digest) == 0)
            return list->items[i];
    }
    print_error("no image %s in the list\n", digest);
    fail();
    return NULL;
}

static int there(struct contract *f, const char *name)
{
    int exists = -1;

    OK(gantry_manifests_exists(f->manifests, name, NULL, &exists, &f->err));
    CHECK(exists == 0 || exists == 1);
    return exists;
}

static void is_about(const struct contract *f, int kind, const char *resource)
{
    CHECK(f->err.resource_kind == kind);
    SAME(f->err.resource, resource);
}

/* ---- a registry's own words ------------------------------------------------------------------ */

static int connect_to(const char *address)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char host[128];
    const char *colon = strrchr(address, ':');
    int fd;

    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    assert_int_equal(getaddrinfo(host, colon + 1, &hints, &found), 0);
    fd = socket(found->ai_family, found->ai_socktype, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, found->ai_addr, found->ai_addrlen), 0);
    freeaddrinfo(found);
    return fd;
}

/* The whole answer, head and body, to a question for a manifest; a plain registry only. */
static void ask_registry(const char *address, const char *repository, const char *tag, char *out,
                         size_t size)
{
    char request[1024];
    size_t used = 0;
    ssize_t got;
    int fd = connect_to(address);

    snprintf(request, sizeof request,
             "GET /v2/%s/manifests/%s HTTP/1.0\r\nHost: %s\r\nAccept: " INDEX ", " DOCKER_LIST
             "\r\n\r\n",
             repository, tag, address);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    while (used + 1 < size && (got = recv(fd, out + used, size - 1 - used, 0)) > 0)
        used += (size_t)got;
    out[used] = '\0';
    close(fd);
}

/* ---- make, look, remove ---------------------------------------------------------------------- */

static void create_makes_a_list(struct contract *f)
{
    struct pair pair;
    gantry_manifest *list;
    const gantry_manifest_item *item;

    make_pair(f, &pair);
    CHECK(there(f, pair.list));
    list = look(f, pair.list, 2);
    item = find(list, pair.digests[0]);
    SAME(item->os, "linux");
    SAME(item->architecture, "amd64");
    SAME(item->variant, "");
    SAME(item->os_version, "");
    CHECK(item->annotation_count == 0);
    CHECK(item->features[0] == NULL);
    CHECK(item->manifest_bytes > 0);
    CHECK(strstr(item->media_type, "manifest") != NULL);
    item = find(list, pair.digests[1]);
    SAME(item->architecture, "arm64");
    SAME(item->variant, "v8");
    gantry_manifest_free(list);
    OK(gantry_manifests_remove(f->manifests, pair.list, NULL, &f->err));
    CHECK(!there(f, pair.list));
    CHECK(contract_image_exists(f, pair.images[0]));
    CHECK(contract_image_exists(f, pair.images[1]));
}

static void names_are_found_as_given(struct contract *f)
{
    const char *name = list_name(f, "named");
    char tagged[160], latest[160], id[65], digest[80];
    const char *const forms[] = { name, latest, id, digest };
    gantry_manifest_id *made = NULL;

    snprintf(tagged, sizeof tagged, "%s:v1", name);
    snprintf(latest, sizeof latest, "%s:latest", name);
    OK(gantry_manifests_create(f->manifests, tagged, NULL, NULL, &f->err));
    CHECK(there(f, tagged));
    CHECK(!there(f, name));
    OK(gantry_manifests_create(f->manifests, name, NULL, &made, &f->err));
    snprintf(id, sizeof id, "%s", made->id);
    snprintf(digest, sizeof digest, "sha256:%s", made->id);
    gantry_manifest_id_free(made);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        CHECK(there(f, forms[i]));
        gantry_manifest_free(look(f, forms[i], 0));
    }
    OK(gantry_manifests_remove(f->manifests, tagged, NULL, &f->err));
    CHECK(there(f, name));
    OK(gantry_manifests_remove(f->manifests, id, NULL, &f->err));
    CHECK(!there(f, name));
}

static void a_taken_name_is_refused(struct contract *f)
{
    const char *name = list_name(f, "taken");
    char digest[80];
    const char *image = make_image(f, f->images, "image", "linux/amd64", digest);
    gantry_manifest_id *id = NULL;

    OK(gantry_manifests_create(f->manifests, name, NULL, NULL, &f->err));
    FAILS(gantry_manifests_create(f->manifests, name, NULL, &id, &f->err), GANTRY_E_EXISTS);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    SAME(f->err.operation, "manifests.create");
    FAILS(gantry_manifests_create(f->manifests, image, NULL, &id, &f->err), GANTRY_E_EXISTS);
    CHECK(id == NULL);
    CHECK(contract_image_exists(f, image));
}

static void a_failed_create_leaves_nothing(struct contract *f)
{
    const char *name = list_name(f, "half");
    char digest[80];
    const char *const images[] = { make_image(f, f->images, "there", "linux/amd64", digest),
                                   "127.0.0.1:1/ct/not-there", NULL };
    gantry_manifest_create_options opts = { .size = sizeof opts, .images = images };
    gantry_manifest_id *id = NULL;

    FAILS(gantry_manifests_create(f->manifests, name, &opts, &id, &f->err), GANTRY_E_REGISTRY);
    is_about(f, GANTRY_RESOURCE_IMAGE, images[1]);
    CHECK(id == NULL);
    CHECK(!there(f, name));
}

/* What is no list is none, whatever is done with it. */
static void fails_as_none(struct contract *f, const char *name, const char *image)
{
    gantry_manifest_remove_options missing_ok = { .size = sizeof missing_ok,
                                                  .missing_ok = GANTRY_ON };
    gantry_pair note = { "k", "v" };
    gantry_manifest_annotate_options notes = { .size = sizeof notes,
                                               .annotations = &note,
                                               .annotation_count = 1 };
    gantry_manifest *list = NULL;

    CHECK(!there(f, name));
    FAILS(gantry_manifests_inspect(f->manifests, name, NULL, &list, &f->err), GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    CHECK(list == NULL);
    FAILS(gantry_manifests_add(f->manifests, name, image, NULL, &f->err), GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    FAILS(gantry_manifests_annotate(f->manifests, name, NO_DIGEST, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    FAILS(gantry_manifests_annotate(f->manifests, name, NO_DIGEST, &notes, &f->err),
          GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    FAILS(gantry_manifests_remove_image(f->manifests, name, NO_DIGEST, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    OK(gantry_manifests_remove_image(f->manifests, name, NO_DIGEST, &missing_ok, &f->err));
    FAILS(gantry_manifests_push(f->manifests, name, "127.0.0.1:1/ct/x", NULL, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    FAILS(gantry_manifests_remove(f->manifests, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, name);
    SAME(f->err.operation, "manifests.remove");
    OK(gantry_manifests_remove(f->manifests, name, &missing_ok, &f->err));
}

static void missing_list_is_not_found(struct contract *f)
{
    char digest[80];
    const char *image = make_image(f, f->images, "image", "linux/amd64", digest);

    fails_as_none(f, list_name(f, "missing"), image);
    fails_as_none(f, image, image);
    CHECK(contract_image_exists(f, image));
}

static void bad_arguments_are_refused(struct contract *f)
{
    const char *name = list_name(f, "bad");
    gantry_pair note = { "a=b", "v" };
    gantry_manifest_add_options odd = { .size = sizeof odd, .tls_verify = 7 };
    gantry_manifest_add_options notes = { .size = sizeof notes,
                                          .annotations = &note,
                                          .annotation_count = 1 };

    OK(gantry_manifests_create(f->manifests, name, NULL, NULL, &f->err));
    FAILS(gantry_manifests_create(f->manifests, "x@" NO_DIGEST, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_manifests_create(f->manifests, "Upper", NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_manifests_add(f->manifests, name, "docker://x", NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_manifests_add(f->manifests, name, f->base, &odd, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "tls_verify");
    FAILS(gantry_manifests_add(f->manifests, name, f->base, &notes, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "a=b");
    FAILS(gantry_manifests_annotate(f->manifests, name, "sha256:12", NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_manifests_remove_image(f->manifests, name, f->base, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_manifests_push(f->manifests, name, NULL, NULL, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "registry");
    FAILS(gantry_manifests_push(f->manifests, name, "no-domain/x", NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    gantry_manifest_free(look(f, name, 0));
}

/* ---- what is in a list ----------------------------------------------------------------------- */

static void add_says_what_it_is_for(struct contract *f)
{
    const char *name = list_name(f, "list");
    char digest[80];
    const char *image = make_image(f, f->images, "image", "linux/amd64", digest);
    const char *const features[] = { "sse4", "aes", NULL };
    gantry_manifest_add_options opts = { .size = sizeof opts,
                                         .os = "freebsd",
                                         .architecture = "arm",
                                         .variant = "v7",
                                         .os_version = "13.1",
                                         .features = features };
    gantry_manifest *list;

    OK(gantry_manifests_create(f->manifests, name, NULL, NULL, &f->err));
    OK(gantry_manifests_add(f->manifests, name, image, &opts, &f->err));
    list = look(f, name, 1);
    SAME(list->items[0]->digest, digest);
    SAME(list->items[0]->os, "freebsd");
    SAME(list->items[0]->architecture, "arm");
    SAME(list->items[0]->variant, "v7");
    SAME(list->items[0]->os_version, "13.1");
    SAME(list->items[0]->features[0], "sse4");
    SAME(list->items[0]->features[1], "aes");
    CHECK(list->items[0]->features[2] == NULL);
    gantry_manifest_free(list);
    OK(gantry_manifests_add(f->manifests, name, image, NULL, &f->err)); /* once more: once in it */
    gantry_manifest_free(look(f, name, 1));
}

static void add_wants_an_image(struct contract *f)
{
    const char *name = list_name(f, "list");
    struct pair pair;
    gantry_manifest_add_options all = { .size = sizeof all, .all = GANTRY_ON };
    const char *const missing[] = { NO_DIGEST, "localhost/ct/not-there" };

    make_pair(f, &pair);
    OK(gantry_manifests_create(f->manifests, name, NULL, NULL, &f->err));
    for (size_t i = 0; i < 2; i++) {
        FAILS(gantry_manifests_add(f->manifests, name, missing[i], NULL, &f->err),
              GANTRY_E_NOT_FOUND);
        is_about(f, GANTRY_RESOURCE_IMAGE, missing[i]);
    }
    FAILS(gantry_manifests_add(f->manifests, name, pair.list, &all, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "all");
    gantry_manifest_free(look(f, name, 0));
}

static void annotate_changes_one_image(struct contract *f)
{
    struct pair pair;
    const char *const features[] = { "neon", NULL };
    gantry_pair note = { "org.example.note", "a=b" };
    gantry_manifest_annotate_options opts = { .size = sizeof opts,
                                              .architecture = "arm",
                                              .variant = "v6" };
    gantry_manifest_annotate_options both = {
        .size = sizeof both, .features = features, .annotations = &note, .annotation_count = 1
    };
    gantry_manifest *list;

    make_pair(f, &pair);
    OK(gantry_manifests_annotate(f->manifests, pair.list, pair.digests[1], &opts, &f->err));
    list = look(f, pair.list, 2);
    SAME(find(list, pair.digests[0])->architecture, "amd64");
    SAME(find(list, pair.digests[1])->os, "linux");
    SAME(find(list, pair.digests[1])->architecture, "arm");
    SAME(find(list, pair.digests[1])->variant, "v6");
    gantry_manifest_free(list);
    FAILS(gantry_manifests_annotate(f->manifests, pair.list, NO_DIGEST, &opts, &f->err),
          GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, NO_DIGEST);

    /* Features and annotations have no format in common: one stays, the other is refused. */
    FAILS(gantry_manifests_annotate(f->manifests, pair.list, pair.digests[1], &both, &f->err),
          GANTRY_E_UNSUPPORTED);
    both.annotation_count = 0;
    OK(gantry_manifests_annotate(f->manifests, pair.list, pair.digests[1], &both, &f->err));
    list = look(f, pair.list, 2);
    SAME(find(list, pair.digests[1])->features[0], "neon");
    gantry_manifest_free(list);
    both.annotation_count = 1;
    both.features = NULL;
    FAILS(gantry_manifests_annotate(f->manifests, pair.list, pair.digests[0], &both, &f->err),
          GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "annotations");
}

static void features_are_not_dropped_in_silence(struct contract *f)
{
    struct pair pair;
    const char *const features[] = { "neon", NULL };
    gantry_pair note = { "k", "v" };
    gantry_manifest_annotate_options opts = { .size = sizeof opts,
                                              .annotations = &note,
                                              .annotation_count = 1 };

    make_pair(f, &pair);
    OK(gantry_manifests_annotate(f->manifests, pair.list, pair.digests[0], &opts, &f->err));
    opts = (gantry_manifest_annotate_options){ .size = sizeof opts, .features = features };
    FAILS(gantry_manifests_annotate(f->manifests, pair.list, pair.digests[1], &opts, &f->err),
          GANTRY_E_UNSUPPORTED);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
}

static void remove_image_takes_one_out(struct contract *f)
{
    gantry_manifest_remove_options missing_ok = { .size = sizeof missing_ok,
                                                  .missing_ok = GANTRY_ON };
    struct pair pair;
    gantry_manifest *list;

    make_pair(f, &pair);
    OK(gantry_manifests_remove_image(f->manifests, pair.list, pair.digests[0], NULL, &f->err));
    list = look(f, pair.list, 1);
    SAME(list->items[0]->digest, pair.digests[1]);
    gantry_manifest_free(list);
    CHECK(contract_image_exists(f, pair.images[0]));
    FAILS(gantry_manifests_remove_image(f->manifests, pair.list, pair.digests[0], NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, pair.digests[0]);
    OK(gantry_manifests_remove_image(f->manifests, pair.list, pair.digests[0], &missing_ok,
                                     &f->err));
    gantry_manifest_free(look(f, pair.list, 1));
}

/* ---- registries ------------------------------------------------------------------------------ */

static void push_takes_images_along(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    gantry_pair note = { "org.example.note", "a=b" };
    gantry_manifest_annotate_options notes = { .size = sizeof notes,
                                               .annotations = &note,
                                               .annotation_count = 1 };
    gantry_manifest_push_options opts = { .size = sizeof opts, .tls_verify = GANTRY_OFF };
    struct pair pair;
    gantry_manifest *list;
    gantry_manifest_id *id = NULL;
    char destination[200], answer[8192], digest[120];

    make_pair(f, &pair);
    OK(gantry_manifests_annotate(f->manifests, pair.list, pair.digests[0], &notes, &f->err));
    list = look(f, pair.list, 2);
    if (contract_differs(f, DIFF_LISTS_WITHOUT_ANNOTATIONS))
        CHECK(find(list, pair.digests[0])->annotation_count == 0);
    else
        SAME(contract_pair(find(list, pair.digests[0])->annotations, 1, note.key), note.value);
    gantry_manifest_free(list);

    snprintf(destination, sizeof destination, "%s/ct/%s:v1", registry, pair.list);
    opts.all = GANTRY_OFF;
    FAILS(gantry_manifests_push(f->manifests, pair.list, destination, &opts, &id, &f->err),
          GANTRY_E_NOT_FOUND); /* the images are not there */
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    CHECK(id == NULL);
    opts.all = GANTRY_DEFAULT;
    OK(gantry_manifests_push(f->manifests, pair.list, destination, &opts, &id, &f->err));
    SAME(id->id, "");
    snprintf(digest, sizeof digest, "Docker-Content-Digest: %s\r\n", id->digest);
    gantry_manifest_id_free(id);
    snprintf(destination, sizeof destination, "ct/%s", pair.list);
    ask_registry(registry, destination, "v1", answer, sizeof answer);
    CONTAINS(answer, digest);
    CONTAINS(answer, "\"architecture\":\"amd64\"");
    CONTAINS(answer, "\"architecture\":\"arm64\"");
    CONTAINS(answer, "\"variant\":\"v8\"");
    CONTAINS(answer, "\"org.example.note\":\"a=b\"");
}

static void push_to_the_lists_own_name(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    const char *word = contract_name(f, "own");
    gantry_manifest_push_options opts = { .size = sizeof opts, .tls_verify = GANTRY_OFF };
    char name[200], answer[4096], repository[160];

    snprintf(name, sizeof name, "%s/ct/%s:v2", registry, word);
    snprintf(repository, sizeof repository, "ct/%s", word);
    OK(gantry_manifests_create(f->manifests, name, NULL, NULL, &f->err));
    OK(gantry_manifests_push(f->manifests, name, NULL, &opts, NULL, &f->err));
    OK(gantry_manifests_remove(f->manifests, name, NULL, &f->err));
    ask_registry(registry, repository, "v2", answer, sizeof answer);
    CONTAINS(answer, " 200 OK\r\n");
    CONTAINS(answer, "\"manifests\":");
}

static void credentials_decide(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_AUTH);
    gantry_auth right = { .size = sizeof right,
                          .username = contract_registry_user(f),
                          .password = contract_registry_password(f) };
    gantry_auth wrong = { .size = sizeof wrong, .username = right.username, .password = "no" };
    gantry_manifest_push_options push = { .size = sizeof push, .tls_verify = GANTRY_OFF };
    gantry_manifest_add_options add = { .size = sizeof add, .tls_verify = GANTRY_OFF };
    const char *other = list_name(f, "other");
    struct pair pair;
    char place[200];

    make_pair(f, &pair);
    snprintf(place, sizeof place, "%s/ct/%s", registry, pair.list);
    FAILS(gantry_manifests_push(f->manifests, pair.list, place, &push, NULL, &f->err),
          GANTRY_E_UNAUTHORIZED);
    push.auth = &wrong;
    FAILS(gantry_manifests_push(f->manifests, pair.list, place, &push, NULL, &f->err),
          GANTRY_E_UNAUTHORIZED);
    CHECK(strstr(f->err.message, right.password) == NULL);
    push.auth = &right;
    OK(gantry_manifests_push(f->manifests, pair.list, place, &push, NULL, &f->err));

    OK(gantry_manifests_create(f->manifests, other, NULL, NULL, &f->err));
    add.auth = &wrong;
    FAILS(gantry_manifests_add(f->manifests, other, place, &add, &f->err), GANTRY_E_UNAUTHORIZED);
    is_about(f, GANTRY_RESOURCE_IMAGE, place);
    gantry_manifest_free(look(f, other, 0));
    add.auth = &right;
    OK(gantry_manifests_add(f->manifests, other, place, &add, &f->err));
    gantry_manifest_free(look(f, other, 1)); /* for the engine's platform */
    add.all = GANTRY_ON;
    OK(gantry_manifests_add(f->manifests, other, place, &add, &f->err));
    gantry_manifest_free(look(f, other, 2));
    snprintf(place, sizeof place, "%s/ct/%s-none", registry, pair.list);
    FAILS(gantry_manifests_add(f->manifests, other, place, &add, &f->err), GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_IMAGE, place);
}

static void a_registry_that_does_not_answer(struct contract *f)
{
    const char *untrusted = contract_registry(f, CONTRACT_REGISTRY_UNTRUSTED);
    const char *plain = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    struct pair pair;
    gantry_manifest *list = NULL;
    char place[200];

    make_pair(f, &pair);
    FAILS(gantry_manifests_push(f->manifests, pair.list, "127.0.0.1:1/ct/x", NULL, NULL, &f->err),
          GANTRY_E_REGISTRY);
    SAME(f->err.operation, "manifests.push");
    FAILS(gantry_manifests_inspect(f->manifests, "127.0.0.1:1/ct/x", NULL, &list, &f->err),
          GANTRY_E_REGISTRY);
    FAILS(gantry_manifests_add(f->manifests, pair.list, "127.0.0.1:1/ct/x", NULL, &f->err),
          GANTRY_E_REGISTRY);
    snprintf(place, sizeof place, "%s/ct/x", untrusted);
    FAILS(gantry_manifests_push(f->manifests, pair.list, place, NULL, NULL, &f->err),
          GANTRY_E_REGISTRY);
    FAILS(gantry_manifests_inspect(f->manifests, place, NULL, &list, &f->err), GANTRY_E_REGISTRY);
    snprintf(place, sizeof place, "%s/ct/x", plain); /* speaks no TLS */
    FAILS(gantry_manifests_push(f->manifests, pair.list, place, NULL, NULL, &f->err),
          GANTRY_E_REGISTRY);
    CHECK(list == NULL);
    gantry_manifest_free(look(f, pair.list, 2));
}

/* A list of a registry, looked at from an engine that has no such list. */
static void look_into_a_registry(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_TLS);
    gantry_auth auth = { .size = sizeof auth,
                         .username = contract_registry_user(f),
                         .password = contract_registry_password(f) };
    gantry_manifest_push_options push = { .size = sizeof push, .auth = &auth };
    gantry_manifest_inspect_options opts = { .size = sizeof opts, .auth = &auth };
    struct pair pair;
    gantry_manifest *list = NULL;
    char place[200];

    make_pair(f, &pair);
    snprintf(place, sizeof place, "%s/ct/%s", registry, pair.list);
    OK(gantry_manifests_push(f->manifests, pair.list, place, &push, NULL, &f->err));
    FAILS(gantry_manifests_inspect(f->manifests, place, NULL, &list, &f->err),
          GANTRY_E_UNAUTHORIZED);
    CHECK(!there(f, place));
    if (contract_version_at_least(f, 4, 6)) {
        OK(gantry_manifests_inspect(f->manifests, place, &opts, &list, &f->err));
        CHECK(list->count == 2);
        SAME(list->items[1]->architecture, "arm64");
        gantry_manifest_free(list);
    } else {
        FAILS(gantry_manifests_inspect(f->manifests, place, &opts, &list, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "auth");
        CHECK(list == NULL);
    }
}

/* ---- an engine that keeps no lists ----------------------------------------------------------- */

/* Another engine that does; without one the test ends here, and the program says so. */
static gantry_engine *open_podman(struct contract *f)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = getenv("GANTRY_TEST_PODMAN"),
                                   .on_demand = GANTRY_OFF };
    gantry_engine *engine = NULL;

    if (opts.address == NULL || *opts.address == '\0') {
        snprintf(f->skipped, sizeof f->skipped, "no Podman to make a manifest list with");
        printf("SKIPPED: %s\n", f->skipped);
        skip();
    }
    OK(gantry_engine_open(GANTRY_RUNTIME_PODMAN, &opts, &engine, &f->err));
    return engine;
}

/* Push a list of two by Podman; its digest. */
static void push_by_podman(struct contract *f, const char *place, const gantry_auth *auth,
                           char digest[80])
{
    gantry_engine *podman = open_podman(f);
    gantry_images *images = gantry_engine_images(podman);
    gantry_manifests *manifests = gantry_engine_manifests(podman);
    gantry_manifest_push_options push = { .size = sizeof push,
                                          .auth = auth,
                                          .tls_verify = GANTRY_OFF };
    gantry_manifest_create_options opts = { .size = sizeof opts };
    gantry_manifest_id *id = NULL;
    const char *made[3] = { NULL };
    char unused[80];
    const char *name;

    made[0] = make_image(f, images, "amd", "linux/amd64", unused);
    made[1] = make_image(f, images, "arm", "linux/arm64/v8", unused);
    name = contract_name(f, "list");
    opts.images = made;
    OK(gantry_manifests_create(manifests, name, &opts, NULL, &f->err));
    OK(gantry_manifests_push(manifests, name, place, &push, &id, &f->err));
    snprintf(digest, 80, "%s", id->digest);
    gantry_manifest_id_free(id);
    OK(gantry_manifests_remove(manifests, name, NULL, &f->err));
    for (size_t i = 0; i < 2; i++)
        OK(gantry_images_remove(images, made[i], NULL, NULL, &f->err));
    gantry_engine_close(podman);
}

static void docker_looks_into_registries(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_AUTH);
    gantry_auth right = { .size = sizeof right,
                          .username = contract_registry_user(f),
                          .password = contract_registry_password(f) };
    gantry_auth wrong = { .size = sizeof wrong, .username = right.username, .password = "no" };
    gantry_manifest_inspect_options opts = { .size = sizeof opts, .auth = &right };
    const char *word = contract_name(f, "seen");
    gantry_manifest *list = NULL;
    char place[200], digest[80];

    snprintf(place, sizeof place, "%s/ct/%s", registry, word);
    push_by_podman(f, place, &right, digest);
    OK(gantry_manifests_inspect(f->manifests, place, &opts, &list, &f->err));
    SAME(list->digest, digest);
    CHECK(list->count == 2 && list->items[2] == NULL);
    SAME(list->items[0]->os, "linux");
    SAME(list->items[0]->architecture, "amd64");
    SAME(list->items[1]->architecture, "arm64");
    SAME(list->items[1]->variant, "v8");
    CHECK(contract_differs(f, DIFF_LISTS_WITHOUT_DIGESTS));
    SAME(list->items[0]->digest, "");
    CHECK(list->items[0]->manifest_bytes == -1);
    gantry_manifest_free(list);
    list = NULL;

    FAILS(gantry_manifests_inspect(f->manifests, place, NULL, &list, &f->err),
          GANTRY_E_UNAUTHORIZED);
    opts.auth = &wrong;
    FAILS(gantry_manifests_inspect(f->manifests, place, &opts, &list, &f->err),
          GANTRY_E_UNAUTHORIZED);
    opts.auth = &right;
    snprintf(place, sizeof place, "%s/ct/%s-none", registry, word);
    FAILS(gantry_manifests_inspect(f->manifests, place, &opts, &list, &f->err), GANTRY_E_NOT_FOUND);
    is_about(f, GANTRY_RESOURCE_MANIFEST, place);
    FAILS(gantry_manifests_inspect(f->manifests, "127.0.0.1:1/x", NULL, &list, &f->err),
          GANTRY_E_REGISTRY);
    snprintf(place, sizeof place, "%s/ct/x", contract_registry(f, CONTRACT_REGISTRY_UNTRUSTED));
    FAILS(gantry_manifests_inspect(f->manifests, place, NULL, &list, &f->err), GANTRY_E_REGISTRY);
    opts.tls_verify = GANTRY_OFF;
    FAILS(gantry_manifests_inspect(f->manifests, place, &opts, &list, &f->err),
          GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "tls_verify");
    CHECK(list == NULL);
}

/* A single image of a registry, by its digest: no list. */
static void docker_tells_images_from_lists(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    const char *word = contract_name(f, "single");
    gantry_manifest *list = NULL;
    char place[300], digest[80], answer[8192], repository[160];
    const char *item;

    snprintf(place, sizeof place, "%s/ct/%s", registry, word);
    snprintf(repository, sizeof repository, "ct/%s", word);
    push_by_podman(f, place, NULL, digest);
    gantry_manifest_free(look(f, place, 2));
    ask_registry(registry, repository, "latest", answer, sizeof answer);
    item = strstr(answer, "\"digest\":\"");
    CHECK(item != NULL);
    snprintf(place, sizeof place, "%s/ct/%s@%.71s", registry, word, item + strlen("\"digest\":\""));
    FAILS(gantry_manifests_inspect(f->manifests, place, NULL, &list, &f->err), GANTRY_E_NOT_FOUND);
    CONTAINS(f->err.message, "not a manifest list");
    is_about(f, GANTRY_RESOURCE_MANIFEST, place);
    CHECK(list == NULL);
}

static void docker_keeps_no_lists(struct contract *f)
{
    int exists = -1;

    FAILS(gantry_manifests_create(f->manifests, "x", NULL, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    SAME(f->err.operation, "manifests.create");
    FAILS(gantry_manifests_exists(f->manifests, "x", NULL, &exists, &f->err), GANTRY_E_UNSUPPORTED);
    CHECK(exists == -1);
    FAILS(gantry_manifests_add(f->manifests, "x", "y", NULL, &f->err), GANTRY_E_UNSUPPORTED);
    FAILS(gantry_manifests_annotate(f->manifests, "x", NO_DIGEST, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_manifests_remove_image(f->manifests, "x", NO_DIGEST, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_manifests_push(f->manifests, "x", "example.org/x", NULL, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_manifests_remove(f->manifests, "x", NULL, &f->err), GANTRY_E_UNSUPPORTED);
}

const struct contract_test manifests_tests[] = {
    TEST_WITH(create_makes_a_list, LISTS),
    TEST_WITH(names_are_found_as_given, LISTS),
    TEST_WITH(a_taken_name_is_refused, LISTS),
    TEST_WITH(a_failed_create_leaves_nothing, LISTS),
    TEST_WITH(missing_list_is_not_found, LISTS),
    TEST_WITH(bad_arguments_are_refused, LISTS),
    TEST_WITH(add_says_what_it_is_for, LISTS),
    TEST_WITH(add_wants_an_image, LISTS),
    TEST_WITH(annotate_changes_one_image, LISTS),
    TEST_WITH(features_are_not_dropped_in_silence, LISTS),
    TEST_WITH(remove_image_takes_one_out, LISTS),
    TEST_WITH(push_takes_images_along, LISTS),
    TEST_WITH(push_to_the_lists_own_name, LISTS),
    TEST_WITH(credentials_decide, LISTS),
    TEST_WITH(a_registry_that_does_not_answer, LISTS),
    TEST_WITH(look_into_a_registry, LISTS),
    TEST_WITH(docker_looks_into_registries, .on = ON_DOCKER),
    TEST_WITH(docker_tells_images_from_lists, .on = ON_DOCKER),
    TEST_WITH(docker_keeps_no_lists, .on = ON_DOCKER),
    { 0 },
};
