// native/binding/frontend.cc: the connections of a thread for JavaScript. Typed in src/native/frontend.ts.
#include "core/frontend.h"

#include <algorithm>
#include <memory>

#include "arguments.h"
#include "clock.h"
#include "histogram.h"
#include "register.h"
#include "ring.h"

namespace ferrosa {
namespace {

constexpr uint32_t kItemAnswers = 4;  // answers wait: call drain soon
constexpr size_t kItemFields = 4;
constexpr size_t kOutgoingFields = 4;
constexpr uint32_t kToFlush = 1;  // requests wait to be shown to the shards
constexpr uint32_t kToDrain = 2;  // answers wait

class FrontendJs : public Napi::ObjectWrap<FrontendJs> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit FrontendJs(const Napi::CallbackInfo& info);

 private:
  Napi::Value AddShard(const Napi::CallbackInfo& info);
  Napi::Value Open(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value SetHot(const Napi::CallbackInfo& info);
  Napi::Value SetHeld(const Napi::CallbackInfo& info);
  Napi::Value SetGroup(const Napi::CallbackInfo& info);
  Napi::Value SetKeyspace(const Napi::CallbackInfo& info);
  Napi::Value Allow(const Napi::CallbackInfo& info);
  Napi::Value DisallowAll(const Napi::CallbackInfo& info);
  Napi::Value OpenOf(const Napi::CallbackInfo& info);
  Napi::Value TakenOf(const Napi::CallbackInfo& info);
  Napi::Value Data(const Napi::CallbackInfo& info);
  Napi::Value Envelope(const Napi::CallbackInfo& info);
  Napi::Value Drain(const Napi::CallbackInfo& info);
  bool DrainedInto(const Napi::CallbackInfo& info);
  Napi::Value Expire(const Napi::CallbackInfo& info);
  Napi::Value IsOpen(const Napi::CallbackInfo& info);
  Napi::Value Flush(const Napi::CallbackInfo& info);
  Napi::Value Plan(const Napi::CallbackInfo& info);
  Napi::Value ShardEnded(const Napi::CallbackInfo& info);
  Napi::Value Computed(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  Napi::Value Spreads(const Napi::CallbackInfo& info);
  Napi::Value TakeFigures(const Napi::CallbackInfo& info);
  Napi::Value Items(Napi::Env env, bool tell_answers);
  std::unique_ptr<Frontend> frontend_;
  std::vector<Napi::ObjectReference> rings_;  // kept alive
};

Napi::Function FrontendJs::Define(Napi::Env env) {
  return DefineClass(
      env, "Frontend",
      {InstanceMethod("addShard", &FrontendJs::AddShard), InstanceMethod("open", &FrontendJs::Open),
       InstanceMethod("close", &FrontendJs::Close),
       InstanceMethod("setHot", &FrontendJs::SetHot), InstanceMethod("setHeld", &FrontendJs::SetHeld),
       InstanceMethod("setGroup", &FrontendJs::SetGroup),
       InstanceMethod("setKeyspace", &FrontendJs::SetKeyspace),
       InstanceMethod("allow", &FrontendJs::Allow), InstanceMethod("disallowAll", &FrontendJs::DisallowAll),
       InstanceMethod("openOf", &FrontendJs::OpenOf),
       InstanceMethod("takenOf", &FrontendJs::TakenOf), InstanceMethod("data", &FrontendJs::Data),
       InstanceMethod("envelope", &FrontendJs::Envelope),
       InstanceMethod("drain", &FrontendJs::Drain), InstanceMethod("expire", &FrontendJs::Expire),
       InstanceMethod("isOpen", &FrontendJs::IsOpen),
       InstanceMethod("flush", &FrontendJs::Flush), InstanceMethod("plan", &FrontendJs::Plan),
       InstanceMethod("computed", &FrontendJs::Computed),
       InstanceMethod("shardEnded", &FrontendJs::ShardEnded), InstanceMethod("stats", &FrontendJs::Stats),
       InstanceMethod("spreads", &FrontendJs::Spreads),
       InstanceMethod("takeFigures", &FrontendJs::TakeFigures)});
}

// new Frontend({frameBytesMax, openMax, openPerConnectionMax, answerBytesMax, writeTimeoutMicros, counterTimeoutMicros,
// readTimeoutMicros, ownShard})
FrontendJs::FrontendJs(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  FrontendOptions options;
  if (info.Length() > 0 && info[0].IsObject()) {
    const Napi::Object o = info[0].As<Napi::Object>();
    const auto number = [&](const char* name, auto* to) {
      const Napi::Value value = o.Get(name);
      if (!value.IsNumber()) return;
      const double v = value.As<Napi::Number>().DoubleValue();
      if (v > 0) *to = static_cast<std::remove_reference_t<decltype(*to)>>(v);
    };
    number("frameBytesMax", &options.frame_bytes_max);
    number("openMax", &options.open_max);
    number("openPerConnectionMax", &options.open_per_connection_max);
    number("answerBytesMax", &options.answer_bytes_max);
    number("writeTimeoutMicros", &options.write_timeout_micros);
    number("counterTimeoutMicros", &options.counter_timeout_micros);
    number("readTimeoutMicros", &options.read_timeout_micros);
    const Napi::Value several = o.Get("severalPartitions");
    if (several.IsBoolean()) options.several_partitions = several.ToBoolean();
    const Napi::Value own = o.Get("ownShard");
    if (own.IsNumber()) options.own_shard = own.As<Napi::Number>().Int32Value();
  }
  frontend_ = std::make_unique<Frontend>(options);
}

Napi::Value FrontendJs::AddShard(const Napi::CallbackInfo& info) {
  RingProducer* requests = RingProducerJs::From(info[0]);
  if (requests == nullptr) return info.Env().Undefined();
  RingConsumer* answers = RingConsumerJs::From(info[1]);
  if (answers == nullptr) return info.Env().Undefined();
  rings_.push_back(Napi::Persistent(info[0].As<Napi::Object>()));
  rings_.push_back(Napi::Persistent(info[1].As<Napi::Object>()));
  frontend_->AddShard(requests, answers);
  return info.Env().Undefined();
}

// open(version, compression, throwOnOverload): number
Napi::Value FrontendJs::Open(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           frontend_->Open(static_cast<uint8_t>(GetU32(info, 0)),
                                           static_cast<Compression>(GetU32(info, 1)), info[2].ToBoolean()));
}

Napi::Value FrontendJs::Close(const Napi::CallbackInfo& info) {
  frontend_->Close(GetU32(info, 0));
  return info.Env().Undefined();
}

Napi::Value FrontendJs::OpenOf(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), frontend_->OpenOf(GetU32(info, 0)));
}

