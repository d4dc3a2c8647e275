// native/core/source_registry.h: numbers for sources, so that JavaScript can hand an opened SSTable to a Store.
#pragma once
#include <cstdint>
#include <memory>

#include "unfiltered.h"

namespace ferrosa {

// Never 0, never used again in this process. Thread-safe; the source itself stays with the thread that reads it.
uint32_t RegisterSource(std::shared_ptr<Source> source);
// null when unknown.
std::shared_ptr<Source> FindSource(uint32_t number);
// Forgets the number; a Store that has the source keeps it.
void ReleaseSource(uint32_t number);

}  // namespace ferrosa
