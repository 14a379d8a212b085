/*
 * Contract of Kubernetes YAML and systemd units. Where an engine has nothing of the kind, it says so,
 * and why.
 */
#include "contract.h"

/* As HOLD, for images without a PATH; ends at once. */
#define HOLD "trap 'exit 0' TERM; /bin/sleep 1000 & wait"

static gantry_kube *kube_of(const struct contract *f)
{
    return gantry_engine_kube(f->engine);
}

struct sheet {
    const char *pod;
    const char *claim;
    const char *secret;
    char text[4096];
    gantry_memory memory;
    gantry_source source;
};

/* A pod of two containers with all that hangs on it; `first` is what the first one runs. */
static void write_sheet(struct contract *f, struct sheet *s, const char *first)
{
    const char *map = contract_name(f, "map");

    memset(s, 0, sizeof *s);
    s->pod = contract_name(f, "kube");
    s->claim = contract_name(f, "claim");
    s->secret = contract_name(f, "ks");
    snprintf(s->text, sizeof s->text,
             "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: %s\nspec:\n"
             "  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Mi\n"
             "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n"
             "  GREETING: hello\n"
             "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\ndata:\n"
             "  word: aHVzaA==\n"
             "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n"
             "  restartPolicy: Never\n  terminationGracePeriodSeconds: 1\n  containers:\n"
             "  - name: one\n    image: %s\n    imagePullPolicy: IfNotPresent\n"
             "    command: [\"/bin/sh\", \"-c\", \"%s\"]\n"
             "    envFrom:\n    - configMapRef:\n        name: %s\n"
             "    ports:\n    - containerPort: 80\n      hostPort: %d\n"
             "    volumeMounts:\n    - name: data\n      mountPath: /data\n"
             "    - name: word\n      mountPath: /word\n"
             "  - name: two\n    image: %s\n    imagePullPolicy: IfNotPresent\n"
             "    command: [\"/bin/sh\", \"-c\", \"%s\"]\n"
             "  volumes:\n  - name: data\n    persistentVolumeClaim:\n      claimName: %s\n"
             "  - name: word\n    secret:\n      secretName: %s\n      optional: false\n",
             s->claim, map, s->secret, s->pod, f->base, first, map, contract_port(6), f->base, HOLD,
             s->claim, s->secret);
}

static const gantry_source *source_of(struct sheet *s)
{
    s->memory =
        (gantry_memory){ .size = sizeof s->memory, .data = s->text, .length = strlen(s->text) };
    s->source = (gantry_source){ .size = sizeof s->source };
    gantry_source_memory(&s->source, &s->memory);
    return &s->source;
}

static void take_down(struct contract *f, struct sheet *s)
{
    OK(gantry_kube_down(kube_of(f), source_of(s), NULL, NULL, &f->err));
}

static void check_exec(struct contract *f, const char *container, const char *script,
                       const char *want)
{
    const gantry_exec_options opts = { .size = sizeof opts, .environment = COMMAND("PATH=/bin") };
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, container, COMMAND("/bin/sh", "-c", script), &opts,
                              &result, &f->err));
    SAME(result->stderr_data, "");
    SAME(result->stdout_data, want);
    gantry_exec_result_free(result);
}

static void engine_without_yaml_says_why(struct contract *f)
{
    gantry_text *text = NULL;
    int there = gantry_engine_supports(f->engine, GANTRY_FEATURE_KUBE_GENERATE);

    FAILS(gantry_kube_generate(kube_of(f), COMMAND(contract_name(f, "none")), NULL, &text, &f->err),
          there ? GANTRY_E_NOT_FOUND : GANTRY_E_UNSUPPORTED);
    CHECK(text == NULL);
    CHECK(gantry_engine_supports(f->engine, GANTRY_FEATURE_KUBE_PLAY) == there);
    if (f->on == ON_DOCKER)
        CONTAINS(f->err.message, "Kubernetes");
}

