"""Run a build of Gatewright on a PYNQ board: floats in, floats out, bit for bit.

Copy gatewright_pynq.py, NAME.bit, NAME.hwh and NAME.json into one folder of the board. There:

    from gatewright_pynq import Overlay

    overlay = Overlay("NAME.bit")
    y = overlay.simulate(x)

It needs Python 3.8 or later, numpy and the board's own pynq, and nothing else of Gatewright.
"""

from __future__ import annotations

import math
import os
import threading
import weakref
from typing import Any, Iterable, Sequence

import numpy as np

from gatewright.hls_templates.pynq.driver.faults import ANEW, OTHERS_USED_IT, TOGETHER, OverlayError
from gatewright.hls_templates.pynq.driver.known import read_facts
from gatewright.hls_templates.pynq.driver.numbers import checked, encoded, result, unfit
from gatewright.hls_templates.pynq.driver.pieces import OverlayStream
from gatewright.hls_templates.pynq.driver.transfers import Transfers, aligned
from gatewright.hls_templates.pynq.driver.words import BusPort, unfit_length

__all__ = ["Overlay", "OverlayError", "OverlayStream"]

BUFFER_BYTES = 1 << 23
"""Bytes of the buffers that are allocated at once, unless one sequence takes more."""


class Pynq:
    """What an overlay needs of pynq: registers, and memory that a DMA reaches.

    Args:
        bitfile: NAME.bit.
        addresses: Of the registers, as NAME.json has them.

    Raises:
        OverlayError: GW-911 if it cannot be loaded.
    """

    def __init__(self, bitfile: str, addresses: Any) -> None:
        if not os.path.exists(bitfile):
            raise OverlayError("GW-911", bitfile, "there is no such file.", TOGETHER)
        if addresses is None:
            fault = "NAME.json has no addresses: it is what compile wrote, not synth."
            raise OverlayError("GW-911", bitfile, fault, TOGETHER)
        try:
            import pynq
        except Exception as error:  # it looks for a board
            fault = f"pynq cannot be imported: {error!r}."
            remedy = "Run this on the board, with the Python of its PYNQ image."
            raise OverlayError("GW-911", bitfile, fault, remedy) from error
        self._pynq = pynq
        try:
            self._overlay = pynq.Overlay(bitfile)
            self.ip, *self.dmas = (
                pynq.MMIO(place["base"], place["bytes"])
                for place in [addresses["ip"], *addresses["dma"]]
            )
        except Exception as error:  # a file that is cut ends in whatever its parser meets
            fault = f"pynq cannot load it: {error!r}."
            remedy = "Run this as root. " + TOGETHER
            raise OverlayError("GW-911", bitfile, fault, remedy) from error

    def allocate(self, size: int) -> Any:
        """A buffer of bytes.

        Raises:
            OverlayError: GW-912 if there is none.
        """
        try:
            return self._pynq.allocate((size,), dtype=np.uint8)
        except Exception as error:  # of pynq's and XRT's own kinds
            fault = f"there are no {size} bytes that a DMA reaches: {error}."
            remedy = "Pass fewer sequences at once, or free other buffers."
            raise OverlayError("GW-912", "pynq.allocate", fault, remedy) from error


