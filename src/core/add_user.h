/* Adding a user inside a container: what add_user.c decides, and the two ways of doing it. */
#ifndef GNT_ADD_USER_H
#define GNT_ADD_USER_H

#include "copying.h"
#include "passwd.h"

/* What is to be added, all decided; and the files as they are. */
struct gnt_new_user {
    const gantry_user *given;
    const char *home;
    const char *shell;
    int64_t uid;
    int64_t gid;
    int need_group; /* there is no group of this number */
    struct gnt_buf passwd;
    struct gnt_buf group;
    struct gnt_buf shadow;
    struct gnt_tar_entry passwd_head; /* mode and owner, to be kept */
    struct gnt_tar_entry group_head;
    struct gnt_tar_entry shadow_head;
    int has_shadow;
};

/* Where the files of users are. */
#define GNT_PASSWD_FILE "/etc/passwd"
#define GNT_GROUP_FILE "/etc/group"
#define GNT_SHADOW_FILE "/etc/shadow"

/* Write the files and make the home directory. passwd is last: until then there is no such user. */
int gnt_add_user_edit(struct gnt_copy *c, struct gnt_new_user *u, gantry_error *err);
/* The shadow file alone. */
int gnt_add_user_shadow(struct gnt_copy *c, struct gnt_new_user *u, gantry_error *err);

#endif
