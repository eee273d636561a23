# Two commands on a fresh machine (git, Python 3.11 or newer, make): `make demo` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := all
.PHONY: all demo test format lint types imports tests slow compat frontend bundle docs site parity golden bench dist lock clean

all: format lint types imports tests

demo: $(READY)  ## ingest the bundled tenant and print its unit-cost matrix
	$(BIN)/pertoken demo

test: $(READY)  ## everything that CI runs
	$(BIN)/ruff format --check src tests benchmarks
	$(MAKE) lint types imports tests compat

format: $(READY)  ## format the code
	$(BIN)/ruff format src tests benchmarks

lint: $(READY)  ## ruff, every rule but those explained in pyproject.toml
	$(BIN)/ruff check src tests benchmarks

types: $(READY)  ## mypy, strict
	$(BIN)/mypy

imports: $(READY)  ## the floors: imports point down
	$(BIN)/lint-imports

tests: $(READY)  ## all tests but the slow ones, documentation included
	scripts/install-chromium.sh
	scripts/install-azurite.sh
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

slow: $(READY)  ## what takes many minutes: 200 killed ingests, random orders
	$(BIN)/pytest -n 2 --dist worksteal -m slow

compat: $(READY)  ## the rooms that speak SQL and the commands, on the oldest DuckDB that is supported
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --target $(VENV)/duckdb-1 \
	  --upgrade -r requirements/duckdb-1.txt
	PYTHONPATH=$(VENV)/duckdb-1 $(BIN)/pytest -n 2 tests/engine tests/normalize tests/quantities \
	  tests/unit_economics tests/conformance tests/hub/test_hub_commit.py tests/cli -m "not slow"

frontend:  ## build the page anew (needs Node 20.19)
	bash scripts/check-frontend.sh --build

bundle:  ## prove that the committed page is what its source builds
	bash scripts/check-frontend.sh

docs: $(READY)  ## the tests that hold the documentation to the code
	$(BIN)/pytest tests/docs

site: $(READY)  ## the documentation as a site, in site/
	$(BIN)/zensical build --strict

parity: $(READY)  ## the same transforms on DuckDB and on Spark Connect
	$(BIN)/pytest tests/parity

golden: $(READY)  ## write the golden files anew; review the diff
	PERTOKEN_GOLDEN=1 $(BIN)/pytest tests/reports tests/cli

bench: $(READY)  ## ratios against baselines of the same run
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/bench_split.py
	scripts/install-azurite.sh
	$(BIN)/python benchmarks/bench_stores.py

dist: $(READY)  ## what a release consists of: wheel, sdist, bill of materials, notes
	scripts/make-dist.sh $(BIN)

lock: $(READY)  ## compile the locked requirements anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --group docs --group lint --group test --group web-test --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --output-file requirements/dev.txt

$(READY): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

clean:  ## remove what these commands made
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
