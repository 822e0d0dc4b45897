/* One tree's opinion of one point: the scoring rules of the Kinesis Analytics service.
 *
 * The service never published them; they are recovered from the scores that it gave to 58 public series (see docs/forest.md). Where they
 * agree with Guha, Mishra, Roy, Schrijvers: "Robust random cut forest based anomaly detection on streams" (2016) and with AWS's open
 * source, that is where the words come from.
 *
 *  - Let the point be inserted into the tree at random, as the tree itself was grown. Where it would be cut off at depth d it scores
 *    1 / (d + 1). The expectation is taken on the way up from the leaf: at a node whose box has range r, and that the point lies outside
 *    of by gap g (sums over the columns), the point is cut off there with probability g / (r + g):
 *        score = g / (r + g) * 1 / (d + 1)  +  r / (r + g) * score below.
 *    Once a box holds the point, so do all boxes above it, and nothing changes any more.
 *  - A point equal to a leaf of mass m at depth d scores 1 / (d + log2 m): no damping by mass, unlike AWS's open source.
 *  - If that leaf is the whole tree, 1 / (1 + m).
 *  - A record's score is the mean over the trees, times log2(samples).
 *
 * Attribution: each term g / (r + g) is split over the columns by their part of g, and belongs to the side (high or low) on which the
 * point lies outside. From the leaf up to the first box that holds the point, each box lies on one side of it in each column, always
 * the same one; so one number a column is carried, and its side is read off the leaf. A point equal to a leaf stands out in no column and
 * on no side: its score is split equally over the columns that vary in the tree's sample, half to each side (share_of).
 */
#ifndef FOREST_SCORING_H
#define FOREST_SCORING_H
#include "descent.h"
#include "vectors.h"
#include <math.h>

/* Below this gap 1 / gap could overflow: such a climb divides instead. */
#define TINY_GAP 1e-290

INLINE double score_equal(const Forest *f, const Tree *tree, int64_t leaf, int64_t depth) {
    if (depth == 0) return 1.0 / (1.0 + masses_of(f, tree)[~leaf]);
    return 1.0 / ((double)depth + nodes_of(f, tree)[leaf].cut);
}

INLINE void climb_one_column(const Forest *f, const Tree *tree, const double *point, int64_t leaf, int64_t depth, double *high, double *low) {
    const Node *nodes = nodes_of(f, tree);
    const double *reciprocal = reciprocals_of(f), *ranges = ranges_of(f, tree), *boxes = box_of(f, tree, 0);
    const double v = point[0], difference = v - point_of(f, tree, (int)leaf)[0];
    double score;
    if (difference == 0) {
        score = 0.5 * score_equal(f, tree, leaf, depth);
        high[0] += score;
        low[0] += score;
        return;
    }
    score = reciprocal[depth + 1];
    for (int64_t y = nodes[leaf].parent; y >= 0; y = nodes[y].parent) {
        double above = v - boxes[2 * y + 1], below = boxes[2 * y] - v;
        double gap = above > below ? above : below;
        if (gap <= 0) break;
        double range = ranges[y];
        score = (gap * reciprocal[depth--] + range * score) / (range + gap);
    }
    high[0] += difference > 0 ? score : 0.0;
    low[0] += difference > 0 ? 0.0 : score;
}

/* Split the score of a point equal to a leaf. */
INLINE void add_equal(const int width, const Forest *f, const Tree *tree, int64_t leaf, int64_t depth, double *high, double *low) {
    const double *share = share_of(f, tree);
    v4 score = splat(score_equal(f, tree, leaf, depth));
    for (int i = 0; i < width; i += 4) {
        v4 part = score * load4(share + i);
        add4(high + i, part);
        add4(low + i, part);
    }
}

