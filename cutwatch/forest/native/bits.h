/* Numbers of any width written one after the other, lowest bit first: the same bytes on every machine. */
#ifndef FOREST_BITS_H
#define FOREST_BITS_H
#include "layout.h"
#include <string.h>

typedef struct {
    unsigned char *to;
    uint64_t pending;
    int count; /* bits pending, below 8 between calls */
} BitWriter;

typedef struct {
    const unsigned char *from, *end;
    uint64_t pending;
    int count;
    int failed; /* asked for more than there was */
} BitReader;

/* Up to 56 bits, of which those above `bits` are zero. Writes up to 8 bytes past the place it has reached. */
INLINE void put_bits(BitWriter *w, uint64_t value, int bits) {
    w->pending |= value << w->count;
    w->count += bits;
    for (int i = 0; i < 8; i++) w->to[i] = (unsigned char)(w->pending >> 8 * i); /* one store on little-endian machines */
    w->to += w->count >> 3;
    w->pending >>= w->count & ~7;
    w->count &= 7;
}

INLINE void put_wide(BitWriter *w, uint64_t value, int bits) {
    if (bits > 32) {
        put_bits(w, value & 0xffffffff, 32);
        put_bits(w, value >> 32, bits - 32);
    } else put_bits(w, value, bits);
}

INLINE unsigned char *finish_bits(BitWriter *w) {
    if (w->count) put_bits(w, 0, 8 - w->count);
    return w->to;
}

INLINE uint64_t get_bits(BitReader *r, int bits) { /* up to 56 */
    if (r->count < bits) {
        if (r->end - r->from >= 8) {
            uint64_t ahead = 0;
            for (int i = 0; i < 8; i++) ahead |= (uint64_t)r->from[i] << 8 * i; /* one load on little-endian machines */
            int whole = (63 - r->count) >> 3;
            r->pending |= ahead << r->count;
            r->pending &= ~0ULL >> (64 - r->count - 8 * whole);
            r->from += whole;
            r->count += 8 * whole;
        }
        while (r->count < bits) {
            if (r->from == r->end) {
                r->failed = 1;
                return 0;
            }
            r->pending |= (uint64_t)*r->from++ << r->count;
            r->count += 8;
        }
    }
    uint64_t value = r->pending & ((1ULL << bits) - 1);
    r->pending >>= bits;
    r->count -= bits;
    return value;
}

INLINE uint64_t get_wide(BitReader *r, int bits) {
    if (bits <= 32) return get_bits(r, bits);
    uint64_t low = get_bits(r, 32);
    return low | get_bits(r, bits - 32) << 32;
}

INLINE uint64_t bits_of_double(double value) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    return bits;
}

INLINE double double_of_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

/* Bits that hold 0 .. most. */
INLINE int bits_for(uint64_t most) { return most ? 64 - __builtin_clzll(most) : 0; }

#endif
