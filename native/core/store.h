// native/core/store.h: all tables of one shard: their memtables, frozen memtables and SSTable sources, behind three calls:
// Apply, Read and Freeze. One thread owns a Store; only FrozenMemtable crosses to others.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frozen_memtable.h"
#include "ann/vector_index.h"
#include "memtable.h"
#include "read_exec.h"
#include "table_figures.h"
#include "unfiltered.h"

namespace ferrosa {

using TableId = std::array<uint8_t, 16>;

// A value of a hot write; `column` is an index into the descriptor's columns. With a ttl, expires_at in seconds.
struct CellWrite {
  uint16_t column = 0;
  bool tombstone = false;
  bool delta = false;  // of a counter: the value is what is added to it
  uint32_t ttl = kNoTtl;
  uint32_t local_deletion_time = kNoDeletionTime;
  Slice path;  // of a cell of a multicell column; null: of a simple one
  Slice value;
};

// The deletion of what is in a multicell column.
struct ColumnDeletion {
  uint16_t column = 0;
  DeletionTime time;
};

// One row, all of its cells written with one timestamp; before it, or alone, the deletion of its partition.
struct RowWrite {
  DecoratedKey key;
  DeletionTime partition_deletion;
  bool has_row = true;
  std::span<const Slice> clustering;
  bool is_static = false;
  bool has_liveness = false;  // INSERT
  DeletionTime deletion;      // of the row
  int64_t timestamp = 0;
  uint32_t ttl = kNoTtl;                  // of the liveness
  uint32_t expires_at = kNoDeletionTime;  // of the liveness, with a ttl
  std::span<const ColumnDeletion> deletions;
  std::span<const CellWrite> cells;
};

// A read of one partition: all of it, one row, or one slice.
struct HotRead {
  DecoratedKey key;
  std::span<const SelectedColumn> columns;
  bool has_slice = false;  // false: the whole partition
  Bound start;             // kInclStart or kExclStart
  Bound end;               // kInclEnd or kExclEnd
  bool reversed = false;
  bool unrestricted = false;  // flag 8 of a read command
  uint32_t now_seconds = 0;
  uint32_t row_limit = UINT32_MAX;
  uint32_t per_partition_limit = UINT32_MAX;
  uint32_t bytes_limit = UINT32_MAX;
  RowFold* fold = nullptr;  // rows are added to it and not given
};

struct HotReadResult {
  uint32_t rows = 0;
  uint32_t tombstones = 0;
  uint32_t sources = 0;  // SSTables touched
  bool more = false;     // a limit stopped the read: rows may follow
};

// What the shard schedules flushes and compactions by.
struct TableStats {
  uint64_t memtable_bytes = 0;       // arena of the current memtable
  uint64_t memtable_data_bytes = 0;  // keys, clusterings and values in it
  uint64_t memtable_partitions = 0;
  uint64_t frozen_bytes = 0;
  int64_t min_timestamp = INT64_MAX;  // of everything in memory
  uint32_t frozen = 0;
  uint32_t sources = 0;
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t read_nanos = 0;
  uint64_t write_nanos = 0;
};

// A table of the store. Pointers stay valid until DropTable.
struct StoreTable {
  DescriptorPtr descriptor;
  std::shared_ptr<const DescriptorPlan> plan;  // derived once a descriptor: what decoding and merging look up
  std::shared_ptr<Memtable> memtable;          // current, mutable
  struct Frozen {
    std::shared_ptr<FrozenMemtable> memtable;
    std::shared_ptr<MemtableSource> source;
  };
  std::vector<Frozen> frozen;
  std::vector<std::shared_ptr<Source>> sources;  // SSTables
  std::shared_ptr<MemtableSource> memtable_source;
  std::unordered_map<std::string, std::vector<uint8_t>> passing;  // mutations by key: store_passing.cc
  size_t passing_bytes = 0;
  uint64_t reads = 0;
  uint64_t writes = 0;
  LazyTableFigures figures;  // kept by who measures: the ShardLoop
  struct VectorColumn {
    VectorIndexDescriptor descriptor;
    std::unique_ptr<VectorIndex> index;
    std::unique_ptr<VectorIndex> loading;  // what a file has, while it is read
  };
  std::vector<VectorColumn> vectors;
};

// A search for the nearest vectors, and what rows it wants: docs/format/vector-search.md.
struct VectorQuery {
  Slice table;
  Slice index;
  uint32_t count = 0;
  uint32_t beam = 0;
  VectorScope scope;
  Slice vector;
  // Invalid when the bytes are none.
  static Status Parse(Slice bytes, VectorQuery* out);
};

class Store {
 public:
  // counter_id: the 16-byte id under which this node counts (its host id).
  explicit Store(const std::array<uint8_t, 16>& counter_id) : counter_id_(counter_id) {}

