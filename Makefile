# Set-up and everyday targets. A bare `make` lists them.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The version of $(PYTHON), whether that is old or new, and the interpreter behind it: in a shell where .venv is
# activated, $(PYTHON) is the one of .venv, which cannot make .venv anew.
ASK := import sys; v = sys.version_info; old = "old" if v < (3, 11) else "new"; \
  print("%d.%d %s %s" % (v[0], v[1], old, getattr(sys, "_base_executable", sys.executable)))
FOUND := $(shell $(PYTHON) -c '$(ASK)' 2>/dev/null)
VERSION := $(word 1,$(FOUND))
BASE := $(wordlist 3,99,$(FOUND))
NEW_ENOUGH = $(if $(filter new,$(word 2,$(FOUND))),,\
  $(error packdepth needs Python 3.11 or newer; \
  $(if $(VERSION),$(PYTHON) is $(VERSION),there is no $(PYTHON) here); name another, as in: make PYTHON=python3.12))
IS_VERSION := import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(VERSION)")
MADE := $(file <.venv/ready)
MADE_HERE := $(and $(filter $(VERSION),$(MADE)),$(findstring in $(CURDIR)//,$(MADE)))
MADE_ELSEWHERE := $(and $(MADE),$(if $(MADE_HERE),,yes))

.PHONY: help study test test-quick check bench sync page api docs docs-bench pins clean another-python

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# .venv/ready holds the version of the Python that made it, and where: in a copy, its programs would run the original.
.venv/ready: pyproject.toml constraints.txt $(if $(MADE_HERE),,another-python)
	$(NEW_ENOUGH)$(if $(MADE_ELSEWHERE),@echo '.venv is of another folder or Python; it is made anew')
	@$(if $(MADE_ELSEWHERE),,$(BIN)/python -c '$(IS_VERSION)' 2>/dev/null ||) '$(BASE)' -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[workflow,dev]'
	@printf '%s in %s//\n' '$(VERSION)' "$$(pwd -P)" > $@

study: .venv/ready  ## set up, then run the study at the scale of params.yaml and print its table
	snakemake --cores $(CORES) --resources gpu=1
	@cat "results/$$(packdepth scale)/tables/report.md"

test: check  ## set up, then check the code and run all tests
	pytest -n 2 --dist worksteal

test-quick: .venv/ready  ## the tests that take a moment each: no long training, neither Snakemake nor DVC
	pytest -n 2 --dist worksteal -m "not slow and not workflow"

check: .venv/ready  ## ruff and mypy
	ruff check
	ruff format --check
	mypy

bench: .venv/ready  ## what a training step costs; against the published code where REFERENCE= names a checkout of packnet-sfm
	python benchmarks/loader.py
	python benchmarks/networks.py $(if $(REFERENCE),--reference $(REFERENCE))
	python benchmarks/report.py

sync: .venv/ready  ## make Snakemake and DVC agree on what is current
	python workflow/sync.py

page: .venv/ready  ## one page of the scale's results, to look at in a browser
	packdepth show

# One module cannot be imported without Triton.
api: .venv/ready  ## a page for every module, made from the docstrings, in build/api
	pdoc --docformat google --output-directory build/api \
	  $$(cd src && find packdepth -name '*.py' ! -name __main__.py | sed 's|/__init__||; s|\.py$$||; s|/|.|g' | sort) \
	  '!packdepth.models.fast.group_norm_elu'

docs: .venv/ready  ## copy the scale's floors, tables, figures, gathered runs and verdict to docs/results/
	scale=$$(packdepth scale) && mkdir -p docs/results/$$scale && for what in floors.csv tables figures gathered verdict; do \
	  test ! -e results/$$scale/$$what || cp -rL results/$$scale/$$what docs/results/$$scale/ || exit; done

docs-bench: .venv/ready  ## the same for what `make bench` measured
	mkdir -p docs/results/bench
	cp results/bench/*.csv results/bench/*.json results/bench/*.md results/bench/*.png docs/results/bench/

pins: .venv/ready  ## write constraints.txt from this environment, with every extra
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[workflow,dev,s3,slurm]'
	{ head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu//'; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## remove results, data and resume states (DVC's cache stays)
	rm -rf results/*/ data .packdepth .snakemake
