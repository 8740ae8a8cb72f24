#!/usr/bin/python3
"""Writes the vectors of doc/vault-format.md anew:

    make-vectors.py seal >tests/vectors/seal.ini
    make-vectors.py pages >tests/vectors/pages.ini

Each section is one sealed thing; outcome: open (then size and sha256 of what comes out) or damage.
Bytes are hex, but chunks (base64, parted by ";") and pages and frames (base64).

kind message   chunks_of takes the chunks of other sections, one after the other; order takes some of them
               by number, as often and in the order it says; flip is a chunk's number (after that) and a
               byte of it, whose lowest bit is changed
kind record, wrap   with vault_private and ephemeral; sealed is the whole
kind page      a page of index.db, with its number and the offset at which it is read; page_of and flip
               (number of a byte and the bits to change there) as above
kind frame     a frame of the index's log at its offset; what comes out is the header in clear and the page

Everything is sealed with fixed keys and nonces, which nobody may ever do outside of here."""

import base64
import hashlib
import struct
import subprocess
import sys

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

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


# Every public key with which all agree on zeros, and their spellings beyond the prime (cr.yp.to/ecdh.html;
# RFC 7748, 6.1). The highest bit is not looked at by X25519.
PRIME = 2**255 - 19
ORDER_8 = [325606250916557431795983626356110631294008115727848805560023387167927233504,
           39382357235489614581723060781553021112529911719440698176882885853963445705823]
LOW_ORDER = [0, 1, *ORDER_8, PRIME - 1, PRIME, PRIME + 1]
LOW_ORDER = [point.to_bytes(32, "little") for point in LOW_ORDER + [point + 2**255 for point in LOW_ORDER]]


