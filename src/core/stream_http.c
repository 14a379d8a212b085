/*
 * Streams over exchanges and hijacked connections, with or without frames. What both have in common
 * is the table `struct carrier`; frames are taken from what waits inside the carrier, payload of a
 * frame that is still to come goes straight to the reader.
 */
#include "stream.h"

#include "host.h"

#include <string.h>

struct carrier {
    int (*read)(void *carried, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                gantry_error *err);
    const char *(*peek)(const void *carried, size_t *out_size);
    void (*skip)(void *carried, size_t size);
    int (*fd)(const void *carried, int *out_events);
    int (*timeout_ms)(const void *carried);
    void (*close)(void *carried);
};

struct carried_stream {
    gantry_host *host;
    const struct carrier *carrier;
    void *carried;
    enum gnt_framing framing;
    gnt_head_fn head; /* to be asked for before anything is read; NULL: the head was here */
    void *head_arg;
    struct gnt_demux demux;
    int split;             /* a read gives bytes of one frame only */
    int fresh;             /* a frame's header was taken, none of its bytes */
    int begins;            /* what was read last are the first bytes of a frame */
    size_t complaint_size; /* of the engine's own error text */
    char complaint[1024];
};

/* ---- frames ---------------------------------------------------------------------------------- */

/* Take header bytes that wait. 0, or PROTOCOL. */
static int take_header(struct carried_stream *s, const char *data, size_t size, gantry_error *err)
{
    const unsigned char *payload;
    size_t want = sizeof s->demux.header - s->demux.header_size;
    size_t payload_size;
    size_t used;
    int channel;

    s->fresh = 1;
    /* Not a byte more than the header, so that there is no payload yet. */
    return gnt_demux_feed(&s->demux, (const unsigned char *)data, size < want ? size : want, &used,
                          &payload, &payload_size, &channel, err);
}

/* Take payload that waits or was read: the counter of the frame goes down. */
static void count_payload(struct carried_stream *s, const char *data, size_t size)
{
    const unsigned char *payload;
    size_t payload_size;
    size_t used;
    int channel;

    s->begins = s->fresh;
    s->fresh = 0;
    (void)gnt_demux_feed(&s->demux, (const unsigned char *)data, size, &used, &payload,
                         &payload_size, &channel, NULL);
}

/*
 * Frames that wait inside, payload of one channel after the other into the buffer until it is full
 * or the channel changes. Leaves *size at 0 only if more bytes are needed.
 */
static int take_frames(struct carried_stream *s, char *buffer, size_t capacity, size_t *size,
                       int *channel, gantry_error *err)
{
    const char *data;
    size_t waiting;
    size_t piece;
    int rc;

    for (;;) {
        data = s->carrier->peek(s->carried, &waiting);
        if (waiting == 0 || *size == capacity)
            return 0;
        if (s->demux.left == 0) {
            piece = sizeof s->demux.header - s->demux.header_size;
            piece = waiting < piece ? waiting : piece;
            rc = take_header(s, data, piece, err);
            if (rc < 0)
                return rc;
        } else if (*size > 0 && s->demux.channel != *channel) {
            return 0;
        } else {
            piece = capacity - *size < waiting ? capacity - *size : waiting;
            piece = piece < s->demux.left ? piece : s->demux.left;
            *channel = s->demux.channel;
            memcpy(buffer + *size, data, piece);
            count_payload(s, data, piece);
            *size += piece;
        }
        s->carrier->skip(s->carried, piece);
        if (*size > 0 && s->demux.left == 0 && (s->split || *channel == 3))
            return 0; /* of channel 3: the engine has said all */
    }
}

/* Nothing waits inside: get the rest of a header, or payload. *ended at the end. */
static int get_more(struct carried_stream *s, char *buffer, size_t capacity, int nonblocking,
                    size_t *size, int *channel, int *ended, gantry_error *err)
{
    size_t got = 0;
    char header[8];
    int rc;

    if (s->demux.left > 0) {
        capacity = capacity < s->demux.left ? capacity : s->demux.left;
        rc = s->carrier->read(s->carried, buffer, capacity, nonblocking, &got, err);
        if (rc == 0 && got > 0)
            count_payload(s, buffer, got);
        *channel = s->demux.channel;
        *size = got;
    } else {
        rc = s->carrier->read(s->carried, header, sizeof header - s->demux.header_size, nonblocking,
                              &got, err);
        if (rc == 0 && got > 0)
            rc = take_header(s, header, got, err);
    }
    *ended = rc == 0 && got == 0;
    return rc;
}

