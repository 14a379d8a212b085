/*
 * What would a build of this directory send? Needs no engine: prints what would go, what would stay
 * and by which rule of which ignore file, and the size of it all.
 *
 *     context DIRECTORY
 */
#include <gantry/gantry.h>

#include <stdio.h>

static int show(void *arg, const gantry_archive_item *item)
{
    (void)arg;
    if (item->action == GANTRY_ARCHIVE_SENT && item->type == GANTRY_ARCHIVE_DIRECTORY)
        printf("+ %s/\n", item->name);
    else if (item->action == GANTRY_ARCHIVE_SENT)
        printf("+ %s (%lld bytes)\n", item->name, (long long)item->bytes);
    else if (item->rule != NULL)
        printf("- %s: %s:%d: %s\n", item->name,
               item->rule_file != NULL ? item->rule_file : "options", item->rule_line, item->rule);
    else
        printf("- %s\n", item->name);
    return 0;
}

int main(int argc, char **argv)
{
    const gantry_archive_visit_options visit = { .size = sizeof visit, .dropped = GANTRY_ON };
    gantry_archive_summary summary = { .size = sizeof summary };
    gantry_build_options opts = { .size = sizeof opts };
    gantry_archive *archive = NULL;
    gantry_error err = { 0 };
    int rc;

    if (argc != 2) {
        fprintf(stderr, "usage: context DIRECTORY\n");
        return 2;
    }
    opts.context_directory = argv[1];
    rc = gantry_build_context_archive(&opts, &archive, &err);
    if (rc == 0)
        rc = gantry_archive_visit(archive, &visit, show, NULL, &err);
    if (rc == 0)
        rc = gantry_archive_measure(archive, NULL, &summary, &err);
    if (rc == 0)
        printf("%lld files, %lld bytes to send; %lld names left out\n", (long long)summary.files,
               (long long)summary.tar_bytes, (long long)summary.dropped);
    else
        fprintf(stderr, "%s: %s\n", err.operation, err.message);
    gantry_archive_free(archive);
    return rc == 0 ? 0 : 1;
}
