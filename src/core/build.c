/*
 * What a build is given, made one archive: a directory without what its rules ignore, an archive
 * and a Dockerfile's text, in any mixture. Looks whether the directory and its Dockerfile are
 * there, reads the ignore file, knows no engine.
 */
#include "pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "build_ignore.h"
#include "fields.h"
#include "ignore.h"
#include "model.h"

/* What engines look for by themselves. */
static const char *const usual_names[] = { "Dockerfile", "Containerfile", NULL };

static int check_dockerfile(const gantry_build_options *opts, gantry_error *err)
{
    const char *text = opts->dockerfile;
    const char *name = opts->dockerfile_name;

    if (text == NULL && opts->context_directory == NULL && opts->context == NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "nothing to build: neither dockerfile nor context nor context_directory");
    if (text != NULL && text[strspn(text, " \t\r\n\v\f")] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "dockerfile: must not be empty");
    if (name != NULL && name[0] == '/')
        return gnt_fail(err, GANTRY_E_INVALID,
                        "dockerfile_name: must be relative to the context: %s", name);
    return 0;
}

/* Whether an archive brings an entry of this name, or a directory that may. */
static int may_bring(const gantry_archive *archive, const char *name)
{
    for (const struct gnt_entry *e = archive->first; e != NULL; e = e->next) {
        if (e->kind == GNT_ENTRY_DIRECTORY ||
            (e->kind == GNT_ENTRY_INCLUDE && may_bring(e->include, name)) ||
            (e->name != NULL && strcmp(e->name, name) == 0))
            return 1;
    }
    return 0;
}

static int is_in(const char *directory, const char *name)
{
    char path[2 * GNT_PATH_MAX];
    struct stat st;
    int size = snprintf(path, sizeof path, "%s/%s", directory, name);

    return size < 0 || (size_t)size >= sizeof path || lstat(path, &st) == 0 || errno != ENOENT;
}