/* Some payload of one channel, the engine's own words (channel 3) included; 0 bytes at the end. */
static int read_payload(struct carried_stream *s, char *buffer, size_t capacity, int nonblocking,
                        size_t *size, int *channel, gantry_error *err)
{
    int ended = 0;
    int rc = 0;

    *size = 0;
    while (rc == 0 && *size == 0 && !ended) {
        rc = take_frames(s, buffer, capacity, size, channel, err);
        if (rc == 0 && *size == 0)
            rc = get_more(s, buffer, capacity, nonblocking, size, channel, &ended, err);
    }
    /* What was delivered before a failure is valid; the failure comes again at the next call. */
    if (*size > 0)
        return 0;
    return ended ? gnt_demux_finish(&s->demux, err) : rc;
}

static int complain(struct carried_stream *s, gantry_error *err)
{
    while (s->complaint_size > 0 && strchr("\r\n ", s->complaint[s->complaint_size - 1]) != NULL)
        s->complaint_size--;
    return gnt_fail(err, GANTRY_E_ENGINE, "%.*s", (int)s->complaint_size, s->complaint);
}

static int read_framed(struct carried_stream *s, char *buffer, size_t capacity, int nonblocking,
                       size_t *size, int *channel, gantry_error *err)
{
    size_t room;
    int rc;

    for (;;) {
        rc = read_payload(s, buffer, capacity, nonblocking, size, channel, err);
        if (rc < 0)
            return rc;
        if (*size > 0 && *channel == 3) {
            room = sizeof s->complaint - s->complaint_size;
            memcpy(s->complaint + s->complaint_size, buffer, *size < room ? *size : room);
            s->complaint_size += *size < room ? *size : room;
            if (s->demux.left == 0)
                return complain(s, err);
            continue;
        }
        if (*channel == GANTRY_STDIN) /* as the engines' own clients do */
            *channel = GANTRY_STDOUT;
        return 0;
    }
}

/* ---- the stream ------------------------------------------------------------------------------ */

static int stream_read(void *state, void *buffer, size_t capacity, int nonblocking,
                       size_t *out_size, int *out_channel, gantry_error *err)
{
    struct carried_stream *s = state;
    int channel = GANTRY_STDOUT;
    int rc = s->head != NULL ? s->head(s->head_arg, s->carried, nonblocking, err) : 0;

    if (rc == 0)
        s->head = NULL;
    if (rc < 0)
        *out_size = 0;
    else if (s->framing == GNT_RAW)
        rc = s->carrier->read(s->carried, buffer, capacity, nonblocking, out_size, err);
    else
        rc = read_framed(s, buffer, capacity, nonblocking, out_size, &channel, err);
    *out_channel = channel;
    /* The request was sent long ago. */
    if (rc < 0 && err != NULL && err->outcome == GANTRY_OUTCOME_NOT_SENT)
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    return rc;
}

static int stream_fd(const void *state, int *out_events)
{
    const struct carried_stream *s = state;

    return s->carrier->fd(s->carried, out_events);
}

static int stream_timeout_ms(const void *state)
{
    const struct carried_stream *s = state;

    return s->carrier->timeout_ms(s->carried);
}

static const int *stream_split(void *state)
{
    struct carried_stream *s = state;

    s->split = 1;
    return s->framing == GNT_FRAMED ? &s->begins : NULL;
}

static void stream_close(void *state)
{
    struct carried_stream *s = state;
    gantry_host *host = s->host;

    s->carrier->close(s->carried);
    gnt_free(&host->mem, s->head_arg);
    gnt_free(&host->mem, s);
}

static int duplex_write(void *state, const void *data, size_t size, int nonblocking,
                        size_t *out_written, gantry_error *err)
{
    struct carried_stream *s = state;

    return gnt_duplex_write(s->carried, data, size, nonblocking, out_written, err);
}

static int duplex_close_write(void *state, gantry_error *err)
{
    struct carried_stream *s = state;

    return gnt_duplex_close_write(s->carried, err);
}

