/* The functions that Python calls. Rows are doubles, n x columns, row after row; `high` and `low` likewise.
 * A function that takes rows looks at all of them first: at a value that is not finite or beyond LARGEST it changes nothing and returns
 * that value's place (row * columns + column); otherwise it returns -1. */
#ifndef FOREST_H
#define FOREST_H
#include "layout.h"

#if defined(_WIN32)
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif

/* Raised whenever a signature or the meaning of an argument changes: the loader refuses a library of another number. */
#define FOREST_ABI 1

/* Sums of MAX_DIMS differences of such values stay finite. */
#define LARGEST 1e304

API int forest_abi(void);
API int forest_variant(int wanted); /* 0: portable, 1: AVX2, -1: the best; returns the one now in use */

API int64_t forest_bytes(int columns, int shingle, int trees, int samples);
API void forest_init(Forest *f, int columns, int shingle, int trees, int samples, double decay, uint64_t seed);

API int64_t forest_learn_score(Forest *f, const double *rows, int64_t n, double *score, double *high, double *low);
API int64_t forest_explain(const Forest *f, const double *rows, int64_t n, double *score, double *high, double *low);
API int64_t forest_update(Forest *f, const double *rows, int64_t n);
API int64_t forest_learn_score_one(Forest *f, double *io); /* in: the row; out: score, high, low */
API int64_t forest_learn_score_many(Forest *const *forests, const int64_t *which, const double *rows, int64_t n, double *score, double *high,
                                    double *low, int64_t *order, double *gathered);

/* The same as forest_learn_score in steps, for threads that take parts of the trees: check, begin, parts (in parallel), finish. */
API int64_t forest_check(const double *values, int64_t n);
API void forest_begin(Forest *f, const double *rows);
API void forest_parts(Forest *f, int part_from, int part_to, const double *rows, int64_t n, double *sums);
API void forest_finish(Forest *f, const double *rows, int64_t n, double *sums, double *score, double *high, double *low);

API int64_t forest_save_bound(const Forest *f);
API int64_t forest_save_scratch(const Forest *f);
API int64_t forest_save(const Forest *f, unsigned char *out, double *scratch);
API int64_t forest_restore_scratch(const Forest *f);
API int forest_restore(Forest *f, const unsigned char *in, int64_t size, double *scratch);

#endif
