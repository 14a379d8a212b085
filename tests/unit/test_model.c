/*
 * Defaults of every kind of result, and the life of results.
 */
#include "model.h"

#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct gnt_mem memory;

static void check_list(const void *list)
{
    const void *first;

    assert_non_null(list);
    memcpy(&first, list, sizeof first);
    assert_null(first);
}

static void check_version_info(const void *result)
{
    const gantry_version_info *p = result;

    assert_string_equal(p->backend, "");
    assert_string_equal(p->version, "");
    assert_string_equal(p->api_version, "");
    assert_string_equal(p->min_api_version, "");
    assert_string_equal(p->used_api_version, "");
    assert_string_equal(p->os, "");
    assert_string_equal(p->arch, "");
    assert_string_equal(p->kernel, "");
    assert_string_equal(p->json, "");
}

static void check_info(const void *result)
{
    const gantry_info *p = result;

    assert_string_equal(p->backend, "");
    assert_string_equal(p->version, "");
    assert_string_equal(p->hostname, "");
    assert_string_equal(p->os, "");
    assert_string_equal(p->arch, "");
    assert_string_equal(p->kernel, "");
    assert_string_equal(p->storage_driver, "");
    assert_string_equal(p->root_directory, "");
    assert_string_equal(p->cgroup_version, "");
    assert_string_equal(p->cgroup_manager, "");
    assert_string_equal(p->json, "");
    assert_int_equal(p->cpus, -1);
    assert_int_equal(p->memory_bytes, -1);
    assert_int_equal(p->containers, -1);
    assert_int_equal(p->containers_running, -1);
    assert_int_equal(p->containers_paused, -1);
    assert_int_equal(p->containers_stopped, -1);
    assert_int_equal(p->images, -1);
}

static void check_response(const void *result)
{
    const gantry_response *p = result;

    assert_string_equal(p->content_type, "");
}

static void check_image(const void *result)
{
    const gantry_image *p = result;

    assert_string_equal(p->id, "");
    assert_string_equal(p->digest, "");
    check_list(p->references);
    check_list(p->digests);
    assert_non_null(p->labels);
    assert_string_equal(p->os, "");
    assert_string_equal(p->architecture, "");
    assert_string_equal(p->variant, "");
    assert_string_equal(p->author, "");
    assert_string_equal(p->comment, "");
    assert_string_equal(p->user, "");
    assert_string_equal(p->working_directory, "");
    check_list(p->command);
    check_list(p->entrypoint);
    check_list(p->environment);
    check_list(p->exposed_ports);
    check_list(p->volumes);
}

static void check_image_list(const void *result)
{
    const gantry_image_list *p = result;

    check_list(p->items);
}

static void check_image_removal(const void *result)
{
    const gantry_image_removal *p = result;

    check_list(p->untagged);
    check_list(p->deleted);
}

static void check_import_result(const void *result)
{
    const gantry_image_import_result *p = result;

    assert_string_equal(p->image_id, "");
}

static void check_created(const void *result)
{
    const gantry_created *p = result;

    assert_string_equal(p->id, "");
    check_list(p->warnings);
}

static void check_container(const void *result)
{
    const gantry_container *p = result;

    assert_string_equal(p->id, "");
    assert_string_equal(p->name, "");
    assert_string_equal(p->image, "");
    assert_string_equal(p->image_id, "");
    assert_string_equal(p->state_text, "");
    check_list(p->command);
    assert_non_null(p->labels);
    check_list(p->ports);
    check_list(p->networks);
    assert_string_equal(p->error_text, "");
    check_list(p->entrypoint);
    check_list(p->environment);
    assert_string_equal(p->working_directory, "");
    assert_string_equal(p->user, "");
    assert_string_equal(p->hostname, "");
    check_list(p->mounts);
    check_list(p->attachments);
}

static void check_container_list(const void *result)
{
    const gantry_container_list *p = result;

    check_list(p->items);
}

static void check_port_info(const void *result)
{
    const gantry_port_info *p = result;

    assert_string_equal(p->protocol, "");
    assert_string_equal(p->host_address, "");
}

static void check_mount_info(const void *result)
{
    const gantry_mount_info *p = result;

    assert_string_equal(p->source, "");
    assert_string_equal(p->target, "");
    assert_string_equal(p->volume, "");
}

