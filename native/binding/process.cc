// native/binding/process.cc: what Node does not offer of the operating system: advisory locks and core pinning, descriptors, pages that the
// disk may begin with, memory that the allocator keeps. Typed in src/native/process.ts.
#include <napi.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sched.h>
#endif

#include "arguments.h"
#include "core/huge_blocks.h"
#include "core/writeback.h"
#include "register.h"

namespace ferrosa {
namespace {

// The descriptor that holds the lock, null when another process has it. The lock ends with the process, however it ends.
Napi::Value LockFile(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string path = info.Length() > 0 ? info[0].ToString().Utf8Value() : "";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    Napi::Error error = Napi::Error::New(env, std::string(std::strerror(errno)) + ": " + path);
    error.Set("code", Napi::String::New(env, errno == EACCES || errno == EPERM ? "EACCES" : errno == EROFS ? "EROFS" : "EIO"));
    error.ThrowAsJavaScriptException();
    return env.Undefined();
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return env.Null();
  }
  return Napi::Number::New(env, fd);
}

// Runs the calling thread on one core from now on. False when the system does not offer that, or not that core.
Napi::Value PinThread(const Napi::CallbackInfo& info) {
#ifdef __linux__
  const uint32_t core = info.Length() > 0 ? info[0].ToNumber().Uint32Value() : CPU_SETSIZE;
  if (core >= CPU_SETSIZE) return Napi::Boolean::New(info.Env(), false);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  return Napi::Boolean::New(info.Env(), ::sched_setaffinity(0, sizeof set, &set) == 0);
#else
  return Napi::Boolean::New(info.Env(), false);
#endif
}

// askForSlices(microseconds): how long the calling thread wants to run at a time, 0 for what the system likes. Who asks for little runs soon
// after it is woken, also while another thread runs (Linux 6.12 on, sched_setattr(2)); its share of the core stays the same. False where
// that is not known.
Napi::Value AskForSlices(const Napi::CallbackInfo& info) {
#if defined(__linux__) && defined(SYS_sched_setattr)
  struct {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
  } attributes = {};
  const auto thread = 0;
  if (::syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0) != 0) return Napi::Boolean::New(info.Env(), false);
  attributes.runtime = uint64_t{GetU32(info, 0)} * 1000;
  return Napi::Boolean::New(info.Env(), ::syscall(SYS_sched_setattr, thread, &attributes, 0) == 0);
#else
  return Napi::Boolean::New(info.Env(), false);
#endif
}

// The cores that this process may use.
Napi::Value Cores(const Napi::CallbackInfo& info) {
  auto out = Napi::Array::New(info.Env());
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (uint32_t core = 0; core < CPU_SETSIZE; core++)
      if (CPU_ISSET(core, &set)) out.Set(out.Length(), Napi::Number::New(info.Env(), core));
#endif
  return out;
}

// Another descriptor of the same open file, closed on exec; null when there is none to have.
Napi::Value DuplicateDescriptor(const Napi::CallbackInfo& info) {
  const int fd = ::fcntl(static_cast<int>(GetNumber(info, 0)), F_DUPFD_CLOEXEC, 0);
  return fd < 0 ? info.Env().Null() : Napi::Value(Napi::Number::New(info.Env(), fd));
}

// sendNow(fd, bytes, start, end): how many of them the socket took without waiting; 0 also after an error, which the next read or write of
// the stream meets.
Napi::Value SendNow(const Napi::CallbackInfo& info) {
  Slice bytes;
  if (!GetBytes(info, 1, &bytes)) return info.Env().Undefined();
  const size_t start = GetU32(info, 2);
  const size_t end = GetU32(info, 3);
  if (start > end || end > bytes.size) {
    Napi::RangeError::New(info.Env(), "sendNow: no such range").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
#ifdef MSG_NOSIGNAL
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
  constexpr int kFlags = MSG_DONTWAIT;  // libuv has set SO_NOSIGPIPE
#endif
  ssize_t sent;
  do sent = ::send(static_cast<int>(GetNumber(info, 0)), bytes.data + start, end - start, kFlags);
  while (sent < 0 && errno == EINTR);
  return Napi::Number::New(info.Env(), sent < 0 ? 0 : static_cast<double>(sent));
}

// beginWriteback(fd, from, bytes)
Napi::Value HandToDisk(const Napi::CallbackInfo& info) {
  BeginWriteback(static_cast<int>(GetNumber(info, 0)), static_cast<uint64_t>(GetNumber(info, 1)), static_cast<uint64_t>(GetNumber(info, 2)));
  return info.Env().Undefined();
}

// Closes a descriptor that nothing else has taken over.
Napi::Value CloseDescriptor(const Napi::CallbackInfo& info) {
  if (info.Length() > 0 && info[0].IsNumber()) ::close(info[0].ToNumber().Int32Value());
  return info.Env().Undefined();
}

// keepFreedMemory(bytes)
Napi::Value KeepFreedMemory(const Napi::CallbackInfo& info) {
  KeepHugeBlocks(static_cast<size_t>(info[0].ToNumber().Int64Value()) / kHugeBlockBytes);
  return info.Env().Undefined();
}

// Gives the system what memtables have left for those to come.
Napi::Value TrimMemtableMemory(const Napi::CallbackInfo& info) {
  TrimHugeBlocks();
  return info.Env().Undefined();
}

// Gives the system what the allocator keeps for later, of all threads; takes as long as there is much of it. False where the allocator has
// no such call.
Napi::Value TrimMemory(const Napi::CallbackInfo& info) {
#ifdef __GLIBC__
  ::malloc_trim(0);
  return Napi::Boolean::New(info.Env(), true);
#else
  return Napi::Boolean::New(info.Env(), false);
#endif
}

}  // namespace

void RegisterProcess(Napi::Env env, Napi::Object exports) {
  exports.Set("lockFile", Napi::Function::New(env, LockFile));
  exports.Set("pinThread", Napi::Function::New(env, PinThread));
  exports.Set("beginWriteback", Napi::Function::New(env, HandToDisk));
  exports.Set("duplicateDescriptor", Napi::Function::New(env, DuplicateDescriptor));
  exports.Set("sendNow", Napi::Function::New(env, SendNow));
  exports.Set("closeDescriptor", Napi::Function::New(env, CloseDescriptor));
  exports.Set("keepFreedMemory", Napi::Function::New(env, KeepFreedMemory));
  exports.Set("trimMemtableMemory", Napi::Function::New(env, TrimMemtableMemory));
  exports.Set("trimMemory", Napi::Function::New(env, TrimMemory));
  exports.Set("askForSlices", Napi::Function::New(env, AskForSlices));
  exports.Set("cores", Napi::Function::New(env, Cores));
}

}  // namespace ferrosa
