# Runs in the virtual machine, as root: a small site comes up, is looked at, and goes; the
# machine is then as before. Its last line tells how it ended.
set -u
cd /root/reprise || exit
python=.nox/reprise/bin/python
# Every limit is longer by this: an emulated processor is some twenty times slower.
export REPRISE_PATIENCE=20 LC_ALL=C.UTF-8 HOME=/root TERM=dumb
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
site="--site platform/sites/small.yaml"
failed=
step() {
  echo "== $*"
  "$@" || { failed="$failed; $*: exit code $?"; return 1; }
}

scope_is_delegated() {
  [ ! -d /run/systemd/system ] && return
  systemctl show reprise-small.scope -p ActiveState -p Delegate -p ControlGroup
  systemctl show reprise-small.scope -p ActiveState -p Delegate | sort | tr '\n' ' ' |
    grep -qx 'ActiveState=active Delegate=yes '
}

echo "== $(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r)"
echo "== $(cat /proc/1/comm) is process 1, cgroups: $(stat -fc %T /sys/fs/cgroup)"
python3 platform/fresh/listing.py > /root/before
step $python -m reprise_platform doctor --lang en $site
if step $python -m reprise_platform up --lang en $site; then
  step $python -m reprise_platform status $site
  step scope_is_delegated
else
  $python -m reprise_platform logs --lang en $site -o /root/logs.tar.gz
fi
step $python -m reprise_platform down --lang en $site
step python3 platform/fresh/listing.py --since /root/before
echo "trial ended: ${failed:-well}"
