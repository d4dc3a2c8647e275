// Reads over sources that miss: SSTables are played by memtables whose steps fail now and then.
#include "engine_random.h"

namespace ferrosa {
namespace {

// Fails a step in `one_in`, as an SSTable does whose chunk is not cached. The next call may succeed.
struct Weather {
  Prng prng{test::Seed()};
  uint64_t one_in = 12;
  bool Miss(MissList* misses) {
    if (prng.Below(one_in) != 0) return false;
    if (misses != nullptr) misses->push_back({1, 2});
    return true;
  }
};

class FlakyCursor : public PartitionCursor {
 public:
  FlakyCursor(std::unique_ptr<PartitionCursor> inner, Weather* weather, MissList* misses)
      : inner_(std::move(inner)), weather_(weather), misses_(misses) {}
  DeletionTime partition_deletion() const override { return inner_->partition_deletion(); }
  Step StaticRow(Row* out) override { return weather_->Miss(misses_) ? Step::kMiss : inner_->StaticRow(out); }
  Step Next(Unfiltered* out) override {
    // What was given before is gone, as the contract has it.
    given_ = std::vector<uint8_t>();
    if (weather_->Miss(misses_)) return Step::kMiss;
    const Step step = inner_->Next(out);
    if (step == Step::kItem) Copy(out);
    return step;
  }
  Step Seek(const Bound& bound) override { return weather_->Miss(misses_) ? Step::kMiss : inner_->Seek(bound); }

 private:
  void Copy(Unfiltered* out) {
    ClusteringValues& values = out->is_row ? out->row.clustering : out->marker.bound.prefix;
    size_t bytes = 1;
    for (const Slice& v : values) bytes += v.size;
    given_.reserve(bytes);
    given_.push_back(0);
    for (Slice& v : values) {
      if (v.is_null()) continue;
      const size_t at = given_.size();
      given_.insert(given_.end(), v.data, v.data + v.size);
      v.data = given_.data() + at;
    }
  }
  std::unique_ptr<PartitionCursor> inner_;
  Weather* weather_;
  MissList* misses_;
  std::vector<uint8_t> given_;
};

class FlakySource : public Source {
 public:
  FlakySource(std::shared_ptr<MemtableSource> inner, Weather* weather) : inner_(std::move(inner)), weather_(weather) {}
  Step Open(const DecoratedKey& key, bool reversed, MissList* misses, std::unique_ptr<PartitionCursor>* out) override {
    if (weather_->Miss(misses)) return Step::kMiss;
    std::unique_ptr<PartitionCursor> cursor;
    const Step step = inner_->Open(key, reversed, misses, &cursor);
    if (step == Step::kItem) *out = std::make_unique<FlakyCursor>(std::move(cursor), weather_, misses);
    return step;
  }
  Step NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses, std::vector<uint8_t>* key_bytes,
                     DecoratedKey* out) override {
    if (weather_->Miss(misses)) return Step::kMiss;
    return inner_->NextPartition(from, strictly_after, misses, key_bytes, out);
  }
  int64_t max_timestamp() const override { return inner_->max_timestamp(); }
  Status error() const override { return Status::Ok(); }
  void SetDescriptor(const DescriptorPtr& reading) override { inner_->SetDescriptor(reading); }

 private:
  std::shared_ptr<MemtableSource> inner_;
  Weather* weather_;
};

std::vector<uint8_t> ReadToEnd(Store* store, Slice command, uint32_t budget) {
  ReadOperation operation;
  operation.Start(command);
  for (int calls = 0; calls < 100000; calls++) {
    MissList misses;
    ReadState state;
    CHECK(store->Read(&operation, budget, &state, &misses).ok());
    CHECK((state == ReadState::kMiss) == !misses.empty());
    if (state != ReadState::kDone) continue;
    std::vector<uint8_t> out(operation.output().data, operation.output().data + operation.output().size);
    std::fill(out.begin() + 12, out.begin() + 24, 0);  // what was scanned differs: some of it twice
    return out;
  }
  CHECK(!"the read ends");
  return {};
}

}  // namespace

