/*
 * Contract of transfers: images pushed to real registries and pulled back, on one engine and
 * between two, with every way a registry can say no, die or hang.
 */
#include "contract.h"

#include <poll.h>

#include "proxy.h"

#define UPLOADS NEEDS(GANTRY_FEATURE_IMAGES_PUSH, GANTRY_FEATURE_IMAGES_PULL)

/* ---- images ---------------------------------------------------------------------------------- */

enum {
    SMALL = 20 * 1000,
    MIDDLE = 400 * 1000
};

static int read_stream(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    return gantry_stream_read(arg, buffer, capacity, out_size, NULL, err);
}

/* An image of that many bytes that nobody has seen before and nothing makes smaller. */
static void make_image(struct contract *f, const char *name, size_t size, char id[65])
{
    unsigned char *noise = malloc(size);
    uint32_t state = (uint32_t)gantry_clock_ns();
    gantry_archive *archive = NULL;
    gantry_source tar = { .size = sizeof tar, .read = read_stream };
    gantry_image_import_result *result = NULL;
    gantry_stream *stream = NULL;

    assert_non_null(noise);
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        noise[i] = (unsigned char)(state >> 24);
    }
    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_data(archive, "noise", noise, size, NULL, &f->err));
    free(noise);
    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    tar.arg = stream;
    OK(gantry_images_import(f->images, name, &tar, NULL, &result, &f->err));
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    snprintf(id, 65, "%s", result->image_id);
    contract_track_image(f, id);
    gantry_image_import_result_free(result);
}

static void remove_image(struct contract *f, const char *name)
{
    OK(gantry_images_remove(f->images, name, NULL, NULL, &f->err));
    CHECK(!contract_image_exists(f, name));
}

/* "127.0.0.1:5000/ct...-word:1" */
struct name {
    char text[200];
};

static struct name name_at(struct contract *f, const char *registry, const char *word)
{
    struct name name;

    snprintf(name.text, sizeof name.text, "%s/%s:1", registry, contract_name(f, word));
    return name;
}

static struct name tagged(const struct name *name, const char *tag)
{
    struct name other;

    snprintf(other.text, sizeof other.text, "%.*s%s%s",
             (int)(strrchr(name->text, ':') - name->text), name->text, *tag != '\0' ? ":" : "",
             tag);
    return other;
}

/* ---- progress -------------------------------------------------------------------------------- */

struct seen {
    struct contract_proxy *heal; /* to be passed again when the library tries again */
    int stop_at;                 /* state at which the callback says stop; 0 = never */
    size_t records;
    size_t layers;
    struct {
        char id[80];
        int state;
    } layer[16];
    size_t counted; /* records with a number of bytes */
    size_t retries; /* of the library */
    size_t warnings;
    size_t results;
    int last_kind;
    char result[200];
};

static void note_layer(struct seen *seen, const gantry_progress_record *record)
{
    size_t i = 0;

    while (i < seen->layers && strcmp(seen->layer[i].id, record->id) != 0)
        i++;
    CHECK(i < sizeof seen->layer / sizeof seen->layer[0]);
    if (i == seen->layers)
        seen->layers++;
    snprintf(seen->layer[i].id, sizeof seen->layer[i].id, "%s", record->id);
    seen->layer[i].state = record->state;
}

static int note(void *arg, const gantry_progress_record *record)
{
    struct seen *seen = arg;

    CHECK(record->size >= sizeof *record);
    CHECK(record->text != NULL && strlen(record->text) == record->text_size);
    CHECK(strchr(record->text, '\n') == NULL);
    CHECK(record->current >= -1 && record->total >= -1 && record->total != 0);
    CHECK(record->total == -1 || record->current <= record->total);
    CHECK(record->json == NULL || record->json[0] == '{');
    CHECK(record->state >= GANTRY_TRANSFER_NONE && record->state <= GANTRY_TRANSFER_RETRYING);
    CHECK(seen->results == 0 || record->kind == GANTRY_PROGRESS_RESULT);
    seen->records++;
    seen->counted += record->current > 0 && record->total > 0;
    seen->last_kind = record->kind;
    seen->warnings += record->kind == GANTRY_PROGRESS_WARNING;
    if (record->kind == GANTRY_PROGRESS_RESULT) {
        seen->results++;
        snprintf(seen->result, sizeof seen->result, "%s", record->id != NULL ? record->id : "");
        return 0;
    }
    if (record->id != NULL)
        note_layer(seen, record);
    else if (record->state == GANTRY_TRANSFER_RETRYING && record->json == NULL)
        seen->retries++;
    if (seen->heal != NULL && seen->retries > 0)
        contract_proxy_pass(seen->heal);
    return seen->stop_at != 0 && record->state == seen->stop_at;
}

