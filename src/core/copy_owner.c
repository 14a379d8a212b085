/*
 * The container's own user as numbers. Engines offer to give what is copied to it, but one of them
 * looks the name up in files of its own host, and cannot take one with a group.
 */
#include "copying.h"

#include <string.h>

#include "passwd.h"

enum {
    FILE_MAX = 8 * 1024 * 1024
};

/* A file that is missing is empty. */
static int read_optional(struct gnt_copy *c, const char *path, struct gnt_buf *text,
                         gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = gnt_copy_read_text(c, path, text, NULL, &failure);

    if (gnt_is_no_file(rc, &failure))
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int unknown(const char *kind, const char *name, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_NOT_FOUND, "the container has no %s %s, which it runs as", kind,
                    name);
}

/* "name", "name:group", numbers in place of either. */
static int look_up(struct gnt_copy *c, const char *user, int64_t *out_uid, int64_t *out_gid,
                   gantry_error *err)
{
    const char *colon = strchr(user, ':');
    const char *group = colon != NULL ? colon + 1 : "";
    const char *name = gnt_arena_strndup(&c->arena, user, strcspn(user, ":"));
    struct gnt_account account;
    struct gnt_buf text;
    int known;
    int rc;

    if (name == NULL)
        return gnt_nomem(err);
    gnt_buf_init(&text, &c->arena.mem, FILE_MAX);
    rc = read_optional(c, "/etc/passwd", &text, err);
    if (rc == 0) {
        known = gnt_account_of(gnt_buf_text(&text), name, &account) == 0;
        *out_uid = known ? account.id : 0;
        *out_gid = known ? account.gid : 0;
        if (!known && name[0] != '\0' && gnt_account_number(name, out_uid) < 0)
            rc = unknown("user", name, err);
    }
    gnt_buf_clear(&text);
    if (rc == 0 && group[0] != '\0')
        rc = read_optional(c, "/etc/group", &text, err);
    if (rc == 0 && group[0] != '\0') {
        if (gnt_account_of(gnt_buf_text(&text), group, &account) == 0)
            *out_gid = account.id;
        else if (gnt_account_number(group, out_gid) < 0)
            rc = unknown("group", group, err);
    }
    gnt_buf_free(&text);
    return rc;
}

int gnt_copy_own_user(struct gnt_copy *c, int64_t *out_uid, int64_t *out_gid, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = c->call };
    gantry_container *container = NULL;
    int rc = 0;

    *out_uid = *out_gid = 0;
    if (c->engine->backend->containers.inspect == NULL)
        return gantry_unsupported_option(err, "keep_owner");
    rc = c->engine->backend->containers.inspect(c->engine->state, c->id, &o, &container, err);
    if (rc == 0 && container->user[0] != '\0')
        rc = look_up(c, container->user, out_uid, out_gid, err);
    gantry_container_free(container);
    return rc;
}
