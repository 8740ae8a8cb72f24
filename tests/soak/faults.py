#!/usr/bin/env python3
"""faults: one fault at every byte of a session with a real server, and what the store holds after it.

  faults.py imap|pop3 --full [--after N] [--part K/N] | --samples N [--seed N]

Between Postern and the company's Dovecot stands somebody whom both trust: on mail2.corp.example, with a
good certificate. He does one thing wrong once so many bytes of the server's have passed; then comes a pass
without any fault, and after it every message must be in the store once (and with POP3, where keep = no is
set, on the server no more). --full puts every kind of fault at every byte (what comes between two lines: after
every line; --after goes on behind the first N, --part takes every N-th, so that many wait for their
deadlines at the same time), --samples so many faults wherever the dice fall.
Run it as root within the tests' world, see faults.sh. Prints TAP.
"""

import argparse
import collections
import contextlib
import hashlib
import importlib
import io
import os
import random
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

COMPANY = "/run/company"
NAMES = {"imap": "john", "pop3": "mary"}
PORTS = {"imap": 993, "pop3": 995}
SECONDS = 300  # a pass that takes longer has no bound; a line whose end is gone is waited for, for a minute
GOOD = {0, 69, 75, 76}


class Fault:
    """What goes wrong with a line of the server's, and after how many bytes."""

    def __init__(self, kind, at):
        self.kind, self.at = kind, at

    def __str__(self):
        return f"{self.kind} at byte {self.at}"


# What is put between two lines. None of it is asked for, and all of it may come from a real server.
LINES = {
    "bye": b"* BYE the house is on fire\r\n",
    "expunge": b"* 1 EXPUNGE\r\n",
    "exists": b"* 4000000 EXISTS\r\n",
    "fetch": b"* 2 FETCH (UID 2 FLAGS (\\Seen nobody asked))\r\n",
    "garbage": b"\x00\xff{99999999999999999999}\r\n(((((\"\r\n",
    "no": b"* NO [ALERT] disk is full\r\n",
}
KINDS = {
    "imap": ["cut", "reset", "close", "flip", "bye", "expunge", "exists", "fetch", "garbage", "no"],
    "pop3": ["cut", "reset", "close", "flip", "garbage"],
}
# Only these may change what the server's words mean, so that another message is what it says it has.
LIES = {"flip", "garbage"}


