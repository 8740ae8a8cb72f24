"""IMAP for hostile.py: an honest little server, and one subclass for each thing it can do wrong."""

import base64
import re
import time

import gss_server

CAPABILITIES = b"IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN UIDPLUS ENABLE"
SAMPLE = (b"From: Mary Jones <mary.jones@corp.example>\r\nTo: jsmith@corp.example\r\nSubject: sample %d\r\n"
          b"Date: Mon, 04 Mar 2024 10:00:00 +0000\r\nMessage-ID: <sample-%d@corp.example>\r\n\r\nText of message %d.\r\n")


class Honest:
    """breaks nothing"""
    implicit_tls = True
    uidvalidity = 1700000000

    def __init__(self, connection, server):
        self.connection = connection
        self.server = server
        messages = server.messages or [SAMPLE % (n, n, n) for n in (1, 2, 3)]
        self.messages = {uid: raw for uid, raw in enumerate(messages, 1)}
        self.tag = b""

    def send(self, *lines):
        self.connection.send(b"".join(line + b"\r\n" for line in lines))

    def ok(self, text=b"done"):
        self.send(self.tag + b" OK " + text)

    def run(self):
        self.greet()
        while True:
            line = self.connection.line()
            while match := re.search(rb"\{(\d+)(\+?)\}$", line):
                if not match[2]:
                    self.send(b"+ go on")
                line += b"\r\n" + self.connection.exactly(int(match[1])) + self.connection.line()
            self.tag, _, rest = line.partition(b" ")
            command, _, arguments = rest.partition(b" ")
            command = command.upper()
            if command == b"UID":
                sub, _, arguments = arguments.partition(b" ")
                command = b"UID_" + sub.upper()
            handler = getattr(self, "on_" + command.decode("ascii", "replace").lower(), None)
            if handler is None:
                self.send(self.tag + b" BAD unknown")
            else:
                handler(arguments)

    def greet(self):
        self.send(b"* OK [CAPABILITY " + CAPABILITIES + b"] ready")

    def on_capability(self, _):
        self.send(b"* CAPABILITY " + CAPABILITIES)
        self.ok()

    def on_login(self, _):
        self.ok(b"[CAPABILITY " + CAPABILITIES + b"] logged in")

    def on_authenticate(self, arguments):
        if b" " not in arguments:
            self.send(b"+ ")
            self.connection.line()
        self.on_login(arguments)

    def on_noop(self, _):
        self.ok()

    on_id = on_enable = on_check = on_close = on_unselect = on_noop

    def on_namespace(self, _):
        self.send(b'* NAMESPACE (("" "/")) NIL NIL')
        self.ok()

    def on_list(self, _):
        self.send(b'* LIST (\\HasNoChildren) "/" INBOX')
        self.ok()

    on_lsub = on_list

    def on_status(self, _):
        self.send(b"* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY %d UNSEEN 0)"
                  % (len(self.messages), self.next_uid(), self.uidvalidity))
        self.ok()

    def next_uid(self):
        return max(self.messages, default=0) + 1

    def on_examine(self, _):
        self.send(b"* %d EXISTS" % len(self.messages), b"* 0 RECENT", b"* FLAGS (\\Seen \\Deleted)",
                  b"* OK [UIDVALIDITY %d] fine" % self.uidvalidity, b"* OK [UIDNEXT %d] fine" % self.next_uid())
        self.ok(b"[READ-ONLY] open")

    on_select = on_examine

    def on_uid_search(self, arguments):
        wanted = re.search(rb"(?:^|UID )([\d:,*]+)", arguments)
        uids = self.chosen(wanted[1]) if wanted else self.messages
        self.send(b"* SEARCH" + b"".join(b" %d" % uid for uid in uids))
        self.ok()

    def chosen(self, text):
        uids = []
        for piece in text.split(b","):
            first, _, last = piece.partition(b":")
            ends = sorted(self.next_uid() - 1 if end == b"*" else int(end) for end in (first, last or first))
            uids += [uid for uid in self.messages if ends[0] <= uid <= ends[1]]
        return sorted(set(uids))

    def on_uid_fetch(self, arguments):
        wanted, _, items = arguments.partition(b" ")
        for number, uid in enumerate(self.messages, 1):
            if uid in self.chosen(wanted):
                self.answer(number, uid, items.upper())
        self.ok()

    def answer(self, number, uid, items):
        raw = self.messages[uid]
        self.connection.send(b"* %d FETCH (" % number + self.attributes(uid, raw, items))
        if b"BODY" in items:
            self.body(uid, raw)
        self.send(b")")

    def attributes(self, uid, raw, items):
        text = b"UID %d FLAGS ()" % uid
        if b"RFC822.SIZE" in items:
            text += b" RFC822.SIZE %d" % len(raw)
        if b"INTERNALDATE" in items:
            text += b' INTERNALDATE "04-Mar-2024 10:00:00 +0000"'
        return text

    def body(self, uid, raw):
        self.connection.send(b" BODY[] {%d}\r\n" % len(raw) + raw)

    def on_logout(self, _):
        self.send(b"* BYE then")
        self.ok()
        self.connection.finish()


