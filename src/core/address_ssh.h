/*
 * "ssh://[user@]host[:port][/path/to/socket]": what of it may reach ssh's command line.
 */
#ifndef GNT_ADDRESS_SSH_H
#define GNT_ADDRESS_SSH_H

#include "url.h"

/*
 * Its user, decoded, into a->user ("" if none); `rest` is what stands behind "ssh://". Comes first,
 * so that no message quotes a password.
 */
int gnt_address_ssh_user(struct gnt_arena *arena, const char *rest, struct gnt_address *a,
                         gantry_error *err);
/*
 * Check and complete an address whose user, host, port and path were taken apart; its normalised
 * text goes to a->text. Both are INVALID for whatever ssh, a shell or a ProxyCommand could read as
 * more than a name.
 */
int gnt_address_ssh(struct gnt_arena *arena, const char *rest, struct gnt_address *a,
                    gantry_error *err);

#endif
