/*
 * Mounts and ports in the short forms of the command lines. Nothing is looked up.
 */
#include <gantry/spec.h>

#include <string.h>

#include "error.h"
#include "model.h"
#include "names.h"
#include "spec_check.h"

/* A list result of `count` items to be: the array, NULL-terminated, lives in the result. */
static int new_list(int kind, size_t count, void **out, const void ***items, gantry_error *err)
{
    struct gnt_mem mem;
    int rc = gnt_mem_init(&mem, NULL, err);

    if (rc < 0)
        return rc;
    *out = gnt_result_new(&mem, kind, err);
    if (*out == NULL)
        return GANTRY_E_NOMEM;
    *items = gnt_arena_alloc(gnt_result_arena(*out), (count + 1) * sizeof **items);
    if (*items != NULL)
        return 0;
    gnt_result_free(*out);
    return gnt_nomem(err);
}

static int count_forms(const char *const *forms, size_t *count, gantry_error *err)
{
    if (forms == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "forms: must not be NULL");
    for (*count = 0; forms[*count] != NULL; (*count)++)
        continue;
    return 0;
}

/* ---- mounts ---------------------------------------------------------------------------------- */

/* An option is a value for one member; a member that has one already is INVALID. */
static int set(int *member, int value)
{
    if (*member != 0)
        return -1;
    *member = value;
    return 0;
}

static int apply_option(gantry_mount *m, const char *word)
{
    static const char *const propagations[] = { "private", "rprivate", "shared", "rshared",
                                                "slave",   "rslave",   NULL };
    const struct {
        const char *word;
        int *member;
        int value;
    } rows[] = {
        { "ro", &m->read_only, GANTRY_ON },
        { "rw", &m->read_only, GANTRY_OFF },
        { "z", &m->relabel, GANTRY_RELABEL_SHARED },
        { "Z", &m->relabel, GANTRY_RELABEL_PRIVATE },
        { "U", &m->chown, GANTRY_ON },
        { "copy", &m->copy, GANTRY_ON },
        { "nocopy", &m->copy, GANTRY_OFF },
        { "rbind", &m->recursive, GANTRY_ON },
        { "bind", &m->recursive, GANTRY_OFF },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].word, word) == 0)
            return set(rows[i].member, rows[i].value);
    }
    for (size_t i = 0; propagations[i] != NULL; i++) {
        if (strcmp(propagations[i], word) == 0 && m->propagation == NULL) {
            m->propagation = propagations[i];
            return 0;
        }
    }
    return -1;
}

static int apply_options(gantry_mount *m, const char *form, char *options, gantry_error *err)
{
    for (;;) {
        size_t size = strcspn(options, ",");
        int last = options[size] == '\0';

        options[size] = '\0';
        if (apply_option(m, options) < 0)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "mount \"%s\": option \"%s\" is not known, or not with the others",
                            form, options);
        if (last)
            return 0;
        options += size + 1;
    }
}

/* Up to three parts of a copy of the form; *out_count says how many. */
static int split_mount(const char *form, char *copy, char *parts[3], int *out_count,
                       gantry_error *err)
{
    int count = 0;

    while (copy != NULL && count < 3) {
        char *colon = strchr(copy, ':');

        if (colon != NULL)
            *colon++ = '\0';
        if (copy[0] == '\0')
            return gnt_fail(err, GANTRY_E_INVALID, "mount \"%s\": has an empty part", form);
        parts[count++] = copy;
        copy = colon;
    }
    *out_count = count;
    return copy == NULL ? 0
                        : gnt_fail(err, GANTRY_E_INVALID, "mount \"%s\": has too many parts", form);
}

static int parse_mount(struct gnt_arena *arena, const char *form, gantry_mount *m,
                       gantry_error *err)
{
    char *parts[3] = { NULL };
    char *copy = gnt_arena_strdup(arena, form);
    int count = 0;
    int target = 0;
    int rc = copy == NULL ? gnt_nomem(err) : split_mount(form, copy, parts, &count, err);

    if (rc < 0)
        return rc;
    /* "/a:ro" has a target and options, "/a:/b" a source and a target. */
    if (count == 3 || (count == 2 && parts[1][0] == '/'))
        m->source = parts[target++];
    m->target = parts[target++];
    m->type = m->source != NULL && m->source[0] == '/' ? GANTRY_MOUNT_BIND : GANTRY_MOUNT_VOLUME;
    if (m->source != NULL && (m->source[0] == '.' || m->source[0] == '~'))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "mount \"%s\": a source is an absolute path of the engine's host or a "
                        "volume's name",
                        form);
    if (target < count)
        rc = apply_options(m, form, parts[target], err);
    if (rc == 0 && (rc = gnt_mount_check(m, err)) < 0)
        gnt_error_prefix(err, "mount \"%s\": ", form);
    return rc;
}

int gantry_mounts_parse(const char *const *forms, gantry_mount_list **out, gantry_error *err)
{
    const void **items = NULL;
    void *result = NULL;
    gantry_mount_list *list;
    size_t count = 0;
    int rc = out == NULL ? gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL") : 0;

    if (rc == 0)
        rc = count_forms(forms, &count, err);
    if (rc == 0)
        rc = new_list(GNT_KIND_MOUNT_LIST, count, &result, &items, err);
    if (rc < 0)
        return rc;
    list = result;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        gantry_mount *m = gnt_arena_alloc(gnt_result_arena(list), sizeof *m);

        if (m == NULL) {
            rc = gnt_nomem(err);
            break;
        }
        m->size = sizeof *m;
        rc = parse_mount(gnt_result_arena(list), forms[i], m, err);
        items[i] = m;
    }
    if (rc < 0) {
        gnt_result_free(list);
        return rc;
    }
    list->count = count;
    list->items = (const gantry_mount *const *)items;
    *out = list;
    return 0;
}

