/* The rows of the group `follow` that are in stats.c. */
#ifndef CONTRACT_FOLLOW_H
#define CONTRACT_FOLLOW_H

#include "contract.h"

#define STATS NEEDS(GANTRY_FEATURE_CONTAINERS_RUN, GANTRY_FEATURE_CONTAINERS_STATS)

void one_sample_of_a_busy_container(struct contract *f);
void one_sample_of_none(struct contract *f);
void samples_until_the_end(struct contract *f);
void samples_of_all(struct contract *f);
void networks_are_counted(struct contract *f);

#define FOLLOW_STATS_TESTS                                                                         \
    TEST_WITH(one_sample_of_a_busy_container, STATS), TEST_WITH(one_sample_of_none, STATS),        \
        TEST_WITH(samples_until_the_end, STATS), TEST_WITH(samples_of_all, STATS),                 \
        TEST_WITH(networks_are_counted, STATS)

#endif
