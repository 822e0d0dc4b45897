/* The two ways through points and trees. Both add the same numbers in the same order. */
#ifndef FOREST_SCORE_POINTS_H
#define FOREST_SCORE_POINTS_H
#include "crowd.h"
#include <string.h>

/* Points from .. to-1 against one tree. */
INLINE void score_points(const int width, const Forest *f, const Tree *tree, const double *points, int from, int to, double *high, double *low) {
    while (from < to) {
        const int most = width <= 4 ? CROWD : LANES, count = to - from < most ? to - from : most;
        const int64_t at = (int64_t)from * width;
        const Crowd c = {tree, points + at, 0, width, count};
        from += count;
        if (width == 1) score_one_column(f, &c, high + at, low + at);
        else if (width == 4) score_four_columns(f, &c, high + at, low + at);
        else {
            int64_t leaf[CROWD], depth[CROWD];
            descend_crowd(f, &c, leaf, depth);
            for (int k = 0; k < count; k++)
                climb_any_columns(width, f, tree, crowd_point(&c, k), leaf[k], depth[k], high + at + (int64_t)k * width, low + at + (int64_t)k * width);
        }
    }
}

/* One point against trees t .. end-1. `high`, `low`: the point's sums for each part, `stride` apart, of which the first are of part `part`. */
INLINE void score_trees(const int width, const Forest *f, int t, int end, int part, const double *point, double *high, double *low,
                        int64_t stride) {
    int part_end = part_start(f, part + 1);
    while (t < end) {
        const int most = width <= 4 ? CROWD : LANES, count = end - t < most ? end - t : most;
        const Crowd c = {tree_at(f, t), point, f->tree_bytes, 0, count};
        double each_high[4 * CROWD], each_low[4 * CROWD];
        int64_t leaf[CROWD], depth[CROWD];
        if (width <= 4) {
            memset(each_high, 0, (size_t)(count * width) * 8);
            memset(each_low, 0, (size_t)(count * width) * 8);
            if (width == 1) score_one_column(f, &c, each_high, each_low);
            else score_four_columns(f, &c, each_high, each_low);
        } else descend_crowd(f, &c, leaf, depth);
        for (int k = 0; k < count; k++, t++) {
            while (t >= part_end) {
                part_end = part_start(f, ++part + 1);
                high += stride;
                low += stride;
            }
            if (width > 4) climb_any_columns(width, f, crowd_tree(&c, k), point, leaf[k], depth[k], high, low);
            else
                for (int i = 0; i < width; i++) {
                    high[i] += each_high[k * width + i];
                    low[i] += each_low[k * width + i];
                }
        }
    }
}

#endif
