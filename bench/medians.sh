#!/usr/bin/env bash
# Prints the medians of each benchmark in the output of `go test -bench`, a line each.
#   bench/medians.sh FILE
set -euo pipefail
awk '
  /^pkg:/ { pkg = $2; sub(/^sluice\//, "", pkg) }
  /^Benchmark/ {
    name = $1; sub(/-[0-9]+$/, "", name); sub(/^Benchmark/, "", name)
    for (i = 3; i < NF; i += 2) print pkg "\t" name "\t" $(i + 1) "\t" $i
  }' "${1:?usage: bench/medians.sh FILE}" |
  sort -t$'\t' -k1,1 -k2,2 -k3,3 -k4,4g |
  awk -F'\t' '
    function flush() { if (n) line = line sprintf("  %12s %-9s", v[int((n + 1) / 2)], unit); n = 0 }
    function out() { flush(); if (line != "") print line; line = "" }
    {
      bench = $1 " " $2
      if (bench != current) { out(); current = bench; line = sprintf("%-60s", bench); unit = "" }
      if ($3 != unit) { flush(); unit = $3 }
      v[++n] = $4
    }
    END { out() }'
