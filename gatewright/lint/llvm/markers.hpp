// Markers: calls that stand in the place of `#pragma HLS`, so that LLVM IR shows of which variable
// and of which loop each pragma is. Included before the first line of what is marked.
#pragma once

#include <cstddef>
#include <type_traits>

extern "C" {
/// `size` is that of an element; extents are 0 of dimensions that a variable does not have.
void gw_mark_variable(int pragma, const volatile void* where, long dim, long number,
                      std::size_t size, std::size_t extent1, std::size_t extent2,
                      std::size_t extent3, std::size_t extent4) noexcept;
__attribute__((noduplicate)) void gw_mark_loop(int pragma, long interval) noexcept;
void gw_mark_function(int pragma) noexcept;
}

namespace gw_mark {

template <class T>
inline __attribute__((always_inline)) void variable(int pragma, T& marked, long dim, long number) {
  static_assert(std::rank<T>::value <= 4, "a marker has room for four dimensions");
  gw_mark_variable(pragma, &reinterpret_cast<const volatile char&>(marked), dim, number,
                   sizeof(typename std::remove_all_extents<T>::type), std::extent<T, 0>::value,
                   std::extent<T, 1>::value, std::extent<T, 2>::value, std::extent<T, 3>::value);
}

}  // namespace gw_mark
