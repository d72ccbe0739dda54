#!/usr/bin/env bash
# nginx from Debian, in the foreground, logging into FOLDER: access.log in the format that configs/ reads,
# and error.log. /app/ is passed on to a second server of the same nginx, so that upstream times are real.
#   nginx.sh run PORT FOLDER
#   nginx.sh rotate FOLDER     rotates both logs now, with logrotate, as Debian's package does
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin

install() {
  debian nginx nginx-light
  debian logrotate logrotate
}

run() {
  local port=$1 dir=$2 user=''
  [ "$(id -u)" != 0 ] || user='user root;' # workers must get at FOLDER, wherever it is
  mkdir -p "$dir/www/static" "$dir/tmp"
  echo hello >"$dir/www/index.html"
  head -c 5000 /dev/zero | tr '\0' x >"$dir/www/static/page.html"
  cat >"$dir/nginx.conf" <<CONFIG
daemon off;
worker_processes 2;
$user
pid $dir/nginx.pid;
error_log $dir/error.log info;
events { worker_connections 256; }
http {
  log_format sluice '\$remote_addr - \$remote_user [\$time_local] "\$request" \$status \$body_bytes_sent '
                    '"\$http_referer" "\$http_user_agent" "\$http_cookie" \$request_time \$upstream_response_time';
  access_log $dir/access.log sluice;
  client_body_temp_path $dir/tmp/body;
  proxy_temp_path $dir/tmp/proxy;
  fastcgi_temp_path $dir/tmp/fastcgi;
  uwsgi_temp_path $dir/tmp/uwsgi;
  scgi_temp_path $dir/tmp/scgi;
  keepalive_requests 100000;
  server {
    listen 127.0.0.1:$port;
    root $dir/www;
    location /app/ { proxy_pass http://unix:$dir/app.sock:/; }
  }
  server {
    listen unix:$dir/app.sock;
    access_log off;
    location / { return 200 "app\n"; }
  }
}
CONFIG
  rm -f "$dir/app.sock"
  cat >"$dir/logrotate.conf" <<CONFIG
$dir/access.log $dir/error.log {
  rotate 100
  missingok
  ifempty
  create 0640
  sharedscripts
  su root root
  postrotate
    kill -USR1 \$(cat $dir/nginx.pid)
  endscript
}
CONFIG
  [ "$(id -u)" = 0 ] || sed -i '/su root/d' "$dir/logrotate.conf"
  exec nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/error.log"
}

case ${1:-} in
  rotate) exec logrotate --force --state "${2:?}/logrotate.state" "$2/logrotate.conf" ;;
  *) main "$@" ;;
esac
