/*
 * Adding a user inside a container: the files say what is free, the container's own tools do it
 * where it runs and has them, the files say that it is done. A password's hash travels on the
 * standard input of a tool or inside a file, never on a command line.
 */
#include "add_user.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    FILE_MAX = 8 * 1024 * 1024,
    FIRST_UID = 1000,
    TOOL_OUTPUT = 16 * 1024
};

/* ---- what is asked for ----------------------------------------------------------------------- */

/* A field of the files: no ':' and no line in it. */
static int check_field(const char *argument, const char *text, int is_path, gantry_error *err)
{
    if (text == NULL)
        return 0;
    if (strpbrk(text, ":\n\r") != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not have ':' or a newline", argument);
    if (is_path && text[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must be an absolute path", argument);
    return 0;
}

static int check_user(const gantry_user *u, gantry_error *err)
{
    int rc;

    if (u->name == NULL || !gnt_account_name_ok(u->name))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "name: must be [a-z_][a-z0-9_-]*, of at most 32 characters");
    rc = check_field("home", u->home, 1, err);
    if (rc == 0)
        rc = check_field("shell", u->shell, 1, err);
    if (rc == 0)
        rc = check_field("comment", u->comment, 0, err);
    if (rc == 0)
        rc = check_field("password_hash", u->password_hash, 0, err);
    if (rc == 0 && u->password_hash != NULL && u->password_hash[0] == '\0')
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "password_hash: an empty one would let in anybody; NULL lets in nobody");
    if (rc == 0 && (u->uid < 0 || u->gid < 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "uid, gid: must not be negative");
    for (size_t i = 0; rc == 0 && u->groups != NULL && u->groups[i] != NULL; i++) {
        if (!gnt_account_name_ok(u->groups[i]))
            rc = gnt_fail(err, GANTRY_E_INVALID, "groups: no group's name: %.64s", u->groups[i]);
    }
    if (rc == 0 && u->reserved != 0)
        rc = gantry_unsupported_option(err, "reserved");
    return rc;
}

/* ---- what is there --------------------------------------------------------------------------- */

/* A file that is missing is empty, and is to be made with this mode. */
static int read_file(struct gnt_copy *c, const char *path, int mode, struct gnt_buf *text,
                     struct gnt_tar_entry *head, int *out_there, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc;

    gnt_buf_clear(text);
    *head = (struct gnt_tar_entry){ .mode = mode };
    rc = gnt_copy_read_text(c, path, text, head, &failure);
    if (out_there != NULL)
        *out_there = rc == 0;
    if (rc == 0 && !gnt_copy_tells_owners(c))
        head->uid = head->gid = 0;
    if (gnt_is_no_file(rc, &failure))
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    /* What is behind a NUL would be lost by writing the text back. */
    if (rc == 0 && text->size > 0 && memchr(text->data, '\0', text->size) != NULL)
        rc = gnt_inside_fail(err, GANTRY_E_INVALID, path, "is no text");
    return rc;
}

/* Where owners are not told, the shadow file is given back to the group that may read it by custom,
 * if its mode says that one may. */
static void guess_shadow_group(const struct gnt_copy *c, struct gnt_new_user *u)
{
    struct gnt_account account;

    if (!gnt_copy_tells_owners(c) && (u->shadow_head.mode & 0040) != 0 &&
        gnt_account_by_name(gnt_buf_text(&u->group), "shadow", &account) == 0)
        u->shadow_head.gid = account.id;
}

static int taken(const char *what, const char *name, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_EXISTS, "the container has a %s %s", what, name);
}

/* Choose numbers, or say why they cannot be. */
static int decide(struct gnt_new_user *u, gantry_error *err)
{
    const gantry_user *given = u->given;
    const char *passwd = gnt_buf_text(&u->passwd);
    const char *group = gnt_buf_text(&u->group);
    struct gnt_account account;
    char number[32];

    u->uid = given->uid != 0 ? given->uid : gnt_account_free_id(passwd, group, FIRST_UID);
    if (u->uid < 0)
        return gnt_fail(err, GANTRY_E_EXISTS, "the container has no free uid from %d on",
                        FIRST_UID);
    snprintf(number, sizeof number, "%" PRId64, u->uid);
    if (gnt_account_by_id(passwd, u->uid, &account) == 0)
        return taken("user with the uid", number, err);
    u->gid = given->gid != 0 ? given->gid : u->uid;
    u->need_group = gnt_account_by_id(group, u->gid, &account) < 0;
    if (u->need_group && gnt_account_by_name(group, given->name, &account) == 0)
        return taken("group of another number called", given->name, err);
    for (const char *const *name = given->groups; name != NULL && *name != NULL; name++) {
        if (gnt_account_by_name(group, *name, &account) < 0)
            return gnt_fail(err, GANTRY_E_INVALID, "groups: the container has no group %s", *name);
    }
    return 0;
}

/* ---- the container's own tools --------------------------------------------------------------- */

/* Where useradd is; NULL in *out if it is nowhere or cannot be run. */
static int find_tools(struct gnt_copy *c, const char **out, gantry_error *err)
{
    static const char *const places[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };
    const gantry_container_ops *ops = &c->engine->backend->containers;
    gantry_container_inspect_options o = { .size = sizeof o, .call = c->call };
    gantry_container *container = NULL;
    int running;
    int rc;

    *out = NULL;
    if (ops->exec == NULL || ops->exec_result == NULL || ops->inspect == NULL)
        return 0;
    rc = ops->inspect(c->engine->state, c->id, &o, &container, err);
    running = rc == 0 && container->state == GANTRY_CONTAINER_RUNNING;
    gantry_container_free(container);
    for (size_t i = 0; rc == 0 && running && i < sizeof places / sizeof places[0]; i++) {
        struct gnt_followed tool = { 0 };
        const char *path = gnt_arena_printf(&c->arena, "%s/useradd", places[i]);

        rc = path == NULL ? gnt_nomem(err) : gnt_copy_follow(c, path, &tool, err);
        if (rc == 0 && tool.info != NULL && tool.info->type == GANTRY_FILE_REGULAR) {
            *out = places[i];
            running = 0;
        }
        gantry_file_info_free(tool.info);
    }
    return rc;
}

/* As root; what ends with another code than 0 is a failure that shows what it said. */
static int run_tool(struct gnt_copy *c, const char *const *command, const char *input,
                    gantry_error *err)
{
    gantry_exec_options o = { .size = sizeof o,
                              .call = c->call,
                              .user = "0",
                              .working_directory = "/",
                              .input = input,
                              .input_size = input != NULL ? strlen(input) : 0,
                              .capture_limit = TOOL_OUTPUT };
    gantry_exec_result *result = NULL;
    int rc = gantry_containers_exec(&c->engine->containers, c->id, command, &o, &result, err);

    if (rc == 0 && result->exit_code != 0) {
        rc = gnt_fail(err, GANTRY_E_ENGINE, "%s in the container ended with %" PRId64 ": %.400s",
                      command[0], result->exit_code,
                      result->stderr_size > 0 ? result->stderr_data : result->stdout_data);
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
        if (err != NULL) {
            err->exit_code = (int)result->exit_code;
            err->has_exit_code = 1;
        }
    }
    gantry_exec_result_free(result);
    return rc;
}

static const char *join_groups(struct gnt_arena *arena, const char *const *groups)
{
    const char *joined = "";

    for (; joined != NULL && groups != NULL && *groups != NULL; groups++)
        joined = gnt_arena_printf(arena, "%s%s%s", joined, joined[0] != '\0' ? "," : "", *groups);
    return joined;
}

/* useradd without a password: that would be on its command line. */
static int run_useradd(struct gnt_copy *c, const struct gnt_new_user *u, const char *tools,
                       gantry_error *err)
{
    const char *groupadd[] = { gnt_arena_printf(&c->arena, "%s/groupadd", tools), "-g",
                               gnt_arena_printf(&c->arena, "%" PRId64, u->gid), u->given->name,
                               NULL };
    const char *useradd[20] = { gnt_arena_printf(&c->arena, "%s/useradd", tools),
                                "-u",
                                gnt_arena_printf(&c->arena, "%" PRId64, u->uid),
                                "-g",
                                groupadd[2],
                                "-d",
                                u->home,
                                "-s",
                                u->shell };
    const char *groups = join_groups(&c->arena, u->given->groups);
    size_t n = 9;
    int rc = 0;

    if (groupadd[0] == NULL || groupadd[2] == NULL || useradd[0] == NULL || useradd[2] == NULL ||
        groups == NULL)
        return gnt_nomem(err);
    if (groups[0] != '\0') {
        useradd[n++] = "-G";
        useradd[n++] = groups;
    }
    if (u->given->comment != NULL) {
        useradd[n++] = "-c";
        useradd[n++] = u->given->comment;
    }
    useradd[n++] = u->given->no_home == GANTRY_ON ? "-M" : "-m";
    useradd[n++] = u->given->name;
    if (u->need_group)
        rc = run_tool(c, groupadd, NULL, err);
    return rc < 0 ? rc : run_tool(c, useradd, NULL, err);
}

static int set_password(struct gnt_copy *c, struct gnt_new_user *u, const char *tools,
                        gantry_error *err)
{
    const char *chpasswd[] = { gnt_arena_printf(&c->arena, "%s/chpasswd", tools), "-e", NULL };
    struct gnt_followed tool = { 0 };
    struct gnt_buf line;
    int there;
    int rc;

    if (chpasswd[0] == NULL)
        return gnt_nomem(err);
    rc = gnt_copy_follow(c, chpasswd[0], &tool, err);
    there = rc == 0 && tool.info != NULL;
    gantry_file_info_free(tool.info);
    if (rc == 0 && !there) {
        rc = read_file(c, GNT_SHADOW_FILE, 0600, &u->shadow, &u->shadow_head, NULL, err);
        guess_shadow_group(c, u);
        return rc < 0 ? rc : gnt_add_user_shadow(c, u, err);
    }
    gnt_buf_init(&line, &c->arena.mem, 64 * 1024);
    line.wipe = 1;
    if (rc == 0 && gnt_buf_addf(&line, "%s:%s\n", u->given->name, u->given->password_hash) < 0)
        rc = gnt_nomem(err);
    if (rc == 0)
        rc = run_tool(c, chpasswd, gnt_buf_text(&line), err);
    gnt_buf_free(&line);
    return rc;
}

/* ---- all together ---------------------------------------------------------------------------- */

static int add(struct gnt_copy *c, struct gnt_new_user *u, gantry_error *err)
{
    const char *tools = NULL;
    int rc = decide(u, err);

    if (rc == 0)
        rc = find_tools(c, &tools, err);
    if (rc < 0)
        return rc;
    if (tools == NULL)
        return gnt_add_user_edit(c, u, err);
    rc = run_useradd(c, u, tools, err);
    if (rc == 0 && u->given->password_hash != NULL)
        rc = set_password(c, u, tools, err);
    return rc;
}

static int report(struct gnt_copy *c, const struct gnt_account *account, int created,
                  gantry_user_info **out, gantry_error *err)
{
    gantry_user_info *info;

    if (out == NULL)
        return 0;
    info = gnt_result_new(&c->arena.mem, GNT_KIND_USER_INFO, err);
    if (info == NULL)
        return GANTRY_E_NOMEM;
    info->uid = (int)account->id;
    info->gid = (int)account->gid;
    info->created = created;
    *out = info;
    return 0;
}

static int add_user(struct gnt_copy *c, struct gnt_new_user *u, int exists_ok,
                    gantry_user_info **out, gantry_error *err)
{
    struct gnt_account account;
    int rc = read_file(c, GNT_PASSWD_FILE, 0644, &u->passwd, &u->passwd_head, NULL, err);

    if (rc == 0 && gnt_account_by_name(gnt_buf_text(&u->passwd), u->given->name, &account) == 0)
        return exists_ok ? report(c, &account, 0, out, err) : taken("user", u->given->name, err);
    if (rc == 0)
        rc = read_file(c, GNT_GROUP_FILE, 0644, &u->group, &u->group_head, NULL, err);
    if (rc == 0)
        rc = read_file(c, GNT_SHADOW_FILE, 0600, &u->shadow, &u->shadow_head, &u->has_shadow, err);
    guess_shadow_group(c, u);
    if (rc == 0)
        rc = add(c, u, err);
    /* The container's files are the proof. */
    if (rc == 0)
        rc = read_file(c, GNT_PASSWD_FILE, 0644, &u->passwd, &u->passwd_head, NULL, err);
    if (rc == 0 && (gnt_account_by_name(gnt_buf_text(&u->passwd), u->given->name, &account) < 0 ||
                    account.id != u->uid))
        rc = gnt_fail(err, GANTRY_E_ENGINE, "the user %s was added, but is not there",
                      u->given->name);
    return rc < 0 ? rc : report(c, &account, 1, out, err);
}

static int run(gantry_engine *e, const char *id, const gantry_user *user,
               const gantry_add_user_options *o, gantry_user_info **out, gantry_error *err)
{
    struct gnt_new_user u = { .given = user };
    struct gnt_copy c;
    int rc = 0;

    gnt_copy_begin(&c, e, id, o->call);
    gnt_buf_init(&u.passwd, &e->host.mem, FILE_MAX);
    gnt_buf_init(&u.group, &e->host.mem, FILE_MAX);
    gnt_buf_init(&u.shadow, &e->host.mem, FILE_MAX);
    u.shadow.wipe = 1;
    u.shell = user->shell != NULL ? user->shell : "/bin/sh";
    u.home = user->home;
    if (u.home == NULL) {
        u.home = gnt_arena_printf(&c.arena, "/home/%s", user->name);
        rc = u.home == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0)
        rc = add_user(&c, &u, o->exists_ok == GANTRY_ON, out, err);
    gnt_buf_free(&u.passwd);
    gnt_buf_free(&u.group);
    gnt_buf_free(&u.shadow);
    gnt_copy_end(&c);
    return rc;
}

int gantry_containers_add_user(gantry_containers *containers, const char *id,
                               const gantry_user *user, const gantry_add_user_options *opts,
                               gantry_user_info **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_add_user_options o;
    gantry_user u;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_ADD_USER, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0 && user == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "user: must not be NULL");
    if (rc == 0)
        rc = gnt_import(&u, sizeof u, user, "gantry_user", err);
    if (rc == 0)
        rc = check_user(&u, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_add_user_options, o, opts, err);
    if (rc == 0 && o.reserved != 0)
        rc = gantry_unsupported_option(err, "reserved");
    if (rc == 0)
        rc = run(e, id, &u, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_ADD_USER, GANTRY_RESOURCE_CONTAINER, id, err);
}

void gantry_user_info_free(gantry_user_info *info)
{
    gnt_result_free(info);
}
