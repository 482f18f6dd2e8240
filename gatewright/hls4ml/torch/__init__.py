"""Modules of Brevitas, as hls4ml's reader of torch models meets them."""
