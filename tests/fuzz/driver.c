/*
 * Feeds every file of a folder to a fuzz target, whole and cut at a few places, and checks that there
 * was one. Each input is a heap block of exactly its size, so that sanitizers see a byte too far.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay(const char *path)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size;
    size_t cut;

    if (file == NULL) {
        perror(path);
        return -1;
    }
    size = fread(data, 1, sizeof data, file);
    if (ferror(file) || !feof(file)) {
        fprintf(stderr, "%s: cannot be read, or is larger than %zu bytes\n", path, sizeof data);
        fclose(file);
        return -1;
    }
    fclose(file);
    /* The last line on the terminal names the input that crashed. */
    fprintf(stderr, "%s\n", path);
    feed(data, size);
    for (cut = size; cut > 0; cut = cut * 3 / 4)
        feed(data, cut - 1);
    return 0;
}

int main(int argc, char **argv)
{
    char path[4096];
    struct dirent *entry;
    unsigned count = 0;
    int failed = 0;
    DIR *dir;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    dir = opendir(argv[1]);
    if (dir == NULL) {
        perror(argv[1]);
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (replay(path) != 0)
            failed = 1;
        count++;
    }
    closedir(dir);
    if (count == 0)
        fprintf(stderr, "%s: no inputs\n", argv[1]);
    return failed || count == 0;
}
