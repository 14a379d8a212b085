/*
 * Settings of others in TOML: a document or a refusal with a line, of which nothing is quoted; a document
 * is a tree whose texts can be written, and the same text gives the same one.
 */
#include "fuzz.h"

#include "error.h"
#include "json.h"
#include "toml.h"

#include <stdio.h>

/* What a refusal quotes of the input would be this long. */
enum {
    QUOTED = 24
};

static void check_refusal(const char *text, size_t size, const gantry_error *err)
{
    char piece[QUOTED + 1];

    CHECK(err->message[0] != '\0');
    for (size_t i = 0; i + QUOTED <= size && i < 4096; i++) {
        memcpy(piece, text + i, QUOTED);
        piece[QUOTED] = '\0';
        CHECK(strlen(piece) < QUOTED || strstr(err->message, piece) == NULL ||
              strspn(piece, "abcdefghijklmnopqrstuvwxyz ") == QUOTED);
    }
}

static void write_tree(const struct gnt_json *doc, const struct gnt_mem *mem, struct gnt_buf *out)
{
    int rc;

    gnt_buf_init(out, mem, 16 * 1024 * 1024);
    rc = gnt_json_write(doc, out);
    CHECK(rc == 0 || rc == GANTRY_E_LIMIT); /* deeper than JSON is written */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gnt_arena arena;
    struct gnt_json *docs[2] = { NULL, NULL };
    struct gnt_buf texts[2];
    struct gnt_mem mem;
    char *exact = malloc(size > 0 ? size : 1); /* nothing is read behind it */
    int rc = 0;

    CHECK(exact != NULL && gnt_mem_init(&mem, NULL, NULL) == 0);
    if (size > 0)
        memcpy(exact, data, size);
    gnt_arena_init(&arena, &mem);
    for (int i = 0; i < 2; i++) {
        gantry_error err = { 0 };

        rc = gnt_toml_parse(&arena, exact, size, &docs[i], &err);
        CHECK(rc == 0 || rc == GANTRY_E_INVALID || rc == GANTRY_E_LIMIT);
        if (rc < 0)
            check_refusal(exact, size, &err);
    }
    if (rc == 0) {
        CHECK(docs[0] != NULL && docs[0]->type == GNT_JSON_OBJECT);
        for (int i = 0; i < 2; i++)
            write_tree(docs[i], &mem, &texts[i]);
        CHECK(texts[0].size == texts[1].size);
        CHECK(memcmp(gnt_buf_text(&texts[0]), gnt_buf_text(&texts[1]), texts[0].size) == 0);
        for (int i = 0; i < 2; i++)
            gnt_buf_free(&texts[i]);
    }
    gnt_arena_free(&arena);
    free(exact);
    return 0;
}
