/* One run of the box over a volume. */
#include "volume_box.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

#define PLACE "/volume"

enum {
    GONE_STEP_MS = 5, /* first pause until it is looked again; doubles ... */
    GONE_STEP_MAX_MS = 80
};

int gnt_volume_box_check(gantry_engine *e, const char *volume, const gantry_call *call,
                         gantry_error *err)
{
    gantry_volume_inspect_options o = { .size = sizeof o, .call = call };
    gantry_volume *found = NULL;
    int rc = e->backend->volumes.inspect(e->state, volume, &o, &found, err);

    gantry_volume_free(found);
    return rc;
}

/* ---- create, start --------------------------------------------------------------------------- */

/*
 * Nothing of the machine but the volume. What is read may be anybody's, and what is written gets
 * any owner, mode, kind and file capability; that is all it may do. Its output is not to be logged:
 * it is the content of the volume.
 */
static int create(struct gnt_volume_box *b, const struct gnt_volume_box_plan *plan,
                  const char *image, gantry_error *err)
{
    static const char *const all[] = { "ALL", NULL };
    static const char *const to_read[] = { "DAC_READ_SEARCH", NULL };
    static const char *const to_write[] = { "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID",
                                            "MKNOD", "SETFCAP",      NULL };
    static const char *const unlabelled[] = { "disable", NULL };
    static const gantry_pair label = { GNT_BOX_LABEL, "volume" };
    gantry_mount mount = { .size = sizeof mount,
                           .type = GANTRY_MOUNT_VOLUME,
                           .source = plan->volume,
                           .target = PLACE,
                           .read_only = plan->writes ? GANTRY_OFF : GANTRY_ON,
                           .copy = GANTRY_OFF };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_security security = { .size = sizeof security,
                                 .capabilities_drop = all,
                                 .capabilities_add = plan->writes ? to_write : to_read,
                                 .selinux = unlabelled,
                                 .read_only_root = GANTRY_ON,
                                 .no_new_privileges = GANTRY_ON };
    gantry_container_options o = { .size = sizeof o,
                                   .call = &b->call,
                                   .command = plan->command,
                                   .labels = &label,
                                   .label_count = 1,
                                   .user = "0:0",
                                   .mounts = mounts,
                                   .network = "none",
                                   .security = &security,
                                   .log_driver = "none",
                                   .open_stdin = plan->writes ? GANTRY_ON : 0,
                                   .auto_remove = GANTRY_ON };
    gantry_created *created = NULL;
    int rc = b->ops->create(b->e->state, image, &o, &created, err);

    if (rc == 0)
        snprintf(b->id, sizeof b->id, "%s", created->id);
    gantry_created_free(created);
    return rc;
}

static int prepare(struct gnt_volume_box *b, gantry_error *err)
{
    gantry_container_init_options o = { .size = sizeof o, .call = &b->call };

    return b->ops->init != NULL ? b->ops->init(b->e->state, b->id, &o, err) : 0;
}

static int attach_and_start(struct gnt_volume_box *b, int writes, gantry_error *err)
{
    gantry_wait_options wait = { .size = sizeof wait,
                                 .call = &b->call,
                                 .condition = GANTRY_WAIT_NEXT_EXIT };
    gantry_attach_options attach = { .size = sizeof attach,
                                     .call = &b->call,
                                     .in = writes ? GANTRY_ON : GANTRY_OFF,
                                     .detach_keys = "" };
    gantry_container_start_options start = { .size = sizeof start, .call = &b->call };
    int rc = b->ops->wait(b->e->state, b->id, &wait, &b->wait, err);

    if (rc == 0)
        rc = b->ops->attach(b->e->state, b->id, &attach, &b->stream, err);
    if (rc == 0)
        rc = b->ops->start(b->e->state, b->id, &start, err);
    b->started = rc == 0;
    return rc;
}

int gnt_volume_box_start(struct gnt_volume_box *b, const struct gnt_volume_box_plan *plan,
                         gantry_error *err)
{
    struct gnt_box_engine engine = { &b->e->host, b->e->state, &b->e->backend->engine,
                                     &b->e->backend->images };
    char image[GNT_BOX_REFERENCE_SIZE];
    int rc = gnt_box_ensure(&engine, &b->call, image, err);

    b->volume = plan->volume;
    b->started = 0;
    b->ended = 0;
    b->said_size = 0;
    if (rc == 0)
        rc = create(b, plan, image, err);
    if (rc == 0)
        rc = prepare(b, err);
    if (rc == 0)
        rc = attach_and_start(b, plan->writes, err);
    if (rc < 0) {
        gnt_volume_box_end(b, rc);
        gnt_error_resource(err, GANTRY_RESOURCE_VOLUME, plan->volume); /* the container is gone */
    }
    return rc;
}

/* ---- its end --------------------------------------------------------------------------------- */

void gnt_volume_box_says(struct gnt_volume_box *b, const char *data, size_t size)
{
    size_t room = sizeof b->said - b->said_size;

    if (size > room)
        size = room;
    memcpy(b->said + b->said_size, data, size);
    b->said_size += size;
}

