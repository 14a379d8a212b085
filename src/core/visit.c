/*
 * Dry runs: what an archive would send, entry by entry or in figures.
 */
#include "pack.h"

#include <string.h>

#include "fields.h"
#include "ignore.h"

/* What a dry run needs; the archive is locked meanwhile. */
struct visit {
    gantry_archive *archive;
    struct gnt_clock clock;
    struct gnt_scan *scan;
    struct gnt_meta meta;
};

static int open_visit(gantry_archive *archive, const gantry_call *call, struct visit **out,
                      gantry_error *err)
{
    struct visit *v;
    int rc = gnt_archive_lock(archive, err);

    if (rc < 0)
        return rc;
    v = gnt_alloc(&archive->host.mem, sizeof *v);
    rc = v == NULL ? gnt_nomem(err)
                   : gnt_scan_open(&archive->host.mem, NULL, archive, 1, &v->scan, err);
    if (rc < 0) {
        gnt_free(&archive->host.mem, v);
        gnt_archive_unlock(archive);
        return rc;
    }
    v->archive = archive;
    gnt_clock_start(&v->clock, call, 0);
    *out = v;
    return 0;
}

static void close_visit(struct visit *v)
{
    gnt_scan_close(v->scan);
    gnt_archive_unlock(v->archive);
    gnt_free(&v->archive->host.mem, v);
}

static int next_item(struct visit *v, gantry_archive_item *item, int *out_more, gantry_error *err)
{
    static const int types[] = { [GNT_TYPE_FILE] = GANTRY_ARCHIVE_FILE,
                                 [GNT_TYPE_DIRECTORY] = GANTRY_ARCHIVE_DIRECTORY,
                                 [GNT_TYPE_LINK] = GANTRY_ARCHIVE_SYMLINK,
                                 [GNT_TYPE_HARDLINK] = GANTRY_ARCHIVE_HARDLINK,
                                 [GNT_TYPE_OTHER] = GANTRY_ARCHIVE_OTHER };
    const struct gnt_meta *m = &v->meta;
    struct gnt_found found;
    int rc = gnt_clock_check(&v->clock, err);

    if (rc == 0)
        rc = gnt_scan_next(v->scan, &found, &v->meta, NULL, out_more, err);
    if (rc < 0 || !*out_more)
        return rc;
    gnt_clock_moved(&v->clock);
    *item = (gantry_archive_item){ .size = sizeof *item,
                                   .name = found.name,
                                   .path = found.path,
                                   .link = m->link,
                                   .type = types[m->type],
                                   .action = found.action,
                                   .bytes = m->size,
                                   .mode = m->mode,
                                   .uid = m->uid,
                                   .gid = m->gid };
    if (m->mtime > INT64_MAX / 1000000000)
        item->mtime_ns = INT64_MAX;
    else
        item->mtime_ns = m->mtime < INT64_MIN / 1000000000 ? INT64_MIN : m->mtime * 1000000000;
    if (found.rule != NULL) {
        item->rule = found.rule->text;
        item->rule_file = found.rule->file;
        item->rule_line = found.rule->line;
    }
    return 0;
}

static int visit(gantry_archive *archive, const gantry_archive_visit_options *opts,
                 gantry_archive_fn fn, void *arg, gantry_error *err)
{
    gantry_archive_visit_options o;
    gantry_archive_item item;
    struct visit *v = NULL;
    int more = 1, rc;

    if (archive == NULL || fn == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                        archive == NULL ? "archive" : "fn");
    rc = gnt_import(&o, sizeof o, opts, "gantry_archive_visit_options", err);
    if (rc == 0)
        rc = open_visit(archive, o.call, &v, err);
    if (rc < 0)
        return rc;
    while (rc == 0 && more) {
        rc = next_item(v, &item, &more, err);
        if (rc == 0 && more && (o.dropped == GANTRY_ON || item.action == GANTRY_ARCHIVE_SENT) &&
            fn(arg, &item) != 0)
            rc = gnt_fail(err, GANTRY_E_CALLBACK, "the visit was stopped at %s", item.name);
    }
    close_visit(v);
    return rc;
}

static void count(void *arg, const struct gnt_found *found, const struct gnt_meta *m)
{
    gantry_archive_summary *sum = arg;

    if (found->action == GANTRY_ARCHIVE_DROPPED) {
        sum->dropped++;
    } else if (found->action == GANTRY_ARCHIVE_SKIPPED) {
        sum->skipped++;
    } else if (m->type == GNT_TYPE_FILE) {
        sum->files++;
        sum->content_bytes += m->size;
    } else if (m->type == GNT_TYPE_DIRECTORY) {
        sum->directories++;
    } else {
        sum->links++;
    }
}

static int measure(gantry_archive *archive, const gantry_archive_measure_options *opts,
                   gantry_archive_summary *out, gantry_error *err)
{
    gantry_archive_measure_options o;
    gantry_archive_summary sum = { 0 };
    int rc;

    if (archive == NULL || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                        archive == NULL ? "archive" : "out");
    if (out->size < sizeof out->size)
        return gnt_fail(err, GANTRY_E_INVALID, "gantry_archive_summary.size is not set");
    rc = gnt_import(&o, sizeof o, opts, "gantry_archive_measure_options", err);
    if (rc == 0)
        rc = gnt_tar_measure(archive, o.call, count, &sum, &sum.tar_bytes, err);
    if (rc < 0)
        return rc;
    sum.size = out->size;
    memcpy(out, &sum, out->size < sizeof sum ? out->size : sizeof sum);
    return 0;
}

static int fail_in(int rc, const char *operation, gantry_error *err)
{
    if (rc < 0)
        gnt_error_operation(err, operation);
    return rc;
}

int gantry_archive_visit(gantry_archive *archive, const gantry_archive_visit_options *opts,
                         gantry_archive_fn fn, void *arg, gantry_error *err)
{
    return fail_in(visit(archive, opts, fn, arg, err), "archive.visit", err);
}

int gantry_archive_measure(gantry_archive *archive, const gantry_archive_measure_options *opts,
                           gantry_archive_summary *out, gantry_error *err)
{
    return fail_in(measure(archive, opts, out, err), "archive.measure", err);
}
