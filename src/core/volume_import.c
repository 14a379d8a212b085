/*
 * A tar into a volume: the box unpacks what comes on its standard input, alike on every engine.
 * That it ended with 0 says that the archive's end mark was reached and all of it was written.
 */
#include <gantry/backup.h>

#include <string.h>

#include "error.h"
#include "names.h"
#include "pump.h"
#include "tar_header.h"
#include "tar_plain.h"
#include "volume_box.h"

struct import {
    struct gnt_volume_box box;
    gantry_volume_import_options options;
    gantry_volume_options create;
    gantry_source packed; /* full-size copy of the caller's */
    struct gnt_tar_plain *plain;
    const gantry_source *tar; /* what is sent, not packed */
    int tar_ended;
    size_t head_at;
    size_t head_size;
    char head[GNT_TAR_BLOCK]; /* read before */
};

/* ---- what is sent ---------------------------------------------------------------------------- */

static int read_tar(struct import *i, void *buffer, size_t capacity, size_t *out_size,
                    gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc;

    *out_size = 0;
    if (i->tar_ended)
        return 0;
    gnt_fail(&failure, GANTRY_E_IO, "the source of the tar failed"); /* it may say no more */
    rc = i->tar->read(i->tar->arg, buffer, capacity, out_size, &failure);
    if (rc > 0)
        rc = gnt_fail(&failure, GANTRY_E_CALLBACK, "the source of the tar returned %d", rc);
    if (rc == 0 && *out_size > capacity)
        rc = gnt_fail(&failure, GANTRY_E_INVALID,
                      "the source of the tar gave more than it was asked for");
    i->tar_ended = rc == 0 && *out_size == 0;
    failure.code = rc;
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int read_source(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    struct import *i = arg;
    size_t left = i->head_size - i->head_at;

    if (left == 0)
        return read_tar(i, buffer, capacity, out_size, err);
    *out_size = left < capacity ? left : capacity;
    memcpy(buffer, i->head + i->head_at, *out_size);
    i->head_at += *out_size;
    return 0;
}

/* What does not even begin as a tar is refused before anything is done. */
static int check_head(struct import *i, gantry_error *err)
{
    while (i->head_size < sizeof i->head) {
        size_t got = 0;
        int rc = read_tar(i, i->head + i->head_size, sizeof i->head - i->head_size, &got, err);

        if (rc < 0)
            return rc;
        if (got == 0)
            return gnt_fail(err, GANTRY_E_INVALID,
                            i->head_size == 0 ? "tar: it is empty" : "tar: this is none");
        i->head_size += got;
    }
    if (!gnt_tar_is_zero(i->head) &&
        gnt_tar_number(i->head + GNT_TAR_SUM_AT, GNT_TAR_SUM_WIDTH) != gnt_tar_sum(i->head))
        return gnt_fail(err, GANTRY_E_INVALID, "tar: this is none");
    return 0;
}

static int open_tar(struct import *i, gantry_error *err)
{
    int rc = gnt_tar_plain_new(&i->box.e->host.mem, &i->packed, GNT_PACKED_ANY, &i->plain, err);

    if (rc < 0)
        return rc;
    i->tar = gnt_tar_plain_source(i->plain);
    return check_head(i, err);
}

/* What stands behind the end mark: padding, and the proof that the compression was whole. */
static int read_rest(struct import *i, gantry_error *err)
{
    char piece[4096];
    size_t got = 0;
    struct gnt_clock clock;
    int rc;

    gnt_clock_start(&clock, &i->box.call, 0);
    do {
        rc = gnt_clock_check(&clock, err);
        if (rc == 0)
            rc = read_source(i, piece, sizeof piece, &got, err);
        gnt_clock_moved(&clock);
    } while (rc == 0 && got > 0);
    return rc;
}

/* ---- the volume ------------------------------------------------------------------------------ */

static int need_volume(struct import *i, const char *name, gantry_error *err)
{
    gantry_engine *e = i->box.e;
    gantry_volume *made = NULL;
    gantry_error failure = { 0 };
    int rc = gnt_volume_box_check(e, name, &i->box.call, &failure);

    if (rc == GANTRY_E_NOT_FOUND && i->options.create != NULL) {
        rc = e->backend->volumes.create(e->state, name, &i->create, &made, &failure);
        gantry_volume_free(made);
        if (rc == GANTRY_E_EXISTS) /* somebody else made it just now */
            rc = 0;
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* ---- send ------------------------------------------------------------------------------------ */

static int take_output(void *arg, int channel, const void *data, size_t size)
{
    struct import *i = arg;

    if (channel == GANTRY_STDERR)
        gnt_volume_box_says(&i->box, data, size);
    return 0;
}

/*
 * A connection that breaks is the engine's, but the box may have ended by itself before, and its
 * exit code tells more. What still waits for input is killed.
 */
static int see_broken_end(struct import *i, int rc, gantry_error *err)
{
    gantry_container_kill_options kill = { .size = sizeof kill, .call = &i->box.call };
    const gantry_container_ops *ops = i->box.ops;
    gantry_error failure = { 0 };
    int told;

    if (rc != GANTRY_E_TRUNCATED || ops->kill == NULL)
        return rc;
    (void)ops->kill(i->box.e->state, i->box.id, &kill, NULL);
    told = gnt_volume_box_result(&i->box, 0, &failure);
    if (told == 0)
        return 0;
    if (i->box.ended && told != GANTRY_E_ENGINE && err != NULL)
        *err = failure;
    return i->box.ended && told != GANTRY_E_ENGINE ? told : rc;
}

static int send(struct import *i, gantry_error *err)
{
    gantry_source source = { .size = sizeof source, .read = read_source, .arg = i };
    struct gnt_pump pump = { .stream = i->box.stream,
                             .call = &i->box.call,
                             .source = &source,
                             .sink = take_output,
                             .sink_arg = i };
    int rc = gnt_pump(&pump, err);

    if (rc == 0)
        rc = gnt_volume_box_result(&i->box, 0, err);
    else
        rc = see_broken_end(i, rc, err);
    if (rc == 0)
        rc = read_rest(i, err);
    return rc;
}

static int import(struct import *i, const char *name, gantry_error *err)
{
    const char *const add[] = { "unpack", "/volume", NULL };
    const char *const anew[] = { "unpack", "-c", "/volume", NULL };
    struct gnt_volume_box_plan plan = { .volume = name,
                                        .command = i->options.clear == GANTRY_ON ? anew : add,
                                        .writes = 1 };
    int rc = open_tar(i, err);

    if (rc == 0)
        rc = need_volume(i, name, err);
    if (rc == 0)
        rc = gnt_volume_box_start(&i->box, &plan, err);
    if (rc < 0)
        return rc;
    rc = send(i, err);
    gnt_volume_box_end(&i->box, rc);
    if (rc < 0) {
        gnt_error_resource(err, GANTRY_RESOURCE_VOLUME, name);
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    return rc;
}

static int import_options(struct import *i, const gantry_source *tar,
                          const gantry_volume_import_options *opts, gantry_error *err)
{
    gantry_call shared;
    int rc = GNT_IMPORT(gantry_volume_import_options, i->options, opts, err);

    if (rc == 0)
        rc = gnt_import(&i->packed, sizeof i->packed, tar, "gantry_source", err);
    if (rc == 0 && i->packed.read == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "tar: needs a read function");
    if (rc == 0 && i->options.create != NULL)
        rc = GNT_IMPORT(gantry_volume_options, i->create, i->options.create, err);
    if (rc < 0)
        return rc;
    gnt_call_import(&i->box.call, gnt_call_share(&shared, i->options.call));
    i->create.call = &i->box.call;
    return 0;
}

int gantry_volumes_import(gantry_volumes *volumes, const char *name, const gantry_source *tar,
                          const gantry_volume_import_options *opts, gantry_error *err)
{
    gantry_engine *e = volumes != NULL ? volumes->engine : NULL;
    struct import i = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_VOLUMES_IMPORT, err);

    if (rc == 0)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = import_options(&i, tar, opts, err);
    if (rc == 0) {
        i.box.e = e;
        i.box.ops = &e->backend->containers;
        rc = import(&i, name, err);
        gnt_tar_plain_free(i.plain);
    }
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_IMPORT, GANTRY_RESOURCE_VOLUME, name, err);
}
