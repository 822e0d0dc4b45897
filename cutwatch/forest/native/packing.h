/* How numbers are made small in a saved forest, without losing a bit of them.
 *
 * Points, column by column: where all of a column's values are whole numbers or decimals of a few places (12.34 is 1234 / 100, exactly
 * when the division gives it back), the whole numbers are kept, less the smallest, in as many bits as the largest needs. Other columns keep
 * the bits of their doubles in the same way, as numbers that are ordered as the doubles are.
 *
 * Cuts: a cut lies between the boxes of its node's children, on a grid that settle_cut chose; its place on that grid takes 10 bits, more
 * where points came closer since.
 */
#ifndef FOREST_PACKING_H
#define FOREST_PACKING_H
#include "bits.h"
#include <math.h>

enum { MAX_DECIMALS = 7, EXACT_DOUBLES = 8 /* in the place of the number of decimals */ };
static const double POWERS_OF_TEN[MAX_DECIMALS + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};

typedef struct {
    uint64_t least; /* subtracted from every code */
    int decimals;   /* 0 .. MAX_DECIMALS, or EXACT_DOUBLES */
    int bits;       /* of a code less `least` */
} ColumnCode;

/* Codes are compared as unsigned numbers, so the sign is turned round in both kinds. */
#define SIGN (1ULL << 63)

INLINE uint64_t code_of_decimal(double value, int decimals) {
    return (uint64_t)(int64_t)rint(value * POWERS_OF_TEN[decimals]) ^ SIGN;
}
INLINE double decimal_of_code(uint64_t code, int decimals) {
    double scaled = (double)(int64_t)(code ^ SIGN);
    return decimals ? scaled / POWERS_OF_TEN[decimals] : scaled;
}

INLINE int is_decimal(double value, int decimals) {
    double scaled = rint(value * POWERS_OF_TEN[decimals]);
    return fabs(scaled) <= 0x1p53 && (decimals ? scaled / POWERS_OF_TEN[decimals] : scaled) == value;
}

INLINE uint64_t code_of_double(double value) {
    uint64_t bits = bits_of_double(value);
    return bits & SIGN ? ~bits : bits | SIGN;
}
INLINE double double_of_code(uint64_t code) { return double_of_bits(code & SIGN ? code & ~SIGN : ~code); }

INLINE uint64_t code_of(const ColumnCode *c, double value) {
    return (c->decimals == EXACT_DOUBLES ? code_of_double(value) : code_of_decimal(value, c->decimals)) - c->least;
}
INLINE double value_of(const ColumnCode *c, uint64_t code) {
    code += c->least;
    return c->decimals == EXACT_DOUBLES ? double_of_code(code) : decimal_of_code(code, c->decimals);
}

/* How many decimals suit dimension `dim` of all these points, or EXACT_DOUBLES. */
static inline int find_decimals(const double *const *points, int64_t n, int dim) {
    int decimals = 0;
    int64_t suited = 0; /* points of which the number is not yet known to suit: those before */
    for (int64_t i = 0; i < n; i++)
        while (!is_decimal(points[i][dim], decimals)) {
            if (++decimals == EXACT_DOUBLES) return EXACT_DOUBLES;
            suited = i;
        }
    for (int64_t i = 0; i < suited; i++) /* more places need not suit an earlier value */
        if (!is_decimal(points[i][dim], decimals)) return EXACT_DOUBLES;
    return decimals;
}

/* The code for dimension `dim` of these points. */
static inline ColumnCode choose_code(const double *const *points, int64_t n, int dim) {
    ColumnCode c = {0, 0, 0};
    if (!n) return c;
    c.decimals = find_decimals(points, n, dim);
    double least = points[0][dim], most = least;
    for (int64_t i = 1; i < n; i++) {
        double value = points[i][dim];
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    c.least = code_of(&c, least);
    c.bits = bits_for(code_of(&c, most));
    return c;
}

/* ---- cuts ---- */

enum { EXACT_CUT = 3 };
static const int CUT_PRECISION[EXACT_CUT] = {8, 16, 24}; /* bits below the size of the gap that holds the cut */

/* The grid's step, a power of two; 0 where it would be denormal. */
INLINE double cut_step(double from, double to, int precision) {
    int64_t bits = (int64_t)(bits_of_double(to - from) & 0x7ff0000000000000ULL) - ((int64_t)precision << 52);
    return bits <= 0 ? 0 : double_of_bits((uint64_t)bits);
}

INLINE void put_cut(BitWriter *w, double from, double to, double cut) {
    for (int kind = 0; kind < EXACT_CUT; kind++) {
        double step = cut_step(from, to, CUT_PRECISION[kind]);
        if (step == 0) break;
        double base = floor(from / step), k = cut / step - base;
        if (!(k >= 0 && k < (double)(4LL << CUT_PRECISION[kind])) || k != floor(k) || (base + k) * step != cut) continue;
        put_bits(w, (uint64_t)kind | (uint64_t)k << 2, 2 + CUT_PRECISION[kind] + 2);
        return;
    }
    put_bits(w, EXACT_CUT, 2);
    put_wide(w, bits_of_double(cut), 64);
}

INLINE double get_cut(BitReader *r, double from, double to) {
    int kind = (int)get_bits(r, 2);
    if (kind == EXACT_CUT) return double_of_bits(get_wide(r, 64));
    double step = cut_step(from, to, CUT_PRECISION[kind]), k = (double)get_bits(r, CUT_PRECISION[kind] + 2);
    return step == 0 ? from : (floor(from / step) + k) * step;
}

#endif
