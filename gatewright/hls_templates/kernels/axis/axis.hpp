// AXI4-Stream at both ends of the top level: folds of a time step to and from beats of values.
//
// A value sits in a lane of LANE_BITS (whole bytes), LANES lanes make a word, and FOLDS words make
// a time step, lowest lane and lowest fold first. `last` is on the last fold of a sequence. `user`
// is there at inputs only, the same for a whole sequence: 1 lets it go on from the state there is.
// P has: WIDTH, LANES, FOLDS, LANE_BITS, SIGNED; beat_t.
#pragma once

#include "gw_stream.hpp"
#include "gw_types.hpp"

#if defined(__SYNTHESIS__) || defined(GW_VITIS)
#include <ap_axi_sdata.h>
namespace gw {
template <int LANES, int BITS, int USER>
using axis_word = hls::axis<ap_uint<LANES * BITS>, std::size_t(USER), 0, 0>;
}
#elif !defined(GW_NATIVE)
namespace gw {
/// What hls::axis holds, for compilers without ap_axi_sdata.h.
template <int LANES, int BITS, int USER>
struct axis_word {
  ap_uint<LANES * BITS> data;
  ap_uint<(LANES * BITS + 7) / 8> keep;
  ap_uint<(LANES * BITS + 7) / 8> strb;
  ap_uint<1> last;
  ap_uint<1> user;
};
}  // namespace gw
#else
namespace gw {
/// The same word with its lanes apart.
template <int LANES, int BITS, int USER>
struct axis_word {
  std::int32_t data[std::size_t(LANES)];
  bool last;
  bool user;
};
}  // namespace gw
#endif

namespace gw {

template <class P>
using axis_in = axis_word<P::LANES, P::LANE_BITS, 1>;
template <class P>
using axis_out = axis_word<P::LANES, P::LANE_BITS, 0>;

// Of a word its data: vendors have it that hls::axis itself stays with the ports.
template <int BITS, bool S, class D>
word<BITS, S> get_lane(const D& data, int lane) {
#pragma HLS inline
#ifdef GW_NATIVE
  return data[lane];
#else
  word<BITS, S> value;
  value.range(BITS - 1, 0) = data.range(BITS * lane + BITS - 1, BITS * lane);
  return value;
#endif
}

template <int BITS, class D, class T>
void set_lane(D& data, int lane, const T& value) {
#pragma HLS inline
#ifdef GW_NATIVE
  data[lane] = static_cast<std::int32_t>(value);
#else
  const ap_int<BITS + 1> extended = value;
  data.range(BITS * lane + BITS - 1, BITS * lane) = extended.range(BITS - 1, 0);
#endif
}

#ifndef GW_NATIVE
/// Every byte of a word counts.
template <class B>
void set_bytes(B& keep, B& strb) {
#pragma HLS inline
  keep = -1;
  strb = -1;
}
#endif

/// AXI4-Stream to beats, until the end of a sequence. A `last` before the last fold of a step
/// raises `framing`; the sequence ends there, in a step of which the rest is meaningless, so that
/// nobody behind it waits for more and the next sequence of this port begins with its first word.
template <class P>
void axis_read(stream<axis_in<P>>& in, stream<typename P::beat_t>& out, bool& framing) {
  typename P::beat_t::value_t values[std::size_t(P::FOLDS)][std::size_t(P::LANES)];
#pragma HLS array_partition variable = values type = complete dim = 0
  clear(values);
  int fold = 0;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const axis_in<P> w = in.read();
    for (int lane = 0; lane < P::LANES; ++lane)
      values[fold][lane] = get_lane<P::LANE_BITS, P::SIGNED>(w.data, lane);
    const bool whole = fold == P::FOLDS - 1;
    if (w.last && !whole) framing = true;
    if (w.last || whole) {
      typename P::beat_t beat;
      for (int i = 0; i < P::WIDTH; ++i) beat.data[i] = values[i / P::LANES][i % P::LANES];
      beat.last = w.last;
      beat.keep = w.user;
      out.write(beat);
      fold = 0;
    } else {
      ++fold;
    }
    running = !w.last;
  }
}

/// The same where a step is one word, and cannot end inside.
template <class P>
void axis_read(stream<axis_in<P>>& in, stream<typename P::beat_t>& out) {
  static_assert(P::FOLDS == 1, "a step of several words has a flag");
  bool never = false;
  axis_read<P>(in, out, never);
}

/// Beats to AXI4-Stream, until the end of a sequence.
template <class P>
void axis_write(stream<typename P::beat_t>& in, stream<axis_out<P>>& out) {
  typename P::beat_t::value_t values[std::size_t(P::FOLDS)][std::size_t(P::LANES)];
#pragma HLS array_partition variable = values type = complete dim = 0
  clear(values);
  bool last = false;
  int fold = 0;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const bool known = last;  // where a beat has several passes, an earlier one read it
    if (fold == 0) {
      const typename P::beat_t beat = in.read();
      for (int i = 0; i < P::WIDTH; ++i) values[i / P::LANES][i % P::LANES] = beat.data[i];
      last = beat.last;
    }
    axis_out<P> w;
    for (int lane = 0; lane < P::LANES; ++lane)
      set_lane<P::LANE_BITS>(w.data, lane, values[fold][lane]);
    w.last = last && fold == P::FOLDS - 1;
#ifndef GW_NATIVE
    set_bytes(w.keep, w.strb);
#endif
    out.write(w);
    if (fold == P::FOLDS - 1) {
      fold = 0;
      running = !(P::FOLDS > 1 ? known : last);
    } else {
      ++fold;
    }
  }
}

}  // namespace gw
