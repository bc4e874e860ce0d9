# Runs on this machine: run a machine's first process, and write down how it ended.
# record.sh FILE GROUP_FILE COMMAND...: "EXIT_CODE TIME"; 128 and the signal's number for
# a signal. What waits is the site's, by GROUP_FILE, and not the session's that started it.
file=$1
echo $$ > "$2" || exit
shift 2
"$@"
echo "$? $(date -u +%FT%TZ)" > "$file.new" && mv "$file.new" "$file"
