/* Going down a tree, LANES descents at once.
 *
 * A descent waits for one node and one comparison a level. Interleaving several of them hides the waits of one behind the others, and
 * because a leaf leads back to itself no lane needs a branch: the loop ends when all lanes are at leaves.
 */
#ifndef FOREST_DESCENT_H
#define FOREST_DESCENT_H
#include "layout.h"

enum { LANES = 12 }; /* a multiple of 4 */

/* Lane k goes down nodes[k] from root[k] with point[k], to leaf[k], having passed depth[k] inner nodes. */
INLINE void descend(const int lanes, const Node *const *nodes, const double *const *point, const int32_t *root, int64_t *leaf, int64_t *depth) {
    int64_t x[LANES], passed[LANES];
    for (int k = 0; k < lanes; k++) {
        x[k] = root[k];
        passed[k] = 0;
    }
    for (;;) {
        int64_t all = -1;
        for (int k = 0; k < lanes; k++) all &= x[k];
        if (all < 0) break;
        for (int k = 0; k < lanes; k++) {
            const Node *node = nodes[k] + x[k];
            passed[k] += 1 + (x[k] >> 63);
            x[k] = node->child[point[k][node->dim] > node->cut];
        }
    }
    for (int k = 0; k < lanes; k++) {
        leaf[k] = x[k];
        depth[k] = passed[k];
    }
}

/* `used` of LANES descents, in the fewest fours that hold them; the lanes beyond must be fit to go down as well. */
INLINE void descend_some(int used, const Node *const *nodes, const double *const *point, const int32_t *root, int64_t *leaf, int64_t *depth) {
    if (used > 8) descend(12, nodes, point, root, leaf, depth);
    else if (used > 4) descend(8, nodes, point, root, leaf, depth);
    else descend(4, nodes, point, root, leaf, depth);
}

#endif
