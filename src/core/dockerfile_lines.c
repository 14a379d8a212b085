/*
 * The lines of a Dockerfile: directives, comments, continuations, here-documents.
 */
#include "dockerfile.h"

#include <string.h>
#include <strings.h>

static const char blanks[] = " \t\r\v\f";

/* The physical line at r->at; moves behind it. Without '\n' and blanks at its end. */
static size_t take_line(struct gnt_dockerfile_reader *r, const char **out)
{
    size_t left = (size_t)(r->end - r->at);
    const char *newline = memchr(r->at, '\n', left);
    size_t size = newline != NULL ? (size_t)(newline - r->at) : left;

    *out = r->at;
    r->at += size + (newline != NULL);
    r->number++;
    while (size > 0 && strchr(blanks, (*out)[size - 1]) != NULL && (*out)[size - 1] != '\0')
        size--;
    return size;
}

static size_t skip_blanks(const char *text, size_t size)
{
    size_t n = 0;

    while (n < size && text[n] != '\0' && strchr(blanks, text[n]) != NULL)
        n++;
    return n;
}

static int is_comment(const char *text, size_t size)
{
    size_t n = skip_blanks(text, size);

    return n < size && text[n] == '#';
}

/* ---- directives ------------------------------------------------------------------------------ */

/* "# name = value"; 1 if it is one. */
static int take_directive(struct gnt_dockerfile_reader *r, char *line)
{
    char *name = line + strspn(line, " \t") + 1;
    char *equals = strchr(line, '=');
    char *value;

    if (equals == NULL)
        return 0;
    name += strspn(name, blanks);
    value = equals + 1;
    value += strspn(value, blanks);
    *equals = '\0';
    name[strcspn(name, blanks)] = '\0';
    if (strcasecmp(name, "syntax") == 0) {
        value[strcspn(value, blanks)] = '\0';
        r->syntax = value;
        return 1;
    }
    if (strcasecmp(name, "escape") == 0) {
        r->escape = value[0] == '`' ? '`' : '\\';
        return 1;
    }
    return strcasecmp(name, "check") == 0;
}

int gnt_dockerfile_begin(struct gnt_dockerfile_reader *r, struct gnt_arena *arena, const char *text,
                         size_t size)
{
    static const char mark[] = "\357\273\277"; /* of UTF-8 */

    memset(r, 0, sizeof *r);
    r->arena = arena;
    r->at = text;
    r->end = text + size;
    r->number = 1;
    r->escape = '\\';
    if (size >= 3 && memcmp(text, mark, 3) == 0)
        r->at += 3;
    while (r->at < r->end) {
        struct gnt_dockerfile_reader before = *r;
        const char *line;
        size_t length = take_line(r, &line);
        char *copy;

        if (!is_comment(line, length)) {
            *r = before;
            return 0;
        }
        copy = gnt_arena_strndup(arena, line, length);
        if (copy == NULL)
            return -1;
        if (!take_directive(r, copy))
            return 0;
    }
    return 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

char *gnt_dockerfile_word(char **line)
{
    char *word = *line + strspn(*line, blanks);
    char *at = word;
    char quote = '\0';

    if (*word == '\0')
        return NULL;
    for (; *at != '\0' && (quote != '\0' || strchr(blanks, *at) == NULL); at++) {
        if (quote == '\0' && (*at == '"' || *at == '\''))
            quote = *at;
        else if (*at == quote)
            quote = '\0';
    }
    *line = at + (*at != '\0');
    *at = '\0';
    return word;
}

/* ---- here-documents -------------------------------------------------------------------------- */

/* "<<EOF", "3<<-EOF", "<<'EOF'": the word that ends it, in place; NULL if it is none. */
static char *heredoc_of(char *word, int *out_tabs)
{
    char *name = word + strspn(word, "0123456789");
    size_t size;

    if (strncmp(name, "<<", 2) != 0)
        return NULL;
    name += 2;
    *out_tabs = *name == '-';
    name += *out_tabs;
    size = strlen(name);
    if (size > 2 && (*name == '"' || *name == '\'') && name[size - 1] == *name) {
        name[size - 1] = '\0';
        name++;
    }
    return *name == '\0' || strpbrk(name, "<>()$\"'") != NULL ? NULL : name;
}

static void skip_heredoc(struct gnt_dockerfile_reader *r, const char *name, int tabs)
{
    size_t size = strlen(name);

    while (r->at < r->end) {
        const char *line = r->at;
        const char *newline = memchr(line, '\n', (size_t)(r->end - line));
        size_t length = newline != NULL ? (size_t)(newline - line) : (size_t)(r->end - line);

        r->at += length + (newline != NULL);
        r->number++;
        if (length > 0 && line[length - 1] == '\r')
            length--;
        while (tabs && length > 0 && *line == '\t') {
            line++;
            length--;
        }
        if (length == size && memcmp(line, name, size) == 0)
            return;
    }
}

static int skip_heredocs(struct gnt_dockerfile_reader *r, struct gnt_dockerfile_line *out)
{
    char *line = gnt_arena_strdup(r->arena, out->text);
    char *word;

    if (line == NULL)
        return -1;
    word = gnt_dockerfile_word(&line);
    if (word == NULL || (strcasecmp(word, "RUN") != 0 && strcasecmp(word, "COPY") != 0 &&
                         strcasecmp(word, "ADD") != 0))
        return 0;
    while ((word = gnt_dockerfile_word(&line)) != NULL) {
        int tabs = 0;
        char *name = heredoc_of(word, &tabs);

        if (name == NULL)
            continue;
        out->heredoc = 1;
        skip_heredoc(r, name, tabs);
    }
    return 0;
}

/* ---- instructions ---------------------------------------------------------------------------- */

/* Joins the lines of the next instruction into text, or only measures them without one. */
static size_t join_lines(struct gnt_dockerfile_reader *r, char *text, int *out_number)
{
    size_t used = 0;
    int more = 1;

    *out_number = 0;
    while (more && r->at < r->end) {
        int number = r->number;
        const char *line;
        size_t size = take_line(r, &line);

        if (skip_blanks(line, size) == size || is_comment(line, size))
            continue; /* inside of a continued line too */
        if (*out_number == 0)
            *out_number = number;
        more = line[size - 1] == r->escape;
        size -= (size_t)more;
        if (text != NULL)
            memcpy(text + used, line, size);
        used += size;
    }
    return used;
}

int gnt_dockerfile_next(struct gnt_dockerfile_reader *r, struct gnt_dockerfile_line *out)
{
    struct gnt_dockerfile_reader before = *r;
    size_t size;

    memset(out, 0, sizeof *out);
    size = join_lines(r, NULL, &out->number);
    if (out->number == 0)
        return 0;
    *r = before;
    out->text = gnt_arena_alloc(r->arena, size + 1);
    if (out->text == NULL)
        return -1;
    join_lines(r, out->text, &out->number);
    for (size_t i = 0; i < size; i++)
        out->text[i] = out->text[i] == '\0' ? ' ' : out->text[i];
    return skip_heredocs(r, out) < 0 ? -1 : 1;
}
