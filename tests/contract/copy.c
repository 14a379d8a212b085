/*
 * Contract of files into and out of containers: the same names, owners, modes and refusals on every
 * engine, whether the container runs or not.
 */
#include "contract.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- helpers -------------------------------------------------------------------------------- */

static gantry_archive *new_archive(struct contract *f)
{
    gantry_archive *archive = NULL;

    OK(gantry_archive_new(NULL, &archive, &f->err));
    return archive;
}

static void write_text(struct contract *f, const char *container, const char *path,
                       const char *text, int mode)
{
    gantry_write_file_options o = { .size = sizeof o, .mode = mode };

    OK(gantry_containers_write_file(f->containers, container, path, text, strlen(text), &o,
                                    &f->err));
}

static void has_text(struct contract *f, const char *container, const char *path, const char *text)
{
    gantry_file_content *content = NULL;

    OK(gantry_containers_read_file(f->containers, container, path, NULL, &content, &f->err));
    SAME(content->data, text);
    CHECK(content->data_size == strlen(text));
    gantry_file_content_free(content);
}

/* What a script inside prints. */
static void prints(struct contract *f, const char *container, const char *script, const char *want)
{
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, container, SHELL(script), NULL, &result, &f->err));
    SAME(result->stderr_data, "");
    SAME(result->stdout_data, want);
    gantry_exec_result_free(result);
}

static void missing_file(struct contract *f, const char *path)
{
    CHECK(f->err.code == GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_FILE);
    SAME(f->err.resource, path);
}

/* A folder of this machine for one test; removed by remove_tree(). */
static const char *make_tree(char root[64])
{
    strcpy(root, "/tmp/gantry-copy-XXXXXX");
    assert_non_null(mkdtemp(root));
    return root;
}

static void remove_tree(const char *root)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

static const char *below(const char *root, const char *name)
{
    static char path[4][256];
    static unsigned next;

    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", root, name);
    return path[next];
}

static void host_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void host_has(const char *root, const char *name, const char *text)
{
    char got[256] = "";
    int fd = open(below(root, name), O_RDONLY | O_NOFOLLOW);

    if (fd < 0)
        fail_msg("%s/%s: %s", root, name, strerror(errno));
    assert_true(read(fd, got, sizeof got - 1) >= 0);
    close(fd);
    assert_string_equal(got, text);
}

static void host_lacks(const char *root, const char *name)
{
    struct stat st;

    assert_int_equal(lstat(below(root, name), &st), -1);
}

/* Names of a tar's entries, with their types and links: "d a/|f a/b|l c>d". */
static void list_tar(struct contract *f, gantry_stream *stream, char *out, size_t size)
{
    gantry_output *tar = NULL;
    size_t used = 0;

    OK(gantry_stream_capture(stream, 0, &tar, &f->err));
    gantry_stream_close(stream);
    out[0] = '\0';
    for (size_t at = 0; at + 512 <= tar->stdout_size && tar->stdout_data[at] != '\0';) {
        const char *h = tar->stdout_data + at;
        size_t length = strtoul(h + 124, NULL, 8);

        used +=
            (size_t)snprintf(out + used, size - used, "%s%c %.100s%s%.100s", used > 0 ? "|" : "",
                             h[156] == '5'   ? 'd'
                             : h[156] == '2' ? 'l'
                             : h[156] == '1' ? 'h'
                                             : 'f',
                             h, h[157] != '\0' ? ">" : "", h + 157);
        assert_true(used < size);
        at += 512 + (length + 511) / 512 * 512;
    }
    gantry_output_free(tar);
}

static void out_is(struct contract *f, const char *container, const char *path, int follow,
                   const char *want)
{
    gantry_copy_out_options o = { .size = sizeof o, .follow = follow };
    gantry_stream *stream = NULL;
    char got[4096];

    OK(gantry_containers_copy_out_open(f->containers, container, path, &o, &stream, &f->err));
    list_tar(f, stream, got, sizeof got);
    SAME(got, want);
}

/* Whose a file is, by the engine's answer or by what runs inside. */
static void owned_by(struct contract *f, const char *container, const char *path, int uid, int gid)
{
    gantry_file_content *content = NULL;
    char script[256];
    char want[64];

    OK(gantry_containers_read_file(f->containers, container, path, NULL, &content, &f->err));
    if (contract_differs(f, DIFF_OWNERS_DO_NOT_COME_OUT))
        CHECK(content->uid == -1 && content->gid == -1);
    else
        CHECK(content->uid == uid && content->gid == gid);
    gantry_file_content_free(content);
    if (contract_state(f, container) != GANTRY_CONTAINER_RUNNING)
        return;
    snprintf(script, sizeof script, "stat -c '%%u %%g' %s", path);
    snprintf(want, sizeof want, "%d %d\n", uid, gid);
    prints(f, container, script, want);
}

/* One that runs, and one that never did. */
static const char *a_container(struct contract *f, int running)
{
    return running ? contract_start(f, IDLE) : contract_create(f, IDLE);
}

/* ---- in ------------------------------------------------------------------------------------- */

static int give_letters(void *arg, void *buffer, size_t capacity, size_t *out_size,
                        gantry_error *err)
{
    size_t *left = arg;

    (void)err;
    *out_size = *left < capacity ? *left : capacity;
    memset(buffer, 'x', *out_size);
    *left -= *out_size;
    return 0;
}

