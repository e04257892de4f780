# Every command of this project. Rule: each target does its own set-up, so any of them may be the first.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
# The name carries the checkout's place: a virtual environment that was moved is made anew.
PEER_VENV := $(VENV)/bench
PEER_BIN := $(PEER_VENV)/bin
QUIX_VENV := $(VENV)/bench-quix
PEERS := $(PEER_VENV)/.ready $(QUIX_VENV)/.ready
READY := $(VENV)/.ready-$(shell printf '%s' '$(CURDIR)' | cksum | cut -d' ' -f1)

.PHONY: help
help: ## Show this list
	@echo "Usage: make <target>"; echo
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-10s %s\n", $$1, $$2 }'

.PHONY: demo
demo: $(READY) ## Run a dozen disputes through the real pipeline and check every outcome
	@$(BIN)/mediation demo --check

.PHONY: test
test: $(READY) ## Run every test, with branch coverage (Apache Kafka too where Java and Maven, or Docker, are there)
	@$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)
	@$(if $(ARGS),,$(BIN)/python -m coverage report --include='schemas/*,services/rules/*' --fail-under=100)

.PHONY: simulate
simulate: $(READY) ## Every ordering, 100,000 simulated runs with crashes, and the rules by properties (about an hour)
	@$(BIN)/python -m tests.exhaustive
	@$(BIN)/python -m tests.simulation --seeds 100000 $(ARGS)
	@HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -q tests/properties

.PHONY: faults
faults: $(READY) ## Kill, stop, cut and stall the parts on Apache Kafka and PostgreSQL, and check every cent (half an hour)
	@$(BIN)/python -m tests.faults $(ARGS)

.PHONY: alerts
alerts: $(READY) ## Inflict each kind of fault under a real Prometheus: is it raised within two scrapes? (half an hour)
	@$(BIN)/python -m tests.alerts $(ARGS)

.PHONY: poison
poison: $(READY) ## A poisonous message in every hundred, on Apache Kafka and PostgreSQL: what does it cost the others?
	@$(BIN)/python -m tests.faults.poison $(ARGS)

.PHONY: fuzz
fuzz: $(READY) ## Ten million hostile values for the codec, guided by coverage (Linux on x86-64)
	@$(BIN)/python -m tests.fuzz $(ARGS)

.PHONY: bench
bench: $(READY) $(PEERS) ## Ratios to references and to other libraries, written to docs/performance.md (hours, on a quiet machine)
	@$(PEER_BIN)/python -m bench --write $(ARGS)

.PHONY: bench-smoke
bench-smoke: $(READY) ## Has the consumer lost ground to plain SQLAlchemy Core since it was recorded? (two minutes)
	@$(BIN)/python -m bench smoke $(ARGS)

COMPOSE = docker compose -f deploy/compose/compose.yaml

.PHONY: up
up: ## The whole system in containers, from Kafka to Grafana, and a publisher that never ends (Docker)
	@deploy/compose/secrets.sh
	$(COMPOSE) build database-schema
	$(COMPOSE) --profile demo up --detach --wait $(ARGS)

.PHONY: down
down: ## Stop it; ARGS=--volumes forgets what it holds
	$(COMPOSE) --profile demo down $(ARGS)

.PHONY: proof
proof: $(READY) ## Build the image, run the Compose stack, and try both (a Docker engine, or root and dockerd)
	@tests/deploy/with_engine.sh tests/deploy/proof.sh $(ARGS)

.PHONY: check
check: $(READY) ## Lint, format, types, import arrows, architecture tests, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/architecture
	@$(BIN)/python -m deploy.supply_chain audit

.PHONY: audit
audit: $(READY) ## Is anything known against what is pinned? Skipped, and said so, where no service answers
	@$(BIN)/python -m deploy.supply_chain audit

.PHONY: sbom
sbom: $(READY) ## The bill of materials of what is shipped: CycloneDX, in build/sbom.cdx.json
	@$(BIN)/python -m deploy.supply_chain sbom

.PHONY: mutate
mutate: $(READY) ## Change the rules in every small way: do their tests notice? (ten minutes on a free core)
	@$(BIN)/python -m tests.mutation $(ARGS)

