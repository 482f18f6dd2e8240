// hls::stream: a second implementation of AMD's interface, of what the emitted C++ needs of it.
//
// In simulation it is a queue without bounds, with the semantics of AMD's open one: a read waits
// for a value. Where nobody could write one, since there is one thread, that is an error, and the
// program ends; with HLS_STREAM_THREAD_SAFE it waits for the other threads. What is left in a
// stream at the end of its life is reported on standard output.
// Under __SYNTHESIS__ reads and writes are functions that are defined nowhere, one for each type of
// value: in the LLVM IR they keep their order, and nothing is known of what they read.
// Not for: bounds, and thus deadlocks of full FIFOs; access in synthesis that does not wait.
#pragma once

#include <cstddef>

#ifdef __SYNTHESIS__

namespace hls {

template <class T, int DEPTH = 0>
class stream;

template <class T>
void stream_read(const volatile void* from, __attribute__((noescape)) T* value) noexcept;
template <class T>
void stream_write(const volatile void* to, __attribute__((noescape)) const T* value) noexcept;
template <class T>
std::size_t stream_size(const volatile void* of) noexcept;

template <class T, int DEPTH>
class stream {
 public:
  stream() = default;
  explicit stream(const char*) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  __attribute__((always_inline)) T read() {
    T value;
    stream_read<T>(this, &value);
    return value;
  }
  __attribute__((always_inline)) void write(const T& value) { stream_write<T>(this, &value); }
  __attribute__((always_inline)) void read(T& value) { stream_read<T>(this, &value); }
  __attribute__((always_inline)) void operator>>(T& value) { read(value); }
  __attribute__((always_inline)) void operator<<(const T& value) { write(value); }
  __attribute__((always_inline)) std::size_t size() { return stream_size<T>(this); }
  __attribute__((always_inline)) bool empty() { return size() == 0; }
};

}  // namespace hls

#else

#include "gw_queue.h"

namespace hls {

template <class T, int DEPTH = 0>
class stream;

template <class T>
class stream<T, 0> {
 public:
  stream() : queue_(gw_ap::stream_name(typeid(stream))) {}
  explicit stream(const char* name) : queue_(name) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  T read() { return queue_.take(); }
  void read(T& value) { value = read(); }
  bool read_nb(T& value) { return queue_.try_take(value); }
  void write(const T& value) { queue_.put(value); }
  bool write_nb(const T& value) {
    write(value);
    return true;
  }
  void operator>>(T& value) { read(value); }
  void operator<<(const T& value) { write(value); }

  std::size_t size() { return queue_.size(); }
  bool empty() { return size() == 0; }
  bool full() const { return false; }

 private:
  gw_ap::queue<T> queue_;
};

/// Its depth is that of the hardware's FIFO; in simulation there is none.
template <class T, int DEPTH>
class stream : public stream<T, 0> {
 public:
  using stream<T, 0>::stream;
};

}  // namespace hls

#endif
