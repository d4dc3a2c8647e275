// native/core/frozen_memtable.h: a memtable that no longer changes, found by number from any thread of the process.
#pragma once
#include <cstdint>
#include <memory>

#include "memtable.h"

namespace ferrosa {

// Immutable: any number of threads may read it, each through a MemtableSource of its own.
class FrozenMemtable {
 public:
  FrozenMemtable(uint32_t number, std::shared_ptr<const Memtable> memtable)
      : number_(number), memtable_(std::move(memtable)) {}
  uint32_t number() const { return number_; }
  const Memtable& memtable() const { return *memtable_; }
  const DescriptorPtr& descriptor() const { return memtable_->descriptor(); }
  const MemtableStats& stats() const { return memtable_->stats(); }
  // A reader whose column indexes are those of `reading` (columns are matched by id). For one thread.
  std::shared_ptr<MemtableSource> OpenSource(const DescriptorPtr& reading) const {
    return std::make_shared<MemtableSource>(memtable_, reading);
  }

 private:
  const uint32_t number_;
  const std::shared_ptr<const Memtable> memtable_;
};

// Gives the memtable a process-wide number (never 0, never used again) and registers it.
std::shared_ptr<FrozenMemtable> RegisterFrozen(std::shared_ptr<const Memtable> memtable);
// null when the number is unknown or released.
std::shared_ptr<FrozenMemtable> FindFrozen(uint32_t number);
// Forgets the number; holders of the pointer keep the memtable alive.
void ReleaseFrozen(uint32_t number);

}  // namespace ferrosa
