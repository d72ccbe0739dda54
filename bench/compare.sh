#!/usr/bin/env bash
# Benchmarks of the working tree against a commit, which is built in a worktree of its own; benchstat says
# what is different. Runs alternate, so that a machine that slows down slows both.
#   bench/compare.sh REF [PACKAGES]      BENCH, BENCHTIME (0.3s), COUNT (6)
set -euo pipefail
cd "$(dirname "$0")/.."
ref=${1:?usage: make benchcmp REF=main}
shift
here=$PWD out=$PWD/bench/out
mkdir -p "$out" .tools
go build -C tools -o ../.tools/benchstat golang.org/x/perf/cmd/benchstat
there=$(mktemp -d)
trap 'git worktree remove --force "$there"' EXIT
git worktree add --quiet --detach "$there" "$ref"
: >"$out/old.txt"
: >"$out/new.txt"
for _ in $(seq "${COUNT:-6}"); do
  for side in "$there old" "$here new"; do
    read -r dir name <<<"$side"
    (cd "$dir" && go test -run '^$' -bench "${BENCH:-.}" -benchmem -benchtime "${BENCHTIME:-0.3s}" "${@:-./...}" || true) >>"$out/$name.txt"
  done
done
.tools/benchstat "$ref=$out/old.txt" "working-tree=$out/new.txt"
