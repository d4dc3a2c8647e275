// native/core/ann/vector_index.h: the vectors of one column of a shard's rows: which row each belongs to, what finds them, and those that
// wait to become part of it. What was added is found at once: a search looks at everything that waits.
//
// A vector is a claim about a row that the table decides on: the reader looks every row up, and tells of claims that do not hold (Forget).
// Nothing that the table has may be missing here; what it has no more may still be here for a while.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vector_finder.h"
#include "vector_search.h"

namespace ferrosa {

// The row (or partition) of a vector: `id` is the position of its row (docs/format/read-command.md) without the number at its end.
struct VectorRow {
  int64_t token = 0;
  std::string_view id;
};

struct VectorLimits {
  size_t waiting_max = 4096;  // vectors that wait: at more, each that comes links one
  size_t exact_max = 2048;    // up to as many are compared one by one
};

class VectorIndex {
 public:
  VectorIndex(const VectorShape& shape, uint64_t seed, VectorLimits limits = {}) : finder_(VectorFinder::Of(shape, seed)), limits_(limits) {}
  VectorIndex(const VectorIndex&) = delete;
  VectorIndex& operator=(const VectorIndex&) = delete;
  ~VectorIndex();

  // A row has this vector since `timestamp` (microseconds). Older vectors of the row go. False when it cannot be compared: it is left out.
  bool Add(const VectorRow& row, int64_t timestamp, Slice value);
  // The row, or its vector, was deleted at `timestamp`.
  void Delete(const VectorRow& row, int64_t timestamp);
  // So was the partition of `key`.
  void DeletePartition(int64_t token, Slice key, int64_t timestamp);
  // The table does not bear the claim out.
  void Forget(uint32_t slot, uint64_t stamp);

  // A search for the `count` nearest of `scope`. beam: of the walk through the graph, at least `count`. False for a query that cannot be
  // compared. Continue goes on with it by as much as `budget` allows (about that many comparisons), and returns true at its end.
  // REQUIRES of Continue: search->index() is this one.
  bool Begin(Slice query, size_t count, size_t beam, const VectorScope& scope, VectorSearch* search);
  bool Continue(VectorSearch* search, size_t budget);
  // Zero to one, as Cassandra's similarity functions have it, of a distance.
  float Score(float distance) const;
  VectorRow row(uint32_t slot) const { return {rows_[slot].token, rows_[slot].id}; }

  // Links what waits and tidies up, a piece of work of some hundred microseconds. True while there is more.
  bool Work();
  bool has_work() const { return first_waiting_ < waiting_.size() || finder_->untidy(); }
  size_t waiting() const { return live_ - finder_->linked(); }
  size_t live() const { return live_; }
  size_t bytes() const;
  uint64_t writes() const { return stamp_; }
  const VectorShape& shape() const { return finder_->shape(); }
  bool by_codes() const { return finder_->by_codes(); }

  // A pass over the whole table adds every row it has. What was there before the pass and was not met goes with its end.
  void BeginPass() { pass_++; }
  void EndPass();

  // Slots from *from on as a file has them (docs/format/vector-graph.md), about `bytes` of them. False when there are none.
  bool Export(uint32_t* from, size_t bytes, std::vector<uint8_t>* out);
  // Corrupt for what is no such part.
  Status Import(Slice part);
  // Ends a load. `since`: what was written while it went on.
  void FinishImport(const VectorIndex& since);

 private:
  struct Row {
    int64_t token = 0;
    int64_t timestamp = 0;
    uint64_t stamp = 0;
    int64_t fingerprint = 0;
    uint32_t pass = 0;
    bool live = false;
    std::string id;
  };
  // Of a file: a vector that was not linked when it was written.
  struct Loose {
    std::string id;
    int64_t token;
    int64_t timestamp;
    int64_t fingerprint;
    std::vector<float> vector;
  };
  // Free slots between two that a file has; more are no file of ours.
  static constexpr size_t kImportGap = 1 << 20;
  void AddPrepared(const VectorRow& row, int64_t timestamp, int64_t fingerprint, const float* prepared);
  void Place(uint32_t slot, const VectorRow& row, int64_t timestamp, int64_t fingerprint);
  void Take(uint32_t slot);
  bool Admits(const VectorScope& scope, const Row& row) const;
  friend class VectorSearch;
  bool Advance(VectorSearch* search, size_t* budget);
  bool Sift(VectorSearch* search, size_t* budget) const;
  bool Exact(VectorSearch* search, size_t* budget) const;
  void AddRanked(VectorSearch* search, uint32_t slot) const;
  void TakeNearest(VectorSearch* search) const;
  void TakeWaiting(VectorSearch* search) const;
  void TakeChanges(VectorSearch* search) const;
  bool Rank(VectorSearch* search, size_t* budget) const;
  void Settle(VectorSearch* search) const;
  void Leave(VectorSearch* search);
  void NoteChange(uint32_t slot);
  static Slice KeyOf(std::string_view id);
  void LinkNext();
  bool ImportSlot(Reader* reader);

  const std::unique_ptr<VectorFinder> finder_;
  const VectorLimits limits_;
  std::vector<Row> rows_;  // by slot
  std::unordered_multimap<uint64_t, uint32_t> by_row_;
  std::vector<uint32_t> waiting_;  // in the order they came; some may be gone
  size_t first_waiting_ = 0;
  size_t live_ = 0;
  size_t id_bytes_ = 0;
  uint64_t stamp_ = 0;
  uint32_t pass_ = 1;
  std::vector<float> prepared_;
  std::vector<VectorSearch*> open_;  // searches that wait for their next step
  std::vector<Loose> imported_waiting_;
};

}  // namespace ferrosa
