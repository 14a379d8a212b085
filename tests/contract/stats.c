/*
 * Contract of what containers use: once, as a stream of one, of all. Where the engine cannot tell
 * (rootless Podman on cgroups v1) that is UNSUPPORTED, and the test has nothing more to see.
 */
#include "follow.h"

#include <poll.h>
#include <time.h>

#define BUSY "while :; do :; done"

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* NULL where there is none to be had. */
static gantry_stats *sample_of(struct contract *f, const char *name)
{
    gantry_stats *stats = NULL;
    int rc = gantry_containers_stats(f->containers, name, NULL, &stats, &f->err);

    if (rc == GANTRY_E_UNSUPPORTED && (f->on & ON_ROOTLESS) != 0)
        return NULL;
    OK(rc);
    return stats;
}

static const char *start_busy(struct contract *f, const char *word)
{
    gantry_resources limits = { .size = sizeof limits, .memory_bytes = 64 * 1024 * 1024 };
    gantry_container_options c = { .size = sizeof c,
                                   .name = contract_name(f, word),
                                   .command = SHELL(BUSY),
                                   .resources = (f->on & ON_ROOTLESS) != 0 ? NULL : &limits };

    OK(gantry_containers_create(f->containers, f->base, &c, NULL, &f->err));
    OK(gantry_containers_start(f->containers, c.name, NULL, &f->err));
    return c.name;
}

/* Long enough for its share to say something: Podman's first one is that since the start. */
static int was_busy(struct contract *f, const void *arg)
{
    gantry_stats *s = sample_of(f, arg);
    int busy = s == NULL || s->cpu_ns > 300 * 1000000;

    gantry_stats_free(s);
    return busy;
}

void one_sample_of_a_busy_container(struct contract *f)
{
    const char *name = start_busy(f, "busy");
    int64_t before = wall_ns();
    gantry_stats *s;

    contract_until(f, was_busy, name);
    s = sample_of(f, name);
    if (s == NULL)
        return;
    CHECK(contract_is_id(s->id));
    SAME(s->name, name);
    CHECK(s->time_ns > before - 1000000000 && s->time_ns < wall_ns() + 1000000000);
    CHECK(s->cpu_percent > 0.5 && s->cpu_percent < 1000);
    CHECK(s->cpu_ns > 0 && s->cpu_system_ns >= 0 && s->cpus >= 1);
    CHECK(s->memory_limit_bytes == 64 * 1024 * 1024);
    CHECK(s->memory_bytes > 0 && s->memory_bytes < s->memory_limit_bytes);
    CHECK(s->memory_percent > 0 && s->memory_percent < 100);
    CHECK(s->processes == 1);
    CHECK(s->json[0] == '{');
    gantry_stats_free(s);
}

