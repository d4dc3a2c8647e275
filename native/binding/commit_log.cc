// native/binding/commit_log.cc: CommitLog and LogReader for JavaScript. Typed in src/native/commit-log.ts.
#include "commit_log.h"

#include "arguments.h"
#include "core/lender.h"
#include "register.h"

namespace ferrosa {
namespace {

constexpr napi_type_tag kLogTag = {0x6c1f0b5f3c7d4b11, 0x9a52c3e7f06dd1a4};

double Num(uint64_t v) { return static_cast<double>(v); }

bool NumberOf(const Napi::CallbackInfo& info, size_t i, double* out) {
  if (info.Length() <= i || !info[i].IsNumber()) {
    Napi::TypeError::New(info.Env(), "expected a number").ThrowAsJavaScriptException();
    return false;
  }
  *out = info[i].As<Napi::Number>().DoubleValue();
  return true;
}

bool TableOf(const Napi::CallbackInfo& info, size_t i, TableId* out) {
  Slice bytes;
  if (!GetBytes(info, i, &bytes)) return false;
  if (bytes.size != out->size()) {
    Napi::TypeError::New(info.Env(), "a table id has 16 bytes").ThrowAsJavaScriptException();
    return false;
  }
  std::memcpy(out->data(), bytes.data, out->size());
  return true;
}

class CommitLogJs;

// Work for a log in the thread pool of Node, where waiting for the disk hurts nobody. Keeps the log's object alive until it is done.
class LogWorker : public Napi::AsyncWorker {
 public:
  LogWorker(Napi::Env env, CommitLogJs* owner, Napi::Object self)
      : Napi::AsyncWorker(env),
        owner_(owner),
        self_(Napi::Persistent(self)),
        deferred_(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise promise() { return deferred_.Promise(); }

 protected:
  CommitLogJs* const owner_;
  Napi::ObjectReference self_;
  Napi::Promise::Deferred deferred_;
};

// Makes the next segment.
class SpareWorker : public LogWorker {
 public:
  SpareWorker(Napi::Env env, CommitLogJs* owner, Napi::Object self);
  void Execute() override;
  void OnOK() override;
  void OnError(const Napi::Error& error) override;

 private:
  const CommitLogOptions options_;
  const uint64_t id_;
  const std::string path_;
  std::unique_ptr<LogSegment> made_;
};

// Brings a part of the log to disk.
class SyncWorker : public LogWorker {
 public:
  SyncWorker(Napi::Env env, CommitLogJs* owner, Napi::Object self, LogSpan span, bool in_steps);
  void Execute() override;
  void OnOK() override;
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  const LogSpan span_;
  const bool in_steps_;
};

class ReleaseWorker : public Napi::AsyncWorker {
 public:
  ReleaseWorker(Napi::Env env, std::vector<LogMap> maps) : Napi::AsyncWorker(env), maps_(std::move(maps)) {}
  void Execute() override {
    for (const LogMap& map : maps_) Release(map);
  }

