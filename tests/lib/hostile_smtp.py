"""SMTP for hostile.py: honest submission on 465 or 587, and one subclass for each fault.

The classes on 587 begin in clear; implicit_tls follows the port.
"""

import time


class Honest:
    """breaks nothing; logs the message between DATA and the dot as "letter BYTES"."""

    def __init__(self, connection, server):
        self.connection = connection
        self.server = server
        self.implicit_tls = not server.options.listen.endswith(":587")
        self.extensions = ["PIPELINING", "SIZE 100000000", "8BITMIME", "ENHANCEDSTATUSCODES"]

    def send(self, *lines):
        self.connection.send("".join(line + "\r\n" for line in lines))

    def run(self):
        self.greet()
        while True:
            line = self.connection.line().decode("latin-1")
            word = line.split(" ")[0].lower()
            handler = getattr(self, "on_" + word, None)
            if handler is None:
                self.send("500 5.5.2 unknown")
            else:
                handler(line)

    def greet(self):
        self.send("220 mail.corp.example ESMTP")

    def on_ehlo(self, _):
        lines = ["mail.corp.example"] + self.extensions
        lines.append("AUTH PLAIN LOGIN" if self.connection.tls else "STARTTLS")
        self.send(*("250%s%s" % ("-" if n < len(lines) - 1 else " ", text) for n, text in enumerate(lines)))

    def on_starttls(self, _):
        self.send("220 2.0.0 go on")
        self.connection.handshake()

    def on_auth(self, line):
        words = line.split(" ")
        if len(words) < 3:
            for prompt in {"plain": [""], "login": ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"]}.get(words[1].lower(), []):
                self.send("334 " + prompt)
                self.connection.line()
        self.send("235 2.7.0 in")

    def on_mail(self, _):
        self.send("250 2.1.0 fine")

    on_rcpt = on_rset = on_noop = on_mail

    def on_data(self, _):
        self.send("354 go on")
        self.letter()
        self.send("250 2.0.0 queued")

    def letter(self):
        """Everything up to CRLF.CRLF, logged as one."""
        data = b""
        while not data.endswith(b"\r\n.\r\n"):
            data += self.connection.exactly(1)
        self.connection.log("letter", repr(data))

    def on_quit(self, _):
        self.send("221 2.0.0 bye")
        self.connection.finish()


class Unhurried(Honest):
    """takes its time over each answer, so that there is time to kill somebody; counts in its log"""

    def send(self, *lines):
        time.sleep(0.02)
        super().send(*lines)


class HoldsDot(Honest):
    """hears the dot and says nothing"""

    def on_data(self, _):
        self.send("354 go on")
        self.letter()
        time.sleep(60)


class PlainGreeting(Honest):
    """5: speaks SMTP in clear on 465"""

    def __init__(self, connection, server):
        super().__init__(connection, server)
        self.implicit_tls = False


class NoStarttls(Honest):
    """2: 587 offers no STARTTLS, but AUTH"""

    def on_ehlo(self, _):
        self.send("250-mail.corp.example", "250 AUTH PLAIN LOGIN")

    def on_starttls(self, _):
        self.send("502 5.5.1 not here")


class StarttlsLater(Honest):
    """2: 454 to STARTTLS"""

    def on_starttls(self, _):
        self.send("454 4.7.0 not now")


class StarttlsNever(Honest):
    """2: 502 to STARTTLS"""

    def on_starttls(self, _):
        self.send("502 5.5.1 no")


class StarttlsCloses(Honest):
    """2: closes at STARTTLS"""

    def on_starttls(self, _):
        self.connection.drop()


class InjectSameSegment(Honest):
    """3: a reply rides behind the 220"""

    def on_starttls(self, _):
        self.connection.send(b"220 2.0.0 go on\r\n250-mail.corp.example\r\n250 AUTH PLAIN\r\n235 2.7.0 in\r\n")
        self.connection.handshake()


class InjectOneByte(Honest):
    """3: one byte behind the 220"""

    def on_starttls(self, _):
        self.connection.send(b"220 2.0.0 go on\r\n2")
        self.connection.handshake()


class InjectNextSegment(Honest):
    """3: a reply in the next segment, in clear"""

    def on_starttls(self, _):
        self.connection.send(b"220 2.0.0 go on\r\n")
        time.sleep(0.1)
        self.connection.send(b"250 AUTH PLAIN\r\n235 2.7.0 in\r\n")
        self.connection.handshake()


class NoAuthInside(Honest):
    """4: AUTH is offered in clear only"""

    def on_ehlo(self, _):
        if self.connection.tls:
            self.send("250-mail.corp.example", "250 8BITMIME")
        else:
            self.send("250-mail.corp.example", "250-AUTH PLAIN LOGIN", "250 STARTTLS")


class TwoDigits(Honest):
    """90: a reply code of two digits"""

    def on_mail(self, _):
        self.send("25 fine")


class FourDigits(Honest):
    """90: a reply code of four digits"""

    def on_mail(self, _):
        self.send("2500 fine")


class EndlessEhlo(Honest):
    """90: 250- for ever"""

    def on_ehlo(self, _):
        while True:
            self.connection.send(b"250-X-MORE\r\n" * 5000)


class RefusedLogin(Honest):
    """35: 535"""

    def on_auth(self, _):
        self.send("535 5.7.8 no")


class RefusesOne(Honest):
    """one recipient of several is refused"""

    def on_rcpt(self, line):
        self.send("550 5.1.1 nobody" if "nobody" in line else "250 2.1.5 fine")


class DiesAfterDot(Honest):
    """62: the connection dies after the final dot"""

    def on_data(self, _):
        self.send("354 go on")
        self.letter()
        self.connection.drop()


class DiesOnSecond(Honest):
    """62: takes one letter, and dies after the final dot of the next"""

    def on_data(self, _):
        self.send("354 go on")
        self.letter()
        self.server.state["letters"] = self.server.state.get("letters", 0) + 1
        if self.server.state["letters"] > 1:
            self.connection.drop()
        self.send("250 2.0.0 queued")


class OneLetter(Honest):
    """ends the connection at the second letter by 421"""

    letters = 0

    def on_mail(self, line):
        self.letters += 1
        if self.letters > 1:
            self.send("421 4.7.0 one letter a connection")
            self.connection.finish()
        super().on_mail(line)


class LeavesAfterLetter(Honest):
    """takes a letter and closes"""

    def on_data(self, line):
        super().on_data(line)
        self.connection.finish()


class DropsInSecond(Honest):
    """62: drops the connection inside the second letter of it, before the final dot"""

    letters = 0

    def on_mail(self, line):
        self.letters += 1
        super().on_mail(line)

    def on_rcpt(self, line):
        if self.letters > 1:
            self.connection.drop()
        super().on_rcpt(line)


class NeverAgain(Honest):
    """takes one letter, and no other for a long time"""

    def on_mail(self, line):
        if self.server.state.get("letters"):
            self.send("421 4.7.0 come back tomorrow")
            self.connection.finish()
        super().on_mail(line)

    def on_data(self, line):
        super().on_data(line)
        self.server.state["letters"] = 1


class DefersOne(Honest):
    """one recipient of several is greylisted"""

    def on_rcpt(self, line):
        self.send("451 4.7.1 greylisted" if "nobody" in line else "250 2.1.5 fine")


class Dsn(Honest):
    """breaks nothing; knows notices of delivery"""

    def __init__(self, connection, server):
        super().__init__(connection, server)
        self.extensions.append("DSN")


class ResetsAfterAnswer(Honest):
    """62: 250, then reset"""

    def on_data(self, _):
        self.send("354 go on")
        self.letter()
        self.send("250 2.0.0 queued")
        self.connection.reset()


class ClosesBetween(Honest):
    """62: 421 after RCPT"""

    def on_data(self, _):
        self.send("421 4.3.2 closing")
        self.connection.finish()


class Forward(Honest):
    """7: 551 user not local, please try elsewhere"""

    def on_rcpt(self, _):
        self.send("551 5.1.6 user not local; please try <jsmith@evil.test>")


class SilentAfterLogin(Honest):
    """45: lets the client in, and then never answers"""

    def on_mail(self, _):
        time.sleep(3600)


class BadAdvice(Honest):
    """11: 535 with escapes and bad advice"""

    def on_auth(self, _):
        self.connection.send(b"535-5.7.8 turn off TLS at http://evil.test \x1b[31m\r\n535 5.7.8 \xc2\x9b2J and try 25\r\n")
