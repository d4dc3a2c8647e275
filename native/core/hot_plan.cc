#include "hot_plan.h"

#include <string_view>

#include "hash.h"
#include "limits.h"

namespace ferrosa {
namespace {

constexpr uint32_t kTtlMax = 20 * 365 * 24 * 3600;  // Attributes.MAX_TTL
constexpr uint64_t kNanosADay = 86'400'000'000'000;

bool IsAscii(Slice s) {
  size_t i = 0;
  for (; i + 8 <= s.size; i += 8)
    if (LoadLE<uint64_t>(s.data + i) & 0x8080808080808080ULL) return false;
  for (; i < s.size; i++)
    if (s.data[i] & 0x80) return false;
  return true;
}

// Length of the well-formed UTF-8 sequence at p, 0 when it is none (Unicode 15, table 3-7).
size_t SequenceAt(const uint8_t* p, size_t left) {
  const uint8_t b = p[0];
  if (b < 0x80) return 1;
  const auto tail = [&](size_t i) { return i < left && (p[i] & 0xc0) == 0x80; };
  if (b >= 0xc2 && b <= 0xdf) return tail(1) ? 2 : 0;
  if (b >= 0xe0 && b <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if (b == 0xe0 && p[1] < 0xa0) return 0;
    if (b == 0xed && p[1] > 0x9f) return 0;
    return 3;
  }
  if (b >= 0xf0 && b <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (b == 0xf0 && p[1] < 0x90) return 0;
    if (b == 0xf4 && p[1] > 0x8f) return 0;
    return 4;
  }
  return 0;
}

bool IsUtf8(Slice s) {
  size_t i = 0;
  while (i < s.size) {
    if (i + 8 <= s.size && (LoadLE<uint64_t>(s.data + i) & 0x8080808080808080ULL) == 0) {
      i += 8;
      continue;
    }
    const size_t n = SequenceAt(s.data + i, s.size - i);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

uint32_t FixedBytes(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyint:
      return 1;
    case TypeKind::kSmallint:
      return 2;
    case TypeKind::kInt:
    case TypeKind::kFloat:
    case TypeKind::kDate:
      return 4;
    case TypeKind::kBigint:
    case TypeKind::kCounter:
    case TypeKind::kDouble:
    case TypeKind::kTimestamp:
      return 8;
    case TypeKind::kUuid:
      return 16;
    default:
      return 0;
  }
}

size_t HashOf(Slice s) { return std::hash<std::string_view>()({reinterpret_cast<const char*>(s.data), s.size}); }

bool ReadBytes32(Reader* reader, std::vector<uint8_t>* out) {
  uint32_t n;
  Slice s;
  if (!reader->U32(&n) || !reader->Bytes(n, &s)) return false;
  out->assign(s.data, s.data + s.size);
  return true;
}

}  // namespace

ValueRule ValueRule::Of(const Type& type) {
  const uint32_t fixed = FixedBytes(type.kind);
  if (fixed != 0) return {kFixed, fixed};
  switch (type.kind) {
    case TypeKind::kAscii:
      return {kAscii, 0};
    case TypeKind::kText:
      return {kUtf8, 0};
    case TypeKind::kBlob:
      // A custom class without an order of its own travels as a blob, but validates in its own way.
      return type.class_name == "org.apache.cassandra.db.marshal.BytesType" ? ValueRule{kAny, 0} : ValueRule{};
    case TypeKind::kTimeuuid:
      return {kTimeuuid, 16};
    case TypeKind::kTime:
      return {kTimeOfDay, 8};
    case TypeKind::kInet:
      return {kInet, 0};
    case TypeKind::kVarint:
      return {kAtLeast, 1};
    case TypeKind::kDecimal:
      return {kAtLeast, 5};
    case TypeKind::kVector: {
      const uint32_t element = type.children.size() == 1 ? FixedBytes(type.children[0].kind) : 0;
      // Elements of other sizes carry their length each (VectorType.VariableLengthSerializer).
      const bool plain = element != 0 && type.children[0].kind != TypeKind::kTinyint &&
                         type.children[0].kind != TypeKind::kSmallint && type.children[0].kind != TypeKind::kDate;
      return plain && type.dimensions > 0 && type.dimensions <= 8192 ? ValueRule{kFixed, element * type.dimensions}
                                                                      : ValueRule{};
    }
    default:
      return {};
  }
}

bool ValueRule::Accepts(Slice value) const {
  switch (kind) {
    case kAny:
      return true;
    case kFixed:
      return value.size == bytes;
    case kAscii:
      return IsAscii(value);
    case kUtf8:
      return IsUtf8(value);
    case kTimeuuid:
      return value.size == 16 && (value.data[6] >> 4) == 1;
    case kTimeOfDay:
      return value.size == 8 && LoadBE<uint64_t>(value.data) < kNanosADay;
    case kInet:
      return value.size == 4 || value.size == 16;
    case kAtLeast:
      return value.size >= bytes;
    case kNever:
      return false;
  }
  return false;
}

Status HotPlan::Place(BindTarget target, uint16_t which, int32_t slot) {
  const auto place = [&](std::vector<int32_t>* slots) {
    if (which >= 256) return false;
    if (slots->size() <= which) slots->resize(which + 1, kNoSlot);
    if ((*slots)[which] != kNoSlot) return false;
    (*slots)[which] = slot;
    return true;
  };
  const auto once = [&](int32_t* to) {
    if (*to != kNoSlot) return false;
    *to = slot;
    return true;
  };
  bool ok = false;
  switch (target) {
    case BindTarget::kPartitionKey:
      ok = place(&partition_key);
      break;
    case BindTarget::kClustering:
      ok = place(&clustering);
      break;
    case BindTarget::kValue:
      values.push_back({which, slot});
      ok = true;
      break;
    case BindTarget::kTtl:
      ok = once(&ttl_slot);
      break;
    case BindTarget::kTimestamp:
      ok = once(&timestamp_slot);
      break;
    case BindTarget::kLimit:
      ok = once(which == 0 ? &row_limit_slot : &partition_limit_slot);
      break;
    case BindTarget::kSliceStart:
      ok = once(&slice_start_slot);
      break;
    case BindTarget::kSliceEnd:
      ok = once(&slice_end_slot);
      break;
    case BindTarget::kTerm:
      ok = once(&term_slot);
      break;
  }
  return ok ? Status::Ok() : Status::Invalid("hot plan: a target is given twice or does not exist");
}

Status HotPlan::ReadBinds(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad binds or constants");
  uint16_t n;
  if (!reader->U16(&n) || n > kHotBindsMax) return bad;
  for (uint16_t i = 0; i < n; i++) {
    uint8_t target;
    HotBind bind;
    Type type;
    if (!reader->U8(&target) || target >= kHotTargets || !reader->U16(&bind.which)) return bad;
    RETURN_IF_ERROR(ParseType(reader, &type));
    bind.target = static_cast<BindTarget>(target);
    bind.type = type.kind;
    bind.rule = ValueRule::Of(type);
    RETURN_IF_ERROR(Place(bind.target, bind.which, static_cast<int32_t>(i)));
    binds.push_back(bind);
  }
  uint16_t count;
  if (!reader->U16(&count) || count > kHotBindsMax) return bad;
  for (uint16_t i = 0; i < count; i++) {
    uint8_t target;
    uint16_t which;
    uint32_t length;
    HotValue value;
    if (!reader->U8(&target) || target >= kHotTargets || !reader->U16(&which) || !reader->U32(&length)) return bad;
    if (length != UINT32_MAX && !reader->Bytes(length, &value.bytes)) return bad;
    RETURN_IF_ERROR(Place(static_cast<BindTarget>(target), which, static_cast<int32_t>(n + i)));
    constants.push_back(value);
  }
  for (const int32_t slot : partition_key)
    if (slot == kNoSlot) return bad;
  for (const int32_t slot : clustering)
    if (slot == kNoSlot) return bad;
  const bool by_index = kind == HotKind::kIndexRead;
  if (kind == HotKind::kPrepared) return Status::Ok();
  if ((term_slot != kNoSlot) != by_index || partition_key.empty() != by_index || (by_index && !clustering.empty())) return bad;
  return Status::Ok();
}

Status HotPlan::ReadRead(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad columns or metadata");
  uint16_t n;
  if (!reader->U16(&n)) return bad;
  for (uint16_t i = 0; i < n; i++) {
    Selected s;
    if (!reader->U8(&s.what) || !reader->U16(&s.which)) return bad;
    columns.push_back(s);
  }
  RETURN_IF_ERROR(ReadFolds(reader));
  if (kind == HotKind::kIndexRead) RETURN_IF_ERROR(ReadIndex(reader));
  Slice id;
  if (!ReadBytes32(reader, &metadata_v4) || !ReadBytes32(reader, &metadata_v5) || !reader->Bytes(16, &id)) return bad;
  std::memcpy(metadata_id.data(), id.data, 16);
  // i32 flags and i32 column count are what a result without metadata starts with.
  const bool reads = kind == HotKind::kRead || kind == HotKind::kIndexRead;
  if (reads && (metadata_v4.size() < 8 || metadata_v5.size() < 8)) return bad;
  return Status::Ok();
}

Status HotPlan::ReadFolds(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad folds");
  uint16_t n;
  if (!reader->U16(&n)) return bad;
  for (uint16_t i = 0; i < n; i++) {
    uint8_t kind_of_fold;
    Fold fold;
    if (!reader->U8(&kind_of_fold) || kind_of_fold > static_cast<uint8_t>(FoldKind::kNumbers) || !reader->U16(&fold.column)) return bad;
    fold.kind = static_cast<FoldKind>(kind_of_fold);
    if (fold.kind != FoldKind::kRows && fold.column >= columns.size()) return bad;
    folds.push_back(fold);
  }
  if (!reader->U16(&n) || (n > 0) != !folds.empty()) return bad;
  for (uint16_t i = 0; i < n; i++) {
    uint8_t kind_of_output;
    Output output;
    if (!reader->U8(&kind_of_output) || kind_of_output > Output::kBest || !reader->U8(&output.width) || !reader->U16(&output.fold) ||
        !reader->U16(&output.count)) {
      return bad;
    }
    output.kind = static_cast<Output::Kind>(kind_of_output);
    const bool sized = output.kind == Output::kSum || output.kind == Output::kAverage;
    if (output.width > 8 || (sized && output.width == 0) || output.fold >= folds.size() || output.count >= folds.size()) return bad;
    outputs.push_back(output);
  }
  return kind == HotKind::kRead || folds.empty() ? Status::Ok() : bad;
}

Status HotPlan::ReadIndex(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad index");
  Slice id;
  uint16_t n;
  if (!reader->Bytes(16, &id) || !reader->U16(&index.column_id) || !reader->U16(&n) || n == 0) return bad;
  std::memcpy(index.table_id.data(), id.data, 16);
  for (uint16_t i = 0; i < n; i++) {
    uint16_t length;
    Slice key;
    if (!reader->U16(&length) || length == 0 || !reader->Bytes(length, &key)) return bad;
    index.buckets.push_back({std::vector<uint8_t>(key.data, key.data + key.size), MurmurToken(key)});
  }
  return Status::Ok();
}

// An example of the texts that the plan is for, then the keyspace in which it is.
Status HotPlan::ReadText(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad text");
  uint32_t text_bytes;
  uint16_t keyspace_bytes;
  Slice text;
  Slice in;
  if (!reader->U32(&text_bytes) || !reader->Bytes(text_bytes, &text)) return bad;
  if (!reader->U16(&keyspace_bytes) || !reader->Bytes(keyspace_bytes, &in)) return bad;
  if (text.size == 0) return Status::Ok();
  PlainText plain;
  if (!ScanPlainText(text, &plain) || plain.literals.size() != binds.size()) return bad;
  skeleton = std::move(plain.skeleton);
  keyspace.assign(in.data, in.data + in.size);
  return Status::Ok();
}

Status HotPlan::Parse(Slice bytes, std::unique_ptr<HotPlan>* out) {
  const Status bad = Status::Invalid("hot plan: malformed");
  auto plan = std::make_unique<HotPlan>();
  // Constants point into a copy that the plan keeps.
  plan->bytes_.assign(bytes.data, bytes.data + bytes.size);
  Reader reader{Slice(plan->bytes_)};
  uint8_t format;
  uint8_t kind;
  Slice prepared;
  Slice table;
  if (!reader.U8(&format) || format != 3 || !reader.U8(&kind) || kind < 1 || kind > 4) return bad;
  plan->kind = static_cast<HotKind>(kind);
  if (!reader.U8(&plan->flags) || !reader.Bytes(16, &prepared) || !reader.Bytes(16, &table) ||
      !reader.U32(&plan->table_version)) {
    return bad;
  }
  std::memcpy(plan->prepared_id.data(), prepared.data, 16);
  std::memcpy(plan->table_id.data(), table.data, 16);
  RETURN_IF_ERROR(plan->ReadBinds(&reader));
  if (!reader.U8(&plan->slice_flags) || !reader.U32(&plan->default_ttl) || !reader.U16(&plan->consistency_levels) ||
      !reader.U32(&plan->row_limit) || !reader.U32(&plan->per_partition_limit)) {
    return bad;
  }
  RETURN_IF_ERROR(plan->ReadRead(&reader));
  RETURN_IF_ERROR(plan->ReadText(&reader));
  if (plan->kind == HotKind::kPrepared && plan->skeleton.empty()) return bad;
  if (reader.left() != 0) return bad;
  *out = std::move(plan);
  return Status::Ok();
}

Status HotPlans::Set(uint32_t number, Slice bytes) {
  if (number >= kHotPlansMax) return Status::Overloaded("hot plan: number is too large");
  std::unique_ptr<HotPlan> plan;
  if (bytes.size > 0) {
    RETURN_IF_ERROR(HotPlan::Parse(bytes, &plan));
    plan->number = number;
    plan->serial = ++serials_;
  }
  if (by_number_.size() <= number) by_number_.resize(number + 1);
  if (by_number_[number] != nullptr) Forget(by_number_[number].get());
  if (plan != nullptr) {
    if (plan->skeleton.empty()) by_id_[plan->prepared_id] = plan.get();
    else by_text_.emplace(HashOf(Slice(plan->skeleton)), plan.get());
  }
  by_number_[number] = std::move(plan);
  return Status::Ok();
}

void HotPlans::Forget(HotPlan* plan) {
  if (plan->skeleton.empty()) {
    const auto found = by_id_.find(plan->prepared_id);
    if (found != by_id_.end() && found->second == plan) by_id_.erase(found);
    return;
  }
  const auto [first, last] = by_text_.equal_range(HashOf(Slice(plan->skeleton)));
  for (auto i = first; i != last; ++i) {
    if (i->second != plan) continue;
    by_text_.erase(i);
    return;
  }
}

HotPlan* HotPlans::FindByText(Slice skeleton, Slice keyspace) const {
  const auto [first, last] = by_text_.equal_range(HashOf(skeleton));
  for (auto i = first; i != last; ++i) {
    HotPlan* plan = i->second;
    if (Compare(Slice(plan->skeleton), skeleton) != 0) continue;
    if (plan->keyspace.empty() || Compare(Slice(plan->keyspace), keyspace) == 0) return plan;
  }
  return nullptr;
}

HotPlan* HotPlans::FindById(const uint8_t* id) const {
  std::array<uint8_t, 16> key;
  std::memcpy(key.data(), id, 16);
  const auto found = by_id_.find(key);
  return found == by_id_.end() ? nullptr : found->second;
}

bool ParseValues(const HotPlan& plan, uint8_t version, Reader* reader, HotRequest* out) {
  uint16_t n;
  if (!reader->U16(&n)) return false;
  n = Swap(n);
  if (n != plan.binds.size()) return false;
  for (uint16_t i = 0; i < n; i++) {
    uint32_t raw;
    if (!reader->U32(&raw)) return false;
    const int32_t length = static_cast<int32_t>(Swap(raw));
    HotValue value;
    if (length >= 0) {
      if (!reader->Bytes(static_cast<size_t>(length), &value.bytes)) return false;
    } else if (version >= 4) {
      if (length < -2) return false;
      value.unset = length == -2;
    }
    out->values.push_back(value);
  }
  return true;
}

namespace {

// What stands behind the statements of a BATCH: consistency, flags, serial consistency, default timestamp.
bool ParseBatchTail(uint8_t version, Reader* reader, HotRequest* out) {
  uint16_t consistency;
  uint32_t flags = 0;
  uint8_t byte = 0;
  if (!reader->U16(&consistency)) return false;
  if (version >= 5 ? !reader->U32(&flags) : !reader->U8(&byte)) return false;
  flags = version >= 5 ? Swap(flags) : byte;
  if (flags & ~uint32_t{0x10 | 0x20}) return false;
  out->consistency = Swap(consistency);
  out->has_timestamp = (flags & 0x20) != 0;
  uint16_t serial;
  if ((flags & 0x10) && (!reader->U16(&serial) || (Swap(serial) != 8 && Swap(serial) != 9))) return false;
  if (out->has_timestamp) {
    if (!reader->I64(&out->timestamp)) return false;
    out->timestamp = Swap(out->timestamp);
    if (out->timestamp == INT64_MIN) return false;
  }
  return reader->left() == 0;
}

}  // namespace

bool ParseBatch(const HotPlans& plans, uint8_t version, Slice body, HotBatch* out) {
  out->count = 0;
  Reader reader(body);
  uint8_t type;
  uint16_t n;
  // 0 logged, 1 unlogged: of one partition they are the same. 2 counter.
  if (body.size > kHotBatchBytesMax || !reader.U8(&type) || type > 1 || !reader.U16(&n)) return false;
  n = Swap(n);
  if (n == 0) return false;
  if (out->entries.size() < n && n <= body.size / 21) out->entries.resize(n);
  for (uint16_t i = 0; i < n; i++) {
    uint8_t prepared;
    uint16_t id_bytes;
    Slice id;
    if (!reader.U8(&prepared) || prepared != 1 || !reader.U16(&id_bytes) || Swap(id_bytes) != 16 ||
        !reader.Bytes(16, &id) || i >= out->entries.size()) {
      return false;
    }
    HotBatch::Entry& entry = out->entries[i];
    entry.plan = plans.FindById(id.data);
    if (entry.plan == nullptr || entry.plan->kind != HotKind::kWrite || entry.plan->timestamp_slot != kNoSlot) return false;
    if ((entry.plan->flags ^ out->entries[0].plan->flags) & kHotNotDurable) return false;
    entry.request.values.clear();
    if (!ParseValues(*entry.plan, version, &reader, &entry.request)) return false;
    for (const HotValue& constant : entry.plan->constants) entry.request.values.push_back(constant);
  }
  HotRequest tail;
  if (!ParseBatchTail(version, &reader, &tail)) return false;
  for (uint16_t i = 0; i < n; i++) {
    HotRequest& request = out->entries[i].request;
    request.consistency = tail.consistency;
    request.has_timestamp = tail.has_timestamp;
    request.timestamp = tail.timestamp;
  }
  out->count = n;
  return true;
}

bool ParseExecute(const HotPlan& plan, uint8_t version, Slice options, HotRequest* out) {
  Reader reader(options);
  uint16_t consistency;
  uint32_t flags;
  if (!reader.U16(&consistency)) return false;
  if (version >= 5) {
    if (!reader.U32(&flags)) return false;
    flags = Swap(flags);
  } else {
    uint8_t byte;
    if (!reader.U8(&byte)) return false;
    flags = byte;
  }
  // values, skip metadata, page size, serial consistency, default timestamp
  if (flags & ~uint32_t{0x01 | 0x02 | 0x04 | 0x10 | 0x20}) return false;
  out->consistency = Swap(consistency);
  out->skip_metadata = (flags & 0x02) != 0;
  out->has_timestamp = (flags & 0x20) != 0;
  out->page_size = -1;
  out->values.clear();
  if (flags & 0x01) {
    if (!ParseValues(plan, version, &reader, out)) return false;
  } else if (!plan.binds.empty()) {
    return false;
  }
  for (const HotValue& constant : plan.constants) out->values.push_back(constant);
  if (flags & 0x04) {
    uint32_t page_size;
    if (!reader.U32(&page_size)) return false;
    out->page_size = static_cast<int32_t>(Swap(page_size));
    if (out->page_size == 0) return false;
  }
  uint16_t serial;
  if ((flags & 0x10) && (!reader.U16(&serial) || (Swap(serial) != 8 && Swap(serial) != 9))) return false;
  if (flags & 0x20) {
    if (!reader.I64(&out->timestamp)) return false;
    out->timestamp = Swap(out->timestamp);
    if (out->timestamp == INT64_MIN) return false;
  }
  return reader.left() == 0;
}

namespace {

bool ValidateBind(const HotPlan& plan, const HotBind& bind, const HotValue& value) {
  switch (bind.target) {
    case BindTarget::kPartitionKey:
    case BindTarget::kClustering:
    case BindTarget::kSliceStart:
    case BindTarget::kSliceEnd:
    case BindTarget::kTerm:
      return !value.unset && value.bytes.size > 0 && value.bytes.size <= UINT16_MAX && bind.rule.Accepts(value.bytes);
    case BindTarget::kValue:
      return value.unset || value.bytes.is_null() || bind.rule.Accepts(value.bytes);
    case BindTarget::kTtl:
      return value.unset || (value.bytes.size == 4 && LoadBE<uint32_t>(value.bytes.data) <= kTtlMax);
    case BindTarget::kTimestamp:
      return value.unset || (value.bytes.size == 8 && LoadBE<int64_t>(value.bytes.data) != INT64_MIN);
    case BindTarget::kLimit:
      return value.bytes.size == 4 && LoadBE<int32_t>(value.bytes.data) > 0;
  }
  return false;
}

}  // namespace

bool ValidateRequest(const HotPlan& plan, const HotRequest& request) {
  if (request.consistency >= 16 || !(plan.consistency_levels >> request.consistency & 1)) return false;
  for (size_t i = 0; i < plan.binds.size(); i++)
    if (!ValidateBind(plan, plan.binds[i], request.values[i])) return false;
  // JavaScript has the words for a clustering that is too long to be written.
  size_t clustering_bytes = 0;
  for (const int32_t slot : plan.clustering) clustering_bytes += request.values[static_cast<size_t>(slot)].bytes.size;
  return plan.kind != HotKind::kWrite || clustering_bytes <= UINT16_MAX;
}

bool PartitionKeyOf(const HotPlan& plan, const HotRequest& request, std::vector<uint8_t>* scratch, Slice* out) {
  if (plan.partition_key.size() == 1) {
    *out = request.values[static_cast<size_t>(plan.partition_key[0])].bytes;
    return out->size > 0 && out->size <= UINT16_MAX;
  }
  // CompositeType: for each component u16 length, bytes, 0.
  scratch->clear();
  for (const int32_t slot : plan.partition_key) {
    const Slice component = request.values[static_cast<size_t>(slot)].bytes;
    if (component.size > UINT16_MAX) return false;
    scratch->push_back(static_cast<uint8_t>(component.size >> 8));
    scratch->push_back(static_cast<uint8_t>(component.size));
    scratch->insert(scratch->end(), component.data, component.data + component.size);
    scratch->push_back(0);
  }
  *out = Slice(*scratch);
  return out->size <= UINT16_MAX;
}

}  // namespace ferrosa