TEST(ReadsOverSourcesThatMissAreThoseOverMemtables) {
  Prng prng(test::Seed());
  Weather weather;
  for (int round = 0; round < 30; round++) {
    Store plain({});
    Store flaky({});
    const DescriptorPtr table = MakeTable(1);
    plain.SetTable(table);
    flaky.SetTable(table);
    const int sources = 1 + static_cast<int>(prng.Below(4));
    for (int source = 0; source <= sources; source++) {
      for (int i = 0; i < 25; i++) {
        const Writer mutation = MakeMutation(prng);
        CHECK(plain.Apply(Slice(mutation.bytes)).ok());
        CHECK(flaky.Apply(Slice(mutation.bytes)).ok());
      }
      if (source == sources) break;
      const auto frozen = flaky.Freeze({});
      const uint32_t number = frozen->number();
      std::vector<std::shared_ptr<Source>> add{std::make_shared<FlakySource>(frozen->OpenSource(table), &weather)};
      CHECK(flaky.ReplaceSources({}, std::span<const uint32_t>(&number, 1), {}, std::move(add)).ok());
    }
    for (int i = 0; i < 60; i++) {
      const Writer command = MakeCommand(prng);
      const auto expected = ReadToEnd(&plain, Slice(command.bytes), 100000);
      const auto actual = ReadToEnd(&flaky, Slice(command.bytes), 5 + static_cast<uint32_t>(prng.Below(40)));
      CHECK(expected == actual);
    }
  }
}

// Rows that are given where they lie in their memtable are those that come out of a merge.
TEST(RowsGivenInPlaceAreThoseOfMergedSources) {
  constexpr SelectedColumn kSimple[] = {{SelectedKind::kValue, 2},      {SelectedKind::kClustering, 1}, {SelectedKind::kPartitionKey, 0},
                                        {SelectedKind::kClustering, 0}, {SelectedKind::kToken, 0},      {SelectedKind::kValue, 2}};
  Prng prng(test::Seed() + 3);
  size_t bytes = 0;
  for (int round = 0; round < 40; round++) {
    Store single({});
    Store several({});
    const DescriptorPtr table = MakeTable(1);
    single.SetTable(table);
    several.SetTable(table);
    for (int source = 0; source < 3; source++) {
      for (uint64_t i = 0; i < 10 + prng.Below(80); i++) {
        const Writer mutation = MakeMutation(prng, false);
        CHECK(single.Apply(Slice(mutation.bytes)).ok());
        CHECK(several.Apply(Slice(mutation.bytes)).ok());
      }
      if (source < 2) several.Freeze({});
    }
    for (int i = 0; i < 60; i++) {
      const Writer command = MakeCommand(prng, kSimple);
      const auto expected = ReadToEnd(&several, Slice(command.bytes), 100000);
      CHECK(ReadToEnd(&single, Slice(command.bytes), 1 + static_cast<uint32_t>(prng.Below(40))) == expected);
      bytes += expected.size();
    }
  }
  CHECK(bytes > 100000);
}

