/*
 * Checks of what a container gets of its host: limits, devices, security, secrets; and of single
 * values, which builds have too.
 */
#include "spec_check.h"

#include <arpa/inet.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "names.h"

/* ---- values ---------------------------------------------------------------------------------- */

int gnt_check_switch(const char *argument, int value, gantry_error *err)
{
    if (value == GANTRY_DEFAULT || value == GANTRY_ON || value == GANTRY_OFF)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is neither GANTRY_ON nor GANTRY_OFF", argument);
}

int gnt_check_word(const char *argument, int value, int most, const char *family, gantry_error *err)
{
    if (value >= 0 && value <= most)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: %d is none of %s", argument, value, family);
}

int gnt_check_platform(const char *argument, const char *text, gantry_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-/()+";

    if (text[0] != '\0' && text[strspn(text, allowed)] == '\0')
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is not like \"linux/arm64\": %.100s", argument,
                    text);
}

int gnt_check_hosts(const char *const *hosts, gantry_error *err)
{
    for (; hosts != NULL && *hosts != NULL; hosts++) {
        const char *colon = strchr(*hosts, ':');

        if (colon == NULL || colon == *hosts || colon[1] == '\0' ||
            (*hosts)[strcspn(*hosts, " \t\r\n,\"")] != '\0')
            return gnt_fail(err, GANTRY_E_INVALID, "extra_hosts: is not name:address: %.100s",
                            *hosts);
    }
    return 0;
}

int gnt_check_cpuset(const char *argument, const char *text, gantry_error *err)
{
    if (text == NULL || (text[0] != '\0' && text[strspn(text, "0123456789,-")] == '\0'))
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is not like \"0-1,3\": %.40s", argument, text);
}

int gnt_check_texts(const char *argument, const char *const *list, gantry_error *err)
{
    int rc = 0;

    for (; rc == 0 && list != NULL && *list != NULL; list++)
        rc = gnt_check_text(argument, *list, err);
    return rc;
}

int gnt_check_address(const char *argument, const char *text, int family, gantry_error *err)
{
    unsigned char bytes[16];

    if (family != 6 && inet_pton(AF_INET, text, bytes) == 1)
        return 0;
    if (family != 4 && inet_pton(AF_INET6, text, bytes) == 1)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is no IP%s address: %.60s", argument,
                    family == 4   ? "v4"
                    : family == 6 ? "v6"
                                  : "",
                    text);
}

/* ---- limits ---------------------------------------------------------------------------------- */

int gnt_ulimit_check(const gantry_ulimit *limit, gantry_error *err)
{
    static const char *const names[] = { "core",   "cpu",        "data",     "fsize",
                                         "locks",  "memlock",    "msgqueue", "nice",
                                         "nofile", "nproc",      "rss",      "rtprio",
                                         "rttime", "sigpending", "stack",    NULL };
    size_t i = 0;

    while (names[i] != NULL && (limit->name == NULL || strcmp(names[i], limit->name) != 0))
        i++;
    if (names[i] == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "ulimits: no limit has the name %.40s",
                        limit->name != NULL ? limit->name : "NULL");
    if (limit->soft < -1 || limit->hard < -1)
        return gnt_fail(err, GANTRY_E_INVALID, "ulimits: %s: less than -1", limit->name);
    if (limit->hard != -1 && (limit->soft == -1 || limit->soft > limit->hard))
        return gnt_fail(err, GANTRY_E_INVALID, "ulimits: %s: soft is above hard", limit->name);
    return 0;
}

/* Members that are numbers: what is below `least` is INVALID, zero is not set. */
struct range {
    const char *name;
    int64_t value;
    int64_t least; /* -1: GANTRY_UNLIMITED or the like, 0 is skipped */
    int64_t most;  /* 0: any */
};

static int check_ranges(const char *argument, const struct range *ranges, size_t count,
                        gantry_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct range *r = &ranges[i];

        if (r->value == 0 || (r->value >= r->least && (r->most == 0 || r->value <= r->most)))
            continue;
        if (r->most == 0)
            return gnt_fail(err, GANTRY_E_INVALID, "%s: %s: must not be below %lld", argument,
                            r->name, (long long)r->least);
        return gnt_fail(err, GANTRY_E_INVALID, "%s: %s: %lld is not %lld to %lld", argument,
                        r->name, (long long)r->value, (long long)r->least, (long long)r->most);
    }
    return 0;
}