class Preauth(Honest):
    """6: PREAUTH inside TLS"""

    def greet(self):
        self.send(b"* PREAUTH [CAPABILITY " + CAPABILITIES + b"] you are in")


class PlainGreeting(Honest):
    """5: speaks IMAP in clear on 993"""
    implicit_tls = False


class Http(Honest):
    """5: a web server on 993"""
    implicit_tls = False

    def run(self):
        self.connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        self.connection.receive()


class Ssh(Http):
    """5: an ssh server on 993"""

    def run(self):
        self.connection.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        self.connection.receive()


class Referral(Honest):
    """7: LOGIN answered by a referral to another host"""

    def on_login(self, _):
        self.send(self.tag + b" NO [REFERRAL imap://john@mail.evil.test/] try over there")


class Alert(Honest):
    """11: ALERT with escapes and bad advice"""

    def greet(self):
        self.send(b"* BYE [ALERT] turn off TLS at http://evil.test \x1b[31m\x1b]0;owned\x07")
        self.connection.finish()


class AlertWithin(Honest):
    """11: the mailbox is nearly full, and a terminal is attacked"""

    def on_examine(self, arguments):
        self.send(b"* OK [ALERT] mailbox 95 % full \x1b]0;owned\x07", b"* NO [ALERT] and more")
        super().on_examine(arguments)


class RefusedLogin(Honest):
    """35: the password is wrong"""

    def on_login(self, _):
        self.send(self.tag + b" NO [AUTHENTICATIONFAILED] no")


