# Needs Python 3.11 or 3.12, a C compiler and make; everything else is installed into .venv.
PYTHON ?= $(shell for v in python3.12 python3.11 python3 python; do \
	if $$v -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; \
	then echo $$v; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
PROTO_VENV := .venv-proto
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes --no-build-isolation

.DEFAULT_GOAL := help
.PHONY: help demo test check serve proto bench lock format rules clean

help:  ## Say what can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: requirements.lock requirements-build.lock pyproject.toml clients/pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or 3.12 was found; set PYTHON=/path/to/one." >&2; exit 1; }
	@command -v cc >/dev/null || command -v gcc >/dev/null || { \
		echo "No C compiler was found; durable-rules is built from source." >&2; exit 1; }
	@echo "Installing into $(VENV) (about a minute) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements-build.lock
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation -e ./clients -e .
	@touch $@

$(PROTO_VENV)/.installed: requirements-proto.lock
	$(PYTHON) -m venv $(PROTO_VENV)
	$(PROTO_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-proto.lock
	@touch $@

demo: $(VENV)/.installed  ## Play one generated day and open up what came of it.
	$(BIN)/orderhub demo

test: $(VENV)/.installed  ## Run the tests, on SQLite and, where one answers, on PostgreSQL.
	$(BIN)/python -m pytest

check: $(VENV)/.installed $(PROTO_VENV)/.installed  ## Format, lint, types, imports, drift, rules.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PROTO_VENV)/bin/python protos/generate.py --check
	$(BIN)/python -m services.rules check rules
	$(BIN)/python -m services.rules test rules

serve: $(VENV)/.installed  ## Serve everything on this machine until Ctrl-C.
	$(BIN)/python -m services

proto: $(PROTO_VENV)/.installed  ## Generate clients/orderhub from protos/.
	$(PROTO_VENV)/bin/python protos/generate.py

bench: $(VENV)/.installed  ## Measure the end-to-end path and the solvers on this machine.
	$(BIN)/python -m tests.bench

format: $(VENV)/.installed  ## Format, and mend what the linter can mend.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Resolve the pins anew (needs uv on the PATH).
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --no-build-isolation -o requirements.lock \
		requirements.in requirements-dev.in
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate -o requirements-build.lock requirements-build.in
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate -o requirements-proto.lock requirements-proto.in

clean:  ## Remove what was built and generated; the data in .orderhub stay.
	rm -rf $(VENV) $(PROTO_VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis
