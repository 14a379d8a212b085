/*
 * Secrets, Kubernetes YAML and units over libpod against a scripted service: versions that are not
 * at hand, what is sent to them, and failures inside answers of success.
 */
#include "podman/podman_kube.h"

#include "http_helpers.h"

enum {
    MOST = 8
};

struct answer {
    char text[2048];
    struct fake_step script[4];
};

static struct answer answers[MOST];
static const struct fake_step *scripts[MOST];
static size_t answer_count;

static void answer(const char *status, const char *body)
{
    struct answer *a = &answers[answer_count];

    assert_in_range(answer_count, 0, MOST - 1);
    snprintf(a->text, sizeof a->text,
             "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n%s",
             status, strlen(body), body);
    a->script[0] = (struct fake_step)FAKE_REQUEST;
    a->script[1] = (struct fake_step)FAKE_BYTES(a->text, strlen(a->text));
    a->script[2] = (struct fake_step)FAKE_END;
    scripts[answer_count++] = a->script;
}

struct setting {
    struct client c;
    struct podman p;
    gantry_error err;
};

static void begin(struct setting *s, int major, int minor)
{
    memset(s, 0, sizeof *s);
    client_start(&s->c, scripts, answer_count);
    s->p.rest = (struct gnt_rest){ .host = &s->c.host,
                                   .http = s->c.http,
                                   .dialect = &gnt_podman_dialect,
                                   .version = { major, minor, 0 } };
    snprintf(s->p.rest.prefix, sizeof s->p.rest.prefix, "/v%d.%d.0/libpod", major, minor);
}

static void end(struct setting *s, size_t requests)
{
    assert_int_equal(fake_requests(s->c.fake), requests);
    client_stop(&s->c);
    answer_count = 0;
}

/* Whether that was in what was sent so far. */
static int sent(struct setting *s, const char *what)
{
    size_t size = 0;
    char *text = fake_text(s->c.fake, &size);
    int found = text != NULL && strstr(text, what) != NULL;

    free(text);
    return found;
}

static int fresh(void **state)
{
    (void)state;
    answer_count = 0;
    return 0;
}

#define SECRET                                                                                     \
    "{\"ID\":\"72299255953c9d6fbcbabea33\",\"CreatedAt\":\"2026-11-28T10:14:41Z\",\"UpdatedAt\":"  \
    "\"2026-11-28T10:14:41Z\",\"Spec\":{\"Name\":\"word\",\"Driver\":{\"Name\":\"file\","          \
    "\"Options\":{\"path\":\"/p\"}},\"Labels\":{\"a\":\"1\"}}}"
#define UNLABELED                                                                                  \
    "[{\"ID\":\"72299255953c9d6fbcbabea33\",\"Spec\":{\"Name\":\"word\",\"Driver\":{\"Name\":"     \
    "\"file\"},\"Labels\":null}}]"
#define NO_SECRET "{\"cause\":\"no such secret\",\"message\":\"no such secret\",\"response\":404}"
#define NO_POD                                                                                     \
    "{\"cause\":\"no such pod\",\"message\":\"tearing down YAML file: no pod with name or ID %s "  \
    "found: no such pod\",\"response\":500}"

/* ---- secrets --------------------------------------------------------------------------------- */

static int create(struct setting *s, int replace, gantry_secret_created **out)
{
    const gantry_secret_options opts = { .size = sizeof opts, .replace = replace };

    return gnt_podman_secret_ops.create(&s->p, "word", "hush", 4, &opts, out, &s->err);
}

static void test_replace_is_native_from_4_7_on(void **state)
{
    gantry_secret_created *created = NULL;
    struct setting s;

    (void)state;
    answer("200 OK", "{\"ID\":\"aa\"}");
    begin(&s, 4, 7);
    assert_int_equal(create(&s, GANTRY_ON, &created), 0);
    assert_string_equal(created->id, "aa");
    assert_true(sent(&s, "/secrets/create?name=word&replace=true"));
    assert_true(sent(&s, "application/octet-stream"));
    assert_true(sent(&s, "\r\n\r\nhush"));
    gantry_secret_created_free(created);
    end(&s, 1);
}