/* No engine here has systemd beside it, which is what lists and installs need. */
static void quadlets_without_systemd(struct contract *f)
{
    const char *name = contract_name(f, "none");
    char file[160];
    gantry_quadlet_list *list = NULL;
    gantry_text *text = NULL;

    snprintf(file, sizeof file, "%s.container", name);
    FAILS(gantry_kube_quadlets(kube_of(f), NULL, &list, &f->err), GANTRY_E_UNSUPPORTED);
    CHECK(list == NULL);
    CONTAINS(f->err.message, "systemd");
    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_KUBE_QUADLET_TEXT))
        return;
    FAILS(gantry_kube_quadlet_text(kube_of(f), file, NULL, &text, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(text == NULL);
    FAILS(gantry_kube_quadlet_install(kube_of(f), file, "[Container]\nImage=none\n", NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    FAILS(gantry_kube_quadlet_text(kube_of(f), file, NULL, &text, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_kube_quadlet_remove(kube_of(f), file, NULL, &f->err), GANTRY_E_UNSUPPORTED);
}

/* Quadlets came with Podman 5.7 and 5.8. */
static void quadlets_come_with_a_version(struct contract *f)
{
    gantry_quadlet_list *list = NULL;

    if (gantry_engine_supports(f->engine, GANTRY_FEATURE_KUBE_QUADLETS)) {
        quadlets_without_systemd(f);
        return;
    }
    FAILS(gantry_kube_quadlets(kube_of(f), NULL, &list, &f->err), GANTRY_E_UNSUPPORTED);
    CHECK(list == NULL);
    if (f->on & (ON_PODMAN | ON_ROOTLESS))
        CONTAINS(f->err.message, "5.7");
    FAILS(gantry_kube_quadlet_install(kube_of(f), "x.container", "[Container]\n", NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    if (f->on & (ON_PODMAN | ON_ROOTLESS))
        CONTAINS(f->err.message, "5.8");
}

/* The pod's ports are those of a container that the YAML does not name. */
static void check_published(struct contract *f, const char *pod, int port)
{
    gantry_container_list_options opts = { .size = sizeof opts, .all = GANTRY_ON, .pod = pod };
    gantry_container_list *list = NULL;
    int found = 0;

    OK(gantry_containers_list(f->containers, &opts, &list, &f->err));
    CHECK(list->count == 3);
    for (size_t i = 0; i < list->count; i++) {
        for (size_t n = 0; list->items[i]->ports[n] != NULL; n++)
            found += list->items[i]->ports[n]->host_port == port;
    }
    CHECK(found > 0);
    gantry_container_list_free(list);
}

static void check_played(struct contract *f, const struct sheet *s,
                         const gantry_kube_result *result)
{
    gantry_container *info = NULL;

    CHECK(result->pod_count == 1 && result->pods[1] == NULL);
    CHECK(contract_is_id(result->pods[0]->id));
    CHECK(contract_is_id(result->pods[0]->containers[1]) && result->pods[0]->containers[2] == NULL);
    CHECK(result->pods[0]->init_containers[0] == NULL && result->pods[0]->errors[0] == NULL);
    CHECK(contract_in_list(result->volumes, s->claim));
    CHECK(result->secrets[0] != NULL && result->secrets[1] == NULL);
    CHECK(result->json[0] == '{');
    check_exec(f, result->pods[0]->containers[0],
               "echo $GREETING; test -s /word/word && ls -d /data", "hello\n/data\n");
    OK(gantry_containers_inspect(f->containers, result->pods[0]->containers[0], NULL, &info,
                                 &f->err));
    SAME(info->pod, result->pods[0]->id);
    gantry_container_free(info);
}

static void yaml_is_played_replaced_and_taken_down(struct contract *f)
{
    gantry_kube_play_options again = { .size = sizeof again, .replace = GANTRY_ON };
    gantry_kube_result *result = NULL;
    gantry_kube_result *second = NULL;
    gantry_kube_result *down = NULL;
    struct sheet s;

    write_sheet(f, &s, HOLD);
    OK(gantry_kube_play(kube_of(f), source_of(&s), NULL, &result, &f->err));
    check_played(f, &s, result);
    check_published(f, s.pod, contract_port(6));
    check_exec(f, result->pods[0]->containers[0], "echo kept > /data/file", "");
    FAILS(gantry_kube_play(kube_of(f), source_of(&s), NULL, &second, &f->err), GANTRY_E_EXISTS);
    CHECK(second == NULL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);
    OK(gantry_kube_play(kube_of(f), source_of(&s), &again, &second, &f->err));
    check_played(f, &s, second);
    CHECK(strcmp(result->pods[0]->id, second->pods[0]->id) != 0);
    check_exec(f, second->pods[0]->containers[0], "cat /data/file", "kept\n");
    OK(gantry_kube_down(kube_of(f), source_of(&s), NULL, &down, &f->err));
    CHECK(contract_in_list(down->stopped, second->pods[0]->id));
    CHECK(contract_in_list(down->removed, second->pods[0]->id));
    CHECK(down->pod_count == 0 && down->pods[0] == NULL);
    CHECK(!contract_exists(f, second->pods[0]->containers[0]));
    gantry_kube_result_free(down);
    /* What is not there is success. */
    OK(gantry_kube_down(kube_of(f), source_of(&s), NULL, &down, &f->err));
    CHECK(down->removed[0] == NULL);
    gantry_kube_result_free(down);
    gantry_kube_result_free(second);
    gantry_kube_result_free(result);
}

/* Of two pods one is gone already: the other one goes. */
static void down_takes_what_is_there(struct contract *f)
{
    gantry_kube_play_options still = { .size = sizeof still, .start = GANTRY_OFF };
    gantry_kube_result *made = NULL;
    gantry_kube_result *down = NULL;
    struct sheet first;
    struct sheet both;

    write_sheet(f, &first, "exit 0");
    memset(&both, 0, sizeof both);
    both.pod = contract_name(f, "gone");
    snprintf(both.text, sizeof both.text,
             "kind: Pod\nmetadata:\n  name: %s\nspec:\n  containers: []\n---\n%.3000s", both.pod,
             first.text);
    OK(gantry_kube_play(kube_of(f), source_of(&first), &still, &made, &f->err));
    CHECK(made->pod_count == 1);
    OK(gantry_kube_down(kube_of(f), source_of(&both), NULL, &down, &f->err));
    CHECK(contract_in_list(down->removed, made->pods[0]->id));
    gantry_kube_result_free(down);
    gantry_kube_result_free(made);
}

static void generated_yaml_plays_again(struct contract *f)
{
    gantry_kube_generate_options opts = { .size = sizeof opts, .service = GANTRY_ON };
    gantry_kube_play_options quiet = { .size = sizeof quiet, .start = GANTRY_OFF };
    gantry_kube_result *made = NULL;
    gantry_text *text = NULL;
    gantry_text *volume = NULL;
    struct sheet s;

    write_sheet(f, &s, HOLD);
    OK(gantry_kube_play(kube_of(f), source_of(&s), &quiet, &made, &f->err));
    OK(gantry_kube_generate(kube_of(f), COMMAND(s.pod), &opts, &text, &f->err));
    CHECK(text->text_size == strlen(text->text));
    CONTAINS(text->text, "kind: Service");
    CONTAINS(text->text, "kind: Pod");
    CONTAINS(text->text, s.pod);
    CONTAINS(text->text, s.claim);
    gantry_text_free(text);
    OK(gantry_kube_generate(kube_of(f), COMMAND(s.claim), NULL, &volume, &f->err));
    CONTAINS(volume->text, "kind: PersistentVolumeClaim");
    gantry_text_free(volume);
    FAILS(gantry_kube_generate(kube_of(f), COMMAND(made->pods[0]->containers[0]), NULL, &text,
                               &f->err),
          GANTRY_E_INVALID);
    OK(gantry_kube_generate(kube_of(f), COMMAND(s.pod), NULL, &text, &f->err));
    take_down(f, &s);
    gantry_kube_result_free(made);
    snprintf(s.text, sizeof s.text, "%s", text->text);
    gantry_text_free(text);
    OK(gantry_kube_play(kube_of(f), source_of(&s), NULL, &made, &f->err));
    CHECK(made->pod_count == 1 && made->pods[0]->containers[1] != NULL);
    CHECK(made->pods[0]->errors[0] == NULL);
    check_exec(f, made->pods[0]->containers[0], "echo $GREETING", "hello\n");
    gantry_kube_result_free(made);
    take_down(f, &s);
}

static void what_goes_wrong_is_told_apart(struct contract *f)
{
    static const char *const garbage[] = { "foo: [bar", "foo: bar", "kind: Pod\n", NULL };
    gantry_kube_play_options told = { .size = sizeof told, .allow_failed = GANTRY_ON };
    gantry_kube_result *result = NULL;
    struct sheet s;

    for (const char *const *text = garbage; *text != NULL; text++) {
        memset(&s, 0, sizeof s);
        snprintf(s.text, sizeof s.text, "%s", *text);
        FAILS(gantry_kube_play(kube_of(f), source_of(&s), NULL, &result, &f->err),
              GANTRY_E_INVALID);
    }
    s.text[0] = '\0';
    FAILS(gantry_kube_play(kube_of(f), source_of(&s), NULL, &result, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_kube_down(kube_of(f), source_of(&s), NULL, &result, &f->err), GANTRY_E_INVALID);

    write_sheet(f, &s, HOLD);
    memcpy(strstr(s.text, "[\"/bin/sh\""), "[\"/bin/no\"", 10);
    FAILS(gantry_kube_play(kube_of(f), source_of(&s), NULL, &result, &f->err), GANTRY_E_ENGINE);
    CHECK(result == NULL);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CONTAINS(f->err.output, "starting container");
    take_down(f, &s);
    OK(gantry_kube_play(kube_of(f), source_of(&s), &told, &result, &f->err));
    CHECK(result->pods[0]->errors[0] != NULL && result->pods[0]->containers[1] != NULL);
    gantry_kube_result_free(result);
    take_down(f, &s);

    result = NULL;
    write_sheet(f, &s, HOLD);
    for (char *at = s.text; (at = strstr(at, "IfNotPresent")) != NULL;)
        memcpy(at, "Never       ", 12);
    for (char *at = s.text; (at = strstr(at, "-base")) != NULL;)
        memcpy(at, "-none", 5);
    FAILS(gantry_kube_play(kube_of(f), source_of(&s), NULL, &result, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    take_down(f, &s);
}

struct told {
    int started; /* containers of ours */
    int all;
    int most; /* stop after so many */
    const char *pod;
};

static int note_event(void *arg, const gantry_event *event)
{
    struct told *told = arg;

    told->all++;
    if (event->type == GANTRY_EVENT_CONTAINER && event->action == GANTRY_ACTION_START &&
        strncmp(event->name, told->pod, strlen(told->pod)) == 0)
        told->started++;
    return told->all == told->most ? -1 : 0;
}

static void progress_is_told(struct contract *f)
{
    struct told told = { .most = -1 };
    gantry_kube_play_options opts = { .size = sizeof opts,
                                      .progress = note_event,
                                      .progress_arg = &told };
    struct sheet s;

    write_sheet(f, &s, "exit 0");
    told.pod = s.pod;
    OK(gantry_kube_play(kube_of(f), source_of(&s), &opts, NULL, &f->err));
    CHECK(told.started == 2);
    told = (struct told){ .most = 1, .pod = s.pod };
    opts.replace = GANTRY_ON;
    OK(gantry_kube_play(kube_of(f), source_of(&s), &opts, NULL, &f->err));
    CHECK(told.all == 1); /* it was told to stop, and the playing went on */
    take_down(f, &s);
}

/* ---- options --------------------------------------------------------------------------------- */

static void play_takes_maps_networks_and_annotations(struct contract *f)
{
    const char *network = contract_name(f, "net");
    const struct contract_subnet own = contract_subnet(3);
    const char *map = contract_name(f, "extra");
    const gantry_pair annotations[] = { { "org.example.note", "a b" } };
    gantry_network_options net = { .size = sizeof net };
    gantry_kube_play_options opts = { .size = sizeof opts,
                                      .annotations = annotations,
                                      .annotation_count = 1 };
    gantry_kube_result *made = NULL;
    gantry_container *info = NULL;
    char extra[256];
    char subnet[32];
    char address[32];
    struct sheet s;

    snprintf(subnet, sizeof subnet, "%s.0/24", own.prefix);
    snprintf(address, sizeof address, "%s.77", own.prefix);
    net.subnet = subnet;
    OK(gantry_networks_create(f->networks, network, &net, NULL, &f->err));
    snprintf(extra, sizeof extra,
             "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n  EXTRA: more\n", map);
    memset(&s, 0, sizeof s);
    s.pod = contract_name(f, "kube");
    snprintf(s.text, sizeof s.text,
             "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  restartPolicy: Never\n"
             "  containers:\n  - name: one\n    image: %s\n    imagePullPolicy: Never\n"
             "    command: [\"/bin/sh\", \"-c\", \"%s\"]\n    envFrom:\n    - configMapRef:\n"
             "        name: %s\n",
             s.pod, f->base, HOLD, map);
    opts.networks = COMMAND(network);
    opts.addresses = COMMAND(address);
    opts.config_maps = COMMAND(extra);
    opts.no_hosts = GANTRY_ON;
    OK(gantry_kube_play(kube_of(f), source_of(&s), &opts, &made, &f->err));
    check_exec(f, made->pods[0]->containers[0], "echo $EXTRA; ip -4 addr | grep -c 'inet 10[.]'",
               "more\n1\n");
    OK(gantry_containers_inspect(f->containers, made->pods[0]->containers[0], NULL, &info,
                                 &f->err));
    SAME(contract_pair(info->annotations, info->annotation_count, "org.example.note"), "a b");
    gantry_container_free(info);
    gantry_kube_result_free(made);
    take_down(f, &s);
    opts.addresses = COMMAND("not-an-address");
    FAILS(gantry_kube_play(kube_of(f), source_of(&s), &opts, NULL, &f->err), GANTRY_E_INVALID);
}

/* ---- units ----------------------------------------------------------------------------------- */

static void units_are_written(struct contract *f)
{
    const char *name = contract_name(f, "unit");
    const gantry_container_options plain = { .size = sizeof plain,
                                             .name = name,
                                             .command = SHELL(IDLE) };
    gantry_systemd_options opts = {
        .size = sizeof opts,
        .restart_policy = "always",
        .container_prefix = "ctr",
        .separator = "_",
        .wants = COMMAND("wanted.service"),
        .after = COMMAND("after.service"),
        .requires_units = COMMAND("required.service"),
        .environment = COMMAND("COLOR=blue"),
        .start_timeout_ms = 21500,
        .stop_timeout_ms = 7000,
        .use_name = GANTRY_ON,
        .no_header = GANTRY_ON,
    };
    gantry_unit_list *units = NULL;
    char unit[160];

    OK(gantry_containers_create(f->containers, f->base, &plain, NULL, &f->err));
    OK(gantry_kube_systemd(kube_of(f), name, &opts, &units, &f->err));
    CHECK(units->count == 1 && units->items[1] == NULL);
    snprintf(unit, sizeof unit, "ctr_%s", name);
    SAME(units->items[0]->name, unit);
    CONTAINS(units->items[0]->text, "ExecStart=");
    CONTAINS(units->items[0]->text, "Restart=always");
    CONTAINS(units->items[0]->text, "Wants=wanted.service");
    CONTAINS(units->items[0]->text, "After=after.service");
    CONTAINS(units->items[0]->text, "Requires=required.service");
    CONTAINS(units->items[0]->text, "Environment=COLOR=blue");
    CONTAINS(units->items[0]->text, "TimeoutStartSec=22");
    CONTAINS(units->items[0]->text, "-t 7");
    CHECK(strstr(units->items[0]->text, "autogenerated") == NULL);
    gantry_unit_list_free(units);

    units = NULL;
    opts.container_prefix = "";
    opts.separator = "";
    OK(gantry_kube_systemd(kube_of(f), name, &opts, &units, &f->err));
    SAME(units->items[0]->name, name);
    gantry_unit_list_free(units);

    units = NULL;
    opts.restart_delay_ms = 3000;
    if (contract_differs(f, DIFF_NO_RESTART_DELAY)) {
        FAILS(gantry_kube_systemd(kube_of(f), name, &opts, &units, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "restart_delay_ms");
    } else {
        OK(gantry_kube_systemd(kube_of(f), name, &opts, &units, &f->err));
        CONTAINS(units->items[0]->text, "RestartSec=3");
        gantry_unit_list_free(units);
        units = NULL;
    }
    opts.restart_delay_ms = 0;
    opts.restart_policy = "sometimes";
    FAILS(gantry_kube_systemd(kube_of(f), name, &opts, &units, &f->err), GANTRY_E_INVALID);
    opts.restart_policy = NULL;
    opts.template_unit = GANTRY_ON;
    FAILS(gantry_kube_systemd(kube_of(f), name, &opts, &units, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_kube_systemd(kube_of(f), contract_name(f, "none"), NULL, &units, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(units == NULL);
}

/* Such a unit runs the command line that made the container, so there must have been one. */
static void units_that_create_need_a_command_line(struct contract *f)
{
    const char *name = contract_name(f, "bare");
    gantry_container_options made = { .size = sizeof made,
                                      .name = contract_name(f, "made"),
                                      .command = SHELL(IDLE) };
    const gantry_container_options bare = { .size = sizeof bare,
                                            .name = name,
                                            .command = SHELL(IDLE) };
    gantry_systemd_options opts = { .size = sizeof opts,
                                    .use_name = GANTRY_ON,
                                    .create = GANTRY_ON };
    gantry_unit_list *units = NULL;
    char extra[512];

    OK(gantry_containers_create(f->containers, f->base, &bare, NULL, &f->err));
    FAILS(gantry_kube_systemd(kube_of(f), name, &opts, &units, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "create command");
    snprintf(extra, sizeof extra,
             "{\"containerCreateCommand\":[\"podman\",\"run\",\"-d\",\"--name\",\"%s\",\"%s\","
             "\"true\"]}",
             made.name, f->base);
    made.extra_json = extra;
    OK(gantry_containers_create(f->containers, f->base, &made, NULL, &f->err));
    OK(gantry_kube_systemd(kube_of(f), made.name, &opts, &units, &f->err));
    CONTAINS(units->items[0]->text, "podman run");
    CONTAINS(units->items[0]->text, made.name);
    gantry_unit_list_free(units);
    opts.template_unit = GANTRY_ON;
    OK(gantry_kube_systemd(kube_of(f), made.name, &opts, &units, &f->err));
    CONTAINS(units->items[0]->text, "%i");
    gantry_unit_list_free(units);
}

static void units_of_a_pod_are_its_containers_too(struct contract *f)
{
    gantry_kube_play_options still = { .size = sizeof still, .start = GANTRY_OFF };
    const gantry_systemd_options opts = { .size = sizeof opts,
                                          .pod_prefix = "p",
                                          .use_name = GANTRY_ON };
    gantry_unit_list *units = NULL;
    struct sheet s;
    char name[160];

    write_sheet(f, &s, HOLD);
    OK(gantry_kube_play(kube_of(f), source_of(&s), &still, NULL, &f->err));
    OK(gantry_kube_systemd(kube_of(f), s.pod, &opts, &units, &f->err));
    CHECK(units->count == 3);
    snprintf(name, sizeof name, "container-%s-one", s.pod);
    SAME(units->items[0]->name, name);
    snprintf(name, sizeof name, "p-%s", s.pod);
    SAME(units->items[2]->name, name);
    for (size_t i = 0; i < units->count; i++)
        CONTAINS(units->items[i]->text, "ExecStart=");
    gantry_unit_list_free(units);
    take_down(f, &s);
}

#define PLAYS NEEDS(GANTRY_FEATURE_KUBE_PLAY, GANTRY_FEATURE_CONTAINERS_RUN)
#define UNITS NEEDS(GANTRY_FEATURE_KUBE_SYSTEMD, GANTRY_FEATURE_CONTAINERS_RUN)

const struct contract_test kube_tests[] = {
    TEST(engine_without_yaml_says_why),
    TEST(quadlets_come_with_a_version),
    TEST_WITH(yaml_is_played_replaced_and_taken_down, PLAYS),
    TEST_WITH(down_takes_what_is_there, PLAYS),
    TEST_WITH(generated_yaml_plays_again, PLAYS),
    TEST_WITH(what_goes_wrong_is_told_apart, PLAYS),
    TEST_WITH(progress_is_told, PLAYS),
    TEST_WITH(play_takes_maps_networks_and_annotations, PLAYS),
    TEST_WITH(units_are_written, UNITS),
    TEST_WITH(units_that_create_need_a_command_line, UNITS),
    TEST_WITH(units_of_a_pod_are_its_containers_too, UNITS),
    { 0 },
};
