/* Many points against one tree, or one point against many trees: pairs whose scores do not depend on one another.
 *
 * How far each pair climbs is anybody's guess, and a wrong guess of a branch costs more than a step. So the crowd takes each step together,
 * and those who have arrived drop out of the list: one guess a step for all of them.
 */
#ifndef FOREST_CROWD_H
#define FOREST_CROWD_H
#include "climb_any_columns.h"
#include "descent.h"

enum { CROWD = 4 * LANES };

/* Pair k is of tree k and point k; each of them lies `step` beyond the one before, in bytes and doubles, or is the same one with step 0. */
typedef struct {
    const Tree *tree;
    const double *point;
    int64_t tree_step, point_step;
    int count;
} Crowd;

INLINE const Tree *crowd_tree(const Crowd *c, int k) { return (const Tree *)((const char *)c->tree + k * c->tree_step); }
INLINE const double *crowd_point(const Crowd *c, int k) { return c->point + k * c->point_step; }

INLINE void descend_crowd(const Forest *f, const Crowd *c, int64_t *leaf, int64_t *depth) {
    for (int from = 0; from < c->count; from += LANES) {
        const Node *nodes[LANES];
        const double *point[LANES];
        int32_t root[LANES];
        const int used = c->count - from < LANES ? c->count - from : LANES;
        for (int k = 0; k < LANES; k++) {
            const int lane = from + (k < used ? k : 0);
            nodes[k] = nodes_of(f, crowd_tree(c, lane));
            root[k] = crowd_tree(c, lane)->root;
            point[k] = crowd_point(c, lane);
        }
        descend_some(used, nodes, point, root, leaf + from, depth + from);
    }
}

/* Add pair k's score to high[k * width] and low[k * width]. */
INLINE void score_one_column(const Forest *f, const Crowd *c, double *high, double *low) {
    const double *reciprocal = reciprocals_of(f);
    double score[CROWD];
    int64_t leaf[CROWD], depth[CROWD], y[CROWD], up[CROWD];
    int climbing[CROWD], left = c->count;
    descend_crowd(f, c, leaf, depth);
    for (int k = 0; k < c->count; k++) {
        y[k] = nodes_of(f, crowd_tree(c, k))[leaf[k]].parent;
        up[k] = depth[k];
        score[k] = reciprocal[depth[k] + 1];
        climbing[k] = k;
    }
    while (left) {
        int still = 0;
        for (int i = 0; i < left; i++) {
            const int k = climbing[i];
            const Tree *tree = crowd_tree(c, k);
            const int64_t x = y[k];
            const double *box = box_of(f, tree, 0) + 2 * x, v = crowd_point(c, k)[0], range = ranges_of(f, tree)[x];
            double above = v - box[1], below = box[0] - v, gap = above > below ? above : below;
            gap = gap > 0 ? gap : 0; /* inside the box: nothing changes */
            score[k] += gap / (range + gap) * (reciprocal[up[k]--] - score[k]);
            y[k] = nodes_of(f, tree)[x].parent;
            climbing[still] = k;
            still += gap > 0;
        }
        left = still;
    }
    for (int k = 0; k < c->count; k++) {
        const Tree *tree = crowd_tree(c, k);
        const double difference = crowd_point(c, k)[0] - point_of(f, tree, (int)leaf[k])[0];
        if (difference == 0) score[k] = 0.5 * score_equal(f, tree, leaf[k], depth[k]);
        high[k] += difference >= 0 ? score[k] : 0.0;
        low[k] += difference <= 0 ? score[k] : 0.0;
    }
}

/* Two to four columns, those of a pair in one vector. */
INLINE void score_four_columns(const Forest *f, const Crowd *c, double *high, double *low) {
    const double *reciprocal = reciprocals_of(f);
    v4 part[CROWD];
    double leaf_gap[CROWD];
    int64_t leaf[CROWD], depth[CROWD], y[CROWD], up[CROWD];
    int climbing[CROWD], left = c->count;
    descend_crowd(f, c, leaf, depth);
    for (int k = 0; k < c->count; k++) {
        const Tree *tree = crowd_tree(c, k);
        v4 distance = magnitude(load4(crowd_point(c, k)) - load4(point_of(f, tree, (int)leaf[k])));
        leaf_gap[k] = sum4(distance);
        part[k] = distance * splat(reciprocal[depth[k] + 1] / leaf_gap[k]); /* no number where the gap is zero, and not used then */
        y[k] = nodes_of(f, tree)[leaf[k]].parent;
        up[k] = depth[k];
        climbing[k] = k;
    }
    while (left) {
        int still = 0;
        for (int i = 0; i < left; i++) {
            const int k = climbing[i];
            const Tree *tree = crowd_tree(c, k);
            const int64_t x = y[k];
            const double *box = box_of(f, tree, 0) + 8 * x;
            v4 outside = gap4(load4(crowd_point(c, k)), load4(box), load4(box + 4));
            double gap = sum4(outside), range = ranges_of(f, tree)[x], both = range + gap;
            part[k] = outside * splat(reciprocal[up[k]--] / both) + part[k] * splat(range / both); /* inside: unchanged, to the bit */
            y[k] = nodes_of(f, tree)[x].parent;
            climbing[still] = k;
            still += gap > 0;
        }
        left = still;
    }
    for (int k = 0; k < c->count; k++, high += 4, low += 4) {
        const Tree *tree = crowd_tree(c, k);
        const double *point = crowd_point(c, k);
        if (leaf_gap[k] == 0) add_equal(4, f, tree, leaf[k], depth[k], high, low);
        else if (leaf_gap[k] < TINY_GAP) climb_any_columns(4, f, tree, point, leaf[k], depth[k], high, low);
        else {
            m4 is_high = load4(point) > load4(point_of(f, tree, (int)leaf[k]));
            add4(high, keep_where(part[k], is_high));
            add4(low, keep_where(part[k], ~is_high));
        }
    }
}

#endif
