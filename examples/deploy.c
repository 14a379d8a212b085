/*
 * Deploy a database and an application: a network, a named volume, a container with a health check,
 * and one that is begun when that is healthy and ready when it answers over HTTP.
 *
 *     deploy up IMAGE     IMAGE has a busybox: it plays both parts
 *     deploy down
 *
 * Called again, "up" leaves alone what is there as it is to be.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <string.h>

#define NETWORK "gantry-shop"
#define VOLUME "gantry-shop-data"
#define DATABASE "gantry-shop-db"
#define APP "gantry-shop-app"

enum {
    APP_PORT = 8080
};

static const char database_script[] = "trap 'exit 0' TERM\n"
                                      "mkdir -p /data\n"
                                      "echo 'apples, pears' >/data/stock\n"
                                      "httpd -p 80 -h /data\n"
                                      "while :; do sleep 1; done\n";

/* The name is looked up apart: static busyboxes cannot do it in wget. */
static const char app_script[] =
    "trap 'exit 0' TERM\n"
    "mkdir -p /page\n"
    "find() { nslookup " DATABASE " | sed -n 's/^Address: *\\([0-9.]*\\)$/\\1/p' | tail -n 1; }\n"
    "until db=$(find) && wget -q -O /page/index.html http://$db/stock; do\n"
    "    sleep 0.2\n"
    "done\n"
    "httpd -p 8080 -h /page\n"
    "while :; do sleep 1; done\n";

static const char *const step_names[] = {
    [GANTRY_DEPLOY_CREATED] = "is created",       [GANTRY_DEPLOY_STARTED] = "is started",
    [GANTRY_DEPLOY_READY] = "is ready",           [GANTRY_DEPLOY_FAILED] = "failed",
    [GANTRY_DEPLOY_REMOVED] = "is removed again", [GANTRY_DEPLOY_ACCEPTED] = "was there",
};

static int show(void *arg, const char *name, int step, const char *text)
{
    (void)arg;
    printf("%s %s%s%s\n", name, step_names[step], text[0] != '\0' ? ": " : "", text);
    return 0;
}

/* Both containers, as they are wanted. */
static int deploy(gantry_containers *containers, const char *image, gantry_error *err)
{
    const char *const check[] = { "CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1/stock",
                                  NULL };
    const char *const database_command[] = { "sh", "-c", database_script, NULL };
    const char *const app_command[] = { "sh", "-c", app_script, NULL };
    const gantry_health health = { .size = sizeof health, .test = check, .interval_ms = 1000 };
    const gantry_mount data = {
        .size = sizeof data, .type = GANTRY_MOUNT_VOLUME, .source = VOLUME, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &data, NULL };
    const gantry_port port = { .size = sizeof port,
                               .host_address = "127.0.0.1",
                               .container_port = APP_PORT };
    const gantry_port *const ports[] = { &port, NULL };
    const gantry_container_options database = { .size = sizeof database,
                                                .name = DATABASE,
                                                .command = database_command,
                                                .network = NETWORK,
                                                .mounts = mounts,
                                                .health = &health };
    const gantry_container_options app = {
        .size = sizeof app, .name = APP, .command = app_command, .network = NETWORK, .ports = ports
    };
    const gantry_dependency needs_database = { .size = sizeof needs_database,
                                               .name = DATABASE,
                                               .condition = GANTRY_DEPEND_HEALTHY };
    const gantry_dependency *const needs[] = { &needs_database, NULL };
    const gantry_condition answers = {
        .size = sizeof answers, .kind = GANTRY_READY_HTTP, .port = APP_PORT, .status = 200
    };
    const gantry_condition *const ready[] = { &answers, NULL };
    const gantry_deployment_item items[] = {
        { .size = sizeof items[0], .image = image, .container = &database },
        { .size = sizeof items[0],
          .image = image,
          .container = &app,
          .dependencies = needs,
          .ready = ready },
    };
    const gantry_deployment_item *const list[] = { &items[0], &items[1], NULL };
    const gantry_deploy_options opts = { .size = sizeof opts, .progress = show };

    return gantry_containers_deploy(containers, list, &opts, NULL, err);
}

static int show_address(gantry_containers *containers, gantry_error *err)
{
    gantry_container *app = NULL;
    int rc = gantry_containers_inspect(containers, APP, NULL, &app, err);
    const gantry_port_info *port = rc == 0 ? gantry_container_port(app, APP_PORT, NULL) : NULL;

    if (port != NULL)
        printf("The shop is open at http://%s:%d/\n", port->host_address, port->host_port);
    gantry_container_free(app);
    return rc;
}

static int up(gantry_engine *engine, const char *image, gantry_error *err)
{
    int rc = gantry_networks_ensure(gantry_engine_networks(engine), NETWORK, NULL, NULL, err);

    if (rc == 0)
        rc = gantry_volumes_ensure(gantry_engine_volumes(engine), VOLUME, NULL, NULL, err);
    if (rc == 0)
        rc = deploy(gantry_engine_containers(engine), image, err);
    if (rc == 0)
        rc = show_address(gantry_engine_containers(engine), err);
    return rc;
}

static int down(gantry_engine *engine, gantry_error *err)
{
    static const char *const names[] = { APP, DATABASE };
    gantry_containers *containers = gantry_engine_containers(engine);
    gantry_container_remove_options remove = { .size = sizeof remove,
                                               .force = GANTRY_ON,
                                               .missing_ok = GANTRY_ON };
    gantry_network_remove_options network = { .size = sizeof network, .missing_ok = GANTRY_ON };
    gantry_volume_remove_options volume = { .size = sizeof volume, .missing_ok = GANTRY_ON };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < 2; i++)
        rc = gantry_containers_remove(containers, names[i], &remove, err);
    if (rc == 0)
        rc = gantry_networks_remove(gantry_engine_networks(engine), NETWORK, &network, err);
    if (rc == 0)
        rc = gantry_volumes_remove(gantry_engine_volumes(engine), VOLUME, &volume, err);
    if (rc == 0)
        printf("The shop is closed.\n");
    return rc;
}

int main(int argc, char **argv)
{
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int opens = argc == 3 && strcmp(argv[1], "up") == 0;
    int rc;

    if (!opens && (argc != 2 || strcmp(argv[1], "down") != 0)) {
        fprintf(stderr, "usage: deploy up IMAGE | deploy down\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    if (rc == 0)
        rc = opens ? up(engine, argv[2], &err) : down(engine, &err);
    if (rc < 0)
        fprintf(stderr, "deploy: %s: %s\n%s", err.operation, err.message, err.output);
    gantry_engine_close(engine);
    return rc < 0;
}
