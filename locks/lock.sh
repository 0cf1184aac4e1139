#!/usr/bin/env bash
# Resolve pyproject.toml into two hash-pinned locks, and Brownie and Slither into one each. Needs the network and `uv`.
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
compile locks/brownie.in --output-file "$work/brownie.txt"
compile locks/slither.in --output-file "$work/slither.txt"
write() { # LOCK PART...
  local lock=$1
  shift
  { echo "# Written by 'make locks'. Install with --no-deps --require-hashes."; cat "$@"; } > "locks/$lock.txt"
}
write runtime "$work/runtime.txt" "$work/alone.txt"
write dev "$work/dev.txt" "$work/alone.txt"
write brownie "$work/brownie.txt"
write slither "$work/slither.txt"
