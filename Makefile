.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=
# Containers often set it, and then each of the two hundred processes of the tests compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run prove test proto lint format bench ci clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  ARGS="…" passes options on: make run ARGS="--exit", make test ARGS="-k grading"'

$(READY): requirements/bootstrap.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Peel needs Python 3.11 or newer: make PYTHON=python3.11 …'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo 'Setting up: Python packages, checked against their hashes'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@# Compiled once, as pip does it and uv does not by itself: else the first processes do it, all at the same time.
	@$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@echo 'Setting up: Kafka'
	@$(BIN)/python -m deploy.local download
	@touch $@

run: $(READY) ## Start the platform and replay a real month of reports through it
	@$(BIN)/python -m deploy.rehearsal $(ARGS)

prove: $(READY) ## Make the platform fail as iOPS failed, and say whether it still works
	@$(BIN)/python -m deploy.prove $(ARGS)

test: $(READY) ## Run all tests, on real Postgres and Kafka
	@$(BIN)/python -m pytest -n 3 --dist loadscope $(ARGS)

proto: $(READY) ## Generate the Python code of the protos
	@cd protos && ../$(BIN)/buf format -w && ../$(BIN)/buf lint
	@rm -rf protos/gen/peel
	@cd protos && PATH="$(CURDIR)/$(BIN):$$PATH" ../$(BIN)/python -m grpc_tools.protoc -I. \
		--python_out=gen --grpc_python_out=gen --mypy_out=quiet:gen --mypy_grpc_out=quiet:gen \
		$$(find peel -name '*.proto' | sort)

lint: $(READY) ## Check style, types, layers and the contract
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy services deploy tests bench
	@$(BIN)/lint-imports
	@cd protos && ../$(BIN)/buf lint && ../$(BIN)/buf format --diff --exit-code

format: $(READY) ## Bring the code into the house's format
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	@cd protos && ../$(BIN)/buf format -w

bench: $(READY) ## Measure speed and memory; ratios of one run
	@$(BIN)/python -m bench $(ARGS)

ci: ## What the integration server runs
	@bash .ci/run

clean: ## Remove what was set up and what ran
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
