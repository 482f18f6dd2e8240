// Every operator of ap_int that emitted C++ may use, on operands from standard input: a line for
// each, of width, sign and value of what comes out.
#include <ap_int.h>

#include <cstdio>

template <int W, bool S>
void show(const ap_int_base<W, S>& v) {
  std::printf(" %d%c", W, S ? 's' : 'u');
  for (int low = (W - 1) / 32 * 32; low >= 0; low -= 32) {
    const int high = low + 31 < W ? low + 31 : W - 1;
    std::printf("%08llx", static_cast<unsigned long long>(v.range(high, low).to_uint64()));
  }
}
void show(bool v) { std::printf(" %d", v); }
void show(long long v) { std::printf(" %lld", v); }

template <class T>
T load() {
  unsigned long long high = 0, low = 0;
  if (std::scanf("%llu %llu", &high, &low) != 2) std::printf(" no operand");
  T v = low;
  if (T::width > 64) v.range(T::width - 1, T::width > 64 ? 64 : 0) = high;
  return v;
}

template <class A, class B>
void arithmetic(const A& a, const B& b) {
  show(a + b);
  show(a - b);
  show(a * b);
  show(a & b);
  show(a | b);
  show(a ^ b);
}

template <class A, class B>
void comparisons(const A& a, const B& b) {
  show(a == b);
  show(a != b);
  show(a < b);
  show(a <= b);
  show(a > b);
  show(a >= b);
}

template <class A>
void alone(const A& a) {
  show(+a);
  show(-a);
  show(~a);
  show(!a);
  A c = a;
  show(c++);
  show(++c);
  show(c--);
  show(--c);
  show(static_cast<long long>(static_cast<int>(a)));
  show(static_cast<long long>(a));
  show(static_cast<bool>(a));
  show(static_cast<long long>(a.to_int()));
  show(static_cast<long long>(a.to_uint()));
  show(static_cast<long long>(a.to_int64()));
  show(static_cast<long long>(a.to_uint64()));
  show(static_cast<long long>(a.length()));
}

template <class A>
void shifts(const A& a, int n) {
  show(a << n);
  show(a >> n);
  show(a << ap_uint<3>(n));
  show(a >> ap_uint<7>(n));
  show(a << ap_int<4>(n));
  show(a >> ap_int<5>(n));
  A c = a;
  c <<= n;
  show(c);
  c = a;
  c >>= n;
  show(c);
}

template <class A, class B>
void assignments(const A& a, const B& b) {
  A c = a;
  c += b;
  show(c);
  c -= a;
  c *= b;
  show(c);
  c -= b;
  show(c);
  c |= a;
  show(c);
  c ^= b;
  show(c);
  c &= b;
  show(c);
  c = b;
  show(c);
  show(A(b));
}

template <class A, class B>
void parts(const A& a, const B& b, int i, int high, int low) {
  using U = ap_uint<A::width>;
  A c = a;
  show(U(c.range(high, low)));
  show(U(a.range(high, low)));
  show(U(c(high, low)));
  show(U(c.range()));
  show(static_cast<long long>(c.range(high, low).to_int()));
  c.range(high, low) = b;
  show(c);
  c = a;
  c.range(high, low) = i;
  show(c);
  c(high, low) = a.range(high - low, 0);
  show(c);
  B d = b;
  d.range() = c.range(high, low);
  show(d);
  c = a;
  show(static_cast<bool>(c[low]));
  show(static_cast<bool>(a[high]));
  c[high] = c[low];
  show(c);
  c[low] = b;
  show(c);
  c[high] = i > 0;
  show(c);
  show(static_cast<bool>(c.bit(low)) == a.test(high));
  U u = a;
  show(u.range(high, low) + b);
  show(u.range(high, low) == U(a));
}

template <int W, bool S>
struct number {
  using type = ap_int<W>;
};
template <int W>
struct number<W, false> {
  using type = ap_uint<W>;
};

template <int W1, bool S1, int W2, bool S2>
void pair(int count) {
  using A = typename number<W1, S1>::type;
  using B = typename number<W2, S2>::type;
  for (int n = 0; n < count; ++n) {
    const A a = load<A>();
    const B b = load<B>();
    int shift = 0, i = 0, high = 0, low = 0;
    if (std::scanf("%d %d %d %d", &shift, &i, &high, &low) != 4) std::printf(" no operand");
    arithmetic(a, b);
    arithmetic(a, i);
    arithmetic(static_cast<short>(i), a);
    arithmetic(a, i > 0);
    show(a + static_cast<long long>(i));
    show(static_cast<unsigned>(i) & a);
    comparisons(a, b);
    comparisons(a, i);
    comparisons(i, b);
    alone(a);
    shifts(a, shift);
    assignments(a, b);
    assignments(a, i);
    parts(a, b, i, high, low);
    std::printf("\n");
  }
}

/// A word of AXI4-Stream: lanes in, lanes out, and any part of it.
template <int LANES, int BITS>
void word(int count) {
  constexpr int W = LANES * BITS;
  for (int n = 0; n < count; ++n) {
    ap_uint<W> w = -1;
    show(w);
    for (int lane = 0; lane < LANES; ++lane) {
      int value = 0;
      if (std::scanf("%d", &value) != 1) std::printf(" no operand");
      const ap_int<BITS + 1> extended = value;
      w.range(BITS * lane + BITS - 1, BITS * lane) = extended.range(BITS - 1, 0);
    }
    show(w);
    const ap_uint<W> same = w;
    for (int lane = 0; lane < LANES; ++lane) {
      ap_int<BITS> value;
      value.range() = same.range(BITS * lane + BITS - 1, BITS * lane);
      show(value);
    }
    int high = 0, low = 0;
    if (std::scanf("%d %d", &high, &low) != 2) std::printf(" no operand");
    const ap_uint<W> part = w.range(high, low);
    show(part);
    w.range(high, low) = -1;
    show(w);
    show(w == same);
    show(ap_uint<40>(w));
    show(static_cast<long long>(w));
    w = 5;
    show(w);
    std::printf("\n");
  }
}

int main() {
  int count = 0;
  if (std::scanf("%d", &count) != 1) return 1;
#include "pairs.inc"
  return 0;
}
