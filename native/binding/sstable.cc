// native/binding/sstable.cc: ChunkCache, SSTable and SSTableScanner for JavaScript. Typed in src/native/sstable.ts.
#include "sstable.h"

#include <algorithm>

#include "core/hash.h"
#include "core/lender.h"
#include "core/source_registry.h"
#include "core/sstable/scanner.h"
#include "register.h"

namespace ferrosa {
namespace {

const napi_type_tag kCacheTag = {0x6665727261ULL, 0x6361636865ULL};
const napi_type_tag kSSTableTag = {0x6665727261ULL, 0x737374626cULL};

void Expected(Napi::Env env, const char* what) { Napi::TypeError::New(env, std::string("expected ") + what).ThrowAsJavaScriptException(); }

bool ToSlice(const Napi::Value& value, Slice* out) {
  if (!value.IsTypedArray()) return false;
  const auto array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != napi_uint8_array) return false;
  auto bytes = value.As<Napi::Uint8Array>();
  static const uint8_t kNothing = 0;
  *out = Slice(bytes.ByteLength() == 0 ? &kNothing : bytes.Data(), bytes.ByteLength());
  return true;
}

bool ToBytes(const Napi::Value& value, std::vector<uint8_t>* out) {
  Slice s;
  if (!ToSlice(value, &s)) return false;
  out->assign(s.data, s.data + s.size);
  return true;
}

bool ToNumber(const Napi::Value& value, uint64_t* out) {
  if (!value.IsNumber()) return false;
  const double d = value.As<Napi::Number>().DoubleValue();
  if (!(d >= 0 && d <= 9007199254740991.0)) return false;
  *out = static_cast<uint64_t>(d);
  return true;
}

class CacheObject : public Napi::ObjectWrap<CacheObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "ChunkCache",
                       {InstanceMethod<&CacheObject::NewFile>("newFile"), InstanceMethod<&CacheObject::RemoveFile>("removeFile"),
                        InstanceMethod<&CacheObject::Insert>("insert"), InstanceMethod<&CacheObject::SetBudget>("setBudget"),
                        InstanceMethod<&CacheObject::SetLoader>("setLoader"), InstanceMethod<&CacheObject::Stats>("stats")});
  }
  explicit CacheObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CacheObject>(info) {
    uint64_t budget = 0;
    if (!ToNumber(info[0], &budget)) {
      Expected(info.Env(), "a budget in bytes");
      return;
    }
    cache_ = std::make_shared<ChunkCache>(budget);
    info.This().As<Napi::Object>().TypeTag(&kCacheTag);
  }
  ~CacheObject() override {
    if (cache_) cache()->SetLoader(nullptr);
  }
  const std::shared_ptr<ChunkCache>& cache() const {
    OwnShard();
    return cache_;
  }

 private:
  Napi::Value NewFile(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), cache()->NewFile()); }
  void RemoveFile(const Napi::CallbackInfo& info) {
    uint64_t file;
    if (!ToNumber(info[0], &file)) return Expected(info.Env(), "a file number");
    cache()->RemoveFile(static_cast<uint32_t>(file));
  }
  void Insert(const Napi::CallbackInfo& info) {
    uint64_t file;
    uint64_t chunk;
    Slice bytes;
    if (!ToNumber(info[0], &file) || !ToNumber(info[1], &chunk) || !ToSlice(info[2], &bytes)) return Expected(info.Env(), "file, chunk and bytes");
    cache()->Insert(static_cast<uint32_t>(file), static_cast<uint32_t>(chunk),
                  std::make_shared<ChunkBytes>(bytes.data, bytes.data + bytes.size));
  }
  void SetBudget(const Napi::CallbackInfo& info) {
    uint64_t budget;
    if (!ToNumber(info[0], &budget)) return Expected(info.Env(), "a budget in bytes");
    cache()->SetBudget(budget);
  }
  void SetLoader(const Napi::CallbackInfo& info) {
    if (!info[0].IsFunction()) return Expected(info.Env(), "a function");
    loader_ = Napi::Persistent(info[0].As<Napi::Function>());
    cache()->SetLoader([this](uint32_t file, uint32_t chunk) -> ChunkPtr {
      Napi::Env env = Env();
      Napi::HandleScope scope(env);
      if (env.IsExceptionPending()) return nullptr;
      const Napi::Value result = loader_.Call({Napi::Number::New(env, file), Napi::Number::New(env, chunk)});
      Slice bytes;
      if (env.IsExceptionPending() || !ToSlice(result, &bytes)) return nullptr;
      return std::make_shared<ChunkBytes>(bytes.data, bytes.data + bytes.size);
    });
  }
  Napi::Value Stats(const Napi::CallbackInfo& info) {
    Napi::Object out = Napi::Object::New(info.Env());
    out.Set("bytes", static_cast<double>(cache()->used_bytes()));
    out.Set("chunks", static_cast<double>(cache()->chunks()));
    out.Set("hits", static_cast<double>(cache()->hits()));
    out.Set("misses", static_cast<double>(cache()->misses()));
    return out;
  }
  std::shared_ptr<ChunkCache> cache_;
  Napi::FunctionReference loader_;
};

