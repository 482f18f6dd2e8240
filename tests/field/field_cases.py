"""Run the reproductions of a field test: each has to end as its row says.

    python tests/field/field_cases.py FOLDER [NAME ...]

FOLDER holds ``models/`` (scripts), ``files/`` (models) and ``rtl/`` (a bench in SystemVerilog).
Beside each row below stand the tests of this repository that hold the same.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

ROOT = Path(__file__).parents[2]
SECONDS = 900
"""Of one script, on a machine that does other things too."""


@dataclass(frozen=True)
class Ending:
    """How a script ended."""

    code: int
    text: str

    def count(self, pattern: str) -> int:
        """Lines that match from their beginning."""
        return len(re.findall(f"^(?:{pattern})", self.text, re.MULTILINE))


Judge = Callable[[Ending], bool]


@dataclass(frozen=True)
class Case:
    """A reproduction.

    Attributes:
        must: What has to come of it, in words.
        holds: Whether it has.
        tests: Tests of this repository that hold it, ``file::name``.
    """

    must: str
    holds: Judge
    tests: tuple[str, ...]


def succeeds(end: Ending) -> bool:
    """Exit code 0, and no traceback on the way."""
    return end.code == 0 and not end.count("Traceback")


def refuses_hooks(end: Ending) -> bool:
    """Three right ones compile, eight are refused, nothing else happens."""
    return (end.count("ok "), end.count("refused "), end.count("FAULT |CRASH ")) == (3, 8, 0)


def leaves_no_proxy(end: Ending) -> bool:
    """The module's state is what it was, and it still answers with a tensor."""
    return (
        succeeds(end)
        and bool(end.count(r"GW-\d{3}|Build\("))
        and bool(end.count("my model's state is now None"))
        and bool(end.count("my model now answers with a <class 'torch.Tensor'>"))
    )


def is_coded(end: Ending) -> bool:
    """Every attempt ends well or in a coded error."""
    return succeeds(end) and end.count(r"\w+ \d (?:compile|calibrate) (?:OK|GW-\d{3})") == 6


def verifies_or_says(end: Ending) -> bool:
    """All levels agree, or a coded error names the option that is missing."""
    last = re.findall(r"^rc (\d+)", end.text, re.MULTILINE)
    says = "GW-" in end.text and "--calibrate" in end.text.partition("gatewright verify")[2]
    return "Error" not in end.text.replace("GatewrightError", "") and (
        last == ["0"] or (last == ["2"] and says)
    )


def names_stream(end: Ending) -> bool:
    """keep_state is gone, and what there is instead is said."""
    return end.code != 0 and bool(re.search(r"GW-606.*keep_state.*stream", end.text, re.DOTALL))


def has_no_dead_kernels(end: Ending) -> bool:
    """Both directions of one layer: its input forked and reversed once, its final states joined."""
    kinds = re.findall(r"'k\d_(fork|reverse|cat|l_layers|fc)", end.text.splitlines()[-1])
    return succeeds(end) and kinds == ["fork", "l_layers", "reverse", "l_layers", "cat", "fc"]


def holds_ready_low(end: Ending) -> bool:
    """No word is taken in reset or in the clear cycle, and afterwards every answer is right."""
    return (
        bool(end.count("tready in reset: 0"))
        and bool(end.count("tready in the clear cycle: 0"))
        and bool(end.count(r"after clear, good\(5\): outputs 5 wrong 0 extra 0 "))
    )


def loads_nothing(end: Ending) -> bool:
    """Four libraries lie there, none was loaded, and that folder was named."""
    return succeeds(end) and bool(
        end.count(r"4 planted, same integers, .*=False")
        and re.search("csim is not what compile wrote", end.text)
    )


def warns_of_code(end: Ending) -> bool:
    """Each of the five edits is named and changes no integer."""
    same = end.count(r"(hls|rtl|csim) .* warned +(same|verify mismatches 0)")
    return succeeds(end) and same == 5


def notices_all(end: Ending) -> bool:
    """Each edit is warned of or refused, and nothing ends otherwise."""
    return succeeds(end) and end.count(r".* (?:warned +(?!UNCODED)|NO WARNING GW-40[24])") == 22


def ends_in_time(end: Ending) -> bool:
    """A coded error or a build, in 5 s of CPU and 1 GiB."""
    return end.code == 0 and bool(end.count(r"(?:GW-\d{3}|build) "))


def refuses_width(end: Ending) -> bool:
    """Every width beyond 16 bits is refused at once, with the quantizer's name."""
    refused = end.count(r"REFUSED .* GW-107 at layers.*cell_state_quant.* bits .*\([0-4]\.\d s\)")
    return refused == 2 and not end.count("CRASH|Traceback")


