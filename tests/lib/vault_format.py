"""The vault's sealing, written from doc/vault-format.md alone and with other libraries than
Postern's own code, so that the two check each other. Damage raises Damage."""

import hmac
import struct
import subprocess

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FORMAT = 1
CHUNK = 65536
TAG = 16
TRAILER = 16
WINDOW = 2 * 1024 * 1024
MESSAGE_MAX = 2 * 1024 * 1024 * 1024


class Damage(Exception):
    pass


def demand(condition, what):
    if not condition:
        raise Damage(what)


def hkdf(secret, salt, info, size):
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(secret)


def open_gcm(key, nonce, ad, sealed):
    try:
        return AESGCM(key).decrypt(nonce, sealed, ad)
    except (InvalidTag, ValueError) as error:
        raise Damage("not authentic") from error


def padme(size):
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (size + mask) & ~mask


def public_of(private):
    key = X25519PrivateKey.from_private_bytes(private)
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


# --- batches, records, wraps ---------------------------------------------------------------


def batch_keys(vault_id, vault_private, ephemeral_public):
    """Wrap key and record key of a batch, on the reading side."""
    try:
        shared = X25519PrivateKey.from_private_bytes(vault_private).exchange(
            X25519PublicKey.from_public_bytes(ephemeral_public))
    except ValueError as error:
        raise Damage("no public key") from error
    info = b"postern batch 1" + ephemeral_public + public_of(vault_private)
    keys = hkdf(shared, vault_id, info, 64)
    return keys[:32], keys[32:]


def open_record(record_key, vault_id, context, sealed):
    demand(len(sealed) >= 1 + 12 + TAG and sealed[0] == 1, "unknown record")
    plain = open_gcm(record_key, sealed[1:13], b"\1" + vault_id + context.encode(), sealed[13:])
    demand(len(plain) >= 4, "short record")
    size = struct.unpack(">I", plain[:4])[0]
    demand(len(plain) == max(64, padme(4 + size)), "padded wrongly")
    demand(not any(plain[4 + size:]), "padding is not zero")
    return plain[4:4 + size]


def unwrap(wrap_key, vault_id, message_id, wrapped):
    demand(len(wrapped) == 1 + 12 + 32 + TAG and wrapped[0] == 1, "unknown wrap")
    return open_gcm(wrap_key, wrapped[1:13], b"\1" + vault_id + message_id, wrapped[13:])


def parse_record(data):
    """Account, mailbox, UID, UIDL, date and flags of a journal record; of one that is no arrival, what
    it is stands in place of UIDL and date."""
    at = 0

    def take(size):
        nonlocal at
        demand(at + size <= len(data), "record cut")
        at += size
        return data[at - size:at]

    def number(size):
        return int.from_bytes(take(size), "big")

    def text():
        return take(number(4)).decode()

    kind = number(1)
    demand(kind in (1, 2, 3, 4, 5, 6), "unknown record")
    account, mailbox, uid = text(), text(), number(4)
    uidl = text() if kind == 1 else ""
    date = number(8) if kind in (1, 6) else 0
    flags = [text() for _ in range(number(2))] if kind != 3 else []
    demand(at == len(data) and len(flags) <= 100, "something follows the record")
    demand((uid != 0) != (uidl != "") or (kind == 4 and uid == 0 and mailbox == "")
           or (kind == 5 and (account, mailbox, uid) == ("", "", 0))
           or (kind == 6 and uid == 0 and mailbox != ""), "neither UID nor UIDL, or both")
    heads = {1: [uidl, date], 2: ["flags"], 3: ["gone"], 4: ["only"], 5: ["tags"], 6: ["import", date]}
    return [account, mailbox, uid, *heads[kind], *flags]


def parse_share(data):
    """Share, and unless it is none: size and subject of what the index may know of a message."""
    names = ("none", "headers", "full")
    demand(data and data[0] < len(names), "unknown share")
    if data[0] == 0:
        demand(len(data) == 1, "something follows the share")
        return ["none"]
    at = 1

    def number(size):
        nonlocal at
        demand(at + size <= len(data), "share cut")
        at += size
        return int.from_bytes(data[at - size:at], "big")

    def text():
        nonlocal at
        size = number(4)
        demand(at + size <= len(data), "share cut")
        at += size
        return data[at - size:at].decode()

    flags, size, _ = number(1), number(8), number(4)
    fields = [text() for _ in range(6)]
    references = [text() for _ in range(number(2))]
    rest = [text() for _ in range(3)]
    demand(at == len(data) and flags < 8 and len(references) <= 100, "something follows the share")
    demand(data[0] == 2 and not flags & 1 or rest == ["", "", ""], "more than its header")
    return [names[data[0]], size, fields[0]]


def parse_sessions(data):
    """Session keys of a message's OpenPGP messages, as gpg writes them."""
    keys = []
    while data:
        demand(len(data) >= 36, "session keys cut")
        size = int.from_bytes(data[32:36], "big")
        demand(size <= 80 and len(data) >= 36 + size, "session keys cut")
        keys.append(data[36:36 + size].decode())
        data = data[36 + size:]
    demand(len(keys) <= 8, "too many session keys")
    return keys


def parse_outbox(data):
    """Account, sender, subject, whether encrypted, the copy's share, (which notices, the name) and (address, answer) of each recipient."""
    at = 0

    def take(size):
        nonlocal at
        demand(at + size <= len(data), "record cut")
        at += size
        return data[at - size:at]

    def text():
        return take(int.from_bytes(take(4), "big")).decode()

    head = [text(), text(), text()]
    encrypted, share = take(1)[0], take(1)[0]
    notice = (take(1)[0], text())
    count = int.from_bytes(take(2), "big")
    recipients = [(text(), text()) for _ in range(count)]
    demand(at == len(data) and encrypted <= 1 and share <= 3 and notice[0] <= 8 and 1 <= count <= 1000, "no record of a letter")
    return (*head, encrypted, share, notice, recipients)


