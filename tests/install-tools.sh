#!/bin/bash
# Installs missing Debian packages: install-tools.sh PACKAGE...
# A package is skipped if its program is already installed in another way.
set -euo pipefail

missing=()
for package in "$@"; do
  case $package in
    busybox-static) present() { [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; } ;;
    p7zip-full) present() { command -v 7z >/dev/null; } ;;
    python3-pip) present() { python3 -m pip --version >/dev/null 2>&1; } ;;
    chromium-driver) present() { command -v chromedriver >/dev/null; } ;;
    isal) present() { command -v igzip >/dev/null; } ;;
    ripgrep) present() { command -v rg >/dev/null; } ;;
    erofs-utils) present() { command -v mkfs.erofs >/dev/null; } ;;
    qemu-utils) present() { command -v qemu-img >/dev/null; } ;;
    bsdextrautils) present() { command -v hexdump >/dev/null; } ;;
    binutils) present() { command -v objcopy >/dev/null; } ;;
    squashfs-tools) present() { command -v mksquashfs >/dev/null; } ;;
    xz-utils) present() { command -v xz >/dev/null; } ;;
    time) present() { [ -x /usr/bin/time ]; } ;;
    *) present() { command -v "$package" >/dev/null; } ;;
  esac
  present || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "please install: ${missing[*]} (names of Debian's packages)" >&2
  exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
