/* See reached.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "reached.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int reached_setup(void **state)
{
    static struct fixture f;
    const char *docker = getenv("GANTRY_TEST_DOCKER");

    f.docker = docker + strlen("unix://");
    if (sshd_files_make(&f.files) != 0)
        return -1;
    snprintf(f.made, sizeof f.made, "%s/run", f.files.dir);
    mkdir(f.made, 0700);
    snprintf(f.texts[0], sizeof f.texts[0], "XDG_RUNTIME_DIR=%s", f.made);
    snprintf(f.texts[1], sizeof f.texts[1], "PATH=%s", getenv("PATH"));
    snprintf(f.texts[2], sizeof f.texts[2], "HOME=%s", f.files.dir);
    for (size_t i = 0; i < 3; i++)
        f.env[i] = f.texts[i];
    *state = &f;
    return 0;
}

int reached_teardown(void **state)
{
    const struct fixture *f = *state;

    sshd_files_remove(&f->files);
    return 0;
}

/* What the library has in its private directory: one folder for each ssh. */
int left_behind(const struct fixture *f)
{
    DIR *d = opendir(f->made);
    const struct dirent *e;
    int count = 0;

    while (d != NULL && (e = readdir(d)) != NULL)
        count += strncmp(e->d_name, "gantry-", 7) == 0;
    if (d != NULL)
        closedir(d);
    return count;
}

int open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int count = 0;

    while (d != NULL && readdir(d) != NULL)
        count++;
    if (d != NULL)
        closedir(d);
    return count;
}

/* Children, also such that have ended and that nobody has waited for. */
int children(void)
{
    char path[64];
    FILE *file;
    int count = 0;
    int pid;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "r");
    while (file != NULL && fscanf(file, "%d", &pid) == 1)
        count++;
    if (file != NULL)
        fclose(file);
    return count;
}

/* ---- opening --------------------------------------------------------------------------------- */

const char *address_of(const struct fixture *f, const struct sshd *server, const char *path)
{
    static char text[256];

    (void)f;
    snprintf(text, sizeof text, "ssh://root@127.0.0.1:%d%s", server->port, path);
    return text;
}

/* Open with the fixture's configuration where `ssh` names none. */
int try_open(const struct fixture *f, const char *address, const gantry_ssh *ssh,
             gantry_engine **out, gantry_error *err)
{
    gantry_ssh options = { .size = sizeof options };
    gantry_engine_options opts = {
        .size = sizeof opts, .address = address, .environment = f->env, .no_credentials = GANTRY_ON
    };

    if (ssh != NULL)
        options = *ssh;
    options.size = sizeof options;
    if (options.config_file == NULL)
        options.config_file = f->files.config;
    opts.ssh = &options;
    return gantry_engine_open(GANTRY_RUNTIME_DOCKER, &opts, out, err);
}

gantry_engine *open_engine(const struct fixture *f, const char *address, const gantry_ssh *ssh)
{
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    if (try_open(f, address, ssh, &engine, &err) < 0)
        fail_msg("%s: %s", gantry_error_name(err.code), err.message);
    return engine;
}

int list_images(gantry_engine *engine, gantry_error *err)
{
    gantry_image_list *images = NULL;
    int rc = gantry_images_list(gantry_engine_images(engine), NULL, &images, err);

    gantry_image_list_free(images);
    return rc;
}

void works(gantry_engine *engine)
{
    gantry_error err = { 0 };

    if (list_images(engine, &err) < 0)
        fail_msg("%s: %s", gantry_error_name(err.code), err.message);
}

/* Does not open, and says so in these words. */
void refused(const struct fixture *f, const char *address, const gantry_ssh *ssh, int code,
             const char *words)
{
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int before = children();
    int rc = try_open(f, address, ssh, &engine, &err);

    if (rc != code || strstr(err.message, words) == NULL)
        fail_msg("%d %s: %s; wanted %s", rc, gantry_error_name(err.code), err.message, words);
    assert_null(engine);
    assert_int_equal(left_behind(f), 0);
    assert_int_equal(children(), before);
}

struct sshd start(const struct fixture *f, const char *more)
{
    struct sshd server;

    if (sshd_start(&server, &f->files, more) != 0)
        fail_msg("sshd does not start");
    return server;
}

/* The master's number: the library names it nowhere, but its control socket is one. */
pid_t master_of(const struct fixture *f)
{
    char command[512];
    FILE *pipe;
    int pid = 0;

    snprintf(command, sizeof command,
             "for d in %s/gantry-*; do ssh -F none -S $d/ctl -O check x 2>&1; done |"
             " sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p'",
             f->made);
    pipe = popen(command, "r");
    if (pipe == NULL || fscanf(pipe, "%d", &pid) != 1)
        pid = 0;
    if (pipe != NULL)
        pclose(pipe);
    return pid;
}

/* Ended, if perhaps not buried: the shell above it does that when it is told to. */
static int has_ended(pid_t pid)
{
    char path[64];
    char mode = 'Z';
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 1;
    if (fscanf(file, "%*d (%*[^)]) %c", &mode) != 1)
        mode = 'Z';
    fclose(file);
    return mode == 'Z';
}

void wait_until_gone(pid_t pid)
{
    const struct timespec nap = { 0, 2000000 };

    for (int i = 0; i < 5000; i++) {
        if (has_ended(pid))
            return;
        nanosleep(&nap, NULL); /* bounded wait for an end that nobody reports */
    }
    fail_msg("process %d lives on", (int)pid);
}
