#!/bin/sh
# Makes the leaky example that `make run` audits: a Dockerfile, and the image built from it.
#
# `make.sh DIRECTORY` fills in the templates beside this script with a made-up token, and writes `Dockerfile`
# and `app.tar` to DIRECTORY. The image is a docker archive. One of its layers caches a token, and a later layer
# deletes it.
set -eu
templates=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/rootfs" "$work/image"

# No file of this repository contains the whole token.
end=lZzDrsDyrugKcxGFN
start=YpBVadLiMHelslsEC
token=hf_$start$end

# fill TEMPLATE: prints the template with the token in place of its placeholder.
fill() {
	sed "s/@HF_TOKEN@/$token/g" "$templates/$1"
}

# pack ARCHIVE DIRECTORY PATH...: makes an archive that is the same on every machine.
pack() {
	archive=$1
	directory=$2
	shift 2
	tar --create --file "$archive" --directory "$directory" --format=ustar --blocking-factor=1 --no-recursion \
		--owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX "$@"
}

# digest FILE: prints its SHA-256 in hexadecimal.
digest() {
	sha256sum <"$1" | cut -c1-64
}

# layer PATH...: adds a layer with these files to the image.
diff_ids=
layers=
layer() {
	pack "$work/layer.tar" "$work/rootfs" "$@"
	digest=$(digest "$work/layer.tar")
	mv "$work/layer.tar" "$work/image/$digest.tar"
	diff_ids="$diff_ids${diff_ids:+, }\"sha256:$digest\""
	layers="$layers $digest.tar"
}

cd "$work/rootfs"
hub=root/.cache/huggingface
mkdir -p etc "$hub" models app

echo 'NAME=example' >etc/os-release
layer etc etc/os-release

printf %s "$token" >"$hub/token"
fill stored_tokens >"$hub/stored_tokens"
layer "$hub/token" "$hub/stored_tokens"

echo '{}' >models/config.json
layer models/config.json

# An empty file of this name hides the directory in the layers below.
whiteout=root/.cache/.wh.huggingface
: >"$whiteout"
layer "$whiteout"

cp "$templates/app.py" app/app.py
layer app/app.py

cd "$work/image"
fill config.json | sed "s/@DIFF_IDS@/$diff_ids/" >"$work/config.json"
config=$(digest "$work/config.json").json
mv "$work/config.json" "$config"
# Without quotes, $layers becomes one argument for each layer.
listed=$(printf ', "%s"' $layers)
printf '[{"Config": "%s", "RepoTags": ["example:latest"], "Layers": [%s]}]\n' "$config" "${listed#, }" >manifest.json

fill leaky.txt >"$out/Dockerfile"
pack "$out/app.tar" . $layers "$config" manifest.json
