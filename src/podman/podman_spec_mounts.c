/*
 * Mounts of a new container. libpod has three lists for them: mounts (bind, tmpfs), volumes and
 * image_volumes, each with keys of its own.
 */
#include "podman_spec.h"

#include <stdio.h>
#include <string.h>

#define M gantry_mount
const struct gnt_out gnt_podman_mount_options[] = {
    GNT_OUT_CODE(M, source), GNT_OUT_CODE(M, target), GNT_OUT_CODE(M, tmpfs_size_bytes),
    GNT_OUT_CODE(M, type), GNT_OUT_CODE(M, read_only), GNT_OUT_CODE(M, propagation),
    GNT_OUT_CODE(M, subpath), GNT_OUT_CODE(M, options),
    /* A volume that a container makes is libpod's plain one. */
    GNT_OUT_REFUSE(M, driver), GNT_OUT_REFUSE(M, driver_options),
    GNT_OUT_REFUSE(M, driver_option_count), GNT_OUT_REFUSE(M, labels),
    GNT_OUT_REFUSE(M, label_count), GNT_OUT_CODE(M, tmpfs_mode), GNT_OUT_CODE(M, relabel),
    GNT_OUT_CODE(M, copy), GNT_OUT_CODE(M, recursive),
    GNT_OUT_CODE(M, create_source), /* made before: podman_sources.c */
    GNT_OUT_CODE(M, chown), GNT_OUT_END
};
#undef M

/* What bind mounts and volumes have in common. */
static void add_shared(struct gnt_req *r, struct gnt_json *options, const gantry_mount *m)
{
    if (m->read_only == GANTRY_ON)
        gnt_podman_add_text(r, options, "ro");
    if (m->relabel != GANTRY_RELABEL_NONE)
        gnt_podman_add_text(r, options, m->relabel == GANTRY_RELABEL_SHARED ? "z" : "Z");
    if (m->chown == GANTRY_ON)
        gnt_podman_add_text(r, options, "U");
}

static void add_bind(struct gnt_req *r, struct gnt_json *body, const gantry_mount *m,
                     struct gnt_json *options)
{
    struct gnt_json *item = gnt_podman_append(r, body, "mounts");

    gnt_podman_put_text(r, item, "type", "bind");
    gnt_podman_put_text(r, item, "source", m->source);
    gnt_podman_put_text(r, item, "destination", m->target);
    gnt_podman_add_text(r, options, m->recursive == GANTRY_OFF ? "bind" : "rbind");
    add_shared(r, options, m);
    if (m->propagation != NULL)
        gnt_podman_add_text(r, options, m->propagation);
    gnt_podman_put(r, item, "options", options);
}

static void add_volume(struct gnt_req *r, struct gnt_json *body, const gantry_mount *m,
                       struct gnt_json *options)
{
    struct gnt_json *item = gnt_podman_append(r, body, "volumes");

    gnt_podman_put_text(r, item, "Name", m->source != NULL ? m->source : "");
    gnt_podman_put_text(r, item, "Dest", m->target);
    add_shared(r, options, m);
    if (m->copy != GANTRY_DEFAULT)
        gnt_podman_add_text(r, options, m->copy == GANTRY_OFF ? "nocopy" : "copy");
    if (m->subpath != NULL) {
        gnt_podman_need(r, "mounts: subpath", 4, 4);
        gnt_podman_put_text(r, item, "SubPath", m->subpath);
    }
    if (options != NULL && options->first != NULL)
        gnt_podman_put(r, item, "Options", options);
}

static void add_image(struct gnt_req *r, struct gnt_json *body, const gantry_mount *m)
{
    struct gnt_json *item = gnt_podman_append(r, body, "image_volumes");

    gnt_podman_put_text(r, item, "Source", gnt_podman_bare(m->source));
    gnt_podman_put_text(r, item, "Destination", m->target);
    gnt_podman_put_flag(r, item, "ReadWrite", m->read_only == GANTRY_OFF);
    if (m->subpath != NULL) {
        gnt_podman_need(r, "mounts: subpath", 5, 1);
        gnt_podman_put_text(r, item, "subPath", m->subpath);
    }
}

/* Whether a list of words that commas separate has this one, or it and a value. */
static int has_word(const char *list, const char *word)
{
    size_t size = strlen(word);

    for (; list != NULL && *list != '\0'; list += strcspn(list, ","), list += *list == ',') {
        if (strncmp(list, word, size) == 0 && strchr(",=", list[size]) != NULL)
            return 1;
    }
    return 0;
}

static void add_words(struct gnt_req *r, struct gnt_json *array, const char *list)
{
    while (r->rc == 0 && list != NULL && *list != '\0') {
        size_t size = strcspn(list, ",");
        const char *word = gnt_arena_strndup(&r->arena, list, size);

        if (word == NULL)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        else if (size > 0)
            gnt_podman_add_text(r, array, word);
        list += size + (list[size] == ',');
    }
}

/* libpod would copy the image's files into a tmpfs and give it its directory's mode, which no other
 * engine does. */
static void add_tmpfs(struct gnt_req *r, struct gnt_json *body, const gantry_mount *m,
                      struct gnt_json *options)
{
    struct gnt_json *item = gnt_podman_append(r, body, "mounts");
    char text[40];

    gnt_podman_put_text(r, item, "type", "tmpfs");
    gnt_podman_put_text(r, item, "source", "tmpfs");
    gnt_podman_put_text(r, item, "destination", m->target);
    if (m->tmpfs_size_bytes > 0) {
        snprintf(text, sizeof text, "size=%lld", (long long)m->tmpfs_size_bytes);
        gnt_podman_add_text(r, options, text);
    }
    if (m->tmpfs_mode != 0 || !has_word(m->options, "mode")) {
        snprintf(text, sizeof text, "mode=%04o",
                 m->tmpfs_mode != 0 ? (unsigned)m->tmpfs_mode : 01777U);
        gnt_podman_add_text(r, options, text);
    }
    if (m->read_only == GANTRY_ON)
        gnt_podman_add_text(r, options, "ro");
    if (!has_word(m->options, "tmpcopyup") && !has_word(m->options, "notmpcopyup"))
        gnt_podman_add_text(r, options, "notmpcopyup");
    add_words(r, options, m->options);
    gnt_podman_put(r, item, "options", options);
}

void gnt_podman_spec_mounts(struct gnt_req *r, struct gnt_json *body,
                            const gantry_container_options *opts)
{
    const gantry_mount *const *mounts = opts->mounts;

    for (; mounts != NULL && *mounts != NULL && r->rc == 0; mounts++) {
        const gantry_mount *m = *mounts;
        struct gnt_json *options = gnt_json_new(&r->arena, GNT_JSON_ARRAY);

        if (options == NULL)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        gnt_req_encode(r, m, gnt_podman_mount_options);
        if (m->type == GANTRY_MOUNT_BIND)
            add_bind(r, body, m, options);
        else if (m->type == GANTRY_MOUNT_VOLUME)
            add_volume(r, body, m, options);
        else if (m->type == GANTRY_MOUNT_IMAGE)
            add_image(r, body, m);
        else
            add_tmpfs(r, body, m, options);
    }
}
