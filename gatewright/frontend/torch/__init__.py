"""Torch modules with Brevitas layers, traced."""
