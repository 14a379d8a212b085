/*
 * What can be said about a YAML stream without a parser: where its documents begin, and the kind
 * and name of those in the usual block style. A line that begins with "---" is a separator wherever
 * it stands, and a key without indentation belongs to the document's own mapping. Sends nothing.
 */
#include "podman_kube.h"

#include <string.h>

static size_t line_size(const char *text, size_t size)
{
    const char *end = memchr(text, '\n', size);

    return end == NULL ? size : (size_t)(end - text) + 1;
}

static int is_separator(const char *line, size_t size)
{
    return size >= 3 && memcmp(line, "---", 3) == 0 &&
           (size == 3 || strchr(" \t\r\n", line[3]) != NULL);
}

static size_t indent_of(const char *line, size_t size)
{
    size_t n = 0;

    while (n < size && line[n] == ' ')
        n++;
    return n;
}

/* Blank, or a comment. */
static int says_nothing(const char *line, size_t size)
{
    size_t n = 0;

    while (n < size && strchr(" \t\r\n", line[n]) != NULL)
        n++;
    return n == size || line[n] == '#';
}

/* "key: value" at this indentation: the value, without quotes and comment, if it is that simple. */
static void take_value(const char *line, size_t size, size_t indent, const char *key, char *out,
                       size_t capacity)
{
    size_t skip = indent + strlen(key);
    const char *from = line + skip + 1;
    const char *end = line + size;
    size_t length;
    char quote = 0;

    if (indent_of(line, size) != indent || size <= skip + 1 || line[skip] != ':' ||
        memcmp(line + indent, key, strlen(key)) != 0)
        return;
    while (from < end && *from == ' ')
        from++;
    if (from < end && (*from == '"' || *from == '\''))
        quote = *from++;
    for (length = 0; from + length < end; length++) {
        char c = from[length];

        if (quote != 0 ? c == quote : strchr(" \t\r\n#", c) != NULL)
            break;
    }
    if (length == 0 || length >= capacity || strchr("&*!|>{[", *from) != NULL)
        return;
    memcpy(out, from, length);
    out[length] = '\0';
}

static void read_document(struct podman_document *out)
{
    const char *text = out->text;
    size_t left = out->size;
    size_t indent = 0; /* of what is in the metadata; 0: they were not met yet */
    int inside = 0;

    while (left > 0) {
        size_t size = line_size(text, left);
        size_t own = indent_of(text, size);

        if (!says_nothing(text, size)) {
            if (own == 0)
                inside = size > 9 && memcmp(text, "metadata:", 9) == 0;
            else if (inside && indent == 0)
                indent = own;
            take_value(text, size, 0, "kind", out->kind, sizeof out->kind);
            if (inside && own > 0)
                take_value(text, size, indent, "name", out->name, sizeof out->name);
        }
        text += size;
        left -= size;
    }
}

int gnt_podman_next_document(const char **text, size_t *size, struct podman_document *out)
{
    memset(out, 0, sizeof *out);
    while (*size > 0 && is_separator(*text, line_size(*text, *size))) {
        size_t skip = line_size(*text, *size);

        /* "--- {...}": what follows on that line belongs to the document. */
        if (!says_nothing(*text + 3, skip - 3)) {
            out->text = *text + 3;
            out->size = skip - 3;
            *text += skip;
            *size -= skip;
            break;
        }
        *text += skip;
        *size -= skip;
    }
    if (out->text == NULL)
        out->text = *text;
    while (*size > 0 && !is_separator(*text, line_size(*text, *size))) {
        size_t skip = line_size(*text, *size);

        out->size += skip;
        *text += skip;
        *size -= skip;
    }
    if (out->size == 0)
        return 0;
    read_document(out);
    return 1;
}

int gnt_podman_port_text(const gantry_port *port, struct gnt_buf *out)
{
    int more = port->count > 1 ? port->count - 1 : 0;
    const char *address = port->host_address;

    if (address != NULL && strchr(address, ':') != NULL && address[0] != '[')
        gnt_buf_addf(out, "[%s]:", address);
    else if (address != NULL)
        gnt_buf_addf(out, "%s:", address);
    if (port->host_port > 0 && more > 0)
        gnt_buf_addf(out, "%d-%d:", port->host_port, port->host_port + more);
    else if (port->host_port > 0)
        gnt_buf_addf(out, "%d:", port->host_port);
    else if (address != NULL)
        gnt_buf_adds(out, ":");
    gnt_buf_addf(out, "%d", port->container_port);
    if (more > 0)
        gnt_buf_addf(out, "-%d", port->container_port + more);
    return port->protocol != NULL ? gnt_buf_addf(out, "%c%s", '/', port->protocol) : out->rc;
}
