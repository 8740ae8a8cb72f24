#!/usr/bin/python3
"""Writes tests/vectors/seal.ini anew: make-vectors.py >tests/vectors/seal.ini

Each section is one sealed thing. kind: message, record or wrap; outcome: open (then size and
sha256 of what comes out) or damage. Bytes are hex; chunks are base64, parted by ";". chunks_of
takes the chunks of another section, order some of them by number. Everything is sealed with
fixed keys and nonces, which nobody may ever do outside of here."""

import base64
import hashlib
import struct
import subprocess

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import vault_format as vault

VAULT = bytes(range(0x10, 0x20))
MESSAGE = bytes(range(0x30, 0x3A))
KEY = hashlib.sha256(b"message key").digest()
PRIVATE = hashlib.sha256(b"vault private").digest()
EPHEMERAL_PRIVATE = hashlib.sha256(b"ephemeral private").digest()
EPHEMERAL = vault.public_of(EPHEMERAL_PRIVATE)
NONCE = bytes(range(0x50, 0x5C))
MAIL = b"From: John <john@corp.example>\r\nSubject: needle\r\n\r\nThe needle is here.\r\n"


def noise(size):
    out = b""
    while len(out) < size:
        out += hashlib.sha256(b"noise" + len(out).to_bytes(8, "big")).digest()
    return out[:size]


