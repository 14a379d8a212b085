/*
 * See hostile.h: engines that break the rules while images are moved and looked after. What is
 * said of heads and bodies in hostile_rows.c holds for these calls like for all others; here is
 * what only their own decoders can get wrong.
 */
#include "hostile_words.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A whole answer that is wrong for the call, on one engine. */
#define WRONG_ON(engine, title, of, part, text)                                                    \
    { .name = title, .call = of, .match = part, BODY(text), .codes = PROTOCOL, .outcome = U,       \
      .retry = -1, .on = engine }

/* Small records without end: there may be any number of them, so that only time ends it, but they
 * may not be kept. */
#define STREAM(title, of, part, again, engine)                                                     \
    { .name = title, .call = of, .match = part,                                                    \
      .answer = { BYTES(CHUNKED), REPEAT(again, FOREVER) },                                        \
      .codes = { GANTRY_E_TIMEOUT, GANTRY_E_LIMIT, 1 }, .on = engine, .flags = ROW_ANY_FATE,       \
      .limit_ms = 150, .bound_ms = 250 }

/* One document without end: never a success, never more than the limits allow. */
#define FLOOD(title, of, part, begin, again, engine)                                               \
    { .name = title, .call = of, .match = part,                                                    \
      .answer = { BYTES(CHUNKED begin), REPEAT(again, FOREVER) }, .codes = LIMIT, .on = engine,    \
      .flags = ROW_ANY_FATE, .bound_ms = 3000 }

/* As many as a body may have by its limit, each as short as it can be. */
#define MANY(title, of, part, size, begin, again, times, end, engine)                              \
    { .name = title, .call = of, .match = part,                                                    \
      .answer = { BYTES(JSON_OF(size) begin), REPEAT(again, times), TAIL(end) },                   \
      .codes = { 0, GANTRY_E_LIMIT, GANTRY_E_NOT_FOUND, 1 }, .on = engine, .flags = ROW_ANY_FATE }

/* Wrong before anything was changed. */
#define UNSENT(title, of, part, text)                                                              \
    { .name = title, .call = of, .match = part, BODY(text), .codes = PROTOCOL, .outcome = N,       \
      .retry = NO, .on = ON_BOTH }

/* The engine's own refusal in the stream. */
#define REFUSES(title, of, part, text, code, word, engine)                                         \
    { .name = title, .call = of, .match = part, BODY(text), .codes = { code, 1 }, .says = word,    \
      .on = engine, .flags = ROW_ANY_FATE }

#define TOO_DEEP(of, part)                                                                         \
    { .name = of ": too deep", .call = of, .match = part,                                          \
      .answer = { BYTES(JSON_OF("1000000")), REPEAT("[", 1000000) },                               \
      .codes = { GANTRY_E_LIMIT, GANTRY_E_PROTOCOL, 1 }, .on = ON_BOTH, .flags = ROW_ANY_FATE }

