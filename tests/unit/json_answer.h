/* An answer with JSON in it, as a script of the fake server: one request, the answer, the end. */
#ifndef JSON_ANSWER_H
#define JSON_ANSWER_H

#include <stdio.h>
#include <string.h>

#include "fake_server.h"

struct answer {
    char text[2048];
    struct fake_step script[3];
};

/* status: "404 Not Found". Returns the script, which points into the answer. */
static inline const struct fake_step *word(struct answer *a, const char *status, const char *body)
{
    const struct fake_step script[3] = { FAKE_REQUEST, FAKE_BYTES(a->text, 0), FAKE_END };

    snprintf(a->text, sizeof a->text,
             "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             status, strlen(body), body);
    memcpy(a->script, script, sizeof script);
    a->script[1].size = strlen(a->text);
    return a->script;
}

#endif
