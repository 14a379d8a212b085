/* Writing tars by hand. */
#include "tars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 512
};

static char *room(struct tar_text *tar, size_t size)
{
    char *at;

    if (tar->capacity - tar->size < size) {
        tar->capacity = tar->capacity * 2 + size;
        at = realloc(tar->data, tar->capacity);
        if (at == NULL)
            abort();
        tar->data = at;
    }
    at = tar->data + tar->size;
    memset(at, 0, size);
    tar->size += size;
    return at;
}

static void add_content(struct tar_text *tar, const void *data, size_t size)
{
    if (size > 0)
        memcpy(room(tar, (size + BLOCK - 1) / BLOCK * BLOCK), data, size);
}

static void add_header(struct tar_text *tar, const struct tar_file *f)
{
    char *h = room(tar, BLOCK);
    unsigned sum = 0;
    size_t name_size = strlen(f->name);

    memcpy(h, f->name, name_size < 100 ? name_size : 100);
    snprintf(h + 100, 8, "%07o", f->mode);
    snprintf(h + 108, 8, "%07o", f->uid);
    snprintf(h + 116, 8, "%07o", f->gid);
    snprintf(h + 124, 12, "%011zo", f->size);
    snprintf(h + 136, 12, "%011o", f->mtime);
    h[156] = f->type;
    if (f->link != NULL)
        snprintf(h + 157, 100, "%s", f->link);
    memcpy(h + 257,
           "ustar\0"
           "00",
           8);
    snprintf(h + 329, 8, "%07o", f->major);
    snprintf(h + 337, 8, "%07o", f->minor);
    memset(h + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
}

void tar_add(struct tar_text *tar, const struct tar_file *file)
{
    if (file->records != NULL) {
        struct tar_file records = { .name = "records", .type = 'x', .size = file->records_size };

        add_header(tar, &records);
        add_content(tar, file->records, file->records_size);
    }
    add_header(tar, file);
    add_content(tar, file->data, file->size);
}

void tar_end(struct tar_text *tar)
{
    room(tar, 2 * BLOCK);
}

size_t tar_record(char *out, const char *key, const void *value, size_t size)
{
    size_t rest = strlen(key) + size + 3; /* ' ', '=', '\n' */
    size_t total = rest + 1;
    int lead;

    while (snprintf(NULL, 0, "%zu", total) + (int)rest != (int)total)
        total++;
    lead = sprintf(out, "%zu %s=", total, key);
    memcpy(out + lead, value, size);
    out[total - 1] = '\n';
    return total;
}

const char *tar_find(const char *data, size_t size, const void *what, size_t what_size)
{
    for (size_t at = 0; at + what_size <= size; at++) {
        if (memcmp(data + at, what, what_size) == 0)
            return data + at;
    }
    return NULL;
}