int gnt_volume_box_result(struct gnt_volume_box *b, int nonblocking, gantry_error *err)
{
    gantry_exit_status status = { 0 };
    int rc;

    gantry_wait_set_nonblocking(b->wait, nonblocking);
    rc = gantry_wait_result(b->wait, &status, err);
    if (rc < 0)
        return rc;
    b->ended = 1;
    if (status.has_exit_code && status.exit_code == 0)
        return 0;
    rc = gnt_volume_box_failure(status.has_exit_code ? status.exit_code : -1, b->said, b->said_size,
                                err);
    gnt_error_resource(err, GANTRY_RESOURCE_VOLUME, b->volume);
    return rc;
}

static void kill_it(struct gnt_volume_box *b, const gantry_call *call)
{
    gantry_container_kill_options o = { .size = sizeof o, .call = call };

    if (b->ops->kill != NULL)
        (void)b->ops->kill(b->e->state, b->id, &o, NULL); /* the removal tells */
}

/* The engine removes it too when it ends, and may answer with errors of many kinds while it does.
 * The volume is free only when the container is gone. */
static void remove_it(struct gnt_volume_box *b, const gantry_call *call)
{
    gantry_container_remove_options o = { .size = sizeof o, .call = call, .force = GANTRY_ON };
    struct gnt_clock clock;
    int step = GONE_STEP_MS;
    int rc;

    gnt_clock_start(&clock, call, 0);
    do {
        rc = b->ops->remove(b->e->state, b->id, &o, NULL);
        if (rc == 0 || rc == GANTRY_E_NOT_FOUND)
            return;
        step = step * 2 < GONE_STEP_MAX_MS ? step * 2 : GONE_STEP_MAX_MS;
    } while (gnt_clock_pause(&clock, step, NULL) == 0);
}

/* The connection goes first: Docker does not see a process's end while nobody takes its output. To
 * the box that unpacks it is the end of a tar without its end mark, which it does not take for a
 * whole one. */
void gnt_volume_box_end(struct gnt_volume_box *b, int rc)
{
    gantry_call limits;
    gantry_call shared;
    const gantry_call *call;

    gantry_stream_close(b->stream);
    gantry_wait_close(b->wait);
    b->stream = NULL;
    b->wait = NULL;
    if (b->id[0] == '\0')
        return;
    gnt_call_cleanup(&limits, rc);
    call = gnt_call_share(&shared, &limits);
    if (b->started && !b->ended)
        kill_it(b, call);
    remove_it(b, call);
    b->id[0] = '\0';
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* Error numbers of Linux, which the box runs on wherever this does; in src/box/box.h. */
static const struct row {
    int number;
    int code;
    const char *text;
} rows[] = {
    { 1, GANTRY_E_DENIED, "operation not permitted" },
    { 5, GANTRY_E_ENGINE, "input/output error" },
    { 12, GANTRY_E_ENGINE, "out of memory" },
    { 13, GANTRY_E_DENIED, "permission denied" },
    { 16, GANTRY_E_IN_USE, "device or resource busy" },
    { 17, GANTRY_E_EXISTS, "it is there already" },
    { 20, GANTRY_E_CONFLICT, "a part of the name is no directory" },
    { 22, GANTRY_E_ENGINE, "invalid argument" },
    { 27, GANTRY_E_NO_SPACE, "file too large" },
    { 28, GANTRY_E_NO_SPACE, "no space left on device" },
    { 30, GANTRY_E_DENIED, "read-only file system" },
    { 36, GANTRY_E_INVALID, "name too long" },
    { 39, GANTRY_E_CONFLICT, "directory not empty" },
    { 40, GANTRY_E_CONFLICT, "it leads through a symbolic link" },
    { 74, GANTRY_E_INVALID, "not a whole tar" },
    { 95, GANTRY_E_UNSUPPORTED, "not supported there" },
    { 116, GANTRY_E_CHANGED, "it changed meanwhile" },
    { 122, GANTRY_E_NO_SPACE, "disk quota exceeded" },
};

static const struct row *row_of(int64_t code)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].number == code)
            return &rows[i];
    }
    return NULL;
}

int gnt_volume_box_failure(int64_t code, const char *said, size_t said_size, gantry_error *err)
{
    const struct row *row = row_of(code);
    char text[GNT_VOLUME_BOX_SAID + 1];
    const char *what;
    size_t size = said_size < sizeof text ? said_size : sizeof text - 1;

    while (size > 0 && said[size - 1] == '\n')
        size--;
    memcpy(text, said, size);
    text[size] = '\0';
    what = strstr(text, ": "); /* "28 ENOSPC: write ./a" */
    if (row != NULL && what != NULL)
        return gnt_fail(err, row->code, "cannot %s: %s", what + 2, row->text);
    if (row != NULL)
        return gnt_fail(err, row->code, "the volume's container failed: %s", row->text);
    if (code < 0)
        return gnt_fail(err, GANTRY_E_ENGINE, "the volume's container ended, but not how: %s",
                        text);
    return gnt_fail(err, GANTRY_E_ENGINE, "the volume's container ended with %d: %s", (int)code,
                    text);
}
