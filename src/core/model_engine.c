/*
 * Result structs of the engine, volumes and networks:
 * what their members are before anything is known.
 */
#include "model_preset.h"

static const gantry_volume *const no_volumes[1] = { NULL };
static const gantry_subnet_info *const no_subnet_infos[1] = { NULL };
static const gantry_network_member *const no_network_members[1] = { NULL };
static const gantry_network *const no_networks[1] = { NULL };
static const gantry_candidate *const no_candidates[1] = { NULL };
static const gantry_backend_info *const no_backends[1] = { NULL };

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
    UNKNOWN(gantry_info, memory_free_bytes),
    UNKNOWN(gantry_info, swap_bytes),
    TEXT(gantry_info, id),
    TEXT(gantry_info, operating_system),
    TEXT(gantry_info, default_runtime),
    STRINGS(gantry_info, runtimes),
    STRINGS(gantry_info, security),
    STRINGS(gantry_info, cgroup_controllers),
    TEXT(gantry_info, network_backend),
    STRINGS(gantry_info, network_drivers),
    STRINGS(gantry_info, volume_drivers),
    STRINGS(gantry_info, log_drivers),
    TEXT(gantry_info, log_driver),
    TEXT(gantry_info, init_binary),
    STRINGS(gantry_info, registries),
    STRINGS(gantry_info, warnings),
    END,
};

static const struct preset response_presets[] = {
    TEXT(gantry_response, content_type),
    END,
};

static const struct preset volume_presets[] = {
    TEXT(gantry_volume, name),
    TEXT(gantry_volume, driver),
    TEXT(gantry_volume, mountpoint),
    TEXT(gantry_volume, scope),
    PAIRS(gantry_volume, labels),
    PAIRS(gantry_volume, options),
    UNKNOWN(gantry_volume, used_bytes),
    UNKNOWN(gantry_volume, references),
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
    TEXT(gantry_network, parent),
    STRINGS(gantry_network, dns_servers),
    LIST(gantry_network, members, gantry_network_member, no_network_members),
    END,
};

static const struct preset network_list_presets[] = {
    LIST(gantry_network_list, items, gantry_network, no_networks),
    END,
};

static const struct preset subnet_info_presets[] = {
    TEXT(gantry_subnet_info, subnet),
    TEXT(gantry_subnet_info, gateway),
    TEXT(gantry_subnet_info, range),
    END,
};

static const struct preset network_member_presets[] = {
    TEXT(gantry_network_member, container), TEXT(gantry_network_member, name),
    TEXT(gantry_network_member, address),   TEXT(gantry_network_member, address6),
    TEXT(gantry_network_member, mac),       END,
};

static const struct preset volume_ensured_presets[] = {
    STRINGS(gantry_volume_ensured, differences),
    END,
};

static const gantry_volume_mount_ensured *const no_mounts_ensured[1] = { NULL };

static const struct preset volume_mount_ensured_presets[] = {
    TEXT(gantry_volume_mount_ensured, source),
    TEXT(gantry_volume_mount_ensured, target),
    STRINGS(gantry_volume_mount_ensured, differences),
    END,
};

static const struct preset volume_mounts_ensured_presets[] = {
    LIST(gantry_volume_mounts_ensured, items, gantry_volume_mount_ensured, no_mounts_ensured),
    END,
};

static const struct preset volumes_pruned_presets[] = {
    STRINGS(gantry_volumes_pruned, names),
    END,
};

static const struct preset networks_pruned_presets[] = {
    STRINGS(gantry_networks_pruned, names),
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
    TEXT(gantry_candidate, version),
    END,
};

static const struct preset candidate_list_presets[] = {
    LIST(gantry_candidate_list, items, gantry_candidate, no_candidates),
    END,
};

static const struct preset backend_info_presets[] = {
    TEXT(gantry_backend_info, name),
    STRINGS(gantry_backend_info, schemes),
    STRINGS(gantry_backend_info, managers),
    END,
};

static const struct preset backend_list_presets[] = {
    LIST(gantry_backend_list, items, gantry_backend_info, no_backends),
    END,
};

const struct gnt_model gnt_engine_models[] = {
    { GANTRY_KIND_VERSION_INFO, sizeof(gantry_version_info), version_info_presets },
    { GANTRY_KIND_INFO, sizeof(gantry_info), info_presets },
    { GANTRY_KIND_RESPONSE, sizeof(gantry_response), response_presets },
    { GANTRY_KIND_VOLUME, sizeof(gantry_volume), volume_presets },
    { GANTRY_KIND_VOLUME_LIST, sizeof(gantry_volume_list), volume_list_presets },
    { GANTRY_KIND_NETWORK, sizeof(gantry_network), network_presets },
    { GANTRY_KIND_NETWORK_LIST, sizeof(gantry_network_list), network_list_presets },
    { GANTRY_KIND_SUBNET_INFO, sizeof(gantry_subnet_info), subnet_info_presets },
    { GANTRY_KIND_NETWORK_MEMBER, sizeof(gantry_network_member), network_member_presets },
    { GNT_KIND_VOLUME_MOUNT_ENSURED, sizeof(gantry_volume_mount_ensured),
      volume_mount_ensured_presets },
    { GNT_KIND_VOLUME_MOUNTS_ENSURED, sizeof(gantry_volume_mounts_ensured),
      volume_mounts_ensured_presets },
    { GNT_KIND_VOLUMES_PRUNED, sizeof(gantry_volumes_pruned), volumes_pruned_presets },
    { GNT_KIND_NETWORKS_PRUNED, sizeof(gantry_networks_pruned), networks_pruned_presets },
    { GNT_KIND_VOLUME_ENSURED, sizeof(gantry_volume_ensured), volume_ensured_presets },
    { GNT_KIND_NETWORK_ENSURED, sizeof(gantry_network_ensured), network_ensured_presets },
    { GNT_KIND_CANDIDATE, sizeof(gantry_candidate), candidate_presets },
    { GNT_KIND_CANDIDATE_LIST, sizeof(gantry_candidate_list), candidate_list_presets },
    { GNT_KIND_BACKEND_INFO, sizeof(gantry_backend_info), backend_info_presets },
    { GNT_KIND_BACKEND_LIST, sizeof(gantry_backend_list), backend_list_presets },
    { 0, 0, NULL },
};
