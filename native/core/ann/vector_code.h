// native/core/ann/vector_code.h: a vector in a byte a dimension, for distances that need not be exact: a quarter of the memory to fetch. Each
// vector has a grid of its own, from its least element to its greatest; what the grid rounds off is much less than what parts
// neighbours, unless all vectors lie close together and far from zero (Graph finds that out).
//
// Bytes of a record: a signed step an element, padded with zeros to whole kCodeLanes; CodeTail; padding to whole cache lines.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "vector_math.h"

namespace ferrosa {

inline constexpr size_t kCodeLanes = 64;

// element = offset + scale * step
struct CodeTail {
  float offset;
  float scale;
  float sum;      // of the elements as the steps have them
  float square;   // sum of their squares
  int32_t steps;  // sum of the steps
};

inline constexpr size_t PaddedCode(size_t dimensions) { return (dimensions + kCodeLanes - 1) / kCodeLanes * kCodeLanes; }
inline constexpr size_t CodeRecordBytes(size_t dimensions) { return (PaddedCode(dimensions) + sizeof(CodeTail) + 63) / 64 * 64; }

// Writes the record of a vector: CodeRecordBytes(dimensions), aligned as CodeTail.
void EncodeVector(const float* vector, size_t dimensions, int8_t* record);

// Sum of the products of two codes. n: a multiple of kCodeLanes. steps: sum of those of b.
using CodeProduct = int32_t (*)(const int8_t* a, const int8_t* b, size_t n, int32_t steps);
// For any processor, and as this one does it best.
int32_t PortableCodeProduct(const int8_t* a, const int8_t* b, size_t n, int32_t steps);
CodeProduct BestCodeProduct();

// Distances as Graph has them, nearly. What overflows gives infinities or NaN.
class CodeMath {
 public:
  explicit CodeMath(size_t dimensions) : dimensions_(dimensions), padded_(PaddedCode(dimensions)), product_(BestCodeProduct()) {}

  static const CodeTail& Tail(const int8_t* record, size_t padded) {
    return *reinterpret_cast<const CodeTail*>(record + padded);
  }
  float Dot(const int8_t* a, const int8_t* b) const {
    const CodeTail& x = Tail(a, padded_);
    const CodeTail& y = Tail(b, padded_);
    const auto steps = static_cast<float>(product_(a, b, padded_, y.steps));
    return x.offset * y.sum + y.offset * (x.sum - static_cast<float>(dimensions_) * x.offset) + x.scale * y.scale * steps;
  }
  float Squared(const int8_t* a, const int8_t* b) const {
    return Tail(a, padded_).square + Tail(b, padded_).square - 2 * Dot(a, b);
  }

 private:
  const size_t dimensions_;
  const size_t padded_;
  const CodeProduct product_;
};

}  // namespace ferrosa
