/*
 * What is made of engines' counters: the shares as the command lines compute them, and recorded
 * answers of both versions of cgroups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "docker/docker.h"
#include "podman/podman.h"
#include "rest_stats.h"

static int near(double a, double b)
{
    return a - b < 1e-6 && b - a < 1e-6;
}

static void test_shares(void **state)
{
    const struct gnt_cpu_times before = { 1000, 100000, 4 };
    const struct gnt_cpu_times now = { 3500, 110000, 4 };
    const struct gnt_cpu_times idle = { 1000, 110000, 4 };

    (void)state;
    assert_true(near(gnt_cpu_percent(&before, &now), 100));
    assert_true(near(gnt_cpu_percent(&before, &idle), 0));
    assert_true(gnt_cpu_percent(&now, &before) == -1);
    assert_true(gnt_cpu_percent(&now, &now) == -1);
    assert_int_equal(gnt_memory_in_use(1000, 300), 700);
    assert_int_equal(gnt_memory_in_use(1000, 1000), 1000);
    assert_int_equal(gnt_memory_in_use(1000, -1), 1000);
    assert_true(near(gnt_share_percent(250, 1000), 25));
    assert_true(gnt_share_percent(250, 0) == -1);
    assert_true(gnt_share_percent(-1, 1000) == -1);
}

static void test_decimals(void **state)
{
    (void)state;
    assert_true(near(gnt_decimal("43.568823875928665"), 43.568823875928665));
    assert_true(near(gnt_decimal("0"), 0));
    assert_true(near(gnt_decimal("1.5e-3"), 0.0015));
    assert_true(near(gnt_decimal("1E+2"), 100));
    assert_true(gnt_decimal("-1") == -1);
    assert_true(gnt_decimal("1.5x") == -1);
    assert_true(gnt_decimal("") == -1);
    assert_true(gnt_decimal(NULL) == -1);
}

static gantry_stats *read_stats(const struct gnt_stats_dialect *dialect, const char *text,
                                const struct gnt_cpu_times *before, struct gnt_cpu_times *now)
{
    gantry_stats *s = NULL;
    struct gnt_mem mem;
    gantry_error err;

    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    assert_int_equal(gnt_stats_read(&mem, dialect, text, strlen(text), before, now, &s, &err), 0);
    assert_string_equal(s->json, text);
    return s;
}

#define ID "9aaa03401889f0003637d66b6083e7f5de20fcf20c4ebf6bcc50b4461c1c10cd"

/* Docker 20.10, cgroups version 1 */
static const char docker_v1[] =
    "{\"read\":\"2026-11-28T05:49:05.247250583Z\",\"preread\":\"2026-11-28T05:49:04.244159264Z\","
    "\"pids_stats\":{\"current\":1},\"blkio_stats\":{\"io_service_bytes_recursive\":["
    "{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":4096},"
    "{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":100},"
    "{\"major\":8,\"minor\":0,\"op\":\"Sync\",\"value\":7},"
    "{\"major\":8,\"minor\":0,\"op\":\"Total\",\"value\":4196},"
    "{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":10}]},"
    "\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":836427096,\"percpu_usage\":[415757034,420670062]"
    ","
    "\"usage_in_kernelmode\":40000000,\"usage_in_usermode\":780000000},"
    "\"system_cpu_usage\":33239860000000,\"online_cpus\":2,"
    "\"throttling_data\":{\"periods\":43,\"throttled_periods\":38,\"throttled_time\":2147667940}},"
    "\"precpu_stats\":{\"cpu_usage\":{\"total_usage\":639208079,"
    "\"percpu_usage\":[406557902,232650177]},\"system_cpu_usage\":33237840000000,"
    "\"online_cpus\":2},\"memory_stats\":{\"usage\":479232,\"max_usage\":4481024,\"stats\":{"
    "\"cache\":143360,\"inactive_file\":0,\"total_cache\":143360,\"total_inactive_file\":79232},"
    "\"limit\":99999744},\"name\":\"/s1\",\"id\":\"" ID "\",\"networks\":{"
    "\"eth0\":{\"rx_bytes\":736,\"rx_packets\":8,\"rx_errors\":0,\"rx_dropped\":0,\"tx_bytes\":5,"
    "\"tx_packets\":0,\"tx_errors\":0,\"tx_dropped\":0},\"eth1\":{\"rx_bytes\":4,\"tx_bytes\":6}}}";

/* cgroups version 2: other names, no peak, no CPUs one by one */
static const char docker_v2[] =
    "{\"read\":\"2026-11-28T05:49:05Z\",\"preread\":\"0001-01-01T00:00:00Z\","
    "\"pids_stats\":{\"current\":3,\"limit\":18446744073709551615},\"blkio_stats\":{"
    "\"io_service_bytes_recursive\":[{\"major\":254,\"minor\":0,\"op\":\"read\",\"value\":12288},"
    "{\"major\":254,\"minor\":0,\"op\":\"write\",\"value\":512}]},"
    "\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":1000000000,\"usage_in_kernelmode\":1,"
    "\"usage_in_usermode\":2},\"system_cpu_usage\":20000000000,\"online_cpus\":4,"
    "\"throttling_data\":{\"periods\":0,\"throttled_periods\":0,\"throttled_time\":0}},"
    "\"precpu_stats\":{\"cpu_usage\":{\"total_usage\":0},\"throttling_data\":{}},"
    "\"memory_stats\":{\"usage\":1000000,\"stats\":{\"file\":300000,\"inactive_file\":200000},"
    "\"limit\":8000000},\"name\":\"/s2\",\"id\":\"" ID "\"}";

