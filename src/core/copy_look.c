/*
 * Paths of containers: taken apart, looked at, followed. Links are resolved here, part of the
 * library's promise, since engines differ in when they do it.
 */
#include "copying.h"

#include <string.h>

#include "pack.h"

void gnt_copy_begin(struct gnt_copy *c, gantry_engine *engine, const char *id,
                    const gantry_call *call)
{
    c->engine = engine;
    c->id = id;
    c->call = gnt_call_share(&c->shared, call);
    gnt_arena_init(&c->arena, &engine->host.mem);
}

void gnt_copy_end(struct gnt_copy *c)
{
    gnt_arena_free(&c->arena);
}

int gnt_copy_tells_owners(const struct gnt_copy *c)
{
    return gantry_engine_supports(c->engine, GANTRY_FEATURE_CONTAINERS_COPY_OUT_OWNERS);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* Append to a clean path "/a/b" of `size` bytes what `text` says from there; returns its size. The
 * root is "". */
static size_t append_clean(char *path, size_t size, const char *text)
{
    while (*text != '\0') {
        size_t part = strcspn(text, "/");

        if (part == 2 && memcmp(text, "..", 2) == 0) {
            while (size > 0 && path[size - 1] != '/')
                size--;
            size -= size > 0;
        } else if (part > 0 && !(part == 1 && text[0] == '.')) {
            path[size++] = '/';
            memmove(path + size, text, part);
            size += part;
        }
        text += part + (text[part] == '/');
    }
    return size;
}

const char *gnt_inside_join(struct gnt_arena *arena, const char *directory, const char *path)
{
    char *joined = gnt_arena_alloc(arena, strlen(directory) + strlen(path) + 4);
    size_t size = 0;

    if (joined == NULL)
        return NULL;
    if (path[0] != '/')
        size = append_clean(joined, 0, directory);
    size = append_clean(joined, size, path);
    if (size == 0)
        joined[size++] = '/';
    joined[size] = '\0';
    return joined;
}

const char *gnt_inside_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

const char *gnt_inside_parent(struct gnt_arena *arena, const char *path)
{
    const char *name = gnt_inside_name(path);

    return name <= path + 1 ? "/" : gnt_arena_strndup(arena, path, (size_t)(name - path) - 1);
}

int gnt_inside_parse(struct gnt_arena *arena, const char *argument, const char *text,
                     struct gnt_inside *out, gantry_error *err)
{
    size_t size = text != NULL ? strlen(text) : 0;

    if (size == 0 || text[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must be an absolute path", argument);
    if (size > GNT_PATH_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: longer than %d bytes: %.100s...", argument,
                        GNT_PATH_MAX, text);
    out->path = gnt_inside_join(arena, "/", text);
    if (out->path == NULL)
        return gnt_nomem(err);
    out->name = gnt_inside_name(out->path);
    out->content = out->name[0] == '\0' || strcmp(text + size - 2, "/.") == 0;
    out->directory = text[size - 1] == '/';
    return 0;
}

int gnt_inside_fail(gantry_error *err, int code, const char *path, const char *what)
{
    gnt_fail(err, code, "%s in the container %s", path, what);
    gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
    return code;
}

int gnt_is_no_file(int rc, const gantry_error *err)
{
    return rc == GANTRY_E_NOT_FOUND && err->resource_kind == GANTRY_RESOURCE_FILE;
}

/* ---- looks ----------------------------------------------------------------------------------- */

int gnt_copy_stat(struct gnt_copy *c, const char *path, gantry_file_info **out, gantry_error *err)
{
    gantry_stat_options o = { .size = sizeof o, .call = c->call };
    gantry_file_info *info = NULL;
    int rc =
        c->engine->backend->containers.archive_stat(c->engine->state, c->id, path, &o, &info, err);

    if (rc < 0)
        return rc;
    info->name = gantry_result_strdup(info, gnt_inside_name(path));
    if (info->name == NULL) {
        gantry_file_info_free(info);
        return gnt_nomem(err);
    }
    *out = info;
    return 0;
}

int gnt_copy_follow(struct gnt_copy *c, const char *path, struct gnt_followed *out,
                    gantry_error *err)
{
    const char *at = path;

    for (int hops = 0; hops <= GNT_HOPS_MAX; hops++) {
        gantry_file_info *info = NULL;
        gantry_error failure = { 0 };
        const char *directory;
        int rc = gnt_copy_stat(c, at, &info, &failure);

        if (rc < 0 && !gnt_is_no_file(rc, &failure)) {
            if (err != NULL)
                *err = failure;
            return rc;
        }
        if (rc < 0 || info->type != GANTRY_FILE_LINK) {
            out->path = at;
            out->info = info;
            return 0;
        }
        directory = gnt_inside_parent(&c->arena, at);
        at = directory != NULL ? gnt_inside_join(&c->arena, directory, info->link_target) : NULL;
        gantry_file_info_free(info);
        if (at == NULL)
            return gnt_nomem(err);
    }
    return gnt_inside_fail(err, GANTRY_E_CONFLICT, path, "leads through too many links");
}

/* ---- public ---------------------------------------------------------------------------------- */

static int stat_path(struct gnt_copy *c, const struct gnt_inside *inside, int follow,
                     gantry_file_info **out, gantry_error *err)
{
    struct gnt_followed followed = { 0 };
    int rc;

    if (!follow && !inside->content && !inside->directory)
        return gnt_copy_stat(c, inside->path, out, err);
    rc = gnt_copy_follow(c, inside->path, &followed, err);
    if (rc == 0 && followed.info == NULL)
        rc = gnt_inside_fail(err, GANTRY_E_NOT_FOUND, inside->path, "does not exist");
    if (rc == 0 && (inside->content || inside->directory) &&
        followed.info->type != GANTRY_FILE_DIRECTORY)
        rc = gnt_inside_fail(err, GANTRY_E_NOT_FOUND, inside->path, "is no directory");
    if (rc == 0) {
        followed.info->name = gantry_result_strdup(followed.info, inside->name);
        if (followed.info->name == NULL)
            rc = gnt_nomem(err);
    }
    if (rc < 0)
        gantry_file_info_free(followed.info);
    else
        *out = followed.info;
    return rc;
}

int gantry_containers_stat(gantry_containers *containers, const char *id, const char *path,
                           const gantry_stat_options *opts, gantry_file_info **out,
                           gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_stat_options o;
    struct gnt_inside inside;
    struct gnt_copy c;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_STAT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_stat_options, o, opts, err);
    if (rc == 0 && o.reserved != 0)
        rc = gantry_unsupported_option(err, "reserved");
    if (rc == 0) {
        gnt_copy_begin(&c, e, id, o.call);
        rc = gnt_inside_parse(&c.arena, "path", path, &inside, err);
        if (rc == 0)
            rc = stat_path(&c, &inside, o.follow == GANTRY_ON, out, err);
        gnt_copy_end(&c);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_STAT, GANTRY_RESOURCE_CONTAINER, id, err);
}

void gantry_file_info_free(gantry_file_info *info)
{
    gnt_result_free(info);
}
