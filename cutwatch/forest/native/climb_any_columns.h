/* The way up for any number of columns: one point and one tree at a time. A step is long enough here to bear a wrong guess. */
#ifndef FOREST_CLIMB_ANY_COLUMNS_H
#define FOREST_CLIMB_ANY_COLUMNS_H
#include "scoring.h"

INLINE void climb_any_columns(const int width, const Forest *f, const Tree *tree, const double *point, int64_t leaf, int64_t depth, double *high,
                              double *low) {
    const Node *nodes = nodes_of(f, tree);
    const double *reciprocal = reciprocals_of(f), *ranges = ranges_of(f, tree), *at_leaf = point_of(f, tree, (int)leaf);
    double part[MAX_DIMS + 3], outside[MAX_DIMS + 3];
    v4 total = splat(0);
    for (int i = 0; i < width; i += 4) {
        v4 d = magnitude(load4(point + i) - load4(at_leaf + i));
        store4(part + i, d);
        total += d;
    }
    double gap = sum4(total);
    if (gap == 0) {
        add_equal(width, f, tree, leaf, depth, high, low);
        return;
    }
    const int tiny = gap < TINY_GAP;
    const v4 scale = splat(tiny ? reciprocal[depth + 1] : reciprocal[depth + 1] / gap), leaf_gap = splat(gap);
    for (int i = 0; i < width; i += 4) {
        v4 d = load4(part + i);
        if (__builtin_expect(tiny, 0)) d /= leaf_gap;
        store4(part + i, d * scale);
    }
    for (int64_t y = nodes[leaf].parent; y >= 0; y = nodes[y].parent) {
        const double *low_end = box_of(f, tree, (int)y), *high_end = low_end + width;
        total = splat(0);
        for (int i = 0; i < width; i += 4) {
            v4 d = gap4(load4(point + i), load4(low_end + i), load4(high_end + i));
            store4(outside + i, d);
            total += d;
        }
        gap = sum4(total);
        if (gap <= 0) break;
        double range = ranges[y], both = range + gap;
        v4 fresh = splat(tiny ? reciprocal[depth] : reciprocal[depth] * (1.0 / both)), old = splat(tiny ? range / both : range * (1.0 / both));
        depth--;
        for (int i = 0; i < width; i += 4) {
            v4 d = load4(outside + i);
            if (__builtin_expect(tiny, 0)) d /= splat(both);
            store4(part + i, d * fresh + load4(part + i) * old);
        }
    }
    for (int i = 0; i < width; i += 4) {
        m4 is_high = load4(point + i) > load4(at_leaf + i);
        add4(high + i, keep_where(load4(part + i), is_high));
        add4(low + i, keep_where(load4(part + i), ~is_high));
    }
}

#endif
