/*
 * A build context as a stream of tar bytes: which files there are, and the text of the Dockerfile.
 * Reads ustar with pax headers for long names and sizes, which is what gantry_archive_stream()
 * gives.
 */
#include "memory_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 512,
    NAME_SIZE = 4096,
    DOCKERFILE_LIMIT = 1024 * 1024,
    PAX_LIMIT = 64 * 1024
};

/* What is known of the entry that is being read. */
struct entry {
    char name[NAME_SIZE];
    int64_t size;
    int pax_name; /* name and size were given by a pax header in front */
    int pax_size;
};

/* All `size` bytes; *out_end is 1 if the stream ended before the first. */
static int read_all(gantry_stream *tar, void *buffer, size_t size, int *out_end, gantry_error *err)
{
    size_t done = 0;

    *out_end = 0;
    while (done < size) {
        size_t more = 0;
        int rc = gantry_stream_read(tar, (char *)buffer + done, size - done, &more, NULL, err);

        if (rc < 0)
            return rc;
        if (more == 0 && done == 0) {
            *out_end = 1;
            return 0;
        }
        if (more == 0)
            return gantry_error_set(err, GANTRY_E_TRUNCATED, "the build context is cut");
        done += more;
    }
    return 0;
}

static int64_t padded(int64_t size)
{
    return (size + BLOCK - 1) / BLOCK * BLOCK;
}

static int skip(gantry_stream *tar, int64_t size, gantry_error *err)
{
    char block[BLOCK];

    for (int64_t left = padded(size); left > 0; left -= BLOCK) {
        int end;
        int rc = read_all(tar, block, BLOCK, &end, err);

        if (rc < 0)
            return rc;
        if (end)
            return gantry_error_set(err, GANTRY_E_TRUNCATED, "the build context is cut");
    }
    return 0;
}

/* The content of an entry as text in the object, its padding skipped. */
static int read_text(void *object, gantry_stream *tar, int64_t size, int64_t limit, char **out,
                     gantry_error *err)
{
    char *text;
    int end = 0;
    int rc;

    if (size > limit)
        return gantry_error_set(err, GANTRY_E_LIMIT,
                                "more than %lld bytes in the build context's "
                                "Dockerfile or headers",
                                (long long)limit);
    text = memory_keep(object, (size_t)padded(size) + 1);
    if (text == NULL)
        return memory_object_ready(object, err);
    rc = read_all(tar, text, (size_t)padded(size), &end, err);
    if (rc == 0 && end && size > 0)
        rc = gantry_error_set(err, GANTRY_E_TRUNCATED, "the build context is cut");
    if (rc < 0)
        return rc;
    text[size] = '\0';
    *out = text;
    return 0;
}

/* ---- headers ------------------------------------------------------------------------------ */

/* Octal digits, or eight bytes of a binary number where the first bit is set. */
static int64_t header_number(const unsigned char *field, size_t size)
{
    int64_t value = 0;

    if (field[0] & 0x80) {
        for (size_t i = size - 8; i < size; i++)
            value = (int64_t)(((uint64_t)value << 8) | field[i]);
        return value;
    }
    for (size_t i = 0; i < size && field[i] != '\0'; i++) {
        if (field[i] >= '0' && field[i] <= '7')
            value = value * 8 + (field[i] - '0');
    }
    return value;
}

/* "./a/" and "/a" are "a". */
static void set_name(struct entry *entry, const char *name, size_t size)
{
    while (size > 0 && (name[0] == '/' || (name[0] == '.' && size > 1 && name[1] == '/')))
        name++, size--;
    while (size > 0 && name[size - 1] == '/')
        size--;
    snprintf(entry->name, sizeof entry->name, "%.*s", (int)size, name);
}

static void read_header(struct entry *entry, const unsigned char block[BLOCK])
{
    char name[100 + 1 + 155 + 1];

    if (!entry->pax_size)
        entry->size = header_number(block + 124, 12);
    if (entry->pax_name)
        return;
    if (block[345] != '\0')
        snprintf(name, sizeof name, "%.155s/%.100s", (const char *)block + 345,
                 (const char *)block);
    else
        snprintf(name, sizeof name, "%.100s", (const char *)block);
    set_name(entry, name, strlen(name));
}

