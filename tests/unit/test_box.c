/*
 * The box, run as a program on folders of this machine, where a plain user may; what the library
 * makes of its end; which image it makes on an engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_helpers.h"

#include "box.h"
#include "tar_plain.h"
#include "volume_box.h"

#include <signal.h>
#include <sys/utsname.h>

static char top[64]; /* everything of these tests */
static char program[128];

/* ---- running it ------------------------------------------------------------------------------ */

static const struct gnt_box_program *own_program(void)
{
    static const char *const names[][2] = { { "x86_64", "amd64" },
                                            { "aarch64", "arm64" },
                                            { "riscv64", "riscv64" } };
    const struct gnt_box_program *p = gnt_box_programs;
    const char *arch = "";
    struct utsname machine;

    uname(&machine);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(machine.machine, names[i][0]) == 0)
            arch = names[i][1];
    }
    while (p->arch != NULL && strcmp(p->arch, arch) != 0)
        p++;
    return p->arch != NULL ? p : NULL;
}

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 256, "%s/%s", top, name);
    return path;
}

static int make_program(void **state)
{
    const struct gnt_box_program *p = own_program();
    int fd;

    (void)state;
    if (p == NULL) {
        printf("SKIPPED: the box is not made for this machine\n");
        exit(77);
    }
    snprintf(top, sizeof top, "/tmp/gnt-box-XXXXXX");
    assert_non_null(mkdtemp(top));
    snprintf(program, sizeof program, "%s", path_of("box"));
    fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p->data, p->size), (ssize_t)p->size);
    close(fd);
    return 0;
}

static int remove_program(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", top, top);
    return system(command);
}

/* With files as its input, output and errors ("" = nothing); its exit code. */
static int box(const char *in, const char *out, const char *mode, const char *option,
               const char *folder)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        int fds[3] = { open(*in ? in : "/dev/null", O_RDONLY),
                       open(*out ? out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644),
                       open(path_of("errors"), O_WRONLY | O_CREAT | O_TRUNC, 0644) };

        for (int i = 0; i < 3; i++)
            dup2(fds[i], i);
        if (option != NULL)
            execl(program, "box", mode, option, folder, (char *)NULL);
        else
            execl(program, "box", mode, folder, (char *)NULL);
        _exit(126);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static size_t read_all(const char *path, char *buffer, size_t capacity)
{
    FILE *file = fopen(path, "re");
    size_t size;

    assert_non_null(file);
    size = fread(buffer, 1, capacity - 1, file);
    buffer[size] = '\0';
    fclose(file);
    return size;
}