static void goes_in(struct contract *f, int running)
{
    const char *name = a_container(f, running);
    gantry_archive *archive = new_archive(f);
    gantry_entry_options own = {
        .size = sizeof own, .mode = 0640, .uid = 7, .gid = 8, .mtime_ns = (int64_t)1e18
    };
    size_t left = 70000;
    gantry_source letters = {
        .size = sizeof letters, .read = give_letters, .arg = &left, .length = 70000
    };
    gantry_file_content *content = NULL;
    char root[64];

    make_tree(root);
    host_file(below(root, "plain"), "from here\n", 0754);
    assert_int_equal(mkdir(below(root, "tree"), 0711), 0);
    host_file(below(root, "tree/leaf"), "leaf\n", 0600);
    OK(gantry_archive_add_data(archive, "bytes", "hello\n", 6, &own, &f->err));
    OK(gantry_archive_add_source(archive, "letters", &letters, NULL, &f->err));
    OK(gantry_archive_add_file(archive, "plain", below(root, "plain"), NULL, &f->err));
    OK(gantry_archive_add_directory(archive, "tree", below(root, "tree"), NULL, &f->err));
    OK(gantry_archive_symlink(archive, "link", "bytes", NULL, &f->err));
    OK(gantry_archive_link(archive, "second", "bytes", &f->err));
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", archive, NULL, &f->err));
    gantry_archive_free(archive);
    remove_tree(root);

    OK(gantry_containers_read_file(f->containers, name, "/tmp/link", NULL, &content, &f->err));
    SAME(content->data, "hello\n");
    CHECK(content->mode == 0640);
    CHECK(content->mtime_ns == (int64_t)1e18);
    gantry_file_content_free(content);
    OK(gantry_containers_read_file(f->containers, name, "/tmp/letters", NULL, &content, &f->err));
    CHECK(content->data_size == 70000 && content->data[69999] == 'x');
    gantry_file_content_free(content);
    has_text(f, name, "/tmp/tree/leaf", "leaf\n");
    has_text(f, name, "/tmp/second", "hello\n");
    owned_by(f, name, "/tmp/bytes", 7, 8);
    if (running)
        prints(f, name,
               "cd /tmp; stat -c '%n %a %u %g %h' bytes plain tree tree/leaf second; readlink link",
               "bytes 640 7 8 2\nplain 754 0 0 1\ntree 711 0 0 2\ntree/leaf 600 0 0 1\n"
               "second 640 7 8 2\nbytes\n");
}

static void all_kinds_go_into_one_that_runs(struct contract *f)
{
    goes_in(f, 1);
}

static void all_kinds_go_into_one_that_does_not(struct contract *f)
{
    goes_in(f, 0);
}

static void directories_of_the_container_stay_as_they_are(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_archive *archive = new_archive(f);
    gantry_file_info *info = NULL;

    OK(gantry_archive_add_data(archive, "tmp/new/file", "x", 1, NULL, &f->err));
    OK(gantry_containers_copy_in(f->containers, name, "/", archive, NULL, &f->err));
    gantry_archive_free(archive);
    OK(gantry_containers_stat(f->containers, name, "/tmp", NULL, &info, &f->err));
    CHECK(info->mode == 01777);
    gantry_file_info_free(info);
    OK(gantry_containers_stat(f->containers, name, "/tmp/new", NULL, &info, &f->err));
    CHECK(info->type == GANTRY_FILE_DIRECTORY && (info->mode & 0755) == 0755);
    gantry_file_info_free(info);
}

static void tar_streams_go_in_whole_or_not_at_all(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_archive *archive = new_archive(f);
    gantry_memory memory = { .size = sizeof memory };
    gantry_source source = { .size = sizeof source };
    gantry_output *tar = NULL;
    gantry_stream *stream = NULL;

    OK(gantry_archive_add_data(archive, "a", "first\n", 6, NULL, &f->err));
    OK(gantry_archive_add_data(archive, "b", "second\n", 7, NULL, &f->err));
    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    OK(gantry_stream_capture(stream, 0, &tar, &f->err));
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    memory.data = tar->stdout_data;
    memory.length = tar->stdout_size;
    gantry_source_memory(&source, &memory);
    OK(gantry_containers_extract(f->containers, name, "/tmp", &source, NULL, &f->err));
    has_text(f, name, "/tmp/a", "first\n");
    has_text(f, name, "/tmp/b", "second\n");
    /* Cut behind an entry, where engines take it for whole. */
    memory.length = 1024;
    memory.offset = 0;
    gantry_source_memory(&source, &memory);
    FAILS(gantry_containers_extract(f->containers, name, "/tmp", &source, NULL, &f->err),
          GANTRY_E_INVALID);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    gantry_output_free(tar);
}

/* What the engine still unpacks when the source fails must not be in the way of what follows. */
static void a_copy_that_broke_is_no_hindrance(struct contract *f)
{
    enum {
        FILES = 400
    };
    const char *name = contract_create(f, IDLE);
    gantry_container_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    gantry_archive *archive = new_archive(f);
    gantry_memory memory = { .size = sizeof memory };
    gantry_source source = { .size = sizeof source };
    gantry_output *tar = NULL;
    gantry_stream *stream = NULL;
    char file[32];
    int exists = -1;

    for (int i = 0; i < FILES; i++) {
        snprintf(file, sizeof file, "d%d/f%d", i / 4, i);
        OK(gantry_archive_add_data(archive, file, "x", 1, NULL, &f->err));
    }
    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    OK(gantry_stream_capture(stream, 0, &tar, &f->err));
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    memory.data = tar->stdout_data;
    memory.length = tar->stdout_size / 512 * 512 - 2048;
    gantry_source_memory(&source, &memory);
    FAILS(gantry_containers_extract(f->containers, name, "/tmp", &source, NULL, &f->err),
          GANTRY_E_INVALID);
    gantry_output_free(tar);
    OK(gantry_containers_remove(f->containers, name, &force, &f->err));
    OK(gantry_containers_exists(f->containers, name, NULL, &exists, &f->err));
    CHECK(exists == 0);
}

