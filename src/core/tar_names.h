/*
 * A tar stream with other names: what stands for the path that was asked for gets a name of the
 * caller's choice, or goes. A filter over the bytes: content passes as it is. Knows no libarchive.
 */
#ifndef GNT_TAR_NAMES_H
#define GNT_TAR_NAMES_H

#include <gantry/backend.h>

/*
 * `name`: replaces the first part of every name, and of hard links' targets. NULL: "./" in front of
 * names goes, as does the entry of the directory itself. Names of directories end with '/'.
 *
 * What is no tar is PROTOCOL, as are GNU's own sparse files. The filter owns the stream; on failure
 * it is still the caller's. `name` is copied.
 */
int gnt_tar_names(struct gantry_host *host, gantry_stream *tar, const char *name,
                  gantry_stream **out, gantry_error *err);

#endif
