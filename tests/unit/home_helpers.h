/* A home folder for one test, with the files it needs. */
#ifndef HOME_HELPERS_H
#define HOME_HELPERS_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static inline int home_make(char home[64])
{
    snprintf(home, 64, "/tmp/gantry-home-XXXXXX");
    return mkdtemp(home) != NULL ? 0 : -1;
}

static inline int home_remove_one(const char *path, const struct stat *st, int kind,
                                  struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void home_remove(const char *home)
{
    (void)nftw(home, home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* "HOME/name", its folders made. */
static inline void home_path(const char *home, const char *name, char out[300])
{
    snprintf(out, 300, "%s/%s", home, name);
    for (char *p = out + strlen(home) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        (void)mkdir(out, 0700);
    }
}

static inline void home_write(const char *home, const char *name, const char *text)
{
    char path[300];
    FILE *file;

    home_path(home, name, path);
    file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

/* A socket on which nobody listens; its descriptor, for listen(). */
static inline int home_socket(const char *home, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char path[300];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    home_path(home, name, path);
    if (strlen(path) >= sizeof address.sun_path)
        abort();
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        abort();
    return fd;
}

#endif
