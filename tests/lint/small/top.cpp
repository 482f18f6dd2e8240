// A design small enough to read, in the forms that the linter has rules about: the tests change it.
#include "kernels.hpp"

void gatewright_hls(hls::stream<word>& s_axis, hls::stream<word>& m_axis, bool& too_long) {
#pragma HLS interface mode=axis port=s_axis
#pragma HLS interface mode=axis port=m_axis
#pragma HLS interface mode=ap_vld port=too_long
#pragma HLS interface mode=ap_ctrl_hs port=return
#pragma HLS dataflow
  hls::stream<beat> source;
  hls::stream<beat> left;
  hls::stream<beat> right;
#pragma HLS stream variable=right depth=16
  hls::stream<beat> states;
  hls::stream<beat> turned;
  hls::stream<beat> sums;
  read_words<reader>(s_axis, source);
  copy<copier>(source, left, right);
  layer<recurrent>(left, states);
  turn<turner>(states, turned, too_long);
  join<joiner>(turned, right, sums);
  write_words<writer>(sums, m_axis);
}
