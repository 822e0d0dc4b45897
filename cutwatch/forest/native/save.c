/* A forest's state as bytes: the least from which it continues bit for bit.
 *
 * One stream of bits (bits.h):
 *   records seen (64); the history's rows (64 a value);
 *   the number of distinct points (32), and for each dimension how its values are packed: decimals (4), bits (7), least (64);
 *   for each tree: random (64), epoch (64), next (64), leaves (16), and unless it is empty: the reservoir's top key (32), then
 *     the shape, parents first and left before right: 1 for an inner node, 0 for a leaf;
 *     for each leaf, left to right: its point (1 and the packed values for one not met before, otherwise 0 and its number in the order of
 *     first meetings), then its records' keys as distances from the top (20), each followed by 1 if there is another;
 *     for each inner node, in the reverse of the shape's order: its dimension, its cut.
 * Boxes, ranges, masses and shares follow from these. Trees that hold the same records share the points.
 */
#include "forest.h"
#include "packing.h"
#include "reservoir.h"
#include "saved.h"

typedef struct {
    int inner[MAX_SAMPLES], leaves[MAX_SAMPLES];
    int leaf_count;
    unsigned char shape[2 * MAX_SAMPLES]; /* one node a byte */
} Walk;

static void walk(const Forest *f, const Tree *tree, Walk *found) {
    const Node *nodes = nodes_of(f, tree);
    int stack[MAX_SAMPLES + 1], top = 0, inner = 0, leaves = 0;
    found->leaf_count = 0;
    if (is_empty(f, tree)) return;
    stack[top++] = tree->root;
    while (top) {
        int x = stack[--top];
        found->shape[inner + leaves] = x >= 0;
        if (x < 0) {
            found->leaves[leaves++] = x;
            continue;
        }
        found->inner[inner++] = x;
        stack[top++] = nodes[x].child[1];
        stack[top++] = nodes[x].child[0];
    }
    found->leaf_count = leaves;
}

/* Distinct points: a hash table of their numbers, their addresses, and the number of each leaf's point, tree after tree, left to right.
 * A number with FIRST set is met for the first time. */
typedef struct {
    uint32_t *table;
    int64_t slots;
    const double **points;
    uint32_t count, *numbers;
} Distinct;
#define FIRST (1u << 31)

static int64_t table_slots(const Forest *f) {
    int64_t slots = 64;
    while (slots < 2 * (int64_t)f->trees * f->samples) slots *= 2;
    return slots;
}

static uint32_t number_point(const Forest *f, Distinct *d, const double *point) {
    uint64_t hash = 0;
    for (int k = 0; k < f->dims; k++) hash = mix_bits((hash ^ bits_of_double(point[k])) + GOLDEN_GAMMA);
    int64_t at = (int64_t)(hash & (uint64_t)(d->slots - 1));
    for (; d->table[at] != UINT32_MAX; at = (at + 1) & (d->slots - 1))
        if (!memcmp(d->points[d->table[at]], point, (size_t)f->dims * 8)) return d->table[at];
    d->table[at] = d->count;
    d->points[d->count] = point;
    return d->count++ | FIRST;
}

static void find_distinct(const Forest *f, Distinct *d, char *scratch, Walk *found) {
    const int64_t most = (int64_t)f->trees * f->samples;
    d->slots = table_slots(f);
    d->table = (uint32_t *)scratch;
    d->points = (const double **)(scratch + d->slots * 4);
    d->numbers = (uint32_t *)(d->points + most);
    d->count = 0;
    memset(d->table, 0xff, (size_t)d->slots * 4);
    uint32_t *number = d->numbers;
    for (int t = 0; t < f->trees; t++) {
        const Tree *tree = tree_at(f, t);
        walk(f, tree, found);
        for (int k = 0; k < found->leaf_count; k++) *number++ = number_point(f, d, point_of(f, tree, found->leaves[k]));
    }
}

/* The reservoir's distances from its top key, by leaf, each leaf's in rising order: leaf ~x has distances[start[~x]] .. of its mass. */
static void sort_keys(const Forest *f, const Tree *tree, const Walk *found, uint32_t *distances, uint16_t *start) {
    enum { DIGIT = 10, DIGITS = 1 << DIGIT };
    const int32_t *keys = keys_of(f, tree);
    const int16_t *slots = slots_of(f, tree);
    const uint16_t *masses = masses_of(f, tree);
    uint16_t order[2][MAX_SAMPLES], counts[2][DIGITS + 1];
    memset(counts, 0, sizeof counts);
    for (int i = 0; i < tree->filled; i++) {
        uint32_t distance = (uint32_t)keys[0] - (uint32_t)keys[i];
        counts[0][(distance & (DIGITS - 1)) + 1]++;
        counts[1][(distance >> DIGIT & (DIGITS - 1)) + 1]++;
    }
    for (int k = 1; k <= DIGITS; k++) {
        counts[0][k] = (uint16_t)(counts[0][k] + counts[0][k - 1]);
        counts[1][k] = (uint16_t)(counts[1][k] + counts[1][k - 1]);
    }
    for (int i = 0; i < tree->filled; i++) order[0][counts[0][((uint32_t)keys[0] - (uint32_t)keys[i]) & (DIGITS - 1)]++] = (uint16_t)i;
    for (int k = 0; k < tree->filled; k++) {
        int i = order[0][k];
        order[1][counts[1][((uint32_t)keys[0] - (uint32_t)keys[i]) >> DIGIT & (DIGITS - 1)]++] = (uint16_t)i;
    }
    int at = 0;
    for (int k = 0; k < found->leaf_count; k++) {
        int leaf = ~found->leaves[k];
        start[leaf] = (uint16_t)at;
        at += masses[leaf];
    }
    uint16_t filled[MAX_SAMPLES] = {0};
    for (int k = 0; k < tree->filled; k++) {
        int i = order[1][k], leaf = ~slots[i];
        distances[start[leaf] + filled[leaf]++] = (uint32_t)keys[0] - (uint32_t)keys[i];
    }
}

