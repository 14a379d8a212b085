/*
 * ssh without ssh: addresses, command lines, what is run on the other side, what ssh's words mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gantry/backend.h>

#include "tunnel_command.h"
#include "tunnel_remote.h"
#include "tunnel_words.h"

struct fixture {
    struct gantry_host host;
    struct gnt_arena arena;
    struct gnt_environment env;
};

static const char *const variables[] = { "PATH=/usr/bin:/bin", "SSH_ASKPASS=/bin/evil",
                                         "SSH_ASKPASS_REQUIRE=force", "HOME=/", NULL };

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    gnt_mem_init(&f.host.mem, NULL, NULL);
    gnt_arena_init(&f.arena, &f.host.mem);
    f.host.connect_timeout_ms = 10000;
    gnt_environment_read(&f.env, variables);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gnt_arena_free(&f->arena);
    return 0;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void test_addresses(void **state)
{
    static const struct {
        const char *given;
        const char *text;
        const char *user;
        const char *host;
        const char *path;
        int port;
    } good[] = {
        { "ssh://host", "ssh://host", "", "host", "", 0 },
        { "SSH://Host/", "ssh://Host", "", "Host", "", 0 }, /* the configuration's names */
        { "ssh://me@host", "ssh://me@host", "me", "host", "", 0 },
        { "ssh://Me@host:22", "ssh://Me@host:22", "Me", "host", "", 22 },
        { "ssh://a%40b.c@host/run/x.sock", "ssh://a%40b.c@host/run/x.sock", "a@b.c", "host",
          "/run/x.sock", 0 },
        { "ssh://me@[::1]:2222/run/x", "ssh://me@[::1]:2222/run/x", "me", "::1", "/run/x", 2222 },
        { "ssh://me@host_1.example.", "ssh://me@host_1.example.", "me", "host_1.example.", "", 0 },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct gnt_address a = { 0 };
        gantry_error err = { 0 };

        if (gnt_address_parse(&f->arena, good[i].given, &a, &err) != 0)
            fail_msg("%s: %s", good[i].given, err.message);
        assert_string_equal(a.text, good[i].text);
        assert_string_equal(a.user, good[i].user);
        assert_string_equal(a.host, good[i].host);
        assert_string_equal(a.path, good[i].path);
        assert_int_equal(a.port, good[i].port);
    }
}

/* Whatever could be an option, a word of a shell, or a token of ssh's. */
static void test_addresses_refused(void **state)
{
    static const struct {
        const char *given;
        const char *reason;
    } bad[] = {
        { "ssh://", "names no host" },
        { "ssh:///run/x", "names no host" },
        { "ssh://me@", "names no host" },
        { "ssh://-oProxyCommand=x", "begin with '-'" },
        { "ssh://-oProxyCommand=x@host", "begin with '-'" },
        { "ssh://%2doProxyCommand@host", "begin with '-'" },
        { "ssh://me@-oProxyCommand", "begin with '-'" },
        { "ssh://me@-oProxyCommand=x", "begin with '-'" },
        { "ssh://me:secret@host", "takes no password" },
        { "ssh://me:@host", "takes no password" },
        { "ssh://a@b@host", "two users" },
        { "ssh://@host", "user is missing" },
        { "ssh://m%e@host", "two hex digits" },
        { "ssh://m%00e@host", "two hex digits" },
        { "ssh://m%0ae@host", "letters, digits" },
        { "ssh://m%20e@host", "letters, digits" },
        { "ssh://$(id)@host", "letters, digits" },
        { "ssh://`id`@host", "letters, digits" },
        { "ssh://a;b@host", "letters, digits" },
        { "ssh://a%25h@host", "letters, digits" },
        { "ssh://$(id)", "not a host name" },
        { "ssh://h;id", "not a host name" },
        { "ssh://h%41", "not a host name" },
        { "ssh://h&", "not a host name" },
        { "ssh://h*", "not a host name" },
        { "ssh://h/run/x:/y", "the path of the socket" },
        { "ssh://h/run/%d", "the path of the socket" },
        { "ssh://h/run/${HOME}", "the path of the socket" },
        { "ssh://h/run/'x", "the path of the socket" },
        { "ssh://h/run/\\x", "the path of the socket" },
        { "ssh://h?x", "takes no query" },
        { "ssh://h#x", "takes no query" },
        { "ssh://h:0", "1 to 65535" },
        { "ssh://h:22x", "not a number" },
        { "ssh://::1", "written in []" },
    };
    struct fixture *f = *state;
    char path[160] = "ssh://h/";

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gnt_address a = { 0 };
        gantry_error err = { 0 };

        if (gnt_address_parse(&f->arena, bad[i].given, &a, &err) != GANTRY_E_INVALID)
            fail_msg("accepted: %s", bad[i].given);
        if (strstr(err.message, bad[i].reason) == NULL)
            fail_msg("%s: %s", bad[i].given, err.message);
        assert_null(strstr(err.message, "secret"));
    }
    memset(path + 8, 'x', 108);
    assert_int_equal(gnt_address_parse(&f->arena, path, &(struct gnt_address){ 0 }, NULL),
                     GANTRY_E_INVALID);
}