Napi::Value FrontendJs::TakenOf(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(frontend_->TakenOf(GetU32(info, 0))));
}

Napi::Value FrontendJs::SetHot(const Napi::CallbackInfo& info) {
  frontend_->SetHot(GetU32(info, 0), info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value FrontendJs::SetHeld(const Napi::CallbackInfo& info) {
  frontend_->SetHeld(GetU32(info, 0), info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value FrontendJs::SetGroup(const Napi::CallbackInfo& info) {
  frontend_->SetGroup(GetU32(info, 0), GetU32(info, 1));
  return info.Env().Undefined();
}

// setKeyspace(connection, bytes)
Napi::Value FrontendJs::SetKeyspace(const Napi::CallbackInfo& info) {
  Slice keyspace;
  if (GetBytes(info, 1, &keyspace)) frontend_->SetKeyspace(GetU32(info, 0), keyspace);
  return info.Env().Undefined();
}

// allow(group, plan)
Napi::Value FrontendJs::Allow(const Napi::CallbackInfo& info) {
  const uint32_t group = GetU32(info, 0);
  const uint32_t plan = GetU32(info, 1);
  if (group == 0 || group >= kHotGroupsMax || plan >= kHotPlansMax) {
    ThrowStatus(info.Env(), Status::Invalid("hot path: no such group or plan"));
  } else {
    frontend_->Allow(group, plan);
  }
  return info.Env().Undefined();
}

Napi::Value FrontendJs::DisallowAll(const Napi::CallbackInfo& info) {
  frontend_->DisallowAll();
  return info.Env().Undefined();
}

// null when there are none, else [bytes, flat items of kItemFields numbers].
Napi::Value FrontendJs::Items(Napi::Env env, bool tell_answers) {
  const auto& items = frontend_->items();
  const bool answers = tell_answers && frontend_->has_answers();
  if (items.empty() && !answers) return env.Null();
  const auto& bytes = frontend_->bytes();
  Napi::Array out = Napi::Array::New(env, 2);
  out.Set(uint32_t{0}, Napi::Buffer<uint8_t>::Copy(env, bytes.data(), bytes.size()));
  Napi::Array flat = Napi::Array::New(env, (items.size() + (answers ? 1 : 0)) * kItemFields);
  uint32_t at = 0;
  const auto put = [&](double v) { flat.Set(at++, Napi::Number::New(env, v)); };
  for (const Frontend::Item& item : items) {
    put(static_cast<double>(item.kind));
    put(item.connection);
    put(static_cast<double>(item.start));
    put(static_cast<double>(item.end));
  }
  if (answers) {
    put(kItemAnswers);
    for (size_t i = 1; i < kItemFields; i++) put(0);
  }
  out.Set(1, flat);
  return out;
}

// data(connection, bytes, length): bits when everything went into the rings, else the items
Napi::Value FrontendJs::Data(const Napi::CallbackInfo& info) {
  Slice bytes;
  if (!GetBytes(info, 1, &bytes)) return info.Env().Undefined();
  if (info.Length() > 2) bytes.size = std::min<size_t>(bytes.size, GetU32(info, 2));
  frontend_->Data(GetU32(info, 0), bytes, MonotonicMicros());
  if (!frontend_->items().empty()) return Items(info.Env(), true);
  return Napi::Number::New(info.Env(), (frontend_->has_requests() ? kToFlush : 0) | (frontend_->has_answers() ? kToDrain : 0));
}

Napi::Value FrontendJs::Envelope(const Napi::CallbackInfo& info) {
  Slice bytes;
  if (!GetBytes(info, 1, &bytes)) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), frontend_->Envelope(GetU32(info, 0), bytes, MonotonicMicros()));
}

// The usual answer of a drain, without an object: what is to be sent goes into `scratch` from `offset` on and where to into `index`. False when
// there is more to tell, or too little room.
bool FrontendJs::DrainedInto(const Napi::CallbackInfo& info) {
  Slice scratch;
  if (info.Length() < 4 || !info[3].IsTypedArray() || !GetBytes(info, 1, &scratch)) return false;
  const auto& outgoing = frontend_->outgoing();
  const auto& sealed = frontend_->sealed();
  auto index = info[3].As<Napi::Uint32Array>();
  const size_t offset = static_cast<size_t>(GetNumber(info, 2));
  if (!frontend_->generic().empty() || !frontend_->items().empty() || outgoing.size() * kOutgoingFields > index.ElementLength() ||
      offset > scratch.size || sealed.size() > scratch.size - offset) {
    return false;
  }
  std::memcpy(const_cast<uint8_t*>(scratch.data) + offset, sealed.data(), sealed.size());
  uint32_t* to = index.Data();
  for (const Frontend::Outgoing& o : outgoing) {
    *to++ = o.connection;
    *to++ = static_cast<uint32_t>(o.start);
    *to++ = static_cast<uint32_t>(o.end);
    *to++ = o.compress ? 1 : 0;
  }
  return true;
}

// drain(bytesMax, scratch, offset, index): twice the number of connections that `index` has, one more when there is more to drain; or
// [more, generic answers or null, items or null, sealed bytes or null, [connection, start, end, compress]*]
Napi::Value FrontendJs::Drain(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const bool more = frontend_->Drain(MonotonicMicros(), static_cast<size_t>(GetNumber(info, 0)));
  if (DrainedInto(info)) return Napi::Number::New(env, static_cast<double>(frontend_->outgoing().size() * 2 + (more ? 1 : 0)));
  Napi::Array out = Napi::Array::New(env, 5);
  const auto buffer = [&](const std::vector<uint8_t>& bytes) -> Napi::Value {
    if (bytes.empty()) return env.Null();
    return Napi::Buffer<uint8_t>::Copy(env, bytes.data(), bytes.size());
  };
  const auto& outgoing = frontend_->outgoing();
  Napi::Array index = Napi::Array::New(env, outgoing.size() * kOutgoingFields);
  uint32_t at = 0;
  for (const Frontend::Outgoing& o : outgoing) {
    index.Set(at++, Napi::Number::New(env, o.connection));
    index.Set(at++, Napi::Number::New(env, static_cast<double>(o.start)));
    index.Set(at++, Napi::Number::New(env, static_cast<double>(o.end)));
    index.Set(at++, Napi::Number::New(env, o.compress ? 1 : 0));
  }
  out.Set(uint32_t{0}, Napi::Boolean::New(env, more));
  out.Set(1, buffer(frontend_->generic()));
  out.Set(2, Items(env, false));
  out.Set(3, buffer(frontend_->sealed()));
  out.Set(4, index);
  return out;
}

Napi::Value FrontendJs::Expire(const Napi::CallbackInfo& info) {
  frontend_->Expire(MonotonicMicros());
  return Napi::Boolean::New(info.Env(), frontend_->has_answers());
}

Napi::Value FrontendJs::IsOpen(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), frontend_->is_open());
}