static void test_replace_below_removes_first_and_says_so(void **state)
{
    gantry_secret_created *created = NULL;
    struct setting s;

    (void)state;
    answer("200 OK", SECRET);
    answer("204 No Content", "");
    answer("500 Internal Server Error",
           "{\"cause\":\"x\",\"message\":\"no space left on device\"}");
    begin(&s, 4, 6);
    assert_int_equal(create(&s, GANTRY_ON, &created), GANTRY_E_NO_SPACE);
    assert_null(created);
    assert_int_equal(s.err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_non_null(strstr(s.err.message, "the old secret was removed"));
    assert_true(sent(&s, "DELETE /v4.6.0/libpod/secrets/72299255953c9d6fbcbabea33"));
    end(&s, 3);
    answer("404 Not Found", NO_SECRET);
    answer("200 OK", "{\"ID\":\"aa\"}");
    begin(&s, 4, 6);
    assert_int_equal(create(&s, GANTRY_ON, &created), 0);
    gantry_secret_created_free(created);
    end(&s, 2);
}

static void test_labels_need_4_3(void **state)
{
    const gantry_pair labels[] = { { "a", "1" } };
    const gantry_secret_options opts = { .size = sizeof opts, .labels = labels, .label_count = 1 };
    struct setting s;

    (void)state;
    answer("200 OK", "{}");
    begin(&s, 4, 2);
    assert_int_equal(gnt_podman_secret_ops.create(&s.p, "word", "x", 1, &opts, NULL, &s.err),
                     GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(s.err.message, "4.3"));
    end(&s, 0);
}

static void test_beginning_of_an_id_is_not_removed(void **state)
{
    const gantry_secret_remove_options opts = { .size = sizeof opts };
    struct setting s;

    (void)state;
    answer("200 OK", SECRET);
    begin(&s, 5, 4);
    assert_int_equal(gnt_podman_secret_ops.remove(&s.p, "7229", &opts, &s.err), GANTRY_E_NOT_FOUND);
    assert_int_equal(s.err.resource_kind, GANTRY_RESOURCE_SECRET);
    end(&s, 1);
}

static void test_labels_of_old_lists_are_looked_up(void **state)
{
    const char *const labels[] = { "a=1", NULL };
    const gantry_secret_list_options opts = { .size = sizeof opts, .labels = labels };
    gantry_secret_list *list = NULL;
    struct setting s;

    (void)state;
    answer("200 OK", UNLABELED);
    answer("200 OK", SECRET);
    begin(&s, 4, 9);
    assert_int_equal(gnt_podman_secret_ops.list(&s.p, &opts, &list, &s.err), 0);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0]->labels[0].value, "1");
    gantry_secret_list_free(list);
    end(&s, 2);
    answer("200 OK", "[" SECRET "]");
    begin(&s, 5, 0);
    assert_int_equal(gnt_podman_secret_ops.list(&s.p, &opts, &list, &s.err), 0);
    assert_int_equal(list->count, 1);
    gantry_secret_list_free(list);
    end(&s, 1);
    answer("200 OK", UNLABELED);
    answer("404 Not Found", NO_SECRET);
    begin(&s, 4, 3);
    assert_int_equal(gnt_podman_secret_ops.list(&s.p, &opts, &list, &s.err), 0);
    assert_int_equal(list->count, 0);
    gantry_secret_list_free(list);
    end(&s, 2);
}

/* ---- documents ------------------------------------------------------------------------------- */

static void test_documents_are_told_apart(void **state)
{
    const char *text = "---\n# front\nkind: Pod # really\nmetadata:\n  labels:\n    name: no\n"
                       "  name: \"web\"\nspec:\n  kind: no\n--- \nkind: 'Deployment'\r\n"
                       "metadata:\r\n    # a comment\r\n    name: d\r\n---\n"
                       "{\"kind\": \"Pod\"}\n---\n---\nkind: X\nname: top\ndata: |\n  metadata:\n"
                       "    name: inner\n  ---\n";
    size_t size = strlen(text);
    struct podman_document d;

    (void)state;
    assert_int_equal(gnt_podman_next_document(&text, &size, &d), 1);
    assert_string_equal(d.kind, "Pod");
    assert_string_equal(d.name, "web");
    assert_int_equal(gnt_podman_next_document(&text, &size, &d), 1);
    assert_string_equal(d.kind, "Deployment");
    assert_string_equal(d.name, "d");
    assert_int_equal(gnt_podman_next_document(&text, &size, &d), 1);
    assert_string_equal(d.kind, "");
    assert_memory_equal(d.text, "{\"kind\"", 7);
    assert_int_equal(gnt_podman_next_document(&text, &size, &d), 1);
    assert_string_equal(d.kind, "X");
    assert_string_equal(d.name, "");
    assert_int_equal(gnt_podman_next_document(&text, &size, &d), 0);
}