/* What a success has told. */
static void check_seen(const struct seen *seen)
{
    CHECK(seen->last_kind == GANTRY_PROGRESS_RESULT);
    for (size_t i = 0; i < seen->layers; i++)
        CHECK(seen->layer[i].state == GANTRY_TRANSFER_DONE ||
              seen->layer[i].state == GANTRY_TRANSFER_EXISTS);
}

/* ---- options --------------------------------------------------------------------------------- */

/* Plain HTTP on loopback: Docker takes it as it is. */
static int plain(const struct contract *f)
{
    return contract_differs(f, DIFF_TLS_IS_THE_ENGINES) ? GANTRY_DEFAULT : GANTRY_OFF;
}

static gantry_pull_options pull_options(const struct contract *f, struct seen *seen)
{
    return (gantry_pull_options){ .size = sizeof(gantry_pull_options),
                                  .tls_verify = plain(f),
                                  .progress = seen != NULL ? note : NULL,
                                  .progress_arg = seen };
}

static gantry_push_options push_options(const struct contract *f, struct seen *seen)
{
    return (gantry_push_options){ .size = sizeof(gantry_push_options),
                                  .tls_verify = plain(f),
                                  .progress = seen != NULL ? note : NULL,
                                  .progress_arg = seen };
}

static void push(struct contract *f, const char *name)
{
    gantry_push_options opts = push_options(f, NULL);

    OK(gantry_images_push(f->images, name, &opts, NULL, &f->err));
}

/* An image that only the registry has: made, pushed, removed. */
static struct name published(struct contract *f, const char *word, size_t size, char id[65])
{
    struct name name = name_at(f, contract_registry(f, CONTRACT_REGISTRY_PLAIN), word);

    make_image(f, name.text, size, id);
    push(f, name.text);
    remove_image(f, name.text);
    return name;
}

/* The same behind a proxy. */
static struct name through(const struct contract_proxy *proxy, const struct name *name)
{
    struct name other;

    snprintf(other.text, sizeof other.text, "%s%s", contract_proxy_address(proxy),
             strchr(name->text, '/'));
    return other;
}

static struct contract_proxy *new_proxy(struct contract *f)
{
    return contract_proxy_new(contract_registry(f, CONTRACT_REGISTRY_PLAIN));
}

/* ---- there and back -------------------------------------------------------------------------- */

static void push_and_pull_back(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    struct name name = name_at(f, registry, "back");
    struct seen pushing = { 0 }, pulling = { 0 }, again = { 0 };
    gantry_push_options up = push_options(f, &pushing);
    gantry_pull_options down = pull_options(f, &pulling);
    gantry_push_result *pushed = NULL;
    gantry_pull_result *pulled = NULL;
    size_t more = contract_differs(f, DIFF_CONFIGURATION_IS_A_LAYER) ? 1 : 0;
    char id[65];

    make_image(f, name.text, MIDDLE, id);
    OK(gantry_images_push(f->images, name.text, &up, &pushed, &f->err));
    check_seen(&pushing);
    CHECK(pushing.layers == 1 && pushing.layer[0].state == GANTRY_TRANSFER_DONE);
    remove_image(f, name.text);
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    check_seen(&pulling);
    CHECK(pulling.layers == 1 + more && pulling.layer[0].state == GANTRY_TRANSFER_DONE);
    SAME(pulling.result, id);
    SAME(pulled->image_id, id);
    SAME(pulled->image_ids[0], id);
    CHECK(pulled->image_ids[1] == NULL);
    CHECK(pulled->changed == 1 && pulled->duration_ms >= 0);
    CHECK(strncmp(pulled->digest, "sha256:", 7) == 0 && strlen(pulled->digest) == 71);
    if (contract_differs(f, DIFF_PUSHED_DIGEST_IS_NOT_KNOWN))
        SAME(pushed->digest, "");
    else
        SAME(pushed->digest, pulled->digest);
    CHECK((pushing.counted > 0) == !contract_differs(f, DIFF_PUSH_COUNTS_NO_BYTES));
    CHECK(pulling.counted > 0 || contract_differs(f, DIFF_PULL_COUNTS_NOW_AND_THEN));
    CHECK(contract_image_exists(f, name.text));
    gantry_pull_result_free(pulled);
    down.progress_arg = &again;
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    check_seen(&again);
    SAME(pulled->image_id, id);
    CHECK(pulled->changed == 0);
    gantry_pull_result_free(pulled);
    gantry_push_result_free(pushed);
}

