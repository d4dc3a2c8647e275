// native/binding/shard_loop.cc: the shard's side of the rings for JavaScript. Typed in src/native/shard-loop.ts.
#include "core/shard_loop.h"

#include <napi.h>

#include <memory>

#include "arguments.h"
#include "clock.h"
#include "commit_log.h"
#include "core/server_clock.h"
#include "lending.h"
#include "register.h"
#include "ring.h"
#include "store.h"

namespace ferrosa {
namespace {

class ShardLoopJs : public Napi::ObjectWrap<ShardLoopJs> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit ShardLoopJs(const Napi::CallbackInfo& info);
  ~ShardLoopJs() override;

 private:
  static void EndLoans(void* self);
  ShardLoop* loop() {
    OwnShard();
    return loop_.get();
  }
  Napi::Value AddAsker(const Napi::CallbackInfo& info);
  Napi::Value SetShard(const Napi::CallbackInfo& info);
  Napi::Value LendWrites(const Napi::CallbackInfo& info);
  Napi::Value HoldForSync(const Napi::CallbackInfo& info);
  Napi::Value RefuseWrites(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value TakeEvents(const Napi::CallbackInfo& info);
  Napi::Value TakeMisses(const Napi::CallbackInfo& info);
  Napi::Value Synced(const Napi::CallbackInfo& info);
  Napi::Value Resume(const Napi::CallbackInfo& info);
  Napi::Value Fail(const Napi::CallbackInfo& info);
  Napi::Value Answer(const Napi::CallbackInfo& info);
  Napi::Value Flush(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  std::vector<Napi::ObjectReference> kept_;  // what the loop points into
  std::vector<RingConsumer*> lent_;  // rings that say who consumes them
  std::unique_ptr<ShardLoop> loop_;
};

Napi::Function ShardLoopJs::Define(Napi::Env env) {
  return DefineClass(
      env, "ShardLoop",
      {InstanceMethod("addAsker", &ShardLoopJs::AddAsker), InstanceMethod("setShard", &ShardLoopJs::SetShard), InstanceMethod("lendWrites", &ShardLoopJs::LendWrites),
       InstanceMethod("holdForSync", &ShardLoopJs::HoldForSync),
       InstanceMethod("refuseWrites", &ShardLoopJs::RefuseWrites), InstanceMethod("run", &ShardLoopJs::Run), InstanceMethod("takeEvents", &ShardLoopJs::TakeEvents),
       InstanceMethod("takeMisses", &ShardLoopJs::TakeMisses), InstanceMethod("synced", &ShardLoopJs::Synced),
       InstanceMethod("resume", &ShardLoopJs::Resume), InstanceMethod("fail", &ShardLoopJs::Fail),
       InstanceMethod("answer", &ShardLoopJs::Answer), InstanceMethod("flush", &ShardLoopJs::Flush),
       InstanceMethod("stats", &ShardLoopJs::Stats)});
}

// new ShardLoop(store: Store, log: CommitLog | null)
ShardLoopJs::ShardLoopJs(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Store* store = UnwrapStore(info.Env(), info[0]);
  if (store == nullptr) {
    Napi::TypeError::New(info.Env(), "expected a Store").ThrowAsJavaScriptException();
    return;
  }
  kept_.push_back(Napi::Persistent(info[0].As<Napi::Object>()));
  CommitLog* log = nullptr;
  if (info.Length() > 1 && info[1].IsObject()) {
    log = CommitLogOf(info[1]);
    if (log == nullptr) return;
    kept_.push_back(Napi::Persistent(info[1].As<Napi::Object>()));
  }
  StartLending(info.Env());
  OwnShard();
  loop_ = std::make_unique<ShardLoop>(store, log, ShardClocks{MonotonicMicros, RealMicros});
  napi_add_env_cleanup_hook(info.Env(), EndLoans, this);
}

ShardLoopJs::~ShardLoopJs() {
  if (loop_ == nullptr) return;
  napi_remove_env_cleanup_hook(Env(), EndLoans, this);
  EndLoans(this);
}

// Also when the thread ends, which lets go of the rings in whatever order.
void ShardLoopJs::EndLoans(void* arg) {
  OwnShard();
  for (RingConsumer* requests : std::exchange(static_cast<ShardLoopJs*>(arg)->lent_, {})) requests->SetLoop(nullptr, 0, nullptr);
}

// addAsker(requests: RingConsumer, answers: RingProducer): number
Napi::Value ShardLoopJs::AddAsker(const Napi::CallbackInfo& info) {
  RingConsumer* requests = RingConsumerJs::From(info[0]);
  if (requests == nullptr) return info.Env().Undefined();
  RingProducer* answers = RingProducerJs::From(info[1]);
  if (answers == nullptr) return info.Env().Undefined();
  kept_.push_back(Napi::Persistent(info[0].As<Napi::Object>()));
  kept_.push_back(Napi::Persistent(info[1].As<Napi::Object>()));
  const uint32_t asker = loop()->AddAsker(requests, answers);
  requests->SetLoop(loop(), asker, Lender::Find());
  lent_.push_back(requests);
  return Napi::Number::New(info.Env(), asker);
}

// setShard(shard, shards)
Napi::Value ShardLoopJs::SetShard(const Napi::CallbackInfo& info) {
  loop()->SetShard(static_cast<uint32_t>(GetNumber(info, 0)), static_cast<uint32_t>(GetNumber(info, 1)));
  return info.Env().Undefined();
}

// lendWrites(lends): whether who asks may run writes while this thread sleeps
Napi::Value ShardLoopJs::LendWrites(const Napi::CallbackInfo& info) {
  loop()->LendWrites(info[0].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value ShardLoopJs::HoldForSync(const Napi::CallbackInfo& info) {
  loop()->HoldForSync(info[0].ToBoolean());
  return info.Env().Undefined();
}

// refuseWrites(reason): empty for none
Napi::Value ShardLoopJs::RefuseWrites(const Napi::CallbackInfo& info) {
  loop()->RefuseWrites(info[0].ToString().Utf8Value());
  return info.Env().Undefined();
}

// run(budgetMicros): bits of ShardLoop::Outcome
Napi::Value ShardLoopJs::Run(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), loop()->Run(static_cast<uint64_t>(GetNumber(info, 0))));
}

// takeEvents(): [kind, asker, request, number, payload]*
Napi::Value ShardLoopJs::TakeEvents(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto events = loop()->TakeEvents();
  Napi::Array out = Napi::Array::New(env, events.size() * 5);
  uint32_t at = 0;
  for (const ShardLoop::Event& event : events) {
    out.Set(at++, Napi::Number::New(env, static_cast<double>(event.kind)));
    out.Set(at++, Napi::Number::New(env, event.asker));
    out.Set(at++, Napi::Number::New(env, static_cast<double>(event.request)));
    out.Set(at++, Napi::Number::New(env, event.number));
    out.Set(at++, Napi::Buffer<uint8_t>::Copy(env, event.payload.data(), event.payload.size()));
  }
  return out;
}

// takeMisses(): [park, file, chunk]*
Napi::Value ShardLoopJs::TakeMisses(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto misses = loop()->TakeMisses();
  Napi::Array out = Napi::Array::New(env, misses.size() * 3);
  uint32_t at = 0;
  for (const ShardLoop::ParkMiss& m : misses) {
    out.Set(at++, Napi::Number::New(env, m.park));
    out.Set(at++, Napi::Number::New(env, m.miss.file));
    out.Set(at++, Napi::Number::New(env, m.miss.chunk));
  }
  return out;
}

Napi::Value ShardLoopJs::Synced(const Napi::CallbackInfo& info) {
  loop()->Synced(static_cast<uint64_t>(GetNumber(info, 0)));
  return info.Env().Undefined();
}

Napi::Value ShardLoopJs::Resume(const Napi::CallbackInfo& info) {
  loop()->Resume(GetU32(info, 0));
  return info.Env().Undefined();
}

// fail(park, message): the file is damaged or cannot be read.
Napi::Value ShardLoopJs::Fail(const Napi::CallbackInfo& info) {
  loop()->Fail(GetU32(info, 0), Status::Corrupt(info[1].ToString().Utf8Value()));
  return info.Env().Undefined();
}

// answer(asker, request, kind, payload)
Napi::Value ShardLoopJs::Answer(const Napi::CallbackInfo& info) {
  Slice payload;
  if (!GetBytes(info, 3, &payload)) return info.Env().Undefined();
  loop()->Answer(GetU32(info, 0), static_cast<uint64_t>(GetNumber(info, 1)), static_cast<RecordKind>(GetU32(info, 2)),
                payload);
  return info.Env().Undefined();
}

Napi::Value ShardLoopJs::Flush(const Napi::CallbackInfo& info) {
  loop()->Flush();
  return info.Env().Undefined();
}

Napi::Value ShardLoopJs::Stats(const Napi::CallbackInfo& info) {
  const ShardLoopStats& s = loop()->stats();
  Napi::Object o = Napi::Object::New(info.Env());
  o.Set("records", static_cast<double>(s.records));
  o.Set("hotWrites", static_cast<double>(s.hot_writes));
  o.Set("hotReads", static_cast<double>(s.hot_reads));
  o.Set("declined", static_cast<double>(s.declined));
  o.Set("mutations", static_cast<double>(s.mutations));
  o.Set("reads", static_cast<double>(s.reads));
  o.Set("parked", static_cast<double>(s.parked));
  o.Set("yielded", static_cast<double>(s.yielded));
  o.Set("expired", static_cast<double>(s.expired));
  o.Set("vectorSearches", static_cast<double>(s.vector_searches));
  o.Set("errors", static_cast<double>(s.errors));
  o.Set("held", static_cast<double>(s.held));
  o.Set("waiting", static_cast<double>(s.waiting));
  return o;
}

}  // namespace

void RegisterShardLoop(Napi::Env env, Napi::Object exports) {
  exports.Set("ShardLoop", ShardLoopJs::Define(env));
  exports.Set("serverMicros", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::BigInt::New(info.Env(), NextServerMicros(RealMicros()));
              }));
  exports.Set("takeStampMicros", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::BigInt::New(info.Env(), TakeStampMicros(NextServerMicros(RealMicros())));
              }));
  exports.Set("lastStampMicros", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::BigInt::New(info.Env(), LastStampMicros());
              }));
  const auto with_micros = [env](void (*use)(int64_t)) {
    return Napi::Function::New(env, [use](const Napi::CallbackInfo& info) -> Napi::Value {
      bool lossless = false;
      if (info.Length() > 0 && info[0].IsBigInt()) use(info[0].As<Napi::BigInt>().Int64Value(&lossless));
      return info.Env().Undefined();
    });
  };
  exports.Set("startStampsAt", with_micros(StartStampsAt));
  exports.Set("setStampBound", with_micros(SetStampBound));
}

}  // namespace ferrosa
