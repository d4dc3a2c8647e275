#include "hot_execute.h"

#include "hash.h"

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
    if (times.timestamp < 0) return false;  // refused
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

}  // namespace ferrosa
