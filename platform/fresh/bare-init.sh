#!/bin/bash
# Process 1 of the virtual machine where systemd is not wanted: what is there without it.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2> /dev/null
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
exec > /dev/ttyS0 2>&1 < /dev/null
# Not in process 1: it must outlive whatever ends.
setsid bash /root/reprise/platform/fresh/trial.sh
sync
echo o > /proc/sysrq-trigger
sleep 60
