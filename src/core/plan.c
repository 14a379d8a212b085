/*
 * The order in which an archive is sent: explicit entries, sorted, merged with the walks of host
 * directories, and who wins where two have the same name. Opens nothing but directories, and knows
 * no tar.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#include "walk.h"

/* An entry of the recipe. */
struct row {
    const struct gnt_entry *entry;
    size_t order; /* of adding */
};

/* The walk of one DIRECTORY, from when the merge reaches its name. */
struct active {
    struct gnt_walk *walk;
    const struct gnt_entry *origin;
    size_t order;
    int here; /* stands at the name that was given out */
};

/* A hard link, and the file at the end of its chain. */
struct link {
    const struct gnt_entry *entry;
    const char *target;
};

struct gnt_plan {
    struct gnt_mem mem;
    struct gantry_host *log;
    int all; /* what walks leave out, too */
    struct link *links;
    size_t link_count;
    size_t link_at;
    struct row *rows; /* by name, then order */
    size_t row_count;
    size_t at;   /* the row whose name, or parent, is next */
    size_t upto; /* so many bytes of it: a parent if less than all */
    int here;    /* that is the name that was given out */
    struct active *walks;
    size_t walk_count;
    size_t walk_capacity;
    char name[GNT_PATH_MAX + 1];
};

static int is_directory(const struct gnt_entry *e)
{
    return e->kind == GNT_ENTRY_MKDIR || e->kind == GNT_ENTRY_DIRECTORY;
}