static void test_ports_are_worded(void **state)
{
    static const struct {
        gantry_port port;
        const char *text;
    } cases[] = {
        { { .container_port = 80 }, "80" },
        { { .container_port = 80, .host_port = 8080 }, "8080:80" },
        { { .container_port = 53, .host_port = 53, .protocol = "udp" }, "53:53/udp" },
        { { .container_port = 80, .host_address = "127.0.0.1" }, "127.0.0.1::80" },
        { { .container_port = 80, .host_port = 1, .host_address = "::1" }, "[::1]:1:80" },
        { { .container_port = 80, .host_port = 90, .count = 3 }, "90-92:80-82" },
    };
    struct gnt_mem mem;
    struct gnt_buf text;

    (void)state;
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_buf_init(&text, &mem, 256);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gnt_buf_clear(&text);
        assert_int_equal(gnt_podman_port_text(&cases[i].port, &text), 0);
        assert_string_equal(gnt_buf_text(&text), cases[i].text);
    }
    gnt_buf_free(&text);
}

/* ---- play, down ------------------------------------------------------------------------------ */

#define CLAIM "kind: PersistentVolumeClaim\nmetadata:\n  name: c\n"
#define POD "kind: Pod\nmetadata:\n  name: p\n"
#define PLAYED                                                                                     \
    "{\"Pods\":[{\"ID\":\"pp\",\"Containers\":[\"a\",\"b\"],\"InitContainers\":null,\"Logs\":"     \
    "null,"                                                                                        \
    "\"ContainerErrors\":[\"starting container a: no\"]}],\"Volumes\":null,\"StopReport\":null,"   \
    "\"RmReport\":null,\"Secrets\":[{\"CreateReport\":{\"ID\":\"ss\"}}]}"
#define DOWN                                                                                       \
    "{\"Pods\":null,\"Volumes\":null,\"StopReport\":[{\"Errs\":null,\"Id\":\"pp\"}],\"RmReport\":" \
    "[{\"Err\":null,\"Id\":\"pp\"}],\"Secrets\":null}"

static int play(struct setting *s, const char *yaml, gantry_kube_play_options *opts,
                gantry_kube_result **out)
{
    opts->size = sizeof *opts;
    return gnt_podman_kube_play(&s->p, yaml, strlen(yaml), opts, out, &s->err);
}

static void test_old_play_keeps_volumes_of_claims(void **state)
{
    gantry_kube_play_options opts = { 0 };
    gantry_kube_result *result = NULL;
    struct setting s;

    (void)state;
    answer("204 No Content", "");
    answer("200 OK", PLAYED);
    begin(&s, 4, 3);
    assert_int_equal(play(&s, CLAIM "---\n" POD, &opts, &result), 0);
    assert_false(sent(&s, "PersistentVolumeClaim"));
    assert_true(sent(&s, "kind: Pod"));
    assert_string_equal(result->volumes[0], "c");
    assert_int_equal(result->pod_count, 1);
    assert_string_equal(result->pods[0]->containers[1], "b");
    assert_string_equal(result->pods[0]->errors[0], "starting container a: no");
    assert_string_equal(result->secrets[0], "ss");
    gantry_kube_result_free(result);
    end(&s, 2);
    answer("200 OK", PLAYED);
    begin(&s, 4, 4);
    assert_int_equal(play(&s, CLAIM "---\n" POD, &opts, &result), 0);
    assert_true(sent(&s, "PersistentVolumeClaim"));
    gantry_kube_result_free(result);
    end(&s, 1);
}

static void test_options_reach_new_versions_only(void **state)
{
    const gantry_pair pairs[] = { { "k", "v w" } };
    const gantry_port port = { .size = sizeof port, .container_port = 80, .host_port = 81 };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_kube_play_options opts = { .annotations = pairs,
                                      .annotation_count = 1,
                                      .log_options = pairs,
                                      .log_option_count = 1,
                                      .ports = ports,
                                      .user_namespace = "auto",
                                      .start = GANTRY_OFF,
                                      .replace = GANTRY_ON,
                                      .insecure = GANTRY_ON };
    gantry_kube_result *result = NULL;
    struct setting s;

    (void)state;
    answer("200 OK", PLAYED);
    begin(&s, 4, 6);
    assert_int_equal(play(&s, POD, &opts, &result), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(s.err.message, "user_namespace"));
    end(&s, 0);
    answer("200 OK", PLAYED);
    begin(&s, 4, 8);
    assert_int_equal(play(&s, POD, &opts, &result), 0);
    assert_true(sent(&s, "annotations=%7B%22k%22%3A%22v%20w%22%7D"));
    assert_true(sent(&s, "logOptions=k%3Dv%20w"));
    assert_true(sent(&s, "publishPorts=81%3A80"));
    assert_true(sent(&s, "userns=auto"));
    assert_true(sent(&s, "start=false"));
    assert_true(sent(&s, "tlsVerify=false"));
    assert_true(sent(&s, "replace=true"));
    gantry_kube_result_free(result);
    end(&s, 1);
}

