"""An integer graph becomes kernels and the streams between them; what such a design shows."""