static void owners_can_be_the_containers(struct contract *f)
{
    gantry_container_options options = { .size = sizeof options,
                                         .name = contract_name(f, "own"),
                                         .command = SHELL(IDLE),
                                         .user = "5:6" };
    gantry_copy_in_options o = { .size = sizeof o, .keep_owner = GANTRY_OFF };
    gantry_entry_options own = { .size = sizeof own, .uid = 7, .gid = 8 };
    gantry_archive *archive = new_archive(f);

    OK(gantry_containers_create(f->containers, f->base, &options, NULL, &f->err));
    OK(gantry_archive_add_data(archive, "file", "x", 1, &own, &f->err));
    OK(gantry_containers_copy_in(f->containers, options.name, "/tmp", archive, &o, &f->err));
    owned_by(f, options.name, "/tmp/file", 5, 6);
    OK(gantry_containers_start(f->containers, options.name, NULL, &f->err));
    owned_by(f, options.name, "/tmp/file", 5, 6);
    OK(gantry_containers_copy_in(f->containers, options.name, "/tmp", archive, NULL, &f->err));
    owned_by(f, options.name, "/tmp/file", 7, 8);
    gantry_archive_free(archive);
}

static void missing_directories_are_made_if_asked(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_copy_in_options make = { .size = sizeof make, .create_directory = GANTRY_ON };
    gantry_archive *archive = new_archive(f);

    OK(gantry_archive_add_data(archive, "file", "x", 1, NULL, &f->err));
    FAILS(gantry_containers_copy_in(f->containers, name, "/no/such/dir", archive, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    missing_file(f, "/no/such/dir");
    OK(gantry_containers_copy_in(f->containers, name, "/no/such/dir", archive, &make, &f->err));
    prints(f, name, "stat -c '%n %a %u %g' /no /no/such /no/such/dir",
           "/no 755 0 0\n/no/such 755 0 0\n/no/such/dir 755 0 0\n");
    has_text(f, name, "/no/such/dir/file", "x");
    FAILS(gantry_containers_copy_in(f->containers, name, "/etc/passwd", archive, &make, &f->err),
          GANTRY_E_CONFLICT);
    gantry_archive_free(archive);
}

static void kinds_are_replaced_if_asked(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_copy_in_options replace = { .size = sizeof replace, .replace_kinds = GANTRY_ON };
    gantry_archive *file = new_archive(f);
    gantry_archive *directory = new_archive(f);

    OK(gantry_archive_add_data(file, "thing", "x", 1, NULL, &f->err));
    OK(gantry_archive_mkdir(directory, "thing", NULL, &f->err));
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", file, NULL, &f->err));
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", file, NULL, &f->err));
    FAILS(gantry_containers_copy_in(f->containers, name, "/tmp", directory, NULL, &f->err),
          GANTRY_E_CONFLICT);
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", directory, &replace, &f->err));
    FAILS(gantry_containers_copy_in(f->containers, name, "/tmp", file, NULL, &f->err),
          GANTRY_E_CONFLICT);
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", file, &replace, &f->err));
    has_text(f, name, "/tmp/thing", "x");
    gantry_archive_free(file);
    gantry_archive_free(directory);
}

static void read_only_roots_are_denied(struct contract *f)
{
    gantry_container_options options = { .size = sizeof options,
                                         .name = contract_name(f, "readonly"),
                                         .command = SHELL(IDLE),
                                         .extra_json = "{\"HostConfig\":{\"ReadonlyRootfs\":true},"
                                                       "\"read_only_filesystem\":true}" };

    OK(gantry_containers_create(f->containers, f->base, &options, NULL, &f->err));
    FAILS(
        gantry_containers_write_file(f->containers, options.name, "/tmp/x", "x", 1, NULL, &f->err),
        GANTRY_E_DENIED);
    OK(gantry_containers_start(f->containers, options.name, NULL, &f->err));
    FAILS(
        gantry_containers_write_file(f->containers, options.name, "/etc/x", "x", 1, NULL, &f->err),
        GANTRY_E_DENIED);
}

static void volumes_are_reached(struct contract *f)
{
    gantry_mount mount = { .size = sizeof mount,
                           .type = GANTRY_MOUNT_VOLUME,
                           .source = contract_name(f, "copy-volume"),
                           .target = "/data" };
    const gantry_mount *mounts[] = { &mount, NULL };
    gantry_container_options options = { .size = sizeof options,
                                         .name = contract_name(f, "volume-user"),
                                         .command = SHELL(IDLE),
                                         .mounts = mounts };

    OK(gantry_volumes_create(f->volumes, mount.source, NULL, NULL, &f->err));
    OK(gantry_containers_create(f->containers, f->base, &options, NULL, &f->err));
    write_text(f, options.name, "/data/stopped", "s\n", 0);
    OK(gantry_containers_start(f->containers, options.name, NULL, &f->err));
    write_text(f, options.name, "/data/running", "r\n", 0);
    prints(f, options.name, "cat /data/stopped /data/running", "s\nr\n");
    out_is(f, options.name, "/data/.", 0, "f running|f stopped");
}

static void mounted_file_systems_are_reached(struct contract *f)
{
    gantry_mount mount = { .size = sizeof mount, .type = GANTRY_MOUNT_TMPFS, .target = "/tmp/fs" };
    const gantry_mount *mounts[] = { &mount, NULL };
    gantry_container_options options = { .size = sizeof options,
                                         .name = contract_name(f, "tmpfs-user"),
                                         .command = SHELL(IDLE),
                                         .mounts = mounts };
    gantry_file_content *content = NULL;

    OK(gantry_containers_create(f->containers, f->base, &options, NULL, &f->err));
    OK(gantry_containers_start(f->containers, options.name, NULL, &f->err));
    prints(f, options.name, "echo inside >/tmp/fs/file", "");
    if (contract_differs(f, DIFF_MOUNTED_FILE_SYSTEMS_ARE_HIDDEN))
        FAILS(gantry_containers_read_file(f->containers, options.name, "/tmp/fs/file", NULL,
                                          &content, &f->err),
              GANTRY_E_NOT_FOUND);
    else
        has_text(f, options.name, "/tmp/fs/file", "inside\n");
    /* A file that the engine has mounted can be read, but not replaced. */
    OK(gantry_containers_read_file(f->containers, options.name, "/etc/hosts", NULL, &content,
                                   &f->err));
    CONTAINS(content->data, "localhost");
    gantry_file_content_free(content);
    FAILS(gantry_containers_write_file(f->containers, options.name, "/etc/hosts", "x", 1, NULL,
                                       &f->err),
          GANTRY_E_IN_USE);
}

/* ---- look ----------------------------------------------------------------------------------- */

static void stat_is(struct contract *f, const char *container, const char *path, int follow,
                    const char *want)
{
    gantry_stat_options o = { .size = sizeof o, .follow = follow };
    gantry_file_info *info = NULL;
    char got[512];

    OK(gantry_containers_stat(f->containers, container, path, &o, &info, &f->err));
    snprintf(got, sizeof got, "%s %d %o %s", info->name, info->type, (unsigned)info->mode,
             info->link_target);
    SAME(got, want);
    if (info->type == GANTRY_FILE_REGULAR)
        CHECK(info->file_size == 4);
    gantry_file_info_free(info);
}

static void looks_tell_kinds(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_archive *archive = new_archive(f);
    gantry_entry_options setuid = { .size = sizeof setuid, .mode = 04755 };
    gantry_file_info *info = NULL;

    OK(gantry_archive_add_data(archive, "file", "four", 4, &setuid, &f->err));
    OK(gantry_archive_symlink(archive, "link", "file", NULL, &f->err));
    OK(gantry_archive_symlink(archive, "out", "../../../../tmp/file", NULL, &f->err));
    OK(gantry_archive_symlink(archive, "dangling", "nowhere", NULL, &f->err));
    OK(gantry_archive_symlink(archive, "dirlink", "/etc", NULL, &f->err));
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", archive, NULL, &f->err));
    gantry_archive_free(archive);
    for (int running = 0; running < 2; running++) {
        if (running)
            OK(gantry_containers_start(f->containers, name, NULL, &f->err));
        stat_is(f, name, "/tmp/file", 0, "file 1 4755 ");
        stat_is(f, name, "/tmp//./file", 0, "file 1 4755 ");
        stat_is(f, name, "/tmp", 0, "tmp 2 1777 ");
        stat_is(f, name, "/tmp/", 0, "tmp 2 1777 ");
        stat_is(f, name, "/tmp/.", 0, "tmp 2 1777 ");
        stat_is(f, name, "/tmp/link", 0, "link 3 777 /tmp/file");
        stat_is(f, name, "/tmp/link", GANTRY_ON, "link 1 4755 ");
        stat_is(f, name, "/tmp/out", GANTRY_ON, "out 1 4755 ");
        stat_is(f, name, "/tmp/dangling", 0, "dangling 3 777 /tmp/nowhere");
        stat_is(f, name, "/tmp/dirlink/", 0, "dirlink 2 755 ");
        FAILS(gantry_containers_stat(f->containers, name, "/tmp/dangling",
                                     &(gantry_stat_options){ .size = sizeof(gantry_stat_options),
                                                             .follow = GANTRY_ON },
                                     &info, &f->err),
              GANTRY_E_NOT_FOUND);
        missing_file(f, "/tmp/dangling");
        FAILS(gantry_containers_stat(f->containers, name, "/tmp/file/below", NULL, &info, &f->err),
              GANTRY_E_NOT_FOUND);
        missing_file(f, "/tmp/file/below");
        FAILS(gantry_containers_stat(f->containers, name, "/tmp/file/.", NULL, &info, &f->err),
              GANTRY_E_NOT_FOUND);
        OK(gantry_containers_stat(f->containers, name, "/", NULL, &info, &f->err));
        CHECK(info->type == GANTRY_FILE_DIRECTORY);
        gantry_file_info_free(info);
    }
}

static void what_is_missing_is_told(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    const char *nobody = contract_name(f, "nobody");
    gantry_archive *archive = new_archive(f);
    gantry_file_info *info = NULL;
    gantry_file_content *content = NULL;
    gantry_stream *stream = NULL;

    FAILS(gantry_containers_stat(f->containers, name, "/tmp/none", NULL, &info, &f->err),
          GANTRY_E_NOT_FOUND);
    missing_file(f, "/tmp/none");
    SAME(f->err.operation, "containers.stat");
    FAILS(gantry_containers_read_file(f->containers, name, "/tmp/none", NULL, &content, &f->err),
          GANTRY_E_NOT_FOUND);
    missing_file(f, "/tmp/none");
    FAILS(gantry_containers_copy_out_open(f->containers, name, "/tmp/none", NULL, &stream, &f->err),
          GANTRY_E_NOT_FOUND);
    missing_file(f, "/tmp/none");
    FAILS(gantry_containers_copy_to_host(f->containers, name, "/tmp/none", "/tmp", NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    missing_file(f, "/tmp/none");
    FAILS(gantry_containers_write_file(f->containers, name, "/none/x", "x", 1, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    missing_file(f, "/none");
    FAILS(gantry_containers_stat(f->containers, nobody, "/tmp", NULL, &info, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, nobody);
    OK(gantry_archive_add_data(archive, "file", "x", 1, NULL, &f->err));
    FAILS(gantry_containers_copy_in(f->containers, nobody, "/tmp", archive, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    FAILS(gantry_containers_copy_out_open(f->containers, nobody, "/tmp", NULL, &stream, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    FAILS(gantry_containers_stat(f->containers, name, "tmp", NULL, &info, &f->err),
          GANTRY_E_INVALID);
    CHECK(info == NULL && content == NULL && stream == NULL);
    gantry_archive_free(archive);
}

/* ---- out ------------------------------------------------------------------------------------ */

static void names_are_alike(struct contract *f)
{
    static const char long_name[] = "a-name-that-is-longer-than-what-a-header-of-a-tar-has-room-"
                                    "for-if-it-is-of-the-oldest-kind-"
                                    "of-all-of-them";
    const char *name = contract_create(f, IDLE);
    gantry_archive *archive = new_archive(f);

    OK(gantry_archive_add_data(archive, "d/file", "four", 4, NULL, &f->err));
    OK(gantry_archive_mkdir(archive, "d/sub", NULL, &f->err));
    OK(gantry_archive_symlink(archive, "d/link", "file", NULL, &f->err));
    OK(gantry_archive_link(archive, "d/other", "d/file", &f->err));
    OK(gantry_archive_symlink(archive, "to-d", "d", NULL, &f->err));
    OK(gantry_archive_symlink(archive, "to-file", "d/file", NULL, &f->err));
    OK(gantry_archive_symlink(archive, long_name, "d/sub", NULL, &f->err));
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", archive, NULL, &f->err));
    gantry_archive_free(archive);
    for (int running = 0; running < 2; running++) {
        if (running)
            OK(gantry_containers_start(f->containers, name, NULL, &f->err));
        out_is(f, name, "/tmp/d", 0, "d d/|f d/file|l d/link>file|h d/other>d/file|d d/sub/");
        out_is(f, name, "/tmp/d/", 0, "d d/|f d/file|l d/link>file|h d/other>d/file|d d/sub/");
        out_is(f, name, "/tmp/d/.", 0, "f file|l link>file|h other>file|d sub/");
        out_is(f, name, "/tmp/to-d/.", 0, "f file|l link>file|h other>file|d sub/");
        out_is(f, name, "/tmp/to-d", GANTRY_ON,
               "d to-d/|f to-d/file|l to-d/link>file|h to-d/other>to-d/file|d to-d/sub/");
        out_is(f, name, "/tmp/d/file", 0, "f file");
        out_is(f, name, "/tmp/to-file", GANTRY_ON, "f to-file");
        out_is(f, name, "/tmp/to-file", 0,
               contract_differs(f, DIFF_LINKS_COME_RESOLVED) ? "l to-file>/tmp/d/file"
                                                             : "l to-file>d/file");
    }
}

static void small_files_are_read_and_written(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_write_file_options own = {
        .size = sizeof own, .mode = 0600, .uid = 3, .gid = 4, .mtime_ns = (int64_t)1e18
    };
    gantry_write_file_options make = { .size = sizeof make, .create_directory = GANTRY_ON };
    gantry_read_file_options few = { .size = sizeof few, .limit = 5 };
    gantry_file_content *content = NULL;
    int fds[2];
    char got[16] = "";

    OK(gantry_containers_write_file(f->containers, name, "/tmp/f", "a\0b\n", 4, &own, &f->err));
    OK(gantry_containers_read_file(f->containers, name, "/tmp/f", &few, &content, &f->err));
    CHECK(content->data_size == 4 && memcmp(content->data, "a\0b\n", 5) == 0);
    CHECK(content->mode == 0600);
    CHECK(content->mtime_ns == (int64_t)1e18);
    gantry_file_content_free(content);
    content = NULL;
    prints(f, name, "stat -c '%a %u %g %Y' /tmp/f; ln -s /tmp/f /tmp/l; ln -s later /tmp/m",
           "600 3 4 1000000000\n");
    write_text(f, name, "/tmp/l", "through", 0);
    prints(f, name, "readlink /tmp/l; cat /tmp/f; stat -c ' %a' /tmp/f", "/tmp/f\nthrough 644\n");
    write_text(f, name, "/tmp/m", "later", 0);
    prints(f, name, "cat /tmp/later", "later");
    FAILS(gantry_containers_read_file(f->containers, name, "/tmp/f", &few, &content, &f->err),
          GANTRY_E_LIMIT);
    FAILS(gantry_containers_read_file(f->containers, name, "/tmp", NULL, &content, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_containers_write_file(f->containers, name, "/tmp", "x", 1, NULL, &f->err),
          GANTRY_E_CONFLICT);
    CHECK(content == NULL);
    OK(gantry_containers_write_file(f->containers, name, "/new/dir/f", "", 0, &make, &f->err));
    has_text(f, name, "/new/dir/f", "");
    assert_int_equal(pipe(fds), 0);
    OK(gantry_containers_read_file_fd(f->containers, name, "/tmp/l", fds[1], NULL, &f->err));
    assert_int_equal(read(fds[0], got, sizeof got - 1), 7);
    SAME(got, "through");
    close(fds[0]);
    FAILS(gantry_containers_read_file_fd(f->containers, name, "/tmp/l", fds[1], NULL, &f->err),
          GANTRY_E_IO);
    close(fds[1]);
}

/* ---- the command lines' rules --------------------------------------------------------------- */

/* What is copied to where, and what is there then; `there` exists before, ending with '/' for a
 * directory. "!": it fails with this code. */
struct rule {
    const char *from;
    const char *there;
    const char *to;
    const char *then;
    int code;
};

static const struct rule rules[] = { { "file", NULL, "new", "new", 0 },
                                     { "file", "old", "old", "old", 0 },
                                     { "file", "dir/", "dir", "dir/file", 0 },
                                     { "file", "dir/", "dir/", "dir/file", 0 },
                                     { "file", "dir/", "dir/other", "dir/other", 0 },
                                     { "tree", NULL, "new", "new/leaf", 0 },
                                     { "tree", NULL, "new/", "new/leaf", 0 },
                                     { "tree/", NULL, "new", "new/leaf", 0 },
                                     { "tree", "dir/", "dir", "dir/tree/leaf", 0 },
                                     { "tree/", "dir/", "dir/", "dir/tree/leaf", 0 },
                                     { "tree/.", NULL, "new", "new/leaf", 0 },
                                     { "tree/.", "dir/", "dir", "dir/leaf", 0 },
                                     { "tree/.", "dir/", "dir/.", "dir/leaf", 0 },
                                     { "tree", "old", "old", NULL, GANTRY_E_CONFLICT },
                                     { "tree/.", "old", "old", NULL, GANTRY_E_CONFLICT },
                                     { "file", NULL, "new/", NULL,
                                       1 }, /* there is no such directory */
                                     { "file", NULL, "no/new", NULL, 1 } };

enum {
    RULES = sizeof rules / sizeof rules[0]
};

static void make_sources(const char *root)
{
    host_file(below(root, "file"), "content\n", 0644);
    assert_int_equal(mkdir(below(root, "tree"), 0755), 0);
    host_file(below(root, "tree/leaf"), "content\n", 0644);
}

static void copies_from_the_host_follow_the_rules(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_write_file_options own = {
        .size = sizeof own, .owner = GANTRY_ON, .uid = 11, .gid = 12, .follow = GANTRY_ON
    };
    gantry_archive *before = new_archive(f);
    char root[64];
    char path[128];
    char script[1024] = "cd /tmp; tail -qn 1";
    size_t used = strlen(script);
    size_t succeeded = 0;

    make_sources(make_tree(root));
    for (size_t i = 0; i < RULES; i++) {
        const char *there = rules[i].there;

        snprintf(path, sizeof path, "%zu/%s", i, there != NULL ? there : "");
        if (there == NULL || strchr(there, '/') != NULL)
            OK(gantry_archive_mkdir(before, path, NULL, &f->err));
        else
            OK(gantry_archive_add_data(before, path, "old", 3, NULL, &f->err));
    }
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", before, NULL, &f->err));
    gantry_archive_free(before);
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *r = &rules[i];

        snprintf(path, sizeof path, "/tmp/%zu/%s", i, r->to);
        if (r->code != 0) {
            FAILS(gantry_containers_copy_from_host(f->containers, name, below(root, r->from), path,
                                                   NULL, &f->err),
                  r->code < 0 ? r->code : GANTRY_E_NOT_FOUND);
            continue;
        }
        OK(gantry_containers_copy_from_host(f->containers, name, below(root, r->from), path, NULL,
                                            &f->err));
        used += (size_t)snprintf(script + used, sizeof script - used, " %zu/%s", i, r->then);
        succeeded++;
    }
    snprintf(script + used, sizeof script - used, " | grep -c '^content$'");
    snprintf(path, sizeof path, "%zu\n", succeeded);
    prints(f, name, script, path);
    assert_int_equal(symlink("file", below(root, "link")), 0);
    OK(gantry_containers_copy_from_host(f->containers, name, below(root, "link"), "/tmp/l", NULL,
                                        &f->err));
    stat_is(f, name, "/tmp/l", 0, "l 3 777 /tmp/file");
    OK(gantry_containers_copy_from_host(f->containers, name, below(root, "link"), "/tmp/f", &own,
                                        &f->err));
    has_text(f, name, "/tmp/f", "content\n");
    owned_by(f, name, "/tmp/f", 11, 12);
    FAILS(gantry_containers_copy_from_host(f->containers, name, below(root, "none"), "/tmp", NULL,
                                           &f->err),
          GANTRY_E_IO);
    CHECK(f->err.os_error == ENOENT);
    remove_tree(root);
}

static void copies_to_the_host_follow_the_rules(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_copy_to_host_options keep = { .size = sizeof keep, .replace = GANTRY_OFF };
    gantry_archive *archive = new_archive(f);
    char root[64];
    char folder[128];
    char path[160];

    OK(gantry_archive_add_data(archive, "file", "content", 7, NULL, &f->err));
    OK(gantry_archive_add_data(archive, "tree/leaf", "content", 7, NULL, &f->err));
    OK(gantry_archive_symlink(archive, "link", "file", NULL, &f->err));
    OK(gantry_containers_copy_in(f->containers, name, "/tmp", archive, NULL, &f->err));
    gantry_archive_free(archive);
    make_tree(root);
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *r = &rules[i];

        snprintf(folder, sizeof folder, "%s/%zu", root, i);
        assert_int_equal(mkdir(folder, 0755), 0);
        if (r->there != NULL && strchr(r->there, '/') != NULL)
            assert_int_equal(mkdir(below(folder, r->there), 0755), 0);
        else if (r->there != NULL)
            host_file(below(folder, r->there), "old", 0644);
        snprintf(path, sizeof path, "/tmp/%s", r->from);
        if (r->code != 0) {
            FAILS(gantry_containers_copy_to_host(f->containers, name, path, below(folder, r->to),
                                                 NULL, &f->err),
                  r->code < 0 ? r->code : GANTRY_E_IO);
            continue;
        }
        OK(gantry_containers_copy_to_host(f->containers, name, path, below(folder, r->to), NULL,
                                          &f->err));
        host_has(folder, r->then, "content");
    }
    OK(gantry_containers_copy_to_host(f->containers, name, "/tmp/file", below(root, "x"), &keep,
                                      &f->err));
    FAILS(gantry_containers_copy_to_host(f->containers, name, "/tmp/file", below(root, "x"), &keep,
                                         &f->err),
          GANTRY_E_EXISTS);
    remove_tree(root);
}

/* ---- a container that means harm ------------------------------------------------------------ */

static void nothing_leaves_the_directory(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_copy_to_host_options o = { .size = sizeof o };
    char root[64];
    struct stat st;

    make_tree(root);
    assert_int_equal(mkdir(below(root, "in"), 0755), 0);
    assert_int_equal(mkdir(below(root, "outside"), 0755), 0);
    prints(f, name,
           "mkdir -p /tmp/h/d; cd /tmp/h; ln -s /etc abs; ln -s ../../outside rel;"
           "echo x > su; chown 1:1 su; chmod 6755 su; mkdir sticky; chmod 1700 sticky; chmod 500 d",
           "");
    OK(gantry_containers_copy_to_host(f->containers, name, "/tmp/h", below(root, "in"), NULL,
                                      &f->err));
    assert_int_equal(stat(below(root, "in/h/su"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(st.st_uid, getuid());
    assert_int_equal(lstat(below(root, "in/h/d"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0500);
    assert_int_equal(lstat(below(root, "in/h/abs"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    /* Where the links were, files come: they must not be written through them. */
    prints(f, name, "cd /tmp/h; rm rel abs; mkdir rel; echo evil >rel/f; echo evil >abs", "");
    FAILS(gantry_containers_copy_to_host(f->containers, name, "/tmp/h", below(root, "in"), NULL,
                                         &f->err),
          GANTRY_E_CONFLICT);
    host_lacks(root, "outside/f");
    o.max_entries = 2;
    FAILS(gantry_containers_copy_to_host(f->containers, name, "/tmp/h", below(root, "n"), &o,
                                         &f->err),
          GANTRY_E_LIMIT);
    o.max_entries = 0;
    o.max_bytes = 6;
    FAILS(gantry_containers_copy_to_host(f->containers, name, "/tmp/h", below(root, "b"), &o,
                                         &f->err),
          GANTRY_E_LIMIT);
    prints(f, name, "rm -rf /tmp/h; mkdir /tmp/h; mkfifo /tmp/h/pipe; echo y >/tmp/h/z", "");
    FAILS(gantry_containers_copy_to_host(f->containers, name, "/tmp/h", below(root, "p"), NULL,
                                         &f->err),
          GANTRY_E_DENIED);
    o.max_bytes = 0;
    o.special = GANTRY_ON;
    OK(gantry_containers_copy_to_host(f->containers, name, "/tmp/h", below(root, "q"), &o,
                                      &f->err));
    host_has(root, "q/z", "y\n");
    host_lacks(root, "q/pipe");
    o.owner = GANTRY_ON;
    if (contract_differs(f, DIFF_OWNERS_DO_NOT_COME_OUT)) {
        FAILS(gantry_containers_copy_to_host(f->containers, name, "/tmp/h/z", below(root, "own"),
                                             &o, &f->err),
              GANTRY_E_UNSUPPORTED);
    } else if (getuid() == 0) {
        prints(f, name, "cd /tmp/h; rm pipe; chown 5:6 z; chmod 4711 z", "");
        OK(gantry_containers_copy_to_host(f->containers, name, "/tmp/h/z", below(root, "own"), &o,
                                          &f->err));
        assert_int_equal(stat(below(root, "own"), &st), 0);
        assert_true(st.st_uid == 5 && st.st_gid == 6 && (st.st_mode & 07777) == 04711);
    }
    remove_tree(root);
}

/* ---- a lot ---------------------------------------------------------------------------------- */

enum {
    BIG = 100 * 1024 * 1024
};

static void big_files_go_both_ways(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    unsigned state = 12345;
    static unsigned piece[64 * 1024];
    char root[64];
    char command[512];
    int fd;

    make_tree(root);
    fd = open(below(root, "big"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    for (size_t done = 0; done < BIG; done += sizeof piece) {
        for (size_t i = 0; i < sizeof piece / sizeof piece[0]; i++)
            piece[i] = state = state * 1664525 + 1013904223;
        assert_int_equal(write(fd, piece, sizeof piece), (ssize_t)sizeof piece);
    }
    close(fd);
    OK(gantry_containers_copy_from_host(f->containers, name, below(root, "big"), "/tmp/big", NULL,
                                        &f->err));
    OK(gantry_containers_copy_to_host(f->containers, name, "/tmp/big", below(root, "back"), NULL,
                                      &f->err));
    snprintf(command, sizeof command, "cmp '%s/big' '%s/back'", root, root);
    assert_int_equal(system(command), 0);
    remove_tree(root);
}

/* ---- users ---------------------------------------------------------------------------------- */

#define HASH "$6$saltsalt$not.a.hash.of.anything/but.long.enough.to.be.looked.for"

static void users_are_added_by_the_files(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_user user = { .size = sizeof user,
                         .name = "ada",
                         .comment = "Ada L.",
                         .password_hash = HASH,
                         .groups = COMMAND("staff") };
    gantry_add_user_options again = { .size = sizeof again, .exists_ok = GANTRY_ON };
    gantry_user_info *info = NULL;
    gantry_file_content *passwd = NULL;

    write_text(f, name, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/:/bin/sh",
               0644);
    write_text(f, name, "/etc/group", "root:x:0:\nstaff:x:50:bob\n", 0644);
    write_text(f, name, "/etc/shadow", "root:*:1:0:99999:7:::\n", 0640);
    FAILS(gantry_containers_add_user(f->containers, name,
                                     &(gantry_user){ .size = sizeof(gantry_user),
                                                     .name = "eve",
                                                     .groups = COMMAND("nogroup") },
                                     NULL, &info, &f->err),
          GANTRY_E_INVALID);
    OK(gantry_containers_add_user(f->containers, name, &user, NULL, &info, &f->err));
    CHECK(info->created == 1 && info->uid == 1001 && info->gid == 1001);
    gantry_user_info_free(info);
    info = NULL;
    FAILS(gantry_containers_add_user(f->containers, name, &user, NULL, &info, &f->err),
          GANTRY_E_EXISTS);
    OK(gantry_containers_add_user(f->containers, name, &user, &again, &info, &f->err));
    CHECK(info->created == 0 && info->uid == 1001);
    gantry_user_info_free(info);
    user.name = "bea";
    user.uid = 1001;
    FAILS(gantry_containers_add_user(f->containers, name, &user, NULL, NULL, &f->err),
          GANTRY_E_EXISTS);
    OK(gantry_containers_read_file(f->containers, name, "/etc/shadow", NULL, &passwd, &f->err));
    CHECK(passwd->mode == 0640);
    CONTAINS(passwd->data, "ada:" HASH ":");
    gantry_file_content_free(passwd);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    prints(f, name,
           "su ada -c 'id; cd; pwd'; stat -c '%a %U' /home/ada; tail -n 2 /etc/passwd;"
           "grep staff /etc/group",
           "uid=1001(ada) gid=1001(ada) groups=50(staff),1001(ada)\n/home/ada\n700 ada\n"
           "bob:x:1000:1000::/:/bin/sh\nada:x:1001:1001:Ada L.:/home/ada:/bin/sh\n"
           "staff:x:50:bob,ada\n");
    /* A mode of nothing is one that a shadow file has on some systems; it must not become 0644. */
    prints(f, name, "chmod 0 /etc/shadow", "");
    user.name = "cyd";
    user.uid = 0;
    OK(gantry_containers_add_user(f->containers, name, &user, NULL, NULL, &f->err));
    prints(f, name, "stat -c %a /etc/shadow; grep -c ^cyd:.6 /etc/shadow", "0\n1\n");
}

/* Tools that write down how they were called. */
static void users_are_added_by_the_tools(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_user user = {
        .size = sizeof user, .name = "ada", .password_hash = HASH, .uid = 1234, .no_home = GANTRY_ON
    };
    gantry_write_file_options make = { .size = sizeof make,
                                       .mode = 0755,
                                       .create_directory = GANTRY_ON };
    static const char useradd[] = "#!/bin/sh\necho useradd \"$@\" >>/tmp/calls\n"
                                  "echo ada:x:$2:$4::$6:$8 >>/etc/passwd\n";
    static const char groupadd[] = "#!/bin/sh\necho groupadd \"$@\" >>/tmp/calls\n";
    static const char chpasswd[] =
        "#!/bin/sh\necho chpasswd \"$@\" >>/tmp/calls\ncat >/tmp/input\n";
    gantry_user_info *info = NULL;

    OK(gantry_containers_write_file(f->containers, name, "/usr/sbin/useradd", useradd,
                                    sizeof useradd - 1, &make, &f->err));
    OK(gantry_containers_write_file(f->containers, name, "/usr/sbin/groupadd", groupadd,
                                    sizeof groupadd - 1, &make, &f->err));
    OK(gantry_containers_write_file(f->containers, name, "/usr/sbin/chpasswd", chpasswd,
                                    sizeof chpasswd - 1, &make, &f->err));
    OK(gantry_containers_add_user(f->containers, name, &user, NULL, &info, &f->err));
    CHECK(info->created == 1 && info->uid == 1234 && info->gid == 1234);
    gantry_user_info_free(info);
    prints(f, name, "cat /tmp/calls /tmp/input",
           "groupadd -g 1234 ada\nuseradd -u 1234 -g 1234 -d /home/ada -s /bin/sh -M ada\n"
           "chpasswd -e\nada:" HASH "\n");
}

const struct contract_test copy_tests[] = {
    TEST_WITH(all_kinds_go_into_one_that_runs, PROCESSES, .on = ON_ENGINES),
    TEST_WITH(all_kinds_go_into_one_that_does_not, .on = ON_ENGINES),
    TEST_WITH(directories_of_the_container_stay_as_they_are, .on = ON_ENGINES),
    TEST_WITH(tar_streams_go_in_whole_or_not_at_all, .on = ON_ENGINES),
    TEST_WITH(a_copy_that_broke_is_no_hindrance, .on = ON_ENGINES),
    TEST_WITH(owners_can_be_the_containers, .on = ON_ENGINES),
    TEST_WITH(missing_directories_are_made_if_asked, .on = ON_ENGINES),
    TEST_WITH(kinds_are_replaced_if_asked, .on = ON_ENGINES),
    TEST_WITH(read_only_roots_are_denied, .on = ON_ENGINES),
    TEST_WITH(volumes_are_reached, .on = ON_ENGINES),
    TEST_WITH(mounted_file_systems_are_reached, .on = ON_ENGINES),
    TEST_WITH(looks_tell_kinds, .on = ON_ENGINES),
    TEST_WITH(what_is_missing_is_told, .on = ON_ENGINES),
    TEST_WITH(names_are_alike, .on = ON_ENGINES),
    TEST_WITH(small_files_are_read_and_written, .on = ON_ENGINES),
    TEST_WITH(copies_from_the_host_follow_the_rules, .on = ON_ENGINES),
    TEST_WITH(copies_to_the_host_follow_the_rules, .on = ON_ENGINES),
    TEST_WITH(nothing_leaves_the_directory, .on = ON_ENGINES),
    TEST_WITH(big_files_go_both_ways, .on = ON_DOCKER | ON_PODMAN),
    TEST_WITH(users_are_added_by_the_files, .on = ON_ENGINES),
    TEST_WITH(users_are_added_by_the_tools, .on = ON_ENGINES),
    { 0 }
};
