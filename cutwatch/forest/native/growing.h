/* Putting a point into a tree and taking one out, as in section 2 of Guha et al. 2016: the tree stays distributed as if it had been grown
 * afresh from the points that it now holds. */
#ifndef FOREST_GROWING_H
#define FOREST_GROWING_H
#include "random.h"
#include "vectors.h"
#include <math.h>
#include <string.h>

/* The box of a node; a leaf's box is its point. */
INLINE void box_ends(const Forest *f, const Tree *tree, int x, const double **low, const double **high) {
    if (x < 0) *low = *high = point_of(f, tree, x);
    else {
        *low = box_of(f, tree, x);
        *high = *low + f->width;
    }
}

static inline void set_mass(const Forest *f, Tree *tree, int leaf, int mass) {
    masses_of(f, tree)[~leaf] = (uint16_t)mass;
    nodes_of(f, tree)[leaf].cut = log2s_of(f)[mass];
}

/* Put node `x` where `old` hangs below `parent`. */
static inline void hang(const Forest *f, Tree *tree, int parent, int old, int x) {
    Node *nodes = nodes_of(f, tree);
    nodes[x].parent = (int16_t)parent;
    if (parent < 0) tree->root = x;
    else nodes[parent].child[nodes[parent].child[1] == old] = (int16_t)x;
}

/* A node's box from those of its children; returns whether that changed it. */
INLINE int fit_box(const int width, const Forest *f, Tree *tree, int x) {
    const double *low_a, *high_a, *low_b, *high_b;
    const Node *node = nodes_of(f, tree) + x;
    double *low = box_of(f, tree, x), *high = low + width;
    int changed = 0;
    box_ends(f, tree, node->child[0], &low_a, &high_a);
    box_ends(f, tree, node->child[1], &low_b, &high_b);
    for (int i = 0; i < width; i++) {
        double a = low_a[i] < low_b[i] ? low_a[i] : low_b[i], b = high_a[i] > high_b[i] ? high_a[i] : high_b[i];
        changed |= (a != low[i]) | (b != high[i]);
        low[i] = a;
        high[i] = b;
    }
    if (changed) ranges_of(f, tree)[x] = range_of(width, low, high);
    return changed;
}

/* Which columns vary in the tree's sample, for the records that equal a leaf: all do where none does. */
INLINE void set_share(const int width, const Forest *f, Tree *tree) {
    double *share = share_of(f, tree);
    const double *low, *high;
    int varying = 0;
    if (width == 1) {
        share[0] = 0.5;
        return;
    }
    box_ends(f, tree, tree->root, &low, &high);
    for (int i = 0; i < width; i++) varying += low[i] < high[i];
    double each = 0.5 / (varying ? varying : f->dims);
    for (int i = 0; i < f->dims; i++) share[i] = !varying || low[i] < high[i] ? each : 0.0;
}

/* Take one record out of a leaf, and the leaf out of the tree when it was the last one there. */
INLINE void take_out(const int width, const Forest *f, Tree *tree, int leaf) {
    Node *nodes = nodes_of(f, tree);
    int mass = masses_of(f, tree)[~leaf];
    if (mass > 1) {
        set_mass(f, tree, leaf, mass - 1);
        return;
    }
    masses_of(f, tree)[~leaf] = 0;
    spare_leaves_of(f, tree)[tree->spare_leaf_count++] = (int16_t)leaf;
    int y = nodes[leaf].parent;
    if (y < 0) return; /* it was the whole tree */
    spare_nodes_of(f, tree)[tree->spare_node_count++] = (int16_t)y;
    int sibling = nodes[y].child[nodes[y].child[0] == leaf];
    const double *gone = point_of(f, tree, leaf);
    y = nodes[y].parent;
    hang(f, tree, y, nodes[leaf].parent, sibling);
    for (; y >= 0; y = nodes[y].parent) { /* a box shrinks only where the point lay on its edge */
        const double *low = box_of(f, tree, y), *high = low + width;
        int edge = 0;
        for (int i = 0; i < width; i++) edge |= (gone[i] <= low[i]) | (gone[i] >= high[i]);
        if (!edge || !fit_box(width, f, tree, y)) return;
    }
}

/* The end of the path to a point's place: the nodes whose boxes lack it, lowest first, and the gaps to them. */
typedef struct {
    int16_t node[MAX_SAMPLES + 1];
    double gap[MAX_SAMPLES + 1];
    int steps;
    int leaf; /* where the path ends */
} Path;

