// native/core/type_compare.h: Cassandra's order of serialized values (AbstractType.compare of each marshal class).
#pragma once
#include "bytes.h"
#include "descriptor.h"

namespace ferrosa {

// Negative, 0 or positive. An empty value sorts before all others. Any bytes may come: values that are too short for their type
// compare as bytes instead of being read past their end.
int CompareValues(const Type& type, Slice a, Slice b);

// TimeUUIDType: by timestamp, then the low half as signed bytes. Both must have 16 bytes.
int CompareTimeuuids(const uint8_t* a, const uint8_t* b);

// An integer that orders like the values where it differs: a < b implies prefix(a) <= prefix(b). 0 when the type has no cheap one.
uint64_t OrderPrefix(const Type& type, Slice value);

}  // namespace ferrosa
