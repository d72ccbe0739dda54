#!/usr/bin/env bash
# One node of Elasticsearch, from Maven Central: the distribution that plugin authors test with (the
# server, HTTP and x-pack-core; no ingest processors, no ILM, no Kibana). Security is off.
# ES_HEAP: the heap (512m). ES_CONFIG: lines to add to elasticsearch.yml.
. "$(dirname "$0")/lib.sh"
version=8.19.21
home=$CACHE/elasticsearch-$version

fetch() {
  maven copy -DoutputDirectory="$1" \
    -Dartifact="org.elasticsearch.distribution.integ-test-zip:elasticsearch:$version:zip"
  debian python3 python3
  (cd "$1" && python3 -m zipfile -e ./*.zip . && mv elasticsearch-*/* . && rm -rf ./*.zip elasticsearch-* && chmod +x bin/*)
}

install() {
  java17 >/dev/null
  once "elasticsearch-$version" fetch
}

run() {
  local port=$1 dir=$2 java
  java=$(java17)
  mkdir -p "$dir"/{data,logs,config,tmp}
  cp -r "$home/config/." "$dir/config"
  cat >"$dir/config/elasticsearch.yml" <<CONFIG
cluster.name: sluice
node.name: node1
discovery.type: single-node
network.host: 127.0.0.1
http.port: $port
path.data: $dir/data
path.logs: $dir/logs
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
${ES_CONFIG:-}
CONFIG
  local as_user=()
  if [ "$(id -u)" = 0 ]; then # Elasticsearch refuses root: be user 1000 of a new user namespace
    as_user=(unshare --user --map-user=1000 --map-group=1000)
  fi
  cd "$dir"
  export ES_PATH_CONF=$dir/config ES_TMPDIR=$dir/tmp ES_JAVA_HOME=$java
  export ES_JAVA_OPTS="-Xms${ES_HEAP:-512m} -Xmx${ES_HEAP:-512m} -XX:-HeapDumpOnOutOfMemoryError"
  exec "${as_user[@]}" "$home/bin/elasticsearch"
}

main "$@"
