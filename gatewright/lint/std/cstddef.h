// What the synthesized C++ needs of <cstddef>, for a parser that brings no library.
#pragma once

typedef decltype(sizeof(0)) size_t;

namespace std {

using size_t = ::size_t;
using ptrdiff_t = decltype(static_cast<char*>(nullptr) - static_cast<char*>(nullptr));

}  // namespace std
