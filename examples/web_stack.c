/*
 * A web stack, up, asked once and down again: a container fills a volume and ends, one serves the
 * volume, one in front of it fetches the page and serves it on a port of the host.
 *
 *     web_stack [--pod] IMAGE     IMAGE has a busybox: it plays all parts
 *
 * Without --pod the three are in a network and find each other by name. With it they are members
 * of a pod, which has the port, and reach each other at 127.0.0.1.
 */
#include <gantry/gantry.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETWORK "gantry-stack"
#define POD "gantry-stack-pod"
#define VOLUME "gantry-stack-data"
#define CONTENT "gantry-stack-content"
#define WEB "gantry-stack-web"
#define FRONT "gantry-stack-front"

enum {
    FRONT_PORT = 8081
};

static const char content_script[] = "echo 'Hello from a volume.' >/data/index.html\n";
static const char web_script[] = "trap 'exit 0' TERM\n"
                                 "httpd -p 8080 -h /data\n"
                                 "while :; do sleep 1; done\n";
/* The name is looked up apart: static busyboxes cannot do it in wget. */
static const char front_script[] =
    "trap 'exit 0' TERM\n"
    "mkdir -p /page\n"
    "web=$WEB_ADDRESS\n"
    "find() { nslookup " WEB " | sed -n 's/^Address: *\\([0-9.]*\\)$/\\1/p' | tail -n 1; }\n"
    "until [ -n \"$web\" ] || { web=$(find) && [ -n \"$web\" ]; }; do sleep 0.2; done\n"
    "until wget -q -O /page/index.html http://$web:8080/; do sleep 0.2; done\n"
    "httpd -p 8081 -h /page\n"
    "while :; do sleep 1; done\n";

static int show(void *arg, const char *name, int step, const char *text)
{
    static const char *const words[] = {
        [GANTRY_DEPLOY_CREATED] = "is created",       [GANTRY_DEPLOY_STARTED] = "is started",
        [GANTRY_DEPLOY_READY] = "is ready",           [GANTRY_DEPLOY_FAILED] = "failed",
        [GANTRY_DEPLOY_REMOVED] = "is removed again", [GANTRY_DEPLOY_ACCEPTED] = "was there",
    };

    (void)arg;
    printf("%s %s%s%s\n", name, words[step], text[0] != '\0' ? ": " : "", text);
    return 0;
}

/* ---- up -------------------------------------------------------------------------------------- */

static int make_pod(gantry_engine *engine, gantry_error *err)
{
    const gantry_port port = { .size = sizeof port,
                               .host_address = "127.0.0.1",
                               .container_port = FRONT_PORT };
    const gantry_port *const ports[] = { &port, NULL };
    const gantry_pod_options opts = { .size = sizeof opts, .ports = ports };

    return gantry_pods_create(gantry_engine_pods(engine), POD, &opts, NULL, err);
}

static int deploy(gantry_engine *engine, const char *image, int in_pod, gantry_error *err)
{
    const char *const web_check[] = { "CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:8080/",
                                      NULL };
    const char *const front_check[] = { "CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:8081/",
                                        NULL };
    const char *const content_command[] = { "sh", "-c", content_script, NULL };
    const char *const web_command[] = { "sh", "-c", web_script, NULL };
    const char *const front_command[] = { "sh", "-c", front_script, NULL };
    const char *const near[] = { "WEB_ADDRESS=127.0.0.1", NULL };
    const gantry_health web_health = { .size = sizeof web_health,
                                       .test = web_check,
                                       .interval_ms = 200 };
    const gantry_health front_health = { .size = sizeof front_health,
                                         .test = front_check,
                                         .interval_ms = 200 };
    const gantry_mount filled = {
        .size = sizeof filled, .type = GANTRY_MOUNT_VOLUME, .source = VOLUME, .target = "/data"
    };
    const gantry_mount served = { .size = sizeof served,
                                  .type = GANTRY_MOUNT_VOLUME,
                                  .source = VOLUME,
                                  .target = "/data",
                                  .read_only = GANTRY_ON };
    const gantry_mount *const fills[] = { &filled, NULL };
    const gantry_mount *const serves[] = { &served, NULL };
    const gantry_port port = { .size = sizeof port,
                               .host_address = "127.0.0.1",
                               .container_port = FRONT_PORT };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_container_options content = {
        .size = sizeof content, .name = CONTENT, .command = content_command, .mounts = fills
    };
    gantry_container_options web = { .size = sizeof web,
                                     .name = WEB,
                                     .command = web_command,
                                     .mounts = serves,
                                     .health = &web_health };
    gantry_container_options front = {
        .size = sizeof front, .name = FRONT, .command = front_command, .health = &front_health
    };
    const gantry_dependency after_content = { .size = sizeof after_content,
                                              .name = CONTENT,
                                              .condition = GANTRY_DEPEND_COMPLETED };
    const gantry_dependency after_web = { .size = sizeof after_web,
                                          .name = WEB,
                                          .condition = GANTRY_DEPEND_HEALTHY };
    const gantry_dependency *const web_needs[] = { &after_content, NULL };
    const gantry_dependency *const front_needs[] = { &after_web, NULL };
    const gantry_condition healthy = { .size = sizeof healthy, .kind = GANTRY_READY_HEALTHY };
    const gantry_condition *const ready[] = { &healthy, NULL };
    const gantry_deployment_item items[] = {
        { .size = sizeof items[0], .image = image, .container = &content },
        { .size = sizeof items[0], .image = image, .container = &web, .dependencies = web_needs },
        { .size = sizeof items[0],
          .image = image,
          .container = &front,
          .dependencies = front_needs,
          .ready = ready },
    };
    const gantry_deployment_item *const list[] = { &items[0], &items[1], &items[2], NULL };
    const gantry_deploy_options opts = { .size = sizeof opts, .progress = show };

    content.pod = web.pod = front.pod = in_pod ? POD : NULL;
    content.network = web.network = front.network = in_pod ? NULL : NETWORK;
    front.ports = in_pod ? NULL : ports;
    front.environment = in_pod ? near : NULL;
    return gantry_containers_deploy(gantry_engine_containers(engine), list, &opts, NULL, err);
}

