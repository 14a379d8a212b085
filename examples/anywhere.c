/*
 * The same program on an engine here, over TLS or over ssh: say which engine it is, and run a
 * container.
 *
 *     anywhere [--certs FOLDER] [ADDRESS [IMAGE COMMAND...]]
 *
 *     anywhere                                             the engine that is found
 *     anywhere unix:///run/podman/podman.sock
 *     anywhere --certs ~/.docker tcp://engine.example:2376 with ca.pem, cert.pem and key.pem
 *     anywhere ssh://user@engine.example
 *
 * Without an image nothing is run.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct certificates {
    char ca[1024];
    char cert[1024];
    char key[1024];
};

/* The three files have the names that Docker gives them. */
static void use_folder(const char *folder, struct certificates *files, gantry_tls *tls)
{
    snprintf(files->ca, sizeof files->ca, "%s/ca.pem", folder);
    snprintf(files->cert, sizeof files->cert, "%s/cert.pem", folder);
    snprintf(files->key, sizeof files->key, "%s/key.pem", folder);
    *tls = (gantry_tls){
        .size = sizeof *tls, .ca_file = files->ca, .cert_file = files->cert, .key_file = files->key
    };
}

static int show_engine(gantry_engine *engine, gantry_error *err)
{
    gantry_version_info *version = NULL;
    int rc = gantry_engine_version(engine, NULL, &version, err);

    if (rc < 0)
        return rc;
    printf("%s %s (API %s) on %s/%s at %s\n", version->backend, version->version,
           version->used_api_version, version->os, version->arch, gantry_engine_address(engine));
    gantry_version_info_free(version);
    return 0;
}

static int run(gantry_engine *engine, const char *image, const char *const *command,
               gantry_error *err)
{
    gantry_run_options opts = { .size = sizeof opts,
                                .command = command[0] != NULL ? command : NULL,
                                .remove = GANTRY_ON };
    gantry_run_result *result = NULL;
    int rc = gantry_containers_run(gantry_engine_containers(engine), image, &opts, &result, err);

    if (rc < 0)
        return rc;
    fwrite(result->stdout_data, 1, result->stdout_size, stdout);
    fwrite(result->stderr_data, 1, result->stderr_size, stderr);
    printf("ended with exit code %lld\n", (long long)result->exit_code);
    gantry_run_result_free(result);
    return 0;
}

int main(int argc, char **argv)
{
    struct certificates files;
    gantry_tls tls;
    gantry_engine_options opts = { .size = sizeof opts };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int at = 1;
    int rc;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 2 && strcmp(argv[1], "--certs") == 0) {
        use_folder(argv[2], &files, &tls);
        opts.tls = &tls;
        at = 3;
    }
    opts.address = at < argc ? argv[at++] : NULL;
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err);
    if (rc == 0)
        rc = show_engine(engine, &err);
    if (rc == 0 && at < argc)
        rc = run(engine, argv[at], (const char *const *)argv + at + 1, &err);
    if (rc < 0)
        fprintf(stderr, "anywhere: %s: %s\n%s", err.operation, err.message, err.output);
    gantry_engine_close(engine);
    return rc < 0;
}
