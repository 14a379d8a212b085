/*
 * Files with credentials: reading them, and what in them is about a registry. Nothing here is
 * written, and no message quotes a file.
 */
#include "credentials.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading --------------------------------------------------------------------------------- */

static int read_all(int fd, const char *path, struct gnt_buf *out, gantry_error *err)
{
    char piece[8192];
    ssize_t n;
    int rc = 0;

    do {
        n = read(fd, piece, sizeof piece);
        if (n > 0)
            rc = gnt_buf_add(out, piece, (size_t)n);
        else if (n < 0 && errno != EINTR)
            rc = gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    } while (rc == 0 && n != 0);
    gnt_wipe(piece, sizeof piece);
    if (rc == GANTRY_E_LIMIT)
        rc = gnt_fail(err, rc, "%s: is larger than %zu bytes", path, out->max);
    else if (rc == GANTRY_E_NOMEM)
        gnt_nomem(err);
    return rc;
}

/* *out_there: 0 if there is no such file. */
static int load(const char *path, struct gnt_buf *out, int *out_there, gantry_error *err)
{
    /* Without waiting: it may be a pipe that nobody writes to. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int rc;

    *out_there = fd >= 0;
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    if (fstat(fd, &st) < 0)
        rc = gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    else if (!S_ISREG(st.st_mode))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is no file", path);
    else
        rc = read_all(fd, path, out, err);
    close(fd);
    return rc;
}

int gnt_credential_read(struct gnt_arena *arena, const struct gnt_credential_file *file,
                        struct gnt_json **out, gantry_error *err)
{
    struct gnt_json *doc = NULL;
    struct gnt_buf text;
    int there = 0;
    int rc;

    gnt_buf_init(&text, &arena->mem, GNT_CREDENTIAL_FILE_BYTES);
    text.wipe = 1;
    rc = load(file->path, &text, &there, err);
    *out = NULL;
    if (rc == 0 && there && strspn(gnt_buf_text(&text), " \t\r\n") < text.size) {
        rc = gnt_json_parse(arena, gnt_buf_text(&text), text.size, &doc, NULL);
        if (rc == GANTRY_E_NOMEM)
            gnt_nomem(err);
        else if (rc < 0 || doc->type != GNT_JSON_OBJECT)
            rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is no JSON object", file->path);
        *out = rc == 0 ? doc : NULL;
    }
    gnt_buf_free(&text);
    return rc;
}

/* ---- what is in it --------------------------------------------------------------------------- */

const struct gnt_json *gnt_credential_entries(const struct gnt_json *doc, int legacy)
{
    const struct gnt_json *entries = legacy ? doc : gnt_json_member(doc, "auths");

    return entries != NULL && entries->type == GNT_JSON_OBJECT ? entries : NULL;
}

/* A key that stands for a whole registry though something follows its name: "quay.io/v2/". */
static int is_api(const char *key)
{
    const char *path = strchr(key, '/');

    if (path == NULL || path[1] == '\0')
        return 1;
    return (path[1] == 'v' && (path[2] == '1' || path[2] == '2')) &&
           (path[3] == '\0' || (path[3] == '/' && path[4] == '\0'));
}

size_t gnt_credential_match(struct gnt_arena *arena, const char *key, const char *repository)
{
    size_t registry_size = strcspn(repository, "/");
    size_t size = strlen(key);
    const char *named;

    /* Of a repository, or of all below a path: the longer the better. */
    if (strncmp(key, repository, size) == 0 && size >= registry_size &&
        (repository[size] == '\0' || repository[size] == '/'))
        return size + 2;
    if (strstr(key, "://") == NULL && !is_api(key))
        return 0;
    named = gnt_auth_domain(arena, key);
    if (named == NULL || strlen(named) != registry_size ||
        strncmp(named, repository, registry_size) != 0)
        return 0;
    return 1;
}

const char *gnt_credential_helper(struct gnt_arena *arena, const struct gnt_json *doc,
                                  const char *registry, int *own)
{
    const struct gnt_json *helpers = gnt_json_member(doc, "credHelpers");
    const struct gnt_json *v =
        helpers != NULL && helpers->type == GNT_JSON_OBJECT ? helpers->first : NULL;
    const char *store = gnt_json_text(gnt_json_member(doc, "credsStore"));

    *own = 1;
    for (; v != NULL; v = v->next) {
        const char *named = gnt_auth_domain(arena, v->key);

        if (named != NULL && strcmp(named, registry) == 0 && gnt_json_text(v) != NULL)
            return gnt_json_text(v)[0] != '\0' ? gnt_json_text(v) : NULL;
    }
    *own = 0;
    return store != NULL && store[0] != '\0' ? store : NULL;
}
