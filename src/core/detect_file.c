/*
 * Small files and folders of others: bounded, never waited for, nothing of them quoted.
 */
#include "detect_impl.h"

#include "error.h"
#include "read_file.h"
#include "toml.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FILE_BYTES = 1024 * 1024,
    FOLDER_MOST = 10000 /* entries, before looking gets too long */
};

/* ---- files ----------------------------------------------------------------------------------- */

int gnt_find_read(struct gnt_finder *f, const char *path, const char **out, size_t *out_size,
                  gantry_error *err)
{
    struct gnt_buf text;
    int rc;

    gnt_buf_init(&text, &f->scratch.mem, FILE_BYTES);
    text.wipe = 1;
    rc = gnt_read_file(path, 1, &text, err);
    *out = NULL;
    *out_size = 0;
    if (rc > 0) {
        *out = gnt_arena_strndup(&f->scratch, gnt_buf_text(&text), text.size);
        *out_size = text.size;
        rc = *out != NULL ? 0 : gnt_nomem(err);
    }
    gnt_buf_free(&text);
    if (rc == GANTRY_E_NOMEM)
        f->failed = 1;
    return rc;
}

int gnt_find_json(struct gnt_finder *f, const char *path, struct gnt_json **out, gantry_error *err)
{
    const char *text;
    size_t size;
    int rc = gnt_find_read(f, path, &text, &size, err);

    *out = NULL;
    if (rc < 0 || text == NULL)
        return rc;
    rc = gnt_json_parse(&f->scratch, text, size, out, NULL);
    if (rc == GANTRY_E_NOMEM) {
        f->failed = 1;
        return gnt_nomem(err);
    }
    if (rc == GANTRY_E_LIMIT)
        return gnt_fail(err, rc, "%s: is nested too deep", path);
    if (rc < 0 || (*out)->type != GNT_JSON_OBJECT) {
        *out = NULL;
        return gnt_fail(err, GANTRY_E_INVALID, "%s: is no JSON object", path);
    }
    return 0;
}

int gnt_find_toml(struct gnt_finder *f, const char *path, struct gnt_json **out, gantry_error *err)
{
    const char *text;
    size_t size;
    int rc = gnt_find_read(f, path, &text, &size, err);

    *out = NULL;
    if (rc < 0 || text == NULL)
        return rc;
    rc = gnt_toml_parse(&f->scratch, text, size, out, err);
    if (rc == GANTRY_E_NOMEM)
        f->failed = 1;
    else if (rc < 0)
        gnt_error_prefix(err, "%s", path);
    return rc;
}

int gnt_find_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* ---- folders --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int ends_with(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t end = strlen(suffix);

    return size >= end && strcmp(name + size - end, suffix) == 0;
}

/* Keep the first ones by name, whatever order the folder has. */
static size_t keep(const char **names, size_t count, const char *name)
{
    size_t last = count;

    if (count < GNT_FIND_NAMES_MAX) {
        names[count] = name;
        return count + 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (last == count || strcmp(names[i], names[last]) > 0)
            last = i;
    }
    if (strcmp(name, names[last]) < 0)
        names[last] = name;
    return count;
}

const char *const *gnt_find_names(struct gnt_finder *f, const char *directory, const char *suffix)
{
    static const char *const none[] = { NULL };
    const char **names = gnt_arena_alloc(&f->scratch, (GNT_FIND_NAMES_MAX + 1) * sizeof *names);
    size_t count = 0;
    size_t seen = 0;
    DIR *d;

    if (names == NULL) {
        f->failed = 1;
        return none;
    }
    d = opendir(directory);
    while (d != NULL && seen++ < FOLDER_MOST) {
        const struct dirent *entry = readdir(d);
        const char *name;

        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.' || !ends_with(entry->d_name, suffix))
            continue;
        name = gnt_arena_strdup(&f->scratch, entry->d_name);
        if (name == NULL)
            f->failed = 1;
        else
            count = keep(names, count, name);
    }
    if (d != NULL)
        closedir(d);
    qsort(names, count, sizeof *names, compare);
    return names;
}
