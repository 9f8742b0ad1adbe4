#!/bin/bash
# Measures speed and memory of `stowaway scan` beside tools that only decompress, hash or search; see README.md
# here.
#   SIZE_MB=1500 RUNS=5 TREE= benches/run.sh
set -euo pipefail
cd "$(dirname "$0")/.."
size=${SIZE_MB:-1500}
runs=${RUNS:-5}
tree=${TREE:-}
dir=target/bench${tree:+-tree}

cargo build --release --bin stowaway --example make-bench-image --example bench-decoders --example bench-dockerfiles --features internals
if [ "$(cat $dir/made 2>/dev/null)" != "$size $tree" ]; then
  rm -rf $dir
  target/release/examples/make-bench-image $dir "$size" ${tree:+"$tree"}
  echo "$size $tree" >$dir/made
fi
bytes=$(cat $dir/bytes)
scan='target/release/stowaway scan'
# Cached results of an earlier run would falsify the measurement.
if target/release/stowaway scan --help | grep -q -- --no-cache; then scan+=' --no-cache'; fi

# A run that fails early would look fast. Each run must find the one token and read everything.
for target in $dir/gzip $dir/zstd $dir/fat $dir/ten $dir/plain.tar; do
  code=0
  report=$($scan --format json $target) || code=$?
  if [ $code -ne 1 ] || ! grep -q '"complete": *true' <<<"$report"; then
    echo "$target: exit code $code, or not complete" >&2
    exit 1
  fi
done

# measure GROUP NAME COMMAND [NAME COMMAND]...: prints a table of medians; the first command is ours.
measure() {
  local group=$1
  shift
  local args=()
  while [ $# -gt 0 ]; do
    args+=(--command-name "$1" "$2")
    shift 2
  done
  # `scan` exits with 1 because of the token.
  hyperfine --warmup 1 --runs "$runs" --ignore-failure --style none --export-csv "$dir/$group.csv" "${args[@]}" \
    >/dev/null 2>"$dir/$group.log"
  awk -F, -v group="$group" -v bytes="$bytes" '
    NR == 2 { ours = $4 }
    NR > 1 { printf "| %s | %s | %.2f | %.0f | %.2f |\n", group, $1, $4, bytes / $4 / 1e6, ours / $4 }
  ' "$dir/$group.csv"
}

each() { echo "xargs -a $dir/$1.layers -n 1 -P $2 $3 >/dev/null"; }

echo "Image: $((bytes / 1000000)) MB in $(wc -l <$dir/gzip.layers) layers; $(nproc) cores; median of $runs runs."
echo
echo '| layers | command | median, s | MB/s of uncompressed | stowaway takes × |'
echo '| --- | --- | ---: | ---: | ---: |'
measure gzip \
  'stowaway scan' "$scan $dir/gzip" \
  'stowaway scan --jobs 1' "$scan --jobs 1 $dir/gzip" \
  'igzip -dc' "$(each gzip 1 'igzip -dc')" \
  'openssl sha256 then igzip -dc in two processes' \
  "$(each gzip 2 'openssl dgst -sha256'); $(each gzip 2 'igzip -dc')"
fat=$(cat $dir/fat.layers)
measure 'one gzip layer' \
  'stowaway scan' "$scan $dir/fat" \
  'stowaway scan --jobs 1' "$scan --jobs 1 $dir/fat" \
  'igzip -dc' "igzip -dc $fat >/dev/null" \
  'igzip -dc piped to rg -a -c' "igzip -dc $fat | rg -a -c 'hf_[A-Za-z]{34}'" \
  'openssl sha256 beside igzip -dc' "openssl dgst -sha256 $fat >/dev/null & igzip -dc $fat >/dev/null; wait"
measure zstd \
  'stowaway scan' "$scan $dir/zstd" \
  'stowaway scan --jobs 1' "$scan --jobs 1 $dir/zstd" \
  'zstd -dc' "$(each zstd 1 'zstd -dcq')" \
  'openssl sha256 then zstd -dc in two processes' \
  "$(each zstd 2 'openssl dgst -sha256'); $(each zstd 2 'zstd -dcq')"
measure plain \
  'stowaway scan' "$scan $dir/plain.tar" \
  'stowaway scan --jobs 1' "$scan --jobs 1 $dir/plain.tar" \
  'stowaway scan --verify-digests' "$scan --verify-digests $dir/plain.tar" \
  'rg -a -c' "rg -a -c 'hf_[A-Za-z]{34}' $dir/plain.tar"
measure 'ten images' \
  'stowaway scan of ten images that share six layers' "$scan $dir/ten" \
  'stowaway scan of one of them' "$scan $dir/gzip"
cached="${scan% --no-cache}"
if [ "$cached" != "$scan" ]; then
  export XDG_CACHE_HOME=$PWD/$dir/cache
  rm -rf "$XDG_CACHE_HOME"
  measure known \
    'stowaway scan of known layers' "$cached $dir/gzip" \
    'stowaway scan --no-cache' "$scan $dir/gzip" \
    'openssl sha256 in two processes' "$(each gzip 2 'openssl dgst -sha256')"
fi

# The gzip image in a registry on this machine.
address=127.0.0.1:5127
remote=docker://$address/bench:1
rm -rf $dir/registry $dir/copied
cat >$dir/registry.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $PWD/$dir/registry}}
http: {addr: "$address"}
CONFIG
docker-registry serve $dir/registry.yml >$dir/registry.log 2>&1 &
trap "kill $!; rm -rf $dir/registry $dir/copied" EXIT
for _ in $(seq 50); do ! (echo >"/dev/tcp/${address/:/\/}") 2>/dev/null || break; sleep 0.1; done
skopeo copy --quiet --dest-tls-verify=false oci:$dir/gzip $remote
measure registry \
  'stowaway scan docker://…' "$scan $remote" \
  'stowaway scan --jobs 8 docker://…' "$scan --jobs 8 $remote" \
  'skopeo copy docker://… dir:…' "rm -rf $dir/copied; skopeo copy --quiet --src-tls-verify=false $remote dir:$dir/copied"

