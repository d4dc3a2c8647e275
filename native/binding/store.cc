// native/binding/store.cc: the engine of a shard for JavaScript. Typed in src/native/store.ts.
#include "store.h"

#include <napi.h>

#include "core/lender.h"
#include "core/source_registry.h"
#include "histogram.h"
#include "register.h"

namespace ferrosa {
namespace {

const napi_type_tag kStoreTag = {0x6a3f0c5e1b7d4f21ULL, 0x9e21c4d8a7b35f02ULL};
const napi_type_tag kReadTag = {0x6a3f0c5e1b7d4f22ULL, 0x9e21c4d8a7b35f03ULL};

bool BytesOf(Napi::Env env, const Napi::Value& value, Slice* out) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Napi::TypeError::New(env, "expected a Uint8Array").ThrowAsJavaScriptException();
    return false;
  }
  auto array = value.As<Napi::Uint8Array>();
  static const uint8_t kEmpty = 0;
  *out = Slice(array.ByteLength() == 0 ? &kEmpty : array.Data(), array.ByteLength());
  return true;
}

bool IdOf(const Napi::CallbackInfo& info, size_t i, TableId* out) {
  Slice bytes;
  if (!BytesOf(info.Env(), info[i], &bytes)) return false;
  if (bytes.size != out->size()) {
    Napi::TypeError::New(info.Env(), "expected 16 bytes").ThrowAsJavaScriptException();
    return false;
  }
  std::memcpy(out->data(), bytes.data, bytes.size);
  return true;
}

bool NumbersOf(const Napi::CallbackInfo& info, size_t i, std::vector<uint32_t>* out) {
  if (!info[i].IsArray()) {
    Napi::TypeError::New(info.Env(), "expected an array of numbers").ThrowAsJavaScriptException();
    return false;
  }
  const auto array = info[i].As<Napi::Array>();
  for (uint32_t k = 0; k < array.Length(); k++) {
    const Napi::Value value = array.Get(k);
    if (!value.IsNumber()) {
      Napi::TypeError::New(info.Env(), "expected an array of numbers").ThrowAsJavaScriptException();
      return false;
    }
    out->push_back(value.As<Napi::Number>().Uint32Value());
  }
  return true;
}

Napi::Value BytesValue(Napi::Env env, Slice bytes) {
  auto buffer = Napi::ArrayBuffer::New(env, bytes.size);
  if (bytes.size > 0) std::memcpy(buffer.Data(), bytes.data, bytes.size);
  return Napi::Uint8Array::New(env, bytes.size, buffer, 0);
}

// file and chunk, alternating.
Napi::Value MissesValue(Napi::Env env, const MissList& misses) {
  auto out = Napi::Uint32Array::New(env, misses.size() * 2);
  for (size_t i = 0; i < misses.size(); i++) {
    out[i * 2] = misses[i].file;
    out[i * 2 + 1] = misses[i].chunk;
  }
  return out;
}

class ReadWrap : public Napi::ObjectWrap<ReadWrap> {
 public:
  static Napi::Function Define(Napi::Env env) { return DefineClass(env, "ReadOperation", {}); }
  explicit ReadWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ReadWrap>(info) {
    info.This().As<Napi::Object>().TypeTag(&kReadTag);
    Slice command;
    if (BytesOf(info.Env(), info[0], &command)) operation.Start(command);
  }
  ReadOperation operation;
};

