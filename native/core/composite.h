// native/core/composite.h: values of CompositeType and DynamicCompositeType, component by component.
// Source: AbstractCompositeType, CompositeType and DynamicCompositeType of Cassandra 5.0.
//   value      [ff ff of a static composite] component*
//   component  [u16 alias | 0x8000, or u16 length and class name: dynamic ones only] u16 length, bytes, i8 end
#pragma once
#include "bytes.h"
#include "descriptor.h"

namespace ferrosa {

struct CompositePart {
  const Type* type = nullptr;
  Slice value;
  int8_t end = 0;  // not 0 in a bound only: below 0 before, above 0 after everything that begins so
};

class CompositeReader {
 public:
  // REQUIRES: a type of either kind, which outlives the reader.
  CompositeReader(const Type& type, Slice value);
  bool is_static() const { return is_static_; }
  bool at_end() const { return rest_.size == 0; }
  // False at the end and at bytes that are no component.
  bool Next(CompositePart* part);

 private:
  bool Take(size_t n, Slice* out);
  bool TakeSized(Slice* out);
  const Type* NextType();
  const Type& type_;
  Slice rest_;
  size_t index_ = 0;
  bool is_static_ = false;
};

// `Int32Type` of `org.apache.cassandra.db.marshal.Int32Type` and of the same with parameters.
Slice SimpleClassName(const Type& type);
// All of it but parameters.
Slice FullClassName(const Type& type);

}  // namespace ferrosa
