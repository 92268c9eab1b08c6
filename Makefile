# Throughline. `make demo` and `make test` do all their own set-up on a machine that has Rust: what is missing
# they install (as root on Debian), or say how.

.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help setup clients postgres sftp demo demo-kafka test up down bench prove leaks linking kafka kafka-up kafka-down lint sbom generate-proto fuzz

help: ## Lists what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## What the build needs beside Rust (as root on Debian it installs it)
	@deploy/setup

demo: setup ## An invented authority from its files to four readers' answers, and ends by itself (CHILDREN=400)
	@deploy/demo/run.sh

demo-kafka: ## The same on Apache Kafka, by processes of their own: two nodes, three connectors, one node restarted (CHILDREN=100)
	@deploy/demo/kafka.sh

test: setup kafka clients postgres sftp ## Every test; one that fails does not hide the others
	cargo test --workspace --no-fail-fast

up: setup ## Leaves an invented authority running for you to ask (target/up; stop it with Ctrl-C)
	@deploy/demo/up.sh

bench: setup kafka ## The figures, each beside its floor, in one run (CHILDREN=10000)
	@tests/benches/kafka-streams/setup
	cargo bench --package tests --bench figures -- --children $(or $(CHILDREN),10000)

prove: setup ## That the sharing rules have their properties, whatever the facts
	cargo run --package throughline -- sharing prove

leaks: setup ## That no answer tells of what is hidden, over 10,000 pairs of worlds; some ten minutes (WORLDS=10000)
	LEAK_WORLDS=$(or $(WORLDS),10000) cargo test --workspace --test suite -- leaks:: --nocapture

linking: setup ## How well records of 20,000 invented children, hard to tell, are linked (CHILDREN=20000)
	rm -rf target/linking
	cargo run --release --package throughline -- generate --seed 7 --children $(or $(CHILDREN),20000) --reference-date 2025-10-01 --out target/linking
	cargo run --release --package throughline -- identity evaluate --truth target/linking/truth.jsonl

clients: ## Puts the example clients together under target/clients (needs Python 3.11 and Node 18; as root on Debian it installs them)
	@proto/clients/setup

kafka: ## Puts an Apache Kafka together under target/kafka (needs Maven and a JDK; as root on Debian it installs them)
	@deploy/kafka/setup

postgres: ## What the tests of SQL sources need (as root on Debian it installs PostgreSQL, and starts nothing)
	@deploy/postgres/setup

sftp: ## What the tests of SFTP sources need (as root on Debian it installs OpenSSH's server, and starts nothing)
	@deploy/sftp/setup

kafka-up: kafka ## Leaves one Apache Kafka node running on this machine, and prints how to point the tests at it
	@deploy/kafka/up

kafka-down: ## Stops that node and removes its data
	@deploy/kafka/down

lint: ## rustfmt, clippy and, where it is installed, cargo-deny
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	@if command -v cargo-deny > /dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi

sbom: setup ## The program's bill of materials, CycloneDX: target/sbom/throughline.cdx.json
	@deploy/container/sbom.sh

generate-proto: ## Writes the Rust that the .proto files give
	UPDATE_GENERATED=1 cargo test --package proto --test generated

fuzz: ## Runs every fuzz target for a minute each (needs cargo-fuzz and a nightly toolchain)
	@for target in */*/fuzz; do \
	  (cd $$target && for name in $$(cargo +nightly fuzz list); do cargo +nightly fuzz run $$name -- -max_total_time=60; done) || exit 1; done
