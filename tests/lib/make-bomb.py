#!/usr/bin/python3
"""An OpenPGP message that gpg would never make, to a key that opens it.

make-bomb.py KIND MESSAGE SESSION-KEY >OUT

MESSAGE is binary, made by gpg with AES-256 and without AEAD; SESSION-KEY, in hexadecimal, is its. Its session key
packet stays, and what it encrypts is another thing (RFC 9580, 5.13.1):

nested-N    a text within N compressed packets
zeros       a text of 1 GiB of zeros, compressed twice
endless     a text whose partial lengths announce more than there is
short       a text in partial lengths of one byte, which may not begin so
twice       a compressed packet with two texts in it
"""

import bz2
import hashlib
import os
import subprocess
import sys
import zlib


def packet(tag, body):
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def text_head(name=b""):
    return b"b" + bytes([len(name)]) + name + b"\0\0\0\0"


def text(body):
    return packet(11, text_head() + body)


def compressed(inside):
    return packet(8, b"\2" + zlib.compress(inside, 9))


def zeros(size):
    """A text of zeros, as bzip2 packs it, without ever having it whole."""
    packer = bz2.BZ2Compressor(9)
    out = packer.compress(bytes([0xC0 | 11, 0xFF]) + (6 + size).to_bytes(4, "big") + text_head())
    piece = bytes(1 << 20)
    for _ in range(size >> 20):
        out += packer.compress(piece)
    return packet(8, b"\3" + out + packer.flush())


def content(kind):
    entity = b"Content-Type: text/plain\r\n\r\nHello from within\r\n"
    if kind.startswith("nested-"):
        inside = text(entity)
        for _ in range(int(kind[7:])):
            inside = compressed(inside)
        return inside
    if kind == "zeros":
        return compressed(zeros(1 << 30))
    if kind == "endless":
        return bytes([0xC0 | 11, 0xFE]) + text_head() + entity
    if kind == "short":
        return bytes([0xC0 | 11]) + b"".join(b"\xe0" + bytes([byte]) for byte in text_head() + entity) + b"\0"
    if kind == "twice":
        return compressed(text(entity) + text(entity))
    sys.exit(__doc__)


def first_packet(message):
    """The session key packet, whole."""
    if message[0] & 0x40:
        return message[:2 + message[1]]
    width = 1 << (message[0] & 3)
    return message[:1 + width + int.from_bytes(message[1:1 + width], "big")]


def encrypted(key, plain):
    begin = os.urandom(16)
    whole = begin + begin[-2:] + plain + b"\xd3\x14"
    whole += hashlib.sha1(whole).digest()
    sealed = subprocess.run(["openssl", "enc", "-aes-256-cfb", "-K", key, "-iv", "0" * 32],
                            input=whole, stdout=subprocess.PIPE, check=True).stdout
    return packet(18, b"\1" + sealed)


def main(kind, path, key):
    with open(path, "rb") as file:
        message = file.read()
    sys.stdout.buffer.write(first_packet(message) + encrypted(key, content(kind)))


if __name__ == "__main__":
    main(*sys.argv[1:])
