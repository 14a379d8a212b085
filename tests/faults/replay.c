/* See replay.h. Knows the names of recording files and nothing of what is in answers. */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the server remembers between requests; only ever touched in its process. */
static struct {
    uint32_t turn;
    int used[EXCHANGES_MAX];
    int damages;
    int removed; /* a failed run takes its container back */
    char *damaged;
} memory;

/* ---- loading --------------------------------------------------------------------------------- */

static char *load(const char *path, size_t *out_size)
{
    FILE *file = fopen(path, "rbe");
    char *data = NULL;
    size_t size = 0;
    size_t got;

    if (file == NULL)
        return NULL;
    do {
        data = realloc(data, size + 65536);
        if (data == NULL)
            exit(1);
        got = fread(data + size, 1, 65535, file);
        size += got;
    } while (got > 0);
    fclose(file);
    data[size] = '\0';
    *out_size = size;
    return data;
}

static int load_exchange(struct exchange *x, const char *stem)
{
    char path[600];
    char *request;
    const char *end;
    size_t size = 0;

    snprintf(path, sizeof path, "%s.req", stem);
    request = load(path, &size);
    if (request == NULL)
        return 0;
    snprintf(x->line, sizeof x->line, "%.*s", (int)strcspn(request, "\r\n"), request);
    free(request);
    snprintf(path, sizeof path, "%s.res", stem);
    x->answer = load(path, &x->size);
    if (x->answer == NULL)
        return 0;
    end = strstr(x->answer, "\r\n\r\n");
    x->head_size = end != NULL ? (size_t)(end - x->answer) + 4 : x->size;
    x->upgraded = x->size > 12 && memcmp(x->answer + 8, " 101", 4) == 0;
    return 1;
}

static void load_calls(struct replay *r, const char *folder, const char *engine)
{
    char stem[512];
    size_t total = 0;

    for (size_t i = 0; i < faults_call_count; i++) {
        struct recorded_call *call = &r->calls[i];

        do {
            snprintf(stem, sizeof stem, "%s/%s/%02zu-%s.%zu", folder, engine, i,
                     faults_calls[i].name, call->count + 1);
        } while (call->count < EXCHANGES_MAX &&
                 load_exchange(&call->exchanges[call->count], stem) && ++call->count);
        if (call->count == 0 && faults_asks(r->runtime, &faults_calls[i]) &&
            faults_has(r->runtime, &faults_calls[i])) {
            fprintf(stderr, "no recording %s.req\n", stem);
            exit(1);
        }
        total += call->count;
    }
    printf("%s: %zu calls, %zu answers\n", engine, faults_call_count, total);
}

/* ---- answering (in the server) --------------------------------------------------------------- */

static void give(struct server_answer *answer, const char *text)
{
    answer->bytes = text;
    answer->size = strlen(text);
    answer->end = SERVER_KEEP;
}

/* What may be asked at any time: the first two calls are opening and ping. */
static const struct exchange *find_ping(const struct replay *r, const char *line)
{
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < r->calls[k].count; i++) {
            if (strcmp(r->calls[k].exchanges[i].line, line) == 0)
                return &r->calls[k].exchanges[i];
        }
    }
    return NULL;
}

int replay_reads(const char *line)
{
    return strncmp(line, "GET ", 4) == 0 || strncmp(line, "HEAD ", 5) == 0;
}

/* A question on a kept connection that died without a line of an answer may be asked once more,
 * on a new one: then it dies again. */
static int repeats(const struct replay *r, const struct exchange *x)
{
    return replay_reads(x->line) && r->plan->size < strcspn(x->answer, "\n") + 1 &&
           memory.damages < (r->plan->once ? 1 : 2);
}

static const struct exchange *find(const struct replay *r, const char *line, int *out_index)
{
    const struct recorded_call *call = &r->calls[r->plan->call];
    const struct exchange *damaged = r->plan->exchange >= 0
                                         ? &call->exchanges[r->plan->exchange] : NULL;
    int found = -1;

    if (damaged != NULL && memory.used[r->plan->exchange] && repeats(r, damaged) &&
        strcmp(damaged->line, line) == 0) {
        *out_index = r->plan->exchange;
        return damaged;
    }
    for (size_t i = 0; i < call->count; i++) {
        if (strcmp(call->exchanges[i].line, line) != 0)
            continue;
        found = (int)i;
        if (!memory.used[i])
            break;
    }
    *out_index = found;
    if (found >= 0)
        return &call->exchanges[found];
    return find_ping(r, line);
}

static void damage(const struct replay *r, const struct exchange *x, struct server_answer *answer)
{
    const struct replay_plan *p = r->plan;

    r->plan->served++;
    memory.damages++;
    answer->size = p->size < x->size ? p->size : x->size;
    answer->split = p->split;
    answer->end = p->end;
    if (p->flip >= 0) {
        free(memory.damaged);
        memory.damaged = malloc(x->size);
        if (memory.damaged == NULL)
            _Exit(3);
        memcpy(memory.damaged, x->answer, x->size);
        memory.damaged[p->flip] ^= 0x11;
        answer->bytes = memory.damaged;
    }
}

