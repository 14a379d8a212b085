/*
 * Everything an archive sends, entry by entry: the caller's tars first, then what plan.c gives,
 * with the hard links that are found on the way or were asked for. Opens files through describe.c
 * if it is told to, and knows no tar bytes.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#include "walk.h"

/* The first name of a host file that has several. */
struct linked {
    dev_t dev;
    ino_t ino;
    const struct gnt_entry *origin; /* the walk it came in */
    const char *name;
};

/* A file that an explicit hard link is for. */
struct target {
    const char *name;
    int sent;
    int mode;
    int64_t uid;
    int64_t gid;
    int64_t mtime;
};

/* A directory of a tar that is above explicit entries. */
struct parent {
    struct parent *next;
    const char *name;
};

struct gnt_scan {
    struct gnt_mem mem;
    struct gantry_host *log;
    const gantry_archive *archive;
    int all;
    struct gnt_plan *plan;
    struct gnt_arena arena; /* names */
    const struct gnt_entry **tars;
    size_t tar_count;
    size_t tar_at;
    struct gnt_tar_reader *reader;
    struct parent *parents;
    struct linked *linked; /* hash table; its size is a power of two */
    size_t linked_count;
    size_t linked_size;
    struct target *targets; /* by name */
    size_t target_count;
};

/* ---- files with several names ---------------------------------------------------------------- */

static struct linked *find_linked(const struct gnt_scan *s, const struct stat *st,
                                  const struct gnt_entry *origin)
{
    uint64_t hash = ((uint64_t)st->st_ino ^ ((uint64_t)st->st_dev << 32)) * 0x9E3779B97F4A7C15U;
    size_t i = (size_t)(hash >> 32) & (s->linked_size - 1);

    while (s->linked[i].name != NULL &&
           (s->linked[i].ino != st->st_ino || s->linked[i].dev != st->st_dev ||
            s->linked[i].origin != origin))
        i = (i + 1) & (s->linked_size - 1);
    return &s->linked[i];
}

static int grow_linked(struct gnt_scan *s, gantry_error *err)
{
    struct linked *old = s->linked;
    size_t size = s->linked_size;
    struct stat st = { 0 };

    if (s->linked_count * 2 < size)
        return 0;
    s->linked = gnt_alloc(&s->mem, (size > 0 ? size * 2 : 64) * sizeof *s->linked);
    if (s->linked == NULL) {
        s->linked = old;
        return gnt_nomem(err);
    }
    s->linked_size = size > 0 ? size * 2 : 64;
    for (size_t i = 0; i < size; i++) {
        st.st_dev = old[i].dev;
        st.st_ino = old[i].ino;
        if (old[i].name != NULL)
            *find_linked(s, &st, old[i].origin) = old[i];
    }
    gnt_free(&s->mem, old);
    return 0;
}

/* The name under which this host file was sent before, or NULL; then it is noted. */
static int note_linked(struct gnt_scan *s, const struct gnt_item *item, const char **out_first,
                       gantry_error *err)
{
    const struct stat *st = gnt_walk_stat(item->walk);
    struct linked *l;
    int rc;

    *out_first = NULL;
    if (s->archive->reproducible || !S_ISREG(st->st_mode) || st->st_nlink < 2)
        return 0;
    rc = grow_linked(s, err);
    if (rc < 0)
        return rc;
    l = find_linked(s, st, item->origin);
    if (l->name != NULL) {
        *out_first = l->name;
        return 0;
    }
    if (s->linked_count == GNT_LINKED_MAX) /* a file of its own, then */
        return 0;
    l->name = gnt_arena_strndup(&s->arena, item->name, item->name_size);
    if (l->name == NULL)
        return gnt_nomem(err);
    l->dev = st->st_dev;
    l->ino = st->st_ino;
    l->origin = item->origin;
    s->linked_count++;
    return 0;
}

