/* WWW-Authenticate, see remote.h. */
#include "remote.h"

#include <string.h>
#include <strings.h>

static int is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_size(const char *text)
{
    size_t size = 0;

    while (is_token(text[size]))
        size++;
    return size;
}

/* A token or quoted text at *p, copied without its quotes; *p is moved behind it. */
static char *read_value(struct gnt_arena *arena, const char **p)
{
    const char *start = *p;
    char *value;
    size_t size = 0;

    if (*start != '"') {
        *p += strcspn(start, ", \t");
        return gnt_arena_strndup(arena, start, (size_t)(*p - start));
    }
    value = gnt_arena_strdup(arena, start + 1);
    if (value == NULL)
        return NULL;
    for (start++; *start != '\0' && *start != '"'; start++) {
        if (*start == '\\' && start[1] != '\0')
            start++;
        value[size++] = *start;
    }
    value[size] = '\0';
    *p = *start == '"' ? start + 1 : start;
    return value;
}

static int is(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

int gnt_challenge_read(struct gnt_arena *arena, const char *line, struct gnt_challenge *out)
{
    int in_bearer = 0;

    for (const char *p = line + strspn(line, ", \t"); *p != '\0'; p += strspn(p, ", \t")) {
        const char *word = p;
        size_t size = token_size(word);
        const char *next = word + size + strspn(word + size, " \t");

        if (size == 0) { /* nonsense */
            p++;
            continue;
        }
        p = next;
        if (*next == '=') {
            char *value;

            p = next + 1 + strspn(next + 1, " \t");
            value = read_value(arena, &p);
            if (value == NULL)
                return GANTRY_E_NOMEM;
            if (in_bearer && is(word, size, "realm"))
                out->realm = value;
            else if (in_bearer && is(word, size, "service"))
                out->service = value;
            else if (in_bearer && is(word, size, "scope"))
                out->scope = value;
            continue;
        }
        in_bearer = is(word, size, "bearer");
        out->bearer |= in_bearer;
        out->basic |= is(word, size, "basic");
    }
    return 0;
}