static void write_all(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void assert_says(const char *text)
{
    char errors[1024];

    read_all(path_of("errors"), errors, sizeof errors);
    if (strstr(errors, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, errors);
}

static void shell(const char *script)
{
    char command[2048];

    snprintf(command, sizeof command, "cd %s && { %s; }", top, script);
    if (system(command) != 0)
        fail_msg("%s", command);
}

static void assert_same_files(const char *a, const char *b)
{
    char command[1024];

    snprintf(command, sizeof command, "cmp %s %s", path_of(a), path_of(b));
    assert_int_equal(system(command), 0);
}

/* ---- packing --------------------------------------------------------------------------------- */

static const char tree[] =
    "rm -rf a b && mkdir -p a/sub/deep a/empty b && echo content >a/sub/file && "
    "ln a/sub/file a/name2 && ln -s ../nowhere a/soft && mkfifo -m 620 a/pipe && "
    "printf '%01000d' 0 >a/1000 && mkdir a/$(printf '%0200d' 1) && "
    ": >a/$(printf '%0200d' 1)/$(printf '%0120d' 2) && ln -s $(printf '%0150d' 3) a/far && "
    "chmod 2751 a/sub && chmod 6711 a/sub/file && touch -d '1969-12-31 23:59:58.25 UTC' a/empty && "
    "touch -d '2033-05-18 03:33:20.000000009 UTC' a/1000 && chmod 1700 a && "
    ": >\"a/odd name\n\" && touch -d '2200-01-01 UTC' a/pipe";

static void test_round_trip_gives_the_same_bytes(void **state)
{
    (void)state;
    shell(tree);
    assert_int_equal(box("", path_of("1.tar"), "pack", NULL, path_of("a")), 0);
    assert_int_equal(box(path_of("1.tar"), "", "unpack", NULL, path_of("b")), 0);
    assert_int_equal(box("", path_of("2.tar"), "pack", NULL, path_of("b")), 0);
    assert_same_files("1.tar", "2.tar");
    shell("cmp a/1000 b/1000 && test $(stat -c %a b/sub/file) = 6711 && test -p b/pipe && "
          "test $(stat -c %h b/name2) = 2 && test $(stat -c %Y b/empty) = -2");
}

/* Somebody else's reader finds the same in it. */
static void test_libarchive_reads_it(void **state)
{
    static const struct {
        const char *name;
        mode_t type;
        int mode;
        const char *link;
    } want[] = {
        { "./", AE_IFDIR, 01700, NULL },       { "./1000", AE_IFREG, 0644, NULL },
        { "./empty/", AE_IFDIR, 0755, NULL },  { "./name2", AE_IFREG, 06711, NULL },
        { "./pipe", AE_IFIFO, 0620, NULL },    { "./soft", AE_IFLNK, 0777, "../nowhere" },
        { "./sub/", AE_IFDIR, 02751, NULL },   { "./sub/deep/", AE_IFDIR, 0755, NULL },
        { "./sub/file", 0, 06711, "./name2" },
    };
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    size_t found = 0, longest = 0, count = 0;

    (void)state;
    shell(tree);
    shell("umask 022; chmod 755 a/empty a/sub/deep; chmod 644 a/1000");
    assert_int_equal(box("", path_of("1.tar"), "pack", NULL, path_of("a")), 0);
    archive_read_support_format_tar(a);
    assert_int_equal(archive_read_open_filename(a, path_of("1.tar"), 10240), ARCHIVE_OK);
    while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);
        const char *link = archive_entry_hardlink(entry);

        count++;
        longest = strlen(name) > longest ? strlen(name) : longest;
        if (found == sizeof want / sizeof *want || strcmp(name, want[found].name) != 0)
            continue;
        if (link == NULL)
            link = archive_entry_symlink(entry);
        if (want[found].type != 0)
            assert_int_equal(archive_entry_filetype(entry), want[found].type);
        assert_int_equal(archive_entry_perm(entry), want[found].mode);
        assert_int_equal(link != NULL, want[found].link != NULL);
        if (link != NULL)
            assert_string_equal(link, want[found].link);
        if (strcmp(name, "./1000") == 0) {
            assert_int_equal(archive_entry_size(entry), 1000);
            assert_int_equal(archive_entry_mtime(entry), 2000000000);
            assert_int_equal(archive_entry_mtime_nsec(entry), 9);
        }
        found++;
    }
    assert_int_equal(archive_errno(a), 0);
    archive_read_free(a);
    assert_int_equal(found, sizeof want / sizeof *want);
    assert_int_equal(longest, 2 + 200 + 1 + 120);
    assert_int_equal(count, 13);
}

static void test_a_file_that_cannot_be_read_fails(void **state)
{
    (void)state;
    assert_int_equal(box("", path_of("x.tar"), "pack", NULL, path_of("missing")), 2);
    assert_says("2 ENOENT: enter ");
    shell(tree);
    assert_int_equal(box("", "/dev/full", "pack", NULL, path_of("a")), 28);
    assert_says("28 ENOSPC: write the archive");
    if (geteuid() != 0) {
        shell("chmod 0 a/1000");
        assert_int_equal(box("", path_of("x.tar"), "pack", NULL, path_of("a")), 13);
        assert_says("13 EACCES: open ./1000");
    }
}

static void test_a_wrong_call_is_none_of_the_others(void **state)
{
    (void)state;
    assert_int_equal(box("", "", "pack", "-z", top), 255);
    assert_int_equal(box("", "", "fly", NULL, top), 255);
    assert_int_equal(box("", "", "clear", "-x", top), 255);
}

/* ---- unpacking ------------------------------------------------------------------------------- */

