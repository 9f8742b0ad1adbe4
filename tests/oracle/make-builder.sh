#!/bin/bash
# Makes the builders of the oracle, each once: make-builder.sh DIR BUILDER...
#
# DIR/tree is a Debian tree with the builders. DIR/base/NAME.tar are the root file systems that the cases start from.
# The buildah of Debian stable supports neither heredocs nor secrets as variables, so the newest one is used. Nothing
# is installed on the machine itself, where Docker would start.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
shift
mirror=http://deb.debian.org/debian
packages=netavark,ca-certificates,python3,git,busybox-static
# The suite with the first buildah that supports secrets as variables.
suite=experimental

stamp=$(cat "$0" | sha256sum | cut -c1-16)
# What is asked for, as parts of the tree.
parts=()
for builder in "$@"; do
  part=
  case $builder in
    buildah) ;;
    buildkit-20.10 | classic) part=docker20 ;;
    docker-28) part=docker28 ;;
    podman-5) part=podman ;;
    *)
      echo "there is no builder $builder" >&2
      exit 1
      ;;
  esac
  [ -z "$part" ] || parts+=("$part")
done
is_made() {
  local part
  [ "$(cat "$dir/made" 2>/dev/null)" = "$stamp" ] || return 1
  for part in "${parts[@]}"; do
    [ -e "$dir/tree/parts/$part" ] || return 1
  done
}
! is_made || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo 'the builders are made by debootstrap, which needs root' >&2
  exit 1
fi
tree=$dir/tree

# Frozen mirrors, as used for reproducible builds, have old package lists. The setting of this machine decides whether
# they are accepted.
local_rule=$(apt-config dump --format '%v' Acquire::Check-Valid-Until 2>/dev/null || true)
options=(-qq -o "Acquire::Check-Valid-Until=${local_rule:-true}")

# apt_get TREE ARGUMENT...: runs apt-get in a tree.
apt_get() {
  local tree=$1
  shift
  chroot "$tree" env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" "$@"
}

# logged STEP ARGUMENT...: runs a function, and shows the end of its output if it fails.
exec 3>&2
logged() {
  trap 'tail -n 20 "$dir/tree.log" >&3' EXIT
  "$@" >>"$dir/tree.log" 2>&1
  trap - EXIT
}

make_tree() {
  local fresh=$1
  debootstrap --variant=minbase --include="$packages" sid "$fresh" "$mirror"
  printf "deb $mirror %s main\n" "$suite" bookworm >>"$fresh/etc/apt/sources.list"
  apt_get "$fresh" update
  apt_get "$fresh" install -y --no-install-recommends -t "$suite" buildah skopeo
  mkdir "$fresh/parts"
  touch "$fresh/etc/hosts"
}

