/* A forest from its saved state (save.c has the format). Everything that the rest of the program relies on is looked at here: bytes that
 * are not a sound forest are refused, whatever they are. */
#include "forest.h"
#include "packing.h"
#include "reservoir.h"
#include "saved.h"

/* Hang nodes and leaves together, both numbered in the order of the shape. */
static int restore_shape(const Forest *f, Tree *tree, int leaves, BitReader *r) {
    Node *nodes = nodes_of(f, tree);
    int parent[MAX_SAMPLES], side[MAX_SAMPLES], top = 0, inner = 0, leaf = 0;
    for (int i = 0; i < 2 * leaves - 1; i++) {
        if (i && !top) return 0;
        int is_inner = (int)get_bits(r, 1);
        if (is_inner ? inner == leaves - 1 : leaf == leaves) return 0;
        int x = is_inner ? inner++ : ~leaf++;
        if (!top) {
            tree->root = x;
            nodes[x].parent = -1;
        } else {
            nodes[x].parent = (int16_t)parent[top - 1];
            nodes[parent[top - 1]].child[side[top - 1]] = (int16_t)x;
            if (side[top - 1]++) top--;
        }
        if (is_inner) {
            parent[top] = x;
            side[top++] = 0;
        }
    }
    return !top;
}

/* The leaf's point and its records' keys. */
static int restore_leaf(const Forest *f, Tree *tree, int leaf, int32_t top_key, const ColumnCode *codes, const double **points, uint32_t count,
                        uint32_t *met, BitReader *r) {
    double *point = point_of(f, tree, leaf);
    if (get_bits(r, 1)) {
        if (*met == count) return 0;
        for (int k = 0; k < f->dims; k++) {
            point[k] = value_of(codes + k, get_wide(r, codes[k].bits));
            if (!(fabs(point[k]) <= LARGEST)) return 0;
        }
        points[(*met)++] = point;
    } else {
        if (!*met) return 0;
        uint64_t number = get_bits(r, bits_for(*met - 1));
        if (number >= *met) return 0;
        memcpy(point, points[number], (size_t)f->width * 8);
    }
    int32_t *keys = keys_of(f, tree);
    int16_t *slots = slots_of(f, tree);
    int mass = 0, more;
    do {
        if (tree->filled == f->samples) return 0;
        keys[tree->filled] = (int32_t)((uint32_t)top_key - (uint32_t)get_bits(r, KEY_BITS));
        slots[tree->filled++] = (int16_t)leaf;
        mass++;
        more = (int)get_bits(r, 1);
    } while (more);
    set_mass(f, tree, leaf, mass);
    return 1;
}

static int restore_inner(const int width, const Forest *f, Tree *tree, int x, BitReader *r) {
    Node *node = nodes_of(f, tree) + x;
    const double *low, *high, *from, *to;
    uint64_t dim = get_bits(r, bits_for((uint64_t)f->dims - 1));
    if (dim >= (uint64_t)f->dims) return 0;
    node->dim = (uint16_t)dim;
    fit_box(width, f, tree, x);
    ranges_of(f, tree)[x] = range_of(width, box_of(f, tree, x), box_of(f, tree, x) + width);
    box_ends(f, tree, node->child[0], &low, &from);
    box_ends(f, tree, node->child[1], &to, &high);
    node->cut = get_cut(r, from[dim], to[dim]);
    return from[dim] <= node->cut && node->cut < to[dim];
}

INLINE int restore_tree(const int width, Forest *f, int t, const ColumnCode *codes, const double **points, uint32_t count, uint32_t *met, BitReader *in) {
    Tree *tree = tree_at(f, t);
    BitReader r = *in; /* a copy that stays in registers */
    tree->random = get_wide(&r, 64);
    tree->epoch = (int64_t)get_wide(&r, 64);
    next_of(f)[t] = (int64_t)get_wide(&r, 64);
    int leaves = (int)get_bits(&r, 16);
    if (leaves > f->samples || tree->epoch < 0 || tree->epoch > f->seen || next_of(f)[t] < f->seen || r.failed) return 0;
    if (f->decay * (double)(f->seen - tree->epoch) > MOST_EPOCH_UNITS && leaves) return 0;
    if (leaves) {
        int32_t top_key = (int32_t)(uint32_t)get_bits(&r, 32);
        if (top_key > MOST_KEY || top_key < -MOST_KEY) return 0;
        if (!restore_shape(f, tree, leaves, &r)) return 0;
        tree->spare_leaf_count = f->samples - leaves; /* forest_init put the low numbers on top: exactly those are taken */
        tree->spare_node_count = f->samples - (leaves - 1);
        for (int k = 0; k < leaves; k++)
            if (!restore_leaf(f, tree, ~k, top_key, codes, points, count, met, &r)) return 0;
        for (int x = leaves - 2; x >= 0; x--) /* children have the higher numbers */
            if (!restore_inner(width, f, tree, x, &r)) return 0;
        for (int i = tree->filled / 2 - 1; i >= 0; i--) heap_sink(f, tree, i, keys_of(f, tree)[i], slots_of(f, tree)[i]);
        set_share(width, f, tree);
    }
    *in = r;
    return !r.failed && tree->filled == (f->seen < f->samples ? f->seen : f->samples);
}

API int64_t forest_restore_scratch(const Forest *f) { return (int64_t)f->trees * f->samples * 8; }

/* Into a block that forest_init has prepared with the saved forest's sizes. 1: done; 0: these bytes are no such forest. */
API int forest_restore(Forest *f, const unsigned char *in, int64_t size, double *scratch) {
    ColumnCode codes[MAX_DIMS];
    BitReader r = {in, in + size, 0, 0, 0};
    double *history = history_of(f);
    const double **points = (const double **)(void *)scratch;
    f->seen = (int64_t)get_wide(&r, 64);
    for (int i = 0; i < (f->shingle - 1) * f->columns; i++) {
        history[i] = double_of_bits(get_wide(&r, 64));
        if (!(fabs(history[i]) <= LARGEST)) return 0;
    }
    uint64_t count = get_bits(&r, 32);
    if (f->seen < 0 || count > (uint64_t)f->trees * (uint64_t)f->samples) return 0;
    for (int k = 0; k < f->dims; k++) {
        codes[k].decimals = (int)get_bits(&r, 4);
        codes[k].bits = (int)get_bits(&r, 7);
        codes[k].least = get_wide(&r, 64);
        if (codes[k].decimals > EXACT_DOUBLES || codes[k].bits > 64) return 0;
    }
    uint32_t met = 0;
    for (int t = 0; t < f->trees; t++) {
        int done = f->width == 1   ? restore_tree(1, f, t, codes, points, (uint32_t)count, &met, &r)
                   : f->width == 4 ? restore_tree(4, f, t, codes, points, (uint32_t)count, &met, &r)
                                   : restore_tree(f->width, f, t, codes, points, (uint32_t)count, &met, &r);
        if (!done) return 0;
    }
    return !r.failed && r.from == r.end && r.count < 8 && met == count;
}
