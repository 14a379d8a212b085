/* Archives of host files and directories: what is read, what wins, what changes meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <gantry/backend.h>

#include "archive_helpers.h"
#include "walk.h"

static gantry_archive *of_tree(struct tree *t)
{
    gantry_archive *a = new_archive();

    add_tree(a, "", t->root);
    return a;
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void trees_are_sorted_and_whole(void **state)
{
    struct tree *t = *state;
    gantry_archive *a;
    struct members m;
    struct stat st;

    make_file(t, "b.txt", "b");
    make_dir(t, "b");
    make_file(t, "b/2", "two");
    make_file(t, "b/10", "ten");
    make_dir(t, "b/empty");
    make_file(t, "B", "upper");
    make_file(t, "\xe9", "latin");
    make_link(t, "link", "/etc/passwd");
    make_link(t, "b/up", "..");
    assert_int_equal(chmod(at(t, "b/2"), 02751), 0);
    assert_int_equal(stat(at(t, "b/2"), &st), 0);
    a = of_tree(t);
    m = contents(a);
    assert_names(&m, "B b/ b/10 b/2 b/empty/ b/up b.txt link \xe9");
    assert_data(&m, "b/10", "ten");
    assert_int_equal(find(&m, "b/2")->mode, 02751);
    assert_int_equal(find(&m, "b/2")->mtime, st.st_mtim.tv_sec);
    assert_int_equal(find(&m, "b/2")->uid, 0);
    assert_int_equal(find(&m, "link")->type, AE_IFLNK);
    assert_string_equal(find(&m, "link")->link, "/etc/passwd");
    assert_string_equal(find(&m, "b/up")->link, "..");
    free_members(&m);
    gantry_archive_free(a);
}

static void a_directory_goes_below_its_name(void **state)
{
    struct tree *t = *state;
    gantry_entry_options o = { .size = sizeof o, .uid = 7, .gid = 8, .mtime_ns = 5000000000 };
    gantry_archive *a = new_archive();
    struct members m;

    make_dir(t, "src");
    make_file(t, "src/main.c", "int");
    assert_int_equal(chmod(at(t, "src"), 0700), 0);
    make_link(t, "alias", "src");
    assert_int_equal(gantry_archive_add_directory(a, "/app/code/", at(t, "alias"), &o, NULL), 0);
    m = contents(a);
    assert_names(&m, "app/ app/code/ app/code/main.c");
    assert_int_equal(find(&m, "app/")->mode, 0755);
    assert_int_equal(find(&m, "app/code/")->mode, 0700);
    assert_int_equal(find(&m, "app/code/main.c")->uid, 7);
    assert_int_equal(find(&m, "app/code/main.c")->gid, 8);
    assert_int_equal(find(&m, "app/code/main.c")->mtime, 5);
    free_members(&m);
    gantry_archive_free(a);
}

static void owners_are_kept_when_asked(void **state)
{
    struct tree *t = *state;
    gantry_entry_options o = { .size = sizeof o, .keep_owner = GANTRY_ON };
    gantry_archive *a = new_archive();
    struct members m;
    struct stat st;

    make_file(t, "f", "");
    if (geteuid() == 0)
        assert_int_equal(chown(at(t, "f"), 1234, 4321), 0);
    assert_int_equal(stat(at(t, "f"), &st), 0);
    assert_int_equal(gantry_archive_add_file(a, "kept", at(t, "f"), &o, NULL), 0);
    assert_int_equal(gantry_archive_add_file(a, "root", at(t, "f"), NULL, NULL), 0);
    m = contents(a);
    assert_int_equal(find(&m, "kept")->uid, st.st_uid);
    assert_int_equal(find(&m, "kept")->gid, st.st_gid);
    assert_int_equal(find(&m, "root")->uid, 0);
    free_members(&m);
    gantry_archive_free(a);
}

static void files_and_links_are_added_by_name(void **state)
{
    struct tree *t = *state;
    gantry_entry_options o = { .size = sizeof o, .mode = 0600 };
    gantry_archive *a = new_archive();
    struct members m;

    make_file(t, "f", "content");
    make_link(t, "l", "f");
    assert_int_equal(gantry_archive_add_file(a, "x/file", at(t, "f"), &o, NULL), 0);
    assert_int_equal(gantry_archive_add_file(a, "x/link", at(t, "l"), NULL, NULL), 0);
    m = contents(a);
    assert_names(&m, "x/ x/file x/link");
    assert_data(&m, "x/file", "content");
    assert_int_equal(find(&m, "x/file")->mode, 0600);
    assert_string_equal(find(&m, "x/link")->link, "f");
    free_members(&m);
    gantry_archive_free(a);
}

struct lines {
    int count;
    char last[512];
};

static void note_line(void *arg, int level, const char *component, const char *line)
{
    struct lines *l = arg;

    assert_int_equal(level, GANTRY_LOG_WARNING);
    assert_string_equal(component, "archive");
    l->count++;
    snprintf(l->last, sizeof l->last, "%s", line);
}

static void pipes_and_sockets_are_left_out_with_a_warning(void **state)
{
    struct tree *t = *state;
    struct lines lines = { 0 };
    struct gantry_host host = { .logger = { .log = note_line, .arg = &lines } };
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    gantry_archive *a;
    struct gnt_tar *tar = NULL;
    struct bytes all = { malloc(65536), 0 };
    struct members m;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s/a.sock", t->root);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    close(fd);
    make_file(t, "b", "");
    assert_int_equal(mkfifo(at(t, "c.pipe"), 0600), 0);
    a = of_tree(t);
    assert_int_equal(gnt_tar_open(a, &host, NULL, &tar, NULL), 0);
    assert_int_equal(gnt_tar_read(tar, all.data, 65536, &all.size, NULL), 0);
    gnt_tar_close(tar);
    m = parse(&all);
    assert_names(&m, "b");
    assert_int_equal(lines.count, 2);
    assert_non_null(strstr(lines.last, "c.pipe: it is a pipe"));
    free_members(&m);
    free(all.data);
    gantry_archive_free(a);
}

static void reproducible_archives_depend_on_content_only(void **state)
{
    struct tree *t = *state;
    gantry_archive_options o = { .size = sizeof o,
                                 .reproducible = GANTRY_ON,
                                 .mtime_ns = 86400000000000 };
    gantry_entry_options keep = { .size = sizeof keep, .keep_owner = GANTRY_ON };
    struct timespec times[2] = { { 1000, 0 }, { 2000, 0 } };
    gantry_archive *a = NULL;
    struct bytes one, two;
    struct members m;

    make_file(t, "run", "#!");
    make_file(t, "text", "t");
    assert_int_equal(chmod(at(t, "run"), 0710), 0);
    assert_int_equal(gantry_archive_new(&o, &a, NULL), 0);
    assert_int_equal(gantry_archive_add_directory(a, "d", t->root, &keep, NULL), 0);
    assert_int_equal(slurp(a, 65536, &one, NULL), 0);
    assert_int_equal(chmod(at(t, "text"), 0600), 0);
    assert_int_equal(utimensat(AT_FDCWD, at(t, "text"), times, 0), 0);
    assert_int_equal(slurp(a, 65536, &two, NULL), 0);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    m = parse(&one);
    assert_int_equal(find(&m, "d/")->mode, 0755);
    assert_int_equal(find(&m, "d/run")->mode, 0755);
    assert_int_equal(find(&m, "d/text")->mode, 0644);
    assert_int_equal(find(&m, "d/text")->mtime, 86400);
    assert_int_equal(find(&m, "d/text")->uid, 0);
    free_members(&m);
    free(one.data);
    free(two.data);
    gantry_archive_free(a);
}

/* ---- who wins -------------------------------------------------------------------------------- */

static void explicit_entries_win_over_directories(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = new_archive();
    struct members m;

    make_file(t, "Dockerfile", "disk");
    make_file(t, "Dockerfile.dev", "disk");
    make_dir(t, "conf");
    make_file(t, "conf/a", "disk");
    make_dir(t, "gone");
    make_file(t, "gone/child", "disk");
    make_file(t, "turned", "disk");
    make_link(t, "escape", "/etc");
    add_text(a, "Dockerfile", "memory"); /* added before: wins all the same */
    add_tree(a, "", t->root);
    add_text(a, "conf/b/c", "memory");
    add_text(a, "gone", "now a file");
    add_text(a, "turned/into/tree", "memory");
    add_text(a, "escape/passwd", "memory");
    m = contents(a);
    assert_names(&m, "Dockerfile Dockerfile.dev conf/ conf/a conf/b/ conf/b/c escape/ "
                     "escape/passwd gone turned/ turned/into/ turned/into/tree");
    assert_data(&m, "Dockerfile", "memory");
    assert_data(&m, "conf/a", "disk");
    assert_data(&m, "gone", "now a file");
    free_members(&m);
    gantry_archive_free(a);
}

static void later_directories_win_over_earlier_ones(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = new_archive();
    struct members m;

    make_dir(t, "1");
    make_dir(t, "1/shared");
    make_file(t, "1/shared/a", "one");
    make_file(t, "1/shared/b", "one");
    make_dir(t, "1/x");
    make_file(t, "1/x/lost", "one");
    make_file(t, "1/y", "one");
    make_dir(t, "2");
    make_dir(t, "2/shared");
    make_file(t, "2/shared/b", "two");
    make_file(t, "2/x", "two");
    make_dir(t, "2/y");
    make_file(t, "2/y/won", "two");
    make_dir(t, "3");
    make_file(t, "3/c", "three");
    assert_int_equal(chmod(at(t, "2/shared"), 0700), 0);
    add_tree(a, "", at(t, "1"));
    add_tree(a, ".", at(t, "2"));
    add_tree(a, "shared", at(t, "3"));
    m = contents(a);
    assert_names(&m, "shared/ shared/a shared/b shared/c x y/ y/won");
    assert_data(&m, "shared/a", "one");
    assert_data(&m, "shared/b", "two");
    assert_data(&m, "shared/c", "three");
    assert_data(&m, "x", "two");
    free_members(&m);
    gantry_archive_free(a);
}

static void files_and_directories_of_one_name(void **state)
{
    struct tree *t = *state;
    gantry_entry_options o = { .size = sizeof o, .mode = 0711 };
    gantry_archive *a = new_archive();
    struct members m;

    make_file(t, "f", "disk");
    add_text(a, "d", "lost");
    add_tree(a, "d", t->root);
    assert_int_equal(gantry_archive_mkdir(a, "d", &o, NULL), 0);
    add_tree(a, "e", t->root);
    add_text(a, "e", "won");
    m = contents(a);
    assert_names(&m, "d/ d/f e");
    assert_int_equal(find(&m, "d/")->mode, 0711);
    free_members(&m);
    gantry_archive_free(a);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void missing_things_are_named(void **state)
{
    struct tree *t = *state;
    gantry_error err = { 0 };
    gantry_archive *a = new_archive();
    struct bytes tar;

    assert_int_equal(gantry_archive_add_file(a, "f", at(t, "nowhere"), NULL, NULL), 0);
    assert_int_equal(slurp(a, 512, &tar, &err), GANTRY_E_IO);
    assert_int_equal(err.os_error, ENOENT);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_FILE);
    assert_string_equal(err.resource, at(t, "nowhere"));
    assert_non_null(strstr(err.message, "nowhere: No such file"));
    assert_int_equal(tar.size, 0);
    free(tar.data);
    gantry_archive_free(a);
    a = new_archive();
    add_tree(a, "", at(t, "nowhere"));
    assert_fails(a, GANTRY_E_IO, "nowhere: No such file");
    gantry_archive_free(a);
    a = new_archive();
    make_file(t, "plain", "");
    add_tree(a, "", at(t, "plain"));
    assert_fails(a, GANTRY_E_IO, "plain: Not a directory");
    gantry_archive_free(a);
    a = new_archive();
    assert_int_equal(gantry_archive_add_file(a, "f", t->root, NULL, NULL), 0);
    assert_fails(a, GANTRY_E_IO, "Is a directory");
    gantry_archive_free(a);
    a = new_archive();
    assert_int_equal(mkfifo(at(t, "pipe"), 0600), 0);
    assert_int_equal(gantry_archive_add_file(a, "f", at(t, "pipe"), NULL, NULL), 0);
    assert_fails(a, GANTRY_E_IO, "neither a regular file nor a link");
    gantry_archive_free(a);
}