/* A tar by libarchive with one entry of each name; a name with "->" is a link. */
static size_t make_tar(char *buffer, size_t capacity, const char *const *names)
{
    struct archive *a = archive_write_new();
    size_t used = 0;

    archive_write_set_format_pax_restricted(a);
    archive_write_set_bytes_per_block(a, 512);
    assert_int_equal(archive_write_open_memory(a, buffer, capacity, &used), ARCHIVE_OK);
    for (; *names != NULL; names++) {
        struct archive_entry *entry = archive_entry_new();
        const char *arrow = strstr(*names, "->");
        const char *equal = strstr(*names, "==");
        char name[256];

        snprintf(name, sizeof name, "%.*s",
                 (int)(arrow != NULL   ? arrow - *names
                       : equal != NULL ? equal - *names
                                       : (long)strlen(*names)),
                 *names);
        archive_entry_set_pathname(entry, name);
        archive_entry_set_mode(entry, arrow != NULL ? AE_IFLNK | 0777 : AE_IFREG | 0644);
        archive_entry_set_uid(entry, geteuid());
        archive_entry_set_gid(entry, getegid());
        if (arrow != NULL)
            archive_entry_set_symlink(entry, arrow + 2);
        else if (equal != NULL)
            archive_entry_set_hardlink(entry, equal + 2);
        else
            archive_entry_set_size(entry, 3);
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        if (arrow == NULL && equal == NULL)
            assert_int_equal(archive_write_data(a, "new", 3), 3);
        archive_entry_free(entry);
    }
    archive_write_close(a);
    archive_write_free(a);
    return used;
}

static void test_names_lead_nowhere_else(void **state)
{
    static const struct {
        const char *names[3];
        int code;
    } rows[] = {
        { { "../out" }, 74 },
        { { "/out" }, 74 },
        { { "in/../../out" }, 74 },
        { { "in/.." }, 74 },
        { { "hard==../b0x" }, 74 },
        { { "hard==/etc/passwd" }, 74 },
        { { "way->..", "way/out" }, 40 },
        { { "way->..", "hard==way/box" }, 40 },
        { { "file", "file/below" }, 20 },
        { { "hard==missing" }, 2 },
        { { "way->..", "way" }, 0 },
        { { "a//./b///c" }, 0 },
    };
    char tar[16384];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = make_tar(tar, sizeof tar, rows[i].names);
        int code;

        shell("rm -rf b out && mkdir b");
        write_all(path_of("x.tar"), tar, size);
        code = box(path_of("x.tar"), "", "unpack", NULL, path_of("b"));
        if (code != rows[i].code)
            fail_msg("%s: ended with %d", rows[i].names[0], code);
        shell("test ! -e out && test ! -e /out");
    }
    shell("test \"$(cat b/a/b/c)\" = new");
}

static void test_every_cut_is_seen(void **state)
{
    static const char *const names[] = { "file", "hard==file", NULL };
    char tar[16384];
    size_t size = make_tar(tar, sizeof tar, names);
    size_t whole = 512 + 512 + 512 + 512; /* header, content, header, half of the mark */

    (void)state;
    for (size_t cut = 0; cut <= size; cut += 128) {
        int code;

        shell("rm -rf b && mkdir b");
        write_all(path_of("x.tar"), tar, cut);
        code = box(path_of("x.tar"), "", "unpack", NULL, path_of("b"));
        if (code != (cut < whole ? 74 : 0))
            fail_msg("cut at %zu of %zu: ended with %d", cut, size, code);
    }
}

/* What is there stays, gives way, or goes; a tar that is none takes nothing away. */
static void test_clear_and_replace(void **state)
{
    static const char *const names[] = { "file", "link", NULL };
    char tar[16384];
    size_t size = make_tar(tar, sizeof tar, names);

    (void)state;
    shell("rm -rf b && mkdir -p b/old/deep && echo old >b/file && ln -s /nowhere b/link && "
          "echo kept >b/old/deep/x");
    write_all(path_of("x.tar"), tar, size);
    assert_int_equal(box(path_of("x.tar"), "", "unpack", NULL, path_of("b")), 0);
    shell("test $(cat b/file b/link) = newnew && test -f b/old/deep/x && test ! -L b/link");
    assert_int_equal(box("/dev/null", "", "unpack", "-c", path_of("b")), 74);
    assert_int_equal(box(program, "", "unpack", "-c", path_of("b")), 74);
    shell("test -f b/old/deep/x");
    assert_int_equal(box(path_of("x.tar"), "", "unpack", "-c", path_of("b")), 0);
    shell("test \"$(ls -A b)\" = \"file\nlink\"");
    shell("mkdir b/file2 && mkdir b/file2/full && rm b/file && mv b/file2 b/file");
    assert_int_equal(box(path_of("x.tar"), "", "unpack", NULL, path_of("b")), 39);
    assert_says("39 ENOTEMPTY: replace file");
    assert_int_equal(box("", "", "clear", NULL, path_of("b")), 0);
    shell("test -d b && test -z \"$(ls -A b)\"");
}

