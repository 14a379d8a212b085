/*
 * Result structs of pods, secrets, events, the engine as a whole and Kubernetes YAML: what their
 * members are before anything is known.
 */
#include "model_preset.h"

static const gantry_port_info *const no_port_infos[1] = { NULL };
static const gantry_pod_member *const no_pod_members[1] = { NULL };
static const gantry_pod *const no_pods[1] = { NULL };
static const gantry_stats *const no_statss[1] = { NULL };
static const gantry_secret *const no_secrets[1] = { NULL };
static const gantry_usage_item *const no_usage_items[1] = { NULL };
static const gantry_finding *const no_findings[1] = { NULL };
static const gantry_kube_pod *const no_kube_pods[1] = { NULL };
static const gantry_unit *const no_units[1] = { NULL };
static const gantry_quadlet *const no_quadlets[1] = { NULL };

static const gantry_usage_sum no_usage = {
    .size = sizeof no_usage, .count = -1, .active = -1, .bytes = -1, .reclaimable_bytes = -1
};

static const struct preset pod_presets[] = {
    TEXT(gantry_pod, id),
    TEXT(gantry_pod, name),
    TEXT(gantry_pod, state_text),
    TEXT(gantry_pod, infra_id),
    TEXT(gantry_pod, hostname),
    TEXT(gantry_pod, cgroup_parent),
    PAIRS(gantry_pod, labels),
    STRINGS(gantry_pod, networks),
    STRINGS(gantry_pod, share),
    LIST(gantry_pod, ports, gantry_port_info, no_port_infos),
    LIST(gantry_pod, members, gantry_pod_member, no_pod_members),
    END,
};

static const struct preset pod_list_presets[] = {
    LIST(gantry_pod_list, items, gantry_pod, no_pods),
    END,
};

static const struct preset pod_member_presets[] = {
    TEXT(gantry_pod_member, id),
    TEXT(gantry_pod_member, name),
    TEXT(gantry_pod_member, state_text),
    END,
};

static const struct preset pod_created_presets[] = {
    TEXT(gantry_pod_created, id),
    TEXT(gantry_pod_created, name),
    END,
};

static const struct preset pods_pruned_presets[] = {
    STRINGS(gantry_pods_pruned, ids),
    END,
};

static const struct preset pod_stats_presets[] = {
    LIST(gantry_pod_stats, items, gantry_stats, no_statss),
    UNKNOWN(gantry_pod_stats, cpu_ns),
    UNKNOWN(gantry_pod_stats, memory_bytes),
    UNKNOWN(gantry_pod_stats, processes),
    UNKNOWN(gantry_pod_stats, received_bytes),
    UNKNOWN(gantry_pod_stats, sent_bytes),
    UNKNOWN(gantry_pod_stats, read_bytes),
    UNKNOWN(gantry_pod_stats, written_bytes),
    END,
};

static const struct preset secret_presets[] = {
    TEXT(gantry_secret, id),      TEXT(gantry_secret, name),     TEXT(gantry_secret, driver),
    PAIRS(gantry_secret, labels), PAIRS(gantry_secret, options), END,
};

static const struct preset secret_list_presets[] = {
    LIST(gantry_secret_list, items, gantry_secret, no_secrets),
    END,
};

static const struct preset secret_created_presets[] = {
    TEXT(gantry_secret_created, id),
    END,
};

static const struct preset event_presets[] = {
    TEXT(gantry_event, type_text),
    TEXT(gantry_event, action_text),
    TEXT(gantry_event, id),
    TEXT(gantry_event, name),
    TEXT(gantry_event, image),
    TEXT(gantry_event, container),
    TEXT(gantry_event, pod),
    TEXT(gantry_event, health),
    TEXT(gantry_event, signal),
    PAIRS(gantry_event, attributes),
    TEXT(gantry_event, json),
    UNKNOWN(gantry_event, exit_code),
    END,
};

static const struct preset disk_usage_presets[] = {
    PRESET(gantry_disk_usage, images, const gantry_usage_sum *, &no_usage),
    PRESET(gantry_disk_usage, containers, const gantry_usage_sum *, &no_usage),
    PRESET(gantry_disk_usage, volumes, const gantry_usage_sum *, &no_usage),
    PRESET(gantry_disk_usage, build_cache, const gantry_usage_sum *, &no_usage),
    LIST(gantry_disk_usage, image_items, gantry_usage_item, no_usage_items),
    LIST(gantry_disk_usage, container_items, gantry_usage_item, no_usage_items),
    LIST(gantry_disk_usage, volume_items, gantry_usage_item, no_usage_items),
    LIST(gantry_disk_usage, build_cache_items, gantry_usage_item, no_usage_items),
    TEXT(gantry_disk_usage, json),
    END,
};

static const struct preset usage_sum_presets[] = {
    UNKNOWN(gantry_usage_sum, count),
    UNKNOWN(gantry_usage_sum, active),
    UNKNOWN(gantry_usage_sum, bytes),
    UNKNOWN(gantry_usage_sum, reclaimable_bytes),
    END,
};