/* name: normalised, or NULL for what engines look for by themselves. */
static int check_directory(const gantry_build_options *opts, const char *name, gantry_error *err)
{
    const char *const given[] = { name, NULL };
    const char *directory = opts->context_directory;
    struct stat st;
    int os_error;

    if (directory[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "context_directory: must not be empty");
    os_error = stat(directory, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (os_error != 0) {
        gnt_fail_errno(err, GANTRY_E_IO, os_error, "cannot look at %s", directory);
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, directory);
        return GANTRY_E_IO;
    }
    if (opts->dockerfile != NULL)
        return 0;
    for (const char *const *want = name != NULL ? given : usual_names; *want != NULL; want++) {
        if (is_in(directory, *want) || (opts->context != NULL && may_bring(opts->context, *want)))
            return 0;
    }
    gnt_fail(err, GANTRY_E_INVALID, "no %s in %s", name != NULL ? name : usual_names[0], directory);
    gnt_error_resource(err, GANTRY_RESOURCE_FILE, directory);
    return GANTRY_E_INVALID;
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* A context that is being made. */
struct making {
    struct gnt_arena *arena;
    const gantry_build_options *opts;
    gantry_archive *archive;
    const char *name; /* of the Dockerfile, or NULL */
    const char *given[2];
    struct gnt_context_rules rules;
    const char **hidden; /* room for both usual names and the ignore file */
    size_t hidden_count;
};

/* What the build needs is sent though a rule says no, and hidden from COPY. */
static int keep_needed(struct making *m, const char *name, gantry_error *err)
{
    gantry_entry_options options = { .size = sizeof options };
    const struct gnt_rule *rule;
    struct gnt_located found;
    int is_text = m->opts->dockerfile != NULL && strcmp(name, m->name) == 0;
    int rc;

    if (!gnt_ignore_check(m->rules.ignore, name, strlen(name), &rule))
        return 0;
    rc = gnt_context_find(m->arena, m->opts, name, &found, err);
    if (rc < 0 || (!is_text && !found.in_directory))
        return rc;
    m->hidden[m->hidden_count++] = name;
    return is_text ? 0 : gantry_archive_add_file(m->archive, name, found.path, &options, err);
}

static int add_directory(struct making *m, gantry_error *err)
{
    gantry_entry_options options = { .size = sizeof options };
    const char *const *names = m->name != NULL ? m->given : usual_names;
    int rc = gnt_context_rules(m->arena, m->opts, names, &m->rules, err);

    if (rc < 0)
        return rc;
    m->archive->owned = m->rules.ignore;
    options.ignore = m->rules.ignore;
    m->hidden = gnt_arena_alloc(m->arena, 4 * sizeof *m->hidden);
    if (m->hidden == NULL)
        return gnt_nomem(err);
    rc = gantry_archive_add_directory(m->archive, "", m->opts->context_directory, &options, err);
    for (; rc == 0 && *names != NULL; names++)
        rc = keep_needed(m, *names, err);
    if (rc == 0 && m->rules.file != NULL)
        rc = keep_needed(m, m->rules.file, err);
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int fill(struct making *m, gantry_error *err)
{
    const gantry_build_options *opts = m->opts;
    int rc = 0;

    if (opts->context_directory != NULL)
        rc = check_directory(opts, m->name, err);
    else if (opts->ignore_patterns != NULL && opts->ignore_patterns[0] != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "ignore_patterns: apply to context_directory, and there is none");
    if (rc == 0 && opts->context_directory != NULL)
        rc = add_directory(m, err);
    if (rc == 0 && opts->context != NULL)
        rc = gnt_archive_include(m->archive, opts->context, err);
    if (rc == 0 && opts->dockerfile != NULL)
        rc = gantry_archive_add_data(m->archive, m->name, opts->dockerfile,
                                     strlen(opts->dockerfile), NULL, err);
    return rc;
}

/* A context that the engine fetches has nothing of ours. */
static int check_url(const gantry_build_options *opts, gantry_error *err)
{
    const char *other = opts->dockerfile != NULL          ? "dockerfile"
                        : opts->context != NULL           ? "context"
                        : opts->context_directory != NULL ? "context_directory"
                        : opts->ignore_patterns != NULL && opts->ignore_patterns[0] != NULL
                            ? "ignore_patterns"
                            : NULL;

    if (opts->context_url[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "context_url: must not be empty");
    if (other != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: not together with context_url", other);
    return 0;
}

static int make_archive(struct making *m, gantry_error *err)
{
    gantry_archive_options options = { .size = sizeof options, .allocator = &m->arena->mem.a };

    if (m->opts->context != NULL && m->opts->context->reproducible) {
        options.reproducible = GANTRY_ON;
        options.mtime_ns = m->opts->context->mtime_ns;
    }
    return gantry_archive_new(&options, &m->archive, err);
}

int gnt_build_context(struct gnt_arena *arena, struct gantry_host *host,
                      const gantry_build_options *opts, gantry_build_context *out,
                      gantry_error *err)
{
    struct making m = { .arena = arena, .opts = opts };
    const char *name = opts->dockerfile_name;
    const char *url = NULL;
    size_t size;
    int rc = opts->context_url != NULL ? check_url(opts, err) : check_dockerfile(opts, err);

    if (name == NULL && opts->dockerfile != NULL)
        name = "Dockerfile";
    if (rc == 0 && name != NULL)
        rc = gnt_archive_name(arena, "dockerfile_name", name, 0, &m.name, &size, err);
    m.given[0] = m.name;
    if (rc == 0 && opts->context_url != NULL) {
        url = gnt_arena_strdup(arena, opts->context_url);
        rc = url == NULL ? gnt_nomem(err) : 0;
    } else if (rc == 0) {
        rc = make_archive(&m, err);
        if (rc == 0)
            rc = fill(&m, err);
    }
    if (rc < 0) {
        gantry_archive_free(m.archive);
        return rc;
    }
    if (host != NULL && m.archive != NULL)
        m.archive->host.logger = host->logger;
    *out = (gantry_build_context){ .size = sizeof *out,
                                   .archive = m.archive,
                                   .dockerfile_name = m.name,
                                   .hidden = m.hidden != NULL ? m.hidden : gnt_no_strings,
                                   .url = url };
    return 0;
}

static int context_archive(const gantry_build_options *opts, gantry_archive **out,
                           gantry_error *err)
{
    gantry_build_context context = { 0 };
    gantry_build_options o;
    struct gnt_arena arena;
    struct gnt_mem mem;
    int rc;

    if (out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL");
    rc = gnt_import(&o, sizeof o, opts, "gantry_build_options", err);
    if (rc == 0 && o.context_url != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "context_url: the engine fetches it, not the library");
    if (rc == 0)
        rc = gnt_mem_init(&mem, o.context != NULL ? &o.context->host.mem.a : NULL, err);
    if (rc < 0)
        return rc;
    gnt_arena_init(&arena, &mem);
    rc = gnt_build_context(&arena, NULL, &o, &context, err);
    gnt_arena_free(&arena); /* the archive has copies */
    if (rc == 0)
        *out = context.archive;
    return rc;
}

int gantry_build_context_archive(const gantry_build_options *opts, gantry_archive **out,
                                 gantry_error *err)
{
    int rc = context_archive(opts, out, err);

    if (rc < 0)
        gnt_error_operation(err, "build.context_archive");
    return rc;
}
