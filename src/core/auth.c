/* Credentials on their way to an engine: those that a call was given. */
#include "auth.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url with padding, as engines read it. */
static void add_base64(struct gnt_buf *out, const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned long three = (unsigned long)bytes[i] << 16 |
                              (left > 1 ? (unsigned long)bytes[i + 1] << 8 : 0) |
                              (left > 2 ? bytes[i + 2] : 0);
        char four[4] = { alphabet[three >> 18], alphabet[three >> 12 & 63],
                         left > 1 ? alphabet[three >> 6 & 63] : '=',
                         left > 2 ? alphabet[three & 63] : '=' };

        (void)gnt_buf_add(out, four, sizeof four);
    }
}

static void put(struct gnt_req *r, struct gnt_json *object, const char *key, const char *value)
{
    if (value != NULL && r->rc == 0 &&
        gnt_json_set(&r->arena, object, key, gnt_json_string(&r->arena, value)) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

void gnt_req_registry_auth(struct gnt_req *r, const char *reference, const gantry_auth *given,
                           int always)
{
    struct gnt_json *object = gnt_req_object(r);
    struct gnt_buf json, header;
    size_t i = 0;

    (void)reference;
    if (object == NULL || (given == NULL && !always))
        return;
    if (given != NULL) {
        put(r, object, "username", given->username);
        put(r, object, "password", given->password);
        put(r, object, "identitytoken", given->identity_token);
        put(r, object, "registrytoken", given->registry_token);
        put(r, object, "serveraddress", given->registry);
    }
    gnt_buf_init(&json, &r->rest->host->mem, 64 * 1024);
    gnt_buf_init(&header, &r->rest->host->mem, 128 * 1024);
    (void)gnt_json_write(object, &json);
    (void)gnt_buf_adds(&header, "X-Registry-Auth: ");
    add_base64(&header, gnt_buf_text(&json), json.size);
    while (r->headers[i] != NULL)
        i++;
    r->headers[i] = gnt_arena_strdup(&r->arena, gnt_buf_text(&header));
    if (r->headers[i] == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_buf_free(&json);
    gnt_buf_free(&header);
}
