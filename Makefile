# make demo    restore the sample images; before/after pictures and results go to ./demo
# make test    every test, the ones with a real napari window included
# make trainable     torch beside it (extra `train`), so that `make test` skips no test; TORCH=torch==2.13.0 names a version
# make check   format, lint, types
# make bench   speed, memory and quality, as tables; DATA=folder for the benchmarks on measured data
# make bench-peers    other packages beside ours, each in an environment of its own; writes docs/performance.md (an hour)
# make bench-history  our own times and memory, by asv
# make clean   remove what the others made
#
# Each sets up ./.venv first if need be. Another Python: make test PYTHON=python3.12. Some tests only: make test ARGS="-k wiener"

PYTHON ?= python3
ARGS =
TORCH = torch
DATA =
VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test trainable check bench bench-peers bench-history clean system-libs FORCE

demo: $(VENV)/.base
	$(BIN)/napari-deconv demo

test: system-libs $(VENV)/.test
	$(BIN)/python -m pytest $(ARGS)

trainable: $(VENV)/.test
	$(PIP) '$(TORCH)'
	$(PIP) --editable '.[test,train]'

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.test
	@sh tools/benchmarks.sh $(BIN)/python $(DATA)

bench-peers: $(VENV)/.base
	$(BIN)/python benchmarks/peers --out docs $(ARGS)

bench-history: $(VENV)/.base
	$(PIP) asv virtualenv
	cd benchmarks/history && ../../$(BIN)/asv machine --yes && ../../$(BIN)/asv run --python=same --set-commit-hash $$(git rev-parse HEAD)

clean:
	rm -rf $(VENV) demo build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

system-libs:
	@sh tools/system-libs.sh

# One stamp per set of packages; a change of pyproject.toml or of the Python asks pip again.
$(VENV)/.base: pyproject.toml $(VENV)/pyvenv.cfg
	@echo "Installing napari-deconv into $(VENV)"
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/pyvenv.cfg
	@echo "Installing napari-deconv, napari and the test tools into $(VENV): about a gigabyte, a minute or two"
	$(PIP) --editable '.[test]'
	@touch $(VENV)/.base $@

$(VENV)/.dev: pyproject.toml $(VENV)/pyvenv.cfg
	@echo "Installing napari-deconv, napari, the test tools and the linters into $(VENV): about a gigabyte, a minute or two"
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/.base $(VENV)/.test $@

# Named on the command line, PYTHON is compared with the environment's each time; else any environment will do.
ifneq ($(origin PYTHON),file)
$(VENV)/pyvenv.cfg: FORCE
endif
$(VENV)/pyvenv.cfg:
	@sh tools/environment.sh '$(PYTHON)' $(VENV)

FORCE:
