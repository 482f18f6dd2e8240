// What a stream is in simulation.
#pragma once

#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <typeinfo>

#ifdef HLS_STREAM_THREAD_SAFE
#include <condition_variable>
#include <mutex>
#endif

namespace gw_ap {

/// The name of a stream that was given none.
inline std::string stream_name(const std::type_info& type) {
  static unsigned count = 0;
  return std::string(type.name()) + "." + std::to_string(count++);
}

#ifdef HLS_STREAM_THREAD_SAFE
using queue_mutex = std::mutex;
using queue_lock = std::unique_lock<std::mutex>;
using queue_signal = std::condition_variable;
#else
struct queue_mutex {};
struct queue_lock {
  explicit queue_lock(queue_mutex&) {}
};
struct queue_signal {
  void notify_one() {}
};
#endif

template <class T>
class queue {
 public:
  explicit queue(const std::string& name) : name_(name) {}
  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;
  ~queue() {
    if (values_.empty()) return;
    std::cout << "WARNING: hls::stream '" << name_ << "' contains leftover data (" << values_.size()
              << " values)" << std::endl;
  }

  T take() {
    queue_lock lock(mutex_);
    if (values_.empty()) wait(lock);
    const T value = values_.front();
    values_.pop_front();
    return value;
  }

  bool try_take(T& value) {
    queue_lock lock(mutex_);
    if (values_.empty()) return false;
    value = values_.front();
    values_.pop_front();
    return true;
  }

  void put(const T& value) {
    queue_lock lock(mutex_);
    values_.push_back(value);
    signal_.notify_one();
  }

  std::size_t size() {
    queue_lock lock(mutex_);
    return values_.size();
  }

 private:
#ifdef HLS_STREAM_THREAD_SAFE
  void wait(queue_lock& lock) {
    signal_.wait(lock, [this] { return !values_.empty(); });
  }
#else
  void wait(queue_lock&) {
    std::cout << "ERROR: hls::stream '" << name_ << "' is read while empty" << std::endl;
    std::abort();  // with one thread nobody could write while it waits
  }
#endif

  std::string name_;
  std::deque<T> values_;
  queue_mutex mutex_;
  queue_signal signal_;
};

}  // namespace gw_ap