def leaves_one_build(end: Ending) -> bool:
    """Each is right or told of the other, one is right, and the build is all there is."""
    codes = re.findall(r"^[AB] rc (\d)$", end.text, re.MULTILINE)
    told = end.count(r".*GW-404")
    return (
        len(codes) == 2
        and codes.count("0") + told >= 2
        and "0" in codes
        and end.text.split()[-1] == "b"
        and not end.count("Traceback")
    )


def succeeds_at_once(end: Ending) -> bool:
    """It was killed before the rename, both that follow are right, and nothing is left."""
    return (
        bool(end.count(r"\.b\..*partial$"))
        and end.count("Predicted:") == 2
        and end.text.split()[-1] == "b"
        and not end.count(r".*GW-\d")
    )


def ends_with_every_peer(end: Ending) -> bool:
    """Each of 30 is answered or a coded error, and none keeps the driver."""
    return end.count(r"\w+ +\d+\.\ds (?:GW-9\d\d |RETURNED )") == 30 and not end.count(
        ".*(?:STILL RUNNING|UNCODED)"
    )


CASES = {
    "unsigned_thresholds": Case(
        "0 mismatches",
        succeeds,
        (
            "tests/hls/test_kernels.py::test_definition_equals_both_builds",
            "tests/hls/test_drawn_contracts.py::test_c_simulation",
        ),
    ),
    "stale_hooks": Case(
        "3 ok, 8 refused",
        refuses_hooks,
        (
            "tests/frontend/test_as_torch_runs.py::test_a_stale_parameter_is_refused",
            "tests/frontend/test_as_torch_runs.py::test_what_torch_runs_beside_the_layers_is_refused",
            "tests/frontend/test_as_torch_runs.py::test_what_is_right_compiles",
        ),
    ),
    "proxies_left": Case(
        "module untouched; refused, or right",
        leaves_no_proxy,
        (
            "tests/frontend/test_as_torch_runs.py::test_a_state_in_an_attribute_is_refused",
            "tests/frontend/test_as_torch_runs.py::test_a_trace_that_fails_leaves_no_proxy",
        ),
    ),
    "calibrate_crashes": Case(
        "coded errors",
        is_coded,
        (
            "tests/frontend/test_as_torch_runs.py::test_what_cannot_be_taken_is_told_what_to_pass",
            "tests/frontend/test_as_torch_runs.py::test_a_state_in_an_attribute_is_refused",
        ),
    ),
    "verify_calibrated": Case(
        "works, or names the option",
        verifies_or_says,
        ("tests/calibration/test_conversion.py::test_a_verification_without_its_calibration",),
    ),
    "keep_state_call_by_call": Case(
        "keep_state is refused, and names stream",
        names_stream,
        (
            "tests/stream/test_stream.py::test_a_float_network_call_by_call",
            "tests/stream/test_stream_commands.py::test_keep_state_is_gone",
        ),
    ),
    "streaming": Case(
        "keep_state is refused, and names stream",
        names_stream,
        (
            "tests/stream/test_streamed_models.py::test_pieces_are_the_whole",
            "tests/stream/test_stream.py::test_thousands_of_calls",
            "tests/stream/test_unstreamable.py::test_every_level_refuses_it",
        ),
    ),
    "budget": Case(
        "kept, or GW-405",
        succeeds,
        ("tests/options/test_budget.py::test_a_budget_is_kept_or_refused",),
    ),
    "dead_kernels": Case(
        "no kernel that nobody reads",
        has_no_dead_kernels,
        ("tests/hls/test_needed.py::test_final_states_of_both_directions",),
    ),
    "dead_layer_verify": Case(
        "0 mismatches, all explained",
        succeeds,
        (
            "tests/options/test_float_reach.py::test_what_follows_a_listed_rounding_in_the_same_step",
        ),
    ),
    "huge_sums_certificate": Case(
        "listed, and explained",
        succeeds,
        ("tests/options/test_float_reach.py::test_functions_that_vanish_and_saturate",),
    ),
    "toolong": Case(
        "tready low in reset and clear; right after it",
        holds_ready_low,
        (
            "tests/cosim/test_harness.py::test_misbehaviour_is_seen",
            "tests/cosim/test_harness.py::test_after_too_long_a_reset_makes_it_well_again",
        ),
    ),
}