class Overlay:
    """A build on the programmable logic of a running PYNQ image.

    Opening it loads the bitstream, checks that it is this build, and clears it. Use it as a context
    manager, or call ``close``.

    Args:
        bitfile: NAME.bit; NAME.json has to lie beside it, and NAME.hwh for pynq.
        timeout: Seconds in which a transfer has to end, beside the work that it asks for.
        clock: MHz of the design, or less, which bounds how long that work may take; without it
            what NAME.json says, or 1.
        board: What to use in pynq's place: ``ip`` and ``dmas``, each with ``read(offset)`` and
            ``write(offset, value)`` of 32 bits, and ``allocate(bytes)`` as pynq.allocate gives it.

    Raises:
        OverlayError: GW-911 if it cannot be loaded, GW-904 if the design or a DMA does not come out
            of its reset, GW-906 and GW-907 if it is another build or has other registers; GW-606
            for a timeout or a clock that is no number above 0.
    """

    def __init__(
        self, bitfile: Any, timeout: float = 2.0, clock: float | None = None, board: Any = None
    ) -> None:
        self._where = os.fspath(bitfile)
        self.facts = read_facts(os.path.splitext(self._where)[0] + ".json")
        addresses = self.facts["addresses"]
        self.timeout = timeout
        known = 1.0 if addresses is None else addresses["clock_mhz"]
        self.clock = known if clock is None else clock
        self.limit(0)
        self._inputs = [BusPort(facts) for facts in self.facts["inputs"]]
        self._outputs = [BusPort(facts) for facts in self.facts["outputs"]]
        self._stream: Any = lambda: None
        self._alone = threading.RLock()  # of the one design, for threads of this program
        self._left = (0, 0, 0)
        board = Pynq(self._where, addresses) if board is None else board
        self._ip = board.ip
        self._identify()
        names = [port.name for port in self._inputs], [port.name for port in self._outputs]
        self._transfers = Transfers(board, *names)
        self._restart()

    def __enter__(self) -> Overlay:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the design and its DMAs at rest.

        Raises:
            OverlayError: GW-904 if they do not come to it.
        """
        with self._alone:
            self._restart()

    def reset(self) -> None:
        """Clear the design and its DMAs, whatever they are doing, and every state.

        Raises:
            OverlayError: GW-606 while a stream is open, whose state that would be; GW-904 if the
                design or a DMA does not come out of its reset.
        """
        with self._alone:
            self._check_free()
            self._restart()

    clear = reset

    def limit(self, steps: int) -> float:
        """Seconds in which a transfer has to end while sequences of so many steps run.

        Raises:
            OverlayError: GW-606 for a timeout or a clock that is no number above 0.
        """
        for name in ("timeout", "clock"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 < value < math.inf:
                fault = f"{name} is {value!r}."
                raise OverlayError("GW-606", self._where, fault, "Pass a number above 0.")
        parts = -(-steps // self.facts["steps"])
        return float(self.timeout + parts * self.facts["cycles"] / (self.clock * 1e6))

    def counters(self) -> dict[str, int]:
        """What the design counts: cycles, those with a sequence inside, sequences in and out."""
        names = ("CYCLES_LOW", "CYCLES_HIGH", "BUSY_CYCLES_LOW", "BUSY_CYCLES_HIGH")
        with self._alone:  # reading a low half holds its high half
            low, high, busy_low, busy_high = (self._read(name) for name in names)
        return {
            "cycles": low | high << 32,
            "busy_cycles": busy_low | busy_high << 32,
            "sequences_in": self._read("SEQUENCES_IN"),
            "sequences_out": self._read("SEQUENCES_OUT"),
        }

    def simulate(self, x: Any, raw: bool = False) -> Any:
        """Run sequences of one length back to back, each from the start state.

        Args:
            x: float32 in the layout of the model, [B, T, I] or [T, B, I], or the integers that it
                looks up; a tuple of it and the initial states if the model takes those.
            raw: Integer codes out instead of floats.

        Returns:
            What ``Build.simulate`` of Gatewright returns.

        Raises:
            OverlayError: GW-601 for an input that does not fit; GW-606 while a stream is open;
                GW-904, GW-905, GW-908, GW-910 and GW-912 if the design or a DMA fails, after which
                all is cleared.
        """
        return self.run([x], raw)[0]

    __call__ = simulate

    def run(self, several: Iterable[Any], raw: bool = False) -> list[Any]:
        """Run sequences of any lengths back to back, each from the start state.

        Args:
            several: Each as ``simulate`` takes it.
            raw: Integer codes out instead of floats.

        Returns:
            Of each what ``simulate`` returns.

        Raises:
            OverlayError: As ``simulate``.
        """
        with self._alone:
            self._check_free()
            calls = [self._check(x) for x in several]
            if not self._ready():
                self._restart()
            return self._run(calls, raw, keep=False)

    def stream(self) -> OverlayStream:
        """One sequence in pieces. The board holds one state: nothing else runs until it is closed.

        Raises:
            OverlayError: GW-606 while another stream is open, GW-607 for a model that has to see a
                whole sequence.
        """
        whole = self.facts["whole"]
        if whole is not None:
            raise OverlayError("GW-607", whole["where"], whole["cause"], whole["remedy"])
        argument = self.facts["arguments"][0]
        with self._alone:
            self._check_free()
            stream = OverlayStream(
                self._where, argument, self._check, lambda *call: self._run_piece(*call)
            )
            self._stream = weakref.ref(stream)
        return stream

    def _run_piece(self, arrays: list[Any], raw: bool, keep: bool) -> Any:
        with self._alone:
            if keep and not self._ready():
                self._restart()
                fault = "there is no state to go on from: the design was cleared or used by others."
                raise OverlayError("GW-909", self._where, fault, ANEW)
            answer = self._run([arrays], raw, keep)[0]
            # Whatever else begins there, or clears it, writes CONTROL without KEEP.
            self._write("CONTROL", self._bits("CONTROL", "KEEP"))
            self._left = self._mark()
            return answer

    def _check_free(self) -> None:
        stream = self._stream()
        if stream is not None and not stream.closed:
            fault = "a stream is open, whose state is the one that the design holds."
            raise OverlayError("GW-606", self._where, fault, "Close that stream first.")

    def _check(self, x: Any, goes_on: bool | None = None) -> list[Any]:
        """The arguments of a call as arrays; of a piece with whether it goes on."""
        arguments = self.facts["arguments"]
        first, shape = arguments[0], arguments[0]["shape"]
        several = isinstance(x, tuple) or (isinstance(x, list) and len(arguments) > 1)
        parts = list(x) if several else [x]
        if len(parts) != len(arguments):
            names = ", ".join(argument["name"] for argument in arguments)
            raise unfit(f"there are {len(parts)} arrays for {names}", first)
        arrays = [checked(part, argument) for part, argument in zip(parts, arguments)]
        for axis in "BT":
            having = [(n, a["shape"]) for n, a in zip(arrays, arguments) if axis in a["shape"]]
            if len({n.shape[axes.index(axis)] for n, axes in having}) > 1:
                raise unfit(f"the arrays disagree on {axis}", first)
        steps = arrays[0].shape[shape.index("T")]
        fault = unfit_length(self.facts, self._inputs + self._outputs, steps, goes_on)
        if fault:
            raise unfit(fault, first)
        return arrays

    def _run(self, calls: Sequence[list[Any]], raw: bool, keep: bool) -> list[Any]:
        """What each call returns; all its sequences are queued back to back."""
        shape = self.facts["arguments"][0]["shape"]
        lengths: list[int] = []
        words: list[list[Any]] = [[] for _ in self._inputs]
        for arrays in calls:
            batch, steps = (arrays[0].shape[shape.index(axis)] for axis in "BT")
            lengths += [steps] * batch
            for port, mine in zip(self._inputs, words):
                mine += list(port.pack(encoded(port.facts, arrays)))
        self._write("CONTROL", self._bits("CONTROL", "KEEP") if keep else 0)
        answers: list[list[Any]] = [[] for _ in self._outputs]
        for begin, end in self._shares(lengths, keep):
            part = self._exchange([w[begin:end] for w in words], lengths[begin:end], keep)
            for mine, more in zip(answers, part):
                mine += more
        self._check_count(len(lengths))
        results, begin = [], 0
        for arrays in calls:
            end = begin + arrays[0].shape[shape.index("B")]
            n = {
                port.tensor: port.unpack(mine[begin:end], lengths[begin], keep)
                for port, mine in zip(self._outputs, answers)
            }
            results.append(result(self.facts["results"], n, raw))
            begin = end
        return results

    def _shares(self, lengths: Sequence[int], keep: bool) -> Iterable[tuple[int, int]]:
        """Slices of the sequences that share buffers."""
        begin, total = 0, 0
        for end, steps in enumerate(lengths):
            size = sum(aligned(port.size(steps, keep)) for port in self._inputs + self._outputs)
            if end > begin and total + size > BUFFER_BYTES:
                yield begin, end
                begin, total = end, 0
            total += size
        if lengths:
            yield begin, len(lengths)

    def _exchange(
        self, words: list[list[Any]], lengths: Sequence[int], keep: bool
    ) -> list[list[Any]]:
        sizes = [[port.size(steps, keep) for steps in lengths] for port in self._outputs]
        seconds = self.limit(max(lengths))
        try:
            return self._transfers.exchange(words, sizes, self._look, seconds)
        except BaseException:
            self._restart()
            raise

    def _check_count(self, count: int) -> None:
        """Whether every answer was one: what is cleared in mid-flight ends in beats of zeros."""
        before, self._left = self._left, self._mark()
        fault = ""
        if self._left[0] != (before[0] + count) % (1 << 32):
            fault = f"it counts {self._left[0] - before[0]} answers to {count} sequences."
        elif self._read("STATUS") & self._bits("STATUS", "BUSY"):
            fault = "it holds more than the sequences that it was given."
        if fault:
            self._restart()
            raise OverlayError("GW-905", self._where, fault, OTHERS_USED_IT)

    def _ready(self) -> bool:
        """Whether all is as the last call left it: nobody reset it, cleared it or used it."""
        return self._mark() == self._left and self._transfers.running()

    def _mark(self) -> tuple[int, int, int]:
        """What another use of the design changes: answers, busy cycles since its CLEAR, KEEP."""
        keep = self._read("CONTROL") & self._bits("CONTROL", "KEEP")
        return self._read("SEQUENCES_OUT"), self._read("BUSY_CYCLES_LOW"), keep

    def _look(self) -> None:
        """Raise what the design reports."""
        errors = self._read("ERRORS")
        if errors & self._bits("ERRORS", "TOO_LONG"):
            fault = "a sequence has more steps than its buffers hold."
            raise OverlayError("GW-908", self._where, fault, "Compile with a larger max_steps.")
        if errors:
            bits = self.facts["registers"]["ERRORS"]["bits"]
            names = ", ".join(name for name, bit in bits.items() if errors & bit)
            fault = f"a sequence came cut, or its inputs of different lengths: {names}."
            remedy = "Make the DMA as the scripts of gatewright synth do, as wide as its port."
            raise OverlayError("GW-910", self._where, fault, remedy)

    def _identify(self) -> None:
        """Whether the design is what NAME.json speaks of."""
        for name in ("MAGIC", "MAP_VERSION"):
            found, wanted = self._read(name), self.facts["registers"][name]["value"]
            if found != wanted:
                fault = f"its register {name} holds {found:#x}, not {wanted:#x}."
                remedy = "Synthesize with the version of Gatewright that compiled. " + TOGETHER
                raise OverlayError("GW-907", self._where, fault, remedy)
        digest = "".join("{:08x}".format(self._read("DIGEST", i)) for i in range(8))
        if digest != self.facts["digest"]:
            fault = "it holds build {}, not {}.".format(digest[:16], self.facts["digest"][:16])
            raise OverlayError("GW-906", self._where, fault, TOGETHER)
        for name, ports in (("INPUT_BITS", self._inputs), ("OUTPUT_BITS", self._outputs)):
            for i, port in enumerate(ports[:8]):
                if self._read(name, i) != port.widths:
                    fault = f"its port {port.name} has words or beats of another width."
                    raise OverlayError("GW-906", self._where, fault, TOGETHER)

    def _restart(self) -> None:
        """Nothing in flight, no state, no error, and every DMA at rest."""
        clear, resetting = self._bits("CONTROL", "CLEAR"), self._bits("STATUS", "RESETTING")
        self._transfers.restart(
            lambda: self._write("CONTROL", clear), lambda: not self._read("STATUS") & resetting
        )
        self._left = self._mark()

    def _bits(self, register: str, name: str) -> int:
        return int(self.facts["registers"][register]["bits"][name])

    def _read(self, register: str, index: int = 0) -> int:
        return int(self._ip.read(self.facts["registers"][register]["offset"] + 4 * index))

    def _write(self, register: str, value: int) -> None:
        self._ip.write(self.facts["registers"][register]["offset"], value)
