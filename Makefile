# Waymark: set up, run, test. `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
WAYMARK := $(BIN)/waymark
# Tests never touch the keys, pages and data of the service that `make run` serves.
TEST := $(CURDIR)/build/test
# Tests wait for disks and browsers half of their time, so three share two cores well; never fewer than four.
WORKERS ?= $(shell cores=$$(nproc); echo $$((cores * 3 / 2 > 4 ? cores * 3 / 2 : 4)))
# Drawn once: what is printed is what is used.
ifndef SEED
SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif

PYTHON_READY := $(VENV)/.ready
NODE_READY := pwa/node_modules/.ready
TYPES := pwa/src/sync/protocol.generated.ts
DIRECTORY := pwa/public/directory.sqlite
PAGE_SOURCES := $(shell find pwa -path pwa/node_modules -prune -o -path pwa/dist -prune -o -path pwa/tests -prune \
  -o -type f -not -name directory.sqlite -print) $(shell find sync/waymark_sync -name '*.json' -o -name '*.sql' -o -name '*.txt')
DIRECTORY_SOURCES := sync/waymark_sync/directory.py \
  $(shell find sync/waymark_sync/policy backend/waymark/directory -type f -not -name '*.pyc')

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: $(PYTHON_READY) $(NODE_READY) ## make .venv and pwa/node_modules from the pinned files

