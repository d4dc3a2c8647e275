// Counter increments: read the node's own count, write it anew with a higher clock.
#include <algorithm>

#include "counter.h"
#include "store.h"

namespace ferrosa {
namespace {

void WriteDeletion(DeletionTime d, Writer* out) {
  out->LE<int64_t>(d.marked_for_delete_at);
  out->LE<uint32_t>(d.local_deletion_time);
}

void WriteBound(const Bound& b, Writer* out) {
  out->U8(static_cast<uint8_t>(b.kind));
  WriteClustering(out, b.prefix.data(), b.prefix.size());
}

void WriteVarBytes(Slice s, Writer* out) {
  out->Var(s.size);
  out->Bytes(s);
}

void WriteRowHead(const MutationReader& reader, Writer* out) {
  const MutationRow& row = reader.row();
  out->U8(row.is_static ? kItemStaticRow : kItemRow);
  if (!row.is_static) WriteClustering(out, reader.clustering().data(), reader.clustering().size());
  const bool expiring = !row.liveness.empty() && row.liveness.ttl != kNoTtl;
  out->U8((row.liveness.empty() ? 0 : kRowLiveness) | (expiring ? kRowLivenessTtl : 0) | (row.deletion.live() ? 0 : kRowDeletion));
  if (!row.liveness.empty()) out->LE<int64_t>(row.liveness.timestamp);
  if (expiring) {
    out->LE<uint32_t>(row.liveness.ttl);
    out->LE<uint32_t>(row.liveness.expires_at);
  }
  if (!row.deletion.live()) WriteDeletion(row.deletion, out);
  out->Var(row.operations);
}

void WriteOperation(uint16_t id, const MutationOperation& operation, Writer* out) {
  const Cell& c = operation.cell;
  const bool complex = operation.kind == MutationOperation::kComplexDeletion;
  out->LE<uint16_t>(id);
  out->U8((c.tombstone ? kOperationTombstone : 0) | (c.ttl != kNoTtl ? kOperationTtl : 0) |
          (c.path.is_null() ? 0 : kOperationPath) | (complex ? kOperationComplexDeletion : 0));
  out->LE<int64_t>(c.timestamp);
  if (c.ttl != kNoTtl) out->LE<uint32_t>(c.ttl);
  if (c.ttl != kNoTtl || c.tombstone || complex) out->LE<uint32_t>(c.local_deletion_time);
  if (!c.path.is_null()) WriteVarBytes(c.path, out);
  if (!c.tombstone && !complex) WriteVarBytes(c.value, out);
}

}  // namespace

Status Store::NextCounter(StoreTable* table, const MutationReader& reader, const Cell& cell, std::vector<CounterWrite>* seen,
                          int64_t* clock, int64_t* count, ReadState* state, MissList* misses) {
  const uint64_t delta = LoadBE<uint64_t>(cell.value.data);
  const DescriptorPlan& plan = table->memtable->plan();
  const bool is_static = reader.row().is_static;
  // The same counter twice in one mutation: the second builds on the first. Equal values may have other bytes (1 and 1.0).
  for (CounterWrite& w : *seen) {
    if (w.is_static != is_static || w.column != cell.column) continue;
    if (!is_static && plan.CompareClusterings(w.clustering.data(), reader.clustering().data()) != 0) continue;
    *clock = ++w.clock;
    *count = w.count = static_cast<int64_t>(static_cast<uint64_t>(w.count) + delta);
    return Status::Ok();
  }
  Row row;
  bool found;
  switch (executor_.partitions().ReadRow(table, reader.header().key, is_static, reader.clustering(), &row, &found, nullptr, misses)) {
    case PartitionState::kMiss:
      *state = ReadState::kMiss;
      return Status::Ok();
    case PartitionState::kCorrupt:
      return executor_.partitions().error();
    default:
      break;
  }
  int64_t last_clock = 0;
  int64_t last_count = 0;
  const uint16_t id = table->memtable->descriptor()->columns[cell.column].id;
  const int index = table->plan->IndexOf(id);
  if (found)
    for (const Cell& current : row.cells)
      if (current.column == index && !current.tombstone)
        FindCounterShard(current.value, counter_id_.data(), &last_clock, &last_count);
  *clock = last_clock + 1;
  *count = static_cast<int64_t>(static_cast<uint64_t>(last_count) + delta);
  seen->push_back({is_static, reader.clustering(), cell.column, *clock, *count});
  return Status::Ok();
}

Status Store::RewriteCounters(StoreTable* table, MutationReader* reader, Writer* out, ReadState* state, MissList* misses) {
  std::vector<CounterWrite> seen;
  const TableDescriptor& descriptor = *table->memtable->descriptor();
  for (;;) {
    const MutationReader::Item item = reader->NextItem();
    if (item == MutationReader::Item::kEnd || item == MutationReader::Item::kBad) return Status::Ok();
    if (item == MutationReader::Item::kRangeTombstone) {
      out->U8(kItemRangeTombstone);
      WriteBound(reader->start(), out);
      WriteBound(reader->end(), out);
      WriteDeletion(reader->deletion(), out);
      continue;
    }
    WriteRowHead(*reader, out);
    for (uint64_t i = 0; i < reader->row().operations; i++) {
      MutationOperation operation;
      if (!reader->NextOperation(&operation)) return Status::Corrupt("mutation: bad operation");
      Writer context;
      if (operation.cell.column == kUnknownColumn) return Status::Invalid("a counter write names an unknown column");
      if (operation.kind == MutationOperation::kCounterDelta) {
        int64_t clock = 0, count = 0;
        RETURN_IF_ERROR(NextCounter(table, *reader, operation.cell, &seen, &clock, &count, state, misses));
        WriteCounterContext(counter_id_.data(), clock, count, &context);
        operation.kind = MutationOperation::kCell;
        operation.cell.value = Slice(context.bytes);
      }
      WriteOperation(descriptor.columns[operation.cell.column].id, operation, out);
    }
  }
}

Status Store::PrepareCounter(Slice mutation, std::vector<uint8_t>* out, MissList* misses, ReadState* state) {
  MutationHeader header;
  StoreTable* table;
  *state = ReadState::kDone;
  RETURN_IF_ERROR(Locate(mutation, &header, &table));
  MutationReader reader(table->memtable->plan(), header);
  bool has_counters;
  RETURN_IF_ERROR(reader.Check(&has_counters));
  Writer rewritten;
  rewritten.Bytes(Slice(mutation.data, static_cast<size_t>(header.items.data - mutation.data)));
  RETURN_IF_ERROR(RewriteCounters(table, &reader, &rewritten, state, misses));
  if (*state == ReadState::kDone) out->swap(rewritten.bytes);
  return Status::Ok();
}

}  // namespace ferrosa
