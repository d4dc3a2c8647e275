// What a shard does about vector indexes: searches in steps, rows of builds, upkeep when nothing else is to be done.
#include <algorithm>
#include <array>
#include <cstring>

#include "ann/vector_limits.h"
#include "limits.h"
#include "shard_loop.h"

namespace ferrosa {
namespace {

constexpr uint8_t kWithRows = 1;  // flag of a search: a read command comes before it
// Of a read command (docs/format/read-command.md): where its partitions are, and how a list of no keys looks.
constexpr size_t kCommandKeysAt = 34;
constexpr std::array<uint8_t, 3> kNoKeys{};
// Of an answer (docs/format/vector-search.md): where the first hit is, and what a hit has before its position.
constexpr size_t kHitsAt = 5;
constexpr size_t kHitBytes = 28;

}  // namespace

void ShardLoop::OnVectorSearch(const Origin& origin, uint8_t flags, Slice payload) {
  stats_.vector_searches++;
  weight_ = kShardClockRecords;
  auto pending = std::make_unique<Pending>();
  pending->origin = origin;
  pending->kind = RecordKind::kVectorSearch;
  pending->flags = flags;
  pending->started = started_;
  StepVectorSearch(std::move(pending), payload);
}

void ShardLoop::StepVectorSearch(std::unique_ptr<Pending> pending) {
  const std::vector<uint8_t> payload = std::move(pending->payload);
  StepVectorSearch(std::move(pending), Slice(payload));
}

// What a search needs for its way is kept for the next, and there are not many: further ones wait for their turn.
bool ShardLoop::TakeSearch(Pending* pending) {
  if (pending->search != nullptr) return true;
  if (!free_searches_.empty()) {
    pending->search = std::move(free_searches_.back());
    free_searches_.pop_back();
    return true;
  }
  if (searches_ == kVectorSearchesMax) return false;
  searches_++;
  pending->search = std::make_unique<VectorSearch>();
  return true;
}

void ShardLoop::StepVectorSearch(std::unique_ptr<Pending> pending, Slice payload) {
  Reader reader(payload);
  Slice command;
  Status status = Status::Ok();
  uint16_t bytes = 0;
  if ((pending->flags & kWithRows) != 0 && (!reader.U16(&bytes) || !reader.Bytes(bytes, &command)))
    status = Status::Invalid("vector search: cut short");
  Slice search;
  reader.Bytes(reader.left(), &search);
  VectorQuery query;
  bool done = false;
  frame_.bytes.clear();
  if (status.ok()) status = VectorQuery::Parse(search, &query);
  if (status.ok() && TakeSearch(pending.get()))
    status = store_->SearchVectors(query, kVectorSearchBudget, pending->search.get(), &done, &frame_);
  if (status.ok() && !done) {
    stats_.yielded++;
    pending->payload.assign(payload.data, payload.data + payload.size);
    yielded_.push_back(std::move(pending));
    return;
  }
  DropSearch(pending.get());
  if (status.ok() && !command.is_null()) status = AddKeys(command, Slice(frame_.bytes));
  if (!status.ok()) return SendError(pending->origin, status);
  if (command.is_null()) return Send(pending->origin, RecordKind::kRows, Slice(frame_.bytes));
  pending->payload.assign(frame_.bytes.begin(), frame_.bytes.end());
  pending->read = TakeRead();
  pending->read->Start(Slice(batch_.bytes));
  StepVectorRead(std::move(pending));
}

// The command with the keys of what was found, each once, into batch_.
Status ShardLoop::AddKeys(Slice command, Slice answer) {
  if (command.size < kCommandKeysAt + kNoKeys.size() || std::memcmp(command.data + kCommandKeysAt, kNoKeys.data(), kNoKeys.size()) != 0)
    return Status::Invalid("vector search: not a command for keys");
  std::vector<Slice> keys;
  const size_t hits = LoadLE<uint32_t>(answer.data + kHitsAt - 4);
  for (size_t at = kHitsAt, n = 0; n < hits; n++) {
    const uint8_t* position = answer.data + at + kHitBytes;
    const Slice key(position + 2, LoadLE<uint16_t>(position));
    at += kHitBytes + LoadLE<uint32_t>(position - 4);
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  if (keys.size() > UINT16_MAX) return Status::Invalid("vector search: too many rows");
  batch_.bytes.assign(command.data, command.data + kCommandKeysAt + 1);
  batch_.LE<uint16_t>(static_cast<uint16_t>(keys.size()));
  for (const Slice key : keys) {
    batch_.LE<uint16_t>(static_cast<uint16_t>(key.size));
    batch_.Bytes(key);
  }
  const size_t rest = kCommandKeysAt + kNoKeys.size();
  batch_.Bytes(Slice(command.data + rest, command.size - rest));
  return Status::Ok();
}

// The rows of what was found, behind it in the answer.
void ShardLoop::StepVectorRead(std::unique_ptr<Pending> pending) {
  if (!Advance(&pending)) return;
  const ReadOperation& read = *pending->read;
  store_->last_table()->figures.Get()->Read(false, TakeElapsed(), read.live_rows(), read.tombstones(), read.sources());
  frame_.bytes.assign(pending->payload.begin(), pending->payload.end());
  // Without them the asker reads the rows itself, in parts.
  if (read.output().size <= kHotReadBytesMax) frame_.Bytes(read.output());
  Send(pending->origin, RecordKind::kRows, Slice(frame_.bytes));
  KeepRead(std::move(pending->read));
}

// One that has not ended is of no more use.
void ShardLoop::DropSearch(Pending* pending) {
  if (pending->search == nullptr) return;
  if (pending->search->index() != nullptr) pending->search = std::make_unique<VectorSearch>();
  free_searches_.push_back(std::move(pending->search));
}

// A build goes on when what it brought is on its way into the graph: so it does not outrun the thread's other work.
void ShardLoop::OnVectorRows(const Origin& origin, Slice payload) {
  const Status status = store_->AddVectors(payload);
  if (!status.ok()) return SendError(origin, status);
  if (store_->waiting_vectors() <= kVectorsWaitingBuild) return Send(origin, RecordKind::kAck, {});
  held_rows_.push_back(origin);
}

// One piece of work a turn. True while there is more.
bool ShardLoop::WorkOnVectors() {
  const bool more = store_->VectorWork();
  if (!held_rows_.empty() && store_->waiting_vectors() <= kVectorsWaitingBuild) {
    for (const Origin& origin : held_rows_) Send(origin, RecordKind::kAck, {});
    held_rows_.clear();
    Flush();
  }
  return more;
}

}  // namespace ferrosa
