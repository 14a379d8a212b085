/*
 * Paths and engine addresses. A segment that is accepted comes back byte for byte when a server decodes
 * the path, which has just the slashes of its template; an address that is accepted has no part that a
 * program could take for an option or a line end, and parses to the same parts again.
 */
#include "fuzz.h"

#include "error.h"
#include "url.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    CHECK((c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'));
    return (c | 0x20) - 'a' + 10;
}

/* What a server makes of an encoded text. */
static void decode(const char *from, size_t size, char *to)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (from[i] == '%') {
            CHECK(i + 2 < size);
            *to++ = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
            i += 2;
        } else {
            CHECK(strchr("/?#+ ", from[i]) == NULL);
            *to++ = from[i];
        }
    }
    *to = '\0';
}

static void check_segment(const char *text, const struct gnt_mem *mem)
{
    static const char before[] = "/containers/";
    static const char after[] = "/json";
    struct gnt_buf path;
    size_t size;
    char *back;
    int rc;

    gnt_buf_init(&path, mem, SIZE_MAX / 4);
    rc = gnt_url_path(&path, NULL, "/containers/%s/json", text);
    CHECK(rc == 0 || rc == GANTRY_E_INVALID);
    if (rc == 0) {
        CHECK(text[0] != '\0' && strcmp(text, ".") != 0 && strcmp(text, "..") != 0);
        CHECK(strstr(text, "/../") == NULL && strncmp(text, "../", 3) != 0);
        size = path.size - strlen(before) - strlen(after);
        CHECK(memcmp(path.data, before, strlen(before)) == 0);
        CHECK(strcmp(path.data + path.size - strlen(after), after) == 0);
        back = malloc(size + 1);
        CHECK(back != NULL);
        decode(path.data + strlen(before), size, back);
        CHECK(strcmp(back, text) == 0);
        free(back);
    } else {
        CHECK(path.size == 0);
    }
    gnt_buf_free(&path);
}

static void check_query(const char *text, const struct gnt_mem *mem)
{
    struct gnt_buf query;
    char *back;

    gnt_buf_init(&query, mem, SIZE_MAX / 4);
    CHECK(gnt_url_query(&query, "name", text) == 0);
    CHECK(strncmp(query.data, "?name=", 6) == 0);
    back = malloc(query.size + 1);
    CHECK(back != NULL);
    decode(query.data + 6, query.size - 6, back);
    CHECK(strcmp(back, text) == 0);
    free(back);
    gnt_buf_free(&query);
}

static void check_part(const char *part)
{
    const unsigned char *c;

    CHECK(part != NULL && part[0] != '-');
    for (c = (const unsigned char *)part; *c != '\0'; c++)
        CHECK(*c > ' ' && *c != 0x7f);
}

static void check_address(const char *text, struct gnt_arena *arena)
{
    struct gnt_address first;
    struct gnt_address second;
    int rc = gnt_address_parse(arena, text, &first, NULL);

    CHECK(rc == 0 || rc == GANTRY_E_INVALID);
    if (rc < 0)
        return;
    check_part(first.text);
    check_part(first.scheme);
    check_part(first.host);
    check_part(first.path);
    CHECK(first.scheme[0] != '\0');
    CHECK(first.port >= 0 && first.port <= 65535);
    if (strcmp(first.scheme, "unix") == 0)
        CHECK(first.path[0] == '/' && strlen(first.path) < 108 && first.host[0] == '\0');
    if (strcmp(first.scheme, "tcp") == 0) {
        CHECK(first.host[0] != '\0' && first.port > 0);
        /* What stands before every path adds nothing that could lead out of it. */
        CHECK(first.path[0] == '\0' || first.path[0] == '/');
        CHECK(strpbrk(first.path, "?# ") == NULL && strstr(first.path, "//") == NULL);
        CHECK(strstr(first.path, "/../") == NULL && strstr(first.path, "/./") == NULL);
    }
    CHECK(gnt_address_parse(arena, first.text, &second, NULL) == 0);
    CHECK(strcmp(first.text, second.text) == 0);
    CHECK(strcmp(first.scheme, second.scheme) == 0);
    CHECK(strcmp(first.host, second.host) == 0);
    CHECK(strcmp(first.path, second.path) == 0);
    CHECK(first.port == second.port);
    CHECK(gnt_address_is_loopback(&first) == gnt_address_is_loopback(&second));
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
    check_segment(text, &mem);
    check_query(text, &mem);
    check_address(text, &arena);
    gnt_arena_free(&arena);
    return 0;
}