  // Creates the table or gives it a newer descriptor. A changed column set freezes the current memtable. Sources are told
  // the descriptor (Source::SetDescriptor). Returns the frozen memtable's number or 0.
  uint32_t SetTable(const DescriptorPtr& descriptor);
  void DropTable(const TableId& id);
  // null when the store does not have it. A hot plan compares descriptor->version with its own.
  StoreTable* Find(const TableId& id);
  StoreTable* Find(const uint8_t* id) {
    TableId key;
    std::memcpy(key.data(), id, key.size());
    return Find(key);
  }

  // Looks at every table: for who remembers the id.
  StoreTable* FindByName(std::string_view keyspace, std::string_view name);

  // Applies one mutation (docs/format/mutation.md), whole or not at all. Invalid for an unknown table, Corrupt for bad bytes.
  Status Apply(Slice mutation);
  // Checks a mutation completely without applying it: what the log may be given. *has_counters: it must go through PrepareCounter.
  Status Check(Slice mutation, bool* has_counters);
  // A hot write without counters; values are already validated against the column types.
  void ApplyRow(StoreTable* table, const RowWrite& write);
  // Applies a mutation that writes a whole partition of which the deletion comes soon, after it is in the log.
  // REQUIRES: the table has it nowhere yet, and gets no other mutation of it than that deletion
  void ApplyPassing(StoreTable* table, Slice key, Slice mutation);
  // The mutation bytes of a hot write, appended to *out: what goes to the commit log before ApplyRow.
  static void EncodeRow(const StoreTable& table, const RowWrite& write, Writer* out);

  // Turns a mutation with counter increments into the one that is logged and applied: each delta becomes a context with this
  // node's clock + 1 and count + delta. kMiss: the chunks in *misses are needed. Nothing is applied: call Apply(*out) after
  // logging, before anything else touches the table.
  Status PrepareCounter(Slice mutation, std::vector<uint8_t>* out, MissList* misses, ReadState* state);

  // Runs or continues a read command. On kDone operation->output() is the row stream. Invalid for an unknown table or a bad
  // command, Corrupt when a source is damaged.
  Status Read(ReadOperation* operation, uint32_t budget, ReadState* state, MissList* misses);
  // Reads one partition and appends its rows, in the protocol's cell encoding, to *out. On kMiss or kYield *out is as before:
  // use Read with a command after a kYield.
  Status ReadPartition(StoreTable* table, const HotRead& read, Writer* out, HotReadResult* result, ReadState* state,
                       MissList* misses);
  // Reads one row as PartitionReader::ReadRow does: its slices live until the next read or write.
  PartitionState ReadRow(StoreTable* table, const DecoratedKey& key, std::span<const Slice> clustering, Row* out, bool* found,
                         DeletionTime* covering, MissList* misses);

