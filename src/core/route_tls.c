/*
 * What TLS to an engine is done with: of the options, or else of the place where the address was
 * found. Files are read here, once; from then on there are texts only.
 */
#include "route.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "fields.h"
#include "read_file.h"

enum {
    FILE_MOST = 1024 * 1024,
    NAME_MOST = 255
};

/* ---- reading --------------------------------------------------------------------------------- */

static int read_file(gantry_route *r, const char *option, const char *path, const char **out,
                     gantry_error *err)
{
    /* Without waiting: it may be a pipe that nobody writes to. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct gnt_buf text;
    struct stat st;
    int rc;

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "tls: %s: %s", option, path);
    gnt_buf_init(&text, &r->host->mem, FILE_MOST);
    text.wipe = 1;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        rc = gnt_fail_errno(err, GANTRY_E_IO, EISDIR, "%s", path);
    else
        rc = gnt_read_all(fd, path, &text, err);
    close(fd);
    if (rc == GANTRY_E_LIMIT)
        gnt_fail(err, rc, "tls: %s: %s has more than %d bytes", option, path, FILE_MOST);
    else if (rc == GANTRY_E_IO)
        gnt_error_prefix(err, "tls: %s", option);
    if (rc == 0) {
        *out = gnt_arena_strdup(&r->arena, gnt_buf_text(&text));
        rc = *out != NULL ? 0 : gnt_nomem(err);
    }
    gnt_buf_free(&text);
    return rc;
}

/* ---- PEM ------------------------------------------------------------------------------------- */

static int ends_with(const char *text, size_t size, const char *end)
{
    size_t length = strlen(end);

    return size >= length && memcmp(text + size - length, end, length) == 0;
}

/* The next block of that kind: what stands between "-----BEGIN " and "-----" ends with it. NULL:
 * there is none. */
static const char *next_block(const char *text, const char *kind, size_t *out_size)
{
    static const char begin[] = "-----BEGIN ";
    static const char end[] = "-----END ";

    for (const char *p = strstr(text, begin); p != NULL; p = strstr(p + 1, begin)) {
        const char *label = p + sizeof begin - 1;
        const char *dashes = strstr(label, "-----");
        const char *last = dashes != NULL ? strstr(dashes, end) : NULL;
        const char *close = last != NULL ? strstr(last + sizeof end - 1, "-----") : NULL;

        if (close == NULL)
            return NULL;
        if (!ends_with(label, (size_t)(dashes - label), kind))
            continue;
        *out_size = (size_t)(close + 5 - p);
        return p;
    }
    return NULL;
}

/* All blocks of that kind and nothing else: libcurl keeps copies of a certificate that nobody
 * wipes, and there may be a key beside it. "" if there is none. */
static const char *blocks(gantry_route *r, const char *text, const char *kind)
{
    size_t size = 0;
    size_t used = 0;
    const char *p = text;
    char *out = gnt_arena_alloc(&r->arena, strlen(text) + 2);

    while (out != NULL && (p = next_block(p, kind, &size)) != NULL) {
        memcpy(out + used, p, size);
        used += size;
        out[used++] = '\n';
        p += size;
    }
    return out;
}

/* ---- options --------------------------------------------------------------------------------- */

/* One thing that is given as a file or as a text. */
struct part {
    const char *name; /* "ca" */
    const char *file;
    const char *pem;
    const char *kind; /* what must be in it */
};

/* How a message calls it: "ca_file: /x/ca.pem". */
static const char *label(gantry_route *r, const struct part *part)
{
    const char *text = part->file != NULL
                           ? gnt_arena_printf(&r->arena, "%s_file: %s", part->name, part->file)
                           : gnt_arena_printf(&r->arena, "%s_pem", part->name);

    return text != NULL ? text : part->name;
}

/* The whole text of a part, NULL if it is not given. */
static int get_text(gantry_route *r, const struct part *part, const char **out, gantry_error *err)
{
    const char *option = gnt_arena_printf(&r->arena, "%s_file", part->name);

    *out = NULL;
    if (option == NULL)
        return gnt_nomem(err);
    if (part->file != NULL && part->pem != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "tls: %s_file and %s_pem exclude each other",
                        part->name, part->name);
    if (part->file != NULL)
        return read_file(r, option, part->file, out, err);
    if (part->pem == NULL)
        return 0;
    *out = gnt_arena_strdup(&r->arena, part->pem);
    return *out != NULL ? 0 : gnt_nomem(err);
}

static int get_blocks(gantry_route *r, const struct part *part, const char *text, const char **out,
                      gantry_error *err)
{
    *out = NULL;
    if (text == NULL)
        return 0;
    *out = blocks(r, text, part->kind);
    if (*out == NULL)
        return gnt_nomem(err);
    if ((*out)[0] != '\0')
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "tls: %s: holds no \"-----BEGIN %s-----\" of PEM",
                    label(r, part), part->kind);
}