int gnt_block_limit_check(const gantry_block_limit *b, gantry_error *err)
{
    const struct range ranges[] = {
        { "read_bytes_per_second", b->read_bytes_per_second, 0, 0 },
        { "write_bytes_per_second", b->write_bytes_per_second, 0, 0 },
        { "reads_per_second", b->reads_per_second, 0, 0 },
        { "writes_per_second", b->writes_per_second, 0, 0 },
        { "weight", b->weight, 10, 1000 },
    };
    int set = 0;

    if (b->path == NULL || b->path[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID,
                        "resources: block_limits: path must be the absolute path of a device");
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        set |= ranges[i].value != 0;
    if (!set)
        return gnt_fail(err, GANTRY_E_INVALID, "resources: block_limits: %.100s has no limit",
                        b->path);
    return check_ranges("resources: block_limits", ranges, sizeof ranges / sizeof ranges[0], err);
}

static int check_memory(const gantry_resources *r, gantry_error *err)
{
    if (r->memory_bytes == 0 && r->memory_swap_bytes != 0)
        return gnt_fail(err, GANTRY_E_INVALID, "resources: memory_swap_bytes: needs memory_bytes");
    if (r->memory_bytes == 0 && r->oom_kill == GANTRY_OFF)
        return gnt_fail(err, GANTRY_E_INVALID, "resources: oom_kill: OFF needs memory_bytes");
    if (r->memory_swap_bytes > 0 && r->memory_swap_bytes < r->memory_bytes)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "resources: memory_swap_bytes: is memory and swap together, so not below "
                        "memory_bytes");
    if (r->memory_bytes > 0 && r->memory_reservation_bytes > r->memory_bytes)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "resources: memory_reservation_bytes: must not be above memory_bytes");
    return 0;
}

int gnt_resources_check(const gantry_resources *r, gantry_error *err)
{
    const struct range ranges[] = {
        { "memory_bytes", r->memory_bytes, 0, 0 },
        { "nano_cpus", r->nano_cpus, 0, 0 },
        { "pids", r->pids, -1, 0 },
        { "memory_swap_bytes", r->memory_swap_bytes, -1, 0 },
        { "memory_reservation_bytes", r->memory_reservation_bytes, 0, 0 },
        { "memory_swappiness", r->memory_swappiness, -1, 100 },
        { "cpu_shares", r->cpu_shares, 2, 262144 },
        { "cpu_period_us", r->cpu_period_us, 1000, 1000000 },
        { "cpu_quota_us", r->cpu_quota_us, 1000, 0 },
        { "block_weight", r->block_weight, 10, 1000 },
    };
    int rc = check_ranges("resources", ranges, sizeof ranges / sizeof ranges[0], err);

    if (rc == 0)
        rc = gnt_check_switch("resources: oom_kill", r->oom_kill, err);
    if (rc == 0)
        rc = check_memory(r, err);
    if (rc == 0 && r->nano_cpus != 0 && (r->cpu_quota_us != 0 || r->cpu_period_us != 0))
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "resources: nano_cpus: not together with cpu_quota_us or cpu_period_us");
    if (rc == 0)
        rc = gnt_check_cpuset("resources: cpuset_cpus", r->cpuset_cpus, err);
    if (rc == 0)
        rc = gnt_check_cpuset("resources: cpuset_mems", r->cpuset_mems, err);
    return rc;
}

/* ---- devices, secrets ------------------------------------------------------------------------ */

/* "vendor.com/class=name" */
static int is_cdi(const char *path)
{
    const char *slash = strchr(path, '/');
    const char *equals = strchr(path, '=');

    return slash != NULL && slash != path && equals != NULL && equals > slash + 1 &&
           equals[1] != '\0' && strchr(equals + 1, '/') == NULL;
}

int gnt_device_check(const gantry_device *d, gantry_error *err)
{
    int rc = gnt_check_text("devices: path", d->path, err);

    if (rc < 0)
        return rc;
    if (d->path[0] != '/' && !is_cdi(d->path))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "devices: path is neither absolute nor vendor.com/class=name: %.100s",
                        d->path);
    if (d->path[0] != '/' && (d->container_path != NULL || d->permissions != NULL))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "devices: %.100s: a CDI name takes no container_path and permissions",
                        d->path);
    if (d->container_path != NULL && d->container_path[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID,
                        "devices: %.100s: container_path must be an absolute path", d->path);
    if (d->permissions != NULL &&
        (d->permissions[0] == '\0' || d->permissions[strspn(d->permissions, "rwm")] != '\0'))
        return gnt_fail(err, GANTRY_E_INVALID, "devices: %.100s: permissions are not of \"rwm\"",
                        d->path);
    return 0;
}

