// native/core/hash.h: Murmur3 as Cassandra's partitioner uses it, CRC-32 and the CRC-24 of protocol v5.
#pragma once
#include <cstdint>

#include "bytes.h"

namespace ferrosa {

// The token of a serialized partition key. Source: Murmur3Partitioner (MurmurHash3 x64 128, first half, seed 0, with signed bytes in the
// tail as Cassandra has it); INT64_MIN becomes INT64_MAX; an empty key is INT64_MIN.
int64_t MurmurToken(Slice key);

// MurmurHash3 x64 128 of Cassandra's variant: the two halves, for Bloom filters.
void Murmur3(Slice key, uint64_t seed, uint64_t out[2]);

// zlib's CRC-32, continued from `crc` (0 to start).
uint32_t Crc32(uint32_t crc, Slice bytes);

// CRC-24 of a v5 segment header: init 0x875060, polynomial 0x1974F0B (native_protocol_v5.spec, section 2.2).
uint32_t Crc24(Slice bytes);

}  // namespace ferrosa
