"""Synthesis of ``hls/`` by AMD's Vitis HLS, where it is installed, and its reports."""