$(PYTHON_READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(NODE_READY): pwa/package-lock.json pwa/package.json
	@command -v npm >/dev/null || { echo "Node 20.19 or newer with npm is needed" >&2; exit 1; }
	cd pwa && npm ci --no-progress
	@touch $@

.PHONY: build
build: pwa/dist/build.json ## make keys if there are none, and build the pages that trust them

# Runs each time and writes only what has changed, so that unchanged keys build nothing again.
build/trust.json: setup FORCE
	@$(WAYMARK) keys trust --create $@

$(DIRECTORY): $(DIRECTORY_SOURCES) | setup
	@$(WAYMARK) directory build $@

pwa/dist/build.json: build/trust.json $(DIRECTORY) $(PAGE_SOURCES)
	cd pwa && WAYMARK_TRUST=$(CURDIR)/build/trust.json WAYMARK_PWA_OUT=$(CURDIR)/pwa/dist node_modules/.bin/vite build --logLevel error

.PHONY: run
run: build ## the demonstration: http://localhost:8000, and all side by side on http://localhost:8001
	@$(WAYMARK) demo
	@exec $(WAYMARK) demo stage

.PHONY: lint
lint: setup ## ruff, mypy, import contracts, TypeScript
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cd pwa && npm run --silent check

.PHONY: test
test: system lint test-pages ## everything, on both databases and in a real browser; pytest comes last
	cd pwa && npm run --silent test
	@echo "seed $(SEED)   (again with: make test SEED=$(SEED))"
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal --hypothesis-seed=$(SEED)

# Keys and pages of the tests' own.
.PHONY: test-pages
test-pages: $(TEST)/pages/build.json $(TEST)/client/client.mjs

$(TEST)/trust.json: setup FORCE
	@WAYMARK_PROFILE=test WAYMARK_DATA=$(TEST) WAYMARK_KEYS=$(TEST)/keys $(WAYMARK) keys trust --create $@

$(TEST)/pages/build.json: $(TEST)/trust.json $(DIRECTORY) $(PAGE_SOURCES)
	cd pwa && WAYMARK_TRUST=$(TEST)/trust.json WAYMARK_PWA_OUT=$(TEST)/pages node_modules/.bin/vite build --logLevel error

# The app's own sync modules as a program that the conversations can be told to. It is told whom to trust.
$(TEST)/client/client.mjs: $(PAGE_SOURCES) $(wildcard pwa/tests/conversations/*) | setup
	cd pwa && WAYMARK_CLIENT_OUT=$(TEST)/client node_modules/.bin/vite build -c tests/conversations/vite.config.ts --logLevel error

# What the tests need of Debian: a browser, a database server, a C compiler for the disks that fail, what the
# client in Perl seals with, the front and what judges the units. Of the front only the program is taken, into
# build/: its package would begin to serve this machine at once.
.PHONY: system
system:
	@packages=""; \
	[ -x /usr/bin/chromium ] || packages="$$packages chromium"; \
	[ -x /usr/lib/postgresql/15/bin/initdb ] || packages="$$packages postgresql-15"; \
	command -v cc >/dev/null && [ -e /usr/include/stdio.h ] || packages="$$packages gcc libc6-dev"; \
	/usr/bin/perl -MCryptX -MHTTP::Tiny -e1 2>/dev/null || packages="$$packages libcryptx-perl"; \
	command -v systemd-analyze >/dev/null || packages="$$packages systemd"; \
	front=""; command -v caddy >/dev/null || [ -x build/caddy/usr/bin/caddy ] || front=caddy; \
	[ -z "$$packages$$front" ] && exit 0; \
	command -v apt-get >/dev/null || { echo "The tests need$$packages $$front; there is no apt-get here to install them." >&2; exit 1; }; \
	root=""; [ "$$(id -u)" = 0 ] || root="sudo"; \
	[ -z "$$root" ] || command -v sudo >/dev/null || { echo "As root, run: apt-get install$$packages $$front" >&2; exit 1; }; \
	echo "Installing$$packages $$front"; \
	$$root apt-get -qq update; \
	if [ -n "$$front" ]; then \
	  mkdir -p build/caddy; \
	  (cd build/caddy && apt-get -qq download caddy 2>/dev/null && dpkg-deb -x caddy_*.deb . && rm caddy_*.deb) \
	    || { echo "apt-get could not fetch caddy; the tests need it." >&2; exit 1; }; \
	fi; \
	[ -z "$$packages" ] || $$root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $$packages >/dev/null \
	  || { echo "apt-get could not install$$packages; the tests need them." >&2; exit 1; }

.PHONY: bench
bench: build test-pages ## measure intake beside this machine's own limit, and the pages against what is promised
	@mkdir -p docs/figures
	@$(WAYMARK) bench intake --full --json | tee docs/figures/intake.json
	@$(WAYMARK) bench pull --full --json | tee docs/figures/pull.json
	@$(WAYMARK) bench attachments --json | tee docs/figures/attachments.json
	@$(WAYMARK) bench paced --json | tee docs/figures/paced.json
	@$(WAYMARK) bench workers --json | tee docs/figures/workers.json
	@$(WAYMARK) bench monday --json | tee docs/figures/monday.json
	@$(WAYMARK) bench campaign --json | tee docs/figures/campaign.json
	@$(BIN)/python tests/speed/tables.py
	cd tests/speed/lighthouse && npm ci --silent --no-progress
	@$(BIN)/python tests/speed/pages.py | tee docs/figures/pages.json

.PHONY: screenshots
screenshots: system test-pages ## the README's pictures, and every page at three sizes, light and dark, into build/screenshots
	rm -rf build/screenshots && mkdir -p build/screenshots
	$(BIN)/python tests/pictures.py docs/pictures
	WAYMARK_SHOTS=$(CURDIR)/build/screenshots $(BIN)/pytest -q -n $(WORKERS) --dist worksteal \
	  $$(grep -l 'Eye(' tests/journeys/test_*.py)

.PHONY: prove
prove: system test-pages ## the long numbers: more kills, more examples, more rounds (some hours)
	@echo "seed $(SEED)   (again with: make prove SEED=$(SEED))"
	HYPOTHESIS_PROFILE=prove WAYMARK_PROVE=1 $(BIN)/pytest -q -n $(WORKERS) --dist worksteal --hypothesis-seed=$(SEED)
	@$(BIN)/python -m waymark_sync.simulate --seeds 100000 --write docs/figures/simulation.json
	@for rule in delete_on_ack newest_backup_purge max_seq_check no_manifest unchecked_cursor remove_before_send \
	  reseal_on_retry batch_4xx early_pos borrowed_floor counted_floor; do \
	  $(BIN)/python -m waymark_sync.simulate --seeds 200 --ablate $$rule --write docs/figures/simulation.json; done
	@$(BIN)/python tests/support/figures.py
	@$(BIN)/python tests/attacks/told.py
	@$(BIN)/python tests/attacks/canary_run.py -n $(WORKERS) --dist worksteal | tee docs/figures/canaries.json
	@$(BIN)/python tests/models/mutations.py | tee docs/figures/mutations.json
	@$(BIN)/python tests/fuzz/run.py --inputs 1000000 --json | tee docs/figures/fuzz.json

.PHONY: clean
clean: ## remove what was built and installed; data and keys stay
	rm -rf build pwa/dist pwa/node_modules $(DIRECTORY) $(VENV)
	find . -path ./data -prune -o \( -name __pycache__ -o -name .mypy_cache -o -name .ruff_cache \
	  -o -name .pytest_cache -o -name .hypothesis -o -name .import_linter_cache \) -type d -prune -exec rm -rf {} +

FORCE:
