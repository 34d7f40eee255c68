#include "cchecksum.h"

#include <string.h>

#if defined(__x86_64__)

#include <nmmintrin.h>

int cchecksum_has_crc32c(void) { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2")))
uint32_t cchecksum_crc32c(uint32_t state, const void *bytes, size_t count) {
    const unsigned char *next = bytes;
    uint64_t crc = state;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = _mm_crc32_u64(crc, word);
        next += 8;
        count -= 8;
    }
    uint32_t rest = (uint32_t)crc;
    if (count >= 4) {
        uint32_t word;
        memcpy(&word, next, 4);
        rest = _mm_crc32_u32(rest, word);
        next += 4;
        count -= 4;
    }
    while (count > 0) {
        rest = _mm_crc32_u8(rest, *next);
        next += 1;
        count -= 1;
    }
    return rest;
}

#elif defined(__aarch64__) && (defined(__linux__) || defined(__APPLE__))

#include <arm_acle.h>

#if defined(__linux__)

#include <sys/auxv.h>

// From <asm/hwcap.h>, which not every system has.
#define CCHECKSUM_HWCAP_CRC32 (1UL << 7)

int cchecksum_has_crc32c(void) { return (getauxval(AT_HWCAP) & CCHECKSUM_HWCAP_CRC32) != 0; }

#else

// Every 64-bit processor of Apple has it.
int cchecksum_has_crc32c(void) { return 1; }

#endif

__attribute__((target("crc")))
uint32_t cchecksum_crc32c(uint32_t state, const void *bytes, size_t count) {
    const unsigned char *next = bytes;
    uint32_t crc = state;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = __crc32cd(crc, word);
        next += 8;
        count -= 8;
    }
    while (count > 0) {
        crc = __crc32cb(crc, *next);
        next += 1;
        count -= 1;
    }
    return crc;
}

#else

int cchecksum_has_crc32c(void) { return 0; }

uint32_t cchecksum_crc32c(uint32_t state, const void *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return state;
}

#endif
