/*
 * What engines tell of a container in the same places and words: the rows that the tables of their
 * dialects have in common.
 */
#include "rest_life.h"

#define C gantry_container
const struct gnt_in gnt_container_rows[] = {
    GNT_IN_ID_REQ(C, id, "Id"),
    GNT_IN_NAME(C, name, "Name"),
    GNT_IN_ID(C, image_id, "Image"),
    GNT_IN_STR_REQ(C, state_text, "State/Status"),
    GNT_IN_ENUM(C, state, "State/Status", gnt_container_states),
    GNT_IN_STRS(C, command, "Config/Cmd"),
    GNT_IN_TIME(C, created_ns, "Created"),
    GNT_IN_I64(C, exit_code, "State/ExitCode"),
    GNT_IN_MAP(C, labels, "Config/Labels"),
    GNT_IN_HOOK(C, ports, "NetworkSettings/Ports", gnt_in_port_map),
    GNT_IN_KEYS(C, networks, "NetworkSettings/Networks"),
    GNT_IN_TIME(C, started_ns, "State/StartedAt"),
    GNT_IN_TIME(C, finished_ns, "State/FinishedAt"),
    GNT_IN_I64(C, pid, "State/Pid"),
    GNT_IN_HOOK(C, memory_bytes, "HostConfig/Memory", gnt_in_limit),
    GNT_IN_HOOK(C, pids_limit, "HostConfig/PidsLimit", gnt_in_limit),
    GNT_IN_FLAG(C, oom_killed, "State/OOMKilled"),
    GNT_IN_FLAG(C, tty, "Config/Tty"),
    GNT_IN_FLAG(C, open_stdin, "Config/OpenStdin"),
    GNT_IN_FLAG(C, auto_remove, "HostConfig/AutoRemove"),
    GNT_IN_STR(C, error_text, "State/Error"),
    GNT_IN_STRS(C, environment, "Config/Env"),
    GNT_IN_STR(C, working_directory, "Config/WorkingDir"),
    GNT_IN_STR(C, user, "Config/User"),
    GNT_IN_STR(C, hostname, "Config/Hostname"),
    GNT_IN_HOOK(C, mounts, "Mounts", gnt_in_mounts),
    GNT_IN_HOOK(C, mounts, "HostConfig/Tmpfs", gnt_in_tmpfs),
    GNT_IN_HOOK(C, attachments, "NetworkSettings/Networks", gnt_in_attachments),
    GNT_IN_INT(C, health_failures, "State/Health/FailingStreak"),
    GNT_IN_HOOK(C, health_log, "State/Health/Log", gnt_in_health_log),
    GNT_IN_HOOK(C, stop_signal, "Config/StopSignal", gnt_in_signal),
    GNT_IN_I64(C, restart_retries, "HostConfig/RestartPolicy/MaximumRetryCount"),
    GNT_IN_I64(C, restart_count, "RestartCount"),
    GNT_IN_ENUM(C, restart, "HostConfig/RestartPolicy/Name", gnt_restart_words),
    GNT_IN_FLAG(C, privileged, "HostConfig/Privileged"),
    GNT_IN_FLAG(C, read_only_root, "HostConfig/ReadonlyRootfs"),
    GNT_IN_FLAG(C, init, "HostConfig/Init"),
    GNT_IN_I64(C, cpu_shares, "HostConfig/CpuShares"),
    GNT_IN_I64(C, cpu_period_us, "HostConfig/CpuPeriod"),
    GNT_IN_I64(C, shm_size_bytes, "HostConfig/ShmSize"),
    GNT_IN_STR(C, cpuset_cpus, "HostConfig/CpusetCpus"),
    GNT_IN_STR(C, network_mode, "HostConfig/NetworkMode"),
    GNT_IN_STR(C, log_driver, "HostConfig/LogConfig/Type"),
    GNT_IN_STRS(C, exec_ids, "ExecIDs"),
    GNT_IN_STRS(C, dns_servers, "HostConfig/Dns"),
    GNT_IN_STRS(C, extra_hosts, "HostConfig/ExtraHosts"),
    GNT_IN_I64(C, size_rw_bytes, "SizeRw"),
    GNT_IN_I64(C, size_root_bytes, "SizeRootFs"),
    GNT_IN_END,
};
#undef C

const struct gnt_in gnt_created_rows[] = {
    GNT_IN_ID_REQ(gantry_created, id, "Id"),
    GNT_IN_STRS(gantry_created, warnings, "Warnings"),
    GNT_IN_END,
};
