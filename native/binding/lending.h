// native/binding/lending.h: a thread with shards lends them while its event loop waits.
#pragma once
#include <napi.h>

#include "core/lender.h"

namespace ferrosa {

// Makes this thread's lender go to sleep each time that its event loop begins to wait. Once a thread is enough.
Lender* StartLending(Napi::Env env);

}  // namespace ferrosa