/* ---- command lines --------------------------------------------------------------------------- */

static struct gnt_tunnel_plan plan_for(struct fixture *f, const char *text, const gantry_ssh *ssh,
                                       int machine)
{
    struct gnt_address a = { 0 };
    struct gnt_tunnel_setup setup = { .address = &a, .options = ssh, .machine = machine };
    struct gnt_tunnel_plan plan = { 0 };
    gantry_error err = { 0 };

    assert_int_equal(gnt_address_parse(&f->arena, text, &a, &err), 0);
    if (gnt_tunnel_plan(&f->arena, &f->host, &f->env, &setup, &plan, &err) < 0)
        fail_msg("%s", err.message);
    return plan;
}

static const char *line_of(struct fixture *f, const struct gnt_tunnel_command *c)
{
    const char *line = "";

    assert_false(c->failed);
    assert_null(c->argv[c->count]);
    for (size_t i = 0; i < c->count; i++)
        line = gnt_arena_printf(&f->arena, "%s%s|", line, c->argv[i]);
    return line;
}

static int has(const char *line, const char *part)
{
    return strstr(line, part) != NULL;
}

static void test_master(void **state)
{
    struct fixture *f = *state;
    const gantry_ssh ssh = { .size = sizeof ssh,
                             .program = "/bin/sh",
                             .config_file = "/etc/passwd",
                             .identity_file = "/etc/hosts",
                             .known_hosts_file = "/etc/group" };
    struct gnt_tunnel_plan plan = plan_for(f, "ssh://me@host:2200/run/x", &ssh, 0);
    struct gnt_tunnel_command c;
    const char *line;

    gnt_tunnel_master(&c, &f->arena, &plan, "/tmp/d");
    line = line_of(f, &c);
    assert_true(
        has(line, "/bin/sh|-F|/etc/passwd|-N|-T|-o|ControlPath=/tmp/d/ctl|-o|BatchMode=yes|"));
    assert_true(has(line, "|-o|ClearAllForwardings=yes|"));
    assert_true(has(line, "|-o|ForwardAgent=no|"));
    assert_true(has(line, "|-i|/etc/hosts|-o|IdentitiesOnly=yes|"));
    assert_true(has(line, "|-o|UserKnownHostsFile=\"/etc/group\"|-l|me|-p|2200|--|host|"));
    assert_false(has(line, "StrictHostKeyChecking"));
    /* Nothing of the address stands before what separates it from options. */
    assert_string_equal(c.argv[c.count - 1], "host");
    assert_string_equal(c.argv[c.count - 2], "--");
}

