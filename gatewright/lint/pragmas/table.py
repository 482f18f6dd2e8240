"""Facts of ``#pragma HLS``: directives, their options and values, and where each may stand.

Transcribed from the public source of the front end, hls-llvm-project (options and values from
XlxPragmaOption.td, places from ParseXlxPragma.cpp), and from UG1399 what storage there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What an option takes."""

    FLAG = "nothing"
    CHOICE = "one of its values"
    WORD = "a word"
    INTEGER = "an integral constant expression"
    VARIABLE = "a variable"
    REAL = "a number"


class Where(Enum):
    """The braces that a directive may stand in."""

    FUNCTION = "directly in a function's body"
    LOOP = "directly in a loop's body"
    FUNCTION_OR_LOOP = "directly in the body of a function or loop"
    BLOCK = "in braces inside a function's body"
    ANYWHERE = "inside a function"


@dataclass(frozen=True)
class Option:
    """An option of a directive.

    Attributes:
        kind: What it takes.
        required: Whether it has to be there.
        values: Of a choice, or of a word that only some are known for.
        bare: Whether a value of it may stand alone.
        instead: What to write where it is no longer supported, or deprecated.
    """

    kind: Kind
    required: bool = False
    values: tuple[str, ...] = ()
    bare: bool = False
    instead: str = ""


@dataclass(frozen=True)
class Directive:
    """A directive.

    Attributes:
        where: It may stand.
        options: By name.
        instead: What to write where it is no longer supported, or deprecated.
        together: Sets of options of which at most one may be given.
    """

    where: Where
    options: Mapping[str, Option] = field(default_factory=dict)
    instead: str = ""
    together: tuple[frozenset[str], ...] = ()


_FLAG, _WORD, _INTEGER, _REAL = (
    Option(kind) for kind in (Kind.FLAG, Kind.WORD, Kind.INTEGER, Kind.REAL)
)
_VARIABLE = Option(Kind.VARIABLE, required=True)
_MAY_NAME = Option(Kind.VARIABLE)


def _choice(*values: str, bare: bool = True) -> Option:
    return Option(Kind.CHOICE, values=values, bare=bare)


def _gone(instead: str, kind: Kind = Kind.FLAG) -> Option:
    return Option(kind, instead=instead)


_OFF = _choice("true", "false", bare=False)
_PARTITION = {
    "off": _OFF,
    "variable": _VARIABLE,
    "type": _choice("block", "cyclic", "complete"),
    "factor": _INTEGER,
    "dim": _INTEGER,
}
_OF_VARIABLE = Directive(Where.ANYWHERE, {"variable": _VARIABLE})
_NUMBERS = ("num_read_outstanding", "num_write_outstanding")
_BURSTS = ("max_read_burst_length", "max_write_burst_length")
MODES: Mapping[str, tuple[str, ...]] = {
    "m_axi": (
        "bundle",
        "depth",
        "offset",
        *_NUMBERS,
        *_BURSTS,
        "latency",
        "max_widen_bitwidth",
        "channel",
    ),
    "s_axilite": ("bundle", "offset", "clock", "storage_impl", "register"),
    "axis": ("register", "register_mode", "depth"),
    "ap_memory": ("depth", "latency", "storage_type"),
    "bram": ("depth", "latency", "storage_type"),
    **dict.fromkeys(("ap_none", "ap_fifo", "ap_ack"), ("register", "depth", "latency")),
    **dict.fromkeys(("ap_vld", "ap_ovld", "ap_hs"), ("register", "depth", "latency", "interrupt")),
    "ap_stable": ("register", "depth", "latency"),
    **dict.fromkeys(("ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain"), ()),
}
"""Modes of ``interface``, and what each takes beside ``port``, ``name`` and ``mode``."""
CONTROL = ("ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain", "s_axilite")
"""Modes that ``port = return`` may have."""

LIMITED = frozenset(
    (
        *("add", "sub", "mul", "icmp", "sdiv", "udiv", "srem", "urem", "lshr", "ashr", "shl"),
        *("fadd", "fsub", "fmul", "fdiv", "fcmp", "frem", "fsqrt", "frsqrt", "frecip", "flog"),
        *("dadd", "dsub", "dmul", "ddiv", "dcmp", "dsqrt", "drsqrt", "drecip", "dlog"),
        *("fexp", "dexp"),
    )
)
"""Operations of which ``allocation`` bounds the number."""

_RAM = ("auto", "bram", "lutram", "uram")
STORAGE: Mapping[str, tuple[str, ...]] = {
    "fifo": ("auto", "bram", "lutram", "memory", "srl", "uram"),
    "ram_1p": _RAM,
    "ram_1wnr": _RAM,
    "ram_2p": _RAM,
    "ram_s2p": ("auto", "bram", "bram_ecc", "lutram", "uram", "uram_ecc"),
    "ram_t2p": ("auto", "bram", "uram"),
    **dict.fromkeys(("rom_1p", "rom_2p", "rom_np"), ("auto", "bram", "lutram")),
}
"""Implementations of each type of storage (UG1399, pragma HLS bind_storage)."""
STORAGE_LATENCY = {"fifo": (0, 0)}
"""Least and greatest latency of a type of storage; of the others:"""
MEMORY_LATENCY = (1, 3)

