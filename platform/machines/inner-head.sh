# Runs as the machine's first process, in its new namespaces: lay its root.
set -eu
mount --make-rprivate /
mount -t overlay overlay \
  -o "lowerdir=$LOWER,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$FOLDER/root"
cd "$FOLDER/root"
bind() {
  if [ -d "$1" ]; then mkdir -p "./$2"; else mkdir -p "$(dirname "./$2")"; : > "./$2"; fi
  mount --bind "$1" "./$2"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "./$2"; fi
}
# A disk's file system begins empty: what fsck would need is made when it is needed.
disk() {
  mkdir -p "./$2"
  mount -t ext4 -o "$3" "$1" "./$2"
  rmdir "./$2/lost+found" 2> /dev/null || true
}
