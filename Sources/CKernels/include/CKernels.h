// Kernels that Swift has no intrinsic for, in the header where they are to inline into Swift.
#ifndef PGSLUICE_CKERNELS_H
#define PGSLUICE_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Where lines and fields may end or be quoted in 64 bytes: bit i stands for byte i.
typedef struct {
    uint64_t delimiters, line_feeds, quotes, returns;
    uint64_t delimiter_count;
} sluice_line_masks;

/// Of each 64 of `count` times 64 bytes.
void sluice_find_lines(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote, sluice_line_masks *masks);

/// The same by vectors of 128, 256 or 512 bits. 0: this CPU has none so wide.
int sluice_find_lines_by(
    int width, const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote,
    sluice_line_masks *masks);

/// Where fields may end or be quoted in 64 bytes, and whether one of these is NUL or beyond ASCII.
typedef struct {
    uint64_t delimiters, quotes;
    int has_unusual;
} sluice_field_masks;

#if defined(__SSE2__)
#include <emmintrin.h>

/// Of 64 bytes, the 16 at `index` of four.
static inline __m128i sluice_lane(const uint8_t *block, int index) {
    return _mm_loadu_si128((const __m128i *)(block + 16 * index));
}

static inline uint64_t sluice_mask(__m128i lane) {
    return (uint64_t)(uint32_t)_mm_movemask_epi8(lane);
}

/// The four lanes' masks as one.
static inline uint64_t sluice_join(__m128i a, __m128i b, __m128i c, __m128i d) {
    return sluice_mask(a) | sluice_mask(b) << 16 | sluice_mask(c) << 32 | sluice_mask(d) << 48;
}

/// Bit i is set where block[i] == byte. Reads 64 bytes.
static inline uint64_t sluice_equal64(const uint8_t *block, uint8_t byte) {
    const __m128i wanted = _mm_set1_epi8((char)byte);
    return sluice_join(
        _mm_cmpeq_epi8(sluice_lane(block, 0), wanted),
        _mm_cmpeq_epi8(sluice_lane(block, 1), wanted),
        _mm_cmpeq_epi8(sluice_lane(block, 2), wanted),
        _mm_cmpeq_epi8(sluice_lane(block, 3), wanted));
}

/// How many bytes equal `byte`.
static inline size_t sluice_count(const uint8_t *bytes, size_t count, uint8_t byte) {
    const __m128i wanted = _mm_set1_epi8((char)byte);
    size_t total = 0, position = 0;
    while (count - position >= 16) {
        // Each of the 16 counters holds one byte.
        size_t rounds = (count - position) / 16;
        if (rounds > 255) rounds = 255;
        __m128i counters = _mm_setzero_si128();
        for (; rounds > 0; rounds--, position += 16) {
            const __m128i lane = _mm_loadu_si128((const __m128i *)(bytes + position));
            counters = _mm_sub_epi8(counters, _mm_cmpeq_epi8(lane, wanted));
        }
        const __m128i sums = _mm_sad_epu8(counters, _mm_setzero_si128());
        total += (size_t)_mm_cvtsi128_si32(sums) + (size_t)_mm_extract_epi16(sums, 4);
    }
    for (; position < count; position++) total += bytes[position] == byte;
    return total;
}

/// Bit i is set where block[i] is NUL or beyond ASCII. Reads 64 bytes.
static inline uint64_t sluice_unusual64(const uint8_t *block) {
    const __m128i one = _mm_set1_epi8(1);
    return sluice_join(
        _mm_cmplt_epi8(sluice_lane(block, 0), one), _mm_cmplt_epi8(sluice_lane(block, 1), one),
        _mm_cmplt_epi8(sluice_lane(block, 2), one), _mm_cmplt_epi8(sluice_lane(block, 3), one));
}

