# Every command of this project. Values such as PORT=9000 or PYTHON=python3.12 may follow a command.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := deploy/requirements
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
METADATA := setup.cfg pyproject.toml
SEED := $(shell date +%s)
# One more than cores: tests on real processes wait a third of their time.
TEST_WORKERS := $(shell n=$$(nproc); echo $$(( n < 4 ? n + 1 : 4 )))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test screenshots properties faults contract check format docs bench lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

run: $(VENV)/run.stamp ## Start everything on this machine: MongoDB, daemon, API, outbox (PORT, VAR_DIR, MONGODB_URI, SMTP_HOST)
	@$(BIN)/python -m deploy.local

test: $(VENV)/dev.stamp ## Run every test on real parts (ARGS="tests/unit -k cron" chooses)
	@tests/support/install_system_packages
	$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadgroup $(ARGS)

screenshots: $(VENV)/dev.stamp ## Pictures of every screen of the web UI, in two themes and three widths, into var/screenshots
	@tests/support/install_system_packages
	SCREENSHOTS=var/screenshots $(BIN)/python -m pytest tests/browser/test_gallery.py $(ARGS)

properties: $(VENV)/dev.stamp ## The long form of the schedule properties: every zone, many examples (SEED=... repeats a run)
	@echo "hypothesis seed: $(SEED)"
	SCHEDULE_PROPERTIES=long $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --timeout 3600 \
		--hypothesis-seed=$(SEED) tests/unit/shared/schedule_properties $(ARGS)

faults: $(VENV)/dev.stamp ## Kill, freeze, cut and fill everything, for half an hour (ARGS="--suite kill --seed 7 --json FILE")
	$(BIN)/python -m tests.faults $(ARGS)

contract: $(VENV)/dev.stamp ## schemathesis against the running API for long, then the audit (ARGS="--max-examples 200 --seed 7")
	$(BIN)/python -m tests.contract $(ARGS)

check: $(VENV)/dev.stamp ## Formatting, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp ## Bring every file into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/dev.stamp ## Write docs/settings.md, docs/cli.md, deploy/env/*.example and the tables of docs/templates.md
	$(BIN)/python -m deploy.settings_reference
	$(BIN)/python -m deploy.template_reference
	$(BIN)/python -m deploy.cli_reference

bench: $(VENV)/dev.stamp ## Measure against the raw driver
	$(BIN)/python -m tests.benchmarks $(ARGS)

lock: $(VENV)/dev.stamp ## Choose new versions of every dependency within setup.cfg's bounds
	$(PIP_COMPILE) --upgrade --extra embedded --output-file $(LOCKS)/run.lock setup.cfg $(LOCKS)/build.in
	$(PIP_COMPILE) --upgrade --extra dev --constraint $(LOCKS)/run.lock --output-file $(LOCKS)/dev.lock setup.cfg $(LOCKS)/build.in

clean: ## Remove what these commands made, except var/ with your data
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/created.stamp:
	@deploy/requirements/create_venv $(PYTHON) $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/created.stamp $(LOCKS)/run.lock $(METADATA)
	@echo "Installing what it needs into $(VENV) (once, about a minute)"
	@$(PIP_INSTALL) --require-hashes --requirement $(LOCKS)/run.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/created.stamp $(LOCKS)/dev.lock $(METADATA)
	@echo "Installing what development needs into $(VENV) (once, about two minutes)"
	@$(PIP_INSTALL) --require-hashes --requirement $(LOCKS)/dev.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run.stamp
