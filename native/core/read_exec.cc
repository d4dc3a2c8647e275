#include "read_exec.h"

#include <algorithm>

#include "mutation.h"
#include "store.h"

namespace ferrosa {
namespace {

constexpr size_t kHeaderBytes = 28;
constexpr uint8_t kRowStreamFormat = 1;

}  // namespace

void ReadExecutor::SetKey(ReadOperation* op, const DecoratedKey& key) {
  op->key_.assign(key.key.data, key.key.data + key.key.size);
  op->token_ = key.token;
  op->has_key_ = true;
}

Status ReadExecutor::Prepare(StoreTable* table, ReadOperation* op) {
  if (op->parsed_for_ == table->descriptor) return Status::Ok();
  const bool first = op->parsed_for_ == nullptr;
  RETURN_IF_ERROR(ParseReadCommand(*table->plan, Slice(op->bytes_), &op->command_));
  op->parsed_for_ = table->descriptor;
  const ReadCommand& c = op->command_;
  if (!c.folds.empty()) {
    if (op->fold_ == nullptr) op->fold_ = std::make_unique<RowFold>();
    op->fold_->Bind(*table->plan, c.columns, c.folds);
    if (first) op->fold_->Reset();
  }
  if (!first) return Status::Ok();
  op->out_.bytes.resize(kHeaderBytes);
  if (!c.has_start_after) return Status::Ok();
  SetKey(op, c.after_key);
  if (!c.is_range) {
    while (op->key_index_ < c.keys.size() && !(c.keys[op->key_index_].key == c.after_key.key)) op->key_index_++;
    if (op->key_index_ == c.keys.size()) return Status::Invalid("read command: the position is not of this read");
    if (!c.after_has_clustering) op->key_index_++;
  }
  if (!c.after_has_clustering) return Status::Ok();
  op->in_partition_ = true;
  op->progress_.rows_given = c.after_rows;
  op->progress_.SetResume(c.reversed ? BoundKind::kExclEnd : BoundKind::kExclStart, c.after_clustering);
  return Status::Ok();
}

Step ReadExecutor::AdvanceInRange(StoreTable* table, ReadOperation* op, MissList* misses) {
  const ReadCommand& c = op->command_;
  const size_t memtables = 1 + table->frozen.size();
  if (next_.size() < memtables + table->sources.size()) next_.resize(memtables + table->sources.size());
  DecoratedKey from{c.start_token, Slice()};
  bool strictly = false;
  if (op->has_key_) {
    from = DecoratedKey{op->token_, ValueOf(op->key_)};
    strictly = true;
  } else if (!c.start_inclusive) {
    if (c.start_token == INT64_MAX) return Step::kEnd;
    from.token++;
  }
  const Next* lowest = nullptr;
  bool missed = false;
  for (size_t i = 0; i < memtables + table->sources.size(); i++) {
    Next& next = next_[i];
    if (next.ended) continue;
    if (next.known && op->has_key_ && CompareKeys(next.key, from) <= 0) next.known = false;
    if (!next.known) {
      Source* source = i == 0 ? table->memtable_source.get()
                              : (i < memtables ? static_cast<Source*>(table->frozen[i - 1].source.get())
                                               : table->sources[i - memtables].get());
      const Step step = source->NextPartition(from, strictly, misses, &next.bytes, &next.key);
      if (step == Step::kCorrupt) return step;
      if (step == Step::kMiss) missed = true;
      if (step == Step::kEnd) next.ended = true;
      if (step != Step::kItem) continue;
      next.known = true;
    }
    if (lowest == nullptr || CompareKeys(next.key, lowest->key) < 0) lowest = &next;
  }
  if (missed) return Step::kMiss;
  if (lowest == nullptr) return Step::kEnd;
  if (lowest->key.token > c.end_token || (lowest->key.token == c.end_token && !c.end_inclusive)) return Step::kEnd;
  SetKey(op, lowest->key);
  return Step::kItem;
}

bool ReadExecutor::FoldSingles(StoreTable* table, ReadOperation* op, uint32_t* budget) {
  const ReadCommand& c = op->command_;
  const bool only_here = table->frozen.empty() && table->sources.empty() && !table->plan->any_dropped;
  if (!only_here || !c.slices.empty() || c.distinct || !op->fold_->plain() || c.per_partition_limit == 0 ||
      !table->memtable_source->mapping().empty()) {
    return false;
  }
  DecoratedKey from{c.start_token, Slice()};
  if (op->has_key_) {
    from = DecoratedKey{op->token_, ValueOf(op->key_)};
  } else if (!c.start_inclusive) {
    if (c.start_token == INT64_MAX) return true;
    from.token++;
  }
  RowRun run;
  run.fold = op->fold_.get();
  run.now_seconds = c.now_seconds;
  run.rows_max = c.row_limit - op->rows_;
  run.scan_max = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{*budget} * kFoldedRowsPerUnit, UINT32_MAX));
  DecoratedKey last;
  const bool ended = table->memtable_source->FoldSingles(from, op->has_key_, c.end_token, c.end_inclusive, &run, &last);
  if (run.scanned > 0) SetKey(op, last);
  *budget -= std::min(*budget, (run.scanned + kFoldedRowsPerUnit - 1) / kFoldedRowsPerUnit);
  op->rows_ += run.rows;
  op->live_rows_ += run.rows;
  op->tombstones_ += run.tombstones;
  return ended;
}