int gnt_secret_mount_check(const gantry_secret_mount *s, gantry_error *err)
{
    int rc = gnt_check_text("secrets: secret", s->secret, err);

    if (rc == 0 && s->target != NULL)
        rc = gnt_check_text("secrets: target", s->target, err);
    if (rc < 0)
        return rc;
    if (s->environment != NULL &&
        (s->environment[0] == '\0' || strchr(s->environment, '=') != NULL))
        return gnt_fail(err, GANTRY_E_INVALID, "secrets: %.100s: environment is no name",
                        s->secret);
    if (s->environment != NULL && (s->target != NULL || s->uid != 0 || s->gid != 0 || s->mode != 0))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "secrets: %.100s: a variable has no target, uid, gid and mode", s->secret);
    if (s->uid < 0 || s->gid < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "secrets: %.100s: uid and gid must not be negative",
                        s->secret);
    if (s->mode < 0 || s->mode > 07777)
        return gnt_fail(err, GANTRY_E_INVALID, "secrets: %.100s: mode %#o is no file mode",
                        s->secret, (unsigned)s->mode);
    return 0;
}

/* ---- security -------------------------------------------------------------------------------- */

/* "container:host:count" */
static int check_id_map(const char *argument, const char *const *maps, gantry_error *err)
{
    for (; maps != NULL && *maps != NULL; maps++) {
        const char *at = *maps;
        int parts = 0;

        while (parts < 3) {
            size_t digits = strspn(at, "0123456789");

            if (digits == 0 || digits > 10)
                break;
            parts++;
            at += digits;
            if (parts < 3 && *at++ != ':')
                break;
        }
        if (parts < 3 || *at != '\0')
            return gnt_fail(err, GANTRY_E_INVALID,
                            "security: %s: is not container:host:count: %.60s", argument, *maps);
    }
    return 0;
}

static int check_seccomp(struct gnt_arena *arena, const gantry_security *s, gantry_error *err)
{
    struct gnt_json *profile = NULL;
    int rc;

    if (s->seccomp != NULL && s->seccomp_path != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "security: seccomp: not together with seccomp_path");
    if (s->seccomp_path != NULL && s->seccomp_path[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID,
                        "security: seccomp_path: must be an absolute path of the engine's host");
    if (s->seccomp == NULL || strcmp(s->seccomp, "unconfined") == 0)
        return 0;
    rc = gnt_json_parse(arena, s->seccomp, strlen(s->seccomp), &profile, err);
    if (rc == GANTRY_E_NOMEM)
        return rc;
    if (rc < 0 || profile->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "security: seccomp: is neither \"unconfined\" nor a profile as JSON text");
    return 0;
}

static int check_user_namespace(const gantry_security *s, gantry_error *err)
{
    static const char *const words[] = { "host", "private", "nomap", "keep-id", "auto", NULL };
    const char *given = s->user_namespace;
    size_t size;

    if (given == NULL)
        return 0;
    if (strcmp(given, "host") == 0 && (s->uid_maps != NULL || s->gid_maps != NULL))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "security: uid_maps, gid_maps: not in the host's user namespace");
    if (strncmp(given, "container:", 10) == 0)
        return gnt_check_name("security: user_namespace", given + 10, err);
    for (size_t i = 0; words[i] != NULL; i++) {
        size = strlen(words[i]);
        /* The last two may have options: "keep-id:uid=200,gid=200". */
        if (strncmp(given, words[i], size) == 0 &&
            (given[size] == '\0' || (i >= 3 && given[size] == ':' && given[size + 1] != '\0')))
            return 0;
    }
    return gnt_fail(err, GANTRY_E_INVALID, "security: user_namespace: no such mode: %.60s", given);
}

int gnt_security_check(struct gnt_arena *arena, const gantry_security *s, gantry_error *err)
{
    int rc = gnt_check_texts("security: capabilities_add", s->capabilities_add, err);

    if (rc == 0)
        rc = gnt_check_texts("security: capabilities_drop", s->capabilities_drop, err);
    if (rc == 0)
        rc = gnt_check_texts("security: selinux", s->selinux, err);
    if (rc == 0 && s->apparmor != NULL)
        rc = gnt_check_text("security: apparmor", s->apparmor, err);
    if (rc == 0)
        rc = check_seccomp(arena, s, err);
    if (rc == 0)
        rc = check_user_namespace(s, err);
    if (rc == 0)
        rc = check_id_map("uid_maps", s->uid_maps, err);
    if (rc == 0)
        rc = check_id_map("gid_maps", s->gid_maps, err);
    if (rc == 0)
        rc = gnt_check_switch("security: privileged", s->privileged, err);
    if (rc == 0)
        rc = gnt_check_switch("security: read_only_root", s->read_only_root, err);
    if (rc == 0)
        rc = gnt_check_switch("security: no_new_privileges", s->no_new_privileges, err);
    return rc;
}