void one_sample_of_none(struct contract *f)
{
    const char *name = contract_create(f, "true");
    gantry_stats_options opts = { .size = sizeof opts, .interval_ms = -1 };
    const char *ids[] = { contract_name(f, "none"), NULL };
    gantry_stats_reader *reader = NULL;
    gantry_stats *s = sample_of(f, name);

    if (s == NULL)
        return;
    CHECK(contract_is_id(s->id));
    CHECK(s->time_ns == 0 && s->cpu_percent == -1 && s->memory_bytes <= 0);
    gantry_stats_free(s);
    s = NULL;
    FAILS(gantry_containers_stats(f->containers, ids[0], NULL, &s, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    FAILS(gantry_containers_stats_open(f->containers, ids, NULL, &reader, &f->err),
          GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_stats_open(f->containers, NULL, &opts, &reader, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_containers_stats_open(f->containers, ids + 1, NULL, &reader, &f->err),
          GANTRY_E_INVALID);
    CHECK(s == NULL && reader == NULL);
    /* Of those that were named none runs: the end. */
    ids[0] = name;
    OK(gantry_containers_stats_open(f->containers, ids, NULL, &reader, &f->err));
    {
        const gantry_stats *sample = NULL;

        OK(gantry_stats_reader_next(reader, &sample, &f->err));
        CHECK(sample == NULL);
    }
    gantry_stats_reader_close(reader);
}

/* The next sample of a reader in non-blocking mode, by poll alone. */
static const gantry_stats *poll_sample(struct contract *f, gantry_stats_reader *reader)
{
    const gantry_stats *s = NULL;
    struct pollfd fd = { -1, 0, 0 };
    int events = 0;
    int rc;

    while ((rc = gantry_stats_reader_next(reader, &s, &f->err)) == GANTRY_E_AGAIN) {
        fd.fd = gantry_stats_reader_fd(reader, &events);
        fd.events = (short)events;
        CHECK(poll(&fd, 1, fd.fd >= 0 ? gantry_stats_reader_timeout_ms(reader) : 0) >= 0);
    }
    OK(rc);
    return s;
}

void samples_until_the_end(struct contract *f)
{
    const char *ids[] = { start_busy(f, "one"), contract_create(f, "true"), NULL };
    gantry_stats_reader *reader = NULL;
    const gantry_stats *s = NULL;
    int64_t time_ns = 0;
    int64_t cpu_ns = 0;
    int rc;

    if ((f->on & ON_ROOTLESS) != 0) {
        s = sample_of(f, ids[0]);
        if (s == NULL)
            return;
        gantry_stats_free((gantry_stats *)(uintptr_t)s);
    }
    OK(gantry_containers_stats_open(f->containers, ids, NULL, &reader, &f->err));
    for (int i = 0; i < 2; i++) {
        OK(gantry_stats_reader_next(reader, &s, &f->err));
        CHECK(s != NULL);
        SAME(s->name, ids[0]);
        CHECK(s->time_ns > time_ns && s->cpu_ns > cpu_ns);
        if (i > 0) {
            CHECK(s->time_ns - time_ns > 500000000);
            CHECK(s->cpu_percent > 0.5 && s->cpu_percent < 1000);
        }
        time_ns = s->time_ns;
        cpu_ns = s->cpu_ns;
    }
    OK(gantry_containers_kill(f->containers, ids[0], NULL, &f->err));
    contract_wait_exit(f, ids[0]);
    while ((rc = gantry_stats_reader_next(reader, &s, &f->err)) == 0 && s != NULL) {
    }
    OK(rc);
    gantry_stats_reader_close(reader);
}

void samples_of_all(struct contract *f)
{
    const char *first = start_busy(f, "first");
    const char *second = NULL;
    gantry_stats_reader *reader = NULL;
    int seen = 0;

    {
        gantry_stats *s = sample_of(f, first);

        if (s == NULL)
            return;
        gantry_stats_free(s);
    }
    OK(gantry_containers_stats_open(f->containers, NULL, NULL, &reader, &f->err));
    gantry_stats_reader_set_nonblocking(reader, 1);
    while (seen < 2) { /* whatever else runs on this engine */
        const gantry_stats *s = poll_sample(f, reader);

        CHECK(s != NULL && s->time_ns != 0 && s->name[0] != '\0');
        if (seen == 0 && strcmp(s->name, first) == 0) {
            second = start_busy(f, "second");
            seen = 1;
        } else if (second != NULL && strcmp(s->name, second) == 0) {
            seen = 2;
        }
    }
    gantry_stats_reader_close(reader);
}

static int has_received(struct contract *f, const void *arg)
{
    gantry_stats *s = sample_of(f, arg);
    int received;

    if (s == NULL)
        return 1;
    CHECK(s->received_bytes >= 0 && s->sent_bytes >= 0);
    CHECK(s->networks[0] == NULL || s->networks[0]->received_bytes == s->received_bytes);
    /* Much was sent, and answered by little. */
    received = s->sent_bytes > 200000 && s->received_bytes < s->sent_bytes / 2;
    gantry_stats_free(s);
    return received;
}

/* The first line that a container writes. */
static void first_line(struct contract *f, const char *name, char *out, size_t size)
{
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    gantry_log_reader *reader = NULL;
    const gantry_log_line *line = NULL;

    OK(gantry_containers_follow_open(f->containers, name, &opts, &reader, &f->err));
    OK(gantry_log_reader_next(reader, &line, &f->err));
    CHECK(line != NULL);
    snprintf(out, size, "%s", line->text);
    gantry_log_reader_close(reader);
}

void networks_are_counted(struct contract *f)
{
    const char *server =
        contract_start(f, "ip -4 addr show dev eth0 | sed -n 's,^ *inet \\([0-9.]*\\)/.*,\\1,p'; "
                          "sleep 1000 | nc -l -p 9000 >/dev/null");
    const char *client;
    char address[64];
    char script[256];
    gantry_stats *s = sample_of(f, server);

    if (s == NULL)
        return;
    gantry_stats_free(s);
    first_line(f, server, address, sizeof address);
    snprintf(
        script, sizeof script,
        "until dd if=/dev/zero bs=1000 count=1000 2>/dev/null | nc -w 5 %s 9000; do sleep 0.2; "
        "done; " IDLE,
        address);
    client = contract_start(f, script);
    contract_until(f, has_received, client);
}
