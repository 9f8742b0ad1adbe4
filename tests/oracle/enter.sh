#!/bin/sh
# Runs a program in the builders' tree: enter.sh GROUP TREE PROJECT TARGET SCRATCH PROGRAM ARGUMENT…
# Removes what is left of a run: enter.sh --sweep GROUP TREE
#
# The caller provides new namespaces for mounts, processes and the network. All mounts, processes and listeners,
# and SCRATCH, disappear with the last process. Control groups do not, hence --sweep. The only network is loopback.
# PROJECT and TARGET (Cargo's directory, which may be elsewhere) have the same paths inside.
set -eu

# Containers are put into groups below GROUP. It is a namespace of its own, with the unified hierarchy, whatever the
# machine has: the engines then work alike everywhere. Groups with members and controllers would be refused.
case $1 in
--sweep)
  mount -t cgroup2 cgroup2 "$3/mnt"
  group=$3/mnt$(sed -n 's/^0:://p' /proc/self/cgroup)/$2
  # Killed processes may need a moment to leave.
  for _ in $(seq 100); do
    [ -d "$group" ] || exit 0
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
  exit 1
  ;;
--in-group)
  echo 0 >"$3/mnt$2/members/cgroup.procs"
  umount "$3/mnt"
  shift 2
  ;;
*)
  mount -t cgroup2 cgroup2 "$2/mnt"
  group=$(sed -n 's/^0:://p' /proc/self/cgroup)/$1
  mkdir "$2/mnt$group" "$2/mnt$group/members"
  echo 0 >"$2/mnt$group/cgroup.procs"
  shift
  exec unshare --cgroup -- "$0" --in-group "$group" "$@"
  ;;
esac

tree=$1 project=$2 target=$3 scratch=$4
shift 4

mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --rbind /sys "$tree/sys"
mount -t cgroup2 cgroup2 "$tree/sys/fs/cgroup"
for directory in run tmp var/tmp root srv mnt etc/docker; do
  mkdir -p "$tree/$directory"
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
