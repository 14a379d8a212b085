/*
 * Result structs: a table of each kind's size and of what its members are before anything is known,
 * and their life in one arena each. Knows the public structs, not where results come from.
 */
#include "model.h"

#include "error.h"

#include <string.h>

const char *const gnt_no_strings[1] = { NULL };

/* ---- what members are before anything is known ----------------------------------------------- */

struct preset {
    size_t offset;
    const void *value; /* the pointer to store; NULL: the member is an int64_t, and -1 */
};

/* Lists of each type have an empty one of their own type. */
static const gantry_pair no_pairs[1] = { { NULL, NULL } };
static const gantry_image *const no_images[1] = { NULL };
static const gantry_port_info *const no_port_infos[1] = { NULL };
static const gantry_mount_info *const no_mount_infos[1] = { NULL };
static const gantry_attachment_info *const no_attachment_infos[1] = { NULL };
static const gantry_container *const no_containers[1] = { NULL };
static const gantry_volume *const no_volumes[1] = { NULL };
static const gantry_subnet_info *const no_subnet_infos[1] = { NULL };
static const gantry_network *const no_networks[1] = { NULL };
static const gantry_candidate *const no_candidates[1] = { NULL };
static const gantry_build_step *const no_build_steps[1] = { NULL };
static const gantry_image_layer *const no_image_layers[1] = { NULL };
static const gantry_image_usage *const no_image_usages[1] = { NULL };
static const gantry_search_item *const no_search_items[1] = { NULL };
static const gantry_manifest_item *const no_manifest_items[1] = { NULL };

/* 0, or a compile error if the member m of T has not the type want. */
#define TYPED(T, m, want) (0 * sizeof(int[_Generic(((T *)0)->m, want : 1, default : -1)]))
#define PRESET(T, m, want, value)                                                                  \
    {                                                                                              \
        offsetof(T, m) + TYPED(T, m, want), value                                                  \
    }
#define TEXT(T, m) PRESET(T, m, const char *, "")
#define STRINGS(T, m) PRESET(T, m, const char *const *, gnt_no_strings)
#define PAIRS(T, m) PRESET(T, m, const gantry_pair *, no_pairs)
#define LIST(T, m, item, empty) PRESET(T, m, const item *const *, empty)
#define UNKNOWN(T, m) PRESET(T, m, int64_t, NULL)
#define END                                                                                        \
    {                                                                                              \
        SIZE_MAX, NULL                                                                             \
    }

static const struct preset version_info_presets[] = {
    TEXT(gantry_version_info, backend),
    TEXT(gantry_version_info, version),
    TEXT(gantry_version_info, api_version),
    TEXT(gantry_version_info, min_api_version),
    TEXT(gantry_version_info, used_api_version),
    TEXT(gantry_version_info, os),
    TEXT(gantry_version_info, arch),
    TEXT(gantry_version_info, kernel),
    TEXT(gantry_version_info, json),
    END,
};

static const struct preset info_presets[] = {
    TEXT(gantry_info, backend),
    TEXT(gantry_info, version),
    TEXT(gantry_info, hostname),
    TEXT(gantry_info, os),
    TEXT(gantry_info, arch),
    TEXT(gantry_info, kernel),
    TEXT(gantry_info, storage_driver),
    TEXT(gantry_info, root_directory),
    TEXT(gantry_info, cgroup_version),
    TEXT(gantry_info, cgroup_manager),
    TEXT(gantry_info, json),
    UNKNOWN(gantry_info, cpus),
    UNKNOWN(gantry_info, memory_bytes),
    UNKNOWN(gantry_info, containers),
    UNKNOWN(gantry_info, containers_running),
    UNKNOWN(gantry_info, containers_paused),
    UNKNOWN(gantry_info, containers_stopped),
    UNKNOWN(gantry_info, images),
    END,
};

static const struct preset response_presets[] = {
    TEXT(gantry_response, content_type),
    END,
};

static const struct preset image_presets[] = {
    TEXT(gantry_image, id),
    TEXT(gantry_image, digest),
    STRINGS(gantry_image, references),
    STRINGS(gantry_image, digests),
    PAIRS(gantry_image, labels),
    TEXT(gantry_image, os),
    TEXT(gantry_image, architecture),
    TEXT(gantry_image, variant),
    TEXT(gantry_image, author),
    TEXT(gantry_image, comment),
    TEXT(gantry_image, user),
    TEXT(gantry_image, working_directory),
    STRINGS(gantry_image, command),
    STRINGS(gantry_image, entrypoint),
    STRINGS(gantry_image, environment),
    STRINGS(gantry_image, exposed_ports),
    STRINGS(gantry_image, volumes),
    TEXT(gantry_image, parent_id),
    STRINGS(gantry_image, layers),
    TEXT(gantry_image, stop_signal),
    STRINGS(gantry_image, healthcheck),
    END,
};

