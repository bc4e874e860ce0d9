# haproxy-answers.sh ADDRESS PORT: whether this machine's HAProxy answers within a second.
exec 3<> "/dev/tcp/$1/$2" || exit 1
printf 'GET /health HTTP/1.0\r\n\r\n' >&3
read -r -t 1 line <&3
[[ $line == *" 200 "* ]]
