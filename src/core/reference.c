/*
 * Image references: [domain/]path[:tag][@digest], or an id. The grammar is the one that engines and
 * registries share, so that what passes here means the same everywhere; engines are not asked.
 */
#include "names.h"

#include "error.h"

#include <stdint.h>
#include <string.h>

enum {
    ID_SIZE = 64,
    NAME_MOST = 255, /* domain, '/' and path */
    TAG_MOST = 128,
    HEX_LEAST = 32,
    DIGEST_MOST = 512
};

/* A piece of the text, not terminated. */
struct span {
    const char *text;
    size_t size;
};

struct parts {
    struct span domain;
    struct span path;
    struct span tag;
    struct span digest;
    int is_id;
};

/* What is being checked, for messages. */
struct subject {
    const char *argument;
    const char *text;
    gantry_error *err;
};

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static int is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static int is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static int all_hex(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (!is_hex(text[i]))
            return 0;
    }
    return 1;
}

static int refuse(const struct subject *s, const char *reason)
{
    return gnt_fail(s->err, GANTRY_E_INVALID, "%s: %s: %s", s->argument, reason, s->text);
}

/* What is before the first c, or all; *found says whether there was one. */
static struct span until(struct span from, char c, int *found)
{
    const char *end = memchr(from.text, c, from.size);
    struct span s = { from.text, end != NULL ? (size_t)(end - from.text) : from.size };

    *found = end != NULL;
    return s;
}

/* What follows a first part of `size` bytes and its separator. */
static struct span after(struct span whole, size_t size)
{
    struct span s = { whole.text + size + 1, whole.size - size - 1 };

    return s;
}

/* ---- domain ---------------------------------------------------------------------------------- */

/* The first of several components names a registry if it cannot be meant as a path. */
static int looks_like_domain(struct span first)
{
    size_t i;

    for (i = 0; i < first.size; i++) {
        char c = first.text[i];

        if (c == '.' || c == ':' || is_upper(c))
            return 1;
    }
    return first.size == 9 && memcmp(first.text, "localhost", 9) == 0;
}

static int check_port(const struct subject *s, struct span port)
{
    size_t i;

    if (port.size == 0)
        return refuse(s, "the registry's port is missing after ':'");
    for (i = 0; i < port.size; i++) {
        if (!is_digit(port.text[i]))
            return refuse(s, "the registry's port is not a number");
    }
    return 0;
}

/* "[::1]", with or without a port. */
static int check_bracketed(const struct subject *s, struct span domain)
{
    struct span inner;
    size_t i;
    int found;

    inner = until(domain, ']', &found);
    if (!found || inner.size < 3)
        return refuse(s, "the registry's IPv6 address is not closed with ']'");
    for (i = 1; i < inner.size; i++) {
        char c = inner.text[i];

        if (!is_hex(c) && !(c >= 'A' && c <= 'F') && c != ':')
            return refuse(s, "the registry's IPv6 address has another character");
    }
    if (inner.size + 1 == domain.size)
        return 0;
    if (domain.text[inner.size + 1] != ':')
        return refuse(s, "between ']' and '/' only a port can be");
    return check_port(s, after(domain, inner.size + 1));
}

static int check_domain(const struct subject *s, struct span domain)
{
    struct span host;
    size_t i;
    int found;
    int rc;

    if (domain.text[0] == '[')
        return check_bracketed(s, domain);
    host = until(domain, ':', &found);
    if (found) {
        rc = check_port(s, after(domain, host.size));
        if (rc < 0)
            return rc;
    }
    if (host.size == 0)
        return refuse(s, "the registry's name is empty");
    for (i = 0; i < host.size; i++) {
        char c = host.text[i];
        int inside =
            i > 0 && i + 1 < host.size && host.text[i - 1] != '.' && host.text[i + 1] != '.';

        if (is_lower(c) || is_upper(c) || is_digit(c))
            continue;
        /* Neither may begin or end a label; labels are not empty. */
        if ((c == '-' || c == '.') && inside)
            continue;
        return refuse(s, "the registry's name is not a host name");
    }
    return 0;
}

/* ---- path ------------------------------------------------------------------------------------ */

