"""Train the digits example and write ``weights.pt``: ``python examples/digits/train.py``.

With ``--weight-only`` it trains the variant with 4-bit weights and writes ``weights_4bit.pt``.
"""

from __future__ import annotations

import os

os.environ.setdefault("BREVITAS_JIT", "1")  # read when Brevitas is imported; 2-3x faster

import argparse
import time

import numpy as np
import torch
from model import WEIGHT_ONLY_WEIGHTS, WEIGHTS, DigitsLSTM, WeightOnlyDigitsLSTM, dataset
from torch import Tensor, nn

SEED = 0
EPOCHS = 80
BATCH = 64
LEARNING_RATE = 1e-2
TARGET = 0.95
NOISE = 0.05
SHIFT_WEIGHTS = [1.0, 1.0, 1.0, 1.0, 4.0, 1.0, 1.0, 1.0, 1.0]  # the middle one: no shift


def load(split: str) -> tuple[Tensor, Tensor]:
    """One split as torch tensors."""
    x, y = dataset(split)
    return torch.from_numpy(x), torch.from_numpy(y)


def augment(x: Tensor) -> Tensor:
    """Shift each image by up to one pixel in both directions and add a little noise."""
    padded = nn.functional.pad(x, (1, 1, 1, 1))
    shifted = torch.stack([padded[:, r : r + 8, c : c + 8] for r in range(3) for c in range(3)])
    weights = torch.tensor(SHIFT_WEIGHTS)
    pick = torch.multinomial(weights, len(x), replacement=True)
    return shifted[pick, torch.arange(len(x))] + NOISE * torch.randn_like(x)


def accuracy(net: nn.Module, x: Tensor, y: Tensor) -> float:
    """The share of images whose highest score is the right digit."""
    net.eval()
    with torch.no_grad():
        return float((net(x).argmax(1) == y).double().mean())


def train_epoch(
    net: nn.Module, optimizer: torch.optim.Optimizer, schedule, x: Tensor, y: Tensor
) -> float:
    """One pass over the shuffled training images; returns the mean loss."""
    net.train()
    losses = []
    for batch in torch.randperm(len(x)).split(BATCH):
        loss = nn.functional.cross_entropy(net(augment(x[batch])), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def train(network: type[DigitsLSTM]) -> DigitsLSTM:
    """Train from scratch.

    Brevitas collects activation scales over the first 300 steps and learns them from then on,
    so training has to run well past that point: here about 1,600 steps.
    """
    torch.manual_seed(SEED)
    x, y = load("train")
    x_test, y_test = load("test")
    net = network()
    steps = EPOCHS * -(-len(x) // BATCH)
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        loss = train_epoch(net, optimizer, schedule, x, y)
        if epoch % 10 == 0:
            seconds = time.perf_counter() - start
            test = accuracy(net, x_test, y_test)
            print(f"epoch {epoch:3d}  loss {loss:.4f}  test accuracy {test:.4f}  {seconds:.0f} s")
    return net


def main() -> None:
    """Train, check the target and store the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weight-only", action="store_true", help="the variant of 4-bit weights")
    weight_only = parser.parse_args().weight_only
    weights = WEIGHT_ONLY_WEIGHTS if weight_only else WEIGHTS
    net = train(WeightOnlyDigitsLSTM if weight_only else DigitsLSTM)
    test = accuracy(net, *load("test"))
    if test < TARGET:
        raise SystemExit(f"test accuracy {test:.4f} is below {TARGET}; {weights.name} not written")
    torch.save(net.state_dict(), weights)
    print(f"test accuracy {test:.4f}; wrote {weights.name} ({weights.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
