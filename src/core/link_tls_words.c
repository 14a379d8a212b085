/*
 * What failures of TLS mean, in words: the classic mistakes each have their own. libcurl's code
 * says little, so its text and its TLS library's are looked into, for OpenSSL and GnuTLS.
 */
#include "link_impl.h"

#include <string.h>

enum {
    /* Of X509_V_ERR_..., which CURLINFO_SSL_VERIFYRESULT gives with OpenSSL. */
    NOT_YET_VALID = 9,
    EXPIRED = 10,
    SELF_SIGNED = 18,
    NO_LEAF_ISSUER = 21,
    REVOKED = 23
};

static int has(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

static const char *text_of(const struct gnt_link *link)
{
    return link->text[0] != '\0' ? link->text : curl_easy_strerror(link->result);
}

/* ---- the engine's certificate ---------------------------------------------------------------- */

static long verdict(const struct gnt_link *link)
{
    long result = 0;

    return curl_easy_getinfo(link->easy, CURLINFO_SSL_VERIFYRESULT, &result) == CURLE_OK ? result
                                                                                         : 0;
}

static int fail_verify(const struct gnt_link *link, gantry_error *err)
{
    const char *address = link->http->address.text;
    const gantry_tls *tls = gnt_link_tls(link);
    const char *text = text_of(link);
    long result = verdict(link);

    if (result == EXPIRED || has(text, "has expired") || has(text, "expiration date has passed"))
        return gnt_fail(err, GANTRY_E_TLS, "the certificate of %s has expired", address);
    if (result == NOT_YET_VALID || has(text, "not yet valid") || has(text, "not activated"))
        return gnt_fail(err, GANTRY_E_TLS,
                        "the certificate of %s is not valid yet, by this machine's clock", address);
    if (result == REVOKED || has(text, "revoked"))
        return gnt_fail(err, GANTRY_E_TLS, "the certificate of %s was revoked", address);
    if (has(text, "subject name") || has(text, "target host name"))
        return gnt_fail(err, GANTRY_E_TLS,
                        "the certificate of %s is not for the name '%s'; server_name can say "
                        "another that is in it",
                        address,
                        tls->server_name != NULL ? tls->server_name : link->http->address.host);
    if ((result >= SELF_SIGNED && result <= NO_LEAF_ISSUER) || has(text, "issuer") ||
        has(text, "self-signed") || has(text, "self signed") || has(text, "CAfile"))
        return gnt_fail(err, GANTRY_E_TLS,
                        "the certificate of %s is of an authority that is not trusted: %s", address,
                        tls->ca_pem != NULL ? "it is not among those of ca_file or ca_pem"
                                            : "ca_file can name it");
    return gnt_fail(err, GANTRY_E_TLS, "the certificate of %s is not trusted: %s", address, text);
}

/* ---- ours ------------------------------------------------------------------------------------ */

/* What engines say in an alert about the certificate of a client. */
static const struct refusal {
    const char *text; /* of OpenSSL; GnuTLS has no words for the one that came */
    const char *reason;
} refusals[] = {
    { "alert certificate required", "it wants one" },
    { "alert bad certificate", "it is not of an authority that it trusts, or not valid for it" },
    { "alert unknown ca", "it is not of an authority that it trusts" },
    { "alert certificate expired", "it has expired" },
    { "alert certificate revoked", "it was revoked" },
    { "alert certificate unknown", "it is not valid for it" },
    { "alert unsupported certificate", "it is not meant for clients" },
    { "alert access denied", "it may not do this" },
    { "alert decrypt error", "its key is not the one that it was made for" },
};

static const struct refusal *find_refusal(const char *text)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (has(text, refusals[i].text))
            return &refusals[i];
    }
    return NULL;
}

static int fail_refused(const struct gnt_link *link, const struct refusal *refusal,
                        gantry_error *err)
{
    const char *address = link->http->address.text;

    if (gnt_link_tls(link)->cert_pem == NULL)
        return gnt_fail(err, GANTRY_E_TLS,
                        "%s wants a certificate of the client, and cert_file and cert_pem are not "
                        "set",
                        address);
    return gnt_fail(err, GANTRY_E_TLS, "%s does not accept the client's certificate: %s", address,
                    refusal->reason);
}

static int fail_own(const struct gnt_link *link, gantry_error *err)
{
    const char *text = text_of(link);

    if (has(text, "does not match"))
        return gnt_fail(err, GANTRY_E_TLS,
                        "tls: the client's private key is not the one of its certificate");
    if (has(text, "private key") || has(text, "pass phrase") || has(text, "passphrase"))
        return gnt_fail(
            err, GANTRY_E_TLS, "tls: the client's private key cannot be used%s: %s",
            gnt_link_tls(link)->key_password != NULL ? ", or key_password is wrong" : "", text);
    return gnt_fail(err, GANTRY_E_TLS, "tls: the client's certificate cannot be used: %s", text);
}

/* ---- between --------------------------------------------------------------------------------- */

static int fail_handshake(const struct gnt_link *link, gantry_error *err)
{
    const char *address = link->http->address.text;
    const char *text = text_of(link);

    if (has(text, "wrong version number") || has(text, "packet length too long") ||
        has(text, "record layer failure") || has(text, "http request") ||
        has(text, "unexpected TLS packet"))
        return gnt_fail(err, GANTRY_E_TLS,
                        "%s does not speak TLS: it answers as plain HTTP would; is the port right, "
                        "and is it meant to be reached without TLS?",
                        address);
    if (has(text, "alert protocol version") || has(text, "unsupported protocol") ||
        has(text, "version too low"))
        return gnt_fail(err, GANTRY_E_TLS, "%s speaks no TLS of version 1.2 or later", address);
    if (has(text, "unrecognized name"))
        return gnt_fail(err, GANTRY_E_TLS, "%s knows no '%s': server_name can say another name",
                        address,
                        gnt_link_tls(link)->server_name != NULL ? gnt_link_tls(link)->server_name
                                                                : link->http->address.host);
    if (has(text, "alert handshake failure") && gnt_link_tls(link)->cert_pem == NULL)
        return gnt_fail(err, GANTRY_E_TLS,
                        "%s ends the handshake; it may want a certificate of the client, and "
                        "cert_file and cert_pem are not set",
                        address);
    return gnt_fail(err, GANTRY_E_TLS, "no TLS with %s: %s", address, text);
}

int gnt_link_tls_failure(const struct gnt_link *link, int sent, gantry_error *err)
{
    const struct refusal *refusal;

    if (gnt_link_tls(link) == NULL)
        return 0;
    refusal = find_refusal(link->text);
    if (refusal != NULL)
        return fail_refused(link, refusal, err);
    if (sent)
        return 0;
    switch (link->result) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return fail_verify(link, err);
    case CURLE_SSL_CERTPROBLEM:
        return fail_own(link, err);
    case CURLE_SSL_CACERT_BADFILE:
        return gnt_fail(err, GANTRY_E_TLS, "tls: the authorities to trust cannot be used: %s",
                        text_of(link));
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return fail_handshake(link, err);
    default:
        return 0;
    }
}

int gnt_link_refused(const struct gnt_link *link, gantry_error *err)
{
    return gnt_link_tls_failure(link, 1, err);
}

int gnt_link_wants_tls(const struct gnt_http *http, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_TLS,
             "%s speaks TLS, and plain HTTP was sent: set tls, or https:// as its scheme",
             http->address.text);
    gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_NO);
    return GANTRY_E_TLS;
}