/* The tag moves on to another image. */
static void changed_tells_a_new_image(struct contract *f)
{
    char first[65], second[65];
    struct name name = published(f, "moves", SMALL, first);
    gantry_pull_options down = pull_options(f, NULL);
    gantry_pull_result *pulled = NULL;

    make_image(f, name.text, SMALL, second);
    push(f, name.text);
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    CHECK(pulled->changed == 0);
    gantry_pull_result_free(pulled);
    make_image(f, name.text, SMALL, first);
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    CHECK(pulled->changed == 1);
    SAME(pulled->image_id, second);
    gantry_pull_result_free(pulled);
}

static void layers_have_records(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    struct name name = name_at(f, registry, "layers");
    struct seen pushing = { 0 }, pulling = { 0 };
    gantry_push_options up = push_options(f, &pushing);
    gantry_pull_options down = pull_options(f, &pulling);
    gantry_build_options build = { .size = sizeof build };
    char base[65], text[300];

    make_image(f, contract_name(f, "under"), SMALL, base);
    snprintf(text, sizeof text, "FROM %s\nCOPY Dockerfile /one\nCOPY Dockerfile /two\n", base);
    build.dockerfile = text;
    OK(contract_build(f, name.text, &build, NULL));
    OK(gantry_images_push(f->images, name.text, &up, NULL, &f->err));
    check_seen(&pushing);
    CHECK(pushing.layers == 3);
    OK(gantry_images_remove(f->images, name.text, NULL, NULL, &f->err));
    OK(gantry_images_pull(f->images, name.text, &down, NULL, &f->err));
    check_seen(&pulling);
    CHECK(pulling.layers == (contract_differs(f, DIFF_CONFIGURATION_IS_A_LAYER) ? 4 : 3));
}

static void pull_by_digest(struct contract *f)
{
    char id[65];
    struct name name = published(f, "digest", SMALL, id);
    struct name repository = tagged(&name, "");
    gantry_pull_options down = pull_options(f, NULL);
    gantry_pull_result *pulled = NULL;
    char by_digest[400], digest[80];

    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    snprintf(digest, sizeof digest, "%s", pulled->digest);
    snprintf(by_digest, sizeof by_digest, "%s@%s", repository.text, digest);
    gantry_pull_result_free(pulled);
    remove_image(f, id);
    OK(gantry_images_pull(f->images, by_digest, &down, &pulled, &f->err));
    SAME(pulled->image_id, id);
    SAME(pulled->digest, digest);
    CHECK(pulled->changed == 1);
    gantry_pull_result_free(pulled);
    CHECK(contract_image_exists(f, by_digest));
    CHECK(!contract_image_exists(f, name.text));
}

static void push_to_another_name(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    const char *local = contract_name(f, "local");
    struct name name = name_at(f, registry, "remote");
    struct seen seen = { 0 };
    gantry_push_options up = push_options(f, &seen);
    gantry_pull_options down = pull_options(f, NULL);
    gantry_pull_result *pulled = NULL;
    char id[65];

    make_image(f, local, SMALL, id);
    up.destination = name.text;
    OK(gantry_images_push(f->images, local, &up, NULL, &f->err));
    check_seen(&seen);
    CHECK(contract_image_exists(f, name.text) ==
          contract_differs(f, DIFF_DESTINATION_STAYS_AS_A_TAG));
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    SAME(pulled->image_id, id);
    gantry_pull_result_free(pulled);
    name = name_at(f, registry, "by-id");
    up.destination = name.text;
    up.progress = NULL;
    OK(gantry_images_push(f->images, id, &up, NULL, &f->err));
}