class StoreWrap : public Napi::ObjectWrap<StoreWrap> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Store",
                       {InstanceMethod("setTable", &StoreWrap::SetTable), InstanceMethod("dropTable", &StoreWrap::DropTable),
                        InstanceMethod("check", &StoreWrap::Check), InstanceMethod("apply", &StoreWrap::Apply),
                        InstanceMethod("prepareCounter", &StoreWrap::PrepareCounter), InstanceMethod("read", &StoreWrap::Read),
                        InstanceMethod("freeze", &StoreWrap::Freeze),
                        InstanceMethod("replaceSources", &StoreWrap::ReplaceSources),
                        InstanceMethod("truncate", &StoreWrap::Truncate), InstanceMethod("stats", &StoreWrap::Stats),
                        InstanceMethod("memtableBytes", &StoreWrap::MemtableBytes),
                        InstanceMethod("figures", &StoreWrap::Figures),
                        InstanceMethod("vectorStats", &StoreWrap::VectorStats),
                        InstanceMethod("vectorPass", &StoreWrap::VectorPass),
                        InstanceMethod("vectorExport", &StoreWrap::VectorExport),
                        InstanceMethod("vectorImport", &StoreWrap::VectorImport),
                        InstanceMethod("vectorLoaded", &StoreWrap::VectorLoaded),
                        InstanceMethod("limitVectors", &StoreWrap::LimitVectors), InstanceMethod("tickRates", &StoreWrap::TickRates)});
  }
  explicit StoreWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<StoreWrap>(info) {
    info.This().As<Napi::Object>().TypeTag(&kStoreTag);
    std::array<uint8_t, 16> id{};
    if (IdOf(info, 0, &id)) store_ = std::make_unique<Store>(id);
  }
  Store* store() {
    OwnShard();
    return store_.get();
  }

 private:
  Napi::Value SetTable(const Napi::CallbackInfo& info) {
    Slice bytes;
    DescriptorPtr descriptor;
    if (!BytesOf(info.Env(), info[0], &bytes)) return info.Env().Undefined();
    if (const Status s = ParseDescriptor(bytes, &descriptor); !s.ok()) return Throw(info, s);
    return Napi::Number::New(info.Env(), store()->SetTable(descriptor));
  }
  Napi::Value DropTable(const Napi::CallbackInfo& info) {
    TableId id;
    if (IdOf(info, 0, &id)) store()->DropTable(id);
    return info.Env().Undefined();
  }
  Napi::Value Check(const Napi::CallbackInfo& info) {
    Slice mutation;
    bool has_counters = false;
    if (!BytesOf(info.Env(), info[0], &mutation)) return info.Env().Undefined();
    if (const Status s = store()->Check(mutation, &has_counters); !s.ok()) return Throw(info, s);
    return Napi::Boolean::New(info.Env(), has_counters);
  }
  Napi::Value Apply(const Napi::CallbackInfo& info) {
    Slice mutation;
    if (!BytesOf(info.Env(), info[0], &mutation)) return info.Env().Undefined();
    if (const Status s = store()->Apply(mutation); !s.ok()) return Throw(info, s);
    return info.Env().Undefined();
  }
  Napi::Value PrepareCounter(const Napi::CallbackInfo& info) {
    Slice mutation;
    std::vector<uint8_t> out;
    MissList misses;
    ReadState state;
    if (!BytesOf(info.Env(), info[0], &mutation)) return info.Env().Undefined();
    if (const Status s = store()->PrepareCounter(mutation, &out, &misses, &state); !s.ok()) return Throw(info, s);
    return state == ReadState::kDone ? BytesValue(info.Env(), Slice(out)) : MissesValue(info.Env(), misses);
  }
  Napi::Value Read(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!info[0].IsObject() || !info[0].As<Napi::Object>().CheckTypeTag(&kReadTag) || !info[1].IsNumber()) {
      Napi::TypeError::New(env, "expected a ReadOperation and a budget").ThrowAsJavaScriptException();
      return env.Undefined();
    }
    ReadOperation& operation = ReadWrap::Unwrap(info[0].As<Napi::Object>())->operation;
    MissList misses;
    ReadState state;
    const uint32_t budget = info[1].As<Napi::Number>().Uint32Value();
    if (const Status s = store()->Read(&operation, budget, &state, &misses); !s.ok()) return Throw(info, s);
    if (state == ReadState::kYield) return env.Null();
    return state == ReadState::kDone ? BytesValue(env, operation.output()) : MissesValue(env, misses);
  }
  StoreTable::VectorColumn* Vectors(const Napi::CallbackInfo& info) {
    TableId table;
    TableId index;
    if (!IdOf(info, 0, &table) || !IdOf(info, 1, &index)) return nullptr;
    StoreTable::VectorColumn* column = store()->FindVectors(table.data(), index.data());
    if (column == nullptr) Throw(info, Status::Invalid("unknown vector index"));
    return column;
  }
  // vectorStats(table, index): [vectors, waiting, bytes, writes]
  Napi::Value VectorStats(const Napi::CallbackInfo& info) {
    const StoreTable::VectorColumn* column = Vectors(info);
    if (column == nullptr) return info.Env().Undefined();
    auto out = Napi::Float64Array::New(info.Env(), 4);
    out[0] = static_cast<double>(column->index->live());
    out[1] = static_cast<double>(column->index->waiting());
    out[2] = static_cast<double>(column->index->bytes());
    out[3] = static_cast<double>(column->index->writes());
    return out;
  }
  // vectorPass(table, index, begins)
  Napi::Value VectorPass(const Napi::CallbackInfo& info) {
    StoreTable::VectorColumn* column = Vectors(info);
    if (column == nullptr) return info.Env().Undefined();
    if (info[2].ToBoolean()) column->index->BeginPass();
    else column->index->EndPass();
    return info.Env().Undefined();
  }
  // vectorExport(table, index, from, bytes): u32 where to go on, and the part; null when there is none
  Napi::Value VectorExport(const Napi::CallbackInfo& info) {
    StoreTable::VectorColumn* column = Vectors(info);
    if (column == nullptr) return info.Env().Undefined();
    uint32_t from = info[2].ToNumber().Uint32Value();
    std::vector<uint8_t> part;
    if (!column->index->Export(&from, info[3].ToNumber().Uint32Value(), &part)) return info.Env().Null();
    uint8_t next[4];
    StoreLE(next, from);
    part.insert(part.begin(), next, next + 4);
    return BytesValue(info.Env(), Slice(part));
  }
  // vectorImport(table, index, part)
  Napi::Value VectorImport(const Napi::CallbackInfo& info) {
    StoreTable::VectorColumn* column = Vectors(info);
    Slice part;
    if (column == nullptr || !BytesOf(info.Env(), info[2], &part)) return info.Env().Undefined();
    if (column->loading == nullptr)
      column->loading = std::make_unique<VectorIndex>(column->index->shape(), LoadLE<uint64_t>(column->descriptor.id.data()));
    if (const Status s = column->loading->Import(part); !s.ok()) {
      column->loading = nullptr;
      return Throw(info, s);
    }
    return info.Env().Undefined();
  }
  // vectorLoaded(table, index, take): what was imported takes the place of the index, or is forgotten
  Napi::Value VectorLoaded(const Napi::CallbackInfo& info) {
    StoreTable::VectorColumn* column = Vectors(info);
    if (column == nullptr) return info.Env().Undefined();
    std::unique_ptr<VectorIndex> loaded = std::move(column->loading);
    if (loaded == nullptr || !info[2].ToBoolean()) return info.Env().Undefined();
    loaded->FinishImport(*column->index);
    column->index = std::move(loaded);
    return info.Env().Undefined();
  }
  // limitVectors(bytes): 0 for no limit
  Napi::Value LimitVectors(const Napi::CallbackInfo& info) {
    store()->LimitVectors(static_cast<size_t>(info[0].ToNumber().DoubleValue()));
    return info.Env().Undefined();
  }
  Napi::Value Freeze(const Napi::CallbackInfo& info) {
    TableId id;
    if (!IdOf(info, 0, &id)) return info.Env().Undefined();
    const std::shared_ptr<FrozenMemtable> frozen = store()->Freeze(id);
    return Napi::Number::New(info.Env(), frozen == nullptr ? 0 : frozen->number());
  }
  Napi::Value ReplaceSources(const Napi::CallbackInfo& info) {
    TableId id;
    std::vector<uint32_t> frozen, remove_numbers, add_numbers;
    if (!IdOf(info, 0, &id) || !NumbersOf(info, 1, &frozen) || !NumbersOf(info, 2, &remove_numbers) ||
        !NumbersOf(info, 3, &add_numbers))
      return info.Env().Undefined();
    std::vector<const Source*> remove;
    std::vector<std::shared_ptr<Source>> add;
    for (const uint32_t n : remove_numbers)
      if (const auto source = FindSource(n); source != nullptr) remove.push_back(source.get());
    for (const uint32_t n : add_numbers) {
      add.push_back(FindSource(n));
      if (add.back() == nullptr) return Throw(info, Status::Invalid("unknown source " + std::to_string(n)));
    }
    if (const Status s = store()->ReplaceSources(id, frozen, remove, std::move(add)); !s.ok()) return Throw(info, s);
    return info.Env().Undefined();
  }
  Napi::Value Truncate(const Napi::CallbackInfo& info) {
    TableId id;
    if (!IdOf(info, 0, &id)) return info.Env().Undefined();
    if (const Status s = store()->Truncate(id); !s.ok()) return Throw(info, s);
    return info.Env().Undefined();
  }
  // memtableBytes(): [growing, frozen]
  Napi::Value MemtableBytes(const Napi::CallbackInfo& info) {
    const Store::MemtableBytes bytes = store()->CountMemtables();
    Napi::Array out = Napi::Array::New(info.Env(), 2);
    out.Set(0u, static_cast<double>(bytes.growing));
    out.Set(1u, static_cast<double>(bytes.frozen));
    return out;
  }
  Napi::Value Stats(const Napi::CallbackInfo& info) {
    TableId id;
    TableStats stats;
    if (!IdOf(info, 0, &id)) return info.Env().Undefined();
    if (const Status s = store()->Stats(id, &stats); !s.ok()) return Throw(info, s);
    Napi::Object out = Napi::Object::New(info.Env());
    const auto set = [&](const char* name, uint64_t v) { out.Set(name, Napi::Number::New(info.Env(), static_cast<double>(v))); };
    set("memtableBytes", stats.memtable_bytes);
    set("memtableDataBytes", stats.memtable_data_bytes);
    set("memtablePartitions", stats.memtable_partitions);
    set("frozenBytes", stats.frozen_bytes);
    out.Set("minTimestamp", Napi::BigInt::New(info.Env(), stats.min_timestamp));
    set("frozen", stats.frozen);
    set("sources", stats.sources);
    set("reads", stats.reads);
    set("writes", stats.writes);
    set("readNanos", stats.read_nanos);
    set("writeNanos", stats.write_nanos);
    return out;
  }
  // figures(tableId): null while nothing was measured
  Napi::Value Figures(const Napi::CallbackInfo& info) {
    TableId id;
    if (!IdOf(info, 0, &id)) return info.Env().Undefined();
    const TableFigures* figures = store()->Figures(id);
    if (figures == nullptr) return info.Env().Null();
    Napi::Object out = Napi::Object::New(info.Env());
    out.Set("read", HistogramValue(info.Env(), figures->read));
    out.Set("write", HistogramValue(info.Env(), figures->write));
    out.Set("scan", HistogramValue(info.Env(), figures->scan));
    out.Set("rows", HistogramValue(info.Env(), figures->rows));
    out.Set("tombstones", HistogramValue(info.Env(), figures->tombstones));
    out.Set("sstables", HistogramValue(info.Env(), figures->sstables));
    return out;
  }
  Napi::Value TickRates(const Napi::CallbackInfo& info) {
    store()->TickRates();
    return info.Env().Undefined();
  }
  static Napi::Value Throw(const Napi::CallbackInfo& info, const Status& status) {
    ThrowStatus(info.Env(), status);
    return info.Env().Undefined();
  }

  std::unique_ptr<Store> store_;
};

