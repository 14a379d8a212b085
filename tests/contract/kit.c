/*
 * What the suite looks like from outside, but for the run itself (main.c): descriptions of engines
 * are checked, groups and differences have names.
 */
#include "contract.h"

static const struct {
    const char *id;
    const char *promise;
    const char *instead;
} differences[] = {
#define DIFFERENCE(name, where, what, expectation) { #name, (what), (expectation) },
#include "differences.def"
#undef DIFFERENCE
};

static int wrong(const char *what, const char *name)
{
    fprintf(stderr, "gantry_contract_target.%s%s\n", what, name);
    return GANTRY_CONTRACT_WRONG;
}

const char *gantry_contract_difference(size_t number, const char **out_promise,
                                       const char **out_instead)
{
    if (number >= sizeof differences / sizeof differences[0])
        return NULL;
    if (out_promise != NULL)
        *out_promise = differences[number].promise;
    if (out_instead != NULL)
        *out_instead = differences[number].instead;
    return differences[number].id;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static int note_difference(struct contract *f, const char *id)
{
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        if (strcmp(differences[i].id, id) == 0) {
            f->differs[i] = 1;
            return 0;
        }
    }
    return wrong("differences: there is none named ", id);
}

static int check_numbers(const gantry_contract_target *t)
{
    if (t->runtime < GANTRY_RUNTIME_AUTO || t->runtime > GANTRY_RUNTIME_PODMAN)
        return wrong("runtime: is none of GANTRY_RUNTIME_", "");
    if (t->kind < GANTRY_CONTRACT_OTHER || t->kind > GANTRY_CONTRACT_MEMORY)
        return wrong("kind: is none of GANTRY_CONTRACT_", "");
    if (t->processes != 0 && t->processes != GANTRY_ON && t->processes != GANTRY_OFF)
        return wrong("processes: is neither GANTRY_ON nor GANTRY_OFF", "");
    if (t->small_disk != 0 && t->small_disk != GANTRY_ON && t->small_disk != GANTRY_OFF)
        return wrong("small_disk: is neither GANTRY_ON nor GANTRY_OFF", "");
    if (t->missing_features != NULL && t->kind != GANTRY_CONTRACT_OTHER)
        return wrong("missing_features: what a known kind of engine lacks is known", "");
    for (const int *n = t->missing_features; n != NULL && *n != 0; n++) {
        if (gantry_feature_name(*n) == NULL)
            return wrong("missing_features: there is no such number", "");
    }
    return 0;
}

int contract_check_target(const gantry_contract_target *given, gantry_contract_target *out,
                          struct contract *f)
{
    int status;

    memset(out, 0, sizeof *out);
    if (given == NULL || given->size < sizeof given->size)
        return wrong("size: is not set", "");
    if (given->size > sizeof *out)
        return wrong("size: the program was made for a newer suite", "");
    memcpy(out, given, given->size);
    if (out->name == NULL || out->name[0] == '\0')
        return wrong("name: is required", "");
    if (out->engine == NULL || out->engine->address == NULL)
        return wrong("engine: is required, with an address", "");
    status = check_numbers(out);
    for (const char *const *id = out->differences; status == 0 && id != NULL && *id != NULL; id++)
        status = note_difference(f, *id);
    for (const char *const *n = out->leave_out; status == 0 && n != NULL && *n != NULL; n++) {
        if (!contract_is_test(*n))
            status = wrong("leave_out: there is no group or test named ", *n);
    }
    return status;
}

int contract_check_groups(const char *const *groups)
{
    for (; groups != NULL && *groups != NULL; groups++) {
        if (!contract_is_test(*groups) || strchr(*groups, '/') != NULL) {
            fprintf(stderr, "no such group: %s\n", *groups);
            return GANTRY_CONTRACT_WRONG;
        }
    }
    return 0;
}

/* ---- a program ------------------------------------------------------------------------------- */

static int print_groups(void)
{
    for (size_t i = 0; gantry_contract_group(i) != NULL; i++)
        puts(gantry_contract_group(i));
    return 0;
}

static int print_differences(void)
{
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
        printf("%s\n    elsewhere: %s\n    there: %s\n", differences[i].id, differences[i].promise,
               differences[i].instead);
    return 0;
}

int gantry_contract_main(const gantry_contract_target *target, int argc, char **argv)
{
    const char *groups[64] = { NULL };

    if (argc == 2 && strcmp(argv[1], "--groups") == 0)
        return print_groups();
    if (argc == 2 && strcmp(argv[1], "--differences") == 0)
        return print_differences();
    if (argc < 1 || (size_t)argc > sizeof groups / sizeof groups[0] ||
        (argc > 1 && argv[1][0] == '-')) {
        fprintf(stderr, "usage: %s [--groups | --differences | GROUP...]\n",
                argc > 0 ? argv[0] : "contract");
        return GANTRY_CONTRACT_WRONG;
    }
    for (int i = 1; i < argc; i++)
        groups[i - 1] = argv[i];
    return gantry_contract_run(target, groups);
}
