/*
 * What registries, and the engines' clients of them, say when something fails, as rows of a
 * dialect's error table. The words are those of one family of programs, so both engines pass them
 * on. They come after rows with an engine's own narrow words and before those that know only a
 * status.
 */
#ifndef GNT_REGISTRY_ERRORS_H
#define GNT_REGISTRY_ERRORS_H

/* Rows with status 200 are for what is said inside a stream, where less else can be meant. */
/* clang-format off */
#define GNT_REGISTRY_ERROR_ROWS                                                                   \
    { 0, "no space left on device", GANTRY_E_NO_SPACE, 0 },                                       \
    { 0, "manifest unknown", GANTRY_E_NOT_FOUND, 0 },                                             \
    { 0, "name unknown", GANTRY_E_NOT_FOUND, 0 },                                                 \
    { 0, "repository name not known", GANTRY_E_NOT_FOUND, 0 },                                    \
    { 0, "repository does not exist", GANTRY_E_NOT_FOUND, 0 },                                    \
    { 0, "invalid status code from registry 404", GANTRY_E_NOT_FOUND, 0 },                        \
    { 0, "an image does not exist locally", GANTRY_E_NOT_FOUND, 0 },                              \
    { 200, "tag does not exist", GANTRY_E_NOT_FOUND, 0 },                                         \
    { 0, "insufficient_scope", GANTRY_E_FORBIDDEN, 0 },                                           \
    { 0, "access to the resource is denied", GANTRY_E_FORBIDDEN, 0 },                             \
    { 0, "no basic auth credentials", GANTRY_E_UNAUTHORIZED, 0 },                                 \
    { 0, "unauthorized", GANTRY_E_UNAUTHORIZED, 0 },                                              \
    { 0, "authentication required", GANTRY_E_UNAUTHORIZED, 0 },                                   \
    { 0, "incorrect username or password", GANTRY_E_UNAUTHORIZED, 0 },                            \
    { 0, "invalid username/password", GANTRY_E_UNAUTHORIZED, 0 },                                 \
    { 0, "403 Forbidden", GANTRY_E_FORBIDDEN, 0 },                                                \
    { 200, "denied: ", GANTRY_E_FORBIDDEN, 0 },                                                   \
    { 0, "toomanyrequests", GANTRY_E_REGISTRY, 0 },                                               \
    { 0, "invalid status code from registry", GANTRY_E_REGISTRY, 0 },                             \
    { 0, "received unexpected HTTP status", GANTRY_E_REGISTRY, 0 },                               \
    { 0, "Unexpected status code", GANTRY_E_REGISTRY, 0 },                                        \
    { 0, "pinging container registry", GANTRY_E_REGISTRY, 0 },                                    \
    { 0, "server gave HTTP response to HTTPS client", GANTRY_E_REGISTRY, 0 },                     \
    { 0, "net/http: request canceled", GANTRY_E_REGISTRY, 0 },                                    \
    { 0, "TLS handshake timeout", GANTRY_E_REGISTRY, 0 },                                         \
    { 0, "x509: ", GANTRY_E_REGISTRY, 0 },                                                        \
    { 0, "tls: ", GANTRY_E_REGISTRY, 0 },                                                         \
    { 0, "/v2/\": ", GANTRY_E_REGISTRY, 0 },                                                      \
    { 0, "/blobs/uploads/", GANTRY_E_REGISTRY, 0 },                                               \
    { 0, "Get \"http", GANTRY_E_REGISTRY, 0 },                                                    \
    { 0, "Head \"http", GANTRY_E_REGISTRY, 0 },                                                   \
    { 0, "Put \"http", GANTRY_E_REGISTRY, 0 },                                                    \
    { 0, "Patch \"http", GANTRY_E_REGISTRY, 0 },                                                  \
    { 0, "dial tcp", GANTRY_E_REGISTRY, 0 },                                                      \
    { 200, "connection refused", GANTRY_E_REGISTRY, 0 },                                          \
    { 200, "no such host", GANTRY_E_REGISTRY, 0 },                                                \
    { 200, "no route to host", GANTRY_E_REGISTRY, 0 },                                            \
    { 200, "network is unreachable", GANTRY_E_REGISTRY, 0 },                                      \
    { 200, "malformed MIME header", GANTRY_E_REGISTRY, 0 },                                       \
    { 200, "malformed HTTP", GANTRY_E_REGISTRY, 0 },                                              \
    { 200, "connection reset by peer", GANTRY_E_REGISTRY, 0 },                                    \
    { 200, "unexpected EOF", GANTRY_E_REGISTRY, 0 },                                              \
    { 200, "broken pipe", GANTRY_E_REGISTRY, 0 },                                                 \
    { 200, "i/o timeout", GANTRY_E_REGISTRY, 0 },                                                 \
    { 200, "use of closed network connection", GANTRY_E_REGISTRY, 0 }
/* clang-format on */

#endif
