#include "build.h"

#include <algorithm>

#include "../hash.h"

namespace ferrosa {

SSTableBuild::SSTableBuild(BuildOptions options, std::vector<std::shared_ptr<Source>> sources)
    : options_(std::move(options)), plan_(std::make_shared<DescriptorPlan>(options_.table)) {
  for (std::shared_ptr<Source>& source : sources) {
    source->SetDescriptor(options_.table);
    inputs_.emplace_back();
    inputs_.back().source = std::move(source);
  }
}

Status SSTableBuild::Failed(const Source& source, Step step) const {
  const Status error = source.error();
  if (step == Step::kCorrupt && !error.ok()) return error;
  return Status::Server("a chunk of an SSTable could not be read");
}

Status SSTableBuild::Advance(Input* input, bool strictly_after) {
  std::vector<uint8_t> found;
  const DecoratedKey from = strictly_after ? input->key : DecoratedKey{INT64_MIN, Slice()};
  DecoratedKey next;
  const Step step = input->source->NextPartition(from, strictly_after, &misses_, &found, &next);
  if (step == Step::kEnd) {
    input->ended = true;
    return Status::Ok();
  }
  if (step != Step::kItem) return Failed(*input->source, step);
  input->key_bytes = std::move(found);
  input->key = DecoratedKey{next.token, ValueOf(input->key_bytes)};
  return Status::Ok();
}

bool SSTableBuild::InRanges(int64_t token) const {
  if (options_.ranges.empty()) return true;
  const auto range = std::lower_bound(options_.ranges.begin(), options_.ranges.end(), token,
                                      [](const TokenRange& r, int64_t t) { return r.end < t; });
  if (range == options_.ranges.end()) return false;
  return token > range->start || (range->start == INT64_MIN && token == INT64_MIN);
}

int64_t SSTableBuild::MaxPurgeable(const DecoratedKey& key) const {
  int64_t least = options_.rules.max_purgeable_timestamp;
  for (const auto& [sstable, min_timestamp] : options_.overlapping)
    if (min_timestamp < least && sstable->MayContain(key)) least = min_timestamp;
  return least;
}

SSTableWriter* SSTableBuild::Writer() {
  if (!writer_) writer_ = std::make_unique<SSTableWriter>(options_.table, options_.stats, options_.expected_keys, options_.limits);
  return writer_.get();
}

// Opens the least partition of all inputs. *found false: there is none.
Status SSTableBuild::StartPartition(bool* found) {
  const Input* least;
  do {
    for (Input& input : inputs_)
      if (!started_) RETURN_IF_ERROR(Advance(&input, false));
    started_ = true;
    for (const size_t i : current_) RETURN_IF_ERROR(Advance(&inputs_[i], true));
    current_.clear();
    least = nullptr;
    for (const Input& input : inputs_)
      if (!input.ended && (!least || CompareKeys(input.key, least->key) < 0)) least = &input;
    *found = least != nullptr;
    if (!least) return Status::Ok();
    for (size_t i = 0; i < inputs_.size(); i++)
      if (!inputs_[i].ended && CompareKeys(inputs_[i].key, least->key) == 0) current_.push_back(i);
  } while (!InRanges(least->key.token));
  partitions_read_++;
  merged_.Reset(plan_, false);
  for (const size_t i : current_) {
    std::unique_ptr<PartitionCursor> cursor;
    const Step step = inputs_[i].source->Open(inputs_[i].key, false, &misses_, &cursor);
    if (step != Step::kItem) return Failed(*inputs_[i].source, step);
    merged_.Add(std::move(cursor));
  }
  rules_ = options_.rules;
  if (options_.purge) rules_.max_purgeable_timestamp = MaxPurgeable(least->key);
  DeletionTime deletion = merged_.partition_deletion();
  if (options_.purge && rules_.MayPurge(deletion)) deletion = DeletionTime();
  Writer()->StartPartition(least->key, deletion);
  const Step step = merged_.StaticRow(&static_row_);
  if (step == Step::kItem && (!options_.purge || PurgeRow(rules_, &static_row_))) Writer()->AddStatic(static_row_);
  if (step != Step::kItem && step != Step::kEnd) return Failed(*inputs_[current_[0]].source, step);
  return Status::Ok();
}

Status SSTableBuild::CopyItems(size_t bytes, bool* ended) {
  SSTableWriter* writer = Writer();
  *ended = false;
  while (writer->pending_bytes() < bytes) {
    const Step step = merged_.Next(&item_);
    if (step == Step::kEnd) {
      writer->EndPartition();
      if (writer->disordered()) return Status::Corrupt("rows of a partition are out of order");
      *ended = true;
      return Status::Ok();
    }
    if (step != Step::kItem) {
      for (const size_t i : current_)
        if (!inputs_[i].source->error().ok()) return inputs_[i].source->error();
      return Failed(*inputs_[current_[0]].source, step);
    }
    if (options_.purge && !(item_.is_row ? PurgeRow(rules_, &item_.row) : PurgeMarker(rules_, &item_.marker))) continue;
    writer->Add(item_);
    if (writer->disordered()) return Status::Corrupt("rows of a partition are out of order");
  }
  return Status::Ok();
}

Status SSTableBuild::Run(size_t bytes, BuildState* state) {
  *state = BuildState::kMore;
  while (!writer_ || writer_->pending_bytes() < bytes) {
    if (!in_partition_) {
      const bool full = writer_ && options_.file_bytes_max != 0 && writer_->partitions() > 0 && writer_->data_bytes() >= options_.file_bytes_max;
      bool found = true;
      if (!full) RETURN_IF_ERROR(StartPartition(&found));
      if (full || !found) {
        if (writer_ && writer_->partitions() == 0) writer_.reset();
        if (writer_) writer_->Finish();
        *state = found ? BuildState::kFileDone : BuildState::kDone;
        return Status::Ok();
      }
      in_partition_ = true;
    }
    bool ended;
    RETURN_IF_ERROR(CopyItems(bytes, &ended));
    in_partition_ = !ended;
  }
  return Status::Ok();
}

}  // namespace ferrosa
