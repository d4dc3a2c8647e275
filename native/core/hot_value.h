// native/core/hot_value.h: what makes the bytes of a bound value acceptable to the hot path. Everything that needs more than a look leaves the
// request to JavaScript, which also has the words for what is wrong with it.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "bytes.h"
#include "descriptor.h"

namespace ferrosa {

struct ValueRule {
  enum Kind : uint8_t {
    kAny,
    kFixed,
    kAscii,
    kUtf8,
    kTimeuuid,
    kTimeOfDay,
    kInet,
    kAtLeast,
    kList,
    kSet,
    kMap,
    kNever,
  } kind = kNever;
  uint32_t bytes = 0;
  std::vector<ValueRule> parts = {};        // of a collection: its element, or key and value
  std::shared_ptr<const Type> order = {};   // of a set or map: by which its elements or keys are sorted

  static ValueRule Of(const Type& type);
  // Sets and maps only as they are stored: sorted, nothing twice, at every depth.
  bool Accepts(Slice value) const;
  // For a collection whose elements become cells: they may come in any order, but nothing twice, and paths fit into two bytes.
  bool AcceptsElements(Slice value) const;
};

// Walks a serialized collection: i32 count, then values with an i32 length before each.
class ElementReader {
 public:
  explicit ElementReader(Slice collection) : reader_(collection) {
    uint32_t n;
    ok_ = !collection.is_null() && reader_.U32(&n) && static_cast<int32_t>(Swap(n)) >= 0;
    left_ = ok_ ? Swap(n) : 0;
  }
  // False behind the last element, and for bytes that are no collection: ended() tells.
  bool Next() { return left_ > 0 && left_-- > 0; }
  // The next part of the current element. False when there is none: then ended() is false too.
  bool Take(Slice* out) {
    uint32_t n = 0;
    ok_ = ok_ && reader_.U32(&n) && static_cast<int32_t>(Swap(n)) >= 0 && reader_.Bytes(Swap(n), out);
    return ok_;
  }
  bool ended() const { return ok_ && left_ == 0 && reader_.left() == 0; }

 private:
  Reader reader_;
  uint32_t left_ = 0;
  bool ok_ = false;
};

}  // namespace ferrosa
