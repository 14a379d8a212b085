/* Allocations that fail on request: the k-th since arming, alone or with all that follow. */
#ifndef FAULTS_TORTURE_H
#define FAULTS_TORTURE_H

#include <gantry/base.h>

/* 1: this allocation has to fail. Counts only while armed. */
int torture_fails(void);
/* Allocations made and not freed yet, of the heap under torture; +1 or -1. */
void torture_live(int change);

/* torture_malloc.c: whether malloc itself is under torture in this program. The library's own
 * allocator hooks are not used then. */
extern const int torture_of_malloc;

#endif
