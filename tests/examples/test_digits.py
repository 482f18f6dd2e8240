"""The digits example: its accuracy, its stored weights, its data and how they are split."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("brevitas")
pytest.importorskip("sklearn")

FOLDER = Path(__file__).parents[2] / "examples" / "digits"


@pytest.fixture(scope="module")
def digits() -> ModuleType:
    spec = importlib.util.spec_from_file_location("digits_example", FOLDER / "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_accuracy_on_the_test_split(digits):
    x, y = digits.dataset("test")
    with torch.no_grad():
        scores = digits.model()(torch.from_numpy(x))
    assert (scores.argmax(1).numpy() == y).mean() >= 0.95


def test_model_is_in_evaluation_mode(digits):
    assert not any(module.training for module in digits.model().modules())


def test_weights_load_exactly(digits):
    stored = torch.load(digits.WEIGHTS, weights_only=True)
    loaded = digits.model().state_dict()
    assert set(stored) == set(loaded)
    assert all(torch.equal(loaded[name], value) for name, value in stored.items())
    assert digits.WEIGHTS.stat().st_size < 200_000


@pytest.mark.parametrize(("split", "images"), [("train", 1257), ("test", 540), ("all", 1797)])
def test_dataset_shapes(digits, split, images):
    x, y = digits.dataset(split)
    assert x.shape == (images, 8, 8) and x.dtype == np.float32
    assert y.shape == (images,) and y.dtype == np.int64
    assert x.min() == 0.0 and x.max() == 1.0
    assert set(y) == set(range(10))


def test_example_input_is_one_sequence(digits):
    x = digits.example_input()
    assert tuple(x.shape) == (1, 8, 8) and x.dtype == torch.float32


def test_split_is_deterministic(digits):
    for split in ("train", "test"):
        for first, second in zip(digits.dataset(split), digits.dataset(split), strict=True):
            np.testing.assert_array_equal(first, second)


def test_split_divides_the_whole_set(digits):
    """Together the two splits hold every image as often as the set does."""
    parts = np.concatenate([digits.dataset("train")[0], digits.dataset("test")[0]])
    assert sorted(map(bytes, parts)) == sorted(map(bytes, digits.dataset("all")[0]))


def test_split_is_disjoint(digits):
    train, test = ({bytes(image) for image in digits.dataset(s)[0]} for s in ("train", "test"))
    assert not train & test


def test_unknown_split_is_refused(digits):
    with pytest.raises(ValueError, match="'val'"):
        digits.dataset("val")