.PHONY: fix
fix: $(READY) ## Repair what ruff can repair, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m services.rules.diagram docs/architecture.md docs/rules.md
	$(BIN)/python -m services.settings_page docs/settings.md
	$(BIN)/python -m deploy.grafana

UV := $(shell command -v uv || echo $(BIN)/uv)
PIP = $(BIN)/python -m pip install --disable-pip-version-check --no-input
COMPILE = $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--extra embedded --generate-hashes --no-emit-index-url --no-header

# The image carries no broker and no database of its own.
IMAGE_COMPILE = $(subst --extra embedded,,$(COMPILE))

.PHONY: lock
lock: $(READY) ## Pin the newest versions in requirements.txt and requirements-dev.txt again
	@command -v $(UV) >/dev/null || $(PIP) --quiet uv
	$(COMPILE) --upgrade -o requirements.txt
	$(COMPILE) --upgrade --extra otel --group dev --constraint requirements.txt -o requirements-dev.txt
	$(IMAGE_COMPILE) --upgrade --constraint requirements.txt -o deploy/docker/requirements.txt
	@echo hatchling | $(subst pyproject.toml,-,$(IMAGE_COMPILE)) --constraint requirements-dev.txt \
		-o deploy/docker/requirements-build.txt

.PHONY: bench-lock
bench-lock: $(READY) ## The same for what `make bench` compares with
	@command -v $(UV) >/dev/null || $(PIP) --quiet uv
	$(COMPILE) --upgrade --group bench --constraint requirements.txt -o bench/requirements.txt
	$(subst --extra embedded,,$(COMPILE)) --upgrade --group bench-quix -o bench/requirements-quix.txt

# --- set-up, redone only when the requirements or pyproject.toml change ---

define FIND_PYTHON
python=""; \
for candidate in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		python="$$candidate"; break; \
	fi; \
done; \
if [ -z "$$python" ]; then \
	echo "error: Python 3.11 or newer was not found (looked for: $(or $(PYTHON),python3, python3.14 to python3.11))." >&2; \
	echo "Install one (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1; \
fi; \
if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	version="$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; \
	echo "error: $$python comes without ensurepip, so no virtual environment can be made." >&2; \
	echo "On Debian and Ubuntu: apt-get install python$$version-venv" >&2; \
	exit 1; \
fi
endef

# Takes pip's report and shows a life sign for every tenth package.
COUNT = awk '/^Collecting/ && ++n % 10 == 0 { printf "  %d of about $(1) packages\n", n; fflush() }'

# The file names every package, so pip resolves nothing (--no-deps): asked for an extra of a pinned package, it
# would look for the newest release, and refuse that for want of a hash. `pip check` says if one is missing.
$(READY): requirements-dev.txt pyproject.toml
	@if [ ! -e $@ ]; then \
		$(FIND_PYTHON); \
		echo "Setting up $(VENV) with $$("$$python" --version): once, and about a minute"; \
		rm -rf $(VENV); \
		"$$python" -m venv $(VENV); \
	else \
		echo "Bringing $(VENV) up to date"; \
	fi
	@$(PIP) --progress-bar off --no-deps --require-hashes -r requirements-dev.txt 2>&1 \
		| tee $(VENV)/set-up.log \
		| $(call COUNT,$(shell grep -c '^[a-z].*==' requirements-dev.txt)) \
		|| { tail -n 20 $(VENV)/set-up.log >&2; exit 1; }
	@$(PIP) --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@
	@echo "Ready."

# The peers of `make bench` live apart, so that nothing they want changes what is tested and shipped.
$(PEER_VENV)/.ready: bench/requirements.txt $(READY)
	$(SET_UP_PEERS)

$(QUIX_VENV)/.ready: bench/requirements-quix.txt $(READY)
	$(SET_UP_PEERS)

define SET_UP_PEERS
@echo "Setting up $(@D)"
@test -x $(@D)/bin/python || $(BIN)/python -m venv $(@D)
@$(@D)/bin/python -m pip install --disable-pip-version-check --no-input --quiet --no-deps --require-hashes -r $<
@touch $@
endef
