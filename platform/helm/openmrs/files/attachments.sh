# Serves the attachments' bucket from /data, and makes it the first time.
set -eu
umask 027
# What S3 keeps of an object beside its bytes lies in files too: extended attributes are
# what a file-system backup leaves out.
mkdir -p /data/objects /data/metadata
made="/data/metadata/$BUCKET/meta/acl"
# A kill between the bucket's folder and its owner's name leaves what nobody may use.
[ -e "$made" ] || rmdir "/data/objects/$BUCKET" 2> /dev/null || true
versitygw --port :9000 --health /health --quiet posix --sidecar /data/metadata /data/objects &
server=$!
trap 'kill -TERM "$server"' TERM
export ADMIN_ACCESS_KEY="$ROOT_ACCESS_KEY" ADMIN_SECRET_KEY="$ROOT_SECRET_KEY"
until [ -e "$made" ]; do
  sleep 0.2
  kill -0 "$server"
  versitygw admin --endpoint-url http://127.0.0.1:9000 create-bucket \
    --bucket "$BUCKET" --owner "$ROOT_ACCESS_KEY" || true
done
# The first wait ends with the signal, the second with the server.
wait "$server" || wait "$server"
