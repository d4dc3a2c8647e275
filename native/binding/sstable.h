// native/binding/sstable.h: how other bindings get at the native side of ChunkCache and SSTable objects.
#pragma once
#include <napi.h>

#include <memory>

#include "core/chunk_cache.h"
#include "core/sstable/sstable.h"

namespace ferrosa {

// Null, with a TypeError pending, when the value is not a ChunkCache (SSTable) of this addon or is closed.
std::shared_ptr<ChunkCache> GetChunkCache(const Napi::Value& value);
std::shared_ptr<SSTable> GetSSTable(const Napi::Value& value);

// [file, chunk, file, chunk, ...] as a Uint32Array, each pair once.
Napi::Value MissesToJs(Napi::Env env, const MissList& misses);

}  // namespace ferrosa
