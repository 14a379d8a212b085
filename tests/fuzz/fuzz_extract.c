/*
 * Unpacking a tar: the input is one, with its check sums put right and its names passed through the
 * filter that copies use. Nothing may appear, change or go outside the directory, whatever it says.
 */
#include "extract.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gantry/backend.h>

#include "fuzz.h"
#include "tar_names.h"

enum {
    MOST = 64 * 1024
};

struct input {
    uint8_t data[MOST + 1024];
    size_t size;
    size_t at;
};

static int input_read(void *state, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                      int *out_channel, gantry_error *err)
{
    struct input *in = state;
    size_t size = in->size - in->at;

    (void)nonblocking;
    (void)err;
    size = size < capacity ? size : capacity;
    memcpy(buffer, in->data + in->at, size);
    in->at += size;
    *out_size = size;
    *out_channel = GANTRY_STDOUT;
    return 0;
}

static void input_close(void *state)
{
    (void)state;
}

/* Blocks that say "ustar" are headers: with a sum that is right they get further. */
static void fix_sums(struct input *in)
{
    for (size_t at = 0; at + 512 <= in->size; at += 512) {
        uint8_t *h = in->data + at;
        unsigned sum = 0;
        char text[16];

        if (memcmp(h + 257, "ustar", 5) != 0)
            continue;
        memset(h + 148, ' ', 8);
        for (size_t i = 0; i < 512; i++)
            sum += h[i];
        snprintf(text, sizeof text, "%06o", sum);
        memcpy(h + 148, text, 7);
    }
}

static void remove_tree(const char *path)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        execlp("rm", "rm", "-rf", path, (char *)NULL);
        _exit(127);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void unpack(struct gantry_host *host, struct input *in, int root, int renamed)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = input_read,
                                           .close = input_close };
    const struct gnt_extract_options options = { .max_bytes = 100000,
                                                 .max_entries = 100,
                                                 .skip_special = 1 };
    gantry_stream *stream = NULL;
    gantry_stream *names = NULL;
    struct gnt_clock clock;

    gnt_clock_start(&clock, NULL, 0);
    CHECK(gantry_stream_new(host, &ops, in, &stream, NULL) == 0);
    if (renamed) {
        CHECK(gnt_tar_names(host, stream, "top", &names, NULL) == 0);
        stream = names;
    }
    (void)gnt_extract(&host->mem, stream, root, "in", &options, &clock, NULL);
    gantry_stream_close(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct input in;
    static struct gantry_host host;
    char root[] = "/tmp/gantry-fuzz-XXXXXX";
    char path[128];
    struct stat before, after, canary;
    int fd;

    if (size < 1 || size - 1 > MOST)
        return 0;
    CHECK(gnt_mem_init(&host.mem, NULL, NULL) == 0);
    memset(&in, 0, sizeof in);
    memcpy(in.data, data + 1, size - 1);
    in.size = (size - 1 + 511) / 512 * 512 + 1024;
    fix_sums(&in);
    CHECK(mkdtemp(root) != NULL);
    snprintf(path, sizeof path, "%s/canary", root);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && stat(path, &canary) == 0);
    snprintf(path, sizeof path, "%s/in", root);
    CHECK(mkdir(path, 0700) == 0 && stat(root, &before) == 0);
    fd = open(path, O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0);
    unpack(&host, &in, fd, data[0] & 1);
    close(fd);
    /* Nothing came or went beside the directory, and what was there is as it was. */
    CHECK(stat(root, &after) == 0 && after.st_nlink == before.st_nlink);
    CHECK(after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
          after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    snprintf(path, sizeof path, "%s/canary", root);
    CHECK(stat(path, &after) == 0 && after.st_size == 1 && after.st_nlink == 1 &&
          after.st_ino == canary.st_ino && after.st_mode == canary.st_mode);
    remove_tree(root);
    return 0;
}
