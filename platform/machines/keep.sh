# keep NAME COMMAND...: run a service for ever, its output in /var/log/NAME.log.
keep() {
  local name=$1
  shift
  (
    . "/etc/reprise/$name.env"
    while :; do
      code=0
      "$@" >> "/var/log/$name.log" 2>&1 || code=$?
      echo "$(date -u +%FT%TZ) $name ended with code $code" >> "/var/log/$name.log"
      sleep 1
    done
  ) &
}
