/*
 * See hostile.h. An answer is bytes, something repeated, a tail, and how the connection ends.
 * Where no `match` is given every request of the call but pings gets it.
 */
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

const struct row hostile_rows[] = {
    /* ---- heads: F23 to F28 ---- */
    ENDLESS_ROW("endless headers", "HTTP/1.1 200 OK\r\n", "X-Endless: " LINE64 "\r\n"),
    ENDLESS_ROW("endless empty headers", "HTTP/1.1 200 OK\r\n", "X:\r\n"),
    ENDLESS_ROW("one endless header", "HTTP/1.1 200 OK\r\nX-Endless: ", LINE64),
    ENDLESS_ROW("endless status line", "HTTP/1.1 200 ", LINE64),
    ENDLESS_ROW("endless 100", "", "HTTP/1.1 100 Continue\r\n\r\n"),
    { .name = "endless 103", .call = READS,
      .answer = { REPEAT("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", FOREVER) },
      .codes = { GANTRY_E_LIMIT, GANTRY_E_PROTOCOL, 1 }, .outcome = U, .retry = NO, .on = ON_BOTH,
      .flags = ROW_ONCE },
    { .name = "endless headers after an upgrade", .call = "exec", .match = "/start",
      .answer = { BYTES("HTTP/1.1 101 UPGRADED\r\n"),
                  REPEAT("X-Endless: " LINE64 "\r\n", FOREVER) },
      .codes = LIMIT, .outcome = U, .retry = NO, .on = ON_BOTH },
    HEAD_ROW("two lengths",
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n", PROTOCOL),
    HEAD_ROW("a length and chunks",
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
             "2\r\n{}\r\n0\r\n\r\n", PROTOCOL),
    HEAD_ROW("length overflows",
             "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("length below zero", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("length in hex", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("folded length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("no length", "HTTP/1.1 200 OK\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("LF only", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", PROTOCOL),
    HEAD_ROW("NUL in a header", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}",
             PROTOCOL),
    HEAD_ROW("no header at all", "HTTP/1.1 200 OK\r\nthis is none\r\nContent-Length: 2\r\n\r\n{}",
             PROTOCOL),
    HEAD_ROW("HTTP/0.9", "hello, world\n", PROTOCOL),
    HEAD_ROW("HTTP/2",
             "\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0\xff\xff\xff", PROTOCOL),
    HEAD_ROW("HTTP/3.0", "HTTP/3.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("garbage", "\x80\x91\xfe\xff\x00\x01\x02\x1b[2J\r\n\r\n\r\n\x7f", PROTOCOL),
    HEAD_ROW("another protocol", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", PROTOCOL),
    HEAD_ROW("status 999", "HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("status 000", "HTTP/1.1 000 What\r\nContent-Length: 2\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("unasked 101",
             "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n{}", PROTOCOL),
    HEAD_ROW("gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
             "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", PROTOCOL),
    REDIRECT("301", "file:///etc/passwd"),
    REDIRECT("302", "http://127.0.0.1:1/"),
    REDIRECT("303", "/v1.41/version"),
    REDIRECT("307", "/v1.41/version"),
    REDIRECT("308", "http://elsewhere.invalid/"),
    REDIRECT("300", "/v1.41/version"),
    { .name = "closes without a byte (GET)", .call = READS, .answer = { .end = SERVER_FIN },
      .codes = TRUNCATED, .outcome = U, .retry = YES, .on = ON_BOTH },
    { .name = "closes without a byte (POST)", .call = CHANGES, .answer = { .end = SERVER_FIN },
      .codes = TRUNCATED, .outcome = U, .retry = ASK, .on = ON_BOTH, .flags = ROW_ONCE },
    { .name = "resets (POST)", .call = CHANGES, .answer = { .end = SERVER_RESET },
      .codes = TRUNCATED, .outcome = U, .retry = ASK, .on = ON_BOTH, .flags = ROW_ONCE },
    { .name = "never answers (GET)", .call = READS, .answer = { .end = SERVER_STALL },
      .codes = TIMEOUT, .outcome = U, .retry = YES, .limit_ms = 60, .bound_ms = 60, .on = ON_BOTH },
    { .name = "never answers (POST)", .call = CHANGES, .answer = { .end = SERVER_STALL },
      .codes = TIMEOUT, .outcome = U, .retry = ASK, .limit_ms = 60, .bound_ms = 60, .on = ON_BOTH,
      .flags = ROW_ONCE },
    { .name = "never ends an exec", .call = "exec", .match = "/start",
      .answer = { BYTES("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
                  .end = SERVER_STALL },
      .codes = TIMEOUT, .outcome = U, .retry = ASK, .limit_ms = 60, .bound_ms = 60, .on = ON_BOTH },

    /* ---- bodies: F35 to F41 ---- */
    ENDLESS_ROW("endless trailers", CHUNKED "2\r\n{}\r\n0\r\n", "X-Endless: " LINE64 "\r\n"),
    ENDLESS_ROW("one endless trailer", CHUNKED "2\r\n{}\r\n0\r\nX-Endless: ", LINE64),
    ENDLESS_ROW("endless chunk extension", CHUNKED "2;x=", LINE64),
    ENDLESS_ROW("endless chunk size", CHUNKED, "0000000000000000"),
    { .name = "endless body", .call = READS,
      .answer = { BYTES(CHUNKED "fffffff\r\n{\"a\":\""), REPEAT(LINE64, FOREVER) },
      .codes = LIMIT, .outcome = U, .retry = NO, .on = ON_BOTH, .flags = ROW_ONCE },
    { .name = "endless body nobody needs", .call = CHANGES,
      .answer = { BYTES(CHUNKED), REPEAT("40\r\n" LINE64 "\r\n", FOREVER) },
      .codes = LIMIT, .outcome = U, .retry = ASK, .on = ON_BOTH, .flags = ROW_ONCE },
    { .name = "endless list", .call = "list", .match = "/containers/json",
      .answer = { BYTES(CHUNKED "1\r\n[\r\n"), REPEAT("3\r\n{},\r\n", FOREVER) },
      .codes = { GANTRY_E_LIMIT, GANTRY_E_PROTOCOL, 1 }, .outcome = U, .retry = NO, .on = ON_BOTH },
    { .name = "4 GiB announced", .call = READS,
      .answer = { BYTES(OK_HEAD "Content-Length: 4294967296\r\n\r\n{\"a"), .end = SERVER_FIN },
      .codes = { GANTRY_E_TRUNCATED, GANTRY_E_LIMIT, 1 }, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "chunk of 4 GiB announced", .call = READS,
      .answer = { BYTES(CHUNKED "100000000\r\n{\"a"), .end = SERVER_FIN },
      .codes = { GANTRY_E_TRUNCATED, GANTRY_E_LIMIT, 1 }, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    HEAD_ROW("chunk size overflows", CHUNKED "fffffffffffffffff\r\n{}", PROTOCOL),
    HEAD_ROW("chunk size is garbage", CHUNKED "zz\r\n{}", PROTOCOL),
    HEAD_ROW("chunk size is negative", CHUNKED "-2\r\n{}\r\n0\r\n\r\n", PROTOCOL),
    HEAD_ROW("chunk without its end", CHUNKED "2\r\n{}XX0\r\n\r\n", PROTOCOL),
    { .name = "JSON too deep", .call = READS,
      .answer = { BYTES(JSON_OF("1000000")), REPEAT("[", 1000000) },
      .codes = { GANTRY_E_LIMIT, GANTRY_E_PROTOCOL, 1 }, .outcome = U, .retry = NO, .on = ON_BOTH },
    { .name = "JSON objects too deep", .call = READS,
      .answer = { BYTES(JSON_OF("1000000")), REPEAT("{\"a\":", 200000) },
      .codes = { GANTRY_E_LIMIT, GANTRY_E_PROTOCOL, 1 }, .outcome = U, .retry = NO, .on = ON_BOTH },
    { .name = "JSON of 150,000 keys", .call = READS,
      .answer = { BYTES(JSON_OF("900032") "{"), REPEAT("\"k\":1,", 150000),
                  TAIL("\"Version\":\"1\",\"ApiVersion\":\"1\"}") },
      .codes = FINE, .on = ON_BOTH },
    { .name = "JSON string of 100 MB", .call = READS,
      .answer = { BYTES(JSON_OF("100000000") "{\"a\":\""), REPEAT(LINE64, 1562500) },
      .codes = LIMIT, .outcome = U, .retry = NO, .on = ON_BOTH },
    WRONG("lone surrogate", "image-import", "/images/", "{\"status\":\"\\ud800\"}\r\n\r\n"),
    WRONG("bad UTF-8", READS, NULL, "{\"Version\":\"\xff\xfe\"}\n"),
    WRONG("not JSON", READS, NULL, "<html>no</html>"),
    WRONG("half of JSON", READS, NULL, "{\"a\":[1"),
    WRONG("empty body", READS, NULL, "\n"),
    WRONG("version: an array", READS, NULL, "[]"),
    WRONG("version: a string", READS, NULL, "\"x\""),
    WRONG("version: null", READS, NULL, "null"),
    WRONG("info: a number", "info", NULL, "12"),
    WRONG("create: no id", "create", "/create", "{}"),
    WRONG("create: a number", "create", "/create", "{\"Id\":5,\"Warnings\":[]}"),
    WRONG("create: null", "create", "/create", "{\"Id\":null}"),
    WRONG("create: empty id", "create", "/create", "{\"Id\":\"\"}"),
    { .name = "create: warnings are a map", .call = "create", .match = "/create",
      BODY("{\"Id\":\"abcdef\",\"Warnings\":{}}"), .codes = FINE, .on = ON_BOTH },
    WRONG("inspect: no id", "inspect", NULL, "{}"),
    WRONG("inspect: id is a list", "inspect", NULL, "{\"Id\":[]}"),
    WRONG("list: an object", "list", "/json", "{}"),
    WRONG("list: of numbers", "list", "/json", "[1,2]"),
    WRONG("list: id is a number", "list", "/json", "[{\"Id\":1}]"),
    WRONG("list: two lists and no comma", "list", "/json", "[{}{}"),
    WRONG("image inspect: no id", "image-inspect", NULL, "{}"),
    WRONG("image list: id is a map", "image-list", "/json", "[{\"Id\":{}}]"),
    WRONG("volume inspect: no name", "volume-inspect", NULL, "{}"),
    WRONG("volume inspect: name is a number", "volume-inspect", NULL, "{\"Name\":7}"),
    WRONG("network inspect: no name", "network-inspect", NULL, "{}"),
    WRONG("exec create: no id", "exec", "/exec ", "{}"),
    WRONG("exec create: a number", "exec", "/exec ", "{\"Id\":1}"),
    WRONG("exec inspect: no code", "exec", "/json ", "{\"Running\":false}"),
    WRONG("exec inspect: code is a word", "exec", "/json ",
          "{\"Running\":false,\"ExitCode\":\"0\"}"),
    WRONG("import: no id", "image-import", "/images/", "{}"),
    { .name = "wait: no code", .call = "wait", .match = "/wait?",
      BODY("{}"), .codes = PROTOCOL, .on = ON_DOCKER,
      .flags = ROW_ANY_FATE },
    { .name = "wait: code is a word", .call = "wait", .match = "/wait?",
      BODY("{\"StatusCode\":\"0\"}"), .codes = PROTOCOL, .on = ON_DOCKER, .flags = ROW_ANY_FATE },
    { .name = "wait: 204", .call = "wait", .match = "/wait?",
      .answer = { BYTES("HTTP/1.1 204 No Content\r\n\r\n") }, .codes = PROTOCOL, .on = ON_DOCKER,
      .flags = ROW_ANY_FATE },
    { .name = "204 where JSON was promised", .call = READS,
      .answer = { BYTES("HTTP/1.1 204 No Content\r\n\r\n{\"Version\":\"1\"}") }, .codes = PROTOCOL,
      .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "304 where JSON was promised", .call = READS,
      .answer = { BYTES("HTTP/1.1 304 Not Modified\r\n\r\n") }, .codes = PROTOCOL, .on = ON_BOTH,
      .flags = ROW_ANY_FATE },
    { .name = "HTML", .call = READS,
      BODY("<html>\33[31m<body>\1\2 It works!</body></html>\r\n\r\n"),
      .codes = PROTOCOL, .outcome = U, .retry = NO, .on = ON_BOTH },

    /* ---- errors: F42 ---- */
    { .name = "500, empty", .call = CHANGES,
      .answer = { BYTES("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") }, .codes = ENGINE,
      .outcome = R, .retry = NO, .on = ON_BOTH },
    { .name = "500, HTML", .call = CHANGES,
      .status = "500 Oops", BODY("<html>\33[1msorry<p>\r\n\1"),
      .codes = ENGINE, .outcome = R, .retry = NO, .on = ON_BOTH },
    { .name = "500, 1 GB", .call = CHANGES,
      .answer = { BYTES("HTTP/1.1 500 Oops\r\nContent-Length: 1000000000\r\n\r\n"),
                  REPEAT(LINE64, 15625000) },
      .codes = ENGINE, .outcome = R, .retry = NO, .on = ON_BOTH },
    { .name = "500, endless JSON text", .call = READS,
      .answer = { BYTES("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "fffffff\r\n{\"message\":\""), REPEAT(LINE64, FOREVER) },
      .codes = ENGINE, .outcome = R, .retry = NO, .on = ON_BOTH },
    { .name = "500, two documents", .call = CHANGES,
      .status = "500 Oops", BODY("{\"message\":\"first\"}\n{\"message\":\"second\"}"),
      .codes = ENGINE, .outcome = R, .retry = NO, .says = "first", .on = ON_BOTH },
    { .name = "500, no length", .call = CHANGES,
      .answer = { BYTES("HTTP/1.1 500 Oops\r\n\r\n{\"message\":\"all of it\"}"),
                  .end = SERVER_FIN },
      .codes = ENGINE, .outcome = R, .retry = NO, .says = "all of it", .on = ON_BOTH },
    { .name = "500, message is a number", .call = CHANGES,
      .status = "500 Oops", BODY("{\"message\":5}"),
      .codes = ENGINE, .outcome = R, .retry = NO, .on = ON_BOTH },
    { .name = "500, too deep", .call = READS,
      .answer = { BYTES("HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n"),
                  REPEAT("[", 1000000) },
      .codes = ENGINE, .outcome = R, .retry = NO, .on = ON_BOTH },

    /* ---- uploads: F20, F21 ---- */
    { .name = "refused while it uploads, goes on listening", .call = "image-import",
      .match = "POST /",
      .answer = { BYTES("HTTP/1.1 400 Bad\r\nContent-Length: 18\r\n\r\n{\"message\":\"full\"}"),
                  .early = 1, .deaf = 1, .end = SERVER_STALL },
      .codes = { GANTRY_E_INVALID, GANTRY_E_ENGINE, 1 }, .outcome = R, .retry = NO, .says = "full",
      .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },
    { .name = "refused while it uploads, closes", .call = "image-import", .match = "POST /",
      .answer = { BYTES("HTTP/1.1 400 Bad\r\nContent-Length: 18\r\n\r\n{\"message\":\"full\"}"),
                  .early = 1, .deaf = 1, .end = SERVER_FIN },
      .codes = { GANTRY_E_INVALID, GANTRY_E_ENGINE, 1 }, .outcome = R, .retry = NO, .says = "full",
      .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },
    { .name = "refused while it uploads, resets", .call = "image-import", .match = "POST /",
      .answer = { BYTES("HTTP/1.1 400 Bad\r\nContent-Length: 18\r\n\r\n{\"message\":\"full\"}"),
                  .early = 1, .deaf = 1, .end = SERVER_RESET },
      .codes = { GANTRY_E_INVALID, GANTRY_E_ENGINE, 1 }, .outcome = R, .retry = NO, .says = "full",
      .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },
    { .name = "resets while it uploads", .call = "image-import", .match = "POST /",
      .answer = { .early = 1, .end = SERVER_RESET }, .codes = TRUNCATED, .outcome = U, .retry = ASK,
      .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },
    { .name = "stops reading an upload", .call = "image-import", .match = "POST /",
      .answer = { .deaf = 1 }, .codes = TIMEOUT, .outcome = U, .retry = ASK, .limit_ms = 100,
      .bound_ms = 100, .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },

    /* ---- streams: F44 to F54 ---- */
    { .name = "build: ends without an image", .call = "image-build", .match = "/build?",
      BODY("{\"stream\":\"done\\n\"}\r\n"),
      .codes = PROTOCOL, .outcome = U, .retry = ASK, .on = ON_BOTH },
    { .name = "build: empty", .call = "image-build", .match = "/build?",
      BODY(""), .codes = PROTOCOL, .outcome = U, .retry = ASK,
      .on = ON_BOTH },
    { .name = "build: success, then an error", .call = "image-build", .match = "/build?",
      BODY("{\"stream\":\"Successfully built\\n\"}\n{\"stream\":\"" LINE64 "\\n\"}\n"
           "{\"error\":\"disk full\",\"errorDetail\":{\"message\":\"disk full\"}}\n"),
      .codes = { GANTRY_E_BUILD, 1 }, .says = "disk full", .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "build: a record without end", .call = "image-build", .match = "/build?",
      .answer = { BYTES(CHUNKED "fffffff\r\n{\"stream\":\""), REPEAT(LINE64, FOREVER) },
      .codes = LIMIT, .outcome = U, .retry = NO, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "build: records of wrong types", .call = "image-build", .match = "/build?",
      BODY("{\"stream\":5}{\"aux\":[]}{\"errorDetail\":7}[]12 \"x\""),
      .codes = { GANTRY_E_PROTOCOL, GANTRY_E_BUILD, 1 }, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "logs: frame of 4 GiB", .call = "logs", .match = "/logs?",
      BODY("\1\0\0\0\xff\xff\xff\xffoops"),
      .codes = TRUNCATED, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "logs: channel 7", .call = "logs", .match = "/logs?",
      BODY("\7\0\0\0\0\0\0\4oops"),
      .codes = PROTOCOL, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "logs: a good frame, then none", .call = "logs", .match = "/logs?",
      BODY("\1\0\0\0\0\0\0\4goodthis is none"),
      .codes = PROTOCOL, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "logs: terminal data", .call = "logs", .match = "/logs?",
      BODY("hello, terminal"),
      .codes = PROTOCOL, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "logs: a million empty frames", .call = "logs", .match = "/logs?",
      .answer = { BYTES("HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n"),
                  REPEAT("\1\0\0\0\0\0\0\0", 1000000) },
      .codes = FINE, .on = ON_BOTH },
    { .name = "logs: endless", .call = "logs", .match = "/logs?",
      .answer = { BYTES(SERVER_STREAM), REPEAT("48\r\n\1\0\0\0\0\0\0\x40" LINE64 "\r\n", FOREVER) },
      .codes = LIMIT, .on = ON_BOTH, .flags = ROW_ANY_FATE },

    /* ---- versions: F30 ---- */
    PING_ROW("Docker with API 1.24",
             "HTTP/1.1 200 OK\r\nApi-Version: 1.24\r\nServer: Docker/1.12.0 (linux)\r\n"
             "Content-Length: 2\r\n\r\nOK", GANTRY_E_UNSUPPORTED, "1.24", ON_DOCKER),
    PING_ROW("Podman 3.4", "HTTP/1.1 200 OK\r\nApi-Version: 1.40\r\nLibpod-Api-Version: 3.4.0\r\n"
             "Server: Libpod/3.4.0 (linux)\r\nContent-Length: 2\r\n\r\nOK", GANTRY_E_UNSUPPORTED,
             "3.4", ON_PODMAN),
    PING_ROW("no engine, but HTTP",
             "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n\r\nOK",
             GANTRY_E_UNAVAILABLE, NULL, ON_BOTH),
    PING_ROW("no engine, but 404", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
             GANTRY_E_UNAVAILABLE, NULL, ON_BOTH),
    PING_ROW("no engine and no HTTP", "220 mail.example.org ESMTP\r\n", GANTRY_E_PROTOCOL, NULL,
             ON_BOTH),
    PING_ROW("versions that are no numbers",
             "HTTP/1.1 200 OK\r\nApi-Version: ../..\r\nLibpod-Api-Version: 4/../x\r\n"
             "Content-Length: 2\r\n\r\nOK", GANTRY_E_UNAVAILABLE, NULL, ON_DOCKER),
    PING_ROW("versions that are no numbers",
             "HTTP/1.1 200 OK\r\nApi-Version: ../..\r\nLibpod-Api-Version: 4/../x\r\n"
             "Content-Length: 2\r\n\r\nOK", GANTRY_E_PROTOCOL, NULL, ON_PODMAN),
    { .name = "Docker that dropped our versions", .call = "open", .match = "_ping",
      .ping = "HTTP/1.1 200 OK\r\nApi-Version: 1.199\r\nServer: Docker/99.0.1 (linux)\r\n"
              "Content-Length: 2\r\n\r\nOK",
      .answer = { BYTES("HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n"
                        "{\"message\":\"client version 1.41 is too old. Minimum supported API "
                        "version is"
                        " 1.99, please upgrade\"}  ") },
      .codes = { GANTRY_E_UNSUPPORTED, 1 }, .says = "1.99", .on = ON_DOCKER,
      .flags = ROW_OPEN | ROW_ANY_FATE }
};

const size_t hostile_row_count = sizeof hostile_rows / sizeof hostile_rows[0];
