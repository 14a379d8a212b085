/*
 * Lines of a container's log out of pieces, and what of a log that comes again is new. Pieces are
 * what engines store and never divide anew, so that a channel's place is the time of its last
 * piece, its number among those with that time, and how many of its bytes were taken.
 */
#include "log_lines.h"

#include "error.h"
#include "fields.h"

#include <string.h>

enum {
    AT_STAMP, /* the time of a piece */
    IN_TEXT,
    IN_OLD,   /* text of a piece that was given before */
    IN_SEARCH /* text of a piece that may be the anchor */
};

#define SLACK_NS INT64_C(1000000000) /* channels may be out of order by less */
#define HASH_START UINT64_C(14695981039346656037)

void gnt_log_lines_init(struct gnt_log_lines *l, const struct gnt_mem *mem, size_t limit)
{
    memset(l, 0, sizeof *l);
    l->limit = limit;
    l->floor_ns = -1;
    l->record.size = sizeof l->record;
    for (int i = 0; i < 2; i++) {
        gnt_buf_init(&l->channels[i].line, mem, limit + GNT_LOG_STAMP_MAX);
        l->channels[i].piece_ns = -1;
    }
}

void gnt_log_lines_free(struct gnt_log_lines *l)
{
    gnt_buf_free(&l->channels[0].line);
    gnt_buf_free(&l->channels[1].line);
}

/* ---- records --------------------------------------------------------------------------------- */

static int give(struct gnt_log_lines *l, struct gnt_log_channel *ch, int partial)
{
    l->record.text = gnt_buf_text(&ch->line);
    l->record.text_size = ch->line.size;
    l->record.time_ns = ch->line_ns;
    l->record.channel = ch == &l->channels[1] ? GANTRY_STDERR : GANTRY_STDOUT;
    l->record.partial = partial;
    l->given = ch;
    ch->under_way = partial;
    return 1;
}

static void forget_given(struct gnt_log_lines *l)
{
    if (l->given != NULL)
        gnt_buf_clear(&l->given->line);
    l->given = NULL;
}

/* ---- places ---------------------------------------------------------------------------------- */

static uint64_t hash_of(uint64_t hash, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)data[i]) * UINT64_C(1099511628211);
    return hash;
}

/* A piece that is new. */
static int new_piece(struct gnt_log_lines *l, struct gnt_log_channel *ch, int64_t ns)
{
    /* Before the tail, on a channel of which the tail had nothing. */
    if (l->resumed && l->tailed && ch->piece_ns < 0 && ns < l->floor_ns)
        return IN_OLD;
    if (l->floor_ns < 0)
        l->floor_ns = ns;
    ch->anchored = ch->piece_ns < 0 ? l->tailed && !l->resumed : ch->anchored && ns == ch->piece_ns;
    ch->ordinal = ns == ch->piece_ns ? ch->ordinal + 1 : 0;
    if (ch->piece_ns < 0) {
        ch->first_size = 0;
        ch->first_hash = HASH_START;
    }
    ch->piece_ns = ns;
    ch->consumed = 0;
    ch->resuming = 0;
    l->skip = 0;
    return IN_TEXT;
}

/* The next piece with the time of the last: was it given? */
static int old_piece(struct gnt_log_lines *l, struct gnt_log_channel *ch)
{
    if (ch->seen++ < ch->ordinal)
        return IN_OLD;
    l->skip = ch->consumed;
    ch->resuming = 0;
    return IN_TEXT;
}

static int place_piece(struct gnt_log_lines *l, struct gnt_log_channel *ch, int64_t ns)
{
    if (!ch->resuming || ns > ch->piece_ns)
        return new_piece(l, ch, ns);
    if (ns < ch->piece_ns)
        return IN_OLD;
    if (!ch->anchored || ch->found)
        return old_piece(l, ch);
    l->hash = HASH_START;
    if (ch->first_size > 0)
        return IN_SEARCH;
    ch->found = 1;
    return old_piece(l, ch);
}