Napi::Value FrontendJs::Flush(const Napi::CallbackInfo& info) {
  frontend_->Flush();
  return info.Env().Undefined();
}

// computed(plan, rows)
Napi::Value FrontendJs::Computed(const Napi::CallbackInfo& info) {
  frontend_->NoteComputed(GetU32(info, 0), static_cast<int64_t>(GetNumber(info, 1)));
  return info.Env().Undefined();
}

Napi::Value FrontendJs::Plan(const Napi::CallbackInfo& info) {
  Slice plan;
  if (!GetBytes(info, 1, &plan)) return info.Env().Undefined();
  const Status status = frontend_->SetPlan(GetU32(info, 0), plan);
  if (!status.ok()) ThrowStatus(info.Env(), status);
  return info.Env().Undefined();
}

Napi::Value FrontendJs::ShardEnded(const Napi::CallbackInfo& info) {
  frontend_->ShardEnded(GetU32(info, 0));
  return Napi::Boolean::New(info.Env(), frontend_->has_answers());
}

Napi::Value FrontendJs::Stats(const Napi::CallbackInfo& info) {
  const FrontendStats& s = frontend_->stats();
  Napi::Object o = Napi::Object::New(info.Env());
  o.Set("hot", static_cast<double>(s.hot));
  o.Set("local", static_cast<double>(s.local));
  o.Set("lent", static_cast<double>(s.lent));
  o.Set("left", static_cast<double>(s.left));
  o.Set("declined", static_cast<double>(s.declined));
  o.Set("handed", static_cast<double>(s.handed));
  o.Set("timeouts", static_cast<double>(s.timeouts));
  o.Set("overloaded", static_cast<double>(s.overloaded));
  o.Set("stops", static_cast<double>(s.stops));
  const auto counts = [&](const char* name, const auto& of) {
    Napi::Array list = Napi::Array::New(info.Env(), of.size());
    for (size_t i = 0; i < of.size(); i++) list.Set(static_cast<uint32_t>(i), static_cast<double>(of[i]));
    o.Set(name, list);
  };
  counts("loggedBatches", s.logged_batches);
  counts("unloggedBatches", s.unlogged_batches);
  o.Set("spread", static_cast<double>(s.spread));
  o.Set("texts", static_cast<double>(s.texts));
  o.Set("open", static_cast<double>(s.open));
  o.Set("connections", static_cast<double>(s.connections));
  return o;
}