/* ---- explicit hard links --------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct target *)a)->name, ((const struct target *)b)->name);
}

static int list_targets(struct gnt_scan *s, gantry_error *err)
{
    size_t count = 0, i;

    while (gnt_plan_link_target(s->plan, count) != NULL)
        count++;
    s->targets = gnt_alloc(&s->mem, count * sizeof *s->targets);
    if (s->targets == NULL)
        return gnt_nomem(err);
    for (i = 0; i < count; i++)
        s->targets[i].name = gnt_plan_link_target(s->plan, i);
    qsort(s->targets, count, sizeof *s->targets, by_name);
    for (i = 0; i < count; i++) {
        if (i == 0 || strcmp(s->targets[i].name, s->targets[s->target_count - 1].name) != 0)
            s->targets[s->target_count++] = s->targets[i];
    }
    return 0;
}

static struct target *find_target(struct gnt_scan *s, const char *name)
{
    struct target key = { .name = name };

    if (s->target_count == 0)
        return NULL;
    return bsearch(&key, s->targets, s->target_count, sizeof key, by_name);
}

static void note_target(struct gnt_scan *s, const char *name, const struct gnt_meta *m)
{
    struct target *t = NULL;

    if (m->type == GNT_TYPE_FILE || m->type == GNT_TYPE_HARDLINK)
        t = find_target(s, name);
    if (t == NULL)
        return;
    t->sent = 1;
    t->mode = m->mode;
    t->uid = m->uid;
    t->gid = m->gid;
    t->mtime = m->mtime;
}

/* Engines give the file what a link to it says: so it says what the file's own header said. */
static int describe_link(struct gnt_scan *s, const struct gnt_item *item, struct gnt_meta *m,
                         gantry_error *err)
{
    const struct target *t = find_target(s, item->target);

    if (t == NULL || !t->sent)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "the hard link %s is for %s, which is no file of the archive", item->name,
                        item->target);
    m->link = t->name;
    m->mode = t->mode;
    m->uid = t->uid;
    m->gid = t->gid;
    m->mtime = t->mtime;
    return 0;
}

/* ---- tars ------------------------------------------------------------------------------------ */

static size_t list_tars(const gantry_archive *archive, const struct gnt_entry **out, size_t count)
{
    const struct gnt_entry *e;

    for (e = archive->first; e != NULL; e = e->next) {
        if (e->kind == GNT_ENTRY_INCLUDE) {
            count = list_tars(e->include, out, count);
        } else if (e->kind == GNT_ENTRY_TAR) {
            if (out != NULL)
                out[count] = e;
            count++;
        }
    }
    return count;
}

static int note_parent(struct gnt_scan *s, const char *name, gantry_error *err)
{
    struct parent *p = gnt_arena_alloc(&s->arena, sizeof *p);

    if (p != NULL)
        p->name = gnt_arena_strdup(&s->arena, name);
    if (p == NULL || p->name == NULL)
        return gnt_nomem(err);
    p->next = s->parents;
    s->parents = p;
    return 0;
}

static int was_sent(const struct gnt_scan *s, const char *name)
{
    const struct parent *p = s->parents;

    while (p != NULL && strcmp(p->name, name) != 0)
        p = p->next;
    return p != NULL;
}

/* Whether the tar's entry is sent, since nothing explicit has its place. */
static int take_tarred(struct gnt_scan *s, const struct gnt_found *f, const struct gnt_meta *m,
                       int *out_take, gantry_error *err)
{
    enum gnt_claim claim =
        gnt_plan_claims(s->plan, f->name, f->name_size, m->type == GNT_TYPE_DIRECTORY);

    *out_take = claim != GNT_CLAIM_TAKEN;
    if (claim == GNT_CLAIM_PARENT)
        return note_parent(s, f->name, err);
    if (claim == GNT_CLAIM_NONE && m->type == GNT_TYPE_HARDLINK &&
        gnt_plan_claims(s->plan, m->link, strlen(m->link), 0) == GNT_CLAIM_TAKEN)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "%s in the tar is a hard link to %s, which another entry replaces", f->name,
                        m->link);
    return 0;
}

/* The next entry that a tar brings; *out_more 0 after the last of the last. */
static int next_tarred(struct gnt_scan *s, struct gnt_found *f, struct gnt_meta *m,
                       struct gnt_content *content, int *out_more, gantry_error *err)
{
    int more = 0, take = 0, rc = 0;