static void test_machine(void **state)
{
    struct fixture *f = *state;
    const gantry_ssh ssh = { .size = sizeof ssh, .program = "/bin/sh" };
    struct gnt_tunnel_plan plan = plan_for(f, "ssh://core@127.0.0.1:1", &ssh, 1);
    struct gnt_tunnel_command c;

    gnt_tunnel_master(&c, &f->arena, &plan, "/tmp/d");
    assert_true(has(line_of(f, &c), "|-o|StrictHostKeyChecking=no|"));
    /* Whatever a file says: only on this host. */
    plan = plan_for(f, "ssh://core@example.org:1", &ssh, 1);
    gnt_tunnel_master(&c, &f->arena, &plan, "/tmp/d");
    assert_false(has(line_of(f, &c), "StrictHostKeyChecking"));
}

/* ssh knows no connecting without a limit; the longest it is given is an hour. */
static void test_time_to_connect(void **state)
{
    static const struct {
        int64_t ms;
        const char *option;
    } rows[] = { { 10000, "|-o|ConnectTimeout=12|" },
                 { 0, "|-o|ConnectTimeout=3600|" },
                 { INT64_MAX, "|-o|ConnectTimeout=3600|" } };
    struct fixture *f = *state;
    const gantry_ssh ssh = { .size = sizeof ssh, .program = "/bin/sh" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_tunnel_plan plan;
        struct gnt_tunnel_command c;

        f->host.connect_timeout_ms = rows[i].ms;
        plan = plan_for(f, "ssh://host", &ssh, 0);
        gnt_tunnel_master(&c, &f->arena, &plan, "/tmp/d");
        assert_true(has(line_of(f, &c), rows[i].option));
    }
}

static void test_clients(void **state)
{
    struct fixture *f = *state;
    const gantry_ssh ssh = { .size = sizeof ssh, .program = "/bin/sh" };
    struct gnt_tunnel_plan plan = plan_for(f, "ssh://me@host/run/x", &ssh, 0);
    struct gnt_tunnel_command c;

    gnt_tunnel_forward(&c, &f->arena, &plan, "/tmp/d", "/tmp/d/s", "/run/x");
    assert_true(
        has(line_of(f, &c), "|-F|none|-T|-o|ControlPath=/tmp/d/ctl|-o|ProxyCommand=false|"));
    assert_true(has(line_of(f, &c), "|-O|forward|-L|/tmp/d/s:/run/x|--|engine|"));
    gnt_tunnel_session(&c, &f->arena, &plan, "/tmp/d", "true");
    assert_true(has(line_of(f, &c), "|--|engine|true|"));
    assert_false(has(line_of(f, &c), "host|"));
}

static void test_environment(void **state)
{
    struct fixture *f = *state;
    const gantry_ssh quiet = { .size = sizeof quiet, .program = "/bin/sh" };
    const gantry_ssh asks = { .size = sizeof asks, .program = "/bin/sh", .askpass = "/bin/true" };
    struct gnt_tunnel_plan plan = plan_for(f, "ssh://host", &quiet, 0);
    const char *const *all = gnt_tunnel_environment(&f->arena, &plan, variables);
    struct gnt_tunnel_command c;

    assert_string_equal(all[0], "PATH=/usr/bin:/bin");
    assert_string_equal(all[1], "HOME=/");
    assert_string_equal(all[2], "SSH_ASKPASS_REQUIRE=never");
    assert_null(all[3]);
    plan = plan_for(f, "ssh://host", &asks, 0);
    all = gnt_tunnel_environment(&f->arena, &plan, variables);
    assert_string_equal(all[2], "SSH_ASKPASS_REQUIRE=force");
    assert_string_equal(all[3], "SSH_ASKPASS=/bin/true");
    assert_null(all[4]);
    gnt_tunnel_master(&c, &f->arena, &plan, "/tmp/d");
    assert_true(has(line_of(f, &c), "|-o|BatchMode=no|"));
}