static void all_tags_go_and_come(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    struct name name = name_at(f, registry, "all");
    struct name repository = tagged(&name, ""), two = tagged(&name, "two");
    struct name three = tagged(&name, "three");
    struct seen pushing = { 0 };
    gantry_push_options up = push_options(f, &pushing);
    gantry_pull_options down = pull_options(f, NULL); /* results come between the records there */
    gantry_pull_result *pulled = NULL;
    gantry_push_result *pushed = NULL;
    char id[65], other[65];

    make_image(f, name.text, SMALL, id);
    make_image(f, two.text, SMALL, other);
    OK(gantry_images_tag(f->images, id, three.text, NULL, &f->err));
    up.all_tags = down.all_tags = GANTRY_ON;
    OK(gantry_images_push(f->images, repository.text, &up, &pushed, &f->err));
    check_seen(&pushing);
    SAME(pushed->digest, "");
    SAME(pushing.result, "");
    gantry_push_result_free(pushed);
    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            remove_image(f, name.text);
            remove_image(f, two.text);
            remove_image(f, three.text);
        }
        OK(gantry_images_pull(f->images, repository.text, &down, &pulled, &f->err));
        SAME(pulled->image_id, "");
        CHECK(contract_in_list(pulled->image_ids, id) &&
              contract_in_list(pulled->image_ids, other));
        CHECK(pulled->image_ids[2] == NULL);
        CHECK(pulled->changed == (i == 0));
        gantry_pull_result_free(pulled);
        CHECK(contract_image_exists(f, name.text) && contract_image_exists(f, two.text) &&
              contract_image_exists(f, three.text));
    }
}

/* With credentials, for the tags must be asked for with them. */
static void all_tags_with_a_password(struct contract *f)
{
    struct name name = name_at(f, contract_registry(f, CONTRACT_REGISTRY_AUTH), "all-auth");
    struct name repository = tagged(&name, "");
    gantry_auth auth = { .size = sizeof auth,
                         .username = contract_registry_user(f),
                         .password = contract_registry_password(f) };
    gantry_push_options up = push_options(f, NULL);
    gantry_pull_options down = pull_options(f, NULL);
    char id[65];

    make_image(f, name.text, SMALL, id);
    up.auth = &auth;
    down.auth = &auth;
    OK(gantry_images_push(f->images, name.text, &up, NULL, &f->err));
    remove_image(f, name.text);
    down.all_tags = GANTRY_ON;
    OK(gantry_images_pull(f->images, repository.text, &down, NULL, &f->err));
    CHECK(contract_image_exists(f, name.text));
    auth.password = "wrong";
    FAILS(gantry_images_pull(f->images, repository.text, &down, NULL, &f->err),
          GANTRY_E_UNAUTHORIZED);
}

/* ---- two engines ----------------------------------------------------------------------------- */

static int open_other(struct contract *f, gantry_engine **out)
{
    int docker = (f->on & ON_DOCKER) != 0;
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address =
                                       getenv(docker ? "GANTRY_TEST_PODMAN" : "GANTRY_TEST_DOCKER"),
                                   .on_demand = GANTRY_OFF };

    if (opts.address == NULL || *opts.address == '\0')
        return 0;
    OK(gantry_engine_open(docker ? GANTRY_RUNTIME_PODMAN : GANTRY_RUNTIME_DOCKER, &opts, out,
                          &f->err));
    return 1;
}

static void from_one_engine_to_the_other(struct contract *f)
{
    gantry_engine *other = NULL;
    gantry_images *images;
    gantry_pull_options down = { .size = sizeof down };
    gantry_pull_result *pulled = NULL;
    struct name name;
    char id[65];

    name = published(f, "across", SMALL, id);
    if (!open_other(f, &other))
        skip();
    images = gantry_engine_images(other);
    down.tls_verify = (f->on & ON_DOCKER) != 0 ? GANTRY_OFF : GANTRY_DEFAULT;
    OK(gantry_images_pull(images, name.text, &down, &pulled, &f->err));
    SAME(pulled->image_id, id);
    gantry_pull_result_free(pulled);
    OK(gantry_images_remove(images, name.text, NULL, NULL, &f->err));
    gantry_engine_close(other);
}

/* ---- policies -------------------------------------------------------------------------------- */

static void policies(struct contract *f)
{
    char id[65];
    struct contract_proxy *proxy = new_proxy(f);
    struct name direct = published(f, "policy", SMALL, id);
    struct name name = through(proxy, &direct);
    struct seen seen = { 0 };
    gantry_pull_options down = pull_options(f, NULL);
    gantry_pull_result *pulled = NULL;
    size_t connections;

    down.policy = GANTRY_PULL_NEVER;
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    CHECK(contract_proxy_connections(proxy) == 0);
    down.policy = GANTRY_PULL_MISSING;
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    CHECK(pulled->changed == 1);
    gantry_pull_result_free(pulled);
    connections = contract_proxy_connections(proxy);
    CHECK(connections > 0);
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    SAME(pulled->image_id, id);
    CHECK(pulled->changed == 0);
    gantry_pull_result_free(pulled);
    down.policy = GANTRY_PULL_NEVER;
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    SAME(pulled->image_id, id);
    gantry_pull_result_free(pulled);
    down.platform = "linux/s390x";
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_NOT_FOUND);
    down.platform = NULL;
    CHECK(contract_proxy_connections(proxy) == connections);
    down.policy = GANTRY_PULL_NEWER;
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    CHECK(pulled->changed == 0);
    gantry_pull_result_free(pulled);
    CHECK(contract_proxy_connections(proxy) > connections);
    contract_proxy_refuse(proxy);
    down.progress = note;
    down.progress_arg = &seen;
    OK(gantry_images_pull(f->images, name.text, &down, &pulled, &f->err));
    SAME(pulled->image_id, id);
    CHECK(pulled->changed == 0 && seen.warnings == 1);
    gantry_pull_result_free(pulled);
    contract_proxy_free(proxy);
}

