#include "tar_open.h"

#include <archive.h>

int gnt_tar_read_open(struct archive *a, void *arg,
                      ssize_t (*read)(struct archive *a, void *arg, const void **out))
{
    int rc = archive_read_set_read_callback(a, read);

    if (rc == ARCHIVE_OK)
        rc = archive_read_set_callback_data(a, arg);
    return rc == ARCHIVE_OK ? archive_read_open1(a) : rc;
}
