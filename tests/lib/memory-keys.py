#!/usr/bin/env python3
"""memory-keys: does anything in the memory of a process open what lies in a vault?

  memory-keys.py PID VAULT.DB [FILE…]   tries every 32 bytes that could be a key, at each eighth address and at
                                  each place in the files, as each kind of key; prints the kinds that were
                                  found, and how many were tried to stderr
  memory-keys.py hold VAULT.DB    gets the keys by gpg, holds one of each kind, says "ready" and waits

Needs to be root, or the same user. The formats are those of vault_format.py.
"""
import base64
import ctypes
import re
import sqlite3
import subprocess
import sys
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import vault_format as vault

BATCHES, MESSAGES = 1, 1
X25519 = 1034  # its NID
LIBCRYPTO = ctypes.CDLL("libcrypto.so.3")
LIBCRYPTO.EVP_PKEY_new_raw_private_key.restype = ctypes.c_void_p


class Targets:
    """Some of the vault's newest things, and how a key would open each."""

    def __init__(self, path):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.vault_id, self.public, self.wrapped = database.execute(
            "SELECT vault_id, public_key, wrapped_private FROM meta").fetchone()
        self.batches = database.execute(
            "SELECT b.ephemeral, m.id, m.wrapped, min(j.record) FROM batch b JOIN message m ON m.batch = b.id "
            "JOIN journal j ON j.message = m.row AND j.batch = b.id WHERE m.stored = 1 GROUP BY b.id "
            "ORDER BY b.id DESC LIMIT ?", (BATCHES,)).fetchall()
        self.messages = []
        for row, name, count, ephemeral, wrapped in database.execute(
                "SELECT m.row, m.id, m.chunks, b.ephemeral, m.wrapped FROM message m JOIN batch b ON b.id = m.batch "
                "WHERE m.stored = 1 ORDER BY m.row DESC LIMIT ?", (MESSAGES,)).fetchall():
            chunk = database.execute("SELECT data FROM chunk WHERE key = ?", ((row << 20) + count - 1,)).fetchone()[0]
            self.messages.append((name, count, chunk, ephemeral, wrapped))

    def body_opens(self, key, message):
        name, count, chunk, _, _ = message
        return opens(key, (count - 1).to_bytes(11, "big") + b"\1", chunk, b"\1" + self.vault_id + name)

    def tried(self, key):
        """What KEY is, or None."""
        for ephemeral, name, wrapped, record in self.batches:
            if opens(key, wrapped[1:13], wrapped[13:], b"\1" + self.vault_id + name):
                return "wrap key"
            context = "journal " + base64.b32encode(name).decode().lower()
            if opens(key, record[1:13], record[13:], b"\1" + self.vault_id + context.encode()):
                return "record key"
        for message in self.messages:
            if self.body_opens(key, message):
                return "body key"
            if self.body_opens(vault.hkdf(key, self.vault_id, b"postern body 1", 32), message):
                return "message key"
        public = public_of(key)
        if public == self.public:
            return "private key"
        return "ephemeral private" if any(public == batch[0] for batch in self.batches) else None


def public_of(private):
    """As vault_format.public_of(), which takes more than a millisecond."""
    key = ctypes.c_void_p(LIBCRYPTO.EVP_PKEY_new_raw_private_key(X25519, None, private, ctypes.c_size_t(32)))
    public, size = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
    LIBCRYPTO.EVP_PKEY_get_raw_public_key(key, public, ctypes.byref(size))
    LIBCRYPTO.EVP_PKEY_free(key)
    return public.raw


def opens(key, nonce, sealed, associated):
    try:
        AESGCM(key).decrypt(nonce, sealed, associated)
    except InvalidTag:
        return False
    return True


def candidates(pid):
    """Every 32 bytes at an eighth address of writable memory that could be a key."""
    seen = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            begin, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if not rights.startswith("rw"):
                continue
            try:
                memory.seek(int(begin, 16))
                data = memory.read(int(end, 16) - int(begin, 16))
            except (OSError, OverflowError):
                continue
            seen |= windows(data, 8)
    return seen


def windows(data, step):
    """As varied as a key is: of random 32 bytes some 30 differ."""
    pieces = (data[at:at + 32] for at in range(0, len(data) - 31, step) if data[at] or data[at + 1])
    return {piece for piece in pieces if len(set(piece)) >= 24}


def search(pid, path, files):
    targets = Targets(path)
    keys = candidates(pid)
    for name in files:
        with open(name, "rb") as file:
            keys |= windows(file.read(), 1)
    print(f"{len(keys)} tried on {len(targets.batches)} batches and {len(targets.messages)} messages", file=sys.stderr)
    print(*sorted({kind for kind in map(targets.tried, keys) if kind}), sep=", ")


def hold(path):
    targets = Targets(path)
    private = subprocess.run(["gpg", "--batch", "--quiet", "--decrypt"], input=targets.wrapped, check=True,
                             stdout=subprocess.PIPE).stdout
    held = [private]
    for ephemeral, name, wrapped, _ in targets.batches:
        wrap_key, record_key = vault.batch_keys(targets.vault_id, private, ephemeral)
        held += [wrap_key, record_key]
    name, _, chunk, ephemeral, wrapped = targets.messages[0]
    wrap_key, _ = vault.batch_keys(targets.vault_id, private, ephemeral)
    message_key = vault.unwrap(wrap_key, targets.vault_id, name, wrapped)
    held += [message_key, vault.hkdf(message_key, targets.vault_id, b"postern body 1", 32)]
    print("ready", flush=True)
    time.sleep(600)
    return held


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[1] == "hold":
        hold(sys.argv[2])
    else:
        search(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
