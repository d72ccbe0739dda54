#!/usr/bin/env bash
# Prints the figures of docs/performance.md, measured here and now: medians of 5 runs. Benchmarks run on one
# core (-cpu 1), garbage collection included, so that their time is the process's CPU time on a quiet machine.
#   bench/figures.sh        BIN (bin), LINES (120000)
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${BIN:-bin}
mkdir -p bench/out
echo "$(git describe --always --dirty), $(go env GOVERSION), $(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(date -u +%F)"
echo

echo "== the programs (go run ./bench/gates)"
go run ./bench/gates -bin "$bin"
echo

echo "== a line of a real access log, from the file into an index (go run ./bench/chain)"
go run ./bench/chain -bin "$bin" -lines "${LINES:-120000}"
echo

echo "== steps (go test -bench NAME -cpu 1 PACKAGE)"
: >bench/out/figures.txt
while read -r package names; do
  go test -run '^$' -bench "^Benchmark($names)\$" -benchmem -benchtime "${BENCHTIME:-0.3s}" -count 5 -cpu 1 "./$package" >>bench/out/figures.txt
done <<'LIST'
pipeline/event AppendSettle|AppendJSON|Template
pipeline Chain.*
pipeline/config Condition
plugins/codec/pack Decode|Encode
plugins/output/elasticsearch EncodeAndJudge|PackedToBulk
plugins/filter/grok Grok
plugins/filter/mutate ThreeOperations
plugins/filter/date Date
plugins/filter/multiline Process
internal/tail Split
pipeline/cli Test200
LIST
bench/medians.sh bench/out/figures.txt
