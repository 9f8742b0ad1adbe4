#!/bin/sh
# Runs a program in the builder's tree: enter.sh TREE PROJECT TARGET SCRATCH PROGRAM ARGUMENT…
#
# The caller provides new namespaces for mounts, processes and the network. All mounts, processes and listeners,
# and SCRATCH, disappear with the last process. The only network is loopback. PROJECT and TARGET (Cargo's
# directory, which may be elsewhere) have the same paths inside.
set -eu
tree=$1 project=$2 target=$3 scratch=$4
shift 4

mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --rbind /sys "$tree/sys"
for directory in run tmp var/tmp root srv mnt; do
  mount -t tmpfs tmpfs "$tree/$directory"
done
mkdir "$tree/mnt/old"
for directory in "$project" "$target"; do
  top=$tree/$(echo "$directory" | cut -d/ -f2)
  mkdir -p "$top"
  # Directories made below it must not stay in the tree.
  mountpoint -q "$top" || mount -t tmpfs tmpfs "$top"
  [ -d "$tree$directory" ] || { mkdir -p "$tree$directory" && mount --bind "$directory" "$tree$directory"; }
done
mkdir -p "$scratch"
mount -t tmpfs tmpfs "$tree$scratch"

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
cd "$tree"
pivot_root . mnt/old
umount -l /mnt/old
busybox ifconfig lo 127.0.0.1 up
printf '127.0.0.1 localhost huggingface.co\n' >/run/hosts
mount --bind /run/hosts /etc/hosts
cd "$project"
exec "$@"
