# Runs on this machine: join the machine's cgroups, then become its namespaces.
# launch.sh PID_FILE CGROUP_VERSION NETWORK_NAMESPACE_FILE INNER_SCRIPT CGROUP...
set -eu
pid_file=$1 version=$2 network=$3 inner=$4
shift 4
enter() {
  exec nsenter --net="$network" "$@" \
    unshare --mount --pid --fork --uts --ipc --mount-proc --kill-child \
    bash "$inner"
}
# The pid stays ours through every exec below. Its start time makes it unmistakable.
read -r stat < "/proc/$$/stat"
started=$(set -- ${stat##*) } && echo "${20}")
read -r boot < /proc/sys/kernel/random/boot_id
echo "$$ $started $boot" > "$pid_file.new"
mv "$pid_file.new" "$pid_file"
if [ "$version" = 1 ]; then
  for group in "$@"; do echo $$ > "$group/cgroup.procs"; done
  enter
fi
# Version 2: the cgroup namespace is rooted in the machine's cgroup, and the processes
# live in a leaf, because a cgroup that hands controllers down may hold none itself.
if [ "${REPRISE_JOINED:-}" != 1 ]; then
  echo $$ > "$1/cgroup.procs"
  REPRISE_JOINED=1 exec unshare --cgroup bash "$0" \
    "$pid_file" 2 "$network" "$inner" "$1"
fi
unset REPRISE_JOINED
mkdir -p "$1/sys"
echo $$ > "$1/sys/cgroup.procs"
for controller in $(cat "$1/cgroup.controllers"); do
  echo "+$controller" > "$1/cgroup.subtree_control" || true
done
enter
