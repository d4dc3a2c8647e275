// native/binding/store.h: how other bindings reach the Store behind a JavaScript object.
#pragma once
#include <napi.h>

#include "core/store.h"

namespace ferrosa {

// The store of a JavaScript `Store`, null (and no exception) when the value is something else. Valid as long as the object is.
Store* UnwrapStore(Napi::Env env, const Napi::Value& value);

}  // namespace ferrosa
