# Every door of the project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

export AWS_EC2_METADATA_DISABLED := true
export CDK_DISABLE_CLI_TELEMETRY := true

.PHONY: help
help: ## list the doors
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- set-up: each environment is made when first needed and again when its requirements change ----

.venv/.done: requirements-dev.txt
	$(PYTHON) tools/make_environment.py .venv requirements-dev.txt

.venv-localcloud/.done: cutwatch/localcloud/requirements.txt
	$(PYTHON) tools/make_environment.py .venv-localcloud cutwatch/localcloud/requirements.txt

.PHONY: install
install: .venv/.done native ## make .venv with everything that development needs, and build the forest
	@:

.PHONY: native
native: .venv/.done ## build the forest's C core for this machine (cached)
	@$(BIN)/python -m tools.build_native

# ---- checks ----

.PHONY: check
check: install ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: lock
lock: .venv/.done ## compile every requirements.in into its pinned, hashed .txt
	@for f in requirements requirements-build requirements-dev cutwatch/requirements cutwatch/localcloud/requirements lambdas/requirements bench/requirements; do \
	  echo "$$f.txt"; $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url $$f.in -o $$f.txt; done
