#include "lending.h"

#include <uv.h>

namespace ferrosa {
namespace {

// Lives until libuv has closed the handle.
struct BeforeWaiting {
  uv_prepare_t prepare;
  Lender* lender = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
};

void OnClosed(uv_handle_t* handle) {
  auto* state = static_cast<BeforeWaiting*>(handle->data);
  napi_remove_async_cleanup_hook(state->hook);
  delete state;
}

void Close(napi_async_cleanup_hook_handle, void* arg) {
  auto* state = static_cast<BeforeWaiting*>(arg);
  // From here on nobody borrows: what the thread ends is its own.
  state->lender->Own();
  uv_prepare_stop(&state->prepare);
  uv_close(reinterpret_cast<uv_handle_t*>(&state->prepare), OnClosed);
}

}  // namespace

Lender* StartLending(Napi::Env env) {
  Lender* const before = Lender::Find();
  if (before != nullptr) return before;
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto* state = new BeforeWaiting();
  state->lender = Lender::OfThread();
  state->prepare.data = state;
  uv_prepare_init(loop, &state->prepare);
  // What is lent keeps no thread alive.
  uv_unref(reinterpret_cast<uv_handle_t*>(&state->prepare));
  napi_add_async_cleanup_hook(env, Close, state, &state->hook);
  uv_prepare_start(&state->prepare, [](uv_prepare_t* handle) { static_cast<BeforeWaiting*>(handle->data)->lender->GoToSleep(); });
  return state->lender;
}

}  // namespace ferrosa
