/* The inner loops, compiled once for every processor level that the library covers. */
#ifndef FOREST_KERNEL_H
#define FOREST_KERNEL_H
#include "layout.h"

enum { SCORE = 1, LEARN = 2 };

/* Fewer points than this go point by point, the lanes over trees; more go tree by tree, the lanes over points. */
enum { FEW_POINTS = 16, FEW_WIDE_POINTS = 4, WIDE = 64 };
INLINE int few_points(const Forest *f) { return f->width > WIDE ? FEW_WIDE_POINTS : FEW_POINTS; }

/* n points, the first of them record number `first`, against the trees of parts part_from .. part_to-1; `doing` is SCORE, LEARN or both,
 * and then each point is scored before it is learnt. Sums over the trees of each part are added to `high` and `low`, laid out
 * [part][point][width]; records before number `samples` are not scored. With SCORE alone every point counts as record number `first`. */
typedef void Kernel(Forest *f, int part_from, int part_to, const double *points, int n, int64_t first, int doing, double *high, double *low);

Kernel kernel_portable;
Kernel kernel_avx2;

#endif
