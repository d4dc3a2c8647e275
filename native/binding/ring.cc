// native/binding/ring.cc: rings for JavaScript. Typed in src/native/ring.ts.
#include "ring.h"

#include "arguments.h"
#include "register.h"

namespace ferrosa {
namespace {

constexpr napi_type_tag kProducerTag = {0x8f1b7d3c5a2e4f60, 0x9c3d1e7fa4b52d01};
constexpr napi_type_tag kConsumerTag = {0x8f1b7d3c5a2e4f60, 0x9c3d1e7fa4b52d02};

// Finds the ring in argument 0 and keeps its memory alive for as long as the wrapper.
bool OpenRing(const Napi::CallbackInfo& info, RingView* view, Napi::Reference<Napi::Value>* keep) {
  Slice memory;
  if (!GetBytes(info, 0, &memory)) return false;
  const Status status = RingView::At(const_cast<uint8_t*>(memory.data), memory.size, view);
  if (!status.ok()) {
    ThrowStatus(info.Env(), status);
    return false;
  }
  *keep = Napi::Reference<Napi::Value>::New(info[0], 1);
  return true;
}

}  // namespace

Napi::Function RingProducerJs::Define(Napi::Env env) {
  return DefineClass(env, "RingProducer",
                     {InstanceMethod("push", &RingProducerJs::Push), InstanceMethod("flush", &RingProducerJs::Flush),
                      InstanceMethod("pump", &RingProducerJs::Pump),
                      InstanceMethod("usedBytes", &RingProducerJs::UsedBytes),
                      InstanceMethod("fullCount", &RingProducerJs::FullCount)});
}

RingProducerJs::RingProducerJs(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  RingView view;
  if (!OpenRing(info, &view, &memory_)) return;
  info.This().As<Napi::Object>().TypeTag(&kProducerTag);
  ring_ = std::make_unique<RingProducer>(view, WakeFd(static_cast<int>(GetNumber(info, 1))));
}

RingProducer* RingProducerJs::From(Napi::Value value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kProducerTag)) {
    Napi::TypeError::New(value.Env(), "expected a RingProducer").ThrowAsJavaScriptException();
    return nullptr;
  }
  return Unwrap(value.As<Napi::Object>())->ring();
}

// push(kind, flags, request, deadline, payload): boolean
Napi::Value RingProducerJs::Push(const Napi::CallbackInfo& info) {
  Record header;
  header.kind = static_cast<RecordKind>(GetU32(info, 0));
  header.flags = static_cast<uint8_t>(GetU32(info, 1));
  header.request = static_cast<uint64_t>(GetNumber(info, 2));
  header.deadline = static_cast<uint64_t>(GetNumber(info, 3));
  Slice payload;
  if (!GetBytes(info, 4, &payload)) return info.Env().Undefined();
  if (payload.size > kRecordBytesMax) {
    ThrowStatus(info.Env(), Status::Invalid("ring: record of " + std::to_string(payload.size) + " bytes is too long"));
    return info.Env().Undefined();
  }
  return Napi::Boolean::New(info.Env(), ring_->Offer(header, payload));
}

Napi::Value RingProducerJs::Flush(const Napi::CallbackInfo& info) {
  ring_->Flush();
  return info.Env().Undefined();
}

Napi::Value RingProducerJs::Pump(const Napi::CallbackInfo& info) {
  const bool empty = ring_->Pump();
  ring_->Flush();
  return Napi::Boolean::New(info.Env(), empty);
}

Napi::Value RingProducerJs::UsedBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(ring_->used_bytes()));
}

Napi::Value RingProducerJs::FullCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(ring_->full_count()));
}

Napi::Function RingConsumerJs::Define(Napi::Env env) {
  return DefineClass(env, "RingConsumer",
                     {InstanceMethod("drain", &RingConsumerJs::Drain), InstanceMethod("sleep", &RingConsumerJs::Sleep)});
}

RingConsumerJs::RingConsumerJs(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  RingView view;
  if (!OpenRing(info, &view, &memory_)) return;
  info.This().As<Napi::Object>().TypeTag(&kConsumerTag);
  ring_ = std::make_unique<RingConsumer>(view, WakeFd(static_cast<int>(GetNumber(info, 1))));
}

RingConsumer* RingConsumerJs::From(Napi::Value value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kConsumerTag)) {
    Napi::TypeError::New(value.Env(), "expected a RingConsumer").ThrowAsJavaScriptException();
    return nullptr;
  }
  return Unwrap(value.As<Napi::Object>())->ring();
}

// drain(bytesMax): Buffer | null. Records end to end, each padded to 8 bytes; at least one when there is one.
Napi::Value RingConsumerJs::Drain(const Napi::CallbackInfo& info) {
  const size_t bytes_max = static_cast<size_t>(GetNumber(info, 0));
  ring_->Awake();
  scratch_.clear();
  Record record;
  while (scratch_.size() < bytes_max && ring_->Peek(&record)) {
    const size_t at = scratch_.size();
    scratch_.resize(at + ((kRecordHeaderBytes + record.payload.size + 7) & ~size_t{7}));
    StoreRecordHeader(scratch_.data() + at, record, record.payload.size, false);
    std::memcpy(scratch_.data() + at + kRecordHeaderBytes, record.payload.data, record.payload.size);
    ring_->Pop();
  }
  ring_->Release();
  if (scratch_.empty()) return info.Env().Null();
  auto out = Napi::Buffer<uint8_t>::Copy(info.Env(), scratch_.data(), scratch_.size());
  if (scratch_.capacity() > 4 * bytes_max) std::vector<uint8_t>().swap(scratch_);
  return out;
}

// sleep(): true when the ring is empty and the waker will call; false when there is more to drain.
Napi::Value RingConsumerJs::Sleep(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), ring_->Sleep());
}

void RegisterRing(Napi::Env env, Napi::Object exports) {
  exports.Set("RingProducer", RingProducerJs::Define(env));
  exports.Set("RingConsumer", RingConsumerJs::Define(env));
  exports.Set("ringSharedBytes", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), static_cast<double>(
                                                         RingSharedBytes(static_cast<size_t>(GetNumber(info, 0)))));
              }));
}

}  // namespace ferrosa
