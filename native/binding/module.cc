// native/binding/module.cc: the addon's entry. Each RegisterX lives in the file of its name.
#include <napi.h>

#include "register.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  ferrosa::RegisterHash(env, exports);
  ferrosa::RegisterRing(env, exports);
  ferrosa::RegisterShardLoop(env, exports);
  ferrosa::RegisterFrontend(env, exports);
  ferrosa::RegisterPlainText(env, exports);
  ferrosa::RegisterWaker(env, exports);
  ferrosa::RegisterCommitLog(env, exports);
  ferrosa::RegisterStore(env, exports);
  ferrosa::RegisterSSTable(env, exports);
  ferrosa::RegisterSSTableBuild(env, exports);
  ferrosa::RegisterProcess(env, exports);
  ferrosa::RegisterSources(env, exports);
  return exports;
}

NODE_API_MODULE(ferrosa, Init)