// spreads(): [begun, how many of the first have all ended]
Napi::Value FrontendJs::Spreads(const Napi::CallbackInfo& info) {
  Napi::Array out = Napi::Array::New(info.Env(), 2);
  out.Set(0u, static_cast<double>(frontend_->spreads_begun()));
  out.Set(1u, static_cast<double>(frontend_->spreads_ended()));
  return out;
}

// takeFigures(): [{preparedId, table, isWrite, isConditional, latency, rows}]
Napi::Value FrontendJs::TakeFigures(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::vector<Frontend::TakenFigures> taken = frontend_->TakeFigures();
  Napi::Array out = Napi::Array::New(env, taken.size());
  uint32_t at = 0;
  for (const Frontend::TakenFigures& one : taken) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("preparedId", Napi::Buffer<uint8_t>::Copy(env, one.prepared_id.data(), one.prepared_id.size()));
    o.Set("table", Napi::Buffer<uint8_t>::Copy(env, one.table_id.data(), one.table_id.size()));
    o.Set("isWrite", Napi::Boolean::New(env, one.write));
    o.Set("isConditional", Napi::Boolean::New(env, one.conditional));
    o.Set("latency", HistogramValue(env, one.figures->micros));
    o.Set("rows", Napi::Number::New(env, static_cast<double>(one.figures->rows)));
    out.Set(at++, o);
  }
  return out;
}

