// Taps: what C-simulation shows of a kernel's inside. Nothing of it reaches hardware.
//
// Tap number `id` of a recurrent layer or stream kernel writes into a caller's array, one row for
// each time step. Without GW_TAPS every macro is empty.
#pragma once

#ifdef GW_TAPS
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gw {
// Of this translation unit, which holds one design: another one has taps with the same numbers.
namespace {

struct tap_buffer {
  std::int64_t* data = nullptr;
  std::int64_t width = 0;
  std::int64_t row = 0;
};

/// As many as the host has given an array; the others are not shown. Of the thread: it gives its
/// arrays and simulates, and others may run the same library meanwhile.
inline std::vector<tap_buffer>& taps() {
  thread_local std::vector<tap_buffer> buffers;
  return buffers;
}

inline void set_tap(std::size_t id, std::int64_t* data, std::int64_t width) {
  if (taps().size() <= id) taps().resize(id + 1);
  taps()[id] = {data, width, 0};
}

template <class T>
inline void tap(std::size_t id, int column, const T& value) {
  if (id >= taps().size()) return;
  tap_buffer& b = taps()[id];
  if (b.data != nullptr) b.data[b.row * b.width + column] = static_cast<std::int64_t>(value);
}

inline void tap_step(std::size_t first, std::size_t count) {
  for (std::size_t id = first; id < first + count && id < taps().size(); ++id) ++taps()[id].row;
}

}  // namespace
}  // namespace gw

#define GW_TAP(id, column, value) gw::tap(id, column, value)
#define GW_TAP_STEP(first, count) gw::tap_step(first, count)
#else
#define GW_TAP(id, column, value)
#define GW_TAP_STEP(first, count)
#endif
