// ap_fixed and ap_ufixed: of AMD's interface what a layer inside hls4ml needs of it: the bits.
//
// Not for: arithmetic, or values of another type; what would round is not declared here.
#pragma once

#include "ap_int.h"

enum ap_q_mode {
  AP_RND,
  AP_RND_ZERO,
  AP_RND_MIN_INF,
  AP_RND_INF,
  AP_RND_CONV,
  AP_TRN,
  AP_TRN_ZERO
};
enum ap_o_mode { AP_SAT, AP_SAT_ZERO, AP_SAT_SYM, AP_WRAP, AP_WRAP_SM };

template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
struct ap_fixed {
  ap_int<W> bits;
  __attribute__((always_inline)) auto range(int high, int low) { return bits.range(high, low); }
};

template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
struct ap_ufixed {
  ap_uint<W> bits;
  __attribute__((always_inline)) auto range(int high, int low) { return bits.range(high, low); }
};
