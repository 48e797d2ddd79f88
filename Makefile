# GNU make 3.81 (macOS) and later. `make` alone lists the targets.
CONCEPT ?= between
SEED ?= 1
# More flags for the script of `make demo`, `make train` or `make evaluate`.
ARGS ?=
# More flags for pip, e.g. PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu".
PIP_FLAGS ?=

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11

# Threads that spin while they wait slow each other down several times over on a few cores.
export OMP_WAIT_POLICY := PASSIVE
# Pyright comes with pip, its Node.js too: ask no server whether there is a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types unit format train evaluate clean

help:
	@echo "make demo [CONCEPT=between] [SEED=1]  show a concept in the plane, let the arm do it"
	@echo "make test                             lint, types and tests"
	@echo "make train [ARGS=...]                 train the energy (resumes an earlier run)"
	@echo "make evaluate [ARGS=...]              success per concept, task and world"
	@echo "make format                           let ruff format and fix the code"
	@echo "make clean                            delete caches, build/ and out/"

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@if $(PYTHON) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Using the virtual environment in $(VENV)"; \
	else \
		found=; \
		for name in $(PYTHONS); do \
			if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
				2>/dev/null; then found=$$name; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "conceptgym needs Python 3.11, 3.12, 3.13 or 3.14 on the PATH, and found" \
				"$$(python3 --version 2>/dev/null || echo no python3)." >&2; \
			echo "Install one: 'apt install python3.11 python3.11-venv' on Debian," \
				"'brew install python@3.13' on macOS." >&2; \
			exit 1; \
		fi; \
		if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "$$found cannot make virtual environments here." \
				"On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
			exit 1; \
		fi; \
		echo "Making a virtual environment in $(VENV) with $$($$found --version)"; \
		"$$found" -m venv --clear $(VENV); \
	fi
	$(PYTHON) -m pip install --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e ".[dev]"
	@touch $@

demo: $(INSTALLED)
	$(PYTHON) scripts/demo.py --concept $(CONCEPT) --seed $(SEED) $(ARGS)

test: lint types unit

lint: $(INSTALLED)
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

types: $(INSTALLED)
	$(PYTHON) -m pyright

# Two workers with one thread each: the suite fits a machine with two cores.
unit: $(INSTALLED)
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest -n 2 --dist worksteal

format: $(INSTALLED)
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

train: $(INSTALLED)
	$(PYTHON) scripts/train.py $(ARGS)

evaluate: $(INSTALLED)
	$(PYTHON) scripts/evaluate.py $(ARGS)

clean:
	rm -rf out build dist .pytest_cache .ruff_cache .hypothesis *.egg-info
	find envs agents assets scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