static int open_piece(struct gnt_log_lines *l, gantry_error *err)
{
    int64_t ns;

    l->stamp[l->stamp_size - 1] = '\0'; /* the space */
    if (gnt_parse_time(l->stamp, &ns) < 0)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "a line of the log begins with '%s', not its time",
                        l->stamp);
    l->stamp[l->stamp_size - 1] = ' ';
    memcpy(l->text_stamp, l->stamp, l->stamp_size);
    l->text_stamp_size = l->stamp_size;
    l->piece_size = 0;
    l->matched = 0;
    l->state = place_piece(l, l->channel, ns);
    return 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

static int take_stamp(struct gnt_log_lines *l, const char *data, size_t size, size_t *used,
                      gantry_error *err)
{
    while (*used < size && l->stamp_size < GNT_LOG_STAMP_MAX) {
        l->stamp[l->stamp_size++] = data[(*used)++];
        if (l->stamp[l->stamp_size - 1] == ' ')
            return open_piece(l, err);
    }
    if (l->stamp_size == GNT_LOG_STAMP_MAX)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "a line of the log does not begin with its time");
    return 0;
}

/* New text up to the end of a line. 1: a record is there. */
static int add_text(struct gnt_log_lines *l, const char *data, size_t size, size_t *out_used,
                    gantry_error *err)
{
    struct gnt_log_channel *ch = l->channel;
    size_t room = l->limit - ch->line.size;
    const char *newline = memchr(data, '\n', size);
    size_t text = newline != NULL ? (size_t)(newline - data) : size;
    int full = text > room;
    size_t taken = full ? room : text;

    if (!ch->under_way) {
        ch->under_way = 1;
        ch->line_ns = ch->piece_ns;
    }
    if (gnt_buf_add(&ch->line, data, taken) < 0)
        return gnt_nomem(err);
    if (!full && newline != NULL)
        taken++;
    if (ch->anchored && ch->ordinal == 0) {
        ch->first_hash = hash_of(ch->first_hash, data, taken);
        ch->first_size += taken;
    }
    ch->consumed += taken;
    l->piece_size += taken;
    *out_used = taken;
    if (full)
        return give(l, ch, 1);
    return newline != NULL ? give(l, ch, 0) : 0;
}

/* Whether the piece is over, where only its bytes tell. */
static void end_raw_piece(struct gnt_log_lines *l, char last)
{
    if (l->framed || last != '\n')
        return;
    l->state = AT_STAMP;
    l->stamp_size = 0;
}

/* Text that was given before, or goes before the tail: up to the end of its line. */
static void pass_old(struct gnt_log_lines *l, const char *data, size_t size, size_t *used)
{
    const char *newline = memchr(data, '\n', size);
    size_t taken = newline != NULL ? (size_t)(newline - data) + 1 : size;

    if (l->state == IN_TEXT && taken > l->skip)
        taken = (size_t)l->skip;
    if (l->state == IN_TEXT)
        l->skip -= taken;
    *used += taken;
    l->piece_size += taken;
    if (taken > 0)
        end_raw_piece(l, data[taken - 1]);
}

/* Is this the piece that the tail began with? */
static void search(struct gnt_log_lines *l, const char *data, size_t size, size_t *used)
{
    struct gnt_log_channel *ch = l->channel;
    uint64_t left = ch->first_size - l->piece_size;
    const char *newline = memchr(data, '\n', size);
    size_t taken = newline != NULL ? (size_t)(newline - data) + 1 : size;

    if (taken > left)
        taken = (size_t)left;
    l->hash = hash_of(l->hash, data, taken);
    l->piece_size += taken;
    *used += taken;
    if (l->piece_size == ch->first_size && l->hash == ch->first_hash) {
        ch->found = 1;
        l->state = old_piece(l, ch);
        l->skip = 0; /* what was consumed of it has just gone by */
    } else if (l->piece_size == ch->first_size) {
        l->state = IN_OLD;
    }
    if (taken > 0)
        end_raw_piece(l, data[taken - 1]);
}

/* Without frames a long line repeats its time in the middle, at a known place. */
static int at_seam(const struct gnt_log_lines *l)
{
    return !l->framed && l->piece_size == GNT_LOG_RAW_PIECE;
}

