// hls::stream as the hardware has it: a FIFO of a stated depth between processes that run at the
// same time. Reads wait for a value, writes for room; where all that still run wait, the program
// says so and ends.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <limits>
#include <mutex>
#include <thread>

namespace bounded {

/// Of all streams: who runs, who waits, and who of those has been woken.
struct control {
  std::mutex mutex;
  std::condition_variable changed;
  int running = 0;
  int waiting = 0;
  int woken = 0;
  unsigned long changes = 0;

  void check() {
    const int asleep = waiting - woken;
    if (asleep == 0 || asleep < running) return;
    std::puts("DEADLOCK");
    std::fflush(stdout);
    std::_Exit(3);
  }
  template <class F>
  void wait(std::unique_lock<std::mutex>& lock, F there) {
    while (!there()) {
      const unsigned long seen = changes;
      ++waiting;
      check();
      changed.wait(lock, [this, seen] { return changes != seen; });
      --waiting;
      --woken;
    }
  }
  void wake() {
    ++changes;
    woken = waiting;
    changed.notify_all();
  }
};

inline control& all() {
  static control only;
  return only;
}

/// What a FIFO holds: as stated, or less where the environment says so.
inline std::size_t depth(std::size_t stated) {
  const char* most = std::getenv("MOST_DEPTH");
  return most == nullptr ? stated : std::min<std::size_t>(stated, std::strtoul(most, nullptr, 10));
}

/// Runs f beside the others.
template <class F>
std::thread process(F f) {
  return std::thread([f] {
    f();
    std::unique_lock<std::mutex> lock(all().mutex);
    --all().running;
    all().check();
  });
}

}  // namespace bounded

namespace hls {

template <class T>
class stream {
 public:
  explicit stream(std::size_t depth = std::numeric_limits<std::size_t>::max()) : depth_(depth) {}

  T read() {
    std::unique_lock<std::mutex> lock(bounded::all().mutex);
    bounded::all().wait(lock, [this] { return !values_.empty(); });
    const T value = values_.front();
    values_.pop_front();
    bounded::all().wake();
    return value;
  }
  void write(const T& value) {
    std::unique_lock<std::mutex> lock(bounded::all().mutex);
    bounded::all().wait(lock, [this] { return values_.size() < depth_; });
    values_.push_back(value);
    bounded::all().wake();
  }
  std::size_t size() const { return values_.size(); }

 private:
  std::deque<T> values_;
  std::size_t depth_;
};

}  // namespace hls
