# shellcheck shell=bash
# What the scripts beside this file share. Each script is called as
#
#   NAME.sh install            puts the server into the cache, once
#   NAME.sh run PORT FOLDER    runs it in the foreground: data, configuration and logs in FOLDER
#
# and ends as other foreground programs do: by SIGTERM, or Ctrl-C. Whoever starts it waits until it answers.
# SERVERS_CACHE names the cache (default ~/.cache/sluice-servers); keep it between runs.
set -euo pipefail

CACHE=${SERVERS_CACHE:-$HOME/.cache/sluice-servers}
mkdir -p "$CACHE"

say() { echo "${0##*/}: $*" >&2; }
die() { say "$@"; exit 1; }

# once NAME FUNC: `FUNC FOLDER` fills $CACHE/NAME unless it is there, whoever else tries at the same time.
once() {
  [ ! -e "$CACHE/$1" ] || return 0
  say "installing $1 into $CACHE"
  (
    flock 9
    [ ! -e "$CACHE/$1" ] || exit 0
    rm -rf "$CACHE/$1.part"
    mkdir "$CACHE/$1.part"
    "$2" "$CACHE/$1.part" >&2
    mv "$CACHE/$1.part" "$CACHE/$1"
  ) 9>"$CACHE/.lock"
}

# debian COMMAND PACKAGE...: installs Debian packages unless COMMAND is there; no service is started.
debian() {
  if PATH=$PATH:/usr/sbin command -v "$1" >/dev/null; then return 0; fi
  shift
  say "installing Debian packages: $*"
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  (
    flock 9
    local policy=/usr/sbin/policy-rc.d made=''
    if [ ! -e $policy ]; then # what asks this file learns that no service may start
      made=1
      printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee $policy >/dev/null
      "${sudo[@]}" chmod 755 $policy
    fi
    local code=0
    { "${sudo[@]}" apt-get update -qq &&
      "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } || code=$?
    [ -z "$made" ] || "${sudo[@]}" rm -f $policy
    exit $code
  ) 9>"$CACHE/.lock" >&2
}

# maven GOAL ARG...: one goal of Maven's dependency plugin; downloads are kept in the cache.
maven() {
  debian mvn maven
  mvn -B -q -Dmaven.repo.local="$CACHE/m2" \
    "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:$1" "${@:2}" >&2
}

# java17: the home of a Java 17, from Debian where none is there.
java17() {
  local home
  for home in "${JAVA_HOME:-/none}" /usr/lib/jvm/*; do
    if [ -x "$home/bin/java" ] && "$home/bin/java" -version 2>&1 | grep -q 'version "17\.'; then
      echo "$home"
      return 0
    fi
  done
  debian no-java-17-was-found openjdk-17-jre-headless
  for home in /usr/lib/jvm/*-17-*; do
    if [ -x "$home/bin/java" ]; then
      echo "$home"
      return 0
    fi
  done
  die "no Java 17: set JAVA_HOME"
}

# main ARG...: calls the script's `install` and `run PORT FOLDER`.
main() {
  case ${1:-}/$# in
    install/1) install ;;
    run/3)
      install
      mkdir -p "$3"
      run "$2" "$(realpath "$3")"
      ;;
    *) die "usage: ${0##*/} install | ${0##*/} run PORT FOLDER" ;;
  esac
}