 private:
  const std::vector<LogMap> maps_;
};

class CommitLogJs : public Napi::ObjectWrap<CommitLogJs> {
 public:
  explicit CommitLogJs(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CommitLogJs>(info) {
    if (info.Length() < 1 || !info[0].IsObject()) {
      Napi::TypeError::New(info.Env(), "expected options").ThrowAsJavaScriptException();
      return;
    }
    auto o = info[0].As<Napi::Object>();
    CommitLogOptions options;
    options.folder = o.Get("folder").ToString().Utf8Value();
    options.shard = o.Get("shard").ToNumber().Uint32Value();
    options.shard_count = o.Get("shardCount").ToNumber().Uint32Value();
    options.segment_bytes = o.Get("segmentBytes").ToNumber().Uint32Value();
    options.record_bytes_max = o.Get("recordBytesMax").ToNumber().Uint32Value();
    options.first_segment_id = static_cast<uint64_t>(o.Get("firstSegmentId").ToNumber().Int64Value());
    const Status s = CommitLog::Open(options, &log_);
    if (!s.ok()) {
      ThrowStatus(info.Env(), s);
      return;
    }
    info.This().As<Napi::Object>().TypeTag(&kLogTag);
  }

  Napi::Value Append(const Napi::CallbackInfo& info) {
    double kind;
    Slice payload;
    if (!NumberOf(info, 0, &kind) || !GetBytes(info, 1, &payload)) return info.Env().Undefined();
    if (kind != 1 && kind != 2) {
      Napi::TypeError::New(info.Env(), "kind is 1 (mutation) or 2 (batch)").ThrowAsJavaScriptException();
      return info.Env().Undefined();
    }
    uint64_t lsn = 0;
    const Status s = log()->Append(static_cast<LogRecord>(static_cast<uint8_t>(kind)), payload, &lsn);
    if (!s.ok()) {
      ThrowStatus(info.Env(), s);
      return info.Env().Undefined();
    }
    return Napi::Number::New(info.Env(), Num(lsn));
  }

  Napi::Value PrepareSpare(const Napi::CallbackInfo& info) {
    if (spare_running || !log()->WantsSpare()) return info.Env().Null();
    spare_running = true;
    auto* worker = new SpareWorker(info.Env(), this, info.This().As<Napi::Object>());
    auto promise = worker->promise();
    worker->Queue();
    return promise;
  }

  Napi::Value Sync(const Napi::CallbackInfo& info) {
    LogSpan span = log()->Unsynced(info[1].ToBoolean());
    if (span.ranges.empty()) return info.Env().Null();
    const bool in_steps = info[0].ToBoolean();
    auto* worker = new SyncWorker(info.Env(), this, info.This().As<Napi::Object>(), std::move(span), in_steps);
    auto promise = worker->promise();
    worker->Queue();
    return promise;
  }

  void Synced(Napi::Env env, uint64_t up_to) {
    if (!closed) log()->Synced(up_to);
    ReleaseRetired(env);
  }

  Napi::Value Position(const Napi::CallbackInfo& info) {
    const LogPosition p = log()->position();
    auto out = Napi::Object::New(info.Env());
    out.Set("segment", Napi::Number::New(info.Env(), Num(p.segment)));
    out.Set("offset", Napi::Number::New(info.Env(), p.offset));
    return out;
  }

  Napi::Value MarkFlushed(const Napi::CallbackInfo& info) {
    TableId table;
    double segment;
    double offset;
    if (!TableOf(info, 0, &table) || !NumberOf(info, 1, &segment) || !NumberOf(info, 2, &offset))
      return info.Env().Undefined();
    std::vector<std::string> freed;
    log()->MarkFlushed(table, {static_cast<uint64_t>(segment), static_cast<uint32_t>(offset)}, &freed);
    ReleaseRetired(info.Env());
    auto out = Napi::Array::New(info.Env(), freed.size());
    for (size_t i = 0; i < freed.size(); i++)
      out.Set(static_cast<uint32_t>(i), Napi::String::New(info.Env(), freed[i]));
    return out;
  }

  Napi::Value OldestTables(const Napi::CallbackInfo& info) {
    const auto tables = log()->OldestTables();
    auto out = Napi::Array::New(info.Env(), tables.size());
    for (size_t i = 0; i < tables.size(); i++)
      out.Set(static_cast<uint32_t>(i), Napi::Buffer<uint8_t>::Copy(info.Env(), tables[i].data(), tables[i].size()));
    return out;
  }

  Napi::Value Stats(const Napi::CallbackInfo& info) {
    auto env = info.Env();
    auto out = Napi::Object::New(env);
    out.Set("appended", Napi::Number::New(env, Num(log()->appended())));
    out.Set("synced", Napi::Number::New(env, Num(log()->synced())));
    out.Set("totalBytes", Napi::Number::New(env, Num(log()->total_bytes())));
    out.Set("segments", Napi::Number::New(env, Num(log()->segment_count())));
    out.Set("records", Napi::Number::New(env, Num(log()->records())));
    out.Set("lateSegments", Napi::Number::New(env, Num(log()->late_segments())));
    if (log()->failed().ok())
      out.Set("failed", env.Null());
    else
      out.Set("failed", Napi::String::New(env, log()->failed().message()));
    return out;
  }

  Napi::Value Appended(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), Num(log()->appended())); }
  Napi::Value Retry(const Napi::CallbackInfo& info) {
    log()->Retry();
    return info.Env().Undefined();
  }
  Napi::Value Close(const Napi::CallbackInfo& info) {
    closed = true;
    log()->Close();
    for (const LogMap& map : log()->TakeRetired()) Release(map);
    return info.Env().Undefined();
  }

  CommitLog* log() {
    OwnShard();
    return log_.get();
  }
  bool spare_running = false;
  bool closed = false;

  void ReleaseRetired(Napi::Env env) {
    auto maps = log()->TakeRetired();
    if (!maps.empty()) (new ReleaseWorker(env, std::move(maps)))->Queue();
  }

