/*
 * The user's own configuration decides everything but what would make this ssh something else than
 * a silent carrier of one engine's connections. Where an option of the command line and of a file
 * meet, ssh takes the former.
 */
#include "tunnel_command.h"

#include "error.h"
#include "fields.h"
#include "process.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* ---- options --------------------------------------------------------------------------------- */

/* Characters that ssh does not take for its own in a file's name: quotes, tokens, variables. */
static int check_file(const char *path, const char *what, gantry_error *err)
{
    if (path == NULL)
        return 0;
    if (path[0] == '\0' || path[strcspn(path, "\"\\%$\n")] != '\0')
        return gnt_fail(err, GANTRY_E_INVALID,
                        "%s: is empty, or has one of \" \\ %% $, which ssh would read as more: %s",
                        what, path);
    if (access(path, R_OK) != 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "%s: %s", what, path);
    return 0;
}

static int check_options(const gantry_ssh *o, gantry_error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+";
    int rc;

    if (o->method < GANTRY_SSH_ANY || o->method > GANTRY_SSH_STDIO)
        return gnt_fail(err, GANTRY_E_INVALID, "ssh.method: %d is none of GANTRY_SSH_", o->method);
    if (o->remote_program != NULL && (o->remote_program[0] == '\0' || o->remote_program[0] == '-' ||
                                      o->remote_program[strspn(o->remote_program, plain)] != '\0'))
        return gnt_fail(
            err, GANTRY_E_INVALID,
            "ssh.remote_program: a name or path has letters, digits and / . _ - + only");
    if (o->remote_program != NULL && o->method == GANTRY_SSH_FORWARD)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "ssh.remote_program: nothing is run with GANTRY_SSH_FORWARD");
    if (o->askpass != NULL && o->askpass[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID, "ssh.askpass: is no absolute path");
    if (o->askpass != NULL && access(o->askpass, X_OK) != 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "ssh.askpass: %s", o->askpass);
    rc = check_file(o->config_file, "ssh.config_file", err);
    if (rc == 0)
        rc = check_file(o->identity_file, "ssh.identity_file", err);
    return rc == 0 ? check_file(o->known_hosts_file, "ssh.known_hosts_file", err) : rc;
}

/* NULL stays NULL. */
static const char *keep(struct gnt_arena *arena, const char *text, int *failed)
{
    const char *copy = text != NULL ? gnt_arena_strdup(arena, text) : NULL;

    *failed |= text != NULL && copy == NULL;
    return copy;
}

static int copy_plan(struct gnt_arena *arena, const struct gnt_tunnel_setup *setup,
                     const gantry_ssh *o, struct gnt_tunnel_plan *out)
{
    const struct gnt_address *a = setup->address;
    int failed = 0;

    out->config_file = keep(arena, o->config_file, &failed);
    out->identity_file =
        keep(arena, o->identity_file != NULL ? o->identity_file : setup->identity, &failed);
    out->known_hosts_file = keep(arena, o->known_hosts_file, &failed);
    out->askpass = keep(arena, o->askpass, &failed);
    out->remote_program = keep(arena, o->remote_program, &failed);
    out->engine = keep(arena, setup->engine, &failed);
    out->user = keep(arena, a->user, &failed);
    out->host = keep(arena, a->host, &failed);
    out->path = keep(arena, a->path, &failed);
    out->name = gnt_arena_printf(arena, "%s%s%s", a->user, a->user[0] != '\0' ? "@" : "", a->host);
    out->port = a->port;
    out->method = o->method;
    return failed || out->name == NULL;
}

int gnt_tunnel_plan(struct gnt_arena *arena, const struct gantry_host *host,
                    const struct gnt_environment *env, const struct gnt_tunnel_setup *setup,
                    struct gnt_tunnel_plan *out, gantry_error *err)
{
    char path[PATH_MAX];
    gantry_ssh o = { 0 };
    const char *program;
    int rc = gnt_import(&o, sizeof o, setup->options, "gantry_ssh", err);

