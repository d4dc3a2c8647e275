// Hot reads: rows into the bytes of a RESULT, folded where the plan aggregates, or as they are for JavaScript to compute.
#include <algorithm>

#include "hot_execute.h"
#include "limits.h"

namespace ferrosa {

bool HotExecutor::ReadsOneRow(const HotPlan& plan) const {
  const StoreTable* table = store_->Find(plan.table_id.data());
  return table != nullptr && plan.folds.empty() && plan.clustering.size() == table->descriptor->clustering.size();
}

bool HotExecutor::MakeRead(const HotHead& head, uint32_t now_seconds, HotRead* out) {
  out->key.token = head.token;
  if (!PartitionKeyOf(*plan_, *request_, &key_, &out->key.key)) return false;
  out->row_limit = LimitOf(*request_, plan_->row_limit_slot, plan_->row_limit);
  out->per_partition_limit = LimitOf(*request_, plan_->partition_limit_slot, plan_->per_partition_limit);
  out->bytes_limit = kHotReadBytesMax;
  out->fold = nullptr;
  out->reversed = (plan_->flags & kHotReversed) != 0;
  out->unrestricted = (plan_->flags & kHotUnrestricted) != 0;
  out->now_seconds = now_seconds;
  const bool has_start = plan_->slice_start_slot != kNoSlot;
  const bool has_end = plan_->slice_end_slot != kNoSlot;
  out->has_slice = has_start || has_end || !plan_->clustering.empty();
  out->start.prefix.clear();
  out->end.prefix.clear();
  for (const int32_t slot : plan_->clustering) {
    out->start.prefix.push_back(Value(slot).bytes);
    out->end.prefix.push_back(Value(slot).bytes);
  }
  out->start.kind = BoundKind::kInclStart;
  out->end.kind = BoundKind::kInclEnd;
  if (has_start) {
    out->start.prefix.push_back(Value(plan_->slice_start_slot).bytes);
    if (!(plan_->slice_flags & 1)) out->start.kind = BoundKind::kExclStart;
  }
  if (has_end) {
    out->end.prefix.push_back(Value(plan_->slice_end_slot).bytes);
    if (!(plan_->slice_flags & 2)) out->end.kind = BoundKind::kExclEnd;
  }
  return true;
}

// The row of aggregates. A sum wraps around in its type, an average is the exact sum divided and cut off; of nothing both are 0.
void HotExecutor::PutOutputs(Writer* out) const {
  for (const HotPlan::Output& output : plan_->outputs) {
    const size_t at = out->size();
    out->BE<uint32_t>(UINT32_MAX);
    if (output.kind == HotPlan::Output::kBest) {
      if (!fold_.BestOf(output.fold, out)) continue;
    } else if (output.kind == HotPlan::Output::kCount) {
      out->BE<uint64_t>(fold_.CountOf(output.fold));
    } else {
      __int128 sum = fold_.SumOf(output.fold);
      const uint64_t count = output.kind == HotPlan::Output::kAverage ? fold_.CountOf(output.count) : 0;
      if (count > 0) sum /= static_cast<__int128>(count);
      for (int shift = 8 * (output.width - 1); shift >= 0; shift -= 8) out->U8(static_cast<uint8_t>(sum >> shift));
    }
    StoreBE(out->bytes.data() + at, static_cast<uint32_t>(out->size() - at - 4));
  }
}

// Appends the cells of the read's rows; with folds those are for PutOutputs, and there is one row.
HotOutcome HotExecutor::ReadRows(const Resolved& r, const HotHead& head, uint32_t now_seconds, uint32_t* rows, Writer* out,
                                 MissList* misses) {
  if (!MakeRead(head, now_seconds, &read_)) return HotOutcome::kDecline;
  if (read_.start.prefix.size() > r.descriptor->clustering.size() || read_.end.prefix.size() > r.descriptor->clustering.size())
    return HotOutcome::kDecline;
  read_.columns = r.columns;
  // A page that would be cut is JavaScript's: it makes the paging state.
  const uint32_t wanted = std::min(read_.row_limit, read_.per_partition_limit);
  const bool folded = !plan_->folds.empty();
  const bool paged = !folded && request_->page_size > 0 && static_cast<uint32_t>(request_->page_size) < wanted;
  if (paged) read_.row_limit = static_cast<uint32_t>(request_->page_size);
  if (folded) {
    // All rows are of the one that is given: limits and pages count that.
    read_.row_limit = read_.per_partition_limit = UINT32_MAX;
    fold_.Bind(*r.table->plan, read_.columns, plan_->folds);
    fold_.Reset();
    read_.fold = &fold_;
  }
  HotReadResult result;
  ReadState state = ReadState::kDone;
  const Status status = store_->ReadPartition(r.table, read_, out, &result, &state, misses);
  if (status.ok() && state == ReadState::kMiss) return HotOutcome::kMiss;
  if (!status.ok() || state == ReadState::kYield || result.tombstones > kHotTombstonesMax) return HotOutcome::kDecline;
  // More rows than the bytes limit or the page let through; a LIMIT that is reached is the whole answer.
  if (!folded && result.more && (paged || result.rows < wanted)) return HotOutcome::kDecline;
  figures_ = {r.table, result.rows, result.tombstones, result.sources};
  *rows = folded ? 1 : result.rows;
  return HotOutcome::kDone;
}

HotOutcome HotExecutor::Read(const HotHead& head, uint32_t now_seconds, Writer* out, MissList* misses) {
  const Resolved* r = Resolve();
  if (r == nullptr || plan_->kind != HotKind::kRead) return HotOutcome::kDecline;
  const std::vector<uint8_t>& metadata = head.version >= 5 ? plan_->metadata_v5 : plan_->metadata_v4;
  const size_t at = out->size();
  out->LE<uint32_t>(head.connection);
  out->bytes.resize(out->size() + kEnvelopeHeaderBytes);
  out->BE<uint32_t>(kResultRows);
  if (request_->skip_metadata) {
    out->BE<uint32_t>(kRowsNoMetadata);
    out->Bytes(Slice(metadata.data() + 4, 4));  // the column count
  } else {
    out->Bytes(Slice(metadata));
  }
  const size_t count_at = out->size();
  out->LE<uint32_t>(0);
  uint32_t rows = 0;
  const HotOutcome outcome = ReadRows(*r, head, now_seconds, &rows, out, misses);
  if (outcome != HotOutcome::kDone) {
    out->bytes.resize(at);
    return outcome;
  }
  if (!plan_->folds.empty()) PutOutputs(out);
  StoreBE<uint32_t>(out->bytes.data() + count_at, rows);
  StoreResponseHeader(out->bytes.data() + at + 4, head.version, head.stream, kOpcodeResult,
                      static_cast<uint32_t>(out->size() - at - 4 - kEnvelopeHeaderBytes));
  return HotOutcome::kDone;
}

HotOutcome HotExecutor::ReadComputed(const HotHead& head, Slice request, uint32_t now_seconds, Writer* out, MissList* misses) {
  const Resolved* r = Resolve();
  if (r == nullptr || plan_->kind != HotKind::kComputedRead) return HotOutcome::kDecline;
  const size_t at = out->size();
  out->LE<uint32_t>(static_cast<uint32_t>(request.size));
  out->Bytes(request);
  const size_t count_at = out->size();
  out->LE<uint32_t>(0);
  uint32_t rows = 0;
  const HotOutcome outcome = ReadRows(*r, head, now_seconds, &rows, out, misses);
  if (outcome != HotOutcome::kDone) out->bytes.resize(at);
  else StoreLE<uint32_t>(out->bytes.data() + count_at, rows);
  return outcome;
}

}  // namespace ferrosa
