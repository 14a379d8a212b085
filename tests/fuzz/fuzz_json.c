/*
 * JSON parser: input in one piece and in pieces must give the same values and succeed or fail
 * alike; what was parsed must be written, parsed again and written the same. First byte: mode, second: piece.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

struct seen {
    struct gnt_buf text;
    struct gnt_arena again;
};

static int on_value(void *arg, struct gnt_json *value, gantry_error *err)
{
    struct seen *s = arg;
    size_t from = s->text.size, end;
    struct gnt_json *copy = NULL;

    if (gnt_json_write(value, &s->text) != 0) {
        abort();
    }
    end = s->text.size;
    if (gnt_json_parse(&s->again, s->text.data + from, end - from, &copy, err) < 0) {
        if (err->code != GANTRY_E_LIMIT) { /* ELEMENTS reach one level deeper; 64 is the default */
            abort();
        }
        return 0;
    }
    if (gnt_json_write(copy, &s->text) != 0 || s->text.size != end + (end - from) ||
        memcmp(s->text.data + from, s->text.data + end, end - from) != 0) {
        abort();
    }
    gnt_arena_reset(&s->again);
    return 0;
}

static int run(enum gnt_json_mode mode, const uint8_t *data, size_t size, size_t piece,
               struct seen *s)
{
    struct gnt_json_limits limits = { 20, 300 };
    struct gnt_json_parser *p;
    struct gnt_mem mem;
    int rc;

    if (gnt_mem_init(&mem, NULL, NULL) != 0) {
        abort();
    }
    gnt_buf_init(&s->text, &mem, SIZE_MAX / 2);
    gnt_arena_init(&s->again, &mem);
    rc = gnt_json_parser_new(&mem, mode, &limits, on_value, s, &p, NULL);
    for (size_t n; rc == 0 && size > 0; data += n, size -= n) {
        n = piece < size ? piece : size;
        uint8_t *copy = malloc(n);
        memcpy(copy, data, n);
        rc = gnt_json_parser_feed(p, copy, n, NULL);
        free(copy);
    }
    if (rc == 0) {
        rc = gnt_json_parser_finish(p, NULL);
    }
    gnt_json_parser_free(p);
    gnt_arena_free(&s->again);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole, pieces;

    if (size < 2) {
        return 0;
    }
    enum gnt_json_mode mode = (enum gnt_json_mode)(data[0] % 3);
    size_t piece = (size_t)data[1] % 32 + 1;
    int a = run(mode, data + 2, size - 2, size, &whole);
    int b = run(mode, data + 2, size - 2, piece, &pieces);
    /* Text that is both wrong and too long may be refused for either. */
    if ((a == 0) != (b == 0) || whole.text.size != pieces.text.size ||
        (whole.text.size > 0 && memcmp(whole.text.data, pieces.text.data, whole.text.size) != 0)) {
        abort();
    }
    gnt_buf_free(&whole.text);
    gnt_buf_free(&pieces.text);
    return 0;
}
