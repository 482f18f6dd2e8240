# make demo    install into .venv and run the demo, down to a bitstream
# make test    install into .venv, lint, and run every test; of large grids of cases that are alike, a part in turn
# make whole   run every test as make test does, with all cases of large grids, of which that takes a part in turn
# make quick   lint, and the tests that are soon done and run no compiler, simulator or FPGA tool
# make hls     all checks of the C++ for Vitis HLS, over the whole matrix (most of an hour)
# make ip      all checks of names, the IP, Vivado projects and the PYNQ driver, at their full counts
# make test-finn  install FINN beside Gatewright into .venv-finn, and run there what concerns it
# make plugins  all checks of FINN, hls4ml and qonnx, at their full counts
# make models  all checks of models as people write them, of calibration and of the examples, at their full counts
# make lint    ruff, mypy and clang-format only
# make snapshot  write anew what tests/snapshot holds of a small model's output, and docs/registers.md
# make bench   simulation speed beside hls4ml and Brevitas
# make clean   remove .venv, build folders and caches

PYTHON ?= python3
# On Linux, PyPI's own torch brings gigabytes of CUDA that nothing here uses. Name an index of CPU
# builds to install from that instead: make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
FINN := .venv-finn
FINN_PIP := $(FINN)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-finn.txt
# What runs in FINN's environment of the rest, whose versions are others: another part of it with each commit.
FINN_PART := tests -m "not slow and not compiles" --ignore tests/hls4ml --ignore tests/house --part 5
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
EXTRA_INDEX = $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# pip warns of every package folder a host names but does not have; only that line is dropped.
QUIETLY := 2> >(grep -v "^WARNING: Location .* is ignored" >&2)

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test whole test-finn quick hls ip plugins models lint snapshot bench clean

help:
	@sed -n 's/^# make /make /p' Makefile

demo: $(VENV)/.demo
	@$(BIN)/gatewright demo

test: lint
	@echo "==> pytest"
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

whole: $(VENV)/.dev
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal --rotating all

# Its torch compiles extensions of its Brevitas; beside those of another one they would be compiled anew with each run.
test-finn plugins: export TORCH_EXTENSIONS_DIR := $(abspath $(FINN))/torch_extensions
test-finn: $(FINN)/.installed
	@echo "==> pytest, in FINN's environment"
	@$(FINN)/bin/python -m pytest -q tests/finn tests/qonnx -n auto --maxprocesses 4 --dist worksteal
	@$(FINN)/bin/python -m pytest -q $(FINN_PART) -n auto --maxprocesses 4 --dist worksteal

plugins: $(VENV)/.dev $(FINN)/.installed
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal tests/qonnx tests/hls4ml --nodes 200 --inside all
	@$(FINN)/bin/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal tests/finn tests/qonnx --nodes 200 --inside all
	@$(FINN)/bin/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal $(subst --part 5,--part 1,$(FINN_PART))

models: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal tests/written tests/conv tests/embedding \
	  tests/calibration tests/stream tests/examples --written all --windows all --streams all --notebook all --rotating all

# A test that needs one of these and does not say so fails here.
quick: export CXX := /nowhere/cxx
quick: export VERILATOR := /nowhere/verilator
quick: export YOSYS := /nowhere/yosys
quick: lint
	@echo "==> pytest"
	@$(BIN)/python -m pytest -q -m "not slow and not compiles" -n auto --maxprocesses 4 --dist worksteal

hls: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal tests/hls tests/lint tests/vitis tests/matrix \
	  tests/campaign/test_random_models.py --compilers all --matrix all --models 100 --rotating all

ip: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal tests/names tests/ip tests/vivado tests/pynq \
	  tests/matrix/test_readers.py --beats all --boards all --matrix all

lint: $(VENV)/.dev
	@echo "==> ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> mypy"
	@$(BIN)/mypy
	@echo "==> clang-format"
	@find gatewright \( -name '*.h' -o -name '*.hpp' \) -print0 | xargs -0 -r $(BIN)/clang-format --dry-run -Werror

snapshot: $(VENV)/.dev
	@$(BIN)/python -m pytest -q tests/snapshot tests/ip/test_registers.py --update-snapshot

bench: $(VENV)/.demo
	@$(BIN)/python benchmarks/csim.py

clean:
	@rm -rf $(VENV) $(FINN) build .mypy_cache .pytest_cache .ruff_cache gatewright.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a second run installs nothing unless the pins or the project's metadata changed.
$(VENV)/.venv:
	@echo "==> creating $(VENV)"
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; name one with PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.venv pyproject.toml constraints.txt
	@echo "==> installing gatewright[torch,examples,boards] (a few minutes the first time)"
	@$(PIP) $(EXTRA_INDEX) -e '.[torch,examples,boards]' $(QUIETLY)
	@touch $@

$(VENV)/.dev: $(VENV)/.venv pyproject.toml constraints.txt
	@echo "==> installing gatewright[torch,examples,boards,dev] (a few minutes the first time)"
	@$(PIP) $(EXTRA_INDEX) -e '.[torch,examples,boards,dev]' $(QUIETLY)
	@$(PIP) --no-deps silero-vad $(QUIETLY)
	@touch $(VENV)/.demo $@

# Everything is pinned, and installed without its dependencies: those of finn-plus would bring a torch with CUDA.
$(FINN)/.installed: pyproject.toml constraints-finn.txt
	@echo "==> creating $(FINN), with FINN in it (a few minutes the first time)"
	@$(PYTHON) -m venv --clear $(FINN)
	@$(FINN_PIP) $(EXTRA_INDEX) torch setuptools $(QUIETLY)
	@$(FINN_PIP) --no-deps -r constraints-finn.txt $(QUIETLY)
	@$(FINN_PIP) --no-deps --no-build-isolation -e . $(QUIETLY)
	@touch $@
