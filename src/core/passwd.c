#include "passwd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ID_END = 60000,
    NAME_MAX_SIZE = 32
};

/* ---- lines ----------------------------------------------------------------------------------- */

/* Field `index` of a line; its size in *out_size, NULL if there are not so many. */
static const char *field(const char *line, size_t size, int index, size_t *out_size)
{
    const char *end = line + size;

    for (; index > 0; index--) {
        const char *colon = memchr(line, ':', (size_t)(end - line));

        if (colon == NULL)
            return NULL;
        line = colon + 1;
    }
    *out_size = (size_t)(end - line);
    if (memchr(line, ':', *out_size) != NULL)
        *out_size = (size_t)((const char *)memchr(line, ':', *out_size) - line);
    return line;
}

static int number_of(const char *text, size_t size, int64_t *out)
{
    int64_t number = 0;

    if (size == 0 || size > 10)
        return -1;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    if (number >= UINT32_MAX) /* the last one means "none" */
        return -1;
    *out = number;
    return 0;
}

int gnt_account_number(const char *text, int64_t *out)
{
    return number_of(text, strlen(text), out);
}

static const char *next_line(const char *at, size_t *out_size)
{
    *out_size = strcspn(at, "\n");
    return at + *out_size + (at[*out_size] == '\n');
}

static int is_of(const char *line, size_t size, const char *name)
{
    size_t length = strlen(name);

    return length > 0 && size > length && line[length] == ':' && memcmp(line, name, length) == 0;
}

static int take(const char *line, size_t size, struct gnt_account *out)
{
    size_t width = 0;
    const char *id = field(line, size, 2, &width);

    out->line = line;
    out->size = size;
    out->id = out->gid = -1;
    if (id == NULL || number_of(id, width, &out->id) < 0)
        return -1;
    id = field(line, size, 3, &width);
    if (id != NULL)
        (void)number_of(id, width, &out->gid); /* a group has its members there */
    return 0;
}

int gnt_account_by_name(const char *text, const char *name, struct gnt_account *out)
{
    const char *next;
    size_t size;

    for (const char *at = text; *at != '\0'; at = next) {
        next = next_line(at, &size);
        if (is_of(at, size, name) && take(at, size, out) == 0)
            return 0;
    }
    return -1;
}

int gnt_account_by_id(const char *text, int64_t id, struct gnt_account *out)
{
    const char *next;
    size_t size;

    for (const char *at = text; *at != '\0'; at = next) {
        next = next_line(at, &size);
        if (size > 0 && at[0] != '#' && take(at, size, out) == 0 && out->id == id)
            return 0;
    }
    return -1;
}

int gnt_account_of(const char *text, const char *name, struct gnt_account *out)
{
    int64_t id;

    if (gnt_account_by_name(text, name, out) == 0)
        return 0;
    return gnt_account_number(name, &id) == 0 ? gnt_account_by_id(text, id, out) : -1;
}

int64_t gnt_account_free_id(const char *passwd, const char *group, int64_t from)
{
    struct gnt_account account;

    for (int64_t id = from; id < FIRST_ID_END; id++) {
        if (gnt_account_by_id(passwd, id, &account) < 0 &&
            gnt_account_by_id(group, id, &account) < 0)
            return id;
    }
    return -1;
}

int gnt_account_name_ok(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
    static const char others[] = "abcdefghijklmnopqrstuvwxyz_0123456789-";
    size_t size = strlen(name);

    return size > 0 && size <= NAME_MAX_SIZE && strchr(first, name[0]) != NULL &&
           strspn(name, others) == size;
}

/* ---- changes --------------------------------------------------------------------------------- */

int gnt_account_append(struct gnt_buf *text, const char *line)
{
    if (text->size > 0 && text->data[text->size - 1] != '\n')
        gnt_buf_adds(text, "\n");
    gnt_buf_adds(text, line);
    return gnt_buf_adds(text, "\n");
}

/* Whether a list as "a,b,c" has the name. */
static int has_member(const char *list, size_t size, const char *name)
{
    size_t length = strlen(name);

    while (size > 0) {
        const char *comma = memchr(list, ',', size);
        size_t part = comma != NULL ? (size_t)(comma - list) : size;

        if (part == length && memcmp(list, name, length) == 0)
            return 1;
        part += comma != NULL;
        list += part;
        size -= part;
    }
    return 0;
}

int gnt_group_add_member(struct gnt_buf *out, const char *text, const char *group, const char *user)
{
    const char *next;
    size_t size;
    size_t width = 0;
    int done = 0;

    for (const char *at = text; *at != '\0'; at = next) {
        const char *members;

        next = next_line(at, &size);
        members = field(at, size, 3, &width);
        gnt_buf_add(out, at, size);
        if (!done && is_of(at, size, group)) {
            done = 1;
            if (members == NULL) /* a line without the last field */
                gnt_buf_adds(out, ":");
            if (members == NULL || !has_member(members, width, user)) {
                gnt_buf_adds(out, members != NULL && width > 0 ? "," : "");
                gnt_buf_adds(out, user);
            }
        }
        gnt_buf_add(out, at + size, (size_t)(next - at) - size);
    }
    return out->rc;
}

int gnt_shadow_set(struct gnt_buf *out, const char *text, const char *user, const char *hash,
                   int64_t day)
{
    const char *next;
    size_t size;
    int done = 0;

    for (const char *at = text; *at != '\0'; at = next) {
        next = next_line(at, &size);
        if (!done && is_of(at, size, user)) {
            size_t width = 0;
            const char *old = field(at, size, 1, &width);

            done = 1;
            gnt_buf_addf(out, "%s:%s", user, hash);
            gnt_buf_add(out, old + width, size - (size_t)(old + width - at));
        } else {
            gnt_buf_add(out, at, size);
        }
        gnt_buf_add(out, at + size, (size_t)(next - at) - size);
    }
    if (!done) {
        if (out->size > 0 && out->data[out->size - 1] != '\n')
            gnt_buf_adds(out, "\n");
        gnt_buf_addf(out, "%s:%s:%" PRId64 ":0:99999:7:::\n", user, hash, day);
    }
    return out->rc;
}