 private:
  std::unique_ptr<CommitLog> log_;
};

SpareWorker::SpareWorker(Napi::Env env, CommitLogJs* owner, Napi::Object self)
    : LogWorker(env, owner, self),
      options_(owner->log()->options()),
      id_(owner->log()->TakeSegmentId()),
      path_(owner->log()->PathOf(id_)) {}

void SpareWorker::Execute() {
  const Status s =
      LogSegment::Create(path_, id_, options_.shard, options_.shard_count, options_.segment_bytes, true, &made_);
  if (!s.ok()) SetError(s.message());
}

void SpareWorker::OnOK() {
  owner_->spare_running = false;
  owner_->log()->AddSpare(std::move(made_));
  if (owner_->closed) owner_->log()->Close();
  owner_->ReleaseRetired(Env());
  deferred_.Resolve(Env().Undefined());
}

void SpareWorker::OnError(const Napi::Error& error) {
  owner_->spare_running = false;
  deferred_.Reject(error.Value());
}

SyncWorker::SyncWorker(Napi::Env env, CommitLogJs* owner, Napi::Object self, LogSpan span, bool in_steps)
    : LogWorker(env, owner, self), span_(std::move(span)), in_steps_(in_steps) {}

void SyncWorker::Execute() {
  for (const LogRange& range : span_.ranges)
    if (const Status status = SyncToDisk(range, in_steps_); !status.ok()) {
      SetError(status.message());
      return;
    }
}

void SyncWorker::OnOK() {
  owner_->Synced(Env(), span_.up_to);
  deferred_.Resolve(Env().Undefined());
}

class LogReaderJs : public Napi::ObjectWrap<LogReaderJs> {
 public:
  explicit LogReaderJs(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LogReaderJs>(info) {
    Slice bytes;
    if (!GetBytes(info, 0, &bytes)) return;
    held_ = Napi::Persistent(info[0].As<Napi::Object>());
    begin_ = bytes.data;
    reader_ = std::make_unique<LogReader>(bytes);
    const Status s = reader_->Header(&header_);
    if (!s.ok()) ThrowStatus(info.Env(), s);
  }

  Napi::Value Header(const Napi::CallbackInfo& info) {
    auto out = Napi::Object::New(info.Env());
    out.Set("id", Napi::Number::New(info.Env(), Num(header_.id)));
    out.Set("shard", Napi::Number::New(info.Env(), header_.shard));
    out.Set("shardCount", Napi::Number::New(info.Env(), header_.shard_count));
    out.Set("bytes", Napi::Number::New(info.Env(), header_.bytes));
    return out;
  }

  // At most `max` items as quadruples found, kind, offset, size; empty after a clean end.
  Napi::Value Next(const Napi::CallbackInfo& info) {
    double max;
    if (!NumberOf(info, 0, &max)) return info.Env().Undefined();
    std::vector<uint32_t> items;
    while (!done_ && items.size() / 4 < max) {
      const LogReader::Item item = reader_->Next();
      done_ = item.found == LogReader::Found::kEnd || item.found == LogReader::Found::kTorn;
      if (item.found == LogReader::Found::kEnd) break;
      items.insert(items.end(), {static_cast<uint32_t>(item.found), static_cast<uint32_t>(item.kind), item.offset,
                                 item.size});
    }
    auto out = Napi::Uint32Array::New(info.Env(), items.size());
    if (!items.empty()) std::memcpy(out.Data(), items.data(), items.size() * 4);
    return out;
  }

 private:
  Napi::ObjectReference held_;
  const uint8_t* begin_ = nullptr;
  std::unique_ptr<LogReader> reader_;
  LogSegmentHeader header_;
  bool done_ = false;
};

// fillerRecord(segment id, bytes)
Napi::Value MakeFillerRecord(const Napi::CallbackInfo& info) {
  const uint32_t bytes = GetU32(info, 1);
  if (bytes < kLogRecordHeaderBytes) {
    ThrowStatus(info.Env(), Status::Invalid("commit log: too few bytes for a record"));
    return info.Env().Undefined();
  }
  const std::vector<uint8_t> record = FillerRecord(static_cast<uint64_t>(GetNumber(info, 0)), bytes);
  return Napi::Buffer<uint8_t>::Copy(info.Env(), record.data(), record.size());
}

}  // namespace

CommitLog* CommitLogOf(Napi::Value value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kLogTag)) {
    Napi::TypeError::New(value.Env(), "expected a CommitLog").ThrowAsJavaScriptException();
    return nullptr;
  }
  return Napi::ObjectWrap<CommitLogJs>::Unwrap(value.As<Napi::Object>())->log();
}

void RegisterCommitLog(Napi::Env env, Napi::Object exports) {
  using L = CommitLogJs;
  exports.Set("CommitLog", L::DefineClass(env, "CommitLog",
                                          {L::InstanceMethod<&L::Append>("append"),
                                           L::InstanceMethod<&L::PrepareSpare>("prepareSpare"),
                                           L::InstanceMethod<&L::Sync>("sync"),
                                           L::InstanceMethod<&L::Appended>("appended"),
                                           L::InstanceMethod<&L::Position>("position"),
                                           L::InstanceMethod<&L::MarkFlushed>("markFlushed"),
                                           L::InstanceMethod<&L::OldestTables>("oldestTables"),
                                           L::InstanceMethod<&L::Stats>("stats"),
                                           L::InstanceMethod<&L::Retry>("retry"),
                                           L::InstanceMethod<&L::Close>("close")}));
  using R = LogReaderJs;
  exports.Set("LogReader", R::DefineClass(env, "LogReader",
                                          {R::InstanceMethod<&R::Header>("header"), R::InstanceMethod<&R::Next>("next")}));
  exports.Set("fillerRecord", Napi::Function::New(env, MakeFillerRecord));
}

}  // namespace ferrosa
