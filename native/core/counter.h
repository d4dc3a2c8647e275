// native/core/counter.h: counter contexts (docs/format/mutation.md, "Counter context"). Source: Cassandra's CounterContext.
#pragma once
#include <cstdint>
#include <vector>

#include "bytes.h"

namespace ferrosa {

// Merges two contexts into *out: of each id the global shard before local and remote ones, else the higher clock; two local shards add
// up. A context that is not well formed gives way to the other.
void MergeCounterContexts(Slice a, Slice b, std::vector<uint8_t>* out);
// The counter's value: the sum of all counts. 0 for bytes that are not a context.
int64_t CounterTotal(Slice context);
// Clock and count of one id, false when the context does not have it as a global shard.
bool FindCounterShard(Slice context, const uint8_t* id, int64_t* clock, int64_t* count);
// A context with one global shard.
void WriteCounterContext(const uint8_t* id, int64_t clock, int64_t count, Writer* out);

}  // namespace ferrosa
