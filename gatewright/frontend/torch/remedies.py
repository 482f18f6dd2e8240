"""What to write instead of a layer or a call that cannot be compiled, each in its own words."""

from __future__ import annotations

from torch import fx, nn
from torch.nn.utils.parametrize import is_parametrized

KEEP_TO = (
    "Keep to what can be traced: out, state = lstm(x); the last time step, out[:, -1], or "
    "out[-1] without batch_first; views, slices and joins that leave features side by side; "
    "shapes; out.mean(dim=1), out.max(dim=1).values, out.amax(dim=1), or dim=0 without "
    "batch_first; y.argmax(dim=-1) as the output; h[-1] of final states; F.dropout; .value of "
    "a QuantTensor."
)
"""For a call without a remedy of its own."""

_CALIBRATE = (
    "give calibration data: gatewright.compile(model, calibration=data), "
    "gatewright.calibrate(model, data), or on the command line gatewright compile MODEL "
    "--calibrate data.npy"
)
FLOAT_LAYERS = {
    nn.Conv1d: "QuantConv1d",
    nn.Embedding: "QuantEmbedding",
    nn.LSTM: "QuantLSTM",
    nn.RNN: "QuantRNN",
    nn.Linear: "QuantLinear",
    nn.ReLU: "QuantReLU",
    nn.ReLU6: "QuantReLU",
    nn.Tanh: "QuantTanh",
    nn.Sigmoid: "QuantSigmoid",
    nn.Hardtanh: "QuantHardTanh",
}
"""What calibration quantizes, and what else to use."""

_FUNCTIONS = ("relu", "relu6", "leaky_relu", "tanh", "sigmoid", "hardtanh", "clamp", "clip")
"""The same as calls."""

_IN_PLACE = {
    **{name: f"x.{name}()" for name in ("relu", "tanh", "sigmoid", "abs", "neg", "square")},
    **{name: f"F.{name}(x)" for name in ("leaky_relu", "hardtanh")},
    **{"add": "x + a", "sub": "x - a", "mul": "x * a", "div": "x / a", "pow": "x ** 2"},
    **{"clamp": "x.clamp(-a, a)", "clamp_min": "x.clamp(min=0)", "clip": "x.clamp(-a, a)"},
    **{name: f"x.{name}(...)" for name in ("squeeze", "unsqueeze", "transpose", "t")},
}
"""By the name of what ends in ``_``: what computes the same and changes nothing."""

_WITH_DATA = f"It is float: {_CALIBRATE}; it becomes a quantized layer then."