  // Freezes the current memtable if it has content: it stays readable as a source until ReplaceSources names its number.
  // Any thread of the process finds it by FindFrozen(number) for the flush. Returns null when there is nothing to flush.
  std::shared_ptr<FrozenMemtable> Freeze(const TableId& id);
  Status AddSource(const TableId& id, std::shared_ptr<Source> source);
  // In one step: removes frozen memtables (by number) and sources (by identity), adds others.
  Status ReplaceSources(const TableId& id, std::span<const uint32_t> remove_frozen,
                        std::span<const Source* const> remove, std::vector<std::shared_ptr<Source>> add);
  // Forgets memtable, frozen memtables and sources.
  Status Truncate(const TableId& id);
  Status Stats(const TableId& id, TableStats* out);
  // Bytes of all memtables: of those that grow, and of those that are frozen.
  struct MemtableBytes {
    uint64_t growing = 0;
    uint64_t frozen = 0;
  };
  MemtableBytes CountMemtables() const;
  // Null while nothing was measured.
  const TableFigures* Figures(const TableId& id) {
    const StoreTable* table = Find(id);
    return table == nullptr ? nullptr : table->figures.Peek();
  }
  // Vector indexes (store_vectors.cc). Invalid for an index that the table does not have, or a query that cannot be compared.
  // A step of a search, of about `budget` comparisons: *done when it was the last, and *out has the answer. A search whose index was
  // replaced meanwhile begins again.
  Status SearchVectors(const VectorQuery& query, size_t budget, VectorSearch* search, bool* done, Writer* out);
  // Rows that the table has (docs/format/vector-search.md), and claims that it does not bear out.
  Status AddVectors(Slice rows);
  Status ForgetVectors(Slice claims);
  // null when there is no such index.
  StoreTable::VectorColumn* FindVectors(const uint8_t* table, const uint8_t* index);
  // A piece of work of some hundred microseconds; true while there is more.
  bool VectorWork();
  bool has_vector_work() const;
  // Vectors that wait to be linked, of the index with the most of them.
  size_t waiting_vectors() const;
  // Writes of vectors are refused while all indexes take more, in bytes. 0: no limit.
  void LimitVectors(size_t bytes) { vector_bytes_max_ = bytes; }
  size_t vector_bytes() const { return vector_bytes_; }
  // Every Histogram::kRateSeconds.
  void TickRates() {
    for (const auto& [id, table] : tables_) table->figures.Tick();
  }
  // The table of the last Apply or Read that succeeded, until the next call.
  StoreTable* last_table() const { return last_table_; }

 private:
  struct IdHash {
    size_t operator()(const TableId& id) const { return LoadLE<uint64_t>(id.data()) ^ LoadLE<uint64_t>(id.data() + 8); }
  };
  struct CounterWrite {
    bool is_static;
    ClusteringValues clustering;  // of the mutation
    uint16_t column;
    int64_t clock;
    int64_t count;
  };
  // The partition is deleted; true when nothing else is to know of it.
  bool EndPassing(StoreTable* table, const MutationHeader& header);
  // Puts what is passing into the memtable.
  void SettlePassing(StoreTable* table);
  void RenewMemtable(StoreTable* table);
  void SetVectors(StoreTable* table);
  void ApplyVectors(StoreTable* table, const MutationHeader& header);
  Status CheckVectors(const StoreTable& table, const MutationHeader& header);
  void CountVectorBytes();
  void NoteVectorWork();
  Status Locate(Slice mutation, MutationHeader* header, StoreTable** table);
  Status NextCounter(StoreTable* table, const MutationReader& reader, const Cell& cell, std::vector<CounterWrite>* seen,
                     int64_t* clock, int64_t* count, ReadState* state, MissList* misses);
  Status RewriteCounters(StoreTable* table, MutationReader* reader, Writer* out, ReadState* state, MissList* misses);

  const std::array<uint8_t, 16> counter_id_;
  std::unordered_map<TableId, std::unique_ptr<StoreTable>, IdHash> tables_;
  StoreTable* last_table_ = nullptr;
  std::vector<StoreTable*> vector_tables_;
  size_t vector_bytes_max_ = 0;
  size_t vector_bytes_ = 0;  // counted now and then
  uint32_t vector_works_ = 0;
  ReadExecutor executor_;
  PartitionProgress hot_progress_;
  SliceBounds hot_slice_;
};

}  // namespace ferrosa
