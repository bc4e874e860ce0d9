# keep NAME COMMAND...: run a service for ever, its output in /var/log/NAME.log and its
# process in /run/NAME.service (one that is killed starts again, with what it reads then).
# AGAIN_S is how long it waits before: a second, longer where every limit is.
keep() {
  local name=$1
  shift
  (
    . "/etc/reprise/$name.env"
    while :; do
      code=0
      (
        echo "$BASHPID" > "/run/$name.service"
        exec "$@"
      ) >> "/var/log/$name.log" 2>&1 || code=$?
      echo "$(date -u +%FT%TZ) $name ended with code $code" >> "/var/log/$name.log"
      sleep "$AGAIN_S"
    done
  ) &
}