static const struct preset image_list_presets[] = {
    LIST(gantry_image_list, items, gantry_image, no_images),
    END,
};

static const struct preset image_removal_presets[] = {
    STRINGS(gantry_image_removal, untagged),
    STRINGS(gantry_image_removal, deleted),
    END,
};

static const struct preset import_result_presets[] = {
    TEXT(gantry_image_import_result, image_id),
    END,
};

static const struct preset created_presets[] = {
    TEXT(gantry_created, id),
    STRINGS(gantry_created, warnings),
    END,
};

static const struct preset container_presets[] = {
    TEXT(gantry_container, id),
    TEXT(gantry_container, name),
    TEXT(gantry_container, image),
    TEXT(gantry_container, image_id),
    TEXT(gantry_container, state_text),
    STRINGS(gantry_container, command),
    PAIRS(gantry_container, labels),
    LIST(gantry_container, ports, gantry_port_info, no_port_infos),
    STRINGS(gantry_container, networks),
    TEXT(gantry_container, error_text),
    STRINGS(gantry_container, entrypoint),
    STRINGS(gantry_container, environment),
    TEXT(gantry_container, working_directory),
    TEXT(gantry_container, user),
    TEXT(gantry_container, hostname),
    LIST(gantry_container, mounts, gantry_mount_info, no_mount_infos),
    LIST(gantry_container, attachments, gantry_attachment_info, no_attachment_infos),
    END,
};

static const struct preset container_list_presets[] = {
    LIST(gantry_container_list, items, gantry_container, no_containers),
    END,
};

static const struct preset port_info_presets[] = {
    TEXT(gantry_port_info, protocol),
    TEXT(gantry_port_info, host_address),
    END,
};

static const struct preset mount_info_presets[] = {
    TEXT(gantry_mount_info, source),
    TEXT(gantry_mount_info, target),
    TEXT(gantry_mount_info, volume),
    END,
};

static const struct preset attachment_info_presets[] = {
    TEXT(gantry_attachment_info, network), TEXT(gantry_attachment_info, address),
    TEXT(gantry_attachment_info, gateway), TEXT(gantry_attachment_info, address6),
    TEXT(gantry_attachment_info, mac),     END,
};

static const struct preset volume_presets[] = {
    TEXT(gantry_volume, name),
    TEXT(gantry_volume, driver),
    TEXT(gantry_volume, mountpoint),
    TEXT(gantry_volume, scope),
    PAIRS(gantry_volume, labels),
    PAIRS(gantry_volume, options),
    END,
};

static const struct preset volume_list_presets[] = {
    LIST(gantry_volume_list, items, gantry_volume, no_volumes),
    END,
};

static const struct preset network_presets[] = {
    TEXT(gantry_network, id),
    TEXT(gantry_network, name),
    TEXT(gantry_network, driver),
    LIST(gantry_network, subnets, gantry_subnet_info, no_subnet_infos),
    PAIRS(gantry_network, labels),
    PAIRS(gantry_network, options),
    END,
};

static const struct preset network_list_presets[] = {
    LIST(gantry_network_list, items, gantry_network, no_networks),
    END,
};

static const struct preset subnet_info_presets[] = {
    TEXT(gantry_subnet_info, subnet),
    TEXT(gantry_subnet_info, gateway),
    END,
};

static const struct preset output_presets[] = {
    TEXT(gantry_output, stdout_data),
    TEXT(gantry_output, stderr_data),
    END,
};

static const struct preset exec_result_presets[] = {
    TEXT(gantry_exec_result, stdout_data),
    TEXT(gantry_exec_result, stderr_data),
    END,
};

static const struct preset run_result_presets[] = {
    TEXT(gantry_run_result, id),
    TEXT(gantry_run_result, stdout_data),
    TEXT(gantry_run_result, stderr_data),
    STRINGS(gantry_run_result, warnings),
    END,
};

