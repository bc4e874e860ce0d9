# Runs in mount and pid namespaces of its own: containerd unpacks images into a store.
# import-images.sh MACHINE_ROOT WORK_FOLDER STORE ARCHIVE...
set -eu
root=$1 work=$2 store=$3
shift 3
mount --make-rprivate /
mkdir -p "$work/upper" "$work/work" "$work/root" "$store"
mount -t tmpfs tmpfs "$work/upper"
mkdir "$work/upper/upper" "$work/upper/work"
mount -t overlay overlay \
  -o "lowerdir=$root,upperdir=$work/upper/upper,workdir=$work/upper/work" "$work/root"
cd "$work/root"
mkdir -p var/lib/containerd images
mount --bind "$store" var/lib/containerd
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
for archive in "$@"; do
  : > "images/$(basename "$(dirname "$archive")").tar"
  mount --bind "$archive" "images/$(basename "$(dirname "$archive")").tar"
done
cat > import.sh <<'INSIDE'
set -eu
containerd --config /dev/null > /run/containerd.log 2>&1 &
pid=$!
tries=0
until ctr version > /dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 200 ]; then cat /run/containerd.log >&2; exit 1; fi
  sleep 0.1
done
for archive in /images/*.tar; do
  ctr -n k8s.io images import --digests=false "$archive" > /dev/null
done
# Ended in order, so that its databases are whole.
kill "$pid"
wait "$pid" || true
INSIDE
chroot . bash /import.sh
