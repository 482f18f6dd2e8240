"""The levels of a build: what runs each, and what a user passes to it."""
