"""Two builds in one C++ program, as objects of the design and as objects of the C interface."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pair import NAMES, Pair

from gatewright.hls_templates.csim.library import CSIM_MAIN
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.tools.compiler import find_compiler, warnings

pytestmark = pytest.mark.compiles

FLAGS = ["-std=c++17", "-O1", "-DGW_NATIVE"]
STEPS = 4
DESIGNS = """
#include <cstdio>
#include "kws/hls/top.hpp"
#include "vad/hls/top.hpp"
#include "kws/hls/LIBRARY/gw_host.hpp"
#include "vad/hls/LIBRARY/gw_host.hpp"

namespace gw = LIBRARY;

int main() {
  for (int x[8]; std::scanf("%d %d %d %d %d %d %d %d", x, x + 1, x + 2, x + 3, x + 4, x + 5, x + 6,
                            x + 7) == 8;) {
    int y[2];
    gw::stream<kws_params::s_axis_word> kws_in;
    gw::stream<kws_params::m_axis_word> kws_out;
    gw::stream<vad_params::s_axis_word> vad_in;
    gw::stream<vad_params::m_axis_word> vad_out;
    gw::drive<kws_params::s_axis_params>(x, 4, false, kws_in);
    gw::drive<vad_params::s_axis_params>(x, 4, false, vad_in);
    kws_hls(kws_in, kws_out);
    vad_hls(vad_in, vad_out);
    if (!gw::collect<kws_params::m_axis_params>(kws_out, 1, y)) return 1;
    std::printf("%d %d ", y[0], y[1]);
    if (!gw::collect<vad_params::m_axis_params>(vad_out, 1, y)) return 1;
    std::printf("%d %d\\n", y[0], y[1]);
  }
}
"""
INTERFACES = """
#include <cstdint>
#include <cstdio>

#define DECLARE(name)                                                                         \\
  extern "C" void* name##_open();                                                             \\
  extern "C" void name##_close(void*);                                                        \\
  extern "C" int name##_simulate(void*, const std::int32_t* const*, std::int64_t, std::int64_t, \\
                                 bool, std::int32_t* const*, const std::int64_t*);
DECLARE(kws)
DECLARE(vad)

int main() {
  void *kws = kws_open(), *vad = vad_open();
  for (int x[8]; std::scanf("%d %d %d %d %d %d %d %d", x, x + 1, x + 2, x + 3, x + 4, x + 5, x + 6,
                            x + 7) == 8;) {
    std::int32_t y[2], z[2];
    const std::int32_t* in[] = {x};
    std::int32_t *first[] = {y}, *second[] = {z};
    const std::int64_t steps[] = {1};
    if (kws_simulate(kws, in, 1, 4, false, first, steps)) return 1;
    if (vad_simulate(vad, in, 1, 4, false, second, steps)) return 1;
    std::printf("%d %d %d %d\\n", y[0], y[1], z[0], z[1]);
  }
  kws_close(kws);
  vad_close(vad);
}
"""
TAPPED = """
#include <cstdint>
#include <cstdio>
#include <vector>

#define DECLARE(name)                                                                         \\
  extern "C" void* name##_open();                                                             \\
  extern "C" void name##_tap(int, std::int64_t*, std::int64_t);                               \\
  extern "C" int name##_simulate(void*, const std::int32_t* const*, std::int64_t, std::int64_t, \\
                                 bool, std::int32_t* const*, const std::int64_t*);
DECLARE(kws)
DECLARE(vad)

int main() {
  std::vector<std::int64_t> first(64, -99), second(64, -99);
  const std::int32_t x[8] = {1, -2, 3, -4, 5, -6, 7, -7};
  std::int32_t y[2];
  const std::int32_t* in[] = {x};
  std::int32_t* out[] = {y};
  const std::int64_t steps[] = {1};
  kws_tap(0, first.data(), 8);
  vad_tap(0, second.data(), 8);
  if (kws_simulate(kws_open(), in, 1, 4, false, out, steps)) return 1;
  for (std::int64_t value : second) if (value != -99) return 2;
  const std::vector<std::int64_t> shown = first;
  if (shown[0] == -99) return 3;
  if (vad_simulate(vad_open(), in, 1, 4, false, out, steps)) return 1;
  return first == shown ? 0 : 4;
}
"""
PROGRAMS = {"top.cpp": DESIGNS, CSIM_MAIN: INTERFACES}


def compiled(arguments: list[str], folder: Path) -> None:
    compiler = find_compiler()
    command = [*compiler.command, *FLAGS, *warnings(compiler), "-Werror", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("source", PROGRAMS)
def test_each_object_gives_its_own_integers(source: str, pair: Pair, place: Path) -> None:
    for name in NAMES:
        compiled(["-c", f"{name}/hls/{source}", "-o", f"{name}.o"], place)
    (place / "main.cpp").write_text(PROGRAMS[source].replace("LIBRARY", LIBRARY))
    compiled(["main.cpp", *(f"{name}.o" for name in NAMES), "-o", "main"], place)
    given = pair.golden("kws", "s_axis")
    assert all(len(values) == 2 * STEPS for values in given)
    text = "".join(" ".join(map(str, values)) + "\n" for values in given)
    done = subprocess.run(
        [place / "main"], input=text, capture_output=True, text=True, check=True, timeout=60
    )
    shown = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    wanted = zip(*(pair.golden(name, "m_axis") for name in NAMES), strict=True)
    assert shown == [first + second for first, second in wanted]


def test_each_object_has_its_own_taps(pair: Pair, place: Path) -> None:
    """Numbers of taps begin at 0 in each: those of one are no place for the other's values."""
    for name in NAMES:
        compiled(["-DGW_TAPS", "-c", f"{name}/hls/{CSIM_MAIN}", "-o", f"{name}.o"], place)
    (place / "main.cpp").write_text(TAPPED)
    compiled(["main.cpp", *(f"{name}.o" for name in NAMES), "-o", "main"], place)
    done = subprocess.run([place / "main"], timeout=60)
    assert done.returncode == 0