static void test_gnu_long_names(void **state)
{
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    char tar[16384];
    char name[301];
    size_t used = 0;

    (void)state;
    memset(name, 'g', sizeof name - 1);
    name[150] = '/';
    name[sizeof name - 1] = '\0';
    archive_write_set_format_gnutar(a);
    archive_write_open_memory(a, tar, sizeof tar, &used);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_mode(entry, AE_IFLNK | 0777);
    archive_entry_set_uid(entry, geteuid());
    archive_entry_set_gid(entry, getegid());
    archive_entry_set_symlink(entry, name);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    archive_entry_free(entry);
    archive_write_close(a);
    archive_write_free(a);
    shell("rm -rf b && mkdir b");
    write_all(path_of("x.tar"), tar, used);
    assert_int_equal(box(path_of("x.tar"), "", "unpack", NULL, path_of("b")), 0);
    assert_int_equal(readlink(path_of("b/."), tar, 1), -1);
    snprintf(tar, sizeof tar, "%s/b/%s", top, name);
    assert_int_equal(readlink(tar, name, sizeof name), 300);
}

/* ---- pause ----------------------------------------------------------------------------------- */

static void test_pause_ends_at_a_signal(void **state)
{
    static const int signals[] = { SIGTERM, SIGINT };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        pid_t child = fork();
        int status = -1;

        if (child == 0) {
            sigset_t set;

            sigemptyset(&set); /* one that comes before the box blocks it must not end it */
            sigaddset(&set, signals[i]);
            sigprocmask(SIG_BLOCK, &set, NULL);
            execl(program, "box", "pause", (char *)NULL);
            _exit(126);
        }
        assert_int_equal(kill(child, SIGCHLD), 0);
        assert_int_equal(waitpid(child, &status, WNOHANG), 0);
        assert_int_equal(kill(child, signals[i]), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status)) /* it had not got as far as to block it */
            assert_int_equal(WTERMSIG(status), signals[i]);
        else
            assert_int_equal(WEXITSTATUS(status), 0);
    }
}

/* ---- what the library makes of it ------------------------------------------------------------ */

