# make serve starts Glimway, make test runs every test; both need only Python 3.11+ and make.
# ARGS reaches the command: make serve ARGS="--port 9000", make test ARGS="tests/test_house.py -v".

ARGS =
PYTEST = .venv/bin/pytest
# They fill the machine and measure time: beside others they would measure those.
ALONE = tests/drills tests/soak

.PHONY: help serve test setup check fix bench drill fuzz soak lock environment dev-environment

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1	/p' Makefile

serve: environment ## start Glimway on 127.0.0.1:8000
	@exec .venv/bin/glimway serve $(ARGS)

test: dev-environment ## every test
	@scripts/packages test
	@scripts/judges
ifeq ($(ARGS),)
	@$(PYTEST) -n 2 $(addprefix --ignore=,$(ALONE))
	@$(PYTEST) -n 0 $(ALONE)
else
	@$(PYTEST) -n 2 $(ARGS)
endif

setup: environment ## the environment only

check: dev-environment ## lint, format, types, house rules
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@$(PYTEST) --quiet tests/test_house.py

fix: dev-environment ## mend what lint and format can mend by themselves
	@.venv/bin/ruff check --fix-only .
	@.venv/bin/ruff format .

bench: dev-environment ## the benchmark with its table
	@scripts/packages bench
	@.venv/bin/python bench/run.py --check $(ARGS)

drill: dev-environment ## crash drills at length
	@scripts/packages test
ifeq ($(ARGS),)
	@$(PYTEST) -n 2 -m drill --timeout 1800 $(addprefix --ignore=,$(ALONE))
	@$(PYTEST) -n 0 -m drill --timeout 1800 $(ALONE)
else
	@$(PYTEST) -n 0 -m drill --timeout 1800 $(ARGS)
endif

fuzz: dev-environment ## the property tests and mutated requests, 20,000 examples each
	@$(PYTEST) -n 2 -m "hypothesis or fuzz" --timeout 1800 --hypothesis-profile fuzz $(ARGS)

soak: dev-environment ## half an hour of load
	@scripts/packages test
	@$(PYTEST) -m soak --timeout 7200 $(ARGS)

lock: ## write the locks anew (needs uv); ARGS="--upgrade" moves on
	@scripts/lock $(ARGS)

environment:
	@scripts/environment run

dev-environment:
	@scripts/environment dev