/// The bytes are given eight times each: so it takes less to spread them.
static inline sluice_field_masks sluice_field_masks64(
    const uint8_t *block, uint64_t delimiter, uint64_t quote) {
    const __m128i one = _mm_set1_epi8(1);
    const __m128i delimiters = _mm_set1_epi64x((long long)delimiter);
    const __m128i quotes = _mm_set1_epi64x((long long)quote);
    const __m128i a = sluice_lane(block, 0), b = sluice_lane(block, 1);
    const __m128i c = sluice_lane(block, 2), d = sluice_lane(block, 3);
    const __m128i unusual = _mm_or_si128(
        _mm_or_si128(_mm_cmplt_epi8(a, one), _mm_cmplt_epi8(b, one)),
        _mm_or_si128(_mm_cmplt_epi8(c, one), _mm_cmplt_epi8(d, one)));
    const sluice_field_masks masks = {
        sluice_join(
            _mm_cmpeq_epi8(a, delimiters), _mm_cmpeq_epi8(b, delimiters),
            _mm_cmpeq_epi8(c, delimiters), _mm_cmpeq_epi8(d, delimiters)),
        sluice_join(
            _mm_cmpeq_epi8(a, quotes), _mm_cmpeq_epi8(b, quotes),
            _mm_cmpeq_epi8(c, quotes), _mm_cmpeq_epi8(d, quotes)),
        _mm_movemask_epi8(unusual)};
    return masks;
}

/// A lane of hexadecimal digits as numbers; clears what is none from `valid`.
static inline __m128i sluice_hex_values(__m128i digits, __m128i *valid) {
    const __m128i decimal = _mm_sub_epi8(digits, _mm_set1_epi8('0'));
    const __m128i small = _mm_or_si128(digits, _mm_set1_epi8(0x20));
    const __m128i letter = _mm_sub_epi8(small, _mm_set1_epi8('a'));
    const __m128i is_decimal = _mm_cmpeq_epi8(_mm_min_epu8(decimal, _mm_set1_epi8(9)), decimal);
    const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
    *valid = _mm_and_si128(*valid, _mm_or_si128(is_decimal, is_letter));
    const __m128i from_letter = _mm_add_epi8(letter, _mm_set1_epi8(10));
    return _mm_or_si128(
        _mm_and_si128(decimal, is_decimal), _mm_and_si128(from_letter, is_letter));
}

/// The upper and the lower half of each byte, next to each other, as that byte, in 16 bits.
static inline __m128i sluice_hex_pairs(__m128i values) {
    const __m128i bytes = _mm_or_si128(_mm_slli_epi16(values, 4), _mm_srli_epi16(values, 8));
    return _mm_and_si128(bytes, _mm_set1_epi16(0xFF));
}

/// Writes 16 bytes out of four times eight hexadecimal digits, the first one the lowest.
/// 0: not all are digits.
static inline int sluice_hex_bytes(
    uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint8_t *bytes) {
    __m128i valid = _mm_set1_epi8(-1);
    const __m128i lower = _mm_set_epi64x((long long)b, (long long)a);
    const __m128i upper = _mm_set_epi64x((long long)d, (long long)c);
    const __m128i first = sluice_hex_pairs(sluice_hex_values(lower, &valid));
    const __m128i second = sluice_hex_pairs(sluice_hex_values(upper, &valid));
    _mm_storeu_si128((__m128i *)bytes, _mm_packus_epi16(first, second));
    return _mm_movemask_epi8(valid) == 0xFFFF;
}

#else

static inline uint64_t sluice_equal64(const uint8_t *block, uint8_t byte) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)(block[i] == byte) << i;
    return mask;
}

static inline size_t sluice_count(const uint8_t *bytes, size_t count, uint8_t byte) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += bytes[i] == byte;
    return total;
}

static inline uint64_t sluice_unusual64(const uint8_t *block) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)(block[i] == 0 || block[i] > 127) << i;
    return mask;
}

static inline sluice_field_masks sluice_field_masks64(
    const uint8_t *block, uint64_t delimiter, uint64_t quote) {
    const sluice_field_masks masks = {
        sluice_equal64(block, (uint8_t)delimiter), sluice_equal64(block, (uint8_t)quote),
        sluice_unusual64(block) != 0};
    return masks;
}

static inline int sluice_hex_value(uint8_t digit) {
    const uint8_t letter = (uint8_t)((digit | 0x20) - 'a');
    if (digit >= '0' && digit <= '9') return digit - '0';
    return letter < 6 ? letter + 10 : -1;
}

static inline int sluice_hex_bytes(
    uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint8_t *bytes) {
    const uint64_t words[4] = {a, b, c, d};
    int all = 0;
    for (int i = 0; i < 16; i++) {
        const uint64_t pair = words[i / 4] >> (16 * (i % 4));
        const int upper = sluice_hex_value((uint8_t)pair);
        const int lower = sluice_hex_value((uint8_t)(pair >> 8));
        all |= upper | lower;
        bytes[i] = (uint8_t)((unsigned)upper << 4 | (unsigned)lower);
    }
    return all >= 0;
}

#endif

#endif