/* Two to four columns: everything stays in registers. */
INLINE void climb_four_columns(const Forest *f, const Tree *tree, const double *point, int64_t leaf, int64_t depth, double *high, double *low) {
    const Node *nodes = nodes_of(f, tree);
    const double *reciprocal = reciprocals_of(f), *ranges = ranges_of(f, tree), *boxes = box_of(f, tree, 0);
    const v4 v = load4(point), at_leaf = load4(point_of(f, tree, (int)leaf));
    v4 part = magnitude(v - at_leaf);
    double gap = sum4(part);
    if (gap == 0) {
        add_equal(4, f, tree, leaf, depth, high, low);
        return;
    }
    const int tiny = gap < TINY_GAP;
    if (tiny) part = part / splat(gap) * splat(reciprocal[depth + 1]);
    else part *= splat(reciprocal[depth + 1] / gap);
    for (int64_t y = nodes[leaf].parent; y >= 0; y = nodes[y].parent) {
        const double *box = boxes + y * 8;
        v4 outside = gap4(v, load4(box), load4(box + 4));
        gap = sum4(outside);
        if (gap <= 0) break;
        double range = ranges[y];
        if (__builtin_expect(tiny, 0)) {
            double both = range + gap;
            part = outside / splat(both) * splat(reciprocal[depth--]) + part * splat(range / both);
        } else {
            double inverse = 1.0 / (range + gap);
            part = outside * splat(reciprocal[depth--] * inverse) + part * splat(range * inverse);
        }
    }
    m4 is_high = v > at_leaf;
    add4(high, keep_where(part, is_high));
    add4(low, keep_where(part, ~is_high));
}

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

INLINE void climb(const int width, const Forest *f, const Tree *tree, const double *point, int64_t leaf, int64_t depth, double *high, double *low) {
    if (width == 1) climb_one_column(f, tree, point, leaf, depth, high, low);
    else if (width == 4) climb_four_columns(f, tree, point, leaf, depth, high, low);
    else climb_any_columns(width, f, tree, point, leaf, depth, high, low);
}

/* Points from .. to-1 against one tree: the lanes go over points. */
INLINE void score_points(const int width, const Forest *f, const Tree *tree, const double *points, int from, int to, double *high, double *low) {
    const Node *nodes[LANES];
    const double *point[LANES];
    int32_t root[LANES];
    int64_t leaf[LANES], depth[LANES];
    for (int k = 0; k < LANES; k++) {
        nodes[k] = nodes_of(f, tree);
        root[k] = tree->root;
    }
    for (; from < to; from += LANES) {
        int used = to - from < LANES ? to - from : LANES;
        for (int k = 0; k < LANES; k++) point[k] = points + (from + (k < used ? k : 0)) * width;
        descend_some(used, nodes, point, root, leaf, depth);
        for (int k = 0; k < used; k++) {
            int64_t at = (int64_t)(from + k) * width;
            climb(width, f, tree, point[k], leaf[k], depth[k], high + at, low + at);
        }
    }
}

/* One point against the trees of parts part_from .. part_to-1: the lanes go over trees. `high`, `low`: one point for each part, `stride` apart. */
INLINE void score_trees(const int width, const Forest *f, int part_from, int part_to, const double *p, double *high, double *low, int64_t stride) {
    const Node *nodes[LANES];
    const double *point[LANES];
    int32_t root[LANES];
    int64_t leaf[LANES], depth[LANES];
    const int end = part_start(f, part_to);
    int part = part_from, part_end = part_start(f, part + 1);
    for (int k = 0; k < LANES; k++) point[k] = p;
    for (int t = part_start(f, part_from); t < end; t += LANES) {
        int used = end - t < LANES ? end - t : LANES;
        for (int k = 0; k < LANES; k++) {
            const Tree *tree = tree_at(f, t + (k < used ? k : 0));
            nodes[k] = nodes_of(f, tree);
            root[k] = tree->root;
        }
        descend_some(used, nodes, point, root, leaf, depth);
        for (int k = 0; k < used; k++) {
            while (t + k >= part_end) {
                part++;
                part_end = part_start(f, part + 1);
                high += stride;
                low += stride;
            }
            climb(width, f, tree_at(f, t + k), p, leaf[k], depth[k], high, low);
        }
    }
}

#endif
