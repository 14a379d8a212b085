/*
 * Where engines put their sockets when nobody says anything: those of this user, with what runs a
 * virtual machine for them, and those of the system.
 */
#include "detect_impl.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Podman machines ------------------------------------------------------------------------- */

/* A folder for everybody's files may hold sockets of somebody else. */
static int is_own(const char *directory)
{
    struct stat st;

    return stat(directory, &st) == 0 && (st.st_uid == getuid() || st.st_uid == 0) &&
           (st.st_mode & S_IWOTH) == 0;
}

/* It is there, and somebody else could put anything into it. */
static int is_foreign(const char *directory)
{
    struct stat st;

    return stat(directory, &st) == 0 && !is_own(directory);
}

/* "default" first, then by name. */
static void add_each(struct gnt_finder *f, const char *source, const char *directory,
                     const char *const *names, const char *first, const char *rest)
{
    for (int others = 0; others < 2; others++) {
        for (const char *const *n = names; *n != NULL; n++) {
            /* Colima and Lima keep their own files under such names. */
            if ((*n)[0] != '_' && (strcmp(*n, first) == 0) != others)
                gnt_find_add_socket(f, gnt_find_text(f, "%s %s", source, *n), directory,
                                    gnt_find_text(f, "/%s%s", *n, rest));
        }
    }
}

/* Since 5.0 one socket per machine beside the other files of running, before a folder for each. */
static void add_machines(struct gnt_finder *f, const char *runtime_dir)
{
    const char *parents[2] = { f->env->tmpdir, runtime_dir };
    const char *old;

    for (size_t i = 0; i < 2; i++) {
        const char *directory;

        if (parents[i] == NULL || parents[i][0] != '/')
            continue;
        directory = gnt_find_text(f, "%s/podman", parents[i]);
        if (is_own(directory))
            add_each(f, "Podman machine", directory, gnt_find_names(f, directory, "-api.sock"),
                     "podman-machine-default-api.sock", "");
    }
    if (f->env->home == NULL || f->env->home[0] != '/')
        return;
    old = gnt_find_text(f, "%s/.local/share/containers/podman/machine", f->env->home);
    if (gnt_find_exists(gnt_find_text(f, "%s/podman.sock", old)))
        gnt_find_add_socket(f, "Podman machine", old, "/podman.sock");
    for (const char *const *n = gnt_find_names(f, old, ""); *n != NULL; n++) {
        const char *path = gnt_find_text(f, "/%s/podman.sock", *n);

        if (gnt_find_exists(gnt_find_text(f, "%s%s", old, path)))
            gnt_find_add_socket(f, gnt_find_text(f, "Podman machine %s", *n), old, path);
    }
}

/* ---- machines that run Docker ---------------------------------------------------------------- */

/* Profiles and instances come and go: only those whose socket is there are places. */
static const char *const *with_file(struct gnt_finder *f, const char *directory, const char *rest)
{
    const char *const *names = gnt_find_names(f, directory, "");
    const char **out = gnt_arena_alloc(&f->scratch, (GNT_FIND_NAMES_MAX + 1) * sizeof *out);
    size_t count = 0;

    if (out == NULL) {
        f->failed = 1;
        return names;
    }
    for (; *names != NULL; names++) {
        if (gnt_find_exists(gnt_find_text(f, "%s/%s%s", directory, *names, rest)))
            out[count++] = *names;
    }
    return out;
}

static void add_colima_in(struct gnt_finder *f, const char *directory)
{
    if (directory != NULL && directory[0] == '/')
        add_each(f, "Colima", directory, with_file(f, directory, "/docker.sock"), "default",
                 "/docker.sock");
}

static void add_colima(struct gnt_finder *f, const char *home)
{
    const char *own = gnt_environment_get(f->env, "COLIMA_HOME");
    const char *config = f->env->config_home;

    add_colima_in(f, own);
    if (home != NULL)
        add_colima_in(f, gnt_find_text(f, "%s/.colima", home));
    if (config != NULL)
        add_colima_in(f, gnt_find_text(f, "%s/colima", config));
    else if (home != NULL)
        add_colima_in(f, gnt_find_text(f, "%s/.config/colima", home));
    if (home != NULL && gnt_find_exists(gnt_find_text(f, "%s/.colima/docker.sock", home)))
        gnt_find_add_socket(f, "Colima", home, "/.colima/docker.sock");
}

static void add_lima(struct gnt_finder *f, const char *home)
{
    static const char *const sockets[] = { "/sock/docker.sock", "/sock/podman.sock" };
    const char *directory = gnt_environment_get(f->env, "LIMA_HOME");

    if (directory == NULL && home != NULL)
        directory = gnt_find_text(f, "%s/.lima", home);
    for (size_t i = 0; directory != NULL && directory[0] == '/' && i < 2; i++)
        add_each(f, "Lima", directory, with_file(f, directory, sockets[i]), "default", sockets[i]);
}

/* ---- the lists ------------------------------------------------------------------------------- */

void gnt_find_user_sockets(struct gnt_finder *f)
{
    const char *runtime_dir = f->env->runtime_dir;
    const char *home = f->env->home != NULL && f->env->home[0] == '/' ? f->env->home : NULL;

    if (runtime_dir == NULL)
        runtime_dir = gnt_find_text(f, "/run/user/%lu", (unsigned long)getuid());
    if (!is_foreign(gnt_find_text(f, "%s/podman", runtime_dir)))
        gnt_find_add_socket(f, "rootless Podman socket", runtime_dir, "/podman/podman.sock");
    gnt_find_add_socket(f, "rootless Docker socket", runtime_dir, "/docker.sock");
    add_machines(f, runtime_dir);
    gnt_find_add_socket(f, "Docker Desktop socket", home, "/.docker/run/docker.sock");
    gnt_find_add_socket(f, "Docker Desktop socket", home, "/.docker/desktop/docker.sock");
    gnt_find_add_socket(f, "OrbStack socket", home, "/.orbstack/run/docker.sock");
    add_colima(f, home);
    gnt_find_add_socket(f, "Rancher Desktop socket", home, "/.rd/docker.sock");
    add_lima(f, home);
}

void gnt_find_system_sockets(struct gnt_finder *f)
{
    gnt_find_add_socket(f, "system Podman socket", "/run/podman", "/podman.sock");
    gnt_find_add_socket(f, "system Docker socket", "/var/run", "/docker.sock");
}
