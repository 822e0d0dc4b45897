/* The kernel is chosen when the library is loaded. All kernels give the same bits. */
#include "variant.h"
#include "forest.h"

static Kernel *chosen = kernel_portable;

API int forest_abi(void) { return FOREST_ABI; }

API int forest_variant(int wanted) {
#ifdef HAVE_AVX2
    int best = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) best = 1;
    chosen = wanted != 0 && best ? kernel_avx2 : kernel_portable;
    return chosen == kernel_avx2;
#else
    (void)wanted;
    return 0;
#endif
}

Kernel *kernel_in_use(void) { return chosen; }
