/*
 * What a new container may do, whose ids it has, and its devices.
 */
#include "podman_spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- security -------------------------------------------------------------------------------- */

#define S gantry_security
const struct gnt_out gnt_podman_security_options[] = {
    GNT_OUT_STRS(S, capabilities_add, "cap_add"),
    GNT_OUT_STRS(S, capabilities_drop, "cap_drop"),
    GNT_OUT_CODE(S, seccomp),
    GNT_OUT_STR(S, seccomp_path, "seccomp_profile_path"),
    GNT_OUT_STR(S, apparmor, "apparmor_profile"),
    GNT_OUT_STRS(S, selinux, "selinux_opts"),
    GNT_OUT_CODE(S, user_namespace),
    GNT_OUT_CODE(S, uid_maps),
    GNT_OUT_CODE(S, gid_maps),
    GNT_OUT_ON(S, privileged, "privileged"),
    GNT_OUT_ON(S, read_only_root, "read_only_filesystem"),
    GNT_OUT_ON(S, no_new_privileges, "no_new_privileges"),
    GNT_OUT_REFUSE(S, reserved),
    GNT_OUT_END
};
#undef S

/* "container:host:count" as an object at the end of idmappings[name]. The text is checked before. */
static void add_map(struct gnt_req *r, struct gnt_json *mappings, const char *name,
                    const char *text)
{
    static const char *const parts[] = { "container_id", "host_id", "size" };
    struct gnt_json *item = gnt_podman_append(r, mappings, name);
    char *end = NULL;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        gnt_podman_put_number(r, item, parts[i], strtoll(text, &end, 10));
        text = *end == ':' ? end + 1 : end;
    }
}

/* One kind given stands for both, as on Podman's command line. */
static void add_maps(struct gnt_req *r, struct gnt_json *mappings, const gantry_security *s)
{
    const char *const *uids = s->uid_maps != NULL ? s->uid_maps : s->gid_maps;
    const char *const *gids = s->gid_maps != NULL ? s->gid_maps : s->uid_maps;

    for (; uids != NULL && *uids != NULL; uids++)
        add_map(r, mappings, "UIDMap", *uids);
    for (; gids != NULL && *gids != NULL; gids++)
        add_map(r, mappings, "GIDMap", *gids);
}

/* "auto:size=1000,uidmapping=0:1:10,..." : its options are libpod's own members. */
static void add_auto(struct gnt_req *r, struct gnt_json *mappings, const char *options)
{
    gnt_podman_put_flag(r, mappings, "AutoUserNs", 1);
    while (r->rc == 0 && options != NULL && *options != '\0') {
        size_t size = strcspn(options, ",");
        const char *word = gnt_arena_strndup(&r->arena, options, size);
        char *end = NULL;

        if (word == NULL) {
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        } else if (strncmp(word, "size=", 5) == 0) {
            gnt_podman_put_number(r, mappings, "AutoUserNsOpts/Size", strtoll(word + 5, &end, 10));
            if (end == word + 5 || *end != '\0')
                gnt_req_fail(r, GANTRY_E_INVALID, "security: user_namespace: %.60s", word);
        } else {
            gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                         "option \"security: user_namespace\": auto takes no \"%.60s\" here", word);
        }
        options += size + (options[size] == ',');
    }
}

/*
 * The command line makes the maps of a mode and sends them with it; the service takes both as they
 * come.
 */
static void add_user_namespace(struct gnt_req *r, struct gnt_json *body, const gantry_security *s)
{
    const char *mode = s->user_namespace;
    int maps = s->uid_maps != NULL || s->gid_maps != NULL;
    struct gnt_json *mappings = gnt_req_object(r);
    const char *options = mode != NULL ? strchr(mode, ':') : NULL;

    if (mode == NULL && !maps)
        return;
    if (mode == NULL)
        mode = "private";
    if (strcmp(mode, "nomap") == 0)
        mode = "no-map";
    if (maps && strcmp(mode, "private") != 0)
        gnt_req_fail(r, GANTRY_E_INVALID,
                     "security: uid_maps, gid_maps: not with user_namespace "
                     "%.60s",
                     mode);
    if (strcmp(mode, "private") == 0 && !maps)
        gnt_req_fail(r, GANTRY_E_INVALID,
                     "security: user_namespace: private needs uid_maps and gid_maps");
    if (strncmp(mode, "keep-id:", 8) == 0)
        gnt_podman_need(r, "security: user_namespace: keep-id with options", 4, 3);
    if (strncmp(mode, "auto", 4) == 0) {
        add_auto(r, mappings, options != NULL ? options + 1 : NULL);
        mode = "auto";
    }
    add_maps(r, mappings, s);
    gnt_podman_put_namespace(r, body, "userns", mode);
    gnt_podman_put_flag(r, mappings, "HostUIDMapping", strcmp(mode, "host") == 0);
    gnt_podman_put_flag(r, mappings, "HostGIDMapping", strcmp(mode, "host") == 0);
    if (strncmp(mode, "container:", 10) != 0)
        gnt_podman_put(r, body, "idmappings", mappings);
}

