/* The words that the tables of rows are written in; for hostile_rows*.c only. */
#ifndef FAULTS_HOSTILE_WORDS_H
#define FAULTS_HOSTILE_WORDS_H

#include "hostile.h"

#define U GANTRY_OUTCOME_UNKNOWN
#define R GANTRY_OUTCOME_REFUSED
#define N GANTRY_OUTCOME_NOT_SENT
#define NO GANTRY_RETRY_NO
#define YES GANTRY_RETRY_YES
#define ASK GANTRY_RETRY_ASK

#define BYTES(text) .bytes = text, .size = sizeof(text) - 1
#define REPEAT(text, times) .repeated = text, .repeated_size = sizeof(text) - 1, .count = times
#define TAIL(text) .tail = text, .tail_size = sizeof(text) - 1
#define FOREVER UINT64_MAX

#define PROTOCOL { GANTRY_E_PROTOCOL, 1 }
#define LIMIT { GANTRY_E_LIMIT, 1 }
#define TRUNCATED { GANTRY_E_TRUNCATED, 1 }
#define TIMEOUT { GANTRY_E_TIMEOUT, 1 }
#define ENGINE { GANTRY_E_ENGINE, 1 }
#define FINE { 0, 1 }

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define JSON_OF(size) OK_HEAD "Content-Length: " size "\r\n\r\n"
#define LINE64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A GET and a POST, each of one request on both engines. */
#define READS "version"
#define CHANGES "kill"

#define HEAD_ROW(title, text, wanted)                                                              \
    { .name = title " (GET)", .call = READS, .answer = { BYTES(text), .end = SERVER_FIN },         \
      .codes = wanted, .outcome = U, .retry = NO, .on = ON_BOTH, .flags = ROW_ONCE },              \
    { .name = title " (POST)", .call = CHANGES, .answer = { BYTES(text), .end = SERVER_FIN },      \
      .codes = wanted, .outcome = U, .retry = NO, .on = ON_BOTH, .flags = ROW_ONCE }

#define ENDLESS_ROW(title, text, again)                                                            \
    { .name = title, .call = READS, .answer = { BYTES(text), REPEAT(again, FOREVER) },             \
      .codes = LIMIT, .outcome = U, .retry = NO, .on = ON_BOTH, .flags = ROW_ONCE }

#define REDIRECT(code, where)                                                                      \
    HEAD_ROW("redirect " code " to " where,                                                        \
             "HTTP/1.1 " code " Elsewhere\r\nLocation: " where "\r\nContent-Length: 0\r\n\r\n",   \
             PROTOCOL)

#define BODY(text) .body = text, .body_size = sizeof(text) - 1

/* A whole answer that is wrong for the call. */
#define WRONG(title, of, part, text)                                                               \
    { .name = title, .call = of, .match = part, BODY(text), .codes = PROTOCOL, .outcome = U,       \
      .retry = -1, .on = ON_BOTH }

#define PING_ROW(title, text, rc, word, engine)                                                    \
    { .name = title, .call = "open", .match = "_ping",                                             \
      .answer = { BYTES(text), .end = SERVER_KEEP }, .codes = { rc, 1 }, .says = word,             \
      .on = engine, .flags = ROW_OPEN | ROW_ANY_FATE }

#define SERVER_STREAM "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

#endif
