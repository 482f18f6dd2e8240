"""What models of a vendor's Tcl commands share: how a call is read, and a ``tclsh`` that asks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FLAG, TEXT, COUNT, PERIOD = "a flag", "a text", "a count", "a period in ns or MHz"
KINDS = {COUNT: r"\d+", PERIOD: r"\d+(\.\d+)?(ns|MHz)?"}


class RefusedError(Exception):
    """By its documentation the tool does not take that.

    Args:
        said: Why.
        check: The name of the rule.
    """

    def __init__(self, said: str, check: str = "") -> None:
        super().__init__(said)
        self.check = check


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        options: By name, with what stands behind each: ``FLAG`` for nothing, one of the other
            kinds, or the values that there are.
        arguments: Fewest and most arguments besides.
        needs: What has to be open: "", "project" or "solution".
    """

    options: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    arguments: tuple[int, int] = (0, 0)
    needs: str = "solution"


@dataclass(frozen=True)
class Call:
    """A call that was taken.

    Attributes:
        name: Of the command.
        options: What stands behind each; "" behind a flag.
        arguments: The rest.
    """

    name: str
    options: dict[str, str]
    arguments: tuple[str, ...]


def parse(command: Command, name: str, words: tuple[str, ...]) -> Call:
    """A call as its documentation reads it.

    Raises:
        RefusedError: For an option, a value or a number of arguments that there is not.
    """
    options, arguments = {}, []
    rest = iter(words)
    for word in rest:
        if not re.match(r"-[a-zA-Z]", word):
            arguments.append(word)
            continue
        if word not in command.options:
            raise RefusedError(f"there is no option {word}", "option")
        kind = command.options[word]
        options[word] = "" if kind == FLAG else next(rest, "")
        if isinstance(kind, tuple):
            good = options[word] in kind
        else:
            good = re.fullmatch(KINDS.get(kind, ".*"), options[word], re.DOTALL) is not None
        if not good or (kind != FLAG and not options[word]):
            raise RefusedError(f"{word} cannot be {options[word]!r}", "value")
    least, most = command.arguments
    if not least <= len(arguments) <= most:
        raise RefusedError(f"it has {len(arguments)} arguments", "arguments")
    return Call(name, options, tuple(arguments))


def tcl_words(text: str) -> list[str]:
    """The words of a Tcl list: bare, or in braces that hold no others."""
    return [braced or bare for braced, bare in re.findall(r"\{([^{}]*)\}|(\S+)", text)]


def tcl_list(words: Iterable[str]) -> str:
    """A Tcl list of words."""
    return " ".join(f"{{{word}}}" if re.search(r"\s", word) else word for word in words)


ASKING = """
proc ask {args} {
  set words {}
  foreach word $args { lappend words x[binary encode hex [encoding convertto utf-8 $word]] }
  puts "\\x01[join $words]"
  flush stdout
  gets stdin reply
  set said [encoding convertfrom utf-8 [binary decode hex [string range $reply 1 end]]]
  if {[string index $reply 0] eq "e"} { return -code error $said }
  return $said
}
proc unknown {args} { ask {*}$args }
set script [lindex $argv 0]
set argv [lrange $argv 1 end]
set argc [llength $argv]
if {[catch { source $script } said]} {
  puts stderr $said
  exit 1
}
"""
"""Every command that is not Tcl's own is asked for, on stdout and stdin."""


def tclsh() -> str:
    """The interpreter; a test that needs it is skipped where there is none."""
    found = shutil.which("tclsh")
    if found is None:
        pytest.skip("needs tclsh, which is in Debian's tcl")
    return found


def run_tcl(script: Path, folder: Path, answer: Callable[[str, tuple[str, ...]], str]) -> str:
    """Source a script in ``tclsh``.

    Args:
        script: The script.
        folder: The working folder.
        answer: What a command that Tcl has not gives; it may raise ``RefusedError``.

    Returns:
        What the script ended with as an error; "" if it came to its end.
    """
    asking = folder / ".asking.tcl"
    asking.write_text(ASKING)
    words = [tclsh(), str(asking), str(script)]
    try:
        with subprocess.Popen(
            words,
            cwd=folder,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdin and process.stdout and process.stderr
            for line in process.stdout:
                if line.startswith("\x01"):
                    process.stdin.write(_reply(line[1:].split(), answer) + "\n")
                    process.stdin.flush()
            said = process.stderr.read().strip()
    finally:
        asking.unlink()
    return said or ("" if process.returncode == 0 else f"exit code {process.returncode}")


def _reply(words: list[str], answer: Callable[[str, tuple[str, ...]], str]) -> str:
    name, *arguments = (bytes.fromhex(word[1:]).decode() for word in words)
    try:
        kind, said = "o", answer(name, tuple(arguments))
    except RefusedError as error:
        kind, said = "e", f"{name}: {error}"
    return kind + said.encode().hex()