static void test_options_refused(void **state)
{
    static const struct {
        gantry_ssh ssh;
        int code;
        const char *words;
    } bad[] = {
        { { .size = sizeof(gantry_ssh), .method = 7 }, GANTRY_E_INVALID, "ssh.method" },
        { { .size = sizeof(gantry_ssh), .program = "/nowhere/ssh" }, GANTRY_E_SSH, "no program" },
        { { .size = sizeof(gantry_ssh), .askpass = "true" }, GANTRY_E_INVALID, "absolute" },
        { { .size = sizeof(gantry_ssh), .askpass = "/nowhere/x" }, GANTRY_E_IO, "ssh.askpass" },
        { { .size = sizeof(gantry_ssh), .identity_file = "/nowhere/x" }, GANTRY_E_IO, "identity" },
        { { .size = sizeof(gantry_ssh), .config_file = "/a%h" }, GANTRY_E_INVALID, "config_file" },
        { { .size = sizeof(gantry_ssh), .known_hosts_file = "/a\"b" },
          GANTRY_E_INVALID,
          "known_hosts" },
        { { .size = sizeof(gantry_ssh), .remote_program = "docker; id" },
          GANTRY_E_INVALID,
          "remote_program" },
        { { .size = sizeof(gantry_ssh), .remote_program = "-x" },
          GANTRY_E_INVALID,
          "remote_program" },
        { { .size = sizeof(gantry_ssh), .remote_program = "docker", .method = GANTRY_SSH_FORWARD },
          GANTRY_E_INVALID,
          "nothing is run" },
    };
    struct fixture *f = *state;
    struct gnt_address a = { 0 };

    assert_int_equal(gnt_address_parse(&f->arena, "ssh://host", &a, NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gnt_tunnel_setup setup = { .address = &a, .options = &bad[i].ssh };
        struct gnt_tunnel_plan plan = { 0 };
        gantry_error err = { 0 };
        int rc = gnt_tunnel_plan(&f->arena, &f->host, &f->env, &setup, &plan, &err);

        if (rc != bad[i].code || !has(err.message, bad[i].words))
            fail_msg("%zu: %d %s", i, rc, err.message);
    }
}

/* ---- the other side -------------------------------------------------------------------------- */

/* One word for every shell: no quote ends before its time, no line, nothing that csh expands. */
static void check_word(const char *command)
{
    const char *first = strchr(command, '\'');
    const char *last = strrchr(command, '\'');

    assert_int_equal(strncmp(command, "exec sh -c '", 12), 0);
    assert_ptr_equal(strchr(first + 1, '\''), last);
    assert_null(strpbrk(command, "\n!\\"));
}

/* What a program that is found in the text comes before. */
static int comes_before(const char *text, const char *one, const char *other)
{
    const char *first = strstr(text, one);
    const char *second = strstr(text, other);

    assert_non_null(first);
    assert_non_null(second);
    return first < second;
}

static void test_remote_commands(void **state)
{
    struct fixture *f = *state;
    const char *text;

    check_word(gnt_remote_look(&f->arena, NULL, ""));
    check_word(gnt_remote_look(&f->arena, "docker", "/run/x"));
    check_word(gnt_remote_look(&f->arena, "podman", ""));
    check_word(gnt_remote_dial(&f->arena, NULL, NULL, "/run/x"));
    check_word(gnt_remote_dial(&f->arena, "/opt/d", NULL, "/run/x"));
    text = gnt_remote_look(&f->arena, NULL, "");
    assert_true(comes_before(text, "/var/run/docker.sock", "/run/podman/podman.sock"));
    assert_true(has(text, "for p in docker podman;"));
    assert_false(has(gnt_remote_look(&f->arena, "docker", ""), "CONTAINER_HOST"));
    assert_false(has(gnt_remote_look(&f->arena, "podman", ""), "DOCKER_HOST"));
    assert_true(has(gnt_remote_look(&f->arena, "other", ""), "DOCKER_HOST"));
    text = gnt_remote_dial(&f->arena, NULL, NULL, "");
    assert_true(comes_before(text, "exec docker ", "exec podman "));
    assert_true(has(text, "' sh \"\""));
    text = gnt_remote_dial(&f->arena, NULL, NULL, "/run/podman/x");
    assert_true(comes_before(text, "exec podman ", "exec docker "));
    text = gnt_remote_dial(&f->arena, NULL, "podman", "");
    assert_true(comes_before(text, "exec podman ", "exec docker "));
    text = gnt_remote_dial(&f->arena, NULL, "podman", "/run/docker.sock");
    assert_true(comes_before(text, "exec docker ", "exec podman "));
}

/* ---- the other side, with a real shell ------------------------------------------------------- */

static int never(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                 gantry_probe *out, gantry_error *err)
{
    (void)host, (void)endpoint, (void)call, (void)out, (void)err;
    return GANTRY_PROBE_NOT_MINE;
}

static int open_nothing(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                        const gantry_call *call, gantry_error *err)
{
    (void)state, (void)host, (void)endpoint, (void)call;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "there is none");
}

