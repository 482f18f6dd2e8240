"""Screenshots as arrays: just enough of PNG (ISO/IEC 15948) for what browsers write."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
NONE, SUB, UP, AVERAGE, PAETH = range(5)


def read_png(path: Path) -> Image:
    """[height, width, 3]; 8 bits a channel, RGB or RGBA, not interlaced."""
    data, at, pixels = path.read_bytes(), 8, b""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width = height = channels = 0
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if name == b"IHDR":
            width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            assert bits == 8 and color in (2, 6) and not interlaced
            channels = 3 if color == 2 else 4
        elif name == b"IDAT":
            pixels += body
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(pixels), dtype=np.uint8).reshape(height, -1)
    image = np.zeros((height, width, channels), dtype=np.uint8)
    above = np.zeros((width, channels), dtype=np.uint8)
    for y, row in enumerate(rows):
        above = image[y] = _unfilter(int(row[0]), row[1:].reshape(width, channels), above)
    return image[:, :, :3]


def _unfilter(kind: int, line: Image, above: Image) -> Image:
    if kind == NONE:
        return line
    if kind == SUB:
        return line.cumsum(axis=0, dtype=np.uint64).astype(np.uint8)
    if kind == UP:
        return line + above
    return _one_by_one(kind, line, above)


def _one_by_one(kind: int, line: Image, above: Image) -> Image:
    channels = line.shape[1]
    raw, up = line.ravel().tolist(), above.ravel().tolist()
    out = [0] * channels + raw
    up = [0] * channels + up
    for i in range(channels, len(out)):
        a, b, c = out[i - channels], up[i], up[i - channels]
        out[i] = (out[i] + ((a + b) // 2 if kind == AVERAGE else _paeth(a, b, c))) & 255
    return np.array(out[channels:], dtype=np.uint8).reshape(line.shape)


def _paeth(a: int, b: int, c: int) -> int:
    """Whichever of left, above and upper left is nearest to their linear guess."""
    pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    if pa <= pb and pa <= pc:
        return a
    return b if pb <= pc else c
