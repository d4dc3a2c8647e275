// native/core/limits.h: the bounds of the addon's queues and buffers, in one place.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ferrosa {

// Rings between threads (docs/format/ring.md).
inline constexpr size_t kRingBytesMin = 64 * 1024;
inline constexpr size_t kRingBytesMax = size_t{1} << 30;
// A record longer than this part of its ring travels in fragments, so that one record never needs the whole ring.
inline constexpr size_t kRingFragmentDivisor = 8;
static_assert(kRingFragmentDivisor >= 4, "a fragment and the padding before it must fit into half a ring");
// One record, whole: a mutation is at most 16 MiB (max_mutation_size), a page of rows may pass that by its last row.
inline constexpr size_t kRecordBytesMax = size_t{256} << 20;
// What a producer publishes at the latest, so that the consumer starts before a long batch ends.
inline constexpr size_t kRingPublishBytes = 16 * 1024;

// Hot plans (docs/format/hot-plan.md).
inline constexpr size_t kHotPlansMax = 65536;
// Groups of connections whose permissions are looked at (src/shard/hot-path.ts): a bit a group and plan, 32 MiB when all are used.
inline constexpr size_t kHotGroupsMax = 4096;
inline constexpr size_t kHotBindsMax = 4096;  // binds of one statement, and constants
inline constexpr size_t kHotIndexesMax = 256;  // of one table
inline constexpr size_t kHotViewsMax = 64;     // the same
// The row of a view that gc_grace_seconds below this may forget too soon is JavaScript's: see hot_views.cc.
inline constexpr uint32_t kHotViewGraceSecondsMin = 3600;
// A longer value of an indexed column is JavaScript's: it may have to warn or to fail (sai_string_term_size_warn_threshold).
inline constexpr size_t kHotTermBytesMax = 1024;
// A longer BATCH is JavaScript's: it may have to warn or to fail (batch_size_warn_threshold).
inline constexpr size_t kHotBatchBytesMax = 5 * 1024;
// Statements of an unlogged batch of several partitions: a longer one may have to warn (unlogged_batch_across_partitions_warn_threshold).
inline constexpr size_t kHotUnloggedMax = 10;
// Batches of several shards that have not ended, of one thread.
inline constexpr size_t kSpreadsMax = 65536;
// Reads of a plan without any answer yet that a connection may have in flight.
inline constexpr uint64_t kUnknownAnswers = 64;
// A hot read that scans more tombstones than this is JavaScript's: it warns (tombstone_warn_threshold) or fails.
inline constexpr uint32_t kHotTombstonesMax = 1000;
// Bytes of rows of one hot read; a longer result is read in steps by the other path.
inline constexpr uint32_t kHotReadBytesMax = 1 << 20;

// Entries of a shard that one hot read by an index looks up: some hundred microseconds.
inline constexpr uint32_t kHotEntriesMax = 512;

// Connections of one thread.
inline constexpr uint32_t kConnectionsMax = 1u << 20;
// Answers of one wake-up to a connection with compression that are longer than this are worth compressing.
inline constexpr size_t kCompressBytesMin = 1024;
// After this many declines by shards in a row a plan is left to JavaScript for the next kHotSkips requests.
inline constexpr uint32_t kHotDeclinesMax = 4;
inline constexpr uint32_t kHotSkips = 1000;

// A shard's turn: records of one asker before the next has its turn, and records between two looks at the clock.
inline constexpr uint32_t kShardRound = 64;
inline constexpr uint32_t kShardClockRecords = 16;
// Who asks a shard that sleeps runs up to so many requests in its place, none of them longer, and each writes at most so much to the log.
inline constexpr uint32_t kLentRecordsMax = 4;
inline constexpr size_t kLentRequestBytesMax = 16 * 1024;
inline constexpr size_t kLentLogBytesMax = 1024 * 1024;
// Budget of one step of a read, in the units of Store::Read (about a row): well below a millisecond.
inline constexpr uint32_t kReadBudget = 1000;
// The build of a vector index waits while more vectors than this are not part of the graph yet.
inline constexpr size_t kVectorsWaitingBuild = 512;
// Read operations kept for reuse.
inline constexpr size_t kFreeReadsMax = 64;

}  // namespace ferrosa
