// The vector indexes of a store: what mutations do to them, searches, and their upkeep.
#include <algorithm>
#include <cmath>

#include "store.h"

namespace ferrosa {
namespace {

using Of = VectorIndexDescriptor::Of;

constexpr uint32_t kCountEvery = 64;  // writes, or works, between two counts of bytes
constexpr size_t kSearchBytes = 16 + 16 + 4 + 4 + 1 + 8 + 8 + 2;

// Ids of rows as positions have them.
void RowId(const DecoratedKey& key, const ClusteringValues* clustering, Writer* out) {
  out->bytes.clear();
  out->LE<uint16_t>(static_cast<uint16_t>(key.key.size));
  out->Bytes(key.key);
  out->U8(clustering == nullptr ? 0 : 1);
  if (clustering != nullptr) WriteClustering(out, clustering->data(), clustering->size());
}

VectorRow RowOf(int64_t token, const Writer& id) {
  return {token, std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size())};
}

bool KeyComponent(const TableDescriptor& table, Slice key, uint16_t position, Slice* out) {
  if (table.partition_key.size() == 1) {
    *out = key;
    return true;
  }
  size_t at = 0;
  for (uint16_t i = 0;; i++) {
    if (at + 2 > key.size) return false;
    const size_t n = LoadBE<uint16_t>(key.data + at);
    if (at + 2 + n > key.size) return false;
    if (i == position) {
      *out = Slice(key.data + at + 2, n);
      return true;
    }
    at += 3 + n;
  }
}

bool OfRows(Of of) { return of == Of::kRegular || of == Of::kClustering; }

// What one row of a mutation does to one index. The operations of the row have been read.
struct RowChange {
  const MutationReader& reader;
  const std::vector<MutationOperation>& operations;
  const DescriptorPlan& plan;
};

// The last timestamp of what makes a row exist; INT64_MIN when nothing of the mutation does.
int64_t LifeOf(const RowChange& change) {
  int64_t last = change.reader.row().liveness.timestamp == kNoTimestamp ? INT64_MIN : change.reader.row().liveness.timestamp;
  for (const MutationOperation& o : change.operations)
    if (o.kind == MutationOperation::kCell && !o.cell.tombstone) last = std::max(last, o.cell.timestamp);
  return last;
}

void ChangeOfColumn(const VectorIndexDescriptor& d, VectorIndex* index, const VectorRow& row, const RowChange& change) {
  for (const MutationOperation& o : change.operations) {
    if (o.kind != MutationOperation::kCell || o.cell.column == kUnknownColumn) continue;
    if (change.plan.descriptor->columns[o.cell.column].id != d.column) continue;
    // A value that cannot be compared (in a log of earlier days) is no vector, but it replaces one.
    if (o.cell.tombstone || !index->Add(row, o.cell.timestamp, o.cell.value)) index->Delete(row, o.cell.timestamp);
  }
}

}  // namespace

Status VectorQuery::Parse(Slice bytes, VectorQuery* out) {
  Reader r(bytes);
  uint8_t flags = 0;
  uint16_t key_bytes = 0;
  if (bytes.size < kSearchBytes) return Status::Invalid("vector search: too short");
  r.Bytes(16, &out->table);
  r.Bytes(16, &out->index);
  r.U32(&out->count);
  r.U32(&out->beam);
  r.U8(&flags);
  r.I64(&out->scope.start);
  r.I64(&out->scope.end);
  r.U16(&key_bytes);
  Slice key;
  if (!r.Bytes(key_bytes, &key) || !r.Bytes(r.left(), &out->vector)) return Status::Invalid("vector search: cut short");
  out->scope.all = (flags & 1) == 0;
  out->scope.key = (flags & 2) != 0 ? key : Slice();
  return Status::Ok();
}

void Store::SetVectors(StoreTable* table) {
  std::vector<StoreTable::VectorColumn> columns;
  for (const VectorIndexDescriptor& d : table->descriptor->vector_indexes) {
    const auto known = std::find_if(table->vectors.begin(), table->vectors.end(),
                                    [&](const StoreTable::VectorColumn& c) { return c.descriptor.id == d.id; });
    StoreTable::VectorColumn& column = columns.emplace_back();
    if (known != table->vectors.end()) column = std::move(*known);
    column.descriptor = d;
    const VectorShape shape{d.dimensions,  static_cast<Similarity>(d.similarity), d.connections, d.beam,
                            static_cast<VectorMethod>(d.method), d.lists};
    if (column.index == nullptr) column.index = std::make_unique<VectorIndex>(shape, LoadLE<uint64_t>(d.id.data()));
  }
  table->vectors = std::move(columns);
  std::erase(vector_tables_, table);
  if (!table->vectors.empty()) vector_tables_.push_back(table);
  CountVectorBytes();
}

