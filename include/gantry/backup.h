/**
 * @file backup.h
 * The content of a volume as a tar, out and in again, alike on every engine and version.
 *
 * No engine's API gives all of a volume: Docker has none for it and leaves extended attributes out
 * of copies, Podman has one from 5.6 on and tells no owners in copies. So the library makes a
 * container for the time of the call, labelled "io.libgantry.box". It has no network, the volume is
 * its only mount, and it runs a program of a few kilobytes that the library carries, from an image
 * that it makes itself and leaves for the next time ("localhost/libgantry-box:..."); nothing is
 * pulled.
 */
#ifndef GANTRY_BACKUP_H
#define GANTRY_BACKUP_H

#include <gantry/stream.h>
#include <gantry/volume.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of gantry_volumes_export_open(). */
typedef struct gantry_volume_export_options {
    size_t size;             /**< sizeof(gantry_volume_export_options) */
    const gantry_call *call; /**< no total limit by default */
    int one_file_system;     /**< #GANTRY_ON: leave out what is mounted below; the directories that
                                  it is mounted on stay */
    int reserved;
} gantry_volume_export_options;

/**
 * Open the content of a volume as a tar stream (POSIX pax): files, directories, links, hard links,
 * fifos and devices with modes, owners as numbers, times in nanoseconds and extended attributes
 * (not SELinux's labels). Names are relative and sorted, "./" is the volume itself; the same
 * content gives the same bytes. Sockets are left out.
 *
 * Nothing is stopped: what containers write meanwhile is as it happens to be, pause them for more.
 * A file that shrinks while it is read is #GANTRY_E_CHANGED.
 *
 * To a descriptor: gantry_stream_copy_fd(); to a callback: gantry_stream_each(); to memory:
 * gantry_stream_capture().
 * @param volumes  of an open engine
 * @param name     whole name of an existing volume
 * @param opts     may be NULL
 * @param out      ends well only when the archive was whole; close with gantry_stream_close(),
 *                 which also removes the container and waits until it is gone
 * @param err      may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_UNSUPPORTED where the library carries no program for
 *         the engine's architecture, ... Composed of image inspect (and import) and container
 *         create, attach, start, wait and remove. Since 0.1.
 */
GANTRY_API int gantry_volumes_export_open(gantry_volumes *volumes, const char *name,
                                          const gantry_volume_export_options *opts,
                                          gantry_stream **out, gantry_error *err);

/** Options of gantry_volumes_import(). */
typedef struct gantry_volume_import_options {
    size_t size;             /**< sizeof(gantry_volume_import_options) */
    const gantry_call *call; /**< no total limit by default */
    const gantry_volume_options *create; /**< make the volume so if there is none; NULL: a missing
                                              one is NOT_FOUND. Its `call` is not looked at */
    int clear;    /**< #GANTRY_ON: remove what is in the volume first; else files of the tar replace
                       those of their names, and the rest stays */
    int reserved;
} gantry_volume_import_options;

/**
 * Unpack a tar into a volume: one of gantry_volumes_export_open(), or any other, plain or
 * compressed with gzip, bzip2, xz or zstd. Owners (by number), modes, times, links and extended
 * attributes are the archive's; what the engine's user may not set (devices and most owners of a
 * rootless engine) is an error, not left out, and so is what is not known here (GNU's sparse files,
 * access lists as text). Names lead nowhere but into the volume, also not through links that are in
 * it.
 *
 * What does not begin as a tar is refused before anything is done; the rest is checked on the way.
 * From a descriptor: gantry_source_fd(); from memory: gantry_source_memory().
 * @param volumes  of an open engine
 * @param name     whole name of the volume
 * @param tar      is read to its end
 * @param opts     may be NULL
 * @param err      may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_INVALID (no tar, one that is cut, a name that leads
 *         out), #GANTRY_E_NO_SPACE, #GANTRY_E_DENIED, #GANTRY_E_UNSUPPORTED, #GANTRY_E_CONFLICT (a
 *         link or a directory that is not empty is in the way), ...; after a failure with outcome
 *         PARTIAL a part of the tar is in the volume, and one that `create` made stays. Since 0.1.
 */
GANTRY_API int gantry_volumes_import(gantry_volumes *volumes, const char *name,
                                     const gantry_source *tar,
                                     const gantry_volume_import_options *opts, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
