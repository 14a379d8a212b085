/*
 * Keeping and forgetting credentials: in the helper that a file names, else in the file, which is
 * replaced as a whole and keeps what else is in it.
 */
#include "credentials.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TEMPORARY_TRIES = 100,
    LINKS = 16
};

/* ---- text for people ------------------------------------------------------------------------- */

static void new_line(struct gnt_buf *out, size_t depth)
{
    gnt_buf_adds(out, "\n");
    while (depth-- > 0)
        gnt_buf_adds(out, "\t");
}

/* Compact JSON, indented as the command lines do it. */
static int indent(const char *text, struct gnt_buf *out)
{
    size_t depth = 0;
    int quoted = 0;

    for (const char *p = text; *p != '\0'; p++) {
        int opens = !quoted && (*p == '{' || *p == '[');
        int closes = !quoted && (*p == '}' || *p == ']');
        int empty = p > text && (p[-1] == '{' || p[-1] == '[');

        if (closes && depth > 0 && --depth < SIZE_MAX && !empty)
            new_line(out, depth);
        gnt_buf_add(out, p, 1);
        if (*p == '\\' && quoted && p[1] != '\0')
            gnt_buf_add(out, ++p, 1);
        else if (*p == '"')
            quoted = !quoted;
        else if (opens && ++depth > 0 && p[1] != '}' && p[1] != ']')
            new_line(out, depth);
        else if (!quoted && *p == ',')
            new_line(out, depth);
        else if (!quoted && *p == ':')
            gnt_buf_adds(out, " ");
    }
    return gnt_buf_adds(out, "\n");
}

/* ---- replacing a file ------------------------------------------------------------------------ */

static int make_folders(char *path, gantry_error *err)
{
    for (char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
        int rc;

        *p = '\0';
        rc = mkdir(path, 0700);
        if (rc < 0 && errno != EEXIST) {
            int saved = errno;
            struct stat st;

            if (stat(path, &st) < 0)
                return gnt_fail_errno(err, GANTRY_E_IO, saved, "%s", path);
        }
        *p = '/';
    }
    return 0;
}

static int write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        size -= (size_t)n;
    }
    return 0;
}

/* A new file beside `path`. */
static int open_beside(const char *path, char *name, size_t size)
{
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        int n = snprintf(name, size, "%s.%ld-%" PRId64 ".new", path, (long)getpid(),
                         gantry_clock_ns() % 1000000000 + i);
        int fd;

        if (n < 0 || (size_t)n >= size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Of the same owner as the one that it replaces: root may log in for somebody. */
static int take_over(int fd, const char *path)
{
    struct stat st;

    if (fchmod(fd, 0600) < 0)
        return -1;
    if (stat(path, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) < 0 && errno != EPERM)
        return -1;
    return 0;
}

static void sync_folder(char *path)
{
    char *end = strrchr(path, '/');
    int fd;

    if (end == NULL || end == path)
        return;
    *end = '\0';
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* the file is whole in any case */
        close(fd);
    }
    *end = '/';
}

static int replace(char *path, const char *text, size_t size, gantry_error *err)
{
    char name[PATH_MAX + 64];
    int fd = open_beside(path, name, sizeof name);
    int saved = errno;
    int ok;

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, saved, "cannot write beside %s", path);
    ok = take_over(fd, path) == 0 && write_all(fd, text, size) == 0 && fsync(fd) == 0;
    saved = errno;
    if (close(fd) < 0 && ok) {
        ok = 0;
        saved = errno;
    }
    if (ok && rename(name, path) < 0) {
        ok = 0;
        saved = errno;
    }
    if (!ok) {
        unlink(name);
        return gnt_fail_errno(err, GANTRY_E_IO, saved, "cannot replace %s", path);
    }
    sync_folder(path);
    return 0;
}

/* What a link leads to is replaced, not the link. Only the last component matters. */
static int resolve(char *path, size_t size)
{
    char target[PATH_MAX];
    char joined[2 * PATH_MAX];

    for (int i = 0; i < LINKS; i++) {
        ssize_t n = readlink(path, target, sizeof target - 1);
        const char *slash = strrchr(path, '/');
        size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;

        if (n < 0)
            return 0; /* no link, or nothing there yet */
        target[n] = '\0';
        snprintf(joined, sizeof joined, "%.*s%s", target[0] == '/' ? 0 : (int)folder, path, target);
        if (strlen(joined) >= size)
            break;
        memcpy(path, joined, strlen(joined) + 1);
    }
    errno = ELOOP;
    return -1;
}