Step ReadExecutor::Advance(StoreTable* table, ReadOperation* op, MissList* misses) {
  op->progress_.Clear();
  if (op->command_.is_range) return AdvanceInRange(table, op, misses);
  if (op->key_index_ >= op->command_.keys.size()) return Step::kEnd;
  SetKey(op, op->command_.keys[op->key_index_]);
  return Step::kItem;
}

void ReadExecutor::CloseRun(ReadOperation* op) {
  if (op->run_at_ == 0) return;
  uint8_t* counts = op->out_.bytes.data() + op->run_at_ + 8 + 2 + op->key_.size();
  StoreLE(counts + 4, static_cast<uint32_t>(op->out_.size() - (op->run_at_ + 18 + op->key_.size())));
  op->run_at_ = 0;
  op->partitions_++;
}

PartitionState ReadExecutor::ReadCurrent(StoreTable* table, ReadOperation* op, uint32_t* budget, MissList* misses) {
  const ReadCommand& c = op->command_;
  PartitionQuery query;
  query.key = DecoratedKey{op->token_, ValueOf(op->key_)};
  query.slices = c.slices;
  query.reversed = c.reversed;
  query.distinct = c.distinct;
  query.positions = c.positions;
  query.unrestricted = c.unrestricted;
  query.now_seconds = c.now_seconds;
  query.columns = c.columns;
  query.rows_max = c.row_limit - op->rows_;
  query.partition_max = c.per_partition_limit;
  query.bytes_max = c.bytes_limit;
  if (!c.folds.empty()) {
    query.fold = op->fold_.get();
    uint32_t rows = 0;
    const PartitionState state = partitions_.Read(table, query, &op->progress_, budget, &rows, &op->out_, misses);
    op->rows_ += rows;
    if (state == PartitionState::kDone || state == PartitionState::kLimit) NoteScanned(op);
    return state;
  }
  // The run's head goes before its rows, and away again when there are none.
  if (op->run_at_ == 0) {
    op->run_at_ = op->out_.size();
    op->out_.LE<int64_t>(op->token_);
    op->out_.LE<uint16_t>(static_cast<uint16_t>(op->key_.size()));
    op->out_.Bytes(query.key.key);
    op->out_.LE<uint32_t>(0);
    op->out_.LE<uint32_t>(0);
  }
  uint32_t rows = 0;
  const PartitionState state = partitions_.Read(table, query, &op->progress_, budget, &rows, &op->out_, misses);
  op->rows_ += rows;
  uint8_t* count = op->out_.bytes.data() + op->run_at_ + 10 + op->key_.size();
  StoreLE(count, LoadLE<uint32_t>(count) + rows);
  if (state == PartitionState::kDone || state == PartitionState::kLimit) {
    if (LoadLE<uint32_t>(count) == 0) {
      op->out_.bytes.resize(op->run_at_);
      op->run_at_ = 0;
    }
    CloseRun(op);
    NoteScanned(op);
  }
  return state;
}

void ReadExecutor::NoteScanned(ReadOperation* op) {
  op->tombstones_ += op->progress_.tombstones;
  op->live_rows_ += op->progress_.live_rows;
  op->sources_ = std::max(op->sources_, op->progress_.sources);
}

