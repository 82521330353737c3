# Two commands: `make run` (ONCE=1 ends after printing) and `make test`.
# `make bench SUITE=core` measures; `make lint` runs the linters.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: run test bench lint figures clean

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "flexclear needs Python 3.11, 3.12 or 3.13, this is %d.%d; name another with make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev --editable .
	@touch $(READY)

run: $(READY)
	$(BIN)/flexclear db upgrade
	$(BIN)/flexclear demo
ifneq ($(ONCE),1)
	$(BIN)/flexclear serve
endif

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks $(or $(SUITE),core) $(if $(DATA),--data $(DATA))

figures: $(READY)
	$(BIN)/flexclear figures docs

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
