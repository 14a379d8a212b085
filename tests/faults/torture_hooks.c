/* The library's allocator is under torture, malloc is not. */
#include "torture.h"

const int torture_of_malloc = 0;
