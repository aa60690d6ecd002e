# Everything lives in .venv, which `setup` makes; the other targets depend on it.
# A second run does only what changed. `make help` lists what there is.

.DEFAULT_GOAL := help
SHELL := /bin/bash
STEP := .ci/step
NPM := python hatch_build.py npm
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help setup browser demo test check bench attacks soak mutants pictures unit integration e2e clean \
	check-format check-lint check-types check-imports check-generated check-web-types check-web

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "\033[36m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv: packages, front ends (as root, or as a user with sudo)
	@.ci/setup

browser: setup ## Install Chromium and a Chinese font, if they are missing
	@.ci/setup browser

demo: setup ## Run everything on this machine: server, a kiosk for you, bots for the others
	@xiaowu demo

test: check integration e2e ## Run everything, the browser tests too

check: check-format check-lint check-types check-imports check-generated check-web-types check-web unit ## Run what needs no network and no browser

bench: browser ## Measure call set-up and the reconnect storm against their baselines
	@python -m benchmarks

attacks: setup ## Attack the witness with every recording there is; what gets past it, with bounds
	@python -m benchmarks.attacks

check-format: setup
	@$(STEP) "format (ruff)" ruff format --check .

check-lint: setup
	@$(STEP) "lint (ruff)" ruff check .

check-types: setup
	@$(STEP) "types (mypy --strict)" mypy

check-imports: setup
	@$(STEP) "who imports whom (import-linter)" lint-imports

check-generated: setup
	@$(STEP) "state charts are up to date" python -m service_queue.charts --check
	@$(STEP) "protocol schema is up to date" python -m signaling.protocol.schema --check
	@$(STEP) "protocol types are up to date" $(NPM) run protocol:check --workspace signaling/web --silent

check-web-types: setup
	@$(STEP) "front end types (vue-tsc)" $(NPM) run typecheck --workspaces --if-present --silent

check-web: setup
	@$(STEP) "front end tests (vitest)" $(NPM) run test --workspaces --if-present --silent

unit: setup ## Run the unit tests
	@pytest -q tests/unit

# The Chinese font with which cards are drawn comes along with the browser.
integration: browser ## Run the tests with real sockets, a real database and real media
	@pytest -q tests/integration

# A process of its own: the browser's event loop and pytest-asyncio's must not meet.
e2e: browser ## Run the tests in a real Chromium
	@pytest -q tests/e2e

soak: setup ## Run 100,000 seeds of the service under faults (hours)
	@XIAOWU_FAULT_SEEDS=100000 pytest -q tests/integration/test_faults.py

mutants: setup ## Change the rules of the queue one way at a time and see which tests notice
	@pip install -q -c constraints.txt cosmic-ray && python -m benchmarks.mutants

pictures: browser ## Take the README's pictures anew from a running demo
	@python docs/take_pictures.py

clean: ## Remove .venv, node_modules and everything built
	@rm -rf .venv node_modules */web/node_modules kiosk_client/static seat_server/static