const struct row hostile_image_rows[] = {
    /* ---- pull ---- */
    STREAM("pull: endless", "image-pull", "POST /", "f\r\n{\"status\":\"hm\"}\r\n", ON_DOCKER),
    STREAM("pull: endless layers of one name", "image-pull", "POST /",
          "1d\r\n{\"status\":\"Waiting\",\"id\":\"a\"}\r\n", ON_DOCKER),
    STREAM("pull: endless texts", "image-pull", "POST /", "f\r\n{\"stream\":\"hm\"}\r\n",
          ON_PODMAN),
    FLOOD("pull: a record without end", "image-pull", "POST /", "fffffff\r\n{\"status\":\"", LINE64,
          ON_BOTH),
    STREAM("pull: endless blanks", "image-pull", "POST /", "1\r\n\n\r\n", ON_BOTH),
    TOO_DEEP("image-pull", "POST /"),
    WRONG("pull: a list", "image-pull", "POST /", "[]"),
    WRONG("pull: a number", "image-pull", "POST /", "12\n"),
    WRONG("pull: not JSON", "image-pull", "POST /", "<html>no</html>"),
    WRONG_ON(ON_PODMAN, "pull: no image", "image-pull", "POST /", "{\"stream\":\"done\\n\"}\n"),
    WRONG_ON(ON_PODMAN, "pull: empty", "image-pull", "POST /", ""),
    WRONG_ON(ON_PODMAN, "pull: id is a path", "image-pull", "POST /",
             "{\"images\":[\"../../x\"],\"id\":\"../../x\"}"),
    WRONG_ON(ON_PODMAN, "pull: id is a number", "image-pull", "POST /",
             "{\"images\":[7],\"id\":7}"),
    WRONG_ON(ON_PODMAN, "pull: id is null", "image-pull", "POST /",
             "{\"images\":null,\"id\":null}"),
    REFUSES("pull: an image, then an error", "image-pull", "POST /",
            "{\"images\":[\"" HEX64 "\"],\"id\":\"" HEX64 "\"}{\"error\":\"disk is on fire\"}",
            GANTRY_E_ENGINE, "disk is on fire", ON_PODMAN),
    REFUSES("pull: pulled, then an error", "image-pull", "POST /",
            "{\"status\":\"Digest: sha256:" HEX64 "\"}{\"errorDetail\":{\"message\":\"disk is on "
            "fire\"},\"error\":\"disk is on fire\"}",
            GANTRY_E_ENGINE, "disk is on fire", ON_DOCKER),
    { .name = "pull: an error full of control characters", .call = "image-pull", .match = "POST /",
      BODY("{\"error\":\"\\u001b[31mno\\u0007 way\\r\\n\"}"), .codes = ENGINE, .says = "no",
      .on = ON_BOTH, .flags = ROW_ANY_FATE },
    UNSENT("pull: looked at without an id", "image-pull", "/json ", "{}"),
    UNSENT("pull: looked at with a list", "image-pull", "/json ", "[]"),
    UNSENT("pull: looked at with a short id", "image-pull", "/json ", "{\"Id\":\"sha256:12\"}"),
    UNSENT("pull: looked at with a number", "image-pull", "/json ", "{\"Id\":12}"),
    { .name = "pull: digests of wrong types", .call = "image-pull-missing", .match = "/json ",
      BODY("{\"Id\":\"" HEX64 "\",\"RepoDigests\":{\"a\":[]},\"Os\":[],\"Variant\":5}"),
      .codes = { 0, GANTRY_E_PROTOCOL, 1 }, .on = ON_BOTH, .flags = ROW_ANY_FATE },

    /* ---- push ---- */
    STREAM("push: endless", "image-push", "/push", "f\r\n{\"status\":\"hm\"}\r\n", ON_DOCKER),
    STREAM("push: endless texts", "image-push", "/push", "f\r\n{\"stream\":\"hm\"}\r\n",
          ON_PODMAN),
    FLOOD("push: a record without end", "image-push", "/push", "fffffff\r\n{\"aux\":\"", LINE64,
          ON_BOTH),
    TOO_DEEP("image-push", "/push"),
    WRONG("push: a list", "image-push", "/push", "[]"),
    WRONG("push: not JSON", "image-push", "/push", "<html>no</html>"),
    WRONG_ON(ON_DOCKER, "push: empty", "image-push", "/push", ""),
    WRONG_ON(ON_DOCKER, "push: no digest", "image-push", "/push", "{\"status\":\"done\"}"),
    REFUSES("push: pushed, then an error", "image-push", "/push",
            "{\"aux\":{\"Tag\":\"1\",\"Digest\":\"sha256:" HEX64 "\",\"Size\":5}}{\"errorDetail\":{"
            "\"message\":\"disk is on fire\"},\"error\":\"disk is on fire\"}",
            GANTRY_E_ENGINE, "disk is on fire", ON_DOCKER),
    REFUSES("push: stored, then an error", "image-push", "/push",
            "{\"stream\":\"Storing signatures\\n\"}{\"error\":\"disk is on fire\"}",
            GANTRY_E_ENGINE, "disk is on fire", ON_PODMAN),

    /* ---- save, export: what is a tar stream ---- */
    { .name = "save: empty", .call = "image-save", .match = "images/get?", BODY(""),
      .codes = TRUNCATED, .on = ON_DOCKER, .flags = ROW_ANY_FATE },
    { .name = "save: empty", .call = "image-save", .match = "images/export?", BODY(""),
      .codes = TRUNCATED, .on = ON_PODMAN, .flags = ROW_ANY_FATE },
    { .name = "save: JSON instead", .call = "image-save", .match = "images/get?",
      BODY("{\"message\":\"disk is on fire\"}"),
      .codes = { GANTRY_E_ENGINE, GANTRY_E_TRUNCATED, 1 }, .on = ON_DOCKER,
      .flags = ROW_ANY_FATE },
    { .name = "export: empty", .call = "export", .match = "/export", BODY(""), .codes = TRUNCATED,
      .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "export: text", .call = "export", .match = "/export",
      BODY("<html>this is no archive</html>"), .codes = TRUNCATED, .on = ON_BOTH,
      .flags = ROW_ANY_FATE },

    /* ---- load ---- */
    STREAM("load: endless", "image-load", "/load", "f\r\n{\"status\":\"hm\"}\r\n", ON_DOCKER),
    STREAM("load: endless names", "image-load", "/load",
          "1e\r\n{\"stream\":\"Loaded image: a\\n\"}\r\n", ON_DOCKER),
    FLOOD("load: endless names", "image-load", "/load", "a\r\n{\"Names\":[\r\n",
          "43\r\n\"" LINE64 "\",\r\n",
          ON_PODMAN),
    MANY("load: many names", "image-load", "/load", "400016", "{\"Names\":[", "\"a\",", 100000,
         "\"b\"] }", ON_PODMAN),
    TOO_DEEP("image-load", "/load"),
    WRONG("load: a list", "image-load", "/load", "[]"),
    WRONG("load: a number", "image-load", "/load", "12"),
    WRONG_ON(ON_PODMAN, "load: empty", "image-load", "/load", ""),
    { .name = "load: empty", .call = "image-load", .match = "/load", BODY(""),
      .codes = { GANTRY_E_INVALID, 1 }, .on = ON_DOCKER, .flags = ROW_ANY_FATE },
    { .name = "load: nothing was in it", .call = "image-load", .match = "/load", BODY("{}"),
      .codes = { GANTRY_E_INVALID, GANTRY_E_PROTOCOL, 1 }, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "load: names are null", .call = "image-load", .match = "/load",
      BODY("{\"Names\":null}"), .codes = { GANTRY_E_INVALID, GANTRY_E_PROTOCOL, 1 },
      .on = ON_PODMAN, .flags = ROW_ANY_FATE },
    { .name = "load: a name that climbs", .call = "image-load", .match = "/load",
      BODY("{\"Names\":[\"../../../_ping?\"]}"),
      .codes = { GANTRY_E_INVALID, GANTRY_E_PROTOCOL, GANTRY_E_NOT_FOUND, 1 }, .on = ON_PODMAN,
      .flags = ROW_ANY_FATE },
    { .name = "load: a name that climbs", .call = "image-load", .match = "/load",
      BODY("{\"stream\":\"Loaded image: ../../../_ping?\\n\"}"),
      .codes = { GANTRY_E_INVALID, GANTRY_E_PROTOCOL, GANTRY_E_NOT_FOUND, 1 }, .on = ON_DOCKER,
      .flags = ROW_ANY_FATE },
    { .name = "load: resets while it uploads", .call = "image-load", .match = "/load",
      .answer = { .early = 1, .end = SERVER_RESET }, .codes = TRUNCATED, .outcome = U, .retry = ASK,
      .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },
    { .name = "load: refused while it uploads", .call = "image-load", .match = "/load",
      .answer = { BYTES("HTTP/1.1 400 Bad\r\nContent-Length: 18\r\n\r\n{\"message\":\"full\"}"),
                  .early = 1, .deaf = 1, .end = SERVER_STALL },
      .codes = { GANTRY_E_INVALID, GANTRY_E_ENGINE, 1 }, .outcome = R, .retry = NO, .says = "full",
      .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },
    { .name = "load: stops reading", .call = "image-load", .match = "/load",
      .answer = { .deaf = 1 }, .codes = TIMEOUT, .outcome = U, .retry = ASK, .limit_ms = 100,
      .bound_ms = 100, .on = ON_BOTH, .flags = ROW_HUGE_UPLOAD },

    /* ---- history ---- */
    FLOOD("history: endless", "image-history", "/history", "1\r\n[\r\n",
          "49\r\n{\"a\":\"" LINE64 "\"},\r\n", ON_BOTH),
    MANY("history: many", "image-history", "/history", "300004", "[", "{},", 100000, "{}]",
         ON_BOTH),
    MANY("history: many names", "image-history", "/history", "400015", "[{\"Tags\":[", "\"a\",",
         100000, "\"\"]}]", ON_BOTH),
    TOO_DEEP("image-history", "/history"),
    WRONG("history: an object", "image-history", "/history", "{}"),
    WRONG("history: of numbers", "image-history", "/history", "[1]"),
    WRONG("history: layers from a list", "image-history", "/json", "[]"),
    { .name = "history: layers are null", .call = "image-history", .match = "/json",
      BODY("{\"Id\":\"" HEX64 "\",\"RootFS\":{\"Layers\":null}}"), .codes = FINE, .on = ON_BOTH },
    { .name = "history: tags are a map", .call = "image-history", .match = "/history",
      BODY("[{\"Id\":\"" HEX64 "\",\"Tags\":{}}]"), .codes = { 0, GANTRY_E_PROTOCOL, 1 },
      .on = ON_BOTH, .flags = ROW_ANY_FATE },

    /* ---- disk use ---- */
    FLOOD("disk use: endless", "image-disk-usage", "/df", "b\r\n{\"Images\":[\r\n",
          "49\r\n{\"a\":\"" LINE64 "\"},\r\n", ON_BOTH),
    MANY("disk use: many", "image-disk-usage", "/df", "810037", "{\"Images\":[",
         "{\"Id\":\"ab\",\"ImageID\":\"ab\"},", 30000,
         "{\"Id\":\"b\",\"ImageID\":\"b\"}]}", ON_BOTH),
    TOO_DEEP("image-disk-usage", "/df"),
    WRONG("disk use: a list", "image-disk-usage", "/df", "[]"),
    WRONG("disk use: null", "image-disk-usage", "/df", "null"),
    WRONG("disk use: images are a number", "image-disk-usage", "/df", "{\"Images\":5}"),
    WRONG("disk use: images are numbers", "image-disk-usage", "/df", "{\"Images\":[5]}"),
    WRONG("disk use: images without ids", "image-disk-usage", "/df", "{\"Images\":[{}]}"),
    { .name = "disk use: images are null", .call = "image-disk-usage", .match = "/df",
      BODY("{\"LayersSize\":0,\"Images\":null}"), .codes = FINE, .on = ON_BOTH },

    /* ---- prune ---- */
    FLOOD("prune: endless", "image-prune", "/prune", "12\r\n{\"ImagesDeleted\":[\r\n",
          "49\r\n{\"a\":\"" LINE64 "\"},\r\n", ON_DOCKER),
    FLOOD("prune: endless", "image-prune", "/prune", "1\r\n[\r\n",
          "4a\r\n{\"Id\":\"" LINE64 "\"},\r\n", ON_PODMAN),
    TOO_DEEP("image-prune", "/prune"),
    WRONG("prune: a number", "image-prune", "/prune", "12"),
    WRONG("prune: null", "image-prune", "/prune", "\"null\""),
    WRONG_ON(ON_DOCKER, "prune: a list", "image-prune", "/prune", "[]"),
    WRONG_ON(ON_DOCKER, "prune: deleted is a number", "image-prune", "/prune",
             "{\"ImagesDeleted\":5}"),
    WRONG_ON(ON_DOCKER, "prune: deleted are numbers", "image-prune", "/prune",
             "{\"ImagesDeleted\":[1]}"),
    WRONG_ON(ON_DOCKER, "prune: id is a number", "image-prune", "/prune",
             "{\"ImagesDeleted\":[{\"Deleted\":5}]}"),
    WRONG_ON(ON_PODMAN, "prune: an object", "image-prune", "/prune", "{}"),
    WRONG_ON(ON_PODMAN, "prune: of numbers", "image-prune", "/prune", "[1]"),
    WRONG_ON(ON_PODMAN, "prune: id is a number", "image-prune", "/prune", "[{\"Id\":5}]"),
    { .name = "prune: nothing", .call = "image-prune", .match = "/prune",
      BODY("{\"ImagesDeleted\":null,\"SpaceReclaimed\":0}"), .codes = FINE, .on = ON_DOCKER },
    { .name = "prune: nothing", .call = "image-prune", .match = "/prune", BODY("[]"),
      .codes = FINE, .on = ON_PODMAN },
    MANY("prune: many", "image-prune", "/prune", "850035", "{\"ImagesDeleted\":[",
         "{\"Deleted\":\"a\"}, ", 50000, "{\"Deleted\":\"b\"}]}", ON_DOCKER),
    MANY("prune: many", "image-prune", "/prune", "600012", "[", "{\"Id\":\"a\"}, ", 50000,
         "{\"Id\":\"b\"}]", ON_PODMAN),

    /* ---- commit ---- */
    WRONG("commit: no id", "commit", "POST /", "{}"),
    WRONG("commit: null", "commit", "POST /", "{\"Id\":null}"),
    WRONG("commit: a number", "commit", "POST /", "{\"Id\":7}"),
    WRONG("commit: empty id", "commit", "POST /", "{\"Id\":\"\"}"),
    WRONG("commit: a list", "commit", "POST /", "[\"" HEX64 "\"]"),
    WRONG("commit: empty", "commit", "POST /", ""),
    TOO_DEEP("commit", "POST /"),

    /* ---- manifest lists ---- */
    WRONG_ON(ON_PODMAN, "list create: no id", "manifest-create", "POST /", "{}"),
    WRONG_ON(ON_PODMAN, "list create: a number", "manifest-create", "POST /", "{\"Id\":1}"),
    WRONG_ON(ON_PODMAN, "list create: a list", "manifest-create", "POST /", "[]"),
    WRONG_ON(ON_PODMAN, "list push: no digest", "manifest-push", "POST /", "{}"),
    WRONG_ON(ON_PODMAN, "list push: a number", "manifest-push", "POST /", "{\"Id\":1}"),
    WRONG("list inspect: a list", "manifest-inspect", "/json", "[]"),
    WRONG("list inspect: null", "manifest-inspect", "/json", "null"),
    WRONG_ON(ON_PODMAN, "list inspect: of numbers", "manifest-inspect", "/json",
             "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[1]}"),
    WRONG_ON(ON_DOCKER, "list inspect: of numbers", "manifest-inspect", "/json",
             "{\"Descriptor\":{\"digest\":\"sha256:" HEX64 "\",\"mediaType\":\"application/"
             "vnd.oci.image.index.v1+json\"},\"Platforms\":[1]}"),
    WRONG_ON(ON_DOCKER, "list inspect: no digest", "manifest-inspect", "/json",
             "{\"Descriptor\":{},\"Platforms\":[]}"),
    FLOOD("list inspect: endless", "manifest-inspect", "/json", "e\r\n{\"manifests\":[\r\n",
          "49\r\n{\"a\":\"" LINE64 "\"},\r\n", ON_BOTH),
    MANY("list inspect: many", "manifest-inspect", "/json", "150072",
         "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[", "{},",
         50000, "{}]}", ON_PODMAN),
    TOO_DEEP("manifest-inspect", "/json"),

    /* ---- registries ---- */
    WRONG("login: not JSON", "registry-login", "/auth", "<html>no</html>"),
    WRONG("login: a list", "registry-login", "/auth", "[]"),
    WRONG("login: a number", "registry-login", "/auth", "12"),
    { .name = "login: wrong types", .call = "registry-login", .match = "/auth",
      BODY("{\"Status\":5,\"IdentityToken\":[]}"), .codes = { 0, GANTRY_E_PROTOCOL, 1 },
      .on = ON_BOTH, .flags = ROW_ANY_FATE },
    { .name = "login: endless", .call = "registry-login", .match = "/auth",
      .answer = { BYTES(CHUNKED "fffffff\r\n{\"IdentityToken\":\""), REPEAT(LINE64, FOREVER) },
      .codes = LIMIT, .on = ON_BOTH, .flags = ROW_ANY_FATE },
    TOO_DEEP("registry-login", "/auth"),
    FLOOD("search: endless finds", "registry-search", "/search", "1\r\n[\r\n",
          "57\r\n{\"name\":\"a\",\"Name\":\"" LINE64 "\"},\r\n", ON_BOTH),
    MANY("search: many", "registry-search", "/search", "690023", "[",
         "{\"name\":\"\",\"Name\":\"a\"},", 30000, "{\"name\":\"\",\"Name\":\"\"}]",
         ON_BOTH),
    WRONG("search: an object", "registry-search", "/search", "{}"),
    WRONG("search: of numbers", "registry-search", "/search", "[1]"),
    WRONG("search: without names", "registry-search", "/search", "[{}]"),
    WRONG("search: name is a number", "registry-search", "/search",
          "[{\"name\":5,\"Name\":5}]"),
    TOO_DEEP("registry-search", "/search"),
    WRONG_ON(ON_DOCKER, "remote image: no digest", "registry-inspect", "/json", "{}"),
    WRONG_ON(ON_DOCKER, "remote image: a list", "registry-inspect", "/json", "[]"),
    WRONG_ON(ON_DOCKER, "remote image: digest is a number", "registry-inspect", "/json",
             "{\"Descriptor\":{\"digest\":5}}"),
    { .name = "remote image: platforms are a map", .call = "registry-inspect", .match = "/json",
      BODY("{\"Descriptor\":{\"digest\":\"sha256:" HEX64 "\",\"size\":5},\"Platforms\":{}}"),
      .codes = { 0, GANTRY_E_PROTOCOL, 1 }, .on = ON_DOCKER, .flags = ROW_ANY_FATE }
};

const size_t hostile_image_row_count = sizeof hostile_image_rows / sizeof hostile_image_rows[0];
