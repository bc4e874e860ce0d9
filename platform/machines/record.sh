# Runs on this machine: run a machine's first process, and write down how it ended.
# record.sh FILE COMMAND...: "EXIT_CODE TIME"; 128 and the signal's number for a signal.
file=$1
shift
"$@"
echo "$? $(date -u +%FT%TZ)" > "$file.new" && mv "$file.new" "$file"