    if (rc == 0)
        rc = check_options(&o, err);
    if (rc == 0 && o.identity_file == NULL)
        rc = check_file(setup->identity, "the connection's identity", err);
    if (rc < 0)
        return rc;
    program = o.program != NULL ? o.program : "ssh";
    if (!gnt_find_program(program, env->path, path, sizeof path))
        return gnt_fail(err, GANTRY_E_SSH, "there is no program %s", program);
    out->program = gnt_arena_strdup(arena, path);
    if (copy_plan(arena, setup, &o, out) || out->program == NULL)
        return gnt_nomem(err);
    /* A key that comes anew with each machine is not worth asking for, but only on this one. */
    out->machine = setup->machine && gnt_address_is_loopback(setup->address);
    /* Our own limit, in milliseconds, comes before ssh's. */
    out->connect_s = host->connect_timeout_ms > 0 && host->connect_timeout_ms < 3600 * 1000
                         ? (int)(host->connect_timeout_ms / 1000) + 2
                         : 3600;
    return 0;
}

const char *const *gnt_tunnel_environment(struct gnt_arena *arena,
                                          const struct gnt_tunnel_plan *plan,
                                          const char *const *all)
{
    static const char name[] = "SSH_ASKPASS";
    size_t count = 0;
    size_t used = 0;
    const char **copy;

    while (all[count] != NULL)
        count++;
    copy = gnt_arena_alloc(arena, (count + 3) * sizeof *copy);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t size = strcspn(all[i], "=");

        if (size >= strlen(name) && strncmp(all[i], name, strlen(name)) == 0)
            continue;
        copy[used] = gnt_arena_strdup(arena, all[i]);
        if (copy[used++] == NULL)
            return NULL;
    }
    /* For jump hosts too, which are reached by other ssh processes than ours. */
    copy[used++] =
        plan->askpass != NULL ? "SSH_ASKPASS_REQUIRE=force" : "SSH_ASKPASS_REQUIRE=never";
    if (plan->askpass != NULL) {
        copy[used] = gnt_arena_printf(arena, "SSH_ASKPASS=%s", plan->askpass);
        if (copy[used++] == NULL)
            return NULL;
    }
    return copy;
}

/* ---- command lines --------------------------------------------------------------------------- */

static void add(struct gnt_tunnel_command *c, const char *word)
{
    if (word == NULL || c->count + 1 >= GNT_TUNNEL_ARGUMENTS) {
        c->failed = 1;
        return;
    }
    c->argv[c->count++] = word;
    c->argv[c->count] = NULL;
}

static void add_pair(struct gnt_tunnel_command *c, const char *option, const char *value)
{
    add(c, option);
    add(c, value);
}

static void add_options(struct gnt_tunnel_command *c, const char *const *options)
{
    for (; *options != NULL; options++)
        add_pair(c, "-o", *options);
}

static void begin(struct gnt_tunnel_command *c, struct gnt_arena *arena,
                  const struct gnt_tunnel_plan *plan)
{
    c->arena = arena;
    c->count = 0;
    c->failed = 0;
    add(c, plan->program);
}

static const char *control(struct gnt_tunnel_command *c, const char *directory)
{
    return gnt_arena_printf(c->arena, "ControlPath=%s/ctl", directory);
}

/* What would make it ask, listen, run something or speak where nobody listens. */
static const char *const quiet[] = { "ClearAllForwardings=yes",
                                     "ForwardAgent=no",
                                     "ForwardX11=no",
                                     "Tunnel=no",
                                     "GatewayPorts=no",
                                     "PermitLocalCommand=no",
                                     "RemoteCommand=none",
                                     "RequestTTY=no",
                                     "EscapeChar=none",
                                     "VisualHostKey=no",
                                     "LogLevel=INFO",
                                     "ControlMaster=yes",
                                     "ControlPersist=no",
                                     "ConnectionAttempts=1",
                                     "TCPKeepAlive=yes",
                                     "ServerAliveInterval=15",
                                     "ServerAliveCountMax=3",
                                     "ExitOnForwardFailure=yes",
                                     "StreamLocalBindUnlink=yes",
                                     "StreamLocalBindMask=0177",
                                     NULL };