/* A name of this engine alone will do where nothing is to be pulled. */
static void local_images_will_do(struct contract *f)
{
    const char *name = contract_name(f, "own");
    gantry_pull_options down = { .size = sizeof down, .policy = GANTRY_PULL_MISSING };
    gantry_pull_result *pulled = NULL;
    char id[65];

    make_image(f, name, SMALL, id);
    OK(gantry_images_pull(f->images, name, &down, &pulled, &f->err));
    SAME(pulled->image_id, id);
    CHECK(pulled->changed == 0);
    gantry_pull_result_free(pulled);
    down.policy = GANTRY_PULL_NEVER;
    OK(gantry_images_pull(f->images, name, &down, NULL, &f->err));
}

/* ---- who says no ----------------------------------------------------------------------------- */

static void passwords(struct contract *f)
{
    struct name name = name_at(f, contract_registry(f, CONTRACT_REGISTRY_AUTH), "secret");
    gantry_auth right = { .size = sizeof right,
                          .username = contract_registry_user(f),
                          .password = contract_registry_password(f) };
    gantry_auth wrong = { .size = sizeof wrong, .username = "gantry", .password = "guessed-word" };
    gantry_push_options up = push_options(f, NULL);
    gantry_pull_options down = pull_options(f, NULL);
    char id[65];

    make_image(f, name.text, SMALL, id);
    FAILS(gantry_images_push(f->images, name.text, &up, NULL, &f->err), GANTRY_E_UNAUTHORIZED);
    up.auth = &wrong;
    FAILS(gantry_images_push(f->images, name.text, &up, NULL, &f->err), GANTRY_E_UNAUTHORIZED);
    CHECK(strstr(f->err.message, "guessed-word") == NULL);
    up.auth = &right;
    OK(gantry_images_push(f->images, name.text, &up, NULL, &f->err));
    remove_image(f, name.text);
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_UNAUTHORIZED);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    SAME(f->err.resource, name.text);
    SAME(f->err.operation, "images.pull");
    down.auth = &wrong;
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_UNAUTHORIZED);
    CHECK(!contract_image_exists(f, name.text));
    down.auth = &right;
    OK(gantry_images_pull(f->images, name.text, &down, NULL, &f->err));
    CHECK(contract_image_exists(f, name.text));
}

static void certificates(struct contract *f)
{
    struct name name = name_at(f, contract_registry(f, CONTRACT_REGISTRY_TLS), "tls");
    struct name stranger =
        name_at(f, contract_registry(f, CONTRACT_REGISTRY_UNTRUSTED), "stranger");
    gantry_auth auth = { .size = sizeof auth,
                         .username = contract_registry_user(f),
                         .password = contract_registry_password(f) };
    gantry_push_options up = { .size = sizeof up, .auth = &auth };
    gantry_pull_options down = { .size = sizeof down, .auth = &auth };
    char id[65];

    make_image(f, name.text, SMALL, id);
    OK(gantry_images_push(f->images, name.text, &up, NULL, &f->err));
    remove_image(f, name.text);
    OK(gantry_images_pull(f->images, name.text, &down, NULL, &f->err));
    OK(gantry_images_tag(f->images, name.text, stranger.text, NULL, &f->err));
    FAILS(gantry_images_push(f->images, stranger.text, &up, NULL, &f->err), GANTRY_E_REGISTRY);
    CONTAINS(f->err.message, "certificate signed by unknown authority");
    FAILS(gantry_images_pull(f->images, stranger.text, &down, NULL, &f->err), GANTRY_E_REGISTRY);
    CONTAINS(f->err.message, "certificate signed by unknown authority");
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED && f->err.retry == GANTRY_RETRY_YES);
    if (contract_differs(f, DIFF_TLS_IS_THE_ENGINES))
        return;
    up.tls_verify = down.tls_verify = GANTRY_OFF;
    OK(gantry_images_push(f->images, stranger.text, &up, NULL, &f->err));
    OK(gantry_images_pull(f->images, stranger.text, &down, NULL, &f->err));
}

