/*
 * The archive of one symbolic link, for engines that send what a link leads to instead of it.
 */
#include "rest_copy.h"

struct link_stream {
    struct gnt_mem mem;
    gantry_archive *archive;
    gantry_stream *bytes;
};

static int link_read(void *state, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                     int *out_channel, gantry_error *err)
{
    struct link_stream *s = state;

    (void)nonblocking; /* it is made from memory */
    return gantry_stream_read(s->bytes, buffer, capacity, out_size, out_channel, err);
}

static void link_close(void *state)
{
    struct link_stream *s = state;
    struct gnt_mem mem = s->mem;

    gantry_stream_close(s->bytes);
    gantry_archive_free(s->archive);
    gnt_free(&mem, s);
}

static int fill(struct link_stream *s, const char *name, const gantry_file_info *link,
                gantry_error *err)
{
    gantry_archive_options options = { .size = sizeof options, .allocator = &s->mem.a };
    gantry_entry_options entry = { .size = sizeof entry, .mtime_ns = link->mtime_ns };
    int rc = gantry_archive_new(&options, &s->archive, err);

    if (rc == 0)
        rc = gantry_archive_symlink(s->archive, name, link->link_target, &entry, err);
    if (rc == 0)
        rc = gantry_archive_stream(s->archive, NULL, &s->bytes, err);
    return rc;
}

int gnt_link_archive(struct gantry_host *host, const char *name, const gantry_file_info *link,
                     gantry_stream **out, gantry_error *err)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = link_read,
                                           .close = link_close };
    struct link_stream *s = gnt_alloc(&host->mem, sizeof *s);
    int rc;

    if (s == NULL)
        return gnt_nomem(err);
    s->mem = host->mem;
    rc = fill(s, name, link, err);
    if (rc == 0)
        rc = gantry_stream_new(host, &ops, s, out, err);
    if (rc < 0)
        link_close(s);
    return rc;
}
