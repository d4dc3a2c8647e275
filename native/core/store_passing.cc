// Partitions that are there for a moment, as entries of system.batches are: written whole once, deleted as a whole soon after. Most are gone before
// anybody looks: they stay beside the memtable, which then needs neither the row nor the deletion.
//
// The log has both. What is in it of a table is not replayed behind a flush of its memtable: so what still is there is put into the memtable before
// that is frozen, and a deletion goes into a memtable that is empty, so that there is something to flush.
#include "store.h"

namespace ferrosa {
namespace {

std::string NameOf(Slice key) { return std::string(reinterpret_cast<const char*>(key.data), key.size); }

}  // namespace

void Store::ApplyPassing(StoreTable* table, Slice key, Slice mutation) {
  std::vector<uint8_t>& kept = table->passing[NameOf(key)];
  table->passing_bytes += mutation.size - kept.size();
  kept.assign(mutation.data, mutation.data + mutation.size);
  table->writes++;
}

bool Store::EndPassing(StoreTable* table, const MutationHeader& header) {
  if (header.items.size > 0 || header.partition_deletion.live()) return false;
  const auto found = table->passing.find(NameOf(header.key.key));
  if (found == table->passing.end()) return false;
  table->passing_bytes -= found->second.size();
  table->passing.erase(found);
  return !table->memtable->empty();
}

void Store::SettlePassing(StoreTable* table) {
  for (const auto& [key, mutation] : table->passing) {
    MutationHeader header;
    DB_ASSERT(ReadMutationHeader(Slice(mutation), &header).ok());
    table->memtable->Apply(MutationReader(table->memtable->plan(), header));
  }
  table->passing.clear();
  table->passing_bytes = 0;
}

}  // namespace ferrosa
