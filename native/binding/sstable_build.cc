// native/binding/sstable_build.cc: flush and compaction for JavaScript, on threads that may block. Typed in src/native/sstable-build.ts.
#include "core/sstable/build.h"

#include <algorithm>

#include "arguments.h"
#include "core/frozen_memtable.h"
#include "core/vint.h"
#include "register.h"
#include "sstable.h"

namespace ferrosa {
namespace {

constexpr int64_t kTimestampEpoch = 1442880000000000;
constexpr int64_t kDeletionTimeEpoch = 1442880000;

int64_t ToI64(const Napi::Value& value) {
  bool lossless = false;
  return value.IsBigInt() ? value.As<Napi::BigInt>().Int64Value(&lossless) : 0;
}

double ToDouble(const Napi::Value& value) { return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0; }

uint32_t ToU32(const Napi::Value& value) {
  const double d = ToDouble(value);
  return d <= 0 ? 0 : d >= 4294967295.0 ? UINT32_MAX : static_cast<uint32_t>(d);
}

Napi::Buffer<uint8_t> ToBuffer(Napi::Env env, const std::vector<uint8_t>& bytes) {
  return Napi::Buffer<uint8_t>::Copy(env, bytes.data(), bytes.size());
}

void ReadPurge(const Napi::Value& value, BuildOptions* options) {
  if (!value.IsObject()) return;
  const Napi::Object o = value.As<Napi::Object>();
  options->purge = true;
  options->rules.now_seconds = ToU32(o.Get("nowSeconds"));
  options->rules.gc_before = ToU32(o.Get("gcBefore"));
  options->rules.max_purgeable_timestamp = ToI64(o.Get("maxPurgeableTimestamp"));
}

// Clustering types, then both ends of what is covered. Source: StatsMetadata, AbstractTypeSerializer, Slice.serializer.
std::vector<uint8_t> CoveredClusterings(const TableDescriptor& table, const SSTableWriter& writer) {
  Writer w;
  WriteUnsignedVint(w, table.clustering.size());
  for (const ClusteringColumn& column : table.clustering)
    WriteVintBytes(w, Slice(column.reversed ? "org.apache.cassandra.db.marshal.ReversedType(" + column.type.class_name + ")"
                                            : column.type.class_name));
  const StatisticsCollector& s = writer.statistics();
  const auto bound = [&](BoundKind kind, const std::vector<std::vector<uint8_t>>& bytes, const std::vector<bool>& nulls) {
    static const uint8_t kNothing = 0;
    ClusteringValues values;
    for (size_t i = 0; i < bytes.size(); i++)
      values.push_back(nulls[i] ? Slice() : Slice(bytes[i].empty() ? &kNothing : bytes[i].data(), bytes[i].size()));
    w.U8(static_cast<uint8_t>(kind));
    w.BE<uint16_t>(static_cast<uint16_t>(values.size()));
    writer.row_writer().WriteValues(values, &w);
  };
  bound(s.min_kind, s.min_clustering, s.min_nulls);
  bound(s.max_kind, s.max_clustering, s.max_nulls);
  return std::move(w.bytes);
}

class BuildObject : public Napi::ObjectWrap<BuildObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "SSTableBuild",
                       {InstanceMethod<&BuildObject::Run>("run"), InstanceMethod<&BuildObject::Take>("take"),
                        InstanceMethod<&BuildObject::Finished>("finished"), InstanceMethod<&BuildObject::NextFile>("nextFile"),
                        InstanceMethod<&BuildObject::Close>("close")});
  }
  explicit BuildObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<BuildObject>(info) {
    Slice descriptor;
    if (!GetBytes(info, 0, &descriptor)) return;
    if (!info[1].IsObject()) {
      Napi::TypeError::New(info.Env(), "expected options").ThrowAsJavaScriptException();
      return;
    }
    BuildOptions options;
    const Status status = ParseDescriptor(descriptor, &options.table);
    if (!status.ok()) {
      ThrowStatus(info.Env(), status);
      return;
    }
    table_ = options.table;
    std::vector<std::shared_ptr<Source>> sources;
    if (ReadOptions(info.Env(), info[1].As<Napi::Object>(), &options, &sources))
      build_ = std::make_unique<SSTableBuild>(std::move(options), std::move(sources));
  }

 private:
  bool ReadOptions(Napi::Env env, const Napi::Object& o, BuildOptions* options, std::vector<std::shared_ptr<Source>>* sources) {
    options->stats.min_timestamp = o.Get("minTimestamp").IsBigInt() ? ToI64(o.Get("minTimestamp")) : kTimestampEpoch;
    options->stats.min_local_deletion_time =
        o.Get("minLocalDeletionTime").IsNumber() ? static_cast<int64_t>(ToDouble(o.Get("minLocalDeletionTime"))) : kDeletionTimeEpoch;
    options->stats.min_ttl = static_cast<int32_t>(ToDouble(o.Get("minTtl")));
    options->expected_keys = std::max<uint64_t>(1, static_cast<uint64_t>(ToDouble(o.Get("expectedKeys"))));
    options->file_bytes_max = static_cast<uint64_t>(ToDouble(o.Get("fileBytesMax")));
    const auto limit = [&](const char* name, uint64_t* out) {
      if (o.Get(name).IsNumber()) *out = static_cast<uint64_t>(ToDouble(o.Get(name)));
    };
    limit("partitionBytesMax", &options->limits.bytes);
    limit("partitionTombstonesMax", &options->limits.tombstones);
    ReadPurge(o.Get("purge"), options);
    if (o.Get("frozen").IsNumber() && !AddFrozen(env, ToU32(o.Get("frozen")), options, sources)) return false;
    const Napi::Array inputs = o.Get("inputs").As<Napi::Array>();
    for (uint32_t i = 0; i < inputs.Length(); i++) {
      std::shared_ptr<SSTable> sstable = GetSSTable(inputs.Get(i));
      if (!sstable) return false;
      sources->push_back(std::move(sstable));
    }
    const Napi::Array overlapping = o.Get("overlapping").As<Napi::Array>();
    for (uint32_t i = 0; i < overlapping.Length(); i++) {
      const Napi::Object entry = overlapping.Get(i).As<Napi::Object>();
      std::shared_ptr<SSTable> sstable = GetSSTable(entry.Get("sstable"));
      if (!sstable) return false;
      options->overlapping.emplace_back(std::move(sstable), ToI64(entry.Get("minTimestamp")));
    }
    const Napi::Array ranges = o.Get("ranges").As<Napi::Array>();
    for (uint32_t i = 0; i < ranges.Length(); i++) {
      const Napi::Array range = ranges.Get(i).As<Napi::Array>();
      options->ranges.push_back(TokenRange{ToI64(range.Get(uint32_t{0})), ToI64(range.Get(uint32_t{1}))});
    }
    return true;
  }

  // A frozen memtable as the only input; its statistics are the least values.
  bool AddFrozen(Napi::Env env, uint32_t number, BuildOptions* options, std::vector<std::shared_ptr<Source>>* sources) {
    frozen_ = FindFrozen(number);
    if (!frozen_) {
      ThrowStatus(env, Status::Server("there is no frozen memtable " + std::to_string(number)));
      return false;
    }
    const MemtableStats& stats = frozen_->stats();
    if (stats.min_timestamp != INT64_MAX) options->stats.min_timestamp = stats.min_timestamp;
    if (stats.min_local_deletion_time != kNoDeletionTime) options->stats.min_local_deletion_time = stats.min_local_deletion_time;
    options->stats.min_ttl = 0;
    options->expected_keys = std::max<uint64_t>(1, stats.partitions);
    sources->push_back(frozen_->OpenSource(options->table));
    return true;
  }

  bool Ready(Napi::Env env) {
    if (build_) return true;
    Napi::TypeError::New(env, "the build has no options, or is closed").ThrowAsJavaScriptException();
    return false;
  }

  Napi::Value Run(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!Ready(env)) return env.Undefined();
    BuildState state = BuildState::kMore;
    const Status status = build_->Run(static_cast<size_t>(std::max(1.0, GetNumber(info, 0))), &state);
    if (env.IsExceptionPending()) return env.Undefined();
    if (!status.ok()) {
      ThrowStatus(env, status);
      return env.Undefined();
    }
    return Napi::Number::New(env, static_cast<int>(state));
  }

  Napi::Value Take(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!Ready(env) || !build_->writer()) return env.Null();
    Napi::Object out = Napi::Object::New(env);
    out.Set("data", ToBuffer(env, build_->writer()->TakeData()));
    out.Set("rows", ToBuffer(env, build_->writer()->TakeRows()));
    out.Set("partitions", ToBuffer(env, build_->writer()->TakePartitions()));
    return out;
  }

  Napi::Value Finished(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!Ready(env) || !build_->writer()) return env.Null();
    const SSTableWriter& writer = *build_->writer();
    const StatisticsCollector& s = writer.statistics();
    Napi::Object out = Napi::Object::New(env);
    const auto number = [&](const char* name, double v) { out.Set(name, Napi::Number::New(env, v)); };
    const auto bigint = [&](const char* name, int64_t v) { out.Set(name, Napi::BigInt::New(env, v)); };
    const auto bytes = [&](const char* name, const auto& part) {
      Writer w;
      part.Serialize(&w);
      out.Set(name, ToBuffer(env, w.bytes));
    };
    out.Set("filter", ToBuffer(env, writer.Filter()));
    out.Set("header", ToBuffer(env, writer.Header()));
    out.Set("cardinality", ToBuffer(env, s.cardinality.Serialize()));
    bytes("partitionSizes", s.partition_bytes);
    bytes("cellsPerPartition", s.partition_cells);
    bytes("tombstones", s.tombstones);
    out.Set("coveredClusterings", ToBuffer(env, CoveredClusterings(*table_, writer)));
    bigint("minTimestamp", s.any ? s.min_timestamp : INT64_MIN);
    bigint("maxTimestamp", s.any ? s.max_timestamp : INT64_MAX);
    number("minLocalDeletionTime", s.min_local_deletion_time);
    number("maxLocalDeletionTime", s.any ? s.max_local_deletion_time : kNoDeletionTime);
    number("minTtl", s.min_ttl == UINT32_MAX ? 0 : s.min_ttl);
    number("maxTtl", s.max_ttl);
    number("cells", static_cast<double>(s.cells));
    number("rows", static_cast<double>(s.rows));
    number("partitions", static_cast<double>(s.partitions));
    number("dataBytes", static_cast<double>(writer.data_bytes()));
    out.Set("hasPartitionDeletions", Napi::Boolean::New(env, s.has_partition_deletions));
    out.Set("hasLegacyCounterShards", Napi::Boolean::New(env, s.has_legacy_counter_shards));
    out.Set("firstKey", ToBuffer(env, writer.first_key()));
    out.Set("lastKey", ToBuffer(env, writer.last_key()));
    out.Set("largePartitions", LargePartitions(env, writer));
    number("largePartitionsLeftOut", static_cast<double>(writer.large_partitions_left_out()));
    return out;
  }

  static Napi::Value LargePartitions(Napi::Env env, const SSTableWriter& writer) {
    Napi::Array out = Napi::Array::New(env);
    for (const LargePartition& partition : writer.large_partitions()) {
      Napi::Object entry = Napi::Object::New(env);
      entry.Set("key", ToBuffer(env, partition.key));
      entry.Set("bytes", static_cast<double>(partition.bytes));
      entry.Set("tombstones", static_cast<double>(partition.tombstones));
      out.Set(out.Length(), entry);
    }
    return out;
  }

  void NextFile(const Napi::CallbackInfo& info) {
    if (Ready(info.Env())) build_->NextFile();
  }

  // The collector may come for this object long after the flush, and a memtable is large.
  void Close(const Napi::CallbackInfo&) {
    build_.reset();
    frozen_.reset();
  }

  DescriptorPtr table_;
  std::shared_ptr<FrozenMemtable> frozen_;
  std::unique_ptr<SSTableBuild> build_;
};

}  // namespace

void RegisterSSTableBuild(Napi::Env env, Napi::Object exports) { exports.Set("SSTableBuild", BuildObject::Define(env)); }

}  // namespace ferrosa
