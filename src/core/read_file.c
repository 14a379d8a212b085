/* See read_file.h. */
#include "read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int gnt_read_all(int fd, const char *path, struct gnt_buf *out, gantry_error *err)
{
    char piece[8192];
    ssize_t n;
    int rc = 0;

    do {
        n = read(fd, piece, sizeof piece);
        if (n > 0)
            rc = gnt_buf_add(out, piece, (size_t)n);
        else if (n < 0 && errno != EINTR)
            rc = gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    } while (rc == 0 && n != 0);
    gnt_wipe(piece, sizeof piece);
    if (rc == GANTRY_E_LIMIT)
        return gnt_fail(err, rc, "%s: is larger than %zu bytes", path, out->max);
    return rc == GANTRY_E_NOMEM ? gnt_nomem(err) : rc;
}

int gnt_read_file(const char *path, int devices, struct gnt_buf *out, gantry_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int rc;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    if (fstat(fd, &st) < 0)
        rc = gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    else if (!S_ISREG(st.st_mode) && !(devices && S_ISCHR(st.st_mode)))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is no file", path);
    else
        rc = gnt_read_all(fd, path, out, err);
    close(fd);
    return rc < 0 ? rc : 1;
}
