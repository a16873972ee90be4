# make setup   environment, container engine, sandbox image, model weights: safe to repeat, quick when nothing is missing
# make demo    the main job with a real model on this machine, ends with a table and the path of a report
# make test    all tests            make lint   ruff and mypy            make check   admit the shipped tasks
# make audit   attack both sandboxes with the corpus of hostile programs, under both isolations
# make faults  engines killed, hung and starved, signals, leaks: each fault several times, at random moments
# make agents  every shipped workspace and Exercism task through the real aider, with the reference as its model
# make coverage  simulates whether intervals hold what they promise
# make bench   speed, as ratios     make constraints   compile constraints.txt again     make clean

PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What decides whether the environment is up to date; the place too, because scripts name it.
STATE := $(shell cat pyproject.toml constraints.txt harness/__init__.py | cksum | cut -d' ' -f1)-$(shell pwd | cksum | cut -d' ' -f1)
STAMP := $(VENV)/installed-$(STATE)
PIP_INSTALL := $(PY) -m pip --python $(BIN)/python install --quiet --no-input --disable-pip-version-check
PYTEST_ARGS ?=
# Two processes; tests/conftest.py says which tests stay together.
TWO := -n 2

export PIP_NO_WARN_SCRIPT_LOCATION = 1

.PHONY: setup demo test test-full lint check audit faults agents bench coverage constraints clean remake
.DEFAULT_GOAL := setup

setup: $(STAMP)
	@$(BIN)/python -m harness sandbox build
	@$(BIN)/python -m harness models fetch

# A link to an interpreter that is gone does not count as an environment.
ifeq ($(wildcard $(BIN)/python),)
$(STAMP): remake
endif

$(STAMP): pyproject.toml constraints.txt
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "harness needs Python 3.11 or newer, $(PY) is older: make $@ PY=/path/to/python3.11" >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || \
	  { echo "$(PY) has no pip: as root, apt-get install python3-pip (or another Python with PY=...)" >&2; exit 1; }
	@$(PY) -c 'import venv' 2>/dev/null || \
	  { echo "$(PY) has no venv: as root, apt-get install python3-venv (or another Python with PY=...)" >&2; exit 1; }
	@echo "environment in $(VENV)"
	@grep -qsF "$(CURDIR)/" $(BIN)/pip || { rm -rf $(VENV); $(PY) -m venv --without-pip $(VENV); }
	@$(PIP_INSTALL) --require-hashes -r constraints.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/installed-*; touch $@

demo: setup
	$(BIN)/harness run fixtures/warmup fixtures/real_dev --model smollm2 --model reference --best-of 5 --name demo

test: setup
	$(BIN)/python -m pytest $(TWO) $(PYTEST_ARGS)

test-full: setup
	FULL=1 FAULT_ROUNDS=$${FAULT_ROUNDS:-5} $(BIN)/python -m pytest $(TWO) $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: setup
	$(BIN)/harness check fixtures/*

audit: setup
	$(BIN)/harness sandbox audit --isolation both --rounds 2
	$(BIN)/harness sandbox audit --isolation both --rounds 2 --sandbox bubblewrap

faults: setup
	FAULT_ROUNDS=$${FAULT_ROUNDS:-5} $(BIN)/python -m pytest tests/faults $(PYTEST_ARGS)

agents: setup
	$(BIN)/harness run fixtures/real_dev fixtures/exercism_style --model reference --solver aider --name agents
	AGENT_KILLS=$${AGENT_KILLS:-10} $(BIN)/python -m pytest tests/solvers/agents tests/e2e/test_agents.py tests/e2e/test_agents_kill.py $(PYTEST_ARGS)

bench: setup
	$(BIN)/python benchmarks/startup.py
	$(BIN)/harness sandbox bench

coverage: $(STAMP)
	$(BIN)/python benchmarks/coverage.py --write

# Versions and hashes only: no address of any index.
constraints: $(STAMP)
	@$(PY) -m venv --without-pip build/uv && $(PY) -m pip --python build/uv/bin/python install --quiet uv
	build/uv/bin/uv pip compile pyproject.toml --extra local --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --output-file constraints.txt
	build/uv/bin/uv pip compile sandboxes/aider/requirements.in --universal --python-version 3.11 --generate-hashes --allow-unsafe \
	  --no-emit-index-url --no-annotate --no-header --quiet --no-emit-package scipy --no-emit-package hf-xet \
	  --no-emit-package soundfile --no-emit-package sounddevice --output-file sandboxes/aider/requirements.txt

clean:
	-@test ! -x $(BIN)/harness || $(BIN)/harness sandbox clean
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