_ACTIVATIONS = (
    "Train with relu, tanh, sigmoid, hardtanh or hardsigmoid in its place; at the end of a model "
    "return what it is given, and apply it on the host."
)
_MORE_CALLS = {
    **dict.fromkeys(("glu", "prelu", "rrelu", "softsign", "logsigmoid"), _ACTIVATIONS),
    **dict.fromkeys(
        ("flip", "fliplr", "flipud"),
        "Let a layer run backwards instead: nn.LSTM(..., bidirectional=True), whose second half of "
        "features does; or turn sequences round on the host.",
    ),
    **dict.fromkeys(("roll",), "Steps keep their order: shift sequences on the host."),
    **dict.fromkeys(
        ("fft_rfft", "fft_fft", "fft_irfft", "fft_ifft", "stft", "istft", "view_as_complex"),
        "Spectra are complex: compute features of the signal on the host, and pass them.",
    ),
    **dict.fromkeys(
        ("eq", "ne", "gt", "lt", "ge", "le", "where", "masked_fill", "masked_select", "nonzero"),
        "What depends on values has no kernel: return the scores and decide on the host; limits "
        "are clamp or relu, and sequences of one length, without padding, need no mask.",
    ),
    **dict.fromkeys(
        ("prod", "median", "mode", "quantile", "logsumexp", "argmin"),
        "Over time there are mean, sum, max and min: out.mean(dim=1).",
    ),
    **dict.fromkeys(
        ("interpolate", "upsample", "repeat", "repeat_interleave", "tile"),
        "A kernel gives as many steps as it takes, or fewer. Let a decoder read the sequence, with "
        "the encoder's state, decoder(x, (h, c)); or compile what lies before and behind as two "
        "models, and repeat on the host between them.",
    ),
    "diff": "Write it: x[:, 1:] - x[:, :-1].",
    "batch_norm": "Call the module that has the numbers, self.norm(x), an nn.BatchNorm1d.",
    "max_pool1d_with_indices": "Leave return_indices=True out: where a maximum was is not kept.",
    **dict.fromkeys(
        ("double", "half", "bfloat16", "type", "to"),
        "Keep the model in float32, and convert what it is given and gives on the host.",
    ),
    **dict.fromkeys(
        ("rand", "randn", "rand_like", "randn_like", "bernoulli", "normal"),
        "The same input gives the same output: add noise in training only, or to the data.",
    ),
}
_CALLS: dict[str, str] = {
    **dict.fromkeys(_FUNCTIONS, _WITH_DATA),
    **dict.fromkeys(
        ("softmax", "log_softmax"),
        "At the end of a model the host applies it, along the last axis; before argmax leave it "
        "out: argmax of both is the same. Within a model, as in attention, it has no kernel: pool "
        "with mean or max over time, or take the last step.",
    ),
    **dict.fromkeys(
        ("gelu", "silu", "elu", "selu", "mish", "softplus", "celu"),
        _ACTIVATIONS,
    ),
    **dict.fromkeys(
        ("layer_norm", "group_norm", "instance_norm", "normalize", "norm", "std", "var"),
        "It divides by what it computes of each row: use nn.BatchNorm1d, whose numbers are fixed "
        "after training, or leave it out.",
    ),
    **dict.fromkeys(
        ("matmul", "bmm", "mm", "einsum", "scaled_dot_product_attention"),
        "Products of two activations, as in attention, have no kernel: pool with mean or max over "
        "time, or take the last step.",
    ),
    **dict.fromkeys(
        ("sqrt", "exp", "log", "log1p", "log2", "log10", "expm1", "rsqrt", "reciprocal"),
        "Exponentials, logarithms and roots have no kernel: return what it is given, and compute "
        "them on the host; of parameters and buffers they may be computed.",
    ),
    **dict.fromkeys(
        ("item", "tolist", "numpy", "cpu"),
        "Values are known on the device only: compute with tensors, or behind the model.",
    ),
    **dict.fromkeys(
        ("linear", "addmm", "conv1d"),
        "Products of two activations have no kernel: let the weights be parameters, and call the "
        "layer that has them.",
    ),
    "embedding": "Call the module itself, self.emb(x).",
    **dict.fromkeys(
        ("remainder", "mod", "fmod", "floordiv", "floor_divide", "floor", "round", "bitwise_and"),
        "Compute it on the host, before what is looked up is passed.",
    ),
    **dict.fromkeys(
        ("sin", "cos", "atan", "erf", "sinc"),
        "Of functions there are relu, tanh, sigmoid, hardtanh and hardsigmoid: compute what "
        "depends on the data alone on the host, and pass it as a feature.",
    ),
    **dict.fromkeys(
        ("sort", "topk", "cumsum", "gather", "index_select", "scatter"),
        "Return the scores and do it on the host.",
    ),
    **dict.fromkeys(
        ("adaptive_avg_pool1d", "adaptive_max_pool1d"),
        "Of one value use out.mean(dim=1) or out.amax(dim=1) of [B, T, F]; of several use "
        "nn.AvgPool1d or nn.MaxPool1d with a kernel of so many steps.",
    ),
    **_MORE_CALLS,
}
_OWN_WEIGHTS = (
    "Call the layer that has the weights, self.fc(x), self.emb(x), or one with a copy of them; of "
    "a float model calibration makes it of the call (--calibrate data.npy)."
)
_TAKE_WEIGHTS = ("linear", "addmm", "conv1d", "matmul", "mm", "embedding", "getitem")
"""What is a layer where it is given weights of the model."""

