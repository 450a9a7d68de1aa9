# Two commands do all the set-up: `make demo` and `make test`. Each makes .venv when it is missing.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
TESTS ?= tests

.PHONY: demo gate baseline real test test-containers test-all check golden clean help

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): requirements.txt tests/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there; name another: make PYTHON=..." >&2; exit 1; }
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r tests/requirements.txt
	touch $@

demo: $(STAMP) ## predict, time, score and rank three submissions on both sample folders (no container engine)
	$(BIN)/python -m sample_data.demo --out runs/demo

# Of `make demo`; on another machine its run time says nothing, and the gate skips it.
BASELINES := uusic25 fmc_uia
GATE_OPTIONS ?=

gate: $(STAMP) ## hold the demo's scores of the shipped model against the committed baseline (after make demo)
	for p in $(BASELINES); do $(BIN)/python -m leaderboard gate --baseline sample_data/baseline/$$p/result.json \
		--candidate runs/demo/$$p/lite/result.json $(GATE_OPTIONS) || exit $$?; done

baseline: demo ## run the demo and make its scores of the shipped model the new baseline
	for p in $(BASELINES); do mkdir -p sample_data/baseline/$$p && \
		cp runs/demo/$$p/lite/result.json runs/demo/$$p/lite/cases.csv sample_data/baseline/$$p/ || exit 1; done

PUBLIC = $(ULTRASOUND_PUBLIC_DATA)

real: $(STAMP) ## split the public data sets that lie in ULTRASOUND_PUBLIC_DATA into runs/real/split
	@test -d "$(PUBLIC)" || { echo "ULTRASOUND_PUBLIC_DATA must name the folder of the public data sets" >&2; exit 1; }
	$(BIN)/python -m train prepare --busi $(PUBLIC)/busi --bus-bra $(PUBLIC)/bus_bra --hc18 $(PUBLIC)/hc18 \
		--usgra-seg $(PUBLIC)/usgra_seg --muscle-dltrack $(PUBLIC)/muscle_dltrack --lung-pocus $(PUBLIC)/lung_pocus \
		--split 70,15,15 --seed 1 --out runs/real/split

test: $(STAMP) ## all tests but the slow ones and those of containers, with line coverage of evaluation/ and leaderboard/
	rm -f .coverage .coverage.*
	$(BIN)/pytest -q -m "not slow" -n 2 --cov --cov-report=term --cov-fail-under=95 --ignore tests/container $(TESTS)

test-containers: $(STAMP) ## images and hostile submissions on a real engine; skipped, with the reason, where there is none
	$(BIN)/pytest -q -m "not slow" tests/container

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
