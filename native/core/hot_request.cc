// Requests of hot plans: what an EXECUTE or a BATCH brings, and whether the hot path takes it.
#include "hot_request.h"

#include "limits.h"

namespace ferrosa {
namespace {

constexpr uint32_t kTtlMax = 20 * 365 * 24 * 3600;  // Attributes.MAX_TTL

// Consistency levels (native protocol, section 3).
constexpr uint16_t kQuorum = 4;
constexpr uint16_t kLocalQuorum = 6;
constexpr uint16_t kSerial = 8;
constexpr uint16_t kLocalSerial = 9;

}  // namespace

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
  if ((flags & 0x10) && (!reader->U16(&serial) || (Swap(serial) != kSerial && Swap(serial) != kLocalSerial))) return false;
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
    if ((entry.plan->flags & kHotCounter) || entry.plan->conditions != HotConditions::kNone || !entry.plan->views.empty()) return false;
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
  out->logged = type == 0;
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
  uint16_t serial = Swap(kSerial);
  if ((flags & 0x10) && (!reader.U16(&serial) || (Swap(serial) != kSerial && Swap(serial) != kLocalSerial))) return false;
  out->serial_consistency = Swap(serial);
  if (flags & 0x20) {
    if (!reader.I64(&out->timestamp)) return false;
    out->timestamp = Swap(out->timestamp);
    if (out->timestamp == INT64_MIN) return false;
  }
  return reader.left() == 0;
}

namespace {

bool ValidateOperand(HotOperation kind, const ValueRule& rule, const HotValue& value) {
  const bool nothing = value.unset || value.bytes.is_null();
  switch (kind) {
    case HotOperation::kElement:
      return nothing || rule.Accepts(value.bytes);
    case HotOperation::kAdd:
    case HotOperation::kDiscard:
    case HotOperation::kReplace:
      return nothing || rule.AcceptsElements(value.bytes);
    case HotOperation::kIncrement:
      return !nothing && rule.Accepts(value.bytes);
    case HotOperation::kDecrement:
      return !nothing && rule.Accepts(value.bytes) && LoadBE<int64_t>(value.bytes.data) != INT64_MIN;
    case HotOperation::kClear:
      break;
  }
  return false;
}

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
    case BindTarget::kOperationKey:
      return !value.unset && !value.bytes.is_null() && value.bytes.size <= UINT16_MAX && bind.rule.Accepts(value.bytes);
    case BindTarget::kOperationValue:
      return ValidateOperand(plan.operations[bind.which].kind, bind.rule, value);
    case BindTarget::kCondition: {
      if (value.unset) return false;
      const HotComparison comparison = plan.column_conditions[bind.which].comparison;
      const bool or_null = comparison == HotComparison::kEqual || comparison == HotComparison::kNotEqual;
      return value.bytes.is_null() ? or_null : bind.rule.Accepts(value.bytes);
    }
    case BindTarget::kLimit:
      return value.bytes.size == 4 && LoadBE<int32_t>(value.bytes.data) > 0;
    case BindTarget::kComputed:
      return true;
  }
  return false;
}

}  // namespace

bool ValidateRequest(const HotPlan& plan, const HotRequest& request) {
  if (request.consistency >= 16 || !(plan.consistency_levels >> request.consistency & 1)) return false;
  // A decision wants a quorum.
  const uint16_t serial = request.serial_consistency == kLocalSerial ? kLocalQuorum : kQuorum;
  if (plan.conditions != HotConditions::kNone && !(plan.consistency_levels >> serial & 1)) return false;
  for (size_t i = 0; i < plan.binds.size(); i++)
    if (!ValidateBind(plan, plan.binds[i], request.values[i])) return false;
  // JavaScript has the words for a clustering that is too long to be written.
  size_t clustering_bytes = 0;
  for (const int32_t slot : plan.clustering) clustering_bytes += request.values[static_cast<size_t>(slot)].bytes.size;
  return plan.kind != HotKind::kWrite || clustering_bytes <= UINT16_MAX;
}

// CompositeType: u16 length, bytes, 0.
bool AppendKeyComponent(Slice component, std::vector<uint8_t>* out) {
  if (component.size > UINT16_MAX) return false;
  out->push_back(static_cast<uint8_t>(component.size >> 8));
  out->push_back(static_cast<uint8_t>(component.size));
  out->insert(out->end(), component.data, component.data + component.size);
  out->push_back(0);
  return true;
}

bool PartitionKeyOf(const HotPlan& plan, const HotRequest& request, std::vector<uint8_t>* scratch, Slice* out) {
  if (plan.partition_key.size() == 1) {
    *out = request.values[static_cast<size_t>(plan.partition_key[0])].bytes;
    return out->size > 0 && out->size <= UINT16_MAX;
  }
  scratch->clear();
  for (const int32_t slot : plan.partition_key)
    if (!AppendKeyComponent(request.values[static_cast<size_t>(slot)].bytes, scratch)) return false;
  *out = Slice(*scratch);
  return out->size <= UINT16_MAX;
}

}  // namespace ferrosa