def zstd(data, *options):
    return subprocess.run(["zstd", "-3q", "--no-check", *options], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def block(data, last=True, kind=0, size=None):
    """One block of a frame as it stands: raw (kind 0) or one byte, SIZE times (kind 1)."""
    size = len(data) if size is None else size
    return (size << 3 | kind << 1 | last).to_bytes(3, "little") + data


def frame_of(descriptor, head, *blocks):
    return b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + head + b"".join(blocks)


def frame_sized(size):
    """A frame of SIZE bytes, and what is in it."""
    data = noise(size - 6 - 3 * -(-(size - 6) // 65539))
    pieces = [data[at:at + 65536] for at in range(0, len(data), 65536)]
    frame = frame_of(0, b"\x40", *(block(piece, n == len(pieces) - 1) for n, piece in enumerate(pieces)))
    assert len(frame) == size
    return frame, data


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
         last_flag=1, piece=vault.CHUNK, other_flag=0, step=1, order=">", body_key=None, cut=None):
    compressed = len(frame) if compressed is None else compressed
    total = vault.padme(len(frame) + vault.TRAILER) if total is None else total
    plain = frame + bytes([padding]) * (total - len(frame) - vault.TRAILER)
    plain += struct.pack(order + "QQ", compressed, true)
    plain = plain[:cut]
    body = AESGCM(body_key or vault.hkdf(KEY, VAULT, b"postern body 1", 32))
    ad = bytes([version]) + VAULT + MESSAGE
    chunks = []
    for at in range(0, len(plain), piece):
        flag = last_flag if at + piece >= len(plain) else other_flag
        nonce = (first + step * len(chunks)).to_bytes(11, "big") + bytes([flag])
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


def opens():
    """Every way in which a message may be whole."""
    message("one-byte", "", seal(zstd(b"x"), 1), b"x")
    for name, size in [("one-chunk-but-one", 65519), ("one-chunk-and-one", 65521),
                       ("frame-fills-a-chunk", 65536)]:
        frame, data = frame_sized(size)
        message(name, f"a frame of {size} bytes", seal(frame, len(data)), data)
    frame, data = frame_sized(2 * 65536 + 100)
    message("three-chunks", "", seal(frame, len(data)), data)
    message("window-just", "the frame asks for 2 MiB",
            seal(frame_of(0, b"\x58", block(MAIL)), len(MAIL)), MAIL)
    data = bytes(2 * 1024 * 1024)
    frame = frame_of(0xa0, len(data).to_bytes(4, "little"),
                     *(block(b"\0", n == 15, 1, 131072) for n in range(16)))
    message("size-as-window", "one segment of 2 MiB, which is its window", seal(frame, len(data)), data)
    frame = frame_of(0, b"\0", *(block(b"", False) for _ in range(5000)), block(b"end"))
    message("empty-blocks", "5,000 empty blocks before the text", seal(frame, 3), b"end")
    message("end-again", "the last chunk twice", None, None,
            chunks_of="frame-fills-a-chunk", order="0;1;1")


def streams():
    """Chunks that are not the ones, or not where they were."""
    for name, order in [("middle-missing", "0;2"), ("end-missing", "0;1"), ("start-missing", "1;2"),
                        ("first-two-swapped", "1;0;2"), ("last-two-swapped", "0;2;1"), ("backwards", "2;1;0"),
                        ("middle-doubled", "0;1;1;2"), ("whole-twice", "0;1;2;0;1;2"), ("end-alone", "2")]:
        message("three-" + name, "the chunks of three-chunks", None, None, chunks_of="three-chunks", order=order)
    message("trailing-foreign", "the only chunk of another message behind the last", None, None,
            chunks_of="two-chunks mail", order="0;1;2")
    message("leading-foreign", "", None, None, chunks_of="mail two-chunks", order="0;1;2")
    message("end-foreign", "the only chunk of another message in place of the last", None, None,
            chunks_of="two-chunks mail", order="0;2")
    message("end-of-another", "the last chunk of another message, in its place, of the same key", None, None,
            chunks_of="two-chunks one-chunk-and-one", order="0;3")
    message("start-of-another", "", None, None, chunks_of="two-chunks three-chunks", order="2;1")
    for byte in (0, 65535, 65536, 65551):
        message(f"flip-first-{byte}", "one bit of the first of two chunks", None, None, chunks_of="two-chunks",
                flip=f"0 {byte}")
    for byte in (0, 2015, 2016):
        message(f"flip-last-{byte}", "one bit of the last of two chunks", None, None, chunks_of="two-chunks",
                flip=f"1 {byte}")
    message("flip-middle", "", None, None, chunks_of="three-chunks", flip="1 30000")
    frame, data = frame_sized(66000)
    size = len(data)
    message("marked-last-twice", "the flag of the first of two chunks is 1 too", seal(frame, size, other_flag=1),
            None)
    small, text = zstd(noise(1000)), 1000
    message("counter-by-two", "", seal(frame, size, step=2), None)
    message("chunk-too-long", "one chunk of 67,584 bytes", seal(frame, size, piece=1 << 20), None)
    message("last-chunk-empty", "behind a full chunk one with a tag alone",
            [*seal(*sized(65520), last_flag=0),
             AESGCM(vault.hkdf(KEY, VAULT, b"postern body 1", 32)).encrypt(
                 (1).to_bytes(11, "big") + b"\1", b"", bytes([vault.FORMAT]) + VAULT + MESSAGE)], None)
    message("tag-alone", "a chunk that holds nothing", [AESGCM(vault.hkdf(KEY, VAULT, b"postern body 1", 32)).encrypt(
        bytes(11) + b"\1", b"", bytes([vault.FORMAT]) + VAULT + MESSAGE)], None)
    message("trailer-cut", "one byte less than a trailer", seal(b"", 0, total=16, cut=15), None)
    message("trailer-alone", "no frame at all", seal(b"", 0, total=16), None)
    message("key-not-derived", "the message key itself seals", seal(small, text, body_key=KEY), None)
    message("key-without-salt", "", seal(small, text, body_key=vault.hkdf(KEY, None, b"postern body 1", 32)), None)


def sized(size):
    frame, data = frame_sized(size)
    return frame, len(data)


def lies():
    """What only who has the public key can make: rightly sealed, and wrong within."""
    small, size = zstd(MAIL), len(MAIL)
    message("sizes-backwards", "little-endian", seal(small, size, order="<"), None)
    message("sizes-exchanged", "", seal(small, len(small), compressed=size), None)
    message("true-size-beyond-limit", "2 GiB and a byte", seal(small, 2**31 + 1), None)
    message("true-size-at-limit", "2 GiB, of which there are some", seal(small, 2**31), None)
    message("true-size-negative", "", seal(small, 2**64 - 1), None)
    message("true-size-none", "text that says it is none", seal(small, 0), None)
    message("compressed-size-none", "", seal(small, size, compressed=0), None)
    message("compressed-size-overflows", "", seal(small, size, compressed=2**64 - 1), None)
    frame = frame_of(0, b"\0", block(MAIL))
    message("no-end-of-frame", "its only block is not the last", seal(frame_of(0, b"\0", block(MAIL, False)), size),
            None)
    message("reserved-block", "", seal(frame_of(0, b"\0", block(MAIL, kind=3)), size), None)
    message("block-beyond-frame", "", seal(frame_of(0, b"\0", block(MAIL, size=len(MAIL) + 1)), size), None)
    message("block-too-large", "131,073 bytes in one block",
            seal(frame_of(0, b"\x40", block(b"x", kind=1, size=131073)), 131073), None)
    message("block-beyond-window", "2,000 bytes where the window is 1 KiB",
            seal(frame_of(0, b"\0", block(b"x", kind=1, size=2000)), 2000), None)
    message("reserved-bit", "of the frame's descriptor", seal(frame_of(8, b"\0", block(MAIL)), size), None)
    message("frame-checksum-wrong", "", seal(zstd(MAIL, "--check")[:-1] + b"\0", size), None)
    message("frame-checksum-missing", "", seal(frame_of(4, b"\0", block(MAIL)), size), None)
    message("frame-size-larger", "its header says a byte more than the blocks give",
            seal(frame_of(0x20, bytes([size + 1]), block(MAIL)), size), None)
    message("frame-size-smaller", "", seal(frame_of(0x20, bytes([size - 1]), block(MAIL)), size), None)
    message("window-too-large", "2 MiB and an eighth", seal(frame_of(0, b"\x59", block(MAIL)), size), None)
    message("window-enormous", "1.8 TiB", seal(frame_of(0, b"\xff", block(MAIL)), size), None)
    large = 3 * 1024 * 1024
    message("size-as-window-too-large", "one segment of 3 MiB, which is its window",
            seal(frame_of(0xa0, large.to_bytes(4, "little"),
                          *(block(b"\0", n == 23, 1, 131072) for n in range(24))), large), None)
    message("bomb-of-blocks", "1 GB in 32,000 bytes that call themselves 100",
            seal(frame_of(0, b"\x40", *(block(b"\0", n == 7999, 1, 131072) for n in range(8000))), 100), None)
    message("bomb-of-its-size", "16 MB that say so, but for one byte", seal(zstd(bytes(1 << 24)), (1 << 24) - 1), None)
    message("old-format", "a frame of zstd 0.7", seal(b"\x27" + frame[1:], size), None)
    message("no-magic", "", seal(frame[4:], size), None)
    frame, data = frame_sized(65530)
    for name, at in [("chunk-end", 65535), ("last-byte", 67567)]:
        zeros = bytearray(67584 - 16 - 65530)
        zeros[at - 65530] = 0x80
        message("padding-" + name, "one bit of zeros that lie in two chunks",
                seal(frame + bytes(zeros), len(data), compressed=65530, total=67584), None)


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
    opens()
    streams()
    lies()


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


def record(data, total=None, padding=0, size=None, algorithm=1, cut=None):
    _, key = vault.batch_keys(VAULT, PRIVATE, EPHEMERAL)
    total = max(64, vault.padme(4 + len(data))) if total is None else total
    plain = struct.pack(">I", len(data) if size is None else size) + data
    plain += bytes([padding]) * (total - len(plain))
    plain = plain[:cut]
    head = bytes([algorithm])
    return head + NONCE + AESGCM(key).encrypt(NONCE, plain, head + VAULT + b"journal")


def wrap(algorithm=1, key=KEY, half=0):
    head = bytes([algorithm])
    under = vault.batch_keys(VAULT, PRIVATE, EPHEMERAL)[half]
    return head + NONCE + AESGCM(under).encrypt(NONCE, key, head + VAULT + MESSAGE)


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
    full, good = noise(60), record(b"INBOX")
    under_batch("record", "just-full", "60 bytes leave no padding", record(full), full)
    under_batch("record", "just-over", "", record(noise(61)), noise(61))
    under_batch("record", "of-a-kind", "a context of two words", context_record(b"journal aaaaaaaaaaaaaaaa"), b"INBOX",
                context="journal aaaaaaaaaaaaaaaa")
    under_batch("record", "of-another", "the record of another message", context_record(b"journal aaaaaaaaaaaaaaaa"),
                None, context="journal aaaaaaaaaaaaaaab")
    under_batch("record", "context-cut", "", good, None, context="journa")
    under_batch("record", "context-longer", "", good, None, context="journals")
    under_batch("record", "of-another-batch", "", good, None,
                ephemeral=vault.public_of(hashlib.sha256(b"other").digest()))
    under_batch("record", "of-another-owner", "the private key of another vault", good, None,
                vault_private=hashlib.sha256(b"another vault").digest())
    under_batch("record", "ephemeral-high-bit", "the same point in another spelling", good, None,
                ephemeral=EPHEMERAL[:31] + bytes([EPHEMERAL[31] ^ 0x80]))
    under_batch("record", "algorithm-none", "", record(b"INBOX", algorithm=0), None)
    under_batch("record", "size-enormous", "", record(b"INBOX", size=2**32 - 1), None)
    under_batch("record", "size-cut", "three bytes", record(b"", cut=3), None)
    under_batch("record", "no-text", "a tag over nothing", record(b"", cut=0), None)
    under_batch("record", "too-short", "60 bytes of padding are missing", record(b"INBOX", total=9), None)
    under_batch("record", "last-of-padding", "its last bit", record(b"INBOX" + bytes(54) + b"\1", size=5), None)
    under_batch("record", "half-tag", "", good[:-8], None)
    under_batch("record", "longer", "a byte behind the tag", good + b"\0", None)
    for name, at in [("algorithm", 0), ("nonce", 1), ("size", 13), ("text", 18), ("tag", len(good) - 16)]:
        under_batch("record", "flip-" + name, "", flipped(good, at), None)
    under_batch("record", "is-a-wrap", "a message key in its place", wrap(), None)
    for n, point in enumerate(LOW_ORDER):
        under_batch("record", f"low-order-{n}", "an ephemeral key that is none", zero_record(point), None,
                    ephemeral=point)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def context_record(context):
    _, key = vault.batch_keys(VAULT, PRIVATE, EPHEMERAL)
    plain = struct.pack(">I", 5) + b"INBOX" + bytes(55)
    return b"\1" + NONCE + AESGCM(key).encrypt(NONCE, plain, b"\1" + VAULT + context)


def zero_record(ephemeral):
    """What opens for a reader that does not refuse the agreement on zeros."""
    keys = vault.hkdf(bytes(32), VAULT, b"postern batch 1" + ephemeral + vault.public_of(PRIVATE), 64)
    plain = struct.pack(">I", 5) + b"INBOX" + bytes(55)
    return b"\1" + NONCE + AESGCM(keys[32:]).encrypt(NONCE, plain, b"\1" + VAULT + b"journal")


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
    under_batch("wrap", "nothing", "", b"", None)
    under_batch("wrap", "head-alone", "", good[:1], None)
    under_batch("wrap", "algorithm-none", "", wrap(algorithm=0), None)
    under_batch("wrap", "algorithm-last", "", wrap(algorithm=255), None)
    for name, at in [("algorithm", 0), ("nonce", 12), ("key", 13), ("tag", 60)]:
        under_batch("wrap", "flip-" + name, "", flipped(good, at), None)
    under_batch("wrap", "key-short", "31 bytes", wrap(key=KEY[:31]), None)
    under_batch("wrap", "key-long", "33 bytes", wrap(key=KEY + b"\0"), None)
    under_batch("wrap", "under-the-record-key", "", wrap(half=1), None)
    under_batch("wrap", "is-a-record", "", record(b"INBOX"), None)
    under_batch("wrap", "of-another-owner", "", good, None, vault_private=hashlib.sha256(b"another vault").digest())
    under_batch("wrap", "ephemeral-high-bit", "", good, None, ephemeral=EPHEMERAL[:31] + bytes([EPHEMERAL[31] ^ 0x80]))


# --- pages and frames of the index ---------------------------------------------------------

PAGE_NUMBER, PAGE_OFFSET = 7, 6 * 8192
FRAME_OFFSET = 32 + 2 * 8216
ASSOCIATED = struct.Struct(">IQ")


def seal_page(key, number, offset, plain, reserved=bytes(4)):
    sealed = AESGCM(key).encrypt(NONCE, plain, ASSOCIATED.pack(number, offset))
    return sealed[:-16] + NONCE + sealed[-16:] + reserved


def page(name, about, sealed, data, kind="page", **other):
    values = {"kind": kind, "vault_id": VAULT, "vault_private": PRIVATE, "offset": PAGE_OFFSET}
    values.update({"number": PAGE_NUMBER} if kind == "page" else {"offset": FRAME_OFFSET})
    values.update(other)
    if sealed is not None:
        values[kind] = base64.b64encode(sealed).decode()
    section(f"{kind}-{name}", about, **values, **result(data))


def pages():
    page_key, frame_key, header_key = vault.index_keys(PRIVATE, VAULT)
    plain = noise(8160)
    clear = plain + bytes(32)
    page("good", "", seal_page(page_key, PAGE_NUMBER, PAGE_OFFSET, plain), clear)
    page("first", "with the header of the file", seal_page(page_key, 1, 0, plain), clear, number=1, offset=0)
    far = (2**32 - 2) * 8192
    page("last", "at 32 TiB", seal_page(page_key, 2**32 - 1, far, plain), clear, number=2**32 - 1, offset=far)
    changed = [("content-first", "0 1"), ("content-last", "8159 128"), ("nonce-first", "8160 1"),
               ("nonce-last", "8171 1"), ("tag-first", "8172 1"), ("tag-last", "8187 128"), ("reserved-first", "8188 1"),
               ("reserved-last", "8191 128")]
    for name, flip in changed:
        page("flip-" + name, "", None, None, page_of="page-good", flip=flip)
    page("moved", "read as the next page", None, None, page_of="page-good", number=8, offset=7 * 8192)
    page("other-number", "", None, None, page_of="page-good", number=8)
    page("other-offset", "", None, None, page_of="page-good", offset=PAGE_OFFSET + 2**32)
    page("other-vault", "from the index of another vault", None, None, page_of="page-good", vault_id=bytes(16))
    page("other-owner", "", None, None, page_of="page-good", vault_private=hashlib.sha256(b"another vault").digest())
    page("zeros", "", bytes(8192), None)
    page("cut", "half a page", seal_page(page_key, PAGE_NUMBER, PAGE_OFFSET, plain)[:4096], None)
    page("of-a-frame", "sealed with the key of frames", seal_page(frame_key, PAGE_NUMBER, PAGE_OFFSET, plain), None)
    page("reserved", "rightly sealed, and something in the last four bytes",
         seal_page(page_key, PAGE_NUMBER, PAGE_OFFSET, plain, b"\0\0\0\1"), None)

    block = Cipher(AES(header_key), ECB()).encryptor()
    head, tail = struct.pack(">II", PAGE_NUMBER, 9), bytes(range(16))
    sealed = head + block.update(tail) + seal_page(frame_key, PAGE_NUMBER, FRAME_OFFSET, plain)
    page("good", "", sealed, head + tail + clear, kind="frame")
    for name, flip in [("number", "3 1"), ("content-first", "24 1"), ("content-last", "8183 1"),
                       ("nonce-first", "8184 1"), ("nonce-last", "8195 1"), ("tag-first", "8196 1"),
                       ("tag-last", "8211 1"), ("reserved-first", "8212 1"), ("reserved-last", "8215 1")]:
        page("flip-" + name, "", None, None, kind="frame", page_of="frame-good", flip=flip)
    page("moved", "one frame further", None, None, kind="frame", page_of="frame-good", offset=FRAME_OFFSET + 8216)
    page("from-an-earlier-place", "", None, None, kind="frame", page_of="frame-good", offset=32)
    page("other-vault", "", None, None, kind="frame", page_of="frame-good", vault_id=bytes(16))
    page("of-a-page", "sealed with the key of pages",
         head + block.update(tail) + seal_page(page_key, PAGE_NUMBER, FRAME_OFFSET, plain), None, kind="frame")
    page("in-clear", "", head + tail + clear, None, kind="frame")
    page("cut", "a byte is missing", sealed[:-1], None, kind="frame")
    page("head-alone", "", sealed[:24], None, kind="frame")


print("# Vectors of the sealing in doc/vault-format.md; made by tests/lib/make-vectors.py.\n")
if sys.argv[1:] == ["pages"]:
    pages()
elif sys.argv[1:] == ["seal"]:
    messages()
    records()
    wraps()
else:
    sys.exit(__doc__)
