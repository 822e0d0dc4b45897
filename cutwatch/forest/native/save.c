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

/* A tree's nodes, parents first and left before right; returns how many. */
static int walk(const Forest *f, const Tree *tree, int16_t *order) {
    const Node *nodes = nodes_of(f, tree);
    int stack[MAX_SAMPLES + 2], top = 0, count = 0;
    if (is_empty(f, tree)) return 0;
    stack[top++] = tree->root;
    while (top) { /* without a branch on what is a leaf: nobody could guess it */
        int x = stack[--top];
        order[count++] = (int16_t)x;
        stack[top] = nodes[x].child[1];
        stack[top + 1] = nodes[x].child[0];
        top += x < 0 ? 0 : 2;
    }
    return count;
}

/* What is found out before anything is written: the order of all trees' nodes, and the distinct points. */
typedef struct {
    int16_t *order;        /* tree after tree, 2 * samples places each */
    int *counts;           /* nodes of each tree */
    const double **points; /* the distinct points, as they are met */
    uint32_t *numbers;     /* each leaf's point, in the order of the leaves; with FIRST where it is met for the first time */
    uint32_t count;
    uint32_t *table; /* a hash table of the points' numbers */
    int64_t slots;
} Survey;
#define FIRST (1u << 31)

static int64_t table_slots(const Forest *f) {
    int64_t slots = 64;
    while (slots < 2 * (int64_t)f->trees * f->samples) slots *= 2;
    return slots;
}

API int64_t forest_save_scratch(const Forest *f) {
    int64_t leaves = (int64_t)f->trees * f->samples;
    return leaves * 8 + leaves * 4 + table_slots(f) * 4 + (int64_t)f->trees * 4 + leaves * 2 * 2;
}

static uint32_t number_point(const Forest *f, Survey *s, const double *point) {
    uint64_t hash = 0;
    for (int k = 0; k < f->dims; k++) {
        hash = (hash ^ bits_of_double(point[k])) * GOLDEN_GAMMA;
        hash ^= hash >> 32;
    }
    int64_t at = (int64_t)(hash & (uint64_t)(s->slots - 1));
    for (; s->table[at] != UINT32_MAX; at = (at + 1) & (s->slots - 1))
        if (!memcmp(s->points[s->table[at]], point, (size_t)f->dims * 8)) return s->table[at];
    s->table[at] = s->count;
    s->points[s->count] = point;
    return s->count++ | FIRST;
}

static Survey make_survey(const Forest *f, void *scratch) {
    const int64_t most = (int64_t)f->trees * f->samples;
    Survey s;
    s.points = scratch;
    s.numbers = (uint32_t *)(s.points + most);
    s.table = s.numbers + most;
    s.slots = table_slots(f);
    s.counts = (int *)(s.table + s.slots);
    s.order = (int16_t *)(s.counts + f->trees);
    s.count = 0;
    memset(s.table, 0xff, (size_t)s.slots * 4);
    uint32_t *number = s.numbers;
    for (int t = 0; t < f->trees; t++) {
        const Tree *tree = tree_at(f, t);
        int16_t *order = s.order + (int64_t)t * 2 * f->samples;
        s.counts[t] = walk(f, tree, order);
        for (int i = 0; i < s.counts[t]; i++)
            if (order[i] < 0) *number++ = number_point(f, &s, point_of(f, tree, order[i]));
    }
    return s;
}

/* Split an order into its leaves, as ~id, and its inner nodes. */
static void split_order(const int16_t *order, int count, int16_t *leaves, int16_t *inner) {
    for (int i = 0, l = 0, n = 0; i < count; i++) {
        leaves[l] = (int16_t)~order[i];
        inner[n] = order[i];
        l += order[i] < 0;
        n += order[i] >= 0;
    }
}

/* The reservoir's distances from its top key, by leaf, each leaf's in rising order: leaf k has distances[start[k]] .. of its mass. */
static void sort_keys(const Forest *f, const Tree *tree, const int16_t *leaves, int leaf_count, uint32_t *distances, uint16_t *start) {
    enum { DIGIT = 7, DIGITS = 1 << DIGIT, PASSES = 3 };
    const int32_t *keys = keys_of(f, tree);
    const int16_t *slots = slots_of(f, tree);
    const uint16_t *masses = masses_of(f, tree);
    uint16_t places[PASSES][DIGITS] = {{0}}, next[MAX_SAMPLES];
    struct { uint32_t distance; int leaf; } entries[2][MAX_SAMPLES];
    for (int i = 0; i < tree->filled; i++) {
        uint32_t distance = (uint32_t)keys[0] - (uint32_t)keys[i];
        entries[0][i].distance = distance;
        entries[0][i].leaf = ~slots[i];
        for (int p = 0; p < PASSES; p++) places[p][distance >> p * DIGIT & (DIGITS - 1)]++;
    }
    for (int p = 0; p < PASSES; p++)
        for (int k = 0, at = 0; k < DIGITS; k++) {
            int here = places[p][k];
            places[p][k] = (uint16_t)at;
            at += here;
        }
    for (int p = 0; p < PASSES; p++)
        for (int i = 0; i < tree->filled; i++) {
            uint32_t distance = entries[p & 1][i].distance;
            entries[~p & 1][places[p][distance >> p * DIGIT & (DIGITS - 1)]++] = entries[p & 1][i];
        }
    for (int k = 0, at = 0; k < leaf_count; k++) {
        start[leaves[k]] = next[leaves[k]] = (uint16_t)at;
        at += masses[leaves[k]];
    }
    for (int i = 0; i < tree->filled; i++) distances[next[entries[PASSES & 1][i].leaf]++] = entries[PASSES & 1][i].distance;
}