// sealV5(envelopes, lz4): segments around whole envelopes, uncompressed.
Napi::Value SealV5(const Napi::CallbackInfo& info) {
  Slice envelopes;
  if (!GetBytes(info, 0, &envelopes)) return info.Env().Undefined();
  const bool lz4 = info.Length() > 1 && info[1].ToBoolean();
  auto out = Napi::Buffer<uint8_t>::New(info.Env(), SealedBytes(envelopes, lz4));
  Seal(envelopes, lz4, out.Data());
  return out;
}

// sealSegment(payload, uncompressedBytes, selfContained): one segment in the LZ4 framing around a payload of at most 131071 bytes.
Napi::Value SealSegment(const Napi::CallbackInfo& info) {
  Slice payload;
  if (!GetBytes(info, 0, &payload)) return info.Env().Undefined();
  SegmentHeader header;
  header.payload_bytes = static_cast<uint32_t>(payload.size);
  header.uncompressed_bytes = GetU32(info, 1);
  header.self_contained = info[2].ToBoolean();
  if (payload.size > kSegmentPayloadMax || header.uncompressed_bytes > kSegmentPayloadMax) {
    ThrowStatus(info.Env(), Status::Invalid("segment: payload is too long"));
    return info.Env().Undefined();
  }
  const size_t head = SegmentHeaderBytes(true);
  auto out = Napi::Buffer<uint8_t>::New(info.Env(), head + payload.size + kSegmentTrailerBytes);
  StoreSegmentHeader(out.Data(), true, header);
  std::memcpy(out.Data() + head, payload.data, payload.size);
  StoreLE<uint32_t>(out.Data() + head + payload.size, SegmentCrc(payload));
  return out;
}

}  // namespace

void RegisterFrontend(Napi::Env env, Napi::Object exports) {
  exports.Set("Frontend", FrontendJs::Define(env));
  exports.Set("sealV5", Napi::Function::New(env, SealV5));
  exports.Set("sealSegment", Napi::Function::New(env, SealSegment));
}

}  // namespace ferrosa
