#include <gantry/gantry.h>
#include <stdio.h>

int main(void)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = "unix:///nonexistent/gantry.sock" };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err);

    printf("version %s\n%s: %s\n", gantry_version(), gantry_error_name(rc), err.message);
    gantry_engine_close(engine);
    return rc == GANTRY_E_UNAVAILABLE && gantry_error_is(&err, rc) ? 0 : 1;
}