bool ToFile(const Napi::Object& options, const char* name, ComponentFile* out) {
  const Napi::Value value = options.Get(name);
  if (!value.IsObject()) return false;
  const Napi::Object o = value.As<Napi::Object>();
  uint64_t number;
  uint64_t chunk_bytes;
  if (!ToNumber(o.Get("file"), &number) || !ToNumber(o.Get("length"), &out->length) || !ToNumber(o.Get("chunkBytes"), &chunk_bytes) ||
      !o.Get("path").IsString())
    return false;
  out->number = static_cast<uint32_t>(number);
  out->chunk_bytes = static_cast<uint32_t>(chunk_bytes);
  out->path = o.Get("path").As<Napi::String>();
  return true;
}

bool ToOptions(const Napi::Object& o, SSTableOptions* out) {
  bool lossless = false;
  if (!o.Get("maxTimestamp").IsBigInt()) return false;
  out->max_timestamp = o.Get("maxTimestamp").As<Napi::BigInt>().Int64Value(&lossless);
  return ToFile(o, "data", &out->data) && ToFile(o, "partitions", &out->partitions) && ToFile(o, "rows", &out->rows) &&
         ToNumber(o.Get("partitionRoot"), &out->partition_root) && ToNumber(o.Get("partitionCount"), &out->partition_count) &&
         ToBytes(o.Get("firstKey"), &out->first_key) && ToBytes(o.Get("lastKey"), &out->last_key) && ToBytes(o.Get("header"), &out->header) &&
         ToBytes(o.Get("filter"), &out->filter);
}

class SSTableObject : public Napi::ObjectWrap<SSTableObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "SSTable",
                       {InstanceMethod<&SSTableObject::SetTable>("setTable"), InstanceMethod<&SSTableObject::Close>("close"),
                        InstanceAccessor<&SSTableObject::SourceNumber>("source"),
                        InstanceAccessor<&SSTableObject::FilterDamaged>("filterDamaged")});
  }
  explicit SSTableObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SSTableObject>(info) {
    std::shared_ptr<ChunkCache> cache = GetChunkCache(info[0]);
    if (!cache) return;
    Slice descriptor;
    SSTableOptions options;
    if (!ToSlice(info[1], &descriptor) || !info[2].IsObject() || !ToOptions(info[2].As<Napi::Object>(), &options)) {
      Expected(info.Env(), "a cache, a table descriptor and options");
      return;
    }
    Status status = ParseDescriptor(descriptor, &options.table);
    if (status.ok()) status = SSTable::Open(std::move(cache), std::move(options), &sstable_);
    if (!status.ok()) {
      ThrowStatus(info.Env(), status);
      return;
    }
    source_ = RegisterSource(sstable_);
    info.This().As<Napi::Object>().TypeTag(&kSSTableTag);
  }
  ~SSTableObject() override { Release(); }
  const std::shared_ptr<SSTable>& sstable() const {
    OwnShard();
    return sstable_;
  }

 private:
  void Release() {
    if (source_ != 0) ReleaseSource(source_);
    source_ = 0;
    OwnShard();
    sstable_.reset();
  }
  Napi::Value SourceNumber(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), source_); }
  Napi::Value FilterDamaged(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), sstable() && sstable_->filter_damaged());
  }
  void SetTable(const Napi::CallbackInfo& info) {
    Slice descriptor;
    if (!ToSlice(info[0], &descriptor)) return Expected(info.Env(), "a table descriptor");
    if (!sstable()) return Expected(info.Env(), "an open SSTable");
    DescriptorPtr table;
    Status status = ParseDescriptor(descriptor, &table);
    if (status.ok()) status = sstable()->SetTable(std::move(table));
    if (!status.ok()) ThrowStatus(info.Env(), status);
  }
  void Close(const Napi::CallbackInfo& info) { Release(); }
  std::shared_ptr<SSTable> sstable_;
  uint32_t source_ = 0;
};

