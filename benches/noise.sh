#!/bin/bash
# Scans corpora without tokens, and fails unless there are no findings and no errors; see README.md here.
#   benches/noise.sh                  scans all corpora and writes docs/noise.md
#   benches/noise.sh CORPUS...        scans only these, and writes to standard output
#   STOWAWAY=FILE benches/noise.sh    uses this binary instead of the one built here
set -euo pipefail
cd "$(dirname "$0")/.."
dir=target/noise
stowaway=${STOWAWAY:-target/release/stowaway}
make_noise=target/release/examples/make-noise

# once NAME COMMAND...: runs the command to fill $dir/NAME, unless an earlier run has.
once() {
  local name=$1 part=$dir/$1.part
  shift
  [ ! -e "$dir/$name" ] || return 0
  echo "making $dir/$name" >&2
  rm -rf "$part"
  mkdir -p "$part"
  "$@" "$PWD/$part" >&2
  mv "$part" "$dir/$name"
}

# Published wheels. PyTorch for x86 needs gigabytes of CUDA, but PyTorch for ARM does not.
fetch_wheels() {
  local package options
  while read -r package; do
    options=()
    [[ $package != torch==* ]] || options=(--platform manylinux_2_28_aarch64)
    python3 -m pip download --quiet --no-deps --only-binary :all: "${options[@]}" --dest "$1" "$package"
  done <benches/noise/python.txt
}

# Source archives, which include tests and other files that wheels leave out.
fetch_sources() {
  local package
  for package in accelerate datasets huggingface-hub peft transformers; do
    python3 -m pip download --quiet --no-deps --no-binary "$package" --dest "$1" \
      "$(grep "^$package==" benches/noise/python.txt)"
  done
}

# The wheels, unpacked and compiled by pip.
install_wheels() {
  local wheel wheels=()
  for wheel in "$dir"/wheels/*.whl; do
    if [[ $wheel == *aarch64* ]]; then
      python3 -m zipfile -e "$wheel" "$1"
    else
      wheels+=("$wheel")
    fi
  done
  python3 -m pip install --quiet --no-deps --no-index --root-user-action ignore --target "$1" "${wheels[@]}"
}

# npm packages. npm's cache has each package as the published tarball. Conflicts between peer dependencies and
# install scripts, which would fetch other files, are ignored: neither changes the content of the packages.
install_node() {
  mkdir "$1/app" "$1/cache"
  echo '{"private": true}' >"$1/app/package.json"
  xargs -a benches/noise/node.txt npm install --prefix "$1/app" --cache "$1/cache" --ignore-scripts \
    --legacy-peer-deps --no-audit --no-fund --no-update-notifier --silent
}

# Minified scripts and source maps of all packages, and bundles with their source maps in base64.
minify() {
  local file package number=0
  while IFS= read -r -d '' file; do
    number=$((number + 1))
    cp "$file" "$1/$number-${file##*/}"
  done < <(find "$dir/node/app" "$dir/site-packages" -type f \
    \( -name '*.min.js' -o -name '*.min.mjs' -o -name '*.map' \) -print0)
  for package in @gradio/client @huggingface/hub @huggingface/inference @huggingface/tasks d3 echarts firebase/auth \
    lodash mermaid openai react-dom/client rxjs three; do
    (cd "$dir/node/app" && node_modules/.bin/esbuild --bundle --minify --platform=node --format=esm \
      --sourcemap=inline --log-level=error <<<"export * from '$package'") >"$1/bundle-${package//\//-}.js"
  done
}