void gantry_mount_list_free(gantry_mount_list *list)
{
    gnt_result_free(list);
}

/* ---- ports ----------------------------------------------------------------------------------- */

/* "80" or "80-90": the first one and how many; 0 if it is neither. */
static int read_range(const char *text, size_t size, int *first)
{
    const char *dash = memchr(text, '-', size);
    size_t before = dash != NULL ? (size_t)(dash - text) : size;
    int last;

    *first = gnt_port_number(text, before);
    last = dash != NULL ? gnt_port_number(dash + 1, size - before - 1) : *first;
    return *first == 0 || last < *first ? 0 : last - *first + 1;
}

static int bad_port(const char *form, const char *why, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_INVALID, "port \"%s\": %s", form, why);
}

/* The protocol at the end of text[0, *size), which is cut off. */
static int take_protocol(const char *form, const char *text, size_t *size, gantry_port *p,
                         gantry_error *err)
{
    static const char *const protocols[] = { "tcp", "udp", "sctp", NULL };
    size_t at = *size;
    size_t i = 0;

    while (at > 0 && text[at - 1] != '/')
        at--;
    if (at == 0)
        return 0;
    while (protocols[i] != NULL && (strlen(protocols[i]) != *size - at ||
                                    strncmp(protocols[i], text + at, *size - at) != 0))
        i++;
    if (protocols[i] == NULL)
        return bad_port(form, "the protocol is none of tcp, udp, sctp", err);
    p->protocol = protocols[i];
    *size = at - 1;
    return 0;
}

/* The address at the beginning, and the ':' behind it; *text moves on. */
static int take_address(struct gnt_arena *arena, const char *form, const char **text, size_t *size,
                        gantry_port *p, gantry_error *err)
{
    int bracket = (*text)[0] == '[';
    const char *end = memchr(*text, bracket ? ']' : ':', *size);
    size_t length;

    if (bracket && (end == NULL || end[1] != ':'))
        return bad_port(form, "the bracket is not followed by \"]:\"", err);
    if (end == NULL ||
        (!bracket && memchr(end + 1, ':', *size - (size_t)(end + 1 - *text)) == NULL))
        return 0;
    length = (size_t)(end - *text);
    p->host_address = gnt_arena_strndup(arena, *text + bracket, length - (size_t)bracket);
    if (p->host_address == NULL)
        return gnt_nomem(err);
    *text = end + 1 + bracket;
    *size -= length + 1 + (size_t)bracket;
    if (gnt_check_address("", p->host_address, bracket ? 6 : 4, NULL) < 0)
        return bad_port(form,
                        bracket ? "no IPv6 address is in the brackets"
                                : "the address is none of IPv4; IPv6 stands in brackets",
                        err);
    return 0;
}

static int parse_port(struct gnt_arena *arena, const char *form, gantry_port *p, gantry_error *err)
{
    const char *text = form;
    size_t size = strlen(form);
    const char *colon;
    int hosts = 0;
    int rc = take_protocol(form, text, &size, p, err);

    if (rc == 0)
        rc = take_address(arena, form, &text, &size, p, err);
    if (rc < 0)
        return rc;
    colon = memchr(text, ':', size);
    if (colon != NULL && colon > text) {
        hosts = read_range(text, (size_t)(colon - text), &p->host_port);
        if (hosts == 0)
            return bad_port(form, "the host's port is neither 1 to 65535 nor a range", err);
    }
    if (colon == NULL && p->host_address != NULL)
        return bad_port(form, "an address needs \"HOST:PORT\" behind it", err);
    if (colon == text && p->host_address == NULL)
        return bad_port(form, "nothing stands before the ':'", err);
    if (colon != NULL) {
        size -= (size_t)(colon + 1 - text);
        text = colon + 1;
    }
    p->count = read_range(text, size, &p->container_port);
    if (p->count == 0)
        return bad_port(form, "the container's port is neither 1 to 65535 nor a range", err);
    if (hosts != 0 && hosts != p->count)
        return bad_port(form, "the ranges differ in length", err);
    return 0;
}

int gantry_ports_parse(const char *const *forms, gantry_port_list **out, gantry_error *err)
{
    const void **items = NULL;
    void *result = NULL;
    gantry_port_list *list;
    size_t count = 0;
    int rc = out == NULL ? gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL") : 0;

    if (rc == 0)
        rc = count_forms(forms, &count, err);
    if (rc == 0)
        rc = new_list(GNT_KIND_PORT_LIST, count, &result, &items, err);
    if (rc < 0)
        return rc;
    list = result;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        gantry_port *p = gnt_arena_alloc(gnt_result_arena(list), sizeof *p);

        if (p == NULL) {
            rc = gnt_nomem(err);
            break;
        }
        p->size = sizeof *p;
        rc = parse_port(gnt_result_arena(list), forms[i], p, err);
        items[i] = p;
    }
    if (rc < 0) {
        gnt_result_free(list);
        return rc;
    }
    list->count = count;
    list->items = (const gantry_port *const *)items;
    *out = list;
    return 0;
}

void gantry_port_list_free(gantry_port_list *list)
{
    gnt_result_free(list);
}
