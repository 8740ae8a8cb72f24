"""POP3 for hostile.py: an honest little server, and one subclass for each thing it can do wrong."""

import time

from hostile_imap import SAMPLE


class Honest:
    """breaks nothing; DELE counts only after QUIT"""
    implicit_tls = True

    def __init__(self, connection, server):
        self.connection = connection
        self.server = server
        if "box" not in server.state:
            messages = server.messages or [SAMPLE % (n, n, n) for n in (1, 2, 3)]
            server.state["box"] = [("uidl%d" % n, raw) for n, raw in enumerate(messages, 1)]
        self.box = list(server.state["box"])
        self.deleted = set()

    def send(self, *lines):
        self.connection.send("".join(line + "\r\n" for line in lines))

    def run(self):
        self.greet()
        while True:
            words = self.connection.line().decode("latin-1").split(" ")
            handler = getattr(self, "on_" + words[0].lower(), None)
            if handler is None:
                self.send("-ERR unknown")
            else:
                handler(*words[1:])

    def greet(self):
        self.send("+OK ready")

    def on_capa(self):
        self.send("+OK", "USER", "UIDL", "TOP", "PIPELINING", "RESP-CODES", "SASL PLAIN", ".")

    def on_user(self, *_):
        self.send("+OK")

    on_pass = on_noop = on_user

    def on_auth(self, *words):
        if len(words) < 2:
            self.send("+ ")
            self.connection.line()
        self.send("+OK in")

    def on_stat(self):
        self.send("+OK %d %d" % (len(self.box), sum(len(raw) for _, raw in self.box)))

    def on_list(self, *_):
        self.send("+OK", *("%d %d" % (n, len(raw)) for n, (_, raw) in enumerate(self.box, 1)), ".")

    def on_uidl(self, *_):
        self.send("+OK", *("%d %s" % (n, name) for n, (name, _) in enumerate(self.box, 1)), ".")

    def on_retr(self, number):
        raw = self.box[int(number) - 1][1]
        self.connection.send(b"+OK\r\n" + self.stuffed(raw) + b".\r\n")

    def stuffed(self, raw):
        raw = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
        return b"".join((b"." if line.startswith(b".") else b"") + line for line in raw.splitlines(True))

    def on_dele(self, number):
        self.deleted.add(int(number) - 1)
        self.send("+OK")

    def on_rset(self):
        self.deleted.clear()
        self.send("+OK")

    def on_quit(self):
        self.server.state["box"] = [entry for n, entry in enumerate(self.box) if n not in self.deleted]
        self.server.log("box %d" % len(self.server.state["box"]))
        self.send("+OK bye")
        self.connection.finish()


class PlainGreeting(Honest):
    """5: speaks POP3 in clear on 995"""
    implicit_tls = False


class DiesAtQuit(Honest):
    """56: the connection dies at QUIT; nothing was deleted"""

    def on_quit(self):
        self.connection.drop()


class RefusesQuit(Honest):
    """56: -ERR at QUIT; nothing was deleted"""

    def on_quit(self):
        self.send("-ERR some deleted messages not removed")
        self.connection.finish()


class TwinUidl(Honest):
    """56: every message has the same UIDL"""

    def on_uidl(self, *_):
        self.send("+OK", *("%d same" % (n + 1) for n in range(len(self.box))), ".")


class LongUidl(Honest):
    """56: UIDL of 200 bytes"""

    def on_uidl(self, *_):
        self.send("+OK", *("%d %s%d" % (n + 1, "u" * 200, n) for n in range(len(self.box))), ".")


class NoUidl(Honest):
    """56: no UIDL at all"""

    def on_capa(self):
        self.send("+OK", "USER", "SASL PLAIN", ".")

    def on_uidl(self, *_):
        self.send("-ERR unknown")


class NumberZero(Honest):
    """90: LIST and UIDL of message number 0"""

    def on_list(self, *_):
        self.send("+OK", "0 100", ".")

    def on_uidl(self, *_):
        self.send("+OK", "0 zero", ".")


class NumberNegative(Honest):
    """90: message number -1"""

    def on_list(self, *_):
        self.send("+OK", "-1 100", ".")

    def on_uidl(self, *_):
        self.send("+OK", "-1 minus", ".")


class NumberHuge(Honest):
    """90: message number 300000000"""

    def on_list(self, *_):
        self.send("+OK", "300000000 100", ".")

    def on_uidl(self, *_):
        self.send("+OK", "300000000 far", ".")


class EndlessList(Honest):
    """90: UIDL for ever"""

    def on_uidl(self, *_):
        self.send("+OK")
        number = 0
        while True:
            self.send(*("%d uid%d" % (n, n) for n in range(number + 1, number + 5000)))
            number += 5000


class EndlessLine(Honest):
    """90: a greeting without an end"""

    def greet(self):
        while True:
            self.connection.send(b"+" * 65536)


class EndlessMessage(Honest):
    """90: a message without an end"""

    def on_retr(self, number):
        self.send("+OK")
        while True:
            self.connection.send(b"never ends\r\n" * 5000)


class CutInMessage(Honest):
    """32: FIN without close_notify in the middle of a message"""

    def on_retr(self, number):
        raw = self.box[int(number) - 1][1]
        self.connection.send(b"+OK\r\n" + raw[: len(raw) // 2])
        self.connection.drop()


class Shifted(Honest):
    """56: other numbers at each connection"""

    def __init__(self, connection, server):
        super().__init__(connection, server)
        self.box = self.box[1:] + self.box[:1]
        server.state["box"] = list(self.box)


class CutBeforeDot(Honest):
    """32: FIN without close_notify before the closing dot"""

    def on_retr(self, number):
        self.connection.send(b"+OK\r\n" + self.stuffed(self.box[int(number) - 1][1]))
        self.connection.drop()


class CutAfterDot(Honest):
    """32: FIN without close_notify after the closing dot"""

    def on_retr(self, number):
        self.connection.send(b"+OK\r\n" + self.stuffed(self.box[int(number) - 1][1]) + b".\r\n")
        self.connection.drop()


class SilentAfterLogin(Honest):
    """45: lets the client in, and then never answers"""

    def on_stat(self):
        time.sleep(3600)


class SilentAfterGreeting(Honest):
    """90: never answers"""

    def run(self):
        self.greet()
        time.sleep(3600)


class RefusedLogin(Honest):
    """35: [AUTH] no"""

    def on_pass(self, *_):
        self.send("-ERR [AUTH] no")

    def on_auth(self, *words):
        if len(words) < 2:
            self.send("+ ")
            self.connection.line()
        self.send("-ERR [AUTH] no")


class InUse(Honest):
    """[IN-USE]: somebody else has the mailbox"""

    def on_pass(self, *_):
        self.send("-ERR [IN-USE] locked")

    def on_auth(self, *words):
        if len(words) < 2:
            self.send("+ ")
            self.connection.line()
        self.send("-ERR [IN-USE] locked")


class TooOften(Honest):
    """[LOGIN-DELAY]: the last login was not long enough ago"""

    def on_pass(self, *_):
        self.send("-ERR [LOGIN-DELAY] fifteen minutes, please")

    def on_auth(self, *words):
        self.on_pass()
