/*
 * The files of users and groups: "name:x:1000:...", one a line. Texts in, texts out; knows no
 * container.
 */
#ifndef GNT_PASSWD_H
#define GNT_PASSWD_H

#include "mem.h"

/* A line of passwd or group. */
struct gnt_account {
    const char *line; /* in the text */
    size_t size;      /* of the line, without its end */
    int64_t id;       /* uid of passwd, gid of group */
    int64_t gid;      /* passwd: of its group */
};

/* The line of a name, or else, if it is a number, of that number; 0 or -1. */
int gnt_account_of(const char *text, const char *name, struct gnt_account *out);
/* By name or number alone; 0 or -1. */
int gnt_account_by_name(const char *text, const char *name, struct gnt_account *out);
int gnt_account_by_id(const char *text, int64_t id, struct gnt_account *out);
/* A decimal number as ids are: 0 to 2^32 - 2; 0 or -1. */
int gnt_account_number(const char *text, int64_t *out);
/* The first number from `from` on that is neither's; -1 if there is none below 60000. */
int64_t gnt_account_free_id(const char *passwd, const char *group, int64_t from);

/* Whether a name may be a user's: [a-z_][a-z0-9_-]*, at most 32. */
int gnt_account_name_ok(const char *name);

/* The text with a line more, behind what is there; one that has no newline at its end gets it. */
int gnt_account_append(struct gnt_buf *text, const char *line);
/* The text of a group file with the user as a further member of a group that is in it; as it is if
 * he is one. */
int gnt_group_add_member(struct gnt_buf *out, const char *text, const char *group,
                         const char *user);
/* The text of a shadow file with this hash for a user: his line changed, or one more. */
int gnt_shadow_set(struct gnt_buf *out, const char *text, const char *user, const char *hash,
                   int64_t day);

#endif
