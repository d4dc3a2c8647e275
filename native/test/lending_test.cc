// A shard's thread that sleeps and is borrowed from, as fast as both go: every request is answered once, whoever runs it. Worth running under
// ThreadSanitizer too: FERROSA_SANITIZE=thread scripts/native-sanitize.sh.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/frontend.h"
#include "core/lender.h"
#include "core/shard_loop.h"
#include "engine_random.h"
#include "hot_random.h"

namespace ferrosa {
namespace {

uint64_t Micros() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

// What the event loop of a shard's thread does, without JavaScript.
class ShardThread {
 public:
  ShardThread() : wake_(eventfd(0, EFD_NONBLOCK)), thread_([this] { Live(); }) {
    while (!ready_) std::this_thread::yield();
  }
  ~ShardThread() {
    over_ = true;
    WakeFd(wake_).Signal();
    thread_.join();
    close(wake_);
  }
  int wake() const { return wake_; }
  TestRing requests{1 << 20}, answers{1 << 20};

 private:
  void Live() {
    Lender* const lender = Lender::OfThread();
    OwnShard();
    Store store({});
    store.SetTable(MakeTable(1));
    AddEntries(&store);
    AddViewTables(&store);
    AddBatches(&store);
    ShardLoop loop(&store, nullptr, {Micros, [] { return static_cast<int64_t>(Micros()); }});
    RingConsumer in(requests.view, WakeFd());
    RingProducer out(answers.view, WakeFd());
    in.SetLoop(&loop, loop.AddAsker(&in, &out), lender);
    ready_ = true;
    while (!over_) {
      OwnShard();
      const uint32_t outcome = loop.Run(50);
      (void)loop.TakeEvents();
      for (const auto& miss : loop.TakeMisses()) loop.Fail(miss.park, Status::Server("no chunks here"));
      loop.Flush();
      lender->GoToSleep();
      pollfd wait{wake_, POLLIN, 0};
      poll(&wait, 1, outcome & ShardLoop::kMore ? 0 : 1000);
      uint64_t count;
      (void)!read(wake_, &count, sizeof count);
    }
    OwnShard();
    in.SetLoop(nullptr, 0, nullptr);
    lender->GoToSleep();
  }

  const int wake_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace

TEST(RequestsAreAnsweredOnceWhoeverRunsThem) {
  Prng prng(test::Seed());
  ShardThread shard;
  Frontend frontend({});
  RingProducer requests(shard.requests.view, WakeFd(shard.wake()));
  RingConsumer answers(shard.answers.view, WakeFd());
  frontend.AddShard(&requests, &answers);
  uint32_t number = 0;
  for (const auto& plan : MakePlans()) {
    CHECK(frontend.SetPlan(number, Slice(plan)).ok());
    OfferPlan(&requests, number++, plan);
  }
  const uint32_t id = frontend.Open(4, Compression::kNone, false);
  for (int round = 0; round < 20000; round++) {
    std::vector<uint8_t> stream;
    const uint64_t n = prng.Below(8) == 0 ? 1 + prng.Below(40) : 1;
    for (uint64_t i = 0; i < n; i++) {
      const std::vector<uint8_t> envelope = MakeRequest(prng, 4, static_cast<int16_t>(i));
      stream.insert(stream.end(), envelope.begin(), envelope.end());
    }
    frontend.Data(id, Slice(stream), Micros());
    // Left to itself for a while now and then: its thread falls asleep.
    if (prng.Below(16) == 0) std::this_thread::sleep_for(std::chrono::microseconds(prng.Below(200)));
    frontend.Flush();
    const uint64_t until = Micros() + 60'000'000;
    while (frontend.stats().open > 0) {
      frontend.Drain(Micros(), 1 << 20);
      CHECK(Micros() < until);
    }
    frontend.Drain(Micros(), 1 << 20);
  }
  CHECK(frontend.stats().lent > 1000);
  CHECK(frontend.stats().hot > frontend.stats().lent);
  CHECK(frontend.stats().timeouts == 0);
}

}  // namespace ferrosa