static const char *const machine[] = { "StrictHostKeyChecking=no",
                                       "UserKnownHostsFile=/dev/null",
                                       "GlobalKnownHostsFile=/dev/null",
                                       "CheckHostIP=no",
                                       "UpdateHostKeys=no",
                                       "ProxyCommand=none",
                                       "ProxyJump=none",
                                       NULL };

static void add_identity(struct gnt_tunnel_command *c, const struct gnt_tunnel_plan *plan)
{
    if (plan->identity_file == NULL)
        return;
    add_pair(c, "-i", plan->identity_file);
    add_pair(c, "-o", "IdentitiesOnly=yes");
}

static void add_hosts(struct gnt_tunnel_command *c, const struct gnt_tunnel_plan *plan)
{
    if (plan->known_hosts_file != NULL)
        add_pair(c, "-o",
                 gnt_arena_printf(c->arena, "UserKnownHostsFile=\"%s\"", plan->known_hosts_file));
    else if (plan->machine)
        add_options(c, machine);
    /* Then the address says where it is, and no configuration leads elsewhere. */
    if (plan->known_hosts_file == NULL && plan->machine)
        add_pair(c, "-o", gnt_arena_printf(c->arena, "HostName=%s", plan->host));
}

void gnt_tunnel_master(struct gnt_tunnel_command *command, struct gnt_arena *arena,
                       const struct gnt_tunnel_plan *plan, const char *directory)
{
    begin(command, arena, plan);
    if (plan->config_file != NULL)
        add_pair(command, "-F", plan->config_file);
    add(command, "-N");
    add(command, "-T");
    add_pair(command, "-o", control(command, directory));
    add_pair(command, "-o", plan->askpass != NULL ? "BatchMode=no" : "BatchMode=yes");
    if (plan->askpass != NULL)
        add_pair(command, "-o", "NumberOfPasswordPrompts=1");
    add_pair(command, "-o", gnt_arena_printf(arena, "ConnectTimeout=%d", plan->connect_s));
    add_options(command, quiet);
    add_identity(command, plan);
    add_hosts(command, plan);
    if (plan->user[0] != '\0')
        add_pair(command, "-l", plan->user);
    if (plan->port != 0)
        add_pair(command, "-p", gnt_arena_printf(arena, "%d", plan->port));
    add(command, "--");
    add(command, plan->host);
}

/* One that asks the master for something. It reads no configuration, and where the master is gone
 * or refuses it cannot log in by itself. */
static void begin_client(struct gnt_tunnel_command *c, struct gnt_arena *arena,
                         const struct gnt_tunnel_plan *plan, const char *directory)
{
    static const char *const alone[] = { "ProxyCommand=false", "BatchMode=yes", "LogLevel=INFO",
                                         "EscapeChar=none", NULL };

    begin(c, arena, plan);
    add_pair(c, "-F", "none");
    add(c, "-T");
    add_pair(c, "-o", control(c, directory));
    add_options(c, alone);
}

/* The master knows where it leads; ssh wants a name all the same. */
static void end_client(struct gnt_tunnel_command *c)
{
    add(c, "--");
    add(c, "engine");
}

void gnt_tunnel_forward(struct gnt_tunnel_command *command, struct gnt_arena *arena,
                        const struct gnt_tunnel_plan *plan, const char *directory,
                        const char *local, const char *remote)
{
    begin_client(command, arena, plan, directory);
    add_pair(command, "-O", "forward");
    add_pair(command, "-L", gnt_arena_printf(arena, "%s:%s", local, remote));
    end_client(command);
}

void gnt_tunnel_session(struct gnt_tunnel_command *command, struct gnt_arena *arena,
                        const struct gnt_tunnel_plan *plan, const char *directory,
                        const char *remote_command)
{
    begin_client(command, arena, plan, directory);
    end_client(command);
    add(command, remote_command);
}
