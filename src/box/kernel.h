/* What the kernel is told and tells, alike on every architecture but for what sys.h has. */
#ifndef BOX_KERNEL_H
#define BOX_KERNEL_H

#include <stdint.h>

#include "sys.h"

enum {
    AT_CWD = -100,
    AT_NO_FOLLOW = 0x100,
    AT_REMOVE_DIR = 0x200,
    AT_EMPTY = 0x1000, /* of the descriptor itself */

    OPEN_READ = 0,
    OPEN_WRITE = 1,
    OPEN_CREATE = 0100,
    OPEN_EXCLUSIVE = 0200,
    OPEN_CLOEXEC = 02000000,

    TYPE_MASK = 0170000,
    TYPE_FIFO = 0010000,
    TYPE_CHAR = 0020000,
    TYPE_DIRECTORY = 0040000,
    TYPE_BLOCK = 0060000,
    TYPE_FILE = 0100000,
    TYPE_LINK = 0120000,
    TYPE_SOCKET = 0140000,
    MODE_MASK = 07777
};

/* Everything that stat tells, and the mount. */
enum {
    STATX_ALL = 0x7ff,
    STATX_MOUNT = 0x1000
};

struct box_statx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t reserved;
};

struct box_stat { /* struct statx */
    uint32_t mask;
    uint32_t block_size;
    uint64_t attributes;
    uint32_t links;
    uint32_t uid;
    uint32_t gid;
    uint16_t mode;
    uint16_t spare;
    uint64_t inode;
    uint64_t size;
    uint64_t blocks;
    uint64_t attributes_mask;
    struct box_statx_time atime;
    struct box_statx_time btime;
    struct box_statx_time ctime;
    struct box_statx_time mtime;
    uint32_t rdev_major;
    uint32_t rdev_minor;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint64_t mount;
    uint64_t spares[13];
};

struct box_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

/* utimensat: leave this one as it is */
#define TIME_OMIT ((int64_t)0x3ffffffe)

static inline long box_stat(const char *path, struct box_stat *out)
{
    return box_call(SYS_STATX, AT_CWD, (long)path, AT_NO_FOLLOW, STATX_ALL | STATX_MOUNT,
                    (long)out);
}

static inline long box_stat_open(long fd, struct box_stat *out)
{
    return box_call(SYS_STATX, fd, (long)"", AT_EMPTY, STATX_ALL | STATX_MOUNT, (long)out);
}

static inline long box_open(const char *path, int flags, int mode)
{
    return box_call(SYS_OPENAT, AT_CWD, (long)path, flags | O_NOFOLLOW_ | OPEN_CLOEXEC, mode, 0);
}

static inline void box_close(long fd)
{
    box_call(SYS_CLOSE, fd, 0, 0, 0, 0);
}

#endif
