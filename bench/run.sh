#!/usr/bin/env bash
# Runs every benchmark of the tree 5 times and prints what came out, then the medians.
#   bench/run.sh [PACKAGES]      BENCHTIME (0.3s), COUNT (5), BENCH (a pattern, .)
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bench/out
go test -run '^$' -bench "${BENCH:-.}" -benchmem -benchtime "${BENCHTIME:-0.3s}" -count "${COUNT:-5}" "${@:-./...}" |
  grep -vE 'no test files|^ok|^PASS' | tee bench/out/raw.txt
echo
echo "== medians"
bench/medians.sh bench/out/raw.txt
