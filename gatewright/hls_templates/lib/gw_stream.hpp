// Streams between kernels, and the beats they carry.
//
// In Vitis HLS gw::stream is hls::stream. Elsewhere it is an unbounded queue, which is what
// C-simulation of a dataflow region needs: its processes run one after the other.
// Not for: detecting deadlocks; a bounded FIFO may block where this queue grows.
#pragma once

#include <cstddef>

#if defined(__SYNTHESIS__) || defined(GW_VITIS)
#include <hls_stream.h>
namespace gw {
template <class T>
using stream = hls::stream<T>;
}
#else
#include <cassert>
#include <vector>
namespace gw {
template <class T>
class stream {
 public:
  void write(const T& value) { queue_.push_back(value); }

  T read() {
    assert(head_ < queue_.size() && "read from an empty stream");
    T value = queue_[head_++];
    if (head_ == queue_.size()) {
      queue_.clear();  // keeps its memory
      head_ = 0;
    }
    return value;
  }

  std::size_t size() const { return queue_.size() - head_; }

 private:
  std::vector<T> queue_;
  std::size_t head_ = 0;
};
}  // namespace gw
#endif

namespace gw {

/// All N values of one time step. `last` ends a sequence; `keep` says with its first beat that it
/// goes on from the state there is. A kernel that indexes values at run time does so in a
/// partitioned array of its own: an array inside a struct would become a RAM of two ports.
template <class T, int N>
struct beat {
  using value_t = T;
  T data[std::size_t(N)];
  bool last;
  bool keep;
};

/// What goes beside the values, from a beat to the one that is made of it.
template <class T, int N, class U, int M>
void pass_flags(const beat<T, N>& x, beat<U, M>& y) {
#pragma HLS inline
  y.last = x.last;
  y.keep = x.keep;
}

}  // namespace gw