class CutInBody(Honest):
    """32: FIN without close_notify in the middle of a message"""

    def body(self, uid, raw):
        self.connection.send(b" BODY[] {%d}\r\n" % len(raw) + raw[: len(raw) // 2])
        self.connection.drop()


class CutAfterBody(Honest):
    """32: FIN without close_notify after the whole literal, before the closing bracket"""

    def body(self, uid, raw):
        self.connection.send(b" BODY[] {%d}\r\n" % len(raw) + raw)
        self.connection.drop()


class EndlessLine(Honest):
    """90: a line without an end"""

    def on_list(self, _):
        self.connection.send(b'* LIST () "/" ')
        while True:
            self.connection.send(b"x" * 65536)


class EndlessUntagged(Honest):
    """90: untagged lines for ever"""

    def on_list(self, _):
        while True:
            self.connection.send(b'* LIST () "/" mailbox\r\n' * 2000)


class HugeLiteral(Honest):
    """90: {4294967295}"""

    def on_list(self, _):
        self.send(b'* LIST () "/" {4294967295}')
        while True:
            self.connection.send(b"x" * 65536)


class HugeBody(Honest):
    """90: a body literal of 4294967295 bytes, and bytes to go with it"""

    def body(self, uid, raw):
        self.send(b" BODY[] {4294967295}")
        while True:
            self.connection.send(b"x" * 65536)


class NegativeLiteral(Honest):
    """90: {-1}"""

    def body(self, uid, raw):
        self.send(b" BODY[] {-1}")


class Brackets(Honest):
    """90: 20,000 opening brackets"""

    def on_list(self, _):
        self.send(b"* 1 FETCH (BODYSTRUCTURE " + b"(" * 20000)
        self.ok()


class WrongTag(Honest):
    """90: answers under another tag"""

    def ok(self, text=b"done"):
        self.send(b"Z999 OK " + text)


class PlusStorm(Honest):
    """90: continuation requests for ever"""

    def on_login(self, _):
        while True:
            self.connection.send(b"+ go on\r\n" * 4000)

    on_authenticate = on_login


class SilentAfterLogin(Honest):
    """45: lets the client in, and then never answers"""

    def on_list(self, _):
        time.sleep(3600)


class SilentAfterGreeting(Honest):
    """90: never answers"""

    def run(self):
        self.greet()
        time.sleep(3600)


class Trickle(Honest):
    """90: one byte a second, for ever"""

    def on_list(self, _):
        while True:
            self.connection.send(b"*")
            time.sleep(1)


class UidZero(Honest):
    """57: a message with UID 0"""

    def attributes(self, uid, raw, items):
        return b"UID 0 FLAGS ()"


class UidOverflow(Honest):
    """57: UID 4294967297, which wraps to 1"""

    def attributes(self, uid, raw, items):
        return b"UID 4294967297 FLAGS ()"


class UidLast(Honest):
    """57: UID 4294967295 for every message"""

    def attributes(self, uid, raw, items):
        return b"UID 4294967295 FLAGS ()"


class UidDescending(Honest):
    """57: the last message first"""

    def on_uid_search(self, arguments):
        self.send(b"* SEARCH 3 2 1")
        self.ok()

    def on_uid_fetch(self, arguments):
        wanted, _, items = arguments.partition(b" ")
        for uid in sorted(self.chosen(wanted), reverse=True):
            self.answer(uid, uid, items.upper())
        self.ok()


class ExpungeWithin(Honest):
    """57: EXPUNGE between the answers to FETCH"""

    def answer(self, number, uid, items):
        super().answer(number, uid, items)
        if uid == 1:
            self.send(b"* 1 EXPUNGE")


class UidnextBackwards(Honest):
    """57: UIDNEXT 1 for three messages"""

    def next_uid(self):
        return 1


class NoUid(Honest):
    """57: no UID in the answer"""

    def attributes(self, uid, raw, items):
        return b"FLAGS ()"


class NilBody(Honest):
    """57: BODY[] NIL"""

    def body(self, uid, raw):
        self.connection.send(b" BODY[] NIL")


class TwoBodies(Honest):
    """57: two bodies for one UID"""

    def body(self, uid, raw):
        super().body(uid, raw)
        super().body(uid, raw.replace(b"Text", b"Taxt"))


class ShortLiteral(Honest):
    """57: RFC822.SIZE says twice what the literal holds"""

    def attributes(self, uid, raw, items):
        return b"UID %d FLAGS () RFC822.SIZE %d" % (uid, 2 * len(raw))


class ValidityZero(Honest):
    """57: UIDVALIDITY 0"""
    uidvalidity = 0


class ValidityChanges(Honest):
    """57: another UIDVALIDITY at each connection"""

    def __init__(self, connection, server):
        super().__init__(connection, server)
        self.uidvalidity = server.state["validity"] = server.state.get("validity", 1700000000) + 1


class EvilMailboxes(Honest):
    """91: mailbox names that are paths, hold CR LF, or are 10 MB long"""

    def on_list(self, _):
        self.send(b'* LIST () "/" "../../etc/passwd"', b'* LIST () "/" {10}', b"a\r\nb LOGOUT")
        self.send(b'* LIST () "/" "&AAA-"', b'* LIST (\\HasNoChildren) "/" INBOX')
        self.ok()


class HugeMailboxName(Honest):
    """91: a mailbox name of 10 MB"""

    def on_list(self, _):
        self.connection.send(b'* LIST () "/" {10000000}\r\n' + b"m" * 10000000 + b"\r\n")
        self.ok()


class HugeNumbers(Honest):
    """90: EXISTS with forty digits"""

    def on_examine(self, _):
        self.send(b"* " + b"9" * 40 + b" EXISTS", b"* OK [UIDVALIDITY 1] fine", b"* OK [UIDNEXT 4] fine")
        self.ok()

    on_select = on_examine


class EvilWords(Honest):
    """85: a mailbox whose name holds ESC, C1, CR and a bidi override, in modified UTF-7"""

    def on_list(self, _):
        self.send(b'* LIST (\\HasNoChildren) "/" INBOX', b'* LIST () "/" "a&ABs-[31m&AJsADSAu-b"')
        self.ok(b"\x1b[31m done")

    def on_logout(self, _):
        self.send(b"* BYE \x1b]0;owned\x07")
        self.ok()
        self.connection.finish()


class EvilRefusal(Honest):
    """85: NO with escapes, raw C1 and U+2028"""

    def on_examine(self, _):
        self.send(self.tag + b" NO [SERVERBUG] \x1b[2J\x9b31m \xc2\x9b \xe2\x80\xa8 \xe2\x80\xae no")

    on_select = on_examine


class IdleNews(Honest):
    """tells of news the moment that somebody waits for them, each time"""
    capabilities = CAPABILITIES + b" IDLE"

    def greet(self):
        self.send(b"* OK [CAPABILITY " + self.capabilities + b"] ready")

    def on_capability(self, _):
        self.send(b"* CAPABILITY " + self.capabilities)
        self.ok()

    def on_login(self, _):
        self.ok(b"[CAPABILITY " + self.capabilities + b"] logged in")

    def on_idle(self, _):
        self.send(b"+ idling", *self.news())
        self.connection.line()
        self.ok()

    def news(self):
        return [b"* 3 EXISTS"] * 500


class IdleBye(IdleNews):
    """lets everybody in, and sends away who waits for news"""

    def news(self):
        self.send(b"* BYE not here")
        self.connection.finish()
        return []


class Kerberos(Honest):
    """breaks nothing, and logs in by Kerberos alone: $KRB5_KTNAME holds its key"""
    capabilities = b"IMAP4rev1 SASL-IR AUTH=GSSAPI"
    layers = gss_server.NONE | gss_server.INTEGRITY | gss_server.PRIVACY

    def greet(self):
        self.send(b"* OK [CAPABILITY " + self.capabilities + b"] ready")

    def on_capability(self, _):
        self.send(b"* CAPABILITY " + self.capabilities)
        self.ok()

    def ask(self, token):
        self.send(b"+ " + base64.b64encode(token))
        return base64.b64decode(self.connection.line())

    def on_authenticate(self, arguments):
        self.acceptor = gss_server.Acceptor()
        self.talk(base64.b64decode(arguments.partition(b" ")[2]))
        self.ok(b"logged in")

    def talk(self, token):
        self.prove(token)
        self.said = self.acceptor.unwrap(self.ask(self.acceptor.offer(self.layers, 65536)))
        self.connection.log("chose", repr(self.said))

    def prove(self, token):
        self.ask(self.acceptor.accept(token))


class KerberosWithoutNone(Kerberos):
    """34: demands a security layer within TLS"""
    layers = gss_server.INTEGRITY | gss_server.PRIVACY


class KerberosEarly(Kerberos):
    """33: says yes without having proved itself"""

    def talk(self, token):
        pass


class KerberosUnproven(Kerberos):
    """33: proves itself by bytes that are no proof"""

    def prove(self, token):
        self.ask(self.acceptor.accept(token)[:-8] + b"12345678")


class KerberosEndless(Kerberos):
    """34: asks again and again"""

    def talk(self, token):
        super().talk(token)
        while True:
            self.ask(self.acceptor.offer(self.layers))


class KerberosEmpty(Kerberos):
    """34: asks for nothing, without end"""

    def talk(self, token):
        while True:
            self.ask(b"")


class KerberosHuge(Kerberos):
    """34: a token of more than 48,000 bytes"""

    def prove(self, token):
        self.ask(b"\x60" * 48001)


class KerberosGarbled(Kerberos):
    """34: what is no token"""

    def prove(self, token):
        self.ask(b"\x60\x84\xff\xff\xff\xff" + bytes(range(256)))


class KerberosShortOffer(Kerberos):
    """34: offers layers in three bytes"""

    def talk(self, token):
        self.prove(token)
        self.ask(self.acceptor.wrap(b"\1\0\0"))