StoreTable::VectorColumn* Store::FindVectors(const uint8_t* table, const uint8_t* index) {
  StoreTable* found = Find(table);
  if (found == nullptr) return nullptr;
  for (StoreTable::VectorColumn& column : found->vectors)
    if (std::memcmp(column.descriptor.id.data(), index, 16) == 0) return &column;
  return nullptr;
}

void Store::CountVectorBytes() {
  vector_bytes_ = 0;
  for (const StoreTable* table : vector_tables_)
    for (const StoreTable::VectorColumn& column : table->vectors)
      vector_bytes_ += column.index->bytes() + (column.loading == nullptr ? 0 : column.loading->bytes());
}

void Store::NoteVectorWork() {
  if (++vector_works_ % kCountEvery == 0) CountVectorBytes();
}

// Only what brings a vector is refused: deletes make room.
Status Store::CheckVectors(const StoreTable& table, const MutationHeader& header) {
  if (vector_bytes_max_ == 0 || vector_bytes_ <= vector_bytes_max_) return Status::Ok();
  MutationReader reader(*table.plan, header);
  MutationOperation operation;
  for (;;) {
    const MutationReader::Item item = reader.NextItem();
    if (item == MutationReader::Item::kEnd || item == MutationReader::Item::kBad) return Status::Ok();
    if (item != MutationReader::Item::kRow) continue;
    for (uint64_t i = 0; i < reader.row().operations; i++) {
      if (!reader.NextOperation(&operation)) return Status::Ok();
      if (operation.kind != MutationOperation::kCell || operation.cell.tombstone || operation.cell.column == kUnknownColumn) continue;
      const uint16_t id = table.plan->descriptor->columns[operation.cell.column].id;
      for (const StoreTable::VectorColumn& column : table.vectors)
        if (!OfRows(column.descriptor.of) || column.descriptor.of == Of::kClustering || column.descriptor.column == id)
          return Status::Overloaded("the memory for vector indexes is used up (vector_index_memory)");
    }
  }
}

void Store::ApplyVectors(StoreTable* table, const MutationHeader& header) {
  const DescriptorPlan& plan = table->memtable->plan();
  const DecoratedKey& key = header.key;
  Writer id;
  NoteVectorWork();
  if (!header.partition_deletion.live())
    for (StoreTable::VectorColumn& column : table->vectors) {
      const int64_t at = header.partition_deletion.marked_for_delete_at;
      if (OfRows(column.descriptor.of) && !table->descriptor->clustering.empty()) {
        column.index->DeletePartition(key.token, key.key, at);
        continue;
      }
      const ClusteringValues none;
      RowId(key, OfRows(column.descriptor.of) ? &none : nullptr, &id);
      column.index->Delete(RowOf(key.token, id), at);
    }
  MutationReader reader(plan, header);
  std::vector<MutationOperation> operations;
  for (;;) {
    const MutationReader::Item item = reader.NextItem();
    if (item == MutationReader::Item::kEnd || item == MutationReader::Item::kBad) return;
    if (item != MutationReader::Item::kRow) continue;  // of what a range deletes, readers find out
    operations.resize(reader.row().operations);
    for (MutationOperation& operation : operations)
      if (!reader.NextOperation(&operation)) return;
    const RowChange change{reader, operations, plan};
    const bool is_static = reader.row().is_static;
    for (StoreTable::VectorColumn& column : table->vectors) {
      const VectorIndexDescriptor& d = column.descriptor;
      if (d.of != Of::kPartitionKey && (d.of == Of::kStatic) != is_static) continue;
      RowId(key, OfRows(d.of) ? &reader.clustering() : nullptr, &id);
      const VectorRow row = RowOf(key.token, id);
      const DeletionTime& deletion = reader.row().deletion;
      if (!deletion.live() && d.of != Of::kPartitionKey) column.index->Delete(row, deletion.marked_for_delete_at);
      if (d.of == Of::kRegular || d.of == Of::kStatic) {
        ChangeOfColumn(d, column.index.get(), row, change);
        continue;
      }
      const int64_t life = LifeOf(change);
      Slice value;
      if (life == INT64_MIN) continue;
      if (d.of == Of::kClustering) value = reader.clustering()[d.column];
      else if (!KeyComponent(*table->descriptor, key.key, d.column, &value)) continue;
      column.index->Add(row, life, value);
    }
  }
}