static void save_tree(const Forest *f, int t, const Walk *found, const Distinct *d, const ColumnCode *codes, const uint32_t *numbers,
                      uint32_t *met, BitWriter *out) {
    const Tree *tree = tree_at(f, t);
    const Node *nodes = nodes_of(f, tree);
    const uint16_t *masses = masses_of(f, tree);
    const int leaves = found->leaf_count;
    BitWriter w = *out; /* a copy that no pointer reaches stays in registers */
    put_wide(&w, tree->random, 64);
    put_wide(&w, (uint64_t)tree->epoch, 64);
    put_wide(&w, (uint64_t)next_of(f)[t], 64);
    put_bits(&w, (uint64_t)leaves, 16);
    if (leaves) {
        uint32_t distances[MAX_SAMPLES];
        uint16_t start[MAX_SAMPLES];
        sort_keys(f, tree, found, distances, start);
        put_bits(&w, (uint32_t)keys_of(f, tree)[0], 32);
        for (int i = 0; i < 2 * leaves - 1; i++) put_bits(&w, found->shape[i], 1);
        for (int k = 0; k < leaves; k++) {
            const int leaf = ~found->leaves[k];
            if (numbers[k] & FIRST) {
                const double *point = d->points[numbers[k] & ~FIRST];
                put_bits(&w, 1, 1);
                for (int i = 0; i < f->dims; i++) put_wide(&w, code_of(codes + i, point[i]), codes[i].bits);
                ++*met;
            } else {
                put_bits(&w, 0, 1);
                put_bits(&w, numbers[k], bits_for(*met - 1));
            }
            for (int i = 0; i < masses[leaf]; i++)
                put_bits(&w, distances[start[leaf] + i] | (uint64_t)(i + 1 < masses[leaf]) << KEY_BITS, KEY_BITS + 1);
        }
        for (int k = leaves - 2; k >= 0; k--) {
            const Node *node = nodes + found->inner[k];
            const double *low, *high, *from, *to;
            box_ends(f, tree, node->child[0], &low, &from);
            box_ends(f, tree, node->child[1], &to, &high);
            put_bits(&w, node->dim, bits_for((uint64_t)f->dims - 1));
            put_cut(&w, from[node->dim], to[node->dim], node->cut);
        }
    }
    *out = w;
}

API int64_t forest_save_bound(const Forest *f) {
    int64_t leaf = 1 + (f->dims > 1 ? 64 * f->dims : 64) + 8 + (KEY_BITS + 1) + 2 + 10 + 2 + 64;
    int64_t bits = 64 * (f->dims + 3) + f->dims * 75 + f->trees * (4 * 64 + f->samples * leaf);
    return bits / 8 + 64;
}

API int64_t forest_save_scratch(const Forest *f) { return table_slots(f) * 4 + (int64_t)f->trees * f->samples * 12; }

/* Returns the bytes written. `scratch` is aligned as doubles are. */
API int64_t forest_save(const Forest *f, unsigned char *out, char *scratch) {
    Walk found;
    Distinct d;
    ColumnCode codes[MAX_DIMS];
    BitWriter w = {out, 0, 0};
    const double *history = history_of(f);
    put_wide(&w, (uint64_t)f->seen, 64);
    for (int i = 0; i < (f->shingle - 1) * f->columns; i++) put_wide(&w, bits_of_double(history[i]), 64);
    find_distinct(f, &d, scratch, &found);
    put_bits(&w, d.count, 32);
    for (int k = 0; k < f->dims; k++) {
        codes[k] = choose_code(d.points, d.count, k);
        put_bits(&w, (uint64_t)codes[k].decimals, 4);
        put_bits(&w, (uint64_t)codes[k].bits, 7);
        put_wide(&w, codes[k].least, 64);
    }
    const uint32_t *numbers = d.numbers;
    uint32_t met = 0;
    for (int t = 0; t < f->trees; t++) {
        walk(f, tree_at(f, t), &found);
        save_tree(f, t, &found, &d, codes, numbers, &met, &w);
        numbers += found.leaf_count;
    }
    return finish_bits(&w) - out;
}