int gnt_credential_write(const struct gnt_mem *mem, const char *path, const struct gnt_json *doc,
                         gantry_error *err)
{
    char real[PATH_MAX];
    struct gnt_buf compact;
    struct gnt_buf text;
    int rc;

    if ((size_t)snprintf(real, sizeof real, "%s", path) >= sizeof real)
        return gnt_fail_errno(err, GANTRY_E_IO, ENAMETOOLONG, "%s", path);
    if (resolve(real, sizeof real) < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    gnt_buf_init(&compact, mem, GNT_CREDENTIAL_FILE_BYTES);
    gnt_buf_init(&text, mem, GNT_CREDENTIAL_FILE_BYTES);
    compact.wipe = text.wipe = 1;
    rc = gnt_json_write(doc, &compact);
    if (rc == 0)
        rc = indent(gnt_buf_text(&compact), &text);
    if (rc == GANTRY_E_LIMIT)
        gnt_fail(err, rc, "%s: would be larger than %d bytes", path, GNT_CREDENTIAL_FILE_BYTES);
    else if (rc < 0)
        rc = gnt_nomem(err);
    if (rc == 0)
        rc = make_folders(real, err);
    if (rc == 0)
        rc = replace(real, gnt_buf_text(&text), text.size, err);
    gnt_buf_free(&compact);
    gnt_buf_free(&text);
    return rc;
}

/* ---- changing a document --------------------------------------------------------------------- */

static void drop(struct gnt_json *object, const char *key)
{
    struct gnt_json *before = NULL;
    struct gnt_json *next;

    for (struct gnt_json *v = object->first; v != NULL; v = next) {
        next = v->next;
        if (strcmp(v->key, key) != 0) {
            before = v;
            continue;
        }
        if (before != NULL)
            before->next = next;
        else
            object->first = next;
        if (object->last == v)
            object->last = before;
        object->size--;
    }
}

/* The member as an object that can be changed, made if it is not there. */
static struct gnt_json *object_in(struct gnt_arena *arena, struct gnt_json *parent, const char *key)
{
    struct gnt_json *v = parent->first;

    while (v != NULL && (strcmp(v->key, key) != 0 || v->type != GNT_JSON_OBJECT))
        v = v->next;
    if (v != NULL)
        return v;
    v = gnt_json_new(arena, GNT_JSON_OBJECT);
    return v != NULL && gnt_json_set(arena, parent, key, v) == 0 ? v : NULL;
}

static int put(struct gnt_arena *arena, struct gnt_json *object, const char *key, const char *text)
{
    return text == NULL ? 0 : gnt_json_set(arena, object, key, gnt_json_string(arena, text));
}

static int put_pair(struct gnt_arena *arena, struct gnt_json *entry, const gantry_auth *auth)
{
    const char *password = auth->password != NULL ? auth->password : "";
    struct gnt_buf pair;
    struct gnt_buf coded;
    int rc;

    if (auth->username == NULL)
        return 0;
    gnt_buf_init(&pair, &arena->mem, GNT_CREDENTIAL_FILE_BYTES);
    gnt_buf_init(&coded, &arena->mem, GNT_CREDENTIAL_FILE_BYTES);
    pair.wipe = coded.wipe = 1;
    rc = gnt_buf_adds(&pair, auth->username);
    if (rc == 0)
        rc = gnt_buf_adds(&pair, ":");
    if (rc == 0 && auth->identity_token == NULL)
        rc = gnt_buf_adds(&pair, password);
    if (rc == 0)
        rc = gnt_base64_encode(&coded, gnt_buf_text(&pair), pair.size, 0);
    if (rc == 0)
        rc = put(arena, entry, "auth", gnt_buf_text(&coded));
    gnt_buf_free(&pair);
    gnt_buf_free(&coded);
    return rc;
}

/* An entry with these credentials, or emptied with NULL. */
static int put_entry(struct gnt_arena *arena, struct gnt_json *doc, const char *key,
                     const gantry_auth *auth)
{
    static const char *const members[] = { "auth", "username", "password", "identitytoken",
                                           "registrytoken" };
    struct gnt_json *entries = object_in(arena, doc, "auths");
    struct gnt_json *entry = entries != NULL ? object_in(arena, entries, key) : NULL;
    int rc;

    if (entry == NULL)
        return GANTRY_E_NOMEM;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        drop(entry, members[i]);
    if (auth == NULL)
        return 0;
    rc = put_pair(arena, entry, auth);
    if (rc == 0)
        rc = put(arena, entry, "identitytoken", auth->identity_token);
    return rc == 0 ? put(arena, entry, "registrytoken", auth->registry_token) : rc;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static int check_keep(const gantry_credentials *c, const char *repository, const gantry_auth *auth,
                      gantry_error *err)
{
    if (c->file_count == 0)
        return gnt_fail(err, GANTRY_E_NOT_FOUND,
                        "there is no file to keep credentials in: neither "
                        "HOME nor a variable that names one is set");
    if (auth->username != NULL && strchr(auth->username, ':') != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "auth.username: must not hold a ':'");
    if (c->order == GANTRY_CREDENTIALS_DOCKER && strchr(repository, '/') != NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "registry: Docker's files keep credentials per registry, not for %s",
                        repository);
    return 0;
}

static int keep(const gantry_credentials *c, struct gnt_arena *arena, const char *repository,
                const gantry_auth *auth, const gantry_call *call, gantry_error *err)
{
    const struct gnt_credential_file *file = &c->files[0];
    int docker = c->order == GANTRY_CREDENTIALS_DOCKER;
    const char *key = docker ? gnt_auth_server(repository) : repository;
    struct gnt_json *doc = NULL;
    const char *helper = NULL;
    int own = 0;
    int rc = gnt_credential_read(arena, file, &doc, err);

    if (rc < 0)
        return rc;
    if (doc == NULL && (doc = gnt_json_new(arena, GNT_JSON_OBJECT)) == NULL)
        return gnt_nomem(err);
    /* Helpers know registries only. */
    if (strchr(repository, '/') == NULL)
        helper = gnt_credential_helper(arena, doc, repository, &own);
    if (helper != NULL && c->no_helpers)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "%s: credentials of %s are kept by the helper "
                        "%s, and no_helpers is set",
                        file->path, repository, helper);
    if (helper != NULL) {
        rc = gnt_helper_store(c, helper, repository, auth, call, err);
        /* Docker's command line leaves an empty entry, by which others know of the login. */
        if (rc < 0 || !docker)
            return rc;
        auth = NULL;
    }
    if (put_entry(arena, doc, key, auth) < 0)
        return gnt_nomem(err);
    return gnt_credential_write(&c->mem, file->path, doc, err);
}

int gnt_credentials_keep(gantry_credentials *credentials, const char *repository,
                         const gantry_auth *auth, const gantry_call *call, gantry_error *err)
{
    struct gnt_arena arena;
    int rc = check_keep(credentials, repository, auth, err);

    if (rc < 0)
        return rc;
    gnt_arena_init(&arena, &credentials->mem);
    arena.wipe = 1;
    pthread_mutex_lock(&credentials->lock);
    rc = keep(credentials, &arena, repository, auth, call, err);
    pthread_mutex_unlock(&credentials->lock);
    gnt_arena_free(&arena);
    return rc;
}

/* ---- forgetting ------------------------------------------------------------------------------ */

/* The key is this repository's own entry, or one of the names of this registry. */
static int is_entry_of(struct gnt_arena *arena, const char *key, const char *repository)
{
    size_t match = gnt_credential_match(arena, key, repository);

    if (strcmp(key, repository) == 0)
        return 1;
    return match == 1 && strchr(repository, '/') == NULL;
}

static int drop_entries(struct gnt_arena *arena, struct gnt_json *entries, const char *repository,
                        int *changed, int *out_erased)
{
    struct gnt_json *next;

    for (struct gnt_json *v = entries != NULL ? entries->first : NULL; v != NULL; v = next) {
        next = v->next;
        if (!is_entry_of(arena, v->key, repository))
            continue;
        /* An empty one says that a helper has them. */
        if (v->first != NULL)
            *out_erased = 1;
        *changed = 1;
        drop(entries, v->key);
    }
    return entries == NULL ? -1 : 0;
}

static int forget(const gantry_credentials *c, struct gnt_arena *arena,
                  const struct gnt_credential_file *file, const char *repository,
                  const gantry_call *call, int *out_erased, gantry_error *err)
{
    struct gnt_json *doc = NULL;
    const char *helper;
    int changed = 0;
    int own = 0;
    int rc = gnt_credential_read(arena, file, &doc, err);

    if (rc < 0 || doc == NULL)
        return rc;
    helper = strchr(repository, '/') == NULL ? gnt_credential_helper(arena, doc, repository, &own)
                                             : NULL;
    if (helper != NULL && !c->no_helpers)
        rc = gnt_helper_erase(c, helper, repository, call, out_erased, err);
    if (rc == GANTRY_E_NOT_FOUND && err != NULL)
        err->code = GANTRY_E_IO;
    if (rc < 0)
        return rc == GANTRY_E_NOT_FOUND ? GANTRY_E_IO : rc;
    if (drop_entries(arena, file->legacy ? doc : object_in(arena, doc, "auths"), repository,
                     &changed, out_erased) < 0)
        return gnt_nomem(err);
    return changed ? gnt_credential_write(&c->mem, file->path, doc, err) : 0;
}

int gnt_credentials_forget(gantry_credentials *credentials, const char *repository,
                           const gantry_call *call, int *out_erased, gantry_error *err)
{
    struct gnt_arena arena;
    int rc = 0;

    gnt_arena_init(&arena, &credentials->mem);
    arena.wipe = 1;
    pthread_mutex_lock(&credentials->lock);
    for (size_t i = 0; rc == 0 && i < credentials->file_count; i++) {
        const struct gnt_credential_file *file = &credentials->files[i];

        /* Each command line forgets what is its own. */
        if (file->docker == (credentials->order == GANTRY_CREDENTIALS_DOCKER))
            rc = forget(credentials, &arena, file, repository, call, out_erased, err);
    }
    pthread_mutex_unlock(&credentials->lock);
    gnt_arena_free(&arena);
    return rc;
}
