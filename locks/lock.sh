#!/usr/bin/env bash
# Resolve pyproject.toml into the two hash-pinned locks. Needs the network and `uv`.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compile() {
  uv pip compile --quiet --python-version 3.11 --prerelease if-necessary-or-explicit \
    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
compile --no-deps locks/alone.in --output-file "$work/alone.txt"
compile --extra embedded pyproject.toml --output-file "$work/runtime.txt"
compile --extra embedded --group dev --constraint "$work/runtime.txt" pyproject.toml \
  --output-file "$work/dev.txt"
for lock in runtime dev; do
  { echo "# Written by 'make locks'. Install with --no-deps --require-hashes."
    cat "$work/$lock.txt" "$work/alone.txt"; } > "locks/$lock.txt"
done
