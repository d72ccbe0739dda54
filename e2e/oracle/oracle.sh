#!/usr/bin/env bash
# Compares our regular expressions with joni, the engine of Logstash, in Debian's version, and asks Ruby's where we and joni differ; installs
# them, and Java, where they are missing. What is compared, and how much of it: go run ./e2e/oracle -h
#   e2e/oracle/oracle.sh [FLAGS]
set -euo pipefail
cd "$(dirname "$0")/../.."
. e2e/servers/lib.sh
debian javac default-jdk-headless
debian ruby ruby
if [ ! -e /usr/share/java/joni.jar ]; then
  debian no-such-command libjruby-joni-java libjcodings-java
fi
jars=/usr/share/java/joni.jar:/usr/share/java/jcodings.jar
out=.tools/oracle
mkdir -p "$out"
javac -nowarn -Xlint:-options -XDignore.symbol.file -d "$out" -cp "$jars" e2e/oracle/java/*.java 2>&1 | grep -v '^Note:' || true
go run ./e2e/oracle -joni "java -Xmx1g -XX:+UseSerialGC -Dlimit=500 -cp $out:$jars Joni" -ruby "ruby e2e/oracle/mri.rb" "$@"
