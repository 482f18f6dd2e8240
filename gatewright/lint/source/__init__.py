"""C++ as clang reads it: functions that hardware is made of, types, and where pragmas stand."""
