#include "descriptor.h"

#include "ann/vector_limits.h"

namespace ferrosa {
namespace {

constexpr int kTypeDepthMax = 32;  // nesting of types: deeper ones are not valid CQL
constexpr uint8_t kFormat = 1;
constexpr uint32_t kVectorDimensionsMax = 8192;  // as in CQL's vector type

bool ReadString(Reader& r, std::string* out) {
  uint16_t n;
  Slice s;
  if (!r.U16(&n) || !r.Bytes(n, &s)) return false;
  out->assign(reinterpret_cast<const char*>(s.data), s.size);
  return true;
}

bool ReadType(Reader& r, int depth, Type* out) {
  uint8_t kind;
  if (depth > kTypeDepthMax || !r.U8(&kind) || !ReadString(r, &out->class_name)) return false;
  out->kind = static_cast<TypeKind>(kind);
  uint16_t children = 0;
  switch (out->kind) {
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kVector:
      children = 1;
      break;
    case TypeKind::kMap:
      children = 2;
      break;
    case TypeKind::kTuple:
    case TypeKind::kUdt:
    case TypeKind::kComposite:
      if (!r.U16(&children)) return false;
      break;
    case TypeKind::kDynamicComposite:
      if (!ReadString(r, &out->aliases)) return false;
      children = static_cast<uint16_t>(out->aliases.size());
      break;
    default:
      break;
  }
  for (uint16_t i = 0; i < children; i++) {
    Type child;
    if (!ReadType(r, depth + 1, &child)) return false;
    out->children.push_back(std::move(child));
  }
  return out->kind != TypeKind::kVector || r.U32(&out->dimensions);
}

bool ReadColumn(Reader& r, Column* c) {
  uint8_t flags;
  if (!r.U16(&c->id) || !r.U8(&flags) || !r.I64(&c->dropped_at)) return false;
  c->is_static = flags & 1;
  c->multicell = flags & 2;
  c->counter = flags & 4;
  c->dropped = flags & 8;
  return ReadString(r, &c->name) && ReadType(r, 0, &c->type);
}

bool ReadVectorIndex(Reader& r, const TableDescriptor& d, VectorIndexDescriptor* v) {
  Slice id;
  uint8_t of;
  if (!r.Bytes(16, &id) || !r.U8(&of) || !r.U16(&v->column) || !r.U32(&v->dimensions) || !r.U8(&v->similarity)) return false;
  if (!r.U8(&v->method) || !r.U16(&v->connections) || !r.U16(&v->beam) || !r.U16(&v->lists)) return false;
  std::memcpy(v->id.data(), id.data, 16);
  v->of = static_cast<VectorIndexDescriptor::Of>(of);
  const size_t keys = v->of == VectorIndexDescriptor::Of::kClustering ? d.clustering.size() : d.partition_key.size();
  if (of > 3 || (of > 1 && v->column >= keys) || v->dimensions == 0 || v->dimensions > kVectorDimensionsMax) return false;
  if (v->lists < 1 || v->lists > kVectorListsMax || size_t{v->lists} * v->dimensions > kVectorCentreFloatsMax) return false;
  return v->similarity <= 2 && v->method <= 2 && v->connections >= 2 && v->connections <= kVectorConnectionsMax && v->beam >= 1;
}

bool Read(Reader& r, TableDescriptor* d) {
  uint8_t format;
  uint8_t flags;
  uint64_t fp_chance;
  uint16_t n;
  Slice id;
  if (!r.U8(&format) || format != kFormat || !r.Bytes(16, &id) || !r.U32(&d->version) || !r.U8(&flags)) return false;
  std::memcpy(d->id.data(), id.data, 16);
  d->is_counter = flags & 1;
  if (!r.U32(&d->gc_grace_seconds) || !r.U32(&d->default_ttl) || !r.U64(&fp_chance)) return false;
  std::memcpy(&d->bloom_filter_fp_chance, &fp_chance, sizeof fp_chance);
  if (!r.U32(&d->column_index_bytes) || !r.U32(&d->chunk_bytes)) return false;
  if (!ReadString(r, &d->keyspace) || !ReadString(r, &d->name) || !r.U16(&n)) return false;
  for (uint16_t i = 0; i < n; i++)
    if (!ReadType(r, 0, &d->partition_key.emplace_back())) return false;
  if (!r.U16(&n)) return false;
  for (uint16_t i = 0; i < n; i++) {
    ClusteringColumn& c = d->clustering.emplace_back();
    uint8_t reversed;
    if (!r.U8(&reversed) || !ReadType(r, 0, &c.type)) return false;
    c.reversed = reversed != 0;
  }
  if (!r.U16(&n)) return false;
  for (uint16_t i = 0; i < n; i++)
    if (!ReadColumn(r, &d->columns.emplace_back())) return false;
  if (!r.U16(&n)) return false;
  for (uint16_t i = 0; i < n; i++)
    if (!ReadVectorIndex(r, *d, &d->vector_indexes.emplace_back())) return false;
  return r.left() == 0;
}

}  // namespace

Status ParseDescriptor(Slice bytes, DescriptorPtr* out) {
  auto d = std::make_shared<TableDescriptor>();
  Reader r(bytes);
  if (!Read(r, d.get())) return Status::Invalid("not a table descriptor");
  *out = std::move(d);
  return Status::Ok();
}

Status ParseType(Reader* reader, Type* out) {
  return ReadType(*reader, 0, out) ? Status::Ok() : Status::Invalid("type: malformed");
}

}  // namespace ferrosa