_LOOP = (
    "Where a loop only steps, through all of x[:, t] in order and with the states of the step "
    "before, calibration makes a layer of it (--calibrate data.npy). A loop that reads what it "
    "gave before, as a decoder does, goes on the host, around a model of one step with states as "
    "arguments."
)
_SAME_WEIGHTS = (
    "its state dict has the same weights, as weight_ih_l0, weight_hh_l0, bias_ih_l0 and bias_hh_l0."
)
MODULE_REMEDIES: dict[str, str] = {
    "GRU": "Use nn.LSTM or nn.RNN: cells of other kinds are not compiled yet.",
    "GRUCell": "Use nn.LSTM or nn.RNN over the whole sequence.",
    "LSTMCell": f"{_LOOP} Or use nn.LSTM: one call takes all steps, lstm(x)[0]; {_SAME_WEIGHTS}",
    "RNNCell": f"{_LOOP} Or use nn.RNN: one call takes all steps, rnn(x)[0]; {_SAME_WEIGHTS}",
    "EmbeddingBag": "Use nn.Embedding, and mean(dim=1) or sum(dim=1) of what the layer gives.",
    **dict.fromkeys(("Softmax", "LogSoftmax"), _CALLS["softmax"]),
    **dict.fromkeys(("GELU", "SiLU", "ELU", "Softplus", "Mish"), _CALLS["gelu"]),
    **dict.fromkeys(("PReLU", "GLU", "RReLU", "Softsign", "SELU", "CELU"), _ACTIVATIONS),
    **dict.fromkeys(
        ("Conv2d", "Conv3d"), "Use nn.Conv1d over time, on [B, F, T], with the rest as features."
    ),
    **dict.fromkeys(("ConvTranspose1d", "Upsample"), _MORE_CALLS["interpolate"]),
    **dict.fromkeys(("AdaptiveAvgPool1d", "AdaptiveMaxPool1d"), _CALLS["adaptive_avg_pool1d"]),
    "Bilinear": _CALLS["matmul"],
    **dict.fromkeys(("LayerNorm", "GroupNorm", "InstanceNorm1d", "RMSNorm"), _CALLS["layer_norm"]),
    **dict.fromkeys(("MultiheadAttention", "TransformerEncoderLayer"), _CALLS["matmul"]),
}
"""By the class of a layer."""


def of_function(name: str) -> str:
    """The remedy for a function by its name."""
    return _CALLS.get(name, KEEP_TO)


def of_call(node: fx.Node) -> str:
    """The remedy for a function or method."""
    name = str(node.target) if node.op == "call_method" else getattr(node.target, "__name__", "")
    if name.endswith("_") and not name.endswith("__") and name.strip("_") in _IN_PLACE:
        return f"Not in place: y = {_IN_PLACE[name.strip('_')]}."
    name = name.strip("_")
    if name in _TAKE_WEIGHTS and any(map(_is_own, node.all_input_nodes)):
        return _OWN_WEIGHTS
    return of_function(name)


def _is_own(node: fx.Node) -> bool:
    """Whether a tensor is made of the model's own alone."""
    sources = node.all_input_nodes
    return bool(node.op == "get_attr" or (sources and all(map(_is_own, sources))))


def of_module(module: nn.Module, otherwise: str) -> str:
    """The remedy for a layer, where it has one of its own."""
    if is_parametrized(module):
        weights = ", ".join(f'"{name}"' for name in module.parametrizations)
        return (
            "Make its parameters permanent: torch.nn.utils.parametrize.remove_parametrizations"
            f"(layer, {weights})."
        )
    if type(module) in FLOAT_LAYERS:
        return f"{_WITH_DATA} Or build it as brevitas.nn.{FLOAT_LAYERS[type(module)]}."
    return MODULE_REMEDIES.get(type(module).__name__, otherwise)
