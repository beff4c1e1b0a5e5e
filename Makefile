# Two commands matter: `make demo` (set-up, then recipes/tiny.yaml) and `make test` (set-up, then the tests).
# Both make their own .venv. PIP_ARGS reaches pip, for instance to choose the package index of a CPU build of torch.

SHELL := bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
PIP_ARGS ?=
BIN := .venv/bin
LOG := .venv/set-up.log
# Tests start hundreds of processes, each of which would compile every module anew where an environment forbids to keep them.
export PYTHONDONTWRITEBYTECODE :=
# Each process gets a part of the tests in their order, and takes from the others when it is done: one of them compiles
# the kernels of the corpus, and what a file of tests makes is made once.
DISTRIBUTED := --dist worksteal

# pip is silent for minutes, or fills the screen: one line says how far it is, and all it says goes to a log.
define install
	@echo "Set-up: $(1)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --constraint constraints.txt \
	  $(PIP_ARGS) $(2) 2>&1 | tee -a $(LOG) | awk -v shown="$$(test -t 1 && echo yes)" \
	  '/^(Collecting|Downloading|Installing)/ && shown {printf "\r\033[K  %d: %.90s", ++n, $$0; fflush()} END {if (shown) printf "\r\033[K"}' \
	  || { grep -v '^Requirement already' $(LOG) | tail -n 20; echo "Set-up failed; all that pip said is in $(LOG)."; exit 1; }
endef

.PHONY: demo demo-smollm2 test lint types layers format bench nightly docs clean

demo: .venv/demo
	$(BIN)/aurora run recipes/tiny.yaml

# The same on a real open model of 135 million parameters; no part of the tests.
demo-smollm2: .venv/demo
	$(BIN)/aurora run recipes/smollm2.yaml

test: .venv/test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 $(DISTRIBUTED)

# What takes too long for each change: many examples of every property, the whole demo with its figures, every campaign of
# kills and layouts.
nightly: .venv/test
	$(BIN)/python -m pytest --numprocesses 2 $(DISTRIBUTED) --hypothesis-profile thorough --timeout 3600
	$(BIN)/python -m pytest --numprocesses 2 $(DISTRIBUTED) -m nightly --timeout 3600 --durations 20
	$(BIN)/python benchmarks/demo.py

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Every benchmark in turn, each of 15 minutes at most; DATA is a folder as benchmarks/inputs.py describes it.
bench: .venv/test
	@test -n "$(DATA)" || { echo "Say where the texts are: make bench DATA=DIR (benchmarks/inputs.py says of what form)."; exit 2; }
	$(BIN)/python benchmarks/machine.py
	for name in curation curation_web fit_thresholds tokens; do $(BIN)/python benchmarks/$$name.py --data $(DATA) || exit 1; done
	for name in attention training start extension; do $(BIN)/python benchmarks/$$name.py || exit 1; done

docs: .venv/docs
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict --quiet

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Aurora needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...")'
	$(PYTHON) -m venv .venv

# torch first and alone: a resolver that sees only the pin takes the build that the pin names.
.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	$(call install,PyTorch (200 MB on Linux without a GPU),torch)
	$(call install,Aurora and what it needs (100 MB),--editable .)
	@touch $@

.venv/test: .venv/demo
	$(call install,what the tests need,--editable '.[test]')
	@touch $@

.venv/lint: .venv/test
	$(call install,what the checks need,--editable '.[lint]')
	@touch $@

.venv/docs: .venv/demo
	$(call install,what the documentation needs,--editable '.[docs]')
	@touch $@

clean:
	rm -rf .venv runs site
