# trendlab: `make` lists what there is. Needs Python >= 3.11 and make, nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO_HOME ?= data/demo
# the first of these that is there; PYTHON=/path/to/python overrides
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
export YOLO_OFFLINE := 1
export YOLO_AUTOINSTALL := 0

.PHONY: help demo test bench lint format docs airflow clean lock setup

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create the environment from the pinned lock

$(READY): requirements/lock.txt requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "trendlab needs Python 3.11, 3.12 or 3.13; none was found. Install one, or run: make PYTHON=/path/to/python"; exit 1; }
	@echo "creating $(VENV) with $(PYTHON) (about 8 GB, two to six minutes)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r requirements/lock.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q trendlab
	@touch $@

demo: $(READY) ## simulate two years, run the night over all days, print what it found and the report's path
	@$(BIN)/trendlab demo --home $(DEMO_HOME)

test: $(READY) ## run the tests, on two cores
	@$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(READY) ## print the benchmark table: ours against the obvious alternative, same run
	@$(BIN)/python -m bench.run

lint: $(READY) ## check format, lint, types, import directions, docs and Dockerfiles
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint docker/Dockerfile
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

format: $(READY) ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(READY) ## write docs/tables.md and docs/marts.md from the schemas
	@$(BIN)/python -m trendlab.warehouse.reference docs

airflow: $(READY) ## start Airflow on http://localhost:8080 with the nightly and the weekly DAG
	@$(BIN)/python docker/standalone.py

lock: ## write the lock anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra zero-shot --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/lock.txt --upgrade

clean: ## stop the demo's database, remove the environment, caches and the demo's data
	@if [ -x $(BIN)/trendlab ]; then $(BIN)/trendlab db stop --home $(DEMO_HOME) >/dev/null 2>&1 || true; fi
	@rm -rf $(VENV) $(DEMO_HOME) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache airflow-home
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