static void close_nothing(void *state)
{
    (void)state;
}

static int no_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    (void)state, (void)opts;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "there is none");
}

static const char *const ssh_schemes[] = { "ssh", NULL };
static const gantry_engine_ops no_ops = { .size = sizeof no_ops, .ping = no_ping };

static gantry_backend boxd_with(const gantry_ssh_facts *facts)
{
    return (gantry_backend){ .size = sizeof(gantry_backend),
                             .name = "boxd",
                             .schemes = ssh_schemes,
                             .probe = never,
                             .open = open_nothing,
                             .close = close_nothing,
                             .engine = &no_ops,
                             .ssh = facts };
}

/* A home with what an engine would have there. */
struct home {
    char dir[64];
    int listener;
};

static void write_program(const struct home *h, const char *name)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", h->dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\nprintf '%%s' %s; printf ' [%%s]' \"$@\"; echo\n", name);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static void make_home(struct home *h)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };

    snprintf(h->dir, sizeof h->dir, "/tmp/gantry-home-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(a.sun_path, sizeof a.sun_path, "%s/box.sock", h->dir);
    h->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(h->listener, (struct sockaddr *)&a, sizeof a), 0);
}

static void remove_home(const struct home *h)
{
    static const char *const names[] = { "box.sock", "boxctl", "box", "docker", "podman" };
    char path[128];

    close(h->listener);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", h->dir, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(h->dir), 0);
}

/* What sshd would do with the command of a user whose shell is sh. */
static const char *run_there(struct fixture *f, const struct home *h, const char *command)
{
    const char *line = gnt_arena_printf(&f->arena,
                                        "exec 2>&1; unset DOCKER_HOST CONTAINER_HOST;"
                                        " XDG_RUNTIME_DIR=%s HOME=%s PATH=%s:/usr/bin:/bin;"
                                        " export XDG_RUNTIME_DIR HOME PATH; %s",
                                        h->dir, h->dir, h->dir, command);
    char *said = gnt_arena_alloc(&f->arena, 4096);
    FILE *pipe = popen(line, "r");
    size_t size;

    assert_non_null(pipe);
    size = fread(said, 1, 4095, pipe);
    said[size] = '\0';
    pclose(pipe);
    return said;
}

static int found(const struct gnt_remote *r, const char *path)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->sockets[i].path, path) == 0)
            return (int)i;
    }
    return -1;
}

/* A third party's engine is found, before the library's own; what its text does to its shell is
 * nothing to the others. */
