#!/usr/bin/env python3
"""Measures scans of inputs that are made to take long or to use much memory, and prints a table.

Usage: hostile.py STOWAWAY DIRECTORY. The inputs are made in DIRECTORY. benches/README.md explains the table.
"""

import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import zlib

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
RANDOM = random.Random(20)


def token():
    """Returns a text in the shape of a token. It is made here, so that no file holds one."""
    return "hf" + "_" + "".join(RANDOM.choice(LETTERS) for _ in range(34))


def add(tar, name, content, **attributes):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in attributes.items():
        setattr(member, key, value)
    tar.addfile(member, io.BytesIO(content))


def tar_of(files):
    """Returns a tar archive. A file is a name with its content, or with the attributes of a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files:
            if isinstance(content, dict):
                add(tar, name, b"", **content)
            else:
                add(tar, name, content)
    return out.getvalue()


def config(layers, **members):
    diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    base = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    return json.dumps(base | members).encode()


def archive(images):
    """Returns a docker archive of images, each of which is a config and its layers."""
    files, manifest = {}, []
    for number, (document, layers) in enumerate(images):
        names = ["%s.tar" % hashlib.sha256(layer).hexdigest() for layer in layers]
        files.update(zip(names, layers))
        name = "%d.json" % number
        files[name] = document
        manifest.append({"Config": name, "RepoTags": ["made:%d" % number], "Layers": names})
    files["manifest.json"] = json.dumps(manifest).encode()
    return tar_of(files.items())


def with_history(text, count=1):
    layer = tar_of([("a", b"a")])
    return archive([(config([layer], history=[{"created_by": text}] * count), [layer])])


def file(content):
    layer = tar_of([("srv/data", content)])
    return archive([(config([layer]), [layer])])


def references():
    layer = tar_of([("srv/%d" % n, (token() + "\n").encode()) for n in range(1000)])
    return archive([(config([layer]), [layer] * 1000) for _ in range(20)])


def histories():
    layer = tar_of([("a", b"a")])
    history = b"[" + b"{}," * 1_400_000 + b"{}]"
    document = config([layer], history=[]).replace(b'"history": []', b'"history": ' + history)
    return archive([(document + b" " * number, [layer]) for number in range(6)])


def labels():
    layer = tar_of([("a", b"a")])
    made = {"l%d" % n: token() for n in range(95_000)}
    return archive([(config([layer], config={"Labels": made}), [layer]) for _ in range(3)])


def links():
    path = "sysroot/ostree/repo/objects/%02x/%062x.file"
    names = [path % (n % 256, n) for n in range(120_000)]
    others = [("usr/share/%s/%d" % ("x" * 100, n), {"type": tarfile.LNKTYPE, "linkname": name})
              for n, name in enumerate(names)]
    return archive_of_layer([(name, b"") for name in names] + others)


def archive_of_layer(files):
    layer = tar_of(files)
    return archive([(config([layer]), [layer])])


def compressed(command, megabytes=128, layers=8):
    block = bytes(RANDOM.randrange(97, 110) for _ in range(1 << 20))
    made = []
    for number in range(layers):
        layer = tar_of([("srv/%d" % number, (b"%d" % number + block) * megabytes)])
        made.append(subprocess.run(command, input=layer, stdout=subprocess.PIPE, check=True).stdout)
    return archive([(config(made), made)])


DOCKERFILE = "FROM a\n"
INPUTS = [
    # name, file, content, options
    ("`abc=b,` × 8,000 in the history", "a.tar", lambda: with_history("abc=b," * 8000), []),
    ("`://a:` × 8,000 in the history", "a.tar", lambda: with_history("://a:" * 8000), []),
    ("`abc=b,` × 8,000 in a Dockerfile", "Dockerfile", lambda: DOCKERFILE + "RUN " + "abc=b," * 8000 + "\n", []),
    ("3,000 writes, each with its `rm`", "Dockerfile", lambda: DOCKERFILE + "".join(
        "RUN echo $HF_TOKEN > /a%d && rm /a%d\n" % (n, n) for n in range(3000)), []),
    ("520,000 commands in a RUN", "Dockerfile", lambda: DOCKERFILE + "RUN " + "a;" * 520_000 + "\n", []),
    ("a Dockerfile of 9 MB", "Dockerfile", lambda: DOCKERFILE + "ENV A=b\n" * (9_000_000 // 8), []),
    ("bzip2 magics, 1 MB", "a.tar", lambda: file(b"BZh91AY&SY" * 100_000), []),
    ("zstd magics, 1 MB", "a.tar", lambda: file(b"\x28\xb5\x2f\xfd" * 250_000), []),
    ("lzip magics, 1 MB", "a.tar", lambda: file(b"LZIP\x01\x0c" * 166_000), []),
    ("zlib headers, 1 MB", "a.tar", lambda: file(zlib.compress(b"a" * 300)[:9] * 111_000), []),
    ("`hf_…=` in 1 MB of text", "a.tar", lambda: file(b"login(hf_aZ0bY1cX2dW3eV4,a)\n" * 36_000), []),
    ("`${HF_TOKEN:-…` in 1 MB of text", "a.tar", lambda: file(b"${HF_TOKEN:-hf_aZ0bY1cX2dW3eV4" * 33_000), []),
    ("20 images × 1,000 references to 1,000 tokens", "a.tar", references, []),
    ("6 configs of 1,400,000 history entries", "a.tar", histories, []),
    ("3 configs of 95,000 tokens", "a.tar", labels, []),
    ("a `.dockerignore` of 100,000 patterns", ".dockerignore", lambda: "".join(
        "a%d/**/b*\n" % n for n in range(100_000)), []),
    ("120,000 hard links, as ostree has them", "a.tar", links, []),
    ("gzip layers, 8 threads", "a.tar", lambda: compressed(["gzip", "-1"]), ["--jobs", "8"]),
    ("zstd layers with windows of 8 MiB, 8 threads", "a.tar", lambda: compressed(["zstd", "-q", "-19"], 32),
     ["--jobs", "8"]),
    ("zstd layers with windows of 8 MiB, 32 threads", "a.tar", lambda: compressed(["zstd", "-q", "-19"], 32, 32),
     ["--jobs", "32"]),
    ("xz layers, 8 threads", "a.tar", lambda: compressed(["xz", "-6"], 32), ["--jobs", "8"]),
]


def measure(stowaway, directory, name, content, options):
    """Returns the seconds, the peak memory in MB, and the exit code of a scan."""
    context = os.path.join(directory, "context")
    os.makedirs(context, exist_ok=True)
    path = os.path.join(context, name)
    made = content()
    size = len(made)
    with open(path, "wb") as out:
        out.write(made if isinstance(made, bytes) else made.encode())
    del made
    target = path
    if name == ".dockerignore":
        with open(os.path.join(context, "Dockerfile"), "w") as out:
            out.write(DOCKERFILE + "COPY . /\n")
        target = context
    command = ["/usr/bin/time", "-f", "%e %M", "-o", os.path.join(directory, "cost"), stowaway, "scan", "--no-cache",
               "--quiet", "--format", "json", "--output", os.path.join(directory, "report"), *options, target]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    with open(os.path.join(directory, "cost")) as cost:
        seconds, kilobytes = cost.read().split("\n")[-2].split()
    return size, float(seconds), int(kilobytes) / 1000, code


def main():
    stowaway, directory = sys.argv[1:]
    print("| input | MB | seconds | peak memory, MB | exit code |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for number, (title, name, content, options) in enumerate(INPUTS):
        place = os.path.join(directory, str(number))
        size, seconds, memory, code = measure(stowaway, place, name, content, options)
        print("| %s | %.1f | %.1f | %.0f | %d |" % (title, size / 1e6, seconds, memory, code), flush=True)


if __name__ == "__main__":
    main()
