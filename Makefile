# What people do with a checkout. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## run the main job on a demo project and a simulated Tableau site, and open the catalog; needs no account
	@scripts/demo

.PHONY: test
test: setup ## run all tests; installs what they need
	@scripts/run-tests

.PHONY: setup
setup: ## install what the tests need: dbt, Tableau's client and S3 storage in .venv, PostgreSQL, a browser
	@scripts/setup-python
	@scripts/setup-postgres
	@scripts/setup-browser

.PHONY: test-browser
test-browser: ## run the tests of the pages alone, in a browser
	@scripts/setup-browser
	@scripts/test-browser

.PHONY: check
check: ## check the format, and lint with warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: docs
docs: ## build the API documentation with warnings denied
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

.PHONY: demo-artifacts
demo-artifacts: ## rebuild the committed dbt artifacts of the demo project with real dbt
	@scripts/dbt-artifacts

.PHONY: oracle
oracle: ## ask real dbt again what each selector selects on the demo project
	@scripts/dbt-oracle

.PHONY: demo-check
demo-check: ## check that the committed artifacts and answers are what dbt says today
	@scripts/dbt-artifacts --check
	@scripts/dbt-oracle --check

.PHONY: clean
clean: ## remove everything that was built or installed into the checkout
	cargo clean
	rm -rf .venv .tailwater crates/web/browser/node_modules demo/.tailwater demo/dbt/logs demo/dbt/dbt_packages demo/dbt/*.duckdb demo/dbt/*.duckdb.wal
