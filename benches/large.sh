#!/bin/bash
# Measures memory and time of `stowaway scan` on one gzip layer of SIZE_GB uncompressed (20 by default), sampled
# while it runs. The layer repeats those of `make bench` as consecutive gzip members. The script needs some
# gigabytes of disk.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=target/bench
large=target/bench-large
[ -e $bench/made ] || { echo "run \`make bench\` first: its layers are used" >&2; exit 2; }
blobs=$large/blobs/sha256
rm -rf $large
trap 'rm -rf $large' EXIT
mkdir -p $blobs
times=$((${SIZE_GB:-20} * 1000000000 / $(cat $bench/bytes) + 1))

# put FILE TYPE: stores a blob and prints its descriptor.
put() {
  local digest size
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  size=$(stat -c %s "$1")
  mv "$1" "$blobs/$digest"
  echo "{\"mediaType\":\"application/vnd.oci.image.$2\",\"digest\":\"sha256:$digest\",\"size\":$size}"
}

for _ in $(seq $times); do xargs cat <$bench/gzip.layers; done >$large/layer
layer=$(put $large/layer layer.v1.tar+gzip)
echo '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:'$(printf %064d 0)'"]}}' >$large/config
config=$(put $large/config config.v1+json)
echo "{\"schemaVersion\":2,\"config\":$config,\"layers\":[$layer]}" >$large/manifest
echo "{\"schemaVersion\":2,\"manifests\":[$(put $large/manifest manifest.v1+json)]}" >$large/index.json
echo '{"imageLayoutVersion":"1.0.0"}' >$large/oci-layout

target/release/stowaway scan --no-cache $large >$large/report &
scan=$!
start=$SECONDS
echo '| seconds | resident, MB |'
echo '| ---: | ---: |'
while rss=$(awk '/VmRSS/ { print $2 }' /proc/$scan/status 2>/dev/null) && [ -n "$rss" ]; do
  echo "| $((SECONDS - start)) | $((rss / 1000)) |"
  sleep 2
done
wait $scan || [ $? -le 2 ]
echo
echo "$((times * $(cat $bench/bytes) / 1000000)) MB in $((SECONDS - start)) s"
tail -n 3 $large/report
