// Kernels that Swift has no intrinsic for. Header only, so that they inline into Swift.
#ifndef PGSLUICE_CKERNELS_H
#define PGSLUICE_CKERNELS_H

#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/// Bit i is set where block[i] == byte. Reads 64 bytes.
static inline uint64_t sluice_equal64(const uint8_t *block, uint8_t byte) {
    const __m128i wanted = _mm_set1_epi8((char)byte);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++) {
        const __m128i lane = _mm_loadu_si128((const __m128i *)(block + 16 * i));
        const uint32_t bits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(lane, wanted));
        mask |= (uint64_t)bits << (16 * i);
    }
    return mask;
}

#else

static inline uint64_t sluice_equal64(const uint8_t *block, uint8_t byte) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)(block[i] == byte) << i;
    return mask;
}

#endif

#endif
