# Python 3.11 or newer and make are all this needs; everything else is set up on first use.
PYTHON ?= python3
BIN := .venv/bin
SCHEMAS := build/schemas
# A file stays on one core: its tests share a running fleet, a plan, a recording. In the order they are named in.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

.PHONY: demo test unit explore engine check bench-scale bench-to-zero bench-memory bench-cost bench-join bench-drift year bench-solver bench-correlation bench-emit bench-preview bench-dashboard bench-proposers handwritten pulumi lock stacks clean

demo: .venv/ready
	$(BIN)/covey plan examples/shop --save build/shop.json --report build/shop.html
	$(BIN)/covey emit examples/shop --plan build/shop.json --into build/demo
	$(BIN)/covey preview build/demo --offline

test: .venv/ready pulumi
	$(BIN)/pytest $(PARALLEL)

# The quick ones: no Pulumi CLI, no processes of their own, no browser, no planning of whole examples.
unit: .venv/ready
	$(BIN)/pytest $(PARALLEL) -m "not engine and not plans and not browser"

# Property tests on examples that no run has drawn before.
explore: .venv/ready
	$(BIN)/pytest $(PARALLEL) --hypothesis-profile explore $$(grep -rl "@given" tests)

engine: .venv/ready pulumi
	$(BIN)/pytest $(PARALLEL) -m engine

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/pyright -p stacks --pythonpath $(BIN)/python
	$(BIN)/pyright -p policies --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/covey catalog check
	mkdir -p $(SCHEMAS) && $(BIN)/python -m generator.schemas $(SCHEMAS) && diff -ru schemas $(SCHEMAS)
	! grep -nE 'https?://|--(extra-)?index-url' requirements.lock generator/program/stacks/requirements.txt policies/requirements.txt

bench-scale: .venv/ready
	$(BIN)/python -m benchmarks.scale 100 1000

# Reads the traces where COVEY_TRACES says; see benchmarks/traces.py.
bench-cost: .venv/ready
	$(BIN)/python -m benchmarks.cost --page docs/benchmarks

# What scales to zero against what always runs, on an idle fleet.
bench-to-zero: .venv/ready
	$(BIN)/python -m benchmarks.to_zero

# Large models that are seldom asked: all loaded, or by turns.
bench-memory: .venv/ready
	$(BIN)/python -m benchmarks.memory_bound

bench-solver: .venv/ready
	$(BIN)/python -m benchmarks.solver
	$(BIN)/python -m benchmarks.cp_sat --workloads 60
	$(BIN)/python -m benchmarks.cp_sat --workloads 100 --instances 5
	$(BIN)/python -m benchmarks.bounds --workloads 60
	$(BIN)/python -m benchmarks.bounds --workloads 100 --instances 5

# Blocked partners beside one bare matrix product.
bench-correlation: .venv/ready
	$(BIN)/python -m benchmarks.correlation 1000 4000 10000

bench-proposers: .venv/ready
	$(BIN)/python -m benchmarks.proposers

# Sixty workloads joined one after another, against planning everyone at once; reads the same traces.
bench-join: .venv/ready
	$(BIN)/python -m benchmarks.join

# Changes injected into real traffic: which are found, and what cries wolf.
bench-drift: .venv/ready
	$(BIN)/python -m benchmarks.drift

# The longest trace week by week through observe, learn, drift and regroup; draws docs/year.svg.
year: .venv/ready
	$(BIN)/python -m benchmarks.year --picture

# A plan of ten thousand as a Pulumi project, beside parsing and copying its files.
bench-emit: .venv/ready
	$(BIN)/python -m benchmarks.emit

# Real engine, stand-in providers: growth to 200 groups, and an emitted stack beside its hand-written twin.
bench-preview: .venv/ready pulumi
	$(BIN)/python -m benchmarks.preview

# The correlation graph in Chromium: first picture and time a frame.
bench-dashboard: .venv/ready
	$(BIN)/python -m benchmarks.dashboard

# After the emitted program has changed.
handwritten: .venv/ready
	$(BIN)/python -m benchmarks.handwritten.transcribe

# The CLI on PATH if it fits, else one built from Go modules into a cache outside the tree.
pulumi:
	tools/build-pulumi

# The emitted examples/paper fleet at the root of this repository.
stacks: .venv/ready
	COVEY_JOURNAL=none $(BIN)/covey emit examples/paper --into .

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-strip-extras --all-extras pyproject.toml -o requirements.lock

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	mkdir -p build
	touch $@

clean:
	rm -rf build .venv
