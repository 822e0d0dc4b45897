/* How a forest lies in memory.
 *
 * The whole forest is ONE position-independent block of bytes that the caller owns: copying the block copies the forest, and nothing is
 * allocated in C. The block holds a header (Forest), a few arrays shared by all trees, and then the trees one after the other, each with
 * its own nodes, boxes, points and reservoir, so that a batch can work on one tree while that tree sits in the first-level cache.
 *
 * Ids inside a tree: inner nodes are 0 .. samples-2, leaves are -1 .. -samples. A node is 16 bytes, all that a descent reads of a level.
 * Leaves are nodes too, with both children set to themselves, so that a descent may run on past the bottom without asking.
 */
#ifndef FOREST_LAYOUT_H
#define FOREST_LAYOUT_H
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

enum {
    MAX_COLUMNS = 30,
    MAX_SHINGLE = 30,
    MAX_DIMS = MAX_COLUMNS * MAX_SHINGLE,
    MAX_TREES = 1000,
    MAX_SAMPLES = 1000,
    PARTS = 4 /* the trees are summed in four fixed parts, so that 1, 2 and 4 threads give the same bits */
};

typedef struct {
    double cut; /* a point goes left when point[dim] <= cut; a leaf keeps log2 of its mass here */
    int16_t child[2];
    uint16_t dim;
    int16_t parent; /* -1: this is the root */
} Node;

typedef struct {
    uint64_t random;    /* state of the tree's own generator */
    int64_t epoch;      /* the record number that the reservoir's keys are relative to */
    int32_t root;       /* meaningless while the tree is empty */
    int32_t filled;     /* records in the reservoir, equal ones counted singly */
    int32_t spare_leaf_count, spare_node_count;
} Tree;

typedef struct {
    int32_t columns, shingle, trees, samples;
    int32_t dims;  /* columns * shingle: what a point has */
    int32_t width; /* doubles a point takes in memory: 1, or dims rounded up to a multiple of 4 with zeros */
    double decay;  /* lambda = 1 / timeDecay */
    double growth; /* exp(decay) - 1 */
    int64_t seen;  /* records learnt so far */
    int64_t next, reciprocal, log2s, history, first_tree, tree_bytes; /* offsets from the start of the block */
    int64_t nodes, ranges, boxes, points, share, keys, slots, masses, spare_leaves, spare_nodes; /* offsets in a tree */
} Forest;

INLINE Tree *tree_at(const Forest *f, int t) { return (Tree *)((char *)f + f->first_tree + t * f->tree_bytes); }

/* For each tree: the number of the record that will enter its reservoir next. */
INLINE int64_t *next_of(const Forest *f) { return (int64_t *)((char *)f + f->next); }

/* 1/i for i = 1 .. samples + 1. */
INLINE const double *reciprocals_of(const Forest *f) { return (const double *)((const char *)f + f->reciprocal); }

/* log2(i) for i = 1 .. samples. */
INLINE const double *log2s_of(const Forest *f) { return (const double *)((const char *)f + f->log2s); }

/* The last shingle - 1 records, oldest first. */
INLINE double *history_of(const Forest *f) { return (double *)((char *)f + f->history); }

/* Indexed by node id, also by the negative ids of leaves. */
INLINE Node *nodes_of(const Forest *f, const Tree *tree) { return (Node *)((char *)tree + f->nodes) + f->samples; }

/* For each inner node: the sum over columns of its box's sides. Node -1 stands above the root: its box holds every point. */
INLINE double *ranges_of(const Forest *f, const Tree *tree) { return (double *)((char *)tree + f->ranges) + 1; }

/* The smallest box that holds all points below an inner node: `width` low ends, then `width` high ends. Also for node -1. */
INLINE double *box_of(const Forest *f, const Tree *tree, int node) {
    return (double *)((char *)tree + f->boxes) + (int64_t)(node + 1) * 2 * f->width;
}
INLINE double *point_of(const Forest *f, const Tree *tree, int leaf) {
    return (double *)((char *)tree + f->points) + (int64_t)~leaf * f->width;
}

/* For each dimension: its part, on one side, of the score of a record that equals a leaf (see scoring.h). */
INLINE double *share_of(const Forest *f, const Tree *tree) { return (double *)((char *)tree + f->share); }

/* Indexed by ~leaf: how many records of the reservoir lie in that leaf. */
INLINE uint16_t *masses_of(const Forest *f, const Tree *tree) { return (uint16_t *)((char *)tree + f->masses); }

/* The reservoir: a heap of keys with the largest on top, and the leaf of each (see reservoir.h). */
INLINE int32_t *keys_of(const Forest *f, const Tree *tree) { return (int32_t *)((char *)tree + f->keys); }
INLINE int16_t *slots_of(const Forest *f, const Tree *tree) { return (int16_t *)((char *)tree + f->slots); }

/* Ids that are free to use, as stacks. */
INLINE int16_t *spare_leaves_of(const Forest *f, const Tree *tree) { return (int16_t *)((char *)tree + f->spare_leaves); }
INLINE int16_t *spare_nodes_of(const Forest *f, const Tree *tree) { return (int16_t *)((char *)tree + f->spare_nodes); }

INLINE int is_empty(const Forest *f, const Tree *tree) { return tree->spare_leaf_count == f->samples; }

/* The first tree of a part; part_start(f, PARTS) is one past the last tree. */
INLINE int part_start(const Forest *f, int part) { return f->trees * part / PARTS; }

#endif
