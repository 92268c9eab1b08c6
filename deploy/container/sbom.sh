#!/usr/bin/env bash
# Writes the program's bill of materials, CycloneDX 1.5 as JSON: target/sbom/throughline.cdx.json. `make sbom` runs it.
# It covers what is linked into the program: the crates, and the C libraries that some of them build from source.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
version=0.5.9
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
export PATH=$PATH:$target/tools/bin
command -v cargo-cyclonedx > /dev/null ||
    cargo install cargo-cyclonedx --version $version --locked --quiet --root "$target/tools" --target-dir "$target/tools/build"

# The tool writes beside every manifest, so it is given a tree of its own.
rm -rf "$target/sbom"
mkdir -p "$target/sbom/tree"
git ls-files -z | tar --null --files-from=- --create | tar --extract --directory "$target/sbom/tree"
cargo cyclonedx --format json --spec-version 1.5 --no-build-deps --quiet \
    --manifest-path "$target/sbom/tree/services/throughline/Cargo.toml"
cp "$target/sbom/tree/services/throughline/throughline.cdx.json" "$target/sbom/throughline.cdx.json"
SBOM=$target/sbom/throughline.cdx.json cargo test --quiet --package tests --test deploy -- --nocapture sbom | grep '^sbom: '
rm -rf "$target/sbom/tree"
