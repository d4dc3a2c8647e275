// native/core/sstable/row_format.h: flags and limits of the encoding of rows in Data.db, for reader and writer.
// Source: UnfilteredSerializer, Cell.Serializer, DeletionTime.Serializer.
#pragma once
#include <cstdint>

namespace ferrosa {

inline constexpr uint8_t kEndOfPartition = 0x01;
inline constexpr uint8_t kIsMarker = 0x02;
inline constexpr uint8_t kRowHasTimestamp = 0x04;
inline constexpr uint8_t kRowHasTtl = 0x08;
inline constexpr uint8_t kRowHasDeletion = 0x10;
inline constexpr uint8_t kRowHasAllColumns = 0x20;
inline constexpr uint8_t kRowHasComplexDeletion = 0x40;
inline constexpr uint8_t kExtension = 0x80;  // a byte of extended flags follows
inline constexpr uint8_t kExtendedStatic = 0x01;

inline constexpr uint8_t kCellDeleted = 0x01;
inline constexpr uint8_t kCellExpiring = 0x02;
inline constexpr uint8_t kCellEmpty = 0x04;
inline constexpr uint8_t kCellRowTimestamp = 0x08;
inline constexpr uint8_t kCellRowTtl = 0x10;
inline constexpr uint8_t kCellFlagsAll = 0x1f;

inline constexpr uint8_t kDeletionLive = 0x80;
inline constexpr int64_t kLocalDeletionTimeMax = 0xfffffffell;  // the unsigned value above it says "none"
inline constexpr uint64_t kUnfilteredLengthMax = 512ull << 20;  // twice Cassandra's limit of a value: more is damage

}  // namespace ferrosa
