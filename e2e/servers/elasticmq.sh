#!/usr/bin/env bash
# ElasticMQ, a server that speaks SQS, from Maven Central. Queues live in its memory.
# EMQ_HEAP: the heap (256m).
. "$(dirname "$0")/lib.sh"
version=1.7.1
home=$CACHE/elasticmq-$version

fetch() {
  cat >"$1/pom.xml" <<POM
<project><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>local</artifactId><version>1</version>
<dependencies><dependency><groupId>org.elasticmq</groupId>
<artifactId>elasticmq-server_2.13</artifactId><version>$version</version></dependency></dependencies>
</project>
POM
  maven copy-dependencies -f "$1/pom.xml" -DoutputDirectory="$1" -DincludeScope=runtime
}

install() {
  java17 >/dev/null
  once "elasticmq-$version" fetch
}

run() {
  local port=$1 dir=$2 java
  java=$(java17)
  cat >"$dir/elasticmq.conf" <<CONFIG
include classpath("application.conf")
node-address { protocol = http, host = 127.0.0.1, port = $port, context-path = "" }
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = $port, sqs-limits = strict }
rest-stats { enabled = false }
CONFIG
  cd "$dir"
  exec "$java/bin/java" "-Xmx${EMQ_HEAP:-256m}" -XX:+UseSerialGC -Dconfig.file="$dir/elasticmq.conf" \
    -cp "$home/*" org.elasticmq.server.Main
}

main "$@"