class Between:
    """Passes everything on, until the fault is due."""

    def __init__(self, port):
        self.port = port
        self.fault = None
        self.passed = 0
        self.lines = []
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(f"{COMPANY}/tls/between.crt", f"{COMPANY}/tls/between.key")
        self.client = ssl.create_default_context(cafile=f"{COMPANY}/ca.pem")
        self.listener = socket.create_server(("10.23.0.2", port))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            raw, _ = self.listener.accept()
            threading.Thread(target=self.connected, args=(raw,), daemon=True).start()

    def connected(self, raw):
        try:
            near = self.server.wrap_socket(raw, server_side=True, suppress_ragged_eofs=True)
            far = self.client.wrap_socket(socket.create_connection(("10.23.0.1", self.port)),
                                          server_hostname="mail.corp.example")
        except OSError:
            raw.close()
            return
        self.passed = 0
        self.lines = []
        try:
            self.carry(near, far)
        except OSError:
            pass
        for end in (near, far):
            try:
                end.close()
            except OSError:
                pass

    def carry(self, near, far):
        """One thread: a socket that another waits for does not close."""
        while True:
            ready = [end for end in (near, far) if end.pending()] or select.select([near, far], [], [])[0]
            for end in ready:
                data = end.recv(65536)
                if not data:
                    return
                if end is near:
                    far.sendall(data)
                elif not self.downward(near, data):
                    return

    def downward(self, near, data):
        """FALSE when this was the end."""
        fault, before = self.fault, self.passed
        self.passed += len(data)
        self.lines += [before + match.start() for match in re.finditer(b"\n", data)]
        if fault is None or not before <= fault.at < self.passed:
            near.sendall(data)
            return True
        at = fault.at - before
        if fault.kind == "flip":
            near.sendall(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            return True
        if fault.kind in LINES:
            at = data.find(b"\n", at) + 1 or len(data)
            near.sendall(data[:at] + LINES[fault.kind] + data[at:])
            return True
        near.sendall(data[:at])
        if fault.kind == "close":
            near.unwrap()
        if fault.kind == "reset":
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(near.detach())
        return False


class World:
    def __init__(self, protocol):
        self.protocol = protocol
        self.name = NAMES[protocol]
        self.home = f"{COMPANY}/home/{self.name}"
        self.store = f"{self.home}/.local/share/postern"
        self.box = f"{COMPANY}/mail/{self.name}/Maildir"
        self.env = {"HOME": self.home, "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
        sys.path.insert(0, f"{os.environ['srcdir']}/tests/lib")
        self.reader = importlib.import_module("read-vault")
        os.environ["HOME"] = self.home  # gpg's, which the reader calls
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            self.env[name] = os.environ.get(name, "")
        shutil.copytree(self.store, self.store + ".empty")
        subprocess.run(["cp", "-a", self.box, self.box + ".full"], check=True)

    def afresh(self):
        shutil.rmtree(self.store)
        shutil.copytree(self.store + ".empty", self.store)
        if self.protocol == "pop3":
            shutil.rmtree(self.box)
            subprocess.run(["cp", "-a", self.box + ".full", self.box], check=True)

    def fetch(self):
        began = time.monotonic()
        try:
            done = subprocess.run(["fetchd", "--once", "--seal-only", "-q"], env=self.env, cwd=self.home,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return None, f"no end after {SECONDS} s"
        return done.returncode, done.stderr.decode(errors="replace").strip() + f" ({time.monotonic() - began:.1f} s)"

    def served(self):
        """What every message is, with the line ends that a server sends."""
        for part in ("new", "cur"):
            for top, _, names in os.walk(self.box + ".full"):
                for name in names if os.path.basename(top) == part else ():
                    with open(os.path.join(top, name), "rb") as file:
                        yield hashlib.sha256(re.sub(rb"(?<!\r)\n", b"\r\n", file.read())).hexdigest()

    def stored(self):
        """Of each message in the vault, or None when one of them does not open."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            good = self.reader.messages(self.store + "/vault.db", None)
        return [line.split()[2] for line in told.getvalue().splitlines()] if good else None

    def left(self):
        return sum(len(os.listdir(f"{self.box}/{part}")) for part in ("new", "cur"))


def judge(world, between, fault):
    """What is wrong after this fault, or nothing."""
    world.afresh()
    between.fault = fault
    code, words = world.fetch()
    lies = fault.kind in LIES
    if code not in GOOD and not (lies and code in (77, 78)):
        return f"the pass with the fault: {code}: {words}"
    between.fault = None
    again, words = world.fetch()
    if again == 77 and "login" in words and lies:
        return None  # the lie was that the login is refused, which is remembered
    if again != 0:
        return f"the next pass: {again}: {words}"
    stored = world.stored()
    if stored is None:
        return f"the vault is damaged, after {code}"
    here, there = collections.Counter(stored), collections.Counter(world.served())
    missing, foreign, twice = there - here, here - there, max(here.values()) > 1
    allowed = 1 if lies else 0
    # Without the line that ends a message of POP3, the next one is its end.
    if missing.total() > 2 * allowed or foreign.total() > allowed or twice:
        return f"{missing.total()} missing, {foreign.total()} foreign, twice: {twice}, after {code}"
    if world.protocol == "pop3" and world.left() > allowed:
        return f"{world.left()} are still on the server"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("protocol", choices=NAMES)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--full", action="store_true")
    how.add_argument("--samples", type=int, default=0)
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    world, between = World(options.protocol), Between(PORTS[options.protocol])
    world.afresh()
    code, words = world.fetch()
    if code != 0:
        print(f"Bail out! the session without a fault ended with {code}: {words}")
        return
    size, lines, kinds = between.passed, between.lines, KINDS[options.protocol]
    if options.full:
        pairs = [(kind, at) for kind in kinds for at in (lines if kind in LINES else range(size))]
    else:
        dice = random.Random(options.seed)
        each = -(-options.samples // len(kinds))
        pairs = [(kind, dice.randrange(size)) for kind in kinds for _ in range(each)]
    part, parts = map(int, options.part.split("/"))
    pairs = pairs[options.after + part - 1::parts]
    wrong = 0
    for n, pair in enumerate(pairs):
        fault = Fault(*pair)
        if why := judge(world, between, fault):
            wrong += 1
            print(f"# {fault}: {why}", flush=True)
        if n % 500 == 499:
            print(f"# {n + 1} of {len(pairs)}", file=sys.stderr, flush=True)
    print(f"{'not ok' if wrong else 'ok'} - p6_55 {options.protocol}: {len(pairs)} sessions of {size} bytes with one"
          f" fault each, and after the next pass every message is here once")
    sys.exit(wrong > 0)


main()