static void test_ends_are_told(void **state)
{
    static const struct {
        int64_t code;
        const char *said;
        int want;
        const char *message;
    } rows[] = {
        { 28, "28 ENOSPC: write ./a: b\n", GANTRY_E_NO_SPACE,
          "cannot write ./a: b: no space left on device" },
        { 28, "", GANTRY_E_NO_SPACE, "the volume's container failed: no space left on device" },
        { 1, "1 EPERM: make device ./null\n", GANTRY_E_DENIED,
          "cannot make device ./null: operation not permitted" },
        { 74, "74 EBADMSG: read the tar: it ends early\n", GANTRY_E_INVALID,
          "cannot read the tar: it ends early: not a whole tar" },
        { 137, "", GANTRY_E_ENGINE, "the volume's container ended with 137: " },
        { 127, "exec failed: no such file\n", GANTRY_E_ENGINE,
          "the volume's container ended with 127: exec failed: no such file" },
        { -1, "", GANTRY_E_ENGINE, "the volume's container ended, but not how: " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gantry_error err = { 0 };

        assert_int_equal(
            gnt_volume_box_failure(rows[i].code, rows[i].said, strlen(rows[i].said), &err),
            rows[i].want);
        assert_string_equal(err.message, rows[i].message);
    }
}

/* ---- its image ------------------------------------------------------------------------------- */

/* An engine with one image at most. */
struct engine {
    const char *arch;
    char label[80]; /* of its image; "" = there is none */
    char reference[128];
    int versions;
    int imports;
    int removals;
    int steals; /* somebody else makes the same at the same time */
    gantry_host host;
};

static int engine_version(void *state, const gantry_query_options *opts, gantry_version_info **out,
                          gantry_error *err)
{
    struct engine *e = state;
    gantry_version_info *info = gantry_result_new(&e->host, GANTRY_KIND_VERSION_INFO, err);

    (void)opts;
    assert_non_null(info);
    info->arch = e->arch;
    e->versions++;
    *out = info;
    return 0;
}

static int image_inspect(void *state, const char *reference,
                         const gantry_image_inspect_options *opts, gantry_image **out,
                         gantry_error *err)
{
    static gantry_pair label;
    struct engine *e = state;
    gantry_image *image;

    (void)opts;
    if (e->label[0] == '\0' || strcmp(reference, e->reference) != 0)
        return gantry_error_set(err, GANTRY_E_NOT_FOUND, "no such image");
    image = gantry_result_new(&e->host, GANTRY_KIND_IMAGE, err);
    assert_non_null(image);
    label = (gantry_pair){ GNT_BOX_LABEL, e->label };
    image->id = e->steals ? "theirs" : "ours";
    image->labels = &label;
    image->label_count = 1;
    *out = image;
    return 0;
}

static int image_import(void *state, const char *reference, const gantry_source *tar,
                        const gantry_image_import_options *opts, gantry_image_import_result **out,
                        gantry_error *err)
{
    struct engine *e = state;
    gantry_image_import_result *result =
        gantry_result_new(&e->host, GANTRY_KIND_IMAGE_IMPORT_RESULT, err);
    char bytes[65536];
    size_t size = 0, got = 1;

    assert_non_null(result);
    while (got > 0) {
        assert_int_equal(tar->read(tar->arg, bytes + size, sizeof bytes - size, &got, err), 0);
        size += got;
    }
    assert_string_equal(bytes, "box");
    assert_string_equal(opts->changes[0], "ENTRYPOINT [\"/box\"]");
    assert_memory_equal(bytes + 512, own_program()->data, own_program()->size);
    assert_int_equal(sscanf(opts->changes[1], "LABEL " GNT_BOX_LABEL "=%79s", e->label), 1);
    snprintf(e->reference, sizeof e->reference, "%s", reference);
    e->imports++;
    result->image_id = "ours";
    *out = result;
    return 0;
}

static int image_remove(void *state, const char *reference, const gantry_image_remove_options *opts,
                        gantry_image_removal **out, gantry_error *err)
{
    struct engine *e = state;

    (void)opts;
    (void)out;
    assert_string_equal(reference, "ours");
    e->removals++;
    return gantry_error_set(err, GANTRY_E_IN_USE, "best effort");
}

static int ensure(struct engine *e, char reference[GNT_BOX_REFERENCE_SIZE], gantry_error *err)
{
    static const gantry_engine_ops engine = { .size = sizeof engine, .version = engine_version };
    static const gantry_image_ops images = { .size = sizeof images,
                                             .inspect = image_inspect,
                                             .import = image_import,
                                             .remove = image_remove };
    struct gnt_box_engine known = { &e->host, e, &engine, &images };

    gnt_mem_init(&e->host.mem, NULL, NULL);
    return gnt_box_ensure(&known, NULL, reference, err);
}

static void test_image_is_made_once(void **state)
{
    struct engine e = { .arch = own_program()->arch };
    char first[GNT_BOX_REFERENCE_SIZE] = "", second[GNT_BOX_REFERENCE_SIZE] = "";
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(ensure(&e, first, &err), 0);
    assert_string_equal(first, e.reference);
    assert_memory_equal(first, "localhost/libgantry-box:", 24);
    assert_memory_equal(first + 24, own_program()->digest, 12);
    assert_string_equal(first + 24 + 13, own_program()->arch);
    assert_int_equal(ensure(&e, second, &err), 0);
    assert_string_equal(second, first);
    assert_int_equal(e.imports, 1);
    assert_int_equal(e.versions, 1);
    assert_int_equal(e.removals, 0);
    assert_int_equal(err.code, 0);
    snprintf(e.label, sizeof e.label, "somebody else's"); /* is no longer believed */
    assert_int_equal(ensure(&e, second, &err), 0);
    assert_int_equal(e.imports, 2);
}

static void test_image_of_two_at_once(void **state)
{
    struct engine e = { .arch = own_program()->arch, .steals = 1 };
    char reference[GNT_BOX_REFERENCE_SIZE];
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(ensure(&e, reference, &err), 0);
    assert_int_equal(e.imports, 1);
    assert_int_equal(e.removals, 1);
}

static void test_other_architectures_are_unsupported(void **state)
{
    struct engine e = { .arch = "s390x" };
    char reference[GNT_BOX_REFERENCE_SIZE] = "untouched";
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(ensure(&e, reference, &err), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "'s390x'"));
    assert_string_equal(reference, "untouched");
    assert_int_equal(e.imports, 0);
}

