/*
 * Environment files, by the rules of the docker command line: white space before a name goes, '#'
 * begins a comment line, nothing is quoted. A NAME alone, which the command line would look up in
 * its own environment, is left out. Values may be secrets: no message quotes one.
 */
#include "environment_file.h"

#include "error.h"
#include "read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char blanks[] = " \t\v\f\r";

/* ---- reading --------------------------------------------------------------------------------- */

static int read_file(const char *path, struct gnt_buf *out, gantry_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int rc;

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "environment_files: %s", path);
    rc = gnt_read_all(fd, path, out, err);
    close(fd);
    if (rc == GANTRY_E_IO || rc == GANTRY_E_LIMIT)
        gnt_error_prefix(err, "environment_files");
    return rc;
}

/* ---- the list -------------------------------------------------------------------------------- */

struct variables {
    struct gnt_arena *arena;
    const char **list;
    size_t count;
    size_t capacity;
};

static int add(struct variables *v, const char *text, gantry_error *err)
{
    if (v->count == v->capacity) {
        size_t capacity = v->capacity == 0 ? 64 : v->capacity * 2;
        const char **list = gnt_arena_alloc(v->arena, capacity * sizeof *list);

        if (list == NULL)
            return gnt_nomem(err);
        if (v->count > 0)
            memcpy(list, v->list, v->count * sizeof *list);
        v->list = list;
        v->capacity = capacity;
    }
    v->list[v->count++] = text;
    return 0;
}

/* `line` without its end. */
static int add_line(struct variables *v, const char *path, size_t number, const char *line,
                    size_t size, gantry_error *err)
{
    size_t skip = strspn(line, blanks);
    const char *equals;
    const char *text;

    if (skip >= size || line[skip] == '#')
        return 0;
    line += skip;
    size -= skip;
    equals = memchr(line, '=', size);
    if (equals == line)
        return gnt_fail(err, GANTRY_E_INVALID, "environment_files: %s:%zu: has no name before '='",
                        path, number);
    skip = strcspn(line, " \t\v\f\r");
    if (skip < (equals != NULL ? (size_t)(equals - line) : size))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "environment_files: %s:%zu: the name has white space in it", path, number);
    if (equals == NULL)
        return 0;
    text = gnt_arena_strndup(v->arena, line, size);
    return text == NULL ? gnt_nomem(err) : add(v, text, err);
}

static int add_text(struct variables *v, const char *path, const struct gnt_buf *buf,
                    gantry_error *err)
{
    const char *at = gnt_buf_text(buf);
    const char *end = at + buf->size;
    int rc = 0;

    if (memchr(at, '\0', buf->size) != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "environment_files: %s: has a NUL byte", path);
    if (strncmp(at, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    for (size_t number = 1; rc == 0 && at < end; number++) {
        size_t size = strcspn(at, "\n");
        size_t kept = size > 0 && at[size - 1] == '\r' ? size - 1 : size;

        rc = add_line(v, path, number, at, kept, err);
        at += size + 1;
    }
    return rc;
}

static int add_file(struct variables *v, const char *path, gantry_error *err)
{
    struct gnt_buf buf;
    int rc;

    gnt_buf_init(&buf, &v->arena->mem, GNT_ENVIRONMENT_FILE_BYTES);
    buf.wipe = 1;
    rc = read_file(path, &buf, err);
    if (rc == 0)
        rc = add_text(v, path, &buf, err);
    gnt_buf_free(&buf);
    return rc;
}

/* ---- once each ------------------------------------------------------------------------------- */

struct place {
    const char *text;
    size_t at;
};

static int compare_names(const char *a, const char *b)
{
    while (*a == *b && *a != '=' && *a != '\0') {
        a++;
        b++;
    }
    if (*a == *b)
        return 0;
    if (*a == '=' || *b == '=')
        return *a == '=' ? -1 : 1;
    return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    int order = compare_names(x->text, y->text);

    if (order != 0)
        return order;
    return x->at < y->at ? -1 : 1;
}

static int keep_last(struct variables *v, gantry_error *err)
{
    struct place *places = gnt_arena_alloc(v->arena, (v->count + 1) * sizeof *places);
    size_t first = 0;
    size_t kept = 0;

    if (places == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < v->count; i++)
        places[i] = (struct place){ v->list[i], i };
    qsort(places, v->count, sizeof *places, compare_places);
    for (size_t i = 1; i < v->count; i++) {
        if (compare_names(places[first].text, places[i].text) != 0) {
            first = i;
            continue;
        }
        v->list[places[first].at] = places[i].text;
        v->list[places[i].at] = NULL;
    }
    for (size_t i = 0; i < v->count; i++) {
        if (v->list[i] != NULL)
            v->list[kept++] = v->list[i];
    }
    v->count = kept;
    return 0;
}

int gnt_environment_merge(struct gnt_arena *arena, const char *const *files,
                          const char *const *environment, const char *const **out,
                          gantry_error *err)
{
    struct variables v = { .arena = arena };
    int rc = 0;

    for (; rc == 0 && *files != NULL; files++)
        rc = add_file(&v, *files, err);
    for (; rc == 0 && environment != NULL && *environment != NULL; environment++)
        rc = add(&v, *environment, err);
    if (rc == 0)
        rc = keep_last(&v, err);
    if (rc == 0)
        rc = add(&v, NULL, err);
    if (rc == 0)
        *out = v.list;
    return rc;
}
