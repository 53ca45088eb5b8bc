# Everything a person or a build does here, in one place. `make` or `make help` lists it.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON := .venv/bin/python
# One more than CI has cores: tests wait for browsers, for servers that start, and for one another.
WORKERS ?= 3
PYTEST := $(PYTHON) -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report= --durations=15
DATA := $(or $(OPTIN_DATA_DIR),data)
PORT ?= 8000
export PORT
# Without bytecode each program that a test starts compiles Django and everything else again.
unexport PYTHONDONTWRITEBYTECODE

define NO_UV
The installer uv could not be set up in .uv/. Either install uv yourself, or the venv module of your Python
(on Debian and Ubuntu: apt-get install python3-venv), then try again.
endef
define NO_PYTHON
Python 3.13 was not found. Install it (Debian 13: apt-get install python3.13; pyenv: pyenv install 3.13;
macOS: brew install python@3.13) so that `python3.13` runs in this shell, then try again.
endef
export NO_UV NO_PYTHON

.PHONY: help run test check bench lock format translations test-postgres test-sqlite coverage clean
.PHONY: runtime dev uv venv

help: ## list what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: runtime ## start the web server and a worker with a sample company (PORT, DATABASE_URL, OPTIN_DATA_DIR)
	@test -e "$(DATA)/secrets.env" || $(PYTHON) manage.py init_secrets
	@OPTIN_SANDBOX=$${OPTIN_SANDBOX:-1} $(PYTHON) manage.py prepare
	@OPTIN_SANDBOX=$${OPTIN_SANDBOX:-1} exec $(PYTHON) manage.py serve --sample

test: dev ## the suite on both databases, then the coverage gates; a failure of one hides no other
	@rm -f build/coverage.*
	@failed=; for part in test-postgres test-sqlite coverage; do $(MAKE) $$part || failed="$$failed $$part"; done; \
	    if [ -n "$$failed" ]; then echo "FAILED:$$failed" >&2; exit 1; fi

test-postgres: dev ## what asks the database, on PostgreSQL: TEST_DATABASE_URL, or a server of its own
	@echo "== what asks the database, on PostgreSQL"
	@COVERAGE_FILE=build/coverage.postgres \
	    $(PYTHON) tests/with_postgres.py $(if $(CI),--require) $(PYTEST) --beside-a-whole-run

test-sqlite: dev ## the whole suite, on SQLite
	@echo "== the whole suite, on SQLite"
	@env -u DATABASE_URL COVERAGE_FILE=build/coverage.sqlite $(PYTEST)

coverage: dev ## judge the coverage of both runs together
	@$(PYTHON) tests/coverage_gate.py

check: dev ## style, types, layers, migrations, translations, documents
	@$(PYTHON) -m ruff check --quiet
	@$(PYTHON) -m ruff format --check --quiet
	@git ls-files -z 'templates/*.html' | xargs -0 -r .venv/bin/djade --target-version 6.1 --check
	@OPTIN_THROWAWAY_KEYS=1 $(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m pytest -q -m house

bench: dev ## the measured promises (bench/README.md says what they are; QUICK=1 is a look, not a measurement)
	@$(PYTHON) -m bench $(if $(QUICK),--quick)

format: dev ## put code and templates into the house's format
	@$(PYTHON) -m ruff check --fix --quiet || true
	@$(PYTHON) -m ruff format --quiet
	@git ls-files -z 'templates/*.html' | xargs -0 -r .venv/bin/djade --target-version 6.1

translations: dev ## list the messages that have no translation yet
	@$(PYTHON) -m tests.translations

lock: uv ## choose the newest allowed versions again and write requirements/
	@$(UV) pip compile -q --upgrade --universal --generate-hashes --no-header --no-annotate --python-version 3.13 \
	    pyproject.toml -o requirements/runtime.txt
	@$(UV) pip compile -q --upgrade --universal --generate-hashes --no-header --no-annotate --python-version 3.13 \
	    --group pyproject.toml:dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt

clean: ## remove what tools made; never the data
	@rm -rf .venv .uv build staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# --- what the targets above stand on; each does nothing when it is done already

runtime: venv
	@cmp -s requirements/runtime.txt .venv/runtime.txt || { \
	    echo "Installing what the product needs ..." && \
	    $(UV) pip install -q --python $(PYTHON) --require-hashes -r requirements/runtime.txt && \
	    cp requirements/runtime.txt .venv/runtime.txt; }

dev: venv
	@cmp -s requirements/dev.txt .venv/dev.txt || { \
	    echo "Installing what the product and its tests need ..." && \
	    $(UV) pip sync -q --python $(PYTHON) --require-hashes requirements/dev.txt && \
	    cp requirements/dev.txt .venv/dev.txt && cp requirements/runtime.txt .venv/runtime.txt; }
	@mkdir -p build

venv: uv
	@$(PYTHON) -c '' 2>/dev/null || { \
	    rm -rf .venv && $(UV) venv -q --python 3.13 .venv || { printf '%s\n' "$$NO_PYTHON" >&2; exit 1; }; }

uv:
	@$(UV) --version >/dev/null 2>&1 || { \
	    echo "Setting up the installer uv in .uv/ ..." && rm -rf .uv && \
	    python3 -m venv .uv && .uv/bin/pip install -q --disable-pip-version-check "uv>=0.9" \
	    || { printf '%s\n' "$$NO_UV" >&2; exit 1; }; }
