"""What public documents say of Vitis HLS, held against the C++ of a build."""
