/* Size of a forest and its first state. */
#include "elementary.h"
#include "forest.h"
#include "layout.h"
#include "random.h"
#include <math.h>
#include <string.h>

static const int64_t CACHE_LINE = 64;

static int64_t take(int64_t *at, int64_t bytes) {
    int64_t here = *at;
    *at += (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    return here;
}

/* Fill in the header; returns the bytes that the whole block needs. */
static int64_t lay_out(Forest *f, int columns, int shingle, int trees, int samples) {
    int64_t dims = (int64_t)columns * shingle, width = dims == 1 ? 1 : (dims + 3) / 4 * 4, s = samples, at = 0;
    memset(f, 0, sizeof *f);
    f->columns = columns;
    f->shingle = shingle;
    f->trees = trees;
    f->samples = samples;
    f->dims = (int32_t)dims;
    f->width = (int32_t)width;

    take(&at, sizeof(Tree));
    f->nodes = take(&at, 2 * s * (int64_t)sizeof(Node));
    f->ranges = take(&at, (s + 1) * 8);
    f->boxes = take(&at, (s + 1) * 2 * width * 8);
    f->points = take(&at, s * width * 8);
    f->share = take(&at, width * 8);
    f->keys = take(&at, s * 4);
    f->slots = take(&at, s * 2);
    f->masses = take(&at, s * 2);
    f->spare_leaves = take(&at, s * 2);
    f->spare_nodes = take(&at, s * 2);
    if (at / CACHE_LINE % 2 == 0) at += CACHE_LINE; /* an odd number of lines: the same part of every tree must not share cache sets */
    f->tree_bytes = at;

    at = 0;
    take(&at, sizeof(Forest));
    f->next = take(&at, trees * 8);
    f->reciprocal = take(&at, (s + 2) * 8);
    f->log2s = take(&at, (s + 1) * 8);
    f->history = take(&at, (int64_t)(shingle - 1) * columns * 8);
    f->first_tree = at;
    return at + f->tree_bytes * trees;
}

API int64_t forest_bytes(int columns, int shingle, int trees, int samples) {
    Forest f;
    return lay_out(&f, columns, shingle, trees, samples);
}

/* Into a block of zeros. */
API void forest_init(Forest *f, int columns, int shingle, int trees, int samples, double decay, uint64_t seed) {
    lay_out(f, columns, shingle, trees, samples);
    f->decay = decay;
    f->growth = growth_of(decay);
    double *reciprocals = (double *)((char *)f + f->reciprocal), *log2s = (double *)((char *)f + f->log2s);
    for (int i = 1; i <= samples; i++) log2s[i] = log2((double)i);
    for (int i = 1; i < samples + 2; i++) reciprocals[i] = 1.0 / i;
    for (int t = 0; t < trees; t++) {
        Tree *tree = tree_at(f, t);
        Node *nodes = nodes_of(f, tree);
        int16_t *leaves = spare_leaves_of(f, tree), *inner = spare_nodes_of(f, tree);
        tree->random = mix_bits(seed * GOLDEN_GAMMA + mix_bits((uint64_t)t + 1));
        double *everything = box_of(f, tree, -1);
        ranges_of(f, tree)[-1] = 1;
        for (int i = 0; i < f->width; i++) {
            everything[i] = -INFINITY;
            everything[f->width + i] = INFINITY;
        }
        tree->spare_leaf_count = tree->spare_node_count = samples;
        for (int i = 0; i < samples; i++) {
            int leaf = -1 - i;
            nodes[leaf].child[0] = nodes[leaf].child[1] = (int16_t)leaf;
            leaves[samples - 1 - i] = (int16_t)leaf; /* low numbers on top: restoring relies on it */
            inner[samples - 1 - i] = (int16_t)i;
        }
    }
}
