#include "hot_plan.h"

#include <string_view>

#include "hash.h"
#include "limits.h"

namespace ferrosa {
namespace {

size_t HashOf(Slice s) { return std::hash<std::string_view>()({reinterpret_cast<const char*>(s.data), s.size}); }

bool ReadBytes32(Reader* reader, std::vector<uint8_t>* out) {
  uint32_t n;
  Slice s;
  if (!reader->U32(&n) || !reader->Bytes(n, &s)) return false;
  out->assign(s.data, s.data + s.size);
  return true;
}

}  // namespace

bool HotPlan::PlaceKeyOrValue(BindTarget target, uint16_t which, int32_t slot) {
  if (which >= operations.size()) return false;
  Operation& operation = operations[which];
  int32_t& to = target == BindTarget::kOperationKey ? operation.key_slot : operation.value_slot;
  if (to != kNoSlot) return false;
  to = slot;
  return true;
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
    case BindTarget::kCondition:
      ok = which < column_conditions.size() && once(&column_conditions[which].slot);
      break;
    case BindTarget::kOperationKey:
    case BindTarget::kOperationValue:
      ok = PlaceKeyOrValue(target, which, slot);
      break;
    case BindTarget::kComputed:
      ok = kind == HotKind::kComputedRead;
      break;
  }
  return ok ? Status::Ok() : Status::Invalid("hot plan: a target is given twice or does not exist");
}

Status HotPlan::ReadOperations(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad operations");
  uint16_t n;
  if (!reader->U16(&n) || n > kHotBindsMax) return bad;
  for (uint16_t i = 0; i < n; i++) {
    uint8_t what;
    Operation operation{};
    if (!reader->U8(&what) || what == 0 || what >= kHotOperations || !reader->U16(&operation.column_id)) return bad;
    operation.kind = static_cast<HotOperation>(what);
    operation.key_slot = operation.value_slot = kNoSlot;
    operations.push_back(operation);
  }
  return Status::Ok();
}

// A conditional write answers with rows: metadata of those, as in ReadRead.
Status HotPlan::ReadConditions(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad conditions");
  uint8_t what;
  if (!reader->U8(&what) || what > static_cast<uint8_t>(HotConditions::kColumns)) return bad;
  conditions = static_cast<HotConditions>(what);
  if (conditions == HotConditions::kNone) return Status::Ok();
  uint16_t n;
  if (kind != HotKind::kWrite || !reader->U16(&shown) || !reader->U16(&n) || n > kHotBindsMax) return bad;
  if ((n > 0) != (conditions == HotConditions::kColumns)) return bad;
  for (uint16_t i = 0; i < n; i++) {
    uint8_t comparison;
    Condition condition{};
    if (!reader->U8(&comparison) || comparison >= kHotComparisons || !reader->U16(&condition.column_id)) return bad;
    condition.comparison = static_cast<HotComparison>(comparison);
    condition.slot = kNoSlot;
    column_conditions.push_back(condition);
  }
  return ReadBytes32(reader, &applied_v4) && ReadBytes32(reader, &applied_v5) ? Status::Ok() : bad;
}

Status HotPlan::ReadIndexes(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad indexes");
  uint16_t n;
  if (!reader->U16(&n) || n > kHotIndexesMax) return bad;
  for (uint16_t i = 0; i < n; i++) {
    HotIndex index;
    Slice id;
    uint8_t source;
    if (!reader->Bytes(16, &id) || !reader->U16(&index.permanent) || !reader->U16(&index.expiring) || !reader->U8(&source) ||
        source >= HotIndex::kSources || !reader->U16(&index.which) || !reader->U8(&index.flags)) {
      return bad;
    }
    std::memcpy(index.table_id.data(), id.data, 16);
    index.source = static_cast<HotIndex::Source>(source);
    indexes.push_back(index);
  }
  return Status::Ok();
}

