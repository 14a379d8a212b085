/*
 * Image references: what was taken apart, printed again and parsed gives the same parts; checking
 * agrees with parsing; and what is accepted can be put into a path that leads nowhere else.
 */
#include "fuzz.h"

#include "error.h"
#include "names.h"
#include "url.h"

#include <gantry/reference.h>

static void print(struct gnt_buf *out, const struct gnt_reference *r)
{
    /* An id may be cut short only with its prefix. */
    if (r->is_id)
        gnt_buf_adds(out, "sha256:");
    if (r->domain[0] != '\0') {
        gnt_buf_adds(out, r->domain);
        gnt_buf_adds(out, "/");
    }
    gnt_buf_adds(out, r->path);
    if (r->tag[0] != '\0') {
        gnt_buf_adds(out, ":");
        gnt_buf_adds(out, r->tag);
    }
    if (r->digest[0] != '\0') {
        gnt_buf_adds(out, "@");
        gnt_buf_adds(out, r->digest);
    }
    CHECK(out->rc == 0);
}

/* No component of a path may be empty or lead up, and nothing may end the path early. */
static void check_path(const char *path)
{
    const char *c;

    CHECK(path[0] == '/');
    CHECK(strpbrk(path, "?# \r\n\t\\") == NULL);
    CHECK(strstr(path, "//") == NULL);
    for (c = path; (c = strchr(c, '/')) != NULL; c++) {
        CHECK(strncmp(c, "/./", 3) != 0 && strncmp(c, "/../", 4) != 0);
        CHECK(strcmp(c, "/.") != 0 && strcmp(c, "/..") != 0);
    }
}

static void check(const char *text, const struct gnt_mem *mem, struct gnt_arena *arena)
{
    struct gnt_reference first;
    struct gnt_reference second;
    struct gnt_buf printed;
    struct gnt_buf path;
    int rc = gnt_reference_parse(arena, "reference", text, &first, NULL);

    CHECK(rc == 0 || rc == GANTRY_E_INVALID);
    CHECK(gnt_reference_check("reference", text, NULL) == rc);
    if (rc < 0)
        return;
    gnt_buf_init(&printed, mem, 4096);
    gnt_buf_init(&path, mem, 16384);
    print(&printed, &first);
    CHECK(gnt_reference_parse(arena, "reference", gnt_buf_text(&printed), &second, NULL) == 0);
    CHECK(strcmp(first.domain, second.domain) == 0);
    CHECK(strcmp(first.path, second.path) == 0);
    CHECK(strcmp(first.tag, second.tag) == 0);
    CHECK(strcmp(first.digest, second.digest) == 0);
    CHECK(first.is_id == second.is_id);
    CHECK(gnt_url_path(&path, NULL, "/images/%r/json", text) == 0);
    check_path(gnt_buf_text(&path));
    gnt_buf_free(&printed);
    gnt_buf_free(&path);
}

/* What programs get: always the same meaning, however it is written. */
static void check_public(const char *text)
{
    gantry_reference *first = NULL;
    gantry_reference *again = NULL;
    int rc = gantry_reference_parse(text, NULL, &first, NULL);

    CHECK(rc == 0 || rc == GANTRY_E_INVALID);
    CHECK(gnt_reference_check("reference", text, NULL) == rc);
    if (rc < 0)
        return;
    CHECK(gantry_reference_parse(first->familiar, NULL, &again, NULL) == 0);
    CHECK(strcmp(first->canonical, again->canonical) == 0);
    CHECK(strcmp(first->familiar, again->familiar) == 0);
    gantry_reference_free(again);
    /* "library/" may make a long name too long. */
    if (gantry_reference_parse(first->canonical, NULL, &again, NULL) == 0) {
        CHECK(strcmp(first->canonical, again->canonical) == 0);
        CHECK(strcmp(first->familiar, again->familiar) == 0);
        gantry_reference_free(again);
    }
    gantry_reference_free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gnt_arena arena;
    struct gnt_mem mem;
    char *text;

    CHECK(gnt_mem_init(&mem, NULL, NULL) == 0);
    gnt_arena_init(&arena, &mem);
    text = gnt_arena_strndup(&arena, (const char *)data, size);
    CHECK(text != NULL);
    check(text, &mem, &arena);
    check_public(text);
    gnt_arena_free(&arena);
    return 0;
}