Napi::Value Release(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber()) ReleaseFrozen(info[0].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

// Statistics of a frozen memtable, for whoever writes it out; null when the number is unknown.
Napi::Value FrozenStats(const Napi::CallbackInfo& info) {
  const auto frozen = info[0].IsNumber() ? FindFrozen(info[0].As<Napi::Number>().Uint32Value()) : nullptr;
  if (frozen == nullptr) return info.Env().Null();
  const MemtableStats& stats = frozen->stats();
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("partitions", Napi::Number::New(info.Env(), static_cast<double>(stats.partitions)));
  out.Set("rows", Napi::Number::New(info.Env(), static_cast<double>(stats.rows)));
  out.Set("dataBytes", Napi::Number::New(info.Env(), static_cast<double>(stats.data_bytes)));
  out.Set("minTimestamp", Napi::BigInt::New(info.Env(), stats.min_timestamp));
  out.Set("maxTimestamp", Napi::BigInt::New(info.Env(), stats.max_timestamp));
  return out;
}

}  // namespace

Store* UnwrapStore(Napi::Env env, const Napi::Value& value) {
  (void)env;
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kStoreTag)) return nullptr;
  return StoreWrap::Unwrap(value.As<Napi::Object>())->store();
}

void RegisterStore(Napi::Env env, Napi::Object exports) {
  exports.Set("Store", StoreWrap::Define(env));
  exports.Set("ReadOperation", ReadWrap::Define(env));
  exports.Set("releaseFrozen", Napi::Function::New(env, Release));
  exports.Set("frozenStats", Napi::Function::New(env, FrozenStats));
}

}  // namespace ferrosa
