#!/bin/sh
# Runs a program in the builder's tree: enter.sh TREE PROJECT PROGRAM ARGUMENT…
#
# Called in namespaces of its own (mounts, processes, network): whatever is mounted, started or listened to in here
# is gone with the last process. The only network is loopback; the only writable disk is the project's.
set -eu
tree=$1 project=$2
shift 2

mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --rbind /sys "$tree/sys"
for directory in run tmp var/tmp root srv mnt; do
  mount -t tmpfs tmpfs "$tree/$directory"
done
# The project lies in there under the same name.
top=/$(echo "$project" | cut -d/ -f2)
mkdir -p "$tree$top"
mount -t tmpfs tmpfs "$tree$top"
mkdir -p "$tree$project" "$tree/mnt/old"
mount --bind "$project" "$tree$project"

/bin/busybox ifconfig lo 127.0.0.1 up
cd "$tree"
pivot_root . mnt/old
umount -l /mnt/old
printf '127.0.0.1 localhost huggingface.co\n' >/run/hosts
mount --bind /run/hosts /etc/hosts
cd "$project"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec "$@"
