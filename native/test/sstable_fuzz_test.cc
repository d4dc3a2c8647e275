// SSTables with damaged bytes in any component: opening, scanning both ways, reading keys and compacting them must end, with an error or
// with something, and never read past the bytes.
#include "core/hash.h"
#include "core/sstable/build.h"
#include "core/sstable/scanner.h"
#include "core/sstable/trie.h"
#include "engine_random.h"
#include "fuzz.h"

namespace ferrosa {
namespace {

using test::Damaged;

struct Files {
  std::vector<uint8_t> data, partitions, rows, header, filter, first_key, last_key;
  uint64_t root = 0;
  uint64_t count = 0;
};

DescriptorPtr MakeNamedTable() {
  auto d = std::make_shared<TableDescriptor>(*MakeTable(1));
  const std::string m = "org.apache.cassandra.db.marshal.";
  const std::string i = m + "Int32Type", t = m + "UTF8Type";
  d->keyspace = "k";
  d->name = "t";
  d->column_index_bytes = 128;  // so that partitions have a row index
  d->partition_key[0].class_name = i;
  d->clustering[0].type.class_name = i;
  d->clustering[1].type.class_name = t;
  const std::string names[] = {i, i, m + "ListType(" + i + ")", m + "MapType(" + i + "," + t + ")",
                               m + "UserType(6b,75,61:" + i + ",62:" + t + ")"};
  for (size_t c = 0; c < d->columns.size(); c++) d->columns[c].type.class_name = names[c];
  return d;
}

Files Write(const DescriptorPtr& table, Prng& prng) {
  Store store({});
  store.SetTable(table);
  const uint64_t mutations = 20 + prng.Below(400);
  for (uint64_t i = 0; i < mutations; i++) CHECK(store.Apply(Slice(MakeMutation(prng).bytes)).ok());
  const auto frozen = store.Freeze(table->id);
  BuildOptions options;
  options.table = table;
  options.expected_keys = 8;
  SSTableBuild build(options, {frozen->OpenSource(table)});
  Files files;
  for (BuildState state = BuildState::kMore; state != BuildState::kDone;) {
    CHECK(build.Run(1 << 20, &state).ok());
    SSTableWriter* writer = build.writer();
    CHECK(writer != nullptr);
    const auto append = [](std::vector<uint8_t>* to, const std::vector<uint8_t>& from) { to->insert(to->end(), from.begin(), from.end()); };
    append(&files.data, writer->TakeData());
    append(&files.rows, writer->TakeRows());
    append(&files.partitions, writer->TakePartitions());
  }
  SSTableWriter* writer = build.writer();
  files.header = writer->Header();
  files.filter = writer->Filter();
  files.first_key = writer->first_key();
  files.last_key = writer->last_key();
  files.count = writer->partitions();
  // The footer of Partitions.db ends with the root's position.
  files.root = LoadBE<uint64_t>(files.partitions.data() + files.partitions.size() - 8);
  ReleaseFrozen(frozen->number());
  return files;
}

// The files of one table in a cache; what is absent comes when it is asked for.
class Opened {
 public:
  Opened(const Files& files, const DescriptorPtr& table, uint32_t chunk_bytes) : cache_(std::make_shared<ChunkCache>(1 << 20)) {
    SSTableOptions options;
    options.table = table;
    options.data = Add(files.data, chunk_bytes, "Data.db");
    options.partitions = Add(files.partitions, 4096, "Partitions.db");
    options.rows = Add(files.rows, 4096, "Rows.db");
    options.partition_root = files.root;
    options.partition_count = files.count;
    options.first_key = files.first_key;
    options.last_key = files.last_key;
    options.header = files.header;
    options.filter = files.filter;
    status = SSTable::Open(cache_, std::move(options), &sstable);
  }
  bool Load(const MissList& misses) {
    for (const Miss& miss : misses) {
      ChunkPtr chunk = Chunk(miss.file, miss.chunk);
      if (chunk == nullptr) return false;
      cache_->Insert(miss.file, miss.chunk, std::move(chunk));
    }
    return true;
  }
  void LoadAlways() {
    cache_->SetLoader([this](uint32_t file, uint32_t chunk) { return Chunk(file, chunk); });
  }
  Status status;
  std::shared_ptr<SSTable> sstable;