void gnt_podman_spec_security(struct gnt_req *r, struct gnt_json *body,
                              const gantry_container_options *opts)
{
    const gantry_security *s = opts->security;
    gantry_error err = { 0 };
    int rc;

    if (s == NULL || r->rc != 0)
        return;
    rc = gnt_encode(&r->arena, s, gnt_podman_security_options, body, &err);
    if (rc < 0)
        gnt_req_fail(r, rc, "security: %s", err.message);
    if (s->seccomp != NULL && strcmp(s->seccomp, "unconfined") == 0)
        gnt_podman_put_text(r, body, "seccomp_profile_path", s->seccomp);
    else if (s->seccomp != NULL)
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "option \"security: seccomp\" as a profile's text is not supported by this "
                     "engine: give its path there (seccomp_path)");
    if (s->read_only_root == GANTRY_ON && gnt_rest_at_least(r->rest, 4, 4, 0))
        gnt_podman_put_flag(r, body, "read_write_tmpfs", 0);
    add_user_namespace(r, body, s);
}

/* ---- devices --------------------------------------------------------------------------------- */

/* "/dev/fuse:/dev/other:rw" in one member, or a CDI name. */
static int out_device(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_device *d = c->options;
    const char *permissions = d->permissions != NULL ? d->permissions : "rwm";
    const char *text = d->path;

    (void)field;
    if (d->path[0] == '/' &&
        (strchr(d->path, ':') != NULL ||
         (d->container_path != NULL && strchr(d->container_path, ':') != NULL)))
        return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                        "option \"devices\": a path with ':' is not supported by this engine: %s",
                        d->path);
    if (d->path[0] == '/')
        text =
            gnt_arena_printf(c->arena, "%s:%s:%s", d->path,
                             d->container_path != NULL ? d->container_path : d->path, permissions);
    if (text == NULL ||
        gnt_json_put(c->arena, c->body, row->path, gnt_json_string(c->arena, text)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

#define D gantry_device
const struct gnt_out gnt_podman_device_options[] = { GNT_OUT_HOOK(D, path, "path", out_device),
                                                     GNT_OUT_CODE(D, container_path),
                                                     GNT_OUT_CODE(D, permissions), GNT_OUT_END };
#undef D

static void add_gpu(struct gnt_req *r, struct gnt_json *body, const char *id, size_t size)
{
    const char *name = gnt_arena_printf(&r->arena, "nvidia.com/gpu=%.*s", (int)size, id);
    struct gnt_json *item = gnt_podman_append(r, body, "devices");

    if (name == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_podman_put_text(r, item, "path", name);
}

/* "all", a number of them: the first ones, or "device=ID,ID". */
static void add_gpus(struct gnt_req *r, struct gnt_json *body, const char *gpus)
{
    char *end = NULL;
    long count = gpus != NULL ? strtol(gpus, &end, 10) : 0;
    char number[16];

    if (gpus == NULL)
        return;
    if (strcmp(gpus, "all") == 0) {
        add_gpu(r, body, gpus, 3);
    } else if (strncmp(gpus, "device=", 7) == 0) {
        for (gpus += 7; *gpus != '\0' && r->rc == 0; gpus += *gpus == ',') {
            size_t size = strcspn(gpus, ",");

            if (size > 0)
                add_gpu(r, body, gpus, size);
            gpus += size;
        }
    } else if (*end == '\0' && count > 0 && count <= 64) {
        for (int i = 0; i < (int)count; i++) {
            int size = snprintf(number, sizeof number, "%d", i);

            add_gpu(r, body, number, (size_t)size);
        }
    } else {
        gnt_req_fail(r, GANTRY_E_INVALID, "gpus: neither all, a number nor device=ID: %.60s", gpus);
    }
}

void gnt_podman_spec_devices(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts)
{
    const gantry_device *const *devices = opts->devices;
    int privileged = opts->security != NULL && opts->security->privileged == GANTRY_ON;

    for (; devices != NULL && *devices != NULL && r->rc == 0; devices++) {
        const gantry_device *d = *devices;

        /* libpod gives those all devices of its host, under their own names, and looks at no list. */
        if (privileged && d->container_path != NULL && strcmp(d->container_path, d->path) != 0)
            gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                         "option \"devices\": container_path of a privileged container is not "
                         "supported by this engine: %s",
                         d->path);
        gnt_podman_add(r, body, "devices", gnt_req_encode(r, d, gnt_podman_device_options));
    }
    add_gpus(r, body, opts->gpus);
}
