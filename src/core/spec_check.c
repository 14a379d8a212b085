/*
 * Checks of a container's options as a whole: values, known words, options that exclude or need
 * each other. What it is put together from was checked before.
 */
#include "spec_check.h"

#include <gantry/image.h>
#include <string.h>

#include "error.h"
#include "names.h"

/* ---- values ---------------------------------------------------------------------------------- */

static int check_texts(const gantry_container_options *o, gantry_error *err)
{
    const struct {
        const char *name;
        const char *value;
    } texts[] = {
        { "working_directory", o->working_directory },
        { "user", o->user },
        { "stop_signal", o->stop_signal },
        { "log_driver", o->log_driver },
        { "cgroup_parent", o->cgroup_parent },
        { "runtime", o->runtime },
        { "pod", o->pod },
    };
    const struct {
        const char *name;
        const char *const *list;
    } lists[] = { { "groups", o->groups },
                  { "dns_search", o->dns_search },
                  { "dns_options", o->dns_options } };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof texts / sizeof texts[0]; i++) {
        /* "" has always been the same as none. */
        if (texts[i].value != NULL && texts[i].value[0] != '\0')
            rc = gnt_check_text(texts[i].name, texts[i].value, err);
    }
    for (size_t i = 0; rc == 0 && i < sizeof lists / sizeof lists[0]; i++)
        rc = gnt_check_texts(lists[i].name, lists[i].list, err);
    return rc;
}

static int check_pairs(const gantry_container_options *o, gantry_error *err)
{
    const struct {
        const char *name;
        const gantry_pair *pairs;
        size_t count;
    } maps[] = { { "labels", o->labels, o->label_count },
                 { "annotations", o->annotations, o->annotation_count },
                 { "sysctls", o->sysctls, o->sysctl_count },
                 { "log_options", o->log_options, o->log_option_count } };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof maps / sizeof maps[0]; i++)
        rc = gnt_check_pairs(maps[i].name, maps[i].pairs, maps[i].count, err);
    for (size_t i = 0; rc == 0 && i < o->sysctl_count; i++) {
        if (o->sysctls[i].value == NULL)
            rc = gnt_fail(err, GANTRY_E_INVALID, "sysctls: %.100s has no value", o->sysctls[i].key);
    }
    return rc;
}

static int check_switches(const gantry_container_options *o, gantry_error *err)
{
    const struct {
        const char *name;
        int value;
    } switches[] = { { "tty", o->tty },
                     { "open_stdin", o->open_stdin },
                     { "auto_remove", o->auto_remove },
                     { "init", o->init },
                     { "publish_all", o->publish_all } };
    int rc = gnt_check_word("restart", o->restart, GANTRY_RESTART_UNLESS_STOPPED, "GANTRY_RESTART_",
                            err);

    if (rc == 0)
        rc = gnt_check_word("pull", o->pull, GANTRY_PULL_NEWER, "GANTRY_PULL_", err);
    for (size_t i = 0; rc == 0 && i < sizeof switches / sizeof switches[0]; i++)
        rc = gnt_check_switch(switches[i].name, switches[i].value, err);
    return rc;
}

static int check_numbers(const gantry_container_options *o, gantry_error *err)
{
    if (o->stop_timeout_ms < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "stop_timeout_ms: must not be negative");
    if (o->shm_size_bytes < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "shm_size_bytes: must not be negative");
    if (o->restart_retries < 0 || o->restart_retries > INT32_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "restart_retries: is %s",
                        o->restart_retries < 0 ? "negative" : "too large");
    if (o->oom_score_adjustment < -1000 || o->oom_score_adjustment > 1000)
        return gnt_fail(err, GANTRY_E_INVALID, "oom_score_adjustment: %d is not -1000 to 1000",
                        o->oom_score_adjustment);
    return 0;
}

/* "80/tcp", "80" */
static int check_exposed(const char *const *ports, gantry_error *err)
{
    for (; ports != NULL && *ports != NULL; ports++) {
        size_t size = strcspn(*ports, "/");
        const char *protocol = *ports + size;

        if (gnt_port_number(*ports, size) == 0 ||
            (*protocol != '\0' && strcmp(protocol, "/tcp") != 0 && strcmp(protocol, "/udp") != 0 &&
             strcmp(protocol, "/sctp") != 0))
            return gnt_fail(err, GANTRY_E_INVALID, "exposed_ports: is not like \"80/tcp\": %.40s",
                            *ports);
    }
    return 0;
}

/* "all", "2", "device=ID,ID" */
static int check_gpus(const char *gpus, gantry_error *err)
{
    if (gpus == NULL || strcmp(gpus, "all") == 0 || gnt_port_number(gpus, strlen(gpus)) > 0)
        return 0;
    if (strncmp(gpus, "device=", 7) == 0 && gpus[7] != '\0' && gpus[7] != ',' &&
        strstr(gpus, ",,") == NULL && gpus[strlen(gpus) - 1] != ',')
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID,
                    "gpus: is neither \"all\" nor a number nor \"device=ID,ID\": %.60s", gpus);
}

/* ---- namespaces ------------------------------------------------------------------------------ */

