/*
 * A user by editing the files: for containers that do not run or have no tools for it.
 */
#include "add_user.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int write_back(struct gnt_copy *c, const char *path, const struct gnt_buf *text,
                      const struct gnt_tar_entry *head, gantry_error *err)
{
    const struct gnt_new_content content = { .data = gnt_buf_text(text),
                                             .size = text->size,
                                             .mode = head->mode,
                                             .uid = head->uid,
                                             .gid = head->gid,
                                             .secret = text->wipe,
                                             .exact_mode = 1 }; /* some shadow files have 0000 */

    if (text->rc == GANTRY_E_LIMIT)
        return gnt_inside_fail(err, GANTRY_E_LIMIT, path, "would be too large");
    return text->rc < 0 ? gnt_nomem(err) : gnt_copy_write(c, path, &content, 1, err);
}

static int edit_group(struct gnt_copy *c, struct gnt_new_user *u, gantry_error *err)
{
    const char *const *groups = u->given->groups;
    char line[128];
    int rc;

    if (!u->need_group && (groups == NULL || groups[0] == NULL))
        return 0;
    if (u->need_group) {
        snprintf(line, sizeof line, "%s:x:%" PRId64 ":", u->given->name, u->gid);
        gnt_account_append(&u->group, line);
    }
    for (; groups != NULL && *groups != NULL; groups++) {
        struct gnt_buf next;

        gnt_buf_init(&next, &u->group.mem, u->group.max);
        rc = gnt_group_add_member(&next, gnt_buf_text(&u->group), *groups, u->given->name);
        gnt_buf_free(&u->group);
        u->group = next;
        if (rc < 0)
            break;
    }
    return write_back(c, GNT_GROUP_FILE, &u->group, &u->group_head, err);
}

int gnt_add_user_shadow(struct gnt_copy *c, struct gnt_new_user *u, gantry_error *err)
{
    const char *hash = u->given->password_hash;
    struct gnt_buf next;
    int rc;

    gnt_buf_init(&next, &u->shadow.mem, u->shadow.max);
    next.wipe = 1;
    gnt_shadow_set(&next, gnt_buf_text(&u->shadow), u->given->name, hash != NULL ? hash : "!",
                   gnt_now_ns() / 1000000000 / 86400);
    rc = write_back(c, GNT_SHADOW_FILE, &next, &u->shadow_head, err);
    gnt_buf_free(&next);
    return rc;
}

static int edit_passwd(struct gnt_copy *c, struct gnt_new_user *u, gantry_error *err)
{
    const gantry_user *given = u->given;
    const char *hash = given->password_hash != NULL ? given->password_hash : "!";
    struct gnt_buf line;
    int rc;

    gnt_buf_init(&line, &u->passwd.mem, u->passwd.max);
    u->passwd.wipe = line.wipe = !u->has_shadow;
    gnt_buf_addf(&line, "%s:%s:%" PRId64 ":%" PRId64 ":%s:%s:%s", given->name,
                 u->has_shadow ? "x" : hash, u->uid, u->gid,
                 given->comment != NULL ? given->comment : "", u->home, u->shell);
    if (line.rc < 0)
        u->passwd.rc = line.rc;
    gnt_account_append(&u->passwd, gnt_buf_text(&line));
    gnt_buf_free(&line);
    rc = write_back(c, GNT_PASSWD_FILE, &u->passwd, &u->passwd_head, err);
    return rc;
}

/* One that is there stays as it is. */
static int make_home(struct gnt_copy *c, const struct gnt_new_user *u, gantry_error *err)
{
    const gantry_entry_options entry = {
        .size = sizeof entry, .mode = 0700, .uid = u->uid, .gid = u->gid, .mtime_ns = gnt_now_ns()
    };
    const gantry_copy_in_options o = { .size = sizeof o, .create_directory = GANTRY_ON };
    gantry_archive *archive = NULL;
    struct gnt_followed home = { 0 };
    const char *parent;
    int rc = gnt_copy_follow(c, u->home, &home, err);

    if (rc < 0)
        return rc;
    if (home.info != NULL) {
        gantry_file_info_free(home.info);
        return 0;
    }
    parent = gnt_inside_parent(&c->arena, home.path);
    rc = parent == NULL ? gnt_nomem(err) : gnt_copy_archive(c, &archive, err);
    if (rc == 0)
        rc = gantry_archive_mkdir(archive, gnt_inside_name(home.path), &entry, err);
    if (rc == 0)
        rc = gnt_copy_put(c, parent, archive, &o, err);
    gantry_archive_free(archive);
    return rc;
}

int gnt_add_user_edit(struct gnt_copy *c, struct gnt_new_user *u, gantry_error *err)
{
    int rc = edit_group(c, u, err);

    if (rc == 0 && u->has_shadow)
        rc = gnt_add_user_shadow(c, u, err);
    if (rc == 0 && u->given->no_home != GANTRY_ON)
        rc = make_home(c, u, err);
    if (rc == 0)
        rc = edit_passwd(c, u, err);
    return rc;
}