static const struct preset build_result_presets[] = {
    TEXT(gantry_build_result, image_id),
    STRINGS(gantry_build_result, warnings),
    LIST(gantry_build_result, steps, gantry_build_step, no_build_steps),
    END,
};

static const struct preset volume_ensured_presets[] = {
    STRINGS(gantry_volume_ensured, differences),
    END,
};

static const struct preset network_ensured_presets[] = {
    STRINGS(gantry_network_ensured, differences),
    END,
};

static const struct preset candidate_presets[] = {
    TEXT(gantry_candidate, source),
    TEXT(gantry_candidate, address),
    TEXT(gantry_candidate, detail),
    END,
};

static const struct preset candidate_list_presets[] = {
    LIST(gantry_candidate_list, items, gantry_candidate, no_candidates),
    END,
};

static const struct preset load_result_presets[] = {
    STRINGS(gantry_load_result, references),
    STRINGS(gantry_load_result, image_ids),
    END,
};

static const struct preset image_layer_presets[] = {
    TEXT(gantry_image_layer, id),
    TEXT(gantry_image_layer, created_by),
    TEXT(gantry_image_layer, comment),
    STRINGS(gantry_image_layer, references),
    END,
};

static const struct preset image_history_presets[] = {
    LIST(gantry_image_history, items, gantry_image_layer, no_image_layers),
    STRINGS(gantry_image_history, layer_digests),
    END,
};

static const struct preset image_pruned_presets[] = {
    STRINGS(gantry_image_pruned, untagged),
    STRINGS(gantry_image_pruned, deleted),
    STRINGS(gantry_image_pruned, caches),
    END,
};

static const struct preset image_usage_presets[] = {
    TEXT(gantry_image_usage, id),
    STRINGS(gantry_image_usage, references),
    UNKNOWN(gantry_image_usage, shared_bytes),
    UNKNOWN(gantry_image_usage, unique_bytes),
    UNKNOWN(gantry_image_usage, containers),
    END,
};

static const struct preset image_disk_usage_presets[] = {
    UNKNOWN(gantry_image_disk_usage, total_bytes),
    LIST(gantry_image_disk_usage, items, gantry_image_usage, no_image_usages),
    END,
};

static const struct preset committed_presets[] = {
    TEXT(gantry_committed, image_id),
    END,
};

static const struct preset login_result_presets[] = {
    TEXT(gantry_login_result, status),
    TEXT(gantry_login_result, identity_token),
    END,
};

static const struct preset search_item_presets[] = {
    TEXT(gantry_search_item, name),
    TEXT(gantry_search_item, description),
    UNKNOWN(gantry_search_item, stars),
    END,
};

static const struct preset search_result_presets[] = {
    LIST(gantry_search_result, items, gantry_search_item, no_search_items),
    END,
};

static const struct preset remote_image_presets[] = {
    TEXT(gantry_remote_image, digest),
    TEXT(gantry_remote_image, media_type),
    UNKNOWN(gantry_remote_image, manifest_bytes),
    STRINGS(gantry_remote_image, platforms),
    END,
};

static const struct preset manifest_item_presets[] = {
    TEXT(gantry_manifest_item, digest),       TEXT(gantry_manifest_item, media_type),
    TEXT(gantry_manifest_item, os),           TEXT(gantry_manifest_item, architecture),
    TEXT(gantry_manifest_item, variant),      TEXT(gantry_manifest_item, os_version),
    PAIRS(gantry_manifest_item, annotations), UNKNOWN(gantry_manifest_item, manifest_bytes),
    STRINGS(gantry_manifest_item, features),  END,
};

static const struct preset manifest_presets[] = {
    TEXT(gantry_manifest, media_type),
    TEXT(gantry_manifest, digest),
    TEXT(gantry_manifest, json),
    LIST(gantry_manifest, items, gantry_manifest_item, no_manifest_items),
    END,
};

static const struct preset manifest_id_presets[] = {
    TEXT(gantry_manifest_id, id),
    TEXT(gantry_manifest_id, digest),
    END,
};

static const struct preset build_step_presets[] = {
    TEXT(gantry_build_step, text),
    UNKNOWN(gantry_build_step, duration_ms),
    END,
};

static const struct preset pull_result_presets[] = {
    TEXT(gantry_pull_result, image_id),
    TEXT(gantry_pull_result, digest),
    STRINGS(gantry_pull_result, image_ids),
    END,
};

static const struct preset push_result_presets[] = {
    TEXT(gantry_push_result, digest),
    END,
};

