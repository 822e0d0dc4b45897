/* Which compiled kernel runs on this processor. */
#ifndef FOREST_VARIANT_H
#define FOREST_VARIANT_H
#include "kernel.h"

Kernel *kernel_in_use(void);

#endif
