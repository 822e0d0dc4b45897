# Every door of the project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

STAGE ?= dev
# What the analytics application runs on in the local cloud: embedded, or flink. On AWS it is always flink.
ENGINE ?= embedded
FLINK := $(if $(filter flink,$(ENGINE)),.venv-flink/.done)
PACKAGE = $(if $(FLINK),--flink)
export CDK_DISABLE_CLI_TELEMETRY := true

.PHONY: help
help: ## list the doors
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- set-up: each environment is made when first needed and again when its requirements change ----

.venv/.done: requirements-dev.txt
	$(PYTHON) tools/make_environment.py .venv requirements-dev.txt

.venv-localcloud/.done: cutwatch/localcloud/requirements.txt
	$(PYTHON) tools/make_environment.py .venv-localcloud cutwatch/localcloud/requirements.txt

.venv-deepar/.done: cutwatch/deepar/requirements.txt
	$(PYTHON) tools/make_environment.py .venv-deepar cutwatch/deepar/requirements.txt

.venv-flink/.done: flink/requirements.txt
	$(PYTHON) tools/make_environment.py .venv-flink flink/requirements.txt

node_modules/.done: package-lock.json .npmrc .venv/.done
	$(BIN)/npm ci --no-progress --loglevel=error
	@touch $@

.PHONY: install
install: .venv/.done node_modules/.done native ## make .venv with everything that development needs, and build the forest
	@:

.PHONY: native
native: .venv/.done ## build the forest's C core for this machine (cached)
	@$(BIN)/python -m tools.build_native

# ---- run ----

.PHONY: demo
demo: install package .venv-localcloud/.done .venv-deepar/.done $(FLINK) ## the whole line on this machine; CLICKS=file LABELS=file for your own clicks; ENGINE=flink
	@CUTWATCH_ENGINE=$(ENGINE) $(BIN)/python -m cutwatch demo $(if $(CLICKS),--clicks $(CLICKS)) $(if $(LABELS),--labels $(LABELS)) $(DEMO)

.PHONY: package
package: install ## lay out what is deployed: the functions' folders and the application's zip
	@$(BIN)/python -m tools.package_functions
	@$(BIN)/python -m tools.package_application $(if $(SQL),--sql $(SQL)) $(PACKAGE)

# ---- an AWS account ----

CDK := $(BIN)/node node_modules/aws-cdk/bin/cdk
CONTEXT := -c stage=$(STAGE) $(if $(EMAIL),-c alarms.emails=$(EMAIL)) $(SET:%=-c %)

.PHONY: synth
synth: package ## synthesise the stacks of STAGE into cdk.out, checked, without an account; SET="alarms.sigma=4 ..."
	@$(CDK) synth --quiet $(CONTEXT)

.PHONY: deploy
deploy: PACKAGE = --deploy
deploy: package ## deploy STAGE into the account of your AWS credentials; EMAIL=me@example.com
	$(CDK) deploy --all $(CONTEXT)

.PHONY: replay
replay: install ## send the sample (or CLICKS=file) to STAGE, its times shifted so that live ticks do not make it late
	$(BIN)/python -m cutwatch replay --stage $(STAGE) --shift-to-now $(if $(CLICKS),--clicks $(CLICKS))

.PHONY: train
train: install ## train the SageMaker models of STAGE now, and follow it
	$(BIN)/python -m cutwatch train --stage $(STAGE)

.PHONY: destroy
destroy: package ## remove STAGE and prove that nothing is left
	$(CDK) destroy --all --force $(CONTEXT)
	$(BIN)/python -m cutwatch inventory --stage $(STAGE) --expect-none

.PHONY: cost
cost: .venv/.done ## estimate what STAGE costs a month while it idles; SET="models=off ..."
	@$(BIN)/python -m tools.estimate_cost $(SET)

.PHONY: settings
settings: .venv/.done ## print the reference of all settings
	@$(BIN)/python -m tools.print_settings

.PHONY: wheel
wheel: .venv/.done ## wheels with the compiled forest for Linux x86-64 and aarch64 and macOS arm64, into dist
	@$(BIN)/python -m tools.build_wheels $(PLATFORMS)

.PHONY: bench
bench: install ## the forest's fidelity to the real service, and its speed against its peers
	$(BIN)/python bench/fidelity.py
	$(BIN)/python bench/forest.py

# ---- checks ----

.PHONY: test
test: check package .venv-localcloud/.done .venv-deepar/.done .venv-flink/.done ## every test, after ruff and mypy
	$(BIN)/pytest $(TESTS)

.PHONY: test-flink
test-flink: install package .venv-localcloud/.done .venv-flink/.done ## every test of the Flink engine, also those that `make test` leaves out
	CUTWATCH_ALL_FLINK_TESTS=1 $(BIN)/pytest tests/sql/test_flink.py tests/unit/sql/test_flink_parts.py tests/unit/runtime/test_feeder.py tests/e2e/test_flink_restart.py tests/e2e/test_flink_application.py

.PHONY: snapshot
snapshot: package ## accept the stacks as they are now into the tests' snapshot
	CUTWATCH_ACCEPT_SNAPSHOT=1 $(BIN)/pytest -q tests/infra/test_snapshot.py

.PHONY: check
check: install ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: lock
lock: .venv/.done ## compile every requirements.in into its pinned, hashed .txt
	@for f in requirements requirements-build requirements-dev cutwatch/requirements cutwatch/localcloud/requirements cutwatch/deepar/requirements lambdas/requirements bench/requirements flink/requirements; do \
	  echo "$$f.txt"; $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url $$f.in -o $$f.txt; done
	$(BIN)/uv pip compile -q --python-version 3.12 --python-platform x86_64-manylinux_2_28 --generate-hashes --no-header --no-emit-index-url flink/packages.in -o flink/packages.txt