    while (rc == 0 && !take) {
        if (s->reader == NULL && s->tar_at == s->tar_count)
            break;
        if (s->reader == NULL)
            rc = gnt_tar_reader_open(&s->mem, s->log, s->tars[s->tar_at++], &s->reader, err);
        if (rc == 0)
            rc = gnt_tar_reader_next(s->reader, s->all, m, &f->name, &f->name_size, &more, err);
        if (rc == 0 && !more) {
            gnt_tar_reader_close(s->reader);
            s->reader = NULL;
        } else if (rc == 0) {
            rc = take_tarred(s, f, m, &take, err);
        }
    }
    *out_more = take;
    if (rc < 0 || !take)
        return rc;
    f->action = m->type == GNT_TYPE_OTHER ? GANTRY_ARCHIVE_SKIPPED : GANTRY_ARCHIVE_SENT;
    gnt_describe_fixed(s->archive, m);
    note_target(s, f->name, m);
    if (content != NULL && m->type == GNT_TYPE_FILE)
        gnt_content_tar(content, f->name, s->reader, m->size);
    return 0;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int describe_item(struct gnt_scan *s, const struct gnt_item *item, struct gnt_found *f,
                         struct gnt_meta *m, struct gnt_content *content, gantry_error *err)
{
    const char *first = NULL;
    int rc = 0;

    f->path = NULL;
    f->rule = NULL;
    f->action = GANTRY_ARCHIVE_SENT;
    if (item->entry == NULL && item->walk != NULL) {
        enum gnt_walk_action action = gnt_walk_action(item->walk);

        f->path = gnt_walk_path(item->walk);
        f->rule = gnt_walk_rule(item->walk);
        f->action = action == GNT_WALK_KEEP   ? GANTRY_ARCHIVE_SENT
                    : action == GNT_WALK_DROP ? GANTRY_ARCHIVE_DROPPED
                                              : GANTRY_ARCHIVE_SKIPPED;
        if (f->action == GANTRY_ARCHIVE_SENT)
            rc = note_linked(s, item, &first, err);
    } else if (item->entry != NULL && item->entry->kind == GNT_ENTRY_FILE) {
        f->path = item->entry->path;
    }
    if (rc == 0)
        rc = gnt_describe(s->archive, item, m,
                          first != NULL || f->action != GANTRY_ARCHIVE_SENT ? NULL : content, err);
    if (rc == 0 && item->target != NULL)
        rc = describe_link(s, item, m, err);
    if (rc < 0)
        return rc;
    if (first != NULL) {
        m->type = GNT_TYPE_HARDLINK;
        m->link = first;
        m->size = 0;
    }
    if (f->action == GANTRY_ARCHIVE_SENT)
        note_target(s, f->name, m);
    return 0;
}

int gnt_scan_next(struct gnt_scan *s, struct gnt_found *f, struct gnt_meta *m,
                  struct gnt_content *content, int *out_more, gantry_error *err)
{
    struct gnt_item item;
    int more = 0, rc;

    memset(f, 0, sizeof *f);
    rc = next_tarred(s, f, m, content, &more, err);
    if (rc == 0 && !more) {
        do
            rc = gnt_plan_next(s->plan, &item, &more, err);
        while (rc == 0 && more && item.entry == NULL && item.walk == NULL &&
               (s->archive->bare || was_sent(s, item.name)));
        if (rc == 0 && more) {
            f->name = item.name;
            f->name_size = item.name_size;
            rc = describe_item(s, &item, f, m, content, err);
        }
    }
    if (rc == 0)
        *out_more = more;
    return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

void gnt_scan_close(struct gnt_scan *s)
{
    struct gnt_mem mem;

    if (s == NULL)
        return;
    mem = s->mem;
    gnt_tar_reader_close(s->reader);
    gnt_plan_free(s->plan);
    gnt_arena_free(&s->arena);
    gnt_free(&mem, s->tars);
    gnt_free(&mem, s->linked);
    gnt_free(&mem, s->targets);
    gnt_free(&mem, s);
}

int gnt_scan_open(const struct gnt_mem *mem, struct gantry_host *log, const gantry_archive *archive,
                  int all, struct gnt_scan **out, gantry_error *err)
{
    struct gnt_scan *s = gnt_alloc(mem, sizeof *s);
    int rc;

    if (s == NULL)
        return gnt_nomem(err);
    s->mem = *mem;
    s->log = log;
    s->archive = archive;
    s->all = all;
    gnt_arena_init(&s->arena, mem);
    s->tar_count = list_tars(archive, NULL, 0);
    s->tars = gnt_alloc(mem, s->tar_count * sizeof *s->tars);
    rc = s->tars == NULL ? gnt_nomem(err) : gnt_plan_new(mem, log, archive, all, &s->plan, err);
    if (rc == 0)
        rc = list_targets(s, err);
    if (rc < 0) {
        gnt_scan_close(s);
        return rc;
    }
    list_tars(archive, s->tars, 0);
    *out = s;
    return 0;
}
