# Set-up and everyday targets. A bare `make` lists them.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
SCALE := $(shell sed -n 's/^scale: *\([a-z0-9-]*\).*/\1/p' params.yaml)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help study test check bench sync publish publish-temporal publish-verdict publish-bench pins clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

study: .venv/ready  ## set up, then run the study at the scale of params.yaml and print its table
	snakemake --cores $(CORES) --resources gpu=1
	@cat results/$(SCALE)/tables/table.md

test: check  ## set up, then check the code and run all tests
	pytest -n 2 --dist worksteal

check: .venv/ready  ## ruff and mypy
	ruff check
	ruff format --check
	mypy

bench: .venv/ready  ## what a training step costs, beside the published code where REFERENCE= names a checkout of packnet-sfm
	python benchmarks/loader.py
	python benchmarks/networks.py $(if $(REFERENCE),--reference $(REFERENCE))
	python benchmarks/report.py

sync: .venv/ready  ## make Snakemake and DVC agree on what is current
	python workflow/sync.py

publish: .venv/ready  ## copy the scale's tables, figures and provenance to docs/results/
	mkdir -p docs/results/$(SCALE)
	cp results/$(SCALE)/tables/* results/$(SCALE)/figures/*.png docs/results/$(SCALE)/

publish-temporal: .venv/ready  ## the same for what learns from neighbouring frames
	mkdir -p docs/results/$(SCALE)/temporal
	cp results/$(SCALE)/temporal/tables/* results/$(SCALE)/temporal/figures/*.png docs/results/$(SCALE)/temporal/

publish-verdict: .venv/ready  ## the verdict, with its tables and figures, to docs/
	mkdir -p docs/verdict
	cp results/$(SCALE)/verdict/verdict.md docs/
	cp results/$(SCALE)/verdict/verdict/* docs/verdict/

publish-bench: .venv/ready  ## the same for what `make bench` measured
	mkdir -p docs/results/bench
	cp results/bench/*.csv results/bench/*.json results/bench/*.md results/bench/*.png docs/results/bench/

pins:  ## write constraints.txt from this environment
	{ head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu//'; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## remove results, data and resume states (DVC's cache stays)
	rm -rf results/*/ data .packdepth .snakemake
