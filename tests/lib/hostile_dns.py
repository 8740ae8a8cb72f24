#!/usr/bin/env python3
"""hostile_dns: a name server whose answers are attacks on who may be connected to.

  hostile_dns.py --listen ADDRESS --log FILE

The log has one line a question: "TYPE NAME". Names below corp.example:

  rebind    the first question gets an address of the company, every later one a stranger's
  many      4,000 addresses of the company
  alias     is another name for imap.hotmail.com
  chain     is another name for another name for _imap.GMail.com
  hosted    is another name for mail.evil.test
  NAME      of ADDRESSES: what stands there
"""

import argparse
import ipaddress
import socket
import socketserver
import struct
import threading

A, CNAME, AAAA = 1, 5, 28
ADDRESSES = {
    "mixed4": ["10.23.0.2", "10.66.0.1"],
    "mixed6": ["10.23.0.2", "2606:4700::1111"],
    "mapped": ["::ffff:127.0.0.1"],
    "nat64": ["64:ff9b::7f00:1"],
    "six2four": ["2002:7f00:1::"],
    "zero": ["0.0.0.0"],
    "unspecified": ["::"],
    "metadata": ["169.254.169.254"],
    "link": ["fe80::1"],
    "multicast": ["224.0.0.1"],
    "loopback": ["127.0.0.1"],
}


class Zone:
    def __init__(self, log):
        self.log = open(log, "a", buffering=1)
        self.lock = threading.Lock()
        self.asked = 0

    def records(self, name, kind):
        """(name, type, bytes) for the answer."""
        with self.lock:
            self.log.write("%s %s\n" % ({A: "A", AAAA: "AAAA"}.get(kind, kind), name))
            host = name.removesuffix(".corp.example")
            if host == "rebind":
                self.asked += kind == A
                addresses = ["10.23.0.2" if self.asked <= 1 else "10.66.0.1"]
            elif host == "many":
                addresses = [str(ipaddress.ip_address("10.23.0.2") + n) for n in range(4000)]
            elif host == "alias":
                return [(name, CNAME, encoded("imap.hotmail.com")), *self.of("imap.hotmail.com", kind, ["10.23.0.2"])]
            elif host == "chain":
                return [(name, CNAME, encoded("alias2.corp.example")),
                        ("alias2.corp.example", CNAME, encoded("_imap.GMail.com")),
                        *self.of("_imap.GMail.com", kind, ["10.23.0.2"])]
            elif host == "hosted":
                return [(name, CNAME, encoded("mail.evil.test")), *self.of("mail.evil.test", kind, ["10.23.0.2"])]
            else:
                addresses = ADDRESSES.get(host, [])
        return self.of(name, kind, addresses)

    def of(self, name, kind, addresses):
        known = [ipaddress.ip_address(text) for text in addresses]
        return [(name, kind, one.packed) for one in known if one.version == {A: 4, AAAA: 6}.get(kind)]

    def answer(self, question, room):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode("latin-1").lower())
            at += 1 + question[at]
        kind = struct.unpack("!H", question[at + 1 : at + 3])[0]
        records = self.records(".".join(labels), kind)
        first = ".".join(labels)
        body = b"".join((b"\xc0\x0c" if name == first else encoded(name)) + struct.pack("!HHIH", sort, 1, 0, len(data)) + data
                        for name, sort, data in records)
        asked = question[12 : at + 5]
        cut = len(body) + 12 + len(asked) > room
        header = question[:2] + struct.pack("!HHHHH", 0x8180 | cut << 9, 1, 0 if cut else len(records), 0, 0)
        return header + asked + (b"" if cut else body)


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, sender = self.request
        sender.sendto(self.server.zone.answer(data, 512), self.client_address)


class Stream(socketserver.BaseRequestHandler):
    def handle(self):
        while size := self.request.recv(2, socket.MSG_WAITALL):
            question = self.request.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL)
            answer = self.server.zone.answer(question, 65535)
            self.request.sendall(struct.pack("!H", len(answer)) + answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--log", required=True)
    options = parser.parse_args()
    zone = Zone(options.log)
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    datagrams = socketserver.ThreadingUDPServer((options.listen, 53), Datagram)
    streams = socketserver.ThreadingTCPServer((options.listen, 53), Stream)
    datagrams.zone = streams.zone = zone
    threading.Thread(target=datagrams.serve_forever, daemon=True).start()
    streams.serve_forever()


if __name__ == "__main__":
    main()
