/*
 * A file that takes its place only when it is whole: written under another name in the same
 * directory, synchronised, renamed. Until then what was there stays.
 */
#ifndef GNT_NEW_FILE_H
#define GNT_NEW_FILE_H

#include <gantry/base.h>

struct gnt_new_file {
    int fd; /* to write to */
    int directory;
    const char *path; /* borrowed */
    char name[64];    /* the other name; "" once it is gone */
};
#define GNT_NEW_FILE_NONE                                                                          \
    {                                                                                              \
        -1, -1, NULL, ""                                                                           \
    }

/* Whether a path may be written to: not empty, with a file name, and what is there is a file like
 * any other, no device or link, which would be replaced. INVALID, IO. */
int gnt_new_file_check(const char *path, gantry_error *err);
/* path is checked and stays until close. IO. */
int gnt_new_file_open(struct gnt_new_file *f, const char *path, gantry_error *err);
/* Synchronise and rename. On failure the old file is there. */
int gnt_new_file_keep(struct gnt_new_file *f, gantry_error *err);
/* Removes what was not kept. */
void gnt_new_file_close(struct gnt_new_file *f);

#endif
