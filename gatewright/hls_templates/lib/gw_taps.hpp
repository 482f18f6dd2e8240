// Taps: what C-simulation shows of a kernel's inside. Nothing of it reaches hardware.
//
// Tap number `id` of a recurrent layer or stream kernel writes into a caller's array, one row for
// each time step. Without GW_TAPS every macro is empty.
#pragma once

#ifdef GW_TAPS
#include <cstdint>

namespace gw {

struct tap_buffer {
  std::int64_t* data = nullptr;
  std::int64_t width = 0;
  std::int64_t row = 0;
};

constexpr int MAX_TAPS = 1024;

inline tap_buffer* taps() {
  static tap_buffer buffers[MAX_TAPS];
  return buffers;
}

template <class T>
void tap(int id, int column, const T& value) {
  tap_buffer& b = taps()[id];
  if (b.data != nullptr) b.data[b.row * b.width + column] = static_cast<std::int64_t>(value);
}

inline void tap_step(int first, int count) {
  for (int id = first; id < first + count; ++id) ++taps()[id].row;
}

}  // namespace gw

#define GW_TAP(id, column, value) gw::tap(id, column, value)
#define GW_TAP_STEP(first, count) gw::tap_step(first, count)
#else
#define GW_TAP(id, column, value)
#define GW_TAP_STEP(first, count)
#endif
