// The parts of a vector index as a file has them: docs/format/vector-graph.md.
#include "vector_index.h"

namespace ferrosa {

bool VectorIndex::Export(uint32_t* from, size_t bytes, std::vector<uint8_t>* out) {
  Writer writer;
  writer.bytes.swap(*out);
  writer.bytes.clear();
  if (*from == 0 && !rows_.empty() && finder_->has_head()) {
    writer.LE<uint32_t>(VectorSlots::kNone);
    finder_->SaveHead(&writer);
  }
  const size_t head = writer.size();
  while (*from < rows_.size() && writer.size() - head < bytes) {
    const uint32_t slot = (*from)++;
    const Row& row = rows_[slot];
    if (!row.live) continue;
    const bool linked = finder_->state(slot) == VectorSlots::State::kLinked;
    writer.LE<uint32_t>(slot);
    writer.LE<int64_t>(row.token);
    writer.LE<int64_t>(row.timestamp);
    writer.LE<int64_t>(row.fingerprint);
    writer.Var(row.id.size());
    writer.Bytes(Slice(row.id));
    writer.Bytes(Slice(reinterpret_cast<const uint8_t*>(finder_->vector(slot)), shape().dimensions * sizeof(float)));
    if (linked) finder_->SaveSlot(slot, &writer);
    else writer.U8(VectorFinder::kNotLinked);
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
  uint8_t first;
  const VectorShape& s = shape();
  if (!reader->U32(&slot)) return false;
  if (slot == VectorSlots::kNone) return finder_->LoadHead(reader);
  if (!reader->I64(&token) || !reader->I64(&timestamp) || !reader->I64(&fingerprint) ||
      !reader->Var(&id_size))
    return false;
  if (!reader->Bytes(id_size, &id) || !reader->Bytes(s.dimensions * sizeof(float), &floats) || !reader->U8(&first)) return false;
  prepared_.assign(finder_->padded(), 0);
  std::memcpy(prepared_.data(), floats.data, floats.size);
  const VectorRow row{token, std::string_view(reinterpret_cast<const char*>(id.data), id.size)};
  if (first == VectorFinder::kNotLinked) {
    // Its slot is of no importance to anybody.
    imported_waiting_.push_back({std::string(row.id), token, timestamp, fingerprint, prepared_});
    return true;
  }
  if (slot > rows_.size() + kImportGap || !finder_->LoadSlot(slot, prepared_.data(), first, reader)) return false;
  Place(slot, row, timestamp, fingerprint);
  return true;
}

Status VectorIndex::Import(Slice part) {
  Reader reader(part);
  while (reader.left() > 0)
    if (!ImportSlot(&reader)) return Status::Corrupt("vector index: malformed");
  return Status::Ok();
}

void VectorIndex::FinishImport(const VectorIndex& since) {
  finder_->FinishLoad();
  for (const Loose& one : imported_waiting_) AddPrepared({one.token, one.id}, one.timestamp, one.fingerprint, one.vector.data());
  imported_waiting_ = {};
  for (uint32_t slot = 0; slot < since.rows_.size(); slot++) {
    const Row& row = since.rows_[slot];
    if (row.live) AddPrepared({row.token, row.id}, row.timestamp, row.fingerprint, since.finder_->vector(slot));
  }
}

}  // namespace ferrosa
