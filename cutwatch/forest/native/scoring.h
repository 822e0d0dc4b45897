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
#include "vectors.h"

/* Below this gap 1 / gap could overflow: such a climb divides instead. */
#define TINY_GAP 1e-290

INLINE double score_equal(const Forest *f, const Tree *tree, int64_t leaf, int64_t depth) {
    if (depth == 0) return 1.0 / (1.0 + masses_of(f, tree)[~leaf]);
    return 1.0 / ((double)depth + nodes_of(f, tree)[leaf].cut);
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

#endif