static void test_docker(void **state)
{
    const struct gnt_cpu_times before = { 500000000, 18000000000, 4 };
    struct gnt_cpu_times now;
    gantry_stats *s = read_stats(&gnt_docker_stats_dialect, docker_v1, NULL, &now);

    (void)state;
    assert_string_equal(s->name, "s1");
    assert_string_equal(s->id, ID);
    assert_true(near(s->cpu_percent, 197219017.0 / 2020000000.0 * 2 * 100));
    assert_int_equal(s->memory_bytes, 400000);
    assert_int_equal(s->memory_cache_bytes, 143360);
    assert_int_equal(s->memory_peak_bytes, 4481024);
    assert_true(near(s->memory_percent, 400000 / 99999744.0 * 100));
    assert_int_equal(s->throttled_ns, 2147667940);
    assert_int_equal(s->cpus, 2);
    assert_int_equal(s->process_limit, 0);
    assert_int_equal(s->received_bytes, 740);
    assert_int_equal(s->sent_bytes, 11);
    assert_string_equal(s->networks[1]->name, "eth1");
    assert_int_equal(s->networks[1]->sent_packets, -1);
    assert_int_equal(s->read_bytes, 4106);
    assert_int_equal(s->written_bytes, 100);
    assert_int_equal(s->devices[1]->minor, 16);
    assert_null(s->devices[2]);
    gantry_stats_free(s);

    s = read_stats(&gnt_docker_stats_dialect, docker_v2, NULL, &now);
    assert_true(s->cpu_percent == -1); /* the first of a stream */
    assert_int_equal(s->memory_bytes, 800000);
    assert_int_equal(s->memory_cache_bytes, 300000);
    assert_int_equal(s->memory_peak_bytes, -1);
    assert_true(near(s->memory_percent, 10));
    assert_int_equal(s->process_limit, 0);
    assert_int_equal(s->received_bytes, -1);
    assert_int_equal(s->written_bytes, 512);
    gantry_stats_free(s);
    s = read_stats(&gnt_docker_stats_dialect, docker_v2, &before, &now);
    assert_true(near(s->cpu_percent, 100));
    gantry_stats_free(s);
    s = read_stats(&gnt_docker_stats_dialect,
                   "{\"read\":\"0001-01-01T00:00:00Z\",\"name\":\"/x\",\"id\":\"" ID "\"}", NULL,
                   &now);
    assert_true(s->time_ns == 0 && s->cpu_percent == -1 && s->memory_percent == -1);
    gantry_stats_free(s);
}

#define PODMAN(more)                                                                               \
    "{\"Error\":null,\"Stats\":[{\"AvgCPU\":43.5,\"ContainerID\":\"" ID "\",\"Name\":\"s1\","      \
    "\"CPU\":43.568823875928665,\"CPUNano\":879337302,\"CPUSystemNano\":44877804,"                 \
    "\"SystemNano\":1795844948393924658,\"MemUsage\":544768,\"MemLimit\":100000000,"               \
    "\"MemPerc\":0.544768," more "\"BlockInput\":0,\"BlockOutput\":9,\"PIDs\":1}]}"

static void test_podman(void **state)
{
    const struct gnt_cpu_times before = { 379337302, INT64_C(1795844947393924658), 1 };
    struct gnt_cpu_times now;
    gantry_stats *s =
        read_stats(&gnt_podman_stats_dialect,
                   PODMAN("\"PerCPU\":[181727222,697610080],\"NetInput\":1440,\"NetOutput\":516,"),
                   NULL, &now);

    (void)state;
    assert_string_equal(s->id, ID);
    assert_true(near(s->cpu_percent, 43.568823875928665));
    assert_true(near(s->memory_percent, 0.544768));
    assert_int_equal(s->cpus, 2);
    assert_int_equal(s->received_bytes, 516);
    assert_int_equal(s->sent_bytes, 1440);
    assert_int_equal(s->written_bytes, 9);
    assert_null(s->networks[0]);
    gantry_stats_free(s);
    /* 5.0, cgroups version 2 */
    s = read_stats(&gnt_podman_stats_dialect,
                   PODMAN("\"PerCPU\":null,\"Network\":{\"eth0\":{\"RxBytes\":7,\"RxPackets\":1,"
                          "\"TxBytes\":8}},"),
                   &before, &now);
    assert_true(near(s->cpu_percent, 50));
    assert_int_equal(s->cpus, -1);
    assert_int_equal(s->received_bytes, 7);
    assert_int_equal(s->sent_bytes, 8);
    assert_string_equal(s->networks[0]->name, "eth0");
    gantry_stats_free(s);
    s = read_stats(&gnt_podman_stats_dialect, "{\"Error\":{},\"Stats\":null}", NULL, &now);
    assert_true(s->time_ns == 0);
    gantry_stats_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_shares),
                                        cmocka_unit_test(test_decimals),
                                        cmocka_unit_test(test_docker),
                                        cmocka_unit_test(test_podman) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
