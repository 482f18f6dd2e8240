// hls::axis: a word of AXI4-Stream with its side channels. A second implementation of AMD's
// interface, of what the emitted C++ needs of it; on any ap_int.
#pragma once

#include <ap_int.h>

#include <cstddef>
#include <type_traits>

namespace hls {

/// Stands for a side channel that a port does not have.
struct axis_absent {};

/// Side channels of no bits are absent; `keep` and `strb` have a bit for each byte of T.
template <class T, std::size_t USER = 0, std::size_t ID = 0, std::size_t DEST = 0>
struct axis {
  static constexpr int BYTES = (T::width + 7) / 8;
  template <std::size_t BITS>
  using side = typename std::conditional<BITS == 0, axis_absent,
                                         ap_uint<static_cast<int>(BITS == 0 ? 1 : BITS)>>::type;

  T data;
  ap_uint<BYTES> keep;
  ap_uint<BYTES> strb;
  side<USER> user;
  ap_uint<1> last;
  side<ID> id;
  side<DEST> dest;
};

}  // namespace hls
