// native/core/lender.h: whose turn it is to touch the engine of a shard (Store, CommitLog, ShardLoop, ChunkCache). It is the shard's thread's
// while that is awake. While it waits for events another thread may borrow it: a request then costs no wake-up of the shard and none back.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

namespace ferrosa {

// One for each thread that has shards. It outlives the thread: others may still ask.
class Lender {
 public:
  // The lender of this thread; made with the first call.
  static Lender* OfThread();
  // The same, nullptr when the thread has none.
  static Lender* Find() { return of_thread_; }

  // By the thread itself, before it touches what it lends: the engine is its own until GoToSleep. Waits for who has borrowed it.
  void Own() {
    if (owned_) return;
    mutex_.lock();
    owned_ = true;
  }
  // By the thread itself, before it waits for events.
  void GoToSleep() {
    if (!owned_) return;
    owned_ = false;
    mutex_.unlock();
  }
  // By another thread. True: the engine is its own until GiveBack, which it calls within microseconds. False: the thread is awake.
  bool TryBorrow() { return of_thread_ != this && mutex_.try_lock(); }
  void GiveBack() { mutex_.unlock(); }

 private:
  Lender() = default;
  static thread_local Lender* of_thread_;
  std::mutex mutex_;
  bool owned_ = false;  // the thread's own
};

// To be called before anything of a shard is touched: does nothing on threads that lend nothing.
inline void OwnShard() {
  if (Lender* lender = Lender::Find()) lender->Own();
}

}  // namespace ferrosa