/* Records "25 path=a/long/name\n"; the number counts the whole record. */
static void read_pax(struct entry *entry, const char *text, size_t size)
{
    while (size > 0) {
        char *after;
        size_t record = strtoul(text, &after, 10);
        const char *key = after + 1;

        if (record == 0 || record > size || *after != ' ')
            return;
        if (strncmp(key, "path=", 5) == 0) {
            set_name(entry, key + 5, record - (size_t)(key + 5 - text) - 1);
            entry->pax_name = 1;
        } else if (strncmp(key, "size=", 5) == 0) {
            entry->size = strtoll(key + 5, NULL, 10);
            entry->pax_size = 1;
        }
        text += record;
        size -= record;
    }
}

/* ---- entries ------------------------------------------------------------------------------ */

static void add_name(void *object, const struct entry *entry, struct memory_context *context)
{
    if (context->count == context->room) {
        size_t room = context->room > 0 ? context->room * 2 : 16;
        const char **names = memory_keep(object, room * sizeof *names);
        int64_t *sizes = memory_keep(object, room * sizeof *sizes);

        if (names == NULL || sizes == NULL)
            return;
        for (size_t i = 0; i < context->count; i++) {
            names[i] = context->names[i];
            sizes[i] = context->sizes[i];
        }
        context->names = names;
        context->sizes = sizes;
        context->room = room;
    }
    context->names[context->count] = memory_keep_text(object, entry->name);
    context->sizes[context->count++] = entry->size;
}

static int read_content(void *object, gantry_stream *tar, const struct entry *entry,
                        const char *dockerfile_name, struct memory_context *out, gantry_error *err)
{
    char *text = NULL;
    int rc;

    add_name(object, entry, out);
    if (strcmp(entry->name, dockerfile_name) != 0)
        return skip(tar, entry->size, err);
    rc = read_text(object, tar, entry->size, DOCKERFILE_LIMIT, &text, err);
    out->dockerfile = text;
    return rc;
}

/* One header and what follows it. `entry` is kept between a pax header and its entry. */
static int read_entry(void *object, gantry_stream *tar, const unsigned char block[BLOCK],
                      struct entry *entry, const char *dockerfile_name, struct memory_context *out,
                      gantry_error *err)
{
    int64_t size = header_number(block + 124, 12);
    char *text = NULL;
    int rc;

    if (block[156] == 'x') {
        rc = read_text(object, tar, size, PAX_LIMIT, &text, err);
        if (rc == 0)
            read_pax(entry, text, (size_t)size);
        return rc;
    }
    if (block[156] == 'g')
        return skip(tar, size, err);
    read_header(entry, block);
    if (entry->size < 0)
        return gantry_error_set(err, GANTRY_E_PROTOCOL, "a size in the build context is wrong");
    if (block[156] != '0' && block[156] != '\0')
        entry->size = 0; /* directories and links have no content */
    rc = read_content(object, tar, entry, dockerfile_name, out, err);
    memset(entry, 0, sizeof *entry);
    return rc;
}

int memory_context_read(void *object, gantry_stream *tar, const char *dockerfile_name,
                        struct memory_context *out, gantry_error *err)
{
    struct entry entry = { .size = 0 };
    unsigned char block[BLOCK];
    int end = 0;
    int rc = 0;

    if (dockerfile_name == NULL)
        dockerfile_name = "Dockerfile";
    while (rc == 0) {
        rc = read_all(tar, block, BLOCK, &end, err);
        if (rc < 0 || end)
            break;
        if (block[0] != '\0') /* the archive ends with blocks of zeroes */
            rc = read_entry(object, tar, block, &entry, dockerfile_name, out, err);
    }
    if (rc == 0 && out->dockerfile == NULL)
        rc = gantry_error_set(err, GANTRY_E_BUILD, "no %s in the build context", dockerfile_name);
    return rc < 0 ? rc : memory_object_ready(object, err);
}