static void save_tree(const Forest *f, int t, const Survey *s, const ColumnCode *codes, const uint32_t *numbers, uint32_t *met, BitWriter *out) {
    const Tree *tree = tree_at(f, t);
    const Node *nodes = nodes_of(f, tree);
    const uint16_t *masses = masses_of(f, tree);
    const int16_t *order = s->order + (int64_t)t * 2 * f->samples;
    const int count = s->counts[t], leaf_count = (count + 1) / 2, dim_bits = bits_for((uint64_t)f->dims - 1);
    BitWriter w = *out; /* a copy that no pointer reaches stays in registers */
    put_wide(&w, tree->random, 64);
    put_wide(&w, (uint64_t)tree->epoch, 64);
    put_wide(&w, (uint64_t)next_of(f)[t], 64);
    put_bits(&w, (uint64_t)leaf_count, 16);
    if (count) {
        int16_t leaves[MAX_SAMPLES + 1], inner[MAX_SAMPLES + 1];
        uint32_t distances[MAX_SAMPLES];
        uint16_t start[MAX_SAMPLES];
        split_order(order, count, leaves, inner);
        sort_keys(f, tree, leaves, leaf_count, distances, start);
        put_bits(&w, (uint32_t)keys_of(f, tree)[0], 32);
        for (int i = 0; i < count; i++) put_bits(&w, order[i] >= 0, 1);
        for (int i = 0; i < leaf_count; i++) {
            const uint32_t number = numbers[i];
            if (number & FIRST) {
                const double *point = s->points[number & ~FIRST];
                put_bits(&w, 1, 1);
                for (int k = 0; k < f->dims; k++) put_wide(&w, code_of(codes + k, point[k]), codes[k].bits);
                ++*met;
            } else put_bits(&w, (uint64_t)number << 1, 1 + bits_for(*met - 1));
            const uint32_t *distance = distances + start[leaves[i]];
            for (int more = masses[leaves[i]] - 1; more >= 0; more--)
                put_bits(&w, *distance++ | (uint64_t)(more > 0) << KEY_BITS, KEY_BITS + 1);
        }
        for (int i = leaf_count - 2; i >= 0; i--) {
            const Node *node = nodes + inner[i];
            const double *low, *high, *from, *to;
            box_ends(f, tree, node->child[0], &low, &from);
            box_ends(f, tree, node->child[1], &to, &high);
            put_bits(&w, node->dim, dim_bits);
            put_cut(&w, from[node->dim], to[node->dim], node->cut);
        }
    }
    *out = w;
}

API int64_t forest_save_bound(const Forest *f) {
    int64_t leaf = 1 + 64 * f->dims + (KEY_BITS + 1) + 2 + 10 + 2 + 64;
    int64_t bits = 64 * (f->dims + 3) + f->dims * 75 + f->trees * (4 * 64 + f->samples * leaf);
    return bits / 8 + 64;
}

/* Returns the bytes written. `scratch` is aligned as doubles are. */
API int64_t forest_save(const Forest *f, unsigned char *out, double *scratch) {
    ColumnCode codes[MAX_DIMS];
    BitWriter w = {out, 0, 0};
    const double *history = history_of(f);
    const Survey s = make_survey(f, scratch);
    put_wide(&w, (uint64_t)f->seen, 64);
    for (int i = 0; i < (f->shingle - 1) * f->columns; i++) put_wide(&w, bits_of_double(history[i]), 64);
    put_bits(&w, s.count, 32);
    for (int k = 0; k < f->dims; k++) {
        codes[k] = choose_code(s.points, s.count, k);
        put_bits(&w, (uint64_t)codes[k].decimals, 4);
        put_bits(&w, (uint64_t)codes[k].bits, 7);
        put_wide(&w, codes[k].least, 64);
    }
    const uint32_t *numbers = s.numbers;
    uint32_t met = 0;
    for (int t = 0; t < f->trees; t++) {
        save_tree(f, t, &s, codes, numbers, &met, &w);
        numbers += (s.counts[t] + 1) / 2;
    }
    return finish_bits(&w) - out;
}
