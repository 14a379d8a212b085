/*
 * Result structs of containers, their streams and files:
 * what their members are before anything is known.
 */
#include "model_preset.h"

static const gantry_port_info *const no_port_infos[1] = { NULL };
static const gantry_mount_info *const no_mount_infos[1] = { NULL };
static const gantry_attachment_info *const no_attachment_infos[1] = { NULL };
static const gantry_container *const no_containers[1] = { NULL };
static const gantry_health_probe *const no_health_probes[1] = { NULL };
static const gantry_container_change *const no_container_changes[1] = { NULL };
static const gantry_network_stats *const no_network_stats[1] = { NULL };
static const gantry_block_stats *const no_block_stats[1] = { NULL };
static const gantry_mount *const no_mounts[1] = { NULL };
static const gantry_port *const no_ports[1] = { NULL };
static const gantry_deployed_item *const no_deployed_items[1] = { NULL };
static const char *const *const no_rows[1] = { NULL };

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
    TEXT(gantry_container, health_text),
    LIST(gantry_container, health_log, gantry_health_probe, no_health_probes),
    STRINGS(gantry_container, health_test),
    TEXT(gantry_container, stop_signal),
    UNKNOWN(gantry_container, stop_timeout_ms),
    TEXT(gantry_container, cpuset_cpus),
    TEXT(gantry_container, network_mode),
    TEXT(gantry_container, pid_namespace),
    TEXT(gantry_container, ipc_namespace),
    TEXT(gantry_container, user_namespace),
    TEXT(gantry_container, log_driver),
    TEXT(gantry_container, log_path),
    TEXT(gantry_container, runtime),
    TEXT(gantry_container, pod),
    STRINGS(gantry_container, capabilities_add),
    STRINGS(gantry_container, capabilities_drop),
    STRINGS(gantry_container, exec_ids),
    STRINGS(gantry_container, dns_servers),
    STRINGS(gantry_container, extra_hosts),
    PAIRS(gantry_container, annotations),
    UNKNOWN(gantry_container, size_rw_bytes),
    UNKNOWN(gantry_container, size_root_bytes),
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

static const struct preset committed_presets[] = {
    TEXT(gantry_committed, image_id),
    END,
};

static const struct preset health_probe_presets[] = {
    TEXT(gantry_health_probe, output),
    END,
};

static const struct preset health_result_presets[] = {
    LIST(gantry_health_result, log, gantry_health_probe, no_health_probes),
    END,
};

static const struct preset containers_pruned_presets[] = {
    STRINGS(gantry_containers_pruned, ids),
    END,
};

static const struct preset container_top_presets[] = {
    STRINGS(gantry_container_top, titles),
    PRESET(gantry_container_top, processes, const char *const *const *, no_rows),
    END,
};

static const struct preset container_change_presets[] = {
    TEXT(gantry_container_change, path),
    END,
};

static const struct preset container_changes_presets[] = {
    LIST(gantry_container_changes, items, gantry_container_change, no_container_changes),
    END,
};

static const struct preset mount_point_presets[] = {
    TEXT(gantry_mount_point, path),
    END,
};

static const struct preset exec_info_presets[] = {
    TEXT(gantry_exec_info, id),         TEXT(gantry_exec_info, container_id),
    STRINGS(gantry_exec_info, command), TEXT(gantry_exec_info, user),
    TEXT(gantry_exec_info, json),       END,
};

static const struct preset stats_presets[] = {
    TEXT(gantry_stats, id),
    TEXT(gantry_stats, name),
    UNKNOWN(gantry_stats, cpu_ns),
    UNKNOWN(gantry_stats, cpu_system_ns),
    UNKNOWN(gantry_stats, cpus),
    UNKNOWN(gantry_stats, throttled_ns),
    UNKNOWN(gantry_stats, memory_bytes),
    UNKNOWN(gantry_stats, memory_cache_bytes),
    UNKNOWN(gantry_stats, memory_limit_bytes),
    UNKNOWN(gantry_stats, memory_peak_bytes),
    UNKNOWN(gantry_stats, processes),
    UNKNOWN(gantry_stats, process_limit),
    UNKNOWN(gantry_stats, received_bytes),
    UNKNOWN(gantry_stats, sent_bytes),
    UNKNOWN(gantry_stats, read_bytes),
    UNKNOWN(gantry_stats, written_bytes),
    LIST(gantry_stats, networks, gantry_network_stats, no_network_stats),
    LIST(gantry_stats, devices, gantry_block_stats, no_block_stats),
    TEXT(gantry_stats, json),
    END,
};

static const struct preset network_stats_presets[] = {
    TEXT(gantry_network_stats, name),
    UNKNOWN(gantry_network_stats, received_bytes),
    UNKNOWN(gantry_network_stats, received_packets),
    UNKNOWN(gantry_network_stats, received_errors),
    UNKNOWN(gantry_network_stats, received_dropped),
    UNKNOWN(gantry_network_stats, sent_bytes),
    UNKNOWN(gantry_network_stats, sent_packets),
    UNKNOWN(gantry_network_stats, sent_errors),
    UNKNOWN(gantry_network_stats, sent_dropped),
    END,
};