def zstd(data, *options):
    return subprocess.run(["zstd", "-3q", "--no-check", *options], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def section(name, about, **values):
    print(f"[{name}]\nabout = {about}")
    for key, value in values.items():
        print(f"{key} = {value.hex() if isinstance(value, bytes) else value}")
    print()


def result(data):
    if data is None:
        return {"outcome": "damage"}
    return {"outcome": "open", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


# --- messages ------------------------------------------------------------------------------


def seal(frame, true, compressed=None, padding=0, total=None, version=vault.FORMAT, first=0,
         last_flag=1, piece=vault.CHUNK):
    compressed = len(frame) if compressed is None else compressed
    total = vault.padme(len(frame) + vault.TRAILER) if total is None else total
    plain = frame + bytes([padding]) * (total - len(frame) - vault.TRAILER)
    plain += struct.pack(">QQ", compressed, true)
    body = AESGCM(vault.hkdf(KEY, VAULT, b"postern body 1", 32))
    ad = bytes([version]) + VAULT + MESSAGE
    chunks = []
    for at in range(0, len(plain), piece):
        flag = last_flag if at + piece >= len(plain) else 0
        nonce = (first + len(chunks)).to_bytes(11, "big") + bytes([flag])
        chunks.append(body.encrypt(nonce, plain[at:at + piece], ad))
    return chunks


def message(name, about, chunks, data, **other):
    values = {"kind": "message", "vault_id": VAULT, "message_id": MESSAGE, "message_key": KEY}
    values.update(other)
    if chunks is not None:
        values["chunks"] = ";".join(base64.b64encode(chunk).decode() for chunk in chunks)
    section(name, about, **values, **result(data))


def flip(chunks, n, byte):
    changed = bytearray(chunks[n])
    changed[byte] ^= 1
    return chunks[:n] + [bytes(changed)] + chunks[n + 1:]


def messages():
    good = seal(zstd(MAIL), len(MAIL))
    odd = b"a\0b\rc\nd\xff\xfe" * 30 + b"no newline"
    message("empty", "no bytes", seal(zstd(b""), 0), b"")
    message("mail", "a short mail", good, MAIL)
    message("odd-bytes", "NUL, bare CR, bytes that are no UTF-8", seal(zstd(odd), len(odd)), odd)
    frame = zstd(MAIL, "--check")
    message("frame-checksum", "the frame may carry a checksum", seal(frame, len(MAIL)), MAIL)
    frame = zstd(MAIL, "--no-content-size")
    message("frame-without-size", "the frame need not say its size", seal(frame, len(MAIL)), MAIL)
    data = noise(vault.CHUNK - vault.TRAILER - 10)
    message("one-full-chunk", "just one chunk, all full", seal(zstd(data), len(data)), data)
    data = noise(66000)
    message("two-chunks", "a full chunk and another", seal(zstd(data), len(data)), data)
    data = b"needle" * 50000
    message("packed", "300,000 bytes in a small chunk", seal(zstd(data), len(data)), data)

    for name, order in [("swapped", "1;0"), ("first-alone", "0"), ("second-alone", "1"),
                        ("doubled", "0;0;1"), ("repeated-end", "0;1;1"), ("none", "")]:
        message("order-" + name, "the chunks of two-chunks in another order", None, None,
                chunks_of="two-chunks", order=order)
    message("flip-text", "one bit of the text", flip(good, 0, 3), None)
    message("flip-tag", "one bit of the tag", flip(good, 0, -1), None)
    message("cut", "the last byte is missing", [good[0][:-1]], None)
    message("shorter-than-a-tag", "", [good[0][:15]], None)
    message("other-message", "sealed for another message", good, None,
            message_id=bytes(range(0x31, 0x3B)))
    message("other-vault", "sealed for another vault", good, None,
            vault_id=bytes(range(0x11, 0x21)))
    message("other-key", "", good, None, message_key=hashlib.sha256(b"x").digest())
    frame, size = zstd(MAIL), len(MAIL)
    message("other-format", "format version 2", seal(frame, size, version=2), None)
    message("counter-from-one", "", seal(frame, size, first=1), None)
    message("not-marked-last", "", seal(frame, size, last_flag=0), None)
    message("marked-two", "the flag of the last chunk is 1, nothing else",
            seal(frame, size, last_flag=2), None)
    message("true-size-larger", "", seal(frame, size + 1), None)
    message("true-size-smaller", "", seal(frame, size - 1), None)
    message("true-size-enormous", "", seal(frame, 2**63), None)
    message("compressed-size-larger", "", seal(frame, size, compressed=len(frame) + 1), None)
    message("compressed-size-smaller", "", seal(frame, size, compressed=len(frame) - 1), None)
    message("compressed-size-enormous", "", seal(frame, size, compressed=2**64 - 16), None)
    frame = zstd(noise(1000))
    message("padding-not-zero", "", seal(frame, 1000, padding=1), None)
    message("not-padded", "", seal(frame, 1000, total=len(frame) + vault.TRAILER), None)
    message("padded-too-far", "",
            seal(frame, 1000, total=vault.padme(vault.padme(len(frame) + vault.TRAILER) + 1)), None)
    message("small-chunks", "chunks of 512 bytes", seal(frame, 1000, piece=512), None)
    message("bomb", "4 MB that call themselves 10 bytes", seal(zstd(bytes(4000000)), 10), None)
    message("two-frames", "", seal(zstd(MAIL) * 2, 2 * len(MAIL)), None)
    message("skippable-frame", "", seal(b"\x50\x2a\x4d\x18\4\0\0\0abcd", 0), None)
    message("skippable-frame-after", "", seal(zstd(MAIL) + b"\x50\x2a\x4d\x18\4\0\0\0abcd",
                                              len(MAIL)), None)
    message("no-frame", "the text itself", seal(MAIL, len(MAIL)), None)
    message("large-window", "the frame asks for 4 MiB",
            seal(b"\x28\xb5\x2f\xfd\x00\x60\1\0\0", 0), None)
    message("dictionary", "", seal(b"\x28\xb5\x2f\xfd\x21\7\0\1\0\0", 0), None)
    message("frame-cut", "", seal(zstd(MAIL)[:-3], len(MAIL)), None)


# --- records and wraps ---------------------------------------------------------------------


def under_batch(kind, name, about, sealed, data, **other):
    values = {"kind": kind, "vault_id": VAULT, "vault_private": PRIVATE, "ephemeral": EPHEMERAL,
              "sealed": sealed}
    if kind == "record":
        values["context"] = "journal"
    else:
        values["message_id"] = MESSAGE
    values.update(other)
    section(f"{kind}-{name}", about, **values, **result(data))


def record(data, total=None, padding=0, size=None, algorithm=1):
    _, key = vault.batch_keys(VAULT, PRIVATE, EPHEMERAL)
    total = max(64, vault.padme(4 + len(data))) if total is None else total
    plain = struct.pack(">I", len(data) if size is None else size) + data
    plain += bytes([padding]) * (total - len(plain))
    head = bytes([algorithm])
    return head + NONCE + AESGCM(key).encrypt(NONCE, plain, head + VAULT + b"journal")


def wrap(algorithm=1):
    key, _ = vault.batch_keys(VAULT, PRIVATE, EPHEMERAL)
    head = bytes([algorithm])
    return head + NONCE + AESGCM(key).encrypt(NONCE, KEY, head + VAULT + MESSAGE)


def records():
    long = noise(1000)
    under_batch("record", "empty", "", record(b""), b"")
    under_batch("record", "short", "", record(b"INBOX"), b"INBOX")
    under_batch("record", "long", "", record(long), long)
    under_batch("record", "other-context", "", record(b"INBOX"), None, context="name")
    under_batch("record", "other-vault", "", record(b"INBOX"), None, vault_id=bytes(16))
    under_batch("record", "other-algorithm", "", record(b"INBOX", algorithm=2), None)
    under_batch("record", "flipped", "", record(b"INBOX")[:-1] + b"\0", None)
    under_batch("record", "padding-not-zero", "", record(b"INBOX", padding=1), None)
    under_batch("record", "padded-too-far", "", record(b"INBOX", total=72), None)
    under_batch("record", "size-too-large", "", record(b"INBOX", size=61), None)
    under_batch("record", "nothing", "", b"", None)
    under_batch("record", "low-order", "an ephemeral key that is none", record(b"INBOX"), None,
                ephemeral=bytes(32))


def wraps():
    good = wrap()
    under_batch("wrap", "good", "", good, KEY)
    under_batch("wrap", "other-message", "", good, None, message_id=bytes(10))
    under_batch("wrap", "other-vault", "", good, None, vault_id=bytes(16))
    under_batch("wrap", "other-algorithm", "", wrap(algorithm=2), None)
    under_batch("wrap", "other-batch", "", good, None,
                ephemeral=vault.public_of(hashlib.sha256(b"other").digest()))
    under_batch("wrap", "cut", "", good[:-1], None)
    under_batch("wrap", "longer", "", good + b"\0", None)


print("# Vectors of the sealing in doc/vault-format.md; made by tests/lib/make-vectors.py.\n")
messages()
records()
wraps()