static void check_attachment_info(const void *result)
{
    const gantry_attachment_info *p = result;

    assert_string_equal(p->network, "");
    assert_string_equal(p->address, "");
    assert_string_equal(p->gateway, "");
    assert_string_equal(p->address6, "");
    assert_string_equal(p->mac, "");
}

static void check_volume(const void *result)
{
    const gantry_volume *p = result;

    assert_string_equal(p->name, "");
    assert_string_equal(p->driver, "");
    assert_string_equal(p->mountpoint, "");
    assert_string_equal(p->scope, "");
    assert_non_null(p->labels);
    assert_non_null(p->options);
}

static void check_volume_list(const void *result)
{
    const gantry_volume_list *p = result;

    check_list(p->items);
}

static void check_network(const void *result)
{
    const gantry_network *p = result;

    assert_string_equal(p->id, "");
    assert_string_equal(p->name, "");
    assert_string_equal(p->driver, "");
    check_list(p->subnets);
    assert_non_null(p->labels);
    assert_non_null(p->options);
}

static void check_network_list(const void *result)
{
    const gantry_network_list *p = result;

    check_list(p->items);
}

static void check_subnet_info(const void *result)
{
    const gantry_subnet_info *p = result;

    assert_string_equal(p->subnet, "");
    assert_string_equal(p->gateway, "");
}

static void check_output(const void *result)
{
    const gantry_output *p = result;

    assert_string_equal(p->stdout_data, "");
    assert_string_equal(p->stderr_data, "");
}

static void check_exec_result(const void *result)
{
    const gantry_exec_result *p = result;

    assert_string_equal(p->stdout_data, "");
    assert_string_equal(p->stderr_data, "");
}

static void check_run_result(const void *result)
{
    const gantry_run_result *p = result;

    assert_string_equal(p->id, "");
    assert_string_equal(p->stdout_data, "");
    assert_string_equal(p->stderr_data, "");
    check_list(p->warnings);
}

static void check_build_result(const void *result)
{
    const gantry_build_result *p = result;

    assert_string_equal(p->image_id, "");
    check_list(p->warnings);
}

static void check_volume_ensured(const void *result)
{
    const gantry_volume_ensured *p = result;

    check_list(p->differences);
}

static void check_network_ensured(const void *result)
{
    const gantry_network_ensured *p = result;

    check_list(p->differences);
}

static void check_candidate(const void *result)
{
    const gantry_candidate *p = result;

    assert_string_equal(p->source, "");
    assert_string_equal(p->address, "");
    assert_string_equal(p->detail, "");
}

static void check_candidate_list(const void *result)
{
    const gantry_candidate_list *p = result;

    check_list(p->items);
}

static void check_backend_info(const void *result)
{
    const gantry_backend_info *p = result;

    assert_string_equal(p->name, "");
    assert_null(p->schemes[0]);
    assert_null(p->managers[0]);
}

static void check_backend_list(const void *result)
{
    const gantry_backend_list *p = result;

    check_list(p->items);
}

