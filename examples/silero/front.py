"""What comes before the kernels, in float: recordings, and the convolutional front of silero-vad.

The weights are those of the wheel ``silero-vad`` on PyPI.
"""

from __future__ import annotations

import json
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

HERE = Path(__file__).parent
WEIGHTS = "data/silero_vad_16k.safetensors"
RATE, FRAME, CONTEXT, PAD = 16_000, 512, 64, 64
_STEP_SIZES = np.fromstring(
    "7 8 9 10 11 12 13 14 16 17 19 21 23 25 28 31 34 37 41 45 50 55 60 66 73 80 88 97 107 118 "
    "130 143 157 173 190 209 230 253 279 307 337 371 408 449 494 544 598 658 724 796 876 963 1060 "
    "1166 1282 1411 1552 1707 1878 2066 2272 2499 2749 3024 3327 3660 4026 4428 4871 5358 5894 "
    "6484 7132 7845 8630 9493 10442 11487 12635 13899 15289 16818 18500 20350 22385 24623 27086 "
    "29794 32767",
    dtype=np.int64,
    sep=" ",
)
_STEP_CHANGES = np.array((-1, -1, -1, -1, 2, 4, 6, 8))


def weights() -> dict[str, Tensor]:
    """The trained tensors of the wheel, which ``pip install --no-deps silero-vad`` installs."""
    package = find_spec("silero_vad")  # found, not imported: that would need torchaudio
    if package is None or not package.submodule_search_locations:
        raise SystemExit("Install the weights first: pip install --no-deps silero-vad")
    data = (Path(package.submodule_search_locations[0]) / WEIGHTS).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            values = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
            tensors[name] = torch.from_numpy(values.copy())
    return tensors


def recording(name: str) -> Tensor:
    """One of ``recordings/``: samples at 16 kHz, -1 to 1."""
    return torch.from_numpy(adpcm((HERE / "recordings" / f"{name}.wav").read_bytes()))


def adpcm(data: bytes) -> np.ndarray:
    """The samples of a .wav file of 4-bit IMA ADPCM, one channel."""
    chunks, at = {}, 12
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        chunks[name] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    kind, channels, rate, _, block = struct.unpack_from("<HHIIH", chunks[b"fmt "])
    assert (kind, channels, rate) == (0x11, 1, RATE)
    blocks = np.frombuffer(chunks[b"data"], np.uint8)
    blocks = blocks[: blocks.size // block * block].reshape(-1, block)
    value = blocks[:, :2].copy().view("<i2")[:, 0].astype(np.int64)
    index = blocks[:, 2].astype(np.int64)
    codes = np.stack([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=2).reshape(len(blocks), -1)
    samples = [value]
    for code in codes.T.astype(np.int64):  # all blocks at once: each begins anew
        step = _STEP_SIZES[index]
        change = (step >> 3) + sum((code >> bit & 1) * (step >> 2 - bit) for bit in range(3))
        value = np.clip(value + np.where(code & 8, -change, change), -32768, 32767)
        index = np.clip(index + _STEP_CHANGES[code & 7], 0, 88)
        samples.append(value)
    return (np.stack(samples, axis=1).reshape(-1) / 32768).astype(np.float32)


def features(audio: Tensor, tensors: dict[str, Tensor]) -> Tensor:
    """What silero-vad gives its LSTM: [frames, 128] of 32 ms each, 0 and above."""
    audio = audio[: audio.numel() // FRAME * FRAME]
    frames = functional.pad(audio, (CONTEXT, 0)).unfold(0, FRAME + CONTEXT, FRAME)
    x = functional.pad(frames[:, None], (0, PAD), mode="reflect")
    x = functional.conv1d(x, tensors["stft_conv.weight"], stride=128)
    half = x.shape[1] // 2
    x = (x[:, :half] ** 2 + x[:, half:] ** 2).sqrt()
    for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        x = functional.conv1d(x, weight, bias, stride=stride, padding=1).relu()
    return x[:, :, 0]