static void unknown_images(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    struct contract_proxy *proxy = new_proxy(f);
    char id[65];
    struct name name = published(f, "known", SMALL, id);
    struct name tag = tagged(&name, "unknown");
    struct name repository = name_at(f, registry, "nowhere");
    struct name local = name_at(f, contract_proxy_address(proxy), "not-here");
    struct name bare = tagged(&local, "");
    gantry_pull_options down = pull_options(f, NULL);
    gantry_push_options up = push_options(f, NULL);

    FAILS(gantry_images_pull(f->images, tag.text, &down, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    SAME(f->err.resource, tag.text);
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    FAILS(gantry_images_pull(f->images, repository.text, &down, NULL, &f->err), GANTRY_E_NOT_FOUND);
    repository = tagged(&repository, "");
    down.all_tags = GANTRY_ON;
    FAILS(gantry_images_pull(f->images, repository.text, &down, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_images_push(f->images, local.text, &up, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    up.all_tags = GANTRY_ON;
    FAILS(gantry_images_push(f->images, bare.text, &up, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(contract_proxy_connections(proxy) == 0);
    contract_proxy_free(proxy);
}

/* What cannot be meant is refused before anything is sent. */
static void wrong_arguments(struct contract *f)
{
    const char *id = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    gantry_pull_options down = { .size = sizeof down };
    gantry_push_options up = { .size = sizeof up };

    FAILS(gantry_images_pull(f->images, NULL, NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_pull(f->images, "a b", NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_pull(f->images, id, NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_images_push(f->images, id, NULL, NULL, &f->err), GANTRY_E_INVALID);
    down.all_tags = GANTRY_ON;
    FAILS(gantry_images_pull(f->images, "app:1", &down, NULL, &f->err), GANTRY_E_INVALID);
    down.policy = GANTRY_PULL_MISSING;
    FAILS(gantry_images_pull(f->images, "app", &down, NULL, &f->err), GANTRY_E_INVALID);
    down = (gantry_pull_options){ .size = sizeof down, .policy = 77 };
    FAILS(gantry_images_pull(f->images, "app", &down, NULL, &f->err), GANTRY_E_INVALID);
    down = (gantry_pull_options){ .size = sizeof down, .retries = -1 };
    FAILS(gantry_images_pull(f->images, "app", &down, NULL, &f->err), GANTRY_E_INVALID);
    up.destination = "app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    FAILS(gantry_images_push(f->images, "app", &up, NULL, &f->err), GANTRY_E_INVALID);
    if (!contract_differs(f, DIFF_TLS_IS_THE_ENGINES))
        return;
    down = (gantry_pull_options){ .size = sizeof down, .tls_verify = GANTRY_OFF };
    FAILS(gantry_images_pull(f->images, "app", &down, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "tls_verify");
    up = (gantry_push_options){ .size = sizeof up, .format = GANTRY_FORMAT_OCI };
    FAILS(gantry_images_push(f->images, "app", &up, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "format");
    up = (gantry_push_options){ .size = sizeof up, .compression = "zstd" };
    FAILS(gantry_images_push(f->images, "app", &up, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "compression");
}

/* ---- who dies, who hangs --------------------------------------------------------------------- */

/* Nobody listens at first; the library's own repetition finds somebody. */
static void unreachable_then_there(struct contract *f)
{
    struct contract_proxy *proxy = new_proxy(f);
    char id[65];
    struct name direct = published(f, "late", SMALL, id);
    struct name name = through(proxy, &direct);
    struct seen seen = { 0 };
    gantry_pull_options down = pull_options(f, &seen);

    contract_proxy_refuse(proxy);
    seen.heal = proxy;
    down.retries = 2;
    down.retry_delay_ms = 1;
    OK(gantry_images_pull(f->images, name.text, &down, NULL, &f->err));
    check_seen(&seen);
    CHECK(seen.retries == 1);
    CHECK(contract_image_exists(f, name.text));
    /* What would fail the same way is not tried again. */
    seen = (struct seen){ 0 };
    name = tagged(&name, "unknown");
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(seen.retries == 0);
    contract_proxy_free(proxy);
}

/* Docker tries a layer again by itself, five times, for most of a minute; Podman everything, for
 * three seconds, which is why one cut must do for the second of its kind. */
static void registry_dies_while_pulling(struct contract *f)
{
    static const uint64_t cuts[] = { 1000, MIDDLE / 2 };
    struct contract_proxy *proxy = new_proxy(f);
    char id[65];
    struct name direct = published(f, "cut", MIDDLE, id);
    struct name name = through(proxy, &direct);

    for (size_t i = (f->on & ON_ROOTLESS) != 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct seen seen = { .stop_at = GANTRY_TRANSFER_RETRYING };
        gantry_pull_options down = pull_options(f, &seen);
        int rc;

        contract_proxy_limit(proxy, PROXY_ANSWERS, cuts[i], PROXY_CUT);
        memset(&f->err, 0, sizeof f->err);
        rc = gantry_images_pull(f->images, name.text, &down, NULL, &f->err);
        CHECK(contract_proxy_reached(proxy));
        if (rc != GANTRY_E_REGISTRY && rc != GANTRY_E_CALLBACK)
            fail_msg("cut at %lu: %d %s", (unsigned long)cuts[i], rc, f->err.message);
        CHECK(!contract_image_exists(f, name.text));
        contract_proxy_pass(proxy);
        down.progress = NULL;
        OK(gantry_images_pull(f->images, name.text, &down, NULL, &f->err));
        CHECK(contract_image_exists(f, name.text));
        remove_image(f, name.text);
    }
    contract_proxy_free(proxy);
}

static void registry_dies_while_pushing(struct contract *f)
{
    struct contract_proxy *proxy = new_proxy(f);
    struct name name = name_at(f, contract_proxy_address(proxy), "cut-push");
    struct seen seen = { .stop_at = GANTRY_TRANSFER_RETRYING };
    gantry_push_options up = push_options(f, &seen);
    gantry_pull_options down = pull_options(f, NULL);
    char id[65];
    int rc;

    make_image(f, name.text, MIDDLE, id);
    contract_proxy_limit(proxy, PROXY_REQUESTS, MIDDLE / 2, PROXY_CUT);
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_images_push(f->images, name.text, &up, NULL, &f->err);
    CHECK(contract_proxy_reached(proxy));
    if (rc != GANTRY_E_REGISTRY && rc != GANTRY_E_CALLBACK)
        fail_msg("cut: %d %s", rc, f->err.message);
    contract_proxy_pass(proxy);
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_NOT_FOUND);
    push(f, name.text);
    remove_image(f, name.text);
    OK(gantry_images_pull(f->images, name.text, &down, NULL, &f->err));
    contract_proxy_free(proxy);
}

static void pull_trigger(void *trigger)
{
    contract_trigger_go(trigger);
}

static void a_hanging_registry_is_left(struct contract *f)
{
    struct contract_proxy *proxy = new_proxy(f);
    char id[65];
    struct name direct = published(f, "hang", MIDDLE, id);
    struct name name = through(proxy, &direct);
    gantry_pull_options down = pull_options(f, NULL);
    gantry_call call = { .size = sizeof call, .timeout_ms = 700 };
    gantry_cancel *token = NULL;
    struct contract_trigger *trigger;
    int64_t begin = gantry_clock_ns();

    down.call = &call;
    contract_proxy_limit(proxy, PROXY_ANSWERS, MIDDLE / 2, PROXY_STALL);
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_TIMEOUT);
    CHECK((gantry_clock_ns() - begin) / 1000000 < 5000);
    CHECK(!contract_image_exists(f, name.text));
    contract_proxy_pass(proxy);
    call.timeout_ms = 0;
    contract_proxy_free(proxy);

    proxy = new_proxy(f); /* nobody waits for the first one's answer */
    name = through(proxy, &direct);
    trigger = contract_trigger_new(f, &token);
    call.cancel = token;
    contract_proxy_on_limit(proxy, pull_trigger, trigger);
    contract_proxy_limit(proxy, PROXY_ANSWERS, 300, PROXY_STALL);
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_CANCELLED);
    CHECK(contract_trigger_elapsed(trigger) >= 0 && contract_trigger_elapsed(trigger) < 2000);
    CHECK(!contract_image_exists(f, name.text));
    contract_proxy_pass(proxy);
    down.call = NULL;
    OK(gantry_images_pull(f->images, name.text, &down, NULL, &f->err));
    contract_trigger_free(trigger);
    contract_proxy_free(proxy);
}

/* ---- iterators ------------------------------------------------------------------------------- */

/* Nothing blocks but poll, and everything the options point to may go at once. */
static void pull_in_a_poll_loop(struct contract *f)
{
    char id[65];
    struct name name = published(f, "poll", MIDDLE, id);
    gantry_pull_options down = pull_options(f, NULL);
    const gantry_progress_record *record = NULL;
    gantry_progress *p = NULL;
    char result[65] = "";
    int rc;

    OK(gantry_images_pull_open(f->images, name.text, &down, &p, &f->err));
    memset(&down, 0x55, sizeof down);
    name.text[0] = '\0';
    gantry_progress_set_nonblocking(p, 1);
    do {
        rc = gantry_progress_next(p, &record, &f->err);
        if (rc == GANTRY_E_AGAIN) {
            struct pollfd wait = { 0 };
            int events = 0;

            wait.fd = gantry_progress_fd(p, &events);
            wait.events = (short)events;
            poll(&wait, 1, wait.fd < 0 ? 0 : gantry_progress_timeout_ms(p));
            continue;
        }
        OK(rc);
        if (record != NULL && record->kind == GANTRY_PROGRESS_RESULT)
            snprintf(result, sizeof result, "%s", record->id);
    } while (rc == GANTRY_E_AGAIN || record != NULL);
    gantry_progress_close(p);
    SAME(result, id);
    CHECK(contract_image_exists(f, id));
}

static void a_callback_stops(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    struct name name = name_at(f, registry, "stopped");
    struct seen seen = { .stop_at = GANTRY_TRANSFER_RUNNING };
    gantry_push_options up = push_options(f, &seen);
    char id[65];

    make_image(f, name.text, MIDDLE, id);
    FAILS(gantry_images_push(f->images, name.text, &up, NULL, &f->err), GANTRY_E_CALLBACK);
    CHECK(seen.results == 0);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
}

/* ---- a small disk ---------------------------------------------------------------------------- */

/* The image comes from another engine, which has room for it. */
static void pull_without_room(struct contract *f)
{
    struct contract big = *f;
    struct name name = name_at(f, contract_registry(f, CONTRACT_REGISTRY_PLAIN), "big");
    int docker = (f->on & ON_DOCKER) != 0;
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address =
                                       getenv(docker ? "GANTRY_TEST_DOCKER" : "GANTRY_TEST_PODMAN"),
                                   .on_demand = GANTRY_OFF };
    gantry_pull_options down = pull_options(f, NULL);
    char id[65];

    if (opts.address == NULL || *opts.address == '\0')
        skip();
    OK(gantry_engine_open(docker ? GANTRY_RUNTIME_DOCKER : GANTRY_RUNTIME_PODMAN, &opts,
                          &big.engine, &f->err));
    big.images = gantry_engine_images(big.engine);
    make_image(&big, name.text, 40 << 20, id);
    push(&big, name.text);
    OK(gantry_images_remove(big.images, name.text, NULL, NULL, &f->err));
    gantry_engine_close(big.engine);
    FAILS(gantry_images_pull(f->images, name.text, &down, NULL, &f->err), GANTRY_E_NO_SPACE);
    CHECK(!contract_image_exists(f, name.text));
}

const struct contract_test transfer_tests[] = {
    TEST_WITH(push_and_pull_back, UPLOADS),
    TEST_WITH(changed_tells_a_new_image, UPLOADS),
    TEST_WITH(layers_have_records, UPLOADS),
    TEST_WITH(pull_by_digest, UPLOADS),
    TEST_WITH(push_to_another_name, UPLOADS),
    TEST_WITH(all_tags_go_and_come, UPLOADS),
    TEST_WITH(all_tags_with_a_password, UPLOADS),
    TEST_WITH(from_one_engine_to_the_other, UPLOADS),
    TEST_WITH(policies, UPLOADS),
    TEST_WITH(local_images_will_do, UPLOADS),
    TEST_WITH(passwords, UPLOADS),
    TEST_WITH(certificates, UPLOADS),
    TEST_WITH(unknown_images, UPLOADS),
    TEST_WITH(wrong_arguments, UPLOADS),
    TEST_WITH(unreachable_then_there, UPLOADS),
    TEST_WITH(registry_dies_while_pulling, UPLOADS),
    TEST_WITH(registry_dies_while_pushing, UPLOADS),
    TEST_WITH(a_hanging_registry_is_left, UPLOADS),
    TEST_WITH(pull_in_a_poll_loop, UPLOADS),
    TEST_WITH(a_callback_stops, UPLOADS),
    TEST_WITH(pull_without_room, .on = ON_SMALL),
    { 0 },
};
