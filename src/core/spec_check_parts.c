/*
 * Checks of what a container is put together from: mounts, ports, places in networks, a health
 * check.
 */
#include "spec_check.h"

#include <string.h>

#include "error.h"
#include "names.h"

/* ---- mounts ---------------------------------------------------------------------------------- */

static int check_source(const gantry_mount *m, gantry_error *err)
{
    switch (m->type) {
    case GANTRY_MOUNT_BIND:
        if (m->source == NULL || m->source[0] != '/')
            return gnt_fail(err, GANTRY_E_INVALID,
                            "mounts: the source of %s must be an absolute path", m->target);
        return 0;
    case GANTRY_MOUNT_VOLUME:
        return m->source != NULL ? gnt_check_name("mounts: source", m->source, err) : 0;
    case GANTRY_MOUNT_IMAGE:
        return gnt_reference_check("mounts: source", m->source, err);
    default:
        if (m->source != NULL)
            return gnt_fail(err, GANTRY_E_INVALID, "mounts: tmpfs %s takes no source", m->target);
        return 0;
    }
}

enum {
    BIND = 1 << GANTRY_MOUNT_BIND,
    VOLUME = 1 << GANTRY_MOUNT_VOLUME,
    TMPFS = 1 << GANTRY_MOUNT_TMPFS,
    IMAGE = 1 << GANTRY_MOUNT_IMAGE
};

/* What only some types have. */
static int check_members(const gantry_mount *m, gantry_error *err)
{
    static const char *const types[] = { "", "bind", "volume", "tmpfs", "image" };
    const struct {
        const char *name;
        int set;
        int types;
    } members[] = {
        { "tmpfs_size_bytes", m->tmpfs_size_bytes != 0, TMPFS },
        { "tmpfs_mode", m->tmpfs_mode != 0, TMPFS },
        { "options", m->options != NULL, TMPFS },
        { "propagation", m->propagation != NULL, BIND },
        { "recursive", m->recursive != 0, BIND },
        { "create_source", m->create_source != 0, BIND },
        { "relabel", m->relabel != 0, BIND | VOLUME },
        { "chown", m->chown != 0, BIND | VOLUME },
        { "subpath", m->subpath != NULL, VOLUME | IMAGE },
        { "driver", m->driver != NULL, VOLUME },
        { "driver_options", m->driver_option_count != 0, VOLUME },
        { "labels", m->label_count != 0, VOLUME },
        { "copy", m->copy != 0, VOLUME },
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].set && (members[i].types & (1 << m->type)) == 0)
            return gnt_fail(err, GANTRY_E_INVALID, "mounts: %s: a %s mount has no %s", m->target,
                            types[m->type], members[i].name);
    }
    return 0;
}

static int check_propagation(const gantry_mount *m, gantry_error *err)
{
    static const char *const words[] = { "private", "rprivate", "shared", "rshared",
                                         "slave",   "rslave",   NULL };
    size_t i = 0;

    while (m->propagation != NULL && words[i] != NULL && strcmp(words[i], m->propagation) != 0)
        i++;
    if (words[i] != NULL)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "mounts: %s: no such propagation: %.40s", m->target,
                    m->propagation);
}

/* Below the top of a volume. */
static int check_subpath(const gantry_mount *m, gantry_error *err)
{
    const char *at = m->subpath;

    if (at == NULL)
        return 0;
    if (at[0] == '\0' || at[0] == '/')
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: %s: subpath must be a relative path",
                        m->target);
    while (*at != '\0') {
        size_t size = strcspn(at, "/");

        if (size == 2 && at[0] == '.' && at[1] == '.')
            return gnt_fail(err, GANTRY_E_INVALID, "mounts: %s: subpath must be without ..",
                            m->target);
        at += size + (at[size] == '/');
    }
    return 0;
}

static int check_mount_values(const gantry_mount *m, gantry_error *err)
{
    int rc =
        gnt_check_pairs("mounts: driver_options", m->driver_options, m->driver_option_count, err);

    if (rc == 0)
        rc = gnt_check_pairs("mounts: labels", m->labels, m->label_count, err);
    if (rc == 0 && m->driver != NULL)
        rc = gnt_check_text("mounts: driver", m->driver, err);
    if (rc == 0 && m->options != NULL)
        rc = gnt_check_text("mounts: options", m->options, err);
    if (rc == 0)
        rc = gnt_check_word("mounts: relabel", m->relabel, GANTRY_RELABEL_PRIVATE,
                            "GANTRY_RELABEL_", err);
    if (rc == 0)
        rc = gnt_check_switch("mounts: read_only", m->read_only, err);
    if (rc == 0)
        rc = gnt_check_switch("mounts: copy", m->copy, err);
    if (rc == 0)
        rc = gnt_check_switch("mounts: recursive", m->recursive, err);
    if (rc == 0)
        rc = gnt_check_switch("mounts: create_source", m->create_source, err);
    if (rc == 0)
        rc = gnt_check_switch("mounts: chown", m->chown, err);
    if (rc == 0 && m->tmpfs_size_bytes < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "mounts: tmpfs_size_bytes must not be negative");
    if (rc == 0 && (m->tmpfs_mode < 0 || m->tmpfs_mode > 07777))
        rc = gnt_fail(err, GANTRY_E_INVALID, "mounts: %s: tmpfs_mode %#o is no file mode",
                      m->target, (unsigned)m->tmpfs_mode);
    return rc;
}

