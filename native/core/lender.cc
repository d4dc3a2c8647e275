#include "lender.h"

namespace ferrosa {

thread_local Lender* Lender::of_thread_ = nullptr;

Lender* Lender::OfThread() {
  static std::mutex mutex;
  static std::vector<std::unique_ptr<Lender>> all;
  if (of_thread_ == nullptr) {
    const std::lock_guard<std::mutex> lock(mutex);
    of_thread_ = all.emplace_back(new Lender()).get();
  }
  return of_thread_;
}

}  // namespace ferrosa
