# Two commands do all the set-up: `make demo` and `make test`. Each makes .venv when it is missing.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
TESTS ?= tests

.PHONY: demo test test-all check golden clean help

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): requirements.txt tests/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there; name another: make PYTHON=..." >&2; exit 1; }
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r tests/requirements.txt
	touch $@

demo: $(STAMP) ## predict, time, score and rank three submissions on both sample folders (no container engine)
	$(BIN)/python -m sample_data.demo --out runs/demo

test: $(STAMP) ## all tests but the slow ones, with line coverage of evaluation/ and leaderboard/
	rm -f .coverage .coverage.*
	$(BIN)/pytest -q -m "not slow" -n 2 --cov --cov-report=term --cov-fail-under=95 $(TESTS)

test-all: $(STAMP) ## every test
	$(BIN)/pytest -q $(TESTS)

check: $(STAMP) ## format, lint and types, as in CI
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

golden: $(STAMP) ## rewrite the golden results from the committed predictions
	$(BIN)/python -m sample_data.golden --write

clean: ## remove what can be made again
	rm -rf $(VENV) runs build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