static const struct preset block_stats_presets[] = {
    UNKNOWN(gantry_block_stats, major),
    UNKNOWN(gantry_block_stats, minor),
    UNKNOWN(gantry_block_stats, read_bytes),
    UNKNOWN(gantry_block_stats, written_bytes),
    END,
};

static const struct preset file_info_presets[] = {
    TEXT(gantry_file_info, name),
    TEXT(gantry_file_info, link_target),
    END,
};

static const struct preset mount_list_presets[] = {
    LIST(gantry_mount_list, items, gantry_mount, no_mounts),
    END,
};

static const struct preset port_list_presets[] = {
    LIST(gantry_port_list, items, gantry_port, no_ports),
    END,
};

static const struct preset file_content_presets[] = {
    TEXT(gantry_file_content, data),
    END,
};

static const struct preset user_info_presets[] = {
    END,
};

static const struct preset container_ensured_presets[] = {
    TEXT(gantry_container_ensured, id),
    STRINGS(gantry_container_ensured, differences),
    STRINGS(gantry_container_ensured, warnings),
    END,
};

static const struct preset deployed_item_presets[] = {
    TEXT(gantry_deployed_item, name),
    TEXT(gantry_deployed_item, id),
    END,
};

static const struct preset deployment_presets[] = {
    LIST(gantry_deployment, items, gantry_deployed_item, no_deployed_items),
    END,
};

const struct gnt_model gnt_container_models[] = {
    { GANTRY_KIND_CREATED, sizeof(gantry_created), created_presets },
    { GANTRY_KIND_CONTAINER, sizeof(gantry_container), container_presets },
    { GANTRY_KIND_CONTAINER_LIST, sizeof(gantry_container_list), container_list_presets },
    { GANTRY_KIND_PORT_INFO, sizeof(gantry_port_info), port_info_presets },
    { GANTRY_KIND_MOUNT_INFO, sizeof(gantry_mount_info), mount_info_presets },
    { GANTRY_KIND_ATTACHMENT_INFO, sizeof(gantry_attachment_info), attachment_info_presets },
    { GNT_KIND_OUTPUT, sizeof(gantry_output), output_presets },
    { GNT_KIND_EXEC_RESULT, sizeof(gantry_exec_result), exec_result_presets },
    { GNT_KIND_RUN_RESULT, sizeof(gantry_run_result), run_result_presets },
    { GANTRY_KIND_COMMITTED, sizeof(gantry_committed), committed_presets },
    { GANTRY_KIND_HEALTH_PROBE, sizeof(gantry_health_probe), health_probe_presets },
    { GANTRY_KIND_HEALTH_RESULT, sizeof(gantry_health_result), health_result_presets },
    { GANTRY_KIND_CONTAINERS_PRUNED, sizeof(gantry_containers_pruned), containers_pruned_presets },
    { GANTRY_KIND_CONTAINER_TOP, sizeof(gantry_container_top), container_top_presets },
    { GANTRY_KIND_CONTAINER_CHANGE, sizeof(gantry_container_change), container_change_presets },
    { GANTRY_KIND_CONTAINER_CHANGES, sizeof(gantry_container_changes), container_changes_presets },
    { GANTRY_KIND_MOUNT_POINT, sizeof(gantry_mount_point), mount_point_presets },
    { GANTRY_KIND_EXEC_INFO, sizeof(gantry_exec_info), exec_info_presets },
    { GANTRY_KIND_STATS, sizeof(gantry_stats), stats_presets },
    { GANTRY_KIND_NETWORK_STATS, sizeof(gantry_network_stats), network_stats_presets },
    { GANTRY_KIND_BLOCK_STATS, sizeof(gantry_block_stats), block_stats_presets },
    { GANTRY_KIND_FILE_INFO, sizeof(gantry_file_info), file_info_presets },
    { GNT_KIND_MOUNT_LIST, sizeof(gantry_mount_list), mount_list_presets },
    { GNT_KIND_PORT_LIST, sizeof(gantry_port_list), port_list_presets },
    { GNT_KIND_FILE_CONTENT, sizeof(gantry_file_content), file_content_presets },
    { GNT_KIND_USER_INFO, sizeof(gantry_user_info), user_info_presets },
    { GNT_KIND_CONTAINER_ENSURED, sizeof(gantry_container_ensured), container_ensured_presets },
    { GNT_KIND_DEPLOYED_ITEM, sizeof(gantry_deployed_item), deployed_item_presets },
    { GNT_KIND_DEPLOYMENT, sizeof(gantry_deployment), deployment_presets },
    { 0, 0, NULL },
};