static void test_replace_below_4_8_takes_down_first(void **state)
{
    gantry_kube_play_options opts = { .replace = GANTRY_ON };
    gantry_kube_result *result = NULL;
    struct setting s;

    (void)state;
    answer("200 OK", DOWN);
    answer("500 Internal Server Error", "{\"cause\":\"image not known\",\"message\":\"image x\"}");
    begin(&s, 4, 7);
    assert_int_equal(play(&s, POD, &opts, &result), GANTRY_E_NOT_FOUND);
    assert_int_equal(s.err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_non_null(strstr(s.err.message, "taken down"));
    assert_false(sent(&s, "replace"));
    end(&s, 2);
    answer("200 OK", DOWN);
    answer("200 OK", PLAYED);
    begin(&s, 4, 7);
    assert_int_equal(play(&s, POD, &opts, &result), 0);
    assert_string_equal(result->removed[0], "pp");
    gantry_kube_result_free(result);
    end(&s, 2);
}

static int down(struct setting *s, const char *yaml, int volumes, gantry_kube_result **out)
{
    const gantry_kube_down_options opts = { .size = sizeof opts, .volumes = volumes };

    return gnt_podman_kube_down(&s->p, yaml, strlen(yaml), &opts, out, &s->err);
}

static void test_old_down_goes_on_when_a_pod_is_missing(void **state)
{
    gantry_kube_result *result = NULL;
    struct setting s;
    char missing[256];

    (void)state;
    snprintf(missing, sizeof missing, NO_POD, "q");
    answer("500 Internal Server Error", missing);
    answer("200 OK", DOWN);
    begin(&s, 4, 3);
    assert_int_equal(
        down(&s, "kind: Pod\nmetadata:\n  name: q\n---\n" CLAIM "---\n" POD, 0, &result), 0);
    assert_string_equal(result->stopped[0], "pp");
    assert_string_equal(result->removed[0], "pp");
    gantry_kube_result_free(result);
    end(&s, 2);
    /* The second replica is missing: the first one may be there, and was not touched. */
    snprintf(missing, sizeof missing, NO_POD, "web-pod-1");
    answer("500 Internal Server Error", missing);
    begin(&s, 4, 3);
    result = NULL;
    assert_int_equal(down(&s, "kind: Deployment\n", 0, &result), GANTRY_E_NOT_FOUND);
    assert_null(result);
    end(&s, 1);
}

static void test_down_that_could_not_remove_fails(void **state)
{
    gantry_kube_result *result = NULL;
    struct setting s;

    (void)state;
    answer("200 OK", "{\"StopReport\":[],\"RmReport\":[{\"Err\":null,\"Id\":\"pp\"}],"
                     "\"VolumeRmReport\":[{\"Err\":{},\"Id\":\"vol\"}],\"SecretRmReport\":null}");
    begin(&s, 5, 4);
    assert_int_equal(down(&s, POD, GANTRY_ON, &result), GANTRY_E_ENGINE);
    assert_null(result);
    assert_int_equal(s.err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_non_null(strstr(s.err.message, "vol"));
    assert_true(sent(&s, "force=true"));
    end(&s, 1);
    answer("200 OK", DOWN);
    begin(&s, 4, 3);
    assert_int_equal(down(&s, POD, GANTRY_ON, &result), GANTRY_E_UNSUPPORTED);
    end(&s, 0);
}

/* ---- generate, quadlets ---------------------------------------------------------------------- */

static void test_kinds_need_their_version(void **state)
{
    static const char *const names[] = { "a", "b", NULL };
    gantry_kube_generate_options opts = { .size = sizeof opts,
                                          .kind = GANTRY_KUBE_DEPLOYMENT,
                                          .replicas = 3 };
    gantry_text *text = NULL;
    struct setting s;

    (void)state;
    answer("200 OK", "yaml");
    begin(&s, 4, 4);
    assert_int_equal(gnt_podman_kube_generate(&s.p, names, &opts, &text, &s.err),
                     GANTRY_E_UNSUPPORTED);
    end(&s, 0);
    answer("200 OK", "yaml");
    begin(&s, 4, 5);
    assert_int_equal(gnt_podman_kube_generate(&s.p, names, &opts, &text, &s.err), 0);
    assert_string_equal(text->text, "yaml");
    assert_int_equal(text->text_size, 4);
    assert_true(sent(&s, "names=a&names=b"));
    assert_true(sent(&s, "replicas=3"));
    assert_true(sent(&s, "type=deployment"));
    gantry_text_free(text);
    end(&s, 1);
}

static void test_quadlets(void **state)
{
    static const char *const names[] = { "b.volume", NULL };
    const gantry_quadlet_options opts = { .size = sizeof opts, .names = names };
    const gantry_quadlet_change_options change = { .size = sizeof change,
                                                   .replace = GANTRY_ON,
                                                   .no_reload = GANTRY_ON };
    const gantry_quadlet_change_options gone = { .size = sizeof gone, .force = GANTRY_ON };
    gantry_quadlet_list *list = NULL;
    struct setting s;

    (void)state;
    answer("200 OK",
           "[{\"Name\":\"a.container\",\"UnitName\":\"a.service\"},{\"Name\":\"b.volume\","
           "\"UnitName\":\"b-volume.service\",\"Path\":\"/e/b.volume\",\"Status\":"
           "\"Not loaded\",\"App\":\"\"}]");
    answer("200 OK", "{\"InstalledQuadlets\":{\"/t/x\":\"/e/x\"},\"QuadletErrors\":{}}");
    answer("200 OK", "{\"Removed\":[\"x.container\"],\"Errors\":{}}");
    answer("200 OK", "{\"Removed\":[],\"Errors\":{\"x.container\":{}}}");
    begin(&s, 5, 8);
    assert_null(gnt_podman_kube_reason(&s.p, GANTRY_FEATURE_KUBE_QUADLET_INSTALL));
    assert_int_equal(gnt_podman_quadlets(&s.p, &opts, &list, &s.err), 0);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0]->unit, "b-volume.service");
    assert_string_equal(list->items[0]->status, "Not loaded");
    gantry_quadlet_list_free(list);
    assert_int_equal(gnt_podman_quadlet_install(&s.p, "x.container", "[Container]\n# gantry-0\n",
                                                &change, &s.err),
                     0);
    assert_true(sent(&s, "/quadlets?replace=true&reload-systemd=false"));
    assert_true(sent(&s, "boundary=gantry-1"));
    assert_true(sent(&s, "filename=\"x.container\""));
    assert_true(sent(&s, "\r\n\r\n[Container]\n# gantry-0\n\r\n--gan"));
    assert_int_equal(gnt_podman_quadlet_remove(&s.p, "x.container", &gone, &s.err), 0);
    assert_true(sent(&s, "/quadlets/x.container?force=true"));
    assert_int_equal(gnt_podman_quadlet_remove(&s.p, "x.container", &gone, &s.err),
                     GANTRY_E_ENGINE);
    end(&s, 4);
    answer("200 OK", "[]");
    begin(&s, 5, 7);
    assert_null(gnt_podman_kube_reason(&s.p, GANTRY_FEATURE_KUBE_QUADLETS));
    assert_non_null(gnt_podman_kube_reason(&s.p, GANTRY_FEATURE_KUBE_QUADLET_TEXT));
    end(&s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_replace_is_native_from_4_7_on, fresh),
        cmocka_unit_test_setup(test_replace_below_removes_first_and_says_so, fresh),
        cmocka_unit_test_setup(test_labels_need_4_3, fresh),
        cmocka_unit_test_setup(test_beginning_of_an_id_is_not_removed, fresh),
        cmocka_unit_test_setup(test_labels_of_old_lists_are_looked_up, fresh),
        cmocka_unit_test_setup(test_documents_are_told_apart, fresh),
        cmocka_unit_test_setup(test_ports_are_worded, fresh),
        cmocka_unit_test_setup(test_old_play_keeps_volumes_of_claims, fresh),
        cmocka_unit_test_setup(test_options_reach_new_versions_only, fresh),
        cmocka_unit_test_setup(test_replace_below_4_8_takes_down_first, fresh),
        cmocka_unit_test_setup(test_old_down_goes_on_when_a_pod_is_missing, fresh),
        cmocka_unit_test_setup(test_down_that_could_not_remove_fails, fresh),
        cmocka_unit_test_setup(test_kinds_need_their_version, fresh),
        cmocka_unit_test_setup(test_quadlets, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