int gnt_mount_check(const gantry_mount *m, gantry_error *err)
{
    int rc = 0;

    if (m->type < GANTRY_MOUNT_BIND || m->type > GANTRY_MOUNT_IMAGE)
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: type %d is none of GANTRY_MOUNT_", m->type);
    if (m->target == NULL || m->target[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: target must be an absolute path");
    rc = check_source(m, err);
    if (rc == 0)
        rc = check_members(m, err);
    if (rc == 0)
        rc = check_mount_values(m, err);
    if (rc == 0)
        rc = check_propagation(m, err);
    return rc < 0 ? rc : check_subpath(m, err);
}

/* ---- ports, networks ------------------------------------------------------------------------- */

int gnt_port_number(const char *text, size_t size)
{
    int number = 0;

    if (size == 0 || size > 5)
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        number = number * 10 + (text[i] - '0');
    }
    return number <= 65535 ? number : 0;
}

int gnt_port_check(const gantry_port *p, gantry_error *err)
{
    int more = p->count > 0 ? p->count - 1 : 0;

    if (p->container_port < 1 || p->container_port > 65535)
        return gnt_fail(err, GANTRY_E_INVALID, "ports: container_port %d is not 1 to 65535",
                        p->container_port);
    if (p->host_port < 0 || p->host_port > 65535)
        return gnt_fail(err, GANTRY_E_INVALID, "ports: host_port %d is not 0 to 65535",
                        p->host_port);
    if (p->count < 0 || more > 65535 - p->container_port ||
        (p->host_port != 0 && more > 65535 - p->host_port))
        return gnt_fail(err, GANTRY_E_INVALID, "ports: there are no %d ports from %d on", p->count,
                        p->host_port > p->container_port ? p->host_port : p->container_port);
    if (p->protocol != NULL && strcmp(p->protocol, "tcp") != 0 && strcmp(p->protocol, "udp") != 0 &&
        strcmp(p->protocol, "sctp") != 0)
        return gnt_fail(err, GANTRY_E_INVALID, "ports: protocol must be tcp, udp or sctp");
    if (p->host_address != NULL)
        return gnt_check_address("ports: host_address", p->host_address, 0, err);
    return 0;
}

/* "02:42:ac:11:00:02" */
int gnt_check_mac(const char *argument, const char *text, gantry_error *err)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    size_t i = 0;

    while (i < 17 && text[i] != '\0' &&
           (i % 3 == 2 ? text[i] == ':' : strchr(hex, text[i]) != NULL))
        i++;
    if (i == 17 && text[i] == '\0')
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is no MAC address: %.40s", argument, text);
}

int gnt_attachment_check(const gantry_attachment *a, gantry_error *err)
{
    int rc = gnt_check_name("networks: network", a->network, err);

    if (rc == 0 && (strcmp(a->network, "host") == 0 || strcmp(a->network, "none") == 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "networks: %s is no network to be in, set network",
                      a->network);
    if (rc == 0)
        rc = gnt_check_texts("networks: aliases", a->aliases, err);
    if (rc == 0 && a->address != NULL)
        rc = gnt_check_address("networks: address", a->address, 4, err);
    if (rc == 0 && a->address6 != NULL)
        rc = gnt_check_address("networks: address6", a->address6, 6, err);
    if (rc == 0 && a->mac != NULL)
        rc = gnt_check_mac("networks: mac", a->mac, err);
    return rc;
}

/* ---- health ---------------------------------------------------------------------------------- */

static int check_test(const char *const *test, gantry_error *err)
{
    size_t count = 0;

    if (test == NULL)
        return 0;
    while (test[count] != NULL)
        count++;
    if (count == 1 && strcmp(test[0], "NONE") == 0)
        return 0;
    if (count == 2 && strcmp(test[0], "CMD-SHELL") == 0 && test[1][0] != '\0')
        return 0;
    if (count >= 2 && strcmp(test[0], "CMD") == 0 && test[1][0] != '\0')
        return 0;
    return gnt_fail(
        err, GANTRY_E_INVALID,
        "health: test: is neither { \"CMD\", program, ... } nor { \"CMD-SHELL\", line } "
        "nor { \"NONE\" }");
}

int gnt_health_check(const gantry_health *h, gantry_error *err)
{
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        { "interval_ms", h->interval_ms },
        { "timeout_ms", h->timeout_ms },
        { "start_period_ms", h->start_period_ms },
        { "start_interval_ms", h->start_interval_ms },
        { "retries", h->retries },
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].value < 0 || numbers[i].value > INT64_MAX / 1000000)
            return gnt_fail(err, GANTRY_E_INVALID, "health: %s: is %s", numbers[i].name,
                            numbers[i].value < 0 ? "negative" : "too large");
    }
    if (h->retries > INT32_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "health: retries: is too large");
    if (check_test(h->test, err) < 0)
        return GANTRY_E_INVALID;
    return gnt_check_word("health: on_unhealthy", h->on_unhealthy, GANTRY_UNHEALTHY_STOP,
                          "GANTRY_UNHEALTHY_", err);
}
