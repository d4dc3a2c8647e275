// native/binding/waker.cc: an eventfd on the thread's event loop. Typed in src/native/ring.ts.
#include <napi.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include <memory>

#include "arguments.h"
#include "register.h"

namespace ferrosa {
namespace {

// Lives until libuv has closed the handle, which may be after the JavaScript object is gone.
struct WakerState {
  uv_poll_t poll;
  int fd = -1;
  napi_env env = nullptr;
  Napi::FunctionReference callback;
  std::unique_ptr<Napi::AsyncContext> context;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool closing = false;
};

void OnClosed(uv_handle_t* handle) {
  auto* state = static_cast<WakerState*>(handle->data);
  close(state->fd);
  napi_remove_async_cleanup_hook(state->hook);
  delete state;
}

void Close(WakerState* state) {
  if (state->closing) return;
  state->closing = true;
  state->callback.Reset();
  state->context.reset();
  uv_poll_stop(&state->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&state->poll), OnClosed);
}

void OnReadable(uv_poll_t* handle, int status, int events) {
  auto* state = static_cast<WakerState*>(handle->data);
  uint64_t count;
  if (read(state->fd, &count, sizeof count) < 0 || state->closing) return;
  Napi::Env env(state->env);
  Napi::HandleScope scope(env);
  state->callback.MakeCallback(env.Global(), std::initializer_list<napi_value>{}, *state->context);
  if (env.IsExceptionPending()) {
    // Nobody is above us to catch it: it becomes the thread's uncaught exception.
    napi_fatal_exception(env, env.GetAndClearPendingException().Value());
  }
}

// new Waker(fd: number or -1 for a new eventfd, callback: () => void)
class Waker : public Napi::ObjectWrap<Waker> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Waker",
                       {InstanceMethod("close", &Waker::CloseJs), InstanceMethod("ref", &Waker::RefJs),
                        InstanceMethod("unref", &Waker::UnrefJs), InstanceMethod("signal", &Waker::SignalJs),
                        InstanceAccessor<&Waker::FdJs>("fd")});
  }

  explicit Waker(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const int given = static_cast<int>(GetNumber(info, 0));
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(info.Env(), &loop);
    auto state = std::make_unique<WakerState>();
    state->fd = given < 0 ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : dup(given);
    if (state->fd < 0 || uv_poll_init(loop, &state->poll, state->fd) != 0) {
      if (state->fd >= 0) close(state->fd);
      ThrowStatus(info.Env(), Status::Server("waker: no eventfd: " + std::string(std::strerror(errno))));
      return;
    }
    state_ = state.release();
    state_->poll.data = state_;
    state_->env = info.Env();
    state_->callback = Napi::Persistent(info[1].As<Napi::Function>());
    state_->context = std::make_unique<Napi::AsyncContext>(info.Env(), "ferrosa.ring");
    napi_add_async_cleanup_hook(
        info.Env(), [](napi_async_cleanup_hook_handle, void* arg) { Close(static_cast<WakerState*>(arg)); }, state_,
        &state_->hook);
    uv_poll_start(&state_->poll, UV_READABLE, OnReadable);
  }

 private:
  // Without close() the state lives as long as the thread: the cleanup hook ends it.
  Napi::Value CloseJs(const Napi::CallbackInfo& info) {
    if (state_ != nullptr) Close(state_);
    state_ = nullptr;
    return info.Env().Undefined();
  }
  Napi::Value RefJs(const Napi::CallbackInfo& info) {
    if (state_ != nullptr) uv_ref(reinterpret_cast<uv_handle_t*>(&state_->poll));
    return info.Env().Undefined();
  }
  Napi::Value UnrefJs(const Napi::CallbackInfo& info) {
    if (state_ != nullptr) uv_unref(reinterpret_cast<uv_handle_t*>(&state_->poll));
    return info.Env().Undefined();
  }
  Napi::Value SignalJs(const Napi::CallbackInfo& info) {
    const uint64_t one = 1;
    if (state_ != nullptr) [[maybe_unused]] const ssize_t n = write(state_->fd, &one, sizeof one);
    return info.Env().Undefined();
  }
  Napi::Value FdJs(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), state_ == nullptr ? -1 : state_->fd);
  }
  WakerState* state_ = nullptr;
};

}  // namespace

void RegisterWaker(Napi::Env env, Napi::Object exports) { exports.Set("Waker", Waker::Define(env)); }

}  // namespace ferrosa
