#include "hot_execute.h"

#include <algorithm>

#include "hash.h"
#include "limits.h"

namespace ferrosa {

bool HotExecutor::Open(const HotHead& head, Slice body) {
  plan_ = plans_->Find(head.plan);
  request_ = &execute_;
  if (plan_ == nullptr) return false;
  // The id tells a plan number that was given to another statement meanwhile.
  const Slice id = PlanIdOf(head, body);
  if (id.size != 16 || std::memcmp(id.data, plan_->prepared_id.data(), 16) != 0) return false;
  return ParseExecute(*plan_, head.version, Slice(body.data + head.options_at, body.size - head.options_at), &execute_);
}

bool HotExecutor::ReadsOneRow(const HotPlan& plan) const {
  const StoreTable* table = store_->Find(plan.table_id.data());
  return table != nullptr && plan.folds.empty() && plan.clustering.size() == table->descriptor->clustering.size();
}

bool HotExecutor::ResolveWrite(const TableDescriptor& table, const HotPlan& plan, Resolved* out) {
  const bool counters = (plan.flags & kHotCounter) != 0;
  for (const HotPlan::Value& value : plan.values) {
    const int index = table.IndexOf(value.column_id);
    if (index < 0) return false;
    const Column& column = table.columns[static_cast<size_t>(index)];
    if (column.multicell || column.counter || column.dropped) return false;
    (column.is_static ? out->statics : out->regulars).values.push_back({static_cast<uint16_t>(index), value.slot});
  }
  for (const HotPlan::Operation& operation : plan.operations) {
    const int index = table.IndexOf(operation.column_id);
    if (index < 0) return false;
    const Column& column = table.columns[static_cast<size_t>(index)];
    const bool counts = operation.kind == HotOperation::kIncrement || operation.kind == HotOperation::kDecrement;
    if (column.dropped || column.counter != counts || column.multicell == counts || counters != counts) return false;
    const bool by_path = operation.kind == HotOperation::kElement || operation.kind == HotOperation::kDiscard;
    if (column.type.kind == TypeKind::kList && by_path) return false;
    if (column.type.kind == TypeKind::kUdt && operation.kind != HotOperation::kElement && operation.kind != HotOperation::kClear) return false;
    (column.is_static ? out->statics : out->regulars)
        .operations.push_back({operation.kind, column.type.kind, static_cast<uint16_t>(index), operation.key_slot, operation.value_slot});
  }
  if (counters && !(out->statics.values.empty() && out->regulars.values.empty())) return false;
  const auto by_column = [](const auto& a, const auto& b) { return a.column < b.column; };
  for (Resolved::Part* part : {&out->statics, &out->regulars}) {
    std::sort(part->values.begin(), part->values.end(), by_column);
    std::stable_sort(part->operations.begin(), part->operations.end(), by_column);
  }
  return true;
}

bool HotExecutor::ResolveColumns(const TableDescriptor& table, const HotPlan& plan, Resolved* out) {
  out->statics.Clear();
  out->regulars.Clear();
  out->columns.clear();
  out->indexes.clear();
  out->views.clear();
  out->conditions.clear();
  if (!ResolveWrite(table, plan, out) || !ResolveIndexes(plan, out) || !ResolveViews(plan, out)) return false;
  for (const HotPlan::Selected& selected : plan.columns) {
    SelectedColumn column;
    column.what = static_cast<SelectedKind>(selected.what);
    column.which = selected.which;
    switch (column.what) {
      case SelectedKind::kPartitionKey:
        if (selected.which >= table.partition_key.size()) return false;
        break;
      case SelectedKind::kClustering:
        if (selected.which >= table.clustering.size()) return false;
        break;
      case SelectedKind::kToken:
        break;
      case SelectedKind::kValue:
      case SelectedKind::kWritetime:
      case SelectedKind::kTtl:
      case SelectedKind::kMaxWritetime: {
        const int index = table.IndexOf(selected.which);
        if (index < 0) return false;
        column.which = static_cast<uint16_t>(index);
        break;
      }
      default:
        return false;
    }
    out->columns.push_back(column);
  }
  if (plan.kind == HotKind::kIndexRead) {
    // Behind what is shown: the value that an entry must still be true of.
    const int index = table.IndexOf(plan.index.column_id);
    if (index < 0) return false;
    const Column& column = table.columns[static_cast<size_t>(index)];
    out->columns.push_back({SelectedKind::kValue, static_cast<uint16_t>(index)});
    return !column.multicell && !column.counter && !column.is_static && !column.dropped;
  }
  if (plan.partition_key.size() != table.partition_key.size() || plan.clustering.size() > table.clustering.size()) return false;
  return ResolveConditions(table, plan, out);
}

// Also true when the table of an index or a view is another than it was.
bool HotExecutor::IsStale(const Resolved& r) const {
  const auto differs = [&](const std::array<uint8_t, 16>& id, const auto& was) {
    StoreTable* table = store_->Find(id.data());
    return table != was.table || (table != nullptr && table->descriptor.get() != was.descriptor);
  };
  for (size_t i = 0; i < r.indexes.size(); i++)
    if (differs(plan_->indexes[i].table_id, r.indexes[i])) return true;
  for (size_t i = 0; i < r.views.size(); i++)
    if (differs(plan_->views[i].table_id, r.views[i])) return true;
  return false;
}

const HotExecutor::Resolved* HotExecutor::Resolve() {
  StoreTable* table = store_->Find(plan_->table_id.data());
  if (table == nullptr || table->descriptor->version != plan_->table_version) return nullptr;
  if (resolved_.size() <= plan_->number) resolved_.resize(plan_->number + 1);
  Resolved& r = resolved_[plan_->number];
  if (r.plan != plan_->serial || r.table != table || r.descriptor != table->descriptor.get() || IsStale(r)) {
    r.plan = plan_->serial;
    r.table = table;
    r.descriptor = table->descriptor.get();
    r.valid = ResolveColumns(*table->descriptor, *plan_, &r);
  }
  return r.valid ? &r : nullptr;
}

bool HotExecutor::TtlOf(uint32_t now_seconds, uint32_t* ttl, uint32_t* expires_at) const {
  *ttl = plan_->default_ttl;
  if (plan_->ttl_slot != kNoSlot) {
    const HotValue& value = Value(plan_->ttl_slot);
    if (!value.unset) {
      if (value.bytes.size != 4) return false;
      *ttl = LoadBE<uint32_t>(value.bytes.data);
    }
  }
  *expires_at = kNoDeletionTime;
  if (*ttl == kNoTtl) return true;
  const uint64_t expiry = static_cast<uint64_t>(now_seconds) + *ttl;
  // Near the end of local deletion times a policy decides (Cassandra's CassandraExpiredTTLOverflowPolicy): not here.
  if (expiry >= UINT32_MAX - 1) return false;
  *expires_at = static_cast<uint32_t>(expiry);
  return true;
}

CellWrite HotExecutor::CellOf(uint16_t column, Slice value, const Times& times) {
  CellWrite cell;
  cell.column = column;
  if (value.is_null()) {
    cell.tombstone = true;
    cell.local_deletion_time = times.now_seconds;
  } else {
    cell.value = value;
    cell.ttl = times.ttl;
    cell.local_deletion_time = times.expires_at;
  }
  return cell;
}

bool HotExecutor::AddElements(const Resolved::Operation& operation, Slice collection, const Times& times, HotWrite* write,
                              HotRowPart* out) {
  ElementReader elements(collection);
  while (elements.Next()) {
    Slice first;
    Slice second;
    if (!elements.Take(&first)) return false;
    if (operation.type == TypeKind::kMap && !elements.Take(&second)) return false;
    if (operation.type == TypeKind::kSet) second = Slice(first.data, 0);
    if (operation.type == TypeKind::kList) {
      second = first;
      write->paths.push_back(NextListPath());
      first = Slice(write->paths.back().data(), write->paths.back().size());
    }
    out->cells.push_back(CellOf(operation.column, second, times));
    out->cells.back().path = first;
  }
  return elements.ended();
}

bool HotExecutor::AddDelta(const Resolved::Operation& operation, Slice delta, HotWrite* write, HotRowPart* out) {
  if (delta.size != 8) return false;
  CellWrite cell;
  cell.column = operation.column;
  cell.delta = true;
  cell.value = delta;
  if (operation.kind == HotOperation::kDecrement) {
    std::array<uint8_t, 8>& negated = write->decrements.emplace_back();
    StoreBE<uint64_t>(negated.data(), 0 - LoadBE<uint64_t>(delta.data));
    cell.value = Slice(negated.data(), negated.size());
  }
  out->cells.push_back(cell);
  return true;
}

// False for bytes that cannot be: main has looked at them.
bool HotExecutor::MakeOperation(const Resolved::Operation& operation, const Times& times, HotWrite* write, HotRowPart* out) const {
  if (operation.kind == HotOperation::kClear) {
    out->deletions.push_back({operation.column, {times.timestamp, times.now_seconds}});
    return true;
  }
  const HotValue& value = Value(operation.value_slot);
  if (value.unset) return true;
  switch (operation.kind) {
    case HotOperation::kElement: {
      const Slice path = Value(operation.key_slot).bytes;
      out->cells.push_back(CellOf(operation.column, value.bytes, times));
      out->cells.back().path = path;
      return !path.is_null();
    }
    case HotOperation::kReplace: {
      // What this statement writes stays: hence one microsecond less.
      const int64_t before = static_cast<int64_t>(static_cast<uint64_t>(times.timestamp) - 1);
      out->deletions.push_back({operation.column, {before, times.now_seconds}});
      [[fallthrough]];
    }
    case HotOperation::kAdd:
      return value.bytes.is_null() || AddElements(operation, value.bytes, times, write, out);
    case HotOperation::kDiscard: {
      if (value.bytes.is_null()) return true;
      ElementReader elements(value.bytes);
      Slice path;
      while (elements.Next() && elements.Take(&path)) {
        out->cells.push_back(CellOf(operation.column, Slice(), times));
        out->cells.back().path = path;
      }
      return elements.ended();
    }
    default:
      return AddDelta(operation, value.bytes, write, out);
  }
}

bool HotExecutor::MakePart(const Resolved::Part& part, const Times& times, HotWrite* write, HotRowPart* out) const {
  out->Clear();
  for (const Resolved::Value& v : part.values) {
    const HotValue& value = Value(v.slot);
    if (!value.unset) out->cells.push_back(CellOf(v.column, value.bytes, times));
  }
  for (const Resolved::Operation& operation : part.operations)
    if (!MakeOperation(operation, times, write, out)) return false;
  return true;
}

bool HotExecutor::TimestampOf(int64_t server_micros, int64_t* out) const {
  // The time of a conditional write is not the client's to give.
  const bool given = request_->has_timestamp && plan_->conditions == HotConditions::kNone;
  *out = given ? request_->timestamp : server_micros;
  if (plan_->timestamp_slot == kNoSlot) return true;
  const HotValue& value = Value(plan_->timestamp_slot);
  if (value.unset) return true;
  if (value.bytes.size != 8) return false;
  *out = LoadBE<int64_t>(value.bytes.data);
  return true;
}

bool HotExecutor::TokenOf(int64_t* out) {
  Slice key;
  if (!PartitionKeyOf(*plan_, *request_, &key_, &key)) return false;
  *out = MurmurToken(key);
  return true;
}

bool HotExecutor::PartitionName(std::string* out) {
  Slice key;
  if (!PartitionKeyOf(*plan_, *request_, &key_, &key)) return false;
  out->assign(reinterpret_cast<const char*>(plan_->table_id.data()), plan_->table_id.size());
  out->append(reinterpret_cast<const char*>(key.data), key.size);
  return true;
}

bool HotExecutor::BuildWrite(int64_t token, const HotTime& time, HotWrite* out) {
  const uint32_t now_seconds = time.now_seconds();
  const Resolved* r = Resolve();
  if (r == nullptr || plan_->kind != HotKind::kWrite) return false;
  DecoratedKey key;
  key.token = token;
  if (!PartitionKeyOf(*plan_, *request_, &out->key, &key.key)) return false;
  StoreBE(out->token.data(), token);
  Times times{};
  times.now_seconds = now_seconds;
  if (!TimestampOf(time.timestamp, &times.timestamp) || !TtlOf(now_seconds, &times.ttl, &times.expires_at)) return false;

  out->table = r->table;
  out->row_count = 0;
  out->mutation.bytes.clear();
  out->mutation2.bytes.clear();
  out->paths.clear();
  out->decrements.clear();
  out->entry_count = 0;
  out->view_count = 0;
  out->clustering.clear();
  if (plan_->flags & kHotDeletePartition) {
    RowWrite& row = out->rows[out->row_count++];
    row = RowWrite{};
    row.key = key;
    row.partition_deletion = {times.timestamp, now_seconds};
    row.has_row = false;
    Store::EncodeRow(*out->table, row, &out->mutation);
    return true;
  }

  for (const int32_t slot : plan_->clustering) out->clustering.push_back(Value(slot).bytes);
  const bool whole_clustering = out->clustering.size() == r->descriptor->clustering.size();
  if (!whole_clustering && (!out->clustering.empty() || !r->regulars.empty())) return false;
  if (!MakePart(r->statics, times, out, &out->statics) || !MakePart(r->regulars, times, out, &out->regulars)) return false;

  const auto add_row = [&](const HotRowPart& part) {
    RowWrite& row = out->rows[out->row_count++];
    row = RowWrite{};
    row.key = key;
    row.timestamp = times.timestamp;
    row.deletions = part.deletions;
    row.cells = part.cells;
    return &row;
  };
  if (!out->statics.empty()) add_row(out->statics)->is_static = true;
  const bool insert = (plan_->flags & kHotInsert) != 0;
  const bool delete_row = (plan_->flags & kHotDeleteRow) != 0;
  if (whole_clustering && (insert || delete_row || !out->regulars.empty())) {
    RowWrite* row = add_row(out->regulars);
    row->clustering = out->clustering;
    row->has_liveness = insert;
    if (delete_row) row->deletion = {times.timestamp, now_seconds};
    row->ttl = insert ? times.ttl : kNoTtl;
    row->expires_at = insert ? times.expires_at : kNoDeletionTime;
  }
  // Nothing to write (an UPDATE whose values are all left out) is JavaScript's to say.
  if (out->row_count == 0) return false;
  Store::EncodeRow(*out->table, out->rows[0], &out->mutation);
  if (out->row_count == 2) Store::EncodeRow(*out->table, out->rows[1], &out->mutation2);
  return r->indexes.empty() || AddEntries(*r, times, time.real_micros, out);
}

void HotExecutor::Apply(const HotWrite& write) {
  // Views first: what they get points into the rows of the base as they are before.
  for (size_t i = 0; i < write.view_count; i++) {
    if (write.views[i].shard != shard_) continue;
    store_->ApplyRow(write.views[i].table, write.views[i].row);
    write.views[i].table->writes++;
  }
  for (size_t i = 0; i < write.row_count; i++) store_->ApplyRow(write.table, write.rows[i]);
  write.table->writes++;
  for (size_t i = 0; i < write.entry_count; i++) {
    store_->ApplyRow(write.entries[i].table, write.entries[i].row);
    write.entries[i].table->writes++;
  }
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
