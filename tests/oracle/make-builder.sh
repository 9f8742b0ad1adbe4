#!/bin/bash
# Makes the builder of the oracle, once: make-builder.sh DIR
#
# DIR/tree is a Debian tree with buildah. DIR/base/NAME.tar are the root file systems that the cases start from.
# The buildah of Debian stable supports neither heredocs nor secrets as variables, so the newest one is used.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
mirror=http://deb.debian.org/debian
packages=netavark,ca-certificates,python3,git,busybox-static
# The suite with the first buildah that supports secrets as variables.
suite=experimental

stamp=$(cat "$0" | sha256sum | cut -c1-16)
if [ -e "$dir/made" ] && [ "$(cat "$dir/made")" = "$stamp" ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo 'the builder is made by debootstrap, which needs root' >&2
  exit 1
fi
"$here/../install-tools.sh" debootstrap python3-pip
rm -rf "$dir/base" "$dir/tree.part" "$dir/made"
mkdir -p "$dir/base"

recipe="$packages $suite buildah skopeo"
if [ "$(cat "$dir/tree/recipe" 2>/dev/null)" != "$recipe" ]; then
  echo "making the builder's tree from $mirror (a minute or two)" >&2
  fresh=$dir/tree.part
  # Frozen mirrors, as used for reproducible builds, have old package lists. The setting of this machine decides
  # whether they are accepted.
  local_rule=$(apt-config dump --format '%v' Acquire::Check-Valid-Until 2>/dev/null || true)
  options=(-qq -o "Acquire::Check-Valid-Until=${local_rule:-true}")
  make_tree() {
    debootstrap --variant=minbase --include="$packages" sid "$fresh" "$mirror" &&
      echo "deb $mirror $suite main" >>"$fresh/etc/apt/sources.list" &&
      chroot "$fresh" apt-get "${options[@]}" update &&
      chroot "$fresh" env DEBIAN_FRONTEND=noninteractive \
        apt-get "${options[@]}" install -y --no-install-recommends -t "$suite" buildah skopeo
  }
  if ! make_tree >"$dir/tree.log" 2>&1; then
    tail -n 20 "$dir/tree.log" >&2
    exit 1
  fi
  rm -rf "$fresh/var/cache/apt" "$fresh/var/lib/apt/lists" "$fresh/usr/share/"{doc,man,locale,info}
  touch "$fresh/etc/hosts"
  echo "$recipe" >"$fresh/recipe"
  rm -rf "$dir/tree"
  mv "$fresh" "$dir/tree"
fi
tree=$dir/tree

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
