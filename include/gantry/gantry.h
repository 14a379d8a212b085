/**
 * @file gantry.h
 * Everything a program needs to build and move images and run containers: includes all headers but
 * <gantry/backend.h>, which is for authors of backends.
 *
 * What holds everywhere, so that functions state only exceptions:
 *
 * - **Errors.** Fallible functions return 0 or a negative GANTRY_E_ code and fill the caller's
 *   gantry_error, always the last parameter, NULL allowed. Outputs are written only on success, the
 *   error only on failure.
 * - **Options.** `{ .size = sizeof opts, ... }`; NULL and zero fields mean defaults; `call` carries
 *   deadline and cancel token. An option has an effect or is an error (#GANTRY_E_UNSUPPORTED names
 *   it), never silence. Strings and arrays in options are borrowed for the call; lists of strings
 *   and of pointers end with NULL.
 * - **Results** are read-only, one allocation unit each, freed by the one function named at their
 *   type, in any thread, also after the engine is closed. Their strings are UTF-8 and never NULL
 *   ("" instead), lists are never NULL (empty instead), unless a field says otherwise.
 * - **Threads.** An engine and its managers may be used by many threads at once. Results never
 *   change. A stream, progress, wait, exec or reader belongs to one thread at a time. Cancel tokens
 *   are for any thread.
 * - **Names.** What is addressed by `const char *` is a name or id; the engine owns the truth. An
 *   empty or malformed one is #GANTRY_E_INVALID and nothing is sent.
 * - **Growth.** Structs grow only at their end. Of an options struct `size` tells the library how
 *   much its caller knows: less than it knows itself is fine (the rest is default), more is fine if
 *   what it does not know is zero (else #GANTRY_E_UNSUPPORTED), 0 is #GANTRY_E_INVALID. Of a result
 *   `size` tells the caller how much the library filled. A gantry_call is whole: at least version
 *   0.1's size. gantry_error, gantry_pair, gantry_allocator and gantry_exit_status never change.
 * - **Registries.** Only gantry_images_pull(), gantry_images_push(), a build, gantry_kube_play(),
 *   the manager `gantry_registries` and manifest lists ask a registry; creating or running a
 *   container does only when gantry_container_options::pull says so. Credentials come from the
 *   call, the program's provider or the command line's files, see <gantry/auth.h>.
 */
#ifndef GANTRY_GANTRY_H
#define GANTRY_GANTRY_H

#include <gantry/archive.h>
#include <gantry/attach.h>
#include <gantry/auth.h>
#include <gantry/backends.h>
#include <gantry/backup.h>
#include <gantry/base.h>
#include <gantry/build.h>
#include <gantry/connect.h>
#include <gantry/container.h>
#include <gantry/copy.h>
#include <gantry/deploy.h>
#include <gantry/engine.h>
#include <gantry/events.h>
#include <gantry/exec.h>
#include <gantry/image.h>
#include <gantry/inspect.h>
#include <gantry/kube.h>
#include <gantry/logs.h>
#include <gantry/manifest.h>
#include <gantry/network.h>
#include <gantry/pod.h>
#include <gantry/reference.h>
#include <gantry/registry.h>
#include <gantry/run.h>
#include <gantry/secret.h>
#include <gantry/snapshot.h>
#include <gantry/spec.h>
#include <gantry/stats.h>
#include <gantry/stream.h>
#include <gantry/system.h>
#include <gantry/transfer.h>
#include <gantry/volume.h>
#include <gantry/wait.h>

#endif
