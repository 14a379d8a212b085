/*
 * Dockerfiles as the memory backend understands them: lines, words, and the instructions that are
 * nothing but metadata of an image. Knows neither contexts nor stages: see memory_build.c.
 */
#include "memory_store.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- lines -------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

/* Copy one instruction to `line`, without comments and joined where lines end in '\'; returns where
 * the next begins. */
static const char *join_lines(const char *text, char *line)
{
    char *end = line;

    for (int more = 1; more && *text != '\0';) {
        size_t size = strcspn(text, "\n");
        const char *next = text[size] == '\n' ? text + size + 1 : text + size;

        if (*skip_blanks(text) == '#') {
            text = next;
            continue;
        }
        while (size > 0 && isspace((unsigned char)text[size - 1]))
            size--;
        more = size > 0 && text[size - 1] == '\\';
        size -= (size_t)more;
        memcpy(end, text, size);
        end += size;
        text = next;
    }
    *end = '\0';
    return text;
}

static void split_instruction(void *object, const char *line, struct memory_instruction *out)
{
    size_t size = strcspn(line, " \t");
    char *word = memory_keep(object, size + 1);

    for (size_t i = 0; word != NULL && i < size; i++)
        word[i] = (char)toupper((unsigned char)line[i]);
    out->word = word;
    out->arguments = memory_keep_text(object, skip_blanks(line + size));
    out->text = memory_keep_text(object, line);
}

int memory_dockerfile_parse(void *object, const char *text, const struct memory_instruction **out,
                            size_t *out_count, gantry_error *err)
{
    struct memory_instruction *instructions;
    char *line = memory_keep(object, strlen(text) + 1);
    size_t most = 1;
    size_t count = 0;

    for (const char *c = text; *c != '\0'; c++)
        most += *c == '\n';
    instructions = memory_keep(object, most * sizeof *instructions);
    if (memory_object_ready(object, err) < 0)
        return GANTRY_E_NOMEM;
    while (*text != '\0') {
        text = join_lines(text, line);
        if (*skip_blanks(line) != '\0')
            split_instruction(object, skip_blanks(line), &instructions[count++]);
    }
    if (count == 0)
        return gantry_error_set(err, GANTRY_E_BUILD, "the Dockerfile has no instruction");
    *out = instructions;
    *out_count = count;
    return memory_object_ready(object, err);
}

int memory_instruction_check(const struct memory_instruction *instruction, gantry_error *err)
{
    static const char *const known[] = { "FROM", "ARG",     "LABEL",  "ENV",  "CMD", "ENTRYPOINT",
                                         "USER", "WORKDIR", "EXPOSE", "COPY", "ADD", NULL };
    static const char *const refused[] = { "RUN",        "VOLUME",  "STOPSIGNAL", "HEALTHCHECK",
                                           "MAINTAINER", "ONBUILD", "SHELL",      NULL };

    if (memory_listed(refused, instruction->word))
        return gantry_error_set(err, GANTRY_E_UNSUPPORTED,
                                "%s in a Dockerfile is not supported by this engine",
                                instruction->word);
    if (!memory_listed(known, instruction->word))
        return gantry_error_set(err, GANTRY_E_BUILD, "unknown instruction: %s", instruction->word);
    if (*instruction->arguments == '\0')
        return gantry_error_set(err, GANTRY_E_BUILD, "%s needs an argument", instruction->word);
    return 0;
}

/* ---- words -------------------------------------------------------------------------------- */

static const char *variable_value(const struct memory_variables *variables, const char *name)
{
    size_t size = strlen(name);
    const char *value;

    for (size_t i = 0; variables->environment && variables->environment[i]; i++) {
        const char *entry = variables->environment[i];

        if (strncmp(entry, name, size) == 0 && entry[size] == '=')
            return entry + size + 1;
    }
    value = memory_pair_value(variables->args, variables->arg_count, name);
    return value != NULL ? value : "";
}