/* The exec session's answer to "does it still run?", without a change of length. */
static void keep_running(const struct exchange *x, struct server_answer *answer)
{
    static char text[16384];
    char *at;

    if (strstr(x->line, "/exec/") == NULL || x->size >= sizeof text)
        return;
    memcpy(text, x->answer, x->size);
    text[x->size] = '\0';
    at = strstr(text, "\"Running\":false");
    if (at == NULL)
        return;
    memcpy(at, "\"Running\":true ", 15);
    answer->bytes = text;
}

/* What a failed call does to take back its work is not recorded: it works. */
static void improvise(struct replay *r, const char *line, struct server_answer *answer)
{
    static const char gone[] = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
                               "Content-Length: 77\r\n\r\n{\"cause\":\"no such container\","
                               "\"message\":\"No such container: x\",\"response\":404}";

    if (strncmp(line, "DELETE ", 7) == 0 || strstr(line, "/kill") != NULL) {
        memory.removed |= line[0] == 'D';
        r->plan->taken_back += line[0] == 'D';
        give(answer, "HTTP/1.1 204 No Content\r\n\r\n");
        return;
    }
    r->plan->unscripted++;
    snprintf(r->plan->stranger, sizeof r->plan->stranger, "%.500s", line);
    give(answer, gone);
}

/* Whether a request is the one that is looked at, and not one of the same line before it. */
static int is_looked_at(const struct replay *r, const char *line)
{
    const struct exchange *exchanges = r->calls[r->plan->call].exchanges;
    int at = r->plan->exchange;

    if (at < 0 || strcmp(exchanges[at].line, line) != 0)
        return 0;
    for (int i = 0; i < at; i++) {
        if (strcmp(exchanges[i].line, line) == 0 && !memory.used[i])
            return 0;
    }
    return 1;
}

static void answer_request(void *arg, const struct server_request *request,
                           struct server_answer *answer)
{
    struct replay *r = arg;
    const struct exchange *x;
    int index;

    if (memory.turn != r->plan->turn) {
        memory.turn = r->plan->turn;
        memory.removed = 0;
        memory.damages = 0;
        memset(memory.used, 0, sizeof memory.used);
    }
    if (is_looked_at(r, request->line))
        r->plan->asked++;
    if (r->override != NULL && r->override(r->override_arg, request, answer))
        return;
    x = memory.removed && replay_reads(request->line) &&
                strstr(request->line, "_ping") == NULL
            ? NULL : find(r, request->line, &index);
    if (x == NULL) {
        improvise(r, request->line, answer);
        return;
    }
    answer->bytes = x->answer;
    answer->size = x->size;
    answer->end = SERVER_KEEP;
    if (index >= 0 && index == r->plan->exchange &&
        (!memory.used[index] || repeats(r, x)))
        damage(r, x, answer);
    else if (r->plan->still_running)
        keep_running(x, answer);
    if (index >= 0)
        memory.used[index] = 1;
}

/* ---- the test's side ------------------------------------------------------------------------- */

void replay_start(struct replay *r, const char *folder, const char *engine)
{
    r->runtime = engine[0] == 'd' ? GANTRY_RUNTIME_DOCKER : GANTRY_RUNTIME_PODMAN;
    r->calls = calloc(faults_call_count, sizeof *r->calls);
    if (r->calls == NULL)
        exit(1);
    load_calls(r, folder, engine);
    r->plan = server_shared(sizeof *r->plan);
    replay_plan(r, 0);
    r->server = server_start(answer_request, r);
    if (r->server == NULL)
        exit(1);
}

int replay_asks(const char *line)
{
    return replay_reads(line) || strstr(line, "/wait?") != NULL;
}

void replay_stop(struct replay *r)
{
    server_stop(r->server);
    for (size_t i = 0; i < faults_call_count; i++) {
        for (size_t k = 0; k < r->calls[i].count; k++)
            free(r->calls[i].exchanges[k].answer);
    }
    free(r->calls);
}

void replay_plan(struct replay *r, size_t call)
{
    r->plan->call = (uint32_t)call;
    r->plan->exchange = -1;
    r->plan->size = SIZE_MAX;
    r->plan->split = 0;
    r->plan->flip = -1;
    r->plan->end = SERVER_KEEP;
    r->plan->once = 0;
    r->plan->still_running = 0;
    r->plan->asked = 0;
    r->plan->served = 0;
    r->plan->taken_back = 0;
    r->plan->unscripted = 0;
    r->plan->turn++;
}

void replay_faults(struct replay *r, struct faults *f)
{
    static const char tar[3000]; /* what is in it is for real engines to care */

    memset(f, 0, sizeof *f);
    f->runtime = r->runtime;
    f->address = server_address(r->server);
    f->tar = tar;
    f->tar_size = sizeof tar;
    f->call.size = sizeof f->call;
}