static int is_path_alphanumeric(char c)
{
    return is_lower(c) || is_digit(c);
}

/* Length of the separator at text: ".", "_", "__" or dashes; 0 if there is none. */
static size_t separator(const char *text, size_t left)
{
    size_t size = 0;

    if (text[0] == '.')
        return 1;
    if (text[0] == '_')
        return left > 1 && text[1] == '_' ? 2 : 1;
    while (size < left && text[size] == '-')
        size++;
    return size;
}

static int check_component(const struct subject *s, struct span c)
{
    size_t i = 0;

    if (c.size == 0)
        return refuse(s, "a part of the name is empty");
    while (i < c.size) {
        size_t skip;

        if (is_path_alphanumeric(c.text[i])) {
            i++;
            continue;
        }
        if (is_upper(c.text[i]))
            return refuse(s, "names of images are lower case");
        skip = separator(c.text + i, c.size - i);
        if (skip == 0)
            return refuse(s, "names of images are made of a-z, 0-9, '.', '_', '-' and '/'");
        if (i == 0 || i + skip == c.size)
            return refuse(s, "parts of a name begin and end with a letter or digit");
        i += skip;
        if (!is_path_alphanumeric(c.text[i]) && !is_upper(c.text[i]))
            return refuse(s, "separators in a name are '.', '_', '__' or dashes, one at a time");
    }
    return 0;
}

static int check_path(const struct subject *s, struct span path)
{
    struct span component;
    int more;
    int rc;

    do {
        component = until(path, '/', &more);
        rc = check_component(s, component);
        if (rc < 0)
            return rc;
        if (more)
            path = after(path, component.size);
    } while (more);
    return 0;
}

/* ---- tag, digest ----------------------------------------------------------------------------- */

static int check_tag(const struct subject *s, struct span tag)
{
    size_t i;

    if (tag.size == 0)
        return refuse(s, "the tag is missing after ':'");
    if (tag.size > TAG_MOST)
        return refuse(s, "the tag is longer than 128 characters");
    for (i = 0; i < tag.size; i++) {
        char c = tag.text[i];

        if (is_lower(c) || is_upper(c) || is_digit(c) || c == '_')
            continue;
        if (i == 0 || (c != '.' && c != '-'))
            return refuse(s, "tags are made of letters, digits, '_', and not first '.', '-'");
    }
    return 0;
}

/* Letters and digits, each component beginning with a letter, joined by one of + . - _ */
static int is_algorithm(struct span a)
{
    int begins = 1;
    size_t i;

    for (i = 0; i < a.size; i++) {
        char c = a.text[i];

        if (is_lower(c) || is_upper(c) || (is_digit(c) && !begins))
            begins = 0;
        else if (!begins && (c == '+' || c == '.' || c == '-' || c == '_'))
            begins = 1;
        else
            return 0;
    }
    return !begins;
}

/* Hex digits of the algorithms that everyone knows; 0 for others. */
static size_t known_size(struct span a)
{
    if (a.size != 6)
        return 0;
    if (memcmp(a.text, "sha256", 6) == 0)
        return 64;
    if (memcmp(a.text, "sha384", 6) == 0)
        return 96;
    return memcmp(a.text, "sha512", 6) == 0 ? 128 : 0;
}

