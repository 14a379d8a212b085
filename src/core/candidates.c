/*
 * The report of a search: what was found at each place, as a list and as an error.
 */
#include "open_impl.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

int gnt_opening_ends(int rc)
{
    return rc == GANTRY_E_NOMEM || rc == GANTRY_E_CANCELLED;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* The reason without the address, which stands beside it in every report. */
static const char *why(const gantry_error *reason)
{
    const char *cannot = "cannot connect to ";
    const char *text = strrchr(reason->message, ':');

    if (gantry_error_is(reason, GANTRY_E_UNAVAILABLE) && reason->os_error != 0 && text != NULL &&
        text[1] == ' ' && strncmp(reason->message, cannot, strlen(cannot)) == 0)
        return text + 2;
    return reason->message;
}

/* Behind the one that was taken. */
static void fill_unasked(gantry_candidate *c, const struct gnt_search_job *job)
{
    c->remote = job->remote;
    c->code = job->settled ? job->reason.code : GANTRY_E_CANCELLED;
    c->detail = job->settled ? job->reason.message : "not asked: an earlier place answered";
}

static void fill_asked(gantry_candidate *c, const struct gnt_search_job *job)
{
    c->remote = job->remote;
    c->code = job->reason.code;
    c->backend = job->backend != NULL ? job->backend->facts.name : NULL;
    c->detail = c->code == 0 ? job->found.detail : why(&job->reason);
    c->version = job->found.version;
    c->rootless = job->found.rootless;
}

/* Texts of the job become the list's. */
static int own_texts(gantry_candidate_list *list, gantry_candidate *c)
{
    c->source = gantry_result_strdup(list, c->source);
    c->address = gnt_address_show(gnt_result_arena(list), c->address);
    if (c->address != NULL)
        c->address = gantry_result_strdup(list, c->address);
    c->detail = gantry_result_strdup(list, c->detail);
    c->version = gantry_result_strdup(list, c->version);
    if (c->backend != NULL && (c->backend = gantry_result_strdup(list, c->backend)) == NULL)
        return 0;
    return c->source != NULL && c->address != NULL && c->detail != NULL && c->version != NULL;
}

int gnt_candidates_fill(struct gnt_opening *o, size_t count, size_t chosen, gantry_error *err)
{
    gantry_candidate **items = gantry_result_alloc(o->list, (count + 1) * sizeof *items);

    if (items == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const struct gnt_search_job *job = &o->search.jobs[i];
        gantry_candidate *c = gnt_result_item(o->list, GNT_KIND_CANDIDATE);

        if (c == NULL)
            return gnt_nomem(err);
        c->source = job->place.source;
        c->address = job->place.address;
        c->rootless = -1;
        if (i > chosen)
            fill_unasked(c, job);
        else
            fill_asked(c, job);
        c->chosen = i == chosen && chosen < count;
        if (!own_texts(o->list, c))
            return gnt_nomem(err);
        items[i] = c;
    }
    o->list->items = (const gantry_candidate *const *)items;
    o->list->count = count;
    return 0;
}

/* ---- the error ------------------------------------------------------------------------------- */

/* "source (address): detail" */
static int describe(const gantry_candidate *c, char *out, size_t size)
{
    int n = c->address[0] != '\0'
                ? snprintf(out, size, "%s (%s): %s", c->source, c->address, c->detail)
                : snprintf(out, size, "%s: %s", c->source, c->detail);

    return n > 0 ? n : 0;
}

static void append(char *line, size_t size, const char *text)
{
    size_t used = strlen(line);

    snprintf(line + used, size - used, "%s%s", used > 0 ? "; " : "", text);
}

/* Those where there was something to find; how many others there are. */
static void summarise(const struct gnt_opening *o, char *line, size_t size)
{
    enum {
        TAIL = 96 /* room for what is said of the others */
    };
    size_t missing = 0;
    size_t left = 0;
    char text[700];

    for (size_t i = 0; i < o->list->count; i++) {
        if (o->search.jobs[i].missing && !o->places.exclusive) {
            missing++;
            continue;
        }
        (void)describe(o->list->items[i], text, sizeof text);
        if (strlen(line) + strlen(text) + TAIL < size)
            append(line, size, text);
        else
            left++;
    }
    if (left > 0) {
        snprintf(text, sizeof text, "%zu more are in the error's output", left);
        append(line, size, text);
    }
    if (missing > 0) {
        snprintf(text, sizeof text, "no socket is at %s%zu %splaces",
                 missing < o->list->count ? "" : "any of the ", missing,
                 missing < o->list->count ? "other " : "");
        append(line, size, text);
    }
}

/* A line for each; if all are too many, those without a socket are counted. */
static void list_all(const struct gnt_opening *o, char *lines, size_t size)
{
    size_t needed = 0;
    size_t missing = 0;
    char text[1200];
    int brief;

    for (size_t i = 0; i < o->list->count; i++)
        needed += (size_t)describe(o->list->items[i], NULL, 0) + 1;
    brief = needed >= size;
    for (size_t i = 0; i < o->list->count; i++) {
        size_t used = strlen(lines);

        if (brief && o->search.jobs[i].missing) {
            missing++;
            continue;
        }
        (void)describe(o->list->items[i], text, sizeof text);
        snprintf(lines + used, size - used, "%s\n", text);
    }
    if (missing > 0) {
        size_t used = strlen(lines);

        snprintf(lines + used, size - used, "%zu other places: there is no such socket\n", missing);
    }
}

/* Whether another try may find one: a reason says so, or there was nothing to look at. */
static int may_come(const struct gnt_opening *o)
{
    for (size_t i = 0; i < o->list->count; i++) {
        if (o->search.jobs[i].reason.retry == GANTRY_RETRY_YES)
            return 1;
    }
    return o->list->count == 0;
}

int gnt_candidates_choice(const struct gnt_opening *o, gantry_error *err)
{
    const struct gnt_search_job *job = &o->search.jobs[0];
    const gantry_candidate *c = o->list->items[0];
    int program = strcmp(c->source, "options") == 0;
    char lines[2432] = "";

    list_all(o, lines, sizeof lines);
    *err = job->reason;
    if (program && err->code == GANTRY_E_TIMEOUT)
        gnt_error_prefix(err, "%s", c->address);
    else if (!program && c->address[0] != '\0')
        gnt_error_prefix(err, "%s (%s)", c->source, c->address);
    else if (!program)
        gnt_error_prefix(err, "%s", c->source);
    if (err->output[0] == '\0')
        gnt_text_copy(err->output, sizeof err->output, lines, strlen(lines), 1, 0);
    if (err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_ENGINE, c->address);
    return err->code;
}

int gnt_candidates_report(const struct gnt_opening *o, gantry_error *err)
{
    char line[960] = "";
    char lines[2432] = "";

    summarise(o, line, sizeof line);
    list_all(o, lines, sizeof lines);
    gnt_fail(err, GANTRY_E_UNAVAILABLE, "no container engine answers: %s", line);
    if (err != NULL) {
        gnt_text_copy(err->output, sizeof err->output, lines, strlen(lines), 1, 0);
        err->retry = may_come(o) ? GANTRY_RETRY_YES : GANTRY_RETRY_NO;
        if (o->list->count == 1)
            err->os_error = o->search.jobs[0].reason.os_error;
    }
    gnt_error_resource(err, GANTRY_RESOURCE_ENGINE, o->backend != NULL ? o->backend : "");
    return GANTRY_E_UNAVAILABLE;
}
