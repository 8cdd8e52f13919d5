# `make demo` and `make test` do everything on a machine with Python 3.11+, git and make.

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test soak lint docs site bench clean

demo: $(STAMP)
	$(BIN)/arckode demo $(if $(KEEP),--keep)

test: $(STAMP) lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Longer, and different on every run: what `make test` does in small.
soak: $(STAMP)
	ARCKODE_FUZZ=20 $(BIN)/python -m pytest tests/stubs/test_module_fuzz.py -q
	ARCKODE_FUZZ_REQUESTS=3000 $(BIN)/python -m pytest tests/e2e/test_databases.py -q -k junk
	ARCKODE_AUTH=1 $(BIN)/python -m pytest tests/stubs/test_auth.py tests/e2e/test_guarded_everything.py -q \
		-k "server or own_tests"
	ARCKODE_SCHEMATHESIS=300 ARCKODE_SCHEMATHESIS_SEED=$$(date +%s) \
		$(BIN)/python -m pytest tests/e2e/test_schemathesis.py -q
	ARCKODE_SOAK_KILLS=200 ARCKODE_SOAK_ROUNDS=50 $(BIN)/python -m pytest tests/migrations/test_faults.py -q
	ARCKODE_SOAK_MODELS=100 $(BIN)/python -m pytest tests/migrations/test_model_fields.py -q
	ARCKODE_REAL_SCHEMA=1 $(BIN)/python -m pytest tests/migrations/test_real_schema.py -q
	ARCKODE_MUTATE=1 $(BIN)/python -m pytest tests/rules/test_rule_mutation.py -q
	ARCKODE_DRIFT=1 $(BIN)/python -m pytest tests/rules/test_schema_drift.py -q
	ARCKODE_STANDING=400 ARCKODE_STANDING_SEED=$$(date +%s) $(BIN)/python -m pytest tests/rules/test_standing.py -q
	ARCKODE_ROOTS=5000 ARCKODE_EDITS=250 ARCKODE_INVERSES=40 ARCKODE_WALKS=8 ARCKODE_KILLS=1 ARCKODE_PLACES=1 \
		$(BIN)/python -m pytest tests/keeping -q -n $(WORKERS)
	ARCKODE_JOBS=100000 $(BIN)/python -m pytest tests/kernel/test_queue_load.py -q -s
	ARCKODE_EVENT_KILLS=20 $(BIN)/python -m pytest tests/kernel/test_event_outbox.py -q -k killed
	ARCKODE_STORE_KILLS=200 $(BIN)/python -m pytest tests/kernel/test_event_stores_outside.py -q -k killed
	ARCKODE_EVENTS=3000 $(BIN)/python -m pytest tests/kernel/test_event_bus_restarts.py -q
	ARCKODE_FOLLOWER_KILLS=50 $(BIN)/python -m pytest tests/kernel/test_projections.py -q -k killed
	ulimit -n 20000 && ARCKODE_SOCKETS=5000 $(BIN)/python -m pytest tests/kernel/test_websockets.py \
		tests/kernel/test_streams.py -q -s -k idle
	ARCKODE_IMAGE=1 $(BIN)/python -m pytest tests/frontend/test_serving.py -q -k image
	ARCKODE_WALK=1 $(BIN)/python -m pytest tests/frontend/test_pages.py -q -k walk
	ARCKODE_FUZZ_CLIENTS=2000 $(BIN)/python -m pytest tests/client/test_fuzz.py -q
	ARCKODE_FUZZ_PYTHON_CLIENTS=400 $(BIN)/python -m pytest tests/client/test_python_fuzz.py -q
	ARCKODE_CIRCLES=5000 $(BIN)/python -m pytest tests/client/test_circles.py -q
	ARCKODE_DOCUMENTS=1 $(BIN)/python -m pytest tests/client/test_real_documents.py -q
	ARCKODE_HOOK=1 $(BIN)/python -m pytest tests/rules/test_hook.py tests/rules/test_gate.py -q
	ARCKODE_SITE=1 $(BIN)/python -m pytest tests/docs/test_site.py tests/docs/test_screenshots.py -q

# The pages that are generated from rules, commands and fields; a test fails when they are stale.
docs: $(STAMP)
	$(BIN)/python -m arckode_analyzers.docs docs/reference/rules
	$(BIN)/python -m tests.docs.generate

# The site; a broken link or anchor is an error. `--clean` would empty .cache, where the packages from npm are too.
site: $(STAMP)
	rm -rf dist/site .cache/[0-9]*
	$(BIN)/zensical build --strict --config-file .zensical.toml

bench: $(STAMP)
	for script in tests/bench/bench_*.py; do PYTHONPATH=templates/kernel $(BIN)/python -m tests.bench.$$(basename $$script .py) || exit 1; done

clean:
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis dist

# uv when it is there, venv and pip otherwise; always an environment of our own, because the system's may be managed.
$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "arckode needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
		uv pip install --quiet --python $(BIN)/python -e . --group dev; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . --group dev; \
	fi
	@touch $@
