"""Every op of the integer graph has a form in ONNX: an emitter's, or the op of its name."""

import onnx
import pytest

from gatewright.ir.onnx_io import OPSET, OWN_NAMES
from gatewright.ir.standard import OPS


@pytest.mark.parametrize("name", sorted(OPS))
def test_onnx_has_what_the_standard_form_is_written_in(name):
    assert onnx.defs.has(name, OPSET, "")


def test_ops_under_their_own_name():
    """One that ONNX has by that name may mean something else: look before it is added here."""
    assert {"Add", "MatMul", "Mul", "Sub"} == OWN_NAMES
    assert OWN_NAMES <= OPS