INLINE void find_path(const int width, const Forest *f, const Tree *tree, const double *p, Path *path) {
    const Node *nodes = nodes_of(f, tree);
    int x = tree->root;
    while (x >= 0) x = nodes[x].child[p[nodes[x].dim] > nodes[x].cut];
    path->leaf = x;
    path->steps = 0;
    for (; ; x = nodes[x].parent) {
        const double *low, *high;
        box_ends(f, tree, x, &low, &high);
        double gap = gap_of(width, p, low, high);
        if (gap <= 0) return;
        path->node[path->steps] = (int16_t)x;
        path->gap[path->steps++] = gap;
        if (nodes[x].parent < 0) return;
    }
}

/* A cut at `cut`, moved to a coarse grid (steps of 1/256 to 1/512 of from .. to) where that still separates: saved in a byte or two
 * instead of eight. The cut stays where chance put it to 1/512 of the gap, and lies in from <= cut < to. */
static inline double settle_cut(double from, double to, double cut) {
    double width = to - from, step, settled;
    int64_t bits;
    if (!(cut < to)) cut = from; /* rounding may have reached the end */
    memcpy(&bits, &width, 8);
    bits = (bits & 0x7ff0000000000000) - (8LL << 52);
    if (bits <= 0) return cut; /* the step would be denormal */
    memcpy(&step, &bits, 8);
    settled = floor(cut / step + 0.5) * step;
    return settled >= from && settled < to ? settled : cut;
}

/* Put a point in; returns its leaf. Only a node whose box lacks the point can be cut off from it: those are the path. */
INLINE int put_in(const int width, const Forest *f, Tree *tree, const double *p) {
    Node *nodes = nodes_of(f, tree);
    Path path;
    path.steps = 0;
    if (!is_empty(f, tree)) {
        find_path(width, f, tree, p, &path);
        if (!path.steps) {
            set_mass(f, tree, path.leaf, masses_of(f, tree)[~path.leaf] + 1);
            return path.leaf;
        }
    }
    int leaf = spare_leaves_of(f, tree)[--tree->spare_leaf_count];
    memcpy(point_of(f, tree, leaf), p, (size_t)width * 8);
    set_mass(f, tree, leaf, 1);
    nodes[leaf].parent = -1;
    if (!path.steps) {
        tree->root = leaf;
        return leaf;
    }

    /* Downwards from the highest box that lacks the point: cut here with probability gap / (range + gap), otherwise grow the box. */
    double *ranges = ranges_of(f, tree), where;
    int x, step = path.steps;
    for (;;) {
        x = path.node[--step];
        where = uniform(&tree->random) * ((x < 0 ? 0.0 : ranges[x]) + path.gap[step]);
        if (where < path.gap[step] || !step) break;
        double *low = box_of(f, tree, x), *high = low + width;
        for (int i = 0; i < width; i++) {
            low[i] = p[i] < low[i] ? p[i] : low[i];
            high[i] = p[i] > high[i] ? p[i] : high[i];
        }
        ranges[x] = range_of(width, low, high);
    }

    /* Which column's gap holds the cut. */
    const double *low, *high;
    box_ends(f, tree, x, &low, &high);
    int dim = 0, right = 0;
    double from = 0, to = 0;
    for (int i = 0; i < f->dims; i++) {
        int above = p[i] > high[i];
        if (!above && !(p[i] < low[i])) continue;
        dim = i;
        right = above;
        from = above ? high[i] : p[i];
        to = above ? p[i] : low[i];
        if (where < to - from) break;
        where -= to - from;
    }

    int inner = spare_nodes_of(f, tree)[--tree->spare_node_count];
    hang(f, tree, nodes[x].parent, x, inner);
    Node *node = nodes + inner;
    node->cut = settle_cut(from, to, from + where);
    node->dim = (uint16_t)dim;
    node->child[right] = (int16_t)leaf;
    node->child[!right] = (int16_t)x;
    nodes[leaf].parent = nodes[x].parent = (int16_t)inner;
    double *box_low = box_of(f, tree, inner), *box_high = box_low + width;
    for (int i = 0; i < width; i++) {
        box_low[i] = p[i] < low[i] ? p[i] : low[i];
        box_high[i] = p[i] > high[i] ? p[i] : high[i];
    }
    ranges[inner] = range_of(width, box_low, box_high);
    return leaf;
}

#endif