static const struct preset usage_item_presets[] = {
    TEXT(gantry_usage_item, id),
    TEXT(gantry_usage_item, name),
    UNKNOWN(gantry_usage_item, bytes),
    UNKNOWN(gantry_usage_item, shared_bytes),
    UNKNOWN(gantry_usage_item, references),
    END,
};

static const struct preset system_pruned_presets[] = {
    STRINGS(gantry_system_pruned, pods),
    STRINGS(gantry_system_pruned, containers),
    STRINGS(gantry_system_pruned, networks),
    STRINGS(gantry_system_pruned, images),
    STRINGS(gantry_system_pruned, volumes),
    STRINGS(gantry_system_pruned, build_cache),
    END,
};

static const struct preset system_report_presets[] = {
    LIST(gantry_system_report, findings, gantry_finding, no_findings),
    END,
};

static const struct preset finding_presets[] = {
    TEXT(gantry_finding, subject),
    TEXT(gantry_finding, text),
    END,
};

static const struct preset kube_result_presets[] = {
    LIST(gantry_kube_result, pods, gantry_kube_pod, no_kube_pods),
    STRINGS(gantry_kube_result, volumes),
    STRINGS(gantry_kube_result, secrets),
    STRINGS(gantry_kube_result, stopped),
    STRINGS(gantry_kube_result, removed),
    TEXT(gantry_kube_result, json),
    END,
};

static const struct preset kube_pod_presets[] = {
    TEXT(gantry_kube_pod, id),
    STRINGS(gantry_kube_pod, containers),
    STRINGS(gantry_kube_pod, init_containers),
    STRINGS(gantry_kube_pod, errors),
    STRINGS(gantry_kube_pod, logs),
    END,
};

static const struct preset text_presets[] = {
    TEXT(gantry_text, text),
    END,
};

static const struct preset unit_list_presets[] = {
    LIST(gantry_unit_list, items, gantry_unit, no_units),
    END,
};

static const struct preset unit_presets[] = {
    TEXT(gantry_unit, name),
    TEXT(gantry_unit, text),
    END,
};

static const struct preset quadlet_list_presets[] = {
    LIST(gantry_quadlet_list, items, gantry_quadlet, no_quadlets),
    END,
};

static const struct preset quadlet_presets[] = {
    TEXT(gantry_quadlet, name),   TEXT(gantry_quadlet, unit), TEXT(gantry_quadlet, path),
    TEXT(gantry_quadlet, status), TEXT(gantry_quadlet, app),  END,
};

const struct gnt_model gnt_system_models[] = {
    { GANTRY_KIND_POD, sizeof(gantry_pod), pod_presets },
    { GANTRY_KIND_POD_LIST, sizeof(gantry_pod_list), pod_list_presets },
    { GANTRY_KIND_POD_MEMBER, sizeof(gantry_pod_member), pod_member_presets },
    { GANTRY_KIND_POD_CREATED, sizeof(gantry_pod_created), pod_created_presets },
    { GNT_KIND_PODS_PRUNED, sizeof(gantry_pods_pruned), pods_pruned_presets },
    { GNT_KIND_POD_STATS, sizeof(gantry_pod_stats), pod_stats_presets },
    { GANTRY_KIND_SECRET, sizeof(gantry_secret), secret_presets },
    { GANTRY_KIND_SECRET_LIST, sizeof(gantry_secret_list), secret_list_presets },
    { GANTRY_KIND_SECRET_CREATED, sizeof(gantry_secret_created), secret_created_presets },
    { GANTRY_KIND_EVENT, sizeof(gantry_event), event_presets },
    { GANTRY_KIND_DISK_USAGE, sizeof(gantry_disk_usage), disk_usage_presets },
    { GANTRY_KIND_USAGE_SUM, sizeof(gantry_usage_sum), usage_sum_presets },
    { GANTRY_KIND_USAGE_ITEM, sizeof(gantry_usage_item), usage_item_presets },
    { GNT_KIND_SYSTEM_PRUNED, sizeof(gantry_system_pruned), system_pruned_presets },
    { GNT_KIND_SYSTEM_REPORT, sizeof(gantry_system_report), system_report_presets },
    { GNT_KIND_FINDING, sizeof(gantry_finding), finding_presets },
    { GANTRY_KIND_KUBE_RESULT, sizeof(gantry_kube_result), kube_result_presets },
    { GANTRY_KIND_KUBE_POD, sizeof(gantry_kube_pod), kube_pod_presets },
    { GANTRY_KIND_TEXT, sizeof(gantry_text), text_presets },
    { GANTRY_KIND_UNIT_LIST, sizeof(gantry_unit_list), unit_list_presets },
    { GANTRY_KIND_UNIT, sizeof(gantry_unit), unit_presets },
    { GANTRY_KIND_QUADLET_LIST, sizeof(gantry_quadlet_list), quadlet_list_presets },
    { GANTRY_KIND_QUADLET, sizeof(gantry_quadlet), quadlet_presets },
    { 0, 0, NULL },
};
