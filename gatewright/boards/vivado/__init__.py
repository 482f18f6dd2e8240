"""AMD's Vivado: its projects of a design, the runs of them, and what its reports say."""
