#include <gantry/backend.h>
#include <iostream>

int main()
{
    gantry_engine_options opts = {};
    gantry_engine *engine = nullptr;
    gantry_error err = {};

    opts.size = sizeof opts;
    opts.address = "unix:///nonexistent/gantry.sock";
    const int rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err);

    std::cout << "version " << gantry_version() << '\n'
              << gantry_error_name(rc) << ": " << err.message << '\n';
    gantry_engine_close(engine);
    return rc == GANTRY_E_UNAVAILABLE && gantry_error_is(&err, rc) ? 0 : 1;
}
