/* The calls that score and learn: rows in, points in blocks through the kernel, sums over trees and shingle out. */
#include "forest.h"
#include "variant.h"
#include <math.h>
#include <string.h>

enum {
    BLOCK_POINTS = 512,   /* most points that go through the kernel at once */
    BLOCK_DOUBLES = 4096, /* most doubles that those points take: a tree and its block share a second-level cache */
    SUM_DOUBLES = PARTS * (FEW_WIDE_POINTS - 1) * (MAX_DIMS + 3), /* more than BLOCK_DOUBLES and PARTS * (FEW_POINTS - 1) * WIDE */
};

static int block_points(const Forest *f) {
    int most = BLOCK_DOUBLES / f->width;
    return most < BLOCK_POINTS ? most : BLOCK_POINTS;
}

API int64_t forest_check(const double *values, int64_t n) {
    int bad = 0;
    for (int64_t i = 0; i < n; i++) bad |= !(fabs(values[i]) <= LARGEST);
    if (!bad) return -1;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(values[i]) <= LARGEST)) return i;
    return -1;
}

/* Row `at`, where negative numbers count back into the history. */
static const double *row_at(const Forest *f, const double *rows, int64_t at) {
    return at < 0 ? history_of(f) + (at + f->shingle - 1) * f->columns : rows + at * f->columns;
}

/* The points of rows at .. at+count-1: shingles of rows, padded to the width, without negative zeros. If the rows do not follow one
 * another (each is scored as if it came next), each one's past is the history. */
static void fill_points(const Forest *f, const double *rows, int64_t at, int count, int follow, double *points) {
    const int columns = f->columns, shingle = f->shingle;
    for (int i = 0; i < count; i++) {
        double *point = points + (int64_t)i * f->width;
        int64_t back = follow ? at + i : 0;
        for (int j = 1 - shingle; j <= 0; j++) {
            const double *row = j ? row_at(f, rows, back + j) : rows + (at + i) * columns;
            for (int c = 0; c < columns; c++) *point++ = row[c] + 0.0;
        }
        for (int k = f->dims; k < f->width; k++) *point++ = 0;
    }
}

static void remember_rows(Forest *f, const double *rows, int64_t n) {
    const int past = f->shingle - 1;
    double kept[MAX_DIMS];
    if (!past || !n) return;
    for (int j = 0; j < past; j++) memcpy(kept + j * f->columns, row_at(f, rows, n - past + j), (size_t)f->columns * 8);
    memcpy(history_of(f), kept, (size_t)(past * f->columns) * 8);
}

/* One part's sums of one point, folded from shingle positions to columns. */
static double fold(const Forest *f, const double *sums, int column) {
    double total = sums[column];
    for (int k = column + f->columns; k < f->dims; k += f->columns) total += sums[k];
    return total;
}

/* From the sums over trees of one row, high columns then low columns. The score is the sum of its attributions by construction. */
static void write_result(const Forest *f, const double *sums, double *score, double *high, double *low) {
    const double factor = log2((double)f->samples) / f->trees;
    double total = 0;
    for (int c = 0; c < f->columns; c++) {
        double h = sums[c] * factor, l = sums[f->columns + c] * factor;
        total += h + l;
        if (high) {
            high[c] = h;
            low[c] = l;
        }
    }
    *score = total;
}

/* Add the sums over the trees of parts part_from .. part_to-1, of rows at .. at+count-1, to `sums`: a row is high columns, low columns;
 * the parts lie `part_apart` doubles apart, or on top of one another with 0. Parts are added first to last, whoever adds them. */
static void run_block(Forest *f, int part_from, int part_to, const double *rows, int64_t at, int count, int doing, double *sums,
                      int64_t part_apart) {
    double points[BLOCK_DOUBLES], high[SUM_DOUBLES], low[SUM_DOUBLES];
    const int learning = doing & LEARN, columns = f->columns;
    const int together = count < few_points(f) ? part_to - part_from : 1; /* parts a call: a few points go over all trees at once */
    const int64_t used = (int64_t)together * count * f->width;
    fill_points(f, rows, at, count, learning, points);
    for (int part = part_from; part < part_to; part += together) {
        if (doing & SCORE) {
            memset(high, 0, (size_t)used * 8);
            memset(low, 0, (size_t)used * 8);
        }
        kernel_in_use()(f, part, part + together, points, count, f->seen + (learning ? at : 0), doing, high, low);
        if (!(doing & SCORE)) continue;
        for (int k = 0; k < together; k++)
            for (int i = 0; i < count; i++) {
                int64_t from = ((int64_t)k * count + i) * f->width;
                double *to = sums + (part - part_from + k) * part_apart + (int64_t)i * 2 * columns;
                for (int c = 0; c < columns; c++) {
                    to[c] += fold(f, high + from, c);
                    to[columns + c] += fold(f, low + from, c);
                }
            }
    }
}