static const struct {
    int kind;
    size_t size;
    void (*check)(const void *);
} kinds[] = {
    { GANTRY_KIND_VERSION_INFO, sizeof(gantry_version_info), check_version_info },
    { GANTRY_KIND_INFO, sizeof(gantry_info), check_info },
    { GANTRY_KIND_RESPONSE, sizeof(gantry_response), check_response },
    { GANTRY_KIND_IMAGE, sizeof(gantry_image), check_image },
    { GANTRY_KIND_IMAGE_LIST, sizeof(gantry_image_list), check_image_list },
    { GANTRY_KIND_IMAGE_REMOVAL, sizeof(gantry_image_removal), check_image_removal },
    { GANTRY_KIND_IMAGE_IMPORT_RESULT, sizeof(gantry_image_import_result), check_import_result },
    { GANTRY_KIND_CREATED, sizeof(gantry_created), check_created },
    { GANTRY_KIND_CONTAINER, sizeof(gantry_container), check_container },
    { GANTRY_KIND_CONTAINER_LIST, sizeof(gantry_container_list), check_container_list },
    { GANTRY_KIND_PORT_INFO, sizeof(gantry_port_info), check_port_info },
    { GANTRY_KIND_MOUNT_INFO, sizeof(gantry_mount_info), check_mount_info },
    { GANTRY_KIND_ATTACHMENT_INFO, sizeof(gantry_attachment_info), check_attachment_info },
    { GANTRY_KIND_VOLUME, sizeof(gantry_volume), check_volume },
    { GANTRY_KIND_VOLUME_LIST, sizeof(gantry_volume_list), check_volume_list },
    { GANTRY_KIND_NETWORK, sizeof(gantry_network), check_network },
    { GANTRY_KIND_NETWORK_LIST, sizeof(gantry_network_list), check_network_list },
    { GANTRY_KIND_SUBNET_INFO, sizeof(gantry_subnet_info), check_subnet_info },
    { GNT_KIND_OUTPUT, sizeof(gantry_output), check_output },
    { GNT_KIND_EXEC_RESULT, sizeof(gantry_exec_result), check_exec_result },
    { GNT_KIND_RUN_RESULT, sizeof(gantry_run_result), check_run_result },
    { GNT_KIND_BUILD_RESULT, sizeof(gantry_build_result), check_build_result },
    { GNT_KIND_VOLUME_ENSURED, sizeof(gantry_volume_ensured), check_volume_ensured },
    { GNT_KIND_NETWORK_ENSURED, sizeof(gantry_network_ensured), check_network_ensured },
    { GNT_KIND_CANDIDATE, sizeof(gantry_candidate), check_candidate },
    { GNT_KIND_CANDIDATE_LIST, sizeof(gantry_candidate_list), check_candidate_list },
    { GNT_KIND_BACKEND_INFO, sizeof(gantry_backend_info), check_backend_info },
    { GNT_KIND_BACKEND_LIST, sizeof(gantry_backend_list), check_backend_list },
};

enum {
    KINDS = sizeof kinds / sizeof kinds[0]
};

static void every_kind_has_defaults(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < KINDS; i++) {
        void *root = gnt_result_new(&memory, kinds[i].kind, NULL);
        void *item;

        assert_non_null(root);
        assert_int_equal((uintptr_t)root % _Alignof(max_align_t), 0);
        assert_int_equal(gnt_model_size(kinds[i].kind), kinds[i].size);
        kinds[i].check(root);
        item = gnt_result_item(root, kinds[i].kind);
        assert_non_null(item);
        kinds[i].check(item);
        gnt_result_free(root);
    }
}

static void what_may_be_null_is_null(void **state)
{
    gantry_container *c = gnt_result_new(&memory, GANTRY_KIND_CONTAINER, NULL);
    gantry_image *i = gnt_result_new(&memory, GANTRY_KIND_IMAGE, NULL);
    gantry_candidate *d = gnt_result_new(&memory, GNT_KIND_CANDIDATE, NULL);
    gantry_response *r = gnt_result_new(&memory, GANTRY_KIND_RESPONSE, NULL);

    (void)state;
    assert_null(c->json);
    assert_int_equal(c->label_count, 0);
    assert_int_equal(c->has_exit_code, 0);
    assert_int_equal(c->oom_killed, 0);
    assert_null(i->json);
    assert_null(d->backend);
    assert_null(r->body);
    gnt_result_free(c);
    gnt_result_free(i);
    gnt_result_free(d);
    gnt_result_free(r);
}

static void unknown_kinds_are_refused(void **state)
{
    static const int bad[] = { -1, 0, 64, 99, GNT_KIND_BACKEND_LIST + 1, 1000000 };
    struct gantry_host host = { 0 };
    gantry_error err = { 0 };
    void *result = gnt_result_new(&memory, GNT_KIND_OUTPUT, NULL);
    size_t i;

    (void)state;
    host.mem = memory;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err.code = 0;
        assert_null(gnt_result_new(&memory, bad[i], &err));
        assert_int_equal(err.code, GANTRY_E_INVALID);
        assert_null(gantry_result_new(&host, bad[i], NULL));
        assert_null(gnt_result_item(result, bad[i]));
        assert_int_equal(gnt_model_size(bad[i]), 0);
    }
    assert_null(gantry_result_new(&host, GNT_KIND_OUTPUT, &err));
    gantry_result_free(result);
    result = gantry_result_new(&host, GANTRY_KIND_VOLUME, &err);
    assert_non_null(result);
    gantry_result_free(result);
}

