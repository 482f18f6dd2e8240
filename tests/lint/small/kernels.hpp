// The kernels of a design small enough to read.
#pragma once

#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

#include <cstddef>
#include <cstdint>

struct beat {
  ap_int<8> data[4];
  bool last;
};
using word = hls::axis<ap_uint<32>, 0, 0, 0>;

/// What to do in a pass.
struct slot {
  bool active;
  std::uint16_t row;
};

static const ap_int<4> weights[8][4] = {{1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 6}, {4, 5, 6, 7},
                                        {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}, {4, 4, 4, 4}};

struct shape {
  static constexpr int WIDTH = 4;
  static constexpr int STEPS = 8;
};
struct reader : shape {};
struct copier : shape {};
struct turner : shape {};
struct joiner : shape {};
struct writer : shape {};
struct recurrent : shape {
  static constexpr int ROWS = 8;
  static constexpr int DISTANCE = 6;
  static void storage() {
#pragma HLS inline
#pragma HLS array_reshape variable = weights complete dim = 2
#pragma HLS bind_storage variable = weights type = rom_1p impl = bram
  }
  static ap_int<4> weight(int row, int k) {
#pragma HLS inline
    return weights[row][k];
  }
};

template <class T>
T larger(const T& a, const T& b) {
#pragma HLS inline
  return a > b ? a : b;
}

template <class B>
void write_all(const B& value, hls::stream<B>& first, hls::stream<B>& second) {
#pragma HLS inline
  first.write(value);
  second.write(value);
}

template <class P>
void read_words(hls::stream<word>& in, hls::stream<beat>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const word w = in.read();
    beat x;
    for (int i = 0; i < P::WIDTH; ++i) x.data[i] = w.data.range(8 * i + 7, 8 * i);
    x.last = w.last;
    out.write(x);
    running = !x.last;
  }
}

template <class P>
void copy(hls::stream<beat>& in, hls::stream<beat>& a, hls::stream<beat>& b) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const beat x = in.read();
    write_all(x, a, b);
    running = !x.last;
  }
}

template <class P>
void layer(hls::stream<beat>& in, hls::stream<beat>& out) {
  P::storage();
  static ap_int<8> h[P::ROWS][P::WIDTH];
#pragma HLS array_partition variable = h complete dim = 2
#pragma HLS bind_storage variable = h type = ram_2p impl = lutram
#pragma HLS reset variable = h
  ap_int<16> acc[P::WIDTH];
#pragma HLS array_partition variable = acc complete dim = 0
  for (int i = 0; i < P::WIDTH; ++i) {
#pragma HLS unroll
    acc[i] = 0;
  }
  int row = 0;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
#pragma HLS dependence variable = h inter RAW distance = P::DISTANCE true
    const beat x = in.read();
    beat y;
    for (int i = 0; i < P::WIDTH; ++i) {
      const ap_int<16> sum = x.data[i] * P::weight(row, i) + h[row][i];
      acc[i] = larger(ap_int<16>(acc[i] + sum), sum);
      h[row][i] = acc[i].range(7, 0);
      y.data[i] = h[row][i];
    }
    y.last = x.last;
    out.write(y);
    row = row == P::ROWS - 1 ? 0 : row + 1;
    running = !x.last;
  }
}

template <class P>
void turn(hls::stream<beat>& in, hls::stream<beat>& out, bool& too_long) {
  beat kept[P::STEPS];
#pragma HLS aggregate variable = kept compact = bit
  int count = 0;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const beat x = in.read();
    if (count < P::STEPS)
      kept[count] = x;
    else
      too_long = true;
    ++count;
    running = !x.last;
  }
  for (int i = count - 1; i >= 0; --i) {
#pragma HLS pipeline II = 1 style = flp
    beat x = kept[i < P::STEPS ? i : P::STEPS - 1];
    x.last = i == 0;
    out.write(x);
  }
}

template <class P>
void join(hls::stream<beat>& a, hls::stream<beat>& b, hls::stream<beat>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const beat x = a.read();
    const beat y = b.read();
    beat sum;
    for (int i = 0; i < P::WIDTH; ++i) sum.data[i] = x.data[i] + y.data[i];
    sum.last = x.last;
    out.write(sum);
    running = !x.last;
  }
}

template <class P>
void write_words(hls::stream<beat>& in, hls::stream<word>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const beat x = in.read();
    word w;
    for (int i = 0; i < P::WIDTH; ++i) w.data.range(8 * i + 7, 8 * i) = x.data[i];
    w.keep = -1;
    w.strb = -1;
    w.last = x.last;
    out.write(w);
    running = !x.last;
  }
}
