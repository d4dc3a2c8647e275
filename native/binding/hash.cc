// native/binding/hash.cc: token and checksums for JavaScript. Typed in src/native/hash.ts.
#include <napi.h>

#include "core/hash.h"
#include "register.h"

namespace ferrosa {
namespace {

bool GetBytes(const Napi::CallbackInfo& info, size_t i, Slice* out) {
  if (info.Length() <= i || !info[i].IsTypedArray()) {
    Napi::TypeError::New(info.Env(), "expected a Uint8Array").ThrowAsJavaScriptException();
    return false;
  }
  auto array = info[i].As<Napi::Uint8Array>();
  *out = Slice(array.Data(), array.ByteLength());
  return true;
}

Napi::Value Token(const Napi::CallbackInfo& info) {
  Slice key;
  if (!GetBytes(info, 0, &key)) return info.Env().Undefined();
  return Napi::BigInt::New(info.Env(), MurmurToken(key));
}

Napi::Value Crc(const Napi::CallbackInfo& info) {
  Slice bytes;
  if (!GetBytes(info, 0, &bytes)) return info.Env().Undefined();
  const uint32_t start = info.Length() > 1 ? info[1].As<Napi::Number>().Uint32Value() : 0;
  return Napi::Number::New(info.Env(), Crc32(start, bytes));
}

}  // namespace

void RegisterHash(Napi::Env env, Napi::Object exports) {
  exports.Set("murmurToken", Napi::Function::New(env, Token));
  exports.Set("crc32", Napi::Function::New(env, Crc));
}

}  // namespace ferrosa