static void test_third_party_is_found(void **state)
{
    static const gantry_ssh_facts facts = {
        .size = sizeof facts,
        .look = "look \"$r/box.sock\"; have boxctl && uri \"$(boxctl)\"; r=/nowhere; PATH=; exit 3",
        .program = "boxctl",
    };
    struct fixture *f = *state;
    gantry_backend backend = boxd_with(&facts);
    gantry_error err = { 0 };
    struct gnt_remote r;
    struct home h;
    char path[96];

    make_home(&h);
    snprintf(path, sizeof path, "%s/box.sock", h.dir);
    assert_int_equal(gantry_backend_register(&backend, &err), 0);
    write_program(&h, "boxctl");
    write_program(&h, "docker"); /* in front of real ones */
    write_program(&h, "podman");
    check_word(gnt_remote_look(&f->arena, NULL, ""));
    gnt_remote_parse(&f->arena, run_there(f, &h, gnt_remote_look(&f->arena, NULL, "")), &r);
    assert_true(r.whole);
    assert_int_equal(found(&r, path), 0);
    assert_string_equal(r.program, "boxctl");
    /* Asked for by name: that one alone. And not for another's. */
    assert_false(has(gnt_remote_look(&f->arena, "boxd", ""), "docker.sock"));
    assert_false(has(gnt_remote_look(&f->arena, "docker", ""), "box.sock"));
    /* A path needs nobody's text. */
    gnt_remote_parse(&f->arena, run_there(f, &h, gnt_remote_look(&f->arena, NULL, path)), &r);
    assert_true(r.whole);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.sockets[0].state, GNT_REMOTE_OPEN);
    gnt_remote_parse(&f->arena, run_there(f, &h, gnt_remote_look(&f->arena, NULL, "/no/x")), &r);
    assert_int_equal(r.sockets[0].state, GNT_REMOTE_MISSING);
    assert_int_equal(gantry_backend_unregister("boxd", &err), 0);
    assert_false(has(gnt_remote_look(&f->arena, NULL, ""), "box.sock"));
    remove_home(&h);
}

static const char *dials(struct fixture *f, const struct home *h, const char *program,
                         const char *engine, const char *path)
{
    const char *said = run_there(f, h, gnt_remote_dial(&f->arena, program, engine, path));
    const char *mark = strstr(said, "@gantry:");

    assert_non_null(mark);
    return mark;
}

static void test_carriers(void **state)
{
    static const gantry_ssh_facts facts = { .size = sizeof facts,
                                            .program = "box",
                                            .dial = "serve --to=\"$s\"" };
    struct fixture *f = *state;
    gantry_backend backend = boxd_with(&facts);
    gantry_error err = { 0 };
    const char *named;
    struct home h;

    make_home(&h);
    write_program(&h, "podman");
    write_program(&h, "docker");
    assert_string_equal(dials(f, &h, NULL, NULL, ""),
                        "@gantry:begins\ndocker [system] [dial-stdio]\n");
    assert_string_equal(dials(f, &h, NULL, NULL, "/run/x"),
                        "@gantry:begins\ndocker [--host] [unix:///run/x] [system] [dial-stdio]\n");
    assert_string_equal(dials(f, &h, NULL, "podman", ""),
                        "@gantry:begins\npodman [system] [dial-stdio]\n");
    assert_string_equal(
        dials(f, &h, NULL, NULL, "/run/podman.sock"),
        "@gantry:begins\npodman [--url] [unix:///run/podman.sock] [system] [dial-stdio]\n");
    assert_int_equal(gantry_backend_register(&backend, &err), 0);
    write_program(&h, "box");
    assert_string_equal(dials(f, &h, NULL, NULL, "/run/x"),
                        "@gantry:begins\nbox [serve] [--to=/run/x]\n");
    assert_string_equal(dials(f, &h, NULL, "docker", "/run/x"),
                        "@gantry:begins\ndocker [--host] [unix:///run/x] [system] [dial-stdio]\n");
    /* Named by the program: called as the one that it is. */
    named = gnt_arena_printf(&f->arena, "%s/podman", h.dir);
    assert_string_equal(dials(f, &h, named, NULL, "/x"),
                        "@gantry:begins\npodman [--url] [unix:///x] [system] [dial-stdio]\n");
    assert_true(has(gnt_remote_dial(&f->arena, "/docker/my-podman-4", NULL, ""), "--url"));
    assert_true(has(gnt_remote_dial(&f->arena, "/podman/other", NULL, ""), "--host"));
    assert_true(has(gnt_remote_dial(&f->arena, "box", "docker", ""), "exec box serve"));
    assert_string_equal(dials(f, &h, "no-such-program", NULL, "/x"), "@gantry:nothing\n");
    assert_int_equal(gantry_backend_unregister("boxd", &err), 0);
    remove_home(&h);
}

