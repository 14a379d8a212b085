/*
 * For the tables of result structs (model_*.c): what a struct's members are before anything is
 * known.
 */
#ifndef GNT_MODEL_PRESET_H
#define GNT_MODEL_PRESET_H

#include "model.h"

struct preset {
    size_t offset;
    const void *value; /* the pointer to store; NULL: the member is an int64_t, and -1 */
};

struct gnt_model {
    int kind; /* 0 ends a table */
    size_t size;
    const struct preset *presets; /* ends with END */
};

extern const struct gnt_model gnt_container_models[];
extern const struct gnt_model gnt_image_models[];
extern const struct gnt_model gnt_engine_models[];
extern const struct gnt_model gnt_system_models[];

extern const gantry_pair gnt_no_pairs[1];

/* 0, or a compile error if the member m of T has not the type want. */
#define TYPED(T, m, want) (0 * sizeof(int[_Generic(((T *)0)->m, want : 1, default : -1)]))
#define PRESET(T, m, want, value)                                                                  \
    {                                                                                              \
        offsetof(T, m) + TYPED(T, m, want), value                                                  \
    }
#define TEXT(T, m) PRESET(T, m, const char *, "")
#define STRINGS(T, m) PRESET(T, m, const char *const *, gnt_no_strings)
#define PAIRS(T, m) PRESET(T, m, const gantry_pair *, gnt_no_pairs)
#define LIST(T, m, item, empty) PRESET(T, m, const item *const *, empty)
#define UNKNOWN(T, m) PRESET(T, m, int64_t, NULL)
#define END                                                                                        \
    {                                                                                              \
        SIZE_MAX, NULL                                                                             \
    }

#endif
