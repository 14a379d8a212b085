/*
 * What a Dockerfile's instructions say about images and about what they need of a builder.
 */
#include "dockerfile.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"

struct variable {
    struct variable *next;
    const char *name;
    const char *value; /* NULL: not known */
};

struct need {
    struct need *next;
    const char *image; /* or */
    int stage;         /* index of one before, -1: image */
};

struct stage {
    struct stage *next;
    const char *name;     /* or NULL */
    const char *platform; /* or NULL */
    struct need *needs;   /* latest first */
    int index;
    int all; /* it may need any stage before it */
    int wanted;
};

struct scan {
    struct gnt_arena *arena;
    const struct gnt_dockerfile_options *opts;
    struct gnt_dockerfile *out;
    struct variable *variables; /* of ARGs before the first FROM, latest first */
    struct stage *first;
    struct stage *last;
    int count;
};

/* ---- variables ------------------------------------------------------------------------------- */

/* Value of a build argument that the caller gives, or NULL. */
static const char *given(const struct scan *s, const char *name)
{
    for (size_t i = s->opts->arg_count; i > 0; i--) {
        if (strcmp(s->opts->args[i - 1].key, name) == 0)
            return s->opts->args[i - 1].value;
    }
    return NULL;
}

static const char *look_up(const struct scan *s, const char *name)
{
    for (const struct variable *v = s->variables; v != NULL; v = v->next) {
        if (strcmp(v->name, name) == 0)
            return v->value;
    }
    return NULL;
}

/* Variables that the builder sets by itself. */
static int is_automatic(const char *name)
{
    static const char *const ends[] = { "PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION" };
    const char *rest = NULL;

    if (strncmp(name, "TARGET", 6) == 0)
        rest = name + 6;
    else if (strncmp(name, "BUILD", 5) == 0)
        rest = name + 5;
    for (size_t i = 0; rest != NULL && i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(rest, ends[i]) == 0)
            return 1;
    }
    return 0;
}

static size_t name_size(const char *at)
{
    size_t n = 0;

    while (isalnum((unsigned char)at[n]) || at[n] == '_')
        n++;
    return n;
}

/* "${NAME:-default}" or "$NAME" at *at, which moves behind it; NULL: not known. */
static const char *value_at(const struct scan *s, const char **at)
{
    int braces = (*at)[1] == '{';
    const char *name = *at + 1 + braces;
    size_t size = name_size(name);
    char *copy = gnt_arena_strndup(s->arena, name, size);
    const char *rest = name + size;
    const char *value;
    const char *end;

    if (copy == NULL || size == 0)
        return NULL;
    value = look_up(s, copy);
    *at = rest;
    if (!braces)
        return value;
    end = strchr(rest, '}');
    if (end == NULL)
        return NULL;
    *at = end + 1;
    if (rest == end)
        return value;
    if (rest[0] == ':' && rest[1] == '-')
        return value != NULL && *value != '\0'
                   ? value
                   : gnt_arena_strndup(s->arena, rest + 2, (size_t)(end - rest - 2));
    if (rest[0] == ':' && rest[1] == '+')
        return value == NULL || *value == '\0'
                   ? ""
                   : gnt_arena_strndup(s->arena, rest + 2, (size_t)(end - rest - 2));
    return NULL;
}

