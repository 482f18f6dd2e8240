"""What of one pragma is against the table, by its words alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from gatewright.lint.pragmas.parse import SPACE, Pragma, Setting
from gatewright.lint.pragmas.table import (
    CONTROL,
    DIRECTIVES,
    LIMITED,
    MODES,
    STORAGE,
    Directive,
    Kind,
    Option,
)

_ALONE = re.compile(r'[A-Za-z_]\w*|"[^"]*"')
_COMMON = frozenset({"port", "name", "mode"})


def resolved(pragma: Pragma) -> dict[str, str]:
    """Its options by name: of a choice the value in small letters, or it alone."""
    directive = DIRECTIVES.get(pragma.directive)
    found: dict[str, str] = {}
    for setting in pragma.settings if directive else ():
        assert directive is not None
        name, value = _named(setting, directive.options)
        option = directive.options.get(name)
        is_choice = option is not None and option.kind is Kind.CHOICE
        found.setdefault(name, value.lower() if is_choice else value)
    return found


def wrong_words(pragma: Pragma) -> Iterator[str]:
    """What is wrong with it, a clause each."""
    if pragma.space != SPACE:
        yield f"#pragma {pragma.space} is not #pragma {SPACE}."
    directive = DIRECTIVES.get(pragma.directive)
    if directive is None:
        yield f"there is no directive {pragma.directive!r}{_like(pragma.directive, DIRECTIVES)}."
        return
    if directive.instead:
        yield f"{pragma.directive} is no longer supported: write {directive.instead}."
        return
    for setting in pragma.settings:
        yield from _wrong_setting(setting, directive)
    if pragma.rest:
        yield f"{pragma.rest!r} is no option."
    yield from _wrong_set(pragma, directive)


def _named(setting: Setting, options: Mapping[str, Option]) -> tuple[str, str]:
    """The option that a setting is of, and its value; a word alone may be the value of a choice."""
    if setting.value is None and setting.name not in options:
        for name, option in options.items():
            if option.bare and setting.name in option.values:
                return name, setting.name
    return setting.name, setting.value or ""


def _wrong_setting(setting: Setting, directive: Directive) -> Iterator[str]:
    name, value = _named(setting, directive.options)
    option = directive.options.get(name)
    if option is None:
        words = [*directive.options, *(v for o in directive.options.values() for v in o.values)]
        yield f"there is no option {name!r}{_like(name, words)}."
    elif option.instead:
        yield f"{name!r} is no longer supported: write {option.instead}."
    elif option.kind is Kind.FLAG:
        if setting.value is not None:
            yield f"{name!r} takes no value."
    elif not value:
        yield f"{name!r} lacks its value."
    elif option.kind is Kind.CHOICE and value.lower() not in option.values:
        yield f"{name!r} is {value!r}, not one of {', '.join(option.values)}."
    elif option.kind is Kind.WORD and not _ALONE.fullmatch(value):
        yield f"{name!r} is {value!r}, which is no word."
    elif any(value.count(a) != value.count(b) for a, b in ("()", "[]")):
        yield f"the brackets of {name!r} do not close."


def _wrong_set(pragma: Pragma, directive: Directive) -> Iterator[str]:
    """What is wrong with its options together."""
    names = [_named(setting, directive.options)[0] for setting in pragma.settings]
    yield from (
        f"{name!r} is given twice." for name in dict.fromkeys(names) if names.count(name) > 1
    )
    required = (name for name, option in directive.options.items() if option.required)
    yield from (f"{name!r} is missing." for name in required if name not in names)
    for group in directive.together:
        if len(group & set(names)) > 1:
            yield f"{' and '.join(sorted(group))} exclude each other."
    yield from _SPECIAL.get(pragma.directive, _nothing)(resolved(pragma))


def _nothing(options: Mapping[str, str]) -> Iterator[str]:
    yield from ()


def _wrong_partition(options: Mapping[str, str]) -> Iterator[str]:
    kind = "complete" if "object" in options else options.get("type", "complete")
    if kind == "complete" and "factor" in options:
        yield "'factor' is ignored where the type is complete."
    if kind in ("block", "cyclic") and "factor" not in options:
        yield f"'factor' is missing, which {kind} needs."


def _wrong_storage(options: Mapping[str, str]) -> Iterator[str]:
    type_, impl = options.get("type", ""), options.get("impl", "auto")
    if type_ in STORAGE and impl not in STORAGE[type_]:
        yield f"{type_} has no implementation {impl}: it has {', '.join(STORAGE[type_])}."


def _wrong_interface(options: Mapping[str, str]) -> Iterator[str]:
    mode = options.get("mode")
    if mode is None:
        yield "'mode' is missing."
    elif mode in MODES:
        for name in options:
            if name not in MODES[mode] and name not in _COMMON:
                yield f"mode {mode} has no option {name!r}."
        is_return, controls = options.get("port") == "return", mode in CONTROL
        if is_return and not controls:
            yield f"port = return cannot have mode {mode}."
        if not is_return and mode.startswith("ap_ctrl"):
            yield f"mode {mode} is of port = return."


def _wrong_pipeline(options: Mapping[str, str]) -> Iterator[str]:
    if "rewind" in options and options.get("style", "stp") != "stp":
        yield "'rewind' needs style = stp."


def _wrong_allocation(options: Mapping[str, str]) -> Iterator[str]:
    if options.get("type") == "operation" and options.get("instances") not in LIMITED:
        yield f"there is no operation {options.get('instances')!r}."


def _wrong_bounds(options: Mapping[str, str]) -> Iterator[str]:
    if not options:
        yield "it says neither min nor max."


_SPECIAL = {
    "allocation": _wrong_allocation,
    "array_partition": _wrong_partition,
    "array_reshape": _wrong_partition,
    "bind_storage": _wrong_storage,
    "interface": _wrong_interface,
    "latency": _wrong_bounds,
    "pipeline": _wrong_pipeline,
}


def _like(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), 1)
    return f"; did you mean {close[0]}" if close else ""