Status HotPlan::ReadViews(Reader* reader) {
  const Status bad = Status::Invalid("hot plan: bad views");
  const auto read_key = [&](std::vector<HotView::KeyPart>* out) {
    uint8_t n;
    if (!reader->U8(&n)) return false;
    for (uint8_t i = 0; i < n; i++) {
      uint8_t source;
      HotView::KeyPart part;
      if (!reader->U8(&source) || source >= HotView::KeyPart::kSources || !reader->U16(&part.which)) return false;
      part.source = static_cast<HotView::KeyPart::Source>(source);
      out->push_back(part);
    }
    return true;
  };
  uint16_t n;
  if (!reader->U16(&n) || n > kHotViewsMax) return bad;
  for (uint16_t i = 0; i < n; i++) {
    HotView& view = views.emplace_back();
    Slice id;
    uint16_t count;
    if (!reader->Bytes(16, &id) || !read_key(&view.partition_key) || !read_key(&view.clustering) || !reader->U16(&count)) return bad;
    std::memcpy(view.table_id.data(), id.data, 16);
    for (uint16_t j = 0; j < count; j++) {
      HotView::Value value;
      if (!reader->U16(&value.column_id) || !reader->U16(&value.base_column_id)) return bad;
      view.values.push_back(value);
    }
  }
  return Status::Ok();
}

// A write of a table with views is of one row, and of nothing beside its simple columns.
bool HotPlan::ViewsFit() const {
  if (views.empty()) return true;
  return kind == HotKind::kWrite && !(flags & (kHotNotDurable | kHotCounter)) && conditions == HotConditions::kNone && operations.empty();
}

// Each has the key and the value that its kind wants.
bool HotPlan::OperationsAreWhole() const {
  for (const Operation& operation : operations) {
    const bool has_key = operation.kind == HotOperation::kElement;
    const bool has_value = operation.kind != HotOperation::kClear;
    if ((operation.key_slot != kNoSlot) != has_key || (operation.value_slot != kNoSlot) != has_value) return false;
  }
  return true;
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
  for (const Condition& condition : column_conditions)
    if (condition.slot == kNoSlot) return bad;
  return OperationsAreWhole() ? Status::Ok() : bad;
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
  if (conditions != HotConditions::kNone && (shown > n || metadata_v4.empty() || metadata_v5.empty())) return bad;
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
  if (!reader.U8(&format) || format != 5 || !reader.U8(&kind) || kind < 1 || kind > kHotKinds) return bad;
  plan->kind = static_cast<HotKind>(kind);
  if (!reader.U8(&plan->flags) || !reader.Bytes(16, &prepared) || !reader.Bytes(16, &table) ||
      !reader.U32(&plan->table_version)) {
    return bad;
  }
  std::memcpy(plan->prepared_id.data(), prepared.data, 16);
  std::memcpy(plan->table_id.data(), table.data, 16);
  RETURN_IF_ERROR(plan->ReadOperations(&reader));
  RETURN_IF_ERROR(plan->ReadConditions(&reader));
  RETURN_IF_ERROR(plan->ReadIndexes(&reader));
  RETURN_IF_ERROR(plan->ReadViews(&reader));
  RETURN_IF_ERROR(plan->ReadBinds(&reader));
  if (!reader.U8(&plan->slice_flags) || !reader.U32(&plan->default_ttl) || !reader.U16(&plan->consistency_levels) ||
      !reader.U32(&plan->row_limit) || !reader.U32(&plan->per_partition_limit)) {
    return bad;
  }
  RETURN_IF_ERROR(plan->ReadRead(&reader));
  RETURN_IF_ERROR(plan->ReadText(&reader));
  if (plan->kind == HotKind::kPrepared && plan->skeleton.empty()) return bad;
  if (plan->kind == HotKind::kComputedRead && !plan->skeleton.empty()) return bad;
  if (reader.left() != 0 || !plan->ViewsFit()) return bad;
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

}  // namespace ferrosa
