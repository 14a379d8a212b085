/* Certificates of registries, see remote.h: where engines look for them too. */
#include "remote.h"

#include "error.h"
#include "read_file.h"
#include "fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int add_file(struct gnt_buf *out, const char *path, gantry_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc;

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "%s", path);
    rc = gnt_read_all(fd, path, out, err);
    close(fd);
    if (rc == 0)
        rc = gnt_buf_adds(out, "\n");
    if (rc == GANTRY_E_LIMIT)
        return gnt_fail(err, rc, "%s: more than %zu bytes of certificates", path, out->max);
    return rc == GANTRY_E_NOMEM ? gnt_nomem(err) : rc;
}

static int is_certificate(const char *name)
{
    size_t size = strlen(name);

    return size > 4 && strcmp(name + size - 4, ".crt") == 0;
}

static int add_folder(struct gnt_buf *out, const char *folder, const char *domain,
                      gantry_error *err)
{
    char path[PATH_MAX];
    size_t size;
    DIR *dir;
    int rc = 0;
    int n = snprintf(path, sizeof path, "%s/%s/", folder, domain);

    if (n < 0 || (size_t)n >= sizeof path)
        return 0;
    dir = opendir(path);
    if (dir == NULL)
        return 0; /* the usual case; one that may not be read trusts nobody more */
    size = (size_t)n;
    for (struct dirent *e; rc == 0 && (e = readdir(dir)) != NULL;) {
        if (!is_certificate(e->d_name))
            continue;
        n = snprintf(path + size, sizeof path - size, "%s", e->d_name);
        if (n > 0 && (size_t)n < sizeof path - size)
            rc = add_file(out, path, err);
    }
    closedir(dir);
    return rc;
}

int gnt_remote_certificates(const char *domain, struct gnt_buf *out, gantry_error *err)
{
    const char *system = gnt_fetch_system_ca();
    int rc = add_folder(out, "/etc/containers/certs.d", domain, err);

    if (rc == 0)
        rc = add_folder(out, "/etc/docker/certs.d", domain, err);
    if (rc == 0 && out->size > 0 && system != NULL && access(system, R_OK) == 0)
        rc = add_file(out, system, err);
    return rc;
}
