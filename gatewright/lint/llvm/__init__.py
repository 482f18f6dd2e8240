"""LLVM IR of emitted C++: accesses of its arrays, chains of operators, intervals of its loops."""
