// native/binding/commit_log.h: how another binding gets at the log behind a JavaScript CommitLog.
#pragma once
#include <napi.h>

#include "core/commit_log.h"

namespace ferrosa {

// nullptr and a pending TypeError when `value` is not an open CommitLog. The log lives as long as the JavaScript object.
CommitLog* CommitLogOf(Napi::Value value);

}  // namespace ferrosa
