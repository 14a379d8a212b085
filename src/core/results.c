/*
 * Results as callers and backends see them: one free function per type, each the same line, and
 * what backends fill results with. The work is in model.c.
 */
#include "host.h"
#include "model.h"

#include <string.h>

void gantry_login_result_free(gantry_login_result *result)
{
    gnt_result_free(result);
}

void gantry_search_result_free(gantry_search_result *result)
{
    gnt_result_free(result);
}

void gantry_remote_image_free(gantry_remote_image *image)
{
    gnt_result_free(image);
}

void gantry_reference_free(gantry_reference *reference)
{
    gnt_result_free(reference);
}

void gantry_found_auth_free(gantry_found_auth *found)
{
    gnt_result_free(found);
}

/* ---- for backends ---------------------------------------------------------------------------- */

void *gantry_result_new(gantry_host *host, int kind, gantry_error *err)
{
    if (kind > GANTRY_KIND_QUADLET) {
        gnt_fail(err, GANTRY_E_INVALID, "kind: %d is no kind of result", kind);
        return NULL;
    }
    return gnt_result_new(&host->mem, kind, err);
}

void *gantry_result_item(void *result, int kind)
{
    return gnt_result_item(result, kind);
}

void *gantry_result_alloc(void *result, size_t size)
{
    return gnt_arena_alloc(gnt_result_arena(result), size);
}

const char *gantry_result_strdup(void *result, const char *text)
{
    return text != NULL ? gnt_arena_strdup(gnt_result_arena(result), text) : "";
}

const char *const *gantry_result_strings(void *result, const char *const *list)
{
    struct gnt_arena *arena = gnt_result_arena(result);
    const char **copy;
    size_t count = 0;
    size_t i;

    if (list == NULL || list[0] == NULL)
        return gnt_no_strings;
    while (list[count] != NULL)
        count++;
    if (count >= SIZE_MAX / sizeof *copy)
        return NULL;
    copy = gnt_arena_alloc(arena, (count + 1) * sizeof *copy);
    if (copy == NULL)
        return NULL;
    for (i = 0; i < count; i++) {
        copy[i] = gnt_arena_strdup(arena, list[i]);
        if (copy[i] == NULL)
            return NULL;
    }
    return copy;
}

void gantry_result_free(void *result)
{
    gnt_result_free(result);
}

/* ---- for callers ----------------------------------------------------------------------------- */

/* The body goes with the answer that was handed out. */
void gantry_response_free(gantry_response *response)
{
    if (response == NULL)
        return;
    gantry_stream_close(response->body);
    gnt_result_free(response);
}

void gantry_version_info_free(gantry_version_info *info)
{
    gnt_result_free(info);
}

void gantry_info_free(gantry_info *info)
{
    gnt_result_free(info);
}

void gantry_backend_list_free(gantry_backend_list *list)
{
    gnt_result_free(list);
}

void gantry_candidate_list_free(gantry_candidate_list *list)
{
    gnt_result_free(list);
}

void gantry_build_result_free(gantry_build_result *result)
{
    gnt_result_free(result);
}

void gantry_image_import_result_free(gantry_image_import_result *result)
{
    gnt_result_free(result);
}

void gantry_image_free(gantry_image *image)
{
    gnt_result_free(image);
}

void gantry_image_list_free(gantry_image_list *list)
{
    gnt_result_free(list);
}

void gantry_image_removal_free(gantry_image_removal *removal)
{
    gnt_result_free(removal);
}

void gantry_image_history_free(gantry_image_history *history)
{
    gnt_result_free(history);
}

void gantry_image_pruned_free(gantry_image_pruned *pruned)
{
    gnt_result_free(pruned);
}

void gantry_image_disk_usage_free(gantry_image_disk_usage *usage)
{
    gnt_result_free(usage);
}

void gantry_load_result_free(gantry_load_result *result)
{
    gnt_result_free(result);
}

void gantry_committed_free(gantry_committed *committed)
{
    gnt_result_free(committed);
}

void gantry_created_free(gantry_created *created)
{
    gnt_result_free(created);
}

void gantry_container_free(gantry_container *container)
{
    gnt_result_free(container);
}

void gantry_container_list_free(gantry_container_list *list)
{
    gnt_result_free(list);
}

void gantry_exec_result_free(gantry_exec_result *result)
{
    gnt_result_free(result);
}

void gantry_run_result_free(gantry_run_result *result)
{
    gnt_result_free(result);
}

void gantry_volume_free(gantry_volume *volume)
{
    gnt_result_free(volume);
}

void gantry_volume_list_free(gantry_volume_list *list)
{
    gnt_result_free(list);
}

void gantry_volume_ensured_free(gantry_volume_ensured *ensured)
{
    gnt_result_free(ensured);
}

void gantry_network_free(gantry_network *network)
{
    gnt_result_free(network);
}

void gantry_network_list_free(gantry_network_list *list)
{
    gnt_result_free(list);
}

void gantry_network_ensured_free(gantry_network_ensured *ensured)
{
    gnt_result_free(ensured);
}

void gantry_output_free(gantry_output *output)
{
    gnt_result_free(output);
}

void gantry_manifest_free(gantry_manifest *manifest)
{
    gnt_result_free(manifest);
}

void gantry_manifest_id_free(gantry_manifest_id *id)
{
    gnt_result_free(id);
}

void gantry_volume_mounts_ensured_free(gantry_volume_mounts_ensured *ensured)
{
    gnt_result_free(ensured);
}

void gantry_volumes_pruned_free(gantry_volumes_pruned *pruned)
{
    gnt_result_free(pruned);
}

void gantry_networks_pruned_free(gantry_networks_pruned *pruned)
{
    gnt_result_free(pruned);
}

void gantry_pod_created_free(gantry_pod_created *created)
{
    gnt_result_free(created);
}

void gantry_pods_pruned_free(gantry_pods_pruned *pruned)
{
    gnt_result_free(pruned);
}

void gantry_pod_free(gantry_pod *pod)
{
    gnt_result_free(pod);
}

void gantry_pod_list_free(gantry_pod_list *list)
{
    gnt_result_free(list);
}

void gantry_pod_stats_free(gantry_pod_stats *stats)
{
    gnt_result_free(stats);
}

void gantry_secret_created_free(gantry_secret_created *created)
{
    gnt_result_free(created);
}

void gantry_secret_free(gantry_secret *secret)
{
    gnt_result_free(secret);
}

void gantry_secret_list_free(gantry_secret_list *list)
{
    gnt_result_free(list);
}

void gantry_disk_usage_free(gantry_disk_usage *usage)
{
    gnt_result_free(usage);
}

void gantry_system_pruned_free(gantry_system_pruned *pruned)
{
    gnt_result_free(pruned);
}

void gantry_system_report_free(gantry_system_report *report)
{
    gnt_result_free(report);
}

void gantry_kube_result_free(gantry_kube_result *result)
{
    gnt_result_free(result);
}

void gantry_text_free(gantry_text *text)
{
    gnt_result_free(text);
}

void gantry_unit_list_free(gantry_unit_list *list)
{
    gnt_result_free(list);
}

void gantry_quadlet_list_free(gantry_quadlet_list *list)
{
    gnt_result_free(list);
}
