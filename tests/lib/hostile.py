#!/usr/bin/env python3
"""hostile: one scripted server that breaks one rule, and a log of every byte the client sent.

  hostile.py CASE --listen ADDRESS:PORT --certificate FILE --key FILE --log FILE
             [--message FILE]… [--cut-after BYTES] [--reset-record NUMBER]

CASE is a class of hostile_imap.py, hostile_pop3.py or hostile_smtp.py, written imap-preauth for
imap.Preauth; imap-honest, pop3-honest and smtp-honest break nothing. `hostile.py list` names all.
--cut-after drops the connection, without a word, after so many bytes were sent inside TLS.
--reset-record resets it in the handshake, in place of the server's record of that number (from 0).

The log has one line an event: "N open", "N clear BYTES" and "N tls BYTES" for what the client
sent before and after the handshake (Python's spelling of bytes), "N handshake VERSION",
"N failed REASON", "N close".
"""

import argparse
import pathlib
import socket
import ssl
import struct
import sys
import threading

import hostile_imap
import hostile_pop3
import hostile_smtp


class Gone(Exception):
    """The conversation is over."""


class Connection:
    """One client: bytes in and out, each logged."""

    def __init__(self, server, number, raw):
        self.server = server
        self.number = number
        self.raw = raw
        self.stream = raw
        self.tls = False
        self.pending = b""
        self.left = server.options.cut_after

    def log(self, *words):
        self.server.log(" ".join([str(self.number), *words]))

    def receive(self):
        try:
            data = self.stream.recv(65536)
        except (OSError, ssl.SSLError) as error:
            raise Gone(str(error)) from error
        if not data:
            raise Gone("end")
        self.log("tls" if self.tls else "clear", repr(data))
        self.pending += data

    def line(self):
        """The next line without its CRLF (a bare LF ends it too)."""
        while b"\n" not in self.pending:
            self.receive()
        line, _, self.pending = self.pending.partition(b"\n")
        return line.rstrip(b"\r")

    def exactly(self, size):
        while len(self.pending) < size:
            self.receive()
        data, self.pending = self.pending[:size], self.pending[size:]
        return data

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        try:
            if self.tls and self.left is not None:
                self.stream.sendall(data[: self.left])
                self.left -= len(data)
                if self.left <= 0:
                    self.drop()
            else:
                self.stream.sendall(data)
        except (OSError, ssl.SSLError) as error:
            raise Gone(str(error)) from error

    def handshake(self):
        if self.server.options.reset_record is not None:
            self.half_a_handshake(self.server.options.reset_record)
        try:
            self.stream = self.server.context.wrap_socket(self.raw, server_side=True, suppress_ragged_eofs=True)
        except (OSError, ssl.SSLError) as error:
            self.log("failed", str(error))
            raise Gone("no handshake") from error
        self.tls = True
        self.pending = b""
        self.log("handshake", self.stream.version())

    def half_a_handshake(self, records):
        """So many records of ours, then RST; RST after the last one when there are fewer."""
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        engine = self.server.context.wrap_bio(inward, outward, server_side=True)
        done = False
        while not done:
            self.receive()
            inward.write(self.pending)
            self.pending = b""
            try:
                engine.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            out = outward.read()
            while out:
                if records == 0:
                    self.reset()
                size = 5 + int.from_bytes(out[3:5], "big")
                self.raw.sendall(out[:size])
                out = out[size:]
                records -= 1
        self.reset()

    def drop(self):
        """FIN without close_notify."""
        self.raw_close()
        raise Gone("dropped")

    def reset(self):
        """RST."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()
        raise Gone("reset")

    def finish(self):
        """A proper end: close_notify, then FIN."""
        if self.tls:
            self.stream.settimeout(2)
            try:
                self.stream = self.stream.unwrap()
            except (OSError, ssl.SSLError, ValueError):
                pass
        raise Gone("finished")

    def raw_close(self):
        try:
            self.stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.stream.close()


class Server:
    def __init__(self, options, case):
        self.options = options
        self.case = case
        self.lock = threading.Lock()
        self.file = open(options.log, "a", buffering=1)
        self.state = {}  # what a case remembers between connections
        self.messages = [pathlib.Path(name).read_bytes() for name in options.message]
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(options.certificate, options.key)
        if options.old_tls:
            self.context.set_ciphers("DEFAULT@SECLEVEL=0")
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = ssl.TLSVersion.TLSv1_1

    def log(self, text):
        with self.lock:
            self.file.write(text + "\n")

    def serve(self, number, raw):
        connection = Connection(self, number, raw)
        connection.log("open")
        try:
            talk = self.case(connection, self)
            if talk.implicit_tls:
                connection.handshake()
            talk.run()
            connection.finish()
        except Gone as reason:
            connection.raw_close()
            connection.log("close", str(reason))

    def run(self):
        address, _, port = self.options.listen.rpartition(":")
        with socket.create_server((address, int(port)), backlog=20) as listener:
            number = 0
            while True:
                raw, _ = listener.accept()
                number += 1
                threading.Thread(target=self.serve, args=(number, raw), daemon=True).start()


def cases():
    found = {}
    for module, prefix in ((hostile_imap, "imap"), (hostile_pop3, "pop3"), (hostile_smtp, "smtp")):
        for name, kind in vars(module).items():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                spelled = "".join("-" + letter.lower() if letter.isupper() else letter for letter in name)
                found[prefix + spelled] = kind
    return found


def main():
    known = cases()
    if sys.argv[1:] == ["list"]:
        for name, kind in known.items():
            print("%-28s %s" % (name, (kind.__doc__ or "").splitlines()[0] if kind.__doc__ else ""))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=known)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--message", action="append", default=[])
    parser.add_argument("--cut-after", type=int)
    parser.add_argument("--reset-record", type=int)
    parser.add_argument("--old-tls", action="store_true", help="TLS 1.0 and 1.1 only")
    options = parser.parse_args()
    Server(options, known[options.case]).run()


if __name__ == "__main__":
    main()
