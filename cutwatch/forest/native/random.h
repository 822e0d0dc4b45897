/* The trees' random numbers: splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014), one state a tree. */
#ifndef FOREST_RANDOM_H
#define FOREST_RANDOM_H
#include <stdint.h>

#define GOLDEN_GAMMA 0x9e3779b97f4a7c15ULL

static inline uint64_t mix_bits(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* Uniform in the open interval (0, 1): logarithms of it and of its complement are finite. */
static inline double uniform(uint64_t *state) {
    *state += GOLDEN_GAMMA;
    return ((double)(mix_bits(*state) >> 12) + 0.5) * 0x1p-52;
}

#endif