echo
echo '| layers | peak memory, MB |'
echo '| --- | ---: |'
# memory NAME OPTION... TARGET
memory() {
  local name=$1
  shift
  /usr/bin/time --format %M --output $dir/memory $scan "$@" >/dev/null || [ $? -eq 1 ]
  echo "| $name | $(awk 'END { printf "%.0f", $1 / 1000 }' $dir/memory) |"
}
for target in gzip fat zstd ten plain.tar; do memory ${target%.tar} $dir/$target; done
memory registry $remote
memory 'registry, --jobs 8' --jobs 8 $remote

# Instruction counts do not depend on the load of the machine. They reveal regressions that times would hide.
small=target/bench-small
if [ ! -e $small/made ]; then
  rm -rf $small
  target/release/examples/make-bench-image $small 30
  touch $small/made
fi
echo
echo '| layers | instructions a byte | as noted in instructions.txt |'
echo '| --- | ---: | ---: |'
for target in gzip zstd plain.tar; do
  valgrind --tool=callgrind --callgrind-out-file=/dev/null $scan --jobs 1 $small/$target >/dev/null 2>$small/log ||
    [ $? -eq 1 ]
  count=$(awk '/Collected/ { print $4 }' $small/log)
  noted=$(awk -v layers="${target%.tar}" '$1 == layers { print $2 }' benches/instructions.txt)
  awk -v layers="${target%.tar}" -v count="$count" -v bytes="$(cat $small/bytes)" -v noted="$noted" 'BEGIN {
    now = count / bytes
    printf "| %s | %.2f | %s%s |\n", layers, now, noted, (now > noted * 1.05) ? " — MORE THAN NOTED" : ""
  }'
done

echo
target/release/examples/bench-decoders $dir/plain.tar

echo
target/release/examples/bench-dockerfiles testdata/corpus