static void count_free(void *arg)
{
    ++*(int *)arg;
}

static void results_hold_what_backends_put_in(void **state)
{
    static const char *const list[] = { "one", "two", NULL };
    gantry_container *c = gnt_result_new(&memory, GANTRY_KIND_CONTAINER, NULL);
    const char *const *copy;
    char *bytes;
    int freed = 0;

    (void)state;
    assert_non_null(c);
    c->name = gantry_result_strdup(c, "web");
    assert_string_equal(c->name, "web");
    assert_string_equal(gantry_result_strdup(c, NULL), "");
    copy = gantry_result_strings(c, list);
    assert_ptr_not_equal(copy[0], list[0]);
    assert_string_equal(copy[0], "one");
    assert_string_equal(copy[1], "two");
    assert_null(copy[2]);
    check_list(gantry_result_strings(c, NULL));
    check_list(gantry_result_strings(c, list + 2));
    bytes = gantry_result_alloc(c, 100000);
    assert_non_null(bytes);
    assert_int_equal(bytes[99999], 0);
    assert_null(gantry_result_alloc(c, SIZE_MAX));
    gnt_result_on_free(c, count_free, &freed);
    gantry_container_free(c);
    assert_int_equal(freed, 1);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    gantry_version_info_free(NULL);
    gantry_info_free(NULL);
    gantry_response_free(NULL);
    gantry_candidate_list_free(NULL);
    gantry_build_result_free(NULL);
    gantry_image_import_result_free(NULL);
    gantry_image_free(NULL);
    gantry_image_list_free(NULL);
    gantry_image_removal_free(NULL);
    gantry_created_free(NULL);
    gantry_container_free(NULL);
    gantry_container_list_free(NULL);
    gantry_exec_result_free(NULL);
    gantry_run_result_free(NULL);
    gantry_volume_free(NULL);
    gantry_volume_list_free(NULL);
    gantry_volume_ensured_free(NULL);
    gantry_network_free(NULL);
    gantry_network_list_free(NULL);
    gantry_network_ensured_free(NULL);
    gantry_output_free(NULL);
    gantry_result_free(NULL);
}

/* An item belongs to its list: freeing it by itself is a slip that must not corrupt memory. */
static void freeing_an_item_does_nothing(void **state)
{
    gantry_image_list *list = gnt_result_new(&memory, GANTRY_KIND_IMAGE_LIST, NULL);
    char *before;
    gantry_image *image;

    (void)state;
    assert_non_null(list);
    /* Room in front of the item, as between two items of one chunk. */
    before = gnt_arena_alloc(gnt_result_arena(list), 4096);
    assert_non_null(before);
    image = (gantry_image *)(void *)(before + 2048);
    gantry_image_free(image);
    gantry_image_list_free(list);
}

static void *no_memory(void *arg, size_t size)
{
    (void)arg;
    (void)size;
    return NULL;
}

static void *no_more(void *arg, void *ptr, size_t size)
{
    (void)arg;
    (void)ptr;
    (void)size;
    return NULL;
}

static void release(void *arg, void *ptr)
{
    (void)arg;
    free(ptr);
}

static void exhausted_memory_is_reported(void **state)
{
    gantry_allocator none = { no_memory, no_more, release, NULL };
    struct gnt_mem mem;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gnt_mem_init(&mem, &none, NULL), 0);
    assert_null(gnt_result_new(&mem, GANTRY_KIND_IMAGE, &err));
    assert_int_equal(err.code, GANTRY_E_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_defaults),
        cmocka_unit_test(what_may_be_null_is_null),
        cmocka_unit_test(unknown_kinds_are_refused),
        cmocka_unit_test(results_hold_what_backends_put_in),
        cmocka_unit_test(freeing_nothing_is_allowed),
        cmocka_unit_test(freeing_an_item_does_nothing),
        cmocka_unit_test(exhausted_memory_is_reported),
    };

    if (gnt_mem_init(&memory, NULL, NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