static const struct preset found_auth_presets[] = {
    TEXT(gantry_found_auth, source),
    END,
};

static const struct preset reference_presets[] = {
    TEXT(gantry_reference, domain),
    TEXT(gantry_reference, path),
    TEXT(gantry_reference, tag),
    TEXT(gantry_reference, digest),
    TEXT(gantry_reference, id),
    TEXT(gantry_reference, canonical),
    TEXT(gantry_reference, familiar),
    TEXT(gantry_reference, repository),
    END,
};

static const struct model {
    size_t size;
    const struct preset *presets;
} models[] = {
    [GANTRY_KIND_VERSION_INFO] = { sizeof(gantry_version_info), version_info_presets },
    [GANTRY_KIND_INFO] = { sizeof(gantry_info), info_presets },
    [GANTRY_KIND_RESPONSE] = { sizeof(gantry_response), response_presets },
    [GANTRY_KIND_IMAGE] = { sizeof(gantry_image), image_presets },
    [GANTRY_KIND_IMAGE_LIST] = { sizeof(gantry_image_list), image_list_presets },
    [GANTRY_KIND_IMAGE_REMOVAL] = { sizeof(gantry_image_removal), image_removal_presets },
    [GANTRY_KIND_IMAGE_IMPORT_RESULT] = { sizeof(gantry_image_import_result),
                                          import_result_presets },
    [GANTRY_KIND_CREATED] = { sizeof(gantry_created), created_presets },
    [GANTRY_KIND_CONTAINER] = { sizeof(gantry_container), container_presets },
    [GANTRY_KIND_CONTAINER_LIST] = { sizeof(gantry_container_list), container_list_presets },
    [GANTRY_KIND_PORT_INFO] = { sizeof(gantry_port_info), port_info_presets },
    [GANTRY_KIND_MOUNT_INFO] = { sizeof(gantry_mount_info), mount_info_presets },
    [GANTRY_KIND_ATTACHMENT_INFO] = { sizeof(gantry_attachment_info), attachment_info_presets },
    [GANTRY_KIND_VOLUME] = { sizeof(gantry_volume), volume_presets },
    [GANTRY_KIND_VOLUME_LIST] = { sizeof(gantry_volume_list), volume_list_presets },
    [GANTRY_KIND_NETWORK] = { sizeof(gantry_network), network_presets },
    [GANTRY_KIND_NETWORK_LIST] = { sizeof(gantry_network_list), network_list_presets },
    [GANTRY_KIND_SUBNET_INFO] = { sizeof(gantry_subnet_info), subnet_info_presets },
    [GNT_KIND_OUTPUT] = { sizeof(gantry_output), output_presets },
    [GNT_KIND_EXEC_RESULT] = { sizeof(gantry_exec_result), exec_result_presets },
    [GNT_KIND_RUN_RESULT] = { sizeof(gantry_run_result), run_result_presets },
    [GNT_KIND_BUILD_RESULT] = { sizeof(gantry_build_result), build_result_presets },
    [GNT_KIND_VOLUME_ENSURED] = { sizeof(gantry_volume_ensured), volume_ensured_presets },
    [GNT_KIND_NETWORK_ENSURED] = { sizeof(gantry_network_ensured), network_ensured_presets },
    [GNT_KIND_CANDIDATE] = { sizeof(gantry_candidate), candidate_presets },
    [GNT_KIND_CANDIDATE_LIST] = { sizeof(gantry_candidate_list), candidate_list_presets },
    [GANTRY_KIND_LOAD_RESULT] = { sizeof(gantry_load_result), load_result_presets },
    [GANTRY_KIND_IMAGE_HISTORY] = { sizeof(gantry_image_history), image_history_presets },
    [GANTRY_KIND_IMAGE_LAYER] = { sizeof(gantry_image_layer), image_layer_presets },
    [GANTRY_KIND_IMAGE_PRUNED] = { sizeof(gantry_image_pruned), image_pruned_presets },
    [GANTRY_KIND_IMAGE_DISK_USAGE] = { sizeof(gantry_image_disk_usage), image_disk_usage_presets },
    [GANTRY_KIND_IMAGE_USAGE] = { sizeof(gantry_image_usage), image_usage_presets },
    [GANTRY_KIND_COMMITTED] = { sizeof(gantry_committed), committed_presets },
    [GANTRY_KIND_LOGIN_RESULT] = { sizeof(gantry_login_result), login_result_presets },
    [GANTRY_KIND_SEARCH_RESULT] = { sizeof(gantry_search_result), search_result_presets },
    [GANTRY_KIND_SEARCH_ITEM] = { sizeof(gantry_search_item), search_item_presets },
    [GANTRY_KIND_REMOTE_IMAGE] = { sizeof(gantry_remote_image), remote_image_presets },
    [GANTRY_KIND_MANIFEST] = { sizeof(gantry_manifest), manifest_presets },
    [GANTRY_KIND_MANIFEST_ITEM] = { sizeof(gantry_manifest_item), manifest_item_presets },
    [GANTRY_KIND_MANIFEST_ID] = { sizeof(gantry_manifest_id), manifest_id_presets },
    [GNT_KIND_BUILD_STEP] = { sizeof(gantry_build_step), build_step_presets },
    [GNT_KIND_PULL_RESULT] = { sizeof(gantry_pull_result), pull_result_presets },
    [GNT_KIND_PUSH_RESULT] = { sizeof(gantry_push_result), push_result_presets },
    [GNT_KIND_FOUND_AUTH] = { sizeof(gantry_found_auth), found_auth_presets },
    [GNT_KIND_REFERENCE] = { sizeof(gantry_reference), reference_presets },
};

