// Calls that stand in the place of pragmas: what a pragma names is looked up where it stands.
#pragma once

namespace gw_lint {

/// Option OPTION of pragma PRAGMA is an integer.
template <int PRAGMA, int OPTION, long long VALUE>
void value();

/// Option OPTION of pragma PRAGMA names a variable.
template <int PRAGMA, int OPTION, class T>
void name(const volatile T&);

}  // namespace gw_lint