 private:
  struct File {
    std::vector<uint8_t> bytes;
    uint32_t chunk_bytes;
  };
  ComponentFile Add(const std::vector<uint8_t>& bytes, uint32_t chunk_bytes, const char* name) {
    const uint32_t number = cache_->NewFile();
    if (files_.size() <= number) files_.resize(number + 1);
    files_[number] = {bytes, chunk_bytes};
    return {number, bytes.size(), chunk_bytes, name};
  }
  ChunkPtr Chunk(uint32_t file, uint32_t chunk) const {
    const File& f = files_[file];
    const uint64_t at = uint64_t{chunk} * f.chunk_bytes;
    if (at >= f.bytes.size()) return nullptr;
    const uint64_t end = std::min<uint64_t>(at + f.chunk_bytes, f.bytes.size());
    return std::make_shared<ChunkBytes>(f.bytes.begin() + static_cast<long>(at), f.bytes.begin() + static_cast<long>(end));
  }
  std::shared_ptr<ChunkCache> cache_;
  std::vector<File> files_;
};

constexpr int kStepsMax = 20000;

// True when it came to its end without an error.
bool Scan(Opened* opened, bool reversed, size_t* bytes) {
  SSTableScanner scanner(opened->sstable, reversed);
  Writer out;
  for (int i = 0; i < kStepsMax; i++) {
    MissList misses;
    const Step step = scanner.Next(256, &misses, &out);
    *bytes += out.bytes.size();
    out.bytes.clear();
    if (step == Step::kEnd) return true;
    if (step == Step::kCorrupt) return false;
    if (step == Step::kMiss && !opened->Load(misses)) return false;
  }
  CHECK(!"the scan ends");
  return false;
}

void ReadKeys(Opened* opened, bool reversed) {
  SSTableScanner scanner(opened->sstable, reversed);
  for (uint8_t k = 0; k < 7; k++) {
    const uint8_t key[4] = {0, 0, 0, k};
    const DecoratedKey decorated{MurmurToken(Slice(key, 4)), Slice(key, 4)};
    const uint8_t clustering[4] = {0, 0, 0, 2};
    const Bound seek{reversed ? BoundKind::kInclEnd : BoundKind::kInclStart, {Slice(clustering, 4)}};
    Writer out;
    for (int i = 0;; i++) {
      CHECK(i < kStepsMax);
      MissList misses;
      const Step step = scanner.Read(decorated, k % 2 ? &seek : nullptr, &misses, &out);
      if (step != Step::kMiss || !opened->Load(misses)) break;
    }
  }
}

void Compact(Opened* opened, const DescriptorPtr& table) {
  opened->LoadAlways();
  BuildOptions options;
  options.table = table;
  options.purge = true;
  options.rules.now_seconds = 150;
  options.rules.gc_before = 120;
  SSTableBuild build(options, {opened->sstable});
  for (int i = 0;; i++) {
    CHECK(i < kStepsMax);
    BuildState state;
    if (!build.Run(4096, &state).ok() || state == BuildState::kDone) return;
    (void)build.writer()->TakeData();
  }
}

}  // namespace

TEST(DamagedSSTablesAreRefusedOrRead) {
  Prng prng(test::Seed());
  const DescriptorPtr table = MakeNamedTable();
  for (int round = 0; round < 12; round++) {
    const Files files = Write(table, prng);
    const uint32_t chunk_bytes = prng.Below(2) ? 16384 : 1024;
    {
      Opened opened(files, table, chunk_bytes);
      CHECK(opened.status.ok());
      size_t forward = 0, backward = 0;
      CHECK(Scan(&opened, false, &forward) && Scan(&opened, true, &backward));
      CHECK(forward > 0 && forward == backward);
    }
    for (int variant = 0; variant < 150; variant++) {
      Files damaged = files;
      switch (prng.Below(8)) {
        case 0: damaged.partitions = Damaged(prng, files.partitions); break;
        case 1: damaged.rows = Damaged(prng, files.rows); break;
        case 2: damaged.header = Damaged(prng, files.header); break;
        case 3: damaged.filter = Damaged(prng, files.filter); break;
        case 4: damaged.root = prng.Below(2) ? prng.Next() : prng.Below(files.partitions.size() + 9); break;
        default: damaged.data = Damaged(prng, files.data);
      }
      Opened opened(damaged, table, chunk_bytes);
      if (!opened.status.ok()) continue;
      size_t bytes = 0;
      (void)Scan(&opened, false, &bytes);
      (void)Scan(&opened, true, &bytes);
      ReadKeys(&opened, prng.Below(2) == 0);
      Compact(&opened, table);
    }
  }
}

TEST(AnyBytesAsATrieNodeStayInBounds) {
  Prng prng(test::Seed());
  for (int i = 0; i < 200000; i++) {
    std::vector<uint8_t> bytes(1 + prng.Below(24));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(prng.Next());
    TrieNode node;
    if (!ParseTrieNode(Slice(bytes), &node)) continue;
    (void)node.Search(static_cast<uint8_t>(prng.Next()));
    for (int child = 0; child < node.children(); child++) {
      uint64_t distance;
      (void)node.Child(child, &distance);
    }
  }
}

}  // namespace ferrosa
