// native/binding/register.h: one function a file of this folder, called by module.cc.
#pragma once
#include <napi.h>

#include "core/status.h"

namespace ferrosa {

void RegisterHash(Napi::Env env, Napi::Object exports);
void RegisterRing(Napi::Env env, Napi::Object exports);
void RegisterShardLoop(Napi::Env env, Napi::Object exports);
void RegisterFrontend(Napi::Env env, Napi::Object exports);
void RegisterPlainText(Napi::Env env, Napi::Object exports);
void RegisterWaker(Napi::Env env, Napi::Object exports);
void RegisterCommitLog(Napi::Env env, Napi::Object exports);
void RegisterStore(Napi::Env env, Napi::Object exports);
void RegisterSSTable(Napi::Env env, Napi::Object exports);
void RegisterSSTableBuild(Napi::Env env, Napi::Object exports);
void RegisterProcess(Napi::Env env, Napi::Object exports);
void RegisterSources(Napi::Env env, Napi::Object exports);

// Throws the FerrosaError-shaped JavaScript error of a failed status: an Error with `code` as in src/common/errors.ts.
inline void ThrowStatus(Napi::Env env, const Status& status) {
  static const char* const kNames[] = {"OK", "INVALID", "PROTOCOL_ERROR", "CORRUPT", "OVERLOADED", "SERVER_ERROR"};
  Napi::Error error = Napi::Error::New(env, status.message());
  error.Set("code", Napi::String::New(env, kNames[static_cast<int>(status.code())]));
  error.ThrowAsJavaScriptException();
}

}  // namespace ferrosa
