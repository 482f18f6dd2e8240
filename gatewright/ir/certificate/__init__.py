"""Where float32 may round otherwise than the kernels, and the proof that it is nowhere else."""
