#!/usr/bin/env python3
"""million: an IMAPS server with one huge mailbox, made up as it is asked for.

  million.py --count N --listen ADDRESS:PORT --certificate FILE --key FILE --log FILE
             [--way qresync|plain] [--body BYTES]

Every message differs; none is kept anywhere. Whatever the password, the login succeeds. SIGUSR1 brings one
more message. --way says what the server knows of changes: QRESYNC and CONDSTORE, or nothing. --body puts one
more line of so many bytes into the newest message. The log has a line for each command that is heard.
"""

import argparse
import re
import signal
import socket
import ssl
import threading

WORDS = ["figures", "invoice", "delivery", "meeting", "auditors", "licence", "cabinet", "drawing", "Thursday",
         "Größe", "Lieferung", "Prüfung", "rendez-vous", "договор", "請求書", "backup", "visit", "cooling"]
CHUNK = 1 << 16
DATE = '"%2d-Mar-2024 10:%02d:%02d +0000"'
LETTER = ("From: Mary Jones <mary.jones@corp.example>\r\nTo: John Smith <jsmith@corp.example>\r\n"
          "Subject: {0} {1} number {n}\r\nDate: Mon, {day:02d} Mar 2024 10:00:00 +0000\r\n"
          "Message-ID: <{n}@mail.corp.example>\r\nMIME-Version: 1.0\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n\r\n{2} {3} {4} {5} unique{n}\r\n")


def letter(uid):
    words = [WORDS[uid // 18 ** i * (i + 1) % 18] for i in range(6)]
    return LETTER.format(*words, n=uid, day=uid % 28 + 1).encode()


class Server:
    def __init__(self, options):
        self.options = options
        self.count = options.count
        self.modseq = 10
        self.log = open(options.log, "a", encoding="utf-8", buffering=1)

    def more(self, *_):
        self.count += 1
        self.modseq += 1

    def text(self, uid):
        huge = self.options.body if uid == self.count else 0
        return letter(uid) + (b"x" * 70 + b"\r\n") * (huge // 72)


class Client(threading.Thread):
    def __init__(self, server, stream):
        super().__init__(daemon=True)
        self.server, self.stream = server, stream
        self.lines = stream.makefile("rb")
        self.waiting = bytearray()

    def say(self, data):
        self.waiting += data
        if len(self.waiting) >= CHUNK:
            self.flush()

    def flush(self):
        self.stream.sendall(self.waiting)
        self.waiting.clear()

    def run(self):
        try:
            self.say(b"* OK ready\r\n")
            self.flush()
            for line in self.lines:
                tag, _, rest = line.rstrip(b"\r\n").decode().partition(" ")
                words = rest.split(" ", 2)
                command = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
                print("LOGIN" if command in ("LOGIN", "AUTHENTICATE") else rest[:200], file=self.server.log)
                good = getattr(self, "on_" + command.lower().replace(" ", "_"), lambda _: True)(rest)
                self.say(f"{tag} {'OK' if good else 'NO'} done\r\n".encode())
                self.flush()
                if command == "LOGOUT":
                    break
            self.stream.unwrap()
        except (OSError, ValueError):
            pass

    def on_capability(self, _):
        able = " CONDSTORE QRESYNC ENABLE" if self.server.options.way == "qresync" else ""
        self.say(f"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN ESEARCH{able}\r\n".encode())
        return True

    def on_list(self, _):
        self.say(b'* LIST () "/" INBOX\r\n')
        return True

    def on_examine(self, _):
        count = self.server.count
        self.say(f"* {count} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {count + 1}] x\r\n".encode())
        if self.server.options.way == "qresync":
            self.say(f"* OK [HIGHESTMODSEQ {self.server.modseq}] x\r\n".encode())
        return True

    def chosen(self, text):
        for piece in text.split(","):
            ends = [self.server.count if end == "*" else int(end) for end in piece.split(":")]
            yield from range(max(1, min(ends)), min(max(ends), self.server.count) + 1)

    def on_uid_search(self, rest):
        self.say(b"* SEARCH")
        for uid in self.chosen(re.search(r"UID SEARCH.* ([\d:,*]+)$", rest)[1]):
            self.say(b" %d" % uid)
        self.say(b"\r\n")
        return True

    def on_uid_fetch(self, rest):
        wanted, items = rest.split(" ", 3)[2:]
        for uid in self.chosen(wanted):
            head = f"* {uid} FETCH (UID {uid} FLAGS (\\Seen)"
            if "RFC822.SIZE" in items:
                head += f" RFC822.SIZE {len(self.server.text(uid))}"
            if "BODY" in items:
                text = self.server.text(uid)
                date = DATE % (uid % 28 + 1, uid // 60 % 60, uid % 60)
                self.say(f"{head} INTERNALDATE {date} BODY[] {{{len(text)}}}\r\n".encode())
                self.say(text)
                self.say(b")\r\n")
            else:
                self.say(head.encode() + b")\r\n")
        return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--way", choices=("qresync", "plain"), default="qresync")
    parser.add_argument("--body", type=int, default=0)
    for name in ("listen", "certificate", "key", "log"):
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    server = Server(options)
    signal.signal(signal.SIGUSR1, server.more)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    host, _, port = options.listen.partition(":")
    listener = socket.create_server((host, int(port)))
    while True:
        raw, _ = listener.accept()
        try:
            Client(server, context.wrap_socket(raw, server_side=True)).start()
        except OSError:
            raw.close()


main()
