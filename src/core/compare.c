/*
 * How a container differs from what is asked, by what its engine tells. Only what engines tell as
 * it was asked is looked at; the digest of all options sees the rest.
 */
#include "compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

void gnt_differs(struct gnt_differences *d, const char *fmt, ...)
{
    const char *const *list;
    char line[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    list = gnt_strings_add(d->arena, d->list, line);
    if (list == NULL)
        d->failed = 1;
    else
        d->list = list;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct row {
    const char *name;
    void (*compare)(struct gnt_differences *d, const struct row *row, const void *is,
                    const void *asked);
    size_t is;    /* offset in gantry_container */
    size_t asked; /* offset in the struct that was asked */
};

/* "" is the same as none. */
static void compare_text(struct gnt_differences *d, const struct row *row, const void *is_field,
                         const void *asked_field)
{
    const char *is;
    const char *asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    if (asked != NULL && asked[0] != '\0' && strcmp(is, asked) != 0)
        gnt_differs(d, "%s: is %s, not %s", row->name, is[0] != '\0' ? is : "not set", asked);
}

static int same_list(const char *const *a, const char *const *b)
{
    while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return *a == NULL && *b == NULL;
}

static int in_list(const char *const *list, const char *text)
{
    while (*list != NULL && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

/* Words of a command may be secrets: only that they differ is told. */
static void compare_words(struct gnt_differences *d, const struct row *row, const void *is_field,
                          const void *asked_field)
{
    const char *const *is;
    const char *const *asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    if (asked != NULL && !same_list(is, asked))
        gnt_differs(d, "%s: is another", row->name);
}

/* What is asked must be there. */
static void compare_members(struct gnt_differences *d, const struct row *row, const void *is_field,
                            const void *asked_field)
{
    const char *const *is;
    const char *const *asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    for (; asked != NULL && *asked != NULL; asked++) {
        if (!in_list(is, *asked) && strstr(*asked, ":host-gateway") == NULL)
            gnt_differs(d, "%s: %s is not there", row->name, *asked);
    }
}

static void compare_switch(struct gnt_differences *d, const struct row *row, const void *is_field,
                           const void *asked_field)
{
    int is;
    int asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    if (asked != GANTRY_DEFAULT && is != (asked == GANTRY_ON))
        gnt_differs(d, "%s: is %s, not %s", row->name, is ? "on" : "off",
                    asked == GANTRY_ON ? "on" : "off");
}

/* Zero is not asked; of two words for "no limit" either will do. */
static void compare_number(struct gnt_differences *d, const struct row *row, const void *is_field,
                           const void *asked_field)
{
    int64_t is;
    int64_t asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    if (asked != 0 && is != asked && (asked > 0 || is > 0))
        gnt_differs(d, "%s: is %" PRId64 ", not %" PRId64, row->name, is, asked);
}

/* Where CPUs are kept as a quota of time per period, they are rounded down to a microsecond of 0.1
 * seconds. */
static void compare_cpus(struct gnt_differences *d, const struct row *row, const void *is_field,
                         const void *asked_field)
{
    static const int64_t step = 10000;
    int64_t is;
    int64_t asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    if (asked != 0 && (is > asked || asked - is >= step))
        gnt_differs(d, "%s: is %" PRId64 ", not %" PRId64, row->name, is, asked);
}

/* Whole seconds, rounded up, as engines keep them. */
static void compare_seconds(struct gnt_differences *d, const struct row *row, const void *is_field,
                            const void *asked_field)
{
    int64_t is;
    int64_t asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    if (asked > 0 && is != (asked + 999) / 1000 * 1000)
        gnt_differs(d, "%s: is %" PRId64 ", not %" PRId64, row->name, is, asked);
}

static void compare_restart(struct gnt_differences *d, const struct row *row, const void *is_field,
                            const void *asked_field)
{
    static const char *const words[] = { "default", "no", "on-failure", "always",
                                         "unless-stopped" };
    int is;
    int asked;

    memcpy(&is, is_field, sizeof is);
    memcpy(&asked, asked_field, sizeof asked);
    if (asked != GANTRY_RESTART_DEFAULT && is != asked && is >= 0 && is <= 4)
        gnt_differs(d, "%s: is %s, not %s", row->name, words[is], words[asked]);
}

#define ROW(fn, T, m, has)                                                                         \
    {                                                                                              \
#m, fn, offsetof(gantry_container, has), offsetof(T, m)                                    \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, 0, 0                                                                           \
    }

static const struct row option_rows[] = {
    ROW(compare_words, gantry_container_options, command, command),
    ROW(compare_words, gantry_container_options, entrypoint, entrypoint),
    ROW(compare_text, gantry_container_options, working_directory, working_directory),
    ROW(compare_text, gantry_container_options, user, user),
    ROW(compare_text, gantry_container_options, hostname, hostname),
    ROW(compare_switch, gantry_container_options, tty, tty),
    ROW(compare_switch, gantry_container_options, open_stdin, open_stdin),
    ROW(compare_switch, gantry_container_options, auto_remove, auto_remove),
    ROW(compare_switch, gantry_container_options, init, init),
    ROW(compare_seconds, gantry_container_options, stop_timeout_ms, stop_timeout_ms),
    ROW(compare_members, gantry_container_options, dns_servers, dns_servers),
    ROW(compare_members, gantry_container_options, extra_hosts, extra_hosts),
    ROW(compare_number, gantry_container_options, shm_size_bytes, shm_size_bytes),
    END,
};

static const struct row security_rows[] = {
    ROW(compare_switch, gantry_security, privileged, privileged),
    ROW(compare_switch, gantry_security, read_only_root, read_only_root),
    END,
};

static const struct row health_rows[] = {
    ROW(compare_words, gantry_health, test, health_test),
    END,
};

/* What can be changed later. */
static const struct row changeable_rows[] = {
    ROW(compare_restart, gantry_container_options, restart, restart),
    ROW(compare_number, gantry_container_options, restart_retries, restart_retries),
    END,
};

static const struct row limit_rows[] = {
    ROW(compare_number, gantry_resources, memory_bytes, memory_bytes),
    ROW(compare_cpus, gantry_resources, nano_cpus, nano_cpus),
    ROW(compare_number, gantry_resources, pids, pids_limit),
    ROW(compare_number, gantry_resources, memory_swap_bytes, memory_swap_bytes),
    ROW(compare_number, gantry_resources, memory_reservation_bytes, memory_reservation_bytes),
    ROW(compare_number, gantry_resources, cpu_shares, cpu_shares),
    ROW(compare_number, gantry_resources, cpu_quota_us, cpu_quota_us),
    ROW(compare_text, gantry_resources, cpuset_cpus, cpuset_cpus),
    END,
};

static void compare_rows(struct gnt_differences *d, const struct row *rows,
                         const gantry_container *is, const void *asked)
{
    for (; asked != NULL && rows->name != NULL; rows++)
        rows->compare(d, rows, (const char *)is + rows->is, (const char *)asked + rows->asked);
}

/* ---- environment, labels --------------------------------------------------------------------- */

static const char *variable(const char *const *environment, const char *name, size_t size)
{
    const char *found = NULL;

    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
            found = *environment + size + 1;
    }
    return found;
}

/* A variable that is given twice has its last value. */
static void compare_environment(struct gnt_differences *d, const gantry_container *is,
                                const char *const *asked)
{
    for (const char *const *pair = asked; pair != NULL && *pair != NULL; pair++) {
        size_t size = strcspn(*pair, "=");
        const char *want = variable(asked, *pair, size);
        const char *have = variable(is->environment, *pair, size);

        if (want != *pair + size + 1)
            continue;
        if (have == NULL)
            gnt_differs(d, "environment: %.*s is not set", (int)size, *pair);
        else if (strcmp(have, want) != 0)
            gnt_differs(d, "environment: %.*s has another value", (int)size, *pair);
    }
}

static void compare_labels(struct gnt_differences *d, const gantry_container *is,
                           const gantry_container_options *asked)
{
    for (size_t i = 0; i < asked->label_count; i++) {
        const char *want = asked->labels[i].value != NULL ? asked->labels[i].value : "";
        const char *have = NULL;

        for (size_t k = 0; k < is->label_count; k++) {
            if (strcmp(is->labels[k].key, asked->labels[i].key) == 0)
                have = is->labels[k].value;
        }
        if (have == NULL)
            gnt_differs(d, "labels: %s is not set", asked->labels[i].key);
        else if (strcmp(have, want) != 0)
            gnt_differs(d, "labels: %s is %s, not %s", asked->labels[i].key, have, want);
    }
}

/* ---- mounts, ports, networks ----------------------------------------------------------------- */

/* Engines tell paths without a '/' at their end. */
static int same_path(const char *a, const char *b)
{
    size_t x = strlen(a);
    size_t y = strlen(b);

    while (x > 1 && a[x - 1] == '/')
        x--;
    while (y > 1 && b[y - 1] == '/')
        y--;
    return x == y && strncmp(a, b, x) == 0;
}

static void compare_mount(struct gnt_differences *d, const gantry_container *is,
                          const gantry_mount *asked)
{
    const gantry_mount_info *const *m = is->mounts;
    const char *source;

    if (asked->type == GANTRY_MOUNT_IMAGE)
        return;
    while (*m != NULL && !same_path((*m)->target, asked->target))
        m++;
    if (*m == NULL) {
        gnt_differs(d, "mounts: nothing is at %s", asked->target);
        return;
    }
    source = (*m)->type == GANTRY_MOUNT_VOLUME ? (*m)->volume : (*m)->source;
    if ((*m)->type != asked->type)
        gnt_differs(d, "mounts: %s is of another type", asked->target);
    else if (asked->source != NULL && !same_path(source, asked->source))
        gnt_differs(d, "mounts: %s has %s, not %s", asked->target, source, asked->source);
    else if (asked->read_only != GANTRY_DEFAULT &&
             (*m)->read_only != (asked->read_only == GANTRY_ON))
        gnt_differs(d, "mounts: %s is %s", asked->target,
                    (*m)->read_only ? "read-only" : "writable");
}

/* Addresses and ports of the host are told of what runs only. */
static int has_port(const gantry_container *is, const gantry_port *asked, int n)
{
    const char *protocol = asked->protocol != NULL ? asked->protocol : "tcp";

    for (const gantry_port_info *const *p = is->ports; *p != NULL; p++) {
        if ((*p)->container_port != asked->container_port + n ||
            strcmp((*p)->protocol, protocol) != 0)
            continue;
        if ((*p)->host_port == 0 || asked->host_port == 0 ||
            (*p)->host_port == asked->host_port + n)
            return 1;
    }
    return 0;
}

static void compare_port(struct gnt_differences *d, const gantry_container *is,
                         const gantry_port *asked)
{
    int count = asked->count > 0 ? asked->count : 1;

    for (int n = 0; n < count; n++) {
        if (has_port(is, asked, n))
            continue;
        if (asked->host_port != 0)
            gnt_differs(d, "ports: %d is not published at %d", asked->container_port + n,
                        asked->host_port + n);
        else
            gnt_differs(d, "ports: %d is not published", asked->container_port + n);
    }
}

/* An id is no name, and engines tell names. */
static int may_be_id(const char *text)
{
    size_t size = strlen(text);

    return size >= 12 && strspn(text, "0123456789abcdef") == size;
}

static void need_network(struct gnt_differences *d, const gantry_container *is, const char *name)
{
    if (!in_list(is->networks, name) && !may_be_id(name))
        gnt_differs(d, "networks: it is not in %s", name);
}

static void compare_networks(struct gnt_differences *d, const gantry_container *is,
                             const gantry_container_options *asked)
{
    /* No networks, but words that engines tell; words for what an engine has its own names for. */
    static const char *const modes[] = { "host", "none", "slirp4netns", "pasta", NULL };
    static const char *const open_modes[] = { "bridge", "default", "private", NULL };
    const char *name = asked->network;

    if (name != NULL && in_list(modes, name)) {
        if (strcmp(is->network_mode, name) != 0)
            gnt_differs(d, "network: is %s, not %s", is->network_mode, name);
    } else if (name != NULL && !in_list(open_modes, name) && strncmp(name, "container:", 10) != 0) {
        need_network(d, is, name);
    }
    for (size_t i = 0; asked->networks != NULL && asked->networks[i] != NULL; i++)
        need_network(d, is, asked->networks[i]->network);
}

/* ---- the whole ------------------------------------------------------------------------------- */

void gnt_compare_container(struct gnt_differences *d, const gantry_container *is,
                           const gantry_container_options *asked, int changeable)
{
    compare_rows(d, changeable_rows, is, asked);
    compare_rows(d, limit_rows, is, asked->resources);
    compare_networks(d, is, asked);
    if (changeable)
        return;
    compare_rows(d, option_rows, is, asked);
    compare_rows(d, security_rows, is, asked->security);
    if (asked->health != NULL && asked->health->test != NULL &&
        strcmp(asked->health->test[0] != NULL ? asked->health->test[0] : "NONE", "NONE") != 0)
        compare_rows(d, health_rows, is, asked->health);
    compare_environment(d, is, asked->environment);
    compare_labels(d, is, asked);
    for (size_t i = 0; asked->mounts != NULL && asked->mounts[i] != NULL; i++)
        compare_mount(d, is, asked->mounts[i]);
    for (size_t i = 0; asked->ports != NULL && asked->ports[i] != NULL; i++)
        compare_port(d, is, asked->ports[i]);
}
