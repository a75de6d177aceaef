#include "CKernels.h"

#include <string.h>

typedef uint8_t bytes64 __attribute__((vector_size(64)));
typedef _Bool bits64 __attribute__((ext_vector_type(64)));

// A macro, since a function that takes a vector is called otherwise in each set of instructions.
#define MASK_OF(comparison)                                              \
    __extension__({                                                      \
        const bits64 bits = __builtin_convertvector(comparison, bits64); \
        uint64_t mask;                                                   \
        memcpy(&mask, &bits, sizeof mask);                               \
        mask;                                                            \
    })

static inline __attribute__((always_inline)) void find_lines(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote, sluice_line_masks *masks) {
    for (size_t i = 0; i < count; i++) {
        bytes64 block;
        memcpy(&block, bytes + 64 * i, sizeof block);
        masks[i].delimiters = MASK_OF(block == delimiter);
        masks[i].line_feeds = MASK_OF(block == (uint8_t)'\n');
        masks[i].quotes = MASK_OF(block == quote);
        masks[i].returns = MASK_OF(block == (uint8_t)'\r');
        masks[i].delimiter_count = (uint64_t)__builtin_popcountll(masks[i].delimiters);
    }
}

#if defined(__x86_64__)

__attribute__((target("avx512f,avx512bw,popcnt"))) static void find_lines_avx512(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote, sluice_line_masks *masks) {
    find_lines(bytes, count, delimiter, quote, masks);
}

__attribute__((target("avx2,popcnt"))) static void find_lines_avx2(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote, sluice_line_masks *masks) {
    find_lines(bytes, count, delimiter, quote, masks);
}

#endif

int sluice_find_lines_by(
    int width, const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote,
    sluice_line_masks *masks) {
#if defined(__x86_64__)
    if (width == 512 && __builtin_cpu_supports("avx512bw")) {
        find_lines_avx512(bytes, count, delimiter, quote, masks);
        return 1;
    }
    if (width == 256 && __builtin_cpu_supports("avx2")) {
        find_lines_avx2(bytes, count, delimiter, quote, masks);
        return 1;
    }
#endif
    if (width != 128) return 0;
    find_lines(bytes, count, delimiter, quote, masks);
    return 1;
}

void sluice_find_lines(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote, sluice_line_masks *masks) {
    // Asked at each call, which is for many blocks.
    for (int width = 512; width >= 128; width /= 2)
        if (sluice_find_lines_by(width, bytes, count, delimiter, quote, masks)) return;
}