static void run_rows(Forest *f, const double *rows, int64_t n, int doing, double *score, double *high, double *low) {
    double sums[2 * BLOCK_DOUBLES];
    const int most = block_points(f), columns = f->columns;
    if (n && doing & LEARN) forest_begin(f, rows);
    for (int64_t at = 0; at < n; at += most) {
        int count = n - at < most ? (int)(n - at) : most;
        if (doing & SCORE) memset(sums, 0, (size_t)(count * 2 * columns) * 8);
        run_block(f, 0, PARTS, rows, at, count, doing, sums, 0);
        if (!(doing & SCORE)) continue;
        for (int i = 0; i < count; i++)
            write_result(f, sums + (int64_t)i * 2 * columns, score + at + i, high ? high + (at + i) * columns : 0, high ? low + (at + i) * columns : 0);
    }
    if (!(doing & LEARN)) return;
    remember_rows(f, rows, n);
    f->seen += n;
}

API int64_t forest_learn_score(Forest *f, const double *rows, int64_t n, double *score, double *high, double *low) {
    int64_t bad = forest_check(rows, n * f->columns);
    if (bad < 0) run_rows(f, rows, n, SCORE | LEARN, score, high, low);
    return bad;
}

API int64_t forest_explain(const Forest *f, const double *rows, int64_t n, double *score, double *high, double *low) {
    int64_t bad = forest_check(rows, n * f->columns);
    if (bad < 0) run_rows((Forest *)f, rows, n, SCORE, score, high, low); /* without LEARN nothing in the block is written */
    return bad;
}

API int64_t forest_update(Forest *f, const double *rows, int64_t n) {
    int64_t bad = forest_check(rows, n * f->columns);
    if (bad < 0) run_rows(f, rows, n, LEARN, 0, 0, 0);
    return bad;
}

API int64_t forest_learn_score_one(Forest *f, double *io) {
    const int columns = f->columns;
    return forest_learn_score(f, io, 1, io + columns, io + columns + 1, io + 2 * columns + 1);
}

/* ---- in steps, for threads ---- */

/* A stream begins as if its first record had been there before: the first shingles are of that record. */
API void forest_begin(Forest *f, const double *rows) {
    if (f->seen) return;
    for (int j = 0; j < f->shingle - 1; j++) memcpy(history_of(f) + j * f->columns, rows, (size_t)f->columns * 8);
}

/* sums: zeros, n * 2 * columns doubles for each of PARTS parts, of which these are filled in. */
API void forest_parts(Forest *f, int part_from, int part_to, const double *rows, int64_t n, double *sums) {
    const int most = block_points(f);
    const int64_t part_apart = n * 2 * f->columns;
    for (int64_t at = 0; at < n; at += most) {
        int count = n - at < most ? (int)(n - at) : most;
        run_block(f, part_from, part_to, rows, at, count, SCORE | LEARN, sums + part_from * part_apart + at * 2 * f->columns, part_apart);
    }
}

API void forest_finish(Forest *f, const double *rows, int64_t n, double *sums, double *score, double *high, double *low) {
    const int columns = f->columns;
    const int64_t used = n * 2 * columns;
    for (int part = 1; part < PARTS; part++)
        for (int64_t i = 0; i < used; i++) sums[i] += sums[part * used + i];
    for (int64_t i = 0; i < n; i++) write_result(f, sums + i * 2 * columns, score + i, high + i * columns, low + i * columns);
    remember_rows(f, rows, n);
    f->seen += n;
}

/* ---- many forests ---- */

/* Row i goes to forests[which[i]]; every forest meets its rows in their order. Rows are gathered by forest with a counting sort, run, and
 * the results put back. All forests have the same columns, and `which` holds numbers of forests. Scratch: order: n + 2 + the highest
 * of `which` numbers; gathered: n * (3 * columns + 1) doubles. */
API int64_t forest_learn_score_many(Forest *const *forests, const int64_t *which, const double *rows, int64_t n, double *score, double *high,
                                    double *low, int64_t *order, double *gathered) {
    int64_t top = -1;
    for (int64_t i = 0; i < n; i++) top = which[i] > top ? which[i] : top;
    if (top < 0) return -1;
    const int columns = forests[which[0]]->columns;
    const size_t row_bytes = (size_t)columns * 8;
    int64_t bad = forest_check(rows, n * columns), *start = order + n;
    if (bad >= 0) return bad;
    memset(start, 0, (size_t)(top + 2) * 8);
    for (int64_t i = 0; i < n; i++) start[which[i] + 1]++;
    for (int64_t k = 0; k <= top; k++) start[k + 1] += start[k];
    for (int64_t i = 0; i < n; i++) order[start[which[i]]++] = i; /* start[k] is now the end of forest k */
    double *all_high = gathered + n * columns, *all_low = all_high + n * columns, *all_score = all_low + n * columns;
    for (int64_t j = 0; j < n; j++) memcpy(gathered + j * columns, rows + order[j] * columns, row_bytes);
    for (int64_t from = 0, to; from < n; from = to) {
        int64_t k = which[order[from]];
        to = start[k];
        run_rows(forests[k], gathered + from * columns, to - from, SCORE | LEARN, all_score + from, all_high + from * columns, all_low + from * columns);
    }
    for (int64_t j = 0; j < n; j++) {
        score[order[j]] = all_score[j];
        memcpy(high + order[j] * columns, all_high + j * columns, row_bytes);
        memcpy(low + order[j] * columns, all_low + j * columns, row_bytes);
    }
    return -1;
}
