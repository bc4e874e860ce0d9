mkdir -p proc sys dev run tmp old etc
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
chmod 1777 tmp
# The kubelet writes these; they belong to the whole machine, so it gets copies.
mkdir -p run/sysctl
for pair in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 \
  kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 \
  kernel/keys/root_maxbytes=25000000; do
  name=${pair%=*}
  [ -e "proc/sys/$name" ] || continue
  echo "${pair#*=}" > "run/sysctl/${name//\//.}"
  mount --bind "run/sysctl/${name//\//.}" "proc/sys/$name"
done
hostname "$NAME"
echo "$NAME" > etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$NAME" > etc/hosts
: > etc/resolv.conf
: > "$FOLDER/laid"
pivot_root . old
umount -l /old
mount --make-rshared /
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  umount /sys/fs/cgroup
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
fi
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  HOME=/root catatonit -- bash /etc/reprise/start.sh