/* One of the words, or "container:NAME" where that is one. */
static int check_namespace(const char *argument, const char *given, const char *const *words,
                           gantry_error *err)
{
    if (given == NULL)
        return 0;
    for (; *words != NULL; words++) {
        size_t size = strlen(*words);
        int named = (*words)[size - 1] == ':';

        if (named && strncmp(*words, given, size) == 0)
            return gnt_check_name(argument, given + size, err);
        if (!named && strcmp(*words, given) == 0)
            return 0;
    }
    return gnt_fail(err, GANTRY_E_INVALID, "%s: no such mode: %.60s", argument, given);
}

static int check_namespaces(const gantry_container_options *o, gantry_error *err)
{
    static const char *const pid[] = { "host", "private", "container:", NULL };
    static const char *const ipc[] = { "host", "private", "shareable", "none", "container:", NULL };
    static const char *const two[] = { "host", "private", NULL };
    int rc = check_namespace("pid_namespace", o->pid_namespace, pid, err);

    if (rc == 0)
        rc = check_namespace("ipc_namespace", o->ipc_namespace, ipc, err);
    if (rc == 0)
        rc = check_namespace("uts_namespace", o->uts_namespace, two, err);
    if (rc == 0)
        rc = check_namespace("cgroup_namespace", o->cgroup_namespace, two, err);
    return rc;
}

/* ---- networks -------------------------------------------------------------------------------- */

static int has_prefix(const char *text, const char *prefix)
{
    return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

static int is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

static int check_network(const gantry_container_options *o, gantry_error *err)
{
    const char *name = o->network;
    int rc = 0;

    if (o->network != NULL && o->networks != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "networks: not together with network");
    if (o->pod != NULL && (o->network != NULL || o->networks != NULL))
        return gnt_fail(err, GANTRY_E_INVALID, "pod: not together with network and networks");
    if (name != NULL)
        rc = gnt_check_name("network", has_prefix(name, "container:") ? name + 10 : name, err);
    for (size_t i = 0; rc == 0 && o->networks != NULL && o->networks[i] != NULL; i++) {
        for (size_t k = 0; rc == 0 && k < i; k++) {
            if (strcmp(o->networks[i]->network, o->networks[k]->network) == 0)
                rc = gnt_fail(err, GANTRY_E_INVALID, "networks: %s is there twice",
                              o->networks[i]->network);
        }
    }
    return rc;
}

static int check_dns(const gantry_container_options *o, gantry_error *err)
{
    int rc = gnt_check_hosts(o->extra_hosts, err);

    for (size_t i = 0; rc == 0 && o->dns_servers != NULL && o->dns_servers[i] != NULL; i++)
        rc = gnt_check_address("dns_servers", o->dns_servers[i], 0, err);
    return rc;
}

/* What a container cannot have of its own where it is in another's namespace: engines would ignore
 * some of it. */
static int check_shared(const gantry_container_options *o, gantry_error *err)
{
    int another = has_prefix(o->network, "container:");
    int none = another || is(o->network, "host") || is(o->network, "none");
    const struct {
        const char *name;
        int set;
        const char *where;
    } rows[] = {
        { "ports", o->ports != NULL && none, o->network },
        { "publish_all", o->publish_all == GANTRY_ON && none, o->network },
        { "hostname", o->hostname != NULL && another, o->network },
        { "dns_servers", o->dns_servers != NULL && another, o->network },
        { "dns_search", o->dns_search != NULL && another, o->network },
        { "dns_options", o->dns_options != NULL && another, o->network },
        { "extra_hosts", o->extra_hosts != NULL && another, o->network },
        { "hostname", o->hostname != NULL && is(o->uts_namespace, "host"), "the host's names" },
        { "shm_size_bytes",
          o->shm_size_bytes != 0 && (is(o->ipc_namespace, "host") || is(o->ipc_namespace, "none") ||
                                     has_prefix(o->ipc_namespace, "container:")),
          o->ipc_namespace },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].set)
            return gnt_fail(err, GANTRY_E_INVALID, "%s: not together with %s", rows[i].name,
                            rows[i].where);
    }
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int check_restart(const gantry_container_options *o, gantry_error *err)
{
    if (o->restart_retries != 0 && o->restart != GANTRY_RESTART_ON_FAILURE)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "restart_retries: goes with GANTRY_RESTART_ON_FAILURE alone");
    if (o->restart > GANTRY_RESTART_NO && o->auto_remove == GANTRY_ON)
        return gnt_fail(err, GANTRY_E_INVALID, "restart: not together with auto_remove");
    return 0;
}

int gnt_spec_check(const gantry_container_options *o, gantry_error *err)
{
    static int (*const checks[])(const gantry_container_options *o, gantry_error *err) = {
        check_texts,   check_pairs, check_switches, check_numbers, check_namespaces,
        check_network, check_dns,   check_shared,   check_restart,
    };
    int rc = o->name != NULL ? gnt_check_name("name", o->name, err) : 0;

    if (rc == 0)
        rc = gnt_check_environment("environment", o->environment, err);
    if (rc == 0 && o->platform != NULL)
        rc = gnt_check_platform("platform", o->platform, err);
    if (rc == 0)
        rc = check_exposed(o->exposed_ports, err);
    if (rc == 0)
        rc = check_gpus(o->gpus, err);
    for (size_t i = 0; rc == 0 && i < sizeof checks / sizeof checks[0]; i++)
        rc = checks[i](o, err);
    return rc;
}
