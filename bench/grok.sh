#!/usr/bin/env bash
# Prints how fast the regular-expression engine behind the grok filter is beside PCRE2's JIT, Oniguruma, Go's regexp and others,
# and which of the figures that were to be reached are. The libraries of Debian that the C programs need are installed where
# missing. On one core; the rest of the machine should be quiet.
#   bench/grok.sh [FLAGS]        go run -C bench/grok . -h
set -euo pipefail
cd "$(dirname "$0")/.."
. e2e/servers/lib.sh
debian gcc gcc libc6-dev
[ -e /usr/include/pcre2.h ] || debian no-such-command libpcre2-dev
[ -e /usr/include/oniguruma.h ] || debian no-such-command libonig-dev
out=$PWD/bench/out
mkdir -p "$out"
gcc -O2 -Wall -o "$out/pcre2" bench/grok/c/pcre2.c -lpcre2-8
gcc -O2 -Wall -o "$out/onig" bench/grok/c/onig.c -lonig
go build -C bench/grok -o "$out/grok" .
echo "$(git describe --always --dirty), $(go env GOVERSION), $(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%F)"
exec "$out/grok" -bin "$out" "$@"
