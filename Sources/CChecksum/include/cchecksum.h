#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// Whether the processor has an instruction for CRC32C.
int cchecksum_has_crc32c(void);

/// Continues a CRC32C over some bytes by the processor's instruction.
///
/// - Precondition: cchecksum_has_crc32c() is not 0.
uint32_t cchecksum_crc32c(uint32_t state, const void *bytes, size_t count);

#endif