static int get_key(gantry_route *r, const gantry_tls *from, const struct part *cert,
                   const char *cert_text, gantry_tls *to, gantry_error *err)
{
    struct part key = { "key", from->key_file, from->key_pem, "PRIVATE KEY" };
    const char *text = NULL;
    int rc = get_text(r, &key, &text, err);

    if (rc == 0 && text != NULL && cert_text == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "tls: %s: needs the certificate that it is for",
                        label(r, &key));
    if (rc < 0)
        return rc;
    if (text == NULL) {
        key = *cert;
        key.kind = "PRIVATE KEY";
    }
    rc = get_blocks(r, &key, text != NULL ? text : cert_text, &to->key_pem, err);
    if (rc == GANTRY_E_INVALID && text == NULL)
        gnt_error_suffix(err, "key_file and key_pem are not set");
    if (rc < 0)
        return rc;
    if (to->key_pem != NULL && to->key_password == NULL && strstr(to->key_pem, "ENCRYPTED") != NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "tls: %s: the key is encrypted, and key_password is not set",
                        label(r, &key));
    return 0;
}

static int copy_text(gantry_route *r, const char *from, const char **to, gantry_error *err)
{
    *to = from != NULL ? gnt_arena_strdup(&r->arena, from) : NULL;
    return from == NULL || *to != NULL ? 0 : gnt_nomem(err);
}

static int check_words(const gantry_tls *from, gantry_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.:";
    const char *name = from->server_name;

    if (from->skip_verify != 0 && from->skip_verify != GANTRY_ON && from->skip_verify != GANTRY_OFF)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "tls: skip_verify: is neither GANTRY_ON nor GANTRY_OFF");
    if (name != NULL && (name[0] == '\0' || name[0] == '-' || strlen(name) > NAME_MOST ||
                         strspn(name, allowed) != strlen(name)))
        return gnt_fail(err, GANTRY_E_INVALID, "tls: server_name: '%s' is no host name", name);
    if (from->key_password != NULL && from->cert_file == NULL && from->cert_pem == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "tls: key_password: there is no key");
    return 0;
}

static int load(gantry_route *r, const gantry_tls *from, gantry_error *err)
{
    gantry_tls *to = gnt_arena_alloc(&r->arena, sizeof *to);
    struct part ca = { "ca", from->ca_file, from->ca_pem, "CERTIFICATE" };
    struct part cert = { "cert", from->cert_file, from->cert_pem, "CERTIFICATE" };
    const char *text = NULL;
    int rc = check_words(from, err);

    if (to == NULL)
        return gnt_nomem(err);
    to->size = sizeof *to;
    to->skip_verify = from->skip_verify == GANTRY_ON ? GANTRY_ON : GANTRY_OFF;
    if (rc == 0)
        rc = copy_text(r, from->key_password, &to->key_password, err);
    if (rc == 0)
        rc = copy_text(r, from->server_name, &to->server_name, err);
    if (rc == 0)
        rc = get_text(r, &ca, &text, err);
    if (rc == 0)
        rc = get_blocks(r, &ca, text, &to->ca_pem, err);
    if (rc == 0)
        rc = get_text(r, &cert, &text, err);
    if (rc == 0)
        rc = get_key(r, from, &cert, text, to, err);
    if (rc == 0)
        rc = get_blocks(r, &cert, text, &to->cert_pem, err);
    if (rc == 0)
        r->tls = to;
    return rc;
}

int gnt_route_fill_tls(gantry_route *route, const gantry_engine_options *opts,
                       const struct gnt_place *place, gantry_error *err)
{
    const gantry_tls *source = opts->tls != NULL ? opts->tls : place->tls;
    const char *scheme = route->address.scheme;
    int always = strcmp(scheme, "https") == 0;
    gantry_tls tls;
    int rc;

    if (source == NULL && !always)
        return 0;
    /* Where the program chose no address, it is for the places that take it. */
    if (opts->tls != NULL && opts->address == NULL && !gnt_address_is_network(&route->address))
        return 0;
    if (!always && strcmp(scheme, "tcp") != 0)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "tls: is for tcp:// and https:// addresses, not for %s",
                        route->address.text);
    rc = gnt_import(&tls, sizeof tls, source, "gantry_tls", err);
    if (rc == 0)
        rc = load(route, &tls, err);
    return rc == 0 ? gnt_address_secure(&route->arena, &route->address, err) : rc;
}
