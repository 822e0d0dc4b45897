/* Which records a tree keeps: a weighted reservoir sample (Efraimidis, Spirakis 2006) with weights exp(decay * record number).
 *
 * A record's key is log(E) - decay * n, with E exponential; the tree keeps the `samples` smallest keys, the largest on top of a heap. So
 * recent records are likelier to be kept, by a factor e for every timeDecay records, and all of the first `samples` are.
 *
 * No coin is flipped for each record: how many records go by until the next one enters is drawn at once ("exponential jumps"), which is
 * exact. At timeDecay 4320 a tree takes about one record in seventeen.
 *
 * Keys are whole numbers, KEY_ONE to the unit, relative to the tree's epoch. Equal keys are told apart by their points, so what leaves the
 * reservoir depends on what is in it, not on how the heap happens to lie: a restored tree, whose heap is laid afresh, goes on alike.
 */
#ifndef FOREST_RESERVOIR_H
#define FOREST_RESERVOIR_H
#include "elementary.h"
#include "growing.h"

#define KEY_ONE 32768.0
#define KEY_SPAN ((1 << 20) - 1) /* largest distance of a key below the top: 32 units, beyond which chance goes once in e^32 */
#define EPOCH_UNITS 1024         /* units by which the epoch may lie back when a record enters */
#define MOST_EPOCH_UNITS 2048    /* and at any time: records enter far more often than every unit */
#define MOST_KEY (1 << 27)       /* so that no key's magnitude reaches this */

INLINE int key_above(const Forest *f, const Tree *tree, int32_t key, int leaf, int32_t other_key, int other_leaf) {
    if (key != other_key) return key > other_key;
    if (leaf == other_leaf) return 0;
    return memcmp(point_of(f, tree, leaf), point_of(f, tree, other_leaf), (size_t)f->dims * 8) > 0;
}

/* Let a key rise from place i to where it belongs. */
INLINE void heap_rise(const Forest *f, Tree *tree, int i, int32_t key, int leaf) {
    int32_t *keys = keys_of(f, tree);
    int16_t *slots = slots_of(f, tree);
    for (; i > 0; i = (i - 1) / 2) {
        int up = (i - 1) / 2;
        if (!key_above(f, tree, key, leaf, keys[up], slots[up])) break;
        keys[i] = keys[up];
        slots[i] = slots[up];
    }
    keys[i] = key;
    slots[i] = (int16_t)leaf;
}

/* Let a key sink from place i to where it belongs. */
INLINE void heap_sink(const Forest *f, Tree *tree, int i, int32_t key, int leaf) {
    int32_t *keys = keys_of(f, tree);
    int16_t *slots = slots_of(f, tree);
    for (;;) {
        int down = 2 * i + 1;
        if (down >= tree->filled) break;
        if (down + 1 < tree->filled && key_above(f, tree, keys[down + 1], slots[down + 1], keys[down], slots[down])) down++;
        if (!key_above(f, tree, keys[down], slots[down], key, leaf)) break;
        keys[i] = keys[down];
        slots[i] = slots[down];
        i = down;
    }
    keys[i] = key;
    slots[i] = (int16_t)leaf;
}

/* Keep keys small: move the epoch to record n. */
INLINE void move_epoch(const Forest *f, Tree *tree, int64_t n) {
    int32_t *keys = keys_of(f, tree), shift = (int32_t)floor(f->decay * (double)(n - tree->epoch) * KEY_ONE + 0.5);
    for (int i = 0; i < tree->filled; i++) keys[i] += shift;
    tree->epoch = n;
}

/* The number of the record that enters next, when record n just has. Record n + m enters with probability 1 - exp(-rate * exp(decay * m)),
 * where rate = exp(top key); those exponents add up to an exponential draw. */
INLINE int64_t draw_next(const Forest *f, Tree *tree, int64_t n) {
    double age = f->decay * (double)(n - tree->epoch);
    double rate = exp_of((double)keys_of(f, tree)[0] / KEY_ONE + age + f->decay), draw = -log_of(uniform(&tree->random));
    double skip = log_of_one_plus(draw * f->growth / rate) / f->decay;
    return n + (skip < 1 ? 1 : skip > 0x1p62 ? (int64_t)1 << 62 : (int64_t)ceil(skip));
}

/* log(E) for an exponential E, given that it is below `top`: uniform below exp(top), and thinned as the exponential falls off. */
INLINE double draw_below(double top, uint64_t *random) {
    const double bound = exp_of(top);
    for (;;) {
        double u = uniform(random), keep = uniform(random);
        if (keep < 1 - bound * u || keep < exp_of(-bound * u)) return top + log_of(u); /* the first test saves the second */
    }
}

/* Record n, whose turn it is, enters tree t. */
INLINE void learn(const int width, Forest *f, int t, const double *p, int64_t n) {
    Tree *tree = tree_at(f, t);
    if (f->decay * (double)(n - tree->epoch) > EPOCH_UNITS) move_epoch(f, tree, n);
    double age = f->decay * (double)(n - tree->epoch);
    if (tree->filled < f->samples) { /* still filling: every record enters */
        double key = log_of(-log_of(uniform(&tree->random)));
        int leaf = put_in(width, f, tree, p);
        heap_rise(f, tree, tree->filled++, (int32_t)floor(((key < -20 ? -20 : key) - age) * KEY_ONE), leaf);
        set_share(width, f, tree);
        if (tree->filled < f->samples) {
            next_of(f)[t] = n + 1;
            return;
        }
    } else { /* its key is drawn given that it is below the top, which leaves */
        int32_t top = keys_of(f, tree)[0];
        double key = floor((draw_below((double)top / KEY_ONE + age, &tree->random) - age) * KEY_ONE), least = (double)top - KEY_SPAN;
        take_out(width, f, tree, slots_of(f, tree)[0]);
        int leaf = put_in(width, f, tree, p);
        heap_sink(f, tree, 0, key < least ? top - KEY_SPAN : key > top ? top : (int32_t)key, leaf);
        set_share(width, f, tree);
    }
    next_of(f)[t] = draw_next(f, tree, n);
}

#endif