// One row read by its clustering: sources older than what was found are left out, and nothing else changes.
TEST(PointReadsThatStopEarlyAreThoseThatDoNot) {
  Prng prng(test::Seed() + 1);
  Weather weather;
  weather.one_in = 1000;
  uint32_t touched_less = 0;
  auto d = std::make_shared<TableDescriptor>(*MakeTable(1));
  d->columns.erase(d->columns.begin() + 2, d->columns.end());
  d->columns.erase(d->columns.begin());
  for (int round = 0; round < 200; round++) {
    Store plain({});
    Store early({});
    plain.SetTable(d);
    early.SetTable(d);
    for (int64_t source = 0; source < 3; source++) {
      for (int i = 0; i < 4; i++) {
        uint8_t key[4] = {0, 0, 0, 1};
        uint8_t clustering[4] = {0, 0, 0, static_cast<uint8_t>(prng.Below(2))};
        uint8_t second[5] = {0, 0, 0, 0, 1};
        const Slice values[2] = {Slice(clustering, 4), Slice(second, 5)};
        RowWrite write;
        write.key = {MurmurToken(Slice(key, 4)), Slice(key, 4)};
        write.clustering = values;
        write.timestamp = static_cast<int64_t>(prng.Below(6)) + source * 4;
        write.has_liveness = prng.Below(2) == 0;
        if (prng.Below(6) == 0) write.has_liveness = false, write.deletion = {write.timestamp, 5};
        if (prng.Below(8) == 0) write.partition_deletion = {write.timestamp - 1, 5}, write.has_row = prng.Below(2) == 0;
        CellWrite cell;
        cell.value = Slice(clustering, 4);
        cell.tombstone = prng.Below(4) == 0;
        if (cell.tombstone) cell.local_deletion_time = 5, cell.value = Slice();
        if (prng.Below(4) != 0) write.cells = std::span<const CellWrite>(&cell, 1);
        Writer mutation;
        Store::EncodeRow(*plain.Find(d->id), write, &mutation);
        CHECK(plain.Apply(Slice(mutation.bytes)).ok());
        early.ApplyRow(early.Find(d->id), write);
      }
      const auto frozen = early.Freeze({});
      const uint32_t number = frozen->number();
      std::vector<std::shared_ptr<Source>> add{std::make_shared<FlakySource>(frozen->OpenSource(d), &weather)};
      CHECK(early.ReplaceSources({}, std::span<const uint32_t>(&number, 1), {}, std::move(add)).ok());
    }
    for (uint8_t c = 0; c < 2; c++) {
      uint8_t key[4] = {0, 0, 0, 1};
      uint8_t clustering[4] = {0, 0, 0, c};
      uint8_t second[5] = {0, 0, 0, 0, 1};
      const SelectedColumn columns[2] = {{SelectedKind::kValue, 0}, {SelectedKind::kWritetime, 0}};
      HotRead read;
      read.key = {MurmurToken(Slice(key, 4)), Slice(key, 4)};
      read.columns = columns;
      read.has_slice = true;
      read.start = {BoundKind::kInclStart, {Slice(clustering, 4), Slice(second, 5)}};
      read.end = {BoundKind::kInclEnd, {Slice(clustering, 4), Slice(second, 5)}};
      read.now_seconds = 10;
      Writer expected;
      Writer actual;
      HotReadResult a, b;
      ReadState state = ReadState::kMiss;
      MissList misses;
      CHECK(plain.ReadPartition(plain.Find(d->id), read, &expected, &a, &state, &misses).ok());
      do CHECK(early.ReadPartition(early.Find(d->id), read, &actual, &b, &state, &misses).ok());
      while (state == ReadState::kMiss);
      CHECK(a.rows == b.rows && expected.bytes == actual.bytes);
      touched_less += b.sources < 3;
    }
  }
  CHECK(touched_less > 0);
}

// A column that stands before the others moves them all: what is in the memtable, and what was dropped, must be found as before.
TEST(RowsOfAMemtableAreThoseOfTheTableThatGotAColumn) {
  Prng prng(test::Seed() + 2);
  const auto table = [](uint32_t version, bool wide) {
    auto d = std::make_shared<TableDescriptor>(*MakeTable(version));
    for (Column& c : d->columns)
      if (c.name == "m") c.dropped_at = 8;
    if (!wide) return d;
    Column added = d->columns[1];
    added.id = 6;
    added.name = "a";
    d->columns.insert(d->columns.begin(), added);
    return d;
  };
  for (int round = 0; round < 30; round++) {
    Store wide({});
    Store altered({});
    wide.SetTable(table(1, true));
    altered.SetTable(table(1, false));
    for (int i = 0; i < 40; i++) {
      const Writer mutation = MakeMutation(prng);
      CHECK(wide.Apply(Slice(mutation.bytes)).ok());
      CHECK(altered.Apply(Slice(mutation.bytes)).ok());
    }
    altered.SetTable(table(2, true));
    for (int i = 0; i < 40; i++) {
      const Writer command = MakeCommand(prng);
      CHECK(ReadToEnd(&wide, Slice(command.bytes), 100000) == ReadToEnd(&altered, Slice(command.bytes), 100000));
    }
  }
}

}  // namespace ferrosa
