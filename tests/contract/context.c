/*
 * Contract of build contexts: the same tree gives the same files in the image on every engine, the
 * dry run tells which, and size costs no memory.
 */
#include "contract.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- trees ----------------------------------------------------------------------------------- */

struct tree {
    char root[64];
    char path[256];
};

static void make_tree(struct tree *t)
{
    snprintf(t->root, sizeof t->root, "/tmp/gantry-context-XXXXXX");
    CHECK(mkdtemp(t->root) != NULL);
}

static const char *at(struct tree *t, const char *name)
{
    snprintf(t->path, sizeof t->path, "%s/%s", t->root, name);
    return t->path;
}

static void make_file(struct tree *t, const char *name, const char *text)
{
    size_t size = strlen(text);
    int fd = open(at(t, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

    CHECK(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    close(fd);
}

static void make_folder(struct tree *t, const char *name)
{
    CHECK(mkdir(at(t, name), 0755) == 0);
}

static void remove_tree(struct tree *t)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", t->root);
    CHECK(system(command) == 0); /* the name is ours */
}

/* ---- the same everywhere --------------------------------------------------------------------- */

struct names {
    char *items[200];
    size_t count;
    const char *const *hidden;
};

static int note(void *arg, const gantry_archive_item *item)
{
    struct names *n = arg;
    char text[300];

    for (const char *const *h = n->hidden; *h != NULL; h++) {
        if (strcmp(*h, item->name) == 0)
            return 0;
    }
    snprintf(text, sizeof text, "./%s", item->name);
    CHECK(n->count < sizeof n->items / sizeof n->items[0]);
    n->items[n->count++] = strdup(text);
    return 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the dry run says, without the hidden names, is what COPY brings. */
static void check_copied(struct contract *f, const gantry_build_options *opts,
                         const char *const *hidden)
{
    const char *name = contract_name(f, "tree");
    gantry_archive *archive = NULL;
    struct names n = { .hidden = hidden };
    char want[8000];
    size_t size;

    OK(gantry_build_context_archive(opts, &archive, &f->err));
    OK(gantry_archive_visit(archive, NULL, note, &n, &f->err));
    gantry_archive_free(archive);
    qsort(n.items, n.count, sizeof n.items[0], by_bytes);
    size = (size_t)snprintf(want, sizeof want, ".\n");
    for (size_t i = 0; i < n.count; i++) {
        size += (size_t)snprintf(want + size, sizeof want - size, "%s\n", n.items[i]);
        CHECK(size < sizeof want);
        free(n.items[i]);
    }
    OK(contract_build(f, name, opts, NULL));
    contract_run_prints(f, name, "cd /ctx && find . | LC_ALL=C sort", want);
}

static void make_project(struct contract *f, struct tree *t)
{
    char text[300];

    snprintf(text, sizeof text, "FROM %s\nCOPY . /ctx\n", f->base);
    make_tree(t);
    make_file(t, "Dockerfile", text);
    make_file(t, "README.md", "");
    make_file(t, "main.c", "");
    make_file(t, "main.o", "");
    make_folder(t, "empty");
    make_folder(t, "docs");
    make_folder(t, "docs/deep");
    make_file(t, "docs/a.md", "");
    make_file(t, "docs/deep/b.md", "");
    make_file(t, "docs/deep/c.o", "");
    make_file(t, "docs/with space", "");
    make_file(t, "docs/\xc3\xa9", "");
    make_folder(t, "build");
    make_file(t, "build/App", text);
    make_file(t, "build/out", "");
    CHECK(symlink("nowhere", at(t, "docs/dangling")) == 0);
}

static void the_same_tree_is_the_same_everywhere(struct contract *f)
{
    static const struct {
        const char *file; /* ignore file and what is in it */
        const char *text;
        const char *dockerfile_name;
        const char *hidden[4];
    } rows[] = {
        { ".dockerignore", "# objects\n**/*.o\nbuild\n", NULL, { NULL } },
        { ".dockerignore", "*\n!docs/deep\n!*.c\n", NULL, { "Dockerfile", ".dockerignore" } },
        { ".containerignore", "**\n!**/*.md\n!.containerignore\n", NULL, { "Dockerfile" } },
        { "build/App.dockerignore",
          "/docs/[a-c]*\n**/App*\n",
          "build/App",
          { "build/App", "build/App.dockerignore" } },
    };
    struct tree t;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_build_options opts = { .size = sizeof opts,
                                      .dockerfile_name = rows[i].dockerfile_name };

        make_project(f, &t);
        opts.context_directory = t.root;
        make_file(&t, rows[i].file, rows[i].text);
        check_copied(f, &opts, rows[i].hidden);
        remove_tree(&t);
    }
}

/* Rules of our own over a .dockerignore that is itself not to be heeded. */
static void engines_apply_no_rules_of_their_own(struct contract *f)
{
    static const char *const more[] = { "*.o", "empty", NULL };
    static const char *const none[] = { NULL };
    struct tree t;
    gantry_build_options opts = { .size = sizeof opts,
                                  .ignore = GANTRY_OFF,
                                  .ignore_patterns = more };

    make_project(f, &t);
    opts.context_directory = t.root;
    make_file(&t, ".dockerignore", "*\n");
    make_file(&t, ".containerignore", "**\n");
    check_copied(f, &opts, none);
    remove_tree(&t);
}

/* ---- size ------------------------------------------------------------------------------------ */

/* The most memory this process ever had, in KiB. */
static long peak(void)
{
    char line[200];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");

    CHECK(status != NULL);
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = atol(line + 6);
    }
    fclose(status);
    return kib;
}

/* A file that is a hole but for its end. */
static void make_sparse(struct tree *t, const char *name, off_t size)
{
    int fd;

    make_file(t, name, "");
    fd = open(at(t, name), O_WRONLY);
    CHECK(fd >= 0 && ftruncate(fd, size - 9) == 0 && lseek(fd, 0, SEEK_END) == size - 9 &&
          write(fd, "the end.\n", 9) == 9);
    close(fd);
}

/* All is sent and unpacked; what is largest is not copied too, for engines take long over it. */
static void many_files_and_large_ones_cost_no_memory(struct contract *f)
{
    const char *name = contract_name(f, "large");
    gantry_build_options opts = { .size = sizeof opts };
    char text[600], file[40];
    struct tree t;
    long before;

    make_tree(&t);
    snprintf(text, sizeof text, "FROM %s\nCOPY many/7 /many\nCOPY middle /middle\n", f->base);
    make_file(&t, "Dockerfile", text);
    make_folder(&t, "many");
    for (int i = 0; i < 20000; i++) {
        if (i % 1000 == 0) {
            snprintf(file, sizeof file, "many/%d", i / 1000);
            make_folder(&t, file);
        }
        snprintf(file, sizeof file, "many/%d/%d", i / 1000, i);
        make_file(&t, file, "x");
    }
    make_sparse(&t, "large", (off_t)2 << 30);
    make_sparse(&t, "middle", (off_t)64 << 20);
    opts.context_directory = t.root;
    before = peak();
    OK(contract_build(f, name, &opts, NULL));
    CHECK(peak() - before < 8 * 1024);
    contract_run_prints(f, name, "find /many -type f | wc -l; wc -c </middle; tail -c 9 /middle",
                        "1000\n67108864\nthe end.\n");
    remove_tree(&t);
}

const struct contract_test context_tests[] = {
    TEST_WITH(the_same_tree_is_the_same_everywhere, PROCESSES),
    TEST_WITH(engines_apply_no_rules_of_their_own, PROCESSES),
    { 0 },
};

const struct contract_test large_tests[] = {
    TEST_WITH(many_files_and_large_ones_cost_no_memory, PROCESSES),
    { 0 },
};