/* $NAME or ${NAME} at *cursor, which is moved behind it. */
static int read_variable(const char **cursor, const struct memory_variables *variables,
                         const char **out, gantry_error *err)
{
    const char *start = *cursor + 1;
    int braces = *start == '{';
    char name[128];
    size_t size = 0;

    start += braces;
    while (isalnum((unsigned char)start[size]) || start[size] == '_')
        size++;
    if (size == 0 || size >= sizeof name || (braces && start[size] != '}'))
        return gantry_error_set(err, GANTRY_E_UNSUPPORTED,
                                "this kind of variable in a Dockerfile is not supported by this "
                                "engine: %.40s",
                                *cursor);
    memcpy(name, start, size);
    name[size] = '\0';
    *out = variable_value(variables, name);
    *cursor = start + size + (size_t)braces;
    return 0;
}

/* Most bytes that the text can grow to: each '$' may become the longest value. */
static size_t expanded_size(const char *text, const struct memory_variables *variables)
{
    size_t longest = 0;
    size_t size = 1;

    for (size_t i = 0; variables->environment && variables->environment[i]; i++)
        longest = strlen(variables->environment[i]) > longest ? strlen(variables->environment[i])
                                                              : longest;
    for (size_t i = 0; i < variables->arg_count; i++)
        longest =
            strlen(variables->args[i].value) > longest ? strlen(variables->args[i].value) : longest;
    for (; *text != '\0'; text++)
        size += *text == '$' ? longest + 1 : 1;
    return size;
}

int memory_next_word(void *object, const char **cursor, const struct memory_variables *variables,
                     const char **out, gantry_error *err)
{
    const char *at = skip_blanks(*cursor);
    char quote = '\0';
    char *word;
    char *end;

    *out = NULL;
    if (*at == '\0')
        return 0;
    word = end = memory_keep(object, expanded_size(at, variables));
    if (word == NULL)
        return memory_object_ready(object, err);
    while (*at != '\0' && (quote != '\0' || (*at != ' ' && *at != '\t'))) {
        const char *value = "";
        int rc;

        if (*at == '$' && quote != '\'') {
            rc = read_variable(&at, variables, &value, err);
            if (rc < 0)
                return rc;
            memcpy(end, value, strlen(value));
            end += strlen(value);
        } else if (quote == '\0' ? *at == '"' || *at == '\'' : *at == quote) {
            quote = quote == '\0' ? *at : '\0';
            at++;
        } else {
            at += *at == '\\' && quote != '\'' && at[1] != '\0';
            *end++ = *at++;
        }
    }
    if (quote != '\0')
        return gantry_error_set(err, GANTRY_E_BUILD, "a quote is not closed: %s", *cursor);
    *cursor = at;
    *out = word;
    return 0;
}

/* ["a", "b"]: the JSON form of commands. *out is NULL if the text is not of that form, which makes
 * it a command for the shell. */
static void read_json_list(void *object, const char *text, const char *const **out)
{
    const char *const *list = memory_keep_strings(object, NULL);
    char *item = memory_keep(object, strlen(text) + 1);
    const char *at = skip_blanks(text);

    *out = NULL;
    if (*at++ != '[' || item == NULL)
        return;
    for (at = skip_blanks(at); *at == '"'; at = skip_blanks(at)) {
        char *end = item;

        for (at++; *at != '\0' && *at != '"'; at++) {
            if (*at == '\\' && strchr("\"\\/", at[1]) == NULL)
                return;
            at += *at == '\\';
            *end++ = *at;
        }
        if (*at++ != '"')
            return;
        *end = '\0';
        list = memory_keep_appended(object, list, item);
        at = skip_blanks(at);
        if (*at == ']')
            break;
        if (*at++ != ',')
            return;
    }
    if (*at == ']' && *skip_blanks(at + 1) == '\0')
        *out = list;
}

/* ---- instructions ------------------------------------------------------------------------- */

static const char *const *read_command(struct memory_image *image, const char *text)
{
    const char *const shell[] = { "/bin/sh", "-c", text, NULL };
    const char *const *list;

    read_json_list(image, text, &list);
    return list != NULL ? list : memory_keep_strings(image, shell);
}

