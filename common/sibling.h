/* Our programs stand side by side, wherever they are installed. */
#ifndef COMMON_SIBLING_H
#define COMMON_SIBLING_H

#include <stddef.h>

#include "common/err.h"

/* The path of the program `name` in the folder of the one that runs; `name` may begin with "../". It need not exist. 0 or negative. */
int sibling(const char *name, char *ret, size_t size, struct err *e) MUST_CHECK;

#endif
