"""Levels held against each other, and what explains a difference."""
