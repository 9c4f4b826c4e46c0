# The project's commands. Each installs what it needs into .venv first, and only when the lists have changed.

PYTHON ?= python3
PORT ?= 8501
VENV := .venv
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup app test hostile check constraints audit licences release docs bench screenshots chaos load

help:  ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 13

setup: $(VENV)/.application  ## create .venv and install the requirements, each package in its version in constraints.txt

app: setup  ## start the dashboard; PORT=8601 chooses the port
	@$(RUN) -m bcos_core app --port $(PORT)

# A process for each core, and one thread in each. Tests of one file stay together: what they share is made once.
test: $(VENV)/.development  ## run every test; TESTS=tests/jobs chooses some, DATABASE=postgresql runs them on PostgreSQL
	OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile \
		$(if $(DATABASE),--database=$(DATABASE)) $(TESTS)

hostile: $(VENV)/.development  ## send hostile input to everything that strangers reach, 100,000 cases in half an hour; CASES=5000: fewer, SEED=1
	OMP_NUM_THREADS=1 $(RUN) -m tests.hostile $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED))

check: $(VENV)/.development  ## check style, types, what may import what, pinned versions, hashes, licences
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	$(RUN) .ci/constraints.py
	$(RUN) .ci/hashes.py
	$(RUN) .ci/licences.py --quiet

constraints:  ## pin what is installed, and the hashes of its files, after a change of the requirements: pip install -r first
	$(RUN) .ci/constraints.py --write
	$(RUN) .ci/hashes.py --write

audit: $(VENV)/.development  ## known vulnerabilities of every pinned package; needs the network
	@$(RUN) .ci/audit.py

licences: $(VENV)/.development  ## the licence of every package that the requirements bring
	@$(RUN) .ci/licences.py

release: $(VENV)/.development  ## the present commit as an archive, with a list of its parts and checksums, in build/release
	@$(RUN) .ci/release.py

docs: $(VENV)/.development  ## build the API reference from the docstrings, in build/reference
	@PYTHONPATH=. $(RUN) .ci/reference.py

bench: $(VENV)/.application  ## measure every figure of the README again, briefly; FULL=1: as they stand there, in hours
	$(RUN) -m bcos_core reproduce ours $(if $(FULL),--scale small,--quick)

chaos: $(VENV)/.development  ## kill, stop, fill, cut and turn back while jobs and raters work; INJECTIONS=30 SEED=1 DATABASE=postgresql RAY=no
	@$(RUN) -m tests.chaos --injections $(or $(INJECTIONS),100) --seed $(or $(SEED),0) --database $(or $(DATABASE),sqlite) \
		$(if $(filter no,$(RAY)),--without-ray)

load: $(VENV)/.development  ## fifty people who compare texts at once: seconds to a heatmap, and the server's memory after they have gone
	@$(RUN) -m benchmarks load

screenshots: $(VENV)/.development  ## a picture of every page, in build/screenshots, after half an hour of making what they show; TINY=1: minutes
	@PYTHONPATH=. $(RUN) .ci/screenshots.py $(if $(TINY),--tiny)

$(RUN):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python's venv module is needed; on Debian: apt-get install python3-venv"; exit 1; }

# A stamp is newer than the list that was installed; a list that changes is installed again.
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# First what has hashes, none of which may differ; then what a host has in a build of its own, by version.
HASHED := $(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

$(VENV)/.application: requirements.txt requirements-no-deps.txt constraints.txt hashes.txt | $(RUN)
	@echo "Installing requirements.txt into $(VENV); the first time takes some minutes."
	@$(HASHED) -r hashes.txt
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps -r requirements-no-deps.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt requirements.txt requirements-no-deps.txt constraints.txt hashes.txt hashes-dev.txt | $(RUN)
	@echo "Installing requirements-dev.txt into $(VENV); the first time takes some minutes."
	@$(HASHED) -r hashes.txt -r hashes-dev.txt
	@$(PIP) -r requirements-dev.txt
	@$(PIP) --no-deps -r requirements-no-deps.txt
	@touch $(VENV)/.application $@