static void test_facts_refused(void **state)
{
    static const struct {
        gantry_ssh_facts facts;
        const char *words;
    } bad[] = {
        { { .look = "look /run/x" }, "backend.ssh.size" },
        { { .size = sizeof(gantry_ssh_facts), .look = "" }, "backend.ssh.look" },
        { { .size = sizeof(gantry_ssh_facts), .look = "look '/run/x'" }, "backend.ssh.look" },
        { { .size = sizeof(gantry_ssh_facts), .look = "look /run/x\nid" }, "backend.ssh.look" },
        { { .size = sizeof(gantry_ssh_facts), .look = "look \\/run/x" }, "backend.ssh.look" },
        { { .size = sizeof(gantry_ssh_facts), .look = "! look /run/x" }, "backend.ssh.look" },
        { { .size = sizeof(gantry_ssh_facts), .program = "" }, "backend.ssh.program" },
        { { .size = sizeof(gantry_ssh_facts), .program = "-x" }, "backend.ssh.program" },
        { { .size = sizeof(gantry_ssh_facts), .program = "/bin/x" }, "backend.ssh.program" },
        { { .size = sizeof(gantry_ssh_facts), .program = "x;id" }, "backend.ssh.program" },
        { { .size = sizeof(gantry_ssh_facts), .dial = "x" }, "needs a program" },
        { { .size = sizeof(gantry_ssh_facts), .program = "x", .dial = "'" }, "backend.ssh.dial" },
    };
    static const char *const others[] = { "boxd", NULL };
    static const gantry_ssh_facts good = { .size = sizeof good, .look = "look /run/x" };
    gantry_backend backend;
    gantry_error err = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        backend = boxd_with(&bad[i].facts);
        if (gantry_backend_register(&backend, &err) != GANTRY_E_INVALID ||
            !has(err.message, bad[i].words))
            fail_msg("%zu: %s", i, err.message);
    }
    backend = boxd_with(&good);
    backend.schemes = others;
    assert_int_equal(gantry_backend_register(&backend, &err), GANTRY_E_INVALID);
    assert_true(has(err.message, "needs the scheme ssh"));
}

