#!/bin/bash
# Makes the seed corpus in fuzz/corpus: small streams of every format, tar archives, 7z archives, texts with
# generated tokens, file systems, and the Dockerfiles of the tests. It needs python3, and uses zstd, lz4, lzip, 7z,
# git, mksquashfs and mkfs.erofs if they are installed.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p corpus/{decompress,tar,sevenz,scanner,dockerfile,ci,zip,git,sqlite,blocks,unpack,disks}

python3 - <<'PYTHON'
import base64, bz2, gzip, hashlib, io, lzma, pathlib, sqlite3, string, tarfile, zipfile, zlib

corpus = pathlib.Path("corpus")


def put(target, name, data):
    (corpus / target / name).write_bytes(data)


def letters(seed):
    """34 letters, as a token has them."""
    digest = hashlib.sha512(seed.encode()).digest()
    return "".join(string.ascii_letters[byte % 52] for byte in digest[:34])


def token(seed):
    return "hf" + "_" + letters(seed)


opaque = letters("opaque").replace("o", "7").replace("e", "3")
data = b"all work and no play makes a dull file\n" * 20 + bytes(range(256))
for name, compressed in {
    "gzip": gzip.compress(data, mtime=0),
    "gzip-two": gzip.compress(b"one", mtime=0) + bytes(20) + gzip.compress(b"two", mtime=0),
    "bzip2": bz2.compress(data, 1),
    "bzip2-empty": bz2.compress(b""),
    "xz": lzma.compress(data, preset=0),
    "xz-sha256": lzma.compress(data, check=lzma.CHECK_SHA256, preset=0),
    "xz-filters": lzma.compress(data, filters=[
        {"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 0}]),
    "lzma": lzma.compress(data, format=lzma.FORMAT_ALONE, preset=0),
}.items():
    put("decompress", name, compressed)
put("decompress", "plain", data)

for name, form in {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}.items():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        names = ["short", "d/" * 40 + "long"] + ([] if name == "ustar" else ["n" * 300, "é" * 40])
        for path in names:
            member = tarfile.TarInfo(path)
            member.size = 600
            archive.addfile(member, io.BytesIO(b"x" * 600))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "t" * (90 if name == "ustar" else 200)
        archive.addfile(link)
    put("tar", name, buffer.getvalue()[: 30 * 512])

for number, text in enumerate([
    token("a"),
    f"HF_TOKEN={token('b')}\n",
    f"https://user:{token('c')}@huggingface.co",
    "api" + "_org_" + letters("d"),
    "hf" + "_oauth_" + letters("e") + "." + letters("f") * 2 + "." + letters("g") * 2,
    "hf" + "_jwt_" + letters("h") + "." + letters("i") * 2 + "." + letters("j") * 2,
    f"{token('k')}\0{token('l')}",
    f"hfToken = os.environ.get('HF_TOKEN') or '{opaque}'\n",
    f"huggingface:\n  # read only\n  token: {opaque}\n",
    f"[huggingface]\nkey = {opaque}\n",
    f'{{"huggingface": {{"api": {{"token": "{opaque}"}}}}}}',
    f"<huggingface><token>{opaque}</token></huggingface>",
    f"INSERT INTO settings VALUES ('HF_TOKEN', '{opaque}');",
    f"login(\n    token='{opaque}',\n)\nload('a/b', use_auth_token='{opaque}')",
    f"curl -H 'Authorization: Bearer {opaque}' \\\n  https://huggingface.co/api/whoami-v2",
    f"hf auth login --token \"${{T:-{opaque}}}\" <<< '{opaque}'",
    f"setx HF_TOKEN {opaque}\n#define HF_TOKEN \"{opaque}\"\nHF_TOKEN <- '{opaque}'",
]):
    put("scanner", f"text-{number}", text.encode())
    put("dockerfile", f"token-{number}", f"FROM scratch\nENV A={text}\n".encode())
secret = f"lines\nHF_TOKEN={token('m')}\n".encode()
for name, method in {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2}.items():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("a.gz", gzip.compress(secret))
        with archive.open("b", "w", force_zip64=True) as member:
            member.write(secret)
    put("unpack", "zip-" + name, buffer.getvalue())
    put("zip", name, buffer.getvalue()[4:])
put("unpack", "gzip-gzip", gzip.compress(gzip.compress(secret)))
put("unpack", "object", zlib.compress(b"blob %d\0" % len(secret) + secret))
put("unpack", "commit", zlib.compress(b"commit %d\0" % len(secret) + secret))
for name, packed in {
    "gzip": gzip.compress(secret), "bzip2": bz2.compress(secret), "xz": lzma.compress(secret),
    "zip": pathlib.Path("corpus/unpack/zip-deflated").read_bytes(),
}.items():
    put("unpack", f"base64-{name}", base64.b64encode(packed))
    put("unpack", f"base64-lines-{name}", base64.encodebytes(base64.encodebytes(packed)))
    put("unpack", f"hex-{name}", packed.hex().encode())
put("git", "tree", b"\x02100644 file\0" + hashlib.sha1(secret).digest())
put("git", "commit", b"\x01tree " + hashlib.sha1(secret).hexdigest().encode() + b"\n\n" + secret)
# The first byte of these chooses the bytes in front of the others.
zipped = zlib.compress(data + token("zlib").encode(), 9)
put("blocks", "zlib", b"\0" + zipped)
put("blocks", "zlib-row", b"\0" + b"before" + zipped + zipped + b"behind")
put("blocks", "zlib-bare", b"\1" + zipped[2:])
put("blocks", "redis", b"\3\0\3key\xc3\x06\x0a\2abc\xa0\2\xff")
put("blocks", "parquet", b"\4\x15\4\x15\x0c\x15\x0a\x4c\x15\2\x15\0\0\0" + b"\6\2abc\0PAR1")
put("blocks", "wandb", b"\5" + bytes(4) + b"\3\0\1abc" + bytes(4) + b"\3\0\2abc")
packer = zlib.compressobj(9, zlib.DEFLATED, 12)
put("blocks", "small-window", b"\7stream\r\n" + packer.compress(data) + packer.flush() + b"endstream")
raw = zipped[2:-4]
put("blocks", "orc", b"\x08" + (len(raw) * 2).to_bytes(3, "little") + raw + b"\7\0\0abc")
put("blocks", "avro", b"\x09\2\x14avro.codec\x0edeflate\0" + bytes(16) + b"\2\6abc")
put("blocks", "snappy", b"\x0c\1\7\0\0" + bytes(4) + b"abc" + b"\0\x09\0\0" + bytes(4) + b"\3\x08abc")
put("blocks", "mozlz4", b"\6\3\0\0\0\x30abc")

database = pathlib.Path("corpus/unpack/sqlite")
database.unlink(missing_ok=True)
with sqlite3.connect(database) as connection:
    connection.execute("pragma page_size = 512")
    connection.execute("create table t (a text)")
    for length in range(400, 520, 7):
        connection.execute("insert into t values (?)", ("x" * length + " " + token(str(length)),))
connection.close()
put("sqlite", "table", database.read_bytes()[16:])
for path in pathlib.Path("../testdata").rglob("*"):
    if path.is_file() and path.stat().st_size < 20_000:
        put("ci" if path.parent.name == "ci" else "dockerfile", str(path).replace("../", "").replace("/", "-"), path.read_bytes())
PYTHON

data=corpus/decompress/plain
command -v zstd >/dev/null && zstd -qf -3 --check "$data" -o corpus/decompress/zstd
command -v lz4 >/dev/null && lz4 -qf -B4 -BX "$data" corpus/decompress/lz4 && lz4 -qf -l "$data" corpus/decompress/lz4-legacy
command -v lzip >/dev/null && lzip -c "$data" >corpus/decompress/lzip
if command -v 7z >/dev/null; then
  for method in LZMA LZMA2 PPMd BZip2 Deflate Copy; do
    for options in "-mhc=on" "-mhc=off -ms=off"; do
      rm -f "corpus/sevenz/$method$options"
      # shellcheck disable=SC2086
      7z a -bd -t7z -m0=$method $options "corpus/sevenz/$method${options%% *}.7z" "$data" make-corpus.sh >/dev/null
    done
  done
fi
if command -v git >/dev/null; then
  repository=$(mktemp -d)
  git -C "$repository" init -q
  for version in one two three; do
    { seq 200; echo "$version"; seq 200; } >"$repository/file"
    git -C "$repository" add file
    git -C "$repository" -c user.name=a -c user.email=a@example.org commit -qm "$version"
  done
  git -C "$repository" gc -q --aggressive
  cp "$repository"/.git/objects/pack/*.pack corpus/unpack/pack
  # The target reads the last byte of the object count, and then the objects.
  tail -c +12 corpus/unpack/pack >corpus/git/pack
  rm -rf "$repository"
fi
files=$(mktemp -d)
cp corpus/scanner/* "$files"
cat corpus/scanner/* corpus/scanner/* corpus/scanner/* >"$files/long"
if command -v mksquashfs >/dev/null; then
  for compressor in gzip lzma lzo lz4 xz zstd; do
    mksquashfs "$files" "corpus/disks/squashfs-$compressor" -comp $compressor -b 4096 -nopad -noappend -quiet -no-progress
  done
fi
if command -v mkfs.erofs >/dev/null; then
  for options in -Enosbcrc -zlz4 -zlz4hc,9 "-zlz4 -Eztailpacking" "-zlz4 -Efragments" "-zlz4 -Elegacy-compress" "-zlz4 -C8192"; do
    # shellcheck disable=SC2086
    mkfs.erofs --quiet $options "corpus/disks/erofs${options// /}" "$files"
  done
fi
rm -rf "$files"
cp corpus/sevenz/Copy-mhc=on.7z corpus/tar/* corpus/decompress/* corpus/unpack/
ls corpus | while read -r target; do echo "$target: $(ls "corpus/$target" | wc -l) files"; done
