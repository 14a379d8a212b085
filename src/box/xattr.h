/* Extended attributes of a file, by its path, never of what a link leads to. */
#ifndef BOX_XATTR_H
#define BOX_XATTR_H

#include "box.h"

#define XATTR_ACL_ACCESS "system.posix_acl_access"
#define XATTR_ACL_DEFAULT "system.posix_acl_default"

/* Hand all that an archive keeps to a function, sorted by name. SELinux's label is of the place and
 * not of the file, and left out. 0, or ENOENT if the file went away. */
long box_xattr_each(const char *path,
                    void (*each)(const char *name, const void *value, size_t size));
/* Whether an attribute of this name is kept. */
int box_xattr_is_kept(const char *name);

#endif
