// native/binding/source.cc: numbers for opened SSTables, by which a Store takes them. Typed in src/native/source.ts.
#include "arguments.h"
#include "core/shard_source.h"
#include "core/source_registry.h"
#include "register.h"
#include "sstable.h"

namespace ferrosa {
namespace {

// sstable, shard, shard count; with a shard count of 0 or 1 the source has every partition.
Napi::Value RegisterSourceJs(const Napi::CallbackInfo& info) {
  std::shared_ptr<Source> source = GetSSTable(info[0]);
  if (source == nullptr) return info.Env().Undefined();
  const uint32_t shard_count = GetU32(info, 2);
  if (shard_count > 1) source = std::make_shared<ShardSource>(std::move(source), GetU32(info, 1), shard_count);
  return Napi::Number::New(info.Env(), RegisterSource(std::move(source)));
}

Napi::Value ReleaseSourceJs(const Napi::CallbackInfo& info) {
  ReleaseSource(GetU32(info, 0));
  return info.Env().Undefined();
}

Napi::Value ShardOfTokenJs(const Napi::CallbackInfo& info) {
  bool lossless = false;
  const int64_t token = info[0].As<Napi::BigInt>().Int64Value(&lossless);
  return Napi::Number::New(info.Env(), ShardOfToken(token, GetU32(info, 1)));
}

// The first token at or after, null when there is none.
Napi::Value NextOwnTokenJs(const Napi::CallbackInfo& info) {
  bool lossless = false;
  int64_t token = info[0].As<Napi::BigInt>().Int64Value(&lossless);
  if (!NextOwnToken(token, GetU32(info, 1), GetU32(info, 2), &token)) return info.Env().Null();
  return Napi::BigInt::New(info.Env(), token);
}

}  // namespace

void RegisterSources(Napi::Env env, Napi::Object exports) {
  exports.Set("registerSource", Napi::Function::New(env, RegisterSourceJs));
  exports.Set("releaseSource", Napi::Function::New(env, ReleaseSourceJs));
  exports.Set("shardOfToken", Napi::Function::New(env, ShardOfTokenJs));
  exports.Set("nextOwnToken", Napi::Function::New(env, NextOwnTokenJs));
}

}  // namespace ferrosa