/* ---- compressed tars ------------------------------------------------------------------------- */

struct piece {
    const char *data;
    size_t size;
    size_t at;
};

static int read_piece(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    struct piece *p = arg;

    (void)err;
    *out_size = p->size - p->at < capacity ? p->size - p->at : capacity;
    memcpy(buffer, p->data + p->at, *out_size);
    p->at += *out_size;
    return 0;
}

static int unpack(const char *data, size_t size, char *out, size_t capacity, size_t *out_size)
{
    struct gnt_mem mem;
    struct piece piece = { data, size, 0 };
    gantry_source packed = { .size = sizeof packed, .read = read_piece, .arg = &piece };
    struct gnt_tar_plain *plain = NULL;
    const gantry_source *source;
    gantry_error err = { 0 };
    size_t got = 1;
    int rc;

    gnt_mem_init(&mem, NULL, NULL);
    rc = gnt_tar_plain_new(&mem, &packed, GNT_PACKED_ANY, &plain, &err);
    assert_int_equal(rc, 0);
    source = gnt_tar_plain_source(plain);
    *out_size = 0;
    while (rc == 0 && got > 0) {
        got = 0;
        rc = source->read(source->arg, out + *out_size, capacity - *out_size, &got, &err);
        *out_size += got;
    }
    gnt_tar_plain_free(plain);
    return rc;
}

static void test_all_compressions_are_unpacked(void **state)
{
    static int (*const filters[])(struct archive *) = {
        archive_write_add_filter_gzip, archive_write_add_filter_bzip2, archive_write_add_filter_xz,
        archive_write_add_filter_zstd, archive_write_add_filter_none
    };
    char content[3000], packed[8192], text[4096];
    size_t size, used;

    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)(i * i % 251);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct archive *a = archive_write_new();
        struct archive_entry *entry = archive_entry_new();

        archive_write_set_format_raw(a);
        assert_int_equal(filters[i](a), ARCHIVE_OK);
        archive_write_set_bytes_per_block(a, 0);
        assert_int_equal(archive_write_open_memory(a, packed, sizeof packed, &used), ARCHIVE_OK);
        archive_entry_set_filetype(entry, AE_IFREG);
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, content, sizeof content), sizeof content);
        archive_write_close(a);
        archive_write_free(a);
        archive_entry_free(entry);
        assert_int_equal(unpack(packed, used, text, sizeof text, &size), 0);
        assert_int_equal(size, sizeof content);
        assert_memory_equal(text, content, size);
        if (i < 4)
            assert_int_equal(unpack(packed, used / 2, text, sizeof text, &size), GANTRY_E_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_gives_the_same_bytes),
        cmocka_unit_test(test_libarchive_reads_it),
        cmocka_unit_test(test_a_file_that_cannot_be_read_fails),
        cmocka_unit_test(test_a_wrong_call_is_none_of_the_others),
        cmocka_unit_test(test_names_lead_nowhere_else),
        cmocka_unit_test(test_every_cut_is_seen),
        cmocka_unit_test(test_clear_and_replace),
        cmocka_unit_test(test_gnu_long_names),
        cmocka_unit_test(test_pause_ends_at_a_signal),
        cmocka_unit_test(test_ends_are_told),
        cmocka_unit_test(test_image_is_made_once),
        cmocka_unit_test(test_image_of_two_at_once),
        cmocka_unit_test(test_other_architectures_are_unsupported),
        cmocka_unit_test(test_all_compressions_are_unpacked),
    };

    return cmocka_run_group_tests(tests, make_program, remove_program);
}
