// Tables, writes and reads of a shard. Counters are in store_counters.cc.
#include "store.h"

#include <algorithm>

namespace ferrosa {
namespace {

Status UnknownTable() { return Status::Invalid("unknown table"); }

}  // namespace

StoreTable* Store::Find(const TableId& id) {
  const auto it = tables_.find(id);
  return it == tables_.end() ? nullptr : it->second.get();
}

StoreTable* Store::FindByName(std::string_view keyspace, std::string_view name) {
  for (const auto& [id, table] : tables_)
    if (table->descriptor->keyspace == keyspace && table->descriptor->name == name) return table.get();
  return nullptr;
}

void Store::RenewMemtable(StoreTable* table) {
  table->memtable = std::make_shared<Memtable>(table->plan);
  table->memtable_source = std::make_shared<MemtableSource>(table->memtable, table->descriptor);
}

uint32_t Store::SetTable(const DescriptorPtr& descriptor) {
  std::unique_ptr<StoreTable>& slot = tables_[descriptor->id];
  if (slot == nullptr) slot = std::make_unique<StoreTable>();
  StoreTable* table = slot.get();
  const bool is_new = table->memtable == nullptr;
  uint32_t frozen = 0;
  // Two ways lead here (ring and messages of the thread): what was overtaken changes nothing.
  if (!is_new && descriptor->version < table->descriptor->version) return 0;
  const bool same = !is_new && SameColumns(*table->memtable->descriptor(), *descriptor);
  if (!is_new && !same) {
    const std::shared_ptr<FrozenMemtable> f = Freeze(descriptor->id);
    if (f != nullptr) frozen = f->number();
  }
  table->descriptor = descriptor;
  table->plan = std::make_shared<DescriptorPlan>(descriptor);
  if (is_new || (!same && table->memtable->empty())) RenewMemtable(table);
  else table->memtable_source->SetDescriptor(descriptor);
  for (StoreTable::Frozen& f : table->frozen) f.source->SetDescriptor(descriptor);
  SetVectors(table);
  for (const auto& source : table->sources) source->SetDescriptor(descriptor);
  return frozen;
}

void Store::DropTable(const TableId& id) {
  const StoreTable* table = Find(id);
  if (table == nullptr) return;
  for (const StoreTable::Frozen& f : table->frozen) ReleaseFrozen(f.memtable->number());
  if (last_table_ == table) last_table_ = nullptr;
  std::erase(vector_tables_, table);
  tables_.erase(id);
}

Status Store::Locate(Slice mutation, MutationHeader* header, StoreTable** table) {
  RETURN_IF_ERROR(ReadMutationHeader(mutation, header));
  *table = Find(header->table_id.data);
  return *table == nullptr ? UnknownTable() : Status::Ok();
}

Status Store::Check(Slice mutation, bool* has_counters) {
  MutationHeader header;
  StoreTable* table;
  RETURN_IF_ERROR(Locate(mutation, &header, &table));
  if (!table->vectors.empty()) RETURN_IF_ERROR(CheckVectors(*table, header));
  return MutationReader(*table->plan, header).Check(has_counters);
}

Status Store::Apply(Slice mutation) {
  MutationHeader header;
  StoreTable* table;
  RETURN_IF_ERROR(Locate(mutation, &header, &table));
  bool has_counters;
  // The memtable's plan: its column indexes are what cells are stored with.
  const MutationReader reader(table->memtable->plan(), header);
  RETURN_IF_ERROR(reader.Check(&has_counters));
  if (has_counters) return Status::Invalid("a counter increment has to be turned into a context first");
  if (table->passing.empty() || !EndPassing(table, header)) table->memtable->Apply(reader);
  if (!table->vectors.empty()) ApplyVectors(table, header);
  table->writes++;
  last_table_ = table;
  return Status::Ok();
}

void Store::ApplyRow(StoreTable* table, const RowWrite& write) {
  Memtable& memtable = *table->memtable;
  MemPartition* partition = memtable.Upsert(write.key);
  if (!write.partition_deletion.live()) memtable.ApplyPartitionDeletion(partition, write.partition_deletion);
  if (!write.has_row) return;
  MemRow* row = write.is_static ? memtable.UpsertStaticRow(partition)
                                : memtable.UpsertRow(partition, write.clustering.data(), write.clustering.size());
  if (!write.deletion.live()) memtable.ApplyRowDeletion(row, write.deletion);
  if (write.has_liveness) memtable.ApplyLiveness(row, {write.timestamp, write.ttl, write.expires_at});
  for (const ColumnDeletion& d : write.deletions) memtable.ApplyComplexDeletion(row, d.column, d.time);
  memtable.Expect(row, write.cells.size());
  for (const CellWrite& c : write.cells) {
    Cell cell;
    cell.column = c.column;
    cell.tombstone = c.tombstone;
    cell.timestamp = write.timestamp;
    cell.ttl = c.ttl;
    cell.local_deletion_time = c.local_deletion_time;
    cell.path = c.path;
    cell.value = c.value;
    memtable.ApplyCell(row, cell);
  }
}

void Store::EncodeRow(const StoreTable& table, const RowWrite& write, Writer* out) {
  const bool deletes_partition = !write.partition_deletion.live();
  out->U8(kMutationFormat);
  out->U8(deletes_partition ? kMutationHasPartitionDeletion : 0);
  out->Bytes(Slice(table.descriptor->id.data(), 16));
  out->LE<int64_t>(write.key.token);
  out->LE<uint16_t>(static_cast<uint16_t>(write.key.key.size));
  out->Bytes(write.key.key);
  if (deletes_partition) {
    out->LE<int64_t>(write.partition_deletion.marked_for_delete_at);
    out->LE<uint32_t>(write.partition_deletion.local_deletion_time);
  }
  if (!write.has_row) return;
  const bool deletes_row = !write.deletion.live();
  out->U8(write.is_static ? kItemStaticRow : kItemRow);
  if (!write.is_static) WriteClustering(out, write.clustering.data(), write.clustering.size());
  const bool expiring = write.has_liveness && write.ttl != kNoTtl;
  out->U8((write.has_liveness ? kRowLiveness : 0) | (expiring ? kRowLivenessTtl : 0) | (deletes_row ? kRowDeletion : 0));
  if (write.has_liveness) out->LE<int64_t>(write.timestamp);
  if (expiring) {
    out->LE<uint32_t>(write.ttl);
    out->LE<uint32_t>(write.expires_at);
  }
  if (deletes_row) {
    out->LE<int64_t>(write.deletion.marked_for_delete_at);
    out->LE<uint32_t>(write.deletion.local_deletion_time);
  }
  out->Var(write.deletions.size() + write.cells.size());
  for (const ColumnDeletion& d : write.deletions) {
    out->LE<uint16_t>(table.descriptor->columns[d.column].id);
    out->U8(kOperationComplexDeletion);
    out->LE<int64_t>(d.time.marked_for_delete_at);
    out->LE<uint32_t>(d.time.local_deletion_time);
  }
  for (const CellWrite& c : write.cells) {
    out->LE<uint16_t>(table.descriptor->columns[c.column].id);
    out->U8((c.tombstone ? kOperationTombstone : 0) | (c.ttl != kNoTtl ? kOperationTtl : 0) |
            (c.path.is_null() ? 0 : kOperationPath) | (c.delta ? kOperationCounterDelta : 0));
    out->LE<int64_t>(write.timestamp);
    if (c.ttl != kNoTtl) out->LE<uint32_t>(c.ttl);
    if (c.ttl != kNoTtl || c.tombstone) out->LE<uint32_t>(c.local_deletion_time);
    if (!c.path.is_null()) {
      out->Var(c.path.size);
      out->Bytes(c.path);
    }
    if (c.tombstone) continue;
    out->Var(c.value.size);
    out->Bytes(c.value);
  }
}

Status Store::Read(ReadOperation* operation, uint32_t budget, ReadState* state, MissList* misses) {
  const Slice id = ReadCommandTableId(operation->command_bytes());
  if (id.is_null()) return Status::Invalid("read command: cut short");
  StoreTable* table = Find(id.data);
  if (table == nullptr) return UnknownTable();
  if (!table->passing.empty()) SettlePassing(table);
  RETURN_IF_ERROR(executor_.Run(table, operation, budget, state, misses));
  if (*state == ReadState::kDone) table->reads++;
  last_table_ = table;
  return Status::Ok();
}

Status Store::ReadPartition(StoreTable* table, const HotRead& read, Writer* out, HotReadResult* result, ReadState* state,
                            MissList* misses) {
  constexpr uint32_t kBudget = 2048;
  if (!table->passing.empty()) SettlePassing(table);
  PartitionQuery query;
  hot_slice_.start.kind = read.start.kind;
  hot_slice_.end.kind = read.end.kind;
  if (read.has_slice) {
    hot_slice_.start.prefix.assign(read.start.prefix.begin(), read.start.prefix.end());
    hot_slice_.end.prefix.assign(read.end.prefix.begin(), read.end.prefix.end());
    query.slices = std::span<const SliceBounds>(&hot_slice_, 1);
  }
  query.key = read.key;
  query.reversed = read.reversed;
  query.unrestricted = read.unrestricted;
  query.now_seconds = read.now_seconds;
  query.columns = read.columns;
  query.fold = read.fold;
  query.rows_max = read.row_limit;
  query.partition_max = std::min(read.per_partition_limit, read.row_limit);
  const size_t start = out->size();
  query.bytes_max = read.bytes_limit == UINT32_MAX ? SIZE_MAX : start + read.bytes_limit;
  hot_progress_.Clear();
  uint32_t budget = kBudget;
  uint32_t rows = 0;
  const PartitionState done = executor_.partitions().Read(table, query, &hot_progress_, &budget, &rows, out, misses);
  result->rows = rows;
  result->tombstones = hot_progress_.tombstones;
  result->sources = hot_progress_.sources;
  result->more = done == PartitionState::kLimit || (rows > 0 && rows >= read.row_limit);
  if (done == PartitionState::kDone || done == PartitionState::kLimit) {
    *state = ReadState::kDone;
    table->reads++;
    return Status::Ok();
  }
  out->bytes.resize(start);
  *state = done == PartitionState::kYield ? ReadState::kYield : ReadState::kMiss;
  return done == PartitionState::kCorrupt ? executor_.partitions().error() : Status::Ok();
}

PartitionState Store::ReadRow(StoreTable* table, const DecoratedKey& key, std::span<const Slice> clustering, Row* out, bool* found,
                              DeletionTime* covering, MissList* misses) {
  if (!table->passing.empty()) SettlePassing(table);
  return executor_.partitions().ReadRow(table, key, false, clustering, out, found, covering, misses);
}

std::shared_ptr<FrozenMemtable> Store::Freeze(const TableId& id) {
  StoreTable* table = Find(id);
  if (table == nullptr) return nullptr;
  SettlePassing(table);
  if (table->memtable->empty()) return nullptr;
  StoreTable::Frozen frozen;
  frozen.memtable = RegisterFrozen(table->memtable);
  frozen.source = frozen.memtable->OpenSource(table->descriptor);
  table->frozen.insert(table->frozen.begin(), frozen);
  RenewMemtable(table);
  return frozen.memtable;
}

Status Store::AddSource(const TableId& id, std::shared_ptr<Source> source) {
  std::vector<std::shared_ptr<Source>> add;
  add.push_back(std::move(source));
  return ReplaceSources(id, {}, {}, std::move(add));
}

Status Store::ReplaceSources(const TableId& id, std::span<const uint32_t> remove_frozen,
                             std::span<const Source* const> remove, std::vector<std::shared_ptr<Source>> add) {
  StoreTable* table = Find(id);
  if (table == nullptr) return UnknownTable();
  const auto has = [](const auto& list, const auto& item) { return std::find(list.begin(), list.end(), item) != list.end(); };
  for (const uint32_t number : remove_frozen) ReleaseFrozen(number);
  std::erase_if(table->frozen, [&](const StoreTable::Frozen& f) { return has(remove_frozen, f.memtable->number()); });
  std::erase_if(table->sources, [&](const std::shared_ptr<Source>& s) { return has(remove, s.get()); });
  for (std::shared_ptr<Source>& source : add) {
    source->SetDescriptor(table->descriptor);
    table->sources.push_back(std::move(source));
  }
  // Newest first: a read of one row may stop early.
  std::stable_sort(table->sources.begin(), table->sources.end(),
                   [](const auto& a, const auto& b) { return a->max_timestamp() > b->max_timestamp(); });
  return Status::Ok();
}

Status Store::Truncate(const TableId& id) {
  StoreTable* table = Find(id);
  if (table == nullptr) return UnknownTable();
  for (const StoreTable::Frozen& f : table->frozen) ReleaseFrozen(f.memtable->number());
  table->frozen.clear();
  table->sources.clear();
  table->passing.clear();
  table->passing_bytes = 0;
  RenewMemtable(table);
  for (StoreTable::VectorColumn& column : table->vectors) {
    column.index = std::make_unique<VectorIndex>(column.index->shape(), LoadLE<uint64_t>(column.descriptor.id.data()));
    column.loading = nullptr;
  }
  return Status::Ok();
}

Store::MemtableBytes Store::CountMemtables() const {
  MemtableBytes bytes;
  for (const auto& [id, table] : tables_) {
    bytes.growing += table->memtable->arena_bytes() + table->passing_bytes;
    for (const StoreTable::Frozen& frozen : table->frozen) bytes.frozen += frozen.memtable->memtable().arena_bytes();
  }
  return bytes;
}

Status Store::Stats(const TableId& id, TableStats* out) {
  const StoreTable* table = Find(id);
  if (table == nullptr) return UnknownTable();
  *out = {};
  out->memtable_bytes = table->memtable->arena_bytes() + table->passing_bytes;
  out->memtable_data_bytes = table->memtable->stats().data_bytes + table->passing_bytes;
  out->memtable_partitions = table->memtable->stats().partitions + table->passing.size();
  out->min_timestamp = table->memtable->stats().min_timestamp;
  for (const StoreTable::Frozen& f : table->frozen) {
    out->frozen_bytes += f.memtable->memtable().arena_bytes();
    out->min_timestamp = std::min(out->min_timestamp, f.memtable->stats().min_timestamp);
  }
  out->frozen = static_cast<uint32_t>(table->frozen.size());
  out->sources = static_cast<uint32_t>(table->sources.size());
  out->reads = table->reads;
  out->writes = table->writes;
  if (const TableFigures* figures = table->figures.Peek(); figures != nullptr) {
    out->read_nanos = figures->read.sum() + figures->scan.sum();
    out->write_nanos = figures->write.sum();
  }
  return Status::Ok();
}

}  // namespace ferrosa
