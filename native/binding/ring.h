// native/binding/ring.h: the JavaScript faces of a ring's two ends. Other classes of the addon take them as arguments.
#pragma once
#include <napi.h>

#include <memory>

#include "core/ring.h"

namespace ferrosa {

// new RingProducer(memory: Uint8Array over a SharedArrayBuffer, consumerFd: number)
class RingProducerJs : public Napi::ObjectWrap<RingProducerJs> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit RingProducerJs(const Napi::CallbackInfo& info);
  RingProducer* ring() { return ring_.get(); }
  // The native end of a JavaScript object; throws a TypeError and returns nullptr when it is something else.
  static RingProducer* From(Napi::Value value);

 private:
  Napi::Value Push(const Napi::CallbackInfo& info);
  Napi::Value Flush(const Napi::CallbackInfo& info);
  Napi::Value Pump(const Napi::CallbackInfo& info);
  Napi::Value UsedBytes(const Napi::CallbackInfo& info);
  Napi::Value FullCount(const Napi::CallbackInfo& info);
  Napi::Reference<Napi::Value> memory_;
  std::unique_ptr<RingProducer> ring_;
};

// new RingConsumer(memory: Uint8Array over a SharedArrayBuffer, producerFd: number)
class RingConsumerJs : public Napi::ObjectWrap<RingConsumerJs> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit RingConsumerJs(const Napi::CallbackInfo& info);
  RingConsumer* ring() { return ring_.get(); }
  static RingConsumer* From(Napi::Value value);

 private:
  Napi::Value Drain(const Napi::CallbackInfo& info);
  Napi::Value Sleep(const Napi::CallbackInfo& info);
  Napi::Reference<Napi::Value> memory_;
  std::unique_ptr<RingConsumer> ring_;
  std::vector<uint8_t> scratch_;
};

}  // namespace ferrosa
