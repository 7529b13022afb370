/* products.c -- the products of a training step, in a version for each kind of processor. */
#include "spine/math/products.h"

#include <assert.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/math/kernels.h"

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

enum { ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS, TILE = 6, FEW_ROWS = 8 };
enum { LINE_BYTES = 64, LINE = LINE_BYTES / sizeof(float) }; /* of the cache */

typedef float quarter __attribute__((vector_size(16)));
typedef int32_t whole __attribute__((vector_size(16)));
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (whole){__VA_ARGS__})
#endif

#define LANES 8
#define NAME(name) name##_8
#define CLONES SPINE_CLONES_TO_AVX2
#include "spine/math/productlanes.h"
#undef LANES
#undef NAME
#undef CLONES

#ifdef SPINE_HAS_CLONES
#define LANES 16
#define NAME(name) name##_16
#define CLONES __attribute__((target("arch=x86-64-v4")))
#include "spine/math/productlanes.h"
#undef LANES
#undef NAME
#undef CLONES
#endif

struct spine_products spine_products = {product_8, gather_8, dots_8, dots_gather_8, outer_8};

void spine_products_choose(void)
{
#ifdef SPINE_HAS_CLONES
    if (spine_kernel_processor() == SPINE_AVX512)
        spine_products =
            (struct spine_products){product_16, gather_16, dots_16, dots_gather_16, outer_16};
#endif
}

size_t spine_chunks(size_t stride)
{
    return (stride / PANEL + TILE - 1) / TILE;
}

size_t spine_chunk_begin(size_t stride, size_t chunk)
{
    return chunk * (stride / PANEL) / spine_chunks(stride) * PANEL;
}

float spine_sum_factors(const struct spine_row_list *list)
{
    float stack[SPINE_TREE_LEVELS] = {0}, sum = 0;
    size_t p = 0;
    int top = 0;
    for (size_t s = 0; s < list->num_parts; s++) {
        for (; p < list->part_end[s]; p++)
            sum += list->factor[p];
        for (int m = 0; m < list->merges[s]; m++) {
            assert(top > 0); /* a merge adds a sum that was pushed before */
            sum = stack[--top] + sum;
        }
        if (s + 1 < list->num_parts) {
            stack[top++] = sum;
            sum = 0;
        }
    }
    return sum;
}