static void test_remote_answers(void **state)
{
    static const char answer[] =
        "Welcome\r\nlast login\n\n@gantry:start\n@gantry:locked:/var/run/docker.sock\r\n"
        "@gantry:open:/run/user/1/docker.sock\n@gantry:open:/run/user/1/docker.sock\n"
        "@gantry:open:/run/$(id)\n@gantry:open:relative\nnoise @gantry:open:/no\n"
        "@gantry:program:docker\n@gantry:program:podman\n@gantry:end\n";
    struct fixture *f = *state;
    struct gnt_remote r;

    assert_int_equal(gnt_remote_parse(&f->arena, answer, &r), 0);
    assert_true(r.whole);
    assert_int_equal(r.count, 2);
    assert_string_equal(r.sockets[0].path, "/var/run/docker.sock");
    assert_int_equal(r.sockets[0].state, GNT_REMOTE_LOCKED);
    assert_string_equal(r.sockets[1].path, "/run/user/1/docker.sock");
    assert_int_equal(r.sockets[1].state, GNT_REMOTE_OPEN);
    assert_string_equal(r.program, "docker");
    assert_int_equal(gnt_remote_parse(&f->arena, "@gantry:missing:/run/x", &r), 0);
    assert_false(r.whole);
    assert_int_equal(r.sockets[0].state, GNT_REMOTE_MISSING);
    assert_int_equal(gnt_remote_parse(&f->arena, "", &r), 0);
    assert_int_equal(r.count, 0);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void test_words(void **state)
{
    static const struct {
        const char *said;
        const char *plain;
        int meaning;
        int retry;
    } rows[] = {
        { "No ED25519 host key is known for h and you have requested strict checking.\n"
          "Host key verification failed.\n",
          "the host's key is not known", GNT_SSH_REFUSED, GANTRY_RETRY_NO },
        { "@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@\n"
          "Host key verification failed.\n",
          "is not the one that is known", GNT_SSH_REFUSED, GANTRY_RETRY_NO },
        { "me@h: Permission denied (publickey).\n", "accepts none of the keys", GNT_SSH_REFUSED,
          GANTRY_RETRY_NO },
        { "ssh: Could not resolve hostname h: Name or service not known\n", "name is not known",
          GNT_SSH_NETWORK, GANTRY_RETRY_YES },
        { "ssh: connect to host h port 22: Connection refused\n", "no ssh server listens",
          GNT_SSH_NETWORK, GANTRY_RETRY_YES },
        { "ssh: connect to host h port 22: Connection timed out\n", "does not answer",
          GNT_SSH_NETWORK, GANTRY_RETRY_YES },
        { "kex_exchange_identification: Connection closed by remote host\n", "MaxStartups",
          GNT_SSH_BUSY, GANTRY_RETRY_YES },
        { "mux_client_request_session: session request failed: Session open refused by peer\n"
          "Connection closed by UNKNOWN port 65535\n",
          "MaxSessions", GNT_SSH_SESSIONS, GANTRY_RETRY_YES },
        { "/x: line 3: Bad configuration option: foo\n", "its configuration", GNT_SSH_REFUSED,
          GANTRY_RETRY_NO },
        { "channel 0: open failed: administratively prohibited: open failed\n"
          "stdio forwarding failed\nConnection closed by UNKNOWN port 65535\n",
          "a jump host does not lead on", GNT_SSH_REFUSED, GANTRY_RETRY_NO },
        { "channel 0: open failed: connect failed: Connection refused\n"
          "stdio forwarding failed\nConnection closed by UNKNOWN port 65535\n",
          "a jump host does not reach the host", GNT_SSH_NETWORK, GANTRY_RETRY_YES },
        { "something new\n", "ssh ended; it said: something new", GNT_SSH_OTHER, GANTRY_RETRY_YES },
        { "", "ssh ended without a word", GNT_SSH_OTHER, GANTRY_RETRY_YES },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_error err = { 0 };
        const char *plain;

        assert_int_equal(gnt_tunnel_meaning(rows[i].said, &plain), rows[i].meaning);
        assert_int_equal(gnt_tunnel_failed(&err, "me@h", rows[i].said), GANTRY_E_SSH);
        if (!has(err.message, rows[i].plain) || strncmp(err.message, "ssh to me@h: ", 13) != 0)
            fail_msg("%s", err.message);
        assert_int_equal(err.retry, rows[i].retry);
        assert_string_equal(err.output, rows[i].said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_master, setup, teardown),
        cmocka_unit_test_setup_teardown(test_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_to_connect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clients, setup, teardown),
        cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remote_commands, setup, teardown),
        cmocka_unit_test_setup_teardown(test_third_party_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carriers, setup, teardown),
        cmocka_unit_test(test_facts_refused),
        cmocka_unit_test_setup_teardown(test_remote_answers, setup, teardown),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
