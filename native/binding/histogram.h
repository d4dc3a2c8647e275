// native/binding/histogram.h: a histogram for JavaScript (src/common/histogram.ts, HistogramData).
#pragma once
#include <napi.h>

#include "core/histogram.h"

namespace ferrosa {

// {count, sum, max, rate, buckets}: buckets are pairs of a bucket's number and its count, those that have any.
inline Napi::Value HistogramValue(Napi::Env env, const Histogram& histogram) {
  size_t used = 0;
  for (uint32_t i = 0; i < kHistogramBuckets; i++) used += histogram.bucket(i) > 0;
  auto buckets = Napi::Float64Array::New(env, used * 2);
  size_t at = 0;
  for (uint32_t i = 0; i < kHistogramBuckets; i++) {
    if (histogram.bucket(i) == 0) continue;
    buckets[at++] = i;
    buckets[at++] = static_cast<double>(histogram.bucket(i));
  }
  Napi::Object out = Napi::Object::New(env);
  out.Set("count", Napi::Number::New(env, static_cast<double>(histogram.count())));
  out.Set("sum", Napi::Number::New(env, static_cast<double>(histogram.sum())));
  out.Set("max", Napi::Number::New(env, static_cast<double>(histogram.max())));
  out.Set("rate", Napi::Number::New(env, histogram.rate()));
  out.Set("buckets", buckets);
  return out;
}

}  // namespace ferrosa
