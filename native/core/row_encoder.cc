#include "row_encoder.h"

#include <algorithm>

#include "counter.h"
#include "mutation.h"

namespace ferrosa {
namespace {

void PutNull(Writer* out) { out->BE<uint32_t>(0xffffffffu); }

void PutBytes(Slice s, Writer* out) {
  if (s.is_null()) {
    PutNull(out);
    return;
  }
  const size_t at = out->bytes.size();
  out->bytes.resize(at + 4 + s.size);
  StoreBE(out->bytes.data() + at, static_cast<uint32_t>(s.size));
  if (s.size > 0) std::memcpy(out->bytes.data() + at + 4, s.data, s.size);
}

// A length that is known only after what it measures.
class Sized {
 public:
  explicit Sized(Writer* out) : out_(out), at_(out->size()) { out->BE<uint32_t>(0); }
  ~Sized() { StoreBE(out_->bytes.data() + at_, static_cast<uint32_t>(out_->size() - at_ - 4)); }

 private:
  Writer* out_;
  size_t at_;
};

void SplitKey(const TableDescriptor& table, Slice key, std::vector<Slice>* out) {
  out->clear();
  if (table.partition_key.size() == 1) {
    out->push_back(key);
    return;
  }
  // CompositeType: u16 length, bytes, end-of-component byte, each.
  size_t at = 0;
  for (size_t i = 0; i < table.partition_key.size(); i++) {
    if (key.size - at < 2) {
      out->push_back(Slice());
      continue;
    }
    const size_t n = LoadBE<uint16_t>(key.data + at);
    if (n > key.size - at - 2) {
      out->push_back(Slice());
      at = key.size;
      continue;
    }
    out->push_back(Slice(key.data + at + 2, n));
    at = std::min(key.size, at + 2 + n + 1);
  }
}

// Seconds until the cell expires, for ttl().
uint32_t RemainingTtl(const Cell& cell, uint32_t now) { return cell.local_deletion_time - now; }

}  // namespace

bool RowIsLive(const DescriptorPlan& plan, const Row& row, uint32_t now, uint32_t* tombstones) {
  bool live = row.liveness.LiveAt(now);
  uint32_t dead = 0;
  for (const Cell& cell : row.cells) {
    if (!cell.LiveAt(now)) dead++;
    else if (!live && !plan.descriptor->columns[cell.column].dropped) live = true;
  }
  const bool ended = !row.deletion.live() || !row.complex_deletions.empty() || !row.liveness.empty();
  *tombstones += !live && dead == 0 && ended ? 1 : dead;
  return live;
}

uint32_t RowExpiry(const DescriptorPlan& plan, const Row& row, uint32_t now) {
  uint32_t latest = 0;
  const auto add = [&](bool live, uint32_t ttl, uint32_t expires_at) {
    if (live) latest = std::max(latest, ttl == kNoTtl ? kNoDeletionTime : expires_at);
  };
  add(row.liveness.LiveAt(now), row.liveness.ttl, row.liveness.expires_at);
  for (const Cell& cell : row.cells)
    if (!plan.descriptor->columns[cell.column].dropped) add(cell.LiveAt(now), cell.ttl, cell.local_deletion_time);
  return latest;
}

void RowEncoder::Begin(const DescriptorPlan& plan, std::span<const SelectedColumn> columns, const DecoratedKey& key,
                       uint32_t now_seconds) {
  plan_ = &plan;
  columns_ = columns;
  key_ = key;
  now_ = now_seconds;
  components_.clear();
  for (const SelectedColumn& c : columns)
    if (c.what == SelectedKind::kPartitionKey) {
      SplitKey(*plan.descriptor, key.key, &components_);
      break;
    }
  first_.assign(plan.descriptor->columns.size(), nullptr);
}

void RowEncoder::Index(const Row& row) {
  int last = -1;
  for (const Cell& cell : row.cells) {
    if (cell.column == last) continue;
    last = cell.column;
    first_[cell.column] = &cell;
    touched_.push_back(cell.column);
  }
}

const Cell* RowEncoder::EndOf(uint16_t column) const {
  return plan_->descriptor->columns[column].is_static ? static_end_ : row_end_;
}

void RowEncoder::Encode(const Row* row, const Row* statics, Writer* out) {
  if (row != nullptr) {
    Index(*row);
    row_end_ = row->cells.data() + row->cells.size();
  }
  if (statics != nullptr) {
    Index(*statics);
    static_end_ = statics->cells.data() + statics->cells.size();
  }
  for (const SelectedColumn& c : columns_) {
    switch (c.what) {
      case SelectedKind::kPartitionKey:
        PutBytes(components_[c.which], out);
        break;
      case SelectedKind::kClustering:
        PutBytes(row == nullptr ? Slice() : row->clustering[c.which], out);
        break;
      case SelectedKind::kToken:
        out->BE<uint32_t>(8);
        out->BE<uint64_t>(static_cast<uint64_t>(key_.token));
        break;
      case SelectedKind::kValue:
        Value(c.which, out);
        break;
      case SelectedKind::kPaths:
        Paths(c.which, out);
        break;
      case SelectedKind::kExpiry:
        Expiry(row, out);
        break;
      default:
        Times(c.what, c.which, out);
    }
  }
  for (const uint16_t column : touched_) first_[column] = nullptr;
  touched_.clear();
}

bool RowEncoder::BeginMemRows() {
  parts_.assign(columns_.size(), Slice());
  cell_parts_.clear();
  clustering_parts_.clear();
  size_t clusterings = 0;
  for (size_t i = 0; i < columns_.size(); i++) {
    const SelectedColumn& c = columns_[i];
    switch (c.what) {
      case SelectedKind::kPartitionKey:
        parts_[i] = components_[c.which];
        break;
      case SelectedKind::kClustering:
        clustering_parts_.push_back({i, c.which});
        clusterings = std::max(clusterings, size_t{c.which} + 1);
        break;
      case SelectedKind::kToken:
        StoreBE(token_.data(), static_cast<uint64_t>(key_.token));
        parts_[i] = Slice(token_.data(), token_.size());
        break;
      case SelectedKind::kValue: {
        if (c.which == kUnknownColumn) break;
        const Column& column = plan_->descriptor->columns[c.which];
        if (column.multicell || column.counter || column.is_static) return false;
        cell_parts_.push_back({i, {c.which, 0}});
        break;
      }
      default:
        return false;
    }
  }
  clustering_.resize(clusterings);
  return true;
}

bool RowEncoder::EncodeMemRow(const MemRow& row, uint32_t* tombstones, Writer* out) {
  MemCell* const* cells = row.cells();
  // Most rows: nothing but live cells.
  const bool whole = row.extra == nullptr && !row.torn;
  bool live = row.extra == nullptr ? row.liveness_timestamp != kNoTimestamp : row.liveness().LiveAt(now_);
  if (whole) {
    live |= row.count > 0;
  } else {
    uint32_t dead = 0;
    for (uint32_t i = 0; i < row.count; i++) {
      if (cells[i]->LiveAt(now_)) live = true;
      else dead++;
    }
    *tombstones += Tombstones(row, live, dead);
  }
  if (!live) return false;
  row.ReadClustering(clustering_.size(), clustering_.data());
  for (const auto& [part, which] : clustering_parts_) parts_[part] = clustering_[which];
  for (PartOfCell& c : cell_parts_) {
    const MemCell* cell = c.place.Find(cells, row.count);
    parts_[c.part] = cell != nullptr && (whole || cell->LiveAt(now_)) ? cell->value() : Slice();
  }
  size_t bytes = 4 * parts_.size();
  for (const Slice& part : parts_) bytes += part.size;
  const size_t at = out->size();
  out->bytes.resize(at + bytes);
  uint8_t* p = out->bytes.data() + at;
  for (const Slice& part : parts_) {
    StoreBE(p, part.is_null() ? UINT32_MAX : static_cast<uint32_t>(part.size));
    p += 4;
    if (part.size > 0) std::memcpy(p, part.data, part.size);
    p += part.size;
  }
  return true;
}

void RowEncoder::Value(uint16_t index, Writer* out) {
  const Cell* cell = index == kUnknownColumn ? nullptr : first_[index];
  if (cell == nullptr) {
    PutNull(out);
    return;
  }
  const Column& column = plan_->descriptor->columns[index];
  if (column.multicell) {
    Multicell(column, cell, EndOf(index), out);
  } else if (!cell->LiveAt(now_)) {
    PutNull(out);
  } else if (column.counter) {
    out->BE<uint32_t>(8);
    out->BE<uint64_t>(static_cast<uint64_t>(CounterTotal(cell->value)));
  } else {
    PutBytes(cell->value, out);
  }
}

void RowEncoder::Multicell(const Column& column, const Cell* first, const Cell* end, Writer* out) {
  if (column.type.kind == TypeKind::kUdt) {
    UserType(column, first, end, out);
    return;
  }
  const size_t start = out->size();
  uint32_t count = 0;
  {
    const Sized whole(out);
    const size_t count_at = out->size();
    out->BE<uint32_t>(0);
    for (const Cell* cell = first; cell != end && cell->column == first->column; cell++) {
      if (!cell->LiveAt(now_)) continue;
      count++;
      if (column.type.kind != TypeKind::kList) PutBytes(cell->path, out);
      if (column.type.kind != TypeKind::kSet) PutBytes(cell->value, out);
    }
    StoreBE(out->bytes.data() + count_at, count);
  }
  if (count > 0) return;
  out->bytes.resize(start);
  PutNull(out);
}

void RowEncoder::UserType(const Column& column, const Cell* first, const Cell* end, Writer* out) {
  const size_t start = out->size();
  bool any = false;
  {
    const Sized whole(out);
    const Cell* cell = first;
    for (size_t field = 0; field < column.type.children.size(); field++) {
      Slice value;
      while (cell != end && cell->column == first->column && cell->path.size == 2 && LoadBE<uint16_t>(cell->path.data) <= field) {
        if (LoadBE<uint16_t>(cell->path.data) == field && cell->LiveAt(now_)) {
          value = cell->value;
          any = true;
        }
        cell++;
      }
      PutBytes(value, out);
    }
  }
  if (any) return;
  out->bytes.resize(start);
  PutNull(out);
}

void RowEncoder::Times(SelectedKind what, uint16_t index, Writer* out) {
  const Cell* first = index == kUnknownColumn ? nullptr : first_[index];
  if (first == nullptr) {
    PutNull(out);
    return;
  }
  const Column& column = plan_->descriptor->columns[index];
  const auto put = [&](const Cell* cell) {
    if (cell == nullptr || (what == SelectedKind::kTtl && cell->ttl == kNoTtl)) {
      PutNull(out);
    } else if (what == SelectedKind::kTtl) {
      out->BE<uint32_t>(4);
      out->BE<uint32_t>(RemainingTtl(*cell, now_));
    } else {
      out->BE<uint32_t>(8);
      out->BE<uint64_t>(static_cast<uint64_t>(cell->timestamp));
    }
  };
  const Cell* end = EndOf(index);
  if (!column.multicell || what == SelectedKind::kMaxWritetime) {
    const Cell* newest = nullptr;
    for (const Cell* cell = first; cell != end && cell->column == index; cell++)
      if (cell->LiveAt(now_) && (newest == nullptr || cell->timestamp > newest->timestamp)) newest = cell;
    put(newest);
    return;
  }
  const bool udt = column.type.kind == TypeKind::kUdt;
  const size_t start = out->size();
  uint32_t count = 0;
  bool any = false;
  {
    const Sized whole(out);
    const size_t count_at = out->size();
    out->BE<uint32_t>(0);
    for (const Cell* cell = first; cell != end && cell->column == index; cell++) {
      if (!cell->LiveAt(now_)) continue;
      // Each field of a user type has a place in the list.
      if (udt && cell->path.size == 2)
        for (; count < LoadBE<uint16_t>(cell->path.data) && count < column.type.children.size(); count++) put(nullptr);
      put(cell);
      any = true;
      count++;
    }
    if (udt)
      for (; count < column.type.children.size(); count++) put(nullptr);
    StoreBE(out->bytes.data() + count_at, count);
  }
  if (any) return;
  out->bytes.resize(start);
  PutNull(out);
}

// Null when something of the row never expires.
void RowEncoder::Expiry(const Row* row, Writer* out) {
  const uint32_t expiry = row == nullptr ? kNoDeletionTime : RowExpiry(*plan_, *row, now_);
  if (expiry == kNoDeletionTime) {
    PutNull(out);
    return;
  }
  out->BE<uint32_t>(4);
  out->BE<uint32_t>(expiry);
}

void RowEncoder::Paths(uint16_t index, Writer* out) {
  const Cell* first = index == kUnknownColumn ? nullptr : first_[index];
  const size_t start = out->size();
  uint32_t count = 0;
  if (first != nullptr) {
    const Sized whole(out);
    const size_t count_at = out->size();
    out->BE<uint32_t>(0);
    const Cell* end = EndOf(index);
    for (const Cell* cell = first; cell != end && cell->column == index; cell++) {
      if (!cell->LiveAt(now_) || cell->path.is_null()) continue;
      PutBytes(cell->path, out);
      count++;
    }
    StoreBE(out->bytes.data() + count_at, count);
  }
  if (count > 0) return;
  out->bytes.resize(start);
  PutNull(out);
}

}  // namespace ferrosa
