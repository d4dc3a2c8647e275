// native/binding/arguments.h: unpacking of JavaScript arguments, shared by the files of this folder.
#pragma once
#include <napi.h>

#include "core/bytes.h"

namespace ferrosa {

// Argument `i` as borrowed bytes. Throws a TypeError and returns false when it is no Uint8Array (a bug in our TypeScript).
inline bool GetBytes(const Napi::CallbackInfo& info, size_t i, Slice* out) {
  if (info.Length() <= i || !info[i].IsTypedArray()) {
    Napi::TypeError::New(info.Env(), "expected a Uint8Array").ThrowAsJavaScriptException();
    return false;
  }
  auto array = info[i].As<Napi::Uint8Array>();
  // An empty array may have no memory at all; it is a value all the same.
  static const uint8_t kNothing = 0;
  const uint8_t* data = array.Data();
  *out = Slice(data == nullptr ? &kNothing : data, array.ByteLength());
  return true;
}

// Argument `i` as a number; 0 when it is missing.
inline double GetNumber(const Napi::CallbackInfo& info, size_t i) {
  return info.Length() > i && info[i].IsNumber() ? info[i].As<Napi::Number>().DoubleValue() : 0;
}
inline uint32_t GetU32(const Napi::CallbackInfo& info, size_t i) { return static_cast<uint32_t>(GetNumber(info, i)); }

}  // namespace ferrosa
