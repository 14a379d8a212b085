/* See tunnel_words.h. */
#include "tunnel_words.h"

#include <stddef.h>
#include <string.h>

enum {
    QUOTED = 400 /* of what ssh said */
};

/* In this order: what is said first explains what is said behind it. */
static const struct row {
    const char *said;
    const char *plain;
    int meaning;
} rows[] = {
    { "REMOTE HOST IDENTIFICATION HAS CHANGED",
      "the host's key is not the one that is known: it was made anew, or somebody is in between",
      GNT_SSH_REFUSED },
    { "has changed and you have requested strict checking",
      "the host's key is not the one that is known: it was made anew, or somebody is in between",
      GNT_SSH_REFUSED },
    { "REVOKED HOST KEY", "the host's key was revoked", GNT_SSH_REFUSED },
    { "Host key verification failed",
      "the host's key is not known: log in once with ssh, or add the key to known_hosts",
      GNT_SSH_REFUSED },
    { "Too many authentication failures",
      "the host gave up before the right key came: name it as identity_file", GNT_SSH_REFUSED },
    { "UNPROTECTED PRIVATE KEY FILE", "others can read the private key, so ssh does not use it",
      GNT_SSH_REFUSED },
    { "Permission denied (", "the host accepts none of the keys or passwords that it was offered",
      GNT_SSH_REFUSED },
    { "Bad configuration option", "ssh does not take its configuration", GNT_SSH_REFUSED },
    { "Bad owner or permissions on", "ssh does not take its configuration", GNT_SSH_REFUSED },
    { "Can't open user config file", "ssh does not take its configuration", GNT_SSH_REFUSED },
    { "no matching ", "both sides have no method in common", GNT_SSH_REFUSED },
    { "Could not resolve hostname", "the host's name is not known", GNT_SSH_NETWORK },
    { "Name or service not known", "the host's name is not known", GNT_SSH_NETWORK },
    { "Session open refused by peer",
      "the host allows no more sessions on one connection (MaxSessions)", GNT_SSH_SESSIONS },
    { "open failed: administratively prohibited",
      "a jump host does not lead on to the host (AllowTcpForwarding, PermitOpen)",
      GNT_SSH_REFUSED },
    { "stdio forwarding failed", "a jump host does not reach the host", GNT_SSH_NETWORK },
    { "Connection refused", "no ssh server listens there", GNT_SSH_NETWORK },
    { "timed out", "the host does not answer", GNT_SSH_NETWORK },
    { "No route to host", "there is no way to the host", GNT_SSH_NETWORK },
    { "Network is unreachable", "there is no way to the host", GNT_SSH_NETWORK },
    { "kex_exchange_identification",
      "the host closed the connection before ssh could log in: it may take few at once "
      "(MaxStartups)",
      GNT_SSH_BUSY },
    { "Connection closed by",
      "the host closed the connection before ssh could log in: it may take few at once "
      "(MaxStartups)",
      GNT_SSH_BUSY },
    { "Connection reset by",
      "the host closed the connection before ssh could log in: it may take few at once "
      "(MaxStartups)",
      GNT_SSH_BUSY },
};

int gnt_tunnel_meaning(const char *said, const char **out_plain)
{
    *out_plain = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strstr(said, rows[i].said) != NULL) {
            *out_plain = rows[i].plain;
            return rows[i].meaning;
        }
    }
    return GNT_SSH_OTHER;
}

/* The last lines that fit, without the frames that ssh draws around a warning. */
static const char *tail(const char *said)
{
    size_t size = strlen(said);
    const char *from = size > QUOTED ? said + size - QUOTED : said;
    const char *line = from != said ? strchr(from, '\n') : NULL;

    return line != NULL && line[1] != '\0' ? line + 1 : from;
}

int gnt_tunnel_failed(gantry_error *err, const char *name, const char *said)
{
    const char *plain;
    int meaning = gnt_tunnel_meaning(said, &plain);
    char quote[QUOTED + 8];
    size_t size;

    gnt_text_copy(quote, sizeof quote, tail(said), strlen(tail(said)), 0, 1);
    size = strlen(quote);
    while (size > 0 && quote[size - 1] == ' ')
        quote[--size] = '\0';
    if (plain == NULL)
        plain = said[0] != '\0' ? "ssh ended" : "ssh ended without a word";
    gnt_fail(err, GANTRY_E_SSH, "ssh to %s: %s%s%s", name, plain, size > 0 ? "; it said: " : "",
             quote);
    if (err != NULL) {
        err->retry = meaning == GNT_SSH_REFUSED ? GANTRY_RETRY_NO : GANTRY_RETRY_YES;
        gnt_text_copy(err->output, sizeof err->output, said, strlen(said), 1, 1);
    }
    return GANTRY_E_SSH;
}
