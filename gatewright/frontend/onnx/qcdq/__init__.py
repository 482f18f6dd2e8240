"""Files of Brevitas' QCDQ export of a weight-only LSTM, read as integer weights and scales."""
