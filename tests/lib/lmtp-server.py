#!/usr/bin/python3
"""An LMTP server (RFC 2033) that does as it is told.

lmtp-server.py SOCKET FOLDER [MODE]    each message that is taken ends up in FOLDER, a file each, as it
                                       came but for the dots; FOLDER/log has one word a message

MODE: take (default); hold: the last reply never comes; no4, no5: says no to messages whose subject
has "refuse"; cut: hangs up over those, in their data.
"""

import os
import socketserver
import sys

path, folder, mode = sys.argv[1], sys.argv[2], (sys.argv[3:] or ["take"])[0]


def log(word):
    with open(os.path.join(folder, "log"), "a", encoding="ascii") as file:
        file.write(word + "\n")


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def take(self):
        data, refused = b"", False
        while (line := self.rfile.readline()) != b".\r\n":
            if not line or not line.endswith(b"\r\n"):
                log("cut")
                return False
            data += line[1:] if line.startswith(b".") else line
            refused |= line.startswith(b"Subject:") and b"refuse" in line
            if refused and mode == "cut":
                log("hung-up")
                return False
        if mode == "hold":
            log("held")
            self.rfile.readline()
            return False
        if refused and mode in ("no4", "no5"):
            log(mode)
            self.say("452 4.2.2 later" if mode == "no4" else "554 5.6.0 never")
            return True
        with open(os.path.join(folder, "%06d" % len(os.listdir(folder))), "wb") as file:
            file.write(data)
        log("taken")
        self.say("250 2.0.0 saved")
        return True

    def handle(self):
        self.say("220 test LMTP")
        while line := self.rfile.readline().split(b"\r\n")[0]:
            word = line.split()[0].upper()
            if word == b"LHLO":
                self.say("250-test\r\n250-PIPELINING\r\n250 8BITMIME")
            elif word == b"DATA":
                self.say("354 go on")
                if not self.take():
                    return
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if os.path.exists(path):
    os.unlink(path)
os.makedirs(folder, exist_ok=True)
Server(path, Session).serve_forever()