static int check_digest(const struct subject *s, struct span digest)
{
    struct span algorithm;
    struct span hex;
    size_t size;
    size_t i;
    int found;

    algorithm = until(digest, ':', &found);
    if (!found || !is_algorithm(algorithm))
        return refuse(s, "the digest after '@' is not algorithm:hex");
    if (digest.size > DIGEST_MOST)
        return refuse(s, "the digest is too long");
    hex = after(digest, algorithm.size);
    size = known_size(algorithm);
    if (size != 0 && (hex.size != size || !all_hex(hex.text, hex.size)))
        return refuse(s, "the digest has not the lower-case hex digits of its algorithm");
    if (hex.size < HEX_LEAST)
        return refuse(s, "the digest is shorter than 32 hex digits");
    for (i = 0; i < hex.size; i++) {
        if (!is_hex(hex.text[i]) && !(hex.text[i] >= 'A' && hex.text[i] <= 'F'))
            return refuse(s, "the digest is not hexadecimal");
    }
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int is_id(struct span whole, struct parts *out)
{
    if (whole.size == ID_SIZE && all_hex(whole.text, whole.size)) {
        out->path = whole;
        return 1;
    }
    if (whole.size < 8 || whole.size > 7 + ID_SIZE || memcmp(whole.text, "sha256:", 7) != 0 ||
        !all_hex(whole.text + 7, whole.size - 7))
        return 0;
    out->path.text = whole.text + 7;
    out->path.size = whole.size - 7;
    return 1;
}

/* Spaces, controls and bytes above ASCII have a message of their own: they do not show. */
static int check_bytes(const struct subject *s)
{
    const char *p;

    for (p = s->text; *p != '\0'; p++) {
        if (*p <= 0x20 || *p >= 0x7F)
            return gnt_fail(s->err, GANTRY_E_INVALID,
                            "%s: byte 0x%02x cannot be in a reference: %s", s->argument,
                            (unsigned)(unsigned char)*p, s->text);
    }
    if (strstr(s->text, "://") != NULL)
        return refuse(s, "a reference has no scheme as https://");
    return 0;
}

/* Cut "name:tag" at the colon after the last '/', "domain/path" at the first '/'. */
static int split_name(const struct subject *s, struct span name, struct parts *out)
{
    struct span first;
    size_t i = name.size;
    int found;
    int rc;

    while (i > 0 && name.text[i - 1] != ':' && name.text[i - 1] != '/')
        i--;
    if (i > 0 && name.text[i - 1] == ':') {
        out->tag = after(name, i - 1);
        name.size = i - 1;
        rc = check_tag(s, out->tag);
        if (rc < 0)
            return rc;
    }
    if (name.size > NAME_MOST)
        return refuse(s, "the name is longer than 255 characters");
    out->path = name;
    first = until(name, '/', &found);
    if (found && looks_like_domain(first)) {
        out->domain = first;
        out->path = after(name, first.size);
        rc = check_domain(s, first);
        if (rc < 0)
            return rc;
    }
    return check_path(s, out->path);
}

static int parse(const struct subject *s, struct parts *out)
{
    static const struct span none = { "", 0 };
    struct span whole;
    struct span name;
    int found;
    int rc;

    out->domain = out->path = out->tag = out->digest = none;
    out->is_id = 0;
    if (s->text == NULL)
        return gnt_fail(s->err, GANTRY_E_INVALID, "%s: must not be NULL", s->argument);
    if (s->text[0] == '\0')
        return gnt_fail(s->err, GANTRY_E_INVALID, "%s: must not be empty", s->argument);
    rc = check_bytes(s);
    if (rc < 0)
        return rc;
    whole.text = s->text;
    whole.size = strlen(s->text);
    out->is_id = is_id(whole, out);
    if (out->is_id)
        return 0;
    name = until(whole, '@', &found);
    if (found) {
        out->digest = after(whole, name.size);
        rc = check_digest(s, out->digest);
        if (rc < 0)
            return rc;
    }
    return split_name(s, name, out);
}

int gnt_reference_check(const char *argument, const char *text, gantry_error *err)
{
    struct subject s = { argument, text, err };
    struct parts parts;

    return parse(&s, &parts);
}

int gnt_reference_parse(struct gnt_arena *arena, const char *argument, const char *text,
                        struct gnt_reference *out, gantry_error *err)
{
    struct subject s = { argument, text, err };
    struct gnt_reference r;
    struct parts parts;
    int rc = parse(&s, &parts);

    if (rc < 0)
        return rc;
    r.domain = gnt_arena_strndup(arena, parts.domain.text, parts.domain.size);
    r.path = gnt_arena_strndup(arena, parts.path.text, parts.path.size);
    r.tag = gnt_arena_strndup(arena, parts.tag.text, parts.tag.size);
    r.digest = gnt_arena_strndup(arena, parts.digest.text, parts.digest.size);
    r.is_id = parts.is_id;
    if (r.domain == NULL || r.path == NULL || r.tag == NULL || r.digest == NULL)
        return gnt_nomem(err);
    *out = r;
    return 0;
}
