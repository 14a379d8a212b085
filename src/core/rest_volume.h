/*
 * What both backends' volumes are asked alike: conditions of a list that are decided on its answer,
 * and the numbers of a disk use, joined by name.
 */
#ifndef GNT_REST_VOLUME_H
#define GNT_REST_VOLUME_H

#include "rest_ops.h"

/* For gnt_req_list, with the options as argument: exact names, drivers, labels. Engines match parts
 * of names, and differ on whether several of a kind are alternatives. */
int gnt_volume_accept(const void *volume, const void *options);

/* Add the filter "dangling" for `unused`. */
void gnt_volume_filter_unused(struct gnt_req *r, struct gnt_json *filters, int unused);

/* Sort a list by name, for gnt_volume_find, which gives the volume of this name or NULL. */
void gnt_volume_sort(gantry_volume_list *list);
const gantry_volume *gnt_volume_find(const gantry_volume_list *sorted, const char *name);

/* Give each volume the numbers of the one of its name in `usage`, a list of the disk use's volumes;
 * what is not in there stays unknown. Sorts `usage`. */
void gnt_volume_join(gantry_volume *const *volumes, size_t count, gantry_volume_list *usage);

/* Whether a name is one that engines make up: 64 hex digits. */
int gnt_volume_made_up(const char *name);

#endif
