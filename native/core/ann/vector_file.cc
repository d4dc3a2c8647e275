// The parts of a vector index as a file has them: docs/format/vector-graph.md.
#include "vector_index.h"

namespace ferrosa {
namespace {

constexpr uint8_t kNotLinked = 0xff;  // as a level: the vector waited

}  // namespace

bool VectorIndex::Export(uint32_t* from, size_t bytes, std::vector<uint8_t>* out) {
  Writer writer;
  writer.bytes.swap(*out);
  writer.bytes.clear();
  while (*from < rows_.size() && writer.size() < bytes) {
    const uint32_t slot = (*from)++;
    const Row& row = rows_[slot];
    if (!row.live) continue;
    const bool linked = graph_.state(slot) == Graph::State::kLinked;
    writer.LE<uint32_t>(slot);
    writer.LE<int64_t>(row.token);
    writer.LE<int64_t>(row.timestamp);
    writer.LE<int64_t>(row.fingerprint);
    writer.Var(row.id.size());
    writer.Bytes(Slice(row.id));
    writer.Bytes(Slice(reinterpret_cast<const uint8_t*>(graph_.vector(slot)), shape().dimensions * sizeof(float)));
    writer.U8(linked ? static_cast<uint8_t>(graph_.level(slot)) : kNotLinked);
    if (!linked) continue;
    for (int layer = 0; layer <= graph_.level(slot); layer++) {
      const uint32_t* list = graph_.Neighbours(slot, layer);
      writer.Var(list[0]);
      for (uint32_t i = 1; i <= list[0]; i++) writer.LE<uint32_t>(list[i]);
    }
  }
  writer.bytes.swap(*out);
  return !out->empty();
}

bool VectorIndex::ImportSlot(Reader* reader) {
  uint32_t slot;
  int64_t token;
  int64_t timestamp;
  int64_t fingerprint;
  uint64_t id_size;
  Slice id;
  Slice floats;
  uint8_t level;
  const GraphShape& s = shape();
  if (!reader->U32(&slot) || !reader->I64(&token) || !reader->I64(&timestamp) || !reader->I64(&fingerprint) ||
      !reader->Var(&id_size))
    return false;
  if (!reader->Bytes(id_size, &id) || !reader->Bytes(s.dimensions * sizeof(float), &floats) || !reader->U8(&level)) return false;
  prepared_.assign(graph_.padded(), 0);
  std::memcpy(prepared_.data(), floats.data, floats.size);
  const VectorRow row{token, std::string_view(reinterpret_cast<const char*>(id.data), id.size)};
  if (level == kNotLinked) {
    // Its slot is of no importance to anybody.
    imported_waiting_.push_back({std::string(row.id), token, timestamp, fingerprint, prepared_});
    return true;
  }
  if (level > Graph::kLevelMax || slot > rows_.size() + kImportGap) return false;
  std::vector<std::vector<uint32_t>> neighbours(static_cast<size_t>(level) + 1);
  for (auto& list : neighbours) {
    uint64_t n;
    if (!reader->Var(&n) || n > s.connections * 2) return false;
    for (; n > 0; n--)
      if (!reader->U32(&list.emplace_back())) return false;
  }
  if (!graph_.Restore(slot, prepared_.data(), level, neighbours)) return false;
  Place(slot, row, timestamp, fingerprint);
  return true;
}

Status VectorIndex::Import(Slice part) {
  Reader reader(part);
  while (reader.left() > 0)
    if (!ImportSlot(&reader)) return Status::Corrupt("vector graph: malformed");
  return Status::Ok();
}

void VectorIndex::FinishImport(const VectorIndex& since) {
  graph_.FinishRestore();
  for (const Loose& one : imported_waiting_) AddPrepared({one.token, one.id}, one.timestamp, one.fingerprint, one.vector.data());
  imported_waiting_ = {};
  for (uint32_t slot = 0; slot < since.rows_.size(); slot++) {
    const Row& row = since.rows_[slot];
    if (row.live) AddPrepared({row.token, row.id}, row.timestamp, row.fingerprint, since.graph_.vector(slot));
  }
}

}  // namespace ferrosa