CASES["planted_library"] = Case(
    "not loaded, and named",
    loads_nothing,
    ("tests/cache/test_trust.py::test_a_planted_library_is_not_loaded",),
)
CASES["tamper_data"] = Case(
    "every edit is warned of, or a coded error",
    notices_all,
    (
        "tests/trust/test_check.py::test_what_was_changed_is_rejected",
        "tests/trust/test_read_back.py::test_what_is_there_instead",
        "tests/trust/test_read_back.py::test_other_values_inside",
    ),
)
CASES["tamper_code"] = Case(
    "sources and headers that were changed or added are named; no other code runs",
    warns_of_code,
    (
        "tests/cache/test_trust.py::test_what_nobody_listed_is_named_and_not_read",
        "tests/cache/test_trust.py::test_old_folders_that_are_links",
        "tests/builds/test_damage.py::test_what_was_changed_is_run_with_a_warning",
    ),
)
CASES["two_namespaces"] = Case(
    "right or told of the other, and a build whole at the end",
    leaves_one_build,
    (
        "tests/locks/test_namespaces.py::test_one_at_a_time",
        "tests/locks/test_namespaces.py::test_at_once",
    ),
)
CASES["killed_in_a_container"] = Case(
    "the next compile succeeds at once",
    succeeds_at_once,
    (
        "tests/locks/test_namespaces.py::test_killed_as_number_1",
        "tests/locks/test_killed.py::test_at_any_time",
        "tests/locks/test_killed.py::test_at_every_step",
    ),
)
CASES["device_peer"] = Case(
    "an answer or a coded error, in time",
    ends_with_every_peer,
    (
        "tests/device/test_peers.py::test_no_peer_keeps_the_driver",
        "tests/device/test_peers.py::test_who_stops_reading",
        "tests/device/test_peers.py::test_what_is_right_is_taken",
    ),
)
LOCKS = {
    "two_namespaces": "trust/two_namespaces.sh",
    "killed_in_a_container": "trust/killed_in_a_container.sh",
    "device_peer": "device/device_peer.py",
}
"""Scripts that take models, or a build."""


FILES = (
    "bits17",
    "bits20",
    "bits31_16GiB",
    "concat_2_26_features",
    "empty_alias_hang",
    "external_fifo_hang",
    "external_length_1TB",
    "external_length_overflow",
    "external_sparse_1TB",
    "external_symlink_loop",
    "identity_no_inputs",
    "input_8M_steps",
    "plain_torch_lstm_linear",
    "qcdq_concat_4GB",
    "qcdq_expand_4GB",
    "tensor_type_unknown",
)
CASES |= {
    name: Case(
        "coded error or a right build, 5 s, 1 GiB",
        ends_in_time,
        ("tests/files/test_hostile_files.py::test_a_file_ends_in_time",),
    )
    for name in FILES
}
CASES["beyond_16_bits"] = Case(
    "refused at once",
    refuses_width,
    ("tests/files/test_limits.py::test_activations_beyond_16_bits_are_refused_at_once",),
)


def script_of(folder: Path, name: str) -> list[str]:
    """The command that runs a case."""
    models = folder / "models"
    if name == "toolong":
        return [
            sys.executable,
            str(Path(__file__).with_name("field_bench.py")),
            str(folder / "rtl"),
        ]
    if name in ("planted_library", "tamper_code", "tamper_data"):
        script = str(Path(__file__).with_name("field_trust.py"))
        return [sys.executable, script, str(folder / "trust"), name]
    if name in FILES:
        script = str(Path(__file__).with_name("field_file.py"))
        return [sys.executable, script, str(folder / "files" / f"{name}.onnx")]
    if name in LOCKS:
        script = str(Path(__file__).with_name("field_locks.py"))
        return [sys.executable, script, str(folder / LOCKS[name])]
    if (models / f"{name}.sh").exists():
        return ["sh", str(models / f"{name}.sh")]
    return [sys.executable, str(models / f"{name}.py")]


def run(command: list[str], scratch: Path) -> Ending:
    """Run it with this checkout's package, and its files in a folder of their own."""
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    settings = {"PYTHONPATH": str(ROOT), "PATH": tools, "TMPDIR": str(scratch)}
    settings |= {"BREVITAS_JIT": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=scratch,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode(errors="replace") if error.stdout else ""
        return Ending(-1, f"{said}\nit did not end in {SECONDS} s")
    return Ending(done.returncode, done.stdout)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("names", nargs=-1, type=click.Choice(sorted(CASES)))
@click.option("--show", is_flag=True, help="Print what every case printed.")
def main(folder: Path, names: tuple[str, ...], show: bool) -> None:
    """Run every case, or those named; exit code 1 if one ends otherwise than it must."""
    console, wrong = Console(highlight=False), 0
    for name in names or CASES:
        case, command = CASES[name], script_of(folder.resolve(), name)
        with tempfile.TemporaryDirectory() as scratch, console.status(f"{name}: {case.must}"):
            end = run(command, Path(scratch))
        good = case.holds(end)
        wrong += not good
        console.print(f"{'as it must' if good else 'OTHERWISE '}  {name}: {case.must}")
        if show or not good:
            console.print(f"$ {shlex.join(command)}  # exit code {end.code}", markup=False)
            console.print(end.text, markup=False)
    console.print(f"{len(names or CASES) - wrong} as they must, {wrong} otherwise")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