/* In a child that is not root, for whom nothing is unreadable. */
static void unreadable_files_fail(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = of_tree(t);
    int status = 0;
    pid_t pid;

    make_file(t, "open", "");
    make_file(t, "secret", "");
    assert_int_equal(chmod(at(t, "secret"), 0), 0);
    assert_int_equal(chmod(t->root, 0755), 0);
    pid = fork();
    if (pid == 0) {
        gantry_error err = { 0 };
        struct bytes tar;

        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(2);
        if (slurp(a, 4096, &tar, &err) != GANTRY_E_IO || err.os_error != EACCES)
            _exit(3);
        free(tar.data);
        gantry_archive_free(a);
        _exit(strstr(err.resource, "/secret") != NULL ? 0 : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    gantry_archive_free(a);
}

enum change {
    SHRINK,
    GROW,
    WRITE,
    REPLACE
};

/* Change a file of `size` bytes after its header was read; the code that the rest fails with. */
static int change_under(struct tree *t, size_t size, enum change change, gantry_error *err)
{
    gantry_archive *a = new_archive();
    struct timespec times[2] = { { 1, 1 }, { 1, 1 } };
    unsigned char *buffer = calloc(1, size + 1024);
    struct gnt_tar *tar = NULL;
    size_t got = 0, total = 0;
    int rc;

    assert_non_null(buffer);
    make_sized(t, "f", buffer, size);
    assert_int_equal(gantry_archive_add_file(a, "f", at(t, "f"), NULL, NULL), 0);
    add_text(a, "z", "never sent");
    assert_int_equal(gnt_tar_open(a, NULL, NULL, &tar, NULL), 0);
    assert_int_equal(gnt_tar_read(tar, buffer, 512, &got, NULL), 0);
    assert_int_equal(got, 512);
    if (change == SHRINK)
        assert_int_equal(truncate(at(t, "f"), (off_t)(size / 2)), 0);
    else if (change == GROW)
        assert_int_equal(truncate(at(t, "f"), (off_t)(size + 1)), 0);
    else if (change == WRITE)
        assert_int_equal(utimensat(AT_FDCWD, at(t, "f"), times, 0), 0);
    else
        assert_int_equal(unlink(at(t, "f")), 0);
    do {
        rc = gnt_tar_read(tar, buffer, 700, &got, err);
        total += got;
    } while (rc == 0 && got > 0);
    assert_true(rc == 0 || total <= size);
    gnt_tar_close(tar);
    gantry_archive_free(a);
    free(buffer);
    return rc;
}

static void files_that_change_are_noticed(void **state)
{
    static const size_t sizes[] = { 10, 65535, 65536, 65537, 131072, 200000 };
    struct tree *t = *state;
    gantry_error err;
    size_t i;

    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(change_under(t, sizes[i], SHRINK, &err), GANTRY_E_CHANGED);
        assert_non_null(strstr(err.message, "file shrank while it was read: "));
        assert_string_equal(err.resource, at(t, "f"));
        assert_int_equal(change_under(t, sizes[i], GROW, &err), GANTRY_E_CHANGED);
        assert_non_null(strstr(err.message, "file grew while it was read: "));
        assert_int_equal(change_under(t, sizes[i], WRITE, &err), GANTRY_E_CHANGED);
        assert_non_null(strstr(err.message, "written"));
        assert_int_equal(change_under(t, sizes[i], REPLACE, &err), 0); /* ours is still open */
    }
}

/* Between the listing of a directory and the opening of what is in it. */
static void trees_that_change_are_noticed(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = of_tree(t);
    gantry_error err = { 0 };
    struct gnt_tar *tar = NULL;
    unsigned char buffer[4096];
    size_t got;
    int i;

    for (i = 0; i < 3; i++) {
        make_file(t, "a", "");
        make_file(t, "b", "");
        assert_int_equal(gnt_tar_open(a, NULL, NULL, &tar, NULL), 0);
        assert_int_equal(gnt_tar_read(tar, buffer, 512, &got, NULL), 0); /* a, and the listing */
        assert_int_equal(unlink(at(t, "b")), 0);
        if (i == 1)
            make_link(t, "b", "/etc/passwd"); /* a link by now: sent as a link, never followed */
        if (i == 2)
            assert_int_equal(mkfifo(at(t, "b"), 0600), 0); /* left out, does not hang */
        if (i == 0) {
            assert_int_equal(gnt_tar_read(tar, buffer, 512, &got, &err), GANTRY_E_CHANGED);
            assert_string_equal(err.resource, at(t, "b"));
        } else {
            assert_int_equal(gnt_tar_read(tar, buffer, 512, &got, &err), 0);
            assert_int_equal(buffer[156], i == 1 ? '2' : 0);
            unlink(at(t, "b"));
        }
        gnt_tar_close(tar);
    }
    gantry_archive_free(a);
}

static int link_in(struct tree *t, const char *from, const char *to)
{
    char old[sizeof t->path];

    snprintf(old, sizeof old, "%s/%s", t->root, from);
    return link(old, at(t, to));
}

/* Between the look at a file and its opening. */
static void files_that_are_replaced_are_not_opened(void **state)
{
    struct tree *t = *state;
    gantry_error err;
    struct stat seen;
    int i, fd = -1;

    make_file(t, "other", "");
    for (i = 0; i < 4; i++) {
        make_file(t, "f", "");
        assert_int_equal(gnt_file_stat(AT_FDCWD, at(t, "f"), "f", &seen, NULL), 0);
        assert_int_equal(unlink(at(t, "f")), 0);
        if (i == 0)
            make_link(t, "f", "other");
        else if (i == 1)
            assert_int_equal(mkfifo(at(t, "f"), 0600), 0);
        else if (i == 2)
            assert_int_equal(link_in(t, "other", "f"), 0);
        err = (gantry_error){ 0 };
        assert_int_equal(gnt_file_open(AT_FDCWD, at(t, "f"), "shown", &seen, &fd, &err),
                         GANTRY_E_CHANGED);
        assert_string_equal(err.resource, "shown");
        assert_int_equal(fd, -1);
        unlink(at(t, "f"));
    }
}

/* ---- depth and sizes ------------------------------------------------------------------------- */

/* "d/d/d/..." of so many levels, and a file in the last. */
static void make_deep(struct tree *t, int levels)
{
    int fd = open(t->root, O_RDONLY | O_DIRECTORY);
    int next, i;

    for (i = 0; i < levels; i++) {
        assert_int_equal(mkdirat(fd, "d", 0755), 0);
        next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(fd);
        fd = next;
    }
    next = openat(fd, "e", O_WRONLY | O_CREAT, 0644);
    assert_true(next >= 0);
    close(next);
    close(fd);
}

static int open_descriptors(void)
{
    int fd, count = 0;

    for (fd = 0; fd < 200; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void deep_trees_need_few_descriptors(void **state)
{
    struct tree *t = *state;
    struct rlimit old, few;
    gantry_archive *a = of_tree(t);
    struct members m;
    int before = open_descriptors();

    make_deep(t, 1500);
    make_file(t, "z", "after the way back");
    make_file(t, "d/z", "too");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = (rlim_t)before + GNT_WALK_FDS + 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    m = contents(a);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(m.count, 1503);
    assert_data(&m, "d/z", "too");
    assert_data(&m, "z", "after the way back");
    assert_int_equal(open_descriptors(), before);
    free_members(&m);
    gantry_archive_free(a);
}

/* The way back from so deep must be to where the walk came from. */
static void trees_that_are_moved_are_noticed(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = of_tree(t);
    gantry_error err = { 0 };
    struct gnt_tar *tar = NULL;
    unsigned char buffer[512];
    char old[sizeof t->path];
    size_t got;
    int i, rc;

    make_deep(t, 2 * GNT_WALK_FDS);
    assert_int_equal(gnt_tar_open(a, NULL, NULL, &tar, NULL), 0);
    for (i = 0; i < 2 * GNT_WALK_FDS + 1; i++) {
        assert_int_equal(gnt_tar_read(tar, buffer, 512, &got, NULL), 0);
        assert_int_equal(got, 512);
    }
    assert_int_equal(buffer[strlen((char *)buffer) - 1], 'e');
    snprintf(old, sizeof old, "%s/d/d", t->root);
    assert_int_equal(rename(old, at(t, "moved")), 0);
    do
        rc = gnt_tar_read(tar, buffer, 512, &got, &err);
    while (rc == 0 && got > 0);
    assert_int_equal(rc, GANTRY_E_CHANGED);
    assert_non_null(strstr(err.message, "moved while it was read"));
    gnt_tar_close(tar);
    gantry_archive_free(a);
}

static void trees_too_deep_are_refused(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = of_tree(t);
    int before = open_descriptors();

    make_deep(t, 10000);
    assert_fails(a, GANTRY_E_LIMIT, "a path is longer than 4095 bytes");
    assert_int_equal(open_descriptors(), before);
    gantry_archive_free(a);
}

static void huge_files_are_announced(void **state)
{
    struct tree *t = *state;
    gantry_archive *a = of_tree(t);
    struct gnt_tar *tar = NULL;
    struct archive *reader = archive_read_new();
    struct archive_entry *e = NULL;
    unsigned char buffer[8192];
    size_t got = 0;

    make_file(t, "huge", "");
    assert_int_equal(truncate(at(t, "huge"), (off_t)9 << 30), 0);
    assert_int_equal(gnt_tar_open(a, NULL, NULL, &tar, NULL), 0);
    assert_int_equal(gnt_tar_read(tar, buffer, sizeof buffer, &got, NULL), 0);
    assert_int_equal(got, sizeof buffer);
    archive_read_support_format_tar(reader);
    assert_int_equal(archive_read_open_memory(reader, buffer, got), ARCHIVE_OK);
    assert_true(archive_read_next_header(reader, &e) >= ARCHIVE_WARN);
    assert_int_equal(archive_entry_size(e), (int64_t)9 << 30);
    archive_read_free(reader);
    gnt_tar_close(tar);
    gantry_archive_free(a);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int make_and_send(struct tree *t, struct meter *meter, gantry_error *err)
{
    gantry_allocator allocator = { meter_allocate, meter_reallocate, meter_release, meter };
    gantry_archive_options o = { .size = sizeof o, .allocator = &allocator };
    gantry_build_context context = { 0 };
    struct gnt_arena arena = { 0 };
    gantry_archive *a = NULL;
    gantry_build_options build = { .size = sizeof build,
                                   .dockerfile = "FROM x",
                                   .context_directory = t->root };
    struct gnt_mem mem;
    struct bytes tar = { NULL, 0 };
    int rc = gantry_archive_new(&o, &a, err);

    if (rc == 0)
        rc = gantry_archive_add_data(a, "a/b/c", "text", 4, NULL, err);
    if (rc == 0)
        rc = gantry_archive_symlink(a, "l", "to", NULL, err);
    if (rc == 0)
        rc = gantry_archive_add_directory(a, "sub", t->root, NULL, err);
    if (rc == 0)
        rc = gnt_mem_init(&mem, &allocator, err);
    build.context = a;
    if (rc == 0)
        gnt_arena_init(&arena, &mem);
    if (rc == 0)
        rc = gnt_build_context(&arena, NULL, &build, &context, err);
    if (rc == 0)
        rc = slurp(context.archive, 65536, &tar, err);
    free(tar.data);
    gantry_archive_free(context.archive);
    gnt_arena_free(&arena);
    gantry_archive_free(a);
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    struct tree *t = *state;
    struct meter meter = { 0 };
    gantry_error err;
    int before = open_descriptors();
    long all, k;

    make_deep(t, 20);
    make_file(t, "f", "content");
    assert_int_equal(make_and_send(t, &meter, NULL), 0);
    assert_int_equal(meter.live, 0);
    all = meter.count;
    assert_true(all > 20);
    for (k = 1; k <= all; k++) {
        meter = (struct meter){ .fail_at = k };
        err = (gantry_error){ 0 };
        assert_int_equal(make_and_send(t, &meter, &err), GANTRY_E_NOMEM);
        assert_int_equal(err.code, GANTRY_E_NOMEM);
        assert_int_equal(meter.live, 0);
    }
    assert_int_equal(open_descriptors(), before);
}

#define ON_TREE(f) cmocka_unit_test_setup_teardown(f, tree_make, tree_remove)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_TREE(trees_are_sorted_and_whole),
        ON_TREE(a_directory_goes_below_its_name),
        ON_TREE(owners_are_kept_when_asked),
        ON_TREE(files_and_links_are_added_by_name),
        ON_TREE(pipes_and_sockets_are_left_out_with_a_warning),
        ON_TREE(reproducible_archives_depend_on_content_only),
        ON_TREE(explicit_entries_win_over_directories),
        ON_TREE(later_directories_win_over_earlier_ones),
        ON_TREE(files_and_directories_of_one_name),
        ON_TREE(missing_things_are_named),
        ON_TREE(unreadable_files_fail),
        ON_TREE(files_that_change_are_noticed),
        ON_TREE(trees_that_change_are_noticed),
        ON_TREE(files_that_are_replaced_are_not_opened),
        ON_TREE(trees_that_are_moved_are_noticed),
        ON_TREE(deep_trees_need_few_descriptors),
        ON_TREE(trees_too_deep_are_refused),
        ON_TREE(huge_files_are_announced),
        ON_TREE(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
