# Two commands matter: `make demo` (set-up, then recipes/tiny.yaml) and `make test` (set-up, then the tests).
# Both make their own .venv. PIP_ARGS reaches pip, for instance to choose the package index of a CPU build of torch.

PYTHON ?= python3
PIP_ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt $(PIP_ARGS)

.PHONY: demo test lint types layers format bench docs clean

demo: .venv/demo
	$(BIN)/aurora run recipes/tiny.yaml

test: .venv/test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/test
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

docs: .venv/docs
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict --quiet

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Aurora needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...")'
	$(PYTHON) -m venv .venv

# torch first and alone: a resolver that sees only the pin takes the build that the pin names.
.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) torch
	$(PIP) --editable .
	@touch $@

.venv/test: .venv/demo
	$(PIP) --editable '.[test]'
	@touch $@

.venv/lint: .venv/test
	$(PIP) --editable '.[lint]'
	@touch $@

.venv/docs: .venv/demo
	$(PIP) --editable '.[docs]'
	@touch $@

clean:
	rm -rf .venv runs site
