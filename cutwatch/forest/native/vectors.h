/* Four doubles at a time, in the vector extension that gcc and clang share.
 *
 * Every sum over columns goes through `sum4`, in one fixed order, and no multiplication is fused with an addition (-ffp-contract=off), so
 * that the variants compiled for different processors, and different compilers, give the same bits.
 */
#ifndef FOREST_VECTORS_H
#define FOREST_VECTORS_H
#include "layout.h"

typedef double v4 __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t m4 __attribute__((vector_size(32), aligned(8), may_alias));

/* A v4 never crosses a call that is not inlined, so its calling convention does not matter. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

INLINE v4 load4(const double *from) { return *(const v4 *)from; }
INLINE void store4(double *to, v4 a) { *(v4 *)to = a; }
INLINE void add4(double *to, v4 a) { *(v4 *)to += a; }
INLINE v4 splat(double a) { return (v4){a, a, a, a}; }
INLINE double sum4(v4 a) { return (a[0] + a[2]) + (a[1] + a[3]); }
INLINE v4 keep_where(v4 a, m4 mask) { return (v4)((m4)a & mask); }
INLINE v4 positive_part(v4 a) { return keep_where(a, a > splat(0)); }
INLINE v4 magnitude(v4 a) { return keep_where(a, (m4){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}); }

/* By how much a point lies outside the box low .. high, per column; zero inside. */
INLINE v4 gap4(v4 point, v4 low, v4 high) { return positive_part(point - high) + positive_part(low - point); }

/* The same, summed over the columns. */
INLINE double gap_of(const int width, const double *point, const double *low, const double *high) {
    if (width == 1) {
        double above = point[0] - high[0], below = low[0] - point[0];
        double gap = above > below ? above : below;
        return gap > 0 ? gap : 0;
    }
    v4 total = splat(0);
    for (int i = 0; i < width; i += 4) total += gap4(load4(point + i), load4(low + i), load4(high + i));
    return sum4(total);
}

/* The sum of a box's sides. Always worked out by this function: a box has one range, however it came about. */
INLINE double range_of(const int width, const double *low, const double *high) {
    if (width == 1) return high[0] - low[0];
    v4 total = splat(0);
    for (int i = 0; i < width; i += 4) total += load4(high + i) - load4(low + i);
    return sum4(total);
}

#endif
