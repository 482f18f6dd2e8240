"""What is asked of the C++ of a build: a rule a file, and the table of all."""
