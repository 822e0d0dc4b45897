/* Compiled with KERNEL set to one of the names in kernel.h, and the processor flags that go with it. */
#include "kernel.h"
#include "reservoir.h"
#include "score_points.h"

/* Learning is compiled once for one column, once for up to four, once for more: it is the smaller part of the work. */
static __attribute__((noinline)) void learn_one_column(Forest *f, int t, const double *point, int64_t n) { learn(1, f, t, point, n); }
static __attribute__((noinline)) void learn_four_columns(Forest *f, int t, const double *point, int64_t n) { learn(4, f, t, point, n); }
static __attribute__((noinline)) void learn_columns(Forest *f, int t, const double *point, int64_t n) { learn(f->width, f, t, point, n); }

INLINE void learn_point(const int width, Forest *f, int t, const double *point, int64_t n) {
    if (width == 1) learn_one_column(f, t, point, n);
    else if (width == 4) learn_four_columns(f, t, point, n);
    else learn_columns(f, t, point, n);
}

/* A few points: point by point, the lanes over trees; so many trees at a time as stay at hand for the next point. */
enum { TREES_AT_HAND = 2 * LANES };
INLINE void by_point(const int width, Forest *f, int part_from, int part_to, const double *points, int n, int64_t first, int doing, double *high,
                     double *low) {
    int64_t *next = next_of(f);
    const int end = part_start(f, part_to), at_once = n > 1 ? TREES_AT_HAND : end;
    for (int from = part_start(f, part_from), to; from < end; from = to) {
        to = end - from > at_once ? from + at_once : end;
        for (int i = 0; i < n; i++) {
            int64_t record = doing & LEARN ? first + i : first;
            const double *point = points + (int64_t)i * width;
            if (doing & SCORE && record >= f->samples)
                score_trees(width, f, from, to, part_from, point, high + (int64_t)i * width, low + (int64_t)i * width, (int64_t)n * width);
            if (doing & LEARN)
                for (int t = from; t < to; t++)
                    if (next[t] == record) learn_point(width, f, t, point, record);
        }
    }
}

/* Many points: tree by tree, the lanes over the points. Between two records that a tree takes, it stays as it is. */
INLINE void by_tree(const int width, Forest *f, int part_from, int part_to, const double *points, int n, int64_t first, int doing, double *high,
                    double *low) {
    int64_t *next = next_of(f);
    for (int part = part_from; part < part_to; part++, high += (int64_t)n * width, low += (int64_t)n * width)
        for (int t = part_start(f, part), end = part_start(f, part + 1); t < end; t++)
            for (int i = 0; i < n;) {
                int64_t until = doing & LEARN ? next[t] - first + 1 : n + 1;
                int stop = until < n ? (int)until : n; /* points i .. stop-1 meet the tree as it is; the last of them may enter it */
                int from = !(doing & LEARN) || first + i >= f->samples ? i : (int)(f->samples - first);
                if (doing & SCORE && from < stop) score_points(width, f, tree_at(f, t), points, from, stop, high, low);
                if (until <= n) learn_point(width, f, t, points + (int64_t)(stop - 1) * width, first + stop - 1);
                i = stop;
            }
}

INLINE void run(const int width, Forest *f, int part_from, int part_to, const double *points, int n, int64_t first, int doing, double *high,
                double *low) {
    if (!(doing & LEARN) && first < f->samples) return; /* nothing is scored yet */
    if (n < few_points(f)) by_point(width, f, part_from, part_to, points, n, first, doing, high, low);
    else by_tree(width, f, part_from, part_to, points, n, first, doing, high, low);
}

void KERNEL(Forest *f, int part_from, int part_to, const double *points, int n, int64_t first, int doing, double *high, double *low) {
    switch (f->width) { /* a width that the compiler knows makes loops into straight lines */
    case 1: run(1, f, part_from, part_to, points, n, first, doing, high, low); break;
    case 4: run(4, f, part_from, part_to, points, n, first, doing, high, low); break;
#ifndef FEW_WIDTHS /* a quicker build for tests */
    case 8: run(8, f, part_from, part_to, points, n, first, doing, high, low); break;
    case 12: run(12, f, part_from, part_to, points, n, first, doing, high, low); break;
    case 32: run(32, f, part_from, part_to, points, n, first, doing, high, low); break;
#endif
    default: run(f->width, f, part_from, part_to, points, n, first, doing, high, low);
    }
}