static int same_name(const struct gnt_entry *a, const struct gnt_entry *b)
{
    return a->name_size == b->name_size && memcmp(a->name, b->name, a->name_size) == 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static size_t count_rows(const gantry_archive *archive)
{
    const struct gnt_entry *e;
    size_t count = 0;

    for (e = archive->first; e != NULL; e = e->next)
        count += e->kind == GNT_ENTRY_INCLUDE ? count_rows(e->include) : e->kind != GNT_ENTRY_TAR;
    return count;
}

static void fill_rows(struct gnt_plan *p, const gantry_archive *archive)
{
    const struct gnt_entry *e;

    for (e = archive->first; e != NULL; e = e->next) {
        if (e->kind == GNT_ENTRY_INCLUDE) {
            fill_rows(p, e->include);
            continue;
        }
        if (e->kind == GNT_ENTRY_TAR)
            continue;
        p->rows[p->row_count].entry = e;
        p->rows[p->row_count].order = p->row_count;
        p->row_count++;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    int c =
        gnt_path_compare(x->entry->name, x->entry->name_size, y->entry->name, y->entry->name_size);

    return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

/*
 * Of the rows first..end, which share a name, keep what counts: the last one if it is no directory;
 * else every host directory and the last mkdir since the last that was none.
 */
static size_t keep_winners(struct gnt_plan *p, size_t first, size_t end, size_t kept)
{
    size_t i, mkdir_at = end;

    for (i = first; i < end; i++) {
        if (!is_directory(p->rows[i].entry))
            first = i + 1 < end ? i + 1 : i;
        else if (p->rows[i].entry->kind == GNT_ENTRY_MKDIR)
            mkdir_at = i;
    }
    for (i = first; i < end; i++) {
        if (p->rows[i].entry->kind != GNT_ENTRY_MKDIR || i == mkdir_at)
            p->rows[kept++] = p->rows[i];
    }
    return kept;
}

static void drop_losers(struct gnt_plan *p)
{
    size_t i = 0, end, kept = 0;

    while (i < p->row_count) {
        for (end = i + 1; end < p->row_count; end++) {
            if (!same_name(p->rows[i].entry, p->rows[end].entry))
                break;
        }
        kept = keep_winners(p, i, end, kept);
        i = end;
    }
    p->row_count = kept;
}

/* What is below a name follows it at once, so neighbours tell. */
static int check_tree(const struct gnt_plan *p, gantry_error *err)
{
    const struct gnt_entry *e, *below;
    size_t i;

    for (i = 0; i + 1 < p->row_count; i++) {
        e = p->rows[i].entry;
        below = p->rows[i + 1].entry;
        if (!is_directory(e) && below->name_size > e->name_size &&
            below->name[e->name_size] == '/' && memcmp(e->name, below->name, e->name_size) == 0)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "%s cannot be in the archive: %s is no directory", below->name,
                            e->name);
    }
    return 0;
}

/* The first row whose name is not before this one. */
static size_t find_row(const struct gnt_plan *p, const char *name, size_t size)
{
    size_t low = 0, high = p->row_count, middle;

    while (low < high) {
        const struct gnt_entry *e = p->rows[middle = low + (high - low) / 2].entry;

        if (gnt_path_compare(e->name, e->name_size, name, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct gnt_entry *entry_at(const struct gnt_plan *p, size_t row, const char *name,
                                        size_t size)
{
    const struct gnt_entry *e = row < p->row_count ? p->rows[row].entry : NULL;

    return e != NULL && e->name_size == size && memcmp(e->name, name, size) == 0 ? e : NULL;
}

enum gnt_claim gnt_plan_claims(const struct gnt_plan *p, const char *name, size_t size, int is_dir)
{
    size_t row, i;
    const struct gnt_entry *e;

    for (i = 1; i < size; i++) {
        e = name[i] == '/' ? entry_at(p, find_row(p, name, i), name, i) : NULL;
        if (e != NULL && !is_directory(e))
            return GNT_CLAIM_TAKEN;
    }
    row = find_row(p, name, size);
    for (; (e = entry_at(p, row, name, size)) != NULL; row++) {
        if (!is_dir || e->kind != GNT_ENTRY_DIRECTORY)
            return GNT_CLAIM_TAKEN;
    }
    e = row < p->row_count ? p->rows[row].entry : NULL;
    if (e == NULL || e->name_size <= size || e->name[size] != '/' ||
        memcmp(e->name, name, size) != 0)
        return GNT_CLAIM_NONE;
    return is_dir ? GNT_CLAIM_PARENT : GNT_CLAIM_TAKEN;
}

/* ---- hard links ------------------------------------------------------------------------------ */

/* A link to a link is one to what that is for. */
static int resolve_link(struct gnt_plan *p, struct link *link, gantry_error *err)
{
    const struct gnt_entry *e;
    size_t steps, size;

    link->target = link->entry->path;
    for (steps = 0; steps <= p->link_count; steps++) {
        size = strlen(link->target);
        e = entry_at(p, find_row(p, link->target, size), link->target, size);
        if (e == NULL || e->kind != GNT_ENTRY_LINK)
            return 0;
        link->target = e->path;
    }
    return gnt_fail(err, GANTRY_E_INVALID, "hard links that lead to each other: %s",
                    link->entry->name);
}

static int find_links(struct gnt_plan *p, gantry_error *err)
{
    size_t i, count = 0;
    int rc = 0;

    for (i = 0; i < p->row_count; i++)
        count += p->rows[i].entry->kind == GNT_ENTRY_LINK;
    p->links = gnt_alloc(&p->mem, count * sizeof *p->links);
    if (p->links == NULL)
        return gnt_nomem(err);
    for (i = 0; i < p->row_count; i++) {
        if (p->rows[i].entry->kind == GNT_ENTRY_LINK)
            p->links[p->link_count++].entry = p->rows[i].entry;
    }
    for (i = 0; rc == 0 && i < count; i++)
        rc = resolve_link(p, &p->links[i], err);
    return rc;
}

const char *gnt_plan_link_target(const struct gnt_plan *p, size_t index)
{
    return index < p->link_count ? p->links[index].target : NULL;
}

static int next_link(struct gnt_plan *p, struct gnt_item *out)
{
    const struct link *link = &p->links[p->link_at];

    if (p->link_at == p->link_count)
        return 0;
    p->link_at++;
    memset(out, 0, sizeof *out);
    out->entry = link->entry;
    out->name = link->entry->name;
    out->name_size = link->entry->name_size;
    out->target = link->target;
    return 1;
}

/* ---- the cursor over rows and their parents -------------------------------------------------- */

/* Make the key of the row the part of its name that follows `done` bytes, one level further. */
static void go_down(struct gnt_plan *p, size_t done)
{
    const char *name = p->rows[p->at].entry->name;

    p->upto = done + (name[done] == '/');
    p->upto += strcspn(name + p->upto, "/");
}

static void next_row(struct gnt_plan *p)
{
    const struct gnt_entry *last = p->rows[p->at].entry;
    const char *name;
    size_t i, shared = 0;

    if (++p->at == p->row_count)
        return;
    name = p->rows[p->at].entry->name;
    for (i = 0; i < last->name_size && name[i] == last->name[i]; i++) {
        if (name[i] == '/')
            shared = i;
    }
    if (i == last->name_size && name[i] == '/')
        shared = i;
    go_down(p, shared);
}

/* Past the given-out name, and all rows that have it. */
static void advance_cursor(struct gnt_plan *p)
{
    const struct gnt_entry *e = p->rows[p->at].entry;

    p->here = 0;
    if (p->upto < e->name_size) {
        go_down(p, p->upto);
        return;
    }
    while (p->at + 1 < p->row_count && same_name(e, p->rows[p->at + 1].entry))
        p->at++;
    next_row(p);
}

/* ---- walks ----------------------------------------------------------------------------------- */

static int start_walk(struct gnt_plan *p, const struct row *row, gantry_error *err)
{
    struct active *a;
    int rc;

    if (p->walk_count == p->walk_capacity) {
        size_t more = p->walk_capacity == 0 ? 4 : p->walk_capacity * 2;

        a = gnt_realloc(&p->mem, p->walks, more * sizeof *a);
        if (a == NULL)
            return gnt_nomem(err);
        p->walks = a;
        p->walk_capacity = more;
    }
    a = &p->walks[p->walk_count];
    memset(a, 0, sizeof *a);
    a->origin = row->entry;
    a->order = row->order;
    rc = gnt_walk_open(&p->mem, p->log, row->entry->path, row->entry->name, row->entry->ignore,
                       p->all, &a->walk, err);
    if (rc == 0)
        p->walk_count++;
    return rc;
}

/* Start the walks of the rows that have the cursor's whole name. */
static int start_walks(struct gnt_plan *p, gantry_error *err)
{
    const struct gnt_entry *e = p->rows[p->at].entry;
    size_t i;
    int rc = 0;

    if (p->upto < e->name_size)
        return 0;
    for (i = p->at; rc == 0 && i < p->row_count && same_name(e, p->rows[i].entry); i++) {
        if (p->rows[i].entry->kind == GNT_ENTRY_DIRECTORY)
            rc = start_walk(p, &p->rows[i], err);
    }
    return rc;
}

static int advance_walks(struct gnt_plan *p, gantry_error *err)
{
    size_t i = 0;
    int more, rc;

    while (i < p->walk_count) {
        struct active *a = &p->walks[i];

        if (a->here) {
            a->here = 0;
            rc = gnt_walk_next(a->walk, &more, err);
            if (rc < 0)
                return rc;
            if (!more) {
                gnt_walk_close(a->walk);
                *a = p->walks[--p->walk_count];
                continue;
            }
        }
        i++;
    }
    return 0;
}

/* ---- merging --------------------------------------------------------------------------------- */

/* The smallest name that anybody stands at, into p->name; 0 if there is none. */
static int smallest(struct gnt_plan *p, size_t *out_size)
{
    const char *best = NULL, *name;
    size_t best_size = 0, size, i;

    if (p->at < p->row_count) {
        best = p->rows[p->at].entry->name;
        best_size = p->upto;
    }
    for (i = 0; i < p->walk_count; i++) {
        name = gnt_walk_name(p->walks[i].walk, &size);
        if (best == NULL || gnt_path_compare(name, size, best, best_size) < 0) {
            best = name;
            best_size = size;
        }
    }
    if (best == NULL)
        return 0;
    memcpy(p->name, best, best_size);
    p->name[best_size] = '\0';
    *out_size = best_size;
    return 1;
}

static int stands_at(const struct gnt_plan *p, const char *name, size_t size, size_t key_size)
{
    return size == key_size && memcmp(name, p->name, size) == 0;
}

/* Note who stands at the name; a directory that begins there gets its walk. */
static int gather(struct gnt_plan *p, size_t key_size, gantry_error *err)
{
    const char *name;
    size_t i, size;
    int rc;

    if (p->at < p->row_count && stands_at(p, p->rows[p->at].entry->name, p->upto, key_size)) {
        p->here = 1;
        rc = start_walks(p, err);
        if (rc < 0)
            return rc;
    }
    for (i = 0; i < p->walk_count; i++) {
        name = gnt_walk_name(p->walks[i].walk, &size);
        p->walks[i].here = stands_at(p, name, size, key_size);
    }
    return 0;
}

/* The explicit entry that describes the name, not only what is below it or in it. */
static const struct gnt_entry *explicit_entry(const struct gnt_plan *p)
{
    const struct gnt_entry *e;
    size_t i;

    if (!p->here || p->upto < p->rows[p->at].entry->name_size)
        return NULL;
    e = p->rows[p->at].entry;
    for (i = p->at; i < p->row_count && same_name(e, p->rows[i].entry); i++) {
        if (p->rows[i].entry->kind != GNT_ENTRY_DIRECTORY)
            return p->rows[i].entry;
    }
    return NULL;
}

/* Decide between those who stand at the name; who loses a directory to a file loses all in it. */
static void decide(struct gnt_plan *p, struct gnt_item *out)
{
    const struct gnt_entry *entry = explicit_entry(p);
    const struct active *winner = NULL, *left_out = NULL;
    int must_be_directory = p->here && (entry == NULL || is_directory(entry));
    int directory;
    size_t i;

    for (i = 0; i < p->walk_count; i++) {
        struct active *a = &p->walks[i];

        if (a->here && gnt_walk_action(a->walk) != GNT_WALK_KEEP) {
            left_out = a;
            continue;
        }
        if (!a->here || (must_be_directory && !S_ISDIR(gnt_walk_stat(a->walk)->st_mode)))
            continue;
        if (winner == NULL || a->order > winner->order)
            winner = a;
    }
    directory = p->here ? must_be_directory
                        : winner != NULL && S_ISDIR(gnt_walk_stat(winner->walk)->st_mode);
    for (i = 0; !directory && i < p->walk_count; i++) {
        if (p->walks[i].here)
            gnt_walk_prune(p->walks[i].walk);
    }
    if (winner == NULL && !p->here)
        winner = left_out;
    out->entry = entry;
    if (entry == NULL && winner != NULL) {
        out->walk = winner->walk;
        out->origin = winner->origin;
    }
}

int gnt_plan_next(struct gnt_plan *p, struct gnt_item *out, int *out_more, gantry_error *err)
{
    size_t size;
    int rc;

    do {
        if (p->here)
            advance_cursor(p);
        rc = advance_walks(p, err);
        if (rc < 0)
            return rc;
        if (!smallest(p, &size)) {
            *out_more = next_link(p, out);
            return 0;
        }
        rc = gather(p, size, err);
        if (rc < 0)
            return rc;
        memset(out, 0, sizeof *out);
        decide(p, out);
        /* The top of the archive has no entry of its own, hard links come later. */
    } while (size == 0 || (out->entry != NULL && (out->entry->kind == GNT_ENTRY_OMIT ||
                                                  out->entry->kind == GNT_ENTRY_LINK)));
    out->name = p->name;
    out->name_size = size;
    *out_more = 1;
    return 0;
}

int gnt_plan_new(const struct gnt_mem *mem, struct gantry_host *log, const gantry_archive *archive,
                 int all, struct gnt_plan **out, gantry_error *err)
{
    struct gnt_plan *p = gnt_alloc(mem, sizeof *p);
    int rc;

    if (p == NULL)
        return gnt_nomem(err);
    p->mem = *mem;
    p->log = log;
    p->all = all;
    p->rows = gnt_alloc(mem, (count_rows(archive) + 1) * sizeof *p->rows);
    if (p->rows == NULL) {
        gnt_plan_free(p);
        return gnt_nomem(err);
    }
    fill_rows(p, archive);
    qsort(p->rows, p->row_count, sizeof *p->rows, by_name);
    drop_losers(p);
    rc = check_tree(p, err);
    if (rc == 0)
        rc = find_links(p, err);
    if (rc < 0) {
        gnt_plan_free(p);
        return rc;
    }
    if (p->row_count > 0)
        go_down(p, 0);
    *out = p;
    return 0;
}

void gnt_plan_free(struct gnt_plan *p)
{
    struct gnt_mem mem;

    if (p == NULL)
        return;
    mem = p->mem;
    while (p->walk_count > 0)
        gnt_walk_close(p->walks[--p->walk_count].walk);
    gnt_free(&mem, p->walks);
    gnt_free(&mem, p->links);
    gnt_free(&mem, p->rows);
    gnt_free(&mem, p);
}
