// native/core/table_figures.h: how long the work on a table takes and what its reads meet: what nodetool and system_views show.
#pragma once
#include <memory>

#include "histogram.h"

namespace ferrosa {

// Of one table on one shard. Times in nanoseconds.
struct TableFigures {
  Histogram read;      // of partitions
  Histogram write;     // a mutation: log and memtable
  Histogram scan;      // of a token range
  Histogram rows;      // live rows a read or scan
  Histogram tombstones;
  Histogram sstables;  // touched by a read

  void Read(bool is_scan, uint64_t nanos, uint32_t live, uint32_t dead, uint32_t sources) {
    (is_scan ? scan : read).Add(nanos);
    rows.Add(live);
    tombstones.Add(dead);
    if (!is_scan) sstables.Add(sources);
  }
  void Tick() {
    for (Histogram* h : {&read, &write, &scan}) h->Tick();
  }
};

// Of one hot plan on one thread with connections: from requests to their answers.
struct PlanFigures {
  Histogram micros;
  uint64_t rows = 0;
};

// Made when the table is used first: most tables of the system never are.
class LazyTableFigures {
 public:
  TableFigures* Get() {
    if (figures_ == nullptr) figures_ = std::make_unique<TableFigures>();
    return figures_.get();
  }
  const TableFigures* Peek() const { return figures_.get(); }
  void Tick() {
    if (figures_ != nullptr) figures_->Tick();
  }

 private:
  std::unique_ptr<TableFigures> figures_;
};

}  // namespace ferrosa
