/* Logarithm and exponential for the draws of the reservoir. The C library's differ in their last bits from one system to the next; these
 * are made of the four operations alone, so that a forest learns the same records everywhere. They are good to 1e-8 and better, where a key
 * of the reservoir has steps of 3e-5. */
#ifndef FOREST_ELEMENTARY_H
#define FOREST_ELEMENTARY_H
#include "layout.h"
#include <math.h>
#include <string.h>

#define LN2 0x1.62e42fefa39efp-1
#define SQRT2 0x1.6a09e667f3bcdp+0

/* log((1 + s) / (1 - s)), for |s| below 0.18: the series of 2 atanh(s). */
INLINE double log_of_ratio(double s) {
    double q = s * s, r = q * q;
    return 2 * s * (((1 + q * (1.0 / 3)) + r * (1.0 / 5 + q * (1.0 / 7))) + r * r * ((1.0 / 9 + q * (1.0 / 11)) + r * (1.0 / 13)));
}

/* log x for normal x > 0. */
INLINE double log_of(double x) {
    int64_t bits;
    memcpy(&bits, &x, 8);
    int64_t exponent = (bits >> 52) - 1023;
    bits = (bits & 0x000fffffffffffff) | 0x3ff0000000000000;
    memcpy(&x, &bits, 8);
    if (x > SQRT2) {
        x *= 0.5;
        exponent++;
    }
    return (double)exponent * LN2 + log_of_ratio((x - 1) / (x + 1));
}

/* log(1 + z) for z >= 0, good also where z is tiny. */
INLINE double log_of_one_plus(double z) { return z < 0.4 ? log_of_ratio(z / (2 + z)) : log_of(1 + z); }

/* exp x; x beyond -700 .. 700 counts as that. */
INLINE double exp_of(double x) {
    x = x < -700 ? -700 : x > 700 ? 700 : x;
    double whole = floor(x * (1 / LN2) + 0.5), r = x - whole * LN2, q = r * r, scale;
    double result = ((1 + r) + q * (0.5 + r * (1.0 / 6))) + q * q * ((1.0 / 24 + r * (1.0 / 120)) + q * (1.0 / 720 + r * (1.0 / 5040)));
    int64_t bits = ((int64_t)whole + 1023) << 52;
    memcpy(&scale, &bits, 8);
    return result * scale;
}

/* exp(x) - 1 for 0 <= x <= 1/11, the range of decay. */
INLINE double growth_of(double x) {
    double sum = 1;
    for (int k = 12; k > 1; k--) sum = 1 + x / k * sum;
    return x * sum;
}

#endif