static void set_environment(struct memory_image *image, const char *name, const char *value)
{
    const char *const *merged = memory_keep_strings(image, NULL);
    size_t size = strlen(name);
    size_t entry_size = size + strlen(value) + 2;
    char *entry = memory_keep(image, entry_size);

    if (entry == NULL)
        return;
    snprintf(entry, entry_size, "%s=%s", name, value);
    for (size_t i = 0; image->environment && image->environment[i]; i++) {
        const char *old = image->environment[i];

        if (strncmp(old, name, size) != 0 || old[size] != '=')
            merged = memory_keep_appended(image, merged, old);
    }
    image->environment = memory_keep_appended(image, merged, entry);
}

/* LABEL and ENV: a=b c=d. */
static int apply_pairs(struct memory_image *image, const struct memory_instruction *instruction,
                       const struct memory_variables *variables, gantry_error *err)
{
    const char *cursor = instruction->arguments;
    const char *word;

    for (;;) {
        int rc = memory_next_word(image, &cursor, variables, &word, err);
        char *equals;

        if (rc < 0 || word == NULL)
            return rc;
        equals = strchr(word, '=');
        if (equals == NULL || equals == word)
            return gantry_error_set(err, GANTRY_E_BUILD, "%s: expected name=value: %s",
                                    instruction->word, word);
        *equals = '\0';
        if (instruction->word[0] == 'E')
            set_environment(image, word, equals + 1);
        else
            memory_keep_pair(image, &image->object.labels, &image->object.label_count, word,
                             equals + 1);
    }
}

static int apply_exposed(struct memory_image *image, const char *ports,
                         const struct memory_variables *variables, gantry_error *err)
{
    const char *word;

    for (;;) {
        char port[32];
        int rc = memory_next_word(image, &ports, variables, &word, err);

        if (rc < 0 || word == NULL)
            return rc;
        snprintf(port, sizeof port, "%s%s", word, strchr(word, '/') != NULL ? "" : "/tcp");
        image->exposed_ports = memory_keep_appended(image, image->exposed_ports, port);
    }
}

/* USER and WORKDIR; a relative directory continues the one before. */
static int apply_word(struct memory_image *image, const struct memory_instruction *instruction,
                      const struct memory_variables *variables, gantry_error *err)
{
    const char *cursor = instruction->arguments;
    const char *base = image->working_directory != NULL ? image->working_directory : "";
    const char *word;
    char *path;
    size_t size;
    int rc = memory_next_word(image, &cursor, variables, &word, err);

    if (rc < 0)
        return rc;
    if (strcmp(instruction->word, "USER") == 0) {
        image->user = word;
        return 0;
    }
    size = strlen(base) + strlen(word) + 2;
    path = memory_keep(image, size);
    if (path == NULL)
        return memory_object_ready(image, err);
    if (word[0] == '/')
        memcpy(path, word, strlen(word) + 1);
    else
        snprintf(path, size, "%s/%s", strcmp(base, "/") == 0 ? "" : base, word);
    image->working_directory = path;
    return 0;
}

int memory_instruction_apply(struct memory_image *image,
                             const struct memory_instruction *instruction,
                             const struct memory_variables *variables, gantry_error *err)
{
    const char *word = instruction->word;
    int rc = memory_instruction_check(instruction, err);

    if (rc < 0)
        return rc;
    if (strcmp(word, "LABEL") == 0 || strcmp(word, "ENV") == 0)
        return apply_pairs(image, instruction, variables, err);
    if (strcmp(word, "EXPOSE") == 0)
        return apply_exposed(image, instruction->arguments, variables, err);
    if (strcmp(word, "USER") == 0 || strcmp(word, "WORKDIR") == 0)
        return apply_word(image, instruction, variables, err);
    if (strcmp(word, "CMD") == 0) {
        image->command = read_command(image, instruction->arguments);
        return memory_object_ready(image, err);
    }
    if (strcmp(word, "ENTRYPOINT") == 0) {
        image->entrypoint = read_command(image, instruction->arguments);
        image->command = NULL; /* of the base image: it was meant for another program */
        return memory_object_ready(image, err);
    }
    return gantry_error_set(err, GANTRY_E_UNSUPPORTED, "%s is not supported here", word);
}
