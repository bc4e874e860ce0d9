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
