// What a shard does about vector indexes: searches in steps, rows of builds, upkeep when nothing else is to be done.
#include "ann/vector_limits.h"
#include "limits.h"
#include "shard_loop.h"

namespace ferrosa {

void ShardLoop::OnVectorSearch(const Origin& origin, Slice payload) {
  stats_.vector_searches++;
  weight_ = kShardClockRecords;
  auto pending = std::make_unique<Pending>();
  pending->origin = origin;
  pending->kind = RecordKind::kVectorSearch;
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
  VectorQuery query;
  bool done = false;
  frame_.bytes.clear();
  Status status = VectorQuery::Parse(payload, &query);
  if (status.ok() && TakeSearch(pending.get()))
    status = store_->SearchVectors(query, kVectorSearchBudget, pending->search.get(), &done, &frame_);
  if (status.ok() && !done) {
    stats_.yielded++;
    pending->payload.assign(payload.data, payload.data + payload.size);
    yielded_.push_back(std::move(pending));
    return;
  }
  if (status.ok()) Send(pending->origin, RecordKind::kRows, Slice(frame_.bytes));
  else SendError(pending->origin, status);
  DropSearch(pending.get());
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
