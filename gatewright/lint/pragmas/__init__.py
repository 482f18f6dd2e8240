"""``#pragma HLS``: what one may hold, and what one holds."""