class ScannerObject : public Napi::ObjectWrap<ScannerObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "SSTableScanner", {InstanceMethod<&ScannerObject::Next>("next"), InstanceMethod<&ScannerObject::Read>("read")});
  }
  explicit ScannerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ScannerObject>(info) {
    sstable_ = GetSSTable(info[0]);
    if (sstable_) scanner_ = std::make_unique<SSTableScanner>(sstable_, info[1].ToBoolean());
  }

 private:
  // Uint8Array: bytes; null: nothing more; Uint32Array: misses.
  Napi::Value Result(Napi::Env env, Step step, const MissList& misses, const Writer& out) {
    if (env.IsExceptionPending()) return env.Undefined();
    if (step == Step::kCorrupt) {
      ThrowStatus(env, sstable_->error());
      return env.Undefined();
    }
    if (out.size() == 0 && step == Step::kEnd) return env.Null();
    if (out.size() == 0) return MissesToJs(env, misses);
    return Napi::Buffer<uint8_t>::Copy(env, out.bytes.data(), out.size());
  }
  Napi::Value Next(const Napi::CallbackInfo& info) {
    uint64_t bytes_min;
    if (!scanner_ || !ToNumber(info[0], &bytes_min)) {
      Expected(info.Env(), "a number of bytes");
      return info.Env().Undefined();
    }
    MissList misses;
    Writer out;
    const Step step = scanner_->Next(std::max<uint64_t>(bytes_min, 1), &misses, &out);
    return Result(info.Env(), step, misses, out);
  }
  // read(key, seekKind or -1, prefix values)
  Napi::Value Read(const Napi::CallbackInfo& info) {
    Slice key;
    if (!scanner_ || !ToSlice(info[0], &key) || !info[1].IsNumber() || !info[2].IsArray()) {
      Expected(info.Env(), "a key, a bound kind and values");
      return info.Env().Undefined();
    }
    const int kind = info[1].As<Napi::Number>().Int32Value();
    Bound bound;
    const Napi::Array values = info[2].As<Napi::Array>();
    for (uint32_t i = 0; i < values.Length(); i++) {
      Slice value;
      const Napi::Value v = values.Get(i);
      if (!v.IsNull() && !ToSlice(v, &value)) {
        Expected(info.Env(), "bytes or null");
        return info.Env().Undefined();
      }
      bound.prefix.push_back(value);
    }
    if (kind >= 0 && kind <= 7) bound.kind = static_cast<BoundKind>(kind);
    MissList misses;
    Writer out;
    const Step step = scanner_->Read(DecoratedKey{MurmurToken(key), key}, kind >= 0 ? &bound : nullptr, &misses, &out);
    return Result(info.Env(), step, misses, out);
  }
  std::shared_ptr<SSTable> sstable_;
  std::unique_ptr<SSTableScanner> scanner_;
};

}  // namespace

std::shared_ptr<ChunkCache> GetChunkCache(const Napi::Value& value) {
  if (value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&kCacheTag)) return CacheObject::Unwrap(value.As<Napi::Object>())->cache();
  Expected(value.Env(), "a ChunkCache");
  return nullptr;
}

std::shared_ptr<SSTable> GetSSTable(const Napi::Value& value) {
  if (value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&kSSTableTag)) {
    auto sstable = SSTableObject::Unwrap(value.As<Napi::Object>())->sstable();
    if (sstable) return sstable;
  }
  Expected(value.Env(), "an open SSTable");
  return nullptr;
}

Napi::Value MissesToJs(Napi::Env env, const MissList& misses) {
  std::vector<uint64_t> keys;
  for (const Miss& miss : misses) keys.push_back(static_cast<uint64_t>(miss.file) << 32 | miss.chunk);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  Napi::Uint32Array out = Napi::Uint32Array::New(env, keys.size() * 2);
  for (size_t i = 0; i < keys.size(); i++) {
    out[2 * i] = static_cast<uint32_t>(keys[i] >> 32);
    out[2 * i + 1] = static_cast<uint32_t>(keys[i]);
  }
  return out;
}

void RegisterSSTable(Napi::Env env, Napi::Object exports) {
  exports.Set("ChunkCache", CacheObject::Define(env));
  exports.Set("SSTable", SSTableObject::Define(env));
  exports.Set("SSTableScanner", ScannerObject::Define(env));
}

}  // namespace ferrosa