static const struct model *model_of(int kind)
{
    if (kind < 0 || (size_t)kind >= sizeof models / sizeof models[0] || models[kind].size == 0)
        return NULL;
    return &models[kind];
}

size_t gnt_model_size(int kind)
{
    const struct model *model = model_of(kind);

    return model != NULL ? model->size : 0;
}

void gnt_model_defaults(int kind, void *out)
{
    static const int64_t unknown = -1;
    const struct model *model = model_of(kind);
    const struct preset *p;

    if (model == NULL)
        return;
    memcpy(out, &model->size, sizeof model->size); /* every result begins with its size */
    for (p = model->presets; p->offset != SIZE_MAX; p++) {
        char *member = (char *)out + p->offset;

        if (p->value != NULL)
            memcpy(member, &p->value, sizeof p->value);
        else
            memcpy(member, &unknown, sizeof unknown);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

#define RESULT_MAGIC UINT32_C(0x676e7472)

/* Hidden in front of the struct that the caller sees. */
struct result {
    uint32_t magic;
    struct gnt_arena arena;
    void (*on_free)(void *);
    void *on_free_arg;
    max_align_t root[];
};

static struct result *result_of(void *root)
{
    return (struct result *)(void *)((char *)root - offsetof(struct result, root));
}

void *gnt_result_new(const struct gnt_mem *mem, int kind, gantry_error *err)
{
    const struct model *model = model_of(kind);
    struct result *r;

    if (model == NULL) {
        gnt_fail(err, GANTRY_E_INVALID, "kind: %d is no kind of result", kind);
        return NULL;
    }
    r = gnt_alloc(mem, sizeof *r + model->size);
    if (r == NULL) {
        gnt_nomem(err);
        return NULL;
    }
    r->magic = RESULT_MAGIC;
    gnt_arena_init(&r->arena, mem);
    r->arena.wipe = kind == GANTRY_KIND_LOGIN_RESULT || kind == GNT_KIND_FOUND_AUTH;
    gnt_model_defaults(kind, r->root);
    return r->root;
}

void *gnt_result_item(void *result, int kind)
{
    const struct model *model = model_of(kind);
    void *item;

    if (model == NULL)
        return NULL;
    item = gnt_arena_alloc(gnt_result_arena(result), model->size);
    if (item != NULL)
        gnt_model_defaults(kind, item);
    return item;
}

struct gnt_arena *gnt_result_arena(void *result)
{
    return &result_of(result)->arena;
}

void gnt_result_on_free(void *result, void (*fn)(void *), void *arg)
{
    struct result *r = result_of(result);

    r->on_free = fn;
    r->on_free_arg = arg;
}

void gnt_result_free(void *result)
{
    struct gnt_mem mem;
    struct result *r;

    if (result == NULL)
        return;
    r = result_of(result);
    /* An item of a list, or something freed before: leaking is the lesser evil. */
    if (r->magic != RESULT_MAGIC)
        return;
    if (r->on_free != NULL)
        r->on_free(r->on_free_arg);
    r->magic = 0;
    mem = r->arena.mem;
    gnt_arena_free(&r->arena);
    gnt_free(&mem, r);
}