# Docker 20.10 of Debian 12 lies beside the other programs, without its packages being installed.
add_docker20() {
  local package
  apt_get "$tree" install -y --no-install-recommends libdevmapper1.02.1
  # chroot starts in the root directory, where the packages are put.
  apt_get "$tree" download {docker.io,containerd,runc}/bookworm
  for package in "$tree"/*.deb; do
    dpkg-deb --extract "$package" "$tree/opt/docker-20.10"
    rm "$package"
  done
}

add_docker28() {
  apt_get "$tree" install -y --no-install-recommends docker.io docker-cli docker-buildx containerd runc
}

add_podman() {
  apt_get "$tree" install -y --no-install-recommends podman runc
}

"$here/../install-tools.sh" debootstrap python3-pip
rm -rf "$dir/tree.log"
mkdir -p "$dir"
recipe="$packages $suite bookworm buildah skopeo"
if [ "$(cat "$tree/recipe" 2>/dev/null)" != "$recipe" ]; then
  echo "making the builders' tree from $mirror (a minute or two)" >&2
  rm -rf "$dir/tree.part"
  logged make_tree "$dir/tree.part"
  echo "$recipe" >"$dir/tree.part/recipe"
  rm -rf "$tree"
  mv "$dir/tree.part" "$tree"
fi
for part in "${parts[@]}"; do
  [ ! -e "$tree/parts/$part" ] || continue
  echo "adding $part" >&2
  [ -e "$tree/var/lib/apt/lists" ] || logged apt_get "$tree" update
  logged "add_$part"
  touch "$tree/parts/$part"
done
rm -rf "$tree"/var/cache/apt "$tree"/var/lib/apt/lists "$tree"/usr/share/{doc,man,locale,info}
[ "$(cat "$dir/made" 2>/dev/null)" != "$stamp" ] || exit 0
rm -rf "$dir/base" "$dir/made"
mkdir -p "$dir/base"

# Prints the libraries of programs and modules, as paths below /usr.
libraries() {
  chroot "$tree" sh -c 'for each; do ldd "$each" 2>/dev/null; done' sh "$@" |
    grep -o '/[^ ]*' | sed 's,^/lib,/usr/lib,; s,^/usr/usr,/usr,' | sort -u
}

# make_base NAME REQUIREMENT: makes a root file system with Python, busybox, bash, dash, git and a
# huggingface_hub.
make_base() {
  local root=$dir/base/$1 python
  python=$(chroot "$tree" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  rm -rf "$root"
  mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,root,home/app,proc,sys,dev,run,tmp,var/tmp,opt,srv}
  ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
  chmod 1777 "$root/tmp" "$root/var/tmp"

  cp -L "$tree"/usr/bin/{busybox,bash,dash,git} "$root/usr/bin"
  cp -L "$tree/usr/bin/python$python" "$root/usr/bin"
  ln -s "python$python" "$root/usr/bin/python3"
  ln -s "python$python" "$root/usr/bin/python"
  ln -s dash "$root/usr/bin/sh"
  for name in $(chroot "$tree" busybox --list); do
    [ -e "$root/usr/bin/$name" ] || ln -s busybox "$root/usr/bin/$name"
  done
  tar -C "$tree/usr/lib" --exclude=__pycache__ --exclude=test --exclude=idlelib --exclude=ensurepip --exclude='config-*' \
    --exclude=pydoc_data --exclude=git-{http-push,imap-send,http-fetch,daemon,http-backend,shell,sh-i18n--envsubst} --exclude=scalar \
    -cf - "python$python" git-core | tar -C "$root/usr/lib" -xf -
  mkdir -p "$root/usr/share"
  cp -a "$tree/usr/share/git-core" "$root/usr/share"

  # Compiled modules must match the builder's Python. The package that accelerates downloads is left out.
  python3 -m pip install --quiet --root-user-action=ignore --no-compile --target "$root/usr/lib/python3/dist-packages" \
    --python-version "$python" --only-binary=:all: "$2"
  rm -rf "$root/usr/lib/python3/dist-packages"/{hf_xet*,bin,__pycache__}
  python3 - "$root" <<'SCRIPTS'
import configparser, pathlib, sys
root = pathlib.Path(sys.argv[1])
for entries in root.glob("usr/lib/python3/dist-packages/huggingface_hub-*.dist-info/entry_points.txt"):
    parser = configparser.ConfigParser()
    parser.read(entries)
    for name, place in parser["console_scripts"].items():
        module, function = place.split(":")
        script = root / "usr/bin" / name
        script.write_text(f"#!/usr/bin/python3\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n")
        script.chmod(0o755)
SCRIPTS

  # shellcheck disable=SC2046
  libraries /usr/bin/{bash,dash,git,python3} /usr/lib/git-core/git-remote-http \
    $(cd "$tree" && find usr/lib/python3* -name '*.so' -printf '/%p ') |
    while read -r library; do
      mkdir -p "$root$(dirname "$library")"
      cp -L "$tree$library" "$root$library"
    done
  echo 'root:x:0:0:root:/root:/bin/bash
app:x:1000:1000:app:/home/app:/bin/bash' >"$root/etc/passwd"
  echo 'root:x:0:
app:x:1000:' >"$root/etc/group"
  echo 'hosts: files' >"$root/etc/nsswitch.conf"
  chown 1000:1000 "$root/home/app"
  chroot "$root" python3 -m compileall -q /usr/lib/python3 "/usr/lib/python$python" >/dev/null || true
  chroot "$root" hf version >/dev/null 2>&1 || chroot "$root" huggingface-cli version >/dev/null
  tar --numeric-owner --sort=name -C "$root" -cf "$dir/base/$1.tar" .
  rm -rf "$root"
}

make_base hub huggingface_hub
make_base hub-0.36 'huggingface_hub>=0.36,<0.37'
echo "$stamp" >"$dir/made"