# A root file system, and the packages that it was made from.
bootstrap() {
  mkdir "$1/packages"
  debootstrap --variant=minbase --include=ca-certificates,curl,gcc,git,perl,python3 bookworm "$1/root"
  mv "$1"/root/var/cache/apt/archives/*.deb "$1/packages/"
}

prepare() {
  case $1 in
    wheels) once wheels fetch_wheels ;;
    sdists) once sdists fetch_sources ;;
    site-packages)
      prepare wheels
      once site-packages install_wheels
      ;;
    node/*) once node install_node ;;
    minified)
      prepare site-packages
      prepare node/app
      once minified minify
      ;;
    debian/*) once debian bootstrap ;;
  esac
}

# row CORPUS ARGUMENTS: scans the output of `make-noise ARGUMENTS`, unless only other corpora are requested. The
# path of a tree is relative to $dir.
row() {
  local corpus=$1 sort=$2 what=$3 name=${1//[^A-Za-z0-9]/-}
  [ ${#asked[@]} -eq 0 ] || [[ " ${asked[*]} " == *" $corpus "* ]] || return 0
  if [ "$sort" = tree ]; then
    prepare "$what"
    what=$dir/$what
  fi
  local scan=("$stowaway" scan --format json --no-progress)
  # Cached results of an earlier run would falsify the measurement.
  if "$stowaway" scan --help | grep -q -- --no-cache; then scan+=(--no-cache); fi
  local code=0 report=$dir/$name.json
  "$make_noise" "$sort" "$what" 2>"$dir/$name.counts" |
    /usr/bin/time --format '%U %S %M' --quiet --output "$dir/$name.cost" "${scan[@]}" - >"$report" || code=$?
  local files bytes user system memory findings errors notes
  read -r files bytes <"$dir/$name.counts"
  read -r user system memory <"$dir/$name.cost"
  read -r findings errors notes < <(jq -r '[.findings, .errors, .notes] | map(length) | join(" ")' "$report")
  printf '| %s | %d | %.0f | %d | %d | %d | %.0f | %.0f |\n' "$corpus" "$files" "$((bytes / 1000000))" \
    "$findings" "$errors" "$notes" "$(jq -n "$user + $system")" "$((memory / 1000))"
  [ $code -eq 0 ] && [ "$findings" -eq 0 ] && [ "$errors" -eq 0 ] && return
  noisy+=("$corpus")
  jq -r '(.findings[] | [.rule, .confidence, (.location | .path, .offset, (.via | tojson))]),
         (.errors[] | ["error", .where, .message]) | @tsv' "$report" >&2
}

table() {
  echo '| corpus | files | MB | findings | errors | notes | CPU seconds | peak memory, MB |'
  echo '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |'
  row 'Python packages, installed' tree site-packages
  row 'Python packages, wheels' tree wheels
  row 'Python packages, source archives' tree sdists
  row 'Node packages, installed' tree node/app
  row 'Node packages, tarballs' tree node/cache/_cacache/content-v2
  row 'minified JavaScript, source maps' tree minified
  row 'Debian, root file system' tree debian/root
  row 'Debian, packages' tree debian/packages
  row 'random bytes' random 4000
  row 'base64, lines of 76' base64 1333
  row 'base64url, one line' base64url 1333
  row 'base64url, lines of 64' base64url-lines 1333
  row 'hexadecimal, lines of 64' hex 1000
  row 'hexadecimal, one line, capitals' hex-line 1000
  row 'FASTQ' fastq 1000
  row 'FASTQ, qualities as letters' fastq-letters 1000
}

# list FILE: prints the lines of a list of packages as one paragraph.
list() { paste -sd ' ' "$1" | fold -sw 118 | sed 's/ *$//'; }

page() {
  cat <<'END'
# Noise

What stowaway says of clean work: nothing. Each row is one image with one layer, scanned with `stowaway scan -`. None of
these corpora holds a Hugging Face token, so every finding would be a false one, and every error something that could
have been read. Notes name what is odd and change no exit code, such as an archive inside a file that ends early.

`make noise` makes the corpora below `target/noise` (it fetches packages, needs 13 GB, and keeps them), scans them,
writes this page again, and fails where a row has a finding or an error. `benches/README.md` says more.

END
  table
  cat <<'END'

Seconds are the scan's processor time, system calls included. `make bench` measures speed.

## What the corpora are

Random bytes, base64, hexadecimal text and sequencing reads are made, the same on every run. Packages are those that
`benches/noise/python.txt` and `benches/noise/node.txt` name:

END
  echo "Python $(python3 -c 'import platform; print(platform.python_version())'), pip without dependencies:"
  list benches/noise/python.txt
  echo
  echo "Node, npm with all dependencies ($(find "$dir/node/cache/_cacache/content-v2" -type f | wc -l) packages):"
  list benches/noise/node.txt
  echo
  echo "Debian $(<"$dir/debian/root/etc/debian_version"), debootstrap:"
  dpkg-query --admindir "$dir/debian/root/var/lib/dpkg" --show --showformat '${Package}=${Version}\n' >"$dir/debian.txt"
  list "$dir/debian.txt"
}

cargo build --release --quiet --bin stowaway --example make-noise
mkdir -p "$dir"
asked=("$@")
noisy=()
if [ ${#asked[@]} -gt 0 ]; then
  table
else
  page >"$dir/page"
  cp "$dir/page" docs/noise.md
  cat docs/noise.md
fi
if [ ${#noisy[@]} -gt 0 ]; then
  printf 'not silent: %s\n' "${noisy[@]}" >&2
  exit 1
fi
