/*
 * A backend's tables, checked and copied into full-size ones, so that a slot is either there or
 * NULL and nobody checks sizes afterwards.
 */
#include "engine.h"

#include <string.h>

#include "error.h"

static int check_name_text(const char *name, gantry_error *err)
{
    if (name == NULL || *name < 'a' || *name > 'z' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
        return gnt_fail(err, GANTRY_E_INVALID, "backend.name: must match [a-z][a-z0-9-]*");
    return 0;
}

/* As addresses have them: those are made lower-case before a backend is looked for. */
static int check_schemes(const char *const *schemes, gantry_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

    if (schemes == NULL || schemes[0] == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "backend.schemes: at least one is required");
    for (; *schemes != NULL; schemes++) {
        size_t size = strspn(*schemes, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

        if ((*schemes)[0] == '\0' || strchr(letters, (*schemes)[0]) == NULL ||
            (*schemes)[size] != '\0')
            return gnt_fail(err, GANTRY_E_INVALID,
                            "backend.schemes: \"%s\" does not match [a-z][a-z0-9+.-]*", *schemes);
    }
    return 0;
}

/* A manager that is there must at least list and inspect. */
static int check_tables(const struct gnt_backend *b, gantry_error *err)
{
    static const struct {
        const char *text;
        size_t table; /* of the pointer in gantry_backend */
        size_t list;
        size_t inspect;
    } managers[] = {
        { "images", offsetof(gantry_backend, images),
          offsetof(struct gnt_backend, images) + offsetof(gantry_image_ops, list),
          offsetof(struct gnt_backend, images) + offsetof(gantry_image_ops, inspect) },
        { "containers", offsetof(gantry_backend, containers),
          offsetof(struct gnt_backend, containers) + offsetof(gantry_container_ops, list),
          offsetof(struct gnt_backend, containers) + offsetof(gantry_container_ops, inspect) },
        { "volumes", offsetof(gantry_backend, volumes),
          offsetof(struct gnt_backend, volumes) + offsetof(gantry_volume_ops, list),
          offsetof(struct gnt_backend, volumes) + offsetof(gantry_volume_ops, inspect) },
        { "networks", offsetof(gantry_backend, networks),
          offsetof(struct gnt_backend, networks) + offsetof(gantry_network_ops, list),
          offsetof(struct gnt_backend, networks) + offsetof(gantry_network_ops, inspect) },
        { "pods", offsetof(gantry_backend, pods),
          offsetof(struct gnt_backend, pods) + offsetof(gantry_pod_ops, list),
          offsetof(struct gnt_backend, pods) + offsetof(gantry_pod_ops, inspect) },
        { "secrets", offsetof(gantry_backend, secrets),
          offsetof(struct gnt_backend, secrets) + offsetof(gantry_secret_ops, list),
          offsetof(struct gnt_backend, secrets) + offsetof(gantry_secret_ops, inspect) },
    };

    if (b->engine.ping == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "backend.engine.ping: is required");
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++) {
        const void *table;

        memcpy(&table, (const char *)&b->facts + managers[i].table, sizeof table);
        if (table == NULL)
            continue;
        if (!gnt_backend_slot(b, managers[i].list) || !gnt_backend_slot(b, managers[i].inspect))
            return gnt_fail(err, GANTRY_E_INVALID, "backend.%s: list and inspect are required",
                            managers[i].text);
    }
    if ((b->containers.exec == NULL) != (b->containers.exec_result == NULL))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "backend.containers: exec and exec_result go together");
    return 0;
}

/* Shell text goes to the other side in single quotes, through whatever shell is there. */
static int check_text(const char *text, const char *name, gantry_error *err)
{
    enum {
        TEXT_MOST = 4096
    };
    size_t size = text != NULL ? strlen(text) : 1;

    if (size == 0 || size > TEXT_MOST)
        return gnt_fail(err, GANTRY_E_INVALID, "backend.ssh.%s: has 1 to %d bytes", name,
                        TEXT_MOST);
    for (; text != NULL && *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == '\x7f' || strchr("'\\!", *text) != NULL)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "backend.ssh.%s: must have no ' \\ ! nor control characters", name);
    }
    return 0;
}

static int check_ssh(const struct gnt_backend *b, gantry_error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._-+";
    const gantry_ssh_facts *f = &b->ssh;
    int rc;

    if (b->facts.ssh != NULL && !gnt_backend_has_scheme(b, "ssh"))
        return gnt_fail(err, GANTRY_E_INVALID, "backend.ssh: needs the scheme ssh");
    if (f->program != NULL && (f->program[0] == '\0' || f->program[0] == '-' ||
                               f->program[strspn(f->program, plain)] != '\0'))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "backend.ssh.program: a name has letters, digits and . _ - + only");
    if (f->dial != NULL && f->program == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "backend.ssh.dial: needs a program");
    rc = check_text(f->look, "look", err);
    return rc == 0 ? check_text(f->dial, "dial", err) : rc;
}

/* Copy a table of the size its author knew; NULL leaves zeroes. */
static int copy_table(void *dst, size_t known, const void *src, const char *name, gantry_error *err)
{
    size_t given = 0;

    if (src == NULL)
        return 0;
    memcpy(&given, src, sizeof given);
    if (given < sizeof given)
        return gnt_fail(err, GANTRY_E_INVALID, "%s.size is not set", name);
    memcpy(dst, src, given < known ? given : known);
    return 0;
}

#define TABLE(member)                                                                              \
    {                                                                                              \
        "backend." #member, offsetof(gantry_backend, member),                                      \
            offsetof(struct gnt_backend, member), sizeof(((struct gnt_backend *)0)->member)        \
    }

int gnt_backend_fill(struct gnt_backend *b, const gantry_backend *src, gantry_error *err)
{
    static const struct {
        const char *text;
        size_t pointer; /* in gantry_backend */
        size_t copy;    /* in struct gnt_backend */
        size_t size;
    } tables[] = {
        TABLE(engine),   TABLE(images),     TABLE(containers), TABLE(volumes),
        TABLE(networks), TABLE(registries), TABLE(manifests),  TABLE(pods),
        TABLE(secrets),  TABLE(system),     TABLE(kube),       TABLE(ssh),
    };
    int rc = copy_table(&b->facts, sizeof b->facts, src, "backend", err);

    if (rc == 0)
        rc = check_name_text(b->facts.name, err);
    if (rc == 0)
        rc = check_schemes(b->facts.schemes, err);
    if (rc == 0 && (b->facts.probe == NULL || b->facts.open == NULL || b->facts.close == NULL))
        rc = gnt_fail(err, GANTRY_E_INVALID, "backend: probe, open and close are required");
    for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof tables[0]; i++) {
        const void *given;

        memcpy(&given, (const char *)&b->facts + tables[i].pointer, sizeof given);
        rc = copy_table((char *)b + tables[i].copy, tables[i].size, given, tables[i].text, err);
    }
    if (rc == 0)
        rc = check_tables(b, err);
    return rc == 0 ? check_ssh(b, err) : rc;
}
