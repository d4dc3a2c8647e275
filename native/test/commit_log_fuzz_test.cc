// Commit log segments with damaged bytes: the reader must come to an end, forward only, with slices inside of the file.
#include <unistd.h>

#include "core/commit_log.h"
#include "engine_random.h"
#include "fuzz.h"

namespace ferrosa {

TEST(DamagedCommitLogSegmentsAreReadToTheirEnd) {
  Prng prng(test::Seed());
  char folder[] = "/tmp/ferrosa-log-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  CommitLogOptions options;
  options.folder = folder;
  options.segment_bytes = 64 * 1024;
  options.record_bytes_max = 16 * 1024;
  options.first_segment_id = 256;
  std::unique_ptr<CommitLog> log;
  CHECK(CommitLog::Open(options, &log).ok());
  uint64_t lsn = 0;
  uint32_t records = 0;
  while (log->position().offset < 40'000) {
    const Writer mutation = MakeMutation(prng);
    CHECK(log->Append(LogRecord::kMutation, Slice(mutation.bytes), &lsn).ok());
    if (prng.Below(20) == 0) log->Synced(lsn);
    records++;
  }
  const std::string path = log->PathOf(256);
  std::vector<uint8_t> file(options.segment_bytes);
  FILE* handle = std::fopen(path.c_str(), "rb");
  CHECK(handle != nullptr && std::fread(file.data(), 1, file.size(), handle) == file.size());
  std::fclose(handle);
  log->Close();
  log.reset();
  std::remove(path.c_str());
  rmdir(folder);

  const auto read = [](const std::vector<uint8_t>& bytes) {
    LogReader reader{Slice(bytes)};
    LogSegmentHeader header;
    uint32_t found = 0;
    if (!reader.Header(&header).ok()) return found;
    for (uint32_t at = 0;;) {
      const LogReader::Item item = reader.Next();
      if (item.found == LogReader::Found::kEnd) return found;
      CHECK(item.offset >= at && item.offset <= bytes.size() && item.size <= bytes.size() - item.offset);
      at = item.offset + 1;
      if (item.found == LogReader::Found::kTorn) return found;
      if (item.found != LogReader::Found::kRecord) continue;
      CHECK(item.payload.data >= bytes.data() && item.payload.data + item.payload.size <= bytes.data() + bytes.size());
      found += item.kind == LogRecord::kMutation;
    }
  };
  CHECK(read(file) == records);
  for (int i = 0; i < 3000; i++) {
    const std::vector<uint8_t> damaged = Damaged(prng, file, prng.Below(50) ? kLogHeaderBytes : 0);
    CHECK(read(damaged) <= records);
  }
}

}  // namespace ferrosa