static int duplex_wait(void *state, int events, gantry_error *err)
{
    struct carried_stream *s = state;

    return gnt_duplex_wait(s->carried, events, err);
}

static const gantry_stream_ops read_ops = { .size = sizeof read_ops,
                                            .read = stream_read,
                                            .fd = stream_fd,
                                            .close = stream_close,
                                            .timeout_ms = stream_timeout_ms };

static const gantry_stream_ops duplex_ops = { .size = sizeof duplex_ops,
                                              .read = stream_read,
                                              .write = duplex_write,
                                              .close_write = duplex_close_write,
                                              .fd = stream_fd,
                                              .close = stream_close,
                                              .timeout_ms = stream_timeout_ms };

static int wrap(gantry_host *host, const struct carried_stream *made, const gantry_stream_ops *ops,
                gantry_stream **out, gantry_error *err)
{
    struct carried_stream *s = gnt_alloc(&host->mem, sizeof *s);
    int rc;

    if (s == NULL)
        return gnt_nomem(err);
    *s = *made;
    s->host = host;
    gnt_demux_init(&s->demux);
    rc = gantry_stream_new(host, ops, s, out, err);
    if (rc < 0)
        gnt_free(&host->mem, s);
    else
        gnt_stream_on_split(*out, stream_split);
    return rc;
}

/* ---- the two carriers ------------------------------------------------------------------------ */

static int exchange_read(void *x, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                         gantry_error *err)
{
    return gnt_exchange_read(x, buffer, capacity, nonblocking, out_size, err);
}

static const char *exchange_peek(const void *x, size_t *out_size)
{
    return gnt_exchange_peek(x, out_size);
}

static void exchange_skip(void *x, size_t size)
{
    gnt_exchange_skip(x, size);
}

static int exchange_fd(const void *x, int *out_events)
{
    return gnt_exchange_fd(x, out_events);
}

static int exchange_timeout_ms(const void *x)
{
    return gnt_exchange_timeout_ms(x);
}

static void exchange_close(void *x)
{
    gnt_exchange_close(x);
}

static int duplex_read(void *d, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                       gantry_error *err)
{
    return gnt_duplex_read(d, buffer, capacity, nonblocking, out_size, err);
}

static const char *duplex_peek(const void *d, size_t *out_size)
{
    return gnt_duplex_peek(d, out_size);
}

static void duplex_skip(void *d, size_t size)
{
    gnt_duplex_skip(d, size);
}

static int duplex_fd(const void *d, int *out_events)
{
    return gnt_duplex_fd(d, out_events);
}

static int duplex_timeout_ms(const void *d)
{
    return gnt_duplex_timeout_ms(d);
}

static void duplex_close(void *d)
{
    gnt_duplex_close(d);
}

static const struct carrier over_exchange = { exchange_read, exchange_peek,       exchange_skip,
                                              exchange_fd,   exchange_timeout_ms, exchange_close };
static const struct carrier over_duplex = { duplex_read, duplex_peek,       duplex_skip,
                                            duplex_fd,   duplex_timeout_ms, duplex_close };

int gnt_stream_of_exchange(struct gantry_host *host, struct gnt_exchange *x,
                           enum gnt_framing framing, gantry_stream **out, gantry_error *err)
{
    const struct carried_stream made = { .carrier = &over_exchange,
                                         .carried = x,
                                         .framing = framing };

    return wrap(host, &made, &read_ops, out, err);
}

int gnt_stream_of_begun(struct gantry_host *host, struct gnt_exchange *x, enum gnt_framing framing,
                        gnt_head_fn head, void *arg, gantry_stream **out, gantry_error *err)
{
    const struct carried_stream made = {
        .carrier = &over_exchange, .carried = x, .framing = framing, .head = head, .head_arg = arg
    };

    return wrap(host, &made, &read_ops, out, err);
}

int gnt_stream_of_duplex(struct gantry_host *host, struct gnt_duplex *d, enum gnt_framing framing,
                         gantry_stream **out, gantry_error *err)
{
    const struct carried_stream made = { .carrier = &over_duplex,
                                         .carried = d,
                                         .framing = framing };
    int rc = wrap(host, &made, &duplex_ops, out, err);

    if (rc == 0)
        gnt_stream_on_wait(*out, duplex_wait);
    return rc;
}
