# Throughline. `make demo` and `make test` do all their own set-up on a machine that has Rust and a C compiler.

.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help demo test up down bench lint generate-proto fuzz

help: ## Lists what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## An invented authority from its files to four readers' answers, and ends by itself (CHILDREN=400)
	@deploy/demo/run.sh

test: ## Every test
	cargo build --package throughline
	cargo test --workspace

up: ## Leaves an invented authority running for you to ask (target/up; stop it with Ctrl-C)
	@deploy/demo/up.sh

bench: ## The figures, each beside its floor, in one run (CHILDREN=10000)
	cargo bench --profile dev --package tests --bench figures -- --children $(or $(CHILDREN),10000)

lint: ## rustfmt, clippy and, where it is installed, cargo-deny
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	@if command -v cargo-deny > /dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi

generate-proto: ## Writes the Rust that the .proto files give
	UPDATE_GENERATED=1 cargo test --package proto --test generated

fuzz: ## Runs every fuzz target for a minute each (needs cargo-fuzz and a nightly toolchain)
	@for target in services/event-log connectors/education-school-census connectors/social-care-cin-census connectors/health-hl7v2; do \
	  (cd $$target && for name in $$(cargo +nightly fuzz list); do cargo +nightly fuzz run $$name -- -max_total_time=60; done) || exit 1; done
