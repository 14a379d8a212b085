/*
 * Result structs of images, builds, registries and manifest lists:
 * what their members are before anything is known.
 */
#include "model_preset.h"

static const gantry_image *const no_images[1] = { NULL };
static const gantry_build_step *const no_build_steps[1] = { NULL };
static const gantry_image_layer *const no_image_layers[1] = { NULL };
static const gantry_image_usage *const no_image_usages[1] = { NULL };
static const gantry_search_item *const no_search_items[1] = { NULL };
static const gantry_manifest_item *const no_manifest_items[1] = { NULL };

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

static const struct preset build_result_presets[] = {
    TEXT(gantry_build_result, image_id),
    STRINGS(gantry_build_result, warnings),
    LIST(gantry_build_result, steps, gantry_build_step, no_build_steps),
    END,
};

static const struct preset load_result_presets[] = {
    STRINGS(gantry_load_result, references),
    STRINGS(gantry_load_result, image_ids),
    END,
};

static const struct preset image_history_presets[] = {
    LIST(gantry_image_history, items, gantry_image_layer, no_image_layers),
    STRINGS(gantry_image_history, layer_digests),
    END,
};

static const struct preset image_layer_presets[] = {
    TEXT(gantry_image_layer, id),
    TEXT(gantry_image_layer, created_by),
    TEXT(gantry_image_layer, comment),
    STRINGS(gantry_image_layer, references),
    END,
};

static const struct preset image_pruned_presets[] = {
    STRINGS(gantry_image_pruned, untagged),
    STRINGS(gantry_image_pruned, deleted),
    STRINGS(gantry_image_pruned, caches),
    END,
};

static const struct preset image_disk_usage_presets[] = {
    UNKNOWN(gantry_image_disk_usage, total_bytes),
    LIST(gantry_image_disk_usage, items, gantry_image_usage, no_image_usages),
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

static const struct preset login_result_presets[] = {
    TEXT(gantry_login_result, status),
    TEXT(gantry_login_result, identity_token),
    END,
};

static const struct preset search_result_presets[] = {
    LIST(gantry_search_result, items, gantry_search_item, no_search_items),
    END,
};

static const struct preset search_item_presets[] = {
    TEXT(gantry_search_item, name),
    TEXT(gantry_search_item, description),
    UNKNOWN(gantry_search_item, stars),
    END,
};

static const struct preset remote_image_presets[] = {
    TEXT(gantry_remote_image, digest),
    TEXT(gantry_remote_image, media_type),
    UNKNOWN(gantry_remote_image, manifest_bytes),
    STRINGS(gantry_remote_image, platforms),
    END,
};

static const struct preset manifest_presets[] = {
    TEXT(gantry_manifest, media_type),
    TEXT(gantry_manifest, digest),
    TEXT(gantry_manifest, json),
    LIST(gantry_manifest, items, gantry_manifest_item, no_manifest_items),
    END,
};

static const struct preset manifest_item_presets[] = {
    TEXT(gantry_manifest_item, digest),       TEXT(gantry_manifest_item, media_type),
    TEXT(gantry_manifest_item, os),           TEXT(gantry_manifest_item, architecture),
    TEXT(gantry_manifest_item, variant),      TEXT(gantry_manifest_item, os_version),
    PAIRS(gantry_manifest_item, annotations), UNKNOWN(gantry_manifest_item, manifest_bytes),
    STRINGS(gantry_manifest_item, features),  END,
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

const struct gnt_model gnt_image_models[] = {
    { GANTRY_KIND_IMAGE, sizeof(gantry_image), image_presets },
    { GANTRY_KIND_IMAGE_LIST, sizeof(gantry_image_list), image_list_presets },
    { GANTRY_KIND_IMAGE_REMOVAL, sizeof(gantry_image_removal), image_removal_presets },
    { GANTRY_KIND_IMAGE_IMPORT_RESULT, sizeof(gantry_image_import_result), import_result_presets },
    { GNT_KIND_BUILD_RESULT, sizeof(gantry_build_result), build_result_presets },
    { GANTRY_KIND_LOAD_RESULT, sizeof(gantry_load_result), load_result_presets },
    { GANTRY_KIND_IMAGE_HISTORY, sizeof(gantry_image_history), image_history_presets },
    { GANTRY_KIND_IMAGE_LAYER, sizeof(gantry_image_layer), image_layer_presets },
    { GANTRY_KIND_IMAGE_PRUNED, sizeof(gantry_image_pruned), image_pruned_presets },
    { GANTRY_KIND_IMAGE_DISK_USAGE, sizeof(gantry_image_disk_usage), image_disk_usage_presets },
    { GANTRY_KIND_IMAGE_USAGE, sizeof(gantry_image_usage), image_usage_presets },
    { GANTRY_KIND_LOGIN_RESULT, sizeof(gantry_login_result), login_result_presets },
    { GANTRY_KIND_SEARCH_RESULT, sizeof(gantry_search_result), search_result_presets },
    { GANTRY_KIND_SEARCH_ITEM, sizeof(gantry_search_item), search_item_presets },
    { GANTRY_KIND_REMOTE_IMAGE, sizeof(gantry_remote_image), remote_image_presets },
    { GANTRY_KIND_MANIFEST, sizeof(gantry_manifest), manifest_presets },
    { GANTRY_KIND_MANIFEST_ITEM, sizeof(gantry_manifest_item), manifest_item_presets },
    { GANTRY_KIND_MANIFEST_ID, sizeof(gantry_manifest_id), manifest_id_presets },
    { GNT_KIND_BUILD_STEP, sizeof(gantry_build_step), build_step_presets },
    { GNT_KIND_PULL_RESULT, sizeof(gantry_pull_result), pull_result_presets },
    { GNT_KIND_PUSH_RESULT, sizeof(gantry_push_result), push_result_presets },
    { GNT_KIND_FOUND_AUTH, sizeof(gantry_found_auth), found_auth_presets },
    { GNT_KIND_REFERENCE, sizeof(gantry_reference), reference_presets },
    { 0, 0, NULL },
};
