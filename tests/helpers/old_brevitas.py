"""Runs Brevitas 0.13.0, which FINN pins, on a torch that has no named tensors (2.13 and later)."""

from __future__ import annotations

from typing import Any

import torch


def nameless(tensor: Any, *names: None) -> Any:
    """What ``Tensor.rename(None)`` gave of a tensor without names."""
    assert names == (None,)
    return tensor


def bridge() -> None:
    """Brevitas 0.13.4 does the same of its own; nobody else here calls the method."""
    if not hasattr(torch.Tensor, "rename"):
        torch.Tensor.rename = nameless