Status Store::SearchVectors(const VectorQuery& query, size_t budget, VectorSearch* search, bool* done, Writer* out) {
  const StoreTable::VectorColumn* column = FindVectors(query.table.data, query.index.data);
  if (column == nullptr) return Status::Invalid("vector search: unknown index");
  if (search->index() != column->index.get() &&
      !column->index->Begin(query.vector, query.count, query.beam, query.scope, search))
    return Status::Invalid("vector search: the vector cannot be compared");
  *done = column->index->Continue(search, budget);
  if (!*done) return Status::Ok();
  out->U8(search->all() ? 1 : 0);
  out->LE<uint32_t>(static_cast<uint32_t>(search->hits().size()));
  for (const VectorHit& hit : search->hits()) {
    const VectorRow row = column->index->row(hit.slot);
    const Slice id{reinterpret_cast<const uint8_t*>(row.id.data()), row.id.size()};
    out->LE<float>(column->index->Score(hit.distance));
    out->LE<uint32_t>(hit.slot);
    out->LE<uint64_t>(hit.stamp);
    out->LE<int64_t>(hit.fingerprint);
    // A position has the token behind the key.
    const size_t key_end = 2 + LoadLE<uint16_t>(id.data);
    out->LE<uint32_t>(static_cast<uint32_t>(id.size + 8 + 4));
    out->Bytes(Slice(id.data, key_end));
    out->LE<int64_t>(row.token);
    out->Bytes(Slice(id.data + key_end, id.size - key_end));
    out->LE<uint32_t>(0);
  }
  return Status::Ok();
}

Status Store::AddVectors(Slice rows) {
  Reader r(rows);
  Slice table;
  Slice index;
  if (!r.Bytes(16, &table) || !r.Bytes(16, &index)) return Status::Invalid("vector rows: too short");
  StoreTable::VectorColumn* column = FindVectors(table.data, index.data);
  if (column == nullptr) return Status::Invalid("vector rows: unknown index");
  while (r.left() > 0) {
    NoteVectorWork();
    int64_t token;
    int64_t timestamp;
    uint32_t id_bytes;
    uint32_t value_bytes;
    Slice id;
    Slice value;
    if (!r.I64(&token) || !r.I64(&timestamp) || !r.U32(&id_bytes) || !r.Bytes(id_bytes, &id) || !r.U32(&value_bytes) ||
        !r.Bytes(value_bytes, &value) || id.size < 3 || id.size < size_t{3} + LoadLE<uint16_t>(id.data))
      return Status::Invalid("vector rows: malformed");
    column->index->Add({token, std::string_view(reinterpret_cast<const char*>(id.data), id.size)}, timestamp, value);
  }
  return Status::Ok();
}

Status Store::ForgetVectors(Slice claims) {
  Reader r(claims);
  Slice table;
  Slice index;
  if (!r.Bytes(16, &table) || !r.Bytes(16, &index)) return Status::Invalid("vector claims: too short");
  StoreTable::VectorColumn* column = FindVectors(table.data, index.data);
  uint32_t slot;
  uint64_t stamp;
  if (column != nullptr)
    while (r.U32(&slot) && r.U64(&stamp)) column->index->Forget(slot, stamp);
  return Status::Ok();
}

bool Store::VectorWork() {
  bool more = false;
  for (StoreTable* table : vector_tables_)
    for (StoreTable::VectorColumn& column : table->vectors)
      if (column.index->has_work()) more = column.index->Work() || more;
  if (more) NoteVectorWork();
  return more;
}

bool Store::has_vector_work() const {
  for (const StoreTable* table : vector_tables_)
    for (const StoreTable::VectorColumn& column : table->vectors)
      if (column.index->has_work()) return true;
  return false;
}

size_t Store::waiting_vectors() const {
  size_t most = 0;
  for (const StoreTable* table : vector_tables_)
    for (const StoreTable::VectorColumn& column : table->vectors) most = std::max(most, column.index->waiting());
  return most;
}

}  // namespace ferrosa