/* A word with its variables and without its quotes; NULL if it has one that nobody sets. */
static const char *expand(const struct scan *s, const char *word)
{
    struct gnt_buf text;
    const char *result = NULL;
    int known = 1;

    gnt_buf_init(&text, &s->arena->mem, GNT_DOCKERFILE_MAX);
    while (*word != '\0' && known) {
        if (*word == '"' || *word == '\'') {
            word++;
        } else if (*word == '$') {
            const char *value = value_at(s, &word);

            known = value != NULL;
            if (known)
                gnt_buf_adds(&text, value);
        } else {
            gnt_buf_add(&text, word++, 1);
        }
    }
    if (known && text.rc == 0)
        result = gnt_arena_strdup(s->arena, gnt_buf_text(&text));
    gnt_buf_free(&text);
    return result;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void mark(struct gnt_dockerfile_mark *mark, const char *what, int line)
{
    if (mark->what == NULL) {
        mark->what = what;
        mark->line = line;
    }
}

/* ---- instructions ---------------------------------------------------------------------------- */

/* "name=value" or "name"; an ARG of a stage only counts for what it says about the builder. */
static int on_arg(struct scan *s, char *rest, int line)
{
    char *word;

    while ((word = gnt_dockerfile_word(&rest)) != NULL) {
        char *equals = strchr(word, '=');
        struct variable *v;

        if (equals != NULL)
            *equals = '\0';
        if (is_automatic(word) && equals == NULL && given(s, word) == NULL)
            mark(&s->out->extended, "ARG with a variable of the platform", line);
        if (s->first != NULL)
            continue;
        v = gnt_arena_alloc(s->arena, sizeof *v);
        if (v == NULL)
            return -1;
        v->name = word;
        v->value = given(s, word);
        if (v->value == NULL && equals != NULL)
            v->value = expand(s, equals + 1);
        v->next = s->variables;
        s->variables = v;
    }
    return 0;
}

/* Index of the stage that a name or number means, -1 for none. */
static int find_stage(const struct scan *s, const char *name)
{
    char *end = NULL;
    long number = strtol(name, &end, 10);
    int index = -1;

    for (const struct stage *stage = s->first; stage != NULL; stage = stage->next) {
        if (stage->name != NULL && strcasecmp(stage->name, name) == 0)
            index = stage->index; /* the last of this name */
    }
    if (index < 0 && end != name && *end == '\0' && number >= 0 && number < s->count)
        index = (int)number;
    return index;
}

static int add_need(struct scan *s, struct stage *stage, const char *name, int stage_index)
{
    struct need *need = gnt_arena_alloc(s->arena, sizeof *need);

    if (need == NULL)
        return -1;
    need->image = name;
    need->stage = stage_index;
    need->next = stage->needs;
    stage->needs = need;
    return 0;
}

static void append_stage(struct scan *s, struct stage *stage)
{
    stage->index = s->count++;
    if (s->last != NULL)
        s->last->next = stage;
    else
        s->first = stage;
    s->last = stage;
}

/* FROM [--platform=P] name [AS stage] */
static int on_from(struct scan *s, char *rest, int line)
{
    struct stage *stage = gnt_arena_alloc(s->arena, sizeof *stage);
    char *word = gnt_dockerfile_word(&rest);
    const char *name;
    int index;

    if (stage == NULL)
        return -1;
    for (; word != NULL && strncmp(word, "--", 2) == 0; word = gnt_dockerfile_word(&rest)) {
        if (strncmp(word, "--platform=", 11) == 0) {
            stage->platform = expand(s, word + 11);
            if (strstr(word, "BUILD") != NULL || strstr(word, "TARGET") != NULL)
                mark(&s->out->extended, "FROM --platform with a variable of the platform", line);
        }
    }
    name = word != NULL ? expand(s, word) : "";
    index = name != NULL ? find_stage(s, name) : -1;
    word = gnt_dockerfile_word(&rest);
    if (word != NULL && strcasecmp(word, "AS") == 0)
        stage->name = gnt_dockerfile_word(&rest);
    stage->all = name == NULL;
    append_stage(s, stage);
    if (name == NULL || *name == '\0' || strcmp(name, "scratch") == 0)
        return 0;
    return add_need(s, stage, name, index);
}

static int on_source(struct scan *s, const char *word)
{
    const char *name = expand(s, word);

    if (s->last == NULL)
        return 0;
    if (name == NULL) {
        s->last->all = 1;
        return 0;
    }
    return *name != '\0' ? add_need(s, s->last, name, find_stage(s, name)) : 0;
}

/* COPY and ADD: flags up to the first other word. */
static int on_copy(struct scan *s, char *rest, int line)
{
    char *word;

    while ((word = gnt_dockerfile_word(&rest)) != NULL && strncmp(word, "--", 2) == 0) {
        if (strncmp(word, "--from=", 7) == 0) {
            if (on_source(s, word + 7) < 0)
                return -1;
        } else if (strncmp(word, "--chown", 7) != 0) {
            word[strcspn(word, "=")] = '\0';
            mark(&s->out->extended, gnt_arena_printf(s->arena, "COPY or ADD %s", word), line);
        }
    }
    return 0;
}

/* "type=secret,id=x" */
static int on_mount(struct scan *s, char *value, int line)
{
    char *next;

    for (char *part = value; part != NULL; part = next) {
        next = strchr(part, ',');
        if (next != NULL)
            *next++ = '\0';
        if (strcasecmp(part, "type=secret") == 0)
            mark(&s->out->session, "RUN --mount=type=secret", line);
        else if (strcasecmp(part, "type=ssh") == 0)
            mark(&s->out->session, "RUN --mount=type=ssh", line);
        else if (strncmp(part, "from=", 5) == 0 && on_source(s, part + 5) < 0)
            return -1;
    }
    return 0;
}

static int on_run(struct scan *s, char *rest, int line)
{
    char *word;

    while ((word = gnt_dockerfile_word(&rest)) != NULL && strncmp(word, "--", 2) == 0) {
        char *value = strchr(word, '=');

        mark(&s->out->extended,
             strncmp(word, "--mount", 7) == 0 ? "RUN --mount" : "RUN with options", line);
        if (value != NULL && strncmp(word, "--mount=", 8) == 0 && on_mount(s, value + 1, line) < 0)
            return -1;
    }
    return 0;
}

static int on_line(struct scan *s, const struct gnt_dockerfile_line *line)
{
    static const struct {
        const char *word;
        int (*on)(struct scan *s, char *rest, int line);
    } instructions[] = { { "ARG", on_arg },
                         { "FROM", on_from },
                         { "COPY", on_copy },
                         { "ADD", on_copy },
                         { "RUN", on_run } };
    char *rest = line->text;
    char *word = gnt_dockerfile_word(&rest);

    if (line->heredoc)
        mark(&s->out->extended, "a here-document", line->number);
    for (size_t i = 0; word != NULL && i < sizeof instructions / sizeof instructions[0]; i++) {
        if (strcasecmp(word, instructions[i].word) == 0)
            return instructions[i].on(s, rest, line->number);
    }
    return 0;
}

/* ---- what the target needs ------------------------------------------------------------------- */

static struct stage *stage_at(const struct scan *s, int index)
{
    struct stage *stage = s->first;

    while (stage != NULL && stage->index != index)
        stage = stage->next;
    return stage;
}

static void want(const struct scan *s, struct stage *target)
{
    target->wanted = 1;
    for (int i = target->index; i >= 0; i--) { /* a stage needs stages before it */
        struct stage *stage = stage_at(s, i);

        if (!stage->wanted)
            continue;
        for (const struct need *need = stage->needs; need != NULL; need = need->next) {
            if (need->stage >= 0 && need->stage < i)
                stage_at(s, need->stage)->wanted = 1;
        }
        for (struct stage *other = s->first; stage->all && other != stage; other = other->next)
            other->wanted = 1;
    }
}

static int add_image(struct scan *s, struct gnt_dockerfile_image *images, const char *reference,
                     const char *platform)
{
    size_t i = 0;

    for (; i < s->out->image_count; i++) {
        const char *other = images[i].platform;

        if (strcmp(images[i].reference, reference) == 0 &&
            strcmp(other != NULL ? other : "", platform != NULL ? platform : "") == 0)
            return 0;
    }
    images[i].reference = reference;
    images[i].platform = platform;
    s->out->image_count++;
    return 0;
}

/* Needs are kept latest first; images come in the order of the file. */
static void add_images(struct scan *s, struct gnt_dockerfile_image *images,
                       const struct stage *stage, const struct need *need)
{
    if (need == NULL)
        return;
    add_images(s, images, stage, need->next);
    if (need->stage < 0)
        add_image(s, images, need->image, need->next == NULL ? stage->platform : NULL);
}

enum {
    MOST_NEEDS = 1000 /* of stages together; a file with more is left to the engine */
};

static int collect(struct scan *s)
{
    struct gnt_dockerfile_image *images;
    struct stage *target = s->last;
    size_t count = 0;

    if (s->opts->target != NULL && *s->opts->target != '\0')
        target = stage_at(s, find_stage(s, s->opts->target));
    for (const struct stage *stage = s->first; stage != NULL; stage = stage->next) {
        for (const struct need *need = stage->needs; need != NULL; need = need->next)
            count++;
    }
    if (target == NULL || count == 0 || count > MOST_NEEDS || s->count > MOST_NEEDS)
        return 0;
    images = gnt_arena_alloc(s->arena, count * sizeof *images);
    if (images == NULL)
        return -1;
    want(s, target);
    s->out->images = images;
    for (const struct stage *stage = s->first; stage != NULL; stage = stage->next) {
        if (stage->wanted)
            add_images(s, images, stage, stage->needs);
    }
    return 0;
}

/* What the builder sets: the platform of the build, if it was said. */
static int set_automatic(struct scan *s)
{
    struct variable *v = gnt_arena_alloc(s->arena, sizeof *v);

    if (v == NULL)
        return -1;
    v->name = "TARGETPLATFORM";
    v->value = s->opts->platform;
    s->variables = v;
    return 0;
}

int gnt_dockerfile_scan(struct gnt_arena *arena, const char *text, size_t size,
                        const struct gnt_dockerfile_options *opts, struct gnt_dockerfile *out,
                        gantry_error *err)
{
    struct scan s = { .arena = arena, .opts = opts, .out = out };
    struct gnt_dockerfile_reader reader;
    struct gnt_dockerfile_line line;
    int rc = gnt_dockerfile_begin(&reader, arena, text, size);

    memset(out, 0, sizeof *out);
    if (rc == 0)
        rc = set_automatic(&s);
    while (rc >= 0 && (rc = gnt_dockerfile_next(&reader, &line)) > 0)
        rc = on_line(&s, &line);
    if (rc == 0)
        rc = collect(&s);
    if (rc < 0)
        return gnt_nomem(err);
    out->syntax = reader.syntax;
    return 0;
}
