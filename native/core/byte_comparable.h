// native/core/byte_comparable.h: keys as bytes whose unsigned lexicographic order is the order of the keys, in Cassandra's version OSS50,
// the one in the tries of BTI SSTables. No encoding of a key is a prefix of another's. Source: ByteComparable.md, ByteSource and the
// asComparableBytes of the types in Apache Cassandra 5.0.
#pragma once
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "descriptor.h"
#include "unfiltered.h"

namespace ferrosa {

using ByteString = std::vector<uint8_t>;

// Appends the encoding of one value. Returns false, and appends nothing, when the value is one that its type treats as absent
// (empty bytes of an int, for example): the sequence around it then uses another separator. Values that are not valid for the type
// get some encoding; they never fail.
bool AppendComparableValue(const Type& type, Slice value, ByteString* out);

// A partition key: the Murmur3 token, then the serialized key. A null key gives the position before all keys of the token.
void AppendComparableKey(const DecoratedKey& key, ByteString* out);

// A clustering (kClustering) or a bound, of at most as many values as the table has clustering columns.
void AppendComparableClustering(const TableDescriptor& table, const ClusteringValues& values, BoundKind kind, ByteString* out);

}  // namespace ferrosa
