"""Which torch modules, functions and methods can be traced, and how each is emitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import ROOT, call_name, sanitize
from gatewright.frontend.spec import States, Value
from gatewright.frontend.torch.arranged import Arranged, Elements
from gatewright.frontend.torch.remedies import KEEP_TO, of_function, of_module


@dataclass
class Tracing:
    """State of one trace.

    Attributes:
        builder: Where nodes go.
        names: Node name of each module path.
        calls: How often each path was called so far.
        batch_first: Layout of the model's recurrent layers.
        elements: Those of its tensors, for what re-arranges them.
    """

    builder: GraphBuilder
    names: dict[str, str]
    calls: dict[str, int] = field(default_factory=dict)
    batch_first: bool = True
    elements: Elements = field(init=False)

    def __post_init__(self) -> None:
        self.elements = Elements(self.builder, self.batch_first)

    def name(self, path: str) -> str:
        """The node name of this call of the module at ``path``: ``act``, then ``act_1``, ..."""
        count = self.calls.get(path, 0)
        self.calls[path] = count + 1
        base = self.names.get(path) or sanitize(path or ROOT)
        return call_name(base, count, self.names.values())


@dataclass(frozen=True)
class RecurrentOutput:
    """The pair that a recurrent layer returns.

    Attributes:
        name: Of the layer.
        out: The hidden states of every step.
        states: (h, c) or h: ``States``, or a tuple of them for cell states that are kept apart.
    """

    name: str
    out: Value
    states: Any


@dataclass(frozen=True)
class MaxOutput:
    """The pair (values, indices) of a maximum over time; only the values can be used."""

    values: Value


@dataclass(frozen=True)
class OnHost:
    """A function of the features that the host applies to an output.

    Attributes:
        value: What the kernels give.
        function: Its name, a key of ``gatewright.ir.host.HOST_FUNCTIONS``.
    """

    value: Value
    function: str


@dataclass(frozen=True)
class Padded:
    """A sequence [B, F, T] between steps of 0, which only a convolution takes.

    Attributes:
        source: The sequence.
        before: Steps before it.
        after: Steps behind it.
    """

    source: Any
    before: int
    after: int


@dataclass(frozen=True)
class OwnTensor:
    """A parameter, buffer or constant that forward() uses by itself."""

    name: str
    tensor: Any = None


ModuleEmitter = Callable[[Tracing, Any, str, tuple[Any, ...], dict[str, Any]], Any]
CallEmitter = Callable[[Tracing, tuple[Any, ...], dict[str, Any]], Any]

MODULES: dict[type[nn.Module], ModuleEmitter] = {}
_POINTWISE: set[type[nn.Module]] = set()
FUNCTION_EMITTERS: dict[Any, CallEmitter] = {}
METHOD_EMITTERS: dict[str, CallEmitter] = {}


def emits(
    *classes: type[nn.Module], pointwise: bool = False
) -> Callable[[ModuleEmitter], ModuleEmitter]:
    """Register the emitter of module classes.

    Args:
        classes: Of the modules.
        pointwise: Whether they make one row of features of one, whatever axes lie in front.
    """

    def register(emitter: ModuleEmitter) -> ModuleEmitter:
        for cls in classes:
            MODULES[cls] = emitter
        if pointwise:
            _POINTWISE.update(classes)
        return emitter

    return register


def is_pointwise(module: nn.Module) -> bool:
    """Whether a module makes one row of features of one."""
    return registered_class(module) in _POINTWISE


def emits_call(
    *, functions: tuple[Any, ...] = (), methods: tuple[str, ...] = ()
) -> Callable[[CallEmitter], CallEmitter]:
    """Register the emitter of functions and tensor methods."""

    def register(emitter: CallEmitter) -> CallEmitter:
        FUNCTION_EMITTERS.update(dict.fromkeys(functions, emitter))
        METHOD_EMITTERS.update(dict.fromkeys(methods, emitter))
        return emitter

    return register


def registered_class(module: nn.Module) -> type[nn.Module] | None:
    """The registered class that ``module`` is an instance of."""
    return next((cls for cls in type(module).__mro__ if cls in MODULES), None)


def module_emitter(where: str, module: nn.Module) -> ModuleEmitter:
    """The emitter for ``module``; GW-101 if there is none, or its forward is overridden."""
    cls = registered_class(module)
    if cls is not None and type(module).forward is cls.forward:
        return MODULES[cls]
    names = sorted(c.__name__ for c in MODULES if not c.__module__.startswith("gatewright."))
    supported = ", ".join(names)
    what = f"{type(module).__module__}.{type(module).__qualname__}"
    cause = f"{what} is not supported."
    if cls is not None:
        cause = f"{what} overrides the forward() of {cls.__name__}, which is not supported."
    remedy = of_module(module, f"Use one of: {supported}.")
    raise GatewrightError("GW-101", where=where, cause=cause, remedy=remedy)


def unsupported_call(
    what: str, cause: str = "it is not supported in forward().", remedy: str = KEEP_TO
) -> GatewrightError:
    """GW-108 for a function, method or attribute."""
    return GatewrightError("GW-108", where=what, cause=cause, remedy=remedy)


def bind(
    args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...], default: tuple[Any, ...]
) -> list[Any]:
    """The arguments of a call in the order of their names."""
    values = dict(zip(names, default, strict=True)) | dict(zip(names, args, strict=False)) | kwargs
    return [values[name] for name in names]


def expect_value(what: str, value: Any) -> Value:
    """``value`` as one tensor of numbers; GW-108 otherwise."""
    if isinstance(value, Arranged):
        return expect_value(what, value.elements.whole(value))
    if isinstance(value, Value):
        if value.index:
            raise unsupported_call(what, "it is given class indices, which can only be returned.")
        if value.integers:
            raise GatewrightError(
                "GW-106",
                where=what,
                cause=f"it takes float tensors, and is given integers, argument {value.name}.",
                remedy="Integers are only looked up, by nn.Embedding or F.one_hot(x, n).float(), "
                "all or some steps of them: compute with them on the host, before they are passed, "
                "or with what is looked up; or give forward() a float32 tensor.",
            )
        return value
    if isinstance(value, Padded):
        raise GatewrightError(
            "GW-108",
            where=what,
            cause="it is given a padded sequence, which only a convolution takes.",
            remedy="Pad right before a Conv1d or QuantConv1d, or use its own padding.",
        )
    if isinstance(value, MaxOutput):
        raise GatewrightError(
            "GW-108",
            where=what,
            cause="it is given the pair (values, indices) of max().",
            remedy="Take its values: out.max(dim=1).values.",
        )
    if isinstance(value, OnHost):
        raise unsupported_call(
            what,
            f"it is given a {value.function} without quantizer, which only the output can be.",
            of_function(value.function),
        )
    if isinstance(value, RecurrentOutput):
        cause = "it is given the whole tuple (out, state) of a recurrent layer."
        raise GatewrightError(
            "GW-108", where=what, cause=cause, remedy="Unpack it first: out, state = lstm(x)."
        )
    if isinstance(value, States):
        raise GatewrightError(
            "GW-108",
            where=what,
            cause=f"it is given the final states {value.which} of {value.name or 'a layer'}, "
            "[layers * directions, B, H].",
            remedy="Take one of them first, h[-1]: a row a sequence, as out[:, -1] is, for layers "
            "and arithmetic with such rows; as a state hand all of them over, lstm(x, (h, c)).",
        )
    if isinstance(value, OwnTensor):
        made = "that forward() makes" if value.name == "a constant" else "a parameter or buffer"
        raise unsupported_call(
            what,
            f"it is given {value.name}, {made}: numbers that do not come from the input.",
            "Let a layer hold it and call that, self.fc(x), self.emb(x); constants stand in "
            "arithmetic, x * self.scale, one number or one a feature, and are initial states. A "
            "recurrence written by hand, h = f(x[:, t], h), is nn.RNN or nn.LSTM, or their cells.",
        )
    raise unsupported_call(what, f"it is given {type(value).__name__} where a tensor is needed.")


def refuse_quant_tensor(what: str, quant_tensor: bool) -> None:
    """GW-108 for an index on a QuantTensor."""
    if quant_tensor:
        raise GatewrightError(
            "GW-108",
            where=what,
            cause="a QuantTensor is a tuple; indexing picks its fields, not items.",
            remedy="Take .value first, or build the layer with return_quant_tensor=False.",
        )