_UNROLL = "nothing, or factor = N"
DIRECTIVES: Mapping[str, Directive] = {
    "aggregate": Directive(
        Where.ANYWHERE,
        {"variable": _VARIABLE, "compact": _choice("none", "bit", "byte", "auto")},
    ),
    "alias": Directive(
        Where.FUNCTION,
        {"ports": _VARIABLE, "offset": _REAL, "distance": _REAL},
        together=(frozenset({"offset", "distance"}),),
    ),
    "allocation": Directive(
        Where.ANYWHERE,
        {
            "type": _choice("function", "operation"),
            "instances": Option(Kind.WORD, required=True),
            "limit": Option(Kind.INTEGER, required=True),
        },
    ),
    "array_partition": Directive(Where.ANYWHERE, _PARTITION | {"dynamic": _FLAG}),
    "array_reshape": Directive(Where.ANYWHERE, _PARTITION | {"object": _FLAG}),
    "bind_op": Directive(
        Where.ANYWHERE,
        {
            "variable": _VARIABLE,
            "op": Option(Kind.WORD, required=True),
            "impl": _WORD,
            "latency": _INTEGER,
        },
    ),
    "bind_storage": Directive(
        Where.ANYWHERE,
        {
            "variable": _VARIABLE,
            "type": Option(Kind.CHOICE, required=True, values=tuple(STORAGE)),
            "impl": _choice(*sorted({i for v in STORAGE.values() for i in v}), bare=False),
            "latency": _INTEGER,
        },
    ),
    "dataflow": Directive(Where.FUNCTION_OR_LOOP, {"disable_start_propagation": _FLAG}),
    "dependence": Directive(
        Where.ANYWHERE,
        {
            "variable": _MAY_NAME,
            "cross_variables": _MAY_NAME,
            "class": _choice("array", "pointer"),
            "type": _choice("intra", "inter"),
            "direction": _choice("raw", "war", "waw"),
            "dependent": _choice("true", "false"),
            "distance": _INTEGER,
        },
        together=(frozenset({"variable", "class"}), frozenset({"variable", "cross_variables"})),
    ),
    "disaggregate": _OF_VARIABLE,
    "expression_balance": Directive(Where.ANYWHERE, {"off": _FLAG}),
    "function_instantiate": _OF_VARIABLE,
    "inline": Directive(
        Where.ANYWHERE,
        {
            "recursive": _FLAG,
            "off": _FLAG,
            **dict.fromkeys(("self", "all", "region"), _gone("inline alone, in the function")),
        },
    ),
    "interface": Directive(
        Where.FUNCTION,
        {
            "port": _VARIABLE,
            "mode": _choice(*MODES),
            "name": _WORD,
            "register_mode": _choice("forward", "reverse", "both", "off"),
            **dict.fromkeys(("bundle", "offset", "clock", "storage_impl", "storage_type"), _WORD),
            **dict.fromkeys(
                (*_NUMBERS, *_BURSTS, "depth", "latency", "interrupt", "channel"), _INTEGER
            ),
            "max_widen_bitwidth": _INTEGER,
            "register": _FLAG,
            "ap_bus": _gone("mode = m_axi"),
        },
    ),
    "latency": Directive(Where.ANYWHERE, {"min": _INTEGER, "max": _INTEGER}),
    "loop_flatten": Directive(Where.LOOP, {"off": _FLAG}),
    "loop_merge": Directive(Where.ANYWHERE, {"force": _FLAG}),
    "loop_tripcount": Directive(
        Where.LOOP,
        {"min": _INTEGER, "max": Option(Kind.INTEGER, required=True), "avg": _INTEGER},
    ),
    "occurrence": Directive(Where.BLOCK, {"cycle": _INTEGER}),
    "performance": Directive(
        Where.ANYWHERE,
        {
            **dict.fromkeys(("target_ti", "target_tl", "assume_ti", "assume_tl"), _REAL),
            "scope": _choice("loop", "region", bare=False),
            "unit": _choice("sec", "cycle", bare=False),
        },
    ),
    "pipeline": Directive(
        Where.FUNCTION_OR_LOOP,
        {
            "ii": _INTEGER,
            "style": _choice("stp", "flp", "frp", bare=False),
            "rewind": _FLAG,
            "off": _FLAG,
            "enable_flush": _gone("style = flp"),
        },
        together=(frozenset({"style", "off"}),),
    ),
    "protocol": Directive(Where.BLOCK, {"mode": _choice("floating", "fixed")}),
    "reset": Directive(Where.ANYWHERE, {"variable": _VARIABLE, "off": _FLAG}),
    "stable": _OF_VARIABLE,
    "stable_content": _OF_VARIABLE,
    "stream": Directive(
        Where.ANYWHERE,
        {
            "variable": _VARIABLE,
            "depth": _INTEGER,
            "type": _choice("fifo", "pipo", "shared", "unsync", bare=False),
            "dim": _gone("nothing", Kind.INTEGER),
            "off": _gone("type = pipo"),
        },
    ),
    "top": Directive(Where.FUNCTION, {"name": _WORD}),
    "unroll": Directive(
        Where.LOOP,
        {
            "factor": _INTEGER,
            "skip_exit_check": _FLAG,
            "off": _OFF,
            **dict.fromkeys(("region", "complete", "partial"), _gone(_UNROLL)),
        },
    ),
    "resource": Directive(Where.ANYWHERE, instead="bind_storage or bind_op"),
    "shared": Directive(Where.ANYWHERE, instead="stream with type = shared"),
    "data_pack": Directive(Where.ANYWHERE, instead="aggregate"),
    "array_map": Directive(Where.ANYWHERE, instead="nothing: Vitis HLS has no such directive"),
    "clock": Directive(Where.ANYWHERE, instead="the clock of the project"),
}