static int take_text(struct gnt_log_lines *l, const char *data, size_t size, size_t *used,
                     gantry_error *err)
{
    size_t most = size;
    size_t taken = 0;
    int rc;

    if (!l->framed && l->piece_size < GNT_LOG_RAW_PIECE && most > GNT_LOG_RAW_PIECE - l->piece_size)
        most = (size_t)(GNT_LOG_RAW_PIECE - l->piece_size);
    if (l->state == IN_SEARCH) {
        search(l, data, most, used);
        return 0;
    }
    if (l->state == IN_OLD || l->skip > 0) {
        pass_old(l, data, most, used);
        return 0;
    }
    rc = add_text(l, data, most, &taken, err);
    *used += taken;
    if (rc >= 0 && taken > 0)
        end_raw_piece(l, data[taken - 1]);
    return rc;
}

/* The bytes behind a full piece: its time once more, or text like any other. */
static int take_seam(struct gnt_log_lines *l, const char *data, size_t size, size_t *used,
                     gantry_error *err)
{
    while (*used < size && l->matched < l->text_stamp_size &&
           data[*used] == l->text_stamp[l->matched]) {
        l->matched++;
        (*used)++;
    }
    if (l->matched == l->text_stamp_size) {
        memcpy(l->stamp, l->text_stamp, l->text_stamp_size);
        l->stamp_size = l->text_stamp_size;
        return open_piece(l, err);
    }
    if (*used == size)
        return 0;
    /* It was text, which is still in the stamp. */
    l->replay = l->matched;
    l->replayed = 0;
    l->matched = 0;
    return l->replay > 0 ? 0 : take_text(l, data + *used, 1, used, err);
}

static int take_replay(struct gnt_log_lines *l, gantry_error *err)
{
    size_t used = 0;
    int rc = take_text(l, l->text_stamp + l->replayed, l->replay - l->replayed, &used, err);

    l->replayed += used;
    return rc;
}

int gnt_log_lines_feed(struct gnt_log_lines *l, int channel, int begins, const char *data,
                       size_t size, size_t *out_used, gantry_error *err)
{
    size_t used;
    int rc = 0;

    *out_used = 0;
    forget_given(l);
    l->channel = &l->channels[channel == GANTRY_STDERR];
    if (l->framed && begins) {
        l->state = AT_STAMP;
        l->stamp_size = 0;
    }
    while (rc == 0 && *out_used < size) {
        used = 0;
        if (l->replayed < l->replay)
            rc = take_replay(l, err);
        else if (l->state == AT_STAMP)
            rc = take_stamp(l, data + *out_used, size - *out_used, &used, err);
        else if (at_seam(l))
            rc = take_seam(l, data + *out_used, size - *out_used, &used, err);
        else
            rc = take_text(l, data + *out_used, size - *out_used, &used, err);
        *out_used += used;
    }
    return rc;
}

int gnt_log_lines_flush(struct gnt_log_lines *l, gantry_error *err)
{
    forget_given(l);
    if (l->matched > 0 && l->state == IN_TEXT && l->skip == 0 &&
        gnt_buf_add(&l->channel->line, l->text_stamp, l->matched) < 0)
        return gnt_nomem(err);
    l->matched = 0;
    for (int i = 0; i < 2; i++) {
        if (l->channels[i].under_way)
            return give(l, &l->channels[i], 0);
    }
    return 0;
}

/* ---- again ----------------------------------------------------------------------------------- */

int64_t gnt_log_lines_since(const struct gnt_log_lines *l)
{
    int64_t latest = -1;

    for (int i = 0; i < 2; i++) {
        if (l->channels[i].piece_ns > latest)
            latest = l->channels[i].piece_ns;
    }
    if (latest < 0)
        return -1;
    return latest > SLACK_NS ? latest - SLACK_NS : 0;
}

void gnt_log_lines_resume(struct gnt_log_lines *l)
{
    l->resumed = 1;
    l->state = AT_STAMP;
    l->stamp_size = 0;
    l->matched = 0;
    l->replay = 0;
    l->replayed = 0;
    l->skip = 0;
    for (int i = 0; i < 2; i++) {
        struct gnt_log_channel *ch = &l->channels[i];

        ch->resuming = ch->piece_ns >= 0;
        ch->found = 0;
        ch->seen = 0;
    }
}
