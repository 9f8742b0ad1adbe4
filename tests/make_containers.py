"""Writes one file for each form in which a text can lie in another file.

    python3 make_containers.py DIRECTORY TEXT-FILE

Every form is written by the tool or library that people use for it.
"""

import base64
import bz2
import gzip
import io
import lzma
import os
import pickle
import py_compile
import random
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
import zlib

out, source = sys.argv[1:]
with open(source, "rb") as file:
    text = file.read()
os.makedirs(out)
os.chdir(out)


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def tar(mode, name="etc/app.conf", data=text):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(method=zipfile.ZIP_DEFLATED, name="pkg/config.py", data=text, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("first.txt", b"nothing in here\n" * 50)
        with archive.open(zipfile.ZipInfo(name) if method is None else info(name, method), "w", **options) as member:
            member.write(data)
    return buffer.getvalue()


def info(name, method):
    member = zipfile.ZipInfo(name)
    member.compress_type = method
    return member


class Pipe(io.RawIOBase):
    """What cannot be sought in: sizes then stand behind the data."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += data
        return len(data)


def streamed():
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/config.py", text)
    return bytes(pipe.data)


def filtered(command, data=text):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


write("plain.gz", gzip.compress(text))
write("plain.bz2", bz2.compress(text))
write("plain.xz", lzma.compress(text))
write("plain.zst", filtered(["zstd", "-c"]))
write("plain.lz4", filtered(["lz4", "-c"]))
write("plain.br", filtered(["brotli", "-c"]))
write("members.gz", gzip.compress(text[: len(text) // 2]) + gzip.compress(text[len(text) // 2 :]))
write("backup.tar.gz", tar("w:gz"))
write("backup.tar.bz2", tar("w:bz2"))
write("backup.tar.xz", tar("w:xz"))
write("backup.tar.zst", filtered(["zstd", "-c"], tar("w")))
write("backup.tar", tar("w", "var/app.gz", gzip.compress(text)))
write("app-1.0-py3-none-any.whl", zipped())
write("zip64.zip", zipped(force_zip64=True))
write("streamed.zip", streamed())
write("bzip2.zip", zipped(zipfile.ZIP_BZIP2))
write("stored.zip", zipped(zipfile.ZIP_STORED, "pkg/config.gz", gzip.compress(text)))
write("app.jar", zipped(name="lib/inner.jar", data=zipped()))
write("app.pex", b"#!/usr/bin/env python3\n" + zipped())
write("letter.docx", zipped(name="word/document.xml", data=b"<w:t>" + text + b"</w:t>"))
write("arrays.npz", zipped(name="names.npy", data=b"\x93NUMPY" + text))
write("model.pt", zipped(zipfile.ZIP_STORED, "model/data.pkl", pickle.dumps({"hub_token": text.decode()})))
write("install.run", b"#!/bin/sh\ntail -n +3 \"$0\" | tar xz\nexit\n" + tar("w:gz"))
write("initrd.img", b"070701" + bytes(506) + gzip.compress(text))

def chunk(kind, data):
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def windowed(data, bits):
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return packer.compress(data) + packer.flush()


flate = b"<< /Filter /FlateDecode >>\nstream\n" + zlib.compress(text, 9) + b"\nendstream\n"
write("report.pdf", b"%PDF-1.7\n1 0 obj\n" + flate + b"endobj\n")
filters = b"<< /Filter [ /ASCII85Decode /FlateDecode ] >>\nstream\n"
as_text = filters + base64.a85encode(zlib.compress(text, 9), wrapcol=77) + b"~>endstream\n"
write("report-in-text.pdf", b"%PDF-1.4\n1 0 obj\n" + as_text + b"endobj\n")
flate = b"<< /Filter /FlateDecode >>\nstream\r\n" + windowed(text, 12) + b"\nendstream\n"
write("small-window.pdf", b"%PDF-1.4\n1 0 obj\n" + flate + b"endobj\n")
picture = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0") + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(text))
picture += chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
write("screenshot.png", b"\x89PNG\r\n\x1a\n" + picture)
picture = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0") + chunk(b"IDAT", windowed(b"\0\0", 9))
picture += chunk(b"iTXt", b"Comment\0\1\0\0\0" + windowed(text, 13)) + chunk(b"IEND", b"")
write("comment-behind-image.png", b"\x89PNG\r\n\x1a\n" + picture)
write("small-window.z", windowed(text, 9))
write("data.pkl.z", zlib.compress(pickle.dumps({"hub_token": text.decode()}), 3))

os.makedirs("root/etc")
# Pieces of the token come first, so that no format stores the token in one piece.
token = text.split(b"HF_TOKEN=")[1].split()[0]
write("root/etc/app.conf", b" ".join(token[start : start + 9] for start in range(0, len(token), 9)) + b"\n" + text)
for options in ["gzip", "xz", "zstd", "gzip -Xwindow-size 9", "lz4", "lzo", "lzma"]:
    image = "squashfs-" + options.replace(" ", "") + ".img"
    subprocess.run(
        ["mksquashfs", "root", image, "-comp", *options.split(), "-noappend", "-quiet", "-no-progress"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
for name, options in {"lz4": ["-zlz4"], "lz4hc": ["-zlz4hc"], "tails": ["-zlz4", "-Eztailpacking"]}.items():
    command = ["mkfs.erofs", *options, "erofs-" + name + ".img", "root"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
# More than is held in memory.
write("root/noise", random.Random(1).randbytes(34 << 20))
subprocess.run(
    ["mksquashfs", "root", "squashfs-lzo-large.img", "-comp", "lzo", "-noappend", "-quiet", "-no-progress"],
    stdout=subprocess.DEVNULL,
    check=True,
)
subprocess.run(["rm", "-r", "root"], check=True)

os.makedirs("deb/DEBIAN")
os.makedirs("deb/etc")
write("deb/DEBIAN/control", b"Package: app\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: a\n")
write("deb/etc/app.conf", text)
for compressor in ["gzip", "xz", "zstd"]:
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Z" + compressor, "--build", "deb", "app-" + compressor + ".deb"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
subprocess.run(["rm", "-r", "deb"], check=True)

write("disk", text + bytes(1 << 20))
for name, options in {
    "disk.qcow2": ["-c", "-O", "qcow2"],
    "disk-zstd.qcow2": ["-c", "-O", "qcow2", "-o", "compression_type=zstd"],
    "disk.vmdk": ["-O", "vmdk", "-o", "subformat=streamOptimized"],
}.items():
    subprocess.run(["qemu-img", "convert", "-f", "raw", *options, "disk", name], check=True)
os.remove("disk")

write("section", text)
for compressor in ["zlib", "zstd"]:
    name = "debug-" + compressor
    subprocess.run(["objcopy", "--add-section", ".debug_str=section", "/bin/true", name], check=True)
    subprocess.run(["objcopy", "--compress-debug-sections=" + compressor, name], check=True)
os.remove("section")

# The first page of the cell has room for 39 bytes, three of them for its header. So it cuts the token.
database = sqlite3.connect("history.sqlite", isolation_level=None)
database.execute("PRAGMA page_size=512")
database.execute("PRAGMA journal_mode=WAL")
database.execute("CREATE TABLE history (source TEXT)")
value = "x" * 20 + " " + token.decode() + " "
database.execute("INSERT INTO history VALUES (?)", (value.ljust(2000, "."),))
os.rename("history.sqlite-wal", "history.sqlite-log")
database.close()
os.rename("history.sqlite-log", "history.sqlite-wal")
for name in ["history.sqlite", "history.sqlite-shm"]:
    if os.path.exists(name):
        os.remove(name)

# The texts of a record lie side by side, and records lie next to the numbers in front of others.
for encoding in ["le", "be"]:
    database = sqlite3.connect(f"utf-16{encoding}.sqlite", isolation_level=None)
    database.execute(f"PRAGMA encoding='UTF-16{encoding}'")
    database.execute("CREATE TABLE settings (id INTEGER PRIMARY KEY, name TEXT, value TEXT, note TEXT)")
    for value in ["first", token.decode(), "last"]:
        database.execute("INSERT INTO settings (name, value, note) VALUES ('key', ?, 'note')", (value,))
    database.close()

write("module.py", b"TOKEN = '" + text.split(b"HF_TOKEN=")[1].split()[0] + b"'\n")
py_compile.compile("module.py", "module.pyc", doraise=True)
os.remove("module.py")
