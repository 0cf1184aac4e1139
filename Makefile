# Fallow's commands. `make help` lists them; each is safe to repeat.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
PYTHON ?= python3.11
BIN := .venv/bin
READY := build/ready
step = @printf '\n\033[1m==> %s\033[0m\n' "$(1)"
ifdef NO_COLOR
step = @printf '\n==> %s\n' "$(1)"
endif

.PHONY: help demo test setup setup-dev packages lint format brownie contracts-test slither brownie-test web-test python-test e2e bench mutation locks types clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## run the main job on embedded parts (KEEP=1 leaves it running)
	$(call step,demo: strangers' devices embed real text, and one of them cheats)
	@$(BIN)/python -m deploy.demo $(if $(KEEP),--keep)

test: packages setup-dev ## set up and pass every check
	@deploy/host/with-engine $(MAKE) --no-print-directory lint contracts-test slither brownie-test web-test python-test e2e
	$(call step,every check passed)

setup: $(READY)/python $(READY)/web ## what running needs: Python environment and web app

setup-dev: $(READY)/python-dev $(READY)/web $(READY)/contracts ## setup, and every checker

packages: ## the Debian packages that the checks need (installs them when root)
	@deploy/host/packages

$(READY)/python: locks/runtime.txt pyproject.toml
	$(call step,Python environment from locks/runtime.txt)
	@deploy/host/environment $(PYTHON) locks/runtime.txt
	@mkdir -p $(@D) && touch $@

$(READY)/python-dev: locks/dev.txt pyproject.toml
	$(call step,Python environment from locks/dev.txt)
	@deploy/host/environment $(PYTHON) locks/dev.txt
	@mkdir -p $(@D) && touch $@ $(READY)/python

# The web app ships a program, and serves what is in frontend/dist.
WEB_SOURCES := $(shell find frontend/src frontend/public -type f) $(wildcard frontend/*.ts frontend/*.json frontend/*.html images/wasm/built/*.wasm)

$(READY)/web-packages: frontend/package-lock.json
	$(call step,web app's packages)
	@cd frontend && npm ci --no-audit --no-fund
	@mkdir -p $(@D) && touch $@

$(READY)/web: $(READY)/web-packages $(WEB_SOURCES)
	$(call step,web app)
	@cd frontend && npm run --silent build
	@touch $@

$(READY)/contracts: contracts/package-lock.json
	$(call step,contract tools)
	@cd contracts && npm ci --no-audit --no-fund
	@mkdir -p $(@D) && touch $@

$(READY)/brownie-environment: locks/brownie.txt
	$(call step,Brownie's environment from locks/brownie.txt)
	@mkdir -p build/brownie
	@deploy/host/environment $(PYTHON) locks/brownie.txt build/brownie/venv
	@mkdir -p $(@D) && touch $@

# Compiled here, so that the console opens at once.
BROWNIE_SOURCES := $(wildcard contracts/brownie-config.yaml contracts/tools/*) $(shell find contracts/src -name '*.sol')

$(READY)/brownie: $(READY)/brownie-environment $(READY)/contracts $(BROWNIE_SOURCES)
	$(call step,contracts in Brownie)
	@cd contracts && tools/brownie compile >/dev/null
	@touch $@

$(READY)/slither-environment: locks/slither.txt
	$(call step,Slither's environment from locks/slither.txt)
	@mkdir -p build/slither
	@deploy/host/environment $(PYTHON) locks/slither.txt build/slither/venv
	@mkdir -p $(@D) && touch $@

lint: setup-dev ## formatters, linters, types, import rules, locks
	$(call step,lint)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd contracts && npm run --silent fmt:check
	@cd frontend && npm run --silent check
	@deploy/host/no-addresses

format: setup-dev ## rewrite everything in the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	@cd contracts && npm run --silent fmt
	@cd frontend && npm run --silent format

brownie: $(READY)/brownie ## Brownie for contracts/, in an environment of its own
	@echo "Beside a running Fallow (fallow up):  cd contracts && tools/brownie console"

contracts-test: $(READY)/contracts ## Forge tests, and drift of storage, artefacts and gas
	$(call step,contracts)
	@cd contracts && npm run --silent test && npm run --silent layout:check && npm run --silent artifacts:check && npm run --silent gas:check

slither: $(READY)/slither-environment $(READY)/contracts ## static analysis of the contracts, each finding explained
	$(call step,Slither)
	@build/slither/venv/bin/python contracts/tools/slither

brownie-test: setup-dev $(READY)/brownie ## operators' scripts and the console, on real chains
	$(call step,Brownie)
	@$(BIN)/python -m pytest tests/contracts

web-test: setup ## unit tests of the web app, and drift of its types
	$(call step,web app)
	@cd frontend && npm run --silent types:check && npm test

python-test: setup-dev ## pytest, with a real chain, databases, broker and containers
	$(call step,pytest)
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/contracts # brownie-test's

e2e: setup-dev ## a browser drives the running stack
	$(call step,browser)
	@$(BIN)/python -m deploy.stack --run 'cd frontend && npm run --silent e2e'

bench: setup-dev ## measure, and write bench/results.json
	@$(BIN)/python -m bench

mutation: $(READY)/contracts ## change the contracts at random, and see whether a test notices (SAMPLE=100 SEED=1)
	@cd contracts && tools/mutate --sample $(or $(SAMPLE),100) --seed $(or $(SEED),1)

locks: ## resolve the Python locks anew (needs uv)
	@locks/lock.sh

types: setup ## the web app's types from the market's OpenAPI
	@cd frontend && npm run --silent types

clean: ## forget everything that was built
	@rm -rf build .venv frontend/node_modules frontend/dist contracts/node_modules contracts/out contracts/cache