class Fields:
    """Walks over the numbers and strings of a record."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        demand(self.at + size <= len(self.data), "record cut")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def block(self):
        return self.take(self.number(4))

    def text(self):
        return self.block().decode()

    def end(self):
        demand(self.at == len(self.data), "more than a record")


def parse_draft_head(data):
    fields = Fields(data)
    demand(fields.number(1) == 1, "another kind of draft")
    head = {"encrypt": fields.number(1), "sign": fields.number(1), "notices": fields.number(1), "because": fields.text(),
            "sensitivity": fields.text(), "in_reply_to": fields.text()}
    head["references"] = [fields.text() for _ in range(fields.number(2))]
    fields.end()
    return head


def parse_draft_parts(data):
    fields = Fields(data)
    parts = [(fields.text(), fields.text(), fields.block()) for _ in range(fields.number(2))]
    fields.end()
    return parts


def match_key(vault_id, vault_private, copy, check):
    """The match key from its copy in the vault, held against the check value."""
    demand(len(copy) > 32, "short copy")
    _, record_key = batch_keys(vault_id, vault_private, copy[:32])
    key = open_record(record_key, vault_id, "match key", copy[32:])
    demand(len(key) == 32, "no key")
    name_key = hkdf(key, None, b"postern names 1", 32)
    name = b"".join(struct.pack(">I", len(part)) + part for part in (b"check", b"", b""))
    demand(hmac.digest(name_key, name, "sha256") == check, "another key")
    return key


# --- messages ------------------------------------------------------------------------------


def one_frame(data):
    """Checks that DATA is exactly one Zstandard frame (RFC 8878) such as the format allows."""
    demand(data[:4] == b"\x28\xb5\x2f\xfd" and len(data) >= 6, "no frame")
    descriptor = data[4]
    single, at = descriptor >> 5 & 1, 5
    demand(descriptor & 3 == 0, "a dictionary")
    demand(descriptor & 8 == 0, "reserved bit")
    if not single:
        exponent, mantissa = data[at] >> 3, data[at] & 7
        window = (1 << 10 + exponent) + (1 << 10 + exponent) // 8 * mantissa
        demand(window <= WINDOW, "window too large")
        at += 1
    size = {0: single, 1: 2, 2: 4, 3: 8}[descriptor >> 6]
    demand(not single or int.from_bytes(data[at:at + size], "little") <= WINDOW, "window too large")
    at += size
    last = 0
    while not last:
        demand(at + 3 <= len(data), "frame cut")
        head = int.from_bytes(data[at:at + 3], "little")
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        demand(kind != 3, "reserved block")
        at += 3 + (1 if kind == 1 else size)
    at += 4 if descriptor >> 2 & 1 else 0
    demand(at == len(data), "something follows the frame, or misses")


def decompress(frame, limit):
    one_frame(frame)
    process = subprocess.Popen(["zstd", "-dcq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    try:
        with process.stdin as stdin:
            stdin.write(frame)
    except BrokenPipeError:
        pass
    with process.stdout as stdout:
        data = stdout.read(limit + 1)
    demand(process.wait() == 0 and len(data) == limit, "size is not as said")
    return data


def open_message(vault_id, message_id, message_key, chunks):
    demand(chunks, "no chunks")
    body_key = hkdf(message_key, vault_id, b"postern body 1", 32)
    ad = bytes([FORMAT]) + vault_id + message_id
    plain = b""
    for n, sealed in enumerate(chunks):
        last = n == len(chunks) - 1
        demand(len(sealed) == CHUNK + TAG or (last and TRAILER + TAG <= len(sealed) < CHUNK + TAG),
               "chunk of a wrong size")
        plain += open_gcm(body_key, n.to_bytes(11, "big") + bytes([last]), ad, sealed)
    compressed, true = struct.unpack(">QQ", plain[-TRAILER:])
    demand(true <= MESSAGE_MAX and compressed <= len(plain) - TRAILER and
           len(plain) == padme(compressed + TRAILER), "sizes contradict each other")
    demand(not any(plain[compressed:-TRAILER]), "padding is not zero")
    return decompress(plain[:compressed], true)


# --- the index -----------------------------------------------------------------------------

PAGE = 8192
FRAME = 24 + PAGE


def index_keys(vault_private, vault_id):
    """Page, frame and header key."""
    key = hkdf(vault_private, vault_id, b"postern index 1", 32)
    return [hkdf(key, None, b"postern sealed %s 1" % what, 32)
            for what in (b"page", b"frame", b"header")]


def open_page(key, number, offset, page):
    demand(not any(page[-4:]), "reserved bytes")
    plain = open_gcm(key, page[-32:-20], struct.pack(">IQ", number, offset),
                     page[:-32] + page[-20:-4])
    return plain + bytes(32)


def open_index_file(keys, data):
    demand(len(data) % PAGE == 0, "half a page")
    return b"".join(open_page(keys[0], at // PAGE + 1, at, data[at:at + PAGE])
                    for at in range(0, len(data), PAGE))


def open_index_log(keys, data):
    """The WAL in clear, as far as whole frames go."""
    log = data[:32]
    block = Cipher(AES(keys[2]), ECB()).decryptor()
    for at in range(32, len(data) - FRAME + 1, FRAME):
        head, page = data[at:at + 24], data[at + 24:at + FRAME]
        number = int.from_bytes(head[:4], "big")
        log += head[:8] + block.update(head[8:]) + open_page(keys[1], number, at, page)
    return log