// The one row of an aggregating read, in a run under the key that was read last.
void ReadExecutor::PutFolds(ReadOperation* op) {
  Writer& out = op->out_;
  if (!op->has_key_) {
    op->key_.clear();
    op->token_ = 0;
  }
  op->run_at_ = out.size();
  out.LE<int64_t>(op->token_);
  out.LE<uint16_t>(static_cast<uint16_t>(op->key_.size()));
  out.Bytes(Slice(op->key_));
  out.LE<uint32_t>(1);
  out.LE<uint32_t>(0);
  op->fold_->Finish(&out);
  CloseRun(op);
}

Status ReadExecutor::Run(StoreTable* table, ReadOperation* op, uint32_t budget, ReadState* state, MissList* misses) {
  *state = ReadState::kDone;
  if (op->finished_) return Status::Ok();
  RETURN_IF_ERROR(Prepare(table, op));
  for (Next& next : next_) next.known = next.ended = false;
  const ReadCommand& c = op->command_;
  const bool exact = !c.is_range;
  for (;;) {
    const bool last_key = exact && op->key_index_ >= c.keys.size();
    if (!op->in_partition_ && !last_key && (op->rows_ >= c.row_limit || op->out_.size() >= c.bytes_limit)) {
      op->more_ = true;
      break;
    }
    if (budget == 0) {
      *state = ReadState::kYield;
      return Status::Ok();
    }
    if (!op->in_partition_ && c.is_range && !c.folds.empty()) {
      const uint32_t before = budget;
      if (FoldSingles(table, op, &budget)) break;
      if (budget < before) continue;
    }
    if (!op->in_partition_) {
      const Step step = Advance(table, op, misses);
      if (step == Step::kEnd) break;
      if (step == Step::kMiss) {
        *state = ReadState::kMiss;
        return Status::Ok();
      }
      if (step == Step::kCorrupt) {
        for (const auto& source : table->sources) RETURN_IF_ERROR(source->error());
        return Status::Corrupt("a source of the table is damaged");
      }
      op->in_partition_ = true;
    }
    switch (ReadCurrent(table, op, &budget, misses)) {
      case PartitionState::kDone:
        op->in_partition_ = false;
        op->key_index_++;
        break;
      case PartitionState::kLimit:
        op->more_ = true;
        Finish(*table->plan, op);
        return Status::Ok();
      case PartitionState::kYield:
        *state = ReadState::kYield;
        return Status::Ok();
      case PartitionState::kMiss:
        *state = ReadState::kMiss;
        return Status::Ok();
      case PartitionState::kCorrupt:
        return partitions_.error();
    }
  }
  Finish(*table->plan, op);
  return Status::Ok();
}

void ReadExecutor::Finish(const DescriptorPlan& plan, ReadOperation* op) {
  op->finished_ = true;
  if (!op->command_.folds.empty()) PutFolds(op);
  Writer position;
  position.bytes.reserve(64 + op->key_.size());
  if (op->more_ && op->has_key_) {
    position.LE<uint16_t>(static_cast<uint16_t>(op->key_.size()));
    position.Bytes(Slice(op->key_));
    position.LE<int64_t>(op->token_);
    const bool inside = op->in_partition_ && op->progress_.has_resume;
    position.U8(inside ? 1 : 0);
    if (inside) WriteClustering(&position, op->progress_.resume.prefix.data(), op->progress_.resume.prefix.size());
    position.LE<uint32_t>(op->progress_.rows_given);
  }
  uint8_t* p = op->out_.bytes.data();
  p[0] = kRowStreamFormat;
  p[1] = op->more_ ? 1 : 0;
  StoreLE<uint16_t>(p + 2, 0);
  StoreLE(p + 4, op->rows_);
  StoreLE(p + 8, op->partitions_);
  StoreLE(p + 12, op->tombstones_);
  StoreLE(p + 16, op->live_rows_);
  StoreLE(p + 20, op->sources_);
  StoreLE(p + 24, static_cast<uint32_t>(position.size()));
  op->out_.bytes.insert(op->out_.bytes.begin() + kHeaderBytes, position.bytes.begin(), position.bytes.end());
}

}  // namespace ferrosa
