#!/usr/bin/env python3
"""others: Postern against another server than Dovecot, compared message by message.

  others.py cyrus|courier

Another client fills mailboxes, changes flags, moves, expunges, renames and deletes; after each pass the vault, read
by read-vault.py, must hold what the server has: every UID of every mailbox, byte for byte, with its flags.
Run it inside the world of other-servers.sh. Prints TAP.
"""

import base64
import collections
import glob
import hashlib
import imaplib
import os
import poplib
import re
import ssl
import subprocess
import sys
import time

COMPANY, LIB = "/run/company", os.environ["srcdir"] + "/tests/lib"
SERVERS = {"cyrus": ("mail.corp.example", "john"), "courier": ("mail2.corp.example", "mary")}
TRUST = ssl.create_default_context(cafile=COMPANY + "/ca.pem")
NEWS_SECONDS = 90  # Courier looks once a minute
imaplib._MAXLINE = 1 << 30


class Tap:
    number = failed = 0

    def ok(self, good, text, why=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {text}", flush=True)
        if not good:
            print("# " + str(why)[:1500].replace("\n", "\n# "), flush=True)

    def end(self):
        print(f"1..{self.number}")
        sys.exit(self.failed > 0)


def password(user):
    with open(COMPANY + "/users", encoding="ascii") as file:
        return dict(line.split(":{PLAIN}") for line in file.read().split())[user]


def quoted(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain_name(name):
    """Modified UTF-7 as people read it."""
    def letters(found):
        text = found[1].replace(",", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-16-be") if text else "&"
    return re.sub(r"&([^-]*)-", letters, name)


class Client:
    """Another client, which says what it is told to."""

    def __init__(self, server, user, secret=None):
        self.server = imaplib.IMAP4_SSL(server, ssl_context=TRUST)
        self.server.login(user, secret or password(user))

    def reply(self, words):
        line = self.server.readline()
        while found := re.search(rb"\{(\d+)\}\r\n$", line):
            line += self.server.read(int(found[1])) + self.server.readline()
        if not line:
            raise EOFError(words)
        return line

    def say(self, words, literal=None):
        """The untagged replies; a refusal is an error."""
        tag, replies = self.server._new_tag(), []
        self.server.send(tag + b" " + words.encode() + (b"" if literal is None else b" {%d}" % len(literal)) + b"\r\n")
        if literal is not None and self.server.readline().startswith(b"+"):
            self.server.send(literal + b"\r\n")
        while not (line := self.reply(words)).startswith(tag):
            replies.append(line)
        if line.split(b" ")[1] != b"OK":
            raise RuntimeError(f"{words}: {line!r}")
        return replies

    def append(self, mailbox, mail, flags="", day=1):
        """FALSE when the server does not want such a message."""
        try:
            self.say(f'APPEND {quoted(mailbox)} ({flags}) "{day:2d}-Mar-2024 10:00:00 +0100"',
                     re.sub(rb"(?<!\r)\n", b"\r\n", mail))
            return True
        except RuntimeError:
            return False

    def mailboxes(self):
        found = [re.match(rb'\* LIST \(([^)]*)\) \S+ "?(.*?)"?\r\n$', line) for line in self.say('LIST "" "*"')]
        return [one[2].decode() for one in found if one and not re.search(rb"(?i)noselect|nonexistent", one[1])]

    def content(self, mailbox):
        """UID: (hash, flags)."""
        self.say("SELECT " + quoted(mailbox))
        found = {}
        for line in self.say("UID FETCH 1:* (UID FLAGS BODY.PEEK[])"):
            if body := re.search(rb"BODY\[\] \{(\d+)\}\r\n", line):
                end = body.end() + int(body[1])
                mail, rest = line[body.end():end], line[:body.start()] + line[end:]
            elif body := re.search(rb'BODY\[\] "((?:[^"\\]|\\.)*)"', line):
                mail, rest = re.sub(rb"\\(.)", rb"\1", body[1]), line[:body.start()] + line[body.end():]
            else:
                continue
            flags = set(re.search(rb"FLAGS \(([^)]*)\)", rest)[1].decode().split()) - {"\\Recent"}
            found[int(re.search(rb"UID (\d+)", rest)[1])] = (hashlib.sha256(mail).hexdigest(), frozenset(flags))
        return found

    def everything(self):
        all_of_it = {plain_name(name): self.content(name) for name in self.mailboxes()}
        return {name: content for name, content in all_of_it.items() if content}


class Person:
    def __init__(self, user, uri, *lines):
        self.home = f"{COMPANY}/home/{user}"
        self.env = {"HOME": self.home, "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
        self.config = self.home + "/.config/postern/config"
        self.vault = self.home + "/.local/share/postern/vault.db"
        subprocess.run(["sh", "-c", f". $srcdir/tests/lib/company.sh; . $srcdir/tests/lib/user.sh; "
                        f"rm -rf {self.home}/.config {self.home}/.local; "
                        f"user_ready {user} {uri} smtps://{user}@mail.corp.example"], check=True)
        with open(self.home + "/.password", "w", encoding="ascii") as file:
            file.write(password(user))
        self.change(r"(?m)^secret = .*", f"secret = command:cat {self.home}/.password")
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))

    def change(self, pattern, text):
        with open(self.config, encoding="utf-8") as file:
            before = file.read()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(re.sub(pattern, text, before))

    def run(self, *command):
        done = subprocess.run(command, env=self.env, cwd=self.home, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=300, check=False)
        self.said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        return done.returncode

    def count(self, *query):
        self.run("postern", "-q", "--json", "search", "--limit", "0", *(query or ("",)))
        return self.said.count('"id" :')

    def start(self, *command):
        return subprocess.Popen(command, env=self.env, cwd=self.home)

    def read(self, what):
        done = subprocess.run(["/usr/bin/python3", LIB + "/read-vault.py", what, self.vault], env=self.env,
                              stdout=subprocess.PIPE, check=True)
        return done.stdout.decode().splitlines()

    def places(self):
        """Mailbox: UID: (hash, flags), by replay of the journal; and the hashes of what came by POP3."""
        hashes = {line.split()[0]: line.split()[2] for line in self.read("messages")}
        places, popped = collections.defaultdict(dict), []
        for line in self.read("journal"):
            _, identity, _, mailbox, uid, kind, *rest = line.split("\t")
            place = (int(uid), identity)
            if kind == "gone":
                places[mailbox].pop(place, None)
            elif kind == "only":
                for name in set(places) - set(rest):
                    places[name] = {key: value for key, value in places[name].items() if key[1] != identity}
            elif kind == "flags":
                places[mailbox][place] = (hashes[identity], frozenset(filter(None, rest)))
            elif place[0]:
                places[mailbox][place] = (hashes[identity], frozenset(filter(None, rest[1:])))
            else:
                popped.append(hashes[identity])
        return {name: {place[0]: what for place, what in content.items()}
                for name, content in places.items() if content}, popped


def made(tap_folder, *arguments):
    os.makedirs(tap_folder, exist_ok=True)
    if not os.listdir(tap_folder):
        subprocess.run(["/usr/bin/python3", LIB + "/make-mail.py", "--files", tap_folder, *arguments], check=True)
    mails = []
    for path in sorted(glob.glob(tap_folder + "/*")):
        with open(path, "rb") as file:
            mails.append(file.read())
    return mails


class Trial:
    def __init__(self, kind):
        self.kind, (self.server, self.user) = kind, SERVERS[kind]
        self.tap = Tap()
        self.mails = made("/run/mails", "--count", "240")
        self.odd = made("/run/odd", "--odd", "--nul")
        if kind == "cyrus":
            self.furnish_cyrus()
        self.client = Client(self.server, self.user)

    def furnish_cyrus(self):
        """Mailboxes of our own, of others and shared ones."""
        admin = Client(self.server, "admin", "admin")
        for name in ("user.john", "shared", "shared.Team", "user.mary", "user.mary.Open"):
            admin.say(f"CREATE {name}")
        for name in ("shared.Team", "user.mary.Open"):
            admin.say(f"SETACL {name} admin lrswipkxtecda")
            admin.say(f"SETACL {name} john lrs")
            admin.append(name, self.mails[0])

    def say(self, *lines):
        """Courier's server ends after some commands that it has carried out."""
        for line in lines:
            try:
                self.client.say(line)
            except (EOFError, imaplib.IMAP4.abort):
                self.client = Client(self.server, self.user)

    def synced(self, person, text):
        code = person.run("postern", "-q", "sync")
        self.tap.ok(code == 0, f"{self.kind}: {text}", person.said)

    def same(self, person, text):
        self.synced(person, text)
        here, there = person.places()[0], self.client.everything()
        wrong = [(name, uid, here.get(name, {}).get(uid), there.get(name, {}).get(uid))
                 for name in sorted(set(here) | set(there))
                 for uid in sorted(set(here.get(name, {})) | set(there.get(name, {})))
                 if here.get(name, {}).get(uid) != there.get(name, {}).get(uid)]
        count = sum(map(len, there.values()))
        self.tap.ok(count > 0 and not wrong, f"{self.kind}: {text}: {count} messages in {len(there)} mailboxes are the"
                    " server's", wrong[:6])

    def fill(self):
        names = ["Projects", "Projects.Deep.Er", "Gr&APYA3w-e", "R&-D", "&ZeVnLIqe-", "sp ace", "Doomed", "Again", "Empty"]
        for name in names:
            self.client.say(f"CREATE {quoted('INBOX.' + name)}")
        full = ["INBOX"] + ["INBOX." + name for name in names[:-1]]
        flags = ["", "\\Seen", "\\Flagged \\Answered", "$Forwarded odd+key"]
        for n, mail in enumerate(self.mails):
            self.client.append(full[n % len(full)], mail, flags[n % len(flags)], n % 28 + 1)
        taken = sum(self.client.append("INBOX", mail) for mail in self.odd)
        print(f"# {self.kind} takes {taken} of {len(self.odd)} odd messages")

    def imap(self):
        person = Person(self.user, f"imaps://{self.user}@{self.server}/", "compress = yes", "connections = 2")
        for seconds in (0.2, 0.5, 1):
            begun = person.start("fetchd", "--once", "--seal-only", "-q")
            time.sleep(seconds)
            begun.kill()
            begun.wait()
        self.same(person, "a pass after three that were killed")
        self.same(person, "nothing new")
        self.say("SELECT INBOX", "UID STORE 1:5 +FLAGS (\\Flagged newkey)", "UID STORE 6:8 FLAGS ()",
                 "UID STORE 3,9 +FLAGS (\\Deleted)", "EXPUNGE", "UID COPY 10 INBOX.Projects", "UID COPY 11:12 INBOX.Empty",
                 "UID STORE 11:12 +FLAGS (\\Deleted)", "EXPUNGE")
        self.same(person, "flags, an expunge, a copy and a move")
        self.tap.ok(person.count("tag:gone") == 2, f"{self.kind}: what was expunged is marked", person.said)
        self.say("RENAME INBOX.Projects INBOX.Attic", "DELETE INBOX.Doomed", "DELETE INBOX.Again")
        time.sleep(1.1)  # UIDVALIDITY counts seconds
        self.say("CREATE INBOX.Again")
        for mail in self.mails[100:110]:
            self.client.append("INBOX.Again", mail)
        self.same(person, "mailboxes renamed, deleted and made anew")
        self.tap.ok(person.count("folder:Doomed", "-tag:gone") == 0, f"{self.kind}: the deleted one is empty", person.said)
        self.client.append("INBOX.R&-D", b"Subject: large\r\n\r\n" + (b"y" * 76 + b"\r\n") * 670000)
        self.same(person, "a message of 50 MB")
        self.daemon(person)
        self.tap.ok(person.run("postern", "-q", "verify") == 0, f"{self.kind}: the vault is sound", person.said)

    def daemon(self, person):
        running, before = person.start("fetchd", "--foreground", "-q"), person.count()
        time.sleep(10)
        self.client.append("INBOX", b"Subject: latest news\r\n\r\nnews\r\n")
        began = time.monotonic()
        while person.count() == before and time.monotonic() - began < NEWS_SECONDS:
            time.sleep(0.5)
        print(f"# {self.kind}: news after {time.monotonic() - began:.1f} s")
        self.tap.ok(person.count() == before + 1, f"{self.kind}: the daemon is told of news", person.said)
        running.terminate()
        self.tap.ok(running.wait(30) == 0, f"{self.kind}: and ends when it is told to")
        self.same(person, "a pass after the daemon")

    def left(self):
        server = poplib.POP3_SSL(self.server, context=TRUST)
        server.user(self.user)
        server.pass_(password(self.user))
        count = server.stat()[0]
        server.quit()
        return count

    def pop3(self):
        """The same INBOX; POP3 gives every message a last line end."""
        self.client.say("SELECT INBOX")
        there = collections.Counter(self.ended(mail) for mail in self.raw("INBOX"))
        person = Person(self.user, f"pops://{self.user}@{self.server}", "keep = 5")
        self.client.say("LOGOUT")
        self.synced(person, "POP3")
        here = collections.Counter(person.places()[1])
        self.tap.ok(here == there, f"{self.kind}: {sum(there.values())} messages by POP3", (here - there, there - here))
        self.tap.ok(self.left() == sum(there.values()), f"{self.kind}: keep = 5 leaves them there", self.left())
        person.change("keep = 5", "keep = no")
        begun = person.start("fetchd", "--once", "--seal-only", "-q")
        time.sleep(0.3)
        begun.kill()
        begun.wait()
        time.sleep(1)
        self.synced(person, "keep = no after one that was killed")
        self.tap.ok(self.left() == 0, f"{self.kind}: takes them from the server", self.left())
        self.tap.ok(collections.Counter(person.places()[1]) == there, f"{self.kind}: and all are here, once")

    def raw(self, mailbox):
        self.client.say("EXAMINE " + mailbox)
        for line in self.client.say("UID FETCH 1:* (BODY.PEEK[])"):
            if body := re.search(rb"BODY\[\] \{(\d+)\}\r\n", line):
                yield line[body.end():body.end() + int(body[1])]

    @staticmethod
    def ended(mail):
        return hashlib.sha256(mail if mail.endswith(b"\r\n") else mail + b"\r\n").hexdigest()


def main():
    trial = Trial(sys.argv[1])
    trial.fill()
    trial.imap()
    trial.pop3()
    trial.tap.end()


main()
