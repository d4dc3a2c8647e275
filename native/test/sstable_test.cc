// SSTables: random tables written and read again answer like the memtable they came from; damaged ones never read out of bounds.
#include "core/byte_comparable.h"
#include "core/sstable/build.h"
#include "core/sstable/row_decoder.h"
#include "core/sstable/scanner.h"
#include "engine_random.h"

namespace ferrosa {
namespace {

constexpr uint32_t kPage = 4096;

// The table of engine_random.h with what an SSTable wants: class names, and a row index every few rows.
DescriptorPtr IndexedTable() {
  auto d = std::make_shared<TableDescriptor>(*MakeTable(1));
  const std::string marshal = "org.apache.cassandra.db.marshal.";
  const char* names[] = {"Int32Type", "Int32Type", "ListType(Int32Type)", "MapType(Int32Type,UTF8Type)", "UserType(ks,75,61:Int32Type,62:UTF8Type)"};
  for (size_t i = 0; i < d->columns.size(); i++) d->columns[i].type.class_name = marshal + names[i];
  d->partition_key[0].class_name = marshal + "Int32Type";
  d->clustering[0].type.class_name = marshal + "Int32Type";
  d->clustering[1].type.class_name = marshal + "UTF8Type";
  d->column_index_bytes = 64;
  d->bloom_filter_fp_chance = 0.01;
  return d;
}

struct Files {
  std::vector<uint8_t> data, rows, partitions, filter, header, first_key, last_key;
};

Files Flush(const DescriptorPtr& table, std::shared_ptr<Source> source) {
  BuildOptions options;
  options.table = table;
  options.expected_keys = 6;
  SSTableBuild build(options, {std::move(source)});
  Files files;
  BuildState state = BuildState::kMore;
  const auto append = [](std::vector<uint8_t>* to, const std::vector<uint8_t>& from) { to->insert(to->end(), from.begin(), from.end()); };
  while (state == BuildState::kMore) {
    CHECK(build.Run(100, &state).ok());
    if (!build.writer()) continue;
    append(&files.data, build.writer()->TakeData());
    append(&files.rows, build.writer()->TakeRows());
    append(&files.partitions, build.writer()->TakePartitions());
  }
  if (!build.writer()) return files;  // nothing was left to write
  files.filter = build.writer()->Filter();
  files.header = build.writer()->Header();
  files.first_key = build.writer()->first_key();
  files.last_key = build.writer()->last_key();
  return files;
}

ComponentFile FileOf(ChunkCache* cache, const std::vector<uint8_t>& bytes, uint32_t chunk_bytes, const char* path) {
  ComponentFile file{cache->NewFile(), bytes.size(), chunk_bytes, path};
  for (uint32_t i = 0; static_cast<uint64_t>(i) * chunk_bytes < bytes.size(); i++) {
    const auto from = bytes.begin() + static_cast<ptrdiff_t>(i) * chunk_bytes;
    const auto to = bytes.end() - from > static_cast<ptrdiff_t>(chunk_bytes) ? from + chunk_bytes : bytes.end();
    cache->Insert(file.number, i, std::make_shared<ChunkBytes>(from, to));
  }
  return file;
}

Status OpenFiles(const DescriptorPtr& table, const Files& files, uint32_t chunk_bytes, std::shared_ptr<SSTable>* out) {
  auto cache = std::make_shared<ChunkCache>(1 << 26);
  SSTableOptions o;
  o.table = table;
  o.data = FileOf(cache.get(), files.data, chunk_bytes, "Data.db");
  o.partitions = FileOf(cache.get(), files.partitions, kPage, "Partitions.db");
  o.rows = FileOf(cache.get(), files.rows, kPage, "Rows.db");
  if (files.partitions.size() < 24) return Status::Corrupt("short");
  o.partition_root = LoadBE<uint64_t>(files.partitions.data() + files.partitions.size() - 8);
  o.first_key = files.first_key;
  o.last_key = files.last_key;
  o.header = files.header;
  o.filter = files.filter;
  return SSTable::Open(cache, std::move(o), out);
}

std::vector<uint8_t> Scan(const std::shared_ptr<SSTable>& sstable, bool reversed) {
  SSTableScanner scanner(sstable, reversed);
  MissList misses;
  Writer out;
  for (int i = 0; i < 1000 && scanner.Next(SIZE_MAX, &misses, &out) == Step::kItem;) i++;
  return out.bytes;
}

std::vector<uint8_t> Answer(Store* store, Slice command) {
  ReadOperation operation;
  operation.Start(command);
  ReadState state = ReadState::kYield;
  MissList misses;
  while (state == ReadState::kYield)
    if (!store->Read(&operation, 1000, &state, &misses).ok()) return {};
  CHECK(state == ReadState::kDone);
  std::vector<uint8_t> bytes(operation.output().data, operation.output().data + operation.output().size);
  std::memset(bytes.data() + 12, 0, 12);  // tombstones scanned and sources touched may differ
  return bytes;
}

}  // namespace

// Method: a store with a memtable and one with the SSTable flushed from it answer the same random read commands.
TEST(SSTablesAnswerLikeTheMemtableTheyWereFlushedFrom) {
  Prng prng(test::Seed());
  for (int round = 0; round < 300; round++) {
    const DescriptorPtr table = IndexedTable();
    Store memtable({});
    Store flushed({});
    memtable.SetTable(table);
    flushed.SetTable(table);
    for (uint64_t i = 1 + prng.Below(60); i > 0; i--) {
      const Writer mutation = MakeMutation(prng);
      CHECK(memtable.Apply(Slice(mutation.bytes)).ok());
      CHECK(flushed.Apply(Slice(mutation.bytes)).ok());
    }
    const auto frozen = flushed.Freeze(table->id);
    if (!frozen) continue;
    const Files files = Flush(table, frozen->OpenSource(table));
    if (files.first_key.empty()) continue;
    std::shared_ptr<SSTable> sstable;
    CHECK(OpenFiles(table, files, static_cast<uint32_t>(16 + prng.Below(200)), &sstable).ok());
    const uint32_t number = frozen->number();
    CHECK(flushed.ReplaceSources(table->id, std::span(&number, 1), {}, {sstable}).ok());
    for (int i = 0; i < 40; i++) {
      const Writer command = MakeCommand(prng);
      CHECK(Answer(&memtable, Slice(command.bytes)) == Answer(&flushed, Slice(command.bytes)));
    }
  }
}

// Method: bytes of every component are changed; whatever is read ends. The sanitizers watch.
// A compaction reads each chunk once: they must neither pile up nor be looked through for each that comes.
TEST(CachesThatLoadForThemselvesKeepTheirBudget) {
  constexpr size_t kChunkBytes = 1 << 10;
  constexpr size_t kBudget = 100 * kChunkBytes;
  ChunkCache cache(kBudget);
  cache.SetLoader([&](uint32_t, uint32_t chunk) {
    return std::make_shared<const ChunkBytes>(kChunkBytes, static_cast<uint8_t>(chunk));
  });
  const uint32_t file = cache.NewFile();
  for (uint32_t chunk = 0; chunk < 10'000; chunk++) {
    CHECK(cache.Get(file, chunk)->front() == static_cast<uint8_t>(chunk));
    CHECK(cache.used_bytes() <= kBudget);
  }
}

// What was inserted for a read that has not come yet stays, however much that is; later it goes.
TEST(ChunksThatNobodyReadGoOnceTheyAreOld) {
  constexpr size_t kChunkBytes = 16;
  ChunkCache cache(100 * kChunkBytes);
  const uint32_t file = cache.NewFile();
  const auto insert = [&](uint32_t chunk) { cache.Insert(file, chunk, std::make_shared<const ChunkBytes>(kChunkBytes)); };
  for (uint32_t chunk = 0; chunk < 1'000; chunk++) insert(chunk);
  for (uint32_t chunk = 0; chunk < 1'000; chunk++) CHECK(cache.Get(file, chunk) != nullptr);
  for (uint32_t chunk = 1'000; chunk < 1'000 + 4 * kFreshInsertions; chunk++) insert(chunk);
  CHECK(cache.chunks() < 2 * kFreshInsertions);
}

TEST(DamagedSSTablesAreReadWithinBounds) {
  Prng prng(test::Seed());
  const DescriptorPtr table = IndexedTable();
  for (int round = 0; round < 40; round++) {
    Store store({});
    store.SetTable(table);
    for (uint64_t i = 1 + prng.Below(60); i > 0; i--) CHECK(store.Apply(Slice(MakeMutation(prng).bytes)).ok());
    const auto frozen = store.Freeze(table->id);
    if (!frozen) continue;
    const Files good = Flush(table, frozen->OpenSource(table));
    if (good.first_key.empty()) continue;
    for (int damage = 0; damage < 100; damage++) {
      Files files = good;
      std::vector<uint8_t>* const parts[] = {&files.data, &files.rows, &files.partitions, &files.filter, &files.header};
      std::vector<uint8_t>* part = parts[prng.Below(5)];
      for (uint64_t n = 1 + prng.Below(4); n > 0 && !part->empty(); n--) (*part)[prng.Below(part->size())] = static_cast<uint8_t>(prng.Next());
      if (prng.Below(10) == 0) part->resize(prng.Below(part->size() + 1));
      std::shared_ptr<SSTable> sstable;
      if (!OpenFiles(table, files, 64, &sstable).ok()) continue;
      Scan(sstable, false);
      Scan(sstable, true);
      Store reader({});
      reader.SetTable(table);
      CHECK(reader.AddSource(table->id, sstable).ok());
      for (int i = 0; i < 5; i++) {
        const Writer command = MakeCommand(prng);
        ReadOperation operation;
        operation.Start(Slice(command.bytes));
        ReadState state = ReadState::kYield;
        MissList misses;
        while (state == ReadState::kYield && reader.Read(&operation, 1000, &state, &misses).ok()) {
        }
      }
    }
  }
}

TEST(RandomBytesAreNoRowsAndNoTrieNodes) {
  Prng prng(test::Seed());
  const DescriptorPtr table = IndexedTable();
  SerializationHeader header;
  CHECK(ParseSerializationHeader(Slice(SSTableWriter(table, EncodingStats(), 1).Header()), *table, &header).ok());
  for (int round = 0; round < 200000; round++) {
    std::vector<uint8_t> bytes(prng.Below(80));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(prng.Below(4) == 0 ? prng.Next() : prng.Below(12));
    Unfiltered item;
    uint64_t size = 0;
    uint64_t want = 0;
    if (DecodeUnfiltered(Slice(bytes.data(), bytes.size()), header, 2, true, &item, &size, &want) == Decode::kOk) CHECK(size <= bytes.size());
    TrieNode node;
    if (ParseTrieNode(Slice(bytes.data(), bytes.size()), &node)) {
      for (int b = 0; b < 256; b++) {
        uint64_t distance;
        const int child = node.Search(static_cast<uint8_t>(b));
        if (child >= 0) node.Child(child, &distance);
      }
    }
  }
}

}  // namespace ferrosa