static int up(gantry_engine *engine, const char *image, int in_pod, gantry_error *err)
{
    int rc = gantry_volumes_ensure(gantry_engine_volumes(engine), VOLUME, NULL, NULL, err);

    if (rc == 0 && in_pod)
        rc = make_pod(engine, err);
    else if (rc == 0)
        rc = gantry_networks_ensure(gantry_engine_networks(engine), NETWORK, NULL, NULL, err);
    return rc == 0 ? deploy(engine, image, in_pod, err) : rc;
}

/* ---- the request ----------------------------------------------------------------------------- */

/* The port of the host: the pod's ports are told by the pod, a container's by the container. */
static int find_port(gantry_engine *engine, int in_pod, int *out, gantry_error *err)
{
    gantry_container *front = NULL;
    gantry_pod *pod = NULL;
    const gantry_port_info *port = NULL;
    int rc;

    if (in_pod) {
        rc = gantry_pods_inspect(gantry_engine_pods(engine), POD, NULL, &pod, err);
        port = rc == 0 ? pod->ports[0] : NULL;
    } else {
        rc = gantry_containers_inspect(gantry_engine_containers(engine), FRONT, NULL, &front, err);
        port = rc == 0 ? gantry_container_port(front, FRONT_PORT, NULL) : NULL;
    }
    if (rc == 0 && port == NULL)
        rc = gantry_error_set(err, GANTRY_E_STATE, "the stack has no port");
    if (rc == 0)
        *out = port->host_port;
    gantry_pod_free(pod);
    gantry_container_free(front);
    return rc;
}

static int fetch(int port, char *page, size_t size, gantry_error *err)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t used = 0;
    ssize_t got = -1;

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, request, sizeof request - 1) == (ssize_t)sizeof request - 1) {
        while (used + 1 < size && (got = read(fd, page + used, size - 1 - used)) > 0)
            used += (size_t)got;
    }
    page[used] = '\0';
    if (fd >= 0)
        close(fd);
    if (got < 0 || strncmp(page, "HTTP/1", 6) != 0 || strstr(page, " 200 ") == NULL)
        return gantry_error_set(err, GANTRY_E_IO, "no page came from the published port");
    return 0;
}

static int ask(gantry_engine *engine, int in_pod, gantry_error *err)
{
    char page[4096];
    const char *text;
    int port = 0;
    int rc = find_port(engine, in_pod, &port, err);

    if (rc == 0)
        rc = fetch(port, page, sizeof page, err);
    if (rc < 0)
        return rc;
    text = strstr(page, "\r\n\r\n");
    printf("http://127.0.0.1:%d/ says: %s", port, text != NULL ? text + 4 : page);
    return 0;
}

/* ---- down ------------------------------------------------------------------------------------ */

static int down(gantry_engine *engine, gantry_error *err)
{
    static const char *const names[] = { FRONT, WEB, CONTENT };
    gantry_container_remove_options container = { .size = sizeof container,
                                                  .force = GANTRY_ON,
                                                  .missing_ok = GANTRY_ON };
    gantry_pod_remove_options pod = { .size = sizeof pod,
                                      .force = GANTRY_ON,
                                      .missing_ok = GANTRY_ON };
    gantry_network_remove_options network = { .size = sizeof network, .missing_ok = GANTRY_ON };
    gantry_volume_remove_options volume = { .size = sizeof volume, .missing_ok = GANTRY_ON };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof names / sizeof names[0]; i++)
        rc = gantry_containers_remove(gantry_engine_containers(engine), names[i], &container, err);
    if (rc == 0 && gantry_engine_supports(engine, GANTRY_FEATURE_PODS_REMOVE))
        rc = gantry_pods_remove(gantry_engine_pods(engine), POD, &pod, err);
    if (rc == 0)
        rc = gantry_networks_remove(gantry_engine_networks(engine), NETWORK, &network, err);
    if (rc == 0)
        rc = gantry_volumes_remove(gantry_engine_volumes(engine), VOLUME, &volume, err);
    return rc;
}

int main(int argc, char **argv)
{
    int in_pod = argc == 3 && strcmp(argv[1], "--pod") == 0;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    gantry_error last = { 0 };
    int rc;

    if (argc != 2 + in_pod || argv[argc - 1][0] == '-') {
        fprintf(stderr, "usage: web_stack [--pod] IMAGE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    if (rc == 0) {
        rc = up(engine, argv[argc - 1], in_pod, &err);
        if (rc == 0)
            rc = ask(engine, in_pod, &err);
        if (down(engine, &last) < 0 && rc == 0) {
            rc = last.code;
            err = last;
        }
        if (rc == 0)
            printf("All of it is gone again.\n");
    }
    if (rc < 0)
        fprintf(stderr, "web_stack: %s: %s\n%s", err.operation, err.message, err.output);
    gantry_engine_close(engine);
    return rc < 0;
}
